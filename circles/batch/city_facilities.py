"""The facilities of a city, each once: the maps of its districts overlap."""

from collections.abc import Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from circles.assessment import Assessment
from circles.batch.city_tables import chained
from circles.join_quality import no_facility_joins
from circles.network import IntArray

_NAMES: Final = ("facility_id", "service", "origin")
_JOINS: Final = ("walled_off", "moved")
_INSIDE: Final = "_inside"


def facilities_once(parts: Sequence[Assessment]) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return every facility and service once, and how each joins the streets.

    What stands in several parts is told by the part in whose communities it lies; where it lies
    in none, by a part on whose streets it is. Facilities of one id are the same where they are
    of the same file and in the same place.

    Returns
    -------
    facilities
        See `circles.assessment.Assessment`.
    facility_joins
        See `circles.assessment.Assessment`.
    """
    tables = [_with_joins(part) for part in parts]
    every = chained(tables)
    away = every["off_network"].astype("boolean").fillna(value=True).to_numpy(dtype=bool)
    outside = ~every[_INSIDE].to_numpy(dtype=bool)
    same = _same(every)
    best_first = np.lexsort([away, outside, same])
    rows = best_first[np.unique(same[best_first], return_index=True)[1]]
    chosen = every.iloc[rows].reset_index(drop=True)
    joins = pd.DataFrame({name: chosen[f"_{name}"].to_numpy(dtype=bool) for name in _JOINS})
    facilities = chosen.drop(columns=[_INSIDE, *(f"_{name}" for name in _JOINS)])
    if not facilities["off_network"].isna().any():
        facilities = facilities.astype({"off_network": bool})
    return facilities, joins if any(part.walked for part in parts) else no_facility_joins()


def _with_joins(part: Assessment) -> gpd.GeoDataFrame:
    """Return a part's facilities, with how they join, and which lie in its communities."""
    facilities = part.facilities.reset_index(drop=True)
    joins = part.facility_joins if part.walked else no_facility_joins()
    known = joins.reindex(facilities.index, fill_value=False)
    inside = np.zeros(len(facilities), dtype=bool)
    if len(facilities) and len(part.communities):
        rows, _ = part.communities.sindex.query(facilities.geometry, predicate="intersects")
        inside[rows] = True
    columns: dict[str, Any] = {f"_{name}": known[name] for name in _JOINS}
    return facilities.assign(**{_INSIDE: inside}, **columns)


def _same(every: gpd.GeoDataFrame) -> IntArray:
    """Give each facility and service a number, the same ones the same, as they first occur."""
    keys = {name: every[name].to_numpy() for name in _NAMES}
    keys["place"] = shapely.to_wkb(every.geometry.to_numpy())
    numbers = pd.DataFrame(keys).groupby(list(keys), sort=False, dropna=False).ngroup()
    return np.asarray(numbers, dtype=np.int64)


def counted_joins(
    parts: Sequence[Assessment], facilities: gpd.GeoDataFrame, facility_joins: pd.DataFrame
) -> pd.DataFrame:
    """Count how the homes of all parts and the facilities join the streets, nothing twice.

    Returns
    -------
    DataFrame
        See `circles.join_quality.join_table`.
    """
    tables = [part.joins for part in parts if len(part.joins)]
    if not tables:
        return parts[0].joins
    homes = chained(table[table["service"] == ""] for table in tables)
    rows = [{"service": "", **homes.drop(columns="service").sum().to_dict()}]
    walked = facilities["off_network"].notna().to_numpy()
    layer = facility_joins.assign(off_network=facilities["off_network"].astype("boolean"))
    for service in facilities.loc[walked, "service"].unique():
        own = layer[walked & (facilities["service"] == service).to_numpy()]
        rows.append({"service": str(service), "points": len(own), **own.sum().to_dict()})
    table = pd.DataFrame(rows, columns=list(tables[0].columns))
    counts = [name for name in table if name != "service"]
    return table.astype(dict.fromkeys(counts, np.int64))


def reached_by_nobody(parts: Sequence[Assessment]) -> pd.DataFrame:
    """Return the facilities that nobody reaches in any part on whose map they are.

    Returns
    -------
    DataFrame
        See `circles.assessment.Assessment.unreached`.
    """
    every = chained(part.unreached for part in parts)
    if every.empty:
        return parts[0].unreached
    keys = ["facility_id", "name", "service"]
    on_maps = chained(part.facilities[keys].drop_duplicates() for part in parts)
    maps = on_maps.groupby(keys).size().rename("maps")
    told = every.groupby(["rule_id", *keys], sort=False).size().rename("told").reset_index()
    told = told.merge(maps.reset_index(), on=keys, how="left")
    everywhere = told[~(told["told"] < told["maps"])]
    nobody = set(everywhere[["rule_id", *keys]].itertuples(index=False, name=None))
    first = every.drop_duplicates(["rule_id", *keys])
    rows = first[["rule_id", *keys]].itertuples(index=False, name=None)
    return first[np.array([row in nobody for row in rows], dtype=bool)].reset_index(drop=True)
