"""Counting a place once that is recorded twice, within a layer and between layers."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from circles.facilities.catalogue import load_catalogue
from circles.facilities.collected import OSM_ORIGIN, Collected
from circles.facilities.columns import AMOUNT_COLUMNS
from circles.facilities.duplicates import (
    NAMELESS_M,
    Likeness,
    Match,
    Pair,
    Sites,
    crowded,
    pairs_within,
    same_places,
    similar_places,
)
from circles.network import BoolArray, IntArray
from circles.tables import Fate, RowEvent
from circles.texts import Bilingual, Note

_AMOUNTS: Final = ("capacity", *AMOUNT_COLUMNS)
_EXAMPLES: Final = 5
_LONGEST: Final = 60


@dataclass(frozen=True)
class _Joined:
    """The facilities of several layers in the order in which they are kept.

    `order` leads from a row to its place in the layers put one after the other.
    """

    source: Sequence[Collected]
    facilities: gpd.GeoDataFrame
    records: pd.DataFrame
    layer: IntArray
    order: IntArray
    mapped: BoolArray
    ids: tuple[str, ...]
    names: tuple[str, ...]
    services: tuple[str, ...]
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, layers: Sequence[Collected], order: IntArray) -> "_Joined":
        frames = [layer.facilities for layer in layers if len(layer.facilities)]
        facilities = pd.concat(frames or [layers[0].facilities], ignore_index=True)
        records = pd.concat([layer.records for layer in layers], ignore_index=True)
        sizes = [len(layer.facilities) for layer in layers]
        layer = np.repeat(np.arange(len(layers)), sizes).astype(np.int64)[order]
        facilities = facilities.iloc[order].reset_index(drop=True)
        records = records.iloc[order].reset_index(drop=True)
        return cls(
            layers,
            facilities,
            records,
            layer,
            order,
            np.array([_is_map(layer) for layer in layers], dtype=bool)[layer],
            tuple(map(str, facilities["facility_id"])),
            tuple(map(str, facilities["name"])),
            tuple(map(str, facilities["service"])),
            tuple(map(int, records["row"])),
        )

    @property
    def several(self) -> bool:
        return len(self.source) > 1

    def event(self, row: int, fate: Fate, key: str, other: int, distance_m: float) -> RowEvent:
        """Make the entry on a row of a table that is like another record."""
        note = Note.of(
            f"facilities.{key}",
            other=self._called(other, seen_from=row),
            service=load_catalogue()[self.services[row]].name,
            distance_m=round(distance_m),
        )
        return RowEvent(self.numbers[row], fate, note)

    def _called(self, row: int, *, seen_from: int) -> Bilingual:
        """Return what a record is called in the ledger of another: by its row, or by its id."""
        name, number = self.names[row][:_LONGEST] or "—", self.numbers[row]
        source = self.source[self.layer[row]].ledger.source
        if self.layer[row] == self.layer[seen_from]:
            return Bilingual(zh=f"第{number}行“{name}”", en=f"row {number}, “{name}”")
        if self.mapped[row]:
            zh, en = f"{source} {self.ids[row]} “{name}”", f"{source} {self.ids[row]}, “{name}”"
            return Bilingual(zh=zh, en=en)
        zh, en = f"{source} 第{number}行“{name}”", f"row {number} of {source}, “{name}”"
        return Bilingual(zh=zh, en=en)


def without_second_records(layer: Collected, *, order: IntArray | None = None) -> Collected:
    """Count each place of a layer once; see `without_duplicates`.

    Parameters
    ----------
    layer
        The facilities of one layer.
    order
        Their positions in the order in which they are kept; by default that of the layer.
    """
    rows = np.arange(len(layer.facilities)) if order is None else order
    (alone,) = _merged([layer], rows.astype(np.int64))
    return alone


def without_duplicates(layers: Sequence[Collected]) -> list[Collected]:
    """Count a place once that several layers record, and list what may be such.

    Two records of one service and name within 50 m are one facility, and the first layer's is
    kept. A place from OpenStreetMap is left out, too, if a table has one of a similar name within
    100 m. What is alike less surely is counted and listed: similar names within 100 m, one address,
    telephone number or operator's code within 200 m, a mapped place without a name within 30 m.
    Different services at one place are different services, and no duplicates. What a record that
    is left out alone knows of how much the place holds is kept, if it is from a table.

    Parameters
    ----------
    layers
        Layers, each as it was collected, so that it has no second records of its own.

    Returns
    -------
    list of Collected
        The layers in their order, with the entries in their ledgers.
    """
    if not layers:
        return []
    sizes = [len(layer.facilities) for layer in layers]
    mapped = np.repeat([_is_map(layer) for layer in layers], sizes)
    return _merged(layers, np.argsort(mapped, kind="stable").astype(np.int64))


def _is_map(layer: Collected) -> bool:
    return layer.ledger.source == OSM_ORIGIN


def _merged(layers: Sequence[Collected], order: IntArray) -> list[Collected]:
    joined = _Joined.of(layers, order)
    sites = Sites.of(joined.facilities, joined.records)
    dropped, doubtful = _found(joined, sites)
    facilities, events = _with_amounts(joined, dropped)
    events += [*_told_dropped(joined, dropped), *_told_doubtful(joined, doubtful)]
    facts = _told_mapped(joined, dropped)
    if not joined.several and (crowd := crowded(sites)):
        facts.append((0, Note.of("facilities.crowded", count=crowd)))
    pairs = [(match, True) for match in dropped] + [(match, False) for match in doubtful]
    return [
        _layer(joined, facilities, number, dropped, pairs, events, facts)
        for number in range(len(layers))
    ]


def _found(joined: _Joined, sites: Sites) -> tuple[list[Match], list[Match]]:
    """Return the pairs of which the second is left out, and those that are only listed."""
    dropped = same_places(sites)
    gone = {match.second for match in dropped}
    left = ~np.isin(np.arange(len(sites)), list(gone))
    similar = [match for match in similar_places(sites, among=left) if _compared(joined, match)]
    for match in similar:
        if _mapped_again(joined, match) and match.second not in gone:
            dropped.append(match)
            gone.add(match.second)
    if joined.several:
        similar += _nameless(joined, sites)
    return dropped, [match for match in similar if not {match.first, match.second} & gone]


def _compared(joined: _Joined, match: Match) -> bool:
    """Whether a pair is of two facilities and, of several layers, has not been looked at before."""
    apart = joined.layer[match.first] != joined.layer[match.second]
    return bool(apart) == joined.several and joined.ids[match.first] != joined.ids[match.second]


def _mapped_again(joined: _Joined, match: Match) -> bool:
    later = joined.mapped[match.second] and not joined.mapped[match.first]
    return bool(later) and match.likeness is Likeness.SIMILAR_NAME


def _nameless(joined: _Joined, sites: Sites) -> Iterator[Match]:
    """Yield the mapped places without a name that lie at one of a table."""
    first, second, length_m = pairs_within(sites.place_m, NAMELESS_M)
    same = sites.service[first] == sites.service[second]
    kept = same & ~joined.mapped[first] & joined.mapped[second]
    rows = zip(first[kept].tolist(), second[kept].tolist(), length_m[kept].tolist(), strict=True)
    for table_row, map_row, distance_m in rows:
        if not sites.name[map_row]:
            yield Match(table_row, map_row, Likeness.NAMELESS, distance_m)


def _with_amounts(
    joined: _Joined, dropped: Sequence[Match]
) -> tuple[gpd.GeoDataFrame, list[tuple[int, RowEvent]]]:
    """Fill what kept records do not say from those of tables that are left out."""
    values = {name: joined.facilities[name].to_numpy(dtype=float).copy() for name in _AMOUNTS}
    events = []
    for match in dropped:
        if joined.mapped[match.second] and not joined.mapped[match.first]:
            continue
        for column, known in values.items():
            kept, other = known[match.first], known[match.second]
            if np.isnan(other) or kept == other:
                continue
            key = "amount_filled" if np.isnan(kept) else "amounts_differ"
            if np.isnan(kept):
                known[match.first] = other
            if column != "capacity" and not joined.mapped[match.first]:
                fate = Fate.REPAIRED if np.isnan(kept) else Fate.DOUBTFUL
                entry = joined.event(match.first, fate, key, match.second, match.distance_m)
                events.append((int(joined.layer[match.first]), entry))
    return joined.facilities.assign(**values), events


def _told_dropped(joined: _Joined, dropped: Sequence[Match]) -> list[tuple[int, RowEvent]]:
    """Return the entries on rows that are left out; one may be used for a further service."""
    gone = {match.second for match in dropped}
    left: dict[tuple[int, str], int] = defaultdict(int)
    for row, place in enumerate(zip(joined.layer.tolist(), joined.ids, strict=True)):
        left[place] += row not in gone
    events = []
    for match in dropped:
        layer = int(joined.layer[match.second])
        if joined.mapped[match.second]:
            continue
        used = left[layer, joined.ids[match.second]] > 0
        fate, key = (Fate.DOUBTFUL, "same_service") if used else (Fate.SET_ASIDE, "same_place")
        entry = joined.event(match.second, fate, key, match.first, match.distance_m)
        events.append((layer, entry))
    return events


def _told_doubtful(joined: _Joined, doubtful: Sequence[Match]) -> list[tuple[int, RowEvent]]:
    """Return the entries on rows that may be the place of another, which are counted."""
    events = []
    for match in doubtful:
        rows = [match.second, match.first]
        told, other = rows if not joined.mapped[match.second] else reversed(rows)
        if not joined.mapped[told]:
            key = match.likeness.value
            entry = joined.event(told, Fate.DOUBTFUL, key, other, match.distance_m)
            events.append((int(joined.layer[told]), entry))
    return events


def _told_mapped(joined: _Joined, dropped: Sequence[Match]) -> list[tuple[int, Note]]:
    """Say of a map, which has no rows, how many of its places are left out."""
    facts = []
    key = "facilities.map_again" if joined.several else "facilities.map_twins"
    for number, layer in enumerate(joined.source):
        ids = sorted(
            joined.ids[match.second]
            for match in dropped
            if joined.layer[match.second] == number and joined.mapped[match.second]
        )
        if ids:
            note = Note.of(
                key, count=len(ids), source=layer.ledger.source, examples=tuple(ids[:_EXAMPLES])
            )
            facts.append((number, note))
    return facts


def _layer(
    joined: _Joined,
    facilities: gpd.GeoDataFrame,
    number: int,
    dropped: Sequence[Match],
    pairs: Sequence[tuple[Match, bool]],
    events: Collection[tuple[int, RowEvent]],
    facts: Collection[tuple[int, Note]],
) -> Collected:
    """Return one layer without what is left out, in its own order."""
    gone = [match.second for match in dropped]
    rows = np.flatnonzero(joined.layer == number)
    rows = rows[np.argsort(joined.order[rows], kind="stable")]
    left = rows[~np.isin(rows, gone)]
    old = joined.source[number]
    table = facilities.iloc[left].reset_index(drop=True)
    mine = tuple(
        _pair(joined, match, certain=certain)
        for match, certain in pairs
        if joined.layer[match.second] == number
    )
    ledger = old.ledger.adding(
        dict.fromkeys(event for layer, event in events if layer == number),
        [note for layer, note in facts if layer == number],
    )
    if _is_map(old):
        ledger = replace(ledger, read=int(table["facility_id"].nunique()))
    return replace(
        old,
        facilities=table,
        records=joined.records.iloc[left].reset_index(drop=True),
        twins=old.twins + len(rows) - len(left),
        ledger=ledger,
        pairs=(*old.pairs, *mine),
    )


def _pair(joined: _Joined, match: Match, *, certain: bool) -> Pair:
    return Pair(
        joined.ids[match.first],
        joined.ids[match.second],
        joined.services[match.second],
        match.likeness,
        match.distance_m,
        certain,
    )
