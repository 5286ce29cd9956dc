"""Who shares facilities: people of a group, each with the limit of their own community."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from circles.crs import FloatArray
from circles.demand import PEOPLE, Demand, GroupWeights, group_weights
from circles.evaluation.catchment import People
from circles.evaluation.units import Area
from circles.network import BoolArray
from circles.standards.model import AccessRule
from circles.standards.parts import Range

_SECONDS_A_MINUTE: Final = 60.0


@dataclass(frozen=True)
class Sharers:
    """A group at the demand points, and how far it walks.

    Parameters
    ----------
    group
        The group.
    weight
        People at each demand point, shape (points,); 0 where nobody counted them.
    uncertain
        Points with residents of which the number or the limit is not known, shape (points,).
    limits
        How far people walk, by community, in seconds or metres; NaN where the access rule does
        not hold. One array, or two where limits are ranges: all strict ends, all lenient ends.
    obstacle
        Why nobody can tell what a community's people have, or None; a key of the section
        ``findings`` of the texts for each community.
    """

    group: str
    weight: FloatArray
    uncertain: BoolArray
    limits: tuple[FloatArray, ...]
    obstacle: tuple[str | None, ...]

    @classmethod
    def of(cls, access: AccessRule, group: str, area: Area, demand: Demand) -> "Sharers":
        """Find the people of a group and their limits under an access rule."""
        found = group_weights(demand, area.population, group)
        counted = (found.unit == PEOPLE) & ~found.assumed
        limits, zone_unknown = _limits(access, area)
        known = counted[demand.community]
        return cls(
            group=group,
            weight=np.where(known, found.weight, 0.0),
            uncertain=(~known | zone_unknown[demand.community]) & (found.weight > 0),
            limits=limits,
            obstacle=_obstacles(found, counted, zone_unknown, group, area, demand),
        )

    def people(self, end: int, demand: Demand) -> People:
        """Return them with the limits of one end of the range."""
        return People(self.weight, self.limits[end][demand.community], self.uncertain)


def _limits(access: AccessRule, area: Area) -> tuple[tuple[FloatArray, ...], BoolArray]:
    """Return the limits by community, and which of them hang on a zone that is not known.

    These take the longest limit of all, as far as their people may have to be reckoned with.
    """
    farthest = max(limit.lenient for limit in access.limits.values())
    scale = _SECONDS_A_MINUTE if access.kind == "time_threshold" else 1.0
    limits, unknown = [], []
    for setting, zone in zip(area.words("setting"), area.words("zone"), strict=True):
        limit = access.limit_in(setting or "", zone)
        unknown.append(limit is None and access.asks_zone_of(setting or ""))
        limits.append(limit or Range(*[farthest if unknown[-1] else math.nan] * 2))
    table = np.array(limits, dtype=np.float64).reshape(-1, 2) * scale
    ends = (table[:, 0], table[:, 1])
    same = np.array_equal(*ends, equal_nan=True)
    return (ends[:1] if same else ends), np.array(unknown, dtype=bool)


def _obstacles(
    found: GroupWeights,
    counted: BoolArray,
    zone_unknown: BoolArray,
    group: str,
    area: Area,
    demand: Demand,
) -> tuple[str | None, ...]:
    rows = len(area)
    total = np.bincount(demand.community, weights=found.weight, minlength=rows)
    nothing = pd.Series(np.nan, index=area.table.index, dtype=np.float64)
    known = area.population.get(group, nothing).to_numpy(dtype=np.float64, na_value=np.nan)
    nobody = (known == 0) | (counted & (total <= 0) & np.isnan(known))
    reasons = {
        "no_demand": total <= 0,
        "group_unknown": ~counted,
        "zone_unknown": zone_unknown,
        "map_edge": area.is_cut(),
    }
    chosen = np.select(list(reasons.values()), list(reasons), default="")
    return tuple(
        None if nobody[i] or not word else str(word) for i, word in enumerate(chosen.tolist())
    )
