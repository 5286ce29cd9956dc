"""Places from the cells of a table: two columns of coordinates, one with both, or WKT."""

import re
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from circles.errors import InputError
from circles.tables.angles import Angle, is_nothing, read_angle
from circles.tables.columns import cell_text, find_column, listing
from circles.tables.ledger import RowEvent, repaired, set_aside
from circles.tables.vocabulary import header_key, match_columns, names_of
from circles.texts import Note

Shapes = npt.NDArray[np.object_]

_PAIR: Final = re.compile(r"[(\[（【]?(.+?)[,;、，；|/]+(.+?)[)\]）】]?")
_SPACED: Final = re.compile(r"[(\[（【]?(\S+)\s+(\S+?)[)\]）】]?")
#: Two numbers of which the second is called what it is: 经度113.26纬度23.13.
_CALLED: Final = re.compile(
    r"(\D*\d.*?)[\s,;，；、]*((?:经度|經度|东经|東經|纬度|緯度|北纬|北緯|longitude|lon|lng|latitude|lat).*)",
    re.IGNORECASE | re.DOTALL,
)
_LAT_FIRST: Final = frozenset({"latlon", "latlng", "纬经度"})
_WKT: Final = re.compile(r"\s*(SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON)", re.IGNORECASE)


@dataclass(frozen=True)
class Coordinates:
    """Which columns of a table say where its rows are.

    Parameters
    ----------
    kind
        ``"pair"`` for two columns, ``"both"`` for one with both numbers, ``"wkt"``.
    columns
        The columns; longitude first.
    others
        Columns that could be meant as well.
    """

    kind: str
    columns: tuple[str, ...]
    others: tuple[str, ...] = ()

    def note(self) -> Note:
        """Say which columns were taken."""
        return Note.of("reading.coordinates", columns=self.columns)


def find_coordinates(
    table: pd.DataFrame, *, lon: str | None, lat: str | None, where: str
) -> Coordinates:
    """Find the columns that say where the rows of a table are.

    Parameters
    ----------
    table
        The table.
    lon, lat
        The columns of the coordinates, if they are named; of one column that holds both, as in
        ``113.26,23.13``, the same name twice.
    where
        The table, for the message.

    Raises
    ------
    InputError
        There are none, or one of them occurs twice.
    """
    found = match_columns(table, ("lon", "lat", "lonlat", "wkt"))
    if lon is not None and lat is not None and lon == lat:
        return Coordinates("both", (find_column(table, lon, where=where),))
    named = lon is not None or lat is not None
    chosen = {
        role: found.columns.get(role) if name is None else find_column(table, name, where=where)
        for role, name in (("lon", lon), ("lat", lat))
    }
    shapes = _wkt_column(table, found.columns.get("wkt"))
    if not named and shapes is not None and _has_areas(table[shapes]):
        return Coordinates("wkt", (shapes,))
    x, y = chosen["lon"], chosen["lat"]
    if x is not None and y is not None:
        others = tuple(c for role in ("lon", "lat") for c in found.others.get(role, ()))
        pair = (_once(table, x, where=where), _once(table, y, where=where))
        return Coordinates("pair", pair, others if not named else ())
    if not named and "lonlat" in found.columns:
        return Coordinates("both", (_once(table, found.columns["lonlat"], where=where),))
    if not named and shapes is not None:
        return Coordinates("wkt", (shapes,))
    missing = "lon" if x is None else "lat"
    columns = listing("columns", names_of(missing)[0], table.columns)
    message = f"{where}: no column of {missing} was found; name it. There are {columns}"
    raise InputError(message)


def points_of(
    table: pd.DataFrame, coordinates: Coordinates, *, metres: bool = False
) -> tuple[Shapes, list[RowEvent]]:
    """Turn the cells of the coordinates into places.

    Parameters
    ----------
    table
        The table.
    coordinates
        Its columns of coordinates.
    metres
        Whether they are said to be metres.

    Returns
    -------
    shapes
        The place of each row; None where there is none.
    events
        What had to be repaired, and why rows have no place.
    """
    if coordinates.kind == "wkt":
        return _shapes_of(table[coordinates.columns[0]])
    if coordinates.kind == "both":
        column = table[coordinates.columns[0]]
        lat_first = header_key(column.name) in _LAT_FIRST
        cells = [_halves(cell, lat_first=lat_first) for cell in column]
    else:
        first, second = (table[column] for column in coordinates.columns)
        cells = list(zip(first, second, strict=True))
    return _points(table.index, cells, metres=metres)


def _once(table: pd.DataFrame, column: str, *, where: str) -> str:
    if f"{column} (2)" in table.columns:
        message = f"{where}: the column {column!r} occurs twice; rename one of them"
        raise InputError(message)
    return column


def _wkt_column(table: pd.DataFrame, column: str | None) -> str | None:
    if column is None:
        return None
    cells = table[column].dropna().head(20)
    return column if any(_WKT.match(str(cell)) for cell in cells) else None


def _has_areas(cells: pd.Series) -> bool:
    return any("POINT" not in str(cell).upper()[:24] for cell in cells.dropna().head(20))


def _points(
    rows: pd.Index, cells: list[tuple[object, object]], *, metres: bool
) -> tuple[Shapes, list[RowEvent]]:
    numbers = np.full((len(cells), 2), np.nan)
    events: list[RowEvent] = []
    for place, (row, pair) in enumerate(zip(rows, cells, strict=True)):
        empty = [is_nothing(cell) for cell in pair]
        if any(empty):
            key = "reading.no_coordinates" if all(empty) else "reading.half_a_pair"
            events += set_aside([row], Note.of(key))
            continue
        angles = [read_angle(cell, metres=metres) for cell in pair]
        if angles[0] is None or angles[1] is None:
            wrong = pair[0] if angles[0] is None else pair[1]
            events += set_aside([row], Note.of("reading.not_a_number", value=str(wrong)[:40]))
            continue
        numbers[place], notes = _in_order(angles[0], angles[1])
        for note in notes:
            events += repaired([row], note)
    shapes = np.asarray(shapely.points(numbers), dtype=object)
    shapes[np.isnan(numbers).any(axis=1)] = None
    return shapes, events


def _in_order(first: Angle, second: Angle) -> tuple[tuple[float, float], list[Note]]:
    """Return longitude and latitude; exchanged where the cells themselves say so."""
    keys = dict.fromkeys(key for key in (first.repair, second.repair) if key is not None)
    notes = [Note.of(key) for key in keys]
    latitude_first = first.axis == "lat" and second.axis != "lat"
    longitude_second = second.axis == "lon" and first.axis != "lon"
    if latitude_first or longitude_second:
        told = {"x": f"{first.value:.10g}", "y": f"{second.value:.10g}"}
        return (second.value, first.value), [*notes, Note.of("reading.swapped", **told)]
    return (first.value, second.value), notes


def _halves(cell: object, *, lat_first: bool) -> tuple[object, object]:
    """Cut a cell with both coordinates in two; one that cannot be cut has only one of them."""
    text = (cell_text(cell) or "").strip()
    match = _PAIR.fullmatch(text) or _SPACED.fullmatch(text) or _CALLED.fullmatch(text)
    if match is None:
        return text, None
    first, second = match[1].strip(), match[2].strip()
    return (second, first) if lat_first else (first, second)


def _shapes_of(cells: pd.Series) -> tuple[Shapes, list[RowEvent]]:
    texts = [cell_text(cell) for cell in cells]
    plain = [None if t is None else re.sub(r"^\s*SRID=\d+;", "", t, flags=re.I) for t in texts]
    shapes = np.asarray(shapely.from_wkt(plain, on_invalid="ignore"), dtype=object)
    shapes = np.asarray(shapely.force_2d(shapes), dtype=object)
    events: list[RowEvent] = []
    for row, text, shape in zip(cells.index, texts, shapes, strict=True):
        if text is None:
            events += set_aside([row], Note.of("reading.no_coordinates"))
        elif shape is None or shape.is_empty:
            events += set_aside([row], Note.of("reading.not_a_shape", value=text[:40]))
    return shapes, events


def with_places(table: pd.DataFrame, shapes: Shapes, crs: object) -> gpd.GeoDataFrame:
    """Return a table with its places; a column that is called geometry gets another name."""
    names = {"geometry": "geometry (2)"} if "geometry" in table.columns else {}
    return gpd.GeoDataFrame(table.rename(columns=names), geometry=shapes, crs=crs)
