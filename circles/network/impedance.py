"""What it costs to walk edges: even or uneven along them, waits at their ends, per direction."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from circles.compiling import compiled
from circles.crs import FloatArray
from circles.network.edges import Arcs, BoolArray, Edges, IndexArray, IntArray
from circles.walking import Kind, Profile

#: Steeper than this, heights are wrong rather than ways steep: the steepest streets rise by about
#: 0.35, mountain paths by 0.6, and stairs have a kind of their own.
MAX_SLOPE: Final = 0.6


@dataclass(frozen=True)
class Pace:
    """How cost runs along edges on which it does not run evenly.

    Every array has one value a point of the edges (see `Edges.offset`), from 0 at an edge's
    first point to 1 at its last: shares of the edge's length, and of its cost in either direction.
    """

    offset: IntArray
    length: FloatArray
    forward: FloatArray
    backward: FloatArray

    def of(
        self, edge: IndexArray | IntArray, value: FloatArray, source: FloatArray, target: FloatArray
    ) -> FloatArray:
        """Take shares of one kind to shares of another, straight between points."""
        taken: FloatArray = _interpolated(self.offset, edge, value, source, target)
        return taken


@compiled
def _interpolated(
    offset: IntArray,
    edge: IndexArray | IntArray,
    value: FloatArray,
    source: FloatArray,
    target: FloatArray,
) -> FloatArray:
    """Find each value among the source's values of its edge; return the target's in its place."""
    out = np.empty(len(edge))
    for i in range(len(edge)):
        low, high = offset[edge[i]], offset[edge[i] + 1] - 1
        while high - low > 1:
            middle = (low + high) // 2
            if source[middle] <= value[i]:
                low = middle
            else:
                high = middle
        width = source[high] - source[low]
        part = min(max((value[i] - source[low]) / width, 0.0), 1.0) if width > 0 else 0.0
        out[i] = target[low] + part * (target[high] - target[low])
    return out


@dataclass(frozen=True)
class Impedance:
    """What each edge costs to walk, in one unit: seconds, or metres.

    Parameters
    ----------
    arcs
        The network's arcs.
    forward, backward
        Cost from start to end and from end to start, shape (m,); inf where not allowed.
    per_metre
        Cost of a metre of access leg.
    wait_start, wait_end
        Cost of leaving the start, or the end, onto the edge, shape (m,); None where nobody waits.
        Paid by those who come to the node, not by those who set out on the edge.
    pace
        How cost runs along the edges; None where it runs evenly on all.
    least_factor
        What a metre of street costs at the least, as a part of `per_metre`: below 1 where some
        slope is walked faster than the level. Stairs and ferries aside.
    """

    arcs: Arcs
    forward: FloatArray
    backward: FloatArray
    per_metre: float
    wait_start: FloatArray | None = None
    wait_end: FloatArray | None = None
    pace: Pace | None = None
    least_factor: float = 1.0

    @cached_property
    def costs_forth(self) -> FloatArray:
        """Cost of every arc in the direction it runs, waits included, shape (2m,)."""
        return self.arcs.costs(
            _with_wait(self.forward, self.wait_start), _with_wait(self.backward, self.wait_end)
        )

    @cached_property
    def costs_back(self) -> FloatArray:
        """Cost of walking every arc against the direction it runs, shape (2m,)."""
        return self.arcs.costs(
            _with_wait(self.backward, self.wait_end), _with_wait(self.forward, self.wait_start)
        )

    @cached_property
    def bucket_width(self) -> float:
        """A good width of a search's buckets: a quarter of what an edge costs in the mean.

        It decides the speed alone, and little of it.
        """
        finite = self.forward[np.isfinite(self.forward)]
        return float(finite.mean()) / 4 if len(finite) and finite.any() else 1.0

    def along(self, edge: IndexArray | IntArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """Return the cost of walking edges forth, from one share of their length to a higher one.

        No way costs nothing, even where walking that way is not allowed.
        """
        part = self._part(edge, high, forth=True) - self._part(edge, low, forth=True)
        return _share_of(part, high > low, self.forward[edge])

    def against(self, edge: IndexArray | IntArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """Return the cost of walking edges back, from the higher share of their length."""
        part = self._part(edge, high, forth=False) - self._part(edge, low, forth=False)
        return _share_of(part, high > low, self.backward[edge])

    def waits(self, edge: IndexArray | IntArray) -> FloatArray:
        """Return the cost of leaving the starts and the ends of edges onto them, shape (2, k)."""
        if self.wait_start is None or self.wait_end is None:
            return np.zeros((2, len(edge)))
        return np.stack([self.wait_start[edge], self.wait_end[edge]])

    def farthest(
        self,
        edge: IndexArray | IntArray,
        share: FloatArray,
        budget: FloatArray,
        *,
        up: bool,
        forth: bool,
    ) -> FloatArray:
        """Return up (or down) to which share of their length edges can be walked for so much.

        Parameters
        ----------
        edge, share
            Where the walks begin or end, shape (k,).
        budget
            What they may cost, shape (k,); none of it is left where it is not above 0.
        up
            Whether to look towards the edges' ends, or towards their starts.
        forth
            Whether edges are walked from start to end.
        """
        part = _parts(budget, (self.forward if forth else self.backward)[edge])
        here = self._part(edge, share, forth=forth)
        there = np.clip(here + part if up else here - part, 0.0, 1.0)
        return np.where(there == here, share, self._length(edge, there, forth=forth))

    def _part(self, edge: IndexArray | IntArray, share: FloatArray, *, forth: bool) -> FloatArray:
        pace = self.pace
        if pace is None:
            return share
        return pace.of(edge, share, pace.length, pace.forward if forth else pace.backward)

    def _length(self, edge: IndexArray | IntArray, part: FloatArray, *, forth: bool) -> FloatArray:
        pace = self.pace
        if pace is None:
            return part
        return pace.of(edge, part, pace.forward if forth else pace.backward, pace.length)


def one_cost(edges: Edges, arcs: Arcs, cost: FloatArray, *, per_metre: float) -> Impedance:
    """Return the impedance that costs the same in both directions, where they are allowed."""
    return Impedance(
        arcs=arcs,
        forward=np.where(edges.forward, cost, np.inf),
        backward=np.where(edges.backward, cost, np.inf),
        per_metre=per_metre,
    )


def walking_times(
    edges: Edges,
    arcs: Arcs,
    profile: Profile,
    xy_m: Callable[[], tuple[FloatArray, FloatArray]],
) -> Impedance:
    """Return what edges take with a profile, seconds.

    Edge time is length over the profile's speed on that kind of edge, times the slope's factor in
    either direction where heights are known; a ferry takes its own duration where its tags give
    one. Waits are paid on leaving a node.

    Parameters
    ----------
    edges, arcs
        Of one network.
    profile
        Who walks.
    xy_m
        Gives the points of the edges in metres; asked only where there are heights.
    """
    speed = np.full(len(edges), profile.speed_m_s)
    speed[edges.kind == Kind.STEPS] = profile.steps_speed_m_s
    speed[edges.kind == Kind.FERRY] = profile.ferry_speed_m_s
    with np.errstate(divide="ignore", invalid="ignore"):
        time_s = np.where(speed > 0, edges.length_m / speed, np.inf)
    time_s = np.where(np.isnan(edges.duration_s), time_s, edges.duration_s)
    forth_s = back_s = time_s
    pace, least_factor = None, 1.0
    if edges.elevation_m is not None:
        least_factor = _least_factor(profile)
        pace, forth, back = _pace(edges, edges.elevation_m, *xy_m(), profile)
        forth_s, back_s = time_s * forth, time_s * back
    waits_s = np.array(profile.waits_s)
    waiting = bool(waits_s.any())
    return Impedance(
        arcs=arcs,
        forward=np.where(edges.forward, forth_s, np.inf),
        backward=np.where(edges.backward, back_s, np.inf),
        per_metre=1.0 / profile.speed_m_s,
        wait_start=waits_s[edges.wait_start] if waiting else None,
        wait_end=waits_s[edges.wait_end] if waiting else None,
        pace=pace,
        least_factor=least_factor,
    )


def slope_factor(slope: FloatArray, profile: Profile) -> FloatArray:
    """Return how much longer a way takes on a slope than on the level.

    By the profile's own table, or by Tobler's hiking function (Tobler 1993, Three Presentations
    on Geographical Analysis and Modeling), which walks fastest at 5 % downhill: the factor is
    ``exp(3.5 (|slope + 0.05| - 0.05))``.

    Parameters
    ----------
    slope
        Rise over run in the direction walked; beyond `MAX_SLOPE` it counts as that.
    profile
        Who walks.
    """
    steep = np.clip(slope, -MAX_SLOPE, MAX_SLOPE)
    if profile.slope is None:
        factor: FloatArray = np.exp(3.5 * (np.abs(steep + 0.05) - 0.05))
        return factor
    at, factors = np.array(profile.slope).T
    tabled: FloatArray = np.interp(steep, at, factors)
    return tabled


def _least_factor(profile: Profile) -> float:
    """Return what no slope's factor is below; Tobler walks fastest 5 % downhill."""
    if profile.slope is None:
        return float(slope_factor(np.array([-0.05]), profile)[0])
    return min(factor for _, factor in profile.slope)


def _pace(
    edges: Edges, elevation_m: FloatArray, x_m: FloatArray, y_m: FloatArray, profile: Profile
) -> tuple[Pace, FloatArray, FloatArray]:
    """Return how time runs along edges, and each edge's mean factor forth and back."""
    run_m = np.hypot(np.diff(x_m), np.diff(y_m))
    rise_m = np.diff(elevation_m)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where((run_m > 0) & np.isfinite(rise_m), rise_m / run_m, 0.0)
    # Speed on stairs was measured on stairs; ferries know no slope.
    level = np.isin(edges.kind, (Kind.STEPS, Kind.FERRY))
    whose = np.repeat(np.arange(len(edges)), np.diff(edges.offset))[:-1]
    slope[level[whose]] = 0.0
    run_m[edges.offset[1:-1] - 1] = 0.0  # from one edge's last point to the next one's first
    length, total_m = running_shares(run_m, edges.offset)
    forward, forth_m = running_shares(run_m * slope_factor(slope, profile), edges.offset)
    backward, back_m = running_shares(run_m * slope_factor(-slope, profile), edges.offset)
    with np.errstate(divide="ignore", invalid="ignore"):
        forth = np.where(total_m > 0, forth_m / total_m, 1.0)
        back = np.where(total_m > 0, back_m / total_m, 1.0)
    return Pace(edges.offset, length, forward, backward), forth, back


def running_shares(steps: FloatArray, offset: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return how far along each edge its points are, as shares from 0 to 1, and the whole.

    Parameters
    ----------
    steps
        What lies between each point and the next, shape (points - 1,); nothing from one edge's
        last point to the next one's first.
    offset
        Where each edge's points begin (see `Edges.offset`).

    Returns
    -------
    tuple of array
        Shares, shape (points,): 0 at an edge's first point, 1 at its last; sums, shape (m,).
    """
    running = np.concatenate([[0.0], np.cumsum(steps)])
    begin, end = running[offset[:-1]], running[offset[1:] - 1]
    total = end - begin
    size = np.diff(offset)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (running - np.repeat(begin, size)) / np.repeat(total, size)
    share[~np.isfinite(share)] = 0.0
    share[offset[1:] - 1] = 1.0
    return np.clip(share, 0.0, 1.0), total


def _with_wait(cost: FloatArray, wait: FloatArray | None) -> FloatArray:
    return cost if wait is None else cost + wait


def _share_of(part: FloatArray, moves: BoolArray, cost: FloatArray) -> FloatArray:
    """Return that part of a cost; none of a forbidden edge (inf) costs nothing, any part inf."""
    forbidden = moves & np.isinf(cost)
    return np.where(forbidden, np.inf, part * np.where(moves & ~forbidden, cost, 0.0))


def _parts(budget: FloatArray, cost: FloatArray) -> FloatArray:
    """Return what part of an edge a budget pays for; all of an edge that costs nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(cost > 0, budget / cost, np.inf)
    return np.where(budget > 0, part, 0.0)
