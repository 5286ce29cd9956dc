"""What must be known of a city's figures: what holds for all districts once, the rest by name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import pandas as pd

from circles.assessment import Assessment
from circles.evaluation import unreached_warning
from circles.join_quality import lost_facilities, lost_homes, some_names
from circles.standards.model import CapacityRule, Standard
from circles.texts import Bilingual, Note, Value, load_texts

#: Notes that count communities, which lie in one part each: the counts add up.
_ADD_UP: Final = frozenset(
    {"assumptions.group_from_all", "assumptions.no_population", "warnings.edge_margin"}
)
#: Notes that count facilities and homes that join no street: they are counted anew.
_JOINS: Final = frozenset(
    f"warnings.{key}"
    for key in ("facilities_off_network", "facilities_walled_off", "off_network", "walled_off")
)
_NOBODYS: Final = "warnings.catchment_unreached"
_NAMED: Final = 3


def joined_notes(parts: Sequence[tuple[str, Sequence[Note]]]) -> Iterator[Note]:
    """Yield the notes of all parts, each once.

    Parameters
    ----------
    parts
        The name of each part, and its notes.

    Yields
    ------
    Note
        First those that hold for all parts, then those that add up, then the others after the
        names of the parts that they hold for.
    """
    holders: dict[Note, list[str]] = {}
    for name, notes in parts:
        for note in dict.fromkeys(notes):
            if note.key not in _ADD_UP:
                holders.setdefault(note, []).append(name)
    yield from (note for note, names in holders.items() if len(names) == len(parts))
    yield from _added_up([note for _, notes in parts for note in notes if note.key in _ADD_UP])
    for note, names in holders.items():
        if len(names) < len(parts):
            yield _of_parts(note, names)


def _added_up(notes: Sequence[Note]) -> Iterator[Note]:
    """Yield notes that differ in their counts and examples only as one."""
    alike: dict[tuple[str, tuple[tuple[str, Value], ...]], list[Mapping[str, Value]]] = {}
    for note in notes:
        values = dict(note.values)
        rest = tuple(item for item in values.items() if item[0] not in {"count", "examples"})
        alike.setdefault((note.key, rest), []).append(values)
    for (key, rest), said in alike.items():
        counts = sum(count for own in said if isinstance(count := own["count"], int))
        names = [
            name for own in said if isinstance(some := own.get("examples"), tuple) for name in some
        ]
        examples = {"examples": some_names(pd.Series(names, dtype=object))} if names else {}
        yield Note.of(key, **dict(rest), count=counts, **examples)


def _of_parts(note: Note, names: Sequence[str]) -> Note:
    """Put the names of the parts before a note; of many a few, and how many there are."""
    said = Bilingual(**{lang: load_texts(lang).note(note) for lang in ("zh", "en")})
    if len(names) <= _NAMED:
        return Note.of("batch.city_note_of", parts=tuple(names), note=said)
    shown = tuple(names[:_NAMED])
    return Note.of("batch.city_note_of_many", parts=shown, count=len(names), note=said)


@dataclass(frozen=True)
class Counted:
    """What is counted anew over a whole city, since its parts count some of it twice.

    Parameters
    ----------
    standard, facilities, facility_joins, joins, unreached
        See `circles.assessment.Assessment`.
    """

    standard: Standard
    facilities: gpd.GeoDataFrame
    facility_joins: pd.DataFrame
    joins: pd.DataFrame
    unreached: pd.DataFrame

    def lost(self, *, limit_m: int) -> Iterator[Note]:
        """Yield the warnings of points that join no street, with the longest access leg."""
        table = self.facilities
        off = table["off_network"].astype("boolean").fillna(value=False).to_numpy(dtype=bool)
        walled = self.facility_joins["walled_off"].to_numpy(dtype=bool)
        yield from lost_facilities(off, walled, table["name"], limit_m=limit_m)
        homes = self.joins[self.joins["service"] == ""].iloc[0]
        points, away, behind = (
            int(homes[name]) for name in ("points", "off_network", "walled_off")
        )
        yield from lost_homes(points, away, behind, limit_m=limit_m)

    def nobodys(self) -> Iterator[Note]:
        """Yield the warnings of facilities that nobody reaches."""
        for rule in self.standard.of_kind(CapacityRule):
            yield from unreached_warning(rule, self.unreached[self.unreached["rule_id"] == rule.id])


def warnings_of_parts(parts: Sequence[Assessment], city: Counted) -> tuple[Note, ...]:
    """Return the warnings of all parts; what some of them count twice is counted anew.

    Parameters
    ----------
    parts
        The parts.
    city
        What is counted.
    """
    told = [note for part in parts for note in part.warnings]
    again: set[str] = set()
    anew: list[Note] = []
    limits = {dict(note.values)["limit_m"] for note in told if note.key in _JOINS}
    if len(limits) == 1 and isinstance(limit_m := limits.pop(), int):
        again |= _JOINS
        anew += city.lost(limit_m=limit_m)
    nobodys = [{note for note in part.warnings if note.key == _NOBODYS} for part in parts]
    if any(own != nobodys[0] for own in nobodys):  # found part by part, and not on the whole
        again.add(_NOBODYS)
        anew += city.nobodys()
    kept = [(part.name, [n for n in part.warnings if n.key not in again]) for part in parts]
    return (*joined_notes(kept), *anew)
