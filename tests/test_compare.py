"""Comparing two runs: exactly what differs is reported, and why, as far as that can be known.

In the drawn town a third of the old people of the east reach a canteen in 10 minutes, and all of
those of the west and the north. With one more canteen in the east all of them do.
"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import circles
from circles.comparing import Comparison
from circles.comparing.causes import split_verdict
from circles.comparing.folder import Figures
from circles.comparing.matching import match_communities
from circles.errors import InputError
from circles.scoring import judge
from tests.compared_towns import (
    Change,
    canteen,
    edited,
    extract,
    facility,
    far_nursery,
    named,
    people,
    scored,
    share,
    standard,
)
from tests.small_town import Town, town_facilities, write_facilities

Compare = Callable[..., Comparison]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Score the town as it is drawn."""
    return scored(tmp_path_factory.mktemp("base") / "town")


@pytest.fixture
def against(base: Path, tmp_path: Path) -> Compare:
    """Compare the town as it is drawn with itself changed."""
    return lambda *changes: circles.compare(base, scored(tmp_path / "town", *changes))


def only(table: pd.DataFrame) -> dict[str, object]:
    """Return the only row of a table."""
    assert len(table) == 1
    return {str(key): value for key, value in table.to_dict("records")[0].items()}


def part(row: dict[str, object], *names: str) -> tuple[object, ...]:
    """Return some values of a row."""
    return tuple(row[name] for name in names)


def evidence(row: dict[str, object]) -> list[str]:
    """Return the kinds of evidence of a row."""
    return [note.key.removeprefix("comparing.why_") for note in row["evidence"]]  # type: ignore[attr-defined]


def test_a_run_does_not_differ_from_itself(base: Path) -> None:
    """Comparing a folder with itself gives empty tables, over all that can be compared."""
    comparison = circles.compare(base, base)
    assert comparison.is_empty
    assert comparison.compared == 6  # three communities, two rules of access


def test_a_new_canteen_is_all_that_is_reported(against: Compare) -> None:
    """One verdict, one circle, one target and one facility differ, and the canteen is the cause."""
    found = against(canteen)
    row = only(found.verdicts)
    assert part(row, "community_id", "rule_id", "direction") == ("A2", "meal", "better")
    assert part(row, "verdict_old", "verdict_new") == ("not_met", "met")
    assert part(row, "share_low_old", "share_low_new") == pytest.approx((1 / 3, 1.0), abs=1e-6)
    assert part(row, "shortfall_old", "shortfall_new") == (234.0, 0.0)  # 400 of 500 are needed
    assert part(row, "causes", "split", "nearest_new") == (("facilities",), None, "Canteen East")
    assert evidence(row) == ["facility_new"]
    tier = only(found.tiers)
    assert part(tier, "community_id", "tier", "verdict_new") == ("A2", "basic", "met")
    target = only(found.targets)
    assert part(target, "target_id", "met_old", "met_new", "denominator_new") == (
        *("basic_urban", 1, 2, 2),
    )
    assert tier["causes"] == target["causes"] == ("facilities",)
    place = only(found.facilities)
    assert part(place, "status", "name_new", "service_new", "name_old") == (
        *("new", "Canteen East", "elder_meal", None),
    )
    assert found.communities.empty
    assert found.findings.empty
    assert part(only(found.inputs), "cause", "kind") == ("facilities", "file")


def test_sums_are_of_people_and_not_means_of_shares(against: Compare) -> None:
    """Of 1,400 old people 600 + 167 + 300 reached a canteen, and now all."""
    row = only(against(canteen).services)
    assert part(row, "total_old", "covered_low_old") == pytest.approx(
        (1400, 1066 + 2 / 3), abs=1e-3
    )
    assert part(row, "covered_low_new", "short_old", "short_new") == pytest.approx((1400, 234, 0))
    assert part(row, "met_old", "met_new", "direction") == (2, 3, "better")


def test_more_residents_are_people_and_neither_better_nor_worse(against: Compare) -> None:
    """A tenth more people with the same way to walk changes numbers, in one community alone."""
    found = against(people)
    assert list(found.verdicts["rule_id"]) == ["childcare", "meal"]
    for row in found.verdicts.to_dict("records"):
        assert part(row, "community_id", "direction", "causes") == ("A1", "open", ("people",))
        assert evidence(row) == ["total"]
    assert list(found.verdicts["total_new"]) == pytest.approx([3300, 660])
    own = only(found.communities)
    assert part(own, "status", "population_old", "population_new") == ("changed", 3000, 3300)
    assert not own["outline_changed"]
    assert found.tiers.empty
    assert found.targets.empty


def test_a_street_that_is_gone_is_streets(against: Compare) -> None:
    """Another extract with the same homes and people is the only thing that can be to blame."""
    row = only(against(extract).verdicts)
    assert part(row, "community_id", "direction", "causes") == ("A2", "worse", ("streets",))
    assert part(row, "share_low_old", "share_low_new") == pytest.approx((3 / 9, 2 / 9), abs=1e-6)


def test_a_share_that_decides_alone_is_the_standard(against: Compare) -> None:
    """A third is enough for three tenths: by the old rule the verdict would be as before."""
    row = only(against(share(0.3)).verdicts)
    assert part(row, "direction", "verdict_new", "causes") == ("better", "met", ("standard",))
    assert part(row, "split", "old_rule_verdict", "new_rule_verdict") == (
        *("standard", "not_met", "met"),
    )
    assert row["figure_causes"] == ()
    assert evidence(row) == ["share"]


def test_a_share_that_decides_nothing_is_not_blamed(against: Compare) -> None:
    """The canteen alone brings the verdict, whether 80 % or half of the people are asked for."""
    row = only(against(canteen, share(0.5)).verdicts)
    assert part(row, "causes", "split") == (("facilities",), "data")
    assert part(row, "old_rule_verdict", "new_rule_verdict") == ("met", "not_met")


def test_a_share_and_a_canteen_that_each_suffice_are_both_named(against: Compare) -> None:
    """With a canteen more, or three tenths asked for, the verdict changes either way."""
    row = only(against(canteen, share(0.3)).verdicts)
    assert part(row, "causes", "split") == (("standard", "facilities"), "either")
    assert evidence(row) == ["share", "facility_new"]


def test_what_only_hangs_together_is_told_as_both(base: Path, tmp_path: Path) -> None:
    """Going back from the canteen and three tenths takes both of them away."""
    row = only(circles.compare(scored(tmp_path / "town", canteen, share(0.3)), base).verdicts)
    assert part(row, "direction", "split") == ("worse", "both")
    assert part(row, "old_rule_verdict", "new_rule_verdict") == ("met", "met")


def test_several_causes_are_all_named_and_none_is_guessed(against: Compare) -> None:
    """Streets, people, canteens and shares differ: each figure has what can bear on it."""
    rows = against(canteen, share(0.5), people, extract).verdicts
    causes = {(r["community_id"], r["rule_id"]): r["causes"] for r in rows.to_dict("records")}
    assert causes == {
        ("A1", "childcare"): ("people",),
        ("A1", "meal"): ("people",),
        ("A2", "meal"): ("facilities", "streets"),
    }


def test_another_limit_is_the_standard(against: Compare) -> None:
    """With 20 minutes all of the east are in time; communities without another figure are left."""
    found = against(standard("urban = 10", "urban = 20"))
    row = only(found.verdicts)
    assert part(row, "community_id", "verdict_new", "causes") == ("A2", "met", ("standard",))
    assert part(row, "limit_old", "limit_new", "split") == (10, 20, None)
    asked = only(found.inputs)
    assert part(asked, "cause", "kind", "name") == ("standard", "rule", "meal")
    assert "20 min" in asked["new"]["en"]  # type: ignore[index]


def test_a_rule_of_one_standard_only_is_told_of(against: Compare) -> None:
    """A rule with another id stands among the inputs, as gone and as new."""
    found = against(
        standard('id = "meal"', 'id = "dinner"'), standard('["meal", "childcare"]', '["dinner"]')
    )
    rules = found.inputs[found.inputs["kind"] == "rule"].set_index("name")
    assert rules.loc["meal", "new"] is None
    assert rules.loc["dinner", "old"] is None
    assert found.compared == 3
    assert found.verdicts.empty


def test_a_facility_that_nobody_reaches_is_no_cause(tmp_path: Path) -> None:
    """A nursery in the far corner, 840 m from the west, explains nothing there within 300 m.

    In the north, where it lies, it does; the limit that differs is not that of the north.
    """
    old = scored(tmp_path / "old", standard("urban = 1000", "urban = 300"))
    new = scored(tmp_path / "new", standard("urban = 1000", "urban = 200"), far_nursery)
    rows = circles.compare(old, new).verdicts
    causes = {(r["community_id"], r["rule_id"]): r["causes"] for r in rows.to_dict("records")}
    assert causes[("A1", "childcare")] == ("standard",)
    assert causes[("B1", "childcare")] == ("facilities",)


def test_facilities_are_told_apart_by_service_name_and_place(base: Path, tmp_path: Path) -> None:
    """Moved, renamed, of another service, gone and new: each is called what it is."""

    def change(town: Town) -> None:
        _west, north, station, nursery = town_facilities()
        moved = facility("Canteen West", "elder_meal", 1, 2)
        renamed = {**north, "name": "Canteen Nord"}
        served = {**station, "service": "volunteer"}
        new = facility("Second Nursery", "childcare", 5, 0)
        write_facilities(town.facilities, [new, renamed, served, nursery, moved])

    found = circles.compare(base, scored(tmp_path / "town", change)).facilities
    status = {row["name_new"]: row for row in found.to_dict("records")}
    assert {name: row["status"] for name, row in status.items()} == {
        "Canteen West": "moved",
        "Canteen Nord": "renamed",
        "Station": "service",
        "Second Nursery": "new",
    }
    assert status["Canteen West"]["moved_m"] == pytest.approx(221.5, abs=1)  # 0.002 degrees
    assert part(status["Station"], "service_old", "service_new") == ("social_work", "volunteer")


def test_a_community_that_was_renamed_is_the_same(against: Compare) -> None:
    """Its name is told, and no figure."""
    found = against(named(1, name="Orient"))
    assert part(only(found.communities), "id_new", "name_old", "name_new") == (
        *("A2", "East", "Orient"),
    )
    assert found.verdicts.empty


def test_a_new_id_is_a_new_community(against: Compare) -> None:
    """One community is gone, one is new, and neither stands among better or worse."""
    found = against(named(1, code="C9"))
    assert sorted(found.communities["status"]) == ["gone", "new"]
    assert found.compared == 4
    assert found.verdicts.empty


def test_another_setting_is_the_communities(against: Compare) -> None:
    """A town that became a village has other limits: nothing is called better."""
    rows = against(named(1, kind="village")).verdicts
    meal = rows[rows["rule_id"] == "meal"].to_dict("records")[0]
    assert part(meal, "limit_new", "direction", "causes") == (15.0, "open", ("communities",))
    assert evidence(meal) == ["setting"]


@pytest.mark.parametrize(
    "changes", [(canteen,), (people, extract), (share(0.3), canteen), (named(0, code="C9"),)]
)
def test_swapping_the_runs_mirrors_the_comparison(
    base: Path, tmp_path: Path, changes: tuple[Change, ...]
) -> None:
    """Old and new, better and worse, new and gone change places; causes stay."""
    other = scored(tmp_path / "town", *changes)
    there, back = circles.compare(base, other), circles.compare(other, base)
    assert there.compared == back.compared
    for name, table in there.tables.items():
        mirrored = back.tables[name].rename(columns=_swapped)[list(table.columns)]
        keys = [column for column in table.columns if column not in {"evidence", "split"}]
        turned = mirrored[keys].replace(
            {"better": "worse", "worse": "better", "new": "gone", "gone": "new"}
        )
        assert sorted(map(str, turned.to_dict("records"))) == sorted(
            map(str, table[keys].to_dict("records"))
        ), name


def _swapped(column: str) -> str:
    pairs = {"old_rule_verdict": "new_rule_verdict", "new_rule_verdict": "old_rule_verdict"}
    if column in pairs:
        return pairs[column]
    for old, new in (("_old", "_new"), ("_new", "_old")):
        if column.endswith(old):
            return column.removesuffix(old) + new
    return {"old": "new", "new": "old"}.get(column, column)


def test_other_versions_are_a_cause(base: Path, tmp_path: Path) -> None:
    """Another version of circles is named with everything else; libraries only alone."""
    new = scored(tmp_path / "town", canteen)
    edited(new, "manifest.json", lambda m: m["versions"].update(circles="9.9", numpy="9"))
    row = only(circles.compare(base, new).verdicts)
    assert row["causes"] == ("facilities", "software")
    edited(new, "manifest.json", lambda m: m["versions"].update(circles=circles.__version__))
    assert only(circles.compare(base, new).verdicts)["causes"] == ("facilities",)


def test_nothing_on_record_is_said_so(base: Path, tmp_path: Path) -> None:
    """A figure that differs though all inputs are the same has no known cause."""
    new = scored(tmp_path / "town")

    def change(results: dict[str, dict[str, dict[str, dict[str, dict[str, float]]]]]) -> None:
        results["communities"]["A2"]["rules"]["meal"].update(share_low=0.5, share_high=0.5)

    edited(new, "results.json", change)
    assert only(circles.compare(base, new).verdicts)["causes"] == ("unknown",)


def test_small_differences_are_none(base: Path, tmp_path: Path) -> None:
    """Less than a tenth of a percentage point, and of a minute, is no change."""
    new = scored(tmp_path / "town")

    def change(results: dict[str, dict[str, dict[str, dict[str, dict[str, float]]]]]) -> None:
        meal = results["communities"]["A2"]["rules"]["meal"]
        for name, step in (("share_low", 9e-4), ("share_high", 9e-4), ("median_cost", 0.09)):
            meal[name] += step

    edited(new, "results.json", change)
    assert circles.compare(base, new).verdicts.empty


def test_codes_written_in_two_ways_are_one() -> None:
    """Ids match first, then codes; the cells of a grid match no community."""
    pairs = match_communities(
        ["440104001001", "440104001002", "x"],
        ["440104001001.0", "x", "44010400100200001", "44010400100200002"],
    )
    assert pairs.both == (("440104001001", "440104001001.0"), ("x", "x"))
    assert pairs.gone == ("440104001002",)
    assert len(pairs.new) == 2


@given(
    low=st.tuples(*[st.floats(0, 1)] * 2),
    width=st.tuples(*[st.floats(0, 0.3)] * 2),
    asked=st.tuples(*[st.floats(0.05, 1)] * 2),
)
def test_a_split_verdict_is_what_judging_gives(
    low: tuple[float, float], width: tuple[float, float], asked: tuple[float, float]
) -> None:
    """Counterfactual verdicts are those of the rule itself, and blame follows from them."""
    figures, judged = [], []
    for start, more, needed in zip(low, width, asked, strict=True):
        high = min(start + more, 1.0)
        found = judge(
            min_share=needed,
            total=100.0,
            covered_low=start * 100.0,
            covered_high=high * 100.0,
            unit="people",
        )
        figures.append(figures_of(start, high, found.verdict, found.reason))
        judged.append(found.verdict)
    split = split_verdict(*figures, asked)
    assert split is not None
    same = split_verdict(figures[0], figures[0], (asked[0], asked[0]))
    assert same is not None
    assert same.old_rule_verdict == judged[0]
    if split.part == "standard":
        assert split.old_rule_verdict == judged[0]
    if asked[0] == asked[1]:
        assert split.old_rule_verdict == judged[1]


def figures_of(low: float, high: float, verdict: str | None, reason: str) -> Figures:
    """Return figures of a hundred people."""
    return Figures(
        verdict=verdict,
        reason=reason,
        unit="people",
        total=100.0,
        group_assumed=False,
        limit=15.0,
        share_low=low,
        share_high=high,
        shortfall=None,
        median_cost=5.0,
        worst_cost=9.0,
        nearest_facility=None,
    )


def test_runs_with_nothing_in_common_are_refused(base: Path, tmp_path: Path) -> None:
    """Another area, with other communities, cannot be compared, and both are named."""

    def elsewhere(town: Town) -> None:
        for index, code in enumerate(("X1", "X2", "X3")):
            text = town.communities.read_text("utf-8")
            old = ("A1", "A2", "B1")[index]
            town.communities.write_text(text.replace(f'"{old}"', f'"{code}"'), "utf-8")

    with pytest.raises(InputError, match="nothing in common"):
        circles.compare(base, scored(tmp_path / "town", elsewhere))
