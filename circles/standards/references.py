"""What a standard's file refers to, checked before the file is known to be well-formed.

Working on the plain TOML lets the faults of reference be named together with those of form;
whatever is not of the expected type is left to the form's own check.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from circles.facilities import load_catalogue, no_such_service
from circles.profiles import bundled_profiles
from circles.tables import listing

Table = Mapping[str, object]
#: Sections whose entries are known by an id: one that extends another replaces entries by it.
ID_SECTIONS: Final = ("sources", "assumptions", "rules", "tiers", "targets")

_BASIS = MappingProxyType({"sources": "sources", "assumptions": "assumptions"})
_AGES = re.compile(r"\d+\+|\d+-\d+")
_GROUP = re.compile(rf"{_AGES.pattern}|[a-z_]+")
_ACCESS: Final = ("time_threshold", "distance_threshold")
#: What a ratio can be counted against, groups of people aside.
DENOMINATORS: Final = ("households", "population", "population_rural", "population_urban")
_LEVELS: Final = ("community", "street", "district", "city")


def reference_faults(standard: Table, profiles: Collection[str] = ()) -> list[str]:
    """Name what a standard refers to and does not have, and what has no basis.

    Parameters
    ----------
    standard
        The file as TOML, with what it extends.
    profiles
        Names of walking profiles that there are besides the bundled ones.
    """
    return [
        *_unknown_ids(standard),
        *_rule_faults(standard, {*bundled_profiles(), *profiles}),
        *_source_faults(standard),
        *_tier_faults(standard),
        *_target_faults(standard),
    ]


def repeated_ids(standard: Table) -> list[str]:
    """Name the ids that are given more than once in one file."""
    return [
        f"{section}: the id {entry_id!r} is given {count} times"
        for section in ID_SECTIONS
        for entry_id, count in Counter(map(_id, _entries(standard, section))).items()
        if entry_id and count > 1
    ]


def _unknown_ids(standard: Table) -> Iterator[str]:
    """Name references to entries that are not there, wherever in an entry they stand."""
    references: dict[str, dict[str, str]] = {
        "rules": dict(_BASIS) | {"catchment.rule": "rules", "also.sources": "sources"},
        "tiers": dict(_BASIS) | {"rules": "rules", "extends": "tiers"},
        "targets": dict(_BASIS) | {"of.tier": "tiers", "of.rule": "rules"},
        "settings": dict(_BASIS),
        "assumptions": {"sources": "sources"},
    }
    for section, keys in references.items():
        for entry in _entries(standard, section):
            for key, target in keys.items():
                known = {_id(other) for other in _entries(standard, target)} - {""}
                for word in _words(entry, key):
                    if word not in known:
                        there = listing(target, word, known)
                        yield f"{_where(section, entry)}, {key}: there is no {word!r}; {there}"


def _rule_faults(standard: Table, profiles: Collection[str]) -> Iterator[str]:
    kinds = {_id(rule): rule.get("kind") for rule in _entries(standard, "rules")}
    classes = {"urban", "rural", *_classes(standard)}
    for rule in _entries(standard, "rules"):
        where = _where("rules", rule)
        yield from (f"{where}, {fault}" for fault in _word_faults(rule, profiles))
        for word in _words(rule, "settings") if rule.get("kind") == "unit_check" else ():
            if word not in classes:
                there = listing("settings and classes", word, classes)
                yield f"{where}, settings: there is no {word!r}; {there}"
        for other in _words(rule, "catchment.rule"):
            if other in kinds and kinds[other] not in _ACCESS:
                yield f"{where}, catchment.rule: {other!r} sets no time or distance"
        yield from _baseless(where, rule, "rule")


def _word_faults(rule: Table, profiles: Collection[str]) -> Iterator[str]:
    """Name the services, profiles, groups and columns of a rule that nobody knows."""
    need = "any_of" if _words(rule, "any_of") else "service"
    for key, service in _found(rule, need, "numerator.services"):
        if service not in load_catalogue():
            yield f"{key}: {no_such_service(service)}"
    for key, profile in _found(rule, "profile", "catchment.profile"):
        if profile not in profiles:
            there = listing("profiles", profile, profiles)
            yield f"{key}: there is no {profile!r}; {there}"
    for key, group in _found(rule, "group", "catchment.group"):
        if not _GROUP.fullmatch(group):
            yield f"{key}: {group!r} is not written as 'all', '60+' or '0-3' are"
    for key, column in _found(rule, "denominators.column"):
        if column not in DENOMINATORS and not _AGES.fullmatch(column):
            there = listing("denominators", column, DENOMINATORS)
            yield f"{key}: there is no {column!r}; {there}; or a group such as '0-3'"


def _found(rule: Table, *keys: str) -> list[tuple[str, str]]:
    return [(key, word) for key in keys for word in _words(rule, key)]


def _classes(standard: Table) -> set[str]:
    """Return the further words for a community that a standard's settings name."""
    tables = [entry.get("classes") for entry in _entries(standard, "settings")]
    return {word for table in tables if isinstance(table, dict) for word in table}


def _baseless(where: str, part: Table, what: str) -> Iterator[str]:
    if not _words(part, "sources") and not _words(part, "assumptions"):
        yield f"{where}: the {what} names neither a source nor an assumption"


def _source_faults(standard: Table) -> Iterator[str]:
    for source in _entries(standard, "sources"):
        if source.get("status") == "policy" and not source.get("quote"):
            yield f"{_where('sources', source)}: a source of status 'policy' needs its quote"


def _tier_faults(standard: Table) -> Iterator[str]:
    rules = {_id(rule): rule for rule in _entries(standard, "rules")}
    for tier in _entries(standard, "tiers"):
        where = _where("tiers", tier)
        if not _words(tier, "rules") and not _words(tier, "extends"):
            yield f"{where}: the tier has no rules, so that every community would meet it"
        for rule, count in Counter(_words(tier, "rules")).items():
            if count > 1:
                yield f"{where}, rules: {rule!r} is listed {count} times"
            if rule in rules and _unit(rules[rule]) != "community":
                yield f"{where}, rules: {rule!r} gives no verdict on a community"
        chain = list(_chain(standard, _id(tier)))
        if len(chain) > len(set(chain)) and chain[0] == chain[-1]:
            yield f"{where}, extends: the tier extends itself: {' → '.join(chain)}"


def _target_faults(standard: Table) -> Iterator[str]:
    rules = {_id(rule): rule for rule in _entries(standard, "rules")}
    tiers = {_id(tier): tier for tier in _entries(standard, "tiers")}
    for target in _entries(standard, "targets"):
        where = _where("targets", target)
        named = [word for word in _words(target, "of.rule") if word in rules]
        chains = [step for word in _words(target, "of.tier") for step in _chain(standard, word)]
        mine = [rules[word] for word in named] + [
            rules[word]
            for tier in dict.fromkeys(chains)
            if tier in tiers
            for word in _words(tiers[tier], "rules")
            if word in rules
        ]
        unit = _unit(rules[named[0]]) if named else "community"
        if unit is None:
            yield f"{where}, of.rule: {named[0]!r} gives no verdict that could be counted"
        elif mine:
            yield from _scope_faults(where, target, mine, unit)
        yield from _baseless(where, target, "target")


def _scope_faults(where: str, target: Table, rules: list[Table], unit: str) -> Iterator[str]:
    setting, level = target.get("setting"), target.get("level", "city")
    if isinstance(setting, str):
        if unit != "community":
            yield f"{where}: a setting is for communities, and this counts a {unit} at a time"
        elif not any(_holds_in(rule, setting) for rule in rules):
            yield f"{where}: no rule of its tier holds in {setting} communities"
    known = level in _LEVELS and unit in _LEVELS
    if known and _LEVELS.index(str(level)) <= _LEVELS.index(unit):
        yield f"{where}: a share of units of the level {unit!r} needs a higher level than {level!r}"


def _unit(rule: Table) -> str | None:
    """Return what a rule gives a verdict on; None if on nothing."""
    kind, levels = rule.get("kind"), rule.get("levels")
    if kind == "presence":
        return str(rule.get("per"))
    if kind == "inventory":
        return None
    if kind in _ACCESS:
        return "community" if "min_share" in rule else None
    if kind == "capacity_ratio" and isinstance(levels, list):
        return "community" if "community" in levels else str(levels[0]) if levels else None
    return "community"


def _holds_in(rule: Table, setting: str) -> bool:
    if rule.get("kind") not in _ACCESS:
        settings = rule.get("settings")
        return not isinstance(settings, list) or not settings or setting in settings
    limits = [limit for key in ("max_minutes", "max_metres") if (limit := rule.get(key))]
    places = {setting, "central", "outer"} if setting == "urban" else {setting}
    return any(isinstance(limit, dict) and places & set(limit) for limit in limits)


def _chain(standard: Table, tier_id: str) -> Iterator[str]:
    """Follow a tier through what it extends, as far as the first repetition."""
    extends = {_id(tier): tier.get("extends") for tier in _entries(standard, "tiers")}
    seen: set[str] = set()
    step: object = tier_id
    while isinstance(step, str):
        yield step
        if step in seen:
            return
        seen.add(step)
        step = extends.get(step)


def _where(section: str, entry: Table) -> str:
    return f"{section} ({_id(entry)})" if _id(entry) else section


def _entries(standard: Table, section: str) -> list[Table]:
    """Return the tables of a section, which may be one or a list of them."""
    entries = standard.get(section)
    listed = entries if isinstance(entries, list) else [entries]
    return [entry for entry in listed if isinstance(entry, dict)]


def _id(entry: Table) -> str:
    entry_id = entry.get("id")
    return entry_id if isinstance(entry_id, str) else ""


def _words(entry: Table, path: str) -> list[str]:
    """Return the text or texts that stand under a key, or under a key of a table or of tables."""
    key, _, rest = path.partition(".")
    value = entry.get(key)
    values: Iterable[object] = value if isinstance(value, list) else [value]
    if rest:
        return [word for part in values if isinstance(part, dict) for word in _words(part, rest)]
    return [word for word in values if isinstance(word, str)]
