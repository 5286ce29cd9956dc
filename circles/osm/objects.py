"""The streets in any OpenStreetMap file, read object by object with osmium: sure but slow."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import osmium

from circles.osm.files import osm_file
from circles.osm.streets import OsmAreas, OsmWays, Streets, StreetTags
from circles.osm.tags import Tags, TagTable, Wanted, is_wanted

_NO_POSITION: Final = 2_147_483_647  # what osmium puts where a node is not in the file
_RING_ROLES: Final = frozenset({"outer", "inner", ""})


@dataclass
class _Ways:
    """Where ways are put, one after another."""

    way_id: list[int] = field(default_factory=list)
    tags: list[Tags] = field(default_factory=list)
    node_id: list[int] = field(default_factory=list)
    x: list[int] = field(default_factory=list)
    y: list[int] = field(default_factory=list)
    offset: list[int] = field(default_factory=lambda: [0])

    def put(self, way: osmium.osm.Way) -> None:
        self.way_id.append(way.id)
        self.tags.append(dict(way.tags))
        for node in way.nodes:
            self.node_id.append(node.ref)
            self.x.append(node.location.x)
            self.y.append(node.location.y)
        self.offset.append(len(self.node_id))


@dataclass
class _Areas:
    """Where multipolygons are put, one after another."""

    relation_id: list[int] = field(default_factory=list)
    tags: list[Tags] = field(default_factory=list)
    way_id: list[int] = field(default_factory=list)
    inner: list[bool] = field(default_factory=list)
    offset: list[int] = field(default_factory=lambda: [0])

    def put(self, relation: osmium.osm.Relation) -> None:
        self.relation_id.append(relation.id)
        self.tags.append(dict(relation.tags))
        for member in relation.members:
            if member.type == "w" and member.role in _RING_ROLES:
                self.way_id.append(member.ref)
                self.inner.append(member.role == "inner")
        self.offset.append(len(self.way_id))


def collect_streets(path: Path, wanted: StreetTags) -> Streets:
    """Read the streets of a file.

    Parameters
    ----------
    path
        An ``.osm.pbf`` or ``.osm`` file.
    wanted
        By which tags they are known.

    Raises
    ------
    RuntimeError, ValueError, IndexError
        The file is damaged or cut off.
    """
    areas = _collect_areas(path, wanted.areas)
    rings = set(areas.way_id.tolist())
    processor = osmium.FileProcessor(osm_file(path), osmium.osm.NODE | osmium.osm.WAY)
    # Most nodes have no tags at all: they are not even shown.
    some = osmium.filter.KeyFilter(*wanted.nodes)
    some.enable_for(osmium.osm.NODE)
    ways, points = _Ways(), dict[int, Tags]()
    for thing in processor.with_locations().with_filter(some):
        pairs = ((tag.k, tag.v) for tag in thing.tags)
        if isinstance(thing, osmium.osm.Way):
            if thing.id in rings or is_wanted(pairs, wanted.ways):
                ways.put(thing)
        elif is_wanted(pairs, wanted.nodes):
            points[thing.id] = dict(thing.tags)
    used = set(ways.node_id)
    return Streets(
        ways=_with_node_table(ways),
        points={node: tags for node, tags in points.items() if node in used},
        areas=areas,
    )


def _collect_areas(path: Path, wanted: Wanted) -> OsmAreas:
    processor = osmium.FileProcessor(osm_file(path), osmium.osm.RELATION)
    areas = _Areas()
    for thing in processor.with_filter(osmium.filter.TagFilter(("type", "multipolygon"))):
        pairs = ((tag.k, tag.v) for tag in thing.tags)
        if isinstance(thing, osmium.osm.Relation) and is_wanted(pairs, wanted):
            areas.put(thing)
    return OsmAreas(
        relation_id=np.array(areas.relation_id, dtype=np.int64),
        tags=TagTable.of(areas.tags),
        way_id=np.array(areas.way_id, dtype=np.int64),
        inner=np.array(areas.inner, dtype=bool),
        offset=np.array(areas.offset, dtype=np.int64),
    )


def _with_node_table(ways: _Ways) -> OsmWays:
    # From the back, so that what counts is the last use of a node: nodes may come after ways.
    refs = np.array(ways.node_id, dtype=np.int64)[::-1]
    node_id, last, node = np.unique(refs, return_index=True, return_inverse=True)
    x = np.array(ways.x, dtype=np.int64)[::-1][last]
    y = np.array(ways.y, dtype=np.int64)[::-1][last]
    missing = (x == _NO_POSITION) | (y == _NO_POSITION)
    return OsmWays(
        way_id=np.array(ways.way_id, dtype=np.int64),
        tags=TagTable.of(ways.tags),
        node=node[::-1].astype(np.int32),
        offset=np.array(ways.offset, dtype=np.int64),
        node_id=node_id,
        # Divided rather than multiplied: 1e-7 has no exact binary form, 1e7 does.
        node_lon=np.where(missing, np.nan, x / 1e7),
        node_lat=np.where(missing, np.nan, y / 1e7),
    )
