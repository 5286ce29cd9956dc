"""Crossing plazas: straight lines between the entrances of walkable areas, around their holes."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from circles.compiling import compiled
from circles.crs import FloatArray
from circles.network.areas import Polygons
from circles.network.edges import BoolArray, IndexArray, IntArray

#: A plaza with more entrances is walked along its rim: the lines between them grow by the square.
MAX_ENTRANCES: Final = 60
#: So is one with more entrances and corners to turn at.
MAX_STOPS: Final = 500


@dataclass(frozen=True)
class Chords:
    """Straight lines across plazas.

    Parameters
    ----------
    polygon
        The plaza each of them crosses, shape (c,).
    ends
        The two nodes each of them connects, int32, shape (c, 2).
    """

    polygon: IntArray
    ends: IndexArray


class _Points(NamedTuple):
    """The points of all rings, with the area to the left; a tuple, as kernels take it.

    `x` and `y` are in steps of 1e-7 degrees, `before` and `after` the points of the same ring
    before and after each that lie in another place.
    """

    x: IntArray
    y: IntArray
    before: IntArray
    after: IntArray


def plaza_chords(
    polygons: Polygons, lon: FloatArray, lat: FloatArray, entrance: BoolArray
) -> Chords:
    """Connect the entrances of each plaza by the shortest ways across it.

    Where two entrances do not see each other, the way between them turns at corners of the
    outline that bend inwards and at corners of holes (the shortest paths of its visibility
    graph). Lines along the outline are left out: it is walked anyway.

    Parameters
    ----------
    polygons
        The plazas: their rings cross neither themselves nor each other.
    lon, lat
        Positions of all nodes, degrees.
    entrance
        Which of the polygons' points other ways share, shape of ``polygons.node``.
    """
    # In whole steps of 1e-7 degrees, as OSM has them: nothing is rounded, a line that touches a
    # corner is told from one that passes it.
    x, y = (np.rint(degrees[polygons.node] * 1e7).astype(np.int64) for degrees in (lon, lat))
    before, after = _neighbours(x, y, polygons.ring, polygons.offset)
    begin = polygons.offset[polygons.ring]
    points = _Points(x, y, before, after)

    outline_end = polygons.offset[polygons.ring[:-1] + 1]

    def cross(part: tuple[int, int]) -> IntArray:
        limits = MAX_ENTRANCES, MAX_STOPS
        chords: IntArray = _cross(points, entrance, begin, outline_end, *part, *limits)
        return chords

    threads = os.cpu_count() or 1
    # Parts of like many points: a few plazas are much larger than the rest.
    shares = np.linspace(0, len(polygons.node), 4 * threads + 1)[1:-1]
    cuts = np.unique([0, *np.searchsorted(begin, shares).tolist(), len(polygons)]).tolist()
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(cross, pairwise(cuts)))
    found = np.concatenate([np.zeros((0, 3), np.int64), *parts])
    ends = polygons.node[found[:, 1:]]
    two = ends[:, 0] != ends[:, 1]  # a ring may pass one node twice, two rings share one
    return Chords(found[two, 0], ends[two])


@compiled
def _neighbours(
    x: IntArray, y: IntArray, ring: IntArray, offset: IntArray
) -> tuple[IntArray, IntArray]:
    """Return the points of the same ring before and after each, with the area to the left.

    Those in the very place of a point are passed over.
    """
    before, after = np.empty(len(x), np.int64), np.empty(len(x), np.int64)
    for polygon in range(len(ring) - 1):
        for j in range(ring[polygon], ring[polygon + 1]):
            begin, end = offset[j], offset[j + 1]
            twice_area = 0
            for i in range(begin, end):
                k = i
                while x[k] == x[i] and y[k] == y[i]:
                    k = k + 1 if k + 1 < end else begin
                after[i] = k
                k = i
                while x[k] == x[i] and y[k] == y[i]:
                    k = k - 1 if k > begin else end - 1
                before[i] = k
                k = i + 1 if i + 1 < end else begin
                twice_area += (x[i] - x[begin]) * (y[k] - y[begin])
                twice_area -= (x[k] - x[begin]) * (y[i] - y[begin])
            if (twice_area > 0) != (j == ring[polygon]):  # outlines run left about, holes right
                for i in range(begin, end):
                    before[i], after[i] = after[i], before[i]
    return before, after


@compiled
def _cross(
    points: _Points,
    entrance: BoolArray,
    begin: IntArray,
    outline_end: IntArray,
    first: int,
    last: int,
    max_entrances: int,
    max_stops: int,
) -> IntArray:
    """Return polygon and two points of every line across the polygons ``first`` to ``last``."""
    chords = np.empty((256, 3), np.int64)
    found = 0
    for polygon in range(first, last):
        low, high = begin[polygon], begin[polygon + 1]
        stops, entrances = _stops(points, entrance, low, high)
        if entrances < 2 or entrances > max_entrances or len(stops) > max_stops:
            continue
        sees, all_see = _sight_lines(points, stops, entrances, low, high)
        if not all_see:
            sees = _on_shortest_paths(points, stops, entrances, sees)
        for a in range(len(stops)):
            for b in range(a + 1, len(stops)):
                i, j = stops[a], stops[b]
                beside = points.after[i] == j or points.before[i] == j
                if sees[a, b] and not (beside and i < outline_end[polygon]):
                    if found == len(chords):
                        chords = np.concatenate((chords, np.empty_like(chords)))
                    chords[found] = polygon, i, j
                    found += 1
    return chords[:found].copy()


@compiled
def _stops(
    points: _Points,
    entrance: BoolArray,
    low: int,
    high: int,
) -> tuple[IntArray, int]:
    """Return entrances and, after them, other points where a way may turn: inner corners."""
    x, y, before, after = points
    stops = np.empty(high - low, np.int64)
    count = 0
    for i in range(low, high):
        if entrance[i]:
            stops[count] = i
            count += 1
    entrances = count
    for i in range(low, high):
        b, a = before[i], after[i]
        turn = (x[i] - x[b]) * (y[a] - y[i]) - (y[i] - y[b]) * (x[a] - x[i])
        if turn < 0 and not entrance[i]:
            stops[count] = i
            count += 1
    return stops[:count].copy(), entrances


@compiled
def _sight_lines(
    points: _Points,
    stops: IntArray,
    entrances: int,
    low: int,
    high: int,
) -> tuple[BoolArray, bool]:
    """Return which stops see each other, and whether all entrances do (then only theirs)."""
    sees = np.zeros((len(stops), len(stops)), np.bool_)
    all_see = True
    for a in range(len(stops)):
        if a == entrances and all_see:
            break
        for b in range(a):
            i, j = stops[a], stops[b]
            # No way turns at a corner but around it: a line that runs into one is of no use.
            useful = (a < entrances or _wraps(points, i, j)) and (
                b < entrances or _wraps(points, j, i)
            )
            seen = useful and _sees(points, i, j, low, high)
            sees[a, b] = sees[b, a] = seen
            all_see &= seen or a >= entrances
    return sees, all_see


@compiled
def _sees(
    points: _Points,
    i: int,
    j: int,
    low: int,
    high: int,
) -> bool:
    """Whether the straight line from one point of a polygon to another stays within it."""
    x, y, _, after = points
    dx, dy = x[j] - x[i], y[j] - y[i]
    length_2 = dx * dx + dy * dy
    if length_2 == 0:  # two nodes in one place, as where a hole touches the outline
        return True
    for k in range(low, high):
        kx, ky = x[k] - x[i], y[k] - y[i]
        side = dx * ky - dy * kx
        if side == 0:
            along = dx * kx + dy * ky
            # Through this corner, or from it: the area must lie there.
            if 0 <= along < length_2 and not _opens(points, k, dx, dy):
                return False
            if 0 < along <= length_2 and not _opens(points, k, -dx, -dy):
                return False
            continue
        n = after[k]
        nx, ny = x[n] - x[i], y[n] - y[i]
        side_n = dx * ny - dy * nx
        if side_n != 0 and (side > 0) != (side_n > 0):
            # The rim between these corners crosses the line's course: on the line, or beyond it?
            here = kx * ny - ky * nx
            there = (x[k] - x[j]) * (y[n] - y[j]) - (y[k] - y[j]) * (x[n] - x[j])
            if here == 0 or there == 0 or (here > 0) != (there > 0):
                return False
    return True


@compiled
def _wraps(points: _Points, i: int, j: int) -> bool:
    """Whether the rim at a corner lies to one side of the line from there to another point."""
    x, y, before, after = points
    dx, dy = x[j] - x[i], y[j] - y[i]
    side_b = dx * (y[before[i]] - y[i]) - dy * (x[before[i]] - x[i])
    side_a = dx * (y[after[i]] - y[i]) - dy * (x[after[i]] - x[i])
    return bool((side_b >= 0 and side_a >= 0) or (side_b <= 0 and side_a <= 0))


@compiled
def _opens(points: _Points, k: int, dx: int, dy: int) -> bool:
    """Whether the area lies in this direction from a corner of its rim; the rim is part of it."""
    x, y, before, after = points
    ax, ay = x[after[k]] - x[k], y[after[k]] - y[k]
    bx, by = x[before[k]] - x[k], y[before[k]] - y[k]
    left_of_after = ax * dy - ay * dx
    right_of_before = dx * by - dy * bx
    if ax * by - ay * bx >= 0:  # an outer corner, or none
        return bool(left_of_after >= 0 and right_of_before >= 0)
    return bool(left_of_after >= 0 or right_of_before >= 0)


@compiled
def _on_shortest_paths(
    points: _Points, stops: IntArray, entrances: int, sees: BoolArray
) -> BoolArray:
    """Keep the sight lines that lie on a shortest path between two entrances."""
    used = np.zeros_like(sees)
    for source in range(entrances):
        previous = _shortest_paths(points, stops, source, sees)
        for goal in range(source):
            stop = goal
            while previous[stop] >= 0:
                used[stop, previous[stop]] = used[previous[stop], stop] = True
                stop = previous[stop]
    return used


@compiled
def _shortest_paths(points: _Points, stops: IntArray, source: int, sees: BoolArray) -> IntArray:
    """Return the stop before each on the shortest path from one of them, or -1 (Dijkstra 1959)."""
    x, y = points.x[stops], points.y[stops]
    shrink = np.cos(np.radians(y[0] * 1e-7))  # a degree of longitude, in those of latitude
    far = np.full(len(stops), np.inf)
    previous = np.full(len(stops), -1, np.int64)
    done = np.zeros(len(stops), np.bool_)
    far[source] = 0.0
    here = source
    while here >= 0:
        done[here] = True
        after = -1
        for a in range(len(stops)):
            if done[a]:
                continue
            if sees[here, a]:
                there = far[here] + np.hypot((x[a] - x[here]) * shrink, float(y[a] - y[here]))
                if there < far[a]:
                    far[a], previous[a] = there, here
            if far[a] < np.inf and (after < 0 or far[a] < far[after]):
                after = a
        here = after
    return previous
