"""`circles network`: an extract's walking network built once, for many districts to read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from circles.texts import load_texts

if TYPE_CHECKING:
    from circles.network import WalkNetwork
    from circles.texts import Texts

app = typer.Typer(
    no_args_is_help=True, help="Build a walking network once, for many districts to read."
)


@app.callback()
def _root() -> None:
    """Keep the name of the command, even where it is the only one."""


@app.command()
def build(
    extract: Annotated[Path, typer.Argument(help="An .osm.pbf, .osm or .graphml file.")],
    out: Annotated[Path, typer.Option("--out", help="A folder to make, as city.network.")],
    min_piece_m: Annotated[
        float, typer.Option(help="Pieces with less street than this take no part, metres.")
    ] = 1000,
    elevation: Annotated[
        Path | None, typer.Option(help="A grid of heights, so that slopes count.")
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="Language: zh or en.")] = "zh",
) -> None:
    """Build the walking network of an extract and save it, whole or not at all."""
    from circles.files import build_network

    words = load_texts(lang)
    network = build_network(extract, out, min_piece_m=min_piece_m, elevation=elevation)
    for line in _lines(network, out, words):
        typer.echo(line)


def _lines(network: "WalkNetwork", out: Path, words: "Texts") -> list[str]:
    from circles.terrain import height_share

    report, share = network.report, height_share(network)
    km = f"{network.edges.length_m.sum() / 1000:,.1f}"
    nodes, edges = f"{len(network.node_id):,}", f"{len(network.edges):,}"
    lines = [words("saved.built", path=out, nodes=nodes, edges=edges, km=km)]
    if report.small_pieces:
        small_km = f"{report.small_pieces_m / 1000:,.1f}"
        lines.append(words("saved.small_pieces", count=report.small_pieces, km=small_km))
    if share is not None:
        lines.append(words("saved.heights", share=f"{share:.1%}"))
    return lines
