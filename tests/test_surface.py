"""The surface t(p), held against the times that tables of places get."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.network import WalkNetwork
from circles.surface import Surface
from circles.travel import Direction, Joiner, nearest_cost
from circles.walking import Profile
from tests.random_networks import hilly_networks, joins_on

WAITING = Profile("waiting", 1.1, 0.0, crossing_s=10, signals_s=30, level_crossing_s=60, lift_s=90)


@settings(max_examples=100, deadline=None)
@given(hilly_networks(), st.data(), st.sampled_from(["to", "from"]), st.booleans())
def test_the_surface_is_t_of_p(
    network: WalkNetwork, data: st.DataObject, direction: Direction, hilly: bool
) -> None:
    """Whatever streets, waits, slopes and origins: the same cost as joining place by place."""
    if not hilly:
        network = replace(network, edges=replace(network.edges, elevation_m=None))
    network = replace(network, joinable=np.ones(len(network.edges), dtype=bool))
    origins = data.draw(joins_on(network))
    field = nearest_cost(network, origins, network.times(WAITING), direction=direction)
    joiner = Joiner.of(network)
    random = np.random.default_rng(data.draw(st.integers(0, 1000)))
    x_m, y_m = (values[random.integers(0, len(values), 60)] for values in network.xy_m)
    x_m, y_m = x_m + random.normal(0, 60, 60), y_m + random.normal(0, 60, 60)
    cost, beyond_m = Surface(field, joiner, 80.0, margin_m=40.0).at(x_m, y_m)
    joins = joiner.join(x_m, y_m, max_access_m=120.0)
    assert cost == pytest.approx(field.at(joins)[0])
    assert np.array_equal(np.isinf(beyond_m), joins.off_network)
    near = ~joins.off_network
    assert beyond_m[near] == pytest.approx(joins.access_m[near] - 80.0)
