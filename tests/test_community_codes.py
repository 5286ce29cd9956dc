"""Codes of the statistics bureau: what is read, repaired, and refused with advice."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.communities.codes import (
    PROVINCES,
    Committee,
    Parents,
    committee_of,
    misplaced,
    parent_code,
    parents_of,
    read_code,
    read_codes,
)
from circles.texts import load_texts


@pytest.mark.parametrize(
    "written",
    [
        "440104001001",
        " 440104001001 ",
        "440104001001.0",
        "４４０１０４００１００１",
        "440104 001 001",
        "440104-001-001",
        "'440104001001",
    ],
)
def test_a_code_is_read_in_any_form(written: str) -> None:
    """Spaces, dashes, decimals and quotes are repaired, and told unless nothing was."""
    code, note = read_code(written)
    assert code == "440104001001"
    assert (note is None) == (written == "440104001001")


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("4.40104E+11", "code_scientific"),
        ("4.40104001001e11", "code_scientific"),
        ("44010400100", "code_length"),
        ("4401040010011", "code_length"),
        ("440104", "code_of_upper"),
        ("440104001", "code_of_upper"),
        ("440104001000", "code_of_upper"),
        ("040104001001", "code_province"),
        ("A2-001", "code_not_digits"),
        ("=1+1", "code_not_digits"),
        ("四四〇一〇四〇〇一〇〇一", "code_not_digits"),
    ],
)
def test_what_is_no_code_of_a_community_is_refused_with_advice(written: str, key: str) -> None:
    """The reason can be said in both languages."""
    code, note = read_code(written)
    assert code is None
    assert note is not None
    assert note.key == f"communities.{key}"
    assert all(load_texts(lang).note(note) for lang in ("zh", "en"))


def test_a_grids_code_is_that_of_its_community() -> None:
    """Seventeen digits are a community's twelve and a grid's five."""
    code, note = read_code("44010400100100012")
    assert code == "440104001001"
    assert note is not None
    assert note.key == "communities.code_of_grid"


def test_a_column_is_read_by_row() -> None:
    """Numbers of a spreadsheet are read in full, an empty cell is nothing wrong."""
    cells = pd.Series([440104001001.0, None, "4.4E+11"], index=[2, 3, 4], dtype=object)
    read = read_codes(cells)
    assert read.codes.tolist() == ["440104001001", None, None]
    assert read.repaired == {}
    assert list(read.wrong) == [4]


@pytest.mark.parametrize(
    ("number", "whose"),
    [
        ("000", Committee.NONE),
        ("001", Committee.RESIDENTS),
        ("199", Committee.RESIDENTS),
        ("200", Committee.VILLAGERS),
        ("399", Committee.VILLAGERS),
        ("500", Committee.OTHER),
    ],
)
def test_the_last_digits_tell_whose_committee_it_is(number: str, whose: Committee) -> None:
    """The ranges of the bureau's rules, at their ends."""
    assert committee_of(f"440104001{number}") is whose


def test_units_above_have_shorter_codes() -> None:
    """Nine digits of a street, six of a district, four of a city."""
    assert parents_of("440104001001") == Parents("440104001", "440104", "4401")
    assert parent_code("440104001000", 9) == "440104001"
    assert parent_code("440104000000", 6) == "440104"
    assert parent_code("440104001000", 6) is None
    assert parent_code("北京街", 9) is None


def test_children_lie_under_their_parents() -> None:
    """One that does not is named; what cannot be read is passed over."""
    codes = pd.Series(["440104001001", "440104002001", None, "440104001002"], index=list("abcd"))
    parents = pd.Series(["440104001", "440104001000", "440104001", "?"], index=list("abcd"))
    assert misplaced(codes, parents, digits=9) == ["b"]
    assert len(PROVINCES) == 34


@given(st.one_of(st.text(max_size=30), st.from_regex(r"[0-9]{10,18}", fullmatch=True)))
def test_whatever_a_cell_holds_a_code_is_twelve_digits_or_none(text: str) -> None:
    """A code that was read is read as itself again."""
    code, note = read_code(text)
    assert code is not None or note is not None
    if code is not None:
        assert read_code(code) == (code, None)
