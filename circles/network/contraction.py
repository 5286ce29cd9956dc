"""Fewer, better-ordered nodes: chains of edges made one, nodes along a space-filling curve."""

from dataclasses import dataclass, replace

import numba
import numpy as np

from circles.crs import FloatArray
from circles.network.edges import BoolArray, Edges, IndexArray, IntArray, points_of_edges
from circles.walking import Wait

_HILBERT_BITS = 16


@dataclass(frozen=True)
class NodeTable:
    """Nodes of a network while it is made: OSM id and position (degrees), shape (n,) each."""

    node_id: IntArray
    lon: FloatArray
    lat: FloatArray

    def take(self, rows: IntArray) -> "NodeTable":
        """Return the nodes of these rows, in this order."""
        return NodeTable(self.node_id[rows], self.lon[rows], self.lat[rows])


def contract(edges: Edges, nodes: NodeTable) -> tuple[Edges, NodeTable]:
    """Make one edge of every chain of edges that meet two by two.

    A node is passed over if exactly two edges meet there and they are of one kind, are walked in
    the same directions, are both on the ground or both off it, and are no ferries that say how
    long they sail; and if nobody waits there. Along such a chain cost
    grows evenly with length, so no time is lost, and the geometry is kept point by point.

    Parameters
    ----------
    edges, nodes
        The network's edges and nodes.

    Returns
    -------
    tuple
        Edges and nodes; a contracted edge has the way id of its first part.
    """
    link = _links(edges, len(nodes.node_id))
    if not (link >= 0).any():
        return edges, nodes
    chain_edge, chain_turned, offset = _chains(link, len(edges))
    joined = _joined(edges, chain_edge, chain_turned, offset)
    used = np.unique(np.concatenate([joined.start, joined.end]))
    index = np.full(len(nodes.node_id), -1, dtype=np.int32)
    index[used] = np.arange(len(used), dtype=np.int32)
    renumbered = replace(joined, start=index[joined.start], end=index[joined.end])
    return renumbered, nodes.take(used)


def order_nodes(edges: Edges, nodes: NodeTable) -> tuple[Edges, NodeTable]:
    """Order nodes along a Hilbert curve and edges by their start: neighbours lie near in memory.

    Parameters
    ----------
    edges, nodes
        The network's edges and nodes.
    """
    rank = np.argsort(hilbert_index(nodes.lon, nodes.lat), kind="stable")
    index = np.empty(len(rank), dtype=np.int32)
    index[rank] = np.arange(len(rank), dtype=np.int32)
    moved = replace(edges, start=index[edges.start], end=index[edges.end])
    by_start = np.lexsort((moved.end, moved.start))
    return moved.take(by_start), nodes.take(rank)


def hilbert_index(x: FloatArray, y: FloatArray) -> IntArray:
    """Return each point's place along a Hilbert curve over the points' box.

    The classic bit-by-bit construction (Hilbert 1891; as in Skilling 2004), over a grid of
    2^16 × 2^16 cells.

    Parameters
    ----------
    x, y
        Coordinates in any unit, shape (k,).
    """
    column, row = _cells(x), _cells(y)
    index = np.zeros(len(x), dtype=np.int64)
    for bit in range(_HILBERT_BITS - 1, -1, -1):
        side = np.int64(1) << bit
        right, up = (column & side) > 0, (row & side) > 0
        index += side * side * ((3 * right) ^ up)
        mirrored = ~up & right
        column = np.where(mirrored, side - 1 - (column & (side - 1)), column & (side - 1))
        row = np.where(mirrored, side - 1 - (row & (side - 1)), row & (side - 1))
        column, row = np.where(up, column, row), np.where(up, row, column)
    return index


def _cells(values: FloatArray) -> IntArray:
    span = float(np.ptp(values)) or 1.0
    cells: IntArray = ((values - values.min()) / span * (2**_HILBERT_BITS - 1)).astype(np.int64)
    return cells


def _links(edges: Edges, nodes: int) -> IntArray:
    """Link the two edge ends at every node that can be passed over.

    End ``2e`` is the start of edge `e`, end ``2e + 1`` its end. Returns for each end the one it
    is linked to, or -1.
    """
    m = len(edges)
    at = np.empty(2 * m, dtype=np.int64)
    at[0::2], at[1::2] = edges.start, edges.end
    order = np.argsort(at, kind="stable")
    pairs = np.flatnonzero(np.bincount(at, minlength=nodes) == 2)
    first = np.searchsorted(at[order], pairs)
    one, other = order[first], order[first + 1]
    fits = _fit(edges, one, other)
    link = np.full(2 * m, -1, dtype=np.int64)
    link[one[fits]], link[other[fits]] = other[fits], one[fits]
    return link


def _fit(edges: Edges, one: IntArray, other: IntArray) -> BoolArray:
    """Whether the edges of two ends that meet can be one edge."""
    a, b = one // 2, other // 2
    # Walking through the node: out of edge a at its end, into edge b at its own end.
    out_of_a = np.where(one % 2 == 1, edges.forward[a], edges.backward[a])
    into_a = np.where(one % 2 == 1, edges.backward[a], edges.forward[a])
    into_b = np.where(other % 2 == 0, edges.forward[b], edges.backward[b])
    out_of_b = np.where(other % 2 == 0, edges.backward[b], edges.forward[b])
    # One who waits at the node has to find it in the network.
    wait = np.stack([edges.wait_start, edges.wait_end], axis=1).ravel()
    timed = ~np.isnan(edges.duration_s[a]) | ~np.isnan(edges.duration_s[b])
    fits: BoolArray = (
        (a != b)
        & (edges.kind[a] == edges.kind[b])
        & (out_of_a == into_b)
        & (out_of_b == into_a)
        & (edges.off_ground[a] == edges.off_ground[b])
        & (wait[one] == Wait.NONE)
        & (wait[other] == Wait.NONE)
        & ~timed
    )
    return fits


@numba.njit(cache=True, nogil=True)
def _chains(link: IntArray, edges: int) -> tuple[IndexArray, BoolArray, IntArray]:
    """Walk every chain from one of its ends; a ring without any junction is cut at its first edge.

    Returns the edges in the order they are walked, whether each is walked from its end to its
    start, and where chains begin.
    """
    done = np.zeros(edges, np.bool_)
    chain_edge = np.empty(edges, np.int32)
    chain_turned = np.empty(edges, np.bool_)
    offset = np.empty(edges + 1, np.int64)
    offset[0] = 0
    chains = 0
    count = 0
    for rings in range(2):
        for e in range(edges):
            if done[e]:
                continue
            if link[2 * e] < 0:
                end = 2 * e
            elif link[2 * e + 1] < 0:
                end = 2 * e + 1
            elif rings:
                end = 2 * e
            else:
                continue
            while end >= 0 and not done[end // 2]:
                done[end // 2] = True
                chain_edge[count] = end // 2
                chain_turned[count] = end % 2 == 1
                count += 1
                end = link[end ^ 1]
            chains += 1
            offset[chains] = count
    return chain_edge, chain_turned, offset[: chains + 1].copy()


def _joined(
    edges: Edges, chain_edge: IndexArray, chain_turned: BoolArray, offset: IntArray
) -> Edges:
    first, last = offset[:-1], offset[1:] - 1
    head, tail = chain_edge[first], chain_edge[last]
    head_turned, tail_turned = chain_turned[first], chain_turned[last]
    point, point_offset = _points(edges, chain_edge, chain_turned, offset)
    return Edges(
        start=np.where(head_turned, edges.end[head], edges.start[head]),
        end=np.where(tail_turned, edges.start[tail], edges.end[tail]),
        length_m=np.add.reduceat(edges.length_m[chain_edge], first),
        kind=edges.kind[head],
        forward=np.where(head_turned, edges.backward[head], edges.forward[head]),
        backward=np.where(head_turned, edges.forward[head], edges.backward[head]),
        duration_s=edges.duration_s[head],
        way_id=edges.way_id[head],
        offset=point_offset,
        lon=edges.lon[point],
        lat=edges.lat[point],
        wait_start=np.where(head_turned, edges.wait_end[head], edges.wait_start[head]),
        wait_end=np.where(tail_turned, edges.wait_start[tail], edges.wait_end[tail]),
        off_ground=edges.off_ground[head],
    )


def _points(
    edges: Edges, chain_edge: IndexArray, chain_turned: BoolArray, offset: IntArray
) -> tuple[IntArray, IntArray]:
    """Return the points of all chains in walking order, without repeating those in between."""
    point, part = points_of_edges(edges.offset, chain_edge, chain_turned)
    begins = np.zeros(len(chain_edge), dtype=bool)
    begins[offset[:-1]] = True
    # Each part but a chain's first starts where the one before it ended.
    repeated = np.zeros(len(point), dtype=bool)
    repeated[np.flatnonzero(np.diff(part, prepend=-1))] = ~begins
    kept = point[~repeated]
    size = np.diff(edges.offset)[chain_edge] - ~begins
    return kept, np.concatenate([[0], np.add.reduceat(size, offset[:-1]).cumsum()]).astype(np.int64)
