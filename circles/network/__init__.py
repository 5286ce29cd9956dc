"""The walking network: made from extracts and graphs, saved, loaded and handed on.

`model` holds what a network is: `edges`, which cost `impedance`. `build` makes one of an extract:
`rulings` say which ways are walked, `runs` are lines along them, `areas` are crossed as `plazas`,
`waits` stand on nodes, `obstacles` in the way; `contraction` leaves few nodes, `components` tell
which of them hang together. `interchange`, `graphml` and `frames` take graphs and tables people
already have, `ordering` lays them out like the others. `saved` keeps a network on disk: `contents`
says what is in its `folder`, as `columns`, and `parts` puts it together again.
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
from circles.network.impedance import Impedance, running_shares
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
    "running_shares",
]
