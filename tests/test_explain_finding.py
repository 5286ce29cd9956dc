"""What rules of presence, ratio and size find, in words that are true to the figures."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.evaluation import Finding, findings_table, level_of
from circles.evaluation.findings import Subject
from circles.explain_finding import (
    amount_words,
    asked_words,
    community_findings,
    finding_words,
    value_words,
    worst_findings,
)
from circles.standards.model import CapacityRule, PresenceRule
from circles.standards.rules import Denominator, Numerator
from circles.texts import LANGS, Bilingual, load_texts
from tests.drawn_assessment import drawn_standard
from tests.drawn_units import communities_in_a_row

ZH, EN = load_texts("zh"), load_texts("en")
STATION = PresenceRule(
    id="station",
    kind="presence",
    service="elder_station",
    name=Bilingual(zh="颐康服务站", en="Station"),
    per="community",
)
PLACES = CapacityRule(
    id="places",
    kind="capacity_ratio",
    name=Bilingual(zh="托位", en="Nursery places"),
    numerator=Numerator(services=("childcare",), capacity="places"),
    denominators=(Denominator(column="population"),),
    per=1000,
    min=5.8,
    levels=("community",),
)
STANDARD = drawn_standard().model_copy(update={"rules": (STATION, PLACES)})


def subject(rule_id: str, kind: str) -> Subject:
    """Return one community as the subject of a rule."""
    return Subject(rule_id, kind, "community", "a", "A", "urban", 1)


def row(finding: Finding) -> dict[str, object]:
    """Return a finding as a row of the table."""
    (found,) = findings_table([finding]).to_dict("records")
    return {str(key): value for key, value in found.items()}


ABSENT = Finding(
    subject("station", "presence"),
    "located",
    "facilities",
    value=0,
    value_high=0,
    required_low=1,
    verdict="not_met",
    reason="absent",
    shortfall=1,
)
SHORT = Finding(
    subject("places", "capacity_ratio"),
    "population",
    "places",
    value=5.7999,
    value_high=5.7999,
    required_low=5.8,
    numerator=57.999,
    denominator=10000,
    verdict="not_met",
    reason="ratio_missed",
    shortfall=1,
)


def test_presence_is_told_with_what_is_required() -> None:
    """What is there, what must be there, and what is missing."""
    assert finding_words(row(ABSENT), STANDARD, ZH) == "颐康服务站：0处，要求至少1处；还差1处"
    words = "Station: 0 facilities, at least 1 facility required; 1 facility short"
    assert finding_words(row(ABSENT), STANDARD, EN) == words


def test_a_ratio_that_just_fails_never_looks_as_if_it_passed() -> None:
    """It has as many decimals as tell it from what is required, and says what it is made of."""
    words = finding_words(row(SHORT), STANDARD, EN)
    assert "5.7999 places per 1,000 residents, at least 5.8 places required" in words
    assert "for 10,000 residents" in words
    assert asked_words(row(SHORT), STANDARD, ZH) == "每1,000名常住居民至少5.8个名额"


def test_what_is_not_known_has_no_figure_but_a_reason() -> None:
    """Without a layer nothing is said to be there or absent."""
    unknown = replace(
        ABSENT,
        value=math.nan,
        value_high=math.nan,
        verdict="insufficient_data",
        reason="layer_missing",
        shortfall=math.nan,
    )
    assert finding_words(row(unknown), STANDARD, EN) == (
        "Station: no layer of these facilities was given, so no verdict"
    )


def test_a_range_is_told_as_a_range() -> None:
    """Two ends where both are known; “at least” where there is no telling how much more."""
    between = replace(ABSENT, value=1, value_high=3)
    assert value_words(row(between), STANDARD, EN) == "1 facility–3 facilities"
    more = replace(ABSENT, value=2, value_high=math.inf)
    assert value_words(row(more), STANDARD, EN) == "at least 2 facilities"
    nothing = replace(ABSENT, value=0, value_high=math.inf)
    assert value_words(row(nothing), STANDARD, EN) == ""


def test_findings_of_communities_are_those_that_are_judged_there() -> None:
    """What is reported only, and what is found above the community, is left out; worst first."""
    above = replace(ABSENT, subject=replace(ABSENT.subject, level="street"))
    met = replace(ABSENT, verdict="met", reason="present", shortfall=0, value=1, value_high=1)
    table = findings_table([met, replace(SHORT, verdict=None), above, ABSENT])
    own = community_findings(worst_findings(table))
    assert list(own["verdict"]) == ["not_met", "met"]


@pytest.mark.parametrize("lang", LANGS)
@given(value=st.floats(0, 1e7), limit=st.floats(0.01, 1e5))
def test_an_amount_stands_on_its_side_of_a_limit(lang: str, value: float, limit: float) -> None:
    """Amounts that differ from their limit never look like the limit."""
    texts = load_texts(lang)
    limit = round(limit, 2)
    if abs(value - limit) < 1e-4:
        return
    shown = amount_words(value, "minutes", texts, limits=[limit])
    number = float("".join(sign for sign in shown if sign.isdigit() or sign == "."))
    assert (number >= limit) == (value >= limit)


@pytest.mark.parametrize("lang", LANGS)
def test_a_column_nobody_has_words_for_is_named(lang: str) -> None:
    """A hostile name stays in one line."""
    shown = amount_words(2, "a\nb", load_texts(lang))
    assert "a b" in shown
    assert "\n" not in shown


def test_an_area_of_one_district_is_no_city() -> None:
    """Several districts are a city; what is neither that nor one street is a district."""
    for streets, districts, level in (
        (["s", "s"], ["d", "d"], "street"),
        (["s", "t"], ["d", "d"], "district"),
        (["s", "t"], ["d", "e"], "city"),
        (["s", None], [None, None], "district"),
        ([None, None], ["d", None], "district"),
    ):
        assert level_of(communities_in_a_row(2, street=streets, district=districts)) == level
