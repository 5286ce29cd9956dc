"""Joining points to the network, against shapely and by hand."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import shapely

from circles.errors import InputError
from circles.network import WalkNetwork
from circles.network.build import network_from_osm
from circles.osm import read_osm
from circles.travel.joining import Joiner
from tests.drawn_osm import Drawing, degrees


def street(tmp_path: Path) -> WalkNetwork:
    """Return a single street, 400 m east from the corner."""
    drawing = Drawing().node("a", 0, 0).node("b", 400, 0).way("a b", highway="residential")
    return network_from_osm(read_osm(drawing.write(tmp_path / "street.osm")))


def metres(network: WalkNetwork, *places: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return places of the drawing in the network's own metres."""
    from circles.crs import to_metres

    lon, lat = np.array([degrees(*place) for place in places]).T
    return to_metres(lon, lat, network.crs)


def test_a_point_joins_mid_edge(tmp_path: Path) -> None:
    """30 m beside the street, a quarter along it: joined there, not at a node."""
    network = street(tmp_path)
    joins = Joiner.of(network).join(*metres(network, (100, 30)))
    share = joins.share if network.edges.lon[0] < network.edges.lon[-1] else 1 - joins.share
    assert np.allclose(share, 0.25, atol=1e-3)
    assert np.allclose(joins.access_m, 30, atol=0.02)


def test_the_limit_of_the_access_leg_is_kept(tmp_path: Path) -> None:
    """At 250 m a point joins; a little farther it is off the network, and stays in the result."""
    network = street(tmp_path)
    joins = Joiner.of(network).join(*metres(network, (200, 249.9), (200, 250.2), (900, 0)))
    assert joins.off_network.tolist() == [False, True, True]
    assert np.isnan(joins.access_m[1:]).all()


def random_town(seed: int) -> WalkNetwork:
    """Return a crooked net of streets, some long, some in scraps."""
    import networkx as nx

    from circles.network.interchange import from_osmnx

    rng = np.random.default_rng(seed)
    graph = nx.MultiDiGraph(crs="epsg:4326")
    places = rng.uniform(0, 3000, (60, 2))
    for i, place in enumerate(places):
        lon, lat = degrees(*place)
        graph.add_node(i, x=lon, y=lat)
    for _ in range(90):
        tail, head = rng.integers(0, 60, 2)
        bend = [degrees(*(places[tail] + places[head]) / 2 + rng.normal(0, 80, 2))]
        ends = [(graph.nodes[n]["x"], graph.nodes[n]["y"]) for n in (tail, head)]
        line = shapely.LineString([ends[0], *bend, ends[1]])
        graph.add_edge(int(tail), int(head), length=float(line.length * 1e5), geometry=line)
    return from_osmnx(graph, min_piece_m=0.0)


@pytest.mark.parametrize("seed", range(5))
def test_joins_equal_a_search_of_all_edges(seed: int) -> None:
    """The grid finds the same least distance as comparing every point with every edge."""
    network = random_town(seed)
    x_m, y_m = network.xy_m
    offset = network.edges.offset
    lines = [
        shapely.LineString(np.column_stack([x_m[a:b], y_m[a:b]]))
        for a, b in itertools.pairwise(offset)
    ]
    rng = np.random.default_rng(100 + seed)
    west, east, south, north = x_m.min(), x_m.max(), y_m.min(), y_m.max()
    px = rng.uniform(west - 400, east + 400, 3000)
    py = rng.uniform(south - 400, north + 400, 3000)
    joins = Joiner.of(network).join(px, py, max_access_m=180.0)
    points = shapely.points(px, py)
    distance = np.min([shapely.distance(line, points) for line in lines], axis=0)
    assert np.array_equal(joins.off_network, distance > 180.0)
    on = ~joins.off_network
    assert np.allclose(joins.access_m[on], distance[on], atol=1e-9)
    spot = [
        lines[e].interpolate(share, normalized=True)
        for e, share in zip(joins.edge[on], joins.share[on], strict=True)
    ]
    assert np.allclose(shapely.distance(spot, points[on]), distance[on], atol=1e-6)


def test_a_join_does_not_depend_on_its_neighbours() -> None:
    """Joined alone or among others, a point joins at the same place."""
    network = random_town(9)
    joiner = Joiner.of(network)
    x_m, y_m = network.xy_m
    rng = np.random.default_rng(1)
    px, py = rng.uniform(x_m.min(), x_m.max(), 200), rng.uniform(y_m.min(), y_m.max(), 200)
    together = joiner.join(px, py)
    for i in range(0, 200, 17):
        alone = joiner.join(px[i : i + 1], py[i : i + 1])
        assert alone.edge[0] == together.edge[i]
        assert np.array_equal(alone.share, together.share[i : i + 1], equal_nan=True)


def test_a_network_of_ferries_alone_cannot_be_joined(tmp_path: Path) -> None:
    """Nobody lives on a ferry; a network of nothing else says so."""
    drawing = Drawing().node("a", 0, 0).node("b", 90, 0).way("a b", route="ferry")
    network = network_from_osm(read_osm(drawing.write(tmp_path / "ferry.osm")))
    with pytest.raises(InputError, match="no street that points may join"):
        Joiner.of(network)
