"""The results in a PostGIS database: the layers of the GeoPackage as tables of one schema."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from circles.assessment import Assessment
from circles.errors import OutputError
from circles.reports.layers import LAYERS, layer_aliases, result_layers
from circles.tables.address import DatabaseAddress
from circles.tables.columns import cell_text
from circles.tables.connection import Kinds, ask
from circles.texts import Texts, load_texts

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

DEFAULT_SCHEMA: Final = "circles_results"
#: What the comment of each table begins with that may be replaced by a later run.
MARK: Final = "[circles] "

_NAME_BYTES: Final = 63
"""The longest name that PostgreSQL does not cut."""
_KINDS: Final = Kinds(wrong=OutputError, unanswered=OutputError)
_KEYS: Final = {"communities": "community_id"}
_NUMBER: Final = "fid"
_PLACE: Final = "geom"
_TYPES: Final = {"i": "bigint", "u": "bigint", "f": "double precision", "b": "boolean"}
_EXTENSION: Final = """
    SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'postgis'
"""
_ALLOWED: Final = """
    SELECT coalesce(
        (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = %(schema)s),
        has_database_privilege(current_database(), 'CREATE')
    )
"""
_THERE: Final = """
    SELECT c.relkind, coalesce(obj_description(c.oid, 'pg_class'), '')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relname = %s
"""
_COLUMNS: Final = """
    SELECT a.attname, format_type(a.atttypid, a.atttypmod)
    FROM pg_attribute a
    WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
"""


@dataclass(frozen=True)
class _Table:
    """A table to write: its columns with their types and meanings, its key and its rows."""

    name: str
    columns: Mapping[str, str]
    words: Mapping[str, str]
    key: str
    rows: tuple[tuple[Any, ...], ...]


def write_database(
    assessment: Assessment,
    address: DatabaseAddress,
    *,
    schema: str = DEFAULT_SCHEMA,
    lang: str,
) -> None:
    """Write the layers of the results into a PostGIS database, all of them or none.

    The tables `communities`, `facilities`, `isochrones` and `gaps` have the columns of the
    GeoPackage, the geometry in `geom` (EPSG:4326, with a spatial index), a primary key, and
    comments that say what a column is. A name longer than PostgreSQL allows is shortened, and
    stands in full in the comment. Tables of a former run are replaced: they are known by their
    comment. Where the columns are the same, the table stays and only its rows change, so that views
    on it and rights to it stay too.

    Parameters
    ----------
    assessment
        The run.
    address
        The database; PostGIS must be there.
    schema
        The schema for the tables; it is made if it is not there.
    lang
        The language of explanations and comments, ``"zh"`` or ``"en"``.

    Raises
    ------
    InputError
        The address cannot be read, the package is missing, or there are no texts in `lang`.
    OutputError
        The database cannot be written; or a table of that name is someone else's. Everything is
        then as it was.
    """
    texts = load_texts(lang)
    where = f"{address.name} {schema}"
    _refuse_schema(schema, where=where)
    tables = tuple(_tables(assessment, texts))
    comment = MARK + _mark(assessment, texts)

    def write(connection: "psycopg.Connection") -> None:
        types = _place_types(connection, where=where)
        # Two runs at once write one after the other.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (MARK + schema,))
        _make_schema(connection, schema)
        _refuse_foreign(connection, schema, [table.name for table in tables], where=where)
        for table in tables:
            _write(connection, schema, table, types=types, comment=comment)

    ask(address, write, where=where, read_only=False, kinds=_KINDS)


def refuse_unwritable_database(address: DatabaseAddress, *, schema: str = DEFAULT_SCHEMA) -> None:
    """Refuse a database that cannot take the results, before anything is computed for it.

    Raises
    ------
    InputError
        The address cannot be read, or the package is missing.
    OutputError
        The server does not answer, PostGIS is not there, the schema cannot be made or written to,
        or a table of that name is someone else's.
    """
    where = f"{address.name} {schema}"
    _refuse_schema(schema, where=where)

    def look(connection: "psycopg.Connection") -> None:
        _place_types(connection, where=where)
        ((allowed,),) = connection.execute(_ALLOWED, {"schema": schema}).fetchall()
        if not allowed:
            message = (
                f"{where}: the user may not make this schema, or tables in it; ask the owner of "
                "the database for the right to"
            )
            raise OutputError(message)
        _refuse_foreign(connection, schema, LAYERS, where=where)

    ask(address, look, where=where, kinds=_KINDS)


def _refuse_schema(schema: str, *, where: str) -> None:
    usable = schema.strip() and "\0" not in schema and len(schema.encode()) <= _NAME_BYTES
    if not usable or schema.startswith("pg_") or schema == "information_schema":
        message = (
            f"{where}: a schema of this name cannot be made; give another, of at most "
            f"{_NAME_BYTES} bytes and not beginning with pg_"
        )
        raise OutputError(message)


def _mark(assessment: Assessment, texts: Texts) -> str:
    said = []
    if assessment.as_of:
        said.append(texts("database.data_as_of", as_of=assessment.as_of.isoformat()))
    if assessment.fictional:
        said.append(texts("words.fictional"))
    words = texts("database.mark", name=assessment.name, data=" ".join(said))
    return cell_text(words) or ""


def _tables(assessment: Assessment, texts: Texts) -> Iterator[_Table]:
    for name, (layer, geometry_type) in result_layers(assessment, texts).items():
        plain = pd.DataFrame(layer.drop(columns=layer.geometry.name))
        key = _KEYS.get(name, _NUMBER)
        if key == _NUMBER:
            plain.insert(0, _NUMBER, np.arange(1, len(plain) + 1))
        known = layer_aliases(name, layer, assessment, texts)
        short = {column: _short(str(column)) for column in plain.columns}
        kinds = {short[column]: _type(plain[column]) for column in plain.columns}
        words = {
            short[column]: _words(str(column), short[column], known, texts)
            for column in plain.columns
        }
        cells = [_cells(plain[column], kinds[short[column]]) for column in plain.columns]
        shapes = _shapes(layer.geometry, geometry_type)
        yield _Table(
            name=name,
            columns={**kinds, _PLACE: f"geometry({geometry_type},4326)"},
            words={**words, _PLACE: texts("database.column_geom")},
            key=key,
            rows=tuple(zip(*cells, shapes, strict=True)),
        )


def _short(name: str) -> str:
    """Return a column's name as PostgreSQL can hold it, unlike that of any other column."""
    clean = name.replace("\0", " ")
    if len(clean.encode()) <= _NAME_BYTES and clean != _PLACE:
        return clean
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return clean.encode()[: _NAME_BYTES - 9].decode("utf-8", "ignore") + "_" + digest


def _words(column: str, short: str, aliases: Mapping[str, str], texts: Texts) -> str:
    words = aliases.get(column) or texts("database.column_fid")
    if short != column:
        words = texts("database.shortened", words=words, column=column)
    return cell_text(words) or ""


def _type(values: pd.Series) -> str:
    kind = getattr(values.dtype, "kind", "O")
    if kind in _TYPES:
        return _TYPES[kind]
    return _TYPES["b"] if pd.api.types.infer_dtype(values, skipna=True) == "boolean" else "text"


def _cells(values: pd.Series, kind: str) -> list[Any]:
    """Return plain values; what is missing is None, and text is without control characters."""
    missing = values.isna().to_numpy()
    if kind == "text":
        return [None if no else _clean(v) for v, no in zip(values, missing, strict=True)]
    plain = {"bigint": int, "boolean": bool}.get(kind, float)
    return [None if no else plain(v) for v, no in zip(values, missing, strict=True)]


def _clean(value: object) -> str:
    # A lone half of a character, as damaged JSON holds, cannot be sent.
    return str(value).replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def _shapes(places: gpd.GeoSeries, geometry_type: str) -> list[str | None]:
    """Return geometries as EWKB in hexadecimal digits."""
    shapes = places.to_crs("EPSG:4326").to_numpy().copy()
    if geometry_type == "MultiPolygon":
        single = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
        shapes[single] = [shapely.MultiPolygon([shape]) for shape in shapes[single]]
    known = shapely.set_srid(shapely.force_2d(shapes), 4326)
    return list(shapely.to_wkb(known, hex=True, include_srid=True))


def _place_types(connection: "psycopg.Connection", *, where: str) -> str:
    """Return the schema in which PostGIS has its types."""
    found = connection.execute(_EXTENSION).fetchone()
    if found is None:
        message = (
            f"{where}: the database has no PostGIS; let its owner run CREATE EXTENSION postgis"
        )
        raise OutputError(message)
    return str(found[0])


def _make_schema(connection: "psycopg.Connection", schema: str) -> None:
    from psycopg import sql

    # Asked first: who may write into a schema need not be allowed to make one.
    if connection.execute("SELECT FROM pg_namespace WHERE nspname = %s", (schema,)).rowcount == 0:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))


def _refuse_foreign(
    connection: "psycopg.Connection", schema: str, tables: Sequence[str], *, where: str
) -> None:
    """Refuse to replace anything that no earlier run wrote."""
    foreign = []
    for table in tables:
        there = connection.execute(_THERE, (schema, table)).fetchone()
        if there is not None and not (there[0] == "r" and there[1].startswith(MARK)):
            foreign.append(table)
    if foreign:
        message = (
            f"{where}: {', '.join(foreign)} is there already and was not written by circles; "
            "nothing was changed. Give another schema, or rename what is there"
        )
        raise OutputError(message)


def _write(
    connection: "psycopg.Connection", schema: str, table: _Table, *, types: str, comment: str
) -> None:
    from psycopg import sql

    target = sql.Identifier(schema, table.name)
    names = [sql.Identifier(column) for column in table.columns]
    if _has_columns(connection, target, table):
        connection.execute(sql.SQL("TRUNCATE {}").format(target))
    else:
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(target))
        connection.execute(_creation(target, table, types))
        index = sql.SQL("CREATE INDEX ON {} USING gist ({})")
        connection.execute(index.format(target, sql.Identifier(_PLACE)))
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(target, sql.SQL(", ").join(names))
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        for row in table.rows:
            copy.write_row(row)
    on_table = sql.SQL("COMMENT ON TABLE {} IS {}")
    connection.execute(on_table.format(target, sql.Literal(comment)))
    for column, words in table.words.items():
        name = sql.Identifier(schema, table.name, column)
        on_column = sql.SQL("COMMENT ON COLUMN {} IS {}")
        connection.execute(on_column.format(name, sql.Literal(words)))


def _has_columns(connection: "psycopg.Connection", target: "sql.Identifier", table: _Table) -> bool:
    """Whether a table is there with just the columns that are to be written."""
    there = connection.execute(_COLUMNS, (target.as_string(connection),)).fetchall()
    # PostGIS's type has its schema before it where that is not looked in.
    return {name: kind.rpartition(".")[2] for name, kind in there} == dict(table.columns)


def _creation(target: "sql.Identifier", table: _Table, types: str) -> "sql.Composed":
    from psycopg import sql

    columns = [
        sql.SQL("{} {}").format(sql.Identifier(name), _kind(kind, types))
        for name, kind in table.columns.items()
    ]
    key = sql.SQL("PRIMARY KEY ({})").format(sql.Identifier(table.key))
    return sql.SQL("CREATE TABLE {} ({})").format(target, sql.SQL(", ").join([*columns, key]))


def _kind(kind: str, types: str) -> "sql.Composable":
    from psycopg import sql

    if not kind.startswith("geometry"):
        return sql.SQL(kind)
    return sql.SQL("{}.{}").format(sql.Identifier(types), sql.SQL(kind))
