"""The interactive map of a whole city beside plain folium: how large, how fast, how soon usable."""

import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.large_map import large_assessment
from benchmarks.setting import Check, Section, Setting, in_words, interleaved, medians, ratio
from circles.assessment import Assessment
from circles.explain import explain_finding
from circles.maps import render_map
from circles.maps.offline import vendored_script, vendored_style
from circles.texts import load_texts

_MOST_MB: Final = 8.0
_MOST_BUILD_S: Final = 4.0
_MOST_READY_S: Final = 3.0
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_COMMUNITIES: Final = 2800
_OURS: Final = (
    "circles: with 40,000 street lines, 60,000 homes out of reach, the coverage of three groups by "
    "each service, and the reasons of all verdicts."
)
_PEER: Final = (
    "folium: `GeoJson` of the communities with the reasons of the first tier's verdicts in a "
    "tooltip, of the isochrones, and a `CircleMarker` with a tooltip a facility; no streets. Its "
    "scripts are handed over by the case, without a network."
)


def maps(setting: Setting) -> Section:
    """Draw a city of 2,800 communities both ways and open both pages in Chromium."""
    run = large_assessment(
        communities=setting.count(_COMMUNITIES, 100),
        facilities=setting.count(10_000, 100),
        isochrones=setting.count(1000, 30),
        streets=setting.count(40_000, 100),
        homes=setting.count(60_000, 100),
    )
    pages = {"circles": setting.scratch / "ours.html", "folium": setting.scratch / "plain.html"}
    makers = {"circles": _ours, "folium": _plain}
    # Libraries are loaded, and the texts read, before anything is timed.
    small = large_assessment(communities=9, facilities=20, isochrones=9, streets=9, homes=9)
    for maker in makers.values():
        maker(small, setting.scratch / "small.html")
    worked: dict[str, list[float]] = {name: [] for name in pages}
    built = interleaved(
        {name: _task(makers[name], run, page, worked[name]) for name, page in pages.items()},
        setting.repetitions,
    )
    with _chromium() as browser:
        ready = interleaved(
            {name: _opening(browser, page) for name, page in pages.items()}, setting.repetitions
        )
    size_mb = {name: page.stat().st_size / 1e6 for name, page in pages.items()}
    build_s, ready_s = medians(built), medians(ready)
    found = {
        "size": size_mb,
        "built": build_s,
        "built, processor time alone": medians(worked),
        "usable in Chromium": ready_s,
    }
    words = {"size": lambda own: f"{own:.2f} MB"}
    rows = [
        (
            name,
            *(words.get(name, in_words)(own[page]) for page in pages),
            ratio(own["folium"], own["circles"]),
        )
        for name, own in found.items()
    ]
    limits = (_MOST_MB, _MOST_BUILD_S, _MOST_BUILD_S, _MOST_READY_S)
    most = zip(found.items(), limits, strict=True)
    checks = tuple(
        Check(f"{name}, at most {limit:g}", own["circles"] <= limit, f"{own['circles']:.2f}")
        for (name, own), limit in most
        if setting.scale >= 1
    )
    return Section(
        title=f"`map.html` of {len(run.communities):,} communities, {len(run.facilities):,} "
        f"facilities and {len(run.isochrones):,} isochrones",
        columns=("", "circles", "folium", "folium / circles"),
        rows=tuple(rows),
        checks=checks,
        notes=(_OURS, _PEER),
        figures={"worked_s": worked, "size_mb": size_mb, "built_s": built, "ready_s": ready,
                 "spread_s": {name: statistics.pstdev(own) for name, own in built.items()}},
    )  # fmt: skip


def _ours(run: Assessment, page: Path) -> None:
    page.write_text(render_map(run), "utf-8")


def _plain(run: Assessment, page: Path) -> None:
    """Draw the same with folium's own layers."""
    import folium

    texts, standard = load_texts("zh"), run.standard
    rules = {rule.id: rule for rule in standard.access_rules}
    first = {rule.id for rule in standard.tier_rules(standard.tiers[0].id)}
    rows = run.verdicts[run.verdicts["rule_id"].isin(first)]
    told: dict[str, list[str]] = {str(community): [] for community in run.communities.index}
    for row in rows.to_dict("records"):
        told[row["community_id"]].append(explain_finding(row, rules[row["rule_id"]], texts))
    communities = run.communities[["name", "setting", "geometry"]].assign(
        reasons=["<br>".join(lines) for lines in told.values()]
    )
    west, south, east, north = communities.total_bounds
    drawn = folium.Map(location=[(south + north) / 2, (west + east) / 2], tiles=None, zoom_start=10)
    folium.GeoJson(
        communities,
        style_function=lambda _: {"fillColor": "#8fcfd1", "color": "#4b4a46", "weight": 1},
        tooltip=folium.GeoJsonTooltip(["name", "setting", "reasons"]),
    ).add_to(drawn)
    folium.GeoJson(run.isochrones, show=False).add_to(drawn)
    for name, point in zip(run.facilities["name"], run.facilities.geometry, strict=True):
        folium.CircleMarker([point.y, point.x], radius=4, tooltip=name).add_to(drawn)
    drawn.save(str(page))


def _task(
    maker: Callable[[Assessment, Path], None], run: Assessment, page: Path, worked: list[float]
) -> Callable[[], float]:
    """Return a task that makes a page; what the processor did for it is written down."""

    def task() -> float:
        start, before = time.perf_counter(), time.process_time()
        maker(run, page)
        worked.append(time.process_time() - before)
        return time.perf_counter() - start

    return task


@contextmanager
def _chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def _opening(browser: Any, page: Path) -> Callable[[], float]:
    """Return a task that opens a page and tells when it was drawn and answered to the pointer."""

    def task() -> float:
        context = browser.new_context(offline=True, viewport={"width": 1440, "height": 900})
        tab = context.new_page()
        tab.route(lambda url: url.startswith("http"), _hand_over)
        tab.goto(page.as_uri(), wait_until="load", timeout=120_000)
        seconds: float = tab.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame("
            "() => setTimeout(() => done(performance.now() / 1000)))))"
        )
        drawn = tab.locator(".leaflet-container canvas, .leaflet-container path").count()
        context.close()
        if not drawn:
            message = f"{page.name} shows no map"
            raise RuntimeError(message)
        return seconds

    return task


def _hand_over(route: Any) -> None:
    """Answer for the servers that folium's scripts come from: Leaflet, and nothing else."""
    url = route.request.url
    leaflet = "leaflet@" in url or "/leaflet/" in url
    if leaflet and url.endswith("leaflet.js"):
        route.fulfill(body=vendored_script(), content_type="text/javascript")
    elif leaflet and url.endswith("leaflet.css"):
        route.fulfill(body=vendored_style(), content_type="text/css")
    else:
        route.fulfill(
            body="", content_type="text/css" if url.endswith(".css") else "text/javascript"
        )
