"""The reached part of the network as a graph: cuts, lengths and costs."""

from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import osmnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.errors import InputError
from circles.network import WalkNetwork
from circles.travel import CostField, Direction, nearest_cost, reached_edges
from circles.travel.joining import Joins
from circles.travel.subgraph import reached_graph
from circles.walking import Profile
from tests.random_networks import hilly_networks, joins_on, network_of, street_graphs
from tests.test_travel import diamond

WAITING = Profile("waiting", 1.1, 0.6, crossing_s=10, signals_s=30, level_crossing_s=60, lift_s=90)


def spot(edge: int, share: float) -> Joins:
    """Return one place on a street, right on it."""
    return Joins(np.array([edge], dtype=np.int32), np.array([share]), np.array([0.0]))


def apart(origins: Joins) -> Joins:
    """Return origins one a place, in the middle of edges."""
    on = [i for i in range(len(origins)) if 0 < origins.share[i] < 1]
    rows = list({(int(origins.edge[i]), float(origins.share[i])): i for i in on}.values())
    return Joins(origins.edge[rows], origins.share[rows], origins.access_m[rows])


def costs_within(graph: "nx.MultiDiGraph", field: CostField) -> dict[int, float]:
    """Return each node's least cost within a reached graph by networkx, origins' legs included."""
    walked = graph.reverse() if field.direction == "to" else graph.copy()
    for name, origin in graph.nodes(data="origin"):
        if origin is not None:
            leg = float(field.origins.access_m[origin]) * field.impedance.per_metre
            walked.add_edge("outside", name, cost=leg)
    found = nx.single_source_dijkstra_path_length(walked, "outside", weight="cost")
    return {name: cost for name, cost in found.items() if name != "outside"}


def test_streets_are_cut_where_the_distance_runs_out() -> None:
    """30 m either way of the middle of a-b in the diamond: two stretches between three places."""
    network = diamond()
    field = nearest_cost(network, spot(0, 0.5), network.distances())
    graph = reached_graph(field, limit=30.0)
    assert dict(graph.nodes(data="cut")) == {-5: True, -6: False, -7: True}
    assert dict(graph.nodes(data="origin")) == {-5: None, -6: 0, -7: None}
    assert [graph.nodes[n]["cost"] for n in (-5, -6, -7)] == pytest.approx([30.0, 0.0, 30.0])
    assert set(graph.edges()) == {(-5, -6), (-6, -5), (-6, -7), (-7, -6)}
    assert [d for *_, d in graph.edges(data="length")] == pytest.approx([30.0] * 4)
    assert [d for *_, d in graph.edges(data="cost")] == pytest.approx([30.0] * 4)


def test_nodes_keep_their_names_and_cuts_get_new_ones() -> None:
    """With 160 m from a: all of a-b, 160 m of a-c and 60 m of b-d; two streets end in a cut."""
    network = diamond()
    a, b, c, d = network.node_id.tolist()
    field = nearest_cost(network, spot(0, 0.0), network.distances())
    graph = reached_graph(field, limit=160.0)
    cuts = [name for name, cut in graph.nodes(data="cut") if cut]
    assert set(graph.nodes) == {a, b, *cuts}
    assert not {c, d} & set(cuts)
    assert len(cuts) == 2
    assert max(cuts) < min(a, b, c, d)
    assert graph.nodes[a]["origin"] == 0
    (along_ac,) = (n for n in cuts if graph.has_edge(a, n))
    (along_bd,) = (n for n in cuts if graph.has_edge(b, n))
    assert graph.edges[a, along_ac, 0]["length"] == pytest.approx(160.0)
    assert graph.edges[b, along_bd, 0]["length"] == pytest.approx(60.0)
    # Four fifths of the way from a to c, as the crow flies.
    for axis, of_nodes in (("x", network.node_lon), ("y", network.node_lat)):
        assert graph.nodes[along_ac][axis] == pytest.approx(0.2 * of_nodes[0] + 0.8 * of_nodes[2])


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(["to", "from"]), st.integers(1, 500))
def test_lengths_add_up_to_what_is_reached(
    data: st.DataObject, direction: Direction, limit: int
) -> None:
    """Streets of the graph, each counted once, measure what the table of stretches measures."""
    network = network_of(data.draw(street_graphs()))
    origins = data.draw(joins_on(network))
    field = nearest_cost(network, origins, network.distances(), direction=direction)
    table = reached_edges(field, limit=float(limit))
    graph = reached_graph(field, limit=float(limit))
    length_m = network.edges.length_m[table["edge"]]
    expected = ((table["to_share"] - table["from_share"]) * length_m).sum()
    found = sum(d["length"] / (1 if d["oneway"] else 2) for *_, d in graph.edges(data=True))
    assert found == pytest.approx(expected)
    assert nx.number_of_isolates(graph) == 0


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(["to", "from"]), st.integers(1, 900))
def test_walks_within_the_graph_cost_what_they_cost_outside(
    data: st.DataObject, direction: Direction, limit: int
) -> None:
    """Networkx finds on the graph every node's cost: uphill and down, waits at nodes, stairs."""
    network = data.draw(hilly_networks())
    origins = apart(data.draw(joins_on(network)))
    field = nearest_cost(network, origins, network.times(WAITING), direction=direction)
    graph = reached_graph(field, limit=float(limit))
    if len(graph):
        expected = dict(graph.nodes(data="cost"))
        within = costs_within(graph, field)
        for name, cost in expected.items():  # beyond the limit the graph may lack the better way
            assert within[name] >= cost - 1e-6
            if cost <= limit - 1e-6:
                assert within[name] == pytest.approx(cost, abs=1e-6)
        assert max(expected.values()) <= limit + max(WAITING.waits_s) + 1e-6
        ends = [cost for name, cost in expected.items() if graph.nodes[name]["cut"]]
        assert ends == pytest.approx([limit] * len(ends), abs=1e-6)


def test_a_one_way_street_is_one_arc() -> None:
    """Walked forth only, a street gives no arc back, and says so."""
    network = diamond()
    one_way = replace(
        network, edges=replace(network.edges, backward=np.zeros(len(network.edges), dtype=bool))
    )
    field = nearest_cost(one_way, spot(0, 0.5), one_way.distances(), direction="from")
    graph = reached_graph(field, limit=50.0)
    assert [(u, v, d["oneway"]) for u, v, d in graph.edges(data=True)] == [(-5, -2, True)]


def test_the_graph_is_one_osmnx_can_save_and_load(tmp_path: Path) -> None:
    """OSMnx writes it as GraphML and reads it back, lengths and positions with it."""
    network = diamond()
    graph = reached_graph(nearest_cost(network, spot(0, 0.3), network.distances()), limit=160.0)
    osmnx.save_graphml(graph, tmp_path / "reached.graphml")
    back = osmnx.load_graphml(tmp_path / "reached.graphml")
    assert back.nodes.keys() == graph.nodes.keys()
    assert back.size("length") == pytest.approx(graph.size("length"))
    assert WalkNetwork.from_osmnx(back).edges.length_m.sum() == pytest.approx(
        graph.size("length") / 2
    )


def test_nothing_reached_is_an_empty_graph() -> None:
    """An origin off the network reaches nothing; a limit of nothing is refused."""
    network = diamond()
    nowhere = Joins(np.array([-1], dtype=np.int32), np.array([np.nan]), np.array([np.nan]))
    field = nearest_cost(network, nowhere, network.distances())
    assert len(reached_graph(field, limit=100.0)) == 0
    with pytest.raises(InputError, match="above 0"):
        reached_graph(field, limit=0.0)
