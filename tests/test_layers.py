"""The GeoPackage holds every figure, opens with colours, and has the same bytes every time."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from circles.errors import InputError
from circles.reports.layers import write_layers
from tests.drawn_assessment import SCRIPT_NAME, drawn_assessment

DRAWN = drawn_assessment()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the drawn GeoPackage."""
    path = tmp_path_factory.mktemp("layers") / "results.gpkg"
    write_layers(DRAWN, path, lang="zh")
    return path


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Ask the GeoPackage's database."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


def styles(path: Path) -> dict[str, ET.Element]:
    """Return the QML of each layer."""
    found = query(path, "SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault")
    return {str(name): ET.fromstring(str(qml)) for name, qml in found}  # noqa: S314 - our own


def test_the_layers_are_there_in_degrees(package: Path) -> None:
    """Three layers with one kind of geometry each, in EPSG:4326."""
    kinds = {"communities": "MultiPolygon", "facilities": "Point", "isochrones": "MultiPolygon"}
    listed = dict(pyogrio.list_layers(package))
    assert {name: listed[name] for name in kinds} == kinds
    for name in kinds:
        assert pyogrio.read_info(package, layer=name)["crs"] == "EPSG:4326"


def test_communities_carry_every_figure(package: Path) -> None:
    """Each rule's figures stand in columns named after it, costs with their unit."""
    layer = gpd.read_file(package, layer="communities").set_index("community_id")
    assert list(layer.index) == list(DRAWN.communities.index)
    first = layer.loc["001002"]
    assert first["name"] == SCRIPT_NAME
    assert first["elder_meal_share_low"] == pytest.approx(1141 / 1840)
    assert first["elder_meal_verdict"] == "not_met"
    assert first["elder_meal_limit_min"] == 15
    assert first["elder_meal_beyond_median_min"] == 24.5
    assert layer.loc["002001", "culture_rural_limit_m"] == 5000
    assert layer.loc["002001", "culture_rural_median_m"] == 2300
    assert first["tier_convenience"] == "not_met"
    assert "还差414人" in first["explanation"]


def test_what_is_not_known_is_missing(package: Path) -> None:
    """A rule of another setting and a missing layer leave no zeros behind."""
    layer = gpd.read_file(package, layer="communities").set_index("community_id")
    assert pd.isna(layer.loc["001001", "health_share_low"])
    assert pd.isna(layer.loc["001001", "culture_rural_verdict"])
    assert pd.isna(layer.loc["001002", "households"])


def test_facilities_and_isochrones_keep_their_rows(package: Path) -> None:
    """Nothing is lost, and ids stay texts."""
    facilities = gpd.read_file(package, layer="facilities")
    assert list(facilities["facility_id"]) == list(DRAWN.facilities["facility_id"])
    assert facilities["off_network"].sum() == 1
    isochrones = gpd.read_file(package, layer="isochrones")
    assert list(isochrones["minutes"]) == [15, 30, 15, 30]
    assert isochrones.geometry.geom_equals(DRAWN.isochrones.geometry).all()


def test_qgis_finds_styles_for_all_layers(package: Path) -> None:
    """Communities are coloured by the first tier's verdict, with labels in Chinese."""
    found = styles(package)
    assert set(found) == {"communities", "facilities", "isochrones"}
    renderer = found["communities"].find("renderer-v2")
    assert renderer is not None
    assert renderer.get("attr") == "tier_convenience"
    labels = {one.get("value"): one.get("label") for one in renderer.iter("category")}
    assert labels == {
        "met": "达标",
        "not_met": "不达标",
        "insufficient_data": "数据不足",
        "not_applicable": "不适用",
    }


def test_columns_have_chinese_names_in_qgis(package: Path) -> None:
    """Every column of the communities has an alias; the rules' columns name the rule."""
    fields = set(pyogrio.read_info(package, layer="communities")["fields"])
    aliases = {
        one.get("field"): one.get("name") for one in styles(package)["communities"].iter("alias")
    }
    assert set(aliases) == fields
    assert aliases["elder_meal_share_low"] == "长者饭堂：覆盖率下限"
    assert aliases["culture_rural_median_m"] == "文化设施（农村）：到最近设施（米）"
    assert aliases["tier_quality"] == "优质生活服务圈"


def test_each_category_has_its_symbol(package: Path) -> None:
    """No category points to a symbol that is not there."""
    for root in styles(package).values():
        symbols = {symbol.get("name") for symbol in root.iter("symbol")}
        used = [category.get("symbol") for category in root.iter("category")]
        assert sorted(symbols, key=str) == sorted(used, key=str)


def test_facilities_of_unknown_services_are_drawn_too(package: Path) -> None:
    """The last category takes what the catalogue does not name, such as the drawn library."""
    categories = list(styles(package)["facilities"].iter("category"))
    assert [one.get("value") for one in categories][-1] == ""
    assert "elder_meal" in {one.get("value") for one in categories}


def test_the_geopackage_says_what_it_holds(package: Path) -> None:
    """All tables are registered, at the run's date, and the database is sound."""
    contents = query(package, "SELECT table_name, data_type, last_change FROM gpkg_contents")
    assert {str(name): kind for name, kind, _ in contents} == {
        "communities": "features",
        "facilities": "features",
        "isochrones": "features",
        "layer_styles": "attributes",
    }
    assert {change for *_, change in contents} == {"2025-06-30T00:00:00.000Z"}
    assert query(package, "PRAGMA integrity_check") == [("ok",)]
    assert query(package, "PRAGMA foreign_key_check") == []


def test_writing_twice_gives_the_same_bytes(package: Path, tmp_path: Path) -> None:
    """No clock gets into the file, and a file that was there is replaced."""
    path = tmp_path / "again.gpkg"
    path.write_text("something else")
    write_layers(drawn_assessment(), path, lang="zh")
    assert path.read_bytes() == package.read_bytes()


@pytest.mark.parametrize("before", [None, "2001-02-03T04:05:06Z"])
def test_gdal_keeps_its_clock(tmp_path: Path, before: str | None) -> None:
    """What GDAL was told before is put back, after success and after failure."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
    try:
        write_layers(DRAWN, tmp_path / "fine.gpkg", lang="zh")
        assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == before
        with pytest.raises(pyogrio.errors.DataSourceError):
            write_layers(DRAWN, tmp_path / "nowhere" / "lost.gpkg", lang="zh")
        assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == before
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def test_invented_data_are_labelled_in_every_layer(package: Path, tmp_path: Path) -> None:
    """虚构 stands in each row of a fictional run, and in no other."""
    path = tmp_path / "real.gpkg"
    write_layers(drawn_assessment(fictional=False), path, lang="zh")
    for layer in ("communities", "facilities", "isochrones"):
        assert gpd.read_file(package, layer=layer)["data_label"].str.contains("虚构").all()
        assert "data_label" not in gpd.read_file(path, layer=layer)
    assert "虚构" not in str(query(path, "SELECT * FROM layer_styles"))


def test_empty_layers_keep_their_columns_and_geometry(tmp_path: Path) -> None:
    """Without facilities and isochrones the layers are there, and empty."""
    path = tmp_path / "empty.gpkg"
    empty = replace(
        DRAWN,
        as_of=None,
        facilities=DRAWN.facilities.iloc[:0],
        isochrones=DRAWN.isochrones.iloc[:0],
    )
    write_layers(empty, path, lang="en")
    info = pyogrio.read_info(path, layer="isochrones")
    assert (info["features"], info["geometry_type"]) == (0, "MultiPolygon")
    assert "minutes" in info["fields"]
    assert query(path, "SELECT DISTINCT last_change FROM gpkg_contents") == [
        ("1980-01-01T00:00:00.000Z",)
    ]


def test_a_standard_without_tiers_leaves_communities_unstyled(tmp_path: Path) -> None:
    """There is no verdict to colour by, and the other styles are still there."""
    path = tmp_path / "plain.gpkg"
    standard = DRAWN.standard.model_copy(update={"tiers": (), "targets": ()})
    write_layers(replace(DRAWN, standard=standard), path, lang="en")
    assert set(styles(path)) == {"facilities", "isochrones"}


def test_an_unknown_language_is_refused(tmp_path: Path) -> None:
    """Nothing is written, nor removed, in a language without texts."""
    path = tmp_path / "results.gpkg"
    path.write_text("kept")
    with pytest.raises(InputError, match="zh, en"):
        write_layers(DRAWN, path, lang="fr")
    assert path.read_text() == "kept"
