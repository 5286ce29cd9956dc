"""How much facilities hold, and whom they serve, as their tables and tags say it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import geopandas as gpd
import numpy as np

from circles.crs import FloatArray
from circles.errors import FaultsError
from circles.facilities.catalogue import load_catalogue
from circles.tables import amounts_of, find_column, first_column, not_amounts, other_unit

#: What a facility can hold, and the usual names of the columns that say it.
AMOUNT_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "places": ("places", "托位", "托位数", "收托数", "收托量", "收託量"),
        "seats": ("seats", "餐位", "餐位数", "座位", "座位数"),
        "beds": ("beds", "床位", "床位数", "核定床位", "核定床位数"),
        "area_m2": ("aream2", "flooraream2", "建筑面积", "面积"),
    }
)
SERVES: Final = "serves"
SERVES_COLUMNS: Final = ("serves", "服务范围", "服务社区")
#: Columns of a capacity that do not say of what: it is of the service's usual kind.
_UNSAID: Final = ("capacity", "容量")


def read_amounts(
    frame: gpd.GeoDataFrame, columns: Mapping[str, str], *, origin: str
) -> dict[str, FloatArray]:
    """Read what the facilities of a layer hold.

    Parameters
    ----------
    frame
        The layer, by row number.
    columns
        Its columns by what they say (a key of `AMOUNT_COLUMNS`); others are found by their usual
        names.
    origin
        What to call the layer in messages.

    Returns
    -------
    dict
        By every key of `AMOUNT_COLUMNS`, shape (rows,); NaN where not known.

    Raises
    ------
    InputError
        A column is not there.
    FaultsError
        A cell is no number of 0 or more, or a column is in another unit; all of it is named.
    """
    faults: list[str] = []
    amounts = {}
    for kind in AMOUNT_COLUMNS:
        column = amount_column(frame, kind, columns, origin=origin)
        if column is None:
            amounts[kind] = np.full(len(frame), np.nan)
            continue
        unit = other_unit(column)
        if unit is not None:
            faults.append(f"column {column!r} is in {unit}; convert it, to m² or single ones")
        amounts[kind], wrong = amounts_of(frame[column])
        if wrong:
            faults.append(not_amounts(frame[column], wrong))
    if faults:
        raise FaultsError(origin, faults)
    return amounts


def amount_column(
    frame: gpd.GeoDataFrame, kind: str, columns: Mapping[str, str], *, origin: str
) -> str | None:
    """Return the column that says an amount, or whom a facility serves; None if none does."""
    if kind in columns:
        return find_column(frame, columns[kind], where=origin)
    return first_column(frame, AMOUNT_COLUMNS.get(kind, SERVES_COLUMNS))


def unsaid_column(frame: gpd.GeoDataFrame) -> str | None:
    """Return the column of a capacity that does not say what it counts, None if there is none."""
    return first_column(frame, _UNSAID)


def usual_amounts(service: str, capacity: float) -> dict[str, float]:
    """Return a capacity as the kind that the service's usually is, all else not known."""
    usual = load_catalogue()[service].capacity
    return {kind: capacity if kind == usual else np.nan for kind in AMOUNT_COLUMNS}
