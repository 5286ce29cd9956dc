"""Why circles and Valhalla differ about a walk: classes found by looking at the ways they use."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.walks import Walker
from circles.osm import OsmStreets
from circles.travel import Joins
from circles.walking import judge_way

Floats = npt.NDArray[np.float64]

_APART_M = 5.0
_ROUNDING_S = 6.0
_TRUSTED_REACH = 50
_FOOT_ONLY = frozenset({"pedestrian", "footway", "path", "steps"})


class Reasons:
    """The ways of an extract, and what each engine makes of them."""

    def __init__(self, extract: OsmStreets, walker: Walker) -> None:
        ways = extract.ways
        self._walker = walker
        self._tags = {int(i): t for i, t in zip(ways.way_id, ways.tags, strict=True)}
        owner = np.repeat(ways.way_id, np.diff(ways.offset))
        self._cut = {int(i) for i in np.unique(owner[np.isnan(ways.node_lon[ways.node])])}
        edges = walker.network.edges
        self._joinable = {int(i) for i in np.unique(edges.way_id[walker.network.joinable])}

    def of_places(
        self, joins: Joins, theirs: Mapping[str, Floats], gap_m: Floats, a: int, b: int
    ) -> str | None:
        """Return the class if the engines start or end on different streets."""
        for place in (a, b):
            if gap_m[place] > _APART_M:
                return self._of_join(joins, theirs, place)
            if theirs["reach"][place] < _TRUSTED_REACH:
                return "Valhalla mistrusts a street with few nodes around it, starts at another"
        return None

    def _of_join(self, joins: Joins, theirs: Mapping[str, Floats], place: int) -> str:
        their_way = int(theirs["way_id"][place])
        refused = self._refusal(their_way)
        if refused:
            return f"Valhalla joins a way that circles refuses ({refused})"
        if their_way not in self._joinable:
            return "Valhalla joins a street in a piece too small for circles"
        if joins.edge[place] < 0:
            return "farther than circles' longest access leg from a joinable street"
        own_way = int(self._walker.network.edges.way_id[joins.edge[place]])
        return self._own_speciality({own_way}) or "two streets nearly equally near"

    def of_ways(
        self,
        joins: Joins,
        a: int,
        b: int,
        later_s: float,
        places: list[list[float]],
        ask: Callable[..., Any],
    ) -> str:
        """Return the class of a pair that starts and ends at the same places for both.

        Parameters
        ----------
        joins
            Where circles joins the places.
        a, b
            The two places.
        later_s
            How much longer the walk is for circles.
        places
            Lon and lat of the two.
        ask
            Calls Valhalla.
        """
        if abs(later_s) < _ROUNDING_S:
            return "within 6 s of the limit: Valhalla's round Earth and whole metres"
        if later_s < 0:
            own = set(self._walker.ways(joins, a, b))
            return self._own_speciality(own) or "circles finds a shorter way"
        answer = ask("route", source=places[0], target=places[1]).value
        lengths: Counter[str] = Counter()
        for way, metres in answer["ways"]:
            refused = self._refusal(way)
            if refused:
                lengths[f"Valhalla walks a way that circles refuses ({refused})"] += metres
            elif way not in self._joinable:
                lengths["Valhalla walks a street in a piece too small for circles"] += metres
        if lengths:
            return lengths.most_common(1)[0][0]
        return "Valhalla passes a barrier, or joins streets that circles keeps apart"

    def _own_speciality(self, ways: set[int]) -> str | None:
        """Name what circles walks and Valhalla does not, if a way is of such a kind."""
        if ways & self._cut:
            return "circles keeps the rest of a way that the extract cuts; Valhalla drops it"
        tags = [self._tags.get(way, {}) for way in ways]
        if any(t.get("highway") == "bridleway" and "foot" not in t for t in tags):
            return "circles walks bridleways"
        if any(t.get("area") == "yes" for t in tags):
            return "circles crosses a plaza; Valhalla follows its rim"
        if any(t.get("highway") in _FOOT_ONLY and t.get("oneway") in {"yes", "-1"} for t in tags):
            return "Valhalla binds walkers to oneway on ways made for walking"
        if any(t.get("foot") == "discouraged" for t in tags):
            return "circles walks foot=discouraged"
        return None

    def _refusal(self, way: int) -> str:
        """Return why circles refuses a way, or nothing if it does not."""
        tags = self._tags.get(way)
        ruling = judge_way(tags) if tags is not None else None
        return "" if ruling is None or ruling.walkable else ruling.reason
