"""A check for the terminal, or for whatever a pipe leads to: plain lines, columns aligned."""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from circles.check.model import CheckReport
from circles.check.rows import counts_of, reasons_of
from circles.check.words import (
    Few,
    about,
    absent_line,
    clean,
    facility_lines,
    fate_word,
    found_line,
    heading,
    homes_line,
    layer_notes,
    margin_lines,
    people_line,
    reason_lines,
    role_word,
    say,
    street_lines,
    verdict,
)
from circles.quality import Severity
from circles.texts import Texts

#: As many sentences of a kind, and runs of rows in each, as one reads standing up.
_SHORT: Final = Few(cases=5, spans=5)
_WHOLE: Final = Few()
_LONGEST_SOURCE: Final = 40
_MARKS: Final = {Severity.STOP: "×", Severity.WARNING: "!", Severity.NOTE: "·"}


def check_lines(report: CheckReport, texts: Texts, *, full: bool = False) -> Iterator[str]:
    """Yield a check line by line: whether the run may go ahead, what to fix, and what was found.

    Parameters
    ----------
    report
        The check.
    texts
        The words of a language.
    full
        Whether to say everything, each row among it; otherwise a few examples of each reason.
    """
    yield verdict(report, texts)
    yield about(report, texts)
    yield from _remarks(report, Severity.STOP, texts)
    yield from _remarks(report, Severity.WARNING, texts)
    yield from _layers(report, texts, _WHOLE if full else _SHORT)
    if full:
        yield from _how(report, texts)
    yield from _found(report, texts)
    if full:
        yield from _remarks(report, Severity.NOTE, texts)
    else:
        yield ""
        yield texts("check.more")


def _remarks(report: CheckReport, severity: Severity, texts: Texts) -> Iterator[str]:
    notes = report.of(severity)
    if notes:
        yield from _headed(severity.value, texts)
        yield from (f"{_MARKS[severity]} {say(note, texts)}" for note in notes)


def _headed(name: str, texts: Texts) -> tuple[str, str]:
    return "", heading(name, texts)


def _layers(report: CheckReport, texts: Texts, few: Few) -> Iterator[str]:
    yield from _headed("layers", texts)
    if not report.layers:
        yield f"  {texts('check.no_layers')}"
        return
    names = ("layer", "source", "read", "used", "repaired", "doubtful", "set_aside")
    rows = [[texts(f"check.{name}") for name in names]]
    for layer in report.layers:
        words = [role_word(layer.role, texts), clean(layer.ledger.source, longest=_LONGEST_SOURCE)]
        counts = counts_of(layer.ledger)
        rows.append(words + [f"{number:,}" for number in vars(counts).values()])
    yield from (f"  {line}" for line in columns(rows, left=2))
    yield f"  {texts('check.counts_note')}"
    for layer in report.layers:
        reasons = reasons_of(layer.ledger)
        if reasons:
            source = clean(layer.ledger.source, longest=_LONGEST_SOURCE)
            yield from ("", f"  {role_word(layer.role, texts)} · {source}")
        fate = None
        for reason in reasons:
            if reason.fate is not fate:
                fate = reason.fate
                yield f"    {fate_word(fate.value, texts)}"
            yield from (f"      {line}" for line in reason_lines(reason, texts, few))


def _how(report: CheckReport, texts: Texts) -> Iterator[str]:
    told = [(layer, layer_notes(layer, texts)) for layer in report.layers]
    if any(lines for _, lines in told):
        yield from _headed("how", texts)
    for layer, lines in told:
        if lines:
            yield f"  {role_word(layer.role, texts)} · {clean(layer.ledger.source)}"
            yield from (f"    {line}" for line in lines)


def _found(report: CheckReport, texts: Texts) -> Iterator[str]:
    yield from _headed("found", texts)
    yield found_line(report, texts)
    yield from (f"  {line}" for line in (homes_line(report, texts),) if line)
    yield from (f"  {line}" for line in facility_lines(report, texts))
    yield from (line for line in (absent_line(report, texts),) if line)
    if report.streets is not None:
        yield from _headed("streets", texts)
        yield from (f"  {line}" for line in street_lines(report, texts))
        yield from (f"  {line}" for line in margin_lines(report, texts))
    if report.people:
        yield from _headed("people", texts)
        yield from (f"  {people_line(total, texts)}" for total in report.people)


def columns(rows: Sequence[Sequence[str]], *, left: int) -> Iterator[str]:
    """Yield rows of cells as lines with aligned columns, the first `left` of them to the left."""
    widths = [max(map(width, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            _padded(cell, room, to_left=place < left)
            for place, (cell, room) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _padded(cell: str, room: int, *, to_left: bool) -> str:
    space = " " * (room - width(cell))
    return cell + space if to_left else space + cell


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese signs two, marks on letters none.

    Ambiguous signs count as one, as terminals have it unless told otherwise.
    """
    return sum(map(_columns_of, text))


def _columns_of(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
