"""What is drawn under a map: streets, water and green, from the extract itself."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from circles.crs import WGS84
from circles.network import WalkNetwork
from circles.walking import Kind


@dataclass(frozen=True)
class Basemap:
    """Layers to draw under a map, in EPSG:4326.

    Parameters
    ----------
    streets
        Lines with the column `rank`: 1 main streets, 2 streets, 3 paths.
    water, green
        Polygons.
    """

    streets: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    green: gpd.GeoDataFrame


def make_basemap(
    network: WalkNetwork | None, *, water: gpd.GeoDataFrame, green: gpd.GeoDataFrame
) -> Basemap:
    """Make a basemap of a network's streets and an extract's water and green areas.

    Parameters
    ----------
    network
        The walking network; ferries are not drawn. Without one there are no streets to draw.
    water, green
        Polygons in EPSG:4326.
    """
    if network is None:
        return Basemap(gpd.GeoDataFrame({"rank": []}, geometry=[], crs=WGS84), water, green)
    edges = network.edges
    drawn = np.flatnonzero(edges.kind != Kind.FERRY)
    index = np.full(len(edges), -1)
    index[drawn] = np.arange(len(drawn))
    owner = index[np.repeat(np.arange(len(edges)), np.diff(edges.offset))]
    kept = owner >= 0
    lines = shapely.linestrings(
        np.column_stack([edges.lon[kept], edges.lat[kept]]), indices=owner[kept]
    )
    rank = np.minimum(edges.kind[drawn].astype(np.int64), Kind.PATH)
    streets = gpd.GeoDataFrame({"rank": rank}, geometry=lines, crs=WGS84)
    return Basemap(streets, water, green)
