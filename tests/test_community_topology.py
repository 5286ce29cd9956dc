"""Outlines of communities: what fits together, what is repaired, and what is only told."""

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon, box

from circles.communities import CommunityColumns, Finding, make_communities
from circles.communities.findings import Rows
from circles.communities.rings import make_outlines
from circles.communities.topology import Topology, check_topology
from circles.errors import FaultsError
from circles.tables.ledger import Fate
from circles.texts import load_texts

#: Degrees of a metre at the equator, east and north alike to a hundredth.
M = 1 / 111_320


def rows_of(count: int) -> Rows:
    """Return rows called c0, c1 … with the numbers 1, 2 …."""
    names = [f"c{i}" for i in range(count)]
    return Rows(names, names, list(range(1, count + 1)))


def square(x_m: float, y_m: float, width_m: float = 1000, height_m: float = 1000) -> Polygon:
    """Return a rectangle near the equator, by its south-western corner in metres."""
    return box(x_m * M, y_m * M, (x_m + width_m) * M, (y_m + height_m) * M)


def check(*outlines: shapely.Geometry) -> Topology:
    """Check how outlines fit together; every finding can be said in both languages."""
    found = check_topology(np.array(outlines, dtype=object), rows_of(len(outlines)))
    for lang in ("zh", "en"):
        assert all(load_texts(lang).note(finding.note) for finding in found.findings)
    return found


def outlines_of(*shapes: shapely.Geometry | None) -> tuple[list[str], list[Finding], np.ndarray]:
    """Return the faults, the findings and the outlines of a layer."""
    faults: list[str] = []
    series = gpd.GeoSeries(list(shapes), crs="EPSG:4326")
    made, findings = make_outlines(series, rows_of(len(shapes)), faults)
    return faults, findings, made


# ---- one by one ----------------------------------------------------------------------------------


def test_a_line_that_closes_is_a_ring() -> None:
    """Drawing programs make lines of borders; one that stays open is refused."""
    ring = shapely.LineString(square(0, 0).exterior.coords)
    faults, findings, made = outlines_of(ring)
    assert faults == []
    assert made[0].equals(square(0, 0))
    assert [(finding.kind, finding.fate) for finding in findings] == [
        ("line_closed", Fate.REPAIRED)
    ]
    nearly = shapely.LineString([*list(ring.coords)[:-1], (999 * M, 0.5 * M)])
    assert outlines_of(nearly)[0] == []
    faults, _, _ = outlines_of(shapely.LineString(list(ring.coords)[:-1]))
    assert "'c0' is a LineString" in faults[0]


def test_points_that_repeat_are_left_out_and_counted() -> None:
    """The outline is the same ground."""
    corners = list(square(0, 0).exterior.coords)
    doubled = Polygon([corner for corner in corners for _ in range(2)])
    _, findings, made = outlines_of(doubled, square(1000, 0))
    assert made[0].equals(square(0, 0))
    assert shapely.get_num_coordinates(made[0]) == 5
    (finding,) = findings
    assert finding.rows == (1,)
    assert dict(finding.note.values)["points"] == 5


def test_a_spike_is_told_with_its_place() -> None:
    """A needle of a hundred metres and ten centimetres stays; one without width is cut off."""
    west, south, east, north = square(0, 0).bounds
    base = [(west, south), (east, south), (east, north)]
    needle = [(500.1 * M, north), (500 * M, 1100 * M), (500 * M, north)]
    _, findings, _ = outlines_of(Polygon([*base, *needle, (west, north)]))
    (finding,) = findings
    assert finding.kind == "spike"
    assert finding.place == pytest.approx((500 * M, 1100 * M))
    flat = [(500 * M, north), (500 * M, 1100 * M), (500 * M, north)]
    faults, findings, made = outlines_of(Polygon([*base, *flat, (west, north)]))
    assert faults == []
    assert findings[0].kind == "ring_repaired"
    assert made[0].area == pytest.approx(square(0, 0).area)


def test_a_hole_outside_its_ring_is_refused() -> None:
    """Nobody knows whether it belongs to the community."""
    odd = Polygon(square(0, 0).exterior.coords, [square(2000, 0).exterior.coords])
    faults, _, _ = outlines_of(odd)
    assert "Hole lies outside shell" in faults[0]


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_coordinates_that_are_no_places_are_refused(wrong: float) -> None:
    """They do not reach the geometry library, and give no warning."""
    corners = list(square(0, 0).exterior.coords)
    with np.errstate(invalid="ignore"):
        broken = Polygon([corners[0], (wrong, 0.0), *corners[2:]])
    faults, _, _ = outlines_of(broken)
    assert len(faults) == 1
    assert "c0" in faults[0]


# ---- together ------------------------------------------------------------------------------------


def test_neighbours_that_fit_give_nothing_to_tell() -> None:
    """Four squares, and one in a hole of another."""
    outer = Polygon(square(0, 2000, 2000, 2000).exterior, [square(500, 2500).exterior])
    found = check(*(square(x, y) for x in (0, 1000) for y in (0, 1000)), outer, square(500, 2500))
    assert found.findings == ()
    assert found.warnings == ()


def test_a_thin_overlap_stays_with_the_first() -> None:
    """One metre is a border drawn twice: the later one loses it, the ground is as before."""
    first, second = square(0, 0), square(999, 0)
    found = check(first, second)
    (finding,) = found.findings
    assert (finding.kind, finding.fate, finding.communities) == (
        "overlap_sliver", Fate.REPAIRED, ("c0", "c1")
    )  # fmt: skip
    assert finding.area_m2 == pytest.approx(1000, rel=0.02)
    assert found.outlines[0] is first
    assert shapely.area(found.outlines[1]) == pytest.approx(square(1000, 0, 999).area)
    assert not shapely.overlaps(*found.outlines)


def test_a_wide_overlap_is_told_and_left() -> None:
    """Fifty metres are two opinions; with area and place, and a warning for every reader."""
    found = check(square(0, 0), square(950, 0))
    (finding,) = found.findings
    assert (finding.kind, finding.fate) == ("overlap", Fate.DOUBTFUL)
    assert finding.area_m2 == pytest.approx(50_000, rel=0.02)
    assert finding.place is not None
    assert finding.place[0] == pytest.approx(975 * M, abs=30 * M)
    assert found.outlines[1].equals(square(950, 0))
    assert [note.key for note in found.warnings] == ["warnings.overlaps"]


def test_a_community_within_another_is_an_overlap() -> None:
    """Without a hole both claim the ground."""
    found = check(square(0, 0), square(200, 200, 300, 300))
    (finding,) = found.findings
    assert finding.kind == "overlap"
    assert finding.area_m2 == pytest.approx(90_000, rel=0.02)


def around(west: float, south: float, width: float, height: float) -> list[Polygon]:
    """Return four rectangles that surround a piece of ground."""
    return [
        square(0, 0, 2000, south),
        square(0, south + height, 2000, 2000 - south - height),
        square(0, south, west, height),
        square(west + width, south, 2000 - west - width, height),
    ]


def test_a_gap_is_ground_that_communities_surround() -> None:
    """A wide one is told; one that is open to the outside is none."""
    found = check(*around(800, 800, 300, 200))
    (finding,) = found.findings
    assert (finding.kind, finding.fate) == ("gap", Fate.DOUBTFUL)
    assert finding.area_m2 == pytest.approx(60_000, rel=0.02)
    assert set(finding.communities) == {"c0", "c1", "c2", "c3"}
    assert check(*around(800, 800, 300, 200)[:3]).findings == ()


def test_a_thin_gap_goes_to_its_longest_neighbour() -> None:
    """A metre along the southern one of a thousand metres."""
    parts = around(500, 1000, 1000, 1)
    found = check(*parts)
    (finding,) = found.findings
    assert (finding.kind, finding.fate) == ("gap_sliver", Fate.REPAIRED)
    assert finding.communities[0] in {"c0", "c1"}
    assert shapely.union_all(found.outlines).area == pytest.approx(square(0, 0, 2000, 2000).area)
    assert check(*found.outlines).findings == ()


def test_rounding_is_neither_repaired_nor_listed_one_by_one() -> None:
    """A centimetre is counted."""
    found = check(square(0, 0), square(999.99, 0))
    (finding,) = found.findings
    assert finding.kind == "noise"
    assert found.outlines[1].equals(square(999.99, 0))


@given(
    st.lists(
        st.tuples(*[st.integers(0, 30)] * 2, *[st.integers(1, 12)] * 2), min_size=2, max_size=8
    )
)
@settings(max_examples=150, deadline=None)
def test_overlaps_and_gaps_are_those_of_a_count_on_a_grid(
    boxes: list[tuple[int, int, int, int]],
) -> None:
    """Rectangles on a grid of 100 metres: cells of two owners, and of none within a ring."""
    distinct = sorted(set(boxes))
    found = check(*(square(100 * x, 100 * y, 100 * w, 100 * h) for x, y, w, h in distinct))
    cover = np.zeros((len(distinct), 44, 44), dtype=int)
    for i, (x, y, w, h) in enumerate(distinct):
        cover[i, 1 + x : 1 + x + w, 1 + y : 1 + y + h] = 1
    pairs = {
        (f"c{i}", f"c{j}"): int((cover[i] * cover[j]).sum())
        for i in range(len(distinct))
        for j in range(i + 1, len(distinct))
    }
    told = {
        finding.communities: round((finding.area_m2 or 0) / 10_000, 0)
        for finding in found.findings
        if finding.kind == "overlap"
    }
    assert set(told) == {pair for pair, cells in pairs.items() if cells}
    assert all(told[pair] == pytest.approx(pairs[pair], rel=0.02, abs=0.6) for pair in told)
    gaps = sum((f.area_m2 or 0) for f in found.findings if f.kind == "gap") / 10_000
    assert gaps == pytest.approx(_enclosed(cover.sum(axis=0) == 0), rel=0.02, abs=0.6)


def _enclosed(free: np.ndarray) -> int:
    """Count the free cells that no way over free cells leads to from outside, corners included."""
    seen = {(0, 0)}
    heap = [(0, 0)]
    while heap:
        x, y = heap.pop()
        for near in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            if min(near) >= 0 and max(near) < len(free) and free[near] and near not in seen:
                seen.add(near)
                heap.append(near)
    return int(free.sum()) - len(seen)


RINGS = st.lists(
    st.tuples(st.floats(0, 3), st.floats(0, 3)) | st.tuples(*[st.integers(0, 3)] * 2),
    min_size=3,
    max_size=9,
)


@given(st.lists(st.tuples(RINGS, st.sampled_from([1.0, 0.01, 1e-5, 1e-7])), min_size=1, max_size=5))
@settings(max_examples=300, deadline=None)
def test_any_rings_give_sound_outlines_or_faults(
    rings: list[tuple[list[tuple[float, float]], float]],
) -> None:
    """What comes out is valid and covers the same ground but for slivers."""
    shapes = [Polygon([(x * size, y * size) for x, y in ring]) for ring, size in rings]
    layer = gpd.GeoDataFrame(
        {"id": [f"c{i}" for i in range(len(shapes))]}, geometry=shapes, crs="EPSG:4326"
    )
    try:
        made = make_communities(layer, CommunityColumns(id="id", setting="urban"), where="rings")
    except FaultsError:
        return
    outlines = made.table.geometry.to_numpy()
    assert shapely.is_valid(outlines).all()
    assert (shapely.area(outlines) > 0).all()
    assert np.isfinite(made.table["area_km2"]).all()
    before = np.array([shapely.make_valid(shape).area for shape in shapes])
    assert (np.abs(shapely.area(outlines) - before) <= 0.06 * before).all()


@pytest.mark.real
def test_the_school_areas_of_las_palmas_are_mended_once() -> None:
    """Their borders were drawn twice: slivers go, wide ones stay, and nothing is left to mend."""
    areas = gpd.read_file(
        Path(os.environ["CIRCLES_REAL_DATA"]) / "osm" / "las_palmas_school_areas.geojson"
    )
    columns = CommunityColumns(id="Codigo", name="Denominaci", setting="urban")
    made = make_communities(areas, columns, where="areas")
    assert made.report is not None
    slivers = made.report.of("overlap_sliver", "gap_sliver")
    assert len(slivers) > 100
    before = areas.to_crs(4326).geometry.to_numpy()
    after = made.table.geometry.to_numpy()
    changed = shapely.area(shapely.symmetric_difference(before, after)) / shapely.area(before)
    assert changed.max() < 0.01
    again = make_communities(
        made.table.reset_index(),
        CommunityColumns(id="community_id", setting="urban"),
        where="again",
    )
    assert again.report is not None
    told = {frozenset(finding.communities) for finding in made.report.of("overlap")}
    mended = [finding for finding in again.report.findings if finding.fate is Fate.REPAIRED]
    assert len(mended) <= 3  # mended borders may make an overlap of just over two metres thinner
    assert {frozenset(finding.communities) for finding in mended} <= told
    assert again.report.of("gap_sliver") == ()
