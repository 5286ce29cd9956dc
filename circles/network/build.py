"""From the ways of an OpenStreetMap extract to a walking network."""

import numpy as np

from circles.errors import InputError
from circles.network.areas import Areas, find_areas
from circles.network.components import find_pieces
from circles.network.contraction import contract, order, walked
from circles.network.edges import Edges, IndexArray
from circles.network.lengths import edge_lengths
from circles.network.model import MIN_PIECE_M, NetworkReport, WalkNetwork, network_crs
from circles.network.obstacles import find_obstacles
from circles.network.plazas import plaza_chords
from circles.network.rulings import judge_ways
from circles.network.runs import (
    NodeTable,
    Runs,
    count_uses,
    runs_of_ways,
    split_runs,
    without_twins,
)
from circles.network.waits import WaitPoints, find_wait_points, set_waits
from circles.osm import OsmStreets
from circles.walking import Kind, Wait, blocks


def network_from_osm(extract: OsmStreets, *, min_piece_m: float = MIN_PIECE_M) -> WalkNetwork:
    """Build the walking network of an extract.

    Ways are judged by `circles.tag_rules.TAG_RULES`; nodes are set wherever two ways meet or one
    ends, and where one waits; a barrier that stops walkers cuts the ways it stands on; ways whose
    positions the extract lacks end there. Plazas (``area=yes``, multipolygons) are crossed
    on straight lines between their entrances, around their holes.

    Parameters
    ----------
    extract
        What `circles.osm.read_streets` or `read_osm` returns.
    min_piece_m
        Connected pieces with less street than this take no part in joining.

    Raises
    ------
    InputError
        Nothing in the extract may be walked.
    """
    ways, tags = extract.ways, list(extract.points.values())
    tagged = np.searchsorted(ways.node_id, np.fromiter(extract.points, np.int64))
    areas = find_areas(extract, judge_ways(ways.tags))
    closed = np.zeros(len(ways.node_id), dtype=bool)
    closed[tagged[[blocks(each) for each in tags]]] = True
    cut = runs_of_ways(ways, areas.rulings.walkable[: len(ways.way_id)], closed)
    if not len(cut.runs):
        message = (
            f"{extract.name}: none of its {len(ways.way_id)} ways may be walked; "
            "is this the extract of a town, with its streets?"
        )
        raise InputError(message)
    nodes = NodeTable(ways.node_id, ways.node_lon, ways.node_lat).doubled(cut.doubles)
    waits = find_wait_points(tags, tagged, len(nodes.node_id))
    runs = _between_nodes(_across_plazas(cut.runs, areas, nodes), areas, waits, nodes)
    runs, ends = order(contract(runs, areas.rulings, len(nodes.node_id)), nodes)
    edges = _edges(runs, ends, areas, nodes)
    pieces = find_pieces(edges, len(ends), min_piece_m=min_piece_m)
    return WalkNetwork(
        crs=network_crs(edges.lon, edges.lat),
        node_id=nodes.node_id[ends],
        node_lon=nodes.lon[ends],
        node_lat=nodes.lat[ends],
        edges=edges,
        joinable=pieces.joinable,
        box=extract.box,
        report=NetworkReport(
            refused_ways=areas.rulings.refused,
            cut_ways=cut.cut_ways,
            blocked_nodes=len(np.unique(cut.doubles)),
            broken_plazas=areas.broken,
            pieces=pieces.count,
            small_pieces=pieces.small,
            small_pieces_m=pieces.small_m,
        ),
        barriers=find_obstacles(ways, areas.rulings),
    )


def _across_plazas(runs: Runs, areas: Areas, nodes: NodeTable) -> Runs:
    """Add the straight lines on which plazas are crossed."""
    polygons = areas.polygons
    chords = plaza_chords(polygons, nodes.lon, nodes.lat, areas.entrances(runs, len(nodes.node_id)))
    return runs.with_lines(polygons.way[chords.polygon], chords.ends)


def _between_nodes(runs: Runs, areas: Areas, waits: WaitPoints, nodes: NodeTable) -> Runs:
    """Split runs where they meet and where one waits; say where on each one does wait."""
    meet = count_uses(runs, len(nodes.node_id)) > 1
    parts = split_runs(runs, meet | (waits.wait != Wait.NONE))
    parts = without_twins(parts, areas.rulings)
    return set_waits(parts, areas.rulings, waits, nodes.lon, nodes.lat)


def _edges(runs: Runs, ends: IndexArray, areas: Areas, nodes: NodeTable) -> Edges:
    rulings, way = areas.rulings, runs.way
    rank = np.zeros(len(nodes.node_id), dtype=np.int32)
    rank[ends] = np.arange(len(ends), dtype=np.int32)
    lon, lat = nodes.lon[runs.node], nodes.lat[runs.node]
    length_m = edge_lengths(lon, lat, runs.offset)
    kind = rulings.kind[way]
    forward, backward = walked(runs, rulings)
    # A ferry's duration is that of the whole way; each stretch of it takes its share.
    way_m = np.bincount(way, weights=length_m, minlength=len(areas.way_id))
    with np.errstate(invalid="ignore", divide="ignore"):
        share_s = rulings.duration_s[way] * length_m / way_m[way]
    return Edges(
        start=rank[runs.start],
        end=rank[runs.end],
        length_m=length_m,
        kind=kind,
        forward=forward,
        backward=backward,
        duration_s=np.where(kind == Kind.FERRY, share_s, np.nan),
        way_id=areas.way_id[way],
        offset=runs.offset,
        lon=lon,
        lat=lat,
        wait_start=runs.wait_start,
        wait_end=runs.wait_end,
        off_ground=rulings.off_ground[way],
    )
