"""The files of a district's static maps: one SVG and one PNG for each tier and each service."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from circles.assessment import Assessment
from circles.maps.content import Edition
from circles.maps.views import views as map_views
from circles.pictures.fonts import has_chinese, machine_fonts
from circles.pictures.kept import Kept
from circles.pictures.maps import map_sheet, sheet_backdrop
from circles.pictures.png import png
from circles.pictures.svg import svg_file
from circles.pictures.views import View, service_views, tier_views
from circles.texts import Note, Texts, load_texts

Progress = Callable[[str, float], None]

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")


@dataclass(frozen=True)
class StaticMaps:
    """What was written.

    Parameters
    ----------
    names
        The files' names, in the order of the views.
    notes
        What a reader must know of them, such as that there is no font for their names.
    """

    names: tuple[str, ...]
    notes: tuple[Note, ...]


def write_static_maps(
    assessment: Assessment,
    folder: Path,
    *,
    lang: str,
    edition: Edition | None = None,
    progress: Progress = lambda _step, _share: None,
) -> StaticMaps:
    """Write a map of each tier and each service, as SVG and as PNG of 300 dots per inch.

    The same assessment gives the same bytes; those of a PNG depend on the machine's font, too.

    Parameters
    ----------
    assessment
        One district's results.
    folder
        Where to write; it exists.
    lang
        ``"zh"`` or ``"en"``. Where no font of this machine has Chinese characters, the PNG have
        English words and no Chinese names, and a note says so.
    edition
        How maps are published; of it, the review number.
    progress
        Called with a file's name and the share of the work done, 0-1.
    """
    texts, fonts = load_texts(lang), machine_fonts()
    lettered = texts if fonts.chinese else load_texts("en")
    views = _views(assessment, texts)
    others = views if lettered is texts else _views(assessment, lettered)
    sheets = list(zip(views, others, strict=True))
    backdrop = sheet_backdrop(assessment)
    lines: Kept[str] = Kept(backdrop.parts)
    paths: Kept[Any] = Kept(backdrop.parts)
    names: list[str] = []
    missed = False
    for number, (view, drawn) in enumerate(sheets):
        stem = _stem(view, number)
        progress(f"{stem}.png", number / len(sheets))
        scene = map_sheet(assessment, view, texts, edition=edition, backdrop=backdrop)
        source = svg_file(scene, kept=lines)
        (folder / f"{stem}.svg").write_text(source, "utf-8", newline="\n")
        if fonts.chinese is None:
            missed = missed or has_chinese(source)
            scene = map_sheet(
                assessment, drawn, lettered, edition=edition, named=False, backdrop=backdrop
            )
        (folder / f"{stem}.png").write_bytes(png(scene, fonts=fonts, kept=paths))
        names += [f"{stem}.svg", f"{stem}.png"]
    notes = (Note.of("charts.font_missing"),) if missed else ()
    return StaticMaps(tuple(names), notes)


def _views(assessment: Assessment, texts: Texts) -> list[View]:
    found = map_views(assessment, texts)
    tiers = tier_views(assessment, texts, found=found)
    return [*tiers, *service_views(assessment, texts, found=found)]


def _stem(view: View, number: int) -> str:
    """Return a file's name without its ending; an id that is none gives way to a number."""
    kind = "service" if view.rule else "circle"
    own = view.id if _PLAIN.fullmatch(view.id) else str(number + 1)
    return f"{kind}-{own}" if view.id else "all"
