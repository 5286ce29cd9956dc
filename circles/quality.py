"""How good the inputs of a run are: what became of each layer, and what to know of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from circles.tables import Fate, Ledger
from circles.texts import Note

#: Why a row is set aside that nothing is wrong with: it is no record, or none of this run's, such
#: as the neighbours' residents, a second record, or a kind of place that no rule asks for.
_NOT_MEANT: Final = frozenset(
    {
        *("reading.totals_row", "reading.footnote", "reading.header_again"),
        *("communities.row_unjoined", "communities.row_unjoined_near"),
        *("communities.row_is_sum", "communities.row_twice"),
        *("people.outside", "facilities.same_place", "facilities.unclassified"),
    }
)


class Severity(StrEnum):
    """How much a remark matters, the gravest first."""

    STOP = "stop"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Remark:
    """Something to know of the inputs.

    Parameters
    ----------
    severity
        ``stop`` where it makes results wrong, ``warning`` where it may, ``note`` where it only
        says what was done.
    note
        What it is, for the reader.
    """

    severity: Severity
    note: Note


@dataclass(frozen=True)
class LayerRecord:
    """What became of one layer.

    Parameters
    ----------
    role
        Where the project file names it, such as ``"communities"`` or ``"facilities 2"``.
    ledger
        Its rows, from the file to what is used.
    remarks
        What to know of it.
    counts
        How many facilities of which service it gave, or whatever else it holds.
    """

    role: str
    ledger: Ledger
    remarks: tuple[Remark, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class InputRecord:
    """What became of all inputs.

    Parameters
    ----------
    layers
        One for each table or layer, in the order in which the project names them.
    remarks
        What to know of the inputs as a whole.
    """

    layers: tuple[LayerRecord, ...] = ()
    remarks: tuple[Remark, ...] = ()

    def all_remarks(self) -> tuple[Remark, ...]:
        """Return the remarks on single layers, and those on the whole."""
        return (*(remark for layer in self.layers for remark in layer.remarks), *self.remarks)

    def of(self, severity: Severity) -> tuple[Note, ...]:
        """Return what was remarked with a severity."""
        return tuple(r.note for r in self.all_remarks() if r.severity is severity)


def usable_rows(ledger: Ledger) -> tuple[int, int]:
    """Return how many rows of a layer are used, of how many that are meant for this run.

    A row that is set aside without anything being wrong with it is not counted at all: a list of a
    whole city is no bad list of one district.
    """
    aside = {event.row for event in ledger.events if event.fate is Fate.SET_ASIDE}
    faulty = {
        event.row
        for event in ledger.events
        if event.fate is Fate.SET_ASIDE and event.note.key not in _NOT_MEANT
    }
    meant = ledger.read - len(aside - faulty)
    return meant - len(faulty), meant


def remarks_of(notes: Iterable[Note]) -> tuple[Remark, ...]:
    """Return warnings as warnings, and assumptions and whatever else as notes."""
    return tuple(
        Remark(
            Severity.WARNING if note.key.startswith("warnings.") else Severity.NOTE,
            note,
        )
        for note in notes
    )
