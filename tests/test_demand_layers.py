"""Layers of people: withheld numbers, overlapping cells, addresses, and the books of their rows."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point, box

from circles.demand import Demand, demand_from_addresses, demand_from_layer, group_weights
from circles.errors import FaultsError, InputError
from circles.tables.ledger import Fate, Ledger
from circles.texts import Note, load_texts
from tests.drawn_heights import CRS_M
from tests.drawn_people import drawn, notes, sums

#: Two communities of one square kilometre, side by side.
WEST, EAST = box(-1000, 0, 0, 1000), box(0, 0, 1000, 1000)


def rows(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a layer whose rows are numbered as a file's features are, from 1."""
    return frame.set_index(pd.RangeIndex(1, len(frame) + 1, name="row"))


def read(layer: gpd.GeoDataFrame, **options: object) -> Demand:
    """Read a layer of all residents and, if it has them, the old."""
    columns = {"all": "people"} | ({"60+": "old"} if "old" in layer else {})
    return demand_from_layer(layer, columns, drawn(WEST, EAST), CRS_M, where="cells", **options)  # type: ignore[arg-type]


def fates(demand: Demand) -> list[tuple[int, str, str]]:
    """Return what became of rows: row, fate, and the note's key."""
    (ledger,) = demand.ledgers
    return [(event.row, str(event.fate), event.note.key) for event in ledger.events]


def test_a_negative_number_is_refused_and_the_setting_told() -> None:
    """Whether -1 is a mistake or a mark is for the planner to say."""
    layer = rows(drawn(Point(100, 100), Point(200, 200), people=[5, -1]))
    with pytest.raises(FaultsError, match=r"holds '-1' in row 2.*suppressed = \[-1\]"):
        read(layer)


def test_withheld_numbers_count_nobody_and_are_listed() -> None:
    """Both marks, in either column; they are never summed."""
    layer = rows(
        drawn(
            *(box(x, 100, x + 100, 200) for x in (100, 200, 300)),
            people=[50, -1, 70], old=[99, 99, 10],
        )
    )  # fmt: skip
    demand = read(layer, suppressed=[-1, 99])
    assert sums(demand) == pytest.approx([0, 120])
    assert sums(demand, "60+") == pytest.approx([0, 10])
    assert fates(demand) == [
        (2, "doubtful", "people.suppressed"),
        (1, "doubtful", "people.suppressed"),
        (2, "doubtful", "people.suppressed"),
    ]
    assert demand.ledgers[0].used == 3
    assert notes(demand)["warnings.people_suppressed"] == {"origin": "cells", "count": 2}


@pytest.mark.parametrize("as_points", [True, False])
def test_where_a_whole_community_is_withheld_it_is_not_nobody(*, as_points: bool) -> None:
    """Its old are not known: the table's number stands, or all its residents stand in for them."""
    places = [(100, 100), (-200, 100)]
    shapes = [Point(x, y) if as_points else box(x, y, x + 50, y + 50) for x, y in places]
    demand = read(rows(drawn(*shapes, people=[50, 40], old=[5, -1])), suppressed=[-1])
    assert demand.unknown["60+"].tolist() == [True, False]
    found = group_weights(demand, pd.DataFrame(index=[0, 1]), "60+")
    assert np.bincount(demand.community, found.weight) == pytest.approx([40, 5])
    assert found.assumed.tolist() == [True, False]
    counted = group_weights(demand, pd.DataFrame({"60+": [8.0, np.nan]}), "60+")
    assert np.bincount(demand.community, counted.weight) == pytest.approx([8, 5])
    assert counted.assumed.tolist() == [False, False]


def test_a_community_of_which_everything_is_withheld_has_no_source() -> None:
    """Streets may stand in for its people."""
    demand = read(rows(drawn(Point(100, 100), Point(-1, 5), people=[50, -1])), suppressed=[-1])
    assert demand.source.tolist() == ["none", "population"]


def test_every_row_is_in_the_books() -> None:
    """One is used, one has no number, one lies outside; what was written before stays."""
    layer = rows(drawn(Point(100, 100), Point(200, 200), Point(9000, 0), people=[5, None, 7]))
    before = Ledger("cells.csv", 3, facts=(Note.of("people.outside"),))
    demand = read(layer, ledger=before)
    (ledger,) = demand.ledgers
    assert (ledger.source, ledger.read, ledger.used) == ("cells.csv", 3, 2)
    assert ledger.rows(Fate.SET_ASIDE) == (3,)
    assert ledger.rows(Fate.DOUBTFUL) == (2,)
    assert ledger.facts == before.facts
    assert demand.outside == {"all": 7.0}
    for lang in ("zh", "en"):
        assert all(load_texts(lang).note(event.note) for event in ledger.events)


def test_people_inside_and_outside_add_up() -> None:
    """Half a cell outside, one wholly outside, one inside, in pieces of any size."""
    layer = rows(
        drawn(
            box(900, 0, 1100, 130), box(2000, 0, 2100, 100), box(3, 3, 480, 390),
            people=[31, 17, 53],
        )
    )  # fmt: skip
    demand = read(layer)
    assert demand.outside["all"] == pytest.approx(15.5 + 17, rel=1e-6)
    assert demand.weights["all"].sum() + demand.outside["all"] == pytest.approx(101, rel=1e-12)


def test_cells_that_lie_on_each_other_are_told() -> None:
    """One drawn twice, one across two others; neighbours that touch are no matter."""
    cells = [box(100 * x, 0, 100 * x + 100, 100) for x in range(4)]
    layer = rows(drawn(*cells, cells[0], box(250, 20, 350, 80), people=[1] * 6))
    assert notes(read(layer))["warnings.cells_overlap"] == {
        "origin": "cells", "count": 3, "examples": ("1–5", "3–6", "4–6"),
    }  # fmt: skip
    assert "warnings.cells_overlap" not in notes(read(layer.iloc[:4]))


def test_addresses_share_their_communitys_residents() -> None:
    """Three addresses of 60 people; one outside, and one whose community nobody counted."""
    register = rows(drawn(Point(1, 1), Point(500, 500), Point(900, 9), Point(-5, 5), Point(0, -99)))
    population = pd.DataFrame({"all": [np.nan, 60.0], "60+": [np.nan, 6.0]}, index=["a", "b"])
    demand = demand_from_addresses(
        register, population, drawn(WEST, EAST), CRS_M, where="register.csv"
    )
    assert demand.weights["all"].tolist() == [20, 20, 20]
    assert sums(demand, "60+") == pytest.approx([0, 6])
    assert demand.source.tolist() == ["none", "population"]
    assert fates(demand) == [
        (5, "set_aside", "people.outside"),
        (4, "set_aside", "people.community_uncounted"),
    ]
    assert notes(demand) == {"assumptions.addresses_alike": {"origin": "register.csv"}}


def test_addresses_alone_count_nobody() -> None:
    """Without residents in the community table nothing says how many live there."""
    register = rows(drawn(Point(1, 1)))
    with pytest.raises(InputError, match="where people live and not how many"):
        demand_from_addresses(
            register, pd.DataFrame(index=[0, 1]), drawn(WEST, EAST), CRS_M, where="register.csv"
        )
