"""The cells of a population raster around the communities, and how many people live in each."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from pyproj import CRS, Transformer

from circles.crs import FloatArray
from circles.demand.model import ObjectArray

if TYPE_CHECKING:
    from affine import Affine
    from rasterio.windows import Window

_REMEMBERED: Final = 16
Unit = Literal["people", "people_per_km2"]


@dataclass(frozen=True)
class Raster:
    """One population raster, and what is said of how to read it.

    Parameters
    ----------
    path
        A GeoTIFF, or an ASCII grid.
    band
        Which of its bands, from 1; without it, the file may have only one.
    unit
        ``"people"`` if each cell holds a number of people, ``"people_per_km2"`` if it holds a
        density.
    """

    path: Path
    band: int | None = None
    unit: Unit = "people"


@dataclass(frozen=True)
class RasterFacts:
    """What was found in one raster.

    Parameters
    ----------
    raster
        Which.
    crs
        Its coordinate system, in words.
    cells, without_value
        How many cells were read, and how many of them hold no number.
    mark
        The negative number that was taken for “no data” though the file does not declare it;
        NaN if there is none.
    marked
        How many cells hold it.
    total
        The sum of the numbers read, people.
    """

    raster: Raster
    crs: str
    cells: int
    without_value: int
    mark: float
    marked: int
    total: float


@dataclass
class PeopleGrid:
    """The cells of one grid around the communities, and how many live in each.

    It is filled raster by raster while they are read, and not changed afterwards.

    Parameters
    ----------
    crs
        The grid's coordinate system.
    transform
        What takes column and row of the window to x and y of `crs`.
    outlines
        The communities in columns and rows of the window.
    whole
        Coordinate system, transform, columns and rows of the rasters themselves.
    window
        The part of them that is read.
    sides_m, cell_km2
        How wide and how high the cell in the middle of the window is, metres, and its area.
    people
        People by group, shape (rows, columns); NaN where no raster of the group has a number.
    facts
        What was found in each raster.
    partly
        Cells by group for which some rasters of the group have a number and others have none.
    """

    crs: CRS
    transform: "Affine"
    outlines: ObjectArray
    whole: tuple[CRS, "Affine", int, int]
    window: "Window"
    sides_m: tuple[float, float] = (0.0, 0.0)
    cell_km2: float = 0.0
    people: dict[str, FloatArray] = field(default_factory=dict)
    facts: list[RasterFacts] = field(default_factory=list)
    partly: dict[str, int] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the window."""
        return int(self.window.height), int(self.window.width)

    def places(
        self, column: FloatArray, row: FloatArray, crs: CRS
    ) -> tuple[FloatArray, FloatArray]:
        """Return x and y, metres of a local system, of places in columns and rows."""
        x, y = moved(self.transform, column, row)
        x_m, y_m = transformer(self.crs, crs).transform(x, y)
        return np.asarray(x_m, np.float64), np.asarray(y_m, np.float64)

    def cells_km2(self, crs: CRS) -> FloatArray:
        """Return the area of each cell, km², shape (rows, columns), row by row of cells."""
        rows, columns = self.shape
        area = np.empty((rows, columns))
        column = np.arange(columns + 1, dtype=np.float64)
        upper = self.places(column, np.zeros(columns + 1), crs)
        for row in range(rows):
            lower = self.places(column, np.full(columns + 1, row + 1.0), crs)
            area[row] = quads_m2(upper, lower) / 1e6
            upper = lower
        return area


@lru_cache(maxsize=_REMEMBERED)
def transformer(system: CRS, to: CRS) -> Transformer:
    """Return what takes x and y of a system to those of another; making one takes a while."""
    return Transformer.from_crs(system, to, always_xy=True)


def quads_m2(
    upper: tuple[FloatArray, FloatArray], lower: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """Return the area of the cells between two lines of corners, m² (half the diagonals' cross)."""
    (x0, y0), (x1, y1) = upper, lower
    return (
        np.abs((x1[1:] - x0[:-1]) * (y1[:-1] - y0[1:]) - (x1[:-1] - x0[1:]) * (y1[1:] - y0[:-1]))
        / 2
    )


def moved(transform: "Affine", x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return where a transform takes places."""
    a, b, c, d, e, f = transform[:6]
    return a * x + b * y + c, d * x + e * y + f
