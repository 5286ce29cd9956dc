"""Least costs from many seeds over a whole network, one block of nodes after the other.

Nodes lie along a space-filling curve, so a run of consecutive ones is a compact part of town whose
labels and arcs fit into a processor's cache. A block is searched to its end by itself; what leaves
it is handed to its neighbours, and those it improves are searched again, until nothing changes:
label correcting by domains, exact whatever the blocks. Blocks of one round are independent of
each other and run in threads. Of equally near origins the one with the lowest number wins, so the
answer does not depend on blocks, threads or widths.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from circles.compiling import compiled
from circles.crs import FloatArray
from circles.network import IndexArray, IntArray

#: 2^15 nodes and their arcs are about 2 MB; smaller blocks are improved more often.
_BLOCK_BITS: Final = 15
BUCKETS: Final = 4096  # a power of two
_NO_ORIGIN: Final = -1

#: Labels for nodes: node, cost and origin, shape (k,) each.
Messages = tuple[IndexArray, FloatArray, IndexArray]
#: The same by block: block `b` has those from ``offset[b]`` to ``offset[b + 1]``; offset first.
SortedMessages = tuple[IndexArray, IndexArray, FloatArray, IndexArray]


def worker_threads() -> int:
    """Return how many threads to use: one for each processor this process may run on.

    The environment variable ``CIRCLES_THREADS`` says otherwise, such as where several processes
    share a machine.
    """
    said = os.environ.get("CIRCLES_THREADS", "")
    if said.isascii() and said.isdigit() and int(said) > 0:
        return int(said)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(
    graph: tuple[IndexArray, IndexArray, FloatArray],
    seeds: Messages,
    *,
    limit: float,
    width: float,
    threads: int | None = None,
    block_bits: int = _BLOCK_BITS,
) -> tuple[FloatArray, IndexArray]:
    """Find every node's least cost from many seeds, and the origin it belongs to.

    Parameters
    ----------
    graph
        Offset, head and cost of arcs in compressed rows; costs are not negative, inf where an arc
        may not be taken.
    seeds
        Node, cost and origin of each seed, shape (k,).
    limit
        Nodes beyond this cost are not searched.
    width
        Of a bucket; it decides the speed alone. Above 0.
    threads
        How many to use; by default one a processor.
    block_bits
        A block has 2 to this power nodes.

    Returns
    -------
    tuple of array
        Least costs, inf where there are none, and origins, int32, -1 where there are none; both
        of shape (nodes,).
    """
    nodes = len(graph[0]) - 1
    least, origin = np.full(nodes, np.inf), np.full(nodes, _NO_ORIGIN, np.int32)
    blocks = (nodes >> block_bits) + 1
    reachable = min(limit, float(np.finfo(np.float64).max))  # what costs inf is never reached

    def sort(messages: Messages) -> SortedMessages:
        sorted_: SortedMessages = _by_block(*messages, block_bits, blocks, least, origin)
        return sorted_

    def search(task: IntArray, waiting: SortedMessages) -> Messages:
        sent: Messages = _search_blocks(
            task, block_bits, *waiting, *graph, least, origin, reachable, width
        )
        return sent

    in_rounds(seeds, sort, search, threads=threads or worker_threads())
    _unmark(origin)
    return least, origin


def in_rounds(
    seeds: Messages,
    sort: Callable[[Messages], SortedMessages],
    search: Callable[[IntArray, SortedMessages], Messages],
    *,
    threads: int,
) -> None:
    """Search blocks that have messages, round after round, until none has any.

    Parameters
    ----------
    seeds
        The first messages.
    sort
        Sorts messages by block, without those that improve nothing.
    search
        Searches some blocks, from the sorted messages; returns messages to others.
    threads
        How many to use.
    """
    messages = seeds
    with ThreadPoolExecutor(threads) as pool:
        while True:
            waiting = sort(messages)
            active = np.flatnonzero(np.diff(waiting[0]))
            if not len(active):
                return
            tasks = np.array_split(active, min(len(active), threads))
            parts = list(pool.map(lambda task, found=waiting: search(task, found), tasks))
            messages = (
                np.concatenate([part[0] for part in parts]),
                np.concatenate([part[1] for part in parts]),
                np.concatenate([part[2] for part in parts]),
            )


# While a search runs, an origin below -1 marks a node that was scanned with its present label:
# origin `i` is then written -2 - i.


@compiled
def _better(cost: float, origin: int, v: int, least: FloatArray, origins: IndexArray) -> bool:
    """Whether a label is better than a node's own: nearer, or as near and of a lower origin."""
    if cost != least[v]:
        return bool(cost < least[v])
    own = origins[v]
    return bool(origin < (own if own >= 0 else -2 - own) and own != _NO_ORIGIN)


@compiled
def _by_block(
    node: IndexArray,
    cost: FloatArray,
    whose: IndexArray,
    block_bits: int,
    blocks: int,
    least: FloatArray,
    origin: IndexArray,
) -> SortedMessages:
    """Sort messages by the block of their node, without those that improve nothing."""
    offset = np.zeros(blocks + 1, np.int32)
    useful = np.zeros(len(node), np.bool_)
    for i in range(len(node)):
        useful[i] = _better(cost[i], whose[i], node[i], least, origin)
        offset[(node[i] >> block_bits) + 1] += useful[i]
    for b in range(blocks):
        offset[b + 1] += offset[b]
    place = offset.copy()
    to_node = np.empty(offset[-1], np.int32)
    to_cost = np.empty(offset[-1])
    to_whose = np.empty(offset[-1], np.int32)
    for i in range(len(node)):
        if useful[i]:
            k = place[node[i] >> block_bits]
            place[node[i] >> block_bits] += 1
            to_node[k], to_cost[k], to_whose[k] = node[i], cost[i], whose[i]
    return offset, to_node, to_cost, to_whose


@compiled
def _search_blocks(
    blocks: IntArray,
    block_bits: int,
    message_offset: IndexArray,
    message_node: IndexArray,
    message_cost: FloatArray,
    message_origin: IndexArray,
    offset: IndexArray,
    head: IndexArray,
    cost: FloatArray,
    least: FloatArray,
    origin: IndexArray,
    limit: float,
    width: float,
) -> Messages:
    """Search some blocks to their end, from the messages to them; return messages to others.

    Dial's buckets of a given width, used in a circle; within a bucket nodes are corrected until
    nothing changes, which keeps the result exact whatever the width (Dial 1969; Meyer and Sanders
    2003 for the wide bucket).
    """
    first = np.full(BUCKETS, -1, np.int32)
    entry_node, entry_next = np.empty(4096, np.int32), np.empty(4096, np.int32)
    out_node, out_cost = np.empty(1024, np.int32), np.empty(1024)
    out_origin = np.empty(1024, np.int32)
    sent = 0
    per_width = 1.0 / width
    for block in blocks:
        low = block << block_bits
        high = min(low + (1 << block_bits), len(offset) - 1)
        base = np.inf
        for i in range(message_offset[block], message_offset[block + 1]):
            base = min(base, message_cost[i])
        used = 0
        free = -1
        waiting = 0
        for i in range(message_offset[block], message_offset[block + 1]):
            v = message_node[i]
            if message_cost[i] <= limit and _better(
                message_cost[i], message_origin[i], v, least, origin
            ):
                least[v], origin[v] = message_cost[i], message_origin[i]
                if used == len(entry_node):
                    entry_node, entry_next = doubled(entry_node), doubled(entry_next)
                bucket = int((least[v] - base) * per_width) & (BUCKETS - 1)
                entry_node[used], entry_next[used] = v, first[bucket]
                first[bucket] = used
                used += 1
                waiting += 1
        current = 0
        idle = 0
        while waiting:
            bucket = current & (BUCKETS - 1)
            end = base + (current + 1) * width
            kept = -1
            idle += 1
            while first[bucket] >= 0:
                entry = first[bucket]
                first[bucket] = entry_next[entry]
                u = entry_node[entry]
                here = least[u]
                if here >= end:  # its turn comes in a later round of the circle
                    entry_next[entry] = kept
                    kept = entry
                    continue
                entry_next[entry] = free
                free = entry
                waiting -= 1
                idle = 0
                whose = origin[u]
                if whose < 0:
                    continue
                origin[u] = -2 - whose
                for arc in range(offset[u], offset[u + 1]):
                    there = here + cost[arc]
                    v = head[arc]
                    if there > least[v] or there > limit:
                        continue
                    if v < low or v >= high:
                        if sent == len(out_node):
                            out_node, out_origin = doubled(out_node), doubled(out_origin)
                            out_cost = doubled(out_cost)
                        out_node[sent], out_cost[sent], out_origin[sent] = v, there, whose
                        sent += 1
                    elif _better(there, whose, v, least, origin):
                        least[v], origin[v] = there, whose
                        if free >= 0:
                            entry = free
                            free = entry_next[entry]
                        else:
                            if used == len(entry_node):
                                entry_node, entry_next = doubled(entry_node), doubled(entry_next)
                            entry = used
                            used += 1
                        target = int((there - base) * per_width) & (BUCKETS - 1)
                        entry_node[entry], entry_next[entry] = v, first[target]
                        first[target] = entry
                        waiting += 1
            first[bucket] = kept
            current += 1
            if idle > BUCKETS and waiting:  # a whole circle without work: on to what waits
                current = int((_soonest(first, entry_node, entry_next, least) - base) * per_width)
                idle = 0
    return out_node[:sent].copy(), out_cost[:sent].copy(), out_origin[:sent].copy()


@compiled
def _soonest(
    first: IndexArray, entry_node: IndexArray, entry_next: IndexArray, least: FloatArray
) -> float:
    """Return the least cost of all nodes that wait in any bucket."""
    soonest = np.inf
    for bucket in range(len(first)):
        entry = first[bucket]
        while entry >= 0:
            soonest = min(soonest, least[entry_node[entry]])
            entry = entry_next[entry]
    return soonest


@compiled
def doubled(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return an array of twice the length that begins with the values."""
    more = np.empty(2 * len(values), values.dtype)
    more[: len(values)] = values
    return more


@compiled
def _unmark(origin: IndexArray) -> None:
    for v in range(len(origin)):
        if origin[v] < _NO_ORIGIN:
            origin[v] = -2 - origin[v]
