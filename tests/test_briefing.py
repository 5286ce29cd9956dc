import base64
import dataclasses
import json
import math
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from circles.errors import InputError, OutputError
from circles.maps import render_map
from circles.maps.content import Edition
from circles.reports.briefing import (
    COMMUNITIES_SHOWN,
    GAPS_SHOWN,
    LARGEST_MAP,
    render_briefing,
)
from circles.reports.gap_lines import ranked_gaps
from circles.reports.summary import summarise
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
    # Two of three are needed besides the one; the one that lacks data may be one of them.
    assert "不达标 还差1～2个社区" in words
    assert "优质生活服务圈 · 农村社区 0 / 2 达标占0%～50%，目标10%" in words


def test_gaps_are_ranked_people_first_and_explained() -> None:
    """The largest shortfall of people leads; floor area that stands in for people follows."""
    _, *rows = read().rows["gaps"]
    assert [row[3] for row in rows] == [
        "414人",
        "3人",
        "50,950平方米建筑面积",
        "8,850平方米建筑面积",
    ]
    assert SCRIPT_NAME in rows[0][1]
    assert rows[0][2] == "长者饭堂60岁及以上老年人"
    assert rows[0][4].startswith("62%")
    assert rows[0][4].endswith("要求85%")
    # Half of those beyond walk 24.5 minutes, but the map proves 20.8 only.
    assert rows[0][5] == f"超过20分钟{IMAGE_NAME}"


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
    """A setting without communities says so, and has an empty bar."""
    drawn = drawn_assessment()
    nobody = {"met": 0, "not_met": 0, "insufficient": 0, "denominator": 0}
    row = drawn.rollups.iloc[:1].assign(
        **nobody, share_low=float("nan"), share_high=float("nan"), verdict="not_applicable"
    )
    page = Reader(render_briefing(dataclasses.replace(drawn, rollups=row), map_html=MAP))
    assert "0 / 0" in page.words
    assert "没有此类社区；目标90%" in page.words
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
    assert page.rows["gaps"][1][3] == "414 people"
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


def test_the_page_begins_with_what_stands_out() -> None:
    """The services most lacked, the largest gap and the weakest street are sentences."""
    drawn = drawn_assessment()
    words = read().words
    assert (
        "短板最集中的服务：社工站（2个社区不达标）、长者饭堂（1个社区不达标）、"
        "文化设施（农村）（1个社区不达标）。"
    ) in words
    assert f"最大的一处缺口：{SCRIPT_NAME}的长者饭堂，还差414人。" in words
    assert "占比最高的街道" not in words
    scores = pd.DataFrame(
        {
            "level": "street",
            "unit_id": ["a", "b"],
            "unit_name": ["东街街道", "西街街道"],
            "tier": "convenience",
            "communities": [3, 2],
            "met": [2, 1],
            "not_met": [0, 1],
            "insufficient_data": [1, 0],
            "not_applicable": 0,
            "strict_met": [2, 1],
            "score": [90.0, 95.0],
            "scored": [3, 2],
        }
    )
    page = Reader(render_briefing(dataclasses.replace(drawn, unit_scores=scores), map_html=None))
    assert (
        "便民生活服务圈不达标社区占比最高的街道（镇）：西街街道，2个社区中1个不达标（50%）。"
        in page.words
    )
    assert [row[1] for row in page.rows["units"][1:]] == ["东街街道", "西街街道"]


def test_equal_gaps_are_ranked_by_the_share_that_is_missing() -> None:
    """Of two gaps of as many people, the one with the smaller coverage comes first."""
    drawn = drawn_assessment()
    gaps = drawn.verdicts[drawn.verdicts["verdict"] == "not_met"].head(3).assign(unit="people")
    gaps = gaps.assign(shortfall=[7.0, 7.0, 9.0], share_low=[0.6, 0.2, 0.8])
    ranked = ranked_gaps(dataclasses.replace(drawn, verdicts=gaps))
    assert ranked["share_low"].tolist() == [0.8, 0.2, 0.6]
    assert ranked.columns.tolist() == gaps.columns.tolist()


def test_the_figures_are_those_of_the_results() -> None:
    """Targets and gaps of the page are the numbers that results.json holds."""
    drawn = drawn_assessment()
    results = json.loads(json.dumps(summarise(drawn)))
    page = read()
    words = " ".join(page.words.split())
    for rollup in results["rollups"].values():
        assert f"{rollup['numerator']} / {rollup['denominator']} 达标占" in words
    short = [
        found["shortfall"]
        for community in results["communities"].values()
        for found in community["rules"].values()
        if found["verdict"] == "not_met"
    ]
    shown = [int(re.sub(r"\D", "", row[3].split("平方米")[0])) for row in page.rows["gaps"][1:]]
    assert sorted(shown) == sorted(math.ceil(value - 1e-9) for value in short)


def test_a_large_map_is_linked_and_not_framed() -> None:
    """Past a size the page shows the map on paper and leads to the one beside it."""
    large = MAP.replace("a map", "a map " * (LARGEST_MAP // 5))
    page = Reader(render_briefing(drawn_assessment(), map_html=large))
    assert "iframe" not in page.tags
    assert "map.html" in page.words
    assert page.tags.count("svg") == 2


def test_a_page_for_paper_has_no_map_to_explore() -> None:
    """Without the interactive map there is neither a frame nor a link to it."""
    page = Reader(render_briefing(drawn_assessment(), map_html=None))
    assert "iframe" not in page.tags
    assert "map.html" not in page.words
    assert "荔枝里社区" in page.words


def test_the_review_number_stands_on_the_map() -> None:
    """Maps that are shown in public bear their number."""
    number = Edition(review="粤S（2025）000号")
    page = render_briefing(drawn_assessment(), map_html=None, edition=number)
    assert "审图号：粤S（2025）000号" in Reader(page).words
    assert "审图号" not in Reader(render_briefing(drawn_assessment(), map_html=None)).words


def test_without_streets_the_page_still_makes_sense() -> None:
    """Without a network the notice comes first, and nothing is said of walking times."""
    drawn = drawn_assessment()
    verdicts = drawn.verdicts.assign(
        verdict="insufficient_data", reason="no_network", share_low=float("nan"),
        share_high=float("nan"), shortfall=float("nan"),
    )  # fmt: skip
    off = drawn.communities.assign(off_network_points=float("nan"))
    unknown = drawn.facilities.assign(off_network=pd.array([pd.NA] * 8, dtype="boolean"))
    bare = dataclasses.replace(
        drawn, walked=False, verdicts=verdicts, communities=off, facilities=unknown,
        streets=drawn.streets.iloc[:0], isochrones=drawn.isochrones.iloc[:0],
        joins=drawn.joins.iloc[:0],
    )  # fmt: skip
    page = Reader(render_briefing(bare, map_html=None))
    assert ZH("no_network.notice") in page.words
    assert ZH("no_network.gaps") in page.words
    assert ZH("workbook.meaning_joining") not in page.words
    assert ZH("reasons.no_network") in page.words
    assert {row[3] for row in page.rows["data"][1:]} == {"–"}
    assert "nan" not in page.words.lower()


def test_a_standard_without_rules_of_access_has_a_page() -> None:
    """Where nothing is judged by walking, there is no chart, and a map all the same."""
    drawn = drawn_assessment()
    standard = drawn.standard.model_copy(update={"tiers": (), "targets": (), "rules": ()})
    empty = dataclasses.replace(
        drawn, standard=standard, tiers=drawn.tiers.iloc[:0], rollups=drawn.rollups.iloc[:0],
        verdicts=drawn.verdicts.iloc[:0], isochrones=drawn.isochrones.iloc[:0],
    )  # fmt: skip
    page = Reader(render_briefing(empty, map_html=None))
    assert page.tags.count("svg") == 1
    assert ZH("charts.all_rules") in page.words
    assert ZH("briefing.gaps_none") in page.words


def test_the_data_behind_the_figures_are_listed() -> None:
    """Each layer has its number, its source and how many joined no street."""
    _, *rows = read().rows["data"]
    assert rows[0] == ["居住点（1个社区）", "64", "建筑面积推算", "1"]
    assert rows[1] == ["居住点（1个社区）", "210", "街道沿线推算", "2"]
    assert rows[2] == ["居住点（4个社区）", "291", "人口数据", "17"]
    assert ["长者饭堂", "3", "canteens.csv", "0"] in rows
    assert ["社工站", "2", "stations.xlsx", "1"] in rows
    missing = (drawn_assessment().verdicts["reason"] == "layer_missing").sum()
    said = ZH("briefing.open_reason", reason=ZH("reasons.layer_missing"), count=missing)
    assert said in read().words


def test_a_long_list_of_communities_is_cut_and_counted() -> None:
    """A city's briefing lists the communities with most to do, and says how many there are."""
    drawn = drawn_assessment()
    count = COMMUNITIES_SHOWN + 5
    ids = [f"c{n:03}" for n in range(count)]
    one = drawn.communities.iloc[[0] * count].set_axis(pd.Index(ids, name="community_id"))
    tiers = pd.concat(
        [drawn.tiers[drawn.tiers["community_id"] == "001001"].assign(community_id=i) for i in ids]
    )
    many = dataclasses.replace(
        drawn, communities=one, tiers=tiers, verdicts=drawn.verdicts.iloc[:0]
    )
    page = Reader(render_briefing(many, map_html=None))
    assert len(page.rows["communities"]) == 1 + COMMUNITIES_SHOWN
    assert f"共{count}个社区" in page.words


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
    communities = "circlesMap.layers.communities"
    assert opened.ask(f"{communities}.count", frame=True) == 6
    frame = opened.ask("[innerWidth, innerHeight]", frame=True)
    corners = opened.ask(
        f"(() => {{ const own = {communities}.bounds(); return [own.getNorthWest(), "
        "own.getSouthEast()].map((at) => circles_map.latLngToContainerPoint(at)); })()",
        frame=True,
    )
    assert 0 <= corners[0]["x"] < corners[1]["x"] <= frame[0]
    assert 0 <= corners[0]["y"] < corners[1]["y"] <= frame[1]
    outside = [url for url in opened.requests if not url.startswith(("data:", "about:"))]
    assert outside == [briefing_file.as_uri()]
    assert opened.complaints == []


@pytest.mark.browser
def test_the_embedded_map_tells_its_reasons(opened: Page) -> None:
    """Hovering a community inside the frame shows its tooltip."""
    opened.ask("document.querySelector('iframe').scrollIntoView({block: 'center'})")
    frame = opened.ask("document.querySelector('iframe').getBoundingClientRect().toJSON()")
    place = opened.ask(
        "circles_map.latLngToContainerPoint(circlesMap.layers.communities.place(0))", frame=True
    )
    x, y = place["x"], place["y"]
    opened.hover(frame["x"] + x, frame["y"] + y)
    opened.wait("document.querySelector('.circles-tip:not([hidden])') !== null", frame=True)
    told = opened.ask("document.querySelector('.circles-tip').innerText", frame=True)
    assert "荔枝里社区" in told
    assert "长者饭堂" in told


@pytest.mark.browser
def test_the_page_fits_a_phone(chromium: Browser, briefing_file: Path) -> None:
    """Nothing is wider than a phone: results stand one below another, other tables scroll."""
    with chromium.page(width=390, height=844, phone=True) as page:
        page.open(briefing_file)
        assert page.ask("document.documentElement.scrollWidth") == 390
        assert page.ask("getComputedStyle(document.querySelector('.scroll')).overflowX") == "auto"
        beyond = page.ask(
            "[...document.querySelectorAll('.cards td')].filter("
            "(cell) => cell.getBoundingClientRect().right > 390).map((cell) => cell.innerText)"
        )
        assert beyond == []


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


@pytest.mark.browser
def test_paper_has_a_map_of_its_own(opened: Page) -> None:
    """On the screen stands the map to explore, on paper the one drawn for it."""
    seen = "[...document.querySelectorAll({})].map(e => e.getBoundingClientRect().height > 50)"
    frame, figure = seen.format("'iframe'"), seen.format("'figure.printed'")
    assert (opened.ask(frame), opened.ask(figure)) == ([True], [False])
    opened.send("Emulation.setEmulatedMedia", media="print")
    assert (opened.ask(frame), opened.ask(figure)) == ([False], [True])
    names = opened.ask(
        "[...document.querySelectorAll('figure.printed text')].map(e => e.textContent)"
    )
    assert "荔枝里社区" in names
    assert SCRIPT_NAME[:15] in {name[:15] for name in names}


@pytest.mark.browser
def test_charts_can_be_selected_and_fit_their_page(opened: Page) -> None:
    """The words of a chart are words, and none of them reaches beyond its picture."""
    outside = opened.ask(
        """[...document.querySelectorAll('figure svg text')].filter(text => {
            const box = text.getBoundingClientRect();
            const sheet = text.ownerSVGElement.getBoundingClientRect();
            return sheet.width && (box.left < sheet.left - 1 || box.right > sheet.right + 1);
        }).map(text => text.textContent)"""
    )
    assert outside == []
    shown = opened.ask("document.querySelector('section figure.scroll svg').textContent")
    assert "社工站" in shown
