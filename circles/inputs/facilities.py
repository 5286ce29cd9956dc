"""The facilities of a run: the layers that its project names, from files and from the extract."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from circles.communities import Communities
from circles.crs import WGS84, box_text
from circles.errors import InputError
from circles.facilities import (
    Collected,
    facilities_from_osm,
    facilities_from_table,
    load_catalogue,
    without_duplicates,
)
from circles.inputs.layers import enough_used, read_places
from circles.inputs.naming import communities_named_by
from circles.inputs.streets import Streets, no_extract, surroundings
from circles.osm import Box
from circles.project import FacilityTable, Project
from circles.quality import LayerRecord, Remark
from circles.standards import Standard
from circles.surroundings import Surroundings
from circles.texts import Note

#: Facilities farther than this outside the map's box are in the wrong place, not beyond its edge.
_FAR_DEGREES: Final = 0.5
#: Entries of a layer's books of which every output warns.
_WARNED: Final = {
    "not_open": {"facilities.not_open", "facilities.under_heading"},
    "not_of_layer": {"facilities.not_of_layer"},
}


@dataclass(frozen=True)
class ReadFacilities:
    """The facilities of a run, and how they were read.

    Parameters
    ----------
    facilities
        See `circles.facilities.Collected`.
    given
        Services for which a layer was given, even if it holds none.
    notes
        What to know of them.
    records
        What became of each layer.
    """

    facilities: gpd.GeoDataFrame
    given: frozenset[str]
    notes: tuple[Note, ...] = ()
    records: tuple[LayerRecord, ...] = ()


def read_facilities(
    project: Project, streets: Streets | None, communities: Communities
) -> ReadFacilities:
    """Read the facilities that a project names.

    Raises
    ------
    InputError
        A layer cannot be used, or lies nowhere near the map.
    """
    around = surroundings(streets, communities)
    layers: list[Collected] = []
    given: list[set[str]] = []
    remarks: list[tuple[Remark, ...]] = []
    for table in project.file.facilities:
        collected, services, evidence = _read_layer(project, table, streets, communities, around)
        layers.append(collected)
        given.append(services)
        remarks.append(evidence)
    layers = without_duplicates(layers)
    notes: list[Note] = []
    records: list[LayerRecord] = []
    for number, (table, layer) in enumerate(zip(project.file.facilities, layers, strict=True)):
        found = set(layer.facilities["service"])
        notes += _layer_notes(table, layer, given[number] - found, streets)
        remarks[number] += enough_used(layer.ledger, project)
        records.append(_record(number, layer, remarks[number]))
        given[number] |= found
    facilities = _all_facilities(layers)
    _check_facilities(facilities, _box(communities) if streets is None else streets.box)
    if facilities.empty:
        notes.append(Note.of("warnings.no_facilities"))
    return ReadFacilities(facilities, frozenset[str]().union(*given), tuple(notes), tuple(records))


def _all_facilities(layers: Sequence[Collected]) -> gpd.GeoDataFrame:
    known = [*layers] or [facilities_from_osm(_no_places(), [])]
    return pd.concat([layer.facilities for layer in known], ignore_index=True)


def _record(number: int, layer: Collected, remarks: Sequence[Remark]) -> LayerRecord:
    services = layer.facilities["service"].value_counts().sort_index()
    counts = tuple((str(service), int(count)) for service, count in services.items())
    return LayerRecord(f"facilities {number + 1}", layer.ledger, tuple(remarks), counts)


def _box(communities: Communities) -> Box:
    west, south, east, north = map(float, communities.table.total_bounds)
    return (west, south, east, north)


def _read_layer(
    project: Project,
    table: FacilityTable,
    streets: Streets | None,
    communities: Communities,
    around: Surroundings,
) -> tuple[Collected, set[str], tuple[Remark, ...]]:
    if table.osm is not None:
        if streets is None or streets.extract is None:
            message = (
                f"{project.path}: facilities from osm need an OpenStreetMap extract; "
                f"{no_extract(streets)} — give the facilities as a file"
            )
            raise InputError(message)
        return facilities_from_osm(streets.extract.places, table.osm), set(table.osm), ()
    source = project.source(table.path or "", table)
    placed = read_places(source, around, named=communities_named_by(communities.table))
    collected = facilities_from_table(
        placed.loaded.places,
        origin=source.name,
        service=table.service,
        service_column=table.service_column,
        name_column=table.name,
        columns=table.amount_columns(),
        ledger=placed.loaded.ledger,
    )
    return collected, {table.service} if table.service else set(), placed.remarks


def _no_places() -> gpd.GeoDataFrame:
    columns = {"osm_id": pd.Series([], dtype=object), "tags": pd.Series([], dtype=object)}
    return gpd.GeoDataFrame(columns, geometry=[], crs=WGS84)


def _layer_notes(
    table: FacilityTable, collected: Collected, absent: set[str], streets: Streets | None
) -> list[Note]:
    origin = collected.ledger.source
    if table.osm is not None and streets is not None:
        origin = streets.path.name
    notes = [
        Note.of("warnings.layer_empty", service=service, origin=origin)
        for service in sorted(absent)
    ]
    if table.osm is None and table.service is None and not collected.ledger.read:
        notes.append(Note.of("warnings.table_empty", origin=origin))
    if table.osm is not None:
        notes.append(Note.of("assumptions.osm_facilities", services=tuple(sorted(table.osm))))
    for key, kinds in _WARNED.items():
        rows = [event.row for event in collected.ledger.events if event.note.key in kinds]
        if rows:
            count = len(set(rows))
            note = Note.of(f"warnings.{key}", origin=origin, count=count, rows=_first(rows))
            notes.append(note)
    if collected.unclassified:
        notes.append(
            Note.of(
                "warnings.unclassified",
                origin=origin,
                count=len(collected.unclassified),
                examples=_rows([(row.row, row.text) for row in collected.unclassified]),
            )
        )
    if collected.unlocated:
        notes.append(
            Note.of(
                "warnings.unlocated",
                origin=origin,
                count=len(collected.unlocated),
                rows=_first(collected.unlocated),
            )
        )
    return notes


def partial_needs(standard: Standard, given: frozenset[str], settings: set[str]) -> list[Note]:
    """Warn of needs that several services answer, where layers were given for some of them only."""
    catalogue = load_catalogue()
    notes: dict[tuple[str, ...], Note] = {}
    for rule in standard.access_rules:
        missing = [service for service in rule.services if service not in given]
        known = [service for service in rule.services if service in given]
        if missing and known and settings & set(rule.limits):
            notes[rule.services] = Note.of(
                "warnings.layer_partial",
                need=rule.name,
                given=tuple(catalogue[service].name for service in known),
                missing=tuple(catalogue[service].name for service in missing),
            )
    return list(notes.values())


def _first(rows: Sequence[int]) -> tuple[str, ...]:
    return tuple(map(str, sorted(set(rows))[:5]))


def _rows(rows: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(f"{row}: {text}" for row, text in rows[:5])


def _check_facilities(facilities: gpd.GeoDataFrame, box: Box) -> None:
    """Refuse layers whose facilities lie nowhere near the map, with the likely cause."""
    west, south, east, north = box
    near = shapely.box(
        west - _FAR_DEGREES, south - _FAR_DEGREES, east + _FAR_DEGREES, north + _FAR_DEGREES
    )
    for origin, rows in facilities.groupby("origin", sort=False):
        x, y = rows.geometry.x.to_numpy(), rows.geometry.y.to_numpy()
        if shapely.contains_xy(near, x, y).any():
            continue
        swapped = shapely.contains_xy(near, y, x).any()
        cause = (
            "longitude and latitude look swapped: exchange the two columns (lon = …, lat = …)"
            if swapped
            else "check the coordinates and the crs of the layer, or take another extract"
        )
        message = (
            f"{origin}: none of its {len(rows)} facilities lies near the map "
            f"({box_text(box)}); the first is at {x[0]:.5f}, {y[0]:.5f}; {cause}"
        )
        raise InputError(message)
