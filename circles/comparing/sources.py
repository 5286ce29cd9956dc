"""What two runs were made of and where that differs: files, settings, the standard, versions."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from circles.comparing.folder import Input, Run
from circles.explain import one_line
from circles.reports.rule_words import rule_words
from circles.standards.model import AccessRule, Rule, Standard
from circles.texts import LANGS, Bilingual, load_texts

#: What the first word of an input's key says about what it can change. The project file and the
#: standard's count by what they say, templates not at all.
_CAUSES: Final = {
    "network": "streets",
    "communities": "communities",
    "demand": "people",
    "facilities": "facilities",
    "profile": "standard",
}
#: Words about a rule, which change no figure.
_WORDS: Final = frozenset({"name", "strength", "deadline", "sources", "assumptions"})
_LIMITS: Final = frozenset({"max_minutes", "max_metres"})
_SHARE_ALONE: Final = frozenset({"min_share"})


@dataclass(frozen=True)
class Sources:
    """Where two runs differ in what they were made of.

    Parameters
    ----------
    rows
        The rows of the table of inputs.
    rules
        For each rule of both standards that asks for something else, the fields that differ; a
        profile that walks otherwise counts as the field ``profile``.
    """

    rows: tuple[Mapping[str, Any], ...]
    rules: Mapping[str, frozenset[str]]

    def differ(self, cause: str) -> bool:
        """Whether a file, a setting or a version of this cause differs."""
        return any(row["cause"] == cause for row in self.rows)

    def named(self, cause: str) -> tuple[str, ...]:
        """Return the names of what differs for this cause, each once."""
        return tuple(dict.fromkeys(str(row["name"]) for row in self.rows if row["cause"] == cause))

    def measures_otherwise(self, rule_id: str, *, same_limit: bool) -> bool:
        """Whether a rule asks for more than another share, or for another limit elsewhere."""
        fields = self.rules.get(rule_id, frozenset()) - _SHARE_ALONE
        return bool(fields - _LIMITS if same_limit and rule_id not in self._shares else fields)

    @property
    def _shares(self) -> frozenset[str]:
        """The rules that ask for another share."""
        return frozenset(name for name, fields in self.rules.items() if fields & _SHARE_ALONE)

    def asks_another_share(self, rule_id: str) -> bool:
        """Whether a rule asks for another share, and for nothing else that is other than before."""
        return self.rules.get(rule_id, frozenset()) == _SHARE_ALONE


def changed_sources(old: Run, new: Run) -> Sources:
    """Compare what two runs were made of."""
    rules = _rules(old, new)
    rows = (
        *_standard(old, new, rules),
        *_profiles(old, new),
        *_files(old.manifest.inputs, new.manifest.inputs),
        *_settings(old, new),
        *_versions(old.manifest.versions, new.manifest.versions),
    )
    return Sources(rows, rules)


def _entry(cause: str, kind: str, name: str, old: object, new: object) -> dict[str, Any]:
    return {"cause": cause, "kind": kind, "name": name, "old": old, "new": new}


def _rules(old: Run, new: Run) -> dict[str, frozenset[str]]:
    after = {rule.id: rule for rule in new.standard.rules}
    unlike = {
        rule.id: _fields(rule, after[rule.id]) | _walks_otherwise(rule, after[rule.id], old, new)
        for rule in old.standard.rules
        if rule.id in after
    }
    return {rule_id: fields for rule_id, fields in unlike.items() if fields}


def _fields(old: Rule, new: Rule) -> frozenset[str]:
    before, after = (rule.model_dump() for rule in (old, new))
    for rule, values in ((old, before), (new, after)):
        if isinstance(rule, AccessRule):
            values["any_of"] = sorted(rule.services)
            values["service"] = None
    keys = (before.keys() | after.keys()) - _WORDS
    return frozenset(key for key in keys if before.get(key) != after.get(key))


def _walks_otherwise(old: Rule, new: Rule, before: Run, after: Run) -> frozenset[str]:
    used = {rule.profile for rule in (old, new) if isinstance(rule, AccessRule)}
    ours, theirs = (run.manifest.parameters.profiles for run in (before, after))
    same = all(ours.get(name) == theirs.get(name) for name in used)
    return frozenset() if same else frozenset({"profile"})


def _standard(old: Run, new: Run, rules: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    before, after = old.standard, new.standard
    if before.id != after.id:
        yield _entry("standard", "standard", "id", before.id, after.id)
    if before.settings.model_dump() != after.settings.model_dump():
        yield _entry("standard", "settings", "settings", None, None)
    yield from _rule_rows(before, after, rules)
    parts: tuple[tuple[str, Sequence[Any], Sequence[Any]], ...] = (
        ("tier", before.tiers, after.tiers),
        ("target", before.targets, after.targets),
        ("assumption", before.assumptions, after.assumptions),
    )
    for kind, ours, theirs in parts:
        yield from _part_rows(kind, ours, theirs)


def _rule_rows(
    before: Standard, after: Standard, rules: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    ours, theirs = ({rule.id: rule for rule in one.rules} for one in (before, after))
    for rule_id in dict.fromkeys([*ours, *theirs]):
        if rule_id in rules or (rule_id in ours) != (rule_id in theirs):
            yield _entry(
                "standard",
                "rule",
                rule_id,
                _asked(ours.get(rule_id), before),
                _asked(theirs.get(rule_id), after),
            )


def _asked(rule: Rule | None, standard: Standard) -> Bilingual | None:
    """Return what a rule is called and asks, in both languages."""
    if rule is None:
        return None
    words = {
        lang: load_texts(lang)(
            "comparing.rule_asks",
            name=one_line(rule.name[lang]),
            asks=rule_words(rule, standard, load_texts(lang)),
        )
        for lang in LANGS
    }
    return Bilingual(zh=words["zh"], en=words["en"])


def _part_rows(kind: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[dict[str, Any]]:
    ours, theirs = ({part.id: part for part in parts} for parts in (old, new))
    for name in dict.fromkeys([*ours, *theirs]):
        before, after = (_substance(kind, parts.get(name)) for parts in (ours, theirs))
        if before != after:
            yield _entry("standard", kind, name, before, after)


def _substance(kind: str, part: Any) -> Any:
    """Return what a circle, a target or an assumption says, without where it says so."""
    if part is None:
        return None
    if kind == "assumption":
        return part.text
    values = part.model_dump(mode="json", exclude={"id", "name", "sources", "assumptions"})
    return "; ".join(f"{key}: {value}" for key, value in values.items() if value is not None)


def _profiles(old: Run, new: Run) -> Iterator[dict[str, Any]]:
    ours, theirs = (run.manifest.parameters.profiles for run in (old, new))
    for name in sorted(ours.keys() | theirs.keys()):
        before, after = (
            profiles[name].model_dump() if name in profiles else {} for profiles in (ours, theirs)
        )
        for key in before | after:
            if before.get(key) != after.get(key):
                unlike = (_text(values.get(key)) for values in (before, after))
                yield _entry("standard", "profile", f"{name}.{key}", *unlike)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _files(old: Sequence[Input], new: Sequence[Input]) -> Iterator[dict[str, Any]]:
    """Yield the files of one run only: contents count, not names and places."""
    for cause in dict.fromkeys(_CAUSES.values()):
        ours, theirs = ([one for one in part if _cause(one.key) == cause] for part in (old, new))
        gone, come = _left(ours, theirs), _left(theirs, ours)
        for key in sorted({one.key for one in (*gone, *come)}):
            before, after = ([one.path for one in part if one.key == key] for part in (gone, come))
            yield _entry(cause, "file", key, ", ".join(before) or None, ", ".join(after) or None)


def _left(some: Sequence[Input], others: Sequence[Input]) -> list[Input]:
    there = Counter(one.sha256 for one in others)
    left = []
    for one in some:
        if there[one.sha256]:
            there[one.sha256] -= 1
        else:
            left.append(one)
    return left


def _cause(key: str) -> str | None:
    return _CAUSES.get(re.split(r"[. ]", key, maxsplit=1)[0])


def _settings(old: Run, new: Run) -> Iterator[dict[str, Any]]:
    """Yield what the project files say otherwise about how inputs are read."""
    paths = {one.path for run in (old, new) for one in run.manifest.inputs}
    ours, theirs = (dict(_leaves(run.manifest.parameters.project)) for run in (old, new))
    for key in sorted(ours.keys() | theirs.keys()):
        before, after = ours.get(key), theirs.get(key)
        cause = _cause(key)
        if cause and before != after and not ({before, after} - {None} <= paths):
            yield _entry(cause, "setting", key, before, after)


def _leaves(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    parts: Iterator[tuple[object, object]] | None = None
    if isinstance(value, dict):
        parts = iter(value.items())
    elif isinstance(value, list):
        parts = iter(enumerate(value, 1))
    if parts is None:
        yield key, str(value)
        return
    for name, part in parts:
        yield from _leaves(part, f"{key}.{name}" if key else str(name))


def _versions(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            cause = "software" if name == "circles" else "libraries"
            yield _entry(cause, "version", name, old.get(name), new.get(name))
