"""Joining points to the network, against shapely and by hand."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.crs import to_metres
from circles.errors import InputError
from circles.network import Lines, WalkNetwork
from circles.network.build import network_from_osm
from circles.osm import read_osm
from circles.travel import joining
from circles.travel.joining import Joiner, Joins
from circles.travel.segments import Course, street_grid, wall_grid
from tests.drawn_osm import Drawing, degrees

Place = tuple[float, float]


def street(tmp_path: Path) -> WalkNetwork:
    """Return a single street, 400 m east from the corner."""
    drawing = Drawing().node("a", 0, 0).node("b", 400, 0).way("a b", highway="residential")
    return network_from_osm(read_osm(drawing.write(tmp_path / "street.osm")))


def metres(network: WalkNetwork, *places: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return places of the drawing in the network's own metres."""
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


def lines(*courses: Sequence[Place]) -> Lines:
    """Return lines through places of a drawing."""
    lon, lat = np.array([degrees(*place) for course in courses for place in course]).T
    return Lines(np.cumsum([0, *map(len, courses)]).astype(np.int64), lon, lat)


def two_banks(tmp_path: Path) -> WalkNetwork:
    """Return a street 20 m north of a river that flows east, and one 60 m south of it."""
    drawing = Drawing().node("a", 0, 20).node("b", 400, 20).way("a b", highway="residential")
    drawing.node("c", 0, -60).node("d", 400, -60).way("c d", highway="residential")
    network = network_from_osm(read_osm(drawing.write(tmp_path / "banks.osm")), min_piece_m=0)
    return replace(network, barriers=lines([(-500, 0), (900, 0)]))


def test_a_leg_does_not_cross_a_river(tmp_path: Path) -> None:
    """10 m south of the river the street across is nearer, but the one on this side is joined."""
    network = two_banks(tmp_path)
    places = metres(network, (100, -10), (200, 5), (300, -50))
    joins = Joiner.of(network).join(*places)
    assert np.allclose(joins.access_m, [50, 15, 10], atol=0.02)
    assert joins.moved.tolist() == [True, False, False]
    assert not joins.walled_off.any()
    free = Joiner.of(network, barriers=False).join(*places)
    assert np.allclose(free.access_m, [30, 15, 10], atol=0.02)
    assert not free.moved.any()


def test_a_point_that_barriers_enclose_is_off_the_network(tmp_path: Path) -> None:
    """Walled off is told apart from too far, and a street too far away is no way out."""
    network = two_banks(tmp_path)
    network = replace(network, barriers=lines([(-500, 0), (900, 0)], [(-500, -40), (900, -40)]))
    joins = Joiner.of(network).join(*metres(network, (100, -10), (100, -999), (100, -50)))
    assert joins.off_network.tolist() == [True, True, False]
    assert joins.walled_off.tolist() == [True, False, False]
    assert not joins.moved.any()
    assert np.isnan(joins.access_m[0])
    network = two_banks(tmp_path)
    near = Joiner.of(network).join(*metres(network, (100, -10)), max_access_m=49.0)
    assert near.walled_off.tolist() == [True]


def test_a_network_without_barriers_bars_nobody(tmp_path: Path) -> None:
    """No barriers, and barriers that are only points or have lost their places, change nothing."""
    network = two_banks(tmp_path)
    places = metres(network, (100, -10), (200, 5))
    plain = Joiner.of(network, barriers=False).join(*places)
    lost = lines([(-500, 0), (900, 0), (100, 5)], [(100, 5), (100, 5)])
    lost.lon[1] = np.nan
    for barriers in (Lines.none(), lines([(100, 5), (100, 5)]), lines([(100, 5)]), lost):
        joins = Joiner.of(replace(network, barriers=barriers)).join(*places)
        assert np.array_equal(joins.access_m, plain.access_m)
        assert not joins.moved.any()


def test_barriers_beyond_the_streets_bar_legs_that_go_there(tmp_path: Path) -> None:
    """A line that only passes outside the box of all streets is heeded, near it and far away."""
    network = two_banks(tmp_path)
    far = lines([(-90_000, 70), (-200, 70), (90_000, 70)], [(500, -90_000), (500, 90_000)])
    joiner = Joiner.of(replace(network, barriers=far))
    joins = joiner.join(*metres(network, (100, 80), (100, 60), (510, -60), (490, -60)))
    assert joins.walled_off.tolist() == [True, False, True, False]
    distant = joiner.join(*metres(network, (100, 8000)), max_access_m=10_000.0)
    assert distant.walled_off.tolist() == [True]


def test_points_without_a_place_are_off_the_network(tmp_path: Path) -> None:
    """A coordinate that is missing or infinite is off the network, but not behind a barrier."""
    x_m, y_m = metres(network := two_banks(tmp_path), *[(100, -10)] * 5)
    x_m[:3], y_m[3] = (np.nan, np.inf, -np.inf), np.nan
    for limit_m in (250.0, np.inf):
        joins = Joiner.of(network).join(x_m, y_m, max_access_m=limit_m)
        assert joins.off_network.tolist() == [True, True, True, True, False]
        assert not joins.walled_off.any()
    assert len(Joiner.of(network).join(x_m[:0], y_m[:0])) == 0


def test_joins_made_by_hand_are_not_barred() -> None:
    """Joins of three arrays know of no barrier; a part of joins keeps all that is known."""
    plain = Joins(np.array([2, -1], np.int32), np.array([0.5, np.nan]), np.array([3.0, np.nan]))
    assert not plain.moved.any()
    assert not plain.walled_off.any()
    assert plain.take(np.array([1])).off_network.tolist() == [True]
    barred = replace(plain, barred=np.array([True, True])).take(np.array([1, 0]))
    assert barred.moved.tolist() == [False, True]
    assert barred.walled_off.tolist() == [True, False]


def drawn(
    streets: Sequence[Sequence[Place]],
    walls: Sequence[Sequence[Place]],
    *,
    cell_m: float | None = None,
) -> Joiner:
    """Return a joiner of streets and barriers in exact metres; each street is one edge."""
    x_m, y_m, edge = points_of(streets)
    step_m = np.where(np.diff(edge) == 0, np.hypot(np.diff(x_m), np.diff(y_m)), 0.0)
    so_far_m = np.concatenate([[0.0], np.cumsum(step_m)])
    number = np.arange(len(streets))
    begin, end = np.searchsorted(edge, number, "left"), np.searchsorted(edge, number, "right")
    course = Course(edge, so_far_m - so_far_m[begin][edge], so_far_m[end - 1] - so_far_m[begin])
    grid = street_grid(x_m, y_m, np.flatnonzero(np.diff(edge) == 0), cell_m=cell_m)
    wall_x_m, wall_y_m, line = points_of(walls)
    first = np.flatnonzero(np.diff(line) == 0)
    return Joiner(grid, course, wall_grid(wall_x_m, wall_y_m, first, streets=grid, margin_m=50.0))


def points_of(courses: Sequence[Sequence[Place]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the coordinates of courses one after the other, and which course each belongs to."""
    x_m, y_m = np.array([place for course in courses for place in course], float).reshape(-1, 2).T
    number = np.repeat(np.arange(len(courses), dtype=np.int32), [len(c) for c in courses])
    return x_m.copy(), y_m.copy(), number


def join_at(joiner: Joiner, *places: Place, max_access_m: float = 250.0) -> Joins:
    """Join places given in metres."""
    x_m, y_m, _ = points_of([places])
    return joiner.join(x_m, y_m, max_access_m=max_access_m)


def test_a_street_that_ends_on_a_barrier_is_joined_from_both_sides() -> None:
    """A jetty, ford or level crossing lies on the line itself: a leg to it does not cross."""
    joiner = drawn([[(0, -64), (0, 0)]], [[(-64, 0), (64, 0)]])
    joins = join_at(joiner, (0, 30), (30, 40), (30, -10))
    assert not joins.barred.any()
    assert joins.access_m.tolist() == [30, 50, 30]
    assert joins.share.tolist() == [1, 1, 54 / 64]


def test_a_point_on_a_barrier_is_kept_from_neither_side() -> None:
    """It joins what is nearest, and may walk along the barrier; a metre off it may not cross."""
    streets, river = [[(-64, -16), (64, -16)], [(-64, 20), (64, 20)]], [[(-64, 0), (64, 0)]]
    joins = join_at(drawn(streets, river), (5, 0), (5, 1), (5, 1e-4))
    assert joins.edge.tolist() == [0, 1, 0]
    assert joins.moved.tolist() == [False, True, False]
    along = drawn([[(100, -10), (100, 10)]], river)
    assert join_at(along, (0, 0)).access_m.tolist() == [100]


@pytest.mark.parametrize(
    ("wall", "crossed"),
    [
        ([(-30, 20), (0, 10), (30, 20)], True),
        ([(30, 5), (0, 10), (-30, 5)], True),
        ([(-30, 20), (0, 10), (30, 5)], True),
        ([(-30, 20), (0, 10)], True),
        ([(-30, 20), (-1, 10)], False),
        ([(0, 30), (0, 10)], False),
        ([(-30, 40), (30, 40)], False),
        ([(-30, 0), (30, 0)], False),
    ],
)
def test_legs_do_not_slip_through_where_barriers_bend(wall: list[Place], crossed: bool) -> None:
    """A bend or an end exactly on the leg is crossed; what touches the leg's own ends is not."""
    joins = join_at(drawn([[(-64, 0), (64, 0)]], [wall]), (0, 40))
    assert joins.barred.tolist() == [crossed]


def test_of_equally_near_places_the_first_that_is_free_is_joined() -> None:
    """Ties go to the lowest edge, then, with a barrier before that, to the next."""
    streets = [[(-64, 10), (64, 10)], [(-64, -10), (64, -10)], [(-64, -10), (64, -10)]]
    assert join_at(drawn(streets, []), (0, 0)).edge.tolist() == [0]
    moved = join_at(drawn(streets, [[(-64, 5), (64, 5)]]), (0, 0))
    assert (moved.edge[0], moved.access_m[0], moved.moved[0]) == (1, 10, True)


def squares_to(
    px: np.ndarray, py: np.ndarray, segment: tuple[Place, Place]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the nearest places on a segment to points, and the squares of the distances."""
    (x1, y1), (x2, y2) = segment
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    part = np.clip(((px - x1) * dx + (py - y1) * dy) / (length or 1.0), 0.0, 1.0)
    qx, qy = x1 + part * dx, y1 + part * dy
    return (qx - px) ** 2 + (qy - py) ** 2, qx, qy


def test_joins_equal_a_search_of_all_streets_and_all_barriers() -> None:
    """On random towns with random barriers the first free place of all is found; shapely agrees."""
    moved = walled_off = 0
    for seed in range(6):
        network = random_town(seed)
        rng = np.random.default_rng(200 + seed)
        starts = rng.uniform(-200, 3200, (150, 1, 2))
        courses = (starts + np.cumsum(rng.normal(0, 150, (150, 4, 2)), axis=1)).tolist()
        network = replace(network, barriers=lines(*courses))
        px, py = rng.uniform(-300, 3300, (2, 500))
        px, py = px + network.xy_m[0].min(), py + network.xy_m[1].min()
        joins = Joiner.of(network).join(px, py, max_access_m=220.0)
        place, expected, barred = search_all(network, px, py, 220.0)
        assert np.array_equal(joins.barred, barred)
        assert np.array_equal(joins.off_network, np.isnan(expected))
        assert np.allclose(joins.access_m, expected, atol=1e-9, equal_nan=True)
        on = ~joins.off_network
        gap_m = np.hypot(*(np.array(place_of(network, joins))[:, on] - place[:, on]))
        assert gap_m.max() < 1e-6
        moved, walled_off = moved + joins.moved.sum(), walled_off + joins.walled_off.sum()
    assert moved > 100
    assert walled_off > 50


def segments_of(offset: np.ndarray, x_m: np.ndarray, y_m: np.ndarray) -> list[tuple[Place, Place]]:
    """Return the segments of lines."""
    places = list(zip(x_m, y_m, strict=True))
    return [pair for a, b in itertools.pairwise(offset) for pair in itertools.pairwise(places[a:b])]


def search_all(
    network: WalkNetwork, px: np.ndarray, py: np.ndarray, limit_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Try the places of all segments in turn: return place, leg and whether the first is barred."""
    barriers = network.barriers
    bars = shapely.linestrings(
        segments_of(barriers.offset, *to_metres(barriers.lon, barriers.lat, network.crs))
    )
    found = [squares_to(px, py, s) for s in segments_of(network.edges.offset, *network.xy_m)]
    square, qx, qy = (np.array(column) for column in zip(*found, strict=True))
    place, leg_m = np.full((2, len(px)), np.nan), np.full(len(px), np.nan)
    barred = np.zeros(len(px), dtype=bool)
    for i in range(len(px)):
        for number, row in enumerate(np.argsort(square[:, i], kind="stable")):
            if square[row, i] > limit_m**2:
                break
            leg = shapely.LineString([(px[i], py[i]), (qx[row, i], qy[row, i])])
            if shapely.intersects(bars, leg).any():
                barred[i] |= number == 0
                continue
            place[:, i], leg_m[i] = (qx[row, i], qy[row, i]), np.sqrt(square[row, i])
            break
    return place, leg_m, barred


def place_of(network: WalkNetwork, joins: Joins) -> tuple[np.ndarray, np.ndarray]:
    """Return where points join, metres; NaN where they do not."""
    x_m, y_m = network.xy_m
    at = np.full((2, len(joins)), np.nan)
    for i in np.flatnonzero(~joins.off_network):
        part = slice(*network.edges.offset[joins.edge[i] : joins.edge[i] + 2])
        line = shapely.LineString(np.column_stack([x_m[part], y_m[part]]))
        spot = line.interpolate(joins.share[i], normalized=True)
        at[:, i] = spot.x, spot.y
    return at[0], at[1]


lattice = st.integers(0, 16).map(lambda step: 8 * step)
crossing = st.tuples(lattice, lattice)


@st.composite
def level_streets(draw: st.DrawFn) -> list[list[Place]]:
    """Draw streets along the lattice, of lengths by which floats divide exactly."""
    streets = []
    for x, y in draw(st.lists(crossing, min_size=1, max_size=8)):
        length = draw(st.sampled_from([16, 32, 64, 128]))
        end = draw(st.sampled_from([(x + length, y), (x, y + length), (x - length, y)]))
        streets.append([(x, y), end])
    return streets


@settings(deadline=None)  # the first example waits for the compiler
@given(
    level_streets(),
    st.lists(st.lists(crossing, min_size=2, max_size=4), max_size=6),
    st.lists(crossing, min_size=1, max_size=12),
    st.sampled_from([None, 5.0, 37.0, 1000.0]),
)
def test_joins_on_a_lattice_follow_the_rule_to_the_letter(
    streets: list[list[Place]], walls: list[list[Place]], places: list[Place], cell_m: float | None
) -> None:
    """Where legs end on barriers, run along them and meet their bends, whole numbers decide."""
    joins = join_at(drawn(streets, walls, cell_m=cell_m), *places, max_access_m=70.0)
    for i, place in enumerate(places):
        free = first_free(place, streets, walls, 70)
        assert joins.off_network[i] == (free is None)
        if free is not None:
            number, edge, square, share = free
            assert joins.barred[i] == (number > 0)
            assert (joins.edge[i], joins.share[i]) == (edge, share)
            assert joins.access_m[i] == np.sqrt(square)


def first_free(
    place: Place, streets: list[list[Place]], walls: list[list[Place]], limit: int
) -> tuple[int, int, int, float] | None:
    """Return the first place that is not barred: its rank, the edge, the square, the share."""
    ranked = []
    for edge, ((x1, y1), (x2, y2)) in enumerate(streets):
        length = abs(x2 - x1) + abs(y2 - y1)
        along = (place[0] - x1) * (x2 - x1) + (place[1] - y1) * (y2 - y1)
        steps = min(max(along // length, 0), length)
        q = (x1 + steps * (x2 - x1) // length, y1 + steps * (y2 - y1) // length)
        ranked.append(((q[0] - place[0]) ** 2 + (q[1] - place[1]) ** 2, edge, q, steps / length))
    near = [row for row in sorted(ranked) if row[0] <= limit * limit]
    pieces = [piece for wall in walls for piece in itertools.pairwise(wall)]
    for number, (square, edge, q, share) in enumerate(near):
        if not any(crosses(place, q, *piece) for piece in pieces):
            return number, edge, square, share
    return None


def crosses(p: Place, q: Place, a: Place, b: Place) -> bool:
    """Say whether p and q lie on either side of a-b, and a and b not on one side of p-q."""

    def side(of: Place, start: Place, end: Place) -> float:
        along = (end[0] - start[0]) * (of[1] - start[1])
        return along - (end[1] - start[1]) * (of[0] - start[0])

    return side(p, a, b) * side(q, a, b) < 0 and side(a, p, q) * side(b, p, q) <= 0


def test_neither_threads_nor_the_order_of_points_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """In any order, by one thread or many, and whatever the cells, every point joins alike."""
    monkeypatch.setattr(joining, "_POINTS_A_TASK", 50)
    rng = np.random.default_rng(5)
    streets, walls = (rng.uniform(0, 900, (n, 3, 2)).tolist() for n in (40, 25))
    px, py = rng.uniform(-100, 1000, (2, 3000))
    expected = drawn(streets, walls).join(px, py, threads=1)
    assert expected.moved.any()
    assert expected.walled_off.any()
    by_row = np.argsort(py)
    for cell_m, threads, order in [(11.0, 1, by_row), (None, 3, by_row), (200.0, 2, slice(None))]:
        joins = drawn(streets, walls, cell_m=cell_m).join(px[order], py[order], threads=threads)
        for name in ("edge", "share", "access_m", "barred"):
            found, wanted = getattr(joins, name), getattr(expected, name)[order]
            assert np.array_equal(found, wanted, equal_nan=name != "barred"), name
