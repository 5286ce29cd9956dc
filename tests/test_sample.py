"""The bundled sample is what its script makes, hangs together, and shows each kind of verdict."""

import csv
import sqlite3
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import openpyxl
import osmium
import pytest
import shapely

import circles
from circles.assessment import Assessment
from circles.district import District
from circles.facilities.classify import classify
from circles.network.build import network_from_osm
from circles.osm import read_osm

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "data" / "sample"
FILES = {
    "childcare.csv",
    "circles.toml",
    "communities.gpkg",
    "district.osm.pbf",
    "facilities.xlsx",
}


@pytest.fixture(scope="module")
def made_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the sample in a fresh folder."""
    folder = tmp_path_factory.mktemp("sample")
    script = ROOT / "data" / "make_sample.py"
    subprocess.run([sys.executable, str(script), str(folder)], check=True, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def communities() -> gpd.GeoDataFrame:
    """Read the sample's communities."""
    return gpd.read_file(SAMPLE / "communities.gpkg")


@pytest.fixture(scope="module")
def tags_on_ways() -> list[dict[str, str]]:
    """Read the tags of every way of the extract."""
    ways = osmium.FileProcessor(str(SAMPLE / "district.osm.pbf"), osmium.osm.WAY)
    return [dict(way.tags) for way in ways]


@pytest.fixture(scope="module")
def facility_rows() -> list[tuple[object, ...]]:
    """Read the rows of the list of facilities, below its heading."""
    book = openpyxl.load_workbook(SAMPLE / "facilities.xlsx")
    return list(book["设施"].values)[1:]


@pytest.fixture(scope="module")
def district() -> District:
    """Read the sample."""
    return circles.read_district(circles.load_project(SAMPLE / "circles.toml"))


@pytest.fixture(scope="module")
def assessment(district: District) -> Assessment:
    """Score the sample."""
    return circles.assess(district)


def meal_share(assessment: Assessment, community: str) -> float:
    """Return the share of a community's elders who reach a canteen in time."""
    named = assessment.communities.index[assessment.communities["name"] == community]
    rows = assessment.verdicts[assessment.verdicts["service"] == "elder_meal"]
    return float(rows.set_index("community_id").loc[named[0], "share_low"])


def test_the_script_makes_these_files_and_no_others(made_again: Path) -> None:
    """The script writes every file of the sample and leaves nothing else behind."""
    assert {path.name for path in made_again.iterdir()} == FILES
    assert {path.name for path in SAMPLE.iterdir() if path.is_file()} == FILES


@pytest.mark.parametrize("name", ["childcare.csv", "circles.toml", "district.osm.pbf"])
def test_the_script_makes_the_same_bytes(made_again: Path, name: str) -> None:
    """Made again, the extract, the CSV and the project file are the committed ones byte by byte."""
    assert (made_again / name).read_bytes() == (SAMPLE / name).read_bytes()


def test_the_script_makes_the_same_workbook(made_again: Path) -> None:
    """Made again, the workbook holds the same files with the same bytes and times.

    Only their compression may differ: it is the work of whatever zlib Python was built with.
    """
    parts = []
    for folder in (made_again, SAMPLE):
        with zipfile.ZipFile(folder / "facilities.xlsx") as book:
            parts.append([(i.filename, i.date_time, book.read(i)) for i in book.infolist()])
    assert parts[0] == parts[1]


def test_the_script_makes_the_same_geopackage(made_again: Path) -> None:
    """Made again, the GeoPackage has the same content, dates included, statement by statement.

    The file itself also carries the version of SQLite that wrote it.
    """
    dumps = []
    for folder in (made_again, SAMPLE):
        connection = sqlite3.connect(f"file:{folder / 'communities.gpkg'}?mode=ro", uri=True)
        tables = [
            row[0]
            for row in connection.execute(
                "select name from sqlite_master where type = 'table' and name not like 'rtree%'"
            )
        ]
        dumps.append(
            {name: connection.execute(f'select * from "{name}"').fetchall() for name in tables}  # noqa: S608
        )
        connection.close()
    assert dumps[0] == dumps[1]
    assert "communities" in dumps[0]


def test_the_extract_is_small() -> None:
    """The street extract stays small enough to travel in the wheel."""
    assert (SAMPLE / "district.osm.pbf").stat().st_size < 600_000


def test_communities_tile_the_district(communities: gpd.GeoDataFrame) -> None:
    """The communities share their borders point by point and cover the district without a hole."""
    shapes = communities.geometry.to_numpy()
    assert communities.crs == "EPSG:4490"
    assert shapely.coverage_is_valid(shapes)
    whole = shapely.union_all(shapes)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    assert 10e6 < communities.to_crs(32649).area.sum() < 16e6


def test_the_communities_are_a_district(communities: gpd.GeoDataFrame) -> None:
    """Fourteen urban communities and five villages, in two streets and a town, with people."""
    assert Counter(communities["类型"]) == {"社区": 14, "村": 5}
    assert set(communities["街镇"]) == {"榕岸街道", "云塔街道", "稻涌镇"}
    assert 70_000 <= communities["常住人口"].sum() <= 80_000
    urban = communities[communities["类型"] == "社区"]
    village = communities[communities["类型"] == "村"]
    assert urban["常住人口"].between(2_500, 9_000).all()
    assert village["常住人口"].between(900, 2_500).all()
    assert (communities["65岁及以上"] < communities["60岁及以上"]).all()
    assert (communities["60岁及以上"] / communities["常住人口"]).between(0.12, 0.25).all()
    assert (communities["0-3岁"] == 0).sum() == 1


def test_codes_cannot_be_mistaken_for_real_ones(communities: gpd.GeoDataFrame) -> None:
    """Codes look like the statistics bureau's, but begin with a county that does not exist."""
    assert communities["编码"].str.fullmatch(r"999\d{9}").all()
    assert communities["编码"].is_unique


def test_every_file_says_that_it_is_invented(
    communities: gpd.GeoDataFrame, facility_rows: list[tuple[object, ...]]
) -> None:
    """Whoever opens any one file of the sample reads 虚构 in it."""
    project = tomllib.loads((SAMPLE / "circles.toml").read_text(encoding="utf-8"))
    assert project["fictional"] is True
    assert "虚构" in project["name"]
    assert communities["区"].str.contains("虚构").all()
    assert all("虚构" in str(row[2]) for row in facility_rows)
    with (SAMPLE / "childcare.csv").open(encoding="utf-8-sig", newline="") as file:
        assert all("虚构" in row["name"] for row in csv.DictReader(file))
    relations = osmium.FileProcessor(str(SAMPLE / "district.osm.pbf"), osmium.osm.RELATION)
    named = [relation.tags["name"] for relation in relations if "admin_level" in relation.tags]
    assert named == ["云浦区（虚构）"]


def test_the_csv_opens_in_excel() -> None:
    """The CSV begins with the mark by which Excel knows UTF-8."""
    assert (
        (SAMPLE / "childcare.csv").read_bytes().startswith(b"\xef\xbb\xbfname,lon,lat,places\r\n")
    )


def test_the_streets_are_of_every_kind(tags_on_ways: list[dict[str, str]]) -> None:
    """The extract has the kinds of ways that the walking rules tell apart."""
    kinds = Counter(tags["highway"] for tags in tags_on_ways if "highway" in tags)
    expected = "primary secondary tertiary residential living_street service footway path steps"
    assert set(expected.split()) | {"pedestrian", "track", "motorway"} <= set(kinds)
    assert any(tags.get("route") == "ferry" for tags in tags_on_ways)
    assert any(tags.get("area") == "yes" for tags in tags_on_ways)
    assert any(tags.get("footway") == "crossing" for tags in tags_on_ways)
    private = [tags for tags in tags_on_ways if tags.get("access") == "private"]
    assert {tags.get("foot") for tags in private} == {"permissive", None}


def test_two_bridges_cross_the_river(tags_on_ways: list[dict[str, str]]) -> None:
    """Only the two primary roads between the banks have a bridge over the river."""
    extract = osmium.FileProcessor(str(SAMPLE / "district.osm.pbf")).with_locations()
    bridges = []
    for thing in extract:
        if thing.is_way() and thing.tags.get("bridge") == "yes" and "foot" not in thing.tags:
            ends = [thing.nodes[0], thing.nodes[-1]]
            metres_apart = abs(ends[0].lat - ends[1].lat) * 110_751
            if metres_apart > 150:
                bridges.append(thing.tags["name"])
    assert sorted(bridges) == ["云塔大道", "榕桥路"]


def test_gates_are_open_and_locked() -> None:
    """Compounds have gates that let people on foot in, and gates that let nobody in."""
    nodes = osmium.FileProcessor(str(SAMPLE / "district.osm.pbf"), osmium.osm.NODE)
    barriers = [dict(node.tags) for node in nodes if "barrier" in node.tags]
    locked = [tags for tags in barriers if tags.get("access") == "no"]
    opened = [tags for tags in barriers if tags.get("foot") == "yes"]
    assert len(locked) > 20
    assert len(opened) > 40
    assert len(locked) + len(opened) == len(barriers)


def test_every_kind_of_facility_is_recognised(facility_rows: list[tuple[object, ...]]) -> None:
    """The types in the workbook are understood by their words, and cover what a circle needs."""
    services = {str(row[1]): classify(str(row[1])) for row in facility_rows}
    assert None not in services.values()
    needed = "party_service gov_service elder_meal culture sports police elder_station social_work"
    assert set(needed.split()) | {"children_home", "volunteer"} <= set(services.values())
    assert {"health_station", "health_centre", "village_clinic"} <= set(services.values())
    assert "elder_centre" in services.values()


def test_facilities_stand_near_the_district(
    communities: gpd.GeoDataFrame, facility_rows: list[tuple[object, ...]]
) -> None:
    """Every facility lies in the district, and no two of them have the same name."""
    district = shapely.union_all(communities.geometry.to_numpy())
    places = shapely.points([(row[3], row[4]) for row in facility_rows])
    assert shapely.within(places, district).all()
    names = [row[0] for row in facility_rows]
    assert len(set(names)) == len(names)


def test_each_kind_of_verdict_occurs(assessment: Assessment) -> None:
    """Some circles are met, some missed, one cannot be judged; one rule concerns nobody."""
    convenience = assessment.tiers[assessment.tiers["tier"] == "convenience"]
    quality = assessment.tiers[assessment.tiers["tier"] == "quality"]
    assert Counter(convenience["verdict"]) == {"met": 13, "not_met": 5, "insufficient_data": 1}
    assert 4 <= (quality["verdict"] == "met").sum() < 13
    nobody = assessment.verdicts[assessment.verdicts["verdict"] == "not_applicable"]
    assert set(nobody["service"]) == {"childcare"}
    assert len(nobody) == 1


def test_the_reasons_are_the_ones_the_district_was_built_for(
    assessment: Assessment,
) -> None:
    """No canteen south of the river, locked gates, the hill, the island, the unmapped orchard."""
    verdicts = assessment.verdicts.assign(
        name=assessment.verdicts["community_id"].map(assessment.communities["name"])
    ).set_index(["name", "service"])["verdict"]
    assert verdicts["南堤社区", "elder_meal"] == "not_met"
    assert verdicts["锦云社区", "elder_meal"] == "not_met"
    assert verdicts["望岭社区", "elder_meal"] == "not_met"
    assert verdicts["月洲村", "elder_meal"] == "not_met"
    assert verdicts["月洲村", "childcare"] == "not_applicable"
    assert verdicts["果园社区", "sports"] == "insufficient_data"


def test_only_the_orchard_lies_off_the_network(assessment: Assessment) -> None:
    """Homes are far from every street in one community only, so one is not judged and no more."""
    off = assessment.communities.set_index("name")["off_network_points"]
    assert off["果园社区"] > 0
    assert off.drop("果园社区").sum() == 0


def test_it_is_the_locked_gates_that_keep_elders_from_their_canteen(
    district: District, assessment: Assessment
) -> None:
    """With every gate opened, the compound's elders reach the canteen behind their wall in time."""
    extract = read_osm(SAMPLE / "district.osm.pbf")
    opened = replace(district, network=network_from_osm(replace(extract, points={})))
    assert meal_share(assessment, "锦云社区") < 0.6
    assert meal_share(circles.assess(opened), "锦云社区") > 0.85
