"""Reading everything a project file names: from files to a `District`."""

from collections.abc import Callable, Sequence
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from circles.basemap import make_basemap
from circles.communities import (
    Communities,
    CommunityColumns,
    make_communities,
)
from circles.crs import WGS84, box_text
from circles.demand.density import settings_by_density
from circles.district import District
from circles.errors import InputError
from circles.facilities import (
    Collected,
    facilities_from_osm,
    facilities_from_table,
    load_catalogue,
)
from circles.inputs.columns import with_usual_columns
from circles.inputs.profiles import apply_profile, profile_notes
from circles.inputs.residents import read_demand
from circles.inputs.streets import Streets, read_streets
from circles.network import NetworkReport
from circles.osm import header_box
from circles.osm.boundaries import read_boundaries
from circles.project import BY_STANDARD, FacilityTable, Project, SettingRule
from circles.settings import decide_settings
from circles.standards import Standard, load_standard
from circles.tables import read_layer
from circles.texts import Note

Progress = Callable[[str, float], None]
#: Facilities farther than this outside the map's box are in the wrong place, not beyond its edge.
_FAR_DEGREES: Final = 0.5
#: A community with more than this share of its area outside the map is cut by the map's edge.
_MAX_BEYOND_SHARE: Final = 0.05


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
    standard = load_standard(
        standard_path if file.standard.endswith(".toml") else file.standard,
        profiles=file.walkers(),
    )
    standard, standard_notes = apply_profile(standard, project)
    progress("streets", 0.0)
    streets = read_streets(project)
    progress("communities", 0.6)
    communities, cut, notes = _read_communities(project, streets, standard)
    communities, setting_notes = decide_settings(communities, standard.settings)
    progress("demand", 0.7)
    demand, demand_notes = read_demand(project, streets, communities)
    progress("facilities", 0.9)
    facilities, given, facility_notes = _read_facilities(project, streets)
    found = [
        *standard_notes,
        Note.of("assumptions.private_ways"),
        *profile_notes(standard, project, streets),
        Note.of("assumptions.map_complete"),
        *_network_notes(streets),
        *communities.notes,
        *notes,
        *setting_notes,
        *demand.notes,
        *demand_notes,
        *facility_notes,
        *_partial_needs(standard, given, set(communities.table["setting"])),
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
        profiles=file.walkers(),
        max_access_m=file.network.max_access_m,
        assumptions=tuple(note for note in found if note.key.startswith("assumptions.")),
        warnings=tuple(note for note in found if note.key.startswith("warnings.")),
    )


def _read_communities(
    project: Project, streets: Streets, standard: Standard
) -> tuple[Communities, frozenset[str], list[Note]]:
    table = project.file.communities
    cut: frozenset[str] = frozenset()
    left_out: tuple[str, ...] = ()
    if table.osm_admin_level is not None:
        if streets.extract is None:
            message = (
                f"{project.path}: communities.osm_admin_level needs an OpenStreetMap extract; "
                f"{streets.path.name} holds streets only — give community polygons as a file"
            )
            raise InputError(message)
        boundaries = read_boundaries(
            streets.path, admin_level=table.osm_admin_level, include_cut=table.include_cut
        )
        frame, left_out = boundaries.frame, boundaries.left_out
        cut = frozenset(frame.loc[frame["cut"].astype(bool), "osm_id"])
        where = f"{streets.path.name}, boundaries of admin_level {table.osm_admin_level}"
        columns = _columns(project, standard, id_column="osm_id", name_column="name")
    else:
        path = project.resolve(table.path or "")
        frame = read_layer(path, layer=table.layer, crs=table.crs)
        where = str(path.name)
        columns = _columns(project, standard, id_column=table.id or "", name_column=table.name)
    columns = with_usual_columns(columns, frame, standard, further=table.columns)
    communities = make_communities(frame, columns, where=where)
    _check_on_map(communities, streets, where)
    cut |= _beyond_map(communities, streets)
    notes = []
    if cut:
        names = communities.table.loc[sorted(cut), "name"]
        notes.append(Note.of("warnings.cut", count=len(cut), examples=tuple(names[:5])))
    if left_out:
        notes.append(Note.of("warnings.left_out", count=len(left_out), examples=left_out[:5]))
    rule = table.setting
    if isinstance(rule, SettingRule) and rule.urban_from_homes_per_km2 is not None:
        if streets.extract is None or streets.extract.buildings.empty:
            message = (
                "communities.setting: urban_from_homes_per_km2 needs the buildings of an extract, "
                f"and {streets.path.name} holds none; give a column, or one setting for all"
            )
            raise InputError(message)
        communities, note = settings_by_density(
            communities,
            streets.extract.buildings,
            streets.network.crs,
            urban_from_homes_per_km2=rule.urban_from_homes_per_km2,
        )
        notes.append(note)
    elif isinstance(rule, str) and rule != BY_STANDARD:
        notes.append(Note.of(f"assumptions.all_{rule}"))
    return communities, cut, notes


def _columns(
    project: Project, standard: Standard, *, id_column: str, name_column: str | None
) -> CommunityColumns:
    table = project.file.communities
    rule = table.setting
    by_column = isinstance(rule, SettingRule) and rule.column is not None
    return CommunityColumns(
        id=id_column,
        name=name_column,
        setting=rule if isinstance(rule, str) and rule != BY_STANDARD else None,
        setting_column=rule.column if isinstance(rule, SettingRule) else None,
        setting_values={
            **dict.fromkeys(rule.urban, "urban"),
            **dict.fromkeys(rule.rural, "rural"),
        }
        if by_column and isinstance(rule, SettingRule)
        else {},
        setting_classes=dict(standard.settings.classes) if by_column else {},
        zone=table.zone,
        nbs_code=table.nbs_code,
        street=table.street,
        district=table.district,
        households=table.households,
        population=table.population,
        numbers=table.number_columns(),
    )


def _check_on_map(communities: Communities, streets: Streets, where: str) -> None:
    outline = shapely.box(*streets.box)
    away = ~communities.table.geometry.intersects(outline)
    if away.all():
        west, south, east, north = communities.table.total_bounds
        message = (
            f"{where}: none of the {len(away)} communities lies on the map: they span "
            f"{box_text((west, south, east, north))}; {streets.path.name} covers "
            f"{box_text(streets.box)} — is it the right extract, and is the layer's CRS right?"
        )
        raise InputError(message)


def _beyond_map(communities: Communities, streets: Streets) -> frozenset[str]:
    """Return the communities that reach too far out of the area an extract says it covers.

    A file that does not say so is not judged: its last street need not be its area's end.
    """
    box = None if streets.extract is None else header_box(streets.path)
    if box is None:
        return frozenset()
    outlines = communities.table.geometry.to_numpy()
    inside = shapely.area(shapely.intersection(outlines, shapely.box(*box)))
    cut = inside < (1 - _MAX_BEYOND_SHARE) * shapely.area(outlines)
    return frozenset(communities.table.index[cut])


def _read_facilities(
    project: Project, streets: Streets
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
    if facilities.empty:
        notes.append(Note.of("warnings.no_facilities"))
    return facilities, frozenset(given), notes


def _read_facility_layer(
    project: Project, table: FacilityTable, streets: Streets
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
        columns=table.amount_columns(),
    )
    return collected, {table.service} if table.service else set()


def _no_places() -> gpd.GeoDataFrame:
    columns = {"osm_id": pd.Series([], dtype=object), "tags": pd.Series([], dtype=object)}
    return gpd.GeoDataFrame(columns, geometry=[], crs=WGS84)


def _layer_notes(
    table: FacilityTable, collected: Collected, absent: set[str], streets: Streets
) -> list[Note]:
    origin = table.path or streets.path.name
    notes = [
        Note.of("warnings.layer_empty", service=service, origin=origin)
        for service in sorted(absent)
    ]
    used = (collected.facilities, collected.unclassified, collected.unlocated)
    if table.osm is None and table.service is None and not any(map(len, used)):
        notes.append(Note.of("warnings.table_empty", origin=origin))
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


def _partial_needs(standard: Standard, given: frozenset[str], settings: set[str]) -> list[Note]:
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


def _rows(rows: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(f"{row}: {text}" for row, text in rows[:5])


def _check_facilities(facilities: gpd.GeoDataFrame, streets: Streets) -> None:
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
            f"({box_text(streets.box)}); the first is at {x[0]:.5f}, {y[0]:.5f}; {cause}"
        )
        raise InputError(message)


def _network_notes(streets: Streets) -> list[Note]:
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
