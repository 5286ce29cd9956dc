"""Who reaches what: the rules of time and distance, searched for once and judged by community."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from circles.communities import Communities
from circles.coverage import Reach, coverage, covered
from circles.crs import FloatArray
from circles.demand import PEOPLE, GroupWeights, group_weights
from circles.evaluation import NO_NETWORK, OnFoot
from circles.evaluation.catchment import part_of
from circles.hours import open_until
from circles.network import BoolArray, Impedance, IntArray
from circles.scoring import Finding, judge
from circles.standards.model import AccessRule
from circles.standards.parts import Range
from circles.travel import CostField, nearest_cost

#: Figures that hang on the limit, and those that tell of the nearest facility whatever it is.
_COVERED: Final = ("covered_low", "covered_high", "share_low", "share_high", "out_of_reach")
_COSTS: Final = ("median_cost", "p90_cost", "worst_cost", "beyond_median_cost", "nearest_cost")
_STRICT: Final = ("strict_covered_low", "strict_covered_high", "strict_share_low",
                  "strict_share_high")  # fmt: skip
#: Choices of a rule's facilities: all of them; those that are known to stay open until its hour;
#: and those that are not known to be closed by then.
FACILITIES: Final = ("all", "open", "not_closed")
_OPEN: Final = ("open_share_low", "open_share_high", "open_known", "open_unknown")
_COLUMNS: Final = [
    *("community_id", "rule_id", "service", "kind", "group", "group_assumed", "unit"),
    *("limit", "strict_limit", "min_share", "total", *_COVERED, *_COSTS),
    *("verdict", "reason", "shortfall", "nearest_facility", "provable_cost"),
    *(*_STRICT, "strict_verdict", "strict_reason", "strict_shortfall", *_OPEN),
]


@dataclass(frozen=True)
class Ground:
    """What access is measured on.

    Parameters
    ----------
    on_foot
        Homes and facilities on their network.
    communities
        The communities, each with a setting.
    facilities
        One row a facility and service; columns `name`, `service`, and `opening_hours` where they
        are known.
    given
        Services for which a layer was given, even if it holds none.
    margin_m
        How far each demand point lies inside the edge of the map; inf without one.
    cut
        Ids of communities of which only a part is known.
    obstacles
        By rule why nothing is known of its need, where that was found on a larger area.
    reaches
        What its homes reach by rule and choice of facilities (see `FACILITIES`), where that was
        found on a larger area.
    """

    on_foot: OnFoot
    communities: Communities
    facilities: gpd.GeoDataFrame
    given: frozenset[str]
    margin_m: FloatArray
    cut: frozenset[str] = frozenset()
    obstacles: Mapping[str, str | None] | None = None
    reaches: Mapping[tuple[str, str], Reach] | None = None

    def rows_of(self, rule: AccessRule) -> IntArray:
        """Return the rows of the facilities that answer a rule's need."""
        chosen = self.facilities["service"].isin(rule.services).to_numpy()
        return np.flatnonzero(chosen).astype(np.int64)

    def chosen(self, rule: AccessRule) -> dict[str, IntArray]:
        """Return the rows of `rows_of` by choice: all, and those that stay open until its hour."""
        rows = self.rows_of(rule)
        if rule.open_until is None:
            return {"all": rows}
        text = self.facilities.get("opening_hours", pd.Series(dtype=object))
        said = [text.get(row) for row in rows.tolist()]
        told = [open_until(t if isinstance(t, str) else None, rule.open_until) for t in said]
        known = np.array([state is True for state in told], dtype=bool)
        unknown = np.array([state is None for state in told], dtype=bool)
        return {"all": rows, "open": rows[known], "not_closed": rows[known | unknown]}

    def obstacle(self, rule: AccessRule) -> str | None:
        """Say why nothing is known about a need at all, if so: no layer is never a zero."""
        if self.on_foot.obstacle is not None:
            return self.on_foot.obstacle
        if self.obstacles is not None:
            return self.obstacles[rule.id]
        if not set(rule.services) & self.given:
            return "layer_missing"
        row = self.rows_of(rule)
        if not len(row):
            return "layer_empty"
        return "layer_off_network" if self.on_foot.doors.off_network[row].all() else None

    def impedance(self, rule: AccessRule) -> Impedance:
        """Return what edges cost under a rule: seconds with its profile, or metres."""
        if rule.kind == "distance_threshold":
            return self.on_foot.streets.distances()
        return self.on_foot.streets.times(self.on_foot.profiles[rule.profile])

    def provable(self, rule: AccessRule) -> FloatArray:
        """Return within which cost nothing beyond the map's edge can be nearer, by community.

        In the unit of the rule's limit; NaN without demand points, and without streets.
        """
        if self.on_foot.obstacle is not None:
            return np.full(len(self.communities.table), np.nan)
        return self.least_margin_m() * self.cost_per_metre(rule)

    def cost_per_metre(self, rule: AccessRule) -> float:
        """Return the least that a metre can cost under a rule, in the unit of its limit.

        Raises
        ------
        InputError
            There are no streets.
        """
        impedance = self.impedance(rule)
        return impedance.per_metre * impedance.least_factor / _scale(rule)

    def least_margin_m(self) -> FloatArray:
        """Return the least margin of each community's demand points; NaN where there is none."""
        least = np.full(len(self.communities.table), np.inf)
        np.minimum.at(least, self.on_foot.demand.community, self.margin_m)
        return np.where(np.isinf(least), np.nan, least)


@dataclass(frozen=True)
class Search:
    """One search: the field, and the rows of the facilities it started from."""

    field: CostField
    facility_row: IntArray


@dataclass
class Searches:
    """Searches made so far; rules that ask for the same share one."""

    ground: Ground
    made: dict[tuple[object, ...], Search] = field(default_factory=dict)

    def of(self, rule: AccessRule, rows: IntArray | None = None) -> Search:
        """Search from the facilities that answer a rule's need, or from those of some rows."""
        chosen = self.ground.rows_of(rule) if rows is None else rows
        key = (rule.kind, rule.profile, chosen.tobytes())
        if key not in self.made:
            origins = part_of(self.ground.on_foot.doors, chosen)
            found = nearest_cost(self.ground.on_foot.streets, origins, self.ground.impedance(rule))
            self.made[key] = Search(found, chosen)
        return self.made[key]

    def reach(self, rule: AccessRule, choice: str = "all") -> Reach:
        """Return what the demand points reach, in the unit of the rule's limit.

        Parameters
        ----------
        rule
            The rule.
        choice
            Which of its facilities: one of `FACILITIES`.
        """
        if self.ground.reaches is not None:
            return self.ground.reaches[rule.id, choice]
        search = self.of(rule, self.ground.chosen(rule)[choice])
        homes = self.ground.on_foot.homes
        cost, origin = search.field.at(homes)
        facility = np.append(search.facility_row, -1)[origin]  # no origin is the last: -1
        return Reach(cost / _scale(rule), facility.astype(np.int32), homes.off_network)


@dataclass(frozen=True)
class Limits:
    """How far a rule lets people walk, by community.

    Parameters
    ----------
    strict, lenient
        The two ends of a range, the same where there is one limit; NaN where there is none.
    zone_unknown
        Which communities have none because nobody knows their zone.
    """

    strict: FloatArray
    lenient: FloatArray
    zone_unknown: BoolArray

    @classmethod
    def of(cls, rule: AccessRule, setting: Sequence[str], zone: Sequence[str | None]) -> "Limits":
        """Take each community's limit by its zone, or else by its setting."""
        ranges, unknown = [], []
        for its_setting, its_zone in zip(setting, zone, strict=True):
            limit = rule.limit_in(its_setting, its_zone)
            unknown.append(limit is None and its_zone is None and rule.asks_zone_of(its_setting))
            ranges.append(limit or Range(np.nan, np.nan))
        table = np.array(ranges, dtype=np.float64).reshape(-1, 2)
        return cls(table[:, 0], table[:, 1], np.array(unknown, dtype=bool))

    @property
    def holds(self) -> BoolArray:
        """Which communities the rule is about."""
        return ~np.isnan(self.lenient) | self.zone_unknown


@dataclass(frozen=True)
class Access:
    """What one rule's search found, before any limit is laid on it.

    Parameters
    ----------
    rule
        The rule.
    ground
        What it was measured on.
    reach
        Costs at the demand points; all without a way where `obstacle` says why nothing is known.
    people
        The rule's group, by demand point.
    obstacle
        Why nothing is known about the need at all, or None.
    """

    rule: AccessRule
    ground: Ground
    reach: Reach
    people: GroupWeights
    obstacle: str | None

    @classmethod
    def of(cls, rule: AccessRule, searches: Searches) -> "Access":
        """Search for a rule's need."""
        ground = searches.ground
        demand, obstacle = ground.on_foot.demand, ground.obstacle(rule)
        people = group_weights(demand, ground.communities.population, rule.group)
        if obstacle is None:
            return cls(rule, ground, searches.reach(rule), people, None)
        nobody = np.full(len(demand), -1, dtype=np.int32)
        nothing = Reach(np.full(len(demand), np.inf), nobody, ground.on_foot.homes.off_network)
        return cls(rule, ground, nothing, people, obstacle)

    def limits(self, setting: "pd.Series[str] | None" = None) -> Limits:
        """Return the limits, with the communities' own settings or with others."""
        table = self.ground.communities.table
        words = table["setting"] if setting is None else setting
        return Limits.of(self.rule, list(words), zones(self.ground.communities))

    def verdicts(self, setting: "pd.Series[str] | None" = None) -> dict[str, str]:
        """Return the verdict on each community that the rule holds for, with other settings.

        Parameters
        ----------
        setting
            ``"urban"`` or ``"rural"`` by community; their own without it.
        """
        limits = self.limits(setting)
        low, high = self._covered(limits.lenient)
        found = self._judge(limits, low, high)
        names = self.ground.communities.table.index
        return {
            str(names[i]): finding.verdict
            for i, finding in found.items()
            if finding.verdict is not None
        }

    def table(self, searches: Searches) -> pd.DataFrame:
        """Return the rows of the verdicts: one a community that the rule holds for."""
        limits, demand = self.limits(), self.ground.on_foot.demand
        found = coverage(self.reach, self.people.weight, demand.community, limits.lenient)
        found["total"] = self._total()
        found[["strict_covered_low", "strict_covered_high"]] = np.column_stack(
            self._covered(limits.strict)
        )
        for end in ("low", "high"):
            with np.errstate(invalid="ignore", divide="ignore"):
                share = found[f"strict_covered_{end}"] / found["total"]
            found[f"strict_share_{end}"] = share
        for name, figure in self._open(searches, limits).items():
            found[name] = figure
        lenient, strict = self._covered(limits.lenient), self._covered(limits.strict)
        return self._rows(
            limits, found, self._judge(limits, *lenient), self._judge(limits, *strict)
        )

    def _covered(self, limit: FloatArray) -> tuple[FloatArray, FloatArray]:
        community = self.ground.on_foot.demand.community
        low, high = covered(self.reach, self.people.weight, community, limit)
        return low, np.minimum(high, self._total())

    def _total(self) -> FloatArray:
        demand, rows = self.ground.on_foot.demand, len(self.ground.communities.table)
        total = np.bincount(demand.community, weights=self.people.weight, minlength=rows)
        if self.obstacle != NO_NETWORK:
            return total.astype(np.float64)
        # Without streets, none of them stands in for homes: what the table counts is the total,
        # and where nobody counted, nothing is known.
        known = _known_total(self.ground.communities.population, self.rule.group)
        counted = (total > 0) | (np.isnan(known) & (self.people.unit == PEOPLE))
        return np.where(counted, total, known)

    def _judge(self, limits: Limits, low: FloatArray, high: FloatArray) -> dict[int, Finding]:
        """Judge the communities that the rule holds for, by their row."""
        total, obstacles = self._total(), self._obstacles(limits)
        return {
            i: judge(
                min_share=self.rule.min_share,
                total=float(total[i]),
                covered_low=float(low[i]),
                covered_high=float(high[i]),
                unit=str(self.people.unit[i]),
                obstacle=obstacles[i],
            )
            for i in np.flatnonzero(limits.holds).tolist()
        }

    def _obstacles(self, limits: Limits) -> list[str | None]:
        """Say for each community why nothing can be known, None where it can."""
        index, total = self.ground.communities.table.index, self._total()
        known = _known_total(self.ground.communities.population, self.rule.group)
        obstacles = pd.Series([self.obstacle] * len(index), dtype=object)
        # No weight is nobody only where people were counted, and none of them is missing.
        obstacles[(total <= 0) & ((self.people.unit != PEOPLE) | (known > 0))] = "no_demand"
        obstacles[obstacles.isna() & limits.zone_unknown] = "zone_unknown"
        obstacles[obstacles.isna() & index.isin(list(self.ground.cut))] = "map_edge"
        # Nobody of the group lives there: no facility is missed, whatever else is unknown.
        obstacles[(known == 0) & (total <= 0)] = None
        return [word if isinstance(word, str) else None for word in obstacles]

    def _open(self, searches: Searches, limits: Limits) -> dict[str, FloatArray | float]:
        """Return the coverage by facilities that stay open until the rule's hour.

        The low share counts those that are known to, the high one those of unknown hours too.
        """
        if self.rule.open_until is None or self.obstacle is not None:
            return dict.fromkeys(_OPEN, np.nan)
        chosen = self.ground.chosen(self.rule)
        total, shares = self._total(), {}
        for end, choice in (("low", "open"), ("high", "not_closed")):
            within = np.zeros(len(total))
            elsewhere = self.ground.reaches
            if len(chosen[choice]) if elsewhere is None else (self.rule.id, choice) in elsewhere:
                reach = searches.reach(self.rule, choice)
                community = self.ground.on_foot.demand.community
                ends = covered(reach, self.people.weight, community, limits.lenient)
                within = ends[0] if end == "low" else ends[1]
            with np.errstate(invalid="ignore", divide="ignore"):
                shares[f"open_share_{end}"] = np.minimum(within / total, 1.0)
        known, possible = len(chosen["open"]), len(chosen["not_closed"])
        return {**shares, "open_known": float(known), "open_unknown": float(possible - known)}

    def _rows(
        self,
        limits: Limits,
        found: pd.DataFrame,
        judged: dict[int, Finding],
        strictly: dict[int, Finding],
    ) -> pd.DataFrame:
        ground, rule = self.ground, self.rule
        names = ground.facilities["name"].to_numpy(dtype=object)
        provable = ground.provable(rule)
        obstacles, figures = self._obstacles(limits), found.to_dict("list")
        rows = []
        for i, finding in judged.items():
            hidden = _hidden(obstacles[i])
            own = {
                name: np.nan if name in hidden else values[i] for name, values in figures.items()
            }
            near = int(figures["nearest_facility"][i])
            rows.append(
                {
                    **own,
                    "total": figures["total"][i],
                    "community_id": ground.communities.table.index[i],
                    "rule_id": rule.id,
                    "service": rule.service,
                    "kind": rule.kind,
                    "group": rule.group,
                    "group_assumed": bool(self.people.assumed[i]),
                    "unit": self.people.unit[i],
                    "limit": limits.lenient[i],
                    "strict_limit": limits.strict[i],
                    "min_share": np.nan if rule.min_share is None else rule.min_share,
                    "verdict": finding.verdict,
                    "reason": finding.reason,
                    "shortfall": finding.shortfall,
                    "strict_verdict": strictly[i].verdict,
                    "strict_reason": strictly[i].reason,
                    "strict_shortfall": strictly[i].shortfall,
                    "nearest_facility": None if near < 0 else str(names[near]),
                    "provable_cost": provable[i],
                }
            )
        return pd.DataFrame(rows, columns=_COLUMNS).astype(
            {"group_assumed": bool, "verdict": object, "strict_verdict": object}
        )


def zones(communities: Communities) -> list[str | None]:
    """Return the communities' zones, None where nobody knows them."""
    table = communities.table
    if "zone" not in table:
        return [None] * len(table)
    return [zone if isinstance(zone, str) else None for zone in table["zone"]]


def empty_verdicts() -> pd.DataFrame:
    """Return the table of verdicts of a standard without rules of access."""
    return pd.DataFrame(columns=_COLUMNS).astype({"group_assumed": bool})


def _hidden(obstacle: str | None) -> frozenset[str]:
    """Return the figures that mean nothing where something stands in the way of knowing."""
    if obstacle in {None, "map_edge"}:
        return frozenset()
    limited = {*_COVERED, *_STRICT, *_OPEN, "beyond_median_cost"}
    return frozenset(limited if obstacle == "zone_unknown" else limited | {*_COSTS})


def _scale(rule: AccessRule) -> float:
    """How many units of cost a unit of the rule's limit is: seconds in a minute, or metres."""
    return 60.0 if rule.kind == "time_threshold" else 1.0


def _known_total(population: pd.DataFrame, group: str) -> FloatArray:
    """Return the residents of a group, or of all where the group's number is not known."""
    nothing = pd.Series(np.nan, index=population.index, dtype=np.float64)
    own, everyone = (population.get(name, nothing) for name in (group, "all"))
    return np.asarray(own.fillna(everyone), dtype=np.float64)
