"""Population cells of Helsinki, against an intersection cell by cell."""

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from circles.crs import local_crs
from circles.demand import (
    Demand,
    cells_from_layer,
    compare_totals,
    demand_from_layer,
    spread_over_buildings,
)
from circles.osm import read_osm
from circles.tables import read_layer

pytestmark = pytest.mark.real
CRS_M = local_crs(24.9, 60.2)


def real(name: str) -> Path:
    """Return a file of the real data; a missing folder is a failure, not a skip."""
    return Path(os.environ["CIRCLES_REAL_DATA"]) / "helsinki" / name


@pytest.fixture(name="cells", scope="module")
def _cells() -> gpd.GeoDataFrame:
    return read_layer(real("helsinki_population_grid_2020.gpkg"))


@pytest.fixture(name="communities", scope="module")
def _communities(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return nine crooked areas that tile most of the cells, and leave some out."""
    rng = np.random.default_rng(5)
    west, south, east, north = cells.total_bounds
    seeds = np.column_stack([rng.uniform(west, east, 9), rng.uniform(south, north, 9)])
    areas = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds)))
    frame = shapely.box(west + 0.004, south - 1, east + 1, north + 1)
    outlines = shapely.intersection(areas, frame)
    names = [f"area {i}" for i in range(len(outlines))]
    return gpd.GeoDataFrame({"name": names}, geometry=outlines, crs=4326)


def sums(demand: Demand, communities: int) -> list[float]:
    """Return what each community's points weigh."""
    return list(np.bincount(demand.community, demand.weights["all"], minlength=communities))


def by_hand(cells: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> list[float]:
    """Return each community's people: area by area and cell by cell."""
    local = cells.to_crs(CRS_M)
    people = []
    for outline in communities.to_crs(CRS_M).geometry:
        shares = [(cell & outline).area / cell.area for cell in local.geometry]
        people.append(float(np.dot(shares, cells["population"])))
    return people


def test_cells_give_communities_their_share_of_area(
    cells: gpd.GeoDataFrame, communities: gpd.GeoDataFrame
) -> None:
    """Every community's total is that of the slow intersection, and nobody is lost."""
    demand = demand_from_layer(cells, {"all": "population"}, communities, CRS_M, where="cells")
    assert sums(demand, 9) == pytest.approx(by_hand(cells, communities), rel=1e-6, abs=1e-3)
    everybody = demand.weights["all"].sum() + demand.outside["all"]
    assert everybody == pytest.approx(71_724, rel=1e-9)
    (ledger,) = demand.ledgers
    outside = int((~cells.intersects(communities.union_all())).sum())
    assert (ledger.read, ledger.used) == (92, 92 - outside)


def test_cells_are_spread_over_the_homes_of_the_extract(
    cells: gpd.GeoDataFrame, communities: gpd.GeoDataFrame
) -> None:
    """By homes too everybody is somewhere, and each cell's people stay in it."""
    buildings = read_osm(real("helsinki.osm.pbf")).buildings
    layer = cells_from_layer(cells, {"all": "population"}, communities, CRS_M, where="cells")
    demand = spread_over_buildings(layer, buildings, communities, CRS_M)
    everybody = demand.weights["all"].sum() + demand.outside["all"]
    assert everybody == pytest.approx(cells["population"].sum(), rel=1e-9)
    # People of cells that lie in communities as a whole are found in them again, cell by cell.
    local = cells.to_crs(CRS_M)
    ground = communities.to_crs(CRS_M).union_all()
    points = shapely.points(demand.x_m, demand.y_m)
    for cell, number in zip(local.geometry, cells["population"], strict=True):
        if ground.buffer(-1).covers(cell):
            here = shapely.intersects(cell.buffer(0.01), points)
            assert demand.weights["all"][here].sum() == pytest.approx(number, rel=1e-6)


def test_the_layer_is_held_against_a_table(
    cells: gpd.GeoDataFrame, communities: gpd.GeoDataFrame
) -> None:
    """A table of a tenth of the first community's people is found out."""
    demand = demand_from_layer(cells, {"all": "population"}, communities, CRS_M, where="cells")
    table = np.array(sums(demand, 9))
    most = int(table.argmax())
    table[most] /= 10
    found = compare_totals(demand, pd.DataFrame({"all": table}), names=communities["name"])
    assert found.communities.loc[0, ["community_id", "apart"]].tolist() == [most, True]
    assert found.communities["apart"].sum() == 1
    assert found.communities.loc[0, "ratio"] == pytest.approx(10)
