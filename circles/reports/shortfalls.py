"""Where services are short: the rules that communities do not meet, the most people first."""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from circles.assessment import Assessment
from circles.check.words import clean
from circles.explain import cost_word, explain_finding, one_line
from circles.reports.gap_lines import ranked_gaps
from circles.texts import Texts

Row = Mapping[Hashable, Any]

_TOLERANCE: Final = 1e-9
#: A longer name of a facility would hide the rest of a sentence.
_LONGEST_NAME: Final = 60


@dataclass(frozen=True)
class Shortfall:
    """One rule that one community does not meet.

    Parameters
    ----------
    community_id
        The community.
    rule_id, rule
        The rule and its name.
    unit
        What is counted: ``"people"``, ``"floor_area_m2"`` or ``"frontage_m"``.
    group, group_assumed
        Whom the rule is for, and whether all residents stand in for them.
    short
        How many more must come within the limit; whole, rounded up.
    share_low, share_high, needed
        Shares, 0-1.
    cost
        Minutes or metres, by `kind`, that half of those beyond the limit need at most, rounded up
        to whole minutes or ten metres; None where only `cost_words` can tell.
    kind
        The rule's kind.
    cost_words
        The same in words.
    nearest
        The facility that is nearest for most of them; empty if there is none.
    sentence
        All of it in one sentence.
    """

    community_id: str
    rule_id: str
    rule: str
    unit: str
    group: str
    group_assumed: bool
    short: int
    share_low: float
    share_high: float
    needed: float
    cost: float | None
    kind: str
    cost_words: str
    nearest: str
    sentence: str


def shortfalls(assessment: Assessment, texts: Texts) -> list[Shortfall]:
    """Return what communities do not meet, by how many people are short.

    What is counted in floor area or frontage, where nobody knows the people, follows behind.

    Parameters
    ----------
    assessment
        The run.
    texts
        The words of the reader's language.
    """
    rows = cast("list[Row]", ranked_gaps(assessment).to_dict("records"))
    return [_shortfall(row, assessment, texts) for row in rows]


def short_name(row: Row) -> Row:
    """Return a verdict's row with a name of the nearest facility that a sentence can hold."""
    name = row["nearest_facility"]
    if not isinstance(name, str) or len(name) <= _LONGEST_NAME:
        return row
    return {**row, "nearest_facility": clean(name, longest=_LONGEST_NAME)}


def cost_number(row: Row, column: str) -> float | None:
    """Return minutes or metres, rounded up; None without a way or beyond what the map can prove."""
    cost, provable = float(row[column]), float(row["provable_cost"])
    if not math.isfinite(cost) or cost > provable:
        return None
    step = 1 if row["kind"] == "time_threshold" else 10
    return float(math.ceil(cost / step - _TOLERANCE) * step)


def _shortfall(row: Row, assessment: Assessment, texts: Texts) -> Shortfall:
    rule, told = assessment.standard.access_rule(str(row["rule_id"])), short_name(row)
    near = told["nearest_facility"]
    cost, provable = float(row["beyond_median_cost"]), float(row["provable_cost"])
    known = row["out_of_reach"] > 0
    return Shortfall(
        community_id=str(row["community_id"]),
        rule_id=rule.id,
        rule=one_line(rule.name[texts.lang]),
        unit=str(row["unit"]),
        group=str(row["group"]),
        group_assumed=bool(row["group_assumed"]),
        short=math.ceil(row["shortfall"] - _TOLERANCE),
        share_low=float(row["share_low"]),
        share_high=float(row["share_high"]),
        needed=float(row["min_share"]),
        cost=cost_number(row, "beyond_median_cost") if known else None,
        kind=rule.kind,
        cost_words=cost_word(cost, rule.kind, texts, provable=provable) if known else "",
        nearest=near if isinstance(near, str) else "",
        sentence=explain_finding(told, rule, texts),
    )
