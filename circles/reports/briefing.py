"""The briefing: one page a leader reads in three minutes, with the map in it."""

import math
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import jinja2
import pandas as pd

from circles.assessment import Assessment
from circles.explain import (
    explain_finding,
    group_word,
    range_word,
    required,
    score_word,
    share_range,
    verdict_word,
)
from circles.explain_rollup import counted_word, explain_rollup, target_word
from circles.maps.offline import HTML_LANG, page_asset, refuse_outside_references, seal
from circles.reports.other_lines import other_lines
from circles.reports.units import unit_lines, way_lines
from circles.standards.model import AccessRule, Source, Standard
from circles.texts import Texts, load_texts

Row = Mapping[Hashable, Any]

GAPS_SHOWN: Final = 12

_UNITS: Final = ("people", "floor_area_m2", "frontage_m")
_ORDER: Final = ("not_met", "insufficient_data", "met", "not_applicable")


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
    missing: int
    sentence: str
    strict: str
    low: float
    high: float
    target: float


@dataclass(frozen=True)
class GapLine:
    """One rule that one community does not meet."""

    community: str
    street: str
    setting: str
    share: str
    needed: str
    shortfall: str
    finding: str


@dataclass(frozen=True)
class TierCell:
    """A community's verdict in one tier, with the rules that decide it."""

    verdict: str
    failing: tuple[str, ...]
    insufficient: tuple[str, ...]
    strict: str
    """The verdict by the stricter limits, where it is another."""
    count: str
    score: str


@dataclass(frozen=True)
class CommunityLine:
    """A community and its verdict in each tier."""

    community_id: str
    name: str
    street: str
    setting: str
    population: str
    cells: tuple[TierCell, ...]


@dataclass(frozen=True)
class RuleLine:
    """A rule in words."""

    name: str
    group: str
    limits: tuple[str, ...]
    needed: str
    basis: tuple[str, ...]


def render_briefing(assessment: Assessment, *, map_html: str, lang: str = "zh") -> str:
    """Write the briefing page: self-contained HTML with the interactive map in a frame.

    The same assessment and map give the same bytes.

    Parameters
    ----------
    assessment
        One district's results.
    map_html
        The page `circles.maps.render_map` gave for it.
    lang
        ``"zh"`` or ``"en"``.

    Raises
    ------
    InputError
        There are no texts in that language.
    OutputError
        The page would load something from outside.
    """
    texts = load_texts(lang)
    standard = assessment.standard
    refuse_outside_references(map_html)
    page = _template().render(
        t=lambda key, **values: texts(f"briefing.{key}", **values),
        word=lambda key: texts(f"words.{key}"),
        lang=texts.lang,
        html_lang=HTML_LANG[texts.lang],
        style=page_asset("verdicts.css"),
        run=assessment,
        headline=_headline(assessment, texts),
        targets=[_target(row, assessment, texts) for row in _records(_of_tiers(assessment))],
        others=other_lines(assessment, texts),
        gaps=_gaps(assessment, texts),
        gap_count=int((assessment.verdicts["verdict"] == "not_met").sum()),
        tiers=[tier.name[texts.lang] for tier in standard.tiers],
        communities=_communities(assessment, texts),
        rules=[_rule(rule, assessment, texts) for rule in standard.access_rules],
        warnings=[texts.note(note) for note in assessment.warnings],
        assumptions=[
            *(assumption.text[texts.lang] for assumption in standard.assumptions),
            *(texts.note(note) for note in assessment.assumptions),
        ],
        not_evaluated=[words[texts.lang] for words in standard.not_evaluated],
        sources=[_source(source, texts) for source in standard.sources],
        units=unit_lines(assessment, texts),
        ways=way_lines(assessment, texts),
        map_html=map_html,
    )
    return seal(page, also=[map_html])


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("circles.reports", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("briefing.html")


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
        missing=int(_number(row["missing_high"])),
        sentence=explain_rollup(row, assessment, texts),
        strict=_strict_target(row, texts),
        low=0.0 if math.isnan(low) else round(low * 100, 2),
        high=0.0 if math.isnan(high) else round(high * 100, 2),
        target=round(needed * 100, 2),
    )


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


def _gaps(assessment: Assessment, texts: Texts) -> list[GapLine]:
    """Return the largest shortfalls; people before what stands in for them."""
    verdicts = assessment.verdicts
    failed = verdicts[verdicts["verdict"] == "not_met"]
    ranked = failed.assign(_unit=failed["unit"].map(_UNITS.index), _short=-failed["shortfall"])
    worst = ranked.sort_values(["_unit", "_short"], kind="stable").head(GAPS_SHOWN)
    return [_gap(row, assessment, texts) for row in _records(worst)]


def _gap(row: Row, assessment: Assessment, texts: Texts) -> GapLine:
    community = assessment.communities.loc[str(row["community_id"])]
    missing = math.ceil(_number(row["shortfall"]) - 1e-9)
    needed = _number(row["min_share"])
    return GapLine(
        community=community["name"],
        street=_text(community["street"]),
        setting=texts(f"words.setting_one_{community['setting']}"),
        share=share_range(row["share_low"], row["share_high"], texts, needed=needed),
        needed=required(needed),
        shortfall=texts(f"briefing.short_{row['unit']}", value=f"{missing:,}"),
        finding=explain_finding(row, assessment.standard.access_rule(str(row["rule_id"])), texts),
    )


def _communities(assessment: Assessment, texts: Texts) -> list[CommunityLine]:
    """Return the communities, those that fail most first."""
    by_community = {
        community: {row["tier"]: row for row in _records(rows)}
        for community, rows in assessment.tiers.groupby("community_id")
    }
    tiers = [tier.id for tier in assessment.standard.tiers]

    def badness(community_id: str) -> list[tuple[int, int, int]]:
        rows = [by_community[community_id][tier] for tier in tiers]
        return [
            (_ORDER.index(row["verdict"]), -len(row["failing"]), -len(row["insufficient"]))
            for row in rows
        ]

    return [
        _community(
            community_id, [by_community[community_id][tier] for tier in tiers], assessment, texts
        )
        for community_id in sorted(assessment.communities.index, key=badness)
    ]


def _community(
    community_id: str, tiers: list[Row], assessment: Assessment, texts: Texts
) -> CommunityLine:
    row = assessment.communities.loc[community_id]
    standard = assessment.standard

    def named(rules: object) -> tuple[str, ...]:
        ids = rules if isinstance(rules, tuple) else ()
        return tuple(standard.rule(str(rule)).name[texts.lang] for rule in ids)

    return CommunityLine(
        community_id=community_id,
        name=row["name"],
        street=_text(row["street"]),
        setting=texts(f"words.setting_one_{row['setting']}"),
        population="" if pd.isna(row["population"]) else f"{row['population']:,.0f}",
        cells=tuple(
            TierCell(
                verdict=str(tier["verdict"]),
                failing=named(tier["failing"]),
                insufficient=named(tier["insufficient"]),
                strict="" if tier["strict_verdict"] == tier["verdict"] else tier["strict_verdict"],
                count=texts("briefing.met_of", met=tier["met"], applied=tier["applied"]),
                score=score_word(tier["score"], tier["scored"], tier["applied"], texts),
            )
            for tier in tiers
        ),
    )


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
