"""Drafted projects of real cities: what each file is taken for, and that a run goes through."""

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import circles
from circles.draft import init_project
from circles.project import load_project

pytestmark = pytest.mark.real


def data(*names: str) -> list[Path]:
    """Return files of the real data."""
    return [Path(os.environ["CIRCLES_REAL_DATA"]) / name for name in names]


def drafted(folder: Path, files: Sequence[Path]) -> tuple[Path, dict[str, Any]]:
    """Draft a project; it must be valid."""
    path = init_project(folder, files)
    load_project(path)
    return path, tomllib.loads(path.read_text("utf-8"))


def test_las_palmas(tmp_path: Path) -> None:
    """The extract, and areas whose columns have Spanish names, run without editing."""
    files = data("osm/las_palmas.osm.pbf", "osm/las_palmas_school_areas.geojson")
    path, table = drafted(tmp_path, files)
    assert table["network"]["osm"].endswith("las_palmas.osm.pbf")
    assert (table["communities"]["id"], table["communities"]["name"]) == ("Codigo", "Denominaci")
    assert table["communities"]["setting"] == "urban"
    assert table["demand"] == {"source": "buildings"}
    found = circles.run_project(path, out_dir=tmp_path / "out").assessment
    assert len(found.communities) == 29
    assert set(found.facilities["origin"]) == {"OpenStreetMap"}
    assert found.verdicts["verdict"].isin(["met", "not_met"]).any()


def test_las_palmas_takes_the_finer_layer_for_communities(tmp_path: Path) -> None:
    """The municipality around the areas is no community."""
    names = ("las_palmas_municipality.geojson", "las_palmas_school_areas.geojson")
    _, table = drafted(tmp_path, data(*(f"osm/{name}" for name in names)))
    assert table["communities"]["path"].endswith(names[1])


def test_helsinki(tmp_path: Path) -> None:
    """Cells of a grid are judged where there is nothing else, and keep their people."""
    (grid,) = data("helsinki/helsinki_population_grid_2020.gpkg")
    path, table = drafted(tmp_path, [grid, *data("helsinki/helsinki.osm.pbf")])
    assert table["communities"]["population"] == {"all": "population"}
    assert table["demand"] == {"source": "buildings"}
    found = circles.run_project(path, out_dir=tmp_path / "out").assessment
    assert found.communities["population"].sum() == gpd.read_file(grid)["population"].sum()


def test_porto_alegre_without_communities_says_so(tmp_path: Path) -> None:
    """Hexagons' middles are where people live; without areas there is no project yet."""
    told: list[str] = []
    path = init_project(tmp_path, data("porto_alegre"), say=told.append, lang="en")
    table = tomllib.loads(path.read_text("utf-8"))
    assert table["network"]["elevation"].endswith("elevation.tif")
    assert table["demand"]["population"] == {"all": "population"}
    assert "communities" not in table
    assert told[-1].startswith("Community outlines are still missing")
    assert any(line.startswith("poa_points_of_interest.csv: facilities, not used") for line in told)


def test_porto_alegre_with_quarters(tmp_path: Path) -> None:
    """With areas given, people, heights and streets come together and nobody is lost."""
    folder = data("porto_alegre")[0]
    hexagons = pd.read_csv(folder / "poa_hexgrid.csv")
    lon, lat = hexagons["lon"], hexagons["lat"]
    x = np.linspace(lon.min() - 0.001, lon.max() + 0.001, 4)
    y = np.linspace(lat.min() - 0.001, lat.max() + 0.001, 4)
    boxes = [shapely.box(x[i], y[j], x[i + 1], y[j + 1]) for i in range(3) for j in range(3)]
    held = [box for box in boxes if shapely.contains_xy(box, lon, lat).any()]
    quarters = {
        "id": range(len(held)),
        "name": [f"bairro {'abcdefghi'[i]}" for i in range(len(held))],
    }
    gpd.GeoDataFrame(quarters, geometry=held, crs=4326).to_file(tmp_path / "bairros.geojson")
    path, table = drafted(tmp_path, [folder, tmp_path / "bairros.geojson"])
    assert table["communities"]["path"] == "bairros.geojson"
    district = circles.read_district(circles.load_project(path))
    assert district.demand.weights["all"].sum() == pytest.approx(hexagons["population"].sum())


def test_a_folder_of_other_things_is_told_file_by_file(tmp_path: Path) -> None:
    """Road lines, a graph, a clip and a zip of tables: each has its line."""
    told: list[str] = []
    path = init_project(tmp_path, data("china"), say=told.append)
    names = {"nanjing_gmns_gbk.zip", "shanghai_small.osm", "shenzhen_oct_walk.graphml"}
    for name in names | {"wuhan_roads.parquet"}:
        assert any(line.startswith(name) for line in told)
        assert name in path.read_text("utf-8")
