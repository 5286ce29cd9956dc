"""What a standard holds: rules, tiers and targets, each with its source and its assumptions."""

from datetime import date
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator

from circles.texts import Bilingual

Setting = Literal["urban", "rural"]
Status = Literal["policy", "verified", "secondary", "assumed"]


class Part(BaseModel):
    """A frozen part of a standard; a key it does not know is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Source(Part):
    """Where a figure stands: the document, the place in it, and its own words."""

    id: str
    document: Bilingual
    place: Bilingual | None = None
    quote: str | None = None
    status: Status


class Assumption(Part):
    """Something the documents do not say and the standard's file decides."""

    id: str
    text: Bilingual


class Rule(Part):
    """Within which time or distance which share of a group must reach a service.

    `service` names the need; any facility of the services in `any_of` answers it (by default the
    service of that name). A rule holds in the settings its thresholds name, and in no other.
    """

    id: str
    kind: Literal["time_threshold", "distance_threshold"]
    service: str
    any_of: tuple[str, ...] = ()
    name: Bilingual
    group: str = "all"
    profile: str = "adult"
    max_minutes: dict[Setting, PositiveFloat] = Field(default_factory=dict)
    max_metres: dict[Setting, PositiveFloat] = Field(default_factory=dict)
    min_share: float = Field(gt=0, le=1)
    sources: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()

    @property
    def services(self) -> tuple[str, ...]:
        """The catalogue services that answer this need."""
        return self.any_of or (self.service,)

    @property
    def thresholds(self) -> dict[Setting, float]:
        """The limit by setting: minutes for a time rule, metres for a distance rule."""
        return self.max_minutes if self.kind == "time_threshold" else self.max_metres

    @model_validator(mode="after")
    def _thresholds_match_the_kind(self) -> Self:
        mine, other = (
            ("max_minutes", "max_metres")
            if self.kind == "time_threshold"
            else ("max_metres", "max_minutes")
        )
        if not getattr(self, mine) or getattr(self, other):
            message = f"rule {self.id!r} of kind {self.kind} takes {mine} and not {other}"
            raise ValueError(message)
        return self


class Tier(Part):
    """A named set of rules, such as the convenience circle; `extends` adds another tier's rules."""

    id: str
    name: Bilingual
    rules: tuple[str, ...]
    extends: str | None = None
    sources: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


class Target(Part):
    """The share of the communities of one setting that must meet a tier."""

    id: str
    tier: str
    setting: Setting
    min_share: float = Field(gt=0, le=1)
    deadline: date | None = None
    sources: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


class Standard(Part):
    """A standard: what must be reachable, for whom, within which limit, and by which document."""

    schema_: Literal["circles.standard/1"] = Field(alias="schema")
    id: str
    name: Bilingual
    issuer: Bilingual
    deadline: date | None = None
    sources: tuple[Source, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    rules: tuple[Rule, ...]
    tiers: tuple[Tier, ...] = ()
    targets: tuple[Target, ...] = ()
    not_evaluated: tuple[Bilingual, ...] = ()
    """Rules of the documents that this file leaves out, in words, so that every output says so."""

    def rule(self, rule_id: str) -> Rule:
        """Return the rule of that id."""
        return next(rule for rule in self.rules if rule.id == rule_id)

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
