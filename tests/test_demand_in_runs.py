"""Where people live, from a project file to the results: totals that a reader can compute.

The small town is 6 × 6 blocks; West is 2.7 × 2.7 of them, East 3.3 × 2.7 and North 6 × 3.3.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pyproj import Geod
from rasterio.transform import Affine

from tests.drawn_heights import write_grid
from tests.small_town import (
    STEP,
    Position,
    Town,
    at,
    make_town,
    rectangle,
    run_circles,
    town_communities,
)

CODES = ("A1", "A2", "B1")
BLOCKS = np.array([2.7 * 2.7, 3.3 * 2.7, 6.0 * 3.3])
POPULATION = 'population = { all = "people", "60+" = "old" }\n'


@pytest.fixture(name="town")
def _town(tmp_path: Path) -> Town:
    """Draw the town; its community table counts nobody."""
    town = make_town(tmp_path / "town")
    town.edit((POPULATION, ""))
    return town


def grid(town: Town, name: str, value: float, *, blocks: float, beyond: int = 0) -> None:
    """Write a raster of one number; cells are so many blocks wide, the first at -0.5, 5.5."""
    west, north = at(-0.5 - beyond * blocks, 5.5 + beyond * blocks)
    side = round(6 / blocks) + 2 * beyond
    transform = Affine(STEP * blocks, 0, west, 0, -STEP * blocks, north)
    number = np.full((side, side), value, np.float32)
    write_grid(town.folder / name, number, crs="EPSG:4326", transform=transform)


def people(town: Town, header: str, *rows: tuple[Position, str]) -> None:
    """Write a table of people or addresses at places."""
    lines = [f"{lon},{lat},{cells}" for (lon, lat), cells in rows]
    text = "\n".join([f"lon,lat,{header}", *lines]) + "\n"
    (town.folder / "people.csv").write_text(text, "utf-8")


def demand(town: Town, *keys: str) -> None:
    """Name where people live."""
    town.edit(("[output]", "\n".join(["[demand]", *keys, "", "[output]"])))


def totals(town: Town) -> dict[str, list[float | None]]:
    """Run the project and return how many of each community two rules count: all, and the old."""
    outcome = run_circles("run", town.project)
    assert outcome.code == 0, outcome.err
    found = town.results()["communities"]
    rules = {"all": "childcare", "60+": "meal"}
    assert {found[c]["rules"][r]["unit"] for c in CODES for r in rules.values()} == {"people"}
    return {
        group: [found[code]["rules"][rule_id]["total"] for code in CODES]
        for group, rule_id in rules.items()
    }


def assumed(town: Town) -> list[bool]:
    """Return for which communities all residents stand in for the old."""
    found = town.results()["communities"]
    return [found[code]["rules"]["meal"]["group_assumed"] for code in CODES]


def refused(town: Town, *words: str) -> None:
    """Check that a run ends with an error that says all this, and leaves no results."""
    outcome = run_circles("run", town.project)
    assert outcome.code == 2
    for word in words:
        assert word in outcome.err
    assert "Traceback" not in outcome.err
    assert not (town.out / "results.json").exists()


def checked(town: Town) -> str:
    """Return all that the check says, in one text."""
    return json.dumps(json.loads((town.out / "check.json").read_text("utf-8")), ensure_ascii=False)


# ---- rasters -------------------------------------------------------------------------------------


def test_two_groups_of_rasters(town: Town) -> None:
    """Sixteen cells a block of 60 residents each, of whom two rasters count 7 and 5 as old."""
    grid(town, "all.tif", 60, blocks=0.25, beyond=3)
    for name, value in (("f.tif", 7), ("m.tif", 5)):
        grid(town, name, value, blocks=0.25, beyond=3)
    demand(town, 'rasters = { all = "all.tif", "60+" = ["f.tif", "m.tif"] }')
    found = totals(town)
    assert found["all"] == pytest.approx(16 * 60 * BLOCKS, rel=1e-6)
    assert found["60+"] == pytest.approx(16 * 12 * BLOCKS, rel=1e-6)
    assert assumed(town) == [False] * 3
    told = checked(town)
    # A window of 26 × 26 cells, of which 24 × 24 lie in communities.
    assert "676 cells in the rectangle around the communities" in told
    assert "34,560 people in communities and 6,000 outside" in told


def test_a_raster_of_densities(town: Town) -> None:
    """1,000 people per km² are a community's area, measured on the ellipsoid, times 1,000."""
    grid(town, "all.tif", 1000, blocks=0.25)
    demand(town, 'rasters = { all = "all.tif" }', 'raster_unit = "people_per_km2"')
    found = totals(town)["all"]
    rings = [feature["geometry"]["coordinates"][0] for feature in town_communities()]
    area_m2 = [
        abs(Geod(ellps="WGS84").polygon_area_perimeter(*zip(*ring, strict=True))[0])
        for ring in rings
    ]
    assert found == pytest.approx(np.array(area_m2) / 1000, rel=2e-3)


def test_people_of_a_raster_spread_over_homes(town: Town) -> None:
    """960 a block: all of them live where the block's home is, and evenly where there is none.

    Cells reach from one line of streets to the next; homes stand in the middle. West has homes in
    2 × 3 cells and the ground of 0.5 × 2.7 without any; East 3 × 3 and as much; North 5 × 3,
    and 2 × 0.5 × 3.3 + 5 × 0.5.
    """
    west, north = at(-1, 6)
    transform = Affine(STEP, 0, west, 0, -STEP, north)
    value = np.full((7, 7), 960.0)
    write_grid(town.folder / "all.tif", value, crs="EPSG:4326", transform=transform)
    demand(town, 'rasters = { all = "all.tif" }', 'spread = "buildings"')
    cells = np.array([6 + 0.5 * 2.7, 9 + 0.5 * 2.7, 15 + 3.3 + 2.5])
    assert totals(town)["all"] == pytest.approx(960 * cells, rel=1e-4)
    assert assumed(town) == [True] * 3


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (['rasters = { all = "none.tif" }'], ["demand.rasters", "none.tif"]),
        (['rasters = { all = "people.csv" }'], ["people.csv", "cannot be read as a population"]),
        (['rasters = { all = "far.tif" }'], ["far.tif: the raster holds none of the communities"]),
        (['rasters = { all = ["all.tif", "all.tif"] }'], ["all.tif", "named twice"]),
        (['rasters = { old = "all.tif" }'], ["demand.rasters", "no population group"]),
        (['rasters = { all = "all.tif" }', "suppressed = [-1]"], ["suppressed", "rasters"]),
        (['rasters = { all = "all.tif" }', 'source = "people.csv"'], ["source", "rasters"]),
        (['rasters = { all = "all.tif" }', 'raster_unit = "heads"'], ["raster_unit"]),
        (["rasters = {}"], ["rasters"]),
        (['source = "people.csv"', 'raster_unit = "people"'], ["raster_unit"]),
    ],
)
def test_rasters_that_cannot_be_used(town: Town, keys: Sequence[str], words: Sequence[str]) -> None:
    """Files, groups and keys that make no sense together are named."""
    grid(town, "all.tif", 60, blocks=0.5)
    write_grid(
        town.folder / "far.tif",
        np.ones((2, 2)),
        crs="EPSG:4326",
        transform=Affine(0.01, 0, 10, 0, -0.01, 50),
    )
    people(town, "n", (at(1, 1), "1"))
    demand(town, *keys)
    refused(town, *words)


# ---- tables --------------------------------------------------------------------------------------

IN_WEST, IN_EAST, IN_NORTH, OUTSIDE = at(0.5, 0.5), at(4.2, 0.6), at(2.5, 4.5), at(5.9, 5.9)


def test_addresses_share_the_residents_of_their_community(town: Town) -> None:
    """Totals are the community table's; the one outside is set aside with its row."""
    town.edit(('households = "homes"\n', f'households = "homes"\n{POPULATION}'))
    places = (IN_WEST, at(1.5, 1.5), IN_EAST, OUTSIDE, IN_NORTH)
    people(town, "street", *((place, "Road") for place in places))
    demand(town, 'source = "people.csv"', "addresses = true")
    assert totals(town) == {"all": [3000, 2000, 900], "60+": [600, 500, 300]}
    assert town.results()["joins"]["demand"]["points"] == 4
    (layer,) = [x for x in town.results()["check"]["layers"] if x["role"] == "demand"]
    assert (layer["read"], layer["used"], layer["set_aside"]) == (5, 4, 1)


def test_addresses_without_residents_are_refused(town: Town) -> None:
    """Nobody says how many live there."""
    people(town, "street", (IN_WEST, "Road"))
    demand(town, 'source = "people.csv"', "addresses = true")
    refused(town, "people.csv: addresses say where people live and not how many")


def test_columns_that_are_added_up(town: Town) -> None:
    """Men and women; the old by a column of their own."""
    rows = [(IN_WEST, "10,12,4"), (at(1.5, 1.5), "1,0,0"), (IN_EAST, "20,22,8")]
    people(town, "men,women,old", *rows, (IN_NORTH, "5,6,2"), (OUTSIDE, "100,100,9"))
    keys = ('source = "people.csv"', 'population = { all = ["men", "women"], "60+" = "old" }')
    demand(town, *keys)
    assert totals(town) == {"all": [23, 42, 11], "60+": [4, 8, 2]}
    assert "76 people in communities and 200 outside" in checked(town)


def test_withheld_numbers(town: Town) -> None:
    """The old of the east are withheld: all of its residents stand in, and nobody is counted."""
    people(town, "n,old", (IN_WEST, "10,4"), (IN_EAST, "20,-1"), (IN_NORTH, "5,2"))
    keys = ('source = "people.csv"', 'population = { all = "n", "60+" = "old" }')
    demand(town, *keys, "suppressed = [-1]")
    assert totals(town) == {"all": [10, 20, 5], "60+": [4, 20, 2]}
    assert assumed(town) == [False, True, False]


def test_withheld_parts_of_a_sum(town: Town) -> None:
    """A sum of which a part is withheld is withheld; it is no fault, and not nobody."""
    people(town, "n,f,m", (IN_WEST, "10,1,3"), (IN_EAST, "20,-1,5"), (IN_NORTH, "5,1,1"))
    keys = ('source = "people.csv"', 'population = { all = "n", "60+" = ["f", "m"] }')
    demand(town, *keys, "suppressed = [-1]")
    assert totals(town) == {"all": [10, 20, 5], "60+": [4, 20, 2]}
    assert assumed(town) == [False, True, False]


def test_age_bands_with_withheld_numbers(town: Town) -> None:
    """The groups that rules ask for are added up from bands of five and more years."""
    header = "0-59岁,60-79岁,80岁以上"
    rows = [(IN_WEST, "10,3,1"), (IN_EAST, "20,-1,5"), (IN_NORTH, "5,2,0")]
    people(town, header, *rows)
    keys = ('source = "people.csv"', "age_bands = true", "suppressed = [-1]")
    demand(town, *keys)
    outcome = run_circles("run", town.project)
    assert outcome.code == 0, outcome.err
    found = town.results()["communities"]
    told = [
        [found[code]["rules"][rule_id][key] for code in ("A1", "B1")]
        for rule_id, key in (("childcare", "total"), ("meal", "total"))
    ]
    assert told == [[14, 7], [4, 2]]
    # Nothing is known of the east, so that its streets stand in for its residents.
    assert found["A2"]["rules"]["meal"]["unit"] == "frontage_m"


def test_an_empty_part_of_a_sum_is_nobody_and_the_other_part_counts(town: Town) -> None:
    """As an empty cell of a single column does; its row is listed as doubtful."""
    people(town, "f,m", (IN_WEST, "10,"), (IN_EAST, "20,5"), (IN_NORTH, ","))
    demand(town, 'source = "people.csv"', 'population = { all = ["f", "m"] }')
    assert totals(town)["all"] == [10, 25, 0]
    (layer,) = [x for x in town.results()["check"]["layers"] if x["role"] == "demand"]
    assert layer["doubtful"] == 2


def test_cells_spread_over_homes(town: Town) -> None:
    """A cell across the border: all of its 30 people live in the home to the east of it."""
    cell = {"type": "Polygon", "coordinates": [rectangle((2.0, 0.2), (3.0, 0.8))]}
    feature = {"type": "Feature", "properties": {"n": 30}, "geometry": cell}
    layer = {"type": "FeatureCollection", "features": [feature]}
    (town.folder / "cells.geojson").write_text(json.dumps(layer), "utf-8")
    keys = ('source = "cells.geojson"', 'population = { all = "n" }')
    demand(town, *keys, 'spread = "buildings"')
    outcome = run_circles("run", town.project)
    assert outcome.code == 0, outcome.err
    found = town.results()["communities"]
    assert found["A2"]["rules"]["childcare"]["total"] == 30
    assert found["A1"]["rules"]["childcare"]["unit"] == "frontage_m"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (['population = { all = "many" }'], ["no column 'many'"]),
        (['population = { all = ["n", "many"] }'], ["no column 'many'"]),
        (['population = { all = "n" }'], ["'-1' in row 3", "suppressed = [-1]"]),
        (['population = { all = ["n", "k"] }'], ["row 3 of column 'n'", "'-1'"]),
        (["suppressed = [-1]"], ["which of its columns count people"]),
        (["age_bands = true"], ["people.csv"]),
        (["addresses = true", "suppressed = [-1]"], ["suppressed", "addresses"]),
        (
            ['population = { all = "k" }', 'spread = "buildings"'],
            ["hold no polygon; only the people of areas can be spread"],
        ),
        (['population = { all = "k" }', 'spread = "homes"'], ["spread"]),
    ],
)
def test_tables_that_cannot_be_used(town: Town, keys: Sequence[str], words: Sequence[str]) -> None:
    """Columns, rows and keys are named."""
    people(town, "n,k", (IN_WEST, "10,1"), (IN_EAST, "-1,2"))
    demand(town, 'source = "people.csv"', *keys)
    refused(town, *words)
