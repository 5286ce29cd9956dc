"""The tables of a city, put together from those of its districts: sums, and nothing twice."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from circles.assessment import Assessment
from circles.basemap import Basemap
from circles.crs import WGS84
from circles.demand import PEOPLE
from circles.demand.model import ObjectArray
from circles.evaluation import Area
from circles.network import IntArray
from circles.standards.model import Standard
from circles.standards.parts import Level

_REACH: Final = ("service", "profile", "minutes")
_POLYGON: Final = 3  # as GEOS numbers the types of geometry
_KNOWN: Final = ("known", "class_changes")
_CHANGES: Final = ("verdict_changes", "tier_changes")


def chained(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return tables below one another, rows counted anew; those without rows add no types."""
    every = list(tables)
    filled = [table for table in every if len(table)]
    chain: pd.DataFrame = pd.concat(filled or every[:1], ignore_index=True)
    return chain


def ordered(table: pd.DataFrame, **orders: Sequence[str]) -> pd.DataFrame:
    """Return a table sorted by columns whose words have an order; equal rows stay as they are.

    Parameters
    ----------
    table
        The table.
    orders
        The words in their order, by column; the first column counts most. Other words come last.
    """
    if table.empty:
        return table
    keys = [_places(table[name], order) for name, order in orders.items()]
    return table.iloc[np.lexsort(keys[::-1])].reset_index(drop=True)


def _places(words: pd.Series, order: Sequence[str]) -> IntArray:
    place = {word: i for i, word in enumerate(dict.fromkeys(order))}
    return np.array([place.get(word, len(place)) for word in words.tolist()], dtype=np.int64)


def joined_communities(parts: Sequence[Assessment]) -> gpd.GeoDataFrame:
    """Return the communities of all parts, in the order of the parts."""
    tables = [part.communities for part in parts if len(part.communities)]
    return pd.concat(tables or [parts[0].communities])


def area_of_parts(
    parts: Sequence[Assessment], communities: gpd.GeoDataFrame, *, name: str, level: Level
) -> Area:
    """Return the communities of all parts as they are rolled up.

    Residents that a community's own row leaves out are those that its layer of people has.
    """
    people = communities["population"].astype(np.float64)
    layer = _residents(parts).reindex(communities.index)
    counted = (communities["demand_source"] == "population").to_numpy()
    known = people.where(people.notna() | ~counted, layer.to_numpy())
    return Area(
        name=name,
        table=communities,
        population=pd.DataFrame({"all": people}),
        numbers=pd.DataFrame({"population": known}),
        whole=level,
    )


def _residents(parts: Sequence[Assessment]) -> pd.Series:
    """Return by community all residents, as the rules counted them."""
    found = []
    for part in parts:
        own, others = part.verdicts, part.group_shares
        people = (own["group"] == "all") & (own["unit"] == PEOPLE) & ~own["group_assumed"]
        found.append(own.loc[people.astype(bool), ["community_id", "total"]])
        found.append(others.loc[others["group"] == "all", ["community_id", "total"]])
    told = chained(found).drop_duplicates("community_id")
    return told.set_index("community_id")["total"].astype(np.float64)


def joined_gaps(parts: Sequence[Assessment], standard: Standard) -> pd.DataFrame:
    """Return the homes out of reach of all parts, rule by rule."""
    return ordered(chained(part.gaps for part in parts), rule_id=_rules(standard))


def joined_group_shares(parts: Sequence[Assessment], standard: Standard) -> pd.DataFrame:
    """Return what other groups reach in all parts, rule by rule and group by group."""
    groups = ["all", *(rule.group for rule in standard.access_rules)]
    table = chained(part.group_shares for part in parts)
    return ordered(table, rule_id=_rules(standard), group=groups)


def _rules(standard: Standard) -> list[str]:
    return [rule.id for rule in standard.rules]


def united_reach(parts: Sequence[Assessment], standard: Standard) -> gpd.GeoDataFrame:
    """Return from where each need is met in each time: somewhere in one of the parts.

    Within a part, and as far around it as its map reaches, its own area is right; beyond, the
    streets that are missing make it smaller than it is, and another part tells.
    """
    every = chained(part.isochrones for part in parts)
    if every.empty:
        return parts[0].isochrones
    rows = [
        (*key, _united(shapes.geometry.to_numpy()))
        for key, shapes in every.groupby(list(_REACH), sort=False)
    ]
    columns = {name: [row[i] for row in rows] for i, name in enumerate(_REACH)}
    table = gpd.GeoDataFrame(columns, geometry=[row[-1] for row in rows], crs=every.crs)
    rising = table.astype({"minutes": float}).sort_values("minutes", kind="stable")
    needs = [rule.service for rule in standard.access_rules]
    walkers = [rule.profile for rule in standard.access_rules]
    return ordered(rising, service=needs, profile=walkers)


def _united(shapes: ObjectArray) -> BaseGeometry:
    """Unite areas to one MultiPolygon; where they only touch, the line between them goes."""
    united: BaseGeometry = shapes[0]
    if len(shapes) > 1:
        pieces = shapely.get_parts(shapely.union_all(shapely.make_valid(shapes)))
        united = shapely.multipolygons(pieces[shapely.get_type_id(pieces) == _POLYGON])
    return united


def joined_basemap(parts: Sequence[Assessment]) -> Basemap:
    """Return what is drawn under the maps of all parts, each line and area once."""
    return Basemap(
        streets=_each_once([part.streets for part in parts]),
        water=_each_once([part.water for part in parts]),
        green=_each_once([part.green for part in parts]),
    )


def _each_once(layers: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    filled = [layer for layer in layers if len(layer)]
    if not filled:
        return layers[0]
    every = gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), crs=WGS84)
    said = pd.DataFrame(every.drop(columns=every.geometry.name))
    again = said.assign(_place=shapely.to_wkb(every.geometry.to_numpy())).duplicated()
    return every[~again.to_numpy()].reset_index(drop=True)


def summed_ways(parts: Sequence[Assessment], standard: Standard) -> pd.DataFrame:
    """Add up what would change under each other way of telling urban from rural.

    A way that says nothing of a part leaves its communities what they are.
    """
    ways = [way for way in standard.settings.order if any(_way(p, way) is not None for p in parts)]
    rows = [_summed([_told_by(part, way) for part in parts]) | {"way": way} for way in ways]
    columns = chained(part.setting_ways for part in parts).columns
    return pd.DataFrame(rows, columns=columns)


def _way(part: Assessment, way: str) -> Mapping[str, Any] | None:
    table = part.setting_ways
    own = table[table["way"] == way].to_dict("records") if len(table) else []
    return {str(key): value for key, value in own[0].items()} if own else None


def _told_by(part: Assessment, way: str) -> Mapping[str, Any]:
    told = _way(part, way)
    if told is not None:
        return told
    setting = part.communities["setting"]
    changes = 0 if part.walked else np.nan
    return {
        "used": False,
        "urban": int((setting == "urban").sum()),
        "rural": int((setting == "rural").sum()),
        **dict.fromkeys(_KNOWN, 0),
        **dict.fromkeys(_CHANGES, changes),
    }


def _summed(told: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    counts = (*_KNOWN, "urban", "rural", *_CHANGES)
    sums = {name: sum(row[name] for row in told) for name in counts}
    return {"used": any(row["used"] for row in told), **sums}
