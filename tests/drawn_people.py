"""Communities, cells and rasters of people drawn in metres, and oracles that cut them slowly."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from rasterio.transform import Affine
from shapely import Polygon, box
from shapely.geometry.base import BaseGeometry

from circles.crs import WGS84
from circles.demand import Demand
from tests.drawn_heights import CRS_M

Numbers = npt.NDArray[Any]


def drawn(*outlines: BaseGeometry, **columns: Sequence[object]) -> gpd.GeoDataFrame:
    """Return what is drawn in metres as a layer in EPSG:4326, named a, b and so on."""
    names = [chr(ord("a") + i % 26) for i in range(len(outlines))]
    values = {"name": names, **columns}
    return gpd.GeoDataFrame(values, geometry=list(outlines), crs=CRS_M).to_crs(WGS84)


def drawn_in_metres(*outlines: BaseGeometry) -> gpd.GeoDataFrame:
    """Return communities that stay in the drawing's metres, so that no rounding moves them."""
    names = [chr(ord("a") + i % 26) for i in range(len(outlines))]
    return gpd.GeoDataFrame({"name": names}, geometry=list(outlines), crs=CRS_M)


def sums(demand: Demand, group: str = "all") -> list[float]:
    """Return what each community's points weigh."""
    return list(np.bincount(demand.community, demand.weights[group], minlength=len(demand.source)))


def notes(demand: Demand) -> dict[str, Mapping[str, Any]]:
    """Return what the notes of a layer say, by their keys."""
    return {note.key: dict(note.values) for note in demand.notes}


def shares_by_hand(
    value: Numbers, transform: Affine, crs: CRS, communities: gpd.GeoDataFrame
) -> tuple[list[float], float]:
    """Share out a raster cell by cell with shapely: each community's people, and the others'.

    Cells and communities meet in the raster's own system, where every cell is a parallelogram.
    """
    to_raster = Transformer.from_crs(communities.crs, crs, always_xy=True).transform
    outlines = [
        shapely.transform(outline, to_raster, interleaved=False) for outline in communities.geometry
    ]
    a, b, c, d, e, f = transform[:6]
    people, outside = [0.0] * len(outlines), 0.0
    for (row, column), number in np.ndenumerate(value):
        if not number > 0:
            continue
        corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)]
        cell = Polygon([(a * x + b * y + c, d * x + e * y + f) for x, y in corners])
        rest = cell
        for i, outline in enumerate(outlines):
            people[i] += number * (rest & outline).area / cell.area
            rest = rest - outline
        outside += number * rest.area / cell.area
    return people, outside


def tiles(side_m: float, *, columns: int, rows: int) -> list[Polygon]:
    """Return squares that tile the ground from the drawing's origin to the north-east."""
    return [
        box(side_m * i, side_m * j, side_m * (i + 1), side_m * (j + 1))
        for j in range(rows)
        for i in range(columns)
    ]
