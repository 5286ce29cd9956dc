"""Communities in a row, 100 m wide each, with facilities in them and rules about both."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Point, box

from circles.communities import Communities
from circles.crs import WGS84
from circles.demand import Demand
from circles.evaluation import Area, Finding, OnFoot, Stock
from circles.network import WalkNetwork
from circles.profiles import bundled_profiles
from circles.standards.model import (
    CapacityRule,
    InventoryRule,
    PresenceRule,
    Rule,
    Standard,
    Target,
    Tier,
    UnitRule,
)
from circles.texts import Bilingual
from circles.travel.joining import Joiner
from tests.drawn_district import CRS_M

WORDS = Bilingual(zh="画", en="drawn")

#: A facility: what it offers, and how far along the row it stands (community 0 is 0 to 100 m).
Place = tuple[str, float]


def communities_in_a_row(
    count: int, *, population: Mapping[str, Sequence[float]] | None = None, **columns: Any
) -> Communities:
    """Return communities ``c0``, ``c1`` … of 100 m squares, with further columns as given."""
    ids = pd.Index([f"c{i}" for i in range(count)], name="community_id")
    values: dict[str, Any] = {
        "name": [f"社区{i}" for i in range(count)],
        "setting": "urban",
        "street": None,
        "district": None,
        "households": np.nan,
        "area_km2": 0.01,
    }
    outlines = [box(100.0 * i, 0.0, 100.0 * (i + 1), 100.0) for i in range(count)]
    table = gpd.GeoDataFrame(values | columns, index=ids, geometry=outlines, crs=CRS_M)
    people = pd.DataFrame(dict(population or {}), index=ids, dtype=np.float64)
    return Communities(table.to_crs(WGS84), people)


def area_of(
    count: int,
    *,
    population: Mapping[str, Sequence[float]] | None = None,
    demand: Demand | None = None,
    options: Mapping[str, Any] | None = None,
    **columns: Any,
) -> Area:
    """Return the area of some communities in a row; `options` are those of `Area.of`."""
    communities = communities_in_a_row(count, population=population, **columns)
    return Area.of(communities, **({"name": "Drawn"} | dict(options or {})), demand=demand)


def stock_of(
    area: Area, *places: Place, given: Sequence[str] | None = None, **columns: Sequence[object]
) -> Stock:
    """Return facilities standing 50 m into the row; layers are given for all that they offer."""
    frame = gpd.GeoDataFrame(
        {
            "facility_id": [f"f{i}" for i in range(len(places))],
            "name": [f"设施{i}" for i in range(len(places))],
            "service": pd.Series([service for service, _ in places], dtype=object),
            **columns,
        },
        geometry=[Point(x, 50.0) for _, x in places],
        crs=CRS_M,
    ).to_crs(WGS84)
    layers = set(frame["service"]) if given is None else set(given)
    return Stock.of(frame, frozenset(layers), area)


def presence(**changes: Any) -> PresenceRule:
    """Return a rule: an elder-care station in every community."""
    values: dict[str, Any] = {
        "name": WORDS,
        "id": "present",
        "kind": "presence",
        "service": "elder_station",
        "per": "community",
    }
    return PresenceRule(**(values | changes))


def ratio(**changes: Any) -> CapacityRule:
    """Return a rule: 5 nursery places for 1,000 residents of each community."""
    values: dict[str, Any] = {
        "name": WORDS,
        "id": "ratio",
        "kind": "capacity_ratio",
        "numerator": {"services": ("childcare",), "capacity": "places"},
        "denominators": ({"column": "population"},),
        "per": 1000,
        "levels": ("community",),
    }
    if "between" not in changes:
        values["min"] = 5.0
    return CapacityRule(**(values | changes))


def unit_rule(*checks: Mapping[str, Any], **changes: Any) -> UnitRule:
    """Return a rule about the size of communities."""
    values: dict[str, Any] = {"name": WORDS, "id": "size", "kind": "unit_check", "checks": checks}
    return UnitRule(**(values | changes))


def inventory(**changes: Any) -> InventoryRule:
    """Return a rule: there are ten elder canteens in the city, give or take one."""
    values: dict[str, Any] = {
        "name": WORDS,
        "id": "count",
        "kind": "inventory",
        "service": "elder_meal",
        "count": 10,
        "as_of": "2020-12-31",
    }
    return InventoryRule(**(values | changes))


def standard_of(
    *rules: Rule, tiers: Sequence[Tier] = (), targets: Sequence[Target] = (), **changes: Any
) -> Standard:
    """Return a standard of some rules."""
    return Standard(
        schema="circles.standard/2",
        id="drawn",
        name=WORDS,
        issuer=WORDS,
        rules=rules,
        tiers=tuple(tiers),
        targets=tuple(targets),
        **changes,
    )


def told(findings: Sequence[Finding]) -> dict[str, tuple[str | None, str]]:
    """Return verdict and reason by unit."""
    return {finding.subject.unit_id: (finding.verdict, finding.reason) for finding in findings}


def people_in_a_row(
    *homes: tuple[float, float], group: str = "all", rows: int, off: Sequence[int] = ()
) -> Demand:
    """Return residents: how far along the row they live, and how many; some far from any street."""
    x_m = np.array([x for x, _ in homes], dtype=np.float64)
    y_m = np.full(len(homes), 50.0)
    y_m[list(off)] = 5000.0
    return Demand(
        x_m=x_m,
        y_m=y_m,
        community=(x_m // 100).astype(np.int32),
        weights={group: np.array([people for _, people in homes], dtype=np.float64)},
        source=np.full(rows, "population", dtype=object),
    )


def on_foot(network: WalkNetwork, demand: Demand, stock: Stock) -> OnFoot:
    """Join residents and facilities to a network."""
    joiner = Joiner.of(network)
    points = stock.facilities.to_crs(network.crs).geometry
    return OnFoot(
        network=network,
        profiles=bundled_profiles(),
        demand=demand,
        homes=joiner.join(demand.x_m, demand.y_m),
        doors=joiner.join(points.x.to_numpy(), points.y.to_numpy()),
    )
