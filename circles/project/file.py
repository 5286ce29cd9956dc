"""The project file `circles.toml`: what one district's run needs, validated with every fault.

The keys are documented in ``docs/project-file.md``; a test holds that page and this module
together.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from pydantic import Field, ValidationError, field_validator

from circles.errors import FaultsError, InputError
from circles.profiles import OwnProfiles, ProfileTable, bundled_profiles
from circles.project.locations import missing, named_locations, table_of, with_variables
from circles.project.sources import READING, SourceKeys
from circles.project.tables import (
    CheckTable,
    CommunitiesTable,
    CommunityTable,
    DemandTable,
    FacilityTable,
    MapTable,
    NetworkTable,
    OutputTable,
    SettingRule,
    UnitLayer,
)
from circles.reports.handouts import DOCUMENTS, Document
from circles.standards import no_such_standard, standard_ids
from circles.tables import DatabaseAddress, Source, is_database, listing, refuse_missing
from circles.validation import Table, faults_in_words
from circles.walking import Profile

#: A group that stands as a key without the quotes that its plus sign needs.
_BARE_GROUP: Final = re.compile(r"(?<![\w\"'])(\d+\+)\s*=")


class ProjectFile(Table):
    """A whole project file."""

    name: str = Field(min_length=1)
    standard: str
    as_of: date | None = None
    fictional: bool = False
    profile: str | None = None
    network: NetworkTable | None = None
    communities: CommunitiesTable
    demand: DemandTable | None = None
    facilities: tuple[FacilityTable, ...] = ()
    profiles: OwnProfiles = Field(default_factory=dict)
    check: CheckTable = CheckTable()
    map: MapTable = MapTable()
    output: OutputTable = Field(default_factory=OutputTable)

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
        name, own = given.get("profile"), table_of(given, "profiles")
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
        return self.path.parent / with_variables(text)

    def source(self, location: str, keys: SourceKeys) -> Source:
        """Return where a table is and how to read it. Raises like `resolve`."""
        # An address fills in its variables by itself, part by part.
        there = DatabaseAddress(location) if is_database(location) else self.resolve(location)
        return Source(there, **{name: getattr(keys, name) for name in READING})

    def inputs(self) -> list[tuple[str, str, Path]]:
        """Return every input file: its key, its path as the file has it, and where it is.

        The project file itself comes first. Databases are not among them. Raises like `resolve`.
        """
        named = named_locations(self.file.model_dump())
        files = [(key, text, self.resolve(text)) for key, text in named if not is_database(text)]
        return [("project", self.path.name, self.path), *files]

    def with_fragment(self) -> "Project":
        """Return the project with the map for an iframe asked for."""
        wanted = self.file.map.model_copy(update={"fragment": True})
        return replace(self, file=self.file.model_copy(update={"map": wanted}))

    def with_documents(self, documents: Sequence[Document]) -> "Project":
        """Return the project with other documents asked for.

        Raises
        ------
        InputError
            There is no document of such a name.
        """
        if unknown := sorted(set(documents) - set(DOCUMENTS)):
            message = (
                f"there is no document {unknown[0]!r}; "
                f"{listing('documents', unknown[0], DOCUMENTS)}"
            )
            raise InputError(message)
        wanted = self.file.output.model_copy(update={"documents": tuple(documents)})
        return replace(self, file=self.file.model_copy(update={"output": wanted}))

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
    return project_of(path, read_toml(path))


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    InputError
        The file is missing, cannot be opened, or is no TOML.
    """
    refuse_missing(path)
    try:
        text = path.read_text("utf-8-sig")
        return tomllib.loads(text)
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


def project_of(path: Path, data: Mapping[str, Any]) -> Project:
    """Return what a project file says that was read already.

    Parameters
    ----------
    path
        The file; the paths in it are relative to its folder.
    data
        Its content.

    Raises
    ------
    FaultsError
        Keys or values are wrong, or files it names are missing; all faults are named at once.
    """
    file, faults = _validated(data)
    faults += missing(path.parent, data)
    if file is None or faults:
        raise FaultsError(str(path), faults)
    return Project(path, file)


def _validated(data: Mapping[str, Any]) -> tuple[ProjectFile | None, list[str]]:
    try:
        return ProjectFile.model_validate(data), []
    except ValidationError as error:
        return None, faults_in_words(error, _TABLES, ProjectFile)


_TABLES: Final[Mapping[str, type[Table]]] = {
    "network": NetworkTable,
    "communities": CommunitiesTable,
    "tables": CommunityTable,
    "street": UnitLayer,
    "district": UnitLayer,
    "check": CheckTable,
    "map": MapTable,
    "demand": DemandTable,
    "facilities": FacilityTable,
    "profiles": ProfileTable,
    "output": OutputTable,
    "setting": SettingRule,
}
