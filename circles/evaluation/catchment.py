"""How much of a capacity falls to those who can reach it: two-step floating catchments.

Luo and Wang (2003): a facility's capacity is shared among all people whose own limit reaches it,
and a person has the sum of the shares of all facilities within reach.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from circles.crs import FloatArray
from circles.network import BoolArray, Impedance, IndexArray, IntArray, WalkNetwork
from circles.travel import Joins, cost_matrix

#: Costs are sums of many floats; a limit counts as kept within this share of it.
_TOLERANCE: Final = 1e-9
#: Facilities searched from at a time: the pairs of all of a city's would not fit in memory.
_FACILITIES_AT_A_TIME: Final = 128


@dataclass(frozen=True)
class Shares:
    """What floating catchments give.

    Parameters
    ----------
    low, high
        Capacity within reach for each person at a point, shape (points,), at least and at most:
        they differ where a facility in reach has an unknown capacity, or is in reach of people
        whose number is not known.
    sharers
        Weight of the people who share each facility, shape (facilities,).
    unreached
        Facilities that nobody's limit reaches, shape (facilities,).
    """

    low: FloatArray
    high: FloatArray
    sharers: FloatArray
    unreached: BoolArray


@dataclass(frozen=True)
class People:
    """Who shares facilities, point by point.

    Parameters
    ----------
    weight
        People of the group, shape (points,).
    limit
        How far each walks, in the unit of the costs; NaN for those who take no part.
    uncertain
        Points of which the people or the limit are not known; they are counted with no facility,
        and leave open the share of all that they may reach within `limit`.
    """

    weight: FloatArray
    limit: FloatArray
    uncertain: BoolArray


def share_out(
    pairs: tuple[IndexArray | IntArray, IndexArray | IntArray],
    people: People,
    capacity: FloatArray,
) -> Shares:
    """Share capacities among those who reach them.

    Parameters
    ----------
    pairs
        Points and the facilities within the limit of each: two arrays of one length.
    people
        Who lives at the points; `limit` is not looked at.
    capacity
        Of each facility; NaN where not known.
    """
    point, facility = pairs
    points, facilities = len(people.weight), len(capacity)
    counted = np.where(people.uncertain, 0.0, people.weight)
    sharers = np.bincount(facility, weights=counted[point], minlength=facilities)
    doubt = np.bincount(facility, weights=people.uncertain[point], minlength=facilities) > 0
    unknown = np.isnan(capacity)
    nobody_else = np.where(doubt & (capacity > 0), np.inf, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(sharers > 0, capacity / sharers, nobody_else)
    least, most = np.where(unknown | doubt, 0.0, share), np.where(unknown, np.inf, share)
    return Shares(
        low=np.bincount(point, weights=least[facility], minlength=points).astype(np.float64),
        high=np.bincount(point, weights=most[facility], minlength=points).astype(np.float64),
        sharers=sharers.astype(np.float64),
        unreached=(sharers <= 0) & ~doubt,
    )


def floating_catchments(
    network: WalkNetwork,
    points: Joins,
    facilities: Joins,
    impedance: Impedance,
    *,
    people: People,
    capacity: FloatArray,
) -> Shares:
    """Share capacities among those who reach them on foot, each point with a limit of its own.

    A facility at the limit is within it. What is off the network reaches nothing and is not
    reached.

    Parameters
    ----------
    network, impedance
        The network and what its edges cost.
    points, facilities
        Where people and facilities join it.
    people
        Who lives at the points; limits in the unit of the impedance.
    capacity
        Of each facility; NaN where not known.
    """
    low, high = np.zeros(len(points)), np.zeros(len(points))
    sharers, unreached = np.zeros(len(facilities)), np.ones(len(facilities), dtype=bool)
    for chosen, pairs in _within_reach(network, points, facilities, impedance, people):
        # Each facility is shared out by itself, so some of them at a time give the same sums.
        shares = share_out(pairs, people, capacity[chosen])
        low += shares.low
        high += shares.high
        sharers[chosen], unreached[chosen] = shares.sharers, shares.unreached
    return Shares(low, high, sharers, unreached)


def _within_reach(
    network: WalkNetwork,
    points: Joins,
    facilities: Joins,
    impedance: Impedance,
    people: People,
) -> Iterator[tuple[IntArray, tuple[IntArray, IntArray]]]:
    """Yield some facilities at a time, and the pairs of points and those within their limits."""
    taking_part = ((people.weight > 0) | people.uncertain) & (people.limit > 0)
    here = np.flatnonzero(taking_part & ~points.off_network)
    joined = np.flatnonzero(~facilities.off_network)
    if not len(here) or not len(joined):
        return
    limit = people.limit[here] * (1 + _TOLERANCE)
    starts = part_of(points, here)
    # Neighbours together: a search reads what the one before it has just read.
    joined = joined[np.argsort(facilities.edge[joined], kind="stable")]
    for chosen in np.array_split(joined, -(-len(joined) // _FACILITIES_AT_A_TIME)):
        cost = cost_matrix(
            network, starts, part_of(facilities, chosen), impedance, limit=float(limit.max())
        ).tocoo()
        point, facility = cost.coords
        within = cost.data <= limit[point]
        yield chosen, (here[point[within]], facility[within].astype(np.int64))


def part_of(joins: Joins, row: IntArray) -> Joins:
    """Return some of the points that join a network, by their rows."""
    return Joins(joins.edge[row], joins.share[row], joins.access_m[row])
