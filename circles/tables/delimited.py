"""Tables of text: CSV, TSV and their kin."""

import csv
import io
import re
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Final

from circles.errors import InputError
from circles.tables.columns import cell_text
from circles.tables.encoding import Decoded, decode
from circles.tables.files import read_bytes
from circles.tables.grid import Grid, Row, filled_rows
from circles.tables.ledger import RowEvent, repaired
from circles.texts import Note

TEXT_TABLES: Final = frozenset({".csv", ".tsv", ".txt"})
_DELIMITERS: Final = {",": ",", "\t": "TAB", ";": ";", "|": "|"}
_SAMPLE_ROWS: Final = 60
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def read_delimited(path: Path, *, encoding: str | None = None) -> Grid:
    """Read the cells of a text table.

    Parameters
    ----------
    path
        The table, separated by commas, tabs, semicolons or bars.
    encoding
        Its encoding; found out by default.

    Raises
    ------
    InputError
        The file cannot be opened, is no text, or a quotation mark in it is not closed.
    """
    read = decode(read_bytes(path), path, encoding=encoding)
    delimiter = _delimiter(read.text)
    rows, lines = _rows(read.text, path, delimiter)
    fact = "reading.encoding_given" if read.given else "reading.encoding"
    facts = (
        Note.of(fact, encoding=read.encoding),
        Note.of("reading.delimiter", delimiter=_DELIMITERS[delimiter]),
    )
    events = (*_other_encodings(read, lines), *_controls(read.text, rows))
    cleaned = ((number, [cell_text(cell) for cell in cells]) for number, cells in rows)
    return Grid(filled_rows(cleaned), is_text=True, events=events, facts=facts)


def _delimiter(text: str) -> str:
    """Return the mark that cuts the most of the first rows into equally many cells."""

    def agreement(delimiter: str) -> tuple[float, int]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            widths = [len(cells) for cells in islice(reader, _SAMPLE_ROWS) if any(cells)]
        except csv.Error:
            return 0.0, 0
        several = Counter(width for width in widths if width > 1)
        if not several:
            return 0.0, 0
        width, count = max(several.items(), key=lambda entry: (entry[1], entry[0]))
        return count / len(widths), width

    return max(_DELIMITERS, key=agreement)


def _rows(text: str, path: Path, delimiter: str) -> tuple[list[Row], list[int]]:
    """Return the rows of a text, and the number of the line that each of them ends with."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    lines: list[int] = []
    try:
        for number, cells in enumerate(reader, start=1):
            rows.append((number, list(cells)))
            lines.append(reader.line_num)
    except csv.Error as error:
        message = (
            f"{path}: row {len(rows) + 1} (line {reader.line_num}) cannot be read: {error}; "
            "look for a quotation mark that is not closed"
        )
        raise InputError(message) from error
    return rows, lines


def _other_encodings(read: Decoded, lines: list[int]) -> list[RowEvent]:
    events: list[RowEvent] = []
    row = 0
    for line, encoding in read.others:
        while row < len(lines) and lines[row] < line:
            row += 1
        note = Note.of("reading.other_encoding", encoding=encoding, main=read.encoding)
        events += repaired([row + 1], note)
    return list(dict.fromkeys(events))


def _controls(text: str, rows: list[Row]) -> list[RowEvent]:
    if not _CONTROL.search(text):
        return []
    hit = [n for n, cells in rows if any(cell and _CONTROL.search(cell) for cell in cells)]
    return repaired(hit, Note.of("reading.control_characters"))
