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
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from circles.communities import SETTINGS
from circles.errors import FaultsError, InputError
from circles.facilities import no_such_service, service_named
from circles.joining import MAX_ACCESS_M
from circles.network import MIN_PIECE_M
from circles.texts import Lang

_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_GROUP: Final = re.compile(r"all|\d+\+|\d+-\d+")


class _Table(BaseModel):
    """A table of the file; a key it does not know is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class NetworkTable(_Table):
    """``[network]``: the streets."""

    osm: str
    max_access_m: float = Field(MAX_ACCESS_M, gt=0)
    min_piece_m: float = Field(MIN_PIECE_M, ge=0)


class SettingRule(_Table):
    """How urban and rural are told apart: by a column's values, or by building density."""

    column: str | None = None
    urban: tuple[str, ...] = ()
    rural: tuple[str, ...] = ()
    urban_from_buildings_per_km2: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if (self.column is None) == (self.urban_from_buildings_per_km2 is None):
            message = "give either column (with urban and rural) or urban_from_buildings_per_km2"
            raise ValueError(message)
        twice = sorted(set(self.urban) & set(self.rural))
        if twice:
            message = f"{', '.join(map(repr, twice))} cannot be both urban and rural"
            raise ValueError(message)
        return self


class CommunitiesTable(_Table):
    """``[communities]``: who is scored."""

    path: str | None = None
    osm_admin_level: int | None = Field(None, ge=1, le=12)
    include_cut: bool = False
    layer: str | None = None
    crs: str | None = None
    id: str | None = None
    name: str | None = None
    setting: str | SettingRule
    street: str | None = None
    district: str | None = None
    households: str | None = None
    population: dict[str, str] = Field(default_factory=dict)

    @field_validator("setting", mode="before")
    @classmethod
    def _known_setting(cls, value: object) -> object:
        if isinstance(value, str) and value not in SETTINGS:
            message = f'{value!r} is no setting; use "urban", "rural" or a table with a rule'
            raise ValueError(message)
        return SettingRule.model_validate(value) if isinstance(value, dict) else value

    @field_validator("population")
    @classmethod
    def _known_groups(cls, value: dict[str, str]) -> dict[str, str]:
        return _checked_groups(value)

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.path is None) == (self.osm_admin_level is None):
            message = "give either path or osm_admin_level"
            raise ValueError(message)
        if self.path is not None and self.id is None:
            message = "path needs id, the column with each community's id"
            raise ValueError(message)
        return self


class DemandTable(_Table):
    """``[demand]``: where people live."""

    source: str = "buildings"
    layer: str | None = None
    crs: str | None = None
    population: dict[str, str] = Field(default_factory=dict)

    @field_validator("population")
    @classmethod
    def _known_groups(cls, value: dict[str, str]) -> dict[str, str]:
        return _checked_groups(value)


class FacilityTable(_Table):
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
        unknown = [service for service in value or () if service_named(service) != service]
        if unknown:
            raise ValueError("; ".join(no_such_service(service) for service in unknown))
        return value

    @field_validator("service")
    @classmethod
    def _known_service(cls, value: str | None) -> str | None:
        if value is not None and service_named(value) != value:
            raise ValueError(no_such_service(value))
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.path is None) == (self.osm is None):
            message = "give either path or osm"
            raise ValueError(message)
        extra = sorted(self.model_fields_set - {"osm"}) if self.osm is not None else []
        if extra:
            message = f"with osm, {', '.join(extra)} has no meaning"
            raise ValueError(message)
        if self.service is not None and self.service_column is not None:
            message = "give service or service_column, not both"
            raise ValueError(message)
        return self


class OutputTable(_Table):
    """``[output]``: where results go, and in which language."""

    dir: str = "out"
    lang: Lang = "zh"


class ProjectFile(_Table):
    """A whole project file."""

    name: str = Field(min_length=1)
    standard: str
    as_of: date | None = None
    fictional: bool = False
    network: NetworkTable
    communities: CommunitiesTable
    demand: DemandTable | None = None
    facilities: tuple[FacilityTable, ...] = ()
    output: OutputTable = OutputTable()


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
            It names an environment variable that is not set.
        """
        return self.path.parent / _with_variables(text)

    def inputs(self) -> list[tuple[str, str, Path]]:
        """Return every input file: its key, its path as the file has it, and where it is.

        The project file itself comes first. Raises like `resolve`.
        """
        named = [(key, text, self.resolve(text)) for key, text in _named_files(self.file)]
        if self.file.standard.endswith(".toml"):
            named.append(("standard", self.file.standard, self.resolve(self.file.standard)))
        return [("project", self.path.name, self.path), *named]

    @property
    def out_dir(self) -> Path:
        """The results folder."""
        return self.resolve(self.file.output.dir)


def load_project(path: Path) -> Project:
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
    if not path.is_file():
        message = f"{path}: no such project file"
        raise InputError(message)
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
        raise InputError(message) from error
    except tomllib.TOMLDecodeError as error:
        message = f"{path}: not valid TOML: {error}"
        raise InputError(message) from error
    try:
        project = Project(path, ProjectFile.model_validate(data))
    except ValidationError as error:
        raise FaultsError(str(path), _in_words(error)) from error
    faults = list(_missing_files(project))
    if faults:
        raise FaultsError(str(path), faults)
    return project


def _checked_groups(groups: dict[str, str]) -> dict[str, str]:
    wrong = [group for group in groups if not _GROUP.fullmatch(group)]
    if wrong:
        message = (
            f"{', '.join(map(repr, wrong))}: no population group; write all, an age and upwards "
            'such as "60+", or a range of ages such as "0-3"'
        )
        raise ValueError(message)
    return groups


def _with_variables(text: str) -> str:
    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            message = f"{text!r} names the environment variable {name}, which is not set"
            raise InputError(message)
        return os.environ[name]

    return _VARIABLE.sub(value, text)


def _named_files(file: ProjectFile) -> Iterable[tuple[str, str]]:
    yield "network.osm", file.network.osm
    if file.communities.path is not None:
        yield "communities.path", file.communities.path
    if file.demand is not None and file.demand.source != "buildings":
        yield "demand.source", file.demand.source
    for number, table in enumerate(file.facilities, start=1):
        if table.path is not None:
            yield f"facilities {number}, path", table.path


def _missing_files(project: Project) -> Iterable[str]:
    for key, text in _named_files(project.file):
        try:
            path = project.resolve(text)
        except InputError as error:
            yield f"{key}: {error}"
            continue
        if not path.is_file():
            near = _near_names(path)
            hint = f"; did you mean {near}?" if near else ""
            yield f"{key}: there is no file {text!r} beside the project file{hint}"


def _near_names(path: Path) -> str:
    if not path.parent.is_dir():
        return ""
    names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    return ", ".join(repr(n) for n in difflib.get_close_matches(path.name, names, n=2))


def _in_words(error: ValidationError) -> list[str]:
    return [_fault(fault) for fault in error.errors()]


def _fault(fault: Mapping[str, Any]) -> str:
    location = fault["loc"]
    where = _where(location)
    match fault["type"]:
        case "extra_forbidden":
            return f"unknown key {where!r}{_nearest_key(location)}"
        case "missing":
            return f"{where!r} is missing"
        case "value_error":
            message = str(fault["msg"]).removeprefix("Value error, ")
            return f"{where}: {message}" if where else message
        case _:
            return f"{where}: {fault['msg']}; it is {fault['input']!r}"


def _where(location: tuple[int | str, ...]) -> str:
    words: list[str] = []
    for part in location:
        if isinstance(part, int):
            words[-1] += f" {part + 1}"
        elif part not in {"str", "SettingRule"}:  # which of two types was tried says nothing
            words.append(part)
    return ".".join(words)


_TABLES: Final[Mapping[str, type[_Table]]] = {
    "network": NetworkTable,
    "communities": CommunitiesTable,
    "demand": DemandTable,
    "facilities": FacilityTable,
    "output": OutputTable,
    "setting": SettingRule,
}


def _nearest_key(location: tuple[int | str, ...]) -> str:
    *parents, key = [part for part in location if isinstance(part, str)]
    table = next((_TABLES[p] for p in reversed(parents) if p in _TABLES), ProjectFile)
    near = difflib.get_close_matches(key, table.model_fields, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known keys here: {', '.join(table.model_fields)}"
