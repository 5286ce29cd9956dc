"""What a worker does: one district, from what was laid down for it to its results folder."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from filelock import FileLock, Timeout

from circles.assessment import Assessment
from circles.assessment_files import save_assessment
from circles.basemap import make_basemap
from circles.batch.cutting import Part
from circles.batch.jobs import BATCH_KEY, KEPT, KEPT_KEY, Job
from circles.batch.store import Laid, pick_up
from circles.check.model import CheckReport
from circles.check.report import make_report
from circles.check.stopping import refuse_wrong_results
from circles.district import District, assess, prepare
from circles.errors import CirclesError, InputError
from circles.inputs import read_project
from circles.network.saved import load_network
from circles.outputs import Known, input_records, refuse_unwritable, versions, write_outputs
from circles.pipeline import peak_memory_mib
from circles.project import Project
from circles.quality import InputRecord
from circles.texts import Note, load_texts

Status = Literal["done", "failed", "skipped", "not_started"]

_PATIENCE_S: Final = 300.0


@dataclass(frozen=True)
class Task:
    """One district to score; small, since it travels through the scheduler.

    Parameters
    ----------
    job
        The district.
    out_dir
        The batch's folder; the same path on every machine.
    lang
        The language of the results.
    shared
        What all districts have in common, a `Shared`.
    versions
        What the batch was planned with; another version could give other results.
    part
        What is scored, a `Part`; None for a project by itself.
    streets
        The saved network that the part's streets are read from; None without streets.
    """

    job: Job
    out_dir: str
    lang: str
    shared: Laid
    versions: Mapping[str, str]
    part: Laid | None = None
    streets: str | None = None


@dataclass(frozen=True)
class Shared:
    """What the districts of a batch have in common, or one project by itself.

    Parameters
    ----------
    project
        What is run.
    inputs
        Its files with checksums.
    record
        What became of its inputs; None for a project that is still to be read.
    """

    project: Project
    inputs: tuple[Mapping[str, Any], ...]
    record: InputRecord | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a district.

    Parameters
    ----------
    name, folder
        The district.
    status
        Whether it was scored.
    error
        Why not, in one line.
    communities
        How many communities it has.
    seconds
        How long it took.
    peak_memory_mib
        The most memory that its worker held until then; None where the machine does not tell.
    """

    name: str
    folder: str
    status: Status
    error: str | None = None
    communities: int | None = None
    seconds: float = 0.0
    peak_memory_mib: int | None = None


def score(task: Task) -> Outcome:
    """Score one district and write its results; a fault of its own never stops the others.

    Parameters
    ----------
    task
        The district.
    """
    began = time.perf_counter()
    job = task.job
    try:
        communities = _score(task)
    except (CirclesError, OSError, MemoryError) as error:
        return Outcome(job.name, job.folder, "failed", in_one_line(error))
    seconds = round(time.perf_counter() - began, 3)
    return Outcome(job.name, job.folder, "done", None, communities, seconds, peak_memory_mib())


def _score(task: Task) -> int:
    _refuse_other_versions(task.versions)
    shared: Shared = pick_up(task.shared)
    started, began = datetime.now(UTC), time.perf_counter()
    project = shared.project
    refuse_unwritable(Path(task.out_dir) / task.job.folder, project)
    if task.part is None:
        read = read_project(project)
        _refuse_changed(shared)
        prepared = prepare(read.district)
        check = make_report(read.record, prepared)
        refuse_wrong_results(check, project, lang=task.lang)
    else:
        part: Part = pick_up(task.part)
        prepared = prepare(_with_streets(part, task.streets))
        check = make_report(shared.record or InputRecord(()), prepared)
    assessment = assess(prepared)

    def clock(notes: tuple[Note, ...]) -> dict[str, Any]:
        texts = load_texts(task.lang)
        return {
            "project": project.path.name,
            "started": started.isoformat(timespec="seconds"),
            "elapsed_s": round(time.perf_counter() - began, 3),
            "peak_memory_mib": peak_memory_mib(),
            "notes": [texts.note(note) for note in notes],
        }

    _write(task, shared, assessment, check, clock)
    return len(assessment.communities)


def _refuse_other_versions(planned: Mapping[str, str]) -> None:
    own = versions()
    unlike = [name for name in planned if own.get(name) != planned[name]]
    if unlike:
        name = unlike[0]
        message = (
            f"this worker has {name} {own.get(name)}, and the batch was started with "
            f"{planned[name]}: its results could differ; install the same on all machines"
        )
        raise InputError(message)


def _refuse_changed(shared: Shared) -> None:
    """Refuse inputs that are not those which the batch was planned with."""
    now = {record["path"]: record["sha256"] for record in input_records(shared.project)}
    for record in shared.inputs:
        if now.get(record["path"]) != record["sha256"]:
            message = f"{record['path']}: changed since the batch began; start the batch again"
            raise InputError(message)


def _with_streets(part: Part, streets: str | None) -> District:
    """Return a part on its own streets, which are drawn under its map, too."""
    district = part.district
    if streets is None:
        return district
    network = load_network(streets, box=part.streets_box)
    basemap = district.basemap
    drawn = make_basemap(network, water=basemap.water, green=basemap.green)
    return replace(district, network=network, basemap=drawn)


def _write(
    task: Task,
    shared: Shared,
    assessment: Assessment,
    check: CheckReport,
    clock: Callable[[tuple[Note, ...]], Mapping[str, Any]],
) -> None:
    """Write the results, and what the city-wide ones are made of; the results come last."""
    job, out_dir = task.job, Path(task.out_dir)
    kept, folder = out_dir / KEPT / job.folder, out_dir / job.folder
    project = replace(
        shared.project, file=shared.project.file.model_copy(update={"name": assessment.name})
    )
    more = {BATCH_KEY: {"key": job.key, "part": job.name}}
    # No district's folder begins with a dot.
    with _alone(out_dir / KEPT / f".{job.folder}.lock"):
        _refuse_late(task)
        _clear(folder)
        shutil.rmtree(kept, ignore_errors=True)
        save_assessment(assessment, kept)
        (kept / KEPT_KEY).write_text(job.key, "utf-8")
        write_outputs(
            assessment,
            project,
            out_dir=folder,
            lang=task.lang,
            check=check,
            run=clock,
            known=Known(shared.inputs, more),
        )


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait for a worker of an earlier batch that is still at the same district."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=_PATIENCE_S):
            yield
    except Timeout as error:
        message = f"{lock}: another worker is still writing this district; start again later"
        raise OSError(message) from error


def _refuse_late(task: Task) -> None:
    """Leave a district to the batch that came after the one which sent the task."""
    if not Path(task.shared.path).is_file():
        message = f"{task.shared.path} is gone: the batch that sent this task has ended"
        raise InputError(message)


def _clear(folder: Path) -> None:
    """Remove what a worker that was killed left half-written."""
    for left in folder.glob(".new-*"):
        shutil.rmtree(left, ignore_errors=True)


def in_one_line(error: BaseException) -> str:
    """Say an error in one line."""
    if isinstance(error, MemoryError):
        return "not enough memory for this district; start fewer at a time with --jobs"
    return " ".join(str(error).split()) or type(error).__name__
