"""All that a run needs of an OpenStreetMap extract: streets, places, buildings and areas.

Nothing is judged here: whether a way may be walked is the business of `circles.walking`, what a
place offers that of `circles.facilities`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from logging import getLogger
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely

from circles.crs import WGS84
from circles.errors import InputError
from circles.osm.files import Box, check_extract, header_box, osm_file, reading
from circles.osm.objects import collect_streets
from circles.osm.pbf import decode_streets
from circles.osm.protobuf import UndecodedError
from circles.osm.streets import STREET_TAGS, OsmStreets, OsmWays, Streets
from circles.osm.tags import Tags

PLACE_KEYS: Final = ("amenity", "leisure", "healthcare", "office", "shop", "social_facility")
_LAYER_KEYS: Final = ("building", "natural", "waterway", "landuse", *PLACE_KEYS)
_WATER: Final = {("natural", "water"), ("waterway", "riverbank"), ("landuse", "reservoir")}
_GREEN: Final = {
    ("leisure", "park"),
    ("leisure", "garden"),
    ("landuse", "forest"),
    ("natural", "wood"),
    ("landuse", "grass"),
}

_LOG: Final = getLogger(__name__)


@dataclass(frozen=True)
class OsmExtract(OsmStreets):
    """The streets and all else that a run needs of an extract; every layer is in EPSG:4326.

    Parameters
    ----------
    name, box, ways, points, areas
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
    with reading(path):
        box = header_box(path)
        found = _decoded(path) or collect_streets(path, STREET_TAGS)
    if not np.isfinite(found.ways.node_lon).any():
        message = (
            f"{path}: no street with a position was found; the extract is empty, or its nodes do "
            "not come before its ways (sort it: osmium sort)"
        )
        raise InputError(message)
    return OsmStreets(
        name=path.name,
        box=box or _node_box(found.ways),
        ways=found.ways,
        points=found.points,
        areas=found.areas,
    )


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
    with reading(path):
        for thing in _places_and_areas(path):
            _put(thing, layers)
    return OsmExtract(
        name=streets.name,
        box=streets.box,
        ways=streets.ways,
        points=streets.points,
        areas=streets.areas,
        places=_tagged_frame(layers.places, points=True),
        buildings=_tagged_frame(layers.buildings),
        water=_plain_frame(layers.water),
        green=_plain_frame(layers.green),
        broken_areas=tuple(layers.broken),
    )


def _node_box(ways: OsmWays) -> Box:
    """Return the box of the highways: rivers and railways of an extract may go on far beyond."""
    kinds, which = ways.tags.distinct(("highway",))
    chosen = np.array(["highway" in tags for tags in kinds], dtype=bool)[which]
    node = ways.node[np.repeat(chosen, np.diff(ways.offset))] if chosen.any() else ways.node
    lon, lat = ways.node_lon[node], ways.node_lat[node]
    if not np.isfinite(lon).any():
        lon, lat = ways.node_lon, ways.node_lat
    return (
        float(np.nanmin(lon)),
        float(np.nanmin(lat)),
        float(np.nanmax(lon)),
        float(np.nanmax(lat)),
    )


def _decoded(path: Path) -> Streets | None:
    """Read the streets with the decoder of our own, if it knows the file."""
    if path.suffix.lower() != ".pbf":
        return None
    try:
        return decode_streets(path, STREET_TAGS)
    except UndecodedError as error:
        _LOG.debug("%s is read object by object: %s", path, error)
        return None


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
