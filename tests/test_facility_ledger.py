"""The books of facility layers: every row is used or has its reason; and real tables of Taipei."""

import csv
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.facilities import Collected, facilities_from_table, facility_summary, rule_summary
from circles.tables import Fate, Ledger
from circles.tables.ledger import set_aside
from circles.texts import LANGS, Note, load_texts


def layer(cells: dict[str, Sequence[object]], *, placed: bool = True) -> gpd.GeoDataFrame:
    """Return rows of a table as it is read, from row 2 on, far apart from each other."""
    count = len(next(iter(cells.values())))
    points = [
        shapely.Point(113.0 + place / 100, 23.0) if placed else None for place in range(count)
    ]
    rows = pd.RangeIndex(2, 2 + count, name="row")
    return gpd.GeoDataFrame(cells, index=rows, geometry=points, crs=4326)


def keys(found: Collected) -> list[tuple[int, str, str]]:
    """Return what became of rows: number, fate and reason."""
    return [(e.row, e.fate.value, e.note.key) for e in found.ledger.events]


def test_rows_that_are_not_used_have_their_reason() -> None:
    """No service, no name, no place; the row's own words are in the note."""
    frame = layer({"名称": ["甲社工站", "某公司", None, "乙社工站"]})
    frame.loc[5, "geometry"] = None
    found = facilities_from_table(frame, origin="a.csv")
    assert keys(found) == [
        (3, "set_aside", "facilities.unclassified"),
        (4, "set_aside", "facilities.unnamed"),
        (5, "set_aside", "facilities.unlocated"),
    ]
    assert (found.ledger.source, found.ledger.read, found.ledger.used) == ("a.csv", 4, 1)
    assert "某公司" in load_texts("zh").note(found.ledger.events[0].note)
    assert [row.row for row in found.unclassified] == [3, 4]
    assert found.unlocated == (5,)


def test_the_books_of_the_reader_go_on() -> None:
    """Its entries stay first, and a place it could not read is not called missing again."""
    frame = layer({"名称": ["甲社工站", "乙社工站"]}, placed=False)
    before = Ledger("名单.xlsx", 2, tuple(set_aside([2], Note.of("facilities.unlocated"))))
    before = before.adding(facts=[Note.of("facilities.crowded", count=1)])
    found = facilities_from_table(frame, origin="名单.xlsx", ledger=before)
    assert found.ledger.events[0] == before.events[0]
    assert keys(found) == [
        (2, "set_aside", "facilities.unlocated"),
        (3, "set_aside", "facilities.unlocated"),
    ]
    assert found.ledger.facts[0] == before.facts[0]
    assert found.ledger.used == 0
    assert len(before.events) == len(before.facts) == 1


def test_the_books_say_which_column_says_what() -> None:
    """Found or named, each with its meaning, in the reader's language."""
    frame = layer({"據點名稱": ["甲"], "核定床數": ["3"], "服務村里": ["c1"], "電話": ["1"]})
    found = facilities_from_table(frame, origin="a.csv", service="elder_home")
    (fact,) = found.ledger.facts
    zh, en = (load_texts(lang).note(fact) for lang in ("zh", "en"))
    for word in ("名称：據點名稱", "床位：核定床數", "服务范围：服務村里", "电话：電話"):
        assert word in zh
    assert "beds: 核定床數" in en


def test_opening_hours_that_cannot_be_read_are_kept_and_listed() -> None:
    """Their rows share one note; hours that can be read, and none, are no doubt."""
    hours = ["Mo-Fr 08:00-18:00", "周一至周五 全天候", None, "逢圩日"]
    found = facilities_from_table(
        layer({"名称": ["甲", "乙", "丙", "丁"], "开放时间": hours}),
        origin="a.csv",
        service="police",
    )
    assert keys(found) == [
        (3, "doubtful", "facilities.hours_unread"),
        (5, "doubtful", "facilities.hours_unread"),
    ]
    assert len({event.note for event in found.ledger.events}) == 1
    assert found.facilities["opening_hours"].tolist() == hours


def test_the_summary_counts_by_service() -> None:
    """Facilities, what of them is known, and by what their services are."""
    cells = {
        "类型": ["长者饭堂、社工站", "其他", "长者饭堂"],
        "名称": ["甲", "乙社工站", "丙"],
        "座位数": ["30", "", "约20"],
        "服务范围": ["c1", "", "c2"],
    }
    found = facilities_from_table(layer(cells), origin="a.csv", service_column="类型")
    summary = facility_summary(found)
    assert summary.index.tolist() == ["elder_meal", "social_work"]
    assert summary.loc["elder_meal", ["facilities", "capacity", "seats", "serves"]].tolist() == [
        *(2, 1, 1, 2)
    ]
    assert summary.loc["social_work", ["facilities", "type", "name"]].tolist() == [2, 1, 1]
    assert facility_summary(Collected(found.facilities.iloc[:0])).empty
    assert rule_summary(Collected(found.facilities.iloc[:0])).empty


_NAMES = st.sampled_from(["猎德长者饭堂", "颐康中心（含长者饭堂）", "某公司", "", "幼儿园"])
_CELLS = st.sampled_from(["30", "30张", "约30", "", "-1", "=1+1", "<b>9</b>"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(_NAMES, _CELLS, st.booleans()), max_size=6))
def test_every_row_is_used_or_set_aside(rows: list[tuple[str, str, bool]]) -> None:
    """The books balance with the facilities, and every entry can be put into words."""
    frame = layer({"名称": [row[0] for row in rows], "托位": [row[1] for row in rows]})
    gone = [row for row, (*_, placed) in zip(frame.index, rows, strict=True) if not placed]
    frame.loc[gone, "geometry"] = None
    found = facilities_from_table(frame, origin="a.csv")
    used = set(found.records["row"])
    assert used | set(found.ledger.rows(Fate.SET_ASIDE)) == set(frame.index)
    assert not used & set(found.ledger.rows(Fate.SET_ASIDE))
    assert found.ledger.used == len(used)
    for lang in LANGS:
        texts = load_texts(lang)
        assert all(texts.note(event.note) for event in found.ledger.events)
        assert all(texts.note(fact) for fact in found.ledger.facts)


# ---- Taipei --------------------------------------------------------------------------------------


def taipei(name: str) -> tuple[gpd.GeoDataFrame, list[dict[str, str]]]:
    """Return a real table as a layer, and its rows as the csv module reads them."""
    path = Path(os.environ["CIRCLES_REAL_DATA"]) / "taipei" / f"{name}.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    frame = pd.DataFrame(rows, index=pd.RangeIndex(2, 2 + len(rows), name="row"))
    points = [
        shapely.Point(float(row["lon"]), float(row["lat"])) if row["lon"] and row["lat"] else None
        for row in rows
    ]
    return gpd.GeoDataFrame(frame, geometry=points, crs=4326), rows


#: By table: the services by name or type alone, and how many rows tell none.
TAIPEI = {
    "community_care_points": ({"elder_station": 505}, 0),
    "elder_homes": ({"elder_home": 93}, 1),  # 愛愛院 says neither old age nor care
    "nursing_homes": ({"elder_home": 18}, 0),
    # Two day wards of hospitals; and a name that was misread from a scan says 餐廳 for 養護.
    "elder_daycare": ({"elder_daycare": 11, "elder_meal": 1}, 2),
    # Laboratories, blood donation and an institute of the chest; 8 rows are there twice.
    "clinics": ({"clinic": 3797}, 10),
}


@pytest.mark.real
@pytest.mark.parametrize("name", TAIPEI)
def test_real_tables_are_classified(name: str) -> None:
    """By name, or by the type where there is one, without a word from anybody."""
    frame, rows = taipei(name)
    found = facilities_from_table(frame, origin=f"{name}.csv")
    counts, unclassified = TAIPEI[name]
    assert Counter(found.facilities["service"]) == counts
    assert len(found.unclassified) == unclassified
    assert found.ledger.read == len(rows)
    assert found.ledger.used == sum(counts.values())


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "column", "kind"),
    [
        ("elder_homes", "核定床數-核定總床位數", "beds"),
        ("nursing_homes", "開放床數", "beds"),
        ("elder_daycare", "收託量", "places"),
    ],
)
def test_real_capacities_add_up(name: str, column: str, kind: str) -> None:
    """Beds and places as the file has them, found by their usual names."""
    frame, rows = taipei(name)
    found = facilities_from_table(frame, origin="a.csv", service="elder_home")
    assert found.facilities[kind].sum() == sum(int(row[column]) for row in rows)


@pytest.mark.real
def test_real_clinics_that_are_there_twice() -> None:
    """The same name at the same place, by an independent count."""
    frame, rows = taipei("clinics")
    found = facilities_from_table(frame, origin="clinics.csv", service="clinic")
    seen: Counter[tuple[str, str, str]] = Counter(
        (row["醫療院所"].strip(), row["lon"][:9], row["lat"][:8]) for row in rows
    )
    assert found.twins == sum(count - 1 for count in seen.values()) == 8


@pytest.mark.real
def test_care_points_count_by_village() -> None:
    """As many by village as a count of the file's own column gives, where the point lies in it."""
    frame, rows = taipei("community_care_points")
    found = facilities_from_table(frame, origin="care.csv").facilities
    path = Path(os.environ["CIRCLES_REAL_DATA"]) / "taipei" / "villages_population.geojson"
    villages = gpd.read_file(path)
    joined = found.sjoin(villages[["TOWN", "VILLAGE", "geometry"]], predicate="within")
    counted = Counter(zip(joined["TOWN"], joined["VILLAGE"], strict=True))
    shapes = {
        (village.TOWN, village.VILLAGE): village.geometry for village in villages.itertuples()
    }
    slow: Counter[tuple[str, str]] = Counter()
    for row in rows:
        point = shapely.Point(float(row["lon"]), float(row["lat"]))
        slow.update(key for key, shape in shapes.items() if shape.contains(point))
    assert counted == slow
    assert sum(counted.values()) == 505


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "count"), [("c_level_points", 291), ("care_points_register", 451)]
)
def test_real_lists_of_organisations_need_their_service(name: str, count: int) -> None:
    """Names of associations, churches and village offices tell no service; a word for all does."""
    frame, rows = taipei(name)
    alone = facilities_from_table(frame, origin="a.csv")
    assert len(alone.unclassified) > 0.95 * len(rows)
    told = facilities_from_table(frame, origin="a.csv", service="elder_station")
    assert len(told.facilities) == count
    assert told.ledger.used == count
    assert len(told.unlocated) == len(rows) - count
