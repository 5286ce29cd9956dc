"""A comparison for the terminal: the answer first, then the most important rows of each table."""

from collections.abc import Iterator
from typing import Final

from circles.comparing.model import Comparison
from circles.comparing.views import Line, View, views
from circles.comparing.words import about, headline, remarks, tolerance_line
from circles.texts import Texts

#: As many rows of a table as one reads standing up.
_SHORT: Final = 12
_MARKS: Final = {"better": "+", "worse": "-", "open": "?"}


def comparison_lines(comparison: Comparison, texts: Texts) -> Iterator[str]:
    """Yield a comparison line by line.

    Parameters
    ----------
    comparison
        What `circles.compare` returns.
    texts
        The words of a language.
    """
    yield headline(comparison, texts)
    yield about(comparison, texts)
    yield from remarks(comparison, texts)
    for view in views(comparison, texts):
        yield from ("", texts(f"comparing.heading_{view.name}"))
        yield from (f"{_mark(line)} {_told(view, line, texts)}" for line in view.lines[:_SHORT])
        if (left := len(view.lines) - _SHORT) > 0:
            yield texts("comparing.more_lines", left=f"{left:,}")
    if not comparison.is_empty:
        yield from ("", texts("comparing.sums_note"))
        yield tolerance_line(texts)


def _mark(line: Line) -> str:
    return _MARKS.get(line.direction, "·")


def _told(view: View, line: Line, texts: Texts) -> str:
    """Return a row as one line: its name, and each figure after the name of its column."""
    first, *others = zip(view.columns, line.cells, strict=True)
    parts = [first[1]]
    for column, cell in others:
        if cell not in {"", "–"}:
            named = column in _NAMED
            parts.append(
                texts("comparing.named", column=texts(f"comparing.{column}"), cell=cell)
                if named
                else cell
            )
    return texts("comparing.separator").join(parts)


_NAMED: Final = frozenset(
    {"share", "covered", "total", "minutes", "short", "met", "found", "score", "needed", "why"}
)
