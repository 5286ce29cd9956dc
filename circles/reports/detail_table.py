"""The workbook's table of details: every verdict, its figures and the sentence that tells it."""

import math
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from circles.assessment import Assessment
from circles.explain import cost_word, explain_finding, limit_word, one_line, verdict_word
from circles.explain_finding import community_verdicts
from circles.reports.basis import basis_numbers
from circles.reports.rollup_tables import whom
from circles.reports.sheets import Book, Cell, Kind, Share, Table, named_column
from circles.reports.shortfalls import short_name
from circles.standards.model import AccessRule

Row = Mapping[Hashable, Any]

_COLUMNS: tuple[tuple[str, Kind], ...] = (
    ("id", "text"),
    ("community", "text"),
    ("rule", "text"),
    ("verdict", "verdict"),
    ("finding", "long"),
    ("whom", "text"),
    ("limit", "text"),
    ("needed", "share"),
    ("coverage_low", "share"),
    ("coverage_high", "share"),
    ("total", "count"),
    ("covered_low", "count"),
    ("covered_high", "count"),
    ("shortfall", "count"),
    ("out_of_reach", "count"),
    ("cost", "text"),
    ("p90_cost", "text"),
    ("worst_cost", "text"),
    ("beyond_cost", "text"),
    ("nearest", "text"),
    ("nearest_cost", "text"),
    ("reason", "text"),
    ("basis", "text"),
)
_STRICT: tuple[tuple[str, Kind], ...] = (
    ("strict_limit", "text"),
    ("strict_share", "share"),
    ("strict_verdict", "verdict"),
)
_OPEN: tuple[tuple[str, Kind], ...] = (
    ("open_until", "text"),
    ("open_share_low", "share"),
    ("open_share_high", "share"),
    ("open_known", "count"),
    ("open_unknown", "count"),
)


@dataclass(frozen=True)
class _Told:
    """A rule in the words that stand in each of its rows."""

    rule: AccessRule
    name: str
    basis: str


def detail_table(book: Book, assessment: Assessment) -> Table:
    """Return one row a community and rule of access, the worst of a community first.

    There are columns of stricter limits and of opening hours where a rule has such.

    Parameters
    ----------
    book
        The workbook, for its words.
    assessment
        The run.
    """
    standard, rules = assessment.standard, assessment.standard.access_rules
    ranged = any(rule.has_range for rule in rules)
    opened = any(rule.open_until for rule in rules)
    kinds = (*_COLUMNS, *(_STRICT if ranged else ()), *(_OPEN if opened else ()))
    told = {
        rule.id: _Told(
            rule, one_line(rule.name[book.texts.lang]), basis_numbers(rule, standard, book.texts)
        )
        for rule in rules
    }
    rows = [
        [
            *_detail(row, name, told[str(row["rule_id"])], book),
            *(_strict_cells(row, told[str(row["rule_id"])].rule, book) if ranged else ()),
            *(_open_cells(row, told[str(row["rule_id"])].rule) if opened else ()),
        ]
        for name, row in _rows(assessment)
    ]
    return Table(tuple(named_column(book, name, kind) for name, kind in kinds), rows)


def _rows(assessment: Assessment) -> Iterator[tuple[str, Row]]:
    """Return the communities' names and verdicts."""
    own = community_verdicts(assessment.verdicts)
    for key, name in assessment.communities["name"].items():
        for row in own.get(str(key), ()):
            yield _text(name), short_name(row)


def _detail(row: Row, name: str, told: _Told, book: Book) -> list[Cell]:
    texts, rule = book.texts, told.rule
    needed, provable, out = row["min_share"], row["provable_cost"], row["out_of_reach"]
    measured = not math.isnan(row["share_low"])

    def cost(column: str, *, known: bool) -> str:
        return cost_word(row[column], rule.kind, texts, provable=provable) if known else ""

    return [
        str(row["community_id"]),
        name,
        told.name,
        verdict_word(row, texts),
        explain_finding(row, rule, texts),
        whom(row["group"], row["unit"], book, assumed=row["group_assumed"]),
        limit_word(row["limit"], rule.kind, texts) if not math.isnan(row["limit"]) else "",
        None if math.isnan(needed) else Share(needed, needed),
        _share(row, "share_low"),
        _share(row, "share_high"),
        row["total"],
        row["covered_low"],
        row["covered_high"],
        _up(row["shortfall"]),
        out if measured else None,
        cost("median_cost", known=measured),
        cost("p90_cost", known=measured),
        cost("worst_cost", known=measured and not math.isnan(row["worst_cost"])),
        cost("beyond_median_cost", known=measured and out > 0),
        _text(row["nearest_facility"]),
        cost("nearest_cost", known=not math.isnan(row["nearest_cost"])),
        texts(f"reasons.{row['reason']}"),
        told.basis,
    ]


def _strict_cells(row: Row, rule: AccessRule, book: Book) -> list[Cell]:
    if not row["strict_limit"] < row["limit"]:
        return [None] * len(_STRICT)
    limit = limit_word(row["strict_limit"], rule.kind, book.texts)
    verdict = verdict_word({"verdict": row["strict_verdict"]}, book.texts)
    return [limit, _share(row, "strict_share_low"), verdict]


def _open_cells(row: Row, rule: AccessRule) -> list[Cell]:
    if rule.open_until is None:
        return [None] * len(_OPEN)
    shares = [_share(row, f"open_share_{end}") for end in ("low", "high")]
    return [rule.open_until, *shares, row["open_known"], row["open_unknown"]]


def _share(row: Row, name: str) -> Share:
    """Return a share, with the one that it must reach if there is such."""
    needed = row["min_share"]
    return Share(row[name]) if pd.isna(needed) else Share(row[name], needed)


def _up(value: float) -> float | None:
    """Round up, so that what is missing never looks smaller than it is."""
    return float(math.ceil(value - 1e-9)) if math.isfinite(value) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
