"""Demand from population rasters such as those of WorldPop and GHS-POP."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from circles.crs import FloatArray
from circles.demand.cells import Cells
from circles.demand.cutting import PIECE_M, disjoint, mended
from circles.demand.model import Demand, ObjectArray, sources_and_unknown
from circles.demand.people_grid import PeopleGrid, Raster, RasterFacts
from circles.demand.raster_files import read_people
from circles.demand.shares import CellParts, cell_parts
from circles.errors import InputError
from circles.network import BoolArray, IntArray
from circles.tables.ledger import Ledger
from circles.texts import Note

Named = Raster | Path | str
#: Communities are cut in batches of about so many pieces, which bounds the memory that takes.
_BATCH_PIECES: Final = 1_000_000
#: More pieces than this are no demand layer that anybody can work with; they take about 2 GB.
_MAX_PIECES: Final = 10_000_000
#: Shares this near to 1 are 1 but for rounding.
_ROUNDING: Final = 1e-6
#: A community with more than this share of its area beyond a raster is not wholly counted.
_MAX_BEYOND_SHARE: Final = 0.01
_EXAMPLES: Final = 5


@dataclass(frozen=True)
class _Cut:
    """A grid of people cut along communities.

    Parameters
    ----------
    grid
        The grid.
    parts
        The parts of its cells, or of the squares they are split into, that somebody lives in.
    cell
        The cell each part is of, as an index of the window, shape (parts,).
    inside
        How much of each cell lies in communities, 0-1, shape (cells of the window,).
    known
        By group, communities that have a cell with a number, shape (communities,) each.
    beyond
        How much of each community's area lies beyond the raster, 0-1, shape (communities,).
    """

    grid: PeopleGrid
    parts: CellParts
    cell: IntArray
    inside: FloatArray
    known: Mapping[str, BoolArray]
    beyond: FloatArray


def demand_from_rasters(
    rasters: Mapping[str, Named | Sequence[Named]], communities: gpd.GeoDataFrame, crs: CRS
) -> Demand:
    """Take demand from rasters of people, cut along communities.

    The people of a cell are spread evenly over it: each community gets the share of them that it
    has of the cell's area in the raster's own grid. Cells much wider than
    `circles.demand.PIECE_M` are split into squares of about that size. Only the cells around the
    communities are read.

    Parameters
    ----------
    rasters
        The rasters of each group, such as ``{"all": "all.tif", "60+": ["f_60.tif", "m_60.tif"]}``;
        several of one group are added up. A `Raster` says which band counts, or that it holds a
        density. Grids may differ from group to group.
    communities
        The community table.
    crs
        The run's local metric CRS.

    Returns
    -------
    Demand
        `outside` holds the people of the window who live in no community, so that weights and
        `outside` add up to what was read.

    Raises
    ------
    InputError
        A file cannot be read, or is no raster of people where the communities are; the message
        says which and why.
    """
    grids = read_people(_named(rasters), communities, crs)
    known = {group: np.zeros(len(communities), dtype=bool) for group in rasters}
    outside: dict[str, float] = {}
    points: list[tuple[FloatArray, FloatArray, IntArray]] = []
    weights: dict[str, list[FloatArray]] = {group: [] for group in rasters}
    notes: list[Note] = []
    for grid in grids:
        cut = _cut(grid)
        across, down = _splits(grid)
        x_m, y_m = grid.places(cut.parts.x / across, cut.parts.y / down, crs)
        points.append((x_m, y_m, cut.parts.polygon))
        split = cut.parts.share / (across * down)
        share = split * _rounded(cut.inside)[cut.cell]
        for group, kept in weights.items():
            people = grid.people.get(group)
            if people is None:
                kept.append(np.zeros(len(share)))
                continue
            number = np.nan_to_num(people).ravel()
            kept.append(number[cut.cell] * share)
            outside[group] = outside.get(group, 0.0) + float(number @ _rest(cut.inside))
        for group, here in cut.known.items():
            known[group] |= here
        notes += _notes(cut, communities)
    source, unknown = sources_and_unknown(known)
    x_m, y_m, community = (np.concatenate(values) for values in zip(*points, strict=True))
    return Demand(
        x_m=x_m,
        y_m=y_m,
        community=community.astype(np.int32),
        weights={group: np.concatenate(kept) for group, kept in weights.items()},
        source=source,
        notes=(*notes, Note.of("assumptions.even_cells")),
        unknown=unknown,
        outside=outside,
        ledgers=tuple(_ledger(facts) for grid in grids for facts in grid.facts),
    )


def cells_from_rasters(
    rasters: Mapping[str, Named | Sequence[Named]], communities: gpd.GeoDataFrame, crs: CRS
) -> list[Cells]:
    """Read rasters of people as cells, to be spread over buildings; one `Cells` for each grid.

    The parameters and errors are those of `demand_from_rasters`. Only cells that somebody lives
    in and that a community has a part of are returned; the others' people are `outside`.
    """
    found = []
    for grid in read_people(_named(rasters), communities, crs):
        cut = _cut(grid)
        cell = np.unique(cut.cell)
        people = {group: np.nan_to_num(number).ravel() for group, number in grid.people.items()}
        found.append(
            Cells(
                outline=_polygons(grid, cell, crs),
                people={group: number[cell] for group, number in people.items()},
                notes=tuple(_notes(cut, communities)),
                outside={
                    group: float(np.delete(number, cell).sum()) for group, number in people.items()
                },
                ledgers=tuple(_ledger(facts) for facts in grid.facts),
                known=cut.known,
            )
        )
    return found


def _named(rasters: Mapping[str, Named | Sequence[Named]]) -> dict[str, list[Raster]]:
    def files(named: Named | Sequence[Named]) -> list[Raster]:
        several = [named] if isinstance(named, Raster | Path | str) else named
        return [one if isinstance(one, Raster) else Raster(Path(one)) for one in several]

    return {group: files(named) for group, named in rasters.items()}


def _splits(grid: PeopleGrid) -> tuple[int, int]:
    """Return into how many columns and rows each cell is split, so that pieces are about 100 m."""
    across, down = (max(1, round(side_m / PIECE_M)) for side_m in grid.sides_m)
    return across, down


def _cut(grid: PeopleGrid) -> _Cut:
    """Cut a grid along communities."""
    across, down = _splits(grid)
    rows, columns = grid.shape
    # Ground that communities share is the first's.
    outlines = disjoint(mended(grid.outlines))
    whole = shapely.area(outlines)
    outlines = shapely.transform(_clipped(outlines, columns, rows), lambda xy: xy * (across, down))
    _check_pieces(grid, outlines)
    has_number = {group: ~np.isnan(people).ravel() for group, people in grid.people.items()}
    lived_in = np.logical_or.reduce([people.ravel() > 0 for people in grid.people.values()])
    known = {group: np.zeros(len(outlines), dtype=bool) for group in grid.people}
    inside, within = np.zeros(rows * columns), np.zeros(len(outlines))
    kept: list[tuple[CellParts, IntArray]] = []
    for some_outlines, community in _batches(outlines):
        parts = _in_window(cell_parts(some_outlines), community, columns * across, rows * down)
        cell = parts.row // down * columns + parts.column // across
        inside += np.bincount(cell, parts.share, rows * columns) / (across * down)
        within += np.bincount(parts.polygon, parts.share, len(outlines)) / (across * down)
        for group, some in has_number.items():
            known[group][parts.polygon[some[cell]]] = True
        chosen = np.flatnonzero(lived_in[cell])
        kept.append((parts.take(chosen), cell[chosen]))
    with np.errstate(invalid="ignore", divide="ignore"):
        beyond = np.where(whole > 0, 1 - within / whole, 0.0)
    cells = np.concatenate([cell for _, cell in kept])
    return _Cut(grid, _together([p for p, _ in kept]), cells, inside, known, beyond)


def _clipped(outlines: ObjectArray, columns: int, rows: int) -> ObjectArray:
    """Return the ground of outlines that lies in a window; most lie there as a whole."""
    west, south, east, north = shapely.bounds(outlines).T
    across = (west < 0) | (south < 0) | (east > columns) | (north > rows)
    clipped = outlines.copy()
    clipped[across] = shapely.intersection(outlines[across], shapely.box(0, 0, columns, rows))
    return clipped


def _check_pieces(grid: PeopleGrid, outlines: ObjectArray) -> None:
    # Each piece of ground counts, and each line of the grid that a border crosses.
    places, ring = shapely.get_coordinates(outlines, return_index=True)
    crossed = np.abs(np.diff(places, axis=0)).sum(axis=1)[np.diff(ring) == 0].sum()
    pieces = float(shapely.area(outlines).sum() + crossed)
    if not pieces <= _MAX_PIECES:
        message = (
            f"{grid.facts[0].raster.path}: the communities would be cut into {pieces:,.0f} pieces; "
            f"more than {_MAX_PIECES:,} are not computed. Make the raster coarser (cells of 100 m "
            "will do, by adding up people), or take fewer communities"
        )
        raise InputError(message)


def _batches(outlines: ObjectArray) -> Iterator[tuple[ObjectArray, IntArray]]:
    """Yield outlines, and whose they are, in batches of about `_BATCH_PIECES` pieces.

    An outline of more pieces than that is cut along lines of the grid.
    """
    area = shapely.area(outlines)
    large = area > _BATCH_PIECES
    small = np.flatnonzero(~large)
    batch = (np.cumsum(area[small]) // _BATCH_PIECES).astype(np.int64)
    for one in np.unique(batch):
        chosen = small[batch == one]
        yield outlines[chosen], chosen
    for i in np.flatnonzero(large):
        west, south, east, north = shapely.bounds(outlines[i])
        step = max(1, int(_BATCH_PIECES / (east - west)))
        for top in range(math.floor(south), math.ceil(north), step):
            band = shapely.box(west - 1, top, east + 1, top + step)
            yield np.array([shapely.intersection(outlines[i], band)], dtype=object), np.array([i])


def _in_window(parts: CellParts, community: IntArray, columns: int, rows: int) -> CellParts:
    """Return the parts in the window, with the communities' own numbers."""
    here = (parts.column >= 0) & (parts.column < columns) & (parts.row >= 0) & (parts.row < rows)
    found = parts.take(np.flatnonzero(here))
    return CellParts(
        community[found.polygon], found.column, found.row, found.share, found.x, found.y
    )


def _together(batches: Sequence[CellParts]) -> CellParts:
    names = ("polygon", "column", "row", "share", "x", "y")
    return CellParts(*(np.concatenate([getattr(b, name) for b in batches]) for name in names))


def _rounded(inside: FloatArray) -> FloatArray:
    """Return what makes the shares of cells that lie in communities as a whole add up to 1."""
    whole = np.abs(inside - 1) < _ROUNDING
    return np.where(whole, 1 / np.where(whole, inside, 1.0), 1.0)


def _rest(inside: FloatArray) -> FloatArray:
    """Return how much of each cell lies outside every community."""
    return np.where(np.abs(inside - 1) < _ROUNDING, 0.0, 1 - inside)


def _polygons(grid: PeopleGrid, cell: IntArray, crs: CRS) -> ObjectArray:
    """Return cells as polygons of a local system."""
    row, column = np.divmod(cell, grid.shape[1])
    ring = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    corners = np.empty((len(cell), len(ring), 2))
    for i, (right, below) in enumerate(ring):
        x_m, y_m = grid.places(column + float(right), row + float(below), crs)
        corners[:, i, 0], corners[:, i, 1] = x_m, y_m
    return np.asarray(shapely.polygons(corners), dtype=object)


def _notes(cut: _Cut, communities: gpd.GeoDataFrame) -> list[Note]:
    """Say what of a grid is assumed or missing."""
    notes = []
    for facts in cut.grid.facts:
        origin = facts.raster.path.name
        if facts.marked:
            notes.append(
                Note.of(
                    "assumptions.raster_mark", origin=origin, count=facts.marked, mark=facts.mark
                )
            )
        if facts.raster.unit != "people":
            notes.append(Note.of("assumptions.raster_density", origin=origin))
    names = tuple(facts.raster.path.name for facts in cut.grid.facts)
    notes += [
        Note.of("warnings.raster_partly", group=group, count=count, files=names)
        for group, count in cut.grid.partly.items()
        if count
    ]
    short = np.flatnonzero(cut.beyond > _MAX_BEYOND_SHARE)
    if len(short):
        examples = tuple(str(communities["name"].iloc[i]) for i in short[:_EXAMPLES])
        notes.append(
            Note.of("warnings.raster_short", origin=names[0], count=len(short), examples=examples)
        )
    return notes


def _ledger(facts: RasterFacts) -> Ledger:
    """Return the books of a raster: its rows are cells."""
    read = Note.of(
        "people.raster_read",
        crs=facts.crs,
        cells=facts.cells,
        without_value=facts.without_value,
        total=round(facts.total, 1),
    )
    return Ledger(facts.raster.path.name, facts.cells, facts=(read,))
