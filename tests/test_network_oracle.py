"""Random extracts against a slow network: every step of every way is an edge there."""

import itertools
import math
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.network import WalkNetwork
from circles.network.build import network_from_osm
from circles.osm import read_streets
from circles.profiles import profile
from tests.drawn_osm import Drawing

KINDS = (
    {"highway": "residential"},
    {"highway": "footway"},
    {"highway": "footway", "bridge": "yes"},
    {"highway": "steps"},
    {"highway": "path", "oneway:foot": "yes"},
    {"highway": "path", "oneway:foot": "-1"},
    {"highway": "motorway"},
)
POINTS = (
    {},
    {},
    {},
    {"barrier": "gate", "locked": "yes"},
    {"highway": "crossing"},
    {"railway": "crossing"},
    {"gone": "yes"},
)
WALKER = replace(profile("adult"), crossing_s=7.0, level_crossing_s=11.0)


@dataclass(frozen=True)
class Extract:
    """Ways through numbered nodes, as rows of node numbers and of `KINDS`; nodes by `POINTS`."""

    ways: list[tuple[list[int], int]]
    points: list[int]

    def drawing(self) -> Drawing:
        """Draw it: nodes stand in a crooked grid, far enough apart for crossings to be two."""
        drawing = Drawing()
        for node, point in enumerate(self.points):
            tags = POINTS[point]
            if "gone" not in tags:
                drawing.node(f"n{node}", 100 * (node % 4) + 7 * node, 90 * (node // 4))
                drawing.node_tags[f"n{node}"] = tags
        for nodes, kind in self.ways:
            drawing.ways.append(([f"n{node}" for node in nodes], KINDS[kind]))
        return drawing


@st.composite
def extracts(draw: st.DrawFn) -> Extract:
    """Draw an extract of which at least something may be walked."""
    node = st.integers(0, 9)
    line = st.lists(node, min_size=1, max_size=6)
    ways = draw(st.lists(st.tuples(line, st.integers(0, len(KINDS) - 1)), max_size=9))
    points = draw(st.lists(st.integers(0, len(POINTS) - 1), min_size=10, max_size=10))
    points[0] = points[1] = 0
    # Drawn twice, one of them the other way about.
    twice = [(nodes[::-1], kind) for nodes, kind in ways[:1]]
    return Extract([([0, 1], 0), *ways, *twice], points)


def slow_times(extract: Extract, lengths_m: dict[frozenset[int], float]) -> "nx.DiGraph":
    """Return the time of every step, the wait at its beginning included."""
    graph = nx.DiGraph()
    fresh = itertools.count(1000)
    for nodes, kind in extract.ways:
        tags = KINDS[kind]
        if tags["highway"] == "motorway":
            continue
        speed = WALKER.steps_speed_m_s if tags["highway"] == "steps" else WALKER.speed_m_s
        for a, b in itertools.pairwise(nodes):
            if a == b or "gone" in POINTS[extract.points[a]] or "gone" in POINTS[extract.points[b]]:
                continue
            ends = [next(fresh) if "barrier" in POINTS[extract.points[n]] else n for n in (a, b)]
            time_s = lengths_m[frozenset((a, b))] / speed
            for (tail, node), head, word in (
                ((ends[0], a), ends[1], "-1"),
                ((ends[1], b), ends[0], "yes"),
            ):
                if tags.get("oneway:foot") != word:
                    cost = time_s + wait_s(POINTS[extract.points[node]], tags)
                    known = graph.get_edge_data(tail, head, {"s": math.inf})["s"]
                    graph.add_edge(tail, head, s=min(cost, known))
    return graph


def wait_s(point: dict[str, str], tags: dict[str, str]) -> float:
    """Return how long one waits at a point before walking onto a way."""
    if "railway" in point:
        return WALKER.level_crossing_s
    on_path = tags["highway"] in {"footway", "path"}
    return WALKER.crossing_s if point.get("highway") == "crossing" and on_path else 0.0


def built_times(built: WalkNetwork) -> "nx.DiGraph":
    """Return the network's arcs with their times."""
    graph = nx.DiGraph()
    cost = built.times(WALKER).costs_forth
    arcs = built.arcs
    for node in range(len(built.node_id)):
        for arc in range(arcs.offset[node], arcs.offset[node + 1]):
            tail, head = node, int(arcs.head[arc])
            known = graph.get_edge_data(tail, head, {"s": math.inf})["s"]
            if np.isfinite(cost[arc]):
                graph.add_edge(tail, head, s=min(float(cost[arc]), known))
    return graph


@settings(max_examples=60, deadline=None)
@given(extract=extracts())
def test_walks_take_as_long_as_step_by_step(extract: Extract) -> None:
    """Between all nodes of the network, times are those of a graph that has every step."""
    drawing = extract.drawing()
    with tempfile.TemporaryDirectory() as folder:
        built = network_from_osm(read_streets(drawing.write(Path(folder) / "x.osm")))
    number = {osm_id: int(name[1:]) for name, osm_id in drawing.ids().items()}
    x_m = {node: 100 * (node % 4) + 7 * node for node in range(10)}
    y_m = {node: 90 * (node // 4) for node in range(10)}
    lengths_m = {
        frozenset((a, b)): math.hypot(x_m[a] - x_m[b], y_m[a] - y_m[b])
        for a in range(10)
        for b in range(10)
    }
    slow, quick = slow_times(extract, lengths_m), built_times(built)
    known = {row: number[int(i)] for row, i in enumerate(built.node_id) if i > 0}
    for row, node in known.items():
        expected = (
            nx.single_source_dijkstra_path_length(slow, node, weight="s") if node in slow else {}
        )
        found = (
            nx.single_source_dijkstra_path_length(quick, row, weight="s") if row in quick else {}
        )
        for other_row, other in known.items():
            if row != other_row:
                a, b = expected.get(other, math.inf), found.get(other_row, math.inf)
                assert a == b or abs(a - b) < 0.1
