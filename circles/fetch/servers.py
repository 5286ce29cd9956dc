"""Asking Overpass and Nominatim through OSMnx: clear errors, bounded waiting."""

import logging
import math
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from osmnx import settings
from shapely.errors import ShapelyError
from urllib3.exceptions import TimeoutError as SilenceError

from circles.errors import CirclesError, DownloadError, InputError

logger = logging.getLogger(__name__)

#: Answers that mean "later": they are asked again after each of these pauses, then given up.
BUSY: Final = frozenset({429, 502, 503, 504})
RETRY_PAUSES_S: Final = (15.0, 45.0)
MAX_PAUSE_S: Final = 60.0


@dataclass(frozen=True)
class Servers:
    """Whom to ask, and how long to wait for one answer.

    Parameters
    ----------
    overpass_url, nominatim_url
        Base addresses, such as ``"https://overpass-api.de/api"``.
    timeout_s
        A server that is silent for so long is given up.
    accept_language
        The language in which Nominatim names a place.
    """

    overpass_url: str
    nominatim_url: str
    timeout_s: float
    accept_language: str


def choose_servers(
    *,
    overpass_url: str | None = None,
    nominatim_url: str | None = None,
    timeout_s: float = 180,
    accept_language: str = "en",
) -> Servers:
    """Say whom to ask; an address that is not given is the one OSMnx is set to.

    Raises
    ------
    InputError
        An address that is none, or a time-out that is not a positive number.
    """
    if not (math.isfinite(timeout_s) and timeout_s > 0):
        message = f"timeout_s is {timeout_s}; give a number of seconds above 0"
        raise InputError(message)
    return Servers(
        overpass_url=_address("overpass_url", overpass_url or settings.overpass_url),
        nominatim_url=_address("nominatim_url", nominatim_url or settings.nominatim_url),
        timeout_s=timeout_s,
        accept_language=accept_language,
    )


class _RefusalError(Exception):
    """What a server answered instead of data, and what to do about it."""

    def __init__(self, answer: str, advice: str) -> None:
        self.answer = answer
        self.advice = advice
        super().__init__(answer)


@contextmanager
def asking(
    what: str, servers: Servers, *, for_places: bool = False, **more_settings: Any
) -> Iterator[None]:
    """Set OSMnx up to ask; whatever goes wrong on the way becomes one clear error.

    OSMnx's settings belong to the whole process and are put back at the end, however it ends:
    do not ask from two threads at once.

    Parameters
    ----------
    what
        How an error names the things asked for.
    servers
        Whom OSMnx asks.
    for_places
        Whether Nominatim is asked, not Overpass.
    more_settings
        Further settings of OSMnx.

    Raises
    ------
    DownloadError
        The server did not give what was asked of it.
    """
    host = host_of(servers.nominatim_url if for_places else servers.overpass_url)
    hooks = {"response": partial(_checked, for_places=for_places)}
    requests_kwargs = {"requests_kwargs": {**settings.requests_kwargs, "hooks": hooks}}
    logger.info("asking %s for %s", host, what)
    try:
        with _osmnx_settings(_settings_for(servers) | requests_kwargs | more_settings):
            yield
    except CirclesError:
        raise
    except _RefusalError as error:
        message = f"{what}: {host} {error.answer}; {error.advice}"
        raise DownloadError(message) from error
    except requests.RequestException as error:
        raise DownloadError(f"{what}: {host} {_failure(error, servers)}") from error
    except (AttributeError, LookupError, TypeError, ValueError, ShapelyError) as error:
        # OSMnx takes the answer apart without checking it.
        message = (
            f"{what}: {host} answered with data that cannot be read "
            f"({type(error).__name__}: {_excerpt(str(error))}); check the server's address"
        )
        raise DownloadError(message) from error


def _settings_for(servers: Servers) -> dict[str, Any]:
    # Overpass gets less time than we wait, so that its own explanation arrives before we leave.
    server_timeout_s = max(1, int(servers.timeout_s * 0.9))
    return {
        "overpass_url": servers.overpass_url,
        "nominatim_url": servers.nominatim_url,
        "requests_timeout": servers.timeout_s,
        "overpass_settings": f"[out:json][timeout:{server_timeout_s}]{{maxsize}}",
        # OSMnx would ask the server how long to sleep, and sleep without a bound; a busy server
        # says so (429), and `_patient` waits then.
        "overpass_rate_limit": False,
        "doh_url_template": None,  # names are resolved by the system, never by a third party
        "http_accept_language": servers.accept_language,
        "use_cache": False,
        "cache_only_mode": False,
        "default_crs": "epsg:4326",
    }


@contextmanager
def _osmnx_settings(values: dict[str, Any]) -> Iterator[None]:
    before = {name: getattr(settings, name) for name in values}
    resolve = socket.getaddrinfo  # OSMnx replaces it for the whole process
    try:
        for name, value in values.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
        socket.getaddrinfo = resolve


def _checked(response: requests.Response, *, for_places: bool, **sending: Any) -> requests.Response:
    """Let only data through; a busy server is asked again a few times.

    This is a hook of `requests`. It has to come before OSMnx sees the answer: OSMnx asks a busy
    server again for ever, and takes a failed or partial answer for a whole one if it is JSON.
    """
    if response.is_redirect:
        return response
    answer = _patient(response, sending)
    if answer.status_code in BUSY:
        answer.close()
        advice = "wait some minutes and try again, or name another server"
        raise _RefusalError(f"{_status(answer)}, {len(RETRY_PAUSES_S) + 1} times", advice)
    if not answer.ok:
        raise _RefusalError(
            f"{_status(answer)} ({_excerpt(answer.text)})",
            "check the server's address, try again later, or name another server",
        )
    _check_data(answer, for_places=for_places)
    return answer


def _patient(response: requests.Response, sending: dict[str, Any]) -> requests.Response:
    for pause_s in RETRY_PAUSES_S:
        if response.status_code not in BUSY:
            break
        wished = response.headers.get("Retry-After", "")
        wait_s = min(max(pause_s, float(wished) if wished.isdigit() else 0.0), MAX_PAUSE_S)
        logger.info(
            "%s %s; trying again in %.0f s", host_of(response.url), _status(response), wait_s
        )
        response.close()
        time.sleep(wait_s)
        response = response.connection.send(response.request, **sending)
    return response


def _check_data(response: requests.Response, *, for_places: bool) -> None:
    address = "check the server's address"
    try:
        data = response.json()
    except requests.JSONDecodeError as error:
        kind = response.headers.get("Content-Type", "something").split(";")[0]
        answer = f"answered with {kind} instead of JSON ({_excerpt(response.text)})"
        raise _RefusalError(answer, address) from error
    if isinstance(data, dict) and "error" in str(data.get("remark", "")):
        # Overpass says 200 and sends what it had when it ran out of time or memory.
        answer = f"gave up part way ({_excerpt(str(data['remark']))})"
        raise _RefusalError(answer, "allow more time, or choose a smaller place or margin")
    things = data.get("elements") if isinstance(data, dict) and not for_places else data
    if not (isinstance(things, list) and all(isinstance(thing, dict) for thing in things)):
        answer = f"answered with JSON of another kind ({_excerpt(response.text)})"
        raise _RefusalError(answer, address)


def _failure(error: requests.RequestException, servers: Servers) -> str:
    cause = error.args[0] if error.args else None
    if isinstance(error, requests.Timeout) or isinstance(cause, SilenceError):
        return (
            f"was silent for {servers.timeout_s:g} s; allow more time, choose a smaller place or "
            "margin, or try again later"
        )
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "broke off part way through its answer; try again, or name another server"
    reason = _excerpt(str(getattr(cause, "reason", error)).rsplit(": ", 1)[-1])
    return f"could not be reached ({reason}); check the network connection and the server's address"


def _address(name: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        message = f"{name} is {url!r}; give an address such as 'https://overpass-api.de/api'"
        raise InputError(message)
    return url


def host_of(url: str) -> str:
    """Name a server without what an address may hide: a password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def _status(response: requests.Response) -> str:
    return f"answered {response.status_code} {response.reason or ''}".rstrip()


def _excerpt(text: str) -> str:
    """Shorten what a server said to one harmless line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[:2000]).split())
    return line[:120] + "…" if len(line) > 120 else line or "nothing"
