"""Looking a project over: its inputs are read and joined, and nothing is scored."""

from collections.abc import Callable
from pathlib import Path

from circles.check.faults import all_faults
from circles.check.model import CheckReport
from circles.check.report import make_report
from circles.district import prepare
from circles.errors import CirclesError
from circles.inputs import read_project
from circles.project import load_project

Progress = Callable[[str, float], None]


def check_project(
    path: Path | str, *, progress: Progress = lambda _step, _share: None
) -> CheckReport:
    """Read everything a project names and report what was found, before anything is scored.

    Parameters
    ----------
    path
        The project file.
    progress
        Called with a step's name and the share of the work done, 0-1.

    Raises
    ------
    InputError
        The project file, or something it names, cannot be used; where several parts of it cannot,
        the message names the faults of all.
    """
    project = load_project(path)
    try:
        read = read_project(project, progress=lambda step, part: progress(step, part * 0.8))
    except CirclesError as error:
        raise all_faults(project, error) from error
    progress("join", 0.8)
    report = make_report(read.record, prepare(read.district))
    progress("done", 1.0)
    return report
