"""Joining points to the network: the nearest location on an edge, mid-edge, by a straight leg.

The leg crosses no river, railway or motorway (`WalkNetwork.barriers`). Where the one to the nearest
location does, the nearest locations on the other straight pieces of street are tried, from near to
far. A leg crosses a barrier if it begins and ends on either side of it. With an end on the barrier
itself, within a millimetre, it does not: a level crossing or a ford is joined from both sides, and
a point on a barrier is kept from neither. A leg through a bend or the end of a barrier crosses it.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from circles.crs import FloatArray, to_metres
from circles.errors import InputError
from circles.network import BoolArray, IndexArray, IntArray, WalkNetwork
from circles.travel.blocks import worker_threads
from circles.travel.segments import Course, Grid, join_points, no_walls, street_grid, wall_grid

#: Farther than this from every edge, a point is off the network.
MAX_ACCESS_M: Final = 250.0
#: Fewer points than this are joined before a second thread has started.
_POINTS_A_TASK: Final = 32_768
#: Points are sorted first if so many steps from one to the next are so far.
_FAR_SHARE: Final = 0.25
_FAR_CELLS: Final = 4
#: Legs end outside the streets' box by their length at most; barriers up to here are kept apart.
_WALLS_BEYOND_M: Final = 1_000.0


@dataclass(frozen=True)
class Joins:
    """Where each of k points joins the network.

    Parameters
    ----------
    edge
        Edge index, int32, shape (k,); -1 where the point is off the network.
    share
        How far along the edge it joins, as a share of the edge's length, 0-1.
    access_m
        Straight access leg, metres; NaN off the network.
    barred
        Whether a barrier lies before the nearest location of all, shape (k,); None: nowhere.
    """

    edge: IndexArray
    share: FloatArray
    access_m: FloatArray
    barred: BoolArray | None = None

    @property
    def off_network(self) -> BoolArray:
        """Which points are off the network, shape (k,)."""
        return self.edge < 0

    @property
    def moved(self) -> BoolArray:
        """Which points join farther away than at the nearest location, which is barred."""
        return self._barred & ~self.off_network

    @property
    def walled_off(self) -> BoolArray:
        """Which points are off the network because every location near enough is barred."""
        return self._barred & self.off_network

    @property
    def _barred(self) -> BoolArray:
        return np.zeros(len(self), dtype=bool) if self.barred is None else self.barred

    def take(self, rows: IntArray | IndexArray) -> "Joins":
        """Return the joins of these points, in this order."""
        barred = None if self.barred is None else self.barred[rows]
        return Joins(self.edge[rows], self.share[rows], self.access_m[rows], barred)

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.edge)


@dataclass(frozen=True)
class Joiner:
    """A network prepared for joining points to it.

    Parameters
    ----------
    streets
        The pieces of joinable edges, in a grid.
    course
        How they make up the edges.
    walls
        The pieces of barriers, in a grid.
    """

    streets: Grid
    course: Course
    walls: Grid

    @classmethod
    def of(cls, network: WalkNetwork, *, barriers: bool = True) -> "Joiner":
        """Prepare a network for joining points to it.

        Parameters
        ----------
        network
            The network.
        barriers
            Whether access legs heed its barriers.

        Raises
        ------
        InputError
            The network has no edge that points may join.
        """
        course, first = _course(network)
        streets = street_grid(*network.xy_m, first)
        walls = _walls(network, streets) if barriers and len(network.barriers) else no_walls()
        return cls(streets, course, walls)

    def join(
        self,
        x_m: FloatArray,
        y_m: FloatArray,
        *,
        max_access_m: float = MAX_ACCESS_M,
        threads: int | None = None,
    ) -> Joins:
        """Join points at their nearest location on any joinable edge that is not barred.

        Among locations equally near the one on the edge with the lowest number is taken.

        Parameters
        ----------
        x_m, y_m
            Points in metres of the network's `crs`, shape (k,); one that is not finite is off the
            network.
        max_access_m
            Points farther than this from every edge are off the network.
        threads
            How many to use; by default one a processor. The result does not depend on it.
        """
        # The kernel is compiled for arrays of one kind: not for views, nor for read-only ones.
        x_m, y_m = (np.require(values, np.float64, ["C", "W"]) for values in (x_m, y_m))
        count = len(x_m)
        edge, barred = np.full(count, -1, dtype=np.int32), np.zeros(count, dtype=bool)
        share, access_m = np.full(count, np.nan), np.full(count, np.nan)

        def join(turn: IntArray) -> None:
            grids = (self.streets, self.course, self.walls)
            found = (edge, share, access_m, barred)
            join_points(turn, x_m, y_m, *grids, float(max_access_m), *found)

        workers = min(threads or worker_threads(), 1 + count // _POINTS_A_TASK)
        turns = np.array_split(_turns(x_m, y_m, self.streets), workers)
        if workers == 1:
            join(turns[0])
        else:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(join, turns))
        return Joins(edge, share, access_m, barred)


def _turns(x_m: FloatArray, y_m: FloatArray, streets: Grid) -> IntArray:
    """Return the order in which to join points: neighbours one after the other."""
    with np.errstate(invalid="ignore", over="ignore"):
        step_m = np.abs(np.diff(x_m)) + np.abs(np.diff(y_m))
        if np.count_nonzero(step_m > _FAR_CELLS * streets.cell_m) < len(x_m) * _FAR_SHARE:
            return np.arange(len(x_m))
        row = np.floor((y_m - streets.south_m) / streets.cell_m)
        return np.argsort(row * streets.columns + (x_m - streets.west_m) / streets.cell_m)


def _course(network: WalkNetwork) -> tuple[Course, IntArray]:
    """Return how segments make up a network's edges, and which of them points may join."""
    edges, (x_m, y_m) = network.edges, network.xy_m
    edge_of = np.repeat(np.arange(len(edges), dtype=np.int32), np.diff(edges.offset))
    first = np.flatnonzero((np.diff(edge_of) == 0) & network.joinable[edge_of[:-1]])
    if not len(first):
        message = "the network has no street that points may join; check the extract and its area"
        raise InputError(message)
    step_m = np.hypot(np.diff(x_m), np.diff(y_m))
    step_m[edges.offset[1:-1] - 1] = 0.0
    along_m: FloatArray = np.concatenate([[0.0], np.cumsum(step_m)])
    begin_m = along_m[edges.offset[:-1]]
    edge_m = along_m[edges.offset[1:] - 1] - begin_m
    return Course(edge_of, along_m - begin_m[edge_of], edge_m), first


def _walls(network: WalkNetwork, streets: Grid) -> Grid:
    lines = network.barriers
    line_of = np.repeat(np.arange(len(lines)), np.diff(lines.offset))
    points = to_metres(lines.lon, lines.lat, network.crs)
    first = np.flatnonzero(np.diff(line_of) == 0)
    return wall_grid(*points, first, streets=streets, margin_m=_WALLS_BEYOND_M)
