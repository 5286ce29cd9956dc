"""Least cost (time or distance) over the network between every location and the nearest origin."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from circles.crs import FloatArray
from circles.errors import InputError
from circles.network import Impedance, IndexArray, IntArray, WalkNetwork
from circles.travel.blocks import spread
from circles.travel.joining import Joins

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
        legs = legs_to_ends(edge, share, self.impedance, self.direction)
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

    def _along_shared_edges(
        self, edge: IndexArray, share: FloatArray, cost: FloatArray, origin: IndexArray
    ) -> tuple[FloatArray, IndexArray]:
        """Improve costs where an origin lies on the point's own edge."""
        point, source = equal_pairs(edge, self.origins.edge)
        if not len(point):
            return cost, origin
        along = costs_along_edges(
            edge[point], share[point], self.origins.share[source], self.impedance, self.direction
        )
        along = along + self.origins.access_m[source] * self.impedance.per_metre
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

    One exact search from all origins at once (see `circles.travel.blocks.spread`); with direction
    ``"to"`` it runs against the direction of walking.

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
    graph = search_graph(network, impedance, direction)
    seeds = search_seeds(network, origins, impedance, direction)
    node_cost, node_origin = spread(graph, seeds, limit=limit, width=impedance.bucket_width)
    return CostField(network, impedance, direction, node_cost, node_origin, origins)


def search_graph(
    network: WalkNetwork, impedance: Impedance, direction: Direction
) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Arcs in the direction of the search; "to" the origins it walks every arc backwards."""
    arcs = network.arcs
    cost = impedance.costs_back if direction == "to" else impedance.costs_forth
    return arcs.offset, arcs.head, cost


def search_seeds(
    network: WalkNetwork, origins: Joins, impedance: Impedance, direction: Direction
) -> tuple[IndexArray, FloatArray, IndexArray]:
    """Where the search starts: at both ends of each origin's edge, with what it costs to get there.

    Returns node, cost and origin of each seed.
    """
    joined = np.flatnonzero(~origins.off_network).astype(np.int32)
    edge, share = origins.edge[joined], origins.share[joined]
    access = origins.access_m[joined] * impedance.per_metre
    node = np.stack([network.edges.start[edge], network.edges.end[edge]], axis=1)
    # Who walks to the origins comes from the ends of their edges; and the other way round.
    legs = legs_to_ends(edge, share, impedance, "from" if direction == "to" else "to")
    cost = access[:, None] + legs.T
    return node.ravel(), cost.ravel(), np.repeat(joined, 2)


def legs_to_ends(
    edge: IndexArray, share: FloatArray, impedance: Impedance, direction: Direction
) -> FloatArray:
    """Return what lies between points on edges and the start and end of their edges.

    Parameters
    ----------
    edge, share
        Where the points join, shape (k,).
    impedance
        What edges cost.
    direction
        ``"to"``: walking from the points; ``"from"``: walking to them.

    Returns
    -------
    array
        Shape (2, k): cost to the start, cost to the end; with what it costs to wait at an end
        for who comes from there.
    """
    whole = np.ones(len(edge))
    none = np.zeros(len(edge))
    if direction == "to":
        return np.stack([impedance.against(edge, none, share), impedance.along(edge, share, whole)])
    legs = np.stack([impedance.along(edge, none, share), impedance.against(edge, share, whole)])
    return legs + impedance.waits(edge)


def costs_along_edges(
    edge: IndexArray,
    share: FloatArray,
    goal: FloatArray,
    impedance: Impedance,
    direction: Direction,
) -> FloatArray:
    """Return the cost between points and origins on one edge, walking straight along it.

    Parameters
    ----------
    edge, share, goal
        The edges, and where on them the points and the origins join, shape (k,).
    impedance, direction
        As in `nearest_cost`.
    """
    here, there = (share, goal) if direction == "to" else (goal, share)
    low, high = np.minimum(here, there), np.maximum(here, there)
    forth = there >= here
    return np.where(forth, impedance.along(edge, low, high), impedance.against(edge, low, high))


def equal_pairs(left: IndexArray, right: IndexArray) -> tuple[IntArray, IntArray]:
    """Return all pairs of positions at which two arrays hold the same number."""
    order = np.argsort(right, kind="stable")
    ranked = right[order]
    low = np.searchsorted(ranked, left, side="left")
    count = np.searchsorted(ranked, left, side="right") - low
    first = np.repeat(np.arange(len(left)), count)
    nth = np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    return first, order[np.repeat(low, count) + nth]
