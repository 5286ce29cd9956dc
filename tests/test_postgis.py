"""PostGIS in and out, on a real server: what is read is what a file would give, and nobody is hurt.

The server is that of CIRCLES_POSTGRES_URL; ``.ci/postgres COMMAND`` starts one for a command.
"""

# ruff: noqa: S608 - the statements are put together from what stands here

import logging
import os
import secrets
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from shapely import Point

from circles.datum import Datum
from circles.errors import DownloadError, FaultsError, InputError, OutputError
from circles.reports.database import MARK, refuse_unwritable_database, write_database
from circles.reports.layers import LAYERS, result_layers, write_layers
from circles.tables import load_layer, load_table, read_layer, read_table
from circles.tables.address import DatabaseAddress
from circles.tables.database import content_sha256, read_database, read_database_table
from circles.tables.loaded import LoadedLayer, LoadedTable
from circles.tables.source import Source
from circles.texts import LANGS, load_texts
from tests.drawn_assessment import IMAGE_NAME, drawn_assessment, drawn_gaps

pytestmark = pytest.mark.postgis

SAMPLE = Path(__file__).parent.parent / "data" / "sample"
DRAWN = replace(drawn_assessment(), gaps=drawn_gaps())


class Server:
    """A server, and what tests do to its databases as their owner."""

    def __init__(self, url: str) -> None:
        self.url = url

    def database(self, name: str, **parts: str) -> DatabaseAddress:
        """Return the address of a database, with another user and password if they are given."""
        import psycopg

        known = psycopg.conninfo.conninfo_to_dict(self.url)
        user, password = (parts.get(part, known[part]) for part in ("user", "password"))
        where = f"{known['host']}:{known['port']}"
        return DatabaseAddress(f"postgresql://{user}:{password}@{where}/{name}")

    def run(self, name: str, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements in a database and return what the last one gives."""
        import psycopg

        with psycopg.connect(self.database(name).url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="session")
def server() -> Server:
    """Return the server that the environment names; without one these tests fail."""
    url = os.environ.get("CIRCLES_POSTGRES_URL")
    assert url, "CIRCLES_POSTGRES_URL names no server; run .ci/postgres make postgis"
    return Server(url)


@pytest.fixture
def new(server: Server) -> Iterator[Callable[..., str]]:
    """Return a maker of databases, which are gone after the test."""
    made = []

    def make(*statements: str, options: str = "", postgis: bool = True) -> str:
        name = f"t_{secrets.token_hex(6)}"
        server.run("postgres", f"CREATE DATABASE {name} {options}")
        made.append(name)
        if postgis:
            server.run(name, "CREATE EXTENSION postgis")
        if statements:
            server.run(name, *statements)
        return name

    yield make
    for name in made:
        server.run("postgres", f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[str]:
    """Return a database with PostGIS for the tests that only add tables of their own."""
    name = f"t_{secrets.token_hex(6)}"
    server.run("postgres", f"CREATE DATABASE {name}")
    server.run(name, "CREATE EXTENSION postgis")
    yield name
    server.run("postgres", f"DROP DATABASE {name} WITH (FORCE)")


Read = Callable[..., LoadedTable | LoadedLayer]


@pytest.fixture
def layer_of(server: Server, shared: str) -> Callable[..., LoadedLayer]:
    """Return a reader of layers: statements that make table ``t``, and what is said of it."""

    def read(*statements: str, **said: str) -> LoadedLayer:
        loaded = read_t(server, shared, *statements, **said)
        assert isinstance(loaded, LoadedLayer)
        return loaded

    return read


@pytest.fixture
def table_of(server: Server, shared: str) -> Callable[..., LoadedTable]:
    """Return a reader of tables: statements that make table ``t``, and what is said of it."""

    def read(*statements: str, **said: str) -> LoadedTable:
        loaded = read_t(server, shared, *statements, **said)
        assert isinstance(loaded, LoadedTable)
        return loaded

    return read


def read_t(server: Server, name: str, *statements: str, **said: str) -> LoadedTable | LoadedLayer:
    """Make table ``t`` anew and read it, or the query that is given."""
    if statements:
        server.run(name, "DROP TABLE IF EXISTS t CASCADE", *statements)
    if "query" not in said:
        said = {"layer": "t", **said}
    return read_database(Source(server.database(name), **said))


def put(server: Server, name: str, table: str, frame: pd.DataFrame, *, srid: int = 4326) -> None:
    """Write a frame as a table, in a way of its own: text literals, the columns' types by dtype."""
    import psycopg
    from psycopg import sql

    kinds = {"i": "bigint", "f": "double precision", "b": "boolean", "M": "timestamp"}
    columns = [sql.SQL("circles_row serial PRIMARY KEY")]
    for column in frame.columns:
        kind = kinds.get(getattr(frame[column].dtype, "kind", "O"), "text")
        kind = f"geometry(Geometry,{srid})" if str(frame[column].dtype) == "geometry" else kind
        columns.append(sql.SQL("{} " + kind).format(sql.Identifier(column)))
    names = sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    slots = sql.SQL(", ").join([sql.Placeholder()] * len(frame.columns))
    into = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), names, slots)
    rows = [
        [
            shapely.to_wkt(cell, rounding_precision=-1) and f"SRID={srid};{cell.wkt}"
            if isinstance(cell, shapely.Geometry)
            else None
            if pd.isna(cell)
            else getattr(cell, "item", lambda c=cell: c)()
            for cell in row
        ]
        for row in frame.itertuples(index=False)
    ]
    with psycopg.connect(server.database(name).url) as connection:
        make = sql.SQL("CREATE TABLE {} ({})")
        connection.execute(make.format(sql.Identifier(table), sql.SQL(", ").join(columns)))
        with connection.cursor() as cursor:
            cursor.executemany(into, rows)


def everything_of(error: BaseException) -> str:
    """Return all that an error shows, with everything that it remembers."""
    shown = [str(error), repr(error), repr(error.args), "".join(traceback.format_exception(error))]
    for other in (error.__cause__, error.__context__):
        shown += [everything_of(other)] if other is not None else []
    return "\n".join(shown)


# ---- in: the same as from files ------------------------------------------------------------------


def test_a_layer_is_what_its_file_is(server: Server, shared: str) -> None:
    """The communities of the sample are equal, read from GeoPackage and from PostGIS."""
    from_file = read_layer(SAMPLE / "communities.gpkg")
    srid = from_file.crs.to_epsg()
    put(server, shared, "社区 Communities", pd.DataFrame(from_file), srid=srid)
    loaded = read_database(Source(server.database(shared), layer="社区 Communities"))
    assert isinstance(loaded, LoadedLayer)
    places = loaded.places.drop(columns="circles_row")
    assert_geodataframe_equal(places, from_file, check_dtype=False, check_index_type=False)
    assert places.dtypes.map(lambda d: d.kind).equals(from_file.dtypes.map(lambda d: d.kind))
    assert list(places.index) == list(from_file.index)
    assert (loaded.datum, loaded.ledger.read) == (Datum.WGS84, len(from_file))


@pytest.mark.parametrize(("path", "sheet"), [("facilities.xlsx", "设施"), ("childcare.csv", None)])
def test_a_table_is_what_its_file_is(
    server: Server, shared: str, path: str, sheet: str | None
) -> None:
    """Cells of text are equal; rows are counted from 1 and not from the header."""
    from_file = read_table(SAMPLE / path, sheet=sheet)
    put(server, shared, path, from_file)
    loaded = read_database(Source(server.database(shared), layer=path))
    assert isinstance(loaded, LoadedTable)
    expected = from_file.reset_index(drop=True)
    assert_frame_equal(
        loaded.frame.drop(columns="circles_row").reset_index(drop=True), expected, check_dtype=False
    )
    assert list(loaded.frame.index) == list(range(1, len(from_file) + 1))


@pytest.mark.parametrize("crs", [None, "wgs84", "gcj02", "bd09", "cgcs2000", "auto"])
def test_a_table_of_coordinates_has_the_places_of_its_file(
    server: Server, shared: str, crs: str | None
) -> None:
    """Columns of longitude and latitude are found, shifted back and judged as in a CSV."""
    table = f"childcare {crs}"
    put(server, shared, table, read_table(SAMPLE / "childcare.csv"))
    from_file = load_layer(Source(SAMPLE / "childcare.csv", crs=crs))
    loaded = load_layer(Source(server.database(shared), layer=table, crs=crs))
    assert (loaded.datum, loaded.ledger.read) == (from_file.datum, from_file.ledger.read)
    assert loaded.places.crs == from_file.places.crs
    assert shapely.equals(loaded.places.geometry.values, from_file.places.geometry.values).all()
    assert [e.note for e in loaded.ledger.events] == [e.note for e in from_file.ledger.events]


def test_a_layer_of_places_is_judged_as_its_file_is(server: Server, shared: str) -> None:
    """Places that cannot be are set aside by row, with the reasons that a file's have."""
    places = read_layer(SAMPLE / "communities.gpkg").to_crs(4326)
    shapes = places.geometry.to_numpy().copy()
    shapes[1], shapes[3] = None, shapely.transform(shapes[3], lambda points: points[:, ::-1])
    odd = places.set_geometry(gpd.GeoSeries(shapes, index=places.index, crs=4326))
    put(server, shared, "odd places", pd.DataFrame(odd))
    loaded = load_layer(Source(server.database(shared), layer="odd places"))
    assert {event.row for event in loaded.ledger.events} == {2, 4}
    assert load_table(Source(server.database(shared), layer="odd places")).ledger.read == len(odd)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\0"))),
            st.one_of(st.none(), st.floats(width=64)),
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
        ),
        max_size=6,
    )
)
def test_any_value_comes_back(
    server: Server, shared: str, rows: list[tuple[str | None, float | None, int | None]]
) -> None:
    """Text, floats to the last bit and whole numbers come as they are; text loses outer spaces."""
    import psycopg

    with psycopg.connect(server.database(shared).url) as connection:
        connection.execute("DROP TABLE IF EXISTS t CASCADE")
        connection.execute(
            "CREATE TABLE t (n int PRIMARY KEY, a text, b float8, c int8, g geometry)"
        )
        with connection.cursor() as cursor:
            insert = "INSERT INTO t VALUES (%s, %s, %s, %s, NULL)"
            cursor.executemany(insert, [(n, *row) for n, row in enumerate(rows)])
    places = read_t(server, shared, crs="wgs84").places  # type: ignore[union-attr]
    expected = [None if a is None else a.strip() for a, _, _ in rows]
    assert places["a"].tolist() == expected
    assert_frame_equal(
        places[["b"]].astype(float).reset_index(drop=True),
        pd.DataFrame({"b": [np.nan if b is None else b for _, b, _ in rows]}, dtype=float),
        check_exact=True,
    )
    whole = [c for _, _, c in rows]
    assert [None if pd.isna(value) else int(value) for value in places["c"]] == whole


def test_columns_of_all_types_are_read(table_of: Callable[..., LoadedTable]) -> None:
    """As a table every type is text, as a file would show it."""
    frame = table_of(
        """CREATE TABLE t (code char(5), n numeric(10,2), w numeric, f float4, b bool, d date,
           ts timestamp, tz timestamptz, j jsonb, a int[], u uuid, i interval, x bytea, m money,
           p point, r int4range)""",
        """INSERT INTO t VALUES ('007', 3.00, 12345678901234567890, 0.1, true, '2024-01-05',
           '2024-01-05 00:00', '2024-01-05 08:00+08', '{"a": 1}', '{1,2}',
           '123e4567-e89b-12d3-a456-426614174000', '1 day', '\\x41', '5', '(1,2)', '[1,3)')""",
        "INSERT INTO t (code, n, f) VALUES (' ', 'NaN', 'NaN')",
    ).frame
    first = frame.loc[frame["code"] == "007"].iloc[0].to_dict()
    assert first == {
        "code": "007",
        "n": "3",
        "w": "12345678901234567890",
        "f": "0.1",
        "b": "TRUE",
        "d": "2024-01-05",
        "ts": "2024-01-05",
        "tz": "2024-01-05 00:00:00+00",
        "j": '{"a": 1}',
        "a": "{1,2}",
        "u": "123e4567-e89b-12d3-a456-426614174000",
        "i": "P1D",
        "x": "\\x41",
        "m": "$5.00",
        "p": "(1,2)",
        "r": "[1,3)",
    }
    assert frame.loc[frame["code"] != "007"].isna().all(axis=None)


def test_the_session_of_the_server_changes_nothing(server: Server, new: Callable[..., str]) -> None:
    """Settings of a database that change how values are written have no effect."""
    make = (
        "CREATE TABLE t (d date, f float8, x bytea, tz timestamptz)",
        "INSERT INTO t VALUES ('2024-02-01', 0.1, '\\x41', '2024-02-01 12:00+00')",
    )
    plain, odd = new(*make), new(*make)
    for setting in (
        *("DateStyle = 'German, DMY'", "extra_float_digits = -5", "bytea_output = 'escape'"),
        "TimeZone = 'Asia/Shanghai'",
    ):
        server.run("postgres", f"ALTER DATABASE {odd} SET {setting}")
    read = [read_database(Source(server.database(name), layer="t")) for name in (plain, odd)]
    assert content_sha256(read[0].ledger) == content_sha256(read[1].ledger)
    assert read[0].frame.equals(read[1].frame)  # type: ignore[union-attr]


# ---- in: which table -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "table", "written"),
    [
        ("public", "Facilities", "Facilities"),
        ("public", "facilities", "FACILITIES"),
        ("public", "长者饭堂", "长者饭堂"),
        ("public", 'a"b', 'a"b'),
        ("public", 'a"b', '"a""b"'),
        ("public", "a.b", "a.b"),
        ("北区", "表 一", "北区.表 一"),
        ("北区", "表 一", '"北区"."表 一"'),
        ("S.x", "T.y", "S.x.T.y"),
        ("public", "x; DROP TABLE x", "x; DROP TABLE x"),
        ("public", "10%s", "10%s"),
    ],
)
def test_names_of_all_kinds_are_found(
    server: Server, new: Callable[..., str], schema: str, table: str, written: str
) -> None:
    """Upper case, Chinese, quotes, dots and spaces are part of a name, quoted or not."""
    quoted = ".".join('"' + name.replace('"', '""') + '"' for name in (schema, table))
    name = new(
        f'CREATE SCHEMA IF NOT EXISTS "{schema}"',
        f'CREATE TABLE {quoted} ("列 ""A""" text, "x;--" int)',
        f"INSERT INTO {quoted} VALUES ('甲', 1)",
        postgis=False,
    )
    frame = read_database_table(Source(server.database(name), layer=written)).frame
    assert frame.to_dict("list") == {'列 "A"': ["甲"], "x;--": ["1"]}


def test_a_name_that_several_tables_have_is_refused(
    server: Server, new: Callable[..., str]
) -> None:
    """Outside the search path a schema must be named; in it the first one counts."""
    name = new(
        *("CREATE SCHEMA a", "CREATE TABLE a.t AS SELECT 1 AS v"),
        *("CREATE SCHEMA b", 'CREATE TABLE b."T" AS SELECT 2 AS v', "CREATE TABLE b.t2 ()"),
        *('CREATE TABLE a."U" AS SELECT 1 AS v', "CREATE TABLE a.u AS SELECT 2 AS v"),
        postgis=False,
    )
    address = server.database(name)
    assert read_database_table(Source(address, layer="a.u")).frame["v"].tolist() == ["2"]
    with pytest.raises(InputError, match=r"several tables .*'A\.u'.*'a\.(U|u)', 'a\.(U|u)'"):
        read_database_table(Source(address, layer="A.u"))
    with pytest.raises(InputError, match=r"no table 't'; tables: 'a\.t'"):
        read_database_table(Source(address, layer="t"))


def test_a_missing_table_is_answered_with_the_nearest(
    server: Server, new: Callable[..., str]
) -> None:
    """Those of the extension are not among them."""
    name = new("CREATE TABLE canteens ()", "CREATE TABLE homes ()")
    with pytest.raises(InputError, match=r"no table 'canteen'; tables: 'canteens', 'homes'$"):
        read_database(Source(server.database(name), layer="canteen"))


def test_neither_or_both_of_table_and_query_are_refused(server: Server, shared: str) -> None:
    """One of the two says what is read."""
    for said in ({}, {"layer": "t", "query": "SELECT 1"}):
        with pytest.raises(InputError, match="one of the two"):
            read_database(Source(server.database(shared), **said))


def test_views_and_materialised_views_are_read(layer_of: Callable[..., LoadedLayer]) -> None:
    """So are partitioned tables."""
    make = "CREATE TABLE t (id int, g geometry(Point, 4326))"
    fill = "INSERT INTO t VALUES (1, 'SRID=4326;POINT(113 23)')"
    view = "CREATE VIEW v AS SELECT * FROM t"
    assert len(layer_of(make, fill, view, layer="v").places) == 1
    material = "CREATE MATERIALIZED VIEW m AS SELECT * FROM t"
    assert len(layer_of(make, fill, material, layer="m").places) == 1
    parts = "CREATE TABLE t (id int, g geometry(Point, 4326)) PARTITION BY LIST (id)"
    part = "CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)"
    assert len(layer_of(parts, part, fill).places) == 1


# ---- in: queries ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 AS a, '10%s {x}' AS b",
        "select 1 as a, '10%s {x}' as b ;  ",
        "-- of one row\nSELECT 1 AS a, '10%s {x}' AS b -- the end",
        "/* c */ WITH q AS (SELECT 1 AS a, '10%s {x}'::text AS b) SELECT * FROM q",
        "(SELECT 1 AS a, '10%s {x}' AS b)",
        "VALUES (1, '10%s {x}')",
    ],
)
def test_a_query_is_sent_as_it_is_written(table_of: Callable[..., LoadedTable], query: str) -> None:
    """Comments, semicolons, percent signs and braces have no meaning of ours."""
    assert table_of(query=query).frame.to_numpy().tolist() == [["1", "10%s {x}"]]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("DELETE FROM kept", "one SELECT; this begins otherwise"),
        ("SELECT 1; DELETE FROM kept", "one SELECT that PostgreSQL understands"),
        ("SELECT 1 AS a) q; DELETE FROM kept; SELECT * FROM (SELECT 1", "one SELECT that"),
        ("SELECT 1 AS a) q; COMMIT; DELETE FROM kept; SELECT * FROM (SELECT 1", "one SELECT that"),
        ("WITH x AS (DELETE FROM kept RETURNING 1) SELECT * FROM x", "data-modifying"),
        ("SELECT emptied()", "only reading is allowed"),
        ("SELECT set_config('transaction_read_only', 'off', false), emptied()", "read"),
        ("SELECT nextval('counter')", "only reading is allowed"),
        ("SELECT * FROM kept FOR UPDATE", "only reading is allowed"),
        ("SELECT nme FROM kept", "Perhaps you meant to reference the column"),
        ("SELECT * FROM kapt", 'relation "kapt" does not exist'),
        ("SELECT 1 AS a, 2 AS a", "names 'a' twice"),
        ("SELECT FROM kept", "no columns"),
        ("SELECT ''::text || chr(0)", "null character"),
        ("SELECT 1 AS a\0", "NUL"),
        ("SELECT '\ud800' AS a", "not UTF-8"),
        ("SELECT 1/0 AS a", "division by zero"),
        ("SELECT 'x'::int AS a", "invalid input syntax"),
        ("SELECT ST_Nothing(1) AS a", "st_nothing"),
        ("", "one SELECT"),
    ],
)
def test_a_query_can_only_read(server: Server, shared: str, query: str, words: str) -> None:
    """What is not one SELECT, or not to be answered, is refused; the data stay."""
    server.run(
        shared,
        "CREATE TABLE IF NOT EXISTS kept (name text)",
        "CREATE SEQUENCE IF NOT EXISTS counter",
        "TRUNCATE kept",
        "INSERT INTO kept VALUES ('x')",
        """CREATE OR REPLACE FUNCTION emptied() RETURNS int LANGUAGE plpgsql AS
           $$ BEGIN DELETE FROM kept; RETURN 1; END $$""",
    )
    with pytest.raises(InputError, match=words) as caught:
        read_database(Source(server.database(shared), query=query))
    assert caught.value.__context__ is None
    assert server.run(shared, "SELECT * FROM kept") == [("x",)]


def test_a_query_that_takes_too_long_is_stopped(server: Server, shared: str) -> None:
    """The limit can be set in the address."""
    url = server.database(shared).url + "?options=-c%20statement_timeout%3D150"
    with pytest.raises(DownloadError, match="took too long"):
        read_database(Source(DatabaseAddress(url), query="SELECT pg_sleep(20)::text AS a"))


# ---- in: the order of rows -----------------------------------------------------------------------


@pytest.mark.parametrize("key", ["PRIMARY KEY", ""])
def test_equal_contents_give_equal_rows(layer_of: Callable[..., LoadedLayer], key: str) -> None:
    """The order in which rows were written, and rewritten, has no part in it."""
    make = f"CREATE TABLE t (id int {key}, name text, n numeric, g geometry(Point, 4326))"
    row = "INSERT INTO t VALUES ({n}, '{name}', {n}.50, 'SRID=4326;POINT({n} 1)')".format
    rows = [row(n=n, name=name) for n, name in ((10, "乙"), (9, "甲"), (11, "Ä"))]
    update = "UPDATE t SET name = name WHERE id = 9"
    one, other = layer_of(make, *rows), layer_of(make, *rows[::-1], update)
    assert one.places["id"].tolist() == [9, 10, 11]
    assert_geodataframe_equal(one.places, other.places)
    assert content_sha256(one.ledger) == content_sha256(other.ledger)
    changed = layer_of(make, *rows, "UPDATE t SET name = '丙' WHERE id = 9")
    assert content_sha256(changed.ledger) != content_sha256(one.ledger)
    moved = layer_of(make, *rows, "UPDATE t SET g = 'SRID=4326;POINT(9 2)' WHERE id = 9")
    assert content_sha256(moved.ledger) != content_sha256(one.ledger)


def test_types_without_an_order_are_ordered_too(table_of: Callable[..., LoadedTable]) -> None:
    """Of figures that are equal and written otherwise, and of JSON, the text decides."""
    make = "CREATE TABLE t (n numeric, j json, p point)"
    rows = [
        f"INSERT INTO t VALUES ({n}, '{j}', '(1,2)')"
        for n, j in (("1.0", "[]"), ("1.00", "[]"), ("1.0", "{}"))
    ]
    hashes = {
        content_sha256(table_of(make, *(rows[n] for n in order)).ledger)
        for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2))
    }
    assert len(hashes) == 1


@pytest.mark.parametrize("lang", LANGS)
def test_the_books_say_how_rows_are_numbered(
    layer_of: Callable[..., LoadedLayer], lang: str
) -> None:
    """Key, hash and column of places are facts that can be put into words."""
    texts = load_texts(lang)
    ledger = layer_of(
        "CREATE TABLE t (b int, a int, h geometry, g geometry, PRIMARY KEY (a, b))",
        layer="t(g)",
        crs="wgs84",
    ).ledger
    words = " ".join(texts.note(fact) for fact in ledger.facts)
    assert str(content_sha256(ledger)) in words
    assert {"by_key", "places", "left_out"} <= {fact.key.split(".")[1] for fact in ledger.facts}
    assert texts("database.by_columns") in {
        texts.note(fact)
        for fact in layer_of(query="SELECT 1 AS a, 'POINT(1 2)'::geography").ledger.facts
    }


# ---- in: places ----------------------------------------------------------------------------------


def test_places_of_every_plain_type_are_read_flat(layer_of: Callable[..., LoadedLayer]) -> None:
    """Heights and measures are left out; what is missing is missing, what is empty is empty."""
    shapes = [
        "POINT(113 23)",
        "POINT ZM(113 23 5 7)",
        "POINT M(113 23 7)",
        "LINESTRING Z(0 0 1,1 1 1)",
        "POLYGON((0 0,4 0,4 4,0 0),(1 .5,2 1,2 .6,1 .5))",
        "MULTIPOINT(0 0,1 1)",
        "MULTILINESTRING((0 0,1 1))",
        "MULTIPOLYGON(((0 0,4 0,4 4,0 0)))",
        "GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))",
        "POLYGON EMPTY",
        "POINT EMPTY",
    ]
    rows = [f"INSERT INTO t VALUES ({n}, 'SRID=4490;{s}')" for n, s in enumerate(shapes)]
    make = "CREATE TABLE t (id int PRIMARY KEY, g geometry)"
    loaded = layer_of(make, *rows, "INSERT INTO t VALUES (99, NULL)")
    places = loaded.places
    assert places.crs.to_epsg() == 4490
    assert places.geometry.iloc[-1] is None
    expected = [shapely.force_2d(shapely.from_wkt(shape)) for shape in shapes]
    assert all(a.equals(b) for a, b in zip(places.geometry, expected, strict=False))
    assert not places.geometry.has_z.any()
    assert set(shapely.get_srid(places.geometry.to_numpy()[:-1])) == {0}


def test_curves_and_surfaces_are_refused_by_row(layer_of: Callable[..., LoadedLayer]) -> None:
    """Every such row is named, inside collections too, and the function that helps."""
    shapes = [
        "POINT(1 1)",
        "CIRCULARSTRING(0 0,1 1,2 0)",
        "GEOMETRYCOLLECTION(CURVEPOLYGON(CIRCULARSTRING(0 0,4 0,4 4,0 4,0 0)))",
        "MULTISURFACE(((0 0,1 1,1 0,0 0)))",
        "POLYGON((0 0,1 1,1 0,0 0))",
        "TIN(((0 0 0,0 0 1,0 1 0,0 0 0)))",
        "GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(1 1)))",
    ]
    rows = [f"INSERT INTO t VALUES ({n}, 'SRID=4326;{s}')" for n, s in enumerate(shapes)]
    with pytest.raises(FaultsError, match=r"rows 2-4, 6-7: .*ST_CurveToLine"):
        layer_of("CREATE TABLE t (id int PRIMARY KEY, g geometry)", *rows)


def test_geography_is_degrees(layer_of: Callable[..., LoadedLayer]) -> None:
    """It needs no word about its system, with rows and without."""
    make = "CREATE TABLE t (id int, g geography)"
    assert layer_of(make).places.crs.to_epsg() == 4326
    filled = layer_of(make, "INSERT INTO t VALUES (1, 'POINT(113 23)')")
    assert filled.places.geometry.tolist() == [Point(113, 23)]


def test_an_empty_table_keeps_columns_and_system(layer_of: Callable[..., LoadedLayer]) -> None:
    """The type of the column says the SRID where no row does."""
    places = layer_of("CREATE TABLE t (id int, n text, g geometry(Polygon, 4547))").places
    assert (len(places), list(places.columns)) == (0, ["id", "n", "geometry"])
    assert places.crs.to_epsg() == 4547
    assert (places.index.name, places["id"].dtype) == ("row", "int32")


def test_a_column_called_geometry_stays(layer_of: Callable[..., LoadedLayer]) -> None:
    """A text of that name gets another, as a header that comes twice does."""
    places = layer_of(
        "CREATE TABLE t AS SELECT '甲' AS geometry, 'POINT(1 2)'::geography AS g"
    ).places
    assert places["geometry (2)"].tolist() == ["甲"]
    assert places.geometry.tolist() == [Point(1, 2)]


def test_mixed_systems_are_refused(layer_of: Callable[..., LoadedLayer]) -> None:
    """How many rows are of which is said."""
    with pytest.raises(FaultsError, match=r"SRID 0 \(1 rows\), 4326 \(2 rows\)"):
        layer_of(
            "CREATE TABLE t (g geometry)",
            "INSERT INTO t VALUES ('POINT(1 1)'), ('SRID=4326;POINT(1 1)')",
            "INSERT INTO t VALUES ('SRID=4326;POINT(2 2)')",
        )


def test_several_columns_of_places_must_be_told_apart(
    layer_of: Callable[..., LoadedLayer],
) -> None:
    """One is named in brackets after the table; one that is not there is answered with those."""
    make = (
        "CREATE TABLE t (id int, door geometry(Point, 4326), plot geometry(Polygon, 4326))",
        "INSERT INTO t VALUES (1, 'SRID=4326;POINT(1 2)', NULL)",
    )
    with pytest.raises(InputError, match=r"'door', 'plot'.*TABLE\(door\)"):
        layer_of(*make)
    with pytest.raises(InputError, match=r"no column of places 'dor'; .*'door', 'plot'"):
        layer_of(layer="t(dor)")
    places = layer_of(layer="t(door)").places
    assert list(places.columns) == ["id", "geometry"]
    assert places.geometry.tolist() == [Point(1, 2)]


UNKNOWN = (
    "CREATE TABLE t (id int, g geometry)",
    "INSERT INTO t VALUES (1, 'POINT(113 23)')",
)


@pytest.mark.parametrize(
    ("crs", "epsg", "datum"),
    [
        ("wgs84", 4326, Datum.WGS84),
        ("cgcs2000", 4490, Datum.WGS84),
        ("EPSG:4547", 4547, Datum.WGS84),
        ("gcj02", 4326, Datum.GCJ02),
        ("BD-09", 4326, Datum.BD09),
        ("auto", 4326, None),
    ],
)
def test_places_without_a_system_are_in_the_one_that_is_said(
    layer_of: Callable[..., LoadedLayer], crs: str, epsg: int, datum: Datum | None
) -> None:
    """Degrees are left raw; what they are measured against is told beside."""
    loaded = layer_of(*UNKNOWN, crs=crs)
    assert (loaded.places.crs.to_epsg(), loaded.datum) == (epsg, datum)
    assert loaded.places.geometry.tolist() == [Point(113, 23)]


def test_what_is_said_of_the_system_must_not_contradict(
    layer_of: Callable[..., LoadedLayer],
) -> None:
    """Nothing said of nothing known is refused, and so is another system, or a shift of metres."""
    with pytest.raises(InputError, match=r"SRID 0.*crs = \"EPSG:4547\""):
        layer_of(*UNKNOWN)
    known = ("CREATE TABLE t (g geometry(Point, 4547))",)
    with pytest.raises(InputError, match="crs says 'WGS 84'"):
        layer_of(*known, crs="wgs84")
    with pytest.raises(InputError, match="crs says 'gcj02'"):
        layer_of(crs="gcj02")
    assert layer_of(crs="EPSG:4547").places.crs.to_epsg() == 4547


def test_a_system_of_their_own_is_found_in_the_database(
    server: Server, layer_of: Callable[..., LoadedLayer]
) -> None:
    """An SRID that no authority knows is what spatial_ref_sys says; one it does not is refused."""
    make = "CREATE TABLE t (g geometry(Point, 910001))"
    own = layer_of(
        "DELETE FROM spatial_ref_sys WHERE srid = 910001",
        """INSERT INTO spatial_ref_sys SELECT 910001, 'town', 910001, srtext, proj4text
           FROM spatial_ref_sys WHERE srid = 4547""",
        make,
    )
    assert own.places.crs.name == "CGCS2000 / 3-degree Gauss-Kruger CM 114E"
    with pytest.raises(InputError, match="what SRID 910001 stands for is not known"):
        layer_of(make, "DELETE FROM spatial_ref_sys WHERE srid = 910001")


def test_coordinates_in_columns_are_left_to_the_caller(
    table_of: Callable[..., LoadedTable], layer_of: Callable[..., LoadedLayer]
) -> None:
    """A table without places comes as cells of text, `lon` and `lat` among them."""
    make = "CREATE TABLE t (name text, lon float8, lat text)"
    loaded = table_of(make, "INSERT INTO t VALUES ('甲', 113.25, '２３')", lon="lon", lat="lat")
    assert loaded.frame.to_numpy().tolist() == [["甲", "113.25", "２３"]]
    with pytest.raises(InputError, match="lon and lat cannot be given"):
        layer_of(*UNKNOWN, crs="wgs84", lon="id", lat="id")


def test_as_a_table_places_are_left_out(server: Server, shared: str) -> None:
    """Other columns are text; a table of nothing but places is none."""
    server.run(shared, "DROP TABLE IF EXISTS t CASCADE", *UNKNOWN)
    loaded = read_database_table(Source(server.database(shared), layer="t"))
    assert loaded.frame.to_dict("list") == {"id": ["1"]}
    assert loaded.ledger.facts[-1].key == "database.left_out"
    with pytest.raises(InputError, match="no column but places"):
        read_database_table(Source(server.database(shared), query="SELECT g FROM t"))


def test_postgis_may_stand_where_nobody_looks(server: Server, new: Callable[..., str]) -> None:
    """In a schema outside the search path it is found, in and out."""
    name = new("CREATE SCHEMA gis", "CREATE EXTENSION postgis SCHEMA gis", postgis=False)
    address = server.database(name)
    for _ in range(2):
        write_database(DRAWN, address, lang="zh")
    loaded = read_database(Source(address, layer="circles_results.facilities"))
    assert isinstance(loaded, LoadedLayer)
    assert len(loaded.places) == len(DRAWN.facilities)


# ---- failures, and secrets -----------------------------------------------------------------------


@pytest.fixture
def clerk(server: Server) -> Iterator[tuple[str, str]]:
    """Return a role without rights, and its password."""
    role, password = f"r_{secrets.token_hex(6)}", f"pw{secrets.token_hex(8)}"
    server.run("postgres", f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
    yield role, password
    server.run("postgres", f"DROP ROLE {role}")


def test_each_refusal_of_the_server_is_told_from_the_others(
    server: Server,
    new: Callable[..., str],
    clerk: tuple[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Password, user, database and rights are named; no error and no log has the password."""
    for logger in (None, "psycopg"):
        caplog.set_level(logging.DEBUG, logger)
    role, password = clerk
    name = new("CREATE TABLE t (a int)", "CREATE SCHEMA s", "CREATE TABLE s.t (a int)")
    good = {"user": role, "password": password}
    wrong = "wr0ng-" + password[::-1]
    cases = [
        (server.database(name, user=role, password=wrong), "t", "name or the password"),
        (server.database(name, user="r_nobody", password=wrong), "t", "name or the password"),
        (server.database("no_such", **good), "t", "no such database"),
        (server.database(name, **good), "t", "may not do this.*permission denied for table t"),
        (server.database(name, **good), "s.t", "may not do this.*permission denied for schema s"),
    ]
    shown = []
    for address, layer, words in cases:
        with pytest.raises(InputError, match=words) as caught:
            read_database(Source(address, layer=layer))
        shown.append(everything_of(caught.value))
        with pytest.raises(OutputError) as refused:
            write_database(DRAWN, address, lang="en")
        shown.append(everything_of(refused.value))
    assert password not in "".join(shown) + caplog.text
    assert wrong not in "".join(shown) + caplog.text
    assert caplog.records


def test_nothing_that_is_read_or_written_has_the_password(
    server: Server, shared: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Books, logs and the comments of tables know the database by its name only."""
    import psycopg

    for logger in (None, "psycopg"):
        caplog.set_level(logging.DEBUG, logger)
    password = str(psycopg.conninfo.conninfo_to_dict(server.url)["password"])
    address = server.database(shared)
    write_database(DRAWN, address, schema="said", lang="en")
    loaded = read_database(Source(address, layer="said.communities"))
    comments = server.run(shared, "SELECT description FROM pg_description")
    assert loaded.ledger.source.startswith("postgresql://127.0.0.1:")
    assert password not in repr(loaded.ledger) + caplog.text + str(comments)


def test_the_environment_can_hold_the_password(
    server: Server, shared: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A variable in the address, PGPASSWORD, a password file and a service file all work."""
    import psycopg

    known = psycopg.conninfo.conninfo_to_dict(server.url)
    where, user, password = f"{known['host']}:{known['port']}", known["user"], known["password"]
    query = "SELECT current_user AS a"

    def answer(url: str) -> list[str]:
        frame = read_database_table(Source(DatabaseAddress(url), query=query)).frame
        return list(frame["a"])

    monkeypatch.setenv("TOWN_PASSWORD", str(password))
    assert answer(f"postgresql://{user}:${{TOWN_PASSWORD}}@{where}/{shared}") == [user]
    monkeypatch.setenv("PGPASSWORD", str(password))
    assert answer(f"postgresql://{user}@{where}/{shared}") == [user]
    monkeypatch.delenv("PGPASSWORD")
    file = tmp_path / "pgpass"
    file.write_text(f"{where}:*:{user}:{password}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    assert answer(f"postgresql://{user}@{where}/{shared}") == [user]
    service = tmp_path / "services.conf"
    parts = {"host": known["host"], "port": known["port"], "user": user, "dbname": shared}
    service.write_text("[town]\n" + "".join(f"{k}={v}\n" for k, v in parts.items()))
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    assert answer("postgresql:///?service=town") == [user]


def test_text_of_another_encoding_is_told(server: Server, new: Callable[..., str]) -> None:
    """A database that does not know its encoding is refused, and read once it is named."""
    name = new(
        "CREATE TABLE t (a text)",
        r"INSERT INTO t VALUES (E'\xBC\xD7\xD2\xD2')",
        options="ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0",
        postgis=False,
    )
    address = server.database(name)
    with pytest.raises(InputError, match=r"not in the encoding.*client_encoding=GBK") as caught:
        read_database(Source(address, layer="t"))
    assert caught.value.__context__ is None
    named = DatabaseAddress(address.url + "?client_encoding=GBK")
    assert read_database_table(Source(named, layer="t")).frame["a"].tolist() == ["甲乙"]


# ---- out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYERS)
def test_tables_hold_what_the_geopackage_holds(
    server: Server, shared: str, tmp_path: Path, name: str
) -> None:
    """Columns, cells and places are equal; only a row number may come first."""
    address = server.database(shared)
    write_database(DRAWN, address, lang="zh")
    write_layers(DRAWN, tmp_path / "results.gpkg", lang="zh")
    expected = gpd.read_file(tmp_path / "results.gpkg", layer=name)
    loaded = read_database(Source(address, layer=f"circles_results.{name}"))
    assert isinstance(loaded, LoadedLayer)
    places = loaded.places.reset_index(drop=True).drop(columns="fid", errors="ignore")
    assert list(places.columns) == list(expected.columns)
    for column in places.columns.drop("geometry"):
        pairs = zip(places[column], expected[column], strict=True)
        assert all(a == b or (pd.isna(a) and pd.isna(b)) for a, b in pairs), column
    assert places.geometry.geom_equals(expected.geometry).all()
    assert places.crs == expected.crs


def test_the_tables_are_the_layers() -> None:
    """What is looked at before a run is what is written after it."""
    assert tuple(result_layers(DRAWN, load_texts("zh"))) == LAYERS


def test_tables_are_ready_for_use(server: Server, shared: str) -> None:
    """Each has a key, a spatial index, one kind of geometry, and says what its columns are."""
    write_database(DRAWN, server.database(shared), schema="用 途", lang="zh")
    kinds = server.run(
        shared,
        """SELECT f_table_name, type, srid FROM geometry_columns
           WHERE f_table_schema = '用 途' ORDER BY 1""",
    )
    assert kinds == [
        ("communities", "MULTIPOLYGON", 4326),
        ("facilities", "POINT", 4326),
        ("gaps", "POINT", 4326),
        ("isochrones", "MULTIPOLYGON", 4326),
    ]
    indexes = server.run(
        shared, "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = '用 途'"
    )
    assert sorted((table, "gist" in text) for table, text in indexes) == [
        (table, spatial) for table, _, _ in kinds for spatial in (False, True)
    ]
    comments = dict(
        server.run(
            shared,
            """SELECT a.attname, col_description(a.attrelid, a.attnum) FROM pg_attribute a
               WHERE a.attrelid = '"用 途".communities'::regclass AND a.attnum > 0""",
        )
    )
    assert comments["elder_meal_share_low"] == "长者饭堂：覆盖率下限"
    assert all(comments.values())
    ((said,),) = server.run(shared, "SELECT obj_description('\"用 途\".communities'::regclass)")
    assert said.startswith(f"{MARK}“画里区 <b>&”的评估结果")
    assert "2025-06-30" in said
    assert "虚构" in said


def test_writing_again_changes_nothing_else(server: Server, new: Callable[..., str]) -> None:
    """Rows are replaced, views and rights stay, and tables of others too."""
    name = new()
    address = server.database(name)
    write_database(DRAWN, address, lang="zh")
    server.run(
        name,
        "CREATE VIEW short AS SELECT community_id FROM circles_results.communities",
        "CREATE TABLE circles_results.notes AS SELECT 'mine' AS text",
        "GRANT SELECT ON circles_results.communities TO PUBLIC",
        "UPDATE circles_results.communities SET name = 'changed'",
        "DELETE FROM circles_results.facilities",
    )
    before = contents(server, name)
    write_database(DRAWN, address, lang="zh")
    first = contents(server, name)
    write_database(DRAWN, address, lang="zh")
    assert contents(server, name) == first != before
    assert server.run(name, "SELECT count(*) FROM short") == [(len(DRAWN.communities),)]
    assert server.run(name, "SELECT * FROM circles_results.notes") == [("mine",)]


def contents(server: Server, name: str) -> list[str | None]:
    """Return the hashes of the tables of results."""
    return [
        content_sha256(
            read_database(Source(server.database(name), layer=f"circles_results.{layer}")).ledger
        )
        for layer in LAYERS
    ]


def test_another_standard_makes_the_tables_anew(server: Server, new: Callable[..., str]) -> None:
    """Columns of the run before do not stay; where a view hangs on them nothing happens at all."""
    name = new()
    address = server.database(name)
    write_database(DRAWN, address, lang="zh")
    fewer = DRAWN.standard.model_copy(update={"tiers": (), "targets": ()})
    server.run(name, "CREATE VIEW v AS SELECT tier_quality FROM circles_results.communities")
    before = contents(server, name)
    with pytest.raises(OutputError, match=r"other things in the database hang on the table"):
        write_database(
            replace(DRAWN, standard=fewer, facilities=DRAWN.facilities[:0]), address, lang="zh"
        )
    assert contents(server, name) == before
    server.run(name, "DROP VIEW v")
    write_database(replace(DRAWN, standard=fewer), address, lang="zh")
    loaded = read_database(Source(address, layer="circles_results.communities"))
    assert "tier_quality" not in loaded.places  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("made", "kind", "comment"),
    [
        ("TABLE circles_results.isochrones (mine text)", "TABLE", None),
        ("TABLE circles_results.isochrones (mine text)", "TABLE", "circles of friends"),
        ("VIEW circles_results.isochrones AS SELECT 'x' AS mine", "VIEW", f"{MARK}x"),
    ],
)
def test_what_someone_else_made_is_never_replaced(
    server: Server, new: Callable[..., str], made: str, kind: str, comment: str | None
) -> None:
    """Nothing is written beside it either."""
    name = new("CREATE SCHEMA circles_results", f"CREATE {made}")
    if comment is not None:
        server.run(name, f"COMMENT ON {kind} circles_results.isochrones IS '{comment}'")
    with pytest.raises(OutputError, match="isochrones is there already and was not written by"):
        write_database(DRAWN, server.database(name), lang="zh")
    with pytest.raises(OutputError, match="isochrones is there already and was not written by"):
        refuse_unwritable_database(server.database(name))
    there = "SELECT relname FROM pg_class WHERE relnamespace = 'circles_results'::regnamespace"
    assert server.run(name, f"{there} AND relkind IN ('r', 'v')") == [("isochrones",)]


def test_a_database_without_postgis_is_left_alone(server: Server, new: Callable[..., str]) -> None:
    """The message says how its owner adds it; no schema is made."""
    name = new(postgis=False)
    with pytest.raises(OutputError, match="CREATE EXTENSION postgis"):
        write_database(DRAWN, server.database(name), lang="zh")
    with pytest.raises(OutputError, match="CREATE EXTENSION postgis"):
        refuse_unwritable_database(server.database(name))
    with pytest.raises(InputError, match="CREATE EXTENSION postgis"):
        read_database(Source(server.database(name), query="SELECT ST_Point(1, 2) AS g"))
    assert server.run(name, "SELECT FROM pg_namespace WHERE nspname = 'circles_results'") == []


def test_a_clerk_may_write_into_the_schema_that_is_there(
    server: Server, new: Callable[..., str], clerk: tuple[str, str]
) -> None:
    """The right to make schemas is needed only to make one."""
    role, password = clerk
    name = new()
    address = server.database(name, user=role, password=password)
    with pytest.raises(OutputError, match="permission denied for database"):
        write_database(DRAWN, address, lang="zh")
    with pytest.raises(OutputError, match="may not make this schema"):
        refuse_unwritable_database(address)
    server.run(name, f"CREATE SCHEMA circles_results AUTHORIZATION {role}")
    for _ in range(2):
        refuse_unwritable_database(address)
        write_database(DRAWN, address, lang="zh")
    assert len(contents(server, name)) == len(LAYERS)
    server.run(name, f"DROP OWNED BY {role} CASCADE")


def test_a_table_that_is_in_use_is_not_waited_for_without_end(
    server: Server, new: Callable[..., str]
) -> None:
    """Another's lock ends the writing, and nothing is changed."""
    import psycopg

    name = new()
    write_database(DRAWN, server.database(name), lang="zh")
    before = contents(server, name)
    address = DatabaseAddress(server.database(name).url + "?options=-c%20lock_timeout%3D150")
    with psycopg.connect(server.database(name).url) as other:
        other.execute("SELECT * FROM circles_results.facilities")
        with pytest.raises(OutputError, match="another program holds the table"):
            write_database(replace(DRAWN, fictional=True), address, lang="zh")
    assert contents(server, name) == before


def test_odd_names_and_cells_are_written_whole(server: Server, shared: str) -> None:
    """Long names are shortened and stand in full in comments; no cell can do harm."""
    long, twin = "很" * 30 + "_share", "很" * 30 + "_total"
    odd = DRAWN.communities.assign(
        **{long: np.inf, twin: 1.0, "geom": "x", 'q"; DROP TABLE t; --': "=1+1"}
    )
    odd.loc["001001", "name"] = "a\0b\\N\t\n'; DROP TABLE t;"
    odd.loc["001002", "name"] = "\\N"
    odd = odd.astype({"name": object})
    odd.loc["001003", "name"] = "\ud800"
    address = server.database(shared)
    write_database(replace(DRAWN, communities=odd), address, schema="odd", lang="zh")
    places = read_database(Source(address, layer="odd.communities")).places  # type: ignore[union-attr]
    by_id = places.set_index("community_id")
    assert by_id["name"].tolist()[:3] == ["a b\\N\t\n'; DROP TABLE t;", "\\N", "?"]
    assert by_id['q"; DROP TABLE t; --'].tolist() == ["=1+1"] * 6
    short = [column for column in places.columns if column.startswith("很")]
    assert [len(column.encode()) <= 63 for column in short] == [True, True]
    assert np.isinf(by_id[short[0]]).all()
    assert [column for column in places.columns if column.startswith("geom_")]
    comments = server.run(
        shared,
        """SELECT col_description(attrelid, attnum) FROM pg_attribute
           WHERE attrelid = 'odd.communities'::regclass AND attname LIKE '很%'""",
    )
    assert [long in comments[0][0], twin in comments[1][0]] == [True, True]
    facilities = read_database(Source(address, layer="odd.facilities")).places  # type: ignore[union-attr]
    assert IMAGE_NAME in set(facilities["name"])


def test_empty_results_are_tables_without_rows(server: Server, shared: str) -> None:
    """Without facilities and isochrones the tables are there, with all columns."""
    empty = replace(
        DRAWN,
        facilities=DRAWN.facilities.iloc[:0],
        isochrones=DRAWN.isochrones.iloc[:0],
        as_of=None,
    )
    write_database(empty, server.database(shared), schema="empty", lang="en")
    for name in ("facilities", "isochrones"):
        loaded = read_database(Source(server.database(shared), layer=f"empty.{name}"))
        assert isinstance(loaded, LoadedLayer)
        assert (len(loaded.places), loaded.places.crs.to_epsg()) == (0, 4326)
