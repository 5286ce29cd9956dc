"""Which community of one table is which of another: by code, by id, by name, in stages."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from circles.communities.names import NameForms, forms_of, prefixes_of, spelling, upper_keys

_CANDIDATES: Final = 3
#: Names that share less than this of their characters and pairs of characters are not alike.
_MIN_LIKENESS: Final = 0.35
#: How many rows are compared with all others at a time: 256 × 3,000 × 8 bytes are 6 MB.
_BLOCK: Final = 256

_WHOLE: Final = re.compile(r"0*([1-9]\d*)(?:\.0+)?")

Key = Hashable | None


class Stage(StrEnum):
    """How two rows were found to be one community, from exact to loose."""

    CODE = "code"
    ID = "id"
    DIGITS = "digits"
    WRITTEN = "written"
    SPELLED = "spelled"
    KIND = "kind"
    STEM = "stem"
    BARE = "bare"


_BY_NUMBER: Final = frozenset({Stage.CODE, Stage.ID, Stage.DIGITS})
#: Stages whose joins a reader should look at.
LOOSE: Final = frozenset({Stage.DIGITS, Stage.STEM, Stage.BARE})


@dataclass(frozen=True)
class Units:
    """Communities as a table names them: one place in each of the tuples a row.

    Parameters
    ----------
    names
        Their names.
    codes, ids
        Twelve-digit codes, and ids of the project's own.
    streets, districts
        Names of the units above.
    """

    names: tuple[str | None, ...]
    codes: tuple[str | None, ...]
    ids: tuple[str | None, ...]
    streets: tuple[str | None, ...]
    districts: tuple[str | None, ...]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.names)


@dataclass(frozen=True)
class Matches:
    """Which row of the right side is which of the left.

    Parameters
    ----------
    left_of
        For each row of the right side its row on the left, or -1.
    stages
        How it was found; None where it was not.
    nearest_left
        For each right row that found none, the left rows with the most similar names.
    nearest_right
        The same for left rows; both hold empty tuples for those that were joined.
    """

    left_of: npt.NDArray[np.int64]
    stages: tuple[Stage | None, ...]
    nearest_left: tuple[tuple[int, ...], ...]
    nearest_right: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class _Side:
    """One side with the forms of its names and the keys of its units above."""

    units: Units
    forms: tuple[NameForms | None, ...]
    streets: tuple[str | None, ...]
    districts: tuple[str | None, ...]


def match_units(left: Units, right: Units) -> Matches:
    """Find which rows of two tables are the same community.

    Rows are joined in stages: by code, by id, by id without
    leading zeros, and by name as written, as spelled, by stem and
    kind of committee, by stem alone where one side does not say the kind, and without a last 里
    where neither does. In each stage a key
    must be that of one row only on either side, among all rows, those joined before included;
    first within street and district, then within either, then anywhere. Rows whose streets or
    districts are known and differ are never joined by name, nor are a community and a village of
    one stem. No row is joined twice, and the order of the rows does not matter.
    """
    sides = _sides(left, right)
    joined: dict[int, tuple[int, Stage]] = {}
    for stage, key_of in _KEYS.items():
        by_name = stage not in _BY_NUMBER
        for scope in _SCOPES if by_name else _SCOPES[-1:]:
            keys = [
                [_scoped(side, i, key_of, scope) for i in range(len(side.units))] for side in sides
            ]
            taken = {row for row, _ in joined.values()}
            for i, j in _single_pairs(*keys):
                fits = not by_name or _agree(sides, i, j, stage)
                if fits and i not in taken and j not in joined:
                    joined[j] = (i, stage)
    return _with_nearest(sides, joined)


def _sides(left: Units, right: Units) -> tuple[_Side, _Side]:
    streets = upper_keys((*left.streets, *right.streets))
    districts = upper_keys((*left.districts, *right.districts))
    uppers = [*streets, *districts]
    known = (set(streets.values()), set(districts.values()))
    made = []
    for units in (left, right):
        own = [name for name in units.names if name]
        prefixes = prefixes_of(uppers, own)
        forms = tuple(None if not name else forms_of(name, prefixes) for name in units.names)
        made.append(
            _Side(
                units,
                forms,
                _above(units.streets, streets, forms, known[0]),
                _above(units.districts, districts, forms, known[1]),
            )
        )
    return made[0], made[1]


def _above(
    names: Sequence[str | None],
    keys: dict[str, str],
    forms: Sequence[NameForms | None],
    known: set[str],
) -> tuple[str | None, ...]:
    """Return the keys of rows' streets or districts: a column's, or what a name begins with."""
    found = []
    for name, form in zip(names, forms, strict=True):
        said = [key for key in (form.above if form else ()) if key in known]
        found.append(keys[name] if name else said[-1] if said else None)
    return tuple(found)


def _by_name(key: Callable[[NameForms], Key]) -> Callable[[_Side, int], Key]:
    def of(side: _Side, row: int) -> Key:
        form = side.forms[row]
        return None if form is None else key(form)

    return of


def _written(side: _Side, row: int) -> Key:
    return side.units.names[row] or None


def _digits(text: str | None) -> str | None:
    """Return a number without the zeros before and behind it that spreadsheets lose and add."""
    found = _WHOLE.fullmatch(text or "")
    return None if found is None else found.group(1)


#: What two rows must have in common in each stage.
_KEYS: Final[dict[Stage, Callable[[_Side, int], Key]]] = {
    Stage.CODE: lambda side, row: side.units.codes[row],
    Stage.ID: lambda side, row: side.units.ids[row],
    Stage.DIGITS: lambda side, row: _digits(side.units.ids[row]),
    Stage.WRITTEN: _written,
    Stage.SPELLED: _by_name(lambda form: form.spelled or None),
    Stage.KIND: _by_name(lambda form: (form.stem, form.kind) if form.stem else None),
    Stage.STEM: _by_name(lambda form: form.stem or None),
    Stage.BARE: _by_name(lambda form: None if form.kind else form.stem.removesuffix("里") or None),
}
#: Within street and district, one of them, or anywhere.
_SCOPES: Final = ((True, True), (True, False), (False, True), (False, False))


def _scoped(
    side: _Side, row: int, key_of: Callable[[_Side, int], Key], scope: tuple[bool, bool]
) -> Key:
    key = key_of(side, row)
    above = (side.streets[row] if scope[0] else "", side.districts[row] if scope[1] else "")
    return None if key is None or None in above else (key, *above)


def _single_pairs(left: Sequence[Key], right: Sequence[Key]) -> list[tuple[int, int]]:
    """Return the pairs of rows whose key is that of one row only on either side."""
    counts = (Counter(left), Counter(right))
    row_of = {key: row for row, key in enumerate(left) if key is not None and counts[0][key] == 1}
    return [
        (row_of[key], row)
        for row, key in enumerate(right)
        if key is not None and counts[1][key] == 1 and key in row_of
    ]


def _agree(sides: tuple[_Side, _Side], i: int, j: int, stage: Stage) -> bool:
    left, right = sides
    above = ((left.streets[i], right.streets[j]), (left.districts[i], right.districts[j]))
    forms = (left.forms[i], right.forms[j])
    kinds = {form.kind for form in forms if form is not None} - {None}
    return all(None in pair or pair[0] == pair[1] for pair in above) and (
        stage is not Stage.STEM or len(kinds) < 2
    )


def _with_nearest(sides: tuple[_Side, _Side], joined: dict[int, tuple[int, Stage]]) -> Matches:
    left, right = sides
    left_of = np.full(len(right.units), -1, dtype=np.int64)
    for row, (other, _) in joined.items():
        left_of[row] = other
    taken = np.zeros(len(left.units), dtype=bool)
    taken[left_of[left_of >= 0]] = True
    stages = tuple(joined[j][1] if j in joined else None for j in range(len(right.units)))
    return Matches(
        left_of=left_of,
        stages=stages,
        nearest_left=nearest(_words(right), left_of < 0, _words(left), taken),
        nearest_right=nearest(_words(left), ~taken, _words(right), left_of >= 0),
    )


def _words(side: _Side) -> list[str]:
    """Return what is compared where names did not join: stems, and the streets they stand in."""
    return ["" if form is None else form.stem or spelling(form.spelled) for form in side.forms]


def nearest(
    names: Sequence[str],
    asked: npt.NDArray[np.bool_],
    others: Sequence[str],
    taken: npt.NDArray[np.bool_],
) -> tuple[tuple[int, ...], ...]:
    """Return the rows with the most similar names, for each name that asks.

    Likeness is Dice's: twice the number of characters and pairs of neighbouring characters that
    two names share, over the number that they have.

    Parameters
    ----------
    names, asked
        Names, and which of them ask; the others get an empty tuple.
    others, taken
        The names they are compared with, and which of them are joined already: those come after
        free ones that are as similar.
    """
    rows = np.flatnonzero(asked)
    found: list[tuple[int, ...]] = [()] * len(names)
    if len(rows) and len(others):
        ours, theirs = _grams([names[int(row)] for row in rows], others)
        sizes = np.asarray(theirs.sum(axis=1)).ravel()
        for start in range(0, len(rows), _BLOCK):
            block = ours[start : start + _BLOCK]
            common = np.asarray((block @ theirs.T).todense())
            total = np.asarray(block.sum(axis=1)).ravel()[:, None] + sizes[None, :]
            alike = 2 * common / np.maximum(total, 1) - 0.1 * taken[None, :]
            best = np.argsort(-alike, axis=1, kind="stable")[:, :_CANDIDATES]
            for place, row in enumerate(rows[start : start + _BLOCK]):
                fit = [int(i) for i in best[place] if alike[place, i] >= _MIN_LIKENESS]
                found[row] = tuple(fit)
    return tuple(found)


def _grams(names: Sequence[str], others: Sequence[str]):  # type: ignore[no-untyped-def]
    from scipy.sparse import csr_array

    place: dict[str, int] = {}
    parts = []
    for words in (names, others):
        cells = [
            (row, place.setdefault(gram, len(place)))
            for row, word in enumerate(words)
            for gram in {*word, *(word[i : i + 2] for i in range(len(word) - 1))}
        ]
        parts.append((len(words), cells))
    width = max(len(place), 1)
    return [
        csr_array(
            (np.ones(len(cells)), tuple(np.array(cells, dtype=np.int64).reshape(-1, 2).T)),
            shape=(count, width),
        )
        for count, cells in parts
    ]
