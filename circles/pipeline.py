"""One district's run: a project file in, a results folder out."""

import logging
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from circles.assessment import Assessment
from circles.check.model import CheckReport
from circles.check.report import make_report
from circles.check.stopping import refuse_wrong_results
from circles.district import assess, prepare
from circles.inputs import read_project
from circles.outputs import refuse_unwritable, write_outputs
from circles.project import Project, load_project
from circles.reports.handouts import Document
from circles.texts import Note, Texts, load_texts

logger = logging.getLogger(__name__)

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class RunResult:
    """What a run leaves behind.

    Parameters
    ----------
    assessment
        The results, as tables.
    out_dir
        The folder they were written to.
    check
        What was found of the inputs before anything was scored.
    notes
        What could not be written on this machine, or not in full, and why.
    """

    assessment: Assessment
    out_dir: Path
    check: CheckReport
    notes: tuple[Note, ...] = ()


@dataclass
class _Stopwatch:
    """Times the steps of a run and passes them on to whoever shows progress."""

    progress: Progress
    began: float
    steps: dict[str, float] = field(default_factory=dict)
    parts: dict[str, dict[str, float | None]] = field(default_factory=dict)
    _running: tuple[str, float, float] | None = None

    def part(self, start: float, end: float) -> Progress:
        """Return a progress callback for a part of the run."""

        def told(step: str, share: float) -> None:
            self.begin(step)
            self.progress(step, start + (end - start) * share)

        return told

    def begin(self, step: str) -> None:
        """Note that a smaller step begins and the one before it ends; files of a folder are one."""
        name = step.partition("/")[0]
        if self._running is not None and self._running[0] == name:
            return
        self._end()
        self._running = (name, time.perf_counter(), time.process_time())

    def lap(self, name: str) -> None:
        """Note how long the step that ends here took."""
        self._end()
        self.steps[name] = round(time.perf_counter() - self.began - sum(self.steps.values()), 3)

    def _end(self) -> None:
        if self._running is None:
            return
        (name, began, worked), self._running = self._running, None
        before = self.parts.get(name, {})
        self.parts[name] = {
            "elapsed_s": round((before.get("elapsed_s") or 0) + time.perf_counter() - began, 3),
            "processor_s": round(
                (before.get("processor_s") or 0) + time.process_time() - worked, 3
            ),
            "peak_memory_mib": peak_memory_mib(),
        }


def run_project(
    path: Path | str,
    *,
    out_dir: Path | str | None = None,
    lang: str | None = None,
    fragment: bool = False,
    documents: Sequence[Document] | None = None,
    progress: Progress = lambda _step, _share: None,
) -> RunResult:
    """Run a project: read its inputs, look them over, score its communities, write its results.

    Parameters
    ----------
    path
        The project file.
    out_dir
        Where to write, instead of the project file's own folder.
    lang
        ``"zh"`` or ``"en"``, instead of the project file's own language.
    fragment
        Whether to write the map for an iframe as well, whatever the project file says.
    documents
        Which of ``"docx"``, ``"pdf"`` and ``"maps"`` to write, instead of the project file's own.
    progress
        Called with a step's name and the share of the whole work done, 0-1.

    Raises
    ------
    InputError
        The project file, or something it names, cannot be used, or would make results wrong.
    OutputError
        The results cannot be written; nothing half-written is left.
    """
    started = datetime.now(UTC)
    watch = _Stopwatch(progress, time.perf_counter())
    project = load_project(path)
    if fragment:
        project = project.with_fragment()
    if documents is not None:
        project = project.with_documents(documents)
    target = Path(out_dir) if out_dir else project.out_dir
    refuse_unwritable(target, project)
    words = lang or project.file.output.lang
    assessment, check = _assessed(project, watch, lang=words)
    logger.info("writing results to %s", target)
    notes = write_outputs(
        assessment,
        project,
        out_dir=target,
        lang=words,
        check=check,
        run=lambda notes: _run_record(started, watch, project, load_texts(words), notes),
        progress=watch.part(0.75, 1.0),
    )
    progress("done", 1.0)
    return RunResult(assessment, target, check, notes)


def _assessed(project: Project, watch: _Stopwatch, *, lang: str) -> tuple[Assessment, CheckReport]:
    """Read, look over and score; streets and searches are let go of before anything is written."""
    read = read_project(project, progress=watch.part(0.0, 0.35))
    watch.lap("read_s")
    watch.part(0.0, 1.0)("join", 0.35)
    prepared = prepare(read.district)
    check = make_report(read.record, prepared)
    refuse_wrong_results(check, project, lang=lang)
    watch.lap("check_s")
    assessment = assess(prepared, progress=watch.part(0.4, 0.75))
    watch.lap("assess_s")
    return assessment, check


def _run_record(
    started: datetime,
    watch: _Stopwatch,
    project: Project,
    texts: Texts,
    notes: tuple[Note, ...],
) -> dict[str, Any]:
    watch.lap("write_s")
    return {
        "project": project.path.name,
        "started": started.isoformat(timespec="seconds"),
        "steps": dict(watch.steps),
        "parts": dict(watch.parts),
        "elapsed_s": round(time.perf_counter() - watch.began, 3),
        "peak_memory_mib": peak_memory_mib(),
        "notes": [texts.note(note) for note in notes],
    }


def peak_memory_mib() -> int | None:
    """Return the most memory this process ever held; None on Windows, which does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
