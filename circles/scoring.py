"""From coverage to verdicts, and from verdicts to tiers and their scores."""

import math
from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

import pandas as pd

from circles.standards.model import Standard, Tier

Row = Mapping[Hashable, object]

MET: Final = "met"
NOT_MET: Final = "not_met"
INSUFFICIENT: Final = "insufficient_data"
NOT_APPLICABLE: Final = "not_applicable"
VERDICTS: Final = (MET, NOT_MET, INSUFFICIENT, NOT_APPLICABLE)

#: Shares are ratios of sums of many floats; a threshold counts as reached within this.
_TOLERANCE: Final = 1e-9


@dataclass(frozen=True)
class Finding:
    """What one rule says of one community.

    Parameters
    ----------
    verdict
        One of `VERDICTS`; None for a figure that nothing is asked of.
    reason
        A key of the section ``reasons`` of the texts.
    shortfall
        Weight missing for `met`: 0 where met, NaN where the data do not tell.
    """

    verdict: str | None
    reason: str
    shortfall: float


def judge(
    *,
    min_share: float | None,
    total: float,
    covered_low: float,
    covered_high: float,
    unit: str,
    obstacle: str | None = None,
) -> Finding:
    """Judge one rule for one community.

    Both bounds of coverage (off-network demand all out of reach, and all in reach) at or above
    the rule's share: met; both below: not met; if they differ, or something stands in the way of
    knowing: insufficient data; nobody of the group: not applicable. Without a share to reach
    there is no verdict.

    Parameters
    ----------
    min_share
        The share that must be within the limit; None where the coverage is reported only.
    total, covered_low, covered_high
        Weight of the group, and how much of it is within the limit at least and at most.
    unit
        What weights count; a shortfall of people is whole people.
    obstacle
        Why nothing can be known (such as ``"layer_missing"``), or None.
    """
    if min_share is None:
        reason = obstacle or ("reported" if total > 0 else "nobody")
        return Finding(None, reason, math.nan)
    if obstacle is None and total <= 0:
        return Finding(NOT_APPLICABLE, "nobody", 0.0)
    if obstacle is not None:
        return Finding(INSUFFICIENT, obstacle, math.nan)
    needed = min_share * total
    tolerance = _TOLERANCE * max(total, 1.0)
    if covered_low >= needed - tolerance:
        return Finding(MET, "share_reached", 0.0)
    if covered_high >= needed - tolerance:
        return Finding(INSUFFICIENT, "off_network_decides", math.nan)
    missing = needed - covered_low
    # What the verdict forgives is no person either: 40 and a rounding error are 40 people.
    whole = float(math.ceil(missing - tolerance))
    return Finding(NOT_MET, "share_missed", whole if unit == "people" else missing)


def tier_verdict(verdicts: Sequence[str]) -> str:
    """Combine the verdicts of a tier's rules.

    Any `not_met` makes the tier not met; else any insufficient one leaves it open; rules that
    apply to nobody do not count.
    """
    applied = [verdict for verdict in verdicts if verdict != NOT_APPLICABLE]
    if not applied:
        return NOT_APPLICABLE
    for verdict in (NOT_MET, INSUFFICIENT):
        if verdict in applied:
            return verdict
    return MET


def score_tiers(
    verdicts: pd.DataFrame,
    standard: Standard,
    community_ids: Sequence[str],
    *,
    looked_at: Set[str] = frozenset(),
) -> pd.DataFrame:
    """Score every community against every tier, with the lenient ends of limits and the strict.

    The circle score is 100 times the mean, over the tier's rules with a coverage that was found,
    of min(coverage / share that is needed, 1), of the coverage the lower bound.

    Parameters
    ----------
    verdicts
        Columns `community_id`, `rule_id`, `verdict`, `strict_verdict`, `share_low`, `min_share`.
    standard
        The standard.
    community_ids
        All communities, in order.
    looked_at
        Rules that were evaluated even if no community has a verdict of them, since they hold in
        none; those of access and those with verdicts are in any case.

    Returns
    -------
    DataFrame
        Columns `community_id`, `tier`, `verdict`, `failing` and `insufficient` (tuples of rule
        ids), `strict_verdict`, `strict_failing`, `met` and `strict_met` (how many rules are met),
        `applied` (of how many that apply), `score` (0-100, NaN where no coverage was found) and
        `scored` (over how many rules).
    """
    # A table without any verdict of access has no columns of shares.
    columns = ["community_id", "rule_id", "verdict", "strict_verdict", "share_low", "min_share"]
    by_community: dict[object, dict[str, Row]] = {}
    for row in verdicts.reindex(columns=columns).to_dict("records"):
        by_community.setdefault(row["community_id"], {})[str(row["rule_id"])] = row
    known_rules = {*looked_at, *verdicts["rule_id"], *(rule.id for rule in standard.access_rules)}
    rows = []
    for community_id in community_ids:
        known = by_community.get(community_id, {})
        rows += [
            {
                "community_id": community_id,
                "tier": tier.id,
                **_tier(tier, standard, known, known_rules),
            }
            for tier in standard.tiers
        ]
    return pd.DataFrame(rows, columns=list(_TIER_COLUMNS))


def _tier(
    tier: Tier, standard: Standard, known: Mapping[str, Row], looked_at: Set[str]
) -> dict[str, object]:
    ids = [rule.id for rule in standard.tier_rules(tier.id)]
    # What was not looked at is not known, and never met.
    open_ids = [i for i in ids if i not in looked_at]
    lenient, strict = (
        {i: str(known[i][end]) for i in ids if i in known} | dict.fromkeys(open_ids, INSUFFICIENT)
        for end in ("verdict", "strict_verdict")
    )
    parts = [
        min(share / float(str(known[i]["min_share"])), 1.0)
        for i in ids
        if i in known and not math.isnan(share := float(str(known[i]["share_low"])))
    ]
    return {
        "verdict": tier_verdict(list(lenient.values())),
        "failing": _with(NOT_MET, lenient),
        "insufficient": _with(INSUFFICIENT, lenient),
        "strict_verdict": tier_verdict(list(strict.values())),
        "strict_failing": _with(NOT_MET, strict),
        "met": len(_with(MET, lenient)),
        "strict_met": len(_with(MET, strict)),
        "applied": len(lenient) - len(_with(NOT_APPLICABLE, lenient)),
        "score": 100 * math.fsum(parts) / len(parts) if parts else math.nan,
        "scored": len(parts),
    }


def _with(verdict: str, found: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(rule_id for rule_id, own in found.items() if own == verdict)


_TIER_COLUMNS: Final = (
    *("community_id", "tier", "verdict", "failing", "insufficient"),
    *("strict_verdict", "strict_failing", "met", "strict_met", "applied", "score", "scored"),
)
