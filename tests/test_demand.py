"""Where people live: weights that a reader can add up, and sums that nothing may change."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from circles.demand import (
    Demand,
    communities_of_points,
    demand_from_buildings,
    demand_from_layer,
    group_weights,
    with_frontage,
)
from circles.errors import FaultsError
from circles.network import WalkNetwork
from tests.drawn_district import CRS_M, communities_m, layer_m, network_m, people_m, square
from tests.drawn_osm import Drawing

#: Two communities of one square kilometre, side by side.
WEST, EAST = box(-1000, 0, 0, 1000), box(0, 0, 1000, 1000)
#: Each example cuts polygons, and a machine may be busy.
few = settings(max_examples=30, deadline=None)


def table(*outlines: Polygon) -> gpd.GeoDataFrame:
    """Return the table of some communities, a, b and so on."""
    return communities_m(dict(zip("abcdefgh", outlines, strict=False))).table


def spread(
    layer: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, columns: Mapping[str, str] | None = None
) -> Demand:
    """Spread a layer of people over communities."""
    return demand_from_layer(layer, columns or {"all": "people"}, communities, CRS_M, where="cells")


def sums(demand: Demand, group: str = "all") -> list[float]:
    """Return what each community's points weigh."""
    return [
        float(demand.weights[group][demand.community == row].sum())
        for row in range(len(demand.source))
    ]


def population(**groups: Sequence[float]) -> pd.DataFrame:
    """Return residents by community, ``all=…`` and ``old=…``."""
    frame = pd.DataFrame(dict(groups), dtype=np.float64)
    return frame.rename(columns={"old": "60+"})


def by_community(demand: Demand, weight: np.ndarray) -> list[float]:
    """Return the sum of weights in each community."""
    return list(np.bincount(demand.community, weight, minlength=len(demand.source)))


# Buildings.


def homes(*rows: tuple[float, float, str]) -> gpd.GeoDataFrame:
    """Return homes of 20 m by 20 m: their middle, metres, and their levels."""
    tags = [{"building": "house", "building:levels": levels} for *_, levels in rows]
    return layer_m([square(x, y, 20) for x, y, _ in rows], tags=tags)


def test_homes_weigh_what_floor_they_have_where_they_stand() -> None:
    """Three levels of 400 m2 in the west, one in the east; the third stands outside both."""
    demand = demand_from_buildings(
        homes((-500, 500, "3"), (300, 700, "1"), (5000, 0, "9")), table(WEST, EAST), CRS_M
    )
    assert sums(demand, "floor_area_m2") == pytest.approx([1200, 400], rel=1e-6)
    assert demand.x_m.tolist() == pytest.approx([-500, 300], abs=0.1)
    assert demand.y_m.tolist() == pytest.approx([500, 700], abs=0.1)
    assert demand.source.tolist() == ["buildings", "buildings"]


def test_a_community_without_homes_has_no_source() -> None:
    """Nothing is known about the east, and it says so."""
    demand = demand_from_buildings(homes((-500, 500, "3")), table(WEST, EAST), CRS_M)
    assert demand.source.tolist() == ["buildings", "none"]


# Layers of people.


def test_points_keep_their_numbers_and_find_their_community() -> None:
    """Ten people here, twenty there, and five outside who are reported."""
    layer = layer_m(
        [Point(-500, 500), Point(500, 500), Point(9000, 0)], people=[10, 20, 5], old=[1, 2, 3]
    )
    demand = spread(layer, table(WEST, EAST), {"all": "people", "60+": "old"})
    assert sums(demand) == [10, 20]
    assert sums(demand, "60+") == [1, 2]
    (note,) = demand.notes
    assert note.key == "warnings.demand_outside"
    assert dict(note.values) == {"share": 14.3}  # 5 of 35 residents


def test_a_cell_across_a_border_is_shared_by_area() -> None:
    """A quarter of a cell of 200 m lies in the west, three quarters in the east."""
    demand = spread(layer_m([box(-50, 100, 150, 300)], people=[80]), table(WEST, EAST))
    assert sums(demand) == pytest.approx([20, 60], rel=1e-6)
    assert [note.key for note in demand.notes] == ["assumptions.even_cells"]


def test_a_wide_cell_is_cut_into_pieces_no_wider_than_100_m() -> None:
    """400 m by 400 m become 16 points of two people each, near the middle of their squares."""
    demand = spread(layer_m([box(200, 200, 600, 600)], people=[32]), table(WEST, EAST))
    assert demand.weights["all"].tolist() == pytest.approx([2] * 16, rel=1e-4)
    middles = [250, 350, 450, 550]
    places = np.array(sorted(zip(demand.x_m.tolist(), demand.y_m.tolist(), strict=True)))
    expected = np.array([(x, y) for x in middles for y in middles], dtype=np.float64)
    assert np.abs(places - expected).max() < 5


def test_people_outside_every_community_are_reported_by_their_share() -> None:
    """Half of the cell lies outside; the old, of whom nothing is said, do not count twice."""
    layer = layer_m([box(950, 0, 1050, 100)], people=[90], old=[30])
    demand = spread(layer, table(WEST, EAST), {"all": "people", "60+": "old"})
    assert sums(demand) == pytest.approx([0, 45], rel=1e-5)
    notes = {note.key: dict(note.values) for note in demand.notes}
    assert notes["warnings.demand_outside"] == {"share": 50.0}


def test_where_communities_overlap_people_count_once_for_the_first() -> None:
    """The whole cell lies in both communities, as 100 people and not 200."""
    layer = layer_m([box(100, 100, 150, 150), box(-50, 100, 50, 150)], people=[100, 10])
    demand = spread(layer, table(box(-200, 0, 1000, 1000), EAST))
    assert sums(demand) == pytest.approx([110, 0], rel=1e-6)


def test_a_cell_that_crosses_itself_still_holds_its_people() -> None:
    """A bow tie is two triangles with thirty people on each side of the border."""
    bow = Polygon([(-60, 0), (60, 120), (60, 0), (-60, 120)])
    demand = spread(layer_m([bow], people=[60]), table(WEST, EAST))
    assert sums(demand) == pytest.approx([30, 30], rel=1e-5)


def test_cells_of_no_area_and_no_place_lose_their_people_and_say_so() -> None:
    """A polygon without area and one that is empty hold nobody anywhere."""
    flat = Polygon([(10, 10), (20, 20), (10, 10), (10, 10)])
    layer = layer_m([square(500, 500, 50), flat, Polygon()], people=[50, 25, 25])
    demand = spread(layer, table(WEST, EAST))
    assert sums(demand) == pytest.approx([0, 50], rel=1e-6)
    assert dict(demand.notes[-1].values) == {"share": 50.0}


def test_an_empty_cell_of_a_table_is_nobody() -> None:
    """A census leaves cells empty where nobody lives."""
    layer = layer_m([Point(-500, 500), Point(500, 500)], people=[None, 4.0])
    assert sums(spread(layer, table(WEST, EAST))) == [0, 4]


def test_every_fault_of_the_columns_is_named_at_once() -> None:
    """A column that is not there, one with words in it, and one below zero."""
    layer = layer_m([Point(0, 0), Point(1, 1)], people=["12", "many"], old=[-1.0, 2.0])
    columns = {"all": "people", "60+": "old", "0-3": "babies"}
    with pytest.raises(FaultsError) as caught:
        spread(layer, table(WEST, EAST), columns)
    people, old, babies = caught.value.faults
    assert "column 'people' holds 'many' in row 1; a number of 0 or more" in people
    assert "column 'old' holds '-1' in row 0" in old
    assert "no column 'babies' for group '0-3'" in babies


@pytest.mark.parametrize("number", [np.inf, -np.inf])
def test_endless_people_are_refused(number: float) -> None:
    """Infinity is a number to a spreadsheet and to nobody else."""
    layer = layer_m([Point(0, 0)], people=[number])
    with pytest.raises(FaultsError, match=r"column 'people' holds '-?inf' in row 0"):
        spread(layer, table(WEST, EAST))


def test_a_layer_of_which_nothing_is_said_is_refused() -> None:
    """Without a column of people there is nothing to spread."""
    with pytest.raises(FaultsError, match="not said which columns count people"):
        demand_from_layer(
            layer_m([Point(0, 0)], people=[1]), {}, table(WEST, EAST), CRS_M, where="cells"
        )


cells = st.lists(
    st.tuples(
        st.integers(-120, 120), st.integers(-20, 120), st.integers(1, 40), st.integers(1, 40)
    ).map(lambda c: box(10 * c[0], 10 * c[1], 10 * (c[0] + c[2]), 10 * (c[1] + c[3]))),
    min_size=1,
    max_size=4,
)
outlines = st.lists(
    st.tuples(st.integers(-10, 8), st.integers(-2, 8), st.integers(1, 12), st.integers(1, 12)).map(
        lambda c: box(100 * c[0], 100 * c[1], 100 * (c[0] + c[2]), 100 * (c[1] + c[3]))
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda outline: outline.wkb,
)


@few
@given(cells=cells, outlines=outlines, data=st.data())
def test_cut_cells_put_each_person_in_the_first_community_there_and_nowhere_else(
    cells: list[Polygon], outlines: list[Polygon], data: st.DataObject
) -> None:
    """Each community gets of each cell the share of area that no earlier community has taken."""
    people = data.draw(
        st.lists(st.integers(0, 1000), min_size=len(cells), max_size=len(cells)), label="people"
    )
    demand = spread(layer_m(cells, people=people), table(*outlines))
    expected = []
    taken: BaseGeometry = Polygon()
    for outline in outlines:
        own = outline - taken
        expected.append(
            sum(n * (cell & own).area / cell.area for n, cell in zip(people, cells, strict=True))
        )
        taken = taken | outline
    assert sums(demand) == pytest.approx(expected, rel=1e-4, abs=1e-2)
    assert demand.weights["all"].min(initial=0.0) >= 0


@few
@given(cells=cells, data=st.data())
def test_cut_cells_lose_and_invent_nobody(cells: list[Polygon], data: st.DataObject) -> None:
    """Communities that tile the ground share all people among them, however they cut the cells."""
    people = data.draw(st.lists(st.integers(0, 1000), min_size=len(cells), max_size=len(cells)))
    x, y = data.draw(st.integers(-900, 900)), data.draw(st.integers(-200, 900))
    tiles = [
        box(-2000, -2000, x, y), box(x, -2000, 2000, y),
        box(-2000, y, x, 2000), box(x, y, 2000, 2000),
    ]  # fmt: skip
    demand = spread(layer_m(cells, people=people), table(*tiles))
    assert sum(sums(demand)) == pytest.approx(sum(people), rel=1e-9)


@pytest.mark.parametrize(
    ("place", "row"), [((-1, 500), 0), ((1, 500), 1), ((0, 500), 0), ((0, -1), -1)]
)
def test_a_point_on_a_border_belongs_to_the_first(place: tuple[float, float], row: int) -> None:
    """To the west, to the east, on the border between, and outside."""
    frame = gpd.GeoDataFrame(geometry=[WEST, EAST], crs=CRS_M)
    points = np.array([Point(*place)], dtype=object)
    assert communities_of_points(points, frame, CRS_M).tolist() == [row]


# Groups.


def test_people_are_scaled_to_the_communitys_own_total() -> None:
    """Ten and thirty points of people in a community of 100 are 25 and 75."""
    communities = communities_m({"a": EAST})
    demand = people_m(communities, [(100, 100), (900, 900)], all=[10, 30])
    found = group_weights(demand, population(all=[100]), "all")
    assert found.weight.tolist() == [25, 75]
    assert found.unit.tolist() == ["people"]
    assert found.assumed.tolist() == [False]


def test_each_group_is_scaled_by_itself() -> None:
    """The old live where the layer says they do, as many as the community table says."""
    communities = communities_m({"a": EAST})
    demand = people_m(communities, [(100, 100), (900, 900)], all=[10, 30], old=[3, 1])
    counted = population(all=[100], old=[8])
    assert group_weights(demand, counted, "60+").weight.tolist() == [6, 2]
    assert group_weights(demand, counted, "all").weight.tolist() == [25, 75]


def test_a_group_the_table_counts_is_spread_like_all_residents() -> None:
    """Where nobody says where the old live, 8 of them are spread as everybody is."""
    communities = communities_m({"a": EAST})
    demand = people_m(communities, [(100, 100), (900, 900)], all=[10, 30])
    found = group_weights(demand, population(all=[100], old=[8]), "60+")
    assert found.weight.tolist() == [2, 6]
    assert found.assumed.tolist() == [False]


def test_a_group_nobody_counted_falls_back_to_all_residents_and_says_so() -> None:
    """Community a counts its old, b does not: everybody stands in for them there."""
    communities = communities_m({"a": WEST, "b": EAST})
    demand = people_m(communities, [(-500, 500), (500, 500)], all=[10, 30])
    found = group_weights(demand, population(all=[100, 300], old=[20, np.nan]), "60+")
    assert found.weight.tolist() == [20, 300]
    assert found.assumed.tolist() == [False, True]
    assert found.unit.tolist() == ["people", "people"]


def test_the_layers_own_numbers_stand_where_the_table_has_none() -> None:
    """Nothing is scaled and nothing is assumed; all residents of the table do not come in."""
    communities = communities_m({"a": EAST})
    demand = people_m(communities, [(100, 100), (900, 900)], all=[10, 30], old=[3, 1])
    found = group_weights(demand, population(all=[100]), "60+")
    assert found.weight.tolist() == [3, 1]
    assert (found.unit.tolist(), found.assumed.tolist()) == (["people"], [False])


def test_floor_area_carries_the_people_of_the_table() -> None:
    """1200 m2 and 400 m2 of floor hold 75 and 25 of 100 people."""
    demand = demand_from_buildings(homes((200, 500, "3"), (300, 700, "1")), table(EAST), CRS_M)
    found = group_weights(demand, population(all=[100]), "all")
    assert found.weight.tolist() == pytest.approx([75, 25], rel=1e-6)
    assert found.unit.tolist() == ["people"]


def test_where_nobody_counted_people_floor_area_stands_in() -> None:
    """The unit says so, community by community."""
    demand = demand_from_buildings(
        homes((-500, 500, "3"), (300, 700, "1")), table(WEST, EAST), CRS_M
    )
    found = group_weights(demand, population(all=[np.nan, 50]), "all")
    assert found.unit.tolist() == ["floor_area_m2", "people"]
    assert found.weight.tolist() == pytest.approx([1200, 50], rel=1e-6)
    assert group_weights(demand, pd.DataFrame(index=range(2)), "60+").assumed.all()


def test_a_layer_that_counts_another_group_says_nothing_of_this_one() -> None:
    """Numbers of old people are no numbers of children: no weight, and no people counted."""
    communities = communities_m({"a": EAST})
    demand = people_m(communities, [(100, 100)], old=[3])
    found = group_weights(demand, population(all=[np.nan]), "0-3")
    assert found.weight.tolist() == [0]
    assert found.unit.tolist() != ["people"]


@few
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 2), st.integers(1, 50), st.integers(1, 50)),
        min_size=1,
        max_size=12,
    ),
    totals=st.lists(st.none() | st.integers(0, 5000), min_size=3, max_size=3),
    olds=st.lists(st.none() | st.integers(0, 5000), min_size=3, max_size=3),
    layer_counts_old=st.booleans(),
)
def test_weights_add_up_to_the_community_tables_totals(
    rows: list[tuple[int, int, int]],
    totals: list[int | None],
    olds: list[int | None],
    *,
    layer_counts_old: bool,
) -> None:
    """Wherever the table counts a group, its points add up to that; ratios stay the layer's."""
    community = np.array([row[0] for row in rows], dtype=np.int32)
    weights = {"all": np.array([row[1] for row in rows], dtype=np.float64)}
    if layer_counts_old:
        weights["60+"] = np.array([row[2] for row in rows], dtype=np.float64)
    here = np.bincount(community, minlength=3) > 0
    place = np.zeros(len(rows))
    demand = Demand(place, place, community, weights, np.where(here, "population", "none"))
    counted = pd.DataFrame({"all": totals, "60+": olds}, dtype=np.float64)
    found = group_weights(demand, counted, "60+")
    pattern = weights.get("60+", weights["all"])
    for row in np.flatnonzero(here):
        own = found.weight[community == row]
        if olds[row] is not None:
            assert own.sum() == pytest.approx(olds[row])
        elif layer_counts_old:
            assert own.tolist() == pattern[community == row].tolist()
        elif totals[row] is not None:
            assert own.sum() == pytest.approx(totals[row])
        assert found.assumed[row] == (olds[row] is None and not layer_counts_old)
        if own.sum():
            shares = pattern[community == row] / pattern[community == row].sum()
            assert (own / own.sum()).tolist() == pytest.approx(shares.tolist())


# Frontage.


@pytest.fixture(name="streets")
def _streets(tmp_path: Path) -> WalkNetwork:
    """Draw a street of 800 m through the east, 390 m of a side street, and one in the west."""
    drawing = (
        Drawing().node("a", 100, 500).node("b", 500, 500).node("c", 900, 500).node("d", 500, 890)
        .node("w", -300, 500).way("w a b c", highway="residential").way("b d", highway="footway")
    )  # fmt: skip
    return network_m(drawing, tmp_path, min_piece_m=0.0)


def no_people(communities: gpd.GeoDataFrame) -> Demand:
    """Return what is known of people where nothing is."""
    return demand_from_buildings(homes(), communities, CRS_M)


def test_streets_stand_in_for_people_of_whom_nothing_is_known(streets: WalkNetwork) -> None:
    """The east has 900 m and 390 m of street, the west 300 m; every 25 m there is a point."""
    communities = table(WEST, EAST)
    demand = with_frontage(no_people(communities), streets, communities)
    assert demand.source.tolist() == ["frontage", "frontage"]
    assert sums(demand, "frontage_m") == pytest.approx([300, 1290], abs=25)
    assert demand.weights["frontage_m"].sum() == pytest.approx(1590, abs=0.1)
    assert demand.weights["frontage_m"].max() <= 25 + 1e-6
    lines = LineString([(-300, 500), (900, 500)]).union(LineString([(500, 500), (500, 890)]))
    places = [Point(x, y) for x, y in zip(demand.x_m, demand.y_m, strict=True)]
    assert max(lines.distance(place) for place in places) < 0.1
    side = sorted(place.y for place in places if place.y > 500.5)
    assert side == pytest.approx([500 + 390 / 16 * (i + 0.5) for i in range(16)], abs=0.1)
    (note,) = [note for note in demand.notes if note.key == "warnings.frontage"]
    assert dict(note.values) == {"count": 2, "examples": ("a", "b")}


def test_frontage_is_for_those_alone_who_have_nothing_else(streets: WalkNetwork) -> None:
    """The west has a home, whose weight stays what it is."""
    communities = table(WEST, EAST)
    known = demand_from_buildings(homes((-500, 500, "2")), communities, CRS_M)
    demand = with_frontage(known, streets, communities)
    assert demand.source.tolist() == ["buildings", "frontage"]
    assert sums(demand, "floor_area_m2") == pytest.approx([800, 0], rel=1e-6)
    assert sums(demand, "frontage_m") == pytest.approx([0, 1290], abs=25)
    assert known.source.tolist() == ["buildings", "none"]  # what was given is not changed


def test_where_everybody_is_known_no_street_is_counted(streets: WalkNetwork) -> None:
    """The demand comes back as it was."""
    communities = table(EAST)
    demand = demand_from_buildings(homes((500, 500, "2")), communities, CRS_M)
    assert with_frontage(demand, streets, communities) is demand


def test_a_community_without_a_street_stays_unknown(streets: WalkNetwork) -> None:
    """Nothing stands in for people where no street runs, and no note claims it."""
    communities = table(box(5000, 5000, 6000, 6000))
    demand = with_frontage(no_people(communities), streets, communities)
    assert demand.source.tolist() == ["none"]
    assert len(demand) == 0
    assert not [note for note in demand.notes if note.key == "warnings.frontage"]


def test_frontage_carries_the_people_of_the_table(streets: WalkNetwork) -> None:
    """Twelve hundred residents of whom no home is known live along the streets, evenly."""
    communities = table(EAST)
    demand = with_frontage(no_people(communities), streets, communities)
    found = group_weights(demand, population(all=[1200]), "all")
    assert found.unit.tolist() == ["people"]
    assert found.weight.sum() == pytest.approx(1200)
    assert found.weight.max() == pytest.approx(1200 * 25 / 1290, rel=0.02)
    bare = group_weights(demand, population(all=[np.nan]), "all")
    assert bare.unit.tolist() == ["frontage_m"]


def test_frontage_beside_a_layer_of_people_takes_all_residents_for_the_group(
    streets: WalkNetwork,
) -> None:
    """The layer counts the old in the west only: in the east everybody stands in for them."""
    communities = communities_m({"a": WEST, "b": EAST})
    people = people_m(communities, [(-500, 500)], all=[100], old=[20])
    demand = with_frontage(people, streets, communities.table)
    found = group_weights(demand, population(all=[np.nan, 900]), "60+")
    assert by_community(demand, found.weight) == pytest.approx([20, 900])
    assert found.assumed.tolist() == [False, True]
    assert found.unit.tolist() == ["people", "people"]
