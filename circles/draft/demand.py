"""Where people live: which of the files says it best."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from circles.draft.columns import people_of
from circles.draft.facilities import folded_title
from circles.draft.grids import Grid
from circles.draft.items import Item
from circles.draft.lines import Block, Key
from circles.draft.streets import Net
from circles.draft.verdicts import Role, Verdict, path_text, people_keys, source_keys
from circles.tables import match_columns
from circles.texts import Note

BUILDING_COLUMN: Final = "building"
_ADDRESSES: Final = re.compile(r"地址|门牌|门楼|住宅|楼栋|address|housenumber|dwelling|homes?\b")
_BUILDINGS: Final = re.compile(r"建筑|房屋|楼栋|building|house|footprint")


def is_buildings(item: Item) -> bool:
    """Tell whether areas are outlines of buildings."""
    named = _BUILDINGS.search(folded_title(item)) is not None
    return BUILDING_COLUMN in item.rows.columns or named


def is_addresses(item: Item) -> bool:
    """Tell whether points are addresses at which people live."""
    return _ADDRESSES.search(folded_title(item)) is not None


def counts_people(item: Item, wanted: Sequence[str]) -> bool:
    """Tell whether places say how many people live there, and are no list of names."""
    return bool(people_of(item.rows, wanted).groups) and not _is_list(item)


def _is_list(item: Item) -> bool:
    return "type" in match_columns(item.rows, ("name", "type")).columns


def judge_people(item: Item, folder: Path, wanted: Sequence[str], crs: tuple[Key, ...]) -> Verdict:
    """Say how points or cells with residents are read."""
    people = people_of(item.rows, wanted)
    keys = [*source_keys(item, folder, name="source"), *crs]
    keys += people_keys(dict(people.groups), Note.of("init.population"))
    keys.append(Key("spread", "buildings", Note.of("init.spread"), on=False))
    why = [Note.of("init.demand_people", file=item.label, count=len(item.rows))]
    why += [Note.of("init.faulty_column", column=c, rows=rows) for c, rows in people.faulty]
    told = (Note.of("init.told_people", groups=tuple(people.groups)),)
    return Verdict(item, Role.DEMAND, Block("[demand]", tuple(why), tuple(keys)), told)


def judge_buildings(item: Item, folder: Path) -> Verdict:
    """Say how outlines of buildings are read."""
    keys = source_keys(item, folder, name="source")
    tagged = BUILDING_COLUMN in item.rows.columns
    why = [Note.of("init.demand_buildings", file=item.label, count=len(item.rows))]
    why += [] if tagged else [Note.of("init.buildings_untagged")]
    block = Block("[demand]", tuple(why), tuple(keys), tagged)
    return Verdict(item, Role.DEMAND, block, (Note.of("init.told_buildings"),))


def judge_addresses(item: Item, folder: Path, crs: tuple[Key, ...]) -> Verdict:
    """Say how addresses are read."""
    keys = [*source_keys(item, folder, name="source"), *crs]
    keys.append(Key("addresses", True, Note.of("init.addresses")))
    why = (Note.of("init.demand_addresses", file=item.label, count=len(item.rows)),)
    block = Block("[demand]", why, tuple(keys))
    return Verdict(item, Role.DEMAND, block, (Note.of("init.told_addresses"),))


def judge_grids(grids: Sequence[Grid], folder: Path) -> list[Verdict]:
    """Say how grids of people are read: one alone, or those of the ages that their names say."""
    if not grids:
        return []
    groups = _by_group(grids)
    taken = {grid.item for some in groups.values() for grid in some}
    shown: dict[str, object] = {}
    for group, some in groups.items():
        paths = [path_text(grid.item.path, folder) for grid in some]
        shown[group] = paths[0] if len(paths) == 1 else paths
    keys = [Key("rasters", shown, Note.of("init.rasters"))]
    if any(grid.density for some in groups.values() for grid in some):
        keys.append(Key("raster_unit", "people_per_km2", Note.of("init.raster_unit")))
    first = next(grid for grid in grids if grid.item in taken)
    names = tuple(grid.item.label for grid in grids if grid.item in taken)
    why = (Note.of("init.demand_grids", files=names), first.why)
    told = (Note.of("init.told_raster"),)
    verdicts = [Verdict(first.item, Role.DEMAND, Block("[demand]", why, tuple(keys)), told)]
    for grid in grids:
        if grid.item not in taken:
            values = {"all": path_text(grid.item.path, folder)}
            note = Note.of("init.raster_spare", file=grid.item.label)
            block = Block("[demand]", (note,), (Key("rasters", values),), on=False)
            verdicts.append(Verdict(grid.item, Role.DEMAND, block, told))
        elif grid is not first:
            verdicts.append(Verdict(grid.item, Role.DEMAND, Block(""), told))
    return verdicts


#: WorldPop writes sex and the youngest age of a band into its names: chn_f_60_2020.tif.
_BAND: Final = re.compile(r"(?:^|_)([fmt])_(\d{1,2})(?:_|$)")
_OLD: Final = (60, 65, 70, 75, 80)


def _by_group(grids: Sequence[Grid]) -> Mapping[str, list[Grid]]:
    """Return the grids of each group; bands of ages are put together where none is missing."""
    bands: dict[tuple[str, int], Grid] = {}
    whole: list[Grid] = []
    for grid in grids:
        match = _BAND.search(grid.item.path.stem.casefold())
        if match is None:
            whole.append(grid)
        else:
            bands[match[1], int(match[2])] = grid
    groups = {"all": whole[:1]} if whole else {}
    for group, ages in (("60+", _OLD), ("65+", _OLD[1:])):
        for sexes in (("t",), ("f", "m")):
            wanted = [(sex, age) for age in ages for sex in sexes]
            if all(key in bands for key in wanted):
                groups[group] = [bands[key] for key in wanted]
                break
    return groups or {"all": list(grids[:1])}


def judge_extract(net: Net, *, on: bool) -> Block:
    """Return the part on the homes of an extract."""
    note = Note.of("init.demand_osm" if on else "init.demand_osm_spare", count=net.buildings)
    return Block("[demand]", (note,), (Key("source", "buildings"),), on)
