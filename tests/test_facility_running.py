"""Places that are closed or not open yet are not counted, and every one of them is named."""

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.errors import CirclesError
from circles.facilities import Collected, facilities_from_table
from circles.quality import faulty_rows
from circles.tables import Fate, Ledger
from circles.tables.ledger import set_aside
from circles.texts import Note


def collected(cells: dict[str, Sequence[object]], *, service: str | None = None) -> Collected:
    """Collect rows from row 2 on, far apart from each other."""
    count = len(next(iter(cells.values())))
    points = [shapely.Point(113.0 + place / 100, 23.0) for place in range(count)]
    rows = pd.RangeIndex(2, 2 + count, name="row")
    frame = gpd.GeoDataFrame(cells, index=rows, geometry=points, crs=4326)
    return facilities_from_table(frame, origin="a.csv", service=service)


def canteens(**more: str) -> Collected:
    """Collect one canteen with further cells."""
    return collected({"名称": ["甲长者饭堂"], **{name: [cell] for name, cell in more.items()}})


def fate(found: Collected) -> str | None:
    """Return what was said of whether the only row is open."""
    kinds = {"not_open": "shut", "open_unclear": "doubt"}
    said = [kinds.get(event.note.key.partition(".")[2]) for event in found.ledger.events]
    assert len(found.facilities) == ("shut" not in said)
    return next((one for one in said if one), None)


@pytest.mark.parametrize(
    ("state", "meant"),
    [
        *((word, "shut") for word in ("停业", "已停业", "停運", "关闭", "已关闭", "撤销", "注销")),
        *(
            (word, "shut")
            for word in ("筹建", "籌備中", "在建", "拟建", "规划", "待启用", "未开业")
        ),
        *(
            (word, "shut")
            for word in ("暂停服务", "停止运营", "已建成未运营", "建设中", "吊销，未注销")
        ),
        *((word, "shut") for word in ("Closed", "temporarily closed", "not_operating", "planned")),
        *((word, "shut") for word in ("fechada", "suljettu", "inactive", "under construction")),
        *(
            (word, None)
            for word in ("正常", "正常运营", "运营中", "已建成", "试运营", "未停业", "營運中")
        ),
        *(
            (word, None)
            for word in ("存续（在营、开业、在册）", "Open", "active", "ativa", "", "—")
        ),
        *((word, "doubt") for word in ("装修中", "已备案", "正常运营，拟2027年撤销", "1", "搬迁")),
    ],
)
def test_a_column_of_states_says_who_is_open(state: str, meant: str | None) -> None:
    """Closed and planned places are set aside; what says both, or nothing known, is counted."""
    assert fate(canteens(运营状态=state)) == meant


@pytest.mark.parametrize(
    ("column", "cell", "meant"),
    [
        ("是否运营", "否", "shut"),
        ("是否运营", "是", None),
        ("是否开放", "0", "shut"),
        ("是否停业", "是", "shut"),
        ("是否停业", "否", None),
        ("備註", "已停業", "shut"),
        ("备注", "2026年5月起停业整改", "shut"),
        ("备注", "2025年停业，现已恢复", "doubt"),
        ("备注", "与卫生站合用", None),
        ("基本情况-状态", "停用", "shut"),
    ],
)
def test_questions_and_remarks_say_it_too(column: str, cell: str, meant: str | None) -> None:
    """Yes and no count by the question; a remark counts alone, among others it is a doubt."""
    assert fate(canteens(**{column: cell})) == meant


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("甲长者饭堂（已停业）", "shut"),
        ("甲长者饭堂(筹建中)", "shut"),
        ("甲长者饭堂【撤销】", "shut"),
        ("甲长者饭堂-停业", "shut"),
        ("甲长者饭堂（2024年拆除）", "shut"),
        ("甲长者饭堂（规划路店）", None),
        ("甲长者饭堂（建设中路）", None),
        ("关停路长者饭堂", None),
    ],
)
def test_a_bracket_in_the_name_says_it(name: str, meant: str | None) -> None:
    """Words that are part of a place's name or street are no state."""
    assert fate(collected({"名称": [name]})) == meant


def test_all_columns_of_states_are_read() -> None:
    """A building that stands and yet is closed is closed."""
    found = canteens(建设状态="已建成", 运营状态="停业")
    assert fate(found) == "shut"
    (event,) = found.ledger.events
    assert dict(event.note.values) == {"column": "运营状态", "cell": "停业"}


def test_rows_below_a_heading_of_planned_places_are_set_aside() -> None:
    """Up to the next heading; headings are merged cells that the reader saw, or stand alone."""
    cells = {
        "名称": [
            "甲长者饭堂",
            "二、拟建设施",
            "乙长者饭堂",
            "三、运营",
            "丙长者饭堂",
            "丁长者饭堂",
        ],
        "类型": ["长者饭堂", None, "长者饭堂", None, "长者饭堂", "长者饭堂"],
        "地址": ["一路", None, "二路", None, "三路", "四路"],
    }
    found = collected(cells)
    shut = [e.row for e in found.ledger.events if e.note.key == "facilities.under_heading"]
    assert shut == [4]
    rows = pd.Index([2, 5], name="row")
    frame = gpd.GeoDataFrame(
        {"名称": ["甲长者饭堂", "乙长者饭堂"]},
        index=rows,
        geometry=[shapely.Point(113, 23), shapely.Point(113.1, 23)],
        crs=4326,
    )
    heading = set_aside([4], Note.of("reading.section_row", text="（二）已停业"))
    below = facilities_from_table(frame, origin="a", ledger=Ledger("a", 3, tuple(heading)))
    assert below.ledger.rows(Fate.SET_ASIDE) == (4, 5)


def test_closed_places_are_no_faults_of_their_list() -> None:
    """A list of which most are closed is sound, and its closed rows hide no open ones."""
    found = collected(
        {"名称": ["甲饭堂"] * 4, "状态": ["停业", "停业", "停业", "正常"]}, service="elder_meal"
    )
    assert faulty_rows(found.ledger) == (0, 4)
    assert found.facilities["facility_id"].tolist() == ["a.csv:5"]
    assert len(found.ledger.events) == 3


def test_a_closed_record_does_not_hide_the_open_one_of_the_same_name() -> None:
    """Both lie at one place; the second is not a second record of a place that is gone."""
    rows = pd.RangeIndex(2, 4, name="row")
    cells = {"名称": ["甲长者饭堂"] * 2, "状态": ["撤销", "正常"]}
    frame = gpd.GeoDataFrame(cells, index=rows, geometry=[shapely.Point(113, 23)] * 2, crs=4326)
    found = facilities_from_table(frame, origin="a.csv")
    assert found.facilities["facility_id"].tolist() == ["a.csv:3"]


def test_rows_that_speak_of_another_service_than_their_layers_are_listed() -> None:
    """They count, as the project says, but not in silence; unknown words are no contradiction."""
    cells = {
        "名称": ["甲长者饭堂", "乙社工站", "丙", "丁"],
        "类型": ["长者饭堂", "社工站", "超市", "颐康服务站"],
    }
    found = collected(cells, service="elder_meal")
    told = [e.row for e in found.ledger.events if e.note.key == "facilities.not_of_layer"]
    assert told == [3, 5]
    assert len(found.facilities) == 4


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.text(max_size=12), min_size=1, max_size=5),
    st.sampled_from(["状态", "备注", "名称"]),
)
def test_any_words_leave_the_books_whole(words: list[str], column: str) -> None:
    """Each row is used or set aside once, whatever its state says."""
    cells = {"类型": ["长者饭堂"] * len(words), column: words}
    try:
        found = collected(cells)
    except CirclesError:
        return
    assert found.ledger.used == found.facilities["facility_id"].nunique()
