"""Reading tables and layers as people keep them."""

import datetime
import json
import warnings
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from circles.datum import Datum, from_wgs84
from circles.errors import CirclesError, FaultsError, InputError
from circles.tables import (
    Fate,
    Source,
    as_numbers,
    as_text,
    find_column,
    folded,
    load_layer,
    load_table,
    matching_key,
    read_layer,
    read_table,
    rows_in_words,
)
from circles.texts import Note, load_texts

CANTEENS = "名称,经度,纬度\n猎德长者饭堂, 113.33 ,23.12\n员村助餐点,113.36,23.11\n"


def _write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def _book(path: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        page = book.create_sheet(title)
        for row in rows:
            page.append(list(row))
    book.save(path)
    return path


def _geojson(path: Path, *points: Sequence[float], crs: str | None = None) -> Path:
    layer: dict[str, object] = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": " 甲 "},
                "geometry": {"type": "Point", "coordinates": list(point)},
            }
            for point in points
        ],
    }
    if crs is not None:
        layer["crs"] = {"type": "name", "properties": {"name": crs}}
    path.write_text(json.dumps(layer), encoding="utf-8")
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_text_encodings(tmp_path: Path, encoding: str) -> None:
    """A text table reads the same in each encoding that spreadsheets write."""
    table = read_table(_write(tmp_path / "a.csv", CANTEENS, encoding))
    assert list(table.columns) == ["名称", "经度", "纬度"]
    assert table["名称"].tolist() == ["猎德长者饭堂", "员村助餐点"]
    assert table["经度"].tolist() == ["113.33", "113.36"]


def test_big5_is_read(tmp_path: Path) -> None:
    """Traditional Chinese in Big5 is told from GB18030, which could read its bytes as nonsense."""
    path = _write(
        tmp_path / "a.csv", "據點名稱,地址\n臺北市社區照顧關懷據點,臺北市大安區\n", "big5"
    )
    table = read_table(path)
    assert table.loc[2].tolist() == ["臺北市社區照顧關懷據點", "臺北市大安區"]


def test_binary_file_is_refused(tmp_path: Path) -> None:
    """A file with binary zeros is no text table."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n1,\x00\x00\n")
    with pytest.raises(InputError, match="not a text table"):
        read_table(path)


@pytest.mark.parametrize(("suffix", "mark"), [(".csv", ","), (".tsv", "\t"), (".txt", ";")])
def test_delimiters(tmp_path: Path, suffix: str, mark: str) -> None:
    """Commas, tabs and semicolons are told apart by the header."""
    text = CANTEENS.replace(",", mark)
    assert read_table(_write(tmp_path / f"a{suffix}", text)).shape == (2, 3)


def test_rows_keep_the_numbers_of_the_file(tmp_path: Path) -> None:
    """Rows are numbered as a spreadsheet shows them, empty rows and line breaks in cells too."""
    path = _write(tmp_path / "a.csv", '"编\n号",名称\n1,甲\n,\n3,"乙\n丙"\n4,丁\n')
    table = read_table(path)
    assert table.index.tolist() == [2, 4, 5]
    assert table.index.name == "row"
    assert table["名称"].tolist() == ["甲", "乙\n丙", "丁"]


def test_codes_stay_text(tmp_path: Path) -> None:
    """Nothing is guessed about cells: a code keeps its zeros, an empty cell is None."""
    table = read_table(_write(tmp_path / "a.csv", "编号,人口\n007,\n1.50, 1200 \n"))
    assert table["编号"].tolist() == ["007", "1.50"]
    assert table["人口"].tolist() == [None, "1200"]


def test_repeated_and_missing_headers(tmp_path: Path) -> None:
    """A header that comes again gets its count, and one that is missing its place."""
    table = read_table(_write(tmp_path / "a.csv", "备注,备注,,名称\n1,2,3,4\n"))
    assert list(table.columns) == ["备注", "备注 (2)", "column 3", "名称"]


def test_rows_longer_than_the_header(tmp_path: Path) -> None:
    """Rows with a cell too many have slipped and are set aside; a table of such is refused."""
    path = _write(tmp_path / "a.csv", "a,b\n1,2\n1,2,3\n1,2,,\n4,5\n")
    loaded = load_table(Source(path))
    assert loaded.frame.index.tolist() == [2, 4, 5]
    assert loaded.ledger.rows(Fate.SET_ASIDE) == (3,)
    assert (loaded.ledger.read, loaded.ledger.used) == (4, 3)
    most = _write(tmp_path / "b.csv", "a,b\n1,2\n1,2,3\n1,2,,\n4,5,6\n7,8,9\n")
    with pytest.raises(FaultsError, match="rows 3, 5-6 have more cells than the header's 2"):
        read_table(most)


def test_quote_that_is_not_closed(tmp_path: Path) -> None:
    """A quotation mark left open does not swallow the rest of the table."""
    path = _write(tmp_path / "a.csv", 'a,b\n1,2\n"3,4\n5,6\n')
    with pytest.raises(InputError, match=r"row 3 .* quotation mark"):
        read_table(path)


def test_table_without_a_header(tmp_path: Path) -> None:
    """A file without any row is refused, and one with only its header is an empty table."""
    with pytest.raises(InputError, match="the table is empty"):
        read_table(_write(tmp_path / "a.csv", "\n\n"))
    empty = read_table(_write(tmp_path / "b.csv", "name,lon,lat\n"))
    assert empty.empty
    assert list(empty.columns) == ["name", "lon", "lat"]


def test_workbook_cells(tmp_path: Path) -> None:
    """Numbers, dates and truth values of a workbook become the text a reader sees."""
    rows = [
        ["编号", "人口", "比例", "日期", "开放"],
        ["007", 1200, 0.5, datetime.datetime(2024, 5, 1), True],
        [],
        [8, 1300.0, None, datetime.datetime(2024, 5, 1, 8, 30), False],
    ]
    table = read_table(_book(tmp_path / "a.xlsx", {"表": rows}))
    assert table.index.tolist() == [2, 4]
    assert table.loc[2].tolist() == ["007", "1200", "0.5", "2024-05-01", "TRUE"]
    assert table.loc[4].tolist() == ["8", "1300", None, "2024-05-01 08:30:00", "FALSE"]


def test_workbook_sheets(tmp_path: Path) -> None:
    """The only filled sheet is read; of several one must be named, and the names are listed."""
    one = _book(tmp_path / "one.xlsx", {"Sheet1": [["a"], [1]], "Sheet2": []})
    assert read_table(one)["a"].tolist() == ["1"]
    two = _book(tmp_path / "two.xlsx", {"饭堂": [["a"], [1]], "社工站": [["b"], [2]]})
    assert read_table(two, sheet="社工站")["b"].tolist() == ["2"]
    with pytest.raises(InputError, match=r"\('饭堂', '社工站'\); .* sheet = \"饭堂\""):
        read_table(two)
    with pytest.raises(InputError, match="no sheet '社工点'; sheets: '社工站', '饭堂'"):
        read_table(two, sheet="社工点")


def test_damaged_workbooks(tmp_path: Path) -> None:
    """A workbook that is cut off, or no workbook, is refused in words."""
    whole = _book(tmp_path / "a.xlsx", {"a": [["a"], [1]]}).read_bytes()
    for name, data in {"cut.xlsx": whole[: len(whole) // 2], "text.xlsx": b"a,b\n1,2\n"}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match="cannot be read as a workbook"):
            read_table(tmp_path / name)
    (tmp_path / "old.xls").write_bytes(b"")
    with pytest.raises(InputError, match="save it as"):
        read_table(tmp_path / "old.xls")


def test_missing_file_names_the_nearest(tmp_path: Path) -> None:
    """A file that is not there is answered with those that are, the nearest first."""
    for name in ("villages.gpkg", "canteens.csv"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"no such file; files there: 'canteens\.csv', 'vill"):
        read_layer(tmp_path / "canteen.csv")
    with pytest.raises(InputError, match="nor the folder"):
        read_layer(tmp_path / "nowhere" / "canteen.csv")
    with pytest.raises(InputError, match="this is a folder"):
        read_layer(tmp_path)


@pytest.mark.parametrize(
    "header",
    [
        "lon,lat",
        "LNG,Latitude",
        "经度,纬度",
        "Ｘ坐标,Ｙ坐标",
        "经度(E),纬度（N）",
        "x,y",
        "lon_wgs84,lat_wgs84",
    ],
)
def test_coordinate_columns_by_their_usual_names(tmp_path: Path, header: str) -> None:
    """Coordinates are found under the names that tables give them."""
    layer = read_layer(_write(tmp_path / "a.csv", f"name,{header}\n甲,113.3,23.1\n"))
    assert layer.crs == 4326
    assert layer.geometry.loc[2].equals(shapely.Point(113.3, 23.1))


def test_coordinate_columns_by_given_names(tmp_path: Path) -> None:
    """Named columns are taken before the usual ones, and a wrong name lists what there is."""
    path = _write(tmp_path / "a.csv", "lon,lat,东经,北纬\n1,2,113.3,23.1\n")
    layer = read_layer(path, lon="东经", lat=" 北纬 ")
    assert layer.geometry.loc[2].equals(shapely.Point(113.3, 23.1))
    with pytest.raises(InputError, match="no column '东径'; columns: '东经'"):
        read_layer(path, lon="东径", lat="北纬")


def test_no_coordinate_columns(tmp_path: Path) -> None:
    """A table without coordinates says which columns it has."""
    path = _write(tmp_path / "a.csv", "名称,地址\n甲,乙\n")
    with pytest.raises(InputError, match=r"no column of lon was found.*'名称'"):
        read_layer(path)


def test_coordinate_column_twice(tmp_path: Path) -> None:
    """Two columns of the same name leave it open which holds the coordinates."""
    path = _write(tmp_path / "a.csv", "lon,lat,lon\n1,2,113.3\n")
    with pytest.raises(InputError, match="'lon' occurs twice"):
        read_layer(path)


def test_faulty_coordinates_are_set_aside_by_row(tmp_path: Path) -> None:
    """Text, half a pair, out of range, zero: each row is set aside with its own reason."""
    rows = ["113.3,23.1", "在路口,23.1", "113.3,", "440000,2560000", "0,0", "inf,23.1", "500,23"]
    path = _write(tmp_path / "a.csv", "\n".join(["lon,lat,n", *(f"{row},x" for row in rows)]))
    loaded = load_layer(Source(path))
    assert loaded.places.index.tolist() == [2, 3, 4, 5, 6, 7, 8]
    assert loaded.places.geometry.notna().tolist() == [True] + [False] * 6
    reasons = {event.row: event.note.key for event in loaded.ledger.events}
    assert reasons == {
        3: "reading.not_a_number",
        4: "reading.half_a_pair",
        5: "reading.metres",
        6: "reading.zero",
        7: "reading.not_a_number",
        8: "reading.out_of_range",
    }
    told = {event.row: load_texts("en").note(event.note) for event in loaded.ledger.events}
    assert "EPSG:4547 (CGCS2000, central meridian 114°E)" in told[5]  # the others are at 113°E
    assert loaded.ledger.used == 1


def test_no_coordinate_can_be_used(tmp_path: Path) -> None:
    """A table none of whose coordinates can be used is refused, with all reasons at once."""
    path = _write(tmp_path / "a.csv", "lon,lat\n东经很多,23.1\n0,0\n500,23\n0,0\n,1\n")
    with pytest.raises(FaultsError) as caught:
        read_layer(path)
    told = "\n".join(caught.value.faults)
    assert "row 2 (row 2): The coordinate cannot be understood: 东经很多" in told
    assert "rows 3, 5 (row 3): The coordinate is 0" in told
    assert "row 4 (row 4): The coordinates (500, 23) are beyond the range" in told
    assert "row 6 (row 6): Only one of longitude and latitude is given" in told
    assert len(caught.value.faults) == 4


def test_rows_without_coordinates_have_no_place(tmp_path: Path) -> None:
    """A row without coordinates is kept, without geometry, so that it can be counted."""
    path = _write(tmp_path / "a.csv", "name,lon,lat\n甲,113.3,23.1\n乙,,\n")
    layer = read_layer(path)
    assert layer.geometry.isna().tolist() == [False, True]


def test_full_width_digits_and_spaces(tmp_path: Path) -> None:
    """Digits typed in full width are numbers."""
    layer = read_layer(_write(tmp_path / "a.csv", "lon,lat\n１１３．３,\u300023.1\u3000\n"))
    assert layer.geometry.loc[2].x == 113.3


@pytest.mark.parametrize(
    ("crs", "datum"), [("gcj02", Datum.GCJ02), ("GCJ-02", Datum.GCJ02), ("BD09", Datum.BD09)]
)
def test_shifted_coordinates_come_back(tmp_path: Path, crs: str, datum: Datum) -> None:
    """Shifted coordinates come back in WGS 84, and the ledger counts those that were moved."""
    lon, lat = from_wgs84([113.3, 114.17], [23.1, 22.32], datum)  # Guangzhou, Hong Kong
    rows = "\n".join(f"{x!r},{y!r}" for x, y in zip(lon.tolist(), lat.tolist(), strict=True))
    loaded = load_layer(Source(_write(tmp_path / "a.csv", f"lon,lat\n{rows}\n"), crs=crs))
    assert loaded.datum is datum
    assert loaded.places.crs == 4326
    assert loaded.places.geometry.x.tolist() == pytest.approx([113.3, 114.17], abs=1e-7)
    assert loaded.places.geometry.y.tolist() == pytest.approx([23.1, 22.32], abs=1e-7)
    assert lon[0] != pytest.approx(113.3, abs=1e-3)
    assert Note.of("reading.shifted", datum=datum.value, moved=1, left=1) in loaded.ledger.facts


@pytest.mark.parametrize(
    ("header", "datum"),
    [
        ("gcj02_lon,gcj02_lat", Datum.GCJ02),
        ("高德经度,高德纬度", Datum.GCJ02),
        ("经度(GCJ-02),纬度", Datum.GCJ02),
        ("百度经度,百度纬度", Datum.BD09),
        ("lon_wgs84,lat_wgs84", Datum.WGS84),
        ("经度,纬度", None),
    ],
)
def test_headers_that_say_the_datum(tmp_path: Path, header: str, datum: Datum | None) -> None:
    """A header that names a datum is believed, and one that contradicts crs is an error."""
    path = _write(tmp_path / "a.csv", f"{header}\n113.3,23.1\n")
    assert load_layer(Source(path)).datum is datum
    assert load_layer(Source(path, crs="auto")).datum is datum
    if datum in (Datum.GCJ02, Datum.BD09):
        with pytest.raises(InputError, match="names the datum"):
            read_layer(path, crs="wgs84")


def test_an_open_datum_leaves_degrees_as_they_are(tmp_path: Path) -> None:
    """Where nobody says the datum degrees stay raw; outside the mainland they are WGS 84."""
    inside = load_layer(Source(_write(tmp_path / "a.csv", "lon,lat\n113.3,23.1\n")))
    assert inside.datum is None
    assert inside.places.geometry.loc[2].equals(shapely.Point(113.3, 23.1))
    outside = load_layer(Source(_write(tmp_path / "b.csv", "lon,lat\n121.55,25.04\n-51.2,-30\n")))
    assert outside.datum is Datum.WGS84
    assert Note.of("reading.outside_mainland") in outside.ledger.facts


def test_named_reference_systems(tmp_path: Path) -> None:
    """CGCS2000 and EPSG codes are taken; other names are refused with what is possible."""
    path = _write(tmp_path / "a.csv", "lon,lat\n113.3,23.1\n")
    assert read_layer(path, crs="CGCS2000").crs.to_epsg() == 4490
    assert read_layer(path, crs="wgs84").crs.to_epsg() == 4326
    for unknown in ("mars", "EPSG:999999", "EPSG:5773"):
        with pytest.raises(InputError, match=r"is not known; give wgs84, .*, bd09 or auto"):
            read_layer(path, crs=unknown)


def test_projected_tables(tmp_path: Path) -> None:
    """Metres need their CRS; exchanged easting and northing, or degrees, are recognised."""
    path = _write(tmp_path / "a.csv", "x,y\n500000,2558000\n")
    with pytest.raises(InputError, match=r"are metres, not degrees .* EPSG:4547 is 114°E"):
        read_layer(path)
    place = read_layer(path, crs="EPSG:4547").to_crs(4326).geometry.loc[2]
    assert place.x == pytest.approx(114)  # the zone's central meridian has the easting 500,000
    assert place.y == pytest.approx(23.12, abs=0.01)
    turned = load_layer(Source(path, lon="y", lat="x", crs="EPSG:4547"))
    assert turned.places.geometry.loc[2].equals(shapely.Point(500000, 2558000))
    assert [event.note.key for event in turned.ledger.events] == ["reading.axes_swapped"]
    with pytest.raises(FaultsError, match="far from where"):
        read_layer(path, crs="EPSG:27700")
    degrees = _write(tmp_path / "b.csv", "x,y\n113.3,23.1\n")
    with pytest.raises(InputError, match="look like degrees"):
        read_layer(degrees, crs="EPSG:4547")


def test_metres_with_a_zone_name_it(tmp_path: Path) -> None:
    """Eastings that begin with a zone number propose that zone, for a table and for one row."""
    path = _write(tmp_path / "a.csv", "x,y\n38434000,2558000\n38435000,2559000\n")
    with pytest.raises(InputError, match=r"EPSG:4526 \(CGCS2000, 3-degree zone 38\)"):
        read_layer(path)
    mixed = _write(tmp_path / "b.csv", "x,y\n113.3,23.1\n38434000,2558000\n")
    loaded = load_layer(Source(mixed))
    assert loaded.ledger.rows(Fate.SET_ASIDE) == (3,)
    assert "EPSG:4526" in load_texts("zh").note(loaded.ledger.events[0].note)


def test_layer_keeps_its_own_reference_system(tmp_path: Path) -> None:
    """A vector layer keeps its CRS and types; its text loses the spaces around it."""
    path = tmp_path / "a.gpkg"
    frame = gpd.GeoDataFrame(
        {"名称": [" 甲 ", None], "人口": [1200, 7]},
        geometry=[shapely.Point(434000, 2558000, 9), shapely.Point(435000, 2559000, 9)],
        crs=4547,
    )
    frame.to_file(path)
    layer = read_layer(path)
    assert layer.crs.to_epsg() == 4547
    assert layer.index.tolist() == [1, 2]
    assert layer["名称"].loc[1] == "甲"
    assert pd.isna(layer["名称"].loc[2])
    assert layer["人口"].sum() == 1207
    assert not layer.has_z.any()


def test_layer_without_reference_system(tmp_path: Path) -> None:
    """A layer that does not say its CRS is refused, with what to do, and read when told."""
    path = tmp_path / "a.shp"
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(113.3, 23.1)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyogrio warns that the file will have no CRS: it shall
        frame.to_file(path)
    with pytest.raises(InputError, match=r'say it with crs, as crs = "EPSG:4547"'):
        read_layer(path)
    assert read_layer(path, crs="cgcs2000").crs.to_epsg() == 4490


def test_contradicting_reference_systems(tmp_path: Path) -> None:
    """A CRS that contradicts the file's is refused; a GeoJSON's silence may be corrected."""
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(113.3, 23.1)], crs=4326).to_file(path)
    with pytest.raises(InputError, match="the layer says that it is in 'WGS 84'"):
        read_layer(path, crs="EPSG:4490")
    metres = _geojson(tmp_path / "a.geojson", (434000, 2558000))
    with pytest.raises(InputError, match="not degrees"):
        read_layer(metres)
    assert read_layer(metres, crs="EPSG:4547").crs.to_epsg() == 4547


def test_wrong_reference_system(tmp_path: Path) -> None:
    """Degrees in a layer that claims metres are recognised, and swapped axes are exchanged."""
    with pytest.raises(InputError, match="look like degrees, but the crs is"):
        read_layer(_geojson(tmp_path / "a.geojson", (113.3, 23.1), crs="EPSG:4547"))
    swapped = _geojson(tmp_path / "b.geojson", (113.3, 23.1), (23.2, 113.4))
    loaded = load_layer(Source(swapped))
    assert loaded.places.geometry.loc[2].equals(shapely.Point(113.4, 23.2))
    assert loaded.ledger.rows(Fate.REPAIRED) == (2,)


def test_several_layers(tmp_path: Path) -> None:
    """Of several layers one must be named; a table among them is none."""
    path = tmp_path / "a.gpkg"
    place = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(113.3, 23.1)], crs=4326)
    place.to_file(path, layer="社区")
    pyogrio.write_dataframe(pd.DataFrame({"b": [1]}), path, layer="styles")
    assert len(read_layer(path)) == 1
    place.to_file(path, layer="街道")
    with pytest.raises(InputError, match="name the layer to read; layers: '社区', '街道'"):
        read_layer(path)
    assert len(read_layer(path, layer="街道")) == 1
    with pytest.raises(InputError, match="no layer '社'; layers: '社区', 'styles', '街道'"):
        read_layer(path, layer="社")
    with pytest.raises(InputError, match="has no geometry"):
        read_layer(path, layer="styles")


def test_shapefile_in_gbk_without_a_code_page(tmp_path: Path) -> None:
    """A Shapefile that does not say its encoding is read as what it is."""
    path = tmp_path / "a.shp"
    frame = gpd.GeoDataFrame({"名称": ["社工站"]}, geometry=[shapely.Point(113.3, 23.1)], crs=4326)
    frame.to_file(path, encoding="GB18030")
    path.with_suffix(".cpg").unlink()
    assert read_layer(path)["名称"].tolist() == ["社工站"]


def test_damaged_layers(tmp_path: Path) -> None:
    """A layer that is cut off, empty or no layer is refused in words."""
    _geojson(tmp_path / "whole.geojson", (113.3, 23.1), (113.4, 23.1))
    whole = (tmp_path / "whole.geojson").read_bytes()
    damaged = {"cut.geojson": whole[: len(whole) // 2], "zero.gpkg": b"", "text.shp": b"hello"}
    for name, data in damaged.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match="cannot be read as a layer"):
            read_layer(tmp_path / name)


def test_empty_layer(tmp_path: Path) -> None:
    """A layer or table without rows comes back empty; what that means is for the caller."""
    assert read_layer(_geojson(tmp_path / "a.geojson")).empty
    empty = read_layer(_write(tmp_path / "a.csv", "name,lon,lat\n"))
    assert empty.empty
    assert empty.crs == 4326


def test_geometry_that_cannot_be_built(tmp_path: Path) -> None:
    """A ring of two points leaves its row without geometry, and the others as they are."""
    layer = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {},
                "geometry": {"type": "Polygon", "coordinates": [[[1, 2], [2, 3]]]},
            },
            {
                "type": "Feature",
                "properties": {},
                "geometry": {"type": "Point", "coordinates": [1, 2]},
            },
        ],
    }
    path = _write(tmp_path / "a.geojson", json.dumps(layer))
    assert read_layer(path).geometry.isna().tolist() == [True, False]


def test_options_that_do_not_apply(tmp_path: Path) -> None:
    """An option that would be ignored is refused."""
    table = _write(tmp_path / "a.csv", CANTEENS)
    for option in ({"layer": "a"}, {"sheet": "a"}):
        with pytest.raises(InputError, match=f"{next(iter(option))} cannot be given"):
            read_layer(table, **option)
    layer = _geojson(tmp_path / "a.geojson", (1, 2))
    with pytest.raises(InputError, match="lon, lat cannot be given for a layer"):
        read_layer(layer, lon="x", lat="y")


def test_find_column_forgives_spelling() -> None:
    """A column is found whatever its case, width and spaces, unless two would match."""
    table = pd.DataFrame(columns=["Name ", "人 口", "ID", "id"])
    assert find_column(table, "name", where="t") == "Name "
    assert find_column(table, "人口", where="t") == "人 口"
    assert find_column(table, "id", where="t") == "id"
    with pytest.raises(InputError, match="t: there is no column 'iD'"):
        find_column(table, "iD", where="t")


def test_as_numbers() -> None:
    """Figures are read with their separators, and faulty ones are named by row."""
    cells = pd.Series(["1,234", "５６", None, " 7.5 ", 8], index=[2, 3, 4, 5, 6], name="人口")
    assert as_numbers(cells, where="t").tolist()[:2] == [1234, 56]
    np.testing.assert_equal(as_numbers(cells, where="t").to_numpy(), [1234, 56, np.nan, 7.5, 8])
    with pytest.raises(
        FaultsError, match=r"rows 2-3 of column '人口' are not numbers \(row 2: '约"
    ):
        as_numbers(pd.Series(["约30", "1,23", "4"], index=[2, 3, 4], name="人口"), where="t")


def test_as_text() -> None:
    """Codes come back as they were written, also from a column that became decimal."""
    assert as_text(pd.Series([440106.0, np.nan])).tolist() == ["440106", None]
    assert as_text(pd.Series([7, "007", " a ", "", None])).tolist() == ["7", "007", "a", None, None]


def test_rows_in_words() -> None:
    """Rows are named in runs, and a long list is cut."""
    assert rows_in_words([5]) == "row 5"
    assert rows_in_words([9, 3, 2, 4]) == "rows 2-4, 9"
    assert rows_in_words(list(range(0, 100, 2)), most=2) == "rows 0, 2 and 48 more"


def test_matching_key() -> None:
    """Spaces, case, width, underscores and brackets make no difference."""
    assert matching_key("Ｌon_WGS 84（度）") == matching_key("lonwgs84") == "lonwgs84"


@given(data=st.binary(max_size=400), suffix=st.sampled_from([".csv", ".tsv", ".xlsx", ".geojson"]))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str) -> None:
    """Whatever a file holds, it is read or refused in words."""
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(data)
    try:
        layer = read_layer(path)
    except CirclesError:
        return
    assert layer.crs is not None


@given(
    rows=st.lists(
        st.lists(
            st.text(alphabet=st.characters(codec="gb18030", exclude_categories=["C"])),
            min_size=2,
            max_size=2,
        ),
        max_size=5,
    )
)
def test_cells_come_back(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    """Cells written as quoted CSV come back as they were, without the spaces around them."""
    path = tmp_path_factory.getbasetemp() / "cells.csv"
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    _write(path, "\n".join(["a,b", *quoted]))
    table = read_table(path)
    kept = [[cell.strip() or None for cell in row] for row in rows]
    kept = [row for row in kept if [folded(cell or "") for cell in row] != ["a", "b"]]
    assert table.to_numpy().tolist() == [row for row in kept if any(row)]
