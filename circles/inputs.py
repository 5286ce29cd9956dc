"""Reading everything a project file names: from files to a `District`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from circles.basemap import make_basemap
from circles.boundaries import read_boundaries
from circles.buildings import is_home
from circles.communities import (
    Communities,
    CommunityColumns,
    make_communities,
    with_settings,
)
from circles.crs import WGS84
from circles.demand import (
    Demand,
    communities_of_points,
    demand_from_buildings,
    demand_from_layer,
    with_frontage,
)
from circles.district import District
from circles.errors import InputError
from circles.facilities import Collected, facilities_from_osm, facilities_from_table
from circles.graphml import read_graphml
from circles.network import NetworkReport, WalkNetwork
from circles.network_osm import network_from_osm
from circles.osm import Box, OsmExtract, read_osm
from circles.project import FacilityTable, Project, SettingRule
from circles.standards import load_standard
from circles.tables import read_layer
from circles.texts import Note

Progress = Callable[[str, float], None]
_BUILDING_COLUMN: Final = "building"
#: Facilities farther than this outside the map's box are in the wrong place, not beyond its edge.
_FAR_DEGREES: Final = 0.5


@dataclass(frozen=True)
class _Streets:
    """The network, and what else came from the same file."""

    network: WalkNetwork
    box: Box
    path: Path
    extract: OsmExtract | None


def read_district(project: Project, *, progress: Progress = lambda _step, _share: None) -> District:
    """Read everything a project names.

    Parameters
    ----------
    project
        What `circles.project.load_project` returns.
    progress
        Called with a step's name and the share of the work done, 0-1.

    Raises
    ------
    InputError
        A file, layer or value cannot be used; the message says which, where and what to do.
    """
    file = project.file
    standard_path = project.resolve(file.standard)
    standard = load_standard(standard_path if file.standard.endswith(".toml") else file.standard)
    progress("streets", 0.0)
    streets = _read_streets(project)
    progress("communities", 0.6)
    communities, cut, notes = _read_communities(project, streets)
    _check_on_map(communities, streets)
    progress("demand", 0.7)
    demand = _read_demand(project, streets, communities)
    progress("facilities", 0.9)
    facilities, given, facility_notes = _read_facilities(project, streets)
    found = [
        *_standing_assumptions(streets),
        *_network_notes(streets),
        *communities.notes,
        *notes,
        *demand.notes,
        *facility_notes,
    ]
    empty = gpd.GeoDataFrame(geometry=[], crs=WGS84)
    extract = streets.extract
    return District(
        name=file.name,
        as_of=file.as_of,
        fictional=file.fictional,
        standard=standard,
        network=streets.network,
        box=streets.box,
        communities=communities,
        demand=demand,
        facilities=facilities,
        given=given,
        cut=cut,
        basemap=make_basemap(
            streets.network,
            water=empty if extract is None else extract.water,
            green=empty if extract is None else extract.green,
        ),
        max_access_m=file.network.max_access_m,
        assumptions=tuple(note for note in found if note.key.startswith("assumptions.")),
        warnings=tuple(note for note in found if note.key.startswith("warnings.")),
    )


def _read_streets(project: Project) -> _Streets:
    table = project.file.network
    path = project.resolve(table.osm)
    if path.suffix.lower() == ".graphml":
        network = read_graphml(path, min_piece_m=table.min_piece_m)
        lon, lat = network.edges.lon, network.edges.lat
        box = (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
        return _Streets(network, box, path, None)
    extract = read_osm(path)
    network = network_from_osm(extract, min_piece_m=table.min_piece_m)
    return _Streets(network, extract.box, path, extract)


def _read_communities(
    project: Project, streets: _Streets
) -> tuple[Communities, frozenset[str], list[Note]]:
    table = project.file.communities
    cut: frozenset[str] = frozenset()
    if table.osm_admin_level is not None:
        if streets.extract is None:
            message = (
                f"{project.path}: communities.osm_admin_level needs an OpenStreetMap extract; "
                f"{streets.path.name} holds streets only — give community polygons as a file"
            )
            raise InputError(message)
        frame = read_boundaries(
            streets.path, admin_level=table.osm_admin_level, include_cut=table.include_cut
        )
        cut = frozenset(frame.loc[frame["cut"].astype(bool), "osm_id"])
        where = f"{streets.path.name}, boundaries of admin_level {table.osm_admin_level}"
        columns = _columns(project, id_column="osm_id", name_column="name")
    else:
        path = project.resolve(table.path or "")
        frame = read_layer(path, layer=table.layer, crs=table.crs)
        where = str(path.name)
        columns = _columns(project, id_column=table.id or "", name_column=table.name)
    communities = make_communities(frame, columns, where=where)
    notes = []
    if cut:
        names = communities.table.loc[sorted(cut), "name"]
        notes.append(Note.of("warnings.cut", count=len(cut), examples=tuple(names[:5])))
    rule = table.setting
    if isinstance(rule, SettingRule) and rule.urban_from_buildings_per_km2 is not None:
        communities, note = _by_density(communities, streets, rule.urban_from_buildings_per_km2)
        notes.append(note)
    elif isinstance(rule, str):
        notes.append(Note.of(f"assumptions.all_{rule}"))
    return communities, cut, notes


def _columns(project: Project, *, id_column: str, name_column: str | None) -> CommunityColumns:
    table = project.file.communities
    rule = table.setting
    by_column = isinstance(rule, SettingRule) and rule.column is not None
    return CommunityColumns(
        id=id_column,
        name=name_column,
        setting=rule if isinstance(rule, str) else None,
        setting_column=rule.column if isinstance(rule, SettingRule) else None,
        setting_values={
            **dict.fromkeys(rule.urban, "urban"),
            **dict.fromkeys(rule.rural, "rural"),
        }
        if by_column and isinstance(rule, SettingRule)
        else {},
        street=table.street,
        district=table.district,
        households=table.households,
        population=table.population,
    )


def _by_density(
    communities: Communities, streets: _Streets, threshold: float
) -> tuple[Communities, Note]:
    """Tell urban from rural by how many homes there are to a square kilometre."""
    if streets.extract is None or streets.extract.buildings.empty:
        message = (
            f"communities.setting: urban_from_buildings_per_km2 needs the buildings of an extract, "
            f"and {streets.path.name} holds none; give a column, or one setting for all"
        )
        raise InputError(message)
    buildings = streets.extract.buildings
    homes = buildings[[is_home(tags) for tags in buildings["tags"]]]
    points = shapely.point_on_surface(homes.geometry.to_numpy())
    row = communities_of_points(points, communities.table, WGS84)
    count = np.bincount(row[row >= 0], minlength=len(communities.table))
    density = count / communities.table["area_km2"].to_numpy()
    setting: pd.Series[str] = pd.Series(
        np.where(density >= threshold, "urban", "rural"), index=communities.table.index, dtype=str
    )
    note = Note.of(
        "assumptions.setting_by_density",
        threshold=threshold,
        urban=int((setting == "urban").sum()),
        rural=int((setting == "rural").sum()),
    )
    return with_settings(communities, setting), note


def _check_on_map(communities: Communities, streets: _Streets) -> None:
    outline = shapely.box(*streets.box)
    away = ~communities.table.geometry.intersects(outline)
    if away.all():
        west, south, east, north = communities.table.total_bounds
        message = (
            f"none of the {len(away)} communities lies on the map: they span longitude "
            f"{west:.4f}-{east:.4f}, latitude {south:.4f}-{north:.4f}; {streets.path.name} covers "
            f"{_box_text(streets.box)} — is it the right extract, and is the layer's CRS right?"
        )
        raise InputError(message)


def _box_text(box: Box) -> str:
    west, south, east, north = box
    return f"longitude {west:.4f}-{east:.4f}, latitude {south:.4f}-{north:.4f}"


def _read_demand(project: Project, streets: _Streets, communities: Communities) -> Demand:
    table, crs = project.file.demand, streets.network.crs
    if table is None or table.source == "buildings":
        if streets.extract is not None:
            buildings = streets.extract.buildings
        elif table is None:
            buildings = _no_buildings()
        else:
            message = (
                f'{project.path}: demand.source = "buildings" needs an OpenStreetMap extract; '
                f"{streets.path.name} holds streets only — give a file with buildings or "
                "population, or leave [demand] out to count street frontage"
            )
            raise InputError(message)
        demand = demand_from_buildings(buildings, communities.table, crs)
    else:
        demand = _demand_from_file(project, communities, streets)
    return with_frontage(demand, streets.network, communities.table)


def _demand_from_file(project: Project, communities: Communities, streets: _Streets) -> Demand:
    table = project.file.demand
    assert table is not None  # noqa: S101 - the caller has looked
    path = project.resolve(table.source)
    layer = read_layer(path, layer=table.layer, crs=table.crs)
    if layer.empty:
        message = f"{path}: the demand layer is empty; leave [demand] out to use buildings instead"
        raise InputError(message)
    placed = layer[layer.geometry.notna()]
    crs = streets.network.crs
    if table.population:
        return demand_from_layer(
            placed, table.population, communities.table, crs, where=str(path.name)
        )
    if _BUILDING_COLUMN in placed.columns:
        return demand_from_buildings(_as_buildings(placed), communities.table, crs)
    message = (
        f"{path}: it is not said which of its columns count people; write for example "
        'population = { all = "people" } under [demand] (a layer of buildings needs a column '
        f"{_BUILDING_COLUMN!r} instead). It has: "
        f"{', '.join(str(c) for c in placed.columns if c != placed.geometry.name)}"
    )
    raise InputError(message)


def _as_buildings(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Take a layer's columns for the tags of buildings."""
    columns = [name for name in layer.columns if name != layer.geometry.name]
    tags = [
        {str(key): str(value) for key, value in row.items() if pd.notna(value) and str(value)}
        for row in layer[columns].to_dict("records")
    ]
    return gpd.GeoDataFrame({"tags": tags}, geometry=layer.geometry.to_numpy(), crs=layer.crs)


def _no_buildings() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"tags": pd.Series([], dtype=object)}, geometry=[], crs=WGS84)


def _read_facilities(
    project: Project, streets: _Streets
) -> tuple[gpd.GeoDataFrame, frozenset[str], list[Note]]:
    layers: list[Collected] = []
    given: set[str] = set()
    notes: list[Note] = []
    for table in project.file.facilities:
        collected, services = _read_facility_layer(project, table, streets)
        layers.append(collected)
        found = set(collected.facilities["service"])
        given |= services | found
        notes += _layer_notes(table, collected, services - found, streets)
    if not layers:
        layers = [facilities_from_osm(_no_places(), [])]
    facilities = pd.concat([layer.facilities for layer in layers], ignore_index=True)
    _check_facilities(facilities, streets)
    return facilities, frozenset(given), notes


def _read_facility_layer(
    project: Project, table: FacilityTable, streets: _Streets
) -> tuple[Collected, set[str]]:
    if table.osm is not None:
        if streets.extract is None:
            message = (
                f"{project.path}: facilities from osm need an OpenStreetMap extract; "
                f"{streets.path.name} holds streets only — give the facilities as a file"
            )
            raise InputError(message)
        return facilities_from_osm(streets.extract.places, table.osm), set(table.osm)
    path = project.resolve(table.path or "")
    frame = read_layer(
        path, layer=table.layer, sheet=table.sheet, lon=table.lon, lat=table.lat, crs=table.crs
    )
    collected = facilities_from_table(
        frame,
        origin=path.name,
        service=table.service,
        service_column=table.service_column,
        name_column=table.name,
    )
    return collected, {table.service} if table.service else set()


def _no_places() -> gpd.GeoDataFrame:
    columns = {"osm_id": pd.Series([], dtype=object), "tags": pd.Series([], dtype=object)}
    return gpd.GeoDataFrame(columns, geometry=[], crs=WGS84)


def _layer_notes(
    table: FacilityTable, collected: Collected, absent: set[str], streets: _Streets
) -> list[Note]:
    origin = table.path or streets.path.name
    notes = [
        Note.of("warnings.layer_empty", service=service, origin=origin)
        for service in sorted(absent)
    ]
    if table.osm is not None:
        notes.append(Note.of("assumptions.osm_facilities", services=tuple(sorted(table.osm))))
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
                rows=tuple(map(str, collected.unlocated[:5])),
            )
        )
    return notes


def _rows(rows: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(f"{row}: {text}" for row, text in rows[:5])


def _check_facilities(facilities: gpd.GeoDataFrame, streets: _Streets) -> None:
    """Refuse layers whose facilities lie nowhere near the map, with the likely cause."""
    west, south, east, north = streets.box
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
            f"({_box_text(streets.box)}); the first is at {x[0]:.5f}, {y[0]:.5f}; {cause}"
        )
        raise InputError(message)


def _standing_assumptions(streets: _Streets) -> list[Note]:
    notes = [Note.of("assumptions.private_ways"), Note.of("assumptions.steps")]
    if (streets.network.edges.kind == 5).any():
        notes.append(Note.of("assumptions.ferries"))
    notes.append(Note.of("assumptions.map_complete"))
    return notes


def _network_notes(streets: _Streets) -> list[Note]:
    report: NetworkReport = streets.network.report
    notes = []
    if report.small_pieces:
        notes.append(
            Note.of(
                "warnings.small_pieces",
                count=report.small_pieces,
                km=round(report.small_pieces_m / 1000, 1),
            )
        )
    if report.cut_ways:
        notes.append(Note.of("warnings.cut_ways", count=report.cut_ways))
    return notes
