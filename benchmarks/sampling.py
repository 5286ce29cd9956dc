"""Random places, the same ones for the same seed."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from circles.network import WalkNetwork
from circles.walking import Kind

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
    x_m, y_m = x_m[usable], y_m[usable]
    chosen = rng.integers(len(x_m), size=count)
    return scattered((x_m[chosen], y_m[chosen]), rng, spread_m=spread_m)


def along_streets(network: WalkNetwork, count: int, rng: np.random.Generator) -> Places:
    """Return places on the streets that points may join, everywhere as dense, metres.

    Plazas are left out: the lines on which they are crossed are nobody's street.
    """
    edges, (x_m, y_m) = network.edges, network.xy_m
    step_m = np.hypot(np.diff(x_m), np.diff(y_m))
    step_m[edges.offset[1:-1] - 1] = 0.0  # from one edge's last point to the next one's first
    street = network.joinable & (edges.kind != Kind.PLAZA)
    step_m[~np.repeat(street, np.diff(edges.offset))[:-1]] = 0.0
    along_m = np.cumsum(step_m)
    at_m = rng.uniform(0.0, along_m[-1], count)
    step = np.searchsorted(along_m, at_m)
    part = 1.0 - (along_m[step] - at_m) / step_m[step]
    return (
        x_m[step] + part * (x_m[step + 1] - x_m[step]),
        y_m[step] + part * (y_m[step + 1] - y_m[step]),
    )


def densest(places: Places, *, radius_m: float) -> Places:
    """Return the places within a radius of the one that has most others within it."""
    tree = cKDTree(np.column_stack(places))
    centre = int(np.argmax(tree.query_ball_point(tree.data, radius_m, return_length=True)))
    chosen = tree.query_ball_point(tree.data[centre], radius_m)
    return places[0][chosen], places[1][chosen]


def together(
    places: Places, centres: Places, count: int, rng: np.random.Generator, *, radius_m: float
) -> Places:
    """Return up to so many places within a radius of a centre that chance chooses."""
    (x_m, y_m), centre = places, rng.integers(len(centres[0]))
    away_m = np.hypot(x_m - centres[0][centre], y_m - centres[1][centre])
    chosen = rng.permutation(np.flatnonzero(away_m < radius_m))[:count]
    return x_m[chosen], y_m[chosen]


def scattered(places: Places, rng: np.random.Generator, *, spread_m: float) -> Places:
    """Return each place moved by chance: in either direction, with this standard deviation."""
    x_m, y_m = places
    return (
        x_m + rng.normal(0.0, 1.0, len(x_m)) * spread_m,
        y_m + rng.normal(0.0, 1.0, len(y_m)) * spread_m,
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
