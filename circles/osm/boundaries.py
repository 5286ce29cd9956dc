"""Administrative boundaries of an OpenStreetMap extract, whole ones and those its edge cuts.

A boundary that lies inside the extract is assembled as it is. One that the extract's edge cuts
has open ends; its visible part is found from the faces that all boundary lines of the level and
the extract's box make together: a face belongs to the boundary that owns every line around it.
Two such faces of one boundary that meet along a line lie on either side of its own border; of
them only one that a neighbour's border touches is surely inside.
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
from circles.osm.files import check_extract, header_box, osm_file, reading

_COLUMNS: Final = ("osm_id", "name", "cut")


@dataclass(frozen=True)
class Boundaries:
    """The named administrative boundaries of one level.

    Parameters
    ----------
    frame
        EPSG:4326, sorted by name; columns `osm_id`, `name`, `cut` (True where only the part
        inside the extract is known), `geometry`.
    left_out
        Names of those of which the extract does not hold enough, sorted.
    """

    frame: gpd.GeoDataFrame
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Relation:
    osm_id: str
    name: str
    way_ids: frozenset[int]


def read_boundaries(path: Path, *, admin_level: int, include_cut: bool = False) -> Boundaries:
    """Read the named administrative boundaries of one level.

    Parameters
    ----------
    path
        An ``.osm.pbf`` or ``.osm`` file.
    admin_level
        The value of the tag ``admin_level``.
    include_cut
        Also return the visible parts of boundaries that the extract's edge cuts.

    Raises
    ------
    InputError
        The file cannot be read, or holds no such boundary of that level.
    """
    check_extract(path)
    with reading(path):
        whole = _whole_boundaries(path, admin_level)
        relations = _relations(path, admin_level)
        known = set(whole["osm_id"])
        missing = [relation for relation in relations if relation.osm_id not in known]
        cut = _cut_boundaries(path, missing, relations) if missing and include_cut else []
    frame = pd.concat([whole, _frame(cut)]) if cut else whole
    used = set(frame["osm_id"])
    left_out = tuple(sorted(relation.name for relation in missing if relation.osm_id not in used))
    if frame.empty:
        raise InputError(_nothing_found(path, admin_level, left_out, include_cut=include_cut))
    return Boundaries(frame.sort_values(["name", "osm_id"], ignore_index=True), left_out)


def _nothing_found(
    path: Path, admin_level: int, left_out: tuple[str, ...], *, include_cut: bool
) -> str:
    found = f"{path}: no whole named boundary with admin_level = {admin_level} lies in this extract"
    if not left_out:
        return f"{found}; try another level, or give community polygons as a file"
    names = ", ".join(left_out[:5]) + (" …" if len(left_out) > 5 else "")
    if include_cut:
        return (
            f"{found}; its edge cuts {len(left_out)} ({names}), and which side of their borders "
            "is inside cannot be told: take a larger extract, or give community polygons as a file"
        )
    return (
        f"{found}; its edge cuts {len(left_out)} ({names}): take a larger extract, or set "
        "include_cut = true to use their visible parts"
    )


def _matches(tags: osmium.osm.TagList, admin_level: int) -> bool:
    return (
        tags.get("boundary") == "administrative"
        and tags.get("admin_level") == str(admin_level)
        and bool(tags.get("name"))
    )


def _whole_boundaries(path: Path, admin_level: int) -> gpd.GeoDataFrame:
    factory = osmium.geom.WKBFactory()
    rows: list[tuple[str, str, bool, object]] = []
    processor = osmium.FileProcessor(osm_file(path)).with_locations().with_areas()
    for thing in processor.with_filter(osmium.filter.KeyFilter("boundary")):
        if not isinstance(thing, osmium.osm.Area) or thing.from_way():
            continue
        if not _matches(thing.tags, admin_level):
            continue
        try:
            wkb = factory.create_multipolygon(thing)
        except RuntimeError:  # rings that do not close or cross themselves: not a whole one
            continue
        rows.append((f"r{thing.orig_id()}", thing.tags["name"], False, shapely.from_wkb(wkb)))
    return _frame(rows)


def _relations(path: Path, admin_level: int) -> list[_Relation]:
    processor = osmium.FileProcessor(osm_file(path), osmium.osm.RELATION)
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
    faces = [_face(face, inside) for face in shapely.polygonize([seams]).geoms if face.area > 0]
    owners = [_owner(face, relations) for face in faces]
    uses = Counter(way_id for relation in relations for way_id in relation.way_ids)
    shared = {way_id for way_id, count in uses.items() if count > 1}
    rows: list[tuple[str, str, bool, object]] = []
    for relation in missing:
        own = [face for face, owner in zip(faces, owners, strict=True) if owner is relation]
        visible = _surely_inside(own, shared)
        if visible:
            rows.append((relation.osm_id, relation.name, True, shapely.union_all(visible)))
    return rows


@dataclass(frozen=True)
class _Run:
    """A stretch of a way whose nodes all have positions."""

    way_id: int
    line: shapely.LineString


def _member_runs(path: Path, way_ids: frozenset[int]) -> list[_Run]:
    runs: list[_Run] = []
    processor = osmium.FileProcessor(
        osm_file(path), osmium.osm.NODE | osmium.osm.WAY
    ).with_locations()
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


@dataclass(frozen=True)
class _Face:
    """A piece of the extract between boundary lines, and the ways around it."""

    outline: BaseGeometry
    way_ids: frozenset[int]


def _face(outline: BaseGeometry, lines: dict[int, BaseGeometry]) -> _Face:
    edge = outline.boundary
    around = [way_id for way_id, line in lines.items() if _run_along(edge, line)]
    return _Face(outline, frozenset(around))


def _run_along(one: BaseGeometry, other: BaseGeometry) -> bool:
    return bool(one.intersects(other)) and one.intersection(other).length > 0


def _owner(face: _Face, relations: list[_Relation]) -> _Relation | None:
    """Return the one relation that owns every boundary line around a face, if there is one."""
    owners = [r for r in relations if face.way_ids and face.way_ids <= r.way_ids]
    return owners[0] if len(owners) == 1 else None


def _surely_inside(faces: list[_Face], shared: set[int]) -> list[BaseGeometry]:
    """Drop faces that may as well lie outside: across a border that no neighbour shares."""
    return [
        face.outline
        for face in faces
        if face.way_ids & shared
        or not any(_run_along(face.outline, o.outline.boundary) for o in faces if o is not face)
    ]


def _frame(rows: list[tuple[str, str, bool, object]]) -> gpd.GeoDataFrame:
    columns = {name: [row[i] for row in rows] for i, name in enumerate(_COLUMNS)}
    geometry = np.array([row[3] for row in rows], dtype=object)
    return gpd.GeoDataFrame(pd.DataFrame(columns, dtype=object), geometry=geometry, crs=WGS84)
