"""Archives before they are opened: what they unfold to is measured, not believed."""

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from circles.errors import InputError

#: What an archive may unfold to. A sheet of 100,000 rows and 100 columns takes about 500 MB.
MAX_UNPACKED_BYTES: Final = 1 << 30
#: Tables of repeated words shrink to a hundredth; only a file made to be a trap goes beyond.
MAX_RATIO: Final = 250
_RATIO_FROM_BYTES: Final = 1 << 25
_MAX_MEMBERS: Final = 10_000
_MAX_MERGES: Final = 200_000
#: The last row that a spreadsheet can have.
_MAX_ROW: Final = 1_048_576
_CHUNK_BYTES: Final = 1 << 20
#: Nothing that is looked for is longer, so it is not cut in two where chunks overlap by it.
_OVERLAP_BYTES: Final = 1 << 14

_XML: Final = (".xml", ".rels", ".kml", ".vml")
_DOCTYPE: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_OTHER_ENCODING: Final = re.compile(
    rb"""^<\?xml[^>]*encoding\s*=\s*["'](?!utf-?8|us-ascii)""", re.I
)
_ROW: Final = re.compile(rb"""<(?:\w+:)?row\s(?:[^>]*?\s)?r\s*=\s*["']([^"']*)["']""")
_MERGE: Final = re.compile(rb"""<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*["']([A-Z0-9:]{1,23})["']""")
_HIDDEN: Final = re.compile(
    rb"""<(?:\w+:)?row\s(?=[^>]*?\bhidden\s*=\s*["'](?:1|true)["'])"""
    rb"""(?:[^>]*?\s)?r\s*=\s*["']([0-9]{1,7})["']"""
)
#: A cell with a formula and without its result, as programs write that do not calculate.
_UNCALCULATED: Final = re.compile(
    rb"""<(?:\w+:)?c\s[^>]*?r\s*=\s*["']([A-Z]{1,3}[0-9]{1,7})["'][^>]*>\s*"""
    rb"""<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]{0,8192}</(?:\w+:)?f>)\s*"""
    rb"""(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"""
)

ZIP_ERRORS: Final = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, KeyError, UnicodeError),
)


@dataclass(frozen=True)
class Marks:
    """What stands in the XML of a sheet beside the values of its cells.

    Parameters
    ----------
    merges
        Its merged cells (``A1:B2``).
    uncalculated
        Its cells (``C3``) with a formula whose result was never saved.
    hidden
        Its rows that are hidden, by hand or by a filter.
    """

    merges: tuple[str, ...] = ()
    uncalculated: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


def inspect_archive(path: Path) -> dict[str, Marks]:
    """Unfold an archive once without keeping anything, and refuse one that is a trap.

    Its declared sizes are not trusted: what really comes out is counted.

    Returns
    -------
    dict
        The marks in each of its members that has any.

    Raises
    ------
    InputError
        The archive is damaged, unfolds to too much, or holds XML that declares entities.
    """
    marks: dict[str, Marks] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > _MAX_MEMBERS:
                raise _trap(path, f"it holds {len(members):,} files")
            room = _room(path)
            for member in members:
                is_xml = member.filename.lower().endswith(_XML)
                with archive.open(member) as file:
                    room, found = _unfold(path, file, room, is_xml=is_xml)
                if found != Marks():
                    marks[member.filename] = found
    except InputError:
        raise
    except ZIP_ERRORS as error:
        message = (
            f"{path}: the file cannot be read as a workbook or archive ({error}); open it in the "
            "program that made it and save it again (a workbook as .xlsx)"
        )
        raise InputError(message) from error
    return marks


def _room(path: Path) -> int:
    size = path.stat().st_size
    return min(MAX_UNPACKED_BYTES, max(_RATIO_FROM_BYTES, MAX_RATIO * size))


def _trap(path: Path, what: str) -> InputError:
    return InputError(
        f"{path}: refused, {what}; it may be made to fill the memory. If it is sound, save it "
        "as CSV or split it"
    )


def _unfold(path: Path, file: IO[bytes], room: int, *, is_xml: bool) -> tuple[int, Marks]:
    """Read a member to its end; return what room is left, and the marks of a sheet."""
    merges: list[str] = []
    uncalculated: list[str] = []
    hidden: list[str] = []
    tail = b""
    while chunk := file.read(_CHUNK_BYTES):
        room -= len(chunk)
        if room < 0:
            raise _trap(path, "it unfolds to far more than its size")
        if is_xml:
            if not tail:
                _refuse_other_text(path, chunk)
            _refuse_traps(path, tail + chunk)
            merges += _found(_MERGE, tail, chunk)
            uncalculated += _found(_UNCALCULATED, tail, chunk)
            hidden += _found(_HIDDEN, tail, chunk)
            tail = (tail + chunk)[-_OVERLAP_BYTES:]
        if len(merges) > _MAX_MERGES:
            raise _trap(path, f"it holds more than {_MAX_MERGES:,} merged cells")
    return room, Marks(tuple(merges), tuple(uncalculated), tuple(hidden))


def _refuse_traps(path: Path, data: bytes) -> None:
    """Refuse XML with entities, and rows beyond those of a spreadsheet."""
    if _DOCTYPE.search(data):
        raise _trap(path, "its XML declares a document type, which can hide entities")
    for row in _ROW.findall(data):
        if not row.isdigit() or len(row) > 7 or int(row) > _MAX_ROW:
            raise _trap(path, f"it claims a row {row[:20].decode('latin-1')!r}")


def _found(pattern: re.Pattern[bytes], tail: bytes, chunk: bytes) -> list[str]:
    """Return what ends in a chunk; what ends before it was found with the chunk before."""
    matches = pattern.finditer(tail + chunk)
    return [match[1].decode("ascii") for match in matches if match.end() > len(tail)]


def _refuse_other_text(path: Path, head: bytes) -> None:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start and (
        not start.startswith(b"<") or b"\0" in start[:64] or _OTHER_ENCODING.match(start)
    ):
        raise _trap(path, "its XML is not in UTF-8")
