"""Walking profiles as data: the bundled ones, and the own ones of a project file."""

import itertools
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, TypeGuard

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field

from circles.errors import InputError
from circles.validation import Table
from circles.walking import Profile

#: Stairs take half the level speed where a profile does not say; an assumption, told in outputs.
STEPS_SHARE: Final = 0.5
_NAME: Final = re.compile(r"[\w-]{1,40}")
#: A slope above 1 is a percentage that was not divided by 100.
_STEEPEST: Final = 1.0
_SLOWEST: Final = 100.0
_LARGEST: Final = 1e6

SlopeTable = tuple[tuple[float, float], ...]


def _slope(value: object) -> object:
    """Take the word "tobler", or pairs of slope and factor in rising order."""
    if value == "tobler":
        return value
    if not isinstance(value, list | tuple) or not all(map(_is_pair, value)) or len(value) < 2:
        message = (
            'write "tobler", or two or more pairs of slope and factor such as '
            "[[-0.1, 1.0], [0.0, 1.0], [0.1, 1.5]]"
        )
        raise ValueError(message)
    pairs = tuple((float(slope), float(factor)) for slope, factor in value)
    faults = tuple(_slope_faults(pairs))
    if faults:
        raise ValueError("; ".join(faults))
    return pairs


def _is_pair(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_number, value))


def _slope_faults(pairs: SlopeTable) -> Iterable[str]:
    slopes, factors = zip(*pairs, strict=True)
    if not all(a < b for a, b in itertools.pairwise(slopes)):
        yield f"the slopes must rise from pair to pair; they are {list(slopes)}"
        return
    if not (slopes[0] >= -_STEEPEST and slopes[-1] <= _STEEPEST):
        yield f"slopes are rise over run, from -{_STEEPEST:g} to {_STEEPEST:g}: 0.1 is 10 %"
    wrong = [factor for factor in factors if not 0 < factor <= _SLOWEST]
    if wrong:
        yield f"factors are above 0 and at most {_SLOWEST:g}; there is {wrong[0]:g}"
    level = float(np.interp(0.0, slopes, factors))
    if not wrong and abs(level - 1.0) > 1e-3:
        yield (
            "on the level (slope 0) the factor must be 1, since speed_m_s is the speed there; it "
            f"is {level:.3g}"
        )


Speed = Annotated[float, Field(ge=0.1, le=3.0)]
"""Metres a second that people walk at: from a shuffle to a run."""

WaitSeconds = Annotated[float, Field(ge=0.0, le=600.0)]


class ProfileTable(Table):
    """``[profiles.NAME]``: a walking profile of one's own."""

    based_on: str | None = None
    speed_m_s: Speed | None = None
    steps_speed_m_s: Annotated[float, Field(ge=0.05, le=3.0)] | None = None
    steps: Literal["avoid"] | None = None
    ferry_speed_m_s: Annotated[float, Field(ge=0.5, le=20.0)] | None = None
    crossing_s: WaitSeconds | None = None
    signals_s: WaitSeconds | None = None
    level_crossing_s: WaitSeconds | None = None
    lift_s: WaitSeconds | None = None
    slope: Annotated[Literal["tobler"] | SlopeTable, BeforeValidator(_slope)] | None = None

    @classmethod
    def _contradictions(cls, given: Mapping[str, Any]) -> Iterable[str]:
        base = given.get("based_on")
        if base is None and "speed_m_s" not in given:
            yield "give speed_m_s, or based_on with the name of a bundled profile"
        if isinstance(base, str) and base not in bundled_profiles():
            names = ", ".join(bundled_profiles())
            yield f"based_on: there is no bundled profile {base!r}; there are: {names}"
        if "steps" in given and "steps_speed_m_s" in given:
            yield "give steps or steps_speed_m_s, not both"
        elif "steps" not in given:
            steps, level = (_in_force(given, key) for key in ("steps_speed_m_s", "speed_m_s"))
            if steps is not None and level is not None and steps > level:
                yield (
                    f"stairs cannot be faster than the level: steps_speed_m_s is {steps:g}, "
                    f"speed_m_s {level:g}"
                )

    def profile(self, name: str) -> Profile:
        """Return the profile of a table, what it leaves open taken from the one it is based on.

        Parameters
        ----------
        name
            The profile's name.
        """
        given = self.model_dump(exclude_none=True, exclude={"based_on", "steps", "slope"})
        if self.steps == "avoid":
            given["steps_speed_m_s"] = 0.0
        if self.slope is not None:
            given["slope"] = None if self.slope == "tobler" else self.slope
        if self.based_on is not None:
            base = vars(bundled_profiles()[self.based_on])
            return Profile(**{**base, **given, "id": name})
        given.setdefault("steps_speed_m_s", STEPS_SHARE * given["speed_m_s"])
        return Profile(id=name, **given)


def _in_force(given: Mapping[str, Any], key: str) -> float | None:
    """Return a speed as given, or as the bundled profile has it; None if that is no number."""
    base = given.get("based_on")
    bundled = bundled_profiles().get(base) if isinstance(base, str) else None
    value = given.get(key, getattr(bundled, key, None))
    return float(value) if _is_number(value) else None


def _is_number(value: object) -> TypeGuard[int | float]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) <= _LARGEST  # neither infinite nor NaN


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        message = "a profile's name has up to 40 letters, digits, _ and -, and nothing else"
        raise ValueError(message)
    return name


OwnProfiles = dict[Annotated[str, AfterValidator(_checked_name)], ProfileTable]
"""The ``[profiles.NAME]`` tables of a project file."""


@cache
def bundled_profiles() -> Mapping[str, Profile]:
    """Return the bundled walking profiles by id."""
    text = files("circles").joinpath("profiles.toml").read_text("utf-8")
    tables = tomllib.loads(text)
    return MappingProxyType(
        {name: ProfileTable.model_validate(table).profile(name) for name, table in tables.items()}
    )


def profile(profile_id: str) -> Profile:
    """Return a bundled walking profile by its id.

    Raises
    ------
    InputError
        There is no such profile.
    """
    profiles = bundled_profiles()
    if profile_id not in profiles:
        message = f"no walking profile {profile_id!r}; there are: {', '.join(profiles)}"
        raise InputError(message)
    return profiles[profile_id]
