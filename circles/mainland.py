"""The outline of the Chinese mainland, within which GCJ-02 and BD-09 move places.

It leaves out Hong Kong, Macau and what is administered from Taipei (Kinmen and Matsu too), follows
the borders with the neighbours, and reaches to the edge of the territorial sea, so that islands and
coasts are within. It comes from OpenStreetMap; `circles/borders/README.md` says how it was made and
under which licence it stands. It strays from its source by 5 m at most beside Hong Kong, Macau and
Taiwan's islands, by 40 m elsewhere. It tells where coordinates are moved, nothing about borders.
"""

import gzip
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

#: GCJ-02 and BD-09 move no place of the mainland farther than this.
_REACH_DEGREES: Final = 0.05


@cache
def mainland() -> Any:
    """Return the outline: a prepared MultiPolygon, degrees (WGS 84); read once."""
    packed = (files("circles") / "borders" / "mainland.geojson.gz").read_bytes()
    outline = shapely.from_geojson(gzip.decompress(packed).decode("utf-8"))
    shapely.prepare(outline)
    return outline


def in_mainland(lon: npt.ArrayLike, lat: npt.ArrayLike) -> BoolArray:
    """Tell which places lie on the mainland.

    Parameters
    ----------
    lon, lat
        Degrees (WGS 84), of one shape. What is not a finite number lies nowhere.

    Returns
    -------
    array of bool
        Of the same shape.
    """
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    inside = np.array(near_mainland(x, y))
    if inside.any():
        inside[inside] = shapely.contains_xy(mainland(), x[inside], y[inside])
    return inside


def near_mainland(lon: npt.ArrayLike, lat: npt.ArrayLike) -> BoolArray:
    """Tell which coordinates may be those of a place on the mainland, in any datum, by a box.

    Parameters
    ----------
    lon, lat
        Degrees, of one shape.

    Returns
    -------
    array of bool
        Of the same shape.
    """
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    west, south, east, north = _box()
    return (x > west) & (x < east) & (y > south) & (y < north)


@cache
def _box() -> tuple[float, float, float, float]:
    west, south, east, north = (float(value) for value in shapely.bounds(mainland()))
    reach = _REACH_DEGREES
    return west - reach, south - reach, east + reach, north + reach
