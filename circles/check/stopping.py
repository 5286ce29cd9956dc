"""What stops a run before anything is scored, and the files of a check."""

from pathlib import Path

from circles.check.model import CheckReport
from circles.check.page import write_check_page
from circles.check.record import write_check
from circles.check.rows import total_counts
from circles.check.words import say
from circles.errors import InputError, OutputError
from circles.project import Project
from circles.quality import Severity
from circles.texts import Texts, load_texts


def refuse_wrong_results(report: CheckReport, project: Project, *, lang: str) -> None:
    """Refuse to score what would give wrong results.

    Raises
    ------
    InputError
        The check found something that makes results wrong; the message says all of it.
    """
    if report.may_run:
        return
    texts, path = load_texts(lang), project.path
    lines = [
        texts("check.stopped_run", project=path),
        *(f"  - {say(note, texts)}" for note in report.of(Severity.STOP)),
        texts("check.all_in_report", project=path),
    ]
    raise InputError("\n".join(lines))


def rows_line(report: CheckReport, texts: Texts) -> str:
    """Say in one line what became of the rows of all layers; nothing where none are on record."""
    if not report.layers:
        return ""
    counts = vars(total_counts(report.layers))
    return texts("check.in_run", **counts, file="check.html")


def write_files(
    report: CheckReport,
    project: Project,
    *,
    html: Path | None = None,
    json: Path | None = None,
    lang: str,
) -> None:
    """Write a check as a page, as JSON, or both.

    Raises
    ------
    OutputError
        A file cannot be written, or would replace an input.
    """
    inputs = {path.resolve() for _, _, path in project.inputs()}
    for path in filter(None, (html, json)):
        if path.resolve() in inputs:
            message = f"{path}: the project reads this file; choose another name for the report"
            raise OutputError(message)
    try:
        if html is not None:
            write_check_page(report, html, lang=lang)
        if json is not None:
            write_check(report, json)
    except OSError as error:
        where = error.filename or html or json
        message = f"{where}: the report cannot be written: {error.strerror or error}"
        raise OutputError(message) from error
