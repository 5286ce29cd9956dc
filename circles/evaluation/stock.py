"""The facilities that were given: where they lie, whom they serve, and how much they hold."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from circles.communities.names import forms_of
from circles.crs import FloatArray
from circles.demand import communities_of_points
from circles.evaluation.units import Area
from circles.facilities import Unresolved, resolve_serves
from circles.facilities.columns import SERVES
from circles.network import BoolArray, IndexArray, IntArray
from circles.texts import Note

_EXAMPLES: Final = 5


@dataclass(frozen=True)
class Served:
    """Which communities facilities say they serve.

    Parameters
    ----------
    facility, community
        One pair for each community that a facility serves: rows of the facilities and of the
        community table, int64.
    understood
        Which facilities have a list of which every word was understood, shape (facilities,).
    strange
        Words that are no community, street or district, or may be several, each once, and the
        facilities (their ids) that name them.
    candidates
        The names of the communities that such a word may mean.
    """

    facility: IntArray
    community: IntArray
    understood: BoolArray
    strange: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    candidates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Supply:
    """The facilities that answer a need, each once however many of its services it offers.

    Parameters
    ----------
    row
        Their rows in the layer, int64.
    obstacle
        Why nothing is known of them at all: ``"layer_missing"``, ``"layer_empty"``, or None.
    partial
        Whether no layer was given for some of the services that would answer the need.
    services
        The services that answer it.
    """

    row: IntArray
    obstacle: str | None
    partial: bool
    services: tuple[str, ...]


@dataclass(frozen=True)
class Stock:
    """All facilities of a run.

    Parameters
    ----------
    facilities
        One row a facility and service, EPSG:4326, RangeIndex; columns `facility_id`, `name`,
        `service`, `geometry` (Point), and as far as they are known `places`, `seats`, `beds`,
        `area_m2` (numbers, NaN where not known) and `serves` (the ids or names of communities,
        streets or districts, separated by ``;`` or ``、``; empty where not known).
    given
        Services for which a layer was given, even if it holds none.
    home
        Row of the community each lies in, int32, shape (facilities,); -1 where it is none.
    served
        Whom they say they serve.
    """

    facilities: gpd.GeoDataFrame
    given: frozenset[str]
    home: IndexArray
    served: Served

    @classmethod
    def of(cls, facilities: gpd.GeoDataFrame, given: frozenset[str], area: Area) -> "Stock":
        """Find where facilities lie and which communities they serve."""
        points = facilities.geometry.to_numpy()
        home = communities_of_points(points, area.table, area.table.crs)
        return cls(facilities, given, home, _served(facilities, home, area))

    def answering(self, services: Sequence[str]) -> Supply:
        """Return the facilities of any of these services."""
        missing = set(services) - self.given
        chosen = np.flatnonzero(self.facilities["service"].isin(services).to_numpy())
        ids = self.facilities["facility_id"].iloc[chosen]
        row = chosen[~ids.duplicated().to_numpy()].astype(np.int64)
        obstacle = None if len(row) else "layer_empty"
        if missing == set(services):
            obstacle = "layer_missing"
        return Supply(row, obstacle, bool(missing), tuple(services))

    def capacity(self, supply: Supply, kind: str) -> FloatArray:
        """Return how much each facility of a supply holds; NaN where it does not say.

        What it holds for services that do not answer the need does not count: the childcare
        places of a kindergarten are none of a kindergarten's own.

        Parameters
        ----------
        supply
            Facilities.
        kind
            ``"places"``, ``"seats"``, ``"beds"``, ``"area_m2"``, or ``"count"``: 1 for each.
        """
        if kind == "count":
            return np.ones(len(supply.row))
        if kind not in self.facilities:
            return np.full(len(supply.row), np.nan)
        # A facility's rows are of one record: two that hold a number each hold the same one.
        asked = self.facilities[self.facilities["service"].isin(supply.services)]
        by_facility = asked.groupby("facility_id", sort=False)[kind].first()
        ids = self.facilities["facility_id"].iloc[supply.row]
        return np.asarray(ids.map(by_facility), dtype=np.float64)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a reader must know of them."""
        words = self.served.strange
        if not words:
            return ()
        examples = tuple(self._strange_words(word, ids) for word, ids in words.items())
        shown = examples[:_EXAMPLES]
        return (Note.of("warnings.serves_unknown", count=len(words), examples=shown),)

    def _strange_words(self, word: str, ids: Sequence[str]) -> str:
        """Say a word that was not understood, who writes it, and what it may mean."""
        named = f"{', '.join(ids[:_EXAMPLES])}{' …' if len(ids) > _EXAMPLES else ''}"
        near = " / ".join(self.served.candidates.get(word, ()))
        return f"{word} ({named}{f' ≈ {near}' if near else ''})"


def _served(facilities: gpd.GeoDataFrame, home: IndexArray, area: Area) -> Served:
    """Find whom facilities serve; what fits several communities is the one of their own parts."""
    count = len(facilities)
    if SERVES not in facilities:
        none = np.empty(0, dtype=np.int64)
        return Served(none, none, np.zeros(count, dtype=bool))
    place = {community_id: row for row, community_id in enumerate(map(str, area.table.index))}
    nearby = _Nearby(area.words("street"), area.words("district"), area.words("name"))
    pairs: list[tuple[int, int]] = []
    understood = np.zeros(count, dtype=bool)
    strange: dict[str, dict[str, None]] = defaultdict(dict)
    candidates: dict[str, tuple[str, ...]] = {}
    # Rows of one facility may lie in different places, so that each is asked for itself.
    rows = pd.DataFrame({"facility_id": np.arange(count), SERVES: facilities[SERVES].to_numpy()})
    serving = resolve_serves(
        rows,
        area.table,
        match=lambda name: forms_of(name).stem,
        kind=lambda name: forms_of(name).kind,
    )
    doubts: dict[int, list[Unresolved]] = defaultdict(list)
    for doubt in serving.unresolved:
        doubts[int(doubt.facility_id)].append(doubt)
    ids = facilities["facility_id"].map(str).tolist()
    for row in range(count):
        found = [place[community] for community in serving.communities.get(str(row), ())]
        open_ = 0
        for doubt in doubts[row]:
            fitting = [place[community] for community in doubt.candidates]
            one = nearby.meant(doubt, fitting, int(home[row]))
            found += one
            if not one:
                open_ += 1
                strange[doubt.word][ids[row]] = None
                candidates[doubt.word] = tuple(str(area.table["name"].iloc[i]) for i in fitting)
        understood[row] = bool(found) and not open_
        pairs += [(row, community) for community in dict.fromkeys(found)]
    told = {word: tuple(by) for word, by in strange.items()}
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return Served(table[:, 0], table[:, 1], understood, told, candidates)


@dataclass(frozen=True)
class _Nearby:
    """Streets, districts and names of communities, in the order of their table."""

    street: Sequence[str | None]
    district: Sequence[str | None]
    name: Sequence[str | None]

    def meant(self, doubt: Unresolved, fitting: Sequence[int], home: int) -> list[int]:
        """Return what an ambiguous word means, seen from the community a facility lies in.

        It is the one community (or the one street) that fits in its own street or district, or
        the only one of the kind that the word names: 猎德村 is not 猎德社区.
        """
        if not doubt.ambiguous:
            return []
        kind = forms_of(doubt.word).kind
        same_kind = [i for i in fitting if kind and forms_of(self.name[i] or "").kind == kind]
        for rows in (same_kind, *self._around(fitting, home)):
            streets = {(self.district[i], self.street[i]) for i in rows}
            if len(rows) == 1 or (doubt.unit and len(streets) == 1):
                return list(rows)
        return []

    def _around(self, rows: Sequence[int], home: int) -> Iterator[list[int]]:
        """Yield those in one's own street, then in one's own district."""
        for column in (self.street, self.district) if home >= 0 else ():
            yield [i for i in rows if column[i] is not None and column[i] == column[home]]
