"""Take the pictures of the READMEs: the sample's map and briefing, in both languages.

Run it from the repository's root; it needs Chromium and Pillow.
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from circles import run_project  # noqa: E402 - the checkout comes first
from tests.browser import Browser, Page  # noqa: E402

IMAGES = ROOT / "docs" / "images"
#: A community that lacks something, and shows it.
SHOWN = "南堤社区"
_COLOURS = 192


def main() -> None:
    """Run the sample in both languages and take its pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        for lang in ("zh", "en"):
            out = Path(folder) / lang
            run_project(ROOT / "data" / "sample" / "circles.toml", out_dir=out, lang=lang)
            with browser.page(width=1280, height=800) as page:
                _map(page, out / "map.html", IMAGES / f"map-{lang}.png")
            with browser.page(width=1120, height=760) as page:
                page.open(out / "briefing.html")
                _save(page, IMAGES / f"briefing-{lang}.png")


def _map(page: Page, path: Path, picture: Path) -> None:
    page.open(path)
    page.wait("document.querySelector('.circles-ready') !== null")
    page.settle()
    place = page.ask(
        "(() => { const own = circlesMap.layers.communities;"
        f"const at = own.place(own.data.names.indexOf('{SHOWN}'));"
        "const { x, y } = circles_map.latLngToContainerPoint(at); return [x, y - 14]; })()"
    )
    page.hover(*place)
    page.wait("document.querySelector('.circles-tip:not([hidden])') !== null")
    _save(page, picture)


def _save(page: Page, picture: Path) -> None:
    page.screenshot(picture)
    with Image.open(picture) as shot:
        few = shot.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        few.save(picture, optimize=True)


if __name__ == "__main__":
    main()
