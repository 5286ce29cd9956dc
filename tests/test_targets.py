"""Shares of units against targets: by hand, and what must hold of any."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.evaluation import Area, findings_table, roll_up_targets, unit_verdicts
from circles.evaluation.presence import presence_findings
from circles.evaluation.targets import counted_level
from circles.scoring import VERDICTS
from circles.standards.model import Measured, Standard, Target, Tier
from tests.drawn_district import rule
from tests.drawn_units import WORDS, area_of, presence, ratio, standard_of, stock_of, unit_rule

few = settings(max_examples=60, deadline=None)
OPEN = "insufficient_data"


def target(**changes: Any) -> Target:
    """Return a target: 90 % of all communities of the city meet the basic tier."""
    values = {"id": "t", "of": Measured(tier="basic"), "min_share": 0.9}
    return Target(**(values | changes))


def of_tier(*targets: Target, **changes: Any) -> Standard:
    """Return a standard with one tier and some targets."""
    tier = Tier(id="basic", name=WORDS, rules=("near",))
    return standard_of(rule("near"), tiers=[tier], targets=targets, **changes)


def rolled(
    verdicts: Sequence[str],
    *targets: Target,
    area: Area | None = None,
    as_of: date | None = None,
    **changes: Any,
) -> pd.DataFrame:
    """Roll up the verdicts of communities ``c0``, ``c1`` … on the basic tier."""
    ids = [f"c{i}" for i in range(len(verdicts))]
    tiers = pd.DataFrame({"community_id": ids, "tier": "basic", "verdict": list(verdicts)})
    return roll_up_targets(
        of_tier(*(targets or (target(),)), **changes),
        tiers.astype(object),
        unit_verdicts(findings_table([])),
        area or area_of(len(verdicts)),
        as_of=as_of,
    )


def test_eight_of_ten_and_one_open_by_hand() -> None:
    """80 % for certain, 90 % at best: nobody can tell, and one more is needed at most."""
    row = rolled(["met"] * 8 + ["not_met", OPEN]).iloc[0]
    assert (row["met"], row["not_met"], row["insufficient"], row["denominator"]) == (8, 1, 1, 10)
    assert (row["share_low"], row["share_high"]) == (0.8, 0.9)
    assert (row["needed"], row["missing_low"], row["missing_high"]) == (9, 0, 1)
    assert row["verdict"] == OPEN


def test_fourteen_more_are_needed() -> None:
    """Of 37 communities 90 % are 34; with 20 there 14 are missing."""
    row = rolled(["met"] * 20 + ["not_met"] * 17).iloc[0]
    assert (row["needed"], row["missing_low"], row["missing_high"]) == (34, 14, 14)
    assert row["verdict"] == "not_met"


def test_seven_of_a_hundred_are_seven_percent() -> None:
    """Floats make 0.07 times 100 a little more than 7; eight are not needed for it."""
    row = rolled(["met"] * 7 + ["not_met"] * 93, target(min_share=0.07)).iloc[0]
    assert (row["needed"], row["missing_high"], row["verdict"]) == (7, 0, "met")


def test_those_it_does_not_apply_to_are_in_no_denominator() -> None:
    """9 of 10 are 90 %, however many others there are."""
    row = rolled(["met"] * 9 + ["not_met"] + ["not_applicable"] * 5).iloc[0]
    assert (row["denominator"], row["not_applicable"], row["verdict"]) == (10, 5, "met")
    nobody = rolled(["not_applicable"]).iloc[0]
    assert (nobody["denominator"], nobody["verdict"]) == (0, "not_applicable")
    assert math.isnan(nobody["share_low"])


def test_a_target_counts_the_communities_of_its_setting() -> None:
    """90 % of the urban ones, and half of the villages."""
    area = area_of(4, setting=["urban", "urban", "rural", "rural"])
    goals = [
        target(id="urban", setting="urban"),
        target(id="rural", setting="rural", min_share=0.5),
        target(id="all"),
    ]
    found = rolled(["met", "met", "met", "not_met"], *goals, area=area)
    assert found["target_id"].tolist() == ["urban", "rural", "all"]
    assert found["denominator"].tolist() == [2, 2, 4]
    assert found["verdict"].tolist() == ["met", "met", "not_met"]


def test_a_target_of_districts_is_rolled_up_in_each() -> None:
    """Those that name no district are by themselves, at the end."""
    area = area_of(4, district=["东", None, "西", "东"])
    found = rolled(["met", "met", "not_met", "met"], target(level="district"), area=area)
    assert found["unit_name"].tolist() == ["东", "西", ""]
    assert found["verdict"].tolist() == ["met", "not_met", "met"]
    assert found["denominator"].tolist() == [2, 1, 1]


def test_all_streets_must_have_their_centre() -> None:
    """The share is of streets; a community without one may be a street more."""
    area = area_of(4, street=["甲", "甲", "乙", None])
    asked = presence(id="centre", service="elder_centre", per="street")
    goal = Target(id="centres", of=Measured(rule="centre"), min_share=1.0)
    promised = standard_of(asked, targets=[goal])
    tiers = pd.DataFrame(columns=["community_id", "tier", "verdict"])

    def share(*places: float) -> pd.Series:
        stock = stock_of(area, *(("elder_centre", x) for x in places))
        verdicts = unit_verdicts(findings_table(presence_findings(asked, area, stock)))
        return roll_up_targets(promised, tiers, verdicts, area).iloc[0]

    both = share(150.0, 250.0)
    assert (both["met"], both["insufficient"], both["denominator"]) == (2, 1, 3)
    assert (both["rule"], both["counted"], both["verdict"]) == ("centre", "street", OPEN)
    assert share(150.0)["verdict"] == "not_met"


def test_a_rule_of_communities_is_counted_in_the_streets_above() -> None:
    """Half of a street's communities have a station, and none of those without a street."""
    area = area_of(3, street=["甲", "甲", None])
    asked = presence()
    goal = Target(id="stations", of=Measured(rule="present"), level="street", min_share=0.5)
    stock = stock_of(area, ("elder_station", 50.0))
    verdicts = unit_verdicts(findings_table(presence_findings(asked, area, stock)))
    tiers = pd.DataFrame(columns=["community_id", "tier", "verdict"])
    found = roll_up_targets(standard_of(asked, targets=[goal]), tiers, verdicts, area)
    assert found["unit_name"].tolist() == ["甲", ""]
    assert found["share_low"].tolist() == [0.5, 0.0]
    assert found["verdict"].tolist() == ["met", "not_met"]


@pytest.mark.parametrize(
    ("as_of", "own", "whole", "passed"),
    [
        (date(2026, 1, 1), date(2025, 12, 31), None, True),
        (date(2025, 12, 31), date(2025, 12, 31), None, False),
        (date(2026, 1, 1), None, date(2025, 12, 31), True),
        (date(2026, 1, 1), date(2035, 12, 31), date(2025, 12, 31), False),
        (None, date(2025, 12, 31), None, None),
        (date(2026, 1, 1), None, None, None),
    ],
)
def test_a_deadline_has_passed_or_not(
    as_of: date | None, own: date | None, whole: date | None, passed: bool | None
) -> None:
    """By the date of the data; a target's own deadline goes before the standard's."""
    found = rolled(["met"], target(deadline=own), as_of=as_of, deadline=whole).iloc[0]
    assert found["passed"] is passed
    assert found["deadline"] == (own or whole)


def test_what_a_target_of_a_rule_counts() -> None:
    """The units of the lowest level that the rule judges."""
    assert counted_level(presence(per="street")) == "street"
    assert counted_level(ratio(levels=("city", "street"))) == "street"
    assert counted_level(rule()) == "community"
    assert counted_level(unit_rule({"measure": "staff", "max": 9})) == "community"


def test_a_standard_without_targets_rolls_up_to_an_empty_table() -> None:
    """Its columns are there all the same."""
    tiers = pd.DataFrame({"community_id": ["c0"], "tier": ["basic"], "verdict": ["met"]})
    found = roll_up_targets(of_tier(), tiers, unit_verdicts(findings_table([])), area_of(1))
    assert found.empty
    assert {"target_id", "share_low", "deadline", "strength"} <= set(found.columns)


def test_a_target_of_nothing_that_was_judged_applies_to_nothing() -> None:
    """A city without villages has no share of villages."""
    found = rolled(["met"], target(setting="rural"))
    assert found["verdict"].tolist() == ["not_applicable"]
    assert found["denominator"].tolist() == [0]


@few
@given(
    verdicts=st.lists(st.sampled_from(VERDICTS), min_size=1, max_size=10),
    percent=st.integers(1, 100),
)
def test_a_roll_up_agrees_with_every_way_the_open_ones_may_fall(
    verdicts: list[str], percent: int
) -> None:
    """And so many more as it says are missing would reach the target, and no fewer."""
    goal = target(min_share=percent / 100)
    row = rolled(verdicts, goal).iloc[0]
    counts = {name: row[name] for name in ("met", "not_met", "insufficient", "not_applicable")}
    assert sum(counts.values()) == len(verdicts)
    assert row["denominator"] == len(verdicts) - counts["not_applicable"]
    if not row["denominator"]:
        return
    settled = {
        word: rolled([word if v == OPEN else v for v in verdicts], goal).iloc[0]
        for word in ("met", "not_met")
    }
    outcomes = {fallen["verdict"] for fallen in settled.values()}
    assert row["verdict"] == (outcomes.pop() if len(outcomes) == 1 else OPEN)
    assert row["missing_low"] == settled["met"]["missing_high"]
    assert row["missing_high"] == settled["not_met"]["missing_high"]
    assert (row["missing_high"] == 0) == (row["verdict"] == "met")
    missing = int(row["missing_high"])
    if missing:
        turned = [i for i, v in enumerate(verdicts) if v in {"not_met", OPEN}][:missing]
        assert rolled(turn(verdicts, turned), goal).iloc[0]["verdict"] == "met"
        assert rolled(turn(verdicts, turned[1:]), goal).iloc[0]["verdict"] != "met"


def turn(verdicts: Sequence[str], chosen: Sequence[int]) -> list[str]:
    """Return verdicts of which some have turned out met."""
    return ["met" if i in chosen else v for i, v in enumerate(verdicts)]


@few
@given(data=st.data(), count=st.integers(1, 8))
def test_roll_ups_of_districts_add_up_to_the_citys(data: st.DataObject, count: int) -> None:
    """Each community is in one district, or in none."""
    words = st.sampled_from(["东", "西", None])
    columns: Mapping[str, Any] = {
        "district": data.draw(st.lists(words, min_size=count, max_size=count))
    }
    verdicts = data.draw(st.lists(st.sampled_from(VERDICTS), min_size=count, max_size=count))
    goals = [target(id="city"), target(id="district", level="district")]
    found = rolled(verdicts, *goals, area=area_of(count, **columns))
    for part in ("met", "not_met", "insufficient", "not_applicable", "denominator"):
        sums = found.groupby("target_id")[part].sum()
        assert sums["city"] == sums["district"]
