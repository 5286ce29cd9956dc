"""The workbook's sheets of words: what was assumed, and what was computed by which rules."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from circles.assessment import Assessment
from circles.communities import SETTINGS
from circles.explain import (
    documents_word,
    group_word,
    one_line,
    percent,
    profile_word,
    range_word,
    required,
    service_word,
)
from circles.reports.basis import basis_numbers
from circles.reports.overview import about_facts
from circles.reports.rule_words import rule_words
from circles.reports.sheets import Book, add_sheet, row_height, write_heading, write_text
from circles.reports.units import way_lines
from circles.standards.model import AccessRule, Rule, Tier
from circles.texts import Texts
from circles.walkers import describe_walker

_WIDTHS = (28, 84, 40, 24)
_DEFINITIONS = (
    "network",
    "joining",
    "time",
    "group",
    "coverage",
    "verdict",
    "range",
    "tier",
    "score",
    "rollup",
    "shortfall",
    "map_edge",
)

_FEW = 6
"""So many names are listed; the requirements tell of all on what they rest."""

Row = tuple[str, ...]
"""The cells of a line, from the left; those on the right may be missing."""
Section = tuple[str, Iterable[Row]]
"""A section's name and its lines."""


def write_method(book: Book, assessment: Assessment, *, label: str) -> None:
    """Write the sheet on method, sources and assumptions.

    Parameters
    ----------
    book
        The workbook.
    assessment
        The run.
    label
        The label of invented data; nothing if empty.
    """
    texts = book.texts
    title = texts("workbook.sheet_method")
    sheet, row = add_sheet(book, title, [title], label=label, landscape=True)
    for index, width in enumerate(_WIDTHS):
        sheet.set_column(index, index, width)
    sections: tuple[Section, ...] = (
        ("about", about_facts(assessment, texts)),
        ("definitions", definitions(assessment, texts)),
        ("requirements", _requirements(assessment, texts)),
        ("profiles", _profiles(assessment, texts)),
        ("joins", _joins(assessment, texts)),
        ("tiers", _tiers(assessment, texts)),
        ("sources", _sources(assessment, texts)),
        ("not_evaluated", _not_evaluated(assessment, texts)),
    )
    _write_sections(book, sheet, row, sections)


def write_assumptions(book: Book, assessment: Assessment, *, label: str) -> None:
    """Write the sheet on what was assumed and what to know before using the figures.

    The parameters are those of `write_method`.
    """
    texts = book.texts
    title = texts("workbook.sheet_assumptions")
    sheet, row = add_sheet(book, title, [title], label=label, landscape=True)
    for index, width in enumerate(_WIDTHS):
        sheet.set_column(index, index, width)
    sections: list[Section] = [
        ("warnings", ((str(i), texts.note(n)) for i, n in enumerate(assessment.warnings, 1))),
        ("assumptions", _assumptions(assessment, texts)),
    ]
    ways = list(_ways(assessment, texts))
    _write_sections(book, sheet, row, [*sections, ("ways", ways)] if ways else sections)


def _write_sections(book: Book, sheet: Any, row: int, sections: Iterable[Section]) -> None:
    texts = book.texts
    for name, rows in sections:
        heading = texts(f"workbook.heading_{name}")
        row = _write_section(book, sheet, row, heading, list(rows)) + 1


def _write_section(book: Book, sheet: Any, row: int, heading: str, rows: list[Row]) -> int:
    row = write_heading(book, sheet, row, heading, columns=len(_WIDTHS))
    for cells in rows or [("", book.texts("workbook.none"))]:
        for column, cell in enumerate(cells):
            style: dict[str, object] = {"text_wrap": True, "valign": "top"}
            write_text(book, sheet, (row, column), cell, **style, bold=column == 0)
        sheet.set_row(row, row_height(cells, _WIDTHS[: len(cells)]))
        row += 1
    return row


def definitions(assessment: Assessment, texts: Texts) -> Iterator[Row]:
    """Return what was computed: terms and their meanings.

    Parameters
    ----------
    assessment
        The run.
    texts
        The words of the reader's language.
    """
    for name in _DEFINITIONS:
        yield texts(f"workbook.term_{name}"), texts(f"workbook.meaning_{name}")
        if name == "time" and assessment.height_share is not None:
            share = percent(assessment.height_share)
            yield texts("workbook.term_slope"), texts("workbook.meaning_slope", share=share)


def _requirements(assessment: Assessment, texts: Texts) -> Iterator[Row]:
    """Say what each rule of any kind asks, where that stands, and what is assumed in it."""
    standard = assessment.standard
    for rule in standard.rules:
        asks = (
            _requirement(rule, texts)
            if isinstance(rule, AccessRule)
            else rule_words(rule, standard, texts)
        )
        documents = documents_word(rule.sources, standard, texts)
        status = texts(f"words.status_{standard.status(rule)}")
        basis = basis_numbers(rule, standard, texts)
        grounds = texts("workbook.semicolon").join(filter(None, (status, basis)))
        yield one_line(rule.name[texts.lang]), asks, documents, grounds


def _requirement(rule: AccessRule, texts: Texts) -> str:
    limits = texts("workbook.comma").join(
        texts(
            "workbook.limit_in",
            setting=texts(f"words.setting_{place}" if place in SETTINGS else f"words.zone_{place}"),
            limit=range_word(limit, rule.kind, texts),
        )
        for place, limit in sorted(rule.limits.items(), reverse=True)
    )
    values = {
        "group": group_word(rule.group, texts),
        "profile": profile_word(rule.profile, texts),
        "limits": limits,
        "services": texts("workbook.comma").join(service_word(key, texts) for key in rule.services),
    }
    too = texts("workbook.open_too", time=rule.open_until) if rule.open_until else ""
    if rule.min_share is None:
        return texts("workbook.requirement_reported", **values) + too
    return texts("workbook.requirement", needed=required(rule.min_share), **values) + too


def _ways(assessment: Assessment, texts: Texts) -> Iterator[Row]:
    """Say what would change under each way of telling urban from rural."""
    for line in way_lines(assessment, texts):
        unknown = texts("no_network.unknown")
        figures = {
            name: unknown if value is None else value
            for name, value in asdict(line).items()
            if name != "name"
        }
        used = texts("workbook.way_used") if line.used else ""
        yield line.name, texts("workbook.way_in_words", **figures), used


def _profiles(assessment: Assessment, texts: Texts) -> Iterator[Row]:
    for profile_id in sorted({rule.profile for rule in assessment.standard.access_rules}):
        sloped = assessment.height_share is not None
        how = describe_walker(assessment.profiles[profile_id], texts, sloped=sloped)
        yield profile_word(profile_id, texts), texts("workbook.walker", how=how)


def _joins(assessment: Assessment, texts: Texts) -> Iterator[Row]:
    for row in assessment.joins.to_dict("records"):
        service = row["service"]
        name = service_word(service, texts) if service else texts("workbook.layer_demand")
        words = texts(
            "workbook.joined",
            points=row["points"],
            too_far=row["off_network"] - row["walled_off"],
            walled_off=row["walled_off"],
            moved=row["moved"],
        )
        yield name, words


def _tiers(assessment: Assessment, texts: Texts) -> Iterator[Row]:
    standard = assessment.standard
    for tier in standard.tiers:
        rules = (rule.name[texts.lang] for rule in standard.tier_rules(tier.id))
        names = texts("workbook.comma").join(one_line(name) for name in rules)
        targets = texts("explain.separator").join(_targets(tier, assessment, texts))
        documents = documents_word(tier.sources, standard, texts)
        words = texts("workbook.tier_in_words", rules=names, targets=targets)
        yield tier.name[texts.lang], words, documents


def _targets(tier: Tier, assessment: Assessment, texts: Texts) -> Iterator[str]:
    for target in assessment.standard.targets:
        if target.of.tier == tier.id:
            setting = texts(f"words.setting_{target.setting or 'all'}")
            yield texts("workbook.target_in", setting=setting, needed=required(target.min_share))


def _sources(assessment: Assessment, texts: Texts) -> Iterator[Row]:
    for number, source in enumerate(assessment.standard.sources, 1):
        quote = texts("workbook.quotation", quote=source.quote) if source.quote else ""
        place = source.place[texts.lang] if source.place else ""
        status = texts(f"words.status_{source.status}")
        document = source.document[texts.lang]
        yield texts("workbook.numbered", number=number, what=document), quote, place, status


def _assumptions(assessment: Assessment, texts: Texts) -> Iterator[Row]:
    for number, assumption in enumerate(assessment.standard.assumptions, 1):
        used = _few(list(_users(assumption.id, assessment, texts)), texts)
        yield texts("workbook.of_standard", number=number), assumption.text[texts.lang], used
    for note in assessment.assumptions:
        yield texts("workbook.of_run"), texts.note(note)


def _few(names: list[str], texts: Texts) -> str:
    """Return names in a row; of many the first and how many there are."""
    words = texts("workbook.comma").join(names[:_FEW])
    if len(names) <= _FEW:
        return words
    return texts("workbook.and_more", names=words, count=len(names))


def _users(assumption_id: str, assessment: Assessment, texts: Texts) -> Iterator[str]:
    """Name the rules, tiers and targets that rest on an assumption of the standard."""
    standard = assessment.standard
    named: tuple[Rule | Tier, ...] = (*standard.rules, *standard.tiers)
    for part in named:
        if assumption_id in part.assumptions:
            yield one_line(part.name[texts.lang])
    for target in standard.targets:
        if assumption_id in target.assumptions:
            counted = (
                standard.tier(target.tier) if target.tier else standard.rule(str(target.of.rule))
            )
            setting = texts(f"words.setting_{target.setting or 'all'}")
            name = one_line(counted.name[texts.lang])
            yield texts("workbook.target_of", tier=name, setting=setting)


def _not_evaluated(assessment: Assessment, texts: Texts) -> Iterator[Row]:
    for number, text in enumerate(assessment.standard.not_evaluated, 1):
        yield str(number), text[texts.lang]
