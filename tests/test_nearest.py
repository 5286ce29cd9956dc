"""A table of places in, the same table with travel times out."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

import circles
from circles.errors import InputError
from circles.network import WalkNetwork
from tests.drawn_osm import Drawing, degrees


@pytest.fixture
def street(tmp_path: Path) -> WalkNetwork:
    """Return a street of 1,100 m, read from a file named by a string."""
    drawing = Drawing().node("a", 0, 0).node("b", 1100, 0).way("a b", highway="residential")
    return circles.read_network(str(drawing.write(tmp_path / "street.osm")))


def table(*places: tuple[float, float], crs: int = 4326) -> gpd.GeoDataFrame:
    """Return places of the drawing, named p0, p1 and so on."""
    frame = gpd.GeoDataFrame(
        {"beds": range(len(places))},
        index=[f"p{i}" for i in range(len(places))],
        geometry=[shapely.Point(degrees(*place)) for place in places],
        crs=4326,
    )
    return frame.to_crs(crs)


def test_times_are_added_to_a_copy(street: WalkNetwork) -> None:
    """The result keeps the input's index, columns and CRS; the input stays as it was."""
    homes = table((0, 0), (550, 0), (550, 900), crs=32649)
    before = homes.copy()
    found = circles.travel_times(street, homes, table((1100, 0)))
    assert found.index.tolist() == ["p0", "p1", "p2"]
    assert found.crs == homes.crs
    assert np.allclose(found["travel_time_s"], [1000, 500, np.nan], atol=0.5, equal_nan=True)
    assert found["facility"].tolist() == ["p0", "p0", None]
    assert found["off_network"].tolist() == [False, False, True]
    assert homes.equals(before)


def test_without_a_facility_in_reach_time_is_infinite(street: WalkNetwork) -> None:
    """A facility far off the network is nobody's nearest."""
    found = circles.travel_times(street, table((0, 0)), table((0, 5000)))
    assert found["travel_time_s"].tolist() == [np.inf]
    assert found["facility"].tolist() == [None]


def test_swapped_coordinates_are_refused(street: WalkNetwork) -> None:
    """Latitude where longitude belongs is no place near the pole, but a mistake."""
    swapped = gpd.GeoDataFrame(geometry=[shapely.Point(23.0, 113.3)], crs=4326)
    with pytest.raises(InputError, match=r"table of places has rows that cannot be on the Earth"):
        circles.travel_times(street, swapped, table((0, 0)))
