"""The briefing: one page a leader reads in three minutes, with the map in it."""

import math
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import pandas as pd
from markupsafe import Markup

from circles.assessment import Assessment
from circles.check.model import CheckReport
from circles.explain import (
    group_word,
    one_line,
    range_word,
    required,
    share_range,
    verdict_word,
)
from circles.explain_rollup import counted_word, explain_rollup, missing_range, target_word
from circles.maps.content import Edition
from circles.maps.offline import HTML_LANG, page_asset, refuse_outside_references, seal
from circles.reports.community_lines import community_lines
from circles.reports.data_lines import data_lines, open_lines
from circles.reports.gap_lines import gap_lines
from circles.reports.input_quality import input_doubts, input_lines
from circles.reports.key_points import key_points
from circles.reports.other_lines import names_differ, other_lines
from circles.reports.pages import refuse_loading, render_page
from circles.reports.units import unit_lines, way_lines
from circles.standards.model import AccessRule, Source, Standard
from circles.texts import Texts, load_texts

Row = Mapping[Hashable, Any]

GAPS_SHOWN: Final = 12
COMMUNITIES_SHOWN: Final = 120
UNITS_SHOWN: Final = 40
LARGEST_MAP: Final = 3_000_000
"""Characters of a map that are still put into the page itself."""

_METHOD: Final = ("network", "joining", "time", "coverage", "verdict", "tier", "rollup")
_ON_FOOT: Final = frozenset({"network", "joining", "time", "coverage"})


@dataclass(frozen=True)
class TargetLine:
    """A target and how far it is met; shares as 0-100 for the page's bar."""

    verdict: str
    tier: str
    setting: str
    met: int
    denominator: int
    share: str
    needed: str
    missing: str
    sentence: str
    strict: str
    low: float
    high: float
    target: float


@dataclass(frozen=True)
class RuleLine:
    """A rule in words."""

    name: str
    group: str
    limits: tuple[str, ...]
    needed: str
    basis: tuple[str, ...]


@dataclass(frozen=True)
class Method:
    """What a word of the page means, and how it is computed."""

    term: str
    meaning: str


def render_briefing(
    assessment: Assessment,
    *,
    map_html: str | None,
    lang: str = "zh",
    templates: Path | None = None,
    edition: Edition | None = None,
    check: CheckReport | None = None,
) -> str:
    """Write the briefing page: self-contained HTML with a map to explore and one to print.

    The same assessment and map give the same bytes.

    Parameters
    ----------
    assessment
        One district's results.
    map_html
        The page `circles.maps.render_map` gave for it, which is put in a frame; one larger than
        `LARGEST_MAP` is linked as ``map.html`` beside the page instead. None for paper only.
    lang
        ``"zh"`` or ``"en"``.
    templates
        A folder with own templates; see `circles.reports.pages.render_page`.
    edition
        How maps are published; of it, the review number.
    check
        What was found of the inputs before anything was scored.

    Raises
    ------
    InputError
        There are no texts in that language, or an own template cannot be filled.
    OutputError
        The page would load something from outside.
    """
    texts = load_texts(lang)
    if map_html is not None:
        refuse_outside_references(map_html)
    framed = map_html if map_html is not None and len(map_html) <= LARGEST_MAP else None
    values = {
        **_frame(assessment, texts),
        **_results(assessment, texts),
        **_annex(assessment, texts),
        **_inputs(assessment, check, texts),
        **_pictures(assessment, texts, edition),
        "map_html": framed,
        "linked": map_html is not None,
    }
    page = render_page("briefing.html", values, templates=templates)
    refuse_loading(page)
    return seal(page, also=[] if framed is None else [framed])


def _frame(assessment: Assessment, texts: Texts) -> dict[str, Any]:
    """Return what a template needs to speak: words, language, looks, and the run itself."""
    return {
        "t": lambda key, **values: texts(f"briefing.{key}", **values),
        "word": lambda key: texts(f"words.{key}"),
        "lang": texts.lang,
        "html_lang": HTML_LANG[texts.lang],
        "style": page_asset("verdicts.css"),
        "run": assessment,
        "title": texts("briefing.title", name=one_line(assessment.name)),
        "notice": texts("no_network.notice"),
        "unknown": texts("no_network.unknown"),
        "footer": _footer(assessment, texts),
    }


def _results(assessment: Assessment, texts: Texts) -> dict[str, Any]:
    """Return what the first pages say."""
    units = unit_lines(assessment, texts)
    others = other_lines(assessment, texts)
    return {
        "headline": _headline(assessment, texts),
        "points": key_points(assessment, texts),
        "targets": [_target(row, assessment, texts) for row in _records(_of_tiers(assessment))],
        "gaps": gap_lines(assessment, texts, most=GAPS_SHOWN),
        "gap_count": int((assessment.verdicts["verdict"] == "not_met").sum()),
        "no_gaps": _no_gaps(assessment, texts),
        "others": others,
        "others_named": names_differ(others, assessment),
        "units": units[:UNITS_SHOWN],
        "unit_count": len(units),
        "tiers": [tier.name[texts.lang] for tier in assessment.standard.tiers],
        "warnings": [texts.note(note) for note in assessment.warnings],
    }


def _annex(assessment: Assessment, texts: Texts) -> dict[str, Any]:
    """Return what stands behind the results: each community, method, data and documents."""
    standard = assessment.standard
    return {
        "communities": community_lines(assessment, texts, most=COMMUNITIES_SHOWN),
        "community_count": len(assessment.communities),
        "rules": [_rule(rule, assessment, texts) for rule in standard.access_rules],
        "method": _method(assessment, texts),
        "assumptions": [
            *(assumption.text[texts.lang] for assumption in standard.assumptions),
            *(texts.note(note) for note in assessment.assumptions),
        ],
        "not_evaluated": [words[texts.lang] for words in standard.not_evaluated],
        "sources": [_source(source, texts) for source in standard.sources],
        "ways": way_lines(assessment, texts),
    }


def _inputs(assessment: Assessment, check: CheckReport | None, texts: Texts) -> dict[str, Any]:
    """Return what the data are, and what became of them on the way in."""
    return {
        "check": lambda key: texts(f"check.{key}"),
        "layers": input_lines(check, texts),
        "doubts": input_doubts(check, assessment, texts),
        "data": data_lines(assessment, texts),
        "open_reasons": open_lines(assessment, texts),
    }


def _pictures(assessment: Assessment, texts: Texts, edition: Edition | None) -> dict[str, Any]:
    """Return the map to print and the chart, as elements of the page."""
    from circles.pictures.charts import service_chart
    from circles.pictures.maps import map_figure
    from circles.pictures.svg import svg
    from circles.pictures.views import tier_views

    chart = service_chart(assessment, texts)
    views = tier_views(assessment, texts)
    figure = map_figure(assessment, views[0], texts, edition=edition)
    return {
        "figure": Markup(svg(figure)),  # noqa: S704 - names are escaped in it
        "chart": None if chart is None else Markup(svg(chart)),  # noqa: S704
        "chart_note": texts("charts.dots_note"),
    }


def _method(assessment: Assessment, texts: Texts) -> list[Method]:
    """Return how the figures come about, as far as this run needs it."""
    terms = _METHOD if assessment.walked else tuple(t for t in _METHOD if t not in _ON_FOOT)
    if not assessment.standard.tiers:
        terms = tuple(term for term in terms if term not in {"tier", "rollup"})
    return [
        Method(texts(f"workbook.term_{term}"), texts(f"workbook.meaning_{term}")) for term in terms
    ]


def _headline(assessment: Assessment, texts: Texts) -> str:
    """Say how many communities were judged and how many targets are met."""
    settings = Counter(assessment.communities["setting"])
    verdicts = Counter(assessment.rollups["verdict"])
    communities = texts(
        "briefing.headline_communities",
        count=len(assessment.communities),
        urban=settings["urban"],
        rural=settings["rural"],
    )
    counted = [
        texts(f"briefing.headline_{verdict}", count=verdicts[verdict])
        for verdict in ("met", "not_met", "insufficient_data")
        if verdicts[verdict]
    ]
    if not counted:
        return texts("briefing.headline_no_target", communities=communities)
    return texts(
        "briefing.headline",
        communities=communities,
        targets=len(assessment.rollups),
        counts=texts("briefing.headline_separator").join(counted),
    )


def _of_tiers(assessment: Assessment) -> pd.DataFrame:
    """Return the roll-ups of circles; those of single rules stand in a table of their own."""
    return assessment.rollups[assessment.rollups["rule"].isna()]


def _target(row: Row, assessment: Assessment, texts: Texts) -> TargetLine:
    low, high, needed = (_number(row[name]) for name in ("share_low", "share_high", "min_share"))
    met, denominator = int(_number(row["met"])), int(_number(row["denominator"]))
    return TargetLine(
        verdict=str(row["verdict"]),
        tier=target_word(row, assessment.standard, texts),
        setting=counted_word(row, texts),
        met=met,
        denominator=denominator,
        share=share_range(low, high, texts, needed=needed),
        needed=required(needed),
        missing=_missing(row, texts),
        sentence=explain_rollup(row, assessment, texts),
        strict=_strict_target(row, texts),
        low=0.0 if math.isnan(low) else round(low * 100, 2),
        high=0.0 if math.isnan(high) else round(high * 100, 2),
        target=round(needed * 100, 2),
    )


def _missing(row: Row, texts: Texts) -> str:
    """Say how many more communities are needed; nothing where the target is met."""
    if row["verdict"] == "met" or not int(_number(row["missing_high"])):
        return ""
    return texts("briefing.target_missing", count=missing_range(row, texts))


def _strict_target(row: Row, texts: Texts) -> str:
    """Say how many meet a target by the stricter limits; nothing where it is as many."""
    if (row["strict_met"], row["strict_verdict"]) == (row["met"], row["verdict"]):
        return ""
    return texts(
        "briefing.target_strict",
        met=row["strict_met"],
        denominator=row["strict_denominator"],
        verdict=verdict_word(str(row["strict_verdict"]), texts),
    )


def _no_gaps(assessment: Assessment, texts: Texts) -> str:
    """Say why no gap is listed: none was found, or none could be looked for, or others were."""
    if not assessment.walked:
        return texts("no_network.gaps")
    missed = (assessment.findings["verdict"] == "not_met").any()
    return texts("briefing.gaps_others" if missed else "briefing.gaps_none")


def _footer(assessment: Assessment, texts: Texts) -> str:
    if not assessment.walked:
        return texts("no_network.footer")
    return texts("briefing.footer_invented" if assessment.fictional else "briefing.footer")


def _rule(rule: AccessRule, assessment: Assessment, texts: Texts) -> RuleLine:
    return RuleLine(
        name=rule.name[texts.lang],
        group=group_word(rule.group, texts),
        limits=tuple(
            texts(
                "briefing.limit",
                setting=texts(f"words.place_{place}"),
                limit=range_word(limit, rule.kind, texts),
            )
            for place, limit in rule.limits.items()
        ),
        needed=texts("words.verdict_reported")
        if rule.min_share is None
        else required(rule.min_share),
        basis=_basis(rule, assessment.standard, texts),
    )


def _basis(rule: AccessRule, standard: Standard, texts: Texts) -> tuple[str, ...]:
    """Refer to a rule's sources and assumptions by their numbers in the lists of the page."""
    kinds = {
        "sources": (rule.sources, [source.id for source in standard.sources]),
        "assumptions": (rule.assumptions, [assumption.id for assumption in standard.assumptions]),
    }
    return tuple(
        texts(
            f"briefing.basis_{kind}",
            numbers=texts("briefing.and").join(
                str(number) for number in sorted(listed.index(key) + 1 for key in keys)
            ),
        )
        for kind, (keys, listed) in kinds.items()
        if keys
    )


def _source(source: Source, texts: Texts) -> dict[str, str]:
    return {
        "document": source.document[texts.lang],
        "place": source.place[texts.lang] if source.place else "",
        "quote": source.quote or "",
        "status": texts(f"words.status_{source.status}"),
    }


def _records(table: pd.DataFrame) -> list[Row]:
    return cast("list[Row]", table.to_dict("records"))


def _number(value: object) -> float:
    return float(str(value))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
