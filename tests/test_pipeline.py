"""The main job on the bundled sample: files in, results folder out, twice the same."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pyogrio
import pytest

from circles.outputs import FILES
from circles.pipeline import RunResult, run_project

SAMPLE = Path(__file__).parent.parent / "data" / "sample" / "circles.toml"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, RunResult]:
    """Run the sample twice into two folders."""
    folder = tmp_path_factory.mktemp("runs")
    first, second = (run_project(SAMPLE, out_dir=folder / name) for name in ("one", "two"))
    return first, second


def read_json(run: RunResult, name: str) -> Any:
    """Return one of a run's JSON files."""
    return json.loads((run.out_dir / name).read_text("utf-8"))


def test_a_run_leaves_exactly_its_files(runs: tuple[RunResult, RunResult]) -> None:
    """The results folder holds its nine files and nothing beside it is left over."""
    folder = runs[0].out_dir
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["one", "two"]


def test_two_runs_are_the_same_but_for_run_json(runs: tuple[RunResult, RunResult]) -> None:
    """Equal inputs give equal bytes; only the clock's file differs."""
    for name in FILES:
        if name != "run.json":
            one, two = ((run.out_dir / name).read_bytes() for run in runs)
            assert one == two, name


def test_run_json_holds_the_clock(runs: tuple[RunResult, RunResult]) -> None:
    """Times and memory stand in run.json alone."""
    record = read_json(runs[0], "run.json")
    assert set(record["steps"]) == {"read_s", "check_s", "assess_s", "write_s"}
    assert record["elapsed_s"] >= sum(record["steps"].values()) - 0.01
    # The smaller steps are those that progress names; what lies between them is not in any.
    assert {"streets", "join", "coverage", "map.html", "results.gpkg"} <= set(record["parts"])
    assert sum(part["elapsed_s"] for part in record["parts"].values()) <= record["elapsed_s"] + 0.1
    assert all(part["processor_s"] >= 0 for part in record["parts"].values())


def test_the_manifest_accounts_for_every_input(runs: tuple[RunResult, RunResult]) -> None:
    """Each file's checksum is that of the file, and paths are as the project file has them."""
    manifest = read_json(runs[0], "manifest.json")
    paths = {entry["key"]: entry["path"] for entry in manifest["inputs"]}
    assert paths == {
        "project": "circles.toml",
        "network.osm": "district.osm.pbf",
        "communities.path": "communities.gpkg",
        "facilities 1, path": "facilities.xlsx",
        "facilities 2, path": "childcare.csv",
    }
    for entry in manifest["inputs"]:
        data = (SAMPLE.parent / entry["path"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
    assert manifest["as_of"] == "2026-06-30"
    assert str(SAMPLE.parent) not in json.dumps(manifest)


def test_the_manifest_repeats_every_assumption(runs: tuple[RunResult, RunResult]) -> None:
    """The standard's assumptions and the run's own all stand there, in words."""
    manifest = read_json(runs[0], "manifest.json")
    standard = runs[0].assessment.standard
    told = {item["id"] for item in manifest["assumptions"]}
    assert {assumption.id for assumption in standard.assumptions} <= told
    assert {"private_ways", "steps", "map_complete", "floor_area"} <= told
    assert all(item["text"] for item in manifest["assumptions"])


def test_every_kind_of_verdict_occurs(runs: tuple[RunResult, RunResult]) -> None:
    """The sample shows a reader all four verdicts."""
    assert set(runs[0].assessment.verdicts["verdict"]) == {
        "met",
        "not_met",
        "insufficient_data",
        "not_applicable",
    }


def test_layers_and_tables_tell_the_same_story(runs: tuple[RunResult, RunResult]) -> None:
    """GeoPackage, workbook and JSON agree on how many communities there are, by tier verdict."""
    folder = runs[0].out_dir
    communities = pyogrio.read_dataframe(folder / "results.gpkg", layer="communities")
    results = read_json(runs[0], "results.json")
    book = openpyxl.load_workbook(folder / "communities.xlsx", read_only=True)
    assert len(communities) == len(results["communities"]) == 19
    text = "\n".join(
        str(cell) for row in book["社区"].iter_rows(values_only=True) for cell in row if cell
    )
    assert all(name in text for name in communities["name"])
    layers = {name for name, _ in pyogrio.list_layers(folder / "results.gpkg")}
    assert {"communities", "facilities", "isochrones"} <= layers


def test_isochrones_of_every_need_are_there(runs: tuple[RunResult, RunResult]) -> None:
    """Each need with a time rule has its 15- and 30-minute (or 10-minute) areas."""
    table = runs[0].assessment.isochrones
    by_service = table.groupby("service")["minutes"].apply(lambda m: sorted(set(m)))
    assert by_service["elder_meal"] == [15.0, 30.0]
    assert by_service["culture"] == [10.0]
    assert not table.geometry.is_empty.any()


def test_fiction_is_labelled_everywhere(runs: tuple[RunResult, RunResult]) -> None:
    """Map, page, workbook and JSON say 虚构."""
    folder = runs[0].out_dir
    for name in ("map.html", "briefing.html"):
        assert "虚构数据" in (folder / name).read_text("utf-8")
    assert read_json(runs[0], "results.json")["fictional"] is True
    book = openpyxl.load_workbook(folder / "communities.xlsx", read_only=True)
    for sheet in book.worksheets:
        head = "".join(
            str(cell) for row in sheet.iter_rows(max_row=3, values_only=True) for cell in row
        )
        assert "虚构" in head, sheet.title


def circles(*arguments: object, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run the command line."""
    return subprocess.run(
        [sys.executable, "-m", "circles", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_demo_says_what_to_open(tmp_path: Path) -> None:
    """`circles demo` needs no file, shows no progress when not on a terminal, names the map."""
    done = circles("demo", "--lang", "en", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert f"Open: {tmp_path / 'demo' / 'map.html'}" in done.stdout
    assert (tmp_path / "demo" / "map.html").is_file()


def test_check_reads_without_scoring(tmp_path: Path) -> None:
    """`circles check` counts what was found and writes nothing."""
    done = circles("check", SAMPLE, "--lang", "en", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("OK to run: ")
    assert "\n19 communities (14 urban, 5 rural)" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_isochrones_from_the_command_line(tmp_path: Path) -> None:
    """`circles isochrone` writes one feature for each limit, each inside the next."""
    import geopandas as gpd

    out = tmp_path / "x.geojson"
    extract = SAMPLE.parent / "district.osm.pbf"
    middle = pyogrio.read_info(SAMPLE.parent / "communities.gpkg")["total_bounds"]
    at = f"{(middle[0] + middle[2]) / 2},{(middle[1] + middle[3]) / 2}"
    done = circles(
        "isochrone", extract, f"--at={at}", "--out", out, "--minutes", "5,10", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    table = gpd.read_file(out)
    assert table["minutes"].tolist() == [5.0, 10.0]
    assert table.geometry.iloc[0].area < table.geometry.iloc[1].area


def test_standards_are_listed_and_shown(tmp_path: Path) -> None:
    """`circles standards list` names the bundled ones, `show` says what one requires."""
    listed = circles("standards", "list", cwd=tmp_path)
    shown = circles("standards", "show", "guangzhou-1530", "--lang", "en", cwd=tmp_path)
    assert "guangzhou-1530" in listed.stdout
    assert "urban 15 min, rural 30 min; at least 85% of residents aged 60 and over" in shown.stdout


def test_wrong_input_ends_with_one_message(tmp_path: Path) -> None:
    """A missing project file is exit code 2 and a sentence, never a traceback."""
    done = circles("run", "nowhere.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip() == "nowhere.toml: there is no such file; there are no files there"
