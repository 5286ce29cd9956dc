"""OpenStreetMap extracts (.osm.pbf, .osm): ways, barriers, places, buildings and areas.

Nothing is judged here: whether a way may be walked is the business of `circles.walking`, what a
place offers that of `circles.facilities`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from logging import getLogger
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
from circles.osm.pbf import decode_streets
from circles.osm.protobuf import UndecodedError
from circles.osm.tags import Tags, TagTable
from circles.osm.xml_guard import refuse_entities
from circles.tables import refuse_missing

Box = tuple[float, float, float, float]

SUFFIXES: Final = (".osm.pbf", ".pbf", ".osm")
PLACE_KEYS: Final = ("amenity", "leisure", "healthcare", "office", "shop", "social_facility")
_WAY_KEYS: Final = ("highway", "route", "railway", "public_transport", "man_made")
_LAYER_KEYS: Final = ("building", "natural", "waterway", "landuse", *PLACE_KEYS)
_WATER: Final = {("natural", "water"), ("waterway", "riverbank"), ("landuse", "reservoir")}
_GREEN: Final = {
    ("leisure", "park"),
    ("leisure", "garden"),
    ("landuse", "forest"),
    ("natural", "wood"),
    ("landuse", "grass"),
}

_NO_POSITION: Final = 2_147_483_647  # what OSM readers put where a node is not in the file
_LOG: Final = getLogger(__name__)


@dataclass(frozen=True)
class OsmWays:
    """Ways as arrays: way `i` owns the nodes ``offset[i]:offset[i + 1]``.

    Parameters
    ----------
    way_id
        int64, shape (ways,).
    tags
        One dictionary a way, made when asked for.
    node_id, lon, lat
        int64 and degrees, shape (nodes of all ways,); NaN where the extract lacks the node.
    offset
        int64, shape (ways + 1,).
    """

    way_id: npt.NDArray[np.int64]
    tags: TagTable
    node_id: npt.NDArray[np.int64]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    offset: npt.NDArray[np.int64]


@dataclass(frozen=True)
class OsmStreets:
    """What a walking network is made of.

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
    """

    name: str
    box: Box
    ways: OsmWays
    barriers: dict[int, Tags]


@dataclass(frozen=True)
class OsmExtract(OsmStreets):
    """The streets and all else that a run needs of an extract; every layer is in EPSG:4326.

    Parameters
    ----------
    name, box, ways, barriers
        As in `OsmStreets`.
    places
        Columns `osm_id` (``"n1"``, ``"w1"``, ``"r1"``), `tags`, `geometry` (Point).
    buildings
        Columns `osm_id`, `tags`, `geometry` (polygons).
    water, green
        Polygons to draw.
    broken_areas
        Ids of areas whose rings do not close, as OSM has them.
    """

    places: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    green: gpd.GeoDataFrame
    broken_areas: tuple[str, ...]


@dataclass
class _Streets:
    """Where a reading of the streets, object by object, puts what it finds."""

    way_id: list[int] = field(default_factory=list)
    tags: list[Tags] = field(default_factory=list)
    node_id: list[int] = field(default_factory=list)
    x: list[int] = field(default_factory=list)
    y: list[int] = field(default_factory=list)
    offset: list[int] = field(default_factory=lambda: [0])
    barriers: dict[int, Tags] = field(default_factory=dict)


@dataclass
class _Layers:
    """Where a reading of everything else puts what it finds."""

    places: list[tuple[str, Tags, str]] = field(default_factory=list)
    buildings: list[tuple[str, Tags, str]] = field(default_factory=list)
    water: list[str] = field(default_factory=list)
    green: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def read_streets(path: Path) -> OsmStreets:
    """Read the streets of an OpenStreetMap extract: all that a walking network needs.

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
    with _reading(path):
        box = header_box(path)
        ways, barriers = _decoded(path) or _collected(path)
    if not np.isfinite(ways.lon).any():
        message = (
            f"{path}: no street with a position was found; the extract is empty, or its nodes do "
            "not come before its ways (sort it: osmium sort)"
        )
        raise InputError(message)
    return OsmStreets(name=path.name, box=box or _node_box(ways), ways=ways, barriers=barriers)


def read_osm(path: Path) -> OsmExtract:
    """Read an OpenStreetMap extract, for everything a run needs from it.

    Parameters
    ----------
    path
        An ``.osm.pbf`` or ``.osm`` file.

    Raises
    ------
    InputError
        As `read_streets`.
    """
    streets = read_streets(path)
    layers = _Layers()
    with _reading(path):
        for thing in _places_and_areas(path):
            _put(thing, layers)
    return OsmExtract(
        name=streets.name,
        box=streets.box,
        ways=streets.ways,
        barriers=streets.barriers,
        places=_tagged_frame(layers.places, points=True),
        buildings=_tagged_frame(layers.buildings),
        water=_plain_frame(layers.water),
        green=_plain_frame(layers.green),
        broken_areas=tuple(layers.broken),
    )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Say of any failure to read an extract that the extract is at fault."""
    try:
        yield
    except (RuntimeError, ValueError, IndexError) as error:
        message = (
            f"{path}: this OpenStreetMap extract cannot be read to its end ({error}); it is "
            "damaged, cut off or of another kind — download or copy it again"
        )
        raise InputError(message) from error


def check_extract(path: Path) -> None:
    """Refuse a path that is no OpenStreetMap extract, or an XML file that hides entities."""
    refuse_missing(path)
    if not path.name.lower().endswith(SUFFIXES):
        message = f"{path}: not an OpenStreetMap extract; expected one of {', '.join(SUFFIXES)}"
        raise InputError(message)
    if path.suffix.lower() == ".osm":
        refuse_entities(path)


def osm_file(path: Path) -> osmium.io.File:
    """Return an extract as osmium opens it: its kind goes by its suffix, in capitals too."""
    return osmium.io.File(str(path), "osm" if path.suffix.lower() == ".osm" else "pbf")


def header_box(path: Path) -> Box | None:
    """Return the area the extract says it covers, or None if it does not say."""
    with osmium.io.Reader(osm_file(path), osmium.osm.NOTHING) as reader:  # no further than that
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


def _decoded(path: Path) -> tuple[OsmWays, dict[int, Tags]] | None:
    """Read the streets with the decoder of our own, if it knows the file."""
    if path.suffix.lower() != ".pbf":
        return None
    try:
        found = decode_streets(path, way_keys=_WAY_KEYS, node_key="barrier")
    except UndecodedError as error:
        _LOG.debug("%s is read object by object: %s", path, error)
        return None
    ways = OsmWays(found.way_id, found.way_tags, found.node, found.lon, found.lat, found.offset)
    return ways, dict(zip(found.tagged_node.tolist(), found.node_tags, strict=True))


def _collected(path: Path) -> tuple[OsmWays, dict[int, Tags]]:
    """Read the streets object by object, as osmium has them: any file, but slowly."""
    kinds = osmium.osm.NODE | osmium.osm.WAY
    processor = osmium.FileProcessor(osm_file(path), kinds).with_locations()
    streets = _Streets()
    for thing in processor.with_filter(osmium.filter.KeyFilter("barrier", *_WAY_KEYS)):
        if isinstance(thing, osmium.osm.Way):
            _put_way(thing, streets)
        elif "barrier" in thing.tags:
            streets.barriers[thing.id] = dict(thing.tags)
    x, y = np.array(streets.x, dtype=np.int64), np.array(streets.y, dtype=np.int64)
    missing = (x == _NO_POSITION) | (y == _NO_POSITION)
    ways = OsmWays(
        way_id=np.array(streets.way_id, dtype=np.int64),
        tags=TagTable.of(streets.tags),
        node_id=np.array(streets.node_id, dtype=np.int64),
        # Divided rather than multiplied: 1e-7 has no exact binary form, 1e7 does.
        lon=np.where(missing, np.nan, x / 1e7),
        lat=np.where(missing, np.nan, y / 1e7),
        offset=np.array(streets.offset, dtype=np.int64),
    )
    return ways, streets.barriers


def _put_way(way: osmium.osm.Way, streets: _Streets) -> None:
    if not any(key in way.tags for key in _WAY_KEYS):
        return
    streets.way_id.append(way.id)
    streets.tags.append(dict(way.tags))
    for node in way.nodes:
        streets.node_id.append(node.ref)
        streets.x.append(node.location.x)
        streets.y.append(node.location.y)
    streets.offset.append(len(streets.node_id))


def _places_and_areas(path: Path) -> Iterator[object]:
    processor = osmium.FileProcessor(osm_file(path)).with_locations().with_areas()
    yield from processor.with_filter(osmium.filter.KeyFilter(*_LAYER_KEYS))


def _put(thing: object, layers: _Layers) -> None:
    if isinstance(thing, osmium.osm.Node):
        _put_node(thing, layers)
    elif isinstance(thing, osmium.osm.Area):
        _put_area(thing, layers)


def _put_node(node: osmium.osm.Node, layers: _Layers) -> None:
    if any(key in node.tags for key in PLACE_KEYS) and node.location.valid():
        point = shapely.Point(node.location.lon, node.location.lat)
        layers.places.append((f"n{node.id}", dict(node.tags), point.wkb_hex))


def _put_area(area: osmium.osm.Area, layers: _Layers) -> None:
    tags = dict(area.tags)
    osm_id = f"{'w' if area.from_way() else 'r'}{area.orig_id()}"
    pairs = set(tags.items())
    shelves: list[list[str]] = []
    if pairs & _WATER:
        shelves.append(layers.water)
    if pairs & _GREEN:
        shelves.append(layers.green)
    tagged: list[list[tuple[str, Tags, str]]] = []
    if tags.get("building", "no") != "no":
        tagged.append(layers.buildings)
    if any(key in tags for key in PLACE_KEYS):
        tagged.append(layers.places)
    if not shelves and not tagged:
        return
    try:
        wkb = osmium.geom.WKBFactory().create_multipolygon(area)
    except RuntimeError:  # rings that do not close or touch themselves, as OSM has them
        layers.broken.append(osm_id)
        return
    for plain in shelves:
        plain.append(wkb)
    for labelled in tagged:
        labelled.append((osm_id, tags, wkb))


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
