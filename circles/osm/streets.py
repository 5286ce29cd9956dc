"""The streets of an OpenStreetMap extract: ways in arrays, points on them, and walkable areas."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from circles.osm.files import Box
from circles.osm.tags import Tags, TagTable, Wanted

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OsmWays:
    """Ways as arrays: way `i` runs through the nodes ``node[offset[i]:offset[i + 1]]``.

    Parameters
    ----------
    way_id
        int64, shape (ways,), in the file's order.
    tags
        One dictionary a way, made when asked for.
    node
        Indices into the three arrays below, int32, shape (nodes of all ways,).
    offset
        int64, shape (ways + 1,).
    node_id
        Every node of these ways once, in rising order, int64, shape (nodes,).
    node_lon, node_lat
        Degrees, shape (nodes,); NaN where the extract lacks the node.
    """

    way_id: IntArray
    tags: TagTable
    node: npt.NDArray[np.int32]
    offset: IntArray
    node_id: IntArray
    node_lon: FloatArray
    node_lat: FloatArray


@dataclass(frozen=True)
class OsmAreas:
    """Multipolygons as arrays: area `i` is made of the ways ``way_id[offset[i]:offset[i + 1]]``.

    Parameters
    ----------
    relation_id
        int64, shape (areas,), in the file's order.
    tags
        One dictionary an area, made when asked for.
    way_id
        The ways its rings are made of, int64, shape (ways of all areas,); those that the extract
        holds are among its `OsmWays`, whatever their own tags.
    inner
        True for ways around a hole (role ``inner``), shape (ways of all areas,).
    offset
        int64, shape (areas + 1,).
    """

    relation_id: IntArray
    tags: TagTable
    way_id: IntArray
    inner: npt.NDArray[np.bool_]
    offset: IntArray


@dataclass(frozen=True)
class Streets:
    """What a walking network is made of.

    Parameters
    ----------
    ways
        Everything that might be walked or sailed on, rivers and railways that nobody walks
        across, and the rings of the areas.
    points
        Tags of the nodes on these ways that matter for walking, by node id.
    areas
        Multipolygons that may be plazas.
    """

    ways: OsmWays
    points: dict[int, Tags]
    areas: OsmAreas


@dataclass(frozen=True)
class OsmStreets(Streets):
    """The streets of one extract.

    Parameters
    ----------
    ways, points, areas
        As in `Streets`.
    name
        The file's name.
    box
        West, south, east, north of the area the extract covers, degrees.
    """

    name: str
    box: Box


@dataclass(frozen=True)
class StreetTags:
    """By which tags the streets are known.

    Parameters
    ----------
    ways, nodes
        Ways and nodes with one of these tags are kept.
    areas
        Multipolygons with one of these tags are kept, and the ways they are made of.
    """

    ways: Wanted
    nodes: Wanted
    areas: Wanted


_ANY: Final = frozenset[str]()

STREET_TAGS: Final = StreetTags(
    ways=MappingProxyType(
        {
            "highway": _ANY,
            "route": _ANY,
            "railway": _ANY,
            "public_transport": _ANY,
            "man_made": _ANY,
            "waterway": frozenset({"river", "canal"}),
        }
    ),
    nodes=MappingProxyType(
        {
            "barrier": _ANY,
            "highway": frozenset({"crossing", "traffic_signals", "elevator"}),
            "railway": frozenset({"level_crossing", "crossing"}),
        }
    ),
    areas=MappingProxyType(
        {
            "highway": _ANY,
            "railway": frozenset({"platform"}),
            "public_transport": frozenset({"platform"}),
            "man_made": frozenset({"pier"}),
        }
    ),
)
