"""Heights of a network's streets, from a grid of heights such as a digital terrain model.

What counts is the ground: a surface model, in which roofs and trees are hills, makes streets
steeper than they are. Bridges and tunnels run straight between the places where they meet the
ground.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import spsolve

from circles.crs import WGS84, FloatArray, box_text, to_degrees, to_metres
from circles.errors import InputError
from circles.network import (
    BoolArray,
    Edges,
    IntArray,
    WalkNetwork,
    points_of_edges,
    running_shares,
)
from circles.tables import refuse_missing
from circles.walking import Kind

if TYPE_CHECKING:
    from affine import Affine
    from rasterio.io import DatasetReader

logger = logging.getLogger(__name__)

#: Finer grids are averaged to cells of about this side. Over shorter steps the noise of measured
#: heights, kerbs and walls would count as slope.
CELL_M: Final = 10.0
#: No street on Earth lies outside; such values are voids that the file does not declare.
_PLAUSIBLE_M: Final = (-500.0, 9_000.0)
_METRES: Final = frozenset({"", "m", "metre", "metres", "meter", "meters"})


def add_elevation(network: WalkNetwork, path: Path | str) -> WalkNetwork:
    """Return a network with the heights of a grid, so that walking times count slopes.

    Heights are taken between the four nearest cells (bilinear), at every point of the streets
    and at more points in between, so that no step is longer than a cell; the streets keep
    their lines and lengths. Edges off the ground (bridges and tunnels) rise evenly between
    their ends; where several of them meet in the air, the height there is the mean of their
    other ends', nearer ones counting more. Where the grid has no height, neither has the street,
    and it counts as level; `height_share` tells how much of the network has one.

    Parameters
    ----------
    network
        The walking network; heights that it has are replaced.
    path
        A GeoTIFF, or another grid that GDAL reads, with one band: heights in metres, in any
        coordinate system. Cells much smaller than `CELL_M` are averaged.

    Raises
    ------
    InputError
        The file is missing or no grid, has no coordinate system or several bands, its heights
        are not in metres, or it has none where the network lies.
    """
    import rasterio

    path = Path(path)
    refuse_missing(path)
    with _grid_errors(path), rasterio.open(path) as source:
        _check_grid(source, path)
        grid = _grid_for(network, source, path)
        edges = _with_points(network, grid.cell_m)
        column, row = grid.cells(
            np.concatenate([network.node_lon, edges.lon]),
            np.concatenate([network.node_lat, edges.lat]),
        )
        height_m = _sampled(source, grid, column, row)
    if np.isnan(height_m).all():
        message = f"{path}: the grid has no height (nodata) at any street of the network"
        raise InputError(message)
    nodes = len(network.node_id)
    node_m = _over_the_ground(edges, height_m[:nodes])
    raised = replace(network, edges=_raised(edges, height_m[nodes:], node_m, network.crs))
    logger.info("%s: %.1f %% of the streets have a height", path, 100 * (height_share(raised) or 0))
    return raised


def height_share(network: WalkNetwork) -> float | None:
    """Return how much of a network's streets has a height, 0-1 by length; ferries do not count.

    None where no heights were given at all.
    """
    edges = network.edges
    if edges.elevation_m is None:
        return None
    step_m = _steps_m(edges, *network.xy_m)
    step_m[(edges.kind == Kind.FERRY)[_owners(edges)][:-1]] = 0.0
    known = np.isfinite(np.diff(edges.elevation_m))
    total_m = float(step_m.sum())
    return float(step_m[known].sum()) / total_m if total_m > 0 else 0.0


@dataclass(frozen=True)
class _Grid:
    """Where the cells of a grid lie.

    Parameters
    ----------
    crs
        The grid's coordinate system.
    transform
        What takes column and row, in cells from the grid's corner, to x and y of `crs`.
    size
        Columns and rows.
    factors
        How many columns and rows are averaged to one.
    cell_m
        The shorter side of such a cell near the network, metres.
    """

    crs: CRS
    transform: "Affine"
    size: tuple[int, int]
    factors: tuple[int, int] = (1, 1)
    cell_m: float = CELL_M

    def cells(self, lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return column and row of places; NaN where they are outside the grid."""
        x, y = Transformer.from_crs(WGS84, self.crs, always_xy=True).transform(lon, lat)
        with np.errstate(invalid="ignore"):  # places that the grid's projection does not know
            column, row = _moved(~self.transform, np.asarray(x), np.asarray(y))
            columns, rows = self.size
            inside = (column >= 0) & (column <= columns) & (row >= 0) & (row <= rows)
        return np.where(inside, column, np.nan), np.where(inside, row, np.nan)

    def sides_m(self, column: float, row: float, crs: CRS) -> tuple[float, float]:
        """Return how wide and how high the cell at a place is, in metres of a local system."""
        columns, rows = np.array([column, column + 1, column]), np.array([row, row, row + 1])
        x, y = _moved(self.transform, columns, rows)
        lon, lat = Transformer.from_crs(self.crs, WGS84, always_xy=True).transform(x, y)
        x_m, y_m = to_metres(lon, lat, crs)
        side_m = np.hypot(x_m[1:] - x_m[0], y_m[1:] - y_m[0])
        return float(side_m[0]), float(side_m[1])


def _moved(transform: "Affine", x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    a, b, c, d, e, f = transform[:6]
    return a * x + b * y + c, d * x + e * y + f


@contextmanager
def _grid_errors(path: Path) -> Iterator[None]:
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    try:
        with warnings.catch_warnings():
            # A grid without a place is refused below, with more words.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            yield
    except (RasterioError, ProjError) as error:
        message = (
            f"{path}: the file cannot be read as a grid of heights ({error}); is it complete, "
            "and is it a GeoTIFF?"
        )
        raise InputError(message) from error


def _check_grid(source: "DatasetReader", path: Path) -> None:
    """Refuse what is no grid of heights in metres with a place on Earth."""
    unit = (source.units[0] or "").strip().lower()
    fault = ""
    if source.count != 1:
        fault = f"it has {source.count} bands; a grid of heights has one"
    elif not source.crs or source.transform.is_identity:
        fault = "it does not say where its cells lie; assign its coordinate system and extent"
    elif np.dtype(source.dtypes[0]).kind not in "iuf":
        fault = f"its values are of the type {source.dtypes[0]}; numbers were expected"
    elif unit not in _METRES:
        fault = f"its heights are in {source.units[0]!r}; convert them to metres"
    if fault:
        message = f"{path}: {fault}"
        raise InputError(message)


def _grid_for(network: WalkNetwork, source: "DatasetReader", path: Path) -> _Grid:
    """Return the grid of a file, its cells averaged if they are small where the network lies."""
    crs = CRS.from_wkt(source.crs.to_wkt())
    grid = _Grid(crs, source.transform, (source.width, source.height))
    column, row = grid.cells(network.node_lon, network.node_lat)
    inside = np.flatnonzero(np.isfinite(column))
    if not len(inside):
        lon, lat = network.node_lon, network.node_lat
        message = (
            f"{path}: the grid does not cover the network: it spans {box_text(_box(source, crs))}, "
            f"the network {box_text((lon.min(), lat.min(), lon.max(), lat.max()))}"
        )
        raise InputError(message)
    middle = inside[len(inside) // 2]
    wide_m, high_m = grid.sides_m(float(column[middle]), float(row[middle]), network.crs)
    across, down = (max(1, round(CELL_M / side_m)) for side_m in (wide_m, high_m))
    return replace(grid, factors=(across, down), cell_m=min(wide_m * across, high_m * down))


def _box(source: "DatasetReader", crs: CRS) -> tuple[float, float, float, float]:
    transformer = Transformer.from_crs(crs, WGS84, always_xy=True)
    west, south, east, north = transformer.transform_bounds(*source.bounds)
    return west, south, east, north


def _with_points(network: WalkNetwork, step_m: float) -> Edges:
    """Return edges with points in between, so that no step on the ground is longer than a cell.

    Stairs, ferries and what is off the ground need none: no slope is looked for along them.
    """
    edges, (x_m, y_m) = network.edges, network.xy_m
    plain = ~edges.off_ground & ~np.isin(edges.kind, (Kind.STEPS, Kind.FERRY))
    run_m = np.append(_steps_m(edges, x_m, y_m), 0.0)
    parts = np.maximum(np.ceil(run_m / step_m), 1).astype(np.int64)
    parts[~plain[_owners(edges)]] = 1
    point = np.repeat(np.arange(len(parts)), parts)
    begins = np.cumsum(parts) - parts
    nth = np.arange(len(point)) - begins[point]
    new = np.flatnonzero(nth > 0)
    before, share = point[new], nth[new] / parts[point[new]]
    lon, lat = edges.lon[point], edges.lat[point]
    lon[new], lat[new] = to_degrees(
        x_m[before] + share * (x_m[before + 1] - x_m[before]),
        y_m[before] + share * (y_m[before + 1] - y_m[before]),
        network.crs,
    )
    offset = np.append(begins, len(point))[edges.offset]
    return replace(edges, offset=offset, lon=lon, lat=lat, elevation_m=None)


def _steps_m(edges: Edges, x_m: FloatArray, y_m: FloatArray) -> FloatArray:
    """Return the way from each point to the next; from one edge to the next one it is 0."""
    step_m: FloatArray = np.hypot(np.diff(x_m), np.diff(y_m))
    step_m[edges.offset[1:-1] - 1] = 0.0
    return step_m


def _owners(edges: Edges) -> IntArray:
    """Return whose each point is."""
    return np.repeat(np.arange(len(edges)), np.diff(edges.offset))


def _sampled(
    source: "DatasetReader", grid: _Grid, column: FloatArray, row: FloatArray
) -> FloatArray:
    """Return heights at places given in cells, NaN where there is none; reads their box alone."""
    from rasterio.enums import Resampling
    from rasterio.windows import Window

    (left, right), (top, bottom) = (
        _span(place, factor, size)
        for place, factor, size in zip((column, row), grid.factors, grid.size, strict=True)
    )
    shape = tuple(
        -(-(last - first) // factor)
        for first, last, factor in ((top, bottom, grid.factors[1]), (left, right, grid.factors[0]))
    )
    band = source.read(
        1,
        window=Window(left, top, right - left, bottom - top),
        out_shape=shape,
        resampling=Resampling.average,
        masked=True,
    )
    value_m = np.ma.filled(band.astype(np.float32), np.nan) * source.scales[0] + source.offsets[0]
    value_m[(value_m < _PLAUSIBLE_M[0]) | (value_m > _PLAUSIBLE_M[1])] = np.nan
    return _between_cells(
        value_m,
        (column - left) * (shape[1] / (right - left)),
        (row - top) * (shape[0] / (bottom - top)),
    )


def _span(place: FloatArray, factor: int, size: int) -> tuple[int, int]:
    """Return the first cell and the one after the last that places need, in whole factors."""
    first = int(np.nanmin(place)) // factor - 1
    last = int(np.nanmax(place)) // factor + 2
    return max(first * factor, 0), min(last * factor, size)


def _between_cells(
    value: npt.NDArray[np.float32], column: FloatArray, row: FloatArray
) -> FloatArray:
    """Interpolate between the middles of the four cells around each place (bilinear).

    A place whose own cell has no value has none; of the other three, those without one do not
    count. Beyond the outermost middles values go on level.
    """
    out = np.full(len(column), np.nan)
    at = np.flatnonzero(np.isfinite(column))
    (left, right, across), (top, bottom, down) = (
        _neighbours(place[at], size)
        for place, size in ((column, value.shape[1]), (row, value.shape[0]))
    )
    total, weights = np.zeros(len(at)), np.zeros(len(at))
    for r, high in ((top, 1 - down), (bottom, down)):
        for c, wide in ((left, 1 - across), (right, across)):
            corner = value[r, c]
            weight = np.where(np.isnan(corner), 0.0, high * wide)
            total += weight * np.where(np.isnan(corner), 0.0, corner)
            weights += weight
    own = value[np.where(down < 0.5, top, bottom), np.where(across < 0.5, left, right)]
    known = ~np.isnan(own)
    out[at[known]] = total[known] / weights[known]
    return out


def _neighbours(place: FloatArray, size: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the cells before and after each place, and how far it is from one to the other."""
    middle = np.clip(place - 0.5, 0.0, size - 1.0)
    before = middle.astype(np.int64)
    return before, np.minimum(before + 1, size - 1), middle - before


def _over_the_ground(edges: Edges, ground_m: FloatArray) -> FloatArray:
    """Return the heights of nodes: the ground's, but in the air where only bridges meet."""
    off = edges.off_ground & (edges.kind != Kind.FERRY) & (edges.start != edges.end)
    on = ~edges.off_ground & (edges.kind != Kind.FERRY)
    aerial = np.zeros(len(ground_m), dtype=bool)
    aerial[edges.start[off]] = aerial[edges.end[off]] = True
    aerial[edges.start[on]] = aerial[edges.end[on]] = False
    if not aerial.any():
        return ground_m
    height_m = np.where(aerial, np.nan, ground_m)
    tail = np.concatenate([edges.start[off], edges.end[off]])
    head = np.concatenate([edges.end[off], edges.start[off]])
    pull = np.tile(1.0 / np.maximum(edges.length_m[off], 0.1), 2)
    use = aerial[tail] & (aerial[head] | np.isfinite(height_m[head]))
    return _hung(height_m, aerial, tail[use].astype(np.int64), head[use], pull[use])


def _hung(
    height_m: FloatArray, aerial: BoolArray, tail: IntArray, head: IntArray, pull: FloatArray
) -> FloatArray:
    """Hang nodes between those whose height is known: each at the mean of its neighbours.

    `pull` is the weight of each connection, one over its length, so that a chain of bridges is
    straight; nodes that lead to no known height keep none.
    """
    nodes = len(height_m)
    loose = aerial[head]
    _, piece = connected_components(
        coo_array((pull[loose], (tail[loose], head[loose])), shape=(nodes, nodes)), directed=False
    )
    held = np.isin(piece, piece[tail[~loose]]) & aerial
    index = np.cumsum(held) - 1
    use = held[tail]
    tail, head, pull, loose = index[tail[use]], head[use], pull[use], loose[use]
    count = int(held.sum())
    if not count:
        return height_m
    rows = np.concatenate([np.arange(count), tail[loose]])
    columns = np.concatenate([np.arange(count), index[head[loose]]])
    values = np.concatenate([np.bincount(tail, pull, count), -pull[loose]])
    matrix = coo_array((values, (rows, columns)), shape=(count, count)).tocsc()
    known = np.bincount(tail[~loose], pull[~loose] * height_m[head[~loose]], count)
    hung = height_m.copy()
    hung[held] = spsolve(matrix, known)
    return hung


def _raised(edges: Edges, point_m: FloatArray, node_m: FloatArray, crs: CRS) -> Edges:
    """Give edges their points' heights; their ends have those of the nodes."""
    height_m = point_m.copy()
    off = np.flatnonzero(edges.off_ground)
    spans = edges.take(off)
    share, _ = running_shares(_steps_m(spans, *to_metres(spans.lon, spans.lat, crs)), spans.offset)
    low, high = (node_m[ends][_owners(spans)] for ends in (spans.start, spans.end))
    point, _ = points_of_edges(edges.offset, off, np.zeros(len(off), dtype=bool))
    height_m[point] = low + share * (high - low)
    height_m[edges.offset[:-1]] = node_m[edges.start]
    height_m[edges.offset[1:] - 1] = node_m[edges.end]
    return replace(edges, elevation_m=height_m)
