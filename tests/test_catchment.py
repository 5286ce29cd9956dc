"""Two-step floating catchments: by hand, against another implementation, and what must hold."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from access.fca import two_stage_fca
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.demand import FLOOR_AREA, Demand
from circles.evaluation import Area, Finding, Stock
from circles.evaluation.catchment import People, Shares, floating_catchments, share_out
from circles.evaluation.reachable import Reachable, reachable_findings
from circles.network import WalkNetwork
from circles.profiles import profile
from circles.standards.model import AccessRule, CapacityRule
from circles.travel import nearest_cost
from tests.drawn_district import network_m, rule
from tests.drawn_osm import Drawing
from tests.drawn_units import area_of, on_foot, people_in_a_row, ratio, stock_of
from tests.random_networks import joins_on, network_of, street_graphs
from tests.test_travel import oracle_costs

patient = settings(max_examples=150, deadline=None)
#: A minute of walking is 66 m.
LIMIT = {"max_minutes": {"urban": 2.0, "rural": 4.0}}
CARE = "childcare"


@pytest.fixture(name="network", scope="module")
def _network(tmp_path_factory: pytest.TempPathFactory) -> WalkNetwork:
    """One street through the middle of the row of communities."""
    drawing = Drawing().node("w", -3000, 50).node("e", 3000, 50).way("w e", highway="residential")
    return network_m(drawing, Path(tmp_path_factory.mktemp("street")))


def catchment(**changes: Any) -> CapacityRule:
    """Return a rule: 5 places within reach for each 1,000 residents."""
    return ratio(**({"catchment": {"rule": "near"}} | changes))


def near(**changes: Any) -> AccessRule:
    """Return the access rule that sets the limits."""
    return rule("near", **({"service": CARE} | LIMIT | changes))


def found(
    network: WalkNetwork,
    area: Area,
    demand: Demand,
    stock: Stock,
    *,
    asked: CapacityRule | None = None,
    access: AccessRule | None = None,
) -> Reachable:
    """Return what a catchment finds."""
    walkers = on_foot(network, demand, stock)
    return reachable_findings(asked or catchment(), access or near(), area, stock, walkers)


def by_unit(reachable: Reachable) -> dict[str, Finding]:
    """Return findings by unit."""
    return {finding.subject.unit_id: finding for finding in reachable.findings}


HOMES = ((50.0, 100.0), (150.0, 300.0), (350.0, 200.0))


def the_row(**options: Any) -> tuple[Area, Demand, Stock]:
    """Return four communities, people in three of them, and two nurseries with 10 and 20 places.

    Within 132 m the first nursery (at 100 m) has 100 and 300 people, the second (at 250 m) has
    300 and 200.
    """
    demand = people_in_a_row(*HOMES, rows=4)
    area = area_of(4, population={"all": [100, 300, 0, 200]}, demand=demand, **options)
    return area, demand, stock_of(area, (CARE, 100.0), (CARE, 250.0), places=[10.0, 20.0])


def test_two_nurseries_and_three_homes_by_hand(network: WalkNetwork) -> None:
    """10/400 and 20/500 for each person: 25, 65 and 40 for a thousand, 50 on the whole."""
    area, demand, stock = the_row()
    units = by_unit(found(network, area, demand, stock, asked=catchment(levels=("community",))))
    assert units["c0"].value == pytest.approx(25)
    assert units["c1"].value == pytest.approx(65)
    assert units["c3"].value == pytest.approx(40)
    assert (units["c2"].verdict, units["c2"].reason) == ("not_applicable", "nobody")
    (city,) = found(network, area, demand, stock, asked=catchment(levels=("city",))).findings
    assert (city.numerator, city.denominator) == (pytest.approx(30), 600)
    assert (city.value, city.verdict) == (pytest.approx(50), "met")
    assert (city.measure, city.unit) == ("catchment", "places")


def test_what_is_missing_is_counted_for_the_people_who_are_there(network: WalkNetwork) -> None:
    """2.5 places fall to 100 people, of whom 60 for a thousand are asked: 4 places are missing."""
    area, demand, stock = the_row()
    units = by_unit(found(network, area, demand, stock, asked=catchment(min=60.0)))
    assert (units["c0"].verdict, units["c0"].reason) == ("not_met", "ratio_missed")
    assert units["c0"].shortfall == 4  # 6 - 2.5, in whole places
    assert units["c1"].verdict == "met"
    too_much = by_unit(found(network, area, demand, stock, asked=catchment(between=(1.0, 30.0))))
    assert (too_much["c1"].reason, too_much["c1"].shortfall) == ("ratio_exceeded", -11)


def test_everybody_walks_as_far_as_their_own_community_lets_them(network: WalkNetwork) -> None:
    """A village's 4 minutes reach both nurseries, and it shares them with the others."""
    area, demand, stock = the_row(setting=["rural", "urban", "urban", "urban"])
    units = by_unit(found(network, area, demand, stock))
    assert units["c0"].value == pytest.approx(1000 * (10 / 400 + 20 / 600))
    assert units["c3"].value == pytest.approx(1000 * 20 / 600)


def test_a_facility_nobody_reaches_is_told_apart(network: WalkNetwork) -> None:
    """Its places fall to nobody, and are no part of any sum."""
    area, demand, _ = the_row()
    stock = stock_of(
        area, (CARE, 100.0), (CARE, 250.0), (CARE, 2000.0), (CARE, 90_000.0), places=[10, 20, 7, 9]
    )
    reachable = found(network, area, demand, stock, asked=catchment(levels=("city",)))
    assert reachable.findings[0].numerator == pytest.approx(30)
    unreached = reachable.unreached
    assert unreached["facility_id"].tolist() == ["f2", "f3"]
    assert unreached["capacity"].tolist() == [7, 9]
    assert unreached["off_network"].tolist() == [False, True]
    assert unreached["rule_id"].tolist() == ["ratio", "ratio"]


def test_people_off_the_network_share_nothing_and_are_told(network: WalkNetwork) -> None:
    """The 300 share no nursery: 10/100 for those who are left."""
    demand = people_in_a_row(*HOMES, rows=4, off=[1])
    area = area_of(4, population={"all": [100, 300, 0, 200]}, demand=demand)
    stock = stock_of(area, (CARE, 100.0), (CARE, 250.0), places=[10.0, 20.0])
    units = by_unit(found(network, area, demand, stock))
    assert units["c0"].value == pytest.approx(100)
    assert (units["c1"].verdict, units["c1"].reason) == ("insufficient_data", "off_network")
    assert units["c1"].unknown == 1


def test_nothing_is_asked_for_a_group_that_the_rule_does_not_count(network: WalkNetwork) -> None:
    """Places for infants stand beside a rule about all residents, and are not judged by it."""
    demand = people_in_a_row(*HOMES, group="0-3", rows=4)
    area = area_of(4, population={"0-3": [100, 300, 0, 200]}, demand=demand)
    stock = stock_of(area, (CARE, 100.0), (CARE, 250.0), places=[10.0, 20.0])
    unit = by_unit(found(network, area, demand, stock, access=near(group="0-3")))["c0"]
    assert (unit.verdict, unit.reason) == (None, "not_judged")
    assert unit.value == pytest.approx(25)
    assert math.isnan(unit.required_low)
    asked = catchment(denominators=({"column": "0-3"},))
    judged = by_unit(found(network, area, demand, stock, asked=asked, access=near(group="0-3")))
    assert judged["c0"].verdict == "met"


def test_a_group_nobody_counted_has_no_ratio(network: WalkNetwork) -> None:
    """All residents do not stand in for infants where places for each are counted."""
    area, demand, stock = the_row()
    asked = catchment(denominators=({"column": "0-3"},), levels=("community", "city"))
    units = by_unit(found(network, area, demand, stock, asked=asked, access=near(group="0-3")))
    assert {(u.verdict, u.reason) for u in units.values() if u.subject.unit_id != "c2"} == {
        ("insufficient_data", "group_unknown")
    }
    assert math.isnan(units["c0"].value)
    assert math.isnan(units["c0"].denominator)


def test_homes_without_a_count_leave_open_what_they_may_share(network: WalkNetwork) -> None:
    """Floor area is no number of people: the second nursery may be theirs too, the first is not."""
    known = people_in_a_row(*HOMES, rows=4)
    weights = {"all": np.array([100.0, 300.0, 0.0]), FLOOR_AREA: np.array([0.0, 0.0, 9000.0])}
    source = np.array(["population"] * 3 + ["buildings"], dtype=object)
    demand = Demand(known.x_m, known.y_m, known.community, weights, source)
    area = area_of(4, population={"all": [100, 300, 0, np.nan]}, demand=demand)
    stock = stock_of(area, (CARE, 100.0), (CARE, 250.0), places=[10.0, 20.0])
    units = by_unit(found(network, area, demand, stock, asked=catchment(min=30.0)))
    assert units["c0"].value == units["c0"].value_high == pytest.approx(25)
    assert units["c1"].value == pytest.approx(25)
    assert units["c1"].value_high == pytest.approx(25 + 1000 * 20 / 300)
    assert (units["c1"].verdict, units["c1"].reason) == ("insufficient_data", "sharers_unknown")
    assert (units["c3"].verdict, units["c3"].reason) == ("insufficient_data", "group_unknown")


def test_an_unknown_capacity_leaves_open_those_who_reach_it(network: WalkNetwork) -> None:
    """The first home reaches the known nursery alone; the second may have any number."""
    area, demand, _ = the_row()
    stock = stock_of(area, (CARE, 100.0), (CARE, 250.0), places=[10.0, np.nan])
    units = by_unit(found(network, area, demand, stock, asked=catchment(min=30.0)))
    assert units["c0"].verdict == "not_met"
    assert (units["c1"].value, units["c1"].value_high) == (pytest.approx(25), math.inf)
    assert (units["c1"].verdict, units["c1"].reason) == ("insufficient_data", "capacity_unknown")
    enough = by_unit(found(network, area, demand, stock, asked=catchment(min=20.0)))
    assert enough["c1"].verdict == "met"


def test_a_limit_that_hangs_on_an_unknown_zone_is_not_guessed(network: WalkNetwork) -> None:
    """The one community without a zone has no figure, and leaves open whose nurseries it shares."""
    area, demand, stock = the_row(zone=["central", "central", "central", None])
    access = near(max_minutes={"central": 2.0, "outer": 3.0})
    units = by_unit(found(network, area, demand, stock, access=access))
    assert (units["c3"].verdict, units["c3"].reason) == ("insufficient_data", "zone_unknown")
    assert units["c0"].value == units["c0"].value_high == pytest.approx(25)
    assert units["c1"].value == pytest.approx(25)
    assert units["c1"].value_high == pytest.approx(25 + 1000 * 20 / 300)


def test_a_range_of_limits_gives_a_range(network: WalkNetwork) -> None:
    """In 2 minutes the first home has 25 for a thousand; in 4 minutes 10/400 and 20/600."""
    area, demand, stock = the_row()
    access = near(max_minutes={"urban": (2.0, 4.0)})
    unit = by_unit(found(network, area, demand, stock, access=access))["c0"]
    wide = 1000 * (10 / 600 + 20 / 600)
    assert (unit.value, unit.value_high) == (pytest.approx(25), pytest.approx(wide))
    between = catchment(min=30.0)
    unit = by_unit(found(network, area, demand, stock, asked=between, access=access))["c0"]
    assert (unit.verdict, unit.reason) == ("insufficient_data", "range_decides")


def test_a_distance_limit_counts_metres(network: WalkNetwork) -> None:
    """101 m reach from the first home to the first nursery and not to the second."""
    area, demand, stock = the_row()
    access = near(kind="distance_threshold", max_minutes={}, max_metres={"urban": 101.0})
    assert by_unit(found(network, area, demand, stock, access=access))["c0"].value == (
        pytest.approx(25)
    )


def test_a_rule_holds_where_the_access_rule_does(network: WalkNetwork) -> None:
    """Villages without a limit share nothing; with one they do, though a rule is for towns only."""
    area, demand, stock = the_row(setting=["rural", "urban", "urban", "urban"])
    alone = by_unit(found(network, area, demand, stock, access=near(max_minutes={"urban": 2.0})))
    assert "c0" not in alone
    assert alone["c1"].value == pytest.approx(1000 * (10 / 300 + 20 / 500))
    towns = by_unit(found(network, area, demand, stock, asked=catchment(settings=("urban",))))
    assert "c0" not in towns
    assert towns["c1"].value == pytest.approx(1000 * (10 / 400 + 20 / 600))


@pytest.mark.parametrize(
    ("places", "given", "reason"),
    [
        ((), (), "layer_missing"),
        ((), (CARE,), "layer_empty"),
        (((CARE, 90_000.0),), (CARE,), "layer_off_network"),
    ],
)
def test_without_facilities_on_the_network_there_is_no_verdict(
    network: WalkNetwork, places: Sequence[tuple[str, float]], given: Sequence[str], reason: str
) -> None:
    """A missing layer is never a zero."""
    area, demand, _ = the_row()
    stock = stock_of(area, *places, given=given, places=[5.0] * len(places))
    units = by_unit(found(network, area, demand, stock))
    assert units.pop("c2").verdict == "not_applicable"  # nobody lives there
    assert {(u.verdict, u.reason) for u in units.values()} == {("insufficient_data", reason)}
    assert all(math.isnan(u.value) for u in units.values())


def test_the_edge_of_the_map_and_a_missing_layer_leave_it_open(network: WalkNetwork) -> None:
    """More people, and more places, may be there than are known."""
    area, demand, stock = the_row(options={"cut": frozenset({"c0"})})
    unit = by_unit(found(network, area, demand, stock))["c0"]
    assert (unit.verdict, unit.reason) == ("insufficient_data", "map_edge")
    area, demand, stock = the_row()
    both = {"services": (CARE, "kindergarten"), "capacity": "places"}
    units = by_unit(found(network, area, demand, stock, asked=catchment(numerator=both, min=30.0)))
    assert (units["c0"].verdict, units["c0"].reason) == ("insufficient_data", "layer_partial")
    assert units["c1"].verdict == "met"


def test_communities_that_name_no_street_are_told(network: WalkNetwork) -> None:
    """Their people share the facilities all the same."""
    area, demand, stock = the_row(street=["甲", None, "甲", "甲"])
    units = by_unit(found(network, area, demand, stock, asked=catchment(levels=("street",))))
    assert (units[""].verdict, units[""].reason) == ("insufficient_data", "no_street")
    assert units["甲"].numerator == pytest.approx(100 * 10 / 400 + 200 * 20 / 500)
    asked = catchment(levels=("street",), denominators=({"column": "households"},))
    assert by_unit(found(network, area, demand, stock, asked=asked))[""].verdict is None


# ---- against the other implementation ------------------------------------------------------------


def theirs(
    pairs: Sequence[tuple[int, int]], weight: Sequence[float], capacity: Sequence[float]
) -> np.ndarray:
    """Return the access of each point by the `access` package; each pair is within its limit."""
    cost = pd.DataFrame(pairs, columns=["origin", "dest"]).assign(cost=1.0)
    if cost.empty:
        return np.zeros(len(weight))
    found = two_stage_fca(
        pd.DataFrame({"demand": weight}),
        pd.DataFrame({"supply": capacity}),
        cost,
        demand_index=True,
        demand_name="demand",
        supply_name="supply",
    )
    return found.reindex(range(len(weight)), fill_value=0.0).to_numpy()


def people_of(weight: Sequence[float], limit: Sequence[float] | None = None) -> People:
    """Return people of whom everything is known."""
    values = np.array(weight, dtype=np.float64)
    limits = np.full(len(values), np.inf) if limit is None else np.array(limit, dtype=np.float64)
    return People(values, limits, np.zeros(len(values), dtype=bool))


@patient
@given(data=st.data(), points=st.integers(1, 30), facilities=st.integers(1, 12))
def test_shares_equal_those_of_the_access_package(
    data: st.DataObject, points: int, facilities: int
) -> None:
    """To 1e-9, whoever reaches what."""
    amounts = st.floats(0.01, 1e4)
    weight = data.draw(st.lists(amounts, min_size=points, max_size=points))
    capacity = data.draw(st.lists(amounts, min_size=facilities, max_size=facilities))
    spots = st.tuples(st.integers(0, points - 1), st.integers(0, facilities - 1))
    pairs = sorted(data.draw(st.sets(spots, max_size=80)))
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    found = share_out((table[:, 0], table[:, 1]), people_of(weight), np.array(capacity))
    expected = theirs(pairs, weight, capacity)
    assert found.low == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert found.high == pytest.approx(expected, rel=1e-9, abs=1e-9)


@patient
@given(data=st.data())
def test_catchments_on_random_networks_equal_those_of_the_access_package(
    data: st.DataObject,
) -> None:
    """The other implementation gets its costs from networkx, and each point its own limit."""
    network = network_of(data.draw(street_graphs()))
    points = data.draw(joins_on(network, most=6))
    facilities = data.draw(joins_on(network, most=4))
    # Costs are whole eighths of decimetres; a limit between them is no tie.
    limits = st.integers(0, 800).map(lambda metres: metres + 0.003)
    limit = data.draw(st.lists(limits, min_size=len(points), max_size=len(points)))
    amounts = st.integers(1, 500).map(float)
    weight = data.draw(st.lists(amounts, min_size=len(points), max_size=len(points)))
    capacity = data.draw(st.lists(amounts, min_size=len(facilities), max_size=len(facilities)))
    impedance = network.distances()
    found = floating_catchments(
        network,
        points,
        facilities,
        impedance,
        people=people_of(weight, limit),
        capacity=np.array(capacity),
    )
    costs = oracle_costs(network, impedance, points, facilities, "to")
    pairs = [
        (i, j) for i, row in enumerate(costs) for j, cost in enumerate(row) if cost <= limit[i]
    ]
    assert found.low == pytest.approx(theirs(pairs, weight, capacity), rel=1e-9, abs=1e-9)
    assert_conserved(found, np.array(weight), np.array(capacity))
    assert found.unreached.tolist() == [
        j not in {facility for _, facility in pairs} for j in range(len(capacity))
    ]


def assert_conserved(shares: Shares, weight: np.ndarray, capacity: np.ndarray) -> None:
    """All people together have the capacity of the facilities that are reached, no more or less."""
    reached = capacity[~shares.unreached].sum()
    assert weight @ shares.low == pytest.approx(reached, rel=1e-9, abs=1e-9)
    assert weight @ shares.high == pytest.approx(reached, rel=1e-9, abs=1e-9)


def test_more_facilities_than_are_searched_at_a_time_give_the_same(
    network: WalkNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facilities are shared out one by one, whatever the pieces."""
    area, demand, _ = the_row()
    rng = np.random.default_rng(3)
    spots = [(CARE, float(x)) for x in rng.uniform(0, 400, 23)]
    stock = stock_of(area, *spots, places=rng.uniform(1, 9, 23))
    whole = found(network, area, demand, stock)
    monkeypatch.setattr("circles.evaluation.catchment._FACILITIES_AT_A_TIME", 5)
    parts = found(network, area, demand, stock)
    for one, other in zip(whole.findings, parts.findings, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(("extra", "reached"), [(0.0, True), (-1e-3, False)])
def test_a_facility_at_the_limit_is_within_it(
    network: WalkNetwork, extra: float, reached: bool
) -> None:
    """A limit of as many seconds as the walk takes is enough; a millisecond less is not."""
    _, demand, stock = the_row()
    walkers = on_foot(network, demand, stock)
    impedance = network.times(profile("adult"))
    cost, _ = nearest_cost(network, walkers.doors, impedance).at(walkers.homes)
    shares = floating_catchments(
        network,
        walkers.homes,
        walkers.doors,
        impedance,
        people=people_of([100, 0, 0], [float(cost[0]) + extra, math.nan, math.nan]),
        capacity=np.array([10.0, 20.0]),
    )
    assert shares.low[0] == pytest.approx(0.1 if reached else 0.0)
    assert shares.unreached.tolist() == [not reached, True]


@patient
@given(data=st.data(), points=st.integers(1, 8), facilities=st.integers(1, 5))
def test_bounds_hold_whatever_the_unknown_turns_out_to_be(
    data: st.DataObject, points: int, facilities: int
) -> None:
    """Any capacity, and any number of people, leaves every known point between its bounds."""
    spots = st.tuples(st.integers(0, points - 1), st.integers(0, facilities - 1))
    table = np.array(sorted(data.draw(st.sets(spots, min_size=1))), dtype=np.int64)
    flags = st.booleans()
    uncertain = np.array(data.draw(st.lists(flags, min_size=points, max_size=points)))
    unknown = np.array(data.draw(st.lists(flags, min_size=facilities, max_size=facilities)))
    weight = np.arange(1.0, points + 1)
    capacity = np.where(unknown, np.nan, np.arange(1.0, facilities + 1) * 10)
    pairs = (table[:, 0], table[:, 1])
    nobody = People(np.where(uncertain, 0.0, weight), weight, uncertain)
    bounds = share_out(pairs, nobody, capacity)
    assert (bounds.low <= bounds.high).all()
    for people, places in ((0.5, 0.0), (1.0, 5.0), (1000.0, 1e5)):
        settled = share_out(
            pairs,
            people_of(np.where(uncertain, people, weight)),
            np.where(unknown, places, capacity),
        )
        known = ~uncertain
        assert (bounds.low[known] <= settled.low[known] * (1 + 1e-9)).all()
        assert (settled.high[known] <= bounds.high[known] * (1 + 1e-9)).all()


def test_one_more_facility_never_lowers_what_anybody_has(network: WalkNetwork) -> None:
    """A facility more takes nothing from the others' shares."""
    area, demand, stock = the_row()
    more = stock_of(area, (CARE, 100.0), (CARE, 250.0), (CARE, 130.0), places=[10.0, 20.0, 1.0])
    before = by_unit(found(network, area, demand, stock))
    after = by_unit(found(network, area, demand, more))
    assert after["c1"].value > before["c1"].value
    for unit, finding in before.items():
        assert not after[unit].value < finding.value
