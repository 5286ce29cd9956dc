"""The tables of the workbook's sheet of roll-ups: targets, rules, units."""

import math
from collections.abc import Iterator
from datetime import date

import pandas as pd

from circles.assessment import Assessment
from circles.explain import group_word, one_line, verdict_word
from circles.explain_rollup import counted_word, explain_rollup, target_word
from circles.reports.sheets import Book, Cell, Kind, Share, Table, named_column
from circles.reports.summary import VERDICTS, rule_coverage, verdict_counts
from circles.standards.model import AccessRule

_STRICT_COLUMNS: tuple[tuple[str, Kind], ...] = (
    ("strict_met", "count"),
    ("strict_conclusion", "verdict"),
)


def rollup_tables(book: Book, assessment: Assessment) -> dict[str, Table]:
    """Return the tables by the name of their heading; those of units only where there are units.

    Parameters
    ----------
    book
        The workbook, for its words.
    assessment
        The run.
    """
    tables = {
        "targets": _targets_table(assessment.rollups, book, assessment, told=False),
        "rules": _rules_table(book, assessment),
        "units": _units_table(book, assessment),
        "breakdown": _targets_table(assessment.breakdown, book, assessment, told=True),
    }
    return {name: t for name, t in tables.items() if t.rows or name in {"targets", "rules"}}


def whom(group: str, unit: str, book: Book, *, assumed: bool) -> str:
    """Return whom a coverage is counted over: the group, or what stands in for it."""
    if unit != "people":
        return book.texts(f"workbook.whom_{unit}")
    words = group_word(group, book.texts)
    return book.texts("workbook.stand_in", group=words) if assumed else words


def _units_table(book: Book, assessment: Assessment) -> Table:
    """Return the streets, districts and the city, each with each tier."""
    texts, standard = book.texts, assessment.standard
    columns = (
        named_column(book, "unit_level"),
        named_column(book, "unit"),
        named_column(book, "numerator", "count"),
        named_column(book, "denominator", "count"),
        named_column(book, "tier"),
        *((named_column(book, "strict_met", "count"),) if standard.judges_ranges else ()),
        named_column(book, "score", "decimal"),
        named_column(book, "scored", "count"),
        named_column(book, "weighted_by"),
    )
    rows: list[list[Cell]] = [
        [
            texts(f"words.unit_level_{row['level']}"),
            str(row["unit_name"]),
            row["met"],
            row["met"] + row["not_met"] + row["insufficient_data"],
            standard.tier(row["tier"]).name[texts.lang],
            *((row["strict_met"],) if standard.judges_ranges else ()),
            math.floor(row["score"] * 100 + 1e-9) / 100 if pd.notna(row["score"]) else None,
            row["scored"],
            texts(f"workbook.weighted_{row['weighted_by']}"),
        ]
        for row in assessment.unit_scores.to_dict("records")
    ]
    return Table(columns, rows)


def _targets_table(
    rollups: pd.DataFrame, book: Book, assessment: Assessment, *, told: bool
) -> Table:
    """Return targets and what was found; with a sentence on each, if `told`."""
    texts, standard = book.texts, assessment.standard
    columns = (
        named_column(book, "tier"),
        named_column(book, "setting"),
        named_column(book, "numerator", "count"),
        named_column(book, "denominator", "count"),
        named_column(book, "share_low", "share"),
        named_column(book, "share_high", "share"),
        named_column(book, "target", "share"),
        named_column(book, "conclusion", "verdict"),
        named_column(book, "missing_low", "count"),
        named_column(book, "missing_high", "count"),
        *(
            named_column(book, name, kind)
            for name, kind in (_STRICT_COLUMNS if standard.judges_ranges else ())
        ),
        named_column(book, "not_met", "count"),
        named_column(book, "insufficient", "count"),
        named_column(book, "not_applicable", "count"),
        named_column(book, "deadline", "date"),
        *((named_column(book, "in_words", "long"),) if told else ()),
    )
    rows: list[list[Cell]] = [
        [
            target_word(row, standard, texts),
            counted_word(row, texts),
            row["met"],
            row["denominator"],
            Share(row["share_low"], row["min_share"]),
            Share(row["share_high"], row["min_share"]),
            Share(row["min_share"], row["min_share"]),
            verdict_word(row, texts),
            row["missing_low"],
            row["missing_high"],
            *(
                (row["strict_met"], verdict_word(row["strict_verdict"], texts))
                if standard.judges_ranges
                else ()
            ),
            row["not_met"],
            row["insufficient"],
            row["not_applicable"],
            row["deadline"] if isinstance(row["deadline"], date) else None,
            *((explain_rollup(row, assessment, texts),) if told else ()),
        ]
        for row in rollups.to_dict("records")
    ]
    return Table(columns, rows)


def _rules_table(book: Book, assessment: Assessment) -> Table:
    columns = (
        named_column(book, "rule"),
        named_column(book, "whom"),
        named_column(book, "covered_low", "count"),
        named_column(book, "total", "count"),
        named_column(book, "coverage_low", "share"),
        named_column(book, "coverage_high", "share"),
        named_column(book, "counted", "count"),
        *(named_column(book, f"count_{verdict}", "count") for verdict in VERDICTS),
    )
    rows = [
        row
        for rule in assessment.standard.access_rules
        for row in _rule_rows(rule, book, assessment)
    ]
    return Table(columns, rows)


def _rule_rows(rule: AccessRule, book: Book, assessment: Assessment) -> Iterator[list[Cell]]:
    table, texts = assessment.verdicts, book.texts
    counts = verdict_counts(table.loc[table["rule_id"] == rule.id, "verdict"])
    name = one_line(rule.name[texts.lang])
    tail: list[Cell] = [counts[verdict] for verdict in VERDICTS]
    coverage = rule_coverage(rule.id, assessment)
    if not coverage:
        yield [name, texts("workbook.no_share"), None, None, None, None, 0, *tail]
    for entry in coverage:
        yield [
            name,
            whom(rule.group, entry["unit"], book, assumed=entry["group_assumed"]),
            entry["covered_low"],
            entry["total"],
            Share(entry["share_low"]),
            Share(entry["share_high"]),
            entry["communities"],
            *tail,
        ]
        # The counts of a rule stand once, beside its first line.
        tail = [None] * len(VERDICTS)
