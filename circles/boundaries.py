"""Administrative boundaries of an OpenStreetMap extract, whole ones and those its edge cuts.

A boundary that lies inside the extract is assembled as it is. One that the extract's edge cuts
has open ends; its visible part is found from the faces that all boundary lines of the level and
the extract's box make together: a face belongs to the boundary that owns every line around it.
"""

import itertools
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from circles.crs import WGS84
from circles.errors import InputError
from circles.osm import check_extract, header_box

_COLUMNS: Final = ("osm_id", "name", "cut")


@dataclass(frozen=True)
class _Relation:
    osm_id: str
    name: str
    way_ids: frozenset[int]


def read_boundaries(path: Path, *, admin_level: int, include_cut: bool = False) -> gpd.GeoDataFrame:
    """Read the named administrative boundaries of one level.

    Parameters
    ----------
    path
        An ``.osm.pbf`` or ``.osm`` file.
    admin_level
        The value of the tag ``admin_level``.
    include_cut
        Also return the visible parts of boundaries that the extract's edge cuts.

    Returns
    -------
    GeoDataFrame
        EPSG:4326, sorted by name; columns `osm_id`, `name`, `cut` (True where only the part
        inside the extract is known), `geometry`.

    Raises
    ------
    InputError
        The file cannot be read, or holds no such boundary of that level.
    """
    check_extract(path)
    try:
        whole = _whole_boundaries(path, admin_level)
        relations = _relations(path, admin_level)
        known = set(whole["osm_id"])
        missing = [relation for relation in relations if relation.osm_id not in known]
        cut = _cut_boundaries(path, missing, relations) if missing and include_cut else []
    except RuntimeError as error:
        message = f"{path}: boundaries cannot be read ({error}); the file is damaged or cut off"
        raise InputError(message) from error
    frame = pd.concat([whole, _frame(cut)]) if cut else whole
    if frame.empty:
        raise InputError(_nothing_found(path, admin_level, missing))
    return frame.sort_values(["name", "osm_id"], ignore_index=True)


def _nothing_found(path: Path, admin_level: int, missing: list[_Relation]) -> str:
    found = f"{path}: no whole named boundary with admin_level = {admin_level} lies in this extract"
    if missing:
        names = ", ".join(sorted(relation.name for relation in missing)[:5])
        return (
            f"{found}; its edge cuts {len(missing)} ({names} …): take a larger extract, or set "
            "include_cut = true to use their visible parts"
        )
    return f"{found}; try another level, or give community polygons as a file"


def _matches(tags: osmium.osm.TagList, admin_level: int) -> bool:
    return (
        tags.get("boundary") == "administrative"
        and tags.get("admin_level") == str(admin_level)
        and bool(tags.get("name"))
    )


def _whole_boundaries(path: Path, admin_level: int) -> gpd.GeoDataFrame:
    factory = osmium.geom.WKBFactory()
    rows: list[tuple[str, str, bool, object]] = []
    processor = osmium.FileProcessor(str(path)).with_locations().with_areas()
    for thing in processor.with_filter(osmium.filter.KeyFilter("boundary")):
        if not isinstance(thing, osmium.osm.Area) or thing.from_way():
            continue
        if _matches(thing.tags, admin_level):
            geometry = shapely.from_wkb(factory.create_multipolygon(thing))
            rows.append((f"r{thing.orig_id()}", thing.tags["name"], False, geometry))
    return _frame(rows)


def _relations(path: Path, admin_level: int) -> list[_Relation]:
    processor = osmium.FileProcessor(str(path), osmium.osm.RELATION)
    return [
        _Relation(
            f"r{thing.id}",
            thing.tags["name"],
            frozenset(member.ref for member in thing.members if member.type == "w"),
        )
        for thing in processor.with_filter(osmium.filter.KeyFilter("boundary"))
        if isinstance(thing, osmium.osm.Relation) and _matches(thing.tags, admin_level)
    ]


def _cut_boundaries(
    path: Path, missing: list[_Relation], relations: list[_Relation]
) -> list[tuple[str, str, bool, object]]:
    runs = _member_runs(path, frozenset().union(*(relation.way_ids for relation in relations)))
    if not runs:
        return []
    box = header_box(path) or shapely.total_bounds([run.line for run in runs]).tolist()
    outline = shapely.box(*box)
    inside = _lines_inside(runs, outline)
    seams = shapely.union_all([*inside.values(), outline.exterior])
    faces = [face for face in shapely.polygonize([seams]).geoms if face.area > 0]
    owners = [_owner(face, inside, relations) for face in faces]
    rows: list[tuple[str, str, bool, object]] = []
    for relation in missing:
        own = [face for face, owner in zip(faces, owners, strict=True) if owner is relation]
        if own:
            rows.append((relation.osm_id, relation.name, True, shapely.union_all(own)))
    return rows


@dataclass(frozen=True)
class _Run:
    """A stretch of a way whose nodes all have positions."""

    way_id: int
    line: shapely.LineString


def _member_runs(path: Path, way_ids: frozenset[int]) -> list[_Run]:
    runs: list[_Run] = []
    processor = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
    for thing in processor.with_filter(osmium.filter.IdFilter(sorted(way_ids))):
        if isinstance(thing, osmium.osm.Way):
            runs += _placed_runs(thing)
    return runs


def _placed_runs(way: osmium.osm.Way) -> list[_Run]:
    """Split a way where the extract lacks a node's position."""
    locations = [node.location for node in way.nodes]
    groups = itertools.groupby(locations, key=lambda location: location.valid())
    lines = [[(at.lon, at.lat) for at in group] for is_placed, group in groups if is_placed]
    return [_Run(way.id, shapely.LineString(line)) for line in lines if len(line) > 1]


def _lines_inside(runs: list[_Run], outline: shapely.Polygon) -> dict[int, BaseGeometry]:
    """Return each way's lines inside the outline, loose ends led straight to its nearest edge."""
    ends = Counter(end for run in runs for end in _ends(run))
    pieces: dict[int, list[BaseGeometry]] = {}
    for run in runs:
        loose = [shapely.Point(end) for end in _ends(run) if ends[end] == 1]
        leads = [shapely.shortest_line(end, outline.exterior) for end in loose]
        pieces.setdefault(run.way_id, []).extend([run.line, *leads])
    inside = {way_id: shapely.union_all(lines) & outline for way_id, lines in pieces.items()}
    return {way_id: line for way_id, line in inside.items() if line.length > 0}


def _ends(run: _Run) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return run.line.coords[0], run.line.coords[-1]


def _owner(
    face: BaseGeometry, lines: dict[int, BaseGeometry], relations: list[_Relation]
) -> _Relation | None:
    """Return the one relation that owns every boundary line around a face, if there is one."""
    edge = face.boundary
    around = {
        way_id
        for way_id, line in lines.items()
        if edge.intersects(line) and edge.intersection(line).length > 0
    }
    owners = [relation for relation in relations if around and around <= relation.way_ids]
    return owners[0] if len(owners) == 1 else None


def _frame(rows: list[tuple[str, str, bool, object]]) -> gpd.GeoDataFrame:
    columns = {name: [row[i] for row in rows] for i, name in enumerate(_COLUMNS)}
    geometry = np.array([row[3] for row in rows], dtype=object)
    return gpd.GeoDataFrame(pd.DataFrame(columns, dtype=object), geometry=geometry, crs=WGS84)
