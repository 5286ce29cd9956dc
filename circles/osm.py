"""OpenStreetMap extracts (.osm.pbf, .osm): ways, barriers, places, buildings and areas.

Nothing is judged here: whether a way may be walked is the business of `circles.walking`, what a
place offers that of `circles.facilities`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import osmium
import pandas as pd
import shapely

from circles.crs import WGS84
from circles.errors import InputError
from circles.xml_guard import refuse_entities

Tags = dict[str, str]
Box = tuple[float, float, float, float]

SUFFIXES: Final = (".osm.pbf", ".pbf", ".osm")
PLACE_KEYS: Final = ("amenity", "leisure", "healthcare", "office", "shop", "social_facility")
_WAY_KEYS: Final = ("highway", "route", "railway", "public_transport", "man_made")
_WATER: Final = {("natural", "water"), ("waterway", "riverbank"), ("landuse", "reservoir")}
_GREEN: Final = {
    ("leisure", "park"),
    ("leisure", "garden"),
    ("landuse", "forest"),
    ("natural", "wood"),
    ("landuse", "grass"),
}
_NO_POSITION: Final = 2_147_483_647  # what OSM readers put where a node is not in the file


@dataclass(frozen=True)
class OsmWays:
    """Ways as arrays: way `i` owns the nodes ``offset[i]:offset[i + 1]``.

    Parameters
    ----------
    way_id
        int64, shape (ways,).
    tags
        One dictionary a way.
    node_id, lon, lat
        int64 and degrees, shape (nodes of all ways,); NaN where the extract lacks the node.
    offset
        int64, shape (ways + 1,).
    """

    way_id: npt.NDArray[np.int64]
    tags: tuple[Tags, ...]
    node_id: npt.NDArray[np.int64]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    offset: npt.NDArray[np.int64]


@dataclass(frozen=True)
class OsmExtract:
    """What one reading of an extract yields; every layer is in EPSG:4326.

    Parameters
    ----------
    name
        The file's name.
    box
        West, south, east, north of the area the extract covers, degrees.
    ways
        Everything that might be walked or sailed on.
    barriers
        Tags of the nodes with ``barrier=*``, by node id.
    places
        Columns `osm_id` (``"n1"``, ``"w1"``, ``"r1"``), `tags`, `geometry` (Point).
    buildings
        Columns `osm_id`, `tags`, `geometry` (polygons).
    water, green
        Polygons to draw.
    broken_areas
        Ids of areas whose rings do not close, as OSM has them.
    """

    name: str
    box: Box
    ways: OsmWays
    barriers: dict[int, Tags]
    places: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    green: gpd.GeoDataFrame
    broken_areas: tuple[str, ...]


@dataclass
class _Shelf:
    """Where one reading puts what it finds."""

    way_id: list[int] = field(default_factory=list)
    tags: list[Tags] = field(default_factory=list)
    node_id: list[int] = field(default_factory=list)
    x: list[int] = field(default_factory=list)
    y: list[int] = field(default_factory=list)
    offset: list[int] = field(default_factory=lambda: [0])
    barriers: dict[int, Tags] = field(default_factory=dict)
    places: list[tuple[str, Tags, str]] = field(default_factory=list)
    buildings: list[tuple[str, Tags, str]] = field(default_factory=list)
    water: list[str] = field(default_factory=list)
    green: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def read_osm(path: Path) -> OsmExtract:
    """Read an OpenStreetMap extract once, for everything a run needs from it.

    Parameters
    ----------
    path
        An ``.osm.pbf`` or ``.osm`` file.

    Raises
    ------
    InputError
        The file is missing, of another kind, cut off, damaged, or holds no way with positions.
    """
    check_extract(path)
    shelf = _Shelf()
    try:
        box = header_box(path)
        for thing in _things(path):
            _put(thing, shelf)
    except RuntimeError as error:
        message = (
            f"{path}: this OpenStreetMap extract cannot be read to its end ({error}); it is "
            "damaged or cut off — download or copy it again"
        )
        raise InputError(message) from error
    ways = _ways(shelf)
    if not np.isfinite(ways.lon).any():
        message = (
            f"{path}: no street with a position was found; the extract is empty, or its nodes do "
            "not come before its ways (sort it: osmium sort)"
        )
        raise InputError(message)
    return OsmExtract(
        name=path.name,
        box=box or _node_box(ways),
        ways=ways,
        barriers=shelf.barriers,
        places=_tagged_frame(shelf.places, points=True),
        buildings=_tagged_frame(shelf.buildings),
        water=_plain_frame(shelf.water),
        green=_plain_frame(shelf.green),
        broken_areas=tuple(shelf.broken),
    )


def check_extract(path: Path) -> None:
    """Refuse a path that is no OpenStreetMap extract, or an XML file that hides entities."""
    if not path.is_file():
        message = f"{path}: no such file; give the path of an .osm.pbf or .osm extract"
        raise InputError(message)
    if not path.name.lower().endswith(SUFFIXES):
        message = f"{path}: not an OpenStreetMap extract; expected one of {', '.join(SUFFIXES)}"
        raise InputError(message)
    if path.suffix.lower() == ".osm":
        refuse_entities(path)


def header_box(path: Path) -> Box | None:
    """Return the area the extract says it covers, or None if it does not say."""
    with osmium.io.Reader(str(path)) as reader:
        box = reader.header().box()
    if not box.valid():
        return None
    low, high = box.bottom_left, box.top_right
    return (low.lon, low.lat, high.lon, high.lat)


def _node_box(ways: OsmWays) -> Box:
    return (
        float(np.nanmin(ways.lon)),
        float(np.nanmin(ways.lat)),
        float(np.nanmax(ways.lon)),
        float(np.nanmax(ways.lat)),
    )


def _things(path: Path) -> Iterator[object]:
    processor = osmium.FileProcessor(str(path)).with_locations().with_areas()
    yield from processor.with_filter(osmium.filter.EmptyTagFilter())


def _put(thing: object, shelf: _Shelf) -> None:
    if isinstance(thing, osmium.osm.Node):
        _put_node(thing, shelf)
    elif isinstance(thing, osmium.osm.Way):
        _put_way(thing, shelf)
    elif isinstance(thing, osmium.osm.Area):
        _put_area(thing, shelf)


def _put_node(node: osmium.osm.Node, shelf: _Shelf) -> None:
    if "barrier" in node.tags:
        shelf.barriers[node.id] = dict(node.tags)
    if any(key in node.tags for key in PLACE_KEYS) and node.location.valid():
        point = shapely.Point(node.location.lon, node.location.lat)
        shelf.places.append((f"n{node.id}", dict(node.tags), point.wkb_hex))


def _put_way(way: osmium.osm.Way, shelf: _Shelf) -> None:
    if not any(key in way.tags for key in _WAY_KEYS):
        return
    shelf.way_id.append(way.id)
    shelf.tags.append(dict(way.tags))
    for node in way.nodes:
        shelf.node_id.append(node.ref)
        shelf.x.append(node.location.x)
        shelf.y.append(node.location.y)
    shelf.offset.append(len(shelf.node_id))


def _put_area(area: osmium.osm.Area, shelf: _Shelf) -> None:
    tags = dict(area.tags)
    osm_id = f"{'w' if area.from_way() else 'r'}{area.orig_id()}"
    pairs = set(tags.items())
    shelves: list[list[str]] = []
    if pairs & _WATER:
        shelves.append(shelf.water)
    if pairs & _GREEN:
        shelves.append(shelf.green)
    tagged: list[list[tuple[str, Tags, str]]] = []
    if tags.get("building", "no") != "no":
        tagged.append(shelf.buildings)
    if any(key in tags for key in PLACE_KEYS):
        tagged.append(shelf.places)
    if not shelves and not tagged:
        return
    try:
        wkb = osmium.geom.WKBFactory().create_multipolygon(area)
    except RuntimeError:  # rings that do not close or touch themselves, as OSM has them
        shelf.broken.append(osm_id)
        return
    for plain in shelves:
        plain.append(wkb)
    for labelled in tagged:
        labelled.append((osm_id, tags, wkb))


def _ways(shelf: _Shelf) -> OsmWays:
    x, y = np.array(shelf.x, dtype=np.int64), np.array(shelf.y, dtype=np.int64)
    missing = (x == _NO_POSITION) | (y == _NO_POSITION)
    return OsmWays(
        way_id=np.array(shelf.way_id, dtype=np.int64),
        tags=tuple(shelf.tags),
        node_id=np.array(shelf.node_id, dtype=np.int64),
        # Divided rather than multiplied: 1e-7 has no exact binary form, 1e7 does.
        lon=np.where(missing, np.nan, x / 1e7),
        lat=np.where(missing, np.nan, y / 1e7),
        offset=np.array(shelf.offset, dtype=np.int64),
    )


def _plain_frame(wkb: list[str]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=shapely.from_wkb(np.array(wkb, dtype=object)), crs=WGS84)


def _tagged_frame(rows: list[tuple[str, Tags, str]], *, points: bool = False) -> gpd.GeoDataFrame:
    geometry = shapely.from_wkb(np.array([row[2] for row in rows], dtype=object))
    columns = {"osm_id": [row[0] for row in rows], "tags": [row[1] for row in rows]}
    return gpd.GeoDataFrame(
        pd.DataFrame(columns, dtype=object),
        geometry=shapely.point_on_surface(geometry) if points else geometry,
        crs=WGS84,
    )
