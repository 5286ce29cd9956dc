"""Walking profiles: the bundled ones, and those of a project file."""

import tomllib
from typing import Any

import pytest
from pydantic import ValidationError

from circles.errors import InputError
from circles.profiles import ProfileTable, bundled_profiles, profile
from circles.texts import load_texts
from circles.walkers import describe_walker
from circles.walking import Profile


def own(text: str) -> Profile:
    """Return the profile that a table makes."""
    return ProfileTable.model_validate(tomllib.loads(text)).profile("mine")


def faults(text: str) -> list[str]:
    """Return what is wrong with a table."""
    with pytest.raises(ValidationError) as caught:
        ProfileTable.model_validate(tomllib.loads(text))
    return [
        f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in caught.value.errors()
    ]


def test_profiles_walk_at_the_speeds_of_the_definitions() -> None:
    """The speeds behind every verdict are the documented ones, on the level and on stairs."""
    speeds = {name: (p.speed_m_s, p.steps_speed_m_s) for name, p in bundled_profiles().items()}
    assert speeds == {
        "adult": (1.1, 0.55),
        "senior": (0.8, 0.4),
        "frail": (0.7, 0.28),
        "stroller": (1.0, 0.0),
    }
    assert {name: p.id for name, p in bundled_profiles().items()} == {n: n for n in speeds}
    assert {p.ferry_speed_m_s for p in bundled_profiles().values()} == {3.0}


def test_nobody_waits_or_has_slopes_of_their_own_unless_told() -> None:
    """The standards leave no room for waiting; slopes, where there are any, follow Tobler."""
    assert not any(any(p.waits_s) for p in bundled_profiles().values())
    assert {p.slope for p in bundled_profiles().values()} == {None}


def test_an_unknown_profile_is_refused_by_name() -> None:
    """The message lists the profiles there are."""
    with pytest.raises(InputError, match=r"no walking profile 'jogger'.*adult, senior"):
        profile("jogger")


# ---- own ones ------------------------------------------------------------------------------------


def test_a_speed_is_enough() -> None:
    """Stairs take half of it, and all else is as in the bundled profiles."""
    assert own("speed_m_s = 0.9") == Profile("mine", 0.9, 0.45)


def test_every_key_is_taken_over() -> None:
    """A table that uses them all."""
    text = """
    speed_m_s = 1
    steps_speed_m_s = 0.3
    ferry_speed_m_s = 5
    crossing_s = 1
    signals_s = 20.5
    level_crossing_s = 40
    lift_s = 60
    slope = [[-0.2, 1.5], [0, 1], [0.1, 2]]
    """
    assert own(text) == Profile(
        "mine", 1.0, 0.3, 5.0, 1.0, 20.5, 40.0, 60.0, ((-0.2, 1.5), (0.0, 1.0), (0.1, 2.0))
    )  # fmt: skip


def test_what_is_not_written_comes_from_the_profile_it_is_based_on() -> None:
    """And from nowhere else; stairs can be given up, or taken up."""
    assert own("based_on = 'frail'\nsignals_s = 30") == Profile("mine", 0.7, 0.28, signals_s=30.0)
    assert own("based_on = 'senior'\nsteps = 'avoid'") == Profile("mine", 0.8, 0.0)
    assert own("based_on = 'stroller'\nsteps_speed_m_s = 0.5") == Profile("mine", 1.0, 0.5)
    assert own("based_on = 'adult'\nslope = 'tobler'") == Profile("mine", 1.1, 0.55)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "give speed_m_s, or based_on"),
        ("signals_s = 3", "give speed_m_s, or based_on"),
        ("based_on = 'jogger'", "there is no bundled profile 'jogger'; there are: adult, senior"),
        ("based_on = ['adult']", "based_on: "),
        ("speed_m_s = 0", "speed_m_s: "),
        ("speed_m_s = 3.1", "speed_m_s: "),
        ("speed_m_s = 4.5", "speed_m_s: "),
        ("speed_m_s = nan", "speed_m_s: "),
        ("speed_m_s = 'fast'", "speed_m_s: "),
        ("speed_m_s = 1\nsteps_speed_m_s = 0", "steps_speed_m_s: "),
        ("speed_m_s = 1\nsteps_speed_m_s = 1.5", "stairs cannot be faster than the level"),
        ("based_on = 'adult'\nspeed_m_s = 0.5", "steps_speed_m_s is 0.55, speed_m_s 0.5"),
        ("speed_m_s = 1\nsteps = 'avoid'\nsteps_speed_m_s = 0.5", "steps or steps_speed_m_s, not"),
        ("speed_m_s = 1\nsteps = 'maybe'", "steps: "),
        ("speed_m_s = 1\nferry_speed_m_s = 90", "ferry_speed_m_s: "),
        ("speed_m_s = 1\nlift_s = -1", "lift_s: "),
        ("speed_m_s = 1\nsignals_s = 3600", "signals_s: "),
        ("speed_m_s = 1\nslope = 'steep'", 'slope: Value error, write "tobler", or two or more'),
        ("speed_m_s = 1\nslope = 0.1", 'slope: Value error, write "tobler", or two or more'),
        ("speed_m_s = 1\nslope = []", 'slope: Value error, write "tobler", or two or more'),
        ("speed_m_s = 1\nslope = [[0, 1]]", 'slope: Value error, write "tobler", or two or more'),
        ("speed_m_s = 1\nslope = [[0, 1, 2], [1, 2, 3]]", 'slope: Value error, write "tobler"'),
        ("speed_m_s = 1\nslope = [[0, true], [1, 2]]", 'slope: Value error, write "tobler"'),
        ("speed_m_s = 1\nslope = [[0, nan], [1, 2]]", 'slope: Value error, write "tobler"'),
        ("speed_m_s = 1\nslope = [[0, 1], [0, 2]]", "the slopes must rise from pair to pair"),
        ("speed_m_s = 1\nslope = [[0.2, 2], [0, 1]]", "the slopes must rise from pair to pair"),
        ("speed_m_s = 1\nslope = [[0, 1], [10, 2]]", "rise over run, from -1 to 1: 0.1 is 10 %"),
        ("speed_m_s = 1\nslope = [[0, 1], [0.1, 0]]", "factors are above 0 and at most 100"),
        ("speed_m_s = 1\nslope = [[0, 1.1], [0.1, 2]]", "the factor must be 1"),
        ("speed_m_s = 1\nslope = [[-0.1, 1], [0.1, 2]]", "the factor must be 1"),
        (f"speed_m_s = 1\nslope = [[0, 1], [0.1, {10**400}]]", 'slope: Value error, write "tobl'),
    ],
)
def test_what_cannot_be_is_named(text: str, fault: str) -> None:
    """One fault each; a profile nobody can walk by is no profile."""
    (found,) = faults(text)
    assert fault in found


def test_several_faults_are_named_together() -> None:
    """As everywhere in a project file."""
    found = faults("speed_m_s = 9\nlift_s = -1\nslope = 1\nsteps = 'avoid'\nsteps_speed_m_s = 1")
    assert len(found) == 4


# ---- in words ------------------------------------------------------------------------------------


def test_a_profile_is_told_in_words() -> None:
    """All that it says, and slopes only where they count."""
    texts = load_texts("en")
    assert describe_walker(profile("adult"), texts, sloped=False) == (
        "1.1 m/s on the level (4.0 km/h); 0.55 m/s on stairs"
    )
    assert describe_walker(profile("stroller"), texts, sloped=True) == (
        "1 m/s on the level (3.6 km/h); no stairs; slopes by Tobler's hiking function"
    )
    text = (
        "speed_m_s = 0.6\nferry_speed_m_s = 6\ncrossing_s = 5\nsignals_s = 20\n"
        "level_crossing_s = 45\nlift_s = 30.5\nslope = [[-0.1, 1.1], [0, 1], [0.1, 1.6]]"
    )
    assert describe_walker(own(text), texts, sloped=True) == (
        "0.6 m/s on the level (2.2 km/h); 0.3 m/s on stairs; ferries whose tags give no time at "
        "6 m/s; waits 5 s at crossings; waits 20 s at signals; waits 45 s at level crossings; "
        "waits 30.5 s for lifts; slopes by a table of its own (slope: times as long): "
        "-10%: 1.1, 0%: 1, +10%: 1.6"
    )


@pytest.mark.parametrize("sloped", [True, False])
def test_chinese_readers_are_told_the_same(sloped: Any) -> None:
    """Every figure of the English words stands in the Chinese ones."""
    walker = own("speed_m_s = 0.6\nsignals_s = 25\nslope = [[0, 1], [0.1, 1.7]]")
    words = describe_walker(walker, load_texts("zh"), sloped=sloped)
    assert words.startswith("平地每秒0.6米（每小时2.2公里）；台阶每秒0.3米；红绿灯等候25秒")
    assert ("+10%：1.7" in words) == sloped
