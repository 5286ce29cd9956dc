"""What the columns of a table hold, by their names and by their cells."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from circles.communities import groups_from_bands
from circles.tables import amounts_of, as_text, match_columns, population_group, rows_in_words
from circles.tables.folding import folded

#: Words for the level of a unit at the end of its name, folded.
_LEVELS: Final[Mapping[str, re.Pattern[str]]] = {
    "street": re.compile(r".+(街道办事处|街道|街|镇|乡)"),
    "district": re.compile(r".+(区|县|旗)(\(.*\))?"),
    "city": re.compile(r".+市"),
}
_CLEAR: Final = 0.6
_GROUP: Final = re.compile(r"\d+\+|\d+-\d+")
_URBAN: Final = frozenset(
    {"urban", "社区", "居委会", "居民委员会", "居委", "居", "社区居委会", "社区居民委员会"}
    | {"城镇", "城市", "城区", "城", "城市社区", "城镇社区"}
)
_RURAL: Final = frozenset(
    {"rural", "村", "村委会", "村民委员会", "村委", "行政村", "建制村", "农村", "乡村", "乡"}
)
_NBS: Final = re.compile(r"1(11|12|21|22|23)|2[12]0")
_MOST_SETTINGS: Final = 8
#: Columns of words that differ row by row and are no names.
_NO_NAMES: Final = ("address", "hours", "serves", "wkt", "lonlat")
_FIGURES: Final = ("population", "households", "area_m2")


@dataclass(frozen=True)
class People:
    """The columns that count residents.

    Parameters
    ----------
    groups
        The column or the columns to be added up, by group; all of their cells can be used.
    others
        Further columns that could be meant, by group.
    faulty
        Columns that seem to count residents and hold other cells, with the rows.
    households
        The column of the number of households.
    """

    groups: Mapping[str, tuple[str, ...]]
    others: Mapping[str, tuple[str, ...]]
    faulty: tuple[tuple[str, str], ...]
    households: str | None

    def __bool__(self) -> bool:
        """Whether anything counts residents or households."""
        return bool(self.groups or self.households)


def people_of(frame: pd.DataFrame, wanted: Sequence[str]) -> People:
    """Find the columns that count residents.

    Parameters
    ----------
    frame
        The table.
    wanted
        The groups that the standard asks for.
    """
    plain = plain_columns(frame)
    found = match_columns(plain, ("id", "name", "population", "households"))
    columns = found.columns
    faulty = {str(name): wrong for name in plain if (wrong := amounts_of(plain[name])[1])}
    sound = plain[[name for name in plain if name not in faulty and plain[name].notna().any()]]
    counting = {g for name in plain if (g := population_group(str(name))) and _GROUP.fullmatch(g)}
    asked = dict.fromkeys([*wanted, *sorted(counting)])
    made = groups_from_bands(sound, [g for g in asked if g != "all"], where="").columns
    groups = {group: made[group] for group in asked if group in made}
    whole = columns.get("population")
    added = groups_from_bands(sound, ["all"], where="").columns.get("all", ())
    every = (whole,) if whole is not None and whole in sound else added
    # The children and the elders may tile no ages; a whole is then not known.
    first: dict[str, tuple[str, ...]] = {"all": every} if every else {}
    households = columns.get("households")
    meant = {whole, households} | {str(name) for name in plain if population_group(str(name))}
    return People(
        {**first, **groups},
        {"all": found.others["population"]} if "population" in found.others else {},
        tuple(
            (name, rows_in_words([int(row) for row in wrong]).partition(" ")[2])
            for name, wrong in faulty.items()
            if name in meant
        ),
        households if households in sound else None,
    )


def plain_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table without its geometry and without columns that a file cannot name."""
    kept = [
        name
        for name, kind in frame.dtypes.items()
        if str(kind) != "geometry" and not re.search("[\ud800-\udfff]", str(name))
    ]
    return pd.DataFrame(frame[kept])


def id_columns(frame: pd.DataFrame, known: Iterable[str] = ()) -> list[str]:
    """Return the columns that name each row by a text of its own, the likeliest first."""
    plain = plain_columns(frame)
    found = match_columns(plain, ("id", "name"))
    usual = [found.columns.get("id"), *found.others.get("id", ())]
    names = [found.columns.get("name"), *found.others.get("name", ())]
    order = [*known, *usual, *names, *plain.columns]
    once = dict.fromkeys(name for name in order if name is not None and name in plain)
    # Figures of residents may all differ, and name nobody.
    figures = match_columns(plain, (*_FIGURES, "lon", "lat")).columns.values()
    counted = {str(name) for name in plain if population_group(str(name))} | set(figures)
    return [name for name in once if name not in counted and _is_id(plain[name])]


def _is_id(cells: pd.Series) -> bool:
    if pd.api.types.is_float_dtype(cells) and (cells.dropna() % 1 != 0).any():
        return False
    texts = as_text(cells)
    return bool(len(texts)) and bool(texts.notna().all()) and texts.is_unique


def name_column(frame: pd.DataFrame, *, besides: Iterable[str | None] = ()) -> str | None:
    """Return the column of the names: by what it is called, or words that differ row by row."""
    plain = plain_columns(frame)
    usual = match_columns(plain, ("name", "community")).columns
    for role in ("name", "community"):
        if role in usual and usual[role] not in set(besides):
            return usual[role]
    others = {*besides, *match_columns(plain, _NO_NAMES).columns.values()}
    for column in plain.columns:
        texts = as_text(plain[column]).dropna()
        words = texts[texts.map(lambda text: not any(map(str.isdigit, text)))]
        distinct = texts.nunique() >= 0.9 * len(plain)
        if column not in others and distinct and len(words) >= 0.8 * len(plain) > 0:
            return str(column)
    return None


def unit_columns(frame: pd.DataFrame) -> dict[str, str]:
    """Return the columns of street, district and city, by their cells and then by their names.

    A header says less than the cells: TOWN holds the districts of Taipei.
    """
    plain = plain_columns(frame)
    roles = ("street", "district", "city")
    by_name = match_columns(plain, roles)
    told = [
        (column, role)
        for role in roles
        if role in by_name.columns
        for column in (by_name.columns[role], *by_name.others.get(role, ()))
    ]
    found: dict[str, str] = {}
    for sure in (True, False):
        for column, role in told:
            level = level_of(plain[column])
            if (level is not None) is sure and column not in found.values():
                found.setdefault(level or role, column)
    return found


def level_of(cells: pd.Series) -> str | None:
    """Return the level of the units whose names a column holds: street, district or city."""
    texts = [folded(text) for text in as_text(cells).dropna().unique()]
    for level, words in _LEVELS.items():
        if texts and sum(bool(words.fullmatch(text)) for text in texts) >= _CLEAR * len(texts):
            return level
    return None


def setting_column(frame: pd.DataFrame) -> tuple[str, list[str], list[str]] | None:
    """Return the column whose every cell says urban or rural, with its words for either."""
    plain = plain_columns(frame)
    for column in plain.columns:
        texts = as_text(plain[column])
        values = list(dict.fromkeys(texts.dropna()))
        if texts.isna().any() or not 0 < len(values) <= _MOST_SETTINGS:
            continue
        urban = [value for value in values if folded(value) in _URBAN]
        rural = [value for value in values if folded(value) in _RURAL]
        if len(urban) + len(rural) == len(values):
            return str(column), urban, rural
    return None


def nbs_column(frame: pd.DataFrame) -> str | None:
    """Return the column of the statistics bureau's urban-rural codes (111, 220 …)."""
    plain = plain_columns(frame)
    for column in plain.columns:
        texts = as_text(plain[column]).dropna()
        if len(texts) and texts.map(lambda text: bool(_NBS.fullmatch(text))).all():
            return str(column)
    return None
