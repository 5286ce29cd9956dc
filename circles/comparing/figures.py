"""What differs in the verdicts of the rules of access, by community, and in their sums."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from circles.comparing.causes import Clues, Reason, Split, split_verdict
from circles.comparing.folder import Figures
from circles.comparing.matching import Pairs
from circles.comparing.model import (
    METRES_TOLERANCE,
    MINUTES_TOLERANCE,
    PEOPLE_TOLERANCE,
    SHARE_TOLERANCE,
    ordered,
)
from circles.explain import required
from circles.scoring import MET, NOT_MET
from circles.standards.model import AccessRule
from circles.texts import Note

BETTER: Final = "better"
WORSE: Final = "worse"
OPEN: Final = "open"
#: Reasons that follow from a share and what is asked of it.
_JUDGED: Final = frozenset({"share_reached", "share_missed", "off_network_decides"})
#: Figures that are found in a community: name in the files, and in the table.
_COPIED: Final = {
    "verdict": "verdict",
    "reason": "reason",
    "share_low": "share_low",
    "share_high": "share_high",
    "unit": "unit",
    "total": "total",
    "shortfall": "shortfall",
    "limit": "limit",
    "median_cost": "median",
    "nearest_facility": "nearest",
}


def common_rules(clues: Clues) -> dict[str, tuple[AccessRule, AccessRule]]:
    """Return the rules of access of both standards by id."""
    after = {rule.id: rule for rule in clues.new.standard.access_rules}
    return {
        rule.id: (rule, after[rule.id])
        for rule in clues.old.standard.access_rules
        if rule.id in after
    }


def pairs_of_figures(
    clues: Clues, pairs: Pairs
) -> Iterator[tuple[tuple[str, str], str, Figures, Figures]]:
    """Yield the communities and rules that have figures in both runs."""
    rules = common_rules(clues)
    for pair in pairs.both:
        ours = clues.old.summary.communities[pair[0]].rules
        theirs = clues.new.summary.communities[pair[1]].rules
        for rule_id in sorted(ours.keys() & theirs.keys() & rules.keys()):
            yield pair, rule_id, ours[rule_id], theirs[rule_id]


def changed_verdicts(clues: Clues, pairs: Pairs) -> list[dict[str, Any]]:
    """Return the rows of the table of verdicts."""
    rules = common_rules(clues)
    return [
        _row(clues, pair, rules[rule_id], old, new)
        for pair, rule_id, old, new in pairs_of_figures(clues, pairs)
        if _differ(old, new, rules[rule_id][0].kind)
    ]


def _differ(old: Figures, new: Figures, kind: str) -> bool:
    return _counts_differ(old, new) or _minutes_differ(old, new, kind)


def _counts_differ(old: Figures, new: Figures) -> bool:
    """Whether verdict, shares or numbers of people differ by more than what is shown."""
    words = ("verdict", "reason", "unit", "group_assumed")
    return (
        any(getattr(old, name) != getattr(new, name) for name in words)
        or apart(old.share_low, new.share_low, SHARE_TOLERANCE)
        or apart(old.share_high, new.share_high, SHARE_TOLERANCE)
        or apart(old.total, new.total, PEOPLE_TOLERANCE)
        or apart(old.shortfall, new.shortfall, PEOPLE_TOLERANCE)
    )


def _minutes_differ(old: Figures, new: Figures, kind: str) -> bool:
    tolerance = MINUTES_TOLERANCE if kind == "time_threshold" else METRES_TOLERANCE
    return apart(old.median_cost, new.median_cost, tolerance)


def apart(old: float | None, new: float | None, tolerance: float) -> bool:
    """Whether two figures differ; one that only one run has does."""
    if old is None or new is None:
        return old is not new
    return abs(old - new) >= tolerance


def _row(
    clues: Clues,
    pair: tuple[str, str],
    rules: tuple[AccessRule, AccessRule],
    old: Figures,
    new: Figures,
) -> dict[str, Any]:
    minutes_only = not _counts_differ(old, new)
    total_only = not _reach_differs(old, new, rules[0].kind)
    reason = clues.of_access(pair, rules, minutes_only=minutes_only, total_only=total_only)
    share_asked = clues.sources.asks_another_share(rules[0].id)
    asked = (rules[0].min_share, rules[1].min_share)
    split = split_verdict(old, new, asked) if share_asked else None
    figure_causes = reason.causes if _figures_differ(old, new, rules[0].kind) else ()
    causes = figure_causes or reason.causes
    notes = dict(reason.notes)
    if share_asked:
        causes = _with_share(old, new, figure_causes, split)
        notes["standard"] = (
            Note.of("comparing.why_share", old=_percent(asked[0]), new=_percent(asked[1])),
        )
    return {
        "community_id": pair[1],
        "name": clues.new.summary.communities[pair[1]].name,
        "rule_id": rules[0].id,
        "direction": direction_of(old, new, rules[0].kind),
        **{
            f"{name}_{end}": getattr(one, figure)
            for figure, name in _COPIED.items()
            for end, one in (("old", old), ("new", new))
        },
        "covered_old": covered(old)[0],
        "covered_new": covered(new)[0],
        "min_share_old": asked[0],
        "min_share_new": asked[1],
        "causes": causes,
        "figure_causes": figure_causes,
        "split": split.part if split and old.verdict != new.verdict else None,
        "old_rule_verdict": split.old_rule_verdict if split else None,
        "new_rule_verdict": split.new_rule_verdict if split else None,
        "evidence": Reason(notes).evidence(causes),
    }


def _percent(share: float | None) -> str:
    return "–" if share is None else required(share)


def _figures_differ(old: Figures, new: Figures, kind: str) -> bool:
    """Whether anything differs that the share a rule asks for has no part in."""
    return apart(old.total, new.total, PEOPLE_TOLERANCE) or _reach_differs(old, new, kind)


def _reach_differs(old: Figures, new: Figures, kind: str) -> bool:
    """Whether another share is in reach, in another time, or something else is counted."""
    return (
        apart(old.share_low, new.share_low, SHARE_TOLERANCE)
        or apart(old.share_high, new.share_high, SHARE_TOLERANCE)
        or _minutes_differ(old, new, kind)
        or (old.unit, old.group_assumed) != (new.unit, new.group_assumed)
        or (old.reason != new.reason and not {old.reason, new.reason} <= _JUDGED)
    )


def _with_share(
    old: Figures, new: Figures, data: tuple[str, ...], split: Split | None
) -> tuple[str, ...]:
    """Return the causes where the rule asks for another share, and nothing else of it differs."""
    if old.verdict == new.verdict and data:
        return data
    if split is None or split.part in {"either", "both"}:
        return ordered([*data, "standard"])
    return data if split.part == "data" and data else ("standard",)


def covered(figures: Figures) -> tuple[float | None, float | None]:
    """Return how many of a group are within the limit, at least and at most."""
    low, high = (
        None if share is None or figures.total is None else share * figures.total
        for share in (figures.share_low, figures.share_high)
    )
    return low, high


def direction_of(old: Figures, new: Figures, kind: str) -> str:
    """Return whether a community is better off by a rule, worse, or nobody can say.

    A verdict that is met or not met goes before shares, and shares before minutes. Where something
    else is counted than before, figures are not held against each other.
    """
    if old.verdict != new.verdict:
        return direction_of_verdicts(old.verdict, new.verdict)
    if (old.unit, old.group_assumed, old.limit) != (new.unit, new.group_assumed, new.limit):
        return OPEN
    steps = [
        _step(old.share_low, new.share_low, SHARE_TOLERANCE),
        _step(old.share_high, new.share_high, SHARE_TOLERANCE),
    ]
    if not any(steps):
        tolerance = MINUTES_TOLERANCE if kind == "time_threshold" else METRES_TOLERANCE
        steps = [-_step(old.median_cost, new.median_cost, tolerance)]
    signs = {step for step in steps if step}
    if len(signs) != 1 or any(math.isnan(step) for step in signs):
        return OPEN
    return BETTER if signs.pop() > 0 else WORSE


def direction_of_verdicts(old: str | None, new: str | None) -> str:
    """Return whether a verdict is better than another one; without data nobody can say."""
    return {(NOT_MET, MET): BETTER, (MET, NOT_MET): WORSE}.get((str(old), str(new)), OPEN)


def _step(old: float | None, new: float | None, tolerance: float) -> float:
    """Return 1 where a figure is greater than before, -1 where less, 0 where it is the same."""
    if old is None or new is None:
        return 0.0 if old is new else math.nan
    return math.copysign(1.0, new - old) if abs(new - old) >= tolerance else 0.0


def service_sums(clues: Clues, pairs: Pairs) -> list[dict[str, Any]]:
    """Return for each rule the sums over the communities that both runs have.

    Weights of different kinds are not added up, nor those of a group and of all residents who
    stand in for it.
    """
    sums: dict[tuple[str, str, bool], dict[str, Any]] = {}
    for _, rule_id, old, new in pairs_of_figures(clues, pairs):
        for end, one in (("old", old), ("new", new)):
            low, high = covered(one)
            if low is None or high is None or not one.total:
                continue
            row = sums.setdefault((rule_id, one.unit, one.group_assumed), _nothing())
            row[f"communities_{end}"] += 1
            row[f"met_{end}"] += one.verdict == MET
            added = {"total": one.total, "covered_low": low, "covered_high": high}
            for name, amount in added.items():
                row[f"{name}_{end}"] += amount
            row[f"short_{end}"] += one.shortfall or 0.0
    keys = ("rule_id", "unit", "group_assumed")
    return [{**dict(zip(keys, key, strict=True)), **row} for key, row in sorted(sums.items())]


def added_up(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the sums of several districts together."""
    keys = ("rule_id", "unit", "group_assumed")
    sums: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        own = sums.setdefault(tuple(row[key] for key in keys), _nothing())
        for name in own:
            own[name] += row[name]
    return [{**dict(zip(keys, key, strict=True)), **own} for key, own in sorted(sums.items())]


def changed_services(sums: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of the table of services: the sums that differ."""
    return [{**row, "direction": direction_of_sums(row)} for row in sums if sums_differ(row)]


_SUMMED: Final = ("communities", "total", "covered_low", "covered_high", "short", "met")


def _nothing() -> dict[str, Any]:
    return {f"{name}_{end}": 0 for name in _SUMMED for end in ("old", "new")}


def sums_differ(row: Mapping[str, Any]) -> bool:
    """Whether sums differ by a person, or a number of communities does."""
    return any(abs(row[f"{n}_old"] - row[f"{n}_new"]) >= PEOPLE_TOLERANCE for n in _SUMMED)


def direction_of_sums(row: Mapping[str, Any]) -> str:
    """Return whether a greater share of all is in reach, and no fewer communities meet the rule."""
    if not (row["total_old"] and row["total_new"]):
        return OPEN
    shares = {
        name: [row[f"{name}_{end}"] / row[f"total_{end}"] for end in ("old", "new")]
        for name in ("covered_low", "covered_high")
    }
    steps = {_step(old, new, SHARE_TOLERANCE) for old, new in shares.values()}
    steps = (steps | {_step(row["met_old"], row["met_new"], PEOPLE_TOLERANCE)}) - {0.0}
    if len(steps) != 1:
        return OPEN
    return BETTER if steps == {1.0} else WORSE
