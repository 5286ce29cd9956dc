"""Where a run's residents live: read from what its project names as demand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from circles.communities import Communities
from circles.crs import WGS84, box_text
from circles.demand import (
    Comparison,
    Demand,
    Raster,
    cells_from_layer,
    cells_from_rasters,
    compare_totals,
    demand_from_addresses,
    demand_from_buildings,
    demand_from_layer,
    demand_from_rasters,
    spread_over_buildings,
    with_frontage,
)
from circles.errors import InputError
from circles.inputs.columns import empty_parts, with_bands, with_sums
from circles.inputs.layers import enough_used, read_places
from circles.inputs.streets import Streets, no_extract, surroundings
from circles.project import BUILDINGS, DemandTable, Project
from circles.quality import LayerRecord, Remark, remarks_of
from circles.tables import Fate, LoadedLayer
from circles.texts import Note

_BUILDING_COLUMN: Final = "building"
_EXAMPLES: Final = 5


@dataclass(frozen=True)
class ReadDemand:
    """Where the residents of a run live, and how that was read.

    Parameters
    ----------
    demand
        The demand points; street frontage stands in where a community has none.
    notes
        What could not be used, and where nothing is known.
    records
        What became of the layer.
    counted
        Its people beside those of the community table.
    """

    demand: Demand
    notes: tuple[Note, ...] = ()
    records: tuple[LayerRecord, ...] = ()
    counted: Comparison | None = None


def read_demand(
    project: Project,
    streets: Streets | None,
    communities: Communities,
    crs: CRS,
    *,
    groups: Sequence[str],
) -> ReadDemand:
    """Read where the residents of a project's communities live.

    Parameters
    ----------
    project, streets, communities
        What the run is made of.
    crs
        The run's local metric CRS.
    groups
        The groups that its standard asks for, to be added up from age bands.

    Raises
    ------
    InputError
        The layer cannot be used, or none of it lies in a community.
    """
    table = project.file.demand
    remarks: tuple[Remark, ...] = ()
    if table is not None and table.rasters:
        demand = _from_rasters(project, table, streets, communities, crs)
    elif table is None or table.source == BUILDINGS:
        demand = demand_from_buildings(_buildings(project, streets), communities.table, crs)
    else:
        source = project.source(table.source, table)
        placed = read_places(source, surroundings(streets, communities))
        demand = _from_layer(placed.loaded, table, streets, communities, crs, groups, source.name)
        remarks = (*placed.remarks, *remarks_of(_unlocated(placed.loaded)))
    counted = compare_totals(demand, communities.population, names=communities.table["name"])
    if streets is not None:
        demand = with_frontage(demand, streets.network, communities.table)
    remarks = (*remarks, *remarks_of(counted.notes))
    records = tuple(
        LayerRecord("demand", ledger, (*(() if at else remarks), *enough_used(ledger, project)))
        for at, ledger in enumerate(demand.ledgers)
    )
    notes = (*counted.warnings, *_nowhere(demand, streets, communities))
    return ReadDemand(demand, notes, records, counted)


def _unlocated(loaded: LoadedLayer) -> list[Note]:
    rows = loaded.ledger.rows(Fate.SET_ASIDE)
    if not rows:
        return []
    shown, count = tuple(map(str, rows[:_EXAMPLES])), len(rows)
    origin = loaded.ledger.source
    return [Note.of("warnings.unlocated", origin=origin, count=count, rows=shown)]


def _nowhere(demand: Demand, streets: Streets | None, communities: Communities) -> list[Note]:
    nowhere = communities.table.loc[demand.source == "none", "name"]
    if streets is None or nowhere.empty:
        return []
    examples = tuple(nowhere[:_EXAMPLES])
    return [Note.of("warnings.no_demand", count=len(nowhere), examples=examples)]


def _from_rasters(
    project: Project,
    table: DemandTable,
    streets: Streets | None,
    communities: Communities,
    crs: CRS,
) -> Demand:
    rasters = {
        group: [Raster(project.resolve(path), unit=table.raster_unit) for path in paths]
        for group, paths in table.rasters.items()
    }
    if table.spread == "even":
        return demand_from_rasters(rasters, communities.table, crs)
    cells = cells_from_rasters(rasters, communities.table, crs)
    return spread_over_buildings(cells, _homes(streets), communities.table, crs)


def _homes(streets: Streets | None) -> gpd.GeoDataFrame:
    if streets is not None and streets.extract is not None:
        return streets.extract.buildings
    message = (
        f'demand.spread = "buildings" needs an OpenStreetMap extract; {no_extract(streets)} — '
        'write spread = "even"'
    )
    raise InputError(message)


def _buildings(project: Project, streets: Streets | None) -> gpd.GeoDataFrame:
    if streets is not None and streets.extract is not None:
        return streets.extract.buildings
    if project.file.demand is None:
        return gpd.GeoDataFrame({"tags": pd.Series([], dtype=object)}, geometry=[], crs=WGS84)
    message = (
        f'{project.path}: demand.source = "buildings" needs an OpenStreetMap extract; '
        f"{no_extract(streets)} — give a file with buildings or population, or "
        "leave [demand] out to count street frontage"
    )
    raise InputError(message)


def _located(loaded: LoadedLayer, where: str) -> gpd.GeoDataFrame:
    """Return the rows of a demand layer that have a place."""
    places = loaded.places
    lost = places.geometry.isna() | places.geometry.is_empty
    if lost.all():
        what = "has coordinates" if len(places) else "is there: the demand layer is empty"
        message = f"{where}: no row {what}; leave [demand] out to use buildings instead"
        raise InputError(message)
    return places[~lost]


def _check_inside(placed: gpd.GeoDataFrame, communities: Communities, where: str) -> None:
    """Refuse a layer of which nothing lies in any community."""
    places = placed.to_crs(WGS84)
    if communities.table.sindex.query(places.geometry, predicate="intersects").size:
        return
    message = (
        f"{where}: none of its {len(places)} places lies in a community: they span "
        f"{box_text(places.total_bounds)}, the communities "
        f"{box_text(communities.table.total_bounds)}; check the coordinates and the crs"
    )
    raise InputError(message)


def _from_layer(
    loaded: LoadedLayer,
    table: DemandTable,
    streets: Streets | None,
    communities: Communities,
    crs: CRS,
    groups: Sequence[str],
    where: str,
) -> Demand:
    places, books = _located(loaded, where), loaded.ledger
    _check_inside(places, communities, where)
    who = communities.table
    if table.addresses:
        people = communities.population
        return demand_from_addresses(places, people, who, crs, where=where, ledger=books)
    hidden = table.suppressed
    summed, columns = with_sums(
        places, table.population, where=where, withheld=hidden, empty_is_nobody=True
    )
    books = books.adding(empty_parts(places, table.population, where=where))
    facts: tuple[Note, ...] = ()
    if table.age_bands:
        summed, columns, facts = with_bands(summed, columns, groups, where=where, withheld=hidden)
    if columns:
        read = demand_from_layer if table.spread == "even" else cells_from_layer
        found = read(
            summed,
            columns,
            who,
            crs,
            where=where,
            suppressed=hidden,
            ledger=books.adding((), facts),
        )
        if isinstance(found, Demand):
            return found
        return spread_over_buildings(found, _homes(streets), who, crs)
    if _BUILDING_COLUMN in places.columns:
        demand = demand_from_buildings(_as_buildings(places), who, crs)
        return replace(demand, ledgers=(books,))
    message = (
        f"{where}: it is not said which of its columns count people; write for example "
        'population = { all = "people" } under [demand] (a layer of buildings needs a column '
        f"{_BUILDING_COLUMN!r} instead, a register of addresses addresses = true). It has: "
        f"{', '.join(str(c) for c in places.columns if c != places.geometry.name)}"
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
