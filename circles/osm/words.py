"""Tags as the blocks of a file have them: words in bytes, wanted or not, and numbers for words."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from circles.compiling import compiled
from circles.osm.protobuf import Bytes, IntArray, UndecodedError
from circles.osm.streets import StreetTags
from circles.osm.tags import TagTable, is_wanted

BoolArray = npt.NDArray[np.bool_]
Int32Array = npt.NDArray[np.int32]
Bits = npt.NDArray[np.uint8]

#: For what a tag may be wanted, one bit each.
OF_NODE, OF_WAY, OF_AREA, MULTIPOLYGON = 1, 2, 4, 8
#: The first terms are the roles of rings, and of them the first is that of holes.
ROLES: Final = ("inner", "outer", "")
INNER: Final = 0
_MAX_WORD: Final = 1024  # bytes: four for each of the 255 characters OSM allows


@dataclass(frozen=True)
class Terms:
    """The words that decide what is wanted, in a form that kernels take.

    Parameters
    ----------
    letters, ends
        Term `i` is ``letters[ends[i]:ends[i + 1]]``.
    use
        For what a tag is wanted whose key and value are two terms, shape (terms + 1, terms + 1);
        the last row and column are for words that are no terms.
    """

    letters: Bytes
    ends: IntArray
    use: Bits

    @classmethod
    def of(cls, wanted: StreetTags) -> "Terms":
        """Put the tags by which streets are known into this form."""
        rules = {
            OF_NODE: wanted.nodes,
            OF_WAY: wanted.ways,
            OF_AREA: wanted.areas,
            MULTIPOLYGON: {"type": {"multipolygon"}},
        }
        words = dict.fromkeys(ROLES)
        for rule in rules.values():
            words |= dict.fromkeys([*rule, *(word for values in rule.values() for word in values)])
        cells = [*words, "\0"]  # the last as no word is
        use = [
            [sum(bit for bit in rules if is_wanted([(key, value)], rules[bit])) for value in cells]
            for key in cells
        ]
        raw = [word.encode() for word in words]
        ends = np.cumsum([0, *map(len, raw)])
        return cls(np.frombuffer(b"".join(raw), np.uint8), ends, np.array(use, np.uint8))


@dataclass(frozen=True)
class Words:
    """The words of a block.

    Parameters
    ----------
    data, at
        Word `i` is ``data[at[i, 0]:at[i, 1]]``.
    term
        Which of the terms each word is, or how many terms there are for none of them.
    use
        As in `Terms`.
    """

    data: Bytes
    at: IntArray
    term: IntArray
    use: Bits

    @classmethod
    def of(cls, data: Bytes, at: IntArray, terms: Terms) -> "Words":
        """Look for terms among words.

        Raises
        ------
        ValueError
            A word has a null character, which ends it elsewhere.
        UndecodedError
            A word is longer than OpenStreetMap has them.
        """
        return cls(data, at, _find(data, at, terms.letters, terms.ends), terms.use)


@dataclass(frozen=True)
class CodedTags:
    """Tags of objects; object `i` has those at ``offset[i]:offset[i + 1]``.

    Parameters
    ----------
    key, value
        Words of a block, int64, shape (tags of all objects,).
    offset
        int64, shape (objects + 1,).
    """

    key: IntArray
    value: IntArray
    offset: IntArray

    def uses(self, words: Words) -> Bits:
        """Return for what each object's tags are wanted, as bits.

        Raises
        ------
        ValueError
            A tag is of words that the block does not have.
        """
        found: Bits = _uses(self.key, self.value, self.offset, words.term, words.use)
        return found

    def take(self, words: Words, kept: BoolArray) -> "RawTags":
        """Return the tags of some objects, and the words they are made of."""
        return RawTags(*_take(words.data, words.at, self.key, self.value, self.offset, kept))


@dataclass(frozen=True)
class RawTags:
    """Tags of objects, apart from their block; object `i` has ``offset[i]:offset[i + 1]``.

    Parameters
    ----------
    letters, ends
        Word `i` is ``letters[ends[i]:ends[i + 1]]``; one word may come many times.
    codes
        The words of keys and of values, int32, shape (2, tags of all objects).
    offset
        int64, shape (objects + 1,).
    """

    letters: Bytes
    ends: IntArray
    codes: Int32Array
    offset: IntArray

    @classmethod
    def joined(cls, parts: Sequence["RawTags"]) -> "RawTags":
        """Put tags below one another."""
        before = np.cumsum([0, *(len(part.ends) - 1 for part in parts)], dtype=np.int32)
        return cls(
            np.concatenate([part.letters for part in parts]),
            join_offsets([part.ends for part in parts]),
            np.concatenate(
                [part.codes + n for part, n in zip(parts, before[:-1], strict=True)], axis=1
            ),
            join_offsets([part.offset for part in parts]),
        )

    def table(self) -> TagTable:
        """Return them with every word once, as text.

        Raises
        ------
        ValueError
            A word is not UTF-8.
        """
        number: dict[bytes, int] = {}
        raw = self.letters.tobytes()
        words = (raw[begin:end] for begin, end in pairwise(self.ends.tolist()))
        own = np.array([number.setdefault(word, len(number)) for word in words], np.int32)
        key, value = own[self.codes]
        return TagTable(tuple(word.decode() for word in number), key, value, self.offset)


def join_offsets(parts: Sequence[IntArray]) -> IntArray:
    """Return where rows begin when ragged arrays are put below one another."""
    return np.cumsum(np.concatenate([np.zeros(1, np.int64), *map(np.diff, parts)]))


@compiled
def _find(data: Bytes, words: IntArray, letters: Bytes, ends: IntArray) -> IntArray:
    """Return which term each word is, or how many terms there are for none."""
    found = np.full(len(words), len(ends) - 1)
    for i in range(len(words)):
        begin, end = words[i]
        if end - begin > _MAX_WORD:
            raise UndecodedError("an overlong word")
        for at in range(begin, end):
            if data[at] == 0:
                raise ValueError("a word with a null character")
        for k in range(len(ends) - 1):
            if ends[k + 1] - ends[k] == end - begin:
                same = 0
                while same < end - begin and data[begin + same] == letters[ends[k] + same]:
                    same += 1
                if same == end - begin:
                    found[i] = k
    return found


@compiled
def _uses(key: IntArray, value: IntArray, offset: IntArray, term: IntArray, use: Bits) -> Bits:
    """Return for what each object's tags are wanted."""
    found = np.zeros(len(offset) - 1, np.uint8)
    for i in range(len(found)):
        for j in range(offset[i], offset[i + 1]):
            if not (0 <= key[j] < len(term) and 0 <= value[j] < len(term)):
                raise ValueError("a tag of no word")
            found[i] |= use[term[key[j]], term[value[j]]]
    return found


@compiled
def _take(
    data: Bytes,
    words: IntArray,
    key: IntArray,
    value: IntArray,
    offset: IntArray,
    kept: BoolArray,
) -> tuple[Bytes, IntArray, Int32Array, IntArray]:
    """Copy the tags of some objects and their words, as `RawTags` has them."""
    own = np.full(len(words), -1, np.int32)
    codes = np.empty((2, len(key)), np.int32)
    ends = np.zeros(len(words) + 1, np.int64)
    taken = np.zeros(len(kept) + 1, np.int64)
    row = at = used = 0
    for i in range(len(kept)):
        if not kept[i]:
            continue
        for j in range(offset[i], offset[i + 1]):
            for side in range(2):
                word = value[j] if side else key[j]
                if own[word] < 0:
                    own[word] = used
                    used += 1
                    ends[used] = ends[used - 1] + words[word, 1] - words[word, 0]
                codes[side, at] = own[word]
            at += 1
        row += 1
        taken[row] = at
    letters = np.empty(ends[used], np.uint8)
    for i in range(len(words)):
        if own[i] >= 0:
            for k in range(words[i, 1] - words[i, 0]):
                letters[ends[own[i]] + k] = data[words[i, 0] + k]
    return letters, ends[: used + 1], codes[:, :at], taken[: row + 1]
