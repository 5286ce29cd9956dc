import base64
import dataclasses
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from circles.errors import InputError, OutputError
from circles.maps import render_map
from circles.reports.briefing import GAPS_SHOWN, render_briefing
from circles.texts import load_texts
from tests.browser import Browser, Page
from tests.drawn_assessment import IMAGE_NAME, SCRIPT_NAME, drawn_assessment

MAP = "<!DOCTYPE html><html><head><title>map</title></head><body>a map</body></html>"
ZH = load_texts("zh")


class Reader(HTMLParser):
    """Reads a page as a reader does: its words, its table cells and its frame."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words = ""
        self.rows: dict[str, list[list[str]]] = {}
        self.frame = ""
        self.tags: list[str] = []
        self._table = ""
        self._hidden = self._in_cell = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element; start a table, a row, a cell or the frame."""
        self.tags.append(tag)
        given = dict(attrs)
        self._hidden = tag in {"style", "script"}
        if tag == "table":
            self._table = given["class"] or ""
            self.rows[self._table] = []
        elif tag == "tr":
            self.rows[self._table].append([])
        elif tag in {"td", "th"}:
            self.rows[self._table][-1].append("")
            self._in_cell = True
        elif tag == "iframe":
            self.frame = given["srcdoc"] or ""

    def handle_endtag(self, tag: str) -> None:
        """Note where a cell ends."""
        self._hidden = False
        if tag in {"td", "th"}:
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        """Collect what can be read."""
        if self._hidden:
            return
        self.words += data
        if self._in_cell:
            self.rows[self._table][-1][-1] += data


def read(*, lang: str = "zh") -> Reader:
    """Read the drawn district's briefing."""
    return Reader(render_briefing(drawn_assessment(), map_html=MAP, lang=lang))


def test_the_same_assessment_gives_the_same_bytes() -> None:
    """Two briefings of one assessment are the same text."""
    pages = {render_briefing(drawn_assessment(), map_html=MAP) for _ in range(2)}
    assert len(pages) == 1


def test_the_head_says_what_is_judged_and_by_what() -> None:
    """Name, standard, issuer, date and the word that the data are invented come first."""
    words = read().words
    assert words.strip().startswith("画里区 <b>&")
    for part in ("画里市服务圈标准", "画里市民政局", "2025-06-30", ZH("words.fictional_note")):
        assert part in words
    assert "本次评价6个社区（城市4个，农村2个）" in words
    assert "4项目标中，1项已达到，1项未达到，2项因数据不足暂不能下结论。" in words


def test_real_data_are_not_called_fictional() -> None:
    """The label is there only for invented data; of real ones the streets' source is named."""
    real = dataclasses.replace(drawn_assessment(fictional=False), warnings=())
    words = Reader(render_briefing(real, map_html=MAP)).words
    assert "虚构" not in words
    assert "© OpenStreetMap contributors" in words
    assert "OpenStreetMap contributors" not in read().words


def test_each_target_shows_its_fraction_range_and_what_is_missing() -> None:
    """A target's card holds the count, the denominator, the open range, and the missing ones."""
    words = " ".join(read().words.split())
    assert "便民生活服务圈 · 城市社区 1 / 3 达标占33%～67%，目标90%" in words
    assert "不达标 距目标还差2个" in words
    assert "优质生活服务圈 · 农村社区 0 / 2 达标占0%～50%，目标10%" in words


def test_gaps_are_ranked_people_first_and_explained() -> None:
    """The largest shortfall of people leads; floor area that stands in for people follows."""
    _, *rows = read().rows["gaps"]
    assert [row[2] for row in rows] == [
        "414人",
        "3人",
        "50,950平方米建筑面积",
        "8,850平方米建筑面积",
    ]
    assert SCRIPT_NAME in rows[0][1]
    assert "62%" in rows[0][3]
    assert "要求85%" in rows[0][3]
    assert rows[0][4].startswith("长者饭堂：")
    assert IMAGE_NAME in rows[0][4]


def test_many_gaps_are_cut_and_counted() -> None:
    """Only the largest gaps are listed, and the page says how many there are."""
    drawn = drawn_assessment()
    many = pd.concat([drawn.verdicts] * 5, ignore_index=True)
    page = Reader(render_briefing(dataclasses.replace(drawn, verdicts=many), map_html=MAP))
    assert len(page.rows["gaps"]) == 1 + GAPS_SHOWN
    assert f"共20项不达标，以下为缺口最大的{GAPS_SHOWN}项" in page.words


def test_no_gaps_are_said_in_words() -> None:
    """Where every rule is met, the page says so instead of an empty table."""
    drawn = drawn_assessment()
    fine = drawn.verdicts[drawn.verdicts["verdict"] != "not_met"]
    page = Reader(render_briefing(dataclasses.replace(drawn, verdicts=fine), map_html=MAP))
    assert "gaps" not in page.rows
    assert ZH("briefing.gaps_none") in page.words


def test_communities_are_listed_by_tier_worst_first() -> None:
    """Each community has its verdict in each tier and the rules that decide it."""
    head, *rows = read().rows["communities"]
    assert head[-2:] == ["便民生活服务圈", "优质生活服务圈"]
    assert len(rows) == 6
    assert SCRIPT_NAME in rows[0][0]
    assert rows[0][2] == "6,100"
    assert rows[0][3] == "不达标0/2项达标 · 得分86.4不达标：长者饭堂、社工站"
    assert "数据不足：社区卫生服务" in rows[0][4]
    assert rows[-1][3:] == ["不适用", "不适用"]
    unknown = next(row for row in rows if row[0].startswith("a/b"))
    assert unknown[2] == ""


def test_rules_warnings_assumptions_and_sources_are_complete() -> None:
    """Nothing a reader must know is left out: each rule, warning, assumption and quotation."""
    drawn = drawn_assessment()
    page = read()
    assert [row[0] for row in page.rows["rules"][1:]] == [
        rule.name.zh for rule in drawn.standard.rules
    ]
    assert page.rows["rules"][1][2] == "城市15分钟农村30分钟"
    assert page.rows["rules"][6][2] == "农村5公里"
    assert page.rows["rules"][1][4] == "来源1假设1"
    assert page.rows["rules"][6][4].startswith("来源1、2")
    notes = [ZH.note(note) for note in (*drawn.warnings, *drawn.assumptions)]
    assumed = [assumption.text.zh for assumption in drawn.standard.assumptions]
    for words in (*notes, *assumed, drawn.standard.not_evaluated[0].zh):
        assert words in page.words
    for source, row in zip(drawn.standard.sources, page.rows["sources"][1:], strict=True):
        assert row[1] == source.document.zh + (source.quote or "")
        assert row[2] == (source.place.zh if source.place else "")
        assert row[3] == ZH(f"words.status_{source.status}")
    assert ZH("briefing.footer_invented") in page.words


def test_empty_lists_are_said_in_words() -> None:
    """No warnings and no assumptions read as such."""
    drawn = drawn_assessment()
    standard = drawn.standard.model_copy(
        update={"assumptions": (), "rules": tuple(
            rule.model_copy(update={"assumptions": ()}) for rule in drawn.standard.rules
        )}
    )  # fmt: skip
    calm = dataclasses.replace(drawn, standard=standard, warnings=(), assumptions=())
    words = Reader(render_briefing(calm, map_html=MAP)).words
    assert ZH("briefing.warnings_none") in words
    assert ZH("briefing.assumptions_none") in words


def test_a_standard_without_targets_still_has_a_briefing() -> None:
    """Without tiers and targets the page lists gaps and rules only."""
    drawn = drawn_assessment()
    standard = drawn.standard.model_copy(update={"tiers": (), "targets": ()})
    plain = dataclasses.replace(
        drawn, standard=standard, tiers=drawn.tiers.iloc[:0], rollups=drawn.rollups.iloc[:0]
    )
    page = Reader(render_briefing(plain, map_html=MAP))
    assert "该标准未设总体目标" in page.words
    assert len(page.rows["communities"][0]) == 3


def test_a_target_that_counts_nobody_shows_no_share() -> None:
    """A setting without communities gives a dash and an empty bar."""
    drawn = drawn_assessment()
    nobody = {"met": 0, "not_met": 0, "insufficient": 0, "denominator": 0}
    row = drawn.rollups.iloc[:1].assign(
        **nobody, share_low=float("nan"), share_high=float("nan"), verdict="not_applicable"
    )
    page = Reader(render_briefing(dataclasses.replace(drawn, rollups=row), map_html=MAP))
    assert "0 / 0" in page.words
    assert "达标占–，目标90%" in page.words
    assert "nan" not in page.words


def test_names_are_text() -> None:
    """Names from tables make no element, and the map's page stays inside its frame."""
    page = read()
    assert page.frame == MAP
    assert not {"script", "img"} & set(page.tags)
    assert "b" not in page.tags[page.tags.index("h1") : page.tags.index("h2")]


def test_english_is_english() -> None:
    """The English page has its words in English, and the invented data are labelled."""
    page = read(lang="en")
    assert "6 communities were assessed (4 urban, 2 rural)" in page.words
    assert page.rows["gaps"][1][2] == "414 people"
    assert "虚构" in page.words


def test_an_unknown_language_is_refused() -> None:
    """A language without texts is an input error."""
    with pytest.raises(InputError, match="zh, en"):
        render_briefing(drawn_assessment(), map_html=MAP, lang="fr")


def test_a_map_that_needs_a_network_is_refused() -> None:
    """A briefing embeds only a map that works offline."""
    online = MAP.replace("a map", '<img src="https://tiles.example/1.png">')
    with pytest.raises(OutputError, match=r"tiles\.example"):
        render_briefing(drawn_assessment(), map_html=online)


# --- in a browser ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start headless Chromium."""
    with Browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def briefing_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the drawn district's briefing with its real map."""
    path = tmp_path_factory.mktemp("briefing") / "briefing.html"
    drawn = drawn_assessment()
    page = render_briefing(drawn, map_html=render_map(drawn, lang="zh"), lang="zh")
    path.write_text(page, "utf-8")
    return path


@pytest.fixture
def opened(chromium: Browser, briefing_file: Path) -> Iterator[Page]:
    """Open the briefing in a window of 1280 x 900."""
    with chromium.page(height=900) as page:
        page.open(briefing_file)
        page.wait("document.querySelector('.circles-ready') !== null", frame=True)
        yield page


@pytest.mark.browser
def test_the_embedded_map_works_with_the_network_off(opened: Page, briefing_file: Path) -> None:
    """The map draws inside the page's policy, fits its frame, and nothing is asked for."""
    paths = "[...document.querySelectorAll('path.circles-area')]"
    assert opened.ask(f"{paths}.length", frame=True) == 6
    frame = opened.ask("[innerWidth, innerHeight]", frame=True)
    for box in opened.ask(f"{paths}.map(p => p.getBoundingClientRect().toJSON())", frame=True):
        assert 0 <= box["left"] < box["right"] <= frame[0]
        assert 0 <= box["top"] < box["bottom"] <= frame[1]
    outside = [url for url in opened.requests if not url.startswith(("data:", "about:"))]
    assert outside == [briefing_file.as_uri()]
    assert opened.complaints == []


@pytest.mark.browser
def test_the_embedded_map_tells_its_reasons(opened: Page) -> None:
    """Hovering a community inside the frame shows its tooltip."""
    opened.ask("document.querySelector('iframe').scrollIntoView({block: 'center'})")
    frame = opened.ask("document.querySelector('iframe').getBoundingClientRect().toJSON()")
    x, y = opened.ask(
        """(() => {
            const box = document.querySelector('path.circles-area.met').getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height * 0.8];
        })()""",
        frame=True,
    )
    opened.hover(frame["x"] + x, frame["y"] + y)
    opened.wait("document.querySelector('.circles-tip') !== null", frame=True)
    told = opened.ask("document.querySelector('.circles-tip').innerText", frame=True)
    assert "荔枝里社区" in told
    assert "长者饭堂" in told


@pytest.mark.browser
def test_the_page_fits_a_phone(chromium: Browser, briefing_file: Path) -> None:
    """Nothing makes the page wider than a phone; wide tables scroll by themselves."""
    with chromium.page(width=390, height=844, phone=True) as page:
        page.open(briefing_file)
        assert page.ask("document.documentElement.scrollWidth") == 390
        assert page.ask("getComputedStyle(document.querySelector('.scroll')).overflowX") == "auto"


@pytest.mark.browser
def test_the_page_prints_on_a4(opened: Page) -> None:
    """Printed, the page is a few sheets of A4 and loses no section."""
    printed = opened.send("Page.printToPDF", preferCSSPageSize=True)["data"]
    pdf = base64.b64decode(printed)
    sheets = re.findall(rb"/MediaBox \[([\d. ]+)\]", pdf)
    assert 2 <= len(sheets) <= 6
    width, height = (float(number) for number in sheets[0].split()[2:])
    assert (round(width), round(height)) == (595, 842) or (round(width), round(height)) == (
        594,
        841,
    )
    opened.send("Emulation.setEmulatedMedia", media="print")
    hidden = opened.ask(
        "[...document.querySelectorAll('h2')].filter(h => !h.offsetHeight).map(h => h.innerText)"
    )
    assert json.dumps(hidden) == "[]"
