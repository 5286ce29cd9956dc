import dataclasses
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import shapely

from circles.maps import render_map
from circles.texts import load_texts
from tests.browser import Browser, Page
from tests.drawn_assessment import FORMULA_NAME, IMAGE_NAME, SCRIPT_NAME, drawn_assessment
from tests.test_maps import TEMPLATE_NAME, with_community_name

ZH = load_texts("zh")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start headless Chromium."""
    with Browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def map_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the drawn district's map, with one more hostile name."""
    path = tmp_path_factory.mktemp("map") / "map.html"
    assessment = drawn_assessment()
    assessment = with_community_name(assessment, TEMPLATE_NAME)
    path.write_text(render_map(assessment, lang="zh"), "utf-8")
    return path


@pytest.fixture
def desktop(chromium: Browser, map_file: Path) -> Iterator[Page]:
    """Open the map in a window of 1280 x 800."""
    with chromium.page() as page:
        page.open(map_file)
        page.wait("document.querySelector('.circles-ready') !== null")
        yield page


@pytest.fixture
def phone(chromium: Browser, map_file: Path) -> Iterator[Page]:
    """Open the map on a phone 390 pixels wide."""
    with chromium.page(width=390, height=844, phone=True) as page:
        page.open(map_file)
        page.wait("document.querySelector('.circles-ready') !== null")
        yield page


def spot(page: Page, selector: str, *, number: int = 0) -> tuple[float, float]:
    """Return a place in the window where an element is on top of everything else."""
    found = page.ask(
        f"""(() => {{
            const element = document.querySelectorAll({json.dumps(selector)})[{number}];
            const box = element.getBoundingClientRect();
            for (let i = 1; i < 20; i++) for (let j = 1; j < 20; j++) {{
                const x = box.x + box.width * i / 20, y = box.y + box.height * j / 20;
                if (element.contains(document.elementFromPoint(x, y))) return [x, y];
            }}
            return null;
        }})()"""
    )
    assert found is not None, f"{selector} is hidden"
    return found[0], found[1]


def words(page: Page, selector: str) -> str:
    """Return what can be read in the first element a selector finds."""
    page.wait(f"document.querySelector({json.dumps(selector)}) !== null")
    return str(page.ask(f"document.querySelector({json.dumps(selector)}).innerText"))


def tip(page: Page) -> str:
    """Return what the tooltip says, once the one before it has faded."""
    page.wait("document.querySelectorAll('.circles-tip').length === 1")
    return words(page, ".circles-tip")


LOOKS = ("met", "not-met", "insufficient", "not-applicable")


def looks(page: Page) -> dict[str, int]:
    """Count the communities on the map by the verdict they are drawn with."""
    return {
        look: page.ask(f"document.querySelectorAll('path.circles-area.{look}').length")
        for look in LOOKS
    }


@pytest.mark.browser
def test_the_map_opens_from_disk_with_the_network_off(desktop: Page, map_file: Path) -> None:
    """Communities, facilities, names, legend and scale are there; no request leaves the page."""
    assert looks(desktop) == {"met": 2, "not-met": 2, "insufficient": 1, "not-applicable": 1}
    assert desktop.ask("document.querySelectorAll('.circles-facility').length") == 8
    assert desktop.ask("document.querySelectorAll('canvas').length") == 1
    labels = desktop.ask(
        "[...document.querySelectorAll('.circles-label bdi:not(.hidden)')].map(e => e.innerText)"
    )
    assert FORMULA_NAME in labels
    assert words(desktop, ".circles-legend").split() == [
        "达标", "2", "不达标", "2", "数据不足", "1", "不适用", "1",
    ]  # fmt: skip
    assert re.search(r"\d+ k?m", words(desktop, ".leaflet-control-scale"))
    assert words(desktop, ".circles-attribution") == ZH("map.invented")
    title = words(desktop, ".circles-title")
    assert [line for line in title.split("\n") if line][:2] == ["虚构数据", "画里区 <b>&"]
    assert {url for url in desktop.requests if not url.startswith("data:")} == {map_file.as_uri()}
    assert desktop.complaints == []


@pytest.mark.browser
def test_hovering_shows_the_reasons_worst_first(desktop: Page) -> None:
    """A community's tooltip gives its name as text, its verdict, and what it is short of."""
    desktop.hover(*spot(desktop, "path.circles-area.not-met"))
    told = tip(desktop)
    assert told.startswith(SCRIPT_NAME)
    assert "不达标" in told
    assert told.index("长者饭堂：") < told.index("社工站：")
    assert "还差414人" in told
    assert IMAGE_NAME in told
    assert desktop.ask("document.querySelectorAll('.circles-tip li').length") == 2
    assert desktop.ask("document.querySelectorAll('.circles-tip img').length") == 0


@pytest.mark.browser
def test_a_tooltip_keeps_clear_of_the_title(desktop: Page) -> None:
    """Beside the title the tooltip moves below it, from the first moment on."""
    desktop.ask("void circles_map.panBy([0, 200], { animate: false })")
    title = desktop.ask("document.querySelector('.circles-title').getBoundingClientRect().toJSON()")
    place = desktop.ask(
        f"""(() => {{
            for (let y = {title["bottom"]} + 4; y < {title["bottom"]} + 60; y += 4)
                for (let x = {title["left"]} + 50; x < {title["right"]} - 20; x += 10)
                    if (document.elementFromPoint(x, y).matches('path.circles-area')) return [x, y];
            return null;
        }})()"""
    )
    desktop.hover(*place)
    tip(desktop)
    box = desktop.ask("document.querySelector('.circles-tip').getBoundingClientRect().toJSON()")
    assert box["left"] < title["right"]
    assert box["top"] >= title["bottom"]


@pytest.mark.browser
def test_long_lists_of_reasons_are_cut_in_the_tooltip_only(
    chromium: Browser, tmp_path: Path
) -> None:
    """Five lines are shown on hover with a word on the rest; a click shows them all."""
    drawn = drawn_assessment()
    path = tmp_path / "map.html"
    twice = pd.concat([drawn.verdicts, drawn.verdicts], ignore_index=True)
    path.write_text(render_map(dataclasses.replace(drawn, verdicts=twice), lang="zh"), "utf-8")
    with chromium.page() as page:
        page.open(path)
        page.ask("document.querySelectorAll('.circles-tabs input')[1].click()")
        place = spot(page, "path.circles-area.not-met")
        page.hover(*place)
        assert ZH("map.more", n=5) in tip(page)
        assert page.ask("document.querySelectorAll('.circles-tip li').length") == 5
        page.click(*place)
        words(page, ".circles-popup")
        page.ask("document.querySelector('.circles-popup summary').click()")
        popup = words(page, ".circles-popup")
        assert page.ask("document.querySelectorAll('.circles-popup li').length") == 10
        assert "《画里市服务圈规划》第六章" in popup
        assert drawn.standard.assumption("pass_share").text.zh.rstrip("。") in popup
        assert "6,100人" in popup
        page.wait("document.querySelectorAll('.circles-tip').length === 0")


@pytest.mark.browser
def test_specks_and_empty_areas_do_no_harm(chromium: Browser, tmp_path: Path) -> None:
    """A community too small to draw and an isochrone of nothing leave the rest as it is."""
    drawn = drawn_assessment()
    communities, isochrones = drawn.communities.copy(), drawn.isochrones.copy()
    communities.loc["001001", "geometry"] = shapely.box(113.3, 23.0, 113.300001, 23.000001)
    isochrones.loc[0, "geometry"] = shapely.MultiPolygon()
    odd = dataclasses.replace(drawn, communities=communities, isochrones=isochrones)
    path = tmp_path / "map.html"
    path.write_text(render_map(odd, lang="zh"), "utf-8")
    with chromium.page() as page:
        page.open(path)
        page.wait("document.querySelector('.circles-ready') !== null")
        page.ask(
            "{ const list = document.querySelector('.circles-reaches select');"
            "list.selectedIndex = 1; list.dispatchEvent(new Event('change')); }"
        )
        page.hover(*spot(page, "path.circles-area.met", number=1))
        assert tip(page).startswith("榕树")
        assert page.ask("document.querySelectorAll('path.circles-reach').length") == 2
        assert page.complaints == []


@pytest.mark.browser
def test_the_switch_shows_another_tier(desktop: Page) -> None:
    """Choosing the second tier changes colours, counts and roll-ups."""
    desktop.ask("document.querySelectorAll('.circles-tabs input')[1].click()")
    assert looks(desktop) == {"met": 0, "not-met": 2, "insufficient": 3, "not-applicable": 1}
    assert words(desktop, ".circles-legend").split()[:4] == ["达标", "0", "不达标", "2"]
    assert "目标10%" in words(desktop, ".circles-rollups")


@pytest.mark.browser
def test_one_need_at_a_time_shows_its_reach_and_its_facilities(desktop: Page) -> None:
    """A need's areas and facilities are drawn alone, limit by limit, and taken away again."""

    def choose(number: int) -> None:
        desktop.ask(
            "{ const list = document.querySelector('.circles-reaches select');"
            f"list.selectedIndex = {number}; list.dispatchEvent(new Event('change')); }}"
        )

    areas = "document.querySelectorAll('path.circles-reach').length"
    markers = "document.querySelectorAll('.circles-facility').length"
    assert desktop.ask(areas) == 0
    choose(1)
    assert (desktop.ask(areas), desktop.ask(markers)) == (2, 3)
    desktop.ask("document.querySelectorAll('.circles-limits input')[1].click()")
    assert desktop.ask(areas) == 1
    choose(2)
    assert (desktop.ask(areas), desktop.ask(markers)) == (2, 2)
    choose(0)
    assert (desktop.ask(areas), desktop.ask(markers)) == (0, 8)


@pytest.mark.browser
def test_a_facility_tells_its_name_and_service(desktop: Page) -> None:
    """A facility's tooltip is text, whatever its name holds; one without a name says so."""
    unnamed = ZH("map.unnamed")
    desktop.hover(*spot(desktop, ".circles-facility .circles-sign", number=1))
    told = tip(desktop)
    assert told.startswith(IMAGE_NAME)
    assert "长者饭堂" in told
    assert "canteens.csv" in told
    desktop.hover(*spot(desktop, ".circles-facility .circles-sign.off"))
    desktop.wait(f"document.querySelector('.circles-tip').innerText.includes({unnamed!r})")
    assert ZH("map.off_network") in tip(desktop)


@pytest.mark.browser
def test_services_can_be_switched(desktop: Page) -> None:
    """Each service has a switch with its count, and all go together."""
    assert "长者饭堂" in words(desktop, ".circles-services")
    markers = "document.querySelectorAll('.circles-facility').length"
    desktop.ask("document.querySelector('.circles-services li input').click()")
    assert desktop.ask(markers) == 5
    desktop.ask("document.querySelectorAll('.circles-services h2 button')[1].click()")
    assert desktop.ask(markers) == 0
    desktop.ask("document.querySelectorAll('.circles-services h2 button')[0].click()")
    assert desktop.ask(markers) == 8


@pytest.mark.browser
def test_hostile_names_run_nothing(desktop: Page) -> None:
    """No script of a name runs, no element of a name appears, braces are left as they are."""
    labels = desktop.ask(
        "[...document.querySelectorAll('.circles-label bdi')].map(e => e.textContent)"
    )
    assert TEMPLATE_NAME in labels
    assert SCRIPT_NAME in labels
    assert desktop.ask("document.images.length") == 0
    assert desktop.complaints == []


CARDS = (
    ".circles-title", ".leaflet-control-zoom", ".circles-panel", ".leaflet-control-scale",
    ".circles-attribution",
)  # fmt: skip


def boxes(page: Page) -> dict[str, dict[str, float]]:
    """Return where the cards are in the window."""
    return {
        card: page.ask(f"document.querySelector({card!r}).getBoundingClientRect().toJSON()")
        for card in CARDS
    }


def assert_apart(cards: dict[str, dict[str, float]], width: float, height: float) -> None:
    """Check that no card covers another or leaves the window."""
    for name, box in cards.items():
        assert box["left"] >= 0, name
        assert box["top"] >= 0, name
        assert box["right"] <= width, name
        assert box["bottom"] <= height, name
    for (one, a), (other, b) in itertools.combinations(cards.items(), 2):
        across = min(a["right"], b["right"]) - max(a["left"], b["left"])
        along = min(a["bottom"], b["bottom"]) - max(a["top"], b["top"])
        assert across <= 0 or along <= 0, f"{one} and {other} overlap"


@pytest.mark.browser
def test_nothing_overlaps_on_a_desktop(desktop: Page) -> None:
    """Title, switches, scale and attribution stand apart at 1280 x 800."""
    assert_apart(boxes(desktop), 1280, 800)


@pytest.mark.browser
def test_a_popup_keeps_clear_of_the_other_cards(desktop: Page) -> None:
    """Opened in the corner under the title, a popup moves the map until it can be read."""
    desktop.click(*spot(desktop, "path.circles-area.met", number=1))
    words(desktop, ".circles-popup")
    desktop.ask("new Promise(done => setTimeout(done, 500))")
    popup = desktop.ask("document.querySelector('.circles-popup').getBoundingClientRect().toJSON()")
    assert_apart(boxes(desktop) | {".circles-popup": popup}, 1280, 800)


@pytest.mark.browser
def test_nothing_overlaps_on_a_phone(phone: Page) -> None:
    """The switches fold into a sheet at the bottom edge, and open over the map only."""
    phone.wait("document.getElementById('circles_map').style.getPropertyValue('--sheet') !== ''")
    assert_apart(boxes(phone), 390, 844)
    folded = boxes(phone)[".circles-panel"]
    assert folded["height"] < 60
    phone.click(*spot(phone, ".circles-toggle"))
    phone.wait("document.querySelector('.circles-panel.open') !== null")
    phone.settle()
    opened = boxes(phone)
    assert_apart(opened, 390, 844)
    assert opened[".circles-panel"]["height"] > 300
    assert phone.ask("document.documentElement.scrollWidth") == 390


@pytest.mark.browser
def test_a_tap_on_a_phone_opens_the_reasons_inside_the_window(phone: Page) -> None:
    """The popup of a community fits beside nothing but the map."""
    phone.click(*spot(phone, "path.circles-area.not-met", number=1))
    assert "a/b" in words(phone, ".circles-popup")
    phone.ask("new Promise(done => setTimeout(done, 400))")
    box = phone.ask("document.querySelector('.circles-popup').getBoundingClientRect().toJSON()")
    assert box["left"] >= 0
    assert box["right"] <= 390
    assert phone.complaints == []
