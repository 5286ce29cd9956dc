"""Pages in headless Chromium, driven by Playwright with the network switched off."""

import contextlib
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESKTOP, PHONE = (1280, 800), (390, 844)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start the Chromium of this machine."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program is not None, f"Chromium is not installed (looked for {', '.join(NAMES)})"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Opened:
    """An open page: what it asked for, what it complained of, and ways to use it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def find(self, selector: str) -> Locator:
        """Return what a selector finds."""
        return self.page.locator(selector)

    def ask(self, expression: str, argument: object = None) -> Any:
        """Evaluate JavaScript in the page."""
        return self.page.evaluate(expression, argument)

    def until(self, expression: str, *, seconds: float = 10) -> None:
        """Wait until JavaScript in the page is true; its policy lets nothing else watch it."""
        deadline = time.monotonic() + seconds
        while not self.page.evaluate(expression):
            assert time.monotonic() < deadline, f"still not true: {expression}"
            self.page.wait_for_timeout(20)

    def spot(self, expression: str) -> tuple[float, float]:
        """Return where a place lies in the window; the expression gives a Leaflet LatLng."""
        x, y = self.ask(
            "() => { const box = circles_map.getContainer().getBoundingClientRect();"
            f"const at = circles_map.latLngToContainerPoint({expression});"
            "return [box.left + at.x, box.top + at.y]; }"
        )
        return x, y

    def hover(self, expression: str) -> str:
        """Point at a place of the map and return what the tooltip says."""
        x, y = self.spot(expression)
        self.page.mouse.move(x - 3, y)
        self.page.mouse.move(x, y)
        tip = self.find(".circles-tip:not([hidden])")
        tip.wait_for()
        return tip.inner_text()

    def click(self, expression: str) -> str:
        """Close the card, click at a place of the map and return what the card then says."""
        self.page.keyboard.press("Escape")
        self.page.mouse.click(*self.spot(expression))
        card = self.find(".circles-detail:not([hidden])")
        card.wait_for()
        return card.inner_text()


@contextlib.contextmanager
def opened(
    browser: Browser,
    path: Path,
    *,
    size: tuple[int, int] = DESKTOP,
    offline: bool = True,
    ready: str = ".circles-ready",
) -> Iterator[Opened]:
    """Open a file in a window of its own.

    Parameters
    ----------
    browser
        Chromium.
    path
        The file.
    size
        Width and height of the window; a narrow one is a phone's.
    offline
        Whether the network is switched off.
    ready
        What must be there before the page counts as open; nothing in particular if empty.
    """
    phone = size[0] < 600
    context = browser.new_context(
        offline=offline,
        viewport={"width": size[0], "height": size[1]},
        is_mobile=phone,
        has_touch=phone,
    )
    page = context.new_page()
    shown = Opened(page)
    page.on("request", lambda request: shown.requests.append(request.url))
    page.on("pageerror", lambda error: shown.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (shown.complaints.append(dialog.message), dialog.dismiss()))
    page.on(
        "console",
        lambda said: (
            shown.complaints.append(said.text) if said.type in {"error", "warning"} else None
        ),
    )
    page.goto(path.as_uri())
    if ready:
        page.wait_for_selector(ready)
    try:
        yield shown
    finally:
        context.close()
