"""Tables of text: CSV, TSV and the sheets of a workbook."""

import csv
import io
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from circles.errors import FaultsError, InputError
from circles.tables.columns import cell_text, listing, rows_in_words
from circles.tables.files import read_text, refuse_missing, refuse_options

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

Row = tuple[int, list[str | None]]
"""A row's number in its file, and its cells."""

TEXT_TABLES = frozenset({".csv", ".tsv", ".txt"})
WORKBOOKS = frozenset({".xlsx", ".xlsm"})

# A workbook is a zip of XML; openpyxl lets through what either of them raises on a damaged file.
_WORKBOOK_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError),
    *(SyntaxError, KeyError, IndexError, ValueError, TypeError, AttributeError),
)


def read_table(path: Path, *, sheet: str | None = None) -> pd.DataFrame:
    """Read a CSV, TSV or XLSX table whose first row is the header.

    Nothing is guessed about the cells: each is text without surrounding spaces, or None. So the
    code ``007`` stays what it is; `as_numbers` reads figures.

    Parameters
    ----------
    path
        The table; text may be UTF-8 (with or without BOM), UTF-16 with BOM, or GB18030 (GBK).
    sheet
        The sheet of a workbook; by default the only one that is not empty.

    Returns
    -------
    pd.DataFrame
        Index `row`, the file's own row numbers; empty rows are left out.

    Raises
    ------
    InputError
        The file or sheet is not there or cannot be read.
    FaultsError
        Rows have more cells than the header; every such row is named.
    """
    refuse_missing(path)
    suffix = path.suffix.lower()
    if suffix in WORKBOOKS:
        return _frame(_workbook_rows(path, sheet), path)
    if suffix in TEXT_TABLES:
        refuse_options(path, "a text table", {"sheet": sheet})
        return _frame(_text_rows(path), path)
    advice = "save it as .xlsx" if suffix == ".xls" else "give a .csv, .tsv or .xlsx file"
    message = f"{path}: a file of this kind is not read as a table; {advice}"
    raise InputError(message)


def _text_rows(path: Path) -> Iterator[Row]:
    text = read_text(path)
    head = text.partition("\n")[0]
    delimiter = max(",\t;", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, [cell_text(cell) for cell in cells]
    except csv.Error as error:
        message = (
            f"{path}: row {number + 1} (line {reader.line_num}) cannot be read: {error}; "
            "look for a quotation mark that is not closed"
        )
        raise InputError(message) from error


@contextmanager
def _workbook_errors(path: Path) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and validations that it does not keep; cells are unharmed.
            warnings.filterwarnings("ignore", module="openpyxl")
            yield
    except _WORKBOOK_ERRORS as error:
        message = (
            f"{path}: the file cannot be read as a workbook ({error}); "
            "open it in a spreadsheet program and save it again as .xlsx"
        )
        raise InputError(message) from error


def _workbook_rows(path: Path, sheet: str | None) -> list[Row]:
    import openpyxl

    with _workbook_errors(path):
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        pages = {page.title: page for page in book.worksheets}
        wanted = pages if sheet is None else {k: page for k, page in pages.items() if k == sheet}
        contents = {title: _sheet_rows(page) for title, page in wanted.items()}
        book.close()
    if sheet is not None and not contents:
        message = f"{path}: there is no sheet {sheet!r}; {listing('sheets', sheet, pages)}"
        raise InputError(message)
    filled = {title: rows for title, rows in contents.items() if rows}
    if len(filled) > 1:
        titles = ", ".join(repr(title) for title in filled)
        message = (
            f"{path}: the workbook has several sheets ({titles}); write which one to read, as in "
            f'sheet = "{next(iter(filled))}"'
        )
        raise InputError(message)
    return next(iter(filled.values()), [])


def _sheet_rows(page: "ReadOnlyWorksheet") -> list[Row]:
    page.reset_dimensions()  # some programs write a size that is smaller than the sheet
    cells = [(n, [cell_text(cell) for cell in row]) for n, row in enumerate(page.values, start=1)]
    return [(number, row) for number, row in cells if any(row)]


def _frame(rows: Iterable[Row], path: Path) -> pd.DataFrame:
    filled = [(number, _without_tail(cells)) for number, cells in rows if any(cells)]
    if not filled:
        message = f"{path}: the table is empty; its first row must name the columns"
        raise InputError(message)
    (_, head), *records = filled
    too_long = [number for number, cells in records if len(cells) > len(head)]
    if too_long:
        verb = "has" if len(too_long) == 1 else "have"
        fault = f"{rows_in_words(too_long)} {verb} more cells than the header's {len(head)}"
        raise FaultsError(str(path), [fault])
    padded = [cells + [None] * (len(head) - len(cells)) for _, cells in records]
    numbers = pd.Index([number for number, _ in records], name="row", dtype="int64")
    return pd.DataFrame(padded, index=numbers, columns=_headers(head), dtype=object)


def _without_tail(cells: list[str | None]) -> list[str | None]:
    last = max(place for place, cell in enumerate(cells) if cell)
    return cells[: last + 1]


def _headers(head: Sequence[str | None]) -> list[str]:
    """Name each column once: a name that comes again gets its count, as in ``备注 (2)``."""
    seen: Counter[str] = Counter()
    names = []
    for place, cell in enumerate(head, start=1):
        name = cell or f"column {place}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names
