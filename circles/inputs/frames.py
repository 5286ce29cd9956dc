"""A district from tables in memory: for a program that has them, and no project file."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import geopandas as gpd
from pyproj import CRS

from circles.assessment import Assessment
from circles.basemap import make_basemap
from circles.communities import Communities, CommunityColumns, make_communities
from circles.crs import WGS84, crs_around
from circles.demand import Demand, demand_from_buildings, demand_from_layer, with_frontage
from circles.district import District, assess
from circles.facilities import facilities_from_table
from circles.inputs.columns import with_usual_columns
from circles.network import WalkNetwork
from circles.osm import Box
from circles.settings import decide_settings
from circles.standards import Standard, load_standard

#: The columns of `score`'s communities that are taken where they are there.
_OPTIONAL: Final = ("name", "zone", "nbs_code", "street", "district", "households")


def score(
    standard: Standard | str | Path,
    network: WalkNetwork | None,
    communities: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    *,
    demand: gpd.GeoDataFrame | None = None,
    given: Iterable[str] = (),
    name: str = "",
    as_of: date | None = None,
) -> Assessment:
    """Score communities against a standard, from tables in memory.

    It is what `circles.assess` does, with the columns named as below; a project file, or a
    `circles.District` of one's own, says everything else.

    Parameters
    ----------
    standard
        A standard, the id of a bundled one, or the path of one's own.
    network
        The walking network; with None, what takes walking is left as insufficient data, and the
        rest is assessed.
    communities
        Polygons with a CRS; columns `id` and, as far as they are there, `setting` (``"urban"`` or
        ``"rural"``; without it the standard's other ways tell), `name`, `zone`, `nbs_code`,
        `street`, `district`, `households`, and the residents: `all`, and the groups that the
        standard names, such as ``60+``; and the numbers that its rules ask for, such as
        `community_workers`.
    facilities
        Points or polygons with a CRS; column `service`, and `name`, `opening_hours`, `places`,
        `seats`, `beds`, `area_m2` and `serves` (the ids or names of communities) if known.
    demand
        Points or polygons with a CRS and the people at them, in columns of the same names;
        without it, people are spread along the streets, if there are any.
    given
        Services for which there is a list, even if `facilities` holds none of them.
    name, as_of
        What the area is called, and the date that the data describe.

    Raises
    ------
    InputError
        A table cannot be used; the message says which, where and what to do.
    """
    rules = standard if isinstance(standard, Standard) else load_standard(standard)
    there = set(communities.columns)
    names = tuple(dict.fromkeys(["all", *(rule.group for rule in rules.access_rules)]))
    columns = CommunityColumns(
        id="id",
        setting_column="setting" if "setting" in there else None,
        setting_classes=dict(rules.settings.classes),
        population={group: group for group in names if group in there},
    )
    optional = {column: column for column in _OPTIONAL if column in there}
    columns = replace(columns, **optional)  # type: ignore[arg-type]
    columns = with_usual_columns(columns, communities, rules)
    table = make_communities(communities, columns, where="communities")
    table, notes = decide_settings(table, rules.settings)
    layer = facilities_from_table(
        facilities.reset_index(drop=True), origin="facilities", service_column="service"
    ).facilities
    nothing = gpd.GeoDataFrame(geometry=[], crs=WGS84)
    crs = crs_around(table.table) if network is None else network.crs
    homes = _homes(demand, names, table, crs)
    return assess(
        District(
            name=name,
            as_of=as_of,
            standard=rules,
            network=network,
            box=_box(table, network),
            communities=table,
            demand=with_frontage(homes, network, table.table),
            facilities=layer,
            given=frozenset(given) | set(layer["service"]),
            basemap=make_basemap(network, water=nothing, green=nothing),
            assumptions=notes,
            warnings=table.notes,
        )
    )


def _box(table: Communities, network: WalkNetwork | None) -> Box:
    """Return the box of the streets, or else of the communities, degrees."""
    if network is None:
        west, south, east, north = map(float, table.table.total_bounds)
        return west, south, east, north
    lon, lat = network.edges.lon, network.edges.lat
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def _homes(
    demand: gpd.GeoDataFrame | None, groups: Sequence[str], table: Communities, crs: CRS
) -> Demand:
    if demand is None:
        nobody = gpd.GeoDataFrame({"tags": []}, geometry=[], crs=WGS84)
        return demand_from_buildings(nobody, table.table, crs)
    people = {group: group for group in groups if group in demand} or {"all": "all"}
    return demand_from_layer(demand, people, table.table, crs, where="demand")
