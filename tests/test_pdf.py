import datetime
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from circles.errors import OutputError
from circles.pictures import fonts
from circles.pictures.fonts import Fonts, machine_fonts
from circles.reports import pdf
from circles.reports.briefing import render_briefing
from circles.reports.pdf import write_pdf
from circles.texts import load_texts
from tests.drawn_assessment import SCRIPT_NAME, drawn_assessment

ZH = load_texts("zh")
DAY = datetime.date(2025, 6, 30)


@pytest.fixture(scope="module")
def page() -> str:
    """Write the drawn district's briefing for paper."""
    return render_briefing(drawn_assessment(), map_html=None)


def text_of(path: Path) -> str:
    """Read the words of a PDF."""
    said = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True)
    return said.stdout.decode("utf-8")


def fonts_of(path: Path) -> list[str]:
    """Return the fonts of a PDF that are inside it."""
    said = subprocess.run(["pdffonts", path], capture_output=True, check=True).stdout.decode()
    rows = said.splitlines()[2:]
    assert all(re.search(r" yes (yes|no ) (yes|no ) +\d+ +0$", row) for row in rows)
    return [row.split()[0] for row in rows]


def only_browsers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take WeasyPrint away."""
    monkeypatch.setattr(pdf, "_with_weasyprint", lambda _page: None)


@pytest.mark.browser
@pytest.mark.parametrize("printer", ["weasyprint", "browser"])
def test_a_pdf_is_the_page_on_a4_with_real_letters(
    tmp_path: Path, page: str, monkeypatch: pytest.MonkeyPatch, printer: str
) -> None:
    """Either printer gives the page's words, an embedded Chinese font, A4, and the same bytes."""
    if printer == "browser":
        only_browsers(monkeypatch)
    paths = [tmp_path / f"{n}.pdf" for n in (1, 2)]
    assert [write_pdf(page, path, as_of=DAY) for path in paths] == [None, None]
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    words = "".join(text_of(paths[0]).split())
    for part in ("短板清单", "414人", "荔枝里社区", SCRIPT_NAME, "1/3", "还差1～2个社区"):
        assert part in words
    letters = fonts_of(paths[0])
    # A browser may write the letters of a font as drawings, which have no name.
    wanted = "CJK|Hei|Song|Han|Ming" if printer == "weasyprint" else "CJK|Hei|Song|Han|Ming|none"
    assert any(re.search(wanted, name) for name in letters)
    sheets = re.findall(rb"/MediaBox ?\[ ?0 0 ([\d.]+) ([\d.]+)", first)
    if printer == "browser":
        assert {(round(float(w)), round(float(h))) for w, h in sheets} <= {(595, 842), (594, 841)}
        assert set(re.findall(rb"/(?:Creation|Mod)Date \(D:(\d{8})", first)) == {b"20250630"}


def test_without_a_printer_the_reader_is_told(
    tmp_path: Path, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither WeasyPrint nor a browser: no file, and words that say what would help."""
    only_browsers(monkeypatch)
    monkeypatch.setattr(pdf, "_browsers", lambda: iter(()))
    note = write_pdf(page, tmp_path / "x.pdf")
    assert note is not None
    assert "circles[pdf]" in ZH.note(note)
    assert list(tmp_path.iterdir()) == []


def test_without_a_chinese_font_there_is_no_pdf_of_boxes(
    tmp_path: Path, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Chinese page is not printed with boxes; the reader is told which font to install."""
    known = machine_fonts()
    monkeypatch.setattr(fonts, "machine_fonts", lambda: Fonts(None, known.regular, known.bold))
    note = write_pdf(page, tmp_path / "x.pdf")
    assert note is not None
    assert "Noto Sans CJK SC" in ZH.note(note)


def test_browsers_are_found_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows Edge is not on the search path; it is looked for in its folder."""
    edge = tmp_path / "Microsoft/Edge/Application/msedge.exe"
    edge.parent.mkdir(parents=True)
    edge.touch()
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(pdf, "_APPLICATIONS", ())
    assert list(pdf._browsers()) == []
    monkeypatch.setenv("PROGRAMFILES(X86)", str(tmp_path))
    assert list(pdf._browsers()) == [edge]


def test_a_browser_that_fails_is_an_output_error(
    tmp_path: Path, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser that ends with an error, or writes nothing, gives one clear sentence."""
    only_browsers(monkeypatch)
    for program in ("false", "true"):
        found = Path(str(shutil.which(program)))
        monkeypatch.setattr(pdf, "_browsers", lambda found=found: iter([found]))
        with pytest.raises(OutputError, match=r"briefing\.html"):
            write_pdf(page, tmp_path / "x.pdf")
    assert not (tmp_path / "x.pdf").exists()


def test_dates_are_replaced_without_moving_a_byte() -> None:
    """The moment of printing gives way to the date of the data."""
    before = b"x /CreationDate (D:20261122190000+00'00')\n/ModDate (D:20261122190001+00'00') y"
    after = pdf._dated(before, DAY)
    assert len(after) == len(before)
    assert after.count(b"(D:20250630000000+00'00')") == 2
