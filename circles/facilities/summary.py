"""What a layer of facilities holds, by service, and by the rule that told its services."""

import pandas as pd

from circles.facilities.collected import Collected
from circles.facilities.columns import AMOUNT_COLUMNS

_EXAMPLES = 3


def facility_summary(collected: Collected) -> pd.DataFrame:
    """Return a row for each service of a layer, in the order in which the services first occur.

    Returns
    -------
    pandas.DataFrame
        Index `service`; columns `facilities`, how many of them have known `capacity` (of any
        kind), `places`, `seats`, `beds`, `area_m2`, `serves` and `opening_hours`, and how many
        are known by the `layer`, the `type`, the `name`, a `column` of its own and `tags`.
    """
    table, records = collected.facilities, collected.records
    known = pd.DataFrame(
        {
            "service": table["service"],
            "facilities": 1,
            "capacity": table[["capacity", *AMOUNT_COLUMNS]].notna().any(axis=1).astype(int),
            **{kind: table[kind].notna().astype(int) for kind in AMOUNT_COLUMNS},
            "serves": table["serves"].notna().astype(int),
            "opening_hours": table["opening_hours"].notna().astype(int),
            **{
                where: (records["where"] == where).astype(int).to_numpy()
                for where in ("layer", "type", "name", "column", "tags")
            },
        }
    )
    return known.groupby("service", sort=False).sum()


def rule_summary(collected: Collected) -> pd.DataFrame:
    """Return a row for each rule that told a service, the most frequent of a service first.

    Returns
    -------
    pandas.DataFrame
        RangeIndex; columns `service`, `where` (what was read), `rule` (what fired), `count` and
        `examples` (a tuple of a few names, or ids where there is no name).
    """
    names = collected.facilities["name"].where(
        collected.facilities["name"] != "", collected.facilities["facility_id"]
    )
    told = collected.records[["where", "rule"]].assign(
        service=collected.facilities["service"].to_numpy(), name=names.to_numpy()
    )
    order = {service: place for place, service in enumerate(dict.fromkeys(told["service"]))}
    rows = [
        {
            "service": service,
            "where": where,
            "rule": rule,
            "count": len(group),
            "examples": tuple(dict.fromkeys(group["name"]))[:_EXAMPLES],
        }
        for (service, where, rule), group in told.groupby(["service", "where", "rule"], sort=False)
    ]
    found = pd.DataFrame(rows, columns=["service", "where", "rule", "count", "examples"])
    by = found.assign(order=found["service"].map(order), less=-found["count"])
    found = found.loc[by.sort_values(["order", "less"], kind="stable").index]
    return found.reset_index(drop=True)
