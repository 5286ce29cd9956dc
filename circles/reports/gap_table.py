"""The workbook's table of gaps: each requirement that is missed, where, and what is short."""

from collections.abc import Iterator
from typing import Any

from circles.assessment import Assessment
from circles.explain import one_line, verdict_word
from circles.explain_finding import amount_words, finding_words, worst_findings
from circles.reports.rollup_tables import whom
from circles.reports.sheets import Book, Cell, Share, Table, named_column
from circles.reports.shortfalls import Shortfall, shortfalls


def gap_table(book: Book, assessment: Assessment) -> Table:
    """Return one row a requirement that is missed: the most people first, other rules last.

    Parameters
    ----------
    book
        The workbook, for its words.
    assessment
        The run.
    """
    far = any(rule.kind != "time_threshold" for rule in assessment.standard.access_rules)
    columns = (
        named_column(book, "rank", "count"),
        named_column(book, "unit_level"),
        named_column(book, "id"),
        named_column(book, "unit"),
        named_column(book, "street"),
        named_column(book, "rule"),
        named_column(book, "verdict", "verdict"),
        named_column(book, "whom"),
        named_column(book, "people_short", "count"),
        named_column(book, "short_in_words"),
        named_column(book, "minutes_beyond", "count"),
        *((named_column(book, "metres_beyond", "count"),) if far else ()),
        named_column(book, "share_reached", "share"),
        named_column(book, "needed", "share"),
        named_column(book, "nearest"),
        named_column(book, "finding", "long"),
    )
    found = [*_of_access(book, assessment, far=far), *_of_others(book, assessment, far=far)]
    return Table(columns, [[rank, *cells] for rank, cells in enumerate(found, 1)])


def _of_access(book: Book, assessment: Assessment, *, far: bool) -> Iterator[list[Cell]]:
    texts, communities = book.texts, assessment.communities
    names, streets = communities["name"].to_dict(), communities["street"].to_dict()
    verdict = verdict_word("not_met", texts)
    for gap in shortfalls(assessment, texts):
        key = gap.community_id
        yield [
            texts("workbook.level_community"),
            key,
            one_line(str(names[key])),
            _text(streets[key]),
            gap.rule,
            verdict,
            whom(gap.group, gap.unit, book, assumed=gap.group_assumed),
            gap.short if gap.unit == "people" else None,
            texts(f"explain.short_{gap.unit}", value=f"{gap.short:,}"),
            *_costs(gap, far=far),
            Share(gap.share_low, gap.needed),
            Share(gap.needed, gap.needed),
            one_line(gap.nearest),
            gap.sentence,
        ]


def _costs(gap: Shortfall, *, far: bool) -> list[Cell]:
    """Return minutes and, where a rule is of distance, metres; words where no number is known."""
    shown: Cell = gap.cost_words if gap.cost is None else gap.cost
    if gap.kind == "time_threshold":
        return [shown, None] if far else [shown]
    return [None, shown]


def _of_others(book: Book, assessment: Assessment, *, far: bool) -> Iterator[list[Cell]]:
    texts, standard, table = book.texts, assessment.standard, assessment.findings
    streets = assessment.communities["street"].to_dict()
    for row in worst_findings(table[table["verdict"] == "not_met"]).to_dict("records"):
        community = row["level"] == "community"
        yield [
            texts(f"workbook.level_{row['level']}"),
            str(row["unit_id"]),
            one_line(str(row["unit_name"])) or texts("words.no_unit"),
            _text(streets.get(row["unit_id"])) if community else "",
            one_line(standard.rule(str(row["rule_id"])).name[texts.lang]),
            verdict_word(row, texts),
            "",
            None,
            _short_words(row, book),
            *([None] * (2 if far else 1)),
            None,
            None,
            "",
            finding_words(row, standard, texts),
        ]


def _short_words(row: dict[Any, Any], book: Book) -> str:
    missing = float(row["shortfall"])
    if not abs(missing) > 0:
        return ""
    amount = amount_words(abs(missing), str(row["unit"]), book.texts)
    return book.texts("explain.short_more" if missing > 0 else "explain.short_less", amount=amount)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
