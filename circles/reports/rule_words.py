"""What a rule of any kind asks, in one line of the reader's language."""

from collections.abc import Iterable

from circles.explain import group_word, limit_word, one_line, profile_word, required, service_word
from circles.standards.model import (
    AccessRule,
    CapacityRule,
    InventoryRule,
    PresenceRule,
    Rule,
    Standard,
    UnitRule,
)
from circles.standards.rules import Check, Denominator, Numerator
from circles.texts import Texts


def rule_words(rule: Rule, standard: Standard, texts: Texts) -> str:
    """Say what a rule asks, without its name and its sources.

    Parameters
    ----------
    rule
        A rule of the standard.
    standard
        The standard; a catchment takes the name of the access rule from it.
    texts
        The words of the reader's language.
    """
    match rule:
        case AccessRule():
            words = _access(rule, texts)
        case PresenceRule():
            words = _presence(rule, texts)
        case CapacityRule():
            words = _capacity(rule, standard, texts)
        case UnitRule():
            words = _unit(rule, texts)
        case InventoryRule():
            words = _inventory(rule, texts)
    strive = texts("standards.strive") if rule.strength == "strive" else ""
    by = texts("standards.by", date=rule.deadline.isoformat()) if rule.deadline else ""
    return f"{words}{strive}{by}"


def limit_words(rule: AccessRule, texts: Texts) -> str:
    """Return a rule's limits, each with the setting or zone it holds in."""
    shown = []
    for place, limit in rule.limits.items():
        ends = [limit_word(end, rule.kind, texts) for end in limit]
        word = ends[0]
        if limit.strict != limit.lenient:
            word = texts("standards.limit_range", strict=ends[0], lenient=ends[1])
        setting = texts(f"standards.place_{place}")
        shown.append(texts("standards.limit", setting=setting, limit=word))
    return _list(shown, texts)


def _access(rule: AccessRule, texts: Texts) -> str:
    values = {
        "limits": limit_words(rule, texts),
        "group": group_word(rule.group, texts),
        "profile": profile_word(rule.profile, texts),
        "services": _services(rule.services, texts),
    }
    if rule.min_share is None:
        words = texts("standards.access_reported", **values)
    else:
        words = texts("standards.access", needed=required(rule.min_share), **values)
    return words + (texts("standards.open_until", time=rule.open_until) if rule.open_until else "")


def _presence(rule: PresenceRule, texts: Texts) -> str:
    words = texts(
        "standards.presence_city" if rule.per == "city" else "standards.presence",
        unit=texts(f"standards.level_{rule.per}"),
        min=rule.min,
        services=_services(rule.services, texts),
        count_by=texts(f"standards.count_{rule.count_by}"),
    )
    return words + _only_in(rule.settings, texts)


def _capacity(rule: CapacityRule, standard: Standard, texts: Texts) -> str:
    words = texts("standards.ratio_or").join(
        _ratio(rule, denominator, texts) for denominator in rule.denominators
    )
    words += _only_in(rule.settings, texts)
    levels = _list((texts(f"standards.level_{level}") for level in rule.levels), texts)
    words += texts("standards.ratio_levels", levels=levels)
    if rule.catchment is not None:
        name = one_line(standard.rule(rule.catchment.rule).name[texts.lang])
        words += texts("standards.ratio_catchment", rule=name)
    return words


def _ratio(rule: CapacityRule, denominator: Denominator, texts: Texts) -> str:
    key, values = ("ratio_min", {"value": f"{rule.min:g}"}) if rule.min else ("ratio_between", {})
    if rule.between is not None:
        values = {"low": f"{rule.between[0]:g}", "high": f"{rule.between[1]:g}"}
    return texts(
        f"standards.{key}",
        per=f"{rule.per:,g}",
        denominator=_denominator(denominator.column, texts),
        numerator=_numerator(rule.numerator, texts),
        **values,
    )


def _denominator(column: str, texts: Texts) -> str:
    known = texts.words.get(f"standards.denominator_{column}")
    return known or texts("standards.denominator_group", group=group_word(column, texts))


def _numerator(numerator: Numerator, texts: Texts) -> str:
    if numerator.column is None:
        services = _services(numerator.services, texts)
        return texts(f"standards.capacity_{numerator.capacity}", services=services)
    known = texts.words.get(f"standards.column_{numerator.column}")
    return known or texts("standards.column_other", column=one_line(numerator.column))


def _unit(rule: UnitRule, texts: Texts) -> str:
    settings = _list((_setting(word, texts) for word in rule.settings), texts)
    checks = texts("standards.semicolon").join(_check(check, texts) for check in rule.checks)
    return texts(
        "standards.checks_for",
        settings=settings or texts("standards.all_communities"),
        checks=checks,
    )


def _check(check: Check, texts: Texts) -> str:
    measure = texts(f"standards.measure_{check.measure}")

    def shown(value: float) -> str:
        return required(value) if check.measure == "occupancy" else f"{value:,g}"

    parts = []
    if check.between is not None:
        low, high = check.between
        parts.append(
            texts("standards.check_between", measure=measure, low=shown(low), high=shown(high))
        )
    if check.min is not None:
        parts.append(texts("standards.check_min", measure=measure, value=shown(check.min)))
    if check.max is not None:
        parts.append(texts("standards.check_max", measure=measure, value=shown(check.max)))
    only = texts("standards.check_only_if", column=one_line(check.only_if)) if check.only_if else ""
    return _list(parts, texts) + only


def _inventory(rule: InventoryRule, texts: Texts) -> str:
    warned = texts("standards.inventory_warned_any")
    if rule.tolerance > 0:
        warned = texts("standards.inventory_warned", tolerance=required(rule.tolerance))
    values = {
        "date": rule.as_of.isoformat(),
        "level": texts(f"standards.level_{rule.level}"),
        "count": f"{rule.count:,}",
        "warned": warned,
    }
    if rule.unit is None:
        services = _services(rule.services, texts)
        words = texts("standards.inventory", services=services, **values)
    else:
        units = units_words(rule.unit, rule.setting, texts)
        words = texts("standards.inventory_units", units=units, **values)
    for other in rule.also:
        given = {"date": other.as_of.isoformat(), "count": f"{other.count:,}"}
        words += (
            texts("standards.inventory_also_named", name=one_line(other.name[texts.lang]), **given)
            if other.name
            else texts("standards.inventory_also", **given)
        )
    return words


def units_words(level: str, setting: str | None, texts: Texts) -> str:
    """Return the plural of a level's units; for communities of one setting, with that."""
    units = texts(f"standards.units_{level}")
    if setting is None:
        return units
    return texts("standards.units_of", setting=texts(f"words.setting_one_{setting}"), units=units)


def _only_in(settings: Iterable[str], texts: Texts) -> str:
    named = [texts(f"words.setting_{setting}") for setting in settings]
    return texts("standards.presence_settings", settings=named[0]) if len(named) == 1 else ""


def _setting(word: str, texts: Texts) -> str:
    return texts.words.get(f"words.setting_{word}", one_line(word))


def _services(services: Iterable[str], texts: Texts) -> str:
    return _list(
        (texts("cli.service", name=service_word(key, texts), id=key) for key in services), texts
    )


def _list(words: Iterable[str], texts: Texts) -> str:
    return texts("standards.comma").join(words)
