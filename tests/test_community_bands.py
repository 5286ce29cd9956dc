"""Age bands in headers, and the groups that add up from them exactly or not at all."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.communities import groups_from_bands
from circles.communities.bands import Band, band_of
from circles.errors import FaultsError
from circles.texts import load_texts


def people(**columns: list[object]) -> pd.DataFrame:
    """Return a table of people as it is read, from row 2 on."""
    count = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=pd.RangeIndex(2, 2 + count, name="row"))


@pytest.mark.parametrize(
    ("header", "band"),
    [
        ("60-64", (60, 64, None)),
        ("60～64岁", (60, 64, None)),
        ("60至64周岁人口", (60, 64, None)),
        ("６０－６４", (60, 64, None)),
        ("100+", (100, None, None)),
        ("100岁及以上", (100, None, None)),
        ("65歲以上", (65, None, None)),
        ("≥65", (65, None, None)),
        ("3岁及以下", (0, 3, None)),
        ("不满1岁", (0, 0, None)),
        ("7岁", (7, 7, None)),
        ("age_7", (7, 7, None)),
        ("A0A14_CNT", (0, 14, None)),
        ("A0A14_M_CNT", (0, 14, "m")),
        ("A65UP_F_CNT", (65, None, "f")),
        ("男60-64岁", (60, 64, "m")),
        ("60-64岁\n女", (60, 64, "f")),
        ("60-64 Female", (60, 64, "f")),
    ],
)
def test_headers_name_bands(header: str, band: tuple[int, int | None, str | None]) -> None:
    """Whatever signs and words a table uses for from, to and above."""
    assert band_of(header) == Band(*band)


@pytest.mark.parametrize("header", ["60岁以上占比(%)", "老龄化率65+", "社区", "2020", "64-60", ""])
def test_other_headers_name_none(header: str) -> None:
    """Shares are not people, a year is no age, and a band does not run backwards."""
    assert band_of(header) is None


def test_groups_are_sums_of_bands_that_fit() -> None:
    """From 60 on: the five-year bands and the open one; an empty cell leaves it unknown."""
    table = people(**{"55-59": [9, 9], "60-64": [1, 2], "65-99": [3, ""], "100+": ["4", 5]})
    made = groups_from_bands(table, ["60+", "55+"], where="people.csv")
    assert made.sums["60+"].iloc[0] == 8
    assert np.isnan(made.sums["60+"].iloc[1])
    assert made.columns["60+"] == ("60-64", "65-99", "100+")
    assert made.sums["55+"].iloc[0] == 17


def test_a_group_within_a_band_is_not_guessed() -> None:
    """0-3 out of 0-4 cannot be made, and the band that is in the way is named."""
    table = people(**{"0-4岁": [10], "5-9岁": [10]})
    made = groups_from_bands(table, ["0-3", "0-9", "60+", "elders"], where="t")
    assert list(made.sums) == ["0-9"]
    cut, whole, none, word = made.notes
    assert (cut.key, dict(cut.values)["columns"]) == ("communities.group_cut", ("0-4岁",))
    assert whole.key == "communities.group_made"
    assert none.key == "communities.group_no_bands"
    assert word.key == "communities.group_no_ages"
    assert all(load_texts(lang).note(note) for note in made.notes for lang in ("zh", "en"))


def test_single_years_add_up() -> None:
    """Columns of one year each, in mere numbers too if there are many."""
    words = people(**{f"{age}岁": [age] for age in range(5)})
    assert groups_from_bands(words, ["0-3"], where="t").sums["0-3"].item() == 6
    numbers = people(**{str(age): [1] for age in range(12)})
    assert groups_from_bands(numbers, ["0-3"], where="t").sums["0-3"].item() == 4
    assert groups_from_bands(people(**{"1": [1], "2": [1]}), ["1-2"], where="t").columns == {}


def test_men_and_women_are_added_only_where_nobody_did() -> None:
    """A column of both counts once; where its sum is another, the rows are named."""
    halves = people(**{"60+男": [1], "60+女": [2]})
    assert groups_from_bands(halves, ["60+"], where="t").sums["60+"].item() == 3
    both = people(**{"60+": [4, 3], "60+男": [1, 1], "60+女": [2, 2]})
    made = groups_from_bands(both, ["60+"], where="t")
    assert made.sums["60+"].tolist() == [4, 3]
    assert dict(made.notes[-1].values)["rows"] == "2"
    assert groups_from_bands(people(**{"60+男": [1]}), ["60+"], where="t").columns == {}


def test_parts_of_the_elders_are_not_the_elders() -> None:
    """Those who live alone are passed over; two counts of the same are not chosen between."""
    alone = people(**{"60岁以上独居老人": [1]})
    assert groups_from_bands(alone, ["60+"], where="t").columns == {}
    two = people(户籍60岁以上=[1], 常住60岁以上=[2])
    made = groups_from_bands(two, ["60+"], where="t")
    assert made.columns == {}
    assert made.notes[0].key == "communities.group_ambiguous"
    named = groups_from_bands(two, ["60+"], where="t", columns=["常住60岁以上"])
    assert named.sums["60+"].item() == 2


def test_cells_that_are_no_numbers_are_named_by_row() -> None:
    """Only those of columns that are needed."""
    table = people(**{"60+": [1, "约5"], "0-3": ["x", "y"]})
    with pytest.raises(FaultsError, match=r"row 3 of column '60\+'"):
        groups_from_bands(table, ["60+"], where="people.csv")


@given(
    cuts=st.sets(st.integers(1, 120), max_size=30),
    low=st.integers(0, 120),
    high=st.one_of(st.none(), st.integers(0, 120)),
    extra=st.sets(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4),
)
def test_a_group_is_exact_or_there_is_none(
    cuts: set[int], low: int, high: int | None, extra: set[tuple[int, int]]
) -> None:
    """With as many residents in a band as it has years, a group has as many as its ages."""
    edges = [0, *sorted(cuts)]
    bands = {f"{a}-{b - 1}": b - a for a, b in pairwise(edges)}
    bands |= {f"{a}-{a + b}": b + 1 for a, b in extra}
    bands[f"{edges[-1]}+"] = 1000
    group = f"{low}+" if high is None else f"{low}-{high}"
    made = groups_from_bands(people(**{h: [n] for h, n in bands.items()}), [group], where="t")
    if group in made.columns:
        years = edges[-1] - low + 1000 if high is None else high - low + 1
        assert made.sums[group].item() == years
    elif high is None or low <= high:
        fits = low in edges and (high is None or high + 1 in edges)
        assert not fits
