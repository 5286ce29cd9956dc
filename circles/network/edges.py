"""Edges of a walking network as arrays, and their two directions as compressed rows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from circles.crs import FloatArray

IntArray = npt.NDArray[np.int64]
IndexArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Edges:
    """Edges as arrays of length m; edge `i` runs from node `start[i]` to node `end[i]`.

    Parameters
    ----------
    start, end
        Node indices, int32.
    length_m
        Length along the edge, metres.
    kind
        A `circles.walking.Kind`, int8.
    forward, backward
        Whether it is walked from start to end, and from end to start.
    duration_s
        Sailing time of a ferry that gives one, else NaN.
    way_id
        The OSM way it comes from, 0 if none.
    offset
        Shape (m + 1,): edge `i` owns the points ``offset[i]:offset[i + 1]`` of `lon` and `lat`.
    lon, lat
        Points of all edges, degrees (WGS 84), the end nodes included.
    wait_start, wait_end
        What one may have to wait for on leaving the start, or the end, onto the edge: a
        `circles.walking.Wait`, int8.
    off_ground
        Bridges and tunnels, whose height is not the ground's.
    elevation_m
        Height of every point, metres, shape of `lon`; NaN where it is not known, None where no
        heights were given.
    """

    start: IndexArray
    end: IndexArray
    length_m: FloatArray
    kind: npt.NDArray[np.int8]
    forward: BoolArray
    backward: BoolArray
    duration_s: FloatArray
    way_id: IntArray
    offset: IntArray
    lon: FloatArray
    lat: FloatArray
    wait_start: npt.NDArray[np.int8]
    wait_end: npt.NDArray[np.int8]
    off_ground: BoolArray
    elevation_m: FloatArray | None = None

    def __len__(self) -> int:
        """Return the number of edges."""
        return len(self.start)

    def take(self, rows: IntArray) -> "Edges":
        """Return the edges of these rows, in this order, with their points."""
        point, _ = points_of_edges(self.offset, rows, np.zeros(len(rows), dtype=bool))
        size = self.offset[np.asarray(rows) + 1] - self.offset[rows]
        return Edges(
            start=self.start[rows],
            end=self.end[rows],
            length_m=self.length_m[rows],
            kind=self.kind[rows],
            forward=self.forward[rows],
            backward=self.backward[rows],
            duration_s=self.duration_s[rows],
            way_id=self.way_id[rows],
            offset=np.concatenate([[0], np.cumsum(size)]).astype(np.int64),
            lon=self.lon[point],
            lat=self.lat[point],
            wait_start=self.wait_start[rows],
            wait_end=self.wait_end[rows],
            off_ground=self.off_ground[rows],
            elevation_m=None if self.elevation_m is None else self.elevation_m[point],
        )


def points_of_edges(
    offset: IndexArray | IntArray, edge: IndexArray | IntArray, turned: BoolArray
) -> tuple[IntArray, IntArray]:
    """Return the point numbers of edges in turn, backwards where turned, and whose they are.

    Parameters
    ----------
    offset
        Where each edge's points begin (see `Edges.offset`).
    edge
        The edges, shape (k,).
    turned
        Which of them to walk from end to start, shape (k,).
    """
    begin, finish = offset[edge], offset[np.asarray(edge) + 1]
    size = finish - begin
    part = np.repeat(np.arange(len(edge)), size)
    nth = np.arange(len(part)) - np.repeat(np.cumsum(size) - size, size)
    return np.where(turned[part], (finish - 1)[part] - nth, begin[part] + nth), part


@dataclass(frozen=True)
class Arcs:
    """Both directions of every edge, sorted by the node they leave: compressed rows.

    Parameters
    ----------
    offset
        int32, shape (n + 1,): node `u` is left by the arcs ``offset[u]:offset[u + 1]``.
    head
        The node an arc leads to, int32, shape (2m,).
    edge
        The edge an arc belongs to, int32, shape (2m,).
    along
        Whether the arc runs from the edge's start to its end, shape (2m,).
    """

    offset: IndexArray
    head: IndexArray
    edge: IndexArray
    along: BoolArray

    def costs(self, along: FloatArray, against: FloatArray) -> FloatArray:
        """Return every arc's cost from the edges' costs in their two directions."""
        return np.where(self.along, along[self.edge], against[self.edge])

    @classmethod
    def of(cls, edges: Edges, nodes: int) -> "Arcs":
        """Sort both directions of edges by the node they leave."""
        tail = np.concatenate([edges.start, edges.end])
        order = np.argsort(tail, kind="stable").astype(np.int32)
        count = np.bincount(tail, minlength=nodes)
        return cls(
            offset=np.concatenate([[0], np.cumsum(count)]).astype(np.int32),
            head=np.concatenate([edges.end, edges.start])[order],
            edge=order % np.int32(len(edges)),
            along=order < len(edges),
        )


@dataclass(frozen=True)
class Lines:
    """Lines as arrays: line `i` owns the points ``offset[i]:offset[i + 1]``.

    Parameters
    ----------
    offset
        int64, shape (lines + 1,).
    lon, lat
        Degrees (WGS 84), shape (points,).
    """

    offset: IntArray
    lon: FloatArray
    lat: FloatArray

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self.offset) - 1

    @classmethod
    def none(cls) -> "Lines":
        """Return no lines."""
        return cls(np.zeros(1, np.int64), np.zeros(0), np.zeros(0))
