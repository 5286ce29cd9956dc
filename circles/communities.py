"""The community table: who is scored, in which setting, in which street and district."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from circles.crs import FloatArray, local_crs, require_crs
from circles.errors import FaultsError
from circles.tables import amounts_of, cell_text, other_unit, rows_in_words, shares_of
from circles.texts import Note

SETTINGS: Final = ("urban", "rural")
#: What a column of zones may say, and the zone it means.
ZONE_WORDS: Final[Mapping[str, str]] = {
    "central": "central",
    "outer": "outer",
    "中心城区": "central",
    "外围城区": "outer",
}
#: Numbers that are shares of 0 to 1, and may be written as ``50%``.
SHARES: Final = frozenset({"occupancy"})
#: A repaired outline may not differ from the given one by more than this share of its area.
_MAX_REPAIR_SHARE: Final = 0.001
#: An outline that covers less than this share of its length squared is a line drawn twice.
_MIN_AREA_SHARE: Final = 1e-9
#: Overlaps below this share of the smaller community are drawing noise.
_MIN_OVERLAP_SHARE: Final = 0.01


@dataclass(frozen=True)
class CommunityColumns:
    """Which columns of a table say what.

    Parameters
    ----------
    id, name
        Columns of the id and the name; where there is no name, the id stands for it.
    setting
        ``"urban"`` or ``"rural"`` for all.
    setting_column
        Column of the setting, if it differs.
    setting_values
        What that column's values mean, such as ``{"社区": "urban", "村": "rural"}``.
    setting_classes
        Words of that column that a standard has rules of its own for, and the setting each counts
        as, such as ``{"cungaiju": "urban"}``.
    zone
        Column of the zone, if there is one: ``central`` or ``outer``, ``中心城区`` or ``外围城区``.
    nbs_code
        Column of the statistics bureau's urban-rural code, if there is one.
    street, district
        Columns of the units above, if there are any.
    households
        Column of the number of households.
    population
        Columns of the residents by group, such as ``{"all": "常住人口", "60+": "60岁以上"}``.
    numbers
        Columns of further numbers of 0 or more, by the name that rules know them by; those of
        `SHARES` hold shares.
    conditions
        Columns of words that rules ask for, by name.
    """

    id: str
    name: str | None = None
    setting: str | None = None
    setting_column: str | None = None
    setting_values: Mapping[str, str] = field(default_factory=dict)
    setting_classes: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None
    nbs_code: str | None = None
    street: str | None = None
    district: str | None = None
    households: str | None = None
    population: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Communities:
    """The communities of a run.

    Parameters
    ----------
    table
        GeoDataFrame in EPSG:4326, index `community_id` (str), in the order of the file; columns
        `name`, `setting` (None where a rule decides it later), `zone` (``"central"``, ``"outer"``
        or None), `street`, `district`, `households`, `area_km2`, `geometry`; `nbs_code` and
        `class` (a word of the standard's own) where there are such, and the further numbers and
        conditions that were named.
    population
        Residents by group: same index, one column a group; NaN where not given.
    notes
        What was repaired or is odd.
    setting_by
        How the settings were given: ``"column"``, ``"all"`` or ``"density"``; ``"standard"``
        where its ways alone tell.
    setting_given
        The settings of the table's own column, where another way has decided since.
    """

    table: gpd.GeoDataFrame
    population: pd.DataFrame
    notes: tuple[Note, ...] = ()
    setting_by: str = "column"
    setting_given: "pd.Series[str] | None" = None

    def with_settings(self, setting: "pd.Series[str]") -> "Communities":
        """Return the communities with settings decided by a standard's ways.

        Parameters
        ----------
        setting
            ``"urban"`` or ``"rural"``, by `community_id`.
        """
        given = self.table["setting"] if self.setting_given is None else self.setting_given
        table = self.table.assign(setting=setting.reindex(self.table.index))
        return replace(self, table=table, setting_given=given)


def make_communities(
    frame: gpd.GeoDataFrame, columns: CommunityColumns, *, where: str
) -> Communities:
    """Make the community table of a layer; its faults are all named at once.

    Parameters
    ----------
    frame
        Polygons with a CRS.
    columns
        Which of its columns say what.
    where
        What to call the layer in messages.

    Raises
    ------
    InputError
        The layer does not say what its coordinates are.
    FaultsError
        The layer is empty; a column is missing; ids are missing or repeat; an outline is
        missing, no polygon, a duplicate, or broken beyond safe repair; a setting or a number
        cannot be read.
    """
    if frame.empty:  # a GeoJSON layer without features has no columns either
        raise FaultsError(where, ["the layer is empty; it needs one polygon for each community"])
    faults = _missing_columns(frame, columns)
    if faults:
        raise FaultsError(where, faults)
    require_crs(frame, where)
    ids = _ids(frame[columns.id], columns.id, faults)
    geometry, notes = _outlines(frame, ids, faults)
    setting = _settings(frame, columns, ids, faults)
    zone = _zones(frame, columns, ids, faults)
    numbers = {
        name: _numbers(frame[column], column, ids, faults, share=name in SHARES)
        for name, column in _number_columns(columns).items()
    }
    if faults:
        raise FaultsError(where, faults)
    index = pd.Index(ids, name="community_id")
    table = gpd.GeoDataFrame(
        {
            "name": _names(frame, columns, ids),
            "setting": setting,
            "zone": zone,
            "street": _words(frame, columns.street),
            "district": _words(frame, columns.district),
            "households": numbers.pop("households", np.full(len(frame), np.nan)),
            "area_km2": _areas_km2(geometry),
        },
        index=index,
        geometry=geometry.to_numpy(),
        crs="EPSG:4326",
    )
    if columns.nbs_code is not None:
        table["nbs_code"] = _words(frame, columns.nbs_code)
    for name in columns.numbers:
        table[name] = numbers.pop(name)
    for name, column in columns.conditions.items():
        table[name] = _words(frame, column)
    if columns.setting_classes and columns.setting_column is not None:
        words = _words(frame, columns.setting_column)
        table["class"] = [word if word in columns.setting_classes else None for word in words]
    way = "all" if columns.setting else "column" if columns.setting_column else "standard"
    return Communities(
        table, pd.DataFrame(numbers, index=index), (*notes, *_overlaps(table)), setting_by=way
    )


def with_settings(communities: Communities, setting: "pd.Series[str]") -> Communities:
    """Return the communities with settings that their density decided.

    Parameters
    ----------
    communities
        The communities.
    setting
        ``"urban"`` or ``"rural"``, by `community_id`.
    """
    table = communities.table.assign(setting=setting.reindex(communities.table.index))
    return replace(communities, table=table, setting_by="density")


def _number_columns(columns: CommunityColumns) -> dict[str, str]:
    households = {"households": columns.households} if columns.households else {}
    return {**dict(columns.population), **households, **dict(columns.numbers)}


def _missing_columns(frame: gpd.GeoDataFrame, columns: CommunityColumns) -> list[str]:
    named = [
        *(columns.id, columns.name, columns.setting_column, columns.zone, columns.nbs_code),
        *(columns.street, columns.district, *columns.conditions.values()),
    ]
    wanted = [name for name in [*named, *_number_columns(columns).values()] if name]
    have = [str(name) for name in frame.columns if name != frame.geometry.name]
    faults = []
    for name in dict.fromkeys(wanted):
        if name not in have:
            near = difflib.get_close_matches(name, have, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            faults.append(f"there is no column {name!r}; {hint}it has: {', '.join(have) or 'none'}")
    return faults


def _ids(column: "pd.Series[Any]", name: str, faults: list[str]) -> list[str]:
    ids = [cell_text(value) or "" for value in column]
    empty = [i + 1 for i, value in enumerate(ids) if not value]
    if empty:
        faults.append(
            f"{len(empty)} communities have no id, the first is feature {empty[0]}; "
            f"fill column {name!r} for each"
        )
    counts = pd.Series([value for value in ids if value]).value_counts()
    repeated = counts[counts > 1]
    if len(repeated):
        listed = ", ".join(f"{value!r} ({n} times)" for value, n in repeated.head(5).items())
        faults.append(
            f"ids repeat: {listed}; each community needs an id of its own in column {name!r} "
            "(parts of one community belong together in one multipolygon)"
        )
    return ids


def _outlines(
    frame: gpd.GeoDataFrame, ids: list[str], faults: list[str]
) -> tuple["gpd.GeoSeries", list[Note]]:
    notes: list[Note] = []
    outlines = []
    for community_id, outline in zip(ids, frame.geometry, strict=True):
        if outline is None or outline.is_empty:
            faults.append(
                f"community {community_id!r} has no outline, or one that cannot be drawn; "
                "a closed ring of at least three places was expected"
            )
        elif outline.geom_type not in {"Polygon", "MultiPolygon"}:
            faults.append(
                f"community {community_id!r} is a {outline.geom_type}; a polygon was expected"
            )
        elif not outline.is_valid:
            outline = _repaired(outline, community_id, faults, notes)  # noqa: PLW2901 - same outline
        elif outline.area < _MIN_AREA_SHARE * outline.length**2:
            faults.append(f"the outline of community {community_id!r} has no area; draw it anew")
        outlines.append(outline)
    seen: dict[bytes, str] = {}
    for community_id, outline in zip(ids, outlines, strict=True):
        key = b"" if outline is None or outline.is_empty else outline.normalize().wkb
        if key and key in seen:
            faults.append(
                f"communities {seen[key]!r} and {community_id!r} have the same outline; "
                "remove one of them, or correct its outline"
            )
        seen.setdefault(key, community_id)
    series = gpd.GeoSeries(outlines, crs=frame.crs)
    return (series if faults else series.to_crs("EPSG:4326")), notes


def _repaired(
    outline: BaseGeometry, community_id: str, faults: list[str], notes: list[Note]
) -> BaseGeometry:
    """Repair an outline that crosses itself, if that hardly changes what it covers."""
    reason = shapely.is_valid_reason(outline)
    parts = shapely.get_parts(shapely.make_valid(outline))
    polygons = [part for part in parts if part.geom_type in {"Polygon", "MultiPolygon"}]
    mended = shapely.union_all(polygons)
    if not abs(mended.area - outline.area) < _MAX_REPAIR_SHARE * mended.area:
        faults.append(
            f"the outline of community {community_id!r} is not valid ({reason}) and cannot be "
            "repaired without changing what it covers; draw it anew there"
        )
        return outline
    notes.append(Note.of("warnings.outline_repaired", community=community_id, reason=reason))
    return mended


def _settings(
    frame: gpd.GeoDataFrame, columns: CommunityColumns, ids: list[str], faults: list[str]
) -> list[str | None]:
    if columns.setting_column is None:
        if columns.setting not in {None, *SETTINGS}:
            faults.append(f"{columns.setting!r} is no setting; use one of: {', '.join(SETTINGS)}")
        return [columns.setting] * len(frame)
    meaning = dict(columns.setting_values) or {value: value for value in SETTINGS}
    meaning |= columns.setting_classes
    words = _words(frame, columns.setting_column)
    unknown: dict[str | None, list[str]] = {}
    for community_id, word in zip(ids, words, strict=True):
        if word not in meaning:
            unknown.setdefault(word, []).append(community_id)
    for word, where in unknown.items():
        what = "nothing" if word is None else repr(word)
        faults.append(
            f"column {columns.setting_column!r} says {what} for {len(where)} communities "
            f"({', '.join(where[:3])}{' …' if len(where) > 3 else ''}); expected one of: "
            f"{', '.join(meaning)} — correct the table, or add the word to communities.setting"
        )
    return [meaning.get(word or "") for word in words]


def _zones(
    frame: gpd.GeoDataFrame, columns: CommunityColumns, ids: list[str], faults: list[str]
) -> list[str | None]:
    """Return the communities' zones; an empty cell is a zone that nobody knows."""
    words = _words(frame, columns.zone)
    strange = [i for i, word in enumerate(words) if word is not None and word not in ZONE_WORDS]
    if strange:
        faults.append(
            f"column {columns.zone!r} says {words[strange[0]]!r} for community {ids[strange[0]]!r}"
            f"{f' (and {len(strange) - 1} more like it)' if len(strange) > 1 else ''}; "
            f"expected one of: {', '.join(ZONE_WORDS)}, or an empty cell"
        )
    return [ZONE_WORDS.get(word or "") for word in words]


def _names(frame: gpd.GeoDataFrame, columns: CommunityColumns, ids: list[str]) -> list[str]:
    words = _words(frame, columns.name)
    return [word or community_id for word, community_id in zip(words, ids, strict=True)]


def _words(frame: gpd.GeoDataFrame, column: str | None) -> list[str | None]:
    if column is None:
        return [None] * len(frame)
    return [cell_text(value) for value in frame[column]]


def _numbers(
    column: "pd.Series[Any]", name: str, ids: list[str], faults: list[str], *, share: bool = False
) -> FloatArray:
    numbers, rows = shares_of(column) if share else amounts_of(column)
    unit = other_unit(name)
    if unit is not None:
        faults.append(f"column {name!r} is in {unit}; convert it, to m² or single ones")
    wrong = np.flatnonzero(column.index.isin(rows))
    if len(wrong):
        # Only a layer that was read from a file has rows that a reader can look up.
        at = f" ({rows_in_words(rows)})" if column.index.name == "row" else ""
        what = "a share of 0 to 1, such as 0.5 or 50%," if share else "a number of 0 or more"
        faults.append(
            f"column {name!r} holds {cell_text(column.iloc[wrong[0]])!r} for community "
            f"{ids[wrong[0]]!r}"
            f"{f' (and {len(wrong) - 1} more like it)' if len(wrong) > 1 else ''}; "
            f"{what} was expected, or an empty cell{at}"
        )
    return numbers


def _areas_km2(geometry: "gpd.GeoSeries") -> FloatArray:
    west, south, east, north = geometry.total_bounds
    local = geometry.to_crs(local_crs((west + east) / 2, (south + north) / 2))
    areas_km2: FloatArray = local.area.to_numpy() / 1e6
    return areas_km2


def _overlaps(table: gpd.GeoDataFrame) -> list[Note]:
    outlines = table.geometry.to_numpy()
    first, second = table.sindex.query(outlines, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    common = shapely.area(shapely.intersection(outlines[first], outlines[second]))
    smaller = np.minimum(shapely.area(outlines[first]), shapely.area(outlines[second]))
    much = np.flatnonzero(common > _MIN_OVERLAP_SHARE * smaller)
    if not len(much):
        return []
    name = table["name"].to_numpy()
    names = [f"{name[first[i]]} / {name[second[i]]}" for i in much[:3]]
    return [Note.of("warnings.overlaps", count=len(much), examples=tuple(names))]
