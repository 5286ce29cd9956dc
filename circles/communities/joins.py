"""Second tables: people, households and ages from another table than the one of the outlines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from circles.communities.bands import groups_from_bands
from circles.communities.codes import CodesRead, read_codes
from circles.communities.join_report import Joined, make_report, row_events
from circles.communities.matching import Matches, Units, match_units
from circles.communities.names import is_total, spelling, upper_key, upper_keys
from circles.errors import FaultsError, InputError
from circles.tables import amounts_of, cell_text, find_column, other_unit, rows_in_words
from circles.tables.columns import not_amounts
from circles.tables.ledger import Ledger, RowEvent, doubtful, repaired, set_aside
from circles.texts import Note

#: Usual names of the columns that say which community a row is about, spelled as by `spelling`.
_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "code": (
        *("统计用区划代码", "区划代码", "行政区划代码", "社区代码", "村居代码", "nbscode", "code"),
    ),
    "name": (
        *("社区", "社区名称", "村居", "村居名称", "村社区", "社区村", "居委会", "居委会名称"),
        *("社区(村)", "村(社区)", "社区(村)名称", "村(社区)名称", "里别", "村里", "村里别"),
        *("名称", "name", "community", "village"),
    ),
    "street": (
        *("街道", "街镇", "镇街", "街道名称", "镇街名称", "街道(镇)", "镇(街)", "街(镇)"),
        *("所属街道", "所属镇街", "所属街镇", "所在街道", "乡镇街道", "乡镇", "street", "town"),
    ),
    "district": ("区", "区县", "行政区", "所属区", "所在区", "区名", "县区", "district"),
}
_MOST: Final = 60
#: Levels above communities, and what they are called in `Units`.
_LEVELS: Final[Mapping[str, str]] = {"street": "streets", "district": "districts"}


@dataclass(frozen=True)
class TableColumns:
    """Which columns of a second table say what; who a row is about is found if nobody says.

    Parameters
    ----------
    id
        Column of the ids that the community layer has.
    code
        Column of the statistics bureau's twelve-digit code.
    name
        Column of the communities' names.
    street, district
        Columns of the units above, which tell equal names apart.
    population
        Columns of the residents by group, such as ``{"60+": "60岁以上"}``; several of one group,
        as a tuple, are added up.
    numbers
        Columns of ``households`` and of further numbers of 0 or more, by name.
    groups
        Groups of residents to add up from columns of age bands.
    bands
        The columns of age bands; found by their headers if None.
    several
        ``"refuse"`` or ``"sum"``: what is to become of several rows of one community.
    """

    id: str | None = None
    code: str | None = None
    name: str | None = None
    street: str | None = None
    district: str | None = None
    population: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    bands: tuple[str, ...] | None = None
    several: str = "refuse"

    def wanted(self) -> dict[str, tuple[str, ...]]:
        """Return the columns to take over and to add up, by what they are to be called."""
        named = {**self.population, **self.numbers}
        return {key: (names,) if isinstance(names, str) else names for key, names in named.items()}


@dataclass(frozen=True)
class SecondTable:
    """A table of numbers about communities, beside the layer of their outlines.

    Parameters
    ----------
    frame
        The table as it was read; its index holds the rows' numbers.
    columns
        Which columns say what.
    where
        What to call it in messages.
    ledger
        The books of its reading.
    """

    frame: pd.DataFrame
    columns: TableColumns
    where: str
    ledger: Ledger | None = None


def join_tables(
    communities: pd.DataFrame,
    table: pd.DataFrame,
    *,
    columns: TableColumns,
    where: str,
    ledger: Ledger | None = None,
) -> Joined:
    """Join the rows of a table to communities, by code or id where there are such, else by name.

    Parameters
    ----------
    communities
        Index `community_id`; column `name`, and `street`, `district` and `code` (twelve digits)
        where there are such.
    table
        Any table as it was read; its index holds the rows' numbers.
    columns
        Which columns say what.
    where
        What to call the table in messages.
    ledger
        The books of the table's reading, to which those of the join are added.

    Raises
    ------
    InputError
        A column is missing, or none says which community a row is about.
    FaultsError
        A number that is wanted cannot be read; several rows are about one community and nobody
        said that they are to be added up.
    """
    table = _numbered(table, where)
    named = frozenset(level for level in _LEVELS if getattr(columns, level) is not None)
    columns = _found(table, columns, where)
    books = ledger or Ledger(where, len(table))
    kept, codes, events = _without_sums(table, columns, communities)
    left = _community_units(communities)
    units, facts = _known_above(_units(kept, columns, codes), left, named, where)
    right, groups = _grouped(units)
    matches = match_units(left, right)
    events += row_events(matches, groups, kept, left, right)
    used, more = _used_rows(matches, groups, kept, columns, where)
    events += more
    numbers, notes = _numbers(kept, columns, used, where)
    values = _summed(numbers, used, communities.index)
    report = make_report(books.adding(events), matches, left, right, groups, kept, len(table))
    return Joined(values, replace(report, notes=(*facts, *report.notes, *notes)))


def _numbered(table: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return the table with a number for each row; columns of one name are refused."""
    repeated = table.columns[table.columns.duplicated()]
    if len(repeated):
        message = (
            f"{where}: several columns are called {str(repeated[0])!r}; give each its own name"
        )
        raise InputError(message)
    if table.index.is_unique and pd.api.types.is_integer_dtype(table.index):
        return table
    return table.set_axis(pd.RangeIndex(1, len(table) + 1, name="row"))


def _found(table: pd.DataFrame, columns: TableColumns, where: str) -> TableColumns:
    """Return the columns as the table writes them; those nobody named by their usual names."""
    if columns.several not in {"refuse", "sum"}:
        message = f"{where}: several = {columns.several!r} is unknown; use 'refuse' or 'sum'"
        raise InputError(message)
    named = {key: getattr(columns, key) for key in ("id", "code", "name", "street", "district")}
    said = {
        key: find_column(table, name, where=where)
        for key, name in named.items()
        if name is not None
    }
    there = {spelling(str(column)): str(column) for column in reversed(table.columns)}
    asked = {"street", "district"} | (
        {"code", "name"} if not {"id", "code", "name"} & set(said) else set()
    )
    for key in sorted(asked - set(said)):
        usual = next((there[name] for name in _USUAL[key] if name in there), None)
        if usual is not None and usual not in said.values():
            said[key] = usual
    if not {"id", "code", "name"} & set(said):
        message = (
            f"{where}: no column says which community a row is about; name one with id, code or "
            f"name — it has: {', '.join(map(repr, map(str, table.columns[:20])))}"
        )
        raise InputError(message)
    population = {
        group: tuple(find_column(table, name, where=where) for name in names)
        for group, names in columns.wanted().items()
        if group in columns.population
    }
    numbers = {key: find_column(table, name, where=where) for key, name in columns.numbers.items()}
    bands = columns.bands and tuple(find_column(table, n, where=where) for n in columns.bands)
    return replace(
        columns,
        id=said.get("id"),
        code=said.get("code"),
        name=said.get("name"),
        street=said.get("street"),
        district=said.get("district"),
        population=population,
        numbers=numbers,
        bands=bands,
    )


def _without_sums(
    table: pd.DataFrame, columns: TableColumns, communities: pd.DataFrame
) -> tuple[pd.DataFrame, CodesRead, list[RowEvent]]:
    """Take out rows that are sums of others, of a whole street, or about nothing."""
    read = read_codes(_column(table, columns.code))
    uppers = {
        key
        for level in _LEVELS
        if level in communities
        for key in upper_keys(_texts(communities, level)).values()
    }
    uppers -= {upper_key(name) for name in _texts(communities, "name") if name}
    events: list[RowEvent] = []
    keep = []
    for row, *cells in _cells(table, columns):
        name = cells[0]
        note = read.wrong.get(row)
        if not any(cells):
            events += set_aside([row], Note.of("communities.row_empty"))
        elif (name and is_total(name)) or (
            name and not cells[1] and not cells[2] and upper_key(name) in uppers
        ):
            events += set_aside([row], Note.of("communities.row_is_sum", name=name[:_MOST]))
        elif note is not None and note.key == "communities.code_of_upper":
            events += set_aside([row], note)
        else:
            keep.append(row)
            events += [] if note is None else doubtful([row], note)
    events += [event for row, note in read.repaired.items() for event in repaired([row], note)]
    at = table.index.isin(keep)
    return table[at], replace(read, codes=read.codes[at]), events


def _cells(
    table: pd.DataFrame, columns: TableColumns
) -> list[tuple[int, str | None, str | None, str | None]]:
    """Return each row's number with its name, code and id."""
    parts = [_texts(table, name) for name in (columns.name, columns.code, columns.id)]
    return [(int(row), *cells) for row, *cells in zip(table.index, *parts, strict=True)]


def _column(table: pd.DataFrame, name: str | None) -> "pd.Series[Any]":
    if name is None:
        return pd.Series([None] * len(table), index=table.index, dtype=object)
    return table[name].astype(object)


def _texts(table: pd.DataFrame, name: str | None) -> tuple[str | None, ...]:
    return tuple(cell_text(value) for value in _column(table, name))


def _units(table: pd.DataFrame, columns: TableColumns, codes: CodesRead) -> Units:
    return Units(
        names=_texts(table, columns.name),
        codes=tuple(codes.codes),
        ids=_texts(table, columns.id),
        streets=_texts(table, columns.street),
        districts=_texts(table, columns.district),
    )


def _known_above(
    units: Units, communities: Units, named: frozenset[str], where: str
) -> tuple[Units, list[Note]]:
    """Leave out a column of units above that was found by its name and knows none of them.

    One that the project named stays: rows of other streets are then rows of other communities.
    """
    notes = []
    for level, places in _LEVELS.items():
        ours, theirs = getattr(units, places), getattr(communities, places)
        keys = upper_keys((*ours, *theirs))
        apart = {keys[name] for name in ours if name}.isdisjoint(
            keys[name] for name in theirs if name
        )
        if apart and any(ours) and any(theirs):
            key = "uppers_foreign" if level in named else "uppers_left_out"
            example = next(name for name in ours if name)[:40]
            notes.append(Note.of(f"communities.{key}", source=where, example=example))
            if level not in named:
                units = replace(units, **{places: (None,) * len(units)})
    return units, notes


def _community_units(communities: pd.DataFrame) -> Units:
    ids = tuple(map(str, communities.index))
    own = read_codes(pd.Series(ids, index=range(len(ids)), dtype=object)).codes
    said = _texts(communities, "code" if "code" in communities else None)
    return Units(
        names=_texts(communities, "name"),
        codes=tuple(code or other for code, other in zip(said, own, strict=True)),
        ids=ids,
        streets=_texts(communities, "street" if "street" in communities else None),
        districts=_texts(communities, "district" if "district" in communities else None),
    )


def _grouped(units: Units) -> tuple[Units, list[list[int]]]:
    """Put rows that say the same of who they are about into one group.

    Returns
    -------
    units
        One place a group, in the order of their first rows.
    groups
        The places of the rows of each.
    """
    groups: dict[tuple[object, ...], list[int]] = {}
    for place in range(len(units)):
        key: tuple[object, ...]
        if units.codes[place] or units.ids[place]:
            key = ("code", units.codes[place] or units.ids[place])
        else:
            parts = (units.names[place], units.streets[place], units.districts[place])
            key = tuple(spelling(part or "") for part in parts)
        groups.setdefault(key, []).append(place)
    firsts = [places[0] for places in groups.values()]
    picked = {
        name: tuple(getattr(units, name)[place] for place in firsts)
        for name in ("names", "codes", "ids", "streets", "districts")
    }
    return Units(**picked), list(groups.values())


def _used_rows(
    matches: Matches,
    groups: Sequence[Sequence[int]],
    table: pd.DataFrame,
    columns: TableColumns,
    where: str,
) -> tuple[dict[int, list[int]], list[RowEvent]]:
    """Return the places of the rows of each community; refuse several unless they may be added."""
    used: dict[int, list[int]] = {}
    faults, events = [], []
    named = [name for names in columns.wanted().values() for name in names]
    wanted = list(dict.fromkeys([*named, *(columns.bands or ())]))
    if columns.groups and not columns.bands:
        wanted = []  # any column may be a band
    for places, other in zip(groups, matches.left_of, strict=True):
        if other < 0:
            continue
        used[int(other)] = list(places)
        if len(places) == 1 or columns.several == "sum":
            continue
        rows = [int(table.index[place]) for place in places]
        same = table.iloc[list(places)][wanted or list(table.columns)].map(cell_text)
        if len(same.drop_duplicates()) == 1:
            used[int(other)] = list(places[:1])
            events += set_aside(rows[1:], Note.of("communities.row_twice", row=rows[0]))
        else:
            faults.append(
                f"{rows_in_words(rows)} are about one community; keep one of them, or say "
                'several = "sum" if they are parts of it'
            )
    if faults:
        raise FaultsError(where, faults)
    return used, events


def _numbers(
    table: pd.DataFrame, columns: TableColumns, used: Mapping[int, Sequence[int]], where: str
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Read what is wanted from the rows that are used; the other cells stay NaN."""
    rows = table.iloc[sorted(place for places in used.values() for place in places)]
    faults: list[str] = []
    found: dict[str, pd.Series[float]] = {}
    for name, parts in columns.wanted().items():
        total = np.zeros(len(rows))
        for column in parts:
            numbers, wrong = amounts_of(rows[column])
            unit = other_unit(column)
            if unit is not None:
                faults.append(f"column {column!r} is in {unit}; convert it, to m² or single ones")
            if wrong:
                faults.append(not_amounts(rows[column], wrong))
            total = total + numbers
        found[name] = pd.Series(total, index=rows.index)
    if faults:
        raise FaultsError(where, faults)
    groups = groups_from_bands(rows, columns.groups, where=where, columns=columns.bands)
    missing = [group for group in columns.groups if group not in groups.columns]
    given = {str(name): sums for name, sums in groups.sums.items()}
    values = pd.DataFrame({**given, **found}, index=rows.index)
    values[missing] = np.nan
    return values.reindex(table.index), groups.notes


def _summed(
    numbers: pd.DataFrame, used: Mapping[int, Sequence[int]], index: "pd.Index[Any]"
) -> pd.DataFrame:
    """Add up each community's rows; one that is unknown leaves the sum unknown."""
    sums = np.full((len(index), numbers.shape[1]), np.nan)
    cells = numbers.to_numpy(dtype=np.float64)
    for place, rows in used.items():
        sums[place] = cells[list(rows)].sum(axis=0)
    return pd.DataFrame(sums, index=index, columns=numbers.columns)
