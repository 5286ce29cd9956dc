"""Walking networks from and to networkx graphs as OSMnx makes them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import networkx as nx
import numpy as np
import shapely
from pyproj import CRS

from circles.crs import WGS84, FloatArray, to_degrees
from circles.errors import FaultsError, InputError
from circles.network.components import find_pieces
from circles.network.edges import Edges
from circles.network.model import (
    MIN_PIECE_M,
    GraphAttributes,
    NetworkReport,
    WalkNetwork,
    network_crs,
)
from circles.walking import Kind, Ruling, judge_way

Graph: TypeAlias = "nx.MultiDiGraph[Any]"
Attributes = Mapping[str, Any]


@dataclass
class _Shelf:
    """Edges while they are gathered from a graph's arcs."""

    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    length_m: list[float] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    duration_s: list[float] = field(default_factory=list)
    way_id: list[int] = field(default_factory=list)
    points: list[FloatArray] = field(default_factory=list)
    forward: list[tuple[int, Attributes] | None] = field(default_factory=list)
    backward: list[tuple[int, Attributes] | None] = field(default_factory=list)


def from_osmnx(graph: Graph, *, min_piece_m: float = MIN_PIECE_M) -> WalkNetwork:
    """Make a walking network of a graph as OSMnx makes it.

    Every arc counts as walkable, as in a graph made for walking
    (`circles.network.graphml.judge_graph` leaves out those whose tags forbid it). Arcs that run
    both ways over the same line become one edge walked both ways. All attributes are kept for
    `to_networkx`.

    Parameters
    ----------
    graph
        A `networkx.MultiDiGraph` with the graph attribute ``crs``, the node attributes ``x`` and
        ``y``, and the edge attribute ``length`` (metres); ``geometry`` where an edge bends. The
        edge attributes ``kind`` and ``duration_s`` mean what `to_networkx` says; without
        ``kind`` the tag ``highway`` tells stairs and streets apart.
    min_piece_m
        Connected pieces with less street than this take no part in joining.

    Raises
    ------
    FaultsError
        Attributes are missing; all faults are named.
    InputError
        The graph has no arc.
    """
    _check(graph)
    nodes = list(graph.nodes)
    lon, lat = _node_positions(graph)
    shelf = _gather(graph, nodes, lon, lat)
    if not shelf.start:
        message = "the graph has no street; was it made for walking, and of the right place?"
        raise InputError(message)
    edges = _edges(shelf)
    pieces = find_pieces(edges, len(nodes), min_piece_m=min_piece_m)
    return WalkNetwork(
        crs=network_crs(lon, lat),
        node_id=np.array([_osm_id(node, i) for i, node in enumerate(nodes)], dtype=np.int64),
        node_lon=lon,
        node_lat=lat,
        edges=edges,
        joinable=pieces.joinable,
        report=NetworkReport(
            refused_ways={},
            pieces=pieces.count,
            small_pieces=pieces.small,
            small_pieces_m=pieces.small_m,
        ),
        attributes=GraphAttributes(
            graph=dict(graph.graph),
            nodes=tuple({"node": node, **graph.nodes[node]} for node in nodes),
            forward=tuple(shelf.forward),
            backward=tuple(shelf.backward),
        ),
    )


def to_networkx(network: WalkNetwork) -> Graph:
    """Return the network as a graph OSMnx can work with.

    A network made by `from_osmnx` gives back the graph it came from: its nodes, keys and
    attributes. Any other gives nodes named by their OSM ids with ``x`` and ``y`` (EPSG:4326) and
    edges with ``length`` (metres), ``osmid``, ``geometry``, ``kind`` and, for ferries that say
    how long they sail, ``duration_s``.
    """
    if network.attributes is not None:
        return _graph_as_it_was(network, network.attributes)
    graph: Graph = nx.MultiDiGraph(crs="epsg:4326", created_with="circles", simplified=True)
    ids = network.node_id.tolist()
    for node, lon, lat in zip(
        ids, network.node_lon.tolist(), network.node_lat.tolist(), strict=True
    ):
        graph.add_node(node, x=lon, y=lat)
    edges = network.edges
    for i in range(len(edges)):
        start, end = ids[edges.start[i]], ids[edges.end[i]]
        points = np.column_stack(_points(edges, i))
        if edges.forward[i]:
            graph.add_edge(start, end, **_attributes(edges, i, points, reverse=False))
        if edges.backward[i]:
            graph.add_edge(end, start, **_attributes(edges, i, points[::-1], reverse=True))
    return graph


def _attributes(edges: Edges, i: int, points: FloatArray, *, reverse: bool) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "osmid": int(edges.way_id[i]),
        "length": float(edges.length_m[i]),
        "kind": Kind(edges.kind[i]).name.lower(),
        "geometry": shapely.LineString(points),
        "oneway": not (edges.forward[i] and edges.backward[i]),
        "reversed": reverse,
    }
    if not np.isnan(edges.duration_s[i]):
        attributes["duration_s"] = float(edges.duration_s[i])
    return attributes


def _graph_as_it_was(network: WalkNetwork, attributes: GraphAttributes) -> Graph:
    graph: Graph = nx.MultiDiGraph(**attributes.graph)
    names = [node["node"] for node in attributes.nodes]
    for node in attributes.nodes:
        graph.add_node(node["node"], **{k: v for k, v in node.items() if k != "node"})
    edges = network.edges
    for i in range(len(edges)):
        start, end = names[edges.start[i]], names[edges.end[i]]
        for arc, tail, head in (
            (attributes.forward[i], start, end),
            (attributes.backward[i], end, start),
        ):
            if arc is not None:
                graph.add_edge(tail, head, key=arc[0], **arc[1])
    return graph


def _check(graph: Graph) -> None:
    faults = []
    if "crs" not in graph.graph:
        faults.append("the graph has no attribute 'crs'; OSMnx sets it to 'epsg:4326'")
    if not graph.is_directed() or not graph.is_multigraph():
        faults.append(f"a networkx.MultiDiGraph was expected, this is a {type(graph).__name__}")
    bare = [node for node, data in graph.nodes(data=True) if "x" not in data or "y" not in data]
    if bare:
        faults.append(f"{len(bare)} nodes have no 'x' and 'y', the first is {bare[0]!r}")
    unmeasured = [(u, v) for u, v, data in graph.edges(data=True) if "length" not in data]
    if unmeasured:
        faults.append(
            f"{len(unmeasured)} edges have no 'length' in metres, the first is {unmeasured[0]!r}; "
            "osmnx.distance.add_edge_lengths(graph) adds it"
        )
    if faults:
        raise FaultsError("the street graph", faults)


def _node_positions(graph: Graph) -> tuple[FloatArray, FloatArray]:
    x = np.array([x for _, x in graph.nodes(data="x")], dtype=np.float64)
    y = np.array([y for _, y in graph.nodes(data="y")], dtype=np.float64)
    return in_degrees(x, y, graph.graph["crs"])


def in_degrees(x: FloatArray, y: FloatArray, crs: object) -> tuple[FloatArray, FloatArray]:
    """Return a graph's coordinates as longitude and latitude, whatever its CRS."""
    system = CRS.from_user_input(crs)
    return (x, y) if system.equals(WGS84, ignore_axis_order=True) else to_degrees(x, y, system)


def _gather(graph: Graph, nodes: list[Any], lon: FloatArray, lat: FloatArray) -> _Shelf:
    index = {node: i for i, node in enumerate(nodes)}
    shelf = _Shelf()
    waiting: dict[tuple[int, int], list[int]] = {}
    for tail, head, key, data in graph.edges(keys=True, data=True):
        u, v = index[tail], index[head]
        points = _line(data, u, v, lon, lat, graph.graph["crs"])
        twin = _twin(shelf, waiting.get((v, u), ()), data, points)
        if twin is not None:
            shelf.backward[twin] = (key, dict(data))
            waiting[(v, u)].remove(twin)
            continue
        waiting.setdefault((u, v), []).append(len(shelf.start))
        shelf.start.append(u)
        shelf.end.append(v)
        shelf.length_m.append(float(data["length"]))
        shelf.duration_s.append(float(data.get("duration_s", np.nan)))
        shelf.kind.append(_kind(data))
        shelf.way_id.append(_first_way(data.get("osmid", 0)))
        shelf.points.append(points)
        shelf.forward.append((key, dict(data)))
        shelf.backward.append(None)
    return shelf


def _kind(data: Attributes) -> Kind:
    """Return an arc's kind: its own, or what its tags say; a street if they say nothing."""
    name = str(data.get("kind", "")).upper()
    if name in Kind.__members__:
        return Kind[name]
    ruling = judge_arc(data)
    return ruling.kind if ruling.walkable else Kind.STREET


def judge_arc(data: Attributes) -> Ruling:
    """Judge an arc by its tags; one merged from several ways is only as good as the worst.

    Parameters
    ----------
    data
        The arc's attributes; lists where OSMnx merged ways with different values.
    """
    values = {key: value if isinstance(value, list) else [value] for key, value in data.items()}
    words = {key: [v for v in some if isinstance(v, str)] for key, some in values.items()}
    tags = {key: some[0] for key, some in words.items() if some}
    # Which values of two merged keys belong together is not known, so each is judged by itself.
    variants = [{**tags, key: value} for key, some in words.items() for value in some]
    rulings = [judge_way(variant) for variant in variants or [tags]]
    refused = [ruling for ruling in rulings if not ruling.walkable]
    return refused[0] if refused else max(rulings, key=lambda ruling: ruling.kind)


def _line(
    data: Attributes, u: int, v: int, lon: FloatArray, lat: FloatArray, crs: object
) -> FloatArray:
    geometry = data.get("geometry")
    if geometry is None:
        return np.array([[lon[u], lat[u]], [lon[v], lat[v]]])
    x, y = shapely.get_coordinates(geometry).T
    return np.column_stack(in_degrees(x, y, crs))


def _twin(
    shelf: _Shelf, candidates: Iterable[int], data: Attributes, points: FloatArray
) -> int | None:
    """Return the edge that runs over the same line the other way, if one still waits for it."""
    for i in candidates:
        same_length = shelf.length_m[i] == float(data["length"])
        if same_length and np.array_equal(shelf.points[i], points[::-1]):
            return i
    return None


def _first_way(osmid: object) -> int:
    first = osmid[0] if isinstance(osmid, list) and osmid else osmid
    return first if isinstance(first, int) else 0


def _osm_id(node: object, i: int) -> int:
    return node if isinstance(node, int) else -1 - i


def _edges(shelf: _Shelf) -> Edges:
    size = [len(points) for points in shelf.points]
    lon, lat = np.vstack(shelf.points).T
    m = len(shelf.start)
    return Edges(
        start=np.array(shelf.start, dtype=np.int32),
        end=np.array(shelf.end, dtype=np.int32),
        length_m=np.array(shelf.length_m),
        kind=np.array(shelf.kind, dtype=np.int8),
        forward=np.ones(m, dtype=bool),
        backward=np.array([arc is not None for arc in shelf.backward]),
        duration_s=np.array(shelf.duration_s),
        way_id=np.array(shelf.way_id, dtype=np.int64),
        offset=np.concatenate([[0], np.cumsum(size)]).astype(np.int64),
        lon=np.ascontiguousarray(lon),
        lat=np.ascontiguousarray(lat),
        wait_start=np.zeros(m, dtype=np.int8),
        wait_end=np.zeros(m, dtype=np.int8),
        off_ground=np.zeros(m, dtype=bool),
    )


def _points(edges: Edges, i: int) -> tuple[FloatArray, FloatArray]:
    part = slice(edges.offset[i], edges.offset[i + 1])
    return edges.lon[part], edges.lat[part]
