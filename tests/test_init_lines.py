"""The lines of a drafted project file: whatever stands in them, TOML reads back what was meant."""

import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.draft.lines import Block, Key, block_lines, comment_lines, toml_key, toml_value
from circles.texts import Note, load_texts

#: Whatever a header can be, but for half characters, which no file in UTF-8 holds.
WORDS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    WORDS | st.booleans() | st.integers(-(2**53), 2**53),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
HOSTILE = [
    'a"b',
    "c\\d",
    "e\nf = 1",
    "\x7f",
    "'''",
    '"""',
    "# g",
    "[h]",
    "\u2028i",
    "\u202ej",
    "\t",
]


@given(VALUES)
def test_a_value_comes_back_as_it_went(value: Any) -> None:
    """What is written as TOML is read as the same."""
    assert tomllib.loads(f"key = {toml_value(value)}") == {"key": value}


@given(WORDS)
def test_a_key_comes_back_as_it_went(name: str) -> None:
    """A group or a column can be a key, whatever it is called."""
    assert tomllib.loads(f"{toml_key(name)} = 1") == {name: 1}


@given(st.text())
def test_nothing_breaks_out_of_a_comment(text: str) -> None:
    """A comment is nothing but comments, and can be saved."""
    written = "\n".join(comment_lines(text))
    assert tomllib.loads(written) == {}
    assert all(line.startswith("# ") for line in written.splitlines())


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"])))
def test_wrapping_keeps_every_letter(text: str) -> None:
    """Only spaces at the ends of lines are lost when a comment is wrapped."""
    said = "".join(line.removeprefix("# ") for line in comment_lines(text))
    assert said.replace(" ", "") == "".join(c if c.isprintable() else " " for c in text).replace(
        " ", ""
    )


def test_a_chinese_line_does_not_begin_with_punctuation() -> None:
    """Chinese has no spaces to break at, and stops stay with the words before them."""
    lines = comment_lines("设施名称列，" * 40)
    assert len(lines) > 1
    assert all(not line.startswith(("# ，", "# 。")) for line in lines)


@pytest.mark.parametrize("word", HOSTILE)
def test_a_block_that_is_off_is_nothing_to_toml(word: str) -> None:
    """Commented-out tables stay so, whatever columns are called."""
    keys = (Key("name", word), Key("population", {word: [word]}))
    why = (Note.of("init.unread", file=word, reason=word),)
    lines = list(block_lines(Block("[communities]", why, keys, on=False), load_texts("en")))
    assert tomllib.loads("\n".join(lines)) == {}


def test_a_key_that_is_off_stands_among_those_that_are_on() -> None:
    """Alternatives begin with a sign that has no space after it, remarks with one that has."""
    block = Block("[a]", (), (Key("b", 1, Note.of("init.name")), Key("c", 2, on=False)))
    assert list(block_lines(block, load_texts("en"))) == [
        "[a]",
        "# Column of the names.",
        "b = 1",
        "#c = 2",
    ]


def test_a_date_has_no_quotes() -> None:
    """TOML has dates of its own."""
    assert tomllib.loads(f"a = {toml_value(date(2026, 6, 30))}") == {"a": date(2026, 6, 30)}
