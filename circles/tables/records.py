"""The records of a table: its rows below the header, without those that are none."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from circles.errors import FaultsError
from circles.tables.columns import rows_in_words
from circles.tables.folding import folded
from circles.tables.grid import Grid, Merge, Row, is_number
from circles.tables.headers import Header
from circles.tables.ledger import Fate, RowEvent, doubtful, repaired, set_aside
from circles.tables.vocabulary import AMOUNTS, match_columns
from circles.texts import Note

_TOTAL: Final = re.compile(
    r".{0,12}(合计|总计|小计|共计)([(:].{0,12})?\d*[人个张户处家]?|(grand|sub)?total:?|sum:?"
)
#: What a total must have, looked for first: folding each first cell of a long table takes long.
_LIKE_A_TOTAL: Final = re.compile(r"[计計]|total|sum", re.IGNORECASE)
_FOOTNOTE: Final = re.compile(
    r"[(\[]?(单位|计量单位|注|备注|说明|填表说明|填表人|制表人|制表|审核人|审核|负责人|填报人|填报单位|填报日期|资料来源|数据来源|来源|"
    r"note|notes|source)\d*[::].*"
)
#: What people who fill in forms sign with: 填表日期:2026-06-30.
_LABELLED: Final = re.compile(r".{1,10}:.{0,40}")
_ERROR_CELL: Final = re.compile(r"#(N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!)")
#: A code of eight digits and more in the form that a spreadsheet shows when it takes it for a sum.
_SCIENTIFIC: Final = re.compile(r"\d(\.\d+)?[eE]\+?(0?[89]|[12]\d)")
_MAX_FILLED: Final = 5_000_000
_FOOTNOTE_CELLS: Final = 2
#: A cell over most of so many columns is the heading of a section, over fewer it may be anything.
_WIDE: Final = 4
#: Other words in a row of totals are no longer than a unit or a dash.
_LONGEST_ASIDE: Final = 3


@dataclass(frozen=True)
class Records:
    """The records of a table.

    Parameters
    ----------
    frame
        Index `row`; cells are text or None.
    read
        How many rows stand below the header, those that are no records among them.
    events
        What happened to single rows.
    facts
        What happened to columns.
    """

    frame: pd.DataFrame
    read: int
    events: tuple[RowEvent, ...]
    facts: tuple[Note, ...]


def records_of(grid: Grid, header: Header, path: Path) -> Records:
    """Return the records below a header.

    Rows of totals, footnotes, headers that are repeated on each page and, in a text table, rows
    that are longer than the header are set aside. Merged cells are filled.

    Raises
    ------
    FaultsError
        More rows than not are longer than the header.
    """
    rows = [(number, list(cells)) for number, cells in grid.rows if number > header.end]
    aside = [*_too_long(rows, header, path), *_no_records(rows, header, grid.merges)]
    known = [e for e in grid.events if e.row > header.end or e.fate is not Fate.SET_ASIDE]
    out = {event.row for event in (*known, *aside) if event.fate is Fate.SET_ASIDE}
    events = [*known, *aside]
    kept = [(number, _padded(cells, len(header.names))) for number, cells in rows]
    kept = [(number, cells) for number, cells in kept if number not in out]
    events += _fill_merges(kept, grid.merges, header)
    events += _blank_errors(kept, header.names)
    frame = pd.DataFrame(
        [cells for _, cells in kept],
        index=pd.Index([number for number, _ in kept], name="row", dtype="int64"),
        columns=list(header.names),
        dtype=object,
    )
    named = [c for c in frame.columns if not _is_nameless(c, header) or frame[c].notna().any()]
    facts = []
    if len(named) < frame.shape[1]:
        facts.append(Note.of("reading.empty_columns", count=frame.shape[1] - len(named)))
    frame = frame[named] if len(named) < frame.shape[1] else frame
    events += _damaged_codes(frame)
    return Records(frame, len(rows), tuple(events), tuple(facts))


def _padded(cells: list[str | None], width: int) -> list[str | None]:
    if len(cells) == width:
        return cells
    return [*cells, *[None] * (width - len(cells))][:width]


def _is_nameless(column: str, header: Header) -> bool:
    place = header.names.index(column)
    return column == f"column {place + 1}"


def _too_long(rows: Sequence[Row], header: Header, path: Path) -> list[RowEvent]:
    width = len(header.names)
    long = [number for number, cells in rows if len(cells) > width]
    if len(long) * 2 > len(rows):
        verb = "has" if len(long) == 1 else "have"
        fault = f"{rows_in_words(long)} {verb} more cells than the header's {width}"
        raise FaultsError(str(path), [fault])
    return set_aside(long, Note.of("reading.too_long", columns=width))


def _no_records(rows: Sequence[Row], header: Header, merges: Sequence[Merge]) -> Iterator[RowEvent]:
    again = [folded(name) for name in header.names]
    wide = {m.top for m in merges if (m.right - m.left + 1) * 2 > max(len(again), _WIDE)}
    for number, cells in rows:
        first = next(cell for cell in cells if cell is not None)
        if _is_total(first, cells):
            yield from set_aside([number], Note.of("reading.totals_row", text=first[:40]))
        elif _is_footnote(first, cells, width=len(again)):
            yield from set_aside([number], Note.of("reading.footnote", text=first[:40]))
        elif number in wide and len(cells) - cells.count(None) == 1:
            yield from set_aside([number], Note.of("reading.section_row", text=first[:40]))
        elif len(again) > 1 and folded(cells[0] or "") == again[0]:  # the rest is seldom looked at
            same = [folded(cell or "") for cell in cells] == again
            yield from set_aside([number] * same, Note.of("reading.header_again"))


def _is_total(first: str, cells: Sequence[str | None]) -> bool:
    """Whether a row is one of totals: no other words stand in it, as in one of a place would."""
    if not _LIKE_A_TOTAL.search(first) or not _TOTAL.fullmatch(folded(first)):
        return False
    others = [cell for cell in cells if cell is not None and not is_number(cell)][1:]
    return not any(len(folded(cell)) > _LONGEST_ASIDE for cell in others)


def _is_footnote(first: str, cells: Sequence[str | None], *, width: int) -> bool:
    filled = [cell for cell in cells if cell is not None]
    few = len(filled) <= _FOOTNOTE_CELLS < width
    labels = len(filled) > 1 and all(_LABELLED.fullmatch(folded(cell)) for cell in filled)
    return (few or labels) and _FOOTNOTE.fullmatch(folded(first)) is not None


def _fill_merges(
    rows: Sequence[Row], merges: Sequence[Merge], header: Header
) -> Iterator[RowEvent]:
    """Fill merged cells of the records in place; sums stay with their first row."""
    if not merges or not rows:
        return
    cells_of = dict(rows)
    amounts = _amount_places(header)
    filled = 0
    for merge in merges:
        source = cells_of.get(merge.top)
        if source is None or merge.left >= len(source) or source[merge.left] is None:
            continue
        value, column = source[merge.left], header.names[merge.left]
        keeps = merge.left in amounts and is_number(value)
        touched = []
        for number in range(merge.top, merge.bottom + 1):
            if number not in cells_of:
                continue
            filled += 1
            if filled > _MAX_FILLED:
                return
            touched += [number] if number != merge.top or merge.right > merge.left else []
            if not keeps:
                _fill(cells_of[number], merge, value)
        note = Note.of(
            "reading.merged_amount" if keeps else "reading.merged",
            column=column,
            value=str(value)[:40],
            first=merge.top,
        )
        yield from doubtful(touched, note) if keeps else repaired(touched, note)


def _fill(cells: list[str | None], merge: Merge, value: str | None) -> None:
    for column in range(merge.left, min(merge.right + 1, len(cells))):
        cells[column] = cells[column] or value


def _amount_places(header: Header) -> set[int]:
    found = match_columns(pd.DataFrame(columns=list(header.names)), AMOUNTS).columns.values()
    return {header.names.index(column) for column in found}


def _blank_errors(rows: Sequence[Row], names: Sequence[str]) -> Iterator[RowEvent]:
    """Empty the cells in which a formula failed, in place."""
    for number, cells in rows:
        for place, cell in enumerate(cells):
            if cell is not None and cell.startswith("#") and _ERROR_CELL.fullmatch(cell):
                cells[place] = None
                note = Note.of("reading.error_cell", column=names[place], value=cell)
                yield from doubtful([number], note)


def _damaged_codes(frame: pd.DataFrame) -> Iterator[RowEvent]:
    """Name the rows whose codes a spreadsheet turned into figures, losing digits."""
    for column in frame.columns:
        cells = frame[column]
        # Most columns hold no such cell: one look at the text of all of them is enough.
        if not any(cell is not None and ("E" in cell or "e" in cell) for cell in cells):
            continue
        hit = [
            int(row)
            for row, cell in zip(frame.index.tolist(), cells, strict=True)
            if cell is not None and _SCIENTIFIC.fullmatch(cell)
        ]
        if hit:
            note = Note.of("reading.damaged_code", column=column, example=str(cells.loc[hit[0]]))
            yield from doubtful(hit, note)
