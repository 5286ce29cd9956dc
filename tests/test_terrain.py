"""Heights from grids: what streets get of them, and what is refused."""

import itertools
import math
import os
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject
from shapely import LineString

import circles
from circles.errors import InputError
from circles.network import WalkNetwork
from circles.network.build import network_from_osm
from circles.osm import read_osm
from circles.terrain import add_elevation, height_share
from circles.travel import Direction, nearest_cost
from circles.travel.joining import Joiner
from circles.walking import Kind, Profile, Wait
from tests.drawn_heights import CRS_M, corner, hill, write_grid
from tests.drawn_osm import Drawing, degrees
from tests.random_networks import hilly_networks
from tests.test_isochrone import agreement, grid_town

WALKER = Profile("walker", 1.0, 0.5)


def built(drawing: Drawing, folder: Path) -> WalkNetwork:
    """Return a drawing's network."""
    return network_from_osm(read_osm(drawing.write(folder / "x.osm")), min_piece_m=0.0)


@pytest.fixture(name="cross")
def _cross(tmp_path: Path) -> WalkNetwork:
    """Return two streets of 800 m that cross at (400, 400)."""
    drawing = Drawing()
    for name, x, y in [("w", 0, 400), ("m", 400, 400), ("e", 800, 400), ("s", 400, 0)]:
        drawing.node(name, x, y)
    drawing.node("n", 400, 800)
    drawing.way("w m e", highway="residential").way("s m n", highway="residential")
    return built(drawing, tmp_path)


def heights(network: WalkNetwork) -> np.ndarray:
    """Return the heights of all points."""
    assert network.edges.elevation_m is not None
    return network.edges.elevation_m


def edge_of(network: WalkNetwork, *ends: tuple[float, float]) -> int:
    """Return the edge between two places of a drawing."""
    edges = network.edges
    at = np.array([degrees(*end) for end in ends])
    for e in range(len(edges)):
        nodes = [edges.start[e], edges.end[e]]
        placed = np.column_stack([network.node_lon[nodes], network.node_lat[nodes]])
        if any(np.allclose(both, at, rtol=0, atol=1e-6) for both in (placed, placed[::-1])):
            return e
    raise LookupError(ends)


def profile_of(network: WalkNetwork, e: int) -> list[float]:
    """Return an edge's heights from its western (or southern) end."""
    part = slice(network.edges.offset[e], network.edges.offset[e + 1])
    found = heights(network)[part].tolist()
    lon, lat = network.edges.lon[part], network.edges.lat[part]
    return found if (lon[0], lat[0]) < (lon[-1], lat[-1]) else found[::-1]


# ---- sampling ------------------------------------------------------------------------------------


def test_an_even_slope_is_met_exactly(cross: WalkNetwork, tmp_path: Path) -> None:
    """A plane of heights is a plane between cells, too: 10 % to the east, 5 % to the north."""
    raised = add_elevation(cross, hill(tmp_path / "h.tif", lambda x, y: 0.1 * x + 0.05 * y))
    x_m, y_m = raised.xy_m
    assert np.allclose(heights(raised), 0.1 * x_m + 0.05 * y_m, atol=1e-3)
    assert height_share(raised) == 1.0


def test_a_hill_takes_the_minutes_a_reader_computes(tmp_path: Path) -> None:
    """Up 10 %: 400 s × e^0.35. Down 10 %: as on the level. Mid-block likewise, each way."""
    drawing = Drawing().node("a", 0, 0).node("b", 400, 0).way("a b", highway="residential")
    raised = add_elevation(
        built(drawing, tmp_path), hill(tmp_path / "h.tif", lambda x, _y: 0.1 * x)
    )
    times, joiner = raised.times(WALKER), Joiner.of(raised)
    place = gpd.GeoSeries([shapely.Point(degrees(*xy)) for xy in [(400, 0), (100, 0)]], crs=4326)
    x_m, y_m = place.to_crs(raised.crs).x.to_numpy(), place.to_crs(raised.crs).y.to_numpy()
    joins = joiner.join(x_m, y_m)
    top = replace(joins, edge=joins.edge[:1], share=joins.share[:1], access_m=joins.access_m[:1])
    up = nearest_cost(raised, top, times, direction="to").at(joins)[0][1]
    down = nearest_cost(raised, top, times, direction="from").at(joins)[0][1]
    assert up == pytest.approx(300 * math.exp(0.35), rel=1e-3)
    assert down == pytest.approx(300, rel=1e-3)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4490", "EPSG:32649", "EPSG:3857"])
def test_the_grid_may_be_in_any_system(cross: WalkNetwork, tmp_path: Path, crs: str) -> None:
    """Degrees or metres, WGS 84 or CGCS2000: the heights are those of the place."""
    plain = hill(tmp_path / "h.tif", lambda x, y: 30 + x / 20 + y / 40, cell_m=20.0)
    frame = gpd.GeoSeries(shapely.box(-400, -400, 1200, 1200), crs=CRS_M).to_crs(crs)
    west, south, east, north = frame.total_bounds
    cell = (east - west) / 100
    size = (math.ceil((north - south) / cell), 100)
    with rasterio.open(plain) as source:
        value, _ = reproject(
            source.read(1),
            np.zeros(size),
            src_transform=source.transform,
            src_crs=source.crs,
            dst_transform=corner(west, north, cell),
            dst_crs=crs,
            resampling=Resampling.bilinear,
        )
    other = write_grid(tmp_path / "o.tif", value, crs=crs, transform=corner(west, north, cell))
    one, two = add_elevation(cross, plain), add_elevation(cross, other)
    nodes = [edges.offset[:-1] for edges in (one.edges, two.edges)]
    assert np.allclose(heights(one)[nodes[0]], heights(two)[nodes[1]], atol=0.2)
    assert one.times(WALKER).forward == pytest.approx(two.times(WALKER).forward, rel=5e-3)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
def test_whole_numbers_and_decimals_are_read(
    cross: WalkNetwork, tmp_path: Path, dtype: str
) -> None:
    """As the file keeps them."""
    raised = add_elevation(cross, hill(tmp_path / "h.tif", lambda x, _y: 100 + x / 10, dtype=dtype))
    assert np.allclose(heights(raised), 100 + raised.xy_m[0] / 10, atol=0.51)


def test_a_scale_and_an_offset_are_applied(cross: WalkNetwork, tmp_path: Path) -> None:
    """Decimetres above a base are metres."""
    path = hill(tmp_path / "h.tif", lambda x, _y: x, dtype="int16")
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.1,), (50.0,)
    raised = add_elevation(cross, path)
    assert np.allclose(heights(raised), 50 + raised.xy_m[0] / 10, atol=0.11)


def test_a_grid_may_stand_on_its_head_or_be_turned(cross: WalkNetwork, tmp_path: Path) -> None:
    """South-up and rotated grids are sampled where their cells lie."""
    upright = hill(tmp_path / "h.tif", lambda x, y: x / 10 + y / 30)
    with rasterio.open(upright) as file:
        value, at = file.read(1), file.transform
    flipped = write_grid(
        tmp_path / "f.tif",
        value[::-1].copy(),
        transform=Affine(at.a, 0, at.c, 0, -at.e, at.f + at.e * len(value)),
    )
    turned = write_grid(
        tmp_path / "t.tif",
        np.rot90(value).copy(),
        transform=Affine(0, -at.a, at.c + at.a * value.shape[1], at.e, 0, at.f),
    )
    expected = heights(add_elevation(cross, upright))
    assert np.allclose(heights(add_elevation(cross, flipped)), expected, atol=1e-9)
    assert np.allclose(heights(add_elevation(cross, turned)), expected, atol=1e-9)


def test_only_the_networks_part_of_a_grid_is_read(cross: WalkNetwork, tmp_path: Path) -> None:
    """A grid of 14 GB, nearly all of it unwritten, takes no time."""
    at = corner(-300_000.0, 300_000.0, 10.0)
    column, row = 29_950, 29_850
    part = np.full((200, 200), 42.0, dtype=np.float32)
    with rasterio.open(
        tmp_path / "big.tif", "w", driver="GTiff", count=1, height=60_000, width=60_000,
        dtype="float32", crs=CRS_M.to_wkt(), transform=at, tiled=True, sparse_ok=True,
    ) as file:  # fmt: skip
        file.write(part, 1, window=rasterio.windows.Window(column, row, 200, 200))
    assert heights(add_elevation(cross, tmp_path / "big.tif")) == pytest.approx(42.0)


def test_noise_of_a_fine_grid_is_no_slope(cross: WalkNetwork, tmp_path: Path) -> None:
    """Cells of 1 m that jump by 30 cm would be slopes of 30 %; averaged, the street is even."""
    path = hill(
        tmp_path / "h.tif",
        lambda x, y: 0.02 * x + 0.15 * (-1.0) ** (np.floor(x) + np.floor(y)),
        cell_m=1.0,
    )
    raised = add_elevation(cross, path)
    assert np.allclose(heights(raised), 0.02 * raised.xy_m[0], atol=0.02)
    assert len(heights(raised)) < 200  # and not a point for every metre
    w_m = edge_of(raised, (0, 400), (400, 400))
    assert raised.times(WALKER).forward[w_m] == pytest.approx(400 * math.exp(0.07), rel=0.01)


# ---- points in between ---------------------------------------------------------------------------


@pytest.mark.parametrize("cell_m", [7.0, 30.0, 90.0])
def test_no_step_is_longer_than_a_cell_and_streets_keep_their_lines(
    cross: WalkNetwork, tmp_path: Path, cell_m: float
) -> None:
    """Points are added on the line; length, ends and course stay."""
    raised = add_elevation(cross, hill(tmp_path / "h.tif", lambda x, _y: x / 10, cell_m=cell_m))
    assert np.array_equal(raised.edges.length_m, cross.edges.length_m)
    for e in range(len(cross.edges)):
        before, after = (
            LineString(np.column_stack(n.xy_m)[n.edges.offset[e] : n.edges.offset[e + 1]])
            for n in (cross, raised)
        )
        steps_m = [math.dist(a, b) for a, b in itertools.pairwise(after.coords)]
        assert max(steps_m) <= cell_m * 1.001
        assert shapely.hausdorff_distance(before, after) < 1e-6
        assert after.length == pytest.approx(before.length, abs=1e-6)


def test_stairs_and_ferries_get_no_points(cross: WalkNetwork, tmp_path: Path) -> None:
    """No slope is looked for along them."""
    kind = np.array([Kind.STEPS, Kind.FERRY, Kind.PATH, Kind.PATH], dtype=np.int8)
    mixed = replace(cross, edges=replace(cross.edges, kind=kind))
    raised = add_elevation(mixed, hill(tmp_path / "h.tif", lambda x, _y: x))
    points = np.diff(raised.edges.offset)
    assert points[:2].tolist() == [2, 2]
    assert (points[2:] > 40).all()


def test_a_network_is_not_changed_but_copied(cross: WalkNetwork, tmp_path: Path) -> None:
    """The one that was given has no heights afterwards; given twice, the second grid counts."""
    lon = cross.edges.lon.copy()
    one = add_elevation(cross, hill(tmp_path / "h.tif", lambda x, _y: x))
    two = add_elevation(one, hill(tmp_path / "g.tif", lambda x, _y: 0 * x + 3.0))
    assert cross.edges.elevation_m is None
    assert height_share(cross) is None
    assert np.array_equal(cross.edges.lon, lon)
    assert heights(two) == pytest.approx(3.0)
    assert len(heights(two)) == len(heights(one))


@settings(max_examples=40, deadline=None)
@given(hilly_networks(), st.integers(0, 1000))
def test_streets_that_meet_have_one_height(network: WalkNetwork, seed: int) -> None:
    """Whatever the ground, edges that share a node start at the same height there."""
    import tempfile

    value = np.random.default_rng(seed).uniform(0, 300, (60, 60))
    off = np.random.default_rng(seed).random(len(network.edges)) < 0.3
    drawn = replace(network, edges=replace(network.edges, off_ground=off, elevation_m=None))
    with tempfile.TemporaryDirectory() as folder:
        at = corner(-200.0, 400.0, 10.0)
        raised = add_elevation(drawn, write_grid(Path(folder) / "h.tif", value, transform=at))
    edges = raised.edges
    seen: dict[int, float] = {}
    for node, point in [
        *zip(edges.start.tolist(), edges.offset[:-1].tolist(), strict=True),
        *zip(edges.end.tolist(), (edges.offset[1:] - 1).tolist(), strict=True),
    ]:
        height = float(heights(raised)[point])
        first = seen.setdefault(node, height)
        assert first == height or (math.isnan(first) and math.isnan(height))


# ---- where there is no height --------------------------------------------------------------------


def test_streets_without_a_height_are_counted(cross: WalkNetwork, tmp_path: Path) -> None:
    """The eastern 200 of 1,600 m are off the grid: 12.5 %; that part is level."""
    path = hill(tmp_path / "h.tif", lambda x, _y: x / 10, west=-1400.0)  # ends at x = 600
    raised = add_elevation(cross, path)
    assert height_share(raised) == pytest.approx(0.875, abs=0.01)
    east = edge_of(raised, (400, 400), (800, 400))
    known = np.isfinite(profile_of(raised, east))
    assert known[:20].all()
    assert not known[21:].any()
    times = raised.times(WALKER)
    assert max(times.forward[east], times.backward[east]) == pytest.approx(
        200 * math.exp(0.35) + 200, rel=0.01
    )


@pytest.mark.parametrize(
    ("dtype", "void", "declared"),
    [("int16", -32768, True), ("float32", -9999.0, True), ("float64", math.nan, False),
     ("int16", -32768, False), ("float32", 3.4e38, False)],
)  # fmt: skip
def test_voids_have_no_height(
    cross: WalkNetwork, tmp_path: Path, dtype: str, void: float, declared: bool
) -> None:
    """Declared as nodata or not, a void is no pit of 32,768 m; beside it heights are the known."""
    value = np.full((200, 200), 25).astype(dtype)
    value[:, 110:130] = void  # x from 600 to 800
    path = write_grid(
        tmp_path / "h.tif",
        value,
        transform=corner(-500.0, 1500.0, 10.0),
        nodata=void if declared else None,
    )
    raised = add_elevation(cross, path)
    found = heights(raised)
    assert found[np.isfinite(found)] == pytest.approx(25.0, abs=1e-6)
    assert height_share(raised) == pytest.approx(0.875, abs=0.01)


def test_voids_of_a_fine_grid_do_not_spoil_their_neighbours(
    cross: WalkNetwork, tmp_path: Path
) -> None:
    """Cells that are averaged leave out those without a value."""
    value = np.full((2000, 2000), 25, dtype=np.int16)
    value[:, 1100:] = -32768
    value[::3, ::3] = -32768
    path = write_grid(
        tmp_path / "h.tif", value, transform=corner(-500.0, 1500.0, 1.0), nodata=-32768
    )
    found = heights(add_elevation(cross, path))
    assert found[np.isfinite(found)] == pytest.approx(25.0, abs=1e-6)


# ---- bridges and tunnels -------------------------------------------------------------------------


def valley(tmp_path: Path) -> Path:
    """Write a valley: 40 m high in the west, 20 m in the east, and 0 between x = 100 and 700."""
    return hill(
        tmp_path / "v.tif",
        lambda x, _y: np.where(x < 100, 40.0, np.where(x < 700, 0.0, 20.0)),
    )


def raise_bridges(network: WalkNetwork, path: Path, *bridges: int) -> WalkNetwork:
    """Take edges off the ground and give the network heights."""
    off = np.zeros(len(network.edges), dtype=bool)
    off[list(bridges)] = True
    return add_elevation(replace(network, edges=replace(network.edges, off_ground=off)), path)


def test_a_bridge_rises_evenly_between_its_ends(tmp_path: Path) -> None:
    """Across the valley from 40 to 20 m, whatever lies below; in the tunnel likewise."""
    drawing = Drawing()
    for name, x in [("a", 0), ("b", 50), ("p", 250), ("q", 450), ("c", 750), ("d", 800)]:
        drawing.node(name, x, 0)
    drawing.way("a b", highway="residential").way("c d", highway="residential")
    drawing.way("b p q c", highway="footway")
    network = built(drawing, tmp_path)
    bridge = edge_of(network, (50, 0), (750, 0))
    raised = raise_bridges(network, valley(tmp_path), bridge)
    assert profile_of(raised, bridge) == pytest.approx(
        [40, 40 - 20 * 200 / 700, 40 - 20 * 400 / 700, 20], abs=1e-3
    )


def test_where_bridges_meet_in_the_air_the_height_is_between_the_banks(tmp_path: Path) -> None:
    """A chain of two is straight; a third one from the south pulls the meeting point down.

    South of y = -300 the ground is at 10 m. With banks at 40, 20 and 10 m, all 350 m away, the
    middle is at their mean.
    """
    drawing = Drawing()
    for name, x, y in [("a", 0, 0), ("b", 50, 0), ("m", 400, 0), ("c", 750, 0), ("d", 800, 0)]:
        drawing.node(name, x, y)
    drawing.node("s", 400, -350).node("t", 400, -400)
    drawing.way("a b", highway="residential").way("c d", highway="residential")
    drawing.way("s t", highway="residential")
    drawing.way("b m", highway="footway").way("m c", highway="footway", foot="designated")
    drawing.way("m s", highway="footway")
    network = built(drawing, tmp_path)
    spans = [edge_of(network, (400, 0), end) for end in [(50, 0), (750, 0), (400, -350)]]
    path = hill(
        tmp_path / "v.tif",
        lambda x, y: np.where(
            y < -300, 10.0, np.where(x < 100, 40.0, np.where(x < 700, 0.0, 20.0))
        ),
    )
    raised = raise_bridges(network, path, *spans)
    assert profile_of(raised, spans[0]) == pytest.approx([40.0, 70 / 3], abs=1e-3)
    assert profile_of(raised, spans[1]) == pytest.approx([70 / 3, 20.0], abs=1e-3)
    assert profile_of(raised, spans[2]) == pytest.approx([10.0, 70 / 3], abs=1e-3)


def test_a_bridge_that_leaves_the_map_stays_level(tmp_path: Path) -> None:
    """Its far end is at the height of the near one, not at that of the river."""
    drawing = Drawing()
    for name, x in [("a", 0), ("b", 50), ("c", 400)]:
        drawing.node(name, x, 0)
    drawing.way("a b", highway="residential").way("b c", highway="footway")
    network = built(drawing, tmp_path)
    bridge = edge_of(network, (50, 0), (400, 0))
    assert profile_of(raise_bridges(network, valley(tmp_path), bridge), bridge) == [40.0, 40.0]


def test_tunnels_that_never_come_up_have_no_height(cross: WalkNetwork, tmp_path: Path) -> None:
    """A piece of network without any ground counts as level."""
    drawing = Drawing()
    for name, x, y in [("a", 0, 0), ("b", 50, 0), ("u", 0, 300), ("v", 50, 300), ("w", 90, 300)]:
        drawing.node(name, x, y)
    drawing.way("a b", highway="residential")
    drawing.way("u v", highway="footway").way("v w", highway="steps")
    network = built(drawing, tmp_path)
    under = [edge_of(network, (0, 300), (50, 300)), edge_of(network, (50, 300), (90, 300))]
    raised = raise_bridges(network, valley(tmp_path), *under)
    assert all(np.isnan(profile_of(raised, e)).all() for e in under)
    assert raised.times(WALKER).forward[under[0]] == pytest.approx(50, rel=1e-3)
    assert height_share(raised) == pytest.approx(50 / 140, rel=1e-3)


# ---- what is refused -----------------------------------------------------------------------------


def refusal(network: WalkNetwork, path: Path) -> str:
    """Return the message with which a file is refused; it names the file."""
    with pytest.raises(InputError) as caught:
        circles.add_elevation(network, path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)


def test_files_that_are_no_grid_are_refused(cross: WalkNetwork, tmp_path: Path) -> None:
    """Missing, a folder, text, or cut off."""
    assert "no such file" in refusal(cross, tmp_path / "none.tif")
    assert "this is a folder" in refusal(cross, tmp_path)
    text = tmp_path / "text.tif"
    text.write_text("height\n3\n", "utf-8")
    assert "cannot be read as a grid of heights" in refusal(cross, text)
    whole = hill(tmp_path / "h.tif", lambda x, _y: x)
    whole.write_bytes(whole.read_bytes()[:20_000])
    assert "cannot be read as a grid of heights" in refusal(cross, whole)


def test_several_bands_are_refused(cross: WalkNetwork, tmp_path: Path) -> None:
    """An aerial picture is no height."""
    path = write_grid(
        tmp_path / "h.tif",
        np.zeros((3, 200, 200), dtype=np.uint8),
        transform=corner(-500.0, 1500.0, 10.0),
    )
    assert "it has 3 bands" in refusal(cross, path)


def test_a_grid_without_a_place_is_refused(cross: WalkNetwork, tmp_path: Path) -> None:
    """No coordinate system, or none of its cells located."""
    at = corner(-500.0, 1500.0, 10.0)
    value = np.zeros((200, 200))
    assert "where its cells lie" in refusal(
        cross, write_grid(tmp_path / "a.tif", value, crs=None, transform=at)
    )
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        path = write_grid(tmp_path / "b.tif", value, crs=None)
    assert "where its cells lie" in refusal(cross, path)


def test_other_units_than_metres_are_refused(cross: WalkNetwork, tmp_path: Path) -> None:
    """Feet would make every slope three times as steep; no unit at all counts as metres."""
    path = hill(tmp_path / "h.tif", lambda x, _y: x)
    for unit, refused in (("ft", True), ("US survey foot", True), ("metre", False), ("m", False)):
        with rasterio.open(path, "r+") as file:
            file.units = (unit,)
        if refused:
            assert f"its heights are in '{unit}'; convert them to metres" in refusal(cross, path)
        else:
            assert height_share(add_elevation(cross, path)) == 1.0


def test_complex_numbers_are_refused(cross: WalkNetwork, tmp_path: Path) -> None:
    """They are no heights."""
    path = write_grid(
        tmp_path / "h.tif",
        np.zeros((200, 200), dtype=np.complex64),
        transform=corner(-500.0, 1500.0, 10.0),
    )
    assert "of the type complex64" in refusal(cross, path)


def test_a_grid_of_another_place_is_refused(cross: WalkNetwork, tmp_path: Path) -> None:
    """The message says where both lie."""
    said = refusal(cross, hill(tmp_path / "h.tif", lambda x, _y: x, west=50_000.0))
    assert "does not cover the network: it spans longitude 113.7" in said
    assert "the network longitude 113.3000-113.3078" in said


def test_a_grid_of_nothing_but_voids_is_refused(cross: WalkNetwork, tmp_path: Path) -> None:
    """It would change nothing, and say that slopes counted."""
    path = hill(tmp_path / "h.tif", lambda x, _y: 0 * x - 9999.0, nodata=-9999.0)
    assert "no height (nodata) at any street" in refusal(cross, path)


# ---- isochrones ----------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["to", "from"])
def test_an_isochrone_on_a_hill_is_the_picture_of_its_times(
    tmp_path: Path, direction: Direction
) -> None:
    """With slopes and waits as without: 99 % of its box, 97 % of the 50 m around its outline."""
    town = grid_town(tmp_path)
    rng = np.random.default_rng(3)
    waits = rng.choice(np.array([0, 0, *Wait], dtype=np.int8), (2, len(town.edges)))
    town = replace(town, edges=replace(town.edges, wait_start=waits[0], wait_end=waits[1]))
    path = hill(tmp_path / "h.tif", lambda x, y: 60 * np.exp(-((x - 900) ** 2 + y**2) / 3e5))
    raised = add_elevation(town, path)
    walker = replace(WALKER, speed_m_s=1.1, crossing_s=5.0, signals_s=20.0)
    place = gpd.GeoDataFrame(geometry=[shapely.Point(degrees(700, 500))], crs=4326)
    areas = circles.isochrones(
        raised, place, minutes=[5, 10], profile=walker, direction=direction
    ).to_crs(raised.crs)
    joiner, (spot,) = Joiner.of(raised), place.to_crs(raised.crs).geometry
    joins = joiner.join(np.array([spot.x]), np.array([spot.y]))
    field = nearest_cost(raised, joins, raised.times(walker), direction=direction)
    for minutes, area in zip(areas["minutes"], areas.geometry, strict=True):
        in_box, at_outline = agreement(area, field, joiner, minutes * 60)
        assert in_box >= 0.99
        assert at_outline >= 0.97


def test_uphill_one_gets_less_far_than_downhill(tmp_path: Path) -> None:
    """From the foot of a slope one climbs less in 10 minutes than is walked down to it."""
    drawing = Drawing().node("a", -1000, 0).node("b", 1000, 0).way("a b", highway="residential")
    path = hill(tmp_path / "h.tif", lambda x, _y: 0.1 * x, west=-1200.0, side_m=2400.0)
    raised = add_elevation(built(drawing, tmp_path), path)
    place = gpd.GeoDataFrame(geometry=[shapely.Point(degrees(0, 0))], crs=4326)
    climbed, walked_down = (
        circles.isochrones(raised, place, minutes=[10], profile=WALKER, direction=direction)
        .to_crs(raised.crs)
        .total_bounds[2]
        for direction in ("from", "to")
    )
    assert climbed == pytest.approx(600 * math.exp(-0.35), abs=10)
    assert walked_down == pytest.approx(600, abs=10)


# ---- saved networks ------------------------------------------------------------------------------


def test_a_saved_network_keeps_its_heights(cross: WalkNetwork, tmp_path: Path) -> None:
    """Whole and by box; so do its times."""
    raised = add_elevation(cross, hill(tmp_path / "h.tif", lambda x, y: x / 10 + y / 20))
    path = raised.save(tmp_path / "town.circles")
    again = WalkNetwork.load(path)
    assert np.array_equal(heights(again), heights(raised))
    assert np.array_equal(again.times(WALKER).forward, raised.times(WALKER).forward)
    part = WalkNetwork.load(path, box=(*degrees(-10, 390), *degrees(390, 410)))
    west = edge_of(raised, (0, 400), (400, 400))
    own = slice(raised.edges.offset[west], raised.edges.offset[west + 1])
    kept = edge_of(part, (0, 400), (400, 400))
    assert len(part.edges) < len(raised.edges)
    rows = slice(part.edges.offset[kept], part.edges.offset[kept + 1])
    assert np.array_equal(heights(part)[rows], heights(raised)[own])
    assert part.times(WALKER).forward[kept] == pytest.approx(raised.times(WALKER).forward[west])


# ---- a real city ---------------------------------------------------------------------------------


@pytest.mark.real
def test_a_hilly_city_takes_longer_but_not_absurdly() -> None:
    """Porto Alegre with a 30 m model: nearly all streets have a height; slopes cost some 7 %."""
    folder = Path(os.environ["CIRCLES_REAL_DATA"]) / "porto_alegre"
    flat = circles.read_network(folder / "porto_alegre.osm.pbf")
    raised = add_elevation(flat, folder / "elevation.tif")
    share = height_share(raised)
    assert share is not None
    assert 0.9 < share < 1.0  # a few streets lie beyond the model's edge
    level, sloped = flat.times(WALKER), raised.times(WALKER)
    open_to = np.isfinite(level.forward) & np.isfinite(level.backward) & (level.forward > 0)
    there = sloped.forward[open_to].sum() / level.forward[open_to].sum()
    back = sloped.backward[open_to].sum() / level.backward[open_to].sum()
    assert there == pytest.approx(back, rel=0.02)
    assert 1.03 < there < 1.15
    assert (sloped.forward >= level.forward * (sloped.least_factor - 1e-9)).all()
