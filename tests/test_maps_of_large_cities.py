"""What a large city's map leaves out so that its page stays light, and what it never does."""

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from circles.assessment import Assessment
from circles.maps import content, places
from circles.maps.encode import encode_lines, encode_polygons
from circles.texts import load_texts
from tests.drawn_assessment import SOUTH, WEST, drawn_assessment
from tests.test_maps import decode

ZH = load_texts("zh")


def _wavy(count: int, row: int) -> shapely.LineString:
    """Draw a line with as many corners, whose bends are about five metres wide."""
    along = np.arange(count)
    return shapely.LineString(
        np.column_stack([WEST + along * 2e-4, SOUTH + row * 0.01 + (along % 2) * 5e-5])
    )


def _with_streets(ranks: list[int], corners: int) -> Assessment:
    lines = [_wavy(corners, row) for row in range(len(ranks))]
    streets = gpd.GeoDataFrame({"rank": ranks}, geometry=lines, crs="EPSG:4326")
    return dataclasses.replace(drawn_assessment(), streets=streets)


def test_all_streets_are_drawn_where_they_are_few() -> None:
    """A city's own streets lose nothing: each rank is written as it would be alone."""
    run = _with_streets([1, 2, 3], 40)
    alone = [encode_lines(run.streets.geometry.iloc[[row]]) for row in range(3)]
    assert content.ground_data(run)["streets"] == alone
    assert all(alone)


def test_paths_give_way_first_then_lesser_streets(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for two ranks the third is left out, with room for one the second is too."""
    run = _with_streets([1, 2, 3], 40)
    monkeypatch.setattr(content, "MOST_CORNERS", 100)
    assert [bool(text) for text in content.ground_data(run)["streets"]] == [True, True, False]
    monkeypatch.setattr(content, "MOST_CORNERS", 60)
    assert [bool(text) for text in content.ground_data(run)["streets"]] == [True, False, False]


def test_paths_are_not_drawn_without_the_streets_above_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the second rank does not fit, a third that would fit is left out as well."""
    run = _with_streets([1, 2, 2, 3], 40)
    monkeypatch.setattr(content, "MOST_CORNERS", 100)
    assert [bool(text) for text in content.ground_data(run)["streets"]] == [True, False, False]


def test_main_streets_are_always_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Main streets that are too many lose bends of some metres, and stay where they are."""
    run = _with_streets([1], 400)
    monkeypatch.setattr(content, "MOST_CORNERS", 100)
    (drawn,) = decode(content.ground_data(run)["streets"][0])[0]
    own = run.streets.geometry.iloc[0]
    assert 2 <= len(drawn[0]) < 100
    assert shapely.hausdorff_distance(shapely.LineString(drawn[0]), own) < 2e-4


def test_rings_lose_bends_smaller_than_the_tolerance_only() -> None:
    """Every corner left is a corner of the ring, and no corner of it is farther away."""
    angle = np.linspace(0, 2 * np.pi, 721)[:-1]
    ring = shapely.Polygon(
        np.column_stack([WEST + 0.01 * np.cos(angle), SOUTH + 0.01 * np.sin(angle)])
    )
    speck = shapely.box(WEST, SOUTH, WEST + 2e-5, SOUTH + 2e-5)
    fine, coarse = (
        decode(encode_polygons([shapely.MultiPolygon([ring, speck])], tolerance=value))[0]
        for value in (0.0, 1e-4)
    )
    assert [len(fine), len(coarse)] == [2, 1]  # the speck is smaller than what is left out
    assert len(coarse[0][0]) < len(fine[0][0]) / 4
    drawn = shapely.Polygon(coarse[0][0])
    assert shapely.hausdorff_distance(drawn.exterior, ring.exterior) < 1.2e-4


def test_isochrones_of_many_corners_are_drawn_coarser(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for fewer corners the page holds fewer, and still every limit of every need."""
    run = drawn_assessment()
    round_areas = shapely.buffer(run.isochrones.geometry.to_numpy(), 0.002, quad_segs=90)
    run = dataclasses.replace(run, isochrones=run.isochrones.set_geometry(round_areas))
    fine = places.reach_data(run, ZH)["needs"]
    monkeypatch.setattr(places, "MOST_CORNERS", 60 * len(run.isochrones))
    coarse = places.reach_data(run, ZH)["needs"]
    assert [need["limits"] for need in coarse] == [need["limits"] for need in fine]
    assert sum(len(need["shapes"]) for need in coarse) < sum(len(need["shapes"]) for need in fine)
    for need in coarse:
        assert all(decode(need["shapes"]))


def test_marks_of_all_rules_together_decide_on_the_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Homes that miss many services are as many marks; their people are all still counted."""
    count, rules = 40, [rule.id for rule in drawn_assessment().standard.access_rules][:2]
    gaps = pd.DataFrame(
        {
            "rule_id": np.repeat(rules, count),
            "community_id": "c",
            "lon": np.tile(WEST + np.arange(count) * 1e-4, 2),
            "lat": SOUTH,
            "weight": 20.0,
            "unit": "people",
            "cost": 30.0,
            "beyond": True,
        }
    )
    run = dataclasses.replace(drawn_assessment(), gaps=gaps)
    monkeypatch.setattr(places, "MOST_HOMES", count)
    assert places.home_data(run)["cell_m"] == 0
    monkeypatch.setattr(places, "MOST_MARKS", count)
    assert places.home_data(run)["cell_m"] > 0
