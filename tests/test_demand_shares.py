"""How much of each cell of a grid lies in a polygon: by hand, and against shapely cell by cell."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from circles.demand.shares import CellParts, cell_parts

few = settings(max_examples=60, deadline=None)


def parts_of(*polygons: BaseGeometry) -> CellParts:
    """Cut polygons along the lines of the grid."""
    return cell_parts(np.array(polygons, dtype=object))


def by_cell(parts: CellParts) -> dict[tuple[int, int], float]:
    """Return the shares of cells, rounded."""
    cells = zip(parts.column.tolist(), parts.row.tolist(), parts.share.tolist(), strict=True)
    return {(column, row): round(share, 9) for column, row, share in cells}


def test_a_box_takes_whole_cells_and_parts_of_others() -> None:
    """From (0.5, 0) to (3, 1.25): halves on the left, quarters on top."""
    assert by_cell(parts_of(box(0.5, 0, 3, 1.25))) == {
        (0, 0): 0.5, (1, 0): 1, (2, 0): 1, (0, 1): 0.125, (1, 1): 0.25, (2, 1): 0.25,
    }  # fmt: skip


def test_middles_of_parts_are_where_their_ground_is() -> None:
    """The middle of a whole cell is its middle; of a lower left triangle it is a third away."""
    parts = parts_of(Polygon([(0, 0), (2, 0), (0, 2)]))
    places = {
        (c, r): (x, y)
        for c, r, x, y in zip(
            parts.column.tolist(), parts.row.tolist(), parts.x, parts.y, strict=True
        )
    }
    assert places[0, 0] == pytest.approx((0.5, 0.5))
    assert places[1, 0] == pytest.approx((4 / 3, 1 / 3))
    assert places[0, 1] == pytest.approx((1 / 3, 4 / 3))
    assert (1, 1) not in places


def test_holes_and_islands_are_kept() -> None:
    """A ring of eight cells around one that is not there, and a cell far away."""
    ring = box(0, 0, 3, 3) - box(1, 1, 2, 2)
    shares = by_cell(parts_of(MultiPolygon([ring, box(10, 10, 11, 11)])))
    assert len(shares) == 9
    assert (1, 1) not in shares
    assert shares[10, 10] == 1


def test_each_polygon_is_cut_by_itself() -> None:
    """Two polygons side by side share the cells between them, and negative cells count as well."""
    parts = parts_of(box(-1, 0, 0.25, 1), box(0.25, 0, 1, 1))
    assert parts.polygon.tolist() == [0, 0, 1]
    assert parts.column.tolist() == [-1, 0, 0]
    assert parts.share.tolist() == pytest.approx([1, 0.25, 0.75])


def test_nothing_has_no_parts() -> None:
    """No polygons, an empty one, and one without area."""
    assert len(parts_of().share) == 0
    assert len(parts_of(Polygon()).share) == 0


places = st.tuples(
    st.floats(-6, 6, allow_nan=False, width=32), st.floats(-6, 6, allow_nan=False, width=32)
)
whole_places = st.tuples(st.integers(-6, 6), st.integers(-6, 6))


@few
@given(
    rings=st.lists(st.lists(places | whole_places, min_size=3, max_size=8), min_size=1, max_size=3)
)
def test_shares_are_those_of_shapely(rings: list[list[tuple[float, float]]]) -> None:
    """Any polygon, on the lines of the grid or not: areas and middles, cell by cell."""
    parts = [shapely.make_valid(Polygon(ring)) for ring in rings]
    areas = [p for part in parts for p in shapely.get_parts(part) if p.geom_type == "Polygon"]
    polygon = shapely.union_all([shapely.set_precision(area, 1e-3) for area in areas])
    if polygon.geom_type not in {"Polygon", "MultiPolygon"} or polygon.is_empty:
        return
    found = parts_of(polygon)
    cells = shapely.box(found.column, found.row, found.column + 1, found.row + 1)
    cut = shapely.intersection(cells, polygon)
    assert shapely.area(cut) == pytest.approx(found.share, abs=1e-9)
    assert found.share.sum() == pytest.approx(polygon.area, abs=1e-5)
    solid = found.share > 1e-3
    middle = shapely.get_coordinates(shapely.centroid(cut[solid]))
    assert middle[:, 0] == pytest.approx(found.x[solid], abs=1e-6)
    assert middle[:, 1] == pytest.approx(found.y[solid], abs=1e-6)
