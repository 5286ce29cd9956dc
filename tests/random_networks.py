"""Random street graphs for property tests: parallel streets, loops, one-ways, empty lengths."""

from collections.abc import Sequence
from dataclasses import replace

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from circles.network import WalkNetwork
from circles.network.interchange import from_osmnx
from circles.travel.joining import Joins
from circles.walking import Kind, Wait
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


@st.composite
def hilly_networks(draw: st.DrawFn) -> WalkNetwork:
    """Draw a network whose streets bend, rise and fall, with stairs and waits at their ends.

    Some heights are not known. Streets that loop or run side by side do so over
    points of their own.
    """
    flat = network_of(draw(street_graphs(nodes=6, edges=9)))
    edges, m = flat.edges, len(flat.edges)
    inner = draw(st.lists(st.integers(0, 3), min_size=m, max_size=m))
    size = 2 + np.array(inner)
    offset = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lon, lat = (
        np.concatenate(
            [
                at[edges.start[e]] + np.array([0.0, *random.uniform(-5e-4, 5e-4, inner[e]), np.nan])
                for e in range(m)
            ]
        )
        for at in (flat.node_lon, flat.node_lat)
    )
    lon[offset[1:] - 1], lat[offset[1:] - 1] = flat.node_lon[edges.end], flat.node_lat[edges.end]
    height_m = random.uniform(-25.0, 25.0, offset[-1])
    height_m[random.random(offset[-1]) < 0.1] = np.nan
    kind = random.choice([Kind.STREET, Kind.STREET, Kind.PATH, Kind.STEPS, Kind.FERRY], m)
    waits = random.choice(np.array([0, 0, *Wait], dtype=np.int8), (2, m))
    return replace(
        flat,
        edges=replace(
            edges,
            kind=kind.astype(np.int8),
            offset=offset,
            lon=lon,
            lat=lat,
            wait_start=waits[0],
            wait_end=waits[1],
            elevation_m=height_m,
        ),
    )
