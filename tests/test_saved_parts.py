"""Parts of a saved network: the same times as on the whole, from its own batches alone."""

import os
import statistics
import time
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circles.crs import FloatArray, to_degrees, to_metres
from circles.errors import InputError
from circles.files import read_network
from circles.network import Edges, IntArray, Lines, WalkNetwork, columns
from circles.network.build import network_from_osm
from circles.network.folder import Near
from circles.network.lengths import edge_lengths
from circles.network.saved import load_network
from circles.osm import Box, read_osm
from circles.profiles import profile
from circles.travel import Joiner, bounded_costs, nearest_cost
from circles.travel.joining import MAX_ACCESS_M
from circles.walking import Profile
from tests.drawn_osm import degrees
from tests.random_networks import hilly_networks, network_of
from tests.test_contraction import winding_town

#: One metre a second everywhere: a limit in seconds is how far a way leads at most.
WALKER = Profile("walker", 1.0, 1.0, crossing_s=5, signals_s=10, level_crossing_s=5, lift_s=30)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write many batches of even a small network."""
    monkeypatch.setattr(columns, "NODES", 3)
    monkeypatch.setattr(columns, "EDGES", 2)
    monkeypatch.setattr(columns, "BARRIERS", 1)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> WalkNetwork:
    """Return a crooked town."""
    path = tmp_path_factory.mktemp("town") / "town.osm"
    return network_from_osm(read_osm(winding_town(3).write(path)), min_piece_m=0.0)


def around(network: WalkNetwork, x_m: FloatArray, y_m: FloatArray, margin_m: float) -> Box:
    """Return a box in degrees that holds places and so many metres around them."""
    x = np.array([x_m.min() - margin_m, x_m.max() + margin_m])
    y = np.array([y_m.min() - margin_m, y_m.max() + margin_m])
    lon, lat = to_degrees(*(each.ravel() for each in np.meshgrid(x, y)), network.crs)
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


@st.composite
def long_towns(draw: st.DrawFn) -> WalkNetwork:
    """Draw a town of 4 by 14 crooked blocks, many of its streets missing, some one-way."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kept = draw(st.sampled_from([0.5, 0.7, 0.9]))
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for node in range(4 * 14):
        jitter = random.uniform(-90, 90, 2)
        lon, lat = degrees(250.0 * (node % 4) + jitter[0], 250.0 * (node // 4) + jitter[1])
        graph.add_node(node, x=lon, y=lat)
    for tail in graph.nodes:
        for head in (tail + 1, tail + 4, tail + 5):
            if head // 4 - tail // 4 <= 1 and head < len(graph) and random.random() < kept:
                graph.add_edge(tail, head, length=1.0)
                if random.random() < 0.8:
                    graph.add_edge(head, tail, length=1.0)
    graph.add_edge(0, 1, length=1.0)
    town = network_of(graph)
    edges = town.edges
    # A little longer than the line, which projecting to metres may stretch.
    length_m = 1.001 * edge_lengths(edges.lon, edges.lat, edges.offset)
    return replace(town, edges=replace(edges, length_m=length_m))


def costs_by_node(
    network: WalkNetwork, place: tuple[FloatArray, FloatArray], limit_s: float
) -> tuple[bool, dict[int, float]]:
    """Return whether a place joins no street, and the nodes within a limit with their times."""
    joins = Joiner.of(network).join(*place)
    near = bounded_costs(network, joins, network.times(WALKER), limit=limit_s)
    entries = slice(near.offset[0], near.offset[1])
    ids = network.node_id[near.node[entries]].tolist()
    return bool(joins.off_network[0]), dict(zip(ids, near.cost[entries].tolist(), strict=True))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(whole=long_towns(), data=st.data())
def test_times_within_a_part_are_those_of_the_whole(
    tmp_path: Path, small_batches: None, whole: WalkNetwork, data: st.DataObject
) -> None:
    """From any place and up to any limit, with a margin of what is walked in that time."""
    path = whole.save(tmp_path / "random.network")
    x_m, y_m = to_metres(whole.node_lon, whole.node_lat, whole.crs)
    node = data.draw(st.integers(0, len(x_m) - 1))
    beside_m = data.draw(st.tuples(st.integers(-300, 300), st.integers(-300, 300)))
    place = x_m[[node]] + beside_m[0], y_m[[node]] + beside_m[1]
    limit_s = float(data.draw(st.integers(1, 900)))
    try:
        part = load_network(path, box=around(whole, *place, limit_s + MAX_ACCESS_M + 1))
    except InputError:
        assert costs_by_node(whole, place, limit_s) == (True, {})
        return
    (off, time_s), (part_off, part_time_s) = (
        costs_by_node(network, place, limit_s) for network in (whole, part)
    )
    assert off == part_off
    assert time_s.keys() == part_time_s.keys()
    assert all(abs(time_s[each] - part_time_s[each]) <= 1e-9 for each in time_s)


def rows_in(network: WalkNetwork, box: Box) -> IntArray:
    """Return the rows of the streets whose own box touches another, one by one."""
    west, south, east, north = box
    offset = network.edges.offset
    lines = [(network.edges.lon[a:b], network.edges.lat[a:b]) for a, b in pairwise(offset.tolist())]
    touch = [
        lon.min() <= east and lon.max() >= west and lat.min() <= north and lat.max() >= south
        for lon, lat in lines
    ]
    return np.flatnonzero(touch)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=hilly_networks(), data=st.data())
def test_a_part_holds_the_streets_that_touch_its_box(
    tmp_path: Path, small_batches: None, drawn: WalkNetwork, data: st.DataObject
) -> None:
    """All of them, in the order of the whole, with every one of their values."""
    path = drawn.save(tmp_path / "random.network")
    places = st.integers(-100, 400)
    (x1, x2), (y1, y2) = (sorted(data.draw(st.tuples(places, places))) for _ in range(2))
    (west, south), (east, north) = degrees(x1, y1), degrees(x2, y2)
    rows = rows_in(drawn, (west, south, east, north))
    if not len(rows):
        with pytest.raises(InputError, match="no street of this network lies in the box"):
            load_network(path, box=(west, south, east, north))
        return
    part = load_network(path, box=(west, south, east, north))
    wanted = drawn.edges.take(rows)
    for field in fields(Edges):
        if field.name not in {"start", "end"}:
            one, two = getattr(part.edges, field.name), getattr(wanted, field.name)
            assert np.array_equal(one, two, equal_nan=one.dtype.kind == "f"), field.name
    assert np.array_equal(part.joinable, drawn.joinable[rows])
    for ends, of_whole in ((part.edges.start, wanted.start), (part.edges.end, wanted.end)):
        assert np.array_equal(part.node_id[ends], drawn.node_id[of_whole])
        assert np.array_equal(part.node_lon[ends], drawn.node_lon[of_whole])
        assert np.array_equal(part.node_lat[ends], drawn.node_lat[of_whole])
    assert part.crs == drawn.crs
    assert part.report == drawn.report


def test_a_part_says_which_area_it_knows(town: WalkNetwork, tmp_path: Path) -> None:
    """Of the box asked for, what the whole network covers; beyond it nothing is promised."""
    assert town.box is not None
    west, south, east, north = town.box
    path = town.save(tmp_path / "town.network")
    middle = (west + east) / 2
    assert load_network(path, box=(middle, -80, 179, 80)).box == (middle, south, east, north)
    replace(town, box=None).save(path)
    lon, lat = town.edges.lon, town.edges.lat
    part = load_network(path, box=(middle, -80, 179, 80))
    assert part.box == (middle, lat.min(), lon.max(), lat.max())
    replace(town, box=(west, south, middle, north)).save(path)
    with pytest.raises(InputError, match=r"in the box longitude .*; it covers longitude"):
        load_network(path, box=(middle + 1e-4, south, east, north))


def test_a_part_keeps_the_barriers_near_its_streets(
    town: WalkNetwork, tmp_path: Path, small_batches: None
) -> None:
    """Whole, where they touch the box or a street that leaves it; no others."""
    lines = [(-500, -500, -400, -400), (300, -1000, 310, 2000), (5000, 5000, 5000, 6000)]
    ends = [degrees(x, y) for a, b, c, d in lines for x, y in ((a, b), (c, d))]
    lon, lat = (np.array(each) for each in zip(*ends, strict=True))
    walled = replace(town, barriers=Lines(np.array([0, 2, 4, 6]), lon, lat))
    path = walled.save(tmp_path / "town.network")
    part = load_network(path, box=(*degrees(290, 290), *degrees(400, 400)))
    assert part.barriers.offset.tolist() == [0, 2]
    assert np.array_equal(part.barriers.lon, lon[2:4])
    assert np.array_equal(part.barriers.lat, lat[2:4])


def test_a_box_reads_only_its_batches(
    town: WalkNetwork, tmp_path: Path, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Far less is asked of the files than is in them, and each batch at most once."""
    path = town.save(tmp_path / "town.network")
    asked: dict[str, list[tuple[int, int]]] = {}
    ranges = Near.ranges

    def count(self: Near, name: str, wanted: list[tuple[int, int]], size: int):
        asked.setdefault(name, []).extend(wanted)
        return ranges(self, name, wanted, size)

    monkeypatch.setattr(Near, "ranges", count)
    load_network(path, box=(*degrees(290, 290), *degrees(400, 400)))
    sizes = {name: (path / name).stat().st_size for name in ("edges.arrow", "nodes.arrow")}
    for name, size in sizes.items():
        assert len(set(asked[name])) == len(asked[name])
        assert 0 < sum(count for _, count in asked[name]) < size / 2
    assert "barriers.arrow" not in asked


# ---- on real extracts ----------------------------------------------------------------------------


def real(name: str) -> Path:
    """Return a file of the real data; a missing folder is a failure, not a skip."""
    return Path(os.environ["CIRCLES_REAL_DATA"]) / name


@pytest.mark.real
def test_times_within_a_real_district_are_those_of_the_city(tmp_path: Path) -> None:
    """Las Palmas: times of homes to the nearest of many places, joined at the nearest streets."""
    city = read_network(real("osm/las_palmas.osm.pbf"))
    path = city.save(tmp_path / "city.network")
    rng = np.random.default_rng(7)
    lon, lat = city.edges.lon, city.edges.lat
    at = rng.integers(0, len(lon), 40_000)
    x_m, y_m = to_metres(lon[at], lat[at], city.crs)
    x_m, y_m = x_m + rng.normal(0, 60, len(at)), y_m + rng.normal(0, 60, len(at))
    places = x_m[:300], y_m[:300]
    inside = (abs(x_m - np.median(x_m)) < 1000) & (abs(y_m - np.median(y_m)) < 1000)
    homes = x_m[inside], y_m[inside]
    walker = profile("adult")
    limit_s = 1800.0
    margin_m = limit_s * walker.speed_m_s + 2 * MAX_ACCESS_M
    district = load_network(path, box=around(city, *homes, margin_m))
    assert 0 < len(district.edges) < 0.8 * len(city.edges)
    assert len(district.barriers) > 0
    times = []
    for network in (city, district):
        joiner = Joiner.of(network)
        field = nearest_cost(network, joiner.join(*places), network.times(walker), limit=limit_s)
        joins = joiner.join(*homes)
        cost_s, place = field.at(joins)
        times.append((cost_s, place, joins.off_network, joins.access_m))
    (cost_s, place, off, access_m), (part_s, part_place, part_off, part_m) = times
    near = cost_s <= limit_s
    assert near.sum() > 1000
    assert np.array_equal(near, part_s <= limit_s)
    assert np.abs(cost_s[near] - part_s[near]).max() <= 1e-9
    assert np.array_equal(place[near], part_place[near])
    assert np.array_equal(off, part_off)
    assert np.array_equal(access_m, part_m, equal_nan=True)


@pytest.mark.real
def test_loading_a_district_is_ten_times_as_fast_as_building_it(tmp_path: Path) -> None:
    """Porto's middle from its saved network, against building from the extract, by turns."""
    extract = real("osm/porto.osm.pbf")
    path = read_network(extract).save(tmp_path / "porto.network")
    box = (-8.64, 41.14, -8.59, 41.18)
    building_s, loading_s = [], []
    for _ in range(5):
        start = time.perf_counter()
        read_network(extract)
        between = time.perf_counter()
        part = load_network(path, box=box)
        building_s.append(between - start)
        loading_s.append(time.perf_counter() - between)
    assert len(part.edges) > 5_000
    assert statistics.median(building_s) > 10 * statistics.median(loading_s)
