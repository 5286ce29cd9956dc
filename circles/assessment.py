"""Everything one district's run knows, as tables with a written contract.

Maps, pages, workbooks and layers show what is in an `Assessment` and compute nothing new.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import geopandas as gpd
import pandas as pd

from circles.evaluation import findings_table, no_facilities
from circles.gaps import no_gaps, no_group_shares
from circles.join_quality import no_facility_joins
from circles.profiles import bundled_profiles
from circles.standards.model import Standard
from circles.texts import Note
from circles.walking import Profile


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
        (``"urban"``/``"rural"``), `zone` (``"central"``/``"outer"`` or None), `street`, `district`
        (str or None), `population`, `households`
        (float or NaN), `area_km2`, `demand_source` (``"population"``, ``"buildings"``,
        ``"frontage"`` or ``"none"``), `demand_points` (int), `off_network_points` (int; NaN where
        no network was given), `edge_margin_m` (how far its demand points lie from the edge of the
        map, at least; NaN likewise),
        `geometry` (Polygon or MultiPolygon).
    facilities
        One row a facility and service; RangeIndex; columns `facility_id`, `name` (str, may be
        ``""``), `service`, `origin` (the file's name, or ``"OpenStreetMap"``), `off_network`
        (bool; missing where no network was given), `geometry` (Point).
    isochrones
        One row a need, profile and limit; columns `service` (the rule's `service`), `profile`,
        `minutes` (float), `geometry` (MultiPolygon: from where that need is met in that time).
    verdicts
        One row a community and rule that holds in its setting; RangeIndex; columns
        `community_id`, `rule_id`, `service`, `kind`, `group`, `group_assumed` (bool: the weights
        of all residents stand in for the group's), `unit` (``"people"``, ``"floor_area_m2"`` or
        ``"frontage_m"``), `limit`, `strict_limit` (minutes or metres, by `kind`: the lenient and
        the strict end of a range, the same where there is one limit; NaN where the zone that
        decides is not known), `min_share` (NaN where the coverage is reported and not judged),
        `total`, `covered_low`, `covered_high` (weights within the limit, with the off-network
        demand out of reach and in reach), `share_low`, `share_high`, `out_of_reach` (weight beyond
        the limit), `median_cost`, `p90_cost`, `worst_cost` (minutes or metres to the nearest
        facility: weighted median and 90th percentile over the group, and the most of those on the
        network), `beyond_median_cost` (the median over those beyond the limit), `nearest_cost`
        (the median over those for whom `nearest_facility` is the nearest), `verdict` (``"met"``,
        ``"not_met"``, ``"insufficient_data"`` or ``"not_applicable"``; None where reported only),
        `reason` (a key of the section ``reasons`` of the texts), `shortfall` (weight missing for
        `met`, 0 where met, NaN where insufficient), `nearest_facility` (name of the facility that
        is nearest for most of those beyond the limit, or of all if none is beyond; None if there
        is none), `provable_cost` (minutes or metres: within this nothing beyond the map's edge can
        be nearer), `strict_covered_low`, `strict_covered_high`, `strict_share_low`,
        `strict_share_high`, `strict_verdict`, `strict_reason`, `strict_shortfall` (the same by the
        strict limit), `open_share_low`, `open_share_high` (where the rule names an hour: the
        shares with only the facilities that are known to be open then, and with those of unknown
        hours too), `open_known`, `open_unknown` (how many these are).
    findings
        What the rules of presence, capacity, size and inventory find; one row a rule, unit and
        measure; see `circles.evaluation.findings.Finding`.
    unreached
        Facilities within nobody's reach by the rules that ask who shares them; columns `rule_id`,
        `facility_id`, `name`, `service`, `capacity`, `off_network`; see
        `circles.evaluation.reachable.Reachable`.
    tiers
        One row a community and tier; see `circles.scoring.score_tiers`.
    rollups
        One row a target and unit of the target's own level; see `circles.rollups.roll_up`.
    breakdown
        The same for the units of the levels below, down to streets.
    unit_scores
        One row a street, district or the city, and tier; see `circles.rollups.unit_scores`.
    setting_ways
        What would change under each other way of telling urban from rural; see
        `circles.reclassification.Reclassification.table`.
    joins
        One row a layer, that of the demand first; see `circles.join_quality.join_table`. Empty
        where no network was given.
    facility_joins
        How each facility joins the streets, row by row of `facilities`; see
        `circles.join_quality.facility_joins`. Empty where no network was given.
    gaps
        The homes beyond a rule's strict limit; one row a home and rule; see
        `circles.gaps.Gaps.homes`.
    group_shares
        What share of groups reaches a service that its rule asks for of another group; see
        `circles.gaps.Gaps.group_shares`.
    streets
        Lines to draw under a map; columns `rank` (1 main streets, 2 streets, 3 paths), `geometry`.
    water, green
        Polygons to draw under a map.
    profiles
        The walking profiles by name; all that the standard names.
    height_share
        The share of the streets, by length, of which the height is known; None where slopes do
        not count.
    walked
        Whether a street network was given. Without one nothing that takes walking is known:
        there are no isochrones, and the rules of access have no verdict but insufficient data.
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
    profiles: Mapping[str, Profile] = field(default_factory=lambda: {**bundled_profiles()})
    height_share: float | None = None
    walked: bool = True
    joins: pd.DataFrame = field(default_factory=pd.DataFrame)
    facility_joins: pd.DataFrame = field(default_factory=no_facility_joins)
    breakdown: pd.DataFrame = field(default_factory=pd.DataFrame)
    unit_scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    setting_ways: pd.DataFrame = field(default_factory=pd.DataFrame)
    findings: pd.DataFrame = field(default_factory=lambda: findings_table([]))
    unreached: pd.DataFrame = field(default_factory=no_facilities)
    gaps: pd.DataFrame = field(default_factory=no_gaps)
    group_shares: pd.DataFrame = field(default_factory=no_group_shares)
