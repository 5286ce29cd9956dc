"""Cutting what people live in: along communities, and into pieces a point can stand for."""

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from circles.crs import FloatArray
from circles.demand.model import ObjectArray
from circles.network import IndexArray, IntArray

#: Polygons wider than this are cut into squares, so that one point never stands for a whole area.
PIECE_M: Final = 100.0
#: Smaller pieces are what rounding leaves along a border; nobody lives on a hand's breadth.
_MIN_PIECE_M2: Final = 0.01


@dataclass(frozen=True)
class Pieces:
    """Pieces of polygons that lie in communities.

    Parameters
    ----------
    point
        A point on each, in the run's local CRS, shape (pieces,).
    row
        Index of its polygon, shape (pieces,).
    community
        Row of its community, shape (pieces,).
    share
        How much of the polygon it is, 0-1, shape (pieces,).
    """

    point: ObjectArray
    row: IntArray
    community: IndexArray
    share: FloatArray

    def inside(self, polygons: int) -> FloatArray:
        """Return how much of each polygon lies in communities, 0-1, shape (polygons,)."""
        return np.bincount(self.row, weights=self.share, minlength=polygons).astype(np.float64)


def communities_of_points(
    points: ObjectArray, communities: gpd.GeoDataFrame, crs: CRS
) -> IndexArray:
    """Return the row of the community each point lies in, -1 for none.

    A point in two overlapping communities, or on a border, belongs to the first of them.

    Parameters
    ----------
    points
        Points in `crs`, shape (k,).
    communities
        Polygons, any CRS.
    crs
        The run's local metric CRS.
    """
    outlines = communities.to_crs(crs).geometry.to_numpy()
    row, point = shapely.STRtree(points).query(outlines, predicate="intersects")
    found = np.full(len(points), len(outlines), dtype=np.int32)
    np.minimum.at(found, point, row.astype(np.int32))
    return np.where(found == len(outlines), -1, found).astype(np.int32)


def disjoint(outlines: ObjectArray) -> ObjectArray:
    """Give the ground that outlines share to the first of them."""
    later, first = shapely.STRtree(outlines).query(outlines, predicate="intersects")
    shared = (first < later) & ~shapely.touches(outlines[first], outlines[later])
    own = outlines.copy()
    for i in np.unique(later[shared]):
        taken = shapely.union_all(outlines[first[shared & (later == i)]])
        own[i] = shapely.difference(outlines[i], taken)
    return own


def mended(geometry: ObjectArray) -> ObjectArray:
    """Repair the polygons that cross themselves; no area can be cut out of them otherwise."""
    broken = ~shapely.is_valid(geometry)
    whole = geometry.copy()
    whole[broken] = shapely.make_valid(geometry[broken], method="structure", keep_collapsed=False)
    return whole


def pieces_in(polygons: ObjectArray, outlines: ObjectArray) -> Pieces:
    """Cut polygons along communities and into squares of `PIECE_M`.

    Parameters
    ----------
    polygons
        Valid polygons in a metric CRS, shape (n,).
    outlines
        The communities' outlines in the same CRS, none of which shares ground with another (see
        `disjoint`), shape (communities,).

    Returns
    -------
    Pieces
        Shares of a polygon that lies in communities as a whole add up to 1.
    """
    row, other = shapely.STRtree(outlines).query(polygons, predicate="intersects")
    parts = shapely.intersection(polygons[row], outlines[other])
    part_m2 = shapely.area(parts)
    kept = part_m2 > _MIN_PIECE_M2
    parts, row, other = parts[kept], row[kept], other[kept]
    share = part_m2[kept] / shapely.area(polygons[row])
    inside = np.bincount(row, weights=share, minlength=len(polygons))
    # What was left out along borders between communities still belongs to the polygon.
    whole = np.abs(inside - 1.0) < 1e-6
    share = np.where(whole[row], share / inside[row], share)
    squares, part = _squares(parts)
    square_m2 = shapely.area(squares)
    solid = square_m2 > _MIN_PIECE_M2
    squares, part, square_m2 = squares[solid], part[solid], square_m2[solid]
    left = np.bincount(part, weights=square_m2, minlength=len(parts))
    return Pieces(
        shapely.point_on_surface(squares),
        row[part],
        other[part].astype(np.int32),
        share[part] * square_m2 / left[part],
    )


def _squares(parts: ObjectArray) -> tuple[ObjectArray, npt.NDArray[np.int64]]:
    pieces: list[shapely.Geometry] = []
    index: list[int] = []
    for i, (part, bounds) in enumerate(zip(parts, shapely.bounds(parts), strict=True)):
        west, south, east, north = bounds
        if not (east - west > PIECE_M or north - south > PIECE_M):
            pieces.append(part)
            index.append(i)
            continue
        xs = np.arange(np.floor(west / PIECE_M) * PIECE_M, east, PIECE_M)
        ys = np.arange(np.floor(south / PIECE_M) * PIECE_M, north, PIECE_M)
        x, y = (grid.ravel() for grid in np.meshgrid(xs, ys))
        cut = shapely.intersection(shapely.box(x, y, x + PIECE_M, y + PIECE_M), part)
        cut = cut[~shapely.is_empty(cut)]
        pieces.extend(cut)
        index.extend([i] * len(cut))
    return np.array(pieces, dtype=object), np.array(index, dtype=np.int64)
