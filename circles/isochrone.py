"""Isochrones: from where a place can be reached, or where one gets to, within so many minutes.

A point belongs to an isochrone if its own travel time t(p) is within the limit: the walk from the
point straight to the nearest street, and on over the network. The outline is found by evaluating
t(p) on a grid, coarse first and fine wherever the outline passes, and contouring it. Streets that
are not reached compete for points like any others, so the far bank of a river stays outside.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import contourpy
import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from circles.crs import FloatArray, local_points
from circles.errors import InputError
from circles.network import BoolArray, WalkNetwork
from circles.travel import CostField, Direction, nearest_cost
from circles.travel.joining import MAX_ACCESS_M, Joiner, Joins
from circles.walking import Profile
from circles.walking import profile as profile_by_id

#: Side of a fine grid cell, metres; the outline is true to about half of it.
CELL_M: Final = 8.0
_COARSE: Final = 4  # fine cells in a coarse one
_MAX_FINE_NODES: Final = 60_000_000


@dataclass(frozen=True)
class _Grid:
    """A grid of nodes; a node in every `_COARSE`-th row and column is a coarse one too."""

    west_m: float
    south_m: float
    cell_m: float
    rows: int
    columns: int

    def nodes(
        self, row: npt.NDArray[np.int64], column: npt.NDArray[np.int64]
    ) -> tuple[FloatArray, FloatArray]:
        """Return the positions of nodes, metres."""
        x_m = self.west_m + column.astype(np.float64) * self.cell_m
        y_m = self.south_m + row.astype(np.float64) * self.cell_m
        return x_m, y_m


def isochrones(
    network: WalkNetwork,
    origins: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    minutes: Sequence[float] = (5, 10, 15),
    profile: str | Profile = "adult",
    direction: Direction = "to",
    merge: bool = False,
    max_access_m: float = MAX_ACCESS_M,
    cell_m: float = CELL_M,
) -> gpd.GeoDataFrame:
    """Return the isochrones of places, as polygons.

    Parameters
    ----------
    network
        The walking network.
    origins
        Points, in any CRS; other geometries count at a point on them.
    minutes
        The limits.
    profile
        A walking profile, or the id of one.
    direction
        ``"to"``: from where the origins can be reached; ``"from"``: where one gets from them.
    merge
        One area for all origins together (from where *any* of them is reached), from one search.
    max_access_m
        Points farther than this from every street belong to no isochrone.
    cell_m
        Side of a grid cell, metres.

    Returns
    -------
    GeoDataFrame
        In the origins' CRS. One row for each origin and limit (or, merged, for each limit) with
        the columns `origin` (the origin's index; None where merged), `minutes`, `status`
        (``"ok"``, or ``"off_network"`` for an origin that joins no street, whose area is empty)
        and `geometry` (MultiPolygon). Isochrones of growing limits contain each other.

    Raises
    ------
    InputError
        A limit is not positive, an origin has no position, or the origins have no CRS.
    """
    limits_s = _limits(minutes)
    walker = profile_by_id(profile) if isinstance(profile, str) else profile
    frame = gpd.GeoDataFrame(geometry=origins.geometry)
    points = local_points(frame, network.crs, "the table of origins")
    joiner = Joiner.of(network)
    joins = joiner.join(*points, max_access_m=max_access_m)
    impedance = network.times(walker)
    rows: list[tuple[object, float, str, BaseGeometry]] = []
    groups = [np.arange(len(frame))] if merge else [np.array([i]) for i in range(len(frame))]
    for group in groups:
        chosen = Joins(joins.edge[group], joins.share[group], joins.access_m[group])
        field = nearest_cost(
            network, chosen, impedance, direction=direction, limit=max(limits_s, default=0)
        )
        areas = reach_areas(field, joiner, limits_s, max_access_m=max_access_m, cell_m=cell_m)
        status = "off_network" if chosen.off_network.all() else "ok"
        label = None if merge else frame.index[group[0]]
        rows += [(label, m, status, a) for m, a in zip(minutes, areas, strict=True)]
    columns = {
        "origin": pd.Series([row[0] for row in rows], dtype=object),
        "minutes": pd.Series([float(row[1]) for row in rows], dtype=float),
        "status": pd.Series([row[2] for row in rows], dtype=object),
    }
    geometry = [row[3] for row in rows]
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=network.crs).to_crs(origins.crs)


def _limits(minutes: Sequence[float]) -> list[float]:
    wrong = [m for m in minutes if not m > 0]
    if wrong or not minutes:
        message = f"minutes must be positive numbers, at least one; got {list(minutes)}"
        raise InputError(message)
    return [m * 60.0 for m in minutes]


def reach_areas(
    field: CostField,
    joiner: Joiner,
    limits: Sequence[float],
    *,
    max_access_m: float = MAX_ACCESS_M,
    cell_m: float = CELL_M,
) -> list[BaseGeometry]:
    """Return the area whose points cost no more than each limit, in the network's CRS.

    Parameters
    ----------
    field
        Least costs to or from the origins.
    joiner
        The same network's joiner.
    limits
        In the unit of the field's impedance.
    max_access_m
        Points farther than this from every street belong to no area.
    cell_m
        Side of a grid cell, metres; wider if the area would take too many cells.

    Returns
    -------
    list of MultiPolygon
        One for each limit, empty where nothing is reached.
    """
    if not len(limits):
        return []
    grid = _grid(field, max(limits), max_access_m, cell_m)
    if grid is None:
        return [shapely.MultiPolygon() for _ in limits]
    surfaces = _surfaces(field, joiner, grid, limits, max_access_m)
    return [_contour(surface, grid) for surface in surfaces]


def _grid(field: CostField, limit: float, max_access_m: float, cell_m: float) -> _Grid | None:
    """Lay a grid over everything that can be within the limit."""
    edges, x_m, y_m = field.network.edges, *field.network.xy_m
    near = field.node_cost <= limit
    touched = near[edges.start] | near[edges.end]
    touched[field.origins.edge[~field.origins.off_network]] = True
    point = np.repeat(touched, np.diff(edges.offset))
    if not point.any():
        return None
    margin_m = max_access_m + 2 * _COARSE * cell_m
    west, east = x_m[point].min() - margin_m, x_m[point].max() + margin_m
    south, north = y_m[point].min() - margin_m, y_m[point].max() + margin_m
    cells = (east - west) * (north - south) / cell_m**2
    side_m = cell_m * max(1.0, float(np.sqrt(cells / _MAX_FINE_NODES)))
    coarse_m = side_m * _COARSE
    # Corners on multiples of the cell: neighbouring areas are drawn on one and the same grid.
    west, south = np.floor(west / coarse_m) * coarse_m, np.floor(south / coarse_m) * coarse_m
    columns = int(np.ceil((east - west) / coarse_m)) * _COARSE + 1
    rows = int(np.ceil((north - south) / coarse_m)) * _COARSE + 1
    return _Grid(float(west), float(south), side_m, rows, columns)


def _surfaces(
    field: CostField, joiner: Joiner, grid: _Grid, limits: Sequence[float], max_access_m: float
) -> list[npt.NDArray[np.float32]]:
    """Return for each limit how far each node is outside (> 0) or inside (< 0), metres at most.

    Every limit is evaluated on the same nodes, so areas of growing limits contain each other.
    """
    coarse_row, coarse_column = np.mgrid[0 : grid.rows : _COARSE, 0 : grid.columns : _COARSE]
    shape = coarse_row.shape
    reach = _Reach(field, joiner, limits, max_access_m, margin_m=2 * _COARSE * grid.cell_m)
    excess = reach.excess_m(*grid.nodes(coarse_row.ravel(), coarse_column.ravel()))
    blocks = _blocks_to_refine([e.reshape(shape) for e in excess], grid.cell_m * _COARSE)
    row, column = _fine_nodes(blocks)
    fine = reach.excess_m(*grid.nodes(row, column))
    surfaces = []
    for coarse_excess, fine_excess in zip(excess, fine, strict=True):
        sign = np.where(coarse_excess.reshape(shape) > 0, grid.cell_m, -grid.cell_m)
        surface = _spread(sign.astype(np.float32), grid)
        surface[row, column] = np.clip(fine_excess, -grid.cell_m, grid.cell_m)
        surfaces.append(surface)
    return surfaces


@dataclass(frozen=True)
class _Reach:
    """How far places are within or beyond each limit."""

    field: CostField
    joiner: Joiner
    limits: Sequence[float]
    max_access_m: float
    margin_m: float

    def excess_m(self, x_m: FloatArray, y_m: FloatArray) -> list[FloatArray]:
        """Metres by which places miss each limit: of walking, or of the longest access leg."""
        # Joined a little beyond the longest leg, so that the outline where legs end is exact too.
        joins = self.joiner.join(x_m, y_m, max_access_m=self.max_access_m + self.margin_m)
        cost, _ = self.field.at(joins)
        beyond_m = np.where(joins.off_network, np.inf, joins.access_m - self.max_access_m)
        per_metre = self.field.impedance.per_metre
        return [np.maximum((cost - limit) / per_metre, beyond_m) for limit in self.limits]


def _blocks_to_refine(excess: list[FloatArray], coarse_m: float) -> BoolArray:
    """Find the coarse cells through which an outline may pass."""
    blocks = np.zeros((excess[0].shape[0] - 1, excess[0].shape[1] - 1), dtype=bool)
    for values in excess:
        outside = values > 0
        # Between neighbouring nodes the cost changes by no more than a walk there and back.
        near = np.abs(values) <= coarse_m
        corners = [outside[:-1, :-1], outside[:-1, 1:], outside[1:, :-1], outside[1:, 1:]]
        mixed = np.any(corners, axis=0) & ~np.all(corners, axis=0)
        close = near[:-1, :-1] | near[:-1, 1:] | near[1:, :-1] | near[1:, 1:]
        blocks |= mixed | close
    return blocks


def _fine_nodes(blocks: BoolArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return all fine nodes in and around the given coarse cells, each once."""
    shape = (blocks.shape[0] * _COARSE + 1, blocks.shape[1] * _COARSE + 1)
    wanted = np.zeros(shape, dtype=bool)
    cells = np.repeat(np.repeat(blocks, _COARSE, axis=0), _COARSE, axis=1)
    for down in (0, 1):
        for right in (0, 1):
            wanted[down : down + cells.shape[0], right : right + cells.shape[1]] |= cells
    row, column = np.nonzero(wanted)
    return row, column


def _spread(sign: npt.NDArray[np.float32], grid: _Grid) -> npt.NDArray[np.float32]:
    """Give every fine node the sign of the coarse node before it."""
    fine = np.repeat(np.repeat(sign, _COARSE, axis=0), _COARSE, axis=1)
    return fine[: grid.rows, : grid.columns].copy()


def _contour(surface: npt.NDArray[np.float32], grid: _Grid) -> BaseGeometry:
    """Return the area where the surface is not above zero."""
    generator = contourpy.contour_generator(
        z=surface, fill_type=contourpy.FillType.OuterOffset, name="serial"
    )
    polygons = []
    for place, offset in zip(*generator.filled(-np.inf, 0.0)[:2], strict=True):
        rings = [
            place[a:b] * grid.cell_m + (grid.west_m, grid.south_m)
            for a, b in itertools.pairwise(offset)
        ]
        polygons.append(shapely.Polygon(rings[0], rings[1:]))
    polygons = [polygon for polygon in polygons if polygon.area > 0]
    whole = shapely.MultiPolygon(polygons)
    return whole if whole.is_valid else _as_multipolygon(shapely.make_valid(whole))


def _as_multipolygon(geometry: BaseGeometry) -> BaseGeometry:
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)
