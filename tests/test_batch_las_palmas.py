"""A real city split into 29 districts, held against one run over all of it."""

import json
import os
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from circles.batch import run_batch
from circles.pipeline import run_project

pytestmark = pytest.mark.real

FIGURES = ("share_low", "share_high", "total", "out_of_reach", "median_cost", "nearest_cost")

PROJECT = """
name = "Las Palmas"
standard = "guangzhou-1530"
as_of = 2023-02-21
[network]
osm = "${CIRCLES_REAL_DATA}/osm/las_palmas.osm.pbf"
[communities]
path = "communities.gpkg"
id = "id"
name = "name"
district = "area"
setting = "urban"
[demand]
source = "buildings"
[[facilities]]
osm = ["childcare", "kindergarten", "health_centre", "clinic", "culture", "sports", "police"]
[output]
lang = "en"
documents = []
"""


def write_communities(path: Path) -> int:
    """Cut each school area of the city in four, and let the areas be districts."""
    areas = gpd.read_file(
        Path(os.environ["CIRCLES_REAL_DATA"]) / "osm" / "las_palmas_school_areas.geojson"
    )
    rows = []
    for code, name, outline in zip(
        areas["Codigo"], areas["Denominaci"], areas.geometry, strict=True
    ):
        west, south, east, north = outline.bounds
        middle = shapely.box(west, south, east, north).centroid
        corners = ((west, south), (east, south), (west, north), (east, north))
        for number, (x, y) in enumerate(corners):
            x0, x1 = sorted((x, middle.x))
            y0, y1 = sorted((y, middle.y))
            quarter = shapely.intersection(shapely.make_valid(outline), shapely.box(x0, y0, x1, y1))
            if quarter.area > 0:
                rows.append((f"{code}-{number}", f"{name} {number}", f"{code} {name}", quarter))
    names = ["id", "name", "area", "geometry"]
    gpd.GeoDataFrame(rows, columns=names, crs=areas.crs).to_file(path)
    return len(areas)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """Run the city at once and as a batch; return the one's results and the other's folder."""
    folder = tmp_path_factory.mktemp("las_palmas")
    assert write_communities(folder / "communities.gpkg") == 29
    (folder / "circles.toml").write_text(PROJECT, "utf-8")
    (folder / "batch.toml").write_text(f'{PROJECT}[batch]\nby = "district"\n', "utf-8")
    whole = run_project(folder / "circles.toml", out_dir=folder / "whole").assessment
    result = run_batch(folder / "batch.toml", out_dir=folder / "parts")
    assert [outcome.status for outcome in result.outcomes] == ["done"] * 29
    assert result.city_error is None
    return whole, folder / "parts"


def told(out: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what the districts' own results say of each community and rule."""
    found = {}
    record = json.loads((out / "batch.json").read_text("utf-8"))
    for district in record["districts"]:
        own = json.loads((out / district["folder"] / "results.json").read_text("utf-8"))
        for community, about in own["communities"].items():
            found |= {(community, rule): figures for rule, figures in about["rules"].items()}
    return found


def test_every_district_says_what_the_whole_city_says(results: tuple[Any, Path]) -> None:
    """The same verdict for each community and rule, and shares and minutes within 1e-9."""
    whole, out = results
    found, verdicts = told(out), whole.verdicts
    assert {"met", "not_met"} <= set(verdicts["verdict"])
    assert len(found) == len(verdicts)
    for row in verdicts.to_dict("records"):
        own = found[row["community_id"], row["rule_id"]]
        assert own["verdict"] == row["verdict"]
        for name in FIGURES:
            mine = np.nan if own[name] is None else own[name]
            one = row[name] if np.isfinite(row[name]) else np.nan
            np.testing.assert_allclose(mine, one, rtol=0, atol=1e-9, err_msg=name)


def test_the_citys_targets_are_those_of_the_single_run(results: tuple[Any, Path]) -> None:
    """Roll-ups over 29 districts are sums: they are those of one run."""
    whole, out = results
    city = json.loads((out / "city" / "results.json").read_text("utf-8"))
    found = {(r["target_id"], r["met"], r["denominator"]) for r in city["rollups"].values()}
    one = whole.rollups[["target_id", "met", "denominator"]]
    assert found == set(one.itertuples(index=False, name=None))
