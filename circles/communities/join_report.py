"""What became of a second table's rows: what joined how, and what did not, both ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from circles.communities.matching import LOOSE, Matches, Stage, Units
from circles.communities.names import forms_of
from circles.tables import rows_in_words
from circles.tables.ledger import Ledger, RowEvent, doubtful, set_aside
from circles.texts import Note

#: Names longer than this are cut where they are told.
_MOST: Final = 60


@dataclass(frozen=True)
class JoinedRow:
    """A row of a table and the community that it is about.

    Parameters
    ----------
    row
        Its number in its own file.
    written
        What the row calls the community.
    community_id, name
        The community, and what the layer calls it.
    stage
        How it was found.
    """

    row: int
    written: str
    community_id: str
    name: str
    stage: Stage


@dataclass(frozen=True)
class Unjoined:
    """A row or a community that found no partner.

    Parameters
    ----------
    label
        The row's number, or the community's id.
    name, above
        What it is called, and the unit above it, if that is known.
    candidates
        The most similar names on the other side, the nearest first, each with its street.
    """

    label: str
    name: str
    above: str | None
    candidates: tuple[str, ...]


@dataclass(frozen=True)
class JoinReport:
    """What became of the rows of a second table.

    Parameters
    ----------
    source
        What the table is called.
    rows
        How many rows it has, those that are sums of others included.
    joined
        How many communities got a row, by the stage in which it was found.
    loose
        Joins that a reader should look at: by a name's stem alone, or by code though the names
        differ.
    unjoined_rows, unjoined_communities
        What found no partner, both ways.
    ledger
        What became of each row.
    notes
        The same in sentences.
    """

    source: str
    rows: int
    joined: Mapping[Stage, int]
    loose: tuple[JoinedRow, ...]
    unjoined_rows: tuple[Unjoined, ...]
    unjoined_communities: tuple[Unjoined, ...]
    ledger: Ledger
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Joined:
    """The numbers of a second table, by community.

    Parameters
    ----------
    numbers
        Index `community_id`, as in the communities; one column a value or group; NaN where no
        row was found or its cell is empty.
    report
        What did not join, and how the rest was found.
    """

    numbers: pd.DataFrame
    report: JoinReport


def row_events(
    matches: Matches,
    groups: Sequence[Sequence[int]],
    table: pd.DataFrame,
    left: Units,
    right: Units,
) -> list[RowEvent]:
    """Return what became of the rows: set aside without a partner, doubtful by a loose join."""
    events: list[RowEvent] = []
    for place, places in enumerate(groups):
        rows = [int(table.index[i]) for i in places]
        other, stage = int(matches.left_of[place]), matches.stages[place]
        if stage is None:
            names = tuple(_called(left, i) for i in matches.nearest_left[place])
            key = "row_unjoined_near" if names else "row_unjoined"
            said: dict[str, str | tuple[str, ...]] = {"name": _called(right, place)}
            said |= {"candidates": names} if names else {}
            events += set_aside(rows, Note.of(f"communities.{key}", **said))
        elif _to_look_at(left, other, right, place, stage):
            key = "row_joined_loosely" if stage in LOOSE else "row_other_name"
            events += doubtful(
                rows,
                Note.of(
                    f"communities.{key}", name=_called(right, place), other=_called(left, other)
                ),
            )
    return events


def _to_look_at(left: Units, other: int, right: Units, place: int, stage: Stage) -> bool:
    """Tell whether a join is loose, or one by code or id of two whose names differ."""
    if stage in LOOSE:
        return True
    one, two = left.names[other], right.names[place]
    if stage not in {Stage.CODE, Stage.ID} or not one or not two:
        return False
    forms = forms_of(one), forms_of(two)
    return (
        one != left.ids[other]
        and forms[0].stem not in forms[1].stem
        and forms[1].stem not in forms[0].stem
    )


def _called(units: Units, place: int) -> str:
    name = units.names[place] or units.codes[place] or units.ids[place] or ""
    above = units.streets[place] or units.districts[place]
    return (f"{above} {name}" if above else name)[:_MOST]


def make_report(
    books: Ledger,
    matches: Matches,
    left: Units,
    right: Units,
    groups: Sequence[Sequence[int]],
    table: pd.DataFrame,
    rows: int,
) -> JoinReport:
    """Return the report of a join; `rows` is how many the whole table has."""
    joined: dict[Stage, int] = {}
    loose = []
    for place, stage in enumerate(matches.stages):
        if stage is None:
            continue
        joined[stage] = joined.get(stage, 0) + 1
        other = int(matches.left_of[place])
        if _to_look_at(left, other, right, place, stage):
            row, whose = int(table.index[groups[place][0]]), left.ids[other] or ""
            names = _called(right, place), _called(left, other)
            loose.append(JoinedRow(row, names[0], whose, names[1], stage))
    lost_rows = tuple(
        Unjoined(
            rows_in_words([int(table.index[i]) for i in groups[place]]),
            _called(right, place),
            right.streets[place] or right.districts[place],
            tuple(_called(left, i) for i in matches.nearest_left[place]),
        )
        for place in np.flatnonzero(matches.left_of < 0).tolist()
    )
    without = sorted(set(range(len(left))) - set(matches.left_of.tolist()))
    lost = tuple(
        Unjoined(
            left.ids[place] or "",
            _called(left, place),
            left.streets[place] or left.districts[place],
            tuple(_called(right, i) for i in matches.nearest_right[place]),
        )
        for place in without
    )
    stages = {stage: joined[stage] for stage in Stage if stage in joined}
    notes = _notes(books.source, stages, len(left), loose, lost_rows, lost)
    return JoinReport(books.source, rows, stages, tuple(loose), lost_rows, lost, books, notes)


def _notes(
    source: str,
    stages: Mapping[Stage, int],
    communities: int,
    loose: Sequence[JoinedRow],
    rows: Sequence[Unjoined],
    lost: Sequence[Unjoined],
) -> tuple[Note, ...]:
    notes = [
        Note.of(
            "communities.joined", source=source, count=sum(stages.values()), communities=communities
        ),
        *(Note.of(f"communities.joined_by_{stage}", count=n) for stage, n in stages.items()),
    ]
    if loose:
        pairs = tuple(f"{one.written} → {one.name}" for one in loose[:5])
        notes.append(
            Note.of("communities.joined_loosely", source=source, count=len(loose), examples=pairs)
        )
    for key, some in (("rows_unjoined", rows), ("communities_unjoined", lost)):
        if some:
            examples = tuple(one.name for one in some[:5])
            notes.append(
                Note.of(f"communities.{key}", source=source, count=len(some), examples=examples)
            )
    return tuple(notes)
