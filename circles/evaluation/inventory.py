"""How many there should be by a document, compared with what was given."""

import math
from typing import Final

from circles.evaluation.findings import Finding, Subject, judge_value
from circles.evaluation.stock import Stock
from circles.evaluation.units import Area
from circles.scoring import MET
from circles.standards.model import InventoryRule
from circles.standards.rules import Count
from circles.texts import Bilingual, Note

DIFFERS: Final = "inventory_differs"
_MEASURE: Final = "count"


def inventory_finding(rule: InventoryRule, area: Area, stock: Stock) -> Finding:
    """Compare a document's count with the facilities, or the units, that were given.

    A count that is for an area of another level than the one given is not compared. There is no
    verdict: a difference says that a list is not complete, or that it counts something else.

    Parameters
    ----------
    rule
        The rule.
    area
        The communities.
    stock
        The facilities; those outside every community count too.
    """
    least, most = (rule.count * (1 + sign * rule.tolerance) for sign in (-1, 1))
    count, reason = _count(rule, area, stock)
    if reason is None:
        agrees = judge_value(count, count, at_least=least, at_most=most) == MET
        reason = "inventory_agrees" if agrees else DIFFERS
    return Finding(
        Subject(rule.id, rule.kind, rule.level, area.name, area.name, None, len(area)),
        _MEASURE,
        "facilities" if rule.unit is None else f"{rule.unit}_units",
        value=count,
        value_high=count,
        required_low=least,
        required_high=most,
        numerator=count,
        denominator=float(rule.count),
        reason=reason,
    )


def _count(rule: InventoryRule, area: Area, stock: Stock) -> tuple[float, str | None]:
    """Count what is given, and say why it cannot be compared, None where it can."""
    if rule.unit is not None:
        units = area.units(rule.unit)
        if units.unplaced:
            return math.nan, f"no_{rule.unit}"
        settings = area.words("setting")
        held = [rule.setting in {None, settings[i]} for i in range(len(area))]
        count = sum(held) if rule.unit == "community" else len(units)
        return float(count), None if rule.level == area.whole else "other_area"
    supply = stock.answering(rule.services)
    if supply.obstacle is not None:
        return math.nan, supply.obstacle
    if supply.partial:
        return math.nan, "layer_partial"
    return float(len(supply.row)), None if rule.level == area.whole else "other_area"


def inventory_warning(rule: InventoryRule, finding: Finding) -> Note | None:
    """Return the warning of a difference, which every page shows; None where there is none."""
    if finding.reason != DIFFERS:
        return None
    others = {"also": tuple(map(_other, rule.also))} if rule.also else {}
    return Note.of(
        "warnings.inventory" + "_units" * (rule.unit is not None) + "_also" * bool(others),
        name=rule.name,
        found=int(finding.value),
        expected=rule.count,
        as_of=rule.as_of.isoformat(),
        **others,
    )


def _other(count: Count) -> Bilingual:
    date = count.as_of.isoformat()
    zh, en = (count.name.zh, count.name.en) if count.name is not None else ("", "")
    return Bilingual(
        zh=f"{date}为{count.count}" + (f"（{zh}）" if zh else ""),
        en=f"{count.count} on {date}" + (f" ({en})" if en else ""),
    )
