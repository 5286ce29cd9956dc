"""How long it takes from each of many places to the nearest of many others: table in, table out."""

from typing import TYPE_CHECKING

import numpy as np

from circles.crs import local_points
from circles.network import WalkNetwork
from circles.profiles import profile as profile_by_id
from circles.travel.joining import MAX_ACCESS_M, Joiner
from circles.travel.search import Direction, nearest_cost
from circles.walking import Profile

if TYPE_CHECKING:
    import geopandas as gpd


def travel_times(
    network: WalkNetwork,
    places: "gpd.GeoDataFrame",
    facilities: "gpd.GeoDataFrame",
    *,
    profile: str | Profile = "adult",
    direction: Direction = "to",
    max_access_m: float = MAX_ACCESS_M,
) -> "gpd.GeoDataFrame":
    """Return each place's walking time to the nearest facility.

    Parameters
    ----------
    network
        The walking network.
    places
        Where people start; any geometry (counted at a point on it) in any CRS.
    facilities
        Where they go; any geometry in any CRS.
    profile
        A walking profile, or the id of one.
    direction
        ``"to"``: from the places to the facilities; ``"from"``: the other way round.
    max_access_m
        Places farther than this from every street are off the network.

    Returns
    -------
    GeoDataFrame
        A copy of `places` with three columns more: `travel_time_s` (seconds; inf where no
        facility can be reached, NaN off the network), `facility` (the index of the nearest one,
        None where there is none), `off_network` (bool).

    Raises
    ------
    InputError
        A table has no CRS, a row has no place on Earth, or a profile is not known.
    """
    import pandas as pd

    walker = profile_by_id(profile) if isinstance(profile, str) else profile
    joiner = Joiner.of(network)
    starts = local_points(places, network.crs, "the table of places")
    ends = local_points(facilities, network.crs, "the table of facilities")
    joins = joiner.join(*starts, max_access_m=max_access_m)
    origins = joiner.join(*ends, max_access_m=max_access_m)
    field = nearest_cost(network, origins, network.times(walker), direction=direction)
    cost, origin = field.at(joins)
    names = np.array([*facilities.index, None], dtype=object)
    return places.assign(
        travel_time_s=np.where(joins.off_network, np.nan, cost),
        facility=pd.Series(names[origin], index=places.index, dtype=object),
        off_network=joins.off_network,
    )
