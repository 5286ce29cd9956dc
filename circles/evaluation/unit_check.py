"""What a community itself must be: how many households, how large, how far its centre."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from circles.crs import FloatArray
from circles.evaluation.capacity import Reason
from circles.evaluation.centre import CENTRES, walks_to_centre
from circles.evaluation.findings import Finding, Subject, judge_value, shortfall, subjects
from circles.evaluation.on_foot import NO_NETWORK, OnFoot
from circles.evaluation.stock import Stock
from circles.evaluation.units import Area
from circles.network import BoolArray
from circles.scoring import INSUFFICIENT, MET, NOT_APPLICABLE, NOT_MET
from circles.standards.model import UnitRule
from circles.standards.rules import Check
from circles.tables import cell_text

UNITS: Final[Mapping[str, str]] = {
    "households": "households",
    "population": "people",
    "area_km2": "km2",
    "occupancy": "share",
    "staff": "staff",
    "walk_minutes_to_centre": "minutes",
}
WALK: Final = "walk_minutes_to_centre"
_YES: Final = frozenset({"是", "有", "yes", "y", "true", "1", "√", "✓"})
_NOT_FOR_IT: Final = frozenset({"condition_no", "nobody"})
_NO: Final = frozenset({"否", "无", "no", "n", "false", "0", "×"})


@dataclass(frozen=True)
class _Measured:
    """A measure by community: at least and at most, a figure beside it, and what is in the way."""

    low: FloatArray
    high: FloatArray
    other: FloatArray
    unknown: FloatArray
    obstacle: tuple[Reason | None, ...]
    open_by: str = ""


def unit_findings(rule: UnitRule, area: Area, stock: Stock, on_foot: OnFoot) -> Iterator[Finding]:
    """Check the measures of every community that the rule holds for.

    A rule's settings are matched with the community's own word (column `class`), and where it has
    none with its setting: what is asked of urban communities is not asked of a village made into
    a community, if the rules have a word for that.

    Of the walk to the centre the documents say that residents can make it, and not how many of
    them; so it is judged by those who walk longest, and the share within the limit is shown
    beside. The centre is the nearest of `circles.evaluation.centre.CENTRES` in the community.

    Parameters
    ----------
    rule
        The rule.
    area, stock, on_foot
        The communities, the facilities, and the network they are on.
    """
    words = own_words(area)
    named = subjects(rule, area, area.units("community"))
    for check in rule.checks:
        measured = _measure(check, area, stock, on_foot)
        conditions = _conditions(check, area)
        for i, subject in enumerate(named):
            if not rule.settings or words[i] in rule.settings:
                yield _finding(check, subject, measured, i, conditions[i])


def own_words(area: Area) -> list[str | None]:
    """Return what each community is: a word of the standard's own, or its setting."""
    pairs = zip(area.words("class"), area.words("setting"), strict=True)
    return [word or setting for word, setting in pairs]


def _measure(check: Check, area: Area, stock: Stock, on_foot: OnFoot) -> _Measured:
    if check.measure == WALK:
        walked = on_foot.obstacle is None
        return _walk(check, area, stock, on_foot) if walked else _unwalked(area, on_foot)
    column, rows = check.measure, len(area)
    numbers = area.number(column)
    values = np.full(rows, np.nan) if numbers is None else numbers
    cut = area.is_cut() & (column == "area_km2")
    missing: Reason = ("column_missing", (("column", column),))
    obstacles: list[Reason | None] = []
    for value, is_cut in zip(values, cut, strict=True):
        unknown: Reason | None = ("value_missing", ()) if math.isnan(value) else None
        obstacles.append(missing if numbers is None else ("map_edge", ()) if is_cut else unknown)
    nothing = np.full(rows, np.nan)
    return _Measured(values, values, nothing, np.zeros(rows), tuple(obstacles))


def _walk(check: Check, area: Area, stock: Stock, on_foot: OnFoot) -> _Measured:
    limits = [limit for limit in (check.max, *(check.between or ())) if limit is not None]
    walks = walks_to_centre(area, stock, on_foot, limit_min=max(limits, default=60.0))
    supply = stock.answering(CENTRES)
    nearer = "layer_partial" if supply.partial else "no_centre"
    conditions = {
        "nobody": _nobody(area),
        supply.obstacle or nearer: walks.centres == 0,
        "map_edge": area.is_cut(),
        "off_network": np.isnan(walks.farthest_min) & (walks.away > 0),
        "no_demand": np.isnan(walks.farthest_min),
    }
    words = np.select(list(conditions.values()), list(conditions), default="").tolist()
    high = np.where(walks.away > 0, np.inf, walks.farthest_min)
    return _Measured(
        # Of a centre that nobody told of, the walk may be any shorter.
        low=walks.farthest_min * (not supply.partial),
        high=high,
        other=walks.share_within,
        unknown=walks.away.astype(np.float64),
        obstacle=tuple((word, ()) if word else None for word in words),
        open_by="layer_partial" if supply.partial else "off_network_decides",
    )


def _unwalked(area: Area, on_foot: OnFoot) -> _Measured:
    """Measure nothing: without streets no walk is known, neither as short nor as long."""
    rows = len(area)
    nothing = np.full(rows, np.nan)
    places = np.bincount(on_foot.demand.community, minlength=rows)
    return _Measured(
        low=nothing,
        high=nothing,
        other=nothing,
        unknown=places.astype(np.float64),
        obstacle=tuple(("nobody" if none else NO_NETWORK, ()) for none in _nobody(area)),
    )


def _nobody(area: Area) -> BoolArray:
    """Tell where it is known that nobody lives."""
    population = area.number("population")
    return np.zeros(len(area), dtype=bool) if population is None else population == 0


def _conditions(check: Check, area: Area) -> list[Reason | None]:
    """Say for each community why the check is not for it, or nobody can tell whether it is."""
    column = check.only_if
    if column is None:
        return [None] * len(area)
    values = (("column", column),)
    if column not in area.table:
        return [("column_missing", values)] * len(area)
    found: list[Reason | None] = []
    for cell in area.table[column]:
        word = (cell_text(cell) or "").casefold()
        unclear: Reason | None = None if word in _YES else ("condition_unknown", values)
        found.append(("condition_no", values) if word in _NO else unclear)
    return found


def _finding(
    check: Check, subject: Subject, measured: _Measured, i: int, condition: Reason | None
) -> Finding:
    unit = UNITS[check.measure]
    at_least, at_most = _required(check)
    low, high = float(measured.low[i]), float(measured.high[i])
    obstacle = condition or measured.obstacle[i]
    gap = math.nan
    if obstacle is not None:
        verdict = NOT_APPLICABLE if obstacle[0] in _NOT_FOR_IT else INSUFFICIENT
        reason = obstacle
    else:
        verdict = judge_value(low, high, at_least=at_least, at_most=at_most)
        below = high < at_least
        reasons = {MET: "within", NOT_MET: "below" if below else "above"}
        reason = reasons.get(verdict, measured.open_by), ()
        gap = (at_least - high) if below else (at_most - low)
    return Finding(
        subject,
        check.measure,
        unit,
        value=low,
        value_high=high,
        other_value=float(measured.other[i]),
        required_low=at_least,
        required_high=at_most,
        unknown=int(measured.unknown[i]),
        verdict=verdict,
        reason=reason[0],
        reason_values=reason[1],
        shortfall=shortfall(verdict, gap, unit),
    )


def _required(check: Check) -> tuple[float, float]:
    if check.between is not None:
        return check.between
    least, most = (math.nan if end is None else end for end in (check.min, check.max))
    return least, most
