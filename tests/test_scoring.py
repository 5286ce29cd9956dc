"""From coverage to verdicts, tiers and roll-ups: every branch of the definitions."""

import math
from collections.abc import Sequence

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.scoring import VERDICTS, judge, roll_up, score_tiers, tier_verdict
from circles.standards.model import Target, Tier
from circles.texts import Bilingual
from tests.drawn_district import rule, standard

#: A machine may be busy.
patient = settings(deadline=None)
#: Each example makes tables.
few = settings(max_examples=40, deadline=None)

WORDS = Bilingual(zh="圈", en="circle")


def verdict(
    total: float,
    low: float,
    high: float,
    *,
    min_share: float = 0.8,
    unit: str = "people",
    obstacle: str | None = None,
) -> tuple[str, str, float]:
    """Judge one community and return verdict, reason and shortfall."""
    found = judge(
        rule=rule(min_share=min_share),
        total=total,
        covered_low=low,
        covered_high=high,
        unit=unit,
        obstacle=obstacle,
    )
    return found.verdict, found.reason, found.shortfall


def test_both_bounds_at_the_share_are_met() -> None:
    """80 of 100 people are 80 %: met, and nobody is missing."""
    assert verdict(100, 80, 80) == ("met", "share_reached", 0.0)


def test_both_bounds_below_the_share_are_not_met() -> None:
    """Ten people are missing."""
    assert verdict(100, 70, 79) == ("not_met", "share_missed", 10.0)


def test_bounds_on_either_side_of_the_share_leave_it_open() -> None:
    """The residents nobody could place decide, so there is no verdict and no shortfall."""
    found, reason, shortfall = verdict(100, 79, 80)
    assert (found, reason) == ("insufficient_data", "off_network_decides")
    assert math.isnan(shortfall)


def test_nobody_of_the_group_makes_a_rule_not_applicable() -> None:
    """Where nobody lives nobody is short of anything."""
    assert verdict(0, 0, 0) == ("not_applicable", "nobody", 0.0)


@pytest.mark.parametrize("total", [0.0, 100.0])
def test_a_missing_layer_is_never_a_zero(total: float) -> None:
    """What stands in the way of knowing is the reason, whatever the sums say."""
    found, reason, shortfall = verdict(total, 0, 0, obstacle="layer_missing")
    assert (found, reason) == ("insufficient_data", "layer_missing")
    assert math.isnan(shortfall)


def test_a_shortfall_of_people_is_whole_people() -> None:
    """80 % of 102 people are 81.6; with 70 of them there, 12 are missing, not 11.6."""
    assert verdict(102, 70, 70)[2] == 12.0
    assert verdict(102, 70, 70, unit="floor_area_m2")[2] == pytest.approx(11.6)


def test_rounding_makes_nobody_short() -> None:
    """Of ten million people a sum may be off by a thousandth of one: 40 are missing, not 41."""
    assert verdict(10_000_000, 7_999_960 - 0.001, 7_999_960) == ("not_met", "share_missed", 40.0)


def test_all_of_them_can_be_asked_for() -> None:
    """A share of 1 is reached by everybody and by nobody fewer."""
    assert verdict(3, 3, 3, min_share=1.0)[0] == "met"
    assert verdict(3, 2, 2, min_share=1.0) == ("not_met", "share_missed", 1.0)


@patient
@given(parts=st.integers(1, 400), needed=st.integers(1, 100))
def test_a_share_that_floats_round_down_is_still_reached(parts: int, needed: int) -> None:
    """Adding up a share in thirds of people reaches it exactly as whole numbers would."""
    covered = sum([1 / 3] * (parts * needed))
    total = covered + sum([1 / 3] * (parts * (100 - needed)))
    assert verdict(total, covered, covered, min_share=needed / 100)[0] == "met"


@patient
@given(
    total=st.integers(1, 10**7),
    covered=st.integers(0, 10**7),
    percent=st.integers(1, 100),
)
def test_the_shortfall_is_what_would_make_it_met(total: int, covered: int, percent: int) -> None:
    """That many people more and the rule is met; one fewer and it is not."""
    covered = min(covered, total)
    found, _, shortfall = verdict(total, covered, covered, min_share=percent / 100)
    assert (found == "met") == (100 * covered >= percent * total)
    assert shortfall == max(0, math.ceil((percent * total - 100 * covered) / 100))
    if found == "not_met":
        assert shortfall >= 1
        assert verdict(total, covered + shortfall, total, min_share=percent / 100)[0] == "met"


@patient
@given(
    total=st.floats(1e-6, 1e9),
    low=st.floats(0, 1),
    high=st.floats(0, 1),
    min_share=st.floats(0.01, 1),
)
def test_a_verdict_is_always_one_of_three_and_a_shortfall_agrees(
    total: float, low: float, high: float, min_share: float
) -> None:
    """People are missing exactly where a rule is not met."""
    low, high = sorted((low * total, high * total))
    found, _, shortfall = verdict(total, low, high, min_share=min_share)
    assert found in {"met", "not_met", "insufficient_data"}
    assert (shortfall >= 1) == (found == "not_met")
    assert math.isnan(shortfall) == (found == "insufficient_data")


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        (["met", "met"], "met"),
        (["met", "not_met"], "not_met"),
        (["not_met", "insufficient_data"], "not_met"),
        (["insufficient_data", "met"], "insufficient_data"),
        (["met", "not_applicable"], "met"),
        (["insufficient_data", "not_applicable"], "insufficient_data"),
        (["not_applicable", "not_applicable"], "not_applicable"),
        ([], "not_applicable"),
    ],
)
def test_rules_make_a_tier(verdicts: Sequence[str], whole: str) -> None:
    """One failure fails the tier, one unknown leaves it open, and what applies to nobody is out."""
    assert tier_verdict(verdicts) == whole


@patient
@given(verdicts=st.lists(st.sampled_from(VERDICTS)), more=st.sampled_from(VERDICTS))
def test_a_tier_does_not_depend_on_the_order_of_its_rules(verdicts: list[str], more: str) -> None:
    """A rule more counts the same at the front and at the back, and never improves a failure."""
    assert tier_verdict([more, *verdicts]) == tier_verdict([*verdicts, more])
    if tier_verdict(verdicts) == "not_met":
        assert tier_verdict([*verdicts, more]) == "not_met"


def test_each_community_gets_each_tier_with_the_rules_that_fail_it() -> None:
    """The quality circle extends the convenience circle and names what fails and what is open."""
    tiers = (
        Tier(id="convenience", name=WORDS, rules=("meal",)),
        Tier(id="quality", name=WORDS, rules=("care", "play"), extends="convenience"),
    )
    promised = standard(rule("meal"), rule("care"), rule("play"), tiers=tiers)
    verdicts = pd.DataFrame(
        [
            ("a", "meal", "not_met"),
            ("a", "care", "insufficient_data"),
            ("a", "play", "met"),
            ("b", "meal", "met"),
            ("b", "care", "not_applicable"),
        ],
        columns=["community_id", "rule_id", "verdict"],
    )
    found = score_tiers(verdicts, promised, ["b", "a", "c"])
    assert found.to_numpy().tolist() == [
        ["b", "convenience", "met", (), ()],
        ["b", "quality", "met", (), ()],
        ["a", "convenience", "not_met", ("meal",), ()],
        ["a", "quality", "not_met", ("meal",), ("care",)],
        ["c", "convenience", "not_applicable", (), ()],
        ["c", "quality", "not_applicable", (), ()],
    ]


def rolled(
    verdicts: Sequence[str], *, min_share: float = 0.9, settings: Sequence[str] | None = None
) -> pd.Series:
    """Roll the verdicts of urban communities up against one target."""
    ids = [str(i) for i in range(len(verdicts))]
    tiers = pd.DataFrame({"community_id": ids, "tier": "basic", "verdict": list(verdicts)})
    target = Target(id="t", tier="basic", setting="urban", min_share=min_share)
    setting = pd.Series(settings or ["urban"] * len(ids), index=ids, dtype=object)
    return roll_up(tiers, setting, standard(rule(), targets=[target])).iloc[0]


def test_a_roll_up_keeps_the_insufficient_in_its_denominator() -> None:
    """8 met, 1 not, 1 open: 80 % for certain, 90 % at best, so 90 % is neither met nor missed."""
    row = rolled(["met"] * 8 + ["not_met", "insufficient_data"])
    assert row["denominator"] == 10
    assert (row["met"], row["not_met"], row["insufficient"], row["not_applicable"]) == (8, 1, 1, 0)
    assert (row["share_low"], row["share_high"]) == (0.8, 0.9)
    assert row["verdict"] == "insufficient_data"


def test_a_roll_up_leaves_out_those_to_whom_it_does_not_apply() -> None:
    """9 of 10 is 90 %, however many villages without children there are."""
    row = rolled(["met"] * 9 + ["not_met"] + ["not_applicable"] * 5)
    assert (row["denominator"], row["share_low"], row["verdict"]) == (10, 0.9, "met")
    assert row["not_applicable"] == 5


def test_a_roll_up_counts_its_own_setting_only() -> None:
    """A rural community is not in an urban target."""
    row = rolled(["met", "not_met"], settings=["urban", "rural"])
    assert (row["denominator"], row["verdict"]) == (1, "met")


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["met"] * 9 + ["not_met"], "met"),
        (["met"] * 9 + ["insufficient_data"], "met"),
        (["met"] * 8 + ["not_met"] * 2, "not_met"),
        (["insufficient_data"] * 3, "insufficient_data"),
        (["not_applicable"], "not_applicable"),
        ([], "not_applicable"),
    ],
)
def test_a_target_is_judged_by_the_whole_range(verdicts: Sequence[str], expected: str) -> None:
    """It is met or missed only if it is so wherever the open ones fall."""
    row = rolled(verdicts)
    assert row["verdict"] == expected
    assert math.isnan(row["share_low"]) == (row["denominator"] == 0)


@few
@given(verdicts=st.lists(st.sampled_from(VERDICTS), max_size=12), percent=st.integers(1, 100))
def test_a_roll_up_agrees_with_every_way_the_open_ones_may_fall(
    verdicts: list[str], percent: int
) -> None:
    """If all open ones turned out met, or all not met, the verdict is the one already given."""
    row = rolled(verdicts, min_share=percent / 100)
    counted = sum(row[name] for name in ("met", "not_met", "insufficient"))
    assert counted == row["denominator"] == len(verdicts) - row["not_applicable"]
    if not counted:
        return
    outcomes = {
        rolled([as_ if v == "insufficient_data" else v for v in verdicts], min_share=percent / 100)[
            "verdict"
        ]
        for as_ in ("met", "not_met")
    }
    assert row["verdict"] == (outcomes.pop() if len(outcomes) == 1 else "insufficient_data")


def test_a_standard_without_targets_rolls_up_to_an_empty_table() -> None:
    """Its columns are there all the same."""
    tiers = pd.DataFrame({"community_id": ["a"], "tier": ["basic"], "verdict": ["met"]})
    found = roll_up(tiers, pd.Series(["urban"], index=["a"]), standard(rule()))
    assert found.empty
    assert {"target_id", "share_low", "share_high", "verdict", "deadline"} <= set(found.columns)
