"""Which columns of a community table hold what the rules of a standard ask for."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import geopandas as gpd

from circles.communities import CommunityColumns
from circles.standards import Standard
from circles.standards.model import CapacityRule, UnitRule
from circles.tables import first_column, matching_key

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
    {"name", "setting", "zone", "nbs_code", "street", "district", "class", "area_km2"}
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
    return replace(
        columns,
        households=columns.households or first_column(frame, _HOUSEHOLDS),
        numbers={**found, **columns.numbers},
        conditions={
            name: column
            for name, column in sorted(words.items())
            if column is not None and name not in _KNOWN | set(names)
        },
    )
