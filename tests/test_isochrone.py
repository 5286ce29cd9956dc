"""Isochrone polygons, held against the travel times they are the picture of."""

import itertools
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from circles.crs import local_points, to_metres
from circles.errors import InputError
from circles.isochrone import draw_each, isochrone_bands, isochrones, reach_areas
from circles.network import Lines, WalkNetwork
from circles.network.build import network_from_osm
from circles.osm import read_osm
from circles.profiles import profile
from circles.travel import CostField, nearest_cost
from circles.travel.joining import Joiner
from tests.drawn_osm import Drawing, degrees

ADULT = profile("adult")


def place(*at: tuple[float, float]) -> gpd.GeoDataFrame:
    """Return places of a drawing as a table with an index of its own."""
    points = [shapely.Point(degrees(*xy)) for xy in at]
    return gpd.GeoDataFrame(index=[f"p{i}" for i in range(len(at))], geometry=points, crs=4326)


def read(drawing: Drawing, tmp_path: Path) -> WalkNetwork:
    """Return the network of a drawing."""
    return network_from_osm(read_osm(drawing.write(tmp_path / "x.osm")))


def grid_town(tmp_path: Path, *, blocks: int = 14, side_m: float = 120.0) -> WalkNetwork:
    """Return a chequerboard of streets with a river through it and one bridge.

    The river runs between two rows of streets that are 60 m apart; only the middle street
    crosses it.
    """
    drawing = Drawing()
    for row in range(blocks + 1):
        for column in range(blocks + 1):
            lift = 0.0 if row <= blocks // 2 else -60.0
            drawing.node(f"{row}-{column}", column * side_m, row * side_m + lift)
    for i in range(blocks + 1):
        drawing.way(" ".join(f"{i}-{c}" for c in range(blocks + 1)), highway="residential")
        low = " ".join(f"{r}-{i}" for r in range(blocks // 2 + 1))
        high = " ".join(f"{r}-{i}" for r in range(blocks // 2 + 1, blocks + 1))
        for stretch in (low, high):
            drawing.way(stretch, highway="residential")
    middle = blocks // 2
    drawing.way(f"{middle}-{middle} {middle + 1}-{middle}", highway="residential", bridge="yes")
    return read(drawing, tmp_path)


def field_from(network: WalkNetwork, at: tuple[float, float]) -> CostField:
    """Return the times to one place."""
    lon, lat = degrees(*at)
    x_m, y_m = to_metres(np.array([lon]), np.array([lat]), network.crs)
    return nearest_cost(network, Joiner.of(network).join(x_m, y_m), network.times(ADULT))


def agreement(
    area: shapely.Geometry, field: CostField, joiner: Joiner, limit_s: float
) -> tuple[float, float]:
    """Return how often area and t(p) agree: over the area's box, and 50 m around its outline."""
    rng = np.random.default_rng(7)
    west, south, east, north = area.bounds
    box = rng.uniform((west, south), (east, north), (40_000, 2))
    along = shapely.line_interpolate_point(
        area.boundary, rng.uniform(0, area.boundary.length, 40_000)
    )
    near = shapely.get_coordinates(along) + rng.uniform(-50, 50, (40_000, 2))
    near = near[shapely.distance(shapely.points(near), area.boundary) <= 50]
    shapely.prepare(area)
    shares = []
    for points in (box, near):
        x_m, y_m = np.ascontiguousarray(points.T)
        cost, _ = field.at(joiner.join(x_m, y_m))
        shares.append(float(np.mean(shapely.contains_xy(area, x_m, y_m) == (cost <= limit_s))))
    return shares[0], shares[1]


def test_the_polygon_is_the_picture_of_the_times(tmp_path: Path) -> None:
    """Polygon and t(p) agree on 99 % of its box and on 97 % of the 50 m around its outline."""
    network = grid_town(tmp_path)
    joiner = Joiner.of(network)
    field = field_from(network, (700, 500))
    for minutes in (5, 10, 15):
        (area,) = reach_areas(field, joiner, [minutes * 60])
        in_box, at_outline = agreement(area, field, joiner, minutes * 60)
        assert in_box >= 0.99
        assert at_outline >= 0.97


def test_isochrones_of_growing_limits_contain_each_other(tmp_path: Path) -> None:
    """Nothing of a smaller isochrone lies outside a larger one."""
    network = grid_town(tmp_path)
    areas = reach_areas(
        field_from(network, (630, 333)), Joiner.of(network), [180, 200, 300, 301, 600, 900]
    )
    for inner, outer in itertools.pairwise(areas):
        assert inner.difference(outer).area <= 1e-6
        assert inner.area < outer.area


def test_the_far_bank_stays_outside(tmp_path: Path) -> None:
    """Across the river lies 60 m off but is far to walk; only beside the bridge is it in reach."""
    network = grid_town(tmp_path)
    table = isochrones(network, place((60, 800)), minutes=[5])
    area = table.geometry.iloc[0]
    assert area.contains(place((60, 830)).geometry.iloc[0])
    assert not area.contains(place((60, 895)).geometry.iloc[0])


def test_one_street_reaches_as_far_as_the_time_lasts(tmp_path: Path) -> None:
    """On a straight street 5 minutes at 1.1 m/s are 330 m, to either side."""
    drawing = Drawing().node("a", 0, 0).node("b", 2000, 0).way("a b", highway="residential")
    network = read(drawing, tmp_path)
    table = isochrones(network, place((1000, 0)), minutes=[5])
    area = table.to_crs(network.crs).geometry.iloc[0]
    west, _, east, _ = area.bounds
    assert (east - west) / 2 == pytest.approx(330, abs=3)
    # A diamond: what is spent on the street is missing beside it. Its area is 2 r^2, less the
    # two tips that lie farther than 250 m from the street.
    assert area.area == pytest.approx(2 * 330**2 - 2 * 80**2, rel=0.01)


def test_no_one_lives_farther_from_the_street_than_the_access_leg(tmp_path: Path) -> None:
    """However long the time, the area ends 250 m beside the last street."""
    drawing = Drawing().node("a", 0, 0).node("b", 800, 0).way("a b", highway="residential")
    network = read(drawing, tmp_path)
    area = isochrones(network, place((400, 0)), minutes=[60]).to_crs(network.crs).geometry.iloc[0]
    _, south, _, north = area.bounds
    assert (north - south) / 2 == pytest.approx(250, abs=3)


def test_walking_to_and_from_differ_on_a_one_way_street(tmp_path: Path) -> None:
    """Where walking is one-way, from where one arrives is not where one gets to."""
    drawing = (
        Drawing().node("a", 0, 0).node("b", 1000, 0)
        .way("a b", highway="footway", oneway__foot="yes")
    )  # fmt: skip
    network = read(drawing, tmp_path)
    middle = place((500, 0))
    x = {}
    for direction in ("to", "from"):
        table = isochrones(network, middle, minutes=[5], direction=direction)
        x[direction] = table.to_crs(network.crs).geometry.iloc[0].centroid.x
    here = middle.to_crs(network.crs).geometry.iloc[0].x
    assert x["to"] < here < x["from"]


def test_merged_is_whoever_reaches_any_of_them(tmp_path: Path) -> None:
    """The merged area of two places is the union of their own, from one search."""
    network = grid_town(tmp_path)
    both = place((100, 100), (1300, 300))
    merged = isochrones(network, both, minutes=[5], merge=True).to_crs(network.crs)
    single = isochrones(network, both, minutes=[5]).to_crs(network.crs)
    union = single.geometry.union_all()
    assert merged.geometry.iloc[0].symmetric_difference(union).area < 0.01 * union.area
    assert merged["origin"].tolist() == [None]


def test_one_row_for_each_origin_and_limit(tmp_path: Path) -> None:
    """Rows carry the origin's own index, the limit, a status, and the origins' CRS."""
    network = grid_town(tmp_path)
    origins = place((100, 100), (9000, 9000)).to_crs(32649)
    table = isochrones(network, origins, minutes=[5, 10])
    assert table["origin"].tolist() == ["p0", "p0", "p1", "p1"]
    assert table["minutes"].tolist() == [5.0, 10.0, 5.0, 10.0]
    assert table["status"].tolist() == ["ok", "ok", "off_network", "off_network"]
    assert table["left_out"].tolist() == [0, 0, 1, 1]
    assert table.geometry.is_empty.tolist() == [False, False, True, True]
    assert set(table.geometry.geom_type) == {"MultiPolygon"}
    assert table.crs == origins.crs


def test_limits_keep_their_order_and_count_once(tmp_path: Path) -> None:
    """Rows follow the order in which limits are given; a second mention adds nothing."""
    network = grid_town(tmp_path)
    table = isochrones(network, place((100, 100)), minutes=[10, 3, 10.0, 5])
    assert table["minutes"].tolist() == [10.0, 3.0, 5.0]
    area = dict(zip(table["minutes"], table.to_crs(network.crs).area, strict=True))
    assert area[3.0] < area[5.0] < area[10.0]


def test_origins_may_be_a_series_and_no_points(tmp_path: Path) -> None:
    """A series of points will do; of other shapes a point on them counts."""
    network = grid_town(tmp_path)
    points = place((100, 100), (700, 500))
    expected = isochrones(network, points, minutes=[5])
    assert_geodataframe_equal(isochrones(network, points.geometry, minutes=[5]), expected)
    shapes = points.to_crs(network.crs).buffer(2).rename("shape")
    assert isochrones(network, shapes, minutes=[5])["origin"].tolist() == ["p0", "p1"]


def test_an_origins_way_to_its_street_is_told(tmp_path: Path) -> None:
    """`access_m` is the leg of who joins a street, and how far the street of who does not is."""
    network = grid_town(tmp_path)
    origins = place((50, -20), (60, -700), (0, -90_000))
    table = isochrones(network, origins, minutes=[5])
    assert table["access_m"].tolist()[:2] == pytest.approx([20, 700], abs=0.1)
    assert np.isnan(table["access_m"].iloc[2])
    assert table["status"].tolist() == ["ok", "off_network", "off_network"]


def test_origins_off_the_network_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning says which origins take no part, and how far they are, also where merged."""
    network = grid_town(tmp_path)
    origins = place((100, 100), (60, -700), (0, -90_000))
    for merge in (False, True):
        caplog.clear()
        isochrones(network, origins, minutes=[5], merge=merge)
        (said,) = caplog.messages
        assert said == (
            "2 of 3 origins find no street within 250 m and take no part: "
            "p1 (700 m), p2 (over 20 km)"
        )
    caplog.clear()
    isochrones(network, origins.iloc[:1], minutes=[5])
    assert caplog.messages == []


def test_an_origin_that_reaches_nothing_says_so(tmp_path: Path) -> None:
    """Whose way to the street alone takes longer than the limit, is told apart."""
    network = grid_town(tmp_path)
    table = isochrones(network, place((60, -200)), minutes=[2, 5])
    assert table["status"].tolist() == ["nothing_reached", "ok"]
    assert table.geometry.is_empty.tolist() == [True, False]


def test_an_origin_behind_a_barrier_says_so(tmp_path: Path) -> None:
    """With a river before every street, an origin is walled off, not merely far."""
    drawing = Drawing().node("a", 0, 0).node("b", 1500, 0).way("a b", highway="path")
    network = read(drawing, tmp_path)
    lon, lat = np.array([degrees(x, 50) for x in (-3000, 4500)]).T
    network = replace(network, barriers=Lines(np.array([0, 2]), lon, lat))
    table = isochrones(network, place((700, 100), (700, 30), (700, 900)), minutes=[5])
    assert table["status"].tolist() == ["walled_off", "ok", "off_network"]


def test_merged_says_how_many_are_left_out(tmp_path: Path) -> None:
    """The merged area has the origins that join a street; none of them makes it empty."""
    network = grid_town(tmp_path)
    origins = place((100, 100), (60, -700), (0, -9000))
    table = isochrones(network, origins, minutes=[5, 10], merge=True)
    assert table["left_out"].tolist() == [2, 2]
    assert table["status"].tolist() == ["ok", "ok"]
    nobody = isochrones(network, origins.iloc[1:], minutes=[5], merge=True)
    assert nobody["status"].tolist() == ["off_network"]
    assert nobody.geometry.is_empty.all()


def test_no_origins_give_an_empty_table_of_the_same_kind(tmp_path: Path) -> None:
    """Without origins there are no rows, but the columns, their types and the CRS."""
    network = grid_town(tmp_path)
    origins = place((100, 100)).to_crs(32649)
    full, empty = (isochrones(network, some, minutes=[5]) for some in (origins, origins.iloc[:0]))
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert empty.crs == full.crs
    merged = isochrones(network, origins.iloc[:0], minutes=[5, 10], merge=True)
    assert merged["status"].tolist() == ["no_origins", "no_origins"]
    assert merged.dtypes.to_dict() == full.dtypes.to_dict()


def test_many_origins_have_the_areas_they_have_alone(tmp_path: Path) -> None:
    """Neither company nor threads change an area by a hair."""
    network = grid_town(tmp_path)
    rng = np.random.default_rng(4)
    origins = place(*rng.uniform(0, 1600, (23, 2)))
    table = isochrones(network, origins, minutes=[4, 8])
    for name in ("p0", "p7", "p22"):
        alone = isochrones(network, origins.loc[[name]], minutes=[4, 8])
        together = table[table["origin"] == name].reset_index(drop=True)
        assert_geodataframe_equal(alone, together)
    joins = Joiner.of(network).join(*local_points(origins, network.crs, "origins"))
    areas = [
        draw_each(
            network,
            joins,
            network.times(ADULT),
            partial(reach_areas, joiner=Joiner.of(network), limits=[240.0, 480.0]),
            direction="to",
            limit=480.0,
            threads=threads,
        )
        for threads in (1, 3)
    ]
    assert all(a.equals_exact(b, 0.0) for a, b in zip(*map(sum_of, areas), strict=True))


def sum_of(areas: list[list[shapely.Geometry]]) -> list[shapely.Geometry]:
    """Return the areas of all origins in one list."""
    return [area for some in areas for area in some]


def test_bands_lie_between_limits(tmp_path: Path) -> None:
    """Bands of one origin do not overlap, and make up the area of the largest limit."""
    network = grid_town(tmp_path)
    table = isochrones(network, place((100, 100), (900, 400)), minutes=[10, 3, 5])
    bands = isochrone_bands(table)
    assert bands["minutes"].tolist() == table["minutes"].tolist()
    assert bands["from_minutes"].tolist() == [5.0, 0.0, 3.0] * 2
    assert (table.columns == [c for c in bands.columns if c != "from_minutes"]).all()
    for name in ("p0", "p1"):
        whole = table[(table["origin"] == name) & (table["minutes"] == 10)].geometry.iloc[0]
        parts = bands[bands["origin"] == name].geometry.to_crs(network.crs)
        assert (
            parts.union_all()
            .symmetric_difference(gpd.GeoSeries([whole], crs=table.crs).to_crs(network.crs).iloc[0])
            .area
            < 1.0
        )
        for one, other in itertools.combinations(parts, 2):
            assert one.intersection(other).area < 1e-3


def test_bands_of_merged_areas_and_of_names_that_repeat(tmp_path: Path) -> None:
    """Rows of one origin follow each other; a second origin of that name is not the first."""
    network = grid_town(tmp_path)
    origins = place((100, 100), (900, 400)).set_axis(["x", "x"])
    bands = isochrone_bands(isochrones(network, origins, minutes=[3, 5]))
    assert bands["from_minutes"].tolist() == [0.0, 3.0, 0.0, 3.0]
    merged = isochrone_bands(isochrones(network, origins, minutes=[3, 5], merge=True))
    assert merged["from_minutes"].tolist() == [0.0, 3.0]
    with pytest.raises(InputError, match="no column minutes, origin"):
        isochrone_bands(gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs=4326))


def test_a_cliff_is_where_it_is(tmp_path: Path) -> None:
    """Between the banks, 60 m apart, the outline runs in the middle, to a tenth of a cell."""
    network = grid_town(tmp_path)
    (area,) = reach_areas(field_from(network, (300, 600)), Joiner.of(network), [600.0])
    x_m, y_m = to_metres(*np.array([degrees(x, 870) for x in range(100, 500, 7)]).T, network.crs)
    away_m = shapely.distance(shapely.points(x_m, y_m), area.boundary)
    assert away_m.max() < 3.0
    assert np.median(away_m) < 1.5


def test_a_hole_nobody_reaches_is_a_hole(tmp_path: Path) -> None:
    """The middle of a large block, farther than the access leg from any street, stays out."""
    network = read(Drawing().square("r", 0, 0, 1200, highway="residential"), tmp_path)
    area = isochrones(network, place((0, -600)), minutes=[60]).geometry.iloc[0]
    assert not area.contains(place((0, 0)).geometry.iloc[0])
    assert sum(len(part.interiors) for part in area.geoms) == 1


@pytest.mark.parametrize("minutes", [[], [0], [-5], [5, float("nan")], [float("inf")], ["5"]])
def test_limits_that_are_no_times_are_refused(tmp_path: Path, minutes: list[Any]) -> None:
    """Minutes must be positive numbers."""
    drawing = Drawing().node("a", 0, 0).node("b", 90, 0).way("a b", highway="path")
    with pytest.raises(InputError, match="minutes must be positive"):
        isochrones(read(drawing, tmp_path), place((0, 0)), minutes=minutes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"direction": "both"}, "direction 'both' is not known"),
        ({"profile": "aduld"}, "no walking profile 'aduld'"),
        ({"cell_m": 0.0}, "cell_m must be above 0"),
        ({"max_access_m": float("nan")}, "max_access_m must be above 0"),
    ],
)
def test_options_that_cannot_be_are_refused(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    """Each option says what it takes."""
    drawing = Drawing().node("a", 0, 0).node("b", 90, 0).way("a b", highway="path")
    with pytest.raises(InputError, match=words):
        isochrones(read(drawing, tmp_path), place((0, 0)), **options)


def test_origins_without_crs_or_position_are_refused(tmp_path: Path) -> None:
    """A table that does not say where its points are cannot be used."""
    drawing = Drawing().node("a", 0, 0).node("b", 90, 0).way("a b", highway="path")
    network = read(drawing, tmp_path)
    with pytest.raises(InputError, match="no coordinate reference system"):
        isochrones(network, gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)]))
    with pytest.raises(InputError, match="rows without a place: x"):
        isochrones(network, gpd.GeoDataFrame(index=["x"], geometry=[None], crs=4326))


def test_a_place_off_the_earth_is_refused(tmp_path: Path) -> None:
    """Latitude and longitude the wrong way round are no place in the north; nothing is drawn."""
    drawing = Drawing().node("a", 0, 0).node("b", 90, 0).way("a b", highway="path")
    swapped = gpd.GeoDataFrame(index=["x"], geometry=[shapely.Point(23.0, 113.3)], crs=4326)
    with pytest.raises(InputError, match=r"cannot be on the Earth: x.*swapped"):
        isochrones(read(drawing, tmp_path), swapped)
