"""scipy's sparse-graph search."""

from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.worker import serve


class Scipy:
    """The arcs of a search as a sparse matrix."""

    def __init__(self) -> None:
        self._graph: Any = None
        self._found: tuple[Any, ...] = ()

    def open(self, graph: str) -> None:
        """Load the arcs (``.npz``: offset, head, cost)."""
        with np.load(graph) as arcs:
            size = len(arcs["offset"]) - 1
            self._graph = csr_array((arcs["cost"], arcs["head"], arcs["offset"]), (size, size))

    def nearest(self, sources: list[int]) -> None:
        """Search from all sources at once, with the source each node belongs to."""
        self._found = dijkstra(
            self._graph, indices=sources, min_only=True, return_predecessors=True
        )

    def save(self, out: str) -> None:
        """Write the last costs and sources (-9999: none)."""
        cost, _, source = self._found
        np.savez(out, cost=cost, source=source)


if __name__ == "__main__":
    serve(Scipy())
