"""Whether the residents that a community table counts can be right."""

import re
from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Final

import numpy as np

from circles.communities import Communities
from circles.crs import FloatArray
from circles.quality import Remark, Severity
from circles.tables.folding import folded
from circles.texts import Note

_GROUP: Final = re.compile(r"(\d+)(?:\+|-(\d+))")
_OLDEST: Final = 1000
#: Communities of so few people are none; numbers with decimals below it count something else.
_FEWEST: Final = 20.0
_EXAMPLES: Final = 5
_REGISTERED: Final = re.compile("户籍|户口|registered")


def plausible_people(communities: Communities) -> tuple[Remark, ...]:
    """Look for numbers of residents that cannot be: shares, parts greater than the whole, none.

    Parameters
    ----------
    communities
        The communities, with all tables joined.

    Returns
    -------
    tuple
        A ``stop`` where a column holds shares or thousands, warnings for all else.
    """
    people = {
        str(group): communities.population[group].to_numpy(dtype=np.float64)
        for group in communities.population
    }
    households = communities.table["households"].to_numpy(dtype=np.float64)
    return (
        *_no_counts(people),
        *_more_than_all(communities, people),
        *_more_households(communities, people, households),
        *_unknown(communities, people),
    )


def registered_only(population: Mapping[str, tuple[str, ...]], source: str) -> tuple[Note, ...]:
    """Say of which columns the residents are, where those are the registered ones only.

    Parameters
    ----------
    population
        The columns of each group.
    source
        What the table is called.
    """
    columns = [c for names in population.values() for c in names if _REGISTERED.search(folded(c))]
    if not columns:
        return ()
    said = tuple(dict.fromkeys(columns))
    return (Note.of("assumptions.registered_people", origin=source, columns=said),)


def _no_counts(people: Mapping[str, FloatArray]) -> Iterator[Remark]:
    for group, numbers in people.items():
        known = numbers[np.isfinite(numbers) & (numbers > 0)]
        broken = np.abs(known - np.round(known)) > 1e-6
        if len(known) and known.max() <= _FEWEST and broken.mean() > 0.5:
            most = f"{known.max():.4g}"
            yield Remark(Severity.STOP, Note.of("inputs.no_people", group=group, most=most))


def _more_than_all(communities: Communities, people: Mapping[str, FloatArray]) -> Iterator[Remark]:
    """Yield the groups that are part of another and yet more than it."""
    for part, whole in permutations(people, 2):
        if not _is_part(part, whole):
            continue
        more = np.flatnonzero(people[part] > people[whole] + 0.5)
        if len(more):
            yield _warning(communities, more, "people_exceed", part=part, whole=whole)


def _is_part(part: str, whole: str) -> bool:
    ages, around = _ages(part), _ages(whole)
    if ages is None or around is None or ages == around:
        return False
    return around[0] <= ages[0] and ages[1] <= around[1]


def _ages(group: str) -> tuple[int, int] | None:
    if group == "all":
        return 0, _OLDEST
    match = _GROUP.fullmatch(group)
    return None if match is None else (int(match[1]), int(match[2] or _OLDEST))


def _more_households(
    communities: Communities, people: Mapping[str, FloatArray], households: FloatArray
) -> Iterator[Remark]:
    if "all" in people:
        more = np.flatnonzero((households > people["all"] + 0.5) & (people["all"] > 0))
        if len(more):
            yield _warning(communities, more, "households_exceed")


def _unknown(communities: Communities, people: Mapping[str, FloatArray]) -> Iterator[Remark]:
    """Yield who of the communities has no number, one remark for groups that lack the same."""
    lacking: dict[tuple[int, ...], list[str]] = {}
    for group, numbers in people.items():
        rows = tuple(np.flatnonzero(np.isnan(numbers)).tolist())
        if rows:
            lacking.setdefault(rows, []).append(group)
    for rows, groups in lacking.items():
        yield _warning(communities, np.array(rows), "people_unknown", groups=tuple(groups))


def _warning(
    communities: Communities, places: np.ndarray, key: str, **values: str | tuple[str, ...]
) -> Remark:
    names = tuple(communities.table["name"].iloc[places[:_EXAMPLES]].map(str))
    told = Note.of(f"warnings.{key}", count=len(places), examples=names, **values)
    return Remark(Severity.WARNING, told)
