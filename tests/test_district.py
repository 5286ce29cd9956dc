"""One district carried from a drawn map to verdicts, against times and shares worked out by hand.

Adults walk 66 m in a minute. All drawings lie along one street on the x axis, from 3 km in the
west to 3 km in the east.
"""

import copy
import itertools
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from pyproj import CRS
from shapely import Point, box

from circles.communities import Communities
from circles.demand import demand_from_buildings, with_frontage
from circles.district import District, assess
from circles.network import WalkNetwork
from circles.network.build import network_from_osm
from circles.osm import read_osm
from circles.standards.model import AccessRule, Measured, Standard, Target
from circles.travel.joining import Joiner
from tests.drawn_district import (
    CRS_M,
    METRES_A_MINUTE,
    box_degrees,
    communities_m,
    district_m,
    facilities_m,
    network_m,
    people_m,
    rule,
    standard,
)
from tests.drawn_osm import Drawing

#: Coordinates in a file are rounded to a centimetre; so are times, in minutes.
MINUTES = 1e-3
#: So are areas of homes, and the people they hold.
PEOPLE = 1e-4
WEST, EAST = box(-1000, -400, 0, 400), box(0.5, -400, 2000, 400)


def street() -> Drawing:
    """Return the street: 6 km along the x axis, with a crossing in the middle."""
    return (
        Drawing().node("w", -3000, 0).node("m", 0, 0).node("e", 3000, 0).node("n", 0, 1320)
        .way("w m e", highway="residential").way("m n", highway="residential")
    )  # fmt: skip


@pytest.fixture(name="network", scope="module")
def _network(tmp_path_factory: pytest.TempPathFactory) -> WalkNetwork:
    """Build the street's network."""
    return network_m(street(), tmp_path_factory.mktemp("street"))


def one_town(
    network: WalkNetwork,
    *rules: AccessRule,
    people: dict[tuple[float, float], float] | None = None,
    counted: float = np.nan,
    facilities: gpd.GeoDataFrame | None = None,
    **changes: Any,
) -> District:
    """Return a district of the community in the west, with a canteen at the crossing."""
    places = people or {(-330, 0): 100}
    communities = communities_m({"a": WEST}, all=[counted])
    demand = people_m(communities, list(places), all=list(places.values()))
    given = facilities_m(("Hall", "elder_meal", 0, 0)) if facilities is None else facilities
    return district_m(
        network, communities, demand, given, standard(*(rules or (rule(),))), **changes
    )


def verdict(district: District, community: str = "a", rule_id: str = "meal") -> pd.Series:
    """Assess a district and return one row of its verdicts."""
    rows = assess(district).verdicts.set_index(["community_id", "rule_id"])
    row: pd.Series = rows.loc[(community, rule_id)]
    return row


# The case worked out by hand, from an extract's streets and buildings to the roll-up.


def the_town() -> Drawing:
    """Return the street with five homes, a shop and a shed along it.

    The canteen lies 66 m south of the crossing: a minute's walk from it. Homes: h1 33 m and
    330 m from there, h2 660 m, h3 66 m and 924 m, h4 nearly 280 m from the street; h5 in the
    village in the east, 1320 m.
    """
    drawing = street()
    for name, x, y, levels in [
        ("h1", -330, 33, "3"),
        ("h2", -660, 0, "6"),
        ("h3", -924, 66, "1"),
        ("h4", -600, 280, "1"),
        ("h5", 1320, 33, "2"),
    ]:
        drawing.square(name, x, y, 20, building="house", building__levels=levels)
    drawing.square("shop", -100, 50, 40, building="retail", building__levels="2")
    return drawing.square("shed", -200, 50, 4, building="yes")


def the_district(folder: Path, *, min_share: float = 0.8) -> District:
    """Return the town: 1100 residents in the west, 200 in the village in the east."""
    extract = read_osm(the_town().write(folder / "town.osm"))
    network = network_from_osm(extract)
    communities = communities_m(
        {"a": WEST, "b": EAST}, setting={"a": "urban", "b": "rural"}, all=[1100, 200]
    )
    demand = demand_from_buildings(extract.buildings, communities.table, network.crs)
    rules = [
        rule(min_share=min_share),
        rule(
            "meal_m",
            kind="distance_threshold",
            max_metres={"urban": 1000.0, "rural": 1000.0},
            min_share=min_share,
        ),
    ]
    targets = [
        Target(id=f"{setting}_basic", of=Measured(tier="basic"), setting=setting, min_share=0.9)
        for setting in ("urban", "rural")
    ]
    return district_m(
        network,
        communities,
        demand,
        facilities_m(("Hall", "elder_meal", 0, -66)),
        standard(*rules, targets=targets),
    )


def test_coverage_of_a_drawn_town_is_what_a_reader_computes(tmp_path: Path) -> None:
    """Floor area 1200 + 2400 + 400 + 400 m2 holds 1100 people: 300, 600, 100 and 100.

    They walk (33 + 330 + 66) / 66 = 6.5, 11 and 16 minutes; the last 100 are off the network.
    """
    row = verdict(the_district(tmp_path))
    assert row["total"] == pytest.approx(1100)
    assert row["covered_low"] == pytest.approx(900, rel=PEOPLE)
    assert row["covered_high"] == pytest.approx(1000, rel=PEOPLE)
    assert row["share_low"] == pytest.approx(9 / 11, rel=PEOPLE)
    assert row["share_high"] == pytest.approx(10 / 11, rel=PEOPLE)
    assert row["out_of_reach"] == pytest.approx(200, rel=PEOPLE)
    assert row["median_cost"] == pytest.approx(11, abs=MINUTES)  # 300, then 900 of 1100
    assert row["beyond_median_cost"] == pytest.approx(16, abs=MINUTES)  # 100 of 200
    assert (row["limit"], row["min_share"], row["unit"]) == (15.0, 0.8, "people")
    assert (row["group"], row["group_assumed"]) == ("all", False)
    assert (row["verdict"], row["reason"]) == ("met", "share_reached")
    assert row["shortfall"] == 0
    assert row["nearest_facility"] == "Hall"


@pytest.mark.parametrize(
    ("min_share", "expected", "shortfall"),
    [(0.81, "met", 0), (0.85, "insufficient_data", np.nan), (0.955, "not_met", 151)],
)
def test_the_same_town_under_other_shares(
    tmp_path: Path, min_share: float, expected: str, shortfall: float
) -> None:
    """Between 82 % and 91 % the 100 off the network decide; 95.5 % are 1050.5 people."""
    row = verdict(the_district(tmp_path, min_share=min_share))
    assert row["verdict"] == expected
    np.testing.assert_equal(row["shortfall"], shortfall)


def test_a_village_walks_to_a_facility_of_another_community(tmp_path: Path) -> None:
    """(33 + 1320 + 66) / 66 = 21.5 minutes: too far for a town, near enough for a village."""
    row = verdict(the_district(tmp_path), "b")
    assert row["median_cost"] == pytest.approx(21.5, abs=MINUTES)
    assert (row["limit"], row["verdict"], row["nearest_facility"]) == (30.0, "met", "Hall")


def test_a_distance_rule_counts_metres(tmp_path: Path) -> None:
    """429 m, 726 m and 1056 m, of which two are within 1000 m; 1419 m in the village."""
    district = the_district(tmp_path)
    west, east = (verdict(district, community, "meal_m") for community in "ab")
    assert west["limit"] == 1000
    assert west["median_cost"] == pytest.approx(726, abs=0.1)
    assert west["covered_low"] == pytest.approx(900, rel=PEOPLE)
    assert east["median_cost"] == pytest.approx(1419, abs=0.1)
    assert (east["verdict"], east["shortfall"]) == ("not_met", 160)


def test_tiers_and_roll_ups_follow(tmp_path: Path) -> None:
    """The town meets both rules; the village fails the one in metres, and the target with it."""
    found = assess(the_district(tmp_path))
    assert found.tiers[["community_id", "verdict", "failing"]].to_numpy().tolist() == [
        ["a", "met", ()],
        ["b", "not_met", ("meal_m",)],
    ]
    rolled = found.rollups.set_index("target_id")
    assert rolled["verdict"].to_dict() == {"urban_basic": "met", "rural_basic": "not_met"}
    assert rolled["share_low"].to_dict() == {"urban_basic": 1.0, "rural_basic": 0.0}


def test_the_community_table_says_where_its_figures_come_from(tmp_path: Path) -> None:
    """Four homes in the west, one of them off the network; one in the east."""
    table = assess(the_district(tmp_path)).communities
    assert table["demand_points"].tolist() == [4, 1]
    assert table["off_network_points"].tolist() == [1, 0]
    assert table["demand_source"].tolist() == ["buildings", "buildings"]
    assert table["population"].tolist() == [1100, 200]
    assert table.crs.to_epsg() == 4326
    assert table.index.tolist() == ["a", "b"]


def test_off_network_homes_are_counted_in_a_warning(tmp_path: Path) -> None:
    """One of five demand points."""
    notes = {note.key: dict(note.values) for note in assess(the_district(tmp_path)).warnings}
    assert notes["warnings.off_network"] == {"count": 1, "percent": 20.0, "limit_m": 250}


def test_what_barriers_move_and_shut_in_is_counted_by_layer(tmp_path: Path) -> None:
    """South of a river homes join the far road; where that is too far they are shut in."""
    river = street().node("p", -2900, -250).node("q", 300, -250).way("w p q", highway="residential")
    river.node("r", -2800, -20).node("s", 500, -20).way("r s", waterway="river")
    network = network_m(river, tmp_path)
    doors = facilities_m(("Hall", "elder_meal", 0, 0), ("South", "elder_meal", -200, -33))
    people = {(-330, -33): 50.0, (-330, 40): 50.0}
    found = assess(one_town(network, people=people, facilities=doors))
    assert found.joins.to_numpy().tolist() == [["", 2, 0, 0, 1], ["elder_meal", 2, 0, 0, 1]]
    assert not [note for note in found.warnings if "off" in note.key]
    found = assess(one_town(network, people=people, facilities=doors, max_access_m=200.0))
    assert list(found.joins) == ["service", "points", "off_network", "walled_off", "moved"]
    assert found.joins.to_numpy().tolist() == [["", 2, 1, 1, 0], ["elder_meal", 2, 1, 1, 0]]
    assert found.communities["off_network_points"].tolist() == [1]
    assert [(note.key, dict(note.values)) for note in found.warnings if "off" in note.key] == [
        ("warnings.facilities_walled_off", {"count": 1, "limit_m": 200, "examples": ("South",)}),
        ("warnings.walled_off", {"count": 1, "percent": 50.0, "limit_m": 200}),
    ]


def test_isochrones_hold_exactly_the_homes_within_their_minutes(tmp_path: Path) -> None:
    """The 15-minute area holds h1 and h2 and not h3; that of 30 minutes h5 and h3, but not h4."""
    areas = assess(the_district(tmp_path)).isochrones
    assert areas[["service", "profile", "minutes"]].to_numpy().tolist() == [
        ["elder_meal", "adult", 15.0],
        ["elder_meal", "adult", 30.0],
    ]
    assert areas.crs.to_epsg() == 4326
    homes = [Point(-330, 33), Point(-660, 0), Point(-924, 66), Point(-600, 280), Point(1320, 33)]
    places = gpd.GeoSeries(homes, crs=CRS_M).to_crs(4326)
    near, far = (places.within(area).tolist() for area in areas.geometry)
    assert near == [True, True, False, False, False]
    assert far == [True, True, True, False, True]


def test_the_same_inputs_give_the_same_assessment(tmp_path: Path) -> None:
    """Run twice, every table and note is the same."""
    district = the_district(tmp_path)
    assert_same(assess(district), assess(district))


def assert_same(one: object, other: object) -> None:
    """Compare two values of the library, field by field."""
    if isinstance(one, pd.DataFrame) and isinstance(other, pd.DataFrame):
        assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other))
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, CRS) or not hasattr(one, "__dataclass_fields__"):
        assert one == other
    else:
        assert type(one) is type(other)
        for field in fields(one):  # type: ignore[arg-type]
            assert_same(getattr(one, field.name), getattr(other, field.name))


def test_assessing_changes_none_of_its_inputs(tmp_path: Path) -> None:
    """Network, communities, demand and facilities are afterwards what they were."""
    district = the_district(tmp_path)
    before = copy.deepcopy({f.name: getattr(district, f.name) for f in fields(District)})
    assess(district)
    for name in ("network", "communities", "facilities", "standard", "box", "cut"):
        assert_same(before[name], getattr(district, name))
    assert dict(before["demand"].weights).keys() == dict(district.demand.weights).keys()
    np.testing.assert_array_equal(before["demand"].x_m, district.demand.x_m)
    for group, weight in before["demand"].weights.items():
        np.testing.assert_array_equal(weight, district.demand.weights[group])


def test_progress_runs_from_nothing_to_everything(tmp_path: Path) -> None:
    """Steps are named, and their shares of the work never fall."""
    steps: list[tuple[str, float]] = []
    assess(the_district(tmp_path), progress=lambda step, share: steps.append((step, share)))
    shares = [share for _, share in steps]
    assert shares == sorted(shares)
    assert (shares[0], steps[-1]) == (0.0, ("done", 1.0))


# Why nothing can be said.


def test_a_service_without_a_layer_is_insufficient(network: WalkNetwork) -> None:
    """No layer of canteens was given: figures are missing, not zero."""
    row = verdict(one_town(network, facilities=facilities_m(("Gym", "sports", 0, 0))))
    assert (row["verdict"], row["reason"]) == ("insufficient_data", "layer_missing")
    figures = ["covered_low", "covered_high", "share_low", "share_high", "out_of_reach"]
    assert row[[*figures, "median_cost", "beyond_median_cost", "shortfall"]].isna().all()
    assert row["nearest_facility"] is None
    assert row["total"] == 100


def test_an_empty_layer_is_insufficient(network: WalkNetwork) -> None:
    """A list of canteens without a canteen is more often a fault than a fact."""
    row = verdict(one_town(network, facilities=facilities_m(), given=frozenset({"elder_meal"})))
    assert (row["verdict"], row["reason"]) == ("insufficient_data", "layer_empty")


def test_a_layer_far_from_every_street_is_insufficient(network: WalkNetwork) -> None:
    """The only canteen lies 300 m from the street: nobody knows how it is reached."""
    district = one_town(network, facilities=facilities_m(("Hall", "elder_meal", -500, 300)))
    row = verdict(district)
    assert (row["verdict"], row["reason"]) == ("insufficient_data", "layer_off_network")
    found = assess(district)
    assert found.facilities["off_network"].tolist() == [True]
    (note,) = [n for n in found.warnings if n.key == "warnings.facilities_off_network"]
    assert dict(note.values)["count"] == 1
    assert found.isochrones.empty


def test_a_facility_off_the_network_does_not_help_and_another_does(network: WalkNetwork) -> None:
    """The nearer canteen cannot be reached; the farther one is 5 minutes away."""
    given = facilities_m(("Far off", "elder_meal", -330, 300), ("Hall", "elder_meal", 0, 0))
    row = verdict(one_town(network, facilities=given))
    assert (row["nearest_facility"], row["verdict"]) == ("Hall", "met")
    assert row["median_cost"] == pytest.approx(5, abs=MINUTES)


def test_a_wider_reach_brings_far_points_in(network: WalkNetwork) -> None:
    """With 300 m of access leg, a home 280 m from the street walks (280 + 660) / 66 minutes."""
    people = {(-660.0, 280.0): 100.0}
    assert verdict(one_town(network, people=people))["verdict"] == "insufficient_data"
    row = verdict(one_town(network, people=people, max_access_m=300.0))
    assert row["median_cost"] == pytest.approx(940 / METRES_A_MINUTE, abs=MINUTES)
    assert row["verdict"] == "met"


def test_a_community_cut_by_the_maps_edge_is_insufficient(network: WalkNetwork) -> None:
    """Figures of the visible part are shown, and no verdict."""
    row = verdict(one_town(network, cut=frozenset({"a"})))
    assert (row["verdict"], row["reason"]) == ("insufficient_data", "map_edge")
    assert row["share_low"] == 1.0


def test_a_missing_layer_is_the_reason_before_the_maps_edge(network: WalkNetwork) -> None:
    """A larger extract would not help."""
    gym = facilities_m(("Gym", "sports", 0, 0))
    row = verdict(one_town(network, facilities=gym, cut=frozenset({"a"})))
    assert row["reason"] == "layer_missing"


def test_nobody_counted_is_nobody(network: WalkNetwork) -> None:
    """The table says that nobody lives there: the rule applies to nobody, layer or no layer."""
    for given in (None, facilities_m(("Gym", "sports", 0, 0))):
        row = verdict(one_town(network, counted=0, facilities=given))
        assert (row["verdict"], row["reason"]) == ("not_applicable", "nobody")
        assert row["total"] == 0


def nowhere(counted: float, network: WalkNetwork) -> District:
    """Return a community far from every street, with so many people and none placed."""
    communities = communities_m({"a": box(5000, 5000, 5200, 5200)}, all=[counted])
    no_homes = gpd.GeoDataFrame({"tags": []}, geometry=[], crs=CRS_M)
    demand = demand_from_buildings(no_homes, communities.table, CRS_M)
    demand = with_frontage(demand, network, communities.table)
    canteen = facilities_m(("Hall", "elder_meal", 0, 0))
    return district_m(network, communities, demand, canteen, standard(rule()))


@pytest.mark.parametrize("counted", [500, np.nan])
def test_people_nobody_can_place_are_insufficient(network: WalkNetwork, counted: float) -> None:
    """Neither homes nor streets: nothing is known about where people live."""
    row = verdict(nowhere(counted, network))
    assert (row["verdict"], row["reason"]) == ("insufficient_data", "no_demand")
    assert assess(nowhere(counted, network)).communities["demand_source"].tolist() == ["none"]


def test_a_layer_of_people_without_the_group_says_nothing_of_it(network: WalkNetwork) -> None:
    """Old people were counted, children were not: that is no zero children."""
    communities = communities_m({"a": WEST})
    demand = people_m(communities, [(-330, 0)], old=[30])
    canteen = facilities_m(("Hall", "elder_meal", 0, 0))
    rules = standard(rule("old", group="60+"), rule("all"), rule("children", group="0-3"))
    district = district_m(network, communities, demand, canteen, rules)
    found = assess(district).verdicts.set_index("rule_id")
    assert found.loc["old", ["verdict", "total"]].tolist() == ["met", 30]
    assert found.loc[["all", "children"], "reason"].tolist() == ["no_demand", "no_demand"]


def test_people_a_layer_lost_are_insufficient(network: WalkNetwork) -> None:
    """The table counts 500 residents, the population cells none of them."""
    row = verdict(one_town(network, people={(-330, 0): 0.0}, counted=500))
    assert (row["verdict"], row["reason"]) == ("insufficient_data", "no_demand")


def test_cells_with_nobody_in_them_are_nobody(network: WalkNetwork) -> None:
    """Where only the cells were asked and hold zero, the rule applies to nobody."""
    row = verdict(one_town(network, people={(-330, 0): 0.0}))
    assert (row["verdict"], row["reason"]) == ("not_applicable", "nobody")


# Groups and rules.


def test_a_group_nobody_counted_is_assumed_to_be_all(network: WalkNetwork) -> None:
    """All residents stand in, the row says so, and so do the assumptions."""
    district = one_town(network, rule(group="60+"))
    row = verdict(district)
    assert (row["group"], row["group_assumed"], row["total"]) == ("60+", True, 100)
    (note,) = [n for n in assess(district).assumptions if n.key == "assumptions.group_from_all"]
    assert dict(note.values) == {"group": "60+", "count": 1}


def test_floor_area_is_not_called_people(network: WalkNetwork) -> None:
    """Without any count the unit is floor area, which the assumptions repeat."""
    communities = communities_m({"a": WEST})
    home = gpd.GeoDataFrame(
        {"tags": [{"building": "house", "building:levels": "3"}]},
        geometry=[box(-340, -10, -320, 10)],
        crs=CRS_M,
    )
    demand = demand_from_buildings(home, communities.table, CRS_M)
    canteen = facilities_m(("Hall", "elder_meal", 2000, 0))
    district = district_m(network, communities, demand, canteen, standard(rule()))
    row = verdict(district)
    assert (row["unit"], row["total"]) == ("floor_area_m2", pytest.approx(1200))
    assert (row["verdict"], row["shortfall"]) == ("not_met", pytest.approx(960))
    (note,) = [n for n in assess(district).assumptions if n.key == "assumptions.no_population"]
    assert dict(note.values) == {"count": 1}


def test_a_need_is_answered_by_any_of_its_services(network: WalkNetwork) -> None:
    """A clinic at 10 minutes does where the health centre is 30 minutes away."""
    given = facilities_m(("Centre", "health_centre", 1650, 0), ("Clinic", "clinic", 330, 0))
    health = rule("health", service="health", any_of=("health_centre", "clinic"))
    row = verdict(one_town(network, health, facilities=given), rule_id="health")
    assert (row["service"], row["nearest_facility"]) == ("health", "Clinic")
    assert row["median_cost"] == pytest.approx(10, abs=MINUTES)


def test_one_layer_of_several_is_enough_where_it_is_near(network: WalkNetwork) -> None:
    """No health centre is known, and the clinic alone is near enough for everybody."""
    health = rule("health", service="health", any_of=("health_centre", "clinic"))
    given = facilities_m(("Clinic", "clinic", 330, 0))
    row = verdict(one_town(network, health, facilities=given), rule_id="health")
    assert (row["verdict"], row["nearest_facility"]) == ("met", "Clinic")


def test_each_profile_walks_at_its_own_speed(network: WalkNetwork) -> None:
    """660 m are 10 minutes for adults at 1.1 m/s and 13.75 for old people at 0.8 m/s."""
    rules = (rule("adults"), rule("old", profile="senior"))
    district = one_town(network, *rules, people={(-660, 0): 10})
    assert verdict(district, rule_id="adults")["median_cost"] == pytest.approx(10, abs=MINUTES)
    assert verdict(district, rule_id="old")["median_cost"] == pytest.approx(13.75, abs=MINUTES)
    areas = assess(district).isochrones.set_index(["profile", "minutes"]).geometry
    assert sorted({name for name, _ in areas.index}) == ["adult", "senior"]
    assert areas["adult", 15.0].area > areas["senior", 15.0].area


def test_a_rule_holds_in_the_settings_it_names_only(network: WalkNetwork) -> None:
    """A rule for villages says nothing of a town."""
    rules = (rule("both"), rule("village", max_minutes={"rural": 30.0}))
    found = assess(one_town(network, *rules)).verdicts
    assert found["rule_id"].tolist() == ["both"]


def test_a_standard_that_holds_nowhere_leaves_its_tables_empty(network: WalkNetwork) -> None:
    """A village's standard applied to a town: no verdicts, and tiers that do not apply."""
    found = assess(one_town(network, rule(max_minutes={"rural": 30.0})))
    assert found.verdicts.empty
    assert "share_low" in found.verdicts.columns
    assert found.tiers["verdict"].tolist() == ["not_applicable"]
    assert found.assumptions == ()


def test_rules_in_metres_alone_draw_no_isochrones(network: WalkNetwork) -> None:
    """Isochrones are of minutes; the empty table has its columns all the same."""
    metres = rule(kind="distance_threshold", max_metres={"urban": 500.0})
    areas = assess(one_town(network, metres)).isochrones
    assert areas.empty
    assert {"service", "profile", "minutes", "geometry"} <= set(areas.columns)


def test_verdicts_come_community_by_community_in_the_order_of_the_rules(
    network: WalkNetwork,
) -> None:
    """As the file has the communities and the standard has the rules."""
    communities = communities_m({"z": WEST, "a": EAST})
    demand = people_m(communities, [(-330, 0), (330, 0)], all=[1, 1])
    canteen = facilities_m(("Hall", "elder_meal", 0, 0))
    rules = standard(rule("second"), rule("first"))
    found = assess(district_m(network, communities, demand, canteen, rules)).verdicts
    assert list(zip(found["community_id"], found["rule_id"], strict=True)) == [
        ("z", "second"), ("z", "first"), ("a", "second"), ("a", "first"),
    ]  # fmt: skip


# The edge of the map.


def edged(network: WalkNetwork, **changes: Any) -> District:
    """Return a home 660 m from the western edge of the map, and a canteen 20 minutes away."""
    return one_town(
        network,
        people={(-330, 0): 100},
        facilities=facilities_m(("Hall", "elder_meal", 990, 0)),
        box=box_degrees(-990, -5000, 5000, 5000),
        **changes,
    )


def test_what_the_margin_proves_is_the_walk_to_the_maps_edge(network: WalkNetwork) -> None:
    """Within ten minutes nothing beyond the edge can be nearer; the rule asks for fifteen."""
    found = assess(edged(network))
    row = found.verdicts.iloc[0]
    assert row["provable_cost"] == pytest.approx(10, abs=0.01)
    assert row["median_cost"] == pytest.approx(20, abs=MINUTES)
    assert row["verdict"] == "not_met"
    assert found.communities["edge_margin_m"].item() == pytest.approx(660, abs=1)
    (note,) = [n for n in found.warnings if n.key == "warnings.edge_margin"]
    assert dict(note.values)["count"] == 1


def test_in_metres_the_margin_proves_itself(network: WalkNetwork) -> None:
    """660 m, since nothing beyond the edge is nearer than the edge."""
    metres = rule(kind="distance_threshold", max_metres={"urban": 500.0})
    row = verdict(replace(edged(network), standard=standard(metres)))
    assert row["provable_cost"] == pytest.approx(660, abs=1)


def test_what_is_met_needs_no_larger_map(network: WalkNetwork) -> None:
    """Whatever lies beyond the edge, the canteen at five minutes stays near enough."""
    met = replace(edged(network), facilities=facilities_m(("Hall", "elder_meal", 0, 0)))
    found = assess(met)
    assert found.verdicts["verdict"].tolist() == ["met"]
    assert [n for n in found.warnings if n.key == "warnings.edge_margin"] == []


def test_what_the_edge_cuts_is_not_warned_of_twice(network: WalkNetwork) -> None:
    """A community that counts as cut is left out of the warning of those near the edge."""
    found = assess(replace(edged(network), cut=frozenset("a")))
    assert found.verdicts["reason"].tolist() == ["map_edge"]
    assert [n for n in found.warnings if n.key == "warnings.edge_margin"] == []


def test_far_from_the_edge_a_missing_canteen_is_missing(network: WalkNetwork) -> None:
    """The map reaches farther than fifteen minutes on every side: no larger one would help."""
    found = assess(one_town(network, facilities=facilities_m(("Hall", "elder_meal", 990, 0))))
    assert found.verdicts["verdict"].tolist() == ["not_met"]
    assert [n for n in found.warnings if n.key == "warnings.edge_margin"] == []


def test_a_home_beyond_the_map_proves_nothing(network: WalkNetwork) -> None:
    """Its margin is zero, not the distance back to the map."""
    row = verdict(replace(edged(network), box=box_degrees(0, -5000, 5000, 5000)))
    assert row["provable_cost"] == 0


def test_a_facility_beyond_the_map_counts(network: WalkNetwork) -> None:
    """The facility layer and the streets may reach farther than the box says."""
    district = replace(edged(network), facilities=facilities_m(("Beyond", "elder_meal", -1320, 0)))
    row = verdict(district)
    assert (row["nearest_facility"], row["verdict"]) == ("Beyond", "not_met")
    near = replace(district, facilities=facilities_m(("Beyond", "elder_meal", -1056, 0)))
    assert verdict(near)["verdict"] == "met"  # 726 m, 11 minutes


# A slow oracle for all of it.


def slow_cost_m(network: WalkNetwork, homes: np.ndarray, facilities: np.ndarray) -> np.ndarray:
    """Return the distance from each home to the nearest facility, by networkx and loops."""
    graph: nx.Graph[object] = nx.Graph()
    ends: dict[int, list[tuple[float, object]]] = {}
    edges = network.edges
    joiner = Joiner.of(network)
    access = {}
    for kind, places in (("home", homes), ("facility", facilities)):
        joins = joiner.join(places[:, 0], places[:, 1])
        for i, (edge, share) in enumerate(zip(joins.edge, joins.share, strict=True)):
            if edge >= 0:
                ends.setdefault(int(edge), []).append((float(share), (kind, i)))
                access[kind, i] = float(joins.access_m[i])
    for edge in range(len(edges)):
        stops = [(0.0, int(edges.start[edge])), *ends.get(edge, []), (1.0, int(edges.end[edge]))]
        stops.sort(key=lambda stop: stop[0])
        for (share, one), (next_share, other) in itertools.pairwise(stops):
            length = (next_share - share) * float(edges.length_m[edge])
            known = graph.get_edge_data(one, other, {"length": np.inf})["length"]
            graph.add_edge(one, other, length=min(length, known))
    cost = np.full(len(homes), np.inf)
    for home in range(len(homes)):
        if ("home", home) not in access:
            continue
        found = nx.single_source_dijkstra_path_length(graph, ("home", home), weight="length")
        for i in range(len(facilities)):
            if ("facility", i) in found:
                total = found["facility", i] + access["home", home] + access["facility", i]
                cost[home] = min(cost[home], total)
    return cost


def grid(rng: np.random.Generator) -> Drawing:
    """Return a grid of streets, 330 m apart, of which some are missing."""
    drawing = Drawing()
    for x in range(6):
        for y in range(6):
            drawing.node(f"{x}{y}", 330 * x, 330 * y)
    for x in range(6):
        for y in range(6):
            for dx, dy in ((1, 0), (0, 1)):
                if x + dx < 6 and y + dy < 6 and rng.random() < 0.8:
                    drawing.way(f"{x}{y} {x + dx}{y + dy}", highway="footway")
    return drawing


@pytest.mark.parametrize("seed", range(4))
def test_a_random_district_equals_a_slow_count(tmp_path: Path, seed: int) -> None:
    """Coverage of four quarters of a random town is that of networkx and plain loops."""
    rng = np.random.default_rng(seed)
    network = network_m(grid(rng), tmp_path, min_piece_m=0.0)
    quarters = {
        f"{x}{y}": box(825 * x, 825 * y, 825 * (x + 1), 825 * (y + 1))
        for x in range(2)
        for y in range(2)
    }
    homes = rng.uniform(10, 1640, (60, 2))
    weight = rng.integers(1, 40, 60).astype(float)
    halls = rng.uniform(10, 1640, (3, 2))
    communities: Communities = communities_m(quarters)
    demand = people_m(communities, [tuple(home) for home in homes], all=weight.tolist())
    given = facilities_m(*((f"Hall {i}", "elder_meal", *hall) for i, hall in enumerate(halls)))
    metres = rule(kind="distance_threshold", max_metres={"urban": 600.0}, min_share=0.6)
    minutes = rule("minutes", max_minutes={"urban": 10.0}, min_share=0.6)
    rules: Standard = standard(metres, minutes)
    found = assess(district_m(network, communities, demand, given, rules)).verdicts
    cost_m = slow_cost_m(network, homes, halls)
    off = ~np.isfinite(Joiner.of(network).join(homes[:, 0], homes[:, 1]).access_m)
    for row in found.itertuples(index=False):
        inside = [quarters[str(row.community_id)].contains(Point(home)) for home in homes]
        limit_m = 600.0 if row.rule_id == "meal" else 10 * METRES_A_MINUTE
        total = within = maybe = 0.0
        for here, cost, people, is_off in zip(inside, cost_m, weight, off, strict=True):
            assert abs(cost - limit_m) > 0.1  # no home stands so near the limit as to be moot
            total += people if here else 0
            within += people if here and cost <= limit_m else 0
            maybe += people if here and is_off else 0
        assert (row.total, row.covered_low, row.covered_high) == pytest.approx(
            (total, within, within + maybe)
        )
