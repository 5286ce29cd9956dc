"""What a standard asks, line by line: rules by tier, targets, sources and assumptions."""

from collections.abc import Iterator

from circles.explain import group_word, limit_word, profile_word, required, service_word
from circles.standards.model import Rule, Source, Standard, Target, Tier
from circles.texts import Texts


def requirement_lines(standard: Standard, texts: Texts) -> Iterator[str]:
    """Put a standard into lines for a terminal; sources and assumptions are cited by number.

    Parameters
    ----------
    standard
        The standard.
    texts
        The words of the reader's language.
    """
    lang = texts.lang
    yield f"{standard.id}  {standard.name[lang]}"
    yield standard.issuer[lang]
    if not standard.tiers:
        yield ""
        yield from (_rule(rule, standard, texts) for rule in standard.rules)
    for tier in standard.tiers:
        yield ""
        yield from _tier(tier, standard, texts)
    if standard.sources:
        yield from ("", texts("standards.sources"))
        yield from (_source(number, s, texts) for number, s in enumerate(standard.sources, 1))
    if standard.assumptions:
        yield from ("", texts("standards.assumptions"))
        for number, assumption in enumerate(standard.assumptions, 1):
            yield f"  ({number}) {assumption.text[lang]}"
    if standard.not_evaluated:
        yield from ("", texts("standards.not_evaluated"))
        yield from (f"  - {text[lang]}" for text in standard.not_evaluated)


def _tier(tier: Tier, standard: Standard, texts: Texts) -> Iterator[str]:
    """Name a tier, its targets, and the rules it adds to those of the tier it extends."""
    extended = standard.tier(tier.extends).name[texts.lang] if tier.extends else ""
    more = texts("standards.extends", tier=extended) if extended else ""
    yield f"{tier.name[texts.lang]}{more}{_cited(tier, standard)}"
    for target in standard.targets:
        if target.tier == tier.id:
            yield _target(target, standard, texts)
    yield from (_rule(standard.rule(rule_id), standard, texts) for rule_id in tier.rules)


def _target(target: Target, standard: Standard, texts: Texts) -> str:
    by = texts("standards.by", date=target.deadline.isoformat()) if target.deadline else ""
    words = texts(
        "standards.target",
        setting=texts(f"words.setting_{target.setting}"),
        needed=required(target.min_share),
        by=by,
    )
    return f"  {words}{_cited(target, standard)}"


def _rule(rule: Rule, standard: Standard, texts: Texts) -> str:
    comma = texts("standards.comma")
    limits = comma.join(
        texts(
            "standards.limit",
            setting=texts(f"words.setting_one_{setting}"),
            limit=limit_word(limit, rule.kind, texts),
        )
        for setting, limit in rule.thresholds.items()
    )
    words = texts(
        "standards.rule",
        name=rule.name[texts.lang],
        limits=limits,
        needed=required(rule.min_share),
        group=group_word(rule.group, texts),
        profile=profile_word(rule.profile, texts),
        services=comma.join(
            texts("cli.service", name=service_word(key, texts), id=key) for key in rule.services
        ),
    )
    return f"  {words}{_cited(rule, standard)}"


def _source(number: int, source: Source, texts: Texts) -> str:
    place = source.place[texts.lang] if source.place else ""
    document = source.document[texts.lang]
    named = texts("explain.place", document=document, place=place) if place else document
    status = texts(f"words.status_{source.status}")
    words = texts("standards.source", named=named, status=status)
    quote = texts("standards.quotation", quote=source.quote) if source.quote else ""
    return f"  [{number}] {words}{quote}"


def _cited(part: Rule | Tier | Target, standard: Standard) -> str:
    """Return the numbers of a part's sources in brackets, of its assumptions in parentheses."""
    sources = [source.id for source in standard.sources]
    assumptions = [assumption.id for assumption in standard.assumptions]
    numbers = [f"[{sources.index(key) + 1}]" for key in part.sources]
    numbers += [f"({assumptions.index(key) + 1})" for key in part.assumptions]
    return "  " + " ".join(numbers) if numbers else ""
