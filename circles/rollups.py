"""Above the community: targets at their levels and below them, and circle scores of units."""

import math
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from circles.evaluation import Area, roll_up_targets, unit_verdicts
from circles.evaluation.targets import counted_level
from circles.evaluation.units import LEVELS
from circles.scoring import VERDICTS
from circles.standards.model import AccessRule, Standard, Target
from circles.standards.parts import Level

#: What a roll-up says once more of the strict ends of limits.
_STRICT: Final = (
    *("met", "not_met", "insufficient", "not_applicable", "denominator"),
    *("share_low", "share_high", "missing_low", "missing_high", "verdict"),
)
_SCORE_COLUMNS: Final = (
    *("level", "unit_id", "unit_name", "tier", "communities", *VERDICTS),
    *(f"strict_{verdict}" for verdict in VERDICTS),
    *("score", "scored", "weighted_by"),
)


def all_verdicts(verdicts: pd.DataFrame, findings: pd.DataFrame) -> pd.DataFrame:
    """Return the verdicts of all rules on all units; those of access are on communities.

    Parameters
    ----------
    verdicts, findings
        See `circles.assessment.Assessment`.
    """
    access = verdicts.rename(columns={"community_id": "unit_id"}).assign(level="community")
    others = unit_verdicts(findings)
    # What has no range of limits has the same verdict by both of its ends.
    others = others.assign(strict_verdict=others["verdict"])
    return pd.concat([t for t in (access, others) if len(t)] or [access], ignore_index=True)


def roll_up(
    standard: Standard,
    tiers: pd.DataFrame,
    verdicts: pd.DataFrame,
    area: Area,
    *,
    as_of: date | None = None,
) -> pd.DataFrame:
    """Compare what was found with the standard's targets, by lenient and by strict limits.

    Parameters
    ----------
    standard, area, as_of
        See `circles.evaluation.roll_up_targets`.
    tiers
        What `circles.scoring.score_tiers` returns.
    verdicts
        Columns `rule_id`, `level`, `unit_id`, `verdict`, `strict_verdict`; a figure without a
        verdict is in no roll-up.

    Returns
    -------
    DataFrame
        The columns of `roll_up_targets`, those that hang on verdicts once more as ``strict_…``,
        and `target_level`: the level of the target itself, whose share is asked for there; the
        rows of lower levels show how it stands in each of their units.
    """
    lenient = _rolled(standard, tiers, verdicts, area, as_of)
    strict = _rolled(standard, _strictly(tiers), _strictly(verdicts), area, as_of)
    for name in _STRICT:
        lenient[f"strict_{name}"] = strict[name]
    return lenient


def unit_scores(tiers: pd.DataFrame, standard: Standard, area: Area) -> pd.DataFrame:
    """Score the streets, the districts and the city: counts of verdicts and mean circle scores.

    A unit's score is the mean of its communities' scores, weighted by their residents; where
    these are not known of all, communities count the same.

    Parameters
    ----------
    tiers
        What `circles.scoring.score_tiers` returns.
    standard
        The standard.
    area
        The communities.

    Returns
    -------
    DataFrame
        One row a unit and tier, of the levels that have several units, and of the city; columns
        `level`, `unit_id`, `unit_name`, `tier`, `communities`, the counts of each verdict, and of
        each ``strict_…`` one, `score` (0-100 or NaN), `scored` (how many communities have one),
        `weighted_by` (``"population"`` or ``"communities"``).
    """
    rows: list[dict[str, Any]] = []
    people = area.number("population")
    for level in LEVELS[1:]:
        units = area.units(level)
        if level != "city" and len(units) < 2:  # the same as the whole area
            continue
        for tier in standard.tiers:
            own = tiers[tiers["tier"] == tier.id].set_index("community_id")
            own = own.reindex(area.table.index)
            for i, (unit_id, name) in enumerate(zip(units.id, units.name, strict=True)):
                inside = units.of == i
                weight = None if people is None else people[inside]
                rows.append(
                    {
                        "level": level,
                        "unit_id": unit_id,
                        "unit_name": name,
                        "tier": tier.id,
                        "communities": int(inside.sum()),
                        **_counts(own[inside]),
                        **_mean(own.loc[inside, "score"].to_numpy(dtype=np.float64), weight),
                    }
                )
    return pd.DataFrame(rows, columns=list(_SCORE_COLUMNS))


def _counts(own: pd.DataFrame) -> dict[str, int]:
    return {
        f"{prefix}{verdict}": int((own[f"{prefix}verdict"] == verdict).sum())
        for prefix in ("", "strict_")
        for verdict in VERDICTS
    }


def _mean(score: np.ndarray, people: np.ndarray | None) -> dict[str, Any]:
    known = ~np.isnan(score)
    weight = np.ones(known.sum()) if people is None else people[known]
    counted = people is not None and not np.isnan(weight).any() and weight.sum() > 0
    if not counted:
        weight = np.ones(known.sum())
    mean = float(np.average(score[known], weights=weight)) if known.any() else math.nan
    return {
        "score": mean,
        "scored": int(known.sum()),
        "weighted_by": "population" if counted else "communities",
    }


def _rolled(
    standard: Standard,
    tiers: pd.DataFrame,
    verdicts: pd.DataFrame,
    area: Area,
    as_of: date | None,
) -> pd.DataFrame:
    judged = verdicts[verdicts["verdict"].notna()]
    known = {*judged["rule_id"]} | {rule.id for rule in standard.access_rules}
    targets = [t for t in standard.targets if t.of.rule is None or t.of.rule in known]
    tables = []
    for level in reversed(LEVELS):
        own = [
            target.model_copy(update={"level": level})
            for target in targets
            if level in _levels(target, standard, area)
        ]
        asked = standard.model_copy(update={"targets": tuple(own)})
        tables.append(roll_up_targets(asked, tiers, judged, area, as_of=as_of))
    rows = pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)
    levels = {target.id: target.level for target in targets}
    rows["target_level"] = rows["target_id"].map(levels).astype(object)
    order = {target.id: i for i, target in enumerate(targets)}
    keys = rows["target_id"].map(order)
    return rows.loc[keys.sort_values(kind="stable").index].reset_index(drop=True)


def _levels(target: Target, standard: Standard, area: Area) -> Sequence[Level]:
    """Return the level of a target, and those below it that it can be broken down to."""
    counted: Level = "community"
    if target.of.rule is not None and not isinstance(standard.rule(target.of.rule), AccessRule):
        counted = counted_level(standard.rule(target.of.rule))
    between = LEVELS[LEVELS.index(counted) + 1 : LEVELS.index(target.level)]
    return [target.level, *(level for level in between if len(area.units(level)) > 1)]


def _strictly(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(verdict=table["strict_verdict"])
