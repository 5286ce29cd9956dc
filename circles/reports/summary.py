"""The figures of a run as one small JSON file: roll-ups, counts and every verdict."""

import json
import math
from collections.abc import Hashable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from circles.assessment import Assessment
from circles.check.model import CheckReport
from circles.check.record import summary_of
from circles.texts import Bilingual, Value, load_texts

SCHEMA = "circles.results/1"
VERDICTS = ("met", "not_met", "insufficient_data", "not_applicable")
_SCORE = ("score", "scored", "met", "applied", "strict_verdict", "strict_met")
_FIGURES = (
    *("verdict", "reason", "unit", "total", "limit", "share_low", "share_high", "shortfall"),
    *("median_cost", "p90_cost", "worst_cost", "nearest_facility", "nearest_cost"),
    *("group_assumed", "out_of_reach", "beyond_median_cost", "provable_cost"),
)
_STRICT = (
    *("strict_limit", "strict_share_low", "strict_share_high", "strict_verdict"),
    "strict_shortfall",
)
_OPEN = ("open_share_low", "open_share_high", "open_known", "open_unknown")


def write_summary(assessment: Assessment, path: Path, *, check: CheckReport | None = None) -> None:
    """Write the run's figures as JSON: UTF-8, keys sorted, a missing value as null.

    Parameters
    ----------
    assessment
        The run.
    path
        The file to write.
    check
        What was found of the inputs; a summary of it is written too.
    """
    looked_over = {} if check is None else {"check": summary_of(check)}
    figures = {**summarise(assessment), **looked_over}
    text = json.dumps(figures, allow_nan=False, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", "utf-8", newline="\n")


def summarise(assessment: Assessment) -> dict[str, Any]:
    """Return the run's figures as plain values that JSON can hold.

    Parameters
    ----------
    assessment
        The run.

    Returns
    -------
    dict
        `walked` (whether a street network was given), `rollups` with numerators and denominators,
        `tiers` and `rules` with counts by verdict, the coverage over all communities for each
        rule, `joins` with counts of how the points of each layer join the streets, `findings` of
        the rules that are not of access, the facilities that are `unreached`, the `warnings` in
        both languages, and `communities` with their verdicts.
    """
    standard = assessment.standard
    settings = assessment.communities["setting"]
    return {
        "schema": SCHEMA,
        "name": assessment.name,
        "as_of": _plain(assessment.as_of),
        "fictional": assessment.fictional,
        "walked": assessment.walked,
        "label": load_texts("en")("words.fictional") if assessment.fictional else None,
        "standard": {
            "id": standard.id,
            "name": standard.name.model_dump(),
            "deadline": _plain(standard.deadline),
        },
        "community_counts": {
            setting: int((settings == setting).sum()) for setting in ("urban", "rural")
        },
        "rollups": {_rollup_key(row): _rollup(row) for row in _rows(assessment.rollups)},
        "breakdown": [_rollup(row) for row in _rows(assessment.breakdown)],
        "units": [
            {str(key): _plain(value) for key, value in row.items()}
            for row in _rows(assessment.unit_scores)
        ],
        "setting_ways": [
            {str(key): _plain(value) for key, value in row.items()}
            for row in _rows(assessment.setting_ways)
        ],
        "tiers": {tier.id: _tier_counts(tier.id, assessment) for tier in standard.tiers},
        "rules": {rule.id: _rule_figures(rule.id, assessment) for rule in standard.access_rules},
        "warnings": [
            {lang: load_texts(lang).note(note) for lang in ("zh", "en")}
            for note in assessment.warnings
        ],
        "findings": [_finding(row) for row in _rows(assessment.findings)],
        "unreached": [
            {str(key): _plain(value) for key, value in row.items()}
            for row in _rows(assessment.unreached)
        ],
        "joins": _joins(assessment),
        "communities": _communities(assessment),
    }


def verdict_counts(verdicts: pd.Series) -> dict[str, int]:
    """Count each of the four verdicts; one that does not occur counts 0."""
    return {verdict: int((verdicts == verdict).sum()) for verdict in VERDICTS}


def rule_coverage(rule_id: str, assessment: Assessment) -> list[dict[str, Any]]:
    """Return a rule's coverage over all communities where a share was found.

    Weights of different kinds are not added up: there is one entry for each unit, and apart for
    the group's own numbers and for all residents who stand in for the group.

    Parameters
    ----------
    rule_id
        A rule of the assessment's standard.
    assessment
        The run.

    Returns
    -------
    list of dict
        Entries with `unit`, `group_assumed`, `communities` (how many are added up), `total`,
        `covered_low`, `covered_high`, `share_low` and `share_high`.
    """
    table = assessment.verdicts
    found = table[(table["rule_id"] == rule_id) & table["share_low"].notna() & (table["total"] > 0)]
    entries = []
    parts = found.groupby(["unit", "group_assumed"])
    for (unit, assumed), part in sorted(parts, key=lambda item: (item[0][0] != "people", item[0])):
        total, low, high = (
            math.fsum(part[column]) for column in ("total", "covered_low", "covered_high")
        )
        entries.append(
            {
                "unit": str(unit),
                "group_assumed": bool(assumed),
                "communities": len(part),
                "total": total,
                "covered_low": low,
                "covered_high": high,
                "share_low": low / total,
                "share_high": high / total,
            }
        )
    return entries


def _rows(table: pd.DataFrame) -> list[dict[Hashable, Any]]:
    return table.to_dict("records")


def _rollup_key(row: Mapping[Hashable, Any]) -> str:
    """Return a target's id; below the city there is a roll-up in each unit of its level."""
    if row["level"] == "city":
        return str(row["target_id"])
    return f"{row['target_id']}/{row['unit_id']}"


def _rollup(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    figures = {str(key): _plain(value) for key, value in row.items()}
    return {"numerator": figures["met"], **figures}


def _finding(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    """Return a finding; what fills its reason's gaps is a table of names and values."""
    figures = {str(key): value for key, value in row.items() if key != "reason_values"}
    given = {name: _gap(value) for name, value in row["reason_values"]}
    return {name: _plain(value) for name, value in figures.items()} | {"reason_values": given}


def _gap(value: Value) -> Any:
    if isinstance(value, tuple):
        return [_gap(part) for part in value]
    return value.model_dump() if isinstance(value, Bilingual) else value


def _tier_counts(tier_id: str, assessment: Assessment) -> dict[str, dict[str, int]]:
    table = assessment.tiers[assessment.tiers["tier"] == tier_id]
    settings = table["community_id"].map(assessment.communities["setting"])
    return {
        setting: verdict_counts(table.loc[settings == setting, "verdict"])
        for setting in ("urban", "rural")
    }


def _rule_figures(rule_id: str, assessment: Assessment) -> dict[str, Any]:
    table = assessment.verdicts[assessment.verdicts["rule_id"] == rule_id]
    return {
        "service": assessment.standard.access_rule(rule_id).service,
        "verdicts": verdict_counts(table["verdict"]),
        "coverage": rule_coverage(rule_id, assessment),
    }


def _joins(assessment: Assessment) -> dict[str, Any]:
    counts: dict[str, Any] = {}
    for row in _rows(assessment.joins):
        service = row.pop("service")
        layer = counts.setdefault("facilities", {}) if service else counts
        layer[str(service or "demand")] = {str(key): _plain(value) for key, value in row.items()}
    return counts


def _communities(assessment: Assessment) -> dict[str, dict[str, Any]]:
    columns = ["name", "setting", "zone", "street", "district", "population", "households"]
    communities: dict[str, dict[str, Any]] = {
        str(community_id): {
            **{column: _plain(value) for column, value in zip(columns, values, strict=True)},
            "tiers": {},
            "scores": {},
            "rules": {},
        }
        for community_id, *values in assessment.communities[columns].itertuples(name=None)
    }
    for row in _rows(assessment.tiers):
        own, tier = communities[str(row["community_id"])], str(row["tier"])
        own["tiers"][tier] = str(row["verdict"])
        own["scores"][tier] = {figure: _plain(row[figure]) for figure in _SCORE}
    for row in _rows(assessment.verdicts):
        rule = assessment.standard.access_rule(str(row["rule_id"]))
        figures = [*_FIGURES, *(_STRICT if rule.has_range else ())]
        figures += _OPEN if rule.open_until else ()
        found = {figure: _plain(row[figure]) for figure in figures}
        communities[str(row["community_id"])]["rules"][str(row["rule_id"])] = found
    return communities


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if value is None or value is pd.NaT:
        return None
    item = value.item() if hasattr(value, "item") else value
    return None if isinstance(item, float) and not math.isfinite(item) else item
