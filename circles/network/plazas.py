"""Crossing plazas: straight lines between the entrances of a walkable area."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

#: Beyond this many entrances the chords are left out and the plaza is walked along its rim.
MAX_ENTRANCES: Final = 40


@dataclass(frozen=True)
class Chords:
    """Straight lines across plazas.

    Parameters
    ----------
    ring
        The line (plaza) each chord belongs to, shape (c,).
    chords
        Indices of the two points each chord connects, shape (c, 2).
    """

    ring: npt.NDArray[np.int64]
    chords: npt.NDArray[np.int64]


def plaza_chords(
    node_id: npt.NDArray[np.int64],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    offset: npt.NDArray[np.int64],
    rings: npt.NDArray[np.int64],
) -> Chords:
    """Connect the entrances of each plaza by the shortest ways across it.

    An entrance is a point of the plaza's outline that another line shares. Where two entrances do
    not see each other, the way between them turns at the outline's inner corners (the shortest
    paths of its visibility graph).

    Parameters
    ----------
    node_id, lon, lat
        Points of all lines.
    offset
        Shape (lines + 1,): line `i` owns the points ``offset[i]:offset[i + 1]``.
    rings
        The lines that are plazas: closed, walkable areas.
    """
    ids, uses = np.unique(node_id, return_counts=True)
    shared = uses[np.searchsorted(ids, node_id)] > 1
    found = [_ring_chords(int(ring), lon, lat, offset, shared) for ring in rings]
    pairs = [pair for pair in found if len(pair)]
    if not pairs:
        return Chords(np.zeros(0, np.int64), np.zeros((0, 2), np.int64))
    ring = np.repeat(rings, [len(pair) for pair in found])
    return Chords(ring, np.vstack(pairs))


def _ring_chords(
    ring: int,
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    offset: npt.NDArray[np.int64],
    shared: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    points = np.arange(offset[ring], offset[ring + 1] - 1)
    nothing = np.zeros((0, 2), np.int64)
    if len(points) < 3:
        return nothing
    area = shapely.Polygon(np.column_stack([lon[points], lat[points]]))
    stops = points[shared[points] | _reflex(lon[points], lat[points])]
    if not area.is_valid or shared[points].sum() < 2 or len(stops) > MAX_ENTRANCES:
        return nothing
    first, second = np.triu_indices(len(stops), k=1)
    pair = np.column_stack([stops[first], stops[second]])
    lines = shapely.linestrings(np.stack([lon[pair], lat[pair]], axis=-1))
    # A hair's breadth of grace, as a chord's ends lie exactly on the outline.
    grace = shapely.buffer(area, 1e-9)
    inside = np.asarray(shapely.covers(grace, lines)) & np.asarray(shapely.length(lines) > 0)
    between = shared[pair].all(axis=1)
    if inside[between].all():  # every two entrances see each other: no way needs to turn
        direct: npt.NDArray[np.int64] = pair[between]
        return direct
    shrink = np.cos(np.radians(lat[points[0]]))  # a degree of longitude, in degrees of latitude
    walk = np.hypot((lon[pair[:, 0]] - lon[pair[:, 1]]) * shrink, lat[pair[:, 0]] - lat[pair[:, 1]])
    used = _on_shortest_paths(
        first[inside], second[inside], walk[inside], np.flatnonzero(shared[stops]), len(stops)
    )
    across: npt.NDArray[np.int64] = pair[inside][used]
    return across


def _on_shortest_paths(
    first: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
    walk: npt.NDArray[np.float64],
    entrances: npt.NDArray[np.int64],
    stops: int,
) -> npt.NDArray[np.bool_]:
    """Whether each sight line lies on a shortest path between two entrances."""
    graph = csr_array((walk, (first, second)), shape=(stops, stops))
    _, before = dijkstra(graph, directed=False, indices=entrances, return_predecessors=True)
    wanted = np.zeros((stops, stops), dtype=bool)
    for row in range(len(entrances)):
        for goal in entrances:
            stop = int(goal)
            while before[row, stop] >= 0:
                previous = int(before[row, stop])
                wanted[min(previous, stop), max(previous, stop)] = True
                stop = previous
    return wanted[first, second]


def _reflex(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Whether the outline bends inwards at each point; there a way across may turn."""
    dx, dy = np.roll(lon, -1) - lon, np.roll(lat, -1) - lat
    turn = np.roll(dx, 1) * dy - np.roll(dy, 1) * dx
    twice_area = float(np.sum(lon * np.roll(lat, -1) - np.roll(lon, -1) * lat))
    bends: npt.NDArray[np.bool_] = turn * np.sign(twice_area) < 0
    return bends
