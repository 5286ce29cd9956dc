"""Runs: lines along the ways of an extract, through the nodes of its table."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from circles.compiling import compiled
from circles.crs import FloatArray
from circles.network.edges import BoolArray, IndexArray, IntArray
from circles.network.rulings import Rulings
from circles.osm import OsmWays

SmallArray = npt.NDArray[np.int8]

_LIKE_NO_OTHER: Final = -1


@dataclass(frozen=True)
class NodeTable:
    """Nodes of a network while it is made: OSM id and position (degrees), shape (n,) each."""

    node_id: IntArray
    lon: FloatArray
    lat: FloatArray

    def take(self, rows: IntArray | IndexArray) -> "NodeTable":
        """Return the nodes of these rows, in this order."""
        return NodeTable(self.node_id[rows], self.lon[rows], self.lat[rows])

    def doubled(self, rows: IndexArray) -> "NodeTable":
        """Return the table with nodes of its own in the places of these rows, put at its end.

        OSM does not have them: their ids are negative.
        """
        return NodeTable(
            np.append(self.node_id, -1 - np.arange(len(rows))),
            np.append(self.lon, self.lon[rows]),
            np.append(self.lat, self.lat[rows]),
        )


@dataclass(frozen=True)
class Runs:
    """Lines through nodes: run `i` is ``node[offset[i]:offset[i + 1]]``, a part of ``way[i]``.

    Parameters
    ----------
    way
        Index of a way of the extract, int32, shape (runs,).
    node
        Indices into a `NodeTable`, int32; no two in a row are the same.
    offset
        int64, shape (runs + 1,); no run has fewer than two nodes.
    turned
        Whether the run goes against its way, shape (runs,).
    wait_start, wait_end
        As in `circles.network.edges.Edges`, shape (runs,).
    """

    way: IndexArray
    node: IndexArray
    offset: IntArray
    turned: BoolArray
    wait_start: SmallArray
    wait_end: SmallArray

    @classmethod
    def of(cls, way: IndexArray, node: IndexArray, offset: IntArray) -> "Runs":
        """Make runs along their ways, on which nobody waits."""
        waits = np.zeros(len(way), dtype=np.int8)
        return cls(way, node, offset, np.zeros(len(way), dtype=bool), waits, waits)

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self.way)

    @property
    def start(self) -> IndexArray:
        """The first node of every run."""
        return self.node[self.offset[:-1]]

    @property
    def end(self) -> IndexArray:
        """The last node of every run."""
        return self.node[self.offset[1:] - 1]

    def take(self, rows: IntArray | IndexArray) -> "Runs":
        """Return the runs of these rows, in this order."""
        node, offset = take_lines(self.node, self.offset, rows)
        return Runs(
            way=self.way[rows],
            node=node,
            offset=offset,
            turned=self.turned[rows],
            wait_start=self.wait_start[rows],
            wait_end=self.wait_end[rows],
        )

    def with_lines(self, way: IndexArray, pairs: IndexArray) -> "Runs":
        """Return the runs and, after them, straight lines between pairs of nodes, shape (k, 2)."""
        added = Runs.of(way, pairs.ravel(), 2 * np.arange(len(pairs) + 1, dtype=np.int64))
        return Runs(
            way=np.append(self.way, added.way),
            node=np.append(self.node, added.node),
            offset=np.append(self.offset, self.offset[-1] + added.offset[1:]),
            turned=np.append(self.turned, added.turned),
            wait_start=np.append(self.wait_start, added.wait_start),
            wait_end=np.append(self.wait_end, added.wait_end),
        )


@dataclass(frozen=True)
class CutRuns:
    """The runs of some ways, and what cut them.

    Parameters
    ----------
    runs
        The runs; a node of its own ends each run at a closed node.
    doubles
        The closed nodes those stand for, in their order: the first is the node after the table's
        last. See `NodeTable.doubled`.
    cut_ways
        Ways with nodes that have no position.
    """

    runs: Runs
    doubles: IndexArray
    cut_ways: int


def runs_of_ways(ways: OsmWays, wanted: BoolArray, closed: BoolArray) -> CutRuns:
    """Return the runs of the wanted ways.

    Points named twice in a row count once. A way is cut where the extract lacks a node, and at
    closed nodes, where each part ends in a node of its own.

    Parameters
    ----------
    ways
        The ways of an extract.
    wanted
        Which of them to take, shape (ways,).
    closed
        Which nodes nobody passes, shape (nodes,).
    """
    placed = np.isfinite(ways.node_lon)
    size = np.diff(ways.offset)[wanted].sum() + 2 * closed[ways.node].sum()
    way, node, offset, doubles, cut = _run_through(
        ways.offset, ways.node, wanted, placed, closed, int(size)
    )
    return CutRuns(Runs.of(way, node, offset), doubles, int(cut))


@compiled
def _run_through(
    way_offset: IntArray,
    way_node: IndexArray,
    wanted: BoolArray,
    placed: BoolArray,
    closed: BoolArray,
    size: int,
) -> tuple[IndexArray, IndexArray, IntArray, IndexArray, int]:
    way = np.empty(size // 2 + 1, np.int32)
    offset = np.zeros(size // 2 + 2, np.int64)
    node = np.empty(size + 1, np.int32)
    doubles = np.empty(size + 1, np.int32)
    runs = points = doubled = cut = 0
    for w in range(len(wanted)):
        if not wanted[w]:
            continue
        is_cut = False
        last = -1
        for p in range(way_offset[w], way_offset[w + 1] + 1):
            ends = p == way_offset[w + 1]  # one step beyond the last node, to end the last run
            u = -1 if ends else way_node[p]
            gap = not ends and not placed[u]
            is_cut |= gap
            if not ends and not gap and u == last:
                continue
            last = u
            stop = not ends and not gap and closed[u]
            if stop and points > offset[runs]:
                node[points] = len(placed) + doubled
                doubles[doubled] = u
                points, doubled = points + 1, doubled + 1
            if ends or gap or stop:
                if points - offset[runs] > 1:
                    way[runs] = w
                    runs += 1
                    offset[runs] = points
                points = offset[runs]
            if stop:
                node[points] = len(placed) + doubled
                doubles[doubled] = u
                points, doubled = points + 1, doubled + 1
            elif not ends and not gap:
                node[points] = u
                points += 1
        cut += is_cut
    return (
        way[:runs].copy(),
        node[:points].copy(),
        offset[: runs + 1].copy(),
        doubles[:doubled].copy(),
        cut,
    )


def count_uses(runs: Runs, nodes: int) -> IndexArray:
    """Return how often runs pass each node; their ends count twice. int32, shape (nodes,)."""
    uses: IndexArray = _count_uses(runs.node, runs.offset, nodes)
    return uses


@compiled
def _count_uses(node: IndexArray, offset: IntArray, nodes: int) -> IndexArray:
    uses = np.zeros(nodes, np.int32)
    for run in range(len(offset) - 1):
        for p in range(offset[run], offset[run + 1]):
            uses[node[p]] += 1
        uses[node[offset[run]]] += 1
        uses[node[offset[run + 1] - 1]] += 1
    return uses


def split_runs(runs: Runs, at: BoolArray) -> Runs:
    """Split runs at every node in their midst where `at` (shape (nodes,)) says so."""
    way, node, offset = _split(runs.way, runs.node, runs.offset, at)
    return Runs.of(way, node, offset)


@compiled
def _split(
    run_way: IndexArray, run_node: IndexArray, run_offset: IntArray, at: BoolArray
) -> tuple[IndexArray, IndexArray, IntArray]:
    breaks = 0
    for run in range(len(run_way)):
        for p in range(run_offset[run] + 1, run_offset[run + 1] - 1):
            breaks += at[run_node[p]]
    way = np.empty(len(run_way) + breaks, np.int32)
    offset = np.zeros(len(way) + 1, np.int64)
    node = np.empty(len(run_node) + breaks, np.int32)
    parts = points = 0
    for run in range(len(run_way)):
        for p in range(run_offset[run], run_offset[run + 1]):
            node[points] = run_node[p]
            points += 1
            last = p + 1 == run_offset[run + 1]
            if last or (p > run_offset[run] and at[run_node[p]]):
                way[parts] = run_way[run]
                parts += 1
                offset[parts] = points
                if not last:  # the next part begins where this one ends
                    node[points] = run_node[p]
                    points += 1
    return way, node, offset


def without_twins(runs: Runs, rulings: Rulings) -> Runs:
    """Leave out runs along the very line of another one, as where a way is drawn twice.

    Runs of different kinds or directions stay, and so do ferries that say how long they sail.

    Parameters
    ----------
    runs
        Runs along their ways.
    rulings
        What the tag rules say of those.
    """
    one_way = (rulings.forward != rulings.backward)[runs.way]
    trait = (4 * rulings.trait + 2 * rulings.forward + rulings.backward)[runs.way]
    trait[~np.isnan(rulings.duration_s[runs.way])] = _LIKE_NO_OTHER
    twin = _twins(runs.node, runs.offset, trait, one_way)
    return runs.take(np.flatnonzero(~twin)) if twin.any() else runs


@compiled
def _twins(node: IndexArray, offset: IntArray, trait: IntArray, one_way: BoolArray) -> BoolArray:
    """Find runs with the nodes and the trait of one before them, by a hash of their ends.

    Those that are walked both ways may have their nodes in the other order.
    """
    runs = len(offset) - 1
    twin = np.zeros(runs, np.bool_)
    bits = 1
    while 1 << bits < 2 * runs:
        bits += 1
    mask = np.int64((1 << bits) - 1)
    place = np.full(1 << bits, -1, np.int32)
    for run in range(runs):
        if trait[run] == _LIKE_NO_OTHER:
            continue
        begin, last = offset[run], offset[run + 1] - 1
        a, b = np.int64(node[begin]), np.int64(node[last])
        slot = ((min(a, b) * 0x2545F491 + max(a, b) * 0x9E3779B1) >> 7) & mask
        while place[slot] >= 0 and not twin[run]:
            other = place[slot]
            begin_2, last_2 = offset[other], offset[other + 1] - 1
            if last_2 - begin_2 == last - begin and trait[other] == trait[run]:
                same, turned = True, not one_way[run]
                for i in range(last - begin + 1):
                    same &= node[begin + i] == node[begin_2 + i]
                    turned &= node[begin + i] == node[last_2 - i]
                twin[run] = same or turned
            slot = (slot + 1) & mask
        if not twin[run]:
            place[slot] = run
    return twin


def take_lines(
    node: IndexArray, offset: IntArray, rows: IntArray | IndexArray
) -> tuple[IndexArray, IntArray]:
    """Return the nodes of some lines, and where each begins.

    Parameters
    ----------
    node, offset
        Line `i` is ``node[offset[i]:offset[i + 1]]``.
    rows
        The lines to take, in this order.
    """
    taken: tuple[IndexArray, IntArray] = _take(node, offset, np.asarray(rows, dtype=np.int64))
    return taken


@compiled
def _take(node: IndexArray, offset: IntArray, rows: IntArray) -> tuple[IndexArray, IntArray]:
    begin = np.zeros(len(rows) + 1, np.int64)
    for i in range(len(rows)):
        begin[i + 1] = begin[i] + offset[rows[i] + 1] - offset[rows[i]]
    taken = np.empty(begin[-1], np.int32)
    for i in range(len(rows)):
        for k in range(begin[i + 1] - begin[i]):
            taken[begin[i] + k] = node[offset[rows[i]] + k]
    return taken, begin


def to_offset(sizes: npt.ArrayLike) -> IntArray:
    """Return where each of several lines begins, and where the last ends, from their sizes."""
    offset: IntArray = np.append(0, np.cumsum(sizes)).astype(np.int64)
    return offset
