"""Boundaries of drawn extracts: whole ones, ones their edge cuts, and ones that do not count."""

from pathlib import Path

import pytest
from shapely import Point

from circles.errors import InputError
from circles.osm.boundaries import Boundaries, read_boundaries
from tests import drawn_pbf as pbf
from tests.drawn_district import CRS_M
from tests.drawn_osm import Drawing, degrees

ADMIN = {"type": "boundary", "boundary": "administrative", "admin_level": "8"}


def boundary(drawing: Drawing, name: str, *ways: int, **tags: str) -> Drawing:
    """Add a boundary of level 8 made of some ways, by their numbers from 1."""
    said = {**ADMIN, **({"name": name} if name else {}), **tags}
    drawing.relations.append(([(way, "outer") for way in ways], said))
    return drawing


def twins() -> Drawing:
    """Two square kilometres side by side, sharing way 1, and the corners of a third."""
    return (
        Drawing()
        .node("sw", 0, 0).node("s", 1000, 0).node("se", 2000, 0)
        .node("nw", 0, 1000).node("n", 1000, 1000).node("ne", 2000, 1000)
        .way("s n").way("n nw sw s").way("s se ne n")
    )  # fmt: skip


def write(drawing: Drawing, folder: Path) -> Path:
    """Write a drawing that says that it covers 500 m to 1500 m around its corner."""
    path = drawing.write(folder / "drawn.osm")
    (west, south), (east, north) = degrees(-500, -500), degrees(1500, 1500)
    bounds = f'<bounds minlon="{west}" minlat="{south}" maxlon="{east}" maxlat="{north}"/>'
    head, tail = path.read_text("utf-8").split("<node", 1)
    path.write_text(f"{head}{bounds}<node{tail}", "utf-8")
    return path


def read(drawing: Drawing, folder: Path, *, level: int = 8, cut: bool = False) -> Boundaries:
    """Read the boundaries of a drawing that says which box it covers."""
    return read_boundaries(write(drawing, folder), admin_level=level, include_cut=cut)


def areas_km2(found: Boundaries) -> dict[str, float]:
    """Return each boundary's area by its name, to a thousandth of a square kilometre."""
    names, areas = found.frame["name"], found.frame.to_crs(CRS_M).area / 1e6
    return {name: round(float(area), 3) for name, area in zip(names, areas, strict=True)}


def test_boundaries_that_share_a_way_are_both_whole(tmp_path: Path) -> None:
    """Each has its square kilometre, its id and its name; they come sorted by name."""
    found = read(boundary(boundary(twins(), "West", 1, 2), "East", 1, 3), tmp_path)
    assert found.frame[["osm_id", "name", "cut"]].to_numpy().tolist() == [
        ["r2", "East", False],
        ["r1", "West", False],
    ]
    assert areas_km2(found) == {"East": 1.0, "West": 1.0}
    assert found.frame.crs.to_epsg() == 4326
    assert found.frame.geometry[0].contains(Point(degrees(1500, 500)))
    assert found.left_out == ()


def test_a_hole_stays_a_hole(tmp_path: Path) -> None:
    """A town inside a village is no part of the village."""
    drawing = boundary(twins().square("t", 500, 500, 200), "Town", 4)
    drawing.relations.append(
        ([(1, "outer"), (2, "outer"), (4, "inner")], {**ADMIN, "name": "Village"})
    )
    assert areas_km2(read(drawing, tmp_path)) == {"Town": 0.04, "Village": 0.96}


def test_an_island_belongs_to_its_village(tmp_path: Path) -> None:
    """A boundary in two pieces is one community."""
    drawing = boundary(twins().square("i", 5000, 500, 200), "Village", 1, 2, 4)
    assert areas_km2(read(drawing, tmp_path)) == {"Village": 1.04}


def test_other_levels_unnamed_ones_and_other_kinds_do_not_count(tmp_path: Path) -> None:
    """A district, a boundary without a name, a park and a closed way are left out."""
    drawing = boundary(twins(), "West", 1, 2)
    boundary(drawing, "District", 1, 3, admin_level="6")
    boundary(drawing, "", 1, 3)
    boundary(drawing, "Park", 1, 3, boundary="national_park")
    drawing.way("sw s n nw sw", **ADMIN, name="Ring")
    assert areas_km2(read(drawing, tmp_path)) == {"West": 1.0}
    assert areas_km2(read(drawing, tmp_path, level=6)) == {"District": 1.0}


def test_a_level_that_is_not_there_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """Try another level, or give polygons."""
    with pytest.raises(InputError, match=r"no whole named boundary with admin_level = 9.*another"):
        read(boundary(twins(), "West", 1, 2), tmp_path, level=9)


def half_east() -> Drawing:
    """West is whole; of East the extract lacks the corners beyond its edge at 1500 m."""
    drawing = (
        Drawing()
        .node("sw", 0, 0).node("s", 1000, 0).node("s2", 1450, 0)
        .node("nw", 0, 1000).node("n", 1000, 1000).node("n2", 1450, 1000)
        .way("s n").way("n nw sw s").way("s s2 se ne n2 n")
    )  # fmt: skip
    return boundary(boundary(drawing, "West", 1, 2), "East", 1, 3)


def test_a_boundary_cut_by_the_edge_is_left_out_by_name_unless_asked_for(tmp_path: Path) -> None:
    """Only the whole one is read, and the other is not dropped in silence."""
    found = read(half_east(), tmp_path)
    assert areas_km2(found) == {"West": 1.0}
    assert found.left_out == ("East",)


def test_the_visible_part_of_a_cut_boundary_reaches_the_edge(tmp_path: Path) -> None:
    """Half a square kilometre of East lies on the map; its open ends are led to the edge."""
    found = read(half_east(), tmp_path, cut=True)
    assert found.frame.set_index("name")["cut"].to_dict() == {"East": True, "West": False}
    assert areas_km2(found) == {"East": 0.5, "West": 1.0}
    assert found.frame.geometry[0].covers(Point(degrees(1499, 500)))
    assert found.left_out == ()


def test_cut_neighbours_meet_in_the_border_they_share(tmp_path: Path) -> None:
    """South and North are both cut in the east; each has its half, and no ground twice."""
    drawing = (
        Drawing()
        .node("a", 500, -300).node("m", 500, 200).node("b", 500, 700)
        .node("a2", 1450, -300).node("m2", 1450, 200).node("b2", 1450, 700)
        .way("a a2 a3").way("m m2 m3").way("b b2 b3")
        .way("a m").way("m b").way("a3 m3").way("m3 b3")
    )  # fmt: skip
    boundary(boundary(drawing, "South", 1, 2, 4, 6), "North", 2, 3, 5, 7)
    found = read(drawing, tmp_path, cut=True)
    assert areas_km2(found) == {"North": 0.5, "South": 0.5}
    assert found.frame.geometry[0].intersection(found.frame.geometry[1]).area == 0


def test_a_side_that_no_neighbour_tells_is_not_guessed(tmp_path: Path) -> None:
    """East alone: whether the map shows what lies inside its border or outside, nobody knows."""
    drawing = half_east()
    del drawing.relations[0]
    with pytest.raises(InputError, match=r"its edge cuts 1 \(East\).*cannot be told"):
        read(drawing, tmp_path, cut=True)


def test_of_two_boundaries_with_one_line_neither_is_guessed(tmp_path: Path) -> None:
    """A line across the whole map is the border of both: which lies north of it nobody knows."""
    drawing = Drawing().node("a", -450, 500).node("b", 1450, 500)
    drawing.way("x a b y").way("x p y").way("x q y")
    boundary(boundary(drawing, "North", 1, 2), "South", 1, 3)
    with pytest.raises(InputError, match=r"its edge cuts 2 \(North, South\).*cannot be told"):
        read(drawing, tmp_path, cut=True)


def test_ground_beyond_a_cut_boundary_is_nobodys(tmp_path: Path) -> None:
    """East touches West in the west and nothing in the north: what lies beyond is not East's."""
    drawing = half_east()
    boundary(drawing, "South", 4)  # its border is not in the extract at all
    found = read(drawing, tmp_path, cut=True)
    assert areas_km2(found) == {"East": 0.5, "West": 1.0}
    assert found.left_out == ("South",)


def test_where_all_are_cut_the_message_names_them(tmp_path: Path) -> None:
    """The way out is a larger extract, or include_cut."""
    drawing = half_east()
    del drawing.relations[0]
    with pytest.raises(InputError, match=r"its edge cuts 1 \(East\).*include_cut = true"):
        read(drawing, tmp_path)


@pytest.mark.parametrize("ways", [[3], [1, 99]], ids=["open ring", "missing way"])
def test_a_boundary_that_does_not_close_spoils_none_of_the_others(
    tmp_path: Path, ways: list[int]
) -> None:
    """Faults of one relation are no fault of the file."""
    found = read(boundary(boundary(twins(), "West", 1, 2), "Open", *ways), tmp_path)
    assert areas_km2(found) == {"West": 1.0}
    assert found.left_out == ("Open",)


def test_a_boundary_that_crosses_itself_is_not_whole(tmp_path: Path) -> None:
    """It is left out by name, and where it is the only one it is refused by name."""
    drawing = boundary(twins().way("sw n s nw sw"), "Bow tie", 4)
    with pytest.raises(InputError, match="Bow tie"):
        read(drawing, tmp_path)
    boundary(drawing, "East", 1, 3)
    found = read(drawing, tmp_path)
    assert areas_km2(found) == {"East": 1.0}
    assert found.left_out == ("Bow tie",)


def test_a_name_that_is_no_text_is_the_files_fault(tmp_path: Path) -> None:
    """A damaged name is an error that names the file, as other damage is."""
    words = ["", "boundary", "administrative", "admin_level", "9", "name", b"\xff\xfe"]
    ring = pbf.ways(pbf.way(7, [], [], [1, 2, 3, 1]))
    relation = pbf.relations(pbf.relation(5, [1, 3, 5], [2, 4, 6], [(0, 7, 1)]))
    nodes = pbf.nodes(pbf.dense([1, 2, 3], [0, 9, 0], [0, 0, 9]))
    path = pbf.write(tmp_path / "x.osm.pbf", pbf.block(nodes, ring, relation, words=words))
    with pytest.raises(InputError, match=r"x\.osm\.pbf: .*cannot be read to its end"):
        read_boundaries(path, admin_level=9)
