"""Tag tables behave as the dictionaries they stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.osm.tags import Tags, TagTable, is_wanted

WORDS = st.sampled_from(["highway", "foot", "yes", "no", "name", "路", ""])
ROWS = st.lists(st.dictionaries(WORDS, WORDS, max_size=4), max_size=12)


@given(rows=ROWS)
def test_a_table_gives_back_its_dictionaries(rows: list[Tags]) -> None:
    """By iteration, by index from either end, and by slice."""
    table = TagTable.of(rows)
    assert len(table) == len(rows)
    assert list(table) == rows
    assert [table[i] for i in range(-len(rows), len(rows))] == rows + rows
    assert table[1:-1] == tuple(rows[1:-1])
    assert len(set(table.words)) == len(table.words)
    with pytest.raises(IndexError):
        table[len(rows)]


@given(rows=ROWS, keys=st.lists(WORDS, max_size=4))
def test_distinct_tags_are_those_of_the_keys(rows: list[Tags], keys: list[str]) -> None:
    """Each object's own tags under the keys come back, and no kind comes twice or unused."""
    kinds, which = TagTable.of(rows).distinct(keys)
    expected = [{key: word for key, word in row.items() if key in keys} for row in rows]
    assert [kinds[i] for i in which] == expected
    assert len({frozenset(kind.items()) for kind in kinds}) == len(kinds)
    assert set(which.tolist()) == set(range(len(kinds)))


def test_the_last_value_of_a_repeated_key_counts() -> None:
    """A file may say a key twice; readers keep what it said last."""
    codes = np.array([0, 0, 1], np.int32)
    table = TagTable(
        ("foot", "no", "yes"), codes * 0, np.array([1, 2, 1], np.int32), np.array([0, 2, 3])
    )
    assert list(table) == [{"foot": "yes"}, {"foot": "no"}]
    kinds, which = table.distinct(["foot"])
    assert [kinds[i] for i in which] == list(table)


def test_a_dictionary_taken_from_a_table_is_the_takers_own() -> None:
    """Changing it changes nothing in the table."""
    table = TagTable.of([{"foot": "yes"}])
    table[0]["foot"] = "no"
    assert list(table) == [{"foot": "yes"}]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "path"}, True),
        ({"name": "云城东路", "railway": "crossing"}, True),
        ({"railway": "rail"}, False),
        ({"crossing": "railway"}, False),
        ({}, False),
    ],
)
def test_a_tag_is_wanted_by_its_key_and_perhaps_its_value(tags: Tags, expected: bool) -> None:
    """A key without values is wanted with any; of a key with values, only these."""
    wanted = {"highway": (), "railway": {"crossing", "level_crossing"}}
    assert is_wanted(tags.items(), wanted) is expected
