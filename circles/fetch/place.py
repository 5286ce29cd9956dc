"""Downloading a place from OpenStreetMap into a folder that holds a ready project."""

import json
import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from uuid import uuid4

import geopandas as gpd
import pandas as pd
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from circles.crs import WGS84, local_crs
from circles.demand.buildings import OTHER_USE_KEYS
from circles.errors import InputError, OutputError
from circles.facilities import facilities_from_osm, load_catalogue
from circles.standards import load_standard
from circles.texts import Texts, load_texts

if TYPE_CHECKING:
    import networkx as nx

    from circles.fetch.downloads import FoundPlace, Polygonal, TagQuery
    from circles.fetch.servers import Servers

PROJECT_FILE: Final = "circles.toml"
MAX_AREA_KM2: Final = 10_000.0  # beyond a large city, an extract is faster and kinder to the server
MIN_COVER_SHARE: Final = 0.5  # sub-boundaries of a level serve from this share of the place on
COMMUNITY_LEVELS: Final = ("10", "9")  # the finest that covers enough is taken
# Boundaries are sent with every question; this much wider, they need only a few corners.
_ROUNDING_M: Final = 50.0

_PROJECT: Final = """\
{made}
{taken}
{licence}
name = {name}
standard = {standard}
as_of = {as_of}

{network}
[network]
osm = "network.graphml"

{communities}
[communities]
path = "communities.gpkg"
id = "id"
name = "name"
{setting}
setting = "urban"

{demand}
{demand_table}

{facilities}
{facilities_table}

[output]
dir = "out"
lang = {lang}
"""
_DEMAND: Final = """\
[demand]
source = "buildings.gpkg\""""
_FACILITIES: Final = """\
[[facilities]]
path = "facilities.gpkg"
name = "name"
service_column = "service\""""


@dataclass(frozen=True)
class _Units:
    """The communities, and where they come from: a level of OSM's, or the place itself."""

    frame: gpd.GeoDataFrame
    admin_level: str | None
    cover_share: float


@dataclass(frozen=True)
class _Download:
    place: "FoundPlace"
    graph: "nx.MultiDiGraph[int]"
    communities: _Units
    buildings: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame


def fetch_place(
    place: str,
    folder: Path,
    *,
    lang: str = "zh",
    standard: str = "guangzhou-1530",
    margin_m: float = 2500,
    overpass_url: str | None = None,
    nominatim_url: str | None = None,
    timeout_s: float = 180,
) -> Path:
    """Download a place from OpenStreetMap and make it a project that is ready to run.

    The folder appears whole or not at all. One question to a server may take up to `timeout_s`
    of silence, and is repeated at most twice where the server says that it is busy.

    Parameters
    ----------
    place
        A name that Nominatim knows: a district, a town, a street.
    folder
        Where the project goes: new, or empty.
    lang
        The language of the project's comments and outputs.
    standard
        A bundled standard's id, or the path of a standard's file.
    margin_m
        How far streets and facilities reach beyond the place's boundary.
    overpass_url, nominatim_url
        Servers to ask; by default those OSMnx is set to.
    timeout_s
        How long a server may be silent.

    Returns
    -------
    Path
        The project file.

    Raises
    ------
    InputError
        The place is not known or has no boundary, or a parameter cannot be used.
    DownloadError
        A server did not give what was asked of it.
    OutputError
        The folder could not be written.
    """
    # OSMnx is heavy; whoever only imports this module should not wait for it.
    from circles.fetch.servers import choose_servers

    texts = load_texts(lang)
    name = _check_place(place)
    _check_margin(margin_m)
    load_standard(standard)  # a wrong one should not cost a download
    servers = choose_servers(
        overpass_url=overpass_url,
        nominatim_url=nominatim_url,
        timeout_s=timeout_s,
        accept_language=lang,
    )
    try:
        with _staged(folder) as staging:
            download = _download(name, margin_m, servers)
            _write_layers(download, staging)
            project = _project_text(
                name, download, texts, standard=_standard(standard), margin_m=margin_m
            )
            (staging / PROJECT_FILE).write_text(project, encoding="utf-8")
    except OSError as error:
        message = f"{folder}: the project could not be written ({error}); choose another folder"
        raise OutputError(message) from error
    return folder / PROJECT_FILE


def _check_place(place: str) -> str:
    name = place.strip()
    if not name or len(name) > 200:
        message = f"the place's name has {len(name)} characters; give a name of 1 to 200"
        raise InputError(message)
    if not name.isprintable():  # line breaks, half characters from a broken terminal, …
        message = f"the place's name {name!r} holds characters that cannot be shown; type it anew"
        raise InputError(message)
    return name


def _check_margin(margin_m: float) -> None:
    if not (math.isfinite(margin_m) and margin_m >= 0):
        message = f"margin_m is {margin_m}; give a distance in metres, 0 or more"
        raise InputError(message)


def _check_folder(folder: Path, *, besides: str = "") -> Path:
    """Return the folder, or the lowest above it that exists; refuse to overwrite anything."""
    lowest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not lowest.is_dir():
        message = f"{lowest} is a file; name a new or empty folder for the project"
        raise InputError(message)
    if lowest == folder and any(item.name != besides for item in folder.iterdir()):
        message = f"{folder} is not empty; name a new or empty folder, nothing is overwritten"
        raise InputError(message)
    return lowest


@contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """Give a hidden folder to write into, and move it into place if all went well."""
    # Within the folder where it exists, beside it where not: never on another disk.
    staging = _check_folder(folder) / f".circles-{uuid4().hex}"
    try:
        staging.mkdir()
        yield staging
        _settle(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _settle(staging: Path, folder: Path) -> None:
    _check_folder(folder, besides=staging.name)
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging.rename(folder)
        return
    for item in sorted(staging.iterdir(), key=lambda item: item.name == PROJECT_FILE):
        item.rename(folder / item.name)


def _download(name: str, margin_m: float, servers: "Servers") -> _Download:
    from circles.fetch.downloads import features, find_place, street_graph

    place = find_place(name, servers)
    _check_area(place, margin_m)
    levels: TagQuery = {"admin_level": list(COMMUNITY_LEVELS)}
    found = features("the sub-boundaries", _widened(place.boundary, 0), levels, servers)
    communities = _communities(place, name, found)
    # Communities may stick out of the place; their people and streets belong to them all the same.
    study = communities.frame.geometry.union_all().union(place.boundary)
    reach = _widened(study, margin_m)
    graph = street_graph(reach, servers)
    buildings = features("the buildings", _widened(study, 0), {"building": True}, servers)
    # A convex outline has few corners: Overpass is sent it once for every tag and kind of thing.
    hull = cast("Polygonal", reach.convex_hull)
    places = features("the facilities", hull, _facility_tags(), servers)
    return _Download(
        place=place,
        graph=graph,
        communities=communities,
        buildings=_buildings(buildings, study),
        facilities=_facilities(places, reach),
    )


def _check_area(place: "FoundPlace", margin_m: float) -> None:
    reach = gpd.GeoSeries([_widened(place.boundary, margin_m)], crs=WGS84)
    area_km2 = reach.to_crs(_crs_of(place.boundary)).area.sum() / 1e6
    if area_km2 > MAX_AREA_KM2:
        message = (
            f"{place.display_name} with its margin covers {area_km2:,.0f} km², and a download may "
            f"cover {MAX_AREA_KM2:,.0f}; name a smaller place, or use an extract (.osm.pbf)"
        )
        raise InputError(message)


def _crs_of(area: BaseGeometry) -> CRS:
    west, south, east, north = area.bounds
    return local_crs((west + east) / 2, (south + north) / 2)


def _widened(area: BaseGeometry, margin_m: float) -> "Polygonal":
    """Widen an area (degrees) by `margin_m` or a little more, to an outline with few corners."""
    metric = gpd.GeoSeries([area], crs=WGS84).to_crs(_crs_of(area))
    wide = metric.buffer(margin_m + _ROUNDING_M).simplify(_ROUNDING_M / 2)
    return cast("Polygonal", wide.to_crs(WGS84).iloc[0])


def _communities(place: "FoundPlace", name: str, found: gpd.GeoDataFrame) -> _Units:
    """Choose the finest level whose units inside the place cover enough of it."""
    whole = gpd.GeoSeries([place.boundary], crs=WGS84).to_crs(_crs_of(place.boundary)).iloc[0]
    for admin_level in COMMUNITY_LEVELS:
        units = _units_of(found, admin_level)
        metric = units.geometry.to_crs(_crs_of(place.boundary))
        within = metric.intersection(whole).area >= metric.area / 2
        cover_share = metric[within].intersection(whole).union_all().area / whole.area
        if cover_share >= MIN_COVER_SHARE:
            return _Units(units[within], admin_level, cover_share)
    row = {"id": [place.osm_id or "place"], "name": [name]}
    return _Units(gpd.GeoDataFrame(row, geometry=[place.boundary], crs=WGS84), None, 1.0)


def _units_of(found: gpd.GeoDataFrame, admin_level: str) -> gpd.GeoDataFrame:
    """Return the boundaries of a level: columns `id`, `name`, `geometry`."""
    wanted = {"boundary": "administrative", "admin_level": admin_level}
    rows = [
        (osm_id, tags.get("name", osm_id), geometry.buffer(0))  # areas, without stray lines
        for osm_id, tags, geometry in zip(
            found["osm_id"], found["tags"], found.geometry, strict=True
        )
        # Only relations: the lines they are made of carry the same tags.
        if osm_id.startswith("r") and wanted.items() <= tags.items() and geometry.area > 0
    ]
    frame = pd.DataFrame(rows, columns=["id", "name", "geometry"], dtype=object)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=WGS84)


def _buildings(found: gpd.GeoDataFrame, study: BaseGeometry) -> gpd.GeoDataFrame:
    near = found[found.geometry.intersects(study)]
    outlines = near[near.geom_type.isin(["Polygon", "MultiPolygon"])]
    columns = {
        key: [tags.get(key) for tags in outlines["tags"]]
        for key in ("building", "building:levels", *OTHER_USE_KEYS)
    }
    frame = pd.DataFrame({"osm_id": list(outlines["osm_id"]), **columns}, dtype=object)
    return gpd.GeoDataFrame(frame, geometry=list(outlines.geometry), crs=WGS84)


def _facilities(found: gpd.GeoDataFrame, reach: BaseGeometry) -> gpd.GeoDataFrame:
    near = found[found.geometry.intersects(reach)]
    places = near.set_geometry(near.geometry.representative_point()).reset_index(drop=True)
    rows = facilities_from_osm(places, tuple(load_catalogue())).facilities
    # One row a place again: a reader takes each row for a facility of its own.
    services = rows.groupby("facility_id")["service"].agg(";".join)
    once = rows.drop_duplicates("facility_id")
    once = once.assign(service=once["facility_id"].map(services))
    return once[["facility_id", "name", "service", "capacity", "geometry"]]


def _facility_tags() -> "TagQuery":
    """Ask for the first tag of each of the catalogue's sayings; its other tags are seen later."""
    values: dict[str, set[str]] = {}
    for service in load_catalogue().values():
        for saying in (*service.osm, *service.osm_named):
            key, words = next(iter(saying.items()))
            values.setdefault(key, set()).update(words)
    return {key: sorted(words) for key, words in sorted(values.items())}


def _write_layers(download: _Download, folder: Path) -> None:
    from osmnx import save_graphml

    boundary = gpd.GeoDataFrame(
        {"name": [download.place.display_name]}, geometry=[download.place.boundary], crs=WGS84
    )
    save_graphml(download.graph, folder / "network.graphml")
    layers = {"boundary": boundary, "communities": download.communities.frame}
    layers |= {"buildings": download.buildings, "facilities": download.facilities}
    for name, layer in layers.items():
        if not layer.empty:
            layer.to_file(folder / f"{name}.gpkg", layer=name, driver="GPKG")


def _standard(standard: str) -> str:
    """Return what the project file calls a standard: its id, or where its file is from anywhere."""
    path = Path(standard)
    return path.resolve().as_posix() if path.suffix == ".toml" else standard


def _today() -> date:
    return datetime.now().astimezone().date()


def _project_text(
    name: str, download: _Download, texts: Texts, *, standard: str, margin_m: float
) -> str:
    place, units, as_of = download.place, download.communities, _today()
    taken = {"display_name": place.display_name, "osm_id": place.osm_id or "?"}
    cover = {"count": len(units.frame), "percent": f"{100 * units.cover_share:.0f}"}
    return _PROJECT.format(
        made=_comment(texts, "made", date=as_of, place=name),
        taken=_comment(texts, "taken", **taken),
        licence=_comment(texts, "licence"),
        name=_toml_string(name),
        standard=_toml_string(standard),
        as_of=as_of,
        network=_comment(texts, "network", margin_m=f"{margin_m:g}"),
        communities=_comment(texts, "communities_level", admin_level=units.admin_level, **cover)
        if units.admin_level
        else _comment(texts, "communities_place"),
        setting=_comment(texts, "setting"),
        demand=_comment(texts, "demand_none" if download.buildings.empty else "demand"),
        demand_table=_commented_out(_DEMAND, when=download.buildings.empty),
        facilities=_comment(
            texts, "facilities_none" if download.facilities.empty else "facilities"
        ),
        facilities_table=_commented_out(_FACILITIES, when=download.facilities.empty),
        lang=_toml_string(texts.lang),
    )


def _comment(texts: Texts, key: str, **values: object) -> str:
    """Put a text into one TOML comment; names from outside cannot break out of the line."""
    line = texts(f"fetch.{key}", **values)
    return "# " + "".join(letter if letter.isprintable() else " " for letter in line)


def _commented_out(table: str, *, when: bool) -> str:
    return "\n".join(f"# {line}" for line in table.splitlines()) if when else table


def _toml_string(text: str) -> str:
    # A JSON string is a TOML basic string, but for one control character JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
