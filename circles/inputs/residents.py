"""Where a run's residents live: read from what its project names as demand."""

from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from circles.communities import Communities
from circles.crs import WGS84, box_text
from circles.demand import Demand, demand_from_buildings, demand_from_layer, with_frontage
from circles.errors import InputError
from circles.inputs.streets import Streets
from circles.project import DemandTable, Project
from circles.tables import read_layer
from circles.texts import Note

_BUILDING_COLUMN: Final = "building"
_EXAMPLES: Final = 5


def read_demand(
    project: Project, streets: Streets, communities: Communities
) -> tuple[Demand, list[Note]]:
    """Read where the residents of a project's communities live.

    Returns
    -------
    demand
        The demand points; street frontage stands in where a community has none.
    notes
        What of the layer could not be used, and where nothing is known.

    Raises
    ------
    InputError
        The layer cannot be used, or none of it lies in a community.
    """
    table, crs = project.file.demand, streets.network.crs
    notes: list[Note] = []
    if table is None or table.source == "buildings":
        demand = demand_from_buildings(_buildings(project, streets), communities.table, crs)
    else:
        path = project.resolve(table.source)
        layer = read_layer(path, layer=table.layer, crs=table.crs)
        placed, notes = _placed(layer, path)
        demand = _demand_from_layer(placed, table, communities, crs, path=path)
        if not len(demand):
            _check_inside(placed, communities, path)
    demand = with_frontage(demand, streets.network, communities.table)
    nowhere = communities.table.loc[demand.source == "none", "name"]
    if len(nowhere):
        examples = tuple(nowhere[:_EXAMPLES])
        notes.append(Note.of("warnings.no_demand", count=len(nowhere), examples=examples))
    return demand, notes


def _buildings(project: Project, streets: Streets) -> gpd.GeoDataFrame:
    if streets.extract is not None:
        return streets.extract.buildings
    if project.file.demand is None:
        return gpd.GeoDataFrame({"tags": pd.Series([], dtype=object)}, geometry=[], crs=WGS84)
    message = (
        f'{project.path}: demand.source = "buildings" needs an OpenStreetMap extract; '
        f"{streets.path.name} holds streets only — give a file with buildings or population, or "
        "leave [demand] out to count street frontage"
    )
    raise InputError(message)


def _placed(layer: gpd.GeoDataFrame, path: Path) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """Return the rows of a demand layer that have a place, and a note on those that have none."""
    lost = layer.geometry.isna() | layer.geometry.is_empty
    if lost.all():
        what = "has coordinates" if len(layer) else "is there: the demand layer is empty"
        message = f"{path}: no row {what}; leave [demand] out to use buildings instead"
        raise InputError(message)
    if not lost.any():
        return layer, []
    rows = tuple(map(str, layer.index[lost][:_EXAMPLES]))
    note = Note.of("warnings.unlocated", origin=path.name, count=int(lost.sum()), rows=rows)
    return layer[~lost], [note]


def _check_inside(placed: gpd.GeoDataFrame, communities: Communities, path: Path) -> None:
    """Refuse a layer of which nothing lies in any community."""
    places = placed.to_crs(WGS84)
    if communities.table.sindex.query(places.geometry, predicate="intersects").size:
        return
    message = (
        f"{path}: none of its {len(places)} places lies in a community: they span "
        f"{box_text(places.total_bounds)}, the communities "
        f"{box_text(communities.table.total_bounds)}; check the coordinates and the crs"
    )
    raise InputError(message)


def _demand_from_layer(
    placed: gpd.GeoDataFrame, table: DemandTable, communities: Communities, crs: CRS, *, path: Path
) -> Demand:
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
