"""Counts of documents against what was given."""

import math
from typing import Any

import pytest

from circles.evaluation import Area, Stock, findings_table
from circles.evaluation.inventory import inventory_finding, inventory_warning
from circles.texts import Bilingual, load_texts
from tests.drawn_units import area_of, inventory, stock_of

MEAL = "elder_meal"


def canteens(count: int, area: Area | None = None, **options: Any) -> tuple[Area, Stock]:
    """Return an area and a layer of some canteens, most of them outside every community."""
    place = area or area_of(2)
    return place, stock_of(place, *((MEAL, 90.0 * i) for i in range(count)), **options)


@pytest.mark.parametrize(
    ("count", "reason"),
    [
        (8, "inventory_differs"),
        (9, "inventory_agrees"),
        (10, "inventory_agrees"),
        (11, "inventory_agrees"),
        (12, "inventory_differs"),
    ],
)
def test_a_tenth_more_or_less_agrees(count: int, reason: str) -> None:
    """Ten canteens by the document, with a tolerance of one."""
    rule = inventory()
    finding = inventory_finding(rule, *canteens(count))
    assert (finding.value, finding.denominator, finding.reason) == (count, 10, reason)
    assert finding.verdict is None
    assert findings_table([finding])["verdict"].tolist() == [None]
    assert (inventory_warning(rule, finding) is None) == (reason == "inventory_agrees")


def test_a_warning_says_both_numbers() -> None:
    """480 canteens in the layer, 1,036 in the plan."""
    rule = inventory(name=Bilingual(zh="长者饭堂", en="Elder canteens"), count=1036)
    note = inventory_warning(rule, inventory_finding(rule, *canteens(3)))
    assert note is not None
    for lang, name in (("zh", "长者饭堂"), ("en", "Elder canteens")):
        words = load_texts(lang).note(note)
        assert name in words
        assert "3" in words
        assert "1036" in words
        assert "2020-12-31" in words


def test_other_counts_of_the_same_are_told() -> None:
    """Social-work stations are counted in three ways."""
    also = (
        {"count": 188, "as_of": "2018-08-11"},
        {"count": 176, "as_of": "2023-07-03", "name": Bilingual(zh="双百", en="of the programme")},
    )
    rule = inventory(count=203, also=also)
    note = inventory_warning(rule, inventory_finding(rule, *canteens(3)))
    assert note is not None
    assert "2018-08-11为188、2023-07-03为176（双百）" in load_texts("zh").note(note)
    assert "188 on 2018-08-11, 176 on 2023-07-03 (of the programme)" in load_texts("en").note(note)


def test_a_citys_count_is_not_compared_with_a_districts_layer() -> None:
    """A district has fewer than its city, and nothing is wrong with it."""
    area = area_of(2, options={"whole": "district"})
    rule = inventory(count=1036)
    finding = inventory_finding(rule, *canteens(3, area))
    assert (finding.value, finding.reason) == (3, "other_area")
    assert inventory_warning(rule, finding) is None
    of_district = inventory(count=1036, level="district")
    assert inventory_finding(of_district, *canteens(3, area)).reason == "inventory_differs"


def test_a_facility_counts_once_and_any_of_its_services() -> None:
    """A canteen with a station in it is one place."""
    rule = inventory(any_of=(MEAL, "elder_station"), count=2)
    area = area_of(1)
    places = ((MEAL, 50.0), ("elder_station", 50.0), ("elder_station", 60.0))
    stock = stock_of(area, *places, facility_id=["f", "f", "g"])
    assert inventory_finding(rule, area, stock).value == 2


@pytest.mark.parametrize(("given", "reason"), [((), "layer_missing"), ((MEAL,), "layer_empty")])
def test_what_was_not_given_is_not_compared(given: tuple[str, ...], reason: str) -> None:
    """A missing layer holds not zero canteens."""
    area = area_of(1)
    rule = inventory()
    finding = inventory_finding(rule, area, stock_of(area, given=given))
    assert finding.reason == reason
    assert math.isnan(finding.value)
    assert inventory_warning(rule, finding) is None


def test_a_layer_missing_of_several_makes_the_count_too_low() -> None:
    """Canteens and stations together by the document; of stations nothing is known."""
    area = area_of(1)
    rule = inventory(any_of=(MEAL, "elder_station"))
    stock = stock_of(area, (MEAL, 50.0), given=[MEAL])
    assert inventory_finding(rule, area, stock).reason == "layer_partial"


def test_communities_and_streets_are_counted_too() -> None:
    """Three communities, one of them a village, in two streets."""
    area = area_of(3, setting=["urban", "urban", "rural"], street=["甲", "甲", "乙"])
    stock = stock_of(area)
    counts = {
        "community": inventory(service=None, unit="community", count=3),
        "villages": inventory(service=None, unit="community", setting="rural", count=3),
        "street": inventory(service=None, unit="street", count=3),
    }
    found = {name: inventory_finding(rule, area, stock) for name, rule in counts.items()}
    assert {name: finding.value for name, finding in found.items()} == {
        "community": 3,
        "villages": 1,
        "street": 2,
    }
    assert found["community"].reason == "inventory_agrees"
    note = inventory_warning(counts["street"], found["street"])
    assert note is not None
    assert "社区表" in load_texts("zh").note(note)


def test_streets_that_are_not_all_named_are_not_counted() -> None:
    """A community without a street may be of one more."""
    area = area_of(2, street=["甲", None])
    rule = inventory(service=None, unit="street", count=1)
    finding = inventory_finding(rule, area, stock_of(area))
    assert (finding.reason, math.isnan(finding.value)) == ("no_street", True)
