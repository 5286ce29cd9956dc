"""A district on paper: its layers in millimetres of a frame, cut at the frame's edge."""

import math
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from circles.assessment import Assessment
from circles.crs import FloatArray, crs_around, to_metres
from circles.maps.areas import plain_outlines
from circles.pictures.looks import Hatching
from circles.pictures.scene import Areas, Lines, Part, Pen, Shapes

#: Bends of less than this are not seen on paper.
_BEND_MM: Final = 0.06
_OUTLINE_MM: Final = 0.12
_PADDING: Final = 0.03
_SMALLEST_M: Final = 200.0

LAND: Final = "#f8f6f1"
_GREEN, _WATER, _SHORE = "#dde8cf", "#c3dbe8", Pen("#9fc1d3", 0.12)
_STREETS: Final = {1: Pen("#a59d8e", 0.35), 2: Pen("#c3bcae", 0.2), 3: Pen("#d6d0c4", 0.12)}
#: Above this many communities lines are drawn finer, so that colours can be seen between them.
MANY: Final = 500
_BORDER, _FINE_BORDER = Pen("#3f4248", 0.3), Pen("#3f4248", 0.12)
#: On a smaller scale than this, footpaths are but a grey haze.
_PATHS_M_PER_MM: Final = 40.0
_STREETS_M_PER_MM: Final = 150.0


@dataclass(frozen=True)
class Frame:
    """A frame on the sheet: where it lies, and what part of the world it shows.

    Parameters
    ----------
    x_mm, y_mm, width_mm, height_mm
        The frame on the sheet.
    crs
        The metric system in which the world is measured.
    middle_m
        What is in the middle of the frame, x and y.
    m_per_mm
        How many metres a millimetre of the frame is.
    """

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    crs: CRS
    middle_m: tuple[float, float]
    m_per_mm: float

    @classmethod
    def around(
        cls, assessment: Assessment, x_mm: float, y_mm: float, width_mm: float, height_mm: float
    ) -> "Frame":
        """Return the frame that just shows all communities."""
        crs = crs_around(assessment.communities)
        west, south, east, north = assessment.communities.total_bounds
        lon, lat = np.meshgrid(np.linspace(west, east, 9), np.linspace(south, north, 9))
        x_m, y_m = to_metres(lon.ravel(), lat.ravel(), crs)
        wide, high = (max(float(np.ptp(v)), _SMALLEST_M) for v in (x_m, y_m))
        scale = max(wide / width_mm, high / height_mm) * (1 + 2 * _PADDING)
        middle = (float(x_m.min() + x_m.max()) / 2, float(y_m.min() + y_m.max()) / 2)
        return cls(x_mm, y_mm, width_mm, height_mm, crs, middle, scale)

    def places(self, lon: FloatArray, lat: FloatArray) -> FloatArray:
        """Return points of the world on the sheet, shape (n, 2)."""
        x_m, y_m = to_metres(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float), self.crs)
        return np.column_stack(
            [
                self.x_mm + self.width_mm / 2 + (x_m - self.middle_m[0]) / self.m_per_mm,
                self.y_mm + self.height_mm / 2 - (y_m - self.middle_m[1]) / self.m_per_mm,
            ]
        )

    def shapes(self, geometry: gpd.GeoSeries | Shapes, *, bend_mm: float = _BEND_MM) -> Shapes:
        """Return shapes of the world on the sheet, cut at the frame; empty where not in it."""
        whole = self.whole(geometry)
        simple = shapely.simplify(whole, bend_mm) if bend_mm else whole
        return self.cut(simple)

    def whole(self, geometry: gpd.GeoSeries | Shapes) -> Shapes:
        """Return shapes of the world on the sheet as they are."""
        array = np.asarray(geometry, dtype=object)
        # Empty shapes have no coordinates, and stay what they are.
        flat = shapely.force_2d(array)
        return np.asarray(
            shapely.transform(flat, lambda at: self.places(at[:, 0], at[:, 1])), dtype=object
        )

    def cut(self, shapes: Shapes) -> Shapes:
        """Cut shapes at the frame."""
        box = (self.x_mm, self.y_mm, self.x_mm + self.width_mm, self.y_mm + self.height_mm)
        sound = shapes.copy()
        broken = ~shapely.is_valid(sound)
        sound[broken] = shapely.make_valid(sound[broken])
        return np.asarray(shapely.clip_by_rect(sound, *box), dtype=object)

    def holds(self, places: FloatArray, *, margin_mm: float = 0.0) -> "np.ndarray":
        """Return which places of the sheet lie in the frame, by a margin."""
        low = np.array([self.x_mm, self.y_mm]) + margin_mm
        high = np.array([self.x_mm + self.width_mm, self.y_mm + self.height_mm]) - margin_mm
        return np.asarray(((places >= low) & (places <= high)).all(axis=1))


@dataclass(frozen=True)
class Backdrop:
    """What maps of one frame share, whatever their colours tell: drawn once for all of them.

    Parameters
    ----------
    outlines
        The communities on the sheet.
    hatching
        The lines inside them, cut at the frame as they are.
    green, water, streets
        What lies under and over them.
    borders
        Their borders.
    """

    outlines: Shapes
    hatching: Hatching
    green: list[Part]
    water: list[Part]
    streets: list[Part]
    borders: Areas

    @classmethod
    def of(cls, assessment: Assessment, frame: Frame) -> "Backdrop":
        """Draw what a frame shows of a run's land."""
        whole = outlines(assessment, frame)
        shown = frame.cut(whole)
        return cls(
            outlines=whole,
            hatching=Hatching(shown),
            green=green(assessment, frame),
            water=water(assessment, frame),
            streets=streets(assessment, frame),
            borders=Areas(shown, "none", _FINE_BORDER if len(shown) > MANY else _BORDER),
        )

    @property
    def parts(self) -> list[Part]:
        """What is on every picture, as it is."""
        return [*self.green, *self.water, *self.streets, self.borders]


def outlines(assessment: Assessment, frame: Frame) -> Shapes:
    """Return the communities on the sheet; neighbours keep their shared border."""
    plain = frame.whole(plain_outlines(assessment.communities.geometry))
    sound = shapely.is_valid(plain) & ~shapely.is_empty(plain) & ~shapely.is_missing(plain)
    # Triangles of this area are what the simplification may leave out.
    plain[sound] = shapely.coverage_simplify(plain[sound], _OUTLINE_MM)
    return plain


def green(assessment: Assessment, frame: Frame) -> list[Part]:
    """Return the parks and woods, which lie under the communities."""
    return [Areas(_shown(frame.shapes(assessment.green.geometry)), _GREEN)]


def water(assessment: Assessment, frame: Frame) -> list[Part]:
    """Return rivers and lakes, by which a reader finds the way."""
    return [Areas(_shown(frame.shapes(assessment.water.geometry)), _WATER, _SHORE)]


def streets(assessment: Assessment, frame: Frame) -> list[Part]:
    """Return the streets, those of the highest rank last; fewer ranks on smaller scales."""
    table = assessment.streets
    if "rank" not in table or table.empty:
        return []
    ranks = [1, 2] if frame.m_per_mm > _PATHS_M_PER_MM else [1, 2, 3]
    ranks = [1] if frame.m_per_mm > _STREETS_M_PER_MM else ranks
    parts: list[Part] = []
    for rank in reversed(ranks):
        lines = table.loc[table["rank"] == rank, "geometry"].to_numpy()
        if not len(lines):
            continue
        # Pieces that follow each other are one line: there are far fewer points to write.
        merged = shapely.get_parts(
            shapely.line_merge(shapely.multilinestrings(shapely.get_parts(lines)))
        )
        parts.append(Lines(_shown(frame.shapes(merged, bend_mm=2 * _BEND_MM)), _STREETS[rank]))
    return parts


def scale_bar(frame: Frame, *, about_mm: float) -> tuple[float, float]:
    """Return a round length in metres that is not longer on the sheet, and its millimetres."""
    most = about_mm * frame.m_per_mm
    power = 10.0 ** math.floor(math.log10(most))
    length_m = max(step * power for step in (1, 2, 5) if step * power <= most * (1 + 1e-9))
    return length_m, length_m / frame.m_per_mm


def _shown(shapes: Shapes) -> Shapes:
    return shapes[~shapely.is_empty(shapes)]
