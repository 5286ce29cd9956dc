"""Tables on the sheets of a workbook: formats, widths and colours; every text stays a text."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from circles.explain import truthful_decimals, verdict_word
from circles.reports.safe_text import cut, xml_text
from circles.texts import Texts

Kind = Literal["text", "long", "count", "decimal", "degrees", "share", "mark", "verdict", "date"]

_DARK, _LIGHT, _LINE, _RED = "#1F4E5F", "#DCE8EC", "#D0D7DA", "#B3261E"
_VERDICT_COLOURS = {
    "met": ("#D7EFDD", "#1B5E20"),
    "not_met": ("#FADAD5", "#8C1D13"),
    "insufficient_data": ("#FFF1C9", "#6F5300"),
    "not_applicable": ("#ECEFF0", "#5F6B70"),
}
_MARKS = {
    "met": "\u221a",
    "not_met": "\u00d7",
    "insufficient_data": "?",
    "not_applicable": "\u2014",
}
"""Verdicts as signs that every Chinese font has, so that no reader depends on the colour."""
_FONTS = {"zh": "Microsoft YaHei", "en": "Calibri"}
_WRAPPED: tuple[Kind, ...] = ("text", "long")
_NUMBERS: dict[Kind, str] = {
    "count": "#,##0",
    "decimal": "#,##0.00",
    "degrees": "0.000000",
    "date": "yyyy-mm-dd",
}
_WIDTHS: dict[Kind, tuple[int, int]] = {
    "text": (9, 32),
    "long": (40, 80),
    "count": (10, 16),
    "decimal": (9, 14),
    "degrees": (11, 12),
    "share": (9, 12),
    "mark": (10, 14),
    "verdict": (11, 19),
    "date": (12, 12),
}
_LINE_HEIGHT, _MAX_HEIGHT = 15, 400
_MAX_TEXT = 32_767
"""Excel holds no longer text in a cell."""
_MOST_SIGNS: dict[Kind, int] = {"text": 300, "long": 3000}
"""Longer texts of a table could not be read in a row of the greatest height."""
_PAGE_WIDTH = 230
"""So many digits' width of columns can still be read side by side on A4."""
_A4 = 9
_RISKY = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so would become a formula if someone typed it again."""


@dataclass(frozen=True)
class Share:
    """A share in a cell and the share it must reach, which decides how many decimals are shown."""

    value: float
    needed: float = 1.0
    verdict: str = ""
    """What the share was judged as, shown by a sign and a colour; not shown if empty."""


Cell = str | float | int | date | Share | None


@dataclass(frozen=True)
class Column:
    """A column's heading, what it holds, and the heading that it shares with its neighbours."""

    header: str
    kind: Kind = "text"
    group: str = ""


@dataclass(frozen=True)
class Table:
    """Columns and rows of cells; a missing value is an empty cell."""

    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]]

    @property
    def has_groups(self) -> bool:
        """Whether a row of shared headings stands above the headings."""
        return any(column.group for column in self.columns)


@dataclass(frozen=True)
class Book:
    """A workbook that is being written, with the formats made so far."""

    workbook: Any
    texts: Texts
    formats: dict[tuple[tuple[str, object], ...], Any] = field(default_factory=dict)
    cell_formats: dict[tuple[Kind, str, str, bool], Any] = field(default_factory=dict)

    def style(self, **properties: object) -> Any:
        """Return the format with these properties, made once."""
        properties = {
            "font_name": _FONTS[self.texts.lang],
            "font_size": 10,
            "valign": "vcenter",
            **properties,
        }
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.workbook.add_format(properties)
        return self.formats[key]

    def cell_style(
        self, kind: Kind, *, number: str = "", verdict: str = "", quoted: bool = False
    ) -> Any:
        """Return the format of a table's cell, made once: there are hundreds of thousands."""
        key = (kind, number, verdict, quoted)
        if key not in self.cell_formats:
            self.cell_formats[key] = self.style(**_cell_properties(*key))
        return self.cell_formats[key]


def named_column(book: Book, name: str, kind: Kind = "text", group: str = "") -> Column:
    """Return a column with the heading that the texts have for it."""
    return Column(book.texts(f"workbook.{name}"), kind, group)


def add_sheet(
    book: Book, name: str, lines: Sequence[str], *, label: str = "", landscape: bool = True
) -> tuple[Any, int]:
    """Add a sheet with a title, lines below it, and the label of invented data.

    Parameters
    ----------
    book
        The workbook.
    name
        The sheet's name.
    lines
        The title and what stands below it.
    label
        Written in red below the lines and on every printed page; nothing if empty.
    landscape
        Whether it is printed across.

    Returns
    -------
    sheet, row
        The sheet and its first free row.
    """
    sheet = book.workbook.add_worksheet(name)
    sheet.hide_gridlines(2)
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    sheet.set_default_row(18)
    sheet.fit_to_pages(1, 0)
    if landscape:
        sheet.set_landscape()
    sheet.set_header(f"&R&9{label}")
    sheet.set_footer("&L&9&A&R&9&P / &N")
    write_text(book, sheet, (0, 0), lines[0], bold=True, font_size=14, font_color=_DARK)
    sheet.set_row(0, 24)
    for row, line in enumerate(lines[1:], 1):
        write_text(book, sheet, (row, 0), line, font_color="#5F6B70")
    row = len(lines)
    if label:
        write_text(book, sheet, (row, 0), label, bold=True, font_color=_RED)
        row += 1
    return sheet, row + 1


def write_text(book: Book, sheet: Any, at: tuple[int, int], text: str, **style: object) -> None:
    """Write a text, at a row and column, that no spreadsheet takes for a formula or a link."""
    if text.startswith(_RISKY):
        style = {**style, "quote_prefix": True}
    shown = cut(xml_text(text), book.texts, most=_MAX_TEXT)
    sheet.write_string(*at, shown, book.style(**style))


def write_heading(book: Book, sheet: Any, row: int, text: str, *, columns: int) -> int:
    """Write the heading of a section across some columns; return the next row."""
    style: dict[str, object] = {
        "bold": True,
        "bg_color": _LIGHT,
        "font_color": _DARK,
        "font_size": 11,
    }
    write_text(book, sheet, (row, 0), text, **style)
    for column in range(1, columns):
        sheet.write_blank(row, column, None, book.style(**style))
    sheet.set_row(row, 20)
    return row + 1


def write_sentences(
    book: Book, sheet: Any, row: int, sentences: Sequence[str], *, widths: Sequence[int]
) -> int:
    """Write sentences below one another, each across all columns; return the row below them."""
    for sentence in sentences:
        style: dict[str, object] = {"text_wrap": True, "indent": 1}
        if len(widths) > 1:
            sheet.merge_range(row, 0, row, len(widths) - 1, "", book.style(**style))
        write_text(book, sheet, (row, 0), sentence, **style)
        sheet.set_row(row, row_height([sentence], [sum(widths)]))
        row += 1
    return row


def write_table(book: Book, sheet: Any, table: Table, *, top: int, widths: Sequence[int]) -> int:
    """Write a table with its headings and colours; return the row below it.

    Parameters
    ----------
    book, sheet
        Where to write.
    table
        What to write.
    top
        The first row.
    widths
        The widths of the sheet's columns.
    """
    if table.has_groups:
        _write_groups(book, sheet, table, top)
        top += 1
    for index, column in enumerate(table.columns):
        write_text(book, sheet, (top, index), column.header, **_header_style())
        sheet.set_column(index, index, widths[index])
    sheet.set_row(top, 32)
    kinds = [column.kind for column in table.columns]
    wrapped = [(i, kind, widths[i]) for i, kind in enumerate(kinds) if kind in _WRAPPED]
    for row, cells in enumerate(table.rows, top + 1):
        for index, (kind, cell) in enumerate(zip(kinds, cells, strict=True)):
            _write_cell(book, sheet, (row, index), kind, cell)
        lines = max((_lines(_text_in(cells[i], kind), w) for i, kind, w in wrapped), default=1)
        sheet.set_row(row, _height(lines))
    bottom = top + len(table.rows)
    if table.rows:
        # Empty cells are not written: in a large table they are a third of all.
        frame = book.workbook.add_format({"border": 1, "border_color": _LINE})
        area = (top + 1, 0, bottom, len(table.columns) - 1)
        sheet.conditional_format(*area, {"type": "blanks", "format": frame})
    for index, column in enumerate(table.columns):
        if column.kind == "verdict" and bottom > top:
            _colour_verdicts(book, sheet, (top + 1, index, bottom, index))
    return bottom + 1


def finish_table(sheet: Any, table: Table, *, top: int, frozen: int, widths: Sequence[int]) -> None:
    """Make a sheet's one table easy to work with: filters, and headings that stay in view.

    Parameters
    ----------
    sheet
        Where the table is.
    table
        The table.
    top
        The first row of its headings.
    frozen
        How many of its columns stay in view.
    widths
        The widths of its columns: on paper, those of a wide table stand on several pages.
    """
    header = top + int(table.has_groups)
    bottom = header + len(table.rows)
    sheet.freeze_panes(header + 1, frozen)
    sheet.autofilter(header, 0, max(bottom, header + 1), len(table.columns) - 1)
    sheet.repeat_rows(top, header)
    sheet.repeat_columns(0, frozen - 1)
    fit_width(sheet, widths)
    sheet.ignore_errors({"number_stored_as_text": f"A1:A{bottom + 1}"})


def fit_width(sheet: Any, widths: Sequence[int]) -> None:
    """Print a sheet's columns on as many pages side by side as they need to stay readable."""
    sheet.fit_to_pages(max(math.ceil(sum(widths) / _PAGE_WIDTH), 1), 0)


def column_widths(*tables: Table) -> tuple[int, ...]:
    """Return how wide each column must be for what the tables below one another hold."""
    count = max(len(table.columns) for table in tables)
    return tuple(
        max(_width(table, index) for table in tables if index < len(table.columns))
        for index in range(count)
    )


def row_height(texts: Sequence[str], widths: Sequence[int]) -> int:
    """Return the height in points at which all texts of a row can be read, broken into lines."""
    lines = max((_lines(text, width) for text, width in zip(texts, widths, strict=True)), default=1)
    return _height(lines)


def _height(lines: int) -> int:
    return min(_LINE_HEIGHT * lines + 4, _MAX_HEIGHT)


@lru_cache(maxsize=4096)
def display_width(text: str) -> float:
    """Return how many digits' width a text takes: a Chinese character is two wide."""
    return sum(map(_sign_width, text))


@lru_cache(maxsize=8192)
def _sign_width(sign: str) -> float:
    return 2.0 if unicodedata.east_asian_width(sign) in "WF" else 0.9


def _width(table: Table, index: int) -> int:
    column = table.columns[index]
    least, most = _WIDTHS[column.kind]
    needed = 0.0
    for row in table.rows:
        text = _text_in(row[index], column.kind)
        # No sign is wider than two digits: most texts need not be measured.
        if needed < most and 2 * len(text) > needed:
            needed = max(needed, display_width(text))
    # A heading may break over two lines.
    headed = math.ceil(display_width(column.header) / 2) + 4
    return min(max(math.ceil(needed) + 3, headed, least), most)


def _text_in(cell: Cell, kind: Kind) -> str:
    """Return as much of a cell's text as is shown; nothing for what is no text."""
    return cell[: _MOST_SIGNS.get(kind, _MAX_TEXT)] if isinstance(cell, str) else ""


def _lines(text: str, width: int) -> int:
    if 2 * len(text) <= width - 2 and "\n" not in text:
        return 1
    parts = text.splitlines() or [""]
    return sum(max(math.ceil(display_width(part) / (width - 2)), 1) for part in parts)


def _header_style(**more: object) -> dict[str, object]:
    style: dict[str, object] = {
        "bold": True,
        "bg_color": _DARK,
        "font_color": "#FFFFFF",
        "align": "center",
        "text_wrap": True,
        "border": 1,
        "border_color": _LINE,
    }
    return {**style, **more}


def _write_groups(book: Book, sheet: Any, table: Table, row: int) -> None:
    style = _header_style(bg_color=_LIGHT, font_color=_DARK)
    groups = [column.group for column in table.columns]
    start = 0
    for index in range(1, len(groups) + 1):
        if index < len(groups) and groups[index] and groups[index] == groups[start]:
            continue
        if index - start > 1:
            sheet.merge_range(row, start, row, index - 1, "", book.style(**style))
        if groups[start]:
            write_text(book, sheet, (row, start), groups[start], **style)
        start = index
    sheet.set_row(row, 24)


def _write_cell(book: Book, sheet: Any, at: tuple[int, int], kind: Kind, cell: Cell) -> None:
    if isinstance(cell, str) and cell:
        quoted = cell.startswith(_RISKY)
        shown = cut(xml_text(cell), book.texts, most=_MOST_SIGNS.get(kind, _MAX_TEXT))
        sheet.write_string(*at, shown, book.cell_style(kind, quoted=quoted))
    elif isinstance(cell, Share) and cell.verdict:
        _write_mark(book, sheet, at, cell)
    elif isinstance(cell, date):
        sheet.write_datetime(*at, cell, book.cell_style(kind, number=_NUMBERS["date"]))
    else:
        _write_number(book, sheet, at, kind, cell)


def _write_number(
    book: Book, sheet: Any, at: tuple[int, int], kind: Kind, cell: str | float | Share | None
) -> None:
    number = cell.value if isinstance(cell, Share) else cell
    if number is None or number == "" or number != number:  # noqa: PLR0124 - NaN is not itself
        return
    shown = _share_format(cell) if isinstance(cell, Share) else _NUMBERS.get(kind, "General")
    sheet.write_number(*at, number, book.cell_style(kind, number=shown))


def _write_mark(book: Book, sheet: Any, at: tuple[int, int], share: Share) -> None:
    """Write a share with its verdict as a sign and a colour; the verdict's word without a share."""
    if math.isnan(share.value):
        word = verdict_word(share.verdict, book.texts)
        sheet.write_string(*at, word, book.cell_style("mark", verdict=share.verdict))
        return
    mark = _MARKS.get(share.verdict, "")
    number = f'"{mark} "{_share_format(share)}' if mark else _share_format(share)
    style = book.cell_style("mark", number=number, verdict=share.verdict)
    sheet.write_number(*at, share.value, style)


def _cell_properties(kind: Kind, number: str, verdict: str, quoted: bool) -> dict[str, object]:
    style: dict[str, object] = {"border": 1, "border_color": _LINE}
    if kind in _WRAPPED:
        style |= {"text_wrap": True, "align": "left", "indent": 1}
    elif kind in ("verdict", "date", "mark"):
        style |= {"align": "center"}
    else:
        style |= {"align": "right", "indent": 1}
    if number:
        style["num_format"] = number
    if quoted:
        style["quote_prefix"] = True
    if verdict in _VERDICT_COLOURS:
        fill, ink = _VERDICT_COLOURS[verdict]
        style |= {"bg_color": fill, "font_color": ink}
    return style


@lru_cache(maxsize=65536)
def _share_format(share: Share) -> str:
    decimals = truthful_decimals(share.value, needed=share.needed, least=1, most=8)
    return f"0.{'0' * (decimals or 8)}%"


def _colour_verdicts(book: Book, sheet: Any, cells: tuple[int, int, int, int]) -> None:
    for verdict, (fill, ink) in _VERDICT_COLOURS.items():
        colours = book.workbook.add_format({"bg_color": fill, "font_color": ink})
        rule = {"type": "cell", "criteria": "==", "format": colours}
        sheet.conditional_format(
            *cells, {**rule, "value": f'"{verdict_word(verdict, book.texts)}"'}
        )
