"""Explanations say what was found, in plain words, and never more than is known."""

import math
from collections.abc import Hashable
from dataclasses import replace
from string import Formatter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.explain import (
    cost_word,
    documents_word,
    explain_basis,
    explain_community,
    explain_finding,
    explain_verdict,
    group_word,
    limit_word,
    percent,
    profile_word,
    required,
    service_word,
    share_range,
    truthful_decimals,
    verdict_word,
    worst_first,
)
from circles.explain_rollup import explain_rollup
from circles.standards.model import Source
from circles.texts import LANGS, Bilingual, load_texts
from tests.drawn_assessment import drawn_assessment

ZH, EN = load_texts("zh"), load_texts("en")
DRAWN = drawn_assessment()


def row(community_id: str, rule_id: str, **changes: object) -> dict[Hashable, Any]:
    """Return a drawn verdict, with some of its values changed."""
    table = DRAWN.verdicts
    own = table[(table["community_id"] == community_id) & (table["rule_id"] == rule_id)]
    return {**own.to_dict("records")[0], **changes}


def finding(verdict: dict[Hashable, Any], lang: str = "en") -> str:
    """Return what is said about a verdict."""
    rule = DRAWN.standard.rule(verdict["rule_id"])
    return explain_finding(verdict, rule, load_texts(lang))


def test_a_failing_verdict_says_who_how_many_how_far_and_by_which_document() -> None:
    """The whole line of a verdict that is not met, in English."""
    line = explain_verdict(row("001002", "social_work"), DRAWN, EN)
    assert line == (
        "social-work station: 84.9% of 6,100 residents within 15 min (needs 85%); "
        "3 people short; for those beyond, the nearest is typically 16 min away (东街社工站); "
        "rule: Drawn City circle plan, chapter 6; assumed: The pass share is an assumption."
    )


def test_a_failing_verdict_reads_the_same_in_chinese() -> None:
    """The whole line of a verdict that is not met, in Chinese."""
    assert explain_verdict(row("001002", "social_work"), DRAWN, ZH) == (
        "社工站：6,100名居民中84.9%在15分钟内可达（要求85%）；还差3人；"
        "未覆盖者到最近设施一般需走16分钟（东街社工站）；"
        "依据：《画里市服务圈规划》第六章；假设：达标比例文件未写明，为本标准的假设。"
    )


def test_people_are_not_claimed_where_floor_area_was_counted() -> None:
    """A share of floor area is called that, and no number of people appears."""
    line = finding(row("002002", "culture_rural"))
    assert "70% of residential floor area within 5 km" in line
    assert "8,850 m² of floor area short" in line
    assert "residential floor area stands in for residents" in line
    assert "people" not in line


def test_people_are_not_claimed_where_street_frontage_was_counted() -> None:
    """A share of street frontage is called that in Chinese, too."""
    line = finding(row("002001", "elder_meal"), "zh")
    assert line.startswith("长者饭堂：可步行街道沿线的93%～94%在30分钟内可达")
    assert "以街道沿线长度代替60岁及以上老年人" in line
    assert "名" not in line


def test_a_group_without_numbers_is_named_as_such() -> None:
    """Where all residents stand in for a group, they are called residents and it is said."""
    line = finding(row("001003", "elder_meal"))
    assert "of 4,300 residents within" in line
    assert "numbers of residents aged 60 and over were not given" in line


def test_bounds_that_differ_are_given_as_a_range_with_the_reason() -> None:
    """Where off-network residents decide, the range and the reason are both there."""
    line = finding(row("001003", "elder_meal"))
    assert "77%–91%" in line
    assert EN("reasons.off_network_decides") in line
    assert "short" not in line


def test_times_beyond_the_proof_of_the_map_are_given_as_more_than() -> None:
    """The drawn 24.5 minutes are more than the 20.8 that the map can prove."""
    line = finding(row("001002", "elder_meal"))
    assert "> 20 min away" in line
    assert "25 min" not in line


def test_a_map_that_ends_within_the_limit_is_told() -> None:
    """A failing rule whose limit the map does not prove warns of its edge."""
    assert EN("explain.map_edge") in finding(row("002002", "culture_rural"))
    assert EN("explain.map_edge") not in finding(row("001002", "social_work"))


def test_no_way_on_foot_is_told_where_the_map_proves_all() -> None:
    """Without a way and without an edge of the map, there is no way."""
    line = finding(row("002002", "social_work", provable_cost=math.nan))
    assert EN("explain.no_way") in line


@pytest.mark.parametrize("reason", ["layer_missing", "layer_empty", "nobody", "no_demand"])
@pytest.mark.parametrize("lang", LANGS)
def test_without_a_share_the_reason_is_all_that_is_said(reason: str, lang: str) -> None:
    """No figure is shown where none was found."""
    line = finding(row("001001", "health", reason=reason), lang)
    assert load_texts(lang)(f"reasons.{reason}") in line
    assert "nan" not in line
    assert "%" not in line


@pytest.mark.parametrize("lang", LANGS)
def test_every_drawn_verdict_is_one_line_without_holes(lang: str) -> None:
    """No line breaks, no missing values and no unfilled gaps reach the reader."""
    texts = load_texts(lang)
    for verdict in DRAWN.verdicts.to_dict("records"):
        line = explain_verdict(verdict, DRAWN, texts)
        assert "\n" not in line
        assert "nan" not in line
        assert "None" not in line
        assert "{" not in line


def test_a_community_is_explained_worst_first() -> None:
    """Not met by missing share, then insufficient, then met, then not applicable."""
    lines = explain_community("001003", DRAWN, ZH)
    heads = [line.split("：")[0] for line in lines]
    assert heads == ["长者饭堂", "社区卫生服务", "社工站", "文化设施（城市）", "托育"]
    heads = [line.split("：")[0] for line in explain_community("002002", DRAWN, ZH)]
    assert heads[:2] == ["社工站", "文化设施（农村）"]


def test_a_community_without_verdicts_has_no_lines() -> None:
    """An id that no verdict names is explained by nothing."""
    assert explain_community("nowhere", DRAWN, EN) == ()


def test_sorting_keeps_rows_and_input() -> None:
    """The worst-first order neither loses rows nor changes the table it was given."""
    before = DRAWN.verdicts.copy()
    ordered = worst_first(DRAWN.verdicts)
    assert sorted(ordered.index) == sorted(before.index)
    assert DRAWN.verdicts.equals(before)


def test_a_rollup_says_its_range_and_what_is_open() -> None:
    """The counts, the range, the target, the date and the verdict stand in one line."""
    line = explain_rollup(DRAWN.rollups.to_dict("records")[2], DRAWN, EN)
    assert line == (
        "quality circle, urban communities: 0 of 3 meet it (0%–67%; target 50%); "
        "due 2025-12-31; 2 with insufficient data; 0–2 more needed; insufficient data."
    )


def test_a_rollup_over_nothing_says_so() -> None:
    """Without any community to count there is no share."""
    empty = {**DRAWN.rollups.to_dict("records")[0], "denominator": 0, "share_low": math.nan}
    assert explain_rollup(empty, DRAWN, EN).endswith("there is none to count.")


def test_a_document_is_named_once_with_all_its_places() -> None:
    """Sources of one document are merged, and a place that two of them share is said once."""
    plan = DRAWN.standard.sources[0]

    def at(name: str, zh: str, en: str) -> Source:
        return plan.model_copy(update={"id": name, "place": Bilingual(zh=zh, en=en)})

    sources = (plan, at("b", "第六章、第八章", "chapter 6 and chapter 8"), at("c", "附件", "annex"))
    drawn = DRAWN.standard.model_copy(update={"sources": sources})
    assert documents_word((plan.id, "b", "c"), drawn, EN) == (
        "Drawn City circle plan, chapter 6 and chapter 8 and annex"
    )
    assert (
        documents_word((plan.id, "b", "c"), drawn, ZH) == "《画里市服务圈规划》第六章、第八章、附件"
    )


def test_a_rule_without_documents_has_no_basis() -> None:
    """Where a rule names neither source nor assumption, nothing is made up."""
    bare = DRAWN.standard.rule("elder_meal").model_copy(update={"sources": (), "assumptions": ()})
    assert explain_basis(bare, DRAWN.standard, EN) == ""


@pytest.mark.parametrize(
    ("share", "needed", "words"),
    [
        (0.8496, 0.85, "84.9%"),
        (0.849999, 0.85, "84.9%"),
        (0.8444, 0.85, "84%"),
        (0.846, 0.85, "84.6%"),
        (0.85, 0.85, "85%"),
        (0.8504, 0.85, "85%"),
        (17 / 20, 0.85, "85%"),
        (0.8451, 0.845, "85%"),
        (0.8449, 0.845, "84%"),
        (0.8531, 0.853, "85.3%"),
        (0.99996, 0.85, "99.9%"),
        (1.0, 0.85, "100%"),
        (0.0, 0.85, "0%"),
        (0.004, 0.85, "0.4%"),
        (0.0004, 0.85, "<0.1%"),
        (math.nan, 0.85, "–"),
        (None, 0.85, "–"),
    ],
)
def test_percentages_never_show_a_failing_share_as_passing(
    share: float | None, needed: float, words: str
) -> None:
    """Hand-computed cases on both sides of the share that is needed."""
    assert percent(share, needed=needed) == words


@given(share=st.floats(0.002, 1), needed=st.integers(1, 100))
def test_a_percentage_stands_on_the_side_of_its_share(share: float, needed: int) -> None:
    """What is printed passes exactly if the share does."""
    shown = float(percent(share, needed=needed / 100).removesuffix("%"))
    assert (shown >= needed) == (share * 100 >= needed - 1e-7)
    assert abs(shown - share * 100) <= 0.5 + 1e-6


@given(share=st.floats(0, 1), needed=st.integers(1, 100))
def test_more_decimals_are_found_where_one_would_mislead(share: float, needed: int) -> None:
    """The decimals for a spreadsheet round to the right side, or there are none."""
    decimals = truthful_decimals(share, needed=needed / 100, least=1, most=6)
    if decimals is not None:
        shown = math.floor(share * 100 * 10**decimals + 0.5 + 1e-9) / 10**decimals
        assert (shown >= needed - 1e-9) == (share * 100 >= needed - 1e-7)


def test_what_is_needed_is_written_as_it_stands() -> None:
    """A requirement is not rounded."""
    assert required(0.855) == "85.5%"
    assert required(0.57) == "57%"


def test_a_range_of_like_figures_is_one_figure() -> None:
    """Bounds that print alike are printed once."""
    assert share_range(0.501, 0.502, EN) == "50%"
    assert share_range(0.5, 0.6, ZH) == "50%～60%"


@pytest.mark.parametrize(
    ("group", "zh", "en"),
    [
        ("all", "居民", "residents"),
        ("60+", "60岁及以上老年人", "residents aged 60 and over"),
        ("18+", "18岁及以上居民", "residents aged 18 and over"),
        ("0-3", "0—3岁婴幼儿", "children aged 0 to 3"),
        ("4-15", "4—15岁儿童", "children aged 4 to 15"),
        ("18-59", "18—59岁居民", "residents aged 18 to 59"),
        ("low\nincome", "“low income”人群", "residents of the group “low income”"),
    ],
)
def test_groups_have_words(group: str, zh: str, en: str) -> None:
    """Ages are put into words; any other group keeps its name, on one line."""
    assert (group_word(group, ZH), group_word(group, EN)) == (zh, en)


def test_limits_and_costs_carry_their_unit() -> None:
    """Metres become kilometres where they are many; costs are rounded up, proofs down."""
    assert limit_word(7.5, "time_threshold", EN) == "7.5 min"
    assert limit_word(800, "distance_threshold", EN) == "800 m"
    assert limit_word(5000, "distance_threshold", ZH) == "5公里"
    assert cost_word(15.01, "time_threshold", EN) == "16 min"
    assert cost_word(15.0, "time_threshold", EN) == "15 min"
    assert cost_word(5010, "distance_threshold", EN) == "5.1 km"
    assert cost_word(503, "distance_threshold", EN) == "510 m"
    assert cost_word(24.5, "time_threshold", EN, provable=20.8) == "> 20 min"
    assert cost_word(math.inf, "time_threshold", EN, provable=20.8) == "> 20 min"
    assert cost_word(math.nan, "time_threshold", EN, provable=math.nan) == "no way on foot"


def test_services_and_profiles_without_words_keep_their_id() -> None:
    """A service or profile of the user's own is shown by its id."""
    assert service_word("elder_meal", ZH) == "长者饭堂"
    assert service_word("library", ZH) == "library"
    assert profile_word("senior", ZH) == "老年人"
    assert profile_word("courier", EN) == "courier"


def test_a_verdict_has_a_word_whether_alone_or_in_its_row() -> None:
    """Both forms give the same word."""
    assert verdict_word("met", ZH) == verdict_word(row("001001", "elder_meal"), ZH) == "达标"


def test_an_unmet_share_of_nothing_sorts_last_among_its_kind() -> None:
    """A total of zero is no reason to fail, nor to sort first."""
    table = DRAWN.verdicts.assign(verdict="not_met", total=0.0, shortfall=0.0)
    assert list(worst_first(table).index) == list(table.index)


def test_names_cannot_fill_gaps() -> None:
    """Braces in a name are the name's, not a gap's."""
    hostile = row("001002", "social_work", nearest_facility="{total}\n{0}")
    assert "({total} {0})" in finding(hostile)


@pytest.mark.parametrize("section", ["explain", "layers", "reasons", "words", "workbook"])
def test_both_languages_have_the_same_texts_with_the_same_gaps(section: str) -> None:
    """A text that one language lacks would fail only when somebody reads it."""

    def gaps(lang: str) -> dict[str, set[str]]:
        words = load_texts(lang).words.items()
        return {
            key: {name for _, name, _, _ in Formatter().parse(text) if name}
            for key, text in words
            if key.startswith(f"{section}.")
        }

    assert gaps("zh") == gaps("en")
    assert gaps("zh")


def test_explaining_changes_nothing() -> None:
    """The assessment is read, never written."""
    copy = replace(DRAWN, verdicts=DRAWN.verdicts.copy())
    explain_community("001002", copy, EN)
    assert copy.verdicts.equals(DRAWN.verdicts)
