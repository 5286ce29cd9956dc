"""Random street graphs for property tests: parallel streets, loops, one-ways, empty lengths."""

from collections.abc import Sequence

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from circles.network import WalkNetwork
from circles.network.interchange import from_osmnx
from circles.travel.joining import Joins
from tests.drawn_osm import degrees

Arc = tuple[int, int, float, bool]


@st.composite
def street_graphs(draw: st.DrawFn, *, nodes: int = 9, edges: int = 16) -> "nx.MultiDiGraph":
    """Draw a graph as OSMnx makes it: some streets one-way, some doubled, some looping."""
    count = draw(st.integers(2, nodes))
    ends = st.integers(0, count - 1)
    # Whole decimetres: sums of them are equal or clearly different, so ties are true ties.
    length_m = st.integers(0, 5000).map(lambda decimetres: decimetres / 10)
    arcs: Sequence[Arc] = draw(
        st.lists(st.tuples(ends, ends, length_m, st.booleans()), min_size=1, max_size=edges)
    )
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for node in range(count):
        lon, lat = degrees(100.0 * (node % 3), 100.0 * (node // 3))
        graph.add_node(node, x=lon, y=lat)
    for tail, head, length, both in arcs:
        graph.add_edge(tail, head, length=length)
        if both:
            graph.add_edge(head, tail, length=length)
    return graph


def network_of(graph: "nx.MultiDiGraph") -> WalkNetwork:
    """Take over a random graph, however short its streets."""
    return from_osmnx(graph, min_piece_m=0.0)


@st.composite
def joins_on(draw: st.DrawFn, network: WalkNetwork, *, most: int = 4) -> Joins:
    """Draw points that join a network somewhere along its edges, ends included; some do not."""
    edges = len(network.edges)
    share = st.integers(0, 8).map(lambda eighths: eighths / 8)
    rows = draw(
        st.lists(
            st.tuples(st.integers(-1, edges - 1), share, st.integers(0, 200)),
            min_size=1,
            max_size=most,
        )
    )
    edge = np.array([row[0] for row in rows], dtype=np.int32)
    off = edge < 0
    return Joins(
        edge=edge,
        share=np.where(off, np.nan, [row[1] for row in rows]),
        access_m=np.where(off, np.nan, [float(row[2]) for row in rows]),
    )
