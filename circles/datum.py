"""The datums of Chinese map providers: what GCJ-02 and BD-09 add to WGS 84, and taking it off.

Amap and Tencent give places in GCJ-02, Baidu in BD-09: longitude and latitude moved by 50 m to
1.5 km, differently from place to place. The state has not published the method; what is here is the
formula that became public in 2010 and that all open implementations share. It holds on the
mainland: in Hong Kong, Macau, Taiwan and abroad nothing is moved, neither forwards nor backwards.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from circles.errors import InputError
from circles.mainland import in_mainland, near_mainland

__all__ = ["Datum", "from_wgs84", "geometries_to_wgs84", "in_mainland", "to_wgs84"]

FloatArray = npt.NDArray[np.float64]
_Geometries = npt.NDArray[np.object_]
_Pair = tuple[FloatArray, FloatArray]

#: Krasovsky's ellipsoid of 1940, which the formula is written for.
_AXIS_M: Final = 6_378_245.0
_ECCENTRICITY_2: Final = 0.00669342162296594323

#: Each round of going backwards leaves a hundredth of the error or less: from 1.5 km to 1 µm.
_ROUNDS: Final = 5

#: BD-09 turns and stretches by waves of this many radians per degree.
_WAVE: Final = np.pi * 3000 / 180


class Datum(StrEnum):
    """What longitude and latitude are measured against."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def from_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike, datum: Datum) -> _Pair:
    """Give places the coordinates that a datum has for them.

    Parameters
    ----------
    lon, lat
        Degrees (WGS 84), of one shape. What is not a finite number, and what is not on the
        mainland, comes back as it was.
    datum
        The datum to go to.

    Returns
    -------
    tuple of array
        Longitude and latitude of the same shape.

    Raises
    ------
    InputError
        The shapes differ.
    """
    lon, lat = _paired(lon, lat)
    if datum is Datum.WGS84:
        return lon, lat
    return _where(in_mainland(lon, lat), lon, lat, _FORWARDS[datum])


def to_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike, datum: Datum) -> _Pair:
    """Turn a datum's coordinates back into WGS 84, to better than a millimetre.

    A place is moved if where it comes to lie is on the mainland, so that every place there returns
    to where `from_wgs84` took it from. Along a border with land that is not moved, both may share a
    coordinate, in a strip as wide as the datum moves places; the mainland's is taken.

    Parameters
    ----------
    lon, lat
        Degrees in `datum`, of one shape. What is not a finite number, and what does not come from
        the mainland, comes back as it was.
    datum
        The datum they are in.

    Returns
    -------
    tuple of array
        Longitude and latitude (WGS 84) of the same shape.

    Raises
    ------
    InputError
        The shapes differ.
    """
    lon, lat = _paired(lon, lat)
    if datum is Datum.WGS84:
        return lon, lat
    back_lon, back_lat = _where(near_mainland(lon, lat), lon, lat, _BACKWARDS[datum])
    stays = ~in_mainland(back_lon, back_lat)
    back_lon[stays], back_lat[stays] = lon[stays], lat[stays]
    return back_lon, back_lat


def geometries_to_wgs84(geometries: npt.ArrayLike, datum: Datum) -> _Geometries:
    """Turn geometries in a datum's degrees into WGS 84.

    A geometry is moved as a whole or not at all, as most of its points are (see `to_wgs84`): one
    along the border is not torn. Heights stay; missing and empty geometries too.

    Parameters
    ----------
    geometries
        Shapely geometries, any shape.
    datum
        The datum they are in.
    """
    shapes = np.asarray(geometries, dtype=object)
    if datum is Datum.WGS84:
        return shapes
    result = shapes.copy()
    tall = shapely.has_z(shapes)
    for some, include_z in ((~tall, False), (tall, True)):
        if some.any():
            result[some] = _moved(shapes[some], datum, include_z=include_z)
    return result


def _moved(shapes: _Geometries, datum: Datum, *, include_z: bool) -> _Geometries:
    _, owner = shapely.get_coordinates(shapes, return_index=True)

    def back(points: FloatArray) -> FloatArray:
        lon, lat = points[:, 0], points[:, 1]
        new_lon, new_lat = _where(near_mainland(lon, lat), lon, lat, _BACKWARDS[datum])
        inside = np.bincount(owner, in_mainland(new_lon, new_lat), len(shapes))
        stays = (inside * 2 <= np.bincount(owner, minlength=len(shapes)))[owner]
        moved = points.copy()
        moved[:, 0] = np.where(stays, lon, new_lon)
        moved[:, 1] = np.where(stays, lat, new_lat)
        return moved

    return shapely.transform(shapes, back, include_z=include_z)


def _paired(lon: npt.ArrayLike, lat: npt.ArrayLike) -> _Pair:
    """Return copies as numbers, of one shape."""
    pair = np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64)
    if pair[0].shape != pair[1].shape:
        message = (
            f"longitudes of shape {pair[0].shape} and latitudes of shape {pair[1].shape} are not "
            "coordinates of the same places; give as many of one as of the other"
        )
        raise InputError(message)
    return pair


def _where(
    wanted: npt.NDArray[np.bool_],
    lon: FloatArray,
    lat: FloatArray,
    convert: Callable[[FloatArray, FloatArray], Any],
) -> _Pair:
    """Return the coordinates, converted where that is wanted."""
    new_lon, new_lat = lon.copy(), lat.copy()
    new_lon[wanted], new_lat[wanted] = convert(lon[wanted], lat[wanted])
    return new_lon, new_lat


def _wgs84_to_gcj02(lon: FloatArray, lat: FloatArray) -> _Pair:
    east_m, north_m = _offset_m(lon - 105.0, lat - 35.0)
    phi = np.radians(lat)
    root = np.sqrt(1 - _ECCENTRICITY_2 * np.sin(phi) ** 2)
    across_m = _AXIS_M / root * np.cos(phi)
    along_m = _AXIS_M * (1 - _ECCENTRICITY_2) / root**3
    return lon + np.degrees(east_m / across_m), lat + np.degrees(north_m / along_m)


def _offset_m(x: FloatArray, y: FloatArray) -> _Pair:
    """Return how far GCJ-02 moves places, metres, from degrees east of 105° and north of 35°."""

    def waves(angle: FloatArray, *heights: tuple[float, float]) -> FloatArray:
        total = np.zeros_like(angle)
        for height_m, period in heights:
            total += height_m * np.sin(angle * (np.pi / period))
        return total * (2 / 3)

    fine, root, product = waves(x, (20, 1 / 6), (20, 1 / 2)), np.sqrt(np.abs(x)), x * y
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * product + 0.1 * root + fine
    east += waves(x, (20, 1), (40, 3), (150, 12), (300, 30))
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * product + 0.2 * root + fine
    north += waves(y, (20, 1), (40, 3), (160, 12), (320, 30))
    return east, north


def _gcj02_to_bd09(lon: FloatArray, lat: FloatArray) -> _Pair:
    """Turn, stretch and shift degrees as if they were plane coordinates."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _WAVE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _WAVE)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _undo(
    forwards: Callable[[FloatArray, FloatArray], _Pair], lon: FloatArray, lat: FloatArray
) -> _Pair:
    """Find the coordinates that a conversion takes to some others, by going back what it adds.

    What the conversion adds changes by less than 2 % of the way between two places, so each round
    takes the error to less than a fiftieth.
    """
    old_lon, old_lat = lon, lat
    for _ in range(_ROUNDS):
        new_lon, new_lat = forwards(old_lon, old_lat)
        old_lon, old_lat = old_lon + (lon - new_lon), old_lat + (lat - new_lat)
    return old_lon, old_lat


def _wgs84_to_bd09(lon: FloatArray, lat: FloatArray) -> _Pair:
    return _gcj02_to_bd09(*_wgs84_to_gcj02(lon, lat))


def _gcj02_to_wgs84(lon: FloatArray, lat: FloatArray) -> _Pair:
    return _undo(_wgs84_to_gcj02, lon, lat)


def _bd09_to_wgs84(lon: FloatArray, lat: FloatArray) -> _Pair:
    return _undo(_wgs84_to_bd09, lon, lat)


_FORWARDS: Final = {Datum.GCJ02: _wgs84_to_gcj02, Datum.BD09: _wgs84_to_bd09}
_BACKWARDS: Final = {Datum.GCJ02: _gcj02_to_wgs84, Datum.BD09: _bd09_to_wgs84}
