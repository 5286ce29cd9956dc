"""Whom the rules of access leave out: the homes beyond a limit, and what other groups reach."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from circles.access import Access
from circles.coverage import covered
from circles.crs import FloatArray, to_degrees
from circles.demand import PEOPLE, GroupWeights, group_weights
from circles.standards.model import Standard

GAP_COLUMNS: Final = (
    "rule_id", "community_id", "lon", "lat", "weight", "unit", "cost", "beyond",
)  # fmt: skip
SHARE_COLUMNS: Final = (
    "community_id", "rule_id", "group", "limit", "total", "share_low", "share_high",
    "strict_share_low", "strict_share_high",
)  # fmt: skip

_TOLERANCE: Final = 1e-9


def no_gaps() -> pd.DataFrame:
    """Return the table of homes out of reach without rows."""
    return pd.DataFrame(columns=list(GAP_COLUMNS))


def no_group_shares() -> pd.DataFrame:
    """Return the table of other groups' coverage without rows."""
    return pd.DataFrame(columns=list(SHARE_COLUMNS))


@dataclass
class Gaps:
    """Gathers, rule by rule, whom the searches did not reach.

    Parameters
    ----------
    standard
        The standard; the groups that its rules are for are those looked at.
    """

    standard: Standard
    _homes: list[tuple[str, pd.DataFrame]] = field(default_factory=list)
    _shares: list[pd.DataFrame] = field(default_factory=list)
    _people: dict[str, GroupWeights] = field(default_factory=dict)

    def add(self, access: Access) -> None:
        """Look at what a rule's search found; nothing is known where something stood in its way."""
        if access.obstacle is not None:
            return
        self._homes.append((access.rule.id, _homes_beyond(access)))
        groups = dict.fromkeys(("all", *(rule.group for rule in self.standard.access_rules)))
        for group in groups:
            if group != access.rule.group:
                self._shares.append(_shares(access, group, self._weights(access, group)))

    def homes(self, verdicts: pd.DataFrame) -> pd.DataFrame:
        """Return the homes beyond the strict limit of a rule.

        Parameters
        ----------
        verdicts
            The verdicts; communities of which it is not known how many are out of reach are left
            out.

        Returns
        -------
        DataFrame
            One row a home and rule; columns `rule_id`, `community_id`, `lon`, `lat` (degrees),
            `weight` (of the rule's group), `unit`, `cost` (minutes or metres to the nearest
            facility; inf without a way), `beyond` (whether the lenient limit is passed too).
        """
        if not self._homes:
            return no_gaps()
        known = verdicts.loc[verdicts["out_of_reach"].notna(), ["rule_id", "community_id"]]
        ids = {rule: set(own["community_id"]) for rule, own in known.groupby("rule_id")}
        # Rule by rule: the homes of a city that many services do not reach are millions of rows.
        tables = [
            homes[homes["community_id"].isin(ids.get(rule, set()))] for rule, homes in self._homes
        ]
        return pd.concat(tables, ignore_index=True)

    def group_shares(self) -> pd.DataFrame:
        """Return what share of groups reaches a service that its rule asks for of another group.

        Returns
        -------
        DataFrame
            One row a community, rule and group whose number is known there; columns
            `community_id`, `rule_id`, `group`, `limit`, `total`, `share_low`, `share_high`,
            `strict_share_low`, `strict_share_high`: as in the verdicts, walked as the rule says.
        """
        tables = [table for table in self._shares if len(table)]
        return pd.concat(tables, ignore_index=True) if tables else no_group_shares()

    def _weights(self, access: Access, group: str) -> GroupWeights:
        if group not in self._people:
            ground = access.ground
            self._people[group] = group_weights(
                ground.on_foot.demand, ground.communities.population, group
            )
        return self._people[group]


def _homes_beyond(access: Access) -> pd.DataFrame:
    ground, limits = access.ground, access.limits()
    demand, cost, weight = ground.on_foot.demand, access.reach.cost, access.people.weight
    strict, lenient = limits.strict[demand.community], limits.lenient[demand.community]
    rows = np.flatnonzero((weight > 0) & ~np.isnan(lenient) & ~(cost <= strict + _TOLERANCE))
    own = demand.community[rows]
    lon, lat = to_degrees(demand.x_m[rows], demand.y_m[rows], ground.on_foot.streets.crs)
    return pd.DataFrame(
        {
            "rule_id": access.rule.id,
            "community_id": ground.communities.table.index.to_numpy()[own],
            "lon": lon,
            "lat": lat,
            "weight": weight[rows],
            "unit": access.people.unit[own],
            "cost": cost[rows],
            "beyond": ~(cost[rows] <= lenient[rows] + _TOLERANCE),
        }
    )


def _shares(access: Access, group: str, people: GroupWeights) -> pd.DataFrame:
    community, limits = access.ground.on_foot.demand.community, access.limits()
    count = len(limits.lenient)
    total = np.bincount(community, weights=people.weight, minlength=count)
    known = ~np.isnan(limits.lenient) & (people.unit == PEOPLE) & ~people.assumed & (total > 0)
    columns: dict[str, FloatArray] = {}
    for prefix, limit in (("", limits.lenient), ("strict_", limits.strict)):
        low, high = covered(access.reach, people.weight, community, limit)
        with np.errstate(invalid="ignore", divide="ignore"):
            columns[f"{prefix}share_low"] = low / total
            columns[f"{prefix}share_high"] = np.minimum(high / total, 1.0)
    table = pd.DataFrame(
        {
            "community_id": access.ground.communities.table.index.to_numpy(),
            "rule_id": access.rule.id,
            "group": group,
            "limit": limits.lenient,
            "total": total,
            **columns,
        }
    )
    found: pd.DataFrame = table[known]
    return found
