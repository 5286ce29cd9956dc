"""The command line: parse, call one public function, print."""

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from importlib.resources import as_file, files
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from circles import batch_cli, network_cli, standards_cli
from circles.errors import CirclesError, InputError

if TYPE_CHECKING:
    from circles.assessment import Assessment
    from circles.check.model import CheckReport
    from circles.pipeline import Progress, RunResult
    from circles.texts import Texts

#: Exit codes: 0 done, 1 the run failed, 2 the input is wrong.
FAILED: Final = 1
WRONG_INPUT: Final = 2
COMPILING: Final = "compiling search kernels, once for this version of circles …"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Who can walk to the services a 15-minute city promises, community by community.",
)
app.add_typer(network_cli.app, name="network")
app.add_typer(standards_cli.app, name="standards")
app.command("batch")(batch_cli.batch)

LangOption = Annotated[
    str | None, typer.Option("--lang", help="Language of the results: zh or en.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Results folder, instead of the project file's.")
]


def main() -> None:
    """Run the command line; a mistake in the input ends with one clear message."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that lacks a letter shows a ? for it
            stream.reconfigure(errors="replace")
    try:
        app()
    except InputError as error:
        _say(str(error))
        sys.exit(WRONG_INPUT)
    except CirclesError as error:
        _say(str(error))
        sys.exit(FAILED)


@app.callback(invoke_without_command=True)
def _root(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.")
    ] = False,
) -> None:
    if show_version:
        typer.echo(version("circles"))
        raise typer.Exit


@app.command()
def run(
    project: Annotated[Path, typer.Argument(help="The project file, usually circles.toml.")],
    out: OutOption = None,
    lang: LangOption = None,
    *,
    fragment: Annotated[
        bool, typer.Option("--fragment", help="Also write the map for an iframe.")
    ] = False,
    documents: Annotated[
        str | None, typer.Option(help="Which of docx,pdf,maps to write; none for none of them.")
    ] = None,
) -> None:
    """Score one district: read a project file, write maps, tables and a briefing page."""
    from circles.pipeline import run_project
    from circles.project import load_project

    file = load_project(project).file
    words = _texts(lang or file.output.lang)
    with _progress(words) as progress:
        result = run_project(
            project,
            out_dir=out,
            lang=lang,
            fragment=fragment,
            documents=None if documents is None else _listed(documents),
            progress=progress,
        )
    _print_result(result, words)


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="Where to put the results.")] = Path("demo"),
    lang: Annotated[str, typer.Option("--lang", help="Language: zh or en.")] = "zh",
) -> None:
    """Score the bundled fictional district, to see what comes out."""
    from circles.pipeline import run_project

    words = _texts(lang)
    with as_file(_sample()) as folder, _progress(words) as progress:
        result = run_project(folder / "circles.toml", out_dir=out, lang=lang, progress=progress)
    _print_result(result, words)


@app.command()
def check(
    project: Annotated[Path, typer.Argument(help="The project file, usually circles.toml.")],
    everything: Annotated[
        bool, typer.Option("--all", help="Print every row, and all that is assumed.")
    ] = False,
    html: Annotated[Path | None, typer.Option("--html", help="A page to write.")] = None,
    json: Annotated[Path | None, typer.Option("--json", help="A JSON file to write.")] = None,
    lang: LangOption = None,
) -> None:
    """Look a project over before it is scored: each row set aside and why, and what was found."""
    from circles.check.project import check_project
    from circles.check.stopping import write_files
    from circles.check.terminal import check_lines
    from circles.project import load_project

    loaded = load_project(project)
    words = _texts(lang or loaded.file.output.lang)
    with _progress(words) as progress:
        report = check_project(project, progress=progress)
    for line in check_lines(report, words, full=everything):
        typer.echo(line)
    write_files(report, loaded, html=html, json=json, lang=words.lang)
    if not report.may_run:
        raise typer.Exit(WRONG_INPUT)


@app.command()
def explain(
    results: Annotated[Path, typer.Argument(help="The results folder that a run wrote.")],
    community: Annotated[str, typer.Argument(help="The community's id or name.")],
    lang: Annotated[str, typer.Option("--lang", help="Language: zh or en.")] = "zh",
) -> None:
    """Explain one community rule by rule: verdict, document, and what would change it."""
    from circles.reports.record import Results, record_lines

    words = _texts(lang)
    read = Results.read(results)
    for line in record_lines(read, read.community(community), words):
        typer.echo(line)


@app.command()
def compare(
    old: Annotated[Path, typer.Argument(help="The results folder of the earlier run.")],
    new: Annotated[Path, typer.Argument(help="The results folder of the later run.")],
    html: Annotated[Path | None, typer.Option("--html", help="A page to write.")] = None,
    json: Annotated[Path | None, typer.Option("--json", help="A JSON file to write.")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="A workbook to write.")] = None,
    lang: Annotated[str, typer.Option("--lang", help="Language: zh or en.")] = "zh",
) -> None:
    """Compare two runs: what got better and worse, by community and service, and why."""
    from circles import comparing

    words = _texts(lang)
    comparison = comparing.compare(old, new)
    for line in comparing.comparison_lines(comparison, words):
        typer.echo(line)
    comparing.write_comparison(
        comparison, html=html, json=json, xlsx=xlsx, lang=lang, inputs=(old, new)
    )


@app.command()
def isochrone(
    extract: Annotated[
        str, typer.Argument(help="An .osm.pbf, .osm or .graphml file, or a saved network.")
    ],
    at: Annotated[str, typer.Option("--at", help="The place: longitude,latitude.")],
    out: Annotated[Path, typer.Option("--out", help="A .geojson file to write.")],
    minutes: Annotated[str, typer.Option(help="Limits, separated by commas.")] = "5,10,15",
    profile: Annotated[str, typer.Option(help="Walking profile.")] = "adult",
    direction: Annotated[
        str, typer.Option(help="to: from where the place is reached; from: where one gets.")
    ] = "to",
) -> None:
    """Draw from where a place is reached on foot, within so many minutes."""
    lon, lat = _numbers(at, "--at", "longitude,latitude", count=2)
    limits = _numbers(minutes, "--minutes", "5,10,15")

    from circles.compiling import say_when_compiling
    from circles.files import isochrone_file

    with say_when_compiling(lambda: _say(COMPILING)):
        isochrone_file(
            extract, lon=lon, lat=lat, minutes=limits, profile=profile, direction=direction, out=out
        )
    typer.echo(str(out))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where circles.toml goes; made if need be.")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Tables, layers, extracts, grids, or folders; else those in FOLDER."),
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="Language: zh or en.")] = "zh",
    standard: Annotated[str | None, typer.Option(help="The standard's id or file.")] = None,
    name: Annotated[str | None, typer.Option(help="What the project is called.")] = None,
) -> None:
    """Look at files and write a commented project file with the best reading of each."""
    from circles.draft import init_project

    init_project(folder, files or (), standard=standard, lang=lang, name=name, say=typer.echo)


@app.command()
def fetch(
    place: Annotated[str, typer.Argument(help="A place as you would type it into a search box.")],
    folder: Annotated[Path, typer.Argument(help="The project folder to make.")],
    lang: Annotated[str, typer.Option("--lang", help="Language: zh or en.")] = "zh",
    standard: Annotated[str, typer.Option(help="The standard's id or file.")] = "guangzhou-1530",
    margin_m: Annotated[float, typer.Option(help="Streets around the place, metres.")] = 2500,
    overpass_url: Annotated[str | None, typer.Option(help="Another Overpass server.")] = None,
    nominatim_url: Annotated[str | None, typer.Option(help="Another Nominatim server.")] = None,
    timeout_s: Annotated[float, typer.Option(help="Patience with a server, seconds.")] = 180,
) -> None:
    """Download a place from OpenStreetMap into a folder with a ready project file."""
    from circles.fetch import fetch_place

    path = fetch_place(
        place,
        folder,
        lang=lang,
        standard=standard,
        margin_m=margin_m,
        overpass_url=overpass_url,
        nominatim_url=nominatim_url,
        timeout_s=timeout_s,
    )
    typer.echo(_texts(lang)("cli.fetched", path=path))


def _texts(lang: str) -> "Texts":
    from circles.texts import load_texts

    return load_texts(lang)


def _say(message: str) -> None:
    typer.echo(message, err=True)


def _sample() -> Path:
    """Return the sample: inside the wheel, or in the checkout beside the package."""
    packaged = Path(str(files("circles"))) / "_sample"
    return packaged if packaged.is_dir() else Path(str(files("circles"))).parent / "data" / "sample"


def _numbers(text: str, option: str, example: str, *, count: int | None = None) -> list[float]:
    try:
        numbers = [float(part) for part in text.replace("，", ",").split(",")]
    except ValueError:
        numbers = []
    sound = bool(numbers) and all(map(math.isfinite, numbers))
    if not sound or (count is not None and len(numbers) != count):
        message = f"{option} {text!r} cannot be read; write it like {example}"
        raise InputError(message)
    return numbers


@contextmanager
def _progress(words: "Texts") -> Iterator["Progress"]:
    """Show a progress bar on a terminal, and nothing anywhere else."""
    if not sys.stderr.isatty():
        yield lambda _step, _share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def show(step: str, share: float) -> None:
            label = words.words.get(f"cli.step_{step}", step)
            bar.update(task, completed=share, description=label)

        yield show


def _listed(text: str) -> list[Any]:
    """Return the words of an option; the word none for an empty list."""
    parts = [part.strip() for part in text.replace("，", ",").split(",")]
    return [part for part in parts if part and part != "none"]


def _print_result(result: "RunResult", words: "Texts") -> None:
    _print_rollups(result.assessment, words)
    _print_check(result.check, words)
    for note in result.notes:
        typer.echo(f"! {words.note(note)}")
    _print_files(result.out_dir, words)


def _print_rollups(assessment: "Assessment", words: "Texts") -> None:
    from circles.check.words import say
    from circles.explain_rollup import explain_rollup

    said = words("cli.fictional_word") in assessment.name.lower()
    label = words("cli.fictional") if assessment.fictional and not said else ""
    as_of = assessment.as_of
    when = as_of.isoformat() if isinstance(as_of, date) else words("cli.no_date")
    typer.echo(f"{assessment.name}{label}  {assessment.standard.name[words.lang]}  {when}")
    for rollup in assessment.rollups.to_dict("records"):
        typer.echo(f"  {explain_rollup(rollup, assessment, words)}")
    for note in assessment.warnings:
        typer.echo(f"! {say(note, words)}")


def _print_check(report: "CheckReport", words: "Texts") -> None:
    from circles.check.stopping import rows_line

    if line := rows_line(report, words):
        typer.echo(line)


def _print_files(folder: Path, words: "Texts") -> None:
    from circles.outputs import FILES
    from circles.reports.handouts import handout_names

    first, *others = [name for name in FILES if not name.endswith(".json")]
    others += [name for name in handout_names() if (folder / name).exists()]
    others += [name for name in FILES if name.endswith(".json")]
    typer.echo(words("cli.open", path=(folder / first).resolve()))
    typer.echo(words("cli.others", files=", ".join(others)))
