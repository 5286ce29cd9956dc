"""How far places lie inside the edge of a map."""

import numpy as np
import shapely
from pyproj import CRS

from circles.crs import FloatArray, to_metres
from circles.demand import Demand
from circles.osm import Box


def margins_m(demand: Demand, box: Box, crs: CRS) -> FloatArray:
    """Return how far each demand point lies inside the edge of the map, metres; 0 outside.

    Parameters
    ----------
    demand
        The points, in metres of `crs`.
    box
        West, south, east, north of the area that the map covers, degrees.
    crs
        The local metric system.
    """
    west, south, east, north = box
    step = np.linspace(0.0, 1.0, 20)
    lon = np.concatenate(
        [west + (east - west) * step, [east] * 20, east - (east - west) * step, [west] * 20]
    )
    lat = np.concatenate(
        [[south] * 20, south + (north - south) * step, [north] * 20, north - (north - south) * step]
    )
    outline = shapely.Polygon(np.column_stack(to_metres(lon, lat, crs)))
    points = shapely.points(demand.x_m, demand.y_m)
    margin_m = shapely.distance(outline.exterior, points)
    shapely.prepare(outline)
    return np.where(shapely.intersects(outline, points), margin_m, 0.0)
