"""Isochrones from file to file."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import geopandas as gpd
import shapely

from circles.crs import WGS84, box_text
from circles.errors import InputError, OutputError
from circles.isochrone import isochrones
from circles.network import WalkNetwork
from circles.network.build import network_from_osm
from circles.network.graphml import read_graphml
from circles.network.saved import SUFFIX
from circles.osm import read_streets
from circles.travel import Direction


def read_network(path: Path | str) -> WalkNetwork:
    """Read a walking network: an ``.osm.pbf``, ``.osm`` or ``.graphml`` file, or a saved one.

    Parameters
    ----------
    path
        The file; for a saved network (`WalkNetwork.save`) its folder, named ``.circles``.

    Raises
    ------
    InputError
        The file is missing, damaged, or holds no street that may be walked.
    """
    path = Path(path)
    if path.suffix.lower() == SUFFIX:
        return WalkNetwork.load(path)
    if path.suffix.lower() == ".graphml":
        return read_graphml(path)
    return network_from_osm(read_streets(path))


def isochrone_file(
    source: Path,
    *,
    lon: float,
    lat: float,
    minutes: Sequence[float],
    profile: str,
    direction: str,
    out: Path,
) -> None:
    """Write the isochrones of one place as GeoJSON.

    Parameters
    ----------
    source
        What `read_network` reads.
    lon, lat
        The place, degrees (WGS 84).
    minutes
        The limits.
    profile
        The id of a walking profile.
    direction
        ``"to"`` or ``"from"``.
    out
        A ``.geojson`` file; replaced if it exists.

    Raises
    ------
    InputError
        An argument or the file cannot be used, or the place is far from every street.
    OutputError
        The file cannot be written.
    """
    if direction not in {"to", "from"}:
        message = f"direction {direction!r} is not known; use to or from"
        raise InputError(message)
    if out.suffix.lower() != ".geojson":
        message = f"{out}: isochrones are written as GeoJSON; give a name ending in .geojson"
        raise InputError(message)
    if not (abs(lon) <= 180 and abs(lat) < 90):
        message = f"{lon:g},{lat:g} is no place on Earth; longitude comes first, as in 113.26,23.13"
        raise InputError(message)
    place = gpd.GeoDataFrame(geometry=[shapely.Point(lon, lat)], crs=WGS84)
    network = read_network(source)
    areas = isochrones(
        network, place, minutes=minutes, profile=profile, direction=cast("Direction", direction)
    )
    if (areas["status"] == "off_network").all():
        x, y = network.edges.lon, network.edges.lat
        message = (
            f"{lon},{lat} is far from every street of {source.name}; is it lon,lat? "
            f"The streets span {box_text((x.min(), y.min(), x.max(), y.max()))}"
        )
        raise InputError(message)
    _write(out, areas.drop(columns="origin").to_json(drop_id=True))


def _write(path: Path, text: str) -> None:
    """Write a text file beside its place and move it there; the folder must exist."""
    try:
        with tempfile.TemporaryDirectory(prefix=".new-", dir=path.parent) as beside:
            written = Path(beside) / "written"
            written.write_text(text, "utf-8", newline="\n")
            written.replace(path)
    except OSError as error:
        message = (
            f"{path}: the file cannot be written ({error.strerror or error}); name one in a folder "
            "that exists and can be written to"
        )
        raise OutputError(message) from error
