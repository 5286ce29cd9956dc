"""A comparison as a workbook: a sheet of figures to filter and sort, and one for each table."""

import math
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Final

from circles.check.words import clean
from circles.comparing.model import Comparison, records
from circles.comparing.views import View, views
from circles.comparing.words import (
    about,
    headline,
    remarks,
    rule_word,
    title,
    tolerance_line,
    why,
)
from circles.explain import number, verdict_word
from circles.reports.sheets import (
    Book,
    Cell,
    Column,
    Kind,
    Table,
    add_sheet,
    column_widths,
    finish_table,
    write_table,
)
from circles.texts import Texts, load_texts

_CREATED: Final = datetime(1980, 1, 1)
#: Figures of the first sheet, each with its kind: before and now.
_FIGURES: Final[Sequence[tuple[str, str, Kind]]] = (
    ("verdict", "verdict", "text"),
    ("share_low", "share", "share"),
    ("covered", "covered", "count"),
    ("total", "total", "count"),
    ("shortfall", "short", "count"),
    ("median", "minutes", "decimal"),
)


def comparison_workbook(comparison: Comparison, *, lang: str = "zh") -> bytes:
    """Return a comparison as an XLSX file; the same comparison gives the same bytes.

    Parameters
    ----------
    comparison
        What `circles.compare` returns.
    lang
        ``"zh"`` or ``"en"``.

    Raises
    ------
    InputError
        There are no texts in that language.
    """
    import xlsxwriter

    texts, content = load_texts(lang), BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
        workbook.set_properties({"created": _CREATED})
        book = Book(workbook, texts)
        lines = [
            title(comparison, texts),
            headline(comparison, texts),
            about(comparison, texts),
            *remarks(comparison, texts),
            tolerance_line(texts),
        ]
        _write(book, texts("comparing.sheet_figures"), lines, _figures(comparison, texts))
        for view in views(comparison, texts):
            heading = texts(f"comparing.heading_{view.name}")
            _write(book, texts(f"comparing.sheet_{view.name}"), [heading], _table(view, texts))
    return content.getvalue()


def _write(book: Book, name: str, lines: Sequence[str], table: Table) -> None:
    sheet, top = add_sheet(book, name, lines)
    widths = column_widths(table)
    write_table(book, sheet, table, top=top, widths=widths)
    finish_table(sheet, table, top=top, frozen=1, widths=widths)


def _table(view: View, texts: Texts) -> Table:
    columns = tuple(
        Column(texts(f"comparing.{name}"), "long" if name == "why" else "text")
        for name in view.columns
    )
    return Table(columns, [line.cells for line in view.lines])


def _figures(comparison: Comparison, texts: Texts) -> Table:
    """Return the verdicts that differ with a column for each figure before, and one for it now."""
    named = ("district", "id", "community", "service", "change")
    ends = [(name, end) for _, name, _ in _FIGURES for end in ("old", "new")]
    kinds = [kind for _, _, kind in _FIGURES for _ in ("old", "new")]
    columns = (
        *(Column(texts(f"comparing.{name}")) for name in named),
        *(
            Column(texts(f"comparing.{end}"), kind, texts(f"comparing.{name}"))
            for (name, end), kind in zip(ends, kinds, strict=True)
        ),
        Column(texts("comparing.why"), "long"),
    )
    rows: list[list[Cell]] = []
    for row in records(comparison.verdicts):
        cells: list[Cell] = [
            clean(str(row["district"])),
            clean(str(row["community_id"])),
            clean(str(row["name"])),
            rule_word(str(row["rule_id"]), comparison, texts),
            texts(f"comparing.{row['direction']}"),
        ]
        for name, _, kind in _FIGURES:
            for end in ("old", "new"):
                value = row[f"{name}_{end}"]
                word = kind == "text"
                cells.append(verdict_word({"verdict": value}, texts) if word else _number(value))
        rows.append([*cells, why(row, texts)])
    return Table(columns, rows)


def _number(value: object) -> float | None:
    figure = number(value)
    return None if math.isnan(figure) else figure
