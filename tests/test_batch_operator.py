"""What an operator may do wrong or find in the way of a batch, and what is said of it then."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import geopandas as gpd
import pytest
from shapely import affinity
from typer.testing import CliRunner

from circles import batch_cli
from circles.batch import Standing, plan_batch, run, run_batch, work
from circles.batch.crew import CrewError, refuse_no_address
from circles.batch.cutting import City
from circles.batch.description import Unreadable, load_batch
from circles.batch.folder import clear_city, left_over
from circles.batch.jobs import KEPT, Job, folder_names
from circles.batch.work import Outcome, Task, score
from circles.cli import app
from circles.district import assess, prepare
from circles.errors import InputError, OutputError
from circles.inputs import read_district
from circles.network.saved import load_network, save_network
from circles.outputs import FILES
from circles.project import load_project
from circles.texts import load_texts
from tests.batches import STREETS, split_sample

JOB = Job("a", "a", "key")


def listed(folder: Path, *patterns: str) -> Path:
    """Write a list of projects; return it."""
    path = folder / "list.toml"
    path.write_text(f'name = "省"\n[batch]\nprojects = {json.dumps(patterns)}\n', "utf-8")
    return path


def county(folder: Path, name: str) -> Path:
    """Make a project of the sample under a name; return it."""
    description = split_sample(folder)
    text = description.read_text("utf-8").partition("[batch]")[0]
    description.unlink()
    path = folder / "circles.toml"
    path.write_text(text.replace('name = "云浦区（虚构）"', f'name = "{name}"'), "utf-8")
    return path


# ---- lists ---------------------------------------------------------------------------------------


def test_a_project_that_cannot_be_read_stops_only_itself(tmp_path: Path) -> None:
    """No TOML, or an input that is missing: the district fails in one line, the others stay."""
    county(tmp_path / "a", "甲")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "circles.toml").write_text("name =", "utf-8")
    county(tmp_path / "c", "丙")
    (tmp_path / "c" / "district.osm.pbf").unlink()
    plan = plan_batch(listed(tmp_path, "*/circles.toml"), out_dir=tmp_path / "out")
    names = [planned.job.name for planned in plan.districts]
    assert names == ["甲", "b/circles.toml", "c/circles.toml"]
    troubles = [planned.trouble for planned in plan.districts]
    assert troubles[0] is None
    assert "not valid TOML" in str(troubles[1])
    assert "district.osm.pbf" in str(troubles[2])
    assert all("\n" not in str(trouble) for trouble in troubles)


def test_a_batch_of_which_nothing_can_be_read_says_so(tmp_path: Path) -> None:
    """The exit code is 1; the record and the page name the district and why."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "circles.toml").write_text("name =", "utf-8")
    path, out = listed(tmp_path, "b/circles.toml"), tmp_path / "out"
    done = CliRunner().invoke(app, ["batch", str(path), "--out", str(out), "--lang", "en"])
    assert done.exit_code == 1, done.output
    assert "! b/circles.toml: " in done.output
    record = json.loads((out / "batch.json").read_text("utf-8"))
    assert record["counts"]["failed"] == 1
    assert "not valid TOML" in (out / "index.html").read_text("utf-8")
    planned = CliRunner().invoke(app, ["batch", str(path), "--dry-run", "--lang", "en"])
    assert planned.exit_code == 0
    assert "! b/circles.toml: " in planned.output
    assert "1 districts, 0 of them to do." in planned.output


def test_two_projects_of_one_name_are_refused(tmp_path: Path) -> None:
    """Both files are named: nobody could tell their results apart."""
    county(tmp_path / "a", "甲")
    county(tmp_path / "b", "甲")
    with pytest.raises(InputError, match=r"a/circles\.toml and .*b/circles\.toml are both called"):
        load_batch(listed(tmp_path, "*/circles.toml"))


def test_a_project_that_is_listed_twice_is_run_once(tmp_path: Path) -> None:
    """Patterns may overlap, and may be absolute; a project is where the first one found it."""
    county(tmp_path / "a", "甲")
    county(tmp_path / "b", "乙")
    batch = load_batch(
        listed(tmp_path, "b/circles.toml", "a/../b/*.toml", f"{tmp_path}/*/circles.toml")
    )
    assert [p.file.name for p in batch.projects if not isinstance(p, Unreadable)] == ["乙", "甲"]


def test_rows_of_a_database_are_read_every_time(tmp_path: Path) -> None:
    """A key cannot tell of them before they are read, so that such a district is never kept."""
    path = county(tmp_path / "a", "甲")
    text = path.read_text("utf-8").replace('"communities.gpkg"', '"postgresql://h/d"')
    path.write_text(text.replace('id = "编码"', 'layer = "t"\nid = "编码"'), "utf-8")
    plan = plan_batch(listed(tmp_path, "a/circles.toml"), out_dir=tmp_path / "out")
    assert plan.districts[0].trouble is None
    assert not plan.districts[0].job.lasting


def test_an_input_that_is_changed_while_a_batch_runs_is_refused(tmp_path: Path) -> None:
    """The manifest would name a checksum of what was not read."""
    county(tmp_path / "a", "甲")
    plan = plan_batch(listed(tmp_path, "a/circles.toml"), out_dir=tmp_path / "out")
    (task,) = plan.tasks([plan.districts[0].job], tmp_path / "laid")
    table = tmp_path / "a" / "childcare.csv"
    table.write_bytes(table.read_bytes() + b"\n")
    outcome = score(task)
    assert outcome.status == "failed"
    assert "childcare.csv: changed since the batch began" in str(outcome.error)
    assert not (tmp_path / "out" / "甲").exists()


# ---- the command line ----------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["nonsense", "", "http://x:1", "tcp://127.0.0.1", "tcp://h:x"])
def test_what_is_no_address_is_refused_at_once(address: str, tmp_path: Path) -> None:
    """Nothing is read and nobody is waited for."""
    with pytest.raises(InputError, match="is no address of a Dask scheduler"):
        run_batch(tmp_path / "no.toml", scheduler=address)


def test_addresses_of_schedulers() -> None:
    """Whatever dask scheduler prints is one."""
    for address in ("tcp://127.0.0.1:8786", "tls://10.0.0.5:8786", "tcp://[::1]:8786"):
        refuse_no_address(address)


@pytest.mark.parametrize("options", [{"jobs": 0}, {"jobs": 2, "scheduler": "tcp://127.0.0.1:1"}])
def test_workers_are_started_or_hired(options: dict[str, Any], tmp_path: Path) -> None:
    """At least one, and not both ways."""
    with pytest.raises(InputError, match="--jobs starts workers on this machine"):
        run_batch(tmp_path / "no.toml", **options)


def test_only_must_name_a_district(tmp_path: Path) -> None:
    """Commas alone are no names; nothing was asked for."""
    path = split_sample(tmp_path)
    with pytest.raises(InputError, match="--only names no district; there are: "):
        plan_batch(path, only=[])


def test_remaining_time_may_be_days() -> None:
    """The clock does not begin anew after a day."""
    standing = Standing(101, 1, 0, 0, 3600.0, Outcome("x", "x", "done"))
    said = batch_cli._description(standing, load_texts("en"))
    assert "100:00:00 to go" in said


def test_a_batch_that_is_stopped_says_how_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is that of a command that was interrupted; there is no traceback."""

    def stopped(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("circles.batch.run_batch", stopped)
    path = split_sample(tmp_path)
    done = CliRunner().invoke(app, ["batch", str(path), "--lang", "en"])
    assert done.exit_code == 130
    assert done.output.startswith("Stopped. The districts that are done stay")
    assert "Traceback" not in done.output


def test_a_batch_that_is_stopped_leaves_its_record_and_page(tmp_path: Path) -> None:
    """They say what was not come to; what an earlier batch made of all districts is gone."""
    path, out = split_sample(tmp_path / "inputs"), tmp_path / "out"
    (out / "city").mkdir(parents=True)
    (out / "city" / "manifest.json").write_text('{"batch": {"key": "older"}}', "utf-8")

    def stop(_: Standing) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(path, out_dir=out, jobs=1, watch=stop)
    record = json.loads((out / "batch.json").read_text("utf-8"))
    assert record["counts"] == {"done": 0, "failed": 0, "skipped": 0, "not_started": 3}
    assert STREETS[0] in (out / "index.html").read_text("utf-8")
    assert not (out / "city").exists()
    assert not list((out / KEPT).glob(".parts-*"))


# ---- folders -------------------------------------------------------------------------------------


def test_no_district_takes_the_place_of_the_batchs_own_files() -> None:
    """Nor of what is laid down for workers, whose names begin with a dot."""
    names = ["index.html", "batch.json", "batch-run.json", "City", ".batch", ".parts-1"]
    assert folder_names(names) == [
        *("index.html-2", "batch.json-2", "batch-run.json-2", "City-2", "batch", "parts-1"),
    ]


def done_district(out: Path, **manifest: Any) -> None:
    """Write the files of a district that is done."""
    for folder in (out / "a", out / KEPT / "a"):
        folder.mkdir(parents=True)
    for name in FILES:
        (out / "a" / name).write_text("x", "utf-8")
    content = {"batch": {"key": "key"}, "on_request": {"briefing.pdf": "0"}} | manifest
    (out / "a" / "manifest.json").write_text(json.dumps(content), "utf-8")
    (out / "a" / "briefing.pdf").write_text("x", "utf-8")
    (out / KEPT / "a" / "assessment.json").write_text("x", "utf-8")
    (out / KEPT / "a" / "key.txt").write_text("key", "utf-8")


SPOILT: dict[str, Callable[[Path], object]] = {
    "another key": lambda out: (out / "a" / "manifest.json").write_text('{"batch": {"key": "b"}}'),
    "no manifest": lambda out: (out / "a" / "manifest.json").write_bytes(b"\xff"),
    "a list": lambda out: (out / "a" / "manifest.json").write_text("[]"),
    "a single run": lambda out: (out / "a" / "manifest.json").write_text('{"batch": 1}'),
    "no document": lambda out: (out / "a" / "briefing.pdf").unlink(),
    "no map": lambda out: (out / "a" / "map.html").unlink(),
    "kept of another run": lambda out: (out / KEPT / "a" / "key.txt").write_text("b"),
    "half kept": lambda out: (out / KEPT / "a" / "assessment.json").unlink(),
    "none kept": lambda out: (out / KEPT / "a" / "key.txt").unlink(),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_district_is_done_if_all_of_it_is_there(name: str, tmp_path: Path) -> None:
    """Results, the documents that were asked for, and what the city is made of, of one key."""
    done_district(tmp_path)
    assert JOB.is_done(tmp_path)
    assert not replace(JOB, lasting=False).is_done(tmp_path)
    SPOILT[name](tmp_path)
    assert not JOB.is_done(tmp_path)


def test_only_what_a_batch_wrote_is_cleared(tmp_path: Path) -> None:
    """A folder of that name may be the user's, or hold notes of theirs."""
    city = tmp_path / "city"
    city.mkdir()
    (city / "results.gpkg").write_text("mine", "utf-8")
    clear_city(tmp_path)
    assert (city / "results.gpkg").read_text("utf-8") == "mine"
    (city / "manifest.json").write_text('{"batch": {"key": "x"}}', "utf-8")
    (city / "note.txt").write_text("mine", "utf-8")
    clear_city(tmp_path)
    assert [path.name for path in city.iterdir()] == ["note.txt"]


def test_results_of_districts_that_are_gone_are_named(tmp_path: Path) -> None:
    """A batch's own only: other folders are nobody's business."""
    for name, text in (("old", '{"batch": {"key": "x"}}'), ("run", "{}"), ("new", "{}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(text, "utf-8")
    (tmp_path / "file").write_text("", "utf-8")
    assert left_over(tmp_path, ["new"]) == ("old",)
    assert left_over(tmp_path, ["new", "old"]) == ()


@pytest.mark.parametrize("name", ["index.html", "batch.json", "city/map.html"])
def test_what_stands_in_the_way_is_told_before_anything_is_scored(
    name: str, tmp_path: Path
) -> None:
    """Not at the end of a night."""
    county(tmp_path / "a", "甲")
    (tmp_path / "out" / name).mkdir(parents=True)
    with pytest.raises(OutputError, match=f"a folder stands where a result should be: {name}"):
        run_batch(listed(tmp_path, "a/circles.toml"), out_dir=tmp_path / "out")
    assert not (tmp_path / "out" / KEPT).exists()


# ---- workers -------------------------------------------------------------------------------------


class Gone:
    """A future that ended as told."""

    def __init__(self, status: str, error: BaseException | None = None) -> None:
        self.status = status
        self._error = error

    def exception(self) -> BaseException | None:
        """Return why it failed."""
        return self._error

    def result(self) -> NoReturn:
        """Fail as a future of a scheduler that is gone."""
        raise CancelledError


class KilledWorker(Exception):  # noqa: N818 - as Dask calls its own
    """What Dask says of a worker that died again and again."""


FAULTS: Sequence[tuple[BaseException, str]] = (
    (KilledWorker("a"), "its worker was killed again and again, most likely for want of memory"),
    (ModuleNotFoundError("No module named 'circles'"), "install circles there, too"),
    (RuntimeError("a\nb"), "a fault of circles itself, please report it: RuntimeError: a b"),
)


@pytest.mark.parametrize(("error", "said"), FAULTS)
def test_what_befell_a_worker_is_said_in_one_line(error: BaseException, said: str) -> None:
    """The district failed, and the others go on."""
    outcome = run._outcome(Gone("error", error), JOB)  # type: ignore[arg-type]
    assert (outcome.folder, outcome.status) == ("a", "failed")
    assert said in str(outcome.error)
    assert "\n" not in str(outcome.error)


def test_results_of_a_scheduler_that_is_gone_are_not_waited_for() -> None:
    """It was done, but nobody can ask any more: the batch ends in words."""
    with pytest.raises(CrewError, match="the Dask scheduler was lost with 3 districts to go"):
        run._outcome(Gone("finished"), JOB, left=3)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    """Lay a street of the sample down for a worker."""
    home = tmp_path_factory.mktemp("task")
    plan = plan_batch(split_sample(home / "inputs"), out_dir=home / "out")
    (task,) = plan.tasks([plan.districts[0].job], home / "laid")
    return task


def test_a_worker_of_another_version_is_refused(task: Task) -> None:
    """Its results would bear a key that is not theirs."""
    outcome = score(replace(task, versions={**task.versions, "circles": "0.0.1"}))
    assert outcome.status == "failed"
    assert "and the batch was started with 0.0.1" in str(outcome.error)


def test_a_worker_that_comes_late_writes_nothing(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another batch took the folder over meanwhile: what was laid down is gone."""
    shared = Path(task.shared.path)
    content = shared.read_bytes()

    def slow(*words: Any) -> Any:
        shared.unlink()
        return assess(*words)

    monkeypatch.setattr(work, "assess", slow)
    outcome = score(task)
    shared.write_bytes(content)
    assert outcome.status == "failed"
    assert "the batch that sent this task has ended" in str(outcome.error)
    assert not (Path(task.out_dir) / task.job.folder).exists()


def test_a_district_far_from_all_streets_is_judged_as_on_the_whole(tmp_path: Path) -> None:
    """No street lies in its box; it gets one, and its homes are as far from it as they were."""
    split_sample(tmp_path)
    table = gpd.read_file(tmp_path / "communities.gpkg")
    table.loc[0, "街镇"] = "远方"
    table.loc[0, "geometry"] = affinity.translate(table.geometry[0], 0.9, 0.9)
    table.to_file(tmp_path / "communities.gpkg", driver="GPKG")
    text = (tmp_path / "batch.toml").read_text("utf-8").partition("[batch]")[0]
    (tmp_path / "circles.toml").write_text(text, "utf-8")
    whole = prepare(read_district(load_project(tmp_path / "circles.toml")))
    assert whole.district.network is not None
    save_network(whole.district.network, tmp_path / "streets")
    part = City.of(whole, by="street").cut("远方")
    network = load_network(tmp_path / "streets", box=part.streets_box)
    own = assess(prepare(replace(part.district, network=network))).verdicts
    every = assess(whole).verdicts
    one = every[every["community_id"] == str(table["编码"][0])]
    keys = ["rule_id", "verdict", "reason"]
    assert len(own) > 5
    assert own[keys].to_dict("list") == one[keys].to_dict("list")
