"""Networks whose nodes and streets lie in memory as they lie on the ground."""

from dataclasses import replace

import numpy as np

from circles.network.contraction import hilbert_index
from circles.network.model import WalkNetwork


def in_space_order(network: WalkNetwork) -> WalkNetwork:
    """Return a network with its nodes along a Hilbert curve and its streets by their ends.

    `circles.network.build` makes networks so; graphs and tables that people have come in any
    order, and a box of one saved like that would need all of it. Attributes of a graph that it was
    made from are not kept.

    Parameters
    ----------
    network
        The network.
    """
    nodes = np.argsort(hilbert_index(network.node_lon, network.node_lat), kind="stable")
    rank = np.empty(len(nodes), dtype=np.int32)
    rank[nodes] = np.arange(len(nodes), dtype=np.int32)
    start, end = rank[network.edges.start], rank[network.edges.end]
    rows = np.lexsort((end, start))
    return replace(
        network,
        node_id=network.node_id[nodes],
        node_lon=network.node_lon[nodes],
        node_lat=network.node_lat[nodes],
        edges=replace(network.edges.take(rows), start=start[rows], end=end[rows]),
        joinable=network.joinable[rows],
        attributes=None,
    )
