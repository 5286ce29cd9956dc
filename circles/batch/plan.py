"""What a batch is going to do: its districts, what each needs, and which are done already."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from circles.batch.cutting import City
from circles.batch.description import Batch, Unreadable
from circles.batch.jobs import Job, chosen, folder_names, key_of
from circles.batch.store import lay_down
from circles.batch.work import Shared, Task, in_one_line
from circles.check.model import CheckReport
from circles.check.report import make_report
from circles.check.stopping import refuse_wrong_results
from circles.district import prepare
from circles.errors import InputError
from circles.inputs import read_project
from circles.network.saved import is_saved, save_network
from circles.outputs import input_records, versions
from circles.project import Project
from circles.project.locations import named_locations
from circles.quality import InputRecord
from circles.tables import is_database
from circles.tables.database import content_sha256

Progress = Callable[[str, float], None]

#: What Python and the libraries take, and what a district takes besides; measured, rounded up.
_BASE_MIB: Final = 600
_EDGE_KIB: Final = 1.5
_HOME_KIB: Final = 1.0
_FILE_FACTOR: Final = 12
_KIB: Final = 1024


@dataclass(frozen=True)
class Planned:
    """A district of a plan.

    Parameters
    ----------
    job
        The district.
    memory_mib
        What it may need, estimated.
    communities
        How many it has; None where that is not known before it is read.
    trouble
        Why it cannot be run, in one line; None if it can.
    """

    job: Job
    memory_mib: int
    communities: int | None = None
    trouble: str | None = None


@dataclass(frozen=True)
class WholeCity:
    """A city that was read, to be split.

    Parameters
    ----------
    project
        What was read.
    city
        The city.
    record
        What became of its inputs.
    check
        What was found of them.
    """

    project: Project
    city: City
    record: InputRecord
    check: CheckReport


@dataclass(frozen=True)
class Plan:
    """What a batch is going to do.

    Parameters
    ----------
    batch
        Its description.
    out_dir
        Its folder.
    lang
        The language of its results.
    districts
        All districts, in the order of the batch.
    asked
        The folders of those that were asked for.
    inputs
        The files of what is split, with checksums; of listed projects by their folder.
    whole
        The city that is split; None where projects are listed.
    """

    batch: Batch
    out_dir: Path
    lang: str
    districts: tuple[Planned, ...]
    asked: frozenset[str]
    inputs: Mapping[str, tuple[Mapping[str, Any], ...]]
    whole: WholeCity | None

    @cached_property
    def key(self) -> str:
        """What the city-wide results hang on."""
        return _digest(self.batch.name, *(planned.job.key for planned in self.districts))

    @property
    def wanted(self) -> tuple[Planned, ...]:
        """The districts that were asked for."""
        return tuple(one for one in self.districts if one.job.folder in self.asked)

    @property
    def projects(self) -> tuple[Project, ...]:
        """What is run: the project that is split, or those of the list that can be read."""
        if self.batch.project is not None:
            return (self.batch.project,)
        return tuple(one for one in self.batch.projects if isinstance(one, Project))

    def tasks(self, jobs: Iterable[Job], folder: Path) -> Iterable[Task]:
        """Lay down what workers need and return what to send them.

        Parameters
        ----------
        jobs
            The districts to score.
        folder
            Where to lay it down; all machines find it under the same path.
        """
        if self.whole is None:
            return self._listed(jobs, folder)
        return self._cut(jobs, folder, self.whole)

    def _listed(self, jobs: Iterable[Job], folder: Path) -> Iterable[Task]:
        by_folder = {
            planned.job.folder: project
            for planned, project in zip(self.districts, self.batch.projects, strict=True)
            if isinstance(project, Project)
        }
        for job in jobs:
            project = _anywhere(by_folder[job.folder])
            shared = Shared(project, tuple(self.inputs[job.folder]))
            laid = lay_down(shared, folder / f"{job.folder}.project")
            yield Task(job, str(self.out_dir), self.lang, laid, versions())

    def _cut(self, jobs: Iterable[Job], folder: Path, whole: WholeCity) -> Iterable[Task]:
        common = Shared(_anywhere(whole.project), self.inputs[""], whole.record)
        shared = lay_down(common, folder / "shared")
        streets = self._streets(folder, whole)
        for number, job in enumerate(jobs):
            part = lay_down(whole.city.cut(job.name), folder / f"{number:04}.part")
            yield Task(job, str(self.out_dir), self.lang, shared, versions(), part, streets)

    def _streets(self, folder: Path, whole: WholeCity) -> str | None:
        """Return the saved network to read parts from: the project's own, or one saved for them."""
        network, table = whole.city.prepared.district.network, whole.project.file.network
        if network is None or table is None:
            return None
        named = whole.project.resolve(table.streets or table.osm)
        if table.elevation is None and is_saved(named):
            return str(named.resolve())
        return str(save_network(network, folder / "streets.network"))


def make_plan(
    batch: Batch,
    *,
    out_dir: Path,
    lang: str,
    only: Iterable[str] | None = None,
    progress: Progress = lambda _step, _share: None,
) -> Plan:
    """Find out what a batch has to do; a city that is split is read for it.

    Parameters
    ----------
    batch
        The description.
    out_dir
        The folder of all results.
    lang
        The language of the results.
    only
        The names of the districts that are asked for; all without it.
    progress
        Called with a step's name and the share of it done, 0-1.

    Raises
    ------
    InputError
        An input cannot be used, or would make results wrong; or there is no district of a name.
    """
    if batch.project is None:
        return _listed(batch, out_dir=out_dir, lang=lang, only=only)
    project = batch.project
    inputs = _inputs(project)
    read = read_project(project, progress=progress)
    if _inputs(project) != inputs:
        message = f"{project.path}: an input was changed while it was read; start the batch again"
        raise InputError(message)
    prepared = prepare(read.district)
    check = make_report(read.record, prepared)
    refuse_wrong_results(check, project, lang=lang)
    if batch.table.by is None:  # nothing splits it; the description was refused before
        message = f"{batch.path}: batch.by is missing"
        raise InputError(message)
    city = City.of(prepared, by=batch.table.by, margin_m=batch.table.margin_m)
    names = list(city.parts)
    rows = _rows_read(check)
    more = {"lang": lang, "databases": rows, **batch.table.model_dump(mode="json")}
    base, lasting = key_of(project, inputs, more), len(rows) == len(_databases(project))
    folders = dict(zip(names, folder_names(names), strict=True))
    memory = _memory_mib(city)
    districts = tuple(
        Planned(
            Job(name, folders[name], _digest(base, name), lasting),
            memory[name],
            len(city.parts[name]),
        )
        for name in names
    )
    asked = frozenset(folders[name] for name in chosen(names, only))
    whole = WholeCity(project, city, read.record, check)
    return Plan(batch, out_dir, lang, districts, asked, {"": inputs}, whole)


def _listed(batch: Batch, *, out_dir: Path, lang: str, only: Iterable[str] | None) -> Plan:
    names = [_name(project) for project in batch.projects]
    folders = folder_names(names)
    planned, inputs = [], {}
    for project, name, folder in zip(batch.projects, names, folders, strict=True):
        try:
            inputs[folder], found = _one_of_list(project, folder, lang=lang)
        except InputError as error:
            found = Planned(Job(name, folder, ""), 0, trouble=in_one_line(error))
        planned.append(found)
    wanted = set(chosen(names, only))
    asked = frozenset(own for name, own in zip(names, folders, strict=True) if name in wanted)
    return Plan(batch, out_dir, lang, tuple(planned), asked, inputs, None)


def _name(project: Project | Unreadable) -> str:
    return project.name if isinstance(project, Unreadable) else project.file.name


def _one_of_list(
    project: Project | Unreadable, folder: str, *, lang: str
) -> tuple[tuple[Mapping[str, Any], ...], Planned]:
    """Look a project of a list over; return its inputs, and what it needs.

    Raises
    ------
    InputError
        It cannot be run.
    """
    if isinstance(project, Unreadable):
        raise InputError(project.error)
    records = _inputs(project)
    size = sum(record["bytes"] for record in records)
    memory = _BASE_MIB + _FILE_FACTOR * size // _KIB**2
    key = key_of(project, records, {"lang": lang})
    job = Job(project.file.name, folder, key, lasting=not _databases(project))
    return records, Planned(job, memory)


def _inputs(project: Project) -> tuple[Mapping[str, Any], ...]:
    """Return the inputs with their checksums; one that cannot be opened is an InputError."""
    try:
        return tuple(input_records(project))
    except OSError as error:
        message = f"{error.filename}: the input cannot be read ({error.strerror or error})"
        raise InputError(message) from error


def _databases(project: Project) -> list[str]:
    """Return the keys of the inputs that are read from databases."""
    named = named_locations(project.file.model_dump())
    return [key for key, text in named if is_database(text)]


def _rows_read(check: CheckReport) -> list[tuple[str, str]]:
    """Return the hashes of the rows that were read from databases, by what they are."""
    read = ((layer.role, content_sha256(layer.ledger)) for layer in check.layers)
    return [(role, digest) for role, digest in read if digest is not None]


def _anywhere(project: Project) -> Project:
    """Return a project that means the same files wherever a worker was started."""
    return replace(project, path=project.path.absolute())


def _memory_mib(city: City) -> dict[str, int]:
    """Estimate what each part needs, by its streets and homes."""
    district = city.prepared.district
    homes = np.bincount(district.demand.community, minlength=len(district.demand.source))
    found = {}
    for name, rows in city.parts.items():
        edges = 0 if district.network is None else _edges_in(city, name)
        kib = edges * _EDGE_KIB + int(homes[rows].sum()) * _HOME_KIB
        found[name] = _BASE_MIB + round(kib / _KIB)
    return found


def _edges_in(city: City, name: str) -> int:
    network = city.prepared.district.network
    if network is None:
        return 0
    west, south, east, north = city.box_of(name)
    lon, lat = network.node_lon, network.node_lat
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return int(inside[network.edges.start].sum())


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
