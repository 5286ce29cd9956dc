"""Each community and its verdict in each tier, in lines of the briefing."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import pandas as pd

from circles.assessment import Assessment
from circles.explain import score_word
from circles.texts import Texts

Row = Mapping[Hashable, Any]

_ORDER: Final = ("not_met", "insufficient_data", "met", "not_applicable")


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


def community_lines(assessment: Assessment, texts: Texts, *, most: int) -> list[CommunityLine]:
    """Return the communities, those that fail most first.

    Parameters
    ----------
    assessment
        The run.
    texts
        The words of the reader's language.
    most
        How many are listed.
    """
    by_community: dict[str, dict[str, Row]] = {}
    for row in _records(assessment.tiers):
        by_community.setdefault(row["community_id"], {})[row["tier"]] = row
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
        for community_id in sorted(assessment.communities.index, key=badness)[:most]
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


def _records(table: pd.DataFrame) -> list[Row]:
    return cast("list[Row]", table.to_dict("records"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
