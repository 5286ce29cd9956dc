"""The blobs an ``.osm.pbf`` file is made of: where they stand, what they hold, and their words.

The format: https://wiki.openstreetmap.org/wiki/PBF_Format; field tags as in `circles.osm.protobuf`.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from circles.osm.protobuf import Bytes, IntArray, UndecodedError, read_fields, span, spans

_MAX_HEADER: Final = 64 * 1024
_MAX_SIZE: Final = 32 * 1024 * 1024
_KIND, _INDEX, _SIZE = 10, 18, 24
_CUT_OFF: Final = "it ends in the middle of a blob"
_RAW, _RAW_SIZE, _ZLIB = 10, 16, 26
_WORD = 10
_MAX_WORD: Final = 1024  # bytes: four for each of the 255 characters OSM allows


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
        fields = read_fields(data, 0, len(data), known=(_RAW, _RAW_SIZE, _ZLIB))
        if not len(spans(fields, _ZLIB)):
            return data[slice(*span(fields, _RAW))]
        size = span(fields, _RAW_SIZE)[0]
        inflater = zlib.decompressobj()
        try:
            if 0 <= size <= _MAX_SIZE:
                block = inflater.decompress(data[slice(*span(fields, _ZLIB))].data, size + 1)
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
            data = np.frombuffer(_read(file, min(length, _MAX_HEADER)), np.uint8)
            head = read_fields(data, 0, len(data), known=(_KIND, _INDEX, _SIZE))
            kind = data[slice(*span(head, _KIND))].tobytes()
            size = span(head, _SIZE)[0]
            sound = length == len(data) and 0 < size <= _MAX_SIZE
            if not sound or kind != (b"OSMData" if blobs else b"OSMHeader"):
                message = f"a blob of another kind or size, at byte {at}"
                raise ValueError(message)
            blobs.append(Blob(path, at + 4 + length, size))
            at = file.seek(at + 4 + length + size)
    if at > end or not blobs:
        raise ValueError(_CUT_OFF)
    return blobs


def read_words(data: Bytes, begin: int, end: int) -> IntArray:
    """Return begin and end of a block's words, in the order by which tags name them.

    Raises
    ------
    ValueError
        The table of words is damaged, or a word has a null character, which ends it elsewhere.
    UndecodedError
        A word is longer than OpenStreetMap has them.
    """
    words = spans(read_fields(data, begin, end, known=(_WORD,)), _WORD)
    null = begin + np.flatnonzero(data[begin:end] == 0)
    end_before = np.append(words[:, 1], 0)[np.searchsorted(words[:, 0], null, "right") - 1]
    if (null < end_before).any():
        message = "a word with a null character"
        raise ValueError(message)
    if (np.diff(words) > _MAX_WORD).any():
        message = "an overlong word"
        raise UndecodedError(message)
    return words


def which_words(data: Bytes, words: IntArray, wanted: Iterable[bytes]) -> npt.NDArray[np.bool_]:
    """Tell which of a block's words are wanted ones."""
    found = np.zeros(len(words), bool)
    for word in wanted:
        at = np.flatnonzero(np.diff(words)[:, 0] == len(word))
        letters = data[words[at, :1] + np.arange(len(word))]
        found[at] |= (letters == np.frombuffer(word, np.uint8)).all(axis=1)
    return found


def _read(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise ValueError(_CUT_OFF)
    return data
