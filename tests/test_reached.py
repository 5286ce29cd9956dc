"""The reached part of the network, cut where the time runs out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.errors import InputError
from circles.profiles import profile
from circles.travel import Direction, nearest_cost
from circles.travel.joining import Joins
from circles.travel.reached import reached_edges
from tests.random_networks import joins_on, network_of, street_graphs
from tests.test_travel import diamond


def spot(edge: int, share: float) -> Joins:
    """Return one place on a street, right on it."""
    return Joins(np.array([edge], dtype=np.int32), np.array([share]), np.array([0.0]))


def test_a_street_is_cut_where_the_distance_runs_out() -> None:
    """30 m either way of the middle of a-b in the diamond: one stretch to each side."""
    network = diamond()
    table = reached_edges(nearest_cost(network, spot(0, 0.5), network.distances()), limit=30.0)
    assert table["from_share"].round(6).tolist() == [0.2, 0.5]
    assert table["to_share"].round(6).tolist() == [0.5, 0.8]
    assert table["from_cost"].round(6).tolist() == [30.0, 0.0]
    assert table.crs == network.crs


def test_a_street_reached_from_both_ends_keeps_its_gap() -> None:
    """With 160 m from a, b-d is reached 60 m in from b; c-d and the rest of b-d are not."""
    network = diamond()
    table = reached_edges(nearest_cost(network, spot(0, 0.0), network.distances()), limit=160.0)
    reached = {
        int(row.edge): (round(row.from_share, 6), round(row.to_share, 6))
        for row in table.itertuples()
    }
    assert reached == {0: (0.0, 1.0), 1: (0.0, 0.8), 2: (0.0, 0.2)}


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(["to", "from"]), st.integers(1, 500))
def test_exactly_what_is_within_the_limit_is_reached(
    data: st.DataObject, direction: Direction, limit: int
) -> None:
    """A place on an edge lies in a stretch if, and only if, its own cost is within the limit."""
    network = network_of(data.draw(street_graphs()))
    origins = data.draw(joins_on(network))
    field = nearest_cost(network, origins, network.times(profile("adult")), direction=direction)
    table = reached_edges(field, limit=float(limit))
    shares = np.linspace(0.013, 0.987, 23)
    for e in range(len(network.edges)):
        places = Joins(np.full(23, e, dtype=np.int32), shares, np.zeros(23))
        cost, _ = field.at(places)
        rows = table[table["edge"] == e]
        for share, at in zip(shares, cost, strict=True):
            inside = ((rows["from_share"] <= share) & (share <= rows["to_share"])).any()
            if abs(at - limit) > 1e-6:
                assert inside == (at <= limit)


def test_a_limit_of_nothing_is_refused() -> None:
    """The limit must be above 0."""
    network = diamond()
    with pytest.raises(InputError, match="above 0"):
        reached_edges(nearest_cost(network, spot(0, 0.5), network.distances()), limit=0.0)
