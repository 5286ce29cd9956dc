"""Reading everything a project file names: from files to a `District`."""

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd

from circles.basemap import Basemap, make_basemap
from circles.communities import Communities
from circles.crs import WGS84, crs_around
from circles.district import District
from circles.errors import FaultsError
from circles.inputs.columns import groups_of
from circles.inputs.communities import read_communities
from circles.inputs.facilities import partial_needs, read_facilities
from circles.inputs.profiles import apply_profile, profile_notes
from circles.inputs.residents import read_demand
from circles.inputs.streets import Streets, read_streets, street_notes
from circles.osm import Box
from circles.project import Project
from circles.quality import InputRecord, Severity, remarks_of
from circles.settings import decide_settings
from circles.standards import Standard, load_standard
from circles.texts import Note, load_texts
from circles.travel.joining import MAX_ACCESS_M

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class ReadProject:
    """What a project names, read.

    Parameters
    ----------
    district
        What is scored.
    record
        What became of every input on the way.
    """

    district: District
    record: InputRecord


def read_district(project: Project, *, progress: Progress = lambda _step, _share: None) -> District:
    """Read everything a project names; see `read_project`.

    Raises
    ------
    FaultsError
        Something of it makes results wrong; all of it is named.
    """
    read = read_project(project, progress=progress)
    stops = read.record.of(Severity.STOP)
    if stops:
        raise FaultsError(str(project.path), [load_texts("en").note(note) for note in stops])
    return read.district


def read_project(
    project: Project, *, progress: Progress = lambda _step, _share: None
) -> ReadProject:
    """Read everything a project names, and keep the books of it.

    Parameters
    ----------
    project
        What `circles.project.load_project` returns.
    progress
        Called with a step's name and the share of the work done, 0-1.

    Raises
    ------
    InputError
        A file, layer or value cannot be used; the message says which, where and what to do.
    """
    file = project.file
    standard, standard_notes = apply_profile(read_standard(project), project)
    progress("streets", 0.0)
    streets = read_streets(project)
    progress("communities", 0.6)
    who = read_communities(project, streets, standard)
    communities, setting_notes = decide_settings(who.communities, standard.settings)
    crs = crs_around(communities.table) if streets is None else streets.network.crs
    progress("demand", 0.7)
    homes = read_demand(project, streets, communities, crs, groups=groups_of(standard))
    progress("facilities", 0.9)
    offers = read_facilities(project, streets, communities)
    settings = set(communities.table["setting"])
    found = [
        *standard_notes,
        *profile_notes(standard, project, streets),
        *([] if streets is None else [Note.of("assumptions.map_complete")]),
        *street_notes(streets),
        *communities.notes,
        *who.notes,
        *setting_notes,
        *homes.demand.notes,
        *homes.notes,
        *offers.notes,
        *partial_needs(standard, offers.given, settings),
    ]
    layers = (*who.records, *homes.records, *offers.records)
    told = [*found, *(remark.note for layer in layers for remark in layer.remarks)]
    district = District(
        name=file.name,
        as_of=file.as_of,
        fictional=file.fictional,
        standard=standard,
        network=None if streets is None else streets.network,
        box=_box(communities) if streets is None else streets.box,
        communities=communities,
        demand=homes.demand,
        facilities=offers.facilities,
        given=offers.given,
        cut=who.cut,
        basemap=_basemap(streets),
        profiles=file.walkers(),
        max_access_m=MAX_ACCESS_M if file.network is None else file.network.max_access_m,
        assumptions=tuple(note for note in told if note.key.startswith("assumptions.")),
        warnings=tuple(note for note in told if note.key.startswith("warnings.")),
    )
    return ReadProject(district, InputRecord(layers, remarks_of(found)))


def read_standard(project: Project) -> Standard:
    """Read the standard that a project names.

    Raises
    ------
    InputError
        Its file cannot be used; see `circles.standards.load_standard`.
    """
    name = project.file.standard
    path = project.resolve(name)
    return load_standard(path if name.endswith(".toml") else name, profiles=project.file.walkers())


def _box(communities: Communities) -> Box:
    west, south, east, north = communities.table.total_bounds
    return (float(west), float(south), float(east), float(north))


def _basemap(streets: Streets | None) -> Basemap:
    empty = gpd.GeoDataFrame(geometry=[], crs=WGS84)
    extract = None if streets is None else streets.extract
    return make_basemap(
        None if streets is None else streets.network,
        water=empty if extract is None else extract.water,
        green=empty if extract is None else extract.green,
    )
