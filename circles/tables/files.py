"""Files before their content is understood: whether they are there, and their bytes."""

from collections.abc import Mapping
from pathlib import Path

from circles.errors import InputError
from circles.tables.columns import listing


def refuse_missing(path: Path) -> None:
    """Refuse a file that is not there; the files beside it are listed, the nearest first."""
    try:
        message = _missing(path)
    except (OSError, ValueError) as error:  # a name no file can have, or a folder that is closed
        message = f"{path}: the file cannot be opened: {error}"
    if message:
        raise InputError(message)


def _missing(path: Path) -> str:
    if path.is_file() or (path.is_dir() and path.suffix.lower() == ".gdb"):
        return ""
    if path.is_dir():
        return f"{path}: this is a folder; name a file in it"
    if path.exists():
        return f"{path}: this is a device or a pipe and no file; save it as a file first"
    if path.parent.is_dir():
        files = (entry.name for entry in path.parent.iterdir() if not entry.name.startswith("."))
        return f"{path}: there is no such file; {listing('files there', path.name, files)}"
    return f"{path}: there is no such file, nor the folder {path.parent}"


def refuse_options(path: Path, what: str, options: Mapping[str, object]) -> None:
    """Refuse options that make no sense for a file of this kind."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        message = f"{path}: {', '.join(given)} cannot be given for {what}; remove it"
        raise InputError(message)


def read_bytes(path: Path) -> bytes:
    """Read a file whole.

    Raises
    ------
    InputError
        It cannot be opened.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path}: the file cannot be opened: {error.strerror}"
        raise InputError(message) from error
