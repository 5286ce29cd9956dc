import dataclasses
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from playwright.sync_api import Browser, Route, expect

from circles.assessment import Assessment
from circles.datum import Datum, from_wgs84
from circles.explain import explain_basis, explain_finding, worst_first
from circles.maps import Edition, base_map, render_map
from circles.texts import load_texts
from tests.chromium import PHONE, Opened, chromium, opened
from tests.drawn_assessment import (
    FORMULA_NAME,
    IMAGE_NAME,
    SCRIPT_NAME,
    SOUTH,
    WEST,
    drawn_assessment,
)
from tests.test_maps import HOSTILE, TEMPLATE_NAME, with_community_name, with_gaps, with_hostile

pytestmark = pytest.mark.browser

ZH = load_texts("zh")
CONVENIENCE, MEALS = "0", "2"


def ui(name: str, **values: object) -> str:
    """Return one of the page's own Chinese words."""
    return ZH(f"map.ui_{name}", **values)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start headless Chromium."""
    with chromium() as started:
        yield started


def written(folder: Path, assessment: Assessment, **options: object) -> Path:
    """Write an assessment's map."""
    path = folder / "map.html"
    path.write_text(render_map(assessment, **options), "utf-8")  # type: ignore[arg-type]
    return path


@pytest.fixture(scope="module")
def drawn() -> Assessment:
    """Return the drawn district with homes out of reach and one more hostile name."""
    return with_community_name(with_gaps(drawn_assessment()), TEMPLATE_NAME)


@pytest.fixture(scope="module")
def map_file(tmp_path_factory: pytest.TempPathFactory, drawn: Assessment) -> Path:
    """Write the drawn district's map."""
    return written(tmp_path_factory.mktemp("map"), drawn)


@pytest.fixture
def desktop(browser: Browser, map_file: Path) -> Iterator[Opened]:
    """Open the map in a window of 1280 x 800."""
    with opened(browser, map_file) as page:
        yield page


@pytest.fixture
def phone(browser: Browser, map_file: Path) -> Iterator[Opened]:
    """Open the map on a phone 390 pixels wide."""
    with opened(browser, map_file, size=PHONE) as page:
        yield page


def place(number: int) -> str:
    """Return JavaScript for the middle of a community."""
    return f"circlesMap.layers.communities.place({number})"


def looks(page: Opened) -> list[str]:
    """Return how each community is drawn."""
    found: list[str] = page.ask("() => circlesMap.layers.communities.state.looks")
    return found


def legend(page: Opened) -> dict[str, int]:
    """Return the legend's words and how many communities each is about."""
    rows = page.find(".circles-legend li").all()
    return {row.locator("span").inner_text(): int(row.locator("b").inner_text()) for row in rows}


def paints(page: Opened, pane: str) -> int:
    """Count the pixels that a layer's canvas shows."""
    count: int = page.ask(
        """(pane) => { const path = `.leaflet-circles-${pane}-pane canvas`;
        const canvas = document.querySelector(path);
        if (!canvas) return 0;
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let seen = 0;
        for (let i = 3; i < data.length; i += 4) seen += data[i] > 0;
        return seen; }""",
        pane,
    )
    return count


def settle(page: Opened) -> None:
    """Wait until what was asked for has been drawn."""
    page.ask("() => new Promise(d => requestAnimationFrame(() => requestAnimationFrame(d)))")


def zoom(page: Opened, level: float, where: str) -> None:
    """Look at a place from near by."""
    page.ask(f"() => void circles_map.setView({where}, {level}, {{ animate: false }})")
    settle(page)


# --- opening ----------------------------------------------------------------------------------


def test_the_map_opens_from_disk_with_the_network_off(desktop: Opened, map_file: Path) -> None:
    """Communities, facilities, names, legend, scale and north are there; nothing is asked for."""
    assert looks(desktop) == [
        "met", "not-met", "insufficient", "not-applicable", "met", "not-met",
    ]  # fmt: skip
    for pane in ("ground", "communities", "facilities", "labels"):
        assert paints(desktop, pane) > 500, pane
    assert legend(desktop) == {"达标": 2, "不达标": 2, "数据不足": 1, "不适用": 1}
    assert re.search(r"\d+ k?m", desktop.find(".leaflet-control-scale").inner_text())
    assert desktop.find(".circles-north").inner_text() == ui("north_letter")
    assert desktop.find(".circles-attribution").inner_text() == ZH("map.invented")
    title = desktop.find(".circles-title").inner_text()
    assert [line for line in title.split("\n") if line] == [
        "虚构数据", "画里区 <b>&", "画里市服务圈标准", "数据日期：2025-06-30",
    ]  # fmt: skip
    assert {url for url in desktop.requests if not url.startswith("data:")} == {map_file.as_uri()}
    assert desktop.complaints == []


def test_a_review_number_and_the_sources_are_shown(browser: Browser, tmp_path: Path) -> None:
    """The review number stands beside the streets' source; documents and files are listed."""
    real = dataclasses.replace(drawn_assessment(fictional=False), warnings=())
    path = written(tmp_path, real, edition=Edition(review="粤S（2025）001号"))
    with opened(browser, path) as page:
        imprint = page.find(".circles-attribution").inner_text()
        assert "© OpenStreetMap contributors" in imprint
        assert "审图号：粤S（2025）001号" in imprint
        page.find(".circles-sources summary").click()
        sources = page.find(".circles-sources").inner_text()
        assert "《画里市服务圈规划》" in sources
        assert "canteens.csv" in sources


def test_a_map_without_streets_and_isochrones_is_drawn(browser: Browser, tmp_path: Path) -> None:
    """What is not there is left out, and the rest works."""
    whole = drawn_assessment()
    names = ("streets", "water", "green", "facilities", "isochrones")
    bare = dataclasses.replace(
        whole, **{name: getattr(whole, name).iloc[:0] for name in names}, as_of=None
    )
    with opened(browser, written(tmp_path, bare)) as page:
        assert page.hover(place(1)).startswith(SCRIPT_NAME)
        assert page.find(".circles-reaches").count() == 0
        assert page.find(".circles-services").count() == 0
        assert page.complaints == []


# --- what is told of a place ------------------------------------------------------------------


def test_hovering_shows_the_reasons_worst_first(desktop: Opened) -> None:
    """A community's tooltip gives its name as text, its verdict, and what it is short of."""
    told = desktop.hover(place(1))
    assert told.startswith(SCRIPT_NAME)
    assert "不达标" in told
    assert told.index("长者饭堂：") < told.index("社工站：")
    assert "还差414人" in told
    assert IMAGE_NAME in told
    assert desktop.find(".circles-tip li").count() == 2
    assert desktop.find("img").count() == 0
    assert ui("click") in told
    desktop.page.mouse.move(40, 600)
    desktop.find(".circles-tip").wait_for(state="hidden")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_card_tells_exactly_what_the_explanation_says(
    browser: Browser, tmp_path: Path, drawn: Assessment, lang: str
) -> None:
    """Every community's sentences, and the rule behind each, are those of `circles.explain`."""
    texts = load_texts(lang)
    with opened(browser, written(tmp_path, drawn, lang=lang)) as page:
        for number, community in enumerate(drawn.communities.index):
            page.ask(
                "(name) => { const box = document.querySelector('.circles-query');"
                "box.value = name; box.dispatchEvent(new Event('input')); }",
                "",
            )
            own = worst_first(drawn.verdicts[drawn.verdicts["community_id"] == community])
            rules = [drawn.standard.access_rule(rule) for rule in own["rule_id"]]
            wanted = [
                explain_finding(row, rule, texts)
                for row, rule in zip(own.to_dict("records"), rules, strict=True)
            ]
            page.click(place(number))
            assert set(page.find(".circles-detail .circles-said").all_inner_texts()) == set(wanted)
            found = page.ask(f"() => circlesMap.layers.communities.findings({number})")
            assert [line["words"] for line in found] == wanted
            bases = page.ask(
                "() => [...document.querySelectorAll('.circles-detail small bdi')]"
                ".map((own) => own.textContent)"
            )
            assert set(bases) == {explain_basis(rule, drawn.standard, texts) for rule in rules}
            page.page.keyboard.press("Escape")
            expect(page.find(".circles-detail")).to_be_hidden()


def test_long_lists_of_reasons_are_cut_in_the_tooltip_only(
    browser: Browser, tmp_path: Path
) -> None:
    """Five lines are shown on hover with a word on the rest; a click shows them all."""
    drawn = drawn_assessment()
    twice = pd.concat([drawn.verdicts, drawn.verdicts], ignore_index=True)
    with opened(browser, written(tmp_path, dataclasses.replace(drawn, verdicts=twice))) as page:
        page.find("#circles-view").select_option("1")
        assert ui("more", n=5) in page.hover(place(1))
        assert page.find(".circles-tip li").count() == 5
        card = page.click(place(1))
        assert page.find(".circles-detail li").count() == 10
        assert "6,100人" in card
        page.find(".circles-detail summary").first.click()
        card = page.find(".circles-detail").inner_text()
        assert "《画里市服务圈规划》第六章" in card
        assert drawn.standard.assumption("pass_share").text.zh.rstrip("。") in card


def test_a_facility_tells_its_name_and_service(desktop: Opened) -> None:
    """A facility is text, whatever its name holds; one without a name says so."""
    spot = "circlesMap.layers.facilities.place(circlesMap.layers.facilities.services[{}], {})"
    told = desktop.hover(spot.format(0, 1))
    assert told.startswith(IMAGE_NAME)
    assert "长者饭堂" in told
    assert "canteens.csv" in told
    told = desktop.click(spot.format(2, 1))
    assert ui("unnamed") in told
    assert ui("off_network") in told


def test_specks_and_empty_areas_do_no_harm(browser: Browser, tmp_path: Path) -> None:
    """A community too small to draw and an isochrone of nothing leave the rest as it is."""
    drawn = drawn_assessment()
    communities, isochrones = drawn.communities.copy(), drawn.isochrones.copy()
    communities.loc["001001", "geometry"] = shapely.box(113.3, 23.0, 113.300001, 23.000001)
    isochrones.loc[0, "geometry"] = shapely.MultiPolygon()
    odd = dataclasses.replace(drawn, communities=communities, isochrones=isochrones)
    with opened(browser, written(tmp_path, odd)) as page:
        page.find("#circles-reach").select_option("0")
        settle(page)
        assert paints(page, "reach") > 100
        assert page.hover(place(4)).startswith("榕树")
        assert page.complaints == []


# --- the switches -----------------------------------------------------------------------------


def test_the_switch_shows_another_tier(desktop: Opened) -> None:
    """Choosing the second tier changes colours, counts and roll-ups."""
    desktop.find("#circles-view").select_option("1")
    assert sorted(looks(desktop)).count("insufficient") == 3
    assert legend(desktop)["达标"] == 0
    assert "目标10%" in desktop.find(".circles-rollups").inner_text()


def test_a_service_is_coloured_by_its_coverage(desktop: Opened) -> None:
    """The pass share is one of the breaks, and only the service's own facilities stay."""
    desktop.find("#circles-view").select_option(MEALS)
    assert legend(desktop) == {
        "全部可达": 0, "达标：85%及以上可达": 3,
        "未达标：50%至85%可达": 1, "未达标：可达不足50%": 0,
        "数据不足": 1, "不适用": 1,
    }  # fmt: skip
    assert looks(desktop)[:4] == ["passed", "most-reached", "insufficient", "not-applicable"]
    assert desktop.ask("() => circlesMap.layers.facilities.count()") == 3
    told = desktop.hover(place(1))
    assert "未达标：50%至85%可达" in told
    assert desktop.find(".circles-tip li").count() == 1


def test_another_group_is_shown_for_information(desktop: Opened) -> None:
    """Another group's coverage takes the colours, with a word that the standard does not ask."""
    desktop.find("#circles-view").select_option(MEALS)
    assert desktop.find("#circles-group option").all_inner_texts() == ["60岁及以上老年人", "居民"]
    desktop.find("#circles-group").select_option("1")
    assert looks(desktop)[:2] == ["all-reached", "half-missed"]
    assert ui("group_other") in desktop.find(".circles-views").inner_text()
    assert not [word for word in legend(desktop) if "达标" in word]
    told = desktop.hover(place(1))
    assert "居民中30%在15分钟内可达" in told
    desktop.find("#circles-view").select_option(CONVENIENCE)
    assert desktop.find("#circles-group").is_disabled()


def test_strict_limits_are_another_end(browser: Browser, tmp_path: Path) -> None:
    """Where limits are ranges, the stricter end recolours the map; elsewhere the switch is off."""
    drawn = drawn_assessment()
    tiers = drawn.tiers.assign(strict_verdict="not_met")
    tiers.loc[tiers["verdict"] == "not_applicable", "strict_verdict"] = "not_applicable"
    with opened(browser, written(tmp_path, dataclasses.replace(drawn, tiers=tiers))) as page:
        strict = page.find(".circles-tabs label").nth(1)
        strict.click()
        assert legend(page) == {"达标": 0, "不达标": 5, "数据不足": 0, "不适用": 1}
        page.find(".circles-tabs label").first.click()
        assert legend(page)["达标"] == 2
        page.find("#circles-view").select_option(MEALS)
        assert page.find(".circles-tabs input").nth(1).is_disabled()


def test_one_need_at_a_time_shows_its_reach_and_its_facilities(desktop: Opened) -> None:
    """A need's areas and facilities are drawn alone, limit by limit, and taken away again."""
    count = "() => circlesMap.layers.facilities.count()"
    assert paints(desktop, "reach") == 0
    assert desktop.ask("() => circlesMap.layers.reach.drawn()") == 0
    desktop.find("#circles-reach").select_option("0")
    settle(desktop)
    both = paints(desktop, "reach")
    assert both > 1000
    assert desktop.ask("() => circlesMap.layers.reach.drawn()") == 1
    assert desktop.ask(count) == 3
    assert desktop.find(".circles-limits").inner_text().split() == ["15分钟", "30分钟"]
    desktop.find(".circles-limits input").nth(1).uncheck()
    settle(desktop)
    assert 0 < paints(desktop, "reach") < both
    desktop.find("#circles-reach").select_option("-1")
    settle(desktop)
    assert paints(desktop, "reach") == 0
    assert desktop.ask(count) == 8


def test_services_and_layers_can_be_switched(desktop: Opened) -> None:
    """Each service has a switch with its sign and count; layers go and come back."""
    assert "长者饭堂" in desktop.find(".circles-services").inner_text()
    count = "() => circlesMap.layers.facilities.count()"
    desktop.find(".circles-services li input").first.uncheck()
    assert desktop.ask(count) == 5
    desktop.find(".circles-services h2 button").nth(1).click()
    assert desktop.ask(count) == 0
    desktop.find(".circles-services h2 button").first.click()
    assert desktop.ask(count) == 8
    for word, pane in (
        ("facilities_shown", "facilities"),
        ("labels", "labels"),
        ("ground", "ground"),
    ):
        switch = desktop.page.get_by_label(ui(word), exact=True)
        switch.uncheck()
        assert paints(desktop, pane) == 0
        switch.check()
        settle(desktop)
        assert paints(desktop, pane) > 500


def test_gaps_are_people_from_afar_and_homes_near_by(desktop: Opened) -> None:
    """Discs count those out of reach; homes show when near, fewer than ten people uncounted."""
    gaps = desktop.page.get_by_label(ui("gaps"), exact=True)
    assert gaps.is_disabled()
    desktop.find("#circles-view").select_option(MEALS)
    gaps.check()
    zoom(desktop, 14, place(1))
    assert paints(desktop, "gaps") > 300
    note = desktop.find(".circles-gap-note").inner_text()
    assert ui("gaps_total", value="1,883") in note
    assert "1,000人" in note
    home = f"L.latLng({SOUTH + 0.004}, {WEST + 0.014})"
    zoom(desktop, 16, home)
    assert ui("gaps_homes") in desktop.find(".circles-gap-note").inner_text()
    assert "约23人" in desktop.hover(home)
    assert ui("home_minutes", value=25) in desktop.find(".circles-tip").inner_text()
    told = desktop.hover(f"L.latLng({SOUTH + 0.0045}, {WEST + 0.0145})")
    assert ui("home_few") in told
    assert "约" not in told.replace(ui("home_minutes", value=31), "")


# --- search and keyboard ------------------------------------------------------------------------


def test_names_are_found_in_chinese_and_by_their_reading(browser: Browser, tmp_path: Path) -> None:
    """Characters, full pinyin and initials find a community and a facility; Enter goes there."""
    with opened(browser, written(tmp_path, drawn_assessment())) as page:
        box = page.find(".circles-query")
        for query in ("荔枝里", "lizhili", "lzl", "LiZhi"):
            box.fill(query)
            names = page.find(".circles-found bdi").all_inner_texts()
            assert names == ["荔枝里社区", "荔枝里长者饭堂"], query
        box.fill("没有这个")
        assert page.find(".circles-search .circles-note").inner_text() == ui("found_none")
        box.fill("江心岛")
        page.page.keyboard.press("ArrowDown")
        assert (
            page.find(".circles-found [aria-selected=true]").inner_text().startswith("江心岛社区")
        )
        page.page.keyboard.press("Enter")
        card = page.find(".circles-detail")
        expect(card).to_be_visible()
        assert card.inner_text().startswith("×\n江心岛社区")
        centre = page.ask("() => { const c = circles_map.getCenter(); return [c.lng, c.lat]; }")
        assert abs(centre[0] - (WEST + 0.0245)) < 0.01
        box.fill("北山助餐")
        page.page.keyboard.press("Enter")
        expect(card).to_contain_text("北山助餐点")
        assert page.ask("() => circles_map.getZoom()") >= 16
        assert page.complaints == []


def test_everything_can_be_reached_with_the_keyboard(desktop: Opened) -> None:
    """Tab goes from the map to the search box and the switches; arrows, Enter and Escape work."""
    keys = desktop.page.keyboard
    focused = "() => document.activeElement.id || document.activeElement.className"
    seen = []
    for _ in range(12):
        keys.press("Tab")
        seen.append(str(desktop.ask(focused)))
        outline = desktop.ask("() => getComputedStyle(document.activeElement).outlineStyle")
        assert outline in {"solid", "auto"}, seen[-1]
    assert seen[0] == "circles_map"
    assert "circles-query" in seen
    assert seen.index("circles-view") < seen.index("circles-reach")
    zoom(desktop, 15, place(1))
    desktop.find(".leaflet-container").focus()
    keys.press("Enter")
    card = desktop.find(".circles-detail")
    expect(card).to_contain_text(SCRIPT_NAME)
    assert desktop.ask("() => document.activeElement.className") == "circles-detail"
    keys.press("Escape")
    expect(card).to_be_hidden()
    assert desktop.ask(focused) == "circles_map"
    before = desktop.ask("() => circles_map.getCenter().lng")
    keys.press("ArrowRight")
    desktop.until(f"circles_map.getCenter().lng > {before}")


def test_controls_have_names_and_roles(desktop: Opened) -> None:
    """A reader of screens is told what each control is for."""
    nameless = desktop.ask(
        """() => [...document.querySelectorAll("button, select, input, a")].filter((own) =>
        !own.getAttribute("aria-label") && !own.title && !own.closest("label")
        && !own.textContent.trim() && !own.closest("[hidden]")).map((own) => own.outerHTML)"""
    )
    assert nameless == []
    assert desktop.find(".circles-query").get_attribute("role") == "combobox"
    assert desktop.find(".circles-map, .leaflet-container").first.get_attribute("aria-label")


# --- hostile names ------------------------------------------------------------------------------


def test_hostile_names_are_text_everywhere(browser: Browser, tmp_path: Path) -> None:
    """In every text column: shown as it is, nothing runs, nothing is asked for."""
    hostile = with_hostile(drawn_assessment())
    path = written(tmp_path, hostile)
    with opened(browser, path) as page:
        page.page.get_by_label(ui("facilities_shown"), exact=True).uncheck()
        for number, name in enumerate(HOSTILE[: len(hostile.communities)]):
            assert page.ask(f"() => circlesMap.layers.communities.data.names[{number}]") == name
            page.click(place(number))
            shown = page.find(".circles-detail .circles-name").text_content()
            assert shown == name
        page.find("#circles-view").select_option(MEALS)
        page.find(".circles-query").fill("script")
        assert page.find(".circles-found li").count() >= 1
        for detail in page.find(".circles-about details").all():
            detail.locator("summary").click()
        assert page.find("img").count() == 0
        assert page.find(".circles-panel script").count() == 0
        assert page.ask("() => window.pwned") is None
        assert {url for url in page.requests if not url.startswith("data:")} == {path.as_uri()}
        assert page.complaints == []


def test_the_policy_stops_scripts_that_are_not_the_pages_own(desktop: Opened) -> None:
    """A script that gets into the page all the same is not run, and asks for nothing."""
    desktop.ask(
        """() => { const own = document.createElement("script");
        own.textContent = "window.pwned = 1";
        document.body.append(own);
        document.body.insertAdjacentHTML("beforeend",
          "<img src='https://example.org/x.png' onerror='window.pwned = 2'>"); }"""
    )
    settle(desktop)
    assert desktop.ask("() => window.pwned") is None
    assert any("Content Security Policy" in said for said in desktop.complaints)


# --- sizes, paper, frames -----------------------------------------------------------------------

CARDS = (
    ".circles-title", ".circles-panel", ".leaflet-control-scale", ".circles-attribution",
    ".circles-north",
)  # fmt: skip


def boxes(page: Opened) -> dict[str, dict[str, float]]:
    """Return where the cards are in the window."""
    return {
        card: page.ask(
            "(own) => document.querySelector(own).getBoundingClientRect().toJSON()", card
        )
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


def test_nothing_overlaps_on_a_desktop(desktop: Opened) -> None:
    """Title, switches, scale and attribution stand apart, with a card open and without."""
    assert_apart(boxes(desktop), 1280, 800)
    desktop.click(place(1))
    card = desktop.ask(
        "() => document.querySelector('.circles-detail').getBoundingClientRect().toJSON()"
    )
    assert_apart(boxes(desktop) | {".circles-detail": card}, 1280, 800)


def test_nothing_overlaps_on_a_phone(phone: Opened) -> None:
    """The switches fold into a sheet at the bottom edge, and open over the map only."""
    phone.until("circles_map.getContainer().style.getPropertyValue('--sheet')")
    assert_apart(boxes(phone), *PHONE)
    assert boxes(phone)[".circles-panel"]["height"] < 120
    phone.find(".circles-toggle").tap()
    settle(phone)
    assert boxes(phone)[".circles-panel"]["height"] > 400
    assert phone.find(".circles-toggle").get_attribute("aria-expanded") == "true"
    phone.find("#circles-view").select_option(MEALS)
    assert "达标：85%及以上可达" in phone.find(".circles-legend").inner_text()
    assert phone.ask("() => document.documentElement.scrollWidth") == PHONE[0]


def test_a_tap_on_a_phone_opens_the_reasons_inside_the_window(phone: Opened) -> None:
    """The card of a community comes up from the bottom edge and can be closed again."""
    phone.page.touchscreen.tap(*phone.spot(place(1)))
    card = phone.find(".circles-detail")
    expect(card).to_contain_text("还差414人")
    box = card.bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, PHONE[0])
    assert box["y"] + box["height"] <= PHONE[1]
    phone.find(".circles-close").tap()
    expect(card).to_be_hidden()
    assert phone.complaints == []


def test_paper_shows_the_map_with_its_legend(desktop: Opened) -> None:
    """Printing draws everything on one finer canvas for A4, and the screen comes back as it was."""
    before = desktop.ask("() => [circles_map.getZoom(), circles_map.getSize().x]")
    pdf = desktop.page.pdf(prefer_css_page_size=True, print_background=True)
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") == 1
    desktop.ask("() => void window.dispatchEvent(new Event('beforeprint'))")
    desktop.page.emulate_media(media="print")
    assert desktop.ask("() => document.querySelector('.circles-print').width") > 2000
    assert "达标" in desktop.find(".circles-legend").inner_text()
    assert not desktop.find(".circles-search").is_visible()
    assert_apart(
        {name: box for name, box in boxes(desktop).items() if name != ".circles-panel"}, 1280, 800
    )
    desktop.page.emulate_media(media="screen")
    desktop.ask("() => void window.dispatchEvent(new Event('afterprint'))")
    assert desktop.find(".circles-print").count() == 0
    assert desktop.ask("() => [circles_map.getZoom(), circles_map.getSize().x]") == before
    assert desktop.complaints == []


HOST = """<!DOCTYPE html><title>host</title><h1>Host</h1>
<iframe id="map" src="map.html" style="width: 100%; height: 100px; border: 0"></iframe>
<script>
window.addEventListener("message", ({ data, source }) => {
  const frame = document.getElementById("map");
  if (source !== frame.contentWindow || data.source !== "circles") return;
  frame.style.height = `${data.height}px`;
});
</script>"""


def test_a_fragment_tells_its_host_how_high_it_is(
    browser: Browser, tmp_path: Path, drawn: Assessment
) -> None:
    """In a frame the map asks for the height that suits the width, and leaves the wheel alone."""
    written(tmp_path, drawn, edition=Edition(fragment=True))
    host = tmp_path / "host.html"
    host.write_text(HOST, "utf-8")
    with opened(browser, host, ready="") as page:
        page.until("document.getElementById('map').offsetHeight > 400")
        height = page.ask("() => document.getElementById('map').offsetHeight")
        width = page.ask("() => document.getElementById('map').offsetWidth")
        assert height == pytest.approx(width * 0.66, abs=1)
        frame = page.page.frame_locator("#map")
        expect(frame.locator(".circles-ready")).to_be_visible()
        expect(frame.locator(".circles-title h1")).to_be_hidden()
        expect(frame.locator(".circles-fictional")).to_be_visible()
        expect(frame.locator(".circles-legend")).to_contain_text("不达标")
        inside = page.page.frames[1]
        assert inside.evaluate("circles_map.scrollWheelZoom.enabled()") is False
        page.page.set_viewport_size({"width": 500, "height": 800})
        page.until("document.getElementById('map').offsetHeight === 620")
        assert page.complaints == []


# --- online base maps ---------------------------------------------------------------------------

TILE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060"
    "00000005000163a5e2c60000000049454e44ae426082"
)


def test_amap_lies_where_the_data_are(browser: Browser, tmp_path: Path) -> None:
    """A place's own pixel of the shifted tiles is drawn within a pixel of the place."""
    path = written(tmp_path, drawn_assessment(), edition=Edition(bases=(base_map("amap"),)))
    lon, lat = WEST + 0.012, SOUTH + 0.008
    there_lon, there_lat = from_wgs84(np.array([lon]), np.array([lat]), Datum.GCJ02)
    with opened(browser, path, offline=False) as page:
        asked: list[str] = []

        def answer(route: Route) -> None:
            asked.append(route.request.url)
            route.fulfill(body=TILE, content_type="image/png")

        page.page.route(re.compile("^https:"), answer)
        assert not any(url.startswith("http") for url in page.requests)
        page.page.get_by_label(ZH("map.base_amap")).check()
        for level in (14, 17):
            zoom(page, level, f"L.latLng({lat}, {lon})")
            page.until("document.querySelectorAll('.leaflet-tile-loaded').length > 3")
            off = page.ask(
                """([lon, lat, thereLon, thereLat, level]) => {
                const pixel = L.CRS.EPSG3857.latLngToPoint(L.latLng(thereLat, thereLon), level);
                const x = Math.floor(pixel.x / 256), y = Math.floor(pixel.y / 256);
                const tile = [...document.querySelectorAll(".leaflet-tile")].find((own) =>
                  own.src.includes(`x=${x}&y=${y}&z=${level}`));
                const box = tile.getBoundingClientRect();
                const here = circles_map.latLngToContainerPoint([lat, lon]);
                return [box.left + pixel.x - 256 * x - here.x,
                  box.top + pixel.y - 256 * y - here.y];
                }""",
                [lon, lat, float(there_lon[0]), float(there_lat[0]), level],
            )
            assert max(map(abs, off)) <= 1.5, (level, off)
        assert asked
        assert all(re.match(r"https://webrd0[1-4]\.is\.autonavi\.com/", url) for url in asked)
        assert "高德" in page.find(".circles-attribution").inner_text()
        assert not page.page.get_by_label(ui("ground"), exact=True).is_checked()
        page.page.get_by_label(ui("base_own")).check()
        assert page.find(".leaflet-tile").count() == 0
        assert page.complaints == []


def test_facilities_and_formulas_stay_text_in_labels(desktop: Opened) -> None:
    """Names are painted, so the page holds no element made of them."""
    assert FORMULA_NAME in json.dumps(
        desktop.ask("() => circlesMap.layers.communities.data.names"), ensure_ascii=False
    ).replace('\\"', '"')
    shown = desktop.ask("() => circlesMap.layers.labels.shown")
    assert 2 in shown
