"""The part of the network that is reached within a limit, as a graph for networkx and OSMnx."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from circles.crs import FloatArray
from circles.network import IntArray
from circles.travel.reached import reached_stretches, stretch_lines
from circles.travel.search import CostField
from circles.walking import Kind

if TYPE_CHECKING:
    import networkx as nx

Stretches = npt.NDArray[np.void]
Lines = npt.NDArray[np.object_]


def reached_graph(field: CostField, *, limit: float) -> "nx.MultiDiGraph[Any]":
    """Return the reached part of the network as a graph, with nodes where its edges are cut.

    Up to the limit, a cheapest walk within the graph costs what it costs on the whole network,
    waits included.

    Parameters
    ----------
    field, limit
        As in `circles.travel.reached_edges`, whose stretches become arcs, one for each direction
        in which they may be walked.

    Returns
    -------
    networkx.MultiDiGraph
        As OSMnx would hold it, in EPSG:4326. Nodes are named by their OSM ids and have the
        attributes ``x``, ``y``, ``cost`` (the least, to or from the origins; above the limit where
        only the wait at the node is too much) and ``cut`` (whether the cost runs out there). Cuts
        and origins in the middle of an edge are new nodes, named by negative numbers below all
        others. The node at which an origin joins has ``origin``, its number (of several the
        lowest). Arcs have ``length`` (metres), ``cost`` (in the unit of the field's impedance,
        with the wait at the node they leave), ``edge`` (the number of the network's edge),
        ``osmid``, ``kind``, ``geometry``, ``oneway`` and ``reversed``.

    Raises
    ------
    InputError
        The limit is not above 0.
    """
    import networkx as nx

    rows = reached_stretches(field, limit)
    edges = field.network.edges
    lines = stretch_lines(field.network, rows, (edges.lon, edges.lat))
    ends = _ends(field, rows)
    graph: nx.MultiDiGraph[Any] = nx.MultiDiGraph(
        crs="epsg:4326", created_with="circles", simplified=True
    )
    graph.add_nodes_from(_nodes(field, ends, lines))
    graph.add_edges_from(_arcs(field, rows, ends, lines))
    return graph


@dataclass(frozen=True)
class _Ends:
    """The ends of stretches as nodes of a graph: nodes of the network, and places on its edges.

    Parameters
    ----------
    which
        The node at the low and at the high end of each stretch, shape (2, stretches).
    first
        The first end that is this node, among all low and then all high ends.
    node
        The network's node, -1 where it is a place on an edge.
    edge, share
        That place.
    cost
        The least to or from the origins.
    name
        What the node is called.
    """

    which: IntArray
    first: IntArray
    node: IntArray
    edge: IntArray
    share: FloatArray
    cost: FloatArray
    name: IntArray


def _ends(field: CostField, rows: Stretches) -> _Ends:
    network = field.network
    edge = np.tile(rows["edge"], 2)
    share = np.concatenate([rows["from_share"], rows["to_share"]])
    node = _node_at(field, edge, share)
    # Nodes are told apart by their number, places by their edge and share.
    keys = np.column_stack([node, np.where(node < 0, edge, 0), np.where(node < 0, share, 0.0)])
    _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    reached = np.concatenate([rows["from_cost"], rows["to_cost"]])
    if (
        field.direction == "to"
    ):  # who sets out on the edge does not wait, who comes to the node does
        waits = field.impedance.waits(rows["edge"]).ravel()
        reached = reached + np.where(node < 0, 0.0, waits)
    cost = np.full(len(first), np.inf)
    np.minimum.at(cost, which.ravel(), reached)
    node = node[first]
    cost = np.where(node >= 0, np.minimum(cost, field.node_cost[node]), cost)
    lowest = min(0, int(network.node_id.min()))
    return _Ends(
        which=which.reshape(2, len(rows)),
        first=first,
        node=node,
        edge=edge[first],
        share=share[first],
        cost=cost,
        name=np.where(node >= 0, network.node_id[node], lowest - np.cumsum(node < 0)),
    )


def _node_at(field: CostField, edge: IntArray, share: FloatArray) -> IntArray:
    """Return the network's nodes at places on edges, -1 where there is none."""
    edges = field.network.edges
    node = np.where(share == 0, edges.start[edge], np.where(share == 1, edges.end[edge], -1))
    return node.astype(np.int64)


def _nodes(field: CostField, ends: _Ends, lines: Lines) -> Iterator[tuple[int, dict[str, Any]]]:
    network = field.network
    points = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])[ends.first]
    lon = np.where(ends.node >= 0, network.node_lon[ends.node], shapely.get_x(points))
    lat = np.where(ends.node >= 0, network.node_lat[ends.node], shapely.get_y(points))
    origin = _origins(field, ends)
    for i, name in enumerate(ends.name.tolist()):
        data = {"x": float(lon[i]), "y": float(lat[i]), "cost": float(ends.cost[i])}
        own = {"origin": origin[i]} if i in origin else {}
        yield name, {**data, "cut": bool(ends.node[i] < 0 and i not in origin), **own}


def _origins(field: CostField, ends: _Ends) -> dict[int, int]:
    """Return which of the nodes origins join at, and the origins' numbers."""
    origins = field.origins
    on = np.flatnonzero(~origins.off_network)
    edge, share = origins.edge[on].astype(np.int64), origins.share[on]
    node = _node_at(field, edge, share)
    nodes = {n: i for i, n in enumerate(ends.node.tolist()) if n >= 0}
    places = {
        at: i for i, at in enumerate(zip(ends.edge.tolist(), ends.share.tolist(), strict=True))
    }
    found: dict[int, int] = {}
    for k, n, e, s in zip(on.tolist(), node.tolist(), edge.tolist(), share.tolist(), strict=True):
        i = nodes.get(n) if n >= 0 else places.get((e, s))
        if i is not None:
            found.setdefault(i, k)
    return found


def _arcs(
    field: CostField, rows: Stretches, ends: _Ends, lines: Lines
) -> Iterator[tuple[int, int, dict[str, Any]]]:
    edges, impedance = field.network.edges, field.impedance
    edge, low, high = rows["edge"], rows["from_share"], rows["to_share"]
    waits = impedance.waits(edge)
    forth = impedance.along(edge, low, high) + np.where(low == 0, waits[0], 0.0)
    back = impedance.against(edge, low, high) + np.where(high == 1, waits[1], 0.0)
    length_m = (high - low) * edges.length_m[edge]
    name = ends.name[ends.which]
    for i, e in enumerate(edge.tolist()):
        shared = {
            "edge": e,
            "osmid": int(edges.way_id[e]),
            "kind": Kind(edges.kind[e]).name.lower(),
            "length": float(length_m[i]),
            "oneway": not np.isfinite([forth[i], back[i]]).all(),
        }
        start, end = name[:, i].tolist()
        if np.isfinite(forth[i]):
            way = {"cost": float(forth[i]), "geometry": lines[i], "reversed": False}
            yield start, end, {**shared, **way}
        if np.isfinite(back[i]):
            way = {"cost": float(back[i]), "geometry": shapely.reverse(lines[i]), "reversed": True}
            yield end, start, {**shared, **way}
