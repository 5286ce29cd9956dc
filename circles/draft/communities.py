"""Which of some layers of areas are the communities, and which of its columns say what."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import shapely

from circles.communities import (
    ZONE_WORDS,
    Communities,
    CommunityColumns,
    make_communities,
    read_codes,
)
from circles.draft.columns import (
    People,
    id_columns,
    level_of,
    name_column,
    nbs_column,
    people_of,
    plain_columns,
    setting_column,
    unit_columns,
)
from circles.draft.items import Item
from circles.draft.lines import Block, Key
from circles.draft.verdicts import Role, Verdict, people_keys, source_keys
from circles.errors import CirclesError, InputError
from circles.inputs.columns import NUMBERS
from circles.settings import decide_settings, ways_to_tell
from circles.standards import Standard
from circles.tables import as_text, first_column
from circles.tables.folding import folded
from circles.texts import Note

_NAMES: Final = re.compile(r".+(社区|社区居委会|居委会|村委会|村|里|嘎查|小区|居民区)(\(.*\))?")
_TITLE: Final = re.compile(r"社区|村|里界|居委|communit|village|neighbo|quarter|barrio")
#: Areas whose sizes differ by less than this share of their mean are the cells of a grid.
_ALIKE: Final = 0.05
_FEW_CELLS: Final = 4


@dataclass(frozen=True)
class Chosen:
    """The layer of communities.

    Parameters
    ----------
    verdict
        What the project file says of it.
    communities
        They themselves; None where the layer has faults.
    units
        Columns of the units above, by level.
    groups
        The groups of residents that the layer counts.
    """

    verdict: Verdict
    communities: Communities | None
    units: dict[str, str]
    groups: frozenset[str]


def likeliest(items: Sequence[Item], wanted: Sequence[str]) -> Item | None:
    """Return the layer of areas that is likeliest to be that of the communities, if any can be."""
    scores = {item: _score(item, wanted) for item in items if id_columns(item.rows)}
    return max(scores, key=lambda item: (scores[item], len(item.rows)), default=None)


def _score(item: Item, wanted: Sequence[str]) -> int:
    name = name_column(item.rows)
    texts = [] if name is None else [folded(t) for t in as_text(item.rows[name]).dropna()]
    score = 2 * (name is not None) + bool(people_of(item.rows, wanted))
    score += 3 * (sum(bool(_NAMES.fullmatch(t)) for t in texts) * 2 > len(item.rows))
    score += 2 * any(_TITLE.search(folded(title)) for title in item.titles)
    if name is not None and level_of(item.rows[name]) is not None:
        score -= 2  # streets or districts
    return score - 2 * (name is None and is_grid(item))


def is_grid(item: Item) -> bool:
    """Tell whether areas are alike in size, as the cells of a grid are."""
    areas = shapely.area(item.places.geometry.to_numpy())
    areas = areas[np.isfinite(areas) & (areas > 0)]
    # Degrees shrink towards the poles, by little within a city.
    return len(areas) >= _FEW_CELLS and bool(areas.std() < _ALIKE * areas.mean())


def judge_communities(
    item: Item, folder: Path, standard: Standard, wanted: Sequence[str]
) -> Chosen:
    """Say which columns of a layer of communities say what.

    Parameters
    ----------
    item
        The layer.
    folder
        Where the project file will stand.
    standard
        Its ways of telling urban from rural decide what `setting` is.
    wanted
        The groups of residents that it asks for.
    """
    columns = _columns(item)
    people = people_of(item.rows, wanted)
    setting, communities, trouble = _setting(item, columns, standard)
    keys = [*source_keys(item, folder), *_name_keys(columns), setting]
    keys += [*_unit_keys(columns), *_people_keys(people)]
    block = Block("[communities]", tuple(_why(item, columns, people, trouble)), tuple(keys))
    told = (Note.of("init.told_communities", count=len(item.rows)),)
    verdict = Verdict(item, Role.COMMUNITIES, block, told)
    units = {"street": columns.street, "district": columns.district}
    named = {level: column for level, column in units.items() if column is not None}
    return Chosen(verdict, communities, named, frozenset(people.groups))


def _columns(item: Item) -> CommunityColumns:
    """Return which columns of a layer of communities say what, the figures apart."""
    id_ = id_columns(item.rows)[0]
    name = name_column(item.rows, besides=[id_])
    units = {
        level: column
        for level, column in unit_columns(item.rows).items()
        if column not in {id_, name}
    }
    return CommunityColumns(
        id=id_,
        name=name,
        code=_code_column(item, id_),
        nbs_code=nbs_column(item.rows),
        zone=_zone_column(item),
        street=units.get("street"),
        district=units.get("district"),
    )


def _name_keys(columns: CommunityColumns) -> list[Key]:
    id_ = Key("id", columns.id, Note.of("init.id", column=columns.id))
    if columns.name is None:
        return [id_, Key("name", "", Note.of("init.no_name"), on=False)]
    return [id_, Key("name", columns.name, Note.of("init.name"))]


def _unit_keys(columns: CommunityColumns) -> list[Key]:
    keys = [
        Key(key, column, Note.of(f"init.{key}"))
        for key in ("code", "nbs_code", "zone")
        if (column := getattr(columns, key)) is not None
    ]
    for level in ("street", "district"):
        column = getattr(columns, level)
        note = Note.of(f"init.{level}" if column else f"init.no_{level}")
        keys.append(Key(level, column or "", note, column is not None))
    return keys


def _people_keys(people: People) -> list[Key]:
    keys = []
    if people.households:
        keys.append(Key("households", people.households, Note.of("init.households")))
    if not people.groups:
        none = {"all": "", "60+": ""}
        return [*keys, Key("population", none, Note.of("init.no_population"), on=False)]
    note = Note.of("init.population")
    for group, others in people.others.items():
        note = Note.of("init.population_open", group=group, columns=others)
    return [*keys, *people_keys(dict(people.groups), note)]


def _why(
    item: Item, columns: CommunityColumns, people: People, trouble: str | None
) -> Iterator[Note]:
    """Yield what is said above the table of communities."""
    yield Note.of("init.communities", file=item.label, count=len(item.rows))
    if columns.name is None and is_grid(item):
        yield Note.of("init.grid_as_communities")
    for column, rows in people.faulty:
        yield Note.of("init.faulty_column", column=column, rows=rows)
    if trouble is not None:
        yield Note.of("init.faults", reason=trouble)
    usual = (first_column(item.rows, names) for names in NUMBERS.values())
    found = tuple(column for column in usual if column is not None)
    if found:
        yield Note.of("init.found_later", columns=found)


def _code_column(item: Item, id_: str) -> str | None:
    """Return the column of twelve-digit codes, where the ids are not such codes."""
    plain = plain_columns(item.rows)
    for column in (id_, *plain.columns):
        codes = read_codes(plain[column].astype(object)).codes
        if len(codes) and codes.notna().mean() > 0.9:
            return None if column == id_ else str(column)
    return None


def _zone_column(item: Item) -> str | None:
    plain = plain_columns(item.rows)
    for column in plain.columns:
        words = set(as_text(plain[column]).dropna())
        if words and words <= set(ZONE_WORDS):
            return str(column)
    return None


def _setting(
    item: Item, columns: CommunityColumns, standard: Standard
) -> tuple[Key, Communities | None, str | None]:
    """Return how urban and rural are told, the communities, and why there are none."""
    by_words = setting_column(item.rows)
    if by_words is not None:
        column, urban, rural = by_words
        columns = replace(
            columns,
            setting_column=column,
            setting_values={**dict.fromkeys(urban, "urban"), **dict.fromkeys(rural, "rural")},
        )
    key = Key("setting", "standard", Note.of("init.setting_standard"))
    if by_words is not None:
        rule = {"column": column} | ({"urban": urban} if urban else {})
        key = Key("setting", rule | ({"rural": rural} if rural else {}), Note.of("init.setting"))
    try:
        communities = make_communities(item.places, columns, where=item.label)
    except CirclesError as error:
        return key, None, str(error).removeprefix(f"{item.label}: ")
    if by_words is not None:
        return key, communities, None
    try:
        decide_settings(communities, standard.settings)
    except InputError:
        told = [way.notna() for way in ways_to_tell(communities, standard.settings).values()]
        untold = ~np.any(told, axis=0) if told else np.ones(len(item.rows), dtype=bool)
        if untold.all():
            key = Key("setting", "urban", Note.of("init.setting_assumed"))
        else:
            names = tuple(communities.table.loc[untold, "name"][:5])
            note = Note.of("init.setting_partly", count=int(untold.sum()), examples=names)
            key = replace(key, why=note)
    return key, communities, None
