"""The least a search could take: every arc relaxed once, in the order the answer gives."""

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]


@numba.njit(nogil=True)
def relax_all(offset: Ints, head: Indices, cost: Floats, seeds: Ints, order: Ints) -> Floats:
    """Return least costs from the seeds, given the nodes in order of their least cost."""
    least = np.full(len(offset) - 1, np.inf)
    for seed in seeds:
        least[seed] = 0.0
    for u in order:
        here = least[u]
        for arc in range(offset[u], offset[u + 1]):
            there = here + cost[arc]
            if there < least[head[arc]]:  # noqa: PLR1730 - as the search does
                least[head[arc]] = there
    return least


@numba.njit(nogil=True)
def relax_all_with_origin(
    offset: Ints, head: Indices, cost: Floats, seeds: Ints, order: Ints
) -> Floats:
    """Do as `relax_all`, and keep for every node the seed its cost belongs to."""
    least = np.full(len(offset) - 1, np.inf)
    origin = np.full(len(offset) - 1, -1, np.int32)
    for i in range(len(seeds)):
        least[seeds[i]] = 0.0
        origin[seeds[i]] = i
    for u in order:
        here = least[u]
        for arc in range(offset[u], offset[u + 1]):
            there = here + cost[arc]
            if there < least[head[arc]]:
                least[head[arc]] = there
                origin[head[arc]] = origin[u]
    return least
