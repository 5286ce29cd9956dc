"""What a standard asks, line by line: rules by tier, targets, sources and assumptions."""

from collections import Counter
from collections.abc import Iterator

from circles.explain import one_line, required
from circles.reports.rule_words import rule_words, units_words
from circles.standards.model import Rule, Settings, Source, Standard, Target, Tier
from circles.standards.rules import KINDS
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
    yield from _head(standard, texts)
    for tier in standard.tiers:
        yield ""
        yield from _tier(tier, standard, texts)
    yield from _others(standard, texts)
    if standard.sources:
        yield from ("", texts("standards.sources"))
        yield from (_source(number, s, texts) for number, s in enumerate(standard.sources, 1))
    if standard.assumptions:
        yield from ("", texts("standards.assumptions"))
        for number, assumption in enumerate(standard.assumptions, 1):
            yield f"  ({number}) {one_line(assumption.text[texts.lang])}"
    if standard.not_evaluated:
        yield from ("", texts("standards.not_evaluated"))
        yield from (f"  - {one_line(text[texts.lang])}" for text in standard.not_evaluated)


def overview_lines(standard: Standard, texts: Texts) -> Iterator[str]:
    """Name a standard, who issued it for when, and how many rules of each kind it has.

    Parameters
    ----------
    standard
        The standard.
    texts
        The words of the reader's language.
    """
    counts = Counter(rule.kind for rule in standard.rules)
    kinds = {kind: counts[kind] for kind in KINDS} | {"targets": len(standard.targets)}
    listed = texts("standards.comma").join(
        texts("standards.listed_kind", kind=texts(f"standards.kind_{kind}"), count=count)
        for kind, count in kinds.items()
        if count
    )
    yield texts("standards.head", id=standard.id, name=one_line(standard.name[texts.lang]))
    facts = [one_line(standard.issuer[texts.lang]), *_dates(standard, texts), listed]
    yield f"  {texts('standards.semicolon').join(facts)}"


def assumed_names(standard: Standard, texts: Texts) -> list[str]:
    """Name the rules whose figure stands in no document."""
    rules = [rule for rule in standard.rules if standard.status(rule) == "assumed"]
    return [one_line(rule.name[texts.lang]) for rule in rules]


def _head(standard: Standard, texts: Texts) -> Iterator[str]:
    lang = texts.lang
    yield texts("standards.head", id=standard.id, name=one_line(standard.name[lang]))
    yield texts("standards.issuer", issuer=one_line(standard.issuer[lang]))
    yield from _dates(standard, texts)
    if standard.extends:
        yield texts("standards.extended", id=one_line(standard.extends))
    for other in standard.supersedes:
        yield texts("standards.supersedes", name=one_line(other[lang]))
    yield from _settings(standard.settings, standard, texts)


def _dates(standard: Standard, texts: Texts) -> Iterator[str]:
    if standard.period is not None:
        first, last = standard.period
        yield texts("standards.period", first=first, last=last)
    for key, day in (
        ("issued", standard.issued),
        ("effective", standard.effective),
        ("due", standard.deadline),
    ):
        if day is not None:
            yield texts(f"standards.{key}", date=day.isoformat())


def _settings(settings: Settings, standard: Standard, texts: Texts) -> Iterator[str]:
    ways = texts("standards.comma").join(texts(f"standards.by_{way}") for way in settings.order)
    yield texts("standards.settings", ways=ways) + _cited(settings, standard)
    if settings.classes:
        words = [
            texts(
                "standards.class_one",
                word=one_line(word),
                setting=texts(f"words.setting_one_{setting}"),
            )
            for word, setting in settings.classes.items()
        ]
        yield texts("standards.classes", classes=texts("standards.comma").join(words))


def _tier(tier: Tier, standard: Standard, texts: Texts) -> Iterator[str]:
    """Name a tier, its targets, and the rules it adds to those of the tier it extends."""
    extended = standard.tier(tier.extends).name[texts.lang] if tier.extends else ""
    more = texts("standards.extends", tier=one_line(extended)) if extended else ""
    yield f"{one_line(tier.name[texts.lang])}{more}{_cited(tier, standard)}"
    for target in standard.targets:
        if target.tier == tier.id:
            yield _tier_target(target, standard, texts)
    yield from (_rule(standard.rule(rule_id), standard, texts) for rule_id in tier.rules)


def _others(standard: Standard, texts: Texts) -> Iterator[str]:
    """Name the rules that stand in no tier, and the targets that count a rule."""
    grouped = {rule_id for tier in standard.tiers for rule_id in tier.rules}
    others = [rule for rule in standard.rules if rule.id not in grouped]
    targets = [target for target in standard.targets if target.of.rule is not None]
    if others or targets:
        yield from ("", texts("standards.others")) if standard.tiers else ("",)
    yield from (_rule_target(target, standard, texts) for target in targets)
    yield from (_rule(rule, standard, texts) for rule in others)


def _tier_target(target: Target, standard: Standard, texts: Texts) -> str:
    setting = "standards.target_communities"
    if target.setting is not None:
        setting = f"words.setting_{target.setting}"
    words = texts(
        "standards.target",
        setting=texts(setting),
        needed=required(target.min_share),
        by=_by(target, texts),
    )
    return f"  {words}{_cited(target, standard)}"


def _rule_target(target: Target, standard: Standard, texts: Texts) -> str:
    rule = standard.rule(str(target.of.rule))
    unit = rule.per if rule.kind == "presence" else "community"
    words = texts(
        "standards.target_rule",
        level=texts(f"standards.level_{target.level}"),
        units=units_words(unit, target.setting, texts),
        name=one_line(rule.name[texts.lang]),
        needed=required(target.min_share),
        by=_by(target, texts),
    )
    return f"  {words}{_cited(target, standard)}"


def _by(target: Target, texts: Texts) -> str:
    strive = texts("standards.strive") if target.strength == "strive" else ""
    by = texts("standards.by", date=target.deadline.isoformat()) if target.deadline else ""
    return f"{strive}{by}"


def _rule(rule: Rule, standard: Standard, texts: Texts) -> str:
    words = texts(
        "standards.rule_line",
        name=one_line(rule.name[texts.lang]),
        asks=rule_words(rule, standard, texts),
    )
    return f"  {words}{_cited(rule, standard)}"


def _source(number: int, source: Source, texts: Texts) -> str:
    place = source.place[texts.lang] if source.place else ""
    document = source.document[texts.lang]
    named = texts("explain.place", document=document, place=place) if place else document
    status = texts(f"words.status_{source.status}")
    words = texts("standards.source", named=named, status=status)
    quote = texts("standards.quotation", quote=source.quote) if source.quote else ""
    return f"  [{number}] {one_line(words + quote)}"


def _cited(part: Rule | Tier | Target | Settings, standard: Standard) -> str:
    """Return the numbers of a part's sources in brackets, of its assumptions in parentheses."""
    sources = [source.id for source in standard.sources]
    assumptions = [assumption.id for assumption in standard.assumptions]
    numbers = [f"[{sources.index(key) + 1}]" for key in part.sources]
    numbers += [f"({assumptions.index(key) + 1})" for key in part.assumptions]
    return "  " + " ".join(numbers) if numbers else ""
