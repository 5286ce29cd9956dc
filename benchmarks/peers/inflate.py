"""The least that reading an ``.osm.pbf`` file takes: inflating its blocks, nothing else."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks.worker import serve


class Inflate:
    """One reading."""

    def read(self, extract: str) -> dict[str, int]:
        """Inflate all blocks; return their number and size."""
        sizes = [len(zlib.decompress(block)) for block in _zlib_blocks(Path(extract).read_bytes())]
        return {"blocks": len(sizes), "bytes": sum(sizes)}


def _zlib_blocks(data: bytes) -> Iterator[bytes]:
    """Yield the compressed part of every block of a file (OSM PBF: BlobHeader, then Blob)."""
    at = 0
    while at < len(data):
        (header_size,) = struct.unpack_from(">I", data, at)
        at += 4
        size = next(int(v) for field, v in _fields(data, at, at + header_size) if field == 3)
        at += header_size
        yield from (bytes(v) for field, v in _fields(data, at, at + size) if field == 3)
        at += size


def _fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int | memoryview]]:
    """Yield a protobuf message's fields: number, and value (an integer, or bytes)."""
    view = memoryview(data)
    while at < end:
        key, at = _varint(data, at)
        value, at = _varint(data, at)
        if key & 7 == 0:
            yield key >> 3, value
        elif key & 7 == 2:
            yield key >> 3, view[at : at + value]
            at += value
        else:
            message = f"a field of wire type {key & 7} has no place in a block's frame"
            raise ValueError(message)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


if __name__ == "__main__":
    serve(Inflate())
