"""Styles for QGIS inside a GeoPackage, in the table that QGIS looks for them."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree as ET

from circles.assessment import Assessment
from circles.explain import limit_word, verdict_word
from circles.facilities import load_catalogue
from circles.texts import Texts

_VERDICT_COLOURS = {
    "met": "#3e955d",
    "not_met": "#c84838",
    "insufficient_data": "#ecbe4e",
    "not_applicable": "#b0b8bc",
}
_OTHER, _REACH = "#52606d", "#1f4e8c"
# What QGIS shows over a feature: expressions that escape what stands in the tables.
_ESCAPE = "map('&', '&amp;', '<', '&lt;')"
_NAME = f'<b>[% replace("name", {_ESCAPE}) %]</b>'
_LINES = f"[% replace(replace(\"explanation\", {_ESCAPE}), '\\n', '<br>') %]"
_TIP = f"{_NAME}<br>{_LINES}"
_NEED = {"service": '[% "service" %]', "minutes": '[% "minutes" %]'}
_DDL = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
    f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME
)
"""


@dataclass(frozen=True)
class Style:
    """How a layer is drawn: its table, its QML, and a line about it."""

    table: str
    qml: str
    description: str


@dataclass(frozen=True)
class Class:
    """A value of the attribute that a layer is coloured by, its label, and how it is drawn."""

    value: str
    label: str
    layer: ET.Element


def write_styles(
    assessment: Assessment,
    path: Path,
    *,
    aliases: Mapping[str, str],
    texts: Texts,
    moment: str,
) -> None:
    """Add QGIS's table of styles to a GeoPackage and register it there.

    Parameters
    ----------
    assessment
        The run.
    path
        A GeoPackage with the layers `communities`, `facilities` and `isochrones`.
    aliases
        What QGIS calls the columns of the communities.
    texts
        The words of the legend's language.
    moment
        The time to record, as ISO 8601 in UTC.
    """
    styles = tuple(_styles(assessment, aliases, texts))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_DDL)
        database.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
            "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner, "
            "update_time) VALUES ('', '', ?, 'geom', 'circles', ?, '', 1, ?, '', ?)",
            [(style.table, style.qml, style.description, moment) for style in styles],
        )
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, "
            "last_change, srs_id) VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
            (moment,),
        )
        database.execute("UPDATE gpkg_contents SET last_change = ?", (moment,))


def _styles(assessment: Assessment, aliases: Mapping[str, str], texts: Texts) -> Iterator[Style]:
    label = texts("words.fictional") if assessment.fictional else ""
    for tier in assessment.standard.tiers[:1]:
        classes = [
            Class(verdict, verdict_word(verdict, texts), _area(colour))
            for verdict, colour in _VERDICT_COLOURS.items()
        ]
        qml = _qml("fill", f"tier_{tier.id}", classes, tip=_TIP, aliases=aliases)
        yield Style("communities", qml, f"{tier.name[texts.lang]} {label}".strip())
    marks = list(_marks(assessment, texts))
    yield Style("facilities", _qml("marker", "service", marks, tip=_NAME), label)
    reach = texts("layers.reach", **_NEED)
    outlines = list(_outlines(assessment, texts))
    yield Style("isochrones", _qml("fill", "minutes", outlines, tip=reach), label)


def _marks(assessment: Assessment, texts: Texts) -> Iterator[Class]:
    present = set(assessment.facilities["service"])
    for key, service in load_catalogue().items():
        if key in present:
            yield Class(key, service.name[texts.lang], _mark(service.colour))
    yield Class("", texts("layers.other_services"), _mark(_OTHER))


def _outlines(assessment: Assessment, texts: Texts) -> Iterator[Class]:
    for place, limit in enumerate(sorted(set(assessment.isochrones["minutes"]))):
        label = limit_word(limit, "time_threshold", texts)
        yield Class(f"{limit:g}", label, _outline(dashed=place > 0))


def _area(colour: str) -> ET.Element:
    rest = {"outline_color": "#ffffff", "outline_width": "0.4", "outline_style": "solid"}
    return _symbol_layer("SimpleFill", {"color": colour, "style": "solid", **rest}, opacity=0.65)


def _mark(colour: str) -> ET.Element:
    rest = {"outline_color": "#ffffff", "outline_width": "0.3", "size": "2.6"}
    return _symbol_layer("SimpleMarker", {"name": "circle", "color": colour, **rest})


def _outline(*, dashed: bool) -> ET.Element:
    dash = "dash" if dashed else "solid"
    rest = {"outline_color": _REACH, "outline_width": "0.5", "outline_style": dash}
    return _symbol_layer("SimpleFill", {"style": "no", **rest})


def _symbol_layer(kind: str, options: dict[str, str], *, opacity: float = 1.0) -> ET.Element:
    layer = ET.Element("layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    held = ET.SubElement(layer, "Option", type="Map")
    for name, value in options.items():
        shown = _rgba(value, opacity) if name.endswith("color") else value
        ET.SubElement(held, "Option", name=name, value=shown, type="QString")
    return layer


def _rgba(colour: str, opacity: float) -> str:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return f"{red},{green},{blue},{round(255 * opacity)}"


def _qml(
    symbol_type: str,
    attribute: str,
    classes: Sequence[Class],
    *,
    tip: str,
    aliases: Mapping[str, str] = MappingProxyType({}),
) -> str:
    root = ET.Element("qgis", version="3.22.0", styleCategories="Symbology|Fields|MapTips")
    renderer = ET.SubElement(
        root, "renderer-v2", type="categorizedSymbol", attr=attribute, enableorderby="0"
    )
    categories = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    for number, one in enumerate(classes):
        ET.SubElement(
            categories,
            "category",
            symbol=str(number),
            value=one.value,
            label=one.label,
            render="true",
        )
        symbol = ET.SubElement(
            symbols, "symbol", name=str(number), type=symbol_type, alpha="1", clip_to_extent="1"
        )
        symbol.append(one.layer)
    named = ET.SubElement(root, "aliases")
    for field, name in aliases.items():
        ET.SubElement(named, "alias", field=field, name=name)
    ET.SubElement(root, "mapTip").text = tip
    return "<!DOCTYPE qgis>\n" + ET.tostring(root, "unicode")
