"""The cells of a community layer: ids, names, settings, zones, codes and numbers."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from circles.communities.codes import Committee, committee_of, read_codes
from circles.communities.columns import SETTINGS, SHARES, ZONE_WORDS, CommunityColumns
from circles.communities.findings import Finding, Rows
from circles.communities.names import Kind, forms_of, spelling, upper_key
from circles.crs import FloatArray
from circles.tables import amounts_of, cell_text, other_unit, rows_in_words, shares_of
from circles.tables.ledger import Fate
from circles.texts import Note

#: What the kind of committee in a name makes of a code.
_COMMITTEES = {Kind.COMMUNITY: Committee.RESIDENTS, Kind.VILLAGE: Committee.VILLAGERS}


def missing_columns(frame: gpd.GeoDataFrame, columns: CommunityColumns) -> list[str]:
    """Return a fault for each column that was named and is not there, with the nearest."""
    named = [
        *(columns.id, columns.name, columns.setting_column, columns.zone, columns.nbs_code),
        *(columns.code, columns.street, columns.district, *columns.conditions.values()),
    ]
    wanted = [name for name in [*named, *columns.number_columns().values()] if name]
    have = [str(name) for name in frame.columns if name != frame.geometry.name]
    faults = []
    for name in dict.fromkeys(wanted):
        if name not in have:
            near = difflib.get_close_matches(name, have, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            faults.append(f"there is no column {name!r}; {hint}it has: {', '.join(have) or 'none'}")
    return faults


def row_numbers(frame: pd.DataFrame) -> list[int]:
    """Return the numbers of a layer's rows: its file's, where it was read from one, else from 1."""
    if frame.index.name == "row":
        return [int(row) for row in frame.index]
    return list(range(1, len(frame) + 1))


def words(frame: pd.DataFrame, column: str | None) -> list[str | None]:
    """Return the texts of a column; None for empty cells, and for a column that is not there."""
    if column is None:
        return [None] * len(frame)
    return [cell_text(value) for value in frame[column]]


def ids_of(column: "pd.Series[Any]", name: str, faults: list[str]) -> list[str]:
    """Return the ids of a layer, as text; missing and repeated ones are faults."""
    ids = [cell_text(value) or "" for value in column]
    empty = [i + 1 for i, value in enumerate(ids) if not value]
    if empty:
        faults.append(
            f"{len(empty)} communities have no id, the first is feature {empty[0]}; "
            f"fill column {name!r} for each"
        )
    counts = pd.Series([value for value in ids if value]).value_counts()
    repeated = counts[counts > 1]
    if len(repeated):
        listed = ", ".join(f"{value!r} ({n} times)" for value, n in repeated.head(5).items())
        faults.append(
            f"ids repeat: {listed}; each community needs an id of its own in column {name!r} "
            "(parts of one community belong together in one multipolygon)"
        )
    return ids


def names_of(frame: gpd.GeoDataFrame, columns: CommunityColumns, ids: Sequence[str]) -> list[str]:
    """Return the names of a layer; where there is none, the id stands for it."""
    named = words(frame, columns.name)
    return [word or community_id for word, community_id in zip(named, ids, strict=True)]


def settings_of(
    frame: gpd.GeoDataFrame, columns: CommunityColumns, ids: Sequence[str], faults: list[str]
) -> list[str | None]:
    """Return the settings of a layer; words that nobody explained are faults."""
    if columns.setting_column is None:
        if columns.setting not in {None, *SETTINGS}:
            faults.append(f"{columns.setting!r} is no setting; use one of: {', '.join(SETTINGS)}")
        return [columns.setting] * len(frame)
    meaning = dict(columns.setting_values) or {value: value for value in SETTINGS}
    meaning |= columns.setting_classes
    said = words(frame, columns.setting_column)
    unknown: dict[str | None, list[str]] = {}
    for community_id, word in zip(ids, said, strict=True):
        if word not in meaning:
            unknown.setdefault(word, []).append(community_id)
    for word, where in unknown.items():
        what = "nothing" if word is None else repr(word)
        faults.append(
            f"column {columns.setting_column!r} says {what} for {len(where)} communities "
            f"({', '.join(where[:3])}{' …' if len(where) > 3 else ''}); expected one of: "
            f"{', '.join(meaning)} — correct the table, or add the word to communities.setting"
        )
    return [meaning.get(word or "") for word in said]


def zones_of(
    frame: gpd.GeoDataFrame, columns: CommunityColumns, ids: Sequence[str], faults: list[str]
) -> list[str | None]:
    """Return the communities' zones; an empty cell is a zone that nobody knows."""
    said = words(frame, columns.zone)
    strange = [i for i, word in enumerate(said) if word is not None and word not in ZONE_WORDS]
    if strange:
        faults.append(
            f"column {columns.zone!r} says {said[strange[0]]!r} for community {ids[strange[0]]!r}"
            f"{f' (and {len(strange) - 1} more like it)' if len(strange) > 1 else ''}; "
            f"expected one of: {', '.join(ZONE_WORDS)}, or an empty cell"
        )
    return [ZONE_WORDS.get(word or "") for word in said]


def numbers_of_layer(
    frame: gpd.GeoDataFrame, columns: CommunityColumns, rows: Rows, faults: list[str]
) -> tuple[dict[str, FloatArray], list[Finding]]:
    """Return the numbers of a layer by name.

    In a column that was named, a cell that is no number is a fault; in one that was found by its
    usual name it is unknown, and so is a whole column in another unit.
    """
    numbers: dict[str, FloatArray] = {}
    findings: list[Finding] = []
    for name, column in columns.number_columns().items():
        cells = frame[column]
        read = shares_of if name in SHARES else amounts_of
        values, labels = read(cells)
        numbers[name] = values.copy()  # a column's own numbers may not be written to
        wrong = np.flatnonzero(cells.index.isin(labels)).tolist()
        unit = other_unit(column)
        if name not in columns.found:
            faults += _number_faults(cells, unit, wrong, rows, share=name in SHARES)
        elif unit is not None:
            numbers[name] = np.full(len(frame), np.nan)
            note = Note.of("communities.number_unit", column=column, unit=unit)
            findings.append(Finding("number", note))
        else:
            numbers[name][wrong] = np.nan
            findings += [_unread(column, cells.iloc[place], place, rows) for place in wrong]
    return numbers, findings


def _unread(column: str, cell: object, place: int, rows: Rows) -> Finding:
    said = (cell_text(cell) or "")[:40]
    note = Note.of(
        "communities.number_unread", column=column, cell=said, community=rows.names[place]
    )
    return rows.finding("number", note, [place])


def _number_faults(
    cells: "pd.Series[Any]", unit: str | None, wrong: Sequence[int], rows: Rows, *, share: bool
) -> list[str]:
    faults = []
    if unit is not None:
        faults.append(f"column {cells.name!r} is in {unit}; convert it, to m² or single ones")
    if wrong:
        # Only a layer that was read from a file has rows that a reader can look up.
        read = cells.index.name == "row"
        at = f" ({rows_in_words([rows.numbers[place] for place in wrong])})" if read else ""
        what = "a share of 0 to 1, such as 0.5 or 50%," if share else "a number of 0 or more"
        faults.append(
            f"column {cells.name!r} holds {cell_text(cells.iloc[wrong[0]])!r} for community "
            f"{rows.ids[wrong[0]]!r}"
            f"{f' (and {len(wrong) - 1} more like it)' if len(wrong) > 1 else ''}; "
            f"{what} was expected, or an empty cell{at}"
        )
    return faults


def codes_of(
    frame: gpd.GeoDataFrame, columns: CommunityColumns, rows: Rows
) -> tuple[list[str | None], list[Finding]]:
    """Return the twelve-digit codes of a layer: of their column, or the ids if all are such."""
    if columns.code is None:
        read = read_codes(pd.Series(list(rows.ids), dtype=object))
        if read.repaired or read.wrong or not len(frame):
            return [None] * len(frame), []
    else:
        read = read_codes(pd.Series(frame[columns.code].tolist(), dtype=object))
    codes = list(read.codes)
    findings = [
        rows.finding("code", note, [place], fate=fate)
        for notes, fate in ((read.repaired, Fate.REPAIRED), (read.wrong, Fate.DOUBTFUL))
        for place, note in notes.items()
    ]
    return codes, [*findings, *_repeated_codes(codes, rows), *_other_committees(codes, rows)]


def _repeated_codes(codes: Sequence[str | None], rows: Rows) -> list[Finding]:
    places: dict[str, list[int]] = {}
    for place, code in enumerate(codes):
        if code is not None:
            places.setdefault(code, []).append(place)
    return [
        rows.finding("code", Note.of("communities.code_repeats", code=code, communities=named), own)
        for code, own in places.items()
        if len(own) > 1 and (named := tuple(rows.names[place] for place in own[:5]))
    ]


def _other_committees(codes: Sequence[str | None], rows: Rows) -> list[Finding]:
    """Find communities whose names say another kind of committee than their codes."""
    findings = []
    for place, code in enumerate(codes):
        kind = forms_of(rows.names[place]).kind
        means = Committee.OTHER if code is None else committee_of(code)
        if kind is not None and means is not Committee.OTHER and means is not _COMMITTEES[kind]:
            note = Note.of(
                f"communities.committee_{means}", community=rows.names[place], code=str(code)
            )
            findings.append(rows.finding("committee", note, [place]))
    return findings


def same_names(
    rows: Rows, streets: Sequence[str | None], districts: Sequence[str | None]
) -> list[Finding]:
    """Find communities of one name in one street: tables of names cannot tell them apart."""
    places: dict[tuple[str, ...], list[int]] = {}
    for place, name in enumerate(rows.names):
        above = (upper_key(streets[place] or ""), upper_key(districts[place] or ""))
        places.setdefault((spelling(name), *above), []).append(place)
    return [
        rows.finding(
            "same_name",
            Note.of("communities.same_name", name=rows.names[own[0]], count=len(own)),
            own,
        )
        for own in places.values()
        if len(own) > 1
    ]


def said_twice(said: Mapping[str, str], further: Mapping[str, str]) -> list[str]:
    """Return a fault for each number that two tables give; `said` and `further` name the tables."""
    return [
        f"{name!r} is given by {said[name]} and by {further[name]}; take it from one of them"
        for name in further
        if name in said
    ]
