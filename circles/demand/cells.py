"""Areas with a count of people each: population cells, or communities with a total."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from circles.crs import FloatArray
from circles.demand.cutting import Pieces, disjoint, mended, pieces_in
from circles.demand.model import Demand, ObjectArray, known_in, sources_and_unknown
from circles.network import BoolArray, IndexArray
from circles.tables.ledger import Ledger
from circles.texts import Note

#: Shares this near to 1 are 1 but for rounding.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class Cells:
    """Areas with a count of people each.

    Parameters
    ----------
    outline
        Polygons in the run's local CRS, shape (n,).
    people
        People by group, each of shape (n,); NaN where not known.
    community
        The community that each cell is, where the cells are communities; else None.
    notes
        What was assumed or left out while they were read.
    outside
        People by group in further cells, all of them outside every community.
    ledgers
        What became of the rows of the layer.
    known
        By group, communities that the layer has a number for, shape (communities,) each, where
        that may be none and no cell is here for it.
    """

    outline: ObjectArray
    people: Mapping[str, FloatArray]
    community: IndexArray | None = None
    notes: tuple[Note, ...] = ()
    outside: Mapping[str, float] = field(default_factory=dict)
    ledgers: tuple[Ledger, ...] = ()
    known: Mapping[str, BoolArray] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.outline)


def cells_of_communities(
    communities: gpd.GeoDataFrame, population: pd.DataFrame, crs: CRS
) -> Cells:
    """Take communities themselves for cells, each with the residents that its table counts.

    Ground that communities share is the first's.

    Parameters
    ----------
    communities
        The community table.
    population
        Residents by community (rows) and group (columns); NaN where not known.
    crs
        The run's local metric CRS.
    """
    counted = population.notna().any(axis=1).to_numpy()
    row = np.flatnonzero(counted).astype(np.int32)
    outline = disjoint(mended(communities.to_crs(crs).geometry.to_numpy()))[row]
    people = {
        str(group): population[group].to_numpy(dtype=np.float64)[row]
        for group in population.columns
        if population[group].notna().any()
    }
    return Cells(outline, people, community=row)


def spread_evenly(cells: Cells, communities: gpd.GeoDataFrame, crs: CRS) -> Demand:
    """Spread the people of cells evenly over their area, cut along communities and in squares.

    Parameters
    ----------
    cells
        The cells; those that cross communities are shared by area.
    communities
        The community table.
    crs
        The run's local metric CRS.
    """
    pieces = even_pieces(cells, communities, crs)
    inside = pieces.inside(len(cells))
    outside = {
        group: cells.outside.get(group, 0.0) + float(np.nan_to_num(people) @ rest_of(inside))
        for group, people in cells.people.items()
    }
    known = known_in(cells.people, pieces.row, pieces.community, len(communities))
    source, unknown = sources_and_unknown(known)
    return Demand(
        x_m=shapely.get_x(pieces.point),
        y_m=shapely.get_y(pieces.point),
        community=pieces.community,
        weights={
            group: np.nan_to_num(people)[pieces.row] * pieces.share
            for group, people in cells.people.items()
        },
        source=source,
        notes=(*cells.notes, Note.of("assumptions.even_cells")),
        unknown=unknown,
        outside=outside,
        ledgers=cells.ledgers,
    )


def rest_of(inside: FloatArray) -> FloatArray:
    """Return what shares leave of 1, 0 where that is rounding."""
    return np.where(np.abs(inside - 1) < _ROUNDING, 0.0, np.clip(1 - inside, 0.0, None))


def even_pieces(cells: Cells, communities: gpd.GeoDataFrame, crs: CRS) -> Pieces:
    """Cut cells along communities and into squares; cells that are communities stay theirs."""
    outlines = disjoint(mended(communities.to_crs(crs).geometry.to_numpy()))
    if cells.community is None:
        return pieces_in(mended(cells.outline), outlines)
    alone = pieces_in(cells.outline, cells.outline)
    own = alone.row == alone.community
    share = alone.share[own] / alone.inside(len(cells))[alone.row[own]]
    return Pieces(alone.point[own], alone.row[own], cells.community[alone.row[own]], share)
