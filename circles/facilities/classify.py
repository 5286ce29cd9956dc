"""Which services a name or a type says, by the words of the catalogue, and which rule said so."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final

from circles.facilities.catalogue import load_catalogue, service_named
from circles.tables.folding import folded

#: What stands between the parts of a type that names several services.
SEPARATORS: Final = re.compile(r"[;；、,，/|\n]")
_SILENT: Final = re.compile("[()\\[\\]【】〔〕《》\"'“”‘’「」『』·.]")
_CHINESE: Final = re.compile("[\u3400-\u9fff]")
_BRACKETED: Final = re.compile(r"\(([^()]*)\)")
#: Words after which a name says what else a place offers.
_WITH: Final = re.compile("(?<![不未])(?:内含|包含|含|内设|设有|加挂|兼|暨)|[、+&/]")
_WITH_FIRST: Final = re.compile("^(?:内含|包含|含|附设|附属|内设|设有|加挂|兼|[+&])")
#: The host stands before these words, the facility itself after them.
_ATTACHED: Final = re.compile("附设|附属")
#: Who runs a place is not the place.
_ORGANISATION: Final = re.compile("(协会|促进会|联合会|基金会|研究会)$")
#: A bracket that says where a place is, what it was or will be, or what it does not offer.
_BESIDE: Final = re.compile(
    "^(不含|未含|无|原|拟|筹|在建|暂停|近|对面)|(内|旁|侧|对面|附近|楼|隔壁)$"
)
#: The widest classes of a map provider, whose types go from the wide to the narrow.
_WIDEST: Final = re.compile(
    "^(汽车(服务|销售|维修)|摩托车服务|餐饮服务|购物服务|生活服务|体育休闲服务|医疗保健服务|住宿服务|"
    "风景名胜|商务住宅|政府机构及社会团体|科教文化服务|交通设施服务|金融保险服务|公司企业|"
    "道路附属设施|地名地址信息|公共设施|通行设施)[;；]"
)
_REMEMBERED: Final = 65_536


class Where(StrEnum):
    """What said which service a facility offers."""

    LAYER = "layer"
    TYPE = "type"
    NAME = "name"
    COLUMN = "column"
    TAGS = "tags"


@dataclass(frozen=True)
class Classification:
    """A service that a facility offers, and how that is known.

    Parameters
    ----------
    service
        The service.
    rule
        What fired: a keyword's pattern, the service's id or name, a column or tags.
    words
        The words in which it was found, folded.
    where
        What was read: the layer's setting, the type, the name, a column of its own, or tags.
    """

    service: str
    rule: str
    words: str
    where: Where = Where.NAME


@dataclass(frozen=True)
class Said:
    """What a name or a type says of the services of a place.

    Parameters
    ----------
    services
        The services it says, the main one first.
    unsure
        Services that it mentions and that may be those of another place: a host, or what stands
        in brackets.
    """

    services: tuple[Classification, ...] = ()
    unsure: tuple[Classification, ...] = ()


@dataclass(frozen=True)
class _Rule:
    service: str
    any: tuple[re.Pattern[str], ...]
    joined: re.Pattern[str]
    never: re.Pattern[str] | None


def classify(text: str) -> str | None:
    """Return the service that a name or a type says first, or None if it says none.

    Examples
    --------
    >>> classify("獵德街 頤康中心長者飯堂")
    'elder_meal'
    """
    found = classified(text)
    return None if found is None else found.service


def classified(text: str) -> Classification | None:
    """Return the main service that a name says and the rule that fired, None if it says none."""
    return next(iter(said_by_name(text).services), None)


@lru_cache(maxsize=_REMEMBERED)
def said_by_name(text: str) -> Said:
    """Return what a name says of the services of its place.

    The catalogue's services are tried in their order and the first that matches is taken. The
    words outside brackets come before those in them; after 附设 stands the place itself and before
    it its host; and what follows words such as 含, 暨 and 加挂 is a further service.
    """
    whole = _BRACKETED.sub(_here, folded(text))
    if not _CHINESE.search(whole):  # all keywords are Chinese
        return Said()
    inside = _BRACKETED.findall(whole)
    outside = _BRACKETED.sub("", whole)
    main, unsure = _outside(outside, whole)
    if not main:
        found = None if whole == outside else _first(whole)
        return Said(() if found is None else (found,))
    further, mentioned = _inside(inside)
    return _distinct([*main, *further], [*unsure, *mentioned])


@lru_cache(maxsize=_REMEMBERED)
def said_by_type(text: str) -> Said:
    """Return what a type says: ids or names of services, or words, several if they are separated.

    A type of a map provider goes from the wide to the narrow; its narrowest known class counts.
    """
    named = service_named(text)
    if named is not None:
        return Said((Classification(named, named, text.strip(), Where.TYPE),))
    nested = _WIDEST.search(text.strip()) is not None
    services: list[Classification] = []
    unsure: list[Classification] = []
    for part in _parts(text):
        named = service_named(part)
        said = Said() if named is None else Said((Classification(named, named, part),))
        said = said if said.services else said_by_name(part)
        services = list(said.services) if nested and said.services else [*services, *said.services]
        unsure += said.unsure
    said = _distinct(services, unsure)
    return Said(
        tuple(replace(found, where=Where.TYPE) for found in said.services),
        tuple(replace(found, where=Where.TYPE) for found in said.unsure),
    )


def _parts(text: str) -> list[str]:
    """Return the parts of a type; what stands in brackets is not separated."""
    parts, depth, start = [], 0, 0
    for place, char in enumerate(text):
        depth += (char in "(（") - (char in ")）" and depth > 0)
        if depth == 0 and SEPARATORS.match(char):
            parts.append(text[start:place])
            start = place + 1
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def _outside(text: str, whole: str) -> tuple[list[Classification], list[Classification]]:
    """Return what stands outside brackets, and what is said of a host."""
    attached = [match.span() for match in _ATTACHED.finditer(text)]
    if attached:
        start, end = attached[-1]
        tail, host = _first(text[end:]), _first(text[:start])
        if tail is not None:
            both = host is not None and tail.service in load_catalogue()[host.service].also
            return [tail], [host] if host is not None and both else []
    parts = _WITH.split(text)
    said = [found for part in parts if (found := _first(part, whole)) is not None]
    if len(parts) == 1 or len({found.service for found in said}) > 1:
        return said, []
    found = _first(text, whole)
    return [] if found is None else [found], []


def _inside(brackets: list[str]) -> tuple[list[Classification], list[Classification]]:
    """Return what brackets say a place offers besides, and what they only mention."""
    further: list[Classification] = []
    mentioned: list[Classification] = []
    for words in brackets:
        found = [known for part in _WITH.split(words) if (known := _first(part)) is not None]
        (further if _WITH_FIRST.search(words) else mentioned).extend(found)
    return further, mentioned


def _here(bracket: re.Match[str]) -> str:
    """Return a bracket, or nothing where it speaks of another place or time."""
    return "" if _BESIDE.search(bracket[1]) else bracket[0]


def _distinct(services: list[Classification], unsure: list[Classification]) -> Said:
    said = {found.service: found for found in reversed(services)}
    open_ = {found.service: found for found in reversed(unsure) if found.service not in said}
    return Said(tuple(reversed(said.values())), tuple(reversed(open_.values())))


def _first(text: str, context: str = "") -> Classification | None:
    """Return the first service that a folded text says and that its context does not rule out."""
    return next(_matches(_SILENT.sub("", text), _SILENT.sub("", context)), None)


def _matches(plain: str, context: str) -> Iterator[Classification]:
    if _ORGANISATION.search(plain):
        return
    for rule in _rules():
        if rule.joined.search(plain) is None:
            continue
        if rule.never is not None and (rule.never.search(plain) or rule.never.search(context)):
            continue
        for pattern in rule.any:
            found = pattern.search(plain)
            if found is not None:
                yield Classification(rule.service, pattern.pattern, found[0])
                break


def without_words_of(service: str, text: str) -> str:
    """Return a folded text without the words that say a service; all of it if nothing is left."""
    return _rules_by_service()[service].joined.sub("", text) or text


@cache
def _rules_by_service() -> dict[str, _Rule]:
    return {rule.service: rule for rule in _rules()}


@cache
def _rules() -> tuple[_Rule, ...]:
    return tuple(
        _Rule(
            service.id,
            tuple(re.compile(words) for words in service.keywords.any),
            re.compile("|".join(service.keywords.any)),
            re.compile("|".join(service.keywords.not_)) if service.keywords.not_ else None,
        )
        for service in load_catalogue().values()
    )
