"""The kinds of rule a standard holds; what each asks, of whom, by which document."""

from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from circles.standards.parts import Interval, Level, Limit, Part, Place, Range, Setting, Strength
from circles.texts import Bilingual

ZONES: Final = ("central", "outer")
_SETTINGS: Final = ("urban", "rural")


class _Basis(Part):
    """What every rule has: a name, how strongly and by when it is asked, and its basis.

    The first of `sources` is the one that the rule's figure stands in.
    """

    id: str
    name: Bilingual
    strength: Strength = "required"
    deadline: date | None = None
    sources: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


class _Need(_Basis):
    """A rule about a need: `service` names it, and facilities of `any_of` answer it.

    Without `any_of`, it is the facilities of the service of that name.
    """

    service: str
    any_of: tuple[str, ...] = ()

    @property
    def services(self) -> tuple[str, ...]:
        """The catalogue services that answer this need."""
        return self.any_of or (self.service,)


class AccessRule(_Need):
    """Within which time or distance which share of a group must reach a service.

    Limits are given by setting or by zone; where a community has a zone that is named, the zone's
    limit goes before the setting's. The rule holds where it names a limit, and nowhere else.
    Without `min_share` the coverage is reported and not judged. With `open_until` the coverage is
    found once more with the facilities that are known to be open at that time of day.
    """

    kind: Literal["time_threshold", "distance_threshold"]
    group: str = "all"
    profile: str = "adult"
    max_minutes: dict[Place, Limit] = Field(default_factory=dict)
    max_metres: dict[Place, Limit] = Field(default_factory=dict)
    min_share: float | None = Field(default=None, gt=0, le=1)
    open_until: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")

    @property
    def limits(self) -> dict[Place, Range]:
        """The limits by setting or zone: minutes for a time rule, metres for a distance rule."""
        given = self.max_minutes if self.kind == "time_threshold" else self.max_metres
        return {
            place: Range(*limit) if isinstance(limit, tuple) else Range(limit, limit)
            for place, limit in given.items()
        }

    @property
    def has_range(self) -> bool:
        """Whether a limit is a range, of which both ends are judged."""
        return any(limit.strict < limit.lenient for limit in self.limits.values())

    def limit_in(self, setting: str, zone: str | None = None) -> Range | None:
        """Return a community's limit; None where there is none, or its zone is not known.

        Parameters
        ----------
        setting
            ``"urban"`` or ``"rural"``.
        zone
            ``"central"``, ``"outer"`` or None.
        """
        return next(
            (
                limit
                for place in (zone, setting)
                for key, limit in self.limits.items()
                if key == place
            ),
            None,
        )

    def asks_zone_of(self, setting: str) -> bool:
        """Tell whether an urban community's limit hangs on its zone alone."""
        return setting == "urban" and "urban" not in self.limits and bool({*ZONES} & {*self.limits})

    @model_validator(mode="after")
    def _limits_match_the_kind(self) -> Self:
        mine, other = (
            ("max_minutes", "max_metres")
            if self.kind == "time_threshold"
            else ("max_metres", "max_minutes")
        )
        if not getattr(self, mine) or getattr(self, other):
            message = f"rule {self.id!r} of kind {self.kind} takes {mine} and not {other}"
            raise ValueError(message)
        return self


class PresenceRule(_Need):
    """How many facilities of a service every community, street, district or city must have.

    A unit has a facility that lies inside it (``"located"``), or that names the unit among those
    it serves (``"serves"``). Both are counted; `count_by` says which is judged.
    """

    kind: Literal["presence"]
    per: Level
    min: PositiveInt = 1
    settings: tuple[Setting, ...] = Field(default=_SETTINGS, min_length=1)
    count_by: Literal["located", "serves"] = "located"

    @model_validator(mode="after")
    def _settings_are_of_communities(self) -> Self:
        if self.per != "community" and set(self.settings) != set(_SETTINGS):
            message = f"rule {self.id!r}: settings are for communities, not for a {self.per}"
            raise ValueError(message)
        return self


class Numerator(Part):
    """What a ratio counts: the capacity of facilities, or a column of the community table."""

    services: tuple[str, ...] = ()
    capacity: Literal["places", "seats", "beds", "area_m2", "count"] | None = None
    column: str | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        of_facilities = bool(self.services) and self.capacity is not None
        if of_facilities == (self.column is not None) or bool(self.services) != bool(self.capacity):
            message = "a numerator is either services with their capacity, or a column"
            raise ValueError(message)
        return self


class Denominator(Part):
    """What a ratio is counted against: `population`, `population_urban`, `households`, a group."""

    column: str


class Catchment(Part):
    """Whom a facility's capacity is shared among: those who reach it within an access rule's limit.

    `group` and `profile` are those of the access rule unless given.
    """

    rule: str
    group: str | None = None
    profile: str | None = None


class CapacityRule(_Basis):
    """How much of a capacity there must be for so many people or households.

    Every denominator gives a ratio of its own; a `catchment` gives one more, by who can reach the
    facilities. `levels` are the units that are judged.
    """

    kind: Literal["capacity_ratio"]
    numerator: Numerator
    denominators: tuple[Denominator, ...] = Field(min_length=1)
    per: PositiveFloat
    min: PositiveFloat | None = None
    between: Interval | None = None
    levels: tuple[Level, ...] = Field(min_length=1)
    settings: tuple[Setting, ...] = Field(default=_SETTINGS, min_length=1)
    catchment: Catchment | None = None

    @model_validator(mode="after")
    def _one_requirement(self) -> Self:
        if (self.min is None) == (self.between is None):
            message = f"rule {self.id!r} takes either min or between"
            raise ValueError(message)
        if self.catchment is not None and not self.numerator.services:
            message = f"rule {self.id!r}: a catchment needs a numerator of services"
            raise ValueError(message)
        return self


class Check(Part):
    """What one measure of a community must be; `only_if` names a column that must say yes."""

    measure: Literal[
        "households", "population", "area_km2", "occupancy", "staff", "walk_minutes_to_centre"
    ]
    min: PositiveFloat | None = None
    max: PositiveFloat | None = None
    between: Interval | None = None
    only_if: str | None = None

    @model_validator(mode="after")
    def _a_possible_range(self) -> Self:
        if self.min is None and self.max is None and self.between is None:
            message = f"the check of {self.measure} needs min, max or between"
            raise ValueError(message)
        if self.between is not None and (self.min is not None or self.max is not None):
            message = f"the check of {self.measure} takes between, or min and max, not both"
            raise ValueError(message)
        if self.min is not None and self.max is not None and self.min > self.max:
            message = f"the check of {self.measure} has a min above its max"
            raise ValueError(message)
        return self


class UnitRule(_Basis):
    """What a community itself must be: how many households, how large, how far its centre.

    `settings` are ``"urban"``, ``"rural"`` or further words of the community table's column;
    without them the rule holds for every community.
    """

    kind: Literal["unit_check"]
    settings: tuple[str, ...] = ()
    checks: tuple[Check, ...] = Field(min_length=1)


class Count(Part):
    """Another count of the same thing, at another date or by another definition."""

    count: PositiveInt
    as_of: date
    name: Bilingual | None = None
    sources: tuple[str, ...] = ()


class InventoryRule(_Basis):
    """How many there should be by a document, to be compared with the layer that was given.

    It is counted over the facilities of `service` (or `any_of`), or over the units of a level
    (those of one `setting` only, if given). `level` is the area the document's count is for. A
    difference beyond `tolerance` is a warning and no verdict.
    """

    kind: Literal["inventory"]
    service: str | None = None
    any_of: tuple[str, ...] = ()
    unit: Level | None = None
    setting: Setting | None = None
    level: Level = "city"
    count: PositiveInt
    as_of: date
    tolerance: float = Field(default=0.1, ge=0, lt=1)
    also: tuple[Count, ...] = ()

    @property
    def services(self) -> tuple[str, ...]:
        """The catalogue services that are counted; none where units are."""
        return self.any_of or ((self.service,) if self.service else ())

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.service is None) == (self.unit is None):
            message = f"rule {self.id!r} counts either a service or a unit"
            raise ValueError(message)
        if self.any_of and self.service is None:
            message = f"rule {self.id!r}: any_of needs the service that it answers"
            raise ValueError(message)
        if self.setting is not None and self.unit != "community":
            message = f"rule {self.id!r}: a setting is for communities only"
            raise ValueError(message)
        return self


Rule = Annotated[
    AccessRule | PresenceRule | CapacityRule | UnitRule | InventoryRule,
    Field(discriminator="kind"),
]
"""A rule of any kind, told apart by its `kind`."""

KINDS: Final = (
    "time_threshold",
    "distance_threshold",
    "presence",
    "capacity_ratio",
    "unit_check",
    "inventory",
)
