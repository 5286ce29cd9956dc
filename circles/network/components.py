"""Connected pieces of a network, and which of them are large enough to take part in joining."""

from dataclasses import dataclass

import numpy as np

from circles.compiling import compiled
from circles.network.edges import BoolArray, Edges, IndexArray
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
    label, count = _label_pieces(edges.start, edges.end, nodes)
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


@compiled
def _label_pieces(start: IndexArray, end: IndexArray, nodes: int) -> tuple[IndexArray, int]:
    """Return which piece each node is in, and how many there are (union-find: Tarjan 1975)."""
    towards = np.arange(nodes, dtype=np.int32)  # another node of the piece; its first to itself
    for edge in range(len(start)):
        a, b = start[edge], end[edge]
        while a != b:
            if a < b:
                a, b = b, a
            # The higher node leads to the lower one; if it is no root yet, go on from its root.
            above = towards[a]
            towards[a] = min(above, b)
            a = above if above != a else b
    label = np.empty(nodes, np.int32)
    count = 0
    for node in range(nodes):
        if towards[node] == node:
            label[node] = count
            count += 1
        else:
            label[node] = label[towards[node]]
    return label, count
