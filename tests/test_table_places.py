"""Coordinates as people write them, row by row, and the files that hold them."""

import csv
import io
import json
import os
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from circles.datum import Datum, from_wgs84
from circles.errors import InputError
from circles.tables import Fate, LoadedLayer, Source, load_layer, load_table
from circles.tables.angles import read_angle
from circles.tables.projections import candidates
from circles.texts import Note, load_texts
from tests.old_workbook import XLS


def table(path: Path, *rows: str, header: str = "lon,lat,n") -> Path:
    """Write a text table."""
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


def told(loaded: LoadedLayer) -> dict[int, list[str]]:
    """Return what happened to each row."""
    events: dict[int, list[str]] = {}
    for event in loaded.ledger.events:
        events.setdefault(event.row, []).append(event.note.key.partition(".")[2])
    return events


def places(crs: int | None = 4326) -> gpd.GeoDataFrame:
    """Return two places in Guangzhou with Chinese text."""
    shapes = [shapely.Point(113.3, 23.1), shapely.Point(113.4, 23.2)]
    return gpd.GeoDataFrame({"名称": ["甲社", " 乙站 "], "床位": [3, 4]}, geometry=shapes, crs=crs)


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        *(("113°15′30″E", 113 + 15.5 / 60), ("N23°07.5'", 23.125), ("东经113度15分", 113.25)),
        *(("東經113度15分30秒", 113 + 15.5 / 60), ("113-15-30", 113 + 15.5 / 60)),
        *(("113 15 30", 113 + 15.5 / 60), ("113:15:30", 113 + 15.5 / 60), ("113.25°", 113.25)),
        *(("E113.25", 113.25), ("23°7′30″S", -23.125), ("西经51.2", -51.2), ("51°12'W", -51.2)),
        *(("-51°12'", -51.2), ("113,265", 113.265), ("１１３．３", 113.3), ("113. 265", 113.265)),
        *(
            ("113° 15' 30\" E", 113 + 15.5 / 60),
            ("113゜15′", 113.25),
            ("113˚15’30”", 113 + 15.5 / 60),
        ),
        *(("+23.1", 23.1), ("2.31e1", 23.1), ("北纬：23.1", 23.1), ("434,000.5", 434000.5)),
    ],
)
def test_spellings_of_an_angle(text: str, degrees: float) -> None:
    """Each usual way of writing a coordinate is understood."""
    angle = read_angle(text)
    assert angle is not None
    assert angle.value == pytest.approx(degrees, abs=1e-12)


@pytest.mark.parametrize(
    "text", ["abc", "23 113", "113-75-30", "113°61'", "inf", "113.3.3", "E113W", "约113", "1e999x"]
)
def test_what_is_no_angle(text: str) -> None:
    """What could be read in two ways, or in none, is not read."""
    assert read_angle(text) is None


@given(
    degrees=st.integers(0, 179),
    minutes=st.integers(0, 59),
    seconds=st.integers(0, 59),
    style=st.sampled_from(["{}°{}′{}″", "{}度{}分{}秒", "{}-{}-{}", "{} {} {}", "E{}°{}'{}''"]),
)
def test_degrees_minutes_seconds(degrees: int, minutes: int, seconds: int, style: str) -> None:
    """Degrees, minutes and seconds come back as the degrees they are, in each style."""
    angle = read_angle(style.format(degrees, minutes, seconds))
    assert angle is not None
    assert angle.value == pytest.approx(degrees + minutes / 60 + seconds / 3600)


@given(st.text(max_size=30))
def test_any_text_is_an_angle_or_none(text: str) -> None:
    """No text makes the reading of an angle fail."""
    angle = read_angle(text)
    assert angle is None or isinstance(angle.value, float)


def test_repaired_coordinates_are_listed(tmp_path: Path) -> None:
    """Minutes, decimal commas and exchanged cells are repaired, each row with its note."""
    rows = [
        "113.3,23.1",
        "113°18′,23°6′",
        '"113,3","23,1"',
        "23.1,113.3",
        "N23.1,E113.3",
        "113. 3,23.1",
    ]
    loaded = load_layer(Source(table(tmp_path / "a.csv", *(f"{row},x" for row in rows))))
    assert np.allclose(loaded.places.geometry.x, 113.3)
    assert np.allclose(loaded.places.geometry.y, 23.1)
    assert told(loaded) == {
        3: ["minutes"],
        4: ["decimal_comma"],
        5: ["swapped"],
        6: ["minutes", "swapped"],
        7: ["spaces"],
    }
    assert loaded.ledger.rows(Fate.REPAIRED) == (3, 4, 5, 6, 7)


def test_swapped_where_both_are_below_ninety(tmp_path: Path) -> None:
    """What falls among the others only when it is exchanged, is exchanged."""
    rows = [f"{-15.4 - n / 100:.2f},{28.1 + n / 100:.2f},x" for n in range(8)]
    rows[3] = "28.13,-15.43,x"
    loaded = load_layer(Source(table(tmp_path / "a.csv", *rows)))
    assert told(loaded) == {5: ["swapped"]}
    assert loaded.places.geometry.loc[5].equals(shapely.Point(-15.43, 28.13))


def test_a_table_that_is_swapped_throughout(tmp_path: Path) -> None:
    """Survey tables call the northing X: all rows are exchanged and all are named."""
    path = table(tmp_path / "a.csv", "23.1,113.3,a", "23.2,113.4,b", header="X坐标,Y坐标,n")
    loaded = load_layer(Source(path))
    assert loaded.places.geometry.x.tolist() == [113.3, 113.4]
    assert loaded.ledger.rows(Fate.REPAIRED) == (2, 3)


def test_far_away_places_are_doubtful(tmp_path: Path) -> None:
    """A place in another city is doubtful but kept; those of one district are not."""
    rows = [f"{113.30 + n / 200},{23.10 + n / 300},x" for n in range(10)]
    loaded = load_layer(Source(table(tmp_path / "a.csv", *rows, "116.4,39.9,Beijing")))
    assert told(loaded) == {12: ["far_away"]}
    assert loaded.ledger.rows(Fate.DOUBTFUL) == (12,)
    assert loaded.ledger.used == 11
    km = dict(loaded.ledger.events[0].note.values)["km"]
    assert km == pytest.approx(1890, abs=30)  # from Guangzhou to Beijing


def test_zeros(tmp_path: Path) -> None:
    """Zero is no place, in both or in one coordinate; on the equator itself it may be one."""
    rows = ["113.3,23.1,x", "0,0,x", "113.3,0,x", "113.4,23.1,x", "0.0,23.1,x"]
    loaded = load_layer(Source(table(tmp_path / "a.csv", *rows)))
    assert told(loaded) == {3: ["zero"], 4: ["zero"], 6: ["zero"]}
    quito = table(tmp_path / "b.csv", "-78.45,0,x", "-78.46,-0.1,x", "-78.47,0.1,x")
    assert told(load_layer(Source(quito))) == {}


@pytest.mark.parametrize("empty", ["", "-", "无", "NULL", "nan", "#N/A", "暂无"])
def test_words_for_nothing(tmp_path: Path, empty: str) -> None:
    """Words that say that a coordinate is not known are no faulty numbers."""
    loaded = load_layer(Source(table(tmp_path / "a.csv", "113.3,23.1,x", f"{empty},{empty},y")))
    assert told(loaded)[3][-1] == "no_coordinates"
    assert loaded.ledger.rows(Fate.SET_ASIDE) == (3,)
    assert len(loaded.places) == 2


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("经纬度", ["113.3,23.1", "(113.4，23.2)", "113.5 23.3", "23.4,113.6"]),
        ("坐标", ["113.3;23.1", "113.4、23.2", "113°30′,23°18′", "N23.4,E113.6"]),
        ("latlng", ["23.1,113.3", "23.2, 113.4", "[23.3,113.5]", "23.4|113.6"]),
        (
            "WKT",
            [
                "POINT (113.3 23.1)",
                "POINT(113.4 23.2)",
                "POINT Z (113.5 23.3 1)",
                "POINT (113.6 23.4)",
            ],
        ),
    ],
)
def test_one_column_with_both(tmp_path: Path, header: str, cells: Sequence[str]) -> None:
    """One column may hold both coordinates, separated in any way, or WKT."""
    path = table(tmp_path / "a.csv", *(f'"{cell}",x' for cell in cells), header=f"{header},n")
    loaded = load_layer(Source(path))
    assert np.allclose(loaded.places.geometry.x, [113.3, 113.4, 113.5, 113.6])
    assert np.allclose(loaded.places.geometry.y, [23.1, 23.2, 23.3, 23.4])


def test_a_combined_column_by_name(tmp_path: Path) -> None:
    """A combined column of any name is named once as lon and once as lat."""
    path = table(tmp_path / "a.csv", '"113.3,23.1",x', "坏,y", header="地图点,n")
    loaded = load_layer(Source(path, lon="地图点", lat="地图点"))
    assert loaded.places.geometry.notna().tolist() == [True, False]


def test_areas_as_wkt_go_before_points(tmp_path: Path) -> None:
    """A table with polygons and a point in each is a layer of polygons."""
    ring = '"POLYGON ((113 23, 113.1 23, 113.1 23.1, 113 23))"'
    path = table(tmp_path / "a.csv", f"113.05,23.05,{ring}", "1,2,kaputt", header="lon,lat,WKT")
    loaded = load_layer(Source(path))
    assert loaded.places.geometry.loc[2].geom_type == "Polygon"
    assert told(loaded) == {3: ["not_a_shape"]}


def test_metres_among_degrees_and_degrees_among_metres(tmp_path: Path) -> None:
    """Single rows in another system are set aside, with the system they may be in."""
    rows = ["434000,2558000,x", "435000,2559000,x", "113.3,23.1,x"]
    loaded = load_layer(Source(table(tmp_path / "a.csv", *rows), crs="EPSG:4547"))
    assert told(loaded) == {4: ["degrees"]}
    assert loaded.datum is Datum.WGS84


@pytest.mark.parametrize(
    ("x", "y", "system"),
    [
        (38434000, 2558000, "EPSG:4526 (CGCS2000, 3-degree zone 38)"),
        (2558000, 38434000, "EPSG:4526 (CGCS2000, 3-degree zone 38)"),
        (19734000, 2558000, "EPSG:4497 (CGCS2000, 6-degree zone 19)"),
        (304000, 2770000, "EPSG:3826 (TWD97, Taiwan)"),
        (835000, 815000, "EPSG:2326 (Hong Kong 1980 Grid)"),
        (12_610_000, 2_650_000, "EPSG:3857 (web Mercator)"),
    ],
)
def test_candidates_hold_the_place(x: float, y: float, system: str) -> None:
    """The systems that are proposed are real ones, and put the place into China."""
    assert system in candidates(x, y)
    east, north = (x, y) if x > y or x < 400_000 or x == 835_000 else (y, x)
    code = int(system.split(maxsplit=1)[0].removeprefix("EPSG:"))
    place = gpd.GeoSeries([shapely.Point(east, north)], crs=code).to_crs(4326).iloc[0]
    assert 70 < place.x < 140
    assert 15 < place.y < 55


def test_layers_in_each_format(tmp_path: Path) -> None:
    """The same places come back from each format, their text stripped, their numbers numbers."""
    frame = places()
    frame.to_file(tmp_path / "a.geojson")
    frame.to_file(tmp_path / "a.gpkg")
    frame.to_file(tmp_path / "a.shp", encoding="UTF-8")
    frame.to_file(tmp_path / "a.fgb", SPATIAL_INDEX="NO")
    frame.rename(columns={"名称": "Name"}).to_file(tmp_path / "a.kml", driver="KML")
    frame.to_parquet(tmp_path / "a.parquet")
    for path in sorted(tmp_path.glob("a.*")):
        if path.suffix in {".cpg", ".dbf", ".prj", ".shx"}:
            continue
        loaded = load_layer(Source(path))
        assert loaded.datum is Datum.WGS84
        assert loaded.places.index.tolist() == [1, 2], path
        assert loaded.places.geometry.x.tolist() == pytest.approx([113.3, 113.4])
        name = "Name" if path.suffix == ".kml" else "名称"
        assert loaded.places[name].tolist() == ["甲社", "乙站"], path
        assert loaded.ledger.read == 2


@pytest.mark.parametrize(("codec", "name"), [("GB18030", "GB18030"), ("CP950", "Big5")])
def test_shapefiles_that_do_not_say_their_encoding(tmp_path: Path, codec: str, name: str) -> None:
    """GBK and Big5 in a Shapefile without .cpg are told apart, and stated."""
    words = ["社工站", "长者饭堂"] if codec == "GB18030" else ["社區照顧關懷據點", "臺北市大安區"]
    header = "名称" if codec == "GB18030" else "據點名稱"
    shapes = places().geometry
    frame = gpd.GeoDataFrame({header: words}, geometry=shapes)
    frame.to_file(tmp_path / "a.shp", encoding=codec)
    (tmp_path / "a.cpg").unlink()
    loaded = load_layer(Source(tmp_path / "a.shp"))
    assert loaded.places[header].tolist() == words
    assert Note.of("reading.encoding", encoding=name) in loaded.ledger.facts
    named = load_layer(Source(tmp_path / "a.shp", encoding="gbk" if codec == "GB18030" else "big5"))
    assert named.places[header].tolist() == words


def test_a_shapefile_in_an_archive(tmp_path: Path) -> None:
    """A zip with one Shapefile is read as that."""
    frame = places()
    frame.to_file(tmp_path / "inner.shp", encoding="UTF-8")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for part in sorted(tmp_path.glob("inner.*")):
            archive.write(part, f"folder/{part.name}")
        archive.writestr("folder/readme.txt", "x")
    loaded = load_layer(Source(tmp_path / "a.zip"))
    assert loaded.places["名称"].tolist() == ["甲社", "乙站"]
    assert Note.of("reading.archive", file="folder/inner.shp") in loaded.ledger.facts
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("a.geojson", "{}")
        archive.writestr("b.geojson", "{}")
    with pytest.raises(InputError, match=r"must hold one layer; layers: '.\.geojson', "):
        load_layer(Source(tmp_path / "b.zip"))


def test_plain_parquet(tmp_path: Path) -> None:
    """Parquet without geography has its places in columns: of numbers, WKB or WKT."""
    frame = places()
    plain = pd.DataFrame({"名称": frame["名称"], "lon": frame.geometry.x, "lat": frame.geometry.y})
    plain.to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"n": [1, 2], "geometry": frame.geometry.to_wkb()}).to_parquet(
        tmp_path / "b.parquet"
    )
    pd.DataFrame({"n": [1, 2], "wkt": frame.geometry.to_wkt()}).to_parquet(tmp_path / "c.parquet")
    for name in ("a", "b", "c"):
        loaded = load_layer(Source(tmp_path / f"{name}.parquet"))
        assert loaded.places.geometry.x.tolist() == pytest.approx([113.3, 113.4])
        assert loaded.places.index.tolist() == [1, 2]


def test_missing_geometry_is_set_aside(tmp_path: Path) -> None:
    """Features without geometry keep their place and are named."""
    features = [
        {"type": "Feature", "properties": {"n": n}, "geometry": shape}
        for n, shape in enumerate([None, {"type": "Point", "coordinates": [113.3, 23.1]}])
    ]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    loaded = load_layer(Source(path))
    assert loaded.places.geometry.isna().tolist() == [True, False]
    assert told(loaded) == {1: ["no_geometry"]}


@pytest.mark.parametrize("suffix", ["geojson", "gpkg"])
@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.BD09])
def test_layers_in_a_shifted_datum(tmp_path: Path, suffix: str, datum: Datum) -> None:
    """Files of degrees whose datum a person names are shifted back; metres are refused."""
    lon, lat = from_wgs84([113.3, 113.4], [23.1, 23.2], datum)
    shifted = places().set_geometry(gpd.points_from_xy(lon, lat), crs=4326)
    path = tmp_path / f"a.{suffix}"
    shifted.to_file(path)
    loaded = load_layer(Source(path, crs=datum.value))
    assert loaded.places.geometry.x.tolist() == pytest.approx([113.3, 113.4], abs=1e-7)
    assert loaded.datum is datum
    raw = load_layer(Source(path, crs="auto"))
    assert raw.datum is None
    assert raw.places.geometry.x.tolist() == pytest.approx(lon.tolist())
    places().to_crs(4547).to_file(tmp_path / "m.gpkg")
    with pytest.raises(InputError, match="the layer says that it is in 'CGCS2000"):
        load_layer(Source(tmp_path / "m.gpkg", crs=datum.value))
    assert load_layer(Source(tmp_path / "m.gpkg", crs="auto")).datum is Datum.WGS84


def test_old_workbooks(tmp_path: Path) -> None:
    """A workbook of Excel 97 reads like a new one: title, merged street, total, hidden sheet."""
    (tmp_path / "a.xls").write_bytes(XLS)
    loaded = load_layer(Source(tmp_path / "a.xls"))
    assert loaded.places["编号"].tolist() == ["440105001001", "007"]
    assert loaded.places["街道"].tolist() == ["江南街", "江南街"]
    assert loaded.places["开业日期"].tolist() == ["2024-05-01", None]
    assert loaded.places.geometry.x.tolist() == [113.31, 113.32]
    assert told(loaded) == {5: ["totals_row"], 4: ["merged"]}
    assert Note.of("reading.hidden_sheets", sheets=("旧表",)) in loaded.ledger.facts


def test_open_document_sheets(tmp_path: Path) -> None:
    """An OpenDocument sheet is read."""
    cells = [["名称", "lon", "lat"], ["甲", "113.3", "23.1"]]
    body = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{c}</text:p></table:table-cell>'
            for c in row
        )
        + "</table:table-row>"
        for row in cells
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:body>'
        f'<office:spreadsheet><table:table table:name="表">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
        archive.writestr("META-INF/manifest.xml", f'<manifest xmlns="{manifest}"/>')
    assert load_table(Source(tmp_path / "a.ods")).frame.loc[2].tolist() == ["甲", "113.3", "23.1"]


def test_every_event_can_be_put_into_words(tmp_path: Path) -> None:
    """What happened to rows of places can be said in both languages."""
    rows = ["113.3,23.1,x", "0,0,x", "38434000,2558000,x", "23°6′,113.3,x", "500,x,x", "5,,x"]
    loaded = load_layer(Source(table(tmp_path / "a.csv", *rows)))
    for lang in ("zh", "en"):
        texts = load_texts(lang)
        assert all(texts.note(event.note) for event in loaded.ledger.events)
        assert all(texts.note(fact) for fact in loaded.ledger.facts)


def _as_book(path: Path, text: str) -> Path:
    made = openpyxl.Workbook()
    page = made.active
    assert page is not None
    for row in csv.reader(io.StringIO(text)):
        page.append(row)
    made.save(path)
    return path


def _lists(real_data: Path) -> list[Path]:
    return sorted((real_data / "taipei").glob("*.csv"))


@pytest.fixture
def real_data() -> Path:
    """Return the folder of real tables."""
    return Path(os.environ["CIRCLES_REAL_DATA"])


@pytest.mark.real
def test_real_lists_in_every_dress(real_data: Path, tmp_path: Path) -> None:
    """Taipei's lists read the same from UTF-8, Big5, GB18030, UTF-16 and a workbook."""
    assert len(_lists(real_data)) == 7
    for path in _lists(real_data):
        loaded = load_layer(Source(path))
        known = pd.read_csv(path, dtype=str)
        assert len(loaded.places) == len(known) == loaded.ledger.read
        assert loaded.places.geometry.notna().sum() == known["lat"].notna().sum()
        text = path.read_text("utf-8")
        for codec in ("big5hkscs", "gb18030", "utf-16"):
            if len(text) > 200_000 and codec != "big5hkscs":
                continue
            data = text.encode(codec, "replace")
            (tmp_path / "a.csv").write_bytes(data)
            again = load_table(Source(tmp_path / "a.csv"))
            (tmp_path / "b.csv").write_bytes(data.decode(codec).encode())
            assert again.frame.equals(load_table(Source(tmp_path / "b.csv")).frame), (path, codec)
            names = {"big5hkscs": "Big5", "gb18030": "GB18030", "utf-16": "UTF-16"}
            assert Note.of("reading.encoding", encoding=names[codec]) in again.ledger.facts
        if len(text) < 200_000:
            frame = load_table(Source(_as_book(tmp_path / "a.xlsx", text))).frame
            assert frame.equals(load_table(Source(path)).frame)


@pytest.mark.real
def test_real_tables_elsewhere(real_data: Path, tmp_path: Path) -> None:
    """Nanjing in GBK, Porto Alegre, Helsinki, Wuhan and Taipei's villages read as they are."""
    with zipfile.ZipFile(real_data / "china" / "nanjing_gmns_gbk.zip") as archive:
        archive.extract("node.csv", tmp_path)
        head = archive.read("link.csv").split(b"\n")[:3000]
    (tmp_path / "link.csv").write_bytes(b"\n".join(head))
    links = load_layer(Source(tmp_path / "link.csv"))
    assert Note.of("reading.encoding", encoding="GB18030") in links.ledger.facts
    assert links.places["name"].loc[2] == "将军大道"
    assert set(links.places.geom_type) == {"LineString"}
    assert links.datum is None
    nodes = load_layer(Source(tmp_path / "node.csv"))
    assert (nodes.ledger.read, nodes.ledger.used) == (23570, 23570)
    for file, count in {
        "porto_alegre/poa_hexgrid.csv": 1227,
        "porto_alegre/poa_points_of_interest.csv": 15,
        "helsinki/helsinki_population_grid_2020.gpkg": 92,
        "china/wuhan_roads.parquet": 92667,
        "taipei/villages_population.geojson": 456,
    }.items():
        loaded = load_layer(Source(real_data / file))
        assert (loaded.ledger.read, loaded.ledger.used) == (count, count)
        assert loaded.datum is Datum.WGS84
        assert loaded.ledger.events == ()


def test_no_layer_keeps_a_warning(tmp_path: Path) -> None:
    """What GDAL warns of is logged, not shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        places(None).to_file(tmp_path / "a.shp")
    with pytest.raises(InputError, match="does not say which coordinate reference system"):
        load_layer(Source(tmp_path / "a.shp"))
