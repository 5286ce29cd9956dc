"""The header of a table: below titles and notes, over one row or several, above a row of units."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from circles.errors import InputError
from circles.tables.columns import rows_in_words
from circles.tables.folding import folded
from circles.tables.grid import Grid, Row, is_decimal, is_number
from circles.tables.vocabulary import header_key, roles
from circles.texts import Note

_SEARCHED_ROWS: Final = 40
_MEASURED_ROWS: Final = 400
#: A header names at least this part of the columns that a usual row fills; titles name fewer.
_NAMED_SHARE: Final = 0.6
#: A row under titles is a header only if not more of its cells than these are figures.
_MAX_FIGURES: Final = 0.2
_MOST_HEADER_ROWS: Final = 4
_UNIT: Final = re.compile(
    r"[(\[]?(?:单位[::])?(?:[万千百]?(?:人|户|个|张|间|所|处|家|位|床|栋|座|名|岁|元|平方米|平米|米|吨)|%|"
    r"m2|m²|m|km|km2|㎡|亩|公顷|平方公里|公里|度|°|个/千人|人/平方公里|年|月|日|年月日|小时|分钟|天|"
    r"person|persons|people|households|places|beds|deg|degrees?|years?)[)\]]?"
)
#: A unit for the whole table in a row above the header, of which its figures are many.
_UNIT_ABOVE: Final = re.compile(r"(?:^|[^\u4e00-\u9fff]|计量)单位:([^:)\]\s]{1,20})")
_MANY: Final[Mapping[str, re.Pattern[str]]] = {
    "人": re.compile(r"人口|人数|居民|老人|老年|儿童|岁|人$"),
    "户": re.compile(r"户数|户$"),
    "面积": re.compile(r"面积"),
}
_MANY_UNIT: Final = re.compile(r"[十百千万](?:人|户)|([十百千万]平方米|亩|公顷|平方公里)")
_LABEL: Final = re.compile(r".{1,12}[::].+")


@dataclass(frozen=True)
class Header:
    """Where the header of a table is, and what it says.

    Parameters
    ----------
    first, last
        Its first and last row, as numbered in the file; the records begin below.
    names
        A name for each column, each once.
    units_row
        The row of units below it, which is no record.
    facts
        Where it was found, and what is odd about it.
    """

    first: int
    last: int
    names: tuple[str, ...]
    units_row: int | None = None
    facts: tuple[Note, ...] = ()

    @property
    def end(self) -> int:
        """The last row that is no record."""
        return self.last if self.units_row is None else self.units_row


def find_header(grid: Grid, path: Path, *, header_row: int | None = None) -> Header:
    """Find the header of a table.

    Rows that fill few of the columns, such as titles, notes and dates, may stand above it. Cells
    merged across several columns are joined with those below them, as in ``床位-总床位``; so are
    such groups above a header that names columns twice.

    Parameters
    ----------
    grid
        The cells of the table.
    path
        Its file, for the message.
    header_row
        The row in which the header begins; found out by default.

    Raises
    ------
    InputError
        There are no rows, not the one that was named, or none that can be a header.
    """
    rows = grid.rows
    if not rows:
        message = f"{path}: the table is empty; its first row must name the columns"
        raise InputError(message)
    at = _begin(rows) if header_row is None else _named(rows, header_row, path)
    first, last = _extent(grid, at, fixed=header_row is not None)
    _refuse_records(rows[first], path)
    width = max(len(cells) for _, cells in rows[first:]) if not grid.is_text else 0
    width = max(width, *(len(cells) for _, cells in rows[first : last + 1]))
    parts = [
        _spread(grid, rows[place], width, top=place < last) for place in range(first, last + 1)
    ]
    names = [_joined([row[column] for row in parts]) for column in range(width)]
    units = _units(rows, last + 1)
    if units is not None:
        names = [_with_unit(name, cell) for name, cell in _paired(names, units[1])]
    names = _with_unit_above(names, rows[:first])
    return Header(
        rows[first][0],
        rows[last][0],
        tuple(unique(names)),
        None if units is None else units[0],
        _facts(rows, first, last, width, names, units),
    )


def unique(names: Sequence[str | None]) -> list[str]:
    """Name each column once: a name that comes again gets its count, as in ``备注 (2)``."""
    seen: Counter[str] = Counter()
    taken = {name for name in names if name}
    result = []
    for place, cell in enumerate(names, start=1):
        name = cell or f"column {place}"
        seen[name] += 1
        again = name
        while seen[name] > 1 and (again == name or again in taken):
            again = f"{name} ({seen[name]})"
            if again in taken:
                seen[name] += 1
        taken.add(again)
        result.append(again)
    return result


def _begin(rows: Sequence[Row]) -> int:
    """Return the place of the row that is likely to be the header, or its first."""
    filled = [sum(cell is not None for cell in cells) for _, cells in rows[:_MEASURED_ROWS]]
    usual = median(filled[1:]) if len(filled) > 1 else filled[0]
    needed = max(2.0, _NAMED_SHARE * usual)
    for place, (_, cells) in enumerate(rows[:_SEARCHED_ROWS]):
        if filled[place] >= needed or _known(cells) >= 2:
            if place == 0 or _is_header_below_titles(cells):
                return place
            break
    return 0


def _known(cells: Sequence[str | None]) -> int:
    """Count cells that are headers by name."""
    names = {name for role in roles().values() for name in role.names}
    return sum(header_key(cell) in names for cell in cells if cell is not None)


def _is_header_below_titles(cells: Sequence[str | None]) -> bool:
    text = [cell for cell in cells if cell is not None]
    figures = sum(is_number(cell) for cell in text)
    labels = sum(_LABEL.fullmatch(cell) is not None for cell in text)
    return figures <= _MAX_FIGURES * len(text) and labels <= len(text) / 2


def _named(rows: Sequence[Row], header_row: int, path: Path) -> int:
    for place, (number, _) in enumerate(rows):
        if number == header_row:
            return place
    message = (
        f"{path}: header_row = {header_row}, but that row is empty or not there; "
        f"the table's rows are {rows_in_words([rows[0][0], rows[-1][0]], most=2)}"
    )
    raise InputError(message)


def _refuse_records(row: Row, path: Path) -> None:
    """Refuse a first row that holds coordinates and the like: a table without a header."""
    number, cells = row
    decimals = [cell for cell in cells if is_decimal(cell)]
    if len(decimals) >= 2:
        message = (
            f"{path}: row {number} should name the columns, but it holds figures "
            f"({', '.join(map(repr, decimals[:2]))}); put a row with the names of the columns "
            "above the records, or say with header_row where it is"
        )
        raise InputError(message)


def _extent(grid: Grid, at: int, *, fixed: bool) -> tuple[int, int]:
    """Return the places of the header's first and last row, around one row of it."""
    first = at if fixed else at - _groups_above(grid, at)
    last = at
    while last + 1 < len(grid.rows) and last - first + 1 < _MOST_HEADER_ROWS:
        if not _goes_on(grid, first, last):
            break
        last += 1
    return first, last


def _groups_above(grid: Grid, at: int) -> int:
    """Return 1 if the row above a header names groups of its columns, 0 otherwise."""
    if at == 0 or grid.rows[at - 1][0] != grid.rows[at][0] - 1:
        return 0
    number, above = grid.rows[at - 1]
    cells = [cell for cell in above if cell is not None]
    if len(cells) < 2 or any(is_number(cell) or _LABEL.fullmatch(cell) for cell in cells):
        return 0
    groups = [merge for merge in grid.merges if merge.top == number and merge.right > merge.left]
    header = [cell for cell in grid.rows[at][1] if cell is not None]
    return int(bool(groups) or len(set(header)) < len(header))


def _goes_on(grid: Grid, first: int, last: int) -> bool:
    """Whether the row below the last of a header belongs to it too."""
    (number, cells), (below, under) = grid.rows[last], grid.rows[last + 1]
    if below != number + 1 or any(is_number(cell) for cell in under):
        return False
    for merge in grid.merges:
        if grid.rows[first][0] <= merge.top <= number < merge.bottom:
            return merge.bottom - merge.top < _MOST_HEADER_ROWS and merge.right - merge.left < len(
                cells
            )
    across = [m for m in grid.merges if m.top == m.bottom == number and m.right > m.left]
    if across:
        return _is_under(under, {c for m in across for c in range(m.left, m.right + 1)}, set())
    if not grid.is_text and grid.merges:
        return False
    return _fills_the_gaps(cells, under)


def _fills_the_gaps(cells: Sequence[str | None], under: Sequence[str | None]) -> bool:
    """Whether a row fills just the groups that the row above leaves open: 床位, , , 地址."""
    inner = {c for c, cell in enumerate(cells) if cell is None}
    inner |= set(range(len(cells), len(under)))
    starts = {c - 1 for c in inner if c - 1 not in inner and c > 0}
    return bool(inner) and _is_under(under, inner | starts, inner)


def _is_under(under: Sequence[str | None], allowed: set[int], needed: set[int]) -> bool:
    filled = {column for column, cell in enumerate(under) if cell is not None}
    return bool(filled) and filled <= allowed and needed <= filled


def _spread(grid: Grid, row: Row, width: int, *, top: bool) -> list[str | None]:
    """Return the cells of a row of the header with those that are merged filled."""
    number, cells = row
    spread = [*cells, *[None] * (width - len(cells))][:width]
    by_number = dict(grid.rows)
    merged = False
    for merge in grid.merges:
        if merge.top <= number <= merge.bottom:
            merged = True
            source = by_number.get(merge.top, [])
            value = source[merge.left] if merge.left < len(source) else None
            for column in range(merge.left, min(merge.right + 1, width)):
                spread[column] = spread[column] or value
    if top and not merged:  # a text table keeps only the first cell of a group
        for column in range(1, width):
            spread[column] = spread[column] or spread[column - 1]
    return spread


def _joined(parts: Sequence[str | None]) -> str | None:
    words: list[str] = []
    for part in parts:
        word = None if part is None else _one_line(part)
        if word and (not words or words[-1] != word):
            words.append(word)
    return "-".join(words) or None


def _one_line(header: str) -> str:
    """Return a header without its line breaks; Chinese words need no space in their place."""
    text = re.sub(r"(?<=[^\x00-\x7f])\s*[\r\n]+\s*|\s*[\r\n]+\s*(?=[^\x00-\x7f])", "", header)
    return re.sub(r"\s+", " ", text).strip()


def _units(rows: Sequence[Row], place: int) -> Row | None:
    """Return the row if it names units of columns that hold figures below it."""
    if place + 1 >= len(rows):
        return None
    units = {column: cell for column, cell in enumerate(rows[place][1]) if cell is not None}
    if not all(_UNIT.fullmatch(folded(cell)) for cell in units.values()):
        return None
    below = [cells for _, cells in rows[place + 1 : place + 1 + _SEARCHED_ROWS]]
    cells = [row[column] for row in below for column in units if column < len(row)]
    filled = [cell for cell in cells if cell is not None]
    figures = sum(is_number(cell) for cell in filled)
    return rows[place] if figures * 2 > len(filled) else None


def _paired(
    names: Sequence[str | None], units: Sequence[str | None]
) -> list[tuple[str | None, str | None]]:
    return [(name, units[c] if c < len(units) else None) for c, name in enumerate(names)]


def _with_unit(name: str | None, unit: str | None) -> str | None:
    if name is None or unit is None:
        return name
    return f"{name}({unit.strip('()（）[] ')})"


def _with_unit_above(names: Sequence[str | None], above: Sequence[Row]) -> list[str | None]:
    """Write a unit of thousands that a row above the header names into the columns it is of."""
    words = [folded(cell) for _, cells in above for cell in cells if cell is not None]
    said = [unit for word in words for unit in _UNIT_ABOVE.findall(word)]
    units = [_MANY_UNIT.fullmatch(one) for unit in said for one in re.split("[、,;/]", unit)]
    many = {"面积" if unit[1] else unit[0][-1]: unit[0] for unit in units if unit is not None}
    return [_with_unit(name, _unit_for(name, many)) for name in names]


def _unit_for(name: str | None, many: Mapping[str, str]) -> str | None:
    if name is None or "(" in folded(name):
        return None
    return next((unit for kind, unit in many.items() if _MANY[kind].search(folded(name))), None)


def _facts(
    rows: Sequence[Row],
    first: int,
    last: int,
    width: int,
    names: Sequence[str | None],
    units: Row | None,
) -> tuple[Note, ...]:
    if first == last:
        facts = [Note.of("reading.header_row", row=rows[first][0], columns=width)]
    else:
        facts = [
            Note.of("reading.header_rows", first=rows[first][0], last=rows[last][0], columns=width)
        ]
    if first:
        above = tuple(str(number) for number, _ in rows[:first])
        facts.append(Note.of("reading.above_header", rows=above))
    if units is not None:
        facts.append(Note.of("reading.units_row", row=units[0]))
    again = tuple(name for name, count in Counter(names).items() if name and count > 1)
    if again:
        facts.append(Note.of("reading.repeated_headers", columns=again))
    return tuple(facts)
