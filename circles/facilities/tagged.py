"""Which services an OpenStreetMap place offers, by its tags and its name, and what said so."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from circles.facilities.catalogue import TagSet, load_catalogue
from circles.facilities.classify import Classification, Where, classified

#: The tags that hold a place's names, in the order in which they are tried.
NAME_TAGS: Final = ("name", "name:zh", "alt_name")


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

    def words(self, tags: Mapping[str, str]) -> str:
        """Return the tags of a place that are among those of the saying."""
        return " ".join(f"{key}={tags[key]}" for key in self.tags)

    @property
    def rule(self) -> str:
        return " + ".join(f"{key}={'|'.join(values)}" for key, values in self.tags.items())


def classify_tags(tags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the services that an OpenStreetMap place offers; see `classified_tags`."""
    return tuple(found.service for found in classified_tags(tags))


def classified_tags(tags: Mapping[str, str]) -> tuple[Classification, ...]:
    """Return the services that an OpenStreetMap place offers, and what said so.

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
        saying.service: saying
        for saying in by_tags
        if not any(saying.tags.keys() < other.tags.keys() for other in by_tags)
    }
    open_ = {saying.service for saying in holding} - fullest.keys()
    by_name = next(_by_names(tags), None) if open_ else None
    if by_name is not None and by_name.service in open_:
        return (by_name,)
    return tuple(
        Classification(service, saying.rule, saying.words(tags), Where.TAGS)
        for service in load_catalogue()
        if (saying := fullest.get(service)) is not None
    )


def _by_names(tags: Mapping[str, str]) -> Iterator[Classification]:
    """Yield the service that each of a place's names says."""
    for key in NAME_TAGS:
        for name in tags.get(key, "").split(";"):
            found = classified(name)
            if found is not None:
                yield found


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
