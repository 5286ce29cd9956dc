"""What people mark in their sheets beside the values: strokes, hidden rows, units, signatures."""

from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
import shapely
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from circles.facilities import facilities_from_table
from circles.tables import Fate, LoadedTable, Source, load_layer, load_table


def book(
    path: Path, rows: Sequence[Sequence[object]], mark: Callable[[Worksheet], None] = lambda _: None
) -> Path:
    """Write a workbook of one sheet."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    for row in rows:
        sheet.append(row)
    mark(sheet)
    made.save(path)
    return path


def keys(table: LoadedTable, fate: Fate) -> list[tuple[int, str]]:
    """Return which rows met a fate, and why."""
    return [(e.row, e.note.key) for e in table.ledger.events if e.fate is fate]


def test_rows_that_are_struck_out_are_withdrawn(tmp_path: Path) -> None:
    """All of a row's cells: it is set aside; one of them: a doubt; an unstruck style says no."""

    def mark(sheet: Worksheet) -> None:
        sheet["A1"].font = Font(strike=True)
        for cell in sheet[3]:
            cell.font = Font(strike=True)
        sheet["B4"].font = Font(strike=True)
        sheet["A5"].font = Font(strike=False, bold=True)

    rows = [["名称", "人数"], ["甲", 1], ["乙", 2], ["丙", 3], ["丁", 4]]
    table = load_table(Source(book(tmp_path / "a.xlsx", rows, mark)))
    assert table.frame["名称"].tolist() == ["甲", "丙", "丁"]
    assert keys(table, Fate.SET_ASIDE) == [(3, "reading.struck_row")]
    assert keys(table, Fate.DOUBTFUL) == [
        (1, "reading.struck_cells"),
        (4, "reading.struck_cells"),
    ]
    assert (table.ledger.read, table.ledger.used) == (4, 3)


def test_hidden_rows_are_read_and_named(tmp_path: Path) -> None:
    """By hand or by a filter, the file says the same: hidden."""

    def mark(sheet: Worksheet) -> None:
        sheet.row_dimensions[3].hidden = True
        sheet.row_dimensions[4].hidden = True
        sheet.row_dimensions[9].hidden = True  # empty

    rows = [["名称", "人数"], ["甲", 1], ["乙", 2], ["丙", 3]]
    table = load_table(Source(book(tmp_path / "a.xlsx", rows, mark)))
    assert len(table.frame) == 3
    (fact,) = [f for f in table.ledger.facts if f.key == "reading.hidden_rows"]
    assert dict(fact.values) == {"count": 2, "rows": ("3", "4")}


@pytest.mark.parametrize(
    ("above", "columns"),
    [
        ("单位：万人", ["社区", "常住人口(万人)", "60岁以上(万人)", "户数", "面积"]),
        (
            "（单位：万人、公顷）",
            ["社区", "常住人口(万人)", "60岁以上(万人)", "户数", "面积(公顷)"],
        ),
        ("单位：人、户、平方米", ["社区", "常住人口", "60岁以上", "户数", "面积"]),
        ("填报单位：万人小学", ["社区", "常住人口", "60岁以上", "户数", "面积"]),
    ],
)
def test_a_unit_of_thousands_above_the_header_is_not_lost(
    tmp_path: Path, above: str, columns: list[str]
) -> None:
    """It is written into the columns it is of, where whoever reads them refuses or converts it."""
    rows = [
        ["人口表", None, None, None, None],
        [above, None, None, None, None],
        ["社区", "常住人口", "60岁以上", "户数", "面积"],
        ["甲", 0.6, 0.1, 20, 3],
        ["乙", 0.7, 0.2, 30, 4],
    ]
    table = load_table(Source(book(tmp_path / "a.xlsx", rows)))
    assert table.frame.columns.tolist() == columns


def test_signatures_below_a_table_are_no_records(tmp_path: Path) -> None:
    """Several labels in one row; a row that only begins like one stays."""
    rows = [
        ["名称", "地址", "电话", "人数"],
        ["甲", "一路", "020", 1],
        ["备注：乙", "二路", "021", 2],
        ["填表人：张三", None, "审核人：李四", "日期：2026-06-30"],
    ]
    table = load_table(Source(book(tmp_path / "a.xlsx", rows)))
    assert table.frame.index.tolist() == [2, 3]
    assert keys(table, Fate.SET_ASIDE) == [(4, "reading.footnote")]


@pytest.mark.parametrize(
    "cell",
    [
        "经度：113°15′36″ 纬度：23°07′12″",
        "经度113.26纬度23.12",
        "纬度：23.12，经度：113.26",
        "東經113.26°、北緯23.12°",
        "lon: 113.26, lat: 23.12",
        "113.26,23.12",
    ],
)
def test_coordinates_may_say_what_they_are(tmp_path: Path, cell: str) -> None:
    """Each of two numbers in one cell is called what it is, in any order."""
    path = book(tmp_path / "a.xlsx", [["名称", "坐标"], ["甲", cell], ["乙", cell]])
    places = load_layer(Source(path, crs="wgs84")).places
    assert places.geometry.x.to_numpy() == pytest.approx([113.26, 113.26])
    assert places.geometry.y.to_numpy() == pytest.approx([23.12, 23.12])


def test_columns_that_may_hold_amounts_are_named_where_none_is_read() -> None:
    """Designed and used beds: nobody knows which counts, and the books say that neither does."""
    frame = gpd.GeoDataFrame(
        {"名称": ["甲养老院"], "设计床位": ["100"], "在用床位": ["60"], "床位使用率": ["60%"]},
        geometry=[shapely.Point(113, 23)],
        crs=4326,
    )
    facts = facilities_from_table(frame, origin="a").ledger.facts
    (fact,) = [fact for fact in facts if fact.key == "facilities.amount_not_found"]
    assert dict(fact.values)["columns"] == ("设计床位", "在用床位")
    also = facilities_from_table(frame.rename(columns={"设计床位": "床位"}), origin="a")
    (fact,) = [fact for fact in also.ledger.facts if fact.key == "facilities.amount_not_taken"]
    assert dict(fact.values)["columns"] == ("在用床位",)
    assert also.facilities["beds"].tolist() == [100]


@pytest.mark.parametrize(
    "cell", ["30张（其中护理型20张）", "30（含护理型20）", "30张，其中护理型20张"]
)
def test_what_a_number_is_made_of_adds_nothing(cell: str) -> None:
    """The number before it is the whole; 不含 is no part of it and leaves a doubt."""
    for words, beds in ((cell, [30.0]), ("30张（不含护理型20张）", [])):
        frame = gpd.GeoDataFrame(
            {"名称": ["甲养老院"], "床位": [words]}, geometry=[shapely.Point(113, 23)], crs=4326
        )
        assert facilities_from_table(frame, origin="a").facilities["beds"].dropna().tolist() == beds


def test_a_table_without_names_and_types_says_what_to_name() -> None:
    """Its columns are listed, for the project file."""
    frame = gpd.GeoDataFrame(
        {"Nome": ["Creche"], "Tipo": ["x"]}, geometry=[shapely.Point(113, 23)], crs=4326
    )
    facts = facilities_from_table(frame, origin="a").ledger.facts
    (fact,) = [fact for fact in facts if fact.key == "facilities.no_words"]
    assert dict(fact.values)["columns"] == ("Nome", "Tipo")
