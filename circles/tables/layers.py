"""Layers of places: vector files, and tables with coordinates, each with its books."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import pyproj
import shapely

from circles.crs import WGS84
from circles.datum import Datum, geometries_to_wgs84, in_mainland
from circles.errors import FaultsError, InputError
from circles.tables.address import DatabaseAddress
from circles.tables.extent import Declared, datum_of_headers, declared
from circles.tables.files import refuse_options
from circles.tables.ledger import Fate, Ledger, RowEvent, set_aside
from circles.tables.loaded import LoadedLayer, LoadedTable
from circles.tables.parquet import PARQUET, read_parquet
from circles.tables.placing import Shapes, faults_of, place_rows
from circles.tables.points import find_coordinates, points_of, with_places
from circles.tables.sheets import TABLES, load_table
from circles.tables.source import Source
from circles.tables.vector import Vector, read_vector
from circles.texts import Note

#: What a shift of nothing comes to in the last digits, degrees.
_UNMOVED_DEG: Final = 1e-9


def read_layer(
    path: Path,
    *,
    layer: str | None = None,
    sheet: str | None = None,
    lon: str | None = None,
    lat: str | None = None,
    crs: str | None = None,
) -> gpd.GeoDataFrame:
    """Read places without the books of how they were read; see `load_layer`.

    Parameters
    ----------
    path
        A table or a vector file.
    layer
        The layer to read, where a file has several.
    sheet
        The sheet to read, where a workbook has several.
    lon, lat
        The columns of a table's coordinates; by default found by their usual names. For a
        projected `crs` they are the easting and the northing.
    crs
        ``"wgs84"``, ``"cgcs2000"``, ``"gcj02"``, ``"bd09"``, ``"EPSG:n"`` or ``"auto"``. By
        default the file's own, and degrees for a table.
    """
    return load_layer(Source(path, layer, sheet=sheet, lon=lon, lat=lat, crs=crs)).places


def load_layer(source: Source) -> LoadedLayer:
    """Read places: any vector format, a table with coordinates, or a database.

    Coordinates that are clearly exchanged or written in another way are repaired; rows whose
    coordinates cannot be used keep their place in the frame, without geometry. The ledger names
    all of them. Places in GCJ-02 or BD-09 come back in WGS 84.

    Returns
    -------
    LoadedLayer
        Index `row`, the file's own row numbers; 2-D geometry. The columns of a table are text. A
        layer without rows comes back empty.

    Raises
    ------
    InputError
        The file, layer, sheet or column is not there or cannot be read, the CRS is unknown or
        contradicts what the file says, or there are places and none of them can be used.
    """
    said = declared(source.crs, source.name)
    if isinstance(source.location, DatabaseAddress):
        return _from_database(source, said)
    path = source.location
    suffix = path.suffix.lower()
    if suffix in TABLES:
        refuse_options(path, "a table", {"layer": source.layer})
        return _from_table(load_table(source), source, said)
    refuse_options(path, "a layer", {"sheet": source.sheet, "header_row": source.header_row})
    if suffix in PARQUET:
        refuse_options(path, "a layer", {"layer": source.layer, "encoding": source.encoding})
        found = read_parquet(path)
        if isinstance(found, pd.DataFrame):
            return _from_table(LoadedTable(found, Ledger(path.name, len(found))), source, said)
    else:
        found = read_vector(source, path)
    refuse_options(path, "a layer", {"lon": source.lon, "lat": source.lat})
    return _from_vector(found, source, said)


def _from_table(loaded: LoadedTable, source: Source, said: Declared) -> LoadedLayer:
    where = str(source.location)
    table = loaded.frame
    coordinates = find_coordinates(table, lon=source.lon, lat=source.lat, where=where)
    named = datum_of_headers(coordinates.columns, said, where)
    shapes, events = points_of(table, coordinates, metres=said.is_projected)
    crs = said.crs or WGS84
    facts = [coordinates.note()]
    if coordinates.others:
        facts.append(Note.of("reading.other_coordinates", columns=coordinates.others))
    if named is not None:
        facts.append(
            Note.of("reading.datum_named", datum=named.value, column=coordinates.columns[0])
        )
    shapes, more = place_rows(table.index, shapes, crs, where=where, by_hand=True)
    _refuse_unusable(shapes, (*events, *more), where)
    ledger = loaded.ledger.adding((*events, *more), facts)
    return _settled(with_places(table, shapes, crs), ledger, said.datum or named)


def _refuse_unusable(shapes: Shapes, events: Sequence[RowEvent], where: str) -> None:
    """Refuse a layer in which rows say where they are, and not one of them can be used."""
    silent = ("reading.no_coordinates", "reading.no_geometry")
    wrong = [
        event for event in events if event.fate is Fate.SET_ASIDE and event.note.key not in silent
    ]
    if wrong and shapely.is_missing(shapes).all():
        raise FaultsError(where, faults_of(wrong))


def _from_vector(found: Vector, source: Source, said: Declared) -> LoadedLayer:
    where = str(source.location)
    auto = source.crs is not None and said.crs is None
    crs, datum = _agreed(found, said, auto=auto, where=where)
    ledger = Ledger(source.name, len(found.places), facts=found.facts)
    return _from_places(found.places, crs, datum, ledger, where=where)


def _from_places(
    places: gpd.GeoDataFrame,
    crs: pyproj.CRS,
    datum: Datum | None,
    ledger: Ledger,
    *,
    where: str,
) -> LoadedLayer:
    shapes = places.geometry.to_numpy()
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    events = set_aside(places.index[missing], Note.of("reading.no_geometry"))
    shapes, more = place_rows(places.index, shapes, crs, where=where)
    _refuse_unusable(shapes, more, where)
    placed = places.set_geometry(gpd.GeoSeries(shapes, index=places.index), crs=crs)
    fact = Note.of("reading.crs", crs=crs.name)
    return _settled(placed, ledger.adding((*events, *more), [fact]), datum)


def _from_database(source: Source, said: Declared) -> LoadedLayer:
    from circles.tables.database import read_database

    loaded = read_database(source)
    if isinstance(loaded, LoadedTable):
        return _from_table(loaded, source, said)
    places = loaded.places
    return _from_places(places, places.crs, loaded.datum, loaded.ledger, where=source.name)


def _agreed(
    found: Vector, said: Declared, *, auto: bool, where: str
) -> tuple[pyproj.CRS, Datum | None]:
    """Return the CRS and datum of a layer, from what it says itself and what was said of it."""
    own = found.crs
    if own is None:
        if said.crs is None:
            message = (
                f"{where}: the layer does not say which coordinate reference system it is in; say "
                'it with crs, as crs = "EPSG:4547" or crs = "wgs84"'
            )
            raise InputError(message)
        return said.crs, said.datum
    shifted = said.datum in (Datum.GCJ02, Datum.BD09)
    if auto or shifted:
        if own.is_geographic:
            return WGS84, said.datum
        if auto:
            return own, Datum.WGS84
    # A GeoJSON without a CRS is in WGS84 by definition only; people write others into it.
    if said.crs is not None and own != said.crs and not found.silent:
        name = said.datum if shifted else said.crs.name
        message = (
            f"{where}: the layer says that it is in {own.name!r}, and crs says {str(name)!r}; "
            "remove crs, or correct the layer"
        )
        raise InputError(message)
    return said.crs or own, said.datum or Datum.WGS84


def _settled(places: gpd.GeoDataFrame, ledger: Ledger, datum: Datum | None) -> LoadedLayer:
    """Bring degrees of a shifted datum back to WGS 84, and say what became of them."""
    if datum is Datum.WGS84 or not places.crs.is_geographic:
        return LoadedLayer(places, ledger, Datum.WGS84)
    shapes = places.geometry.to_numpy()
    known = ~shapely.is_missing(shapes)
    if datum is None:
        centre = shapely.centroid(shapes[known])
        inside = in_mainland(shapely.get_x(centre), shapely.get_y(centre))
        key = "reading.datum_open" if inside.any() else "reading.outside_mainland"
        open_ = None if inside.any() or not known.any() else Datum.WGS84
        facts = [Note.of(key)] if known.any() else []
        return LoadedLayer(places.to_crs(WGS84), ledger.adding(facts=facts), open_)
    moved = geometries_to_wgs84(shapes, datum)
    same = shapely.equals_exact(moved[known], shapes[known], tolerance=_UNMOVED_DEG)
    fact = Note.of(
        "reading.shifted",
        datum=datum.value,
        moved=int((~same).sum()),
        left=int(same.sum()),
    )
    back = places.set_geometry(gpd.GeoSeries(moved, index=places.index), crs=WGS84)
    return LoadedLayer(back, replace(ledger, facts=(*ledger.facts, fact)), datum)
