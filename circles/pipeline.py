"""One district's run: a project file in, a results folder out."""

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from circles.assessment import Assessment
from circles.district import assess
from circles.inputs import read_district
from circles.outputs import refuse_unwritable, write_outputs
from circles.project import Project, load_project

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
    """

    assessment: Assessment
    out_dir: Path


@dataclass
class _Stopwatch:
    """Times the steps of a run and passes them on to whoever shows progress."""

    progress: Progress
    began: float
    steps: dict[str, float]

    def part(self, start: float, end: float) -> Progress:
        """Return a progress callback for a part of the run."""
        return lambda step, share: self.progress(step, start + (end - start) * share)

    def lap(self, name: str) -> None:
        """Note how long the step that ends here took."""
        self.steps[name] = round(time.perf_counter() - self.began - sum(self.steps.values()), 3)


def run_project(
    path: Path | str,
    *,
    out_dir: Path | str | None = None,
    lang: str | None = None,
    progress: Progress = lambda _step, _share: None,
) -> RunResult:
    """Run a project: read its inputs, score its communities, write its results.

    Parameters
    ----------
    path
        The project file.
    out_dir
        Where to write, instead of the project file's own folder.
    lang
        ``"zh"`` or ``"en"``, instead of the project file's own language.
    progress
        Called with a step's name and the share of the whole work done, 0-1.

    Raises
    ------
    InputError
        The project file, or something it names, cannot be used.
    OutputError
        The results cannot be written; nothing half-written is left.
    """
    started = datetime.now(UTC)
    watch = _Stopwatch(progress, time.perf_counter(), {})
    project = load_project(path)
    target = Path(out_dir) if out_dir else project.out_dir
    refuse_unwritable(target, project)
    district = read_district(project, progress=watch.part(0.0, 0.35))
    watch.lap("read_s")
    assessment = assess(district, progress=watch.part(0.35, 0.75))
    watch.lap("assess_s")
    logger.info("writing results to %s", target)
    write_outputs(
        assessment,
        project,
        out_dir=target,
        lang=lang or project.file.output.lang,
        run=lambda: _run_record(started, watch, project),
        progress=watch.part(0.75, 1.0),
    )
    progress("done", 1.0)
    return RunResult(assessment, target)


def _run_record(started: datetime, watch: _Stopwatch, project: Project) -> dict[str, Any]:
    watch.lap("write_s")
    return {
        "project": project.path.name,
        "started": started.isoformat(timespec="seconds"),
        "steps": dict(watch.steps),
        "elapsed_s": round(time.perf_counter() - watch.began, 3),
        "peak_memory_mib": _peak_memory_mib(),
    }


def _peak_memory_mib() -> int | None:
    """Return the most memory this process ever held; None on Windows, which does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
