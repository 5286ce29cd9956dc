"""What each of some files is in one project, judged beside the others."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from circles.communities import Communities
from circles.draft.columns import name_column, people_of, unit_columns
from circles.draft.communities import Chosen, judge_communities, likeliest
from circles.draft.demand import (
    counts_people,
    is_addresses,
    is_buildings,
    judge_addresses,
    judge_buildings,
    judge_grids,
    judge_people,
)
from circles.draft.evidence import Witnesses, crs_keys
from circles.draft.facilities import ENOUGH, Offer, judge_facilities, offer_of
from circles.draft.grids import Grid, GridKind, look_at_grids
from circles.draft.items import Item, Kind, Unread
from circles.draft.lines import Block, Key
from circles.draft.streets import Net, best_net, judge_nets, read_nets
from circles.draft.tables import join_of, judge_table
from circles.draft.units import judge_units
from circles.draft.verdicts import Role, Verdict, path_text, source_keys
from circles.inputs.columns import groups_of
from circles.osm import Box
from circles.standards import Standard
from circles.tables import as_text
from circles.texts import Note

#: A residents' committee is a service, and also what communities are called.
_COMMITTEE: Final = "committee"


@dataclass(frozen=True)
class Judged:
    """What the files of a project were taken for.

    Parameters
    ----------
    verdicts
        One for each item, in the order in which the project file has them.
    unread
        What could not be read.
    chosen
        The communities; None where no file holds them.
    net
        The street network that is taken, if there is one.
    """

    verdicts: tuple[Verdict, ...]
    unread: tuple[Unread, ...]
    chosen: Chosen | None
    net: Net | None

    def of(self, *roles: Role) -> list[Verdict]:
        """Return the verdicts of some roles."""
        return [verdict for verdict in self.verdicts if verdict.role in roles]


@dataclass
class _Bench:
    """The judge at work: what is known so far."""

    folder: Path
    wanted: tuple[str, ...]
    chosen: Chosen | None
    witnesses: Witnesses
    given: set[str] = field(default_factory=set)


def judge_items(items: Sequence[Item], folder: Path, standard: Standard) -> Judged:
    """Judge every item in the light of the others.

    Parameters
    ----------
    items
        What `circles.draft.items.open_items` found.
    folder
        Where the project file will stand.
    standard
        What is asked for decides which residents are looked for.
    """
    wanted = groups_of(standard)
    nets, unread = read_nets([item for item in items if item.kind is Kind.STREETS])
    grids, more = look_at_grids([item for item in items if item.kind is Kind.GRID])
    areas = [item for item in items if item.kind is Kind.AREAS and not is_buildings(item)]
    offers = {item: offer_of(item) for item in items if item.kind in (Kind.POINTS, Kind.TABLE)}
    offers |= {item: offer for item in areas if _offers(offer := offer_of(item))}
    who = likeliest([item for item in areas if item not in offers], wanted)
    chosen = None if who is None else judge_communities(who, folder, standard, wanted)
    communities = None if chosen is None else chosen.communities
    around = None if communities is None else _box(communities)
    net = best_net(nets, around)
    bench = _Bench(folder, wanted, chosen, Witnesses(communities, net))
    bench.given = set() if chosen is None else set(chosen.groups)
    heights = [grid for grid in grids if grid.kind is GridKind.HEIGHTS]
    verdicts = judge_nets(nets, net, around, folder, _elevation_key(heights, folder))
    verdicts += _heights(heights, folder, net)
    verdicts += [_unclear(grid, folder) for grid in grids if grid.kind is GridKind.UNCLEAR]
    verdicts += [] if chosen is None else [chosen.verdict]
    rest = [item for item in items if item is not who]
    verdicts += [_judge(item, offers.get(item), bench) for item in rest if item.frame is not None]
    verdicts += judge_grids([grid for grid in grids if grid.kind is GridKind.PEOPLE], folder)
    return Judged(tuple(_one_demand(verdicts)), (*unread, *more), chosen, net)


def _box(communities: Communities) -> Box:
    west, south, east, north = map(float, communities.table.total_bounds)
    return (west, south, east, north)


def _offers(offer: Offer) -> bool:
    """Tell whether areas are facilities: their rows say services, and not those of communities."""
    others = {service: n for service, n in offer.counts.items() if service != _COMMITTEE}
    return offer.used >= ENOUGH and sum(others.values()) * 2 > sum(offer.counts.values())


def _judge(item: Item, offer: Offer | None, bench: _Bench) -> Verdict:
    if item.kind is Kind.AREAS and offer is None:
        return _judge_areas(item, bench)
    crs = crs_keys(item, bench.witnesses)
    if item.kind is Kind.LINES or offer is None:
        return _unused(item, Note.of("init.lines", file=item.label), bench)
    told = offer.used >= ENOUGH if item.kind is Kind.TABLE else offer.known
    if not told and people_of(item.rows, bench.wanted):
        found = _judge_figures(item, bench, crs)
        if found is not None:
            return found
    if item.kind is Kind.POINTS and is_addresses(item) and not offer.known:
        return judge_addresses(item, bench.folder, crs)
    if item.kind is Kind.TABLE and not offer.known and name_column(item.rows) is None:
        reason = item.trouble or ""
        note = Note.of("init.table_unknown", file=item.label)
        trouble = [Note.of("init.no_places", reason=reason)] if reason else []
        return _unused(item, note, bench, *trouble)
    return judge_facilities(item, bench.folder, offer, crs)


def _judge_areas(item: Item, bench: _Bench) -> Verdict:
    if is_buildings(item):
        return judge_buildings(item, bench.folder)
    units = judge_units(item, bench.folder, bench.chosen)
    if units is not None:
        return units
    if counts_people(item, bench.wanted):
        return judge_people(item, bench.folder, bench.wanted, ())
    return _unused(item, Note.of("init.areas_spare", file=item.label, count=len(item.rows)), bench)


def _judge_figures(item: Item, bench: _Bench, crs: tuple[Key, ...]) -> Verdict | None:
    """Judge a table that counts residents: of known communities, or where they live."""
    communities = None if bench.chosen is None else bench.chosen.communities
    join = None if communities is None else join_of(item, communities)
    if join is not None:
        verdict = judge_table(item, bench.folder, join, bench.wanted, frozenset(bench.given))
        if verdict.used:
            bench.given |= set(people_of(item.rows, bench.wanted).groups)
        return verdict
    if item.kind is Kind.POINTS and counts_people(item, bench.wanted):
        return judge_people(item, bench.folder, bench.wanted, crs)
    if item.kind is Kind.TABLE and item.trouble is None:
        note = Note.of("init.table_unjoined", file=item.label, count=len(item.rows))
        return _unused(item, note, bench, header="[[communities.tables]]")
    return None


def _unused(item: Item, note: Note, bench: _Bench, *more: Note, header: str = "") -> Verdict:
    keys = source_keys(item, bench.folder) if header else []
    block = Block(header, (note, *more), tuple(keys), on=False)
    return Verdict(item, Role.UNUSED, block, (Note.of("init.told_unused"),))


def _elevation_key(heights: Sequence[Grid], folder: Path) -> list[Key]:
    if not heights:
        return []
    first = heights[0]
    note = Note.of("init.elevation", file=first.item.label)
    return [Key("elevation", path_text(first.item.path, folder), note)]


def _heights(heights: Sequence[Grid], folder: Path, net: Net | None) -> list[Verdict]:
    """Return what is told of grids of heights; the first is a key of the network's table."""
    verdicts = []
    for number, grid in enumerate(heights):
        on = number == 0 and net is not None
        why = () if on else (Note.of("init.elevation_spare", file=grid.item.label),)
        keys = () if on else (Key("elevation", path_text(grid.item.path, folder)),)
        verdicts.append(Verdict(grid.item, Role.ELEVATION, Block("", why, keys, on), (grid.why,)))
    return verdicts


def _unclear(grid: Grid, folder: Path) -> Verdict:
    path = path_text(grid.item.path, folder)
    keys = (
        Key("elevation", path, Note.of("init.if_heights")),
        Key("rasters", {"all": path}, Note.of("init.if_people")),
    )
    why = (Note.of("init.grid_asked", file=grid.item.label), grid.why)
    return Verdict(grid.item, Role.UNUSED, Block("", why, keys, on=False), (grid.why,))


def _one_demand(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Comment out all but the first table on where people live; people come before buildings."""
    order = sorted(
        (verdict for verdict in verdicts if verdict.role is Role.DEMAND and verdict.block.header),
        key=lambda verdict: not _counts(verdict),
    )
    first = next((verdict for verdict in order if verdict.block.on), None)
    return [
        replace(verdict, block=replace(verdict.block, on=False))
        if verdict in order and verdict is not first
        else verdict
        for verdict in verdicts
    ]


def _counts(verdict: Verdict) -> bool:
    return any(key.name in {"population", "rasters"} for key in verdict.block.keys)


def name_of(judged: Judged, folder: Path) -> str:
    """Return the name of a project that nobody named: its city's or district's, or the folder's."""
    if judged.chosen is not None:
        rows = judged.chosen.verdict.item.rows
        for level in ("district", "city"):
            column = unit_columns(rows).get(level)
            words = set() if column is None else set(as_text(rows[column]).dropna())
            if len(words) == 1 and (word := words.pop()) and word.isprintable():
                return str(word)
    name = "".join(
        c for c in folder.absolute().name if c.isprintable() and not "\ud800" <= c <= "\udfff"
    )
    return name or "circles"
