"""Everything one district's run knows, as tables with a written contract.

Maps, pages, workbooks and layers show what is in an `Assessment` and compute nothing new.
"""

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import pandas as pd

from circles.standards.model import Standard
from circles.texts import Note


@dataclass(frozen=True)
class Assessment:
    """One district scored against one standard.

    All layers are in EPSG:4326. Times are seconds, lengths metres, shares 0-1; a value nobody
    knows is missing (NaN or None), never zero.

    Parameters
    ----------
    name
        The district's name as the project file gives it.
    as_of
        The date the inputs describe, if the project file gives one.
    fictional
        Whether the data are invented; every output then says so.
    standard
        The standard that was applied.
    communities
        One row a community; index `community_id` (str); columns `name`, `setting`
        (``"urban"``/``"rural"``), `street`, `district` (str or None), `population`, `households`
        (float or NaN), `area_km2`, `demand_source` (``"population"``, ``"buildings"``,
        ``"frontage"`` or ``"none"``), `demand_points` (int), `off_network_points` (int),
        `edge_margin_m` (how far its demand points lie from the edge of the map, at least),
        `geometry` (Polygon or MultiPolygon).
    facilities
        One row a facility and service; RangeIndex; columns `facility_id`, `name` (str, may be
        ``""``), `service`, `origin` (the file's name, or ``"OpenStreetMap"``), `off_network`
        (bool), `geometry` (Point).
    isochrones
        One row a need, profile and limit; columns `service` (the rule's `service`), `profile`,
        `minutes` (float), `geometry` (MultiPolygon: from where that need is met in that time).
    verdicts
        One row a community and rule that holds in its setting; RangeIndex; columns
        `community_id`, `rule_id`, `service`, `kind`, `group`, `group_assumed` (bool: the weights
        of all residents stand in for the group's), `unit` (``"people"``, ``"floor_area_m2"`` or
        ``"frontage_m"``), `limit` (minutes or metres, by `kind`), `min_share`, `total`,
        `covered_low`, `covered_high` (weights within the limit, with the off-network demand out
        of reach and in reach), `share_low`, `share_high`, `verdict` (``"met"``, ``"not_met"``,
        ``"insufficient_data"`` or ``"not_applicable"``), `reason` (a key of the section
        ``reasons`` of the texts), `shortfall` (weight missing for `met`, 0 where met, NaN where
        insufficient), `out_of_reach` (weight beyond the limit), `median_cost` (minutes or metres
        to the nearest facility, weighted median over the group), `beyond_median_cost` (the same
        over those beyond the limit), `nearest_facility` (name of the facility that is nearest for
        most of those beyond the limit, or of all if none is beyond; None if there is none),
        `provable_cost` (minutes or metres: within this nothing beyond the map's edge can be
        nearer).
    tiers
        One row a community and tier; columns `community_id`, `tier`, `verdict`, `failing` and
        `insufficient` (tuples of rule ids).
    rollups
        One row a target; columns `target_id`, `tier`, `setting`, `met`, `not_met`,
        `insufficient`, `not_applicable` (counts of communities), `denominator`, `share_low`,
        `share_high` (the range the insufficient ones leave open), `min_share`, `verdict`,
        `deadline`.
    streets
        Lines to draw under a map; columns `rank` (1 main streets, 2 streets, 3 paths), `geometry`.
    water, green
        Polygons to draw under a map.
    assumptions
        What was decided without a document or a datum saying so, the standard's aside.
    warnings
        What a reader must know before using the figures.
    """

    name: str
    as_of: date | None
    fictional: bool
    standard: Standard
    communities: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    isochrones: gpd.GeoDataFrame
    verdicts: pd.DataFrame
    tiers: pd.DataFrame
    rollups: pd.DataFrame
    streets: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    green: gpd.GeoDataFrame
    assumptions: tuple[Note, ...]
    warnings: tuple[Note, ...]
