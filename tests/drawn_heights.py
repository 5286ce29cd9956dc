"""Grids of heights made for tests: GeoTIFF files of a formula or of an array."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.transform import Affine

from circles.crs import local_crs
from tests.drawn_osm import LAT_0, LON_0

#: The system in which drawings are measured.
CRS_M = local_crs(LON_0, LAT_0)
Heights = Callable[[npt.NDArray[np.float64], npt.NDArray[np.float64]], Any]


def corner(west: float, north: float, cell: float) -> Affine:
    """Return the transform of a grid with its first cell in the north-west."""
    return Affine(cell, 0.0, west, 0.0, -cell, north)


def write_grid(path: Path, value: npt.NDArray[Any], **profile: Any) -> Path:
    """Write an array as a grid, one band unless it has three dimensions."""
    bands = value if value.ndim == 3 else value[None]
    settings = {
        "driver": "GTiff",
        "count": len(bands),
        "height": bands.shape[1],
        "width": bands.shape[2],
        "dtype": value.dtype,
        "crs": CRS_M.to_wkt(),
        **profile,
    }
    with rasterio.open(path, "w", **settings) as file:
        file.write(bands)
    return path


def hill(
    path: Path,
    height_m: Heights,
    *,
    west: float = -500.0,
    north: float = 1500.0,
    side_m: float = 2000.0,
    cell_m: float = 10.0,
    **profile: Any,
) -> Path:
    """Write a square grid whose heights are a formula of the drawing's metres."""
    middle = (np.arange(round(side_m / cell_m)) + 0.5) * cell_m
    x, y = np.meshgrid(west + middle, north - middle)
    value = np.asarray(height_m(x, y), dtype=np.float64) + 0.0 * x
    if "dtype" in profile:
        value = np.round(value).astype(profile["dtype"])
    return write_grid(path, value, transform=corner(west, north, cell_m), **profile)
