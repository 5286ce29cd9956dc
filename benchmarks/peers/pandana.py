"""pandana: contraction hierarchies, built once, then range queries."""

import numpy as np
import pandana
import pandas as pd

from benchmarks.worker import serve


class Pandana:
    """The arcs of a search as a pandana network."""

    def __init__(self) -> None:
        self._network: pandana.Network | None = None
        self._found = pd.DataFrame()

    def open(self, graph: str) -> None:
        """Load the arcs (``.npz``: offset, head, cost, lon, lat) and contract them."""
        with np.load(graph) as arcs:
            size = len(arcs["offset"]) - 1
            tail = np.repeat(np.arange(size), np.diff(arcs["offset"]))
            self._network = pandana.Network(
                pd.Series(arcs["lon"]),
                pd.Series(arcs["lat"]),
                pd.Series(tail),
                pd.Series(arcs["head"].astype(np.int64)),
                pd.DataFrame({"cost": arcs["cost"]}),
                twoway=False,
            )

    def bounded(self, sources: list[int], limit: float) -> None:
        """Ask for each source's range."""
        if self._network is None:
            message = "open() first"
            raise RuntimeError(message)
        self._found = self._network.nodes_in_range(sources, limit)

    def reached(self) -> dict[str, float]:
        """Return how many nodes the ranges hold, and their costs."""
        return {"nodes": len(self._found), "cost": float(self._found["cost"].sum())}


if __name__ == "__main__":
    serve(Pandana())
