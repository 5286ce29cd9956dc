"""The run's coordinate systems: degrees at the edges, one local system in metres inside."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer

from circles.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd

WGS84: Final = CRS.from_epsg(4326)

#: Beyond this half-width the local projection stretches lengths by more than 0.05 %.
MAX_HALF_WIDTH_M: Final = 200_000.0

FloatArray = npt.NDArray[np.float64]


def local_crs(lon: float, lat: float) -> CRS:
    """Return the local metric system around a place: a transverse Mercator with scale 1 there.

    The centre is rounded to a tenth of a degree, so that small changes of an input do not move
    the system. Lengths are true to 0.01 % within 90 km and to 0.05 % within 200 km east or west
    of the centre.

    Parameters
    ----------
    lon, lat
        The centre, degrees (WGS 84).

    Raises
    ------
    InputError
        The centre is not a place on Earth.
    """
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 89):
        message = f"no local coordinate system around longitude {lon}, latitude {lat}"
        raise InputError(message)
    return CRS.from_proj4(
        f"+proj=tmerc +lat_0={lat:.1f} +lon_0={lon:.1f} +k=1 +x_0=0 +y_0=0 "
        "+ellps=WGS84 +units=m +no_defs"
    )


def crs_around(layer: "gpd.GeoDataFrame") -> CRS:
    """Return the local metric system around the middle of a layer's box.

    Parameters
    ----------
    layer
        Any geometry, in EPSG:4326.
    """
    west, south, east, north = map(float, layer.total_bounds)
    return local_crs((west + east) / 2, (south + north) / 2)


def to_metres(lon: FloatArray, lat: FloatArray, crs: CRS) -> tuple[FloatArray, FloatArray]:
    """Project degrees (WGS 84) to metres of `crs`; arrays of any one shape."""
    return _project(lon, lat, WGS84, crs)


def to_degrees(x_m: FloatArray, y_m: FloatArray, crs: CRS) -> tuple[FloatArray, FloatArray]:
    """Turn metres of `crs` back into degrees (WGS 84); arrays of any one shape."""
    return _project(x_m, y_m, crs, WGS84)


def _project(
    x: FloatArray, y: FloatArray, source: CRS, target: CRS
) -> tuple[FloatArray, FloatArray]:
    transformer = _transformer(source, target)
    return cast("tuple[FloatArray, FloatArray]", transformer.transform(x, y))


@lru_cache(maxsize=64)
def _transformer(source: CRS, target: CRS) -> Transformer:
    """Return what turns one system into another; making one takes longer than using it."""
    return Transformer.from_crs(source, target, always_xy=True)


def local_points(frame: "gpd.GeoDataFrame", crs: CRS, name: str) -> tuple[FloatArray, FloatArray]:
    """Return a point of each row in metres of a local system.

    Parameters
    ----------
    frame
        Any geometry, in any CRS; other geometries than points count at a point on them.
    crs
        The local metric system.
    name
        What to call the table in messages.

    Returns
    -------
    tuple of array
        x and y, metres, shape (rows,) each.

    Raises
    ------
    InputError
        The frame has no CRS, or rows have no place, or one that cannot be on the Earth.
    """
    geometry = require_crs(frame, name).geometry
    missing = (geometry.isna() | geometry.is_empty).to_numpy()
    if missing.any():
        rows = _some(frame, missing)
        message = f"{name} has rows without a place: {rows}; locate or remove them"
        raise InputError(message)
    points = shapely.point_on_surface(geometry.to_numpy())
    lon, lat = to_degrees(shapely.get_x(points), shapely.get_y(points), geometry.crs)
    x_m, y_m = to_metres(lon, lat, crs)
    strange = ~(np.isfinite(x_m) & np.isfinite(y_m) & (np.abs(lat) <= 90) & (np.abs(lon) <= 180))
    if strange.any():
        first = points[strange][0]
        message = (
            f"{name} has rows that cannot be on the Earth: {_some(frame, strange)}; the first is "
            f"at {first.x:g}, {first.y:g} — are longitude and latitude swapped, or is the CRS "
            "wrong?"
        )
        raise InputError(message)
    return x_m, y_m


def _some(frame: "gpd.GeoDataFrame", rows: npt.NDArray[np.bool_]) -> str:
    names = [str(index) for index in frame.index[rows]]
    return ", ".join(names[:5]) + (f" … ({len(names)} rows)" if len(names) > 5 else "")


def require_crs(frame: "gpd.GeoDataFrame", name: str) -> "gpd.GeoDataFrame":
    """Return `frame` if it says what its coordinates are.

    Raises
    ------
    InputError
        The frame has no CRS; metres cannot be told from degrees then.
    """
    if frame.crs is None:
        message = (
            f"{name} has no coordinate reference system, so its numbers cannot be placed on a map; "
            "set one (frame.set_crs('EPSG:4326') for longitude and latitude) and try again"
        )
        raise InputError(message)
    return frame


def box_text(box: Sequence[float]) -> str:
    """Put west, south, east, north into words."""
    west, south, east, north = box
    return f"longitude {west:.4f}-{east:.4f}, latitude {south:.4f}-{north:.4f}"
