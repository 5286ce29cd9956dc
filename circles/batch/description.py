"""The file that describes a batch: a list of projects, or one project and what splits it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pydantic import Field, ValidationError, field_validator

from circles.errors import FaultsError, InputError
from circles.project import OutputTable, Project, load_project, project_of, read_toml
from circles.validation import Table, faults_in_words

#: What communities are split by: columns that the community table has under these names.
By = Literal["district", "street"]


class BatchTable(Table):
    """``[batch]``: what is run one by one."""

    projects: tuple[str, ...] = ()
    by: By | None = None
    margin_m: float | None = Field(None, gt=0)

    @classmethod
    def _contradictions(cls, given: Mapping[str, Any]) -> Iterable[str]:
        if bool(given.get("projects")) == (given.get("by") is not None):
            yield (
                'write either projects = ["*/circles.toml"], a list of project files, or '
                'by = "district", the column that splits the communities of this file'
            )
        if given.get("projects") and "margin_m" in given:
            yield "margin_m means nothing with projects: each of them has a margin of its own"


class ListFile(Table):
    """The whole of a file that lists projects."""

    name: str = Field(min_length=1)
    batch: BatchTable
    output: OutputTable = Field(default_factory=OutputTable)

    @field_validator("name")
    @classmethod
    def _can_be_shown(cls, value: str) -> str:
        if not value.isprintable():
            message = f"{value!r} holds characters that cannot be shown; remove them"
            raise ValueError(message)
        return value


@dataclass(frozen=True)
class Unreadable:
    """A project of a list that cannot be read; the others are run all the same.

    Parameters
    ----------
    name
        What it is called instead: its path, as seen from the list.
    error
        Why it cannot be read.
    """

    name: str
    error: str


@dataclass(frozen=True)
class Batch:
    """A description of a batch that was read.

    Parameters
    ----------
    path
        The file; its paths are relative to its folder.
    name
        What the whole is called.
    table
        Its table ``[batch]``.
    output
        Its table ``[output]``.
    project
        What is split; None where projects are listed.
    projects
        The projects that are listed, in the order of the list.
    """

    path: Path
    name: str
    table: BatchTable
    output: OutputTable
    project: Project | None = None
    projects: tuple[Project | Unreadable, ...] = ()

    @property
    def out_dir(self) -> Path:
        """The folder of all results."""
        if self.project is not None:
            return self.project.out_dir
        return self.path.parent / self.output.dir


_T = TypeVar("_T", bound=Table)

_TABLES: Final[Mapping[str, type[Table]]] = {"batch": BatchTable, "output": OutputTable}


def load_batch(path: Path | str) -> Batch:
    """Read and validate the description of a batch, and every project that it names.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        The file is missing or no TOML, names no projects, or two of one name.
    FaultsError
        Keys or values are wrong; all faults are named at once.
    """
    path = Path(path)
    data = read_toml(path)
    given = data.get("batch")
    if not isinstance(given, dict):
        message = (
            f"{path}: there is no table [batch]; add one with projects = [...] or "
            'by = "district", or run a single project with circles run'
        )
        raise InputError(message)
    if "projects" in given:
        return _listed(path, data)
    rest = {key: value for key, value in data.items() if key != "batch"}
    table = _validated(path, BatchTable, given)
    project = project_of(path, rest)
    if project.file.output.postgis is not None:
        message = (
            f"{path}: output.postgis: a database takes the results of one run; each district "
            "would take the place of the one before, so run circles run for it"
        )
        raise InputError(message)
    return Batch(path, project.file.name, table, project.file.output, project)


def _listed(path: Path, data: Mapping[str, Any]) -> Batch:
    file = _validated(path, ListFile, data)
    found = _found(path, file.batch.projects)
    projects = tuple(_loaded(one, path.parent) for one in found)
    _refuse_namesakes(path, projects)
    return Batch(path, file.name, file.batch, file.output, projects=projects)


def _loaded(path: Path, folder: Path) -> Project | Unreadable:
    try:
        return load_project(path)
    except InputError as error:
        name = path.relative_to(folder) if path.is_relative_to(folder) else path
        return Unreadable(name.as_posix(), str(error))


def _refuse_namesakes(path: Path, projects: Iterable[Project | Unreadable]) -> None:
    """Refuse two projects of one name: nobody could tell their results apart."""
    first: dict[str, Path] = {}
    for project in projects:
        if isinstance(project, Unreadable):
            continue
        name = project.file.name
        if name in first:
            message = (
                f"{path}: batch.projects: {first[name]} and {project.path} are both called "
                f"{name!r}; give each project a name of its own"
            )
            raise InputError(message)
        first[name] = project.path


def _validated(path: Path, kind: type[_T], data: Mapping[str, Any]) -> _T:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise FaultsError(str(path), faults_in_words(error, _TABLES, kind)) from error


def _found(path: Path, patterns: Iterable[str]) -> list[Path]:
    """Return the files that patterns mean, each once; those of one pattern in their order."""
    found: dict[Path, Path] = {}
    for pattern in patterns:
        root = Path(Path(pattern).anchor)
        try:
            fitting = (
                root.glob(str(Path(pattern).relative_to(root)))
                if Path(pattern).is_absolute()
                else path.parent.glob(pattern)
            )
            files = [file for file in sorted(fitting) if file.is_file()]
        except (NotImplementedError, ValueError, IndexError):  # no pattern at all
            files = []
        if not files:
            message = f"{path}: batch.projects: no file fits {pattern!r}; correct the path"
            raise InputError(message)
        for file in files:
            found.setdefault(file.resolve(), file)
    return list(found.values())
