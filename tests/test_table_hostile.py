"""Files made to do harm, and files that were damaged: they are read or refused in words."""

import io
import os
import random
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.errors import CirclesError, InputError
from circles.tables import Source, load_layer, load_table, unpacking
from tests.old_workbook import XLS

LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "ha">' for n in range(10)
)
SHEET = '<?xml version="1.0" encoding="UTF-8"?>'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sound_book() -> bytes:
    """Return a workbook with merged cells."""
    made = openpyxl.Workbook()
    page = made.active
    assert page is not None
    for row in (["名册"], ["街道", "名称", "lon", "lat"], ["江南", "甲", 113.3, 23.1]):
        page.append(row)
    page.append([None, "乙", 113.4, 23.2])
    page.merge_cells("A3:A4")
    data = io.BytesIO()
    made.save(data)
    return data.getvalue()


def rewritten(data: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return a workbook with one of its files changed."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in source.namelist():
            content = source.read(name)
            archive.writestr(name, change(content) if name == member else content)
    return target.getvalue()


def with_rows(rows: str) -> bytes:
    """Return a workbook whose sheet has further rows of XML."""
    return rewritten(
        sound_book(),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"</sheetData>", rows.encode() + b"</sheetData>"),
    )


def test_a_zip_bomb(tmp_path: Path) -> None:
    """A workbook that unfolds to a hundred megabytes of nothing is refused before that."""
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<a>" + b" " * (100 << 20))
    assert path.stat().st_size < 200_000
    with pytest.raises(InputError, match="refused, it unfolds to far more than its size"):
        load_table(Source(path))


def test_a_zip_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    """What comes out of an archive is counted; the size that it declares is not believed."""
    data = bytearray()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", b"<a>" + b" " * (64 << 20))
    data[:] = target.getvalue()
    size = (3 + (64 << 20)).to_bytes(4, "little")
    while (at := data.find(size)) >= 0:
        data[at : at + 4] = (100).to_bytes(4, "little")
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"cannot be read as a workbook|unfolds to far more"):
        load_table(Source(path))


def test_a_large_sound_table_is_no_bomb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A table of the same word over and over stays below the limit of the ratio."""
    made = openpyxl.Workbook(write_only=True)
    page = made.create_sheet("a")
    for number in range(3000):
        page.append(["广州市越秀区", number, 113.3, 23.1])
    made.save(tmp_path / "a.xlsx")
    monkeypatch.setattr(unpacking, "_RATIO_FROM_BYTES", 1)
    assert unpacking.inspect_archive(tmp_path / "a.xlsx") == {}


@pytest.mark.parametrize("kind", ["laughs", "file"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("member", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
def test_entities_in_a_workbook(tmp_path: Path, kind: str, encoding: str, member: str) -> None:
    """XML that declares entities is refused before anything unfolds or is opened."""
    secret = tmp_path / "secret.txt"
    secret.write_text("what nobody may read", "utf-8")
    entity = LAUGHS if kind == "laughs" else f'<!ENTITY l9 SYSTEM "{secret.as_uri()}">'
    xml = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [{entity}]><a>&l9;</a>'
    path = tmp_path / "a.xlsx"
    path.write_bytes(rewritten(sound_book(), member, lambda _: xml.encode(encoding)))
    with pytest.raises(InputError, match=r"refused, its XML (declares a document|is not in UTF-8)"):
        load_table(Source(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("suffix", ["kml", "gml", "gpx"])
def test_entities_in_a_layer(tmp_path: Path, suffix: str, encoding: str) -> None:
    """So are entities in KML, GML and GPX."""
    xml = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE kml [{LAUGHS}]><kml>&l9;</kml>'
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(xml.encode(encoding))
    with pytest.raises(InputError):
        load_layer(Source(path))


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>',
        '<row r="&#57;99999999"><c><v>1</v></c></row>',
        '<row r="5000000"/>',
    ],
)
def test_rows_beyond_a_spreadsheet(tmp_path: Path, rows: str) -> None:
    """A row number that no spreadsheet has is refused, and not counted up to."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(with_rows(rows))
    with pytest.raises(InputError, match="it claims a row"):
        load_table(Source(path))


def test_the_last_cell_of_a_sheet(tmp_path: Path) -> None:
    """One cell in the last row and column does not make the table as large as the sheet."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(with_rows('<row r="1048576"><c r="A1048576"><v>1</v></c></row>'))
    assert load_table(Source(path)).frame.index.tolist() == [3, 4, 1_048_576]


def test_wide_rows_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that each reach to the last column are refused when they get too many."""
    from circles.tables import workbooks

    monkeypatch.setattr(workbooks, "_MAX_CELLS", 100_000)
    path = tmp_path / "a.xlsx"
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(5, 30))
    path.write_bytes(with_rows(rows))
    with pytest.raises(InputError, match="more than 100,000 cells"):
        load_table(Source(path))


@pytest.mark.parametrize(
    "cell",
    [
        *("=cmd|'/C calc'!A0", "<script>alert(1)</script>", '<img src=x onerror="x()">', "a\tb"),
        *("'; DROP TABLE x; --", "{{7*7}}", "${HOME}", "%s%n", "\u202eevil", "x" * 100_000),
    ],
)
def test_text_that_means_something_elsewhere(tmp_path: Path, cell: str) -> None:
    """Text of a table comes back as it is written: whoever shows it escapes it."""
    frame = pd.DataFrame({"名称": [cell, "甲"], "lon": ["113.3", "113.4"], "lat": ["23.1", "23.2"]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert load_table(Source(tmp_path / "a.csv")).frame["名称"].loc[2] == cell


def test_a_huge_cell(tmp_path: Path) -> None:
    """A cell that no sheet can hold is refused with its row."""
    (tmp_path / "a.csv").write_text(f"a,b\n1,2\n{'x' * 3_000_000},3\n", "utf-8")
    with pytest.raises(InputError, match=r"row 3 .* cannot be read"):
        load_table(Source(tmp_path / "a.csv"))


def test_what_is_no_file(tmp_path: Path) -> None:
    """Folders, pipes and devices are refused at once."""
    pipe = tmp_path / "a.csv"
    os.mkfifo(pipe)
    found: list[BaseException] = []

    def read() -> None:
        try:
            load_table(Source(pipe))
        except CirclesError as error:
            found.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(10)
    assert [str(error) for error in found] == [
        f"{pipe}: this is a device or a pipe and no file; save it as a file first"
    ]
    (tmp_path / "b.geojson").mkdir()
    with pytest.raises(InputError, match="this is a folder"):
        load_layer(Source(tmp_path / "b.geojson"))


def test_a_layer_that_points_elsewhere(tmp_path: Path) -> None:
    """A file that names other files or servers is no layer, whatever it is called."""
    layer = '<OGRVRTLayer name="a"><SrcDataSource>/etc</SrcDataSource></OGRVRTLayer>'
    xml = f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>"
    for name in ("a.geojson", "a.vrt", "a.kml", "a.xyz"):
        (tmp_path / name).write_text(xml, "utf-8")
        with pytest.raises(InputError, match="cannot be read as a layer"):
            load_layer(Source(tmp_path / name))


def test_an_archive_with_climbing_names(tmp_path: Path) -> None:
    """Names in an archive cannot leave the folder it is unpacked in."""
    path = tmp_path / "in" / "a.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "../../evil.geojson",
            '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},'
            '"geometry":{"type":"Point","coordinates":[113.3,23.1]}}]}',
        )
    assert len(load_layer(Source(path)).places) == 1
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["in"]


# Damage

LETTERS = "名称,经度,纬度,床位\n猎德长者饭堂,113.33,23.12,5\n员村助餐点,113.36,23.11,6\n合计,,,11\n"


def _samples(folder: Path) -> dict[str, bytes]:
    shapes = [shapely.Point(113.3, 23.1), shapely.box(113, 23, 113.1, 23.1)]
    frame = gpd.GeoDataFrame({"名称": ["甲", "乙"], "n": [1.5, 2]}, geometry=shapes, crs=4326)
    frame.to_file(folder / "s.geojson")
    frame.to_file(folder / "s.gpkg")
    frame.to_file(folder / "s.fgb", SPATIAL_INDEX="NO")
    frame.iloc[:1].to_file(folder / "s.shp", encoding="GB18030")
    frame.to_parquet(folder / "s.parquet")
    with zipfile.ZipFile(folder / "s.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.glob("s.[sdpc]??")):
            archive.write(part, part.name)
    files = {
        suffix: (folder / f"s.{suffix}").read_bytes()
        for suffix in ("geojson", "gpkg", "fgb", "shp", "dbf", "parquet", "zip")
    }
    texts = {"csv": LETTERS.encode("gb18030"), "tsv": LETTERS.replace(",", "\t").encode()}
    return {**files, **texts, "xlsx": sound_book(), "xls": XLS}


def _damaged(data: bytes, drawn: random.Random) -> bytes:
    """Return bytes with some of them changed, moved, left out or cut off."""
    spoilt = bytearray(data)
    for _ in range(drawn.choice([1, 1, 2, 5, 20])):
        at = drawn.randrange(len(spoilt))
        match drawn.randrange(6):
            case 0:
                spoilt[at] = drawn.randrange(256)
            case 1:
                spoilt[at] ^= 1 << drawn.randrange(8)
            case 2:
                spoilt[at : at + drawn.randrange(1, 9)] = b"\xff" * drawn.randrange(9)
            case 3:
                spoilt[at : at + 4] = drawn.choice(
                    [b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\0\0\0\x80"]
                )
            case 4:
                spoilt[at:at] = spoilt[drawn.randrange(len(spoilt)) :][: drawn.randrange(40)]
            case _:
                del spoilt[at : at + drawn.randrange(1, 60)]
        if not spoilt:
            spoilt = bytearray(b"\0")
    return bytes(spoilt)


#: How often each kind of file is damaged; a workbook of Excel 97 takes a process each time.
ROUNDS = {"csv": 300, "tsv": 200, "geojson": 200, "xls": 16, "parquet": 200, "xlsx": 250}


@pytest.mark.parametrize(
    "suffix",
    ["csv", "tsv", "xlsx", "xls", "geojson", "gpkg", "fgb", "shp", "dbf", "parquet", "zip"],
)
def test_damaged_files(tmp_path: Path, suffix: str) -> None:
    """Whatever happens to the bytes of a file, it is read or refused in words."""
    sample = _samples(tmp_path)[suffix]
    drawn = random.Random(suffix)  # noqa: S311 - damage that can be repeated
    path = tmp_path / (f"s.{suffix}" if suffix in {"shp", "dbf"} else f"t.{suffix}")
    read = 0
    for _ in range(ROUNDS.get(suffix, 150)):
        path.write_bytes(_damaged(sample, drawn))
        try:
            loaded = load_layer(Source(tmp_path / "s.shp" if suffix == "dbf" else path))
        except CirclesError:
            continue
        read += 1
        assert loaded.ledger.used <= loaded.ledger.read
    assert read > 0 or suffix in {"xlsx", "parquet", "zip", "xls"}


@pytest.mark.parametrize(
    "member",
    ["worksheets/sheet1.xml", "workbook.xml", "sharedStrings.xml", "styles.xml"],
)
def test_damaged_sheets(tmp_path: Path, member: str) -> None:
    """Nor does damage inside a workbook's archive, where no checksum tells of it."""
    drawn = random.Random(member)  # noqa: S311 - damage that can be repeated
    path = tmp_path / "t.xlsx"
    sound = sound_book()
    for _ in range(60):
        path.write_bytes(rewritten(sound, f"xl/{member}", lambda xml: _damaged(xml, drawn)))
        try:
            loaded = load_layer(Source(path))
        except CirclesError:
            continue
        assert loaded.ledger.used <= loaded.ledger.read


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.lists(
            st.one_of(
                st.sampled_from(
                    [
                        "名称",
                        "lon",
                        "lat",
                        "113.3",
                        "23.1",
                        "合计",
                        "人",
                        "",
                        "N23°",
                        "#N/A",
                        "1E+12",
                    ]
                ),
                st.text(max_size=6),
                st.floats().map(str),
            ),
            max_size=6,
        ),
        max_size=8,
    )
)
def test_any_rows(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    """Any cells in any order are a table or are refused, as text and as a workbook."""
    folder = tmp_path_factory.getbasetemp()
    text = "\n".join(",".join('"' + c.replace('"', '""') + '"' for c in row) for row in rows)
    (folder / "any.csv").write_bytes(text.encode("utf-8", "replace"))
    made = openpyxl.Workbook(write_only=True)
    page = made.create_sheet("a")
    for row in rows:
        page.append(["".join(sign for sign in cell if sign.isprintable()) for cell in row])
    made.save(folder / "any.xlsx")
    for path in (folder / "any.csv", folder / "any.xlsx"):
        for load in (load_table, load_layer):
            try:
                loaded = load(Source(path))
            except CirclesError:
                continue
            assert loaded.ledger.used <= loaded.ledger.read


@settings(max_examples=80, deadline=None)
@given(data=st.binary(max_size=300))
@pytest.mark.parametrize(
    "suffix", ["csv", "txt", "xlsx", "geojson", "gpkg", "shp", "fgb", "kml", "parquet", "zip"]
)
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str) -> None:
    """Any bytes under any name are read or refused."""
    path = tmp_path_factory.getbasetemp() / f"bytes.{suffix}"
    path.write_bytes(data)
    for load in (load_table, load_layer):
        try:
            load(Source(path))
        except CirclesError:
            continue
