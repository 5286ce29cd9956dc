"""What a rule finds in a unit: one row a rule, unit and measure, whatever the kind of rule."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Final

import numpy as np
import pandas as pd

from circles.evaluation.units import Area, Units
from circles.scoring import INSUFFICIENT, MET, NOT_MET, tier_verdict
from circles.standards.model import Rule
from circles.standards.parts import Level
from circles.texts import Note, Value

#: Values are sums and ratios of many floats; a limit counts as kept within this.
_TOLERANCE: Final = 1e-9
#: Units of measure that come in whole pieces.
_WHOLE: Final = frozenset(
    {"facilities", "places", "seats", "beds", "people", "households", "staff", "community_workers"}
)


@dataclass(frozen=True)
class Subject:
    """Of which rule and unit a finding is.

    Parameters
    ----------
    rule_id, kind
        The rule.
    level, unit_id, unit_name
        The unit; its id is ``""`` for the communities that name no unit of that level.
    setting
        ``"urban"`` or ``"rural"`` for a community, None above.
    communities
        How many communities the unit is made of.
    """

    rule_id: str
    kind: str
    level: Level
    unit_id: str
    unit_name: str
    setting: str | None
    communities: int


@dataclass(frozen=True)
class Finding:
    """What one measure of a rule is in one unit, and what it must be.

    Parameters
    ----------
    subject
        The rule and the unit.
    measure
        What is measured: ``"located"`` or ``"serves"`` (presence), the column a ratio is counted
        against or ``"catchment"``, the measure of a check, ``"count"`` (inventory).
    unit
        What `value`, for a ratio `numerator`, and `shortfall` are counted in.
    value, value_high
        The measure, at least and at most; the same where all of it is known, NaN where nothing
        is, and inf where there is no telling how much more it may be. A ratio is for as many as
        the rule counts `per`.
    other_value
        The same by the rule's other way of counting: facilities that serve the unit for those
        that lie in it, or the other way round; the share of residents within the limit for the
        minutes of the farthest of them. NaN where there is none.
    required_low, required_high
        What the value must be at least and at most; NaN where there is no such end.
    numerator, denominator
        What a ratio is made of; for a catchment the capacity within reach and who shares it; for
        an inventory the count and the document's. NaN elsewhere.
    unknown
        How much could not be counted: facilities whose capacity or whose list of communities is
        not known, communities without a number, residents' places off the network.
    verdict
        One of `circles.scoring.VERDICTS`, or None for a figure that nothing is asked of.
    reason, reason_values
        A key of the section ``findings`` of the texts, and what fills its gaps.
    shortfall
        What is missing for `met`, in `unit`; negative for what is too much. 0 where met, NaN
        where there is no telling.
    """

    subject: Subject
    measure: str
    unit: str
    value: float = math.nan
    value_high: float = math.nan
    other_value: float = math.nan
    required_low: float = math.nan
    required_high: float = math.nan
    numerator: float = math.nan
    denominator: float = math.nan
    unknown: int = 0
    verdict: str | None = None
    reason: str = ""
    reason_values: tuple[tuple[str, Value], ...] = ()
    shortfall: float = math.nan

    @property
    def note(self) -> Note:
        """The reason as a sentence to be put into words."""
        return Note(f"findings.{self.reason}", self.reason_values)


def subjects(rule: Rule, area: Area, units: Units) -> list[Subject]:
    """Return a subject of a rule for each unit, in their order."""
    sizes = units.sums(np.ones(len(area)))
    settings = area.words("setting")
    communal = units.level == "community"
    return [
        Subject(
            rule_id=rule.id,
            kind=rule.kind,
            level=units.level,
            unit_id=unit_id,
            unit_name=name,
            setting=settings[i] if communal else None,
            communities=int(sizes[i]),
        )
        for i, (unit_id, name) in enumerate(zip(units.id, units.name, strict=True))
    ]


def unplaced(
    rule: Rule, units: Units, measure: str, unit: str, *, judged: bool = True
) -> Iterator[Finding]:
    """Yield a finding for the communities that name no unit of the level, if there are any."""
    if units.unplaced:
        subject = Subject(rule.id, rule.kind, units.level, "", "", None, units.unplaced)
        values = (("count", units.unplaced),)
        yield Finding(
            subject,
            measure,
            unit,
            verdict=INSUFFICIENT if judged else None,
            reason=f"no_{units.level}",
            reason_values=values,
        )


def judge_value(low: float, high: float, *, at_least: float, at_most: float) -> str:
    """Judge a value that is known between two bounds.

    Parameters
    ----------
    low, high
        The value at least and at most; inf where there is no telling how much more.
    at_least, at_most
        What it must be; NaN where there is no such end.

    Returns
    -------
    str
        ``"met"`` or ``"not_met"`` where the whole of the bounds agrees, else
        ``"insufficient_data"``.
    """
    least = -math.inf if math.isnan(at_least) else at_least - _slack(at_least)
    most = math.inf if math.isnan(at_most) else at_most + _slack(at_most)
    if low >= least and high <= most:
        return MET
    return NOT_MET if high < least or low > most else INSUFFICIENT


def shortfall(verdict: str, gap: float, unit: str) -> float:
    """Return what is missing for `met`, by the verdict and the gap to what is required.

    Parameters
    ----------
    verdict
        The verdict.
    gap
        How much more (or, negative, less) there must be.
    unit
        What it is counted in; whole pieces are counted whole.
    """
    if verdict == MET:
        return 0.0
    if verdict != NOT_MET or not math.isfinite(gap):
        return math.nan
    if unit not in _WHOLE:
        return gap
    return math.copysign(math.ceil(abs(gap) - _slack(gap)), gap)


def _slack(limit: float) -> float:
    return _TOLERANCE * max(abs(limit), 1.0)


_COLUMNS: Final = tuple(
    [field.name for field in fields(Subject)]
    + [field.name for field in fields(Finding) if field.name != "subject"]
)
_FLOATS: Final = tuple(field.name for field in fields(Finding) if field.type is float)


def findings_table(findings: Iterable[Finding]) -> pd.DataFrame:
    """Return findings as a table, one row each.

    Returns
    -------
    DataFrame
        RangeIndex; the columns of `Subject` and of `Finding`.
    """
    rows = []
    for finding in findings:
        row = {field.name: getattr(finding, field.name) for field in fields(finding)}
        rows.append(asdict(row.pop("subject")) | row)
    table = pd.DataFrame(rows, columns=list(_COLUMNS), dtype=object)
    types = dict.fromkeys(_FLOATS, float) | {"communities": int, "unknown": int}
    return table.astype(types)


def unit_verdicts(findings: pd.DataFrame) -> pd.DataFrame:
    """Return one verdict for each rule and unit: a rule is met where all of its measures are.

    Parameters
    ----------
    findings
        What `findings_table` returns.

    Returns
    -------
    DataFrame
        Columns `rule_id`, `level`, `unit_id`, `unit_name`, `setting`, `communities`, `verdict`;
        figures that nothing is asked of have none.
    """
    keys = ["rule_id", "level", "unit_id", "unit_name", "setting", "communities"]
    judged = findings[findings["verdict"].notna()]
    grouped = judged.groupby(keys, sort=False, dropna=False)["verdict"]
    combined = grouped.agg(lambda verdicts: tier_verdict(list(verdicts)))
    return combined.reset_index()[[*keys, "verdict"]]
