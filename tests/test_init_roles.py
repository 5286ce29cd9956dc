"""What a drafted project takes each kind of file for: small files, one role each."""

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely

from circles.draft import init_project
from circles.project import load_project
from tests.drawn_files import (
    SIDE,
    SOUTH,
    WEST,
    areas_file,
    at,
    communities_file,
    csv_file,
    grid_file,
    names,
    oblongs,
    places_file,
    squares,
)
from tests.drawn_osm import Drawing, degrees


def drafted(folder: Path, **options: Any) -> tuple[dict[str, Any], str]:
    """Return what a folder's drafted project says, and its text; it must be a valid project."""
    path = init_project(folder, **options)
    load_project(path)
    text = path.read_text("utf-8")
    return tomllib.loads(text), text


def streets(path: Path) -> Path:
    """Draw a street around the origin of the drawing, with a house and a library beside it."""
    drawing = Drawing().node("a", -500, 0).node("b", 500, 0).way("a b", highway="residential")
    drawing.square("h", 50, 50, 20, building="house")
    drawing.node("k", 10, 10, amenity="library")
    return drawing.write(path)


# ---- communities -----------------------------------------------------------------------------


def test_communities_are_known_by_their_ids_names_and_figures(tmp_path: Path) -> None:
    """Ids, names, units above, households and groups of residents come from the columns."""
    communities_file(
        tmp_path,
        街道=["甲街道", "甲街道", "乙镇", "乙镇"],
        所属区=["丙区"] * 4,
        户数=[10, 20, 30, 40],
        常住人口=[100, 200, 300, 400],
        **{"60岁及以上": [10, 20, 30, 40], "0-3岁": [1, 2, 3, 4]},
    )
    data, _ = drafted(tmp_path)
    table = data["communities"]
    assert (table["path"], table["id"], table["name"]) == ("社区.geojson", "编码", "名称")
    assert (table["street"], table["district"], table["households"]) == ("街道", "所属区", "户数")
    assert table["population"] == {"all": "常住人口", "60+": "60岁及以上", "0-3": "0-3岁"}
    assert data["name"] == "丙区"


def test_a_level_is_told_by_the_cells_before_the_header(tmp_path: Path) -> None:
    """A column called town that holds districts is one of districts."""
    communities_file(tmp_path, TOWN=["甲区", "甲区", "乙区", "乙区"])
    table = drafted(tmp_path)[0]["communities"]
    assert table["district"] == "TOWN"
    assert "street" not in table


def test_bands_of_age_are_added_up(tmp_path: Path) -> None:
    """Where no column counts all residents, the bands that make them up do."""
    communities_file(
        tmp_path, A0A14_CNT=[1, 2, 3, 4], A15A64_CNT=[5, 6, 7, 8], A65UP_CNT=[9, 8, 7, 6]
    )
    found = drafted(tmp_path)[0]["communities"]["population"]
    assert found["all"] == ["A0A14_CNT", "A15A64_CNT", "A65UP_CNT"]
    assert found["65+"] == "A65UP_CNT"


def test_part_of_the_elders_are_not_the_elders(tmp_path: Path) -> None:
    """Elders living alone are no group of their age."""
    communities_file(tmp_path, 常住人口=[9, 9, 9, 9], 独居60岁以上=[1, 1, 1, 1])
    assert drafted(tmp_path)[0]["communities"]["population"] == {"all": "常住人口"}


def test_a_column_with_words_among_its_figures_is_told_and_not_used(tmp_path: Path) -> None:
    """A population that is no number would stop a run; the file says which rows."""
    communities_file(tmp_path, 常住人口=["100", "不详", "300", "400"])
    data, text = drafted(tmp_path)
    assert "population" not in data["communities"]
    assert "第2行" in text


def test_urban_and_rural_come_from_a_column_of_words(tmp_path: Path) -> None:
    """A column in which each cell says 社区 or 村 tells the settings."""
    communities_file(tmp_path, 类型=["社区", "村", "村", "社区"])
    assert drafted(tmp_path)[0]["communities"]["setting"] == {
        "column": "类型",
        "urban": ["社区"],
        "rural": ["村"],
    }


def test_urban_and_rural_come_from_names_where_they_tell(tmp_path: Path) -> None:
    """All names end in 社区: the standard's own ways suffice."""
    communities_file(tmp_path)
    assert drafted(tmp_path)[0]["communities"]["setting"] == "standard"


def test_where_nothing_tells_urban_is_assumed_aloud(tmp_path: Path) -> None:
    """No column and no name says urban or rural: the file says that it is assumed."""
    areas_file(
        tmp_path / "a.geojson", {"id": [1, 2, 3], "name": ["甲里", "乙里", "丙里"]}, oblongs(3)
    )
    data, text = drafted(tmp_path, lang="en")
    assert data["communities"]["setting"] == "urban"
    assert "an assumption that you must" in text.replace("\n# ", " ")


def test_where_some_are_not_told_nothing_is_assumed_of_them(tmp_path: Path) -> None:
    """One name of three says nothing: no setting for all is made up."""
    shown = {"id": [1, 2, 3], "name": ["甲社区", "乙村", "丙里"]}
    areas_file(tmp_path / "a.geojson", shown, oblongs(3))
    data, text = drafted(tmp_path)
    assert data["communities"]["setting"] == "standard"
    assert "丙里" in text


def test_codes_of_the_statistics_bureau_are_found(tmp_path: Path) -> None:
    """A column of 12-digit codes beside the ids, and one of urban-rural codes."""
    communities_file(
        tmp_path,
        区划=[f"44010400100{i}" for i in range(1, 5)],
        分类=["111", "112", "220", "210"],
    )
    table = drafted(tmp_path)[0]["communities"]
    assert (table["code"], table["nbs_code"]) == ("区划", "分类")


def test_finer_areas_are_communities_and_larger_ones_their_streets(tmp_path: Path) -> None:
    """Of two layers, the one whose names are streets is the layer above."""
    communities_file(tmp_path, 8)
    wide = [shapely.union_all(oblongs(8)[:4]), shapely.union_all(oblongs(8)[4:])]
    areas_file(tmp_path / "界线.geojson", {"名称": ["甲街道", "乙街道"]}, wide)
    table = drafted(tmp_path)[0]["communities"]
    assert table["path"] == "社区.geojson"
    assert table["street"] == {"path": "界线.geojson", "name": "名称"}


def test_a_layer_of_units_that_are_named_already_is_not_used(tmp_path: Path) -> None:
    """Communities with a column of streets need no layer of them."""
    communities_file(tmp_path, 8, 街道=["甲街道"] * 8)
    wide = [shapely.union_all(oblongs(8)[:4]), shapely.union_all(oblongs(8)[4:])]
    areas_file(tmp_path / "界线.geojson", {"名称": ["甲街道", "乙街道"]}, wide)
    data, text = drafted(tmp_path)
    assert data["communities"]["street"] == "街道"
    assert "#[communities.street]" in text


def test_cells_stand_in_for_communities_only_where_there_are_none(tmp_path: Path) -> None:
    """A grid alone is scored cell by cell, and the file says so."""
    areas_file(tmp_path / "grid.gpkg", {"id": range(6), "population": range(6)}, squares(6))
    data, text = drafted(tmp_path, lang="en")
    assert data["communities"]["path"] == "grid.gpkg"
    assert "like the cells of a grid" in text.replace("\n# ", " ")


def test_faults_of_the_communities_are_told(tmp_path: Path) -> None:
    """Two outlines that are the same area are no project yet; the file says what is wrong."""
    shapes = [oblongs(3)[0], *oblongs(3)[:2]]
    areas_file(
        tmp_path / "社区.geojson", {"id": [1, 2, 3], "名称": ["甲社区", "乙社区", "丙社区"]}, shapes
    )
    _, text = drafted(tmp_path)
    assert "读取时发现以下错误" in text


def test_each_layer_of_a_file_is_judged_by_itself(tmp_path: Path) -> None:
    """Communities and buildings in one GeoPackage are two layers, named by their keys."""
    path = tmp_path / "数据.gpkg"
    named = {"id": range(3), "名称": [f"{n}社区" for n in names(3)]}
    layers = {"社区": (named, oblongs(3)), "房屋": ({"building": ["house", "yes"]}, squares(2))}
    for layer, (columns, shapes) in layers.items():
        frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)
        frame.to_file(path, layer=layer, driver="GPKG")
    data, _ = drafted(tmp_path)
    assert data["communities"]["layer"] == "社区"
    assert data["demand"] == {"source": "数据.gpkg", "layer": "房屋"}


# ---- second tables ---------------------------------------------------------------------------


def test_a_table_without_places_joins_by_name(tmp_path: Path) -> None:
    """Residents by age in a table of their own are found by the communities' names."""
    communities_file(tmp_path)
    rows = [(name, 100 + i, 20) for i, name in enumerate(names(4))]
    csv_file(tmp_path / "人口.csv", ("社区", "常住人口", "60岁以上"), *rows)
    (table,) = drafted(tmp_path)[0]["communities"]["tables"]
    assert table == {
        "path": "人口.csv",
        "name": "社区",
        "population": {"all": "常住人口", "60+": "60岁以上"},
    }


def test_a_table_joins_by_code(tmp_path: Path) -> None:
    """Ids that are the communities' own go before names."""
    communities_file(tmp_path)
    rows = [(f"c{i}", name, 5) for i, name in enumerate(names(4))]
    csv_file(tmp_path / "户数.csv", ("编码", "社区", "户数"), *rows)
    (table,) = drafted(tmp_path)[0]["communities"]["tables"]
    assert (table["id"], table["households"]) == ("编码", "户数")


def test_what_is_given_already_is_not_given_twice(tmp_path: Path) -> None:
    """A group that the layer counts is commented out in the table, the other one is used."""
    communities_file(tmp_path, 常住人口=[1, 2, 3, 4])
    rows = [(name, 100, 20) for name in names(4)]
    csv_file(tmp_path / "人口.csv", ("社区", "常住人口", "60岁以上"), *rows)
    data, text = drafted(tmp_path)
    assert data["communities"]["tables"][0]["population"] == {"60+": "60岁以上"}
    assert '#population = { all = "常住人口" }' in text


def test_a_table_of_other_places_is_told_and_not_used(tmp_path: Path) -> None:
    """Residents of communities that nobody knows join nothing."""
    communities_file(tmp_path)
    csv_file(tmp_path / "人口.csv", ("社区", "常住人口"), ("别处", 5), ("他处", 6))
    data, text = drafted(tmp_path)
    assert "tables" not in data["communities"]
    assert '#path = "人口.csv"' in text


# ---- facilities ------------------------------------------------------------------------------


def test_services_come_from_a_column(tmp_path: Path) -> None:
    """A column whose words are services says them row by row."""
    communities_file(tmp_path)
    places_file(tmp_path / "点.csv", ["甲", "乙", "丙"], 性质=["长者饭堂", "幼儿园", "社工站"])
    (table,) = drafted(tmp_path)[0]["facilities"]
    assert table == {"path": "点.csv", "name": "名称", "service_column": "性质"}


def test_services_come_from_names(tmp_path: Path) -> None:
    """Without a column the names tell, if most of them do."""
    communities_file(tmp_path)
    places_file(tmp_path / "点.csv", ["甲长者饭堂", "乙幼儿园", "丙社工站", "丁"])
    assert drafted(tmp_path)[0]["facilities"] == [{"path": "点.csv", "name": "名称"}]


@pytest.mark.parametrize("title", ["长者饭堂名单", "elder_meals"])
def test_a_service_comes_from_the_name_of_a_file(tmp_path: Path, title: str) -> None:
    """Names that say nothing leave it to the title of the list."""
    communities_file(tmp_path)
    places_file(tmp_path / f"{title}.csv", ["张记", "李记", "王记"])
    assert drafted(tmp_path)[0]["facilities"][0]["service"] == "elder_meal"


def test_names_go_before_a_title_that_they_contradict(tmp_path: Path) -> None:
    """A list called canteens that holds kindergartens is read by its names, and the file asks."""
    communities_file(tmp_path)
    places_file(tmp_path / "长者饭堂.csv", ["甲幼儿园", "乙幼儿园", "丙长者饭堂"])
    data, text = drafted(tmp_path)
    assert "service" not in data["facilities"][0]
    assert '#service = "elder_meal"' in text


def test_a_list_that_says_nothing_is_left_to_the_planner(tmp_path: Path) -> None:
    """Names without services stand in a table that is commented out."""
    communities_file(tmp_path)
    places_file(tmp_path / "点.csv", ["张记", "李记", "王记"])
    data, text = drafted(tmp_path)
    assert "facilities" not in data
    assert '#path = "点.csv"' in text
    assert "张记" in text


def test_a_list_without_coordinates_is_told(tmp_path: Path) -> None:
    """Addresses alone cannot be placed; the list is not lost."""
    communities_file(tmp_path)
    rows = [("甲长者饭堂", "某路1号"), ("乙长者饭堂", "某路2号")]
    csv_file(tmp_path / "饭堂.csv", ("名称", "地址"), *rows)
    data, text = drafted(tmp_path)
    assert "facilities" not in data
    assert "没有坐标" in text


def test_columns_found_by_themselves_are_shown(tmp_path: Path) -> None:
    """What a facility holds is found without a key; the key stands there to be corrected."""
    communities_file(tmp_path)
    places_file(tmp_path / "托育.csv", ["甲托育园", "乙托育园"], 托位数=[30, 40])
    assert '#places = "托位数"' in drafted(tmp_path)[1]


def test_each_sheet_is_judged_by_itself(tmp_path: Path) -> None:
    """Two lists in one workbook are two layers; a sheet of remarks is no table and said so."""
    communities_file(tmp_path)
    book = openpyxl.Workbook()
    for title, rows in (
        ("长者饭堂", [("张记", *at(0)), ("李记", *at(1))]),
        ("幼儿园", [("甲", *at(2)), ("乙", *at(3))]),
    ):
        page = book.create_sheet(title)
        for row in [("名称", "经度", "纬度"), *rows]:
            page.append(row)
    book.create_sheet("说明").append(["数据时点：六月。"])
    del book["Sheet"]
    book.save(tmp_path / "设施.xlsx")
    told: list[str] = []
    data, _ = drafted(tmp_path, say=told.append)
    found = {(table["sheet"], table["service"]) for table in data["facilities"]}
    assert found == {("长者饭堂", "elder_meal"), ("幼儿园", "kindergarten")}
    assert any("设施.xlsx [说明]：没有读取" in line for line in told)


def test_a_list_that_counts_heads_stays_a_list_of_facilities(tmp_path: Path) -> None:
    """How many eat in a canteen is not how many live there."""
    communities_file(tmp_path)
    places_file(tmp_path / "长者饭堂名单.csv", ["张记", "李记", "王记"], 人数=[30, 40, 50])
    data, _ = drafted(tmp_path)
    assert data["facilities"][0]["service"] == "elder_meal"
    assert "demand" not in data


def test_an_address_is_no_name(tmp_path: Path) -> None:
    """A list without names has none, however different its addresses are."""
    communities_file(tmp_path)
    rows = [(f"{name}路", *at(i)) for i, name in enumerate(names(4))]
    csv_file(tmp_path / "长者饭堂.csv", ("地址", "lon", "lat"), *rows)
    assert drafted(tmp_path)[0]["facilities"] == [{"path": "长者饭堂.csv", "service": "elder_meal"}]


def test_areas_can_be_facilities(tmp_path: Path) -> None:
    """Outlines of schools are no communities."""
    communities_file(tmp_path)
    areas_file(tmp_path / "点.geojson", {"id": [1, 2], "名称": ["甲小学", "乙小学"]}, squares(2))
    data, _ = drafted(tmp_path)
    assert data["communities"]["path"] == "社区.geojson"
    assert data["facilities"][0]["path"] == "点.geojson"


# ---- where people live -----------------------------------------------------------------------


def test_points_with_residents_are_where_people_live(tmp_path: Path) -> None:
    """Points that count people and have no names are no facilities."""
    communities_file(tmp_path)
    csv_file(tmp_path / "点.csv", ("id", "人口", "lon", "lat"), *[(i, 5, *at(i)) for i in range(4)])
    assert drafted(tmp_path)[0]["demand"] == {"source": "点.csv", "population": {"all": "人口"}}


def test_a_grid_of_cells_is_where_people_live_beside_communities(tmp_path: Path) -> None:
    """Squares without names that count people are cells."""
    communities_file(tmp_path)
    areas_file(tmp_path / "cells.gpkg", {"id": range(5), "population": range(5)}, squares(5))
    data, _ = drafted(tmp_path)
    assert data["communities"]["path"] == "社区.geojson"
    assert data["demand"] == {"source": "cells.gpkg", "population": {"all": "population"}}


def test_outlines_of_buildings_are_where_people_live(tmp_path: Path) -> None:
    """A layer with a column of buildings' kinds is one of buildings."""
    communities_file(tmp_path)
    areas_file(tmp_path / "b.gpkg", {"id": [1, 2], "building": ["house", "yes"]}, squares(2))
    assert drafted(tmp_path)[0]["demand"] == {"source": "b.gpkg"}


def test_addresses_are_where_people_live(tmp_path: Path) -> None:
    """A list called addresses that counts nobody is one of homes."""
    communities_file(tmp_path)
    csv_file(tmp_path / "门牌.csv", ("编号", "lon", "lat"), *[(i, *at(i)) for i in range(4)])
    assert drafted(tmp_path)[0]["demand"] == {"source": "门牌.csv", "addresses": True}


def test_people_come_before_buildings(tmp_path: Path) -> None:
    """Of two layers on where people live the one that counts them is used, the other told."""
    communities_file(tmp_path)
    areas_file(tmp_path / "b.gpkg", {"id": [1, 2], "building": ["house", "yes"]}, squares(2))
    csv_file(tmp_path / "点.csv", ("id", "人口", "lon", "lat"), *[(i, 5, *at(i)) for i in range(4)])
    data, text = drafted(tmp_path)
    assert data["demand"]["source"] == "点.csv"
    assert '#source = "b.gpkg"' in text


# ---- grids -----------------------------------------------------------------------------------

SLOPE = [[100 + 3 * x + 2 * y for x in range(20)] for y in range(20)]
CROWD = np.random.default_rng(1).exponential(20, (20, 20)).tolist()


@pytest.mark.parametrize("name", ["dem.tif", "x.tif"])
def test_heights_are_told_from_people(tmp_path: Path, name: str) -> None:
    """By its name or, without one, by how gently it changes, a grid holds heights."""
    communities_file(tmp_path)
    streets(tmp_path / "s.osm")
    grid_file(tmp_path / name, SLOPE)
    data, _ = drafted(tmp_path)
    assert data["network"]["elevation"] == name
    assert "rasters" not in data["demand"]


@pytest.mark.parametrize("name", ["worldpop_2020.tif", "x.tif"])
def test_people_are_told_from_heights(tmp_path: Path, name: str) -> None:
    """By its name or, without one, by how much it changes, a grid holds people."""
    communities_file(tmp_path)
    grid_file(tmp_path / name, CROWD)
    assert drafted(tmp_path)[0]["demand"] == {"rasters": {"all": name}}


def test_an_unclear_grid_is_asked_about(tmp_path: Path) -> None:
    """Neither gentle nor wild: both uses stand there, commented out."""
    communities_file(tmp_path)
    rows = np.add.outer(np.sin(np.arange(20) / 1.5), np.cos(np.arange(20) / 1.5)) * 50 + 60
    grid_file(tmp_path / "x.tif", rows.tolist())
    data, text = drafted(tmp_path)
    assert "demand" not in data
    assert '#elevation = "x.tif"' in text
    assert '#rasters = { all = "x.tif" }' in text


def test_grids_of_ages_are_put_together(tmp_path: Path) -> None:
    """WorldPop has a file for each sex and five years of age."""
    communities_file(tmp_path)
    grid_file(tmp_path / "chn_ppp_2020.tif", CROWD)
    ages = [f"chn_{sex}_{age}_2020.tif" for age in (60, 65, 70, 75, 80) for sex in "fm"]
    for name in ages:
        (tmp_path / f"pop_{name}").write_bytes(grid_file(tmp_path / name, CROWD).read_bytes())
        (tmp_path / name).unlink()
    rasters = drafted(tmp_path)[0]["demand"]["rasters"]
    assert rasters["all"] == "chn_ppp_2020.tif"
    assert rasters["60+"] == [f"pop_{name}" for name in ages]
    assert rasters["65+"] == [f"pop_{name}" for name in ages[2:]]


# ---- streets, standards, coordinates ---------------------------------------------------------


def test_an_extract_brings_streets_homes_and_services(tmp_path: Path) -> None:
    """What the extract holds besides streets stands in where no file gives it."""
    streets(tmp_path / "s.osm")
    edges = [degrees(x, -800) for x in (-600, -100, 200, 450, 700)]
    north = degrees(0, 800)[1]
    ring = [shapely.box(*west, east[0], north) for west, east in pairwise(edges)]
    areas_file(
        tmp_path / "社区.geojson", {"id": range(4), "名称": [f"{n}社区" for n in names(4)]}, ring
    )
    data, _ = drafted(tmp_path)
    assert data["network"] == {"osm": "s.osm"}
    assert data["demand"] == {"source": "buildings"}
    assert data["facilities"] == [{"osm": ["culture"]}]


def test_an_extract_of_another_place_is_told(tmp_path: Path) -> None:
    """Streets where no community lies are used with a warning above them."""
    communities_file(tmp_path)
    streets(tmp_path / "s.osm")
    assert "不在同一个地方" in drafted(tmp_path)[1]


def test_a_standard_among_the_files_is_the_projects(tmp_path: Path) -> None:
    """A standard of one's own is taken, unless another one is asked for."""
    communities_file(tmp_path)
    own = 'schema = "circles.standard/2"\nid = "own"\nextends = "guangzhou-1530"\n'
    own += 'name = { zh = "自定", en = "Own" }\nissuer = { zh = "本局", en = "Us" }\n'
    (tmp_path / "own.toml").write_text(own, encoding="utf-8")
    assert drafted(tmp_path)[0]["standard"] == "own.toml"
    (tmp_path / "circles.toml").unlink()
    assert drafted(tmp_path, standard="gb50180-2018")[0]["standard"] == "gb50180-2018"


def test_lines_are_told_and_not_used(tmp_path: Path) -> None:
    """Road lines are no walking network."""
    communities_file(tmp_path)
    line = shapely.LineString([(WEST, SOUTH), (WEST + SIDE, SOUTH)])
    areas_file(tmp_path / "roads.geojson", {"id": [1]}, [line])
    data, text = drafted(tmp_path)
    assert "network" not in data
    assert "roads.geojson" in text
