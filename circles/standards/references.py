"""What a standard's file refers to, checked before the file is known to be well-formed.

Working on the plain TOML lets the faults of reference be named together with those of form;
whatever is not of the expected type is left to the form's own check.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from circles.facilities import load_catalogue, no_such_service
from circles.tables import listing
from circles.walking import PROFILES

Table = Mapping[str, object]

_BASIS = MappingProxyType({"sources": "sources", "assumptions": "assumptions"})
_GROUP = re.compile(r"\d+\+|\d+-\d+|[a-z_]+")


def reference_faults(standard: Table) -> list[str]:
    """Name what a standard refers to and does not have, and what has no basis.

    Parameters
    ----------
    standard
        The file as TOML.
    """
    return [
        *_repeated_ids(standard),
        *_unknown_ids(standard),
        *_rule_faults(standard),
        *_source_faults(standard),
        *_tier_faults(standard),
        *_target_faults(standard),
    ]


def _repeated_ids(standard: Table) -> Iterator[str]:
    for section in ("sources", "assumptions", "rules", "tiers", "targets"):
        counts = Counter(_id(entry) for entry in _entries(standard, section))
        for entry_id, count in counts.items():
            if entry_id and count > 1:
                yield f"{section}: the id {entry_id!r} is given {count} times"


def _unknown_ids(standard: Table) -> Iterator[str]:
    references = {
        "rules": _BASIS,
        "tiers": _BASIS | {"rules": "rules", "extends": "tiers"},
        "targets": _BASIS | {"tier": "tiers"},
    }
    for section, keys in references.items():
        for entry in _entries(standard, section):
            for key, target in keys.items():
                known = {_id(other) for other in _entries(standard, target)} - {""}
                for word in _words(entry, key):
                    if word not in known:
                        there = listing(target, word, known)
                        yield f"{section} ({_id(entry)}), {key}: there is no {word!r}; {there}"


def _rule_faults(standard: Table) -> Iterator[str]:
    for rule in _entries(standard, "rules"):
        where = f"rules ({_id(rule)})"
        key = "any_of" if _words(rule, "any_of") else "service"
        for service in _words(rule, key):
            if service not in load_catalogue():
                yield f"{where}, {key}: {no_such_service(service)}"
        for profile in _words(rule, "profile"):
            if profile not in PROFILES:
                there = listing("profiles", profile, PROFILES)
                yield f"{where}, profile: there is no {profile!r}; {there}"
        for group in _words(rule, "group"):
            if not _GROUP.fullmatch(group):
                yield f"{where}, group: {group!r} is not written as 'all', '60+' or '0-3' are"
        if not _words(rule, "sources") and not _words(rule, "assumptions"):
            yield f"{where}: the rule names neither a source nor an assumption"


def _source_faults(standard: Table) -> Iterator[str]:
    for source in _entries(standard, "sources"):
        if source.get("status") == "policy" and not source.get("quote"):
            yield f"sources ({_id(source)}): a source of status 'policy' needs its quote"


def _tier_faults(standard: Table) -> Iterator[str]:
    for tier in _entries(standard, "tiers"):
        where = f"tiers ({_id(tier)})"
        if not _words(tier, "rules") and not _words(tier, "extends"):
            yield f"{where}: the tier has no rules, so that every community would meet it"
        for rule, count in Counter(_words(tier, "rules")).items():
            if count > 1:
                yield f"{where}, rules: {rule!r} is listed {count} times"
        chain = list(_chain(standard, _id(tier)))
        if len(chain) > len(set(chain)) and chain[0] == chain[-1]:
            yield f"{where}, extends: the tier extends itself: {' → '.join(chain)}"


def _target_faults(standard: Table) -> Iterator[str]:
    rules = {_id(rule): rule for rule in _entries(standard, "rules")}
    tiers = {_id(tier): tier for tier in _entries(standard, "tiers")}
    for target in _entries(standard, "targets"):
        chain = set(_chain(standard, str(target.get("tier")))) & tiers.keys()
        mine = [
            rules[word] for tier in chain for word in _words(tiers[tier], "rules") if word in rules
        ]
        setting = target.get("setting")
        if mine and isinstance(setting, str) and not _holds_in(mine, setting):
            yield f"targets ({_id(target)}): no rule of its tier holds in {setting} communities"


def _holds_in(rules: Iterable[Table], setting: str) -> bool:
    limits = [rule.get(key) for rule in rules for key in ("max_minutes", "max_metres")]
    return any(isinstance(limit, dict) and setting in limit for limit in limits)


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


def _entries(standard: Table, section: str) -> list[Table]:
    entries = standard.get(section)
    return (
        [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    )


def _id(entry: Table) -> str:
    entry_id = entry.get("id")
    return entry_id if isinstance(entry_id, str) else ""


def _words(entry: Table, key: str) -> list[str]:
    """Return the text or texts that stand under a key."""
    value = entry.get(key)
    values = value if isinstance(value, list) else [value]
    return [word for word in values if isinstance(word, str)]
