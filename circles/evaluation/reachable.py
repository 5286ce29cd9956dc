"""How much of a capacity there is for so many of those who can reach it, in every unit."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from circles.crs import FloatArray
from circles.evaluation.capacity import Reason, numerator_unit, required
from circles.evaluation.catchment import Shares, floating_catchments, part_of
from circles.evaluation.findings import (
    Finding,
    Subject,
    judge_value,
    shortfall,
    subjects,
    unplaced,
)
from circles.evaluation.on_foot import OnFoot
from circles.evaluation.sharers import Sharers
from circles.evaluation.stock import Stock, Supply
from circles.evaluation.units import Area, Units
from circles.network import BoolArray
from circles.scoring import INSUFFICIENT, MET, NOT_APPLICABLE, NOT_MET
from circles.standards.model import AccessRule, CapacityRule

MEASURE: Final = "catchment"
_UNREACHED: Final = ("rule_id", "facility_id", "name", "service", "capacity", "off_network")
_MEASURED: Final = {MET: "ratio_reached", NOT_MET: "ratio_missed"}


@dataclass(frozen=True)
class Reachable:
    """What a rule's catchment finds.

    Parameters
    ----------
    findings
        One a unit and level of the rule.
    unreached
        The facilities that nobody of the group has within the limit; columns `rule_id`,
        `facility_id`, `name`, `service`, `capacity` (NaN where not known), `off_network`.
    """

    findings: tuple[Finding, ...]
    unreached: pd.DataFrame


@dataclass(frozen=True)
class _Sums:
    """What people have within reach, by community or by unit.

    Parameters
    ----------
    low, high
        Capacity, at least and at most; one row for each end of the limits, strict first.
    people
        Who has it: the people on the network.
    away
        Places with residents that are off the network.
    """

    low: FloatArray
    high: FloatArray
    people: FloatArray
    away: FloatArray

    @classmethod
    def of(cls, shares: list[Shares], sharers: Sharers, on_foot: OnFoot, rows: int) -> "_Sums":
        """Add up what every point has by community."""
        community, off = on_foot.demand.community, on_foot.homes.off_network
        here = ~off & (sharers.weight > 0)
        weight, at = sharers.weight[here], community[here]

        def by_community(each: FloatArray) -> FloatArray:
            return np.bincount(at, weights=each, minlength=rows).astype(np.float64)

        away = np.bincount(community[off & (sharers.weight > 0)], minlength=rows)
        return cls(
            low=np.array([by_community(weight * end.low[here]) for end in shares]),
            high=np.array([by_community(weight * end.high[here]) for end in shares]),
            people=by_community(weight),
            away=away.astype(np.float64),
        )

    def by(self, units: Units, holds: BoolArray) -> "_Sums":
        """Add up by unit, over the communities that hold."""

        def total(each: FloatArray) -> FloatArray:
            return units.sums(np.where(holds, each, 0.0))

        return _Sums(
            low=np.array([total(end) for end in self.low]),
            high=np.array([total(end) for end in self.high]),
            people=total(self.people),
            away=total(self.away),
        )


@dataclass(frozen=True)
class _Question:
    """What is asked of a unit, and why its figure may be open for reasons of the supply."""

    rule: CapacityRule
    judged: bool
    obstacle: Reason | None
    partial: bool
    unknown_capacities: int


def reachable_findings(
    rule: CapacityRule, access: AccessRule, area: Area, stock: Stock, on_foot: OnFoot
) -> Reachable:
    """Compare with what is required how much of a capacity people have within reach.

    Everybody of the group shares the facilities within the limit of their own community, in the
    communities that the rule itself is not about too. A unit's figure is the mean over its
    people. Where the access rule's limit is a range, the figure is found for both of its ends,
    and lies between the two. It is judged only if the rule is counted against the same group:
    nothing is asked of places for so many infants where a document counts them against all
    residents.

    People off the network share no facility and are counted in no mean; people outside the
    communities are not known, so that near the area's border the figures are too high.

    Parameters
    ----------
    rule
        A rule with a catchment.
    access
        The access rule that sets the limits.
    area, stock, on_foot
        The communities, the facilities, and the network they are on.
    """
    supply = stock.answering(rule.numerator.services)
    capacity = stock.capacity(supply, str(rule.numerator.capacity))
    doors = part_of(on_foot.doors, supply.row)
    group = (rule.catchment and rule.catchment.group) or access.group
    sharers = Sharers.of(access, group, area, on_foot.demand)
    walked = on_foot.obstacle is None
    shares = (
        _shares(rule, access, sharers, capacity, on_foot, supply)
        if walked
        else [_unshared(sharers, supply)]
    )
    sums = _Sums.of(shares, sharers, on_foot, len(area))
    lost = "layer_off_network" if doors.off_network.all() else None
    obstacle = on_foot.obstacle or supply.obstacle or lost
    question = _Question(
        rule=rule,
        judged=_column_of(group) in {below.column for below in rule.denominators},
        obstacle=None if obstacle is None else (obstacle, ()),
        partial=supply.partial,
        unknown_capacities=int(np.isnan(capacity).sum()),
    )
    nobody = shares[-1].unreached
    layer = stock.facilities[["facility_id", "name", "service"]].iloc[supply.row[nobody]]
    unreached = pd.DataFrame(layer).assign(
        rule_id=rule.id, capacity=capacity[nobody], off_network=doors.off_network[nobody]
    )
    return Reachable(
        tuple(_findings(question, area, sharers, sums)),
        unreached[list(_UNREACHED)].reset_index(drop=True),
    )


def no_facilities() -> pd.DataFrame:
    """Return the table of unreached facilities of a rule that has none."""
    types = dict.fromkeys(_UNREACHED, object) | {"capacity": float, "off_network": bool}
    return pd.DataFrame(columns=list(_UNREACHED)).astype(types)


def _column_of(group: str) -> str:
    """Return the denominator that counts a group."""
    return "population" if group == "all" else group


def _shares(
    rule: CapacityRule,
    access: AccessRule,
    sharers: Sharers,
    capacity: FloatArray,
    on_foot: OnFoot,
    supply: Supply,
) -> list[Shares]:
    profile = (rule.catchment and rule.catchment.profile) or access.profile
    network = on_foot.streets
    timed = access.kind == "time_threshold"
    impedance = network.times(on_foot.profiles[profile]) if timed else network.distances()
    return [
        floating_catchments(
            network,
            on_foot.homes,
            part_of(on_foot.doors, supply.row),
            impedance,
            people=sharers.people(end, on_foot.demand),
            capacity=capacity,
        )
        for end in range(len(sharers.limits))
    ]


def _unshared(sharers: Sharers, supply: Supply) -> Shares:
    """Share nothing out: without streets nobody can tell what anybody reaches, or does not."""
    points, facilities = len(sharers.weight), len(supply.row)
    return Shares(
        low=np.zeros(points),
        high=np.full(points, np.inf),
        sharers=np.full(facilities, np.nan),
        unreached=np.zeros(facilities, dtype=bool),
    )


def _findings(question: _Question, area: Area, sharers: Sharers, sums: _Sums) -> Iterator[Finding]:
    rule = question.rule
    holds = area.holds_in(rule.settings) & ~np.isnan(sharers.limits[0])
    for level in area.levels_of(rule.levels):
        units = area.units(level)
        by_unit = sums.by(units, holds)
        present = units.anywhere(holds)
        obstacles = _by_unit(sharers, units, holds)
        for i, subject in enumerate(subjects(rule, area, units)):
            if present[i]:
                yield _finding(question, subject, by_unit, i, obstacles.get(i))
        yield from unplaced(rule, units, MEASURE, numerator_unit(rule), judged=question.judged)


def _by_unit(sharers: Sharers, units: Units, holds: BoolArray) -> dict[int, Reason]:
    """Return what stands in the way of knowing a unit's figure: that of its first community."""
    found: dict[int, Reason] = {}
    for unit, obstacle, held in zip(units.of.tolist(), sharers.obstacle, holds, strict=True):
        if obstacle is not None and held:
            values = (("group", sharers.group),) if obstacle == "group_unknown" else ()
            found.setdefault(unit, (obstacle, values))
    return found


def _finding(
    question: _Question, subject: Subject, sums: _Sums, i: int, uncounted: Reason | None
) -> Finding:
    rule = question.rule
    at_least, at_most = required(rule) if question.judged else (math.nan, math.nan)
    people, away = float(sums.people[i]), int(sums.away[i])
    low, high = sums.low[:, i], sums.high[:, i]
    unit = numerator_unit(rule)
    # Where nobody lives nothing is missed, whatever else is not known.
    nobody = uncounted is None and people <= 0 and not away
    obstacle = ("nobody", ()) if nobody else question.obstacle or uncounted
    if obstacle is None and people <= 0:
        obstacle = ("off_network", ())
    if obstacle is not None:
        verdict, reason = NOT_APPLICABLE if nobody else INSUFFICIENT, obstacle
        least = most = gap = math.nan
    else:
        least = float(low.min()) * rule.per / people
        most = math.inf if question.partial else float(high.max()) * rule.per / people
        verdict = judge_value(least, most, at_least=at_least, at_most=at_most)
        reason = _reason(question, verdict, sums, i, exceeded=least > at_most)
        end = at_least if most < at_least else at_most
        gap = end * people / rule.per - float(high.max() if most < at_least else low.min())
    return Finding(
        subject,
        MEASURE,
        unit,
        value=least,
        value_high=most,
        required_low=at_least,
        required_high=at_most,
        numerator=math.nan if math.isnan(least) else float(low[0]),
        denominator=people if people > 0 or nobody else math.nan,
        unknown=away,
        verdict=verdict if question.judged else None,
        reason=reason[0],
        reason_values=reason[1],
        shortfall=shortfall(verdict, gap, unit) if question.judged else math.nan,
    )


def _reason(question: _Question, verdict: str, sums: _Sums, i: int, *, exceeded: bool) -> Reason:
    if not question.judged:
        return "not_judged", ()
    if verdict != INSUFFICIENT:
        return ("ratio_exceeded" if exceeded else _MEASURED[verdict]), ()
    if question.partial:
        return "layer_partial", ()
    if np.array_equal(sums.low[:, i], sums.high[:, i]):
        return "range_decides", ()
    if question.unknown_capacities:
        return "capacity_unknown", (("count", question.unknown_capacities),)
    return "sharers_unknown", ()
