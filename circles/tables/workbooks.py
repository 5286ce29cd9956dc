"""The sheets of workbooks: XLSX read here, XLS, XLSB and ODS by a process of their own."""

import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from circles.errors import InputError
from circles.tables.columns import cell_text, listing
from circles.tables.folding import folded
from circles.tables.grid import Grid, Merge, Row, filled_rows
from circles.tables.ledger import RowEvent, doubtful, set_aside
from circles.tables.old_workbooks import OLD_WORKBOOKS, OldSheet, read_old_workbook
from circles.tables.struck import StruckRow, struck_rows
from circles.tables.unpacking import Marks, inspect_archive
from circles.texts import Note

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

NEW_WORKBOOKS: Final = frozenset({".xlsx", ".xlsm"})
WORKBOOKS: Final = NEW_WORKBOOKS | OLD_WORKBOOKS
#: 100,000 rows of 200 columns; beyond it a sheet is no table that a person keeps.
_MAX_CELLS: Final = 20_000_000

# A workbook is a zip of XML; openpyxl lets through what either of them raises on a damaged file.
_WORKBOOK_ERRORS: Final = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError),
    *(SyntaxError, KeyError, IndexError, ValueError, TypeError, AttributeError, AssertionError),
    *(OverflowError, ArithmeticError),
)


def read_workbook(path: Path, *, sheet: str | None = None) -> Grid:
    """Read the cells of a sheet.

    Parameters
    ----------
    path
        An ``.xlsx``, ``.xlsm``, ``.xls``, ``.xlsb`` or ``.ods`` workbook.
    sheet
        The sheet; by default the only visible one that is not empty.

    Raises
    ------
    InputError
        The workbook is damaged or made to be a trap, or it is not clear which sheet to read.
    """
    if path.suffix.lower() in OLD_WORKBOOKS:
        return _old_grid(path, sheet)
    marks = inspect_archive(path)
    import openpyxl

    # A workbook that is damaged leaves its file open unless it is opened here.
    with _workbook_errors(path), path.open("rb") as file:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        try:
            pages = {page.title: page for page in book.worksheets}
            hidden = frozenset(t for t, page in pages.items() if page.sheet_state != "visible")
            filled = [title for title, page in pages.items() if _is_filled(page)]
            title = chosen_sheet(path, sheet, list(pages), filled, hidden)
            rows = () if title is None else filled_rows(_rows(path, pages[title]))
        finally:
            book.close()
        member = _members(path).get(title or "", "")
        struck = struck_rows(path, member)
    found = marks.get(member, Marks())
    return Grid(
        rows,
        merges=_merges(found.merges),
        events=(*_uncalculated(found.uncalculated, rows), *_struck(struck, rows)),
        facts=(*_facts(title, filled, hidden), *_hidden_rows(found.hidden, rows)),
    )


def visible_sheets(path: Path) -> tuple[str, ...]:
    """Return the titles of a workbook's visible sheets that are not empty, in their order.

    Raises
    ------
    InputError
        The workbook is damaged or made to be a trap.
    """
    if path.suffix.lower() in OLD_WORKBOOKS:
        if zipfile.is_zipfile(path):
            inspect_archive(path)
        sheets = read_old_workbook(path)
        return tuple(title for title, page in sheets.items() if page.rows and not page.hidden)
    inspect_archive(path)
    import openpyxl

    with _workbook_errors(path):
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            shown = [page for page in book.worksheets if page.sheet_state == "visible"]
            return tuple(page.title for page in shown if _is_filled(page))
        finally:
            book.close()


def chosen_sheet(
    path: Path,
    sheet: str | None,
    there: Sequence[str],
    filled: Sequence[str],
    hidden: Iterable[str],
) -> str | None:
    """Return the sheet that was named, or the only visible one with rows; None if none has any.

    Raises
    ------
    InputError
        There is no such sheet, or several could be meant.
    """
    if sheet is not None:
        same = [title for title in there if title == sheet]
        same = same or [title for title in there if folded(title) == folded(sheet)]
        if len(same) == 1:
            return same[0]
        message = f"{path}: there is no sheet {sheet!r}; {listing('sheets', sheet, there)}"
        raise InputError(message)
    visible = [title for title in filled if title not in set(hidden)] or list(filled)
    if len(visible) > 1:
        titles = ", ".join(repr(title) for title in visible)
        message = (
            f"{path}: the workbook has several sheets ({titles}); write which one to read, as in "
            f'sheet = "{visible[0]}"; if they are parts of one table, such as a sheet for each '
            "street, put them below each other in one sheet, or give facilities as several layers"
        )
        raise InputError(message)
    return visible[0] if visible else None


def _facts(title: str | None, filled: Sequence[str], hidden: Iterable[str]) -> tuple[Note, ...]:
    facts = [] if title is None else [Note.of("reading.sheet", sheet=title)]
    unread = tuple(sorted(set(hidden) & set(filled) - {title}))
    if unread:
        facts.append(Note.of("reading.hidden_sheets", sheets=unread))
    return tuple(facts)


@contextmanager
def _workbook_errors(path: Path) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and validations that it does not keep; cells are unharmed.
            warnings.filterwarnings("ignore", module="openpyxl")
            yield
    except InputError:
        raise
    except _WORKBOOK_ERRORS as error:
        message = (
            f"{path}: the file cannot be read as a workbook ({error}); "
            "open it in a spreadsheet program and save it again as .xlsx"
        )
        raise InputError(message) from error


def _is_filled(page: "ReadOnlyWorksheet") -> bool:
    page.reset_dimensions()  # some programs write a size that is smaller than the sheet
    return any(cell_text(cell) for row in page.values for cell in row)


def _rows(path: Path, page: "ReadOnlyWorksheet") -> Iterator[Row]:
    cells = 0
    for number, row in enumerate(page.values, start=1):
        cells += len(row)
        if cells > _MAX_CELLS:
            message = (
                f"{path}: the sheet has more than {_MAX_CELLS:,} cells up to row {number}; delete "
                "what is no table, or save the table as CSV"
            )
            raise InputError(message)
        if row:
            yield number, [cell_text(cell) for cell in row]


def _members(path: Path) -> dict[str, str]:
    """Return the member of the archive that holds each sheet."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
            return {}
        # `inspect_archive` has refused XML that declares entities.
        book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
        links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {link.get("Id", ""): link.get("Target", "") for link in links}
    members = {}
    for page in book.iter():
        if page.tag.endswith("}sheet"):
            ids = [value for key, value in page.attrib.items() if key.endswith("}id")]
            target = targets.get(ids[0], "") if ids else ""
            member = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            members[page.get("name", "")] = member
    return members


def _merges(ranges: Iterable[str]) -> tuple[Merge, ...]:
    from openpyxl.utils import range_boundaries

    found = []
    for text in ranges:
        try:
            left, top, right, bottom = range_boundaries(text)
        except (ValueError, TypeError):
            continue  # no range: it merges nothing
        if left and top and right and bottom:  # a whole row or column has no numbers for them
            found.append(Merge(int(top), int(bottom), int(left) - 1, int(right) - 1))
    return tuple(found)


def _uncalculated(cells: Iterable[str], rows: Sequence[Row]) -> Iterator[RowEvent]:
    """Name the rows with a formula whose result was never saved: it reads as an empty cell."""
    there = {number for number, _ in rows}
    for cell in cells:
        row = int(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        if row in there:
            yield from doubtful([row], Note.of("reading.uncalculated", cell=cell))


def _struck(struck: Sequence[StruckRow], rows: Sequence[Row]) -> Iterator[RowEvent]:
    """Name the rows that are struck out, in whole or in part."""
    there = {number for number, _ in rows}
    for row in struck:
        if row.row not in there:
            continue
        if row.whole:
            yield from set_aside([row.row], Note.of("reading.struck_row"))
        else:
            yield from doubtful([row.row], Note.of("reading.struck_cells", cells=row.cells[:10]))


def _hidden_rows(hidden: Sequence[str], rows: Sequence[Row]) -> Iterator[Note]:
    there = {number for number, _ in rows}
    found = [row for row in hidden if int(row) in there]
    if found:
        yield Note.of("reading.hidden_rows", count=len(found), rows=tuple(found[:10]))


def _old_grid(path: Path, sheet: str | None) -> Grid:
    if zipfile.is_zipfile(path):
        inspect_archive(path)
    sheets: Mapping[str, OldSheet] = read_old_workbook(path)
    filled = [title for title, page in sheets.items() if page.rows]
    hidden = frozenset(title for title, page in sheets.items() if page.hidden)
    title = chosen_sheet(path, sheet, list(sheets), filled, hidden)
    facts = _facts(title, filled, hidden)
    if title is None:
        return Grid((), facts=facts)
    return Grid(filled_rows(sheets[title].rows), merges=sheets[title].merges, facts=facts)
