"""What a standard holds: rules, tiers and targets, each with its source and its assumptions."""

from datetime import date
from pathlib import Path
from typing import Final, Literal, Self, TypeVar

from pydantic import Field, model_validator

from circles.standards.parts import (
    Assumption,
    Level,
    Part,
    Setting,
    Source,
    Status,
    Strength,
    Zone,
)
from circles.standards.rules import (
    AccessRule,
    CapacityRule,
    InventoryRule,
    PresenceRule,
    Rule,
    UnitRule,
)
from circles.texts import Bilingual

__all__ = [
    "SCHEMA",
    "AccessRule",
    "Assumption",
    "CapacityRule",
    "InventoryRule",
    "Measured",
    "PresenceRule",
    "Rule",
    "Settings",
    "Source",
    "Standard",
    "Target",
    "Tier",
    "UnitRule",
]

SCHEMA: Final = "circles.standard/2"

_Kind = TypeVar("_Kind", AccessRule, PresenceRule, CapacityRule, UnitRule, InventoryRule)


class Settings(Part):
    """How a community is known to be urban or rural: by the first way of `order` that tells.

    `column` is the community table's own column, `committee` the words its name ends in,
    `nbs_code` the urban-rural code of the statistics bureau, and `zone` its zone. `classes` are
    further words of that column, such as a village made into a community, and the setting each
    counts as. Committee words are tried at the end of the name, the longest first.
    """

    order: tuple[Literal["column", "committee", "nbs_code", "zone"], ...] = (
        "column",
        "committee",
        "nbs_code",
        "zone",
    )
    committee: dict[Setting, tuple[str, ...]] = Field(
        default={
            "urban": ("居民委员会", "居委会", "社区"),
            "rural": ("村民委员会", "村委会", "村"),
        }
    )
    nbs_code: dict[Setting, tuple[str, ...]] = Field(
        default={"urban": ("111", "112", "121", "122", "123"), "rural": ("210", "220")}
    )
    zone: dict[Zone, Setting] = Field(default={"central": "urban", "outer": "urban"})
    classes: dict[str, Setting] = Field(default_factory=dict)
    sources: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


class Tier(Part):
    """A named set of rules, such as the convenience circle; `extends` adds another tier's rules."""

    id: str
    name: Bilingual
    rules: tuple[str, ...]
    extends: str | None = None
    sources: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


class Measured(Part):
    """What a target counts: the communities that meet a tier, or the units that meet a rule."""

    tier: str | None = None
    rule: str | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.tier is None) == (self.rule is None):
            message = "a target is of either a tier or a rule"
            raise ValueError(message)
        return self


class Target(Part):
    """The share of units that must meet a tier or a rule, at a level of the city.

    Communities of one `setting` only are counted if it is given.
    """

    id: str
    of: Measured
    setting: Setting | None = None
    level: Level = "city"
    min_share: float = Field(gt=0, le=1)
    deadline: date | None = None
    strength: Strength = "required"
    sources: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()

    @property
    def tier(self) -> str:
        """The tier that is counted; empty where it is a rule."""
        return self.of.tier or ""


class Standard(Part):
    """A standard: what must be there and be reachable, for whom, and by which document."""

    schema_: Literal["circles.standard/2"] = Field(alias="schema")
    id: str
    name: Bilingual
    issuer: Bilingual
    period: tuple[int, int] | None = None
    """First and last year."""
    issued: date | None = None
    effective: date | None = None
    deadline: date | None = None
    supersedes: tuple[Bilingual, ...] = ()
    extends: str | None = None
    settings: Settings = Settings()
    sources: tuple[Source, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    rules: tuple[Rule, ...]
    tiers: tuple[Tier, ...] = ()
    targets: tuple[Target, ...] = ()
    not_evaluated: tuple[Bilingual, ...] = ()
    """Rules of the documents that this file leaves out, in words, so that every output says so."""

    @property
    def access_rules(self) -> tuple[AccessRule, ...]:
        """The rules of time and distance."""
        return self.of_kind(AccessRule)

    @property
    def judges_ranges(self) -> bool:
        """Whether a tier or a target counts a rule of which a limit is a range."""
        ids = {rule.id for tier in self.tiers for rule in self.tier_rules(tier.id)}
        ids |= {target.of.rule for target in self.targets if target.of.rule is not None}
        return any(rule.id in ids and rule.has_range for rule in self.access_rules)

    @classmethod
    def load(cls, standard: str | Path) -> "Standard":
        """Load a standard by the id of a bundled one or by its path; see `load_standard`."""
        from circles.standards.loader import load_standard

        return load_standard(standard)

    def of_kind(self, kind: type[_Kind]) -> tuple[_Kind, ...]:
        """Return the rules of one kind, in the order of the file."""
        return tuple(rule for rule in self.rules if isinstance(rule, kind))

    def rule(self, rule_id: str) -> Rule:
        """Return the rule of that id."""
        return next(rule for rule in self.rules if rule.id == rule_id)

    def access_rule(self, rule_id: str) -> AccessRule:
        """Return the rule of time or distance of that id."""
        return next(rule for rule in self.access_rules if rule.id == rule_id)

    def tier(self, tier_id: str) -> Tier:
        """Return the tier of that id."""
        return next(tier for tier in self.tiers if tier.id == tier_id)

    def source(self, source_id: str) -> Source:
        """Return the source of that id."""
        return next(source for source in self.sources if source.id == source_id)

    def assumption(self, assumption_id: str) -> Assumption:
        """Return the assumption of that id."""
        return next(a for a in self.assumptions if a.id == assumption_id)

    def tier_rules(self, tier_id: str) -> tuple[Rule, ...]:
        """Return all rules of a tier, those of the tiers it extends first."""
        tier = self.tier(tier_id)
        inherited = self.tier_rules(tier.extends) if tier.extends else ()
        own = tuple(self.rule(rule_id) for rule_id in tier.rules)
        return inherited + tuple(rule for rule in own if rule not in inherited)

    def status(self, part: Rule | Tier | Target) -> Status:
        """Return the status of the source a figure stands in; without one it is assumed."""
        return self.source(part.sources[0]).status if part.sources else "assumed"

    @model_validator(mode="after")
    def _years_in_order(self) -> Self:
        if self.period is not None and self.period[0] > self.period[1]:
            message = f"period: the first year {self.period[0]} is after the last {self.period[1]}"
            raise ValueError(message)
        return self
