"""The facilities of one layer, how each is known, and what of the layer could not be used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import pandas as pd

from circles.crs import WGS84
from circles.facilities.classify import Classification
from circles.facilities.columns import AMOUNT_COLUMNS, SERVES
from circles.facilities.duplicates import Pair
from circles.tables import Ledger

COLUMNS: Final = (
    *("facility_id", "name", "service", "origin", "capacity", *AMOUNT_COLUMNS, SERVES),
    *("opening_hours", "geometry"),
)
#: The columns of the table beside the facilities.
RECORD_COLUMNS: Final = ("row", "where", "rule", "words", "address", "phone", "code")
OSM_ORIGIN: Final = "OpenStreetMap"


@dataclass(frozen=True)
class Unclassified:
    """A row of a table of which nobody knows what service it offers."""

    row: int
    text: str


def no_records() -> pd.DataFrame:
    """Return a table beside no facilities."""
    return made_records([])


@dataclass(frozen=True)
class Collected:
    """The facilities of one layer, and what of it could not be used.

    Parameters
    ----------
    facilities
        EPSG:4326, RangeIndex, one row a facility and service; columns `facility_id` (the same on
        each row of one facility), `name` (may be ``""``), `service`, `origin`, `capacity` (NaN
        if unknown), what of it is known to be `places`, `seats`, `beds` and `area_m2` (NaN if
        unknown), `serves` (whom, as it is written; None if unknown), `opening_hours` (as they are
        written; None if unknown), `geometry` (Point).
    unclassified
        The rows whose service is not known.
    unlocated
        Row numbers without a place.
    twins
        How many places were left out because they are a second record of another.
    records
        The table beside the facilities, row by row: `row` (of the file; -1 where it is no table),
        `where`, `rule` and `words` (see `circles.facilities.Classification`), `address`, `phone`
        and `code` (the operator's; None if unknown).
    ledger
        What became of the layer's rows.
    pairs
        Facilities that are, or may be, one place.
    """

    facilities: gpd.GeoDataFrame
    unclassified: tuple[Unclassified, ...] = ()
    unlocated: tuple[int, ...] = ()
    twins: int = 0
    records: pd.DataFrame = field(default_factory=no_records)
    ledger: Ledger = field(default_factory=lambda: Ledger("", 0))
    pairs: tuple[Pair, ...] = ()


def made_facilities(rows: Sequence[Mapping[str, object]]) -> gpd.GeoDataFrame:
    """Return facilities as a table; what a row does not say is not known."""
    found = pd.DataFrame(list(rows), columns=pd.Index(COLUMNS), dtype=object)
    for column in ("capacity", *AMOUNT_COLUMNS):
        found[column] = found[column].astype(float)
    for column in (SERVES, "opening_hours"):
        found[column] = found[column].where(found[column].notna(), None)
    return gpd.GeoDataFrame(found, geometry="geometry", crs=WGS84)


def made_records(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Return the table beside facilities."""
    found = pd.DataFrame(list(rows), columns=pd.Index(RECORD_COLUMNS), dtype=object)
    return found.astype({"row": "int64"})


def record_of(
    found: Classification,
    *,
    row: int = -1,
    address: str | None = None,
    phone: str | None = None,
    code: str | None = None,
) -> dict[str, object]:
    """Return the row beside a facility."""
    return {
        "row": row,
        "where": found.where.value,
        "rule": found.rule,
        "words": found.words,
        "address": address,
        "phone": phone,
        "code": code,
    }
