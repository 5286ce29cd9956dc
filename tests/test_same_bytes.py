"""The same inputs give the same bytes, whatever the process, the time zone and the locale."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from circles.outputs import FILES
from circles.reports.exports import FORMATS, export_names

SAMPLE = Path(__file__).parent.parent / "data" / "sample"
#: Two machines: sets are in another order, the day is another, and so are the letters.
MACHINES = (
    {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8"},
    {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Pago_Pago", "LC_ALL": "C"},
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Run the sample on each machine, with every output there is; return the results folders."""
    folder = tmp_path_factory.mktemp("machines")
    found = []
    for number, machine in enumerate(MACHINES):
        home = folder / f"{number}" / "云浦区"
        shutil.copytree(SAMPLE, home)
        project = home / "circles.toml"
        asked = "[output]\nformats = [" + ", ".join(f'"{name}"' for name in FORMATS) + "]"
        text = project.read_text("utf-8")
        assert "[output]" in text
        project.write_text(text.replace("[output]", asked), "utf-8")
        command = [sys.executable, "-m", "circles", "run", "circles.toml", "--out", "out"]
        done = subprocess.run(
            command, cwd=home, env={**os.environ, **machine}, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
        found.append(home / "out")
    return tuple(found)


def test_all_results_are_there(results: tuple[Path, ...]) -> None:
    """Both runs wrote every file of a results folder, and the layers in every format."""
    for folder in results:
        names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        assert names >= {*FILES, *export_names(FORMATS)}


def test_no_byte_differs(results: tuple[Path, ...]) -> None:
    """Pages, workbook, document, GeoPackage and layers are the same; only run.json tells times."""
    first, second = results
    files = sorted(path for path in first.rglob("*") if path.is_file())
    differing = [
        path.relative_to(first).as_posix()
        for path in files
        if path.read_bytes() != (second / path.relative_to(first)).read_bytes()
    ]
    assert differing == ["run.json"]
