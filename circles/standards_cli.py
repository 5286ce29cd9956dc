"""`circles standards`: the bundled standards listed, one shown, one's own checked."""

from pathlib import Path
from typing import Annotated

import typer

from circles.texts import load_texts

app = typer.Typer(
    no_args_is_help=True, help="List the standards, show what one asks, check one of your own."
)

LangOption = Annotated[str, typer.Option("--lang", help="Language: zh or en.")]


@app.command("list")
def list_(
    services: Annotated[
        bool, typer.Option("--services", help="List the services instead: ids and names.")
    ] = False,
    lang: LangOption = "zh",
) -> None:
    """List the bundled standards: who issued them for when, and their rules by kind."""
    from circles.facilities import load_catalogue
    from circles.reports.requirements import overview_lines
    from circles.standards import load_standard, standard_ids

    words = load_texts(lang)
    if services:
        for service in load_catalogue().values():
            typer.echo(f"{service.id}  {service.name[lang]}")
        return
    for standard_id in standard_ids():
        for line in overview_lines(load_standard(standard_id), words):
            typer.echo(line)


@app.command()
def show(
    standard: Annotated[str, typer.Argument(help="The standard's id, or a .toml file.")],
    lang: LangOption = "zh",
) -> None:
    """Show what a standard asks: its rules and targets, their sources, what is assumed."""
    from circles.reports.requirements import requirement_lines
    from circles.standards import load_standard

    words = load_texts(lang)
    for line in requirement_lines(load_standard(standard), words):
        typer.echo(line)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The .toml file of your own standard.")],
    lang: LangOption = "zh",
) -> None:
    """Check a standard's file: all of its faults and where they are, or what is in it."""
    from circles.reports.requirements import assumed_names, overview_lines
    from circles.standards import load_standard

    words = load_texts(lang)
    standard = load_standard(file)
    typer.echo(words("standards.sound", path=file))
    for line in overview_lines(standard, words):
        typer.echo(line)
    assumed = assumed_names(standard, words)
    if assumed:
        typer.echo(words("standards.assumed", names=words("standards.comma").join(assumed)))


@app.command()
def schema() -> None:
    """Print the JSON Schema of a standard's file, for editors that check while one types."""
    from circles.standards.schema import json_schema

    typer.echo(json_schema(), nl=False)
