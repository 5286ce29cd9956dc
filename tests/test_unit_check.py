"""What a community must be itself: by hand, and what must hold of any."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.demand import Demand
from circles.evaluation import Area, Finding, Stock
from circles.evaluation.centre import CENTRES
from circles.evaluation.unit_check import unit_findings
from circles.network import WalkNetwork
from circles.standards.model import UnitRule
from tests.drawn_district import network_m
from tests.drawn_osm import Drawing
from tests.drawn_units import area_of, on_foot, people_in_a_row, stock_of, told, unit_rule

few = settings(max_examples=60, deadline=None)
WALK = {"measure": "walk_minutes_to_centre", "max": 2.0}


@pytest.fixture(name="network", scope="module")
def _network(tmp_path_factory: pytest.TempPathFactory) -> WalkNetwork:
    """One street through the middle of the row of communities."""
    drawing = Drawing().node("w", -3000, 50).node("e", 3000, 50).way("w e", highway="residential")
    return network_m(drawing, Path(tmp_path_factory.mktemp("street")))


def found(
    rule: UnitRule,
    area: Area,
    network: WalkNetwork,
    *,
    stock: Stock | None = None,
    demand: Demand | None = None,
) -> list[Finding]:
    """Return all findings of a rule."""
    facilities = stock or stock_of(area)
    people = demand or people_in_a_row(rows=len(area))
    return list(unit_findings(rule, area, facilities, on_foot(network, people, facilities)))


def test_households_of_kunming_by_hand(network: WalkNetwork) -> None:
    """3,000 households are enough, 2,999 are one too few, and an empty cell says nothing."""
    area = area_of(3, households=[3000.0, 2999.0, np.nan])
    enough, few_, unknown = found(unit_rule({"measure": "households", "min": 3000}), area, network)
    assert (enough.verdict, enough.reason, enough.shortfall) == ("met", "within", 0)
    assert (few_.verdict, few_.reason, few_.shortfall) == ("not_met", "below", 1)
    assert (few_.value, few_.unit, few_.required_low) == (2999, "households", 3000)
    assert (unknown.verdict, unknown.reason) == ("insufficient_data", "value_missing")
    assert math.isnan(unknown.value)


def test_an_area_lies_between_two_ends_both_included(network: WalkNetwork) -> None:
    """Below 0.3 km² something is missing, above 0.5 there is too much."""
    area = area_of(4, area_km2=[0.2, 0.3, 0.5, 0.6])
    findings = found(unit_rule({"measure": "area_km2", "between": (0.3, 0.5)}), area, network)
    assert [f.verdict for f in findings] == ["not_met", "met", "met", "not_met"]
    assert [f.reason for f in findings] == ["below", "within", "within", "above"]
    assert [f.shortfall for f in findings] == pytest.approx([0.1, 0, 0, -0.1])


def test_the_area_of_a_community_that_the_map_cuts_is_not_known(network: WalkNetwork) -> None:
    """Its outline is not whole; its number of households is."""
    area = area_of(1, households=[5000.0], options={"cut": frozenset({"c0"})})
    rule = unit_rule({"measure": "area_km2", "min": 0.005}, {"measure": "households", "min": 3000})
    assert [f.reason for f in found(rule, area, network)] == ["map_edge", "within"]


def test_at_most_nine_work_there(network: WalkNetwork) -> None:
    """A column of the community table, and a most that is included."""
    area = area_of(2, staff=[9.0, 11.0])
    findings = found(unit_rule({"measure": "staff", "max": 9}), area, network)
    assert [(f.verdict, f.shortfall) for f in findings] == [("met", 0), ("not_met", -2)]


def test_a_column_that_is_not_there_says_nothing(network: WalkNetwork) -> None:
    """The one that is missing is named."""
    (finding,) = found(unit_rule({"measure": "occupancy", "min": 0.5}), area_of(1), network)
    assert (finding.verdict, finding.reason) == ("insufficient_data", "column_missing")
    assert dict(finding.reason_values) == {"column": "occupancy"}


@pytest.mark.parametrize(
    ("cell", "verdict", "reason"),
    [
        ("是", "not_met", "below"),
        (True, "not_met", "below"),
        (1.0, "not_met", "below"),
        ("否", "not_applicable", "condition_no"),
        ("FALSE", "not_applicable", "condition_no"),
        (None, "insufficient_data", "condition_unknown"),
        ("?", "insufficient_data", "condition_unknown"),
    ],
)
def test_a_check_may_be_for_some_communities_only(
    cell: object, verdict: str, reason: str, network: WalkNetwork
) -> None:
    """Half the homes of a new estate must be lived in; of an old one nothing is asked."""
    check = {"measure": "occupancy", "min": 0.5, "only_if": "new_estate"}
    area = area_of(1, occupancy=[0.4], new_estate=[cell])
    (finding,) = found(unit_rule(check), area, network)
    assert (finding.verdict, finding.reason) == (verdict, reason)


def test_a_condition_whose_column_is_missing_is_not_known(network: WalkNetwork) -> None:
    """Nobody can tell which communities the check is for."""
    check = {"measure": "households", "min": 1, "only_if": "new_estate"}
    (finding,) = found(unit_rule(check), area_of(1, households=[5.0]), network)
    assert (finding.verdict, finding.reason) == ("insufficient_data", "column_missing")
    assert dict(finding.reason_values) == {"column": "new_estate"}


def test_a_class_of_its_own_goes_before_the_setting(network: WalkNetwork) -> None:
    """A village made into a community needs 500 households, not the 3,000 of a town's."""
    area = area_of(
        3,
        households=[600.0, 600.0, 600.0],
        setting=["urban", "urban", "rural"],
        **{"class": ["cungaiju", None, None]},
    )
    urban = unit_rule({"measure": "households", "min": 3000}, settings=("urban",))
    village = unit_rule({"measure": "households", "min": 500}, settings=("cungaiju",))
    assert told(found(urban, area, network)) == {"c1": ("not_met", "below")}
    assert told(found(village, area, network)) == {"c0": ("met", "within")}
    assert len(found(unit_rule({"measure": "staff", "max": 9}), area, network)) == 3


# ---- the walk to the centre ----------------------------------------------------------------------


def row_of_homes(*, off: tuple[int, ...] = ()) -> tuple[Area, Demand]:
    """Return two communities: homes at 10, 50 and 90 m in the first, at 190 m in the second."""
    demand = people_in_a_row((10, 20), (50, 60), (90, 20), (190, 5), rows=2, off=off)
    return area_of(2, population={"all": [100, 5]}, demand=demand), demand


def walk(
    network: WalkNetwork, stock: Stock, given: tuple[Area, Demand], **limit: Any
) -> list[Finding]:
    """Return the findings of a walk to the centre."""
    area, demand = given
    return found(unit_rule(WALK | limit), area, network, stock=stock, demand=demand)


def test_those_who_walk_longest_are_judged(network: WalkNetwork) -> None:
    """From 90 m to a centre at 10 m are 80 m: 1.21 minutes at 66 m a minute."""
    given = row_of_homes()
    stock = stock_of(given[0], ("gov_service", 10.0), ("gov_service", 150.0), given=CENTRES)
    first, second = walk(network, stock, given)
    assert first.value == first.value_high == pytest.approx(80 / 66, abs=1e-3)
    assert (first.verdict, first.other_value, first.unit) == ("met", 1.0, "minutes")
    assert second.value == pytest.approx(40 / 66, abs=1e-3)
    far, _ = walk(network, stock, given, max=1.0)
    assert (far.verdict, far.reason) == ("not_met", "above")
    assert far.shortfall == pytest.approx(1 - 80 / 66, abs=1e-3)
    assert far.other_value == pytest.approx(0.8)  # the 20 at 90 m are beyond


def test_only_a_communitys_own_centre_counts(network: WalkNetwork) -> None:
    """The other's is nearer, and not theirs."""
    given = row_of_homes()
    stock = stock_of(given[0], ("gov_service", 10.0), ("gov_service", 101.0), given=CENTRES)
    first, second = walk(network, stock, given)
    assert first.value == pytest.approx(80 / 66, abs=1e-3)
    assert second.value == pytest.approx(89 / 66, abs=1e-3)


def test_the_nearest_of_several_centres_counts(network: WalkNetwork) -> None:
    """A service point at one end and a party centre at the other."""
    given = row_of_homes()
    stock = stock_of(given[0], ("gov_service", 10.0), ("party_service", 90.0), given=CENTRES)
    first, second = walk(network, stock, given)
    assert first.value == pytest.approx(40 / 66, abs=1e-3)
    assert (second.verdict, second.reason) == ("insufficient_data", "no_centre")


def test_nobody_is_followed_farther_than_twice_the_limit(network: WalkNetwork) -> None:
    """Beyond that the walk is too long, however long it is."""
    given = row_of_homes()
    stock = stock_of(given[0], ("gov_service", 10.0), given=CENTRES)
    first, _ = walk(network, stock, given, max=0.5)
    assert (first.value, first.verdict) == (math.inf, "not_met")
    assert math.isnan(first.shortfall)
    assert first.other_value == pytest.approx(0.2)


def test_residents_off_the_network_may_decide(network: WalkNetwork) -> None:
    """If the others make it, it hangs on them; if one does not, it does not."""
    given = row_of_homes(off=(1,))
    stock = stock_of(given[0], ("gov_service", 10.0), ("gov_service", 150.0), given=CENTRES)
    first, second = walk(network, stock, given)
    assert (first.verdict, first.reason) == ("insufficient_data", "off_network_decides")
    assert (first.unknown, first.other_value) == (1, pytest.approx(0.4))
    assert second.verdict == "met"
    missed, _ = walk(network, stock, given, max=1.0)
    assert missed.verdict == "not_met"


@pytest.mark.parametrize(
    ("given_layers", "reason"), [((), "layer_missing"), (CENTRES, "layer_empty")]
)
def test_without_a_centre_there_is_no_verdict(
    given_layers: tuple[str, ...], reason: str, network: WalkNetwork
) -> None:
    """A missing layer is never a zero."""
    given = row_of_homes()
    findings = walk(network, stock_of(given[0], given=given_layers), given)
    assert told(findings) == dict.fromkeys(("c0", "c1"), ("insufficient_data", reason))


def test_a_centre_that_nobody_told_of_may_be_nearer(network: WalkNetwork) -> None:
    """With one layer of two the walk is at most so long: long enough to be met, never too long."""
    given = row_of_homes()
    stock = stock_of(given[0], ("gov_service", 10.0), given=["gov_service"])
    first, second = walk(network, stock, given)
    assert (first.verdict, first.value) == ("met", 0)
    assert first.value_high == pytest.approx(80 / 66, abs=1e-3)
    assert (second.verdict, second.reason) == ("insufficient_data", "layer_partial")
    short, _ = walk(network, stock, given, max=1.0)
    assert (short.verdict, short.reason) == ("insufficient_data", "layer_partial")


def test_where_nobody_lives_nobody_walks(network: WalkNetwork) -> None:
    """A community of no residents has no walk, and one of unknown residents none that is known."""
    demand = people_in_a_row((10, 20), rows=3)
    area = area_of(3, population={"all": [20, 0, 40]}, demand=demand)
    stock = stock_of(
        area, ("gov_service", 50.0), ("gov_service", 150.0), ("gov_service", 250.0), given=CENTRES
    )
    assert told(walk(network, stock, (area, demand))) == {
        "c0": ("met", "within"),
        "c1": ("not_applicable", "nobody"),
        "c2": ("insufficient_data", "no_demand"),
    }


@few
@given(
    value=st.floats(0, 1e6),
    ends=st.tuples(st.floats(0.01, 1e6), st.floats(0.01, 1e6)).map(sorted),
)
def test_a_value_is_within_below_or_above(
    value: float, ends: tuple[float, float], network: WalkNetwork
) -> None:
    """And what is missing, or too much, is what brings it to the end that it misses."""
    area = area_of(1, area_km2=[value])
    (finding,) = found(unit_rule({"measure": "area_km2", "between": tuple(ends)}), area, network)
    least, most = ends
    slack = 1e-9 * max(1.0, most)
    if finding.verdict == "met":
        assert least - slack <= value <= most + slack
    else:
        assert finding.verdict == "not_met"
        end = least if value < least else most
        assert value + finding.shortfall == pytest.approx(end)
