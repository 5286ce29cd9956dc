"""Corners that are joined once for many areas, held against joining them anew."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import equals_exact

from circles import reach
from circles.corners import Corners, Patch
from circles.isochrone import reach_areas
from circles.network import WalkNetwork
from circles.travel.joining import Joiner, Joins
from tests.random_networks import hilly_networks
from tests.test_isochrone import field_from, grid_town

PATCHES = st.builds(
    Patch,
    south=st.integers(-6, 6),
    west=st.integers(-6, 6),
    rows=st.integers(1, 8),
    columns=st.integers(1, 8),
)


@settings(max_examples=80, deadline=None)
@given(hilly_networks(), st.lists(PATCHES, min_size=1, max_size=5))
def test_what_is_kept_is_what_joining_says(network: WalkNetwork, asked: list[Patch]) -> None:
    """Whatever was asked for before: the joins of a patch are those of its corners."""
    if not network.joinable.any():
        return
    joiner = Joiner.of(network)
    corners = Corners(joiner)
    for patch in asked:
        found = corners.join(patch, side_m=48.0, max_access_m=300.0)
        row, column = np.mgrid[0 : patch.rows, 0 : patch.columns]
        x_m, y_m = (patch.west + column) * 48.0, (patch.south + row) * 48.0
        fresh = joiner.join(x_m.ravel(), y_m.ravel(), max_access_m=300.0)
        assert np.array_equal(found.edge, fresh.edge)
        assert np.array_equal(found.share, fresh.share, equal_nan=True)
        assert np.array_equal(found.access_m, fresh.access_m, equal_nan=True)


def test_a_second_area_joins_only_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a patch beside a known one, only the corners outside it are joined; of it again, none."""
    joiner = Joiner.of(grid_town(tmp_path))
    counts: list[int] = []
    join = Joiner.join

    def counted(
        self: Joiner,
        x_m: npt.NDArray[np.float64],
        y_m: npt.NDArray[np.float64],
        *,
        max_access_m: float,
    ) -> Joins:
        counts.append(len(x_m))
        return join(self, x_m, y_m, max_access_m=max_access_m)

    monkeypatch.setattr(Joiner, "join", counted)
    corners = Corners(joiner)
    for patch in (Patch(0, 0, 10, 10), Patch(2, 2, 10, 10), Patch(1, 1, 5, 5)):
        corners.join(patch, side_m=48.0, max_access_m=250.0)
    assert counts == [100, 44]


def test_areas_do_not_depend_on_what_was_drawn_before(tmp_path: Path) -> None:
    """The same polygons, to the last bit, with corners kept from other areas and without."""
    network = grid_town(tmp_path)
    joiner = Joiner.of(network)
    corners = Corners(joiner)
    for place in ((700, 500), (200, 200), (950, 700), (700, 500)):
        field = field_from(network, place)
        shared = reach_areas(field, joiner, [300.0, 600.0], corners=corners)
        alone = reach_areas(field, joiner, [300.0, 600.0])
        assert all(equals_exact(a, b) for a, b in zip(shared, alone, strict=True))


def test_areas_of_nearly_one_size_lie_on_one_grid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there would be too many cells they are wider by eighths, and no more are laid."""
    network = grid_town(tmp_path)
    sides = set()
    for origin in ((700, 500), (650, 480), (600, 520)):
        field = field_from(network, origin)
        for most in (9_000, 9_500, 10_000):
            monkeypatch.setattr(reach, "_MAX_NODES", most)
            grid = reach._grid(field, 600.0, 250.0, 12.0)
            assert grid is not None
            sides.add(grid.cell_m)
    assert all((side / 12.0 - 1.0) % 0.125 == 0.0 for side in sides)
    assert len(sides) <= 2
    assert min(sides) > 12.0
