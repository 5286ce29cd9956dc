"""Above the community: targets, and circle scores of streets, districts and the city."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.evaluation import Area
from circles.rollups import roll_up, unit_scores
from circles.scoring import VERDICTS
from circles.standards.model import Measured, PresenceRule, Standard, Target, Tier
from tests.drawn_district import rule
from tests.drawn_units import WORDS, area_of, standard_of

few = settings(max_examples=30, deadline=None)


def promised(*targets: Target) -> Standard:
    """Return a standard of one rule and one tier, with targets."""
    tier = Tier(id="basic", name=WORDS, rules=("meal",))
    return standard_of(rule(), tiers=(tier,), targets=targets)


def tiers_of(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Return the tiers of communities c0, c1 …: lenient verdict, strict verdict, score."""
    table = pd.DataFrame(list(rows), columns=["verdict", "strict_verdict", "score"])
    return table.assign(community_id=[f"c{i}" for i in range(len(rows))], tier="basic")


def nothing() -> pd.DataFrame:
    """Return no verdicts of rules."""
    columns = ["rule_id", "level", "unit_id", "verdict", "strict_verdict"]
    return pd.DataFrame(columns=columns)


URBAN = Target(id="t", of=Measured(tier="basic"), setting="urban", min_share=0.9)


def test_a_target_is_rolled_up_by_both_ends_and_broken_down() -> None:
    """Three of four meet it, two strictly; in the first street both, in the second one of two."""
    area = area_of(4, street=["东街", "东街", "西街", "西街"], district="区")
    tiers = tiers_of(
        ("met", "met", 100.0),
        ("met", "not_met", 90.0),
        ("met", "met", 100.0),
        ("insufficient_data", "insufficient_data", math.nan),
    )
    rolled = roll_up(promised(URBAN), tiers, nothing(), area)
    # One district is the whole: it has no row of its own.
    assert rolled["level"].tolist() == ["city", "street", "street"]
    assert set(rolled["target_level"]) == {"city"}
    assert rolled["met"].tolist() == [3, 2, 1]
    assert rolled["strict_met"].tolist() == [2, 1, 1]
    assert rolled["denominator"].tolist() == [4, 2, 2]
    assert rolled["verdict"].tolist() == ["insufficient_data", "met", "insufficient_data"]
    assert rolled["strict_verdict"].tolist() == ["not_met", "not_met", "insufficient_data"]
    assert (rolled["missing_low"].iloc[0], rolled["missing_high"].iloc[0]) == (0, 1)
    assert (rolled["strict_missing_low"].iloc[0], rolled["strict_missing_high"].iloc[0]) == (1, 2)


def test_a_score_is_weighted_by_residents() -> None:
    """50 for 300 people and 100 for 100: 62.5; a community without a score does not count."""
    area = area_of(3, population={"all": [300, 100, 5000]}, street=["东街", "东街", "西街"])
    tiers = tiers_of(
        ("not_met", "not_met", 50.0),
        ("met", "met", 100.0),
        ("insufficient_data", "insufficient_data", math.nan),
    )
    scores = unit_scores(tiers, promised(), area).set_index(["level", "unit_name"])
    assert scores.loc[("city", "Drawn"), "score"] == pytest.approx(62.5)
    assert scores.loc[("city", "Drawn"), ["scored", "weighted_by"]].tolist() == [2, "population"]
    assert scores.loc[("street", "东街"), "score"] == pytest.approx(62.5)
    assert np.isnan(scores.loc[("street", "西街"), "score"])
    assert scores.loc[("city", "Drawn"), ["met", "not_met", "insufficient_data"]].tolist() == [
        1,
        1,
        1,
    ]


def test_without_all_residents_communities_count_alike() -> None:
    """One number is missing: the mean is of communities, and says so."""
    area = area_of(2, population={"all": [300, math.nan]})
    tiers = tiers_of(("not_met", "not_met", 50.0), ("met", "met", 100.0))
    (row,) = unit_scores(tiers, promised(), area).to_dict("records")
    assert (row["score"], row["weighted_by"]) == (75.0, "communities")


def test_a_target_of_a_rule_that_nobody_looked_at_is_left_out() -> None:
    """Nothing is said of stations, rather than that there are none."""
    station = PresenceRule(
        id="station", kind="presence", name=WORDS, service="social_work", per="street"
    )
    target = Target(id="stations", of=Measured(rule="station"), min_share=1.0)
    asked = standard_of(rule(), station, targets=(target,))
    tiers = tiers_of(("met", "met", 100.0))
    assert roll_up(asked, tiers, nothing(), area_of(1)).empty


def test_a_target_of_a_rule_of_access_counts_communities() -> None:
    """One of two communities reaches it."""
    target = Target(id="meals", of=Measured(rule="meal"), min_share=0.5)
    verdicts = pd.DataFrame(
        {
            "rule_id": "meal",
            "level": "community",
            "unit_id": ["c0", "c1"],
            "verdict": ["met", "not_met"],
            "strict_verdict": ["not_met", "not_met"],
        }
    )
    asked = standard_of(rule(), targets=(target,))
    (row,) = roll_up(asked, tiers_of(), verdicts, area_of(2)).to_dict("records")
    assert (row["met"], row["denominator"], row["verdict"]) == (1, 2, "met")
    assert (row["strict_met"], row["strict_verdict"], row["strict_missing_high"]) == (
        0,
        "not_met",
        1,
    )


@few
@given(data=st.data(), count=st.integers(1, 8))
def test_roll_ups_and_scores_add_up(data: st.DataObject, count: int) -> None:
    """Streets add up to the city; its score lies between theirs; strictly met is leniently met."""
    ends = [("met", "met"), ("met", "not_met"), *((v, v) for v in VERDICTS[1:])]
    chosen = data.draw(st.lists(st.sampled_from(ends), min_size=count, max_size=count))
    score = data.draw(st.lists(st.floats(0, 100), min_size=count, max_size=count))
    street = data.draw(st.lists(st.sampled_from(["东", "西"]), min_size=count, max_size=count))
    people = data.draw(st.lists(st.integers(1, 999), min_size=count, max_size=count))
    area: Area = area_of(count, population={"all": [float(n) for n in people]}, street=street)
    tiers = tiers_of(*((*verdicts, own) for verdicts, own in zip(chosen, score, strict=True)))
    rolled = roll_up(promised(URBAN), tiers, nothing(), area)
    city, streets = rolled[rolled["level"] == "city"].iloc[0], rolled[rolled["level"] == "street"]
    assert city["strict_met"] <= city["met"]
    assert city["strict_verdict"] != "met" or city["verdict"] == "met"
    scores = unit_scores(tiers, promised(URBAN), area)
    whole, parts = (scores[scores["level"] == level] for level in ("city", "street"))
    if len(set(street)) > 1:
        for name in ("met", "not_met", "insufficient", "not_applicable", "denominator"):
            assert streets[name].sum() == city[name]
            assert streets[f"strict_{name}"].sum() == city[f"strict_{name}"]
        low, high = parts["score"].min(), parts["score"].max()
        assert low - 1e-9 <= whole["score"].iloc[0] <= high + 1e-9
    expected = np.average(score, weights=people)
    assert whole["score"].iloc[0] == pytest.approx(expected)
