"""Shapes as compact text: Google's encoded polyline algorithm, a hundred-thousandth of a degree.

A shape is its parts (lines, or rings without their closing point) separated by spaces, and its
polygons by commas. Each coordinate is the step from the one before, across all parts of a text,
north after east. One text holds a shape in a third of the characters that GeoJSON takes.
"""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

DEGREE = 100_000
"""Steps to a degree; one is 1.1 m on the ground, or less."""

_GROUPS = 6
"""Groups of five bits that hold any coordinate on Earth: 2 · 180 · 100,000 < 2^30."""

IntArray = npt.NDArray[np.int64]
ShapeArray = npt.NDArray[np.object_]


def encode_polygons(shape: shapely.Geometry) -> str:
    """Encode a Polygon or MultiPolygon (degrees); what is smaller than a step is left out."""
    polygons = shapely.get_parts(shape)
    rings, owners = shapely.get_rings(polygons, return_index=True)
    return _encode(rings, owners, closed=True)


def encode_lines(lines: gpd.GeoSeries, *, lines_a_text: int = 400) -> list[str]:
    """Encode lines (degrees), neighbours together, so that a text covers a small area.

    Parameters
    ----------
    lines
        LineStrings or MultiLineStrings.
    lines_a_text
        How many lines one text holds.
    """
    if lines.empty:
        return []
    whole = shapely.multilinestrings(shapely.get_parts(lines.to_numpy()))
    merged = shapely.get_parts(shapely.line_merge(whole))
    simple = gpd.GeoSeries(shapely.simplify(merged, 1 / DEGREE), crs=lines.crs)
    order = np.argsort(simple.hilbert_distance().to_numpy(), kind="stable")
    ordered = simple.to_numpy()[order]
    starts = range(0, len(ordered), lines_a_text)
    chunks = (ordered[start : start + lines_a_text] for start in starts)
    return [_encode(chunk, np.zeros(len(chunk), int), closed=False) for chunk in chunks]


def encode_points(points: gpd.GeoSeries) -> str:
    """Encode points (degrees) as one part, in their order."""
    text, _ = _characters(_steps(_to_grid(shapely.get_coordinates(points))))
    return text


def _encode(parts: ShapeArray, owners: IntArray, *, closed: bool) -> str:
    pieces, marks = [], []
    previous = -1
    for part, owner in _grid_parts(parts, owners, closed=closed):
        marks.append("" if previous < 0 else " " if owner == previous else ",")
        previous = owner
        pieces.append(part)
    if not pieces:
        return ""
    text, ends = _characters(_steps(np.concatenate(pieces)))
    lengths = np.cumsum([2 * len(piece) for piece in pieces])
    stops = ends[lengths - 1]
    begins = np.concatenate([[0], stops[:-1]])
    return "".join(
        mark + text[begin:stop] for mark, begin, stop in zip(marks, begins, stops, strict=True)
    )


def _grid_parts(
    parts: ShapeArray, owners: IntArray, *, closed: bool
) -> Iterator[tuple[IntArray, int]]:
    """Yield each part on the grid, without repeated points, if enough of them are left."""
    coordinates, index = shapely.get_coordinates(parts, return_index=True)
    grid = _to_grid(coordinates)
    moved = np.ones(len(grid), dtype=bool)
    moved[1:] = (np.diff(grid, axis=0) != 0).any(axis=1) | (np.diff(index) != 0)
    bounds = np.searchsorted(index[moved], np.arange(len(parts) + 1))
    kept = grid[moved]
    for number, owner in enumerate(owners):
        part = kept[bounds[number] : bounds[number + 1]]
        if closed and len(part) and (part[0] == part[-1]).all():
            part = part[:-1]
        if len(part) >= (3 if closed else 2):
            yield part, int(owner)


def _to_grid(coordinates: npt.NDArray[np.float64]) -> IntArray:
    return np.rint(coordinates[:, :2] * DEGREE).astype(np.int64)


def _steps(grid: IntArray) -> IntArray:
    return np.diff(grid, axis=0, prepend=np.zeros((1, 2), np.int64)).ravel()


def _characters(steps: IntArray) -> tuple[str, IntArray]:
    """Return the text of integers and, for each of them, where its characters end."""
    unsigned = (steps << 1) ^ (steps >> 63)
    groups = unsigned[:, None] >> (5 * np.arange(_GROUPS))
    more = np.zeros_like(groups, dtype=bool)
    more[:, :-1] = groups[:, 1:] > 0
    written = np.ones_like(more)
    written[:, 1:] = more[:, :-1]
    codes = ((groups & 31) | np.where(more, 32, 0)) + 63
    text = codes[written].astype(np.uint8).tobytes().decode("ascii")
    return text, np.cumsum(written.sum(axis=1))
