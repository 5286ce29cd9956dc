"""Compiled searches over arrays: the hot loops of `circles.travel`.

Graphs are in compressed rows: node `u` has the arcs ``offset[u]:offset[u + 1]`` of `head` and
`cost`. Costs are not negative; an arc nobody may take costs inf. All searches are exact. They
release the GIL, are compiled at their first call and cached on disk.
"""

import numpy as np

from circles.compiling import compiled
from circles.crs import FloatArray
from circles.network import IndexArray, IntArray


@compiled
def bounded(
    offset: IndexArray,
    head: IndexArray,
    cost: FloatArray,
    seed_offset: IntArray,
    seed_node: IndexArray,
    seed_cost: FloatArray,
    limit: float,
    chosen: IntArray,
    least: FloatArray,
) -> tuple[IntArray, IndexArray, FloatArray]:
    """Search from each of the chosen origins by itself, no farther than a limit.

    Origin `i` starts at the seeds ``seed_offset[i]:seed_offset[i + 1]``. Returns, in compressed
    rows by chosen origin, the nodes within the limit and their costs; Dijkstra with a heap of
    four children a node. `least` is a workspace of inf for every node, and is left so.
    """
    origins = len(chosen)
    heap_cost = np.empty(1024)
    heap_node = np.empty(1024, np.int32)
    row = np.zeros(origins + 1, np.int64)
    out_node = np.empty(1024, np.int32)
    out_cost = np.empty(1024)
    found = 0
    for k in range(origins):
        i = chosen[k]
        size = 0
        before = found
        for s in range(seed_offset[i], seed_offset[i + 1]):
            u = seed_node[s]
            if seed_cost[s] < least[u] and seed_cost[s] <= limit:
                if least[u] == np.inf:
                    if found == len(out_node):
                        out_cost, out_node = _longer(out_cost, out_node, found)
                    out_node[found] = u
                    found += 1
                least[u] = seed_cost[s]
                if size == len(heap_cost):
                    heap_cost, heap_node = _longer(heap_cost, heap_node, size)
                size = _push(heap_cost, heap_node, size, seed_cost[s], u)
        while size:
            here = heap_cost[0]
            u = heap_node[0]
            size = _pop(heap_cost, heap_node, size)
            if here > least[u]:
                continue
            for arc in range(offset[u], offset[u + 1]):
                there = here + cost[arc]
                v = head[arc]
                if there < least[v] and there <= limit:
                    if least[v] == np.inf:
                        if found == len(out_node):
                            out_cost, out_node = _longer(out_cost, out_node, found)
                        out_node[found] = v
                        found += 1
                    least[v] = there
                    if size == len(heap_cost):
                        heap_cost, heap_node = _longer(heap_cost, heap_node, size)
                    size = _push(heap_cost, heap_node, size, there, v)
        for entry in range(before, found):
            u = out_node[entry]
            out_cost[entry] = least[u]
            least[u] = np.inf
        row[k + 1] = found
    return row, out_node[:found].copy(), out_cost[:found].copy()


@compiled
def _longer(cost: FloatArray, node: IndexArray, used: int) -> tuple[FloatArray, IndexArray]:
    more_cost = np.empty(2 * len(cost))
    more_node = np.empty(2 * len(node), np.int32)
    more_cost[:used] = cost[:used]
    more_node[:used] = node[:used]
    return more_cost, more_node


@compiled
def _push(cost: FloatArray, node: IndexArray, size: int, value: float, which: int) -> int:
    place = size
    while place > 0:
        parent = (place - 1) // 4
        if cost[parent] <= value:
            break
        cost[place] = cost[parent]
        node[place] = node[parent]
        place = parent
    cost[place] = value
    node[place] = which
    return size + 1


@compiled
def _pop(cost: FloatArray, node: IndexArray, size: int) -> int:
    """Remove the least entry, which is the first."""
    size -= 1
    value = cost[size]
    which = node[size]
    place = 0
    while True:
        child = 4 * place + 1
        if child >= size:
            break
        least = child
        for other in range(child + 1, min(child + 4, size)):
            if cost[other] < cost[least]:
                least = other
        if cost[least] >= value:
            break
        cost[place] = cost[least]
        node[place] = node[least]
        place = least
    cost[place] = value
    node[place] = which
    return size
