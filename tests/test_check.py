"""The check's report: rows by reason, words, columns, pages and JSON, from books made by hand."""

import itertools
import json
import random
import unicodedata
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.check.margins import MarginQuality, ShortMargin
from circles.check.model import CheckReport, Found, JoinCount, PeopleTotal
from circles.check.page import render_check
from circles.check.record import record_of, summary_of, write_check
from circles.check.rows import counts_of, reasons_of, spans
from circles.check.streets import FewStreets, StreetQuality
from circles.check.terminal import check_lines, columns, width
from circles.check.words import clean, role_word, rows_word, say
from circles.maps.offline import refuse_outside_references
from circles.quality import LayerRecord, Remark, Severity, faulty_rows
from circles.tables import Fate, Ledger
from circles.tables.ledger import doubtful, repaired, set_aside
from circles.texts import LANGS, Bilingual, Note, load_texts

ZH, EN = load_texts("zh"), load_texts("en")
NOWHERE, ZERO = Note.of("reading.no_coordinates"), Note.of("reading.zero")
HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m\n\"'&{name}\ud800"


def unread(value: str) -> Note:
    """Return the reason of a row whose coordinate is no number."""
    return Note.of("reading.not_a_number", value=value)


def books() -> Ledger:
    """Return the books of a table of 30 rows: ten set aside, one of them repaired before."""
    return Ledger(
        "points.csv",
        30,
        (
            *repaired([2, 4], Note.of("reading.spaces")),
            *set_aside([15, 7, 13, 12, 14], NOWHERE),
            *set_aside([4], ZERO),
            *(event for row in range(20, 24) for event in set_aside([row], unread(f"x{row}"))),
            *doubtful([3, 7], Note.of("reading.far_away", km=900)),
        ),
        (Note.of("reading.encoding", encoding="GBK"),),
    )


def report(*remarks: Remark, layers: tuple[LayerRecord, ...] | None = None) -> CheckReport:
    """Return a check of a small district, its books made by hand."""
    short = ShortMargin("A1", "West", 300.0, 1000.0)
    few = FewStreets("A2", "East", 0.5, 12.0, 0.25)
    return CheckReport(
        name="Small Town",
        as_of=date(2026, 6, 30),
        fictional=False,
        standard_id="small",
        standard_name=Bilingual(zh="小镇标准", en="Small standard"),
        layers=(LayerRecord("facilities 2", books()),) if layers is None else layers,
        found=Found(2, 1, (("buildings", 30),), 0, (("elder_meal", 4),), ("childcare",)),
        streets=StreetQuality(12.75, 3, 2, 0.5, 30, 3, (few,)),
        margins=MarginQuality(1000.0, (short,), ("points.csv",)),
        joins=(JoinCount("", 30, 3, 1, 2), JoinCount("elder_meal", 4, 1, 0, 0)),
        people=(PeopleTotal("all", 5900.0, 100.0, 6000.0), PeopleTotal("60+", 900.0, 0.0, None)),
        remarks=tuple(sorted(remarks, key=lambda remark: list(Severity).index(remark.severity))),
    )


def lines(checked: CheckReport, lang: str = "en", *, full: bool = False) -> list[str]:
    """Return what the terminal shows."""
    return list(check_lines(checked, load_texts(lang), full=full))


STOP = Remark(Severity.STOP, Note.of("check.no_demand", count=3))
WARNING = Remark(Severity.WARNING, Note.of("warnings.cut_ways", count=7))
NOTE = Remark(Severity.NOTE, Note.of("assumptions.level"))


# ---- rows ----------------------------------------------------------------------------------------


def test_every_row_is_counted_once() -> None:
    """A row that was repaired and then set aside is set aside, and used and set aside add up."""
    counts = counts_of(books())
    assert vars(counts) == {
        "read": 30, "used": 20, "repaired": 1, "doubtful": 1, "set_aside": 10
    }  # fmt: skip
    assert counts.used + counts.set_aside == counts.read


def test_reasons_come_by_fate_and_then_by_how_many_rows_they_befell() -> None:
    """What was set aside comes first; the words of each case keep their rows."""
    reasons = reasons_of(books())
    assert [(reason.fate, reason.key, reason.rows) for reason in reasons] == [
        (Fate.SET_ASIDE, "reading.no_coordinates", (7, 12, 13, 14, 15)),
        (Fate.SET_ASIDE, "reading.not_a_number", (20, 21, 22, 23)),
        (Fate.SET_ASIDE, "reading.zero", (4,)),
        (Fate.DOUBTFUL, "reading.far_away", (3, 7)),
        (Fate.REPAIRED, "reading.spaces", (2, 4)),
    ]
    assert [case.note for case in reasons[1].cases] == [unread(f"x{row}") for row in range(20, 24)]


@given(st.sets(st.integers(1, 60)))
def test_spans_hold_exactly_their_rows(rows: set[int]) -> None:
    """Spelled out, the runs are the rows again, and no two of them touch."""
    runs = spans(sorted(rows))
    assert [row for a, b in runs for row in range(a, b + 1)] == sorted(rows)
    assert all(b + 1 < c for (_, b), (c, _) in itertools.pairwise(runs))


@given(st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(chance: random.Random) -> None:
    """The same entries in another order give the same reasons, cases and rows."""
    ledger = books()
    events = list(ledger.events)
    chance.shuffle(events)
    assert reasons_of(Ledger(ledger.source, ledger.read, tuple(events))) == reasons_of(ledger)


def test_row_numbers_in_words() -> None:
    """One row, several, and too many to show; the count is always that of all."""
    assert rows_word((7,), EN) == "row 7"
    assert rows_word((7, 12, 13, 14, 15), EN) == "rows 7, 12-15 (5)"
    assert rows_word((7, 12, 13, 14, 15), ZH) == "第7、12-15行（共5行）"
    assert rows_word((1, 3, 5, 7), EN, most=2) == "rows 1, 3, … (4)"


def test_rows_that_nothing_is_wrong_with_do_not_count_against_a_layer() -> None:
    """Totals and second records are no records; neighbours are records without a fault."""
    aside = [
        *set_aside(range(1, 81), Note.of("people.outside")),
        *set_aside([81], Note.of("reading.totals_row", text="合计")),
        *set_aside([82], Note.of("facilities.same_place", service="x", other="y", distance_m=1)),
        *set_aside([83, 84], NOWHERE),
        *set_aside([1], NOWHERE),
    ]
    assert faulty_rows(Ledger("list.csv", 100, tuple(aside))) == (3, 98)
    assert faulty_rows(Ledger("list.csv", 100)) == (0, 100)


def test_few_rows_without_a_place_do_not_spoil_a_list_of_other_things() -> None:
    """Six addresses without coordinates among 451 that no service is told from are six of 457."""
    other = Note.of("facilities.unclassified", text="x")
    aside = [*set_aside(range(1, 452), other), *set_aside(range(452, 458), NOWHERE)]
    assert faulty_rows(Ledger("register.csv", 457, tuple(aside))) == (6, 457)


# ---- the terminal --------------------------------------------------------------------------------


def test_the_first_line_says_whether_a_run_may_go_ahead() -> None:
    """Stops forbid it, warnings do not; what to fix comes first, then what to look at."""
    assert lines(report())[0] == "OK to run: nothing was found that makes results wrong."
    assert lines(report(WARNING, NOTE))[0].endswith("To look at: 1.")
    stopped = lines(report(NOTE, WARNING, STOP))
    assert stopped[0] == "Do not run yet. To fix first, because results would be wrong: 1."
    assert stopped[1] == "Small Town · Small standard · 2026-06-30"
    assert stopped[3] == "Fix first"
    assert stopped[4].startswith("× In none of the 3 communities")
    assert stopped[6:8] == ["To look at", "! 7 streets are cut off at the edge of the extract."]
    assert lines(report(STOP), "zh")[0] == "暂时不要评估：有1个问题会使结果出错，请先处理。"


def test_layers_and_reasons_in_english() -> None:
    """The columns are aligned and each reason stands with its rows."""
    told = lines(report())
    start = told.index("Layers")
    assert told[start : start + 21] == [
        "Layers",
        "  Layer         File or table  read  used  repaired  to check  set aside",
        "  facilities 2  points.csv       30    20         1         1         10",
        (
            "  Rows that are repaired or to be checked are used. "
            "Rows are numbered as in the file itself."
        ),
        "",
        "  facilities 2 · points.csv",
        "    set aside",
        "      rows 7, 12-15 (5): No coordinates.",
        "      row 20: The coordinate cannot be understood: x20.",
        "      row 21: The coordinate cannot be understood: x21.",
        "      row 22: The coordinate cannot be understood: x22.",
        "      row 23: The coordinate cannot be understood: x23.",
        "      row 4: The coordinate is 0, which is no place.",
        "    to check",
        (
            "      rows 3, 7 (2): The place is 900 km from the middle of the others; "
            "check its coordinates."
        ),
        "    repaired",
        "      rows 2, 4 (2): There are spaces in the digits of the coordinate; they are removed.",
        "",
        "What was found",
        (
            "3 communities (2 urban, 1 rural), 30 demand points, 4 facilities, "
            "13 km of walkable street"
        ),
        "  Demand points: 30 from floor area of buildings.",
    ]


def test_layers_and_reasons_in_chinese() -> None:
    """Wide signs take two columns, so that the figures stand below one another."""
    told = lines(report(), "zh")
    start = told.index("各图层")
    assert told[start + 1 : start + 9] == [
        "  图层    文件或数据表  读取  采用  修正  存疑  搁置",
        "  设施 2  points.csv      30    20     1     1    10",
        "  修正和存疑的行仍然采用。行号与文件中的一致。",
        "",
        "  设施 2 · points.csv",
        "    搁置",
        "      第7、12-15行（共5行）：没有坐标。",
        "      第20行：坐标无法识别：x20。",
    ]


def test_a_terminal_shows_five_examples_and_all_on_demand() -> None:
    """What is left is counted with its rows; nothing is dropped without a word."""
    events = [event for row in range(1, 10) for event in set_aside([row], unread(f"v{row}"))]
    events += set_aside(range(20, 60, 2), NOWHERE)
    layer = LayerRecord("demand", Ledger("homes.csv", 60, tuple(events)))
    short, whole = (lines(report(layers=(layer,)), full=full) for full in (False, True))
    assert "      rows 20, 22, 24, 26, 28, … (20): No coordinates." in short
    assert sum("understood: v" in line for line in short) == 5
    assert "      … and alike: rows 6-9 (4)" in short
    assert sum("understood: v" in line for line in whole) == 9
    assert any(", 56, 58 (20): No coordinates." in line for line in whole)
    assert not any("…" in line for line in whole)


def test_how_layers_were_read_and_what_is_assumed_is_shown_on_demand() -> None:
    """The short report says how to get at it."""
    checked = report(NOTE)
    told = "Encoding of the text: GBK (found out)."
    assert any(told in line for line in lines(checked, full=True))
    assert "· Slopes are not counted." in lines(checked, full=True)
    assert not any(told in line for line in lines(checked))
    assert "--all" in lines(checked)[-1]


def test_streets_margin_and_people_in_words() -> None:
    """The figures of the report stand in sentences."""
    told = "\n".join(lines(report()))
    for words in (
        "Elder canteen · elder_meal: 4, of which 1 far from every street",
        "childcare",
        "12.8 km of walkable street take part; connected pieces: 3.",
        "2 pieces are too small to take part (0.5 km in all).",
        "Demand points far from every street: 3 of 30 (10%).",
        "2 demand points join a street farther away",
        "The map ends too near to the homes of 1 communities; the rules allow walks of up to 1,000",
        "Group “residents”: the population layer counts 5,900 people in communities and 100",
    ):
        assert words.lower() in told.lower(), words


def test_a_project_without_layers_or_streets_says_so() -> None:
    """What is not known is said, and no empty table is shown."""
    bare = replace(report(layers=()), streets=None, margins=None, joins=(), people=())
    told = lines(bare)
    assert "  No layer keeps a record of its rows." in told
    assert "Streets" not in told
    assert any(line.endswith("no street network") for line in told)
    for lang in LANGS:
        assert load_texts(lang)("check.no_layers") in render_check(bare, lang=lang)


@pytest.mark.parametrize(
    ("text", "room"), [("abc", 3), ("社区", 4), ("ａ", 2), ("e\u0301", 1), ("ｱ", 1), ("…", 1)]
)
def test_the_room_a_text_takes(text: str, room: int) -> None:
    """Chinese and full-width signs take two columns, marks on letters none."""
    assert width(text) == room


@given(st.lists(st.lists(st.text("a社é", max_size=8), min_size=3, max_size=3), min_size=1))
def test_columns_are_aligned_whatever_they_hold(rows: list[list[str]]) -> None:
    """Each line is as wide as the columns, but for what is empty at its end."""
    each = [max(width(row[place]) for row in rows) for place in range(3)]
    for row, line in zip(rows, columns(rows, left=1), strict=True):
        assert width(line) == (sum(each) + 4 if row[-1] else width(line.rstrip()))


# ---- hostile names -------------------------------------------------------------------------------


@given(st.text(max_size=300))
def test_no_sign_of_a_table_breaks_a_line_or_turns_it(text: str) -> None:
    """Control characters, line breaks and marks of direction are gone; the rest is kept."""
    shown = clean(text)
    kinds = {unicodedata.category(sign) for sign in shown if sign not in "\u200c\u200d"}
    assert not kinds & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert len(shown) <= 100
    if text.isprintable() and len(text) <= 100:
        assert shown == "".join("\ufffd" if unicodedata.category(s) == "Co" else s for s in text)


def hostile() -> CheckReport:
    """Return a check of tables with hostile names."""
    ledger = Ledger(
        HOSTILE,
        2,
        tuple(set_aside([1], unread(HOSTILE * 50))),
        (Note.of("reading.sheet", sheet=HOSTILE),),
    )
    names = Note.of("warnings.cut", count=2, examples=(HOSTILE, "榕" * 5000))
    return report(Remark(Severity.WARNING, names), layers=(LayerRecord(f"{HOSTILE} 1", ledger),))


@pytest.mark.parametrize("lang", LANGS)
def test_hostile_names_in_the_terminal(lang: str) -> None:
    """No line holds an escape or a mark of direction, and none is endless."""
    for line in lines(hostile(), lang, full=True):
        assert line == clean(line, longest=10_000)
        assert len(line) < 600


@pytest.mark.parametrize("lang", LANGS)
def test_hostile_names_on_the_page(lang: str) -> None:
    """Nothing of them becomes part of the page, and it loads nothing."""
    page = render_check(hostile(), lang=lang)
    assert "<script" not in page
    assert "alert(1)" in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    refuse_outside_references(page)
    page.encode("utf-8")


def test_hostile_names_in_json(tmp_path: Path) -> None:
    """The file is JSON, and gives the names back as they are."""
    write_check(hostile(), tmp_path / "check.json")
    read = json.loads((tmp_path / "check.json").read_text("utf-8"))
    assert read["layers"][0]["source"] == HOSTILE
    assert HOSTILE * 50 in read["layers"][0]["rows"][0]["reason"]["text"]["en"]


def test_braces_of_a_name_fill_no_gap() -> None:
    """A name is put into a sentence as it is."""
    assert say(unread("{value}{0}"), EN) == "The coordinate cannot be understood: {value}{0}."


def test_the_roles_of_layers_are_words() -> None:
    """A role keeps its number; one without words is shown as the project file has it."""
    assert role_word("communities", ZH) == "社区"
    assert role_word("facilities 12", EN) == "facilities 12"
    assert role_word("facilities 12", ZH) == "设施 12"
    assert role_word("something else", EN) == "something else"


# ---- the page and the JSON file ------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_says_what_the_terminal_says(lang: str) -> None:
    """The verdict, each remark, each reason with its rows, and the figures stand there."""
    texts = load_texts(lang)
    page = render_check(report(STOP, WARNING, NOTE), lang=lang)
    assert texts("check.stopped", count=1) in page
    for remark in (STOP, WARNING, NOTE):
        assert texts.note(remark.note) in page
    for reason in reasons_of(books()):
        for case in reason.cases:
            assert rows_word(case.rows, texts) in page
            assert texts.note(case.note) in page
    for figure in (">20<", ">10<", ">0.5<", ">12.0<", ">25%<", ">300<", ">1,000<"):
        assert figure in page, figure
    assert texts("check.heading_few") in page
    assert f'lang="{"zh-CN" if lang == "zh" else "en"}"' in page


def test_a_page_does_not_grow_without_end() -> None:
    """Of ten thousand different sentences of one reason 500 are shown, and the rows of all."""
    events = [e for row in range(1, 10_001) for e in set_aside([row], unread(f"v{row}"))]
    layer = LayerRecord("demand", Ledger("homes.csv", 10_000, tuple(events)))
    page = render_check(report(layers=(layer,)), lang="en")
    assert page.count("cannot be understood") == 500
    assert "rows 501-10000 (9500)" in page
    assert EN("check.in_json") in page


def test_the_json_file_holds_every_row_with_its_reason(tmp_path: Path) -> None:
    """Each entry of the books can be found again; equal reports give equal bytes."""
    write_check(report(STOP, NOTE), tmp_path / "one.json")
    write_check(report(STOP, NOTE), tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    read = json.loads((tmp_path / "one.json").read_text("utf-8"))
    assert read == json.loads(json.dumps(record_of(report(STOP, NOTE))))
    assert read["schema"] == "circles.check/1"
    assert read["may_run"] is False
    found = {
        (row, part["fate"], part["reason"]["id"], part["reason"]["text"]["en"])
        for part in read["layers"][0]["rows"]
        for row in part["rows"]
    }
    assert found == {(e.row, e.fate.value, e.note.key, EN.note(e.note)) for e in books().events}
    assert [remark["severity"] for remark in read["remarks"]] == ["stop", "note"]
    assert read["margins"]["short"][0]["margin_m"] == 300.0
    assert read["streets"]["few"][0]["name"] == "East"


def test_the_summary_counts_rows_and_remarks() -> None:
    """The rows of all layers are added up."""
    layer = LayerRecord("demand", Ledger("homes.csv", 5, tuple(set_aside([1], ZERO))))
    summary = summary_of(report(WARNING, layers=(LayerRecord("facilities 1", books()), layer)))
    assert summary["may_run"] is True
    assert summary["remarks"] == {"stop": 0, "warning": 1, "note": 0}
    assert summary["rows"] == {
        "read": 35, "used": 24, "repaired": 1, "doubtful": 1, "set_aside": 11
    }  # fmt: skip
    assert [(one["role"], one["used"]) for one in summary["layers"]] == [
        ("facilities 1", 20),
        ("demand", 4),
    ]
