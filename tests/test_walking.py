"""The tag rules, one drawn case a line."""

import math
from collections.abc import Callable, Iterator, Mapping

import pytest

from circles.tag_rules import (
    BARRIER_RULES,
    NOT_RULING,
    OBSTACLE_RULES,
    OFF_GROUND_RULES,
    RULING_KEYS,
    TAG_RULES,
    WAIT_RULES,
    Onto,
    TagRule,
)
from circles.walking import (
    Kind,
    Wait,
    blocks,
    ferry_duration_s,
    is_lift,
    is_obstacle,
    is_off_ground,
    judge_way,
    wait_at,
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
    ({"highway": "primary", "sidewalk": "use_sidepath"}, Kind.MAIN_STREET),
    ({"highway": "residential", "oneway": "yes", "vehicle": "private"}, Kind.STREET),
    ({"highway": "service", "access": "permissive"}, Kind.STREET),
    ({"highway": "service", "access": "delivery", "foot": "customers"}, Kind.STREET),
    ({"highway": "steps", "conveying": "forward"}, Kind.STEPS),
    ({"highway": "elevator"}, Kind.PATH),
    ({"highway": "elevator", "area": "yes"}, Kind.PLAZA),
    ({"highway": "footway", "indoor": "yes", "level": "-1"}, Kind.PATH),
    ({"highway": "corridor", "level": "0;1"}, Kind.PATH),
    ({"highway": "footway", "tunnel": "yes", "layer": "-2"}, Kind.PATH),
    ({"highway": "path", "construction": "minor"}, Kind.PATH),
    ({"highway": "footway", "disused": "yes"}, Kind.PATH),
    ({"public_transport": "platform", "area": "yes"}, Kind.PLAZA),
    ({"railway": "platform", "highway": "footway", "covered": "yes"}, Kind.PATH),
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
    {"highway": "residential", "sidewalk": "separate", "foot": "use_sidepath"},
    {"highway": "service", "access": "residents"},
    {"highway": "track", "access": "forestry"},
    {"highway": "footway", "foot": "permit"},
    {"highway": "path", "abandoned": "yes"},
    {"highway": "razed", "razed": "steps"},
    {"highway": "elevator", "access": "private"},
    {"highway": "pedestrian", "area": "yes", "foot": "no"},
    {"highway": "busway"},
    {"route": "ferry", "foot": "no"},
    {"route": "ferry", "access": "private"},
    {"route": "bus"},
    {"place": "square", "area": "yes"},
    {"waterway": "canal"},
    {"railway": "construction", "construction": "platform"},
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


TABLES = (*TAG_RULES, *BARRIER_RULES, *WAIT_RULES, *OFF_GROUND_RULES, *OBSTACLE_RULES)


def test_every_line_of_the_tables_has_its_reason() -> None:
    """No rule stands in a table without saying why, nor does any key that decides nothing."""
    assert all(rule.reason for rule in TABLES)
    assert all(NOT_RULING.values())


@pytest.mark.parametrize("table", [TAG_RULES, BARRIER_RULES, OBSTACLE_RULES])
def test_every_line_of_the_tables_can_decide(table: tuple[TagRule, ...]) -> None:
    """No value of a rule is taken by a line above it, with and without a welcome for walkers."""
    for rule in table:
        for value in rule.values:
            cases = ({rule.key: value}, {"foot": "yes", rule.key: value})
            deciding = [next((r for r in table if r.matches(tags)), None) for tags in cases]
            assert rule in deciding, value


@pytest.mark.parametrize("key", sorted(NOT_RULING))
@pytest.mark.parametrize("value", ["yes", "no", "separate", "use_sidepath", "-1", "private"])
def test_keys_that_do_not_rule_change_nothing(key: str, value: str) -> None:
    """A street stays a street, and a closed way closed, whatever these keys say."""
    for tags in ({"highway": "residential"}, {"highway": "cycleway"}, {"highway": "steps"}):
        assert judge_way({**tags, key: value}) == judge_way(tags)


class _Watched(Mapping[str, str]):
    """Tags that remember for which keys they were asked."""

    def __init__(self, tags: Mapping[str, str], asked: set[str]) -> None:
        self.tags, self.asked = tags, asked

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return self.tags[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tags)

    def __len__(self) -> int:
        return len(self.tags)


@pytest.mark.parametrize(
    "question",
    [judge_way, walking_directions, ferry_duration_s, is_off_ground, is_lift, is_obstacle],
)
def test_every_key_the_rules_look_at_is_named(
    question: Callable[[Mapping[str, str]], object],
) -> None:
    """What is asked of a way depends on no key beyond `RULING_KEYS`: ways are judged by those."""
    asked: set[str] = set()
    conveyed = [{"conveying": "yes"}, {"waterway": "river"}, {"railway": "rail"}]
    for tags in [{}, *(tags for tags, _ in WALKED), *REFUSED, *conveyed]:
        question(_Watched(tags, asked))
    assert asked
    assert asked <= RULING_KEYS


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
        ({"barrier": "gate", "access": "permit"}, True),
        ({"barrier": "gate", "access": "customers"}, False),
        ({"barrier": "swing_gate", "access": "no", "foot": "designated"}, False),
        ({"barrier": "kissing_gate"}, False),
        ({"barrier": "stile"}, False),
        ({"barrier": "kerb", "access": "yes"}, False),
        ({"barrier": "toll_booth"}, False),
        ({"barrier": "gate", "locked": "no"}, False),
        ({"barrier": "hedge"}, True),
        ({"highway": "elevator"}, False),
        ({"highway": "elevator", "access": "no"}, True),
        ({"highway": "elevator", "access": "private", "foot": "yes"}, False),
        ({"highway": "crossing", "access": "no"}, False),
        ({"highway": "traffic_signals", "foot": "no"}, False),
        ({}, False),
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
        ({"conveying": "yes", "oneway": "yes"}, (True, False)),
        ({"conveying": "yes", "oneway": "-1"}, (False, True)),
        ({"conveying": "reversible", "oneway": "yes"}, (True, True)),
        ({"conveying": "no", "oneway": "yes"}, (True, True)),
        ({"foot:backward": "no"}, (True, False)),
        ({"foot:forward": "no"}, (False, True)),
        ({"oneway:foot": "reversible"}, (True, True)),
    ],
)
def test_only_oneway_foot_and_moving_stairs_bind_walkers(
    tags: dict[str, str], directions: tuple[bool, bool]
) -> None:
    """A street that is one-way for cars is walked both ways."""
    assert walking_directions(tags) == directions


@pytest.mark.parametrize(
    ("tags", "wait", "onto"),
    [
        ({"highway": "crossing"}, Wait.CROSSING, Onto.PATHS),
        ({"highway": "crossing", "crossing": "zebra"}, Wait.CROSSING, Onto.PATHS),
        ({"highway": "crossing", "crossing": "traffic_signals"}, Wait.SIGNALS, Onto.PATHS),
        ({"highway": "crossing", "crossing:signals": "yes"}, Wait.SIGNALS, Onto.PATHS),
        ({"highway": "crossing", "crossing:signals": "no"}, Wait.CROSSING, Onto.PATHS),
        ({"highway": "crossing", "crossing": "no"}, Wait.NONE, Onto.PATHS),
        ({"highway": "traffic_signals"}, Wait.SIGNALS, Onto.JUNCTIONS),
        (
            {"highway": "traffic_signals", "crossing": "traffic_signals"},
            Wait.SIGNALS,
            Onto.JUNCTIONS,
        ),
        ({"railway": "level_crossing"}, Wait.LEVEL_CROSSING, Onto.ALL),
        ({"railway": "crossing", "crossing": "no"}, Wait.LEVEL_CROSSING, Onto.ALL),
        ({"railway": "tram_level_crossing"}, Wait.NONE, Onto.ALL),
        ({"highway": "elevator"}, Wait.LIFT, Onto.ALL),
        ({"barrier": "gate"}, Wait.NONE, Onto.ALL),
    ],
)
def test_what_one_waits_for(tags: dict[str, str], wait: Wait, onto: Onto) -> None:
    """Crossings hold up those who cross, level crossings and lifts everybody."""
    assert wait_at(tags) == (wait, onto)


@pytest.mark.parametrize(
    ("tags", "off"),
    [
        ({}, False),
        ({"bridge": "yes"}, True),
        ({"bridge": "viaduct", "layer": "1"}, True),
        ({"bridge": "no"}, False),
        ({"bridge": "boardwalk"}, False),
        ({"tunnel": "yes"}, True),
        ({"tunnel": "building_passage"}, False),
        ({"bridge": "no", "tunnel": "yes"}, True),
        ({"covered": "yes"}, False),
        ({"layer": "1"}, False),
    ],
)
def test_bridges_and_tunnels_are_off_the_ground(tags: dict[str, str], *, off: bool) -> None:
    """Their heights are not the terrain's; a passage through a building is at street level."""
    assert is_off_ground(tags) is off


@pytest.mark.parametrize(
    ("tags", "in_the_way"),
    [
        ({"waterway": "river"}, True),
        ({"waterway": "canal"}, True),
        ({"waterway": "stream"}, False),
        ({"waterway": "canal", "tunnel": "culvert"}, False),
        ({"waterway": "canal", "bridge": "aqueduct"}, False),
        ({"waterway": "river", "layer": "-1"}, False),
        ({"railway": "rail"}, True),
        ({"railway": "light_rail"}, True),
        ({"railway": "rail", "bridge": "yes", "layer": "1"}, False),
        ({"railway": "rail", "bridge": "no", "tunnel": "no"}, True),
        ({"railway": "subway", "tunnel": "yes"}, False),
        ({"railway": "subway", "location": "underground"}, False),
        ({"railway": "rail", "disused": "yes"}, False),
        ({"railway": "tram"}, False),
        ({"railway": "abandoned"}, False),
        ({"railway": "construction"}, False),
        ({"highway": "motorway"}, True),
        ({"highway": "motorway_link", "bridge": "yes"}, False),
        ({"highway": "motorway_link", "foot": "yes"}, False),
        ({"highway": "trunk", "motorroad": "yes"}, True),
        ({"highway": "trunk"}, False),
        ({}, False),
    ],
)
def test_rivers_railways_and_motorways_are_in_the_way(
    tags: dict[str, str], *, in_the_way: bool
) -> None:
    """One does not cross them, but passes over their tunnels and under their bridges."""
    assert is_obstacle(tags) is in_the_way


@pytest.mark.parametrize(("text", "seconds"), [("15", 900), ("01:30", 5400), ("00:07:30", 450)])
def test_a_ferrys_duration_is_read(text: str, seconds: float) -> None:
    """Minutes, HH:MM and HH:MM:SS are understood."""
    assert ferry_duration_s({"duration": text}) == seconds


@pytest.mark.parametrize("text", ["", "soon", "1:2:3:4", "PT15M"])
def test_a_duration_nobody_can_read_is_unknown(text: str) -> None:
    """What is no duration gives NaN, not a guess."""
    assert math.isnan(ferry_duration_s({"duration": text}))
