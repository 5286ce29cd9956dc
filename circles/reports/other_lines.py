"""Presence, ratios and other single rules for districts and the city, in lines of the briefing."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from circles.assessment import Assessment
from circles.explain import number, one_line, required, share_range
from circles.explain_finding import (
    asked_words,
    reason_words,
    value_words,
    worst_findings,
)
from circles.explain_rollup import target_word
from circles.texts import Texts

Row = Mapping[Hashable, Any]


@dataclass(frozen=True)
class OtherLine:
    """What one rule finds in a district or in the city."""

    rule: str
    unit: str
    found: str
    required: str
    verdict: str


def other_lines(assessment: Assessment, texts: Texts) -> list[OtherLine]:
    """Return the targets of single rules, then the ratios of districts and of the city.

    Parameters
    ----------
    assessment
        The run.
    texts
        The words of the reader's language.
    """
    return [*_targets(assessment, texts), *_ratios(assessment, texts)]


def names_differ(lines: Sequence[OtherLine], assessment: Assessment) -> bool:
    """Tell whether lines are about anything but the place that the whole report is about."""
    return any(line.unit != one_line(assessment.name) for line in lines)


def _targets(assessment: Assessment, texts: Texts) -> Iterator[OtherLine]:
    rollups = assessment.rollups
    for row in rollups[rollups["rule"].notna()].to_dict("records"):
        needed = number(row["min_share"])
        yield OtherLine(
            rule=target_word(row, assessment.standard, texts),
            unit=one_line(str(row["unit_name"])) or texts("words.no_unit"),
            found=texts(
                "briefing.others_count",
                met=row["met"],
                denominator=row["denominator"],
                counted=_counted(row, texts),
                share=share_range(row["share_low"], row["share_high"], texts, needed=needed),
            ),
            required=texts("briefing.others_needed", needed=required(needed)),
            verdict=str(row["verdict"]),
        )


def _counted(row: Row, texts: Texts) -> str:
    counted, setting = str(row["counted"]), row["setting"]
    if counted != "community":
        return texts(f"words.units_{counted}")
    return texts(f"words.setting_{setting if isinstance(setting, str) else 'all'}")


def _ratios(assessment: Assessment, texts: Texts) -> Iterator[OtherLine]:
    table = assessment.findings
    chosen = (
        (table["kind"] == "capacity_ratio")
        & table["level"].isin(["district", "city"])
        & table["verdict"].notna()
    )
    standard = assessment.standard
    for row in worst_findings(table[chosen]).to_dict("records"):
        yield OtherLine(
            rule=one_line(standard.rule(row["rule_id"]).name[texts.lang]),
            unit=one_line(str(row["unit_name"])) or texts("words.no_unit"),
            found=value_words(row, standard, texts) or reason_words(row, texts),
            required=asked_words(row, standard, texts),
            verdict=str(row["verdict"]),
        )
