"""Straight pieces of streets and of barriers in a grid of cells, and the loops that ask it.

Two things are asked: which piece of street is nearest to a point, and whether a barrier lies
between the point and that place. The answers are exact and do not depend on the grid. The loops
are compiled at their first call, cached on disk, and release the GIL.
"""

import math
from typing import Final, NamedTuple

import numba
import numpy as np

from circles.compiling import compiled
from circles.crs import FloatArray
from circles.network import BoolArray, IndexArray, IntArray

#: A place as close as this to the line of a barrier lies on it.
TOUCH_M: Final = 1e-3
#: Measured on three cities: cells of 30 m or 60 m answer as fast.
_LEAST_CELL_M: Final = 40.0
_CELLS_A_SEGMENT: Final = 2.0
# Coordinates of a city are kept to 1e-10 m; what is farther apart than this is so in truth.
_SLACK_M: Final = 1e-6
_SLACK: Final = 1e-9
_AT_END: Final = 1e-9
_FARTHEST_M: Final = 4e7  # no two places on Earth are farther apart
_LEAST: Final = 1e-300  # added to a divisor that may be zero; it changes no other

#: For the small functions of the loops below: a call would cost more than what most of them do.
_inlined = numba.njit(nogil=True, error_model="numpy", forceinline=True)


class Grid(NamedTuple):
    """Straight segments between points, sorted into square cells; compiled loops read it as it is.

    Parameters
    ----------
    x_m, y_m
        The points; segment `i` runs from point `i` to point ``i + 1``.
    west_m, south_m, cell_m
        The corner of the grid, and the side of a cell.
    columns, rows
        Its size. What lies beyond its edge belongs to the cells along it.
    offset, segment
        Cell `c` (``row * columns + column``) is touched by the segments
        ``segment[offset[c]:offset[c + 1]]``; int32.
    """

    x_m: FloatArray
    y_m: FloatArray
    west_m: float
    south_m: float
    cell_m: float
    columns: int
    rows: int
    offset: IndexArray
    segment: IndexArray


class Course(NamedTuple):
    """How segments make up edges.

    Parameters
    ----------
    edge
        The edge that each segment is a part of, int32, one for every point.
    along_m
        How far along its edge each segment begins, one for every point.
    edge_m
        Length of each edge.
    """

    edge: IndexArray
    along_m: FloatArray
    edge_m: FloatArray


def street_grid(
    x_m: FloatArray, y_m: FloatArray, first: IntArray, *, cell_m: float | None = None
) -> Grid:
    """Sort pieces of street into a grid over their box.

    Parameters
    ----------
    x_m, y_m
        Points.
    first
        The segments, at least one: the numbers of their first points.
    cell_m
        Side of a cell; by default such that there are about two cells to a segment.
    """
    west_m, east_m = _range(x_m, first)
    south_m, north_m = _range(y_m, first)
    if cell_m is None:
        area_m2 = (east_m - west_m) * (north_m - south_m)
        cell_m = max(_LEAST_CELL_M, math.sqrt(area_m2 / (_CELLS_A_SEGMENT * len(first))))
    columns, rows = int((east_m - west_m) / cell_m) + 1, int((north_m - south_m) / cell_m) + 1
    return _filled(x_m, y_m, first, (west_m, south_m, cell_m, columns, rows))


def wall_grid(
    x_m: FloatArray, y_m: FloatArray, first: IntArray, *, streets: Grid, margin_m: float
) -> Grid:
    """Sort pieces of barriers into a grid somewhat wider than that of the streets.

    Parameters
    ----------
    x_m, y_m
        Points; segments with an end that is not finite are left out.
    first
        The segments: the numbers of their first points.
    streets
        The grid of the streets, whose cells it continues.
    margin_m
        How much wider. Barriers farther away gather in the cells along its edge, where they
        still count.
    """
    known = np.isfinite(x_m) & np.isfinite(y_m)
    around = math.ceil(margin_m / streets.cell_m)
    shape = (
        streets.west_m - around * streets.cell_m,
        streets.south_m - around * streets.cell_m,
        streets.cell_m,
        streets.columns + 2 * around,
        streets.rows + 2 * around,
    )
    return _filled(x_m, y_m, first[known[first] & known[first + 1]], shape)


def no_walls() -> Grid:
    """Return a grid without segments: nothing is barred."""
    none, offset = np.zeros(0), np.zeros(2, np.int32)
    return Grid(none, none, 0.0, 0.0, 1.0, 1, 1, offset, np.zeros(0, np.int32))


def _range(values_m: FloatArray, first: IntArray) -> tuple[float, float]:
    begin_m, end_m = values_m[first], values_m[first + 1]
    return float(min(begin_m.min(), end_m.min())), float(max(begin_m.max(), end_m.max()))


def _filled(
    x_m: FloatArray,
    y_m: FloatArray,
    first: IntArray,
    shape: tuple[float, float, float, int, int],
) -> Grid:
    offset, segment = _fill(x_m, y_m, first.astype(np.int32), *shape)
    return Grid(x_m, y_m, *shape, offset, segment)


@compiled
def _fill(
    x_m: FloatArray,
    y_m: FloatArray,
    first: IndexArray,
    west_m: float,
    south_m: float,
    cell_m: float,
    columns: int,
    rows: int,
) -> tuple[IndexArray, IndexArray]:
    """Sort segments into the cells they touch or pass within a hair: count, then place."""
    offset = np.zeros(columns * rows + 1, np.int32)
    segment = np.zeros(0, np.int32)
    for placing in range(2):
        if placing:
            offset = np.cumsum(offset).astype(np.int32)
            segment = np.empty(offset[-1], np.int32)
        # Each cell is filled from its end, the last segment first; its offset ends at its begin.
        for n in range(len(first) - 1, -1, -1):
            i = first[n]
            x1, y1, x2, y2 = x_m[i], y_m[i], x_m[i + 1], y_m[i + 1]
            low = _cell(min(y1, y2) - south_m - _SLACK_M, cell_m, rows)
            high = _cell(max(y1, y2) - south_m + _SLACK_M, cell_m, rows)
            for row in range(low, high + 1):
                begin_m, end_m = _span(x1, y1, x2, y2, row, rows, south_m, cell_m)
                left = row * columns + _cell(begin_m - west_m, cell_m, columns)
                right = row * columns + _cell(end_m - west_m, cell_m, columns)
                for cell in range(left, right + 1):
                    if placing:
                        offset[cell] -= 1
                        segment[offset[cell]] = i
                    else:
                        offset[cell] += 1
    return offset, segment


@_inlined
def _cell(from_edge_m: float, cell_m: float, cells: int) -> int:
    """Return the row or column of a place; what is beyond the edge belongs to the last one."""
    return int(min(max(from_edge_m / cell_m, 0.0), cells - 1.0))


@_inlined
def _span(
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    row: int,
    rows: int,
    south_m: float,
    cell_m: float,
) -> tuple[float, float]:
    """Return from where to where, west to east, a segment may lie within a row of cells."""
    begin, end = 0.0, 1.0
    if y1 != y2:
        low_m = south_m + row * cell_m - _SLACK_M if row > 0 else -math.inf
        high_m = south_m + (row + 1) * cell_m + _SLACK_M if row < rows - 1 else math.inf
        begin = min(max((low_m - y1) / (y2 - y1), 0.0), 1.0)
        end = min(max((high_m - y1) / (y2 - y1), 0.0), 1.0)
    a, b = x1 + begin * (x2 - x1), x1 + end * (x2 - x1)
    return min(a, b) - _SLACK_M, max(a, b) + _SLACK_M


@compiled
def join_points(
    turn: IntArray,
    x_m: FloatArray,
    y_m: FloatArray,
    streets: Grid,
    course: Course,
    walls: Grid,
    max_access_m: float,
    edge: IndexArray,
    share: FloatArray,
    access_m: FloatArray,
    barred: BoolArray,
) -> None:
    """Find for each point in turn the nearest place on a street that no wall lies before.

    Of places equally near the one on the segment with the lowest number is taken.

    Parameters
    ----------
    turn
        The points to join; if one is near the next the search is fastest.
    x_m, y_m
        All points.
    streets, course, walls
        What to join, how it makes up edges, and what lies before it.
    max_access_m
        Places farther than this do not count.
    edge, share, access_m
        Filled for the points that find a place: the edge, the share of its length, the leg.
    barred
        Set for the points that have a wall before the nearest place of all.
    """
    reach_m = min(max_access_m, _FARTHEST_M)
    limit = reach_m * reach_m
    west_m, south_m = streets.west_m - reach_m, streets.south_m - reach_m
    east_m = streets.west_m + streets.columns * streets.cell_m + reach_m
    north_m = streets.south_m + streets.rows * streets.cell_m + reach_m
    walled = len(walls.segment) > 0
    # What is nearest to one point, or bars it, often is or does so for the next one too.
    guess = free_guess = wall = -1
    for i in turn:
        px, py = x_m[i], y_m[i]
        if not (west_m <= px <= east_m and south_m <= py <= north_m):
            continue
        found, part, square, _ = _nearest(px, py, streets, limit, guess, walls, False, wall)
        guess = found
        if found >= 0 and walled:
            qx, qy = _place(streets, found, part)
            between = _wall(px, py, qx, qy, walls, wall)
            if between >= 0:
                barred[i] = True
                found, part, square, wall = _nearest(
                    px, py, streets, limit, free_guess, walls, True, between
                )
                free_guess = found
        if found >= 0:
            edge[i] = course.edge[found]
            share[i] = _share(streets, course, found, part)
            access_m[i] = math.sqrt(square)


@_inlined
def _nearest(
    px: float,
    py: float,
    streets: Grid,
    limit: float,
    guess: int,
    walls: Grid,
    heed: bool,
    wall: int,
) -> tuple[int, float, float, int]:
    """Search rows of cells, the nearest first, until no nearer segment can follow.

    Returns the segment (-1 if there is none), at which part of it the nearest place lies, the
    square of the distance, and, where walls are heeded, the one that was in the way last.
    """
    found, part, best = -1, 0.0, limit
    if guess >= 0:
        square, at = _square(px, py, streets, guess)
        free = square <= limit
        if free and heed:
            qx, qy = _place(streets, guess, at)
            between = _wall(px, py, qx, qy, walls, wall)
            free = between < 0
            wall = max(wall, between)
        if free:
            found, part, best = guess, at, square
    bound = best * (1.0 + _SLACK) + _SLACK_M * _SLACK_M
    x_m, y_m, cell_m, rows = streets.x_m, streets.y_m, streets.cell_m, streets.rows
    low = _cell(py - streets.south_m, cell_m, rows)
    high = low + 1
    while low >= 0 or high < rows:
        below_m = py - streets.south_m - (low + 1) * cell_m if low >= 0 else math.inf
        above_m = streets.south_m + high * cell_m - py if high < rows else math.inf
        if below_m <= above_m:
            row, away_m = low, max(below_m, 0.0)
            low -= 1
        else:
            row, away_m = high, max(above_m, 0.0)
            high += 1
        if away_m * away_m > bound:
            break
        half_m = math.sqrt(bound - away_m * away_m)
        left = _cell(px - half_m - streets.west_m, cell_m, streets.columns)
        right = _cell(px + half_m - streets.west_m, cell_m, streets.columns)
        begin = streets.offset[row * streets.columns + left]
        end = streets.offset[row * streets.columns + right + 1]
        for k in range(begin, end):
            i = streets.segment[k]
            # Most are too far: told apart without a branch that a processor cannot foresee.
            dx, dy = x_m[i + 1] - x_m[i], y_m[i + 1] - y_m[i]
            ax, ay = px - x_m[i], py - y_m[i]
            at = min(max((ax * dx + ay * dy) / (dx * dx + dy * dy + _LEAST), 0.0), 1.0)
            ax, ay = ax - at * dx, ay - at * dy
            if ax * ax + ay * ay > bound:
                continue
            square, at = _square(px, py, streets, i)
            if square < best or (square == best and (found < 0 or i < found)):
                if heed:
                    qx, qy = _place(streets, i, at)
                    between = _wall(px, py, qx, qy, walls, wall)
                    if between >= 0:
                        wall = between
                        continue
                found, part, best = i, at, square
                bound = best * (1.0 + _SLACK) + _SLACK_M * _SLACK_M
    return found, part, best, wall


@_inlined
def _square(px: float, py: float, streets: Grid, i: int) -> tuple[float, float]:
    """Return the square of the distance to a segment, and at which part of it the place lies.

    At an end the place is the end itself: segments that meet there are equally near.
    """
    x1, y1, x2, y2 = streets.x_m[i], streets.y_m[i], streets.x_m[i + 1], streets.y_m[i + 1]
    dx, dy = x2 - x1, y2 - y1
    ax, ay = px - x1, py - y1
    along, whole = ax * dx + ay * dy, dx * dx + dy * dy
    if along <= 0.0:
        return ax * ax + ay * ay, 0.0
    if along >= whole:
        return (px - x2) * (px - x2) + (py - y2) * (py - y2), 1.0
    part = along / whole
    ax, ay = ax - part * dx, ay - part * dy
    return ax * ax + ay * ay, part


@_inlined
def _place(streets: Grid, i: int, part: float) -> tuple[float, float]:
    """Return the place at a part of a segment; at its ends, these themselves."""
    if part >= 1.0:
        return streets.x_m[i + 1], streets.y_m[i + 1]
    x1, y1 = streets.x_m[i], streets.y_m[i]
    return x1 + part * (streets.x_m[i + 1] - x1), y1 + part * (streets.y_m[i + 1] - y1)


@_inlined
def _share(streets: Grid, course: Course, i: int, part: float) -> float:
    """Return how far along its edge a place on a segment is.

    At an end of the edge it is exactly there: beyond lies the node, not a hair of the edge, which
    may be one nobody can walk.
    """
    edge_m = course.edge_m[course.edge[i]]
    if edge_m <= 0.0:
        return 0.0
    dx, dy = streets.x_m[i + 1] - streets.x_m[i], streets.y_m[i + 1] - streets.y_m[i]
    share = (course.along_m[i] + part * math.sqrt(dx * dx + dy * dy)) / edge_m
    if share < _AT_END:
        return 0.0
    return 1.0 if share > 1.0 - _AT_END else share


@_inlined
def _wall(px: float, py: float, qx: float, qy: float, walls: Grid, guess: int) -> int:
    """Return a segment that a leg crosses, -1 if there is none; a guess is tried first."""
    if guess >= 0 and _crosses(px, py, qx, qy, walls, guess):
        return guess
    left = _cell(min(px, qx) - walls.west_m - _SLACK_M, walls.cell_m, walls.columns)
    right = _cell(max(px, qx) - walls.west_m + _SLACK_M, walls.cell_m, walls.columns)
    step = 1 if qy >= py else -1
    row = _cell(py - walls.south_m - step * _SLACK_M, walls.cell_m, walls.rows)
    last = _cell(qy - walls.south_m + step * _SLACK_M, walls.cell_m, walls.rows)
    long = abs(last - row) > 1
    while row * step <= last * step:
        if long:
            begin_m, end_m = _span(px, py, qx, qy, row, walls.rows, walls.south_m, walls.cell_m)
            left = _cell(begin_m - walls.west_m, walls.cell_m, walls.columns)
            right = _cell(end_m - walls.west_m, walls.cell_m, walls.columns)
        begin = walls.offset[row * walls.columns + left]
        end = walls.offset[row * walls.columns + right + 1]
        for k in range(begin, end):
            i: int = walls.segment[k]
            if _crosses(px, py, qx, qy, walls, i):
                return i
        row += step
    return -1


@_inlined
def _crosses(px: float, py: float, qx: float, qy: float, walls: Grid, i: int) -> bool:
    """Say whether a leg from p to q crosses a segment: p and q on either side, neither on it.

    The segment's ends count as parts of it, so a leg through the point where two segments meet
    does not slip between them. One without length is never crossed.
    """
    x1, y1, x2, y2 = walls.x_m[i], walls.y_m[i], walls.x_m[i + 1], walls.y_m[i + 1]
    dx, dy = x2 - x1, y2 - y1
    p_side, q_side = dx * (py - y1) - dy * (px - x1), dx * (qy - y1) - dy * (qx - x1)
    if p_side * q_side >= 0.0:
        return False
    touch = TOUCH_M * TOUCH_M * (dx * dx + dy * dy)
    if p_side * p_side <= touch or q_side * q_side <= touch:
        return False
    ex, ey = qx - px, qy - py
    sides: float = (ex * (y1 - py) - ey * (x1 - px)) * (ex * (y2 - py) - ey * (x2 - px))
    return sides <= 0.0
