"""Every word an output shows, in each language.

The words live in ``texts/<lang>/<section>.toml``; a key is ``"section.name"``.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from circles.errors import InputError

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)
_COMMA: dict[Lang, str] = {"zh": "、", "en": ", "}


class Bilingual(BaseModel):
    """The same words in Chinese and English."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: str
    en: str

    def __getitem__(self, lang: str) -> str:
        """Return the words of a language."""
        return self.zh if lang == "zh" else self.en


#: What fills a gap in a text; a tuple is a list of names, joined as the language joins them.
Value = str | int | float | Bilingual | tuple[str | Bilingual, ...]


@dataclass(frozen=True)
class Note:
    """A sentence for the reader that is put into words only when it is shown.

    Parameters
    ----------
    key
        The text's key, such as ``"warnings.edge_margin"``.
    values
        What fills the gaps in the text.
    """

    key: str
    values: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def of(cls, key: str, **values: Value) -> "Note":
        """Make a note from a text's key and the values that fill it."""
        return cls(key, tuple(values.items()))


@dataclass(frozen=True)
class Texts:
    """The words of one language."""

    lang: Lang
    words: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of `key` with its gaps filled.

        Raises
        ------
        KeyError
            The language has no such text.
        """
        return self.words[key].format(**values) if values else self.words[key]

    def note(self, note: Note) -> str:
        """Put a note into this language's words."""
        return self(note.key, **{name: self._shown(value) for name, value in note.values})

    def _shown(self, value: Value) -> str | int | float:
        if isinstance(value, tuple):
            return _COMMA[self.lang].join(str(self._shown(part)) for part in value)
        return value[self.lang] if isinstance(value, Bilingual) else value


@cache
def load_texts(lang: str) -> Texts:
    """Load the words of a language.

    Parameters
    ----------
    lang
        ``"zh"`` or ``"en"``.

    Raises
    ------
    InputError
        There are no texts in that language.
    """
    for known in LANGS:
        if known == lang:
            return Texts(known, MappingProxyType(_words(known)))
    message = f"there are no texts in the language {lang!r}; use one of: {', '.join(LANGS)}"
    raise InputError(message)


def _words(lang: Lang) -> dict[str, str]:
    words: dict[str, str] = {}
    folder = files("circles.texts") / lang
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            section = entry.name.removesuffix(".toml")
            table = tomllib.loads(entry.read_text("utf-8"))
            words.update({f"{section}.{name}": text for name, text in table.items()})
    return words
