"""The workbook holds what the assessment holds, as numbers and as texts that stay texts."""

import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from circles.assessment import Assessment
from circles.errors import InputError
from circles.explain import explain_finding, one_line
from circles.explain_rollup import explain_rollup
from circles.reports.basis import assumption_number
from circles.reports.workbook import write_workbook
from circles.standards import load_standard
from circles.texts import load_texts
from tests.drawn_assessment import FORMULA_NAME, QUOTED_NAME, SCRIPT_NAME, drawn_assessment

DRAWN = drawn_assessment()
ZH = load_texts("zh")
SHEETS = ["概览", "假设与须知", "社区", "社区×服务", "短板", "设施", "明细", "方法与来源"]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    """Return the drawn workbook as a spreadsheet program reads it."""
    path = tmp_path_factory.mktemp("workbook") / "communities.xlsx"
    write_workbook(DRAWN, path, lang="zh")
    return openpyxl.load_workbook(path)


def header_row(sheet: Worksheet, first: str) -> int:
    """Return the row whose first cell is a heading."""
    return next(cell.row for cell in sheet["A"] if cell.value == first)


def records(sheet: Worksheet, first: str) -> list[dict[str, object]]:
    """Return the rows below a heading up to the next empty one, by heading."""
    top = header_row(sheet, first)
    heads = [cell.value for cell in sheet[top]]
    rows = []
    for cells in sheet.iter_rows(min_row=top + 1):
        if cells[0].value is None:
            break
        rows.append({head: cell.value for head, cell in zip(heads, cells, strict=True) if head})
    return rows


def text_of(sheet: Worksheet) -> str:
    """Return all that is written on a sheet."""
    return "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value)


def test_the_sheets_stand_in_order(book: openpyxl.Workbook) -> None:
    """The overview first, then what was assumed; the method last."""
    assert book.sheetnames == SHEETS


def test_every_community_has_its_row_with_its_id_as_text(book: openpyxl.Workbook) -> None:
    """Leading zeros stay."""
    rows = records(book["社区"], "编号")
    assert [row["编号"] for row in rows] == list(DRAWN.communities.index)
    assert rows[0]["人口"] == 8200
    assert rows[1]["户数"] is None
    assert rows[1]["便民生活服务圈"] == "不达标"
    assert [row["居住分布依据"] for row in rows][3:] == ["人口数据", "街道沿线推算", "建筑面积推算"]
    assert (rows[1]["短板数"], rows[1]["短板"]) == (2, "长者饭堂、社工站")


def service_cell(book: openpyxl.Workbook, community: str, rule: str) -> Cell:
    """Return where a community's row and a rule's column meet."""
    sheet = book["社区×服务"]
    top = header_row(sheet, "编号")
    column = next(cell.column for cell in sheet[top] if cell.value == rule)
    row = next(cell.row for cell in sheet["A"] if cell.value == community)
    found = sheet.cell(row, column)
    assert isinstance(found, Cell)
    return found


def test_a_community_shows_each_rule_with_its_verdict(book: openpyxl.Workbook) -> None:
    """A share is a number; its verdict is a sign before it and the colour behind it."""
    failed, met = (service_cell(book, key, "社工站") for key in ("001002", "001001"))
    assert failed.value == pytest.approx(5182.6 / 6100)
    assert (failed.number_format, met.number_format) == ('"× "0.00%', '"√ "0.0%')
    assert failed.fill.fgColor.rgb != met.fill.fgColor.rgb
    unknown = service_cell(book, "001001", "社区卫生服务")
    assert unknown.value == "数据不足"
    assert service_cell(book, "001004", "社工站").value == "不适用"


def test_a_failing_share_is_not_rounded_up_to_passing(book: openpyxl.Workbook) -> None:
    """84.96% is shown with two decimals where 85% are needed."""
    cell = service_cell(book, "001002", "社工站")
    assert cell.value == pytest.approx(0.849607, abs=1e-6)
    assert cell.number_format.endswith(' "0.00%')


def test_a_rule_of_another_setting_is_left_empty(book: openpyxl.Workbook) -> None:
    """The rural culture rule says nothing about an urban community."""
    assert service_cell(book, "001001", "文化设施（农村）").value is None
    assert service_cell(book, "002002", "文化设施（农村）").number_format.startswith('"× "')


def test_no_text_becomes_a_formula_or_a_link(book: openpyxl.Workbook) -> None:
    """Names that begin like formulas are strings, and nothing is clickable."""
    names = [row["社区（村）"] for row in records(book["社区"], "编号")]
    assert {SCRIPT_NAME, FORMULA_NAME, QUOTED_NAME} <= set(names)
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" and cell.hyperlink is None for cell in row)


def test_texts_that_look_like_formulas_are_quoted(book: openpyxl.Workbook) -> None:
    """Typing such a name again would not run it either."""
    for row in book["社区"].iter_rows():
        for cell in row:
            if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "@")):
                assert cell.quotePrefix


def test_headings_stay_in_view_and_filter(book: openpyxl.Workbook) -> None:
    """Sheets of one table are frozen below their headings, which carry filters."""
    firsts = {"社区": "编号", "社区×服务": "编号", "短板": "序号", "设施": "服务", "明细": "编号"}
    for name, first in firsts.items():
        sheet = book[name]
        top = header_row(sheet, first)
        assert sheet.freeze_panes is not None
        assert sheet.freeze_panes.endswith(str(top + 1))
        assert sheet.auto_filter.ref.startswith(f"A{top}:")


def test_verdicts_are_coloured_by_their_word(book: openpyxl.Workbook) -> None:
    """Each of the four verdicts has a rule of its own on the verdict columns."""
    words = {
        formula
        for formatting in book["社区"].conditional_formatting
        for rule in formatting.rules
        for formula in rule.formula
    }
    assert words >= {'"达标"', '"不达标"', '"数据不足"', '"不适用"'}


def test_columns_are_wide_enough_for_chinese(book: openpyxl.Workbook) -> None:
    """A name of six characters takes twice as many digits' width."""
    assert book["社区"].column_dimensions["B"].width >= 12
    assert book["社区"].column_dimensions["A"].width <= 14


def test_rollups_show_numerator_denominator_and_target(book: openpyxl.Workbook) -> None:
    """The figures of a target are numbers, and the sentence says the same."""
    row = records(book["概览"], "服务圈")[0]
    assert (row["达标数"], row["参评数"], row["数据不足"]) == (1, 3, 1)
    assert row["占比下限"] == pytest.approx(1 / 3)
    assert row["目标"] == pytest.approx(0.9)
    assert row["结论"] == "不达标"
    expected = explain_rollup(DRAWN.rollups.to_dict("records")[0], DRAWN, ZH)
    assert expected in text_of(book["概览"])


def test_district_coverage_keeps_units_apart(book: openpyxl.Workbook) -> None:
    """People, floor area and frontage are never added up."""
    rows = [row for row in records(book["概览"], "服务要求") if row["服务要求"] == "长者饭堂"]
    assert [row["覆盖对象"] for row in rows] == [
        "60岁及以上老年人",
        "全体居民（代替60岁及以上老年人）",
        "住宅建筑面积（平方米）",
        "可步行街道沿线（米）",
    ]
    assert (rows[0]["可达（下限）"], rows[0]["总量"]) == (2797, 3680)
    assert (rows[0]["达标"], rows[0]["不达标"], rows[1]["达标"]) == (3, 1, None)


def test_details_hold_every_verdict_with_its_explanation(book: openpyxl.Workbook) -> None:
    """One row a community and rule, the worst first, with the sentence and its basis."""
    rows = records(book["明细"], "编号")
    assert len(rows) == len(DRAWN.verdicts)
    own = [row for row in rows if row["编号"] == "001002"]
    assert [row["判定"] for row in own] == ["不达标", "不达标", "数据不足", "达标", "达标"]
    verdict = DRAWN.verdicts.to_dict("records")[5]
    rule = DRAWN.standard.rule("elder_meal")
    assert own[0]["说明"] == explain_finding(verdict, rule, ZH)
    assert own[0]["未覆盖者到最近设施"] == "超过20分钟"
    assert own[1]["还差"] == 3
    assert own[0]["依据与假设"] == "来源1；假设1"


def test_nothing_is_shown_where_nothing_is_known(book: openpyxl.Workbook) -> None:
    """A missing layer leaves its figures empty rather than zero."""
    rows = records(book["明细"], "编号")
    row = next(row for row in rows if row["服务要求"] == "社区卫生服务")
    figures = ("覆盖率下限", "可达（下限）", "还差", "未覆盖", "到最近设施", "最近设施")
    assert all(row[name] is None for name in figures)


def test_the_method_sheet_can_stand_alone(book: openpyxl.Workbook) -> None:
    """Definitions, speeds, quotations, assumptions and warnings are all written out."""
    text = text_of(book["方法与来源"])
    for expected in (
        "每秒0.8米",
        "“城市社区15分钟、农村社区30分钟可达。”",
        "政策文件",
        "转引资料",
        "每千人托位数",
        ZH("workbook.meaning_verdict"),
        "90%的城市社区达标",
        "共565处；离所有道路太远16处；附近道路均隔着河流、铁路或高速公路4处；",
    ):
        assert expected in text


def test_the_second_sheet_says_what_was_assumed(book: openpyxl.Workbook) -> None:
    """Assumptions of the standard and of the run, and the warnings, have a sheet of their own."""
    text = text_of(book.worksheets[1])
    for expected in (
        "达标比例文件未写明，为本标准的假设。",
        "未提供0-3人数",
        ZH("words.fictional_note"),
    ):
        assert expected in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_invented_data_are_labelled_on_every_sheet(tmp_path: Path, lang: str) -> None:
    """虚构 stands on each sheet of a fictional run, on screen and in print, and on no other."""
    for fictional in (True, False):
        path = tmp_path / f"{fictional}.xlsx"
        write_workbook(drawn_assessment(fictional=fictional), path, lang=lang)
        for sheet in openpyxl.load_workbook(path):
            top = "\n".join(str(cell.value) for cell in sheet["A"][:5])
            assert ("虚构" in top) == fictional
            assert ("虚构" in str(sheet.oddHeader.right.text)) == fictional


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """No clock gets into the file."""
    paths = [tmp_path / "first.xlsx", tmp_path / "second.xlsx"]
    for path in paths:
        write_workbook(drawn_assessment(), path, lang="zh")
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:
        assert {info.date_time[0] for info in archive.infolist()} == {1980}
        assert b"2025-06-30T00:00:00Z" in archive.read("docProps/core.xml")


def test_a_run_without_a_date_is_dated_1980(tmp_path: Path) -> None:
    """Without `as_of` the file's date is fixed, and no date of the data is claimed."""
    path = tmp_path / "undated.xlsx"
    write_workbook(replace(DRAWN, as_of=None), path, lang="en")
    book = openpyxl.load_workbook(path)
    assert book.properties.created.year == 1980
    assert "Data as of" not in text_of(book["Communities"])


def test_an_empty_run_still_gives_a_workbook(tmp_path: Path) -> None:
    """No community, no verdict, no target: all sheets with headings, and words for what is not."""
    path = tmp_path / "empty.xlsx"
    empty = replace(
        DRAWN,
        communities=DRAWN.communities.iloc[:0],
        verdicts=DRAWN.verdicts.iloc[:0],
        tiers=DRAWN.tiers.iloc[:0],
        rollups=DRAWN.rollups.iloc[:0],
        warnings=(),
    )
    write_workbook(empty, path, lang="zh")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == SHEETS
    for name, first in (("社区", "编号"), ("短板", "序号"), ("明细", "编号")):
        assert records(book[name], first) == []
    assert ZH("workbook.no_gaps") in text_of(book["短板"])


LONG = "长" * 10_000
HOSTILE = (LONG, "bell\x07", "a\ufffeb\uffff", "_x0041_", "http://example.org", "\t=1+1")


def test_very_long_and_unprintable_names_do_not_break_the_file(tmp_path: Path) -> None:
    """A long name is cut and says so; what XML cannot hold becomes a replacement character."""
    path = tmp_path / "long.xlsx"
    communities = DRAWN.communities.assign(name=list(HOSTILE))
    write_workbook(replace(DRAWN, communities=communities, name=LONG), path, lang="zh")
    book = openpyxl.load_workbook(path)
    names = [str(row["社区（村）"]) for row in records(book["社区"], "编号")]
    assert len(names[0]) == 300
    assert names[0].endswith("长……（原文共10,000字，此处截断）")
    assert names[1:3] == ["bell\ufffd", "a\ufffdb\ufffd"]
    assert names[3] in ("_x0041_", "_x005F_x0041_")
    assert names[4:] == ["http://example.org", "\t=1+1"]
    assert len(str(book["概览"]["A1"].value)) < 200
    assert len(str(book.properties.title)) < 200


def hostile(text: str) -> Assessment:
    """Return the drawn district with one text in every column of names."""
    return replace(
        DRAWN,
        name=text,
        communities=DRAWN.communities.assign(name=text, street=text, district=text),
        facilities=DRAWN.facilities.assign(name=text, origin=text, opening_hours=text),
        verdicts=DRAWN.verdicts.assign(
            nearest_facility=DRAWN.verdicts["nearest_facility"].map(lambda name: name and text)
        ),
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "text", [SCRIPT_NAME, FORMULA_NAME, "+1", "-1", "@SUM(1)", "\t=1", "\r=1", *HOSTILE]
)
def test_hostile_texts_in_every_column_are_texts(tmp_path: Path, text: str, lang: str) -> None:
    """Whatever a table's names are: no formula, no link, and every cell can be read."""
    path = tmp_path / "hostile.xlsx"
    write_workbook(hostile(text), path, lang=lang)
    for sheet in openpyxl.load_workbook(path):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert cell.hyperlink is None
                if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@")):
                    assert cell.quotePrefix


def test_gaps_stand_in_order_with_people_and_minutes(book: openpyxl.Workbook) -> None:
    """The most people first; what stands in for people follows; minutes are numbers or words."""
    rows = records(book["短板"], "序号")
    assert len(rows) == (DRAWN.verdicts["verdict"] == "not_met").sum()
    assert [row["序号"] for row in rows] == list(range(1, len(rows) + 1))
    people = [row["缺口人数"] for row in rows if row["缺口人数"] is not None]
    assert people == sorted(people, reverse=True)
    assert [row["缺口人数"] is None for row in rows] == sorted(
        row["缺口人数"] is None for row in rows
    )
    canteen = next(row for row in rows if (row["编号"], row["服务要求"]) == ("001002", "长者饭堂"))
    assert canteen["还差"] == "还差414人"
    assert canteen["缺口人数"] == 414
    assert canteen["未覆盖者需走（分钟）"] == "超过20分钟"
    station = next(row for row in rows if (row["编号"], row["服务要求"]) == ("001002", "社工站"))
    assert station["未覆盖者需走（分钟）"] == 16
    culture = next(row for row in rows if row["服务要求"] == "文化设施（农村）")
    assert (culture["未覆盖者需走（分钟）"], culture["缺口人数"]) == (None, None)


def test_facilities_are_listed_with_their_place(book: openpyxl.Workbook) -> None:
    """One row a facility and service; whether it joins a street; degrees of WGS84."""
    rows = records(book["设施"], "服务")
    assert len(rows) == len(DRAWN.facilities)
    assert {row["接入路网"] for row in rows} == {"已接入", "未接入"}
    assert rows[0]["经度"] == pytest.approx(DRAWN.facilities.geometry.x.iloc[0], abs=1e-6)
    assert "=1+1 托育园" in {row["设施"] for row in rows}


def test_every_sheet_prints_on_a4_across(book: openpyxl.Workbook) -> None:
    """A4 landscape, as wide as it must be; the headings of tables stand again on each page."""
    for sheet in book:
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToHeight == 0
    for name in ("社区", "社区×服务", "短板", "设施", "明细"):
        top = book[name].auto_filter.ref.split(":")[0].removeprefix("A")
        assert book[name].print_title_rows.endswith(f"${top}")
    assert book["社区"].page_setup.fitToWidth in (None, 1)
    assert book["明细"].page_setup.fitToWidth == 2


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_method_lists_requirements_of_every_kind(tmp_path: Path, lang: str) -> None:
    """Presence, ratios, checks and inventories stand there with document, status and assumption."""
    standard = load_standard("guangzhou-1530")
    texts, path = load_texts(lang), tmp_path / "kinds.xlsx"
    nothing = replace(
        DRAWN,
        standard=standard,
        verdicts=DRAWN.verdicts.iloc[:0],
        communities=DRAWN.communities.iloc[:0],
        tiers=DRAWN.tiers.iloc[:0],
        rollups=DRAWN.rollups.iloc[:0],
    )
    write_workbook(nothing, path, lang=lang)
    sheet = openpyxl.load_workbook(path)[texts("workbook.sheet_method")]
    rows = [row for row in sheet.iter_rows(values_only=True) if row[0]]
    # A service may have the name of its rule: the section of requirements comes first.
    told = {row[0]: row for row in reversed(rows)}
    assert {rule.kind for rule in standard.rules} >= {"presence", "capacity_ratio", "inventory"}
    for rule in standard.rules:
        _, asks, documents, basis = told[one_line(rule.name[lang])][:4]
        assert asks
        assert bool(documents) == bool(rule.sources)
        assert texts(f"words.status_{standard.status(rule)}") in str(basis)
        assert all(str(assumption_number(key, standard)) in str(basis) for key in rule.assumptions)


def test_a_large_workbook_stays_small(tmp_path: Path) -> None:
    """600 communities with all their verdicts take less than a megabyte and a half."""
    path = tmp_path / "many.xlsx"
    write_workbook(many(600), path, lang="zh")
    assert path.stat().st_size < 1_500_000
    sheet = openpyxl.load_workbook(path, read_only=True)["明细"]
    assert sheet.max_row > 600 * len(DRAWN.verdicts) / len(DRAWN.communities)


def many(count: int) -> Assessment:
    """Return the drawn district with its communities again and again."""
    times = -(-count // len(DRAWN.communities))

    def again(table: pd.DataFrame) -> pd.DataFrame:
        parts = [
            table.assign(community_id=table["community_id"] + f"-{number}")
            for number in range(times)
        ]
        return pd.concat(parts, ignore_index=True)

    parts = [
        DRAWN.communities.set_axis([f"{key}-{number}" for key in DRAWN.communities.index])
        for number in range(times)
    ]
    communities = pd.concat(parts).rename_axis("community_id")
    return replace(
        DRAWN,
        communities=communities,
        verdicts=again(DRAWN.verdicts),
        tiers=again(DRAWN.tiers),
    )


def test_an_unknown_language_is_refused(tmp_path: Path) -> None:
    """Nothing is written in a language without texts."""
    with pytest.raises(InputError, match="zh, en"):
        write_workbook(DRAWN, tmp_path / "x.xlsx", lang="fr")
    assert list(tmp_path.iterdir()) == []
