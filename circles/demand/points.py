"""Where people live by their homes — or, failing these, by street frontage — and group by group."""

from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from circles.crs import FloatArray
from circles.demand.buildings import residential_floor_area
from circles.demand.cutting import communities_of_points
from circles.demand.model import (
    FLOOR_AREA,
    FRONTAGE,
    PEOPLE,
    Demand,
    GroupWeights,
    ObjectArray,
    known_in,
    sources_and_unknown,
    sources_of,
)
from circles.errors import InputError
from circles.network import WalkNetwork
from circles.tables.ledger import Ledger, set_aside
from circles.texts import Note

#: Street frontage is sampled at this distance.
_FRONTAGE_STEP_M: Final = 25.0


def demand_from_buildings(
    buildings: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, crs: CRS
) -> Demand:
    """Weight residential buildings by their floor area.

    Parameters
    ----------
    buildings
        Columns `tags` (OSM tags) and `geometry`, any CRS.
    communities
        The community table (EPSG:4326).
    crs
        The run's local metric CRS.
    """
    local = buildings.to_crs(crs)
    floor = residential_floor_area(local)
    points = shapely.point_on_surface(local.geometry.to_numpy()[floor.used])
    area_m2 = floor.area_m2[floor.used]
    community = communities_of_points(points, communities, crs)
    inside = community >= 0
    return Demand(
        x_m=shapely.get_x(points)[inside],
        y_m=shapely.get_y(points)[inside],
        community=community[inside],
        weights={FLOOR_AREA: area_m2[inside]},
        source=sources_of(community[inside], len(communities), "buildings"),
        notes=floor.notes,
    )


def demand_from_addresses(
    addresses: gpd.GeoDataFrame,
    population: pd.DataFrame,
    communities: gpd.GeoDataFrame,
    crs: CRS,
    *,
    where: str,
    ledger: Ledger | None = None,
) -> Demand:
    """Share the residents of communities among their addresses, each of which counts the same.

    A register of addresses says where people live and not how many. A community whose residents
    its table does not count has none here, and so has one without an address.

    Parameters
    ----------
    addresses
        Points, or outlines, with a CRS.
    population
        Residents by community (rows) and group (columns); NaN where not known.
    communities
        The community table.
    crs
        The run's local metric CRS.
    where
        What to call the register in messages.
    ledger
        The books of the register so far; without them, new ones are opened.

    Raises
    ------
    InputError
        No community's residents are counted.
    """
    groups = [str(group) for group in population.columns if population[group].notna().any()]
    if not groups:
        message = (
            f"{where}: addresses say where people live and not how many; name a column of the "
            "register that counts people, or columns of residents in the community table"
        )
        raise InputError(message)
    points = shapely.point_on_surface(addresses.to_crs(crs).geometry.to_numpy())
    found = communities_of_points(points, communities, crs)
    counted = population.notna().any(axis=1).to_numpy()
    used = (found >= 0) & counted[found]
    away = set_aside(addresses.index[found < 0], Note.of("people.outside"))
    uncounted = set_aside(
        addresses.index[(found >= 0) & ~used], Note.of("people.community_uncounted")
    )
    community = found[used]
    each = np.bincount(community, minlength=len(communities))[community]
    people = {group: population[group].to_numpy(dtype=np.float64) for group in groups}
    source, unknown = sources_and_unknown(
        known_in(people, community.astype(np.int64), community, len(communities))
    )
    return Demand(
        x_m=shapely.get_x(points)[used],
        y_m=shapely.get_y(points)[used],
        community=community,
        weights={
            group: np.nan_to_num(number[community]) / each for group, number in people.items()
        },
        source=source,
        notes=(Note.of("assumptions.addresses_alike", origin=where),),
        unknown=unknown,
        ledgers=((ledger or Ledger(where, len(addresses))).adding([*away, *uncounted]),),
    )


def with_frontage(
    demand: Demand, network: WalkNetwork | None, communities: gpd.GeoDataFrame
) -> Demand:
    """Give communities without any demand point their walkable street frontage instead.

    Points are set along the streets inside such a community, every 25 m, each weighted by the
    street it stands for. A community with no street either keeps the source ``"none"``, as all
    such communities do without a network.
    """
    bare = np.flatnonzero(demand.source == "none")
    if network is None or not len(bare):
        return demand
    x_m, y_m, weight_m = _frontage(network)
    outlines = communities.geometry.iloc[bare]
    found = communities_of_points(
        np.asarray(shapely.points(x_m, y_m)), gpd.GeoDataFrame(geometry=outlines), network.crs
    )
    inside = found >= 0
    community = bare[found[inside]].astype(np.int32)
    source = demand.source.copy()
    source[np.unique(community)] = "frontage"
    old, new = len(demand), int(inside.sum())
    weights = {name: np.append(values, np.zeros(new)) for name, values in demand.weights.items()}
    weights[FRONTAGE] = np.append(np.zeros(old), weight_m[inside])
    names = [str(communities["name"].iloc[i]) for i in np.unique(community)]
    note = Note.of("warnings.frontage", count=len(names), examples=tuple(names[:5]))
    return replace(
        demand,
        x_m=np.append(demand.x_m, x_m[inside]),
        y_m=np.append(demand.y_m, y_m[inside]),
        community=np.append(demand.community, community).astype(np.int32),
        weights=weights,
        source=source,
        notes=(*demand.notes, note) if names else demand.notes,
    )


def group_weights(demand: Demand, population: pd.DataFrame, group: str) -> GroupWeights:
    """Return a group's weights at the demand points.

    Within a community, people are spread as the points' own numbers of the group say, else as
    those of all residents, else by floor area or street frontage. They are scaled to the
    community's total of the group where the community table has it, else to that of all
    residents, marked as assumed. With no count of people at all, floor area or frontage counts.

    Parameters
    ----------
    demand
        The demand points.
    population
        Residents by community (rows) and group (columns); NaN where not known.
    group
        The group.
    """
    communities = len(demand.source)
    pattern, counts = _pattern(demand, group)
    counted = (counts != "") & (demand.source == "population")
    own = counted & (counts == group)
    sums = np.bincount(demand.community, weights=pattern, minlength=communities)
    total = _column(population, group, communities)
    whole = _column(population, "all", communities)
    assumed = np.isnan(total) & ~own & (group != "all")
    target = np.where(np.isnan(total), np.where(own, np.nan, whole), total)
    known = ~np.isnan(target)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(known & (sums > 0), target / sums, 1.0)
    raw = np.where(demand.source == "frontage", FRONTAGE, FLOOR_AREA)
    unit = np.where(known | counted, PEOPLE, raw)
    return GroupWeights(pattern * factor[demand.community], unit.astype(object), assumed)


def _pattern(demand: Demand, group: str) -> tuple[FloatArray, ObjectArray]:
    """How weights spread over the points, and the group that a layer counts by community."""
    pattern = np.zeros(len(demand))
    counts = np.full(len(demand.source), "", dtype=object)
    for name in dict.fromkeys((group, "all")):
        if name in demand.weights:
            here = (counts == "") & ~demand.unknown.get(name, np.False_)
            pattern = pattern + np.where(here[demand.community], demand.weights[name], 0.0)
            counts[here] = name
    for stand_in in (FLOOR_AREA, FRONTAGE):
        pattern = pattern + demand.weights.get(stand_in, 0.0)
    return pattern, counts


def _column(population: pd.DataFrame, group: str, communities: int) -> FloatArray:
    if group not in population:
        return np.full(communities, np.nan)
    return population[group].to_numpy(dtype=np.float64)


def _frontage(network: WalkNetwork) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Points along every joinable edge, and the street each stands for, metres."""
    edges, x_m, y_m = network.edges, *network.xy_m
    owner = np.repeat(np.arange(len(edges)), np.diff(edges.offset))
    kept = network.joinable[owner]
    order = np.unique(owner[kept], return_inverse=True)[1]
    lines = np.asarray(shapely.linestrings(np.column_stack([x_m[kept], y_m[kept]]), indices=order))
    length_m = shapely.length(lines)
    count = np.maximum(1, np.ceil(length_m / _FRONTAGE_STEP_M)).astype(np.int64)
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    share = (nth + 0.5) / np.repeat(count, count)
    at = shapely.line_interpolate_point(np.repeat(lines, count), share, normalized=True)
    return shapely.get_x(at), shapely.get_y(at), np.repeat(length_m / count, count)
