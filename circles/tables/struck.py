"""Cells of a workbook that are struck out: what their owner no longer holds to be true."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from xml.etree import ElementTree as ET

_STYLES: Final = "xl/styles.xml"
_OFF: Final = frozenset({"0", "false"})


@dataclass(frozen=True)
class StruckRow:
    """A row of which cells are struck out.

    Parameters
    ----------
    row
        Its number.
    cells
        The cells that are (``B3``).
    whole
        Whether all of its cells with text are.
    """

    row: int
    cells: tuple[str, ...]
    whole: bool


def struck_rows(path: Path, member: str) -> tuple[StruckRow, ...]:
    """Return the rows of a sheet with cells that are struck out.

    Parameters
    ----------
    path
        An ``.xlsx`` workbook that `circles.tables.unpacking.inspect_archive` has let pass.
    member
        The member of the archive that holds the sheet.
    """
    with zipfile.ZipFile(path) as archive:
        if not {_STYLES, member} <= set(archive.namelist()):
            return ()
        # `inspect_archive` has refused XML that declares entities.
        styles = _struck_styles(ET.fromstring(archive.read(_STYLES)))  # noqa: S314
        if not styles:
            return ()
        with archive.open(member) as file:
            rows = (_struck(row, styles) for row in _rows(file))
            return tuple(row for row in rows if row is not None)


def _struck_styles(styles: ET.Element) -> frozenset[str]:
    """Return the numbers of the cell styles whose font is struck out."""
    fonts = [font for fonts in _children(styles, "fonts") for font in fonts]
    struck = {str(number) for number, font in enumerate(fonts) if _is_struck(font)}
    formats = [one for group in _children(styles, "cellXfs") for one in group]
    return frozenset(
        str(number) for number, one in enumerate(formats) if one.get("fontId") in struck
    )


def _is_struck(font: ET.Element) -> bool:
    return any(mark.get("val", "1") not in _OFF for mark in _children(font, "strike"))


def _children(element: ET.Element, name: str) -> list[ET.Element]:
    return [child for child in element if _is(child, name)]


def _is(element: ET.Element, name: str) -> bool:
    return element.tag.rpartition("}")[2] == name


def _rows(file: IO[bytes]) -> Iterator[ET.Element]:
    for _, element in ET.iterparse(file):  # noqa: S314
        if _is(element, "row"):
            yield element
            element.clear()


def _struck(row: ET.Element, styles: frozenset[str]) -> StruckRow | None:
    filled = [cell for cell in row if _is(cell, "c") and len(cell)]
    struck = [cell for cell in filled if cell.get("s") in styles]
    number = row.get("r", "")
    if not struck or not number.isdigit():
        return None
    cells = tuple(cell.get("r", "?") for cell in struck)
    return StruckRow(int(number), cells, len(struck) == len(filled))
