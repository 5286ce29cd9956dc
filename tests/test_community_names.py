"""Names of communities, streets and districts: which spellings are one, and which never are."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.communities.matching import LOOSE, Matches, Stage, Units, match_units
from circles.communities.names import (
    Kind,
    forms_of,
    is_total,
    prefixes_of,
    spelling,
    upper_key,
    upper_keys,
)

HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from("社区村居委会第一二三十里街道()（）-－·\u200b\u202e　 臺台1１<>&=|'\""),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=20,
)
NAMES = st.lists(
    st.builds(
        "".join,
        st.tuples(
            st.sampled_from(["石井", "东湖", "水口", "第一", "一", "1", "三元里", "北京街石井"]),
            st.sampled_from(
                ["", "社区", "社区居委会", "居委会", "村", "村委会", "村民委员会", "里"]
            ),
        ),
    ),
    max_size=12,
)


def units(names: Sequence[str | None], **more: Sequence[str | None]) -> Units:
    """Return a side of a join that says no more than it is told."""
    nothing = (None,) * len(names)
    parts = {key: tuple(more.get(key, nothing)) for key in ("codes", "ids", "streets", "districts")}
    return Units(names=tuple(names), **parts)


def match(left: Sequence[str | None], right: Sequence[str | None]) -> Matches:
    """Match names alone."""
    return match_units(units(left), units(right))


def pairs(left: Sequence[str | None], right: Sequence[str | None]) -> set[tuple[str, str]]:
    """Return the names that were joined."""
    found = match(left, right).left_of.tolist()
    return {(str(left[i]), str(right[j])) for j, i in enumerate(found) if i >= 0}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("盐运西社区", "鹽運西社區"),
        ("盐运西社区", " 盐运西　社区 "),
        ("A区社区", "ａ区社区"),
        ("东-湖社区", "东湖社区"),
        ("“石井”社区", "石井社区\u200b"),
    ],
)
def test_spellings_of_one_name_are_one(one: str, other: str) -> None:
    """Script, width, case, spaces, quotes and invisible signs do not make another name."""
    assert spelling(one) == spelling(other)


def test_a_dash_between_numbers_stays() -> None:
    """1-1 is not 11."""
    assert spelling("1-1社区") != spelling("11社区")
    assert pairs(["1-1社区"], ["11社区"]) == set()


@given(HOSTILE)
def test_a_spelling_is_spelled_as_itself(text: str) -> None:
    """Whatever a cell holds, spelling it again changes nothing, nor do its forms fail."""
    assert spelling(spelling(text)) == spelling(text)
    forms = forms_of(text, prefixes_of(["北京街道", "一区"]))
    assert forms.spelled == spelling(text)
    assert forms.stem or not forms.spelled


@pytest.mark.parametrize(
    ("name", "stem", "kind"),
    [
        ("石井社区", "石井", Kind.COMMUNITY),
        ("石井社区居委会", "石井", Kind.COMMUNITY),
        ("石井社区居民委员会", "石井", Kind.COMMUNITY),
        ("石井居委会", "石井", Kind.COMMUNITY),
        ("石井村", "石井", Kind.VILLAGE),
        ("石井村委会", "石井", Kind.VILLAGE),
        ("石井村村民委员会", "石井", Kind.VILLAGE),
        ("石井行政村", "石井", Kind.VILLAGE),
        ("石井村居委会", "石井村", Kind.COMMUNITY),
        ("雅祥里辦公處", "雅祥里", None),
        ("东风第十二社区", "东风12", Kind.COMMUNITY),
        ("东风一百零二社区", "东风102", Kind.COMMUNITY),
        ("盐运西社区（北京街）", "盐运西", Kind.COMMUNITY),
        ("社区", "社区", None),
        ("IES Alonso Quesada", "iesalonsoquesada", None),
    ],
)
def test_a_name_has_a_stem_and_a_kind(name: str, stem: str, kind: Kind | None) -> None:
    """What a committee is called comes off, a number is written in digits."""
    forms = forms_of(name)
    assert (forms.stem, forms.kind) == (stem, kind)


def test_only_whole_names_of_units_above_come_off() -> None:
    """天河村 does not begin with 天河区, and something must be left."""
    prefixes = prefixes_of(["越秀区", "北京街道", "天河区"])
    forms = forms_of("越秀区北京街盐运西社区", prefixes)
    assert (forms.stem, forms.above) == ("盐运西", ("越秀区", "北京街"))
    assert forms_of("天河村", prefixes).stem == "天河"
    assert forms_of("北京街社区", prefixes).stem == "北京街"


def test_what_all_names_begin_with_comes_off() -> None:
    """A prefix that every row repeats tells nothing apart."""
    prefixes = prefixes_of([], ["白云区甲社区", "白云区乙社区", "白云区丙社区"])
    assert forms_of("白云区甲社区", prefixes).stem == "甲"
    assert prefixes_of([], ["甲社区", "乙社区", "丙社区"]) is None


def test_units_above_in_their_spellings() -> None:
    """A street's office is the street; a town is another than a street of its stem."""
    keys = upper_keys(["人民街道办事处", "人民街", "人民镇", "人民", "太和", "太和镇人民政府"])
    assert keys["人民街道办事处"] == keys["人民街"] != keys["人民镇"]
    assert keys["人民"] not in {keys["人民街"], keys["人民镇"]}  # nobody knows which
    assert keys["太和"] == keys["太和镇人民政府"]
    assert upper_key("广州市白云区") == upper_key("白云区人民政府") == "白云区"
    assert upper_key("街") == "街"


@pytest.mark.parametrize("name", ["合计", "总 计", "北京街小计", "全区合计", "Total"])
def test_sums_are_known_by_their_names(name: str) -> None:
    """A row of sums is no community."""
    assert is_total(name)
    assert not is_total(f"{name}社区")


# ---- joining by name -----------------------------------------------------------------------------


def test_a_community_and_a_village_of_one_stem_are_two() -> None:
    """Both stand in one street, and either finds its own."""
    left = ["水口居委会", "水口村委会"]
    assert pairs(left, ["水口村", "水口社区"]) == {
        ("水口居委会", "水口社区"),
        ("水口村委会", "水口村"),
    }
    assert pairs(["水口村"], ["水口社区"]) == set()
    assert pairs(left, ["水口"]) == set()  # which of the two nobody knows


def test_a_stem_alone_joins_only_what_is_unique() -> None:
    """石井 may be the one community of that stem, and the join is marked as loose."""
    found = match(["石井社区", "东湖社区"], ["石井", "东湖社区"])
    assert found.left_of.tolist() == [0, 1]
    assert found.stages[0] in LOOSE
    assert found.stages[1] is Stage.WRITTEN


def test_a_neighbourhood_without_its_word_is_found() -> None:
    """雅祥 is 雅祥里, but 三元里 is not the community of another stem."""
    assert pairs(["雅祥里"], ["雅祥"]) == {("雅祥里", "雅祥")}
    assert pairs(["三元里社区"], ["三元里"]) == {("三元里社区", "三元里")}
    assert pairs(["三元社区"], ["三元里"]) == set()


def test_equal_names_are_told_apart_by_street() -> None:
    """Two streets have a 文化社区; without the street neither is guessed."""
    left = units(["文化社区", "文化社区"], streets=["人民街", "北京街"])
    right = units(["文化社区", "文化社区居委会"], streets=["北京街道", "人民街道办事处"])
    assert match_units(left, right).left_of.tolist() == [1, 0]
    assert match_units(left, units(["文化社区"])).left_of.tolist() == [-1]
    with_prefix = match_units(left, units(["北京街文化社区"]))
    assert with_prefix.left_of.tolist() == [1]


def test_a_name_of_another_street_does_not_join() -> None:
    """What is known to lie elsewhere is another community."""
    left, right = units(["东湖社区"], streets=["甲街"]), units(["东湖社区"], streets=["乙街"])
    found = match_units(left, right)
    assert found.left_of.tolist() == [-1]
    assert found.nearest_left == ((0,),)


def test_codes_come_before_names() -> None:
    """A code joins two names; a name that another row's code took is not given again."""
    left = units(["甲社区", "乙社区"], codes=["440104001001", "440104001002"])
    right = units(["乙社区", "乙社区"], codes=["440104001001", None])
    found = match_units(left, right)
    assert found.left_of[0] == 0
    assert found.stages[0] is Stage.CODE


def test_ids_without_their_zeros_are_found_and_marked() -> None:
    """Spreadsheets make 7 of 007; if 7 is another community they stay apart."""
    left, right = units([None, None], ids=["007", "010"]), units([None], ids=["7.0"])
    found = match_units(left, right)
    assert found.left_of.tolist() == [0]
    assert found.stages[0] in LOOSE
    both = units([None, None], ids=["007", "7"])
    assert match_units(both, units([None], ids=["07"])).left_of.tolist() == [-1]


def test_the_nearest_are_told_the_most_similar_first() -> None:
    """A slip of one character is at the head of the list."""
    found = match(["盐运西社区", "盐步社区", "大塘社区"], ["盐运酉社区"])
    assert found.nearest_left[0][0] == 0
    assert found.nearest_right[0] == (0,)
    assert found.nearest_right[2] == ()


@given(NAMES, NAMES)
@settings(max_examples=200, deadline=None)
def test_joining_is_one_to_one_and_keeps_kinds(left: list[str], right: list[str]) -> None:
    """No community gets two rows, none is joined across kinds, and both sides agree."""
    found = match(left, right)
    used = found.left_of[found.left_of >= 0]
    assert len(set(used.tolist())) == len(used)
    for row, other in enumerate(found.left_of.tolist()):
        assert (found.stages[row] is None) == (other < 0)
        if other >= 0:
            kinds = {forms_of(left[other]).kind, forms_of(right[row]).kind} - {None}
            assert len(kinds) < 2
            assert found.nearest_left[row] == ()
            assert found.nearest_right[other] == ()


@given(NAMES, NAMES, st.randoms())
@settings(max_examples=100, deadline=None)
def test_the_order_of_rows_does_not_matter(left: list[str], right: list[str], random) -> None:  # type: ignore[no-untyped-def]
    """Shuffled tables give the same pairs."""
    mixed = (random.sample(left, len(left)), random.sample(right, len(right)))
    assert pairs(left, right) == pairs(*mixed)
    swapped = {(one, other) for other, one in pairs(right, left)}
    assert pairs(left, right) == swapped


def test_three_thousand_names_are_compared_at_once() -> None:
    """Every name with a slip has its own as the nearest."""
    rng = np.random.default_rng(5)
    signs = [chr(0x4E00 + k) for k in range(600)]
    left = ["".join(rng.choice(signs, 4)) + "社区" for _ in range(3000)]
    right = [f"{name[:3]}邨{name[4:]}" for name in left]
    found = match(left, right)
    nearest = [row[0] if row else -1 for row in found.nearest_left]
    assert np.mean(np.array(nearest) == np.arange(3000)) > 0.99
