"""Names of columns and cells of tables: finding, reading and listing them."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from itertools import groupby

import numpy as np
import numpy.typing as npt
import pandas as pd

from circles.errors import FaultsError, InputError
from circles.tables.folding import folded

# A terminal obeys some of them, and XML cannot hold them; tabs and line breaks are harmless.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
# Units of which a column's numbers are many, so that they cannot be taken as they are.
_BRACKETS = re.compile(r"\((.*?)\)")
_MULTIPLE = re.compile(r"亩|公顷|公里|km|\bha\b|[十百千万](平|米|人|户|m)")
#: A number of people, households or things with the word for one behind it.
_COUNTED = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)\s*[人户名口个]")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


def matching_key(text: str) -> str:
    """Return the form under which two spellings of a name are the same.

    Examples
    --------
    >>> matching_key("Ｘ 坐标(米)")
    'x坐标'
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"\(.*?\)|[\s_\-]", "", folded)


def find_column(table: pd.DataFrame, name: str, *, where: str) -> str:
    """Return the column called `name`, forgiving spaces, case and full-width letters.

    Raises
    ------
    InputError
        There is no such column; those that are there are listed, the nearest first.
    """
    there = [str(column) for column in table.columns[table.dtypes.map(str) != "geometry"]]
    if name in there:
        return name
    same = [column for column in there if matching_key(column) == matching_key(name)]
    if len(same) == 1:
        return same[0]
    message = f"{where}: there is no column {name!r}; {listing('columns', name, there)}"
    raise InputError(message)


def first_column(table: pd.DataFrame, names: Iterable[str]) -> str | None:
    """Return the column that has the first of these names (as `matching_key`s), if any has.

    Traditional and simplified characters count as the same.
    """
    by_key = {folded(matching_key(str(name))): str(name) for name in reversed(table.columns)}
    return next((by_key[folded(name)] for name in names if folded(name) in by_key), None)


def as_numbers(values: pd.Series, *, where: str) -> pd.Series:
    """Read a column's cells as numbers; a cell without text is NaN.

    Full-width digits and thousands separators (``1,234``) are understood.

    Raises
    ------
    FaultsError
        Cells are not finite numbers; every such row is named.
    """
    numbers, wrong = numbers_of(values)
    if wrong:
        raise FaultsError(where, [not_numbers(values, wrong)])
    return pd.Series(numbers, index=values.index, name=values.name)


def as_text(values: pd.Series) -> pd.Series:
    """Turn a column of names or codes into text; an empty cell is None.

    A whole number loses the decimal point that an empty cell elsewhere in its column gave it.
    """
    cells = [cell_text(value) for value in values]
    return pd.Series(cells, index=values.index, name=values.name, dtype=object)


def listing(what: str, word: str, known: Iterable[str], *, most: int = 12) -> str:
    """List what is there, the nearest to `word` first, as a part of a message."""
    names = sorted({str(name) for name in known}, key=lambda name: (-_likeness(word, name), name))
    if not names:
        return f"there are no {what}"
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{what}: {', '.join(repr(name) for name in names[:most])}{more}"


def rows_in_words(rows: Sequence[int], *, most: int = 20) -> str:
    """Name rows as briefly as they can be: ``rows 2-4, 9``.

    Examples
    --------
    >>> rows_in_words([2, 3, 4, 9])
    'rows 2-4, 9'
    """
    runs = []
    for _, group in groupby(enumerate(sorted(rows)), key=lambda pair: pair[1] - pair[0]):
        run = [row for _, row in group]
        runs.append(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}")
    more = f" and {len(runs) - most} more" if len(runs) > most else ""
    return f"row{'s' if len(rows) > 1 else ''} {', '.join(runs[:most])}{more}"


def _likeness(word: str, name: str) -> float:
    return difflib.SequenceMatcher(None, matching_key(word), matching_key(name)).ratio()


def cell_text(value: object) -> str | None:
    """Return a cell as text without control characters and outer spaces; None if it is empty."""
    if isinstance(value, str):  # first, as nearly all cells of nearly all tables are text
        return _CONTROL.sub(" ", value).strip() or None
    if value is None or value is pd.NA or value is pd.NaT or value != value:  # noqa: PLR0124 (NaN)
        return None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    if isinstance(value, bool | np.bool_):
        return "TRUE" if value else "FALSE"
    return _other_text(value)


def _other_text(value: object) -> str | None:
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    return _CONTROL.sub(" ", str(value)).strip() or None


def numbers_of(values: pd.Series) -> tuple[npt.NDArray[np.float64], list[int]]:
    """Return a column's cells as numbers (empty ones NaN), and the rows that are none."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        return numbers, values.index[np.isinf(numbers)].tolist()
    numbers = np.full(len(values), np.nan)
    wrong = []
    for place, (row, value) in enumerate(zip(values.index, values, strict=True)):
        text = unicodedata.normalize("NFKC", cell_text(value) or "").strip()
        if _THOUSANDS.fullmatch(text):
            text = text.replace(",", "")
        if _NUMBER.fullmatch(text):
            numbers[place] = float(text)
        if text and not np.isfinite(numbers[place]):
            wrong.append(row)
    return numbers, wrong


def not_numbers(values: pd.Series, wrong: Sequence[int]) -> str:
    """Say which rows of a column are not numbers."""
    rows = f"{rows_in_words(wrong)} of column {values.name!r}"
    verb = "is not a number" if len(wrong) == 1 else "are not numbers"
    return f"{rows} {verb} (row {wrong[0]}: {values.loc[wrong[0]]!r})"


def amounts_of(values: pd.Series) -> tuple[npt.NDArray[np.float64], list[int]]:
    """Return a column's cells as numbers of 0 or more, and the rows that are none.

    The word for one, as in ``1,234人`` or ``56户``, takes nothing from a number.
    """
    numbers, wrong = numbers_of(values)
    if wrong:
        numbers, wrong = numbers_of(values.astype(object).map(_without_unit))
    negative = values.index[numbers < 0].tolist()
    return numbers, [row for row in values.index if row in {*wrong, *negative}]


def _without_unit(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    match = _COUNTED.fullmatch(unicodedata.normalize("NFKC", cell).strip())
    return cell if match is None else match[1]


def shares_of(values: pd.Series) -> tuple[npt.NDArray[np.float64], list[int]]:
    """Return a column's cells as shares of 0 to 1, and the rows that are none; ``50%`` is one."""
    texts = [unicodedata.normalize("NFKC", cell_text(value) or "").strip() for value in values]
    percent = np.array([text.endswith("%") for text in texts], dtype=bool)
    plain = pd.Series([text.removesuffix("%") for text in texts], index=values.index, dtype=object)
    numbers, wrong = amounts_of(plain)
    bare = [row for row, text in zip(plain.index, texts, strict=True) if text == "%"]
    shares = np.where(percent, numbers / 100, numbers)
    above = values.index[shares > 1].tolist()
    return shares, [row for row in values.index if row in {*wrong, *bare, *above}]


def not_amounts(values: pd.Series, wrong: Sequence[int]) -> str:
    """Say which rows of a column are no numbers of 0 or more."""
    return (
        f"{rows_in_words(wrong)} of column {values.name!r}: a number of 0 or more was expected, "
        f"or an empty cell (row {wrong[0]}: {cell_text(values.loc[wrong[0]])!r})"
    )


def other_unit(column: str) -> str | None:
    """Return the unit in brackets in a column's name if it is a multiple: 亩, 公顷 or 万人."""
    found = _BRACKETS.findall(unicodedata.normalize("NFKC", column).casefold())
    return next((unit for unit in found if _MULTIPLE.search(unit)), None)
