"""The streets of a run: the walking network, and what else came from the same file."""

from dataclasses import dataclass
from pathlib import Path

from circles.network import WalkNetwork
from circles.network.build import network_from_osm
from circles.network.graphml import read_graphml
from circles.osm import Box, OsmExtract, read_osm
from circles.project import Project


@dataclass(frozen=True)
class Streets:
    """The network, and what else came from the same file.

    Parameters
    ----------
    network
        The walking network.
    box
        West, south, east, north of the area it covers, degrees.
    path
        The file.
    extract
        What else an OpenStreetMap extract holds; None for a street graph.
    """

    network: WalkNetwork
    box: Box
    path: Path
    extract: OsmExtract | None


def read_streets(project: Project) -> Streets:
    """Read the streets that a project names.

    Raises
    ------
    InputError
        The file cannot be used; see `circles.osm.read_osm` and
        `circles.network.graphml.read_graphml`.
    """
    table = project.file.network
    path = project.resolve(table.osm)
    if path.suffix.lower() == ".graphml":
        network = read_graphml(path, min_piece_m=table.min_piece_m)
        lon, lat = network.edges.lon, network.edges.lat
        box = (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
        return Streets(network, box, path, None)
    extract = read_osm(path)
    network = network_from_osm(extract, min_piece_m=table.min_piece_m)
    return Streets(network, extract.box, path, extract)
