"""Rules of access by zone, by ranges of limits, without a share, and by opening hours.

Adults walk 66 m in a minute along one street on the x axis; the canteen stands at its crossing.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

import circles
from circles.district import District, assess
from circles.network import WalkNetwork
from circles.standards.model import AccessRule, Standard
from tests.drawn_district import (
    communities_m,
    district_m,
    facilities_m,
    layer_m,
    network_m,
    people_m,
    rule,
    standard,
)
from tests.drawn_osm import Drawing

MINUTES = 1e-3
#: Homes in the west, 2, 8, 12 and 20 minutes from the crossing, of 10, 20, 30 and 40 people.
HOMES = {(-132.0, 0.0): 10.0, (-528.0, 0.0): 20.0, (-792.0, 0.0): 30.0, (-1320.0, 0.0): 40.0}
HALL = ("Hall", "elder_meal", 0.0, 0.0)
FAR_HALL = ("Far hall", "elder_meal", -1320.0, 0.0)


@pytest.fixture(name="network", scope="module")
def _network(tmp_path_factory: pytest.TempPathFactory) -> WalkNetwork:
    """Build the street: 6 km along the x axis."""
    street = Drawing().node("w", -3000, 0).node("m", 0, 0).node("e", 3000, 0)
    street.way("w m e", highway="residential")
    return network_m(street, tmp_path_factory.mktemp("street"))


def town(
    network: WalkNetwork,
    *rules: AccessRule,
    zone: str | None = None,
    setting: str = "urban",
    places: tuple[tuple[str, str, float, float], ...] = (HALL,),
    hours: tuple[str | None, ...] | None = None,
    **changes: Any,
) -> District:
    """Return one community in the west, in a zone if one is given."""
    communities = communities_m({"a": box(-2000, -400, -0.5, 400)}, setting=setting)
    table = communities.table.assign(zone=pd.Series([zone], index=["a"], dtype=object))
    communities = replace(communities, table=table)
    demand = people_m(communities, list(HOMES), all=list(HOMES.values()))
    given = facilities_m(*places)
    if hours is not None:
        given = given.assign(opening_hours=list(hours))
    return district_m(network, communities, demand, given, standard(*rules), **changes)


def row(district: District, rule_id: str = "meal") -> pd.Series:
    """Assess a district and return a rule's row."""
    found = assess(district).verdicts
    (only,) = [r for _, r in found[found["rule_id"] == rule_id].iterrows()]
    return only


def by_zone(**changes: Any) -> AccessRule:
    """Return a rule with a range of limits for each zone, and one for villages."""
    limits = {"central": (10.0, 15.0), "outer": (20.0, 25.0), "rural": 30.0}
    return rule(max_minutes=limits, **({"min_share": 0.5} | changes))


# Times.


def test_times_of_a_community_by_hand(network: WalkNetwork) -> None:
    """2, 8, 12 and 20 minutes for 10, 20, 30 and 40: median 12, nine tenths and worst 20."""
    found = row(town(network, rule()))
    assert found["median_cost"] == pytest.approx(12, abs=MINUTES)
    assert found["p90_cost"] == pytest.approx(20, abs=MINUTES)
    assert found["worst_cost"] == pytest.approx(20, abs=MINUTES)
    assert (found["nearest_facility"], found["share_low"]) == ("Hall", pytest.approx(0.6))
    # Forty are beyond 15 minutes; the Hall is the nearest for them, at 20.
    assert found["nearest_cost"] == pytest.approx(20, abs=MINUTES)
    assert found["shortfall"] == 20


def test_the_nearest_facility_has_a_time_of_its_own(network: WalkNetwork) -> None:
    """With a hall in the far home, nobody is beyond: for 60 the Hall is nearest, at 8 minutes."""
    found = row(town(network, rule(), places=(HALL, FAR_HALL)))
    # 12 minutes from the crossing are 8 from the far hall: 70 of 100 have that one nearest.
    assert found["nearest_facility"] == "Far hall"
    assert found["nearest_cost"] == pytest.approx(0, abs=MINUTES)
    assert found["worst_cost"] == pytest.approx(8, abs=MINUTES)


def test_those_off_the_network_are_not_the_worst(network: WalkNetwork) -> None:
    """Nobody knows how far they walk; they count in the quantiles as beyond every limit."""
    communities = communities_m({"a": box(-2000, -400, -0.5, 400)})
    demand = people_m(communities, [(-132, 0), (-132, 390)], all=[80, 20])
    district = district_m(network, communities, demand, facilities_m(HALL), standard(rule()))
    found = row(district)
    assert found["worst_cost"] == pytest.approx(2, abs=MINUTES)
    assert np.isinf(found["p90_cost"])


# Ranges and zones.


def test_both_ends_of_a_range_are_judged(network: WalkNetwork) -> None:
    """Within 15 minutes 60 %, within 10 only 30 %: met and not met, 20 people short."""
    found = row(town(network, by_zone(), zone="central"))
    assert (found["limit"], found["strict_limit"]) == (15, 10)
    assert (found["share_low"], found["strict_share_low"]) == pytest.approx((0.6, 0.3))
    assert (found["verdict"], found["strict_verdict"]) == ("met", "not_met")
    assert (found["shortfall"], found["strict_shortfall"]) == (0, 20)


def test_tiers_and_roll_ups_carry_both_ends(network: WalkNetwork) -> None:
    """The circle is met by the lenient limits and not by the strict ones."""
    assessed = assess(town(network, by_zone(), rule("easy", min_share=0.1), zone="central"))
    tier = assessed.tiers.iloc[0]
    assert (tier["verdict"], tier["strict_verdict"]) == ("met", "not_met")
    assert (tier["met"], tier["strict_met"], tier["applied"]) == (2, 1, 2)
    assert (tier["failing"], tier["strict_failing"]) == ((), ("meal",))


def test_a_zone_goes_before_the_setting(network: WalkNetwork) -> None:
    """An outer zone has 20 to 25 minutes, and a village without a zone 30 alone."""
    assert row(town(network, by_zone(), zone="outer"))["limit"] == 25
    found = row(town(network, by_zone(), setting="rural"))
    assert (found["limit"], found["strict_limit"]) == (30, 30)
    assert row(town(network, by_zone(), setting="rural", zone="outer"))["limit"] == 25


def test_a_zone_nobody_knows_is_never_guessed(network: WalkNetwork) -> None:
    """The limit hangs on it: no share and no verdict, but times to the nearest all the same."""
    found = row(town(network, by_zone()))
    assert (found["verdict"], found["reason"]) == ("insufficient_data", "zone_unknown")
    assert (found["strict_verdict"], found["strict_reason"]) == (
        "insufficient_data",
        "zone_unknown",
    )
    assert found[["limit", "share_low", "strict_share_low", "shortfall"]].isna().all()
    assert found["median_cost"] == pytest.approx(12, abs=MINUTES)


def test_a_missing_layer_is_the_reason_before_an_unknown_zone(network: WalkNetwork) -> None:
    """Knowing the zone would not help."""
    found = row(town(network, by_zone(), places=(("Gym", "sports", 0, 0),)))
    assert (found["verdict"], found["reason"]) == ("insufficient_data", "layer_missing")
    assert np.isnan(found["median_cost"])


# Reported and not judged.


def test_a_rule_without_a_share_is_reported_and_not_judged(network: WalkNetwork) -> None:
    """Its figures stand, it has no verdict, and no tier counts it."""
    told = rule("told", min_share=None)
    promised = standard(rule(), told, tiers=(standard(rule()).tiers[0],))
    assessed = assess(replace(town(network, rule()), standard=promised))
    found = assessed.verdicts.set_index("rule_id").loc["told"]
    assert found["verdict"] is None
    assert found["strict_verdict"] is None
    assert (found["reason"], found["share_low"]) == ("reported", pytest.approx(0.6))
    assert np.isnan(found["min_share"])
    assert assessed.tiers["applied"].tolist() == [1]
    missing = assess(replace(town(network, rule()), standard=promised, given=frozenset()))
    assert set(missing.verdicts["verdict"]) <= {None, "insufficient_data"}


# Opening hours.


def test_coverage_by_what_is_still_open(network: WalkNetwork) -> None:
    """The far hall is open until nine, the other's hours nobody knows: 70 % to all of them."""
    late = rule(open_until="20:30", max_minutes={"urban": 9.0})
    district = town(network, late, places=(HALL, FAR_HALL), hours=(None, "Mo-Su 8:00-21:00"))
    found = row(district)
    assert found["share_low"] == pytest.approx(1.0)
    assert (found["open_share_low"], found["open_share_high"]) == pytest.approx((0.7, 1.0))
    assert (found["open_known"], found["open_unknown"]) == (1, 1)
    assert found["verdict"] == "met"


def test_what_is_known_to_be_shut_covers_nobody(network: WalkNetwork) -> None:
    """The one hall closes at six: it counts for the verdict, and not in the evening."""
    found = row(town(network, rule(min_share=0.5, open_until="20:30"), hours=("8:00-18:00",)))
    assert (found["open_share_low"], found["open_share_high"]) == (0, 0)
    assert (found["open_known"], found["open_unknown"], found["verdict"]) == (0, 0, "met")


def test_a_rule_without_an_hour_says_nothing_of_hours(network: WalkNetwork) -> None:
    """Nor does one without a layer."""
    for district in (
        town(network, rule(), hours=("8:00-18:00",)),
        town(network, rule(open_until="20:30"), places=(("Gym", "sports", 0, 0),)),
    ):
        assert row(district)[["open_share_low", "open_known", "open_unknown"]].isna().all()


# Properties.


@settings(max_examples=15, deadline=None)
@given(
    first=st.lists(st.integers(-2900, 2900), min_size=1, max_size=3),
    more=st.lists(st.integers(-2900, 2900), max_size=2),
    minutes=st.tuples(st.integers(1, 30), st.integers(0, 30)),
    share=st.floats(0.05, 1.0),
)
def test_more_facilities_or_more_minutes_never_lower_a_coverage(
    network: WalkNetwork, first: list[int], more: list[int], minutes: tuple[int, int], share: float
) -> None:
    """Coverage is a share, grows with both, and a strict limit that is met is met leniently."""
    limit = (float(minutes[0]), float(sum(minutes)))
    asked = rule(max_minutes={"urban": limit}, min_share=share)
    few, all_of_them = (
        row(town(network, asked, places=tuple(("Hall", "elder_meal", x, 0) for x in where)))
        for where in (first, first + more)
    )
    for found in (few, all_of_them):
        assert 0 <= found["strict_share_low"] <= found["share_low"] <= found["share_high"] <= 1
        assert found["strict_verdict"] != "met" or found["verdict"] == "met"
        assert found["median_cost"] <= found["p90_cost"] <= found["worst_cost"]
    assert few["share_low"] <= all_of_them["share_low"]
    assert few["strict_share_low"] <= all_of_them["strict_share_low"]
    assert few["worst_cost"] >= all_of_them["worst_cost"]


@settings(max_examples=10, deadline=None)
@given(
    share=st.one_of(st.none(), st.floats(0.01, 1.0)),
    zone=st.sampled_from([None, "central", "outer"]),
    hour=st.sampled_from([None, "20:30"]),
)
def test_a_missing_layer_never_decides(
    network: WalkNetwork, share: float | None, zone: str | None, hour: str | None
) -> None:
    """Whatever is asked, nothing is met or missed where no layer was given."""
    asked = by_zone(min_share=share, open_until=hour)
    found = row(town(network, asked, zone=zone, places=(("Gym", "sports", 0, 0),)))
    assert {found["verdict"], found["strict_verdict"]} <= {None, "insufficient_data"}


# The library's own door.


def test_score_takes_tables(network: WalkNetwork) -> None:
    """From frames alone: 60 of 100 within 15 minutes."""
    communities = layer_m([box(-2000, -400, -0.5, 400)], id=["a"], setting=["urban"])
    halls = layer_m([box(-5, -5, 5, 5)], name=["Hall"], service=["elder_meal"])
    points = gpd.GeoSeries.from_xy(*zip(*HOMES, strict=True), crs=communities.estimate_utm_crs())
    homes = layer_m(list(points), all=list(HOMES.values()))
    promised: Standard = standard(rule(min_share=0.6))
    found = circles.score(promised, network, communities, halls, demand=homes)
    assert found.verdicts["share_low"].tolist() == [pytest.approx(0.6)]
    assert found.verdicts["verdict"].tolist() == ["met"]
    along = circles.score(promised, network, communities, halls)
    assert along.verdicts["unit"].tolist() == ["frontage_m"]


def test_score_reads_settings_from_names_where_no_column_tells(
    network: WalkNetwork, tmp_path: Path
) -> None:
    """A village by its name has 30 minutes; a name that says nothing is refused."""
    outline = box(-2000, -400, -0.5, 400)
    halls = layer_m([box(-5, -5, 5, 5)], name=["Hall"], service=["elder_meal"])
    village = layer_m([outline], id=["a"], name=["东村"])
    found = circles.score(standard(rule()), network, village, halls)
    assert found.verdicts["limit"].tolist() == [30]
    keys = [note.key for note in found.assumptions]
    assert "assumptions.setting_by_committee" in keys
    nameless = layer_m([outline], id=["a"], name=["A"])
    with pytest.raises(circles.InputError, match="nothing says whether 1 communities are urban"):
        circles.score(standard(rule()), network, nameless, halls)
