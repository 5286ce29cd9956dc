"""The community table: what it takes over, what it repairs, and every fault at once."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely import LineString, MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from circles.communities import Communities, CommunityColumns, make_communities, with_settings
from circles.errors import FaultsError, InputError

A, B = box(113.30, 23.00, 113.31, 23.01), box(113.31, 23.00, 113.32, 23.01)


def frame(*outlines: BaseGeometry | None, **columns: list[object]) -> gpd.GeoDataFrame:
    """Return a layer of communities with the ids a, b, c … unless it says otherwise."""
    values = {"code": list("abcdef"[: len(outlines)])} | columns
    return gpd.GeoDataFrame(values, geometry=list(outlines), crs="EPSG:4326")


def make(layer: gpd.GeoDataFrame, **columns: object) -> Communities:
    """Make the table of a layer; its id column is `code`, and all of it is urban."""
    said = {"id": "code", "setting": "urban"} | columns
    if "setting_column" in said:
        said["setting"] = None
    return make_communities(layer, CommunityColumns(**said), where="layer")  # type: ignore[arg-type]


def faults(layer: gpd.GeoDataFrame, **columns: object) -> tuple[str, ...]:
    """Return what is wrong with a layer."""
    with pytest.raises(FaultsError) as caught:
        make(layer, **columns)
    assert caught.value.where == "layer"
    return caught.value.faults


def test_a_table_takes_over_what_its_columns_say() -> None:
    """Names, units above, settings in their own words, households and residents by group."""
    layer = frame(
        A,
        B,
        title=["Elm Court", None],
        kind=["社区", "村"],
        town=["North Street", ""],
        homes=[100, None],
        people=["300", ""],
        old=[50.0, 0],
    )
    made = make(
        layer,
        name="title",
        setting_column="kind",
        setting_values={"社区": "urban", "村": "rural"},
        street="town",
        households="homes",
        population={"all": "people", "60+": "old"},
    )
    assert made.table.index.tolist() == ["a", "b"]
    assert made.table.index.name == "community_id"
    assert made.table["name"].tolist() == ["Elm Court", "b"]  # without a name the id stands for it
    assert made.table["setting"].tolist() == ["urban", "rural"]
    assert made.table.loc["a", "street"] == "North Street"
    assert pd.isna(made.table.loc["b", "street"])
    assert made.table["district"].isna().all()
    assert made.table.loc["a", "households"] == 100
    assert np.isnan(made.table.loc["b", "households"])
    assert made.population.loc["a"].to_dict() == {"all": 300.0, "60+": 50.0}
    assert np.isnan(made.population.loc["b", "all"])  # an empty cell is not a zero
    assert made.population.loc["b", "60+"] == 0
    assert made.notes == ()


def test_the_layer_itself_is_not_changed() -> None:
    """Repairs and projections are made on a copy."""
    bow = Polygon(
        [(113.3, 23), (113.31, 23), (113.31, 23.01), (113.3, 23.01), (113.3, 23), (113.3, 23)]
    )
    layer = frame(bow, B, people=[1, 2]).to_crs("EPSG:32649")
    before = layer.copy(deep=True)
    make(layer, population={"all": "people"})
    assert layer.equals(before)
    assert layer.crs == before.crs


@pytest.mark.parametrize(
    ("given_ids", "ids"),
    [
        ([35002972.0, 7.0], ["35002972", "7"]),
        ([1, 2], ["1", "2"]),
        ([" x ", "y"], ["x", "y"]),
        (["007", "7"], ["007", "7"]),
        ([1.5, 2.5], ["1.5", "2.5"]),
    ],
)
def test_ids_are_text_as_people_write_them(given_ids: list[object], ids: list[str]) -> None:
    """Spreadsheets turn 7 into 7.0; leading zeros of real text stay."""
    assert make(frame(A, B, code=given_ids)).table.index.tolist() == ids


def test_missing_and_repeated_ids_are_both_named() -> None:
    """Two without an id, and one id three times."""
    layer = frame(*(box(i, 0, i + 1, 1) for i in range(6)), code=["x", None, "x", "", "x", "y"])
    missing, repeated = faults(layer)
    assert missing.startswith("2 communities have no id, the first is feature 2")
    assert repeated.startswith("ids repeat: 'x' (3 times)")


@pytest.mark.parametrize("crs", ["EPSG:4547", "EPSG:3857", "EPSG:32649"])
def test_any_coordinate_system_comes_out_in_degrees(crs: str) -> None:
    """Outlines are the same places whatever system the file was in."""
    made = make(frame(A, B).to_crs(crs))
    assert made.table.crs.to_epsg() == 4326
    assert made.table.geometry["a"].symmetric_difference(A).area < 1e-9


def test_a_layer_without_a_coordinate_system_is_refused() -> None:
    """Nobody can tell its metres from degrees."""
    with pytest.raises(InputError, match="layer has no coordinate reference system"):
        make(frame(A).set_crs(None, allow_override=True))


@given(
    lon=st.floats(-170, 170),
    lat=st.floats(-65, 65),
    width=st.floats(0.002, 0.1),
    height=st.floats(0.002, 0.1),
)
@settings(max_examples=25, deadline=None)
def test_areas_are_those_of_the_ellipsoid(
    lon: float, lat: float, width: float, height: float
) -> None:
    """Square kilometres anywhere on Earth agree with the geodesic area to a thousandth."""
    outline = box(lon, lat, lon + width, lat + height)
    # A side of a box is straight in degrees; along a parallel it needs points to stay so.
    area_m2, _ = Geod(ellps="WGS84").geometry_area_perimeter(outline.segmentize(0.001))
    assert make(frame(outline)).table["area_km2"].item() == pytest.approx(area_m2 / 1e6, rel=1e-3)


def test_parts_of_a_community_belong_together() -> None:
    """A multipolygon is one community with the area of both parts."""
    both = make(frame(MultiPolygon([A, B])))
    apart = make(frame(A, B))
    assert both.table["area_km2"].sum() == pytest.approx(apart.table["area_km2"].sum())


def test_outlines_that_are_none_are_named_one_by_one() -> None:
    """No outline, an empty one, a line, and one that has no area."""
    line = LineString([(113.3, 23), (113.31, 23)])
    flat = Polygon([(113.3, 23), (113.31, 23), (113.3, 23), (113.3, 23)])
    found = faults(frame(None, Polygon(), line, flat, A))
    assert len(found) == 4
    assert "'a' has no outline" in found[0]
    assert "'b' has no outline" in found[1]
    assert "'c' is a LineString" in found[2]
    assert "'d' is not valid" in found[3]


def test_two_communities_with_one_outline_are_refused() -> None:
    """However the ring is written down, it is the same ground."""
    turned = Polygon([*list(A.exterior.coords)[2:], *list(A.exterior.coords)[1:3]])
    (fault,) = faults(frame(A, B, turned))
    assert "'a' and 'c' have the same outline" in fault


def test_a_ring_that_crosses_itself_a_little_is_repaired_and_noted() -> None:
    """A loop of a few centimetres hardly changes what the outline covers."""
    loop = [(113.305, 23.01), (113.304999, 23.010001), (113.305, 23.010001), (113.304999, 23.01)]
    crossed = Polygon([(113.30, 23.00), (113.31, 23.00), (113.31, 23.01), *loop, (113.30, 23.01)])
    assert not crossed.is_valid
    made = make(frame(crossed))
    assert made.table.geometry["a"].is_valid
    assert made.table.geometry["a"].symmetric_difference(A).area < 1e-3 * A.area
    (note,) = made.notes
    assert note.key == "warnings.outline_repaired"
    assert dict(note.values)["community"] == "a"


def test_a_bow_tie_is_not_guessed_at() -> None:
    """Which half was meant nobody knows."""
    bow = Polygon([(113.30, 23.00), (113.31, 23.01), (113.31, 23.00), (113.30, 23.01)])
    (fault,) = faults(frame(bow, B))
    assert "'a' is not valid" in fault
    assert "Self-intersection" in fault


def test_overlaps_are_noted_and_shared_borders_are_not() -> None:
    """Half of b lies in a; c only touches a."""
    half = box(113.305, 23.00, 113.315, 23.01)
    south = box(113.30, 22.99, 113.31, 23.00)
    (note,) = make(frame(A, half, south)).notes
    assert note.key == "warnings.overlaps"
    values = dict(note.values)
    assert values["count"] == 1
    assert "a / b" in values["examples"]


def test_settings_nobody_explained_are_named_with_where_they_stand() -> None:
    """Each unknown word once, with the communities that carry it."""
    layer = frame(A, B, box(0, 0, 1, 1), kind=["town", None, "hamlet"])
    unsaid, hamlet = faults(
        layer, setting_column="kind", setting_values={"town": "urban", "village": "rural"}
    )
    assert "says nothing for 1 communities (b" in unsaid
    assert "says 'hamlet' for 1 communities (c" in hamlet
    assert "town, village" in hamlet


def test_a_setting_column_may_use_the_two_words_themselves() -> None:
    """Urban and rural need no explanation."""
    made = make(frame(A, B, kind=["urban", "rural"]), setting_column="kind")
    assert made.table["setting"].tolist() == ["urban", "rural"]


def test_there_are_two_settings_and_no_others() -> None:
    """A constant that is neither is refused; none at all waits for a rule."""
    (fault,) = faults(frame(A), setting="suburban")
    assert "'suburban' is no setting" in fault
    assert make(frame(A), setting=None).table["setting"].isna().all()


def test_a_rule_may_decide_the_settings_later() -> None:
    """They are matched by id, and the table they came from keeps its own."""
    waiting = make(frame(A, B), setting=None)
    decided = with_settings(waiting, pd.Series({"b": "rural", "a": "urban"}))
    assert decided.table["setting"].to_dict() == {"a": "urban", "b": "rural"}
    assert waiting.table["setting"].isna().all()


@pytest.mark.parametrize("wrong", [-1, "many", float("inf")])
def test_numbers_that_cannot_be_are_named_with_their_community(wrong: object) -> None:
    """Neither fewer than nobody, nor a word, nor an endless number."""
    (fault,) = faults(frame(A, B, people=[3, wrong]), population={"all": "people"})
    assert "column 'people' holds" in fault
    assert "'b'" in fault


def test_several_wrong_numbers_are_counted() -> None:
    """The first is shown, the others are counted."""
    layer = frame(A, B, box(0, 0, 1, 1), people=["x", "y", "3"])
    (fault,) = faults(layer, population={"all": "people"})
    assert "'x' for community 'a' (and 1 more like it)" in fault


def test_missing_columns_are_named_with_the_nearest() -> None:
    """Three columns that are not there, one of which was nearly right."""
    found = faults(frame(A, people=[1]), name="title", population={"all": "peple", "60+": "elders"})
    assert len(found) == 3
    assert "did you mean 'people'?" in "".join(found)


def test_an_empty_layer_is_refused() -> None:
    """There must be somebody to score."""
    (fault,) = faults(frame())
    assert "empty" in fault


def test_faults_of_every_kind_come_together() -> None:
    """Ids, outlines, settings and numbers of one file are all named in one message."""
    layer = frame(A, None, code=["x", "x"], kind=["?", "urban"], people=[-1, 2])
    found = faults(layer, setting_column="kind", population={"all": "people"})
    assert len(found) == 4
