"""Makes ways meet: wherever two touch or cross on the same level, both get the same point."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import shapely
from shapely import LineString, Point, STRtree

from sample_maker.features import Spot, Way
from sample_maker.shapes import piece_of

REACH_M = 14.0
"""A street that stops this close to another one was meant to reach it."""

STUB_M = 4.0
"""A way that sticks out past a crossing by less than this ends at the crossing."""

CORNER_M = 3.0
"""A street that arrives this close to another one's corner arrives at the corner."""


def joined(ways: Sequence[Way], spots: Iterable[Spot]) -> list[Way]:
    """Return the ways with a shared point at every meeting, and a point at every spot on a way."""
    ways = [w._replace(line=shapely.simplify(w.line, 0.3)) for w in ways if w.line.length > STUB_M]
    ways = _tied(ways)
    crossings = _crossings(ways)
    shared = _shared_ends(ways)
    ways = [_trimmed(way, points, shared) for way, points in zip(ways, crossings, strict=True)]
    additions = [list(points) for points in crossings]
    lines = _attached(ways, additions)
    tree = STRtree([way.line for way in ways])
    for spot in spots:
        nearest = int(tree.nearest(spot.point))
        if ways[nearest].line.distance(spot.point) < 0.5:
            additions[nearest].append(spot.point)
    return [
        way._replace(line=_with_points(line, points))
        for way, line, points in zip(ways, lines, additions, strict=True)
        if line.length > 0
    ]


def _crossings(ways: Sequence[Way]) -> list[list[Point]]:
    """Return for each way the points where it crosses another way of its level."""
    lines = [way.line for way in ways]
    found: list[list[Point]] = [[] for _ in ways]
    firsts, seconds = STRtree(lines).query(lines, predicate="intersects")
    for i, j in sorted(zip(firsts.tolist(), seconds.tolist(), strict=True)):
        if i < j and ways[i].layer == ways[j].layer:
            meeting = shapely.get_coordinates(shapely.intersection(lines[i], lines[j]))
            points = [Point(corner) for corner in meeting.round(3)]
            found[i] += points
            found[j] += points
    return found


def _shared_ends(ways: Sequence[Way]) -> set[tuple[float, ...]]:
    """Return the places where the ends of two ways or more lie."""
    ends = Counter(end for way in ways for end in (way.line.coords[0], way.line.coords[-1]))
    return {end for end, count in ends.items() if count > 1}


def _trimmed(way: Way, crossings: Sequence[Point], shared: set[tuple[float, ...]]) -> Way:
    """Return a way without the stubs that end past its first and last crossing at nothing."""
    line = way.line
    if line.is_closed or not crossings:
        return way
    stations = [line.project(point) for point in crossings]
    first, last = min(stations), max(stations)
    start = first if first < STUB_M and line.coords[0] not in shared else 0.0
    loose = line.length - last < STUB_M and line.coords[-1] not in shared
    end = last if loose else line.length
    if end - start < STUB_M or end - start == line.length:
        return way
    return way._replace(line=piece_of(line, start, end))


def _tied(ways: Sequence[Way]) -> list[Way]:
    """Return the ways with ends joined that all but coincide, as a bridge's and its road's."""
    ends = [Point(c) for way in ways for c in (way.line.coords[0], way.line.coords[-1])]
    tree = STRtree(ends)
    same = [ends[min(tree.query(end, predicate="dwithin", distance=0.5).tolist())] for end in ends]
    return [
        way
        if way.line.is_closed
        else way._replace(line=_moved(way.line, same[2 * i].coords[0], same[2 * i + 1].coords[0]))
        for i, way in enumerate(ways)
    ]


def _moved(line: LineString, start: Sequence[float], end: Sequence[float]) -> LineString:
    """Return a line with its first and last points moved."""
    return LineString([start, *line.coords[1:-1], end])


def _attached(ways: Sequence[Way], additions: list[list[Point]]) -> list[LineString]:
    """Return the lines with loose ends pulled to the nearest way, which gets the same point."""
    tree = STRtree([way.line for way in ways])
    shared = _shared_ends(ways)
    lines = []
    for i, way in enumerate(ways):
        here = [way.line.coords[0], way.line.coords[-1]]
        for k in (0, 1):
            if way.line.is_closed or here[k] in shared:
                continue
            found = _nearest(i, Point(here[k]), ways, tree)
            if found is not None:
                j, point = found
                here[k] = (point.x, point.y)
                additions[j].append(point)
        lines.append(way.line if way.line.is_closed else _moved(way.line, here[0], here[1]))
    return lines


def _nearest(i: int, here: Point, ways: Sequence[Way], tree: STRtree) -> tuple[int, Point] | None:
    """Return the way a loose end belongs to and the point on it, if one is within reach."""
    near = tree.query(here, predicate="dwithin", distance=REACH_M).tolist()
    others = [j for j in near if j != i and ways[j].layer == ways[i].layer]
    if not others:
        return None
    j = min(others, key=lambda k: (round(ways[k].line.distance(here), 3), k))
    line = ways[j].line
    foot = line.interpolate(line.project(here))
    corner = min((Point(c) for c in line.coords), key=foot.distance)
    point = corner if corner.distance(foot) < CORNER_M else foot
    return j, Point(round(point.x, 3), round(point.y, 3))


def _with_points(line: LineString, points: Sequence[Point]) -> LineString:
    """Return a line that passes through further points, which lie on it."""
    if not points:
        return line
    corners = [(line.project(Point(c)), c) for c in line.coords]
    if line.is_closed:
        corners[-1] = (line.length, corners[-1][1])
    stations = corners + [(line.project(point), point.coords[0]) for point in points]
    ordered = [corner for _, corner in sorted(stations, key=lambda station: station[0])]
    kept = [ordered[0]]
    kept += [here for before, here in pairwise(ordered) if here != before]
    if line.is_closed and kept[0] != kept[-1]:
        kept.append(kept[0])
    return LineString(kept)
