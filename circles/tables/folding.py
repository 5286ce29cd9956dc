"""Text folded to the form in which spellings of the same name are equal."""

import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from opencc import OpenCC

_REMEMBERED: Final = 65_536


@lru_cache(maxsize=_REMEMBERED)
def folded(text: str) -> str:
    """Return a text in compatible, lower-case, simplified characters, without any spaces.

    Two texts that differ only in width (``Ａ`` and ``A``), case, spaces, or in traditional and
    simplified characters (臺北, 台北) fold to the same.

    Examples
    --------
    >>> folded("臺北 市長者飯堂（Ａ）")
    '台北市长者饭堂(a)'
    """
    plain = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    if plain.isascii():
        return plain
    # A lone half of a character, as damaged JSON holds, has no place in the converter.
    whole = plain.encode("utf-8", "replace").decode("utf-8")
    return "".join(_simplifier().convert(whole).split())


@cache
def _simplifier() -> "OpenCC":
    from opencc import OpenCC

    # Besides what "t2s" knows it knows the forms of Hong Kong, such as 衞 for 衛.
    return OpenCC("hk2s")
