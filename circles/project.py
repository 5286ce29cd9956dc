"""The project file `circles.toml`: what one district's run needs, validated with every fault.

The keys are documented in ``docs/project-file.md``; a test holds that page and this module
together.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    field_validator,
)

from circles.column_keys import CommunityColumnKeys, FacilityColumnKeys
from circles.communities import SETTINGS
from circles.errors import FaultsError, InputError
from circles.facilities import no_such_service, service_named
from circles.network import MIN_PIECE_M
from circles.network.saved import SUFFIX
from circles.profiles import OwnProfiles, ProfileTable, bundled_profiles
from circles.standards import no_such_standard, standard_ids
from circles.tables import listing, refuse_missing
from circles.texts import Lang
from circles.travel.joining import MAX_ACCESS_M
from circles.validation import Table, faults_in_words
from circles.walking import Profile

_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_BUILDINGS: Final = "buildings"
_GROUP: Final = re.compile(r"all|\d+\+|\d+-\d+")
#: A group that stands as a key without the quotes that its plus sign needs.
_BARE_GROUP: Final = re.compile(r"(?<![\w\"'])(\d+\+)\s*=")


def _known_group(group: str) -> str:
    if not _GROUP.fullmatch(group):
        message = (
            "this is no population group; write all, an age and upwards such as "
            '"60+", or a range of ages such as "0-3"'
        )
        raise ValueError(message)
    return group


Columns = dict[Annotated[str, AfterValidator(_known_group)], str]
"""Columns by the population group that they count."""


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
        if value is not None and not _is_saved(value):
            message = f"{value!r} is no saved network; its folder's name ends in {SUFFIX}"
            raise ValueError(message)
        return value

    @classmethod
    def _contradictions(cls, given: Mapping[str, Any]) -> Iterable[str]:
        osm = str(given.get("osm"))
        if "streets" in given and Path(osm).suffix.lower() in {SUFFIX, ".graphml"}:
            yield f"{osm!r} holds streets only; with streets, osm is the extract for all the rest"
        if _is_saved(given.get("osm")) or "streets" in given:
            yield from _meaningless(given, "a saved network", ("min_piece_m",))


def _is_saved(path: object) -> bool:
    return isinstance(path, str) and Path(path).suffix.lower() == SUFFIX


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
            yield from _meaningless(given, "urban_from_homes_per_km2", ("urban", "rural"))
        urban, rural = (given.get(name) for name in SETTINGS)
        if isinstance(urban, list) and isinstance(rural, list):
            twice = [repr(value) for value in urban if value in rural]
            if twice:
                yield f"{', '.join(twice)} cannot be both urban and rural"


class CommunitiesTable(CommunityColumnKeys):
    """``[communities]``: who is scored."""

    path: str | None = None
    osm_admin_level: int | None = Field(None, ge=1, le=12)
    include_cut: bool = False
    layer: str | None = None
    crs: str | None = None
    id: str | None = None
    name: str | None = None
    setting: str | SettingRule
    zone: str | None = None
    nbs_code: str | None = None
    street: str | None = None
    district: str | None = None
    households: str | None = None
    population: Columns = Field(default_factory=dict)

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
        if ("path" in given) == ("osm_admin_level" in given):
            yield "give either path or osm_admin_level"
        elif "path" not in given:
            yield from _meaningless(given, "osm_admin_level", ("id", "name", "layer", "crs"))
        else:
            yield from _meaningless(given, "path", ("include_cut",))
            if "id" not in given:
                yield "path needs id, the column with each community's id"


class DemandTable(Table):
    """``[demand]``: where people live."""

    source: str = _BUILDINGS
    layer: str | None = None
    crs: str | None = None
    population: Columns = Field(default_factory=dict)

    @classmethod
    def _contradictions(cls, given: Mapping[str, Any]) -> Iterable[str]:
        if given.get("source", _BUILDINGS) == _BUILDINGS:
            yield from _meaningless(given, 'source = "buildings"', ("layer", "crs", "population"))


class FacilityTable(FacilityColumnKeys):
    """``[[facilities]]``: one layer of facilities, from a file or from the extract."""

    path: str | None = None
    osm: tuple[str, ...] | None = None
    service: str | None = None
    service_column: str | None = None
    name: str | None = None
    layer: str | None = None
    sheet: str | None = None
    lon: str | None = None
    lat: str | None = None
    crs: str | None = None

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
        if ("path" in given) == ("osm" in given):
            yield "give either path or osm"
        elif "path" not in given:
            yield from _meaningless(given, "osm", [key for key in cls.model_fields if key != "osm"])
        if "service" in given and "service_column" in given:
            yield "give service or service_column, not both"


def _meaningless(given: Mapping[str, Any], beside: str, keys: Iterable[str]) -> Iterable[str]:
    extra = [key for key in keys if key in given]
    if extra:
        verb = "has" if len(extra) == 1 else "have"
        yield f"with {beside}, {', '.join(extra)} {verb} no meaning"


class OutputTable(Table):
    """``[output]``: where results go, and in which language."""

    dir: str = Field("out", min_length=1)
    lang: Lang = "zh"


class ProjectFile(Table):
    """A whole project file."""

    name: str = Field(min_length=1)
    standard: str
    as_of: date | None = None
    fictional: bool = False
    profile: str | None = None
    network: NetworkTable
    communities: CommunitiesTable
    demand: DemandTable | None = None
    facilities: tuple[FacilityTable, ...] = ()
    profiles: OwnProfiles = Field(default_factory=dict)
    output: OutputTable = OutputTable()

    @field_validator("name")
    @classmethod
    def _can_be_shown(cls, value: str) -> str:
        if not value.isprintable():
            message = f"{value!r} holds characters that cannot be shown; remove them"
            raise ValueError(message)
        return value

    @field_validator("standard")
    @classmethod
    def _known_standard(cls, value: str) -> str:
        if not value.endswith(".toml") and value not in standard_ids():
            raise ValueError(no_such_standard(value))
        return value

    @classmethod
    def _contradictions(cls, given: Mapping[str, Any]) -> Iterable[str]:
        name, own = given.get("profile"), _table(given, "profiles")
        if isinstance(name, str) and name not in {*own, *bundled_profiles()}:
            there = listing("profiles", name, {*own, *bundled_profiles()})
            yield f"profile: there is no {name!r}; {there}"

    def walkers(self) -> Mapping[str, Profile]:
        """Return all walking profiles by name: the bundled ones, own ones in place of them."""
        own = {name: table.profile(name) for name, table in self.profiles.items()}
        return {**bundled_profiles(), **own}


@dataclass(frozen=True)
class Project:
    """A project file that was read, and the folder its paths are relative to.

    Parameters
    ----------
    path
        The project file.
    file
        Its content.
    """

    path: Path
    file: ProjectFile

    def resolve(self, text: str) -> Path:
        """Return a path of the file as a path of this machine.

        Raises
        ------
        InputError
            It names an environment variable that is not set, or is no path.
        """
        return self.path.parent / _with_variables(text)

    def inputs(self) -> list[tuple[str, str, Path]]:
        """Return every input file: its key, its path as the file has it, and where it is.

        The project file itself comes first. Raises like `resolve`.
        """
        named = _named_files(self.file.model_dump())
        files = [(key, text, self.resolve(text)) for key, text in named]
        return [("project", self.path.name, self.path), *files]

    @property
    def out_dir(self) -> Path:
        """The results folder."""
        return self.resolve(self.file.output.dir)


def load_project(path: Path | str) -> Project:
    """Read and validate a project file.

    Parameters
    ----------
    path
        The file, usually ``circles.toml``.

    Raises
    ------
    InputError
        The file is missing, or no TOML.
    FaultsError
        Keys or values are wrong, or files it names are missing; all faults are named at once.
    """
    path = Path(path)
    refuse_missing(path)
    try:
        text = path.read_text("utf-8-sig")
        data = tomllib.loads(text)
    except OSError as error:
        message = f"{path}: the project file cannot be opened: {error.strerror}"
        raise InputError(message) from error
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
        raise InputError(message) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        bare = _BARE_GROUP.search(text)
        hint = f'; write the group in quotes: "{bare[1]}" =' if bare else ""
        message = f"{path}: not valid TOML: {error}{hint}"
        raise InputError(message) from error
    file, faults = _validated(data)
    faults += _missing_files(path.parent, data)
    if file is None or faults:
        raise FaultsError(str(path), faults)
    return Project(path, file)


def _validated(data: Mapping[str, Any]) -> tuple[ProjectFile | None, list[str]]:
    try:
        return ProjectFile.model_validate(data), []
    except ValidationError as error:
        return None, faults_in_words(error, _TABLES, ProjectFile)


def _with_variables(text: str) -> str:
    if "\0" in text:
        message = f"{text!r} is no path, it holds a NUL character; remove it"
        raise InputError(message)

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            message = f"{text!r} names the environment variable {name}, which is not set"
            raise InputError(message)
        return os.environ[name]

    return _VARIABLE.sub(value, text)


def _named_files(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the input files a project names, whatever else is wrong with it."""
    source, standard = _table(data, "demand").get("source"), data.get("standard")
    layers = data.get("facilities")
    network = _table(data, "network")
    named = [
        *((f"network.{key}", network.get(key)) for key in ("osm", "streets", "elevation")),
        ("communities.path", _table(data, "communities").get("path")),
        ("demand.source", None if source == _BUILDINGS else source),
        *(
            (f"facilities {number}, path", layer.get("path"))
            for number, layer in enumerate(layers if isinstance(layers, list | tuple) else (), 1)
            if isinstance(layer, dict)
        ),
        ("standard", standard if str(standard).endswith(".toml") else None),
    ]
    return [(key, text) for key, text in named if isinstance(text, str)]


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = data.get(key)
    return table if isinstance(table, dict) else {}


def _missing_files(folder: Path, data: Mapping[str, Any]) -> Iterable[str]:
    for key, text in [*_named_files(data), ("output.dir", _table(data, "output").get("dir"))]:
        try:
            path = folder / _with_variables(str(text))
        except InputError as error:
            yield f"{key}: {error}"
            continue
        if key != "output.dir" and not _is_there(path):
            yield f"{key}: there is no file {text!r} beside the project file; {_names_near(path)}"


def _is_there(path: Path) -> bool:
    try:
        return path.is_file() or (path.is_dir() and path.suffix.lower() in {".gdb", SUFFIX})
    except OSError:  # a name that no file can have
        return False


def _names_near(path: Path) -> str:
    if not path.parent.is_dir():
        return f"nor is there the folder {str(path.parent)!r}"
    names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    near = difflib.get_close_matches(path.name, names, n=2)
    if near:
        return f"did you mean {', '.join(map(repr, near))}?"
    return f"correct the path; {listing('files there', path.name, names)}"


_TABLES: Final[Mapping[str, type[Table]]] = {
    "network": NetworkTable,
    "communities": CommunitiesTable,
    "demand": DemandTable,
    "facilities": FacilityTable,
    "profiles": ProfileTable,
    "output": OutputTable,
    "setting": SettingRule,
}
