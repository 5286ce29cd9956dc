"""Running a batch: districts to workers, results into place, and a record that tells of each."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from filelock import FileLock, Timeout

from circles.batch.crew import CrewError, hired_crew, is_lost, local_crew
from circles.batch.description import Batch, load_batch
from circles.batch.index_page import render_index
from circles.batch.jobs import CITY, KEPT, Job
from circles.batch.plan import Plan, Planned, make_plan
from circles.batch.record import CLOCK, RECORD, batch_record, write_json, write_text
from circles.batch.together import write_together
from circles.batch.work import Outcome, Task, in_one_line, score
from circles.errors import CirclesError, OutputError
from circles.reports.handouts import Document
from circles.texts import load_texts

if TYPE_CHECKING:
    from distributed import Client, Future

Progress = Callable[[str, float], None]

_LOCK: Final = ".batch.lock"
_TICK_S: Final = 0.5
#: The page that leads to all districts.
INDEX: Final = "index.html"


@dataclass(frozen=True)
class Standing:
    """How far a batch is.

    Parameters
    ----------
    total, done, failed, skipped
        Districts: all of them, scored in this run, failed, and found done already.
    elapsed_s
        Since the first district was sent to a worker.
    last
        What became of the last one; None before the first.
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
    """

    out_dir: Path
    outcomes: tuple[Outcome, ...]
    city: Path | None = None
    city_error: str | None = None

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The districts that failed, or were not come to."""
        return tuple(o for o in self.outcomes if o.status in {"failed", "not_started"})


@dataclass
class _Books:
    """What is known of each district while a batch runs; written down with every change."""

    plan: Plan
    watch: Watch
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    began: float = 0.0

    def note(self, outcome: Outcome) -> None:
        """Write down what became of a district, and tell whoever watches."""
        self.outcomes[outcome.folder] = outcome
        self.save()
        self.watch(self.standing(outcome))

    def standing(self, last: Outcome | None = None) -> Standing:
        states = [outcome.status for outcome in self.outcomes.values()]
        counts = {name: states.count(name) for name in ("done", "failed", "skipped")}
        elapsed_s = time.perf_counter() - self.began if self.began else 0.0
        return Standing(len(self.plan.districts), **counts, elapsed_s=elapsed_s, last=last)

    def in_order(self) -> tuple[Outcome, ...]:
        return tuple(
            self.outcomes.get(planned.job.folder) or _not_started(planned)
            for planned in self.plan.districts
        )

    def save(self, city: str | None = None, city_error: str | None = None) -> dict[str, Any]:
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
        Names of districts; all of them without it.
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
    target = (Path(out_dir) if out_dir else load_batch(path).out_dir).resolve()
    with _own_folder(target):
        plan = plan_batch(
            path, out_dir=target, lang=lang, only=only, documents=documents, progress=progress
        )
        books = _Books(plan, watch)
        clock = _Clock(started)
        clock.lap("read_s")
        to_do = _left_to_do(plan, books, force=force)
        books.save()
        if to_do:
            with _laid_down(target) as folder:
                _work_off(plan, to_do, books, folder, jobs=jobs, scheduler=scheduler)
        clock.lap("districts_s")
        city, city_error = _city(plan, books, progress, force=force)
        record = books.save(city, city_error)
        write_text(render_index(record, target, lang=plan.lang), target / INDEX)
        clock.lap("city_s")
        write_json(clock.record(books.in_order()), target / CLOCK)
    return BatchResult(target, books.in_order(), target / city if city else None, city_error)


def _left_to_do(plan: Plan, books: _Books, *, force: bool) -> list[Planned]:
    left = []
    for planned in plan.districts:
        if not force and planned.job.is_done(plan.out_dir):
            job = planned.job
            books.note(Outcome(job.name, job.folder, "skipped", communities=planned.communities))
        else:
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
        if scheduler
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
        for future, job in _as_they_come(client, sent):
            books.note(_outcome(future, job))


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
                _refuse_lost(pending)
            yield future, pending.pop(future)
        if not through:
            if is_lost(client):
                _refuse_lost(pending)
            time.sleep(_TICK_S)


def _refuse_lost(pending: dict["Future", Job]) -> None:
    message = (
        f"the Dask scheduler was lost with {len(pending)} districts to go; what is done stays: "
        "start the batch again, and it goes on with the rest"
    )
    raise CrewError(message)


def _outcome(future: "Future", job: Job) -> Outcome:
    if future.status == "finished":
        outcome: Outcome = future.result()
        return outcome
    error = future.exception()
    name = type(error).__name__
    if name == "KilledWorker":
        said = (
            "its worker was killed again and again, most likely for want of memory; start fewer "
            "at a time with --jobs"
        )
    else:
        said = f"a fault of circles itself, please report it: {name}: {in_one_line(error)}"
    return Outcome(job.name, job.folder, "failed", said)


def _city(
    plan: Plan, books: _Books, progress: Progress, *, force: bool
) -> tuple[str | None, str | None]:
    """Make what is city-wide, if every district is there; return its folder, or why it is not."""
    out_dir = plan.out_dir
    missing = [o.name for o in books.in_order() if o.status not in {"done", "skipped"}]
    if missing or not plan.is_whole:
        what = load_texts(plan.lang)("batch.why_failed" if missing else "batch.why_not_all")
        shutil.rmtree(out_dir / CITY, ignore_errors=True)  # it would be of other districts
        return None, what
    try:
        write_together(plan, force=force, progress=progress)
    except CirclesError as error:
        shutil.rmtree(out_dir / CITY, ignore_errors=True)
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
        projects=tuple(one.with_documents(documents) for one in batch.projects),
    )


@contextmanager
def _own_folder(out_dir: Path) -> Iterator[None]:
    """Keep a folder to one batch at a time.

    Raises
    ------
    OutputError
        Another batch is writing to it, or it cannot be written to at all.
    """
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out_dir / _LOCK, timeout=0)
        lock.acquire()
    except Timeout as error:
        message = (
            f"{out_dir}: another batch is writing to this folder; wait until it has ended, or "
            "choose another one with --out"
        )
        raise OutputError(message) from error
    except OSError as error:
        message = (
            f"{out_dir}: the folder cannot be written to ({error.strerror or error}); choose "
            "another one with --out"
        )
        raise OutputError(message) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _laid_down(out_dir: Path) -> Iterator[Path]:
    """Make a folder for what is laid down for workers; one that was left behind goes first."""
    kept = out_dir / KEPT
    try:
        kept.mkdir(exist_ok=True)
        for left in kept.glob("parts-*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(
            prefix="parts-", dir=kept, ignore_cleanup_errors=True
        ) as name:
            yield Path(name)
    except OSError as error:
        message = f"{kept}: cannot be written ({error.strerror or error})"
        raise OutputError(message) from error
