"""Valhalla's rules where they differ from circles', each as a reading of tags in circles' terms.

They follow the tag script that Valhalla 3.9 carries in its tile builder.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from circles.network import WalkNetwork
from circles.network.build import network_from_osm
from circles.network.model import MIN_PIECE_M
from circles.osm import OsmStreets
from circles.osm.tags import TagTable
from circles.travel.joining import MAX_ACCESS_M

Tags = Mapping[str, str]

_NO_TAGS: Final[Tags] = {}
_OPEN: Final = frozenset({"private", "permit", "residents", "delivery"})
_SHUT: Final = frozenset({"discouraged", "agricultural", "forestry"})
_FOOT_ONLY: Final = frozenset({"footway", "pedestrian", "steps", "path"})
_FOR_MOTORS: Final = frozenset({"motorway", "motorway_link", "raceway", "busway", "bus_guideway"})
_FAR_M: Final = 2_000.0
_IN_THE_WAY: Final = frozenset({"debris", "jersey_barrier", "barrier_board"})


def _as_it_is(tags: Tags) -> Tags:
    return tags


@dataclass(frozen=True)
class Rule:
    """What Valhalla does otherwise, to be put in the place of circles' own rule.

    Parameters
    ----------
    name
        What it does, as a sentence that Valhalla begins.
    way, point
        Its reading of a way's tags, and of a node's.
    areas
        Whether multipolygons are plazas.
    min_piece_m
        As in `network_from_osm`.
    barriers, max_access_m
        Whether the way to the nearest street leads around rivers, railways and motorways, and how
        far it may be.
    """

    name: str
    way: Callable[[Tags], Tags] = _as_it_is
    point: Callable[[Tags], Tags] = _as_it_is
    areas: bool = True
    min_piece_m: float = MIN_PIECE_M
    barriers: bool = True
    max_access_m: float = MAX_ACCESS_M

    def network(self, extract: OsmStreets) -> WalkNetwork:
        """Build the network of an extract by this rule."""
        ways, areas = extract.ways, extract.areas
        if not self.areas:
            none = TagTable.of([])
            areas = replace(areas, relation_id=areas.relation_id[:0], tags=none)
            areas = replace(areas, way_id=areas.way_id[:0], inner=areas.inner[:0])
            areas = replace(areas, offset=areas.offset[:1])
        extract = replace(
            extract,
            ways=replace(ways, tags=TagTable.of(self.way(tags) for tags in ways.tags)),
            points={node: dict(self.point(tags)) for node, tags in extract.points.items()},
            areas=areas,
        )
        return network_from_osm(extract, min_piece_m=self.min_piece_m)

    def changed_ways(self, extract: OsmStreets) -> list[int]:
        """Return the ways that it reads otherwise, by their place in the extract."""
        return [i for i, tags in enumerate(extract.ways.tags) if self.way(tags) != tags]

    def changed_points(self, extract: OsmStreets) -> list[int]:
        """Return the nodes that it reads otherwise, by their ids."""
        return [node for node, tags in extract.points.items() if self.point(tags) != tags]


def _without_plaza(tags: Tags) -> Tags:
    return _NO_TAGS if tags.get("area") == "yes" else tags


def _rim_alone(tags: Tags) -> Tags:
    return _without(tags, "area") if tags.get("area") == "yes" else tags


def _open_to_some(tags: Tags) -> Tags:
    if tags.get("access") in _OPEN and "foot" not in tags:
        return tags if tags.get("highway") in _FOR_MOTORS else {**tags, "foot": "yes"}
    return _without(tags, "service") if tags.get("service") == "private" else tags


def _foot_words(tags: Tags) -> Tags:
    foot = tags.get("foot")
    if foot in _OPEN or foot == "use_sidepath":
        return {**tags, "foot": "yes"}
    if foot == "no" and tags.get("service") == "driveway" and "access" not in tags:
        return {**tags, "foot": "yes"}
    return {**tags, "foot": "no"} if foot in _SHUT else tags


def _no_bridleway(tags: Tags) -> Tags:
    return _NO_TAGS if tags.get("highway") == "bridleway" and "foot" not in tags else tags


def _streets_alone(tags: Tags) -> Tags:
    if tags.get("motorroad") == "yes":
        return _without(tags, "motorroad")
    platform = "platform" in (tags.get("railway"), tags.get("public_transport"))
    other = platform or tags.get("man_made") == "pier"
    return _NO_TAGS if other and "highway" not in tags else tags


def _one_way(tags: Tags) -> Tags:
    bound = tags.get("highway") in _FOOT_ONLY and tags.get("oneway") in {"yes", "true", "1", "-1"}
    if bound and "oneway:foot" not in tags and tags.get("foot:backward") != "yes":
        return {**tags, "oneway:foot": tags["oneway"]}
    return tags


def _other_gates(tags: Tags) -> Tags:
    if "barrier" not in tags:
        return tags
    if tags["barrier"] in _IN_THE_WAY and "foot" not in tags:
        return {**tags, "foot": "no"}
    if tags.get("foot", "yes") != "no" and tags.get("access") != "no":
        return {**tags, "foot": "yes"}
    return tags


def _without(tags: Tags, key: str) -> Tags:
    return {other: word for other, word in tags.items() if other != key}


PLAZAS: Final = "finds no way across some plazas, and none along their rims"

#: Valhalla's own reading of plazas lies between those here.
RULES: Final = (
    Rule(PLAZAS, way=_without_plaza, areas=False),
    Rule(PLAZAS, way=_rim_alone, areas=False),
    Rule(PLAZAS, way=_without_plaza, areas=False, min_piece_m=0.0),
    Rule("walks what is closed to the public (access=private and the like)", way=_open_to_some),
    Rule("does not walk bridleways", way=_no_bridleway),
    Rule("binds walkers to oneway on footways, paths, steps, pedestrian streets", way=_one_way),
    Rule("passes locked and private gates, and fences, but no debris", point=_other_gates),
    Rule("reads foot=use_sidepath and private as yes, discouraged as no", way=_foot_words),
    Rule("walks no piers and platforms that are no highway, but motorroads", way=_streets_alone),
    Rule("starts across a river, a railway or a motorway", barriers=False),
    Rule("starts on streets that lead nowhere", min_piece_m=0.0, barriers=False),
    Rule(
        "starts on no street from which few others are reached, however far the next one is",
        min_piece_m=np.inf,
        barriers=False,
        max_access_m=_FAR_M,
    ),
)


def _all_rules(plaza: Rule, start: Rule) -> Rule:
    """Return Valhalla's rules as one, with one reading of plazas and one of where walks start."""

    def way(tags: Tags) -> Tags:
        for rule in RULES:
            tags = tags if rule.name == PLAZAS else rule.way(tags)
        return plaza.way(tags)

    name = "does several of these at once"
    return replace(start, name=name, way=way, point=_other_gates, areas=False)


#: All of the rules at once, for what none explains by itself.
TOGETHER: Final = tuple(_all_rules(plaza, start) for plaza in RULES[:2] for start in RULES[-3:])
