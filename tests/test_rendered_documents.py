"""The workbook and the report as a reader sees them: made into pages, the Chinese is there."""

import re
import subprocess
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from circles.reports.document import write_document
from circles.reports.workbook import write_workbook
from circles.texts import load_texts
from tests.drawn_assessment import drawn_assessment

DRAWN = drawn_assessment()
DPI = 200
HAN = re.compile("[\u4e00-\u9fff]{3,6}")
CHINESE_FONT = re.compile("CJK|Song|Hei|Fang|Kai|Ming|WenQuan")
#: Two signs differ in at least this share of the dots that either has.
LEAST_DIFFERENCE = 0.2

Bitmap = NDArray[np.bool_]


def run(*command: object) -> str:
    """Run a program; return what it prints."""
    done = subprocess.run(
        [str(word) for word in command], check=True, capture_output=True, timeout=300
    )
    return done.stdout.decode("utf-8")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with workbook and report as PDF, in both languages."""
    folder = tmp_path_factory.mktemp("office")
    files = []
    for lang in ("zh", "en"):
        write_workbook(DRAWN, folder / f"book-{lang}.xlsx", lang=lang)
        write_document(DRAWN, folder / f"report-{lang}.docx", lang=lang)
        files += [folder / f"book-{lang}.xlsx", folder / f"report-{lang}.docx"]
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    run("soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder, *files)
    return folder


def same_signs(bitmaps: list[Bitmap]) -> bool:
    """Tell whether signs are empty or look alike, as the boxes of missing ones do."""
    if not all(bitmap.any() for bitmap in bitmaps):
        return True
    for first, second in combinations(bitmaps, 2):
        either = (first | second).sum()
        if (first ^ second).sum() < LEAST_DIFFERENCE * either:
            return True
    return False


def words_on(pdf: Path, page: int) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Return the words of a page that are Chinese throughout, with their boxes in points."""
    text = run("pdftotext", "-f", page, "-l", page, "-bbox", pdf, "-")
    root = ElementTree.fromstring(text)  # noqa: S314 - written by pdftotext
    found = []
    for word in root.iter("{http://www.w3.org/1999/xhtml}word"):
        told = word.text or ""
        if HAN.fullmatch(told) and len(set(told)) == len(told):
            west, north, east, south = (
                float(word.attrib[key]) for key in ("xMin", "yMin", "xMax", "yMax")
            )
            found.append((told, (west, north, east, south)))
    return found


def bitmaps_of(page: Image.Image, box: tuple[float, ...], count: int) -> list[Bitmap]:
    """Cut a word into its signs, which are all as wide as each other."""
    west, north, east, south = (edge * DPI / 72 for edge in box)
    width = (east - west) / count
    return [
        np.asarray(
            page.crop(
                (round(west + i * width), round(north), round(west + (i + 1) * width), round(south))
            ).resize((24, 24))
        )
        < 128
        for i in range(count)
    ]


def dark_on_light(page: Image.Image, box: tuple[float, ...]) -> bool:
    """Tell whether a word's ground is lighter than its ink; headings of tables are not."""
    part = page.crop(tuple(round(edge * DPI / 72) for edge in box))
    return float(np.median(np.asarray(part))) > 128


@pytest.mark.browser
@pytest.mark.parametrize("name", ["book-zh", "report-zh", "book-en", "report-en"])
def test_chinese_fonts_are_in_the_pages(pages: Path, name: str) -> None:
    """Every font is embedded, and one of them has Chinese signs."""
    lines = run("pdffonts", pages / f"{name}.pdf").splitlines()[2:]
    assert lines
    assert all(line.split()[-5] == "yes" for line in lines)
    assert any(CHINESE_FONT.search(line) for line in lines)


@pytest.mark.browser
@pytest.mark.parametrize("name", ["book-zh", "report-zh", "book-en", "report-en"])
def test_names_can_be_found_in_the_pages(pages: Path, name: str) -> None:
    """Names of communities are text in the pages, hostile ones too, and no sign was replaced."""
    text = "".join(run("pdftotext", "-raw", pages / f"{name}.pdf", "-").split())
    texts = load_texts(name[-2:])
    verdicts = DRAWN.verdicts
    short = verdicts.loc[verdicts["verdict"] == "not_met", "community_id"].unique()
    shown = (
        DRAWN.communities["name"] if name.startswith("book") else DRAWN.communities["name"][short]
    )
    assert len(shown) >= 2
    assert [own for own in shown if "".join(own.split()) not in text] == []
    assert "".join(texts("workbook.place").split()) in text
    assert "画里区" in text
    assert "\ufffd" not in text


@pytest.mark.browser
@pytest.mark.parametrize("name", ["book-zh", "report-zh", "book-en", "report-en"])
def test_chinese_is_drawn_without_empty_boxes(pages: Path, name: str) -> None:
    """Different signs look different on the page: the box of a missing sign is always the same."""
    run("pdftoppm", "-r", DPI, "-gray", "-l", 9, "-png", pages / f"{name}.pdf", pages / name)
    looked_at = 0
    for number, picture in enumerate(sorted(pages.glob(f"{name}-*.png")), 1):
        with Image.open(picture) as page:
            page.load()
        for word, box in words_on(pages / f"{name}.pdf", number):
            if dark_on_light(page, box):
                looked_at += 1
                assert not same_signs(bitmaps_of(page, box, len(word))), (number, word)
    assert looked_at >= 2


def test_boxes_would_be_noticed() -> None:
    """Equal boxes and empty ground are told from signs that differ."""

    def drawn(*marks: tuple[int, int, int, int]) -> Bitmap:
        picture = Image.new("L", (24, 24), 255)
        for mark in marks:
            ImageDraw.Draw(picture).rectangle(mark, outline=0, width=2)
        return np.asarray(picture) < 128

    box, other = drawn((3, 3, 20, 20)), drawn((3, 3, 9, 20), (12, 6, 20, 9))
    assert same_signs([box, box.copy()])
    assert same_signs([other, drawn()])
    assert not same_signs([box, other])
