"""Street graphs saved with OSMnx: read, and judged by the same tag rules as extracts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import shapely

from circles.crs import FloatArray
from circles.errors import InputError
from circles.network.interchange import Graph, from_osmnx, in_degrees, judge_arc
from circles.network.lengths import edge_lengths
from circles.network.model import MIN_PIECE_M, WalkNetwork
from circles.osm.xml_guard import refuse_entities
from circles.walking import Kind, blocks, ferry_duration_s, walking_directions

Attributes = Mapping[str, Any]


def read_graphml(path: Path, *, min_piece_m: float = MIN_PIECE_M) -> WalkNetwork:
    """Read a street graph that OSMnx saved as GraphML; its ways are judged by their tags.

    Parameters
    ----------
    path
        A ``.graphml`` file written by `osmnx.save_graphml`.
    min_piece_m
        Connected pieces with less street than this take no part in joining.

    Raises
    ------
    InputError
        The file is missing, damaged, declares entities, is no OSMnx graph, or none of its
        streets may be walked.
    """
    import osmnx  # slow to import, and only graphs need it

    if not path.is_file():
        message = f"{path}: no such file; give the path of a .graphml file saved by OSMnx"
        raise InputError(message)
    refuse_entities(path)
    try:
        graph = osmnx.load_graphml(path)
    except (ValueError, KeyError, SyntaxError, nx.NetworkXError) as error:
        message = f"{path}: not a street graph as OSMnx saves it ({error!r})"
        raise InputError(message) from error
    judged, refused = judge_graph(graph)
    if not judged.number_of_edges():
        message = f"{path}: none of its {graph.number_of_edges()} edges may be walked"
        raise InputError(message)
    network = from_osmnx(judged, min_piece_m=min_piece_m)
    return replace(network, report=replace(network.report, refused_ways=refused))


def judge_graph(graph: Graph) -> tuple[Graph, dict[str, int]]:
    """Return a graph with only what may be walked, and how many arcs were refused, by reason.

    Arcs are judged by `circles.walking.TAG_RULES` and by ``oneway:foot``; at a barrier that stops
    walkers every arc gets an end of its own. Lengths are measured anew from the geometry, as
    OSMnx takes the Earth for a sphere. The graph given is not changed.

    Parameters
    ----------
    graph
        As OSMnx makes it, with ``reversed`` on the arcs that run against their way.
    """
    judged: Graph = nx.MultiDiGraph(**graph.graph)
    judged.add_nodes_from(graph.nodes(data=True))
    barred = {node for node, data in graph.nodes(data=True) if blocks(_words(data))}
    refused: Counter[str] = Counter()
    for tail, head, key, data in graph.edges(keys=True, data=True):
        ruling = judge_arc(data)
        if not ruling.walkable:
            refused[ruling.reason] += 1
        elif not _right_way(data):
            refused["walked one way only (oneway:foot, conveying)"] += 1
        else:
            start, end = _end(judged, tail, barred, head), _end(judged, head, barred, tail)
            judged.add_edge(start, end, key=key, **{**data, "kind": ruling.kind.name.lower()})
    judged.remove_nodes_from(list(nx.isolates(judged)))
    _measure(judged)
    return judged, dict(sorted(refused.items()))


def _words(data: Attributes) -> dict[str, str]:
    return {key: value for key, value in data.items() if isinstance(value, str)}


def _right_way(data: Attributes) -> bool:
    along, against = walking_directions(_words(data))
    reverse = data.get("reversed", False)
    if isinstance(reverse, list):  # merged from ways drawn in both directions: cannot be told
        return along and against
    return against if reverse in {True, "True"} else along


def _end(graph: Graph, node: object, barred: set[object], other: object) -> object:
    """Return a node, or at a barrier a new one in its place that only this line has.

    The two arcs of one line share it, so that it is still walked both ways.
    """
    if node not in barred:
        return node
    own = ("barrier", node, other)
    graph.add_node(own, **graph.nodes[node])
    return own


def _measure(graph: Graph) -> None:
    """Set lengths from the geometry, and each stretch's share of its ferry's sailing time."""
    arcs = list(graph.edges(keys=True, data=True))
    if not arcs:
        return
    lines = [_points(graph, tail, head, data) for tail, head, _, data in arcs]
    offset = np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.int64)
    points = np.vstack(lines)
    lon, lat = in_degrees(points[:, 0], points[:, 1], graph.graph["crs"])
    length_m = edge_lengths(lon, lat, offset)
    way_m: dict[tuple[str, bool], float] = {}
    for (_, _, _, data), metres in zip(arcs, length_m, strict=True):
        way = (str(data.get("osmid")), bool(data.get("reversed")))
        way_m[way] = way_m.get(way, 0.0) + metres
    for (_, _, _, data), metres in zip(arcs, length_m, strict=True):
        data["length"] = float(metres)
        duration_s = ferry_duration_s(_words(data))
        if data["kind"] == Kind.FERRY.name.lower() and not np.isnan(duration_s):
            way = (str(data.get("osmid")), bool(data.get("reversed")))
            data["duration_s"] = duration_s * metres / way_m[way]


def _points(graph: Graph, tail: object, head: object, data: Attributes) -> FloatArray:
    geometry = data.get("geometry")
    if geometry is not None:
        return shapely.get_coordinates(geometry)
    ends = (graph.nodes[tail], graph.nodes[head])
    return np.array([(end["x"], end["y"]) for end in ends], dtype=np.float64)
