"""The workbook's tables of communities: their circles, and each service in each of them."""

import math
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from circles.assessment import Assessment
from circles.explain import one_line, verdict_word
from circles.reports.sheets import Book, Cell, Column, Kind, Share, Table, named_column
from circles.standards.model import AccessRule, Tier

Row = Mapping[Hashable, Any]

_FIGURES = (
    *("community_id", "rule_id", "min_share", "verdict", "share_low"),
    *("strict_verdict", "strict_share_low"),
)


def community_table(book: Book, assessment: Assessment) -> Table:
    """Return one row a community: where it is, who lives there, its circles and its gaps.

    Parameters
    ----------
    book
        The workbook, for its words.
    assessment
        The run.
    """
    texts, standard = book.texts, assessment.standard
    results = texts("workbook.group_results")
    columns = (
        named_column(book, "id"),
        named_column(book, "community"),
        *(named_column(book, name) for name in _place_columns(assessment)),
        *(named_column(book, name, "count") for name in ("population", "households")),
        named_column(book, "demand_source"),
        *(column for tier in standard.tiers for column in _tier_columns(tier, book, assessment)),
        named_column(book, "gap_count", "count", results),
        named_column(book, "gaps", "text", results),
    )
    return Table(columns, list(_community_rows(book, assessment)))


def service_table(book: Book, assessment: Assessment) -> Table:
    """Return one row a community and one column a rule: the share, marked by its verdict.

    Where a rule's limit is a range, a second column holds the share within the stricter limit.

    Parameters
    ----------
    book
        The workbook, for its words.
    assessment
        The run.
    """
    lang, rules = book.texts.lang, assessment.standard.access_rules
    columns = [
        named_column(book, "id"),
        named_column(book, "community"),
        named_column(book, "street"),
    ]
    for rule in rules:
        name = one_line(rule.name[lang])
        columns.append(Column(name, "mark"))
        if rule.has_range:
            columns.append(Column(book.texts("workbook.strictly", rule=name), "mark"))
    ranges = [rule.has_range for rule in rules]
    own = _by_community(assessment)
    rows: list[list[Cell]] = [
        [
            str(key),
            _text(name),
            _text(street),
            *(
                cell
                for rule, ranged in zip(rules, ranges, strict=True)
                for cell in _rule_cells(own.get(str(key), {}).get(rule.id), ranged=ranged)
            ),
        ]
        for key, name, street in zip(
            assessment.communities.index,
            assessment.communities["name"],
            assessment.communities["street"],
            strict=True,
        )
    ]
    return Table(tuple(columns), rows)


def _by_community(assessment: Assessment) -> dict[str, dict[str, Row]]:
    """Return the verdicts by community and rule."""
    own: dict[str, dict[str, Row]] = {}
    for row in assessment.verdicts[list(_FIGURES)].to_dict("records"):
        own.setdefault(str(row["community_id"]), {})[str(row["rule_id"])] = row
    return own


def _rule_cells(row: Row | None, *, ranged: bool) -> list[Cell]:
    if row is None:
        return [None] * (2 if ranged else 1)
    return [_marked(row, prefix) for prefix in (("", "strict_") if ranged else ("",))]


def _marked(row: Row, prefix: str) -> Share:
    """Return a share with its verdict; where there is no verdict, the coverage is only told."""
    needed, verdict = row["min_share"], row[f"{prefix}verdict"]
    return Share(
        row[f"{prefix}share_low"],
        1.0 if pd.isna(needed) else needed,
        verdict if isinstance(verdict, str) else "",
    )


def _place_columns(assessment: Assessment) -> tuple[str, ...]:
    """Return the columns that say where a community belongs; its zone where any is known."""
    zone = ("zone",) if assessment.communities["zone"].notna().any() else ()
    return ("setting", *zone, "street", "district")


def _tier_columns(tier: Tier, book: Book, assessment: Assessment) -> Iterator[Column]:
    """Return a tier's columns: verdict, also by stricter limits if it has such, k of n, score."""
    name, results = one_line(tier.name[book.texts.lang]), book.texts("workbook.group_results")
    shown: list[tuple[str, Kind]] = [("verdict", "verdict")]
    shown += [("strict_verdict", "verdict")] if _differs(tier, assessment) else []
    shown += [("met", "text"), ("score", "decimal")]
    for figure, kind in shown:
        yield Column(book.texts(f"layers.tier_{figure}", tier=name), kind, results)


def _tier_cells(row: Row, book: Book, *, differs: bool) -> list[Cell]:
    strict = [verdict_word(row["strict_verdict"], book.texts)] if differs else []
    counts: Cell = book.texts("workbook.k_of_n", met=row["met"], applied=row["applied"])
    applies = row["verdict"] != "not_applicable"
    score: Cell = math.floor(row["score"] * 100 + 1e-9) / 100 if pd.notna(row["score"]) else None
    return [verdict_word(row, book.texts), *strict, counts if applies else "", score]


def _differs(tier: Tier, assessment: Assessment) -> bool:
    """Tell whether a tier has a rule with a range of limits, so that both ends are shown."""
    rules = assessment.standard.tier_rules(tier.id)
    return any(isinstance(rule, AccessRule) and rule.has_range for rule in rules)


def _community_rows(book: Book, assessment: Assessment) -> Iterator[list[Cell]]:
    texts, standard = book.texts, assessment.standard
    names = {rule.id: one_line(rule.name[texts.lang]) for rule in standard.access_rules}
    verdicts = _by_community(assessment)
    tiers = {(row["community_id"], row["tier"]): row for row in assessment.tiers.to_dict("records")}
    differs = {tier.id: _differs(tier, assessment) for tier in standard.tiers}
    zoned = "zone" in _place_columns(assessment)
    table = pd.DataFrame(assessment.communities.drop(columns="geometry"))
    for key, community in zip(table.index, table.to_dict("records"), strict=True):
        own = verdicts.get(str(key), {})
        gaps = [
            names[rule.id]
            for rule in standard.access_rules
            if rule.id in own and own[rule.id]["verdict"] == "not_met"
        ]
        zone = _text(community["zone"])
        yield [
            str(key),
            _text(community["name"]),
            texts(f"words.setting_one_{community['setting']}"),
            *([texts(f"words.zone_{zone}") if zone else ""] if zoned else []),
            _text(community["street"]),
            _text(community["district"]),
            community["population"],
            community["households"],
            texts(f"words.demand_source_{community['demand_source']}"),
            *(
                cell
                for tier in standard.tiers
                for cell in _tier_cells(tiers[key, tier.id], book, differs=differs[tier.id])
            ),
            len(gaps) if assessment.walked else None,
            texts("workbook.comma").join(gaps),
        ]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
