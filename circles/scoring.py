"""From coverage to verdicts, tiers and roll-ups."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from circles.standards.model import Rule, Standard

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
        One of `VERDICTS`.
    reason
        A key of the section ``reasons`` of the texts.
    shortfall
        Weight missing for `met`: 0 where met, NaN where the data do not tell.
    """

    verdict: str
    reason: str
    shortfall: float


def judge(
    *,
    rule: Rule,
    total: float,
    covered_low: float,
    covered_high: float,
    unit: str,
    obstacle: str | None = None,
) -> Finding:
    """Judge one rule for one community.

    Both bounds of coverage (off-network demand all out of reach, and all in reach) at or above
    the rule's share: met; both below: not met; if they differ, or something stands in the way of
    knowing: insufficient data; nobody of the group: not applicable.

    Parameters
    ----------
    rule
        The rule.
    total, covered_low, covered_high
        Weight of the group, and how much of it is within the limit at least and at most.
    unit
        What weights count; a shortfall of people is whole people.
    obstacle
        Why nothing can be known (such as ``"layer_missing"``), or None.
    """
    if obstacle is None and total <= 0:
        return Finding(NOT_APPLICABLE, "nobody", 0.0)
    if obstacle is not None:
        return Finding(INSUFFICIENT, obstacle, math.nan)
    needed = rule.min_share * total
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
    verdicts: pd.DataFrame, standard: Standard, community_ids: Sequence[str]
) -> pd.DataFrame:
    """Score every community against every tier.

    Parameters
    ----------
    verdicts
        Columns `community_id`, `rule_id`, `verdict`.
    standard
        The standard.
    community_ids
        All communities, in order.

    Returns
    -------
    DataFrame
        Columns `community_id`, `tier`, `verdict`, `failing` and `insufficient` (tuples of rule
        ids).
    """
    known = {
        (row.community_id, row.rule_id): str(row.verdict)
        for row in verdicts.itertuples(index=False)
    }
    rows = []
    for community_id in community_ids:
        for tier in standard.tiers:
            ids = [rule.id for rule in standard.tier_rules(tier.id)]
            found = {i: known[community_id, i] for i in ids if (community_id, i) in known}
            failing = tuple(i for i, verdict in found.items() if verdict == NOT_MET)
            unknown = tuple(i for i, verdict in found.items() if verdict == INSUFFICIENT)
            rows.append(
                (community_id, tier.id, tier_verdict(list(found.values())), failing, unknown)
            )
    return pd.DataFrame(
        rows, columns=["community_id", "tier", "verdict", "failing", "insufficient"]
    )


def roll_up(tiers: pd.DataFrame, setting: "pd.Series[str]", standard: Standard) -> pd.DataFrame:
    """Compare the share of communities that meet a tier with the standard's targets.

    The denominator keeps the communities with insufficient data; the range they leave open is
    `share_low` to `share_high`. Communities to which a tier does not apply are not in it.

    Parameters
    ----------
    tiers
        What `score_tiers` returns.
    setting
        ``"urban"`` or ``"rural"``, by community id.
    standard
        The standard with its targets.
    """
    own_setting = tiers["community_id"].map(setting)
    rows = []
    for target in standard.targets:
        chosen = tiers[(tiers["tier"] == target.tier) & (own_setting == target.setting)]
        counts = {v: int((chosen["verdict"] == v).sum()) for v in VERDICTS}
        denominator = len(chosen) - counts[NOT_APPLICABLE]
        low = counts[MET] / denominator if denominator else np.nan
        high = (counts[MET] + counts[INSUFFICIENT]) / denominator if denominator else np.nan
        rows.append(
            {
                "target_id": target.id,
                "tier": target.tier,
                "setting": target.setting,
                "met": counts[MET],
                "not_met": counts[NOT_MET],
                "insufficient": counts[INSUFFICIENT],
                "not_applicable": counts[NOT_APPLICABLE],
                "denominator": denominator,
                "share_low": low,
                "share_high": high,
                "min_share": target.min_share,
                "verdict": _target_verdict(low, high, target.min_share),
                "deadline": target.deadline,
            }
        )
    return pd.DataFrame(rows, columns=_ROLLUP_COLUMNS)


_ROLLUP_COLUMNS: Final = [
    "target_id",
    "tier",
    "setting",
    "met",
    "not_met",
    "insufficient",
    "not_applicable",
    "denominator",
    "share_low",
    "share_high",
    "min_share",
    "verdict",
    "deadline",
]


def _target_verdict(low: float, high: float, min_share: float) -> str:
    if math.isnan(low):
        return NOT_APPLICABLE
    if low >= min_share - _TOLERANCE:
        return MET
    return NOT_MET if high < min_share - _TOLERANCE else INSUFFICIENT
