"""Streets, districts and the city; and what another way to tell urban from rural changes."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from circles.assessment import Assessment
from circles.explain import one_line, score_word
from circles.texts import Texts

Row = Mapping[Hashable, Any]


@dataclass(frozen=True)
class UnitTier:
    """How the communities of a unit stand in one tier."""

    met: int
    denominator: int
    strict_met: int
    score: str


@dataclass(frozen=True)
class UnitLine:
    """A street, a district or the city, and each tier in it."""

    level: str
    name: str
    communities: int
    tiers: tuple[UnitTier, ...]


@dataclass(frozen=True)
class WayLine:
    """A way of telling urban from rural, and what it would change; None where nobody can tell."""

    name: str
    used: bool
    known: int
    urban: int
    rural: int
    class_changes: int
    verdict_changes: int | None
    tier_changes: int | None


def unit_lines(assessment: Assessment, texts: Texts) -> list[UnitLine]:
    """Return the units above the communities, the largest first; none for a standard of no tier.

    Parameters
    ----------
    assessment
        The run.
    texts
        The words of the reader's language.
    """
    if assessment.unit_scores.empty:
        return []
    lines = []
    for level in ("city", "district", "street"):
        table = assessment.unit_scores
        for _, own in table[table["level"] == level].groupby("unit_id", sort=False):
            rows = cast("list[Row]", own.to_dict("records"))
            lines.append(
                UnitLine(
                    level=texts(f"words.unit_level_{level}"),
                    name=one_line(str(rows[0]["unit_name"])),
                    communities=int(rows[0]["communities"]),
                    tiers=tuple(_tier(row, texts) for row in rows),
                )
            )
    return lines


def way_lines(assessment: Assessment, texts: Texts) -> list[WayLine]:
    """Return the ways of telling urban from rural; none if there is but the one that was used.

    Parameters
    ----------
    assessment
        The run.
    texts
        The words of the reader's language.
    """
    table = assessment.setting_ways
    if table.empty or (len(table) == 1 and table["used"].all()):
        return []
    return [
        WayLine(
            name=texts(f"words.way_{row['way']}"),
            used=bool(row["used"]),
            **{name: int(row[name]) for name in ("known", "urban", "rural", "class_changes")},
            verdict_changes=_known(row["verdict_changes"]),
            tier_changes=_known(row["tier_changes"]),
        )
        for row in table.to_dict("records")
    ]


def _known(count: float) -> int | None:
    return None if pd.isna(count) else int(count)


def _tier(row: Row, texts: Texts) -> UnitTier:
    counted = ("met", "not_met", "insufficient_data")
    return UnitTier(
        met=int(row["met"]),
        denominator=sum(int(row[verdict]) for verdict in counted),
        strict_met=int(row["strict_met"]),
        score=score_word(row["score"], row["scored"], row["communities"], texts),
    )
