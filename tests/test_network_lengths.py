"""Lengths on the ellipsoid, against geodesics."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from circles.network.lengths import edge_lengths


@settings(max_examples=100, deadline=None)
@given(
    lon=st.floats(-179, 178),
    lat=st.floats(-80, 80),
    steps=st.lists(
        st.tuples(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01)), min_size=1, max_size=5
    ),
)
def test_lengths_are_those_of_geodesics(
    lon: float, lat: float, steps: list[tuple[float, float]]
) -> None:
    """Steps of up to a kilometre and more agree with geodesics to a ten-millionth."""
    lons, lats = (np.array([(lon, lat), *steps]).cumsum(axis=0)).T
    found = edge_lengths(lons, lats, np.array([0, len(lons)]))
    expected = Geod(ellps="WGS84").line_length(lons, lats)
    assert np.isclose(found[0], expected, rtol=1e-7, atol=1e-6)


def test_each_line_is_measured_by_itself() -> None:
    """The way from one line's end to the next one's start belongs to neither."""
    lon = np.array([113.0, 113.01, 114.0, 114.0])
    lat = np.array([23.0, 23.0, 23.0, 23.01])
    found = edge_lengths(lon, lat, np.array([0, 2, 4]))
    assert np.allclose(found, [1025.2, 1107.6], atol=0.5)
