"""From travel costs to coverage: how much of each community's group reaches a service."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from circles.crs import FloatArray
from circles.errors import InputError
from circles.network import BoolArray, IndexArray

#: Costs are sums of many floats; a limit counts as kept within this.
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Reach:
    """What one search found at the demand points.

    Parameters
    ----------
    cost
        Cost to the nearest facility, shape (k,); inf where there is none in reach.
    facility
        Index of that facility, shape (k,); -1 where there is none.
    off_network
        Which demand points are off the network, shape (k,).
    """

    cost: FloatArray
    facility: IndexArray
    off_network: BoolArray


def coverage(
    reach: Reach, weight: FloatArray, community: IndexArray, limit: FloatArray
) -> pd.DataFrame:
    """Sum up who reaches a service within the limit, by community.

    Parameters
    ----------
    reach
        Costs at the demand points.
    weight
        Weight of the group at each demand point, shape (k,).
    community
        Row of the community each demand point lies in, shape (k,).
    limit
        Limit of each community, in the unit of the costs, shape (communities,); NaN where the
        rule does not hold.

    Returns
    -------
    DataFrame
        One row a community, in their order; columns `total`, `covered_low` (off-network demand
        out of reach), `covered_high` (in reach), `share_low`, `share_high` (NaN where nobody
        lives), `out_of_reach` (weight beyond the limit, off-network demand included),
        `median_cost`, `beyond_median_cost` (weighted medians over all, and over those beyond the
        limit; NaN where there are none), `nearest_facility` (index of the facility nearest for
        most of those beyond the limit, or of all if none is beyond; -1 where there is none).

    Raises
    ------
    InputError
        The arrays differ in length, or a weight is negative or not finite.
    """
    count = len(limit)
    low, high = covered(reach, weight, community, limit)
    everyone = np.bincount(community, weights=weight, minlength=count).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        share_low, share_high = low / everyone, np.minimum(high / everyone, 1.0)
    beyond = np.where(_within(reach, community, limit), 0.0, weight)
    nearest, nearest_cost = _main_facilities(reach, weight, beyond, community, count)
    return pd.DataFrame(
        {
            "total": everyone,
            "covered_low": low,
            "covered_high": np.minimum(high, everyone),
            "share_low": share_low,
            "share_high": share_high,
            "out_of_reach": everyone - low,
            "median_cost": weighted_quantiles(reach.cost, weight, community, count),
            "p90_cost": weighted_quantiles(reach.cost, weight, community, count, at=0.9),
            "worst_cost": _worst(reach, weight, community, count),
            "beyond_median_cost": weighted_quantiles(reach.cost, beyond, community, count),
            "nearest_facility": nearest,
            "nearest_cost": nearest_cost,
        }
    )


def covered(
    reach: Reach, weight: FloatArray, community: IndexArray, limit: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Sum up the weight within the limit by community: off-network demand out of reach, and in.

    The parameters, and the errors, are those of `coverage`.

    Returns
    -------
    low, high
        Shape (communities,).
    """
    if not len(reach.cost) == len(weight) == len(community):
        message = (
            f"costs ({len(reach.cost)}), weights ({len(weight)}) and communities "
            f"({len(community)}) must be of the same demand points"
        )
        raise InputError(message)
    if len(weight) and not (np.isfinite(weight).all() and weight.min() >= 0):
        message = "weights must be finite and not negative"
        raise InputError(message)

    def total(part: BoolArray) -> FloatArray:
        chosen = np.where(part, weight, 0.0)
        return np.bincount(community, weights=chosen, minlength=len(limit)).astype(np.float64)

    low = total(_within(reach, community, limit))
    return low, low + total(reach.off_network)


def _within(reach: Reach, community: IndexArray, limit: FloatArray) -> BoolArray:
    return np.asarray(reach.cost <= limit[community] + _TOLERANCE)


def weighted_quantiles(
    value: FloatArray, weight: FloatArray, group: IndexArray, groups: int, *, at: float = 0.5
) -> FloatArray:
    """Return each group's weighted quantile: the least value with that much weight at or below it.

    Parameters
    ----------
    value
        Shape (k,); may be inf.
    weight
        Shape (k,), not negative; values of no weight do not count.
    group
        Shape (k,), 0 to ``groups - 1``.
    groups
        Number of groups.
    at
        Share of the weight; the median without it.

    Returns
    -------
    array
        Shape (groups,); NaN where a group has no weight.
    """
    counted = np.flatnonzero(weight > 0)
    order = counted[np.lexsort((value[counted], group[counted]))]
    ranked = group[order]
    running = np.cumsum(weight[order])
    begin = np.searchsorted(ranked, np.arange(groups), side="left")
    end = np.searchsorted(ranked, np.arange(groups), side="right")
    before, after = np.append(0.0, running)[begin], np.append(0.0, running)[end]
    wanted = before + (after - before) * at
    place = np.searchsorted(running, wanted * (1 - 1e-12))
    quantiles = np.full(groups, np.nan)
    present = end > begin
    # Where rounding hides a group's weight among all others', its own values still bound it.
    quantiles[present] = value[order][np.clip(place, begin, end - 1)[present]]
    return quantiles


def _worst(reach: Reach, weight: FloatArray, community: IndexArray, count: int) -> FloatArray:
    worst = np.full(count, -np.inf)
    counted = (weight > 0) & ~reach.off_network
    np.maximum.at(worst, community[counted], reach.cost[counted])
    return np.where(np.isneginf(worst), np.nan, worst)


def _main_facilities(
    reach: Reach,
    weight: FloatArray,
    beyond: FloatArray,
    community: IndexArray,
    communities: int,
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Return the facility nearest for most of those beyond, else of all, and their median cost."""
    of_those_beyond = _heaviest(reach.facility, beyond, community, communities)
    some = of_those_beyond >= 0
    main = np.where(
        some, of_those_beyond, _heaviest(reach.facility, weight, community, communities)
    )
    whose = np.where(some[community], beyond, weight)
    nearest_for = (reach.facility >= 0) & (reach.facility == main[community])
    at_main = np.where(nearest_for, whose, 0.0)
    return main, weighted_quantiles(reach.cost, at_main, community, communities)


def _heaviest(
    facility: IndexArray, weight: FloatArray, community: IndexArray, communities: int
) -> npt.NDArray[np.int64]:
    """Return for each community the facility with the most weight; the first of equals."""
    counted = (facility >= 0) & (weight > 0)
    table = pd.DataFrame({"community": community[counted], "facility": facility[counted]})
    sums = table.assign(weight=weight[counted]).groupby(["community", "facility"])["weight"].sum()
    ranked = sums.reset_index().sort_values(
        ["community", "weight", "facility"], ascending=[True, False, True]
    )
    first = ranked.drop_duplicates("community")
    heaviest = np.full(communities, -1, dtype=np.int64)
    heaviest[first["community"].to_numpy()] = first["facility"].to_numpy()
    return heaviest
