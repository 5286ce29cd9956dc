"""The facilities that were given: where they lie, whom they serve, and how much they hold."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np

from circles.crs import FloatArray
from circles.demand import communities_of_points
from circles.evaluation.units import Area
from circles.network import BoolArray, IndexArray, IntArray
from circles.tables import cell_text, matching_key
from circles.texts import Note

_SEPARATORS: Final = re.compile(r"[;；、,，/|\n]")
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
        Words that are no community, street or district, each once, and the facilities (their ids)
        that name them.
    """

    facility: IntArray
    community: IntArray
    understood: BoolArray
    strange: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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
    """

    row: IntArray
    obstacle: str | None
    partial: bool


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
        return Supply(row, obstacle, bool(missing))

    def capacity(self, supply: Supply, kind: str) -> FloatArray:
        """Return how much each facility of a supply holds; NaN where it does not say.

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
        # A facility's rows are of one record; the one of another service may hold the number.
        by_facility = self.facilities.groupby("facility_id", sort=False)[kind].first()
        ids = self.facilities["facility_id"].iloc[supply.row]
        return np.asarray(ids.map(by_facility), dtype=np.float64)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a reader must know of them."""
        words = self.served.strange
        if not words:
            return ()
        examples = tuple(
            f"{word} ({', '.join(ids[:_EXAMPLES])}{' …' if len(ids) > _EXAMPLES else ''})"
            for word, ids in list(words.items())[:_EXAMPLES]
        )
        return (Note.of("warnings.serves_unknown", count=len(words), examples=examples),)


def _served(facilities: gpd.GeoDataFrame, home: IndexArray, area: Area) -> Served:
    names = _Names.of(area)
    pairs: list[tuple[int, int]] = []
    understood = np.zeros(len(facilities), dtype=bool)
    strange: dict[str, dict[str, None]] = defaultdict(dict)
    ids = facilities["facility_id"].tolist()
    cells = facilities["serves"] if "serves" in facilities else [None] * len(facilities)
    for row, cell in enumerate(cells):
        words = [word.strip() for word in _SEPARATORS.split(cell_text(cell) or "") if word.strip()]
        found = [names.communities(word, int(home[row])) for word in words]
        understood[row] = bool(words) and all(map(len, found))
        pairs += [(row, community) for community in dict.fromkeys(sum(found, ()))]
        for word, rows in zip(words, found, strict=True):
            if not rows:
                strange[word][str(ids[row])] = None
    told = {word: tuple(by) for word, by in strange.items()}
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return Served(table[:, 0], table[:, 1], understood, told)


@dataclass(frozen=True)
class _Names:
    """Rows of the community table by what people call them, their street or their district."""

    ids: dict[str, int]
    rows: tuple[dict[str, list[int]], ...]
    street: list[str | None]
    district: list[str | None]

    @classmethod
    def of(cls, area: Area) -> "_Names":
        columns = [area.words(column) for column in ("name", "street", "district")]
        rows = []
        for column in columns:
            by_name: dict[str, list[int]] = defaultdict(list)
            for row, word in enumerate(column):
                if word is not None:
                    by_name[matching_key(word)].append(row)
            rows.append(dict(by_name))
        ids = {str(community_id): row for row, community_id in enumerate(area.table.index)}
        return cls(ids, tuple(rows), columns[1], columns[2])

    def communities(self, word: str, home: int) -> tuple[int, ...]:
        """Return the rows that a word means, seen from the community a facility lies in."""
        if word in self.ids:
            return (self.ids[word],)
        key = matching_key(word)
        communities, streets, districts = (rows.get(key, []) for rows in self.rows)
        for found in self._nearby(communities, home):
            if len(found) == 1:
                return tuple(found)
        for found in self._nearby(streets, home):
            if len({self.district[row] for row in found}) == 1:
                return tuple(found)
        return tuple(districts) if not communities and not streets else ()

    def _nearby(self, rows: list[int], home: int) -> Iterator[list[int]]:
        """Yield what a name may mean: all that have it, or those in one's own street, district."""
        yield rows
        for column in (self.street, self.district) if home >= 0 else ():
            yield [row for row in rows if column[row] is not None and column[row] == column[home]]
