"""The few nearest origins of every node, by blocks as in `circles.travel.blocks`.

A node keeps up to so many labels (cost and origin, each origin once), nearest first; a label that
enters the list is handed on to the neighbours. Of equally near origins the lower numbers win.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from circles.compiling import compiled
from circles.crs import FloatArray
from circles.network import IndexArray, IntArray
from circles.travel.blocks import (
    BUCKETS,
    Messages,
    SortedMessages,
    doubled,
    in_rounds,
    worker_threads,
)

_BLOCK_BITS: Final = 13
_MASK: Final = BUCKETS - 1

Labels = tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]


def spread_few(
    graph: tuple[IndexArray, IndexArray, FloatArray],
    seeds: Messages,
    *,
    few: int,
    limit: float,
    width: float,
    threads: int | None = None,
    block_bits: int = _BLOCK_BITS,
) -> Labels:
    """Find every node's few nearest origins.

    Parameters
    ----------
    graph, seeds, limit, width, threads, block_bits
        As in `circles.travel.blocks.spread`.
    few
        How many origins, at least 1.

    Returns
    -------
    tuple of array
        Costs, nearest first, inf where there are fewer, and origins, int32, -1 where there are
        fewer; both of shape (nodes, few).
    """
    nodes = len(graph[0]) - 1
    least, origin = np.full((nodes, few), np.inf), np.full((nodes, few), -1, np.int32)
    blocks = (nodes >> block_bits) + 1
    reachable = min(limit, float(np.finfo(np.float64).max))

    def sort(messages: Messages) -> SortedMessages:
        sorted_: SortedMessages = _by_block(*messages, block_bits, blocks, least, origin)
        return sorted_

    def search(task: IntArray, waiting: SortedMessages) -> Messages:
        sent: Messages = _search_blocks(
            task, block_bits, *waiting, *graph, least, origin, reachable, width
        )
        return sent

    in_rounds(seeds, sort, search, threads=threads or worker_threads())
    return least, origin


@compiled
def _place(cost: float, whose: int, least: FloatArray, origin: IndexArray) -> int:
    """Return where a label belongs in a node's list, or -1 if it has no place there.

    It has none if its origin is there already and no farther, or if the list is full of better.
    """
    place = -1
    for i in range(len(least)):
        better = cost < least[i] or (cost == least[i] and (whose < origin[i] or origin[i] < 0))
        if place < 0:
            if origin[i] == whose and not better:
                return -1
            if better:
                place = i
    return place


@compiled
def _insert(place: int, cost: float, whose: int, least: FloatArray, origin: IndexArray) -> None:
    """Put a label in its place; its origin's former label goes, or else the last one."""
    last = place
    while last < len(least) - 1 and origin[last] != whose:
        last += 1
    for i in range(last, place, -1):
        least[i], origin[i] = least[i - 1], origin[i - 1]
    least[place], origin[place] = cost, whose


@compiled
def _holds(cost: float, whose: int, least: FloatArray, origin: IndexArray) -> bool:
    holds = False
    for i in range(len(least)):
        holds = holds or (origin[i] == whose and least[i] == cost)
    return holds


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
        v = node[i]
        useful[i] = cost[i] < np.inf and _place(cost[i], whose[i], least[v], origin[v]) >= 0
        offset[(v >> block_bits) + 1] += useful[i]
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
    """Search some blocks to their end, from the messages to them; return messages to others."""
    first = np.full(BUCKETS, -1, np.int32)
    entry_node, entry_next = np.empty(4096, np.int32), np.empty(4096, np.int32)
    entry_cost, entry_origin = np.empty(4096), np.empty(4096, np.int32)
    out_node, out_cost = np.empty(1024, np.int32), np.empty(1024)
    out_origin = np.empty(1024, np.int32)
    sent = 0
    per_width = 1.0 / width
    worst = least.shape[1] - 1
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
            v, there, whose = message_node[i], message_cost[i], message_origin[i]
            place = _place(there, whose, least[v], origin[v])
            if there <= limit and place >= 0:
                _insert(place, there, whose, least[v], origin[v])
                if used == len(entry_node):
                    entry_node, entry_next = doubled(entry_node), doubled(entry_next)
                    entry_cost, entry_origin = doubled(entry_cost), doubled(entry_origin)
                bucket = int((there - base) * per_width) & _MASK
                entry_node[used], entry_cost[used], entry_origin[used] = v, there, whose
                entry_next[used] = first[bucket]
                first[bucket] = used
                used += 1
                waiting += 1
        current = 0
        idle = 0
        while waiting:
            bucket = current & _MASK
            end = base + (current + 1) * width
            kept = -1
            idle += 1
            while first[bucket] >= 0:
                entry = first[bucket]
                first[bucket] = entry_next[entry]
                u, here, whose = entry_node[entry], entry_cost[entry], entry_origin[entry]
                if here >= end:  # its turn comes in a later round of the circle
                    entry_next[entry] = kept
                    kept = entry
                    continue
                entry_next[entry] = free
                free = entry
                waiting -= 1
                idle = 0
                if not _holds(here, whose, least[u], origin[u]):
                    continue
                for arc in range(offset[u], offset[u + 1]):
                    there = here + cost[arc]
                    v = head[arc]
                    if there > least[v, worst] or there > limit:
                        continue
                    if v < low or v >= high:
                        if sent == len(out_node):
                            out_node, out_origin = doubled(out_node), doubled(out_origin)
                            out_cost = doubled(out_cost)
                        out_node[sent], out_cost[sent], out_origin[sent] = v, there, whose
                        sent += 1
                        continue
                    place = _place(there, whose, least[v], origin[v])
                    if place >= 0:
                        _insert(place, there, whose, least[v], origin[v])
                        if free >= 0:
                            entry = free
                            free = entry_next[entry]
                        else:
                            if used == len(entry_node):
                                entry_node, entry_next = doubled(entry_node), doubled(entry_next)
                                entry_cost = doubled(entry_cost)
                                entry_origin = doubled(entry_origin)
                            entry = used
                            used += 1
                        target = int((there - base) * per_width) & _MASK
                        entry_node[entry], entry_cost[entry] = v, there
                        entry_origin[entry], entry_next[entry] = whose, first[target]
                        first[target] = entry
                        waiting += 1
            first[bucket] = kept
            current += 1
            if idle > BUCKETS and waiting:  # a whole circle without work: on to what waits
                current = int((_soonest(first, entry_cost, entry_next) - base) * per_width)
                idle = 0
    return out_node[:sent].copy(), out_cost[:sent].copy(), out_origin[:sent].copy()


@compiled
def _soonest(first: IndexArray, entry_cost: FloatArray, entry_next: IndexArray) -> float:
    soonest = np.inf
    for bucket in range(len(first)):
        entry = first[bucket]
        while entry >= 0:
            soonest = min(soonest, entry_cost[entry])
            entry = entry_next[entry]
    return soonest
