"""GCJ-02 and BD-09: against published values, another implementation, and themselves."""

import time

import eviltransform
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from circles.datum import Datum, from_wgs84, geometries_to_wgs84, in_mainland, to_wgs84
from circles.errors import InputError

SHIFTED = (Datum.GCJ02, Datum.BD09)
METRES = 111_320.0

#: Longitude and latitude (WGS 84), then in GCJ-02: test values of several libraries.
PUBLISHED_GCJ02 = (
    (121.5272106, 31.1774276, 121.531541859215, 31.17530398364597),
    (113.912316, 22.543847, 113.9171764808363, 22.540796131694766),
    (116.377817, 39.911954, 116.38404722455657, 39.91334545536069),
    (116.404, 39.915, 116.41024449916938, 39.91640428150164),
)
#: The same, and in BD-09, from one with another ellipsoid: 2 cm.
PUBLISHED_BD09 = (121.0917077, 30.6107779, 121.10271732371203, 30.61484572185035)

MAINLAND = {
    "Guangzhou": (113.264, 23.129),
    "Luohu station, 300 m from the border": (114.1135, 22.5335),
    "Futian port": (114.068, 22.5195),
    "Shatoujiao": (114.226, 22.557),
    "Shekou": (113.92, 22.475),
    "Neilingding island": (113.8, 22.41),
    "Gongbei": (113.5475, 22.2195),
    "Hengqin": (113.52, 22.13),
    "Wanshan islands": (113.72, 21.93),
    "Dangan island": (114.25, 22.05),
    "Xiamen": (118.09, 24.48),
    "Gulangyu": (118.065, 24.447),
    "Dadeng, 10 km from Kinmen": (118.33, 24.56),
    "Langqi, opposite Matsu": (119.6, 26.09),
    "Pingtan": (119.79, 25.5),
    "Meizhou, opposite Wuqiu": (119.13, 25.06),
    "Haikou": (110.33, 20.03),
    "Sanya": (109.5, 18.25),
    "Weizhou island": (109.12, 21.04),
    "Zhoushan": (122.2, 30.0),
    "Shengsi": (122.45, 30.72),
    "Dongji": (122.68, 30.19),
    "Chongming": (121.4, 31.63),
    "Dandong, on the Yalu": (124.39, 40.12),
    "Heihe, on the Amur": (127.52, 50.245),
    "Ruili": (97.85, 24.01),
    "Dongxing": (107.97, 21.545),
    "Lhasa": (91.1, 29.65),
    "Kashgar": (75.99, 39.47),
    "Urumqi": (87.6, 43.8),
    "just off the coast of Qingdao": (120.33, 36.04),
}
ELSEWHERE = {
    "Lo Wu": (114.1133, 22.5281),
    "Lok Ma Chau": (114.0655, 22.5145),
    "Sha Tau Kok": (114.222, 22.546),
    "West Kowloon": (114.165, 22.304),
    "Portas do Cerco": (113.5494, 22.2135),
    "Taipa": (113.56, 22.157),
    "Kinmen": (118.317, 24.436),
    "Little Kinmen": (118.236, 24.43),
    "Nangan": (119.94, 26.16),
    "Dongyin": (120.489, 26.366),
    "Juguang": (119.94, 25.97),
    "Wuqiu": (119.45, 24.99),
    "Penghu": (119.57, 23.57),
    "Taipei": (121.5, 25.03),
    "Sinuiju": (124.40, 40.10),
    "Blagoveshchensk": (127.54, 50.265),
    "Mong Cai": (107.966, 21.525),
    "Seoul": (127.0, 37.5),
    "Hanoi": (105.8, 21.0),
    "Ulan Bator, within every box around China": (106.9, 47.9),
    "Las Palmas": (-15.43, 28.13),
}


def everywhere(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw places all over the mainland."""
    chance = np.random.default_rng(7)
    lon, lat = chance.uniform(73, 135, 4 * count), chance.uniform(18, 54, 4 * count)
    inside = in_mainland(lon, lat)
    return lon[inside][:count], lat[inside][:count]


@pytest.mark.parametrize(("lon", "lat", "gcj_lon", "gcj_lat"), PUBLISHED_GCJ02)
def test_gcj02_has_the_published_values(
    lon: float, lat: float, gcj_lon: float, gcj_lat: float
) -> None:
    """The formula gives the values that are known for four cities, to a millimetre."""
    assert np.allclose(from_wgs84(lon, lat, Datum.GCJ02), (gcj_lon, gcj_lat), rtol=0, atol=1e-8)


def test_bd09_has_the_published_value() -> None:
    """Both directions give the value that is known for a place, to two centimetres."""
    lon, lat, bd_lon, bd_lat = PUBLISHED_BD09
    assert np.allclose(from_wgs84(lon, lat, Datum.BD09), (bd_lon, bd_lat), rtol=0, atol=2e-7)
    assert np.allclose(to_wgs84(bd_lon, bd_lat, Datum.BD09), (lon, lat), rtol=0, atol=2e-7)


@pytest.mark.parametrize(
    ("datum", "other"),
    [(Datum.GCJ02, eviltransform.wgs2gcj), (Datum.BD09, eviltransform.wgs2bd)],
)
def test_another_implementation_agrees(datum: Datum, other: object) -> None:
    """All over the mainland the difference is its other ellipsoid: below 3 cm."""
    lon, lat = everywhere(2_000)
    theirs = np.array([other(y, x) for x, y in zip(lon, lat, strict=True)])  # type: ignore[operator]
    ours = from_wgs84(lon, lat, datum)
    assert np.abs(ours[0] - theirs[:, 1]).max() * METRES < 0.03
    assert np.abs(ours[1] - theirs[:, 0]).max() * METRES < 0.03


@pytest.mark.parametrize("datum", SHIFTED)
def test_the_way_there_and_back_is_below_a_millimetre(datum: Datum) -> None:
    """100,000 places all over the mainland come back to where they were, well within a second."""
    lon, lat = everywhere(100_000)
    from_wgs84(lon[:1], lat[:1], datum)  # reads the outline
    started = time.perf_counter()
    there = from_wgs84(lon, lat, datum)
    back = to_wgs84(*there, datum)
    elapsed_s = time.perf_counter() - started
    off_m = np.hypot(back[0] - lon, back[1] - lat) * METRES
    moved_m = np.hypot(there[0] - lon, there[1] - lat) * METRES
    assert len(lon) == 100_000
    assert off_m.max() < 0.001
    assert moved_m.min() > 20
    assert elapsed_s < 2


@given(st.floats(-180, 180), st.floats(-90, 90), st.sampled_from(SHIFTED))
def test_a_place_is_moved_and_returns_or_stays(lon: float, lat: float, datum: Datum) -> None:
    """On the mainland a place is moved and returns; elsewhere it stays as it is to the last bit."""
    there = from_wgs84(lon, lat, datum)
    if in_mainland(lon, lat):
        assert there != (lon, lat)
        assert np.allclose(to_wgs84(*there, datum), (lon, lat), rtol=0, atol=1e-8)
    else:
        assert there == (lon, lat)


@pytest.mark.parametrize("name", MAINLAND)
def test_the_mainland_is_within(name: str) -> None:
    """Towns along the border, islands and waters off the coast are on the mainland, and moved."""
    assert in_mainland(*MAINLAND[name])


@pytest.mark.parametrize("name", ELSEWHERE)
@pytest.mark.parametrize("datum", SHIFTED)
def test_other_places_are_left_alone(name: str, datum: Datum) -> None:
    """Neither direction moves Hong Kong, Macau, Taiwan's islands or towns across a border."""
    lon, lat = ELSEWHERE[name]
    assert not in_mainland(lon, lat)
    assert from_wgs84(lon, lat, datum) == (lon, lat)


@pytest.mark.parametrize("name", ["Taipa", "Kinmen", "Taipei", "West Kowloon", "Seoul", "Nangan"])
@pytest.mark.parametrize("datum", SHIFTED)
def test_places_beyond_the_strip_along_the_border_stay_on_the_way_back(
    name: str, datum: Datum
) -> None:
    """What no place of the mainland can have been moved to comes back as it was."""
    lon, lat = ELSEWHERE[name]
    assert to_wgs84(lon, lat, datum) == (lon, lat)


def test_the_mainland_side_of_the_shenzhen_river_returns() -> None:
    """Every place between Shekou and Yantian that is moved comes back, the river banks too."""
    chance = np.random.default_rng(3)
    lon, lat = chance.uniform(113.85, 114.3, 20_000), chance.uniform(22.48, 22.6, 20_000)
    inside = in_mainland(lon, lat)
    for datum in SHIFTED:
        back = to_wgs84(*from_wgs84(lon, lat, datum), datum)
        off_m = np.hypot(back[0] - lon, back[1] - lat)[inside] * METRES
        assert inside.sum() > 5_000
        assert off_m.max() < 0.001


@pytest.mark.parametrize("datum", Datum)
def test_what_is_no_number_passes_through(datum: Datum) -> None:
    """Missing and infinite coordinates stay, in arrays of any shape, and inputs are not changed."""
    lon = np.array([[113.2, np.nan], [np.inf, 113.3]])
    lat = np.array([[23.1, 23.1], [23.2, np.nan]])
    before = lon.copy()
    for convert in (to_wgs84, from_wgs84):
        new_lon, new_lat = convert(lon, lat, datum)
        assert new_lon.shape == new_lat.shape == (2, 2)
        assert np.isnan(new_lon[0, 1])
        assert np.isposinf(new_lon[1, 0])
        assert np.isfinite(new_lon[0, 0])
        assert (new_lon[0, 0] != 113.2) == (datum is not Datum.WGS84)
    assert np.array_equal(lon, before, equal_nan=True)


def test_unequal_shapes_are_refused() -> None:
    """As many longitudes as latitudes are needed."""
    with pytest.raises(InputError, match="as many of one as of the other"):
        to_wgs84([1.0, 2.0], [1.0], Datum.GCJ02)


@pytest.mark.parametrize("datum", SHIFTED)
def test_geometries_come_back_with_their_heights(datum: Datum) -> None:
    """Points, lines and polygons return to where they were; missing and empty ones stay."""
    shapes = np.array(
        [
            shapely.Point(113.3, 23.1),
            shapely.Point(113.3, 23.1, 12.0),
            shapely.box(113.2, 23.0, 113.4, 23.2),
            shapely.LineString([(113.2, 23.0, 1.0), (113.3, 23.1, 2.0)]),
            None,
            shapely.Point(),
        ],
        dtype=object,
    )
    moved = shapely.transform(
        shapes[:4], lambda p: np.column_stack(from_wgs84(p[:, 0], p[:, 1], datum))
    )
    back = geometries_to_wgs84(np.concatenate([moved, shapes[4:]]), datum)
    assert shapely.equals_exact(back[:4], shapely.force_2d(shapes[:4]), tolerance=1e-8).all()
    assert back[4] is None
    assert back[5].is_empty
    tall = geometries_to_wgs84(shapes, datum)
    assert list(shapely.has_z(tall)) == list(shapely.has_z(shapes))
    assert tall[1].z == 12.0
    assert geometries_to_wgs84(shapes, Datum.WGS84)[0] == shapes[0]


def test_a_shape_along_the_border_is_not_torn() -> None:
    """A polygon that reaches over the Shenzhen River is moved as a whole, or not at all."""
    shenzhen = shapely.box(114.05, 22.525, 114.12, 22.60)
    whole = geometries_to_wgs84([shapely.segmentize(shenzhen, 0.005)], Datum.GCJ02)[0]
    assert whole.is_valid
    moved = np.abs(np.array(whole.bounds) - np.array(shenzhen.bounds))
    assert (moved > 0.001).all()
    assert whole.area == pytest.approx(shenzhen.area, rel=0.01)
