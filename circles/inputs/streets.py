"""The streets of a run: the walking network with its heights, and what else an extract holds."""

from dataclasses import dataclass, replace
from pathlib import Path

from circles.crs import box_text
from circles.errors import InputError
from circles.network import WalkNetwork
from circles.network.build import network_from_osm
from circles.network.graphml import read_graphml
from circles.network.saved import SUFFIX, load_network
from circles.osm import Box, OsmExtract, read_osm
from circles.project import Project
from circles.terrain import add_elevation


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
        What else an OpenStreetMap extract holds; None where the file holds streets only.
    heights
        The name of the file that the network's heights come from; None where it has none.
    """

    network: WalkNetwork
    box: Box
    path: Path
    extract: OsmExtract | None
    heights: str | None = None


def read_streets(project: Project) -> Streets:
    """Read the streets that a project names, and give them heights if it names a grid of them.

    Raises
    ------
    InputError
        A file cannot be used; see `circles.osm.read_osm`, `circles.network.graphml.read_graphml`,
        `circles.network.saved.load_network` and `circles.terrain.add_elevation`. Or a saved
        network and the extract lie in different places.
    """
    streets = _read(project)
    table = project.file.network
    if table.elevation is not None:
        path = project.resolve(table.elevation)
        return replace(streets, network=add_elevation(streets.network, path), heights=path.name)
    if streets.network.edges.elevation_m is not None:
        saved = project.resolve(table.streets or table.osm)
        return replace(streets, heights=saved.name)
    return streets


def _read(project: Project) -> Streets:
    table = project.file.network
    path = project.resolve(table.osm)
    if path.suffix.lower() == SUFFIX:
        network = load_network(path)
        return Streets(network, _box(network), path, None)
    if path.suffix.lower() == ".graphml":
        network = read_graphml(path, min_piece_m=table.min_piece_m)
        return Streets(network, _box(network), path, None)
    extract = read_osm(path)
    if table.streets is not None:
        return _with_saved_streets(extract, path, project.resolve(table.streets))
    network = network_from_osm(extract, min_piece_m=table.min_piece_m)
    return Streets(network, extract.box, path, extract)


def _with_saved_streets(extract: OsmExtract, path: Path, saved: Path) -> Streets:
    """Take the streets from a saved network; only where it and the extract overlap all is known."""
    network = load_network(saved)
    streets = _box(network)
    west, south, east, north = (
        max(extract.box[0], streets[0]),
        max(extract.box[1], streets[1]),
        min(extract.box[2], streets[2]),
        min(extract.box[3], streets[3]),
    )
    if not (west < east and south < north):
        message = (
            f"{saved}: this saved network lies elsewhere than the extract: {box_text(streets)}; "
            f"{path.name} covers {box_text(extract.box)}"
        )
        raise InputError(message)
    return Streets(network, (west, south, east, north), path, extract)


def _box(network: WalkNetwork) -> Box:
    if network.box is not None:
        return network.box
    lon, lat = network.edges.lon, network.edges.lat
    return (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
