"""A failing run leaves what was there; text that means harm stays text; arguments are checked."""

import csv
import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest

from circles.errors import CirclesError, OutputError
from circles.files import isochrone_file
from circles.outputs import FILES
from circles.pipeline import run_project
from tests.small_town import (
    PROJECT,
    STANDARD,
    Town,
    at,
    community,
    make_town,
    rectangle,
    run_circles,
    town_communities,
    write_communities,
)

HERE = "113.304,23.104"


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Draw the town into a folder of its own."""
    return make_town(tmp_path / "town")


@pytest.fixture
def finished(town: Town) -> Town:
    """Return the town after a run, with a file of the user's own among the results."""
    assert run_circles("run", town.project).code == 0
    (town.out / "notes.txt").write_text("mine", "utf-8")
    return town


def failed(town: Town, *words: str, options: tuple[str | Path, ...] = ()) -> None:
    """Run the project, which must fail with these words, by exit code 1, and change nothing."""
    before = town.files()
    outcome = run_circles("run", town.project, *options)
    assert outcome.code == 1, outcome
    assert outcome.out == ""
    for word in words:
        assert word in outcome.err
    assert town.files() == before


def full_disk(*_: object, **__: object) -> None:
    """Stand in for a function that writes to a disk without room."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# Results that cannot be written


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("facilities.csv", "facilities.csv is a file)"),
        ("facilities.csv/deeper/out", "facilities.csv is a file)"),
        ("o" * 300, "File name too long"),
    ],
)
def test_a_file_where_the_results_should_be(town: Town, place: str, words: str) -> None:
    """A results folder that cannot be one is refused, whether the option or the project says it."""
    advice = "choose another folder with --out"
    failed(
        town,
        "the results cannot be written (",
        words,
        advice,
        options=("--out", town.folder / place),
    )
    town.edit(('dir = "out"', f'dir = "{place}"'))
    failed(town, "the results cannot be written (", words, advice)


def test_what_cannot_be_written_is_refused_before_anything_is_computed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for a long run only to hear that its folder is none."""
    monkeypatch.setattr("circles.pipeline.read_project", full_disk)
    town.out.write_text("a file", "utf-8")
    failed(town, "out is a file)")


def test_a_folder_where_a_result_should_be(town: Town) -> None:
    """A folder that has the name of a result is left alone, with what is in it."""
    (town.out / "results.json").mkdir(parents=True)
    (town.out / "results.json" / "mine.txt").write_text("mine", "utf-8")
    failed(town, "a folder stands where a result should be: results.json")


def test_results_never_replace_an_input(finished: Town) -> None:
    """A project that reads a file by the name of a result is not run over it."""
    results = finished.out / "results.gpkg"
    frame = gpd.GeoDataFrame.from_features(town_communities(), crs=4326)
    results.unlink()
    frame.to_file(results)
    finished.edit(("communities.geojson", "out/results.gpkg"))
    failed(finished, "the project reads what would be replaced: results.gpkg")


@pytest.mark.parametrize("step", ["render_map", "write_workbook", "write_layers", "write_summary"])
def test_a_write_that_fails_in_the_middle(
    finished: Town, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """If one of the results cannot be written, those of the last run stay, all of them."""
    monkeypatch.setattr(f"circles.outputs.{step}", full_disk)
    finished.edit(("Small Town", "Another Town"))
    failed(finished, "out: the results cannot be written (No space left on device)")


@pytest.mark.parametrize("step", ["render_map", "write_workbook"])
def test_a_first_run_that_fails(town: Town, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """A folder that was made for results that failed goes again, and those above it."""
    monkeypatch.setattr(f"circles.outputs.{step}", full_disk)
    failed(town, "No space left on device", options=("--out", town.folder / "a" / "b" / "out"))


@pytest.mark.parametrize("moves", range(1, 2 * len(FILES), 3))
def test_a_move_that_fails(finished: Town, monkeypatch: pytest.MonkeyPatch, moves: int) -> None:
    """If a file cannot be moved into place, those that were moved are taken back."""
    rename = Path.rename
    countdown = iter(range(moves))

    def stuck(self: Path, target: Path) -> Path:
        if next(countdown, None) is None:
            full_disk()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stuck)
    finished.edit(("Small Town", "Another Town"))
    failed(finished, "the results cannot be written (No space left on device)")


def test_a_second_run_replaces_the_first(finished: Town) -> None:
    """A run replaces the files of the last one and leaves all others."""
    finished.edit(("Small Town", "Smaller Town"))
    assert run_circles("run", finished.project).code == 0
    assert finished.results()["name"] == "Smaller Town"
    assert {path.name for path in finished.out.iterdir()} == {*FILES, "notes.txt"}


def test_results_beside_the_inputs(town: Town) -> None:
    """The project's own folder may hold the results."""
    town.edit(('dir = "out"', 'dir = "."'))
    inputs = {path.name for path in town.folder.iterdir()}
    assert run_circles("run", town.project).code == 0
    assert {path.name for path in town.folder.iterdir()} == {*FILES, *inputs}
    assert [path.name for path in town.folder.parent.iterdir()] == ["town"]


# In a process of its own


def process(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command line as a program."""
    command = [sys.executable, "-m", "circles", *map(str, arguments)]
    root = str(Path(__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": root, **variables}
    return subprocess.run(command, capture_output=True, check=False, env=environment)


def test_faults_end_the_program_without_a_traceback(town: Town) -> None:
    """As a program too, a fault is exit code 2 and one message on the error stream."""
    town.facilities.unlink()
    done = process("run", town.project)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.decode().splitlines()[0] == f"{town.project}: 1 fault"
    assert b"Traceback" not in done.stderr


def test_a_terminal_that_lacks_letters(town: Town) -> None:
    """Where the terminal cannot show a letter it shows a question mark; the run is not lost."""
    town.edit(('lang = "en"', 'lang = "zh"'))
    done = process("run", town.project, PYTHONIOENCODING="latin-1")
    assert done.returncode == 0
    assert b"Small Town" in done.stdout
    assert b"?" in done.stdout
    assert done.stderr == b""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit to the size of a file")
def test_a_file_that_grows_too_large(town: Town) -> None:
    """When the system stops a write, the message says why and nothing is left."""
    before = town.files()
    limit = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); "
    start = "from circles.cli import main; sys.argv = ['circles', 'run', sys.argv[1]]; main()"
    done = subprocess.run(
        [sys.executable, "-c", limit + start, str(town.project)],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parent.parent,
    )
    assert done.returncode == 1
    assert b"the results cannot be written (File too large)" in done.stderr
    assert b"Traceback" not in done.stderr
    assert town.files() == before


# Text that means harm

HOSTILE = {
    "script": "<script>window.harmed=1</script>",
    "end of script": "</script><script>window.harmed=1</script>",
    "handler": '"><img src=x onerror=window.harmed=1>',
    "formula": '=HYPERLINK("http://example.org","click")',
    "command": "@SUM(1+1)|' /C calc'!A0",
    "minus": "-1+1",
    "path": "../../escape",
    "line break": "two\nlines",
    "gap": "{count} {0} %s {{7*7}} ${7*7} {% x %}",
    "comment": "<!--",
    "entity": "&lt;b&gt;",
    "right to left": "\u202egpj.exe",
}


def spoil_names(town: Town) -> None:
    """Give communities and facilities names that mean harm, and ids too."""
    width = 6 / len(HOSTILE)
    west = [-0.5 + number * width for number in range(len(HOSTILE))]
    features = [
        community(name, name, rectangle((left, -0.5), (left + width, 5.5)), people=50, old=5)
        for left, name in zip(west, HOSTILE.values(), strict=True)
    ]
    write_communities(town.communities, features)
    with town.facilities.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["name", "service", "lon", "lat"])
        for left, name in zip(west, HOSTILE.values(), strict=True):
            table.writerow([name, "elder_meal", *at(left + width / 2, 1)])


class _Page(HTMLParser):
    """The elements of a page, and the text of its scripts by their type."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs).get("type") or "text/javascript", ""))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] == "script" and self.cdata_elem == "script":
            kind, text = self.scripts[-1]
            self.scripts[-1] = (kind, text + data)


def pages(town: Town) -> Iterator[_Page]:
    """Read the map and the briefing, and the pages that are embedded in them."""
    for name in ("map.html", "briefing.html"):
        page = _Page((town.out / name).read_text("utf-8"))
        yield page
        for tag, attributes in page.elements:
            if tag == "iframe" and attributes.get("srcdoc"):
                yield _Page(attributes["srcdoc"] or "")


def code_of(page: _Page) -> list[str]:
    """Return what a browser would run."""
    return [text for kind, text in page.scripts if "json" not in kind]


def test_hostile_names_in_pages(town: Town) -> None:
    """Names reach the pages as data and text: no element, no handler, no code comes of them."""
    assert run_circles("run", town.project).code == 0
    sound = [code_of(page) for page in pages(town)]
    spoil_names(town)
    town.edit(("Small Town", "</title><script>window.harmed=1</script>"))
    assert run_circles("run", town.project).code == 0
    assert sum(map(len, sound)) > 0
    data = ""
    for page, code in zip(pages(town), sound, strict=True):
        assert len(code_of(page)) == len(code)
        assert not [text for text in code_of(page) if "harmed" in text]
        for tag, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on")], tag
            assert attributes.get("src") != "x"
        data += "".join(text for kind, text in page.scripts if "json" in kind)
    for name in HOSTILE.values():
        assert (
            json.dumps(name, ensure_ascii=False)[1:-1]
            .replace("<", "\\u003c")
            .replace(">", "\\u003e")
            .replace("&", "\\u0026")
            in data
        )


def test_hostile_names_in_tables(town: Town) -> None:
    """Names are text in the workbook, never a formula or a link, and unchanged in every table."""
    spoil_names(town)
    assert run_circles("run", town.project).code == 0
    book = openpyxl.load_workbook(town.out / "communities.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    shown = {cell.value for cell in cells}
    layer = gpd.read_file(town.out / "results.gpkg", layer="communities")
    found = town.results()["communities"]
    for name in HOSTILE.values():
        assert name in shown
        assert found[name]["name"] == name
        assert name in set(layer["name"])


def test_hostile_names_make_no_files(town: Town) -> None:
    """No name becomes a path: a run leaves its own files and no others."""
    before = set(town.folder.parent.rglob("*"))
    spoil_names(town)
    assert run_circles("run", town.project).code == 0
    new = set(town.folder.parent.rglob("*")) - before
    assert new == {town.out, *(town.out / name for name in FILES)}


def test_control_characters_in_names(town: Town) -> None:
    """What a terminal would obey or XML cannot hold becomes a space before it goes anywhere."""
    features = town_communities()
    features[0]["properties"]["name"] = "\x1b[2J\x07West\x9b1m\x7f"
    features[0]["properties"]["code"] = "A\x001"
    write_communities(town.communities, features)
    outcome = run_circles("run", town.project)
    assert outcome.code == 0
    names = {found["name"] for found in town.results()["communities"].values()}
    assert "[2J West 1m" in names
    for name in ("map.html", "briefing.html", "results.json", "manifest.json"):
        assert not {"\x1b", "\x07", "\x9b", "\x7f", "\x00"} & set(
            (town.out / name).read_text("utf-8")
        )
    assert not {"\x1b", "\x07"} & set(outcome.out + outcome.err)


# Arguments


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--at", "a,b"), "--at 'a,b' cannot be read; write it like longitude,latitude"),
        (("--at", "113.3"), "--at '113.3' cannot be read; write it like longitude,latitude"),
        (("--at", "113.3,23.1,5"), "cannot be read; write it like longitude,latitude"),
        (("--at", "nan,nan"), "--at 'nan,nan' cannot be read"),
        (("--at", "inf,23.1"), "--at 'inf,23.1' cannot be read"),
        (("--at", "23.104,113.304"), "23.104,113.304 is no place on Earth; longitude comes first"),
        (
            ("--at", "13.1,23.1"),
            "is it lon,lat? The streets span longitude 113.3000-113.3100, latitude 23.1000-23.1100",
        ),
        (("--at", "13.1,23.1"), "13.1,23.1 is far from every street of town.osm.pbf"),
        (("--minutes", "0"), "minutes must be positive numbers, at least one; got [0.0]"),
        (("--minutes", "5,-1"), "minutes must be positive numbers, at least one; got [5.0, -1.0]"),
        (("--minutes", "5;10"), "--minutes '5;10' cannot be read; write it like 5,10,15"),
        (("--minutes", ""), "--minutes '' cannot be read; write it like 5,10,15"),
        (("--minutes", "inf"), "--minutes 'inf' cannot be read; write it like 5,10,15"),
        (("--profile", "aduld"), "no walking profile 'aduld'; there are: adult, senior"),
        (("--direction", "both"), "direction 'both' is not known; use to or from"),
        (("--out", "area.shp"), "area.shp: isochrones are written as GeoJSON"),
    ],
)
def test_arguments_of_isochrone(town: Town, options: tuple[str, str], words: str) -> None:
    """Each argument of `circles isochrone` that cannot be is refused with an example."""
    given = {"--at": HERE, "--out": str(town.folder / "area.geojson"), **dict([options])}
    before = town.files()
    outcome = run_circles(
        "isochrone", town.extract, *(part for pair in given.items() for part in pair)
    )
    assert outcome.code == 2, outcome
    assert words in outcome.err
    assert outcome.out == ""
    assert town.files() == before


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nothing.osm.pbf", "nothing.osm.pbf: there is no such file; files there: 'town.osm.pbf'"),
        ("nothing.graphml", "nothing.graphml: no such file"),
        (
            "facilities.csv",
            "facilities.csv: not an OpenStreetMap extract; expected one of .osm.pbf",
        ),
        (".", "this is a folder; name a file in it"),
        ("o" * 300 + ".osm.pbf", "the file cannot be opened"),
    ],
)
def test_sources_of_isochrone(town: Town, source: str, words: str) -> None:
    """A street file that is not there or is none is refused."""
    out = town.folder / "area.geojson"
    outcome = run_circles("isochrone", town.folder / source, "--at", HERE, "--out", out)
    assert outcome.code == 2, outcome
    assert words in outcome.err
    assert not out.exists()


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("none/area.geojson", "No such file or directory"),
        ("facilities.csv/area.geojson", "Not a directory"),
        ("folder.geojson", "Is a directory"),
    ],
)
def test_isochrones_that_cannot_be_written(town: Town, place: str, words: str) -> None:
    """A place that cannot be written to is the run's failure, not the input's."""
    (town.folder / "folder.geojson").mkdir()
    before = town.files()
    outcome = run_circles("isochrone", town.extract, "--at", HERE, "--out", town.folder / place)
    assert outcome.code == 1
    assert f"the file cannot be written ({words})" in outcome.err
    assert town.files() == before


def test_isochrones_replace_a_file(town: Town) -> None:
    """A file that is there is replaced by one that anybody may read who may read its folder."""
    out = town.folder / "area.geojson"
    out.write_text("old", "utf-8")
    permissions = town.project.stat().st_mode
    outcome = run_circles("isochrone", town.extract, "--at", HERE, "--out", out, "--minutes", "5")
    assert outcome.code == 0, outcome
    assert len(gpd.read_file(out)) == 1
    assert out.stat().st_mode == permissions


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("run", "circles.toml", "--lang", "de"),
            "no texts in the language 'de'; use one of: zh, en",
        ),
        (("check", "circles.toml", "--lang", "de"), "no texts in the language 'de'"),
        (("demo", "--lang", "de"), "no texts in the language 'de'"),
        (("standards", "list", "--lang", "de"), "no texts in the language 'de'"),
        (("standards", "show", "guangzhou"), "there is no standard 'guangzhou'; bundled standards"),
        (("standards", "show", "none.toml"), "none.toml: the standard's file cannot be opened"),
        (("standards", "check", "none.toml"), "none.toml: the standard's file cannot be opened"),
        (("check", "none.toml"), "none.toml: there is no such file; files there: "),
        (("run",), "Missing argument"),
        (("run", "circles.toml", "--langg", "en"), "No such option"),
        (("rum", "circles.toml"), "No such command"),
    ],
)
def test_arguments_of_other_commands(
    town: Town, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    """An argument no command knows is exit code 2 and a sentence."""
    monkeypatch.chdir(town.folder)
    before = town.files()
    outcome = run_circles(*arguments)
    assert outcome.code == 2, outcome
    assert words in outcome.err
    assert town.files() == before


# From Python


@pytest.mark.parametrize(
    "spoil",
    [
        lambda town: town.project.write_text(PROJECT.replace("osm =", "osn ="), "utf-8"),
        lambda town: town.standard.write_text(STANDARD.replace("60+", "sixty!"), "utf-8"),
        lambda town: town.extract.write_bytes(town.extract.read_bytes()[:200]),
        lambda town: town.communities.write_text("{}", "utf-8"),
        lambda town: town.facilities.write_bytes(b"\xff\xfe\x00"),
    ],
    ids=["project", "standard", "extract", "communities", "facilities"],
)
def test_the_library_raises_its_own_errors(town: Town, spoil: Callable[[Town], object]) -> None:
    """In Python a bad input is a `CirclesError` that names its file, and a `ValueError`."""
    spoil(town)
    with pytest.raises(CirclesError, match=str(town.folder)) as caught:
        run_project(town.project)
    assert isinstance(caught.value, ValueError)


def test_the_library_raises_output_errors(town: Town) -> None:
    """What cannot be written is an `OutputError`, which is not the input's fault."""
    with pytest.raises(OutputError, match="is a file") as caught:
        run_project(town.project, out_dir=town.facilities)
    assert not isinstance(caught.value, ValueError)
    with pytest.raises(OutputError, match="cannot be written"):
        isochrone_file(
            town.extract,
            lon=113.304,
            lat=23.104,
            minutes=[5],
            profile="adult",
            direction="to",
            out=town.folder / "none" / "area.geojson",
        )
