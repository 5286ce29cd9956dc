"""Running a batch: districts to workers, results into place, and a record that tells of each."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from circles.batch.crew import CrewError, hired_crew, is_lost, local_crew, refuse_no_address
from circles.batch.description import Batch, load_batch
from circles.batch.folder import clear_city, laid_down, left_over, own_folder, refuse_obstacles
from circles.batch.index_page import render_index
from circles.batch.jobs import CITY, CLOCK, INDEX, RECORD, Job
from circles.batch.plan import Plan, Planned, make_plan
from circles.batch.record import batch_record, write_json, write_text
from circles.batch.together import write_together
from circles.batch.work import Outcome, Task, in_one_line, score
from circles.errors import CirclesError, InputError
from circles.project import Project
from circles.reports.handouts import Document
from circles.texts import load_texts

if TYPE_CHECKING:
    from distributed import Client, Future

Progress = Callable[[str, float], None]

_TICK_S: Final = 0.5
_SCORED: Final = frozenset({"done", "skipped"})


@dataclass(frozen=True)
class Standing:
    """How far a batch is.

    Parameters
    ----------
    total, done, failed, skipped
        Districts: all that were asked for, scored in this run, failed, and found done already.
    elapsed_s
        Since the first district was sent to a worker.
    last
        What became of the last one; None when the first are sent.
    """

    total: int
    done: int
    failed: int
    skipped: int
    elapsed_s: float
    last: Outcome | None = None

    @property
    def rate_per_min(self) -> float:
        """Districts a minute; 0 before the first."""
        return 60.0 * (self.done + self.failed) / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def remaining_s(self) -> float | None:
        """How long the rest will take at this rate; None before the first."""
        left = self.total - self.done - self.failed - self.skipped
        rate = self.rate_per_min
        return 60.0 * left / rate if rate > 0 else None


Watch = Callable[[Standing], None]


@dataclass(frozen=True)
class BatchResult:
    """What a batch leaves behind.

    Parameters
    ----------
    out_dir
        The folder of all results.
    outcomes
        What became of each district, in the order of the batch.
    city
        The folder of what was made of all of them together; None where nothing was.
    city_error
        Why not.
    left_over
        Folders with results of districts that the batch does not have any more.
    """

    out_dir: Path
    outcomes: tuple[Outcome, ...]
    city: Path | None = None
    city_error: str | None = None
    left_over: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The districts that failed."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")


@dataclass
class _Books:
    """What is known of each district while a batch runs."""

    plan: Plan
    watch: Watch
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    began: float = 0.0

    def note(self, outcome: Outcome) -> None:
        """Note what became of a district; if it was asked for, tell whoever watches."""
        self.outcomes[outcome.folder] = outcome
        if outcome.folder in self.plan.asked:
            self.watch(self.standing(outcome))

    def standing(self, last: Outcome | None = None) -> Standing:
        """Say how far the districts are that were asked for."""
        found = self.outcomes.items()
        states = [outcome.status for folder, outcome in found if folder in self.plan.asked]
        counts = {name: states.count(name) for name in ("done", "failed", "skipped")}
        elapsed_s = time.perf_counter() - self.began if self.began else 0.0
        return Standing(len(self.plan.asked), **counts, elapsed_s=elapsed_s, last=last)

    def in_order(self) -> tuple[Outcome, ...]:
        """Return what became of every district, in the order of the batch."""
        return tuple(
            self.outcomes.get(planned.job.folder) or _not_started(planned)
            for planned in self.plan.districts
        )

    def save(self, city: str | None = None, city_error: str | None = None) -> dict[str, Any]:
        """Write the record; return it."""
        batch = self.plan.batch
        file = None if batch.project is None else batch.project.file
        record = batch_record(
            self.in_order(),
            name=batch.name,
            as_of=file.as_of.isoformat() if file and file.as_of else None,
            lang=self.plan.lang,
            city=city,
            city_error=city_error,
        )
        write_json(record, self.plan.out_dir / RECORD)
        return record

    def close(self, city: str | None = None, city_error: str | None = None) -> None:
        """Write the record and the page that leads to all districts."""
        record, out_dir = self.save(city, city_error), self.plan.out_dir
        write_text(render_index(record, out_dir, lang=self.plan.lang), out_dir / INDEX)


@dataclass
class _Clock:
    """When a batch began, and how long its steps took."""

    started: datetime
    steps: dict[str, float] = field(default_factory=dict)

    def lap(self, name: str) -> None:
        """Note how long the step that ends here took."""
        elapsed_s = (datetime.now(UTC) - self.started).total_seconds()
        self.steps[name] = round(elapsed_s - sum(self.steps.values()), 3)

    def record(self, outcomes: Iterable[Outcome]) -> dict[str, Any]:
        """Return it for the file that holds the clock."""
        return {
            "started": self.started.isoformat(timespec="seconds"),
            "steps": dict(self.steps),
            "districts": [
                {
                    "name": outcome.name,
                    "elapsed_s": outcome.seconds,
                    "peak_memory_mib": outcome.peak_memory_mib,
                }
                for outcome in outcomes
            ],
        }


def plan_batch(
    path: Path | str,
    *,
    out_dir: Path | str | None = None,
    lang: str | None = None,
    only: Iterable[str] | None = None,
    documents: Sequence[Document] | None = None,
    progress: Progress = lambda _step, _share: None,
) -> Plan:
    """Find out what a batch would do, and do nothing of it; the parameters are `run_batch`'s."""
    batch = load_batch(path)
    if documents is not None:
        batch = _with_documents(batch, documents)
    target = (Path(out_dir) if out_dir else batch.out_dir).resolve()
    words = lang or batch.output.lang
    return make_plan(batch, out_dir=target, lang=words, only=only, progress=progress)


def run_batch(  # noqa: PLR0913 - each is an option of the command
    path: Path | str,
    *,
    out_dir: Path | str | None = None,
    lang: str | None = None,
    only: Iterable[str] | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    force: bool = False,
    documents: Sequence[Document] | None = None,
    progress: Progress = lambda _step, _share: None,
    watch: Watch = lambda _standing: None,
) -> BatchResult:
    """Score many districts, and make of them what is city-wide.

    Districts whose results are there already, made of the same inputs by the same version, are
    left as they are. One that fails is told of, and the others go on.

    Parameters
    ----------
    path
        The description of the batch; see ``docs/batch.md``.
    out_dir
        The folder of all results, instead of the description's own.
    lang
        ``"zh"`` or ``"en"``, instead of the description's own language.
    only
        Names of districts; all of them without it. The others stay as they are.
    jobs
        How many workers to start on this machine; as processors and memory allow without it.
    scheduler
        The address of a running Dask scheduler to use instead.
    force
        Whether to score districts anew whose results are there.
    documents
        Which of ``"docx"``, ``"pdf"`` and ``"maps"`` to write, instead of the description's own.
    progress
        Called with a step's name and the share of it done, 0-1, while inputs are read.
    watch
        Called with every district that is through.

    Raises
    ------
    InputError
        The description or an input that all districts share cannot be used.
    OutputError
        The folder cannot be written, or another batch is writing to it.
    CrewError
        The scheduler cannot be reached, or was lost; what is done stays, and the next run goes on.
    """
    started = datetime.now(UTC)
    if jobs is not None and (jobs < 1 or scheduler is not None):
        message = (
            "--jobs starts workers on this machine, at least 1, and goes without --scheduler, "
            "which uses those that are running; leave one of them out"
        )
        raise InputError(message)
    if scheduler is not None:
        refuse_no_address(scheduler)
    target = (Path(out_dir) if out_dir else load_batch(path).out_dir).resolve()
    with own_folder(target):
        plan = plan_batch(
            path, out_dir=target, lang=lang, only=only, documents=documents, progress=progress
        )
        refuse_obstacles(plan)
        books = _Books(plan, watch)
        clock = _Clock(started)
        clock.lap("read_s")
        to_do = _left_to_do(plan, books, force=force)
        books.save()
        if to_do:
            try:
                with laid_down(target) as folder:
                    _work_off(plan, to_do, books, folder, jobs=jobs, scheduler=scheduler)
            except (CirclesError, KeyboardInterrupt):
                clear_city(target)
                books.close(city_error=load_texts(plan.lang)("batch.why_failed"))
                raise
        clock.lap("districts_s")
        city, city_error = _city(plan, books, progress, force=force)
        books.close(city, city_error)
        clock.lap("city_s")
        write_json(clock.record(books.in_order()), target / CLOCK)
        strangers = left_over(target, [planned.job.folder for planned in plan.districts])
    where = None if city is None else target / city
    return BatchResult(target, books.in_order(), where, city_error, strangers)


def _left_to_do(plan: Plan, books: _Books, *, force: bool) -> list[Planned]:
    """Note the districts that are done, or cannot be run; return the others that are asked for."""
    left = []
    for planned in plan.districts:
        job, asked = planned.job, planned.job.folder in plan.asked
        if planned.trouble is not None and asked:
            books.note(Outcome(job.name, job.folder, "failed", planned.trouble))
        elif not (force and asked) and job.is_done(plan.out_dir):
            books.note(Outcome(job.name, job.folder, "skipped", communities=planned.communities))
        elif asked:
            left.append(planned)
    return left


def _work_off(
    plan: Plan,
    to_do: Sequence[Planned],
    books: _Books,
    folder: Path,
    *,
    jobs: int | None,
    scheduler: str | None,
) -> None:
    """Send districts to workers, the largest first, and note what comes back."""
    largest_first = sorted(to_do, key=lambda planned: -planned.memory_mib)
    crew = (
        hired_crew(scheduler)
        if scheduler is not None
        else local_crew(
            tasks=len(to_do),
            heaviest_mib=largest_first[0].memory_mib,
            jobs=jobs,
            scratch=folder / "dask",
        )
    )
    with crew as client:
        books.began = time.perf_counter()
        tasks = plan.tasks([planned.job for planned in largest_first], folder)
        sent = {_send(client, task): task.job for task in tasks}
        books.watch(books.standing())
        for left, (future, job) in enumerate(_as_they_come(client, sent)):
            books.note(_outcome(future, job, left=len(sent) - left))
            books.save()


def _send(client: "Client", task: Task) -> "Future":
    # The key is new with every run: a scheduler keeps nothing of an earlier one.
    return client.submit(score, task, key=f"{task.job.folder}-{time.time_ns()}", pure=False)


def _as_they_come(client: "Client", sent: dict["Future", Job]) -> Iterator[tuple["Future", Job]]:
    """Yield what is through; the loss of the scheduler ends it.

    Raises
    ------
    CrewError
        The scheduler is gone.
    """
    pending = dict(sent)
    while pending:
        through = [future for future in pending if future.done() and future.status != "lost"]
        for future in through:
            if future.status == "cancelled":
                raise _lost(len(pending))
            yield future, pending.pop(future)
        if not through:
            if is_lost(client):
                raise _lost(len(pending))
            time.sleep(_TICK_S)


def _lost(left: int) -> CrewError:
    message = (
        f"the Dask scheduler was lost with {left} districts to go; what is done stays: "
        "start the batch again, and it goes on with the rest"
    )
    return CrewError(message)


def _outcome(future: "Future", job: Job, *, left: int = 1) -> Outcome:
    """Return what a worker says of a district, or what befell the worker.

    Raises
    ------
    CrewError
        The scheduler was lost, with so many districts left, before it could be asked.
    """
    if future.status == "finished":
        try:
            outcome: Outcome = future.result()
        except (CancelledError, OSError) as gone:
            raise _lost(left) from gone
        return outcome
    error = future.exception()
    name = type(error).__name__
    if name == "KilledWorker":
        said = (
            "its worker was killed again and again, most likely for want of memory; start fewer "
            "at a time with --jobs"
        )
    elif name in {"ImportError", "ModuleNotFoundError"}:
        said = f"a worker lacks what it needs ({in_one_line(error)}); install circles there, too"
    else:
        said = f"a fault of circles itself, please report it: {name}: {in_one_line(error)}"
    return Outcome(job.name, job.folder, "failed", said)


def _city(
    plan: Plan, books: _Books, progress: Progress, *, force: bool
) -> tuple[str | None, str | None]:
    """Make what is city-wide, if every district is there; return its folder, or why it is not."""
    outcomes = books.in_order()
    if missing := {one.folder for one in outcomes if one.status not in _SCORED}:
        clear_city(plan.out_dir)  # it would be of other districts
        why = "batch.why_failed" if missing & plan.asked else "batch.why_not_all"
        return None, load_texts(plan.lang)(why)
    anew = force or any(one.status == "done" for one in outcomes)
    try:
        write_together(plan, force=anew, progress=progress)
    except CirclesError as error:
        clear_city(plan.out_dir)
        return None, in_one_line(error)
    return CITY, None


def _not_started(planned: Planned) -> Outcome:
    job = planned.job
    return Outcome(job.name, job.folder, "not_started", communities=planned.communities)


def _with_documents(batch: Batch, documents: Sequence[Document]) -> Batch:
    project = batch.project
    return replace(
        batch,
        project=None if project is None else project.with_documents(documents),
        projects=tuple(
            one.with_documents(documents) if isinstance(one, Project) else one
            for one in batch.projects
        ),
    )
