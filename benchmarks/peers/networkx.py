"""networkx, and the ego graph that OSMnx's isochrone example takes from it."""

import networkx as nx
import numpy as np

from benchmarks.worker import serve


class Networkx:
    """The arcs of a search as a directed graph."""

    def __init__(self) -> None:
        self._graph: nx.DiGraph[int] = nx.DiGraph()
        self._cost: dict[int, float] = {}
        self._found: list[dict[int, float]] = []

    def open(self, graph: str) -> None:
        """Load the arcs (``.npz``: offset, head, cost)."""
        with np.load(graph) as arcs:
            size = len(arcs["offset"]) - 1
            tail = np.repeat(np.arange(size), np.diff(arcs["offset"]))
            rows = zip(tail.tolist(), arcs["head"].tolist(), arcs["cost"].tolist(), strict=True)
            self._graph.add_nodes_from(range(size))
            self._graph.add_weighted_edges_from(rows, weight="cost")

    def nearest(self, sources: list[int]) -> None:
        """Search from all sources at once; networkx does not tell which one was nearest."""
        self._cost = nx.multi_source_dijkstra_path_length(self._graph, set(sources), weight="cost")

    def save(self, out: str) -> None:
        """Write the last costs."""
        cost = np.full(len(self._graph), np.inf)
        cost[list(self._cost)] = list(self._cost.values())
        np.savez(out, cost=cost)

    def bounded(self, sources: list[int], limit: float) -> None:
        """Search from each source by itself."""
        self._found = [
            nx.single_source_dijkstra_path_length(self._graph, source, cutoff=limit, weight="cost")
            for source in sources
        ]

    def reached(self) -> dict[str, float]:
        """Return how many nodes the bounded searches found, and their costs."""
        costs = [sum(one.values()) for one in self._found]
        return {"nodes": sum(map(len, self._found)), "cost": sum(costs)}

    def ego_graphs(self, sources: list[int], limit: float) -> None:
        """Take the graph around each source, one after the other."""
        for source in sources:
            nx.ego_graph(self._graph, source, radius=limit, distance="cost")


if __name__ == "__main__":
    serve(Networkx())
