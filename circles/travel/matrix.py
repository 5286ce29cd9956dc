"""Costs from many origins one by one: bounded searches, cost matrices, the few nearest origins."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np

from circles.crs import FloatArray
from circles.errors import InputError
from circles.network import Impedance, IndexArray, IntArray, WalkNetwork, points_of_edges
from circles.travel import kernels
from circles.travel.blocks import worker_threads
from circles.travel.few import spread_few
from circles.travel.joining import Joins
from circles.travel.search import (
    Direction,
    costs_along_edges,
    equal_pairs,
    legs_to_ends,
    search_graph,
    search_seeds,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Fewer origins than this are not worth a second thread.
_ORIGINS_A_TASK = 64


#: Rows, nodes and costs of some bounded searches.
_Found = tuple[IntArray, IndexArray, FloatArray]


@dataclass(frozen=True)
class BoundedCosts:
    """Nodes within a limit of each origin, in compressed rows.

    Parameters
    ----------
    offset
        int64, shape (origins + 1,): origin `i` owns the entries ``offset[i]:offset[i + 1]``.
    node
        Node indices, int32.
    cost
        Least costs, in the impedance's unit.
    """

    offset: IntArray
    node: IndexArray
    cost: FloatArray


def bounded_costs(
    network: WalkNetwork,
    origins: Joins,
    impedance: Impedance,
    *,
    limit: float,
    direction: Direction = "to",
    threads: int | None = None,
) -> BoundedCosts:
    """Search from every origin by itself, no farther than a limit.

    Parameters
    ----------
    network
        The network.
    origins
        Where the origins join; one off the network has no entries.
    impedance
        Of the same network.
    limit
        In the impedance's unit; finite.
    direction
        ``"to"``: the cost of walking to the origin; ``"from"``: of walking from it.
    threads
        How many to use; by default one a processor.

    Raises
    ------
    InputError
        The limit is not finite and positive: without one, every search would visit all nodes.
    """
    if not 0 < limit < np.inf:
        message = f"a bounded search needs a limit above 0 and below infinity; got {limit}"
        raise InputError(message)
    graph = search_graph(network, impedance, direction)
    node, cost, _ = search_seeds(network, origins, impedance, direction)
    seed_offset = np.concatenate([[0], np.cumsum(np.where(origins.off_network, 0, 2))])

    workers = min(threads or worker_threads(), 1 + len(origins) // _ORIGINS_A_TASK)
    workspaces: SimpleQueue[FloatArray] = SimpleQueue()
    for _ in range(workers):
        workspaces.put(np.full(len(network.node_id), np.inf))

    def search(chunk: IntArray) -> _Found:
        workspace = workspaces.get()
        found: _Found = kernels.bounded(*graph, seed_offset, node, cost, limit, chunk, workspace)
        workspaces.put(workspace)
        return found

    # Neighbours search one after the other: much of what one needs the last one has just read.
    order = np.argsort(origins.edge, kind="stable")
    with ThreadPoolExecutor(workers) as pool:
        parts = list(pool.map(search, np.array_split(order, 4 * workers if workers > 1 else 1)))
    return _in_order(parts, order)


def _in_order(parts: list[_Found], order: IntArray) -> BoundedCosts:
    """Put together what was found for the origins in some order, in the order of origins."""
    size = np.concatenate([np.diff(part[0]) for part in parts])
    node = np.concatenate([part[1] for part in parts])
    cost = np.concatenate([part[2] for part in parts])
    back = np.argsort(order)
    entry, _ = points_of_edges(
        np.concatenate([[0], np.cumsum(size)]).astype(np.int64), back, np.zeros(len(back), bool)
    )
    return BoundedCosts(
        offset=np.concatenate([[0], np.cumsum(size[back])]).astype(np.int64),
        node=node[entry],
        cost=cost[entry],
    )


def cost_matrix(
    network: WalkNetwork,
    points: Joins,
    origins: Joins,
    impedance: Impedance,
    *,
    limit: float,
    direction: Direction = "to",
) -> "csr_array":
    """Return the cost between every point and every origin within a limit, as a sparse matrix.

    Parameters
    ----------
    network, impedance
        The network and what its edges cost.
    points, origins
        Where they join.
    limit
        In the impedance's unit; pairs beyond it are not stored.
    direction
        ``"to"``: from the points to the origins; ``"from"``: the other way.

    Returns
    -------
    csr_array
        Shape (points, origins). A stored 0 is a cost of 0; what is not stored is beyond the
        limit (`toarray` would show both as 0).
    """
    near = bounded_costs(network, origins, impedance, limit=limit, direction=direction)
    origin_of = np.repeat(np.arange(len(origins)), np.diff(near.offset))
    joined = np.flatnonzero(~points.off_network)
    edge, share = points.edge[joined], points.share[joined]
    edges = network.edges
    ends = np.concatenate([edges.start[edge], edges.end[edge]])
    legs = legs_to_ends(edge, share, impedance, direction).ravel()
    owner = np.concatenate([joined, joined])
    entry, slot = equal_pairs(near.node, ends)
    point = owner[slot]
    cost = near.cost[entry] + legs[slot]
    origin = origin_of[entry]
    on_point, on_origin, along = _along_shared_edges(
        joined, edge, share, origins, impedance, direction
    )
    point = np.concatenate([point, on_point])
    origin = np.concatenate([origin, on_origin])
    cost = np.concatenate([cost, along]) + points.access_m[point] * impedance.per_metre
    return _least(point, origin, cost, limit, (len(points), len(origins)))


def nearest_few_costs(
    network: WalkNetwork,
    origins: Joins,
    impedance: Impedance,
    *,
    few: int,
    direction: Direction = "to",
    limit: float = np.inf,
) -> tuple[FloatArray, IndexArray]:
    """Return every node's costs to its few nearest origins, and which these are.

    Parameters
    ----------
    network, origins, impedance, direction, limit
        As in `circles.travel.nearest_cost`.
    few
        How many origins, at least 1.

    Returns
    -------
    tuple of array
        Costs, shape (nodes, few), nearest first, inf where there are fewer; origins, int32, the
        same shape, -1 where there are fewer.

    Raises
    ------
    InputError
        `few` is below 1.
    """
    if few < 1:
        message = f"few must be 1 or more; got {few}"
        raise InputError(message)
    graph = search_graph(network, impedance, direction)
    seeds = search_seeds(network, origins, impedance, direction)
    return spread_few(graph, seeds, few=few, limit=limit, width=impedance.bucket_width)


def _along_shared_edges(
    joined: IntArray,
    edge: IndexArray,
    share: FloatArray,
    origins: Joins,
    impedance: Impedance,
    direction: Direction,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return point, origin and cost of walks that never leave their edge."""
    row, origin = equal_pairs(edge, origins.edge)
    cost = costs_along_edges(edge[row], share[row], origins.share[origin], impedance, direction)
    return joined[row], origin, cost + origins.access_m[origin] * impedance.per_metre


def _least(
    point: IntArray, origin: IntArray, cost: FloatArray, limit: float, shape: tuple[int, int]
) -> "csr_array":
    """Keep the cheapest of all ways between a point and an origin, if within the limit."""
    kept = np.flatnonzero(cost <= limit)
    order = kept[np.lexsort((cost[kept], origin[kept], point[kept]))]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(point[order]) != 0) | (np.diff(origin[order]) != 0)
    order = order[first]
    offset = np.searchsorted(point[order], np.arange(shape[0] + 1))
    from scipy.sparse import csr_array

    return csr_array((cost[order], origin[order], offset), shape=shape)
