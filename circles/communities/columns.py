"""Which columns of a community layer say what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

SETTINGS: Final = ("urban", "rural")
#: What a column of zones may say, and the zone it means.
ZONE_WORDS: Final[Mapping[str, str]] = {
    "central": "central",
    "outer": "outer",
    "中心城区": "central",
    "外围城区": "outer",
}
#: Numbers that are shares of 0 to 1, and may be written as ``50%``.
SHARES: Final = frozenset({"occupancy"})


@dataclass(frozen=True)
class CommunityColumns:
    """Which columns of a table say what.

    Parameters
    ----------
    id, name
        Columns of the id and the name; where there is no name, the id stands for it.
    setting
        ``"urban"`` or ``"rural"`` for all.
    setting_column
        Column of the setting, if it differs.
    setting_values
        What that column's values mean, such as ``{"社区": "urban", "村": "rural"}``.
    setting_classes
        Words of that column that a standard has rules of its own for, and the setting each counts
        as, such as ``{"cungaiju": "urban"}``.
    zone
        Column of the zone, if there is one: ``central`` or ``outer``, ``中心城区`` or ``外围城区``.
    nbs_code
        Column of the statistics bureau's urban-rural code (111, 220 …), if there is one.
    code
        Column of the statistics bureau's twelve-digit code, if there is one beside the id.
    street, district
        Columns of the units above, if there are any.
    households
        Column of the number of households.
    population
        Columns of the residents by group, such as ``{"all": "常住人口", "60+": "60岁以上"}``.
    numbers
        Columns of further numbers of 0 or more, by the name that rules know them by; those of
        `SHARES` hold shares.
    conditions
        Columns of words that rules ask for, by name.
    found
        Which of ``households`` and the names of `numbers` have columns that were found by their
        usual names and that nobody named: a cell of theirs that is no number is unknown, and
        listed; in a column that was named it is a fault.
    """

    id: str
    name: str | None = None
    setting: str | None = None
    setting_column: str | None = None
    setting_values: Mapping[str, str] = field(default_factory=dict)
    setting_classes: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None
    nbs_code: str | None = None
    code: str | None = None
    street: str | None = None
    district: str | None = None
    households: str | None = None
    population: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    found: frozenset[str] = frozenset()

    def number_columns(self) -> dict[str, str]:
        """Return the columns of numbers, by the name of what they say."""
        households = {"households": self.households} if self.households else {}
        return {**dict(self.population), **households, **dict(self.numbers)}
