"""The streets in an ``.osm.pbf`` file: a decoder made for speed, and sure of little.

Blocks are inflated and decoded in threads. What it was not made for - single nodes, histories,
other compression, objects out of order - it leaves to others, with an `UndecodedError`. The format:
https://wiki.openstreetmap.org/wiki/PBF_Format.
"""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from circles.compiling import compiled
from circles.osm.blobs import Blob, find_blobs
from circles.osm.blocks import (
    Areas,
    Nodes,
    Ways,
    decode_areas,
    decode_nodes,
    decode_ways,
    join,
    known,
    open_block,
)
from circles.osm.protobuf import IntArray, UndecodedError, read_fields, spans, tags, whole
from circles.osm.streets import FloatArray, OsmAreas, OsmWays, Streets, StreetTags
from circles.osm.tags import Tags
from circles.osm.words import BoolArray, Int32Array, Terms

_REQUIRED_FEATURE: Final = 34
_FEATURES: Final = {b"OsmSchema-V0.6", b"DenseNodes"}
#: So many blocks are decoded at a time: their arrays are so large that the system takes back the
#: memory when they are put together.
_BATCH: Final = 32
_SLICE: Final = 100_000
_Found = tuple[BoolArray, Nodes, Ways]  # the first: which blocks have nodes, ways, relations


def decode_streets(path: Path, wanted: StreetTags) -> Streets:
    """Read the streets of a file.

    Parameters
    ----------
    path
        An ``.osm.pbf`` file.
    wanted
        By which tags they are known.

    Raises
    ------
    ValueError
        The file is damaged or cut off.
    UndecodedError
        The file may be sound, but has what this decoder was not made for.
    """
    header, *blobs = find_blobs(path)
    _check_features(header)
    terms = Terms.of(wanted)
    areas = _decode_areas(blobs, terms)
    decode = partial(_decode, terms=terms, rings=np.unique(areas.way_id))
    batches = [blobs[i : i + _BATCH] for i in range(0, len(blobs), _BATCH)]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        nodes, ways = _put_together(threads.map(decode, batches))
        place, used = _look_up(ways.node_id, nodes.id, threads)
    return Streets(
        ways=_number_nodes(ways, nodes, place, used),
        points=_points(nodes, used),
        areas=OsmAreas(areas.id, areas.tags.table(), areas.way_id, areas.inner, areas.offset),
    )


def _check_features(header: Blob) -> None:
    """Refuse a file that says it needs what is not known here."""
    data = header.inflate()
    needs = spans(read_fields(data, whole(data), tags()), _REQUIRED_FEATURE).tolist()
    known({data[slice(*at)].tobytes() for at in needs} <= _FEATURES, "a feature it needs")


def _decode_areas(blobs: Sequence[Blob], terms: Terms) -> Areas:
    """Decode the relations, which are the last objects in a file."""
    found: list[Areas] = []
    for blob in reversed(blobs):
        block = open_block(blob.inflate(), terms)
        found.append(decode_areas(block))
        if len(block.dense) or len(block.ways):
            break
    known(len(found) > 0, "no blocks")
    return join(found[::-1])


def _decode(blobs: Sequence[Blob], terms: Terms, rings: IntArray) -> _Found:
    """Decode the nodes and ways of some blocks."""
    kinds, nodes, ways = [], [], []
    for blob in blobs:
        block = open_block(blob.inflate(), terms)
        kinds.append([len(at) > 0 for at in (block.dense, block.ways, block.relations)])
        nodes.append(decode_nodes(block))
        ways.append(decode_ways(block, rings))
    return np.array(kinds), join(nodes), join(ways)


def _put_together(batches: Iterable[_Found]) -> tuple[Nodes, Ways]:
    """Put what all batches hold below one another, if it is in order."""
    kinds, nodes, ways = zip(*batches, strict=True)
    kind = np.concatenate(kinds)
    known((np.diff(np.nonzero(kind)[1]) >= 0).all(), "objects out of order")
    known(kind[:, :2].any(axis=0).all(), "no nodes or no ways")
    known(sum(len(part.id) for part in nodes) > 0, "no nodes")
    return join(nodes), join(ways)


def _look_up(
    wanted: IntArray, ids: IntArray, threads: ThreadPoolExecutor
) -> tuple[Int32Array, BoolArray]:
    """Return the places of wanted ids among all ids, -1 for none, and which of these are used."""
    begin, shift = _index(ids)
    place, used = np.empty(len(wanted), np.int32), np.zeros(len(ids), bool)

    def look_up(at: int) -> None:
        part = slice(at, at + _SLICE)
        _search(wanted[part], ids, begin, shift, place[part], used)

    list(threads.map(look_up, range(0, len(wanted), _SLICE)))
    return place, used


def _number_nodes(ways: Ways, nodes: Nodes, place: Int32Array, used: BoolArray) -> OsmWays:
    """Put the nodes that ways use into a table, those that the file lacks too."""
    gap = place < 0
    lacking = np.unique(ways.node_id[gap])
    node_id, lon, lat, row, lacking_row = _tabulate(nodes.id, nodes.x, nodes.y, used, lacking)
    node = row[place]
    node[gap] = lacking_row[np.searchsorted(lacking, ways.node_id[gap])]
    return OsmWays(ways.id, ways.tags.table(), node, ways.offset, node_id, lon, lat)


def _points(nodes: Nodes, used: BoolArray) -> dict[int, Tags]:
    """Return the tags of the wanted nodes that ways use."""
    ids, on_way = nodes.id[nodes.wanted].tolist(), used[nodes.wanted].tolist()
    rows = zip(ids, nodes.tags.table(), on_way, strict=True)
    return {node: tags for node, tags, is_on_way in rows if is_on_way}


@compiled
def _index(ids: IntArray) -> tuple[Int32Array, int]:
    """Return where ids begin that have `k` before their last bits, and how many bits these are."""
    for i in range(len(ids)):
        if ids[i] <= (ids[i - 1] if i else 0):
            raise UndecodedError("nodes out of order")
    shift = 0
    while ids[-1] >> shift > 2 * len(ids):
        shift += 1
    begin = np.zeros((ids[-1] >> shift) + 2, np.int32)
    for i in range(len(ids)):
        begin[(ids[i] >> shift) + 1] = i + 1
    for k in range(1, len(begin)):
        begin[k] = max(begin[k], begin[k - 1])
    return begin, shift


@compiled
def _search(
    wanted: IntArray,
    ids: IntArray,
    begin: Int32Array,
    shift: int,
    place: Int32Array,
    used: BoolArray,
) -> None:
    """Set the places of wanted ids, -1 for none, and mark these places as used."""
    for i in range(len(wanted)):
        place[i] = -1
        k = wanted[i] >> shift
        if k < 0 or k + 1 >= len(begin):
            continue
        low, high = begin[k], begin[k + 1]
        while low < high:
            middle = (low + high) // 2
            if ids[middle] < wanted[i]:
                low = middle + 1
            else:
                high = middle
        if low < begin[k + 1] and ids[low] == wanted[i]:
            place[i] = low
            used[low] = True


@compiled
def _tabulate(
    ids: IntArray, x: Int32Array, y: Int32Array, used: BoolArray, lacking: IntArray
) -> tuple[IntArray, FloatArray, FloatArray, Int32Array, Int32Array]:
    """Return used and lacking ids with their positions, in order, and in which row each is."""
    size = used.sum() + len(lacking)
    node_id, lon, lat = np.empty(size, np.int64), np.empty(size), np.empty(size)
    row, lacking_row = np.empty(len(ids), np.int32), np.empty(len(lacking), np.int32)
    at = before = 0
    for i in range(len(ids) + 1):
        while before < len(lacking) and (i == len(ids) or lacking[before] < ids[i]):
            node_id[at], lon[at], lat[at] = lacking[before], np.nan, np.nan
            lacking_row[before] = at
            before += 1
            at += 1
        if i < len(ids) and used[i]:
            # Divided rather than multiplied: 1e-7 has no exact binary form, 1e7 does.
            node_id[at], lon[at], lat[at], row[i] = ids[i], x[i] / 1e7, y[i] / 1e7, at
            at += 1
    return node_id, lon, lat, row, lacking_row
