"""The walking network: arrays of nodes and edges, with every edge's true geometry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pyproj import CRS

from circles.crs import FloatArray, local_crs, to_metres
from circles.errors import InputError
from circles.network.edges import Arcs, BoolArray, Edges, IntArray, Lines
from circles.network.impedance import Impedance, one_cost, walking_times
from circles.walking import Profile

if TYPE_CHECKING:
    import geopandas as gpd
    import networkx as nx
    import pandas as pd

#: Connected pieces with less street than this are left out of joining (the largest never is).
MIN_PIECE_M: Final = 1_000.0


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
        Barriers, and lifts, that nobody on foot passes.
    broken_plazas
        Walkable areas whose outline does not close or crosses itself; they are walked along those
        of their ways that may be walked by themselves.
    pieces, small_pieces
        Connected pieces, and those too small to take part in joining.
    small_pieces_m
        Street in the small pieces, metres.
    """

    refused_ways: Mapping[str, int]
    cut_ways: int = 0
    blocked_nodes: int = 0
    broken_plazas: int = 0
    pieces: int = 1
    small_pieces: int = 0
    small_pieces_m: float = 0.0


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
    barriers
        Lines that an access leg does not cross: rivers, railways, motorways, but for their
        bridges and tunnels.
    attributes
        Graph, node and edge attributes of the graph it was made from, kept for the way back.
    box
        West, south, east, north of the area whose streets it holds, degrees; None if not known.
    """

    crs: CRS
    node_id: IntArray
    node_lon: FloatArray
    node_lat: FloatArray
    edges: Edges
    joinable: BoolArray
    report: NetworkReport
    barriers: Lines = field(default_factory=Lines.none)
    attributes: "GraphAttributes | None" = None
    box: tuple[float, float, float, float] | None = None

    @cached_property
    def arcs(self) -> Arcs:
        """Both directions of every edge, sorted by the node they leave."""
        return Arcs.of(self.edges, len(self.node_id))

    @cached_property
    def xy_m(self) -> tuple[FloatArray, FloatArray]:
        """The points of all edges in metres of `crs` (see `Edges.offset`)."""
        return to_metres(self.edges.lon, self.edges.lat, self.crs)

    def times(self, profile: Profile) -> Impedance:
        """Return what each edge takes with a profile, seconds.

        See `circles.network.impedance.walking_times`.
        """
        return walking_times(self.edges, self.arcs, profile, lambda: self.xy_m)

    def distances(self) -> Impedance:
        """Return what each edge measures, metres."""
        return one_cost(self.edges, self.arcs, self.edges.length_m, per_metre=1.0)

    def save(self, path: Path | str) -> Path:
        """Save the network as a folder of layers; see `circles.network.saved.save_network`."""
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

    @classmethod
    def from_frames(
        cls, nodes: "gpd.GeoDataFrame", edges: "pd.DataFrame", *, directed: bool | None = None
    ) -> "WalkNetwork":
        """Take over a table of nodes and one of edges; see `circles.network.frames.from_frames`."""
        from circles.network.frames import from_frames

        return from_frames(nodes, edges, directed=directed)

    def to_frames(self) -> "tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]":
        """Return it as tables of nodes and edges; see `circles.network.frames.to_frames`."""
        from circles.network.frames import to_frames

        return to_frames(self)


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
