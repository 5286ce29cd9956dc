"""What communities can be coloured by: the tiers' verdicts, or the coverage of one service."""

import math
from collections.abc import Hashable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from circles.assessment import Assessment
from circles.explain import (
    group_word,
    limit_word,
    number,
    required,
    score_word,
    share_range,
    verdict_word,
)
from circles.explain_rollup import counted_word
from circles.maps.encode import encode_numbers
from circles.maps.sentences import share_ranges
from circles.standards.model import AccessRule, Standard
from circles.texts import Texts

Data = dict[str, Any]
Row = Mapping[Hashable, Any]
FloatArray = npt.NDArray[np.float64]

VERDICTS: Final = ("met", "not_met", "insufficient_data", "not_applicable")
"""Every verdict; the page knows them by their place in this list."""

#: The looks of a community on the page; a letter a community says which it has, ``"a"`` the first.
LOOKS: Final = (
    "met", "not-met", "insufficient", "not-applicable",
    "half-missed", "most-reached", "passed", "all-reached",
    "quarter-1", "quarter-2", "quarter-3", "quarter-4",
)  # fmt: skip

_MET, _NOT_MET, _INSUFFICIENT, _NOT_APPLICABLE = range(4)
_HALF_MISSED, _MOST_REACHED, _PASSED, _ALL_REACHED = range(4, 8)
_QUARTER: Final = 8
_ROUNDING: Final = 1e-9


def views(assessment: Assessment, texts: Texts) -> list[Data]:
    """Return all views, the tiers first.

    A view has a `name`, the places of its `rules` in the standard, and `groups`: each with its
    `ends` — by the lenient limits and, where they differ, by the strict ones. An end has a `look`
    for each community and the `legend` that explains them.
    """
    positions = {rule.id: place for place, rule in enumerate(assessment.standard.rules)}
    tiers = [
        _tier_view(assessment, tier.id, positions, texts) for tier in assessment.standard.tiers
    ]
    return tiers + rule_views(assessment, positions, texts)


def _tier_view(
    assessment: Assessment, tier_id: str, positions: Mapping[str, int], texts: Texts
) -> Data:
    standard = assessment.standard
    own = assessment.tiers[assessment.tiers["tier"] == tier_id].set_index("community_id")
    rows = own.reindex(assessment.communities.index)
    judged = assessment.rollups
    judged = judged[judged["tier"] == tier_id] if len(judged) else judged
    ends = [_tier_end(rows["verdict"], _rollups(judged, "", texts), texts)]
    strict = _tier_end(rows["strict_verdict"], _rollups(judged, "strict_", texts), texts)
    if strict != ends[0]:
        ends.append(strict)
    return {
        "name": standard.tier(tier_id).name[texts.lang],
        "rules": [positions[rule.id] for rule in standard.tier_rules(tier_id)],
        "scores": [_score(row, texts) for row in rows.to_dict("records")],
        "groups": [{"name": "", "ends": ends}],
    }


def _tier_end(verdicts: "pd.Series[str]", rollups: list[Data], texts: Texts) -> Data:
    looks = np.array([VERDICTS.index(v) if v in VERDICTS else _NOT_APPLICABLE for v in verdicts])
    legend = [(code, texts(f"words.verdict_{verdict}")) for code, verdict in enumerate(VERDICTS)]
    return {"look": _letters(looks), "legend": legend, "rollups": rollups}


def _score(row: Row, texts: Texts) -> str:
    """Say how many rules a community meets in a tier, and its circle score."""
    if row["verdict"] not in VERDICTS or row["verdict"] == "not_applicable":
        return ""
    words = texts(
        "map.score",
        met=f"{row['met']:.0f}",
        applied=f"{row['applied']:.0f}",
        score=score_word(row["score"], row["scored"], row["applied"], texts),
    )
    if row["strict_verdict"] == row["verdict"]:
        return words
    verdict = verdict_word(str(row["strict_verdict"]), texts)
    return texts("map.score_strict", words=words, verdict=verdict)


def _rollups(rollups: pd.DataFrame, end: str, texts: Texts) -> list[Data]:
    """Return how far each target of a tier is met, by the limits of one end."""
    found = []
    for row in rollups.to_dict("records"):
        low, high = row[f"{end}share_low"], row[f"{end}share_high"]
        words = texts(
            "map.rollup" if row[f"{end}denominator"] else "map.rollup_nobody",
            setting=counted_word(row, texts),
            met=row[f"{end}met"],
            denominator=row[f"{end}denominator"],
            share=share_range(low, high, texts, needed=row["min_share"]),
        )
        found.append(
            {
                "text": words,
                "target": texts("map.rollup_target", needed=required(row["min_share"])),
                "low": _or_none(low),
                "high": _or_none(high),
                "needed": row["min_share"],
            }
        )
    return found


def rule_views(assessment: Assessment, positions: Mapping[str, int], texts: Texts) -> list[Data]:
    """Return a view a rule of access: the coverage of a service, by group."""
    verdicts = {str(key): rows for key, rows in assessment.verdicts.groupby("rule_id", sort=False)}
    others = _by_rule_and_group(assessment.group_shares)
    needs = reach_needs(assessment)
    return [
        {
            "name": rule.name[texts.lang],
            "rules": [positions[rule.id]],
            "scores": [],
            "services": list(rule.services),
            "unit": "minutes" if rule.kind == "time_threshold" else "metres",
            "need": needs.index(key) if (key := (rule.service, rule.profile)) in needs else -1,
            "groups": [
                _group(rule, rule.group, verdicts[rule.id], assessment, texts),
                *(
                    _group(rule, group, rows, assessment, texts)
                    for group, rows in others.get(rule.id, {}).items()
                ),
            ],
        }
        for rule in assessment.standard.access_rules
        if rule.id in verdicts
    ]


def reach_needs(assessment: Assessment) -> list[tuple[str, str]]:
    """Return the services and profiles that isochrones were drawn for, each once."""
    table = assessment.isochrones
    if table.empty:
        return []
    return list(dict.fromkeys(zip(table["service"], table["profile"], strict=True)))


def _by_rule_and_group(shares: pd.DataFrame) -> dict[str, dict[str, pd.DataFrame]]:
    found: dict[str, dict[str, pd.DataFrame]] = {}
    if not shares.empty:
        for (rule, group), rows in shares.groupby(["rule_id", "group"], sort=False):
            found.setdefault(str(rule), {})[str(group)] = rows
    return found


def _group(
    rule: AccessRule, group: str, table: pd.DataFrame, assessment: Assessment, texts: Texts
) -> Data:
    """Return the coverage of one group, judged if it is the one that the rule is for."""
    rows = table.drop_duplicates("community_id").set_index("community_id")
    rows = rows.reindex(assessment.communities.index)
    judged = group == rule.group
    targets = assessment.rollups
    own = targets["rule"] == rule.id if judged and "rule" in targets else [False] * len(targets)
    lenient, strict = (
        _rule_end(rows, end, rule, texts, judged=judged)
        | {"rollups": _rollups(targets[own], end, texts)}
        for end in ("", "strict_")
    )
    return {
        "name": group_word(group, texts),
        "heads": [] if judged else _heads(rows, group, rule, texts),
        "ends": [lenient] if strict == lenient else [lenient, strict],
    }


def _rule_end(
    rows: pd.DataFrame, end: str, rule: AccessRule, texts: Texts, *, judged: bool
) -> Data:
    low, high = (rows[f"{end}share_{side}"].to_numpy(dtype=np.float64) for side in ("low", "high"))
    if rule.min_share is None:
        looks, legend = _quarters(low), _quarter_words(texts)
    else:
        looks, legend = (
            _classes(low, high, rule.min_share),
            _class_words(rule.min_share, texts, judged=judged),
        )
    looks[rows["total"].isna().to_numpy()] = _NOT_APPLICABLE
    if judged:
        verdicts = rows[f"{end}verdict"]
        looks[(verdicts == "insufficient_data").to_numpy()] = _INSUFFICIENT
        looks[(verdicts == "not_applicable").to_numpy()] = _NOT_APPLICABLE
    beyond = rows["total"].to_numpy(dtype=np.float64) - low * rows["total"].to_numpy(np.float64)
    people = (rows["unit"] == "people").to_numpy() if "unit" in rows else np.full(len(rows), True)
    missed = np.where(people & np.isfinite(beyond), np.rint(beyond), 0).astype(np.int64)
    return {"look": _letters(looks), "legend": legend, "missed": encode_numbers(missed)}


def _classes(low: FloatArray, high: FloatArray, needed: float) -> npt.NDArray[np.int64]:
    """Class shares by what they mean: less than half, below what is asked, enough, all."""
    half = _half(needed)
    looks = np.select(
        [
            np.isnan(low),
            (low >= needed - _ROUNDING) & (low >= 1 - _ROUNDING),
            low >= needed - _ROUNDING,
            high >= needed - _ROUNDING,
            low >= half,
        ],
        [_INSUFFICIENT, _ALL_REACHED, _PASSED, _INSUFFICIENT, _MOST_REACHED],
        _HALF_MISSED,
    )
    return np.asarray(looks, dtype=np.int64)


def _half(needed: float) -> float:
    """Return the share that parts those who miss by little from those who miss by much."""
    return 0.5 if needed > 0.5 else needed / 2


def _class_words(needed: float, texts: Texts, *, judged: bool) -> list[tuple[int, str]]:
    """Return the classes in words; without a verdict where the standard does not judge."""
    kind = "class" if judged else "share"
    words = {"needed": required(needed), "half": required(_half(needed))}
    classes = [
        (_ALL_REACHED, texts("map.class_all")),
        (_PASSED, texts(f"map.{kind}_passed", **words)),
        (_MOST_REACHED, texts(f"map.{kind}_most", **words)),
        (_HALF_MISSED, texts(f"map.{kind}_half", **words)),
    ]
    # Where all must be reached, there is no class between enough and all.
    return [*(c for c in classes if needed < 1 or c[0] != _PASSED), *_open_words(texts)]


def _quarters(low: FloatArray) -> npt.NDArray[np.int64]:
    """Class the shares that nothing is asked of by quarters."""
    quarter = np.clip(np.floor(np.nan_to_num(low) * 4 + _ROUNDING), 0, 3).astype(np.int64)
    return np.where(np.isnan(low), _INSUFFICIENT, _QUARTER + quarter)


def _quarter_words(texts: Texts) -> list[tuple[int, str]]:
    return [
        *((_QUARTER + n, texts(f"map.class_quarter_{n + 1}")) for n in (3, 2, 1, 0)),
        *_open_words(texts),
    ]


def _open_words(texts: Texts) -> list[tuple[int, str]]:
    return [
        (_INSUFFICIENT, texts("words.verdict_insufficient_data")),
        (_NOT_APPLICABLE, texts("words.verdict_not_applicable")),
    ]


def _heads(rows: pd.DataFrame, group: str, rule: AccessRule, texts: Texts) -> Data:
    """Say what share of a group is covered that the rule is not for: each sentence once."""
    known: dict[str, int] = {"": 0}
    numbers = []
    low, high = (rows[f"share_{end}"].to_numpy(dtype=np.float64) for end in ("low", "high"))
    shares = share_ranges(low, high, rule.min_share or 1.0, texts)
    told: dict[tuple[str, float], int] = {}
    for share, limit in zip(shares, rows["limit"].astype(float).tolist(), strict=True):
        if math.isnan(limit):
            numbers.append(0)
            continue
        if (share, limit) not in told:
            words = texts(
                "map.group_head",
                group=group_word(group, texts),
                share=share,
                limit=limit_word(limit, rule.kind, texts),
            )
            told[share, limit] = known.setdefault(words, len(known))
        numbers.append(told[share, limit])
    return {"words": list(known), "of": encode_numbers(numbers)}


def _letters(looks: npt.NDArray[np.int64]) -> str:
    return (looks + ord("a")).astype(np.uint8).tobytes().decode("ascii")


def _or_none(value: object) -> float | None:
    share = number(value)
    return None if math.isnan(share) else share


def positions(standard: Standard) -> dict[str, int]:
    """Return the place of each rule in the standard."""
    return {rule.id: place for place, rule in enumerate(standard.rules)}
