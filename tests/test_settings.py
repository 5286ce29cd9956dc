"""Urban or rural: every way of telling, which of them decides, and what another would change."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from shapely import box

from circles.communities import Communities
from circles.district import assess
from circles.errors import InputError
from circles.settings import decide_settings, ways_to_tell, ways_used
from circles.standards.model import Settings
from tests.drawn_district import (
    communities_m,
    district_m,
    facilities_m,
    network_m,
    people_m,
    rule,
    standard,
)
from tests.drawn_osm import Drawing

IDS = ("a", "b", "c", "d")


def four(**columns: list[str | None]) -> Communities:
    """Return four communities without settings of their own, and with further columns."""
    outlines = {key: box(1000 * i, 0, 1000 * i + 900, 900) for i, key in enumerate(IDS)}
    communities = communities_m(outlines)
    table = communities.table.assign(
        **{"setting": None} | {n: pd.Series(c, IDS, object) for n, c in columns.items()}
    )
    return replace(communities, table=table, setting_by="standard")


def told(communities: Communities, way: str) -> list[str | None]:
    """Return what one way says."""
    return list(ways_to_tell(communities, Settings())[way])


def test_the_end_of_a_name_tells() -> None:
    """Residents' committees are urban, villagers' rural; the longest ending counts."""
    names = ["荔枝里社区", "新村社区居民委员会", "东村村民委员会", "Vaduz"]
    assert told(four(name=names), "committee") == ["urban", "urban", "rural", None]


def test_the_bureaus_code_tells() -> None:
    """111 to 123 are urban, 210 and 220 rural, and what is no code says nothing."""
    assert told(four(nbs_code=["111", "123", "220", "999"]), "nbs_code") == [
        "urban",
        "urban",
        "rural",
        None,
    ]


def test_a_zone_tells() -> None:
    """Central and outer zones are parts of the city."""
    assert told(four(zone=["central", "outer", None, None]), "zone") == [
        "urban",
        "urban",
        None,
        None,
    ]


def test_a_way_that_says_nothing_is_not_available() -> None:
    """Names without an ending, no codes and no zones leave nothing."""
    assert dict(ways_to_tell(four(), Settings())) == {}


def test_the_first_way_that_tells_decides() -> None:
    """The order is the standard's: names first, then codes for those that names leave open."""
    communities = four(name=["A社区", "B村", "C", "D"], nbs_code=["220", "111", "111", "220"])
    by_names = Settings(order=("committee", "nbs_code"))
    found, notes = decide_settings(communities, by_names)
    assert list(found.table["setting"]) == ["urban", "rural", "urban", "rural"]
    assert [(note.key, dict(note.values)["count"]) for note in notes] == [
        ("assumptions.setting_by_committee", 2),
        ("assumptions.setting_by_nbs_code", 2),
    ]
    by_codes = Settings(order=("nbs_code", "committee"))
    found, notes = decide_settings(communities, by_codes)
    assert list(found.table["setting"]) == ["rural", "urban", "urban", "rural"]
    assert len(notes) == 1
    assert ways_used(communities, by_codes) == {"nbs_code"}
    # What was decided stands if it is asked again.
    assert list(decide_settings(found, by_codes)[0].table["setting"]) == list(
        found.table["setting"]
    )


def test_a_setting_of_the_project_stands() -> None:
    """One setting for all, or density, is no matter of the standard's ways."""
    communities = replace(four(name=["A村"] * 4), setting_by="all")
    communities = replace(communities, table=communities.table.assign(setting="urban"))
    found, notes = decide_settings(communities, Settings())
    assert set(found.table["setting"]) == {"urban"}
    assert notes == ()
    assert ways_used(communities, Settings()) == frozenset()


def test_what_no_way_tells_is_refused() -> None:
    """The communities are named, and what to do."""
    with pytest.raises(InputError, match=r"2 communities are urban or rural \('c', 'd'\)"):
        decide_settings(four(nbs_code=["111", "220", None, ""]), Settings())


def test_what_another_way_would_change_is_counted(tmp_path: Path) -> None:
    """By its name the far community is a village, and then it meets its rule and its circle.

    Both lie on a street; the canteen is 5 minutes from the near one and 20 from the far one.
    """
    street = Drawing().node("w", -3000, 0).node("e", 3000, 0).way("w e", highway="residential")
    network = network_m(street, tmp_path)
    communities = communities_m({"near": box(0, -90, 900, 90), "far": box(901, -90, 2000, 90)})
    table = communities.table.assign(name=["近社区", "远村"])
    communities = replace(communities, table=table)
    demand = people_m(communities, [(330, 0), (1320, 0)], all=[100, 100])
    hall = facilities_m(("Hall", "elder_meal", 0, 0))
    district = district_m(network, communities, demand, hall, standard(rule(), rule("again")))
    ways = assess(district).setting_ways.set_index("way")
    assert ways.loc["column"].tolist() == [True, 2, 2, 0, 0, 0, 0]
    # Two rules ask for one service: one community, one service, one circle change.
    assert ways.loc["committee"].tolist() == [False, 2, 1, 1, 1, 1, 1]


def test_ways_change_verdicts_as_the_settings_themselves_would(tmp_path: Path) -> None:
    """The counts are those of an assessment whose table says what the way says."""
    street = Drawing().node("w", -3000, 0).node("e", 3000, 0).way("w e", highway="residential")
    network = network_m(street, tmp_path)
    communities = communities_m({"near": box(0, -90, 900, 90), "far": box(901, -90, 2000, 90)})
    named = replace(communities, table=communities.table.assign(name=["近社区", "远村"]))
    demand = people_m(communities, [(330, 0), (1320, 0)], all=[100, 100])
    hall = facilities_m(("Hall", "elder_meal", 0, 0))
    rules = standard(rule(), rule("town", max_minutes={"urban": 30.0}, service="elder_meal"))
    district = district_m(network, named, demand, hall, rules)
    own = assess(district)
    other_table = named.table.assign(setting=["urban", "rural"])
    other = assess(replace(district, communities=replace(named, table=other_table)))
    changed = (own.tiers["verdict"] != other.tiers["verdict"]).sum()
    assert own.setting_ways.set_index("way").loc["committee", "tier_changes"] == changed == 1
