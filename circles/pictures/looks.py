"""How communities look on pictures: told apart in colour, and without it."""

from dataclasses import dataclass, field
from typing import Final, Literal, cast

import numpy as np
import shapely

from circles.maps.views import LOOKS
from circles.network import BoolArray, IntArray
from circles.pictures.scene import Areas, Lines, Part, Pen, Shapes

Slope = Literal["up", "down"]


@dataclass(frozen=True)
class Look:
    """A colour and, over it, lines that slope up or down."""

    fill: str
    slope: Slope | None = None
    spacing_mm: float = 2.0
    ink: str = "#23262b"


#: The colours of the interactive map; what falls short bears lines, the closer the worse.
BY_LOOK: Final[dict[str, Look]] = {
    "met": Look("#8fcfd1"),
    "not-met": Look("#d0602f", "down", 1.6, "#7a2b0a"),
    "insufficient": Look("#f4f1ea", "up", 2.4, "#8a8578"),
    "not-applicable": Look("#ffffff"),
    "half-missed": Look("#b8431a", "down", 1.1, "#5c1c04"),
    "most-reached": Look("#eda77b", "down", 2.2, "#9c3a10"),
    "passed": Look("#a9dbdb"),
    "all-reached": Look("#4fa9ae"),
    "quarter-1": Look("#f1eef6"),
    "quarter-2": Look("#c9c3e0"),
    "quarter-3": Look("#958cc1"),
    "quarter-4": Look("#5f5399"),
}
BORDER: Final = Pen("#5b5f66", 0.18)


def look_of(number: int) -> Look:
    """Return a look by its place in the list that the views know."""
    return BY_LOOK[LOOKS[number]]


@dataclass(frozen=True)
class Hatching:
    """Parallel lines inside shapes, cut once for all pictures that show some of these.

    Parameters
    ----------
    shapes
        Polygons that do not overlap.
    """

    shapes: Shapes
    _cut: dict[tuple[Slope, float], tuple[Shapes, IntArray]] = field(default_factory=dict)

    def lines(self, look: Look, chosen: BoolArray, *, spacing: float = 1.0) -> Shapes:
        """Return the lines of a look in the chosen shapes; none if it has no lines."""
        if look.slope is None:
            return self.shapes[:0]
        key = (look.slope, look.spacing_mm * spacing)
        if key not in self._cut:
            self._cut[key] = _lines_across(self.shapes, *key)
        found, shape = self._cut[key]
        return found[chosen[shape]]


def filled(
    shapes: Shapes,
    look: Look,
    *,
    border: Pen | None = BORDER,
    lines: Shapes | None = None,
) -> list[Part]:
    """Return polygons in a look, as parts of a picture.

    Parameters
    ----------
    shapes
        Polygons that do not overlap.
    look
        How they look.
    border
        What is drawn around each, if anything.
    lines
        The lines of the look in them, where they were cut before.
    """
    parts: list[Part] = [Areas(shapes, look.fill)]
    if look.slope is not None:
        if lines is None:
            lines = Hatching(shapes).lines(look, np.ones(len(shapes), dtype=bool))
        parts.append(Lines(lines, Pen(look.ink, 0.15)))
    return parts if border is None else [*parts, Areas(shapes, "none", border)]


def _lines_across(shapes: Shapes, slope: Slope, spacing_mm: float) -> tuple[Shapes, IntArray]:
    """Return parallel lines inside shapes, and in which one each lies.

    Those of two pictures lie on the same grid.
    """
    x0, y0, x1, y1 = shapely.total_bounds(shapes)
    if not np.isfinite(x0):
        return shapes[:0], np.empty(0, dtype=np.int64)
    height = y1 - y0
    step = spacing_mm * np.sqrt(2.0)
    sign = 1.0 if slope == "down" else -1.0
    # A line y = sign * x + c crosses the box for c between these.
    first, last = sorted((y0 - sign * x0, y1 - sign * x1))
    low, high = first - height - (x1 - x0), last + height + (x1 - x0)
    offsets = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    starts = np.column_stack([np.full(len(offsets), x0), sign * x0 + offsets])
    ends = np.column_stack([np.full(len(offsets), x1), sign * x1 + offsets])
    lines = cast("Shapes", shapely.linestrings(np.stack([starts, ends], axis=1)))
    # Piece by piece: the union of a city's communities is far slower to cut with.
    line, shape = shapely.STRtree(shapes).query(lines, predicate="intersects")
    order = np.lexsort((shape, line))
    found = cast("Shapes", shapely.intersection(lines[line[order]], shapes[shape[order]]))
    some = ~shapely.is_empty(found)
    return found[some], shape[order][some].astype(np.int64)
