"""Who is scored in a run: the communities that its project names."""

from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import shapely

from circles.communities import (
    Above,
    Communities,
    CommunityColumns,
    CommunityReport,
    Level,
    SecondTable,
    TableColumns,
    UpperUnits,
    make_communities,
    names_by_code,
)
from circles.crs import box_text
from circles.demand.density import settings_by_density
from circles.errors import InputError
from circles.inputs.columns import groups_of, with_bands, with_sums, with_usual_columns
from circles.inputs.layers import enough_used, load_frame
from circles.inputs.people import plausible_people, registered_only
from circles.inputs.streets import Streets, no_extract
from circles.osm import header_box
from circles.osm.boundaries import read_boundaries
from circles.project import (
    BY_STANDARD,
    CommunitiesTable,
    CommunityTable,
    Project,
    SettingRule,
    UnitLayer,
)
from circles.quality import LayerRecord, Remark, Severity
from circles.standards import Standard
from circles.tables import Ledger, find_column, load_layer
from circles.texts import Note

#: A community with more than this share of its area outside the map is cut by the map's edge.
_MAX_BEYOND_SHARE: Final = 0.05


@dataclass(frozen=True)
class ReadCommunities:
    """The communities of a run, and how they were read.

    Parameters
    ----------
    communities
        Each with a setting, or with what decides it.
    cut
        Ids of those of which only a part is on the map.
    notes
        What to know of them.
    records
        What became of the layer, and of the tables joined to it.
    """

    communities: Communities
    cut: frozenset[str]
    notes: tuple[Note, ...] = ()
    records: tuple[LayerRecord, ...] = ()


@dataclass(frozen=True)
class _Layer:
    """A community layer as it was read, and what its columns are called."""

    frame: gpd.GeoDataFrame
    where: str
    id: str
    name: str | None
    ledger: Ledger
    cut: frozenset[str] = frozenset()
    left_out: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


def read_communities(
    project: Project, streets: Streets | None, standard: Standard
) -> ReadCommunities:
    """Read the communities that a project names.

    Raises
    ------
    InputError
        The layer cannot be used, or none of it lies on the map.
    """
    table = project.file.communities
    layer = _read_layer(project, table, streets)
    frame, population = with_sums(layer.frame, table.population, where=layer.where)
    facts: tuple[Note, ...] = ()
    if table.age_bands:
        frame, population, facts = with_bands(
            frame, population, groups_of(standard), where=layer.where
        )
    columns = replace(_columns(table, standard, layer), population=population)
    communities = make_communities(
        frame,
        with_usual_columns(columns, frame, standard, further=table.columns),
        where=layer.where,
        ledger=layer.ledger.adding((), facts),
        tables=[_second_table(project, second, standard) for second in table.tables],
        above=Above(
            _units_above(project, table.street, Level.STREET),
            _units_above(project, table.district, Level.DISTRICT),
        ),
    )
    cut = layer.cut
    if streets is not None:
        _check_on_map(communities, streets, layer.where)
        cut |= _beyond_map(communities, streets)
    notes = _edge_notes(communities, cut, layer.left_out)
    notes += registered_only(table.population, layer.where)
    for second in table.tables:
        notes += registered_only(second.population, project.source(second.path, second).name)
    layer = replace(layer, remarks=(*layer.remarks, *plausible_people(communities)))
    communities, told = _with_settings(communities, table.setting, streets)
    records = _records(communities, layer, project)
    return ReadCommunities(communities, cut, (*notes, *told), records)


def _with_settings(
    communities: Communities, rule: str | SettingRule, streets: Streets | None
) -> tuple[Communities, list[Note]]:
    """Decide urban and rural where the project decides it itself."""
    notes: list[Note] = []
    if isinstance(rule, SettingRule) and rule.urban_from_homes_per_km2 is not None:
        if streets is None or streets.extract is None or streets.extract.buildings.empty:
            message = (
                "communities.setting: urban_from_homes_per_km2 needs the buildings of an extract; "
                f"{no_extract(streets)}; give a column, or one setting for all"
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
    return communities, notes


def _edge_notes(
    communities: Communities, cut: frozenset[str], left_out: tuple[str, ...]
) -> list[Note]:
    notes = []
    if cut:
        names = communities.table.loc[sorted(cut), "name"]
        notes.append(Note.of("warnings.cut", count=len(cut), examples=tuple(names[:5])))
    if left_out:
        notes.append(Note.of("warnings.left_out", count=len(left_out), examples=left_out[:5]))
    return notes


def _read_layer(project: Project, table: CommunitiesTable, streets: Streets | None) -> _Layer:
    if table.osm_admin_level is None:
        source = project.source(table.path or "", table)
        loaded = load_layer(source)
        remarks: tuple[Remark, ...] = ()
        if loaded.datum is None:
            assumed = Note.of("assumptions.datum_assumed", origin=source.name)
            remarks = (Remark(Severity.NOTE, assumed),)
        return _Layer(
            loaded.places, source.name, table.id or "", table.name, loaded.ledger, remarks=remarks
        )
    if streets is None or streets.extract is None:
        message = (
            f"{project.path}: communities.osm_admin_level needs an OpenStreetMap extract; "
            f"{no_extract(streets)} — give community polygons as a file"
        )
        raise InputError(message)
    boundaries = read_boundaries(
        streets.path, admin_level=table.osm_admin_level, include_cut=table.include_cut
    )
    frame = boundaries.frame
    where = f"{streets.path.name}, boundaries of admin_level {table.osm_admin_level}"
    return _Layer(
        frame,
        where,
        "osm_id",
        "name",
        Ledger(where, len(frame)),
        cut=frozenset(frame.loc[frame["cut"].astype(bool), "osm_id"]),
        left_out=boundaries.left_out,
    )


def _second_table(project: Project, table: CommunityTable, standard: Standard) -> SecondTable:
    source = project.source(table.path, table)
    loaded = load_frame(source)
    columns = TableColumns(
        id=table.id,
        code=table.code,
        name=table.name,
        street=table.street,
        district=table.district,
        population=table.population,
        numbers={
            **({"households": table.households} if table.households else {}),
            **table.number_columns(),
            **table.columns,
        },
        groups=groups_of(standard) if table.age_bands else (),
        several=table.several_rows,
    )
    return SecondTable(loaded.frame, columns, source.name, loaded.ledger)


def _units_above(project: Project, unit: str | UnitLayer | None, level: Level) -> UpperUnits | None:
    if not isinstance(unit, UnitLayer):
        return None
    source = project.source(unit.path, unit)
    if unit.code is None:
        places = load_layer(source).places
        name = find_column(places, unit.name, where=source.name)
        return UpperUnits(outlines=places, name=name, where=source.name)
    frame = load_frame(source).frame
    codes = frame[find_column(frame, unit.code, where=source.name)]
    names = frame[find_column(frame, unit.name, where=source.name)]
    by_code = names_by_code(list(codes), list(names), level=level)
    return UpperUnits(by_code=by_code, where=source.name)


def _records(communities: Communities, layer: _Layer, project: Project) -> tuple[LayerRecord, ...]:
    """Return the books of the layer, and of each table that was joined to it."""
    report = communities.report or CommunityReport()
    told = [
        finding.note
        for finding in report.findings
        if not finding.rows  # what is said of rows stands in the books
    ]
    ledger = communities.ledger or layer.ledger
    remarks = (
        *layer.remarks,
        *(Remark(Severity.NOTE, note) for note in told),
        *enough_used(ledger, project),
    )
    own = LayerRecord(
        "communities",
        ledger,
        remarks,
        (("communities", len(communities.table)),),
    )
    joined = (
        LayerRecord(
            f"communities.tables {number}",
            join.ledger,
            (
                *(Remark(Severity.NOTE, note) for note in join.notes),
                *enough_used(join.ledger, project),
            ),
        )
        for number, join in enumerate(report.joins, 1)
    )
    return (own, *joined)


def _columns(table: CommunitiesTable, standard: Standard, layer: _Layer) -> CommunityColumns:
    rule = table.setting
    by_column = isinstance(rule, SettingRule) and rule.column is not None
    return CommunityColumns(
        id=layer.id,
        name=layer.name,
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
        code=table.code,
        street=table.street if isinstance(table.street, str) else None,
        district=table.district if isinstance(table.district, str) else None,
        households=table.households,
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
