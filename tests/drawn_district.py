"""Parts of a district drawn in metres: standards, communities, facilities, people and their map.

Adults walk 66 m in a minute, so drawings measure in multiples of that.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
from pyproj import CRS
from shapely import Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from circles.basemap import make_basemap
from circles.communities import Communities, CommunityColumns, make_communities
from circles.crs import WGS84, local_crs
from circles.demand import Demand, demand_from_layer
from circles.district import District
from circles.network import WalkNetwork
from circles.network.build import network_from_osm
from circles.osm import Box, read_osm
from circles.standards.model import AccessRule, Standard, Target, Tier
from circles.texts import Bilingual
from tests.drawn_osm import LAT_0, LON_0, Drawing, degrees

#: The system in which drawings are measured; a drawing's network comes out in the same one.
CRS_M: CRS = local_crs(LON_0, LAT_0)
METRES_A_MINUTE = 66.0


def rule(rule_id: str = "meal", **changes: Any) -> AccessRule:
    """Return a rule: 80 % of all residents within 15 (rural: 30) minutes of an elder canteen."""
    values: dict[str, Any] = {
        "id": rule_id,
        "kind": "time_threshold",
        "service": "elder_meal",
        "name": Bilingual(zh="饭堂", en="Canteen"),
        "min_share": 0.8,
    }
    if changes.get("kind") != "distance_threshold":
        values["max_minutes"] = {"urban": 15.0, "rural": 30.0}
    return AccessRule(**(values | changes))


def standard(
    *rules: AccessRule, targets: Sequence[Target] = (), tiers: Sequence[Tier] = ()
) -> Standard:
    """Return a standard of some rules, with one tier of them all unless others are given."""
    words = Bilingual(zh="画", en="drawn")
    own = tiers or (Tier(id="basic", name=words, rules=tuple(rule.id for rule in rules)),)
    return Standard(
        schema="circles.standard/2",
        id="drawn",
        name=words,
        issuer=words,
        rules=rules,
        tiers=tuple(own),
        targets=tuple(targets),
    )


def layer_m(
    geometry: Sequence[BaseGeometry | None], **columns: Sequence[object]
) -> gpd.GeoDataFrame:
    """Return a layer drawn in metres, in EPSG:4326 as files have it."""
    return gpd.GeoDataFrame(dict(columns), geometry=list(geometry), crs=CRS_M).to_crs(WGS84)


def communities_m(
    outlines: Mapping[str, BaseGeometry],
    *,
    setting: str | Mapping[str, str] = "urban",
    **population: Sequence[float],
) -> Communities:
    """Return communities drawn in metres, with residents by group (``all=…``, ``old=…``)."""
    words = [setting if isinstance(setting, str) else setting[name] for name in outlines]
    frame = layer_m(list(outlines.values()), code=list(outlines), setting=words, **dict(population))
    groups = {"60+" if group == "old" else group: group for group in population}
    columns = CommunityColumns(id="code", setting_column="setting", population=groups)
    return make_communities(frame, columns, where="drawn communities")


def facilities_m(*places: tuple[str, str, float, float]) -> gpd.GeoDataFrame:
    """Return facilities: name, service, and place in metres."""
    names = [name for name, *_ in places]
    return gpd.GeoDataFrame(
        {
            "facility_id": names,
            "name": names,
            "service": [service for _, service, *_ in places],
            "origin": ["drawn.csv"] * len(places),
        },
        geometry=[Point(x, y) for *_, x, y in places],
        crs=CRS_M,
    ).to_crs(WGS84)


def people_m(
    communities: Communities,
    places: Sequence[tuple[float, float]],
    **numbers: Sequence[float],
) -> Demand:
    """Return people at points in metres: by group, ``all=…`` and ``old=…``."""
    layer = layer_m([Point(*place) for place in places], **dict(numbers))
    groups = {"60+" if group == "old" else group: group for group in numbers}
    return demand_from_layer(layer, groups, communities.table, CRS_M, where="drawn people")


def box_degrees(west: float, south: float, east: float, north: float) -> Box:
    """Return a box drawn in metres as west, south, east, north in degrees."""
    return (*degrees(west, south), *degrees(east, north))


def network_m(drawing: Drawing, folder: Path, **options: float) -> WalkNetwork:
    """Build the network of a drawing."""
    return network_from_osm(read_osm(drawing.write(folder / "drawn.osm")), **options)


def district_m(
    network: WalkNetwork,
    communities: Communities,
    demand: Demand,
    facilities: gpd.GeoDataFrame,
    rules: Standard,
    **changes: Any,
) -> District:
    """Put a district together; its map reaches 10 km in every direction unless told otherwise."""
    nothing = gpd.GeoDataFrame(geometry=[], crs=WGS84)
    values: dict[str, Any] = {
        "name": "drawn",
        "box": box_degrees(-10_000, -10_000, 10_000, 10_000),
        "given": frozenset(facilities["service"]),
        "basemap": make_basemap(network, water=nothing, green=nothing),
    }
    return District(
        standard=rules,
        network=network,
        communities=communities,
        demand=demand,
        facilities=facilities,
        **(values | changes),
    )


def square(x: float, y: float, side: float) -> Polygon:
    """Return a square around a middle, metres."""
    half = side / 2
    return box(x - half, y - half, x + half, y + half)
