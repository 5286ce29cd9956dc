"""From the ways of an OpenStreetMap extract to a walking network."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from circles.crs import FloatArray, to_metres
from circles.errors import InputError
from circles.network.components import find_pieces
from circles.network.contraction import NodeTable, contract, order_nodes
from circles.network.edges import BoolArray, Edges, IndexArray, IntArray
from circles.network.model import MIN_PIECE_M, NetworkReport, WalkNetwork, network_crs
from circles.network.plazas import plaza_chords
from circles.osm import OsmStreets, OsmWays
from circles.walking import (
    RULING_KEYS,
    Kind,
    blocks,
    ferry_duration_s,
    judge_way,
    walking_directions,
)


@dataclass(frozen=True)
class _Rulings:
    """What the tag rules say of every way, as arrays of shape (ways,); reasons by count."""

    walkable: BoolArray
    kind: npt.NDArray[np.int8]
    forward: BoolArray
    backward: BoolArray
    duration_s: FloatArray
    refused: dict[str, int]


@dataclass(frozen=True)
class _Lines:
    """Walkable lines, split into runs whose nodes all have positions.

    `way` says of which way of the extract each run is a part.
    """

    way: IntArray
    node_id: IntArray
    lon: FloatArray
    lat: FloatArray
    offset: IntArray


def network_from_osm(extract: OsmStreets, *, min_piece_m: float = MIN_PIECE_M) -> WalkNetwork:
    """Build the walking network of an extract.

    Ways are judged by `circles.walking.TAG_RULES`; nodes are set wherever two ways meet or one
    ends; a barrier that stops walkers cuts the ways it stands on; ways whose positions the
    extract lacks end there. Plazas (``area=yes``) are crossed on straight lines between their
    entrances.

    Parameters
    ----------
    extract
        What `circles.osm.read_streets` or `read_osm` returns.
    min_piece_m
        Connected pieces with less street than this take no part in joining.

    Raises
    ------
    InputError
        Nothing in the extract may be walked.
    """
    rulings = _judge(extract.ways)
    lines, cut_ways = _walkable_lines(extract.ways, rulings)
    if not len(lines.way):
        message = (
            f"{extract.name}: none of its {len(rulings.walkable)} ways may be walked; "
            "is this the extract of a town, with its streets?"
        )
        raise InputError(message)
    barred = np.array([node for node, tags in extract.barriers.items() if blocks(tags)], np.int64)
    lines, blocked = _cut_at(lines, np.unique(barred))
    lines = _with_chords(lines, rulings)
    edges, nodes = order_nodes(*contract(*_split(lines, extract.ways, rulings)))
    pieces = find_pieces(edges, len(nodes.node_id), min_piece_m=min_piece_m)
    return WalkNetwork(
        crs=network_crs(edges.lon, edges.lat),
        node_id=nodes.node_id,
        node_lon=nodes.lon,
        node_lat=nodes.lat,
        edges=edges,
        joinable=pieces.joinable,
        report=NetworkReport(
            refused_ways=rulings.refused,
            cut_ways=cut_ways,
            blocked_nodes=blocked,
            pieces=pieces.count,
            small_pieces=pieces.small,
            small_pieces_m=pieces.small_m,
        ),
    )


def _judge(ways: OsmWays) -> _Rulings:
    """Judge all ways; those that agree in every tag the rules look at are judged once."""
    kinds, which = ways.tags.distinct(RULING_KEYS)
    rulings = [judge_way(tags) for tags in kinds]
    directions = np.array([walking_directions(tags) for tags in kinds], dtype=bool).reshape(-1, 2)
    refused: Counter[str] = Counter()
    for ruling, count in zip(rulings, np.bincount(which, minlength=len(kinds)), strict=True):
        if not ruling.walkable:
            refused[ruling.reason] += int(count)
    return _Rulings(
        walkable=np.array([ruling.walkable for ruling in rulings], dtype=bool)[which],
        kind=np.array([ruling.kind for ruling in rulings], dtype=np.int8)[which],
        forward=directions[which, 0],
        backward=directions[which, 1],
        duration_s=np.array([ferry_duration_s(tags) for tags in kinds], dtype=np.float64)[which],
        refused=dict(sorted(refused.items())),
    )


def _walkable_lines(ways: OsmWays, rulings: _Rulings) -> tuple[_Lines, int]:
    """Keep walkable ways, split where positions are missing; also count the ways that cut."""
    walkable = rulings.walkable
    way = np.repeat(np.arange(len(walkable)), np.diff(ways.offset))
    placed = np.isfinite(ways.lon)
    cut = np.unique(way[walkable[way] & ~placed])
    keep = walkable[way] & placed
    # A run goes on while the way is the same and no node between was dropped.
    index = np.flatnonzero(keep)
    goes_on = (np.diff(index) == 1) & (np.diff(way[index]) == 0)
    run = np.concatenate([[0], np.cumsum(~goes_on)]) if len(index) else index
    return _runs(run, way[index], ways.node_id[index], ways.lon[index], ways.lat[index]), len(cut)


def _runs(
    run: IntArray, way: IntArray, node_id: IntArray, lon: FloatArray, lat: FloatArray
) -> _Lines:
    """Gather points into runs, without repeated points and without runs of a single point."""
    new = np.ones(len(run), dtype=bool)
    new[1:] = (np.diff(run) != 0) | (np.diff(node_id) != 0)
    size = np.bincount(run[new]) if len(run) else np.zeros(0, dtype=np.int64)
    kept = np.flatnonzero(new & (size[run] > 1))
    first = np.flatnonzero(np.diff(run[kept], prepend=-1))
    offset = np.append(first, len(kept)).astype(np.int64)
    return _Lines(way[kept][first], node_id[kept], lon[kept], lat[kept], offset)


def _cut_at(lines: _Lines, barred: IntArray) -> tuple[_Lines, int]:
    """End every line at the barriers it meets, on either side at a node of its own."""
    hit = np.flatnonzero(np.isin(lines.node_id, barred))
    inner = hit[~np.isin(hit, lines.offset[:-1]) & ~np.isin(hit, lines.offset[1:] - 1)]
    repeats = np.ones(len(lines.node_id), dtype=np.int64)
    repeats[inner] = 2
    node_id = np.repeat(lines.node_id, repeats)
    run = np.repeat(np.repeat(np.arange(len(lines.way)), np.diff(lines.offset)), repeats)
    second = np.cumsum(repeats)[inner] - 1
    starts = np.zeros(len(node_id), dtype=np.int64)
    starts[second] = 1
    run = run + np.cumsum(starts)
    at_barrier = np.flatnonzero(np.isin(node_id, barred))
    node_id[at_barrier] = -1 - np.arange(len(at_barrier))
    way = np.repeat(np.repeat(lines.way, np.diff(lines.offset)), repeats)
    lon, lat = np.repeat(lines.lon, repeats), np.repeat(lines.lat, repeats)
    return _runs(run, way, node_id, lon, lat), len(np.unique(lines.node_id[hit]))


def _with_chords(lines: _Lines, rulings: _Rulings) -> _Lines:
    """Add the straight lines on which plazas are crossed, as lines of the plaza's way."""
    closed = lines.node_id[lines.offset[:-1]] == lines.node_id[lines.offset[1:] - 1]
    rings = np.flatnonzero((rulings.kind[lines.way] == Kind.PLAZA) & closed)
    if not len(rings):
        return lines
    at = plaza_chords(lines.node_id, lines.lon, lines.lat, lines.offset, rings)
    ends = at.chords.ravel()
    return _Lines(
        way=np.append(lines.way, lines.way[at.ring]),
        node_id=np.append(lines.node_id, lines.node_id[ends]),
        lon=np.append(lines.lon, lines.lon[ends]),
        lat=np.append(lines.lat, lines.lat[ends]),
        offset=np.append(lines.offset, lines.offset[-1] + 2 * np.arange(1, len(at.ring) + 1)),
    )


def _split(lines: _Lines, ways: OsmWays, rulings: _Rulings) -> tuple[Edges, NodeTable]:
    """Split lines into edges at the nodes they share and at their ends."""
    ids, first_seen, node = np.unique(lines.node_id, return_index=True, return_inverse=True)
    is_first = np.zeros(len(node), dtype=bool)
    is_last = np.zeros(len(node), dtype=bool)
    is_first[lines.offset[:-1]] = True
    is_last[lines.offset[1:] - 1] = True
    uses = np.bincount(node, minlength=len(ids))
    uses += np.bincount(node[is_first | is_last], minlength=len(ids))
    breaks = np.flatnonzero(uses[node] > 1)
    begin, finish = breaks[:-1][~is_last[breaks[:-1]]], breaks[1:][~is_first[breaks[1:]]]
    begin, finish = _without_empty(begin, finish, lines)
    junctions = np.unique(node[np.append(begin, finish)])
    index = np.full(len(ids), -1, dtype=np.int32)
    index[junctions] = np.arange(len(junctions), dtype=np.int32)
    way = np.repeat(lines.way, np.diff(lines.offset))[begin]
    edges = _edges(
        lines, begin, finish, index[node[begin]], index[node[finish]], way, ways, rulings
    )
    seen = first_seen[junctions]
    return edges, NodeTable(ids[junctions], lines.lon[seen], lines.lat[seen])


def _without_empty(begin: IntArray, finish: IntArray, lines: _Lines) -> tuple[IntArray, IntArray]:
    """Drop the stretches on which nothing moves (two nodes in one place stay connected)."""
    moves = (begin + 1 < finish) | (lines.node_id[begin] != lines.node_id[finish])
    return begin[moves], finish[moves]


def _edges(
    lines: _Lines,
    begin: IntArray,
    finish: IntArray,
    start: IndexArray,
    end: IndexArray,
    way: IntArray,
    ways: OsmWays,
    rulings: _Rulings,
) -> Edges:
    size = finish - begin + 1
    offset = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    point = np.arange(offset[-1]) - np.repeat(offset[:-1] - begin, size)
    lon, lat = lines.lon[point], lines.lat[point]
    length_m = edge_lengths(lon, lat, offset)
    # A ferry's duration is that of the whole way; each stretch of it takes its share.
    way_m = np.bincount(way, weights=length_m, minlength=len(ways.way_id))
    with np.errstate(invalid="ignore", divide="ignore"):
        share_s = rulings.duration_s[way] * length_m / way_m[way]
    kind = rulings.kind[way]
    return Edges(
        start=start,
        end=end,
        length_m=length_m,
        kind=kind,
        forward=rulings.forward[way],
        backward=rulings.backward[way],
        duration_s=np.where(kind == Kind.FERRY, share_s, np.nan),
        way_id=ways.way_id[way],
        offset=offset,
        lon=lon,
        lat=lat,
        wait_start=np.zeros(len(start), dtype=np.int8),
        wait_end=np.zeros(len(start), dtype=np.int8),
        off_ground=np.zeros(len(start), dtype=bool),
    )


def edge_lengths(lon: FloatArray, lat: FloatArray, offset: IntArray) -> FloatArray:
    """Return the length of each edge, metres, in the local metric system of all points."""
    x_m, y_m = to_metres(lon, lat, network_crs(lon, lat))
    step_m = np.hypot(np.diff(x_m), np.diff(y_m))
    step_m[offset[1:-1] - 1] = 0.0  # from one edge's last point to the next one's first
    along_m: FloatArray = np.concatenate([[0.0], np.cumsum(step_m)])
    return along_m[offset[1:] - 1] - along_m[offset[:-1]]
