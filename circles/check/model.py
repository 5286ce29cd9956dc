"""What is known of a run's inputs before anything is scored."""

from dataclasses import dataclass
from datetime import date

from circles.check.margins import MarginQuality
from circles.check.streets import StreetQuality
from circles.quality import LayerRecord, Remark, Severity
from circles.texts import Bilingual, Note


@dataclass(frozen=True)
class Found:
    """What the inputs hold.

    Parameters
    ----------
    urban, rural
        Communities by setting.
    homes
        Demand points by what they come from: ``"population"``, ``"buildings"``, ``"frontage"``.
    nowhere
        Communities of which nobody knows where their residents live.
    facilities
        Facilities by service; one that offers several is counted under each.
    absent
        Services that the standard asks for and of which no layer was given.
    """

    urban: int
    rural: int
    homes: tuple[tuple[str, int], ...]
    nowhere: int
    facilities: tuple[tuple[str, int], ...]
    absent: tuple[str, ...]


@dataclass(frozen=True)
class JoinCount:
    """How the points of one layer join the streets.

    Parameters
    ----------
    service
        The service; empty for the demand points.
    points
        All of them.
    off_network
        Those that join no street.
    walled_off
        Those of them that have one near enough, but only behind a barrier.
    moved
        Those that join a street farther away than the nearest, which is behind a barrier.
    """

    service: str
    points: int
    off_network: int
    walled_off: int
    moved: int


@dataclass(frozen=True)
class PeopleTotal:
    """What the demand layer counts of a group beside what the community table does.

    Parameters
    ----------
    group
        The group.
    layer, outside
        People that the layer has in communities, and outside them.
    table
        People in the table; None where it does not count the group.
    """

    group: str
    layer: float
    outside: float
    table: float | None


@dataclass(frozen=True)
class CheckReport:
    """What is known of a run's inputs before anything is scored.

    Parameters
    ----------
    name, as_of, fictional
        See `circles.assessment.Assessment`.
    standard_id, standard_name
        The standard that is to be applied.
    layers
        What became of each layer's rows.
    found
        What the inputs hold.
    streets
        The quality of the streets; None where no network was given.
    margins
        Whether map and facilities reach far enough; None where no network was given.
    joins
        How homes and facilities join the streets; empty where no network was given.
    people
        People by group, in the demand layer and in the community table.
    remarks
        What to know, each once, the gravest first.
    """

    name: str
    as_of: date | None
    fictional: bool
    standard_id: str
    standard_name: Bilingual
    layers: tuple[LayerRecord, ...]
    found: Found
    streets: StreetQuality | None
    margins: MarginQuality | None
    joins: tuple[JoinCount, ...]
    people: tuple[PeopleTotal, ...]
    remarks: tuple[Remark, ...]

    def of(self, severity: Severity) -> tuple[Note, ...]:
        """Return what was remarked with a severity."""
        return tuple(remark.note for remark in self.remarks if remark.severity is severity)

    @property
    def may_run(self) -> bool:
        """Whether nothing was found that makes results wrong."""
        return not self.of(Severity.STOP)
