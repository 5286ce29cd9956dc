"""What rules of presence, ratio, size and inventory find in a city, from what they find in parts.

A finding of a community, a street or a district stands where its unit is all in one part. What is
found of a unit that lies in several parts cannot be added up from theirs.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from circles.assessment import Assessment
from circles.batch.city_tables import chained, ordered
from circles.evaluation import Area
from circles.evaluation.units import LEVELS
from circles.network import BoolArray
from circles.standards.model import Standard

Row = Mapping[Hashable, Any]

_MEASURE: Final = ["rule_id", "level", "measure"]
_SEPARATOR: Final = "\n"


@dataclass(frozen=True)
class CityFindings:
    """What is found in a city.

    Parameters
    ----------
    table
        See `circles.assessment.Assessment.findings`.
    left_out
        The rules of which a finding of a part is not in the table: it is about a unit that is
        not all in that part.
    """

    table: pd.DataFrame
    left_out: tuple[str, ...]


def findings_of_parts(
    parts: Sequence[Assessment], area: Area, standard: Standard, *, given: pd.DataFrame | None
) -> CityFindings:
    """Put together what is found in the parts, and what was found of the units above them.

    Parameters
    ----------
    parts
        The parts.
    area
        All of their communities.
    standard
        The standard.
    given
        Findings of streets, districts or the city that were made on the whole; they stand in
        place of what the parts say of the same rules at the same levels.
    """
    own = chained(part.findings for part in parts)
    order = [*_measures(own if given is None else given), *_measures(own)]
    if given is not None:
        given = given[_is_about(given, area)]
        known = set(zip(given["rule_id"], given["level"], strict=True))
        asked = zip(own["rule_id"], own["level"], strict=True)
        own = own[np.array([pair not in known for pair in asked], dtype=bool)]
    unplaced = (own["unit_id"] == "").to_numpy(dtype=bool)
    named = own[~unplaced]
    whole = _is_whole(named, area)
    tables = [named[whole], _summed(own[unplaced]), *([] if given is None else [given])]
    lost = set(named.loc[~whole, "rule_id"])
    return CityFindings(
        table=_sorted(chained(tables), standard, order),
        left_out=tuple(rule.id for rule in standard.rules if rule.id in lost),
    )


def _sizes(area: Area) -> Mapping[tuple[str, str], int]:
    """Return how many communities every unit has, by level and id; the area is one at each."""
    sizes: dict[tuple[str, str], int] = {(level, area.name): len(area) for level in LEVELS[1:]}
    for level in LEVELS:
        units = area.units(level)
        counts = units.sums(np.ones(len(area)))
        sizes |= {(level, i): int(n) for i, n in zip(units.id, counts, strict=True)}
    return sizes


def _is_whole(findings: pd.DataFrame, area: Area) -> BoolArray:
    """Tell which findings are of units with all of their communities."""
    sizes = _sizes(area)
    found = zip(findings["level"], findings["unit_id"], findings["communities"], strict=True)
    return np.array([sizes.get((level, unit)) == size for level, unit, size in found], dtype=bool)


def _is_about(findings: pd.DataFrame, area: Area) -> BoolArray:
    """Tell which findings are of units above the communities of the area, or of none."""
    known = {key for key in _sizes(area) if key[0] != LEVELS[0]} | {(i, "") for i in LEVELS}
    found = zip(findings["level"], findings["unit_id"], strict=True)
    return np.array([unit in known for unit in found], dtype=bool)


def _summed(unplaced: pd.DataFrame) -> pd.DataFrame:
    """Add up the communities that name no unit of a level: one row a rule, level and measure."""
    rows: list[Row] = []
    for _, own in unplaced.groupby(_MEASURE, sort=False):
        count = int(own["communities"].sum())
        first: Row = own.to_dict("records")[0]
        rows.append({**first, "communities": count, "reason_values": (("count", count),)})
    table = pd.DataFrame(rows, columns=unplaced.columns, dtype=object)
    return table.astype(unplaced.dtypes.to_dict())


def _measures(findings: pd.DataFrame) -> list[str]:
    """Return each finding's rule, level and measure in one word."""
    columns = (findings[name].tolist() for name in _MEASURE)
    return [_SEPARATOR.join(map(str, row)) for row in zip(*columns, strict=True)]


def _sorted(table: pd.DataFrame, standard: Standard, measures: Sequence[str]) -> pd.DataFrame:
    """Sort by rule, and within a rule by level and measure in their order."""
    rules = [rule.id for rule in standard.rules]
    marked = table.assign(_order=_measures(table))
    return ordered(marked, rule_id=rules, _order=measures).drop(columns="_order")
