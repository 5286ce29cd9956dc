"""Joining points to the network: the nearest location on an edge, mid-edge, by a grid."""

import math
from dataclasses import dataclass
from typing import Final

import numba
import numpy as np

from circles.crs import FloatArray
from circles.errors import InputError
from circles.network import BoolArray, IndexArray, IntArray, WalkNetwork

#: Farther than this from every edge, a point is off the network.
MAX_ACCESS_M: Final = 250.0
_CELL_M: Final = 40.0
_AT_END: Final = 1e-9
_NOWHERE_M: Final = 1e6


@dataclass(frozen=True)
class Joins:
    """Where each of k points joins the network.

    Parameters
    ----------
    edge
        Edge index, int32, shape (k,); -1 where the point is off the network.
    share
        How far along the edge it joins, as a share of the edge's length, 0-1.
    access_m
        Straight access leg, metres; NaN off the network.
    """

    edge: IndexArray
    share: FloatArray
    access_m: FloatArray

    @property
    def off_network(self) -> BoolArray:
        """Which points are off the network, shape (k,)."""
        return self.edge < 0

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.edge)


@dataclass(frozen=True)
class Joiner:
    """A network's joinable edges, sorted into a grid of cells.

    `segment_edge` says of which edge a segment is a part, `along_m` how far along it begins;
    cell `c` holds the segments ``cell_segment[cell_offset[c]:cell_offset[c + 1]]``.
    """

    x1: FloatArray
    y1: FloatArray
    x2: FloatArray
    y2: FloatArray
    segment_edge: IndexArray
    along_m: FloatArray
    edge_m: FloatArray
    west: float
    south: float
    columns: int
    rows: int
    cell_offset: IntArray
    cell_segment: IndexArray

    @classmethod
    def of(cls, network: WalkNetwork) -> "Joiner":
        """Prepare a network for joining points to it.

        Raises
        ------
        InputError
            The network has no edge that points may join.
        """
        return _prepare(network)

    def join(
        self, x_m: FloatArray, y_m: FloatArray, *, max_access_m: float = MAX_ACCESS_M
    ) -> Joins:
        """Join points at their nearest location on any joinable edge.

        Parameters
        ----------
        x_m, y_m
            Points in metres of the network's `crs`, shape (k,); one that is not finite is off the
            network.
        max_access_m
            Points farther than this from every edge are off the network.
        """
        placed = np.isfinite(x_m) & np.isfinite(y_m)
        segment, part, access_m = _nearest_segments(
            np.where(placed, x_m, self.west - 2 * max_access_m - _NOWHERE_M),
            np.where(placed, y_m, self.south),
            self.x1,
            self.y1,
            self.x2,
            self.y2,
            self.cell_offset,
            self.cell_segment,
            (self.west, self.south),
            (self.columns, self.rows),
            max_access_m,
        )
        found = segment >= 0
        at = np.where(found, segment, 0)
        length_m = np.hypot(self.x2[at] - self.x1[at], self.y2[at] - self.y1[at])
        edge_m = self.edge_m[self.segment_edge[at]]
        with np.errstate(invalid="ignore"):
            share = np.where(edge_m > 0, (self.along_m[at] + part * length_m) / edge_m, 0.0)
        # A join at an end is exactly there: beyond it lies the node, not a hair of the edge, which
        # may be one nobody can walk.
        share = np.where(share < _AT_END, 0.0, np.where(share > 1.0 - _AT_END, 1.0, share))
        return Joins(
            edge=np.where(found, self.segment_edge[at], -1).astype(np.int32),
            share=np.where(found, share, np.nan),
            access_m=np.where(found, access_m, np.nan),
        )


def _prepare(network: WalkNetwork) -> Joiner:
    edges = network.edges
    x_m, y_m = network.xy_m
    edge_of = np.repeat(np.arange(len(edges), dtype=np.int32), np.diff(edges.offset))
    first = np.flatnonzero((np.diff(edge_of) == 0) & network.joinable[edge_of[:-1]])
    if not len(first):
        message = "the network has no street that points may join; check the extract and its area"
        raise InputError(message)
    step_m = np.hypot(np.diff(x_m), np.diff(y_m))
    step_m[edges.offset[1:-1] - 1] = 0.0
    along_m: FloatArray = np.concatenate([[0.0], np.cumsum(step_m)])
    begin_m = along_m[edges.offset[:-1]]
    x1, y1, x2, y2 = x_m[first], y_m[first], x_m[first + 1], y_m[first + 1]
    west, south = float(min(x1.min(), x2.min())), float(min(y1.min(), y2.min()))
    columns = int((max(x1.max(), x2.max()) - west) / _CELL_M) + 1
    rows = int((max(y1.max(), y2.max()) - south) / _CELL_M) + 1
    cell_offset, cell_segment = _fill_cells(x1, y1, x2, y2, (west, south), (columns, rows))
    return Joiner(
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        segment_edge=edge_of[first],
        along_m=along_m[first] - begin_m[edge_of[first]],
        edge_m=along_m[edges.offset[1:] - 1] - begin_m,
        west=west,
        south=south,
        columns=columns,
        rows=rows,
        cell_offset=cell_offset,
        cell_segment=cell_segment,
    )


@numba.njit(cache=True, nogil=True)
def _fill_cells(
    x1: FloatArray,
    y1: FloatArray,
    x2: FloatArray,
    y2: FloatArray,
    corner: tuple[float, float],
    shape: tuple[int, int],
) -> tuple[IntArray, IndexArray]:
    """Sort segments into the cells their boxes touch: count, then place."""
    west, south = corner
    columns, rows = shape
    offset = np.zeros(columns * rows + 1, np.int64)
    place = np.zeros(0, np.int64)
    segments = np.zeros(0, np.int32)
    for placing in range(2):
        if placing:
            offset = np.cumsum(offset)
            place = offset.copy()
            segments = np.zeros(offset[-1], np.int32)
        for i in range(len(x1)):
            left = int((min(x1[i], x2[i]) - west) / _CELL_M)
            right = int((max(x1[i], x2[i]) - west) / _CELL_M)
            low = int((min(y1[i], y2[i]) - south) / _CELL_M)
            high = int((max(y1[i], y2[i]) - south) / _CELL_M)
            for row in range(low, high + 1):
                for column in range(left, right + 1):
                    cell = row * columns + column
                    if placing:
                        segments[place[cell]] = i
                        place[cell] += 1
                    else:
                        offset[cell + 1] += 1
    return offset, segments


@numba.njit(cache=True, nogil=True)
def _nearest_segments(
    px: FloatArray,
    py: FloatArray,
    x1: FloatArray,
    y1: FloatArray,
    x2: FloatArray,
    y2: FloatArray,
    cell_offset: IntArray,
    cell_segment: IndexArray,
    corner: tuple[float, float],
    shape: tuple[int, int],
    max_access_m: float,
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Search rings of cells around each point until no nearer segment can follow.

    Equal distances go to the segment with the lowest number, so that the answer does not depend
    on the grid.
    """
    west, south = corner
    columns, rows = shape
    nearest = np.full(len(px), -1, np.int64)
    part = np.zeros(len(px))
    access_m = np.full(len(px), np.inf)
    rings = int(math.ceil(max_access_m / _CELL_M)) + 1
    limit = max_access_m * max_access_m
    for i in range(len(px)):
        column0 = int(math.floor((px[i] - west) / _CELL_M))
        row0 = int(math.floor((py[i] - south) / _CELL_M))
        to_side = min(
            px[i] - west - column0 * _CELL_M,
            (column0 + 1) * _CELL_M - px[i] + west,
            py[i] - south - row0 * _CELL_M,
            (row0 + 1) * _CELL_M - py[i] + south,
        )
        best = limit
        for ring in range(rings + 1):
            if ring > 0:
                clear = (ring - 1) * _CELL_M + to_side
                if clear * clear > best:
                    break
            for row in range(max(0, row0 - ring), min(rows - 1, row0 + ring) + 1):
                on_rim = row == row0 - ring or row == row0 + ring
                step = 1 if on_rim or ring == 0 else 2 * ring
                for column in range(column0 - ring, column0 + ring + 1, step):
                    if column < 0 or column >= columns:
                        continue
                    cell = row * columns + column
                    for k in range(cell_offset[cell], cell_offset[cell + 1]):
                        s = cell_segment[k]
                        dx, dy = x2[s] - x1[s], y2[s] - y1[s]
                        square = dx * dx + dy * dy
                        at = 0.0
                        if square > 0:
                            at = ((px[i] - x1[s]) * dx + (py[i] - y1[s]) * dy) / square
                            at = min(1.0, max(0.0, at))
                        ex, ey = x1[s] + at * dx - px[i], y1[s] + at * dy - py[i]
                        gap = ex * ex + ey * ey
                        if gap < best or (gap == best and (nearest[i] < 0 or s < nearest[i])):
                            best = gap
                            nearest[i] = s
                            part[i] = at
        if nearest[i] >= 0:
            access_m[i] = math.sqrt(best)
    return nearest, part, access_m
