"""The books of a layer, sorted for a reader: what befell its rows, by reason, with row numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from circles.quality import LayerRecord
from circles.tables import Fate, Ledger
from circles.texts import Note

#: What matters most comes first.
_ORDER: Final = (Fate.SET_ASIDE, Fate.DOUBTFUL, Fate.REPAIRED)


@dataclass(frozen=True)
class Counts:
    """How many rows of a layer met which fate.

    Parameters
    ----------
    read
        All rows; the sum of `used` and `set_aside`.
    used
        Those that take part.
    repaired, doubtful
        Those of the used ones that were repaired, and those to look at; a row may be both.
    set_aside
        Those that do not take part.
    """

    read: int
    used: int
    repaired: int
    doubtful: int
    set_aside: int


@dataclass(frozen=True)
class Case:
    """Rows that met a fate for the very same reason, in the order of the file."""

    note: Note
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Reason:
    """Rows that met a fate for a reason of one kind.

    Parameters
    ----------
    fate
        What became of them.
    key
        The key of the reason's text.
    cases
        The rows by the very words of their reason, in the order of their first rows.
    """

    fate: Fate
    key: str
    cases: tuple[Case, ...]

    @property
    def rows(self) -> tuple[int, ...]:
        """All of its rows, each once, in the order of the file."""
        return tuple(sorted({row for case in self.cases for row in case.rows}))


def counts_of(ledger: Ledger) -> Counts:
    """Count the rows of a layer by what became of them."""
    aside = set(ledger.rows(Fate.SET_ASIDE))
    repaired, doubtful = (
        len(set(ledger.rows(fate)) - aside) for fate in (Fate.REPAIRED, Fate.DOUBTFUL)
    )
    return Counts(ledger.read, ledger.used, repaired, doubtful, len(aside))


def reasons_of(ledger: Ledger) -> tuple[Reason, ...]:
    """Group what happened to a layer's rows by fate and reason.

    Rows set aside come first, then doubtful ones, then repaired ones; within a fate, the reason
    that befell the most rows.
    """
    cases: dict[tuple[Fate, str], dict[Note, set[int]]] = {}
    for event in ledger.events:
        kind = cases.setdefault((event.fate, event.note.key), {})
        kind.setdefault(event.note, set()).add(event.row)
    reasons = [Reason(fate, key, _cases(notes)) for (fate, key), notes in cases.items()]
    return tuple(sorted(reasons, key=lambda r: (_ORDER.index(r.fate), -len(r.rows), r.key)))


def _cases(notes: dict[Note, set[int]]) -> tuple[Case, ...]:
    cases = [Case(note, tuple(sorted(rows))) for note, rows in notes.items()]
    return tuple(sorted(cases, key=lambda case: case.rows[0]))


def spans(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return rows, sorted and each once, as runs of neighbours: first and last of each run."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs


def total_counts(layers: Sequence[LayerRecord]) -> Counts:
    """Add up the rows of all layers."""
    each = [counts_of(layer.ledger) for layer in layers]
    fields = ("read", "used", "repaired", "doubtful", "set_aside")
    return Counts(*(sum(getattr(counts, name) for counts in each) for name in fields))
