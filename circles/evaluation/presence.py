"""Whether every unit has its facility: by where they lie and by whom they serve."""

import math
from collections.abc import Iterator

import numpy as np

from circles.crs import FloatArray
from circles.evaluation.findings import (
    Finding,
    Subject,
    judge_value,
    shortfall,
    subjects,
    unplaced,
)
from circles.evaluation.stock import Stock, Supply
from circles.evaluation.units import Area, Units
from circles.scoring import INSUFFICIENT, MET, NOT_MET
from circles.standards.model import PresenceRule

_UNIT = "facilities"


def presence_findings(rule: PresenceRule, area: Area, stock: Stock) -> Iterator[Finding]:
    """Count the facilities of every unit by both ways, and judge the one the rule counts by.

    A facility is located in a unit if it lies in one of its communities, and serves it if it
    names one of them, or the street or district they belong to. What could still be more is left
    open: in a unit that the map's edge cuts or that the area is but a part of (more may lie in
    the rest of it), where the lists of some facilities are empty or not understood, and where no
    layer was given for some of the services that would answer the need.

    Parameters
    ----------
    rule
        The rule.
    area
        The communities.
    stock
        The facilities.
    """
    supply = stock.answering(rule.services)
    units = area.units(rule.per)
    counts = {
        "located": _located(supply, stock, units),
        "serves": _serving(supply, stock, units),
    }
    missing = int((~stock.served.understood[supply.row]).sum())
    if not np.isin(stock.served.facility, supply.row).any():  # nobody says whom they serve
        counts["serves"] = np.full(len(units), math.nan)
    value = counts.pop(rule.count_by)
    (other,) = counts.values()
    cut = units.anywhere(area.is_cut())
    holds = area.holds_in(rule.settings) if rule.per == "community" else np.ones(len(units), bool)
    for i, subject in enumerate(subjects(rule, area, units)):
        if not holds[i]:
            continue
        open_by = _open_by(rule, supply, cut=bool(cut[i]), missing=missing)
        if area.is_part_of(rule.per):
            open_by = "part_only"
        unknown = missing if rule.count_by == "serves" else 0
        yield _finding(rule, subject, supply, (value[i], other[i]), open_by, unknown)
    yield from unplaced(rule, units, rule.count_by, _UNIT)


def _located(supply: Supply, stock: Stock, units: Units) -> FloatArray:
    home = stock.home[supply.row]
    unit = units.of[home[home >= 0]]
    return np.bincount(unit[unit >= 0], minlength=len(units)).astype(np.float64)


def _serving(supply: Supply, stock: Stock, units: Units) -> FloatArray:
    served = stock.served
    chosen = np.isin(served.facility, supply.row) & (units.of[served.community] >= 0)
    pairs = np.column_stack([served.facility[chosen], units.of[served.community[chosen]]])
    unit = np.unique(pairs, axis=0)[:, 1] if len(pairs) else np.empty(0, dtype=np.int64)
    return np.bincount(unit, minlength=len(units)).astype(np.float64)


def _open_by(rule: PresenceRule, supply: Supply, *, cut: bool, missing: int) -> str | None:
    """Say why there may be more than were counted, None where there cannot."""
    if supply.partial:
        return "layer_partial"
    if rule.count_by == "serves":
        return "serves_missing" if missing else None
    return "map_edge" if cut else None


def _finding(
    rule: PresenceRule,
    subject: Subject,
    supply: Supply,
    counted: tuple[float, float],
    open_by: str | None,
    unknown: int,
) -> Finding:
    least = float(rule.min)
    if supply.obstacle is not None:
        return Finding(
            subject,
            rule.count_by,
            _UNIT,
            required_low=least,
            verdict=INSUFFICIENT,
            reason=supply.obstacle,
        )
    value, other = counted
    low = 0.0 if math.isnan(value) else value
    high = low if open_by is None else low + unknown if open_by == "serves_missing" else math.inf
    verdict = judge_value(low, high, at_least=least, at_most=math.nan)
    reasons = {MET: "present", NOT_MET: "absent"}
    return Finding(
        subject,
        rule.count_by,
        _UNIT,
        value=value,
        value_high=high,
        other_value=other,
        required_low=least,
        unknown=unknown,
        verdict=verdict,
        reason=reasons.get(verdict, open_by or ""),
        reason_values=(("count", unknown),) if open_by == "serves_missing" else (),
        shortfall=shortfall(verdict, least - low, _UNIT),
    )
