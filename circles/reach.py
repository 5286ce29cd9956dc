"""The area within reach: where t(p) is within a limit, as polygons.

t(p) is evaluated on a grid: at the corners of blocks first, then at every node of the blocks the
outline may pass through, and of those it leads on to. Between two nodes it runs smoothly, or it
jumps, as from the near bank of a river to the far one; where it jumps is looked for in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from circles.corners import Corners, Patch
from circles.crs import FloatArray
from circles.errors import InputError
from circles.network import BoolArray, IndexArray, IntArray, points_of_edges
from circles.outline import Crossings, Grid, enclosed
from circles.surface import Surface
from circles.travel.joining import MAX_ACCESS_M, Joiner
from circles.travel.search import CostField

#: Side of a grid cell, metres.
CELL_M: Final = 12.0
_BLOCK: Final = 4  # cells in the side of a block
_NEAR: Final = 0.5  # a block is refined with a corner so near to a limit; shares of its side
_HALVINGS: Final = 2  # how often the stretch is halved in which t(p) jumps
#: Moving a metre changes t(p) by at most a metre of leg and one of street, at a right angle.
_STEEPEST: Final = 1.5
_MAX_NODES: Final = 40_000_000
#: Where they would be more, cells are wider by some of these shares of their side: areas of nearly
#: the same size are still drawn on one grid, whose corners have short binary numbers.
_WIDER: Final = 0.125
#: So many nodes are joined at once: more would only take memory.
_NODES_A_TURN: Final = 1_000_000
#: Fewer nodes than one in so many of the grid's are sorted, rather than marked on it.
_FEW: Final = 200

Levels = npt.NDArray[np.int16]


def reach_areas(
    field: CostField,
    joiner: Joiner,
    limits: Sequence[float],
    *,
    max_access_m: float = MAX_ACCESS_M,
    cell_m: float = CELL_M,
    corners: Corners | None = None,
) -> list[BaseGeometry]:
    """Return the area whose points cost no more than each limit, in the network's CRS.

    All limits are evaluated at the same places, so areas of growing limits contain each other.

    Parameters
    ----------
    field
        Least costs to or from the origins, at least up to the largest limit.
    joiner
        The same network's joiner.
    limits
        In the unit of the field's impedance, in any order.
    max_access_m
        Points farther than this from every street belong to no area.
    cell_m
        Side of a grid cell, metres; wider, by eighths, if the area would take too many cells. The
        outline is true to about a tenth of it. Holes and islands of less than about four cells
        across may be missed.
    corners
        What the joiner found for other areas; given where several are drawn in one place.

    Returns
    -------
    list of MultiPolygon
        One for each limit, empty where nothing is reached.

    Raises
    ------
    InputError
        `max_access_m` or `cell_m` is not positive and finite.
    """
    check_metres(max_access_m=max_access_m, cell_m=cell_m)
    ladder = np.unique(np.asarray(limits, dtype=np.float64))
    grid = _grid(field, ladder[-1], max_access_m, cell_m) if len(ladder) else None
    if grid is None:
        return [shapely.MultiPolygon() for _ in limits]
    surface = Surface(field, joiner, max_access_m, margin_m=_BLOCK * grid.cell_m)
    level, nodes = _evaluate(surface, grid, ladder, corners or Corners(joiner))
    areas = []
    for rung, limit in enumerate(ladder):
        inside = level <= rung
        crossings = Crossings.of(inside)
        share = _shares(surface, grid, crossings, nodes, float(limit))
        areas.append(enclosed(grid, inside, crossings, share))
    return [areas[rung] for rung in np.searchsorted(ladder, limits)]


def check_metres(**options: float) -> None:
    """Refuse options that are no length.

    Raises
    ------
    InputError
        One is not positive and finite; it is named.
    """
    for name, value in options.items():
        if not 0 < value < np.inf:
            message = f"{name} must be above 0 metres and finite; got {value}"
            raise InputError(message)


def _grid(field: CostField, limit: float, max_access_m: float, cell_m: float) -> Grid | None:
    """Lay a grid over everything that can be within the limit, with a rim that cannot."""
    network, (x_m, y_m) = field.network, field.network.xy_m
    near = np.flatnonzero(field.node_cost <= limit)
    leaving = network.arcs.edge[_rows_of(network.arcs.offset, near)]
    edge = np.concatenate([leaving, field.origins.edge[~field.origins.off_network]])
    points = _rows_of(network.edges.offset, edge[network.joinable[edge]])
    if not len(points):
        return None
    x_m, y_m = x_m[points], y_m[points]
    margin_m = max_access_m + cell_m
    west, east = x_m.min() - margin_m, x_m.max() + margin_m
    south, north = y_m.min() - margin_m, y_m.max() + margin_m
    nodes = (east - west) * (north - south) / cell_m**2
    excess = max(1.0, float(np.sqrt(nodes / _MAX_NODES))) - 1.0
    side_m = cell_m * (1.0 + _WIDER * float(np.ceil(excess / _WIDER)))
    block_m = side_m * _BLOCK
    # Corners on multiples of the block: neighbouring areas are drawn on one and the same grid.
    west, south = np.floor(west / block_m) * block_m, np.floor(south / block_m) * block_m
    columns = int(np.ceil((east - west) / block_m)) * _BLOCK + 1
    rows = int(np.ceil((north - south) / block_m)) * _BLOCK + 1
    return Grid(float(west), float(south), side_m, rows, columns)


def _rows_of(offset: IndexArray | IntArray, chosen: IndexArray | IntArray) -> IntArray:
    """Return all that the chosen ones own in compressed rows."""
    return points_of_edges(offset, chosen, np.zeros(len(chosen), dtype=bool))[0]


@dataclass(frozen=True)
class _Nodes:
    """The evaluated nodes of a grid, by their number row by row."""

    number: IntArray
    cost: FloatArray
    beyond_m: FloatArray

    @classmethod
    def of(cls, parts: Sequence[tuple[IntArray, FloatArray, FloatArray]]) -> "_Nodes":
        number, cost, beyond_m = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(number, kind="stable")
        return cls(number[order], cost[order], beyond_m[order])

    def at(self, number: IntArray) -> tuple[FloatArray, FloatArray]:
        place = np.searchsorted(self.number, number)
        return self.cost[place], self.beyond_m[place]


def _evaluate(
    surface: Surface, grid: Grid, ladder: FloatArray, corners: Corners
) -> tuple[Levels, _Nodes]:
    """Return for every node how many limits it is beyond, and the nodes where that was computed."""
    patch, block_m = _corners(grid), grid.cell_m * _BLOCK
    at = surface.of(corners.join(patch, side_m=block_m, max_access_m=surface.join_m))
    corner = _levels(*at, ladder).reshape(patch.rows, patch.columns)
    near = _near(surface, grid, at, ladder).reshape(corner.shape)
    level = _spread(corner, grid)
    fresh = _uneven(corner) | near[:-1, :-1] | near[:-1, 1:] | near[1:, :-1] | near[1:, 1:]
    known, found = np.zeros_like(fresh), [(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))]
    while fresh.any():
        known |= fresh
        number = _nodes_of(fresh, grid)
        cost, beyond_m = _at_nodes(surface, grid, number)
        level.ravel()[number] = _levels(cost, beyond_m, ladder)
        found.append((number, cost, beyond_m))
        fresh = _uneven_blocks(level, _around(fresh) & ~known)
    return level, _Nodes.of(found)


def _corners(grid: Grid) -> Patch:
    """Return the corners of a grid's blocks as multiples of the block."""
    block_m = grid.cell_m * _BLOCK
    return Patch(
        south=round(grid.south_m / block_m),
        west=round(grid.west_m / block_m),
        rows=grid.rows // _BLOCK + 1,
        columns=grid.columns // _BLOCK + 1,
    )


def _spread(corner: Levels, grid: Grid) -> Levels:
    """Give every node the level of its block's south-western corner.

    Where all corners of a block are of one level, and nothing tells otherwise, so is the block.
    """
    level = np.empty((grid.rows, grid.columns), dtype=np.int16)
    wide = np.repeat(corner, _BLOCK, axis=1)[:, : grid.columns]
    for down in range(_BLOCK):
        rows = level[down::_BLOCK]
        rows[:] = wide[: len(rows)]
    return level


def _at_nodes(surface: Surface, grid: Grid, number: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return what `Surface.at` says of nodes, by their number."""
    cost, beyond_m = np.empty(len(number)), np.empty(len(number))
    for first in range(0, len(number), _NODES_A_TURN):
        turn = slice(first, first + _NODES_A_TURN)
        place = grid.place(*np.divmod(number[turn], grid.columns))
        cost[turn], beyond_m[turn] = surface.at(*place)
    return cost, beyond_m


def _levels(cost: FloatArray, beyond_m: FloatArray, ladder: FloatArray) -> Levels:
    level = np.searchsorted(ladder, cost)
    return np.where(beyond_m > 0, len(ladder), level).astype(np.int16)


def _near(
    surface: Surface, grid: Grid, at: tuple[FloatArray, FloatArray], ladder: FloatArray
) -> BoolArray:
    """Find places so near to a limit that its outline may pass beside them."""
    close_m = _NEAR * _BLOCK * grid.cell_m
    near = np.zeros(len(at[0]), dtype=bool)
    for limit in ladder:
        near |= np.abs(_excess_m(surface, *at, float(limit))) <= close_m
    return near


def _excess_m(surface: Surface, cost: FloatArray, beyond_m: FloatArray, limit: float) -> FloatArray:
    """Metres by which places miss a limit, of walking or of the longest access leg."""
    excess: FloatArray = np.maximum((cost - limit) / surface.field.impedance.per_metre, beyond_m)
    return excess


def _uneven(level: Levels) -> BoolArray:
    """Find the cells whose corners are not all of one level."""
    corner = level[:-1, :-1]
    uneven: BoolArray = (
        (corner != level[:-1, 1:]) | (corner != level[1:, :-1]) | (corner != level[1:, 1:])
    )
    return uneven


def _nodes_of(blocks: BoolArray, grid: Grid) -> IntArray:
    """Return the numbers of all nodes in and around the given blocks, each once, rising."""
    row, column = np.nonzero(blocks)
    first = _BLOCK * (row * grid.columns + column)
    if len(first) * _FEW < blocks.size:
        step = np.arange(_BLOCK + 1)
        around = (step[:, None] * grid.columns + step).ravel()
        return np.unique(first[:, None] + around)
    wanted = np.zeros(grid.rows * grid.columns, dtype=bool)
    for down in range(_BLOCK + 1):
        for right in range(_BLOCK + 1):
            wanted[first + (down * grid.columns + right)] = True
    return np.flatnonzero(wanted)


def _around(blocks: BoolArray) -> BoolArray:
    """Return the given blocks and those that share a node with them."""
    wide = blocks.copy()
    wide[1:] |= blocks[:-1]
    wide[:-1] |= blocks[1:]
    around = wide.copy()
    around[:, 1:] |= wide[:, :-1]
    around[:, :-1] |= wide[:, 1:]
    return around


def _uneven_blocks(level: Levels, blocks: BoolArray) -> BoolArray:
    """Find those of the given blocks whose nodes are not all of one level."""
    row, column = np.nonzero(blocks)
    first = _BLOCK * (row * level.shape[1] + column)
    nodes, uneven = level.ravel(), np.zeros(len(first), dtype=bool)
    for down in range(_BLOCK + 1):
        for right in range(_BLOCK + 1):
            uneven |= nodes[first + (down * level.shape[1] + right)] != nodes[first]
    found = np.zeros_like(blocks)
    found[row[uneven], column[uneven]] = True
    return found


def _shares(
    surface: Surface, grid: Grid, crossings: Crossings, nodes: _Nodes, limit: float
) -> FloatArray:
    """Return where between their nodes crossings lie: by t(p) where it is smooth, else halving.

    Whether a stretch is halved does not depend on the limit, nor where: a lower limit's crossing
    is never farther out than a higher one's.
    """
    k = len(crossings)
    row, column = crossings.shifted(1.0)
    first = crossings.row * grid.columns + crossings.column
    second = (row * grid.columns + column).astype(np.int64)
    ends = (nodes.at(first), nodes.at(second))
    cost, beyond_m = (np.stack([ends[0][i], ends[1][i]]) for i in (0, 1))
    place = np.stack([np.zeros(k), np.ones(k)])
    for _ in range(_HALVINGS):
        jumps = np.flatnonzero(_jumps(surface, grid, place, cost))
        if not len(jumps):
            break
        middle = place.mean(axis=0)
        row, column = crossings.shifted(middle)
        there, far_m = surface.at(*grid.place(row[jumps], column[jumps]))
        within = (there <= limit) & (far_m <= 0)
        starts_within = (cost[0, jumps] <= limit) & (beyond_m[0, jumps] <= 0)
        side = np.where(within == starts_within, 0, 1)
        place[side, jumps], cost[side, jumps], beyond_m[side, jumps] = middle[jumps], there, far_m
    jump = _jumps(surface, grid, place, cost)
    excess_m = _excess_m(surface, cost, beyond_m, limit)
    with np.errstate(invalid="ignore"):
        part = np.where(jump, 0.5, excess_m[0] / (excess_m[0] - excess_m[1]))
    share: FloatArray = place[0] + part * (place[1] - place[0])
    return share


def _jumps(surface: Surface, grid: Grid, place: FloatArray, cost: FloatArray) -> BoolArray:
    """Find stretches over which t(p) changes more than walking along them can change it."""
    width_m = (place[1] - place[0]) * grid.cell_m
    with np.errstate(invalid="ignore"):
        change_m = np.abs(cost[1] - cost[0]) / surface.field.impedance.per_metre
    jumps: BoolArray = ~(change_m <= _STEEPEST * width_m)
    return jumps
