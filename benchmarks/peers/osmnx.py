"""OSMnx: from an extract, as XML, to a simplified graph."""

import osmnx

from benchmarks.worker import serve


class Osmnx:
    """One reading."""

    def read(self, extract: str) -> dict[str, int]:
        """Read an ``.osm`` file into a simplified graph; return its size."""
        graph = osmnx.graph_from_xml(extract, bidirectional=True, retain_all=True, simplify=True)
        return {"nodes": len(graph), "edges": graph.number_of_edges()}


if __name__ == "__main__":
    serve(Osmnx())
