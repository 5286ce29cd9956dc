"""What is saved of an assessment is what is read again: value by value, and byte by byte."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import GeometryCollection, MultiPolygon, Point, box

from circles.assessment import Assessment
from circles.assessment_files import ABOUT, GROUND, load_assessment, save_assessment
from circles.basemap import make_basemap
from circles.check.report import make_report
from circles.crs import WGS84
from circles.district import assess, prepare
from circles.errors import InputError, OutputError
from circles.inputs import read_project
from circles.outputs import FILES, write_outputs
from circles.packing import packed, told, unpacked, written
from circles.project import load_project
from circles.standards import load_standard, standard_ids
from circles.texts import Bilingual, Note
from circles.walking import Profile
from tests.drawn_assessment import drawn_assessment, drawn_gaps

SAMPLE = Path(__file__).parent.parent / "data" / "sample" / "circles.toml"


@pytest.fixture(scope="module", name="run")
def _run() -> tuple[Any, Any, Assessment]:
    """Run the sample, up to what is written; return project, check and assessment."""
    project = load_project(SAMPLE)
    read = read_project(project)
    prepared = prepare(read.district)
    return project, make_report(read.record, prepared), assess(prepared)


@pytest.fixture(scope="module", name="sample")
def _sample(run: tuple[Any, Any, Assessment]) -> Assessment:
    return run[2]


@pytest.fixture(scope="module", name="unwalked")
def _unwalked() -> Assessment:
    """Score the sample without its streets."""
    district = read_project(load_project(SAMPLE)).district
    nothing = gpd.GeoDataFrame(geometry=[], crs=WGS84)
    drawn = make_basemap(None, water=nothing, green=nothing)
    return assess(replace(district, network=None, basemap=drawn))


def rich() -> Assessment:
    """Return the drawn district with what the sample has nothing of."""
    unreached = {
        "rule_id": ["places"],
        "facility_id": ["f1"],
        "name": [""],
        "service": ["childcare"],
        "capacity": [math.nan],
        "off_network": [True],
    }
    slow = Profile("slow", 0.8, 0.0, slope=((-0.1, 1.5), (0.0, 1.0), (0.1, 2.0)))
    said = Note.of("warnings.x", of=Bilingual(zh="甲", en="a"), some=("b", Bilingual(zh="", en="")))
    return replace(
        drawn_assessment(),
        gaps=drawn_gaps(),
        unreached=pd.DataFrame(unreached),
        profiles={"under another name": slow},
        height_share=math.nan,
        walked=False,
        as_of=None,
        warnings=(said, said, Note.of("warnings.y", share=0.1, count=3)),
    )


def same(one: Assessment, other: Assessment) -> None:
    """Assert that two assessments are equal: tables with types, order and names, all else by ==."""
    for field in fields(one):
        first, second = getattr(one, field.name), getattr(other, field.name)
        if isinstance(first, pd.DataFrame):
            same_table(first, second)
        elif isinstance(first, float) and math.isnan(first):
            assert math.isnan(second)
        else:
            assert first == second, field.name


def same_table(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Assert that two tables are equal in every respect, and so are their missing values."""
    assert type(one) is type(other)
    pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other), check_exact=True)
    for name in one.columns:
        if one[name].dtype == object:
            kinds = [list(map(type, table[name].tolist())) for table in (one, other)]
            assert kinds[0] == kinds[1], name
    if isinstance(one, gpd.GeoDataFrame) and isinstance(other, gpd.GeoDataFrame):
        assert (one.crs, one.geometry.name) == (other.crs, other.geometry.name)


def again(assessment: Assessment, folder: Path | str) -> Assessment:
    """Save an assessment and read it."""
    save_assessment(assessment, folder)
    return load_assessment(folder)


def test_a_run_comes_back_as_it_was(sample: Assessment, tmp_path: Path) -> None:
    """The sample has rules of every kind, gaps, catchments and inventories."""
    assert len(sample.findings)
    assert len(sample.gaps)
    same(sample, again(sample, tmp_path / "saved"))


def test_a_run_without_streets_comes_back_as_it_was(unwalked: Assessment, tmp_path: Path) -> None:
    """What nobody knows is missing in the same way as before."""
    assert not unwalked.walked
    same(unwalked, again(unwalked, tmp_path / "saved"))


def test_rare_values_come_back_as_they_were(tmp_path: Path) -> None:
    """Notes in two languages, own profiles, infinite costs, no date, no gaps in the standard."""
    same(rich(), again(rich(), tmp_path / "saved"))


@pytest.mark.parametrize("url", ["memory://batch/越秀区", "file"])
def test_a_store_is_as_good_as_a_folder(url: str, tmp_path: Path) -> None:
    """An address that fsspec knows is written to and read from."""
    same(rich(), again(rich(), tmp_path.as_uri() + "/saved" if url == "file" else url))


def test_a_folder_of_any_name_is_a_folder(tmp_path: Path) -> None:
    """Signs that fsspec gives a meaning to are part of a name."""
    same(rich(), again(rich(), tmp_path / "a::b* [c] %20"))


def test_tables_without_rows_come_back(sample: Assessment, tmp_path: Path) -> None:
    """Each table may be empty, or not even have columns where that is how it begins."""
    tables = {
        field.name: value.iloc[:0]
        for field in fields(sample)
        if isinstance(value := getattr(sample, field.name), pd.DataFrame)
    }
    same(replace(sample, **tables), again(replace(sample, **tables), tmp_path / "empty"))
    bare = replace(sample, joins=pd.DataFrame(), unit_scores=pd.DataFrame())
    same(bare, again(bare, tmp_path / "bare"))


def test_the_same_assessment_gives_the_same_bytes(sample: Assessment, tmp_path: Path) -> None:
    """Saved twice, and saved again after reading, no byte differs."""
    save_assessment(sample, tmp_path / "one")
    save_assessment(load_assessment(tmp_path / "one"), tmp_path / "two")
    contents = [
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    ]
    assert contents[0] == contents[1]
    assert ABOUT in contents[0]


def test_results_are_the_same_whether_saved_before_or_not(
    run: tuple[Any, Any, Assessment], tmp_path: Path
) -> None:
    """Each file of the results folder has the same bytes."""
    project, check, assessment = run
    folders = {"as it was": assessment, "read": again(assessment, tmp_path / "saved")}
    for name, own in folders.items():
        write_outputs(
            own, project, out_dir=tmp_path / name, lang="zh", check=check, run=lambda _notes: {}
        )
    assert [
        name
        for name in FILES
        if len({(tmp_path / folder / name).read_bytes() for folder in folders}) > 1
    ] == []


def test_layers_are_geoparquet(sample: Assessment, tmp_path: Path) -> None:
    """Other programs open them, with their places and their coordinate system."""
    save_assessment(sample, tmp_path)
    layer = gpd.read_parquet(tmp_path / "communities.parquet")
    assert layer.crs == WGS84
    assert list(layer["community_id"]) == list(sample.communities.index)


def test_the_ground_may_be_left_out(sample: Assessment, tmp_path: Path) -> None:
    """Streets, water and green are then layers without rows, and all else is there."""
    save_assessment(sample, tmp_path)
    read = load_assessment(tmp_path, ground=False)
    assert {len(getattr(read, name)) for name in GROUND} == {0}
    assert {getattr(read, name).crs for name in GROUND} == {WGS84}
    same(replace(read, **{name: getattr(sample, name) for name in GROUND}), sample)


@pytest.mark.parametrize("standard_id", standard_ids())
def test_every_bundled_standard_comes_back(standard_id: str, tmp_path: Path) -> None:
    """Rules, sources and dates are equal to those that were saved, and in the same order."""
    standard = load_standard(standard_id)
    read = again(replace(drawn_assessment(), standard=standard), tmp_path)
    assert read.standard == standard
    assert read.standard.model_dump_json() == standard.model_dump_json()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _change(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("spoil", [_cut, _change, Path.unlink, lambda path: path.write_bytes(b"")])
@pytest.mark.parametrize("name", [ABOUT, "verdicts.parquet", "isochrones.parquet"])
def test_what_is_damaged_is_refused(spoil: Any, name: str, tmp_path: Path) -> None:
    """A file that was cut, changed, emptied or deleted is no result."""
    save_assessment(drawn_assessment(), tmp_path)
    spoil(tmp_path / name)
    with pytest.raises(InputError, match=r"run the district again") as error:
        load_assessment(tmp_path)
    assert str(tmp_path) in str(error.value)


@pytest.mark.parametrize(
    "about",
    [
        "[]", "{", "null", "[" * 100_000, '{"schema": "circles.assessment/1"}',
        '{"schema": "circles.assessment/1", "sha256": "", "content": {}}',
    ],
)  # fmt: skip
def test_what_is_no_assessment_is_refused(about: str, tmp_path: Path) -> None:
    """JSON of another kind is not taken for one."""
    (tmp_path / ABOUT).write_text(about, "utf-8")
    with pytest.raises(InputError, match="damaged"):
        load_assessment(tmp_path)


def test_another_version_is_named(tmp_path: Path) -> None:
    """Whoever reads an assessment of another version is told so, and what to do."""
    (tmp_path / ABOUT).write_text(json.dumps({"schema": "circles.assessment/0"}), "utf-8")
    with pytest.raises(InputError, match=r"'circles\.assessment/0'.*run the district again"):
        load_assessment(tmp_path)


def test_a_folder_that_is_not_there_holds_no_assessment(tmp_path: Path) -> None:
    """The message names the folder."""
    with pytest.raises(InputError, match="there is no saved assessment"):
        load_assessment(tmp_path / "nowhere")


def test_what_cannot_be_reached_or_written_is_said(tmp_path: Path) -> None:
    """An unknown kind of store, and a file where the folder should be."""
    with pytest.raises(InputError, match="cannot be reached"):
        load_assessment("no-such-store://x/y")
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be saved there"):
        save_assessment(drawn_assessment(), tmp_path / "file")


def test_a_value_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    """What has no written form is named by its column, and nothing half-saved can be read."""
    save_assessment(drawn_assessment(), tmp_path)
    odd = drawn_assessment()
    odd = replace(odd, tiers=odd.tiers.assign(failing=[{1}] * len(odd.tiers)))
    with pytest.raises(OutputError, match=r"tiers, column 'failing'.*set"):
        save_assessment(odd, tmp_path)
    with pytest.raises(InputError, match="there is no saved assessment"):
        load_assessment(tmp_path)


# Any table at all.

_texts = st.one_of(st.text(max_size=5), st.just("\ud800"), st.just("=1+1"))
_plain = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), _texts,
    st.dates(), st.datetimes(), st.just(pd.NA), st.just(pd.NaT),
    st.builds(Bilingual, zh=_texts, en=_texts),
)  # fmt: skip
_cells = st.recursive(_plain, lambda parts: st.lists(parts, max_size=3).map(tuple), max_leaves=6)
_places = st.one_of(
    st.none(),
    st.builds(Point, st.floats(-180, 180), st.floats(-90, 90)),
    st.just(MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3)])),
    st.just(MultiPolygon()),
    st.just(GeometryCollection([Point(0, 0), box(0, 0, 1, 1)])),
)


def _column(rows: int) -> st.SearchStrategy[pd.Series]:
    def of(cells: st.SearchStrategy[Any], dtype: Any) -> st.SearchStrategy[pd.Series]:
        filled = st.lists(cells, min_size=rows, max_size=rows)
        return filled.map(lambda values: pd.Series(values, dtype=dtype))

    return st.one_of(
        of(st.floats(), np.float64),
        of(st.floats(width=32), np.float32),
        of(st.integers(-(2**63), 2**63 - 1), np.int64),
        of(st.integers(-(2**31), 2**31 - 1), np.int32),
        of(st.booleans(), bool),
        of(st.one_of(st.booleans(), st.just(pd.NA)), "boolean"),
        of(st.one_of(st.integers(0, 9), st.just(pd.NA)), "Int64"),
        of(st.one_of(st.text(alphabet="ab甲 \x00", max_size=3), st.none()), object),
        of(st.text(alphabet="ab甲", max_size=3), "str"),
        of(_cells, object),
    )


@st.composite
def _tables(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(0, 4))
    names = draw(st.lists(st.sampled_from(["a", "名", "index", "geometry2", "=x"]), unique=True))
    columns: Mapping[str, pd.Series] = {name: draw(_column(rows)) for name in names}
    frame = pd.DataFrame(dict(columns), index=pd.RangeIndex(rows))
    if draw(st.booleans()):
        ids = [f"c{i}" for i in range(rows)]
        frame.index = pd.Index(ids, name=draw(st.sampled_from([None, "community_id", "a"])))
    if draw(st.booleans()):
        places = draw(st.lists(_places, min_size=rows, max_size=rows))
        crs = draw(st.sampled_from(["EPSG:4326", None]))
        return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(places, frame.index, crs=crs))
    return frame


@settings(max_examples=200, deadline=None)
@given(_tables())
def test_any_table_comes_back_as_it_was(frame: pd.DataFrame) -> None:
    """Types, order, names of rows, infinities, every kind of missing value, places."""
    content, layout = packed(frame, "a table")
    same_table(frame, unpacked(content, json.loads(json.dumps(layout))))
    assert packed(frame, "a table") == (content, layout)


@given(_cells)
def test_any_value_comes_back_as_it_was(value: Any) -> None:
    """Also through JSON; what is not equal to itself is written as before."""
    read = told(json.loads(json.dumps(written(value), allow_nan=False)))
    assert type(read) is type(value)
    assert written(read) == written(value)


def test_kinds_of_dates_stay_apart() -> None:
    """A moment is not a day, and a day of pandas is not one of Python."""
    values = (date(2025, 6, 30), datetime(2025, 6, 30, 12, 1), pd.Timestamp("2025-06-30"))
    assert told(written(values)) == values
    assert [type(value) for value in told(written(values))] == [date, datetime, pd.Timestamp]
