"""Hand-made ``.osm.pbf`` files, field by field, for what no writer would write."""

import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

#: The words of a hand-made block, by their place in it; the empty one ends a node's tags.
WORDS = (
    *("", "highway", "footway", "barrier", "gate", "name", "云城东路", "crossing"),
    *("waterway", "river", "type", "multipolygon", "outer", "inner", "railway", "platform"),
)


def varint(value: int) -> bytes:
    """Write a number, seven bits a byte; a negative one as its complement in 64 bits."""
    value &= 2**64 - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def field(number: int, content: int | bytes) -> bytes:
    """Write a field: a number, or bytes with their length before them."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def packed(values: Iterable[int]) -> bytes:
    """Write numbers one after another."""
    return b"".join(map(varint, values))


def deltas(values: Sequence[int]) -> bytes:
    """Write by how much each number differs from the one before, the sign in the last bit."""
    steps = [b - a for a, b in zip([0, *values], values, strict=False)]
    return packed(step << 1 ^ (-1 if step < 0 else 0) for step in steps)


def dense(
    ids: Sequence[int], lon: Sequence[int], lat: Sequence[int], codes: Sequence[int] = ()
) -> bytes:
    """Write the content of a group of nodes; coordinates in units of the block's granularity."""
    found = field(1, deltas(ids)) + field(8, deltas(lat)) + field(9, deltas(lon))
    return found + (field(10, packed(codes)) if codes else b"")


def way(way_id: int, keys: Sequence[int], values: Sequence[int], refs: Sequence[int]) -> bytes:
    """Write the content of a way; keys and values as places in the block's words."""
    found = field(1, way_id) + field(2, packed(keys)) + field(3, packed(values))
    return found + field(8, deltas(refs))


def relation(
    relation_id: int,
    keys: Sequence[int],
    values: Sequence[int],
    members: Sequence[tuple[int, int, int]],
) -> bytes:
    """Write the content of a relation; members as role (a word), id and kind (0, 1, 2)."""
    found = field(1, relation_id) + field(2, packed(keys)) + field(3, packed(values))
    roles, ids, kinds = zip(*members, strict=True) if members else ((), (), ())
    return found + field(8, packed(roles)) + field(9, deltas(ids)) + field(10, packed(kinds))


def block(*groups: bytes, words: Iterable[str | bytes] = WORDS, more: bytes = b"") -> bytes:
    """Write the content of a block from that of its groups."""
    texts = [word.encode() if isinstance(word, str) else word for word in words]
    table = b"".join(field(1, text) for text in texts)
    return field(1, table) + b"".join(field(2, group) for group in groups) + more


def nodes(content: bytes) -> bytes:
    """Write a group of nodes."""
    return field(2, content)


def ways(*contents: bytes) -> bytes:
    """Write a group of ways."""
    return b"".join(field(3, content) for content in contents)


def relations(*contents: bytes) -> bytes:
    """Write a group of relations."""
    return b"".join(field(4, content) for content in contents)


def blob(kind: bytes, content: bytes, *, compress: bool = False) -> bytes:
    """Write a blob with its header."""
    data = field(1, content)
    if compress:
        data = field(2, len(content)) + field(3, zlib.compress(content))
    head = field(1, kind) + field(3, len(data))
    return len(head).to_bytes(4, "big") + head + data


def write(
    path: Path,
    *blocks: bytes,
    features: Iterable[str] = ("OsmSchema-V0.6", "DenseNodes"),
    compress: bool = False,
) -> Path:
    """Write a file from the content of its blocks."""
    header = b"".join(field(4, feature.encode()) for feature in features)
    blobs = [blob(b"OSMHeader", header, compress=compress)]
    blobs += [blob(b"OSMData", content, compress=compress) for content in blocks]
    path.write_bytes(b"".join(blobs))
    return path
