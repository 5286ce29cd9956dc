"""Connected pieces of a network, and which of them are large enough to take part in joining."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from circles.network.edges import BoolArray, Edges
from circles.walking import Kind


@dataclass(frozen=True)
class Pieces:
    """The connected pieces of a network.

    Parameters
    ----------
    joinable
        Edges of pieces that take part, ferries aside; shape (m,).
    count, small
        Number of pieces, and of those set aside.
    small_m
        Street in the pieces set aside, metres.
    """

    joinable: BoolArray
    count: int
    small: int
    small_m: float


def find_pieces(edges: Edges, nodes: int, *, min_piece_m: float) -> Pieces:
    """Find connected pieces; those with less than `min_piece_m` of street are set aside.

    The largest piece always takes part. Direction does not matter here. Ferries and plazas
    connect but do not count as street: a pavement drawn as an area that touches no street leads
    nowhere, however long its rim.
    """
    arcs = (np.ones(len(edges), dtype=np.int8), (edges.start, edges.end))
    count, label = connected_components(coo_array(arcs, shape=(nodes, nodes)), directed=False)
    no_street = (edges.kind == Kind.FERRY) | (edges.kind == Kind.PLAZA)
    street_m = np.where(no_street, 0.0, edges.length_m)
    piece = label[edges.start]
    piece_m = np.bincount(piece, weights=street_m, minlength=count)
    kept = piece_m >= min_piece_m
    kept[piece_m.argmax()] = True
    return Pieces(
        joinable=kept[piece] & (edges.kind != Kind.FERRY),
        count=int(count),
        small=int((~kept).sum()),
        small_m=float(piece_m[~kept].sum()),
    )
