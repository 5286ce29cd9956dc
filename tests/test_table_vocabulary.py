"""What columns are called, in simplified and traditional characters and in English."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.errors import InputError
from circles.tables import first_column, folded, match_columns, names_of, population_group
from circles.tables.vocabulary import header_key, roles
from circles.texts import Note, load_texts


def matched(*headers: str) -> dict[str, str]:
    """Return the column of each role of a table with these headers."""
    return dict(match_columns(pd.DataFrame(columns=list(headers))).columns)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(("臺北 市", "台北市"), ("長者飯堂（Ａ）", "长者饭堂(a)"), ("收託量", "收托量")),
        *(("Lon ", "ＬＯＮ"), ("經　度", "经度"), ("據點\n名稱", "据点名称")),
    ],
)
def test_spellings_that_fold_to_the_same(one: str, other: str) -> None:
    """Width, case, spaces and the two scripts make no difference."""
    assert folded(one) == folded(other)


@given(st.text(max_size=20))
def test_any_text_can_be_folded(text: str) -> None:
    """Folding takes any text and leaves no space in it."""
    assert folded(text) == folded(f" {text}\n")
    assert "".join(folded(text).split()) == folded(text)


def test_halves_of_characters_can_be_folded() -> None:
    """Half a character, as damaged JSON holds it, does no harm."""
    assert folded("甲\ud800乙") == "甲?乙"


def test_columns_of_a_list_from_taipei() -> None:
    """The traditional headers of a list of homes are understood."""
    assert matched("編號", "機構名稱", "區域別", "地址", "核定床數-核定總床位數", "lat", "lon") == {
        "lon": "lon",
        "lat": "lat",
        "id": "編號",
        "name": "機構名稱",
        "address": "地址",
        "district": "區域別",
        "beds": "核定床數-核定總床位數",
    }


def test_columns_of_communities() -> None:
    """A table of communities gives its units, its people and their ages."""
    found = matched(
        *(
            "街道",
            "社区名称",
            "社区代码",
            "户数",
            "常住人口",
            "60岁及以上人口",
            "0—3岁",
            "女60岁以上",
        )
    )
    assert found == {
        "id": "社区代码",
        "name": "社区名称",
        "street": "街道",
        "households": "户数",
        "population": "常住人口",
        "population:0-3": "0—3岁",
        "population:60+": "60岁及以上人口",
    }


def test_the_order_of_columns_does_not_matter() -> None:
    """The same headers in another order are matched alike."""
    headers = ["机构名称", "社区名称", "街道", "详细地址", "床位数", "经度", "纬度", "备注"]
    assert matched(*headers) == matched(*reversed(headers))
    assert matched(*headers)["name"] == "机构名称"
    assert matched(*headers)["community"] == "社区名称"


def test_what_could_be_meant_as_well() -> None:
    """Of several columns for a role the most certain is taken, and the others are told."""
    found = match_columns(pd.DataFrame(columns=["高德经度", "经度", "纬度"]), ("lon", "lat"))
    assert dict(found.columns) == {"lon": "经度", "lat": "纬度"}
    assert dict(found.others) == {"lon": ("高德经度",)}
    notes = found.notes()
    assert Note.of("reading.column_open", role="lon", column="经度", others=("高德经度",)) in notes
    assert all(load_texts(lang).note(note) for lang in ("zh", "en") for note in notes)


def test_only_what_is_wanted() -> None:
    """Roles that were not asked for are not matched, and unknown ones are refused."""
    frame = pd.DataFrame(columns=["名称", "床位"])
    assert dict(match_columns(frame, ("beds",)).columns) == {"beds": "床位"}
    with pytest.raises(InputError, match="there is no role 'bed'; roles: 'beds'"):
        match_columns(frame, ("bed",))


@pytest.mark.parametrize(
    ("header", "group"),
    [
        *(("60岁及以上", "60+"), ("65歲以上人口", "65+"), ("60+", "60+"), ("≥80岁", "80+")),
        *(("0-3岁", "0-3"), ("0～3周岁", "0-3"), ("3岁以下婴幼儿", "0-3"), ("A0A14_CNT", "0-14")),
        *(
            ("A65UP_CNT", "65+"),
            ("pop_60plus", "60+"),
            ("满60周岁人数", "60+"),
            ("age_0_14", "0-14"),
        ),
        *(("15至64岁(人)", "15-64"), ("８０周岁及以上", "80+")),
        *(("A65UP_M_CNT", None), ("60岁以上男", None), ("65岁以上占比", None), ("常住人口", None)),
        *(("2020-2021", None), ("1-3月", None), ("12-5", None), ("房号12-3", None)),
    ],
)
def test_groups_by_age(header: str, group: str | None) -> None:
    """The ages of a header are understood; one sex, shares, years and dates are no group."""
    assert population_group(header) == group


@given(st.text(max_size=25))
def test_any_header_is_a_group_or_none(header: str) -> None:
    """No header makes the reading of ages fail."""
    found = population_group(header)
    assert found is None or found[0].isdigit()


def test_no_name_stands_for_two_things_by_accident() -> None:
    """Names are written as they are compared, and only units are both a name and a unit."""
    owner: dict[str, str] = {}
    shared = set()
    for role in roles():
        for name in names_of(role):
            assert header_key(name) == name
            if name in owner:
                shared.add((owner[name], role))
            owner[name] = role
    assert shared <= {("name", "community")}


def test_first_column_knows_both_scripts() -> None:
    """A column is found under a simplified name when its header is traditional."""
    frame = pd.DataFrame(columns=["據點名稱", "收託量"])
    assert first_column(frame, ("名称", "据点名称")) == "據點名稱"
    assert first_column(frame, ("收托量",)) == "收託量"
