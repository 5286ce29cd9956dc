"""The streets of a run: the walking network with its heights, and what else an extract holds."""

from dataclasses import dataclass, replace
from pathlib import Path

from circles.communities import Communities
from circles.crs import box_text, crs_around
from circles.errors import InputError
from circles.network import WalkNetwork
from circles.network.build import network_from_osm
from circles.network.graphml import read_graphml
from circles.network.saved import is_saved, load_network
from circles.osm import Box, OsmExtract, read_osm
from circles.project import NetworkTable, Project
from circles.surroundings import Surroundings
from circles.terrain import add_elevation
from circles.texts import Note


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


def read_streets(project: Project) -> Streets | None:
    """Read the streets that a project names, and give them heights if it names a grid of them.

    None where a project names no streets: nothing that is walked can be judged then.

    Raises
    ------
    InputError
        A file cannot be used; see `circles.osm.read_osm`, `circles.network.graphml.read_graphml`,
        `circles.network.saved.load_network` and `circles.terrain.add_elevation`. Or a saved
        network and the extract lie in different places.
    """
    table = project.file.network
    if table is None:
        return None
    streets = _read(project, table)
    if table.elevation is not None:
        path = project.resolve(table.elevation)
        return replace(streets, network=add_elevation(streets.network, path), heights=path.name)
    if streets.network.edges.elevation_m is not None:
        saved = project.resolve(table.streets or table.osm)
        return replace(streets, heights=saved.name)
    return streets


def _read(project: Project, table: NetworkTable) -> Streets:
    path = project.resolve(table.osm)
    if is_saved(path):
        if "min_piece_m" in table.model_fields_set:  # a folder whose name does not say what it is
            message = f"{path}: a saved network keeps its own choice of pieces; remove min_piece_m"
            raise InputError(message)
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


def no_extract(streets: Streets | None) -> str:
    """Say why there is no extract to take boundaries, buildings or facilities from."""
    if streets is None:
        return "the project names no [network]"
    return f"{streets.path.name} holds streets only"


def surroundings(streets: Streets | None, communities: Communities) -> Surroundings:
    """Return what the places of a layer may be held against."""
    extract = None if streets is None else streets.extract
    return Surroundings.of(
        crs_around(communities.table) if streets is None else streets.network.crs,
        communities=communities.table,
        buildings=None if extract is None else extract.buildings,
        network=None if streets is None else streets.network,
        water=None if extract is None else extract.water,
    )


def street_notes(streets: Streets | None) -> list[Note]:
    """Say what of the streets takes no part, and which are left out on purpose."""
    if streets is None:
        return []
    report = streets.network.report
    notes = [Note.of("assumptions.private_ways")]
    if report.small_pieces:
        km = round(report.small_pieces_m / 1000, 1)
        notes.append(Note.of("warnings.small_pieces", count=report.small_pieces, km=km))
    if report.cut_ways:
        notes.append(Note.of("warnings.cut_ways", count=report.cut_ways))
    return notes


def _box(network: WalkNetwork) -> Box:
    if network.box is not None:
        return network.box
    lon, lat = network.edges.lon, network.edges.lat
    return (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
