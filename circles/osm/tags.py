"""Tags: which of them are wanted, and those of many objects in few arrays."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import overload

import numpy as np
import numpy.typing as npt

Tags = dict[str, str]
#: Keys with the values that are wanted; a key without values is wanted with any.
Wanted = Mapping[str, Collection[str]]
_Codes = npt.NDArray[np.int32]
_Index = npt.NDArray[np.int64]


def is_wanted(tags: Iterable[tuple[str, str]], wanted: Wanted) -> bool:
    """Tell whether one of some tags, given as pairs of key and value, is wanted."""
    return any(key in wanted and (not wanted[key] or value in wanted[key]) for key, value in tags)


@dataclass(frozen=True, eq=False)
class TagTable(Sequence[Tags]):
    """A sequence of tag dictionaries that takes eight bytes a tag.

    Object `i` has the tags ``words[key[j]] = words[value[j]]`` for `j` in
    ``offset[i]:offset[i + 1]``; where a key stands twice, its last value counts. A dictionary
    taken from the table is the taker's own.

    Parameters
    ----------
    words
        Every key and value, once.
    key, value
        Indices into `words`, int32, shape (tags of all objects,).
    offset
        int64, shape (objects + 1,).
    """

    words: tuple[str, ...]
    key: _Codes
    value: _Codes
    offset: _Index

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, str]]) -> "TagTable":
        """Make a table of dictionaries."""
        code: dict[str, int] = {}
        flat: list[int] = []
        offset = [0]
        for row in rows:
            flat += [code.setdefault(word, len(code)) for pair in row.items() for word in pair]
            offset.append(len(flat) // 2)
        pairs = np.array(flat, dtype=np.int32).reshape(-1, 2)
        return cls(tuple(code), pairs[:, 0], pairs[:, 1], np.array(offset, dtype=np.int64))

    def __len__(self) -> int:
        """Return the number of objects."""
        return len(self.offset) - 1

    def __iter__(self) -> Iterator[Tags]:
        """Make each object's dictionary in turn."""
        words = self.words
        keys = [words[code] for code in self.key.tolist()]
        values = [words[code] for code in self.value.tolist()]
        for begin, end in pairwise(self.offset.tolist()):
            yield dict(zip(keys[begin:end], values[begin:end], strict=True))

    @overload
    def __getitem__(self, index: int) -> Tags: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Tags, ...]: ...

    def __getitem__(self, index: int | slice) -> Tags | tuple[Tags, ...]:
        """Make one object's dictionary, or those of a slice."""
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        begin, end = self.offset[:-1][index], self.offset[1:][index]
        codes = zip(self.key[begin:end].tolist(), self.value[begin:end].tolist(), strict=True)
        return {self.words[key]: self.words[value] for key, value in codes}

    def distinct(self, keys: Collection[str]) -> tuple[tuple[Tags, ...], _Index]:
        """Return the different tags that objects have under some keys, and who has which.

        What is decided by a few keys is so decided once for all objects that agree in them: a
        city has a hundred thousand ways but only some hundreds of kinds of them.

        Parameters
        ----------
        keys
            The keys to look at; others are left out.

        Returns
        -------
        tuple of dict, array of int64
            The different tags, and for each object the index of its own among them.
        """
        code = {word: i for i, word in enumerate(self.words)}
        owner = np.repeat(np.arange(len(self)), np.diff(self.offset))
        which = np.zeros(len(self), dtype=np.int64)
        for key in (code[key] for key in keys if key in code):
            at = np.flatnonzero(self.key == key)
            at = at[np.diff(owner[at], append=-1) != 0]  # the last, where a key stands twice
            kinds = which[owner[at]] * len(self.words) + self.value[at]
            which[owner[at]] = 1 + which.max(initial=0) + np.unique(kinds, return_inverse=True)[1]
        _, first, which = np.unique(which, return_index=True, return_inverse=True)
        wanted = frozenset(keys)
        own = (self[int(i)].items() for i in first)
        return tuple({key: word for key, word in pairs if key in wanted} for pairs in own), which
