"""Waits, bridges and obstacles: what the tags of nodes and ways make of drawn networks."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from circles.network import Lines, WalkNetwork
from circles.network.build import network_from_osm
from circles.osm import read_streets
from circles.walking import Kind, Wait
from tests.drawn_osm import Drawing, degrees


def network(drawing: Drawing, tmp_path: Path) -> WalkNetwork:
    """Build the network of a drawing."""
    return network_from_osm(read_streets(drawing.write(tmp_path / "drawn.osm")))


def waits(built: WalkNetwork, drawing: Drawing) -> dict[tuple[str, str], Wait]:
    """Return what one waits for on leaving one node towards another, by their names."""
    names = {osm_id: name for name, osm_id in drawing.ids().items()}
    ids = [names.get(int(i), "?") for i in built.node_id]
    edges = built.edges
    found = {}
    for i in range(len(edges)):
        a, b = ids[edges.start[i]], ids[edges.end[i]]
        found[a, b], found[b, a] = Wait(edges.wait_start[i]), Wait(edges.wait_end[i])
    return found


def held_up(built: WalkNetwork, drawing: Drawing) -> dict[tuple[str, str], Wait]:
    """Return only where one does wait."""
    return {ends: wait for ends, wait in waits(built, drawing).items() if wait != Wait.NONE}


def cross(middle: dict[str, str], *, over: str = "footway") -> Drawing:
    """Draw a street from west to east and a way over it from south to north; they share m."""
    drawing = Drawing().node("w", -100, 0).node("e", 100, 0).node("s", 0, -50).node("n", 0, 50)
    drawing.node("m", 0, 0)
    drawing.node_tags["m"] = middle
    return drawing.way("w m e", highway="residential").way("s m n", highway=over)


@pytest.mark.parametrize(
    ("tags", "wait"),
    [
        ({"highway": "crossing"}, Wait.CROSSING),
        ({"highway": "crossing", "crossing": "traffic_signals"}, Wait.SIGNALS),
        ({"highway": "crossing", "crossing:signals": "yes"}, Wait.SIGNALS),
        ({"highway": "traffic_signals"}, Wait.SIGNALS),
    ],
)
def test_who_crosses_a_street_waits_and_who_walks_along_it_does_not(
    tmp_path: Path, tags: dict[str, str], wait: Wait
) -> None:
    """The wait is paid on leaving the crossing onto the path, not onto the street."""
    drawing = cross(tags)
    assert held_up(network(drawing, tmp_path), drawing) == {("m", "s"): wait, ("m", "n"): wait}


@pytest.mark.parametrize(
    "tags", [{"highway": "crossing", "crossing": "no"}, {"barrier": "bollard"}, {}]
)
def test_elsewhere_nobody_waits(tmp_path: Path, tags: dict[str, str]) -> None:
    """Where tags say that there is no crossing, none is waited at."""
    drawing = cross(tags)
    assert held_up(network(drawing, tmp_path), drawing) == {}


def test_signals_where_streets_meet_hold_up_all(tmp_path: Path) -> None:
    """At a junction of streets one waits before whichever way one goes on."""
    drawing = cross({"highway": "traffic_signals"}, over="residential")
    built = network(drawing, tmp_path)
    assert held_up(built, drawing) == {("m", x): Wait.SIGNALS for x in "wesn"}


def test_signals_for_vehicles_amid_a_street_hold_up_nobody(tmp_path: Path) -> None:
    """A stop line where no path leads across the street is passed, and its node contracted."""
    drawing = (
        Drawing().node("a", 0, 0).node("b", 90, 0, highway="traffic_signals").node("c", 200, 0)
    )
    built = network(drawing.way("a b c", highway="secondary"), tmp_path)
    assert len(built.edges) == 1
    assert held_up(built, drawing) == {}


@pytest.mark.parametrize("key", ["level_crossing", "crossing"])
def test_trains_hold_up_all_who_cross_their_tracks(tmp_path: Path, key: str) -> None:
    """A street over a railway is cut at the tracks, though nothing else is walked there."""
    drawing = Drawing().node("a", 0, 0).node("x", 90, 0, railway=key).node("b", 200, 0)
    drawing.node("p", 90, 80).node("q", 90, -80)
    drawing.way("a x b", highway="residential").way("p x q", railway="rail")
    built = network(drawing, tmp_path)
    assert held_up(built, drawing) == {
        ("x", "a"): Wait.LEVEL_CROSSING,
        ("x", "b"): Wait.LEVEL_CROSSING,
    }


@pytest.mark.parametrize(("apart_m", "waits_on_the_way"), [(5, 1), (60, 2)])
def test_tracks_side_by_side_are_one_level_crossing(
    tmp_path: Path, apart_m: float, waits_on_the_way: int
) -> None:
    """One who crosses two tracks waits once; far apart, they are two crossings."""
    drawing = Drawing().node("a", 0, 0).node("b", 300, 0)
    drawing.node("x", 100, 0, railway="crossing").node("y", 100 + apart_m, 0, railway="crossing")
    drawing.way("a x y b", highway="footway")
    found = waits(network(drawing, tmp_path), drawing)
    for there in (["a", "x", "y", "b"], ["b", "y", "x", "a"]):
        legs = pairwise(there)
        assert sum(found[leg] == Wait.LEVEL_CROSSING for leg in legs) == waits_on_the_way


def test_a_lift_drawn_as_a_node_is_waited_for_by_all(tmp_path: Path) -> None:
    """Footways of two floors meet in the lift's node; whoever comes in there waits."""
    drawing = Drawing().node("a", 0, 0).node("lift", 20, 0, highway="elevator").node("b", 40, 0)
    drawing.way("a lift", highway="corridor", level="0").way(
        "lift b", highway="corridor", level="1"
    )
    built = network(drawing, tmp_path)
    assert held_up(built, drawing) == {("lift", "a"): Wait.LIFT, ("lift", "b"): Wait.LIFT}


@pytest.mark.parametrize("tags", [{}, {"highway": "elevator"}])
def test_a_lift_drawn_as_a_way_is_waited_for_once(tmp_path: Path, tags: dict[str, str]) -> None:
    """One waits before the ride, at either end, and not after it, even if its nodes are lifts."""
    drawing = Drawing().node("a", 0, 0).node("down", 20, 0, **tags).node("up", 22, 0, **tags)
    drawing.node("b", 40, 0).way("a down", highway="footway").way("up b", highway="footway")
    drawing.way("down up", highway="elevator")
    built = network(drawing, tmp_path)
    assert held_up(built, drawing) == {("down", "up"): Wait.LIFT, ("up", "down"): Wait.LIFT}
    assert built.report.pieces == 1


@pytest.mark.parametrize("tags", [{}, {"area": "yes"}])
def test_a_lift_drawn_as_an_area_is_crossed_and_waited_for(
    tmp_path: Path, tags: dict[str, str]
) -> None:
    """A lift's outline is an area whether or not it says so; one waits at either door."""
    drawing = Drawing().square("l", 0, 0, 4, highway="elevator", **tags)
    drawing.node("a", -50, -2).node("b", 50, 2)
    drawing.way("a l0", highway="footway").way("l2 b", highway="footway")
    built = network(drawing, tmp_path)
    found = held_up(built, drawing)
    assert found == {("l0", "l2"): Wait.LIFT, ("l2", "l0"): Wait.LIFT}
    straight = (built.edges.kind == Kind.PLAZA) & (built.edges.length_m < 6)
    assert built.edges.length_m[straight].round(1).tolist() == [5.7]


def test_a_lift_that_is_not_for_the_public_is_closed(tmp_path: Path) -> None:
    """A staff lift, drawn as a node, connects nothing."""
    drawing = Drawing().node("a", 0, 0).node("b", 40, 0)
    drawing.node("lift", 20, 0, highway="elevator", access="private")
    built = network(drawing.way("a lift b", highway="footway"), tmp_path)
    assert (built.report.pieces, built.report.blocked_nodes) == (2, 1)


def test_escalators_run_one_way_at_the_speed_of_stairs(tmp_path: Path) -> None:
    """Moving stairs are stairs, walked in the direction in which they carry."""
    drawing = Drawing().node("a", 0, 0).node("b", 20, 0).node("c", 20, 9).node("d", 0, 9)
    drawing.way("a b", highway="steps", conveying="forward")
    drawing.way("c d", highway="steps", conveying="backward")
    edges = network(drawing, tmp_path).edges
    order = np.argsort(edges.way_id)
    assert (edges.kind == Kind.STEPS).all()
    assert edges.forward[order].tolist() == [True, False]
    assert edges.backward[order].tolist() == [False, True]


def test_floors_meet_only_at_stairs(tmp_path: Path) -> None:
    """Corridors of two floors that lie above each other are joined by the stairs between them."""
    drawing = (
        Drawing()
        .node("a", -50, 0).node("b", 50, 0).node("c", 0, -50).node("d", 0, 50).node("s", 50, 50)
        .way("a b", highway="corridor", indoor="yes", level="0")
        .way("c d", highway="footway", indoor="yes", level="1")
        .way("b s d", highway="steps", indoor="yes", level="0;1")
    )  # fmt: skip
    built = network(drawing, tmp_path)
    assert built.report.pieces == 1
    assert sorted(built.edges.length_m.round().tolist()) == [100.0, 100.0, 100.0]


def test_bridges_and_tunnels_are_off_the_ground(tmp_path: Path) -> None:
    """Where heights come from the terrain, theirs do not."""
    drawing = Drawing()
    for i in range(6):
        drawing.node(f"n{i}", 100 * i, 10 * i * i)
    passage = {"tunnel": "building_passage"}
    for i, tags in enumerate(
        [{}, {"bridge": "yes"}, passage, {"tunnel": "yes"}, {"covered": "yes"}]
    ):
        drawing.way(f"n{i} n{i + 1}", highway="footway", **tags)
    edges = network(drawing, tmp_path).edges
    by_place = np.argsort(edges.lon[edges.offset[:-1]])
    assert edges.off_ground[by_place].tolist() == [False, True, False, True, False]


def lines_of(lines: Lines) -> list[list[tuple[float, float]]]:
    """Return lines as lists of degrees."""
    points = list(zip(lines.lon.tolist(), lines.lat.tolist(), strict=True))
    return [points[a:b] for a, b in zip(lines.offset[:-1], lines.offset[1:], strict=True)]


def test_rivers_railways_and_motorways_are_barriers(tmp_path: Path) -> None:
    """Their lines go with the network, but for bridges, tunnels, trams and what may be walked."""
    drawing = Drawing()
    cases: list[dict[str, str]] = [
        {"waterway": "river"},
        {"railway": "rail"},
        {"highway": "motorway"},
        {"waterway": "canal", "tunnel": "culvert"},
        {"railway": "rail", "bridge": "yes"},
        {"railway": "tram"},
        {"highway": "trunk"},
    ]
    for i, tags in enumerate(cases):
        drawing.node(f"a{i}", 0, 20 * i).node(f"m{i}", 50, 20 * i).node(f"b{i}", 100, 20 * i + 5)
        drawing.way(f"a{i} m{i} b{i}", **tags)
    barriers = network(drawing, tmp_path).barriers
    expected = [
        [degrees(0, 20 * i), degrees(50, 20 * i), degrees(100, 20 * i + 5)] for i in range(3)
    ]
    assert lines_of(barriers) == expected


def test_a_barrier_ends_where_the_extract_does(tmp_path: Path) -> None:
    """A river of which nodes are missing is what is left of it."""
    drawing = Drawing().node("a", 0, 0).node("b", 50, 0).node("c", 100, 0).node("d", 150, 0)
    drawing.way("a b gone c d", waterway="river").way("gone2 d", waterway="canal")
    drawing.way("a c", highway="footway")
    built = network(drawing, tmp_path)
    assert lines_of(built.barriers) == [
        [degrees(0, 0), degrees(50, 0)],
        [degrees(100, 0), degrees(150, 0)],
    ]
    assert built.report.cut_ways == 0
    assert built.report.refused_ways == {}
