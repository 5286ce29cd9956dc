"""The workbook: an overview, communities, services, gaps, every verdict, and the method."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any

from circles.assessment import Assessment
from circles.check.model import CheckReport
from circles.explain import one_line
from circles.explain_rollup import explain_rollup
from circles.reports.community_tables import community_table, service_table
from circles.reports.detail_table import detail_table
from circles.reports.facility_table import facility_table
from circles.reports.gap_table import gap_table
from circles.reports.method import write_assumptions, write_method
from circles.reports.other_tables import other_tables
from circles.reports.overview import overview_facts
from circles.reports.quality_sheet import write_quality
from circles.reports.rollup_tables import rollup_tables
from circles.reports.safe_text import cut, xml_text
from circles.reports.sheets import (
    Book,
    Table,
    add_sheet,
    column_widths,
    finish_table,
    fit_width,
    write_heading,
    write_sentences,
    write_table,
    write_text,
)
from circles.texts import load_texts

_NO_DATE = date(1980, 1, 1)
_LONGEST_NAME = 100
"""Excel shows no longer title of a file."""
_OVERVIEW = ("targets", "rules")
"""The tables of the first sheet; the other roll-ups have one of their own."""


def write_workbook(
    assessment: Assessment, path: Path, *, lang: str, check: CheckReport | None = None
) -> None:
    """Write the workbook; the same assessment gives the same bytes.

    Parameters
    ----------
    assessment
        The run.
    path
        The file to write, ``.xlsx``.
    lang
        ``"zh"`` or ``"en"``.
    check
        What was found of the inputs; a sheet says what became of their rows.

    Raises
    ------
    InputError
        There are no texts in that language.
    """
    import xlsxwriter

    texts = load_texts(lang)
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
        book = Book(workbook, texts)
        workbook.set_properties(_properties(book, assessment))
        label = _label(book, assessment)
        rollups = rollup_tables(book, assessment)
        _write_overview(book, assessment, {name: rollups[name] for name in _OVERVIEW})
        write_assumptions(book, assessment, label=label)
        _write_one(book, assessment, "communities", community_table(book, assessment), frozen=2)
        _write_one(book, assessment, "services", service_table(book, assessment), frozen=2)
        _write_one(book, assessment, "gaps", gap_table(book, assessment), frozen=4)
        _write_one(book, assessment, "facilities", facility_table(book, assessment), frozen=2)
        below = {name: table for name, table in rollups.items() if name not in _OVERVIEW}
        _write_several(book, assessment, "rollups", below)
        _write_several(book, assessment, "others", other_tables(book, assessment))
        _write_one(book, assessment, "details", detail_table(book, assessment), frozen=3)
        if check is not None:
            write_quality(book, check, label=label)
        write_method(book, assessment, label=label)
    path.write_bytes(content.getvalue())


def _properties(book: Book, assessment: Assessment) -> dict[str, Any]:
    created = datetime.combine(assessment.as_of or _NO_DATE, time(), UTC)
    return {
        "title": _title(book, assessment),
        "subject": one_line(assessment.standard.name[book.texts.lang]),
        "comments": _label(book, assessment),
        "created": created.replace(tzinfo=None),
    }


def _title(book: Book, assessment: Assessment) -> str:
    name = cut(xml_text(one_line(assessment.name)), book.texts, most=_LONGEST_NAME)
    standard = one_line(assessment.standard.name[book.texts.lang])
    return book.texts("workbook.title", name=name, standard=standard)


def _label(book: Book, assessment: Assessment) -> str:
    return book.texts("words.fictional") if assessment.fictional else ""


def _sheet(book: Book, assessment: Assessment, name: str, *more: str) -> tuple[Any, int]:
    as_of = assessment.as_of
    lines = [
        _title(book, assessment),
        book.texts(f"workbook.about_{name}"),
        *([book.texts("workbook.as_of", date=as_of.isoformat())] if as_of else []),
        *([] if assessment.walked else [book.texts("no_network.notice")]),
        *more,
    ]
    label = _label(book, assessment)
    return add_sheet(book, book.texts(f"workbook.sheet_{name}"), lines, label=label)


def _write_overview(book: Book, assessment: Assessment, tables: dict[str, Table]) -> None:
    """Write what is asked first: of what, how far the targets are met, each service, and where."""
    sheet, row = _sheet(book, assessment, "overview")
    widths = column_widths(*tables.values())
    for label, text in overview_facts(assessment, book.texts):
        write_text(book, sheet, (row, 0), label, bold=True, indent=1)
        write_text(book, sheet, (row, 1), text)
        row += 1
    row = _write_stacked(book, sheet, row + 1, tables, widths)
    told = [
        explain_rollup(line, assessment, book.texts)
        for line in assessment.rollups.to_dict("records")
    ]
    heading = book.texts("workbook.heading_told")
    row = write_heading(book, sheet, row, heading, columns=len(widths))
    write_sentences(book, sheet, row, told or [book.texts("workbook.none")], widths=widths)


def _write_one(book: Book, assessment: Assessment, name: str, table: Table, *, frozen: int) -> None:
    """Write a sheet of one table, with filters; one without rows says so."""
    empty = [] if table.rows else [book.texts(_empty_key(name, assessment))]
    sheet, top = _sheet(book, assessment, name, *empty)
    widths = column_widths(table)
    write_table(book, sheet, table, top=top, widths=widths)
    finish_table(sheet, table, top=top, frozen=frozen, widths=widths)


def _empty_key(name: str, assessment: Assessment) -> str:
    if name == "gaps":
        return "workbook.no_gaps" if assessment.walked else "workbook.gaps_unknown"
    return "workbook.no_rows"


def _write_several(book: Book, assessment: Assessment, name: str, tables: dict[str, Table]) -> None:
    """Write a sheet of tables below one another; no sheet if there are none."""
    if not tables:
        return
    sheet, row = _sheet(book, assessment, name)
    _write_stacked(book, sheet, row, tables, column_widths(*tables.values()))


def _write_stacked(
    book: Book, sheet: Any, row: int, tables: dict[str, Table], widths: Sequence[int]
) -> int:
    for name, table in tables.items():
        heading = book.texts(f"workbook.heading_{name}")
        row = write_heading(book, sheet, row, heading, columns=len(widths))
        row = write_table(book, sheet, table, top=row, widths=widths) + 1
    fit_width(sheet, widths)
    return row
