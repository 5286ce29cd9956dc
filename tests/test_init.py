"""A drafted project as a whole: the file, its folder, the terminal, what cannot be used."""

import csv
import json
import os
import shutil
import tomllib
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import circles
from circles.cli import app
from circles.datum import Datum, from_wgs84
from circles.draft import init_project
from circles.errors import CirclesError, InputError, OutputError
from circles.project import load_project
from circles.tables import read_layer
from circles.texts import LANGS
from tests.drawn_files import (
    areas_file,
    at,
    communities_file,
    csv_file,
    names,
    oblongs,
    places_file,
)

SAMPLE = Path(__file__).parent.parent / "data" / "sample"


# ---- the file and the folder -----------------------------------------------------------------


def test_an_existing_project_is_never_overwritten(tmp_path: Path) -> None:
    """The file that is there stays, and the message says what to do."""
    communities_file(tmp_path)
    (tmp_path / "circles.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="never overwritten; move it"):
        init_project(tmp_path)
    assert (tmp_path / "circles.toml").read_text("utf-8") == "mine"


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """There is nothing to look at, and nothing is written."""
    with pytest.raises(InputError, match="no file to look at"):
        init_project(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_needs_files(tmp_path: Path) -> None:
    """Without files there must be a folder to look into."""
    with pytest.raises(InputError, match="no such folder"):
        init_project(tmp_path / "new")


def test_a_file_cannot_be_the_folder(tmp_path: Path) -> None:
    """Somebody who forgot the folder is told so."""
    path = communities_file(tmp_path)
    with pytest.raises(InputError, match="is a file; name the folder"):
        init_project(path, [path])


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A mistyped name stops before anything is written; near names are told."""
    communities_file(tmp_path)
    with pytest.raises(InputError, match=r"no such file.*社区\.geojson"):
        init_project(tmp_path / "new", [tmp_path / "社区.geojso"])
    assert not (tmp_path / "new").exists()


def test_files_stay_where_they_are(tmp_path: Path) -> None:
    """Paths lead from the project's folder to the files, which are not copied."""
    data = tmp_path / "a b" / "数据"
    data.mkdir(parents=True)
    communities_file(data)
    path = init_project(tmp_path / "new" / "project", [data])
    assert (
        tomllib.loads(path.read_text("utf-8"))["communities"]["path"]
        == "../../a b/数据/社区.geojson"
    )
    assert [entry.name for entry in path.parent.iterdir()] == ["circles.toml"]
    load_project(path)


def test_a_file_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    """The same list by two ways is one layer."""
    communities_file(tmp_path)
    places = places_file(tmp_path / "长者饭堂.csv", ["甲", "乙"])
    path = init_project(tmp_path, [tmp_path, places, tmp_path / "." / places.name])
    assert len(tomllib.loads(path.read_text("utf-8"))["facilities"]) == 1


@pytest.mark.parametrize("lang", LANGS)
def test_the_same_files_give_the_same_project(tmp_path: Path, lang: str) -> None:
    """Nothing in the file depends on when or where it is written."""
    communities_file(tmp_path)
    places_file(tmp_path / "点.csv", ["甲长者饭堂", "乙幼儿园"])
    first = init_project(tmp_path, lang=lang, name="甲区").read_text("utf-8")
    (tmp_path / "circles.toml").unlink()
    assert init_project(tmp_path, lang=lang, name="甲区").read_text("utf-8") == first
    assert tomllib.loads(first)["output"]["lang"] == lang


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[31m"])
def test_a_name_that_cannot_be_shown_is_refused(tmp_path: Path, name: str) -> None:
    """Titles show the name."""
    communities_file(tmp_path)
    with pytest.raises(InputError, match="cannot be shown"):
        init_project(tmp_path, name=name)


def test_an_unknown_standard_is_refused(tmp_path: Path) -> None:
    """Bundled standards are listed where the one asked for is not among them."""
    communities_file(tmp_path)
    with pytest.raises(InputError, match="bundled standards"):
        init_project(tmp_path, standard="guangzhou")


def test_a_folder_that_cannot_be_made_is_an_error_of_the_output(tmp_path: Path) -> None:
    """Below a file there can be no folder."""
    files = [communities_file(tmp_path)]
    with pytest.raises(OutputError, match="could not be written"):
        init_project(files[0] / "new", files)


def test_a_folder_with_an_impossible_name_is_one_message(tmp_path: Path) -> None:
    """Names too long for the disk are told without a traceback."""
    with pytest.raises(CirclesError):
        init_project(tmp_path / ("x" * 5000), [communities_file(tmp_path)])


# ---- what cannot be used ---------------------------------------------------------------------


def test_what_cannot_be_read_is_told_and_keeps_nothing_from_being_read(tmp_path: Path) -> None:
    """Damaged files of each kind are listed in the file and on the terminal."""
    communities_file(tmp_path)
    bad = (
        "x.gpkg",
        "x.xlsx",
        "x.osm.pbf",
        "x.tif",
        "x.toml",
        "x.shp",
        "x.parquet",
        "x.zip",
        "x.ods",
    )
    for name in bad:
        (tmp_path / name).write_bytes(b"no such thing\0\xff")
    (tmp_path / "x.pdf").write_bytes(b"%PDF")
    told: list[str] = []
    path = init_project(tmp_path, say=told.append, lang="en")
    load_project(path)
    text = path.read_text("utf-8")
    for name in (*bad, "x.pdf"):
        assert f"# Not used: {name}: " in text, name
        assert any(line.startswith(f"{name}: not read: ") for line in told), name
    assert str(tmp_path) not in text


def test_files_alone_that_cannot_be_read_still_leave_a_file(tmp_path: Path) -> None:
    """Nothing is lost: the file says what was wrong, and that communities are missing."""
    (tmp_path / "x.gpkg").write_bytes(b"\0")
    told: list[str] = []
    path = init_project(tmp_path, say=told.append, lang="en")
    assert "x.gpkg" in path.read_text("utf-8")
    assert "still missing" in told[-1]


def test_parts_of_a_shapefile_are_no_files_of_their_own(tmp_path: Path) -> None:
    """The .dbf, .shx and .prj beside a .shp are not told as unknown."""
    areas_file(tmp_path / "社区.shp", {"id": [1, 2], "name": ["甲社区", "乙社区"]}, oblongs(2))
    path = init_project(tmp_path)
    assert "没有采用" not in path.read_text("utf-8").partition("[output]")[2]


def test_coordinates_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    """Metres in columns of degrees: the list stays in the file with what is wrong."""
    communities_file(tmp_path)
    rows = [(f"{n}长者饭堂", 434000 + n, 2557000 + n) for n in range(6)]
    csv_file(tmp_path / "点.csv", ("名称", "x", "y"), *rows)
    path = init_project(tmp_path)
    text = path.read_text("utf-8")
    assert "坐标不能使用" in text
    assert '#path = "点.csv"' in text
    load_project(path)


HOSTILE = ['a"b', "c'd", "e\\f", "g]h", "#i", "j = 1", "=cmd|'/C calc'!A0", "<script>", "k\u202el"]


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_columns_and_cells_stay_words(tmp_path: Path, word: str) -> None:
    """Whatever a column or a cell says, the project file names it and does nothing else."""
    shown = {word: ["1", "2"], "name": [f"{word}社区", "乙社区"]}
    areas_file(tmp_path / "社区.geojson", shown, oblongs(2))
    places_file(tmp_path / "点.csv", ["张记", "李记"])
    path = init_project(tmp_path)
    load_project(path)
    data = tomllib.loads(path.read_text("utf-8"))
    assert data["communities"]["id"] in {word, "name"}
    assert data.keys() == {"name", "standard", "communities", "output"}


@pytest.mark.parametrize("word", ['a"b', "c'd", "e\\f", "g]h", "#i", "j = 1", "k\nl", "m\x1b[2Jn"])
def test_hostile_file_names_stay_names(tmp_path: Path, word: str) -> None:
    """Whatever a file is called, the project finds it."""
    communities_file(tmp_path)
    places_file(tmp_path / f"{word}.csv", ["甲长者饭堂", "乙幼儿园"])
    told: list[str] = []
    path = init_project(tmp_path, say=told.append)
    load_project(path)
    data = tomllib.loads(path.read_text("utf-8"))
    assert data["facilities"][0]["path"] == f"{word}.csv"
    assert all(line.isprintable() for line in told)


def test_a_name_that_would_be_a_variable_is_told(tmp_path: Path) -> None:
    """The project file would put an environment variable in its place."""
    communities_file(tmp_path)
    places_file(tmp_path / "${HOME}.csv", ["甲长者饭堂"])
    path = init_project(tmp_path, lang="en")
    load_project(path)
    assert "rename it" in path.read_text("utf-8")


def test_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 cannot stand in a project file."""
    communities_file(tmp_path)
    target = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xc9\xe7.csv"))
    shutil.copy(places_file(tmp_path / "点.csv", ["甲长者饭堂"]), target)
    path = init_project(tmp_path)
    load_project(path)
    assert len(tomllib.loads(path.read_text("utf-8"))["facilities"]) == 1


CELLS = st.none() | st.integers(0, 999) | st.floats(allow_nan=False) | st.text(max_size=6)
HEADERS = st.text(min_size=1, max_size=9) | st.sampled_from(
    [
        "id",
        "name",
        "社区",
        "60岁以上",
        "人口",
        "户数",
        "类型",
        "x",
        "经度",
        "地址",
        "服务范围",
        "building",
    ]
)
ROWS = st.lists(HEADERS, max_size=5, unique=True).flatmap(
    lambda header: st.tuples(
        st.just(header),
        st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=4),
    )
)


@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
@given(areas=ROWS, listed=ROWS)
def test_whatever_stands_in_tables_gives_a_project_that_can_be_read(
    tmp_path_factory: pytest.TempPathFactory,
    areas: tuple[list[str], list[list[object]]],
    listed: tuple[list[str], list[list[object]]],
) -> None:
    """Headers and cells of all kinds: communities are found, or it is said that they are not."""
    folder = tmp_path_factory.mktemp("any")
    header, rows = areas
    features = [
        {
            "type": "Feature",
            "properties": dict(zip(header, row, strict=True)),
            "geometry": shapely.geometry.mapping(shape),
        }
        for row, shape in zip(rows, oblongs(len(rows)), strict=True)
    ]
    layer = {"type": "FeatureCollection", "features": features}
    (folder / "a.geojson").write_text(json.dumps(layer), encoding="utf-8")
    with (folder / "b.csv").open("w", encoding="utf-8", errors="replace", newline="") as file:
        csv.writer(file).writerows([listed[0], *listed[1]])
    told: list[str] = []
    path = init_project(folder, say=told.append, lang="en")
    data = tomllib.loads(path.read_text("utf-8"))
    if "communities" in data:
        load_project(path)
    else:
        assert "still missing" in told[-1]
    assert {name for name in ("a.geojson", "b.csv") if name not in "".join(told)} == set()


# ---- coordinates -----------------------------------------------------------------------------


def sample_in(folder: Path) -> Path:
    """Copy the sample's files, without its project file."""
    folder.mkdir(exist_ok=True)
    for file in SAMPLE.iterdir():
        if file.name != "circles.toml":
            shutil.copy(file, folder)
    return folder


@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.BD09])
def test_a_shifted_table_is_recognised(tmp_path: Path, datum: Datum) -> None:
    """A list copied from a map app gets its crs, with the evidence above it."""
    folder = sample_in(tmp_path / "d")
    places = read_layer(SAMPLE / "facilities.xlsx", sheet="设施")
    lon, lat = from_wgs84(places.geometry.x.to_numpy(), places.geometry.y.to_numpy(), datum)
    table = pd.DataFrame({"名称": places["名称"], "类型": places["类型"], "经度": lon, "纬度": lat})
    (folder / "facilities.xlsx").unlink()
    table.to_csv(folder / "名单.csv", index=False)
    data = tomllib.loads(init_project(folder).read_text("utf-8"))
    (found,) = [one for one in data["facilities"] if one["path"] == "名单.csv"]
    assert found["crs"] == datum.value


def test_a_few_places_do_not_tell_and_nothing_is_claimed(tmp_path: Path) -> None:
    """Of two places nobody can tell the datum: the key stands there to be filled in."""
    csv_file(
        tmp_path / "长者饭堂.csv",
        ("名称", "经度", "纬度"),
        ("甲", 113.31, 22.99),
        ("乙", 113.32, 23.0),
    )
    text = init_project(tmp_path).read_text("utf-8")
    assert '#crs = "gcj02"' in text


# ---- whole projects --------------------------------------------------------------------------


def test_the_sample_drafted_gives_the_samples_own_verdicts(tmp_path: Path) -> None:
    """Read by itself, the sample is judged as its own project file has it judged."""
    path = init_project(sample_in(tmp_path / "sample"), name="云浦区（虚构）")
    own = circles.run_project(SAMPLE / "circles.toml", out_dir=tmp_path / "own").assessment
    drafted = circles.run_project(path, out_dir=tmp_path / "drafted").assessment
    for table in ("verdicts", "tiers", "rollups"):
        # Whether a deadline has passed hangs on the date, which no file tells.
        mine, theirs = (
            getattr(a, table).drop(columns="passed", errors="ignore") for a in (drafted, own)
        )
        pd.testing.assert_frame_equal(mine, theirs)
    assert len(own.verdicts) > 100


def office(folder: Path) -> Path:
    """Make the files of a district office: a Shapefile in GBK, titles above headers, remarks."""
    folder.mkdir()
    named = [f"{n}{'社区居委会' if i < 4 else '村委会'}" for i, n in enumerate(names(6))]
    codes = [f"44011400100{i}" for i in range(1, 5)] + ["440114100201", "440114100202"]
    streets = ["新华街"] * 4 + ["花山镇"] * 2
    shown = {"OBJECTID": range(6), "社区名称": named, "区划代码": codes, "镇街": streets}
    layer = gpd.GeoDataFrame(shown, geometry=oblongs(6), crs=4326)
    layer.to_file(folder / "村居边界.shp", encoding="gbk")
    people = openpyxl.Workbook()
    page = people.worksheets[0]
    page.title = "2025人口"
    page.append(["2025年分年龄人口统计表"])
    page.merge_cells("A1:F1")
    page.append(["镇街", "村居", "户数", "0-14岁", "15-59岁", "60岁及以上"])
    for name, street in zip(names(6), streets, strict=True):
        page.append([street, name, 100, 20, 60, 30])
    page.append(["合计", None, 600, 120, 360, 180])
    people.create_sheet("填表说明").append(["数据来自某部门"])
    people.save(folder / "人口.xlsx")
    lists = openpyxl.Workbook()
    page = lists.worksheets[0]
    page.title = "长者饭堂"
    page.append(["附件1"])
    page.append(["序号", "名称", "地址", "餐位数", "经度", "纬度"])
    for i, name in enumerate(names(6)):
        page.append([i + 1, f"{name}配餐点", f"某路{i}号", 20, *at(i)])
    lists.save(folder / "设施清单.xlsx")
    return folder


def test_an_offices_files_are_ready_to_run(tmp_path: Path) -> None:
    """Titles, totals, two spellings of names and GBK: people, homes and canteens are all there."""
    path = init_project(office(tmp_path / "花都区"))
    data = tomllib.loads(path.read_text("utf-8"))
    assert data["name"] == "花都区"
    assert (data["communities"]["id"], data["communities"]["name"]) == ("区划代码", "社区名称")
    (table,) = data["communities"]["tables"]
    assert (table["sheet"], table["name"], table["households"]) == ("2025人口", "村居", "户数")
    district = circles.read_district(load_project(path))
    assert district.communities.population["60+"].sum() == 180
    assert district.communities.population["all"].sum() == 660
    assert set(district.communities.table["setting"]) == {"urban", "rural"}
    assert list(district.facilities["service"]) == ["elder_meal"] * 6


def test_the_command_tells_what_is_what_and_what_comes_next(tmp_path: Path) -> None:
    """Each file has a line, and the next command stands at the end."""
    communities_file(tmp_path)
    places_file(tmp_path / "点.csv", ["甲长者饭堂", "乙幼儿园"])
    found = CliRunner().invoke(app, ["init", str(tmp_path)])
    assert found.exit_code == 0
    lines = found.stdout.splitlines()
    assert any(line.startswith("社区.geojson：社区") for line in lines)
    assert any(line.startswith("点.csv：设施") for line in lines)
    assert lines[-1].endswith(f"circles check {tmp_path / 'circles.toml'}")


def test_the_command_takes_files_and_options(tmp_path: Path) -> None:
    """Folder first, then files; the language, the standard and the name are options."""
    files = [communities_file(tmp_path), places_file(tmp_path / "点.csv", ["甲长者饭堂"])]
    options = ["--lang", "en", "--standard", "gb50180-2018", "--name", "甲区"]
    new = tmp_path / "new"
    found = CliRunner().invoke(app, ["init", str(new), *map(str, files), *options])
    assert found.exit_code == 0
    data = tomllib.loads((new / "circles.toml").read_text("utf-8"))
    assert (data["name"], data["standard"], data["output"]["lang"]) == (
        "甲区",
        "gb50180-2018",
        "en",
    )


def test_a_mistake_on_the_command_line_is_one_message(tmp_path: Path) -> None:
    """Errors are those of the library, without a traceback."""
    found = CliRunner().invoke(app, ["init", str(tmp_path)])
    assert isinstance(found.exception, CirclesError)
