"""Compiled searches over arrays: the hot loops of `circles.travel`.

Graphs are in compressed rows: node `u` has the arcs ``offset[u]:offset[u + 1]`` of `head` and
`cost`. Costs are not negative; an arc nobody may take costs inf. All searches are exact. They
release the GIL, are compiled at their first call and cached on disk.
"""

import numba
import numpy as np
import numpy.typing as npt

from circles.crs import FloatArray
from circles.network import IndexArray, IntArray


@numba.njit(cache=True, nogil=True)
def nearest(
    offset: IntArray,
    head: IndexArray,
    cost: FloatArray,
    seed_node: IndexArray,
    seed_cost: FloatArray,
    seed_origin: IndexArray,
    limit: float,
    width: float,
) -> tuple[FloatArray, IndexArray]:
    """Find every node's least cost from many seeds, and the origin it belongs to.

    Dial's buckets of a given width, used in a circle; within a bucket nodes are corrected until
    nothing changes, which keeps the result exact whatever the width (Dial 1969; Meyer and
    Sanders 2003 for the wide bucket).
    """
    nodes = len(offset) - 1
    least = np.full(nodes, np.inf)
    scanned = np.full(nodes, np.inf)
    origin = np.full(nodes, -1, np.int32)
    widest = 0.0
    for arc in range(len(cost)):
        if widest < cost[arc] < np.inf:
            widest = cost[arc]
    for i in range(len(seed_cost)):
        if widest < seed_cost[i] < np.inf:
            widest = seed_cost[i]
    buckets = 4
    while buckets < min(widest, limit) / width + 3:
        buckets *= 2
    first = np.full(buckets, -1, np.int32)
    capacity = 1024
    entry_node = np.empty(capacity, np.int32)
    entry_next = np.empty(capacity, np.int32)
    used = 0
    free = -1
    waiting = 0
    for i in range(len(seed_node)):
        u = seed_node[i]
        if seed_cost[i] < least[u] and seed_cost[i] <= limit:
            least[u] = seed_cost[i]
            origin[u] = seed_origin[i]
    for i in range(len(seed_node)):
        u = seed_node[i]
        if seed_cost[i] == least[u] and seed_origin[i] == origin[u]:
            if used == capacity:
                entry_node, entry_next, capacity = _grown(entry_node, entry_next)
            bucket = int(least[u] / width) % buckets
            entry_node[used] = u
            entry_next[used] = first[bucket]
            first[bucket] = used
            used += 1
            waiting += 1
    current = 0
    while waiting:
        bucket = current % buckets
        while first[bucket] >= 0:
            entry = first[bucket]
            first[bucket] = entry_next[entry]
            u = entry_node[entry]
            entry_next[entry] = free
            free = entry
            waiting -= 1
            here = least[u]
            if here >= scanned[u]:
                continue
            scanned[u] = here
            for arc in range(offset[u], offset[u + 1]):
                there = here + cost[arc]
                v = head[arc]
                if there < least[v] and there <= limit:
                    least[v] = there
                    origin[v] = origin[u]
                    if free >= 0:
                        entry = free
                        free = entry_next[entry]
                    else:
                        if used == capacity:
                            entry_node, entry_next, capacity = _grown(entry_node, entry_next)
                        entry = used
                        used += 1
                    target = int(there / width) % buckets
                    entry_node[entry] = v
                    entry_next[entry] = first[target]
                    first[target] = entry
                    waiting += 1
        current += 1
    return least, origin


@numba.njit(cache=True, nogil=True)
def _grown(node: IndexArray, following: IndexArray) -> tuple[IndexArray, IndexArray, int]:
    capacity = 2 * len(node)
    more_node = np.empty(capacity, np.int32)
    more_following = np.empty(capacity, np.int32)
    more_node[: len(node)] = node
    more_following[: len(node)] = following
    return more_node, more_following, capacity


@numba.njit(cache=True, nogil=True)
def bounded(
    offset: IntArray,
    head: IndexArray,
    cost: FloatArray,
    seed_offset: IntArray,
    seed_node: IndexArray,
    seed_cost: FloatArray,
    limit: float,
) -> tuple[IntArray, IndexArray, FloatArray]:
    """Search from each origin by itself, no farther than a limit.

    Origin `i` starts at the seeds ``seed_offset[i]:seed_offset[i + 1]``. Returns, in compressed
    rows by origin, the nodes within the limit and their costs; Dijkstra with a heap of four
    children a node, arrays shared by all origins and cleaned by what each one touched.
    """
    origins = len(seed_offset) - 1
    least = np.full(len(offset) - 1, np.inf)
    touched = np.empty(len(offset) - 1, np.int32)
    heap_cost = np.empty(1024)
    heap_node = np.empty(1024, np.int32)
    row = np.zeros(origins + 1, np.int64)
    out_node = np.empty(1024, np.int32)
    out_cost = np.empty(1024)
    found = 0
    for i in range(origins):
        size = 0
        count = 0
        for s in range(seed_offset[i], seed_offset[i + 1]):
            u = seed_node[s]
            if seed_cost[s] < least[u] and seed_cost[s] <= limit:
                if least[u] == np.inf:
                    touched[count] = u
                    count += 1
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
                        touched[count] = v
                        count += 1
                    least[v] = there
                    if size == len(heap_cost):
                        heap_cost, heap_node = _longer(heap_cost, heap_node, size)
                    size = _push(heap_cost, heap_node, size, there, v)
        while found + count > len(out_node):
            out_cost, out_node = _longer(out_cost, out_node, found)
        for k in range(count):
            u = touched[k]
            out_node[found] = u
            out_cost[found] = least[u]
            least[u] = np.inf
            found += 1
        row[i + 1] = found
    return row, out_node[:found].copy(), out_cost[:found].copy()


@numba.njit(cache=True, nogil=True)
def nearest_few(
    offset: IntArray,
    head: IndexArray,
    cost: FloatArray,
    seed_node: IndexArray,
    seed_cost: FloatArray,
    seed_origin: IndexArray,
    few: int,
    limit: float,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """Find for every node the `few` nearest different origins, nearest first.

    One search in which a node may be settled by up to `few` origins. Shapes (nodes, few); inf
    and -1 where there are fewer.
    """
    nodes = len(offset) - 1
    settled = np.zeros(nodes, np.int32)
    least = np.full((nodes, few), np.inf)
    origin = np.full((nodes, few), -1, np.int32)
    heap_cost = np.empty(4096)
    heap_node = np.empty(4096, np.int32)
    label_node = np.empty(4096, np.int32)
    label_origin = np.empty(4096, np.int32)
    labels = 0
    size = 0
    for i in range(len(seed_node)):
        if seed_cost[i] <= limit:
            if labels == len(label_node):
                label_node, label_origin, _ = _grown(label_node, label_origin)
            label_node[labels] = seed_node[i]
            label_origin[labels] = seed_origin[i]
            if size == len(heap_cost):
                heap_cost, heap_node = _longer(heap_cost, heap_node, size)
            size = _push(heap_cost, heap_node, size, seed_cost[i], labels)
            labels += 1
    while size:
        here = heap_cost[0]
        label = heap_node[0]
        size = _pop(heap_cost, heap_node, size)
        u = label_node[label]
        whose = label_origin[label]
        if settled[u] == few or _known(origin[u], whose, settled[u]):
            continue
        least[u, settled[u]] = here
        origin[u, settled[u]] = whose
        settled[u] += 1
        for arc in range(offset[u], offset[u + 1]):
            there = here + cost[arc]
            v = head[arc]
            if there <= limit and settled[v] < few and not _known(origin[v], whose, settled[v]):
                if labels == len(label_node):
                    label_node, label_origin, _ = _grown(label_node, label_origin)
                label_node[labels] = v
                label_origin[labels] = whose
                if size == len(heap_cost):
                    heap_cost, heap_node = _longer(heap_cost, heap_node, size)
                size = _push(heap_cost, heap_node, size, there, labels)
                labels += 1
    return least, origin


@numba.njit(cache=True, nogil=True)
def _known(origins: IndexArray, whose: int, count: int) -> bool:
    known = False
    for i in range(count):
        known = known or origins[i] == whose
    return known


@numba.njit(cache=True, nogil=True)
def _longer(cost: FloatArray, node: IndexArray, used: int) -> tuple[FloatArray, IndexArray]:
    more_cost = np.empty(2 * len(cost))
    more_node = np.empty(2 * len(node), np.int32)
    more_cost[:used] = cost[:used]
    more_node[:used] = node[:used]
    return more_cost, more_node


@numba.njit(cache=True, nogil=True)
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


@numba.njit(cache=True, nogil=True)
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
