"""Which service a facility offers, by the words of its name or by its OpenStreetMap tags."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from circles.facilities.catalogue import TagSet, load_catalogue

_SILENT = re.compile("[\\s()\"'“”‘’·]")
_CHINESE = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True)
class _Rule:
    service: str
    any: re.Pattern[str]
    never: re.Pattern[str] | None


@dataclass(frozen=True, eq=False)
class _Saying:
    """One way in which tags say a service, alone or together with the place's name."""

    service: str
    tags: TagSet
    alone: bool

    def holds(self, tags: Mapping[str, str]) -> bool:
        return all(
            any(value.strip() in values for value in tags.get(key, "").split(";"))
            for key, values in self.tags.items()
        )


def classify(text: str) -> str | None:
    """Return the service that a name or a type says, or None if it says none.

    The catalogue's services are tried in their order and the first that matches is taken.

    Examples
    --------
    >>> classify("猎德街 颐康中心长者饭堂")
    'elder_meal'
    """
    plain = _SILENT.sub("", unicodedata.normalize("NFKC", text))
    if not _CHINESE.search(plain):  # all keywords are Chinese
        return None
    return next((rule.service for rule in _rules() if _matches(rule, plain)), None)


def classify_tags(tags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the services that an OpenStreetMap place offers.

    The tags decide; where they leave it open, the name does. Of two descriptions of which one
    says all that the other says and more, the fuller one counts.
    """
    candidates = {
        saying
        for key, value in tags.items()
        for part in value.split(";")
        for saying in _sayings().get((key, part.strip()), ())
    }
    holding = [saying for saying in candidates if saying.holds(tags)]
    by_tags = [saying for saying in holding if saying.alone]
    fullest = {
        saying.service
        for saying in by_tags
        if not any(saying.tags.keys() < other.tags.keys() for other in by_tags)
    }
    by_name = classify(tags.get("name", "")) or classify(tags.get("name:zh", ""))
    if by_name in {saying.service for saying in holding} - fullest:
        return (by_name,)
    return tuple(service for service in load_catalogue() if service in fullest)


def _matches(rule: _Rule, plain: str) -> bool:
    found = rule.any.search(plain) is not None
    return found and (rule.never is None or rule.never.search(plain) is None)


@cache
def _rules() -> tuple[_Rule, ...]:
    return tuple(
        _Rule(
            service.id,
            re.compile("|".join(service.keywords.any)),
            re.compile("|".join(service.keywords.not_)) if service.keywords.not_ else None,
        )
        for service in load_catalogue().values()
    )


@cache
def _sayings() -> Mapping[tuple[str, str], tuple[_Saying, ...]]:
    """Return the sayings by the key and value that stand first in them."""
    by_tag: dict[tuple[str, str], list[_Saying]] = defaultdict(list)
    for service in load_catalogue().values():
        sayings = [_Saying(service.id, tags, alone=True) for tags in service.osm]
        sayings += [_Saying(service.id, tags, alone=False) for tags in service.osm_named]
        for saying in sayings:
            key, values = next(iter(saying.tags.items()))
            for value in values:
                by_tag[key, value].append(saying)
    return {tag: tuple(sayings) for tag, sayings in by_tag.items()}
