"""Graphs people already have: to circles and back without loss, and judged by the tag rules."""

from pathlib import Path

import networkx as nx
import numpy as np
import osmnx
import pytest
import shapely
from hypothesis import given, settings

from circles.errors import FaultsError, InputError
from circles.network import WalkNetwork
from circles.network.build import network_from_osm
from circles.network.graphml import judge_graph, read_graphml
from circles.network.interchange import from_osmnx, to_networkx
from circles.osm import read_osm
from circles.walking import Kind
from tests.drawn_osm import Drawing
from tests.random_networks import street_graphs


def small_graph(**arc: object) -> "nx.MultiDiGraph":
    """Return a graph of two nodes and one street walked both ways, with a bend."""
    graph = nx.MultiDiGraph(crs="epsg:4326", created_with="a test")
    graph.add_node(1, x=113.30, y=23.00, street_count=1)
    graph.add_node(2, x=113.31, y=23.00, street_count=1, barrier="gate")
    line = shapely.LineString([(113.30, 23.0), (113.305, 23.001), (113.31, 23.0)])
    data = {"osmid": 7, "highway": "residential", "length": 1050.0, **arc}
    graph.add_edge(1, 2, geometry=line, reversed=False, **data)
    graph.add_edge(2, 1, geometry=shapely.reverse(line), reversed=True, **data)
    return graph


def test_a_street_walked_both_ways_is_one_edge() -> None:
    """The two arcs of a street become one edge, so that a point joins it once."""
    network = from_osmnx(small_graph())
    assert len(network.edges) == 1
    assert (network.edges.forward[0], network.edges.backward[0]) == (True, True)


@settings(max_examples=150, deadline=None)
@given(street_graphs())
def test_any_graph_comes_back_as_it_was(graph: "nx.MultiDiGraph") -> None:
    """Nodes, keys and every attribute survive the way to a WalkNetwork and back."""
    assert nx.utils.graphs_equal(WalkNetwork.from_osmnx(graph).to_networkx(), graph)


def test_attributes_come_back_as_they_were() -> None:
    """Graph, node and arc attributes are kept, the geometry too."""
    graph = small_graph(name=["A", "B"])
    assert nx.utils.graphs_equal(to_networkx(from_osmnx(graph)), graph)


def test_an_extracts_network_survives_networkx(tmp_path: Path) -> None:
    """Lengths, kinds, directions and ferry times are the same after the way out and back."""
    drawing = (
        Drawing().node("a", 0, 0).node("b", 100, 0).node("c", 200, 50).node("d", 300, 50)
        .way("a b", highway="steps").way("b c", highway="footway", oneway__foot="yes")
        .way("c d", route="ferry", duration="3")
    )  # fmt: skip
    network = network_from_osm(read_osm(drawing.write(tmp_path / "x.osm")))
    again = WalkNetwork.from_osmnx(network.to_networkx())
    assert np.array_equal(np.sort(network.node_id), np.sort(again.node_id))
    first, second = (np.argsort(n.edges.way_id) for n in (network, again))
    for name in ("length_m", "kind", "forward", "backward", "duration_s"):
        before, after = getattr(network.edges, name)[first], getattr(again.edges, name)[second]
        assert np.array_equal(before, after, equal_nan=before.dtype.kind == "f"), name


def test_a_projected_graph_is_taken_back_to_degrees() -> None:
    """A graph in UTM gives the same network as in degrees, to a millimetre."""
    graph = small_graph()
    projected = osmnx.project_graph(graph)
    lon, lat = (getattr(from_osmnx(projected).edges, axis) for axis in ("lon", "lat"))
    assert np.allclose(lon, from_osmnx(graph).edges.lon, atol=1e-8)
    assert np.allclose(lat, from_osmnx(graph).edges.lat, atol=1e-8)


def test_missing_attributes_are_all_named_at_once() -> None:
    """A graph without positions, lengths and CRS is refused with each fault."""
    graph = nx.MultiDiGraph()
    graph.add_edge(1, 2)
    with pytest.raises(FaultsError) as caught:
        from_osmnx(graph)
    assert len(caught.value.faults) == 3
    assert "'crs'" in str(caught.value)
    assert "'length'" in str(caught.value)


def test_a_graph_without_streets_is_refused() -> None:
    """Nodes alone are no network."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    graph.add_node(1, x=0.0, y=0.0)
    with pytest.raises(InputError, match="no street"):
        from_osmnx(graph)


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "motorway"},
        {"highway": ["residential", "motorway"]},
        {"highway": "service", "access": "private"},
        {"highway": "residential", "foot": "no"},
    ],
)
def test_a_saved_graph_is_judged_by_its_tags(tags: dict[str, object]) -> None:
    """Arcs that may not be walked are left out; a merged one is as bad as its worst part."""
    judged, refused = judge_graph(small_graph(**tags))
    assert judged.number_of_edges() == 0
    assert sum(refused.values()) == 2


def test_oneway_foot_binds_in_a_saved_graph() -> None:
    """Of the two arcs only the one along the way stays."""
    judged, _ = judge_graph(small_graph(**{"oneway:foot": "yes"}))
    assert list(judged.edges()) == [(1, 2)]


def test_a_closed_gate_parts_the_streets_of_a_saved_graph() -> None:
    """A locked gate on a node ends every street there in a node of its own."""
    graph = small_graph()
    graph.nodes[2]["locked"] = "yes"
    graph.add_node(3, x=113.32, y=23.0)
    for tail, head in ((2, 3), (3, 2)):
        graph.add_edge(tail, head, length=1000.0, highway="residential", reversed=head == 2)
    judged, _ = judge_graph(graph)
    assert nx.number_weakly_connected_components(judged) == 2
    assert judged.number_of_edges() == 4
    assert len(from_osmnx(judged).edges) == 2


def test_a_saved_graph_is_read_from_file(tmp_path: Path) -> None:
    """GraphML as OSMnx saves it becomes a network with lengths on the ellipsoid."""
    path = tmp_path / "walk.graphml"
    osmnx.save_graphml(small_graph(), path)
    network = read_graphml(path)
    assert network.edges.kind.tolist() == [Kind.STREET]
    assert network.edges.length_m[0] == pytest.approx(1048.9, abs=0.5)


def test_a_ferry_in_a_saved_graph_keeps_its_time(tmp_path: Path) -> None:
    """The duration tag is the sailing time of the whole way."""
    graph = small_graph(highway="", route="ferry", duration="00:10")
    for _, _, data in graph.edges(data=True):
        del data["highway"]
    path = tmp_path / "ferry.graphml"
    osmnx.save_graphml(graph, path)
    assert read_graphml(path).edges.duration_s.tolist() == [600.0]
