"""Where a saved network lies: a folder of this machine, or one behind a URL."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from circles.errors import InputError
from circles.network.contents import FILE, DamagedError

if TYPE_CHECKING:
    import pyarrow as pa

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*(::[A-Za-z][A-Za-z0-9+.\-]*)*://")
_USER: Final = re.compile(r"(?<=://)[^/@]*@")
#: Neighbouring ranges are asked for together, up to so many bytes.
_AT_ONCE: Final = 8 * 2**20
#: Errors of stores that are neither OSError nor ValueError, by the module that has them.
_FOREIGN: Final = (
    ("aiohttp", "ClientError"),
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("gcsfs.retry", "HttpError"),
    ("azure.core.exceptions", "AzureError"),
)

Range = tuple[int, int]
"""Where bytes begin, and how many there are."""


class Folder(Protocol):
    """The files of one saved network."""

    def read(self, name: str) -> bytes:
        """Return a whole file."""

    def ranges(self, name: str, ranges: Sequence[Range], size: int) -> "list[pa.Buffer]":
        """Return parts of a file.

        Raises
        ------
        DamagedError
            The file is missing, or does not have so many bytes in all.
        """


def is_url(location: Path | str) -> bool:
    """Tell whether a location is a URL, such as ``s3://bucket/city.network``, and not a path."""
    return isinstance(location, str) and _URL.match(location) is not None


def shown(location: Path | str) -> str:
    """Return a location as messages show it: without a user's name and password."""
    return _USER.sub("…@", str(location))


@contextmanager
def opened(location: Path | str) -> Iterator[Folder]:
    """Open a folder, by path or by any URL that fsspec knows, for a ``with`` block.

    Raises
    ------
    InputError
        There is no saved network, or its store cannot be reached.
    """
    try:
        folder = _far(str(location)) if is_url(location) else Near(Path(location))
        yield folder
    except (FileNotFoundError, NotADirectoryError) as error:
        message = (
            f"{shown(location)}: no saved network is here; it is a folder with a file {FILE} and "
            "the files that were saved with it"
        )
        raise InputError(message) from error
    except _unreadable() as error:
        message = f"{shown(location)}: the saved network cannot be read ({_reason(error)})"
        raise InputError(message) from error


@dataclass(frozen=True)
class Near:
    """A folder of this machine, whose files are mapped into memory.

    Parameters
    ----------
    path
        The folder.
    """

    path: Path

    def read(self, name: str) -> bytes:
        """Return a whole file."""
        return (self.path / name).read_bytes()

    def ranges(self, name: str, ranges: Sequence[Range], size: int) -> "list[pa.Buffer]":
        """Return parts of a file; nothing is read before it is used."""
        import pyarrow as pa

        path = self.path / name
        with _missing_is_damage(name):
            _check_size(name, path.stat().st_size, size)
            with pa.memory_map(str(path)) as file:
                whole = file.read_buffer()
        return [whole[first : first + count] for first, count in ranges]


@dataclass(frozen=True)
class Far:
    """A folder in a store that fsspec reads.

    Parameters
    ----------
    store
        The file system.
    root
        The folder in it.
    """

    store: Any
    root: str

    def read(self, name: str) -> bytes:
        """Return a whole file."""
        content: bytes = self.store.cat_file(f"{self.root}/{name}")
        return content

    def ranges(self, name: str, ranges: Sequence[Range], size: int) -> "list[pa.Buffer]":
        """Return parts of a file; neighbours come together."""
        import pyarrow as pa

        runs = _runs(ranges)
        starts = [run[0][0] for run in runs]
        ends = [run[-1][0] + run[-1][1] for run in runs]
        path = f"{self.root}/{name}"
        with _missing_is_damage(name):
            _check_size(name, self.store.size(path), size)
            found = self.store.cat_ranges([path] * len(runs), starts, ends, on_error="raise")
        return [
            pa.py_buffer(content)[offset - start : offset - start + count]
            for run, start, content in zip(runs, starts, found, strict=True)
            for offset, count in run
        ]


@contextmanager
def _missing_is_damage(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        message = f"{name} is missing"
        raise DamagedError(message) from error


def _check_size(name: str, found: int | None, size: int) -> None:
    """Refuse a file that was cut off; a store that cannot tell the size says None."""
    if found is not None and found != size:
        message = f"{name} has {found:,} bytes instead of {size:,}"
        raise DamagedError(message)


def _far(url: str) -> Folder:
    from fsspec.core import url_to_fs

    try:
        store, root = url_to_fs(url)
    except ValueError as error:  # a protocol that nobody knows
        message = f"{shown(url)}: the saved network cannot be read ({error})"
        raise InputError(message) from error
    if "file" in (store.protocol if isinstance(store.protocol, tuple) else (store.protocol,)):
        return Near(Path(root))
    return Far(store, root.rstrip("/"))


def _runs(ranges: Sequence[Range]) -> list[list[Range]]:
    """Put ranges that follow each other together."""
    runs: list[list[Range]] = []
    for offset, size in ranges:
        last = runs[-1] if runs else None
        if last and sum(last[-1]) == offset and offset + size - last[0][0] <= _AT_ONCE:
            last.append((offset, size))
        else:
            runs.append([(offset, size)])
    return runs


def _unreadable() -> tuple[type[BaseException], ...]:
    """Return what reading raises where a file cannot be had: also the errors of loaded stores."""
    found = (getattr(sys.modules.get(module), name, None) for module, name in _FOREIGN)
    return OSError, ImportError, *(error for error in found if error is not None)


def _reason(error: BaseException) -> str:
    return shown(getattr(error, "strerror", None) or str(error) or type(error).__name__)
