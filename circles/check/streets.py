"""How good a run's streets are: loose pieces, homes without a street, communities with few."""

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from circles.crs import FloatArray
from circles.demand import Demand
from circles.network import IntArray, WalkNetwork
from circles.travel.joining import Joins

#: Streets are counted in squares of this size around homes.
_SQUARE_M: Final = 200.0
_STEP_M: Final = 20.0
#: A community has suspiciously few streets where homes have less than this share of the streets
#: that homes of its setting usually have, and less than `_FEW_KM_PER_KM2` of them.
_FEW_SHARE: Final = 0.25
_FEW_KM_PER_KM2: Final = 5.0
#: Or where more than this share of its homes has no street near.
_FAR_SHARE: Final = 0.2


@dataclass(frozen=True)
class FewStreets:
    """A community whose streets seem to be missing from the map.

    Parameters
    ----------
    community_id, name
        The community.
    km_per_km2
        Walkable street around its homes.
    usual_km_per_km2
        The median of the communities of its setting.
    far_share
        The share of its homes that is off the network, 0-1.
    """

    community_id: str
    name: str
    km_per_km2: float
    usual_km_per_km2: float
    far_share: float


@dataclass(frozen=True)
class StreetQuality:
    """What to know of a run's streets before anything is walked on them.

    Parameters
    ----------
    length_km
        Walkable street that takes part.
    pieces, small_pieces, small_pieces_km
        Connected pieces; those too small to take part, and the street in them.
    homes, homes_off
        Demand points, and those of them that no street is near.
    few
        Communities with suspiciously few streets, the worst first.
    """

    length_km: float
    pieces: int
    small_pieces: int
    small_pieces_km: float
    homes: int
    homes_off: int
    few: tuple[FewStreets, ...] = ()


def street_quality(
    network: WalkNetwork, communities: gpd.GeoDataFrame, demand: Demand, joins: Joins
) -> StreetQuality:
    """Measure the quality of a walking network where people live.

    Parameters
    ----------
    network
        The network.
    communities
        The community table; column `setting`.
    demand
        The demand points, shape (k,).
    joins
        Where they join the network, shape (k,).
    """
    report = network.report
    used_m = float(network.edges.length_m[network.joinable].sum())
    return StreetQuality(
        length_km=used_m / 1000,
        pieces=report.pieces,
        small_pieces=report.small_pieces,
        small_pieces_km=report.small_pieces_m / 1000,
        homes=len(demand),
        homes_off=int(joins.off_network.sum()),
        few=tuple(_few(network, communities, demand, joins)),
    )


def _few(
    network: WalkNetwork, communities: gpd.GeoDataFrame, demand: Demand, joins: Joins
) -> list[FewStreets]:
    rows = len(communities)
    homes = np.bincount(demand.community, minlength=rows)
    off = np.bincount(demand.community[joins.off_network], minlength=rows)
    with np.errstate(invalid="ignore"):
        far = np.where(homes > 0, off / homes, 0.0)
    density = _density(network, demand, rows)
    by_setting = pd.Series(density).groupby(communities["setting"].to_numpy()).transform("median")
    usual = by_setting.fillna(pd.Series(density).median()).to_numpy(dtype=np.float64)
    thin = (density < _FEW_SHARE * usual) & (density < _FEW_KM_PER_KM2)
    found = np.flatnonzero((homes > 0) & (thin | (far > _FAR_SHARE)))
    worst = found[np.lexsort((density[found], -far[found]))]
    return [
        FewStreets(
            community_id=str(communities.index[row]),
            name=str(communities["name"].iloc[row]),
            km_per_km2=float(density[row]),
            usual_km_per_km2=float(usual[row]),
            far_share=float(far[row]),
        )
        for row in worst
    ]


def _density(network: WalkNetwork, demand: Demand, rows: int) -> FloatArray:
    """Return the street around a community's homes, km per km², NaN where it has no homes."""
    x_m, y_m, length_m = _along_streets(network)
    streets = pd.Series(length_m).groupby(_squares(x_m, y_m)).sum()
    lived_in = pd.DataFrame(
        {"community": demand.community, "square": _squares(demand.x_m, demand.y_m)}
    ).drop_duplicates()
    street_m = streets.reindex(lived_in["square"], fill_value=0.0).to_numpy()
    mean_m = pd.Series(street_m).groupby(lived_in["community"].to_numpy()).mean()
    km_per_km2 = mean_m.reindex(range(rows)) / 1000 / (_SQUARE_M / 1000) ** 2
    return np.asarray(km_per_km2, dtype=np.float64)


def _squares(x_m: FloatArray, y_m: FloatArray) -> IntArray:
    """Return the number of the square that each point lies in; none is 1,000,003 squares away."""
    column, row = (np.floor(values / _SQUARE_M).astype(np.int64) for values in (x_m, y_m))
    return row * 1_000_003 + column


def _along_streets(network: WalkNetwork) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return points along the streets, and the street that each stands for, metres."""
    edges, (x_m, y_m) = network.edges, network.xy_m
    owner = np.repeat(np.arange(len(edges)), np.diff(edges.offset))
    here = np.flatnonzero(owner[:-1] == owner[1:])
    here = here[network.joinable[owner[here]]]
    length_m = np.hypot(x_m[here + 1] - x_m[here], y_m[here + 1] - y_m[here])
    count = np.maximum(1, np.ceil(length_m / _STEP_M)).astype(np.int64)
    piece = np.repeat(here, count)
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    share = (nth + 0.5) / np.repeat(count, count)
    return (
        x_m[piece] + share * (x_m[piece + 1] - x_m[piece]),
        y_m[piece] + share * (y_m[piece + 1] - y_m[piece]),
        np.repeat(length_m / count, count),
    )
