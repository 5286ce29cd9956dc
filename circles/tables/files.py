"""Files before their content is understood: whether they are there, and text as it is encoded."""

import codecs
import logging
import re
from collections.abc import Mapping
from pathlib import Path

from circles.errors import InputError
from circles.tables.columns import listing

logger = logging.getLogger(__name__)

# No table holds control characters; GB18030 read as something else yields private-use ones.
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\ue000-\uf8ff]")


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
    if path.parent.is_dir():
        files = (entry.name for entry in path.parent.iterdir() if not entry.name.startswith("."))
        return f"{path}: there is no such file; {listing('files there', path.name, files)}"
    return f"{path}: there is no such file, nor the folder {path.parent}"


def refuse_options(path: Path, what: str, options: Mapping[str, str | None]) -> None:
    """Refuse options that make no sense for a file of this kind."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        message = f"{path}: {', '.join(given)} cannot be given for {what}; remove it"
        raise InputError(message)


def read_text(path: Path) -> str:
    """Read a text file, whichever of UTF-8, UTF-16 and GB18030 it is in."""
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"{path}: the file cannot be opened: {error.strerror}"
        raise InputError(message) from error
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        text = decoded(data, encoding)
        if text is not None:
            logger.info("%s is read as %s", path, encoding)
            return text
    message = (
        f"{path}: the text is neither UTF-8 nor GB18030 (GBK), or the file is not a text table; "
        "save it again as CSV UTF-8"
    )
    raise InputError(message)


def decoded(data: bytes, encoding: str) -> str | None:
    """Return the text of the bytes, or None if they are not text in this encoding."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if _NOT_TEXT.search(text) else text
