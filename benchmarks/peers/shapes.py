"""Isochrone polygons as people make them from a reached subgraph: buffers and hulls."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from benchmarks.worker import serve

_HULL_RATIO = 0.2


class Shapes:
    """Edges with their lines, and the nodes that each origin's search reached."""

    def __init__(self) -> None:
        self._lines: Any = np.zeros(0, dtype=object)
        self._ends = np.zeros((0, 2), dtype=np.int64)
        self._xy = np.zeros((0, 2))
        self._reached: list[np.ndarray] = []

    def open(self, edges: str, reached: str) -> None:
        """Load edges (start, end, offset, x, y, metres) and reached nodes (offset, node)."""
        with np.load(edges) as table:
            self._ends = np.column_stack([table["start"], table["end"]])
            size = np.diff(table["offset"])
            place = np.column_stack([table["x"], table["y"]])
            owner = np.repeat(np.arange(len(size)), size)
            self._lines = shapely.linestrings(place, indices=owner)
            self._xy = np.column_stack([table["node_x"], table["node_y"]])
        with np.load(reached) as table:
            self._reached = np.split(table["node"], table["offset"][1:-1])

    def buffers(self, metres: float, out: str) -> list[float]:
        """Buffer the subgraph's nodes and edges and dissolve them, as OSMnx's example does."""

        def shape(nodes: np.ndarray) -> BaseGeometry:
            inside = np.zeros(len(self._xy), dtype=bool)
            inside[nodes] = True
            lines = self._lines[inside[self._ends].all(axis=1)]
            parts = np.append(lines, shapely.points(self._xy[nodes]))
            return shapely.union_all(shapely.buffer(parts, metres))

        return self._write(shape, out)

    def concave_hulls(self, out: str) -> list[float]:
        """Draw a concave hull around the reached nodes."""
        return self._write(
            lambda nodes: shapely.concave_hull(
                shapely.multipoints(self._xy[nodes]), ratio=_HULL_RATIO
            ),
            out,
        )

    def convex_hulls(self, out: str) -> list[float]:
        """Draw a convex hull around the reached nodes."""
        return self._write(
            lambda nodes: shapely.convex_hull(shapely.multipoints(self._xy[nodes])), out
        )

    def _write(self, shape: Callable[[np.ndarray], BaseGeometry], out: str) -> list[float]:
        geometries, seconds = [], []
        for nodes in self._reached:
            start = time.perf_counter()
            geometry = shape(nodes)
            seconds.append(time.perf_counter() - start)
            geometries.append(json.loads(shapely.to_geojson(geometry)))
        Path(out).write_text(json.dumps({"metric": True, "geometries": geometries}))
        return seconds


if __name__ == "__main__":
    serve(Shapes())
