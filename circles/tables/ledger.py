"""What became of the rows of a table: used, repaired, doubtful or set aside, and why."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from circles.texts import Note


class Fate(StrEnum):
    """What can happen to a row that is not simply used."""

    REPAIRED = "repaired"
    DOUBTFUL = "doubtful"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True)
class RowEvent:
    """What happened to one row, and why.

    Parameters
    ----------
    row
        The row's number in its own file.
    fate
        A row that was repaired or is doubtful is used; one that was set aside is not.
    note
        The reason, for the reader.
    """

    row: int
    fate: Fate
    note: Note


@dataclass(frozen=True)
class Ledger:
    """The books of one table or layer, from its file to what is used of it.

    Parameters
    ----------
    source
        What the table is called: its file's name, or a database table; never with a password.
    read
        How many rows it has.
    events
        What happened to single rows, in the order in which it happened; one row may have several.
    facts
        How the table was read: its encoding, its header row, which column says what.
    """

    source: str
    read: int
    events: tuple[RowEvent, ...] = ()
    facts: tuple[Note, ...] = ()

    def rows(self, fate: Fate) -> tuple[int, ...]:
        """Return the rows that met a fate, each once, in the order of the file."""
        return tuple(sorted({event.row for event in self.events if event.fate is fate}))

    @property
    def used(self) -> int:
        """How many rows are used."""
        return self.read - len(self.rows(Fate.SET_ASIDE))

    def adding(self, events: Iterable[RowEvent] = (), facts: Iterable[Note] = ()) -> "Ledger":
        """Return the books with further entries."""
        return replace(self, events=(*self.events, *events), facts=(*self.facts, *facts))


def set_aside(rows: Iterable[int], note: Note) -> list[RowEvent]:
    """Return an entry for each of some rows that are not used for the same reason."""
    return [RowEvent(int(row), Fate.SET_ASIDE, note) for row in rows]


def repaired(rows: Iterable[int], note: Note) -> list[RowEvent]:
    """Return an entry for each of some rows that were repaired in the same way."""
    return [RowEvent(int(row), Fate.REPAIRED, note) for row in rows]


def doubtful(rows: Iterable[int], note: Note) -> list[RowEvent]:
    """Return an entry for each of some rows that are used but should be looked at."""
    return [RowEvent(int(row), Fate.DOUBTFUL, note) for row in rows]
