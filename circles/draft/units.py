"""Layers of the units above communities: streets and districts."""

import re
from pathlib import Path
from typing import Final

from circles.communities import Communities
from circles.draft.columns import level_of, name_column
from circles.draft.communities import Chosen
from circles.draft.facilities import folded_title
from circles.draft.items import Item
from circles.draft.lines import Block, Key
from circles.draft.verdicts import Role, Verdict, source_keys
from circles.tables import match_columns
from circles.texts import Note

_TITLES: Final = (
    ("street", re.compile(r"街道|街镇|镇街|乡镇|subdistrict|township|\btowns?\b")),
    ("district", re.compile(r"区县|行政区|区界|district|municipal|county|borough")),
)
#: So many of the communities must lie in a layer of the units above them.
_HOLDS: Final = 0.5


def judge_units(item: Item, folder: Path, chosen: Chosen | None) -> Verdict | None:
    """Say which level of units a layer of larger areas is; None if it is no such layer."""
    name = name_column(item.rows)
    if chosen is None or chosen.communities is None or name is None:
        return None
    if not _lies_above(item, chosen.communities):
        return None
    level = level_of(item.rows[name])
    if level not in {"street", "district"}:
        title = folded_title(item)
        level = next((one for one, words in _TITLES if words.search(title)), None)
    # Of one area every column of words may be the name.
    sure = len(item.rows) > 1 or "name" in match_columns(item.rows, ("name",)).columns
    known = level is not None and level not in chosen.units and sure
    why = [Note.of("init.units", file=item.label, count=len(item.rows))]
    if level is None:
        why.append(Note.of("init.units_unclear"))
    elif level not in chosen.units and not sure:
        why.append(Note.of("init.units_name", column=name))
    elif not known:
        why.append(Note.of("init.units_given"))
    shown = level or "district"
    keys = (*source_keys(item, folder), Key("name", name))
    block = Block(f"[communities.{shown}]", tuple(why), keys, known)
    return Verdict(item, Role.UNITS, block, (Note.of("init.told_units", count=len(item.rows)),))


def _lies_above(item: Item, communities: Communities) -> bool:
    """Tell whether areas are fewer and larger than the communities, most of which lie in them."""
    table = communities.table
    if len(item.rows) * 2 > len(table):
        return False
    inside = table.geometry.representative_point().to_crs(item.places.crs)
    outlines = item.places[item.places.geometry.notna()]
    held = outlines.sindex.query(inside, predicate="intersects")[0]
    return len(set(held.tolist())) >= _HOLDS * len(table)
