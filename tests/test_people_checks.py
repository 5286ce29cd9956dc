"""Numbers of residents that cannot be are not taken in silence."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from circles.communities import Communities
from circles.inputs.people import plausible_people, registered_only
from circles.quality import Remark
from circles.tables import amounts_of
from circles.texts import LANGS, load_texts


def communities(households: list[float], **people: list[float]) -> Communities:
    """Return communities called a, b … with residents by group (``60+`` written g60)."""
    names = list("abcdef"[: len(households)])
    index = pd.Index(names, name="community_id")
    table = gpd.GeoDataFrame(
        {"name": names, "households": households},
        index=index,
        geometry=[shapely.box(i, 0, i + 1, 1) for i in range(len(names))],
        crs=4326,
    )
    groups = {"all": "all", "g60": "60+", "g65": "65+", "g3": "0-3"}
    numbers = {groups[name]: values for name, values in people.items()}
    return Communities(table, pd.DataFrame(numbers, index=index), ())


def keys(remarks: tuple[Remark, ...]) -> list[tuple[str, str]]:
    """Return what was remarked; every remark can be put into words."""
    for lang in LANGS:
        assert all(load_texts(lang).note(remark.note) for remark in remarks)
    return [(r.severity.value, r.note.key.partition(".")[2]) for r in remarks]


def test_sound_numbers_are_not_remarked_on() -> None:
    """A village without small children, and one without anybody, are no faults."""
    found = communities([100, 0], all=[300, 0], g60=[80, 0], g65=[60, 0], g3=[0, 0])
    assert plausible_people(found) == ()


@pytest.mark.parametrize("numbers", [[0.23, 0.2, 0.31], [0.618, 0.604, 1.02], [1.25, 3.5, 0.0]])
def test_shares_and_thousands_stop_a_run(numbers: list[float]) -> None:
    """A percent cell holds 0.23, and 0.618 is 万人: neither is a number of people."""
    found = communities([9, 9, 9], all=[6180, 6040, 4870], g60=numbers)
    assert keys(plausible_people(found)) == [("stop", "no_people")]


def test_a_part_is_not_more_than_the_whole() -> None:
    """60+ beyond all, and 65+ beyond 60+, are named with their communities."""
    found = communities([9, 9], all=[100, 100], g60=[101, 20], g65=[10, 30])
    remarks = plausible_people(found)
    assert keys(remarks) == [("warning", "people_exceed")] * 2
    assert {dict(r.note.values)["examples"] for r in remarks} == {("a",), ("b",)}


def test_more_households_than_residents_are_remarked_on() -> None:
    """The columns may have been exchanged; an empty community says nothing."""
    found = communities([200, 5], all=[100, 0])
    assert keys(plausible_people(found)) == [("warning", "households_exceed")]


def test_who_has_no_number_is_named_once_for_all_groups() -> None:
    """Two groups that lack the same communities share a remark."""
    nan = float("nan")
    found = communities([9, 9, 9], all=[9000, nan, nan], g60=[100, nan, nan], g3=[nan] * 3)
    remarks = plausible_people(found)
    assert keys(remarks) == [("warning", "people_unknown")] * 2
    assert [dict(r.note.values)["groups"] for r in remarks] == [("all", "60+"), ("0-3",)]


def test_registered_residents_are_an_assumption() -> None:
    """Those who live somewhere without being registered there are not in them."""
    assert registered_only({"all": ("常住人口",)}, "a.xlsx") == ()
    (note,) = registered_only({"all": ("户籍人口",), "60+": ("戶籍老人",)}, "a.xlsx")
    assert note.key == "assumptions.registered_people"
    assert dict(note.values)["columns"] == ("户籍人口", "戶籍老人")


def test_the_word_for_one_takes_nothing_from_a_number() -> None:
    """People and households are counted; a share, a multiple and a guess are not."""
    values = pd.Series(["6,180人", "１２户", "7", None, "约300", "3万人", "12%"])
    numbers, wrong = amounts_of(values)
    np.testing.assert_array_equal(numbers[:4], [6180, 12, 7, np.nan])
    assert wrong == [4, 5, 6]
