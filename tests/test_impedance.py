"""What edges cost where they rise, fall and make people wait, held against a brute-force oracle."""

import itertools
import math
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.network import Impedance, WalkNetwork
from circles.network.impedance import MAX_SLOPE, slope_factor
from circles.travel import Direction, nearest_cost
from circles.travel.joining import Joins
from circles.travel.matrix import bounded_costs, cost_matrix, nearest_few_costs
from circles.travel.reached import reached_edges
from circles.walking import Kind, Profile, Wait
from tests.random_networks import hilly_networks, joins_on, network_of, street_graphs

#: Everything a profile can say, at once.
HIKER = Profile(
    "hiker", 1.25, 0.5, ferry_speed_m_s=2.0, crossing_s=7.0, signals_s=31.0, level_crossing_s=53.0,
    lift_s=97.0,
)  # fmt: skip
WHEELS = replace(
    HIKER, id="wheels", slope=((-0.5, 3.0), (-0.05, 0.9), (0.0, 1.0), (0.08, 2.5), (0.5, 9.0))
)
PROFILES = st.sampled_from([HIKER, WHEELS])
DIRECTIONS = st.sampled_from(["to", "from"])


# ---- the oracle ----------------------------------------------------------------------------------


def factor(slope: float, walker: Profile) -> float:
    """Return what `slope_factor` returns, written down once more."""
    slope = max(-0.6, min(0.6, slope))
    if walker.slope is None:
        return math.exp(-3.5 * 0.05) / math.exp(-3.5 * abs(slope + 0.05))
    if slope <= walker.slope[0][0]:
        return walker.slope[0][1]
    for (a, low), (b, high) in itertools.pairwise(walker.slope):
        if slope <= b:
            return low + (slope - a) / (b - a) * (high - low)
    return walker.slope[-1][1]


def pieces_of(network: WalkNetwork, e: int, walker: Profile) -> list[tuple[float, float, float]]:
    """Return an edge's segments: their share of its length, and their seconds forth and back."""
    edges = network.edges
    speed = {Kind.STEPS: walker.steps_speed_m_s, Kind.FERRY: walker.ferry_speed_m_s}.get(
        Kind(int(edges.kind[e])), walker.speed_m_s
    )
    points = range(int(edges.offset[e]), int(edges.offset[e + 1]))
    runs = [math.dist(at(network, i), at(network, i + 1)) for i in points[:-1]]
    whole_m, found = sum(runs), []
    for i, run in zip(points, runs, strict=False):
        share = run / whole_m if whole_m else 1.0 / len(runs)
        assert edges.elevation_m is not None
        rise = float(edges.elevation_m[i + 1] - edges.elevation_m[i])
        known = run > 0 and not math.isnan(rise)
        slope = rise / run if known and edges.kind[e] not in {Kind.STEPS, Kind.FERRY} else 0.0
        level_s = share * float(edges.length_m[e]) / speed
        found.append((share, level_s * factor(slope, walker), level_s * factor(-slope, walker)))
    return found


def at(network: WalkNetwork, i: int) -> tuple[float, float]:
    """Return a point of the edges, metres."""
    x_m, y_m = network.xy_m
    return float(x_m[i]), float(y_m[i])


def split_graph(
    network: WalkNetwork, walker: Profile, joins: dict[str, Joins]
) -> "nx.MultiDiGraph":
    """Split every edge at all its points and at every join; waits lie on the first step off a node.

    Points and origins hang on their join by an access leg walked both ways.
    """
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(len(network.node_id)))
    spots: dict[int, list[tuple[float, object]]] = {}
    for kind, some in joins.items():
        for i in range(len(some)):
            graph.add_node((kind, i))
            if some.edge[i] >= 0:
                spot = (kind, i, "spot")
                spots.setdefault(int(some.edge[i]), []).append((float(some.share[i]), spot))
                leg_s = float(some.access_m[i]) / walker.speed_m_s
                graph.add_edge((kind, i), spot, cost=leg_s)
                graph.add_edge(spot, (kind, i), cost=leg_s)
    for e in range(len(network.edges)):
        _add_edge(graph, network, e, walker, spots.get(e, []))
    return graph


def _add_edge(
    graph: "nx.MultiDiGraph",
    network: WalkNetwork,
    e: int,
    walker: Profile,
    spots: list[tuple[float, object]],
) -> None:
    edges, pieces = network.edges, pieces_of(network, e, walker)
    start, end = int(edges.start[e]), int(edges.end[e])
    corners = list(itertools.accumulate((share for share, *_ in pieces), initial=0.0))
    inner = [(share, (e, i)) for i, share in enumerate(corners[1:-1])]
    stops = [(0.0, start), *sorted([*spots, *inner], key=lambda stop: stop[0]), (1.0, end)]
    forth = [0.0, *itertools.accumulate(piece[1] for piece in pieces)]
    back = [0.0, *itertools.accumulate(piece[2] for piece in pieces)]
    wait_s = walker.waits_s
    for number, ((low, here), (high, there)) in enumerate(itertools.pairwise(stops)):
        first, last = number == 0, number == len(stops) - 2
        if edges.forward[e]:
            ahead = float(np.interp(high, corners, forth) - np.interp(low, corners, forth))
            graph.add_edge(here, there, cost=ahead + first * wait_s[edges.wait_start[e]])
        elif low == high:  # a join on a node is on that node
            graph.add_edge(here, there, cost=first * wait_s[edges.wait_start[e]])
        if edges.backward[e]:
            behind = float(np.interp(high, corners, back) - np.interp(low, corners, back))
            graph.add_edge(there, here, cost=behind + last * wait_s[edges.wait_end[e]])
        elif low == high:
            graph.add_edge(there, here, cost=last * wait_s[edges.wait_end[e]])


def oracle_costs(
    network: WalkNetwork, walker: Profile, points: Joins, origins: Joins, direction: Direction
) -> list[list[float]]:
    """Return the seconds between every point and every origin, by networkx."""
    graph = split_graph(network, walker, {"point": points, "origin": origins})
    search = graph if direction == "to" else graph.reverse(copy=False)
    table = []
    for i in range(len(points)):
        found = nx.single_source_dijkstra_path_length(search, ("point", i), weight="cost")
        table.append([found.get(("origin", j), math.inf) for j in range(len(origins))])
    return table


# ---- the factor ----------------------------------------------------------------------------------


def test_on_the_level_nothing_is_lost() -> None:
    """Tobler's factor is 1 on the level, so that a flat city takes what it always took."""
    assert slope_factor(np.array([0.0]), HIKER).tolist() == [1.0]


def test_tobler_walks_fastest_a_little_downhill() -> None:
    """At 5 % downhill, by e^(-0.175); at 10 % down as on the level; 10 % up takes e^0.35."""
    slopes = np.array([-0.05, -0.1, 0.1])
    expected = [math.exp(-0.175), 1.0, math.exp(0.35)]
    assert slope_factor(slopes, HIKER).tolist() == pytest.approx(expected)
    everywhere = slope_factor(np.linspace(-0.6, 0.6, 241), HIKER)
    assert everywhere.min() == pytest.approx(math.exp(-0.175))


@pytest.mark.parametrize("walker", [HIKER, WHEELS], ids=lambda walker: walker.id)
def test_no_slope_is_steeper_than_the_steepest(walker: Profile) -> None:
    """An error in the heights, a cliff of 45° or of 400 %, costs no more than 60 % does."""
    steep = slope_factor(np.array([MAX_SLOPE, 1.0, 4.0, -MAX_SLOPE, -1.0, -4.0]), walker)
    assert steep[0] == steep[1] == steep[2] < 10
    assert steep[3] == steep[4] == steep[5] < 6


def test_a_profiles_own_table_is_straight_between_its_pairs() -> None:
    """And level beyond the first and the last."""
    slopes = np.array([-0.9, -0.5, -0.05, 0.0, 0.04, 0.08, 0.29, 0.5, 0.59])
    expected = [3.0, 3.0, 0.9, 1.0, 1.75, 2.5, 5.75, 9.0, 9.0]
    assert slope_factor(slopes, WHEELS).tolist() == pytest.approx(expected)


# ---- single streets ------------------------------------------------------------------------------


def street(heights_m: list[float], *, kind: Kind = Kind.STREET) -> WalkNetwork:
    """Return one street: points 100 m apart in a line, at these heights."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    graph.add_node(0, x=113.3, y=23.0)
    graph.add_node(1, x=113.301, y=23.0)
    length_m = 100.0 * (len(heights_m) - 1)
    graph.add_edge(0, 1, length=length_m)
    graph.add_edge(1, 0, length=length_m)
    network = network_of(graph)
    edges = network.edges
    bent = replace(
        edges,
        kind=np.full(1, kind, dtype=np.int8),
        offset=np.array([0, len(heights_m)]),
        lon=np.linspace(113.3, 113.301, len(heights_m)),
        lat=np.full(len(heights_m), 23.0),
        elevation_m=np.array(heights_m),
    )
    # 1/1000 of a degree is not 100 m: the metres along the line are what counts for the slope.
    x_m, _ = replace(network, edges=bent).xy_m
    scale = (x_m[-1] - x_m[0]) / length_m
    return replace(network, edges=replace(bent, elevation_m=np.array(heights_m) * scale))


def test_a_hill_takes_the_minutes_a_reader_computes() -> None:
    """100 m up at 10 %, then 200 m down at 5 %: by hand, there and back, and from its parts."""
    times = street([0.0, 10.0, 5.0, 0.0]).times(replace(HIKER, speed_m_s=1.0))
    up, down = math.exp(0.35), math.exp(-0.175)
    back_up, back_down = math.exp(0.175), 1.0  # 5 % up; 10 % down is as fast as the level
    assert times.forward[0] == pytest.approx(100 * up + 200 * down)
    assert times.backward[0] == pytest.approx(200 * back_up + 100 * back_down)
    edge = np.zeros(2, dtype=np.int32)
    # The uphill part from 0 to 50 m, and from 50 m over the top to 150 m.
    low, high = np.array([0.0, 1 / 6]), np.array([1 / 6, 0.5])
    assert times.along(edge, low, high) == pytest.approx([50 * up, 50 * up + 50 * down])
    assert times.against(edge, low, high) == pytest.approx(
        [50 * back_down, 50 * back_down + 50 * back_up]
    )


def test_a_budget_ends_on_the_right_side_of_the_top() -> None:
    """So far one gets in 120 s up the hill, and in 220 s over it; and from the other end."""
    times = street([0.0, 10.0, 5.0, 0.0]).times(replace(HIKER, speed_m_s=1.0))
    up, down, back_up = math.exp(0.35), math.exp(-0.175), math.exp(0.175)
    edge, nowhere, end = np.zeros(2, dtype=np.int32), np.zeros(2), np.ones(2)
    budget = np.array([120.0, 220.0])
    on = times.farthest(edge, nowhere, budget, up=True, forth=True)
    assert on == pytest.approx([120 / up / 300, (100 + (220 - 100 * up) / down) / 300])
    # Walking to the end from within the street, one sets out where 120 s are left.
    before = times.farthest(edge, end, budget, up=False, forth=True)
    assert before == pytest.approx(
        [1 - 120 / down / 300, 1 - (200 + (220 - 200 * down) / up) / 300]
    )
    home = times.farthest(edge, end, budget, up=False, forth=False)
    assert home == pytest.approx([1 - 120 / back_up / 300, 1 - 220 / back_up / 300])


@pytest.mark.parametrize("kind", [Kind.STEPS, Kind.FERRY])
def test_stairs_and_ferries_know_no_slope(kind: Kind) -> None:
    """Speed on stairs was measured on stairs."""
    times = street([0.0, 40.0], kind=kind).times(HIKER)
    speed = HIKER.steps_speed_m_s if kind == Kind.STEPS else HIKER.ferry_speed_m_s
    assert times.forward[0] == times.backward[0] == pytest.approx(100.0 / speed)


def test_where_a_height_is_unknown_the_street_is_level() -> None:
    """On both sides of the point, and nowhere else."""
    times = street([0.0, math.nan, 10.0, 20.0]).times(replace(HIKER, speed_m_s=1.0))
    assert times.forward[0] == pytest.approx(200 + 100 * math.exp(0.35))


def test_a_constant_slope_takes_time_evenly() -> None:
    """However many points lie on it; and back it takes what the opposite slope takes."""
    coarse, fine = street([0.0, 9.0]), street([0.0, 3.0, 6.0, 9.0])
    one, two = coarse.times(WHEELS), fine.times(WHEELS)
    # The fine one is three times as long, at a third of the slope.
    slope = np.array([0.09, -0.09, 0.03, -0.03])
    expected = slope_factor(slope, WHEELS) * [100, 100, 300, 300] / WHEELS.speed_m_s
    assert [
        one.forward[0], one.backward[0], two.forward[0], two.backward[0]
    ] == pytest.approx(expected.tolist())  # fmt: skip
    edge, share = np.zeros(5, dtype=np.int32), np.linspace(0.1, 0.9, 5)
    assert two.along(edge, np.zeros(5), share) == pytest.approx(two.forward[0] * share)
    assert two.against(edge, np.zeros(5), share) == pytest.approx(two.backward[0] * share)


@pytest.mark.parametrize("walker", [HIKER, WHEELS], ids=lambda walker: walker.id)
def test_it_is_known_how_fast_a_slope_can_be_walked(walker: Profile) -> None:
    """What a map's edge proves about places beyond it hangs on the fastest slope, not the level."""
    times = street([0.0, 1.0]).times(walker)
    slopes = np.linspace(-1, 1, 4001)
    assert times.least_factor == pytest.approx(slope_factor(slopes, walker).min())
    level = street([0.0, 0.0])
    flat = replace(level, edges=replace(level.edges, elevation_m=None)).times(walker)
    assert flat.least_factor == 1.0


def test_heights_that_are_all_the_same_change_nothing() -> None:
    """A flat model gives the times of no model."""
    hilly = street([7.0, 7.0, 7.0])
    flat = replace(hilly, edges=replace(hilly.edges, elevation_m=None))
    assert hilly.times(HIKER).forward == pytest.approx(flat.times(HIKER).forward)
    assert hilly.times(HIKER).backward == pytest.approx(flat.times(HIKER).backward)


def test_distances_know_neither_slopes_nor_waits() -> None:
    """Metres are metres."""
    network = street([0.0, 30.0])
    network = replace(network, edges=replace(network.edges, wait_end=np.array([2], dtype=np.int8)))
    metres = network.distances()
    assert (metres.forward[0], metres.backward[0]) == (100.0, 100.0)
    assert metres.costs_forth.tolist() == metres.costs_back.tolist() == [100.0, 100.0]


def test_a_profile_that_never_waits_has_no_waits() -> None:
    """The standards' minutes leave no room for waiting, so the bundled profiles have none."""
    network = street([0.0, 0.0])
    waiting = replace(network.edges, wait_start=np.array([Wait.SIGNALS], dtype=np.int8))
    times = replace(network, edges=waiting).times(Profile("adult", 1.1, 0.55))
    assert times.wait_start is None
    assert times.waits(np.zeros(1, dtype=np.int32)).tolist() == [[0.0], [0.0]]


def test_a_wait_is_paid_on_coming_to_the_node_not_on_setting_out() -> None:
    """Signals at a's end of a-b: who comes to a from z waits; who starts on a-b does not."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for name, lon in (("z", 113.299), ("a", 113.3), ("b", 113.301)):
        graph.add_node(name, x=lon, y=23.0)
    for tail, head in (("z", "a"), ("a", "b")):
        graph.add_edge(tail, head, length=100.0)
        graph.add_edge(head, tail, length=100.0)
    network = network_of(graph)
    edges = network.edges
    (ab,) = np.flatnonzero((edges.start == 1) & (edges.end == 2))
    wait = np.zeros(2, dtype=np.int8)
    wait[ab] = Wait.SIGNALS
    network = replace(network, edges=replace(edges, wait_start=wait))
    walker = Profile("p", 1.0, 0.5, signals_s=30.0)
    b = Joins(np.array([ab], dtype=np.int32), np.array([1.0]), np.zeros(1))
    starts = Joins(np.array([1 - ab, ab], dtype=np.int32), np.array([0.0, 0.0]), np.zeros(2))
    to_b = nearest_cost(network, b, network.times(walker), direction="to").at(starts)[0]
    from_b = nearest_cost(network, b, network.times(walker), direction="from").at(starts)[0]
    assert to_b.tolist() == [230.0, 100.0]
    assert from_b.tolist() == [200.0, 100.0]


def test_an_origin_at_a_streets_end_is_reached_from_that_street_without_waiting() -> None:
    """Who walks a-b to a place at b's end of it never leaves a node; others wait at b first."""
    network = street([0.0, 0.0])
    waiting = replace(network.edges, wait_end=np.array([Wait.SIGNALS], dtype=np.int8))
    network = replace(network, edges=waiting)
    walker = Profile("p", 1.0, 0.5, signals_s=500.0)
    b = Joins(np.zeros(1, dtype=np.int32), np.ones(1), np.zeros(1))
    for direction in ("to", "from"):
        field = nearest_cost(network, b, network.times(walker), direction=direction)
        (row,) = reached_edges(field, limit=60.0).itertuples()
        assert (row.from_share, row.to_share) == pytest.approx((0.4, 1.0))
        assert (row.from_cost, row.to_cost) == pytest.approx((60.0, 0.0))


# ---- random networks -----------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(st.data(), hilly_networks(), PROFILES, DIRECTIONS)
def test_times_on_hills_equal_a_brute_force_oracle(
    data: st.DataObject, network: WalkNetwork, walker: Profile, direction: Direction
) -> None:
    """Mid-edge times equal networkx on a graph split at every point, to 1e-6 s."""
    origins, points = data.draw(joins_on(network)), data.draw(joins_on(network))
    field = nearest_cost(network, origins, network.times(walker), direction=direction)
    cost, origin = field.at(points)
    for i, row in enumerate(oracle_costs(network, walker, points, origins, direction)):
        assert cost[i] == pytest.approx(min(row), abs=1e-6)
        if math.isfinite(min(row)):
            assert row[origin[i]] == pytest.approx(min(row), abs=1e-6)


@settings(max_examples=200, deadline=None)
@given(st.data(), hilly_networks(), PROFILES, DIRECTIONS)
def test_node_times_on_hills_equal_networkx(
    data: st.DataObject, network: WalkNetwork, walker: Profile, direction: Direction
) -> None:
    """Every node's time to the nearest origin, waits on the way included, to 1e-6 s."""
    origins = data.draw(joins_on(network))
    field = nearest_cost(network, origins, network.times(walker), direction=direction)
    graph = split_graph(network, walker, {"origin": origins})
    search = graph.reverse(copy=False) if direction == "to" else graph
    ends = {("origin", i) for i in range(len(origins))}
    found = nx.multi_source_dijkstra_path_length(search, ends, weight="cost")
    expected = [found.get(node, math.inf) for node in range(len(network.node_id))]
    assert np.allclose(field.node_cost, expected, rtol=0, atol=1e-6)


@settings(max_examples=150, deadline=None)
@given(st.data(), hilly_networks(), PROFILES, DIRECTIONS)
def test_the_matrix_on_hills_equals_the_oracle(
    data: st.DataObject, network: WalkNetwork, walker: Profile, direction: Direction
) -> None:
    """Every stored pair has the oracle's seconds; every other one is beyond the limit."""
    origins, points = data.draw(joins_on(network)), data.draw(joins_on(network))
    matrix = cost_matrix(
        network, points, origins, network.times(walker), limit=700.0, direction=direction
    )
    stored = matrix.tocoo()
    pairs = dict(zip(zip(*stored.coords, strict=True), stored.data, strict=True))
    for i, row in enumerate(oracle_costs(network, walker, points, origins, direction)):
        for j, cost in enumerate(row):
            if (i, j) in pairs:
                assert pairs[i, j] == pytest.approx(cost, abs=1e-6)
            else:
                assert cost > 700.0 - 1e-6


@settings(max_examples=100, deadline=None)
@given(st.data(), hilly_networks(), PROFILES, DIRECTIONS)
def test_bounded_searches_and_the_few_nearest_wait_and_climb_too(
    data: st.DataObject, network: WalkNetwork, walker: Profile, direction: Direction
) -> None:
    """Both equal one full search from each origin by itself."""
    origins, times = data.draw(joins_on(network, most=5)), network.times(walker)
    single = np.array(
        [
            nearest_cost(
                network,
                Joins(
                    origins.edge[i : i + 1], origins.share[i : i + 1], origins.access_m[i : i + 1]
                ),
                times,
                direction=direction,
            ).node_cost
            for i in range(len(origins))
        ]
    )
    near = bounded_costs(network, origins, times, limit=500.0, direction=direction)
    for i in range(len(origins)):
        part = slice(near.offset[i], near.offset[i + 1])
        expected = {n: c for n, c in enumerate(single[i]) if c <= 500.0}
        assert dict(zip(near.node[part], near.cost[part], strict=True)) == pytest.approx(expected)
    few, _ = nearest_few_costs(network, origins, times, few=2, direction=direction)
    ranked = np.full((2, len(network.node_id)), np.inf)
    least = np.sort(single, axis=0)[:2]
    ranked[: len(least)] = least
    assert np.allclose(few, ranked.T, rtol=0, atol=1e-6)


@settings(max_examples=150, deadline=None)
@given(st.data(), hilly_networks(), PROFILES, DIRECTIONS, st.integers(1, 900))
def test_streets_are_cut_exactly_where_the_time_runs_out(
    data: st.DataObject, network: WalkNetwork, walker: Profile, direction: Direction, limit: int
) -> None:
    """On hills as on the level: what is within the limit is reached, and cuts lie at the limit."""
    origins = data.draw(joins_on(network))
    field = nearest_cost(network, origins, network.times(walker), direction=direction)
    table = reached_edges(field, limit=float(limit))
    shares = np.linspace(0.017, 0.983, 19)
    for e in range(len(network.edges)):
        cost, _ = field.at(Joins(np.full(19, e, dtype=np.int32), shares, np.zeros(19)))
        rows = table[table["edge"] == e]
        for share, seconds in zip(shares, cost, strict=True):
            inside = ((rows["from_share"] <= share) & (share <= rows["to_share"])).any()
            if abs(seconds - limit) > 1e-6:
                assert inside == (seconds <= limit)
    on = set(zip(origins.edge.tolist(), origins.share.tolist(), strict=True))
    for row in table.itertuples():
        for share, told in ((row.from_share, row.from_cost), (row.to_share, row.to_cost)):
            cut = 0 < share < 1 and (row.edge, share) not in on
            if cut:
                assert told == pytest.approx(limit, abs=1e-6)
                here = Joins(np.array([row.edge], dtype=np.int32), np.array([share]), np.zeros(1))
                assert field.at(here)[0][0] == pytest.approx(limit, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(hilly_networks(), PROFILES, st.data())
def test_parts_of_an_edge_add_up_and_budgets_come_out_even(
    network: WalkNetwork, walker: Profile, data: st.DataObject
) -> None:
    """From a to b and on to c costs what a to c costs; `farthest` undoes `along` and `against`."""
    times: Impedance = network.times(walker)
    edge = data.draw(st.integers(0, len(network.edges) - 1))
    a, b, c = sorted(data.draw(st.lists(st.floats(0, 1), min_size=3, max_size=3)))
    one = np.array([edge], dtype=np.int32)
    la, lb, lc = (np.array([share]) for share in (a, b, c))
    for walk, forth in ((times.along, True), (times.against, False)):
        cost = (times.forward if forth else times.backward)[edge]
        if not math.isfinite(cost) or cost == 0:
            continue
        whole = walk(one, la, lc)
        assert walk(one, la, lb) + walk(one, lb, lc) == pytest.approx(whole, abs=1e-6)
        if whole[0] > 1e-6:
            far = times.farthest(one, la, whole, up=True, forth=forth)
            near = times.farthest(one, lc, whole, up=False, forth=forth)
            assert walk(one, la, far) == pytest.approx(whole, abs=1e-6)
            assert walk(one, near, lc) == pytest.approx(whole, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(street_graphs())
def test_without_heights_cost_runs_evenly(graph: "nx.MultiDiGraph") -> None:
    """No table of how it runs is kept then."""
    assert network_of(graph).times(HIKER).pace is None
