"""Keys of the project file that name the columns of what there is, and of whom it is for."""

from typing import Final

from pydantic import Field, field_validator

from circles.facilities import AMOUNT_COLUMNS, SERVES
from circles.validation import Table

#: What a community table has anyway, or has from keys of their own.
_TAKEN: Final = frozenset(
    {"id", "name", "setting", "class", "zone", "nbs_code", "street", "district", "households"}
    | {"population", "area_km2", "geometry"}
)


class CommunityColumnKeys(Table):
    """Columns of the numbers that rules ask of communities."""

    population_urban: str | None = None
    population_rural: str | None = None
    service_area_m2: str | None = None
    community_workers: str | None = None
    staff: str | None = None
    occupancy: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)

    @field_validator("columns")
    @classmethod
    def _only_further_ones(cls, value: dict[str, str]) -> dict[str, str]:
        taken = [name for name in value if name in _TAKEN | set(CommunityColumnKeys.model_fields)]
        if taken:
            message = f"{', '.join(taken)}: this is for further columns that a standard names only"
            raise ValueError(message)
        return value

    def number_columns(self) -> dict[str, str]:
        """Return the columns of the numbers that all rules know, as far as they are named."""
        keys = CommunityColumnKeys.model_fields.keys() - {"columns"}
        return _named(self, keys)


class FacilityColumnKeys(Table):
    """Columns of how much facilities hold, and whom they serve."""

    places: str | None = None
    seats: str | None = None
    beds: str | None = None
    area_m2: str | None = None
    serves: str | None = None

    def amount_columns(self) -> dict[str, str]:
        """Return the columns of what facilities hold and whom they serve, as far as named."""
        return _named(self, {*AMOUNT_COLUMNS, SERVES})


def _named(table: Table, keys: set[str]) -> dict[str, str]:
    columns = {key: getattr(table, key) for key in sorted(keys)}
    return {key: column for key, column in columns.items() if column is not None}
