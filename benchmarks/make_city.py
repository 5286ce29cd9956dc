"""A city of a million nodes: copies of a real extract, side by side, joined at their borders.

The copies keep every node, way and tag; relations are left out. Where two copies meet, footways
connect their outermost streets, band by band. The same input gives the same file.
"""

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import osmium
from osmium.osm.mutable import Node, Way

from circles.files import read_network
from circles.network import WalkNetwork

_BANDS: Final = 120  # along each border; each may hold one footway
_LONGEST_DEG: Final = 0.03  # of such a footway


@dataclass(frozen=True)
class _Tile:
    """The source extract, renumbered from 0, and its streets' extent."""

    node_id: npt.NDArray[np.int64]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    node_tags: dict[int, dict[str, str]]
    ways: list[tuple[dict[str, str], list[int]]]
    width_deg: float
    height_deg: float


@dataclass(frozen=True)
class _Grid:
    """Copies in rows, from the south-west; the last row may be short."""

    count: int
    columns: int

    def place(self, copy: int) -> tuple[int, int]:
        """Return a copy's column and row."""
        return copy % self.columns, copy // self.columns

    def neighbours(self) -> Iterator[tuple[int, int, bool]]:
        """Yield pairs of copies that meet, and whether the second lies east (else north)."""
        for copy in range(self.count):
            column, _ = self.place(copy)
            if column + 1 < self.columns and copy + 1 < self.count:
                yield copy, copy + 1, True
            if copy + self.columns < self.count:
                yield copy, copy + self.columns, False


def make_city(source: Path, out: Path, *, nodes: int) -> int:
    """Write copies of an extract, enough for a network of so many nodes; return their number.

    Parameters
    ----------
    source
        An ``.osm.pbf`` extract of one city.
    out
        The ``.osm.pbf`` file to write.
    nodes
        Nodes the walking network shall have at least.
    """
    network = read_network(source)
    count = math.ceil(nodes / len(network.node_id))
    grid = _Grid(count, math.ceil(math.sqrt(count)))
    tile = _read_tile(source, network)
    draft = out.with_name("draft-" + out.name)
    with osmium.SimpleWriter(str(draft), overwrite=True) as writer:
        for copy in range(count):
            _write_nodes(writer, tile, grid, copy)
        for copy in range(count):
            _write_ways(writer, tile, copy)
        _write_footways(writer, tile, grid, _main_nodes(network, tile))
    draft.replace(out)
    return count


def _read_tile(source: Path, network: WalkNetwork) -> _Tile:
    ids: list[int] = []
    places: list[tuple[float, float]] = []
    tags: dict[int, dict[str, str]] = {}
    ways: list[tuple[dict[str, str], list[int]]] = []
    for thing in osmium.FileProcessor(str(source), osmium.osm.NODE | osmium.osm.WAY):
        if isinstance(thing, osmium.osm.Node):
            ids.append(thing.id)
            places.append((thing.location.lon, thing.location.lat))
            if len(thing.tags):
                tags[thing.id] = dict(thing.tags)
        elif isinstance(thing, osmium.osm.Way):
            ways.append((dict(thing.tags), [node.ref for node in thing.nodes]))
    node_id = np.array(ids, dtype=np.int64)
    order = np.argsort(node_id)
    rank = {int(node_id[old]): new for new, old in enumerate(order)}
    place = np.array(places)[order]
    return _Tile(
        node_id=node_id[order],
        lon=place[:, 0],
        lat=place[:, 1],
        node_tags={rank[node]: value for node, value in tags.items()},
        # Nodes that the extract lacks are left out of their ways.
        ways=[(value, [rank[ref] for ref in refs if ref in rank]) for value, refs in ways],
        width_deg=float(network.edges.lon.max() - network.edges.lon.min()),
        height_deg=float(network.edges.lat.max() - network.edges.lat.min()),
    )


def _write_nodes(writer: osmium.SimpleWriter, tile: _Tile, grid: _Grid, copy: int) -> None:
    column, row = grid.place(copy)
    east, north = column * tile.width_deg, row * tile.height_deg
    first = 1 + copy * len(tile.node_id)
    for i, (lon, lat) in enumerate(zip(tile.lon + east, tile.lat + north, strict=True)):
        node = Node(id=first + i, location=(lon, lat), tags=tile.node_tags.get(i), version=1)
        writer.add_node(node)


def _write_ways(writer: osmium.SimpleWriter, tile: _Tile, copy: int) -> None:
    first = 1 + copy * len(tile.node_id)
    way_id = 1 + copy * len(tile.ways)
    for i, (tags, ranks) in enumerate(tile.ways):
        if len(ranks) > 1:
            refs = [first + rank for rank in ranks]
            writer.add_way(Way(id=way_id + i, nodes=refs, tags=tags, version=1))


def _main_nodes(network: WalkNetwork, tile: _Tile) -> npt.NDArray[np.int64]:
    """Return the ranks of the nodes on streets that points may join."""
    edges = network.edges
    used = np.unique(np.append(edges.start[network.joinable], edges.end[network.joinable]))
    wanted = network.node_id[used]
    wanted = wanted[wanted > 0]
    rank = np.searchsorted(tile.node_id, wanted)
    known: npt.NDArray[np.int64] = rank[
        tile.node_id[np.minimum(rank, len(tile.node_id) - 1)] == wanted
    ]
    return known


def _write_footways(
    writer: osmium.SimpleWriter, tile: _Tile, grid: _Grid, main: npt.NDArray[np.int64]
) -> None:
    size = len(tile.node_id)
    links = {True: _links(tile, main, eastward=True), False: _links(tile, main, eastward=False)}
    way_id = grid.count * len(tile.ways)
    for copy, other, eastward in grid.neighbours():
        for here, there in links[eastward]:
            way_id += 1
            refs = [1 + copy * size + here, 1 + other * size + there]
            writer.add_way(Way(id=way_id, nodes=refs, tags={"highway": "footway"}, version=1))


def _links(tile: _Tile, main: npt.NDArray[np.int64], *, eastward: bool) -> list[tuple[int, int]]:
    """Pair the outermost nodes of a copy with those of the next one, a pair a band."""
    across, along = (tile.lon, tile.lat) if eastward else (tile.lat, tile.lon)
    step = tile.width_deg if eastward else tile.height_deg
    edges = np.linspace(along[main].min(), along[main].max(), _BANDS + 1)
    band = np.clip(np.digitize(along[main], edges) - 1, 0, _BANDS - 1)
    pairs = []
    for number in range(_BANDS):
        inside = main[band == number]
        if not len(inside):
            continue
        here = inside[np.argmax(across[inside])]
        there = inside[np.argmin(across[inside])]
        gap = across[there] + step - across[here]
        if math.hypot(gap, along[there] - along[here]) < _LONGEST_DEG:
            pairs.append((int(here), int(there)))
    if not pairs:
        message = "no street comes near the extract's border; its copies cannot be joined"
        raise ValueError(message)
    return pairs


def main() -> None:
    """Make a city from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.make_city", description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    options = parser.parse_args()
    make_city(options.source, options.out, nodes=options.nodes)


if __name__ == "__main__":
    main()
