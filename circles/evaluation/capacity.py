"""How much there is for so many people or households, in every unit: sums over sums."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

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
from circles.evaluation.stock import Stock
from circles.evaluation.units import Area, Units
from circles.network import BoolArray
from circles.scoring import INSUFFICIENT, MET, NOT_APPLICABLE, NOT_MET
from circles.standards.model import CapacityRule
from circles.texts import Value

#: A key of the section ``findings`` of the texts, and what fills its gaps.
Reason = tuple[str, tuple[tuple[str, Value], ...]]


@dataclass(frozen=True)
class _Tally:
    """An amount, as far as it is known, by community or by unit.

    Parameters
    ----------
    known
        What is known of it; 0 where nothing is.
    unknown
        How many of its parts are not known.
    cut
        Where more may lie beyond the map's edge.
    partial
        Whether no layer was given for some of the services that hold it.
    column
        What it is: a column of the community table; empty for the capacity of facilities.
    obstacle
        Why nothing at all is known of it, or None.
    """

    known: FloatArray
    unknown: FloatArray
    cut: BoolArray
    partial: bool = False
    column: str = ""
    obstacle: Reason | None = None

    def by(self, units: Units, holds: BoolArray) -> "_Tally":
        """Add it up by unit, over the communities in which the rule holds."""
        return _Tally(
            known=units.sums(np.where(holds, self.known, 0.0)),
            unknown=units.sums(np.where(holds, self.unknown, 0.0)),
            cut=units.anywhere(self.cut & holds),
            partial=self.partial,
            column=self.column,
            obstacle=self.obstacle,
        )

    def shown(self, i: int) -> float:
        """Return what is known of it; NaN where nothing is, and that is no zero."""
        known = float(self.known[i])
        nothing = self.obstacle is not None or (known <= 0 and self.open_by(i) is not None)
        return math.nan if nothing else known

    def open_by(self, i: int) -> Reason | None:
        """Say why there may be more of it, None where there cannot."""
        if self.partial:
            return "layer_partial", ()
        if self.unknown[i] > 0:
            count = int(self.unknown[i])
            if self.column:
                return "number_unknown", (("column", self.column), ("count", count))
            return "capacity_unknown", (("count", count),)
        return ("map_edge", ()) if self.cut[i] else None


def numerator_unit(rule: CapacityRule) -> str:
    """Return what the rule's numerator is counted in: a capacity, facilities, or a column."""
    kind = rule.numerator.capacity
    return "facilities" if kind == "count" else kind or rule.numerator.column or ""


def capacity_findings(rule: CapacityRule, area: Area, stock: Stock) -> Iterator[Finding]:
    """Compare capacities with each denominator, in the units of each of the rule's levels.

    Sums are divided by sums, never ratios averaged. What is not known (the capacity of a facility,
    the number of a community) counts as nothing in the lower bound and leaves the upper one open;
    a unit is judged where both bounds agree. Facilities outside every community count for none.

    Parameters
    ----------
    rule
        The rule; its catchment is not looked at (see `circles.evaluation.catchment`).
    area
        The communities.
    stock
        The facilities.
    """
    holds = area.holds_in(rule.settings)
    numerator = _numerator(rule, area, stock)
    for level in area.levels_of(rule.levels):
        units = area.units(level)
        above = numerator.by(units, holds)
        present = units.anywhere(holds)
        for column in (denominator.column for denominator in rule.denominators):
            below = _column(area, column).by(units, holds)
            for i, subject in enumerate(subjects(rule, area, units)):
                if present[i]:
                    yield _finding(rule, subject, column, above, below, i)
            yield from unplaced(rule, units, column, numerator_unit(rule))


def _numerator(rule: CapacityRule, area: Area, stock: Stock) -> _Tally:
    if rule.numerator.column is not None:
        return _column(area, rule.numerator.column)
    supply = stock.answering(rule.numerator.services)
    capacity = stock.capacity(supply, str(rule.numerator.capacity))
    home = stock.home[supply.row]
    inside, known = home >= 0, ~np.isnan(capacity)
    rows = len(area)
    return _Tally(
        known=np.bincount(
            home[inside & known], weights=capacity[inside & known], minlength=rows
        ).astype(np.float64),
        unknown=np.bincount(home[inside & ~known], minlength=rows).astype(np.float64),
        cut=area.is_cut(),
        partial=supply.partial,
        obstacle=None if supply.obstacle is None else (supply.obstacle, ()),
    )


def _column(area: Area, column: str) -> _Tally:
    numbers = area.number(column)
    missing = numbers is None
    values = np.full(len(area), math.nan) if numbers is None else numbers
    return _Tally(
        known=np.nan_to_num(values),
        unknown=np.isnan(values).astype(np.float64),
        cut=np.zeros(len(area), dtype=bool),
        column=column,
        obstacle=("column_missing", (("column", column),)) if missing else None,
    )


def _finding(
    rule: CapacityRule, subject: Subject, measure: str, above: _Tally, below: _Tally, i: int
) -> Finding:
    at_least, at_most = required(rule)
    found = Finding(
        subject,
        measure,
        numerator_unit(rule),
        required_low=at_least,
        required_high=at_most,
        numerator=above.shown(i),
        denominator=below.shown(i),
        unknown=int(above.unknown[i] + below.unknown[i]),
    )
    obstacle = above.obstacle or below.obstacle
    if below.shown(i) <= 0:
        # Where nobody lives nothing is missed, whatever else is not known.
        return replace(found, verdict=NOT_APPLICABLE, reason="nobody")
    if obstacle is not None:
        reason, values = obstacle
        return replace(found, verdict=INSUFFICIENT, reason=reason, reason_values=values)
    return _judged(rule, found, above, below, i)


def _judged(rule: CapacityRule, found: Finding, above: _Tally, below: _Tally, i: int) -> Finding:
    at_least, at_most = found.required_low, found.required_high
    amount, whole = float(above.known[i]), float(below.known[i])
    more, fewer = above.open_by(i), below.open_by(i)
    ratio = amount * rule.per / whole if whole > 0 else math.inf
    low, high = 0.0 if fewer else ratio, math.inf if more else ratio
    verdict = judge_value(low, high, at_least=at_least, at_most=at_most)
    reason = (more or fewer) if verdict == INSUFFICIENT else None
    word = "ratio_reached" if verdict == MET else "ratio_missed"
    if verdict == NOT_MET and low > at_most:
        word = "ratio_exceeded"
    needed = (at_most if low > at_most else at_least) * whole / rule.per
    return replace(
        found,
        value=math.nan if fewer or math.isnan(found.numerator) else low,
        value_high=high,
        verdict=verdict,
        reason=reason[0] if reason else word,
        reason_values=reason[1] if reason else (),
        shortfall=shortfall(verdict, needed - amount, found.unit),
    )


def required(rule: CapacityRule) -> tuple[float, float]:
    """Return what the rule's ratio must be at least and at most; NaN where there is no end."""
    if rule.between is not None:
        return rule.between
    return (math.nan if rule.min is None else rule.min), math.nan
