"""Pairs of runs of the drawn town that differ in known ways, for the tests of comparing them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.small_town import (
    Town,
    at,
    make_town,
    run_circles,
    town_communities,
    town_facilities,
    town_homes,
    town_nodes,
    town_streets,
    write_communities,
    write_extract,
    write_facilities,
)

Change = Callable[[Town], None]


def scored(folder: Path, *changes: Change) -> Path:
    """Draw the town, change its files, run it, and return its results folder."""
    town = make_town(folder)
    for change in changes:
        change(town)
    outcome = run_circles("run", town.project)
    assert outcome.code == 0, outcome.err
    return town.out


def facility(name: str, service: str, column: float, row: float) -> dict[str, str]:
    """Return a row of the list of facilities at a place counted in blocks."""
    lon, lat = at(column, row)
    return {"name": name, "service": service, "lon": str(lon), "lat": str(lat)}


def canteen(town: Town) -> None:
    """Add a canteen in the middle of the list: every row below it gets another number."""
    first, *others = town_facilities()
    write_facilities(
        town.facilities, [first, facility("Canteen East", "elder_meal", 4, 1), *others]
    )


def far_nursery(town: Town) -> None:
    """Add a nursery in the corner of the north, far from the west."""
    added = facility("Nursery Far", "childcare", 5, 5)
    write_facilities(town.facilities, [*town_facilities(), added])


def people(town: Town) -> None:
    """Let the west have a tenth more residents."""
    features = town_communities()
    features[0]["properties"].update(people=3300, old=660)
    write_communities(town.communities, features)


def extract(town: Town) -> None:
    """Take away the street along the second row."""
    streets = [way for number, way in enumerate(town_streets()) if number != 1]
    write_extract(town.extract, town_nodes(), [*streets, *town_homes()])


def share(asked: float) -> Change:
    """Ask for another share to reach a canteen."""
    return standard("min_share = 0.8", f"min_share = {asked}")


def standard(old: str, new: str) -> Change:
    """Change words of the standard."""

    def change(town: Town) -> None:
        text = town.standard.read_text("utf-8")
        assert old in text
        town.standard.write_text(text.replace(old, new, 1), "utf-8")

    return change


def named(index: int, **properties: Any) -> Change:
    """Change properties of a community."""

    def change(town: Town) -> None:
        features = town_communities()
        features[index]["properties"].update(properties)
        write_communities(town.communities, features)

    return change


def edited(folder: Path, name: str, change: Callable[[Any], None]) -> None:
    """Change a JSON file of a results folder."""
    content = json.loads((folder / name).read_text("utf-8"))
    change(content)
    (folder / name).write_text(json.dumps(content, ensure_ascii=False), "utf-8")
