"""Hostile names in every text column of what is handed in: readers see text, nothing runs."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from circles.maps import render_map
from circles.pictures.maps import map_sheet
from circles.pictures.svg import svg_file
from circles.pictures.views import service_views
from circles.reports.briefing import render_briefing
from circles.reports.document import write_document
from circles.reports.workbook import write_workbook
from circles.texts import load_texts
from tests.chromium import chromium, opened
from tests.drawn_assessment import SCRIPT_NAME, drawn_assessment
from tests.test_maps import HOSTILE, with_hostile

pytestmark = pytest.mark.browser

HARMED = with_hostile(drawn_assessment())
#: What of a name must be seen: long ones are cut short, and spaces are as wide as the page likes.
BEGINNINGS = ["".join(name.split())[:6] for name in HOSTILE[: len(HARMED.communities)]]


@pytest.fixture(scope="module", name="browser")
def _browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the briefing, a static map, and workbook and report as web pages."""
    folder = tmp_path_factory.mktemp("hostile")
    whole = render_briefing(HARMED, map_html=render_map(HARMED, lang="zh"), lang="zh")
    (folder / "briefing.html").write_text(whole, "utf-8")
    texts = load_texts("zh")
    sheet = map_sheet(HARMED, service_views(HARMED, texts)[0], texts)
    (folder / "map.svg").write_text(svg_file(sheet), "utf-8")
    write_workbook(HARMED, folder / "workbook.xlsx", lang="zh")
    write_document(HARMED, folder / "report.docx", lang="zh")
    subprocess.run(
        [
            *("soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless"),
            *("--convert-to", "html", "--outdir", folder),
            *(folder / "workbook.xlsx", folder / "report.docx"),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder


@pytest.mark.parametrize("name", ["briefing.html", "map.svg", "workbook.html", "report.html"])
def test_nothing_of_a_name_runs_or_links(browser: Browser, pages: Path, name: str) -> None:
    """No script, picture, form or link is made of a name, and nothing is asked for."""
    with opened(browser, pages / name, ready="") as page:
        page.page.wait_for_timeout(300)
        assert page.ask("() => window.pwned") is None
        assert page.complaints == []
        asked = {url for url in page.requests if not url.startswith(("data:", "about:"))}
        assert asked == {(pages / name).as_uri()}
        made = page.ask(
            "() => [...document.querySelectorAll('script, img, object, a')].filter((own) =>"
            "/pwned|alert|evil|example|HYPERLINK/i.test(own.getAttribute('src') + own.href"
            "+ own.getAttribute('onerror'))).map((own) => own.outerHTML)"
        )
        assert made == []


@pytest.mark.parametrize("name", ["briefing.html", "workbook.html"])
def test_names_are_seen_as_they_are(browser: Browser, pages: Path, name: str) -> None:
    """Each community's name stands in the page and in the workbook, letter by letter."""
    with opened(browser, pages / name, ready="") as page:
        seen = "".join(page.ask("() => document.body.textContent").split())
        assert [own for own in BEGINNINGS if own not in seen] == []


@pytest.mark.parametrize("name", ["briefing.html", "workbook.html", "report.html"])
def test_the_name_of_the_district_is_text(browser: Browser, pages: Path, name: str) -> None:
    """A title made of markup is the title, not markup."""
    with opened(browser, pages / name, ready="") as page:
        seen = "".join(page.ask("() => document.body.textContent").split())
        assert "".join(SCRIPT_NAME.split()) in seen
