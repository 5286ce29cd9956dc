"""The coordinate system that a layer claims, and whether its coordinates can be in it."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from circles.crs import WGS84
from circles.errors import FaultsError, InputError
from circles.tables.columns import matching_key, rows_in_words

Bounds = npt.NDArray[np.float64]
"""West, south, east, north of each row; shape (rows, 4)."""

_SHIFTED = MappingProxyType({"gcj02": "GCJ-02", "bd09": "BD-09", "bd09ll": "BD-09"})
_NAMED_CRS = MappingProxyType({"wgs84": 4326, "cgcs2000": 4490})

#: A zone of a projection is used this far beyond the area it is made for, and no farther.
_STRETCH_DEG = 10.0


def declared_crs(crs: str, path: Path) -> pyproj.CRS:
    """Return the CRS that a person named: ``wgs84``, ``cgcs2000`` or ``EPSG:n``.

    `path` is the file it was named for, for the message.

    Raises
    ------
    InputError
        The name is not known, or names a shifted system (GCJ-02, BD-09).
    """
    key = matching_key(crs)
    if key in _SHIFTED:
        message = (
            f"{path}: crs = {crs!r}: {_SHIFTED[key]} coordinates are shifted by several hundred "
            "metres, and this version cannot shift them back; give the layer in WGS84 or CGCS2000"
        )
        raise InputError(message)
    try:
        return pyproj.CRS.from_epsg(_NAMED_CRS[key]) if key in _NAMED_CRS else _epsg(key)
    except pyproj.exceptions.CRSError as error:
        message = (
            f"{path}: crs = {crs!r} is not known; give wgs84, cgcs2000 or EPSG:n (as EPSG:4547)"
        )
        raise InputError(message) from error


def _epsg(key: str) -> pyproj.CRS:
    code = re.fullmatch(r"epsg:(\d+)", key)
    if code is None:
        raise pyproj.exceptions.CRSError(key)
    return pyproj.CRS.from_epsg(int(code[1]))


def check_extent(
    places: gpd.GeoDataFrame, path: Path, faults: Sequence[str] = (), *, by_hand: bool = False
) -> gpd.GeoDataFrame:
    """Return `places` if its coordinates can be in its CRS.

    Parameters
    ----------
    places
        A layer with a CRS; its index are the file's row numbers.
    path
        The file, for the message.
    faults
        Faults found before, to be named with those found here.
    by_hand
        Whether a person named the CRS and the columns, so that easting and northing may have
        been exchanged.

    Raises
    ------
    FaultsError
        Coordinates are beyond the CRS's range, or swapped; every such row is named.
    """
    bounds = shapely.bounds(places.geometry.array)
    known = ~np.isnan(bounds).any(axis=1)
    rows, bounds = places.index[known], bounds[known]
    if places.crs.is_geographic:
        found = [*faults, *_degree_faults(rows, bounds)]
    else:
        found = [*faults, *_metre_faults(rows, bounds, places.crs, by_hand=by_hand)]
    if found:
        raise FaultsError(str(path), found)
    return places


def _degree_faults(rows: pd.Index, bounds: Bounds) -> Iterator[str]:
    x, y = np.abs(bounds[:, [0, 2]]).max(axis=1), np.abs(bounds[:, [1, 3]]).max(axis=1)
    swapped = (x <= 90) & (y > 90) & (y <= 180)
    if swapped.any():
        wrong = _example(rows, bounds, swapped)
        yield f"{wrong}: longitude and latitude are swapped; exchange them"
    beyond = ((x > 180) | (y > 90)) & ~swapped
    if beyond.any():
        yield (
            f"{_example(rows, bounds, beyond)}: these are not degrees of longitude and latitude; "
            "correct them, or give the crs they are in, such as EPSG:4547"
        )
    nowhere = (bounds == 0).all(axis=1)
    if nowhere.any():
        wrong = _example(rows, bounds, nowhere)
        yield f"{wrong}: this is no place; leave unknown coordinates empty"


def _metre_faults(
    rows: pd.Index, bounds: Bounds, crs: pyproj.CRS, *, by_hand: bool
) -> Iterator[str]:
    infinite: npt.NDArray[np.bool_] = np.any(np.isinf(bounds), axis=1)
    if infinite.any():
        wrong = _example(rows, bounds, infinite)
        yield f"{wrong}: this is no place; correct it, or leave it empty"
    x, y = bounds[~infinite][:, [0, 2]], bounds[~infinite][:, [1, 3]]
    if len(x) and (np.abs(x) <= 180).all() and (np.abs(y) <= 90).all():
        yield (
            f"the coordinates look like degrees, but the crs is {crs.name!r}, in metres; "
            "give the crs that they are in"
        )
    elif by_hand and len(x):
        yield from _area_faults(rows[~infinite], bounds[~infinite], crs)


def _area_faults(rows: pd.Index, bounds: Bounds, crs: pyproj.CRS) -> Iterator[str]:
    x, y = bounds[:, 0], bounds[:, 1]
    far = _far_from_area(x, y, crs)
    if not far.any():
        return
    if _far_from_area(y[far], x[far], crs).any():
        advice = f"this is far from where {crs.name!r} is used; give the crs that they are in"
    else:
        advice = "easting and northing are swapped (Chinese survey tables call the northing X)"
    yield f"{_example(rows, bounds, far)}: {advice}"


def _far_from_area(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], crs: pyproj.CRS
) -> npt.NDArray[np.bool_]:
    area = crs.area_of_use
    if area is None or area.west > area.east:  # unknown, or across the date line
        return np.zeros(len(x), dtype=bool)
    lon, lat = pyproj.Transformer.from_crs(crs, WGS84, always_xy=True).transform(x, y)
    east_west = (lon < area.west - _STRETCH_DEG) | (lon > area.east + _STRETCH_DEG)
    north_south = (lat < area.south - _STRETCH_DEG) | (lat > area.north + _STRETCH_DEG)
    return np.asarray(east_west | north_south)


def _example(rows: pd.Index, bounds: Bounds, which: npt.NDArray[np.bool_]) -> str:
    wrong = rows[which].tolist()
    x, y = bounds[which][0, :2]
    return f"{rows_in_words(wrong)} (row {wrong[0]}: x {x:.10g}, y {y:.10g})"
