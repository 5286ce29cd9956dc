"""Presence, ratios, sizes and inventories in one line each: what was found and what is asked."""

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import Final

import pandas as pd

from circles.explain import group_word, number, one_line, percent, required, worst_first
from circles.standards.model import CapacityRule, InventoryRule, Standard
from circles.texts import Note, Texts, Value

Row = Mapping[Hashable, object]

#: Reasons that the figures themselves tell.
_TOLD: Final = frozenset(
    {
        *("present", "absent", "ratio_reached", "ratio_missed", "ratio_exceeded"),
        *("within", "below", "above"),
    }
)
_ORDER: Final = ("not_met", "insufficient_data", "met", "not_applicable", "reported")
_SHARE: Final = "share"
_MOST_DECIMALS: Final = 6


def finding_words(finding: Row, standard: Standard, texts: Texts) -> str:
    """Say what was found in a unit, what is required there, and why that is the verdict.

    Parameters
    ----------
    finding
        A row of `assessment.findings`.
    standard
        The standard that its rule is of.
    texts
        The words of the reader's language.
    """
    rule = standard.rule(str(finding["rule_id"]))
    clauses = (
        _figure(finding, standard, texts),
        _sums(finding, standard, texts),
        _short(finding, texts),
        _other(finding, texts),
        "" if finding["reason"] in _TOLD else reason_words(finding, texts),
    )
    found = texts("explain.separator").join(clause.rstrip(".。") for clause in clauses if clause)
    return texts("explain.finding", service=one_line(rule.name[texts.lang]), found=found)


def reason_words(finding: Row, texts: Texts) -> str:
    """Say why a finding is what it is."""
    values = finding["reason_values"]
    pairs = tuple(values) if isinstance(values, tuple) else ()
    named = tuple(
        (key, _column_word(value, texts) if key == "column" else value) for key, value in pairs
    )
    return texts.note(Note(f"findings.{finding['reason']}", named))


def _column_word(column: Value, texts: Texts) -> Value:
    """Return what a column of the community table holds, where circles gave it its name."""
    key = f"explain.named_{column}"
    return texts(key) if key in texts.words else column


def value_words(finding: Row, standard: Standard, texts: Texts) -> str:
    """Return what was measured with its unit; a range where it is not known exactly, or nothing."""
    low, high = number(finding["value"]), number(finding["value_high"])
    if math.isnan(low) or (low <= 0 and math.isinf(high)):
        return ""
    words = limit_words(finding, low, standard, texts)
    if math.isinf(high) or math.isnan(high):
        return texts("explain.at_least", value=words)
    upper = limit_words(finding, high, standard, texts)
    return words if upper == words else texts("explain.range", low=words, high=upper)


def required_words(finding: Row, texts: Texts) -> str:
    """Return what the value must be, with its unit; empty where nothing is asked."""
    low, high = number(finding["required_low"]), number(finding["required_high"])
    unit = str(finding["unit"])
    ends = ["" if math.isnan(end) else amount_words(end, unit, texts) for end in (low, high)]
    if all(ends):
        return texts("explain.between", low=ends[0], high=ends[1])
    if ends[0]:
        return texts("explain.at_least", value=ends[0])
    return texts("explain.at_most", value=ends[1]) if ends[1] else ""


def asked_words(finding: Row, standard: Standard, texts: Texts) -> str:
    """Return what is required, of a ratio with for how many."""
    words, rule = required_words(finding, texts), standard.rule(str(finding["rule_id"]))
    if not words or not isinstance(rule, CapacityRule):
        return words
    return texts("explain.ratio", amount=words, **_per(finding, rule, standard, texts))


def amount_words(value: float, unit: str, texts: Texts, *, limits: Iterable[float] = ()) -> str:
    """Return an amount with its unit, on the same side of the limits as the amount itself.

    Parameters
    ----------
    value
        The amount.
    unit
        What it is counted in; the name of a column of the community table if no other.
    texts
        The words of the reader's language.
    limits
        What it is compared with.
    """
    ends = [limit for limit in limits if not math.isnan(limit)]
    if unit == _SHARE:
        return percent(value, needed=ends[0]) if ends else required(value)
    shown = _digits(value, ends)
    one = texts.words.get(f"explain.one_{unit}") if shown == "1" else None
    known = one or texts.words.get(f"explain.amount_{unit}")
    if known is None:
        return texts("explain.amount_other", value=shown, column=one_line(unit))
    return known.format(value=shown)


def worst_findings(findings: pd.DataFrame) -> pd.DataFrame:
    """Sort findings: not met, insufficient, met, not applicable, reported only."""
    order = findings["verdict"].fillna("reported").map(_ORDER.index).astype("int64")
    return findings.loc[order.sort_values(kind="stable").index]


def community_findings(findings: pd.DataFrame) -> pd.DataFrame:
    """Return the findings of communities themselves that are judged."""
    return findings[(findings["level"] == "community") & findings["verdict"].notna()]


def community_verdicts(verdicts: pd.DataFrame) -> dict[str, list[Row]]:
    """Return the rows of each community's verdicts, the worst first.

    All of a table at once: a small table cut out for each community takes many times as long.

    Parameters
    ----------
    verdicts
        Rows of the verdicts.
    """
    told: dict[str, list[Row]] = {}
    for row in worst_first(verdicts).to_dict("records"):
        told.setdefault(str(row["community_id"]), []).append(row)
    return told


def denominator_word(column: str, texts: Texts) -> str:
    """Return the words for whom a ratio is counted against."""
    known = texts.words.get(f"standards.denominator_{column}")
    return known or texts("standards.denominator_group", group=group_word(column, texts))


def _figure(finding: Row, standard: Standard, texts: Texts) -> str:
    rule = standard.rule(str(finding["rule_id"]))
    if isinstance(rule, InventoryRule):
        unit, count = str(finding["unit"]), number(finding["numerator"])
        if math.isnan(count):
            return ""
        return texts(
            "explain.inventory",
            amount=amount_words(count, unit, texts),
            expected=amount_words(float(rule.count), unit, texts),
            date=rule.as_of.isoformat(),
        )
    value, needed = value_words(finding, standard, texts), required_words(finding, texts)
    if not value or not needed:
        return value
    return texts("explain.figure_needs", value=value, needed=needed)


def limit_words(finding: Row, value: float, standard: Standard, texts: Texts) -> str:
    """Return a value of a finding with its unit, of a ratio with for how many."""
    rule = standard.rule(str(finding["rule_id"]))
    limits = (number(finding["required_low"]), number(finding["required_high"]))
    amount = amount_words(value, str(finding["unit"]), texts, limits=limits)
    if not isinstance(rule, CapacityRule):
        return amount
    in_reach = finding["measure"] == "catchment"
    return texts(
        "explain.ratio_in_reach" if in_reach else "explain.ratio",
        amount=amount,
        **_per(finding, rule, standard, texts),
    )


def _per(finding: Row, rule: CapacityRule, standard: Standard, texts: Texts) -> dict[str, str]:
    against = denominator_word(_against(finding, rule, standard), texts)
    return {"per": f"{rule.per:,g}", "denominator": against}


def _against(finding: Row, rule: CapacityRule, standard: Standard) -> str:
    """Return the column or group that a ratio is counted against."""
    if finding["measure"] != "catchment" or rule.catchment is None:
        return str(finding["measure"])
    group = rule.catchment.group or standard.access_rule(rule.catchment.rule).group
    return "population" if group == "all" else group


def _sums(finding: Row, standard: Standard, texts: Texts) -> str:
    """Return what a ratio is made of, where both are known."""
    rule = standard.rule(str(finding["rule_id"]))
    above, below = number(finding["numerator"]), number(finding["denominator"])
    if not isinstance(rule, CapacityRule) or math.isnan(above) or math.isnan(below):
        return ""
    return texts(
        "explain.sums",
        amount=amount_words(above, str(finding["unit"]), texts),
        count=_digits(below, ()),
        denominator=denominator_word(_against(finding, rule, standard), texts),
    )


def _short(finding: Row, texts: Texts) -> str:
    missing = number(finding["shortfall"])
    if math.isnan(missing) or missing == 0 or finding["verdict"] != "not_met":
        return ""
    amount = amount_words(abs(missing), str(finding["unit"]), texts)
    return texts("explain.short_more" if missing > 0 else "explain.short_less", amount=amount)


def _other(finding: Row, texts: Texts) -> str:
    value, measure = number(finding["other_value"]), str(finding["measure"])
    if math.isnan(value):
        return ""
    if finding["kind"] != "presence":
        return texts("explain.other_share", share=percent(value))
    other = "located" if measure == "serves" else "serves"
    return texts(f"explain.other_{other}", amount=amount_words(value, "facilities", texts))


def _digits(value: float, limits: Iterable[float]) -> str:
    """Return a number with as few decimals, two at least, as keep it on its side of the limits."""
    ends = tuple(limits)
    for decimals in range(2, _MOST_DECIMALS):
        shown = round(value, decimals)
        if all((shown >= end) == (value >= end - 1e-9) for end in ends):
            break
    text = f"{shown:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") or "0"
