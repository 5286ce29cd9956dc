"""Texts of tables made fit for office files: valid XML, and cut where nobody could read them."""

import re
from typing import Final

from circles.texts import Texts

#: What XML 1.0 cannot hold, and control characters, which nobody sees.
_UNFIT: Final = re.compile(
    "[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)


def xml_text(text: str) -> str:
    """Return a text with a replacement character (U+FFFD) for each sign that XML cannot hold.

    The same goes for control characters other than tab and line breaks: left in, nobody would
    see them.

    Parameters
    ----------
    text
        Any text.
    """
    return _UNFIT.sub("\ufffd", text)


def cut(text: str, texts: Texts, *, most: int) -> str:
    """Return a text that is no longer than that; one that was longer ends by saying so.

    Parameters
    ----------
    text
        Any text.
    texts
        The words of the reader's language.
    most
        How many signs are kept, those that say that it was cut among them.
    """
    if len(text) <= most:
        return text
    tail = texts("workbook.cut", count=f"{len(text):,}")
    return text[: most - len(tail)] + tail
