"""The written report, to be edited further: a word processor's file of the briefing's contents."""

import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from circles.assessment import Assessment
from circles.check.model import CheckReport
from circles.check.rows import counts_of
from circles.check.words import role_word, say
from circles.check.words import verdict as check_verdict
from circles.explain import one_line, required, share_range, verdict_word
from circles.explain_rollup import counted_word, missing_range, target_word
from circles.reports.basis import basis_numbers
from circles.reports.data_lines import data_lines, open_lines
from circles.reports.document_parts import (
    NAME,
    Cell,
    Head,
    Judged,
    Paper,
    add_heading,
    add_note,
    add_picture,
    add_table,
    add_term,
    add_text,
    fit,
)
from circles.reports.document_styles import dress, font_table
from circles.reports.gap_lines import gap_lines
from circles.reports.key_points import key_points
from circles.reports.method import definitions
from circles.reports.other_lines import names_differ, other_lines
from circles.reports.overview import overview_facts
from circles.reports.rule_words import rule_words
from circles.reports.units import unit_lines
from circles.texts import Texts, load_texts

GAPS_SHOWN: Final = 30

_NO_DATE: Final = date(1980, 1, 1)
_FONT_TABLE: Final = "word/fontTable.xml"
_Section = tuple[str, Callable[[Paper], None]]


def write_document(
    assessment: Assessment,
    path: Path,
    *,
    lang: str,
    picture: bytes | None = None,
    check: CheckReport | None = None,
) -> None:
    """Write the report as ``.docx``; the parameters are those of `render_document`."""
    path.write_bytes(render_document(assessment, lang=lang, picture=picture, check=check))


def render_document(
    assessment: Assessment,
    *,
    lang: str,
    picture: bytes | None = None,
    check: CheckReport | None = None,
) -> bytes:
    """Return the report as a ``.docx`` file; the same arguments give the same bytes.

    Parameters
    ----------
    assessment
        The run.
    lang
        ``"zh"`` or ``"en"``.
    picture
        A map as PNG or JPEG; no map if not given.
    check
        What was found of the inputs, for the section on data quality.

    Raises
    ------
    InputError
        There are no texts in that language.
    """
    import docx

    texts = load_texts(lang)
    document = docx.Document()
    dress(document, texts)
    paper = Paper(document, texts)
    _describe(paper, assessment)
    _write_head(paper, assessment)
    for number, (name, write) in enumerate(_sections(assessment, picture, check), 1):
        counted = texts(f"document.number_{number}")
        title = texts(f"document.heading_{name}")
        add_heading(paper, texts("document.section", number=counted, title=title))
        write(paper)
    content = BytesIO()
    document.save(content)
    return _repacked(content.getvalue())


def _sections(
    assessment: Assessment, picture: bytes | None, check: CheckReport | None
) -> Iterator[_Section]:
    """Return the sections; those of units, of other rules and of the map where there are such."""
    yield "results", lambda paper: _write_results(paper, assessment)
    yield "gaps", lambda paper: _write_gaps(paper, assessment)
    if not assessment.unit_scores.empty:
        yield "units", lambda paper: _write_units(paper, assessment)
    if other_lines(assessment, load_texts("en")):
        yield "others", lambda paper: _write_others(paper, assessment)
    if picture is not None:
        yield "map", lambda paper: _write_map(paper, assessment, picture)
    yield "method", lambda paper: _write_method(paper, assessment)
    yield "assumptions", lambda paper: _write_assumptions(paper, assessment)
    yield "quality", lambda paper: _write_quality(paper, assessment, check)
    yield "sources", lambda paper: _write_sources(paper, assessment)


def _describe(paper: Paper, assessment: Assessment) -> None:
    """Set what the file says of itself, and drop what the template says."""
    properties = paper.document.core_properties
    made = datetime.combine(assessment.as_of or _NO_DATE, time(), UTC).replace(tzinfo=None)
    properties.title = _title(assessment, paper.texts)
    properties.subject = fit(assessment.standard.name[paper.texts.lang], longest=200)
    properties.author = properties.last_modified_by = "circles"
    properties.comments = paper.texts("words.fictional") if assessment.fictional else ""
    properties.language = "zh-CN" if paper.texts.lang == "zh" else "en-US"
    properties.created = properties.modified = made
    properties.revision = 1
    package: Any = paper.document.part.package
    for key, relation in list(package.rels.items()):
        if relation.reltype.endswith("/thumbnail"):
            del package.rels[key]


def _title(assessment: Assessment, texts: Texts) -> str:
    return texts("document.title", name=fit(assessment.name, longest=NAME))


def _write_head(paper: Paper, assessment: Assessment) -> None:
    texts, standard = paper.texts, assessment.standard
    add_heading(paper, _title(assessment, texts), level=0)
    words = {"standard": standard.name[texts.lang], "issuer": standard.issuer[texts.lang]}
    add_text(paper, texts("document.standard", **words), style="Subtitle")
    if assessment.as_of:
        when = texts("workbook.as_of", date=assessment.as_of.isoformat())
        add_text(paper, when, style="Subtitle")
    for notice in _notices(assessment, texts):
        add_text(paper, notice, style="Subtitle")
    section = paper.document.sections[0]
    if assessment.fictional:
        section.header.paragraphs[0].text = texts("words.fictional")
    _add_page_number(section.footer.paragraphs[0])


def _notices(assessment: Assessment, texts: Texts) -> Iterator[str]:
    if assessment.fictional:
        yield texts("words.fictional_note")
    if not assessment.walked:
        yield texts("no_network.notice")


def _add_page_number(paragraph: Any) -> None:
    """Add a field that counts the pages."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for name in ("PAGE", "NUMPAGES"):
        if name == "NUMPAGES":
            paragraph.add_run(" / ")
        field = (
            f'<w:fldSimple {nsdecls("w")} w:instr="{name}"><w:r><w:t>1</w:t></w:r></w:fldSimple>'
        )
        paragraph._p.append(parse_xml(field))  # noqa: SLF001 - no other way


def _write_results(paper: Paper, assessment: Assessment) -> None:
    texts = paper.texts
    for label, text in overview_facts(assessment, texts):
        add_term(paper, label, text, close=True)
    for point in key_points(assessment, texts):
        add_text(paper, point, indent=True)
    if assessment.rollups.empty:
        add_text(paper, texts("document.no_targets"), indent=True)
        return
    heads = (
        Head(texts("document.target"), 2.2),
        Head(texts("document.counted"), 1.6),
        Head(texts("document.met_of"), 1.2, centred=True),
        Head(texts("document.share"), 1.2, centred=True),
        Head(texts("document.needed"), 1.0, centred=True),
        Head(texts("document.missing"), 1.0, centred=True),
        Head(texts("document.deadline"), 1.3, centred=True),
        Head(texts("document.verdict"), 1.2, centred=True),
    )
    rows = [_target(row, assessment, texts) for row in assessment.rollups.to_dict("records")]
    add_table(paper, heads, rows)


def _target(row: Any, assessment: Assessment, texts: Texts) -> list[Cell]:
    needed, deadline = float(row["min_share"]), row["deadline"]
    return [
        target_word(row, assessment.standard, texts),
        counted_word(row, texts),
        f"{row['met']:,} / {row['denominator']:,}",
        share_range(row["share_low"], row["share_high"], texts, needed=needed),
        required(needed),
        missing_range(row, texts),
        deadline.isoformat() if isinstance(deadline, date) else "",
        Judged(verdict_word(row, texts), str(row["verdict"])),
    ]


def _write_gaps(paper: Paper, assessment: Assessment) -> None:
    texts = paper.texts
    count = int((assessment.verdicts["verdict"] == "not_met").sum())
    if not count:
        key = "workbook.no_gaps" if assessment.walked else "workbook.gaps_unknown"
        others = (assessment.findings["verdict"] == "not_met").any()
        add_text(paper, texts("briefing.gaps_others" if others and assessment.walked else key))
        return
    lines = gap_lines(assessment, texts, most=GAPS_SHOWN)
    if count > len(lines):
        add_note(paper, texts("document.gaps_some", count=f"{count:,}", shown=len(lines)))
    heads = (
        Head(texts("document.rank"), 0.5, centred=True),
        Head(texts("workbook.community"), 1.6),
        Head(texts("workbook.street"), 1.3),
        Head(texts("document.service"), 1.7),
        Head(texts("document.short"), 1.1),
        Head(texts("document.share_needed"), 1.2, centred=True),
        Head(texts("document.way"), 1.2),
    )
    rows: list[list[Cell]] = [
        [
            str(number),
            fit(line.community, longest=NAME),
            fit(line.street, longest=NAME),
            line.service,
            line.shortfall,
            f"{line.share} / {line.needed}",
            line.way,
        ]
        for number, line in enumerate(lines, 1)
    ]
    add_table(paper, heads, rows, optional=(2,))


def _write_units(paper: Paper, assessment: Assessment) -> None:
    texts = paper.texts
    tiers = [one_line(tier.name[texts.lang]) for tier in assessment.standard.tiers]
    add_note(paper, texts("document.units_note"))
    heads = (
        Head(texts("workbook.unit_level"), 0.8),
        Head(texts("workbook.unit"), 1.6),
        Head(texts("document.communities"), 1.2, centred=True),
        *(
            head
            for tier in tiers
            for head in (
                Head(texts("document.tier_met", tier=tier), 1.2, centred=True),
                Head(texts("document.tier_score", tier=tier), 1.2, centred=True),
            )
        ),
    )
    rows = [
        [
            line.level,
            fit(line.name, longest=NAME) or texts("words.no_unit"),
            f"{line.communities:,}",
            *(
                cell
                for tier in line.tiers
                for cell in (f"{tier.met:,} / {tier.denominator:,}", tier.score)
            ),
        ]
        for line in unit_lines(assessment, texts)
    ]
    add_table(paper, heads, rows)


def _write_others(paper: Paper, assessment: Assessment) -> None:
    texts = paper.texts
    add_note(paper, texts("document.others_note"))
    heads = (
        Head(texts("document.rule"), 2.0),
        Head(texts("workbook.unit"), 1.2),
        Head(texts("document.found"), 2.0),
        Head(texts("document.needed"), 1.4),
        Head(texts("document.verdict"), 1.2, centred=True),
    )
    lines = other_lines(assessment, texts)
    several = names_differ(lines, assessment)
    rows: list[list[Cell]] = [
        [
            line.rule,
            fit(line.unit, longest=NAME) if several else "",
            line.found,
            line.required,
            Judged(verdict_word(line.verdict, texts), line.verdict),
        ]
        for line in lines
    ]
    add_table(paper, heads, rows, optional=(1,))


def _write_map(paper: Paper, assessment: Assessment, picture: bytes) -> None:
    name = fit(assessment.name, longest=NAME)
    add_picture(paper, picture, caption=paper.texts("document.map_caption", name=name))


def _write_method(paper: Paper, assessment: Assessment) -> None:
    texts, standard = paper.texts, assessment.standard
    for term, meaning in definitions(assessment, texts):
        add_term(paper, term, meaning)
    add_heading(paper, texts("workbook.heading_requirements"), level=2)
    heads = (
        Head(texts("document.rule"), 1.5),
        Head(texts("document.asks"), 4.0),
        Head(texts("document.basis"), 1.3),
    )
    rows = [
        [
            one_line(rule.name[texts.lang]),
            rule_words(rule, standard, texts),
            basis_numbers(rule, standard, texts),
        ]
        for rule in standard.rules
    ]
    add_table(paper, heads, rows)
    if standard.not_evaluated:
        add_heading(paper, texts("workbook.heading_not_evaluated"), level=2)
        _add_numbered(paper, [text[texts.lang] for text in standard.not_evaluated])


def _write_assumptions(paper: Paper, assessment: Assessment) -> None:
    texts, standard = paper.texts, assessment.standard
    if not standard.assumptions and not assessment.assumptions:
        add_text(paper, texts("document.no_assumptions"))
    for number, assumption in enumerate(standard.assumptions, 1):
        label = texts("workbook.of_standard", number=number)
        add_term(paper, label, assumption.text[texts.lang])
    for note in assessment.assumptions:
        add_term(paper, texts("workbook.of_run"), say(note, texts))


def _write_quality(paper: Paper, assessment: Assessment, check: CheckReport | None) -> None:
    texts = paper.texts
    _add_numbered(paper, [say(note, texts) for note in assessment.warnings])
    if not assessment.warnings:
        add_text(paper, texts("document.no_warnings"))
    layers: list[list[Cell]] = [
        [line.name, line.count, fit(line.origin, longest=200), line.off_network]
        for line in data_lines(assessment, texts)
    ]
    heads = ("layer", 1.6), ("count", 0.8), ("origin", 2.0), ("off_network", 0.8)
    add_table(paper, [Head(texts(f"document.{name}"), share) for name, share in heads], layers)
    if reasons := open_lines(assessment, texts):
        add_heading(paper, texts("document.open"), level=2)
        heads_open = (Head(texts("document.reason"), 4.0), Head(texts("document.verdicts"), 1.0))
        add_table(paper, heads_open, [[line.reason, f"{line.count:,}"] for line in reasons])
    if check is not None:
        _write_check(paper, check)


def _write_check(paper: Paper, check: CheckReport) -> None:
    texts = paper.texts
    add_heading(paper, texts("document.rows"), level=2)
    add_text(paper, check_verdict(check, texts))
    names = ("layer", "read", "used", "repaired", "doubtful", "set_aside")
    heads = [Head(texts(f"check.{name}"), 2.0 if name == "layer" else 0.8) for name in names]
    rows = []
    for layer in check.layers:
        counts = counts_of(layer.ledger)
        figures = (counts.read, counts.used, counts.repaired, counts.doubtful, counts.set_aside)
        rows.append([role_word(layer.role, texts), *(f"{count:,}" for count in figures)])
    add_table(paper, heads, rows)


def _write_sources(paper: Paper, assessment: Assessment) -> None:
    texts = paper.texts
    heads = (
        Head(texts("document.rank"), 0.5, centred=True),
        Head(texts("document.document"), 2.2),
        Head(texts("document.quote"), 3.2),
        Head(texts("document.status"), 0.9),
    )
    rows = []
    for number, source in enumerate(assessment.standard.sources, 1):
        document = source.document[texts.lang]
        place = source.place[texts.lang] if source.place else ""
        named = texts("explain.place", document=document, place=place) if place else document
        status = texts(f"words.status_{source.status}")
        rows.append([str(number), named, source.quote or "", status])
    if rows:
        add_table(paper, heads, rows)
    invented = "briefing.footer_invented" if assessment.fictional else "briefing.footer"
    add_note(paper, texts(invented if assessment.walked else "no_network.footer"))


def _add_numbered(paper: Paper, sentences: list[str]) -> None:
    for number, sentence in enumerate(sentences, 1):
        add_text(paper, paper.texts("workbook.numbered", number=number, what=sentence))


def _repacked(content: bytes) -> bytes:
    """Return the file with fixed times in it, and with the substitutes for its fonts."""
    packed = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, font_table() if name == _FONT_TABLE else old.read(name))
    return packed.getvalue()
