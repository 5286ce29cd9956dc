"""Isochrones from file to file."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from circles.crs import FloatArray, box_text, to_degrees, to_metres
from circles.errors import InputError, OutputError
from circles.isochrone import check_limits, draw
from circles.network import MIN_PIECE_M, WalkNetwork
from circles.network.saved import SUFFIXES, is_saved, named_saved
from circles.profiles import profile as profile_by_id
from circles.travel import Direction


def read_network(path: Path | str, *, min_piece_m: float = MIN_PIECE_M) -> WalkNetwork:
    """Read a walking network: an ``.osm.pbf``, ``.osm`` or ``.graphml`` file, or a saved one.

    Parameters
    ----------
    path
        The file; for a saved network (`WalkNetwork.save`) its folder, or the URL of one.
    min_piece_m
        Connected pieces with less street than this take no part in joining; a saved network
        keeps its own choice.

    Raises
    ------
    InputError
        The file is missing, damaged, or holds no street that may be walked.
    """
    if is_saved(path):
        return WalkNetwork.load(path)
    path = Path(path)
    if path.suffix.lower() == ".graphml":
        from circles.network.graphml import read_graphml  # networkx loads with it

        return read_graphml(path, min_piece_m=min_piece_m)
    from circles.network.build import network_from_osm  # and with these geopandas, scipy, osmium
    from circles.osm import read_streets

    return network_from_osm(read_streets(path), min_piece_m=min_piece_m)


def build_network(
    source: Path, out: Path, *, min_piece_m: float = MIN_PIECE_M, elevation: Path | None = None
) -> WalkNetwork:
    """Build the walking network of an extract once and save it, for many districts to read.

    Parameters
    ----------
    source
        An ``.osm.pbf``, ``.osm`` or ``.graphml`` file.
    out
        The folder to make, its name ending in ``.network`` or ``.circles``; one that is there is
        replaced when all is written.
    min_piece_m
        As in `read_network`.
    elevation
        A grid of heights, so that slopes count; see `circles.terrain.add_elevation`.

    Raises
    ------
    InputError
        A file or `min_piece_m` cannot be used, or `out` has another ending.
    OutputError
        The folder cannot be written, or something else is in its place.
    """
    if not named_saved(out):
        message = f"{out}: a saved network is a folder; give a name ending in {SUFFIXES[0]}"
        raise InputError(message)
    if is_saved(source):
        message = f"{source} is a saved network already; build one from the extract it came from"
        raise InputError(message)
    if not (min_piece_m >= 0 and np.isfinite(min_piece_m)):
        message = f"min_piece_m is {min_piece_m:g}; a length in metres was expected, 0 or more"
        raise InputError(message)
    from circles.network.ordering import in_space_order  # numba and scipy load with it

    network = in_space_order(read_network(source, min_piece_m=min_piece_m))
    if elevation is not None:
        from circles.terrain import add_elevation  # rasterio loads with it

        network = add_elevation(network, elevation)
    network.save(out)
    return network


def isochrone_file(
    source: Path | str,
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
    if out.suffix.lower() != ".geojson":
        message = f"{out}: isochrones are written as GeoJSON; give a name ending in .geojson"
        raise InputError(message)
    if not (abs(lon) <= 180 and abs(lat) < 90):
        message = f"{lon:g},{lat:g} is no place on Earth; longitude comes first, as in 113.26,23.13"
        raise InputError(message)
    check_limits(minutes, direction)
    walker = profile_by_id(profile)  # asked for before the streets, which take longer to read
    network = read_network(source)
    drawing = draw(
        network,
        to_metres(np.array([lon]), np.array([lat]), network.crs),
        minutes=minutes,
        profile=walker,
        direction=cast("Direction", direction),
    )
    if drawing.joins.off_network.all():
        away_m = drawing.access_m[0]
        x, y = network.edges.lon, network.edges.lat
        message = (
            f"{lon},{lat} is far from every street of {Path(source).name}"
            f"{f' ({away_m:.0f} m)' if np.isfinite(away_m) else ''}; is it lon,lat? "
            f"The streets span {box_text((x.min(), y.min(), x.max(), y.max()))}"
        )
        raise InputError(message)
    features = [
        {
            "type": "Feature",
            "properties": {"minutes": limit, "status": status},
            "geometry": _geojson(area, network.crs),
        }
        for limit, status, area in zip(
            drawing.minutes, drawing.statuses(0), drawing.areas[0], strict=True
        )
    ]
    _write(out, json.dumps({"type": "FeatureCollection", "features": features}))


def _geojson(area: BaseGeometry, crs: CRS) -> Any:
    """Return an area in degrees as GeoJSON (RFC 7946): outer rings run counter-clockwise."""

    def in_degrees(places: FloatArray) -> FloatArray:
        return np.column_stack(to_degrees(places[:, 0], places[:, 1], crs))

    return json.loads(shapely.to_geojson(shapely.transform(area, in_degrees)))


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
