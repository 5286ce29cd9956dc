"""Whether a map and its facilities reach far enough beyond the communities that are scored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely

from circles.access import Ground
from circles.crs import FloatArray
from circles.standards.model import AccessRule, CapacityRule, Standard

#: A list of fewer facilities may well end before the border without being cut there.
_ENOUGH_FACILITIES: Final = 10


@dataclass(frozen=True)
class ShortMargin:
    """A community nearer to the map's edge than a walk that its rules allow.

    Parameters
    ----------
    community_id, name
        The community.
    margin_m
        How far its homes lie from the map's edge, at least.
    needed_m
        The longest walk that its rules allow; twice that where a facility is shared among all who
        reach it.
    """

    community_id: str
    name: str
    margin_m: float
    needed_m: float


@dataclass(frozen=True)
class MarginQuality:
    """How far the inputs reach beyond the communities.

    Parameters
    ----------
    needed_m
        The longest walk of all.
    short
        Communities with less than they need, the worst first.
    ends_at_border
        Layers of facilities of which none lies outside the communities: those across the border
        are not in the list.
    """

    needed_m: float
    short: tuple[ShortMargin, ...] = ()
    ends_at_border: tuple[str, ...] = ()


def margin_quality(standard: Standard, ground: Ground) -> MarginQuality:
    """Compare what a standard's rules need around the communities with what is there.

    A rule counts whether its layer was given or not: the map is looked for before the list is.

    Parameters
    ----------
    standard
        The standard.
    ground
        What access is measured on.

    Raises
    ------
    InputError
        There are no streets.
    """
    table = ground.communities.table
    needed_m = _needed_m(standard, ground)
    margin_m = ground.least_margin_m()
    found = np.flatnonzero(margin_m < needed_m)
    worst = found[np.argsort(margin_m[found] - needed_m[found], kind="stable")]
    return MarginQuality(
        needed_m=float(needed_m.max(initial=0.0)),
        short=tuple(
            ShortMargin(
                str(table.index[row]),
                str(table["name"].iloc[row]),
                float(margin_m[row]),
                float(needed_m[row]),
            )
            for row in worst
        ),
        ends_at_border=_ending_at_border(ground.facilities, table),
    )


def _needed_m(standard: Standard, ground: Ground) -> FloatArray:
    """Return how far around each community the rules look, metres."""
    # What is shared was found on a larger area already, where there is one.
    return longest_walks_m(standard, ground, shared=ground.obstacles is None)


def longest_walks_m(standard: Standard, ground: Ground, *, shared: bool) -> FloatArray:
    """Return the longest walk that the rules allow in each community, metres.

    Parameters
    ----------
    standard
        The standard.
    ground
        What access is measured on.
    shared
        Whether a facility that is shared counts twice: those who share it walk from the other
        side.

    Raises
    ------
    InputError
        There are no streets.
    """
    table = ground.communities.table
    factor = _factors(standard) if shared else {}
    needed_m = np.zeros(len(table))
    for rule in standard.access_rules:
        per_metre = ground.cost_per_metre(rule)
        for row, (setting, zone) in enumerate(zip(table["setting"], table["zone"], strict=True)):
            limit = rule.limit_in(setting, zone)
            if limit is not None:
                walk_m = factor.get(rule.id, 1.0) * limit.lenient / per_metre
                needed_m[row] = max(needed_m[row], walk_m)
    return needed_m


def _factors(standard: Standard) -> Mapping[str, float]:
    """Return how many walks around a community each rule looks."""
    shared = {
        rule.catchment.rule for rule in standard.of_kind(CapacityRule) if rule.catchment is not None
    }
    rules: tuple[AccessRule, ...] = standard.access_rules
    return {rule.id: 2.0 if rule.id in shared else 1.0 for rule in rules}


def _ending_at_border(facilities: gpd.GeoDataFrame, table: gpd.GeoDataFrame) -> tuple[str, ...]:
    area = shapely.union_all(table.geometry.to_numpy())
    shapely.prepare(area)
    points = facilities.geometry
    beyond = ~shapely.intersects_xy(area, points.x.to_numpy(), points.y.to_numpy())
    layers = facilities.assign(beyond=beyond).groupby("origin", sort=False)["beyond"]
    counts = layers.agg(["size", "sum"])
    found = counts[(counts["size"] >= _ENOUGH_FACILITIES) & (counts["sum"] == 0)]
    return tuple(str(name) for name in found.index)
