"""Whether every unit has its facility: by hand, and what must hold of any."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.evaluation import Area, Finding, Stock, unit_verdicts
from circles.evaluation.findings import findings_table
from circles.evaluation.presence import presence_findings
from circles.standards.model import PresenceRule
from tests.drawn_units import area_of, presence, stock_of, told

few = settings(max_examples=60, deadline=None)
STATION = "elder_station"


def found(rule: PresenceRule, area: Area, stock: Stock) -> list[Finding]:
    """Return all findings of a rule."""
    return list(presence_findings(rule, area, stock))


def test_every_community_needs_a_station_of_its_own() -> None:
    """The first has two, the second none, and one lies outside."""
    area = area_of(2)
    stock = stock_of(area, (STATION, 20.0), (STATION, 80.0), (STATION, 500.0), ("sports", 150.0))
    have, lack = found(presence(), area, stock)
    assert (have.value, have.verdict, have.reason, have.shortfall) == (2, "met", "present", 0)
    assert (lack.value, lack.verdict, lack.reason, lack.shortfall) == (0, "not_met", "absent", 1)
    assert (lack.measure, lack.unit, lack.required_low) == ("located", "facilities", 1)
    assert lack.subject.setting == "urban"
    assert math.isnan(have.other_value)  # nobody says whom they serve


def test_three_are_asked_for_and_one_is_there() -> None:
    """Two are missing."""
    area = area_of(1)
    (finding,) = found(presence(min=3), area, stock_of(area, (STATION, 50.0)))
    assert (finding.verdict, finding.shortfall) == ("not_met", 2)


def test_a_street_has_what_its_communities_have() -> None:
    """One centre in any of its communities is enough; the street next to it has none."""
    area = area_of(3, street=["甲", "甲", "乙"])
    stock = stock_of(area, ("elder_centre", 150.0))
    rule = presence(service="elder_centre", per="street")
    first, second = found(rule, area, stock)
    assert (first.subject.unit_name, first.subject.communities, first.value) == ("甲", 2, 1)
    assert (second.subject.unit_name, second.verdict) == ("乙", "not_met")
    assert first.subject.setting is None


def test_located_and_serving_stand_side_by_side() -> None:
    """A station across the border serves both; the verdict follows the rule's way of counting."""
    area = area_of(2)
    stock = stock_of(area, (STATION, 50.0), serves=["c0、c1"])
    located = found(presence(), area, stock)
    serving = found(presence(count_by="serves"), area, stock)
    assert [(f.value, f.other_value, f.verdict) for f in located] == [
        (1, 1, "met"),
        (0, 1, "not_met"),
    ]
    assert [(f.value, f.other_value, f.verdict) for f in serving] == [(1, 1, "met"), (1, 0, "met")]


def test_facilities_that_serve_two_communities_of_a_street_count_once_for_it() -> None:
    """Two facilities, three communities named, two that serve the street."""
    area = area_of(3, street=["甲", "甲", "乙"])
    stock = stock_of(area, (STATION, 50.0), (STATION, 250.0), serves=["c0;c1", "甲"])
    rule = presence(per="street", count_by="serves")
    assert [f.value for f in found(rule, area, stock)] == [2, 0]


def test_facilities_that_do_not_say_whom_they_serve_leave_it_open() -> None:
    """One of them may serve the second community; the first is served whatever they do."""
    area = area_of(2)
    stock = stock_of(area, (STATION, 50.0), (STATION, 60.0), serves=["c0", None])
    first, second = found(presence(count_by="serves"), area, stock)
    assert (first.verdict, first.value_high) == ("met", 2)
    assert (second.verdict, second.reason) == ("insufficient_data", "serves_missing")
    assert (second.value, second.value_high, second.unknown) == (0, 1, 1)
    assert dict(second.reason_values) == {"count": 1}
    assert math.isnan(second.shortfall)


def test_one_unknown_list_cannot_make_two_of_none() -> None:
    """Where even all of the unknown would not be enough, there is nothing left open."""
    area = area_of(1)
    stock = stock_of(area, (STATION, 999.0), serves=["?"])
    (finding,) = found(presence(count_by="serves", min=2), area, stock)
    assert (finding.verdict, finding.shortfall) == ("not_met", 2)


@pytest.mark.parametrize(("given", "reason"), [((), "layer_missing"), ((STATION,), "layer_empty")])
@pytest.mark.parametrize("count_by", ["located", "serves"])
def test_without_facilities_there_is_no_verdict(
    given: Sequence[str], reason: str, count_by: str
) -> None:
    """A missing layer is never a zero."""
    area = area_of(2)
    findings = found(presence(count_by=count_by), area, stock_of(area, given=given))
    assert told(findings) == dict.fromkeys(("c0", "c1"), ("insufficient_data", reason))
    assert all(math.isnan(f.value) for f in findings)


def test_a_layer_that_would_count_too_leaves_open_what_is_missing_only() -> None:
    """Stations or canteens would do; of canteens nothing is known."""
    area = area_of(2)
    stock = stock_of(area, (STATION, 50.0), given=[STATION])
    rule = presence(any_of=(STATION, "elder_meal"))
    assert told(found(rule, area, stock)) == {
        "c0": ("met", "present"),
        "c1": ("insufficient_data", "layer_partial"),
    }


def test_more_may_lie_beyond_the_edge_of_the_map() -> None:
    """A community that is cut may have one in the part that is not known."""
    area = area_of(3, street=["甲", "甲", "乙"], options={"cut": frozenset({"c0", "c2"})})
    stock = stock_of(area, (STATION, 250.0))
    assert told(found(presence(), area, stock)) == {
        "c0": ("insufficient_data", "map_edge"),
        "c1": ("not_met", "absent"),
        "c2": ("met", "present"),
    }
    assert told(found(presence(per="street"), area, stock)) == {
        "甲": ("insufficient_data", "map_edge"),
        "乙": ("met", "present"),
    }


def test_a_district_alone_does_not_tell_what_its_city_has() -> None:
    """250 canteens are asked of the city: three of a district's are too few, or many more."""
    area = area_of(2, options={"whole": "district"})
    stock = stock_of(area, *((STATION, x) for x in (10.0, 60.0, 150.0)))
    (few_,) = found(presence(per="city", min=250), area, stock)
    assert (few_.value, few_.verdict, few_.reason) == (3, "insufficient_data", "part_only")
    (enough,) = found(presence(per="city", min=3), area, stock)
    assert enough.verdict == "met"
    assert found(presence(per="district", min=4), area, stock)[0].verdict == "not_met"


def test_a_rule_for_villages_says_nothing_of_towns() -> None:
    """There is no row where it does not hold."""
    area = area_of(2, setting=["urban", "rural"])
    stock = stock_of(area, (STATION, 50.0))
    assert told(found(presence(settings=("rural",)), area, stock)) == {"c1": ("not_met", "absent")}


def test_communities_that_name_no_street_are_told() -> None:
    """They are no street, and nobody can tell whose they are."""
    area = area_of(3, street=["甲", None, None])
    street, nowhere = found(presence(per="street"), area, stock_of(area, (STATION, 50.0)))
    assert (street.subject.unit_id, street.verdict) == ("甲", "met")
    assert (nowhere.subject.unit_id, nowhere.subject.communities) == ("", 2)
    assert (nowhere.verdict, nowhere.reason) == ("insufficient_data", "no_street")
    assert dict(nowhere.reason_values) == {"count": 2}


@few
@given(
    data=st.data(),
    least=st.integers(1, 3),
    count_by=st.sampled_from(["located", "serves"]),
    level=st.sampled_from(["community", "street", "city"]),
)
def test_one_more_facility_never_takes_a_verdict_away(
    data: st.DataObject, least: int, count_by: str, level: str
) -> None:
    """What was met stays met, and every count of what is known grows or stays."""
    area = area_of(4, street=["甲", "甲", "乙", None])
    lists = st.sampled_from(["c0", "c1;c3", "甲", "", "c9"])
    spots = data.draw(st.lists(st.tuples(st.integers(0, 449), lists), min_size=2, max_size=6))
    rule = presence(per=level, min=least, count_by=count_by)
    before, after = (
        {
            f.subject.unit_id: f
            for f in found(
                rule,
                area,
                stock_of(area, *((STATION, x + 0.5) for x, _ in some), serves=[s for _, s in some]),
            )
        }
        for some in (spots[:-1], spots)
    )
    assert before.keys() == after.keys()
    for unit, earlier in before.items():
        later = after[unit]
        if not math.isnan(earlier.value):
            assert later.value >= earlier.value
        if earlier.verdict == "met":
            assert later.verdict == "met"
        assert (later.verdict == "not_met") == (later.shortfall > 0)


def test_the_table_of_findings_has_a_row_each() -> None:
    """Numbers are numbers, and a rule's verdict on a unit is found by its id."""
    area = area_of(2)
    findings = found(presence(), area, stock_of(area, (STATION, 50.0)))
    table = findings_table(findings)
    assert table["value"].tolist() == [1.0, 0.0]
    assert table["required_high"].isna().all()
    assert table["setting"].tolist() == ["urban", "urban"]
    verdicts = unit_verdicts(table)
    assert verdicts["unit_id"].tolist() == ["c0", "c1"]
    assert verdicts["verdict"].tolist() == ["met", "not_met"]
    assert findings_table([]).columns.tolist() == table.columns.tolist()
    assert unit_verdicts(findings_table([])).empty
