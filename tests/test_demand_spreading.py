"""People spread over homes: shares a reader can compute, and sums that no home may change."""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from circles.demand import (
    Cells,
    Demand,
    cells_from_layer,
    cells_from_rasters,
    cells_of_communities,
    group_weights,
    spread_evenly,
    spread_over_buildings,
)
from circles.errors import FaultsError
from tests.drawn_heights import CRS_M, corner, write_grid
from tests.drawn_people import drawn, drawn_in_metres, notes, sums

#: Two communities of one square kilometre, side by side.
WEST, EAST = box(-1000, 0, 0, 1000), box(0, 0, 1000, 1000)
Home = tuple[BaseGeometry, str]


def homes(*rows: Home) -> gpd.GeoDataFrame:
    """Return homes: their outline, and their levels; a level of 0 is a school."""
    tags = [
        {"building": "house", "building:levels": levels}
        if levels != "0"
        else {"building": "school"}
        for _, levels in rows
    ]
    outlines = [outline for outline, _ in rows]
    return gpd.GeoDataFrame({"tags": tags}, geometry=outlines, crs=CRS_M)


def block(x: float, y: float, levels: str = "1", side: float = 20.0) -> Home:
    """Return a home of 20 m by 20 m with its south-west corner at a place."""
    return box(x, y, x + side, y + side), levels


def cells(*outlines: Polygon, people: Sequence[float], **groups: Sequence[float]) -> Cells:
    """Return cells with all residents, and further groups."""
    numbers = {"all": people, **groups}
    return Cells(
        np.array(outlines, dtype=object),
        {group: np.array(values, dtype=np.float64) for group, values in numbers.items()},
    )


def spread(layer: Cells | list[Cells], buildings: gpd.GeoDataFrame) -> Demand:
    """Spread cells over homes in the west and the east."""
    return spread_over_buildings(layer, buildings, drawn_in_metres(WEST, EAST), CRS_M)


def test_people_of_a_cell_are_shared_by_floor_area() -> None:
    """Three levels and one of the same footprint: 75 and 25 of 100 people; nobody in the school."""
    demand = spread(
        cells(box(0, 0, 100, 100), people=[100]),
        homes(block(10, 10, "3"), block(60, 60, "1"), block(10, 60, "0")),
    )
    assert demand.weights["all"].tolist() == pytest.approx([75, 25])
    assert demand.x_m.tolist() == pytest.approx([20, 70])
    assert sums(demand) == pytest.approx([0, 100])
    assert demand.source.tolist() == ["none", "population"]
    assert "assumptions.spread_over_homes" in notes(demand)
    assert "assumptions.floor_area" in notes(demand)


def test_nobody_moves_to_the_next_cell() -> None:
    """A tower in the second cell does not draw people out of the first."""
    demand = spread(
        cells(box(0, 0, 100, 100), box(100, 0, 200, 100), people=[100, 7]),
        homes(block(10, 10, "1"), block(110, 10, "50")),
    )
    assert demand.weights["all"].tolist() == pytest.approx([100, 7])


def test_a_home_across_two_cells_is_split_by_its_footprint() -> None:
    """A quarter of its 400 m² lies in the first cell, beside a home of 100 m² of floor."""
    demand = spread(
        cells(box(0, 0, 100, 100), box(100, 0, 200, 100), people=[100, 60]),
        homes(block(95, 0, "1"), block(10, 10, "1", side=10)),
    )
    # First cell: 100 m² of either; second cell: all 300 m² are the first home's.
    at = sorted(zip(demand.x_m.tolist(), demand.weights["all"].tolist(), strict=True))
    assert [weight for _, weight in at] == pytest.approx([50, 50, 60])
    assert [x for x, _ in at] == pytest.approx([15, 97.5, 107.5], abs=2.6)


def test_a_cell_without_homes_is_spread_evenly_and_told() -> None:
    """Half of it lies in the west, and it is 10 of 110 people."""
    demand = spread(
        cells(box(100, 100, 200, 200), box(-50, 0, 50, 100), people=[100, 10]),
        homes(block(110, 110)),
    )
    assert sums(demand) == pytest.approx([5, 105])
    assert notes(demand)["warnings.cells_without_homes"] == {
        "count": 1, "people": 10, "share": 9.1,
    }  # fmt: skip


def test_homes_decide_which_community_people_of_a_cell_live_in() -> None:
    """The cell lies half in the west, where no home is: everybody lives in the east."""
    demand = spread(cells(box(-50, 0, 50, 100), people=[10]), homes(block(10, 10)))
    assert sums(demand) == pytest.approx([0, 10])


def test_people_in_homes_outside_every_community_are_counted_apart() -> None:
    """Two homes of a cell, one of them south of the border."""
    demand = spread(
        cells(box(0, -100, 100, 100), people=[10]), homes(block(10, 10), block(10, -90))
    )
    assert sums(demand) == pytest.approx([0, 5])
    assert demand.outside["all"] == pytest.approx(5)


def test_each_group_is_spread_and_kept() -> None:
    """The old of one cell are withheld: the community does not know its old."""
    demand = spread(
        cells(box(0, 0, 100, 100), box(-200, 0, -100, 100), people=[9, 5], old=[3, np.nan]),
        homes(block(10, 10), block(-150, 10)),
    )
    assert sums(demand, "old") == pytest.approx([0, 3])
    assert demand.unknown["old"].tolist() == [True, False]


def test_communities_with_totals_are_cells_themselves() -> None:
    """A home across the border belongs to both by its footprint, as the table's totals do."""
    population = pd.DataFrame({"all": [100.0, 60.0], "60+": [np.nan, 6.0]}, index=["a", "b"])
    communities = drawn_in_metres(WEST, EAST)
    layer = cells_of_communities(communities, population, CRS_M)
    demand = spread(layer, homes(block(-10, 10), block(500, 500, "1"), block(-500, 500, "3")))
    assert sums(demand) == pytest.approx([100, 60])
    west = demand.community == 0
    # 200 m² of the home on the border and 1,200 m² of three levels; in the east 200 and 400 m².
    assert sorted(demand.weights["all"][west]) == pytest.approx([100 / 7, 600 / 7])
    assert sorted(demand.weights["all"][~west]) == pytest.approx([20, 40])
    old = group_weights(demand, population, "60+")
    assert np.bincount(demand.community, old.weight) == pytest.approx([100, 6])
    assert old.assumed.tolist() == [True, False]


def test_a_community_without_homes_keeps_its_total() -> None:
    """Its people are spread over its whole area, in pieces of 100 m, all of them its own."""
    population = pd.DataFrame({"all": [100.0, 60.0]})
    layer = cells_of_communities(drawn_in_metres(WEST, EAST), population, CRS_M)
    demand = spread(layer, homes(block(-500, 500)))
    assert sums(demand) == pytest.approx([100, 60])
    assert len(demand) == 101
    evenly = spread_evenly(layer, drawn_in_metres(WEST, EAST), CRS_M)
    assert sums(evenly) == pytest.approx([100, 60])


def test_cells_of_a_raster_are_spread_like_any_others(tmp_path: Path) -> None:
    """Four cells of 100 m; a fifth one outside is in the sum."""
    value = np.array([[10.0, 20.0], [30.0, 40.0], [5.0, 0.0]])
    path = write_grid(tmp_path / "a.tif", value, transform=corner(-100, 200, 100))
    layer = cells_from_rasters({"all": path}, drawn_in_metres(WEST, EAST), CRS_M)
    demand = spread(layer, homes(block(-90, 110), block(10, 10, "1"), block(50, 50, "3")))
    weights = sorted(demand.weights["all"].tolist())
    assert weights == pytest.approx([10, 10, 20, 30, 30])  # 40 as 10 and 30
    assert demand.outside["all"] == pytest.approx(5)


def test_cells_of_a_layer_know_their_rows() -> None:
    """A cell far away has no part in it and is listed; points cannot be spread."""
    layer = drawn(box(0, 0, 100, 100), box(9000, 0, 9100, 100), people=[10, 4])
    layer.index = pd.Index([1, 2], name="row")
    communities = drawn(WEST, EAST)
    found = cells_from_layer(layer, {"all": "people"}, communities, CRS_M, where="cells.gpkg")
    demand = spread_over_buildings(found, homes(block(10, 10)), communities, CRS_M)
    assert sums(demand) == pytest.approx([0, 10])
    assert demand.outside == {"all": pytest.approx(4)}
    (ledger,) = demand.ledgers
    assert [(event.row, event.note.key) for event in ledger.events] == [(2, "people.outside")]
    points = drawn(box(0, 0, 1, 1), Point(1, 1), people=[1, 1])
    with pytest.raises(FaultsError, match="row 1 hold no polygon"):
        cells_from_layer(points, {"all": "people"}, communities, CRS_M, where="cells.gpkg")


places = st.tuples(st.integers(-60, 60), st.integers(-10, 60)).map(lambda p: (10 * p[0], 10 * p[1]))
sizes = st.tuples(st.integers(1, 30), st.integers(1, 30))


@settings(max_examples=40, deadline=None)
@given(
    grid=st.lists(st.tuples(places, sizes, st.integers(0, 500)), min_size=1, max_size=5),
    built=st.lists(st.tuples(places, st.integers(1, 9), st.integers(5, 60)), max_size=8),
)
def test_sums_of_each_cell_and_group_stay_what_they_are(
    grid: list[tuple[tuple[int, int], tuple[int, int], int]],
    built: list[tuple[tuple[int, int], int, int]],
) -> None:
    """Alone, each cell keeps its people, inside communities and outside, to 1e-9; so do all."""
    outlines = [box(x, y, x + 10 * w, y + 10 * h) for (x, y), (w, h), _ in grid]
    people = [float(number) for *_, number in grid]
    buildings = homes(*(block(x + 3, y + 3, str(n), side) for (x, y), n, side in built))
    old = [number / 3 for number in people]
    together = spread(cells(*outlines, people=people, old=old), buildings)
    for group, numbers in (("all", people), ("old", old)):
        found = together.weights[group].sum() + together.outside[group]
        assert found == pytest.approx(sum(numbers), rel=1e-9)
    for outline, number in zip(outlines, people, strict=True):
        alone = spread(cells(outline, people=[number]), buildings)
        assert alone.weights["all"].sum() + alone.outside["all"] == pytest.approx(number, rel=1e-9)
        at_home = sum(
            (home & outline).area > 0.01 and home.area >= 20 for home in buildings.geometry
        )
        assert ("warnings.cells_without_homes" in notes(alone)) == (not at_home and number > 0)


@settings(max_examples=30, deadline=None)
@given(
    built=st.lists(
        st.tuples(
            st.integers(-150, 330), st.integers(0, 200), st.integers(1, 9), st.integers(5, 60)
        ),
        min_size=1,
        max_size=10,
    )
)
def test_each_home_gets_what_a_slow_count_gives_it(
    built: list[tuple[int, int, int, int]],
) -> None:
    """Cell by cell and home by home, with shapely's areas alone."""
    outlines = [box(100 * i, 0, 100 * i + 100, 100) for i in range(3)]
    people = [50.0, 70.0, 90.0]
    rows = [block(x, y, str(n), side) for x, y, n, side in built]
    demand = spread(cells(*outlines, people=people), homes(*rows))
    expected: list[float] = []
    for outline, number in zip(outlines, people, strict=True):
        floor = [(home & outline).area * int(levels) for home, levels in rows]
        whole = sum(floor)
        expected += [number * area / whole for area in floor if area > 0] if whole else [number]
    assert sorted(demand.weights["all"].tolist()) == pytest.approx(sorted(expected))
