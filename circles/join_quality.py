"""How well a district's points join its streets: what to count, and what to warn of."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from circles.network import BoolArray
from circles.texts import Note
from circles.travel.joining import Joins

_EXAMPLES: Final = 5


def join_table(demand: Joins, facilities: Joins, service: pd.Series) -> pd.DataFrame:
    """Count how the points of every layer join the network.

    Parameters
    ----------
    demand
        Where the demand points join.
    facilities
        Where the facilities join.
    service
        The service of each facility.

    Returns
    -------
    DataFrame
        One row a layer; columns `service` (first the demand's row, where it is empty), `points`,
        `off_network` (join no street), `walled_off` (those of them that have a street near enough,
        but only behind barriers) and `moved` (join a street farther away than the nearest, which
        is behind a barrier).
    """
    layers = {"": demand}
    for name in service.unique():
        layers[str(name)] = facilities.take(np.flatnonzero(service == name))
    return pd.DataFrame(
        [
            {
                "service": name,
                "points": len(joins),
                "off_network": int(joins.off_network.sum()),
                "walled_off": int(joins.walled_off.sum()),
                "moved": int(joins.moved.sum()),
            }
            for name, joins in layers.items()
        ]
    )


def facility_joins(facilities: Joins) -> pd.DataFrame:
    """Tell of each facility how it joins the network.

    Parameters
    ----------
    facilities
        Where they join.

    Returns
    -------
    DataFrame
        RangeIndex, one row a facility; columns `walled_off` and `moved`, as `join_table` counts
        them.
    """
    return pd.DataFrame({"walled_off": facilities.walled_off, "moved": facilities.moved})


def no_facility_joins() -> pd.DataFrame:
    """Return what is known of how facilities join where there is no network: no rows."""
    return pd.DataFrame({"walled_off": [], "moved": []}, dtype=bool)


def join_notes(
    demand: Joins, facilities: Joins, name: pd.Series, *, max_access_m: float
) -> list[Note]:
    """Warn of the points that join no street.

    Parameters
    ----------
    demand, facilities
        Where they join.
    name
        The name of each facility.
    max_access_m
        The longest access leg.
    """
    limit_m = round(max_access_m)
    off_network, walled_off = int(demand.off_network.sum()), int(demand.walled_off.sum())
    return [
        *lost_facilities(facilities.off_network, facilities.walled_off, name, limit_m=limit_m),
        *lost_homes(len(demand), off_network, walled_off, limit_m=limit_m),
    ]


def lost_facilities(
    off_network: BoolArray, walled_off: BoolArray, name: pd.Series, *, limit_m: int
) -> Iterator[Note]:
    """Warn of facilities that join no street, because it is too far or behind barriers.

    Parameters
    ----------
    off_network, walled_off
        Which of them join no street, and which of those have one near enough behind barriers.
    name
        The name of each facility.
    limit_m
        The longest access leg, whole metres.
    """
    for key, lost in (
        ("facilities_off_network", off_network & ~walled_off),
        ("facilities_walled_off", walled_off),
    ):
        if count := int(lost.sum()):
            examples = some_names(name[lost])
            yield Note.of(f"warnings.{key}", count=count, limit_m=limit_m, examples=examples)


def lost_homes(points: int, off_network: int, walled_off: int, *, limit_m: int) -> Iterator[Note]:
    """Warn of homes that join no street, because it is too far or behind barriers.

    Parameters
    ----------
    points
        How many homes there are.
    off_network, walled_off
        How many of them join no street, and how many of those have one near enough behind
        barriers.
    limit_m
        The longest access leg, whole metres.
    """
    for key, count in (("off_network", off_network - walled_off), ("walled_off", walled_off)):
        if count:
            percent = round(100 * count / points, 1)
            yield Note.of(f"warnings.{key}", count=count, percent=percent, limit_m=limit_m)


def some_names(names: pd.Series) -> tuple[str, ...]:
    """Return a few of some names, each once; a dash if none of them has any letters."""
    shown = [name for name in dict.fromkeys(map(str, names)) if name][:_EXAMPLES]
    return tuple(shown) or ("–",)
