"""Plazas are crossed on the shortest ways between their entrances, around corners and holes."""

import math
from itertools import combinations
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.network import WalkNetwork
from circles.network.areas import Polygons
from circles.network.build import network_from_osm
from circles.network.plazas import MAX_ENTRANCES, plaza_chords
from circles.osm import read_streets
from circles.walking import Kind
from tests.drawn_osm import Drawing

PLAZA = {"highway": "pedestrian", "area": "yes"}
SQUARE = {"type": "multipolygon", "highway": "pedestrian"}


def network(drawing: Drawing, tmp_path: Path, **options: float) -> WalkNetwork:
    """Build the network of a drawing."""
    return network_from_osm(read_streets(drawing.write(tmp_path / "drawn.osm")), **options)


def lengths_m(built: WalkNetwork) -> list[float]:
    """Return all edge lengths, rounded to centimetres and sorted."""
    return sorted(round(float(length), 2) for length in built.edges.length_m)


def ends(built: WalkNetwork, drawing: Drawing, *, straight: bool = False) -> list[str]:
    """Return the names of the two ends of every plaza edge, or of those without points between."""
    names = {osm_id: name for name, osm_id in drawing.ids().items()}
    edges = built.edges
    wanted = edges.kind == Kind.PLAZA
    if straight:
        wanted &= np.diff(edges.offset) == 2
    return sorted(
        "-".join(sorted(names[int(built.node_id[end[i]])] for end in (edges.start, edges.end)))
        for i in np.flatnonzero(wanted)
    )


def walk_m(built: WalkNetwork, drawing: Drawing, a: str, b: str) -> float:
    """Return the length of the shortest walk between two named nodes; inf if there is none."""
    graph = nx.Graph()
    graph.add_nodes_from(built.node_id.tolist())
    edges = built.edges
    for i in range(len(edges)):
        u, v = int(built.node_id[edges.start[i]]), int(built.node_id[edges.end[i]])
        length = min(edges.length_m[i], graph.get_edge_data(u, v, {"m": np.inf})["m"])
        graph.add_edge(u, v, m=float(length))
    ids = drawing.ids()
    try:
        return float(nx.dijkstra_path_length(graph, ids[a], ids[b], "m"))
    except nx.NetworkXNoPath:
        return math.inf


def square(**tags: str) -> Drawing:
    """Draw a 100 m square with a street at its west corner and one at its east corner."""
    return (
        Drawing().square("p", 0, 0, 100, **tags)
        .node("w", -150, -50).node("e", 150, 50)
        .way("w p0", highway="residential").way("e p2", highway="residential")
    )  # fmt: skip


def test_a_plaza_is_crossed_from_entrance_to_entrance(tmp_path: Path) -> None:
    """Across the diagonal it is 141 m, not the 200 m around."""
    drawing = square(**PLAZA)
    assert walk_m(network(drawing, tmp_path), drawing, "w", "e") == pytest.approx(341.42, abs=0.02)


def test_a_ring_street_is_not_a_plaza(tmp_path: Path) -> None:
    """Without area=yes the inside of a closed way is not walked."""
    drawing = square(highway="pedestrian")
    assert walk_m(network(drawing, tmp_path), drawing, "w", "e") == pytest.approx(400, abs=0.02)


def test_an_area_nobody_may_walk_is_not_crossed(tmp_path: Path) -> None:
    """A private plaza is neither crossed nor walked around."""
    built = network(square(**PLAZA, access="private"), tmp_path)
    assert not (built.edges.kind == Kind.PLAZA).any()


def test_a_bent_plaza_is_crossed_around_its_inner_corner(tmp_path: Path) -> None:
    """In an L-shaped plaza the two ends do not see each other; the inner corner connects them."""
    drawing = Drawing()
    for name, x, y in [
        ("a", 0, 0), ("b", 100, 0), ("c", 100, 20), ("d", 20, 20), ("e", 20, 100), ("f", 0, 100),
    ]:  # fmt: skip
        drawing.node(name, x, y)
    drawing.node("s", 150, 0).node("t", 0, 150)
    drawing.way("a b c d e f a", **PLAZA)
    drawing.way("b s", highway="footway").way("f t", highway="footway")
    built = network(drawing, tmp_path)
    assert {"b-d", "d-f"} <= set(ends(built, drawing, straight=True))
    assert walk_m(built, drawing, "b", "f") == pytest.approx(2 * math.hypot(80, 20), abs=0.02)


def test_the_point_at_which_a_ring_begins_is_no_entrance(tmp_path: Path) -> None:
    """Only where other ways come in are there lines across, wherever the drawing begins."""
    drawing = square(**PLAZA)
    names, tags = drawing.ways[0]
    drawing.ways[0] = (["p1", "p2", "p3", "p0", "p1"], tags)
    assert names != drawing.ways[0][0]
    assert ends(network(drawing, tmp_path), drawing) == ["p0-p2"] * 3


def test_a_plaza_no_street_touches_takes_no_part(tmp_path: Path) -> None:
    """A pavement drawn as an area leads nowhere: nobody joins it, however long its rim."""
    drawing = Drawing().node("a", 0, 0).node("b", 150, 0).way("a b", highway="residential")
    drawing.square("p", 60, 60, 80, **PLAZA)
    built = network(drawing, tmp_path, min_piece_m=100.0)
    assert (built.report.pieces, built.report.small_pieces) == (2, 1)
    assert built.joinable.tolist() == (built.edges.kind != Kind.PLAZA).tolist()


def test_only_ways_between_entrances_cross_a_plaza(tmp_path: Path) -> None:
    """A star-shaped plaza with two entrances gets the ways between them, not every sight line."""
    drawing = Drawing()
    names = []
    for i in range(12):
        radius = 100 if i % 2 == 0 else 60
        angle = 2 * math.pi * i / 12
        drawing.node(f"c{i}", radius * math.cos(angle), radius * math.sin(angle))
        names.append(f"c{i}")
    drawing.way(" ".join([*names, "c0"]), **PLAZA)
    drawing.node("e", 300, 0).node("w", -300, 0)
    drawing.way("c0 e", highway="residential").way("w c6", highway="residential")
    built = network(drawing, tmp_path)
    assert ends(built, drawing) == ["c0-c6"] * 3  # straight across, and the two halves of the rim
    assert round(min(built.edges.length_m[built.edges.kind == Kind.PLAZA])) == 200


def test_a_locked_gate_is_no_entrance(tmp_path: Path) -> None:
    """Who cannot come in at a gate cannot cross to it, and the rim ends there."""
    drawing = square(**PLAZA)
    drawing.node_tags["p2"] = {"barrier": "gate", "locked": "yes"}
    built = network(drawing, tmp_path)
    assert ends(built, drawing, straight=True) == []
    assert walk_m(built, drawing, "w", "e") == math.inf


def test_a_plaza_with_very_many_entrances_is_walked_along_its_rim(tmp_path: Path) -> None:
    """The lines between entrances grow by the square of their number: beyond some, none."""
    count = MAX_ENTRANCES + 1
    drawing = Drawing()
    for i in range(count):
        x, y = math.cos(2 * math.pi * i / count), math.sin(2 * math.pi * i / count)
        drawing.node(f"p{i}", 200 * x, 200 * y).node(f"s{i}", 260 * x, 260 * y)
        drawing.way(f"p{i} s{i}", highway="footway")
    drawing.way(" ".join(f"p{i % count}" for i in range(count + 1)), **PLAZA)
    built = network(drawing, tmp_path)
    assert len(ends(built, drawing)) == count
    drawing.ways.pop(0)
    fewer = network(drawing, tmp_path)
    assert len(ends(fewer, drawing)) > count * count / 3


def holed(role: str = "inner", **tags: str) -> Drawing:
    """Draw a 100 m square with a 40 m hole, streets at its west and east corners: a relation."""
    drawing = square(source="survey").square("h", 0, 0, 40)
    drawing.relations.append((((1, "outer"), (4, role)), {**SQUARE, **tags}))
    return drawing


def test_a_multipolygon_is_crossed_around_its_hole(tmp_path: Path) -> None:
    """Its outline has no tags of its own; the way across turns at a corner of the hole."""
    drawing = holed()
    built = network(drawing, tmp_path)
    assert walk_m(built, drawing, "p0", "p2") == pytest.approx(2 * math.hypot(70, 30), abs=0.02)
    assert ends(built, drawing) == ["p0-p2"] * 3
    assert built.report.broken_plazas == 0
    assert built.report.refused_ways == {}


def test_a_multipolygon_drawn_in_pieces_is_one_plaza(tmp_path: Path) -> None:
    """An outline of three ways, drawn in different directions, closes to one ring."""
    drawing = square(source="survey")
    drawing.ways[0] = (["p0", "p1", "p2"], {})
    drawing.way("p3 p2", building="wall").way("p3 p0", highway="footway")
    drawing.relations.append((((4, "outer"), (1, ""), (5, "outer")), SQUARE))
    built = network(drawing, tmp_path)
    assert walk_m(built, drawing, "p0", "p2") == pytest.approx(100 * math.sqrt(2), abs=0.02)
    # A footway that is part of the outline stays a footway; where outlines' pieces meet, nobody
    # comes in, but a footway does.
    assert ends(built, drawing) == ["p0-p2", "p0-p2", "p2-p3"]


def test_two_outlines_are_two_plazas(tmp_path: Path) -> None:
    """Holes go to the outline around them, and nobody walks from one outline to the other."""
    drawing = Drawing().square("p", 0, 0, 100).square("q", 300, 0, 100).square("h", 300, 0, 20)
    drawing.node("w", 240, -90).node("e", 360, 90)
    drawing.way("w q0", highway="footway").way("q2 e", highway="footway")
    drawing.relations.append((((1, "outer"), (2, "outer"), (3, "inner")), SQUARE))
    built = network(drawing, tmp_path)
    assert walk_m(built, drawing, "q0", "q2") == pytest.approx(2 * math.hypot(60, 40), abs=0.02)
    assert built.report.pieces == 2


def test_entrances_may_lie_on_holes(tmp_path: Path) -> None:
    """A door of the house in the middle of a plaza is reached from the street."""
    drawing = holed().node("door", 0, 0).way("h1 door", highway="footway", indoor="yes")
    built = network(drawing, tmp_path)
    assert walk_m(built, drawing, "w", "h1") == pytest.approx(100 + math.hypot(70, 30), abs=0.02)


def test_an_outline_that_is_a_plaza_itself_is_not_crossed_twice(tmp_path: Path) -> None:
    """Where relation and outline are both tagged, the hole counts."""
    drawing = holed()
    drawing.ways[0] = (drawing.ways[0][0], PLAZA)
    built = network(drawing, tmp_path)
    assert walk_m(built, drawing, "p0", "p2") == pytest.approx(2 * math.hypot(70, 30), abs=0.02)


def test_a_plaza_within_a_plaza_is_entered_from_it(tmp_path: Path) -> None:
    """A hole that is a plaza of its own is crossed: straight through both it is 141 m."""
    drawing = holed()
    drawing.ways[3] = (drawing.ways[3][0], PLAZA)
    built = network(drawing, tmp_path)
    assert walk_m(built, drawing, "p0", "p2") == pytest.approx(100 * math.sqrt(2), abs=0.02)


def test_a_multipolygon_nobody_may_walk_is_refused_and_counted(tmp_path: Path) -> None:
    """Rules hold for relations as for ways."""
    built = network(holed(access="private"), tmp_path)
    assert not (built.edges.kind == Kind.PLAZA).any()
    assert sum(built.report.refused_ways.values()) == 1


def test_a_plaza_on_a_bridge_is_off_the_ground(tmp_path: Path) -> None:
    """Tags of a multipolygon hold for its rim and for the lines across it."""
    edges = network(holed(bridge="yes"), tmp_path).edges
    assert (edges.off_ground == (edges.kind == Kind.PLAZA)).all()


@pytest.mark.parametrize(
    "members",
    [
        ((1, "outer"), (99, "inner")),
        ((3, "outer"),),
        ((1, "outer"), (4, "inner"), (5, "inner")),
        ((4, "outer"), (1, "inner")),
        ((2, "inner"),),
    ],
)
@pytest.mark.parametrize("tags", [{}, {"highway": "footway"}])
def test_a_broken_multipolygon_is_walked_where_its_ways_are(
    tmp_path: Path, members: tuple[tuple[int, str], ...], tags: dict[str, str]
) -> None:
    """Missing members, open rings, holes that cross or surround: counted, not crossed, no crash."""
    drawing = holed().square("k", 20, 0, 40)
    drawing.ways[0] = (drawing.ways[0][0], tags)
    drawing.relations[0] = (members, SQUARE)
    built = network(drawing, tmp_path)
    assert built.report.broken_plazas == 1
    assert not (built.edges.kind == Kind.PLAZA).any()
    assert walk_m(built, drawing, "w", "e") == pytest.approx(400 if tags else math.inf, abs=0.02)


@pytest.mark.parametrize("names", ["p0 p2 p1 p3 p0", "p0 p1 p2 p3", "p0 p1 p0", "p0 p1 p2 p1 p0"])
def test_an_area_that_is_none_is_walked_along_its_way(tmp_path: Path, names: str) -> None:
    """An outline that crosses itself, stays open or encloses nothing is walked, and counted."""
    drawing = square(**PLAZA)
    drawing.ways[0] = (names.split(), PLAZA)
    built = network(drawing, tmp_path)
    assert built.report.broken_plazas == 1
    assert round(math.sqrt(2) * 100, 2) not in lengths_m(built)[:-2] or "p0 p2" in names
    assert (built.edges.kind == Kind.PLAZA).any()


def test_a_plaza_beyond_the_extract_is_walked_as_far_as_it_is_there(tmp_path: Path) -> None:
    """Nothing is known of its inside where a corner is missing; that is no fault of the map."""
    drawing = square(**PLAZA)
    drawing.ways[0] = (["p0", "p1", "p2", "gone", "p0"], PLAZA)
    built = network(drawing, tmp_path)
    assert (built.report.broken_plazas, built.report.cut_ways) == (0, 1)
    assert walk_m(built, drawing, "p0", "p2") == pytest.approx(200, abs=0.02)


def test_repeated_corners_do_no_harm(tmp_path: Path) -> None:
    """A corner named twice, and two nodes in one place, leave a plaza as it is."""
    drawing = square(**PLAZA).node("twin", 50, 50)
    drawing.ways[0] = (["p0", "p0", "p1", "p2", "twin", "p3", "p0", "p0"], PLAZA)
    built = network(drawing, tmp_path)
    assert walk_m(built, drawing, "w", "e") == pytest.approx(341.42, abs=0.02)
    assert built.report.broken_plazas == 0


@st.composite
def areas(draw: st.DrawFn) -> tuple[shapely.Polygon, list[bool]]:
    """Draw a polygon of unit cells, with holes and corners that meet, and entrances on its rims."""
    side = draw(st.integers(2, 5))
    cells = draw(st.lists(st.booleans(), min_size=side * side, max_size=side * side))
    boxes = [shapely.box(i % side, i // side, i % side + 1, i // side + 1) for i in range(side**2)]
    some = shapely.union_all([box for box, there in zip(boxes, cells, strict=True) if there])
    parts = [p for p in shapely.get_parts(some) if not p.is_empty] or [boxes[0]]
    area = max(parts, key=lambda part: part.area)
    # A slant, so that not all lines run along the axes.
    points = sum(len(ring.coords) - 1 for ring in [area.exterior, *area.interiors])
    entrance = draw(st.lists(st.booleans(), min_size=points, max_size=points))
    slant = draw(st.integers(0, 2))
    return shapely.transform(area, lambda xy: xy @ np.array([[3, slant], [1, 2]])), entrance


@settings(max_examples=150, deadline=None)
@given(drawn=areas())
def test_ways_across_are_as_short_as_they_can_be(drawn: tuple[shapely.Polygon, list[bool]]) -> None:
    """Between all entrances, ways are as long as in the full visibility graph, and stay inside."""
    area, entrance = drawn
    rings = [np.array(ring.coords)[:-1] for ring in (area.exterior, *area.interiors)]
    points = np.vstack(rings)
    sizes = [len(ring) for ring in rings]
    offset = np.append(0, np.cumsum(sizes))
    polygons = Polygons(
        way=np.zeros(1, np.int32),
        ring=np.array([0, len(rings)]),
        offset=offset,
        node=np.arange(len(points), dtype=np.int32),
    )
    # A grid of 1e-7 degrees, near the equator: there a degree is as long either way.
    lon, lat = (points * 1e-7 * 50).T
    chords = plaza_chords(polygons, lon, lat, np.array(entrance)).ends
    rim = [(i, i + 1) for i in range(len(rings[0]) - 1)] + [(0, len(rings[0]) - 1)]
    grown = area.buffer(1e-9)
    assert all(grown.covers(shapely.LineString(points[list(pair)])) for pair in chords)
    sees = [
        pair
        for pair in combinations(range(len(points)), 2)
        if grown.covers(shapely.LineString(points[list(pair)]))
    ]
    full, found = (nx.Graph() for _ in range(2))
    for graph, pairs in ((full, sees), (found, [*rim, *map(tuple, chords.tolist())])):
        for a, b in pairs:
            graph.add_edge(a, b, length=math.dist(points[a], points[b]))
    inside = np.flatnonzero(entrance).tolist()
    for a, b in combinations(inside, 2):
        shortest = nx.dijkstra_path_length(full, a, b, "length")
        assert nx.dijkstra_path_length(found, a, b, "length") == pytest.approx(shortest)
