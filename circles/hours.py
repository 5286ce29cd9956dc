"""Opening hours as lists and maps write them, read only where there is no doubt."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_DAYS: Final = ("mo", "tu", "we", "th", "fr", "sa", "su")
_DAY: Final = "|".join(_DAYS)
_DAY_LIST: Final = re.compile(rf"((?:{_DAY})(?:[-,](?:{_DAY}))*)\s*(.*)")
_SPAN: Final = re.compile(r"(\d{1,2}):(\d\d)(?::00)?-(\d{1,2}):(\d\d)(?::00)?")
_TIME: Final = re.compile(r"(\d{1,2}):(\d\d)(?::00)?")
_DASHES: Final = str.maketrans(dict.fromkeys("–—~〜−至到", "-") | {"：": ":", "，": ",", "；": ";"})
_DAY_MINUTES: Final = 24 * 60


def open_until(text: str | None, time: str) -> bool | None:
    """Tell whether a facility stays open until a time of day, every day of the week.

    Read are ``24/7``, spans such as ``08:00-12:00,14:00-20:30``, the same with days as in
    OpenStreetMap (``Mo-Fr 08:00-20:30; Sa,Su 09:00-17:00``), and a bare time, which is that of
    closing. Anything else, public holidays and months among them, is not known.

    Parameters
    ----------
    text
        The opening hours; None or empty where they are not known.
    time
        Hour and minute such as ``"20:30"``.

    Returns
    -------
    bool or None
        None where the text does not tell.
    """
    words = unicodedata.normalize("NFKC", text or "").translate(_DASHES).strip().lower()
    words = re.sub(r"\s*([-,:;])\s*", r"\1", words)
    if not words:
        return None
    if words in {"24/7", "24小时", "全天"}:
        return True
    wanted = _minutes(*time.split(":"))
    days = _days_open(words, wanted)
    return None if days is None else days == set(_DAYS)


def _days_open(words: str, wanted: int) -> set[str] | None:
    """Return the days on which a place is open until a time; None where that is not known.

    A later part counts in place of an earlier one on its own days, as in OpenStreetMap.
    """
    found: set[str] = set()
    for part in filter(None, words.split(";")):
        match = _DAY_LIST.fullmatch(part)
        days = _listed(match[1]) if match else set(_DAYS)
        open_then = _covers(match[2] if match else part, wanted)
        if days is None or open_then is None:
            return None
        found = found | days if open_then else found - days
    return found


def _listed(words: str) -> set[str] | None:
    days: set[str] = set()
    for part in words.split(","):
        first, *last = part.split("-")
        if len(last) > 1:
            return None
        start, end = _DAYS.index(first), _DAYS.index(last[0] if last else first)
        days |= {_DAYS[i % 7] for i in range(start, (end if end >= start else end + 7) + 1)}
    return days


def _covers(words: str, wanted: int) -> bool | None:
    if words in {"off", "closed"}:
        return False
    bare = _TIME.fullmatch(words)
    if bare:
        closing = _minutes(bare[1], bare[2])
        return None if closing < 0 else closing >= wanted
    spans = list(_spans(words))
    if not spans or any(span is None for span in spans):
        return None
    return any(start < wanted <= end for start, end in filter(None, spans))


def _spans(words: str) -> Iterator[tuple[int, int] | None]:
    """Yield the spans of a day in minutes, None for what is none; one may end on the next day."""
    for part in words.split(","):
        match = _SPAN.fullmatch(part)
        start, end = (
            (_minutes(match[1], match[2]), _minutes(match[3], match[4])) if match else (-1, -1)
        )
        if start < 0 or end < 0:
            yield None
        else:
            yield start, end if end > start else end + _DAY_MINUTES


def _minutes(hours: str, minutes: str) -> int:
    """Return the minute of the day; -1 where there is no such time."""
    found = int(hours) * 60 + int(minutes)
    return found if int(minutes) < 60 and found <= _DAY_MINUTES else -1
