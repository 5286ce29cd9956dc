"""Who may walk where, and how fast: what the tag rules say of ways and nodes, and a profile."""

from collections.abc import Mapping
from dataclasses import dataclass

from circles.tag_rules import (
    BARRIER_RULES,
    OBSTACLE_RULES,
    OFF_GROUND_RULES,
    RULING_KEYS,
    TAG_RULES,
    WAIT_RULES,
    Kind,
    Onto,
    TagRule,
    Wait,
)

__all__ = [
    "RULING_KEYS",
    "TAG_RULES",
    "Kind",
    "Onto",
    "Profile",
    "Ruling",
    "Wait",
    "blocks",
    "ferry_duration_s",
    "is_lift",
    "is_obstacle",
    "is_off_ground",
    "judge_way",
    "wait_at",
    "walking_directions",
]


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
    rule = _first(TAG_RULES, tags)
    if rule is None:
        return Ruling(walkable=False, kind=Kind.PATH, reason="no tag says that it can be walked")
    is_area = rule.holds and tags.get("area") == "yes"
    return Ruling(rule.holds, Kind.PLAZA if is_area else rule.kind, rule.reason)


def _first(rules: tuple[TagRule, ...], tags: Mapping[str, str]) -> TagRule | None:
    return next((rule for rule in rules if rule.matches(tags)), None)


def is_lift(tags: Mapping[str, str]) -> bool:
    """Whether a way or area is a lift: one waits before walking on it, at either end.

    A closed way that is a lift is an area, whether or not its tags say so.
    """
    return tags.get("highway") == "elevator"


def blocks(tags: Mapping[str, str]) -> bool:
    """Whether a node stops people on foot: a closed barrier, or a lift that is not for them."""
    if "barrier" not in tags and not is_lift(tags):
        return False
    rule = _first(BARRIER_RULES, tags)
    return rule is not None and rule.holds


def wait_at(tags: Mapping[str, str]) -> tuple[Wait, Onto]:
    """Return what one waits for at a node, and before walking on onto which ways."""
    for rule in WAIT_RULES:
        if tags.get(rule.key) in rule.values:
            return rule.wait, rule.onto
    return Wait.NONE, Onto.ALL


def is_off_ground(tags: Mapping[str, str]) -> bool:
    """Whether a way's height is not that of the ground: a bridge, a tunnel."""
    return _first(OFF_GROUND_RULES, tags) is not None


def is_obstacle(tags: Mapping[str, str]) -> bool:
    """Whether a way is in the way of those who walk to a street: a river, a railway, a motorway.

    No way that may itself be walked is.
    """
    rule = _first(OBSTACLE_RULES, tags)
    return rule is not None and rule.holds and not judge_way(tags).walkable


def walking_directions(tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Return whether a way is walked along and against its own direction.

    Only ``oneway:foot`` binds people on foot, or ``foot:forward`` and ``foot:backward``, and
    moving stairs and walkways (``conveying``; with a bare ``yes`` they follow ``oneway``).
    """
    word = tags.get("oneway:foot") or _carried(tags)
    along = word not in {"-1", "reverse"} and tags.get("foot:forward") != "no"
    return along, word not in {"yes", "1", "true"} and tags.get("foot:backward") != "no"


def _carried(tags: Mapping[str, str]) -> str:
    """Return the ``oneway`` of moving stairs."""
    conveying = tags.get("conveying", "no")
    if conveying == "yes":
        return tags.get("oneway", "no")
    return {"forward": "yes", "backward": "-1"}.get(conveying, "no")


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
    """How somebody walks; the profiles there are stand in `circles.profiles`.

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
