"""How a piece of land is built up: old town, urban village, estate, compound, works, school."""

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.affinity import rotate, translate

from sample_maker.features import Area, Feature, Spot, building, street
from sample_maker.shapes import (
    bearing,
    box_at,
    cross_at,
    dice,
    largest,
    rounded,
    runs,
    subdivide,
)

RESIDENTS = {"access": "private", "foot": "permissive"}
"""Roads inside a compound: closed to other people's cars, open to whoever walks in."""

Fill = Callable[[Polygon, shapely.Geometry], Iterator[Feature]]
"""Builds up one parcel; the second argument is every street around it."""


Plan = Callable[[float, float], Polygon]
"""The ground plan of a building around a point."""


def lots(leaf: Polygon, lot_m2: float, gap_m: float, rng: np.random.Generator) -> list[Polygon]:
    """Divide the land between streets into plots, and return what can be built on each."""
    shapes = []
    for plot in subdivide(leaf, lot_m2, rng, bend=0.0)[0]:
        shape = largest(shapely.simplify(plot.buffer(-gap_m, join_style="mitre"), 0.8))
        if shape.area > 0.3 * lot_m2:
            shapes.append(shape)
    return shapes


def storeys(rng: np.random.Generator, low: int, high: int) -> int:
    """Return a number of storeys, or 0 for the one building in eight where nobody mapped it."""
    return 0 if rng.random() < 0.12 else int(rng.integers(low, high + 1))


def old_town(parcel: Polygon, _streets: shapely.Geometry) -> Iterator[Feature]:
    """Fill a parcel with narrow streets, alleys and houses wall to wall."""
    rng = dice(parcel)
    leaves, cuts = subdivide(parcel, 3800, rng, bend=0.05)
    for cut in cuts:
        if cut.depth < 2:
            yield street(cut.line, "living_street")
        else:
            yield street(cut.line, "footway", width="3")
    for leaf in leaves:
        block = largest(leaf.buffer(-4.5, join_style="mitre"))
        for shape in lots(block, 330, 0.8, rng):
            luck = rng.random()
            if luck < 0.27:
                yield building(shape, "retail", storeys(rng, 1, 3))
            elif luck < 0.82:
                kind = "apartments" if luck < 0.6 else "residential"
                yield building(shape, kind, storeys(rng, 2, 4))


def urban_village(parcel: Polygon, _streets: shapely.Geometry) -> Iterator[Feature]:
    """Fill a parcel with the close-set houses and slit alleys of a village the city swallowed."""
    rng = dice(parcel)
    leaves, cuts = subdivide(parcel, 1900, rng, bend=0.09)
    for cut in cuts:
        if cut.depth < 2:
            yield street(cut.line, "service", service="alley", width="4")
        else:
            yield street(cut.line, "footway", width="2")
    for leaf in leaves:
        block = largest(leaf.buffer(-2.2, join_style="mitre"))
        for shape in lots(block, 150, 0.6, rng):
            if rng.random() < 0.88:
                yield building(shape, "house", storeys(rng, 2, 5))


def rows(inside: Polygon, footprint: Plan, pitch_x: float, pitch_y: float) -> list[list[Polygon]]:
    """Place buildings in rows that face south as nearly as the land allows."""
    if inside.is_empty:
        return []
    angle = south_angle(inside)
    middle = inside.centroid
    level = rotate(inside, -angle, origin=middle)
    west, south, east, north = level.bounds
    _, low, _, high = footprint(0, 0).bounds
    placed = []
    for y in _steps(south, north, high - low, pitch_y):
        row = level.intersection(LineString([(west - 1, y), (east + 1, y)]))
        for run in runs(row):
            shapes = _row(level, run, y, footprint, pitch_x)
            placed.append([rotate(shape, angle, origin=middle) for shape in shapes])
    return [row for row in placed if row]


def _row(
    level: Polygon, run: LineString, y: float, footprint: Plan, pitch_x: float
) -> list[Polygon]:
    """Return the buildings of one row that stand wholly on the land."""
    left, _, right, _ = run.bounds
    near, _, far, _ = footprint(0, 0).bounds
    shapes = [footprint(x, y) for x in _steps(left, right, far - near, pitch_x)]
    return [shape for shape in shapes if level.contains(shape)]


def south_angle(area: Polygon) -> float:
    """Return by how many degrees buildings turn to stand along their streets, 20 at most."""
    along = (bearing(area)[0] + 45) % 90 - 45
    return max(-20.0, min(20.0, along))


def _steps(start: float, stop: float, size: float, pitch: float) -> list[float]:
    """Return the middles of things of a size, evenly spaced and centred in the room there is."""
    count = math.floor((stop - start - size) / pitch) + 1
    first = (start + stop - (count - 1) * pitch) / 2
    return [first + pitch * i for i in range(max(count, 0))]


def slab_estate(parcel: Polygon, _streets: shapely.Geometry) -> Iterator[Feature]:
    """Fill a parcel with the walk-up slabs of a work unit's estate, open to everybody."""
    rng = dice(parcel)
    inside = largest(parcel.buffer(-13, join_style="mitre"))
    length, pitch = float(rng.integers(36, 58)), float(rng.integers(31, 38))
    for i, row in enumerate(rows(inside, lambda x, y: box_at(x, y, length, 12), length + 9, pitch)):
        yield from (building(s, "apartments", storeys(rng, 4, 7)) for s in row)
        if i % 2 == 0:
            yield from _lane_between(parcel, row, pitch / 2)


def _lane_between(parcel: Polygon, row: list[Polygon], away_m: float) -> Iterator[Feature]:
    """Yield a service lane along a row of buildings, from street to street."""
    angle = math.radians(south_angle(largest(parcel.buffer(-13, join_style="mitre"))))
    start = row[0].centroid
    reach = 600 * np.array([math.cos(angle), math.sin(angle)])
    middle = np.array([start.x, start.y]) + away_m * np.array([-math.sin(angle), math.cos(angle)])
    line = LineString([middle - reach, middle + reach]).intersection(parcel)
    for run in runs(line):
        if run.length > 40:
            yield street(run, "service")


def compound(parcel: Polygon, streets: shapely.Geometry) -> Iterator[Feature]:
    """Fill a parcel with blocks behind a wall: a loop road, two open gates, one locked."""
    yield Area(largest(parcel.buffer(-7)), {"landuse": "residential"})
    inside = rounded(largest(parcel.buffer(-20)), 14)
    if inside.area < 2500:
        return
    yield from estate(inside)
    start = dice(parcel).random()
    for i, foot in enumerate(("yes", "yes", "no")):
        shares = [(start + i / 3 + nudge * 0.021) % 1 for nudge in range(12)]
        for near in (inside.exterior.interpolate(share, normalized=True) for share in shares):
            way = shapely.shortest_line(near, streets)
            if 12 < way.length < 45 and way.intersection(inside.buffer(-1)).is_empty:
                yield from gate(way, foot, main=i == 0)
                break


def estate(inside: Polygon) -> Iterator[Feature]:
    """Yield a loop road with rows of blocks, footpaths between the rows and a garden."""
    rng = dice(inside)
    yield street(LineString(inside.exterior.coords), "service", **RESIDENTS)
    garden, pond = _garden(inside, rng)
    if not garden.is_empty:
        yield Area(garden, {"leisure": "garden", "access": "private"})
    if not pond.is_empty:
        yield Area(pond, {"natural": "water", "water": "pond"})
    size = float(rng.integers(22, 27))
    if rng.random() < 0.7:
        gap = rng.uniform(18, 26)
        plan, pitch = (lambda x, y: cross_at(x, y, size)), (size + gap, size + gap + 6)
    else:
        plan, pitch = (lambda x, y: box_at(x, y, 2 * size, 14)), (2 * size + 12, 42.0)
    placed = rows(largest(inside.buffer(-7)), plan, *pitch)
    for shape in itertools.chain.from_iterable(placed):
        if garden.disjoint(shape):
            yield building(shape, "apartments", int(rng.integers(7, 14)))
    dry = largest(inside.difference(pond.buffer(3)))
    yield from _row_paths(dry, south_angle(inside), placed, pitch[1] / 2)
    yield from _avenues(dry)


def _garden(inside: Polygon, rng: np.random.Generator) -> tuple[Polygon, Polygon]:
    """Return the garden in the middle of a wide compound and, in one of two, the pond in it."""
    width = bearing(inside)[2]
    if width < 125:
        return Polygon(), Polygon()
    garden = rounded(largest(inside.buffer(-rng.uniform(0.33, 0.38) * width)), 8)
    if garden.is_empty:
        return garden, Polygon()
    pond = rounded(largest(garden.buffer(-0.3 * bearing(garden)[2])), 4)
    wet = pond.area > 200 and rng.random() < 0.5
    return garden, pond if wet else Polygon()


def _row_paths(
    ground: Polygon, degrees: float, placed: list[list[Polygon]], away_m: float
) -> Iterator[Feature]:
    """Yield the footpaths between rows of blocks, from one side of the loop road to the other."""
    angle = math.radians(degrees)
    heading = np.array([math.cos(angle), math.sin(angle)])
    for row in placed[1::2]:
        middle = np.array(row[0].centroid.coords[0])
        middle += np.array([-heading[1], heading[0]]) * -away_m
        line = LineString([middle - 900 * heading, middle + 900 * heading]).intersection(ground)
        for run in runs(line):
            if run.length > 30:
                yield street(run, "footway")


def _avenues(ground: Polygon) -> Iterator[Feature]:
    """Yield the roads across a very large compound, one every 170 metres or so."""
    along, longer, shorter = bearing(ground)
    angle, middle = math.radians(along), np.array(ground.centroid.coords[0])
    heading = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-heading[1], heading[0]]) * shorter
    count = int(longer / 170) - 1
    for i in range(count):
        foot = middle + heading * 170 * (i - (count - 1) / 2)
        line = LineString([foot - across, foot + across]).intersection(ground)
        yield from (street(run, "service", **RESIDENTS) for run in runs(line))


def gate(way: LineString, foot: str, *, main: bool = False) -> Iterator[Feature]:
    """Yield a way through a wall and the gate on it: open on foot, or locked."""
    kind = "service" if main or foot == "no" else "footway"
    yield street(way, kind, **(RESIDENTS if kind == "service" else {}))
    tags = {"barrier": "lift_gate" if main else "gate"}
    if foot == "no":
        tags |= {"access": "no", "locked": "yes"}
    else:
        tags |= {"access": "private", "foot": "yes"} if main else {"foot": "yes"}
    yield Spot(way.interpolate(way.length * 0.5), tags)


def works(parcel: Polygon, _streets: shapely.Geometry) -> Iterator[Feature]:
    """Fill a parcel with factory sheds and the lanes between them."""
    rng = dice(parcel)
    yield Area(largest(parcel.buffer(-6)), {"landuse": "industrial"})
    leaves, cuts = subdivide(parcel, 7000, rng, bend=0.0)
    yield from (street(cut.line, "service") for cut in cuts)
    for leaf in leaves:
        for shape in lots(largest(leaf.buffer(-8, join_style="mitre")), 3000, 3.5, rng):
            yield building(shape, "industrial" if rng.random() < 0.8 else "warehouse", 1)


def offices(parcel: Polygon, _streets: shapely.Geometry) -> Iterator[Feature]:
    """Fill a parcel with a square people cross freely and office towers around it."""
    rng = dice(parcel)
    square = rounded(largest(parcel.buffer(-9)), 10)
    kinds = ("commercial", "office", "retail", "hotel")
    pitch = 62.0
    for row in rows(largest(square.buffer(-4)), lambda x, y: box_at(x, y, 40, 36), pitch, pitch):
        for shape in row:
            yield building(shape, kinds[int(rng.integers(4))], int(rng.integers(4, 30)))
    yield Area(square, {"highway": "pedestrian", "area": "yes"})
    for share in (0.1, 0.35, 0.6, 0.85):
        yield street(
            shapely.shortest_line(square.exterior.interpolate(share, normalized=True), _streets),
            "footway",
        )


def school(parcel: Polygon, streets: shapely.Geometry) -> Iterator[Feature]:
    """Fill a parcel with a school: a running track, classrooms, a locked back gate."""
    grounds = largest(parcel.buffer(-9))
    if grounds.area < 14_000:
        yield from slab_estate(parcel, streets)
        return
    yield Area(grounds, {"amenity": "school"})
    angle, longer, shorter = bearing(grounds)
    turn = math.radians(angle)
    middle = grounds.centroid
    away = longer * 0.22
    x, y = middle.x - away * math.cos(turn), middle.y - away * math.sin(turn)
    length, width = min(longer * 0.46, 150), min(shorter * 0.6, 70)
    core = box_at(x, y, max(length - width, 4), 0.5, angle)
    track = largest(core.buffer(width / 2, quad_segs=5).intersection(grounds.buffer(-3)))
    yield Area(track, {"leisure": "track", "access": "private"})
    yield Area(
        largest(core.buffer(width / 2 - 9, quad_segs=4)), {"leisure": "pitch", "access": "private"}
    )
    rest = largest(grounds.difference(track.buffer(8)).buffer(-5, join_style="mitre"))
    for row in rows(rest, lambda x, y: box_at(x, y, min(shorter * 0.42, 60), 13), 70, 30):
        yield from (building(shape, "school", 5) for shape in row)
    way = shapely.shortest_line(grounds.exterior.interpolate(0.4, normalized=True), streets)
    yield street(way, "service", access="private")


def park(parcel: Polygon, streets: shapely.Geometry) -> Iterator[Feature]:
    """Fill a parcel with a park: a lake off its middle, a winding path, entrances on every side."""
    rng = dice(parcel)
    lawn = rounded(largest(parcel.buffer(-8)), 12)
    yield Area(lawn, {"leisure": "park"})
    width = bearing(lawn)[2]
    ring = rounded(largest(lawn.buffer(-0.14 * width)), 0.12 * width)
    yield street(LineString(ring.exterior.coords), "footway")
    lake = largest(
        translate(ring, rng.uniform(-0.2, 0.2) * width, rng.uniform(-0.2, 0.2) * width)
        .intersection(ring.buffer(-0.09 * width))
        .buffer(-0.06 * width)
    )
    lake = rounded(lake, 0.1 * width)
    if lake.area > 900:
        yield Area(lake, {"natural": "water", "water": "lake"})
    for share in (0.04, 0.21, 0.38, 0.55, 0.72, 0.89):
        start = ring.exterior.interpolate(share, normalized=True)
        way = shapely.shortest_line(start, streets)
        if way.length < 90:
            yield street(way, "footway")


def waiting(parcel: Polygon, _streets: shapely.Geometry) -> Iterator[Feature]:
    """Leave a parcel as it is in a new town: cleared land."""
    yield Area(largest(parcel.buffer(-8)), {"landuse": "brownfield"})


FILLS: dict[str, Fill] = {
    "old": old_town, "urban_village": urban_village, "slab": slab_estate, "compound": compound,
    "works": works, "offices": offices, "school": school, "park": park, "waiting": waiting,
}  # fmt: skip
