"""Which columns of a community table hold what the rules of a standard ask for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from circles.communities import CommunityColumns, groups_from_bands
from circles.crs import FloatArray
from circles.errors import FaultsError
from circles.standards import Standard
from circles.standards.model import CapacityRule, UnitRule
from circles.tables import (
    amounts_of,
    find_column,
    first_column,
    matching_key,
    not_amounts,
    numbers_of,
)
from circles.tables.ledger import RowEvent, doubtful
from circles.texts import Note

#: Numbers of a community that rules know, and the usual names of their columns.
NUMBERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "population_urban": ("populationurban", "城镇人口", "城镇常住人口"),
        "population_rural": ("populationrural", "农村人口", "乡村人口", "农村常住人口"),
        "service_area_m2": (
            *("serviceaream2", "综合服务设施面积", "综合服务设施建筑面积"),
            "社区综合服务设施面积",
        ),
        "community_workers": (
            *("communityworkers", "社区工作者", "社区工作者数", "社区工作者人数"),
        ),
        "staff": ("staff", "工作人员", "工作人员数", "社区工作人员", "社区工作人员数"),
        "occupancy": ("occupancy", "入住率"),
    }
)
_HOUSEHOLDS: Final = ("households", "户数", "总户数", "居民户数")
#: What a rule can ask for that has a place of its own in the community table.
_KNOWN: Final = frozenset(
    {"name", "setting", "zone", "nbs_code", "code", "street", "district", "class", "area_km2"}
    | {"households", "population", "geometry"}
)


def with_usual_columns(
    columns: CommunityColumns,
    frame: gpd.GeoDataFrame,
    standard: Standard,
    *,
    further: Mapping[str, str] = MappingProxyType({}),
) -> CommunityColumns:
    """Find the columns of numbers and conditions that were not named, by their usual names.

    Parameters
    ----------
    columns
        The columns that were named; none of them is replaced.
    frame
        The community layer.
    standard
        What its rules ask for besides the numbers that all know is found under the rules' own
        names for it.
    further
        Columns of such by the rules' names, as far as they were named.
    """
    used = {*columns.population.values(), *columns.numbers.values(), columns.households}
    conditions = {
        check.only_if
        for rule in standard.rules
        if isinstance(rule, UnitRule)
        for check in rule.checks
        if check.only_if is not None
    }
    numbers = {
        rule.numerator.column
        for rule in standard.rules
        if isinstance(rule, CapacityRule) and rule.numerator.column is not None
    }
    names = {**{name: (matching_key(name),) for name in numbers}, **NUMBERS}
    found = {
        name: column
        for name in sorted(set(names) - _KNOWN - set(columns.population))
        if (column := further.get(name) or first_column(frame, names[name])) is not None
        and (name in further or column not in used)
    }
    words = {name: first_column(frame, (matching_key(name),)) for name in conditions}
    words |= {name: column for name, column in further.items() if name not in numbers}
    households = columns.households or first_column(frame, _HOUSEHOLDS)
    unnamed = {name for name in found if name not in {*further, *columns.numbers}}
    if households is not None and columns.households is None:
        unnamed.add("households")
    return replace(
        columns,
        found=frozenset(unnamed),
        households=households,
        numbers={**found, **columns.numbers},
        conditions={
            name: column
            for name, column in sorted(words.items())
            if column is not None and name not in _KNOWN | set(names)
        },
    )


def with_sums(
    frame: gpd.GeoDataFrame,
    columns: Mapping[str, tuple[str, ...]],
    *,
    where: str,
    withheld: Collection[float] = (),
    empty_is_nobody: bool = False,
) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Add up the columns that together count a group.

    Parameters
    ----------
    frame
        The layer; it is not changed.
    columns
        The column or columns of each group.
    where
        What to call the layer in messages.
    withheld
        Numbers that stand for withheld ones.
    empty_is_nobody
        Whether a part that is empty beside others that are not counts as 0.

    Returns
    -------
    tuple
        The layer with a column for each sum, and the column of each group. A sum is not known
        where one of its parts is not, and is withheld itself where one is withheld.

    Raises
    ------
    InputError
        A column is not there.
    FaultsError
        Cells are no numbers of 0 or more; every such row is named.
    """
    single: dict[str, str] = {}
    sums: dict[str, FloatArray] = {}
    faults: list[str] = []
    for group, parts in columns.items():
        if len(parts) == 1:
            single[group] = parts[0]
            continue
        found = [find_column(frame, part, where=where) for part in parts]
        amounts = [amounts_of(_without(frame[column], withheld)) for column in found]
        faults += [
            not_amounts(frame[column], wrong)
            for column, (_, wrong) in zip(found, amounts, strict=True)
            if wrong
        ]
        single[group] = " + ".join(found)
        added = np.sum([numbers for numbers, _ in amounts], axis=0)
        if empty_is_nobody:
            none = np.all([np.isnan(numbers) for numbers, _ in amounts], axis=0)
            added = np.where(none, np.nan, np.nansum([numbers for numbers, _ in amounts], axis=0))
        sums[single[group]] = _marked(added, frame, found, withheld)
    if faults:
        raise FaultsError(where, faults)
    return frame.assign(**sums), single


def empty_parts(
    frame: gpd.GeoDataFrame, columns: Mapping[str, tuple[str, ...]], *, where: str
) -> list[RowEvent]:
    """List the rows of which a part of a sum is empty, and another part is not."""
    events: list[RowEvent] = []
    several = {group: parts for group, parts in columns.items() if len(parts) > 1}
    for group, parts in several.items():
        found = [find_column(frame, part, where=where) for part in parts]
        empty = np.array([np.isnan(amounts_of(frame[column])[0]) for column in found])
        for column, missing in zip(found, empty & ~empty.all(axis=0), strict=True):
            note = Note.of("people.empty", column=column, group=group)
            events += doubtful(frame.index[missing], note)
    return events


def with_bands(
    frame: gpd.GeoDataFrame,
    columns: Mapping[str, str],
    groups: Sequence[str],
    *,
    where: str,
    withheld: Collection[float] = (),
) -> tuple[gpd.GeoDataFrame, dict[str, str], tuple[Note, ...]]:
    """Add up the groups that have no column of their own from the columns of age bands.

    Returns
    -------
    tuple
        The layer with a column for each sum, the column of each group, and what was added up.
    """
    wanted = [group for group in groups if group not in columns]
    known = frame
    if withheld:
        cells = frame.drop(columns=frame.geometry.name)
        known = cells.apply(lambda column: _without(column, withheld))
    found = groups_from_bands(known, wanted, where=where)
    named = {group: f"{group} ({len(parts)})" for group, parts in found.columns.items()}
    sums = {
        named[group]: _marked(found.sums[group].to_numpy(), frame, found.columns[group], withheld)
        for group in named
    }
    return frame.assign(**sums), {**columns, **named}, found.notes


def _without(cells: "pd.Series[Any]", withheld: Collection[float]) -> "pd.Series[Any]":
    """Return a column without the numbers that stand for withheld ones."""
    return cells.mask(np.isin(numbers_of(cells)[0], list(withheld))) if withheld else cells


def _marked(
    sums: FloatArray, frame: gpd.GeoDataFrame, parts: Sequence[str], withheld: Collection[float]
) -> FloatArray:
    """Write the sign for a withheld number wherever a part of a sum is withheld."""
    marked = sums.copy()
    for column in parts if withheld else ():
        numbers, _ = numbers_of(frame[column])
        hidden = np.isin(numbers, list(withheld))
        marked[hidden] = numbers[hidden]
    return marked


def groups_of(standard: Standard) -> tuple[str, ...]:
    """Return the groups of residents that a standard's rules ask for, all of them first."""
    asked = [rule.group for rule in standard.access_rules]
    shared = [rule.catchment.group for rule in standard.of_kind(CapacityRule) if rule.catchment]
    return tuple(dict.fromkeys(["all", *asked, *filter(None, shared)]))
