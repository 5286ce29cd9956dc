"""Who may walk where, and how fast: one table of tag rules with reasons, and walking profiles."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from circles.errors import InputError


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


@dataclass(frozen=True)
class TagRule:
    """One line of the table: ways whose `key` has one of `values` may, or may not, be walked.

    `values` empty means any value. A rule with `unless_foot` gives way to an explicit
    ``foot=yes`` (or designated, permissive …).
    """

    key: str
    values: frozenset[str]
    walkable: bool
    reason: str
    kind: Kind = Kind.PATH
    unless_foot: bool = False

    def matches(self, tags: Mapping[str, str]) -> bool:
        """Whether a way's tags fall under this rule."""
        value = tags.get(self.key)
        return value is not None and (not self.values or value in self.values)


def _rule(key: str, values: str, reason: str, kind: Kind = Kind.PATH) -> TagRule:
    return TagRule(key, frozenset(values.split()), walkable=True, reason=reason, kind=kind)


def _bar(key: str, values: str, reason: str, *, unless_foot: bool = False) -> TagRule:
    return TagRule(
        key, frozenset(values.split()), walkable=False, reason=reason, unless_foot=unless_foot
    )


#: A person on foot is welcome, whatever the other tags say.
FOOT_YES: Final = frozenset(
    {"yes", "designated", "permissive", "official", "customers", "destination", "discouraged"}
)

#: The table. The first line that matches decides; a way no line matches is not walked.
TAG_RULES: Final[tuple[TagRule, ...]] = (
    _bar("highway", "construction proposed planned abandoned disused razed", "not there (yet)"),
    _bar("foot", "no private use_sidepath", "walking is forbidden, or happens on a way beside it"),
    _bar(
        "access",
        "no private permit military agricultural forestry delivery",
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

#: Every key that decides whether, how and how long a way is walked.
RULING_KEYS: Final = frozenset(
    {rule.key for rule in TAG_RULES} | {"foot", "area", "oneway:foot", "conveying", "duration"}
)

_NO_WAY_THROUGH: Final = frozenset({"wall", "fence", "hedge", "retaining_wall", "city_wall"})
_CLOSED: Final = frozenset({"no", "private"})


@dataclass(frozen=True)
class Ruling:
    """Whether a way may be walked, as what, and by which line of the table."""

    walkable: bool
    kind: Kind
    reason: str


def judge_way(tags: Mapping[str, str]) -> Ruling:
    """Decide by the table whether a way may be walked; with ``area=yes`` it is a plaza.

    Parameters
    ----------
    tags
        The way's OSM tags.
    """
    welcome = tags.get("foot") in FOOT_YES
    for rule in TAG_RULES:
        if rule.matches(tags) and not (rule.unless_foot and welcome):
            is_area = rule.walkable and tags.get("area") == "yes"
            return Ruling(rule.walkable, Kind.PLAZA if is_area else rule.kind, rule.reason)
    return Ruling(walkable=False, kind=Kind.PATH, reason="no tag says that it can be walked")


def blocks(tags: Mapping[str, str]) -> bool:
    """Whether a barrier on a node stops people on foot.

    Gates, bollards, stiles and the like are passed. A barrier is closed when ``foot`` says so, or
    when ``access`` says so and ``foot`` does not open it, when it is locked, or when it is a wall
    or fence across the way.
    """
    foot = tags.get("foot")
    if foot in _CLOSED:
        return True
    if foot in FOOT_YES:
        return False
    return (
        tags.get("access") in _CLOSED
        or tags.get("locked") == "yes"
        or tags.get("barrier") in _NO_WAY_THROUGH
    )


def walking_directions(tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Return whether a way is walked along and against its own direction.

    Only ``oneway:foot`` binds people on foot, and moving stairs and walkways (``conveying``).
    """
    word = tags.get("oneway:foot") or {"forward": "yes", "backward": "-1"}.get(
        tags.get("conveying", ""), "no"
    )
    return word != "-1", word not in {"yes", "1", "true"}


def ferry_duration_s(tags: Mapping[str, str]) -> float:
    """Return the sailing time a ferry's tags give, seconds; NaN if they give none.

    Reads ``duration`` as ``MM``, ``HH:MM`` or ``HH:MM:SS``.
    """
    parts = tags.get("duration", "").split(":")
    if not all(part.isdecimal() for part in parts) or len(parts) > 3:
        return float("nan")
    numbers = [int(part) for part in parts]
    if len(numbers) == 1:
        return numbers[0] * 60.0
    hours, minutes, seconds = [*numbers, 0][:3]
    return hours * 3600.0 + minutes * 60.0 + seconds


@dataclass(frozen=True)
class Profile:
    """How somebody walks.

    Parameters
    ----------
    id
        The profile's name.
    speed_m_s
        Speed on the level, metres a second.
    steps_speed_m_s
        Speed along stairs, measured on the ground; 0 where the profile cannot use them.
    ferry_speed_m_s
        Speed of a ferry whose tags give no duration.
    crossing_s, signals_s, level_crossing_s, lift_s
        Seconds waited at a crossing, at signals, at a level crossing, for a lift. None by
        default: the minutes and metres of the standards leave no room for waiting.
    slope
        How slope lengthens the time of a way: pairs of slope (rise over run, uphill positive, in
        rising order) and factor, straight in between and level beyond; None for Tobler's
        hiking function. It matters only where the network has heights.
    """

    id: str
    speed_m_s: float
    steps_speed_m_s: float
    ferry_speed_m_s: float = 3.0
    crossing_s: float = 0.0
    signals_s: float = 0.0
    level_crossing_s: float = 0.0
    lift_s: float = 0.0
    slope: tuple[tuple[float, float], ...] | None = None

    @property
    def waits_s(self) -> tuple[float, ...]:
        """Seconds waited for each `Wait`, in their order."""
        return (0.0, self.crossing_s, self.signals_s, self.level_crossing_s, self.lift_s)


def _profile(profile_id: str, speed_m_s: float, *, steps: float) -> Profile:
    return Profile(profile_id, speed_m_s, round(speed_m_s * steps, 6))


#: Speeds follow the measured ranges cited with the bundled standards: GB 50180's pairs of minutes
#: and metres imply 0.83-1.11 m/s; people over 65 walk 0.7-0.9 m/s. Half the speed on stairs is
#: this library's assumption, and outputs say so.
PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        profile.id: profile
        for profile in (
            _profile("adult", 1.1, steps=0.5),
            _profile("senior", 0.8, steps=0.5),
            _profile("frail", 0.7, steps=0.4),
            _profile("stroller", 1.0, steps=0.0),
        )
    }
)


def profile(profile_id: str) -> Profile:
    """Return a walking profile by its id.

    Raises
    ------
    InputError
        There is no such profile.
    """
    if profile_id not in PROFILES:
        message = f"no walking profile {profile_id!r}; there are: {', '.join(PROFILES)}"
        raise InputError(message)
    return PROFILES[profile_id]
