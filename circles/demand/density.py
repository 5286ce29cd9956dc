"""Urban or rural by how densely homes stand: a rule for where nobody says which is which."""

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from scipy.spatial import cKDTree

from circles.communities import Communities, with_settings
from circles.crs import FloatArray
from circles.demand.buildings import is_home
from circles.demand.cutting import communities_of_points
from circles.texts import Note

_AROUND_M: Final = 500.0


def settings_by_density(
    communities: Communities,
    buildings: gpd.GeoDataFrame,
    crs: CRS,
    *,
    urban_from_homes_per_km2: float,
) -> tuple[Communities, Note]:
    """Call a community urban if homes stand densely around its median home.

    The density around a home is that of the other homes within 500 m of it, so that the woods
    and fields inside a boundary do not matter. It is no official classification; the note says so.

    Parameters
    ----------
    communities
        The communities.
    buildings
        Columns `tags` (OSM tags) and `geometry`; those people may live in count.
    crs
        The run's local metric CRS.
    urban_from_homes_per_km2
        From this density on a community is urban; below it, and without homes, it is rural.
    """
    density = homes_per_km2(communities, buildings, crs)
    setting = pd.Series(
        np.where(density >= urban_from_homes_per_km2, "urban", "rural"),
        index=communities.table.index,
        dtype=str,
    )
    note = Note.of(
        "assumptions.setting_by_density",
        threshold=urban_from_homes_per_km2,
        urban=int((setting == "urban").sum()),
        rural=int((setting == "rural").sum()),
    )
    return with_settings(communities, setting), note


def homes_per_km2(communities: Communities, buildings: gpd.GeoDataFrame, crs: CRS) -> FloatArray:
    """Return the density around each community's median home, shape (communities,).

    0 for a community without homes.
    """
    homes = buildings[[is_home(tags) for tags in buildings["tags"]]].to_crs(crs)
    points = shapely.point_on_surface(homes.geometry.to_numpy())
    row = communities_of_points(points, communities.table, crs)
    places = shapely.get_coordinates(points)
    others = cKDTree(places).query_ball_point(places, _AROUND_M, return_length=True) - 1
    density = pd.Series(others / (np.pi * (_AROUND_M / 1000) ** 2))
    median = density.groupby(row).median()
    return np.asarray(median.reindex(range(len(communities.table)), fill_value=0.0), np.float64)
