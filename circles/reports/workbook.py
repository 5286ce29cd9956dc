"""The workbook: communities, roll-ups, every verdict with its reason, and the method."""

import math
from collections.abc import Hashable, Iterator
from datetime import UTC, date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from circles.assessment import Assessment
from circles.explain import (
    cost_word,
    explain_basis,
    explain_finding,
    explain_rollup,
    group_word,
    limit_word,
    one_line,
    verdict_word,
    worst_first,
)
from circles.reports.method import write_method
from circles.reports.sheets import (
    Book,
    Cell,
    Column,
    Kind,
    Share,
    Table,
    add_sheet,
    column_widths,
    finish_table,
    write_heading,
    write_table,
)
from circles.reports.summary import VERDICTS, rule_coverage, verdict_counts
from circles.standards.model import Rule
from circles.texts import load_texts

_NO_DATE = date(1980, 1, 1)
_A3 = 8
_RULE_COLUMNS: tuple[tuple[str, Kind], ...] = (("share", "share"), ("verdict", "verdict"))
_DETAIL_COLUMNS: tuple[tuple[str, Kind], ...] = (
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
    ("beyond_cost", "text"),
    ("nearest", "text"),
    ("reason", "text"),
    ("basis", "long"),
)


def write_workbook(assessment: Assessment, path: Path, *, lang: str) -> None:
    """Write the workbook; the same assessment gives the same bytes.

    Parameters
    ----------
    assessment
        The run.
    path
        The file to write, ``.xlsx``.
    lang
        ``"zh"`` or ``"en"``.

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
        _write_communities(book, assessment)
        _write_rollups(book, assessment)
        _write_details(book, assessment)
        write_method(book, assessment, label=_label(book, assessment))
    path.write_bytes(content.getvalue())


def _properties(book: Book, assessment: Assessment) -> dict[str, Any]:
    created = datetime.combine(assessment.as_of or _NO_DATE, time(), UTC)
    return {
        "title": _title(book, assessment),
        "comments": _label(book, assessment),
        "created": created.replace(tzinfo=None),
    }


def _title(book: Book, assessment: Assessment) -> str:
    standard = assessment.standard.name[book.texts.lang]
    return book.texts("workbook.title", name=one_line(assessment.name), standard=standard)


def _label(book: Book, assessment: Assessment) -> str:
    return book.texts("words.fictional") if assessment.fictional else ""


def _sheet(book: Book, assessment: Assessment, name: str) -> tuple[Any, int]:
    as_of = assessment.as_of
    lines = [
        _title(book, assessment),
        book.texts(f"workbook.about_{name}"),
        *([book.texts("workbook.as_of", date=as_of.isoformat())] if as_of else []),
    ]
    label = _label(book, assessment)
    return add_sheet(book, book.texts(f"workbook.sheet_{name}"), lines, label=label)


def _column(book: Book, name: str, kind: Kind = "text", group: str = "") -> Column:
    return Column(book.texts(f"workbook.{name}"), kind, group)


def _write_communities(book: Book, assessment: Assessment) -> None:
    sheet, top = _sheet(book, assessment, "communities")
    table = _communities_table(book, assessment)
    write_table(book, sheet, table, top=top, widths=column_widths(table))
    finish_table(sheet, table, top=top, frozen=2)
    sheet.set_paper(_A3)


def _communities_table(book: Book, assessment: Assessment) -> Table:
    texts, standard = book.texts, assessment.standard
    results = texts("workbook.group_results")
    columns = (
        _column(book, "id"),
        _column(book, "community"),
        *(_column(book, name) for name in ("setting", "street", "district")),
        *(_column(book, name, "count") for name in ("population", "households")),
        _column(book, "demand_source"),
        *(Column(tier.name[texts.lang], "verdict", results) for tier in standard.tiers),
        _column(book, "gaps", "text", results),
        *(
            _column(book, name, kind, one_line(rule.name[texts.lang]))
            for rule in standard.rules
            for name, kind in _RULE_COLUMNS
        ),
    )
    return Table(columns, list(_community_rows(book, assessment)))


def _community_rows(book: Book, assessment: Assessment) -> Iterator[list[Cell]]:
    texts, standard = book.texts, assessment.standard
    verdicts = {
        (row["community_id"], row["rule_id"]): row for row in assessment.verdicts.to_dict("records")
    }
    tiers = {(row["community_id"], row["tier"]): row for row in assessment.tiers.to_dict("records")}
    for key, community in assessment.communities.iterrows():
        own = [verdicts.get((key, rule.id)) for rule in standard.rules]
        gaps = [
            standard.rule(row["rule_id"]).name[texts.lang]
            for row in own
            if row and row["verdict"] == "not_met"
        ]
        yield [
            str(key),
            _text(community["name"]),
            texts(f"words.setting_one_{community['setting']}"),
            _text(community["street"]),
            _text(community["district"]),
            community["population"],
            community["households"],
            texts(f"words.demand_source_{community['demand_source']}"),
            *(
                verdict_word(tiers[key, tier.id], texts) if (key, tier.id) in tiers else None
                for tier in standard.tiers
            ),
            one_line(texts("workbook.comma").join(gaps)),
            *(cell for row in own for cell in _rule_cells(row, book)),
        ]


def _rule_cells(row: dict[Hashable, Any] | None, book: Book) -> tuple[Cell, Cell]:
    if row is None:
        return None, None
    return Share(row["share_low"], row["min_share"]), verdict_word(row, book.texts)


def _write_rollups(book: Book, assessment: Assessment) -> None:
    sheet, row = _sheet(book, assessment, "rollups")
    targets, rules = _targets_table(book, assessment), _rules_table(book, assessment)
    widths = column_widths(targets, rules)
    for name, table in (("targets", targets), ("rules", rules)):
        heading = book.texts(f"workbook.heading_{name}")
        row = write_heading(book, sheet, row, heading, columns=len(widths))
        row = write_table(book, sheet, table, top=row, widths=widths) + 1


def _targets_table(book: Book, assessment: Assessment) -> Table:
    texts, standard = book.texts, assessment.standard
    columns = (
        _column(book, "tier"),
        _column(book, "setting"),
        _column(book, "numerator", "count"),
        _column(book, "denominator", "count"),
        _column(book, "share_low", "share"),
        _column(book, "share_high", "share"),
        _column(book, "target", "share"),
        _column(book, "conclusion", "verdict"),
        _column(book, "not_met", "count"),
        _column(book, "insufficient", "count"),
        _column(book, "not_applicable", "count"),
        _column(book, "deadline", "date"),
        _column(book, "in_words", "long"),
    )
    rows: list[list[Cell]] = [
        [
            standard.tier(row["tier"]).name[texts.lang],
            texts(f"words.setting_{row['setting']}"),
            row["met"],
            row["denominator"],
            Share(row["share_low"], row["min_share"]),
            Share(row["share_high"], row["min_share"]),
            Share(row["min_share"], row["min_share"]),
            verdict_word(row, texts),
            row["not_met"],
            row["insufficient"],
            row["not_applicable"],
            row["deadline"] if isinstance(row["deadline"], date) else None,
            explain_rollup(row, assessment, texts),
        ]
        for row in assessment.rollups.to_dict("records")
    ]
    return Table(columns, rows)


def _rules_table(book: Book, assessment: Assessment) -> Table:
    columns = (
        _column(book, "rule"),
        _column(book, "whom"),
        _column(book, "covered_low", "count"),
        _column(book, "total", "count"),
        _column(book, "coverage_low", "share"),
        _column(book, "coverage_high", "share"),
        _column(book, "counted", "count"),
        *(_column(book, f"count_{verdict}", "count") for verdict in VERDICTS),
    )
    rows = [row for rule in assessment.standard.rules for row in _rule_rows(rule, book, assessment)]
    return Table(columns, rows)


def _rule_rows(rule: Rule, book: Book, assessment: Assessment) -> Iterator[list[Cell]]:
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
            _whom(rule.group, entry["unit"], book, assumed=entry["group_assumed"]),
            entry["covered_low"],
            entry["total"],
            Share(entry["share_low"]),
            Share(entry["share_high"]),
            entry["communities"],
            *tail,
        ]
        # The counts of a rule stand once, beside its first line.
        tail = [None] * len(VERDICTS)


def _whom(group: str, unit: str, book: Book, *, assumed: bool) -> str:
    if unit != "people":
        return book.texts(f"workbook.whom_{unit}")
    words = group_word(group, book.texts)
    return book.texts("workbook.stand_in", group=words) if assumed else words


def _write_details(book: Book, assessment: Assessment) -> None:
    sheet, top = _sheet(book, assessment, "details")
    table = Table(
        tuple(_column(book, name, kind) for name, kind in _DETAIL_COLUMNS),
        list(_detail_rows(book, assessment)),
    )
    write_table(book, sheet, table, top=top, widths=column_widths(table))
    finish_table(sheet, table, top=top, frozen=3)
    sheet.set_paper(_A3)
    sheet.fit_to_pages(2, 0)


def _detail_rows(book: Book, assessment: Assessment) -> Iterator[list[Cell]]:
    names, table = assessment.communities["name"], assessment.verdicts
    for key in assessment.communities.index:
        for row in worst_first(table[table["community_id"] == key]).to_dict("records"):
            yield _detail(row, _text(names[key]), book, assessment)


def _detail(row: dict[Hashable, Any], name: str, book: Book, assessment: Assessment) -> list[Cell]:
    texts, rule = book.texts, assessment.standard.rule(str(row["rule_id"]))
    kind, needed, provable = rule.kind, row["min_share"], row["provable_cost"]
    measured = pd.notna(row["share_low"])

    def cost(column: str, *, known: bool) -> str:
        return cost_word(row[column], kind, texts, provable=provable) if known else ""

    return [
        str(row["community_id"]),
        name,
        one_line(rule.name[texts.lang]),
        verdict_word(row, texts),
        explain_finding(row, rule, texts),
        _whom(row["group"], row["unit"], book, assumed=row["group_assumed"]),
        limit_word(row["limit"], kind, texts),
        Share(needed, needed),
        Share(row["share_low"], needed),
        Share(row["share_high"], needed),
        row["total"],
        row["covered_low"],
        row["covered_high"],
        _up(row["shortfall"]),
        row["out_of_reach"] if measured else None,
        cost("median_cost", known=measured),
        cost("beyond_median_cost", known=measured and row["out_of_reach"] > 0),
        _text(row["nearest_facility"]),
        texts(f"reasons.{row['reason']}"),
        explain_basis(rule, assessment, texts),
    ]


def _up(value: float) -> float | None:
    """Round up, so that what is missing never looks smaller than it is."""
    return float(math.ceil(value - 1e-9)) if math.isfinite(value) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
