"""The walking network: made from extracts and graphs, saved, loaded and handed on.

`model` holds what a network is: `edges`, which cost `impedance`. `build` makes one of an extract
(with `components`, `contraction` and `plazas`), `interchange` and `graphml` of graphs people
already have; `saved` keeps it on disk.
"""

from circles.network.edges import (
    Arcs,
    BoolArray,
    Edges,
    IndexArray,
    IntArray,
    Lines,
    points_of_edges,
)
from circles.network.impedance import Impedance
from circles.network.model import (
    MIN_PIECE_M,
    GraphAttributes,
    NetworkReport,
    WalkNetwork,
    network_crs,
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
    "Lines",
    "NetworkReport",
    "WalkNetwork",
    "network_crs",
    "points_of_edges",
]
