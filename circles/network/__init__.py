"""The walking network: made from extracts and graphs, saved, loaded and handed on.

`model` holds what a network is; `build` makes one of an extract (with `components`, `contraction`
and `plazas`), `interchange` and `graphml` of graphs people already have; `saved` keeps it on disk.
"""

from circles.network.model import (
    MIN_PIECE_M,
    Arcs,
    BoolArray,
    Edges,
    GraphAttributes,
    Impedance,
    IndexArray,
    IntArray,
    NetworkReport,
    WalkNetwork,
    network_crs,
    points_of_edges,
)

__all__ = [
    "MIN_PIECE_M",
    "Arcs",
    "BoolArray",
    "Edges",
    "GraphAttributes",
    "Impedance",
    "IndexArray",
    "IntArray",
    "NetworkReport",
    "WalkNetwork",
    "network_crs",
    "points_of_edges",
]
