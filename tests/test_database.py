"""Addresses of databases keep their secrets, and what is wrong is said before a server is asked."""

import logging
import pickle
import sys
import traceback
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.errors import CirclesError, DownloadError, InputError, OutputError
from circles.reports.database import write_database
from circles.tables.address import DatabaseAddress, is_database, redacted
from circles.tables.connection import ask
from circles.tables.database import content_sha256, read_database, read_database_table
from circles.tables.ledger import Ledger
from circles.tables.source import Source
from circles.tables.typed import typed
from tests.drawn_assessment import drawn_assessment

SECRET = "s3cr3t-长沙"  # noqa: S105 - of no server
#: Nothing listens there, so that a connection is refused at once.
CLOSED = "127.0.0.1:1"


def everything_of(error: BaseException) -> str:
    """Return all that an error shows, with everything that it remembers."""
    shown = [str(error), repr(error), repr(error.args), "".join(traceback.format_exception(error))]
    for other in (error.__cause__, error.__context__):
        shown += [everything_of(other)] if other is not None else []
    return "\n".join(shown)


def parameters(url: str) -> dict[str, str]:
    """Return what libpq is told."""
    return DatabaseAddress(url).parameters()


def test_an_address_is_taken_apart_as_libpq_does() -> None:
    """User, password, host, port, database and options stand in their places."""
    assert parameters("postgresql://u:p%40%2F@h:5433/d%20b?sslmode=require") == {
        "user": "u",
        "password": "p@/",
        "host": "h",
        "port": "5433",
        "dbname": "d b",
        "sslmode": "require",
    }
    assert parameters("postgres://[::1]:5433/d")["host"] == "::1"
    assert parameters("postgresql://a:1,b:2/d") == {"host": "a,b", "port": "1,2", "dbname": "d"}
    assert parameters("postgresql:///?service=nanjing") == {"service": "nanjing"}
    assert parameters("postgresql://") == {}


def test_an_at_sign_in_a_password_needs_no_escape() -> None:
    """The host comes after the last one."""
    assert parameters("postgresql://u:p@ss@h/d")["password"] == "p@ss"  # noqa: S105
    assert parameters("postgresql://u:p@ss@h/d")["host"] == "h"


def test_environment_variables_are_taken_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """No character of a value has a meaning in the address."""
    monkeypatch.setenv("DB_PASSWORD", "p@s:s/w?r#d%41")
    monkeypatch.setenv("DB_HOST", "db.example")
    address = DatabaseAddress("postgresql://u:${DB_PASSWORD}@${DB_HOST}/d")
    assert address.parameters()["password"] == "p@s:s/w?r#d%41"  # noqa: S105
    assert address.parameters()["host"] == "db.example"
    assert "p@s" not in address.name


def test_a_whole_address_can_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is known for a database and does not show its password either."""
    monkeypatch.setenv("DATABASE", f"postgresql://u:{quote(SECRET)}@h/d")
    assert is_database("${DATABASE}")
    assert DatabaseAddress("${DATABASE}").name == "postgresql://h/d"
    assert DatabaseAddress("${DATABASE}").parameters()["password"] == SECRET
    monkeypatch.setenv("DATABASE", "data/places.gpkg")
    assert not is_database("${DATABASE}")


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says which, and names the database without secrets."""
    monkeypatch.delenv("NOT_SET", raising=False)
    with pytest.raises(InputError, match=r"postgresql://h/d: .*NOT_SET is not set"):
        parameters("postgresql://u:${NOT_SET}@h/d")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"postgresql://u:{SECRET}@h:5432/d", "postgresql://h:5432/d"),
        (f"postgresql://h/d?user=u&password={SECRET}", "postgresql://h/d"),
        (f"postgresql://u:{quote(SECRET)}@a:1,b:2/d", "postgresql://a:1,b:2/d"),
        (f"postgres://u:{SECRET}@[::1]:5/d?sslmode=require", "postgresql://[::1]:5/d"),
        (f"postgresql://u:{SECRET}@/d?service=north", "postgresql:///d?service=north"),
    ],
)
def test_a_name_shows_host_and_database_only(url: str, name: str) -> None:
    """No user, password or option is part of it."""
    address = DatabaseAddress(url)
    assert address.name == str(address) == name
    assert SECRET not in repr(address)
    assert SECRET not in repr(Source(address, layer="places"))
    assert SECRET not in Source(address, layer="places").name


UNREADABLE = [
    f"postgresql://u:{SECRET}/x@h/d",
    f"postgresql://u:12/{SECRET}@h/d",
    f"postgresql://u:12?{SECRET}@h/d",
    f"postgresql://u:12?password={SECRET}@h/d?x",
    f"postgresql://u:{SECRET}#@h/d",
    f"postgresql://u:{SECRET} @h/d",
    f"postgresql://u:{SECRET}%zz@h/d",
    f"postgresql://u:{SECRET}%00@h/d",
    f"postgresql://h/d?pasword={SECRET}",
    f"postgresql://h:{SECRET}/d",
    f"postgresql:/u:{SECRET}@h/d",
    f"postgresql+psycopg2://u:{SECRET}@h/d",
    f"jdbc:postgresql://h/d?password={SECRET}",
    f"postgis://u:{SECRET}@h/d",
    f"mysql://u:{SECRET}@h/d",
    f"host=h password={SECRET} dbname=d",
    f"PG:host=h password={SECRET}",
    f"PG:\"host='h' password='{SECRET}'\"",
]


@pytest.mark.parametrize("url", UNREADABLE)
def test_an_address_that_cannot_be_read_is_refused_unseen(url: str) -> None:
    """It is known for a database, the message says how to write one, and quotes nothing of it."""
    assert is_database(url)
    address = DatabaseAddress(url)
    assert address.name == "postgresql://"
    with pytest.raises(InputError, match=r"postgresql://USER:\$\{PGPASSWORD\}@HOST") as caught:
        read_database(Source(address, layer="places"))
    assert SECRET not in everything_of(caught.value)


@pytest.mark.parametrize(
    "path", ["places.csv", "data/places.gpkg", "C:/data/places.csv", "C:\\x.csv", "库/host.csv", ""]
)
def test_a_path_is_no_database(path: str) -> None:
    """Files are not mistaken for addresses."""
    assert not is_database(path)


@given(st.text(min_size=4, max_size=20).map(lambda text: f"<{text}>"), st.booleans())
def test_no_password_is_ever_shown(password: str, encoded: bool) -> None:
    """Whatever a password is, and whether or not it was encoded, its address hides it."""
    written = quote(password, safe="", errors="replace") if encoded else password
    for url in (f"postgresql://u:{written}@h.example/d", f"postgresql://h/d?password={written}"):
        address = DatabaseAddress(url)
        shown = [address.name, repr(address), str(address)]
        try:
            address.parameters()
        except InputError as error:
            shown.append(everything_of(error))
        assert is_database(url)
        assert not any(secret in text for secret in (password, written) for text in shown)


def test_a_project_can_be_shown_without_secrets() -> None:
    """Addresses become names, passwords in queries are blotted out, everything else stays."""
    inner = f"dblink('host=h password={SECRET} dbname=d', 'SELECT 1')"
    url = f"postgresql://u:{SECRET}@h/d"
    project = {
        "name": "云浦区",
        "communities": {"path": url, "population": {"all": "人口"}, "crs": None},
        "facilities": [
            {"path": "a.csv", "service": "childcare"},
            {"path": UNREADABLE[0], "query": f"SELECT * FROM {inner}"},  # noqa: S608
            {"query": f"SELECT * FROM dblink('{url}', 'SELECT 1')"},  # noqa: S608
        ],
        "map": {"tiles": "https://tiles.example/{z}/{x}/{y}.png", "zoom": 12},
    }
    shown = redacted(project)
    assert SECRET not in repr(shown)
    assert shown["communities"] == {**project["communities"], "path": "postgresql://h/d"}
    assert shown["facilities"][0] == project["facilities"][0]
    assert shown["facilities"][1]["path"] == "postgresql://"
    assert shown["facilities"][1]["query"].startswith("SELECT * FROM dblink('host=h password=***")
    assert (shown["map"], shown["name"]) == (project["map"], project["name"])


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{SECRET}@{CLOSED}/d",
        f"postgresql://{CLOSED}/d?user=u&password={quote(SECRET)}",
        f"postgresql://u:{SECRET}@{CLOSED},{CLOSED}/d",
        f"postgresql://u:{SECRET}@127.0.0.1:99999/d",
        f"postgresql://u:{SECRET}@{'a' * 300}/d",
        f"postgresql://u:{SECRET}@/d?service={'no_such_service'}",
    ],
)
def test_a_failed_connection_tells_no_secret(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the error, nor what it remembers, nor any log at any level has the password."""
    for logger in (None, "psycopg"):
        caplog.set_level(logging.DEBUG, logger)
    source = Source(DatabaseAddress(url), layer="places")
    errors = []
    for attempt in (
        lambda: read_database(source),
        lambda: read_database_table(source),
        lambda: write_database(drawn_assessment(), DatabaseAddress(url), lang="zh"),
    ):
        with pytest.raises(CirclesError) as caught:
            attempt()
        errors.append(caught.value)
    assert isinstance(errors[-1], OutputError)
    assert CLOSED not in url or caplog.records
    assert SECRET not in "".join(map(everything_of, errors)) + caplog.text
    assert quote(SECRET) not in "".join(map(everything_of, errors)) + caplog.text


@pytest.mark.parametrize("option", ["connect_timeout", "sslmode", "client_encoding"])
def test_a_password_in_a_wrong_place_is_not_repeated(option: str) -> None:
    """What libpq says of an option's value is told without the value."""
    url = f"postgresql://u:{SECRET}@{CLOSED}/d?{option}={SECRET}"
    with pytest.raises(CirclesError) as caught:
        read_database(Source(DatabaseAddress(url), layer="places"))
    assert SECRET not in everything_of(caught.value)


def test_a_server_that_does_not_answer_is_no_fault_of_the_input() -> None:
    """The message names the server and says what to look at."""
    source = Source(DatabaseAddress(f"postgresql://u@{CLOSED}/d"), layer="places")
    with pytest.raises(DownloadError, match=rf"^postgresql://{CLOSED}/d .*does the server run\?"):
        read_database(source)


def test_a_port_that_cannot_be_one_is() -> None:
    """What the address says wrongly is said of the address."""
    source = Source(DatabaseAddress("postgresql://u@127.0.0.1:99999/d"), layer="places")
    with pytest.raises(InputError, match="address of the database cannot be used"):
        read_database(source)


def test_the_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without psycopg the message says what to install."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InputError, match=r'pip install "circles\[postgis\]"'):
        ask(DatabaseAddress("postgresql://h/d"), lambda c: c, where="here")


@pytest.mark.parametrize("option", ["sheet", "encoding"])
def test_options_of_files_are_refused(option: str) -> None:
    """A database has no sheets."""
    source = Source(DatabaseAddress("postgresql://h/d"), layer="places")
    with pytest.raises(InputError, match=f"{option} cannot be given for a database"):
        read_database(replace(source, **{option: "x"}))


def test_a_file_is_no_database(tmp_path: Path) -> None:
    """The reader of databases says so."""
    with pytest.raises(InputError, match="a file, not a database"):
        read_database(Source(tmp_path / "places.csv"))


@pytest.mark.parametrize("schema", ["", " ", "pg_mine", "information_schema", "区" * 22, "a\0b"])
def test_a_schema_that_cannot_be_is_refused(schema: str) -> None:
    """Names that PostgreSQL keeps for itself, cuts or does not know never reach it."""
    address = DatabaseAddress(f"postgresql://{CLOSED}/d")
    with pytest.raises(OutputError, match="schema of this name"):
        write_database(drawn_assessment(), address, schema=schema, lang="zh")


def test_an_unknown_language_is_refused_before_the_server_is_asked() -> None:
    """There are no comments in French."""
    with pytest.raises(InputError, match="zh, en"):
        write_database(drawn_assessment(), DatabaseAddress(f"postgresql://{CLOSED}/d"), lang="fr")


def test_a_file_has_no_hash_of_rows() -> None:
    """The books of a file name none."""
    assert content_sha256(Ledger("places.csv", 3)) is None


def test_an_address_goes_to_another_process_whole() -> None:
    """Hidden is only what is shown: a worker that gets an address can use it."""
    address = DatabaseAddress(f"postgresql://u:{SECRET}@h/d")
    assert pickle.loads(pickle.dumps(address)) == address  # noqa: S301 - our own
    assert asdict(Source(address))["location"]["url"] == address.url


ROWS = pd.RangeIndex(1, 3, name="row")


@pytest.mark.parametrize(
    ("values", "kind", "dtype", "expected"),
    [
        ((1, 2), "int4", "int32", [1, 2]),
        ((1, None), "int8", "float64", [1.0, None]),
        ((2**53 + 1, None), "int8", "object", [str(2**53 + 1), None]),
        ((2**53 + 1, 1), "int8", "int64", [2**53 + 1, 1]),
        (("1.50", None), "numeric", "float64", [1.5, None]),
        (("110101199003071234", "1"), "numeric", "object", ["110101199003071234", "1"]),
        (("NaN", "Infinity"), "numeric", "float64", [None, float("inf")]),
        ((True, False), "bool", "bool", [True, False]),
        ((True, None), "bool", "object", [True, None]),
        ((" 甲 ", None), "text", "object", ["甲", None]),
        (("2024-01-01", None), "date", "datetime64[ms]", [pd.Timestamp("2024-01-01"), None]),
        (("infinity", "2024-01-01"), "date", "object", ["infinity", "2024-01-01"]),
        (("0044-03-15 BC", None), "date", "object", ["0044-03-15 BC", None]),
    ],
)
def test_columns_keep_what_they_say(
    values: tuple[object, ...], kind: str, dtype: str, expected: list[object]
) -> None:
    """Types are those that a file gives, and no figure loses a digit."""
    column = typed(values, kind, ROWS)
    assert str(column.dtype) == dtype
    assert [None if pd.isna(value) else value for value in column] == expected
