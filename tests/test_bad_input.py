"""Each bad input gets its own clear message or a reported gap, and leaves nothing half-written.

A message is read here as a planner would: it must say what was found, where, what was expected
and what to do.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from tests.small_town import (
    PROJECT,
    STANDARD,
    STREETS,
    Position,
    Town,
    Way,
    at,
    community,
    make_town,
    rectangle,
    run_circles,
    town_communities,
    town_facilities,
    town_homes,
    town_nodes,
    town_streets,
    write_communities,
    write_extract,
    write_facilities,
)

Spoil = Callable[[Town], object]
INSUFFICIENT = "insufficient_data"

COMMUNITIES = 'path = "communities.geojson"'
SETTING = 'setting = { column = "kind", urban = ["town"], rural = ["village"] }'
FACILITIES = """\
path = "facilities.csv"
name = "name"
service_column = "service"
"""


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Draw the town into a folder of its own."""
    return make_town(tmp_path / "town")


def refused(town: Town, *words: str, code: int = 2) -> str:
    """Run the project, which must end in one message with these words and leave nothing."""
    before = town.files()
    outcome = run_circles("run", town.project)
    assert outcome.code == code, outcome
    assert outcome.out == ""
    for word in words:
        assert word in outcome.err
    assert "Traceback" not in outcome.err
    assert town.files() == before
    return outcome.err


def reported(town: Town, *warnings: str) -> dict[str, Any]:
    """Run the project, which must warn in these words on the terminal and in the manifest."""
    outcome = run_circles("run", town.project)
    assert outcome.code == 0, outcome
    assert outcome.err == ""
    manifest = json.loads((town.out / "manifest.json").read_text("utf-8"))
    told = "\n".join(warning["text"] for warning in manifest["warnings"])
    for warning in warnings:
        assert warning in outcome.out
        assert warning in told
    return town.results()


def verdicts(results: dict[str, Any], rule: str) -> dict[str, tuple[str, str]]:
    """Return each community's verdict and reason under a rule."""
    return {
        name: (found["rules"][rule]["verdict"], found["rules"][rule]["reason"])
        for name, found in results["communities"].items()
    }


def everywhere(verdict: str, reason: str) -> dict[str, tuple[str, str]]:
    """Return that verdict for each of the three communities."""
    return dict.fromkeys(("A1", "A2", "B1"), (verdict, reason))


def edit(*changes: tuple[str, str]) -> Spoil:
    """Return a change of the project file."""
    return lambda town: town.edit(*changes)


def property_of(number: int, name: str, value: object) -> Spoil:
    """Return a change of one cell of the community layer."""

    def spoil(town: Town) -> None:
        features = town_communities()
        features[number]["properties"][name] = value
        write_communities(town.communities, features)

    return spoil


def outline_of(number: int, ring: list[Position]) -> Spoil:
    """Return a change of one outline of the community layer."""

    def spoil(town: Town) -> None:
        features = town_communities()
        features[number]["geometry"]["coordinates"] = [ring]
        write_communities(town.communities, features)

    return spoil


def facilities(*rows: tuple[str, str, object, object]) -> Spoil:
    """Return another list of facilities: name, service, longitude, latitude."""
    header = ("name", "service", "lon", "lat")
    table = [dict(zip(header, map(str, row), strict=True)) for row in rows]
    return lambda town: write_facilities(town.facilities, table)


def people(table: str, keys: str = 'population = { all = "people" }') -> Spoil:
    """Return a project that takes its demand from a table."""

    def spoil(town: Town) -> None:
        (town.folder / "people.csv").write_text(table, "utf-8")
        town.edit(("[[facilities]]", f'[demand]\nsource = "people.csv"\n{keys}\n\n[[facilities]]'))

    return spoil


def as_xml(town: Town) -> Path:
    """Give the town's extract as OSM XML."""
    path = town.folder / "town.osm"
    write_extract(path, town_nodes(), [*town_streets(), *town_homes()])
    town.edit(("town.osm.pbf", "town.osm"))
    return path


def as_graphml(town: Town, text: str) -> None:
    """Give the town's streets as a file that should be GraphML."""
    (town.folder / "town.graphml").write_text(text, "utf-8")
    town.edit(("town.osm.pbf", "town.graphml"))


def test_the_town_itself_is_sound(town: Town) -> None:
    """Unspoilt, the town runs, and each of its communities gets a verdict."""
    results = reported(town)
    assert verdicts(results, "meal") == {
        "A1": ("met", "share_reached"),
        "A2": ("not_met", "share_missed"),
        "B1": ("met", "share_reached"),
    }


# Missing files


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        (lambda t: t.extract.unlink(), "network.osm: there is no file 'town.osm.pbf'"),
        (edit(("town.osm.pbf", "town.osm")), "network.osm: there is no file 'town.osm'"),
        (edit(("town.osm.pbf", "t.graphml")), "network.osm: there is no file 't.graphml'"),
        (lambda t: t.communities.unlink(), "communities.path: there is no file 'communities.geo"),
        (lambda t: t.facilities.unlink(), "facilities 1, path: there is no file 'facilities.csv'"),
        (lambda t: t.standard.unlink(), "standard: there is no file 'promises.toml'"),
        (
            edit(("[[facilities]]", '[demand]\nsource = "grid.gpkg"\n[[facilities]]')),
            "demand.source: there is no file 'grid.gpkg'",
        ),
    ],
    ids=["pbf", "xml", "graphml", "communities", "facilities", "standard", "demand"],
)
def test_a_missing_file(town: Town, spoil: Spoil, key: str) -> None:
    """A file that is not there is named with the key that names it."""
    spoil(town)
    refused(town, "circles.toml: 1 fault", key, "beside the project file")


def test_missing_files_are_named_at_once(town: Town) -> None:
    """All files that are missing are named together, each with what is there instead."""
    town.communities.rename(town.folder / "comunities.geojson")
    town.facilities.unlink()
    town.extract.unlink()
    refused(
        town,
        "3 faults",
        "'communities.geojson' beside the project file; did you mean 'comunities.geojson'?",
        "'town.osm.pbf' beside the project file; correct the path; files there: 'circles.toml'",
    )


def test_a_missing_folder(town: Town) -> None:
    """A path into a folder that is not there says so."""
    town.edit(("facilities.csv", "lists/facilities.csv"))
    refused(town, "there is no file 'lists/facilities.csv'", "nor is there the folder", "lists'")


def test_no_project_file(town: Town) -> None:
    """A project that is not there is refused, with what is there; a folder is no project."""
    town.project.rename(town.folder / "circle.toml")
    refused(town, "circles.toml: there is no such file; files there: 'circle.toml'")
    outcome = run_circles("run", town.folder)
    assert outcome.code == 2
    assert "this is a folder; name a file in it" in outcome.err


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("towns.shp", {f"towns.{kind}" for kind in ("cpg", "dbf", "prj", "shp", "shx")}),
        ("towns.gdb", {"towns.gdb/gdb", "towns.gdb/timestamps"}),
    ],
)
def test_layers_of_several_files(town: Town, name: str, parts: set[str]) -> None:
    """A layer may be a folder or come with fellows; the manifest holds a checksum of every file."""
    to_file(town, name, 4326)
    assert verdicts(reported(town), "meal")["A1"] == ("met", "share_reached")
    manifest = json.loads((town.out / "manifest.json").read_text("utf-8"))
    assert parts <= {entry["path"] for entry in manifest["inputs"]}


# Empty layers


def test_no_communities(town: Town) -> None:
    """A layer without communities is one fault, not one for each column it does not have."""
    write_communities(town.communities, [])
    refused(
        town,
        "communities.geojson: 1 fault",
        "the layer is empty; it needs one polygon for each community",
    )


def test_a_file_without_a_byte(town: Town) -> None:
    """An empty file is no layer."""
    town.communities.write_bytes(b"")
    refused(town, "communities.geojson: the file cannot be read as a layer", "is it complete")


def test_a_facility_list_without_rows(town: Town) -> None:
    """A list of one service without rows leaves that service open and says so; no zero."""
    town.facilities.write_text("name,lon,lat\n", "utf-8")
    town.edit(('service_column = "service"', 'service = "elder_meal"'))
    results = reported(town, "facilities.csv holds no facility of the service")
    assert verdicts(results, "meal") == everywhere(INSUFFICIENT, "layer_empty")
    assert verdicts(results, "childcare") == everywhere(INSUFFICIENT, "layer_missing")


def test_a_mixed_facility_list_without_rows(town: Town) -> None:
    """A list that names its services by column says that it has no rows."""
    town.facilities.write_text("name,service,lon,lat\n", "utf-8")
    results = reported(town, "facilities.csv holds no row of data")
    assert verdicts(results, "meal") == everywhere(INSUFFICIENT, "layer_missing")


def test_a_facility_list_without_a_header(town: Town) -> None:
    """A list without even a header is refused."""
    town.facilities.write_text("", "utf-8")
    refused(town, "facilities.csv: the table is empty; its first row must name the columns")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("lon,lat,people\n", "people.csv: no row is there: the demand layer is empty"),
        ("lon,lat,people\n,,30\n,,40\n", "people.csv: no row has coordinates"),
    ],
)
def test_demand_without_places(town: Town, table: str, words: str) -> None:
    """Demand without rows, or without a single place, is refused with the way around it."""
    people(table)(town)
    refused(town, words, "leave [demand] out to use buildings instead")


def test_some_demand_without_places(town: Town) -> None:
    """Rows of demand without a place are counted and named, not dropped in silence."""
    lon, lat = at(1, 1)
    people(f"lon,lat,people\n{lon},{lat},30\n,,40\n")(town)
    reported(town, "1 rows of people.csv have no usable coordinates and were not used (rows 3)")


# Coordinate reference systems


def to_file(town: Town, name: str, crs: int | None, *, written_in: int = 4326) -> None:
    """Write the communities in another format; `crs` is what the file says of itself."""
    frame = gpd.GeoDataFrame.from_features(town_communities(), crs=4326).to_crs(written_in)
    frame = frame.astype(dict.fromkeys(("homes", "people", "old"), float))  # all that formats share
    with pytest.warns() if crs is None else pytest.MonkeyPatch.context():
        driver = "OpenFileGDB" if name.endswith(".gdb") else None
        frame.set_crs(crs, allow_override=True).to_file(town.folder / name, driver=driver)
    town.edit(("communities.geojson", name))


@pytest.mark.parametrize("name", ["communities.gpkg", "communities.shp"])
def test_a_layer_that_does_not_say_its_crs(town: Town, name: str) -> None:
    """A GeoPackage or a Shapefile without a reference system asks for one."""
    to_file(town, name, None)
    refused(
        town,
        f"{name}: the layer does not say which coordinate reference system it is in",
        'say it with crs, as crs = "EPSG:4547"',
    )


def test_a_layer_that_says_the_wrong_zone(town: Town) -> None:
    """Metres of one zone that claim to be of another land elsewhere, and the message says where."""
    to_file(town, "communities.gpkg", 4549, written_in=4547)
    refused(
        town,
        "communities.gpkg: none of the 3 communities lies on the map",
        "they span longitude 119.2990-119.3110",
        "town.osm.pbf covers longitude 113.2960-113.3140",
        "is the layer's CRS right?",
    )


def test_degrees_that_claim_to_be_metres(town: Town) -> None:
    """A project that calls degrees a metric system is told what they look like."""
    town.edit((COMMUNITIES, f'{COMMUNITIES}\ncrs = "EPSG:4547"'))
    refused(
        town,
        "communities.geojson",
        "the coordinates look like degrees, but the crs is 'CGCS2000 / 3-degree",
        "give the crs that they are in",
    )


def test_metres_that_claim_to_be_degrees(town: Town) -> None:
    """GeoJSON in metres without a word about it is refused by its numbers, and its rows named."""
    frame = gpd.GeoDataFrame.from_features(town_communities(), crs=4326).to_crs(4547)
    features = town_communities()
    for feature, outline in zip(features, frame.geometry, strict=True):
        feature["geometry"] = json.loads(shapely.to_geojson(outline))
    write_communities(town.communities, features)
    refused(town, "are metres, not degrees", "say the crs they are in", "EPSG:4547")


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        ("EPSG:99999999", "is not known; give wgs84, cgcs2000 or EPSG:n"),
        ("WGS-85", "is not known; give wgs84, cgcs2000 or EPSG:n"),
    ],
)
def test_a_crs_that_cannot_be(town: Town, crs: str, words: str) -> None:
    """A reference system that is not known is refused where it stands."""
    town.edit((FACILITIES, f'{FACILITIES}crs = "{crs}"\n'))
    refused(town, f"facilities.csv: crs = {crs!r}", words)


# Outlines of communities


def test_a_bow_tie(town: Town) -> None:
    """An outline that crosses itself in the middle is refused, with the place of the crossing."""
    outline_of(0, [at(0, 0), at(2, 2), at(2, 0), at(0, 2), at(0, 0)])(town)
    refused(
        town,
        "communities.geojson: 1 fault",
        "the outline of community 'A1' is not valid (Self-intersection[113.302 23.102])",
        "draw it anew there",
    )


def test_an_outline_that_touches_itself(town: Town) -> None:
    """An outline whose only fault is a spike is repaired, and the repair is reported."""
    corners = rectangle((-0.5, -0.5), (2.2, 2.2))
    outline_of(0, [*corners[:3], at(2.2, 3.2), *corners[2:]])(town)
    results = reported(town, "The outline of community A1 crossed itself", "it was repaired")
    assert verdicts(results, "meal")["A1"] == ("met", "share_reached")


@pytest.mark.parametrize(
    "ring",
    [[], [at(0, 0), at(1, 1)], [at(0, 0), at(1, 0), at(1, 1)]],
    ids=["empty", "two places", "not closed"],
)
def test_an_outline_that_is_none(town: Town, ring: list[Position]) -> None:
    """A ring that cannot be drawn is a community without an outline."""
    outline_of(1, ring)(town)
    refused(town, "community 'A2' has no outline, or one that cannot be drawn", "a closed ring")


def test_an_outline_without_area(town: Town) -> None:
    """A ring that goes out and back on one line encloses nothing."""
    outline_of(1, [at(0, 0), at(1, 1), at(2, 2), at(0, 0)])(town)
    refused(town, "the outline of community 'A2' has no area; draw it anew")


def test_points_for_communities(town: Town) -> None:
    """A community that is a point is refused by its id."""
    features = town_communities()
    features[1]["geometry"] = {"type": "Point", "coordinates": at(1, 1)}
    write_communities(town.communities, features)
    refused(town, "community 'A2' is a Point; a polygon was expected")


def test_the_same_outline_twice(town: Town) -> None:
    """Two communities on the same ground are found, whichever corner their rings begin with."""
    corners = rectangle((-0.5, -0.5), (2.2, 2.2))
    outline_of(1, [*corners[2:], *corners[1:3]])(town)
    refused(town, "communities 'A1' and 'A2' have the same outline; remove one of them")


def test_communities_that_overlap(town: Town) -> None:
    """Communities that overlap are scored, and a warning says whose the residents are."""
    outline_of(1, rectangle((1.2, -0.5), (5.5, 2.2)))(town)
    reported(town, "1 pairs of communities overlap (West / East)", "the community that comes first")


# Columns and cells


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            property_of(1, "code", "A1"),
            ("ids repeat: 'A1' (2 times)", "of its own in column 'code'"),
        ),
        (
            property_of(1, "code", ""),
            ("1 communities have no id, the first is feature 2", "'code'"),
        ),
        (
            property_of(2, "code", None),
            ("have no id, the first is feature 3", "fill column 'code'"),
        ),
        (property_of(0, "code", " \t"), ("have no id, the first is feature 1", "fill column")),
        (property_of(1, "kind", "city"), ("column 'kind' says 'city' for 1 communities (A2)",)),
        (property_of(1, "kind", "city"), ("expected one of: town, village", "add the word to")),
        (property_of(1, "kind", None), ("column 'kind' says nothing for 1 communities (A2)",)),
        (property_of(1, "people", "many"), ("column 'people' holds 'many' for community 'A2'",)),
        (property_of(1, "people", -3), ("holds '-3' for community 'A2'; a number of 0 or more",)),
        (property_of(1, "people", float("inf")), ("holds 'inf' for community 'A2'",)),
        (property_of(1, "homes", "x"), ("column 'homes' holds 'x'", "or an empty cell")),
    ],
)
def test_a_cell_of_the_community_layer(town: Town, spoil: Spoil, words: tuple[str, ...]) -> None:
    """A cell that cannot be used is named with its column and its community."""
    spoil(town)
    refused(town, "communities.geojson: 1 fault", *words)


def test_numbers_as_people_write_them(town: Town) -> None:
    """Thousands separators and full-width digits are numbers; an empty cell is not known."""
    features = town_communities()
    for feature, text in zip(features, ("3,000", "２０００", ""), strict=True):
        feature["properties"]["people"] = text
    write_communities(town.communities, features)
    found = reported(town)["communities"]
    assert [found[name]["population"] for name in ("A1", "A2", "B1")] == [3000, 2000, None]


def test_all_faults_of_the_communities_at_once(town: Town) -> None:
    """Faults of ids, outlines, settings and numbers are named together."""
    ring = rectangle((0, 0), (1, 1))
    features = [
        community("A1", "One", ring, people=10, old=-1),
        community("A1", "Two", ring, kind="city", people="x", old=1),
        community("", "Three", [], people=1, old=1),
    ]
    write_communities(town.communities, features)
    refused(
        town,
        "communities.geojson: 7 faults",
        "no id",
        "ids repeat",
        "same outline",
        "no outline",
        "says 'city'",
        "holds 'x'",
        "holds '-1'",
    )


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ('id = "code"', 'id = "cod"', "code"),
        ('name = "name"\nsetting', 'name = "nane"\nsetting', "name"),
        ('column = "kind"', 'column = "knd"', "kind"),
        ('all = "people"', 'all = "peopel"', "people"),
        ('"60+" = "old"', '"60+" = "olds"', "old"),
        ('households = "homes"', 'households = "hoems"', "homes"),
    ],
)
def test_a_column_of_the_communities_that_is_not_there(
    town: Town, old: str, new: str, column: str
) -> None:
    """A column that is not there is named, with the one that was probably meant."""
    town.edit((old, new))
    refused(town, "communities.geojson: 1 fault", f"did you mean {column!r}?", "it has: code, name")


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ('service_column = "servce"', "there is no column 'servce'; columns: 'service'"),
        (
            'service_column = "service"\nlon = "long"\nlat = "lat"',
            "no column 'long'; columns: 'lon'",
        ),
        ('service_column = "service"\nlon = "lon"\nlat = "alt"', "no column 'alt'; columns: 'lat'"),
    ],
)
def test_a_column_of_the_facilities_that_is_not_there(town: Town, new: str, words: str) -> None:
    """The columns of a facility list are named, the nearest first, and only those it has."""
    town.edit(('service_column = "service"', new))
    assert "geometry" not in refused(town, "facilities.csv", words)


def test_a_name_column_of_the_facilities_that_is_not_there(town: Town) -> None:
    """So is the column of the facilities' names."""
    town.edit(('name = "name"\nservice', 'name = "namme"\nservice'))
    refused(town, "facilities.csv: there is no column 'namme'; columns: 'name'")


def test_facilities_without_coordinate_columns(town: Town) -> None:
    """A list whose coordinates are not found asks for their columns."""
    town.facilities.write_text("name,service,a,b\nx,elder_meal,1,2\n", "utf-8")
    refused(town, "facilities.csv: no column of lon was found; name it", "'name', 'a'")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            "lon,lat,peoples\n{lon},{lat},3\n",
            "no column 'people' for group 'all'; columns: 'peoples'",
        ),
        ("lon,lat,people\n{lon},{lat},1\n{lon},{lat},-3\n", "column 'people' holds '-3' in row 3"),
        ("lon,lat,people\n{lon},{lat},few\n", "holds 'few' in row 2; a number of 0 or more"),
        ("lon,lat,people\n{lon},,3\n", "row 2 (row 2): Only one of longitude and latitude"),
        ("lon,lat,people\n0,0,3\n", "row 2 (row 2): The coordinate is 0"),
        ("lon,lat,people\n108.3,{lat},3\n", "none of its 1 places lies in a community: they span"),
    ],
)
def test_a_demand_table_that_cannot_be_used(town: Town, table: str, words: str) -> None:
    """Columns, numbers and places of a demand table are checked, and its own rows named."""
    lon, lat = at(1, 1)
    people(table.format(lon=lon, lat=lat))(town)
    refused(town, "people.csv", words)


def test_a_demand_table_that_does_not_say_who_is_counted(town: Town) -> None:
    """A table of places needs to say which column counts people."""
    lon, lat = at(1, 1)
    people(f"lon,lat,people\n{lon},{lat},3\n", keys="")(town)
    refused(town, "which of its columns count people", 'population = { all = "people" }')


def test_some_demand_outside_every_community(town: Town) -> None:
    """People who live outside every community are counted as lost."""
    lon, lat = at(1, 1)
    people(f"lon,lat,people\n{lon},{lat},30\n108.3,{lat},10\n")(town)
    reported(town, "25.0% of the people in the population layer live outside every community")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            ("a", "elder_meals", *at(1, 1)),
            ("row 2: there is no service 'elder_meals'", "'elder_meal'"),
        ),
    ],
)
def test_a_row_of_the_facilities(
    town: Town, row: tuple[str, str, object, object], words: tuple[str, ...]
) -> None:
    """A row that cannot be used is named as a spreadsheet numbers it."""
    facilities(row, ("b", "childcare", *at(2, 2)))(town)
    refused(town, "facilities.csv: 1 fault", *words)


@pytest.mark.parametrize("place", [("x", 23.1), (0, 0), (113.3, ""), (500, 23.1)])
def test_a_facility_whose_place_cannot_be_used(town: Town, place: tuple[object, object]) -> None:
    """A row whose coordinates cannot be used is set aside, and no reason to refuse the others."""
    facilities(("a", "elder_meal", *place), ("b", "elder_meal", *at(1, 1)))(town)
    found = verdicts(reported(town), "meal")
    facilities(("b", "elder_meal", *at(1, 1)))(town)
    assert verdicts(reported(town), "meal") == found


def test_a_facility_with_swapped_coordinates(town: Town) -> None:
    """Coordinates that can only have been exchanged are put right."""
    facilities(("a", "elder_meal", *at(1, 1)))(town)
    right = verdicts(reported(town), "meal")
    facilities(("a", "elder_meal", *at(1, 1)[::-1]))(town)
    assert verdicts(reported(town), "meal") == right


def test_facilities_of_services_nobody_knows(town: Town) -> None:
    """A row whose service nobody knows is left out, named, and no reason to refuse the others."""
    facilities(("Kiosk", "ice cream", *at(1, 1)), ("b", "elder_meal", *at(1, 1)))(town)
    reported(town, "1 rows of facilities.csv could not be told", "2: ice cream Kiosk")


# Places outside the map


def moved(features: list[dict[str, Any]], east: float) -> list[dict[str, Any]]:
    """Move communities eastwards, degrees."""
    return [
        {
            **feature,
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [(lon + east, lat) for lon, lat in feature["geometry"]["coordinates"][0]]
                ],
            },
        }
        for feature in features
    ]


def test_swapped_communities(town: Town) -> None:
    """Outlines with latitude first are put right."""
    right = verdicts(reported(town), "meal")
    features = town_communities()
    for feature in features:
        ring = feature["geometry"]["coordinates"][0]
        feature["geometry"]["coordinates"] = [[(lat, lon) for lon, lat in ring]]
    write_communities(town.communities, features)
    assert verdicts(reported(town), "meal") == right


def test_communities_off_the_map(town: Town) -> None:
    """Communities of another city are refused, with both places."""
    write_communities(town.communities, moved(town_communities(), 2))
    refused(
        town,
        "communities.geojson: none of the 3 communities lies on the map",
        "longitude 115.2990-115.3110",
        "is it the right extract",
    )


@pytest.mark.parametrize(
    ("east", "reason"), [(0.0035, "map_edge"), (2.0, "no_demand")], ids=["in part", "wholly"]
)
def test_a_community_off_the_map(town: Town, east: float, reason: str) -> None:
    """A community that the map does not hold in full gets no verdict, and the others get theirs."""
    first, second, third = town_communities()
    write_communities(town.communities, [first, *moved([second], east), third])
    results = reported(town, "1 communities are cut by the edge of the extract (East)")
    assert verdicts(results, "meal")["A2"] == (INSUFFICIENT, reason)
    assert verdicts(results, "meal")["A1"] == ("met", "share_reached")


def test_facilities_of_another_place(town: Town) -> None:
    """A list of which nothing is near the map is refused, with its first place."""
    facilities(("a", "elder_meal", 108.3, 23.1), ("b", "childcare", 108.4, 23.1))(town)
    refused(
        town,
        "facilities.csv: none of its 2 facilities lies near the map (longitude 113.2960",
        "the first is at 108.30000, 23.10000; check the coordinates and the crs",
    )


def test_one_facility_of_another_place(town: Town) -> None:
    """A single facility that is far away is counted and named; the others take part."""
    facilities(("Near", "elder_meal", *at(1, 1)), ("Far", "elder_meal", 108.3, 23.1))(town)
    results = reported(town, "1 facilities are more than 250 m from every walkable street", "(Far)")
    assert verdicts(results, "meal")["A1"] == ("met", "share_reached")


def test_facilities_all_off_the_network(town: Town) -> None:
    """Facilities near the map but off every street leave their rule open; no coverage of zero."""
    facilities(("a", "elder_meal", *at(9, 9)), ("b", "childcare", *at(2, 2)))(town)
    results = reported(town, "1 facilities are more than 250 m from every walkable street")
    assert verdicts(results, "meal") == everywhere(INSUFFICIENT, "layer_off_network")
    assert verdicts(results, "childcare")["A1"] == ("met", "share_reached")


# Communities without streets or homes


def lake(*, kind: str = "town") -> dict[str, Any]:
    """Return a community beyond the last street, on the map."""
    return community("C1", "Lake", rectangle((5.6, 2), (6.9, 4)), kind=kind, people=50, old=9)


def test_a_community_with_no_street(town: Town) -> None:
    """A community with neither street nor home has nothing to be judged by, and is named."""
    write_communities(town.communities, [*town_communities(), lake()])
    results = reported(
        town, "have neither a home or population point nor a walkable street", "(Lake)"
    )
    assert verdicts(results, "meal")["C1"] == (INSUFFICIENT, "no_demand")
    assert results["communities"]["C1"]["tiers"]["basic"] == INSUFFICIENT


def test_a_community_with_homes_and_no_street(town: Town) -> None:
    """Homes that no street comes near decide nothing, and are counted."""
    corners = [at(6.4, 3.4), at(6.6, 3.4), at(6.6, 3.6), at(6.4, 3.6)]
    nodes = {**town_nodes(), **{9001 + i: corner for i, corner in enumerate(corners)}}
    home = Way({"building": "house"}, (9001, 9002, 9003, 9004, 9001))
    write_extract(town.extract, nodes, [*town_streets(), *town_homes(), home])
    write_communities(town.communities, [*town_communities(), lake()])
    results = reported(
        town, "1 demand points (3.2%) are more than 250 m from every walkable street"
    )
    assert verdicts(results, "meal")["C1"] == (INSUFFICIENT, "off_network_decides")


def test_a_town_without_homes(town: Town) -> None:
    """Where no building is known the length of the streets stands in, and the warning says so."""
    write_extract(town.extract, town_nodes(), town_streets())
    results = reported(town, "3 communities have no home or population point (West, East, North)")
    assert verdicts(results, "meal")["A1"] == ("met", "share_reached")


# Extracts


def blob_ends(data: bytes) -> list[int]:
    """Return where the blocks of an .osm.pbf end, by its own lengths."""
    ends, start = [], 0
    while start < len(data):
        header_end = start + 4 + int.from_bytes(data[start : start + 4], "big")
        size = shift = 0
        at_size = data.rindex(b"\x18", start, header_end) + 1  # field 3: the block's length
        for byte in data[at_size:header_end]:
            size |= (byte & 0x7F) << shift
            shift += 7
        start = header_end + size
        ends.append(start)
    return ends


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_a_pbf_that_is_cut_off(town: Town, share: float) -> None:
    """An extract that ends in the middle is never taken for a whole one."""
    data = town.extract.read_bytes()
    town.extract.write_bytes(data[: int(share * len(data))])
    refused(town, "town.osm.pbf: this OpenStreetMap extract cannot be read to its end", "cut off")


def test_a_pbf_that_is_cut_between_two_blocks(town: Town) -> None:
    """Even where it ends cleanly, an extract without its streets is refused."""
    data = town.extract.read_bytes()
    ends = blob_ends(data)
    assert ends[-1] == len(data)
    for end in (0, *ends[:-1]):
        town.extract.write_bytes(data[:end])
        refused(town, "town.osm.pbf: ")


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.999])
def test_an_xml_extract_that_is_cut_off(town: Town, share: float) -> None:
    """So is OSM XML, up to its last tag."""
    path = as_xml(town)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    refused(town, "town.osm: this OpenStreetMap extract cannot be read to its end", "cut off")


def test_an_xml_extract_without_a_byte(town: Town) -> None:
    """An empty file is no XML."""
    as_xml(town).write_bytes(b"")
    refused(town, "town.osm: not readable as XML", "damaged or of another kind")


def test_ways_before_nodes(town: Town) -> None:
    """Ways that come before their nodes have no place; the message says how to sort the file."""
    path = as_xml(town)
    text = path.read_text("utf-8")
    ways = re.findall(r"\s*<way.*?</way>", text, re.DOTALL)
    rest = re.sub(r"\s*<way.*?</way>", "", text, flags=re.DOTALL)
    path.write_text(rest.replace("<node", "".join(ways).strip() + "\n<node", 1), "utf-8")
    refused(town, "town.osm: no street with a position was found", "sort it: osmium sort")


@pytest.mark.parametrize(
    ("nodes", "ways", "words"),
    [
        ({}, [], "the extract is empty"),
        (town_nodes(), [], "the extract is empty"),
        ({}, town_streets(), "no street with a position was found"),
        (town_nodes(), town_homes(), "no street with a position was found"),
        (
            town_nodes(),
            [Way({"highway": "motorway"}, way.nodes) for way in town_streets()],
            "none of its 12 ways may be walked; is this the extract of a town",
        ),
    ],
    ids=["empty", "no ways", "no nodes", "homes only", "motorways only"],
)
def test_an_extract_without_walkable_streets(
    town: Town, nodes: dict[int, Position], ways: list[Way], words: str
) -> None:
    """An extract in which nobody can walk is refused, by what it lacks."""
    write_extract(town.extract, nodes, ways)
    refused(town, "town.osm.pbf: ", words)


@pytest.mark.parametrize(
    "data",
    [
        bytes((i * 7919) % 251 for i in range(5000)),
        b"hello",
        b"<html><body>404 not found</body></html>",
        b"PK\x03\x04 a zip",
    ],
    ids=["noise", "text", "html", "zip"],
)
def test_something_else_by_the_name_of_an_extract(town: Town, data: bytes) -> None:
    """A file that is no extract is refused, whatever it calls itself."""
    town.extract.write_bytes(data)
    refused(town, "town.osm.pbf: this OpenStreetMap extract cannot be read", "download or copy it")
    as_xml(town).write_bytes(data)
    refused(town, "town.osm: ", "of another kind")


def test_a_file_of_another_kind(town: Town) -> None:
    """A street file with a suffix nobody reads is refused, with those that are read."""
    town.edit(("town.osm.pbf", "facilities.csv"))
    refused(town, "facilities.csv: not an OpenStreetMap extract; expected one of .osm.pbf")


def test_suffixes_in_capitals(town: Town) -> None:
    """An extract is read by what its suffix says, in capitals too."""
    town.extract.rename(town.folder / "TOWN.OSM.PBF")
    town.edit(("town.osm.pbf", "TOWN.OSM.PBF"))
    assert verdicts(reported(town), "meal")["A1"] == ("met", "share_reached")


def test_no_boundaries_of_that_level(town: Town) -> None:
    """Communities asked of an extract that has none are refused, with what to try."""
    town.edit(
        (f'{COMMUNITIES}\nid = "code"\nname = "name"\n{SETTING}', 'setting = "urban"'),
        ("[communities]", "[communities]\nosm_admin_level = 8"),
    )
    refused(town, "no whole named boundary with admin_level = 8", "try another level, or give")


# Entities

LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "ha">' for n in range(10)
)


def declarations(secret: Path) -> dict[str, str]:
    """Return document type declarations that would unfold without end, or read another file."""
    return {
        "laughs": f"<!DOCTYPE osm [{LAUGHS}]>",
        "file": f'<!DOCTYPE osm [<!ENTITY l9 SYSTEM "{secret.as_uri()}">]>',
        "dtd": f'<!DOCTYPE osm SYSTEM "{secret.as_uri()}">',
    }


@pytest.mark.parametrize("kind", ["laughs", "file", "dtd"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_in_osm_xml(town: Town, kind: str, encoding: str) -> None:
    """OSM XML that declares entities is refused before anything is unfolded or opened."""
    secret = town.folder / "secret.txt"
    secret.write_text("what nobody may read", "utf-8")
    head = f'<?xml version="1.0" encoding="{encoding}"?>\n{declarations(secret)[kind]}\n'
    node = '<node id="1" lat="23.1" lon="113.3"><tag k="name" v="&l9;"/></node>'
    as_xml(town).write_text(f'{head}<osm version="0.6">{node}</osm>', encoding)
    message = refused(town, "town.osm: refused, it declares a document type", "remove the decl")
    assert "nobody may read" not in message


@pytest.mark.parametrize("kind", ["laughs", "file", "dtd"])
def test_entities_in_graphml(town: Town, kind: str) -> None:
    """So is GraphML."""
    secret = town.folder / "secret.txt"
    secret.write_text("what nobody may read", "utf-8")
    head = f'<?xml version="1.0"?>\n{declarations(secret)[kind].replace("osm", "graphml", 1)}\n'
    as_graphml(town, f"{head}<graphml><desc>&l9;</desc></graphml>")
    message = refused(town, "town.graphml: refused, it declares a document type")
    assert "nobody may read" not in message


@pytest.mark.parametrize(
    "text",
    ["", "<graphml><graph>", "hello", '{"nodes": []}'],
    ids=["empty", "cut off", "text", "json"],
)
def test_something_else_by_the_name_of_a_graph(town: Town, text: str) -> None:
    """A file that is no GraphML is refused."""
    as_graphml(town, text)
    refused(town, "town.graphml: not ")


def test_graphs_have_no_buildings(town: Town) -> None:
    """What only an extract has cannot be asked of a street graph."""
    as_graphml(
        town,
        """<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
        <key id="x" for="node" attr.name="x" attr.type="string"/>
        <key id="y" for="node" attr.name="y" attr.type="string"/>
        <key id="m" for="edge" attr.name="length" attr.type="string"/>
        <key id="h" for="edge" attr.name="highway" attr.type="string"/>
        <key id="o" for="edge" attr.name="osmid" attr.type="string"/>
        <key id="c" for="graph" attr.name="crs" attr.type="string"/>
        <graph edgedefault="directed"><data key="c">epsg:4326</data>
        <node id="1"><data key="x">113.30</data><data key="y">23.10</data></node>
        <node id="2"><data key="x">113.31</data><data key="y">23.11</data></node>
        <edge source="1" target="2"><data key="m">1500</data>
        <data key="h">residential</data><data key="o">7</data></edge></graph></graphml>""",
    )
    town.edit(("[[facilities]]", '[demand]\nsource = "buildings"\n\n[[facilities]]'))
    refused(
        town, 'demand.source = "buildings" needs an OpenStreetMap extract', "leave [demand] out"
    )


# The project file and the standard


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[network]", "[network", ("not valid TOML", "line 5")),
        ("dir =", "dri =", ("unknown key 'output.dri'; did you mean 'dir'?",)),
        ("as_of", "asof", ("unknown key 'asof'; did you mean 'as_of'?",)),
        ("[output]", "[outputs]", ("unknown key 'outputs'; did you mean 'output'?",)),
        ('id = "code"\n', "", ("communities: path needs id, the column with each community's id",)),
        ('name = "Small Town"\n', "", ("'name' is missing",)),
        ('"Small Town"', "7", ("name: text in quotes was expected; it is 7",)),
        ('"Small Town"', '"Small\\u0000Town"', ("holds characters that cannot be shown",)),
        ("2026-06-30", '"summer"', ("as_of: ", "date", "it is 'summer'")),
        ('[network]\nosm = "', 'network = "', ("network: a table was expected; it is 'town.osm",)),
        ("[[facilities]]", "[facilities]", ("facilities: it takes two brackets, [[facilities]]",)),
        (SETTING, "", ("'communities.setting' is missing",)),
        (SETTING, 'setting = "urbn"', ('\'urbn\' is no setting; use "urban", "rural"',)),
        (SETTING, "setting = 5", ("5 is no setting",)),
        (SETTING, SETTING.replace("village", "town"), ("'town' cannot be both urban and rural",)),
        ('"60+"', '"sixty"', ("communities.population.sixty", "no population group", '"60+"')),
        ('lang = "en"', 'lang = "de"', ("output.lang", "'zh' or 'en'", "it is 'de'")),
        ('dir = "out"', 'dir = ""', ("output.dir: some text was expected",)),
        ('dir = "out"', 'dir = "o\\u0000"', ("output.dir", "is no path, it holds a NUL")),
        ("town.osm.pbf", "t\\u0000.osm.pbf", ("network.osm", "is no path, it holds a NUL")),
        ("town.osm.pbf", "t" * 5000 + ".pbf", ("network.osm: there is no file",)),
        ("town.osm.pbf", "${NO_SUCH_VARIABLE}/t.pbf", ("network.osm", "which is not set")),
        ('"out"', '"${NO_SUCH_VARIABLE}"', ("output.dir", "NO_SUCH_VARIABLE, which is not set")),
        ("promises.toml", "guangzhou1530", ("there is no standard", "'guangzhou-1530'")),
        ('service_column = "service"', 'service = "elder_meat"', ("facilities 1", "'elder_meal'")),
        (FACILITIES, 'osm = ["childcar"]\n', ("facilities 1.osm", "services: 'childcare'")),
        (FACILITIES, "osm = []\n", ("facilities 1.osm: it names no service",)),
        (FACILITIES, "", ("facilities 1: give either path or osm",)),
    ],
)
def test_a_fault_of_the_project_file(
    town: Town, old: str, new: str, words: tuple[str, ...]
) -> None:
    """A fault of the project file is named by its key, with what was expected there."""
    town.edit((old, new))
    refused(town, "circles.toml: ", *words)


@pytest.mark.parametrize("value", ["inf", "nan", "-1", "0", '"far"', "[1]"])
def test_distances_that_cannot_be(town: Town, value: str) -> None:
    """A limit is a finite number above zero."""
    town.edit(('"town.osm.pbf"', f'"town.osm.pbf"\nmax_access_m = {value}'))
    refused(town, "circles.toml: 1 fault", "network.max_access_m: ", "it is ")


def test_all_faults_of_the_project_file_at_once(town: Town) -> None:
    """Keys, types, what is missing and files that are not there are named in one message."""
    town.edit(
        ("as_of", "asof"),
        ("dir =", "dri ="),
        ('id = "code"\n', ""),
        ('lang = "en"', 'lang = "de"'),
        ('column = "kind"', 'colum = "kind"'),
        ("facilities.csv", "facility.csv"),
    )
    refused(
        town,
        "'asof'",
        "'output.dri'",
        "path needs id",
        "output.lang",
        "'communities.setting.colum'; did you mean 'column'?",
        "'facility.csv'",
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (PROJECT.replace("Small Town", "小镇").encode("gb18030"), "not UTF-8 text"),
        (PROJECT.encode("utf-16"), "not UTF-8 text"),
        (PROJECT.replace("Small", "Sm\0all").encode(), "not valid TOML: Illegal character"),
        (b"a = " + b"[" * 100_000, "not valid TOML"),
        (b"", "3 faults"),
    ],
    ids=["GBK", "UTF-16", "NUL", "nested", "empty"],
)
def test_a_project_file_that_cannot_be_read(town: Town, data: bytes, words: str) -> None:
    """Text in another encoding, or text no parser survives, is refused in words."""
    town.project.write_bytes(data)
    refused(town, "circles.toml: ", words)


def test_a_project_file_with_a_byte_order_mark(town: Town) -> None:
    """What Windows writes before UTF-8 text does no harm."""
    town.project.write_bytes(b"\xef\xbb\xbf" + PROJECT.encode())
    assert reported(town)["name"] == "Small Town"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"time_threshold"', '"capacity_ration"', ("no rules of the kind 'capacity_ration'",)),
        ('"time_threshold"', '"capacity_ratio"', ("numerator: the key 'numerator' is missing",)),
        ("[[tiers]]", "[[tiers", ("this is not TOML", "line 29")),
        ("min_share = 0.8", "min_shar = 0.8", ("unknown key 'min_shar'", "'min_share'")),
        ('service = "elder_meal"', 'service = "elder_meel"', ("no service 'elder_meel'",)),
        ('rules = ["meal",', 'rules = ["meals",', ("there is no 'meals'; rules: 'meal'",)),
    ],
)
def test_a_fault_of_the_standard(town: Town, old: str, new: str, words: tuple[str, ...]) -> None:
    """A fault of the standard is named by the rule or the line it is in."""
    assert old in STANDARD
    town.standard.write_text(STANDARD.replace(old, new), "utf-8")
    refused(town, "promises.toml: ", *words)


# The same faults under the other commands


def test_check_refuses_what_run_refuses(town: Town) -> None:
    """`circles check` finds the faults of the inputs without a run, and writes nothing."""
    property_of(1, "code", "A1")(town)
    before = town.files()
    outcome = run_circles("check", town.project)
    assert outcome.code == 2
    assert "ids repeat: 'A1' (2 times)" in outcome.err
    assert outcome.out == ""
    assert town.files() == before


def test_check_says_what_was_found(town: Town) -> None:
    """`circles check` counts what it read and repeats the warnings; it writes nothing."""
    write_communities(town.communities, [*town_communities(), lake(kind="village")])
    before = town.files()
    outcome = run_circles("check", town.project)
    assert outcome.code == 0
    assert "4 communities (2 urban, 2 rural), 30 demand points, 4 facilities" in outcome.out
    assert (
        f"elder_meal: {sum(r['service'] == 'elder_meal' for r in town_facilities())}" in outcome.out
    )
    assert "! 1 communities have neither a home" in outcome.out
    assert town.files() == before
    assert len(town_streets()) == 2 * STREETS
