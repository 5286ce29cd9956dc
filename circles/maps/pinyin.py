"""How Chinese characters are read, so that names can be searched for in Latin letters."""

from collections.abc import Iterable
from typing import Final

#: Rare readings would only give matches nobody meant.
_READINGS: Final = 3


def readings(names: Iterable[str]) -> dict[str, str]:
    """Return the usual readings of each Chinese character of some names, without tones.

    The page puts the readings of a name together itself: some characters are few, names are many.

    Parameters
    ----------
    names
        Any names.

    Returns
    -------
    dict
        Readings separated by spaces, by character; empty without the library ``pypinyin``, and
        names are then found by their characters only.
    """
    try:
        from pypinyin import Style, pinyin
    except ImportError:
        return {}
    characters = sorted({c for name in names for c in name if "\u3400" <= c <= "\u9fff"})
    found = {}
    for character in characters:
        ways = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore")
        if ways:
            known = dict.fromkeys(way.replace("ü", "v") for way in ways[0])
            found[character] = " ".join(list(known)[:_READINGS])
    return found
