"""Travel times against independent, slow oracles."""

import itertools
import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.errors import InputError
from circles.network import Impedance, WalkNetwork
from circles.profiles import profile
from circles.travel import Direction, nearest_cost
from circles.travel.joining import Joins
from tests.random_networks import joins_on, network_of, street_graphs

ADULT = profile("adult")


def split_graph(
    network: WalkNetwork, impedance: Impedance, joins: dict[str, Joins]
) -> "nx.MultiDiGraph":
    """Build the oracle's graph: every join is a node of its own that splits its edge.

    Points hang on their join by an access leg walked both ways.
    """
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(len(network.node_id)))
    on_edge: dict[int, list[tuple[float, object]]] = {}
    for kind, some in joins.items():
        for i in range(len(some)):
            graph.add_node((kind, i))
            if some.edge[i] >= 0:
                spot = (kind, i, "spot")
                on_edge.setdefault(int(some.edge[i]), []).append((float(some.share[i]), spot))
                leg = float(some.access_m[i]) * impedance.per_metre
                graph.add_edge((kind, i), spot, cost=leg)
                graph.add_edge(spot, (kind, i), cost=leg)
    edges = network.edges
    for e in range(len(edges)):
        stops = [(0.0, int(edges.start[e])), *sorted(on_edge.get(e, []), key=lambda s: s[0])]
        stops.append((1.0, int(edges.end[e])))
        for (share, here), (next_share, there) in itertools.pairwise(stops):
            part = next_share - share
            for tail, head, cost in (
                (here, there, impedance.forward[e]),
                (there, here, impedance.backward[e]),
            ):
                if part == 0:
                    graph.add_edge(tail, head, cost=0.0)
                elif np.isfinite(cost):
                    graph.add_edge(tail, head, cost=part * float(cost))
    return graph


def oracle_costs(
    network: WalkNetwork,
    impedance: Impedance,
    points: Joins,
    origins: Joins,
    direction: Direction,
) -> list[list[float]]:
    """Return the cost between every point and every origin, by networkx."""
    graph = split_graph(network, impedance, {"point": points, "origin": origins})
    search = graph if direction == "to" else graph.reverse(copy=False)
    table = []
    for i in range(len(points)):
        found = nx.single_source_dijkstra_path_length(search, ("point", i), weight="cost")
        table.append([found.get(("origin", j), math.inf) for j in range(len(origins))])
    return table


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(["to", "from"]))
def test_joined_times_equal_a_brute_force_oracle(data: st.DataObject, direction: Direction) -> None:
    """Mid-edge times from many points to many facilities equal networkx on a split graph."""
    network = network_of(data.draw(street_graphs()))
    origins = data.draw(joins_on(network))
    points = data.draw(joins_on(network))
    impedance = network.times(ADULT)
    field = nearest_cost(network, origins, impedance, direction=direction)
    cost, origin = field.at(points)
    table = oracle_costs(network, impedance, points, origins, direction)
    for i, row in enumerate(table):
        assert cost[i] == pytest.approx(min(row), abs=1e-6)
        if math.isfinite(min(row)):
            assert row[origin[i]] == pytest.approx(min(row), abs=1e-6)
        else:
            assert origin[i] == -1


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(["to", "from"]))
def test_node_times_equal_networkx(data: st.DataObject, direction: Direction) -> None:
    """Least times of all nodes equal networkx's, on one-ways, parallel streets and loops."""
    network = network_of(data.draw(street_graphs()))
    impedance = network.times(ADULT)
    node = data.draw(st.integers(0, len(network.edges) - 1))
    source = Joins(
        np.array([node], dtype=np.int32), np.array([0.0]), np.array([0.0])
    )  # at the start of an edge: on its node
    field = nearest_cost(network, source, impedance, direction=direction)
    graph = nx.MultiDiGraph()
    for e in range(len(network.edges)):
        start, end = int(network.edges.start[e]), int(network.edges.end[e])
        for tail, head, cost in (
            (start, end, impedance.forward[e]),
            (end, start, impedance.backward[e]),
        ):
            if np.isfinite(cost):
                graph.add_edge(tail, head, cost=float(cost))
    search = graph.reverse(copy=False) if direction == "to" else graph
    found = nx.single_source_dijkstra_path_length(
        search, int(network.edges.start[node]), weight="cost"
    )
    expected = [found.get(i, math.inf) for i in range(len(network.node_id))]
    # A point at the very start of a one-way street also stands on that street, and nothing more.
    assert np.allclose(field.node_cost, expected, atol=1e-6, equal_nan=True)


def diamond() -> WalkNetwork:
    """Return a diamond: a-b 100 m, a-c 200 m, b-d 300 m, c-d 100 m, walked both ways."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for name, lon, lat in [("a", 0, 0), ("b", 0, 0.001), ("c", 0.001, 0), ("d", 0.001, 0.001)]:
        graph.add_node(name, x=lon, y=lat)
    for tail, head, length in [("a", "b", 100), ("a", "c", 200), ("b", "d", 300), ("c", "d", 100)]:
        graph.add_edge(tail, head, length=float(length))
        graph.add_edge(head, tail, length=float(length))
    return network_of(graph)


def test_times_in_a_diamond_are_those_a_reader_computes() -> None:
    """From 10 m beside the middle of a-b, walking to a facility 20 m beside d."""
    network = diamond()
    d = Joins(np.array([2], dtype=np.int32), np.array([1.0]), np.array([20.0]))  # end of b-d
    point = Joins(np.array([0], dtype=np.int32), np.array([0.5]), np.array([10.0]))
    field = nearest_cost(network, d, network.distances())
    cost, _ = field.at(point)
    # By a: 50 + 200 + 100; by b: 50 + 300; both 350, and 10 + 20 m of access legs.
    assert cost.tolist() == [380.0]
    walk = nearest_cost(network, d, network.times(ADULT)).at(point)[0]
    assert walk[0] == pytest.approx(380 / 1.1)


def test_two_facilities_on_ones_own_street_compete() -> None:
    """Access legs count on one edge too: 30 m on and 1 m in beats 10 m on and 40 m in."""
    network = diamond()
    stops = Joins(np.array([3, 3], dtype=np.int32), np.array([0.4, 0.8]), np.array([40.0, 1.0]))
    point = Joins(np.array([3], dtype=np.int32), np.array([0.5]), np.array([0.0]))
    cost, origin = nearest_cost(network, stops, network.distances()).at(point)
    assert cost[0] == pytest.approx(31.0)
    assert origin.tolist() == [1]


def test_without_any_facility_nothing_is_reached() -> None:
    """No facility, or only ones off the network, gives infinite times and no facility."""
    network = diamond()
    nobody = Joins(np.array([-1], dtype=np.int32), np.array([np.nan]), np.array([np.nan]))
    point = Joins(np.array([0], dtype=np.int32), np.array([0.5]), np.array([0.0]))
    cost, origin = nearest_cost(network, nobody, network.distances()).at(point)
    assert (cost.tolist(), origin.tolist()) == ([math.inf], [-1])


def test_a_point_off_the_network_reaches_nothing() -> None:
    """It stays in the table, out of reach."""
    network = diamond()
    nobody = Joins(np.array([-1], dtype=np.int32), np.array([np.nan]), np.array([np.nan]))
    place = Joins(np.array([0], dtype=np.int32), np.array([0.5]), np.array([0.0]))
    cost, origin = nearest_cost(network, place, network.distances()).at(nobody)
    assert (cost.tolist(), origin.tolist()) == ([math.inf], [-1])


def test_an_impedance_of_another_network_is_refused() -> None:
    """Costs of a different number of edges are a mistake, said so."""
    network = diamond()
    other = Impedance(network.arcs, np.zeros(2), np.zeros(2), 1.0)
    place = Joins(np.array([0], dtype=np.int32), np.array([0.5]), np.array([0.0]))
    with pytest.raises(InputError, match="network with 2 edges, this one has 4"):
        nearest_cost(network, place, other)
