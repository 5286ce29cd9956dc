"""pyrosm: from an extract to tables of walkable edges and their nodes."""

import pyrosm

from benchmarks.worker import serve


class Pyrosm:
    """One reading."""

    def read(self, extract: str) -> dict[str, int]:
        """Read the walking network; return its size. It is not simplified, which takes longer."""
        nodes, edges = pyrosm.OSM(extract).get_network(network_type="walking", nodes=True)
        return {"nodes": len(nodes), "edges": len(edges)}


if __name__ == "__main__":
    serve(Pyrosm())
