"""Protocol Buffers' wire format, as far as map files use it: fields, and numbers packed in them.

Kernels over bytes; every one checks its bounds and raises ValueError on what is cut off, so that
no file, however damaged, is read past its end; UndecodedError says that the bytes may be sound but
hold what the reader was not made for. A field's tag is its number, shifted by three
bits, with its wire type: 0 for a number, 2 for bytes. The format:
https://protobuf.dev/programming-guides/encoding/.
"""

import numpy as np
import numpy.typing as npt

from circles.compiling import compiled

Bytes = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]


class UndecodedError(Exception):
    """The reader was not made for what it meets: another one may know it."""


def tags(*numbers: int) -> IntArray:
    """Return fields' tags as the kernels take them."""
    return np.array(numbers, np.int64)


def whole(data: Bytes) -> IntArray:
    """Return begin and end of a message that is all there is of the bytes, shape (1, 2)."""
    return np.array([[0, len(data)]], np.int64)


def spans(fields: IntArray, tag: int) -> IntArray:
    """Return begin and end of every field with a tag, shape (such fields, 2)."""
    return np.ascontiguousarray(fields[fields[:, 0] == tag, 1:])


@compiled
def _number(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return the number that begins at `at`, and where it ends."""
    value = np.uint64(0)
    shift = np.uint64(0)
    while at < end and shift < 64:
        byte = np.uint64(data[at])
        value |= (byte & np.uint64(127)) << shift
        shift += np.uint64(7)
        at += 1
        if byte < 128:
            return np.int64(value), at  # type: ignore[return-value]
    raise ValueError("a number is cut off")


@compiled
def _field(data: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return the tag, begin (or number) and end of the field at `at`."""
    tag, at = _number(data, at, end)
    if tag & 7 == 0:
        value, at = _number(data, at, end)
        return tag, value, at
    if tag & 7 != 2:
        raise UndecodedError("a field of a kind that map files do not have")
    size, at = _number(data, at, end)
    if size < 0 or size > end - at:
        raise ValueError("a field is cut off")
    return tag, at, at + size


@compiled
def read_fields(data: Bytes, messages: IntArray, known: IntArray) -> IntArray:
    """Return all fields of some messages, one after another.

    Parameters
    ----------
    data
        A block of bytes.
    messages
        Begin and end of each, shape (messages, 2).
    known
        The tags they may have; any, if there are none.

    Returns
    -------
    array of int64, shape (fields, 3)
        Tag, begin and end of each; for a number, itself in place of its begin.

    Raises
    ------
    ValueError
        A message is damaged.
    UndecodedError
        A message has other tags.
    """
    count = 0
    found = np.zeros((0, 3), np.int64)
    for keeping in range(2):  # first they are counted
        if keeping:
            found = np.zeros((count, 3), np.int64)
        count = 0
        for i in range(len(messages)):
            at, end = messages[i]
            while at < end:
                tag, first, at = _field(data, at, end)
                if len(known) and tag not in known:
                    raise UndecodedError("a field with another tag")
                if keeping:
                    found[count, 0], found[count, 1], found[count, 2] = tag, first, at
                count += 1
    return found


@compiled
def read_columns(data: Bytes, messages: IntArray, known: IntArray) -> IntArray:
    """Return the fields of many messages of a kind, in columns.

    Parameters
    ----------
    data
        A block of bytes.
    messages
        Begin and end of each, shape (messages, 2).
    known
        The tags they may have.

    Returns
    -------
    array of int64, shape (messages, 2 × tags)
        Begin and end of the last field with each tag; for a number, itself in place of its
        begin; zeros where there is none.

    Raises
    ------
    ValueError
        A message is damaged.
    UndecodedError
        A message has other tags.
    """
    found = np.zeros((len(messages), 2 * len(known)), np.int64)
    for i in range(len(messages)):
        at, end = messages[i]
        while at < end:
            tag, first, at = _field(data, at, end)
            column = 0
            while column < len(known) and known[column] != tag:
                column += 1
            if column == len(known):
                raise UndecodedError("a field with another tag")
            found[i, 2 * column], found[i, 2 * column + 1] = first, at
    return found


@compiled
def unpack(data: Bytes, packed: IntArray, delta: bool) -> tuple[IntArray, IntArray]:
    """Return the numbers packed in each of many fields.

    Parameters
    ----------
    data
        A block of bytes.
    packed
        Begin and end of each field, shape (fields, 2).
    delta
        The numbers are signed and say by how much each differs from the one before.

    Returns
    -------
    array of int64, array of int64
        All numbers; and that of field `i` are those at ``offset[i]:offset[i + 1]``.

    Raises
    ------
    ValueError
        A number is cut off.
    """
    offset = np.zeros(len(packed) + 1, np.int64)
    for i in range(len(packed)):
        count = 0
        for at in range(packed[i, 0], packed[i, 1]):
            count += data[at] < 128  # every number ends with such a byte, and only there
        offset[i + 1] = offset[i] + count
    numbers = np.empty(offset[-1], np.int64)
    for i in range(len(packed)):
        at, end = packed[i]
        last = np.int64(0)
        for k in range(offset[i], offset[i + 1]):
            value, at = _number(data, at, end)
            if delta:
                last += np.int64(np.uint64(value) >> np.uint64(1)) ^ -(value & 1)
            numbers[k] = last if delta else value
        if at != end:
            raise ValueError("a number is cut off")
    return numbers, offset
