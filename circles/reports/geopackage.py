"""What a GeoPackage says of its layers: their styles for QGIS, and what its columns are called."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_STYLES: Final = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
    f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME
)
"""
# As the standard's schema extension defines it.
_COLUMNS: Final = """
CREATE TABLE gpkg_data_columns (
    table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
    mime_type TEXT, constraint_name TEXT,
    CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
    CONSTRAINT gdc_tn UNIQUE (table_name, name)
)
"""
_EXTENSION: Final = (
    "gpkg_data_columns",
    "gpkg_schema",
    "http://www.geopackage.org/spec121/#extension_schema",
    "read-write",
)
_LONGEST_NAME: Final = 30


@dataclass(frozen=True)
class Style:
    """How a layer can be drawn: its table, a name, its QML, and a line about it."""

    table: str
    name: str
    qml: str
    description: str
    default: bool


def describe(
    path: Path,
    *,
    styles: Sequence[Style],
    aliases: Mapping[str, Mapping[str, str]],
    moment: str,
) -> None:
    """Add QGIS's table of styles, and the names of the columns, to a GeoPackage.

    Parameters
    ----------
    path
        The GeoPackage with its layers.
    styles
        The styles; QGIS opens a layer with the one that is its default.
    aliases
        What the columns are called, by layer and column. GDAL and QGIS read them from the
        standard's schema extension, whatever style is used.
    moment
        The time to record, as ISO 8601 in UTC.
    """
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_STYLES)
        database.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
            "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner, "
            "update_time) VALUES ('', '', ?, 'geom', ?, ?, '', ?, ?, '', ?)",
            [
                (one.table, name, one.qml, int(one.default), one.description, moment)
                for one, name in _named(styles)
            ],
        )
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, "
            "last_change, srs_id) VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
            (moment,),
        )
        database.execute(_COLUMNS)
        database.executemany(
            "INSERT INTO gpkg_data_columns (table_name, column_name, name) VALUES (?, ?, ?)",
            _told(aliases),
        )
        database.execute(
            "INSERT INTO gpkg_extensions (table_name, extension_name, definition, scope) "
            "VALUES (?, ?, ?, ?)",
            _EXTENSION,
        )
        database.execute("UPDATE gpkg_contents SET last_change = ?", (moment,))


def _named(styles: Sequence[Style]) -> Iterator[tuple[Style, str]]:
    """Return the styles with names that QGIS can hold, each once a table."""
    taken: set[tuple[str, str]] = set()
    for one in styles:
        name, number = one.name[:_LONGEST_NAME], 1
        while (one.table, name) in taken:
            number += 1
            end = f" {number}"
            name = one.name[: _LONGEST_NAME - len(end)] + end
        taken.add((one.table, name))
        yield one, name


def _told(aliases: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Return layer, column and name; of columns that share a name, the later bear their own too."""
    for table, columns in aliases.items():
        taken: set[str] = set()
        for column, words in columns.items():
            name = words if words not in taken else f"{words} ({column})"
            taken.add(name)
            yield table, column, name
