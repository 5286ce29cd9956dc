"""How far a community's residents walk to their own community's centre."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from circles.crs import FloatArray
from circles.demand import group_weights
from circles.evaluation.catchment import part_of
from circles.evaluation.on_foot import OnFoot
from circles.evaluation.stock import Stock
from circles.evaluation.units import Area
from circles.network import IntArray
from circles.travel import cost_matrix

#: What counts as a community's centre: the place where it serves its residents.
CENTRES: Final = ("party_service", "gov_service")
#: Times are sums of many floats; a limit counts as kept within this share of it.
_TOLERANCE: Final = 1e-9
#: Nobody is followed farther than this many times the limit.
_FARTHER: Final = 2.0
_CENTRES_AT_A_TIME: Final = 64


@dataclass(frozen=True)
class Walks:
    """Walks of residents to the nearest centre of their community, by community.

    Parameters
    ----------
    farthest_min
        Minutes of those who walk longest, on the network; inf beyond twice the limit, NaN where
        nobody is counted or there is no centre.
    share_within
        Share of the residents who are known to be within the limit, 0-1; NaN likewise.
    away
        Residents' places off the network.
    centres
        How many centres there are on the network.
    """

    farthest_min: FloatArray
    share_within: FloatArray
    away: IntArray
    centres: IntArray


def walks_to_centre(
    area: Area, stock: Stock, on_foot: OnFoot, *, limit_min: float, profile: str = "adult"
) -> Walks:
    """Find how long residents walk to the nearest centre that lies in their own community.

    Parameters
    ----------
    area, stock, on_foot
        The communities, the facilities (centres are those of `CENTRES`), and the network.
    limit_min
        The limit, minutes.
    profile
        Who walks.

    Raises
    ------
    InputError
        There is no network.
    """
    demand, rows = on_foot.demand, len(area)
    weight = group_weights(demand, area.population, "all").weight
    centre = stock.answering(CENTRES).row
    centre = centre[(stock.home[centre] >= 0) & ~on_foot.doors.off_network[centre]]
    minutes = _minutes(on_foot, stock, centre, _FARTHER * limit_min, profile)
    people = weight > 0
    off = people & on_foot.homes.off_network
    walkers = people & ~off
    centres = np.bincount(stock.home[centre], minlength=rows)
    farthest = np.full(rows, -np.inf)
    np.maximum.at(farthest, demand.community[walkers], minutes[walkers])
    everyone = np.bincount(demand.community, weights=weight, minlength=rows)
    within = np.where(minutes <= limit_min * (1 + _TOLERANCE), weight, 0.0)
    known = centres > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.bincount(demand.community, weights=within, minlength=rows) / everyone
    return Walks(
        farthest_min=np.where(known & (farthest >= 0), farthest, np.nan),
        share_within=np.where(known, share, np.nan),
        away=np.bincount(demand.community[off], minlength=rows).astype(np.int64),
        centres=centres.astype(np.int64),
    )


def _minutes(
    on_foot: OnFoot, stock: Stock, centre: IntArray, most_min: float, profile: str
) -> FloatArray:
    """Return the minutes from each demand point to its community's nearest centre, else inf."""
    demand = on_foot.demand
    minutes = np.full(len(demand), np.inf)
    impedance = on_foot.streets.times(on_foot.profiles[profile])
    # Neighbouring communities together, so that few pairs are of a point and a centre elsewhere.
    centre = centre[np.argsort(stock.home[centre], kind="stable")]
    for chosen in np.array_split(centre, -(-len(centre) // _CENTRES_AT_A_TIME) or 1):
        here = np.flatnonzero(np.isin(demand.community, stock.home[chosen]))
        cost = cost_matrix(
            on_foot.streets,
            part_of(on_foot.homes, here),
            part_of(on_foot.doors, chosen),
            impedance,
            limit=most_min * 60.0,
        ).tocoo()
        point, door = here[cost.coords[0]], chosen[cost.coords[1]]
        own = demand.community[point] == stock.home[door]
        np.minimum.at(minutes, point[own], cost.data[own] / 60.0)
    return minutes
