"""The tables of tag rules, each line with its reason: what is walked, what stops or delays.

`circles.walking` applies them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final


class Kind(IntEnum):
    """What a walkable way is, as far as walking and drawing differ by it."""

    MAIN_STREET = 1
    STREET = 2
    PATH = 3
    STEPS = 4
    FERRY = 5
    PLAZA = 6


class Wait(IntEnum):
    """What one may have to wait for at a node, before walking on."""

    NONE = 0
    CROSSING = 1
    SIGNALS = 2
    LEVEL_CROSSING = 3
    LIFT = 4


class Onto(IntEnum):
    """Which of the ways that leave a node one has to wait for."""

    ALL = 0
    PATHS = 1
    JUNCTIONS = 2
    """All where streets meet, elsewhere paths."""


@dataclass(frozen=True)
class TagRule:
    """One line of a table: what it says of things whose `key` has one of `values`.

    `values` empty means any value but those of `besides`. A rule with `unless_foot` gives way to
    an explicit ``foot=yes`` (or designated, permissive …).
    """

    key: str
    values: frozenset[str]
    holds: bool
    reason: str
    kind: Kind = Kind.PATH
    unless_foot: bool = False
    besides: frozenset[str] = frozenset()

    def matches(self, tags: Mapping[str, str]) -> bool:
        """Whether tags fall under this rule."""
        value = tags.get(self.key)
        if value is None or value in self.besides or (self.values and value not in self.values):
            return False
        return not (self.unless_foot and tags.get("foot") in FOOT_YES)


@dataclass(frozen=True)
class WaitRule:
    """One line of the table of waits: at nodes whose `key` has one of `values`."""

    key: str
    values: frozenset[str]
    wait: Wait
    onto: Onto
    reason: str


def _rule(
    key: str, values: str, reason: str, kind: Kind = Kind.PATH, *, besides: str = ""
) -> TagRule:
    words = frozenset(values.split())
    return TagRule(key, words, True, reason, kind, besides=frozenset(besides.split()))


def _bar(
    key: str, values: str, reason: str, *, unless_foot: bool = False, besides: str = ""
) -> TagRule:
    words, others = frozenset(values.split()), frozenset(besides.split())
    return TagRule(key, words, False, reason, unless_foot=unless_foot, besides=others)


def _wait(key: str, values: str, wait: Wait, onto: Onto, reason: str) -> WaitRule:
    return WaitRule(key, frozenset(values.split()), wait, onto, reason)


#: A person on foot is welcome, whatever the other tags say.
FOOT_YES: Final = frozenset(
    {"yes", "designated", "permissive", "official", "customers", "destination", "discouraged"}
)
_CLOSED: Final = (
    "no private permit residents employees staff military agricultural forestry delivery emergency"
)

#: May it be walked? The first line that matches decides; a way no line matches is not walked.
TAG_RULES: Final[tuple[TagRule, ...]] = (
    _bar("highway", "construction proposed planned abandoned disused razed", "not there (yet)"),
    _bar("abandoned", "yes", "not there any more"),
    _bar(
        "foot",
        f"{_CLOSED} use_sidepath",
        "walking is forbidden, or happens on a way beside it",
    ),
    _bar(
        "access",
        _CLOSED,
        "closed to the public; what residents of a gated compound may do, a map cannot tell",
        unless_foot=True,
    ),
    _bar("service", "private", "an older tagging of private drives", unless_foot=True),
    _bar("motorroad", "yes", "for motor vehicles only", unless_foot=True),
    _bar(
        "highway",
        "motorway motorway_link raceway busway bus_guideway escape",
        "for motor vehicles only",
        unless_foot=True,
    ),
    _bar("highway", "cycleway", "for bicycles, unless tags let walkers in", unless_foot=True),
    _bar(
        "sac_scale",
        "alpine_hiking demanding_alpine_hiking difficult_alpine_hiking",
        "climbing with hands, no way to a service",
    ),
    _rule("highway", "steps", "stairs: walked, but slower; some profiles avoid them", Kind.STEPS),
    _rule(
        "highway",
        "trunk trunk_link primary primary_link secondary secondary_link",
        "streets with pavements or verges; foot=no marks the ones without",
        Kind.MAIN_STREET,
    ),
    _rule(
        "highway",
        "tertiary tertiary_link unclassified residential living_street service road",
        "ordinary streets; service ways lead to buildings",
        Kind.STREET,
    ),
    _rule(
        "highway",
        "footway pedestrian path track bridleway corridor platform crossing cycleway elevator "
        "motorway motorway_link raceway busway bus_guideway escape",
        "made for walking, or opened to walkers by foot=*",
    ),
    _rule("route", "ferry", "carries walkers unless foot=no; nobody lives on it", Kind.FERRY),
    _rule("railway", "platform", "the way to and from trains"),
    _rule("public_transport", "platform", "the way to and from buses and trains"),
    _rule("man_made", "pier", "walked, and leads to ferries"),
)

#: Keys that might be taken to decide whether a way is walked, and why they do not.
NOT_RULING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sidewalk": "a street whose pavements are mapped apart (separate, use_sidepath) is still "
        "where its houses stand, and where the pavements drawn leave off; foot=no or "
        "foot=use_sidepath closes it",
        "oneway": "binds vehicles; walkers are bound by oneway:foot",
        "vehicle": "binds vehicles, as motor_vehicle and bicycle do",
        "indoor": "a corridor is a way like others",
        "level": "ways on different floors meet only where they share a node",
        "layer": "ways above each other meet only where they share a node",
        "covered": "a roof stops nobody",
        "access:conditional": "at which hour somebody walks is not known",
        "foot:conditional": "at which hour somebody walks is not known",
    }
)

#: Does it stop walkers, where a way leads through it? Of gates and other barriers, and of lifts.
#: The first line that matches decides; where none does, as for bollards and stiles, one passes.
BARRIER_RULES: Final[tuple[TagRule, ...]] = (
    _rule("foot", _CLOSED, "not for walkers"),
    _bar("foot", " ".join(sorted(FOOT_YES)), "for walkers, however it is locked for others"),
    _rule("access", _CLOSED, "not for the public"),
    _rule("locked", "yes", "locked, and nothing says that walkers have the key"),
    _rule("barrier", "wall fence hedge retaining_wall city_wall", "across the way, with no gate"),
)

#: What does one wait for at a node? The first line that matches decides.
WAIT_RULES: Final[tuple[WaitRule, ...]] = (
    _wait("highway", "elevator", Wait.LIFT, Onto.ALL, "from whichever floor, the lift must come"),
    _wait(
        "railway", "level_crossing crossing", Wait.LEVEL_CROSSING, Onto.ALL, "for trains to pass"
    ),
    _wait(
        "highway",
        "traffic_signals",
        Wait.SIGNALS,
        Onto.JUNCTIONS,
        "lights where streets meet hold up all; elsewhere those who cross the street",
    ),
    _wait("crossing", "no", Wait.NONE, Onto.PATHS, "one is not meant to cross here"),
    _wait("crossing", "traffic_signals", Wait.SIGNALS, Onto.PATHS, "lights for those who cross"),
    _wait("crossing:signals", "yes", Wait.SIGNALS, Onto.PATHS, "lights for those who cross"),
    _wait(
        "highway",
        "crossing",
        Wait.CROSSING,
        Onto.PATHS,
        "for vehicles to stop; who walks along the street past it does not cross",
    ),
)

#: Is its height another than the ground's? Where any line matches.
OFF_GROUND_RULES: Final[tuple[TagRule, ...]] = (
    _rule(
        "bridge",
        "",
        "above what it crosses; boardwalks and fords with a deck lie on the ground",
        besides="no boardwalk low_water_crossing",
    ),
    _rule(
        "tunnel",
        "",
        "below the ground; a passage through a building is level with the street",
        besides="no building_passage",
    ),
)

#: Is it in the way of those who walk to the nearest street? The first line that matches decides.
OBSTACLE_RULES: Final[tuple[TagRule, ...]] = (
    _bar("bridge", "", "one passes below it", besides="no"),
    _bar("tunnel", "", "one passes above it", besides="no"),
    _bar("location", "underground", "one passes above it"),
    _bar("layer", "-1 -2 -3 -4 -5", "one passes above it"),
    _bar("abandoned", "yes", "not there any more"),
    _bar("disused", "yes", "nothing runs on it any more"),
    _rule("waterway", "river canal", "too wide to step over, as ditches and streams are not"),
    _rule(
        "railway",
        "rail light_rail subway narrow_gauge",
        "fenced or forbidden; trams run in streets that are walked",
    ),
    _rule("highway", "motorway motorway_link", "fenced, and deadly to cross"),
    _rule("motorroad", "yes", "as a motorway"),
)

#: Every key of a way that decides whether, how and how long it is walked, or that it is in the way.
RULING_KEYS: Final = frozenset(
    {rule.key for rule in (*TAG_RULES, *OFF_GROUND_RULES, *OBSTACLE_RULES)}
    | {"foot", "area", "oneway:foot", "foot:forward", "foot:backward", "conveying", "oneway"}
    | {"duration"}
)
