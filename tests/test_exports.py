"""The layers in other formats: complete, the same every time, and written with the rest or not."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from circles.errors import InputError
from circles.reports.exports import FORMATS, Format, export_names, write_exports
from circles.reports.layers import LAYERS, result_layers
from circles.results_folder import sha256, stale_files, take_place
from circles.texts import load_texts
from tests.drawn_assessment import drawn_assessment, drawn_gaps
from tests.small_town import Town, make_town, run_circles

DRAWN = replace(drawn_assessment(), gaps=drawn_gaps())
ENDINGS = {"geojson": ".geojson", "geoparquet": ".parquet", "flatgeobuf": ".fgb"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with every layer of the drawn district in every format."""
    path = tmp_path_factory.mktemp("exports")
    write_exports(DRAWN, path, formats=FORMATS, lang="zh")
    return path / "layers"


def read(path: Path) -> gpd.GeoDataFrame:
    """Read a layer, whatever its format."""
    return gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path)


def test_each_layer_is_there_in_each_format(folder: Path) -> None:
    """One file a layer and format, and nothing else."""
    found = sorted(path.name for path in folder.iterdir())
    assert found == sorted(f"{layer}{end}" for layer in LAYERS for end in ENDINGS.values())
    assert sorted(export_names(FORMATS)) == [f"layers/{name}" for name in found]


def test_files_are_named_once_in_one_order() -> None:
    """It does not matter in which order, or how often, a format is asked for."""
    assert export_names(("flatgeobuf", "geojson", "geojson")) == export_names(
        ("geojson", "flatgeobuf")
    )
    assert export_names(()) == ()


@pytest.mark.parametrize("wanted", FORMATS)
@pytest.mark.parametrize("layer", LAYERS)
def test_a_file_holds_the_layer(folder: Path, layer: str, wanted: Format) -> None:
    """Columns, values and places are those of the GeoPackage; missing stays missing."""
    expected, _ = result_layers(DRAWN, load_texts("zh"))[layer]
    found = read(folder / f"{layer}{ENDINGS[wanted]}")
    columns = expected.columns.drop("geometry")
    assert list(found.columns.drop("geometry")) == list(columns)
    assert len(found) == len(expected)
    if wanted == "flatgeobuf":  # its rows are in the order of the index
        found, expected = in_order(found), in_order(expected)
    for column in columns:
        pairs = zip(found[column], expected[column], strict=True)
        assert all(same(one, other) for one, other in pairs), column
    near = found.geometry.to_numpy(), np.asarray(expected.geometry.to_numpy())
    assert (shapely.hausdorff_distance(*near) <= 1e-7).all()
    assert found.crs.equals("EPSG:4326") or found.crs.equals("OGC:CRS84")


def in_order(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows by where they are, then by what they are of."""
    keys = [name for name in ("facility_id", "service", "minutes") if name in layer]
    places = layer.representative_point()
    return layer.assign(x=places.x, y=places.y).sort_values(["x", "y", *keys])


def same(one: object, other: object) -> bool:
    """Whether two cells say the same."""
    if pd.isna(one) or pd.isna(other):  # type: ignore[call-overload]
        return bool(pd.isna(one) and pd.isna(other))  # type: ignore[call-overload]
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-14)
    return bool(one == other)


def content(path: Path) -> Any:
    """Return a GeoJSON file's object; constants that JSON does not know are refused."""

    def refused(word: str) -> None:
        raise AssertionError(word)

    return json.loads(path.read_text("utf-8"), parse_constant=refused)


def test_geojson_is_as_the_standard_has_it(folder: Path) -> None:
    """RFC 7946: no CRS, outer rings run counter-clockwise and inner ones do not, seven decimals."""
    for path in folder.glob("*.geojson"):
        whole = content(path)
        assert whole["type"] == "FeatureCollection"
        assert "crs" not in whole
        for feature in whole["features"]:
            kind, places = feature["geometry"]["type"], feature["geometry"]["coordinates"]
            assert kind in ("Point", "MultiPolygon")
            for part in places if kind == "MultiPolygon" else ():
                turns = [shapely.LinearRing(ring).is_ccw for ring in part]
                assert turns == [True, *[False] * (len(part) - 1)]
            flat = np.array(json.loads(f"[{json.dumps(places).translate(BRACKETS)}]"))
            assert np.allclose(flat, np.round(flat, 7), rtol=0, atol=1e-12)


BRACKETS = str.maketrans("[]", "  ")


def test_holes_run_the_other_way(tmp_path: Path) -> None:
    """A ring around a hole runs clockwise, whichever way it was drawn."""
    ring = shapely.box(0, 0, 3, 3, ccw=False).difference(shapely.box(1, 1, 2, 2))
    holed = DRAWN.isochrones.iloc[:1].set_geometry([ring], crs="EPSG:4326")
    write_exports(replace(DRAWN, isochrones=holed), tmp_path, formats=("geojson",), lang="en")
    (feature,) = content(tmp_path / "layers" / "isochrones.geojson")["features"]
    (outer, inner) = feature["geometry"]["coordinates"][0]
    assert shapely.LinearRing(outer).is_ccw
    assert not shapely.LinearRing(inner).is_ccw


def test_a_way_without_end_is_empty_in_geojson_only(tmp_path: Path) -> None:
    """JSON knows no infinite number; the column is there all the same."""
    endless = DRAWN.verdicts.assign(median_cost=np.inf)
    write_exports(replace(DRAWN, verdicts=endless), tmp_path, formats=FORMATS, lang="en")
    features = content(tmp_path / "layers" / "communities.geojson")["features"]
    assert {feature["properties"]["elder_meal_median_min"] for feature in features} == {None}
    for ending in (".parquet", ".fgb"):
        layer = read(tmp_path / "layers" / f"communities{ending}")
        assert np.isinf(layer["elder_meal_median_min"].dropna()).all()


def test_empty_columns_have_a_type(folder: Path) -> None:
    """A reader of GeoParquet learns of each column what would stand in it."""
    for path in folder.glob("*.parquet"):
        schema = pq.read_schema(path)
        assert [field.name for field in schema if str(field.type) == "null"] == []
        assert json.loads(schema.metadata[b"geo"])["version"] == "1.0.0"


@pytest.mark.parametrize("wanted", FORMATS)
def test_layers_without_rows_are_written(tmp_path: Path, wanted: Format) -> None:
    """Without facilities and isochrones the files are there, and empty."""
    empty = replace(
        drawn_assessment(),
        facilities=DRAWN.facilities.iloc[:0],
        isochrones=DRAWN.isochrones.iloc[:0],
    )
    write_exports(empty, tmp_path, formats=(wanted,), lang="zh")
    for layer in ("facilities", "isochrones", "gaps"):
        path = tmp_path / "layers" / f"{layer}{ENDINGS[wanted]}"
        assert len(read(path)) == 0
        if wanted == "geoparquet":
            json.loads(pq.read_schema(path).metadata[b"geo"], parse_constant=pytest.fail)


def test_writing_twice_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """No clock and no chance gets into the files."""
    again = replace(drawn_assessment(), gaps=drawn_gaps())
    write_exports(again, tmp_path, formats=FORMATS, lang="zh")
    for path in folder.iterdir():
        assert (tmp_path / "layers" / path.name).read_bytes() == path.read_bytes(), path.name


def test_nothing_is_written_unasked(tmp_path: Path) -> None:
    """Without formats there is not even a folder; a language without texts is refused."""
    write_exports(DRAWN, tmp_path, formats=(), lang="zh")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="zh, en"):
        write_exports(DRAWN, tmp_path, formats=("geojson",), lang="fr")
    assert list(tmp_path.iterdir()) == []


def test_flatgeobuf_can_be_read_by_box(folder: Path) -> None:
    """The index finds the only facility in a corner."""
    box = (113.3305, 23.0175, 113.3315, 23.0185)
    assert list(pyogrio.read_dataframe(folder / "facilities.fgb", bbox=box)["facility_id"]) == [
        "s2"
    ]


# ---- in the folder of results --------------------------------------------------------------------


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Return a small town whose project asks for two formats."""
    made = make_town(tmp_path / "town")
    made.edit(("[output]\n", '[output]\nformats = ["geojson", "flatgeobuf"]\n'))
    return made


def test_a_run_writes_them_and_the_next_takes_them_away(town: Town) -> None:
    """What is no longer asked for goes; what somebody changed, or put there, stays."""
    assert run_circles("run", town.project).code == 0
    wanted = export_names(("geojson", "flatgeobuf"))
    manifest = json.loads((town.out / "manifest.json").read_text("utf-8"))
    assert manifest["on_request"] == {name: sha256(town.out / name) for name in wanted}
    assert len(read(town.out / "layers" / "communities.geojson")) > 0
    (town.out / "layers" / "mine.geojson").write_text("mine", "utf-8")
    (town.out / "layers" / "gaps.fgb").write_text("changed", "utf-8")
    town.edit(('formats = ["geojson", "flatgeobuf"]', 'formats = ["geoparquet"]'))
    assert run_circles("run", town.project).code == 0
    kept = {f"{layer}.parquet" for layer in LAYERS} | {"mine.geojson", "gaps.fgb"}
    assert {path.name for path in (town.out / "layers").iterdir()} == kept


def test_an_empty_folder_goes_with_its_files(town: Town) -> None:
    """A run that asks for no formats leaves no folder of an earlier one."""
    assert run_circles("run", town.project).code == 0
    town.edit(('formats = ["geojson", "flatgeobuf"]', "formats = []"))
    assert run_circles("run", town.project).code == 0
    assert not (town.out / "layers").exists()
    assert (town.out / "results.gpkg").exists()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("file", "a file stands where a folder of results should be: layers"),
        ("folder", "a folder stands where a result should be: layers/gaps.fgb"),
    ],
)
def test_what_stands_in_the_way_is_named(town: Town, spoil: str, words: str) -> None:
    """Nothing is computed, and nothing is touched, where a file cannot be written."""
    target = town.out / "layers"
    if spoil == "folder":
        (target / "gaps.fgb").mkdir(parents=True)
    else:
        town.out.mkdir()
        target.write_text("mine", "utf-8")
    before = town.files()
    outcome = run_circles("run", town.project)
    assert outcome.code == 1
    assert words in outcome.err.replace("\n", " ")
    assert town.files() == before


def test_layers_that_are_inputs_are_never_replaced(town: Town) -> None:
    """A project that reads its layers where results would go is refused."""
    (town.folder / "layers").mkdir()
    town.communities.rename(town.folder / "layers" / "communities.geojson")
    town.edit(("communities.geojson", "layers/communities.geojson"), ('dir = "out"', 'dir = "."'))
    outcome = run_circles("run", town.project)
    assert outcome.code == 1
    assert "would be replaced: layers/communities.geojson" in outcome.err.replace("\n", " ")


# ---- the folder by itself ------------------------------------------------------------------------


def earlier(out: Path, names: object) -> Path:
    """Return a results folder whose manifest says what was written on request."""
    (out / "layers").mkdir(parents=True)
    (out / "layers" / "old.fgb").write_text("old", "utf-8")
    (out / "manifest.json").write_text(json.dumps({"on_request": names}), "utf-8")
    return out


def test_only_what_a_run_wrote_is_stale(tmp_path: Path) -> None:
    """A file is stale if it is as that run left it, no input, and not written again."""
    checksum = "cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4"
    name = "layers/old.fgb"
    out = earlier(tmp_path / "out", {name: checksum})
    assert stale_files(out, (), set()) == (name,)
    assert stale_files(out, (name,), set()) == ()
    assert stale_files(out, (), {(out / name).resolve()}) == ()
    (out / name).write_text("new", "utf-8")
    assert stale_files(out, (), set()) == ()


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/outside", "a/../../outside", "C:/x", "", "\0"]
)
def test_a_manifest_cannot_point_outside(tmp_path: Path, name: str) -> None:
    """Whatever a manifest says, nothing outside the folder is taken for a result."""
    (tmp_path / "outside").write_text("old", "utf-8")
    out = earlier(tmp_path / "out", {name: sha256(tmp_path / "outside")})
    assert stale_files(out, (), set()) == ()


@pytest.mark.parametrize(
    "text", ["", "[]", '{"on_request": 3}', '{"on_request": {"a": 3}}', "[" * 100_000, "\udcff"]
)
def test_a_manifest_that_is_none_is_no_obstacle(tmp_path: Path, text: str) -> None:
    """A file of that name from elsewhere says nothing of what was written."""
    (tmp_path / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    (tmp_path / "a").write_text("mine", "utf-8")
    assert stale_files(tmp_path, (), set()) == ()


@pytest.mark.parametrize("moves", range(5))
def test_a_move_that_fails_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    """Old files, new files and folders: after a failure all is as it was."""
    out, beside = tmp_path / "out", tmp_path / "beside"
    for path, text in ((out / "a", "old a"), (out / "gone" / "b", "old b"), (beside / "a", "new")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (beside / "deep").mkdir()
    (beside / "deep" / "c").write_text("new c", "utf-8")
    rename, countdown = Path.rename, iter(range(moves))

    def stuck(self: Path, target: Path) -> Path:
        if next(countdown, None) is None:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stuck)
    if moves < 4:
        with pytest.raises(OSError, match="No space left"):
            take_place(beside, out, ("a", "deep/c"), stale=("gone/b",))
        expected = {"a": "old a", "gone/b": "old b"}
    else:
        take_place(beside, out, ("a", "deep/c"), stale=("gone/b",))
        expected = {"a": "new", "deep/c": "new c"}
    files = {
        p.relative_to(out).as_posix(): p.read_text("utf-8") for p in out.rglob("?") if p.is_file()
    }
    assert files == expected
    assert {p.name for p in out.iterdir() if p.is_dir()} == ({"gone"} if moves < 4 else {"deep"})
