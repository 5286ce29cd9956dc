"""Finding the header and the records of a table among titles, units, totals and footnotes."""

import datetime
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.errors import InputError
from circles.tables import Fate, LoadedTable, Source, load_table, read_table
from circles.texts import Note, load_texts

HOMES = (
    "序号,机构名称,地址,床位数\n"
    "1,福海养老院,海珠区一路1号,33\n2,乐龄苑,海珠区二路2号,47\n3,康宁院,新港路3号,20\n"
)


def csv(tmp_path: Path, text: str, name: str = "a.csv") -> Path:
    """Write a text table."""
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def book(
    path: Path, rows: Sequence[Sequence[object]], merges: Sequence[str] = (), title: str = "表"
) -> Path:
    """Write a workbook of one sheet."""
    made = openpyxl.Workbook()
    page = made.active
    assert page is not None
    page.title = title
    for row in rows:
        page.append(list(row))
    for area in merges:
        page.merge_cells(area)
    made.save(path)
    return path


def aside(loaded: LoadedTable) -> dict[int, str]:
    """Return why rows were set aside."""
    return {e.row: e.note.key for e in loaded.ledger.events if e.fate is Fate.SET_ASIDE}


def fates(loaded: LoadedTable) -> dict[int, tuple[str, str]]:
    """Return what happened to rows."""
    return {e.row: (e.fate.value, e.note.key.partition(".")[2]) for e in loaded.ledger.events}


def test_titles_above_the_header(tmp_path: Path) -> None:
    """Titles, notes and dates above the header are passed over; rows keep the file's numbers."""
    head = "海珠区养老机构名册,,,\n填报单位：海珠区民政局,,填报日期：2026年5月,\n\n"
    loaded = load_table(Source(csv(tmp_path, head + HOMES)))
    assert loaded.frame.columns.tolist() == ["序号", "机构名称", "地址", "床位数"]
    assert loaded.frame.index.tolist() == [5, 6, 7]
    assert Note.of("reading.header_row", row=4, columns=4) in loaded.ledger.facts
    assert Note.of("reading.above_header", rows=("1", "2")) in loaded.ledger.facts
    assert loaded.ledger.read == 3


@pytest.mark.parametrize("title", ["名册", "2026年第一季度", "附件1", "海珠区（单位：个）"])
def test_a_title_alone(tmp_path: Path, title: str) -> None:
    """One title above the header is no header, whatever it says."""
    table = read_table(csv(tmp_path, f"{title}\n{HOMES}"))
    assert table["机构名称"].tolist() == ["福海养老院", "乐龄苑", "康宁院"]


def test_the_header_row_can_be_named(tmp_path: Path) -> None:
    """A header row that is named is taken, and one that is not there is refused."""
    path = csv(tmp_path, "a,b\n名称,数\n甲,1\n")
    assert load_table(Source(path, header_row=2)).frame.columns.tolist() == ["名称", "数"]
    with pytest.raises(InputError, match="header_row = 9, but that row is empty or not there"):
        load_table(Source(path, header_row=9))


def test_a_table_without_a_header(tmp_path: Path) -> None:
    """Coordinates in the place of the header are refused: the first record must not be lost."""
    path = csv(tmp_path, "福海养老院,113.31,23.11\n乐龄苑,113.32,23.12\n")
    with pytest.raises(InputError, match=r"row 1 should name the columns, but it holds figures"):
        read_table(path)


def test_years_may_name_columns(tmp_path: Path) -> None:
    """Whole numbers in the header are years, not records."""
    assert read_table(csv(tmp_path, "社区,2023,2024\n甲,1,2\n")).columns.tolist()[1:] == [
        "2023",
        "2024",
    ]


def test_units_below_the_header(tmp_path: Path) -> None:
    """A row of units is no record; the units become part of the names."""
    loaded = load_table(Source(csv(tmp_path, "社区,常住人口,面积\n,（万人）,㎡\n甲,1.2,300\n")))
    assert loaded.frame.columns.tolist() == ["社区", "常住人口(万人)", "面积(㎡)"]
    assert loaded.frame.index.tolist() == [3]
    assert Note.of("reading.units_row", row=2) in loaded.ledger.facts


def test_words_that_could_be_units(tmp_path: Path) -> None:
    """A record of words that are units elsewhere is a record where no figures stand below."""
    table = read_table(csv(tmp_path, "名称,类\n户,人\n甲,乙\n"))
    assert table.index.tolist() == [2, 3]


def test_totals_and_footnotes_are_set_aside(tmp_path: Path) -> None:
    """Totals of any spelling, notes and headers of later pages are set aside with the reason."""
    tail = (
        "江南街小计,,,100\n序号,机构名称,地址,床位数\n4,合计养老院,三路3号,1\n"
        "合 计,,,201\n总計：,,,201\n注：数据截至2025年底,,,\n资料来源：区民政局,,,\n"
    )
    loaded = load_table(Source(csv(tmp_path, HOMES + tail)))
    assert loaded.frame.index.tolist() == [2, 3, 4, 7]
    assert aside(loaded) == {
        5: "reading.totals_row",
        6: "reading.header_again",
        8: "reading.totals_row",
        9: "reading.totals_row",
        10: "reading.footnote",
        11: "reading.footnote",
    }
    assert (loaded.ledger.read, loaded.ledger.used) == (10, 4)


def test_groups_over_columns_of_a_workbook(tmp_path: Path) -> None:
    """Cells merged over several columns are joined with what stands below them."""
    path = book(
        tmp_path / "a.xlsx",
        [
            ["养老机构一览表"],
            ["编号", "机构名称", "核定床数", None, None, "地址"],
            [None, None, "总床位数", "长照床数", "养护床数"],
            [1, "福海", 33, 10, 23, "一路"],
            [2, "乐龄", 471, 124, 194, "二路"],
        ],
        ["A1:F1", "A2:A3", "B2:B3", "C2:E2", "F2:F3"],
    )
    loaded = load_table(Source(path))
    assert loaded.frame.columns.tolist() == [
        *("编号", "机构名称", "核定床数-总床位数", "核定床数-长照床数", "核定床数-养护床数", "地址")
    ]
    assert loaded.frame.loc[5].tolist() == ["2", "乐龄", "471", "124", "194", "二路"]
    assert Note.of("reading.header_rows", first=2, last=3, columns=6) in loaded.ledger.facts


def test_three_header_rows(tmp_path: Path) -> None:
    """A header over three rows becomes one name of three parts."""
    path = book(
        tmp_path / "a.xlsx",
        [
            ["社区", "人口", None, None, None],
            [None, "60岁及以上", None, "0-3岁", None],
            [None, "男", "女", "男", "女"],
            ["甲", 1, 2, 3, 4],
        ],
        ["A1:A3", "B1:E1", "B2:C2", "D2:E2"],
    )
    assert read_table(path).columns.tolist() == [
        *("社区", "人口-60岁及以上-男", "人口-60岁及以上-女", "人口-0-3岁-男", "人口-0-3岁-女")
    ]


def test_groups_over_columns_of_a_text_table(tmp_path: Path) -> None:
    """Saved as CSV, a merged header leaves gaps, which the row below fills."""
    text = "编号,名称,核定床数,,,地址\n,,总床位数,长照,养护,\n1,福海,33,10,23,一路\n"
    loaded = load_table(Source(csv(tmp_path, text)))
    assert loaded.frame.columns.tolist() == [
        *("编号", "名称", "核定床数-总床位数", "核定床数-长照", "核定床数-养护", "地址")
    ]
    assert loaded.frame.index.tolist() == [3]


def test_a_first_record_is_no_second_header(tmp_path: Path) -> None:
    """A record of words below a header with a gap stays a record."""
    table = read_table(csv(tmp_path, "名称,,地址\n甲,乙,丙\n丁,,戊\n"))
    assert table.columns.tolist() == ["名称", "column 2", "地址"]
    assert table.index.tolist() == [2, 3]


def test_line_breaks_in_headers(tmp_path: Path) -> None:
    """A line break in a header goes; between Latin words it becomes a space."""
    table = read_table(csv(tmp_path, '"服務起始日\n(核定日期)","floor\narea",c\n1,2,3\n'))
    assert table.columns.tolist() == ["服務起始日(核定日期)", "floor area", "c"]
    assert table.index.tolist() == [2]


def test_headings_of_sections(tmp_path: Path) -> None:
    """A cell merged over most columns is a heading among the records; a unit may stand alone."""
    path = book(
        tmp_path / "a.xlsx",
        [
            ["序号", "名称", "地址", "床位数"],
            ["（单位：张）"],
            ["一、公办机构"],
            [1, "福海", "一路", 3],
            ["二、民办机构"],
            [2, "乐龄", "二路", 4],
        ],
        ["A2:D2", "A3:D3", "A5:D5"],
    )
    loaded = load_table(Source(path))
    assert loaded.frame["名称"].tolist() == ["福海", "乐龄"]
    assert aside(loaded) == {
        2: "reading.footnote",
        3: "reading.section_row",
        5: "reading.section_row",
    }


def test_merged_records_are_filled(tmp_path: Path) -> None:
    """Merged words and codes fill the cells they cover; a merged amount is counted once."""
    path = book(
        tmp_path / "a.xlsx",
        [
            ["街道", "名称", "床位数", "备注"],
            ["江南街", "福海", 60, "x"],
            [None, "乐龄", None, None],
            [None, "康宁", 5, None],
        ],
        ["A2:A4", "C2:C3", "D2:D3"],
    )
    loaded = load_table(Source(path))
    assert loaded.frame["街道"].tolist() == ["江南街"] * 3
    assert loaded.frame["床位数"].tolist() == ["60", None, "5"]
    assert loaded.frame["备注"].tolist() == ["x", "x", None]
    told = [(e.row, e.fate.value, dict(e.note.values)["column"]) for e in loaded.ledger.events]
    assert sorted(told) == [
        (3, "doubtful", "床位数"),
        (3, "repaired", "备注"),
        (3, "repaired", "街道"),
        (4, "repaired", "街道"),
    ]


def test_error_cells(tmp_path: Path) -> None:
    """A formula that failed leaves its cell empty, and its row is named."""
    made = openpyxl.Workbook()
    page = made.active
    assert page is not None
    page.append(["名称", "床位数"])
    page.append(["甲", "#N/A"])
    page["B2"].data_type = "e"
    page.append(["乙", 5])
    made.save(tmp_path / "a.xlsx")
    loaded = load_table(Source(tmp_path / "a.xlsx"))
    assert loaded.frame["床位数"].tolist() == [None, "5"]
    assert fates(loaded) == {2: ("doubtful", "error_cell")}


def test_formulas_that_were_never_calculated(tmp_path: Path) -> None:
    """A formula without a saved result is an empty cell, and its row is named."""
    path = book(tmp_path / "a.xlsx", [["名称", "床位数"], ["甲", 3], ["乙", "=B2+1"]])
    loaded = load_table(Source(path))
    assert loaded.frame["床位数"].tolist() == ["3", None]
    assert fates(loaded) == {3: ("doubtful", "uncalculated")}
    assert Note.of("reading.uncalculated", cell="B3") in [e.note for e in loaded.ledger.events]


def test_codes(tmp_path: Path) -> None:
    """A 12-digit code keeps its digits; one that was saved as 4.40106E+11 is named by its row."""
    whole = book(tmp_path / "a.xlsx", [["编码", "名"], [440106001001, "甲"], ["007", "乙"]])
    assert read_table(whole)["编码"].tolist() == ["440106001001", "007"]
    loaded = load_table(Source(csv(tmp_path, "编码,名\n4.40106E+11,甲\n440106001002,乙\n")))
    assert fates(loaded) == {2: ("doubtful", "damaged_code")}
    assert loaded.frame["编码"].tolist()[0] == "4.40106E+11"


def test_dates_and_widths(tmp_path: Path) -> None:
    """Dates become ISO text, full-width text stays as it is written."""
    rows = [["日期", "人口"], [datetime.datetime(2024, 5, 1), "１２３４"]]
    assert read_table(book(tmp_path / "a.xlsx", rows)).loc[2].tolist() == ["2024-05-01", "１２３４"]


def test_empty_columns(tmp_path: Path) -> None:
    """Columns without a name and without content go; with content they get their place's name."""
    loaded = load_table(Source(csv(tmp_path, "a,,b,,c\n1,,2,x,3\n4,,5,,6\n")))
    assert loaded.frame.columns.tolist() == ["a", "b", "column 4", "c"]
    assert Note.of("reading.empty_columns", count=1) in loaded.ledger.facts


def test_words_beside_a_sheet(tmp_path: Path) -> None:
    """In a workbook a remark beyond the header is a column of its own, and slips nothing."""
    loaded = load_table(Source(book(tmp_path / "a.xlsx", [["a", "b"], [1, 2, "看这里"], [3, 4]])))
    assert loaded.frame["column 3"].tolist() == ["看这里", None]
    assert aside(loaded) == {}


def test_hidden_sheets(tmp_path: Path) -> None:
    """A hidden sheet is not read unless it is named, and that is stated."""
    path = book(tmp_path / "a.xlsx", [["a"], [1]])
    made = openpyxl.load_workbook(path)
    other = made.create_sheet("旧")
    other.append(["b"])
    other.append([2])
    other.sheet_state = "hidden"
    made.save(path)
    loaded = load_table(Source(path))
    assert loaded.frame.columns.tolist() == ["a"]
    assert Note.of("reading.hidden_sheets", sheets=("旧",)) in loaded.ledger.facts
    assert read_table(path, sheet="旧 ").columns.tolist() == ["b"]


def test_many_columns(tmp_path: Path) -> None:
    """A table of 300 columns with the same name has 300 names."""
    text = ",".join(["值"] * 300) + "\n" + ",".join(map(str, range(300))) + "\n"
    loaded = load_table(Source(csv(tmp_path, text)))
    assert loaded.frame.shape == (1, 300)
    assert loaded.frame.columns.is_unique
    assert loaded.frame.iloc[0].tolist() == [str(n) for n in range(300)]


@given(names=st.lists(st.sampled_from(["a", "a (2)", "a (3)", "", "b", "column 1"]), min_size=1))
def test_names_are_unique(names: list[str]) -> None:
    """Whatever headers repeat, each column has a name of its own."""
    from circles.tables.headers import unique

    assert len(set(unique([name or None for name in names]))) == len(names)


def test_every_note_can_be_put_into_words(tmp_path: Path) -> None:
    """Facts and events of a table can be said in both languages."""
    head = "名册,,,\n"
    loaded = load_table(Source(csv(tmp_path, f"{head}{HOMES}合计,,,80\n4,x,y,#REF!\n")))
    for lang in ("zh", "en"):
        texts = load_texts(lang)
        notes = [*loaded.ledger.facts, *(event.note for event in loaded.ledger.events)]
        assert all(texts.note(note) for note in notes)
