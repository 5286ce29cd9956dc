"""All that keeps a project's inputs from being read, found in one go and not one at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from circles.crs import crs_around
from circles.errors import CirclesError, FaultsError
from circles.inputs.columns import groups_of
from circles.inputs.communities import ReadCommunities, read_communities
from circles.inputs.district import read_standard
from circles.inputs.facilities import read_facilities
from circles.inputs.residents import read_demand
from circles.inputs.streets import Streets, read_streets
from circles.project import BUILDINGS, FacilityTable, Project
from circles.standards import Standard
from circles.tables import Source, load_layer

Part = TypeVar("Part")


@dataclass
class _Trial:
    """Reads one part after the other and keeps what goes wrong."""

    faults: list[CirclesError] = field(default_factory=list)

    def read(self, part: Callable[[], Part]) -> Part | None:
        """Read a part; None where that fails."""
        try:
            return part()
        except CirclesError as error:
            self.faults.append(error)
            return None


def all_faults(project: Project, first: CirclesError) -> CirclesError:
    """Return one error with the faults of all parts of a project that cannot be read.

    A part that stands on one with a fault is opened and no more, so that nothing is said against it
    that is the other's fault.

    Parameters
    ----------
    project
        The project.
    first
        What stopped the reading of it.
    """
    trial = _Trial()
    standard = trial.read(lambda: read_standard(project))
    streets = trial.read(lambda: read_streets(project))
    if trial.faults or standard is None:
        _open(trial, [*_community_sources(project), *_layer_sources(project)])
    else:
        _read_layers(trial, project, streets, standard)
    faults = list(dict.fromkeys(said for fault in trial.faults for said in _sentences(fault)))
    return FaultsError(str(project.path), faults) if len(trial.faults) > 1 else first


def _read_layers(
    trial: _Trial, project: Project, streets: Streets | None, standard: Standard
) -> None:
    who = trial.read(lambda: read_communities(project, streets, standard))
    if who is None:
        _open(trial, _layer_sources(project))
        return
    trial.read(lambda: _read_demand(project, streets, standard, who))
    for table in project.file.facilities:
        alone = _with_only(project, table)
        trial.read(partial(read_facilities, alone, streets, who.communities))


def _read_demand(
    project: Project, streets: Streets | None, standard: Standard, who: ReadCommunities
) -> None:
    crs = crs_around(who.communities.table) if streets is None else streets.network.crs
    read_demand(project, streets, who.communities, crs, groups=groups_of(standard))


def _with_only(project: Project, table: FacilityTable) -> Project:
    """Return the project with one layer of facilities and no other."""
    return replace(project, file=project.file.model_copy(update={"facilities": (table,)}))


def _open(trial: _Trial, sources: Sequence[Source]) -> None:
    for source in sources:
        trial.read(partial(load_layer, source))


def _community_sources(project: Project) -> list[Source]:
    table = project.file.communities
    return [project.source(table.path, table)] if table.path else []


def _layer_sources(project: Project) -> list[Source]:
    demand = project.file.demand
    sources = []
    if demand is not None and not demand.rasters and demand.source != BUILDINGS:
        sources.append(project.source(demand.source, demand))
    tables = [table for table in project.file.facilities if table.path]
    return [*sources, *(project.source(table.path or "", table) for table in tables)]


def _sentences(fault: CirclesError) -> Iterator[str]:
    """Yield each of an error's faults with the place it is in."""
    if isinstance(fault, FaultsError):
        yield from (f"{fault.where}: {said}" for said in fault.faults)
    else:
        yield str(fault)
