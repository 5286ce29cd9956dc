"""The briefing as PDF: by WeasyPrint where it is installed, else by a browser of the machine."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

from circles.errors import OutputError
from circles.texts import Note

#: Names by which browsers that can print are started.
_NAMES: Final = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge",
    "microsoft-edge-stable", "msedge", "chrome",
)  # fmt: skip
#: Where Windows and macOS keep them; none of these is on the search path.
_PLACES: Final = (
    ("PROGRAMFILES(X86)", "Microsoft/Edge/Application/msedge.exe"),
    ("PROGRAMFILES", "Microsoft/Edge/Application/msedge.exe"),
    ("PROGRAMFILES", "Google/Chrome/Application/chrome.exe"),
    ("PROGRAMFILES(X86)", "Google/Chrome/Application/chrome.exe"),
    ("LOCALAPPDATA", "Google/Chrome/Application/chrome.exe"),
)
_APPLICATIONS: Final = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
_SECONDS: Final = 180
_DATES: Final = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}")
_UNDATED: Final = date(2000, 1, 1)


def write_pdf(page: str, path: Path, *, as_of: date | None = None) -> Note | None:
    """Print a page that `circles.reports.briefing.render_briefing` wrote for paper.

    The same page gives the same bytes, on one machine.

    Parameters
    ----------
    page
        The page, with no map to explore in it.
    path
        The file to write.
    as_of
        The date that the file bears.

    Returns
    -------
    Note or None
        Why there is no PDF; None if it was written.

    Raises
    ------
    OutputError
        The browser that should print it failed.
    """
    from circles.pictures.fonts import has_chinese, machine_fonts

    if has_chinese(page) and machine_fonts().chinese is None:
        return Note.of("charts.pdf_no_font")
    printed = _with_weasyprint(page)
    if printed is None:
        browser = next(_browsers(), None)
        if browser is None:
            return Note.of("charts.pdf_no_printer")
        printed = _with_browser(page, browser, as_of or _UNDATED)
    path.write_bytes(printed)
    return None


def _with_weasyprint(page: str) -> bytes | None:
    """Return the page as PDF; None if WeasyPrint or the libraries it draws with are not there."""
    try:
        import weasyprint
    except (ImportError, OSError):
        return None

    # All of the page is in it; what a template of the user's own asks for is not fetched either.
    fetcher = weasyprint.URLFetcher(allowed_protocols=("data",))
    document = weasyprint.HTML(string=page, url_fetcher=fetcher)
    return bytes(document.write_pdf())


def _browsers() -> Iterator[Path]:
    for name in _NAMES:
        if found := shutil.which(name):
            yield Path(found)
    folders = ((os.environ.get(variable), rest) for variable, rest in _PLACES)
    known = [Path(folder) / rest for folder, rest in folders if folder]
    yield from (path for path in (*known, *map(Path, _APPLICATIONS)) if path.is_file())


def _with_browser(page: str, browser: Path, as_of: date) -> bytes:
    # A browser may still hold its files for a moment after it has ended.
    with tempfile.TemporaryDirectory(prefix="circles-", ignore_cleanup_errors=True) as folder:
        source, target = Path(folder) / "page.html", Path(folder) / "page.pdf"
        source.write_text(page, "utf-8", newline="\n")
        command = [
            str(browser),
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={target}",
            source.as_uri(),
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # browsers do not start for root otherwise
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)  # noqa: S603
            return _dated(target.read_bytes(), as_of)
        except (OSError, subprocess.SubprocessError) as error:
            message = (
                f"{browser}: the browser could not print the briefing ({error}); open "
                "briefing.html and print it from there, or install circles[pdf]"
            )
            raise OutputError(message) from error


def _dated(pdf: bytes, as_of: date) -> bytes:
    """Put the data's date in the place of the moment of printing; no byte moves."""
    stamp = as_of.strftime("%Y%m%d000000").encode()
    return _DATES.sub(lambda match: b"/" + match[1] + b" (D:" + stamp, pdf)
