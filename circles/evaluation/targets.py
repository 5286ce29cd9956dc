"""The share of units that meet a tier or a rule, against the standard's targets at their levels."""

import math
from collections import Counter
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from circles.evaluation.findings import judge_value
from circles.evaluation.units import LEVELS, Area, Units
from circles.scoring import INSUFFICIENT, MET, NOT_APPLICABLE, NOT_MET
from circles.standards.model import CapacityRule, PresenceRule, Rule, Standard, Target
from circles.standards.parts import Level

_TOLERANCE: Final = 1e-9
_COUNTS: Final = (
    *("met", "not_met", "insufficient", "not_applicable", "denominator"),
    *("needed", "missing_low", "missing_high"),
)
_SHARES: Final = ("share_low", "share_high", "min_share")
_COLUMNS: Final = (
    *("target_id", "tier", "rule", "setting", "counted", "level", "unit_id", "unit_name"),
    *_COUNTS,
    *_SHARES,
    *("verdict", "deadline", "passed", "strength"),
)


def roll_up_targets(
    standard: Standard,
    tiers: pd.DataFrame,
    verdicts: pd.DataFrame,
    area: Area,
    *,
    as_of: date | None = None,
) -> pd.DataFrame:
    """Compare the units that meet a tier or a rule with each target, in each unit of its level.

    The denominator keeps the units with insufficient data; the range they leave open is
    `share_low` to `share_high`. Units that a tier or a rule does not apply to are not in it.
    Communities that name no street (or district) may be one of its own each, so where streets
    are counted each of them is one with insufficient data; and where streets are compared they
    are rolled up apart, without a unit's name.

    Parameters
    ----------
    standard
        The standard with its targets.
    tiers
        Columns `community_id`, `tier`, `verdict`.
    verdicts
        What `unit_verdicts` returns, the verdicts of the access rules included.
    area
        The communities.
    as_of
        The date that the data describe.

    Returns
    -------
    DataFrame
        One row a target and unit of its level; columns `target_id`, `tier` and `rule` (one of
        them None), `setting`, `counted` (the level of the units that are counted), `level`,
        `unit_id`, `unit_name`, `met`, `not_met`, `insufficient`, `not_applicable` (counts of
        units), `denominator`, `share_low`, `share_high`, `min_share`, `needed` (units that must
        meet it), `missing_low`, `missing_high` (how many more of them, if all open ones meet it
        and if none does), `verdict`, `deadline`, `passed` (whether that date has passed, None
        where either is not known), `strength`.
    """
    rows: list[dict[str, Any]] = []
    for target in standard.targets:
        level, verdicts_of = _counted(target, standard, tiers, verdicts, area)
        groups, above = _groups(verdicts_of, area.units(level), area.units(target.level))
        deadline = target.deadline or standard.deadline
        rows += [
            {
                "target_id": target.id,
                "tier": target.of.tier,
                "rule": target.of.rule,
                "setting": target.setting,
                "counted": level,
                "level": target.level,
                "unit_id": above.id[i] if i >= 0 else "",
                "unit_name": above.name[i] if i >= 0 else "",
                **_share(groups[i], target.min_share),
                "deadline": deadline,
                "passed": None if as_of is None or deadline is None else as_of > deadline,
                "strength": target.strength,
            }
            for i in sorted(groups, key=lambda i: (i < 0, i))
        ]
    types = dict.fromkeys(_COUNTS, int) | dict.fromkeys(_SHARES, float)
    return pd.DataFrame(rows, columns=list(_COLUMNS), dtype=object).astype(types)


def counted_level(rule: Rule) -> Level:
    """Return the level of the units that a target of a rule counts: the lowest it judges."""
    if isinstance(rule, PresenceRule):
        return rule.per
    if isinstance(rule, CapacityRule):
        return min(rule.levels, key=LEVELS.index)
    return "community"


def _counted(
    target: Target,
    standard: Standard,
    tiers: pd.DataFrame,
    verdicts: pd.DataFrame,
    area: Area,
) -> tuple[Level, dict[str, str]]:
    """Return the level of the units that a target counts, and their verdicts by id."""
    if target.of.tier is not None:
        level: Level = "community"
        own = tiers[tiers["tier"] == target.of.tier].rename(columns={"community_id": "unit_id"})
    else:
        rule = standard.rule(str(target.of.rule))
        level = counted_level(rule)
        own = verdicts[(verdicts["rule_id"] == rule.id) & (verdicts["level"] == level)]
    found = dict(zip(own["unit_id"].astype(str), own["verdict"].astype(str), strict=True))
    if target.setting is not None:
        settings = zip(area.table.index, area.words("setting"), strict=True)
        chosen = {str(i) for i, setting in settings if setting == target.setting}
        found = {unit: verdict for unit, verdict in found.items() if unit in chosen}
    return level, found


def _groups(
    verdicts: dict[str, str], units: Units, above: Units
) -> tuple[dict[int, Counter[str]], Units]:
    """Count verdicts by the unit above; -1 for those that name none."""
    parent = np.full(len(units), -1, dtype=np.int64)
    placed = units.of >= 0
    parent[units.of[placed]] = above.of[placed]
    groups: dict[int, Counter[str]] = {}
    for unit, of in zip(units.id, parent.tolist(), strict=True):
        if unit in verdicts:
            groups.setdefault(of, Counter())[verdicts[unit]] += 1
    if "" in verdicts:
        for of in above.of[~placed].tolist():
            groups.setdefault(of, Counter())[INSUFFICIENT] += 1
    if len(above) == 1 and not groups:
        groups[0] = Counter()
    return groups, above


def _share(counts: Counter[str], min_share: float) -> dict[str, Any]:
    met, missed, unknown = (counts[verdict] for verdict in (MET, NOT_MET, INSUFFICIENT))
    denominator = met + missed + unknown
    low, high = ((n / denominator if denominator else math.nan) for n in (met, met + unknown))
    needed = math.ceil(min_share * denominator - _TOLERANCE)
    verdict = judge_value(low, high, at_least=min_share, at_most=math.nan)
    return {
        "met": met,
        "not_met": missed,
        "insufficient": unknown,
        "not_applicable": counts[NOT_APPLICABLE],
        "denominator": denominator,
        "share_low": low,
        "share_high": high,
        "min_share": min_share,
        "needed": needed,
        "missing_low": max(0, needed - met - unknown),
        "missing_high": max(0, needed - met),
        "verdict": verdict if denominator else NOT_APPLICABLE,
    }
