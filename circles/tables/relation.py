"""A table, view or query of a database: its columns, and the order in which its rows are read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from circles.errors import InputError
from circles.tables.columns import listing
from circles.tables.source import Source

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

#: Types whose values are fetched as numbers or truth values; of all others the text is fetched.
NATIVE: Final = frozenset({"int2", "int4", "int8", "float4", "float8", "bool"})
PLACES: Final = frozenset({"geometry", "geography"})
_ROUNDED: Final = frozenset({"float4", "float8", "numeric"})
# Types that have an order of their own which depends on no setting.
_ORDERED: Final = NATIVE | _ROUNDED | {"date", "timestamp", "timestamptz", "time", "uuid", "oid"}
_SRID: Final = re.compile(r",\s*(\d+)\)$")
_QUERY: Final = re.compile(
    r"(\s|\(|--[^\n]*\n|/\*.*?\*/)*(select|with|values|table)\b", re.I | re.S
)

# Tables, views, materialised views, foreign and partitioned tables; those that an extension brought
# along, such as spatial_ref_sys, are nobody's data.
_TABLES: Final = """
    SELECT c.oid, n.nspname, c.relname, pg_table_is_visible(c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
      AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND NOT EXISTS (
          SELECT FROM pg_depend d
          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
      )
    ORDER BY 2, 3
"""
_KEY: Final = """
    SELECT a.attname
    FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = %s AND i.indisprimary
    ORDER BY array_position(i.indkey::int2[], a.attnum)
"""
_TYPES: Final = """
    SELECT t.typname, format_type(t.oid, q.modifier)
    FROM unnest(%s::oid[], %s::int[]) WITH ORDINALITY AS q (type, modifier, place)
    JOIN pg_type t ON t.oid = q.type
    ORDER BY q.place
"""


@dataclass(frozen=True)
class Column:
    """A column: its name, its type, and the SRID that its type names (0 where it names none)."""

    name: str
    kind: str
    srid: int = 0


@dataclass(frozen=True)
class Relation:
    """What is read: where its rows come from, its columns, and its primary key."""

    rows: "sql.Composable"
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    geometry: str | None = None

    def selecting(self, columns: Sequence[Column]) -> "sql.Composed":
        """Return the query of some columns in an order that the rows alone decide."""
        from psycopg import sql

        order = [c for c in self.columns if c.name in self.key] if self.key else self.columns
        return sql.SQL("SELECT {} FROM {} AS circles_rows ORDER BY {}").format(
            sql.SQL(", ").join(_value(column) for column in columns),
            self.rows,
            sql.SQL(", ").join(term for column in order for term in _order(column)),
        )


def find_relation(connection: "psycopg.Connection", source: Source, *, where: str) -> Relation:
    """Find the table or describe the query that a source names.

    Raises
    ------
    InputError
        Neither a table nor a query is named, or both; there is no such table; the query is none.
    """
    if (source.query is None) == (source.layer is None):
        message = f"{where}: give the table of the database (layer) or a query, one of the two"
        raise InputError(message)
    if "\0" in (source.query or source.layer or ""):
        message = f"{where}: the name or query holds a NUL character; remove it"
        raise InputError(message)
    if source.query is not None:
        return _queried(connection, source.query, where=where)
    return _table(connection, str(source.layer), where=where)


def _queried(connection: "psycopg.Connection", query: str, *, where: str) -> Relation:
    from psycopg import sql

    if _QUERY.match(query) is None:
        message = f"{where}: a query must be one SELECT; this begins otherwise: {query[:40]!r}"
        raise InputError(message)
    # The line break ends a comment that the query ends with.
    text = query.strip().rstrip("; \t\r\n")
    rows = sql.SQL("({}\n)").format(_as_written(text))
    return Relation(rows, _columns(connection, rows, where=where))


def _as_written(text: str) -> "sql.SQL":
    from psycopg import sql

    # Nothing is put into it: it is sent as the person wrote it, in a transaction that only reads.
    return sql.SQL(text)


def _table(connection: "psycopg.Connection", layer: str, *, where: str) -> Relation:
    from psycopg import sql

    there = connection.execute(_TABLES).fetchall()
    by_name: dict[str, list[tuple[int, str, str]]] = {}
    for oid, schema, table, visible in there:
        for name in _names(schema, table, visible=visible):
            by_name.setdefault(name, []).append((oid, schema, table))
    found, geometry = _matching(layer, by_name), None
    if not found and (with_column := re.fullmatch(r"(.+?)\s*\(([^()]+)\)", layer)):
        found, geometry = _matching(with_column[1], by_name), with_column[2]
    if len(found) != 1:
        known = [f"{s}.{t}" if len(found) > 1 or not v else t for _, s, t, v in there]
        what = "several tables can be meant by" if found else "there is no table"
        message = f"{where}: {what} {layer!r}; {listing('tables', layer, known)}"
        raise InputError(message)
    oid, schema, table = found[0]
    rows = sql.Identifier(schema, table)
    key = tuple(name for (name,) in connection.execute(_KEY, (oid,)).fetchall())
    return Relation(rows, _columns(connection, rows, where=where), key, geometry)


def _names(schema: str, table: str, *, visible: bool) -> Iterator[str]:
    """Name a table in every way in which it may be written."""
    for first in {schema, _quoted(schema)}:
        for second in {table, _quoted(table)}:
            yield f"{first}.{second}"
    if visible:
        yield from {table, _quoted(table)}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _matching(
    layer: str, by_name: Mapping[str, list[tuple[int, str, str]]]
) -> list[tuple[int, str, str]]:
    """Return the tables of a name; another spelling counts where nothing has this one."""
    if layer in by_name:
        return sorted(set(by_name[layer]))
    same = (found for name, found in by_name.items() if name.casefold() == layer.casefold())
    return sorted({one for found in same for one in found})


def _columns(
    connection: "psycopg.Connection", rows: "sql.Composable", *, where: str
) -> tuple[Column, ...]:
    from psycopg import sql

    # Asked in the binary format: the server then takes one statement and no more.
    look = sql.SQL("SELECT * FROM {} AS circles_rows LIMIT 0").format(rows)
    described = connection.execute(look, binary=True)
    result, names = described.pgresult, [one.name for one in described.description or ()]
    if result is None or not names:
        message = f"{where}: there are no columns"
        raise InputError(message)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = f"{where}: the query names {twice[0]!r} twice; rename one with AS"
        raise InputError(message)
    places = range(len(names))
    types = connection.execute(
        _TYPES, ([result.ftype(n) for n in places], [result.fmod(n) for n in places])
    ).fetchall()
    return tuple(
        Column(name, kind, int(found[1]) if (found := _SRID.search(full)) else 0)
        for name, (kind, full) in zip(names, types, strict=True)
    )


def _value(column: Column) -> "sql.Composable":
    from psycopg import sql

    name = sql.Identifier("circles_rows", column.name)
    return name if column.kind in NATIVE else sql.SQL("{}::text").format(name)


def _order(column: Column) -> Iterator["sql.Composable"]:
    from psycopg import sql

    name = sql.Identifier("circles_rows", column.name)
    if column.kind in _ORDERED:
        yield name
    if column.kind not in _ORDERED or column.kind in _ROUNDED:  # 1.0 and 1.00 are equal, and two
        yield sql.SQL('{}::text COLLATE "C"').format(name)
