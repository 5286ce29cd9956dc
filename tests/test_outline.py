"""Outlines on a grid, against what a reader would draw by hand and what counting finds."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage

from circles.outline import Crossings, Grid, enclosed

GRID = Grid(west_m=100.0, south_m=200.0, cell_m=10.0, rows=5, columns=6)


def area_of(inside: np.ndarray, share: float | np.ndarray = 0.5) -> shapely.Geometry:
    """Return the area within the outline around some nodes."""
    at = Crossings.of(inside)
    grid = Grid(0.0, 0.0, 1.0, *inside.shape)
    return enclosed(grid, inside, at, np.broadcast_to(share, len(at)).astype(float))


@st.composite
def patterns(draw: st.DrawFn) -> np.ndarray:
    """Draw which nodes are inside, none of them on the rim."""
    rows, columns = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    inner = draw(arrays.arrays(bool, (rows, columns)))
    return np.pad(inner, 1)


def test_one_node_is_a_diamond() -> None:
    """Around a single node the outline crosses its four neighbours' ways, here at half."""
    inside = np.zeros((5, 6), dtype=bool)
    inside[2, 3] = True
    at = Crossings.of(inside)
    area = enclosed(GRID, inside, at, np.full(4, 0.5))
    assert at.across == 2
    assert area.equals(
        shapely.MultiPolygon([shapely.Polygon([(125, 220), (130, 215), (135, 220), (130, 225)])])
    )


def test_crossings_lie_where_they_are_told_to() -> None:
    """A share is counted from the western, or southern, node."""
    inside = np.zeros((5, 6), dtype=bool)
    inside[2, 3] = True
    area = enclosed(GRID, inside, Crossings.of(inside), np.array([0.25, 0.75, 0.25, 0.75]))
    assert area.bounds == (122.5, 212.5, 137.5, 227.5)


def test_a_ring_of_nodes_has_a_hole() -> None:
    """Eight nodes around an empty one: one polygon, one hole, clockwise within the outer ring."""
    inside = np.zeros((5, 5), dtype=bool)
    inside[1:4, 1:4] = True
    inside[2, 2] = False
    (polygon,) = area_of(inside).geoms
    assert len(polygon.interiors) == 1
    assert shapely.Polygon(polygon.interiors[0]).area == pytest.approx(0.5)
    assert polygon.exterior.is_ccw
    assert not polygon.interiors[0].is_ccw


def test_an_island_in_a_hole_is_a_polygon_of_its_own() -> None:
    """A node in the middle of a hole in the middle of a ring belongs to neither."""
    inside = np.zeros((9, 9), dtype=bool)
    inside[1:8, 1:8] = True
    inside[2:7, 2:7] = False
    inside[4, 4] = True
    area = area_of(inside)
    assert [len(polygon.interiors) for polygon in area.geoms] == [1, 0]
    assert area.contains(shapely.Point(4, 4))
    assert not area.contains(shapely.Point(3, 3))


def test_nothing_inside_is_an_empty_area() -> None:
    """No node, no polygon."""
    area = area_of(np.zeros((4, 4), dtype=bool))
    assert area.is_empty
    assert area.geom_type == "MultiPolygon"


@settings(max_examples=300, deadline=None)
@given(patterns(), st.data())
def test_areas_are_valid_and_hold_just_the_nodes_inside(
    inside: np.ndarray, data: st.DataObject
) -> None:
    """Whatever the pattern and wherever outlines cross: valid, and every node on its side."""
    crossings = len(Crossings.of(inside))
    share = data.draw(arrays.arrays(float, crossings, elements=st.floats(0, 1)))
    area = area_of(inside, share)
    assert area.is_valid
    rows, columns = np.indices(inside.shape)
    assert np.array_equal(shapely.contains_xy(area, columns, rows), inside)
    # Nodes that touch at a corner only are apart; so the outside is one across corners.
    _, pieces = ndimage.label(inside)
    _, outside = ndimage.label(~inside, structure=np.ones((3, 3)))
    assert len(area.geoms) == pieces
    assert sum(len(polygon.interiors) for polygon in area.geoms) == outside - 1


@settings(max_examples=200, deadline=None)
@given(
    arrays.arrays(float, (6, 6), elements=st.integers(0, 9).map(float)),
    st.integers(1, 9),
    st.integers(1, 9),
)
def test_outlines_of_growing_limits_do_not_cross(
    height: np.ndarray, first: int, second: int
) -> None:
    """Below a limit lies all that is below a lower one."""
    height = np.pad(height, 1, constant_values=20.0)
    areas = []
    for limit in sorted([first - 0.5, second - 0.25]):
        inside = height < limit
        at = Crossings.of(inside)
        row, column = at.shifted(1.0)
        here = height[at.row, at.column]
        there = height[row.astype(int), column.astype(int)]
        areas.append(area_of(inside, (limit - here) / (there - here)))
    assert areas[0].difference(areas[1]).area <= 1e-12
