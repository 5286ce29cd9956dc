"""People of cells or communities, spread over the homes there (dasymetric mapping).

Within each cell people are shared by floor area: a home of three levels gets three times the
people of one with one level and the same footprint. Nobody moves from one cell to another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from circles.crs import FloatArray
from circles.demand.buildings import residential_floor_area
from circles.demand.cells import Cells, even_pieces, rest_of
from circles.demand.cutting import communities_of_points, mended
from circles.demand.model import Demand, ObjectArray, known_in, sources_and_unknown
from circles.network import BoolArray, IndexArray, IntArray
from circles.texts import Note

#: Smaller parts of a home are what rounding leaves where a cell's border touches its wall.
_MIN_PART_M2: Final = 0.01


@dataclass(frozen=True)
class _Homes:
    """The homes: outlines in a metric CRS, and floor area, shape (homes,) each."""

    outline: ObjectArray
    floor_m2: FloatArray
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class _Placed:
    """Where parts of cells' people live.

    Parameters
    ----------
    point
        Shape (parts,).
    cell
        The cell whose people they are, shape (parts,).
    share
        How much of the cell's people, 0-1, shape (parts,).
    community
        Row of the community, -1 for none, shape (parts,).
    """

    point: ObjectArray
    cell: IntArray
    share: FloatArray
    community: IndexArray

    def only(self, chosen: BoolArray) -> "_Placed":
        """Return some of the parts."""
        return _Placed(
            self.point[chosen], self.cell[chosen], self.share[chosen], self.community[chosen]
        )

    def shares(self, cells: int) -> FloatArray:
        """Return how much of each cell's people is placed, 0-1, shape (cells,)."""
        return np.bincount(self.cell, weights=self.share, minlength=cells).astype(np.float64)


def spread_over_buildings(
    cells: Cells | Sequence[Cells],
    buildings: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    crs: CRS,
) -> Demand:
    """Spread the people of cells over the homes in them, by floor area.

    A home that stands in several cells belongs to each by its share of the footprint. The people of
    a cell without a home are spread evenly over it; they are counted in a note, and so is a cell
    that reaches out of all communities with its homes on one side only. The sum over a cell's
    points, and of its people outside every community, is what the cell holds.

    Parameters
    ----------
    cells
        Population cells, or communities with their totals (`circles.demand.cells_of_communities`);
        several layers are spread one by one.
    buildings
        Columns `tags` (OSM tags) and `geometry`, any CRS. They should reach as far as the cells
        do: those along the border are otherwise crowded into the homes inside.
    communities
        The community table.
    crs
        The run's local metric CRS.
    """
    layers = [cells] if isinstance(cells, Cells) else list(cells)
    homes = _homes(buildings, crs)
    groups = list(dict.fromkeys(group for layer in layers for group in layer.people))
    outside = dict.fromkeys(groups, 0.0)
    known = {group: np.zeros(len(communities), dtype=bool) for group in groups}
    kept: list[_Placed] = []
    weights: dict[str, list[FloatArray]] = {group: [] for group in groups}
    notes: list[Note] = []
    for layer in layers:
        placed, bare = _placed(layer, homes, communities, crs)
        inside = placed.community >= 0
        for group in groups:
            number = np.nan_to_num(layer.people.get(group, np.zeros(len(layer))))
            people = number[placed.cell] * placed.share
            weights[group].append(people[inside])
            outside[group] += float(people[~inside].sum()) + layer.outside.get(group, 0.0)
            outside[group] += float(number @ rest_of(placed.shares(len(layer))))
        kept.append(placed.only(inside))
        here = known_in(layer.people, kept[-1].cell, kept[-1].community, len(communities))
        for group, rows in (*here.items(), *layer.known.items()):
            known[group] |= rows
        notes += [*layer.notes, *_bare_note(layer.people, bare)]
    point, community = (
        np.concatenate([getattr(one, name) for one in kept]) for name in ("point", "community")
    )
    source, unknown = sources_and_unknown(known)
    return Demand(
        x_m=shapely.get_x(point),
        y_m=shapely.get_y(point),
        community=community.astype(np.int32),
        weights={group: np.concatenate(values) for group, values in weights.items()},
        source=source,
        notes=(*notes, Note.of("assumptions.spread_over_homes"), *homes.notes),
        unknown=unknown,
        outside=outside,
        ledgers=tuple(ledger for layer in layers for ledger in layer.ledgers),
    )


def _homes(buildings: gpd.GeoDataFrame, crs: CRS) -> _Homes:
    local = buildings.to_crs(crs)
    floor = residential_floor_area(local)
    outline = mended(local.geometry.to_numpy()[floor.used])
    return _Homes(outline, floor.area_m2[floor.used], floor.notes)


def _placed(
    cells: Cells, homes: _Homes, communities: gpd.GeoDataFrame, crs: CRS
) -> tuple[_Placed, IntArray]:
    """Return where people of cells live, and the cells without a home."""
    at_home = _at_home(cells, homes, communities, crs)
    housed = np.zeros(len(cells), dtype=bool)
    housed[at_home.cell] = True
    bare = np.flatnonzero(~housed)
    without = Cells(
        cells.outline[bare],
        {},
        community=None if cells.community is None else cells.community[bare],
    )
    even = even_pieces(without, communities, crs)
    placed = _Placed(
        np.concatenate([at_home.point, even.point]),
        np.concatenate([at_home.cell, bare[even.row]]),
        np.concatenate([at_home.share, even.share]),
        np.concatenate([at_home.community, even.community]).astype(np.int32),
    )
    return placed, bare


def _at_home(cells: Cells, homes: _Homes, communities: gpd.GeoDataFrame, crs: CRS) -> _Placed:
    """Share the people of cells among the homes in them."""
    cell, home, part, part_m2 = _parts(cells.outline, homes.outline)
    floor_m2 = homes.floor_m2[home] * part_m2 / shapely.area(homes.outline[home])
    in_cell = np.bincount(cell, weights=floor_m2, minlength=len(cells))
    point = shapely.point_on_surface(part)
    if cells.community is None:
        community = communities_of_points(point, communities, crs)
    else:
        community = cells.community[cell]
    return _Placed(point, cell, floor_m2 / in_cell[cell], community)


def _parts(
    cells: ObjectArray, homes: ObjectArray
) -> tuple[IntArray, IntArray, ObjectArray, FloatArray]:
    """Cut homes along cells: cell, home, part and its area, for each part."""
    tree = shapely.STRtree(homes)
    cell, home = tree.query(cells, predicate="intersects")
    inside = np.zeros(len(cell), dtype=bool)
    whole_cell, whole_home = tree.query(cells, predicate="covers")
    inside[np.isin(cell * len(homes) + home, whole_cell * len(homes) + whole_home)] = True
    part = homes[home]
    part[~inside] = shapely.intersection(part[~inside], cells[cell[~inside]])
    part_m2 = shapely.area(part)
    kept = part_m2 > _MIN_PART_M2
    return cell[kept], home[kept], part[kept], part_m2[kept]


def _bare_note(people: Mapping[str, FloatArray], bare: IntArray) -> list[Note]:
    """Say how many live in cells without a home."""
    counted = np.nan_to_num(people.get("all", next(iter(people.values()))))
    lived_in = bare[counted[bare] > 0]
    if not len(lived_in):
        return []
    share = 100 * float(counted[lived_in].sum()) / float(counted.sum())
    return [
        Note.of(
            "warnings.cells_without_homes",
            count=len(lived_in),
            people=round(float(counted[lived_in].sum())),
            share=round(share, 1),
        )
    ]
