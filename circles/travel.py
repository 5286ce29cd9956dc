"""Least cost (time or distance) over the network between every location and the nearest origin."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from circles.crs import FloatArray
from circles.errors import InputError
from circles.joining import Joins
from circles.network import Impedance, IndexArray, IntArray, WalkNetwork

Direction = Literal["to", "from"]


@dataclass(frozen=True)
class CostField:
    """Least cost between every location of a network and its nearest origin.

    Parameters
    ----------
    network
        The network.
    impedance
        What its edges cost.
    direction
        ``"to"``: the cost of walking to the origins; ``"from"``: of walking from them.
    node_cost
        Cost at each node, shape (n,); inf where no origin can be reached.
    node_origin
        Index of the origin that cost belongs to, int32, shape (n,); -1 where none.
    origins
        Where the origins join.
    """

    network: WalkNetwork
    impedance: Impedance
    direction: Direction
    node_cost: FloatArray
    node_origin: IndexArray
    origins: Joins

    def at(self, points: Joins) -> tuple[FloatArray, IndexArray]:
        """Return the cost between points and their nearest origin, and which origin that is.

        The cost is the point's access leg, the way along its edge to either end and on over the
        network (or straight along the edge where an origin shares it), and the origin's own
        access leg.

        Parameters
        ----------
        points
            Where the points join.

        Returns
        -------
        tuple of array
            Cost, shape (k,), inf where off the network or out of reach; origin's index, int32,
            shape (k,), -1 where there is none.
        """
        joined = np.flatnonzero(~points.off_network)
        edge, share = points.edge[joined], points.share[joined]
        edges = self.network.edges
        ends = np.stack([edges.start[edge], edges.end[edge]])
        legs = np.stack(
            [
                _part(share, self._toward_start(edge)),
                _part(1.0 - share, self._toward_end(edge)),
            ]
        )
        through = legs + self.node_cost[ends]
        side = through.argmin(axis=0)
        row = np.arange(len(joined))
        cost, origin = through[side, row], self.node_origin[ends[side, row]]
        cost, origin = self._along_shared_edges(edge, share, cost, origin)
        all_cost = np.full(len(points), np.inf)
        all_cost[joined] = cost + points.access_m[joined] * self.impedance.per_metre
        all_origin = np.full(len(points), -1, dtype=np.int32)
        all_origin[joined] = np.where(np.isfinite(cost), origin, -1)
        return all_cost, all_origin

    def _toward_start(self, edge: IndexArray) -> FloatArray:
        """Cost of a whole edge between a point on it and its start, in the field's direction."""
        costs = self.impedance.backward if self.direction == "to" else self.impedance.forward
        return costs[edge]

    def _toward_end(self, edge: IndexArray) -> FloatArray:
        costs = self.impedance.forward if self.direction == "to" else self.impedance.backward
        return costs[edge]

    def _along_shared_edges(
        self, edge: IndexArray, share: FloatArray, cost: FloatArray, origin: IndexArray
    ) -> tuple[FloatArray, IndexArray]:
        """Improve costs where an origin lies on the point's own edge."""
        point, source = _pairs_on_one_edge(edge, self.origins.edge)
        if not len(point):
            return cost, origin
        ahead = self.origins.share[source] - share[point]
        on_edge = edge[point]
        along = np.where(
            ahead >= 0,
            _part(ahead, self._toward_end(on_edge)),
            _part(-ahead, self._toward_start(on_edge)),
        )
        along += self.origins.access_m[source] * self.impedance.per_metre
        order = np.lexsort((source, along, point))
        first = order[np.flatnonzero(np.diff(point[order], prepend=-1))]
        better = first[along[first] < cost[point[first]]]
        cost, origin = cost.copy(), origin.copy()
        cost[point[better]] = along[better]
        origin[point[better]] = source[better]
        return cost, origin


def nearest_cost(
    network: WalkNetwork,
    origins: Joins,
    impedance: Impedance,
    *,
    direction: Direction = "to",
    limit: float = np.inf,
) -> CostField:
    """Find the least cost between every node and its nearest origin, in one search.

    Dijkstra's algorithm from all origins at once; with direction ``"to"`` it runs against the
    direction of walking.

    Parameters
    ----------
    network
        The network.
    origins
        Where the origins (the facilities of a service) join; those off the network do not count.
    impedance
        `WalkNetwork.times` or `WalkNetwork.distances` of the same network.
    direction
        ``"to"``: walking to the origins; ``"from"``: walking from them.
    limit
        Nodes beyond this cost are not searched.

    Raises
    ------
    InputError
        `impedance` belongs to another network.
    """
    if len(impedance.forward) != len(network.edges):
        message = (
            f"the impedance is of a network with {len(impedance.forward)} edges, "
            f"this one has {len(network.edges)}"
        )
        raise InputError(message)
    nodes = len(network.node_id)
    joined = np.flatnonzero(~origins.off_network)
    if not len(joined):
        cost, origin = np.full(nodes, np.inf), np.full(nodes, -1, dtype=np.int32)
        return CostField(network, impedance, direction, cost, origin, origins)
    graph = _search_graph(network, origins, joined, impedance, direction)
    sources = nodes + np.arange(len(joined))
    found, _, source = dijkstra(
        graph, indices=sources, min_only=True, return_predecessors=True, limit=limit
    )
    reached = np.isfinite(found[:nodes])
    origin = np.full(nodes, -1, dtype=np.int32)
    origin[reached] = joined[source[:nodes][reached] - nodes]
    return CostField(network, impedance, direction, found[:nodes], origin, origins)


def _search_graph(
    network: WalkNetwork,
    origins: Joins,
    joined: IntArray,
    impedance: Impedance,
    direction: Direction,
) -> csr_array:
    """Arcs in the direction of the search, with one node more for each origin."""
    edges, nodes = network.edges, len(network.node_id)
    # Searching "to" the origins walks every arc backwards.
    outward = impedance.forward if direction == "from" else impedance.backward
    inward = impedance.backward if direction == "from" else impedance.forward
    edge, share = origins.edge[joined], origins.share[joined]
    access = origins.access_m[joined] * impedance.per_metre
    extra = nodes + np.arange(len(joined))
    tail = np.concatenate([edges.start, edges.end, extra, extra])
    head = np.concatenate([edges.end, edges.start, edges.start[edge], edges.end[edge]])
    cost = np.concatenate(
        [
            outward,
            inward,
            access + _part(share, inward[edge]),
            access + _part(1.0 - share, outward[edge]),
        ]
    )
    return _least_arcs(tail, head, cost, nodes + len(joined))


def _least_arcs(tail: IntArray, head: IntArray, cost: FloatArray, size: int) -> csr_array:
    """Make a sparse graph of arcs, keeping the cheapest of parallel ones."""
    open_ = np.flatnonzero(np.isfinite(cost))
    order = open_[np.lexsort((cost[open_], head[open_], tail[open_]))]
    tail, head, cost = tail[order], head[order], cost[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
    tail, head, cost = tail[first], head[first], cost[first]
    offset = np.searchsorted(tail, np.arange(size + 1))
    return csr_array((cost, head, offset), shape=(size, size))


def _part(share: FloatArray, cost: FloatArray) -> FloatArray:
    """Return that share of a cost; none of a forbidden edge (inf) costs nothing."""
    return np.where(share > 0, share, 0.0) * np.where(share > 0, cost, 0.0)


def _pairs_on_one_edge(edge: IndexArray, origin_edge: IndexArray) -> tuple[IntArray, IntArray]:
    """Return all pairs (point, origin) that share an edge."""
    order = np.argsort(origin_edge, kind="stable")
    ranked = origin_edge[order]
    low = np.searchsorted(ranked, edge, side="left")
    count = np.searchsorted(ranked, edge, side="right") - low
    point = np.repeat(np.arange(len(edge)), count)
    nth = np.arange(len(point)) - np.repeat(np.cumsum(count) - count, count)
    return point, order[np.repeat(low, count) + nth]
