"""Contraction and ordering change how a network is stored, never what it says."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from circles.crs import to_metres
from circles.network import WalkNetwork
from circles.network.build import network_from_osm
from circles.network.contraction import contract, hilbert_index, order
from circles.network.rulings import judge_ways
from circles.network.runs import NodeTable, Runs
from circles.osm import read_osm
from circles.osm.tags import TagTable
from circles.profiles import profile
from circles.travel import nearest_cost
from circles.travel.joining import Joiner
from tests.drawn_osm import Drawing, degrees


def winding_town(seed: int) -> Drawing:
    """Draw streets that are cut into many ways, some one-way, some stairs, with loose loops."""
    rng = np.random.default_rng(seed)
    drawing = Drawing()
    places = rng.uniform(0, 1500, (40, 2))
    for i, (x, y) in enumerate(places):
        drawing.node(f"j{i}", x, y)
    for street in range(45):
        tail, head = rng.choice(40, 2, replace=False)
        stops = [f"j{tail}"]
        for step in range(int(rng.integers(0, 4))):
            share = (step + 1) / 5
            x, y = places[tail] * (1 - share) + places[head] * share + rng.normal(0, 30, 2)
            drawing.node(f"s{street}-{step}", x, y)
            stops.append(f"s{street}-{step}")
        stops.append(f"j{head}")
        tags = [
            {"highway": "residential"},
            {"highway": "steps"},
            {"highway": "path", "oneway:foot": "yes"},
        ]
        for a, b in itertools.pairwise(stops):
            # Often the same kind goes on: a chain to contract; sometimes drawn the other way.
            kind = tags[0] if rng.random() < 0.8 else tags[int(rng.integers(0, 3))]
            drawing.ways.append(([b, a] if rng.random() < 0.3 else [a, b], kind))
    return drawing


def plain_network(drawing: Drawing, path: Path, monkeypatch: pytest.MonkeyPatch) -> WalkNetwork:
    """Build the network without contraction."""
    with monkeypatch.context() as patch:
        patch.setattr("circles.network.build.contract", lambda runs, *_: runs)
        return network_from_osm(read_osm(drawing.write(path)), min_piece_m=0.0)


@pytest.mark.parametrize("seed", range(6))
def test_contraction_loses_no_time_and_no_street(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times between random places are the same before and after, and so is the street."""
    drawing = winding_town(seed)
    plain = plain_network(drawing, tmp_path / "x.osm", monkeypatch)
    built = network_from_osm(read_osm(tmp_path / "x.osm"), min_piece_m=0.0)
    assert len(built.edges) < len(plain.edges)
    assert built.edges.length_m.sum() == pytest.approx(plain.edges.length_m.sum())
    rng = np.random.default_rng(seed)
    lon, lat = np.array([degrees(*xy) for xy in rng.uniform(0, 1500, (300, 2))]).T
    costs = []
    for network in (plain, built):
        x_m, y_m = to_metres(lon, lat, network.crs)
        joins = Joiner.of(network).join(x_m, y_m)
        for who in ("senior", "stroller"):
            for direction in ("to", "from"):
                origins = replace(
                    joins, edge=joins.edge[:5], share=joins.share[:5], access_m=joins.access_m[:5]
                )
                field = nearest_cost(
                    network, origins, network.times(profile(who)), direction=direction
                )
                costs.append(field.at(joins)[0])
    for before, after in zip(costs[:4], costs[4:], strict=True):
        assert np.allclose(before, after, atol=1e-5)


def test_a_ring_without_junction_becomes_one_loop(tmp_path: Path) -> None:
    """A closed path drawn as four ways is one edge from a node to itself."""
    drawing = Drawing().square("r", 0, 0, 100, building="no")
    drawing.ways.clear()
    for i in range(4):
        drawing.way(f"r{i} r{(i + 1) % 4}", highway="path")
    network = network_from_osm(read_osm(drawing.write(tmp_path / "ring.osm")))
    assert len(network.edges) == 1
    assert network.edges.start[0] == network.edges.end[0]
    assert network.edges.length_m[0] == pytest.approx(400, abs=0.1)


def test_what_differs_is_not_merged(tmp_path: Path) -> None:
    """Stairs, one-way paths and plain streets stay edges of their own, head to head too."""
    drawing = Drawing()
    for i in range(6):
        drawing.node(f"n{i}", 100 * i, 0)
    (
        drawing.way("n0 n1", highway="path").way("n1 n2", highway="steps")
        .way("n2 n3", highway="path", oneway__foot="yes")
        .way("n4 n3", highway="path", oneway__foot="yes")
        .way("n4 n5", highway="path", oneway__foot="-1")
    )  # fmt: skip
    network = network_from_osm(read_osm(drawing.write(tmp_path / "x.osm")))
    # n3 is a sink of two one-way paths; n5 to n4 to n3 runs one way and is one edge.
    assert sorted(network.edges.length_m.round().tolist()) == [100.0, 100.0, 100.0, 200.0]


def test_the_hilbert_curve_visits_neighbours_one_after_the_other() -> None:
    """On a full grid each step of the curve goes to the next cell beside, above or below."""
    side = 16
    row, column = np.divmod(np.arange(side * side), side)
    order = np.argsort(hilbert_index(column.astype(float), row.astype(float)))
    steps = np.abs(np.diff(row[order])) + np.abs(np.diff(column[order]))
    assert steps.tolist() == [1] * (side * side - 1)


def test_nodes_and_edges_lie_along_the_curve(tmp_path: Path) -> None:
    """Nodes stand in the order of the curve, edges in that of their starts and then their ends."""
    drawing = winding_town(11)
    network = network_from_osm(read_osm(drawing.write(tmp_path / "x.osm")), min_piece_m=0.0)
    assert (np.diff(hilbert_index(network.node_lon, network.node_lat)) >= 0).all()
    ends = list(zip(network.edges.start.tolist(), network.edges.end.tolist(), strict=True))
    assert ends == sorted(ends)


def test_ordering_keeps_every_line(tmp_path: Path) -> None:
    """In whichever order runs and nodes come, the same lines are there afterwards."""
    rng = np.random.default_rng(0)
    ends = rng.integers(0, 30, (50, 2)).astype(np.int32)
    ends = ends[ends[:, 0] != ends[:, 1]]
    runs = Runs.of(np.arange(len(ends), dtype=np.int32), ends.ravel(), 2 * np.arange(len(ends) + 1))
    table = NodeTable(np.arange(30), rng.uniform(0, 1, 30), rng.uniform(0, 1, 30))
    ordered, used = order(runs, table)
    assert sorted(used.tolist()) == np.unique(ends).tolist()
    assert ends[ordered.way].ravel().tolist() == ordered.node.tolist()
    assert sorted(ordered.way.tolist()) == list(range(len(ends)))


@pytest.mark.parametrize("seed", range(3))
def test_every_edge_runs_from_its_start_to_its_end(seed: int, tmp_path: Path) -> None:
    """However a chain was put together, its points begin at its start and finish at its end."""
    drawing = winding_town(seed)
    network = network_from_osm(read_osm(drawing.write(tmp_path / "x.osm")), min_piece_m=0.0)
    edges = network.edges
    first, last = edges.offset[:-1], edges.offset[1:] - 1
    for points, nodes in ((edges.lon, network.node_lon), (edges.lat, network.node_lat)):
        assert np.array_equal(points[first], nodes[edges.start])
        assert np.array_equal(points[last], nodes[edges.end])


def test_where_one_waits_a_node_stays(tmp_path: Path) -> None:
    """A path over a railway keeps its node at the tracks; a street past a crossing does not."""
    drawing = Drawing()
    for i in range(5):
        drawing.node(f"n{i}", 100 * i, 0)
    drawing.node_tags["n1"] = {"railway": "crossing"}
    drawing.node_tags["n3"] = {"highway": "crossing"}
    drawing.way("n0 n1 n2", highway="path").way("n2 n3 n4", highway="residential")
    network = network_from_osm(read_osm(drawing.write(tmp_path / "x.osm")))
    assert sorted(network.edges.length_m.round().tolist()) == [100.0, 100.0, 200.0]


def test_bridges_and_the_ground_are_not_merged(tmp_path: Path) -> None:
    """A street goes on over a bridge, but their heights differ: two edges."""
    drawing = Drawing().node("a", 0, 0).node("b", 90, 0).node("c", 200, 0).node("d", 230, 0)
    drawing.way("a b", highway="path").way("b c", highway="path", bridge="yes")
    drawing.way("c d", highway="path", bridge="no")
    edges = network_from_osm(read_osm(drawing.write(tmp_path / "x.osm"))).edges
    by_length = np.argsort(edges.length_m)
    assert edges.length_m[by_length].round().tolist() == [30.0, 90.0, 110.0]
    assert edges.off_ground[by_length].tolist() == [False, False, True]


def test_a_network_with_nothing_to_contract_stays_as_it_is() -> None:
    """A single run is returned as it was."""
    run = Runs.of(np.zeros(1, np.int32), np.arange(2, dtype=np.int32), np.array([0, 2]))
    rulings = judge_ways(TagTable.of([{"highway": "path"}]))
    same = contract(run, rulings, 2)
    assert (same.node.tolist(), same.offset.tolist(), same.turned.tolist()) == (
        [0, 1],
        [0, 2],
        [False],
    )
