"""Whole runs under several bundled standards: the workbook is full and says what is assumed."""

import os
import shutil
from pathlib import Path

import openpyxl
import pytest

from circles.pipeline import run_project
from circles.standards.model import Standard

ROOT = Path(__file__).parent.parent
STANDARDS = ("guangzhou-1530", "gb50180-2018", "shanghai-15min")


def under(project: Path, standard: str, folder: Path) -> Path:
    """Run a project under another standard; return its workbook."""
    text = project.read_text("utf-8").replace('"guangzhou-1530"', f'"{standard}"')
    copy = folder / "circles.toml"
    copy.write_text(text, "utf-8")
    out = folder / "out"
    run_project(copy, out_dir=out)
    return out / "communities.xlsx"


def check_workbook(path: Path, standard: Standard, communities: int) -> None:
    """Look for every community, a line for each of its rules, and every assumption."""
    sheets = openpyxl.load_workbook(path).worksheets
    cells = [[str(cell) for line in sheet.values for cell in line if cell] for sheet in sheets]
    lang = "zh" if sheets[0].title == "概览" else "en"
    listed = [line for line in sheets[2].values if any(line)]
    assert len(listed) > communities
    second = "\n".join(cells[1])
    used = {a for rule in standard.access_rules for a in rule.assumptions}
    told = [standard.assumption(name).text[lang] for name in sorted(used)]
    assert told
    assert [words for words in told if words not in second] == []
    everything = {cell for page in cells for cell in page}
    missing = [r.name[lang] for r in standard.access_rules if r.name[lang] not in everything]
    assert missing == []


@pytest.mark.parametrize("standard", STANDARDS)
def test_the_sample_under_a_bundled_standard(standard: str, tmp_path: Path) -> None:
    """All 19 communities, all access rules, and the assumptions on the second sheet."""
    shutil.copytree(ROOT / "data" / "sample", tmp_path, dirs_exist_ok=True)
    book = under(tmp_path / "circles.toml", standard, tmp_path)
    check_workbook(book, Standard.load(standard), 19)


@pytest.mark.real
@pytest.mark.parametrize("standard", STANDARDS)
def test_las_palmas_under_a_bundled_standard(standard: str, tmp_path: Path) -> None:
    """The same for the 29 areas of a real city; a missing folder of data is a failure."""
    assert Path(os.environ["CIRCLES_REAL_DATA"]).is_dir()
    book = under(ROOT / "examples" / "las_palmas.toml", standard, tmp_path)
    check_workbook(book, Standard.load(standard), 29)
