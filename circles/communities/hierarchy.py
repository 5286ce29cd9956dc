"""The street and the district of each community: by column, by code, by where it lies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from circles.communities.codes import parent_code
from circles.communities.findings import Finding, Rows
from circles.communities.names import upper_key, upper_keys
from circles.crs import require_crs
from circles.errors import FaultsError, InputError
from circles.tables import cell_text, find_column
from circles.tables.ledger import Fate
from circles.texts import Note

#: A community lies in the unit that holds at least this share of its area.
_MIN_SHARE: Final = 0.5


class Level(StrEnum):
    """A level above communities."""

    STREET = "street"
    DISTRICT = "district"


#: How many of a community's twelve digits are those of the unit above.
DIGITS: Final[Mapping[Level, int]] = {Level.STREET: 9, Level.DISTRICT: 6}


@dataclass(frozen=True)
class UpperUnits:
    """What is known of streets or districts besides the community layer's own column.

    Parameters
    ----------
    by_code
        Names by code: nine digits of a street, six of a district.
    outlines
        Polygons of the units.
    name
        The column of their names.
    where
        What to call the layer in messages.
    """

    by_code: Mapping[str, str] = field(default_factory=dict)
    outlines: gpd.GeoDataFrame | None = None
    name: str = "name"
    where: str = ""


@dataclass(frozen=True)
class Told:
    """The units of one level, and how they were told.

    Parameters
    ----------
    names
        One name a community, in the layer's order; None where nothing tells.
    findings
        Contradictions between the ways, names that were filled in, communities without a unit.
    facts
        How many communities each way decided.
    """

    names: tuple[str | None, ...]
    findings: tuple[Finding, ...] = ()
    facts: tuple[Note, ...] = ()


def names_by_code(
    codes: Sequence[object], names: Sequence[object], *, level: Level
) -> dict[str, str]:
    """Return names of streets or districts by their codes, from the columns of a table.

    Codes may be filled with zeros to twelve digits; rows of other levels are passed over.

    Raises
    ------
    FaultsError
        One code has two names.
    """
    found: dict[str, str] = {}
    faults = []
    for cell, called in zip(codes, names, strict=True):
        text, name = cell_text(cell), cell_text(called)
        code = None if text is None else parent_code(text, DIGITS[level])
        if code is None or name is None or (level is Level.STREET and code.endswith("000")):
            continue
        if found.setdefault(code, name) != name:
            faults.append(f"code {code} is {found[code]!r} and {name!r}; keep one of them")
    if faults:
        raise FaultsError(f"table of {level} codes", faults)
    return found


def tell_units(
    level: Level,
    *,
    column: Sequence[str | None],
    codes: Sequence[str | None],
    outlines: npt.NDArray[Any],
    rows: Rows,
    units: UpperUnits | None = None,
    within: Sequence[str | None] = (),
) -> Told:
    """Tell each community's unit above: by its column, else by code, else by where it lies.

    Parameters
    ----------
    level
        Streets or districts.
    column
        What the layer's column says; None where it says nothing.
    codes
        Twelve-digit codes, or None.
    outlines
        Outlines of the communities, EPSG:4326.
    rows
        Whose they are.
    units
        What else is known of the units. Without names for codes, those are learned from
        communities whose column is filled, as long as all of one code agree.
    within
        The districts that streets lie in, so that streets of one name stay apart.

    Raises
    ------
    InputError
        The layer of the units has no CRS or no such column.
    """
    by_code = _by_code(level, column, codes, units)
    by_place, split = _by_place(level, outlines, rows, units)
    ways = {"column": list(column), "code": by_code, "place": by_place}
    keys = upper_keys([name for names in ways.values() for name in names])
    chosen: list[str | None] = []
    by: list[str | None] = []
    for said in zip(*ways.values(), strict=True):
        way = next((way for way, name in zip(ways, said, strict=True) if name), None)
        by.append(way)
        chosen.append(None if way is None else said[list(ways).index(way)])
    findings = [*split, *_contradictions(level, ways, keys, rows)]
    findings += _filled(level, column, chosen, by, rows)
    findings += _missing(level, chosen, rows)
    facts = tuple(
        Note.of(f"communities.{level}_by_{way}", count=by.count(way)) for way in ways if way in by
    )
    named, respelled = _one_spelling(level, chosen, within or [None] * len(chosen), rows)
    return Told(tuple(named), (*findings, *respelled), facts)


def _by_code(
    level: Level,
    column: Sequence[str | None],
    codes: Sequence[str | None],
    units: UpperUnits | None,
) -> list[str | None]:
    digits = DIGITS[level]
    names = dict(units.by_code) if units is not None else {}
    if not names:
        said: dict[str, set[str]] = {}
        keys = upper_keys(column)
        for name, code in zip(column, codes, strict=True):
            if name and code:
                said.setdefault(code[:digits], set()).add(keys[name])
        agreed = {code for code, found in said.items() if len(found) == 1}
        names = {
            code[:digits]: name
            for name, code in zip(column, codes, strict=True)
            if name and code and code[:digits] in agreed
        }
    return [names.get(code[:digits]) if code else None for code in codes]


def _by_place(
    level: Level, outlines: npt.NDArray[Any], rows: Rows, units: UpperUnits | None
) -> tuple[list[str | None], list[Finding]]:
    """Return the unit that holds at least half of each community, and those that none does."""
    if units is None or units.outlines is None:
        return [None] * len(outlines), []
    names, shapes = _named_outlines(units.outlines, units)
    place, unit = shapely.STRtree(shapes).query(outlines, predicate="intersects")
    common = shapely.area(shapely.intersection(outlines[place], shapes[unit]))
    share = common / shapely.area(outlines)[place]
    told: list[str | None] = [None] * len(outlines)
    findings = []
    order = np.lexsort((unit, -share, place))
    firsts = order[np.unique(place[order], return_index=True)[1]]
    for i in firsts.tolist():
        where = int(place[i])
        if share[i] >= _MIN_SHARE:
            told[where] = names[int(unit[i])]
        elif share[i] > 0:
            note = Note.of(
                f"communities.{level}_split",
                community=rows.names[where],
                unit=names[int(unit[i])],
                percent=round(100 * float(share[i])),
            )
            findings.append(rows.finding(f"{level}_split", note, [where]))
    return told, findings


def _named_outlines(
    layer: gpd.GeoDataFrame, units: UpperUnits
) -> tuple[list[str], npt.NDArray[Any]]:
    require_crs(layer, units.where)
    column = find_column(layer, units.name, where=units.where)
    names = [cell_text(value) for value in layer[column]]
    shapes = layer.geometry.to_crs("EPSG:4326").to_numpy()
    usable = [
        place
        for place, (name, shape) in enumerate(zip(names, shapes, strict=True))
        if name and shape is not None and not shape.is_empty
    ]
    if not usable:
        message = f"{units.where}: no row has both a name and an outline"
        raise InputError(message)
    outlines = shapes[usable]
    if not np.isfinite(shapely.bounds(outlines)).all():
        message = f"{units.where}: coordinates are no places in the layer's coordinate system"
        raise InputError(message)
    broken = ~shapely.is_valid(outlines)
    outlines[broken] = shapely.make_valid(outlines[broken])
    return [names[place] or "" for place in usable], outlines


def _contradictions(
    level: Level, ways: Mapping[str, Sequence[str | None]], keys: Mapping[str, str], rows: Rows
) -> list[Finding]:
    """Find communities of which two ways tell different units; the first of the ways counts."""
    findings = []
    for place, said in enumerate(zip(*ways.values(), strict=True)):
        told = {way: name for way, name in zip(ways, said, strict=True) if name}
        if len({keys[name] for name in told.values()}) > 1:
            (used, unit), *others = told.items()
            way, other = next((w, n) for w, n in others if keys[n] != keys[unit])
            note = Note.of(
                f"communities.{level}_contradicts_{way}",
                community=rows.names[place],
                unit=unit,
                other=other,
            )
            findings.append(rows.finding(f"{level}_contradicts_{used}_{way}", note, [place]))
    return findings


def _filled(
    level: Level,
    column: Sequence[str | None],
    chosen: Sequence[str | None],
    by: Sequence[str | None],
    rows: Rows,
) -> list[Finding]:
    """List the communities whose cell is empty in a column that others fill."""
    if not any(column):
        return []
    return [
        rows.finding(
            f"{level}_filled",
            Note.of(f"communities.{level}_filled", community=rows.names[place], unit=name),
            [place],
            fate=Fate.REPAIRED,
        )
        for place, name in enumerate(chosen)
        if name is not None and by[place] != "column"
    ]


def _missing(level: Level, chosen: Sequence[str | None], rows: Rows) -> list[Finding]:
    """List the communities of which nothing tells the unit, where it is known of others."""
    without = [place for place, name in enumerate(chosen) if name is None]
    if not without or len(without) == len(chosen):
        return []
    note = Note.of(
        f"communities.{level}_missing",
        count=len(without),
        examples=tuple(rows.names[place] for place in without[:5]),
    )
    return [rows.finding(f"{level}_missing", note, without)]


def _one_spelling(
    level: Level, names: Sequence[str | None], within: Sequence[str | None], rows: Rows
) -> tuple[list[str | None], list[Finding]]:
    """Write each unit in its most frequent spelling, of several the first, and list the others."""
    keys = [(above, upper_key(name or "")) for name, above in zip(names, within, strict=True)]
    counts: dict[tuple[str | None, str], dict[str, int]] = {}
    for key, name in zip(keys, names, strict=True):
        if name:
            spellings = counts.setdefault(key, {})
            spellings[name] = spellings.get(name, 0) + 1
    best = {key: max(found, key=lambda name: found[name]) for key, found in counts.items()}
    named = [best[key] if name else None for key, name in zip(keys, names, strict=True)]
    findings = [
        rows.finding(
            f"{level}_spelled",
            Note.of(f"communities.{level}_spelled", community=rows.names[i], unit=new, other=old),
            [i],
            fate=Fate.REPAIRED,
        )
        for i, (old, new) in enumerate(zip(names, named, strict=True))
        if old is not None and new is not None and old != new
    ]
    return named, findings
