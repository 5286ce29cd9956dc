"""Whom facilities say they serve, told to communities."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.communities.names import forms_of
from circles.facilities import Serving, Unresolved, resolve_serves
from circles.facilities.serving import community_key

COMMUNITIES = pd.DataFrame(
    {
        "name": ["猎德社区", "猎德村", "三玉里", "中山社区", "中山社区", "员村"],
        "street": ["猎德街道", "猎德街道", "天母街道", "东山街道", "西山街道", "员村街道"],
        "district": ["天河区", "天河区", "士林区", "越秀区", "越秀区", "天河区"],
    },
    index=pd.Index(["c1", "c2", "c3", "c4", "c5", "c6"], name="community_id"),
)


def served(*cells: str | None) -> Serving:
    """Resolve what facilities f0, f1 ... say."""
    facilities = pd.DataFrame(
        {"facility_id": [f"f{place}" for place in range(len(cells))], "serves": cells}
    )
    return resolve_serves(facilities, COMMUNITIES)


@pytest.mark.parametrize(
    ("word", "ids"),
    [
        ("c3", ["c3"]),
        ("Ｃ３", ["c3"]),
        ("猎德社区", ["c1"]),
        ("獵德 社區", ["c1"]),
        ("猎德村", ["c2"]),
        ("三玉里", ["c3"]),
        ("三玉", ["c3"]),
        ("三玉社区居委会", ["c3"]),
        ("士林區三玉里", ["c3"]),
        ("东山街道中山社区", ["c4"]),
        ("越秀区西山街道中山", ["c5"]),
        ("员村社区", ["c6"]),
        ("猎德街道", ["c1", "c2"]),
        ("天河区", ["c1", "c2", "c6"]),
    ],
)
def test_a_word_means_communities(word: str, ids: list[str]) -> None:
    """By id, by name with and without its kind, after its street or district; or all of a unit."""
    found = served(word)
    assert list(found.communities["f0"]) == ids
    assert found.unresolved == ()


@pytest.mark.parametrize("separator", [";", "；", "、", ",", "，", "/", "|", "\n", "; "])
def test_words_are_separated_and_each_counts_once(separator: str) -> None:
    """However they are separated; a last separator says nothing."""
    found = served(separator.join(["三玉里", "c1", "三玉", ""]))
    assert found.communities == {"f0": ("c3", "c1")}


@pytest.mark.parametrize(
    ("word", "candidates", "ambiguous"),
    [
        ("猎德", ("c1", "c2"), True),
        ("中山社区", ("c4", "c5"), True),
        ("三玉新村里", ("c3",), False),
        ("月球", (), False),
    ],
)
def test_what_is_not_sure_is_not_resolved(
    word: str, candidates: tuple[str, ...], *, ambiguous: bool
) -> None:
    """Several that fit equally well, or none: the candidates are named, and nothing is served."""
    found = served(f"c6;{word}", None, "")
    assert found.communities == {"f0": ("c6",)}
    assert found.unresolved == (Unresolved("f0", word, candidates, ambiguous),)


def test_names_are_compared_as_one_likes() -> None:
    """`match` gives the form in which names are equal; the built-in one is the default."""
    facilities = pd.DataFrame({"facility_id": ["f0"], "serves": ["甲小区"]})
    communities = pd.DataFrame({"name": ["甲苑"]}, index=["c1"])
    assert resolve_serves(facilities, communities).communities == {}
    found = resolve_serves(facilities, communities, match=lambda name: name[:1])
    assert found.communities == {"f0": ("c1",)}


def test_rows_of_one_facility_count_once() -> None:
    """A facility of several services has several rows that say the same."""
    facilities = pd.DataFrame({"facility_id": ["f0", "f0"], "serves": ["月球;c1"] * 2})
    found = resolve_serves(facilities, COMMUNITIES)
    assert found.communities == {"f0": ("c1",)}
    assert len(found.unresolved) == 1


@given(st.lists(st.text(max_size=20) | st.none(), max_size=4))
def test_any_words_are_resolved_or_listed(cells: list[str | None]) -> None:
    """Whatever is written: known communities, or an entry for the word."""
    found = served(*cells)
    assert {i for ids in found.communities.values() for i in ids} <= set(COMMUNITIES.index)
    assert all(word.word.strip() for word in found.unresolved)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("獵德社區居委會", "猎德"),
        ("猎德村", "猎德"),
        ("三玉里", "三玉"),
        ("里", "里"),
        ("大村", "大村"),
    ],
)
def test_what_a_communitys_name_is_without_its_kind(name: str, key: str) -> None:
    """At least two characters are left, or the name stays."""
    assert community_key(name) == key


def test_a_street_that_two_districts_have_is_not_resolved() -> None:
    """Nor is a name of a street that another district has as its own; an exact id is."""
    communities = pd.DataFrame(
        {
            "name": ["甲", "乙", "丙"],
            "street": ["新街", "新街", "旧街"],
            "district": ["东", "西", "新街"],
        },
        index=["A1", "a1", "b1"],
    )
    facilities = pd.DataFrame({"facility_id": ["f", "g"], "serves": ["新街", "a1"]})
    found = resolve_serves(facilities, communities)
    assert found.communities == {"g": ("a1",)}
    (open_,) = found.unresolved
    assert (open_.candidates, open_.ambiguous, open_.unit) == (("A1", "a1", "b1"), True, True)


def test_a_village_is_not_an_urban_community_of_its_name() -> None:
    """Where only 猎德社区 is there, 猎德村 is another place; a bare 猎德 may mean it."""
    communities = pd.DataFrame({"name": ["猎德社区"]}, index=["a"])
    facilities = pd.DataFrame({"facility_id": ["1", "2"], "serves": ["猎德村", "猎德"]})
    found = resolve_serves(
        facilities,
        communities,
        match=lambda name: forms_of(name).stem,
        kind=lambda name: forms_of(name).kind,
    )
    assert found.communities == {"2": ("a",)}
    assert [doubt.word for doubt in found.unresolved] == ["猎德村"]
