"""Roll-ups in one line each: how many meet a target, and how many more must."""

from collections.abc import Hashable, Mapping
from datetime import date

from circles.assessment import Assessment
from circles.explain import number, one_line, required, sentence, share_range, verdict_word
from circles.standards.model import Standard
from circles.texts import Texts


def explain_rollup(rollup: Mapping[Hashable, object], assessment: Assessment, texts: Texts) -> str:
    """Say in one line how many communities meet a tier, against the target.

    Parameters
    ----------
    rollup
        A row of `assessment.rollups`.
    assessment
        The run.
    texts
        The words of the reader's language.
    """
    needed = number(rollup["min_share"])
    values = {
        "tier": target_word(rollup, assessment.standard, texts),
        "setting": counted_word(rollup, texts),
        "verdict": verdict_word(rollup, texts),
    }
    if not number(rollup["denominator"]):
        return texts("explain.rollup_nobody", **values)
    if (lost := _unplaced(rollup, assessment)) and lost == rollup["denominator"]:
        level = texts(f"words.unit_level_{rollup['counted']}")
        return texts("explain.rollup_unplaced", **values, count=lost, level=level)
    deadline = rollup["deadline"]
    clauses = (
        texts(
            "explain.rollup",
            **values,
            met=rollup["met"],
            denominator=rollup["denominator"],
            share=share_range(rollup["share_low"], rollup["share_high"], texts, needed=needed),
            needed=required(needed),
        ),
        texts("explain.deadline", date=deadline.isoformat()) if isinstance(deadline, date) else "",
        texts("explain.rollup_open", count=rollup["insufficient"])
        if rollup["insufficient"]
        else "",
        _still_missing(rollup, texts),
        values["verdict"],
        _strict_rollup(rollup, texts),
    )
    return sentence(clauses, texts)


def _unplaced(rollup: Mapping[Hashable, object], assessment: Assessment) -> int:
    """Return how many communities name no unit of the level that is counted, nowhere in a run."""
    found = assessment.findings
    own = found[(found["rule_id"] == rollup["rule"]) & (found["level"] == rollup.get("counted"))]
    return int(own["communities"].max()) if len(own) and (own["unit_id"] == "").all() else 0


def target_word(rollup: Mapping[Hashable, object], standard: Standard, texts: Texts) -> str:
    """Return the name of the tier or the rule that a target counts."""
    if isinstance(rollup["tier"], str) and rollup["tier"]:
        return one_line(standard.tier(rollup["tier"]).name[texts.lang])
    return one_line(standard.rule(str(rollup["rule"])).name[texts.lang])


def counted_word(rollup: Mapping[Hashable, object], texts: Texts) -> str:
    """Return what a roll-up counts, with the unit's name where it is below the city."""
    setting = rollup["setting"] if isinstance(rollup["setting"], str) else "all"
    counted = rollup.get("counted", "community")
    words = texts(
        f"words.setting_{setting}" if counted == "community" else f"words.units_{counted}"
    )
    if rollup.get("level", "city") == "city":
        return words
    name = one_line(str(rollup["unit_name"])) or texts("words.no_unit")
    return texts("explain.in_unit", unit=name, counted=words)


def missing_range(rollup: Mapping[Hashable, object], texts: Texts) -> str:
    """Return how many more must meet a target: a range where those without data decide."""
    low, high = (int(number(rollup[f"missing_{end}"])) for end in ("low", "high"))
    if rollup["verdict"] == "met" or low == high:
        return f"{high:,}"
    return texts("explain.range", low=f"{low:,}", high=f"{high:,}")


def _still_missing(rollup: Mapping[Hashable, object], texts: Texts) -> str:
    """Say how many more are needed; nothing where the target is met."""
    if rollup["verdict"] == "met" or not int(number(rollup["missing_high"])):
        return ""
    return texts("explain.rollup_missing", count=missing_range(rollup, texts))


def _strict_rollup(rollup: Mapping[Hashable, object], texts: Texts) -> str:
    same = ("met", "not_met", "insufficient", "not_applicable")
    if all(rollup[f"strict_{name}"] == rollup[name] for name in same):
        return ""
    return texts(
        "explain.rollup_strict",
        met=rollup["strict_met"],
        denominator=rollup["strict_denominator"],
        verdict=verdict_word(str(rollup["strict_verdict"]), texts),
    )
