"""The tables of the workbook's sheet of other rules: presence, ratios, sizes and inventories."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

from circles.assessment import Assessment
from circles.explain import one_line, service_word, verdict_word
from circles.explain_finding import (
    asked_words,
    denominator_word,
    finding_words,
    reason_words,
    value_words,
    worst_findings,
)
from circles.reports.basis import basis_numbers
from circles.reports.sheets import Book, Cell, Table, named_column
from circles.standards.model import CapacityRule
from circles.texts import Texts


def other_tables(book: Book, assessment: Assessment) -> dict[str, Table]:
    """Return the tables by the name of their heading: findings, and facilities out of all reach.

    Parameters
    ----------
    book
        The workbook, for its words.
    assessment
        The run.
    """
    tables = {
        "others": _findings_table(book, assessment),
        "unreached": _unreached_table(book, assessment),
    }
    return {name: table for name, table in tables.items() if table.rows}


def _findings_table(book: Book, assessment: Assessment) -> Table:
    columns = (
        named_column(book, "rule"),
        named_column(book, "unit_level"),
        named_column(book, "unit"),
        named_column(book, "id"),
        named_column(book, "verdict", "verdict"),
        named_column(book, "finding", "long"),
        named_column(book, "against"),
        named_column(book, "value"),
        named_column(book, "required"),
        named_column(book, "amount", "decimal"),
        named_column(book, "divisor", "decimal"),
        named_column(book, "short", "decimal"),
        named_column(book, "reason"),
        named_column(book, "basis"),
        named_column(book, "deadline", "date"),
    )
    rows = worst_findings(assessment.findings).to_dict("records")
    return Table(columns, [_finding(row, assessment, book.texts) for row in rows])


def _finding(row: Mapping[Hashable, Any], assessment: Assessment, texts: Texts) -> list[Cell]:
    standard = assessment.standard
    rule = standard.rule(str(row["rule_id"]))
    return [
        one_line(rule.name[texts.lang]),
        texts(f"workbook.level_{row['level']}"),
        one_line(str(row["unit_name"])) or texts("words.no_unit"),
        str(row["unit_id"]),
        verdict_word(row, texts),
        finding_words(row, standard, texts),
        _against(row, texts) if isinstance(rule, CapacityRule) else "",
        value_words(row, standard, texts),
        asked_words(row, standard, texts),
        _known(row["numerator"]),
        _known(row["denominator"]),
        _known(row["shortfall"]),
        reason_words(row, texts),
        basis_numbers(rule, standard, texts),
        rule.deadline,
    ]


def _against(row: Mapping[Hashable, Any], texts: Texts) -> str:
    """Return whom a ratio is counted against."""
    if row["measure"] == "catchment":
        return texts("workbook.within_reach")
    return denominator_word(str(row["measure"]), texts)


def _unreached_table(book: Book, assessment: Assessment) -> Table:
    columns = (
        named_column(book, "rule"),
        named_column(book, "facility"),
        named_column(book, "id"),
        named_column(book, "service"),
        named_column(book, "capacity", "decimal"),
        named_column(book, "why_unreached"),
    )
    texts = book.texts
    rows: list[list[Cell]] = [
        [
            one_line(assessment.standard.rule(row["rule_id"]).name[texts.lang]),
            one_line(str(row["name"])),
            str(row["facility_id"]),
            service_word(str(row["service"]), texts),
            _known(row["capacity"]),
            texts("workbook.unreached_" + ("off_network" if row["off_network"] else "nobody")),
        ]
        for row in assessment.unreached.to_dict("records")
    ]
    return Table(columns, rows)


def _known(value: float) -> float | None:
    """Return a number that a cell can hold; rounded, so that sums of floats look like sums."""
    return round(float(value), 6) if math.isfinite(value) else None
