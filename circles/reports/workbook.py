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
    limit_word,
    one_line,
    verdict_word,
    worst_first,
)
from circles.reports.method import write_assumptions, write_method
from circles.reports.other_tables import other_tables
from circles.reports.rollup_tables import rollup_tables, whom
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
    named_column,
    write_heading,
    write_table,
)
from circles.standards.model import AccessRule, Tier
from circles.texts import load_texts

_NO_DATE = date(1980, 1, 1)
_A3 = 8
_RULE_COLUMNS: tuple[tuple[str, Kind], ...] = (("share", "share"), ("verdict", "verdict"))
_STRICT_COLUMNS: tuple[tuple[str, Kind], ...] = (
    ("strict_share", "share"),
    ("strict_verdict", "verdict"),
)
_STRICT_DETAILS: tuple[tuple[str, Kind], ...] = (
    ("strict_limit", "text"),
    ("strict_share", "share"),
    ("strict_verdict", "verdict"),
)
_OPEN_DETAILS: tuple[tuple[str, Kind], ...] = (
    ("open_until", "text"),
    ("open_share_low", "share"),
    ("open_share_high", "share"),
    ("open_known", "count"),
    ("open_unknown", "count"),
)
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
    ("p90_cost", "text"),
    ("worst_cost", "text"),
    ("beyond_cost", "text"),
    ("nearest", "text"),
    ("nearest_cost", "text"),
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
        write_assumptions(book, assessment, label=_label(book, assessment))
        _write_rollups(book, assessment)
        _write_details(book, assessment)
        _write_others(book, assessment)
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


def _write_rollups(book: Book, assessment: Assessment) -> None:
    sheet, row = _sheet(book, assessment, "rollups")
    tables = rollup_tables(book, assessment)
    widths = column_widths(*tables.values())
    for name, table in tables.items():
        heading = book.texts(f"workbook.heading_{name}")
        row = write_heading(book, sheet, row, heading, columns=len(widths))
        row = write_table(book, sheet, table, top=row, widths=widths) + 1


def _write_others(book: Book, assessment: Assessment) -> None:
    """Write what the rules find that are not of time or distance; nothing without such rules."""
    tables = other_tables(book, assessment)
    if not tables:
        return
    sheet, row = _sheet(book, assessment, "others")
    widths = column_widths(*tables.values())
    for name, table in tables.items():
        heading = book.texts(f"workbook.heading_{name}")
        row = write_heading(book, sheet, row, heading, columns=len(widths))
        row = write_table(book, sheet, table, top=row, widths=widths) + 1
    sheet.set_paper(_A3)


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
        named_column(book, "id"),
        named_column(book, "community"),
        *(named_column(book, name) for name in _place_columns(assessment)),
        *(named_column(book, name, "count") for name in ("population", "households")),
        named_column(book, "demand_source"),
        *(column for tier in standard.tiers for column in _tier_columns(tier, book, assessment)),
        named_column(book, "gaps", "text", results),
        *(
            named_column(book, name, kind, one_line(rule.name[texts.lang]))
            for rule in standard.access_rules
            for name, kind in (*_RULE_COLUMNS, *(_STRICT_COLUMNS if rule.has_range else ()))
        ),
    )
    return Table(columns, list(_community_rows(book, assessment)))


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


def _tier_cells(row: dict[Hashable, Any], tier: Tier, book: Book, run: Assessment) -> list[Cell]:
    strict = [verdict_word(row["strict_verdict"], book.texts)] if _differs(tier, run) else []
    counts = book.texts("workbook.k_of_n", met=row["met"], applied=row["applied"])
    applies = row["verdict"] != "not_applicable"
    score = math.floor(row["score"] * 100 + 1e-9) / 100 if pd.notna(row["score"]) else None
    return [verdict_word(row, book.texts), *strict, counts if applies else "", score]


def _differs(tier: Tier, assessment: Assessment) -> bool:
    """Tell whether a tier has a rule with a range of limits, so that both ends are shown."""
    rules = assessment.standard.tier_rules(tier.id)
    return any(isinstance(rule, AccessRule) and rule.has_range for rule in rules)


def _community_rows(book: Book, assessment: Assessment) -> Iterator[list[Cell]]:
    texts, standard = book.texts, assessment.standard
    verdicts = {
        (row["community_id"], row["rule_id"]): row for row in assessment.verdicts.to_dict("records")
    }
    tiers = {(row["community_id"], row["tier"]): row for row in assessment.tiers.to_dict("records")}
    for key, community in assessment.communities.iterrows():
        own = [verdicts.get((key, rule.id)) for rule in standard.access_rules]
        gaps = [
            standard.rule(row["rule_id"]).name[texts.lang]
            for row in own
            if row and row["verdict"] == "not_met"
        ]
        yield [
            str(key),
            _text(community["name"]),
            texts(f"words.setting_one_{community['setting']}"),
            *(
                texts(f"words.zone_{community['zone']}") if _text(community["zone"]) else ""
                for name in _place_columns(assessment)
                if name == "zone"
            ),
            _text(community["street"]),
            _text(community["district"]),
            community["population"],
            community["households"],
            texts(f"words.demand_source_{community['demand_source']}"),
            *(
                cell
                for tier in standard.tiers
                for cell in _tier_cells(tiers[key, tier.id], tier, book, assessment)
            ),
            one_line(texts("workbook.comma").join(gaps)),
            *(
                cell
                for rule, row in zip(standard.access_rules, own, strict=True)
                for cell in _rule_cells(row, rule, book)
            ),
        ]


def _rule_cells(row: dict[Hashable, Any] | None, rule: AccessRule, book: Book) -> list[Cell]:
    if row is None:
        return [None] * (4 if rule.has_range else 2)
    cells: list[Cell] = [_share(row, "share_low"), verdict_word(row, book.texts)]
    if rule.has_range:
        cells += [_share(row, "strict_share_low"), _strict_word(row, book)]
    return cells


def _strict_word(row: dict[Hashable, Any], book: Book) -> str:
    return verdict_word({"verdict": row["strict_verdict"]}, book.texts)


def _share(row: dict[Hashable, Any], name: str) -> Share:
    """Return a share, with the one that it must reach if there is such."""
    needed = row["min_share"]
    return Share(row[name]) if pd.isna(needed) else Share(row[name], needed)


def _write_details(book: Book, assessment: Assessment) -> None:
    sheet, top = _sheet(book, assessment, "details")
    table = Table(
        tuple(named_column(book, name, kind) for name, kind in _detail_columns(assessment)),
        list(_detail_rows(book, assessment)),
    )
    write_table(book, sheet, table, top=top, widths=column_widths(table))
    finish_table(sheet, table, top=top, frozen=3)
    sheet.set_paper(_A3)
    sheet.fit_to_pages(2, 0)


def _detail_columns(assessment: Assessment) -> tuple[tuple[str, Kind], ...]:
    """Return the columns; those of stricter limits and of opening hours where a rule has such."""
    rules = assessment.standard.access_rules
    return (
        *_DETAIL_COLUMNS,
        *(_STRICT_DETAILS if any(rule.has_range for rule in rules) else ()),
        *(_OPEN_DETAILS if any(rule.open_until for rule in rules) else ()),
    )


def _detail_rows(book: Book, assessment: Assessment) -> Iterator[list[Cell]]:
    names, table = assessment.communities["name"], assessment.verdicts
    for key in assessment.communities.index:
        for row in worst_first(table[table["community_id"] == key]).to_dict("records"):
            yield _detail(row, _text(names[key]), book, assessment)


def _detail(row: dict[Hashable, Any], name: str, book: Book, assessment: Assessment) -> list[Cell]:
    texts, rule = book.texts, assessment.standard.access_rule(str(row["rule_id"]))
    kind, needed, provable = rule.kind, row["min_share"], row["provable_cost"]
    measured = pd.notna(row["share_low"])
    rules = assessment.standard.access_rules

    def cost(column: str, *, known: bool) -> str:
        return cost_word(row[column], kind, texts, provable=provable) if known else ""

    return [
        str(row["community_id"]),
        name,
        one_line(rule.name[texts.lang]),
        verdict_word(row, texts),
        explain_finding(row, rule, texts),
        whom(row["group"], row["unit"], book, assumed=row["group_assumed"]),
        limit_word(row["limit"], kind, texts) if pd.notna(row["limit"]) else "",
        None if pd.isna(needed) else Share(needed, needed),
        _share(row, "share_low"),
        _share(row, "share_high"),
        row["total"],
        row["covered_low"],
        row["covered_high"],
        _up(row["shortfall"]),
        row["out_of_reach"] if measured else None,
        cost("median_cost", known=measured),
        cost("p90_cost", known=measured),
        cost("worst_cost", known=measured and pd.notna(row["worst_cost"])),
        cost("beyond_median_cost", known=measured and row["out_of_reach"] > 0),
        _text(row["nearest_facility"]),
        cost("nearest_cost", known=pd.notna(row["nearest_cost"])),
        texts(f"reasons.{row['reason']}"),
        explain_basis(rule, assessment.standard, texts),
        *(_strict_detail(row, rule, book) if any(rule.has_range for rule in rules) else ()),
        *(_open_detail(row, rule) if any(r.open_until for r in rules) else ()),
    ]


def _strict_detail(row: dict[Hashable, Any], rule: AccessRule, book: Book) -> list[Cell]:
    if not row["strict_limit"] < row["limit"]:
        return [None] * len(_STRICT_DETAILS)
    limit = limit_word(row["strict_limit"], rule.kind, book.texts)
    return [limit, _share(row, "strict_share_low"), _strict_word(row, book)]


def _open_detail(row: dict[Hashable, Any], rule: AccessRule) -> list[Cell]:
    if rule.open_until is None:
        return [None] * len(_OPEN_DETAILS)
    shares = [_share(row, f"open_share_{end}") for end in ("low", "high")]
    return [rule.open_until, *shares, row["open_known"], row["open_unknown"]]


def _up(value: float) -> float | None:
    """Round up, so that what is missing never looks smaller than it is."""
    return float(math.ceil(value - 1e-9)) if math.isfinite(value) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
