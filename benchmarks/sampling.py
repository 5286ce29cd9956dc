"""Random places, the same ones for the same seed."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from circles.crs import to_metres
from circles.network import WalkNetwork
from circles.osm import OsmStreets

Floats = npt.NDArray[np.float64]
Places = tuple[Floats, Floats]

_POINTS: Final = 1_000
_RIM_M: Final = 50.0


def near_streets(
    network: WalkNetwork, count: int, rng: np.random.Generator, *, spread_m: float
) -> Places:
    """Return places scattered around vertices of the streets that points may join, metres."""
    x_m, y_m = network.xy_m
    usable = np.repeat(network.joinable, np.diff(network.edges.offset))
    return near((x_m[usable], y_m[usable]), count, rng, spread_m=spread_m)


def street_vertices(extract: OsmStreets, network: WalkNetwork) -> Places:
    """Return the vertices of all that is tagged as a highway, whoever may walk it, metres."""
    ways = extract.ways
    street = np.array(["highway" in tags for tags in ways.tags])
    lon, lat = ways.node_lon[ways.node], ways.node_lat[ways.node]
    chosen = np.repeat(street, np.diff(ways.offset)) & np.isfinite(lon)
    return to_metres(lon[chosen], lat[chosen], network.crs)


def near(
    vertices: Places,
    count: int,
    rng: np.random.Generator,
    *,
    spread_m: float,
    radius_m: float = np.inf,
) -> Places:
    """Return places scattered around vertices, metres.

    Parameters
    ----------
    vertices
        Where streets are, metres.
    count
        How many places.
    rng
        The source of chance.
    spread_m
        Standard deviation of their distance from the vertex in either direction.
    radius_m
        All vertices lie so near to one that chance chooses.
    """
    x_m, y_m = vertices
    if np.isfinite(radius_m):
        centre = rng.integers(len(x_m))
        together = np.hypot(x_m - x_m[centre], y_m - y_m[centre]) < radius_m
        x_m, y_m = x_m[together], y_m[together]
    chosen = rng.integers(len(x_m), size=count)
    return (
        x_m[chosen] + rng.normal(0.0, 1.0, count) * spread_m,
        y_m[chosen] + rng.normal(0.0, 1.0, count) * spread_m,
    )


def within_the_box(area: BaseGeometry, rng: np.random.Generator) -> Places:
    """Return places all over an area's box."""
    west, south, east, north = area.bounds
    return rng.uniform(west, east, _POINTS), rng.uniform(south, north, _POINTS)


def near_the_outline(area: BaseGeometry, rng: np.random.Generator) -> Places:
    """Return places within 50 m of an area's outline, on either side."""
    outline: Any = area.boundary
    on_it = shapely.line_interpolate_point(outline, rng.uniform(0, outline.length, _POINTS))
    angle = rng.uniform(0, 2 * np.pi, _POINTS)
    away_m = _RIM_M * np.sqrt(rng.uniform(0, 1, _POINTS))
    x_m = shapely.get_x(on_it) + away_m * np.cos(angle)
    y_m = shapely.get_y(on_it) + away_m * np.sin(angle)
    return x_m, y_m
