"""Whom the rules of access leave out, on a street where times are worked out by hand.

Adults walk 66 m in a minute; the canteen lies at the crossing, at 0.
"""

from typing import Any

import numpy as np
import pytest
from shapely import box

from circles.district import District, assess
from circles.gaps import GAP_COLUMNS, SHARE_COLUMNS, no_gaps, no_group_shares
from circles.network import WalkNetwork
from tests.drawn_district import (
    METRES_A_MINUTE,
    communities_m,
    district_m,
    facilities_m,
    network_m,
    people_m,
    rule,
    standard,
)
from tests.drawn_osm import Drawing

WEST, EAST = box(-2000, -400, 0, 400), box(0.5, -400, 2000, 400)
#: Where people live, in minutes from the canteen; all residents, and those of 60 and more.
HOMES = {-5.0: (100.0, 10.0), -12.0: (40.0, 30.0), -20.0: (60.0, 2.0), 20.0: (50.0, 5.0)}


@pytest.fixture(name="network", scope="module")
def _network(tmp_path_factory: pytest.TempPathFactory) -> WalkNetwork:
    """Build a street of 6 km."""
    drawing = Drawing().node("w", -3000, 0).node("m", 0, 0).node("e", 3000, 0)
    street = drawing.way("w m e", highway="residential")
    return network_m(street, tmp_path_factory.mktemp("street"))


def town(network: WalkNetwork, *rules: Any, **changes: Any) -> District:
    """Return two communities: an urban one in the west, a village in the east."""
    communities = communities_m(
        {"a": WEST, "b": EAST}, setting={"a": "urban", "b": "rural"}, all=[np.nan, np.nan]
    )
    places = [(minutes * METRES_A_MINUTE, 0) for minutes in HOMES]
    everyone, old = zip(*HOMES.values(), strict=True)
    demand = people_m(communities, places, all=everyone, old=old)
    canteen = facilities_m(("Hall", "elder_meal", 0, 0))
    return district_m(network, communities, demand, canteen, standard(*rules), **changes)


def test_homes_beyond_the_strict_limit_are_told_with_their_way(network: WalkNetwork) -> None:
    """Within 10 to 15 minutes, one home is beyond the strict limit only, another beyond both."""
    limits = {"urban": (10.0, 15.0), "rural": (30.0, 30.0)}
    gaps = assess(town(network, rule(max_minutes=limits))).gaps
    assert list(gaps.columns) == list(GAP_COLUMNS)
    assert gaps["community_id"].tolist() == ["a", "a"]
    assert gaps["cost"].to_numpy() == pytest.approx([12, 20], abs=1e-3)
    assert gaps["beyond"].tolist() == [False, True]
    assert gaps["weight"].to_numpy() == pytest.approx([40, 60])
    assert set(gaps["unit"]) == {"people"}


def test_homes_beyond_the_limit_are_those_the_verdicts_count(network: WalkNetwork) -> None:
    """Summed up by community and rule, the homes' people are the verdicts' out of reach."""
    run = assess(town(network, rule(), rule("old", group="60+", max_minutes={"urban": 10.0})))
    beyond = run.gaps[run.gaps["beyond"]]
    sums = beyond.groupby(["community_id", "rule_id"])["weight"].sum()
    rows = run.verdicts.set_index(["community_id", "rule_id"])["out_of_reach"]
    assert rows.loc[("a", "old")] == pytest.approx(32)
    for key, missed in rows.items():
        assert sums.get(key, 0.0) == pytest.approx(missed)


def test_other_groups_reach_what_the_rule_asks_for_another(network: WalkNetwork) -> None:
    """Those of 60 and more are counted by the limit that the rule has for all."""
    run = assess(town(network, rule(), rule("old", group="60+")))
    shares = run.group_shares.set_index(["rule_id", "group", "community_id"])
    assert list(run.group_shares.columns) == list(SHARE_COLUMNS)
    assert shares.loc[("meal", "60+", "a"), "share_low"] == pytest.approx(40 / 42)
    assert shares.loc[("old", "all", "a"), "share_high"] == pytest.approx(140 / 200)
    assert shares.loc[("old", "all", "b"), "share_high"] == pytest.approx(1.0)
    assert ("meal", "all", "a") not in shares.index
    judged = run.verdicts.set_index(["rule_id", "community_id"])
    for group, asked, other in (("60+", "old", "meal"), ("all", "meal", "old")):
        for community in ("a", "b"):
            own, same = judged.loc[(asked, community)], shares.loc[(other, group, community)]
            for column in ("share_low", "share_high", "strict_share_low", "strict_share_high"):
                assert same[column] == pytest.approx(own[column])


def test_groups_nobody_counted_are_left_out(network: WalkNetwork) -> None:
    """Where all residents would stand in for a group, there is nothing to tell of it."""
    run = assess(town(network, rule(), rule("young", group="0-3")))
    assert set(run.group_shares["group"]) == {"all"}


def test_nothing_is_told_where_nothing_is_known(network: WalkNetwork) -> None:
    """Without a layer there are no gaps: what was not given is not out of reach."""
    run = assess(town(network, rule(service="childcare"), given=frozenset({"elder_meal"})))
    assert run.gaps.equals(no_gaps())
    assert run.group_shares.equals(no_group_shares())
