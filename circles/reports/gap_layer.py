"""The homes out of reach as a layer: one point a home and rule, without small numbers of people."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from circles.assessment import Assessment
from circles.demand import PEOPLE
from circles.maps.places import FEWEST_SHOWN

_TENTH = 10
_ROUNDING = 1e-9


def gap_layer(assessment: Assessment) -> gpd.GeoDataFrame:
    """Return the homes beyond the limit of a rule, as points in EPSG:4326.

    One row a home and rule; columns `community_id`, `rule_id`, `weight` (who lives there, of the
    group that the rule is for, in whole people, square metres or metres), `unit`, `withheld`
    (fewer than ten people live there, so `weight` is missing), `minutes` or `metres` to the
    nearest facility, rounded up (both missing where no way leads to one), and `beyond` (the
    lenient limit is passed too, not the strict one alone).
    """
    gaps = assessment.gaps
    weight = pd.Series(np.rint(gaps["weight"].to_numpy(np.float64)), dtype="Int64")
    withheld = ((weight < FEWEST_SHOWN) & (gaps["unit"] == PEOPLE).to_numpy()).astype(bool)
    cost = gaps["cost"].to_numpy(np.float64)
    cost = np.where(np.isfinite(cost), cost, np.nan)
    metres = gaps["rule_id"].isin(_by_distance(assessment)).to_numpy()
    minutes = np.ceil(cost * _TENTH - _ROUNDING) / _TENTH
    return gpd.GeoDataFrame(
        {
            "community_id": _words(gaps["community_id"]),
            "rule_id": _words(gaps["rule_id"]),
            "weight": weight.mask(withheld),
            "unit": _words(gaps["unit"]),
            "withheld": withheld,
            "minutes": np.where(metres, np.nan, minutes),
            "metres": np.where(metres, np.ceil(cost - _ROUNDING), np.nan),
            "beyond": gaps["beyond"].to_numpy().astype(bool),
        },
        geometry=gpd.points_from_xy(gaps["lon"].astype(float), gaps["lat"].astype(float)),
        crs="EPSG:4326",
    )


def _words(column: pd.Series) -> npt.NDArray[np.object_]:
    """Return a column's words, each one object for all its rows: of millions there are few."""
    place, words = pd.factorize(column.astype(str), use_na_sentinel=False)
    shared: npt.NDArray[np.object_] = np.asarray(words, dtype=object)[place]
    return shared


def _by_distance(assessment: Assessment) -> list[str]:
    rules = assessment.standard.access_rules
    return [rule.id for rule in rules if rule.kind == "distance_threshold"]
