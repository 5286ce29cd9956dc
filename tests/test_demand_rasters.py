"""People of rasters: shares a reader can compute, sums nothing may change, and what is refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from rasterio.transform import Affine
from shapely import box

from circles.crs import WGS84
from circles.demand import (
    Demand,
    Raster,
    cells_from_rasters,
    demand_from_rasters,
    group_weights,
    raster_files,
    rasters,
)
from circles.errors import CirclesError, InputError
from circles.texts import load_texts
from tests.drawn_heights import CRS_M, corner, write_grid
from tests.drawn_people import drawn, drawn_in_metres, notes, shares_by_hand, sums, tiles

#: Two communities side by side, and four cells of 100 m around the border between them.
WEST, EAST = box(-200, 0, 25, 200), box(25, 0, 200, 200)
FOUR = np.array([[10.0, 20.0], [30.0, 40.0]])


def raster(
    path: Path, value: Any, *, west: float = -100.0, cell: float = 100.0, **more: Any
) -> Path:
    """Write cells of people, the first of them north-west, with their south at 0."""
    number = np.asarray(value)
    more.setdefault("transform", corner(west, cell * number.shape[-2], cell))
    return write_grid(path, number, **more)


def read(path: Path | Raster | Sequence[Path], communities: gpd.GeoDataFrame) -> Demand:
    """Take all residents from a raster."""
    return demand_from_rasters({"all": path}, communities, CRS_M)


def total(demand: Demand, group: str = "all") -> float:
    """Return everybody of a group, inside and outside communities."""
    return float(demand.weights[group].sum()) + demand.outside[group]


def test_cells_across_a_border_are_shared_by_area(tmp_path: Path) -> None:
    """The east column, 20 and 40, lies with a quarter in the west and the rest in the east."""
    demand = read(raster(tmp_path / "a.tif", FOUR), drawn(WEST, EAST))
    assert sums(demand) == pytest.approx([10 + 5 + 30 + 10, 15 + 30], rel=1e-7)
    assert demand.source.tolist() == ["population", "population"]
    assert demand.outside == {"all": 0.0}
    assert len(demand) == 6
    assert "assumptions.even_cells" in notes(demand)


def test_points_stand_in_the_middle_of_their_part(tmp_path: Path) -> None:
    """Parts of the cells to the east of x = 0 have their middles at 12.5 and 62.5 m."""
    demand = read(raster(tmp_path / "a.tif", FOUR), drawn(WEST, EAST))
    assert sorted(set(np.round(demand.x_m, 1))) == [-50.0, 12.5, 62.5]
    assert sorted(set(np.round(demand.y_m, 1))) == [50.0, 150.0]


def test_who_lives_outside_is_counted_and_has_no_point(tmp_path: Path) -> None:
    """Half of each cell lies beyond the only community; the window ends a cell around it."""
    path = raster(tmp_path / "a.tif", np.full((1, 8), 8.0), west=-400)
    demand = read(path, drawn(box(-50, 0, 50, 50)))
    assert sums(demand) == pytest.approx([4.0], rel=1e-7)
    assert demand.outside["all"] == pytest.approx(4 * 8 - 4, rel=1e-7)
    (ledger,) = demand.ledgers
    assert (ledger.source, ledger.read, ledger.used) == ("a.tif", 4, 4)
    assert "4 cells" in load_texts("en").note(ledger.facts[0])


def test_where_communities_overlap_people_count_for_the_first(tmp_path: Path) -> None:
    """Both lie over the same four cells."""
    demand = read(raster(tmp_path / "a.tif", FOUR), drawn(box(-100, 0, 100, 200), EAST))
    assert sums(demand) == pytest.approx([100, 0], abs=1e-4)


@pytest.mark.parametrize("crs", ["EPSG:4326", "ESRI:54009", "EPSG:32649", "EPSG:4490"])
@pytest.mark.parametrize("turned", [0.0, 30.0])
def test_any_system_and_any_turn_share_as_shapely_does(
    tmp_path: Path, crs: str, turned: float
) -> None:
    """Five communities and 20 × 20 cells of some 100 m against one shapely cut a cell."""
    rng = np.random.default_rng(7)
    communities = drawn(
        *(shapely.Point(*rng.uniform(-900, 900, 2)).buffer(rng.uniform(100, 600)) for _ in range(5))
    )
    to_raster = Transformer.from_crs(CRS_M, crs, always_xy=True).transform
    (x, y), (x_end, y_end) = to_raster(-1000, 1000), to_raster(1000, -1000)
    wide, high = (x_end - x) / 20, (y_end - y) / 20
    cos, sin = np.cos(np.radians(turned)), np.sin(np.radians(turned))
    transform = Affine(wide * cos, -wide * sin, x, high * sin, high * cos, y)
    value = rng.integers(0, 60, (20, 20)).astype(np.float32)
    value[rng.random((20, 20)) < 0.2] = -99999
    path = write_grid(tmp_path / "a.tif", value, crs=crs, transform=transform, nodata=-99999)
    demand = read(path, communities)
    people, _ = shares_by_hand(value, transform, CRS.from_user_input(crs), communities)
    assert sums(demand) == pytest.approx(people, rel=1e-6, abs=1e-5)
    (fact,) = demand.ledgers[0].facts
    assert total(demand) == pytest.approx(dict(fact.values)["total"], abs=0.051)
    whole = shapely.box(-5000, -5000, 5000, 5000)
    everybody = read(path, drawn(whole))
    assert total(everybody) == pytest.approx(float(value[value > 0].sum()), rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(
    value=st.lists(st.lists(st.integers(0, 900), min_size=6, max_size=6), min_size=6, max_size=6),
    x=st.integers(-350, 350),
    y=st.integers(-50, 650),
)
def test_communities_that_tile_the_ground_lose_and_invent_nobody(
    tmp_path_factory: pytest.TempPathFactory, value: list[list[int]], x: int, y: int
) -> None:
    """However four communities meet, all people are in them, to rounding."""
    path = raster(tmp_path_factory.mktemp("r") / "a.tif", np.array(value, np.int32), west=-300)
    four = drawn(
        box(-400, -100, x, y), box(x, -100, 400, y), box(-400, y, x, 700), box(x, y, 400, 700)
    )
    demand = read(path, four)
    assert demand.weights["all"].sum() == pytest.approx(np.sum(value), rel=1e-9)
    assert demand.outside["all"] == 0
    assert demand.weights["all"].min(initial=0.0) >= 0


def test_wide_cells_are_split_so_that_points_stand_100_m_apart(tmp_path: Path) -> None:
    """A cell of 1 km becomes 100 points of a hundredth each; one of 140 m stays whole."""
    wide = read(
        raster(tmp_path / "a.tif", [[500.0]], west=0, cell=1000), drawn(box(0, 0, 1000, 1000))
    )
    assert wide.weights["all"] == pytest.approx(np.full(100, 5.0), rel=1e-6)
    assert sorted(set(np.round(wide.x_m))) == [50 + 100 * i for i in range(10)]
    whole = read(raster(tmp_path / "b.tif", [[5.0]], west=0, cell=140), drawn(box(0, 0, 140, 140)))
    assert len(whole) == 1


def test_a_raster_larger_than_a_batch_is_cut_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches and strips of few cells give what one of all gives."""
    value = np.random.default_rng(1).integers(0, 50, (30, 30)).astype(np.float64)
    path = raster(tmp_path / "a.tif", value, west=0)
    communities = drawn(*tiles(300, columns=10, rows=10))
    at_once = read(path, communities)
    monkeypatch.setattr(rasters, "_BATCH_PIECES", 20)
    monkeypatch.setattr(raster_files, "_STRIP_CELLS", 64)
    in_parts = read(path, communities)
    assert sums(in_parts) == pytest.approx(sums(at_once), rel=1e-12)
    assert total(in_parts) == pytest.approx(value.sum(), rel=1e-9)


# What cells may hold.


@pytest.mark.parametrize("mark", [-99999.0, -200.0, -3.4028234663852886e38, np.nan])
@pytest.mark.parametrize("declared", [True, False])
def test_cells_without_data_hold_nobody(tmp_path: Path, mark: float, *, declared: bool) -> None:
    """Declared or not; one negative number that is not declared is taken for it and told."""
    value = np.array([[10.0, mark], [30.0, mark]], dtype=np.float32)
    path = raster(tmp_path / "a.tif", value, nodata=mark if declared else None)
    demand = read(path, drawn(WEST, EAST))
    assert sums(demand) == pytest.approx([40, 0], rel=1e-6)
    assert demand.source.tolist() == ["population", "none"]
    told = notes(demand).get("assumptions.raster_mark")
    assert told == (
        None
        if declared or np.isnan(mark)
        else {"origin": "a.tif", "count": 2, "mark": float(np.float32(mark))}
    )


def test_nobody_is_not_nothing_known(tmp_path: Path) -> None:
    """Where all cells hold 0 nobody lives, and streets do not stand in for people."""
    demand = read(raster(tmp_path / "a.tif", [[10.0, 0.0], [30.0, 0.0]]), drawn(WEST, EAST))
    assert demand.source.tolist() == ["population", "population"]
    assert sums(demand) == pytest.approx([40, 0])


def test_a_scale_and_an_offset_are_applied(tmp_path: Path) -> None:
    """Cells hold tenths, less 5."""
    path = raster(tmp_path / "a.tif", np.array([[150, 50], [50, 50]], np.int16))
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.1,), (-5.0,)
    assert sums(read(path, drawn(WEST, EAST))) == pytest.approx([10, 0], rel=1e-6)


def test_bands_are_chosen_by_number(tmp_path: Path) -> None:
    """Two bands are refused until it is said which one counts."""
    path = raster(tmp_path / "a.tif", np.stack([FOUR, 10 * FOUR]))
    assert "2 bands: 1, 2; say which" in refusal(path)
    assert sum(sums(read(Raster(path, band=2), drawn(WEST, EAST)))) == pytest.approx(1000)
    assert "no band 3" in refusal(Raster(path, band=3))


def test_densities_are_refused_until_it_is_said_that_they_are(tmp_path: Path) -> None:
    """1,000 people per km² on cells of a hectare are ten people each."""
    path = raster(tmp_path / "pop.tif", np.full((2, 2), 1000.0))
    with rasterio.open(path, "r+") as file:
        file.units = ("people/km2",)
    assert "a density and not a number" in refusal(path)
    demand = read(Raster(path, unit="people_per_km2"), drawn(box(-100, 0, 100, 200)))
    assert sums(demand) == pytest.approx([40], rel=1e-3)
    assert "assumptions.raster_density" in notes(demand)
    named = raster(tmp_path / "chn_pd_2020_1km.tif", FOUR)
    assert "a density and not a number" in refusal(named)


def test_a_density_counts_by_the_area_on_the_ground(tmp_path: Path) -> None:
    """In degrees cells shrink northwards; each is as large as its corners in metres say."""
    lon, lat = Transformer.from_crs(CRS_M, WGS84, always_xy=True).transform(0.0, 0.0)
    transform = Affine(0.01, 0, lon - 0.02, 0, -0.01, lat + 0.02)
    path = write_grid(
        tmp_path / "a.tif", np.full((4, 4), 50.0), crs="EPSG:4326", transform=transform
    )
    ground = box(lon - 0.02, lat - 0.02, lon + 0.02, lat + 0.02)
    communities = gpd.GeoDataFrame({"name": ["a"]}, geometry=[ground], crs=WGS84)
    demand = read(Raster(path, unit="people_per_km2"), communities)
    area_km2 = communities.to_crs(CRS_M).area.sum() / 1e6
    assert sums(demand) == pytest.approx([50 * area_km2], rel=1e-5)


# Groups.


def test_rasters_of_one_group_are_added_up(tmp_path: Path) -> None:
    """Women and men of 60 and over, as WorldPop gives them, beside all residents."""
    names = {"all": 10 * FOUR, "f_60": FOUR, "m_60": 2 * FOUR}
    paths = {name: raster(tmp_path / f"{name}.tif", value) for name, value in names.items()}
    demand = demand_from_rasters(
        {"all": paths["all"], "60+": [str(paths["f_60"]), paths["m_60"]]}, drawn(WEST, EAST), CRS_M
    )
    assert len(demand) == 6  # one grid, one set of points
    assert sum(sums(demand)) == pytest.approx(1000)
    assert np.array(sums(demand, "60+")) == pytest.approx(0.3 * np.array(sums(demand)))
    assert [ledger.source for ledger in demand.ledgers] == ["all.tif", "f_60.tif", "m_60.tif"]


def test_a_number_missing_in_one_raster_of_a_group_is_told(tmp_path: Path) -> None:
    """The women's raster has no number where the men's has one."""
    women, men = FOUR.copy(), FOUR.copy()
    women[0, 0] = np.nan
    paths = [raster(tmp_path / "f.tif", women), raster(tmp_path / "m.tif", men)]
    demand = read(paths, drawn(WEST, EAST))
    assert sum(sums(demand)) == pytest.approx(190)
    assert notes(demand)["warnings.raster_partly"]["count"] == 1


def test_groups_may_have_grids_of_their_own(tmp_path: Path) -> None:
    """All residents by cells of 100 m, the old by cells of 50 m in another system."""
    lon, lat = Transformer.from_crs(CRS_M, WGS84, always_xy=True).transform(-300.0, 400.0)
    old = write_grid(
        tmp_path / "old.tif",
        np.full((20, 20), 3.0),
        crs="EPSG:4326",
        transform=Affine(0.0005, 0, lon, 0, -0.0005, lat),
    )
    communities = drawn(WEST, EAST)
    demand = demand_from_rasters(
        {"all": raster(tmp_path / "a.tif", FOUR), "60+": old}, communities, CRS_M
    )
    assert sums(demand) == pytest.approx([55, 45])
    area = shapely.area(communities.geometry.to_numpy()) / 0.0005**2
    assert sums(demand, "60+") == pytest.approx(list(3 * area), rel=1e-6)
    assert len(demand.weights["all"]) == len(demand.weights["60+"]) == len(demand)


def test_a_group_with_no_number_in_a_community_falls_back_to_all_there(tmp_path: Path) -> None:
    """No cell of the old has a number in the east: that is not the same as nobody old."""
    everyone = raster(tmp_path / "a.tif", FOUR)
    old = raster(tmp_path / "o.tif", np.array([[1.0, np.nan], [3.0, np.nan]]))
    demand = demand_from_rasters({"all": everyone, "60+": old}, drawn(WEST, EAST), CRS_M)
    assert demand.unknown["60+"].tolist() == [False, True]
    found = group_weights(demand, pd.DataFrame(index=["a", "b"]), "60+")
    by_community = np.bincount(demand.community, found.weight)
    assert by_community == pytest.approx([4, 45])
    assert found.assumed.tolist() == [False, True]
    assert found.unit.tolist() == ["people", "people"]


def test_a_raster_named_twice_is_refused(tmp_path: Path) -> None:
    """Its people would count twice."""
    path = raster(tmp_path / "a.tif", FOUR)
    with pytest.raises(InputError, match=r"a\.tif: the raster is named twice for group 'all'"):
        read([path, tmp_path / "." / "a.tif"], drawn(WEST, EAST))


# Cells for spreading.


def test_cells_keep_their_people_and_their_place(tmp_path: Path) -> None:
    """Four cells as squares; one far off lies in no community and is counted apart."""
    value = np.array([[10.0, 20.0, 0.0, 5.0], [30.0, 40.0, 0.0, 0.0]])
    communities = drawn_in_metres(WEST, box(25, 0, 190, 200))
    (cells,) = cells_from_rasters({"all": raster(tmp_path / "a.tif", value)}, communities, CRS_M)
    assert sorted(cells.people["all"].tolist()) == [10, 20, 30, 40]
    assert shapely.area(cells.outline) == pytest.approx(np.full(4, 1e4))
    assert cells.outside == {"all": 5.0}
    assert cells.known["all"].tolist() == [True, True]


# Refusals.


def refusal(path: Path | Raster | Sequence[Path], *, around: shapely.Polygon | None = None) -> str:
    """Return why a raster is refused."""
    with pytest.raises(CirclesError) as caught:
        read(path, drawn(around or box(-100, 0, 100, 200)))
    return str(caught.value)


def test_a_community_beyond_the_raster_is_told(tmp_path: Path) -> None:
    """Half of the east lies beyond the last column: its people are not all counted."""
    path = raster(tmp_path / "a.tif", FOUR)
    demand = read(path, drawn(box(-100, 0, 0, 200), box(0, 0, 200, 200)))
    assert notes(demand)["warnings.raster_short"] == {
        "origin": "a.tif", "count": 1, "examples": ("b",),
    }  # fmt: skip


def test_rasters_elsewhere_are_refused(tmp_path: Path) -> None:
    """Both places are told."""
    message = refusal(raster(tmp_path / "a.tif", FOUR, west=90_000))
    assert "holds none of the communities: it spans longitude" in message


def test_what_is_no_raster_is_refused(tmp_path: Path) -> None:
    """A missing file, an empty one, words, and a virtual raster that would read other files."""
    assert "nowhere.tif" in refusal(tmp_path / "nowhere.tif")
    for name, content in [("empty.tif", b""), ("words.tif", b"people\n12\n")]:
        (tmp_path / name).write_bytes(content)
        assert f"{name}: the file cannot be read as a population raster" in refusal(tmp_path / name)
    inner = raster(tmp_path / "a.tif", FOUR)
    virtual = tmp_path / "v.tif"
    virtual.write_text(
        '<VRTDataset rasterXSize="2" rasterYSize="2"><VRTRasterBand dataType="Float64" band="1">'
        f"<SimpleSource><SourceFilename>{inner}</SourceFilename></SimpleSource>"
        "</VRTRasterBand></VRTDataset>"
    )
    assert "cannot be read" in refusal(virtual)


def test_truncated_files_are_refused(tmp_path: Path) -> None:
    """Half of the bytes of a compressed raster and of a plain one."""
    value = np.random.default_rng(2).random((400, 400)) * 50
    for name, more in [("plain", {}), ("packed", {"compress": "deflate"})]:
        path = raster(tmp_path / f"{name}.tif", value, west=-20_000, **more)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        assert "cannot be read" in refusal(path, around=box(-20_000, 0, 20_000, 40_000))


def test_rasters_without_a_place_are_refused(tmp_path: Path) -> None:
    """No coordinate system, and no extent."""
    assert "does not say where" in refusal(raster(tmp_path / "a.tif", FOUR, crs=None))
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        path = write_grid(tmp_path / "b.tif", FOUR)
    assert "does not say where" in refusal(path)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.array([[1 + 2j]]), "of the type complex128"),
        (np.full((2, 2), np.nan), "no cell around the communities holds a number"),
        (np.array([[-1.0, -2.0], [3.0, 4.0]]), "different negative numbers (-2, -1 …)"),
        (np.full((2, 2), 65535, np.uint16), "6,553,5"),
        (np.full((2, 2), np.inf), "holds inf"),
    ],
)
def test_numbers_that_are_no_people_are_refused(tmp_path: Path, value: Any, words: str) -> None:
    """Complex numbers, none at all, several negative ones, marks that nobody declares."""
    assert words in refusal(raster(tmp_path / "a.tif", value))


def test_a_window_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """A raster of 1 m that covers 10 km holds a hundred million cells."""
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=10_000, height=10_000, count=1, dtype="float32",
        crs=CRS_M.to_wkt(), transform=corner(0, 10_000, 1), tiled=True, sparse_ok=True,
    ):  # fmt: skip
        pass
    assert "take up 100,000,000 of its cells" in refusal(path, around=box(0, 0, 10_000, 10_000))


def test_without_rasters_there_is_nothing_to_read() -> None:
    """An empty list of files is no layer of people."""
    with pytest.raises(InputError, match="no population raster is named"):
        demand_from_rasters({"all": []}, drawn(WEST), CRS_M)
