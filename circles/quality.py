"""How good the inputs of a run are: what became of each layer, and what to know of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from circles.tables import Fate, Ledger
from circles.texts import Note

#: Why a row is set aside that is no record of its own.
_NO_RECORDS: Final = frozenset(
    {
        *("reading.totals_row", "reading.footnote", "reading.header_again"),
        "reading.section_row",
        *("communities.row_is_sum", "communities.row_twice", "communities.code_of_upper"),
        "facilities.same_place",
    }
)
#: Why a record is set aside that nothing is wrong with: it is about somebody or something else, as
#: in the list of a whole city that is used for one district.
_ELSEWHERE: Final = frozenset(
    {
        *("communities.row_unjoined", "communities.row_unjoined_near"),
        *("people.outside", "facilities.unclassified"),
        *("facilities.not_open", "facilities.under_heading", "reading.struck_row"),
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


def faulty_rows(ledger: Ledger) -> tuple[int, int]:
    """Return how many records of a layer cannot be used for a fault of theirs, and of how many.

    Rows that are no records, such as totals, are not counted; a record of something else is one
    without a fault, for nobody knows whether those that could not be read were of it, too.
    """
    aside = [event for event in ledger.events if event.fate is Fate.SET_ASIDE]
    faulty = {event.row for event in aside if event.note.key not in _NO_RECORDS | _ELSEWHERE}
    no_records = {event.row for event in aside if event.note.key in _NO_RECORDS} - faulty
    return len(faulty), ledger.read - len(no_records)


def remarks_of(notes: Iterable[Note]) -> tuple[Remark, ...]:
    """Return warnings as warnings, and assumptions and whatever else as notes."""
    return tuple(
        Remark(
            Severity.WARNING if note.key.startswith("warnings.") else Severity.NOTE,
            note,
        )
        for note in notes
    )
