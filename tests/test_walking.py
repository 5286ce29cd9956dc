"""The tag rules, one drawn case a line, and the walking profiles."""

import math

import pytest

from circles.errors import InputError
from circles.walking import (
    PROFILES,
    TAG_RULES,
    Kind,
    blocks,
    ferry_duration_s,
    judge_way,
    profile,
    walking_directions,
)

WALKED = [
    ({"highway": "residential"}, Kind.STREET),
    ({"highway": "primary"}, Kind.MAIN_STREET),
    ({"highway": "trunk"}, Kind.MAIN_STREET),
    ({"highway": "footway"}, Kind.PATH),
    ({"highway": "pedestrian", "area": "yes"}, Kind.PLAZA),
    ({"highway": "steps"}, Kind.STEPS),
    ({"highway": "corridor", "indoor": "yes"}, Kind.PATH),
    ({"highway": "residential", "access": "destination"}, Kind.STREET),
    ({"highway": "service", "access": "customers"}, Kind.STREET),
    ({"highway": "service", "access": "private", "foot": "yes"}, Kind.STREET),
    ({"highway": "track", "access": "no", "foot": "designated"}, Kind.PATH),
    ({"highway": "cycleway", "foot": "designated"}, Kind.PATH),
    ({"highway": "motorway_link", "foot": "yes"}, Kind.PATH),
    ({"highway": "path", "sac_scale": "mountain_hiking"}, Kind.PATH),
    ({"route": "ferry"}, Kind.FERRY),
    ({"railway": "platform"}, Kind.PATH),
    ({"man_made": "pier"}, Kind.PATH),
    ({"highway": "residential", "sidewalk": "separate"}, Kind.STREET),
]
REFUSED = [
    {"highway": "motorway"},
    {"highway": "construction", "construction": "residential"},
    {"highway": "proposed", "foot": "yes"},
    {"highway": "residential", "foot": "no"},
    {"highway": "primary", "foot": "use_sidepath"},
    {"highway": "service", "access": "private"},
    {"highway": "service", "access": "permit"},
    {"highway": "service", "access": "no"},
    {"highway": "service", "service": "private"},
    {"highway": "trunk", "motorroad": "yes"},
    {"highway": "cycleway"},
    {"highway": "path", "sac_scale": "alpine_hiking"},
    {"route": "ferry", "foot": "no"},
    {"railway": "rail"},
    {"building": "yes"},
    {},
]


@pytest.mark.parametrize(("tags", "kind"), WALKED)
def test_ways_people_walk_are_walked_as_what_they_are(tags: dict[str, str], kind: Kind) -> None:
    """Each of these ways is walkable, and drawn and timed as its kind."""
    ruling = judge_way(tags)
    assert (ruling.walkable, ruling.kind) == (True, kind)


@pytest.mark.parametrize("tags", REFUSED)
def test_ways_nobody_walks_are_refused(tags: dict[str, str]) -> None:
    """None of these ways is walkable, and each refusal has a reason."""
    ruling = judge_way(tags)
    assert not ruling.walkable
    assert ruling.reason


def test_every_line_of_the_table_has_its_reason() -> None:
    """No rule stands in the table without saying why."""
    assert all(rule.reason for rule in TAG_RULES)


@pytest.mark.parametrize(
    ("tags", "closed"),
    [
        ({"barrier": "gate"}, False),
        ({"barrier": "gate", "access": "private"}, True),
        ({"barrier": "gate", "access": "private", "foot": "yes"}, False),
        ({"barrier": "gate", "access": "no", "foot": "permissive"}, False),
        ({"barrier": "gate", "foot": "no"}, True),
        ({"barrier": "gate", "locked": "yes"}, True),
        ({"barrier": "gate", "locked": "yes", "foot": "yes"}, False),
        ({"barrier": "lift_gate"}, False),
        ({"barrier": "bollard"}, False),
        ({"barrier": "wall"}, True),
        ({"barrier": "fence", "foot": "yes"}, False),
    ],
)
def test_barriers_stop_walkers_only_where_their_tags_say_so(
    tags: dict[str, str], *, closed: bool
) -> None:
    """A gate is passed unless it is locked, private, or forbidden to walkers."""
    assert blocks(tags) is closed


@pytest.mark.parametrize(
    ("tags", "directions"),
    [
        ({}, (True, True)),
        ({"oneway": "yes"}, (True, True)),
        ({"oneway:foot": "yes"}, (True, False)),
        ({"oneway:foot": "-1"}, (False, True)),
        ({"oneway:foot": "no", "conveying": "forward"}, (True, True)),
        ({"conveying": "forward"}, (True, False)),
        ({"conveying": "backward"}, (False, True)),
        ({"conveying": "yes"}, (True, True)),
    ],
)
def test_only_oneway_foot_and_moving_stairs_bind_walkers(
    tags: dict[str, str], directions: tuple[bool, bool]
) -> None:
    """A street that is one-way for cars is walked both ways."""
    assert walking_directions(tags) == directions


@pytest.mark.parametrize(("text", "seconds"), [("15", 900), ("01:30", 5400), ("00:07:30", 450)])
def test_a_ferrys_duration_is_read(text: str, seconds: float) -> None:
    """Minutes, HH:MM and HH:MM:SS are understood."""
    assert ferry_duration_s({"duration": text}) == seconds


@pytest.mark.parametrize("text", ["", "soon", "1:2:3:4", "PT15M"])
def test_a_duration_nobody_can_read_is_unknown(text: str) -> None:
    """What is no duration gives NaN, not a guess."""
    assert math.isnan(ferry_duration_s({"duration": text}))


def test_profiles_walk_at_the_speeds_of_the_definitions() -> None:
    """The speeds behind every verdict are the documented ones."""
    assert {name: p.speed_m_s for name, p in PROFILES.items()} == {
        "adult": 1.1,
        "senior": 0.8,
        "frail": 0.7,
        "stroller": 1.0,
    }


def test_an_unknown_profile_is_refused_by_name() -> None:
    """The message lists the profiles there are."""
    with pytest.raises(InputError, match=r"no walking profile 'jogger'.*adult, senior"):
        profile("jogger")
