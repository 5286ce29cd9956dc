"""Isochrones: from where a place can be reached, or where one gets to, within so many minutes.

A point belongs to an isochrone if its own travel time t(p) is within the limit: the walk from the
point straight to the street it joins, and on over the network. Streets that are not reached
compete for points like any others, so the far bank of a river stays outside. `circles.reach` draws
the areas; this room makes tables of them.
"""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from logging import getLogger
from numbers import Real
from typing import TYPE_CHECKING, Final, get_args

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from circles.crs import FloatArray, local_points
from circles.errors import InputError
from circles.network import Impedance, WalkNetwork
from circles.profiles import profile as profile_by_id
from circles.reach import CELL_M, check_metres, reach_areas
from circles.travel.blocks import worker_threads
from circles.travel.joining import MAX_ACCESS_M, Joiner, Joins
from circles.travel.matrix import bounded_costs
from circles.travel.search import CostField, Direction, nearest_cost
from circles.walking import Profile

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["CELL_M", "isochrone_bands", "isochrones", "reach_areas"]

_FAR_M: Final = 20_000.0  # how far streets are looked for, to say how far they are
_NAMED: Final = 10  # origins off the network that a warning names
_BATCH: Final = 256  # origins whose costs are kept at one time
_LOG: Final = getLogger(__name__)


def isochrones(
    network: WalkNetwork,
    origins: "gpd.GeoDataFrame | gpd.GeoSeries",
    *,
    minutes: Sequence[float] = (5, 10, 15),
    profile: str | Profile = "adult",
    direction: Direction = "to",
    merge: bool = False,
    max_access_m: float = MAX_ACCESS_M,
    cell_m: float = CELL_M,
) -> "gpd.GeoDataFrame":
    """Return the isochrones of places, as polygons.

    Origins that join no street are named in a logged warning.

    Parameters
    ----------
    network
        The walking network.
    origins
        Points, in any CRS; other geometries count at a point on them.
    minutes
        The limits, in any order; one that is given twice counts once.
    profile
        A walking profile, or the id of one.
    direction
        ``"to"``: from where the origins can be reached; ``"from"``: where one gets from them.
    merge
        One area for all origins together (from where *any* of them is reached), from one search.
    max_access_m
        Points farther than this from every street belong to no isochrone.
    cell_m
        Side of a grid cell, metres; see `circles.reach.reach_areas`.

    Returns
    -------
    GeoDataFrame
        In the origins' CRS. One row for each origin and limit (or, merged, for each limit), in
        the order given, with the columns

        ``origin``
            the origin's index; None where merged;
        ``minutes``
            the limit;
        ``status``
            ``"ok"``, or why the area is empty. ``"off_network"``: the origin (merged: every one of
            them) joins no street. ``"walled_off"``: it does not because a river, a railway or a
            motorway lies before every street near enough. ``"nothing_reached"``: its way to the
            street alone takes longer, or what is reached is smaller than a grid cell.
            ``"no_origins"``: merged of none;
        ``access_m``
            metres from the origin to the street it joins; off the network to the nearest street,
            NaN if that is farther than 20 km; NaN where merged;
        ``left_out``
            how many of the row's origins join no street;
        ``geometry``
            a MultiPolygon. Isochrones of growing limits contain each other.

    Raises
    ------
    InputError
        A limit, `max_access_m` or `cell_m` is not positive and finite, the direction or the
        profile is not known, an origin has no position, or the origins have no CRS.
    """
    import geopandas as gpd
    import pandas as pd

    places = gpd.GeoDataFrame(geometry=origins.geometry)
    drawing = draw(
        network,
        local_points(places, network.crs, "the table of origins"),
        minutes=minutes,
        profile=profile,
        direction=direction,
        merge=merge,
        max_access_m=max_access_m,
        cell_m=cell_m,
    )
    off = drawing.joins.off_network
    if off.any():
        _warn(list(places.index[off]), drawing.access_m[off], len(off), max_access_m)
    row = [i for i, areas in enumerate(drawing.areas) for _ in areas]
    columns = {
        "origin": pd.Series([None if merge else places.index[i] for i in row], dtype=object),
        "minutes": pd.Series([m for _ in drawing.areas for m in drawing.minutes], dtype=float),
        "status": pd.Series(
            [s for i in range(len(drawing.areas)) for s in drawing.statuses(i)], dtype=object
        ),
        "access_m": pd.Series([np.nan if merge else drawing.access_m[i] for i in row], dtype=float),
        "left_out": pd.Series([off.sum() if merge else off[i] for i in row], dtype=int),
    }
    areas = [area for areas in drawing.areas for area in areas]
    return gpd.GeoDataFrame(columns, geometry=areas, crs=network.crs).to_crs(origins.crs)


@dataclass(frozen=True)
class Drawing:
    """Isochrones before they become a table.

    Parameters
    ----------
    joins
        Where the origins join.
    access_m
        How far from a street they are, also those that join none, shape (origins,); NaN where
        there is none within 20 km.
    minutes
        The limits.
    areas
        For each origin (merged: once) the area of each limit, in the network's CRS.
    merged
        Whether all origins have one area.
    """

    joins: Joins
    access_m: FloatArray
    minutes: list[float]
    areas: list[list[BaseGeometry]]
    merged: bool

    def statuses(self, i: int) -> list[str]:
        """Say of each area of a group whether it is one, and why not; see `isochrones`."""
        rows = np.arange(len(self.joins)) if self.merged else np.array([i])
        joins = self.joins.take(rows)
        reason = "nothing_reached"
        if joins.off_network.all():
            reason = "walled_off" if joins.walled_off.any() else "off_network"
            reason = reason if len(joins) else "no_origins"
        return [reason if area.is_empty else "ok" for area in self.areas[i]]


def draw(
    network: WalkNetwork,
    points: tuple[FloatArray, FloatArray],
    *,
    minutes: Sequence[float],
    profile: str | Profile = "adult",
    direction: Direction = "to",
    merge: bool = False,
    max_access_m: float = MAX_ACCESS_M,
    cell_m: float = CELL_M,
) -> Drawing:
    """Draw isochrones of points in metres of the network's CRS; see `isochrones`."""
    limits = check_limits(minutes, direction)
    check_metres(max_access_m=max_access_m, cell_m=cell_m)
    walker = profile_by_id(profile) if isinstance(profile, str) else profile
    joiner = Joiner.of(network)
    joins = joiner.join(*points, max_access_m=max_access_m)
    access_m, off = joins.access_m.copy(), joins.off_network
    access_m[off] = joiner.join(points[0][off], points[1][off], max_access_m=_FAR_M).access_m
    limits_s = [60.0 * limit for limit in limits]
    impedance, limit = network.times(walker), max(limits_s)
    shape = partial(
        reach_areas, joiner=joiner, limits=limits_s, max_access_m=max_access_m, cell_m=cell_m
    )
    if merge:
        field = nearest_cost(network, joins, impedance, direction=direction, limit=limit)
        return Drawing(joins, access_m, limits, [shape(field)], merged=True)
    areas: list[list[BaseGeometry]] = []
    for first in range(0, len(joins), _BATCH):
        some = joins.take(np.arange(first, min(first + _BATCH, len(joins))))
        areas += draw_each(network, some, impedance, shape, direction=direction, limit=limit)
    return Drawing(joins, access_m, limits, areas, merged=False)


def draw_each(
    network: WalkNetwork,
    origins: Joins,
    impedance: Impedance,
    shape: Callable[[CostField], list[BaseGeometry]],
    *,
    direction: Direction,
    limit: float,
    threads: int | None = None,
) -> list[list[BaseGeometry]]:
    """Draw the areas of origins one by one, in threads; by default one a processor.

    Parameters
    ----------
    network, origins, impedance, direction, limit
        As in `circles.travel.bounded_costs`.
    shape
        Draws the areas of one origin.
    threads
        How many to use; the areas do not depend on it.
    """
    near = bounded_costs(
        network, origins, impedance, limit=limit, direction=direction, threads=threads
    )

    def areas_of(i: int) -> list[BaseGeometry]:
        entries = slice(near.offset[i], near.offset[i + 1])
        cost = np.full(len(network.node_id), np.inf)
        cost[near.node[entries]] = near.cost[entries]
        origin = origins.take(np.array([i]))
        nobody_else = np.zeros(len(cost), dtype=np.int32)
        return shape(CostField(network, impedance, direction, cost, nobody_else, origin))

    with ThreadPoolExecutor(threads or worker_threads()) as pool:
        return list(pool.map(areas_of, range(len(origins))))


def isochrone_bands(table: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """Return isochrones as bands: of each limit only what lies beyond the limit before it.

    Parameters
    ----------
    table
        As `isochrones` returns it, for whatever origins and limits.

    Returns
    -------
    GeoDataFrame
        A copy, rows and order kept, with the column `from_minutes` (the limit before, 0 at the
        first) before `minutes`. The bands of an origin do not overlap; together they are the area
        of its largest limit. One that holds nothing is empty.

    Raises
    ------
    InputError
        The table lacks a column.
    """
    import geopandas as gpd

    missing = {"origin", "minutes"} - set(table.columns)
    if missing:
        message = f"the table of isochrones has no column {', '.join(sorted(missing))}"
        raise InputError(message)
    areas, before = table.geometry.to_numpy(), np.zeros(len(table))
    inner = np.full(len(table), shapely.MultiPolygon(), dtype=object)
    minutes = table["minutes"].to_numpy()
    for rows in _rows_by_origin(list(table["origin"]), list(minutes)):
        rising = sorted(rows, key=lambda row: minutes[row])
        for smaller, larger in itertools.pairwise(rising):
            before[larger], inner[larger] = minutes[smaller], areas[smaller]
    bands = [_polygons(band) for band in shapely.difference(areas, inner)]
    placed = table.set_geometry(gpd.GeoSeries(bands, index=table.index, crs=table.crs))
    placed.insert(int(table.columns.get_loc("minutes")), "from_minutes", before)
    return placed


def _rows_by_origin(origins: Sequence[object], minutes: Sequence[float]) -> list[list[int]]:
    """Return the rows of each origin, which follow each other; two origins may have one name."""
    groups: list[list[int]] = []
    seen: set[float] = set()
    for row, limit in enumerate(minutes):
        if row == 0 or origins[row] != origins[row - 1] or limit in seen:
            groups.append([])
            seen.clear()
        groups[-1].append(row)
        seen.add(limit)
    return groups


def _polygons(geometry: BaseGeometry) -> BaseGeometry:
    """Return the polygons of a geometry, without the lines and points where outlines touch."""
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


def check_limits(minutes: Sequence[float], direction: str) -> list[float]:
    """Return limits in the order given, each once.

    Parameters
    ----------
    minutes
        The limits.
    direction
        ``"to"`` or ``"from"``.

    Raises
    ------
    InputError
        A limit is not positive and finite, there is none, or there is no such direction.
    """
    if direction not in get_args(Direction):
        message = f"direction {direction!r} is not known; use to or from"
        raise InputError(message)
    numbers = [float(m) for m in minutes if isinstance(m, Real)]
    sound = len(numbers) == len(minutes) and all(0 < m < np.inf for m in numbers)
    if not sound or not numbers:
        message = f"minutes must be positive numbers, at least one; got {list(minutes)}"
        raise InputError(message)
    return list(dict.fromkeys(numbers))


def _warn(names: Sequence[object], away_m: FloatArray, origins: int, max_access_m: float) -> None:
    told = [
        f"{name} ({away:.0f} m)" if np.isfinite(away) else f"{name} (over {_FAR_M / 1000:.0f} km)"
        for name, away in zip(names[:_NAMED], away_m[:_NAMED], strict=True)
    ]
    _LOG.warning(
        "%d of %d origins find no street within %g m and take no part: %s%s",
        len(names),
        origins,
        max_access_m,
        ", ".join(told),
        " …" if len(names) > _NAMED else "",
    )
