"""The tables of a project file, each with its keys."""

import re
import reprlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from circles.communities import SETTINGS
from circles.facilities import no_such_service, service_named
from circles.network import MIN_PIECE_M
from circles.network.saved import SUFFIXES, named_saved
from circles.project.columns import CommunityColumnKeys, FacilityColumnKeys
from circles.project.sources import READING, SourceKeys, meaningless
from circles.reports.exports import Format
from circles.reports.handouts import DOCUMENTS, Document
from circles.tables import is_database
from circles.texts import Lang
from circles.travel.joining import MAX_ACCESS_M
from circles.validation import Table

#: What `demand.source` says where homes come from the extract.
BUILDINGS: Final = "buildings"
_GROUP: Final = re.compile(r"all|\d+\+|\d+-\d+")


def _known_group(group: str) -> str:
    if not _GROUP.fullmatch(group):
        message = (
            "this is no population group; write all, an age and upwards such as "
            '"60+", or a range of ages such as "0-3"'
        )
        raise ValueError(message)
    return group


def _listed(value: object) -> object:
    listed = [value] if isinstance(value, str) else value
    sound = isinstance(listed, list | tuple) and all(isinstance(v, str) and v for v in listed)
    if not (sound and listed):
        message = f"text in quotes was expected, or a list of such; it is {reprlib.repr(value)}"
        raise ValueError(message)
    return listed


Group = Annotated[str, AfterValidator(_known_group)]
OneOrMore = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""A text, or a list of them."""
Columns = dict[Group, OneOrMore]
"""The column, or the columns to be added up, by the population group that they count."""


class NetworkTable(Table):
    """``[network]``: the streets."""

    osm: str
    streets: str | None = None
    elevation: str | None = None
    max_access_m: float = Field(MAX_ACCESS_M, gt=0)
    min_piece_m: float = Field(MIN_PIECE_M, ge=0)

    @field_validator("streets")
    @classmethod
    def _saved_network(cls, value: str | None) -> str | None:
        if value is not None and not _may_be_saved(value):
            message = (
                f"{value!r} is no saved network; that is a folder, by custom with a name that ends "
                f"in {' or '.join(SUFFIXES)}"
            )
            raise ValueError(message)
        return value

    @classmethod
    def _contradictions(cls, given: Mapping[str, Any]) -> Iterable[str]:
        osm = str(given.get("osm"))
        if "streets" in given and (named_saved(osm) or osm.lower().endswith(".graphml")):
            yield f"{osm!r} holds streets only; with streets, osm is the extract for all the rest"
        if named_saved(osm) or "streets" in given:
            yield from meaningless(given, "a saved network", ("min_piece_m",))


def _may_be_saved(path: str) -> bool:
    """Tell whether a name can be that of a saved network; other files have a suffix."""
    return named_saved(path) or not Path(path).suffix


#: Urban and rural as the standard's own ways tell them apart.
BY_STANDARD: Final = "standard"


class SettingRule(Table):
    """How urban and rural are told apart: by a column's values, or by building density."""

    column: str | None = None
    urban: tuple[str, ...] = ()
    rural: tuple[str, ...] = ()
    urban_from_homes_per_km2: float | None = Field(None, gt=0)

    @classmethod
    def _contradictions(cls, given: Mapping[str, Any]) -> Iterable[str]:
        if ("column" in given) == ("urban_from_homes_per_km2" in given):
            yield "give either column (with urban and rural) or urban_from_homes_per_km2"
        elif "column" not in given:
            yield from meaningless(given, "urban_from_homes_per_km2", ("urban", "rural"))
        urban, rural = (given.get(name) for name in SETTINGS)
        if isinstance(urban, list) and isinstance(rural, list):
            twice = [repr(value) for value in urban if value in rural]
            if twice:
                yield f"{', '.join(twice)} cannot be both urban and rural"


class UnitLayer(SourceKeys):
    """A layer of the streets or districts that communities lie in, or a table of their codes."""

    path: str
    name: str
    code: str | None = None


class CommunityTable(SourceKeys, CommunityColumnKeys):
    """``[[communities.tables]]``: a second table on the same communities, such as residents."""

    path: str
    id: str | None = None
    code: str | None = None
    name: str | None = None
    street: str | None = None
    district: str | None = None
    households: str | None = None
    population: Columns = Field(default_factory=dict)
    age_bands: bool = False
    several_rows: Literal["refuse", "sum"] = "refuse"

    @classmethod
    def _contradictions(cls, given: Mapping[str, Any]) -> Iterable[str]:
        yield from super()._contradictions(given)
        if not {"id", "code", "name"} & given.keys():
            yield "it needs id, code or name, the column by which its rows are found on the map"


class CommunitiesTable(SourceKeys, CommunityColumnKeys):
    """``[communities]``: who is scored."""

    path: str | None = None
    osm_admin_level: int | None = Field(None, ge=1, le=12)
    include_cut: bool = False
    id: str | None = None
    name: str | None = None
    code: str | None = None
    setting: str | SettingRule
    zone: str | None = None
    nbs_code: str | None = None
    street: str | UnitLayer | None = None
    district: str | UnitLayer | None = None
    households: str | None = None
    population: Columns = Field(default_factory=dict)
    age_bands: bool = False
    tables: tuple[CommunityTable, ...] = ()

    @field_validator("setting", mode="before")
    @classmethod
    def _known_setting(cls, value: object) -> object:
        if isinstance(value, dict):
            return SettingRule.model_validate(value)
        if not isinstance(value, SettingRule) and value not in {*SETTINGS, BY_STANDARD}:
            message = (
                f'{value!r} is no setting; use "urban", "rural", "standard" or a table with a rule'
            )
            raise ValueError(message)
        return value

    @classmethod
    def _contradictions(cls, given: Mapping[str, Any]) -> Iterable[str]:
        yield from super()._contradictions(given)
        if ("path" in given) == ("osm_admin_level" in given):
            yield "give either path or osm_admin_level"
        elif "path" not in given:
            yield from meaningless(given, "osm_admin_level", ("id", "name", *READING))
        else:
            yield from meaningless(given, "path", ("include_cut",))
            if "id" not in given:
                yield "path needs id, the column with each community's id"


class DemandTable(SourceKeys):
    """``[demand]``: where people live."""

    source: str = BUILDINGS
    addresses: bool = False
    rasters: dict[Group, OneOrMore] = Field(default_factory=dict)
    raster_unit: Literal["people", "people_per_km2"] = "people"
    spread: Literal["even", "buildings"] = "even"
    population: Columns = Field(default_factory=dict)
    age_bands: bool = False
    suppressed: tuple[float, ...] = ()

    @classmethod
    def _contradictions(cls, given: Mapping[str, Any]) -> Iterable[str]:
        yield from super()._contradictions(given)
        counting = ("population", "age_bands", "suppressed")
        reading = ("addresses", *counting, *READING)
        if "rasters" in given:
            yield from meaningless(given, "rasters", ("source", *reading))
            if given["rasters"] == {}:
                yield 'rasters names no file; write for example rasters = { all = "all.tif" }'
            return
        yield from meaningless(given, "no rasters", ("raster_unit",))
        if given.get("source", BUILDINGS) == BUILDINGS:
            yield from meaningless(given, 'source = "buildings"', ("spread", *reading))
        elif given.get("addresses") is True:
            yield from meaningless(given, "addresses", ("spread", *counting))


class FacilityTable(SourceKeys, FacilityColumnKeys):
    """``[[facilities]]``: one layer of facilities, from a file or from the extract."""

    path: str | None = None
    osm: tuple[str, ...] | None = None
    service: str | None = None
    service_column: str | None = None
    name: str | None = None

    @field_validator("osm")
    @classmethod
    def _known_services(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value == ():
            message = 'it names no service; write for example osm = ["childcare"]'
            raise ValueError(message)
        unknown = [service for service in value or () if service_named(service) is None]
        if unknown:
            raise ValueError("; ".join(no_such_service(service) for service in unknown))
        named = dict.fromkeys(filter(None, map(service_named, value or ())))
        return None if value is None else tuple(named)

    @field_validator("service")
    @classmethod
    def _known_service(cls, value: str | None) -> str | None:
        service = None if value is None else service_named(value)
        if value is not None and service is None:
            raise ValueError(no_such_service(value))
        return service

    @classmethod
    def _contradictions(cls, given: Mapping[str, Any]) -> Iterable[str]:
        yield from super()._contradictions(given)
        if ("path" in given) == ("osm" in given):
            yield "give either path or osm"
        elif "path" not in given:
            yield from meaningless(given, "osm", [key for key in cls.model_fields if key != "osm"])
        if "service" in given and "service_column" in given:
            yield "give service or service_column, not both"


class OutputTable(Table):
    """``[output]``: where results go, and in which language."""

    dir: str = Field("out", min_length=1)
    lang: Lang = "zh"
    formats: tuple[Format, ...] = ()
    documents: tuple[Document, ...] = Field(default_factory=lambda: DOCUMENTS)
    templates: str | None = Field(None, min_length=1)
    postgis: str | None = None
    postgis_schema: str = Field("circles_results", min_length=1)

    @field_validator("postgis")
    @classmethod
    def _database(cls, value: str | None) -> str | None:
        if value is not None and not is_database(value):
            message = "this is no database; write postgresql://user@host/database"
            raise ValueError(message)
        return value

    @classmethod
    def _contradictions(cls, given: Mapping[str, Any]) -> Iterable[str]:
        if "postgis" not in given:
            yield from meaningless(given, "no postgis", ("postgis_schema",))


class CheckTable(Table):
    """``[check]``: what stops a run before anything is scored."""

    min_used_share: float = Field(0.5, ge=0, le=1)


class MapTable(Table):
    """``[map]``: how the interactive map is published."""

    review: str = ""
    base_maps: tuple[Literal["tianditu", "osm", "amap"], ...] = ()
    tianditu_token: str | None = None
    fragment: bool = False

    @classmethod
    def _contradictions(cls, given: Mapping[str, Any]) -> Iterable[str]:
        wanted = "tianditu" in (given.get("base_maps") or ())
        if wanted and not given.get("tianditu_token"):
            yield "the base map 'tianditu' needs tianditu_token, the key of a registered user"
        if not wanted:
            yield from meaningless(given, "no base map 'tianditu'", ("tianditu_token",))
