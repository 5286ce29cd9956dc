"""Curves, ribbons and cuts on a plane in metres, and the way from that plane to degrees."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.affinity import rotate, translate
from shapely.ops import split, substring

ORIGIN_LON, ORIGIN_LAT = 113.31, 22.98
"""Where the plane's (0, 0) lies; the district's own south-west corner."""

METRES_PER_DEGREE_LAT = 110_751.0
METRES_PER_DEGREE_LON = 102_508.0
"""Lengths of a degree on the WGS84 ellipsoid at 23.0° N, the middle of the district."""

SEED = 1530

Corner = tuple[float, float]


class Cut(NamedTuple):
    """A street cut through a piece of land: its line, and how often its land was cut before."""

    line: LineString
    depth: int


def lonlat(x: float, y: float) -> Corner:
    """Turn metres on the plane into degrees, to seven decimals as OpenStreetMap keeps them."""
    lon = ORIGIN_LON + x / METRES_PER_DEGREE_LON
    lat = ORIGIN_LAT + y / METRES_PER_DEGREE_LAT
    return round(lon, 7), round(lat, 7)


def dice(shape: Polygon) -> np.random.Generator:
    """Return the random numbers of one piece of land; they do not depend on the rest."""
    middle = shape.centroid
    return np.random.default_rng([SEED, int(middle.x + 10_000), int(middle.y + 10_000)])


def spline(points: Sequence[Corner], *, closed: bool = False, step_m: float = 20.0) -> LineString:
    """Return a smooth curve through all points (Catmull-Rom)."""
    knots = np.asarray(points, dtype=float)
    ends = (knots[-1:], knots[:2]) if closed else (2 * knots[:1] - knots[1:2], _beyond(knots))
    knots = np.concatenate([ends[0], knots, ends[1]])
    curve = [np.empty((0, 2))]
    for p0, p1, p2, p3 in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        count = max(2, int(math.dist(p1, p2) / step_m))
        t = (np.arange(count) / count)[:, None]
        bend = 2 * p0 - 5 * p1 + 4 * p2 - p3
        curve.append(p1 + 0.5 * t * (p2 - p0 + t * (bend + t * (3 * (p1 - p2) + p3 - p0))))
    curve.append(knots[-2:-1])
    return shapely.simplify(LineString(np.concatenate(curve).round(2)), 0.25)


def _beyond(knots: np.ndarray) -> np.ndarray:
    """Return the point that continues a row of knots past its end."""
    after: np.ndarray = 2 * knots[-1:] - knots[-2:-1]
    return after


def blob(points: Sequence[Corner]) -> Polygon:
    """Return the area inside a smooth closed curve through all points."""
    return Polygon(spline(points, closed=True))


def beside(line: LineString, distances_m: Sequence[float]) -> LineString:
    """Return a line beside another one, left of it, at a distance that changes along the way."""
    stations = np.linspace(0, line.length, max(8, int(line.length / 40)))
    away = np.interp(stations / line.length, np.linspace(0, 1, len(distances_m)), distances_m)
    here = shapely.get_coordinates(shapely.line_interpolate_point(line, stations))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(line, stations + 5))
    behind = shapely.get_coordinates(
        shapely.line_interpolate_point(line, np.maximum(stations - 5, 0))
    )
    heading = ahead - behind
    heading /= np.hypot(*heading.T)[:, None]
    left = np.column_stack([-heading[:, 1], heading[:, 0]])
    return LineString((here + left * away[:, None]).round(2))


def ribbon(line: LineString, half_widths_m: Sequence[float]) -> Polygon:
    """Return the area along a line, as wide as the half widths say along the way."""
    left = beside(line, half_widths_m).coords[:]
    right = beside(line, [-width for width in half_widths_m]).coords[::-1]
    return Polygon([*left, *right])


def box_at(x: float, y: float, width: float, depth: float, angle: float = 0.0) -> Polygon:
    """Return a rectangle around a point, turned by an angle in degrees."""
    shape = shapely.box(x - width / 2, y - depth / 2, x + width / 2, y + depth / 2)
    return rotate(shape, angle, origin=(x, y))


def cross_at(x: float, y: float, size: float, angle: float = 0.0) -> Polygon:
    """Return the plan of a tower block: a cross with notched corners."""
    arm, long = size * 0.24, size * 0.5
    corners = [
        (-arm, -long), (arm, -long), (arm, -arm), (long, -arm), (long, arm), (arm, arm),
        (arm, long), (-arm, long), (-arm, arm), (-long, arm), (-long, -arm), (-arm, -arm),
    ]  # fmt: skip
    return translate(rotate(Polygon(corners), angle, origin=(0, 0)), x, y)


def rounded(area: Polygon, radius_m: float) -> Polygon:
    """Return an area with its corners rounded off."""
    return largest(area.buffer(-radius_m).buffer(radius_m, quad_segs=3))


def largest(shape: shapely.Geometry) -> Polygon:
    """Return the largest polygon of whatever an operation left."""
    return max(polygons(shape), key=lambda part: part.area, default=Polygon())


def polygons(shape: shapely.Geometry) -> list[Polygon]:
    """Return the polygons of whatever an operation left."""
    return [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]


def bearing(area: Polygon) -> tuple[float, float, float]:
    """Return the direction of the longer side of an area in degrees, and both sides' lengths."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(area))
    sides = np.diff(corners[:3], axis=0)
    lengths = np.hypot(*sides.T)
    longer = int(lengths.argmax())
    angle = math.degrees(math.atan2(sides[longer, 1], sides[longer, 0]))
    return (angle + 90) % 180 - 90, float(lengths.max()), float(lengths.min())


def subdivide(
    area: Polygon, target_m2: float, rng: np.random.Generator, *, bend: float = 0.03
) -> tuple[list[Polygon], list[Cut]]:
    """Cut an area across its longer side again and again, until the pieces are small enough.

    Parameters
    ----------
    area
        What to cut.
    target_m2
        Pieces smaller than about this are left whole.
    rng
        Where each cut falls and how it bends.
    bend
        How far the middle of a cut may stray, as a share of its length.
    """
    pieces: list[Polygon] = []
    cuts: list[Cut] = []
    waiting = [(area, 0)]
    while waiting:
        piece, depth = waiting.pop()
        if piece.area < target_m2 * rng.uniform(1.1, 1.7):
            pieces.append(piece)
            continue
        line = _cut_line(piece, rng, bend)
        parts = [p for p in polygons(split(piece, line)) if p.area > target_m2 * 0.12]
        if len(parts) < 2:
            pieces.append(piece)
            continue
        inside = line.intersection(piece)
        cuts.extend(Cut(run, depth) for run in _runs(inside))
        waiting.extend((part, depth + 1) for part in parts)
    return pieces, cuts


def _cut_line(piece: Polygon, rng: np.random.Generator, bend: float) -> LineString:
    """Return a slightly bent line across the longer side of a piece."""
    angle, longer, shorter = bearing(piece)
    middle = piece.minimum_rotated_rectangle.centroid
    along = rng.uniform(-0.09, 0.09) * longer
    turn = math.radians(angle + 90 + rng.uniform(-4, 4))
    stray = rng.uniform(-bend, bend) * shorter
    direction = np.array([math.cos(turn), math.sin(turn)])
    across = np.array([direction[1], -direction[0]])
    start = np.array([middle.x, middle.y]) + across * along * math.copysign(1, across[0])
    reach = 0.75 * shorter + 30
    points = [
        start - direction * reach,
        start + across * stray,
        start + direction * reach,
    ]
    return LineString(np.array(points).round(2))


def _runs(shape: shapely.Geometry) -> Iterator[LineString]:
    """Yield the lines of whatever an intersection left."""
    for part in shapely.get_parts(shape):
        if part.geom_type == "LineString" and part.length > 3:
            yield part


def runs(shape: shapely.Geometry) -> list[LineString]:
    """Return the lines of whatever an operation left, end to end ones joined."""
    parts = shapely.get_parts(shape)
    lines = [p for p in parts if p.geom_type == "LineString" and not p.is_empty]
    merged = shapely.line_merge(shapely.MultiLineString(lines)) if lines else shape
    return list(_runs(merged))


def piece_of(line: LineString, start_m: float, end_m: float) -> LineString:
    """Return the part of a line between two distances along it."""
    part = substring(line, start_m, end_m)
    return part if isinstance(part, LineString) else LineString()
