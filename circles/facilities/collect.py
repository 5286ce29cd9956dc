"""Facilities from tables, one row a facility and service."""

import difflib
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from circles.crs import WGS84, require_crs
from circles.errors import FaultsError, InputError
from circles.facilities.amounts import (
    Amounts,
    amount_column,
    first_known,
    read_amounts,
    usual_amounts,
)
from circles.facilities.catalogue import (
    load_catalogue,
    no_such_service,
    require_services,
    service_named,
)
from circles.facilities.classify import (
    SEPARATORS,
    Classification,
    Said,
    Where,
    said_by_name,
    said_by_type,
)
from circles.facilities.collected import (
    Collected,
    Unclassified,
    made_facilities,
    made_records,
    record_of,
)
from circles.facilities.columns import (
    ADDRESS_COLUMNS,
    CODE_COLUMNS,
    HOURS_COLUMNS,
    MEANINGS,
    NAME_COLUMNS,
    PHONE_COLUMNS,
    SERVES,
    TYPE_COLUMNS,
    usual_column,
)
from circles.facilities.confirming import Confirmed, confirmed_services
from circles.facilities.merging import without_second_records
from circles.facilities.running import running
from circles.hours import open_until
from circles.tables import (
    Fate,
    Ledger,
    RowEvent,
    as_text,
    find_column,
    rows_in_words,
)
from circles.tables.ledger import doubtful, set_aside
from circles.texts import Bilingual, Note

#: Any time of day does to tell whether opening hours can be read.
_NOON: Final = "12:00"
_LONGEST: Final = 60
#: What stands for a capacity that no column gives without saying of what.
_HELD: Final = ("seats", "places", "beds")


@dataclass(frozen=True)
class _Columns:
    """The columns of a layer that say words; None where there is none."""

    name: str | None
    kind: str | None
    serves: str | None
    hours: str | None
    address: str | None
    phone: str | None
    code: str | None

    @classmethod
    def of(
        cls,
        frame: gpd.GeoDataFrame,
        origin: str,
        *,
        name: str | None,
        kind: str | None,
        columns: Mapping[str, str],
    ) -> "_Columns":
        return cls(
            usual_column(frame, NAME_COLUMNS)
            if name is None
            else find_column(frame, name, where=origin),
            None if kind is None else find_column(frame, kind, where=origin),
            amount_column(frame, SERVES, columns, origin=origin),
            usual_column(frame, HOURS_COLUMNS),
            usual_column(frame, ADDRESS_COLUMNS),
            usual_column(frame, PHONE_COLUMNS),
            usual_column(frame, CODE_COLUMNS),
        )

    def by_meaning(self) -> Iterator[tuple[str, str]]:
        """Yield what the columns say and which they are."""
        told = {
            "name": self.name,
            "type": self.kind,
            SERVES: self.serves,
            "hours": self.hours,
            "address": self.address,
            "phone": self.phone,
            "code": self.code,
        }
        for meaning, column in told.items():
            if column is not None:
                yield meaning, column


@dataclass(frozen=True)
class _Record:
    """One row: what it is called, its type, and what both say of its services."""

    row: int
    name: str
    kind: str
    said: Said
    confirmed: Confirmed

    @property
    def services(self) -> tuple[Classification, ...]:
        said = {found.service: found for found in self.said.services}
        return (*said.values(), *(f for f in self.confirmed.services if f.service not in said))


def facilities_from_table(
    frame: gpd.GeoDataFrame,
    *,
    origin: str,
    service: str | None = None,
    service_column: str | None = None,
    name_column: str | None = None,
    columns: Mapping[str, str] = MappingProxyType({}),
    ledger: Ledger | None = None,
) -> Collected:
    """Collect the facilities of a layer.

    A row of which nobody can say what service it offers, or where it is, is set aside; so is the
    second record of one place (see `circles.facilities.without_duplicates`). How each service is
    known, what was repaired and what leaves a doubt is listed by row.

    Parameters
    ----------
    frame
        The layer; its index are the row numbers of its file. Polygons become a point in them.
    origin
        Where the layer is from: the file's name.
    service
        The service of every row; nothing else is then read from names and types.
    service_column
        The column that says each row's service: by id, by name, or in words that the catalogue
        knows; several may be separated by ``;``, ``、`` or ``/``. Without it and `service` it is
        found by its usual names. Where it says nothing that is known, the facility's name decides.
    name_column
        The column of the facilities' names; by default found by its usual names.
    columns
        The columns of `places`, `seats`, `beds`, `area_m2` and `serves`; by default found by
        their usual names.
    ledger
        The books of the layer so far, to which entries are added.

    Raises
    ------
    InputError
        A column is not there, both `service` and `service_column` are given, the layer has no
        CRS, or its index are not row numbers.
    FaultsError
        A service is not in the catalogue; every such row is named.
    """
    if service is not None and service_column is not None:
        message = f"{origin}: give either the service or the column that says it, not both"
        raise InputError(message)
    if not (frame.index.is_unique and pd.api.types.is_integer_dtype(frame.index)):
        message = f"{origin}: the layer's index must be row numbers, each of them once"
        raise InputError(message)
    if service is not None:
        require_services([service], where=origin)
    kind = service_column or (None if service else usual_column(frame, TYPE_COLUMNS))
    told = _Columns.of(frame, origin, name=name_column, kind=kind, columns=columns)
    books = ledger or Ledger(origin, len(frame))
    state = running(
        frame,
        name=told.name,
        kind=told.kind,
        beside=set(columns.values()),
        sections=_sections(books),
    )
    frame = frame[~frame.index.isin(state.shut)]
    records = _records(frame, told, service)
    if service_column is not None:
        _refuse_misspelt(records, origin)
    amounts = read_amounts(frame, columns, origin=origin)
    layer = _collected(require_crs(frame, origin), records, told, amounts, columns, origin)
    lost = set(layer.unlocated) - set(books.rows(Fate.SET_ASIDE))
    events = [
        *state.events,
        *amounts.events,
        *(_doubts(records) if service is None else _of_others(frame, told, service)),
        *set_aside(sorted(lost), Note.of("facilities.unlocated")),
        *_unread_hours(frame, told),
    ]
    facts = [_told_columns(told, amounts, state.columns), *amounts.facts]
    if service is None and told.name is None and told.kind is None:
        there = tuple(str(column) for column in frame.columns if column != frame.geometry.name)
        facts.append(Note.of("facilities.no_words", columns=there[:20]))
    facts += _unconfirmed(records) if service is None else _ignored(frame, told, service)
    told_all = books.adding(events, [fact for fact in facts if fact is not None])
    return without_second_records(replace(layer, ledger=told_all))


def _sections(books: Ledger) -> dict[int, str]:
    """Return the headings that stand between the rows of a table, by row number."""
    found = (event for event in books.events if event.note.key == "reading.section_row")
    return {event.row: str(dict(event.note.values)["text"]) for event in found}


def _records(frame: gpd.GeoDataFrame, told: _Columns, service: str | None) -> list[_Record]:
    names, kinds = _cells(frame, told.name), _cells(frame, told.kind)
    if service is not None:
        said = Said((Classification(service, service, "", Where.LAYER),))
        return [_Record(row, name, "", said, Confirmed()) for row, name in names.items()]
    all_said = [_said(kinds[row], name) for row, name in names.items()]
    confirmed = confirmed_services(frame, all_said, beside={told.name, told.kind})
    return [
        _Record(row, name, kinds[row], said, more)
        for (row, name), said, more in zip(names.items(), all_said, confirmed, strict=True)
    ]


def _said(kind: str, name: str) -> Said:
    """Return what a type says, or, if it says nothing, what the name says."""
    by_type = said_by_type(kind) if kind else Said()
    return by_type if by_type.services else said_by_name(name)


def _cells(frame: gpd.GeoDataFrame, column: str | None) -> dict[int, str]:
    """Return a column's text by row number; without a column every cell is empty."""
    cells = [""] * len(frame) if column is None else as_text(frame[column])
    return {int(row): cell or "" for row, cell in zip(frame.index, cells, strict=True)}


def _refuse_misspelt(records: Sequence[_Record], origin: str) -> None:
    """Refuse words that are nearly the id of a service; they were meant to be one."""
    ids = list(load_catalogue())
    rows: dict[str, list[int]] = defaultdict(list)
    for record in records:
        for word in SEPARATORS.split(record.kind):
            if word.isascii() and service_named(word) is None:
                rows[word.strip()].append(record.row)
    faults = [
        f"{rows_in_words(where)}: {no_such_service(word)}"
        for word, where in rows.items()
        if difflib.get_close_matches(word, ids, n=1, cutoff=0.8)
    ]
    if faults:
        raise FaultsError(origin, faults)


def _collected(
    frame: gpd.GeoDataFrame,
    records: Sequence[_Record],
    told: _Columns,
    amounts: Amounts,
    columns: Mapping[str, str],
    origin: str,
) -> Collected:
    """Return the facilities of a layer as its rows have them, second records and all."""
    points = _points(frame)
    serves, hours = _cells(frame, told.serves), _cells(frame, told.hours)
    contacts = {
        key: _cells(frame, column)
        for key, column in (
            ("address", told.address),
            ("phone", told.phone),
            ("code", told.code),
        )
    }
    capacities = first_known([amounts.unsaid, *(amounts.held[kind] for kind in _HELD)])
    rows, beside = [], []
    for place, record in enumerate(records):
        if record.row not in points:
            continue
        for found in record.services:
            rows.append(
                {
                    "facility_id": f"{origin}:{record.row}",
                    "name": record.name,
                    "service": found.service,
                    "origin": origin,
                    "capacity": capacities[place],
                    **_held(amounts, place, found.service, columns),
                    SERVES: serves[record.row] or None,
                    "opening_hours": hours[record.row] or None,
                    "geometry": points[record.row],
                }
            )
            known = {key: cells[record.row] or None for key, cells in contacts.items()}
            beside.append(record_of(found, row=record.row, **known))
    return Collected(
        made_facilities(rows),
        tuple(
            Unclassified(record.row, " ".join(filter(None, (record.kind, record.name))))
            for record in records
            if not record.services
        ),
        tuple(record.row for record in records if record.row not in points),
        records=made_records(beside),
    )


def _held(
    amounts: Amounts, place: int, service: str, columns: Mapping[str, str]
) -> dict[str, float]:
    """Return what a facility holds; a capacity that does not say what it counts comes second.

    Places for children under three (托位) are not those of a kindergarten's own children.
    """
    said = {kind: float(values[place]) for kind, values in amounts.held.items()}
    if service == "kindergarten" and "托" in amounts.columns.get("places", ""):
        said["places"] = said["places"] if "places" in columns else math.nan
    usual = usual_amounts(service, float(amounts.unsaid[place]))
    return {kind: usual[kind] if math.isnan(value) else value for kind, value in said.items()}


def _points(frame: gpd.GeoDataFrame) -> dict[int, shapely.Point]:
    """Return a point in each place, in EPSG:4326, by row number."""
    places = frame.geometry[~(frame.geometry.isna() | frame.geometry.is_empty)]
    points = places.representative_point().to_crs(WGS84)
    return {int(row): point for row, point in points.items()}


# ---- the books -----------------------------------------------------------------------------------


def _doubts(records: Sequence[_Record]) -> Iterator[RowEvent]:
    """Yield the entries on rows whose services are not known, or not for certain."""
    for record in records:
        text = " ".join(filter(None, (record.kind, record.name)))[:_LONGEST]
        if not record.services:
            key = "facilities.unclassified" if text else "facilities.unnamed"
            values = {"text": text} if text else {}
            yield from set_aside([record.row], Note.of(key, **values))
            continue
        by_name = [f.service for f in record.said.services if f.where is Where.NAME]
        given = {found.service for found in record.services}
        unsure = [f.service for f in record.said.unsure if f.service not in given]
        if len(by_name) > 1:
            note = Note.of("facilities.several", text=text, services=_names(by_name))
            yield from doubtful([record.row], note)
        if unsure:
            note = Note.of("facilities.mentioned", text=text, services=_names(unsure))
            yield from doubtful([record.row], note)
        for column, cell in record.confirmed.unclear:
            note = Note.of("facilities.confirm_unclear", column=column, cell=cell[:_LONGEST])
            yield from doubtful([record.row], note)


def _of_others(frame: gpd.GeoDataFrame, told: _Columns, service: str) -> Iterator[RowEvent]:
    """Yield the entries on rows that speak of another service than the one of the whole layer."""
    kind = usual_column(frame, TYPE_COLUMNS)
    names, kinds = _cells(frame, told.name), _cells(frame, kind)
    ours = load_catalogue()[service]
    for row, name in names.items():
        said = _said(kinds[row], name)
        theirs = [found.service for found in said.services]
        mentioned = (*said.services, *said.unsure, *said_by_name(name).services)
        if theirs and service not in {found.service for found in mentioned}:
            text = " ".join(filter(None, (kinds[row], name)))[:_LONGEST]
            key, others = "facilities.not_of_layer", _names(theirs)
            yield from doubtful([row], Note.of(key, service=ours.name, text=text, said=others))


def _unread_hours(frame: gpd.GeoDataFrame, told: _Columns) -> list[RowEvent]:
    """Return the entries on rows whose opening hours cannot be read, with one note for all."""
    rows = [
        row
        for row, text in _cells(frame, told.hours).items()
        if text and open_until(text, _NOON) is None
    ]
    return doubtful(rows, Note.of("facilities.hours_unread", column=told.hours or ""))


def _told_columns(told: _Columns, amounts: Amounts, states: Sequence[str]) -> Note | None:
    """Return the entry on which column says what."""
    pairs = [*told.by_meaning(), *amounts.columns.items(), *(("state", c) for c in states)]
    if not pairs:
        return None
    words = tuple(
        Bilingual(zh=f"{MEANINGS[meaning].zh}：{column}", en=f"{MEANINGS[meaning].en}: {column}")
        for meaning, column in pairs
    )
    return Note.of("facilities.columns", columns=words)


def _unconfirmed(records: Sequence[_Record]) -> Iterator[Note]:
    """Yield what places of a kind often offer besides, and nothing in the layer says."""
    catalogue = load_catalogue()
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for record in records:
        given = {found.service for found in record.services}
        for found in record.said.services:
            for other in catalogue[found.service].also:
                if other not in given | record.confirmed.denied:
                    counts[found.service, other] += 1
    for (kind, other), count in counts.items():
        yield Note.of(
            "facilities.also_unsaid",
            count=count,
            kind=catalogue[kind].name,
            other=catalogue[other].name,
        )


def _ignored(frame: gpd.GeoDataFrame, told: _Columns, service: str) -> Iterator[Note]:
    """Yield what a column says of a further service in a layer that was said to have one only."""
    said = [Said((Classification(service, service, "", Where.LAYER),))] * len(frame)
    counts = Counter(
        found.service
        for row in confirmed_services(frame, said, beside={told.name})
        for found in row.services
    )
    catalogue = load_catalogue()
    for other, count in counts.items():
        kind, name = catalogue[service].name, catalogue[other].name
        yield Note.of("facilities.also_ignored", count=count, kind=kind, other=name)


def _names(services: Sequence[str]) -> tuple[Bilingual, ...]:
    return tuple(load_catalogue()[service].name for service in services)
