"""The streets in an ``.osm.pbf`` file: a decoder made for speed, and sure of little.

Blocks are inflated and decoded in threads. What it was not made for - single nodes, histories,
other compression, objects out of order - it leaves to others, with an `UndecodedError`. The format:
https://wiki.openstreetmap.org/wiki/PBF_Format; field tags as in `circles.osm.protobuf`.
"""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from circles.osm.blobs import find_blobs, read_words, which_words
from circles.osm.protobuf import (
    Bytes,
    IntArray,
    UndecodedError,
    have_only,
    read_columns,
    read_fields,
    span,
    spans,
    unpack,
)
from circles.osm.tags import TagTable

FloatArray = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]

_FEATURES: Final = {b"OsmSchema-V0.6", b"DenseNodes"}
_REQUIRED_FEATURE = 34
_STRINGS, _GROUP, _GRANULARITY = 10, 18, 136
_BLOCK_FIELDS = (_STRINGS, _GROUP, _GRANULARITY, 144)  # not 152, 160: offsets that nobody uses
_DENSE, _WAY = 18, 26
_OBJECTS = (_DENSE, _WAY, 34)  # 34: relations
_ID, _INFO, _LAT, _LON, _NODE_TAGS = 10, 42, 66, 74, 82
_INFO_FIELDS = (10, 18, 26, 34, 42)  # not 50, which tells what was deleted
_WAY_FIELDS = (8, 18, 26, 66, 34)  # id, keys, values, nodes, info
_Words = tuple[bytes, ...]


@dataclass(frozen=True)
class PbfStreets:
    """Ways and tagged nodes as they are in the file.

    Parameters
    ----------
    way_id, way_tags
        The ways with one of the keys asked for, in the file's order.
    node, lon, lat
        Their nodes' ids and positions, degrees; NaN where the file lacks the node.
    offset
        Way `i` owns the nodes ``offset[i]:offset[i + 1]``.
    tagged_node, node_tags
        The nodes with the key asked for.
    """

    way_id: IntArray
    way_tags: TagTable
    node: IntArray
    lon: FloatArray
    lat: FloatArray
    offset: IntArray
    tagged_node: IntArray
    node_tags: TagTable


@dataclass(frozen=True)
class _Nodes:
    """A group of nodes, and those of them that have the key; coordinates in 1e-7 degrees."""

    id: IntArray
    x: Int32Array
    y: Int32Array
    tagged: IntArray
    tags: TagTable


@dataclass(frozen=True)
class _Ways:
    """The ways of a block that have one of the keys; `size` is how many nodes each has."""

    id: IntArray
    tags: TagTable
    node: IntArray
    size: IntArray


_Block = tuple[list[_Nodes], list[_Ways]]


def decode_streets(path: Path, *, way_keys: Iterable[str], node_key: str) -> PbfStreets:
    """Read the ways that have one of some keys, their nodes, and the nodes that have a key.

    Parameters
    ----------
    path
        An ``.osm.pbf`` file.
    way_keys
        Ways with at least one of these keys are kept, with all their tags.
    node_key
        Nodes with this key are kept, with all their tags.

    Raises
    ------
    ValueError
        The file is damaged or cut off.
    UndecodedError
        The file may be sound, but has what this decoder was not made for.
    """
    keys = tuple(key.encode() for key in way_keys), (node_key.encode(),)
    header, *blobs = find_blobs(path)
    data = header.inflate()
    needs = spans(read_fields(data, 0, len(data)), _REQUIRED_FEATURE).tolist()
    _known({data[slice(*at)].tobytes() for at in needs} <= _FEATURES, "a feature it needs")
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        blocks = list(threads.map(lambda blob: _decode(blob.inflate(), *keys), blobs))
        return _join(blocks, threads)


def _sound(holds: bool | np.bool_, problem: str) -> None:
    if not holds:
        raise ValueError(problem)


def _known(holds: bool | np.bool_, problem: str) -> None:
    if not holds:
        raise UndecodedError(problem)


def _decode(data: Bytes, way_keys: _Words, node_key: _Words) -> _Block:
    block = read_fields(data, 0, len(data))
    words = read_words(data, *span(block, _STRINGS))
    _known(have_only(block, _BLOCK_FIELDS), "a block with other fields")
    groups = [np.zeros((0, 3), np.int64)]
    groups += [read_fields(data, *at, known=_OBJECTS) for at in spans(block, _GROUP).tolist()]
    objects = np.concatenate(groups)
    _known((np.diff(objects[:, 0]) >= 0).all(), "nodes after ways")
    step, rest = divmod(span(block, _GRANULARITY)[0] or 100, 100)
    _known(step > 0 and rest == 0, "a granularity finer than 1e-7 degrees")
    dense = spans(objects, _DENSE).tolist()
    nodes = [_decode_nodes(data, begin, end, words, node_key, step) for begin, end in dense]
    ways = spans(objects, _WAY)
    return nodes, [_decode_ways(data, ways, words, way_keys)] if len(ways) else []


def _decode_nodes(
    data: Bytes, begin: int, end: int, words: IntArray, wanted: _Words, step: int
) -> _Nodes:
    dense = read_fields(data, begin, end, known=(_ID, _INFO, _LAT, _LON, _NODE_TAGS))
    read_fields(data, *span(dense, _INFO), known=_INFO_FIELDS)
    ids, x, y = (unpack(data, spans(dense, tag)[-1:], True)[0] for tag in (_ID, _LON, _LAT))
    _sound(len(ids) == len(x) == len(y), "nodes without positions")
    _known(len(ids) > 0 and ids[0] > 0 and (np.diff(ids) > 0).all(), "nodes out of order")
    for axis, most in ((x, 1_800_000_000 // step), (y, 900_000_000 // step)):
        _known(-most <= axis.min() and axis.max() <= most, "a node off the globe")
    code = unpack(data, spans(dense, _NODE_TAGS)[-1:], False)[0]
    code = code if len(code) else np.zeros(len(ids), np.int64)
    # Key, value, key, value, 0 for one node after another. No value is 0 where all sizes are even.
    size = np.diff(np.flatnonzero(code == 0), prepend=-1) - 1
    _sound(len(size) == len(ids) and code[-1] == 0 and not (size % 2).any(), "tags of no node")
    pairs = code[code != 0].reshape(-1, 2)
    kept, tags = _select(data, words, pairs[:, 0], pairs[:, 1], size // 2, wanted)
    x, y = x * step, y * step
    return _Nodes(ids, x.astype(np.int32), y.astype(np.int32), ids[kept], tags)


def _decode_ways(data: Bytes, ways: IntArray, words: IntArray, wanted: _Words) -> _Ways:
    fields = read_columns(data, ways, _WAY_FIELDS)
    key, key_offset = unpack(data, fields[:, 2:4].copy(), False)
    value, value_offset = unpack(data, fields[:, 4:6].copy(), False)
    _sound(np.array_equal(key_offset, value_offset), "keys without values")
    kept, tags = _select(data, words, key, value, np.diff(key_offset), wanted)
    node, offset = unpack(data, fields[kept, 6:8].copy(), True)
    return _Ways(fields[kept, 0], tags, node, np.diff(offset))


def _select(
    data: Bytes, words: IntArray, key: IntArray, value: IntArray, size: IntArray, wanted: _Words
) -> tuple[npt.NDArray[np.bool_], TagTable]:
    """Tell which objects have a wanted key, and keep the tags of those."""
    for code in (key, value):
        _sound(((code >= 0) & (code < len(words))).all(), "a tag of no word")
    hit = which_words(data, words, wanted)
    if not hit.any():
        return np.zeros(len(size), bool), TagTable.of([])
    owner = np.repeat(np.arange(len(size)), size)
    kept = np.bincount(owner[hit[key]], minlength=len(size)) > 0
    key, value = key[kept[owner]], value[kept[owner]]
    used = np.zeros(len(words), bool)
    used[key] = used[value] = True
    raw, own = data.tobytes(), (np.cumsum(used) - 1).astype(np.int32)
    texts = tuple(raw[begin:end].decode() for begin, end in words[used].tolist())
    return kept, TagTable(texts, own[key], own[value], np.append(0, np.cumsum(size[kept])))


def _join(blocks: list[_Block], threads: ThreadPoolExecutor) -> PbfStreets:
    """Give the ways of all blocks the positions of their nodes."""
    nodes = [group for groups, _ in blocks for group in groups]
    ways = [part for _, parts in blocks for part in parts]
    _known(len(nodes) > 0 and len(ways) > 0, "no nodes or no ways")
    first = next(i for i, (_, parts) in enumerate(blocks) if parts)
    _known(not any(groups for groups, _ in blocks[first + 1 :]), "nodes after ways")
    _known(all(a.id[-1] < b.id[0] for a, b in pairwise(nodes)), "nodes out of order")
    ids = np.concatenate([group.id for group in nodes])
    x, y = np.concatenate([g.x for g in nodes]), np.concatenate([g.y for g in nodes])
    shift = max(int(ids[-1]).bit_length() - 18, 0)
    begin = np.append(np.searchsorted(ids, np.arange((ids[-1] >> shift) + 1) << shift), len(ids))
    places = list(threads.map(lambda part: _place(part.node, ids, begin, shift, x, y), ways))
    return PbfStreets(
        way_id=np.concatenate([part.id for part in ways]),
        way_tags=TagTable.joined(part.tags for part in ways),
        node=np.concatenate([part.node for part in ways]),
        lon=np.concatenate([lon for lon, _ in places]),
        lat=np.concatenate([lat for _, lat in places]),
        offset=np.append(0, np.cumsum(np.concatenate([part.size for part in ways]))),
        tagged_node=np.concatenate([group.tagged for group in nodes]),
        node_tags=TagTable.joined(group.tags for group in nodes),
    )


@numba.njit(cache=True, nogil=True)
def _place(
    wanted: IntArray, ids: IntArray, begin: IntArray, shift: int, x: Int32Array, y: Int32Array
) -> tuple[FloatArray, FloatArray]:
    """Look up nodes; ids with `k` before their last `shift` bits begin at ``ids[begin[k]]``."""
    lon, lat = np.full(len(wanted), np.nan), np.full(len(wanted), np.nan)
    for i in range(len(wanted)):
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
        if low < len(ids) and ids[low] == wanted[i]:
            # Divided rather than multiplied: 1e-7 has no exact binary form, 1e7 does.
            lon[i], lat[i] = x[low] / 1e7, y[low] / 1e7
    return lon, lat
