"""A connection to a database: what is asked of it, and what its failures are called."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar

from circles.errors import CirclesError, DownloadError, InputError
from circles.tables.address import DatabaseAddress

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")

_CONNECT_TIMEOUT_S: Final = "10"
#: Used unless the server, the role or the address sets others.
_TIMEOUTS_MS: Final = MappingProxyType({"statement_timeout": 600_000, "lock_timeout": 30_000})
#: What the text of a value depends on; the same for everyone, so that equal rows give equal text.
_SETTINGS: Final = MappingProxyType(
    {
        "TimeZone": "UTC",
        "DateStyle": "ISO, YMD",
        "IntervalStyle": "iso_8601",
        "extra_float_digits": "1",
        "bytea_output": "hex",
    }
)

# What PostgreSQL's error codes mean for the one who reads the message.
_MEANINGS: Final = MappingProxyType(
    {
        "28P01": "the user name or the password is not accepted; correct them",
        "28000": "the server does not admit this user; ask its administrator",
        "3D000": "there is no such database; correct its name at the end of the address",
        "42501": "the user may not do this; ask the owner for the right to",
        "42601": "the query is not one SELECT that PostgreSQL understands; correct it",
        "42P01": "a table or view is not there; correct its name",
        "42703": "a column is not there; correct its name",
        "42702": "a column's name occurs twice; name each column of the query once, with AS",
        "42883": "a function is not there; correct its name or the types it is given",
        "42704": "something named is not there; correct its name",
        "22021": "text is not in the encoding that the database says; name the true one in the "
        "address, as ?client_encoding=GBK",
        "57014": "the server stopped it because it took too long; ask for fewer rows, or raise "
        "statement_timeout",
        "25006": "only reading is allowed here; write one SELECT",
        "55P03": "another program holds the table and does not let go of it; try again later",
        "2BP01": "other things in the database hang on the table; remove them first",
        "53300": "the server has no connection left; try again later",
        "57P03": "the server is just starting or stopping; try again later",
    }
)
_UNUSABLE: Final = re.compile(
    "bad: .*(invalid|definition of service|not supported|must)|FATAL: +inv"
)
_NO_POSTGIS: Final = frozenset({"42883", "42704"})
# Classes of errors that are no fault of what was asked: connections, conflicts, resources, limits.
_UNANSWERED: Final = ("08", "40", "53", "55", "57", "58", "F0", "XX")
_STARTED: Final = MappingProxyType(
    {
        "password authentication failed": "28P01",
        "no password supplied": "28P01",
        "no pg_hba.conf entry": "28000",
        "not permitted to log in": "28000",
        'role "': "28000",
        'database "': "3D000",
        "permission denied for database": "42501",
        "too many": "53300",
        "remaining connection slots": "53300",
        "the database system is": "57P03",
    }
)


@dataclass(frozen=True)
class Kinds:
    """Which errors are raised: for what is asked wrongly, and for a server that does not answer."""

    wrong: type[CirclesError] = InputError
    unanswered: type[CirclesError] = DownloadError


def ask(
    address: DatabaseAddress,
    task: Callable[["psycopg.Connection"], T],
    *,
    where: str,
    read_only: bool = True,
    kinds: Kinds | None = None,
) -> T:
    """Do something in one transaction of a database; nothing of it stays if it fails.

    Parameters
    ----------
    address
        The database.
    task
        Called with the connection; what it returns is returned.
    where
        What messages begin with.
    read_only
        Whether the transaction can only read.
    kinds
        The kinds of errors to raise.

    Raises
    ------
    InputError
        The address, the user, the password or what was asked is wrong (or as `kinds` say).
    DownloadError
        The server does not answer (or as `kinds` say).
    """
    _refuse_without_driver()
    import psycopg

    kinds = kinds or Kinds()
    connection = _connected(address, where=where, kinds=kinds)
    try:
        with connection:
            if read_only:  # all that is read is of one moment
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = read_only
            for name, value in _SETTINGS.items():
                connection.execute("SELECT set_config(%s, %s, false)", (name, value))
            for name, milliseconds in _TIMEOUTS_MS.items():
                connection.execute(
                    "SELECT set_config(%s, %s, false) WHERE current_setting(%s) = '0'",
                    (name, str(milliseconds), name),
                )
            return task(connection)
    except psycopg.Error as error:
        failure = _failure(error, address, where=where, kinds=kinds)
    except UnicodeError as error:
        failure = kinds.wrong(
            f"{where}: text of the database is not {error.encoding.upper()}; name its encoding in "
            "the address, as ?client_encoding=GBK"
            if isinstance(error, UnicodeDecodeError | UnicodeEncodeError)
            else f"{where}: text cannot be exchanged with the database"
        )
    # Raised here and not above: the database's own error knows the password, and must not be
    # remembered as the context of this one.
    raise failure


def _refuse_without_driver() -> None:
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        message = f'databases need another package: pip install "circles[postgis]" ({error})'
        raise InputError(message) from error


def _connected(address: DatabaseAddress, *, where: str, kinds: Kinds) -> "psycopg.Connection":
    import psycopg

    parameters = {"connect_timeout": _CONNECT_TIMEOUT_S, "client_encoding": "UTF8"}
    parameters |= {"application_name": "circles", **address.parameters()}
    try:
        return psycopg.connect(psycopg.conninfo.make_conninfo(**parameters))
    except psycopg.Error as error:
        failure = _failure(error, address, where=where, kinds=kinds)
    except (ValueError, OverflowError, LookupError) as error:  # of values libpq never gets to see
        words = address.hiding(str(error))
        failure = kinds.wrong(f"{where}: the address of the database cannot be used ({words})")
    raise failure


def _failure(
    error: "psycopg.Error", address: DatabaseAddress, *, where: str, kinds: Kinds
) -> CirclesError:
    """Return what a reader is told; the database's own words stand in it without secrets."""
    import psycopg

    said = [error.diag.message_primary or str(error), error.diag.message_hint or ""]
    words = " ".join(address.hiding(" ".join(said)).split())
    code = error.sqlstate or _code_of(words)
    meaning = _MEANINGS.get(code)
    if code in _NO_POSTGIS and _about_places(words):
        meaning = (
            "the database has no PostGIS, or not where it is looked for; let its owner run "
            "CREATE EXTENSION postgis"
        )
    unusable = not code and (
        isinstance(error, psycopg.ProgrammingError) or _UNUSABLE.search(words) is not None
    )
    if unusable:
        meaning = "the address of the database cannot be used; correct it"
    elif meaning is None and not code and isinstance(error, psycopg.OperationalError):
        meaning = "the server does not answer; is the address right, and does the server run?"
    answered = code != "" and not code.startswith(_UNANSWERED)
    kind = kinds.wrong if unusable or answered else kinds.unanswered
    return kind(f"{where}: {meaning or 'the database refuses'} ({words})")


def _code_of(words: str) -> str:
    """Tell why no connection came about; libpq says it in words only."""
    fatal = words.partition("FATAL:")[2]
    return next((code for part, code in _STARTED.items() if part in (fatal or words)), "")


def _about_places(words: str) -> bool:
    return any(word in words.lower() for word in ("st_", "geometry", "geography", "postgis"))
