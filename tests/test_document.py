"""The written report holds what the assessment holds, in a file a word processor can edit."""

import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import docx
import pytest
from PIL import Image

from circles.assessment import Assessment
from circles.errors import InputError
from circles.explain import one_line
from circles.reports.document import GAPS_SHOWN, render_document, write_document
from circles.reports.safe_text import cut, xml_text
from circles.texts import load_texts
from tests.drawn_assessment import FORMULA_NAME, IMAGE_NAME, SCRIPT_NAME, drawn_assessment

DRAWN = drawn_assessment()
ZH = load_texts("zh")
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def png(width: int = 60, height: int = 40) -> bytes:
    """Return a small picture."""
    content = BytesIO()
    Image.new("RGB", (width, height), "#1f4e5f").save(content, "PNG")
    return content.getvalue()


def opened(content: bytes) -> Any:
    """Return a document as python-docx reads it."""
    return docx.Document(BytesIO(content))


def tables_of(document: Any) -> list[list[list[str]]]:
    """Return the texts of all tables."""
    return [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]


def text_of(document: Any) -> str:
    """Return all paragraphs and cells."""
    cells = (cell for table in tables_of(document) for row in table for cell in row)
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def part(content: bytes, name: str) -> ElementTree.Element:
    """Return a part of the file, parsed."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return ElementTree.fromstring(archive.read(name))  # noqa: S314 - written by ourselves


@pytest.fixture(scope="module")
def drawn() -> Any:
    """Return the drawn district's report."""
    return opened(render_document(DRAWN, lang="zh"))


def test_sections_are_headings_in_order(drawn: Any) -> None:
    """The title, then numbered sections: results first, sources last."""
    titles = [p.text for p in drawn.paragraphs if p.style.name == "Heading 1"]
    assert titles == [
        "一、总体情况",
        "二、短板清单",
        "三、评价方法与要求",
        "四、假设",
        "五、数据质量与使用前须知",
        "六、依据文件",
    ]
    assert drawn.paragraphs[0].style.name == "Title"
    assert drawn.paragraphs[0].text == "画里区 <b>&社区服务步行可达性评估报告"


def test_targets_stand_with_numerator_and_denominator(drawn: Any) -> None:
    """A target's row says how many of how many, what is needed and what is missing."""
    first = tables_of(drawn)[0]
    assert first[0][0] == "目标"
    assert first[1] == [
        "便民生活服务圈",
        "城市社区",
        "1 / 3",
        "33%～67%",
        "90%",
        "1～2",
        "2025-12-31",
        "不达标",
    ]


def test_gaps_are_ranked_with_people_and_minutes(drawn: Any) -> None:
    """The most people first; times that the map cannot prove are given as more than."""
    gaps = tables_of(drawn)[1]
    assert gaps[0] == [
        "序号",
        "社区（村）",
        "街道（镇）",
        "服务",
        "缺口",
        "覆盖率 / 要求",
        "未覆盖者到最近设施",
    ]
    assert [row[0] for row in gaps[1:]] == [str(n) for n in range(1, len(gaps))]
    assert len(gaps) - 1 == (DRAWN.verdicts["verdict"] == "not_met").sum()
    assert gaps[1][3:] == ["长者饭堂", "414人", "62%～63% / 85%", "超过20分钟"]


def test_a_column_with_nothing_in_it_gives_its_room_away() -> None:
    """Where no community has a street, no column of streets is printed."""
    communities = DRAWN.communities.assign(street="")
    document = opened(render_document(replace(DRAWN, communities=communities), lang="zh"))
    head, first = tables_of(document)[1][:2]
    assert "街道（镇）" not in head
    assert len(first) == len(head) == 6


def test_a_long_list_of_gaps_is_cut_and_says_so() -> None:
    """Thirty gaps are listed; how many there are stands above them."""
    verdicts = DRAWN.verdicts.assign(verdict="not_met", shortfall=5.0, min_share=0.9)
    many = replace(DRAWN, verdicts=verdicts.loc[verdicts.index.repeat(2)].reset_index(drop=True))
    document = opened(render_document(many, lang="zh"))
    assert len(tables_of(document)[1]) - 1 == GAPS_SHOWN
    assert f"共{len(many.verdicts)}项不达标" in text_of(document)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_method_assumptions_quality_and_sources_are_told(lang: str) -> None:
    """Definitions, each rule with what it rests on, assumptions, warnings, layers, quotations."""
    texts = load_texts(lang)
    text = text_of(opened(render_document(DRAWN, lang=lang)))
    for expected in (
        texts("workbook.meaning_verdict"),
        DRAWN.standard.assumptions[0].text[lang],
        texts.note(DRAWN.warnings[0]),
        texts.note(DRAWN.assumptions[0]),
        "城市社区15分钟、农村社区30分钟可达。",
        DRAWN.standard.not_evaluated[0][lang],
        texts("workbook.basis_sources", numbers="1"),
        texts("reasons.layer_missing"),
        "canteens.csv",
        texts("briefing.footer_invented"),
    ):
        assert expected in text
    for rule in DRAWN.standard.rules:
        assert one_line(rule.name[lang]) in text


def test_headings_of_tables_stand_again_on_each_page() -> None:
    """Each table's first row is marked, and no row is broken between pages."""
    body = part(render_document(DRAWN, lang="zh"), "word/document.xml")
    tables = list(body.iter(f"{W}tbl"))
    assert len(tables) >= 5
    for table in tables:
        rows = list(table.iter(f"{W}tr"))
        marked = [row.find(f"{W}trPr/{W}tblHeader") is not None for row in rows]
        assert marked == [True] + [False] * (len(rows) - 1)
        assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows)


@pytest.mark.parametrize(("lang", "chinese"), [("zh", "仿宋"), ("en", "微软雅黑")])
def test_chinese_has_its_own_fonts_and_language(lang: str, chinese: str) -> None:
    """Every style names an East-Asian font and none of the theme; substitutes are named too."""
    content = render_document(DRAWN, lang=lang)
    styles = part(content, "word/styles.xml")
    defaults = styles.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr")
    assert defaults is not None
    fonts, language = defaults.find(f"{W}rFonts"), defaults.find(f"{W}lang")
    assert fonts is not None
    assert language is not None
    assert fonts.get(f"{W}eastAsia") == chinese
    assert language.get(f"{W}eastAsia") == "zh-CN"
    used = {"Normal", "Title", "Heading1", "Heading2", "CirclesTable", "CirclesTableHead"}
    named = {style.get(f"{W}styleId"): style for style in styles.iter(f"{W}style")}
    for name in used:
        own = named[name].find(f"{W}rPr/{W}rFonts")
        assert own is not None
        assert own.get(f"{W}eastAsia")
        assert not [key for key in own.attrib if key.endswith("Theme")]
    table = part(content, "word/fontTable.xml")
    substitutes = {
        font.get(f"{W}name"): font.find(f"{W}altName") for font in table.iter(f"{W}font")
    }
    assert chinese in substitutes
    assert all(names is not None for names in substitutes.values())


def test_the_page_is_a4() -> None:
    """210 by 297 millimetres, upright."""
    section = opened(render_document(DRAWN, lang="zh")).sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)


def test_a_map_is_as_wide_as_the_text_and_has_words() -> None:
    """The picture is in the file unchanged, with a caption and a description."""
    document = opened(render_document(DRAWN, lang="zh", picture=png()))
    (shape,) = document.inline_shapes
    assert round(shape.width.mm) == 163
    assert "画里区" in shape._inline.docPr.get("descr")
    assert "三、地图" in text_of(document)
    # Without these LibreOffice moves it beyond the margin.
    assert [shape._inline.get(f"dist{side}") for side in "TBLR"] == ["0"] * 4
    images = [p.blob for p in document.part.package.iter_parts() if p.partname.endswith(".png")]
    assert images == [png()]


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """No clock gets into the file; its dates are those of the data."""
    paths = [tmp_path / "first.docx", tmp_path / "second.docx"]
    for path in paths:
        write_document(drawn_assessment(), path, lang="zh", picture=png())
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [name for name in archive.namelist() if "thumbnail" in name]
    properties = docx.Document(str(paths[0])).core_properties
    assert properties.created is not None
    assert properties.created.date() == DRAWN.as_of == properties.modified.date()
    assert "python-docx" not in str(properties.comments)


def test_a_run_without_a_date_claims_none() -> None:
    """Without `as_of` the file is dated 1980, and the report says nothing of a date."""
    document = opened(render_document(replace(DRAWN, as_of=None), lang="zh"))
    assert document.core_properties.created.year == 1980
    assert "数据时点" not in text_of(document)


def hostile(text: str) -> Assessment:
    """Return the drawn district with one text in every column of names."""
    return replace(
        DRAWN,
        name=text,
        communities=DRAWN.communities.assign(name=text, street=text, district=text),
        facilities=DRAWN.facilities.assign(name=text, origin=text),
        verdicts=DRAWN.verdicts.assign(
            nearest_facility=DRAWN.verdicts["nearest_facility"].map(lambda name: name and text)
        ),
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (SCRIPT_NAME, SCRIPT_NAME),
        (IMAGE_NAME, IMAGE_NAME),
        (FORMULA_NAME, FORMULA_NAME),
        ("a & b </w:t>", "a & b </w:t>"),
        ("bell\x07", "bell\ufffd"),
        ("a\ufffeb\uffff", "a\ufffdb\ufffd"),
        ("one\ntwo\r\x0b", "one two"),
        ("\u202egpj.exe", "\ufffdgpj.exe"),
        ("长" * 10_000, "长" * 59 + "…"),
    ],
)
def test_hostile_names_are_text(text: str, shown: str, lang: str) -> None:
    """Markup, control and turning signs and very long names stand in the tables as text."""
    content = render_document(hostile(text), lang=lang)
    gaps = tables_of(opened(content))[1]
    assert {row[1] for row in gaps[1:]} == {shown}
    assert {row[2] for row in gaps[1:]} == {shown}
    body = part(content, "word/document.xml")
    assert not list(body.iter(f"{W}hyperlink"))
    fields = {field.get(f"{W}instr") for field in body.iter(f"{W}fldSimple")}
    assert fields <= {"PAGE", "NUMPAGES"}


def test_text_for_xml_keeps_what_can_be_read() -> None:
    """Tabs, line breaks and signs beyond the first plane stay; half a pair does not."""
    assert xml_text("a\tb\nc 𠮷 é") == "a\tb\nc 𠮷 é"
    assert xml_text("\ud800\x00\x1f\x7f") == "\ufffd" * 4


def test_a_cut_text_says_how_long_it_was() -> None:
    """Nothing is cut in silence, and what is cut is as long as was asked."""
    assert cut("short", ZH, most=30) == "short"
    shown = cut("长" * 1234, ZH, most=60)
    assert len(shown) == 60
    assert "1,234" in shown


def empty(**more: Any) -> Assessment:
    """Return the drawn district without communities."""
    tables = {
        name: getattr(DRAWN, name).iloc[:0]
        for name in ("communities", "facilities", "verdicts", "tiers", "rollups")
    }
    return replace(DRAWN, warnings=(), assumptions=(), **tables, **more)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_run_of_nothing_still_gives_a_report(lang: str) -> None:
    """No community, no gap, no target, no warning: each section says so."""
    texts = load_texts(lang)
    text = text_of(opened(render_document(empty(), lang=lang)))
    for key in ("workbook.no_gaps", "document.no_targets", "document.no_warnings"):
        assert texts(key) in text
    text = text_of(opened(render_document(empty(walked=False), lang=lang)))
    assert texts("workbook.gaps_unknown") in text
    assert texts("no_network.notice") in text
    assert texts("workbook.no_gaps") not in text


def test_real_data_are_not_labelled() -> None:
    """Only invented data are called so, in the header of every page."""
    for fictional in (True, False):
        run = drawn_assessment(fictional=fictional)
        document = opened(render_document(replace(run, warnings=()), lang="zh"))
        header = document.sections[0].header.paragraphs[0].text
        assert (header == "虚构数据") == fictional
        assert ("虚构" in text_of(document)) == fictional


def test_an_unknown_language_is_refused(tmp_path: Path) -> None:
    """Nothing is written in a language without texts."""
    with pytest.raises(InputError, match="zh, en"):
        write_document(DRAWN, tmp_path / "x.docx", lang="fr")
    assert list(tmp_path.iterdir()) == []
