"""Names of communities on a map: as many as there is room for, none over another."""

from collections.abc import Sequence

import numpy as np
import shapely

from circles.pictures.ground import Frame
from circles.pictures.scene import Areas, FloatArray, Part, Shapes, Words, shortened, width_of

_SIZE_MM = 2.35
_LONGEST_MM = 24.0
_GAP_MM = 0.5
_SIGN = 1.6
_SHIFTS_MM = (0.0, 3.2, -3.2, 5.0, -5.0)
_PLATE = "#ffffff"


def name_parts(
    names: Sequence[str], outlines: Shapes, frame: Frame, *, around: FloatArray
) -> list[Part]:
    """Return the names that find room inside their communities, those of large ones first.

    Parameters
    ----------
    names
        A name for each outline.
    outlines
        The communities on the sheet.
    frame
        The frame they must stay in.
    around
        Where signs stand that names should not hide, shape (n, 2).
    """
    parts: list[Part] = []
    taken = [shapely.box(x - _SIGN, y - _SIGN, x + _SIGN, y + _SIGN) for x, y in around.tolist()]
    area = np.nan_to_num(shapely.area(outlines))
    for place in np.argsort(-area, kind="stable").tolist():
        outline = outlines[place]
        if area[place] <= 0:
            break
        text = shortened(names[place], _SIZE_MM, _LONGEST_MM)
        width, height = width_of(text, _SIZE_MM) + _GAP_MM, _SIZE_MM + _GAP_MM
        left, _, right, _ = shapely.bounds(outline)
        if not text or width > (right - left) * 1.15:
            continue
        plate = _free(_middle(outline), (width, height), frame, taken)
        if plate is None:
            continue
        taken.append(plate)
        x, y = plate.centroid.x, plate.centroid.y
        parts.append(Areas(np.array([plate], dtype=object), _PLATE, opacity=0.72))
        parts.append(Words(x, y + _SIZE_MM * 0.36, text, _SIZE_MM, anchor="middle"))
    return parts


def _free(
    middle: tuple[float, float],
    size: tuple[float, float],
    frame: Frame,
    taken: Sequence[shapely.Geometry],
) -> shapely.Polygon | None:
    """Return the plate of a name where it hides nothing: in the middle, or above or below it."""
    (x, y), (width, height) = middle, size
    for shift in _SHIFTS_MM:
        top = y + shift - height / 2
        plate = shapely.box(x - width / 2, top, x + width / 2, top + height)
        inside = frame.holds(shapely.get_coordinates(plate), margin_mm=0.5).all()
        if inside and not shapely.intersects(plate, taken).any():
            return plate
    return None


def _middle(outline: shapely.Geometry) -> tuple[float, float]:
    """Return a point inside, the centroid where that lies inside."""
    centroid = shapely.centroid(outline)
    point = centroid if shapely.contains(outline, centroid) else shapely.point_on_surface(outline)
    return float(point.x), float(point.y)
