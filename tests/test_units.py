"""Communities, the units they make up, and the facilities in them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.demand import FLOOR_AREA, Demand
from circles.evaluation.units import LEVELS
from tests.drawn_units import area_of, stock_of

few = settings(max_examples=60, deadline=None)
WORDS = st.sampled_from([None, "东", "西", ""])


def people_at(community: list[int], source: list[str], **weights: list[float]) -> Demand:
    """Return demand points in some communities."""
    points = len(community)
    return Demand(
        x_m=np.zeros(points),
        y_m=np.zeros(points),
        community=np.array(community, dtype=np.int32),
        weights={name: np.array(values) for name, values in weights.items()},
        source=np.array(source, dtype=object),
    )


def test_a_street_is_one_of_its_district() -> None:
    """Two districts with a street of one name have two streets."""
    area = area_of(3, street=["新街", "新街", "老街"], district=["东区", "西区", "东区"])
    streets = area.units("street")
    assert streets.id == ("东区/新街", "西区/新街", "东区/老街")
    assert streets.name == ("新街", "新街", "老街")
    assert streets.of.tolist() == [0, 1, 2]
    assert area.units("district").of.tolist() == [0, 1, 0]
    assert area.units("city").of.tolist() == [0, 0, 0]
    assert area.units("community").id == ("c0", "c1", "c2")


def test_a_community_without_a_street_is_of_none() -> None:
    """It is told apart, not put with another."""
    streets = area_of(3, street=["新街", None, ""]).units("street")
    assert streets.id == ("新街",)
    assert streets.of.tolist() == [0, -1, -1]
    assert streets.unplaced == 2
    assert streets.sums(np.array([1.0, 10.0, 100.0])).tolist() == [1.0]


def test_the_area_itself_is_the_unit_of_its_level_and_of_those_above() -> None:
    """One district's table needs no column that names it; its streets it has to name."""
    area = area_of(2, options={"whole": "district", "name": "天河区"})
    assert area.units("district").id == area.units("city").id == ("天河区",)
    assert area.units("district").of.tolist() == [0, 0]
    assert area.units("street").unplaced == 2
    street = area_of(2, district=["东", "西"], options={"whole": "street", "name": "猎德街"})
    assert street.units("street").id == street.units("district").id == ("猎德街",)
    assert area_of(2).units("district").unplaced == 2  # a city's districts are several


@few
@given(data=st.data(), count=st.integers(1, 8), whole=st.sampled_from(LEVELS))
def test_sums_over_units_add_up(data: st.DataObject, count: int, whole: str) -> None:
    """What the units of a level have, with what is in none of them, is what all have."""
    columns = {
        name: data.draw(st.lists(WORDS, min_size=count, max_size=count))
        for name in ("street", "district")
    }
    area = area_of(count, options={"whole": whole}, **columns)
    values = np.arange(1.0, count + 1)
    for level in LEVELS:
        units = area.units(level)
        assert len(units.id) == len(units.name)
        outside = values[units.of < 0].sum()
        assert units.sums(values).sum() + outside == values.sum()
        assert (units.sums(values) > 0).all()


def test_a_layer_of_people_fills_in_what_the_table_does_not_say() -> None:
    """The table goes first; floor area is no number of people."""
    demand = people_at(
        [0, 1, 1, 2],
        ["population", "population", "buildings"],
        all=[5.0, 20.0, 30.0, 0.0],
        **{FLOOR_AREA: [0.0, 0.0, 0.0, 900.0]},
    )
    area = area_of(3, population={"all": [7, np.nan, np.nan]}, demand=demand)
    assert area.numbers["population"].tolist()[:2] == [7, 50]
    assert np.isnan(area.numbers["population"].iloc[2])
    assert area.number(FLOOR_AREA) is None


def test_urban_residents_are_those_of_urban_communities_unless_counted() -> None:
    """A column of its own goes before the sum by setting."""
    people = {"all": [100, 200]}
    area = area_of(2, population=people, setting=["urban", "rural"])
    assert area.numbers["population_urban"].tolist() == [100, 0]
    assert area.numbers["population_rural"].tolist() == [0, 200]
    counted = area_of(2, population=people, population_urban=[60.0, 40.0])
    assert counted.numbers["population_urban"].tolist() == [60, 40]


def test_a_number_nobody_has_is_not_there() -> None:
    """A column of empty cells is no column."""
    area = area_of(2, staff=[np.nan, np.nan])
    assert area.number("staff") is None
    assert area.number("workers") is None
    assert area.number("households") is None


def test_facilities_lie_in_the_community_around_them() -> None:
    """One outside the row lies in none."""
    area = area_of(2)
    assert stock_of(area, ("sports", 50.0), ("sports", 150.0), ("sports", 250.0)).home.tolist() == [
        0,
        1,
        -1,
    ]


@pytest.mark.parametrize("separator", [";", "、", "；", "，", ", ", "\n"])
def test_whom_a_facility_serves_is_read_however_it_is_written(separator: str) -> None:
    """Ids and names, in one list."""
    area = area_of(3)
    served = stock_of(area, ("sports", 50.0), serves=[f"c0{separator} 社区2"]).served
    assert served.community.tolist() == [0, 2]
    assert served.understood.tolist() == [True]


def test_a_street_or_district_stands_for_all_of_its_communities() -> None:
    """A community is counted once, however often it is named."""
    area = area_of(4, street=["甲", "甲", "乙", "丙"], district=["东", "东", "东", "西"])
    served = stock_of(area, ("sports", 50.0), ("sports", 50.0), serves=["甲;c0", "东"]).served
    pairs = list(zip(served.facility.tolist(), served.community.tolist(), strict=True))
    assert pairs == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]


def test_a_name_that_several_have_means_the_one_nearby() -> None:
    """The one of the facility's own street or district, and none if it lies in neither."""
    names = {"name": ["新村", "新村", "旧村"], "street": ["甲", "乙", "乙"]}
    area = area_of(3, district=["东", "东", "东"], **names)
    stock = stock_of(
        area, ("sports", 50.0), ("sports", 250.0), ("sports", 999.0), serves=["新村"] * 3
    )
    assert stock.served.facility.tolist() == [0, 1]
    assert stock.served.community.tolist() == [0, 1]
    assert stock.served.understood.tolist() == [True, True, False]


def test_a_street_name_that_two_districts_have_means_that_of_ones_own() -> None:
    """A facility in the east does not serve the street of that name in the west."""
    area = area_of(3, street=["新街", "新街", "老街"], district=["东", "西", "东"])
    served = stock_of(area, ("sports", 250.0), ("sports", 999.0), serves=["新街"] * 2).served
    assert (served.facility.tolist(), served.community.tolist()) == ([0], [0])


def test_words_that_mean_nothing_are_told() -> None:
    """The rest of the list counts, and the list as a whole is not understood."""
    area = area_of(2)
    stock = stock_of(area, ("sports", 50.0), ("sports", 50.0), serves=["c0;月球", None])
    assert stock.served.community.tolist() == [0]
    assert stock.served.understood.tolist() == [False, False]
    (note,) = stock.notes
    assert dict(note.values) == {"count": 1, "examples": ("月球 (f0)",)}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("石井村委会", [0]),
        ("石井居委会", [1]),
        ("大塘（东）", [2]),
        ("第二居委会", [3]),
        ("東街道", [0, 1]),
        ("东街道办事处", [0, 1]),
        ("东街道石井社区", [1]),
        ("石井", []),
    ],
)
def test_a_community_is_served_under_any_of_its_names(word: str, expected: list[int]) -> None:
    """Endings, remarks, numerals and the kind of its committee; two that fit are not guessed."""
    names = {"name": ["石井村", "石井社区", "大塘社区", "2社区"]}
    area = area_of(4, street=["东街道", "东街道", "西街道", "西街道"], **names)
    served = stock_of(area, ("sports", 999.0), serves=[word]).served
    assert served.community.tolist() == expected
    assert served.understood.tolist() == [bool(expected)]


def test_what_a_strange_word_may_mean_is_told() -> None:
    """The nearest names stand beside it, or all that it fits."""
    area = area_of(3, name=["三玉里", "石井村", "石井社区"])
    stock = stock_of(area, ("sports", 50.0), serves=["三玉新村里;石井"])
    (note,) = stock.notes
    assert dict(note.values)["examples"] == (
        "三玉新村里 (f0 ≈ 三玉里)",
        "石井 (f0 ≈ 石井村 / 石井社区)",
    )


def test_a_facility_that_answers_a_need_twice_is_one() -> None:
    """A place that is both canteen and station counts once, with what its other row knows."""
    area = area_of(1)
    stock = stock_of(
        area,
        ("elder_meal", 50.0),
        ("elder_station", 50.0),
        ("elder_meal", 50.0),
        facility_id=["f", "f", "g"],
        seats=[np.nan, 40.0, 10.0],
    )
    supply = stock.answering(("elder_meal", "elder_station"))
    assert supply.row.tolist() == [0, 2]
    assert stock.capacity(supply, "seats").tolist() == [40.0, 10.0]
    assert stock.capacity(supply, "count").tolist() == [1.0, 1.0]
    assert np.isnan(stock.capacity(supply, "beds")).all()


@pytest.mark.parametrize(
    ("given", "obstacle", "partial"),
    [
        ((), "layer_missing", True),
        (("police",), "layer_missing", True),
        (("sports", "culture"), "layer_empty", False),
        (("sports",), "layer_empty", True),
    ],
)
def test_layers_that_were_not_given_are_no_empty_ones(
    given: tuple[str, ...], obstacle: str, partial: bool
) -> None:
    """Whether nothing is known, or that there is nothing, is told apart."""
    supply = stock_of(area_of(1), given=given).answering(("sports", "culture"))
    assert (supply.obstacle, supply.partial) == (obstacle, partial)


def test_the_inputs_are_not_changed() -> None:
    """Tables go in and come out as they were."""
    area = area_of(1)
    stock = stock_of(area, ("sports", 50.0), serves=["c0"])
    before = area.table.copy(), stock.facilities.copy()
    area.units("street")
    stock.answering(("sports",))
    pd.testing.assert_frame_equal(area.table, before[0])
    pd.testing.assert_frame_equal(stock.facilities, before[1])
