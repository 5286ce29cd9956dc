"""What a batch is going to do: its districts, what each needs, and which are done already."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from circles.batch.cutting import City
from circles.batch.description import Batch
from circles.batch.jobs import Job, chosen, folder_names, key_of
from circles.batch.store import lay_down
from circles.batch.work import Shared, Task
from circles.check.model import CheckReport
from circles.check.report import make_report
from circles.check.stopping import refuse_wrong_results
from circles.district import prepare
from circles.errors import InputError
from circles.inputs import read_project
from circles.network.saved import is_saved, save_network
from circles.outputs import input_records
from circles.project import Project
from circles.quality import InputRecord

Progress = Callable[[str, float], None]

#: What Python and the libraries take, and what a district takes besides; measured, rounded up.
_BASE_MIB: Final = 450
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
    """

    job: Job
    memory_mib: int
    communities: int | None = None


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
        Those that were asked for, in the order of the batch.
    total
        How many there are in all.
    inputs
        The files of what is split, with checksums; of listed projects by their folder.
    whole
        The city that is split; None where projects are listed.
    """

    batch: Batch
    out_dir: Path
    lang: str
    districts: tuple[Planned, ...]
    total: int
    inputs: Mapping[str, tuple[Mapping[str, Any], ...]]
    whole: WholeCity | None

    @cached_property
    def key(self) -> str:
        """What the city-wide results hang on."""
        return _digest(self.batch.name, *(planned.job.key for planned in self.districts))

    @property
    def is_whole(self) -> bool:
        """Whether no district was left out."""
        return len(self.districts) == self.total

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
        }
        for job in jobs:
            shared = Shared(by_folder[job.folder], tuple(self.inputs[job.folder]))
            laid = lay_down(shared, folder / f"{job.folder}.project")
            yield Task(job, str(self.out_dir), self.lang, laid)

    def _cut(self, jobs: Iterable[Job], folder: Path, whole: WholeCity) -> Iterable[Task]:
        common = Shared(whole.project, self.inputs[""], whole.record)
        shared = lay_down(common, folder / "shared")
        streets = self._streets(folder, whole)
        for number, job in enumerate(jobs):
            part = lay_down(whole.city.cut(job.name), folder / f"{number:04}.part")
            yield Task(job, str(self.out_dir), self.lang, shared, part, streets)

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
    inputs = tuple(input_records(project))
    read = read_project(project, progress=progress)
    prepared = prepare(read.district)
    check = make_report(read.record, prepared)
    refuse_wrong_results(check, project, lang=lang)
    if batch.table.by is None:  # nothing splits it; the description was refused before
        message = f"{batch.path}: batch.by is missing"
        raise InputError(message)
    city = City.of(prepared, by=batch.table.by, margin_m=batch.table.margin_m)
    names = list(city.parts)
    base = key_of(project, inputs, {"lang": lang, **batch.table.model_dump(mode="json")})
    folders = dict(zip(names, folder_names(names), strict=True))
    memory = _memory_mib(city)
    districts = tuple(
        Planned(
            Job(name, folders[name], _digest(base, name)),
            memory[name],
            len(city.parts[name]),
        )
        for name in chosen(names, only)
    )
    whole = WholeCity(project, city, read.record, check)
    return Plan(batch, out_dir, lang, districts, len(names), {"": inputs}, whole)


def _listed(batch: Batch, *, out_dir: Path, lang: str, only: Iterable[str] | None) -> Plan:
    names = [project.file.name for project in batch.projects]
    wanted = set(chosen(names, only))
    kept, planned, inputs = [], [], {}
    for project, folder in zip(batch.projects, folder_names(names), strict=True):
        if project.file.name not in wanted:
            continue
        records = tuple(input_records(project))
        inputs[folder] = records
        kept.append(project)
        size = sum(record["bytes"] for record in records)
        memory = _BASE_MIB + _FILE_FACTOR * size // _KIB**2
        key = key_of(project, records, {"lang": lang})
        planned.append(Planned(Job(project.file.name, folder, key), memory))
    total = len(batch.projects)
    narrowed = replace(batch, projects=tuple(kept))
    return Plan(narrowed, out_dir, lang, tuple(planned), total, inputs, None)


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
