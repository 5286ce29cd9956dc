"""The catalogue of services, read from the file beside this module."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from circles.errors import FaultsError
from circles.tables import listing, matching_key
from circles.texts import LANGS, Bilingual

#: What a capacity counts.
Capacity = Literal["places", "seats", "beds"]
Level = Literal["village", "community", "street", "district"]
TagSet = dict[str, tuple[str, ...]]
"""Keys that must all be there, each with one of its values."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Keywords(_Part):
    """Words in a facility's name or type that say its service.

    Parameters
    ----------
    any
        Regular expressions over folded text, one of which must be found.
    not_
        Regular expressions, none of which may be found.
    """

    any: tuple[str, ...]
    not_: tuple[str, ...] = Field(default=(), alias="not")


class Service(_Part):
    """What people need, and how it is recognised and drawn.

    Parameters
    ----------
    id
        Its name in project files, standards and results.
    name
        Its name for readers.
    group
        For whom it is: ``"all"``, ``"60+"``, ``"0-3"`` ...
    levels
        At which levels of the city it is provided.
    keywords
        Words in a name or a type that say it.
    osm
        OpenStreetMap tags that by themselves say it, in any of these ways.
    osm_named
        OpenStreetMap tags under which it is found if the name says it.
    colour
        ``#rrggbb``; white letters can be read on it.
    capacity
        What its capacity counts, where that is usual enough to be taken for granted.
    sign
        One Chinese character that stands for it on a map.
    also
        Services that such a place often offers besides; nothing but a column of its own says so.
    titles
        English words for it, besides its name, that title a list of such places.
    """

    id: str
    name: Bilingual
    group: str
    levels: tuple[Level, ...]
    keywords: Keywords
    osm: tuple[TagSet, ...] = ()
    osm_named: tuple[TagSet, ...] = ()
    colour: str
    sign: str
    capacity: Capacity | None = None
    also: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()


class _Catalogue(_Part):
    schema_: Literal["circles.catalogue/1"] = Field(alias="schema")
    services: tuple[Service, ...]


@cache
def load_catalogue() -> Mapping[str, Service]:
    """Return the services by id, in the order in which names are tried on them."""
    text = files("circles.facilities").joinpath("catalogue.toml").read_text("utf-8")
    catalogue = _Catalogue.model_validate(tomllib.loads(text))
    return MappingProxyType({service.id: service for service in catalogue.services})


def service_named(text: str) -> str | None:
    """Return the id of the service that has this id or this name in either language."""
    return _ids_by_key().get(matching_key(text))


def require_services(services: Iterable[str], *, where: str) -> None:
    """Refuse ids that are not in the catalogue; the nearest ones are named.

    Raises
    ------
    FaultsError
        There are no services of these ids.
    """
    known = load_catalogue()
    unknown = dict.fromkeys(service for service in services if service not in known)
    if unknown:
        raise FaultsError(where, [no_such_service(service) for service in unknown])


def no_such_service(service: str) -> str:
    """Say that a service is not in the catalogue, and which are near."""
    return f"there is no service {service!r}; {listing('services', service, load_catalogue())}"


@cache
def _ids_by_key() -> Mapping[str, str]:
    catalogue = load_catalogue().values()
    names = {
        matching_key(service.name[lang]): service.id for service in catalogue for lang in LANGS
    }
    ids = {matching_key(service.id): service.id for service in catalogue}
    return MappingProxyType(names | ids)
