"""A check as a page: self-contained HTML, each row that was not simply used with its reason."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import jinja2

from circles.check.model import CheckReport
from circles.check.rows import counts_of, reasons_of
from circles.check.words import (
    Few,
    about,
    absent_line,
    clean,
    facility_lines,
    found_line,
    heading,
    homes_line,
    layer_notes,
    margin_lines,
    people_line,
    role_word,
    rows_word,
    say,
    street_lines,
    verdict,
)
from circles.explain import percent, service_word
from circles.maps.offline import HTML_LANG, page_asset, seal
from circles.quality import LayerRecord, Severity
from circles.texts import Texts, load_texts

#: Of one kind of reason so many different sentences; all are in the JSON file.
_ON_A_PAGE: Final = Few(cases=500)
_FATES: Final = ("read", "used", "repaired", "doubtful", "set_aside")


def write_check_page(report: CheckReport, path: Path, *, lang: str = "zh") -> None:
    """Write a check as a page; see `render_check`."""
    # No half of a sign is left after cleaning, but the template need not know.
    path.write_text(render_check(report, lang=lang), "utf-8", "replace", "\n")


def render_check(report: CheckReport, *, lang: str = "zh") -> str:
    """Return a check as HTML that asks for nothing outside itself.

    The same report gives the same bytes.

    Parameters
    ----------
    report
        The check.
    lang
        ``"zh"`` or ``"en"``.

    Raises
    ------
    InputError
        There are no texts in that language.
    """
    texts = load_texts(lang)
    layers = [_layer(layer, texts) for layer in report.layers]
    page = _template().render(
        t=lambda key: texts(f"check.{key}"),
        h=lambda name: heading(name, texts),
        service=lambda name: service_word(name, texts) if name else texts("check.demand_points"),
        clean=clean,
        percent=percent,
        html_lang=HTML_LANG[texts.lang],
        style=page_asset("verdicts.css"),
        title=texts("check.title", name=clean(report.name)),
        about=about(report, texts),
        verdict=verdict(report, texts),
        report=report,
        stops=_said(report, Severity.STOP, texts),
        warnings=_said(report, Severity.WARNING, texts),
        notes=_said(report, Severity.NOTE, texts),
        fates=_FATES,
        layers=layers,
        how=any(layer["notes"] for layer in layers),
        found=[
            line
            for line in (
                found_line(report, texts),
                homes_line(report, texts),
                absent_line(report, texts),
            )
            if line
        ],
        facilities=list(facility_lines(report, texts)),
        people=[people_line(total, texts) for total in report.people],
        streets=list(street_lines(report, texts)),
        margins=list(margin_lines(report, texts)),
    )
    return seal(page)


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("circles.check", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("check.html")


def _said(report: CheckReport, severity: Severity, texts: Texts) -> list[str]:
    return [say(note, texts) for note in report.of(severity)]


def _layer(layer: LayerRecord, texts: Texts) -> dict[str, Any]:
    return {
        "role": role_word(layer.role, texts),
        "source": clean(layer.ledger.source),
        "counts": asdict(counts_of(layer.ledger)),
        "reasons": list(_reasons(layer, texts)),
        "notes": layer_notes(layer, texts),
    }


def _reasons(layer: LayerRecord, texts: Texts) -> Iterator[tuple[str, str, str]]:
    """Yield what became of rows, which rows these are, and why."""
    for reason in reasons_of(layer.ledger):
        shown = reason.cases[: _ON_A_PAGE.cases]
        for case in shown:
            yield reason.fate.value, rows_word(case.rows, texts), say(case.note, texts)
        left = sorted({row for case in reason.cases[len(shown) :] for row in case.rows})
        if left:
            yield reason.fate.value, rows_word(left, texts), texts("check.in_json")
