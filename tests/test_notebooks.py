"""The notebooks are clean, need nothing but what is here, and end in something to look at.

That they run is tested by running them: ``pytest --nbmake notebooks``.
"""

import ast
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NAMES = ("briefing.ipynb", "isochrone.ipynb", "own_standard.ipynb", "tutorial.ipynb")
HAN = re.compile("[\u3400-\u9fff]")
#: What a last line may call: pictures that are whole in themselves, the offline map, a shape.
LOOKED_AT = ("SVG(", "HTML(", "circles.map(", "circles.build_map(", ".geometry.iloc[")
#: Where a notebook may import from: all of it comes with the project, or with a notebook.
KNOWN = {
    *("circles", "geopandas", "pandas", "IPython"),
    *("dataclasses", "html", "pathlib", "shutil", "tempfile"),
}


@cache
def cells(name: str) -> list[dict[str, Any]]:
    """Return a notebook's cells."""
    found: list[dict[str, Any]] = json.loads((FOLDER / name).read_text("utf-8"))["cells"]
    return found


def code(name: str) -> str:
    """Return a notebook's code as one program."""
    own = [cell for cell in cells(name) if cell["cell_type"] == "code"]
    return "\n".join("".join(cell["source"]) for cell in own)


def test_these_are_the_notebooks() -> None:
    """No notebook escapes the tests below."""
    assert tuple(sorted(path.name for path in FOLDER.iterdir() if path.is_file())) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_run_is_kept(name: str) -> None:
    """No outputs, no counts, no traces of an editor or of a machine."""
    whole = json.loads((FOLDER / name).read_text("utf-8"))
    assert set(whole["metadata"]) == {"kernelspec", "language_info"}
    assert whole["metadata"]["kernelspec"]["name"] == "python3"
    assert whole["metadata"]["language_info"] == {"name": "python"}
    for cell in cells(name):
        assert cell["metadata"] == {}
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
        assert "attachments" not in cell
    ids = [cell["id"] for cell in cells(name)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", NAMES)
def test_only_the_sample_is_read(name: str) -> None:
    """Paths lead to the sample or to a temporary folder; nothing comes from the web."""
    program = code(name)
    assert "../data/sample" in program
    texts = [node.value for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Constant)]
    paths = [text for text in texts if isinstance(text, str) and text.startswith(("/", "~", ".."))]
    assert [path for path in paths if not path.startswith("../data/sample")] == []
    links = re.findall(r"https?://\S+", program)
    assert [link for link in links if not link.startswith("http://www.w3.org/2000/svg")] == []


@pytest.mark.parametrize("name", NAMES)
def test_only_known_libraries_are_used(name: str) -> None:
    """Whoever can run the project can run its notebooks."""
    used = set()
    for node in ast.walk(ast.parse(code(name))):
        if isinstance(node, ast.Import):
            used |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            used.add(str(node.module).partition(".")[0])
    assert used - KNOWN == set()
    assert "circles" in used


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_ends_in_something_to_look_at(name: str) -> None:
    """The last line shows a picture, a page or a map."""
    last = cells(name)[-1]
    assert last["cell_type"] == "code"
    shown = ast.parse("".join(last["source"])).body[-1]
    assert isinstance(shown, ast.Expr)
    assert any(word in ast.unparse(shown.value) for word in LOOKED_AT)


@pytest.mark.parametrize("name", NAMES)
def test_headings_speak_both_languages(name: str) -> None:
    """Each heading stands in English and in Chinese."""
    text = "\n".join("".join(c["source"]) for c in cells(name) if c["cell_type"] == "markdown")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    assert headings
    for heading in headings:
        english, _, chinese = heading.partition(" · ")
        assert english
        assert not HAN.search(english)
        assert HAN.search(chinese)


def test_an_isochrone_takes_five_lines() -> None:
    """The notebook keeps what its title says."""
    first = next(cell for cell in cells("isochrone.ipynb") if cell["cell_type"] == "code")
    lines = [line for line in first["source"] if line.strip()]
    assert len(lines) == 5
    assert "circles.isochrones(" in lines[-1]
