"""Outlines on a grid: which nodes are inside, where the outline crosses between them, polygons."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from circles.compiling import compiled
from circles.crs import FloatArray
from circles.network import BoolArray, IndexArray, IntArray

#: An outline comes no nearer to a node than this share of a cell, so that no ring touches another.
_CLEAR: Final = 1e-3

# For each pattern of a cell's inside corners (1 south-west, 2 south-east, 4 north-east, 8
# north-west): from which side to which the outline runs, the inside on its left, once or twice.
# Sides: 0 south, 1 east, 2 north, 3 west. Corners that touch across the cell are kept apart.
_RUNS: Final = np.array(
    [
        [-1, -1, -1, -1],
        [0, 3, -1, -1],
        [1, 0, -1, -1],
        [1, 3, -1, -1],
        [2, 1, -1, -1],
        [0, 3, 2, 1],
        [2, 0, -1, -1],
        [2, 3, -1, -1],
        [3, 2, -1, -1],
        [0, 2, -1, -1],
        [1, 0, 3, 2],
        [1, 2, -1, -1],
        [3, 1, -1, -1],
        [0, 1, -1, -1],
        [3, 0, -1, -1],
        [-1, -1, -1, -1],
    ],
    dtype=np.int8,
)


@dataclass(frozen=True)
class Grid:
    """Nodes in rows and columns, `cell_m` apart, from a south-western corner; metres."""

    west_m: float
    south_m: float
    cell_m: float
    rows: int
    columns: int

    def place(
        self, row: IntArray | FloatArray, column: IntArray | FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the positions of nodes, or of places between them, metres."""
        east_m, north_m = np.float64(self.cell_m) * column, np.float64(self.cell_m) * row
        return self.west_m + east_m.astype(np.float64), self.south_m + north_m.astype(np.float64)


@dataclass(frozen=True)
class Crossings:
    """Where an outline crosses between neighbouring nodes of a grid, one inside, one outside.

    Those between nodes of a row come first, then those between nodes of a column, both row by row.

    Parameters
    ----------
    row, column
        The western, or southern, node of each crossing, shape (k,).
    across
        How many lie between nodes of a row.
    """

    row: IntArray
    column: IntArray
    across: int

    @classmethod
    def of(cls, inside: BoolArray) -> "Crossings":
        """Find the crossings of the outline around the nodes inside, shape (rows, columns)."""
        columns = inside.shape[1]
        east = np.flatnonzero(inside[:, :-1] != inside[:, 1:])
        north = np.flatnonzero(inside[:-1] != inside[1:])
        return cls(
            row=np.concatenate([east // (columns - 1), north // columns]),
            column=np.concatenate([east % (columns - 1), north % columns]),
            across=len(east),
        )

    def __len__(self) -> int:
        """Return the number of crossings."""
        return len(self.row)

    def shifted(self, share: FloatArray | float) -> tuple[FloatArray, FloatArray]:
        """Return rows and columns of places, a share of the way from the first node on."""
        to_east = np.arange(len(self)) < self.across
        row = self.row.astype(np.float64) + np.where(to_east, 0.0, share)
        return row, self.column.astype(np.float64) + np.where(to_east, share, 0.0)


def enclosed(grid: Grid, inside: BoolArray, at: Crossings, share: FloatArray) -> BaseGeometry:
    """Return the area within an outline.

    Holes and islands are kept. The polygons are valid, whatever the shares. If one outline's inside
    nodes are all inside another one's too, and its crossings no farther out, it lies within it.

    Parameters
    ----------
    grid
        The grid.
    inside
        Which nodes are inside, shape (rows, columns); none on the grid's rim.
    at
        The crossings of `inside`.
    share
        Where between their nodes the outline crosses, 0-1, shape (k,).

    Returns
    -------
    MultiPolygon
        Outer rings run counter-clockwise.
    """
    if not len(at):
        return shapely.MultiPolygon()
    offset, order, whose, outer = _rings(
        inside, at.row[: at.across], at.column[: at.across], len(at)
    )
    clear = np.clip(share, _CLEAR, 1.0 - _CLEAR)
    places = np.column_stack(grid.place(*at.shifted(clear)))[order]
    ring = np.repeat(np.arange(len(whose)), np.diff(offset))
    rings = shapely.linearrings(places, indices=ring)
    # A polygon's outer ring comes before its holes.
    sequence = np.lexsort((~outer, whose))
    _, polygon = np.unique(whose[sequence], return_inverse=True)
    whole: BaseGeometry = shapely.multipolygons(shapely.polygons(rings[sequence], indices=polygon))
    return whole


@compiled
def _rings(
    inside: BoolArray, row: IntArray, column: IntArray, crossings: int
) -> tuple[IntArray, IndexArray, IndexArray, BoolArray]:
    """Link crossings to rings: marching squares, row by row.

    Returns where each ring's crossings begin, the crossings ring by ring, the outer ring each ring
    belongs to (an outer one to itself), and which are outer ones.
    """
    following = _links(inside, len(column), crossings)
    ring_of = np.full(crossings, -1, np.int32)
    order = np.empty(crossings, np.int32)
    offset = np.zeros(len(column) + 1, np.int64)
    west = np.empty(len(column), np.int32)
    rings = 0
    done = 0
    for start in range(len(column)):  # every ring goes around a node, so crosses a row
        if ring_of[start] >= 0:
            continue
        west[rings] = start
        at = np.int32(start)
        while ring_of[at] < 0:
            ring_of[at] = rings
            order[done] = at
            done += 1
            if at < len(column) and column[at] < column[west[rings]]:
                west[rings] = at
            at = following[at]
        rings += 1
        offset[rings] = done
    whose = np.empty(rings, np.int32)
    outer = np.empty(rings, np.bool_)
    for ring in range(rings):
        first = west[ring]
        outer[ring] = inside[row[first], column[first] + 1]
    for ring in range(rings):
        # West of a hole's westernmost crossing all is inside, up to the crossing before it in the
        # row: on the outer ring, or on another hole of the same polygon that reaches farther west.
        around = ring
        while not outer[around]:
            around = ring_of[west[around] - 1]
        whose[ring] = around
    return offset[: rings + 1], order, whose, outer


@compiled
def _links(inside: BoolArray, across: int, crossings: int) -> IndexArray:
    """Return the crossing that follows each one along the outline."""
    rows, columns = inside.shape
    following = np.full(crossings, -1, np.int32)
    south, north = np.full(columns, -1, np.int32), np.full(columns, -1, np.int32)
    sides = np.empty(4, np.int32)
    next_east, next_north = 0, across
    for row in range(rows - 1):
        for column in range(columns - 1):
            if inside[row + 1, column] != inside[row + 1, column + 1]:
                north[column] = next_east
                next_east += 1
        west = -1
        for column in range(columns - 1):
            pattern = (
                inside[row, column]
                + 2 * inside[row, column + 1]
                + 4 * inside[row + 1, column + 1]
                + 8 * inside[row + 1, column]
            )
            east = -1
            if inside[row, column + 1] != inside[row + 1, column + 1]:
                east = next_north
                next_north += 1
            if 0 < pattern < 15:
                sides[0], sides[1], sides[2], sides[3] = south[column], east, north[column], west
                run = _RUNS[pattern]
                following[sides[run[0]]] = sides[run[1]]
                if run[2] >= 0:
                    following[sides[run[2]]] = sides[run[3]]
            west = east
        south, north = north, south
    return following
