"""Walkable areas as polygons of nodes: closed ways with ``area=yes``, lifts, and multipolygons."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely

from circles.network.edges import BoolArray, IndexArray, IntArray
from circles.network.rulings import Rulings, judge_ways
from circles.network.runs import Runs, take_lines, to_offset
from circles.osm import OsmAreas, OsmStreets, OsmWays
from circles.osm.tags import TagTable
from circles.walking import Kind


@dataclass(frozen=True)
class Polygons:
    """Areas as rings of nodes: polygon `i` has the rings ``ring[i]:ring[i + 1]``.

    Parameters
    ----------
    way
        The way of the extract that it is, or that its outline begins with, int32.
    ring
        int64, shape (polygons + 1,). The first ring of each is its outline, the others are holes.
    offset
        int64, shape (rings + 1,): ring `j` has the nodes ``node[offset[j]:offset[j + 1]]``; the
        first is not named again at the end.
    node
        Nodes of the extract's table, int32.
    """

    way: IndexArray
    ring: IntArray
    offset: IntArray
    node: IndexArray

    @classmethod
    def of(cls, way: Sequence[int], rings: Sequence[Sequence[IndexArray]]) -> "Polygons":
        """Make polygons of their rings."""
        flat = [ring for one in rings for ring in one]
        return cls(
            way=np.array(way, dtype=np.int32),
            ring=to_offset([len(one) for one in rings]),
            offset=to_offset([len(ring) for ring in flat]),
            node=np.concatenate([np.zeros(0, np.int32), *flat]),
        )

    def __len__(self) -> int:
        """Return the number of polygons."""
        return len(self.way)

    @property
    def in_hole(self) -> BoolArray:
        """Whether each point is that of a hole, shape of `node`."""
        hole = np.ones(len(self.offset) - 1, dtype=bool)
        hole[self.ring[:-1]] = False
        return np.repeat(hole, np.diff(self.offset))

    @property
    def owner(self) -> IntArray:
        """The polygon that each point belongs to, shape of `node`."""
        return np.repeat(np.arange(len(self)), np.diff(self.offset[self.ring]))

    def take(self, rows: IntArray) -> "Polygons":
        """Return the polygons of these rows, in this order."""
        rings, ring = take_lines(np.arange(len(self.offset) - 1, dtype=np.int32), self.ring, rows)
        node, offset = take_lines(self.node, self.offset, rings)
        return Polygons(self.way[rows], ring, offset, node)

    def followed_by(self, others: "Polygons") -> "Polygons":
        """Return these polygons and then others."""
        return Polygons(
            way=np.append(self.way, others.way),
            ring=np.append(self.ring, self.ring[-1] + others.ring[1:]),
            offset=np.append(self.offset, self.offset[-1] + others.offset[1:]),
            node=np.append(self.node, others.node),
        )


@dataclass(frozen=True)
class Areas:
    """The walkable areas of an extract.

    Parameters
    ----------
    polygons
        Those that can be crossed.
    rulings
        What the tag rules say of all ways, now that some are the rims of areas; and, after the
        ways, of the multipolygons.
    way_id
        The OSM ids of all those; that of a multipolygon is the first way of its outline.
    own
        How often the ways of a polygon's own outline, and its own holes, pass each of its points;
        shape of ``polygons.node``.
    broken
        Areas whose outline does not close or crosses itself.
    """

    polygons: Polygons
    rulings: Rulings
    way_id: IntArray
    own: IntArray
    broken: int

    def entrances(self, runs: Runs, nodes: int) -> BoolArray:
        """Return at which points of the polygons one comes in, shape of ``polygons.node``.

        Other ways lead there, or other areas around this one.

        Parameters
        ----------
        runs
            All runs along the ways of the extract.
        nodes
            Number of nodes.
        """
        passed = np.bincount(runs.node, minlength=nodes)
        passed += np.bincount(self.polygons.node[self.polygons.in_hole], minlength=nodes)
        coming_in: BoolArray = passed[self.polygons.node] > self.own
        return coming_in


def find_areas(extract: OsmStreets, rulings: Rulings) -> Areas:
    """Find the walkable areas of an extract, and let their rims be walked.

    An area that is not sound, or reaches beyond the extract, is not crossed: its ways are walked
    where they are walkable by themselves.

    Parameters
    ----------
    extract
        The streets of an extract.
    rulings
        What the tag rules say of its ways.
    """
    ways, areas = extract.ways, extract.areas
    judged = judge_ways(TagTable.of({**tags, "area": "yes"} for tags in areas.tags))
    drawn = _drawn(areas, ways, judged)
    rims = np.array([(row, i) for i in drawn for row in drawn[i].rows], np.int64).reshape(-1, 2)
    alone = np.ones(len(ways.way_id), dtype=bool)
    alone[rims[:, 0]] = False  # their holes are known: they are not crossed by themselves, too
    closed, broken = _from_ways(ways, rulings, alone)
    kind = rulings.kind.copy()
    kind[closed.way] = Kind.PLAZA  # a lift, too, if it is drawn as an area
    rulings = replace(rulings, kind=kind).with_rims(rims[:, 0], judged, rims[:, 1])
    outline = [ways.way_id[drawn[i].rows[0]] if i in drawn else 0 for i in range(len(areas.tags))]
    owner = [i for i in drawn for _ in drawn[i].polygons]
    rings = [polygon for i in drawn for polygon in drawn[i].polygons]
    polygons = closed.followed_by(Polygons.of([len(ways.way_id) + i for i in owner], rings))
    return Areas(
        polygons=polygons,
        rulings=rulings.followed_by(judged),
        way_id=np.append(ways.way_id, np.array(outline, dtype=np.int64)),
        own=_own_passes(polygons, [*closed.way[:, None], *(drawn[i].rows for i in owner)], ways),
        broken=broken + int(judged.walkable.sum()) - len(drawn),
    )


def _from_ways(ways: OsmWays, rulings: Rulings, alone: BoolArray) -> tuple[Polygons, int]:
    """Make polygons of closed ways; also count those that are no sound areas."""
    named = np.diff(ways.offset)
    plaza = rulings.walkable & (rulings.kind == Kind.PLAZA)
    rows = np.flatnonzero((plaza | (rulings.walkable & rulings.lift)) & alone & (named > 0))
    node, offset = take_lines(ways.node, ways.offset, rows)
    way = np.repeat(np.arange(len(rows)), np.diff(offset))
    placed = np.bincount(way[np.isnan(ways.node_lon[node])], minlength=len(rows)) == 0
    closed = node[offset[:-1]] == node[offset[1:] - 1]
    # What is left of a ring: each node but those that are named twice in a row, and the last.
    new = np.diff(node, prepend=-1) != 0
    new[offset[:-1]] = True
    new[offset[1:] - 1] = False
    size = np.bincount(way[new], minlength=len(rows))
    fit = placed & closed & (size > 2)
    rings = Polygons(
        way=rows[fit].astype(np.int32),
        ring=np.arange(fit.sum() + 1),
        offset=to_offset(size[fit]),
        node=node[new & fit[way]],
    )
    sound = shapely.is_valid(_shapes(rings, ways))
    whole = np.zeros(len(rows), dtype=bool)
    whole[np.flatnonzero(fit)[sound]] = True
    return rings.take(np.flatnonzero(sound)), int((placed & ~whole & plaza[rows]).sum())


def _own_passes(polygons: Polygons, rows: Sequence[Sequence[int]], ways: OsmWays) -> IntArray:
    """Count how often polygons' ways (their rows) and holes pass each of the polygons' points."""
    of_row = np.repeat(np.arange(len(rows)), [len(each) for each in rows])
    flat = np.concatenate([np.zeros(0, np.int64), *rows]).astype(np.int64)
    node, offset = take_lines(ways.node, ways.offset, flat)
    line = np.repeat(np.arange(len(flat)), np.diff(offset))
    new = (np.diff(node, prepend=-1) != 0) | (np.diff(line, prepend=-1) != 0)
    passes = of_row[line[new]] * len(ways.node_id) + node[new]
    wanted = polygons.owner * len(ways.node_id) + polygons.node
    which, count = np.unique(np.append(passes, wanted[polygons.in_hole]), return_counts=True)
    at = np.searchsorted(which, wanted)
    at[at == len(which)] = 0
    return np.where(which[at] == wanted, count[at], 0) if len(which) else np.zeros(0, np.int64)


def _shapes(polygons: Polygons, ways: OsmWays) -> npt.NDArray[np.object_]:
    points = np.column_stack([ways.node_lon[polygons.node], ways.node_lat[polygons.node]])
    ring = np.repeat(np.arange(len(polygons.offset) - 1), np.diff(polygons.offset))
    of_ring = np.repeat(np.arange(len(polygons)), np.diff(polygons.ring))
    rings = np.asarray(shapely.linearrings(points, indices=ring), dtype=object)
    return np.asarray(shapely.polygons(rings, indices=of_ring), dtype=object)


@dataclass(frozen=True)
class _Drawn:
    """A sound multipolygon: the rows of the ways of its outline, and its polygons as rings."""

    rows: list[int]
    polygons: list[list[IndexArray]]


def _drawn(areas: OsmAreas, ways: OsmWays, judged: Rulings) -> dict[int, _Drawn]:
    """Draw the walkable multipolygons that are sound."""
    members = np.unique(areas.way_id)
    found = np.flatnonzero(np.isin(ways.way_id, members)) if len(members) else members
    row = {int(ways.way_id[i]): int(i) for i in found}
    drawn = {}
    for area in np.flatnonzero(judged.walkable).tolist():
        part = slice(areas.offset[area], areas.offset[area + 1])
        rows = np.array([row.get(way, -1) for way in areas.way_id[part].tolist()], np.int64)
        inner = areas.inner[part]
        outlines, holes = (_rings(rows[inner == is_hole], ways) for is_hole in (False, True))
        polygons = _sorted_out(outlines, holes, ways) if outlines and holes is not None else None
        if polygons is not None:
            drawn[area] = _Drawn(rows[~inner].tolist(), polygons)
    return drawn


def _rings(rows: IntArray, ways: OsmWays) -> list[IndexArray] | None:
    """Join ways end to end to rings, the first node not named again; None if some stay open."""
    rest = [ways.node[ways.offset[i] : ways.offset[i + 1]].tolist() for i in rows if i >= 0]
    nodes = [node for line in rest for node in line]
    if len(rest) < len(rows) or not all(rest) or np.isnan(ways.node_lon[nodes]).any():
        return None
    rings = []
    while rest:
        ring = rest.pop()
        while ring[0] != ring[-1]:
            ahead = next((line for line in rest if ring[-1] in (line[0], line[-1])), None)
            if ahead is None:
                return None
            rest.remove(ahead)
            ring += (ahead if ahead[0] == ring[-1] else ahead[::-1])[1:]
        corners = [node for node, after in pairwise(ring) if node != after]
        if len(corners) < 3:
            return None
        rings.append(np.array(corners, dtype=np.int32))
    return rings


def _sorted_out(
    outlines: list[IndexArray], holes: list[IndexArray], ways: OsmWays
) -> list[list[IndexArray]] | None:
    """Put holes into the outlines that they lie in; None if that does not make sound polygons."""
    shells = _shapes(Polygons.of(range(len(outlines)), [[ring] for ring in outlines]), ways)
    polygons = [[outline] for outline in outlines]
    for hole in holes:
        shape = _shapes(Polygons.of([0], [[hole]]), ways)[0]
        around = np.flatnonzero(shapely.is_valid(shells) & shapely.covers(shells, shape))
        if not len(around):
            return None
        polygons[around[0]].append(hole)
    sound = shapely.is_valid(_shapes(Polygons.of(range(len(polygons)), polygons), ways))
    return polygons if sound.all() else None
