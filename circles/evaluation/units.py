"""The communities that are evaluated, and the units above them that they make up."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from circles.communities import SETTINGS, Communities
from circles.crs import FloatArray
from circles.demand import FLOOR_AREA, FRONTAGE, Demand
from circles.network import BoolArray, IndexArray
from circles.standards.parts import Level

LEVELS: Final[tuple[Level, ...]] = ("community", "street", "district", "city")


@dataclass(frozen=True)
class Units:
    """The units of one level, in the order in which communities first name them.

    Parameters
    ----------
    level
        Their level.
    id, name
        One of each a unit. The id of a street begins with its district, where that is known:
        two districts may have streets of one name.
    of
        The unit each community belongs to, int32, shape (communities,); -1 where it names none.
    """

    level: Level
    id: tuple[str, ...]
    name: tuple[str, ...]
    of: IndexArray

    def __len__(self) -> int:
        """Return the number of units."""
        return len(self.id)

    @property
    def unplaced(self) -> int:
        """How many communities name no unit of this level."""
        return int((self.of < 0).sum())

    def sums(self, values: FloatArray) -> FloatArray:
        """Add up a value of each community by unit, shape (units,)."""
        placed = self.of >= 0
        sums = np.bincount(self.of[placed], weights=values[placed], minlength=len(self))
        return sums.astype(np.float64)

    def anywhere(self, marked: BoolArray) -> BoolArray:
        """Tell which units have a marked community, shape (units,)."""
        return self.sums(marked.astype(np.float64)) > 0


@dataclass(frozen=True)
class Area:
    """What is evaluated: all communities of a run, and what is counted in each.

    Parameters
    ----------
    name
        What the area is called.
    table
        The community table (see `circles.communities.Communities`), each with a setting; further
        columns as rules need them: `zone` (``"central"``, ``"outer"`` or None), `class` (a word
        of the standard's own for a community), and those that rules name.
    population
        Residents by community (rows) and group (columns); NaN where not known.
    numbers
        What `community_numbers` makes of both.
    whole
        Of which level the area as a whole is. Levels above it are evaluated over all of the area.
    cut
        Ids of communities of which only the part on the map is known.
    """

    name: str
    table: gpd.GeoDataFrame
    population: pd.DataFrame
    numbers: pd.DataFrame
    whole: Level = "city"
    cut: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        communities: Communities,
        *,
        name: str,
        demand: Demand | None = None,
        whole: Level = "city",
        cut: frozenset[str] = frozenset(),
    ) -> "Area":
        """Take the communities of a run; `demand` fills in residents their table leaves out."""
        return cls(
            name=name,
            table=communities.table,
            population=communities.population,
            numbers=community_numbers(communities, demand),
            whole=whole,
            cut=cut,
        )

    def __len__(self) -> int:
        """Return the number of communities."""
        return len(self.table)

    def units(self, level: Level) -> Units:
        """Return the units of a level.

        A level that the table has no column for is the area as a whole if that is of this level,
        and has no units otherwise.
        """
        return self._units[level]

    @cached_property
    def _units(self) -> dict[Level, Units]:
        """The units of every level, which each rule and target asks for again."""
        return {level: self._found(level) for level in LEVELS}

    def _found(self, level: Level) -> Units:
        rows = len(self)
        if level == "community":
            index = np.arange(rows, dtype=np.int32)
            names = tuple(map(str, self.table["name"]))
            return Units(level, tuple(map(str, self.table.index)), names, index)
        column = self.words(level)
        if level == "city" or self.is_part_of(level) or (level == self.whole and not any(column)):
            return Units(level, (self.name,), (self.name,), np.zeros(rows, dtype=np.int32))
        keys = list(zip(self.words("district"), column, strict=True))
        if level == "district":
            keys = [(None, word) for word in column]
        found = list(dict.fromkeys(key for key in keys if key[1] is not None))
        place = {key: i for i, key in enumerate(found)}
        return Units(
            level=level,
            id=tuple("/".join(word for word in key if word) for key in found),
            name=tuple(str(key[1]) for key in found),
            of=np.array([place.get(key, -1) for key in keys], dtype=np.int32),
        )

    def levels_of(self, levels: tuple[Level, ...]) -> tuple[Level, ...]:
        """Return those of some levels that are not above the area as a whole; if none, all."""
        return tuple(level for level in levels if not self.is_part_of(level)) or levels

    def is_part_of(self, level: Level) -> bool:
        """Tell whether the area is but a part of a unit of this level."""
        return LEVELS.index(level) > LEVELS.index(self.whole)

    def words(self, column: str) -> list[str | None]:
        """Return a column of words by community, None where it says nothing or is not there."""
        if column not in self.table:
            return [None] * len(self)
        words = self.table[column].tolist()
        return [word if isinstance(word, str) and word else None for word in words]

    def holds_in(self, settings: tuple[str, ...]) -> BoolArray:
        """Tell which communities a rule for some settings is about, shape (communities,)."""
        if set(settings) >= set(SETTINGS):
            return np.ones(len(self), dtype=bool)
        return np.asarray(self.table["setting"].isin(settings), dtype=bool)

    def is_cut(self) -> BoolArray:
        """Tell of which communities only a part is known, shape (communities,)."""
        return np.asarray(self.table.index.isin(list(self.cut)), dtype=bool)

    def number(self, column: str) -> FloatArray | None:
        """Return a number by community, NaN where not known; None if no community has it."""
        if column not in self.numbers:
            return None
        values = self.numbers[column].to_numpy(dtype=np.float64, na_value=np.nan)
        return None if np.isnan(values).all() else values


def level_of(communities: Communities) -> Level:
    """Return of which level the communities as a whole are: those of one street are not a city.

    Several districts are a city, and communities that all name the same street are that street;
    all else is taken for a district, so that no count of a city is compared with a part of it.
    """
    table = communities.table
    streets, districts = (
        {word if isinstance(word, str) and word else None for word in table[level]}
        for level in ("street", "district")
    )
    if len(districts - {None}) > 1:
        return "city"
    return "street" if len(streets) == 1 and None not in streets else "district"


def community_numbers(communities: Communities, demand: Demand | None = None) -> pd.DataFrame:
    """Return all that is counted by community, under the names that rules know.

    Parameters
    ----------
    communities
        The communities.
    demand
        Where they live; a layer of people there tells the residents that the table does not.

    Returns
    -------
    DataFrame
        Index `community_id`; the groups of people (``"60+"`` …), `population`, and the columns
        of numbers of the table; NaN where not known. Without columns of their own,
        `population_urban` and `population_rural` are the residents of the communities of that
        setting.
    """
    table = communities.table
    people = _people(communities, demand).rename(columns={"all": "population"})
    if "population" not in people:
        people["population"] = np.nan
    own = table.drop(columns=table.geometry.name).select_dtypes("number").astype(np.float64)
    numbers = people.join(own[[name for name in own if name not in people]])
    for setting in SETTINGS:
        name = f"population_{setting}"
        if name not in numbers:
            numbers[name] = numbers["population"].where(table["setting"] == setting, 0.0)
    return numbers


def _people(communities: Communities, demand: Demand | None) -> pd.DataFrame:
    people = communities.population.astype(np.float64).copy()
    if demand is None:
        return people
    counted = demand.source == "population"
    for group, weight in demand.weights.items():
        if group in {FLOOR_AREA, FRONTAGE}:
            continue
        total = np.bincount(demand.community, weights=weight, minlength=len(people))
        known = counted & ~demand.unknown.get(group, np.False_)
        found = pd.Series(np.where(known, total, np.nan), index=people.index)
        people[group] = people[group].fillna(found) if group in people else found
    return people
