"""Facility tables from map apps, in whole runs: what is told, decided, assumed or asked for."""

import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest

from circles.datum import Datum, from_wgs84
from circles.errors import FaultsError
from circles.inputs import ReadProject, read_district, read_project
from circles.osm import read_osm
from circles.project import load_project
from circles.quality import Severity

SAMPLE = Path(__file__).parent.parent / "data" / "sample"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Return a copy of the sample district, whose facilities lie on its buildings."""
    shutil.copytree(SAMPLE, tmp_path, dirs_exist_ok=True)
    return tmp_path


def shift(folder: Path, datum: Datum) -> None:
    """Write the sample's main list of facilities in another datum."""
    book = openpyxl.load_workbook(folder / "facilities.xlsx")
    page = book["设施"]
    head = [cell.value for cell in page[1]]
    lon_at, lat_at = head.index("经度") + 1, head.index("纬度") + 1
    for row in range(2, page.max_row + 1):
        lon, lat = page.cell(row, lon_at).value, page.cell(row, lat_at).value
        new_lon, new_lat = from_wgs84([float(lon)], [float(lat)], datum)
        page.cell(row, lon_at).value = round(float(new_lon[0]), 6)
        page.cell(row, lat_at).value = round(float(new_lat[0]), 6)
    book.save(folder / "facilities.xlsx")


def said(folder: Path, crs: str | None, *, of: str = "facilities.xlsx") -> ReadProject:
    """Read the project with another word on the datum of one of its tables."""
    path = folder / "circles.toml"
    word = "" if crs is None else f'crs = "{crs}"\n'
    before = f'path = "{of}"\ncrs = "wgs84"\n'
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, f'path = "{of}"\n{word}'), "utf-8")
    return read_project(load_project(path))


def places(read: ReadProject) -> pd.DataFrame:
    """Return where the facilities lie, to about a metre."""
    points = read.district.facilities.geometry
    return pd.DataFrame({"x": points.x.round(5), "y": points.y.round(5)})


def keys(read: ReadProject, severity: Severity) -> set[str]:
    """Return the keys of what was remarked with a severity."""
    return {note.key for note in read.record.of(severity)}


@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.BD09])
@pytest.mark.parametrize("word", ["auto", None])
def test_a_shifted_table_lands_where_it_belongs(
    sample: Path, datum: Datum, word: str | None
) -> None:
    """Told or found out, its facilities lie where those of the unshifted table do."""
    true = places(read_project(load_project(sample / "circles.toml")))
    shift(sample, datum)
    read = said(sample, word or datum.value)
    assert (places(read) - true).abs().max().max() < 3e-5
    assert "datum.decided" in keys(read, Severity.NOTE)
    assert not keys(read, Severity.STOP)


def test_a_shifted_table_of_which_nobody_said_so_stops(sample: Path) -> None:
    """What is not said is not quietly shifted, nor quietly wrong: the key to write is named."""
    shift(sample, Datum.GCJ02)
    read = said(sample, None)
    assert keys(read, Severity.STOP) == {"inputs.datum_unsaid"}
    with pytest.raises(FaultsError, match='crs = "gcj02"'):
        read_district(load_project(sample / "circles.toml"))


def test_a_wrong_word_is_kept_and_warned_of(sample: Path) -> None:
    """The project decides; evidence against it is a warning in every output."""
    shift(sample, Datum.GCJ02)
    read = said(sample, "wgs84")
    assert "warnings.datum_contradicted" in {note.key for note in read.district.warnings}
    assert not keys(read, Severity.STOP)


def test_ten_places_are_too_few_to_tell(sample: Path) -> None:
    """With auto, the run asks; with no word, WGS 84 is assumed and every output says so."""
    read = said(sample, "auto", of="childcare.csv")
    assert keys(read, Severity.STOP) == {"inputs.datum_open"}
    path = sample / "circles.toml"
    path.write_text(path.read_text("utf-8").replace('crs = "auto"\n', ""), "utf-8")
    silent = read_project(load_project(path))
    assert not keys(silent, Severity.STOP)
    assert "assumptions.datum_assumed" in {note.key for note in silent.district.assumptions}


def as_layer(folder: Path, *, share: float = 1.0) -> None:
    """Put the main list on buildings, shift a share of it, and let a layer say WGS 84 of itself."""
    rows = pd.read_excel(folder / "facilities.xlsx", sheet_name="设施", engine="openpyxl")
    rows = rows.drop_duplicates(["经度", "纬度"]).reset_index(drop=True)
    homes = read_osm(folder / "district.osm.pbf").buildings.representative_point()
    lon, lat = homes.sample(len(rows), random_state=1).get_coordinates().to_numpy().T
    moved = from_wgs84(lon, lat, Datum.GCJ02)
    here = np.arange(len(rows)) < share * len(rows)
    points = gpd.points_from_xy(np.where(here, moved[0], lon), np.where(here, moved[1], lat))
    layer = gpd.GeoDataFrame(rows[["名称", "类型"]], geometry=points, crs=4326)
    layer.to_file(folder / "list.geojson")
    path = folder / "circles.toml"
    text = path.read_text("utf-8").replace('sheet = "设施"\n', "")
    text = text.replace('"facilities.xlsx"\ncrs = "wgs84"', '"list.geojson"\ncrs = "wgs84"')
    path.write_text(text, "utf-8")


def test_a_layer_that_says_wgs84_of_itself_is_not_believed_against_the_evidence(
    sample: Path,
) -> None:
    """GeoJSON says so of whatever it holds; only the project's own word overrules the evidence."""
    as_layer(sample)
    read = said(sample, None, of="list.geojson")
    assert keys(read, Severity.STOP) == {"inputs.datum_labelled"}


def test_a_layer_of_two_datums_is_warned_of(sample: Path) -> None:
    """Half of its places are off by half a kilometre, whichever datum is right."""
    as_layer(sample, share=0.5)
    for word in ("wgs84", None):
        read = said(sample, word, of="list.geojson")
        assert "warnings.datum_mixed" in {note.key for note in read.district.warnings}
