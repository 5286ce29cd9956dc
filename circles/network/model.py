"""The walking network: arrays of nodes and edges, with every edge's true geometry."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import networkx as nx
import numpy as np
import numpy.typing as npt
from pyproj import CRS

from circles.crs import FloatArray, local_crs, to_metres
from circles.errors import InputError
from circles.walking import Kind, Profile

IntArray = npt.NDArray[np.int64]
IndexArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

#: Connected pieces with less street than this are left out of joining (the largest never is).
MIN_PIECE_M: Final = 1_000.0


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
        )


def points_of_edges(
    offset: IntArray, edge: IndexArray | IntArray, turned: BoolArray
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
class NetworkReport:
    """What was left out while the network was made, and why.

    Parameters
    ----------
    refused_ways
        Ways that may not be walked, counted by the reason.
    cut_ways
        Ways of which the extract lacks some positions; they end at its edge.
    blocked_nodes
        Barriers nobody on foot passes.
    pieces, small_pieces
        Connected pieces, and those too small to take part in joining.
    small_pieces_m
        Street in the small pieces, metres.
    """

    refused_ways: Mapping[str, int]
    cut_ways: int = 0
    blocked_nodes: int = 0
    pieces: int = 1
    small_pieces: int = 0
    small_pieces_m: float = 0.0


@dataclass(frozen=True)
class Impedance:
    """What each edge costs to walk, in one unit: seconds, or metres.

    Parameters
    ----------
    forward, backward
        Cost from start to end and from end to start, shape (m,); inf where not allowed.
    per_metre
        Cost of a metre of access leg.
    """

    forward: FloatArray
    backward: FloatArray
    per_metre: float


@dataclass(frozen=True)
class Arcs:
    """Both directions of every edge, sorted by the node they leave: compressed rows.

    Parameters
    ----------
    offset
        int64, shape (n + 1,): node `u` is left by the arcs ``offset[u]:offset[u + 1]``.
    head
        The node an arc leads to, int32, shape (2m,).
    edge
        The edge an arc belongs to, int32, shape (2m,).
    along
        Whether the arc runs from the edge's start to its end, shape (2m,).
    """

    offset: IntArray
    head: IndexArray
    edge: IndexArray
    along: BoolArray

    def costs(self, along: FloatArray, against: FloatArray) -> FloatArray:
        """Return every arc's cost from the edges' costs in their two directions."""
        return np.where(self.along, along[self.edge], against[self.edge])


@dataclass(frozen=True)
class WalkNetwork:
    """All ways a pedestrian may use, with one node wherever two of them meet.

    Parameters
    ----------
    crs
        The local metric coordinate system (see `circles.crs.local_crs`).
    node_id
        OSM node ids, int64, shape (n,); negative for nodes that OSM does not have.
    node_lon, node_lat
        Degrees (WGS 84), shape (n,).
    edges
        The edges.
    joinable
        Edges that points may join: not ferries, not in a small piece; shape (m,).
    report
        What was left out.
    attributes
        Graph, node and edge attributes of the graph it was made from, kept for the way back.
    """

    crs: CRS
    node_id: IntArray
    node_lon: FloatArray
    node_lat: FloatArray
    edges: Edges
    joinable: BoolArray
    report: NetworkReport
    attributes: "GraphAttributes | None" = None

    @cached_property
    def arcs(self) -> Arcs:
        """Both directions of every edge, sorted by the node they leave."""
        edges, m = self.edges, len(self.edges)
        tail = np.concatenate([edges.start, edges.end])
        order = np.argsort(tail, kind="stable").astype(np.int32)
        count = np.bincount(tail, minlength=len(self.node_id))
        return Arcs(
            offset=np.concatenate([[0], np.cumsum(count)]).astype(np.int64),
            head=np.concatenate([edges.end, edges.start])[order],
            edge=order % np.int32(m),
            along=order < m,
        )

    @cached_property
    def xy_m(self) -> tuple[FloatArray, FloatArray]:
        """The points of all edges in metres of `crs` (see `Edges.offset`)."""
        return to_metres(self.edges.lon, self.edges.lat, self.crs)

    def times(self, profile: Profile) -> Impedance:
        """Return what each edge takes with a profile, seconds.

        Edge time is length over the profile's speed on that kind of edge; a ferry takes its own
        duration where its tags give one.
        """
        edges = self.edges
        speed = np.full(len(edges), profile.speed_m_s)
        speed[edges.kind == Kind.STEPS] = profile.steps_speed_m_s
        speed[edges.kind == Kind.FERRY] = profile.ferry_speed_m_s
        with np.errstate(divide="ignore"):
            time_s = np.where(speed > 0, edges.length_m / speed, np.inf)
        time_s = np.where(np.isnan(edges.duration_s), time_s, edges.duration_s)
        return _impedance(edges, time_s, 1.0 / profile.speed_m_s)

    def distances(self) -> Impedance:
        """Return what each edge measures, metres."""
        return _impedance(self.edges, self.edges.length_m, 1.0)

    def save(self, path: Path | str) -> Path:
        """Save the network as a folder of arrays; see `circles.network.saved.save_network`."""
        from circles.network.saved import save_network  # it builds on this class

        return save_network(self, path)

    @classmethod
    def load(
        cls, path: Path | str, *, box: tuple[float, float, float, float] | None = None
    ) -> "WalkNetwork":
        """Load a saved network, whole or by box; see `circles.network.saved.load_network`."""
        from circles.network.saved import load_network  # it builds on this class

        return load_network(path, box=box)

    @classmethod
    def from_osmnx(cls, graph: "nx.MultiDiGraph[Any]") -> "WalkNetwork":
        """Take over a graph as OSMnx makes it; see `circles.network.interchange.from_osmnx`."""
        from circles.network.interchange import from_osmnx

        return from_osmnx(graph)

    def to_networkx(self) -> "nx.MultiDiGraph[Any]":
        """Return it as OSMnx would hold it; see `circles.network.interchange.to_networkx`."""
        from circles.network.interchange import to_networkx

        return to_networkx(self)


@dataclass(frozen=True)
class GraphAttributes:
    """Attributes of a networkx graph that the arrays do not hold.

    Parameters
    ----------
    graph
        The graph's own attributes.
    nodes
        One dictionary a node.
    forward, backward
        For each edge the key and the attributes of its arc in that direction, or None.
    """

    graph: Mapping[str, Any]
    nodes: tuple[Mapping[str, Any], ...]
    forward: tuple[tuple[int, Mapping[str, Any]] | None, ...]
    backward: tuple[tuple[int, Mapping[str, Any]] | None, ...]


def _impedance(edges: Edges, cost: FloatArray, per_metre: float) -> Impedance:
    return Impedance(
        forward=np.where(edges.forward, cost, np.inf),
        backward=np.where(edges.backward, cost, np.inf),
        per_metre=per_metre,
    )


def network_crs(lon: FloatArray, lat: FloatArray) -> CRS:
    """Return the local metric system for a network's points.

    Raises
    ------
    InputError
        There are no points.
    """
    if not len(lon):
        message = "the network has no street that may be walked; check the extract and its area"
        raise InputError(message)
    return local_crs(float(lon.min() + lon.max()) / 2, float(lat.min() + lat.max()) / 2)
