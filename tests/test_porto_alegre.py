"""Porto Alegre: the people of its hexagons, and who of them walks to a school and to health care.

The table gives each hexagon by an identifier and its middle, so its people are demand points
there. Rules and coverage are held against networkx and plain sums.
"""

import itertools
import os
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

import circles
from circles.assessment import Assessment
from circles.crs import to_metres
from circles.network import WalkNetwork
from circles.travel.joining import Joiner, Joins
from circles.walking import Kind
from tests.drawn_district import rule, standard

pytestmark = pytest.mark.real

#: Adults walk so fast, and on stairs half as fast.
SPEED_M_S = 1.1
SCHOOL_MIN, HEALTH_M = 10.0, 1000.0
SERVICES = {"school": "schools", "clinic": "healthcare"}


@dataclass(frozen=True)
class City:
    """The tables of the city and what circles makes of them."""

    hexagons: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame
    network: WalkNetwork
    found: Assessment


def quarters(hexagons: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return boxes of a fifth of the city's extent that somebody's hexagon lies in."""
    west, south, east, north = hexagons.total_bounds + np.array([-1e-3, -1e-3, 1e-3, 1e-3])
    x, y = np.linspace(west, east, 6), np.linspace(south, north, 6)
    boxes = [shapely.box(x[i], y[j], x[i + 1], y[j + 1]) for j in range(5) for i in range(5)]
    kept = [area for area in boxes if hexagons.within(area).any()]
    return gpd.GeoDataFrame(
        {"id": [f"q{i}" for i in range(len(kept))], "setting": "urban"}, geometry=kept, crs=4326
    )


def facilities(hexagons: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a facility for each hexagon that counts some."""
    layers = []
    for service, column in SERVICES.items():
        there = hexagons[hexagons[column].fillna(0) > 0]
        names = [f"{service} {number}" for number in there["id"]]
        layers.append(
            gpd.GeoDataFrame(
                {"service": service, "name": names}, geometry=list(there.geometry), crs=4326
            )
        )
    return gpd.GeoDataFrame(pd.concat(layers, ignore_index=True))


@pytest.fixture(name="city", scope="module")
def _city() -> City:
    folder = Path(os.environ["CIRCLES_REAL_DATA"]) / "porto_alegre"
    table = pd.read_csv(folder / "poa_hexgrid.csv")
    places = gpd.points_from_xy(table["lon"], table["lat"])
    hexagons = gpd.GeoDataFrame(table.assign(all=table["population"]), geometry=places, crs=4326)
    communities = quarters(hexagons)
    network = circles.read_network(folder / "porto_alegre.osm.pbf")
    rules = standard(
        rule("school", service="school", max_minutes={"urban": SCHOOL_MIN}),
        rule("health", kind="distance_threshold", service="clinic", max_metres={"urban": HEALTH_M}),
    )
    found = circles.score(rules, network, communities, facilities(hexagons), demand=hexagons)
    return City(hexagons, communities, network, found)


def joined(network: WalkNetwork, places: gpd.GeoSeries) -> Joins:
    """Return where places join the network."""
    x_m, y_m = to_metres(places.x.to_numpy(), places.y.to_numpy(), network.crs)
    return Joiner.of(network).join(x_m, y_m)


def slow_costs(city: City, service: str, *, in_seconds: bool) -> np.ndarray:
    """Return what it costs from each hexagon to the nearest facility, by networkx.

    Edges are cut at every place that joins them; places outside the network cost infinity.
    """
    network, edges = city.network, city.network.edges
    there = city.hexagons[city.hexagons[SERVICES[service]].fillna(0) > 0].geometry
    per_metre = 1 / SPEED_M_S if in_seconds else 1.0
    cost = edges.length_m * per_metre
    if in_seconds:
        cost = np.where(edges.kind == Kind.STEPS, 2 * cost, cost)
        assert not (edges.kind == Kind.FERRY).any()
    stops: dict[int, list[tuple[float, object]]] = {}
    legs: dict[object, float] = {}
    for kind, places in (("home", city.hexagons.geometry), ("door", there)):
        joins = joined(network, places)
        for i in np.flatnonzero(~joins.off_network):
            stops.setdefault(int(joins.edge[i]), []).append((float(joins.share[i]), (kind, int(i))))
            legs[kind, int(i)] = float(joins.access_m[i]) * per_metre
    # From the doors outwards: every street is taken against the direction it is walked in.
    graph = nx.DiGraph()
    for e in range(len(edges)):
        chain = [(0.0, int(edges.start[e])), *sorted(stops.get(e, []), key=lambda s: s[0])]
        chain.append((1.0, int(edges.end[e])))
        for (share, one), (next_share, other) in itertools.pairwise(chain):
            part = (next_share - share) * float(cost[e])
            for walked, tail, head in (
                (edges.forward[e], other, one),
                (edges.backward[e], one, other),
            ):
                known = graph.get_edge_data(tail, head, {"cost": np.inf})["cost"]
                if walked and part < known:
                    graph.add_edge(tail, head, cost=part)
    for place, leg in legs.items():
        if isinstance(place, tuple) and place[0] == "door":
            graph.add_edge("all doors", place, cost=leg)
    least = nx.single_source_dijkstra_path_length(graph, "all doors", weight="cost")
    return np.array(
        [
            least.get(("home", i), np.inf) + legs.get(("home", i), np.inf)
            for i in range(len(city.hexagons))
        ]
    )


@pytest.mark.parametrize(
    ("rule_id", "service", "limit"),
    [("school", "school", SCHOOL_MIN * 60), ("health", "clinic", HEALTH_M)],
)
def test_coverage_is_that_of_networkx_and_plain_sums(
    city: City, rule_id: str, service: str, limit: float
) -> None:
    """Quarter by quarter: people within reach, all people, and the share of them."""
    cost = slow_costs(city, service, in_seconds=rule_id == "school")
    off = joined(city.network, city.hexagons.geometry).off_network
    people = city.hexagons["population"].to_numpy(dtype=np.float64)
    rows = city.found.verdicts.set_index(["rule_id", "community_id"]).loc[rule_id]
    seen = 0.0
    for quarter in city.communities.itertuples(index=False):
        here = city.hexagons.within(quarter.geometry).to_numpy()
        low = people[here & (cost <= limit)].sum()
        high = low + people[here & off].sum()
        row = rows.loc[quarter.id]
        assert (row["total"], row["covered_low"], row["covered_high"]) == pytest.approx(
            (people[here].sum(), low, high)
        )
        if people[here].sum():
            assert row["share_low"] == pytest.approx(low / people[here].sum())
        seen += row["total"]
    assert seen == people.sum() == 812_935
    near = np.abs(cost - limit) < 1e-3
    assert not near.any()  # no hexagon stands so near the limit as to be moot


def test_the_city_is_neither_all_covered_nor_not_at_all(city: City) -> None:
    """Figures that would move if something broke: whole shares of the city."""
    sums = city.found.verdicts.groupby("rule_id")[["covered_low", "total"]].sum()
    share = sums["covered_low"] / sums["total"]
    assert share["school"] == pytest.approx(0.7546, abs=0.005)
    assert share["health"] == pytest.approx(0.8107, abs=0.005)
    assert set(city.found.verdicts["verdict"]) >= {"met", "not_met"}
