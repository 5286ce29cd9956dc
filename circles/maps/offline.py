"""Pages that need nothing from outside: scripts and styles inside, and a check that it is so."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from circles.errors import OutputError
from circles.texts import Lang

HTML_LANG: Final[dict[Lang, str]] = {"zh": "zh-CN", "en": "en"}
"""The languages of the texts as HTML names them."""

_LOADING = frozenset(
    {
        "action", "background", "data", "formaction", "href", "manifest", "ping",
        "poster", "src", "srcset", "xlink:href",
    }
)  # fmt: skip
_INSIDE = re.compile(r"\s*(#|data:|about:srcdoc|$)")
_STYLE_LOADS = re.compile(r"@import|url\(\s*[\"']?(?!\s*[\"']?(?:#|data:))", re.IGNORECASE)
_SCRIPT_LOADS = re.compile(
    r"https?://(?!www\.w3\.org/|leafletjs\.com)|sourceMappingURL|\bimport\s*\(|\bfetch\s*\("
    r"|XMLHttpRequest|\bWebSocket\b|\bEventSource\b|sendBeacon"
)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_MAP_COMMENT = re.compile(r"\s*//# sourceMappingURL=.*\s*$")
_URL = re.compile(r"url\((images/[^)]+)\)")


def vendored_script() -> str:
    """Return Leaflet's script with its licence, without the link to its source map."""
    folder = files("circles.vendor") / "leaflet"
    script = _MAP_COMMENT.sub("\n", _text(folder / "leaflet.js"))
    return f"/*\n{_text(folder / 'LICENSE')}*/\n{script}"


def vendored_style() -> str:
    """Return Leaflet's style sheet with its images inside."""
    folder = files("circles.vendor") / "leaflet"

    def inline(match: re.Match[str]) -> str:
        image = base64.b64encode(folder.joinpath(match[1]).read_bytes()).decode("ascii")
        return f"url(data:image/png;base64,{image})"

    return _URL.sub(inline, _text(folder / "leaflet.css"))


def page_asset(name: str) -> str:
    """Return one of the map page's own scripts or styles by its file name."""
    return _text(files("circles.maps") / "page" / name)


def json_for_html(value: object) -> str:
    """Return JSON that can stand inside a ``<script>`` element whatever its strings hold."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def seal(page: str, *, also: Iterable[str] = (), pictures: Iterable[str] = ()) -> str:
    """Put a content policy into a page: its own inline scripts may run, and nothing may load.

    Parameters
    ----------
    page
        HTML with a ``<head>``; its own scripts stand in ``<script>`` without attributes.
    also
        Pages embedded in this one, whose scripts may run too: a frame obeys its host's policy.
    pictures
        Servers that pictures may be loaded from, such as ``"https://tile.example.org"``.
    """
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for part in (page, *also)
        for script in _SCRIPT.findall(part)
    ]
    allowed = " ".join(dict.fromkeys(hashes)) or "'none'"
    policy = (
        f"default-src 'none'; script-src {allowed}; "
        f"style-src 'unsafe-inline'; img-src {' '.join(('data:', *pictures))}; "
        "base-uri 'none'; form-action 'none'"
    )
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return page.replace("<head>", f"<head>\n{meta}", 1)


def refuse_outside_references(page: str) -> None:
    """Check that a page asks for nothing outside itself.

    Raises
    ------
    OutputError
        An element, a style or a script of the page names something to load.
    """
    reader = _References()
    reader.feed(page)
    reader.close()
    if reader.found:
        shown = ", ".join(reader.found[:5])
        message = (
            f"the page refers to {len(reader.found)} thing(s) outside itself: {shown}; "
            "it would not work without a network"
        )
        raise OutputError(message)


class _References(HTMLParser):
    """Collects what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = dict(attrs).get("type") or "text/javascript"
        self._inside = tag if tag != "script" or "javascript" in kind or kind == "module" else ""
        if tag in {"base", "embed", "object"}:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name in _LOADING and value is not None and not _INSIDE.match(value):
                self.found.append(f"<{tag} {name}={value[:60]!r}>")
            if name == "style" and value is not None:
                self._look(_STYLE_LOADS, value)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self._look(_STYLE_LOADS, data)
        elif self._inside == "script":
            self._look(_SCRIPT_LOADS, data)

    def _look(self, pattern: re.Pattern[str], text: str) -> None:
        self.found.extend(
            text[match.start() : match.start() + 60] for match in pattern.finditer(text)
        )


def _text(file: Traversable) -> str:
    return file.read_text("utf-8").replace("\r\n", "\n")
