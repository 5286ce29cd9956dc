"""How much facilities hold, as their tables say it: read where there is no doubt, else unknown."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from circles.crs import FloatArray
from circles.facilities.catalogue import load_catalogue
from circles.facilities.columns import (
    AMOUNT_COLUMNS,
    MEANINGS,
    SERVES_COLUMNS,
    UNSAID_COLUMNS,
    usual_column,
)
from circles.tables import Fate, RowEvent, cell_text, find_column
from circles.tables.folding import folded
from circles.texts import Bilingual, Note

#: More than any facility has: a number above is a slip, or counts something else.
_MOST: Final[Mapping[str, float]] = {"area_m2": 10_000_000.0}
_MOST_COUNTED: Final = 50_000.0
_PLAIN: Final = re.compile(r"\d+(\.\d+)?")
_NUMBER: Final = r"([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?)"
_CELL: Final = re.compile(_NUMBER + r"(.*)")
_COUNTED: Final = re.compile(
    "(张|个|位|座|席|床|名|人|间|份)?(床位|座位|餐位|托位|席位|床|座|位|places|seats|beds)?"
)
_NOTHING: Final = frozenset({"-", "--", "—", "——", "/", "n/a", "na", "不详", "未知", "暂无数据"})
#: Units of area as folded text has them, and how many square metres each is; None where a square
#: metre is no whole part of it, so that a conversion would make up digits.
_AREAS: Final[Mapping[str, float | None]] = {
    **dict.fromkeys(("m2", "m²", "㎡", "平方米", "平米", "平方公尺", "平", "sqm"), 1.0),
    **dict.fromkeys(("公顷", "ha", "hm2"), 10_000.0),
    **dict.fromkeys(("km2", "km²", "平方公里", "平方千米"), 1_000_000.0),
    **dict.fromkeys(("亩", "市亩", "坪", "公亩", "sqft", "平方英尺", "ft2"), None),
}
_MULTIPLES: Final[Mapping[str, float]] = {"十": 10.0, "百": 100.0, "千": 1000.0, "万": 10_000.0}
_BRACKETS: Final = re.compile(r"\((.*?)\)")
#: What a number is made up of adds nothing to it: 30张(其中护理型20张).
_OF_WHICH: Final = re.compile(
    r"\((?:其中|内含|含|包含|包括)[^()]*\)$|[,;](?:其中|内含|含|包含|包括).*$"
)
#: What headers look like that may say an amount without being one of its usual names.
_LIKE: Final[Mapping[str, re.Pattern[str]]] = {
    "places": re.compile("托位|收托|托班"),
    "seats": re.compile("座位|餐位|席位|座席"),
    "beds": re.compile("床"),
    "area_m2": re.compile("面积|m2|㎡"),
}
_NO_AMOUNT: Final = re.compile("率|占比|比例|费|价|元|日期|时间|是否|人均|每")


@dataclass(frozen=True)
class Amounts:
    """What the facilities of a layer hold.

    Parameters
    ----------
    held
        By every key of `AMOUNT_COLUMNS`, shape (rows,); NaN where not known.
    unsaid
        What a column holds that does not say of what, shape (rows,).
    columns
        The columns that were read, by what they say.
    events
        Cells that were repaired, and those that say nothing certain.
    facts
        Columns that were converted or could not be.
    """

    held: Mapping[str, FloatArray]
    unsaid: FloatArray
    columns: Mapping[str, str]
    events: tuple[RowEvent, ...] = ()
    facts: tuple[Note, ...] = ()


@dataclass(frozen=True)
class _Unit:
    """What the name of a column says of the unit of its numbers."""

    factor: float | None = 1.0
    words: str = ""

    @property
    def other(self) -> bool:
        return self.factor != 1.0


@dataclass(frozen=True)
class _Reading:
    """The numbers of one column, and what was done to its cells."""

    numbers: FloatArray
    events: tuple[RowEvent, ...]
    facts: tuple[Note, ...]


def read_amounts(frame: gpd.GeoDataFrame, columns: Mapping[str, str], *, origin: str) -> Amounts:
    """Read what the facilities of a layer hold.

    A cell such as ``30张``, ``1,200`` or ``1.5万`` is read and listed as repaired. One that leaves
    a doubt (``约30``, ``20+10``, a negative number, more than any facility has) is not known, and
    its row is listed as doubtful. A column in another unit is converted where that is exact.

    Parameters
    ----------
    frame
        The layer, by row number.
    columns
        Its columns by what they say (a key of `AMOUNT_COLUMNS`); others are found by their usual
        names.
    origin
        What to call the layer in messages.

    Raises
    ------
    InputError
        A column is not there.
    """
    values: dict[str, FloatArray] = {}
    used: dict[str, str] = {}
    events: list[RowEvent] = []
    facts: list[Note] = []
    found = {kind: amount_column(frame, kind, columns, origin=origin) for kind in AMOUNT_COLUMNS}
    unsaid = unsaid_column(frame)
    for kind, column in {**found, "capacity": unsaid}.items():
        if column is None:
            values[kind] = np.full(len(frame), np.nan)
            continue
        reading = _read(frame[column], kind)
        values[kind], used[kind] = reading.numbers, column
        events += reading.events
        facts += reading.facts
    told = values.pop("capacity")
    facts += _not_taken(frame, used)
    return Amounts(values, told, used, tuple(events), tuple(facts))


def _not_taken(frame: gpd.GeoDataFrame, used: Mapping[str, str]) -> Iterable[Note]:
    """Yield the columns that may say an amount, too, and were not read."""
    left = [str(column) for column in frame.columns if str(column) not in set(used.values())]
    for kind, like in _LIKE.items():
        there = [c for c in left if like.search(folded(c)) and not _NO_AMOUNT.search(folded(c))]
        if there:
            key = "amount_not_taken" if kind in used else "amount_not_found"
            columns = tuple(there[:10])
            yield Note.of(f"facilities.{key}", what=MEANINGS[kind], columns=columns, field=kind)


def amount_column(
    frame: gpd.GeoDataFrame, kind: str, columns: Mapping[str, str], *, origin: str
) -> str | None:
    """Return the column that says an amount, or whom a facility serves; None if none does."""
    if kind in columns:
        return find_column(frame, columns[kind], where=origin)
    return usual_column(frame, AMOUNT_COLUMNS.get(kind, SERVES_COLUMNS))


def unsaid_column(frame: gpd.GeoDataFrame) -> str | None:
    """Return the column of a capacity that does not say what it counts, None if there is none."""
    return usual_column(frame, UNSAID_COLUMNS)


def usual_amounts(service: str, capacity: float) -> dict[str, float]:
    """Return a capacity as the kind that the service's usually is, all else not known."""
    usual = load_catalogue()[service].capacity
    return {kind: capacity if kind == usual else np.nan for kind in AMOUNT_COLUMNS}


def plain_number(text: str) -> float:
    """Return a number of 0 or more written in plain digits; anything else is NaN."""
    return float(text) if _PLAIN.fullmatch(text) else np.nan


def amounts_in(values: pd.Series, kind: str) -> FloatArray:
    """Return the numbers of a column of amounts, NaN where a cell leaves a doubt."""
    return _read(values, kind).numbers


def _read(values: pd.Series, kind: str) -> _Reading:
    """Read a column; see `read_amounts`."""
    column = str(values.name)
    unit = _unit_of(column, kind)
    meaning = MEANINGS[kind]
    numbers = np.full(len(values), np.nan)
    rows: dict[tuple[str, str], list[int]] = {}
    for place, (row, value) in enumerate(zip(values.index, values, strict=True)):
        raw = cell_text(value) or ""
        number, fate = _amount(raw, kind, unit)
        numbers[place] = number
        if fate:
            rows.setdefault((fate, raw), []).append(int(row))
    events = [
        _event(row, fate, raw, column, meaning)
        for (fate, raw), where in rows.items()
        for row in where
    ]
    known = int(np.isfinite(numbers).sum())
    return _Reading(
        numbers,
        tuple(sorted(events, key=lambda event: event.row)),
        tuple(_unit_facts(unit, column, known)),
    )


def _event(row: int, fate: str, raw: str, column: str, meaning: Bilingual) -> RowEvent:
    note = Note.of(f"facilities.amount_{fate}", column=column, what=meaning, cell=raw[:40])
    return RowEvent(row, Fate.REPAIRED if fate == "repaired" else Fate.DOUBTFUL, note)


def _unit_facts(unit: _Unit, column: str, known: int) -> Iterable[Note]:
    if unit.factor is None:
        yield Note.of("facilities.unit_unknown", column=column, unit=unit.words)
    elif unit.other:
        yield Note.of(
            "facilities.unit_converted",
            column=column,
            unit=unit.words,
            factor=int(unit.factor),
            count=known,
        )


def _unit_of(column: str, kind: str) -> _Unit:
    """Return the unit that a column's name gives in brackets or at its end."""
    text = folded(column)
    for words in [*_BRACKETS.findall(text), *_endings(text)]:
        factor = _factor(words, area=kind == "area_m2")
        if factor != 1.0:
            return _Unit(factor, words)
    return _Unit()


def _endings(text: str) -> list[str]:
    found = re.search(r"(万.{0,3}|公顷|亩|平方公里|坪)$", text)
    return [] if found is None else [found[1]]


def _factor(words: str, *, area: bool) -> float | None:
    """Return how many single ones or square metres a unit is; 1 for words that are no unit."""
    rest = words.removeprefix("单位").removeprefix(":")
    multiple = _MULTIPLES.get(rest[:1], 1.0)
    rest = rest[1:] if multiple != 1.0 else rest
    if rest in _AREAS:
        each = _AREAS[rest]
        return None if each is None or not area else multiple * each
    if multiple != 1.0 and _COUNTED.fullmatch(rest) is not None and not area:
        return multiple
    return multiple if multiple != 1.0 and not rest else 1.0


def _amount(raw: str, kind: str, unit: _Unit) -> tuple[float, str]:
    """Return what a cell says, NaN if that is not known; and what became of it, if anything."""
    text = unicodedata.normalize("NFKC", raw).replace(" ", "")
    text = text if text.isascii() else folded(text)
    if not text or text.casefold() in _NOTHING:
        return np.nan, ""
    whole = _OF_WHICH.sub("", text.casefold())
    match = _CELL.fullmatch(whole)
    if match is None:
        return np.nan, "unclear"
    factor = _cell_factor(match[2], kind, unit)
    if factor is None:
        return np.nan, "" if unit.factor is None and not match[2] else "unclear"
    number = float(match[1].replace(",", "")) * factor
    if not 0 <= number <= _MOST.get(kind, _MOST_COUNTED):
        return np.nan, "impossible"
    if kind != "area_m2" and abs(number - round(number)) > 1e-9:
        return np.nan, "impossible"
    tidy = number if kind == "area_m2" else float(round(number))
    plain = raw.isascii() and not match[2] and "," not in raw
    return tidy, "" if plain else "repaired"


def _cell_factor(words: str, kind: str, unit: _Unit) -> float | None:
    """Return by how much a cell's number counts; None where its words leave that open."""
    if not words:
        return unit.factor
    area = kind == "area_m2"
    multiple = _MULTIPLES.get(words[:1], 1.0)
    rest = words[1:] if multiple != 1.0 else words
    if area:
        return multiple if not rest and not unit.other else _area_factor(rest, multiple)
    if unit.other or _COUNTED.fullmatch(rest) is None:
        return None
    return multiple


def _area_factor(words: str, multiple: float) -> float | None:
    each = _AREAS.get(words)
    return None if each is None else multiple * each


def first_known(columns: Sequence[FloatArray]) -> FloatArray:
    """Return by row the first of several numbers that is known."""
    return reduce(lambda found, values: np.where(np.isnan(found), values, found), columns)
