"""Shapes and whole numbers as compact text, by Google's encoded polyline algorithm.

A text holds whole numbers in groups of five bits, the sign last; small ones take one character.
Shapes are steps of a hundred-thousandth of a degree from point to point, north after east, and so
take a third of the characters of GeoJSON. Rings come without their closing point.
"""

from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

DEGREE: Final = 100_000
"""Steps to a degree; one is 1.1 m on the ground, or less."""

SHAPE_END: Final = ";"
POLYGON_END: Final = ","
PART_END: Final = " "

_GROUPS: Final = 7
"""Groups of five bits that hold any number up to 2^33: coordinates need 2^27."""

IntArray = npt.NDArray[np.int64]
ShapeArray = npt.NDArray[np.object_]


def encode_numbers(numbers: npt.ArrayLike) -> str:
    """Encode whole numbers of either sign, less than 2^33."""
    text, _ = _characters(np.asarray(numbers, dtype=np.int64))
    return text


def encode_each(numbers: npt.ArrayLike) -> list[str]:
    """Encode whole numbers, each as a text of its own."""
    text, ends = _characters(np.asarray(numbers, dtype=np.int64))
    stops = ends.tolist()
    return [text[begin:end] for begin, end in zip([0, *stops], stops, strict=False)]


def encode_polygons(shapes: npt.ArrayLike, *, tolerance: float = 0.0) -> str:
    """Encode Polygons or MultiPolygons (degrees), as one text.

    Shapes end with a semicolon, their polygons with a comma, rings with a space. What is smaller
    than a step is left out; a shape without anything left is nothing but its semicolon.

    Parameters
    ----------
    shapes
        Shape (n,); may be missing or empty.
    tolerance
        Bends of less than this are left out, ring by ring, degrees. Rings may then touch or cross
        by that much, which nobody sees where they are only drawn; it takes a fiftieth of the time
        of keeping them apart.
    """
    polygons, of_shape = shapely.get_parts(np.asarray(shapes, dtype=object), return_index=True)
    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    if tolerance > 0:
        rings = shapely.simplify(rings, tolerance, preserve_topology=False)
    count = len(np.asarray(shapes, dtype=object))
    return _encode(rings, of_shape[of_polygon], of_polygon, shapes=count, closed=True)


def joined_lines(lines: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return lines (degrees) joined where they meet, without bends of less than a step.

    Parameters
    ----------
    lines
        LineStrings or MultiLineStrings.
    """
    whole = shapely.multilinestrings(shapely.get_parts(lines.to_numpy()))
    merged = shapely.get_parts(shapely.line_merge(whole))
    return gpd.GeoSeries(shapely.simplify(merged, 1 / DEGREE), crs=lines.crs)


def encode_lines(lines: gpd.GeoSeries) -> str:
    """Encode lines (degrees), joined where they meet and neighbours together.

    Parameters
    ----------
    lines
        LineStrings or MultiLineStrings.
    """
    return "" if lines.empty else encode_joined(joined_lines(lines))


def encode_joined(simple: gpd.GeoSeries) -> str:
    """Encode lines as `joined_lines` returns them, neighbours together.

    Parameters
    ----------
    simple
        LineStrings (degrees).
    """
    if simple.empty:
        return ""
    order = np.argsort(simple.hilbert_distance().to_numpy(), kind="stable")
    parts, one = simple.to_numpy()[order], np.zeros(len(simple), dtype=np.int64)
    return _encode(parts, one, one, shapes=1, closed=False).rstrip(SHAPE_END)


def encode_points(lon: npt.ArrayLike, lat: npt.ArrayLike) -> str:
    """Encode points (degrees) in their order."""
    return encode_numbers(_steps(to_grid(np.column_stack([lon, lat]))))


def to_grid(degrees: npt.NDArray[np.float64]) -> IntArray:
    """Return coordinates (n, 2) as whole steps."""
    return np.rint(degrees * DEGREE).astype(np.int64)


def _encode(
    parts: ShapeArray, of_shape: IntArray, of_polygon: IntArray, *, shapes: int, closed: bool
) -> str:
    grid, index = _on_grid(parts, closed=closed)
    text, ends = _characters(_steps(grid))
    long_enough = np.bincount(index, minlength=len(parts)) > 0
    stops = ends[2 * np.cumsum(np.bincount(index, minlength=len(parts)))[long_enough] - 1]
    begins = np.append(0, stops)[:-1]
    pieces: list[list[str]] = [[] for _ in range(shapes)]
    last = -1
    for shape, polygon, begin, stop in zip(
        of_shape[long_enough].tolist(),
        of_polygon[long_enough].tolist(),
        begins.tolist(),
        stops.tolist(),
        strict=True,
    ):
        if pieces[shape]:
            pieces[shape].append(PART_END if polygon == last else POLYGON_END)
        pieces[shape].append(text[begin:stop])
        last = polygon
    return "".join("".join(own) + SHAPE_END for own in pieces)


def _on_grid(parts: ShapeArray, *, closed: bool) -> tuple[IntArray, IntArray]:
    """Return the points of parts on the grid, and whose they are.

    Points that repeat the one before and the closing points of rings are left out, and so are
    parts that have too few points left to be seen.
    """
    coordinates, index = shapely.get_coordinates(parts, return_index=True)
    grid = to_grid(coordinates)
    new_part = np.ones(len(grid), dtype=bool)
    new_part[1:] = np.diff(index) != 0
    moved = new_part.copy()
    moved[1:] |= (np.diff(grid, axis=0) != 0).any(axis=1)
    grid, index = grid[moved], index[moved]
    if closed and len(grid):
        first = np.flatnonzero(np.diff(index, prepend=-1) != 0)
        last = np.append(first[1:], len(grid)) - 1
        back = (grid[first] == grid[last]).all(axis=1) & (last > first)
        kept = np.ones(len(grid), dtype=bool)
        kept[last[back]] = False
        grid, index = grid[kept], index[kept]
    enough = np.bincount(index, minlength=len(parts)) >= (3 if closed else 2)
    return grid[enough[index]], index[enough[index]]


def _steps(grid: IntArray) -> IntArray:
    return np.diff(grid, axis=0, prepend=np.zeros((1, 2), np.int64)).ravel()


def _characters(numbers: IntArray) -> tuple[str, IntArray]:
    """Return the text of whole numbers and, for each of them, where its characters end."""
    unsigned = (numbers << 1) ^ (numbers >> 63)
    length = np.ones(len(unsigned), dtype=np.int64)
    for groups in range(1, _GROUPS):
        length += unsigned >= 1 << (5 * groups)
    ends = np.cumsum(length)
    place = np.arange(length.sum()) - np.repeat(ends - length, length)
    bits = (np.repeat(unsigned, length) >> (5 * place)) & 31
    more = place < np.repeat(length, length) - 1
    return (bits + np.where(more, 95, 63)).astype(np.uint8).tobytes().decode("ascii"), ends
