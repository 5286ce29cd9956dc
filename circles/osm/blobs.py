"""The blobs an ``.osm.pbf`` file is made of: where they stand, and what they hold.

The format: https://wiki.openstreetmap.org/wiki/PBF_Format; field tags as in `circles.osm.protobuf`.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from circles.osm.protobuf import Bytes, IntArray, read_columns, tags, whole

_MAX_HEADER: Final = 64 * 1024
_MAX_SIZE: Final = 32 * 1024 * 1024
_CUT_OFF: Final = "it ends in the middle of a blob"
_HEADER: Final = tags(10, 18, 24)  # kind, index, size
_BLOB: Final = tags(10, 16, 26)  # as it is, inflated size, deflated


@dataclass(frozen=True)
class Blob:
    """Where one blob stands in a file, in bytes."""

    path: Path
    begin: int
    size: int

    def inflate(self) -> Bytes:
        """Return what the blob holds.

        Raises
        ------
        ValueError
            It is damaged.
        UndecodedError
            It is compressed in another way than zlib's.
        """
        with self.path.open("rb") as file:
            file.seek(self.begin)
            data = np.frombuffer(file.read(self.size), np.uint8)
        begin, end, size, _, deflated, last = _only(data, _BLOB)
        if not last:
            return data[begin:end]
        inflater = zlib.decompressobj()
        try:
            if 0 <= size <= _MAX_SIZE:
                block = inflater.decompress(data[deflated:last].data, size + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        if not inflater.eof or len(block) != size:
            message = "a block is not of the size it says"
            raise ValueError(message)
        return np.frombuffer(block, np.uint8)


def find_blobs(path: Path) -> list[Blob]:
    """Return all blobs of a file; the first is the header.

    Raises
    ------
    ValueError
        The file is cut off, damaged or of another kind.
    UndecodedError
        A blob's header has fields that are not known here.
    """
    blobs: list[Blob] = []
    at, end = 0, path.stat().st_size
    with path.open("rb") as file:
        while at < end:
            length = int.from_bytes(_read(file, 4), "big")
            head = np.frombuffer(_read(file, min(length, _MAX_HEADER)), np.uint8)
            begin, last, _, _, size, _ = _only(head, _HEADER)
            sound = length == len(head) and 0 < size <= _MAX_SIZE
            if not sound or head[begin:last].tobytes() != (b"OSMData" if blobs else b"OSMHeader"):
                message = f"a blob of another kind or size, at byte {at}"
                raise ValueError(message)
            blobs.append(Blob(path, at + 4 + length, size))
            at = file.seek(at + 4 + length + size)
    if at > end or not blobs:
        raise ValueError(_CUT_OFF)
    return blobs


def _only(data: Bytes, known: IntArray) -> list[int]:
    """Return the fields of a message that is all there is of the bytes."""
    columns: list[int] = read_columns(data, whole(data), known)[0].tolist()
    return columns


def _read(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise ValueError(_CUT_OFF)
    return data
