"""What is handed in beside the pages: the report as DOCX and PDF, and a map of each service."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from circles.assessment import Assessment
from circles.check.model import CheckReport
from circles.maps.content import Edition
from circles.pictures.fonts import machine_fonts
from circles.pictures.maps import map_figure
from circles.pictures.png import png
from circles.pictures.views import tier_views
from circles.reports.briefing import render_briefing
from circles.reports.document import write_document
from circles.reports.pdf import write_pdf
from circles.texts import Note, load_texts

Document = Literal["docx", "pdf", "maps"]
DOCUMENTS: Final[tuple[Document, ...]] = get_args(Document)

Progress = Callable[[str, float], None]

_DOCX: Final = "briefing.docx"
_PDF: Final = "briefing.pdf"
#: The folder, within the results, that holds the maps.
_MAPS: Final = "maps"
_DOCX_DPI: Final = 200


@dataclass(frozen=True)
class Handouts:
    """What was written.

    Parameters
    ----------
    names
        The files, relative to the results folder.
    notes
        What is not there, or not complete, and why.
    """

    names: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


def handout_names(documents: Sequence[Document] = DOCUMENTS) -> tuple[str, ...]:
    """Return what `write_handouts` writes: files, and the folder of the maps.

    Parameters
    ----------
    documents
        Some of `DOCUMENTS`.
    """
    known = {"docx": _DOCX, "pdf": _PDF, "maps": _MAPS}
    return tuple(known[name] for name in DOCUMENTS if name in documents)


def write_handouts(
    assessment: Assessment,
    folder: Path,
    *,
    documents: Sequence[Document],
    lang: str,
    edition: Edition,
    templates: Path | None = None,
    check: CheckReport | None = None,
    progress: Progress = lambda _step, _share: None,
) -> Handouts:
    """Write the documents asked for; the same assessment gives the same bytes on one machine.

    Parameters
    ----------
    assessment
        One district's results.
    folder
        The results folder; maps go into its folder ``maps``, which is made.
    documents
        Some of `DOCUMENTS`.
    lang
        ``"zh"`` or ``"en"``.
    edition
        How maps are published; of it, the review number.
    templates
        A folder with own templates; see `circles.reports.pages.render_page`.
    check
        What was found of the inputs before anything was scored.
    progress
        Called with a file's name and the share of the work done, 0-1.

    Raises
    ------
    InputError
        An own template cannot be filled.
    OutputError
        The browser that should print the PDF failed.
    """
    made = Handouts()
    if "maps" in documents:
        made = _write_maps(assessment, folder, lang=lang, edition=edition, progress=progress)
    if "docx" in documents:
        progress(_DOCX, 0.75)
        picture = _picture(assessment, lang=lang, edition=edition)
        write_document(assessment, folder / _DOCX, lang=lang, picture=picture, check=check)
        made = Handouts((*made.names, _DOCX), made.notes)
    if "pdf" in documents:
        progress(_PDF, 0.85)
        paper = render_briefing(
            assessment, map_html=None, lang=lang, templates=templates, edition=edition, check=check
        )
        missing = write_pdf(paper, folder / _PDF, as_of=assessment.as_of)
        names = made.names if missing else (*made.names, _PDF)
        made = Handouts(names, (*made.notes, *([missing] if missing else [])))
    return made


def _write_maps(
    assessment: Assessment, folder: Path, *, lang: str, edition: Edition, progress: Progress
) -> Handouts:
    from circles.pictures.files import write_static_maps

    (folder / _MAPS).mkdir(exist_ok=True)
    written = write_static_maps(
        assessment,
        folder / _MAPS,
        lang=lang,
        edition=edition,
        progress=lambda name, share: progress(f"{_MAPS}/{name}", 0.7 * share),
    )
    return Handouts(tuple(f"{_MAPS}/{name}" for name in written.names), written.notes)


def _picture(assessment: Assessment, *, lang: str, edition: Edition) -> bytes:
    """Draw the map that the report shows: the first circle's, in the fonts of this machine."""
    fonts = machine_fonts()
    texts = load_texts(lang) if fonts.chinese else load_texts("en")
    view = tier_views(assessment, texts)[0]
    scene = map_figure(assessment, view, texts, edition=edition)
    return png(scene, dpi=_DOCX_DPI, fonts=fonts)
