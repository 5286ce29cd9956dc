"""Fewer, better-ordered nodes: chains of runs made one, nodes along a space-filling curve."""

import numpy as np

from circles.compiling import compiled
from circles.crs import FloatArray
from circles.network.edges import BoolArray, IndexArray, IntArray
from circles.network.rulings import Rulings
from circles.network.runs import NodeTable, Runs, SmallArray
from circles.walking import Wait

_HILBERT_BITS = 16
_ROW_BITS = 31


def contract(runs: Runs, rulings: Rulings, nodes: int) -> Runs:
    """Make one run of every chain of runs that meet two by two.

    A node is passed over if exactly two runs meet there and they are of one kind, are walked in
    the same directions, are both on the ground or both off it, and are no ferries that say how
    long they sail; and if nobody waits there. Along such a chain cost grows evenly with length,
    so no time is lost, and all nodes are kept as points of the run.

    Parameters
    ----------
    runs
        The runs.
    rulings
        What the tag rules say of their ways.
    nodes
        Number of nodes.

    Returns
    -------
    Runs
        A contracted run is a part of the way of its first part.
    """
    forward, backward = walked(runs, rulings)
    link = _links(
        runs.start,
        runs.end,
        rulings.trait[runs.way],
        forward,
        backward,
        runs.wait_start,
        runs.wait_end,
        nodes,
    )
    part, turned, offset, node, node_offset = _chains(link, runs.node, runs.offset)
    first, last = part[offset[:-1]], part[offset[1:] - 1]
    first_turned, last_turned = turned[offset[:-1]], turned[offset[1:] - 1]
    return Runs(
        way=runs.way[first],
        node=node,
        offset=node_offset,
        turned=runs.turned[first] ^ first_turned,
        wait_start=np.where(first_turned, runs.wait_end[first], runs.wait_start[first]),
        wait_end=np.where(last_turned, runs.wait_start[last], runs.wait_end[last]),
    )


def walked(runs: Runs, rulings: Rulings) -> tuple[BoolArray, BoolArray]:
    """Return whether runs are walked from start to end, and from end to start."""
    forward, backward = rulings.forward[runs.way], rulings.backward[runs.way]
    return (
        np.where(runs.turned, backward, forward),
        np.where(runs.turned, forward, backward),
    )


def order(runs: Runs, nodes: NodeTable) -> tuple[Runs, IndexArray]:
    """Order nodes along a Hilbert curve and runs by their start: neighbours lie near in memory.

    Parameters
    ----------
    runs
        The runs.
    nodes
        The nodes they go through.

    Returns
    -------
    tuple
        The runs in order, and the nodes at their ends in order.
    """
    ends = np.zeros(len(nodes.node_id), dtype=bool)
    ends[runs.start] = ends[runs.end] = True
    used = np.flatnonzero(ends).astype(np.int32)
    # Place and row in one number: sorting those is faster than sorting rows by their places.
    places = hilbert_index(nodes.lon[used], nodes.lat[used]) << _ROW_BITS
    ordered = used[np.sort(places + np.arange(len(used))) & ((1 << _ROW_BITS) - 1)]
    rank = np.zeros(len(ends), dtype=np.int32)
    rank[ordered] = np.arange(len(ordered), dtype=np.int32)
    by_end = _sorted_by(rank[runs.end], np.arange(len(runs), dtype=np.int32), len(used))
    by_start = _sorted_by(rank[runs.start], by_end, len(used))
    return runs.take(by_start), ordered


@compiled
def _sorted_by(key: IndexArray, rows: IndexArray, keys: int) -> IndexArray:
    """Sort rows by their key, keeping the order of those that have the same: a counting sort."""
    place = np.zeros(keys + 1, np.int64)
    for row in rows:
        place[key[row] + 1] += 1
    for i in range(keys):
        place[i + 1] += place[i]
    ordered = np.empty_like(rows)
    for row in rows:
        ordered[place[key[row]]] = row
        place[key[row]] += 1
    return ordered


def hilbert_index(x: FloatArray, y: FloatArray) -> IntArray:
    """Return each point's place along a Hilbert curve over the points' box.

    The classic bit-by-bit construction (Hilbert 1891; as in Skilling 2004), over a grid of
    2^16 × 2^16 cells.

    Parameters
    ----------
    x, y
        Coordinates in any unit, shape (k,).
    """
    index: IntArray = _hilbert(_cells(x), _cells(y))
    return index


def _cells(values: FloatArray) -> IntArray:
    span = float(np.ptp(values)) or 1.0
    cells: IntArray = ((values - values.min()) / span * (2**_HILBERT_BITS - 1)).astype(np.int64)
    return cells


@compiled
def _hilbert(columns: IntArray, rows: IntArray) -> IntArray:
    index = np.zeros(len(columns), np.int64)
    for i in range(len(columns)):
        column, row = columns[i], rows[i]
        for bit in range(_HILBERT_BITS - 1, -1, -1):
            side = np.int64(1) << bit
            right, up = int(column & side > 0), int(row & side > 0)
            index[i] += side * side * ((3 * right) ^ up)
            column, row = column & (side - 1), row & (side - 1)
            if not up:
                if right:
                    column, row = side - 1 - column, side - 1 - row
                column, row = row, column
    return index


@compiled
def _links(
    start: IndexArray,
    end: IndexArray,
    trait: IntArray,
    forward: BoolArray,
    backward: BoolArray,
    wait_start: SmallArray,
    wait_end: SmallArray,
    nodes: int,
) -> IndexArray:
    """Link the two run ends at every node that can be passed over.

    End ``2r`` is the start of run `r`, end ``2r + 1`` its end. Returns for each end the one it
    is linked to, or -1.
    """
    met = np.zeros(nodes, np.int8)  # how many ends, up to three
    ends = np.empty((nodes, 2), np.int32)
    for r in range(len(start)):
        for end_of_r, node in ((2 * r, start[r]), (2 * r + 1, end[r])):
            if met[node] < 2:
                ends[node, met[node]] = end_of_r
            met[node] = min(met[node] + 1, 3)
    link = np.full(2 * len(start), -1, np.int32)
    for node in range(nodes):
        if met[node] != 2:
            continue
        one, other = ends[node]
        a, b = one // 2, other // 2
        # Walking through the node: out of run a at its end, into run b at its own end.
        out_of_a, into_a = (forward[a], backward[a]) if one % 2 else (backward[a], forward[a])
        out_of_b, into_b = (forward[b], backward[b]) if other % 2 else (backward[b], forward[b])
        wait_a = wait_end[a] if one % 2 else wait_start[a]
        wait_b = wait_end[b] if other % 2 else wait_start[b]
        # One who waits at the node has to find it in the network.
        waits = wait_a != Wait.NONE or wait_b != Wait.NONE
        if (
            a != b
            and trait[a] == trait[b]
            and out_of_a == into_b
            and out_of_b == into_a
            and not waits
        ):
            link[one], link[other] = other, one
    return link


@compiled
def _chains(
    link: IndexArray, node: IndexArray, offset: IntArray
) -> tuple[IndexArray, BoolArray, IntArray, IndexArray, IntArray]:
    """Walk every chain from one of its ends; a ring without any junction is cut at its first run.

    Returns the runs in the order they are walked, whether each is walked from its end to its
    start, and where chains begin; the nodes of the chains, and where those begin.
    """
    runs = len(offset) - 1
    done = np.zeros(runs, np.bool_)
    part = np.empty(runs, np.int32)
    turned = np.empty(runs, np.bool_)
    chain_offset = np.zeros(runs + 1, np.int64)
    chain_node = np.empty(len(node), np.int32)
    node_offset = np.zeros(runs + 1, np.int64)
    chains = count = points = 0
    for rings in range(2):
        for r in range(runs):
            if done[r]:
                continue
            if link[2 * r] < 0:
                end = 2 * r
            elif link[2 * r + 1] < 0:
                end = 2 * r + 1
            elif rings:
                end = 2 * r
            else:
                continue
            while end >= 0 and not done[end // 2]:
                here, back = end // 2, end % 2 == 1
                done[here] = True
                part[count], turned[count] = here, back
                # Each part but a chain's first starts where the one before it ended.
                skip = int(count > chain_offset[chains])
                size = offset[here + 1] - offset[here]
                for i in range(skip, size):
                    step = size - 1 - i if back else i
                    chain_node[points] = node[offset[here] + step]
                    points += 1
                count += 1
                end = link[end ^ 1]
            chains += 1
            chain_offset[chains], node_offset[chains] = count, points
    return (
        part[:count],
        turned[:count],
        chain_offset[: chains + 1].copy(),
        chain_node[:points].copy(),
        node_offset[: chains + 1].copy(),
    )
