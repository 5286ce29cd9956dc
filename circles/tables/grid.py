"""The cells of a table before it is known which of them are its header."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from circles.tables.ledger import RowEvent
from circles.texts import Note

Row = tuple[int, list[str | None]]
"""A row's number in its file, and its cells."""

_NUMBER: Final = re.compile(r"[+-]?[\d.,]*\d[\d.,]*(e[+-]?\d+)?%?")
_DECIMAL: Final = re.compile(r"[+-]?\d+\.\d+")


@dataclass(frozen=True)
class Merge:
    """Cells that a spreadsheet shows as one.

    Parameters
    ----------
    top, bottom
        Its first and last row, as numbered in the file.
    left, right
        Its first and last column, counted from 0.
    """

    top: int
    bottom: int
    left: int
    right: int


@dataclass(frozen=True)
class Grid:
    """The rows of a table as they stand in its file.

    Parameters
    ----------
    rows
        The rows with any text, by number; cells without text are None, none at the end is.
    merges
        Cells shown as one; of each only the first holds text.
    is_text
        Whether it was a text table, where a row that is too long has slipped.
    events
        What happened to single rows on reading, the header among them.
    facts
        How it was read.
    """

    rows: tuple[Row, ...]
    merges: tuple[Merge, ...] = ()
    is_text: bool = False
    events: tuple[RowEvent, ...] = ()
    facts: tuple[Note, ...] = ()


def without_tail(cells: Iterable[str | None]) -> list[str | None]:
    """Return cells up to the last with text."""
    kept = list(cells)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def filled_rows(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return the rows that hold any text, each up to its last cell with text."""
    cut = ((number, without_tail(cells)) for number, cells in rows)
    return tuple((number, cells) for number, cells in cut if cells)


def is_number(cell: str | None) -> bool:
    """Whether a cell holds a figure: digits in any width, separators, a percent sign."""
    return cell is not None and _NUMBER.fullmatch(_plain(cell)) is not None


def is_decimal(cell: str | None) -> bool:
    """Whether a cell holds a figure with a decimal point, as no header does."""
    return cell is not None and _DECIMAL.fullmatch(_plain(cell)) is not None


def _plain(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell).strip().casefold()
