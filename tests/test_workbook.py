"""The workbook holds what the assessment holds, as numbers and as texts that stay texts."""

import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from circles.errors import InputError
from circles.explain import explain_finding
from circles.explain_rollup import explain_rollup
from circles.reports.workbook import write_workbook
from circles.texts import load_texts
from tests.drawn_assessment import FORMULA_NAME, QUOTED_NAME, SCRIPT_NAME, drawn_assessment

DRAWN = drawn_assessment()
ZH = load_texts("zh")
SHEETS = ["社区", "假设与须知", "汇总", "明细", "方法与来源"]


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
    """Communities first, the method last."""
    assert book.sheetnames == SHEETS


def test_every_community_has_its_row_with_its_id_as_text(book: openpyxl.Workbook) -> None:
    """Leading zeros stay."""
    rows = records(book["社区"], "编号")
    assert [row["编号"] for row in rows] == list(DRAWN.communities.index)
    assert rows[0]["人口"] == 8200
    assert rows[1]["户数"] is None
    assert rows[1]["便民生活服务圈"] == "不达标"
    assert [row["居住分布依据"] for row in rows][3:] == ["人口数据", "街道沿线推算", "建筑面积推算"]
    assert rows[1]["短板"] == "长者饭堂、社工站"


def test_a_community_shows_each_rule_under_its_name(book: openpyxl.Workbook) -> None:
    """The share and the verdict of a rule stand side by side below the rule's name."""
    sheet = book["社区"]
    top = header_row(sheet, "编号")
    column = next(cell.column for cell in sheet[top - 1] if cell.value == "社工站")
    assert [sheet.cell(top, column + i).value for i in (0, 1)] == ["覆盖率", "判定"]
    assert sheet.cell(top + 2, column).value == pytest.approx(5182.6 / 6100)
    assert sheet.cell(top + 2, column + 1).value == "不达标"


def test_a_failing_share_is_not_rounded_up_to_passing(book: openpyxl.Workbook) -> None:
    """84.96% is shown with two decimals where 85% are needed."""
    sheet = book["社区"]
    shares = {
        cell.number_format: cell.value
        for row in sheet.iter_rows()
        for cell in row
        if cell.number_format.endswith("%")
    }
    assert shares["0.00%"] == pytest.approx(0.849607, abs=1e-6)


def test_a_rule_of_another_setting_is_left_empty(book: openpyxl.Workbook) -> None:
    """The rural culture rule says nothing about an urban community."""
    sheet = book["社区"]
    top = header_row(sheet, "编号")
    column = next(cell.column for cell in sheet[top - 1] if cell.value == "文化设施（农村）")
    assert sheet.cell(top + 1, column + 1).value is None
    assert sheet.cell(top + 6, column + 1).value == "不达标"


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
    """The first sheets are frozen below their headings, which carry filters."""
    for name in ("社区", "明细"):
        sheet = book[name]
        top = header_row(sheet, "编号")
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
    assert words == {'"达标"', '"不达标"', '"数据不足"', '"不适用"'}


def test_columns_are_wide_enough_for_chinese(book: openpyxl.Workbook) -> None:
    """A name of six characters takes twice as many digits' width."""
    assert book["社区"].column_dimensions["B"].width >= 12
    assert book["社区"].column_dimensions["A"].width <= 14


def test_rollups_show_numerator_denominator_and_target(book: openpyxl.Workbook) -> None:
    """The figures of a target are numbers, and the sentence says the same."""
    row = records(book["汇总"], "服务圈")[0]
    assert (row["达标数"], row["参评数"], row["数据不足"]) == (1, 3, 1)
    assert row["占比下限"] == pytest.approx(1 / 3)
    assert row["目标"] == pytest.approx(0.9)
    assert row["结论"] == "不达标"
    expected = explain_rollup(DRAWN.rollups.to_dict("records")[0], DRAWN, ZH)
    assert row["说明"] == expected


def test_district_coverage_keeps_units_apart(book: openpyxl.Workbook) -> None:
    """People, floor area and frontage are never added up."""
    rows = [row for row in records(book["汇总"], "服务要求") if row["服务要求"] == "长者饭堂"]
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
    assert own[0]["依据与假设"].startswith("依据：《画里市服务圈规划》第六章")


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
    """No community, no verdict, no target: five sheets with headings."""
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
    assert records(book["社区"], "编号") == []


def test_very_long_and_unprintable_names_do_not_break_the_file(tmp_path: Path) -> None:
    """A text longer than a cell is cut; control characters are kept out of the XML."""
    path = tmp_path / "long.xlsx"
    names = ["长" * 40_000, "bell\x07", "_x0041_", "http://example.org", "@cmd", "-1+1"]
    communities = DRAWN.communities.assign(name=names)
    write_workbook(replace(DRAWN, communities=communities), path, lang="zh")
    rows = records(openpyxl.load_workbook(path)["社区"], "编号")
    assert len(str(rows[0]["社区（村）"])) == 32_767
    assert rows[3]["社区（村）"] == "http://example.org"
    assert rows[5]["社区（村）"] == "-1+1"


def test_an_unknown_language_is_refused(tmp_path: Path) -> None:
    """Nothing is written in a language without texts."""
    with pytest.raises(InputError, match="zh, en"):
        write_workbook(DRAWN, tmp_path / "x.xlsx", lang="fr")
    assert list(tmp_path.iterdir()) == []
