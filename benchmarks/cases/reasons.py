"""Why circles and Valhalla differ about a walk: circles is given Valhalla's rules, one by one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.cases.rules import PLAZAS, RULES, TOGETHER, Rule, Tags
from benchmarks.ours import LEVEL
from benchmarks.walks import Walker
from circles.osm import OsmStreets

Floats = npt.NDArray[np.float64]

LIMIT_S: Final = 900.0
_ROUNDING_S: Final = 6.0
_ROUNDING: Final = "counts whole metres on a round Earth: within 6 s of each other"
_MATRIX: Final = "finds a shorter way if asked for this route alone, not for all times at once"
_UNKNOWN: Final = "has reasons that were not found"
_TOLD: Final = frozenset(
    {"highway", "area", "access", "foot", "oneway", "service", "barrier", "man_made", "railway"}
)


@dataclass(frozen=True)
class Walks:
    """Walks between all pairs of some places.

    Parameters
    ----------
    lon, lat
        The places, shape (k,).
    ours_s, theirs_s
        What circles and Valhalla say, shape (k, k); inf where there is no way.
    by_rule
        What circles says by a rule of Valhalla's of the walks from one place, as it is asked for.
    """

    lon: Floats
    lat: Floats
    ours_s: Floats
    theirs_s: Floats
    by_rule: dict[tuple[Rule, int], Floats] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """What Valhalla answers if it is asked for one walk alone.

    Parameters
    ----------
    time_s
        How long it takes.
    made_up
        Whether it leads along the middle of a plaza.
    """

    time_s: float
    made_up: bool


@dataclass(frozen=True)
class Finding:
    """Why the verdicts on one walk differ.

    Parameters
    ----------
    name
        What Valhalla does.
    left_s
        How far circles is from Valhalla if it does the same.
    example
        The walk, and the way or node that matters.
    """

    name: str
    left_s: float
    example: str


class Reasons:
    """The networks that an extract makes under Valhalla's rules.

    Parameters
    ----------
    extract
        The extract.
    walker
        Its network as circles makes it.
    """

    def __init__(self, extract: OsmStreets, walker: Walker) -> None:
        self._extract = extract
        self._own = walker
        self._walkers: dict[Rule, Walker] = {}
        self._changed: dict[Rule, tuple[list[int], list[int]]] = {}

    def explain(self, walks: Walks, a: int, b: int, ask: Callable[[int, int], Route]) -> Finding:
        """Find out why the verdicts on one walk differ.

        Parameters
        ----------
        walks
            Some walks.
        a, b
            Between which of the places.
        ask
            Asks Valhalla for this walk alone, if nothing else explains it.
        """
        ours_s, theirs_s = walks.ours_s[a, b], walks.theirs_s[a, b]
        text = (
            f"{walks.lat[a]:.5f},{walks.lon[a]:.5f} to {walks.lat[b]:.5f},{walks.lon[b]:.5f}, "
            f"circles {_time(ours_s)}, Valhalla {_time(theirs_s)}"
        )
        if abs(ours_s - theirs_s) <= _ROUNDING_S:
            return Finding(_ROUNDING, 0.0, text)
        rule, left_s = self._nearest(RULES, walks, a, b)
        if np.isinf(left_s):
            rule, left_s = self._nearest(TOGETHER, walks, a, b)
        if np.isinf(left_s):
            return Finding(self._by_route(ask(a, b), ours_s), np.inf, text)
        text += f", circles by Valhalla's rule {_time(self._time(rule, walks, a, b))}"
        return Finding(rule.name, left_s, f"{text}{self._what_matters(rule, walks, a, b)}")

    def _by_route(self, route: Route, ours_s: float) -> str:
        """Name the reason that the walk itself tells."""
        if (route.time_s <= LIMIT_S) == (ours_s <= LIMIT_S):
            return _MATRIX
        return PLAZAS if route.made_up else _UNKNOWN

    def _nearest(self, rules: Sequence[Rule], walks: Walks, a: int, b: int) -> tuple[Rule, float]:
        """Return the first rule by which circles is as Valhalla, or comes nearest, and how near."""
        nearest, least_s = rules[0], np.inf
        for rule in rules:
            left_s = self._left(rule, walks, a, b)
            if left_s < least_s:
                nearest, least_s = rule, left_s
            if least_s <= _ROUNDING_S:
                break
        return nearest, least_s

    def _left(self, rule: Rule, walks: Walks, a: int, b: int) -> float:
        """Return how far circles stays from Valhalla by a rule; inf: the verdict stays another."""
        ours_s, theirs_s = self._time(rule, walks, a, b), float(walks.theirs_s[a, b])
        if np.isinf(ours_s) and np.isinf(theirs_s):
            return 0.0
        left_s = abs(ours_s - theirs_s)
        same = (ours_s <= LIMIT_S) == (theirs_s <= LIMIT_S)
        return left_s if same or left_s <= _ROUNDING_S else np.inf

    def _time(self, rule: Rule, walks: Walks, a: int, b: int) -> float:
        """Return what circles says by a rule of Valhalla's, seconds."""
        walker = self._walker(rule)
        if (rule, a) not in walks.by_rule:
            walks.by_rule[rule, a] = walker.times_from(walker.join(walks.lon, walks.lat), a)
        return float(walks.by_rule[rule, a][b])

    def _walker(self, rule: Rule) -> Walker:
        if rule not in self._walkers:
            self._walkers[rule] = Walker.of(
                rule.network(self._extract),
                LEVEL,
                barriers=rule.barriers,
                max_access_m=rule.max_access_m,
            )
        return self._walkers[rule]

    def _what_matters(self, rule: Rule, walks: Walks, a: int, b: int) -> str:
        """Name the way or node on the shorter walk that the rule reads otherwise."""
        other = self._walker(rule)
        shorter = self._own if walks.ours_s[a, b] < walks.theirs_s[a, b] else other
        passed = shorter.passed(shorter.join(walks.lon[[a, b]], walks.lat[[a, b]]))
        ways = self._extract.ways
        if rule not in self._changed:
            self._changed[rule] = (
                rule.changed_ways(self._extract),
                rule.changed_points(self._extract),
            )
        changed_ways, changed_points = self._changed[rule]
        for node in changed_points:
            row = np.searchsorted(ways.node_id, node)
            if (ways.node_lon[row], ways.node_lat[row]) in passed:
                return f" (node {node}: {_told(self._extract.points[node])})"
        most, found = 1, None
        for way in changed_ways:
            nodes = ways.node[ways.offset[way] : ways.offset[way + 1]]
            places = zip(ways.node_lon[nodes], ways.node_lat[nodes], strict=True)
            on_it = len(passed.intersection(places))
            if on_it > most:
                most, found = on_it, way
        if found is not None:
            return f" (way {ways.way_id[found]}: {_told(ways.tags[found])})"
        lon, lat = walks.lon[[a, b]], walks.lat[[a, b]]
        by_rule = _joined(other, lon, lat)
        return f" (circles joins {_joined(self._own, lon, lat)}, by the rule {by_rule})"


def _joined(walker: Walker, lon: Floats, lat: Floats) -> str:
    edges = walker.join(lon, lat).edge
    ways = ("none" if edge < 0 else str(walker.network.edges.way_id[edge]) for edge in edges)
    return f"ways {' and '.join(ways)}"


def _told(tags: Tags) -> str:
    return " ".join(f"{key}={word}" for key, word in sorted(tags.items()) if key in _TOLD)


def _time(seconds: float) -> str:
    if not np.isfinite(seconds):
        return "no way"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} min"
