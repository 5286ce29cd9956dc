"""Which buildings are homes and how much floor they have, computed by hand."""

from collections.abc import Mapping, Sequence

import geopandas as gpd
import pytest
from shapely import box

from circles.demand.buildings import (
    NON_RESIDENTIAL,
    OTHER_USE_KEYS,
    is_home,
    residential_floor_area,
)
from tests.drawn_district import CRS_M

Tags = Mapping[str, str]


def buildings(*rows: tuple[float, Tags]) -> gpd.GeoDataFrame:
    """Return square buildings side by side: the length of a side, and tags."""
    squares = [box(100 * i, 0, 100 * i + side, side) for i, (side, _) in enumerate(rows)]
    tags = [dict(tags) for _, tags in rows]
    return gpd.GeoDataFrame({"tags": tags}, geometry=squares, crs=CRS_M)


def floors(*rows: tuple[float, Tags]) -> list[float]:
    """Return the floor area of the homes among some buildings, whole square metres."""
    found = residential_floor_area(buildings(*rows))
    return [round(float(area)) for area in found.area_m2[found.used]]


def levels(kind: str, number: str | None = None) -> tuple[float, Tags]:
    """Return a building of 100 m2 that says its levels, or does not."""
    return 10, {"building": kind} | ({} if number is None else {"building:levels": number})


@pytest.mark.parametrize(
    "tags",
    [
        {"building": "yes"},
        {"building": "house"},
        {"building": "apartments", "office": "company"},
        {"building": "residential", "amenity": "clinic"},
        {"building": "yes", "shop": "supermarket"},
        {"building": "some_new_value"},
    ],
)
def test_people_may_live_there(tags: Tags) -> None:
    """Any kind that is not on the list may be a home; flats above shops and clinics are."""
    assert is_home(tags)


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"building": "no"},
        {"building": "school"},
        {"building": "garage"},
        {"building": "yes", "amenity": "school"},
        {"building": "yes", "office": "government"},
        {"building": "yes", "man_made": "storage_tank"},
    ],
)
def test_nobody_lives_there(tags: Tags) -> None:
    """Kinds on the list, and plain buildings that another key gives another use."""
    assert not is_home(tags)


def test_the_written_rule_is_one_list_of_plain_words() -> None:
    """No home slips into the list of other uses, and each entry is a value OSM could hold."""
    assert not NON_RESIDENTIAL & {"yes", "house", "apartments", "residential", "dormitory", "farm"}
    assert all(word.replace("_", "").isalpha() for word in NON_RESIDENTIAL)
    assert "shop" not in OTHER_USE_KEYS


def test_floor_area_is_footprint_times_levels() -> None:
    """A house of 10 m by 10 m with three levels has 300 m2 of floor."""
    assert floors(levels("house", "3"), levels("apartments", "12")) == [300, 1200]


@pytest.mark.parametrize(
    ("said", "floor"), [("2.5", 250), ("2,5", 250), ("0", 100), ("-3", 100), ("151", 100)]
)
def test_levels_that_cannot_be_count_as_unknown(said: str, floor: int) -> None:
    """A comma is read; no building has none, fewer than none or 151 levels."""
    assert floors(levels("house", said)) == [floor]


@pytest.mark.parametrize("said", ["", "many", "3;4", "nan", "inf"])
def test_levels_nobody_can_read_count_as_unknown(said: str) -> None:
    """One level is assumed then, and the text does not stop the run."""
    assert floors(levels("house", said)) == [100]


def test_missing_levels_take_the_median_of_ten_known_ones_of_their_kind() -> None:
    """Ten blocks of 1 to 10 levels give 5.5 to a block that does not say; a house gets one."""
    known = [levels("apartments", str(n)) for n in range(1, 11)]
    assert floors(*known, levels("apartments"), levels("house"))[-2:] == [550, 100]
    assert floors(*known[:9], levels("apartments"))[-1] == 100


def test_what_is_no_home_teaches_nothing_about_homes() -> None:
    """Levels of sheds too small to count do not enter the median."""
    sheds: Sequence[tuple[float, Tags]] = [(4, {"building": "house", "building:levels": "1"})] * 10
    blocks = [levels("house", "3")] * 10
    assert floors(*sheds, *blocks, levels("house"))[-1] == 300


def test_small_footprints_are_sheds() -> None:
    """Twenty square metres are a home, fewer are not."""
    found = residential_floor_area(
        buildings((20**0.5 + 1e-6, {"building": "yes"}), (4.4, {"building": "yes"}))
    )
    assert found.used.tolist() == [True, False]


def test_the_note_counts_what_was_assumed() -> None:
    """Two homes, one of which says its levels, and one school left out."""
    frame = buildings(levels("house", "2"), levels("house"), levels("school", "4"))
    (note,) = residential_floor_area(frame).notes
    assert dict(note.values) == {"used": 2, "left_out": 1, "known": 1}


def test_an_extract_without_buildings_has_no_floor() -> None:
    """No rows in, no rows out."""
    found = residential_floor_area(buildings())
    assert len(found.area_m2) == len(found.used) == 0
