"""The search by blocks: exact whatever the blocks, buckets and threads, with one answer to ties."""

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.travel.blocks import Messages, spread
from circles.travel.few import spread_few

Graph = tuple[np.ndarray, np.ndarray, np.ndarray]
_WHOLE = st.integers(0, 30).map(float)


def rows_of(nodes: int, arcs: list[tuple[int, int, float]]) -> Graph:
    """Return arcs in compressed rows."""
    ranked = sorted(arcs, key=lambda arc: arc[0])
    count = np.bincount([arc[0] for arc in ranked], minlength=nodes)
    return (
        np.concatenate([[0], np.cumsum(count)]).astype(np.int32),
        np.array([arc[1] for arc in ranked], dtype=np.int32),
        np.array([arc[2] for arc in ranked], dtype=np.float64),
    )


def messages(seeds: list[tuple[int, float]]) -> Messages:
    """Return seeds as the search takes them; each is an origin of its own."""
    return (
        np.array([seed[0] for seed in seeds], dtype=np.int32),
        np.array([seed[1] for seed in seeds], dtype=np.float64),
        np.arange(len(seeds), dtype=np.int32),
    )


def by_networkx(
    nodes: int, arcs: list[tuple[int, int, float]], seeds: list[tuple[int, float]], limit: float
) -> tuple[list[float], list[int]]:
    """Return least costs and the lowest of equally near origins, one origin at a time."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_weighted_edges_from((u, v, w) for u, v, w in arcs if math.isfinite(w))
    least, origin = [math.inf] * nodes, [-1] * nodes
    for i, (seed, start) in enumerate(seeds):
        for v, walk in nx.single_source_dijkstra_path_length(graph, seed).items():
            if start + walk < least[v] and start + walk <= limit:
                least[v], origin[v] = start + walk, i
    return least, origin


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_way_of_searching_gives_networkx_answer(data: st.DataObject) -> None:
    """Costs and origins do not depend on blocks, threads or widths, ties and zeros included."""
    nodes = data.draw(st.integers(1, 24))
    node = st.integers(0, nodes - 1)
    cost = st.one_of(_WHOLE, st.just(math.inf))
    arcs = data.draw(st.lists(st.tuples(node, node, cost), max_size=60))
    seeds = data.draw(st.lists(st.tuples(node, _WHOLE), min_size=1, max_size=6))
    limit = data.draw(st.sampled_from([math.inf, 0.0, 12.0, 40.0]))
    least, origin = spread(
        rows_of(nodes, arcs),
        messages(seeds),
        limit=limit,
        width=data.draw(st.sampled_from([0.01, 1.0, 7.0, 1000.0])),
        threads=data.draw(st.sampled_from([1, 2])),
        block_bits=data.draw(st.sampled_from([0, 1, 2, 15])),
    )
    assert (least.tolist(), origin.tolist()) == by_networkx(nodes, arcs, seeds, limit)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_the_few_nearest_are_those_of_searches_one_by_one(data: st.DataObject) -> None:
    """Each node's list holds every origin once, nearest first, ties by the lower number."""
    nodes = data.draw(st.integers(1, 16))
    node = st.integers(0, nodes - 1)
    arcs = data.draw(st.lists(st.tuples(node, node, _WHOLE), max_size=40))
    seeds = data.draw(st.lists(st.tuples(node, _WHOLE), min_size=1, max_size=6))
    few = data.draw(st.integers(1, 4))
    limit = data.draw(st.sampled_from([math.inf, 20.0]))
    least, origin = spread_few(
        rows_of(nodes, arcs),
        messages(seeds),
        few=few,
        limit=limit,
        width=data.draw(st.sampled_from([0.01, 5.0, 1000.0])),
        threads=data.draw(st.sampled_from([1, 2])),
        block_bits=data.draw(st.sampled_from([0, 1, 13])),
    )
    single = [by_networkx(nodes, arcs, [seed], limit)[0] for seed in seeds]
    for v in range(nodes):
        ranked = sorted((costs[v], i) for i, costs in enumerate(single) if costs[v] < math.inf)
        wanted = ranked[:few] + [(math.inf, -1)] * (few - len(ranked))
        assert list(zip(least[v].tolist(), origin[v].tolist(), strict=True)) == wanted


def test_a_long_crossing_among_short_streets_is_found_at_once() -> None:
    """One arc a million buckets long is no million steps, and no wrong answer."""
    arcs = [(i, i + 1, 1e-3) for i in range(9)] + [(9, 10, 1e7), (10, 11, 1e-3)]
    least, _ = spread(rows_of(12, arcs), messages([(0, 0.0)]), limit=math.inf, width=1e-4)
    assert least[9] == pytest.approx(9e-3)
    assert least[11] == pytest.approx(1e7 + 10e-3)


def test_many_rings_of_many_nodes_agree_with_one_block() -> None:
    """A grid of 10,000 nodes cut into 40 blocks gives what one block gives, to the last bit."""
    rng = np.random.default_rng(4)
    side = 100
    node = np.arange(side * side).reshape(side, side)
    across = np.concatenate([node[:, :-1].ravel(), node[:-1, :].ravel()])
    beside = np.concatenate([node[:, 1:].ravel(), node[1:, :].ravel()])
    cost = rng.uniform(0, 100, len(across))
    arcs = list(zip(across, beside, cost, strict=True)) + list(
        zip(beside, across, cost, strict=True)
    )
    graph = rows_of(side * side, arcs)
    seeds = messages([(int(u), 0.0) for u in rng.choice(side * side, 30, replace=False)])
    whole = spread(graph, seeds, limit=math.inf, width=25.0)
    parts = spread(graph, seeds, limit=math.inf, width=25.0, block_bits=8, threads=2)
    assert np.array_equal(whole[0], parts[0])
    assert np.array_equal(whole[1], parts[1])
