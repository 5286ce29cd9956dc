"""From drawn OpenStreetMap files to walking networks."""

import math
from pathlib import Path

import numpy as np
import pytest

from circles.errors import InputError
from circles.network import WalkNetwork
from circles.network.build import network_from_osm
from circles.osm import read_osm
from circles.profiles import profile
from circles.walking import Kind
from tests.drawn_osm import Drawing


def network(drawing: Drawing, tmp_path: Path, **options: float) -> WalkNetwork:
    """Build the network of a drawing."""
    return network_from_osm(read_osm(drawing.write(tmp_path / "drawn.osm")), **options)


def lengths_m(built: WalkNetwork) -> list[float]:
    """Return all edge lengths, rounded to centimetres and sorted."""
    return sorted(round(float(length), 2) for length in built.edges.length_m)


def node_pairs(built: WalkNetwork, drawing: Drawing) -> set[frozenset[str]]:
    """Return the edges by the names of their end nodes."""
    names = {osm_id: name for name, osm_id in drawing.ids().items()}
    ids = [names.get(int(i), "?") for i in built.node_id]
    return {
        frozenset({ids[a], ids[b]}) for a, b in zip(built.edges.start, built.edges.end, strict=True)
    }


def cross() -> Drawing:
    """Draw two streets of 200 m that meet in the middle, at m."""
    return (
        Drawing()
        .node("w", -100, 0)
        .node("e", 100, 0)
        .node("s", 0, -100)
        .node("n", 0, 100)
        .node("m", 0, 0)
        .way("w m e", highway="residential")
        .way("s m n", highway="residential")
    )


def test_ways_are_cut_where_they_meet(tmp_path: Path) -> None:
    """Two streets that share a node make four edges around it."""
    drawing = cross()
    built = network(drawing, tmp_path)
    assert node_pairs(built, drawing) == {frozenset({"m", x}) for x in "wesn"}
    assert lengths_m(built) == [100.0] * 4


def test_ways_that_only_cross_in_the_air_do_not_meet(tmp_path: Path) -> None:
    """A bridge over a street shares no node with it, so there is no way from one to the other."""
    drawing = (
        Drawing()
        .node("w", -100, 0)
        .node("e", 100, 0)
        .node("s", 0, -100)
        .node("n", 0, 100)
        .way("w e", highway="residential", bridge="yes", layer="1")
        .way("s n", highway="residential")
    )
    built = network(drawing, tmp_path)
    assert node_pairs(built, drawing) == {frozenset("we"), frozenset("sn")}
    assert built.report.pieces == 2


def test_a_bend_is_kept_in_geometry_and_length(tmp_path: Path) -> None:
    """An edge runs along every point of its way: 300 m there, not 223 m straight."""
    drawing = (
        Drawing().node("a", 0, 0).node("b", 200, 0).node("c", 200, 100)
        .way("a b c", highway="footway")
    )  # fmt: skip
    built = network(drawing, tmp_path)
    assert lengths_m(built) == [300.0]
    assert built.edges.offset.tolist() == [0, 3]


@pytest.mark.parametrize(
    ("tags", "edges"),
    [
        ({"barrier": "gate"}, 1),
        ({"barrier": "gate", "locked": "yes"}, 2),
        ({"barrier": "bollard"}, 1),
    ],
)
def test_a_locked_gate_cuts_its_way(tmp_path: Path, tags: dict[str, str], edges: int) -> None:
    """A way with a locked gate in the middle becomes two that do not meet."""
    drawing = (
        Drawing().node("a", 0, 0).node("gate", 100, 0, **tags).node("c", 200, 0)
        .way("a gate c", highway="service")
    )  # fmt: skip
    built = network(drawing, tmp_path)
    assert len(built.edges) == edges
    assert built.report.pieces == edges
    assert built.report.blocked_nodes == edges - 1
    assert math.isclose(built.edges.length_m.sum(), 200.0, abs_tol=0.02)


def test_a_locked_gate_where_ways_meet_parts_them_all(tmp_path: Path) -> None:
    """Each way at a closed gate ends in a node of its own."""
    drawing = cross()
    drawing.node_tags["m"] = {"barrier": "gate", "access": "private"}
    assert network(drawing, tmp_path).report.pieces == 4


def test_private_and_unbuilt_ways_are_left_out_and_counted(tmp_path: Path) -> None:
    """The report says how many ways were refused, by reason."""
    drawing = (
        cross()
        .node("x", 300, 0)
        .way("e x", highway="service", access="private")
        .way("n x", highway="construction")
    )
    built = network(drawing, tmp_path)
    assert len(built.edges) == 4
    assert sum(built.report.refused_ways.values()) == 2


def test_a_way_that_leaves_the_extract_ends_there(tmp_path: Path) -> None:
    """Where the file lacks a node the way stops, and goes on where positions return."""
    drawing = (
        Drawing().node("a", 0, 0).node("b", 100, 0).node("d", 300, 0).node("e", 400, 0)
        .way("a b gone d e", highway="residential")
    )  # fmt: skip
    built = network(drawing, tmp_path)
    assert node_pairs(built, drawing) == {frozenset("ab"), frozenset("de")}
    assert built.report.cut_ways == 1


def test_repeated_points_and_empty_ways_vanish(tmp_path: Path) -> None:
    """A node named twice in a row is one point; a way of one node is no street."""
    drawing = (
        Drawing().node("a", 0, 0).node("b", 100, 0)
        .way("a a b b", highway="path").way("a", highway="path").way("b b", highway="path")
    )  # fmt: skip
    built = network(drawing, tmp_path)
    assert lengths_m(built) == [100.0]


def test_a_roundabout_without_side_streets_is_one_loop(tmp_path: Path) -> None:
    """A closed way nothing else touches is an edge from its node to itself."""
    drawing = Drawing().square("r", 0, 0, 100, highway="footway")
    built = network(drawing, tmp_path)
    assert lengths_m(built) == [400.0]
    assert built.edges.start[0] == built.edges.end[0]


def test_oneway_foot_binds_and_oneway_does_not(tmp_path: Path) -> None:
    """Edges know in which directions they are walked."""
    drawing = (
        Drawing().node("a", 0, 0).node("b", 100, 0).node("c", 200, 0).node("d", 300, 0)
        .way("a b", highway="residential", oneway="yes")
        .way("b c", highway="footway", oneway__foot="yes")
        .way("c d", highway="footway", oneway__foot="-1")
    )  # fmt: skip
    edges = network(drawing, tmp_path).edges
    order = np.argsort(edges.way_id)
    assert edges.forward[order].tolist() == [True, True, False]
    assert edges.backward[order].tolist() == [True, False, True]


def test_a_street_drawn_twice_is_one(tmp_path: Path) -> None:
    """The same line in either direction is walked once, and contracted as if drawn once."""
    drawing = cross().node("x", -50, 20)
    drawing.ways[0] = (["w", "x", "m", "e"], {"highway": "residential"})
    drawing.way("e m x w", highway="residential").way("m n", highway="residential")
    built = network(drawing, tmp_path)
    assert lengths_m(built) == [100.0, 100.0, 100.0, round(2 * math.hypot(50, 20), 2)]


def test_different_ways_along_one_line_stay(tmp_path: Path) -> None:
    """Stairs beside a street, or a way back beside a way there, are ways of their own."""
    drawing = Drawing().node("a", 0, 0).node("b", 100, 0).node("c", 200, 0)
    drawing.way("a b", highway="residential").way("a b", highway="steps")
    drawing.way("b c", highway="path", oneway__foot="yes")
    drawing.way("c b", highway="path", oneway__foot="yes")
    built = network(drawing, tmp_path)
    # There and back, from b by way of c, is one edge that is walked one way.
    assert lengths_m(built) == [100.0, 100.0, 200.0]
    assert built.edges.forward.sum() + built.edges.backward.sum() == 5


def test_a_ferry_there_and_back_keeps_its_time(tmp_path: Path) -> None:
    """A ferry drawn there and back on one way takes its duration for both legs together."""
    drawing = Drawing().node("a", 0, 0).node("b", 300, 0).node("p", 300, 50)
    drawing.way("a b a", route="ferry", duration="20").way("b p", highway="footway")
    built = network(drawing, tmp_path)
    ferry = built.edges.kind == Kind.FERRY
    assert built.edges.duration_s[ferry].sum() == pytest.approx(1200)


def test_two_nodes_in_one_place_are_two_nodes(tmp_path: Path) -> None:
    """Ways meet where they share a node, not where their nodes share a place."""
    drawing = Drawing().node("a", 0, 0).node("b", 100, 0).node("twin", 100, 0).node("c", 200, 0)
    drawing.way("a b", highway="residential").way("twin c", highway="residential")
    assert network(drawing, tmp_path).report.pieces == 2
    drawing.way("b twin", highway="residential")
    built = network(drawing, tmp_path)
    assert (built.report.pieces, lengths_m(built)) == (1, [200.0])


def test_a_way_beside_itself_is_cut_where_it_touches_itself(tmp_path: Path) -> None:
    """A way in the shape of a nine meets itself: its loop and its tail are two edges."""
    drawing = Drawing().node("a", 0, 0).node("b", 0, 100).node("c", 60, 180).node("d", -60, 180)
    built = network(drawing.way("a b c d b", highway="footway"), tmp_path)
    assert np.allclose(lengths_m(built), [100.0, 320.0], atol=0.02)


def test_sidewalks_mapped_apart_leave_their_street_walkable(tmp_path: Path) -> None:
    """Unless the street is closed to walkers, houses on it are reached along it."""
    drawing = cross().node("p", -100, 5).node("q", 100, 5).way("p q", footway="sidewalk")
    drawing.ways[0] = (drawing.ways[0][0], {"highway": "residential", "sidewalk": "separate"})
    assert len(network(drawing, tmp_path).edges) == 4
    drawing.ways[0] = (drawing.ways[0][0], {"highway": "residential", "foot": "use_sidepath"})
    assert len(network(drawing, tmp_path).edges) == 1


def test_rivers_and_rails_are_no_streets_refused(tmp_path: Path) -> None:
    """The report counts what looks like a street; whatever else lines a map is not counted."""
    drawing = cross().node("x", 300, 0).node("y", 400, 0)
    drawing.way("x y", waterway="river").way("x y", railway="rail").way("x y", route="bus")
    drawing.way("x y", highway="cycleway").way("x y", highway="rest_area")
    refused = network(drawing, tmp_path).report.refused_ways
    assert sorted(refused.values()) == [1, 1]
    assert "no tag says that it can be walked" in refused


def test_small_pieces_take_no_part_in_joining(tmp_path: Path) -> None:
    """A scrap shorter than the threshold is set aside and reported; the largest piece stays."""
    drawing = cross().node("x", 900, 900).node("y", 950, 900).way("x y", highway="footway")
    built = network(drawing, tmp_path, min_piece_m=60.0)
    assert sorted(built.joinable.tolist()) == [False, True, True, True, True]
    assert (built.report.pieces, built.report.small_pieces) == (2, 1)
    assert round(built.report.small_pieces_m) == 50


def test_nobody_joins_a_ferry_but_it_connects(tmp_path: Path) -> None:
    """A ferry ties both banks into one piece; points do not join it in mid-river."""
    drawing = (
        cross()
        .node("f", 300, 0)
        .node("g", 400, 0)
        .way("e f", route="ferry", duration="00:05")
        .way("f g", highway="footway")
    )
    built = network(drawing, tmp_path)
    assert built.report.pieces == 1
    ferry = built.edges.kind == Kind.FERRY
    assert not built.joinable[ferry].any()
    assert built.joinable[~ferry].all()
    assert built.times(profile("adult")).forward[ferry].tolist() == [300.0]


def test_a_ferrys_time_is_shared_among_its_stretches(tmp_path: Path) -> None:
    """A ferry that calls midway takes its whole duration over both stretches together."""
    drawing = (
        Drawing().node("a", 0, 0).node("b", 300, 0).node("c", 400, 0).node("p", 300, 50)
        .way("a b c", route="ferry", duration="00:08").way("b p", highway="footway")
    )  # fmt: skip
    built = network(drawing, tmp_path)
    ferry = built.edges.kind == Kind.FERRY
    times = sorted(built.times(profile("adult")).forward[ferry])
    assert np.allclose(times, [120.0, 360.0], atol=0.1)


def test_stairs_are_slower_and_some_cannot_take_them(tmp_path: Path) -> None:
    """100 m of stairs take an adult twice the level time, and stop a stroller."""
    drawing = Drawing().node("a", 0, 0).node("b", 100, 0).way("a b", highway="steps")
    built = network(drawing, tmp_path)
    assert np.allclose(built.times(profile("adult")).forward, 2 * 100 / 1.1, atol=0.05)
    assert np.isinf(built.times(profile("stroller")).forward).all()


def test_lengths_are_those_on_the_ellipsoid(tmp_path: Path) -> None:
    """Edge lengths agree with geodesic lengths to a hundredth of a percent."""
    from pyproj import Geod

    drawing = Drawing().node("a", -3000, -2000).node("b", 3500, 4000).way("a b", highway="path")
    built = network(drawing, tmp_path)
    edges = built.edges
    geodesic = Geod(ellps="WGS84").line_length(edges.lon, edges.lat)
    assert math.isclose(edges.length_m[0], geodesic, rel_tol=1e-4)


def test_an_extract_without_streets_is_refused(tmp_path: Path) -> None:
    """A file in which nothing may be walked says so."""
    drawing = Drawing().node("a", 0, 0).node("b", 9, 0).way("a b", highway="motorway")
    with pytest.raises(InputError, match="none of its 1 ways may be walked"):
        network(drawing, tmp_path)


def test_the_same_file_gives_the_same_network(tmp_path: Path) -> None:
    """Two readings of one extract give equal arrays in equal order."""
    drawing = cross().square("p", 0, 0, 300, highway="pedestrian", area="yes").node("x", -150, 0)
    drawing.way("w p0", highway="path").way("p2 e", highway="path")
    first, second = (network(drawing, tmp_path) for _ in range(2))
    assert np.array_equal(first.edges.lon, second.edges.lon)
    assert np.array_equal(first.node_id, second.node_id)
