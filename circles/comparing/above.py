"""What differs above single rules: circles of communities, targets, and rules of other kinds."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from circles.comparing.causes import Clues
from circles.comparing.figures import BETTER, OPEN, WORSE, apart, direction_of_verdicts
from circles.comparing.folder import Community, Finding, Rollup, Run
from circles.comparing.matching import Pairs
from circles.comparing.model import VALUE_TOLERANCE, ordered
from circles.evaluation.findings import judge_value
from circles.evaluation.reachable import MEASURE
from circles.evaluation.unit_check import WALK
from circles.scoring import NOT_APPLICABLE
from circles.standards.model import CapacityRule, InventoryRule, PresenceRule
from circles.texts import Note

Row = Mapping[str, Any]

_MOST_NOTES: Final = 6
_UNIT: Final = ("rule_id", "level", "unit_id", "unit_name", "measure", "unit")
_COUNTS: Final = ("met", "insufficient", "denominator")
_KEY: Final = ("tier", "rule", "setting", "counted", "unit_name")


def changed_tiers(clues: Clues, pairs: Pairs, verdicts: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the rows of the table of circles: communities whose verdict on one differs.

    The causes are those of the verdicts that differ in it.
    """
    by_community: dict[str, list[Row]] = {}
    for row in verdicts:
        if row["verdict_old"] != row["verdict_new"]:
            by_community.setdefault(row["community_id"], []).append(row)
    rows = []
    for tier_id, rules in sorted(_tier_rules(clues).items()):
        asked = rules[0] | rules[1]
        for before, after in pairs.both:
            ours = clues.old.summary.communities[before]
            theirs = clues.new.summary.communities[after]
            if ours.tiers.get(tier_id) == theirs.tiers.get(tier_id):
                continue
            own = [r for r in by_community.get(after, ()) if r["rule_id"] in asked]
            changed = (
                rules[0] != rules[1] or ours.rules.keys() & asked != theirs.rules.keys() & asked
            )
            rows.append(_tier_row(tier_id, after, (ours, theirs), own, standard=changed))
    return rows


def _tier_rules(clues: Clues) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Return the rules of the circles of both standards, as each has them."""
    ours, theirs = (
        {tier.id: frozenset(rule.id for rule in one.tier_rules(tier.id)) for tier in one.tiers}
        for one in (clues.old.standard, clues.new.standard)
    )
    return {tier: (ours[tier], theirs[tier]) for tier in ours.keys() & theirs.keys()}


def _tier_row(
    tier_id: str,
    community_id: str,
    both: tuple[Community, Community],
    verdicts: Iterable[Row],
    *,
    standard: bool,
) -> dict[str, Any]:
    own = list(verdicts)
    causes = {cause for row in own for cause in row["causes"]} | (
        {"standard"} if standard else set()
    )
    verdict_old, verdict_new = (one.tiers.get(tier_id) for one in both)
    scores = [one.scores.get(tier_id) for one in both]
    return {
        "community_id": community_id,
        "name": both[1].name,
        "tier": tier_id,
        "direction": direction_of_verdicts(verdict_old, verdict_new),
        "verdict_old": verdict_old,
        "verdict_new": verdict_new,
        **{
            f"{name}_{end}": getattr(score, name) if score else None
            for name in ("met", "applied", "score")
            for end, score in zip(("old", "new"), scores, strict=True)
        },
        "causes": ordered(causes or {"unknown"}),
        "evidence": _together(own),
    }


def _together(rows: Iterable[Row]) -> tuple[Note, ...]:
    """Return the first few of what speaks for the causes of several rows, each once."""
    notes = dict.fromkeys(note for row in rows for note in row["evidence"])
    return tuple(notes)[:_MOST_NOTES]


# ---- targets -------------------------------------------------------------------------------------


def changed_targets(
    clues: Clues,
    pairs: Pairs,
    tiers: Sequence[Row],
    verdicts: Sequence[Row],
    findings: Sequence[Row],
) -> list[dict[str, Any]]:
    """Return the rows of the table of targets."""
    ours, theirs = clues.old.summary.rollups, clues.new.summary.rollups
    known = {t.id for t in clues.old.standard.targets} & {t.id for t in clues.new.standard.targets}
    rows = []
    for key in sorted(ours.keys() | theirs.keys()):
        old, new = ours.get(key), theirs.get(key)
        one = new or old
        if one is None or one.target_id not in known:
            continue
        row = target_row(key, old, new)
        if _targets_differ(row):
            causes = _target_causes(clues, one, (tiers, verdicts, findings), pairs)
            rows.append({**row, **causes})
    return rows


def target_row(key: str, old: Rollup | None, new: Rollup | None) -> dict[str, Any]:
    """Return a target in both runs, without causes."""
    one = new or old
    row: dict[str, Any] = {"target": key, "target_id": one.target_id if one else key}
    row |= {"rule_id" if n == "rule" else n: getattr(one, n) for n in _KEY}
    for end, rollup in (("old", old), ("new", new)):
        for name in (*_COUNTS, "min_share", "verdict"):
            row[f"{name}_{end}"] = getattr(rollup, name) if rollup else None
    return {**row, "direction": _target_direction(old, new)}


def _targets_differ(row: Row) -> bool:
    return any(row[f"{n}_old"] != row[f"{n}_new"] for n in (*_COUNTS, "min_share", "verdict"))


def _target_direction(old: Rollup | None, new: Rollup | None) -> str:
    if old is None or new is None or not (old.denominator and new.denominator):
        return OPEN
    if old.verdict != new.verdict:
        return direction_of_verdicts(old.verdict, new.verdict)
    low, high = (
        (new.met + extra * new.insufficient) / new.denominator
        - (old.met + extra * old.insufficient) / old.denominator
        for extra in (0, 1)
    )
    signs = {math.copysign(1, step) for step in (low, high) if abs(step) > 1e-12}
    if len(signs) != 1:
        return OPEN
    return BETTER if signs == {1.0} else WORSE


def _target_causes(
    clues: Clues, target: Rollup, tables: tuple[Sequence[Row], ...], pairs: Pairs
) -> dict[str, Any]:
    """Return the causes of the verdicts that a target counts and that differ."""
    tiers, verdicts, findings = tables
    own: list[Row]
    if target.tier:
        own = [row for row in tiers if row["tier"] == target.tier]
    else:
        own = [
            row
            for row in (*verdicts, *findings)
            if row["rule_id"] == target.rule and row["verdict_old"] != row["verdict_new"]
        ]
    causes = {cause for row in own for cause in row["causes"]}
    if any(r["kind"] == "target" and r["name"] == target.target_id for r in clues.sources.rows):
        causes.add("standard")
    if pairs.gone or pairs.new:
        causes.add("communities")
    return {"causes": ordered(causes or {"unknown"}), "evidence": _together(own)}


def targets_together(
    pairs: Iterable[tuple[Mapping[str, Rollup], Mapping[str, Rollup]]],
) -> list[dict[str, Any]]:
    """Return the targets of a city over all districts: sums of counts, never means of shares.

    The causes are for the caller to fill in.
    """
    sums: dict[str, list[list[Rollup]]] = {}
    for ours, theirs in pairs:
        for key in ours.keys() & theirs.keys():
            both = ours[key], theirs[key]
            if both[0].level == "city" and both[1].level == "city":
                for end, rollup in enumerate(both):
                    sums.setdefault(key, [[], []])[end].append(rollup)
    rows = [target_row(key, *map(_summed, ends)) for key, ends in sorted(sums.items())]
    return [{**row, "unit_name": None} for row in rows if _targets_differ(row)]


def _summed(rollups: Sequence[Rollup]) -> Rollup:
    met, insufficient, of = (sum(getattr(r, name) for r in rollups) for name in _COUNTS)
    needed = max(rollup.min_share for rollup in rollups)
    verdict = NOT_APPLICABLE
    if of:
        low, high = met / of, (met + insufficient) / of
        verdict = judge_value(low, high, at_least=needed, at_most=math.nan)
    counts = dict(zip(_COUNTS, (met, insufficient, of), strict=True))
    return rollups[0].model_copy(update={**counts, "min_share": needed, "verdict": verdict})


# ---- rules of other kinds ------------------------------------------------------------------------


def changed_findings(clues: Clues, pairs: Pairs) -> list[dict[str, Any]]:
    """Return the rows of the table of findings: presence, ratios, sizes, inventories by unit."""
    same_id = dict(pairs.both)
    ours = {_key(one, same_id): one for one in clues.old.summary.findings}
    theirs = {_key(one, {}): one for one in clues.new.summary.findings}
    back = {after: before for before, after in pairs.both}
    rows = []
    for key in sorted(ours.keys() & theirs.keys()):
        old, new = ours[key], theirs[key]
        if _findings_differ(old, new):
            before = back.get(new.unit_id) if new.level == "community" else None
            pair = None if before is None else (before, new.unit_id)
            rows.append(_finding_row(clues, pair, old, new))
    return rows


def _key(one: Finding, same_id: Mapping[str, str]) -> tuple[str, str, str, str]:
    unit = same_id.get(one.unit_id, one.unit_id) if one.level == "community" else one.unit_id
    return one.rule_id, one.level, unit, one.measure


def _findings_differ(old: Finding, new: Finding) -> bool:
    words = ("verdict", "reason", "unit")
    return any(getattr(old, name) != getattr(new, name) for name in words) or any(
        apart(getattr(old, name), getattr(new, name), VALUE_TOLERANCE)
        for name in ("value", "value_high", "shortfall")
    )


def _finding_row(
    clues: Clues, pair: tuple[str, str] | None, old: Finding, new: Finding
) -> dict[str, Any]:
    services = _services(clues.old, old.rule_id) | _services(clues.new, new.rule_id)
    walked = new.measure in {MEASURE, WALK}
    reason = clues.of_finding(pair, (old, new), services, walked=walked)
    return {
        **{
            n: getattr(new, n)
            for n in ("rule_id", "level", "unit_id", "unit_name", "measure", "unit")
        },
        "direction": direction_of_verdicts(old.verdict, new.verdict),
        **{
            f"{name}_{end}": getattr(one, name)
            for name in ("verdict", "reason", "value", "value_high", "shortfall")
            for end, one in (("old", old), ("new", new))
        },
        "causes": reason.causes,
        "evidence": reason.evidence(reason.causes),
    }


def _services(run: Run, rule_id: str) -> frozenset[str]:
    """Return the services whose facilities a rule counts."""
    for rule in run.standard.rules:
        if rule.id == rule_id:
            if isinstance(rule, PresenceRule | InventoryRule):
                return frozenset(rule.services)
            if isinstance(rule, CapacityRule):
                return frozenset(rule.numerator.services)
    return frozenset()
