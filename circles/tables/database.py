"""Tables and layers of a PostgreSQL database, with PostGIS or without."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from circles.crs import WGS84
from circles.datum import Datum
from circles.errors import FaultsError, InputError
from circles.tables.address import DatabaseAddress
from circles.tables.columns import cell_text, listing, rows_in_words
from circles.tables.connection import ask
from circles.tables.extent import Declared, declared
from circles.tables.ledger import Ledger
from circles.tables.loaded import LoadedLayer, LoadedTable
from circles.tables.relation import PLACES, Column, Relation, find_relation
from circles.tables.source import Source
from circles.tables.typed import typed
from circles.texts import Note

if TYPE_CHECKING:
    import psycopg

#: The fact of a ledger that holds the hash of all rows that were read.
CONTENT: Final = "database.content"

_MIDNIGHT: Final = re.compile(r"(\d{4}-\d\d-\d\d) 00:00:00")
_WHOLE: Final = re.compile(r"([+-]?\d+)\.0+")
_SYSTEM: Final = """
    SELECT quote_ident(n.nspname) || '.spatial_ref_sys'
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'postgis'
"""


@dataclass(frozen=True)
class _Answer:
    """What a database gave: rows in their order, and what the SRIDs among them stand for."""

    relation: Relation
    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]
    geometry: Column | None
    shapes: npt.NDArray[np.object_]
    srid: int
    system: pyproj.CRS | None


def read_database(source: Source) -> LoadedTable | LoadedLayer:
    """Read a table, view or query of a database, whole and in an order its rows decide.

    The transaction can only read. Rows are numbered from 1 in the order of the primary key; where
    there is none (a view, a query), in the order of all columns from the first to the last.
    Equal contents so give equal rows, row numbers and hash (`content_sha256`).

    Parameters
    ----------
    source
        A database, and in it a table (`layer`: ``table``, ``schema.table`` or, where a table has
        several, ``table(geometry column)``) or a query.

    Returns
    -------
    LoadedTable | LoadedLayer
        A layer where there is a column of geometry or geography: 2-D, columns in their own types
        (numbers, truth values, dates, text). A table otherwise: cells are text or None, as those of
        a file; `lon` and `lat` are the caller's to apply.

    Raises
    ------
    InputError
        The address, table, query or `crs` is wrong or says too little, or the package is missing.
    FaultsError
        Geometries are curved or cannot be read, or of several reference systems.
    DownloadError
        The server does not answer, or takes too long.
    """
    return _read(source, with_places=True)


def read_database_table(source: Source) -> LoadedTable:
    """Read a table, view or query as cells of text; places in it are left out.

    Everything else is as `read_database` does it.
    """
    loaded = _read(source, with_places=False)
    assert isinstance(loaded, LoadedTable)  # noqa: S101 - what `with_places` asks for
    return loaded


def content_sha256(ledger: Ledger) -> str | None:
    """Return the hash of the rows that were read from a database; None for a file."""
    found = (dict(fact.values)["sha256"] for fact in ledger.facts if fact.key == CONTENT)
    return next((str(value) for value in found), None)


def _read(source: Source, *, with_places: bool) -> LoadedTable | LoadedLayer:
    address, where = source.location, source.name
    if not isinstance(address, DatabaseAddress):
        message = f"{where}: this is a file, not a database"
        raise InputError(message)
    _refuse_options(source)
    said = declared(source.crs, where)
    answer = ask(
        address, lambda c: _answer(c, source, where=where, with_places=with_places), where=where
    )
    ledger = Ledger(where, len(answer.rows), facts=_facts(answer))
    if answer.geometry is None:
        return LoadedTable(_table(answer), ledger)
    auto = source.crs is not None and said.crs is None
    crs, datum = _crs_and_datum(answer.system, said, auto=auto, where=where)
    return LoadedLayer(_layer(answer, crs), ledger, datum)


def _refuse_options(source: Source) -> None:
    options = {
        "sheet": source.sheet,
        "encoding": source.encoding,
        "header_row": source.header_row,
    }
    given = [name for name, value in options.items() if value is not None]
    if given:
        message = f"{source.name}: {', '.join(given)} cannot be given for a database; remove it"
        raise InputError(message)


def _answer(
    connection: "psycopg.Connection", source: Source, *, where: str, with_places: bool
) -> _Answer:
    relation = find_relation(connection, source, where=where)
    geometry = _geometry(relation, source, where=where) if with_places else None
    plain = tuple(column for column in relation.columns if column.kind not in PLACES)
    columns = (*plain, geometry) if geometry else plain
    if not columns:
        message = f"{where}: there is no column but places; read it as a layer instead"
        raise InputError(message)
    rows = connection.execute(relation.selecting(columns)).fetchall()
    shapes = np.empty(0, dtype=object)
    srid, system = 0, None
    if geometry is not None:
        shapes = _shapes([row[-1] for row in rows], where=where)
        srid = _srid(shapes, geometry, where=where)
        system = _system(connection, srid, where=where) if srid else None
    return _Answer(relation, columns, rows, geometry, shapes, srid, system)


def _geometry(relation: Relation, source: Source, *, where: str) -> Column | None:
    """Return the column of places that is meant; None where coordinates stand in columns."""
    there = {column.name: column for column in relation.columns if column.kind in PLACES}
    named = relation.geometry
    if named is not None and named not in there:
        known = listing("columns of places", named, there)
        message = f"{where}: there is no column of places {named!r}; {known}"
        raise InputError(message)
    if named is None and (source.lon is not None or source.lat is not None):
        if there:
            message = f"{where}: lon and lat cannot be given beside the places of {[*there]}"
            raise InputError(message)
        return None
    if named is None and len(there) > 1:
        message = (
            f"{where}: there are several columns of places ({', '.join(map(repr, there))}); name "
            f'one: layer = "TABLE({next(iter(there))})", or a query that gives only one'
        )
        raise InputError(message)
    return there[named] if named is not None else next(iter(there.values()), None)


def _shapes(texts: Sequence[str | None], *, where: str) -> npt.NDArray[np.object_]:
    """Turn EWKB in hexadecimal digits into geometries; their SRID stays with them."""
    given = np.array(texts, dtype=object)
    shapes = _understood(given)
    strange = (shapes == None) & (given != None)  # noqa: E711 - element by element
    if strange.any():
        rows = (np.flatnonzero(strange) + 1).tolist()
        fault = (
            f"{rows_in_words(rows)}: a curve, a surface or a collection inside another, which is "
            "not understood; give a query with ST_CurveToLine or ST_Multi"
        )
        raise FaultsError(where, [fault])
    return shapes


def _understood(texts: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the geometries of plain types, and None for all others."""
    try:
        shapes = np.asarray(shapely.from_wkb(texts, on_invalid="ignore"), dtype=object)
        parts, owners = shapely.get_parts(shapes, return_index=True)
    except NotImplementedError:  # there is a curve; which one is found row by row
        if len(texts) == 1:
            return np.full(1, None, dtype=object)
        return np.concatenate([_understood(texts[n : n + 1]) for n in range(len(texts))])
    shapes[owners[shapely.get_type_id(parts) > 6]] = None
    return shapes


def _srid(shapes: npt.NDArray[np.object_], geometry: Column, *, where: str) -> int:
    known = shapes[shapes != None]  # noqa: E711 - element by element
    found, counts = np.unique(shapely.get_srid(known), return_counts=True)
    if len(found) > 1:
        each = ", ".join(f"{s} ({n} rows)" for s, n in zip(found, counts, strict=True))
        fault = (
            f"column {geometry.name!r} mixes reference systems: SRID {each}; bring them into one "
            "with ST_Transform, or ST_SetSRID where one is missing"
        )
        raise FaultsError(where, [fault])
    own = 4326 if geometry.kind == "geography" else geometry.srid
    return int(found[0]) if len(found) else geometry.srid or own


def _system(connection: "psycopg.Connection", srid: int, *, where: str) -> pyproj.CRS:
    from psycopg import sql

    (table,) = connection.execute(_SYSTEM).fetchone() or (None,)
    row = None
    if table is not None:
        asked = sql.SQL("SELECT auth_name, auth_srid, srtext FROM {} WHERE srid = %s")
        row = connection.execute(asked.format(sql.SQL(table)), (srid,)).fetchone()
    authority, code, words = row or ("EPSG", srid, None)
    for given in (f"{authority}:{code}", words):
        try:
            return pyproj.CRS.from_user_input(given)
        except pyproj.exceptions.CRSError:
            continue
    message = (
        f"{where}: what SRID {srid} stands for is not known, here or in spatial_ref_sys; bring the "
        "places into a known one with ST_Transform"
    )
    raise InputError(message)


def _crs_and_datum(
    own: pyproj.CRS | None, said: Declared, *, auto: bool, where: str
) -> tuple[pyproj.CRS, Datum | None]:
    """Return the CRS of the places, and what their degrees are measured against."""
    if own is None:
        if said.crs is None and not auto:
            message = (
                f"{where}: the places do not say which coordinate reference system they are in "
                '(SRID 0); say it with crs, as crs = "EPSG:4547" or crs = "wgs84"'
            )
            raise InputError(message)
        return said.crs or WGS84, said.datum
    shifted = said.datum in (Datum.GCJ02, Datum.BD09)
    if own.is_geographic and (auto or shifted):
        return WGS84, said.datum
    if said.crs is not None and own != said.crs:
        name = said.datum if shifted else said.crs.name
        message = (
            f"{where}: the places say that they are in {own.name!r}, and crs says {str(name)!r}; "
            "remove crs, or correct their SRID"
        )
        raise InputError(message)
    return own, Datum.WGS84


def _rows_index(count: int) -> pd.RangeIndex:
    return pd.RangeIndex(1, count + 1, name="row")


def _table(answer: _Answer) -> pd.DataFrame:
    cells = [[_cell(value) for value in row] for row in answer.rows]
    names = [column.name for column in answer.columns]
    return pd.DataFrame(cells, index=_rows_index(len(cells)), columns=names, dtype=object)


def _cell(value: object) -> str | None:
    """Return a value as the cell of a text table: 3.00 is ``3``, midnight is not shown."""
    text = cell_text(value)
    if text is None or text == "NaN":
        return None
    if not isinstance(value, str):
        return text
    shorter = _WHOLE.fullmatch(text) or _MIDNIGHT.fullmatch(text)
    return shorter[1] if shorter else text


def _layer(answer: _Answer, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    index = _rows_index(len(answer.rows))
    plain = answer.columns[:-1]
    values = list(zip(*answer.rows, strict=True)) or [()] * len(answer.columns)
    frame = pd.DataFrame(
        {c.name: typed(v, c.kind, index) for c, v in zip(plain, values, strict=False)}, index=index
    )
    frame = frame.rename(columns={"geometry": "geometry (2)"})
    flat = shapely.set_srid(shapely.force_2d(answer.shapes), 0)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(flat, index=index, crs=crs))


def _facts(answer: _Answer) -> tuple[Note, ...]:
    key = tuple(answer.relation.key)
    sha256 = _sha256(answer.columns, answer.rows)
    facts = [Note.of(CONTENT, rows=len(answer.rows), sha256=sha256)]
    facts.append(Note.of("database.by_key", columns=key) if key else Note.of("database.by_columns"))
    if answer.geometry is not None:
        facts.append(Note.of("database.places", column=answer.geometry.name, srid=answer.srid))
    left = tuple(
        column.name
        for column in answer.relation.columns
        if column.kind in PLACES and column != answer.geometry
    )
    return (*facts, *([Note.of("database.left_out", columns=left)] if left else []))


def _sha256(columns: Sequence[Column], rows: Sequence[tuple[Any, ...]]) -> str:
    """Return a hash of columns and rows, each a line of JSON."""
    content = hashlib.sha256()
    content.update(json.dumps([[column.name, column.kind] for column in columns]).encode())
    for row in rows:
        content.update(b"\n" + json.dumps(row).encode())
    return content.hexdigest()
