"""Isochrones from file to file."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import geopandas as gpd
import shapely

from circles.crs import WGS84
from circles.errors import InputError
from circles.graphml import read_graphml
from circles.isochrone import isochrones
from circles.network import WalkNetwork
from circles.network_osm import network_from_osm
from circles.osm import read_osm
from circles.travel import Direction


def read_network(path: Path) -> WalkNetwork:
    """Read a walking network from an ``.osm.pbf``, ``.osm`` or ``.graphml`` file.

    Raises
    ------
    InputError
        The file is missing, damaged, or holds no street that may be walked.
    """
    if path.suffix.lower() == ".graphml":
        return read_graphml(path)
    return network_from_osm(read_osm(path))


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
        An ``.osm.pbf``, ``.osm`` or ``.graphml`` file.
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
    """
    if direction not in {"to", "from"}:
        message = f"direction {direction!r} is not known; use to or from"
        raise InputError(message)
    if out.suffix.lower() != ".geojson":
        message = f"{out}: isochrones are written as GeoJSON; give a name ending in .geojson"
        raise InputError(message)
    place = gpd.GeoDataFrame(geometry=[shapely.Point(lon, lat)], crs=WGS84)
    network = read_network(source)
    areas = isochrones(
        network, place, minutes=minutes, profile=profile, direction=cast("Direction", direction)
    )
    if (areas["status"] == "off_network").all():
        message = f"{lon},{lat} is far from every street of {source.name}; is it lon,lat?"
        raise InputError(message)
    table = areas.drop(columns="origin").to_json(drop_id=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=out.parent, delete=False) as file:
        file.write(table)
    Path(file.name).replace(out)
