"""Runs with profiles, heights and streets of their own: what they change, and where it is said."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from circles.files import read_network
from circles.inputs import read_district
from circles.project import load_project
from circles.terrain import add_elevation
from tests.drawn_heights import corner, write_grid
from tests.small_town import SOUTH, WEST, Town, make_town, run_circles


@pytest.fixture(name="town")
def _town(tmp_path: Path) -> Town:
    """Draw the town, and a slope of about 10 % to the east under it."""
    town = make_town(tmp_path / "town")
    cell = 1 / 3600
    value = np.tile(np.arange(200) * 3.0, (200, 1)) + 50.0
    write_grid(
        town.folder / "slope.tif",
        value.astype(np.float32),
        crs="EPSG:4326",
        transform=corner(WEST - 100 * cell, SOUTH + 100 * cell, cell),
    )
    return town


def ran(town: Town) -> dict[str, Any]:
    """Run the project and return its manifest."""
    outcome = run_circles("run", town.project)
    assert outcome.code == 0, outcome.err
    manifest: dict[str, Any] = json.loads((town.out / "manifest.json").read_text("utf-8"))
    return manifest


def assumed(manifest: dict[str, Any]) -> dict[str, str]:
    """Return a manifest's assumptions: texts by id."""
    return {item["id"]: item["text"] for item in manifest["assumptions"]}


def method_sheet(town: Town) -> str:
    """Return the text of the workbook's last sheet."""
    book = openpyxl.load_workbook(town.out / "communities.xlsx", read_only=True)
    rows = book.worksheets[-1].iter_rows(values_only=True)
    return "\n".join(" | ".join(str(cell) for cell in row if cell) for row in rows)


def minutes_to_canteen(town: Town) -> dict[str, float]:
    """Return the median minutes to a canteen by community, of the last run."""
    import pyogrio

    layer = pyogrio.read_dataframe(town.out / "results.gpkg", layer="communities")
    return dict(zip(layer["name"], layer["meal_median_min"], strict=True))


def test_a_plain_run_says_nothing_new(town: Town) -> None:
    """Without heights and own profiles: level streets, no waits, the bundled speeds."""
    manifest = ran(town)
    told = assumed(manifest)
    assert told["level"] == "Slopes are not counted."
    assert told["no_waits"] == "Waiting at crossings is not counted."
    assert told.keys() & {"slope_tobler", "slope_profiles", "waits", "profile_for_all"} == set()
    assert "height_share" not in manifest["parameters"]
    assert manifest["parameters"]["profiles"]["senior"] == {
        "speed_m_s": 0.8,
        "steps_speed_m_s": 0.4,
        "ferry_speed_m_s": 3.0,
        "crossing_s": 0.0,
        "signals_s": 0.0,
        "level_crossing_s": 0.0,
        "lift_s": 0.0,
        "slope": "tobler",
    }
    sheet = method_sheet(town)
    assert "1.1 m/s on the level (4.0 km/h); 0.55 m/s on stairs." in sheet
    assert "Tobler" not in sheet
    assert "Slope |" not in sheet


def test_with_heights_slopes_count_and_every_output_says_so(town: Town) -> None:
    """Which function, from which file, and for what share of the streets."""
    ran(town)
    level = minutes_to_canteen(town)
    town.edit(('osm = "town.osm.pbf"', 'osm = "town.osm.pbf"\nelevation = "slope.tif"'))
    manifest = ran(town)
    told = assumed(manifest)
    assert "by Tobler's hiking function" in told["slope_tobler"]
    assert "slope.tif" in told["slope_tobler"]
    assert "100% of the streets" in told["slope_tobler"]
    assert "level" not in told
    assert manifest["parameters"]["height_share"] == 1.0
    assert {"key": "network.elevation", "path": "slope.tif"}.items() <= manifest["inputs"][
        2
    ].items()
    sheet = method_sheet(town)
    assert "slopes by Tobler's hiking function" in sheet
    assert "Slope |" in sheet
    assert told["slope_tobler"] in (town.out / "briefing.html").read_text("utf-8").replace(
        "&#39;", "'"
    )
    steep = minutes_to_canteen(town)
    assert steep != level
    assert all(steep[name] >= level[name] * math.exp(-0.175) for name in level)


def test_a_part_without_heights_is_told(town: Town) -> None:
    """The share of the streets that has a height, by length."""
    cell = 1 / 3600
    write_grid(
        town.folder / "slope.tif",
        np.full((100, 18), 10.0),  # half of the 0.01 degrees that the town is wide
        crs="EPSG:4326",
        transform=corner(WEST, SOUTH + 60 * cell, cell),
    )
    town.edit(('osm = "town.osm.pbf"', 'osm = "town.osm.pbf"\nelevation = "slope.tif"'))
    manifest = ran(town)
    assert manifest["parameters"]["height_share"] == pytest.approx(0.5, abs=0.05)
    percent = round(100 * manifest["parameters"]["height_share"])
    assert f"{percent}% of the streets" in assumed(manifest)["slope_tobler"]


def test_one_profile_for_everybody(town: Town) -> None:
    """Half the speed, twice the time; the outputs name the profile and those it stands in for."""
    ran(town)
    before = minutes_to_canteen(town)
    text = town.project.read_text("utf-8")
    own = '\n[profiles.slow]\nspeed_m_s = 0.55\nsteps = "avoid"\n'
    town.project.write_text('profile = "slow"\n' + text + own, "utf-8")
    manifest = ran(town)
    after = minutes_to_canteen(town)
    assert after == pytest.approx({name: 2 * minutes for name, minutes in before.items()}, rel=0.01)
    told = assumed(manifest)
    assert (
        "profile “slow”, instead of those that the standard's file names (adult)"
        in (told["profile_for_all"])
    )
    assert told["own_profile"] == (
        "The walking profile “slow” is this project's own: 0.55 m/s on the level (2.0 km/h); no "
        "stairs."
    )
    assert "steps" not in told  # nobody walks by a bundled profile
    assert manifest["parameters"]["profiles"]["slow"]["speed_m_s"] == 0.55
    assert {rule["profile"] for rule in manifest["parameters"]["standard"]["rules"]} == {"slow"}
    sheet = method_sheet(town)
    assert "slow | 0.55 m/s on the level (2.0 km/h); no stairs." in sheet
    assert "at the speed of the profile “slow”" in sheet


def test_a_profile_in_place_of_a_bundled_one_is_told_as_such(town: Town) -> None:
    """A standard that names adults then means the project's adults; nobody overlooks it."""
    text = town.project.read_text("utf-8")
    own = "\n[profiles.adult]\nbased_on = 'adult'\nspeed_m_s = 0.9\nsignals_s = 30\n"
    town.project.write_text(text + own, "utf-8")
    manifest = ran(town)
    told = assumed(manifest)
    how = "0.9 m/s on the level (3.2 km/h); 0.55 m/s on stairs; waits 30 s at signals"
    bundled = "1.1 m/s on the level (4.0 km/h); 0.55 m/s on stairs"
    assert told["own_profile_instead"] == (
        f"The walking profile “adult” is this project's own: {how}. It stands in place of the "
        f"bundled one: {bundled}."
    )
    assert told["waits"].endswith("for the profiles that say so: adult.")
    assert "no_waits" not in told
    assert manifest["parameters"]["profiles"]["adult"]["signals_s"] == 30.0
    assert "profile_unused" not in {item["id"] for item in manifest["warnings"]}
    assert f"adult | {how}." in method_sheet(town)
    assert how in (town.out / "briefing.html").read_text("utf-8")


def test_a_profile_that_nobody_walks_by_is_a_warning(town: Town) -> None:
    """Written and forgotten, it would leave its author believing that it counted."""
    text = town.project.read_text("utf-8")
    town.project.write_text(text + "\n[profiles.slow]\nspeed_m_s = 0.5\n", "utf-8")
    warnings = {item["id"]: item["text"] for item in ran(town)["warnings"]}
    assert "that nobody walks by: slow." in warnings["profile_unused"]


def test_a_table_of_slopes_is_told_pair_by_pair(town: Town) -> None:
    """In the sheet on method and in the assumptions, where heights make it count."""
    text = town.project.read_text("utf-8")
    own = "\n[profiles.adult]\nspeed_m_s = 1.1\nslope = [[-0.2, 1.4], [0, 1], [0.2, 2.5]]\n"
    town.project.write_text(text + own, "utf-8")
    town.edit(('osm = "town.osm.pbf"', 'osm = "town.osm.pbf"\nelevation = "slope.tif"'))
    manifest = ran(town)
    pairs = "slopes by a table of its own (slope: times as long): -20%: 1.4, 0%: 1, +20%: 2.5"
    assert pairs in method_sheet(town)
    assert pairs in assumed(manifest)["own_profile_instead"]
    assert "each profile's own function" in assumed(manifest)["slope_profiles"]
    slopes = manifest["parameters"]["profiles"]["adult"]["slope"]
    assert slopes == [[-0.2, 1.4], [0.0, 1.0], [0.2, 2.5]]


def test_what_the_maps_edge_proves_hangs_on_the_fastest_slope(town: Town) -> None:
    """Downhill one gets 19 % farther in a minute, so that the edge is as much nearer in time."""
    plain = read_district(load_project(town.project))
    town.edit(('osm = "town.osm.pbf"', 'osm = "town.osm.pbf"\nelevation = "slope.tif"'))
    from circles.district import assess

    raised = read_district(load_project(town.project))
    level, sloped = (assess(d).verdicts for d in (plain, raised))
    timed = level["kind"] == "time_threshold"
    assert sloped["provable_cost"][timed].to_numpy() == pytest.approx(
        level["provable_cost"][timed].to_numpy() * math.exp(-0.175)
    )
    assert sloped["provable_cost"][~timed].equals(level["provable_cost"][~timed])


# ---- saved networks ------------------------------------------------------------------------------


def test_streets_may_come_from_a_saved_network(town: Town) -> None:
    """The same streets give the same results; homes still come from the extract."""
    ran(town)
    before = (town.out / "results.json").read_bytes()
    read_network(town.extract).save(town.folder / "town.circles")
    town.edit(('osm = "town.osm.pbf"', 'osm = "town.osm.pbf"\nstreets = "town.circles"'))
    manifest = ran(town)
    assert json.loads((town.out / "results.json").read_bytes()) == json.loads(before)
    saved = [item for item in manifest["inputs"] if item["key"] == "network.streets"]
    assert "town.circles/network.json" in {item["path"] for item in saved}
    assert len(saved) == 4


def test_a_saved_network_brings_its_heights(town: Town) -> None:
    """Slopes count by them, and the note names the saved network."""
    raised = add_elevation(read_network(town.extract), town.folder / "slope.tif")
    raised.save(town.folder / "town.circles")
    town.edit(('osm = "town.osm.pbf"', 'osm = "town.osm.pbf"\nstreets = "town.circles"'))
    from_saved = ran(town)
    assert "the heights of town.circles" in assumed(from_saved)["slope_tobler"]
    minutes = minutes_to_canteen(town)
    town.edit(('streets = "town.circles"', 'elevation = "slope.tif"'))
    ran(town)
    assert minutes_to_canteen(town) == pytest.approx(minutes)


def test_a_saved_network_alone_holds_streets_only(town: Town) -> None:
    """As a street graph does: homes are then measured along streets, boundaries need a file."""
    read_network(town.extract).save(town.folder / "town.circles")
    town.edit(("town.osm.pbf", "town.circles"))
    assert any(item["id"] == "frontage" for item in ran(town)["warnings"])
    town.edit(("[output]", '[demand]\nsource = "buildings"\n\n[output]'))
    refused = run_circles("run", town.project)
    assert refused.code == 2
    assert "town.circles holds streets only" in refused.err


def test_a_saved_network_of_another_place_is_refused(town: Town, tmp_path: Path) -> None:
    """Streets here and homes there make no district."""
    import osmium

    from tests.small_town import town_nodes, town_streets

    far = {node: (lon + 5, lat) for node, (lon, lat) in town_nodes().items()}
    with osmium.SimpleWriter(str(tmp_path / "far.osm.pbf")) as writer:
        for node, place in far.items():
            writer.add_node(osmium.osm.mutable.Node(id=node, location=place))
        for number, way in enumerate(town_streets(), start=1):
            writer.add_way(
                osmium.osm.mutable.Way(id=number, nodes=list(way.nodes), tags=dict(way.tags))
            )
    read_network(tmp_path / "far.osm.pbf").save(town.folder / "town.circles")
    town.edit(('osm = "town.osm.pbf"', 'osm = "town.osm.pbf"\nstreets = "town.circles"'))
    refused = run_circles("run", town.project)
    assert refused.code == 2
    assert "lies elsewhere than the extract" in refused.err


def test_heights_that_cannot_be_read_end_the_run_with_a_sentence(town: Town) -> None:
    """Exit code 2, and no traceback."""
    (town.folder / "slope.tif").write_text("no grid", "utf-8")
    town.edit(('osm = "town.osm.pbf"', 'osm = "town.osm.pbf"\nelevation = "slope.tif"'))
    refused = run_circles("run", town.project)
    assert refused.code == 2
    assert "slope.tif: the file cannot be read as a grid of heights" in refused.err
    assert "Traceback" not in refused.err
