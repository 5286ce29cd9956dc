"""One district, from its streets, people and facilities to an assessment against a standard."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from circles.access import Access, Ground, Searches, empty_verdicts, zones
from circles.assessment import Assessment
from circles.basemap import Basemap
from circles.communities import SETTINGS, Communities
from circles.corners import Corners
from circles.crs import WGS84, FloatArray, crs_around, to_metres
from circles.demand import PEOPLE, Demand
from circles.evaluation import (
    NO_NETWORK,
    Area,
    Evaluation,
    OnFoot,
    Stock,
    evaluate,
    level_of,
    takes_walking,
    unjoined,
)
from circles.evaluation.targets import counted_level
from circles.gaps import Gaps
from circles.isochrone import reach_areas
from circles.join_quality import (
    facility_joins,
    join_notes,
    join_table,
    no_facility_joins,
    some_names,
)
from circles.map_edge import margins_m
from circles.network import WalkNetwork
from circles.osm import Box
from circles.profiles import bundled_profiles
from circles.reclassification import Reclassification
from circles.rollups import all_verdicts, roll_up, unit_scores
from circles.scoring import INSUFFICIENT, NOT_MET, score_tiers
from circles.standards.model import AccessRule, InventoryRule, Standard
from circles.terrain import height_share
from circles.texts import Note
from circles.travel.joining import MAX_ACCESS_M, Joiner, Joins
from circles.walking import Profile
from circles.whole import Whole

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class District:
    """What an assessment is made of.

    Parameters
    ----------
    name, as_of, fictional
        See `circles.assessment.Assessment`.
    standard
        The standard to apply.
    network
        The walking network; its CRS is the run's. None where no streets were given: what takes
        walking is left as insufficient data then, and all else is assessed.
    box
        West, south, east, north of the area the map covers, degrees; not looked at without a
        network, which then has no edge.
    communities
        The communities, each with a setting.
    demand
        Where their residents live, in the CRS of the run.
    facilities
        EPSG:4326; columns `facility_id`, `name`, `service`, `origin`, `geometry` (Point).
    given
        Services for which a layer was given, even if it holds none.
    cut
        Ids of communities of which only the part on the map is known.
    basemap
        What to draw under a map.
    profiles
        The walking profiles by name; all that the standard names.
    max_access_m
        Points farther than this from every street are off the network.
    assumptions, warnings
        What was found while the inputs were read.
    whole
        What is known of a larger area that this one was cut out of; None for one by itself.
    """

    name: str
    standard: Standard
    network: WalkNetwork | None
    box: Box
    communities: Communities
    demand: Demand
    facilities: gpd.GeoDataFrame
    given: frozenset[str]
    basemap: Basemap
    as_of: date | None = None
    fictional: bool = False
    cut: frozenset[str] = frozenset()
    profiles: Mapping[str, Profile] = field(default_factory=lambda: {**bundled_profiles()})
    max_access_m: float = MAX_ACCESS_M
    assumptions: tuple[Note, ...] = ()
    warnings: tuple[Note, ...] = ()
    whole: Whole | None = None

    @property
    def crs(self) -> CRS:
        """The run's local metric CRS: the network's, or one around the communities."""
        return crs_around(self.communities.table) if self.network is None else self.network.crs


@dataclass(frozen=True)
class _Joined:
    """The district's points on its network; on none without a joiner."""

    joiner: Joiner | None
    demand: Joins
    facilities: Joins
    margin_m: FloatArray


@dataclass(frozen=True)
class Prepared:
    """A district joined to its streets: what is looked over first and scored then.

    Parameters
    ----------
    district
        The district.
    joiner
        Its streets, as points join them; None where no network was given.
    ground
        What access is measured on, with where homes and facilities join.
    """

    district: District
    joiner: Joiner | None
    ground: Ground


def prepare(district: District) -> Prepared:
    """Join a district's homes and facilities to its streets, which takes a while and is done once.

    Parameters
    ----------
    district
        The inputs.
    """
    joined = _join(district)
    return Prepared(district, joined.joiner, _ground(district, joined))


def assess(
    district: District | Prepared, *, progress: Progress = lambda _step, _share: None
) -> Assessment:
    """Score every community of a district against its standard.

    Parameters
    ----------
    district
        The inputs; or what `prepare` made of them, if that was done already.
    progress
        Called with a step's name and the share of the work done, 0-1.
    """
    progress("join", 0.0)
    prepared = district if isinstance(district, Prepared) else prepare(district)
    district, searches = prepared.district, Searches(prepared.ground)
    other_ways = Reclassification.of(district.communities, district.standard)
    gaps = Gaps(district.standard)
    verdicts = _verdicts(district, searches, (other_ways, gaps), progress)
    progress("rules", 0.5)
    area = area_of(district)
    found = _evaluate(district, area, searches.ground.on_foot)
    judged = all_verdicts(verdicts, found.findings)
    tiers = _tiers(district, judged)
    rolled = roll_up(district.standard, tiers, judged, area, as_of=district.as_of)
    own_level = rolled["level"] == rolled["target_level"]
    areas = _isochrones(prepared, searches, progress)
    progress("done", 1.0)
    return Assessment(
        name=district.name,
        as_of=district.as_of,
        fictional=district.fictional,
        standard=district.standard,
        profiles=district.profiles,
        height_share=None if district.network is None else height_share(district.network),
        walked=district.network is not None,
        communities=_communities(prepared),
        facilities=_facilities(prepared),
        joins=_joins(prepared),
        facility_joins=_facility_joins(prepared),
        isochrones=areas,
        verdicts=verdicts,
        findings=found.findings,
        unreached=found.unreached,
        tiers=tiers,
        rollups=rolled[own_level].reset_index(drop=True),
        breakdown=rolled[~own_level].reset_index(drop=True),
        unit_scores=unit_scores(tiers, district.standard, area),
        setting_ways=other_ways.table(),
        gaps=gaps.homes(verdicts),
        group_shares=gaps.group_shares(),
        streets=district.basemap.streets,
        water=district.basemap.water,
        green=district.basemap.green,
        assumptions=(*district.assumptions, *_assumptions(verdicts), *found.assumptions),
        warnings=(
            *network_notes(district),
            *district.warnings,
            *_warnings(prepared, verdicts),
            *found.warnings,
        ),
    )


def area_of(district: District) -> Area:
    """Return the communities of a district as they are evaluated and rolled up."""
    whole, communities = district.whole, district.communities
    return Area.of(
        communities,
        name=district.name,
        demand=district.demand,
        whole=level_of(communities) if whole is None else whole.level,
        cut=district.cut,
    )


def _evaluate(district: District, area: Area, on_foot: OnFoot) -> Evaluation:
    if district.whole is not None:
        return district.whole.found
    facilities = district.facilities.reset_index(drop=True)
    stock = Stock.of(facilities, district.given, area)
    return evaluate(district.standard, area, stock, on_foot)


def _tiers(district: District, judged: pd.DataFrame) -> pd.DataFrame:
    """Score the communities by what was found of themselves, not of the units they belong to."""
    own = judged[judged["level"] == "community"].rename(columns={"unit_id": "community_id"})
    return score_tiers(
        own,
        district.standard,
        list(district.communities.table.index),
        looked_at=_looked_at(district.standard),
    )


def _looked_at(standard: Standard) -> frozenset[str]:
    """Return the rules that are evaluated community by community."""
    rules = (rule for rule in standard.rules if not isinstance(rule, InventoryRule))
    return frozenset(rule.id for rule in rules if counted_level(rule) == "community")


def _ground(district: District, joined: _Joined) -> Ground:
    on_foot = OnFoot(
        network=district.network,
        profiles=district.profiles,
        demand=district.demand,
        homes=joined.demand,
        doors=joined.facilities,
    )
    return Ground(
        on_foot=on_foot,
        communities=district.communities,
        facilities=district.facilities,
        given=district.given,
        margin_m=joined.margin_m,
        cut=district.cut,
        obstacles=None if district.whole is None else district.whole.obstacles,
        reaches=None if district.whole is None else district.whole.reaches,
    )


def _verdicts(
    district: District,
    searches: Searches,
    onlookers: tuple[Reclassification, Gaps],
    progress: Progress,
) -> pd.DataFrame:
    """Return the verdicts of all rules of access, community by community."""
    tables = [empty_verdicts()]
    rules = district.standard.access_rules
    for number, rule in enumerate(rules):
        progress("coverage", 0.1 + 0.4 * number / len(rules))
        access = Access.of(rule, searches)
        tables.append(access.table(searches))
        for onlooker in onlookers:
            onlooker.add(access)
    verdicts = pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)
    order = {community: i for i, community in enumerate(district.communities.table.index)}
    return verdicts.sort_values(
        "community_id", key=lambda ids: ids.map(order), kind="stable", ignore_index=True
    )


def _join(district: District) -> _Joined:
    demand, points = district.demand, district.facilities.geometry
    if district.network is None:
        return _Joined(
            joiner=None,
            demand=unjoined(len(demand)),
            facilities=unjoined(len(points)),
            margin_m=np.full(len(demand), np.inf),  # there is no map to have an edge
        )
    joiner = Joiner.of(district.network)
    limit_m = district.max_access_m
    x_m, y_m = to_metres(points.x.to_numpy(), points.y.to_numpy(), district.crs)
    return _Joined(
        joiner=joiner,
        demand=joiner.join(demand.x_m, demand.y_m, max_access_m=limit_m),
        facilities=joiner.join(x_m, y_m, max_access_m=limit_m),
        margin_m=margins_m(demand, district.box, district.crs),
    )


def _communities(prepared: Prepared) -> gpd.GeoDataFrame:
    district, ground = prepared.district, prepared.ground
    table, demand = district.communities.table, district.demand
    population = district.communities.population
    rows = len(table)
    off = np.full(rows, np.nan)
    if prepared.joiner is not None:
        homes = ground.on_foot.homes
        off = np.bincount(demand.community[homes.off_network], minlength=rows)
    return table.assign(
        population=population.get("all", np.nan),
        demand_source=demand.source,
        demand_points=np.bincount(demand.community, minlength=rows),
        off_network_points=off,
        edge_margin_m=ground.least_margin_m(),
    )


def _facilities(prepared: Prepared) -> gpd.GeoDataFrame:
    facilities = prepared.district.facilities
    if prepared.joiner is not None:
        return facilities.assign(off_network=prepared.ground.on_foot.doors.off_network)
    nobody_knows = pd.array([pd.NA] * len(facilities), dtype="boolean")
    return facilities.assign(off_network=nobody_knows)


def _joins(prepared: Prepared) -> pd.DataFrame:
    on_foot, service = prepared.ground.on_foot, prepared.district.facilities["service"]
    table = join_table(on_foot.homes, on_foot.doors, service)
    return table if prepared.joiner is not None else table.iloc[:0]


def _facility_joins(prepared: Prepared) -> pd.DataFrame:
    walked = prepared.joiner is not None
    return facility_joins(prepared.ground.on_foot.doors) if walked else no_facility_joins()


def _isochrones(prepared: Prepared, searches: Searches, progress: Progress) -> gpd.GeoDataFrame:
    district = prepared.district
    rows: list[tuple[str, str, float, object]] = []
    if prepared.joiner is not None:
        rows += _reached(district, prepared.joiner, searches, progress)
    names = ("service", "profile", "minutes")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    frame = gpd.GeoDataFrame(columns, geometry=[row[3] for row in rows], crs=district.crs)
    return frame.astype({"minutes": float}).to_crs(WGS84)


def _reached(
    district: District, joiner: Joiner, searches: Searches, progress: Progress
) -> Iterator[tuple[str, str, float, object]]:
    """Yield need, profile, limit and area for every limit that holds for some community."""
    minutes: dict[tuple[str, str], set[float]] = {}
    rules: dict[tuple[str, str], AccessRule] = {}
    places = {*SETTINGS, *zones(district.communities)}
    for rule in district.standard.access_rules:
        ground = searches.ground
        near = not ground.on_foot.doors.off_network[ground.rows_of(rule)].all()
        if rule.kind == "time_threshold" and ground.obstacle(rule) is None and near:
            ends = {end for place, limit in rule.limits.items() if place in places for end in limit}
            key = (rule.service, rule.profile)
            minutes.setdefault(key, set()).update(ends)
            rules.setdefault(key, rule)
    corners = Corners(joiner)
    for number, (key, rule) in enumerate(rules.items()):
        progress("isochrones", 0.5 + 0.5 * number / len(rules))
        limits = sorted(minutes[key])
        areas = reach_areas(
            searches.of(rule).field,
            joiner,
            [limit * 60.0 for limit in limits],
            max_access_m=district.max_access_m,
            corners=corners,
        )
        yield from ((*key, limit, area) for limit, area in zip(limits, areas, strict=True))


def _assumptions(verdicts: pd.DataFrame) -> list[Note]:
    notes = []
    assumed = verdicts[verdicts["group_assumed"]]
    for group in sorted(set(assumed["group"])):
        communities = assumed.loc[assumed["group"] == group, "community_id"].nunique()
        notes.append(Note.of("assumptions.group_from_all", group=group, count=communities))
    stand_in = (verdicts["unit"] != PEOPLE) & (verdicts["reason"] != NO_NETWORK)
    if stand_in.any():
        communities = verdicts.loc[stand_in, "community_id"].nunique()
        notes.append(Note.of("assumptions.no_population", count=communities))
    return notes


def network_notes(district: District) -> Iterator[Note]:
    """Say first of all that there are no streets, and how many rules stay open for it."""
    if district.network is None:
        rules = district.standard.rules
        walked = sum(map(takes_walking, rules))
        if walked:
            yield Note.of("warnings.no_network", count=walked, total=len(rules))
        else:
            yield Note.of("warnings.no_network_unneeded", total=len(rules))


def _warnings(prepared: Prepared, verdicts: pd.DataFrame) -> list[Note]:
    if prepared.joiner is None:  # what joins nothing is not far from it, and nothing has an edge
        return []
    district, on_foot = prepared.district, prepared.ground.on_foot
    notes = join_notes(
        on_foot.homes,
        on_foot.doors,
        district.facilities["name"],
        max_access_m=district.max_access_m,
    )
    doubtful = (
        verdicts["verdict"].isin([NOT_MET, INSUFFICIENT])
        & (verdicts["provable_cost"] < verdicts["limit"])
        & ~verdicts["community_id"].isin(list(district.cut))  # another warning names these
    )
    if doubtful.any():
        ids = list(dict.fromkeys(verdicts.loc[doubtful, "community_id"]))
        names = district.communities.table["name"].reindex(ids)
        notes.append(Note.of("warnings.edge_margin", count=len(ids), examples=some_names(names)))
    return notes
