"""A saved network put together again: all of it, or what touches a box."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from circles.crs import FloatArray, box_text
from circles.errors import InputError
from circles.network import columns
from circles.network.contents import FILES, Batch, Contents, DamagedError, Table
from circles.network.edges import BoolArray, Edges, IndexArray, IntArray, Lines, points_of_edges
from circles.network.folder import Folder
from circles.network.model import WalkNetwork

if TYPE_CHECKING:
    from pyarrow import Buffer

    from circles.osm import Box

#: Arrays of `Edges` that have a value a point and not a street.
_OF_POINTS: Final = ("lon", "lat", "elevation_m")


def read_whole(folder: Folder, contents: Contents) -> WalkNetwork:
    """Return a saved network.

    Raises
    ------
    DamagedError
        It is not what was written.
    OSError
        It cannot be read.
    """
    streets, barriers = contents.edges.batches, contents.barriers.batches
    edges, joinable = columns.read_edges(
        _buffers(folder, contents, "edges", streets), streets, heights=contents.heights
    )
    nodes = contents.nodes.batches
    node_id, lon, lat = columns.read_nodes(_buffers(folder, contents, "nodes", nodes), nodes)
    _check_ends(edges, contents)
    return WalkNetwork(
        crs=contents.crs,
        node_id=node_id,
        node_lon=lon,
        node_lat=lat,
        edges=edges,
        joinable=joinable,
        report=contents.report,
        barriers=columns.read_barriers(_buffers(folder, contents, "barriers", barriers), barriers),
        box=contents.box,
    )


def read_part(folder: Folder, contents: Contents, box: "Box", name: str) -> WalkNetwork:
    """Return the part of a saved network that touches a box; only its batches are read.

    Parameters
    ----------
    folder, contents
        The saved network.
    box
        West, south, east, north, degrees.
    name
        What to call the network in messages.

    Raises
    ------
    InputError
        None of its streets is in the box, or the box lies outside the area it covers.
    DamagedError, OSError
        As `read_whole`.
    """
    known = _common(contents, box, name)
    batches = _touching(contents.edges, box)
    edges, joinable = columns.read_edges(
        _buffers(folder, contents, "edges", batches), batches, heights=contents.heights
    )
    _check_ends(edges, contents)
    inside = _lines_touch(edges.offset, edges.lon, edges.lat, box)
    if not inside.any():
        message = f"{name}: no street of this network lies in the box {box_text(box)}"
        raise InputError(message)
    edges, joinable = _only(edges, inside), joinable[inside]
    used, start, end = _renumbered(edges)
    node_id, lon, lat = _nodes(folder, contents, used)
    return WalkNetwork(
        crs=contents.crs,
        node_id=node_id,
        node_lon=lon,
        node_lat=lat,
        edges=replace(edges, start=start, end=end),
        joinable=joinable,
        report=contents.report,
        barriers=_barriers(folder, contents, _around(edges, box)),
        box=known,
    )


def _buffers(
    folder: Folder, contents: Contents, name: str, batches: tuple[Batch, ...]
) -> "list[Buffer]":
    """Return the bytes of some batches of a file; none is asked for nothing."""
    if not batches:
        return []
    table: Table = getattr(contents, name)
    return folder.ranges(FILES[name], [(batch.offset, batch.size) for batch in batches], table.size)


def _check_ends(edges: Edges, contents: Contents) -> None:
    """Refuse streets that end at no node, before a search runs over them."""
    nodes = len(contents.nodes)
    for ends in (edges.start, edges.end):
        if len(ends) and not (ends.min() >= 0 and ends.max() < nodes):
            message = "a street ends at a node that is not there"
            raise DamagedError(message)


def _common(contents: Contents, box: "Box", name: str) -> "Box":
    """Return what of a box the network covers."""
    covered = contents.extent()
    if covered is not None:
        west, south = max(box[0], covered[0]), max(box[1], covered[1])
        east, north = min(box[2], covered[2]), min(box[3], covered[3])
        if west <= east and south <= north:
            return west, south, east, north
    where = "" if covered is None else f"; it covers {box_text(covered)}"
    message = f"{name}: no street of this network lies in the box {box_text(box)}{where}"
    raise InputError(message)


def _only(edges: Edges, inside: BoolArray) -> Edges:
    """Return some of the streets; for many in a row it is faster than `Edges.take`."""
    size = np.diff(edges.offset)
    point = np.repeat(inside, size)
    values: dict[str, Any] = {
        name: value if value is None else value[point if name in _OF_POINTS else inside]
        for name, value in vars(edges).items()
        if name != "offset"
    }
    offset = np.concatenate([np.zeros(1, np.int64), np.cumsum(size[inside])])
    return Edges(**values, offset=offset)


def _renumbered(edges: Edges) -> tuple[IntArray, IndexArray, IndexArray]:
    """Return the nodes that streets end at, ascending, and their ends as rows of those."""
    first = min(edges.start.min(), edges.end.min())
    seen = np.zeros(max(edges.start.max(), edges.end.max()) - first + 1, dtype=bool)
    seen[edges.start - first] = seen[edges.end - first] = True
    rank = np.cumsum(seen, dtype=np.int32) - np.int32(1)
    return np.flatnonzero(seen) + first, rank[edges.start - first], rank[edges.end - first]


def _nodes(
    folder: Folder, contents: Contents, used: IntArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return some nodes by their numbers, ascending; only the batches they are in are read."""
    first = np.cumsum([0, *(batch.rows for batch in contents.nodes.batches)])
    wanted = np.unique(np.searchsorted(first, used, side="right") - 1)
    batches = tuple(contents.nodes.batches[i] for i in wanted)
    node_id, lon, lat = columns.read_nodes(_buffers(folder, contents, "nodes", batches), batches)
    numbers = np.concatenate([np.arange(first[i], first[i + 1]) for i in wanted])
    place = np.searchsorted(numbers, used)
    return node_id[place], lon[place], lat[place]


def _around(edges: Edges, box: "Box") -> "Box":
    """Return a box and all of the streets that touch it: they are loaded beyond it, whole."""
    return (
        min(box[0], float(edges.lon.min())),
        min(box[1], float(edges.lat.min())),
        max(box[2], float(edges.lon.max())),
        max(box[3], float(edges.lat.max())),
    )


def _barriers(folder: Folder, contents: Contents, box: "Box") -> Lines:
    batches = _touching(contents.barriers, box)
    lines = columns.read_barriers(_buffers(folder, contents, "barriers", batches), batches)
    row = np.flatnonzero(_lines_touch(lines.offset, lines.lon, lines.lat, box))
    point, _ = points_of_edges(lines.offset, row, np.zeros(len(row), dtype=bool))
    size = np.diff(lines.offset)[row]
    offset = np.concatenate([np.zeros(1, np.int64), np.cumsum(size)])
    return Lines(offset, lines.lon[point], lines.lat[point])


def _touching(table: Table, box: "Box") -> tuple[Batch, ...]:
    west, south, east, north = box
    return tuple(
        batch
        for batch in table.batches
        if batch.box[0] <= east
        and batch.box[2] >= west
        and batch.box[1] <= north
        and batch.box[3] >= south
    )


def _lines_touch(offset: IntArray, lon: FloatArray, lat: FloatArray, box: "Box") -> BoolArray:
    """Tell which lines' own boxes touch another box.

    A line's does unless all of its points lie beyond one and the same side (the outcodes of Cohen
    and Sutherland): far faster than to find its box.
    """
    if len(offset) == 1:
        return np.zeros(0, dtype=bool)
    west, south, east, north = box
    beyond = (lon < west) * np.uint8(1)
    for side, code in ((lon > east, 2), (lat < south, 4), (lat > north, 8)):
        beyond |= side * np.uint8(code)
    touch: BoolArray = np.bitwise_and.reduceat(beyond, offset[:-1]) == 0
    return touch
