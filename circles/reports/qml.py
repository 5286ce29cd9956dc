"""QGIS's own language for how a layer is drawn (QML), as QGIS 3.22 and later read it."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, Literal
from xml.etree import ElementTree as ET

Geometry = Literal["marker", "fill"]

#: The numbers by which QGIS knows what a layer holds.
_GEOMETRIES: Final[Mapping[Geometry, str]] = {"marker": "0", "fill": "2"}
_VERSION: Final = "3.22.0"
#: From it come the keys by which QGIS tells rules apart: the same in every file.
_KEYS: Final = uuid.UUID("5b2f0d53-5d7c-4f0e-9a55-0f2a6c1b7e44")
#: What holds for all features that no other rule takes.
ELSE: Final = "ELSE"


@dataclass(frozen=True)
class Ink:
    """One layer of a symbol: its class in QGIS, and its options by name."""

    kind: str
    options: Mapping[str, str]
    opacity: float = 1.0


Symbol = tuple[Ink, ...]
"""What is drawn for a feature, the lowest layer first."""


@dataclass(frozen=True)
class Category:
    """A value of the attribute that a layer is coloured by, its label, and how it is drawn."""

    value: str
    label: str
    symbol: Symbol


@dataclass(frozen=True)
class Rule:
    """Features that an expression selects: drawn as `symbol`, or as the `parts` of the rule say."""

    label: str
    expression: str
    symbol: Symbol = ()
    parts: tuple["Rule", ...] = ()
    shown: bool = True


def solid(colour: str, *, outline: str, width_mm: float, opacity: float = 1.0) -> Ink:
    """Return a filled area with an outline."""
    return Ink("SimpleFill", _fill(colour, "solid", outline, width_mm, "solid"), opacity)


def hatched(colour: str) -> Ink:
    """Return lines across an area, without an outline."""
    return Ink("SimpleFill", _fill(colour, "b_diagonal", colour, 0.1, "no"))


def outlined(colour: str, *, width_mm: float, dashed: bool) -> Ink:
    """Return an outline without anything inside."""
    return Ink("SimpleFill", _fill(colour, "no", colour, width_mm, "dash" if dashed else "solid"))


def _fill(colour: str, style: str, outline: str, width_mm: float, line: str) -> dict[str, str]:
    return {
        "color": colour,
        "style": style,
        "outline_color": outline,
        "outline_width": f"{width_mm:g}",
        "outline_width_unit": "MM",
        "outline_style": line,
    }


def mark(shape: str, colour: str, *, size_mm: float, outline: str = "#ffffff") -> Ink:
    """Return a small sign: a circle, a square, and so on."""
    options = {
        "name": shape,
        "color": colour,
        "outline_color": outline,
        "outline_width": "0.3",
        "outline_width_unit": "MM",
        "outline_style": "solid",
        "size": f"{size_mm:g}",
        "size_unit": "MM",
    }
    return Ink("SimpleMarker", options)


def by_category(attribute: str, categories: Sequence[Category], geometry: Geometry) -> ET.Element:
    """Return a renderer that tells features apart by an attribute's value."""
    renderer = _renderer("categorizedSymbol")
    renderer.set("attr", attribute)
    listed = ET.SubElement(renderer, "categories")
    for number, one in enumerate(categories):
        told = {"symbol": str(number), "value": one.value, "label": one.label, "render": "true"}
        ET.SubElement(listed, "category", told, type="string")
    renderer.append(_symbols([one.symbol for one in categories], geometry))
    return renderer


def by_rules(rules: Sequence[Rule], geometry: Geometry) -> ET.Element:
    """Return a renderer that tells features apart by expressions."""
    renderer = _renderer("RuleRenderer")
    symbols: list[Symbol] = []
    keys = (f"{{{uuid.uuid5(_KEYS, str(number))}}}" for number in count())
    top = ET.SubElement(renderer, "rules", key=next(keys))
    _add_rules(top, rules, symbols, keys)
    renderer.append(_symbols(symbols, geometry))
    return renderer


def _renderer(kind: str) -> ET.Element:
    rest = {"enableorderby": "0", "forceraster": "0", "symbollevels": "0", "referencescale": "-1"}
    return ET.Element("renderer-v2", {"type": kind, **rest})


def _add_rules(
    parent: ET.Element, rules: Sequence[Rule], symbols: list[Symbol], keys: Iterator[str]
) -> None:
    for rule in rules:
        told = {"key": next(keys), "label": rule.label, "filter": rule.expression}
        if rule.symbol:
            told["symbol"] = str(len(symbols))
            symbols.append(rule.symbol)
        if not rule.shown:
            told["checkstate"] = "0"
        _add_rules(ET.SubElement(parent, "rule", told), rule.parts, symbols, keys)


def _symbols(symbols: Sequence[Symbol], geometry: Geometry) -> ET.Element:
    listed = ET.Element("symbols")
    for number, inks in enumerate(symbols):
        told = {"name": str(number), "type": geometry, "alpha": "1"}
        symbol = ET.SubElement(listed, "symbol", told, clip_to_extent="1", force_rhr="0")
        symbol.extend([_ink(ink) for ink in inks])
    return listed


def _ink(ink: Ink) -> ET.Element:
    told = {"class": ink.kind, "enabled": "1", "locked": "0", "pass": "0"}
    layer = ET.Element("layer", told)
    held = ET.SubElement(layer, "Option", type="Map")
    for name, value in ink.options.items():
        shown = _rgba(value, ink.opacity) if name.endswith("color") else value
        ET.SubElement(held, "Option", name=name, value=shown, type="QString")
    return layer


def _rgba(colour: str, opacity: float) -> str:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return f"{red},{green},{blue},{round(255 * opacity)}"


def document(
    renderer: ET.Element,
    geometry: Geometry,
    *,
    tip: str = "",
    aliases: Mapping[str, str] | None = None,
) -> str:
    """Return a whole style; QGIS leaves alone what it does not speak of.

    Parameters
    ----------
    renderer
        From `by_category` or `by_rules`.
    geometry
        What the layer holds.
    tip
        What QGIS shows over a feature, with expressions between ``[%`` and ``%]``.
    aliases
        What the columns are called.
    """
    parts = ["Symbology", *(["Fields"] if aliases else []), *(["MapTips"] if tip else [])]
    root = ET.Element("qgis", version=_VERSION, styleCategories="|".join(parts))
    root.append(renderer)
    if aliases:
        named = ET.SubElement(root, "aliases")
        for field, name in aliases.items():
            ET.SubElement(named, "alias", field=field, name=name)
    if tip:
        ET.SubElement(root, "mapTip", enabled="1").text = tip
    ET.SubElement(root, "layerGeometryType").text = _GEOMETRIES[geometry]
    head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return head + ET.tostring(root, "unicode")


def column(name: str) -> str:
    """Return a column's name as expressions write it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Return a text as expressions write it."""
    return "'" + value.replace("'", "''") + "'"
