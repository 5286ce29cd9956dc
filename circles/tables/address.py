"""The address of a database, whose password no message, log or file may show."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from circles.errors import InputError

SCHEMES: Final = ("postgresql", "postgres")

# Anything that may be meant as a database is taken for one, so that what is wrong with it is said
# here, where passwords are known, and not as of a path, which is quoted.
_ADDRESS: Final = re.compile(
    r"\s*(([a-z][\w+.\-]*:)?[a-z][\w+.\-]+://|(PG|pgsql|postg\w+):)", re.ASCII | re.IGNORECASE
)
_KEYWORDS: Final = re.compile(
    r"\s*(PG:)?\s*[\"']?(host|hostaddr|port|dbname|user|password|passfile|service|sslmode)\s*=",
    re.IGNORECASE,
)
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_URL: Final = re.compile(
    rf"({'|'.join(SCHEMES)})://"
    r"(?:(?P<user>[^:@/?#\s]*)(?::(?P<password>[^/?#\s]*))?@)?"
    r"(?P<hosts>[^@/?#\s]*)(?:/(?P<dbname>[^@/?#\s]*))?(?:\?(?P<options>[^?#\s]*))?",
    re.IGNORECASE,
)
_HOST: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:\[\]]*)(?::(?P<port>\d*|\$\{\w+\}))?")
#: What may stand after the question mark: libpq's own keywords that concern a connection.
_OPTIONS: Final = frozenset(
    {
        *("application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname"),
        *("gssencmode", "host", "hostaddr", "keepalives", "keepalives_count", "keepalives_idle"),
        *("keepalives_interval", "krbsrvname", "load_balance_hosts", "options", "passfile"),
        *("password", "port", "require_auth", "service", "sslcert", "sslcrl", "sslkey", "sslmode"),
        *("sslnegotiation", "sslpassword", "sslrootcert", "sslsni", "target_session_attrs"),
        *("tcp_user_timeout", "user"),
    }
)
_SECRET: Final = ("password", "sslpassword")
_HIDDEN: Final = "***"
# A password inside other text: password=..., or before the host of an address.
_WORDED: Final = re.compile(r"(\bpassword\s*=\s*)('[^']*'|[^\s'\"]+)", re.IGNORECASE)
_INSIDE: Final = re.compile(r"(\bpostgres(?:ql)?://[^:@/\s]*:)[^/\s]*@", re.IGNORECASE)
_ADVICE: Final = (
    "write it as postgresql://USER:${PGPASSWORD}@HOST:PORT/DATABASE; in a password that is written "
    "out, each of : / ? # [ ] @ % and space is percent-encoded (%40 for @)"
)


@dataclass(frozen=True, repr=False)
class DatabaseAddress:
    """Where a database is.

    Parameters
    ----------
    url
        ``postgresql://user:password@host:port/database``, as libpq knows it; ``${NAME}`` in it
        stands for an environment variable, whose value is taken as it is. Never shown.
    """

    url: str = field(repr=False)

    @property
    def name(self) -> str:
        """The address without user, password and options, as messages and manifests show it.

        Of an address that cannot be read nothing is shown but what it is.
        """
        try:
            parts = _parts(self._whole())
        except InputError:
            return "postgresql://"
        host = parts.get("host", "")
        ports = parts.get("port", "").split(",")
        hosts = [
            (f"[{one}]" if ":" in one else one) + (f":{port}" if port else "")
            for one, port in zip(host.split(","), ports * (host.count(",") + 1), strict=False)
        ]
        service = f"?service={parts['service']}" if "service" in parts else ""
        where = "/" + parts["dbname"] if parts.get("dbname") else ""
        return f"postgresql://{','.join(hosts)}{where}{service}"

    def parameters(self) -> dict[str, str]:
        """Return libpq's keywords and their values, environment variables filled in.

        Raises
        ------
        InputError
            The address cannot be read, or names an environment variable that is not set.
        """
        parts = _parts(self._whole())
        return {keyword: _filled(value, self.name) for keyword, value in parts.items() if value}

    def hiding(self, text: str) -> str:
        """Return a text with every secret of this address blotted out."""
        for secret in sorted(set(self._secrets()), key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        return text

    def _whole(self) -> str:
        """Return the URL; an address that is one environment variable is that one's value."""
        url = self.url.strip()
        return _filled(url, "the database") if _VARIABLE.fullmatch(url) else url

    def _secrets(self) -> Iterator[str]:
        yield from filter(None, (self.url, os.environ.get("PGPASSWORD")))
        try:
            whole = self._whole()
            yield whole
            parts, filled = _parts(whole), self.parameters()
        except InputError:
            return
        written = _URL.fullmatch(whole)
        raw = written["password"] if written else None
        yield from filter(None, (raw, *(p.get(k) for p in (parts, filled) for k in _SECRET)))

    def __repr__(self) -> str:
        """Return the address without its secrets."""
        return f"DatabaseAddress({self.name!r})"

    def __str__(self) -> str:
        """Return the address without its secrets."""
        return self.name


def is_database(text: str) -> bool:
    """Whether a location in a project file is a database and not a path.

    So is what can only be meant as one and cannot be read: connection strings of other kinds and
    URLs of other schemes. Their fault is told by `DatabaseAddress.parameters`.
    """
    alone = _VARIABLE.fullmatch(text.strip())
    whole = os.environ.get(alone[1], "") if alone else text
    return _ADDRESS.match(whole) is not None or _KEYWORDS.match(whole) is not None


def redacted(value: Any) -> Any:
    """Return nested tables and lists, as of a project file, with no address in them but its name.

    Passwords that stand in other text, as in a query that asks another database, are blotted out.
    """
    if isinstance(value, Mapping):
        return {key: redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item) for item in value]
    if not isinstance(value, str):
        return value
    if is_database(value) and not value.strip().lower().startswith(("http://", "https://")):
        return DatabaseAddress(value).name
    return _WORDED.sub(rf"\1{_HIDDEN}", _INSIDE.sub(rf"\1{_HIDDEN}@", value))


def _parts(url: str) -> dict[str, str]:
    """Return the keywords an address gives, percent-decoded, variables not yet filled in."""
    found = _URL.fullmatch(url)
    if found is None:
        raise InputError(_unreadable(url))
    hosts, ports = _hosts(found["hosts"])
    parts = {"host": hosts, "port": ports, "dbname": _decoded(found["dbname"] or "")}
    parts |= {name: _decoded(found[name]) for name in ("user", "password") if found[name]}
    for option in filter(None, (found["options"] or "").split("&")):
        keyword, equals, value = option.partition("=")
        if keyword == "ssl" and value == "true":  # as JDBC writes it, and libpq accepts
            keyword, value = "sslmode", "require"
        if keyword not in _OPTIONS or not equals or "=" in value:
            message = f"the address of a database has an option that is not known; {_ADVICE}"
            raise InputError(message)
        parts[keyword] = _decoded(value)
    return {keyword: value for keyword, value in parts.items() if value}


def _unreadable(url: str) -> str:
    if _KEYWORDS.match(url):
        return f"the address of a database cannot be a list of keywords; {_ADVICE}"
    scheme = url.partition(":")[0]
    if _ADDRESS.match(url) and scheme.lower() not in SCHEMES:
        return f"only the addresses of PostgreSQL databases are understood; {_ADVICE}"
    return f"the address of the database cannot be read; {_ADVICE}"


def _hosts(text: str) -> tuple[str, str]:
    """Return hosts and ports, each separated by commas."""
    found = [_HOST.fullmatch(part) for part in text.split(",")]
    if not all(found):
        message = f"the host or the port of the database cannot be read; {_ADVICE}"
        raise InputError(message)
    hosts = ",".join(_decoded(one["host"]).strip("[]") for one in found if one)
    ports = ",".join(one["port"] or "" for one in found if one)
    return hosts, ports if ports.strip(",") else ""


def _decoded(text: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        message = f"in the address of a database a % is not followed by two digits; {_ADVICE}"
        raise InputError(message)
    decoded = unquote(text, errors="replace")
    if "\0" in decoded or "\ufffd" in decoded:
        message = f"the address of a database is not text in UTF-8; {_ADVICE}"
        raise InputError(message)
    return decoded


def _filled(text: str, name: str) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            message = f"{name}: the environment variable {match[1]} is not set; set it"
            raise InputError(message)
        return os.environ[match[1]]

    return _VARIABLE.sub(value, text)
