"""From coverage to verdicts, tiers and roll-ups: every branch of the definitions."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.scoring import VERDICTS, judge, score_tiers, tier_verdict
from circles.standards.model import PresenceRule, Tier
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
        min_share=min_share,
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
    verdicts = found_shares(
        ("a", "meal", "not_met", "not_met", 0.4),
        ("a", "care", "insufficient_data", "insufficient_data", math.nan),
        ("a", "play", "met", "not_met", 0.9),
        ("b", "meal", "met", "met", 0.8),
        ("b", "care", "not_applicable", "not_applicable", math.nan),
    )
    found = score_tiers(verdicts, promised, ["b", "a", "c"])
    names = ["community_id", "tier", "verdict", "failing", "insufficient"]
    assert found[names].to_numpy().tolist() == [
        ["b", "convenience", "met", (), ()],
        ["b", "quality", "met", (), ()],
        ["a", "convenience", "not_met", ("meal",), ()],
        ["a", "quality", "not_met", ("meal",), ("care",)],
        ["c", "convenience", "not_applicable", (), ()],
        ["c", "quality", "not_applicable", (), ()],
    ]
    counts = found[["strict_failing", "met", "strict_met", "applied", "scored"]]
    assert counts.to_numpy().tolist() == [
        [(), 1, 1, 1, 1],
        [(), 1, 1, 1, 1],
        [("meal",), 0, 0, 1, 1],
        [("meal", "play"), 1, 0, 3, 2],
        [(), 0, 0, 0, 0],
        [(), 0, 0, 0, 0],
    ]
    # 0.4 of 0.8 is a half, 0.9 of 0.8 counts as one, and what is not known does not count.
    np.testing.assert_allclose(found["score"], [100, 100, 50, 75, np.nan, np.nan])


def found_shares(*rows: tuple[str, str, str, str, float]) -> pd.DataFrame:
    """Return verdicts of rules that 80 % must reach: lenient, strict, and the share."""
    columns = ["community_id", "rule_id", "verdict", "strict_verdict", "share_low"]
    return pd.DataFrame(list(rows), columns=columns).assign(min_share=0.8)


def test_a_rule_that_nobody_looked_at_leaves_its_tier_open() -> None:
    """A rule of another kind without findings is insufficient, and is in no score."""
    station = PresenceRule(
        id="station", kind="presence", name=WORDS, service="social_work", per="community"
    )
    tiers = (Tier(id="circle", name=WORDS, rules=("meal", "station")),)
    promised = standard(rule("meal"), tiers=tiers)
    promised = promised.model_copy(update={"rules": (*promised.rules, station)})
    row = score_tiers(found_shares(("a", "meal", "met", "met", 1.0)), promised, ["a"]).iloc[0]
    assert (row["verdict"], row["insufficient"]) == ("insufficient_data", ("station",))
    assert (row["met"], row["applied"], row["score"], row["scored"]) == (1, 2, 100, 1)
    found = found_shares(("a", "meal", "met", "met", 1.0))
    row = score_tiers(found, promised, ["a"], looked_at={"station"}).iloc[0]
    assert (row["verdict"], row["applied"]) == ("met", 1)  # it holds for no community there


def test_a_coverage_nothing_is_asked_of_has_no_verdict() -> None:
    """Without a share to reach there is a figure, and never a verdict."""
    for total, low, obstacle, reason in (
        (100.0, 40.0, None, "reported"),
        (0.0, 0.0, None, "nobody"),
        (100.0, 0.0, "layer_missing", "layer_missing"),
    ):
        found = judge(
            min_share=None,
            total=total,
            covered_low=low,
            covered_high=low,
            unit="people",
            obstacle=obstacle,
        )
        assert (found.verdict, found.reason) == (None, reason)
        assert math.isnan(found.shortfall)


@patient
@given(
    shares=st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 1)), min_size=1, max_size=6
    )
)
def test_a_tier_met_by_strict_limits_is_met_by_lenient_ones(
    shares: list[tuple[float, float, float]],
) -> None:
    """Fewer are within a shorter limit; and a score lies between 0 and 100."""
    rows = []
    for number, (one, other, needed) in enumerate(shares):
        strict, lenient = sorted((one, other))
        ends = [
            judge(
                min_share=needed,
                total=100,
                covered_low=100 * s,
                covered_high=100 * s,
                unit="people",
            ).verdict
            for s in (lenient, strict)
        ]
        rows.append(("a", str(number), *ends, lenient, needed))
    columns = ["community_id", "rule_id", "verdict", "strict_verdict", "share_low", "min_share"]
    rules = [rule(str(number)) for number in range(len(shares))]
    row = score_tiers(pd.DataFrame(rows, columns=columns), standard(*rules), ["a"]).iloc[0]
    if row["strict_verdict"] == "met":
        assert row["verdict"] == "met"
    assert row["strict_met"] <= row["met"] <= row["applied"]
    assert 0 <= row["score"] <= 100
    if row["verdict"] == "met":
        assert row["score"] > 100 - 1e-6
