"""The list of gaps: which community lacks which service, for how many, and how far they walk."""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import pandas as pd

from circles.assessment import Assessment
from circles.explain import (
    cost_word,
    explain_finding,
    group_word,
    number,
    one_line,
    required,
    share_range,
)
from circles.texts import Texts

Row = Mapping[Hashable, Any]

_UNITS: Final = ("people", "floor_area_m2", "frontage_m")


@dataclass(frozen=True)
class GapLine:
    """One rule that one community does not meet.

    Parameters
    ----------
    community, street, setting
        The community, its street (may be empty) and whether it is urban or rural.
    service, whom
        The rule's name, and whom it is for or what stands in for them.
    shortfall
        How many are short, with their unit.
    share, needed
        The coverage that was found and that is needed.
    way
        How far those beyond the limit walk to the nearest facility.
    facility
        That facility's name, may be empty.
    finding
        All of it in a sentence.
    """

    community: str
    street: str
    setting: str
    service: str
    whom: str
    shortfall: str
    share: str
    needed: str
    way: str
    facility: str
    finding: str


def gap_lines(assessment: Assessment, texts: Texts, *, most: int) -> list[GapLine]:
    """Return the largest gaps: people before what stands in for them, the most people first.

    Parameters
    ----------
    assessment
        The run.
    texts
        The words of the reader's language.
    most
        How many are listed.
    """
    worst = ranked_gaps(assessment).head(most)
    rows = cast("list[Row]", worst.to_dict("records"))
    return [_line(row, assessment, texts) for row in rows]


def ranked_gaps(assessment: Assessment) -> pd.DataFrame:
    """Return the verdicts that are not met in the order of the list of gaps.

    By what is counted, then by the shortfall, then by the share that is missing; the rest as the
    communities are ordered.
    """
    verdicts = assessment.verdicts
    failed = verdicts[verdicts["verdict"] == "not_met"]
    ranked = failed.assign(
        _unit=failed["unit"].map(_UNITS.index).astype("int64"),
        _short=-failed["shortfall"].astype(float),
        _missing=failed["share_low"].astype(float) - failed["min_share"].astype(float),
    )
    ranked = ranked.sort_values(["_unit", "_short", "_missing"], kind="stable")
    return ranked.drop(columns=["_unit", "_short", "_missing"])


def shortfall_word(row: Row, texts: Texts) -> str:
    """Return how much is missing for a verdict, with its unit, rounded up."""
    missing = math.ceil(number(row["shortfall"]) - 1e-9)
    return texts(f"briefing.short_{row['unit']}", value=f"{missing:,}")


def _line(row: Row, assessment: Assessment, texts: Texts) -> GapLine:
    community = assessment.communities.loc[str(row["community_id"])]
    rule = assessment.standard.access_rule(str(row["rule_id"]))
    needed = number(row["min_share"])
    street, near = community["street"], row["nearest_facility"]
    return GapLine(
        community=one_line(str(community["name"])),
        street=one_line(street) if isinstance(street, str) else "",
        setting=texts(f"words.setting_one_{community['setting']}"),
        service=one_line(rule.name[texts.lang]),
        whom=_whom(row, texts),
        shortfall=shortfall_word(row, texts),
        share=share_range(row["share_low"], row["share_high"], texts, needed=needed),
        needed=required(needed),
        way=_way(row, texts),
        facility=one_line(near) if isinstance(near, str) else "",
        finding=explain_finding(row, rule, texts),
    )


def _whom(row: Row, texts: Texts) -> str:
    group = group_word(str(row["group"]), texts)
    if row["unit"] != "people":
        return texts(f"words.unit_{row['unit']}")
    return texts("briefing.stand_in", group=group) if row["group_assumed"] else group


def _way(row: Row, texts: Texts) -> str:
    cost, provable = number(row["beyond_median_cost"]), number(row["provable_cost"])
    if not math.isfinite(cost) and math.isnan(provable):
        return texts("words.no_way")
    return cost_word(cost, str(row["kind"]), texts, provable=provable)
