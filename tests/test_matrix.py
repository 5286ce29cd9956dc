"""Separate searches, matrices and the few nearest, against the oracle of one search at a time."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.errors import InputError
from circles.network import WalkNetwork
from circles.profiles import profile
from circles.travel import Direction, nearest_cost
from circles.travel.joining import Joins
from circles.travel.matrix import bounded_costs, cost_matrix, nearest_few_costs
from tests.random_networks import joins_on, network_of, street_graphs
from tests.test_travel import diamond, oracle_costs

ADULT = profile("adult")


def one(joins: Joins, i: int) -> Joins:
    """Return one of several joins by itself."""
    return Joins(joins.edge[i : i + 1], joins.share[i : i + 1], joins.access_m[i : i + 1])


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(["to", "from"]), st.sampled_from([1, 3]))
def test_bounded_searches_equal_full_ones_within_the_limit(
    data: st.DataObject, direction: Direction, threads: int
) -> None:
    """Each origin's nodes within the limit, and no others, with the costs of a full search."""
    network = network_of(data.draw(street_graphs()))
    origins = data.draw(joins_on(network, most=5))
    impedance = network.times(ADULT)
    found = bounded_costs(
        network, origins, impedance, limit=400.0, direction=direction, threads=threads
    )
    assert len(found.offset) == len(origins) + 1
    for i in range(len(origins)):
        field = nearest_cost(network, one(origins, i), impedance, direction=direction)
        part = slice(found.offset[i], found.offset[i + 1])
        expected = {n: c for n, c in enumerate(field.node_cost) if c <= 400.0}
        assert dict(zip(found.node[part], found.cost[part], strict=True)) == pytest.approx(expected)


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(["to", "from"]))
def test_the_matrix_equals_the_brute_force_oracle(
    data: st.DataObject, direction: Direction
) -> None:
    """Every stored pair has the oracle's cost; every other one is beyond the limit."""
    network = network_of(data.draw(street_graphs()))
    origins, points = data.draw(joins_on(network)), data.draw(joins_on(network))
    impedance = network.times(ADULT)
    matrix = cost_matrix(network, points, origins, impedance, limit=600.0, direction=direction)
    stored = matrix.tocoo()
    pairs = dict(zip(zip(*stored.coords, strict=True), stored.data, strict=True))
    oracle = oracle_costs(network, impedance, points, origins, direction)
    for i, row in enumerate(oracle):
        for j, cost in enumerate(row):
            if (i, j) in pairs:
                assert pairs[i, j] == pytest.approx(cost, abs=1e-6)
            else:
                assert cost > 600.0 - 1e-6


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_few_nearest_are_the_few_nearest(data: st.DataObject) -> None:
    """Each node's costs to its three nearest origins equal the three least of single searches."""
    network: WalkNetwork = network_of(data.draw(street_graphs()))
    origins = data.draw(joins_on(network, most=6))
    impedance = network.times(ADULT)
    cost, origin = nearest_few_costs(network, origins, impedance, few=3)
    single = np.array(
        [nearest_cost(network, one(origins, i), impedance).node_cost for i in range(len(origins))]
    )
    ranked = np.sort(single, axis=0)[:3].T
    expected = np.full((len(network.node_id), 3), np.inf)
    expected[:, : ranked.shape[1]] = ranked
    assert np.allclose(cost, expected, atol=1e-9)
    for node, (costs, who) in enumerate(zip(cost, origin, strict=True)):
        named = [(c, o) for c, o in zip(costs, who, strict=True) if math.isfinite(c)]
        assert len({o for _, o in named}) == len(named)
        assert all(single[o, node] == pytest.approx(c) for c, o in named)


def test_senseless_limits_and_counts_are_refused() -> None:
    """Without a finite limit a bounded search is none; fewer than one nearest is nothing."""
    network = diamond()
    place = Joins(np.array([0], dtype=np.int32), np.array([0.5]), np.array([0.0]))
    with pytest.raises(InputError, match="limit above 0"):
        bounded_costs(network, place, network.distances(), limit=math.inf)
    with pytest.raises(InputError, match="1 or more"):
        nearest_few_costs(network, place, network.distances(), few=0)
