"""From costs to coverage, against numbers computed by hand and against a loop in plain Python."""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.coverage import Reach, coverage, weighted_quantiles
from circles.errors import InputError

#: Each example makes tables, and a machine may be busy.
few = settings(max_examples=40, deadline=None)

#: One demand point: cost, weight, community, nearest facility.
Point = tuple[float, float, int, int]


def reach(points: Sequence[Point], off: Sequence[bool]) -> Reach:
    """Return what a search found at some points."""
    return Reach(
        cost=np.array([math.inf if o else p[0] for p, o in zip(points, off, strict=True)]),
        facility=np.array([-1 if o else p[3] for p, o in zip(points, off, strict=True)], np.int32),
        off_network=np.array(off, dtype=bool),
    )


def cover(
    points: Sequence[Point], limits: Sequence[float], off: Sequence[bool] | None = None
) -> pd.DataFrame:
    """Sum up some points."""
    return coverage(
        reach(points, off or [False] * len(points)),
        np.array([p[1] for p in points], dtype=np.float64),
        np.array([p[2] for p in points], dtype=np.int32),
        np.array(limits, dtype=np.float64),
    )


def test_a_community_summed_up_by_hand() -> None:
    """Of 100 people 30 live within 15 minutes, 30 beyond, and 40 nobody knows how far."""
    points = [(6.5, 10, 0, 0), (10.5, 20, 0, 0), (16, 30, 0, 1), (0, 40, 0, -1)]
    row = cover(points, [15.0], [False, False, False, True]).iloc[0]
    assert row["total"] == 100
    assert (row["covered_low"], row["covered_high"]) == (30, 70)
    assert (row["share_low"], row["share_high"]) == (0.3, 0.7)
    assert row["out_of_reach"] == 70
    assert row["median_cost"] == 16  # 10, then 30, then 60 of 100 people
    assert row["beyond_median_cost"] == math.inf  # 30, then 70 of 70 people
    assert row["nearest_facility"] == 1


def test_a_cost_at_the_limit_is_within_it() -> None:
    """Fifteen minutes are within fifteen minutes; a second more is not."""
    found = cover([(15.0, 1, 0, 0), (15.0 + 1 / 60, 1, 0, 0)], [15.0])
    assert found["covered_low"].tolist() == [1]


def test_the_rounding_of_a_sum_does_not_put_a_cost_beyond_the_limit() -> None:
    """Three times a tenth of a minute is three tenths, whatever floats say."""
    cost = 0.1 + 0.1 + 0.1
    assert cost > 0.3
    assert cover([(cost, 1, 0, 0)], [0.3])["covered_low"].tolist() == [1]


def test_each_community_has_its_own_limit() -> None:
    """Twenty minutes are too far for an urban community and near enough for a rural one."""
    found = cover([(20.0, 5, 0, 0), (20.0, 5, 1, 0)], [15.0, 30.0])
    assert found["share_low"].tolist() == [0.0, 1.0]


def test_off_network_people_count_in_one_bound_and_never_twice() -> None:
    """All off the network: nobody is in reach for certain, and everybody may be."""
    row = cover([(0, 3, 0, -1), (0, 4, 0, -1)], [15.0], [True, True]).iloc[0]
    assert (row["share_low"], row["share_high"]) == (0.0, 1.0)
    assert (row["total"], row["out_of_reach"]) == (7, 7)


def test_a_community_where_nobody_lives_has_no_share() -> None:
    """No weight and no points give NaN, not zero, and no warning on the way."""
    found = cover([(5.0, 0, 0, 0)], [15.0, 15.0])
    assert found["total"].tolist() == [0, 0]
    assert found["share_low"].isna().all()
    assert found["share_high"].isna().all()
    assert found["median_cost"].isna().all()
    assert found["nearest_facility"].tolist() == [-1, -1]


def test_no_demand_points_at_all() -> None:
    """An empty district has rows of nothing for each community."""
    found = cover([], [15.0, 30.0])
    assert found["total"].tolist() == [0, 0]
    assert found["nearest_facility"].tolist() == [-1, -1]


def test_the_nearest_facility_is_that_of_the_people_beyond_the_limit() -> None:
    """Facility 0 is nearest for most, 1 for most of those who are short of one; equals go first."""
    points = [(5, 100, 0, 0), (20, 3, 0, 0), (20, 2, 0, 1), (20, 2, 0, 1)]
    assert cover(points, [15.0])["nearest_facility"].tolist() == [1]
    assert cover(points, [30.0])["nearest_facility"].tolist() == [0]
    assert cover([(20, 2, 0, 1), (20, 2, 0, 0)], [15.0])["nearest_facility"].tolist() == [0]


def test_arrays_of_different_length_are_refused() -> None:
    """Costs, weights and communities must be of the same points."""
    with pytest.raises(InputError, match=r"costs \(1\), weights \(2\) and communities \(1\)"):
        coverage(
            reach([(1.0, 1, 0, 0)], [False]),
            np.ones(2),
            np.zeros(1, dtype=np.int32),
            np.array([15.0]),
        )


@pytest.mark.parametrize("weight", [-1.0, math.nan, math.inf])
def test_weights_that_cannot_be_are_refused(weight: float) -> None:
    """No fewer than nobody lives anywhere, and no endless number."""
    with pytest.raises(InputError, match="finite and not negative"):
        cover([(1.0, weight, 0, 0)], [15.0])


COMMUNITIES = 4
points = st.lists(
    st.tuples(
        st.integers(0, 40).map(lambda half: half / 2) | st.just(math.inf),
        st.integers(0, 50).map(float),
        st.integers(0, COMMUNITIES - 1),
        st.integers(0, 3),
    ),
    max_size=25,
)


@few
@given(
    points=points,
    limits=st.lists(st.integers(1, 20).map(float), min_size=COMMUNITIES, max_size=COMMUNITIES),
    data=st.data(),
)
def test_coverage_equals_a_loop_over_the_people(
    points: list[Point], limits: list[float], data: st.DataObject
) -> None:
    """Every column is what counting point by point gives, and the bounds hold each other."""
    off = data.draw(st.lists(st.booleans(), min_size=len(points), max_size=len(points)))
    found = cover(points, limits, off)
    for community, limit in enumerate(limits):
        total = within = unknown = 0.0
        for (cost, weight, where, _), is_off in zip(points, off, strict=True):
            if where == community:
                total += weight
                within += weight if not is_off and cost <= limit else 0.0
                unknown += weight if is_off else 0.0
        row = found.iloc[community]
        assert (row["total"], row["covered_low"]) == (total, within)
        assert row["covered_high"] == within + unknown
        assert row["out_of_reach"] == total - within
        if total:
            assert 0 <= row["share_low"] <= row["share_high"] <= 1
            assert row["share_low"] == within / total


@few
@given(points=points, limit=st.integers(1, 20).map(float))
def test_a_longer_limit_never_covers_fewer(points: list[Point], limit: float) -> None:
    """Coverage grows with the limit."""
    near = cover(points, [limit] * COMMUNITIES)
    far = cover(points, [limit + 1] * COMMUNITIES)
    assert (near["covered_low"] <= far["covered_low"]).all()


@few
@given(
    weights=st.lists(
        st.floats(0, 1e6, allow_nan=False).filter(lambda w: w == 0 or w > 1e-6), min_size=1
    ),
    data=st.data(),
)
def test_bounds_stay_between_nothing_and_everybody(
    weights: list[float], data: st.DataObject
) -> None:
    """However the weights round, the covered are never more than all, nor low above high."""
    size = len(weights)
    costs = data.draw(st.lists(st.sampled_from([1.0, 20.0]), min_size=size, max_size=size))
    off = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    rows = [(cost, weight, 0, 0) for cost, weight in zip(costs, weights, strict=True)]
    row = cover(rows, [15.0], off).iloc[0]
    assert 0 <= row["covered_low"] <= row["covered_high"] <= row["total"]
    if row["total"] > 0:
        assert 0 <= row["share_low"] <= row["share_high"] <= 1


def slow_median(pairs: Sequence[tuple[float, int]]) -> float:
    """Return the least value with half the weight at or below it, in exact fractions."""
    total = sum(weight for _, weight in pairs)
    for value in sorted({value for value, weight in pairs if weight > 0}):
        if sum(weight for v, weight in pairs if v <= value) >= Fraction(total, 2):
            return value
    return math.nan


@few
@given(
    rows=st.lists(
        st.tuples(
            st.integers(-5, 5).map(float) | st.just(math.inf),
            st.integers(0, 9),
            st.integers(0, COMMUNITIES - 1),
        ),
        max_size=30,
    )
)
def test_weighted_quantiles_equal_brute_force(rows: list[tuple[float, int, int]]) -> None:
    """The medians of all groups are those of each group alone."""
    found = weighted_quantiles(
        np.array([row[0] for row in rows], dtype=np.float64),
        np.array([row[1] for row in rows], dtype=np.float64),
        np.array([row[2] for row in rows], dtype=np.int32),
        COMMUNITIES,
    )
    for group in range(COMMUNITIES):
        expected = slow_median([(value, weight) for value, weight, g in rows if g == group])
        assert found[group] == expected or (math.isnan(found[group]) and math.isnan(expected))


def test_a_small_groups_median_is_its_own_beside_a_huge_one() -> None:
    """A group whose weight drowns in the sum of all others still has its own median."""
    medians = weighted_quantiles(
        np.array([1.0, 7.0]), np.array([1e9, 1e-9]), np.array([0, 1], dtype=np.int32), 2
    )
    assert medians.tolist() == [1.0, 7.0]
