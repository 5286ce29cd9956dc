"""One district, from its streets, people and facilities to an assessment against a standard."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from circles.assessment import Assessment
from circles.basemap import Basemap
from circles.communities import Communities
from circles.coverage import Reach, coverage
from circles.crs import WGS84, FloatArray, to_metres
from circles.demand import PEOPLE, Demand, GroupWeights, group_weights
from circles.isochrone import reach_areas
from circles.network import Impedance, IntArray, WalkNetwork
from circles.osm import Box
from circles.scoring import INSUFFICIENT, NOT_MET, judge, roll_up, score_tiers
from circles.standards.model import Rule, Standard
from circles.texts import Note
from circles.travel import CostField, nearest_cost
from circles.travel.joining import MAX_ACCESS_M, Joiner, Joins
from circles.walking import profile

Progress = Callable[[str, float], None]
_EXAMPLES: Final = 5


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
        The walking network; its CRS is the run's.
    box
        West, south, east, north of the area the map covers, degrees.
    communities
        The communities, each with a setting.
    demand
        Where their residents live, in the network's CRS.
    facilities
        EPSG:4326; columns `facility_id`, `name`, `service`, `origin`, `geometry` (Point).
    given
        Services for which a layer was given, even if it holds none.
    cut
        Ids of communities of which only the part on the map is known.
    basemap
        What to draw under a map.
    max_access_m
        Points farther than this from every street are off the network.
    assumptions, warnings
        What was found while the inputs were read.
    """

    name: str
    standard: Standard
    network: WalkNetwork
    box: Box
    communities: Communities
    demand: Demand
    facilities: gpd.GeoDataFrame
    given: frozenset[str]
    basemap: Basemap
    as_of: date | None = None
    fictional: bool = False
    cut: frozenset[str] = frozenset()
    max_access_m: float = MAX_ACCESS_M
    assumptions: tuple[Note, ...] = ()
    warnings: tuple[Note, ...] = ()


@dataclass(frozen=True)
class _Joined:
    """The district's points on its network."""

    joiner: Joiner
    demand: Joins
    facilities: Joins
    margin_m: FloatArray


@dataclass(frozen=True)
class _Search:
    """One need's search: the field, and the rows of the facilities it started from."""

    field: CostField
    facility_row: IntArray


@dataclass
class _Searches:
    """Searches made so far; rules that ask for the same share one."""

    district: District
    joined: _Joined
    made: dict[tuple[object, ...], _Search] = field(default_factory=dict)

    def of(self, rule: Rule) -> _Search:
        """Search from all facilities that answer a rule's need."""
        key = (rule.services, rule.kind, rule.profile)
        if key not in self.made:
            self.made[key] = self._search(rule)
        return self.made[key]

    def _search(self, rule: Rule) -> _Search:
        row = _rows_of(self.district, rule)
        joins = self.joined.facilities
        origins = Joins(joins.edge[row], joins.share[row], joins.access_m[row])
        network = self.district.network
        return _Search(nearest_cost(network, origins, impedance_of(network, rule)), row)


def assess(district: District, *, progress: Progress = lambda _step, _share: None) -> Assessment:
    """Score every community of a district against its standard.

    Parameters
    ----------
    district
        The inputs.
    progress
        Called with a step's name and the share of the work done, 0-1.
    """
    progress("join", 0.0)
    joined = _join(district)
    searches = _Searches(district, joined)
    tables = []
    rules = district.standard.rules
    for number, rule in enumerate(rules):
        progress("coverage", 0.1 + 0.4 * number / len(rules))
        tables.append(_verdicts(rule, district, joined, searches))
    verdicts = pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)
    order = {community: i for i, community in enumerate(district.communities.table.index)}
    verdicts = verdicts.sort_values(
        "community_id", key=lambda ids: ids.map(order), kind="stable", ignore_index=True
    )
    tiers = score_tiers(verdicts, district.standard, list(order))
    areas = _isochrones(district, joined, searches, progress)
    progress("done", 1.0)
    return Assessment(
        name=district.name,
        as_of=district.as_of,
        fictional=district.fictional,
        standard=district.standard,
        communities=_communities(district, joined),
        facilities=district.facilities.assign(off_network=joined.facilities.off_network),
        isochrones=areas,
        verdicts=verdicts,
        tiers=tiers,
        rollups=roll_up(tiers, district.communities.table["setting"], district.standard),
        streets=district.basemap.streets,
        water=district.basemap.water,
        green=district.basemap.green,
        assumptions=(*district.assumptions, *_assumptions(verdicts)),
        warnings=(*district.warnings, *_warnings(district, joined, verdicts)),
    )


def impedance_of(network: WalkNetwork, rule: Rule) -> Impedance:
    """Return what edges cost under a rule: seconds with its profile, or metres."""
    if rule.kind == "distance_threshold":
        return network.distances()
    return network.times(profile(rule.profile))


def _units_per_limit(rule: Rule) -> float:
    """How many units of cost a unit of the rule's limit is: seconds in a minute, or metres."""
    return 60.0 if rule.kind == "time_threshold" else 1.0


def _rows_of(district: District, rule: Rule) -> IntArray:
    chosen = district.facilities["service"].isin(rule.services).to_numpy()
    return np.flatnonzero(chosen).astype(np.int64)


def _join(district: District) -> _Joined:
    joiner = Joiner.of(district.network)
    limit_m = district.max_access_m
    demand = district.demand
    points = district.facilities.geometry
    x_m, y_m = to_metres(points.x.to_numpy(), points.y.to_numpy(), district.network.crs)
    return _Joined(
        joiner=joiner,
        demand=joiner.join(demand.x_m, demand.y_m, max_access_m=limit_m),
        facilities=joiner.join(x_m, y_m, max_access_m=limit_m),
        margin_m=_margins_m(district),
    )


def _margins_m(district: District) -> FloatArray:
    """Return how far each demand point lies inside the edge of the map, metres."""
    west, south, east, north = district.box
    step = np.linspace(0.0, 1.0, 20)
    lon = np.concatenate(
        [west + (east - west) * step, [east] * 20, east - (east - west) * step, [west] * 20]
    )
    lat = np.concatenate(
        [[south] * 20, south + (north - south) * step, [north] * 20, north - (north - south) * step]
    )
    outline = shapely.Polygon(np.column_stack(to_metres(lon, lat, district.network.crs)))
    points = shapely.points(district.demand.x_m, district.demand.y_m)
    margin_m = shapely.distance(outline.exterior, points)
    shapely.prepare(outline)
    return np.where(shapely.intersects(outline, points), margin_m, 0.0)


def _verdicts(rule: Rule, district: District, joined: _Joined, searches: _Searches) -> pd.DataFrame:
    table, demand = district.communities.table, district.demand
    limit = table["setting"].map(rule.thresholds).to_numpy(dtype=np.float64)
    people = group_weights(demand, district.communities.population, rule.group)
    obstacle = _layer_obstacle(rule, district, joined)
    scale = _units_per_limit(rule)
    if obstacle is None:
        search = searches.of(rule)
        cost, origin = search.field.at(joined.demand)
        facility = np.where(origin >= 0, search.facility_row[origin], -1)
        reach = Reach(cost / scale, facility.astype(np.int32), joined.demand.off_network)
    else:
        nobody = np.full(len(demand), -1, dtype=np.int32)
        reach = Reach(np.full(len(demand), np.inf), nobody, joined.demand.off_network)
    found = coverage(reach, people.weight, demand.community, limit)
    per_metre = impedance_of(district.network, rule).per_metre / scale
    found["provable_cost"] = _least_margin_m(district, joined) * per_metre
    found["limit"] = limit
    found["obstacle"] = _obstacles(obstacle, found["total"], people, district, rule)
    return _verdict_rows(rule, found[~np.isnan(limit)], people, district)


def _layer_obstacle(rule: Rule, district: District, joined: _Joined) -> str | None:
    """Say why nothing is known about a need at all, if so: a missing layer is never a zero."""
    if not set(rule.services) & district.given:
        return "layer_missing"
    row = _rows_of(district, rule)
    if not len(row):
        return "layer_empty"
    return "layer_off_network" if joined.facilities.off_network[row].all() else None


def _obstacles(
    layer: str | None,
    total: "pd.Series[float]",
    people: GroupWeights,
    district: District,
    rule: Rule,
) -> "pd.Series[str]":
    """Say for each community why nothing can be known, None where it can."""
    index = district.communities.table.index
    obstacles = pd.Series([layer] * len(index), dtype=object)
    known = _known_total(district.communities.population, rule.group)
    # No weight is nobody only where people were counted, and none of them is missing.
    obstacles[(total <= 0) & ((people.unit != PEOPLE) | (known > 0))] = "no_demand"
    obstacles[obstacles.isna() & index.isin(list(district.cut))] = "map_edge"
    # Nobody of the group lives there: no facility is missed, whatever else is unknown.
    obstacles[(known == 0) & (total <= 0)] = None
    return obstacles


def _known_total(population: pd.DataFrame, group: str) -> FloatArray:
    """Return the residents of a group, or of all where the group's number is not known."""
    nothing = pd.Series(np.nan, index=population.index, dtype=np.float64)
    own, everyone = (population.get(name, nothing) for name in (group, "all"))
    return np.asarray(own.fillna(everyone), dtype=np.float64)


def _least_margin_m(district: District, joined: _Joined) -> FloatArray:
    """Return the least margin of each community's demand points; NaN where it has none."""
    least = np.full(len(district.communities.table), np.inf)
    np.minimum.at(least, district.demand.community, joined.margin_m)
    return np.where(np.isinf(least), np.nan, least)


def _verdict_rows(
    rule: Rule, found: pd.DataFrame, people: GroupWeights, district: District
) -> pd.DataFrame:
    index = district.communities.table.index
    names = district.facilities["name"].to_numpy(dtype=object)
    rows = []
    for i, row in zip(found.index, found.to_dict("records"), strict=True):
        finding = judge(
            rule=rule,
            total=row["total"],
            covered_low=row["covered_low"],
            covered_high=row["covered_high"],
            unit=str(people.unit[i]),
            obstacle=row["obstacle"],
        )
        unknown = row["obstacle"] is not None and row["obstacle"] != "map_edge"
        rows.append(
            {
                "community_id": index[i],
                "rule_id": rule.id,
                "service": rule.service,
                "kind": rule.kind,
                "group": rule.group,
                "group_assumed": bool(people.assumed[i]),
                "unit": people.unit[i],
                "limit": row["limit"],
                "min_share": rule.min_share,
                "total": row["total"],
                **{name: np.nan if unknown else row[name] for name in _FIGURES},
                "verdict": finding.verdict,
                "reason": finding.reason,
                "shortfall": finding.shortfall,
                "nearest_facility": _name_of(names, row["nearest_facility"]),
                "provable_cost": row["provable_cost"],
            }
        )
    return pd.DataFrame(rows, columns=_VERDICT_COLUMNS).astype({"group_assumed": bool})


_FIGURES: Final = (
    "covered_low",
    "covered_high",
    "share_low",
    "share_high",
    "out_of_reach",
    "median_cost",
    "beyond_median_cost",
)
_VERDICT_COLUMNS: Final = [
    *("community_id", "rule_id", "service", "kind", "group", "group_assumed", "unit", "limit"),
    *("min_share", "total", *_FIGURES, "verdict", "reason", "shortfall", "nearest_facility"),
    "provable_cost",
]


def _name_of(names: "np.ndarray[tuple[int], np.dtype[np.object_]]", row: float) -> str | None:
    return None if row < 0 else str(names[int(row)])


def _communities(district: District, joined: _Joined) -> gpd.GeoDataFrame:
    table, demand = district.communities.table, district.demand
    population = district.communities.population
    rows = len(table)
    off = np.bincount(demand.community[joined.demand.off_network], minlength=rows)
    return table.assign(
        population=population.get("all", np.nan),
        demand_source=demand.source,
        demand_points=np.bincount(demand.community, minlength=rows),
        off_network_points=off,
        edge_margin_m=_least_margin_m(district, joined),
    )


def _isochrones(
    district: District, joined: _Joined, searches: _Searches, progress: Progress
) -> gpd.GeoDataFrame:
    minutes: dict[tuple[str, str], set[float]] = {}
    rules: dict[tuple[str, str], Rule] = {}
    for rule in district.standard.rules:
        if rule.kind == "time_threshold" and _layer_obstacle(rule, district, joined) is None:
            key = (rule.service, rule.profile)
            minutes.setdefault(key, set()).update(rule.max_minutes.values())
            rules.setdefault(key, rule)
    rows: list[tuple[str, str, float, object]] = []
    for number, (key, rule) in enumerate(rules.items()):
        progress("isochrones", 0.5 + 0.5 * number / len(rules))
        limits = sorted(minutes[key])
        areas = reach_areas(
            searches.of(rule).field,
            joined.joiner,
            [limit * 60.0 for limit in limits],
            max_access_m=district.max_access_m,
        )
        rows += [(*key, limit, area) for limit, area in zip(limits, areas, strict=True)]
    columns: Mapping[str, list[object]] = {
        name: [row[i] for row in rows] for i, name in enumerate(("service", "profile", "minutes"))
    }
    geometry = gpd.GeoSeries([row[3] for row in rows], crs=district.network.crs)
    frame = gpd.GeoDataFrame(dict(columns), geometry=geometry.to_numpy(), crs=geometry.crs)
    return frame.astype({"minutes": float}).to_crs(WGS84)


def _assumptions(verdicts: pd.DataFrame) -> list[Note]:
    notes = []
    assumed = verdicts[verdicts["group_assumed"]]
    for group in sorted(set(assumed["group"])):
        communities = assumed.loc[assumed["group"] == group, "community_id"].nunique()
        notes.append(Note.of("assumptions.group_from_all", group=group, count=communities))
    if (verdicts["unit"] != PEOPLE).any():
        communities = verdicts.loc[verdicts["unit"] != PEOPLE, "community_id"].nunique()
        notes.append(Note.of("assumptions.no_population", count=communities))
    return notes


def _warnings(district: District, joined: _Joined, verdicts: pd.DataFrame) -> list[Note]:
    notes = []
    lost = district.facilities[joined.facilities.off_network]
    if len(lost):
        notes.append(
            Note.of(
                "warnings.facilities_off_network",
                count=len(lost),
                limit_m=round(district.max_access_m),
                examples=_examples(lost["name"]),
            )
        )
    off, points = int(joined.demand.off_network.sum()), len(district.demand)
    if off:
        percent = round(100 * off / points, 1)
        notes.append(
            Note.of(
                "warnings.off_network",
                count=off,
                percent=percent,
                limit_m=round(district.max_access_m),
            )
        )
    doubtful = (
        verdicts["verdict"].isin([NOT_MET, INSUFFICIENT])
        & (verdicts["provable_cost"] < verdicts["limit"])
        & ~verdicts["community_id"].isin(list(district.cut))  # another warning names these
    )
    if doubtful.any():
        ids = list(dict.fromkeys(verdicts.loc[doubtful, "community_id"]))
        names = district.communities.table["name"].reindex(ids)
        notes.append(Note.of("warnings.edge_margin", count=len(ids), examples=_examples(names)))
    return notes


def _examples(names: "pd.Series[str]") -> tuple[str, ...]:
    shown = [name for name in dict.fromkeys(map(str, names)) if name][:_EXAMPLES]
    return tuple(shown) or ("–",)
