"""Writes the map as an OpenStreetMap extract."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Relation
from osmium.osm.mutable import Way as OsmWay
from shapely import Polygon

from sample_maker.features import Area, Spot, Way
from sample_maker.plan import CANVAS
from sample_maker.shapes import Corner, lonlat


class Nodes:
    """The extract's nodes: one for each place, numbered as they come."""

    def __init__(self) -> None:
        self.numbers: dict[Corner, int] = {}
        self.tags: dict[int, dict[str, str]] = {}

    def at(self, corner: Sequence[float]) -> int:
        """Return the number of the node at a place on the plane."""
        return self.numbers.setdefault(lonlat(corner[0], corner[1]), len(self.numbers) + 1)

    def along(self, corners: Iterable[Sequence[float]]) -> list[int]:
        """Return the numbers of the nodes along a line, without repeats next to each other."""
        numbers = [self.at(corner) for corner in corners]
        return [n for i, n in enumerate(numbers) if i == 0 or n != numbers[i - 1]]

    def tag(self, spot: Spot) -> None:
        """Give a spot's tags to the node at its place."""
        number = self.at(spot.point.coords[0])
        self.tags[number] = {**self.tags.get(number, {}), **spot.tags}


def write_extract(
    path: Path,
    *,
    ways: Sequence[Way],
    areas: Sequence[Area],
    spots: Sequence[Spot],
    outline: Polygon,
    outline_tags: Mapping[str, str],
) -> None:
    """Write an ``.osm.pbf`` file whose bytes depend on nothing but what it holds.

    Parameters
    ----------
    path
        The file; an older one is replaced.
    ways, areas, spots
        What is on the map; ways that meet share a point already.
    outline, outline_tags
        The district's boundary, written as a relation.
    """
    nodes = Nodes()
    rows = [(nodes.along(way.line.coords), way.tags) for way in ways]
    relations = []
    for area in [*areas, Area(outline, outline_tags)]:
        boundary = "boundary" in area.tags
        plain = not (area.shape.interiors or boundary)
        rows.append((nodes.along(area.shape.exterior.coords), area.tags if plain else {}))
        members = [("w", len(rows), "outer")]
        for hole in area.shape.interiors:
            rows.append((nodes.along(hole.coords), {}))
            members.append(("w", len(rows), "inner"))
        if not plain:
            kind = {} if boundary else {"type": "multipolygon"}
            relations.append((members, {**kind, **area.tags}))
    for spot in spots:
        nodes.tag(spot)
    header = osmium.io.Header()
    header.set("generator", "circles sample (invented, 虚构)")
    west, south = lonlat(CANVAS[0], CANVAS[1])
    east, north = lonlat(CANVAS[2], CANVAS[3])
    header.add_box(osmium.osm.Box(west, south, east, north))
    target = osmium.io.File(str(path), "pbf,add_metadata=false")
    with osmium.SimpleWriter(target, header=header, overwrite=True) as writer:
        for place, number in nodes.numbers.items():
            writer.add_node(Node(id=number, location=place, tags=nodes.tags.get(number, {})))
        for number, (refs, tags) in enumerate(rows, start=1):
            writer.add_way(OsmWay(id=number, nodes=refs, tags=tags))
        for number, (members, tags) in enumerate(relations, start=1):
            writer.add_relation(Relation(id=number, members=members, tags=tags))
