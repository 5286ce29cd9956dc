"""Age bands in the headers of a table, and the groups of residents that they add up to."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from circles.errors import FaultsError
from circles.tables import amounts_of, rows_in_words
from circles.tables.columns import not_amounts
from circles.tables.folding import folded
from circles.texts import Note

_AGE: Final = r"(?<!\d)(\d{1,3})(?:周?岁)?"
_RANGE: Final = re.compile(_AGE + r"(?:-|~|–|—|−|至|到|_|to|a)(\d{1,3})(?!\d)(?:周?岁)?")
_FROM: Final = re.compile(
    _AGE + r"(?:及其?|含|\(含\))?(?:以上|\+|up|plus|and(?:over|older|above)|or(?:over|older))"
    r"|(?:≥|>=|满)(\d{1,3})(?!\d)(?:周?岁)?"
)
_ABOVE: Final = re.compile(r"(?:>|大于|超过)(\d{1,3})(?!\d)(?:周?岁)?")
_TO: Final = re.compile(
    _AGE + r"(?:及其?|含|\(含\))?(?:以下|以内)|(?:≤|<=)(\d{1,3})(?!\d)(?:周?岁)?"
)
_BELOW: Final = re.compile(r"(?:<|不满|未满|小于|under)(\d{1,3})(?!\d)(?:周?岁)?")
_SINGLE: Final = re.compile(r"(?<!\d)(\d{1,3})周?岁|(?:age|aged|年龄)_?(\d{1,3})(?!\d)|^(\d{1,3})$")
_FEMALE: Final = re.compile(r"女性?|female|(?<![a-z])f(?![a-z])")
_MALE: Final = re.compile(r"男性?|male|(?<![a-z])m(?![a-z])")
_SHARE: Final = re.compile(r"占比|比例|比重|率|%|percent|pct|share|ratio|密度|density")
#: Words that say nothing that would tell one count of residents from another.
_PLAIN: Final = re.compile(
    r"其中|老年人|老人|老年|儿童|婴幼儿|居民|人口|人数|人|数|年龄段|年龄|周?岁|合计|小计|总计|计|总|段|口"
    r"|(?<![a-z])(?:a|p|y|n|age|aged|ages|years|year|yrs|yr|old|pop|population|people|persons"
    r"|residents|count|cnt|total|both|group)(?![a-z])"
    r"|[\W_]+"
)
#: What may remain: whose residents, of which year. Other words (独居, 失能) mean a part of them.
_MEASURE: Final = re.compile(r"((19|20)\d\d年?末?)?(户籍|常住|实有|登记)?")
_GROUP: Final = re.compile(r"(\d{1,3})(?:\+|-(\d{1,3}))")
#: From here on nobody is counted apart.
_OLDEST: Final = 1000


@dataclass(frozen=True)
class Band:
    """An age band in the header of a column.

    Parameters
    ----------
    low, high
        The youngest and the oldest age in whole years, both in the band; `high` is None where it
        is open.
    sex
        ``"m"`` or ``"f"``; None for both.
    measure
        What else the header says: whose residents, of which year.
    """

    low: int
    high: int | None
    sex: str | None = None
    measure: str = ""


@dataclass(frozen=True)
class Groups:
    """Groups of residents that were added up from age bands.

    Parameters
    ----------
    sums
        Same index as the table, one column a group that could be made; NaN where a band is empty.
    columns
        The columns that each group is the sum of.
    notes
        What each group was made of, and why others could not be made.
    """

    sums: pd.DataFrame
    columns: Mapping[str, tuple[str, ...]]
    notes: tuple[Note, ...]


def band_of(header: str) -> Band | None:
    """Return the age band that a header names; None if it names none, or a share.

    Examples
    --------
    >>> band_of("60-64岁(女)")
    Band(low=60, high=64, sex='f', measure='')
    >>> band_of("A65UP_M_CNT")
    Band(low=65, high=None, sex='m', measure='')
    >>> band_of("３岁及以下户籍人口")
    Band(low=0, high=3, sex=None, measure='户籍')
    """
    text = folded(header)
    if _SHARE.search(text):
        return None
    for pattern, ages in _AGES.items():
        found = pattern.search(text)
        if found is None:
            continue
        numbers = [int(number) for number in found.groups() if number is not None]
        low, high = ages(numbers)
        if high is not None and high < low:
            return None
        rest = f"{text[: found.start()]}_{text[found.end() :]}"
        sex = "f" if _FEMALE.search(rest) else "m" if _MALE.search(rest) else None
        measure = _PLAIN.sub("", _MALE.sub("_", _FEMALE.sub("_", rest)))
        return Band(low, high, sex, measure)
    return None


#: What the numbers in a header mean. 以上 and 以下 include their number, as in Chinese law.
_AGES: Final[dict[re.Pattern[str], Callable[[list[int]], tuple[int, int | None]]]] = {
    _RANGE: lambda ages: (ages[0], ages[1]),
    _BELOW: lambda ages: (0, ages[0] - 1),
    _FROM: lambda ages: (ages[0], None),
    _ABOVE: lambda ages: (ages[0] + 1, None),
    _TO: lambda ages: (0, ages[0]),
    _SINGLE: lambda ages: (ages[0], ages[0]),
}


def groups_from_bands(
    frame: pd.DataFrame, wanted: Sequence[str], *, where: str, columns: Sequence[str] | None = None
) -> Groups:
    """Add up groups of residents from the columns of age bands.

    A group is made only where bands fit together to its ages exactly; those of men and women are
    added where no column counts both. Columns of parts of the residents (独居, 失能 …) and of
    shares are passed over.

    Parameters
    ----------
    frame
        A table, one row a community.
    wanted
        Groups such as ``60+``, ``0-3`` (both ages included) and ``all``.
    where
        What to call the table in messages.
    columns
        The columns to look at; all of them if None. Those that are named count whatever else
        their headers say.

    Raises
    ------
    FaultsError
        A cell of a band that is needed is not a number of 0 or more.
    """
    bands = {
        str(header): band
        for header in (frame.columns if columns is None else columns)
        if (band := band_of(str(header))) is not None
        and (columns is not None or _MEASURE.fullmatch(band.measure))
    }
    bands = _without_bare_numbers(bands)
    made: dict[str, tuple[str, ...]] = {}
    notes: list[Note] = []
    for group in wanted:
        parts, note = _parts(group, bands)
        notes.append(note)
        if parts:
            made[group] = parts
    numbers = _numbers(frame, sorted({name for parts in made.values() for name in parts}), where)
    sums = {group: _sum(numbers, parts) for group, parts in made.items()}
    notes += _differing_sexes(frame, bands, made)
    return Groups(pd.DataFrame(sums, index=frame.index), made, tuple(notes))


def _without_bare_numbers(bands: dict[str, Band]) -> dict[str, Band]:
    """Leave out headers that are mere numbers, unless they count the years one by one."""
    bare = [header for header in bands if header.strip().isdigit()]
    years = {bands[header].low for header in bare}
    if len(years) >= 10 and years == set(range(min(years), max(years) + 1)):
        return bands
    return {header: band for header, band in bands.items() if header not in bare}


def _parts(group: str, bands: Mapping[str, Band]) -> tuple[tuple[str, ...], Note]:
    """Return the columns that a group is the sum of, and what to say of it."""
    ages = (0, None) if group == "all" else _ages(group)
    if ages is None:
        return (), Note.of("communities.group_no_ages", group=group)
    found: dict[str, tuple[str, ...]] = {}
    for measure in sorted({band.measure for band in bands.values()}):
        of_measure = {h: b for h, b in bands.items() if b.measure == measure}
        pieces = _by_ages(of_measure)
        tiling = _tiling(pieces, *ages)
        if tiling:
            found[measure] = tuple(header for piece in tiling for header in pieces[piece])
    if len(found) > 1:
        examples = tuple(parts[0] for parts in found.values())
        return (), Note.of("communities.group_ambiguous", group=group, columns=examples)
    if not found:
        return (), _not_derivable(group, ages, bands)
    (parts,) = found.values()
    return parts, Note.of("communities.group_made", group=group, columns=parts)


def _ages(group: str) -> tuple[int, int | None] | None:
    found = _GROUP.fullmatch(group)
    if found is None:
        return None
    return int(found.group(1)), None if found.group(2) is None else int(found.group(2))


def _by_ages(bands: Mapping[str, Band]) -> dict[tuple[int, int | None], tuple[str, ...]]:
    """Return the columns of each band: the one of both sexes, or those of men and of women.

    A band that two columns of one sex name is left out: nobody knows which is meant.
    """
    columns: dict[tuple[int, int | None], dict[str | None, list[str]]] = {}
    for header, band in bands.items():
        columns.setdefault((band.low, band.high), {}).setdefault(band.sex, []).append(header)
    pieces: dict[tuple[int, int | None], tuple[str, ...]] = {}
    for ages, by_sex in columns.items():
        whole = by_sex.get(None, [])
        halves = [*by_sex.get("m", []), *by_sex.get("f", [])]
        if len(whole) == 1:
            pieces[ages] = (whole[0],)
        elif not whole and len(by_sex) == 2 and len(halves) == 2:
            pieces[ages] = (halves[0], halves[1])
    return pieces


def _tiling(
    pieces: Iterable[tuple[int, int | None]], low: int, high: int | None
) -> tuple[tuple[int, int | None], ...] | None:
    """Return the fewest bands that together are exactly the ages from `low` to `high`."""
    end = _OLDEST if high is None else high + 1
    starting: dict[int, list[tuple[int, int | None]]] = {}
    for piece in pieces:
        starting.setdefault(piece[0], []).append(piece)
    rest: dict[int, tuple[tuple[int, int | None], ...]] = {end: ()}
    for age in sorted((start for start in starting if low <= start < end), reverse=True):
        after = {piece: _after(piece) for piece in starting[age]}
        ways = [
            (piece, *rest[age_after]) for piece, age_after in after.items() if age_after in rest
        ]
        if ways:
            rest[age] = min(ways, key=lambda way: (len(way), _after(way[0])))
    return rest.get(low)


def _after(piece: tuple[int, int | None]) -> int:
    return _OLDEST if piece[1] is None else piece[1] + 1


def _not_derivable(group: str, ages: tuple[int, int | None], bands: Mapping[str, Band]) -> Note:
    """Say which band an end of the group's ages falls into, if one does."""
    low, high = ages
    cut = [
        header
        for header, band in bands.items()
        if _inside(band, low - 1, low) or (high is not None and _inside(band, high, high + 1))
    ]
    if cut:
        return Note.of("communities.group_cut", group=group, columns=tuple(cut[:3]))
    return Note.of("communities.group_no_bands", group=group)


def _inside(band: Band, before: int, after: int) -> bool:
    return band.low <= before and (band.high is None or band.high >= after)


def _numbers(
    frame: pd.DataFrame, columns: Sequence[str], where: str
) -> dict[str, "pd.Series[float]"]:
    faults, numbers = [], {}
    for column in columns:
        values, wrong = amounts_of(frame[column])
        if wrong:
            faults.append(not_amounts(frame[column], wrong))
        numbers[column] = pd.Series(values, index=frame.index)
    if faults:
        raise FaultsError(where, faults)
    return numbers


def _sum(numbers: Mapping[str, "pd.Series[float]"], parts: Sequence[str]) -> "pd.Series[float]":
    total = numbers[parts[0]]
    for part in parts[1:]:
        total = total + numbers[part]
    return total


def _differing_sexes(
    frame: pd.DataFrame, bands: Mapping[str, Band], made: Mapping[str, Sequence[str]]
) -> list[Note]:
    """Note rows in which men and women do not add up to the column of both that was used."""
    used = {column for parts in made.values() for column in parts}
    notes = []
    for header in sorted(used):
        band = bands[header]
        halves = [
            other
            for other, own in bands.items()
            if own.sex and (own.low, own.high, own.measure) == (band.low, band.high, band.measure)
        ]
        if band.sex is not None or len(halves) != 2:
            continue
        both, *each = (amounts_of(frame[column])[0] for column in (header, *halves))
        rows = frame.index[np.abs(both - sum(each)) > 0.5].tolist()
        if rows:
            notes.append(
                Note.of(
                    "communities.sexes_differ",
                    column=header,
                    count=len(rows),
                    rows=rows_in_words(rows).removeprefix("rows ").removeprefix("row "),
                )
            )
    return notes
