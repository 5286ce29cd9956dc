"""`circles batch`: many districts from one description, with progress to leave running."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from circles.texts import Texts, load_texts

if TYPE_CHECKING:
    from circles.batch import BatchResult, Standing
    from circles.batch.plan import Plan
    from circles.batch.run import Progress, Watch

#: The exit code of a batch that was stopped at the keyboard, as shells have it.
_STOPPED: Final = 130


def batch(  # noqa: PLR0913 - each is an option
    description: Annotated[Path, typer.Argument(help="What to run: see docs/batch.md.")],
    *,
    out: Annotated[Path | None, typer.Option("--out", help="The folder of all results.")] = None,
    lang: Annotated[str | None, typer.Option("--lang", help="Language: zh or en.")] = None,
    only: Annotated[
        str | None, typer.Option(help="Names of districts, separated by commas.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Workers on this machine, instead of one a processor.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="A running Dask scheduler to use, such as tcp://127.0.0.1:8786."),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume/--force", help="Leave what is done, or score everything anew."),
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run, and run nothing.")
    ] = False,
    documents: Annotated[
        str | None, typer.Option(help="Which of docx,pdf,maps to write; none for none of them.")
    ] = None,
) -> None:
    """Score many districts: each in a folder of its own, and all of them together."""
    from circles.batch import plan_batch, run_batch
    from circles.batch.description import load_batch

    words = load_texts(lang or load_batch(description).output.lang)
    asked: dict[str, Any] = {
        "out_dir": out,
        "lang": lang,
        "only": None if only is None else _listed(only),
        "documents": None if documents is None else [n for n in _listed(documents) if n != "none"],
    }
    if dry_run:
        _print_plan(plan_batch(description, **asked), words)
        return
    how: dict[str, Any] = {"jobs": jobs, "scheduler": scheduler, "force": not resume}
    try:
        with _watching(words) as (watch, progress):
            result = run_batch(description, watch=watch, progress=progress, **how, **asked)
    except KeyboardInterrupt as stop:
        typer.echo(words("batch.stopped"), err=True)
        raise typer.Exit(_STOPPED) from stop
    _print_result(result, words)
    if result.failed:
        raise typer.Exit(1)


def _listed(text: str) -> list[str]:
    parts = (part.strip() for part in text.replace("，", ",").replace("、", ",").split(","))
    return [part for part in parts if part]


def _print_plan(plan: "Plan", words: Texts) -> None:
    waiting = 0
    for planned in plan.wanted:
        name = _shown(planned.job.name)
        if planned.trouble is not None:
            typer.echo(f"! {name}: {_shown(planned.trouble)}")
            continue
        done = planned.job.is_done(plan.out_dir)
        waiting += not done
        typer.echo(
            words(
                "batch.plan_line",
                name=name,
                communities="?" if planned.communities is None else planned.communities,
                memory=planned.memory_mib,
                state=words("batch.state_done" if done else "batch.state_to_do"),
                folder=planned.job.folder,
            )
        )
    typer.echo(words("batch.plan_sum", count=len(plan.wanted), waiting=waiting))


@contextmanager
def _watching(words: Texts) -> Iterator[tuple["Watch", "Progress"]]:
    """Show a bar on a terminal, and a line for each district anywhere else."""
    if not sys.stderr.isatty():
        yield lambda standing: _print_line(standing, words), lambda _step, _share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words("batch.reading"), total=1.0)

        def show(standing: "Standing") -> None:
            through = standing.done + standing.failed + standing.skipped
            bar.update(
                task,
                completed=through / max(standing.total, 1),
                description=_description(standing, words),
            )
            if standing.last is not None and standing.last.status == "failed":
                bar.console.print(_line(standing, words), markup=False, highlight=False)

        def step(name: str, share: float) -> None:
            bar.update(task, completed=share, description=_step(name, words))

        yield show, step


def _step(name: str, words: Texts) -> str:
    """Say what is read before districts are scored, or written of all of them afterwards."""
    read = words.words.get(f"cli.step_{name}")
    return words("batch.writing_city", file=name) if read is None else read


def _description(standing: "Standing", words: Texts) -> str:
    left = standing.remaining_s
    return words(
        "batch.progress",
        through=standing.done + standing.failed + standing.skipped,
        total=standing.total,
        failed=standing.failed,
        rate=f"{standing.rate_per_min:.1f}",
        left="?" if left is None else _clock(left),
    )


def _clock(seconds: float) -> str:
    """Return hours, minutes and seconds; of hours as many as there are."""
    minutes, rest_s = divmod(round(seconds), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest_s:02}"


def _print_line(standing: "Standing", words: Texts) -> None:
    if standing.last is not None:
        typer.echo(_line(standing, words), err=True)


def _line(standing: "Standing", words: Texts) -> str:
    last = standing.last
    if last is None:
        return ""
    through = standing.done + standing.failed + standing.skipped
    head = (
        f"[{through}/{standing.total}] {_shown(last.name)}: {words(f'batch.status_{last.status}')}"
    )
    if last.error:
        return f"{head}: {_shown(last.error)}"
    return head if last.status == "skipped" else f"{head} ({last.seconds:.1f} s)"


def _shown(text: str) -> str:
    """Return text without what would move a terminal's cursor or change its colours."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _print_result(result: "BatchResult", words: Texts) -> None:
    from circles.batch.jobs import INDEX

    states = [outcome.status for outcome in result.outcomes]
    counts = {name: states.count(name) for name in ("done", "skipped", "failed", "not_started")}
    typer.echo(words("batch.sum", **counts))
    for outcome in result.failed:
        if outcome.error:
            typer.echo(f"! {_shown(outcome.name)}: {_shown(outcome.error)}")
    if result.city is None:
        typer.echo(words("batch.no_city", why=_shown(result.city_error or "")))
    if result.left_over:
        names = words("batch.index_separator").join(result.left_over)
        typer.echo(words("batch.left_over", folders=_shown(names)))
    typer.echo(words("batch.open", path=result.out_dir / INDEX))
