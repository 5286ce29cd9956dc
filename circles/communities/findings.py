"""What was found in a community layer: repaired, or for the reader to look at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from circles.communities.join_report import JoinReport
from circles.tables.ledger import Fate, RowEvent
from circles.texts import Note


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Parameters
    ----------
    kind
        ``ring_repaired``, ``line_closed``, ``repeated_points``, ``spike``, ``overlap``,
        ``overlap_sliver``, ``gap``, ``gap_sliver``, ``noise``, ``same_name``, ``code``,
        ``committee``, ``street`` or ``district`` (with what is wrong of it), ``number``.
    note
        What it is, for the reader.
    fate
        Whether it was repaired.
    communities
        The ids of those that it concerns.
    rows
        Their numbers in the layer's own file.
    area_m2
        Its area, where it is a piece of ground.
    place
        Longitude and latitude of it, where it has a place.
    shape
        The piece of ground itself, in EPSG:4326.
    """

    kind: str
    note: Note
    fate: Fate = Fate.DOUBTFUL
    communities: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    area_m2: float | None = None
    place: tuple[float, float] | None = None
    shape: BaseGeometry | None = None

    def events(self) -> list[RowEvent]:
        """Return the finding as entries of the layer's books."""
        return [RowEvent(row, self.fate, self.note) for row in self.rows]


@dataclass(frozen=True)
class CommunityReport:
    """Everything that was found in a community layer and the tables joined to it.

    Parameters
    ----------
    findings
        What was found in the layer.
    joins
        What became of the rows of each further table.
    facts
        How the layer was read: how many codes, how the streets were told.
    """

    findings: tuple[Finding, ...] = ()
    joins: tuple[JoinReport, ...] = ()
    facts: tuple[Note, ...] = ()

    def of(self, *kinds: str) -> tuple[Finding, ...]:
        """Return the findings of some kinds."""
        return tuple(finding for finding in self.findings if finding.kind in kinds)

    def notes(self) -> tuple[Note, ...]:
        """Return all of it as sentences, in the order in which it was found."""
        joined = [note for join in self.joins for note in join.notes]
        return (*self.facts, *(finding.note for finding in self.findings), *joined)


@dataclass(frozen=True)
class Rows:
    """Who stands in which row of a layer, for messages.

    Parameters
    ----------
    ids, names
        Of the communities, in the layer's order.
    numbers
        The rows' numbers in their own file.
    """

    ids: Sequence[str]
    names: Sequence[str]
    numbers: Sequence[int]

    def finding(
        self,
        kind: str,
        note: Note,
        places: Iterable[int],
        *,
        fate: Fate = Fate.DOUBTFUL,
        area_m2: float | None = None,
        at: tuple[float, float] | None = None,
        shape: BaseGeometry | None = None,
    ) -> Finding:
        """Return a finding about the communities at some places of the layer."""
        listed = list(places)
        return Finding(
            kind,
            note,
            fate,
            tuple(self.ids[place] for place in listed),
            tuple(self.numbers[place] for place in listed),
            area_m2,
            at,
            shape,
        )
