"""Capacities against people and households: by hand, and what must hold of any."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.evaluation import Area, Finding, Stock, findings_table, unit_verdicts
from circles.evaluation.capacity import capacity_findings
from circles.standards.model import CapacityRule
from tests.drawn_units import area_of, ratio, stock_of, told

few = settings(max_examples=60, deadline=None)
WORKERS = {
    "numerator": {"column": "community_workers"},
    "per": 10_000,
    "min": 18.0,
    "levels": ("city",),
}


def found(rule: CapacityRule, area: Area, stock: Stock) -> list[Finding]:
    """Return all findings of a rule."""
    return list(capacity_findings(rule, area, stock))


def one(rule: CapacityRule, area: Area, stock: Stock | None = None) -> Finding:
    """Return the only finding of a rule."""
    (finding,) = found(rule, area, stock or stock_of(area))
    return finding


def test_places_for_a_thousand_residents_by_hand() -> None:
    """12 places for 2,000 are 6 for 1,000; 8 places are 4, and 2 are missing for 5."""
    area = area_of(2, population={"all": [2000, 2000]})
    stock = stock_of(
        area, ("childcare", 50.0), ("childcare", 60.0), ("childcare", 150.0), places=[5, 7, 8]
    )
    enough, short = found(ratio(), area, stock)
    assert (enough.value, enough.numerator, enough.denominator) == (6, 12, 2000)
    assert (enough.verdict, enough.reason, enough.shortfall) == ("met", "ratio_reached", 0)
    assert (short.value, short.verdict, short.reason) == (4, "not_met", "ratio_missed")
    assert (short.shortfall, short.unit, short.measure) == (2, "places", "population")


def test_sums_are_divided_by_sums() -> None:
    """10 places for 1,000 and none for 9,000 are 1 for 1,000 together, not the mean of 10 and 0."""
    area = area_of(2, population={"all": [1000, 9000]}, street=["甲", "甲"])
    stock = stock_of(area, ("childcare", 50.0), places=[10])
    findings = found(ratio(levels=("community", "street", "city")), area, stock)
    values = {finding.subject.level: finding.value for finding in findings}
    assert values == {"community": 0, "street": 1, "city": 1}
    assert findings[0].value == 10
    assert [f.shortfall for f in findings] == [0, 45, 40, 40]


def test_two_denominators_of_one_document_are_two_findings() -> None:
    """18 workers for 10,000 urban residents are fewer for 10,000 residents; both must be met."""
    area = area_of(
        2,
        population={"all": [10_000, 5000]},
        setting=["urban", "rural"],
        community_workers=[18.0, 0.0],
    )
    columns = ({"column": "population_urban"}, {"column": "population"})
    findings = found(ratio(denominators=columns, **WORKERS), area, stock_of(area))
    assert [(f.measure, f.value, f.verdict, f.shortfall) for f in findings] == [
        ("population_urban", 18, "met", 0),
        ("population", 12, "not_met", 9),
    ]
    assert {f.unit for f in findings} == {"community_workers"}
    assert unit_verdicts(findings_table(findings))["verdict"].tolist() == ["not_met"]


def test_square_metres_for_a_hundred_households() -> None:
    """31.5 m² for each hundred of 200 households leave 1 m² to be built, and no whole one."""
    area = area_of(1, households=[200.0], service_area_m2=[63.0])
    rule = ratio(
        numerator={"column": "service_area_m2"},
        denominators=({"column": "households"},),
        per=100,
        min=32.0,
    )
    finding = one(rule, area)
    assert (finding.value, finding.verdict) == (31.5, "not_met")
    assert finding.shortfall == pytest.approx(1.0)


def test_a_ratio_may_be_too_high() -> None:
    """30 places where 4 to 5 for 1,000 are asked for are 25 too many."""
    area = area_of(1, population={"all": [1000]})
    stock = stock_of(area, ("childcare", 50.0), places=[30])
    finding = one(ratio(between=(4.0, 5.0)), area, stock)
    assert (finding.verdict, finding.reason) == ("not_met", "ratio_exceeded")
    assert (finding.shortfall, finding.required_high) == (-25, 5)


def test_facilities_can_be_counted_themselves() -> None:
    """One for 1,000 residents, whatever they hold."""
    area = area_of(1, population={"all": [3000]})
    rule = ratio(numerator={"services": ("childcare",), "capacity": "count"}, min=1.0)
    finding = one(rule, area, stock_of(area, ("childcare", 50.0), ("childcare", 50.0)))
    assert (finding.numerator, finding.unit, finding.shortfall) == (2, "facilities", 1)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (6.0, ("met", "ratio_reached")),
        (4.0, ("insufficient_data", "capacity_unknown")),
    ],
)
def test_an_unknown_capacity_counts_as_nothing_at_least(
    known: float, expected: tuple[str, str]
) -> None:
    """Enough without it is enough; too little without it is not known to be too little."""
    area = area_of(1, population={"all": [1000]})
    stock = stock_of(area, ("childcare", 50.0), ("childcare", 60.0), places=[known, np.nan])
    finding = one(ratio(), area, stock)
    assert (finding.verdict, finding.reason) == expected
    assert (finding.value, finding.value_high, finding.unknown) == (known, math.inf, 1)


def test_what_nobody_knows_is_not_shown_as_zero() -> None:
    """One facility of unknown capacity is no capacity of zero; no facility is."""
    area = area_of(2, population={"all": [1000, 1000]})
    stock = stock_of(area, ("childcare", 50.0), places=[np.nan])
    unknown, none = found(ratio(), area, stock)
    assert (unknown.verdict, unknown.reason) == ("insufficient_data", "capacity_unknown")
    assert math.isnan(unknown.value)
    assert math.isnan(unknown.numerator)
    assert (none.verdict, none.value) == ("not_met", 0)


def test_a_range_is_open_above_where_a_capacity_is_not_known() -> None:
    """Within 4 to 5 so far: more may be too much."""
    area = area_of(1, population={"all": [1000]})
    stock = stock_of(area, ("childcare", 50.0), ("childcare", 60.0), places=[4.5, np.nan])
    assert one(ratio(between=(4.0, 5.0)), area, stock).verdict == "insufficient_data"
    too_many = stock_of(area, ("childcare", 50.0), ("childcare", 60.0), places=[9, np.nan])
    assert one(ratio(between=(4.0, 5.0)), area, too_many).verdict == "not_met"


def test_residents_nobody_counted_leave_a_street_open_unless_it_is_short_already() -> None:
    """4 places for the 1,000 who were counted are too few, however many the others are."""
    area = area_of(2, population={"all": [1000, np.nan]}, street=["甲", "甲"])
    rule = ratio(levels=("street",))
    short = one(rule, area, stock_of(area, ("childcare", 50.0), places=[4]))
    assert (short.verdict, short.value_high, short.shortfall) == ("not_met", 4, 1)
    assert math.isnan(short.value)
    open_ = one(rule, area, stock_of(area, ("childcare", 50.0), places=[6]))
    assert (open_.verdict, open_.reason) == ("insufficient_data", "number_unknown")
    assert dict(open_.reason_values) == {"column": "population", "count": 1}


@pytest.mark.parametrize("places", [(), (("childcare", 50.0),)])
def test_nobody_needs_nothing(places: Sequence[tuple[str, float]]) -> None:
    """Where nobody lives there is no ratio, whatever else is not known."""
    area = area_of(1, population={"all": [0]})
    finding = one(ratio(), area, stock_of(area, *places, places=[4.0] * len(places)))
    assert (finding.verdict, finding.reason) == ("not_applicable", "nobody")
    assert math.isnan(finding.value)


@pytest.mark.parametrize(
    ("given", "people", "reason"),
    [
        ((), [1000], "layer_missing"),
        (("childcare",), [1000], "layer_empty"),
    ],
)
def test_without_facilities_there_is_no_verdict(
    given: Sequence[str], people: Sequence[float], reason: str
) -> None:
    """A missing layer is never a zero."""
    area = area_of(1, population={"all": people})
    findings = found(ratio(levels=("community", "city")), area, stock_of(area, given=given))
    assert [(f.verdict, f.reason) for f in findings] == [("insufficient_data", reason)] * 2
    assert all(math.isnan(f.value) and math.isnan(f.shortfall) for f in findings)


@pytest.mark.parametrize(
    ("rule", "column"),
    [(ratio(**WORKERS), "community_workers"), (ratio(), "population")],
)
def test_without_a_column_there_is_no_verdict(rule: CapacityRule, column: str) -> None:
    """The one that is missing is named."""
    area = area_of(1, population={"all": [1000]} if column == "community_workers" else None)
    finding = one(rule, area, stock_of(area, ("childcare", 50.0), places=[4]))
    assert (finding.verdict, finding.reason) == ("insufficient_data", "column_missing")
    assert dict(finding.reason_values) == {"column": column}


def test_a_rule_for_towns_counts_neither_villages_people_nor_their_places() -> None:
    """At the city's level too."""
    area = area_of(2, population={"all": [1000, 1000]}, setting=["urban", "rural"])
    stock = stock_of(area, ("childcare", 50.0), ("childcare", 150.0), places=[5, 50])
    findings = found(ratio(settings=("urban",), levels=("community", "city")), area, stock)
    assert [(f.subject.level, f.numerator, f.denominator) for f in findings] == [
        ("community", 5, 1000),
        ("city", 5, 1000),
    ]


def test_more_may_lie_beyond_the_edge_of_the_map_or_in_a_layer_not_given() -> None:
    """Both leave open what is missing, and neither what is enough."""
    area = area_of(2, population={"all": [1000, 1000]}, options={"cut": frozenset({"c0"})})
    stock = stock_of(area, ("childcare", 150.0), places=[1])
    assert told(found(ratio(), area, stock)) == {
        "c0": ("insufficient_data", "map_edge"),
        "c1": ("not_met", "ratio_missed"),
    }
    wider = ratio(numerator={"services": ("childcare", "kindergarten"), "capacity": "places"})
    assert set(told(found(wider, area, stock)).values()) == {("insufficient_data", "layer_partial")}


def test_levels_above_the_area_are_left_out_unless_there_are_no_others() -> None:
    """A district's ratio stands at its own level, and not once more as its city's."""
    area = area_of(1, population={"all": [1000]}, options={"whole": "district"})
    stock = stock_of(area, ("childcare", 50.0), places=[5])
    wide = found(ratio(levels=("community", "district", "city")), area, stock)
    assert [finding.subject.level for finding in wide] == ["community", "district"]
    (city,) = found(ratio(levels=("city",)), area, stock)
    assert (city.subject.level, city.subject.unit_name, city.value) == ("city", "Drawn", 5)


def test_communities_that_name_no_street_are_told() -> None:
    """Their people and places are no street's."""
    area = area_of(2, population={"all": [1000, 1000]}, street=["甲", None])
    stock = stock_of(area, ("childcare", 50.0), ("childcare", 150.0), places=[5, 50])
    assert told(found(ratio(levels=("street",)), area, stock)) == {
        "甲": ("met", "ratio_reached"),
        "": ("insufficient_data", "no_street"),
    }


@st.composite
def towns(draw: st.DrawFn) -> tuple[Area, list[tuple[float, float]]]:
    """Draw an area, and places of facilities with their capacities, some of them not known."""
    people = draw(st.lists(st.sampled_from([0.0, 500.0, 1000.0, np.nan]), min_size=3, max_size=3))
    area = area_of(3, population={"all": people}, street=["甲", "甲", "乙"])
    holds = st.sampled_from([1.0, 3.0, 8.0, np.nan])
    return area, draw(st.lists(st.tuples(st.integers(0, 349), holds), min_size=2, max_size=6))


def places(area: Area, some: Sequence[tuple[float, float]]) -> Stock:
    """Return nurseries at places, with how many they take."""
    return stock_of(
        area,
        *(("childcare", x + 0.5) for x, _ in some),
        places=[holds for _, holds in some],
    )


@few
@given(town=towns(), limits=st.sampled_from([{"min": 5.0}, {"between": (2.0, 6.0)}]))
def test_a_verdict_holds_whatever_the_unknown_turns_out_to_be(
    town: tuple[Area, list[tuple[float, float]]], limits: dict[str, Any]
) -> None:
    """Met and not met are so for no capacity at all in the unknown facilities, and for a lot."""
    area, some = town
    rule = ratio(levels=("community", "street", "city"), **limits)
    findings = found(rule, area, places(area, some))
    for filled in (0.0, 7.0, 1e6):
        known = [(x, filled if math.isnan(holds) else holds) for x, holds in some]
        for finding, settled in zip(findings, found(rule, area, places(area, known)), strict=True):
            if finding.verdict in {"met", "not_met"}:
                assert settled.verdict == finding.verdict
            if not math.isnan(settled.value) and not math.isnan(finding.value):
                assert finding.value <= settled.value <= finding.value_high


@few
@given(town=towns())
def test_ratios_roll_up_as_sums(town: tuple[Area, list[tuple[float, float]]]) -> None:
    """What a level's units have adds up to what the city has, in both parts of the ratio."""
    area, some = town
    levels = ("community", "street", "city")
    findings = found(ratio(levels=levels), area, places(area, some))
    for part in ("numerator", "denominator"):
        sums = [
            sum(np.nan_to_num(getattr(f, part)) for f in findings if f.subject.level == level)
            for level in levels
        ]
        assert sums == pytest.approx([sums[0]] * 3)


@few
@given(town=towns())
def test_one_more_facility_never_lowers_a_ratio(
    town: tuple[Area, list[tuple[float, float]]],
) -> None:
    """What is met by a lower limit stays met."""
    area, some = town
    rule = ratio(levels=("community", "city"))
    before, after = (found(rule, area, places(area, part)) for part in (some[:-1], some))
    for earlier, later in zip(before, after, strict=True):
        assert not later.value < earlier.value
        if earlier.verdict == "met":
            assert later.verdict == "met"


@few
@given(people=st.integers(1, 5000), holds=st.integers(0, 60))
def test_the_shortfall_is_what_would_make_it_met(people: int, holds: int) -> None:
    """That many places more and the rule is met; one fewer and it is not."""
    area = area_of(1, population={"all": [people]})
    verdict = one(ratio(min=5.8), area, places(area, [(50, holds)]))
    assert (verdict.verdict == "met") == (10 * 1000 * holds >= 58 * people)
    if verdict.verdict == "not_met":
        enough = places(area, [(50, holds + verdict.shortfall)])
        assert one(ratio(min=5.8), area, enough).verdict == "met"
        short = places(area, [(50, holds + verdict.shortfall - 1)])
        assert one(ratio(min=5.8), area, short).verdict == "not_met"
