"""What a comparison holds: tables of what differs between two runs, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from circles.standards.model import Standard

#: Why a figure can differ, in the order in which reasons are named.
CAUSES: Final = (
    *("standard", "facilities", "people", "communities", "streets", "software", "unknown"),
)
#: Smaller differences are none: below what is shown.
SHARE_TOLERANCE: Final = 0.001
PEOPLE_TOLERANCE: Final = 1.0
MINUTES_TOLERANCE: Final = 0.1
METRES_TOLERANCE: Final = 1.0
VALUE_TOLERANCE: Final = 0.01

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "verdicts": (
        *("district", "community_id", "name", "rule_id", "direction"),
        *("verdict_old", "verdict_new", "reason_old", "reason_new"),
        *("share_low_old", "share_low_new", "share_high_old", "share_high_new"),
        *("unit_old", "unit_new", "total_old", "total_new", "covered_old", "covered_new"),
        *("shortfall_old", "shortfall_new", "limit_old", "limit_new"),
        *("min_share_old", "min_share_new", "median_old", "median_new"),
        *("nearest_old", "nearest_new", "causes", "figure_causes", "split"),
        *("old_rule_verdict", "new_rule_verdict", "evidence"),
    ),
    "tiers": (
        *("district", "community_id", "name", "tier", "direction", "verdict_old", "verdict_new"),
        *("met_old", "met_new", "applied_old", "applied_new", "score_old", "score_new"),
        *("causes", "evidence"),
    ),
    "targets": (
        *("district", "target", "target_id", "tier", "rule_id", "setting", "counted", "unit_name"),
        *("direction", "verdict_old", "verdict_new", "met_old", "met_new"),
        *("insufficient_old", "insufficient_new", "denominator_old", "denominator_new"),
        *("min_share_old", "min_share_new", "causes", "evidence"),
    ),
    "services": (
        *("district", "rule_id", "unit", "group_assumed", "communities_old", "communities_new"),
        *("total_old", "total_new", "covered_low_old", "covered_low_new"),
        *("covered_high_old", "covered_high_new", "short_old", "short_new"),
        *("met_old", "met_new", "direction"),
    ),
    "findings": (
        *("district", "rule_id", "level", "unit_id", "unit_name", "measure", "unit", "direction"),
        *("verdict_old", "verdict_new", "reason_old", "reason_new", "value_old", "value_new"),
        *("value_high_old", "value_high_new", "shortfall_old", "shortfall_new"),
        *("causes", "evidence"),
    ),
    "communities": (
        *("district", "status", "id_old", "id_new", "name_old", "name_new"),
        *("setting_old", "setting_new", "population_old", "population_new", "outline_changed"),
    ),
    "facilities": (
        *("district", "status", "service_old", "service_new", "name_old", "name_new"),
        *("lon_old", "lat_old", "lon_new", "lat_new", "moved_m", "details"),
    ),
    "inputs": ("district", "cause", "kind", "name", "old", "new"),
}
"""The tables of a comparison and their columns."""


@dataclass(frozen=True)
class Side:
    """One of the two runs: what it is of, and by which standard."""

    name: str
    as_of: str | None
    fictional: bool
    standard: Standard
    version: str


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs; every table has only rows that differ, and is sorted.

    Parameters
    ----------
    old, new
        The runs; of batches, their first districts in common.
    verdicts
        One row a community and rule of access. `direction` is better, worse or open (where the
        two cannot be held against each other); `causes` says why the verdict differs, or where it
        is the same, why the figures do; `figure_causes` says the latter always. Where a rule
        asks for another share, and for nothing else, `old_rule_verdict` is what the new figures
        give by the old rule, `new_rule_verdict` what the old figures give by the new one, and
        `split` says which part is to blame: standard, data, either (each alone would do) or both
        (only together). `evidence` is a tuple of notes.
    tiers
        One row a community and circle.
    targets
        One row a target and unit; of batches, those of all districts together have no district.
    services
        One row a rule and unit of counting: sums over the communities of both runs.
    findings
        One row a unit and rule of presence, ratio, size or inventory.
    communities
        New and gone ones, and those whose id, name, setting, number of residents or outline
        differs.
    facilities
        `status` is new, gone, moved, renamed, service (another one) or details.
    inputs
        One row a file, setting, version or part of the standard.
    compared
        How many pairs of a community and a rule were held against each other.
    districts
        Of batches, the districts that were compared.
    only_old, only_new, without
        Those with results in one batch only, and in neither.
    """

    old: Side
    new: Side
    verdicts: pd.DataFrame
    tiers: pd.DataFrame
    targets: pd.DataFrame
    services: pd.DataFrame
    findings: pd.DataFrame
    communities: pd.DataFrame
    facilities: pd.DataFrame
    inputs: pd.DataFrame
    compared: int
    districts: tuple[str, ...] = ()
    only_old: tuple[str, ...] = ()
    only_new: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, old: Side, new: Side, tables: Mapping[str, pd.DataFrame], *, compared: int
    ) -> "Comparison":
        """Put a comparison together from its tables by name."""
        return cls(
            old,
            new,
            verdicts=tables["verdicts"],
            tiers=tables["tiers"],
            targets=tables["targets"],
            services=tables["services"],
            findings=tables["findings"],
            communities=tables["communities"],
            facilities=tables["facilities"],
            inputs=tables["inputs"],
            compared=compared,
        )

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {name: getattr(self, name) for name in COLUMNS}

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs at all, no input either."""
        return all(table.empty for table in self.tables.values())


def table(name: str, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the rows of a table of a comparison with all its columns."""
    return pd.DataFrame(list(rows), columns=list(COLUMNS[name]), dtype=object)


def records(part: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table of a comparison."""
    return [{str(key): value for key, value in row.items()} for row in part.to_dict("records")]


def ordered(causes: Iterable[str]) -> tuple[str, ...]:
    """Return causes, each once, in the order in which they are named."""
    found = set(causes)
    return tuple(cause for cause in CAUSES if cause in found)
