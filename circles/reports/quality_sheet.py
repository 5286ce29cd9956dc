"""The workbook's sheet on the inputs: what became of each layer's rows, and why."""

from collections.abc import Iterator

from circles.check.model import CheckReport
from circles.check.rows import counts_of, reasons_of
from circles.check.words import clean, fate_word, role_word, rows_word, say, verdict
from circles.reports.sheets import (
    Book,
    Cell,
    Column,
    Kind,
    Table,
    add_sheet,
    column_widths,
    write_heading,
    write_table,
)

#: So many different sentences of one reason, and runs of rows in each; check.html has them all.
_CASES = 20
_SPANS = 40
_LAYERS: tuple[tuple[str, Kind], ...] = (
    ("layer", "text"),
    ("source", "text"),
    ("read", "count"),
    ("used", "count"),
    ("repaired", "count"),
    ("doubtful", "count"),
    ("set_aside", "count"),
)
_REASONS: tuple[tuple[str, Kind], ...] = (
    ("layer", "text"),
    ("source", "text"),
    ("fate", "text"),
    ("count", "count"),
    ("row_numbers", "text"),
    ("reason", "long"),
)


def write_quality(book: Book, check: CheckReport, *, label: str) -> None:
    """Write the sheet on the quality of the inputs.

    Parameters
    ----------
    book
        The workbook.
    check
        What was found before anything was scored.
    label
        The label of invented data; nothing if empty.
    """
    texts = book.texts
    lines = [texts("check.title", name=clean(check.name)), verdict(check, texts)]
    lines.append(texts("check.about"))
    sheet, row = add_sheet(book, texts("check.sheet"), lines, label=label)
    tables = {
        "layers": Table(_columns(book, _LAYERS), list(_layer_rows(book, check))),
        "rows": Table(_columns(book, _REASONS), list(_reason_rows(book, check))),
    }
    widths = column_widths(*tables.values())
    for name, table in tables.items():
        heading = texts(f"check.heading_{name}")
        row = write_heading(book, sheet, row, heading, columns=len(widths))
        row = write_table(book, sheet, table, top=row, widths=widths) + 1


def _columns(book: Book, names: tuple[tuple[str, Kind], ...]) -> tuple[Column, ...]:
    return tuple(Column(book.texts(f"check.{name}"), kind) for name, kind in names)


def _layer_rows(book: Book, check: CheckReport) -> Iterator[list[Cell]]:
    for layer in check.layers:
        counts = counts_of(layer.ledger)
        yield [
            role_word(layer.role, book.texts),
            clean(layer.ledger.source),
            *vars(counts).values(),
        ]


def _reason_rows(book: Book, check: CheckReport) -> Iterator[list[Cell]]:
    texts = book.texts
    for layer in check.layers:
        where = [role_word(layer.role, texts), clean(layer.ledger.source)]
        for reason in reasons_of(layer.ledger):
            fate = fate_word(reason.fate.value, texts)
            for case in reason.cases[:_CASES]:
                rows = rows_word(case.rows, texts, most=_SPANS)
                yield [*where, fate, len(case.rows), rows, say(case.note, texts)]
            left = sorted({row for case in reason.cases[_CASES:] for row in case.rows})
            if left:
                rows = rows_word(left, texts, most=_SPANS)
                yield [*where, fate, len(left), rows, texts("check.in_json")]
