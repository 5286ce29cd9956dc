"""The objects in the blocks of an ``.osm.pbf`` file: those of them that are wanted.

The format: https://wiki.openstreetmap.org/wiki/PBF_Format; field tags as in `circles.osm.protobuf`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np

from circles.compiling import compiled
from circles.osm.protobuf import (
    Bytes,
    IntArray,
    UndecodedError,
    read_columns,
    read_fields,
    spans,
    tags,
    unpack,
    whole,
)
from circles.osm.words import (
    INNER,
    MULTIPOLYGON,
    OF_AREA,
    OF_NODE,
    OF_WAY,
    ROLES,
    BoolArray,
    CodedTags,
    Int32Array,
    RawTags,
    Terms,
    Words,
    join_offsets,
)

_WORD, _GROUP, _GRANULARITY = 10, 18, 136  # a block's words are one field, each word one in it
_BLOCK: Final = tags(_WORD, _GROUP, _GRANULARITY, 144)  # not 152, 160: offsets that nobody uses
_DENSE, _WAY, _RELATION = 18, 26, 34
_DENSE_FIELDS: Final = tags(10, 74, 66, 82, 42)  # ids, longitudes, latitudes, tags, info
_INFO_FIELDS: Final = tags(10, 18, 26, 34, 42)  # not 50, which tells what was deleted
_WAY_FIELDS: Final = tags(8, 18, 26, 66, 34)  # id, keys, values, nodes, info
_RELATION_FIELDS: Final = tags(8, 18, 26, 66, 74, 82, 34)  # … roles, members, their kinds, info
_WAY_MEMBER: Final = 1


@dataclass(frozen=True)
class Block:
    """A block and where its objects are: begin and end of each, in bytes.

    Parameters
    ----------
    data
        All bytes of the block.
    words
        What tags are made of.
    step
        The unit of coordinates, 1e-7 degrees.
    dense, ways, relations
        Groups of nodes; single ways and relations.
    """

    data: Bytes
    words: Words
    step: int
    dense: IntArray
    ways: IntArray
    relations: IntArray


@dataclass(frozen=True)
class Nodes:
    """Nodes, which of them are wanted, and the tags of those; `x`, `y` in 1e-7 degrees."""

    id: IntArray
    x: Int32Array
    y: Int32Array
    wanted: BoolArray
    tags: RawTags


@dataclass(frozen=True)
class Ways:
    """Ways; number `i` has the nodes ``node_id[offset[i]:offset[i + 1]]``."""

    id: IntArray
    tags: RawTags
    node_id: IntArray
    offset: IntArray


@dataclass(frozen=True)
class Areas:
    """Multipolygons; number `i` is made of the ways ``way_id[offset[i]:offset[i + 1]]``."""

    id: IntArray
    tags: RawTags
    way_id: IntArray
    inner: BoolArray
    offset: IntArray


_Objects = TypeVar("_Objects", Nodes, Ways, Areas)


def join(parts: Sequence[_Objects]) -> _Objects:
    """Put objects of a kind below one another."""
    special: dict[str, Callable[..., Any]] = {"tags": RawTags.joined, "offset": join_offsets}
    columns = {
        name: special.get(name, np.concatenate)([getattr(part, name) for part in parts])
        for name in vars(parts[0])
    }
    return type(parts[0])(**columns)


def open_block(data: Bytes, terms: Terms) -> Block:
    """Find the objects in a block.

    Raises
    ------
    ValueError
        It is damaged.
    UndecodedError
        It holds what was not foreseen.
    """
    fields = read_fields(data, whole(data), _BLOCK)
    words = spans(read_fields(data, spans(fields, _WORD), tags(_WORD)), _WORD)
    objects = read_fields(data, spans(fields, _GROUP), tags(_DENSE, _WAY, _RELATION))
    known((np.diff(objects[:, 0]) >= 0).all(), "objects out of order")
    units = fields[fields[:, 0] == _GRANULARITY, 1]
    step, rest = divmod(int(units[-1]) if len(units) else 100, 100)
    known(step > 0 and rest == 0, "a granularity finer than 1e-7 degrees")
    by_kind = (spans(objects, kind) for kind in (_DENSE, _WAY, _RELATION))
    return Block(data, Words.of(data, words, terms), step, *by_kind)


def sound(holds: bool | np.bool_, problem: str) -> None:
    """Refuse damage, with a ValueError."""
    if not holds:
        raise ValueError(problem)


def known(holds: bool | np.bool_, problem: str) -> None:
    """Refuse what was not foreseen, with an UndecodedError."""
    if not holds:
        raise UndecodedError(problem)


def decode_nodes(block: Block) -> Nodes:
    """Decode the nodes of a block; raises as `open_block`."""
    columns = read_columns(block.data, block.dense, _DENSE_FIELDS)
    read_fields(block.data, _column(columns, 4), _INFO_FIELDS)
    node, nodes = unpack(block.data, _column(columns, 0), True)
    lon, lons = unpack(block.data, _column(columns, 1), True)
    lat, lats = unpack(block.data, _column(columns, 2), True)
    sound(np.array_equal(nodes, lons) and np.array_equal(nodes, lats), "nodes without positions")
    x, y = _place(lon, lat, block.step)
    coded = CodedTags(*_split(*unpack(block.data, _column(columns, 3), False), nodes))
    kept = coded.uses(block.words) & OF_NODE > 0
    return Nodes(node, x, y, kept, coded.take(block.words, kept))


def decode_ways(block: Block, rings: IntArray) -> Ways:
    """Decode the wanted ways of a block, and those of some sorted ids; raises as `open_block`."""
    columns = read_columns(block.data, block.ways, _WAY_FIELDS)
    coded = _tags(block, columns)
    kept = coded.uses(block.words) & OF_WAY > 0
    if len(rings):
        nearest = np.searchsorted(rings, columns[:, 0]).clip(max=len(rings) - 1)
        kept |= rings[nearest] == columns[:, 0]
    node_id, offset = unpack(block.data, _column(columns[kept], 3), True)
    return Ways(columns[kept, 0], coded.take(block.words, kept), node_id, offset)


def decode_areas(block: Block) -> Areas:
    """Decode the wanted relations of a block; raises as `open_block`."""
    columns = read_columns(block.data, block.relations, _RELATION_FIELDS)
    coded = _tags(block, columns)
    use = coded.uses(block.words)
    kept = (use & OF_AREA > 0) & (use & MULTIPOLYGON > 0)
    role, roles = unpack(block.data, _column(columns[kept], 3), False)
    member, members = unpack(block.data, _column(columns[kept], 4), True)
    kind, kinds = unpack(block.data, _column(columns[kept], 5), False)
    known(np.array_equal(roles, members) and np.array_equal(roles, kinds), "members without roles")
    known(((kind >= 0) & (kind <= 2)).all(), "a member of another kind")
    sound(((role >= 0) & (role < len(block.words.at))).all(), "a role of no word")
    term = block.words.term[role]
    ring = (term < len(ROLES)) & (kind == _WAY_MEMBER)
    offset = np.append(0, np.cumsum(ring))[roles]
    own = coded.take(block.words, kept)
    return Areas(columns[kept, 0], own, member[ring], term[ring] == INNER, offset)


def _column(columns: IntArray, number: int) -> IntArray:
    """Return begin and end of one field of many messages."""
    return np.ascontiguousarray(columns[:, 2 * number : 2 * number + 2])


def _tags(block: Block, columns: IntArray) -> CodedTags:
    """Return the tags of ways or relations."""
    key, offset = unpack(block.data, _column(columns, 1), False)
    value, values = unpack(block.data, _column(columns, 2), False)
    sound(np.array_equal(offset, values), "keys without values")
    return CodedTags(key, value, offset)


@compiled
def _place(lon: IntArray, lat: IntArray, step: int) -> tuple[Int32Array, Int32Array]:
    """Return the coordinates of nodes, if all are on the globe, in 1e-7 degrees."""
    x, y = np.empty(len(lon), np.int32), np.empty(len(lat), np.int32)
    east, north = 1_800_000_000 // step, 900_000_000 // step
    for i in range(len(lon)):
        if not (-east <= lon[i] <= east and -north <= lat[i] <= north):
            raise UndecodedError("a node off the globe")
        x[i], y[i] = lon[i] * step, lat[i] * step
    return x, y


@compiled
def _split(code: IntArray, codes: IntArray, nodes: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Split the tags of nodes into keys and values, and say where those of each node begin.

    Each group of nodes has key, value, key, value, 0 for one after another, or nothing at all.
    """
    key, value = np.empty(len(code) // 2, np.int64), np.empty(len(code) // 2, np.int64)
    offset = np.zeros(nodes[-1] + 1, np.int64)
    count = 0
    for i in range(len(nodes) - 1):
        at, end = codes[i], codes[i + 1]
        untagged = at == end
        for node in range(nodes[i], nodes[i + 1]):
            while at < end and code[at] != 0:
                if at + 1 == end or code[at + 1] == 0:
                    raise ValueError("tags of no node")
                key[count], value[count] = code[at], code[at + 1]
                count += 1
                at += 2
            offset[node + 1] = count
            at += not untagged
        if at != end:
            raise ValueError("tags of no node")
    return key, value, offset
