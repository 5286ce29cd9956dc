"""Connected pieces, against networkx."""

from dataclasses import replace

import networkx as nx
import numpy as np
from hypothesis import given, settings

from circles.network.components import find_pieces
from circles.walking import Kind
from tests.random_networks import network_of, street_graphs


@settings(max_examples=60, deadline=None)
@given(graph=street_graphs(nodes=12, edges=10))
def test_pieces_are_those_of_an_undirected_graph(graph: "nx.MultiDiGraph") -> None:
    """Direction does not matter: pieces and their streets are networkx's weak components."""
    network = network_of(graph)
    edges, nodes = network.edges, len(network.node_id)
    plain = nx.MultiGraph()
    plain.add_nodes_from(range(nodes))
    for start, end, length in zip(edges.start, edges.end, edges.length_m, strict=True):
        plain.add_edge(int(start), int(end), m=float(length))
    parts = [plain.subgraph(part) for part in nx.connected_components(plain)]
    street_m = [part.size("m") for part in parts]
    pieces = find_pieces(edges, nodes, min_piece_m=300.0)
    assert pieces.count == len(parts)
    small = [m for m in street_m if m < 300.0 and m < max(street_m)]
    assert round(pieces.small_m, 6) == round(sum(small), 6) or max(street_m) < 300.0
    joined = sum(edges.length_m[pieces.joinable])
    assert np.isclose(joined + pieces.small_m, edges.length_m.sum())


def test_ferries_and_plazas_are_no_street() -> None:
    """A piece of nothing but ferries and plazas is small, however long they are."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for node in range(4):
        graph.add_node(node, x=113.3 + 0.01 * node, y=23.0)
    graph.add_edge(0, 1, length=900.0)
    graph.add_edge(2, 3, length=50_000.0)
    edges = network_of(graph).edges
    for kind in (Kind.FERRY, Kind.PLAZA):
        kinds = np.where(edges.length_m > 1000, kind, Kind.STREET).astype(np.int8)
        pieces = find_pieces(replace(edges, kind=kinds), 4, min_piece_m=500.0)
        assert (pieces.count, pieces.small, pieces.small_m) == (2, 1, 0.0)
        assert pieces.joinable.tolist() == (edges.length_m < 1000).tolist()
