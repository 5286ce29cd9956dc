"""Charts of a district: how its communities are judged, and how far their coverage lies apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from circles.assessment import Assessment
from circles.explain import one_line
from circles.pictures.looks import BY_LOOK, filled
from circles.pictures.scene import (
    Areas,
    Dots,
    FloatArray,
    Lines,
    Part,
    Pen,
    Scene,
    Words,
    rectangle,
    segment,
    shortened,
    width_of,
    wrapped,
)
from circles.scoring import INSUFFICIENT, MET, NOT_MET
from circles.texts import Texts

WIDTH_MM: Final = 184.0
MOST_ROWS: Final = 16

_ROW, _HEAD, _FOOT = 6.4, 11.0, 6.0
_NAMES, _BARS, _BETWEEN = 50.0, 52.0, 8.0
_SIZE, _SMALL, _TWO_LINES = 2.9, 2.5, 2.3
_INK, _QUIET, _LINE = "#23262b", "#5f646d", "#dcd8cf"
_LOOKS: Final = {NOT_MET: "not-met", INSUFFICIENT: "insufficient", MET: "met"}
_BIN = 0.025
_DOT = {NOT_MET: "#b8431a", INSUFFICIENT: "#ffffff", MET: "#3a8f95"}


@dataclass(frozen=True)
class ServiceRow:
    """How communities stand in one rule of access.

    Parameters
    ----------
    name
        The rule's name.
    counts
        How many communities are not met, insufficient and met.
    needed
        The share that is needed, NaN if none is.
    shares
        The lower bound of coverage of each community where it is known.
    verdicts
        Their verdicts.
    """

    name: str
    counts: tuple[int, int, int]
    needed: float
    shares: FloatArray
    verdicts: tuple[str, ...]


def service_rows(assessment: Assessment, texts: Texts) -> list[ServiceRow]:
    """Return the judged rules of access, those that most communities fail first.

    Parameters
    ----------
    assessment
        The run.
    texts
        The words of the reader's language.
    """
    table = assessment.verdicts
    rows = []
    for rule in assessment.standard.access_rules:
        own = table[(table["rule_id"] == rule.id) & table["verdict"].isin(list(_LOOKS))]
        if own.empty:
            continue
        known = own[own["share_low"].notna()]
        rows.append(
            ServiceRow(
                name=one_line(rule.name[texts.lang]),
                counts=_counts(own["verdict"]),
                needed=float("nan") if rule.min_share is None else rule.min_share,
                shares=known["share_low"].to_numpy(dtype=np.float64),
                verdicts=tuple(known["verdict"]),
            )
        )
    return sorted(rows, key=lambda row: (-row.counts[0], -row.counts[1]))


def service_chart(assessment: Assessment, texts: Texts) -> Scene | None:
    """Draw, service by service, how communities are judged and where their coverage lies.

    Parameters
    ----------
    assessment
        The run.
    texts
        The words of the reader's language.

    Returns
    -------
    Scene or None
        None where no rule of access was judged anywhere.
    """
    every = service_rows(assessment, texts)
    rows = every[:MOST_ROWS]
    if not rows:
        return None
    height = _HEAD + _ROW * len(rows) + _FOOT
    most = max(sum(row.counts) for row in rows)
    size = _name_size([row.name for row in rows])
    with_dots = any(len(row.shares) for row in rows)
    parts: list[Part] = [*_heads(texts, with_dots=with_dots), *_legend(texts)]
    if with_dots:
        parts += _axis(len(rows), texts)
    for number, row in enumerate(rows):
        y = _HEAD + _ROW * number
        parts += [*_name(row.name, y, size), *_bar(row, y, most)]
        if with_dots:
            parts += _strip(row, y)
    if len(every) > len(rows):
        said = texts("charts.services_more", count=len(every) - len(rows))
        parts.append(Words(0, height - 0.8, said, _SMALL, _QUIET))
    title = texts("charts.services_title")
    return Scene(WIDTH_MM, height, title, tuple(parts))


def _counts(verdicts: "pd.Series[str]") -> tuple[int, int, int]:
    missed, unknown, met = (int((verdicts == verdict).sum()) for verdict in _LOOKS)
    return missed, unknown, met


def _left() -> float:
    return _NAMES + _BARS + _BETWEEN


def _x_of(share: float | FloatArray) -> FloatArray:
    return _left() + np.asarray(share) * (WIDTH_MM - _left() - 4)


def _heads(texts: Texts, *, with_dots: bool) -> list[Part]:
    title = _title(texts("charts.services_title"), _BARS + _BETWEEN - 2)
    parts: list[Part] = [Words(_NAMES, 3.4, title, _SIZE, _INK, bold=True)]
    if with_dots:
        head = _title(texts("charts.coverage_title"), WIDTH_MM - _left())
        parts.append(Words(_left(), 3.4, head, _SIZE, _INK, bold=True))
    return parts


def _title(words: str, room_mm: float) -> str:
    return shortened(words, _SIZE, room_mm, bold=True)


def _legend(texts: Texts) -> list[Part]:
    """Return what the colours of the bars mean; it ends above where the longest bar ends."""
    parts: list[Part] = []
    entries = [(look, texts(f"words.verdict_{verdict}")) for verdict, look in _LOOKS.items()]
    widths = [4.8 + width_of(words, _SMALL) + 2.5 for _, words in entries]
    x = min(_NAMES, _NAMES + _BARS + _BETWEEN - 4 - sum(widths))
    for (look, words), width in zip(entries, widths, strict=True):
        parts += filled(rectangle(x, 5.6, 4.0, 2.6), BY_LOOK[look])
        parts.append(Words(x + 4.8, 7.8, words, _SMALL, _QUIET))
        x += width
    return parts


def _axis(rows: int, texts: Texts) -> list[Part]:
    parts: list[Part] = []
    bottom = _HEAD + _ROW * rows
    for percent in (0, 25, 50, 75, 100):
        x = float(_x_of(percent / 100))
        parts.append(Lines(segment(x, _HEAD - 1.2, x, bottom), Pen(_LINE, 0.2)))
        words = texts("charts.axis_share", percent=percent)
        parts.append(Words(x, _HEAD - 2.4, words, _SMALL, _QUIET, "middle"))
    return parts


def _bar(row: ServiceRow, y: float, most: int) -> list[Part]:
    """Return a rule's communities side by side, each kind with its number."""
    parts: list[Part] = []
    x = _NAMES
    for count, look in zip(row.counts, _LOOKS.values(), strict=True):
        width = _BARS * count / most
        if not count:
            continue
        parts += filled(rectangle(x, y + 1.0, width, _ROW - 2.2), BY_LOOK[look])
        if width > 1.6 + 1.5 * len(str(count)):
            middle, room = x + width / 2, 1.2 + 1.4 * len(str(count))
            plate = rectangle(middle - room / 2, y + 1.5, room, _ROW - 3.2)
            parts.append(Areas(plate, "#ffffff", opacity=0.8))
            parts.append(Words(middle, y + 4.0, str(count), _SMALL, _INK, "middle"))
        x += width
    return parts


def _name_size(names: Sequence[str]) -> float:
    """Return the size that all names are written in: the largest in which each fits on a line."""
    longest = max(width_of(name, 1.0) for name in names)
    return min(_SIZE, max(_SMALL, (_NAMES - 3) / longest))


def _name(name: str, y: float, size: float) -> list[Part]:
    """Return a rule's name on one line, or in smaller letters on two."""
    room, x = _NAMES - 3, _NAMES - 2.5
    if width_of(name, size) <= room + 1e-9:
        return [Words(x, y + 4.1, name, size, _INK, "end")]
    first, *rest = wrapped(name, _TWO_LINES, room)
    if not rest:
        return [Words(x, y + 3.9, first, _TWO_LINES, _INK, "end")]
    second = shortened(" ".join(rest), _TWO_LINES, room)
    return [
        Words(x, y + 2.6 + 2.6 * line, shortened(words, _TWO_LINES, room), _TWO_LINES, _INK, "end")
        for line, words in enumerate(filter(None, (first, second)))
    ]


def _strip(row: ServiceRow, y: float) -> list[Part]:
    """Return a circle for the communities of about the same coverage, and the share needed."""
    middle = y + _ROW / 2 - 0.1
    first, last = (float(x) for x in _x_of(np.array([0.0, 1.0])))
    parts: list[Part] = [Lines(segment(first, middle, last, middle), Pen(_LINE, 0.2))]
    bins = np.minimum(np.floor(row.shares / _BIN + 1e-9), 1 / _BIN).astype(np.int64)
    verdicts = np.array(row.verdicts, dtype=object)
    for verdict, colour in _DOT.items():
        values, counts = np.unique(bins[verdicts == verdict], return_counts=True)
        if not len(values):
            continue
        share = np.minimum((values + 0.5) * _BIN, 1.0)
        places = np.column_stack([_x_of(share), np.full(len(values), middle)])
        radius = np.clip(0.62 * np.sqrt(counts), 0.7, _ROW / 2 - 0.3)
        parts.append(Dots(places, radius, colour, Pen(_INK, 0.15), opacity=0.9))
    if not np.isnan(row.needed):
        x = float(_x_of(row.needed))
        parts.append(Lines(segment(x, y + 0.7, x, y + _ROW - 0.9), Pen(_INK, 0.5)))
    return parts
