"""The first page of a batch: what it says of every district, and where its links lead."""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from circles.assessment import Assessment
from circles.batch.index_page import render_index
from circles.outputs import facts_of
from circles.reports.summary import write_summary
from circles.texts import LANGS
from tests.browser import Browser
from tests.drawn_assessment import SCRIPT_NAME, drawn_assessment

HOSTILE = '<b>坏"区 & %20#?'
#: What lies in a district's folder beside the figures.
FILES = ("map.html", "briefing.html", "communities.xlsx", "results.gpkg", "check.html")


class Words(HTMLParser):
    """Collects what a page shows and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.shown: list[str] = []
        self._hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a tag."""
        self.tags.add(tag)
        self._hidden = tag in {"style", "script"}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        """Words after a style are shown again."""
        self._hidden = self._hidden and tag not in {"style", "script"}

    def handle_data(self, data: str) -> None:
        """Take note of words."""
        if not self._hidden:
            self.shown.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        """All words, one after another."""
        return " ".join(word for word in self.shown if word)


def put(folder: Path, assessment: Assessment) -> None:
    """Write what the page reads of a district, and files to link."""
    folder.mkdir(parents=True)
    write_summary(assessment, folder / "results.json")
    manifest = json.dumps(facts_of(assessment, lang="zh"), ensure_ascii=False)
    (folder / "manifest.json").write_text(manifest, "utf-8")
    for name in FILES:
        (folder / name).write_text("x")


def entry(name: str, folder: str, status: str = "done", **more: Any) -> dict[str, Any]:
    """Return what the record says of a district."""
    values: dict[str, Any] = {"error": None, "communities": 6}
    return {"name": name, "folder": folder, "status": status} | values | more


def record(*districts: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return a batch's record."""
    values: dict[str, Any] = {"schema": "circles.batch/1", "name": "画里市", "as_of": "2025-06-30"}
    city = {"lang": "zh", "city": {"folder": "city"}, "city_error": None}
    return values | city | {"districts": list(districts)} | more


@pytest.fixture(scope="module", name="batch")
def _batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with two districts and a city."""
    folder = tmp_path_factory.mktemp("batch")
    for name in ("甲区", "b #1?", "city"):
        put(folder / name, replace(drawn_assessment(), name=name))
    return folder


DONE = (entry("甲区", "甲区"), entry("乙区", "b #1?", "skipped"))


@pytest.mark.parametrize("lang", LANGS)
def test_each_district_has_its_line(lang: str, batch: Path) -> None:
    """Its name, how many meet each target and how many of how many, and what most lack."""
    words = Words(render_index(record(*DONE), batch, lang=lang)).text
    for row in drawn_assessment().rollups.to_dict("records"):
        if row["tier"] and row["denominator"]:
            assert words.count(f"{row['met']} / {row['denominator']}") >= 3  # both, and the city
    expected = {
        "zh": (
            "甲区",
            "乙区",
            "已完成（沿用）",
            "共2个片区，2个已有成果；已有成果的片区共12个社区（村）。",
        ),
        "en": ("甲区", "乙区", "Done (kept)", "2 districts: 2 with results; 12 communities"),
    }
    assert [part for part in expected[lang] if part not in words] == []
    lacking = {"zh": "长者饭堂（", "en": "Elder canteen ("}
    assert words.count(lacking[lang]) == 2


def test_links_lead_to_files_beside_the_page(batch: Path) -> None:
    """They are relative, each of them is there, and odd signs in names are quoted."""
    links = Words(render_index(record(*DONE), batch)).links
    assert len(links) == 3 * len(FILES)
    assert [link for link in links if not (batch / unquote(link)).is_file()] == []
    assert all(re.fullmatch(r"[\w.%/-]+", link, re.ASCII) for link in links)
    assert "b%20%231%3F/map.html" in links


def test_a_district_that_failed_says_why_in_one_line(batch: Path) -> None:
    """It stands first, and nothing is added up without it."""
    said = "communities.gpkg: not a\nlayer <script>alert(1)</script>"
    failed = entry("丙区", "丙区", "failed", error=said, communities=None)
    waiting = entry("丁区", "丁区", "not_started")
    page = render_index(record(*DONE, failed, waiting, city=None), batch)
    words = Words(page)
    assert words.text.count("communities.gpkg: not a layer <script>alert(1)</script>") == 2
    assert "script" not in words.tags
    assert words.text.index("没有成果的片区") < words.text.index("各片区")
    assert "还有2个片区没有成果，暂不汇总" in words.text
    assert "2个已有成果，1个失败，1个未评价" in words.text
    assert not [link for link in words.links if link.startswith("city")]


def test_why_there_is_no_city_is_said(batch: Path) -> None:
    """Districts of two standards are not added up."""
    told = record(*DONE, city=None, city_error="甲区 was assessed against\nanother standard")
    words = Words(render_index(told, batch)).text
    assert "没有汇总成果：甲区 was assessed against another standard" in words


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_text("{"),
        lambda path: path.write_text("[]"),
        lambda path: path.write_text('{"communities": {}, "findings": [], "rollups": 1}'),
        lambda path: path.write_bytes(b"\xff\xfe"),
    ],
)
def test_results_that_somebody_spoilt_are_told_of(spoil: Any, batch: Path, tmp_path: Path) -> None:
    """The page is written all the same; the district has a line of trouble, and no figures."""
    for name in ("results.json", "manifest.json"):
        folder = tmp_path / name
        shutil.copytree(batch, folder)
        spoil(folder / "甲区" / name)
        words = Words(render_index(record(*DONE, city=None), folder)).text
        assert words.count("成果文件缺失或已损坏，请再次运行。") == 2
        assert "1个已有成果，1个失败" in words
        assert str(tmp_path) not in words
        spoil(folder / "city" / name)
        whole = Words(render_index(record(entry("乙区", "b #1?")), folder)).text
        assert "没有汇总成果：成果文件缺失或已损坏" in whole


def test_hostile_names_are_text(tmp_path: Path) -> None:
    """Nothing in a name becomes part of the page."""
    put(tmp_path / "x", replace(drawn_assessment(), name=HOSTILE))
    hostile = record(entry(HOSTILE, "x"), name=SCRIPT_NAME, city=None, city_error=SCRIPT_NAME)
    words = Words(render_index(hostile, tmp_path))
    assert words.tags.isdisjoint({"script", "b", "img"})
    assert words.text.count(HOSTILE) == 1
    assert SCRIPT_NAME in words.text


def test_a_folder_cannot_become_an_address_elsewhere(tmp_path: Path) -> None:
    """What looks like an address in a record is a name of a folder."""
    put(tmp_path / "javascript:alert(1)", drawn_assessment())
    links = Words(render_index(record(entry("甲", "javascript:alert(1)")), tmp_path)).links
    assert links
    assert {link.split("/")[0] for link in links} == {"javascript%3Aalert%281%29"}


def test_a_page_without_districts_is_a_page(tmp_path: Path) -> None:
    """A batch that has not begun has an index, too."""
    words = Words(render_index(record(city=None), tmp_path)).text
    assert "共0个片区" in words


def test_the_same_batch_gives_the_same_bytes(batch: Path, tmp_path: Path) -> None:
    """Wherever it lies."""
    shutil.copytree(batch, tmp_path / "elsewhere")
    one, two = (render_index(record(*DONE), f) for f in (batch, tmp_path / "elsewhere"))
    assert one == two


def test_a_browser_shows_it_and_asks_for_nothing(batch: Path, tmp_path: Path) -> None:
    """No request leaves the page, its policy breaks nothing, and on a wide screen it fits."""
    path = tmp_path / "index.html"
    path.write_text(render_index(record(*DONE), batch), "utf-8")
    with Browser() as browser, browser.page() as page:
        page.open(path)
        assert page.complaints == []
        assert [url for url in page.requests if not url.startswith("file:")] == []
        assert page.ask("document.documentElement.scrollWidth") <= 1280
        assert page.ask("document.querySelectorAll('tbody tr').length") == len(DONE)
