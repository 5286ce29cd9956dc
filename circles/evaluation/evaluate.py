"""All rules of a standard that are not about access, evaluated on one area."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

import pandas as pd

from circles.evaluation.capacity import capacity_findings
from circles.evaluation.centre import CENTRES
from circles.evaluation.findings import Finding, findings_table
from circles.evaluation.inventory import inventory_finding, inventory_warning
from circles.evaluation.on_foot import OnFoot
from circles.evaluation.presence import presence_findings
from circles.evaluation.reachable import no_facilities, reachable_findings
from circles.evaluation.stock import Stock
from circles.evaluation.unit_check import WALK, unit_findings
from circles.evaluation.units import Area
from circles.facilities import load_catalogue
from circles.standards.model import (
    AccessRule,
    CapacityRule,
    InventoryRule,
    PresenceRule,
    Rule,
    Standard,
    UnitRule,
)
from circles.texts import Note

_EXAMPLES: Final = 5


@dataclass(frozen=True)
class Evaluation:
    """What the rules of presence, capacity, size and inventory find.

    Parameters
    ----------
    findings
        See `circles.evaluation.findings.findings_table`.
    unreached
        Facilities within nobody's reach; see `circles.evaluation.reachable.Reachable`.
    assumptions
        What was decided without a document or a datum saying so.
    warnings
        What a reader must know before using the figures.
    """

    findings: pd.DataFrame
    unreached: pd.DataFrame
    assumptions: tuple[Note, ...] = ()
    warnings: tuple[Note, ...] = ()


def evaluate(
    standard: Standard,
    area: Area,
    stock: Stock,
    on_foot: OnFoot,
    *,
    only: Collection[str] | None = None,
) -> Evaluation:
    """Evaluate the rules of presence, capacity, size and inventory.

    Parameters
    ----------
    standard
        The standard; its access rules are looked at for the limits of catchments only.
    area, stock, on_foot
        The communities, the facilities, and the network they are on, if there is one: where there
        is none, only what takes walking stays open.
    only
        The ids of the rules to evaluate; all without it.
    """
    findings: list[Finding] = []
    unreached, warnings = [no_facilities()], list(stock.notes)
    for rule in standard.rules:
        if only is not None and rule.id not in only:
            continue
        findings += _findings(rule, area, stock, on_foot)
        if isinstance(rule, CapacityRule) and rule.catchment is not None:
            access = standard.access_rule(rule.catchment.rule)
            found = reachable_findings(rule, access, area, stock, on_foot)
            findings += found.findings
            unreached.append(found.unreached)
            warnings += unreached_warning(rule, found.unreached)
        if isinstance(rule, InventoryRule):
            finding = inventory_finding(rule, area, stock)
            findings.append(finding)
            warnings += filter(None, [inventory_warning(rule, finding)])
    return Evaluation(
        findings=findings_table(findings),
        unreached=pd.concat(
            [part for part in unreached if len(part)] or unreached[:1], ignore_index=True
        ),
        assumptions=tuple(_assumptions(standard, area, on_foot)),
        warnings=tuple(warnings),
    )


def takes_walking(rule: Rule) -> bool:
    """Tell whether a rule, or a part of it, cannot be evaluated without a street network."""
    match rule:
        case AccessRule():
            return True
        case CapacityRule():
            return rule.catchment is not None
        case UnitRule():
            return any(check.measure == WALK for check in rule.checks)
        case _:
            return False


def _findings(rule: Rule, area: Area, stock: Stock, on_foot: OnFoot) -> Iterator[Finding]:
    match rule:
        case PresenceRule():
            yield from presence_findings(rule, area, stock)
        case CapacityRule():
            yield from capacity_findings(rule, area, stock)
        case UnitRule():
            yield from unit_findings(rule, area, stock, on_foot)
        case _:
            return


def unreached_warning(rule: CapacityRule, unreached: pd.DataFrame) -> Iterator[Note]:
    """Yield the warning of a rule's facilities within nobody's reach; none if there are none.

    Parameters
    ----------
    rule
        A rule with a catchment.
    unreached
        Its rows of `Evaluation.unreached`.
    """
    if len(unreached):
        yield Note.of(
            "warnings.catchment_unreached",
            name=rule.name,
            count=len(unreached),
            capacity=f"{unreached['capacity'].sum():g}",
            examples=tuple(str(name) or "–" for name in unreached["name"])[:_EXAMPLES],
        )


def _assumptions(standard: Standard, area: Area, on_foot: OnFoot) -> Iterator[Note]:
    walked = on_foot.obstacle is None
    capacities, checks = standard.of_kind(CapacityRule), standard.of_kind(UnitRule)
    columns = {below.column for rule in capacities for below in rule.denominators}
    by_setting = {"population_urban", "population_rural"} & columns
    if by_setting - set(area.table.columns):
        yield Note.of("assumptions.population_by_setting")
    if walked and any(rule.catchment is not None for rule in capacities):
        yield Note.of("assumptions.catchment_border")
    if walked and any(check.measure == WALK for rule in checks for check in rule.checks):
        names = tuple(load_catalogue()[service].name for service in CENTRES)
        yield Note.of("assumptions.centre", services=names)
    classes = {word for rule in checks for word in rule.settings} & set(standard.settings.classes)
    unused = tuple(sorted(classes - set(filter(None, area.words("class")))))
    if unused:
        yield Note.of("assumptions.class_unused", classes=unused)
