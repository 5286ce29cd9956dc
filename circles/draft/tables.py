"""Second tables: rows of figures about communities that are found again by code or name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from circles.communities import Communities, TableColumns, join_tables
from circles.draft.columns import people_of, unit_columns
from circles.draft.items import Item
from circles.draft.lines import Block, Key
from circles.draft.verdicts import Role, Verdict, people_keys, source_keys
from circles.errors import CirclesError
from circles.tables import match_columns
from circles.texts import Note

#: A table is one of communities if so many of its rows are about known ones.
_JOINED: Final = 0.5


@dataclass(frozen=True)
class Join:
    """How a table's rows are found among the communities.

    Parameters
    ----------
    id, name
        The columns by which they are.
    joined
        How many communities got a row.
    several
        Whether some got more than one.
    left
        How many rows are about none that is known.
    """

    id: str | None
    name: str | None
    joined: int
    several: bool
    left: int


def join_of(item: Item, communities: Communities) -> Join | None:
    """Find the columns by which most rows of a table are found among the communities."""
    found = match_columns(item.rows, ("id", "name")).columns
    other = match_columns(item.rows, ("community",)).columns
    ways = [
        (found.get("id"), None),
        (None, other.get("community")),
        (None, found.get("name")),
    ]
    joins = [_tried(item, communities, id_, name) for id_, name in ways if id_ or name]
    known = [join for join in joins if join is not None]
    best = max(known, key=lambda join: join.joined - join.left, default=None)
    if best is None or best.left > (1 - _JOINED) * len(item.rows) or not best.joined:
        return None
    return best


def _tried(item: Item, communities: Communities, id_: str | None, name: str | None) -> Join | None:
    table = communities.table.drop(columns="geometry")
    columns = TableColumns(id=id_, name=name, several="sum")
    frame = item.rows if item.loaded is None else item.places.drop(columns="geometry")
    try:
        report = join_tables(table, frame, columns=columns, where=item.label).report
    except CirclesError:
        return None
    joined, left = sum(report.joined.values()), len(report.unjoined_rows)
    return Join(id_, name, joined, report.ledger.used > joined + left, left)


def judge_table(
    item: Item, folder: Path, join: Join, wanted: tuple[str, ...], given: frozenset[str]
) -> Verdict:
    """Say how a second table on communities is read.

    Parameters
    ----------
    item
        The table.
    folder
        Where the project file will stand.
    join
        How its rows are found.
    wanted
        The groups of residents that the standard asks for.
    given
        What other tables count already, groups and ``households``; nothing may be given twice.
    """
    people = people_of(item.rows, wanted)
    keys = source_keys(item, folder)
    if join.id is not None:
        keys.append(Key("id", join.id, Note.of("init.table_id", count=join.joined)))
    if join.name is not None:
        keys.append(Key("name", join.name, Note.of("init.table_name", count=join.joined)))
    units = unit_columns(item.rows) if join.name is not None else {}
    keys += [
        Key(level, units[level], Note.of("init.table_unit"))
        for level in ("street", "district")
        if level in units
    ]
    if people.households:
        on = "households" not in given
        note = Note.of("init.households" if on else "init.given_already")
        keys.append(Key("households", people.households, note, on))
    new = {group: columns for group, columns in people.groups.items() if group not in given}
    keys += people_keys(new, Note.of("init.population"))
    again = {group: columns for group, columns in people.groups.items() if group in given}
    for key in people_keys(again, Note.of("init.given_already")):
        keys.append(Key(key.name, key.value, key.why, on=False))
    if join.several:
        keys.append(Key("several_rows", "sum", Note.of("init.several_rows"), on=False))
    why = [Note.of("init.table", file=item.label, count=len(item.rows))]
    if join.left:
        why.append(Note.of("init.table_left", count=join.left))
    why += [Note.of("init.faulty_column", column=c, rows=rows) for c, rows in people.faulty]
    on = bool(new) or (people.households is not None and "households" not in given)
    block = Block("[[communities.tables]]", tuple(why), tuple(keys), on)
    return Verdict(item, Role.TABLE, block, (Note.of("init.told_table", count=join.joined),))
