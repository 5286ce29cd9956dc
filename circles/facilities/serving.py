"""Which communities facilities say they serve: words of a table to rows of another."""

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from circles.communities.names import upper_key
from circles.facilities.columns import SERVES
from circles.tables import cell_text
from circles.tables.folding import folded

_SEPARATORS: Final = re.compile(r"[;；、,，/|\n]")
#: What follows the name of a community proper; the longest first.
_KIND: Final = re.compile(
    "(社区居民委员会|居民委员会|村民委员会|社区居委会|居委会|村委会|社区|村|里)$"
)
_SHORTEST: Final = 2
_SEVERAL: Final = 2
_CANDIDATES: Final = 3
_LIKE: Final = 0.55


@dataclass(frozen=True)
class Unresolved:
    """A word in a list of whom a facility serves that is no community, or several.

    Parameters
    ----------
    facility_id
        The facility.
    word
        The word.
    candidates
        The ids of the communities that it may mean: all that it fits, or else the most alike.
    ambiguous
        Whether it fits several.
    unit
        Whether it is the name of streets in several districts.
    """

    facility_id: str
    word: str
    candidates: tuple[str, ...]
    ambiguous: bool
    unit: bool = False


@dataclass(frozen=True)
class Serving:
    """Which communities facilities serve.

    Parameters
    ----------
    communities
        The ids of the communities by facility id, in the order in which they are named; only of
        facilities that name any.
    unresolved
        The words that could not be told to one.
    """

    communities: Mapping[str, tuple[str, ...]]
    unresolved: tuple[Unresolved, ...] = ()


def community_key(name: str) -> str:
    """Return a community's name without what it is: 三玉里 and 三玉, 猎德社区 and 猎德居委会.

    Examples
    --------
    >>> community_key("獵德社區居委會")
    '猎德'
    """
    plain = folded(name)
    bare = _KIND.sub("", plain)
    return bare if len(bare) >= _SHORTEST else plain


def resolve_serves(
    facilities: pd.DataFrame,
    communities: pd.DataFrame,
    *,
    match: Callable[[str], str] = community_key,
    kind: Callable[[str], object] = lambda _name: None,
) -> Serving:
    """Find the communities that facilities say they serve.

    A word is a community's id, its name, or its name after its street's or district's; or a
    street or district, which means all communities in it. Names are compared as they are written
    (in either kind of characters, any width and spacing) and then by `match`; where two
    communities, or streets of two districts, fit equally well the word is not resolved.

    Parameters
    ----------
    facilities
        Columns `facility_id` and `serves` (words separated by ``;``, ``、``, ``,`` or ``/``).
    communities
        The community table; index the ids, columns `name`, and `street` and `district` if known.
    match
        Gives the form in which two names of one community are equal.
    kind
        Tells a village from an urban community by its name, None where the name does not: two
        names of different kinds are never those of one community, whatever `match` says.
    """
    words = _Words.of(communities, match, kind)
    served: dict[str, dict[str, None]] = {}
    unresolved: dict[tuple[str, str], Unresolved] = {}
    cells = zip(facilities["facility_id"].map(str), facilities[SERVES], strict=True)
    for facility, cell in dict.fromkeys((name, cell_text(cell)) for name, cell in cells):
        for word in _listed(cell or ""):
            found, sure = words.meaning(word)
            if sure:
                served.setdefault(facility, {}).update(dict.fromkeys(found))
            else:
                close = found or words.nearest(word)
                unit = words.is_unit(word, found)
                unresolved[facility, word] = Unresolved(facility, word, close, bool(found), unit)
    mapping = {facility: tuple(ids) for facility, ids in served.items()}
    return Serving(mapping, tuple(unresolved.values()))


def _listed(cell: str) -> list[str]:
    return [word.strip() for word in _SEPARATORS.split(cell) if word.strip()]


@dataclass(frozen=True)
class _Words:
    """What words mean which communities, from the exact to the loose."""

    ids: Mapping[str, tuple[str, ...]]
    names: Mapping[str, tuple[str, ...]]
    units: Mapping[str, tuple[str, ...]]
    districts: Mapping[str, tuple[str, ...]]
    loose: Mapping[str, tuple[str, ...]]
    match: Callable[[str], str]
    kind: Callable[[str], object]
    kinds: Mapping[str, object]

    @classmethod
    def of(
        cls,
        communities: pd.DataFrame,
        match: Callable[[str], str],
        kind: Callable[[str], object],
    ) -> "_Words":
        names: list[tuple[str, str]] = []
        units: list[tuple[str, str]] = []
        districts: list[tuple[str, str]] = []
        loose: list[tuple[str, str]] = []
        columns = [_column(communities, name) for name in ("name", "street", "district")]
        for key, name, street, district in zip(communities.index.map(str), *columns, strict=True):
            before = {"", street, district, district + street}
            names += [(prefix + name, key) for prefix in before if name]
            loose += [(prefix + match(name), key) for prefix in before if name]
            spelt = {street, district, district + street} | {upper_key(street), upper_key(district)}
            units += [(unit, key) for unit in spelt if unit]
            above = {street, district, upper_key(street), upper_key(district)}
            districts += [(unit, district) for unit in above if unit]
        exact = [str(key) for key in communities.index]
        ids = _grouped((folded(key), key) for key in exact) | {key: (key,) for key in exact}
        return cls(
            ids,
            _grouped(names),
            _grouped(units),
            _grouped(districts),
            _grouped(loose),
            match,
            kind,
            {key: kind(name) for key, name in zip(exact, columns[0], strict=True)},
        )

    def meaning(self, word: str) -> tuple[tuple[str, ...], bool]:
        """Return the communities that a word may mean, and whether it means all of them."""
        plain = folded(word)
        for spelt in (word, plain):
            if spelt in self.ids and len(self.ids[spelt]) == 1:
                return self.ids[spelt], True
        if plain in self.names:
            return self.names[plain], len(self.names[plain]) == 1
        unit = self._unit(word)
        if unit is not None:
            return self.units[unit], len(self.districts.get(unit, ())) < _SEVERAL
        found = self.loose.get(self.match(word)) or self.loose.get(plain) or ()
        said = self.kind(word)
        same = tuple(
            key for key in found if said in {None, self.kinds[key]} or self.kinds[key] is None
        )
        return same, len(same) == 1

    def is_unit(self, word: str, found: tuple[str, ...]) -> bool:
        """Whether these communities are what a word means as the name of a street or district."""
        unit = self._unit(word)
        return unit is not None and self.units[unit] == found

    def _unit(self, word: str) -> str | None:
        spelt = (folded(word), upper_key(word))
        return next((unit for unit in spelt if unit in self.units), None)

    def nearest(self, word: str) -> tuple[str, ...]:
        """Return the communities whose names are most like a word."""
        keys = difflib.get_close_matches(folded(word), self.names, n=_CANDIDATES, cutoff=_LIKE)
        return tuple(dict.fromkeys(key for near in keys for key in self.names[near]))[:_CANDIDATES]


def _column(communities: pd.DataFrame, name: str) -> list[str]:
    if name not in communities:
        return [""] * len(communities)
    return [folded(cell_text(value) or "") for value in communities[name]]


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, dict[str, None]] = defaultdict(dict)
    for key, value in pairs:
        groups[key][value] = None
    return {key: tuple(values) for key, values in groups.items()}
