"""How much of each cell of a grid lies in which polygon, exactly.

The boundary of a polygon is cut at every line of the grid; each of its pieces then takes its part
of the one cell it lies in, and of all cells to the right of that in the same row, up to the
piece that closes the area again. Sums of signed trapezoids are areas (Green's theorem), and their
first moments the middles of what is cut out.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import shapely

from circles.crs import FloatArray
from circles.demand.model import ObjectArray
from circles.network import IntArray

#: What rounding leaves of cells along a border that runs on a line of the grid.
_SLIVER: Final = 1e-7


@dataclass(frozen=True)
class CellParts:
    """The parts of cells that lie in polygons.

    Parameters
    ----------
    polygon
        Index of the polygon, shape (parts,).
    column, row
        The cell, shape (parts,) each.
    share
        How much of the cell lies in the polygon, 0-1, shape (parts,).
    x, y
        The middle (centroid) of the part, in cells from the grid's corner, shape (parts,) each.
    """

    polygon: IntArray
    column: IntArray
    row: IntArray
    share: FloatArray
    x: FloatArray
    y: FloatArray

    def take(self, chosen: IntArray) -> "CellParts":
        """Return some of the parts."""
        return CellParts(
            self.polygon[chosen],
            self.column[chosen],
            self.row[chosen],
            self.share[chosen],
            self.x[chosen],
            self.y[chosen],
        )


class _Pieces(NamedTuple):
    """Pieces of boundaries, each within one cell, from (x0, y0) to (x1, y1)."""

    polygon: IntArray
    sign: FloatArray
    x0: FloatArray
    y0: FloatArray
    x1: FloatArray
    y1: FloatArray


def cell_parts(polygons: ObjectArray) -> CellParts:
    """Cut polygons along the lines of a grid of unit cells.

    Parameters
    ----------
    polygons
        Valid polygons and multipolygons, in cells from the grid's corner: cell (c, r) is the
        square from (c, r) to (c + 1, r + 1). Cells beyond the grid's ends count as well.

    Returns
    -------
    CellParts
        By polygon, row and column; parts smaller than rounding are left out.
    """
    pieces = _cut(_cut(_boundaries(polygons), across=True), across=False)
    # Where the ground lies to the right of a level piece makes no difference.
    return _swept(_Pieces(*(values[pieces.y0 != pieces.y1] for values in pieces)))


def _boundaries(polygons: ObjectArray) -> _Pieces:
    """Return the segments of polygons' rings, with 1 where rings run as an area's edge should."""
    parts, owner = shapely.get_parts(polygons, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    outer = np.append(True, np.diff(part) != 0)[: len(rings)]
    # Ground to the right of an edge that goes up is taken, and given back at one that goes down.
    ring_sign = np.where(shapely.is_ccw(rings) == outer, -1.0, 1.0)
    places, ring = shapely.get_coordinates(rings, return_index=True)
    inner = np.flatnonzero(np.diff(ring) == 0)
    begin, end = places[inner], places[inner + 1]
    ring = ring[inner]
    return _Pieces(
        owner[part[ring]], ring_sign[ring], begin[:, 0], begin[:, 1], end[:, 0], end[:, 1]
    )


def _cut(pieces: _Pieces, *, across: bool) -> _Pieces:
    """Cut pieces wherever they cross a line of the grid: x = 0, 1, 2 … if `across`, else y."""
    begin, end = (pieces.x0, pieces.x1) if across else (pieces.y0, pieces.y1)
    low, high = np.minimum(begin, end), np.maximum(begin, end)
    first = np.floor(low) + 1
    lines = np.maximum(np.ceil(high) - first, 0).astype(np.int64)
    owner = np.repeat(np.arange(len(begin)), lines + 1)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(lines + 1) - (lines + 1), lines + 1)
    forward = (end >= begin)[owner]
    count = lines[owner]

    def fraction(cut: IntArray) -> FloatArray:
        """Where along a piece its n-th cut lies, 0-1."""
        line = first[owner] + np.where(forward, cut - 1, count - cut)
        with np.errstate(invalid="ignore", divide="ignore"):
            inside = (line - begin[owner]) / (end - begin)[owner]
        return np.where(cut <= 0, 0.0, np.where(cut > count, 1.0, np.clip(inside, 0.0, 1.0)))

    def place(at: FloatArray, start: FloatArray, stop: FloatArray) -> FloatArray:
        between = start[owner] + at * (stop - start)[owner]
        return np.where(at == 1.0, stop[owner], between)

    t0, t1 = fraction(nth), fraction(nth + 1)
    return _Pieces(
        pieces.polygon[owner],
        pieces.sign[owner],
        place(t0, pieces.x0, pieces.x1),
        place(t0, pieces.y0, pieces.y1),
        place(t1, pieces.x0, pieces.x1),
        place(t1, pieces.y0, pieces.y1),
    )


def _swept(pieces: _Pieces) -> CellParts:
    """Sum up the ground to the right of pieces, cell by cell."""
    column = np.floor((pieces.x0 + pieces.x1) / 2).astype(np.int64)
    row = np.floor((pieces.y0 + pieces.y1) / 2).astype(np.int64)
    own, right = _ground(pieces, column, row)
    order = np.lexsort((column, row, pieces.polygon))
    keys = np.column_stack([pieces.polygon, row, column])[order]
    new = np.append(True, (np.diff(keys, axis=0) != 0).any(axis=1))[: len(keys)]
    at = np.flatnonzero(new)
    if not len(at):
        return _parts(keys, np.empty((0, 3)))
    keys = keys[at]
    own, right = (np.add.reduceat(values[order], at, axis=0) for values in (own, right))
    line = np.append(True, (np.diff(keys[:, :2], axis=0) != 0).any(axis=1))
    running = _running(right, line)
    edge = own + running - right
    gap = np.where(np.append(line[1:], True), 0, np.append(np.diff(keys[:, 2]), 1) - 1)
    filled = np.flatnonzero((gap > 0) & (np.abs(running[:, 0]) > _SLIVER))
    which = np.repeat(filled, gap[filled])
    step = np.arange(len(which)) - np.repeat(np.cumsum(gap[filled]) - gap[filled], gap[filled])
    between = keys[which]
    between[:, 2] += 1 + step
    return _parts(np.concatenate([keys, between]), np.concatenate([edge, running[which]]))


def _ground(pieces: _Pieces, column: IntArray, row: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return area and first moments to the right of pieces: in their own cell, and in the next.

    Both of shape (pieces, 3): area, moment in x, moment in y, about the cell's corner.
    """
    u0, u1 = (np.clip(x - column, 0.0, 1.0) for x in (pieces.x0, pieces.x1))
    v0, v1 = (np.clip(y - row, 0.0, 1.0) for y in (pieces.y0, pieces.y1))
    rise = pieces.sign * (v1 - v0)
    middle = (v0 + v1) / 2
    uv = (2 * u0 * v0 + u0 * v1 + u1 * v0 + 2 * u1 * v1) / 6
    own = [1 - (u0 + u1) / 2, (1 - (u0 * u0 + u0 * u1 + u1 * u1) / 3) / 2, middle - uv]
    right = [np.ones_like(rise), np.full_like(rise, 0.5), middle]
    return tuple(rise[:, None] * np.column_stack(sums) for sums in (own, right))  # type: ignore[return-value]


def _running(values: FloatArray, line: np.ndarray) -> FloatArray:
    """Return running sums along each row of cells; `line` marks where one begins."""
    total = np.cumsum(values, axis=0)
    before = np.where(line[:, None], total - values, 0.0)
    begin = np.maximum.accumulate(np.where(line, np.arange(len(line)), 0))
    return total - before[begin]


def _parts(keys: IntArray, sums: FloatArray) -> CellParts:
    """Make parts of cells of their areas and moments, in order; slivers are left out."""
    share = sums[:, 0]
    chosen = np.flatnonzero(share > _SLIVER)
    chosen = chosen[np.lexsort(keys[chosen].T[[2, 1, 0]])]
    area = share[chosen]
    x, y = (np.clip(sums[chosen, i] / area, 0.0, 1.0) for i in (1, 2))
    polygon, row, column = keys[chosen].T
    return CellParts(polygon, column, row, np.minimum(area, 1.0), column + x, row + y)
