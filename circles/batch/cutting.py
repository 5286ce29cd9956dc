"""Cutting a whole city into districts that can be scored one by one, with the same results.

The city is read, joined and searched once: one coordinate system, one set of main streets, one
reading of every table, and walks that end wherever the nearest facility lies. A part takes of that
what is about its own homes; it is judged, explained and drawn by itself, with the streets and
facilities within a margin that no walk of the standard leaves.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from circles.access import Searches
from circles.basemap import Basemap
from circles.batch.description import By
from circles.check.margins import longest_walks_m
from circles.communities import Communities
from circles.coverage import Reach
from circles.crs import FloatArray, to_degrees, to_metres
from circles.demand import Demand
from circles.district import District, Prepared, area_of
from circles.errors import InputError
from circles.evaluation import Area, Evaluation, Stock, evaluate, takes_walking
from circles.evaluation.targets import counted_level
from circles.evaluation.units import LEVELS
from circles.network import BoolArray, IntArray, WalkNetwork
from circles.osm import Box
from circles.standards.parts import Level
from circles.terrain import height_share
from circles.whole import Whole

#: Streets are taken from this much farther around than the facilities and homes that join them.
_SLACK_M = 100.0


@dataclass(frozen=True)
class Part:
    """A district that was cut out of a city; its streets are still to be loaded.

    Parameters
    ----------
    name
        What it is called in the community table.
    district
        What is scored, without network.
    streets_box
        West, south, east, north of the streets that it needs, degrees.
    """

    name: str
    district: District
    streets_box: Box


@dataclass(frozen=True)
class City:
    """A whole city, ready to be cut.

    Parameters
    ----------
    prepared
        The city, joined to its streets.
    found
        What the rules find that are not about access.
    reaches
        What its homes reach, by rule and choice of facilities.
    by
        What it is cut by.
    margin_m
        How far around each community a part reaches, shape (communities,).
    """

    prepared: Prepared
    found: Evaluation
    reaches: Mapping[tuple[str, str], Reach]
    by: By
    margin_m: FloatArray

    @classmethod
    def of(cls, prepared: Prepared, *, by: By, margin_m: float | None = None) -> "City":
        """Find what is found once for all parts.

        Parameters
        ----------
        prepared
            The city.
        by
            ``"district"`` or ``"street"``.
        margin_m
            How far a part reaches beyond its own homes; as far as the standard lets people walk
            without it.

        Raises
        ------
        InputError
            Communities name no unit of that level, or the margin is smaller than a walk that the
            standard allows.
        """
        district = prepared.district
        names = district.communities.table[by]
        lost = [str(i) for i, name in names.items() if not (isinstance(name, str) and name)]
        if lost:
            message = (
                f"{len(lost)} of {len(names)} communities have no {by}, such as {lost[:3]}; name "
                f"the column in communities.{by}, fill it in, or split by another one"
            )
            raise InputError(message)
        walks_m = np.zeros(len(names))
        if district.network is not None:
            walks_m = longest_walks_m(district.standard, prepared.ground, shared=False)
        if margin_m is not None and margin_m < (longest_m := walks_m.max(initial=0.0)):
            message = (
                f"batch.margin_m is {margin_m:g}, but the standard lets people walk "
                f"{longest_m:.0f} m: facilities across the border would be missed; leave it out"
            )
            raise InputError(message)
        area = area_of(district)
        stock = Stock.of(district.facilities.reset_index(drop=True), district.given, area)
        found = evaluate(district.standard, area, stock, prepared.ground.on_foot)
        if margin_m is not None:
            walks_m = np.full(len(names), margin_m)
        return cls(prepared, found, _reaches(prepared), by, walks_m)

    @property
    def level(self) -> Level:
        """Of which level the city itself is."""
        return area_of(self.prepared.district).whole

    @property
    def height_share(self) -> float | None:
        """The share of the streets of which the height is known; None without streets."""
        network = self.prepared.district.network
        return None if network is None else height_share(network)

    @cached_property
    def parts(self) -> Mapping[str, IntArray]:
        """The rows of the communities of each part, in the order in which they are named."""
        names = self.prepared.district.communities.table[self.by]
        codes, found = pd.factorize(names)
        return {str(name): np.flatnonzero(codes == i) for i, name in enumerate(found)}

    @cached_property
    def facilities_m(self) -> tuple[FloatArray, FloatArray]:
        """Where the facilities are, metres."""
        points = self.prepared.district.facilities.geometry
        return to_metres(points.x.to_numpy(), points.y.to_numpy(), self.prepared.district.crs)

    def cut(self, name: str) -> Part:
        """Cut one part out.

        Parameters
        ----------
        name
            One of `parts`.
        """
        district, rows = self.prepared.district, self.parts[name]
        communities = _communities(district.communities, rows)
        demand = _demand(district.demand, rows)
        inner = _bounds_m(communities, demand, district)
        reaches = self._reaches(rows)
        chosen = self._facilities(_widened(inner, float(self.margin_m[rows].max())), reaches)
        facilities = district.facilities[chosen].reset_index(drop=True)
        streets_box = self.box_of(name)
        own = frozenset(map(str, communities.table.index))
        part = replace(
            district,
            name=f"{district.name} · {name}",
            network=None,
            communities=communities,
            demand=demand,
            facilities=facilities,
            cut=district.cut & own,
            basemap=_basemap(district.basemap, streets_box),
        )
        renumbered = _renumbered(reaches, chosen)
        whole = Whole(self.by, self._obstacles(), renumbered, self._found(part))
        return Part(name, replace(part, whole=whole), streets_box)

    def box_of(self, name: str) -> Box:
        """Return the box of the streets that a part needs, degrees.

        It holds a street even where none is near: homes that are far from all of them are what
        they are on the whole.
        """
        district, rows = self.prepared.district, self.parts[name]
        communities, demand = district.communities, district.demand
        inner = _bounds_m(_communities(communities, rows), _demand(demand, rows), district)
        streets_m = float(self.margin_m[rows].max()) + district.max_access_m + _SLACK_M
        return _with_a_street(_degrees(_widened(inner, streets_m), district), district.network)

    def _facilities(
        self, bounds_m: FloatArray, reaches: Mapping[tuple[str, str], Reach]
    ) -> BoolArray:
        """Tell which facilities lie in a box of metres, or are the nearest to some home."""
        west, south, east, north = bounds_m
        x, y = self.facilities_m
        chosen: BoolArray = (x >= west) & (x <= east) & (y >= south) & (y <= north)
        for reach in reaches.values():
            chosen[reach.facility[reach.facility >= 0]] = True
        return chosen

    def _reaches(self, rows: IntArray) -> dict[tuple[str, str], Reach]:
        """Return what the homes of some communities reach, facilities by their rows in all."""
        homes = _homes_of(self.prepared.district.demand, rows)
        return {
            key: Reach(reach.cost[homes], reach.facility[homes], reach.off_network[homes])
            for key, reach in self.reaches.items()
        }

    def _obstacles(self) -> dict[str, str | None]:
        ground = self.prepared.ground
        return {r.id: ground.obstacle(r) for r in self.prepared.district.standard.access_rules}

    def _found(self, part: District) -> Evaluation:
        """Take what was found of the part's units, and say what a part cannot tell of the whole."""
        area = replace(area_of(part), whole=self.by)
        findings = self.found.findings
        units = {level: set(area.units(level).id) for level in LEVELS[: LEVELS.index(self.by) + 1]}
        kept = [
            unit in units.get(level, ())
            for level, unit in zip(findings["level"], findings["unit_id"], strict=True)
        ]
        mine = findings[np.array(kept, dtype=bool)]
        above = self._above(part, area, frozenset(mine["rule_id"]))
        tables = [table for table in (mine, above.findings) if len(table)]
        order = {rule.id: i for i, rule in enumerate(part.standard.rules)}
        together = pd.concat(tables or [mine], ignore_index=True)
        unreached = self.found.unreached
        here = unreached["facility_id"].isin(set(part.facilities["facility_id"]))
        return Evaluation(
            findings=together.sort_values(
                "rule_id", key=lambda ids: ids.map(order), kind="stable", ignore_index=True
            ),
            unreached=unreached[here].reset_index(drop=True),
            assumptions=self.found.assumptions,
            warnings=self.found.warnings,
        )

    def _above(self, part: District, area: Area, found: frozenset[str]) -> Evaluation:
        """Evaluate the rules about larger units only, as on any area that is a part of one."""
        rules = frozenset(
            rule.id
            for rule in part.standard.rules
            if rule.id not in found
            and not takes_walking(rule)
            and LEVELS.index(counted_level(rule)) > LEVELS.index(self.by)
        )
        own = _own_facilities(part)
        stock = Stock.of(own, part.given, area)
        return evaluate(part.standard, area, stock, self.prepared.ground.on_foot, only=rules)


def _reaches(prepared: Prepared) -> dict[tuple[str, str], Reach]:
    """Search from the facilities of each rule, over all streets, once."""
    ground = prepared.ground
    searches, found = Searches(ground), {}
    for rule in prepared.district.standard.access_rules:
        if ground.obstacle(rule) is None:
            for choice, rows in ground.chosen(rule).items():
                if len(rows):
                    found[rule.id, choice] = searches.reach(rule, choice)
    return found


def _renumbered(
    reaches: Mapping[tuple[str, str], Reach], chosen: BoolArray
) -> dict[tuple[str, str], Reach]:
    """Name facilities by their rows among those that were chosen."""
    row = np.append(np.cumsum(chosen) - 1, -1).astype(np.int32)  # no facility stays none
    return {
        key: replace(reach, facility=np.where(reach.facility >= 0, row[reach.facility], -1))
        for key, reach in reaches.items()
    }


def _own_facilities(part: District) -> gpd.GeoDataFrame:
    """Return the facilities that lie in the part's own communities."""
    outlines = part.communities.table.geometry.to_numpy()
    points = part.facilities.geometry.to_numpy()
    inside = np.zeros(len(points), dtype=bool)
    inside[shapely.STRtree(points).query(outlines, predicate="intersects")[1]] = True
    return part.facilities[inside].reset_index(drop=True)


def _communities(communities: Communities, rows: IntArray) -> Communities:
    ids: list[Hashable] = list(communities.table.index[rows])
    given = communities.setting_given
    return replace(
        communities,
        table=communities.table.loc[ids],
        population=communities.population.loc[ids],
        setting_given=None if given is None else given.reindex(ids),
        ledger=None,
        report=None,
    )


def _homes_of(demand: Demand, rows: IntArray) -> BoolArray:
    """Tell which demand points lie in some communities."""
    here = np.zeros(len(demand.source), dtype=bool)
    here[rows] = True
    mine: BoolArray = here[demand.community]
    return mine


def _demand(demand: Demand, rows: IntArray) -> Demand:
    place = np.full(len(demand.source), -1, dtype=np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    mine = _homes_of(demand, rows)
    return replace(
        demand,
        x_m=demand.x_m[mine],
        y_m=demand.y_m[mine],
        community=place[demand.community[mine]],
        weights={group: weight[mine] for group, weight in demand.weights.items()},
        source=demand.source[rows],
        unknown={group: marked[rows] for group, marked in demand.unknown.items()},
        outside={},
        ledgers=(),
    )


def _bounds_m(communities: Communities, demand: Demand, district: District) -> FloatArray:
    """Return west, south, east, north of a part's outlines and homes, metres."""
    west, south, east, north = communities.table.total_bounds
    lon, lat = np.array([west, east, east, west]), np.array([south, south, north, north])
    x, y = to_metres(lon, lat, district.crs)
    x, y = np.append(x, demand.x_m), np.append(y, demand.y_m)
    return np.array([x.min(), y.min(), x.max(), y.max()])


def _widened(bounds_m: FloatArray, margin_m: float) -> FloatArray:
    widened: FloatArray = bounds_m + np.array([-margin_m, -margin_m, margin_m, margin_m])
    return widened


def _degrees(bounds_m: FloatArray, district: District) -> Box:
    """Return the smallest box of degrees around a box of metres."""
    west, south, east, north = bounds_m
    step = np.linspace(0.0, 1.0, 20)
    x, y = west + (east - west) * step, south + (north - south) * step
    sides_x = np.concatenate([x, x, np.full(20, west), np.full(20, east)])
    sides_y = np.concatenate([np.full(20, south), np.full(20, north), y, y])
    lon, lat = to_degrees(sides_x, sides_y, district.crs)
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def _with_a_street(box: Box, network: WalkNetwork | None) -> Box:
    """Return a box, widened to the nearest node if none is in it."""
    if network is None:
        return box
    west, south, east, north = box
    lon, lat = network.node_lon, network.node_lat
    if np.any((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)):
        return box
    away_lon = np.maximum(np.maximum(west - lon, lon - east), 0.0)
    away_lat = np.maximum(np.maximum(south - lat, lat - north), 0.0)
    nearest = int(np.argmin(np.hypot(away_lon * np.cos(np.radians(south)), away_lat)))
    at_lon, at_lat = float(lon[nearest]), float(lat[nearest])
    return min(west, at_lon), min(south, at_lat), max(east, at_lon), max(north, at_lat)


def _basemap(basemap: Basemap, box: Box) -> Basemap:
    """Return the water and the green areas of a box; streets are drawn from the part's own."""
    west, south, east, north = box

    def within(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return layer.cx[west:east, south:north].reset_index(drop=True)

    return Basemap(basemap.streets.iloc[:0], within(basemap.water), within(basemap.green))
