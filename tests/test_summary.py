"""The JSON of a run holds its roll-ups, counts and verdicts, and nothing that JSON cannot say."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from circles.reports.summary import rule_coverage, summarise, write_summary
from tests.drawn_assessment import SCRIPT_NAME, drawn_assessment

DRAWN = drawn_assessment()


def test_rollups_hold_numerators_and_denominators() -> None:
    """The drawn quality circle: none of three meets it, two are open."""
    rollup = summarise(DRAWN)["rollups"]["quality_urban"]
    assert (rollup["numerator"], rollup["denominator"]) == (0, 3)
    assert (rollup["insufficient"], rollup["not_applicable"]) == (2, 1)
    assert (rollup["share_low"], rollup["share_high"]) == (0, pytest.approx(2 / 3))
    assert (rollup["min_share"], rollup["deadline"]) == (0.5, "2025-12-31")


def test_tiers_are_counted_by_setting_and_verdict() -> None:
    """Each community is counted once for each tier."""
    counts = summarise(DRAWN)["tiers"]["convenience"]
    assert counts["urban"] == {
        "met": 1,
        "not_met": 1,
        "insufficient_data": 1,
        "not_applicable": 1,
    }
    assert sum(counts["rural"].values()) == 2


def test_rules_are_counted_by_verdict() -> None:
    """The missing layer leaves all but the uninhabited island open."""
    rules = summarise(DRAWN)["rules"]
    assert rules["health"]["verdicts"]["insufficient_data"] == 5
    assert rules["health"]["coverage"] == []
    assert sum(rules["culture_rural"]["verdicts"].values()) == 2


def test_coverage_over_all_communities_is_summed_by_unit() -> None:
    """Computed by hand: 1656 + 1141 of 1840 + 1840 elders, at least."""
    people, stood_in, area, frontage = rule_coverage("elder_meal", DRAWN)
    assert (people["unit"], people["group_assumed"], people["communities"]) == ("people", False, 2)
    assert (people["covered_low"], people["covered_high"]) == (2797, 2806)
    assert people["share_low"] == pytest.approx(2797 / 3680)
    assert (stood_in["unit"], stood_in["group_assumed"]) == ("people", True)
    assert (area["unit"], frontage["unit"]) == ("floor_area_m2", "frontage_m")


def test_joins_are_counted_by_layer() -> None:
    """Homes and the facilities of each service, with what barriers moved or shut in."""
    joins = summarise(DRAWN)["joins"]
    assert joins["demand"] == {"points": 565, "off_network": 20, "walled_off": 4, "moved": 31}
    assert list(joins["facilities"]) == ["elder_meal", "social_work"]
    assert joins["facilities"]["social_work"]["walled_off"] == 1


def test_every_community_has_its_verdicts() -> None:
    """Names stay as they were given; what is not known is null."""
    communities = summarise(DRAWN)["communities"]
    assert list(communities) == list(DRAWN.communities.index)
    community = communities["001002"]
    assert community["name"] == SCRIPT_NAME
    assert community["households"] is None
    assert community["tiers"] == {"convenience": "not_met", "quality": "not_met"}
    assert community["rules"]["elder_meal"]["verdict"] == "not_met"
    assert community["rules"]["health"]["share_low"] is None
    assert communities["002002"]["street"] is None


def test_the_file_is_sorted_utf8_without_nan(tmp_path: Path) -> None:
    """Chinese stands unescaped, and a strict reader accepts every number."""
    path = tmp_path / "results.json"
    write_summary(DRAWN, path)
    text = path.read_bytes().decode("utf-8")
    assert "荔枝里社区" in text
    assert "NaN" not in text
    assert "Infinity" not in text
    assert "\r" not in text
    read = json.loads(text)
    assert list(read) == sorted(read)
    assert read == json.loads(json.dumps(summarise(DRAWN)))


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """The same assessment gives the same file."""
    paths = [tmp_path / "first.json", tmp_path / "second.json"]
    for path in paths:
        write_summary(drawn_assessment(), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_infinite_and_absent_values_become_null(tmp_path: Path) -> None:
    """A share over nobody and a target without a date are null."""
    rollups = DRAWN.rollups.assign(share_low=np.inf, share_high=np.nan, deadline=None)
    odd = replace(DRAWN, rollups=rollups, as_of=None)
    write_summary(odd, tmp_path / "odd.json")
    read = json.loads((tmp_path / "odd.json").read_text("utf-8"))
    rollup = read["rollups"]["quality_rural"]
    assert (
        rollup["share_low"] is rollup["share_high"] is rollup["deadline"] is read["as_of"] is None
    )


def test_invented_data_are_labelled() -> None:
    """虚构 is said in words, for readers who do not look at the flag."""
    assert "虚构" in summarise(DRAWN)["label"]
    assert summarise(drawn_assessment(fictional=False))["label"] is None
