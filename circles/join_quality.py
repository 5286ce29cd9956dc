"""How well a district's points join its streets: what to count, and what to warn of."""

from typing import Final

import numpy as np
import pandas as pd

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
    notes = []
    for key, lost in (
        ("facilities_off_network", facilities.off_network & ~facilities.walled_off),
        ("facilities_walled_off", facilities.walled_off),
    ):
        if count := int(lost.sum()):
            examples = some_names(name[lost])
            notes.append(
                Note.of(f"warnings.{key}", count=count, limit_m=limit_m, examples=examples)
            )
    for key, lost in (
        ("off_network", demand.off_network & ~demand.walled_off),
        ("walled_off", demand.walled_off),
    ):
        if count := int(lost.sum()):
            percent = round(100 * count / len(demand), 1)
            notes.append(Note.of(f"warnings.{key}", count=count, percent=percent, limit_m=limit_m))
    return notes


def some_names(names: pd.Series) -> tuple[str, ...]:
    """Return a few of some names, each once; a dash if none of them has any letters."""
    shown = [name for name in dict.fromkeys(map(str, names)) if name][:_EXAMPLES]
    return tuple(shown) or ("–",)
