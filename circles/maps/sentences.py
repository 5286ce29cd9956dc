"""The explanations of many verdicts at once: a few templates, and the words that fill their gaps.

A city has tens of thousands of verdicts, and each has its sentence; written out they would outweigh
all shapes. Most differ in figures and names only. So each sentence is taken apart into a template
and fillings, each of which stands in the page once; put together again they are letter by letter
what `circles.explain.explain_finding` says.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from circles.explain import cost_word, explain_finding, number, one_line, percent
from circles.standards.model import AccessRule, Standard
from circles.texts import Texts

IntArray = npt.NDArray[np.int64]

#: What of a text is a figure or a name of one verdict; all else is the same for many.
_GAPS: Final = {
    "explain.coverage": ("total", "share"),
    "explain.coverage_stand_in": ("share",),
    "explain.short_people": ("value",),
    "explain.short_floor_area_m2": ("value",),
    "explain.short_frontage_m": ("value",),
    "explain.strict": ("share",),
    "explain.open": ("count", "share"),
    "explain.open_unknown": ("count",),
    "explain.half": ("cost",),
    "explain.beyond": ("cost",),
    "explain.named": ("facility",),
}
_MARK: Final = "\0"
_FIGURE: Final = re.compile(r"(\d[\d,.]*)")
_ROUNDING: Final = 1e-9


@dataclass
class Phrasebook:
    """Templates and fillings, each once, in the order in which they were first used."""

    templates: dict[tuple[str, ...], int] = field(default_factory=dict)
    words: dict[str, int] = field(default_factory=dict)

    def template(self, pieces: Iterable[str]) -> int:
        """Return the number of a template: the words before, between and after its gaps."""
        return self.templates.setdefault(tuple(pieces), len(self.templates))

    def word(self, word: str) -> int:
        """Return the number of a filling."""
        return self.words.setdefault(word, len(self.words))

    def sentence(self, text: str) -> list[int]:
        """Take any text apart at its figures: the number of its template, those of its fillings."""
        parts = _FIGURE.split(text)
        return [self.template(parts[::2]), *map(self.word, parts[1::2])]

    def filled(self, codes: Iterable[int]) -> str:
        """Put a sentence together again."""
        number, *fillings = codes
        pieces = list(self.templates)[number]
        words = list(self.words)
        gaps = [words[filling] for filling in fillings]
        return "".join(part for pair in zip(pieces, [*gaps, ""], strict=True) for part in pair)


def take_apart(
    verdicts: pd.DataFrame, standard: Standard, texts: Texts, book: Phrasebook
) -> list[list[int]]:
    """Return what `explain_finding` says of each verdict, taken apart.

    Parameters
    ----------
    verdicts
        Rows of the verdicts.
    standard
        The standard they were judged by.
    texts
        The words of the reader's language.
    book
        Where templates and fillings are written down.

    Returns
    -------
    list
        For each row the number of its template, followed by those of its fillings.
    """
    table = verdicts.reset_index(drop=True)
    if table.empty:
        return []
    kinds = _kinds(table)
    gapped = _Gapped(texts.lang, texts.words)
    columns = _Fillings(table, texts)
    told: list[list[int]] = [[] for _ in range(len(table))]
    order = np.argsort(kinds, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(kinds[order])) + 1):
        first = table.iloc[int(rows[0])].to_dict()
        rule = standard.access_rule(str(first["rule_id"]))
        parts = explain_finding(first, rule, gapped).split(_MARK)
        template = book.template(parts[::2])
        gaps = [columns.of(name, rule)(rows, book) for name in parts[1::2]]
        for row, *fillings in zip(rows.tolist(), *gaps, strict=True):
            told[row] = [template, *fillings]
    return told


class _Gapped(Texts):
    """Texts that leave the gaps open that a verdict's own figures and names would fill."""

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of `key` with its other gaps filled."""
        for name in _GAPS.get(key, ()):
            values[name] = f"{_MARK}{key}.{name}{_MARK}"
        return super().__call__(key, **values)


class _Fillings:
    """What fills the gaps of the verdicts of a table, row by row.

    Parameters
    ----------
    table
        The verdicts, with a RangeIndex.
    texts
        The words of the reader's language.
    """

    def __init__(self, table: pd.DataFrame, texts: Texts) -> None:
        self._table = table
        self._texts = texts
        self._columns: dict[str, npt.NDArray[Any]] = {}

    def of(self, gap: str, rule: AccessRule) -> Callable[[IntArray, Phrasebook], list[int]]:
        """Return what numbers the words of a gap in some rows."""
        section, _, name = gap.rpartition(".")
        if name == "share":
            prefix = {"explain.strict": "strict_", "explain.open": "open_"}.get(section, "")
            fixed = (rule.min_share or 1.0) if prefix == "open_" else None
            return lambda rows, book: self._shares(rows, book, prefix, fixed)
        if name == "cost":
            column = "median_cost" if section == "explain.half" else "beyond_median_cost"
            return lambda rows, book: self._costs(rows, book, column, rule.kind)
        column, word = {
            "total": ("total", _whole),
            "value": ("shortfall", _at_least_whole),
            "facility": ("nearest_facility", _name),
            "count": (
                "open_known" if section == "explain.open" else "open_unknown",
                _count,
            ),
        }[name]
        return lambda rows, book: self._each(rows, book, column, word)

    def _each(
        self, rows: IntArray, book: Phrasebook, column: str, word: Callable[[Any], str]
    ) -> list[int]:
        known: dict[Any, int] = {}
        found = []
        for value in self._values(column)[rows].tolist():
            if value not in known:
                known[value] = book.word(word(value))
            found.append(known[value])
        return found

    def _shares(
        self, rows: IntArray, book: Phrasebook, prefix: str, fixed: float | None
    ) -> list[int]:
        low, high = (self._values(f"{prefix}share_{end}")[rows] for end in ("low", "high"))
        own = self._values("min_share")[rows[:1]].item()
        needed = fixed or (1.0 if math.isnan(own) else own)
        return [book.word(word) for word in share_ranges(low, high, needed, self._texts)]

    def _costs(self, rows: IntArray, book: Phrasebook, column: str, kind: str) -> list[int]:
        cost, provable = (self._values(name)[rows].tolist() for name in (column, "provable_cost"))
        known: dict[float, str] = {}
        found = []
        for own, most in zip(cost, provable, strict=True):
            whole = math.ceil(own - _ROUNDING) if math.isfinite(own) else math.inf
            if kind != "time_threshold" or not max(own, whole) <= most < math.inf:
                word = cost_word(own, kind, self._texts, provable=most)
            elif (word := known.get(whole, "")) == "":
                # Minutes are told as whole ones, so that many ways are as long as one another.
                word = known[whole] = cost_word(whole, kind, self._texts)
            found.append(book.word(word))
        return found

    def _values(self, column: str) -> npt.NDArray[Any]:
        if column not in self._columns:
            own = self._table[column]
            named = column == "nearest_facility"
            self._columns[column] = own.to_numpy(dtype=object if named else np.float64)
        return self._columns[column]


def share_ranges(
    low: npt.NDArray[np.float64], high: npt.NDArray[np.float64], needed: float, texts: Texts
) -> list[str]:
    """Return the ranges between many shares in words, as `circles.explain.share_range` does.

    Parameters
    ----------
    low, high
        0-1, or NaN.
    needed
        The share that must be reached.
    texts
        The words of the reader's language.
    """
    firsts = _percents(low, needed)
    if np.array_equal(low, high, equal_nan=True):
        return firsts
    return [
        first if first == last else texts("explain.range", low=first, high=last)
        for first, last in zip(firsts, _percents(high, needed), strict=True)
    ]


def _percents(shares: npt.NDArray[np.float64], needed: float) -> list[str]:
    """Return `circles.explain.percent` of many shares; most of them are whole percents."""
    points = shares * 100
    whole = np.floor(points + 0.5 + _ROUNDING)
    target = needed * 100 - _ROUNDING
    plain = ((whole >= target) == (points >= target)) & (whole > 0) & (whole < 100)
    return [
        f"{shown:.0f}%" if told else percent(share, needed=needed)
        for shown, told, share in zip(whole.tolist(), plain.tolist(), shares.tolist(), strict=True)
    ]


def _kinds(table: pd.DataFrame) -> IntArray:
    """Give verdicts one number that differ in nothing but what fills the gaps."""
    met = table["verdict"] == "met"
    cost = np.where(met, table["median_cost"], table["beyond_median_cost"]).astype(np.float64)
    provable = table["provable_cost"].to_numpy(dtype=np.float64)
    names = table["nearest_facility"]
    told = pd.DataFrame(
        {
            "short": table["shortfall"] > 0,
            "beyond": table["out_of_reach"] > 0,
            "no_way": ~np.isfinite(cost) & np.isnan(provable),
            "named": [isinstance(name, str) and bool(name.strip()) for name in names],
            "edge": provable < table["limit"].to_numpy(dtype=np.float64),
            "open": table["open_known"].notna(),
            "others_open": table["open_unknown"].fillna(0) != 0,
        }
    )
    same = ["rule_id", "limit", "strict_limit", "min_share", "unit", "group_assumed"]
    same += ["reason", "verdict", "strict_verdict"]
    whole = pd.concat([table[same], told], axis=1)
    kinds = whole.groupby(list(whole.columns), dropna=False, sort=False).ngroup()
    return np.asarray(kinds, dtype=np.int64)


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _at_least_whole(value: float) -> str:
    return f"{math.ceil(value - _ROUNDING):,}"


def _count(value: float) -> str:
    return f"{number(value):.0f}"


def _name(value: object) -> str:
    return one_line(str(value))
