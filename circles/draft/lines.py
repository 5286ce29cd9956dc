"""The lines of a project file: keys with their values, and comments that nothing breaks out of."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from unicodedata import east_asian_width

from circles.texts import Note, Texts

_WIDTH: Final = 96
#: A word, or one letter of a script without spaces, with the punctuation that follows it.
_PIECES: Final = re.compile(r"(?:[!-~]+|.)[，。；：、？！）”》]*", re.DOTALL)
_BARE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Key:
    """A key of a table, its value, and what to say of it.

    Parameters
    ----------
    name
        The key.
    value
        Text, a number, a truth value, a list or a table of such.
    why
        What the line above it says.
    on
        Whether it is in force; otherwise it stands there commented out.
    """

    name: str
    value: Any
    why: Note | None = None
    on: bool = True


@dataclass(frozen=True)
class Block:
    """A table of the project file with what is said of it.

    Parameters
    ----------
    header
        ``[communities]``, ``[[facilities]]``; empty for the keys at the top and for mere comments.
    why
        What the lines above it say.
    keys
        Its keys.
    on
        Whether it is in force; otherwise all of it stands there commented out.
    """

    header: str
    why: tuple[Note, ...] = ()
    keys: tuple[Key, ...] = field(default=())
    on: bool = True


def block_lines(block: Block, texts: Texts) -> Iterator[str]:
    """Yield the lines of a block."""
    for note in block.why:
        yield from comment_lines(texts.note(note))
    before = "" if block.on else "#"
    if block.header:
        yield f"{before}{block.header}"
    for key in block.keys:
        if key.why is not None:
            yield from comment_lines(texts.note(key.why))
        off = "" if block.on and key.on else "#"
        yield f"{off}{toml_key(key.name)} = {toml_value(key.value)}"


def comment_lines(text: str) -> list[str]:
    r"""Put a text into comment lines; names from outside cannot break out of them.

    Examples
    --------
    >>> comment_lines("one\nname = 'two'")
    ["# one name = 'two'"]
    """
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return [f"# {line}" for line in _wrapped(plain)]


def _wrapped(text: str) -> Iterator[str]:
    """Yield lines of a width; no word is broken, and no line begins with a sign of punctuation."""
    line, width = "", 0
    for piece in _PIECES.findall(text):
        wide = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in piece)
        if width + wide > _WIDTH and line.strip():
            yield line.strip()
            line, width = "", 0
        line, width = line + piece, width + wide
    if line.strip():
        yield line.strip()


def toml_value(value: object) -> str:
    r"""Write a value as TOML: text, a number, a truth value, a list or a table of such.

    Examples
    --------
    >>> toml_value({"60+": ["甲", 'a"b'], "on": True})
    '{ "60+" = ["甲", "a\\"b"], on = true }'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{toml_key(str(k))} = {toml_value(v)}" for k, v in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    # A JSON string is a TOML basic string, but for one control character JSON leaves as it is.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(name: str) -> str:
    """Write a key as TOML, in quotes where it needs them."""
    return name if _BARE.fullmatch(name) else toml_value(name)
