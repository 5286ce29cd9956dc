"""What columns of tables are usually called, and which of a table's columns says what."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

import pandas as pd

from circles.errors import InputError
from circles.tables.columns import listing, matching_key
from circles.tables.folding import folded
from circles.texts import Note

#: Roles whose figures are sums: one that stands for several rows belongs to none of them alone.
AMOUNTS: Final = ("places", "seats", "beds", "area_m2", "capacity", "households", "population")

_OLDEST: Final = 120
_AGES: Final = re.compile(
    r"(?:.*?(?:^|[^\d]))?(\d{1,3})(?:周?岁)?(?:-|~|至|到|_|a)(\d{1,3})(?:周?岁|[^\d].*|$)(?:.*)"
)
_FROM: Final = re.compile(
    r"(?:.*?(?:^|[^\d]))?(\d{1,3})(?:周?岁)?(?:及其?以上|含?以上|\+|plus|up|andover)(?:.*)"
    r"|(?:.*?)(?:≥|>=|over|满)(\d{1,3})(?:周?岁)?(?:以上)?(?:.*)"
)
_BELOW: Final = re.compile(r"(?:.*?(?:^|[^\d]))?(\d{1,2})(?:周?岁)(?:及其?)?以下(?:.*)")
_ONE_SEX: Final = re.compile(r"男|女|(?:^|[^a-z])(?:m|f|male|female|men|women)(?:$|[^a-z])")
_SHARE: Final = re.compile(r"占比|比例|比重|率|%|share|percent|ratio|月|日|号|元|米")


@dataclass(frozen=True)
class Role:
    """What a column can say, and the headers by which it is known.

    Parameters
    ----------
    names
        Folded headers, the most certain first.
    patterns
        What a folded header must match from end to end, where no header is one of the names.
    """

    names: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class Matches:
    """Which of a table's columns says what.

    Parameters
    ----------
    columns
        The column by role; ``population:60+`` and the like for groups by age.
    others
        By role, further columns that could be meant as well.
    """

    columns: Mapping[str, str]
    others: Mapping[str, tuple[str, ...]]

    def notes(self) -> tuple[Note, ...]:
        """Say what was matched, and what could be meant instead."""
        found = [
            Note.of("reading.column", role=role, column=column)
            for role, column in self.columns.items()
        ]
        open_ = [
            Note.of("reading.column_open", role=role, column=self.columns[role], others=others)
            for role, others in self.others.items()
        ]
        return (*found, *open_)


def match_columns(frame: pd.DataFrame, wanted: Iterable[str] | None = None) -> Matches:
    """Find out which column of a table says what, by its header.

    A column is taken for one role only: the first, in the order of `roles`, that knows it. The
    same headers give the same answer in whatever order they stand, except that of two equal ones
    the first is taken.

    Parameters
    ----------
    frame
        The table.
    wanted
        The roles to look for, as `roles` names them; ``population`` stands for its groups by age
        too. All by default.

    Raises
    ------
    InputError
        There is no such role.
    """
    known = roles()
    asked = tuple(known if wanted is None else wanted)
    for role in asked:
        if role not in known:
            message = f"columns: there is no role {role!r}; {listing('roles', role, known)}"
            raise InputError(message)
    free = {str(name): header_key(name) for name in _plain_columns(frame)}
    columns: dict[str, str] = {}
    others: dict[str, tuple[str, ...]] = {}
    if "population" in asked:
        _match_groups(free, columns, others)
    # Exact names first, so that a pattern of one role never takes what is another's by name.
    for by_pattern in (False, True):
        for role in (role for role in known if role in asked and role not in columns):
            candidates = _candidates(free, known[role], by_pattern=by_pattern)
            if candidates:
                columns[role], *rest = candidates
                del free[columns[role]]
                if rest:
                    others[role] = tuple(rest)
    order = {role: place for place, role in enumerate(known)}
    ranked = sorted(columns, key=lambda role: (order[role.partition(":")[0]], role))
    taken = set(columns.values())
    left = {role: tuple(c for c in others.get(role, ()) if c not in taken) for role in ranked}
    return Matches(
        MappingProxyType({role: columns[role] for role in ranked}),
        MappingProxyType({role: columns_ for role, columns_ in left.items() if columns_}),
    )


@cache
def roles() -> Mapping[str, Role]:
    """Return all that a column can say, in the order in which columns are given out."""
    table = tomllib.loads(files("circles.tables").joinpath("vocabulary.toml").read_text("utf-8"))
    return MappingProxyType(
        {
            role: Role(
                tuple(words["names"]),
                tuple(re.compile(pattern) for pattern in words.get("patterns", ())),
            )
            for role, words in table.items()
        }
    )


def names_of(role: str) -> tuple[str, ...]:
    """Return the headers by which a role is known, folded, the most certain first."""
    return roles()[role].names


def header_key(header: object) -> str:
    """Return the form in which headers are compared: folded, without brackets and hyphens."""
    return folded(matching_key(str(header)))


def population_group(header: str) -> str | None:
    """Return the age group that a header counts: ``"60+"``, ``"0-3"``; None if it counts none.

    Examples
    --------
    >>> population_group("65歲以上人口"), population_group("A0A14_CNT"), population_group("女65+")
    ('65+', '0-14', None)
    """
    text = _group_text(header)
    if _ONE_SEX.search(text) or _SHARE.search(text):
        return None
    if match := _AGES.fullmatch(text):
        low, high = int(match[1]), int(match[2])
        return f"{low}-{high}" if low < high <= _OLDEST else None
    if match := _FROM.fullmatch(text):
        age = int(match[1] or match[2])
        return f"{age}+" if 0 < age <= _OLDEST else None
    if match := _BELOW.fullmatch(text):
        return f"0-{int(match[1])}"
    return None


def _group_text(header: str) -> str:
    text = unicodedata.normalize("NFKC", header).casefold()
    plain = folded(re.sub("[—–－〜～]", "-", text))
    # Taiwan's statistics write A0A14_CNT, A65UP_M_CNT: an A before each age, then the sex.
    return re.sub(r"^a(?=\d)", "", re.sub(r"_cnt$", "", plain))


def _plain_columns(frame: pd.DataFrame) -> list[object]:
    return [name for name, kind in frame.dtypes.items() if str(kind) != "geometry"]


def _match_groups(
    free: dict[str, str], columns: dict[str, str], others: dict[str, tuple[str, ...]]
) -> None:
    for column in list(free):
        group = population_group(column)
        if group is None:
            continue
        role = f"population:{group}"
        if role in columns:
            others[role] = (*others.get(role, ()), column)
        else:
            columns[role] = column
        del free[column]


def _candidates(free: Mapping[str, str], role: Role, *, by_pattern: bool) -> Sequence[str]:
    """Return the columns that can have a role, the most certain first."""
    if by_pattern:
        return [
            column
            for pattern in role.patterns
            for column, key in free.items()
            if pattern.fullmatch(key)
        ]
    return [column for name in role.names for column, key in free.items() if key == name]
