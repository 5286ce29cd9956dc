"""What a written report is made of: headings, paragraphs, tables and pictures, from safe texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from circles.check.words import clean
from circles.reports.document_styles import NOTE, TABLE_HEAD, TABLE_TEXT, TEXT_WIDTH_MM
from circles.reports.safe_text import xml_text
from circles.texts import Texts

if TYPE_CHECKING:
    from docx.document import Document

NAME: Final = 60
"""A longer name is cut, and ends by showing so."""
_SENTENCE: Final = 4000
_TWIPS_PER_MM: Final = 1440 / 25.4
_INK, _LINE = "1F4E5F", "B8C4C9"
_GAP: Final = 60
"""Twips between a cell's border and its text."""
_FILLS: Final = {
    "met": "D7EFDD",
    "not_met": "FADAD5",
    "insufficient_data": "FFF1C9",
    "not_applicable": "ECEFF0",
}


@dataclass(frozen=True)
class Paper:
    """A document that is being written, and the words it is written in."""

    document: "Document"
    texts: Texts


@dataclass(frozen=True)
class Judged:
    """A cell's text, and the verdict that colours the cell; it has none if empty."""

    text: str
    verdict: str = ""


Cell = str | Judged


@dataclass(frozen=True)
class Head:
    """A column's heading, and how much of the width the column takes beside the others."""

    text: str
    share: float = 1.0
    centred: bool = False


def fit(text: str, *, longest: int = _SENTENCE) -> str:
    """Return a text in one line, without signs that XML or a reader could not stand."""
    return clean(" ".join(xml_text(text).split()), longest=longest)


def add_heading(paper: Paper, text: str, *, level: int = 1) -> None:
    """Add a heading: 0 is the title, 1 a section, 2 a part of one."""
    paper.document.add_heading(fit(text, longest=200), level)


def add_text(paper: Paper, text: str, *, style: str = "Normal", indent: bool = False) -> None:
    """Add a paragraph; Chinese text begins two signs in, if `indent`."""
    paragraph: Any = paper.document.add_paragraph(fit(text), style)
    if indent and paper.texts.lang == "zh":
        from docx.oxml.ns import qn

        place = paragraph._p.get_or_add_pPr().get_or_add_ind()  # noqa: SLF001 - no other way
        place.set(qn("w:firstLineChars"), "200")


def add_note(paper: Paper, text: str) -> None:
    """Add a remark in smaller letters."""
    add_text(paper, text, style=NOTE)


def add_term(paper: Paper, term: str, meaning: str, *, close: bool = False) -> None:
    """Add a paragraph that begins with a word in bold; without space after it, if `close`."""
    from docx.shared import Pt

    paragraph = paper.document.add_paragraph()
    if close:
        paragraph.paragraph_format.space_after = Pt(0)
    paragraph.add_run(paper.texts("document.term", term=fit(term))).bold = True
    paragraph.add_run(fit(meaning))


def add_table(
    paper: Paper,
    heads: Sequence[Head],
    rows: Sequence[Sequence[Cell]],
    *,
    optional: Sequence[int] = (),
) -> None:
    """Add a table as wide as the text; its headings stand again on each page.

    Parameters
    ----------
    paper
        The document.
    heads
        The columns.
    rows
        The cells; no row of cells is broken between pages.
    optional
        Columns, by number, that give their room to the others where no row has a word in them.
    """
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    kept = [i for i in range(len(heads)) if i not in optional or any(row[i] for row in rows)]
    heads, rows = [heads[i] for i in kept], [[row[i] for i in kept] for row in rows]
    whole = sum(head.share for head in heads)
    widths = [round(TEXT_WIDTH_MM * _TWIPS_PER_MM * head.share / whole) for head in heads]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    lines = [_row([head.text for head in heads], heads, widths, head=True)]
    lines += [_row(cells, heads, widths, head=False) for cells in rows]
    # Built as text: python-docx takes seconds for tables of some hundred cells.
    table = parse_xml(
        f"<w:tbl {nsdecls('w')}><w:tblPr><w:tblW w:w='5000' w:type='pct'/>{_borders()}"
        f"<w:tblLayout w:type='fixed'/>{_margins()}<w:tblLook w:firstRow='1'/></w:tblPr>"
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(lines)}</w:tbl>"
    )
    after: Any = paper.document.add_paragraph(style=NOTE)
    after._p.addprevious(table)  # noqa: SLF001 - no other way


def add_picture(paper: Paper, picture: bytes, *, caption: str) -> None:
    """Add a picture as wide as the text, with words for those who cannot see it.

    Parameters
    ----------
    paper
        The document.
    picture
        A PNG or JPEG file.
    caption
        What stands below it.
    """
    from docx.shared import Mm

    shape: Any = paper.document.add_picture(BytesIO(picture), width=Mm(TEXT_WIDTH_MM))
    inline = shape._inline  # noqa: SLF001 - no other way
    inline.docPr.set("descr", fit(caption, longest=200))
    # Where no distance is given, LibreOffice takes an eighth of an inch: beyond the margin.
    for side in "TBLR":
        inline.set(f"dist{side}", "0")
    paper.document.paragraphs[-1].paragraph_format.keep_with_next = True
    add_text(paper, caption, style="Caption")


def _row(cells: Sequence[Cell], heads: Sequence[Head], widths: Sequence[int], *, head: bool) -> str:
    shown = "".join(
        _cell(cell, width, head=head, centred=column.centred)
        for cell, column, width in zip(cells, heads, widths, strict=True)
    )
    again = "<w:tblHeader/>" if head else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{again}</w:trPr>{shown}</w:tr>"


def _cell(cell: Cell, width: int, *, head: bool, centred: bool) -> str:
    text, verdict = (cell.text, cell.verdict) if isinstance(cell, Judged) else (cell, "")
    fill = _INK if head else _FILLS.get(verdict, "")
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>' if fill else ""
    style = (TABLE_HEAD if head else TABLE_TEXT).replace(" ", "")
    place = '<w:jc w:val="center"/>' if centred and not head else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}<w:vAlign w:val="center"/>'
        f'</w:tcPr><w:p><w:pPr><w:pStyle w:val="{style}"/>{place}</w:pPr>'
        f'<w:r><w:t xml:space="preserve">{escape(fit(text))}</w:t></w:r></w:p></w:tc>'
    )


def _margins() -> str:
    sides = "".join(f'<w:{side} w:w="{_GAP}" w:type="dxa"/>' for side in ("left", "right"))
    return f"<w:tblCellMar>{sides}</w:tblCellMar>"


def _borders() -> str:
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    lines = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="{_LINE}"/>' for side in sides
    )
    return f"<w:tblBorders>{lines}</w:tblBorders>"
