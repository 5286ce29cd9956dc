"""What OSMnx downloads of a place: its boundary, its streets, and things by their tags."""

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import networkx as nx
import osmnx
import pandas as pd
import shapely
from osmnx._errors import InsufficientResponseError

from circles.crs import WGS84
from circles.errors import DownloadError, InputError
from circles.fetch.servers import Servers, asking, host_of

Polygonal = shapely.Polygon | shapely.MultiPolygon

# Every way with a highway tag, whatever it is: the tag rules of the walking network judge, not the
# download. Ferries have no highway tag; platforms and piers often have none. One request each.
WAY_FILTERS: Final = (
    '["highway"]',
    '[~"^(route|railway|public_transport|man_made)$"~"^(ferry|platform|pier)$"]',
)
# What the tag rules may look at; one line a subject.
WAY_TAGS: Final = (
    *("highway", "footway", "crossing", "construction", "junction", "service", "motorroad", "name"),
    *("access", "access:conditional", "foot", "foot:conditional", "oneway:foot", "conveying"),
    *("foot:forward", "foot:backward", "abandoned"),
    *("sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right", "width", "est_width"),
    *("area", "bridge", "covered", "indoor", "layer", "level", "tunnel", "barrier", "locked"),
    *("route", "duration", "railway", "public_transport", "man_made", "landuse"),
    *("incline", "ramp", "step_count", "surface", "smoothness", "wheelchair", "lit", "sac_scale"),
)
NODE_TAGS: Final = (
    *("highway", "railway", "crossing", "barrier", "access", "foot", "locked", "entrance"),
    *("kerb", "wheelchair"),
)

_GRAPH_SETTINGS: Final[dict[str, Any]] = {
    "useful_tags_way": list(WAY_TAGS),
    "useful_tags_node": list(NODE_TAGS),
    "bidirectional_network_types": ["walk"],
    "all_oneway": False,
}

TagQuery = dict[str, bool | str | list[str]]


@dataclass(frozen=True)
class FoundPlace:
    """What Nominatim takes a place's name to mean.

    Parameters
    ----------
    display_name
        Its full name, with what it lies in.
    osm_id
        ``"r1"`` for relation 1, ``"w1"`` for way 1; empty if the server did not say.
    boundary
        Degrees (EPSG:4326).
    """

    display_name: str
    osm_id: str
    boundary: Polygonal


def find_place(place: str, servers: Servers) -> FoundPlace:
    """Ask Nominatim for the boundary of a place.

    Raises
    ------
    InputError
        Nobody knows the place, or it is a point.
    DownloadError
        The server did not answer, or not with places.
    """
    with asking(f"the boundary of {place!r}", servers, for_places=True):
        try:
            found = osmnx.geocode_to_gdf(place).iloc[0]
        except InsufficientResponseError as error:
            message = (
                f"{host_of(servers.nominatim_url)} knows no place {place!r}; check the spelling, "
                "or add what it lies in, as in 'Tianhe District, Guangzhou, China'"
            )
            raise InputError(message) from error
        except TypeError as error:
            message = (
                f"{host_of(servers.nominatim_url)} knows {place!r} only as a point, without a "
                "boundary; name the town, district or street it belongs to"
            )
            raise InputError(message) from error
        boundary = shapely.make_valid(found.geometry).buffer(0)  # drops what has no area
        if boundary.is_empty:
            message = f"the boundary of {place!r} came back without an area; name another place"
            raise InputError(message)
        kind = str(found.get("osm_type", ""))[:1]
        osm_id = f"{kind}{found.get('osm_id', '')}" if kind in {"w", "r"} else ""
        return FoundPlace(str(found.get("display_name", place)), osm_id, boundary)


def street_graph(reach: Polygonal, servers: Servers) -> "nx.MultiDiGraph[int]":
    """Download every way that might be walked, as OSMnx graphs it.

    Nodes that only bend a way become vertices of an edge's geometry. That loses no tag: an edge
    belongs to exactly one OSM way, and nodes with tags of their own (gates, crossings) stay nodes.

    Parameters
    ----------
    reach
        Degrees (EPSG:4326).
    servers
        Whom to ask.

    Returns
    -------
    MultiDiGraph
        Both directions of every way, in degrees; isolated pieces are kept.

    Raises
    ------
    DownloadError
        The server did not answer, or there is no street.
    """
    with asking("the streets", servers, **_GRAPH_SETTINGS):
        try:
            graph = osmnx.graph_from_polygon(
                reach,
                network_type="walk",  # with a filter of our own it only says: both directions
                custom_filter=list(WAY_FILTERS),
                simplify=False,
                retain_all=True,
                truncate_by_edge=True,
            )
        except InsufficientResponseError as error:
            raise DownloadError(_no_streets(servers)) from error
        if graph.number_of_edges() == 0:
            raise DownloadError(_no_streets(servers))
        return osmnx.simplify_graph(
            graph, node_attrs_include=NODE_TAGS, edge_attrs_differ=["osmid"], remove_rings=False
        )


def features(what: str, area: Polygonal, tags: TagQuery, servers: Servers) -> gpd.GeoDataFrame:
    """Download what carries one of `tags` and touches `area`.

    Parameters
    ----------
    what
        How an error names the things asked for.
    area
        Degrees (EPSG:4326).
    tags
        Values by key; True stands for any value.
    servers
        Whom to ask.

    Returns
    -------
    GeoDataFrame
        Columns `osm_id` (``"n1"``, ``"w1"``, ``"r1"``), `tags` (dictionaries), `geometry`
        (EPSG:4326); no rows where there is nothing.

    Raises
    ------
    DownloadError
        The server did not answer.
    """
    with asking(what, servers):
        try:
            found = osmnx.features_from_polygon(area, tags)
        except InsufficientResponseError:
            return _tagged([], [], [])
        # Large areas are asked for in pieces; what lies across a cut comes twice.
        found = found[~found.index.duplicated()]
        rows = pd.DataFrame(found.drop(columns="geometry")).to_dict("records")
        return _tagged(
            [f"{kind[0]}{number}" for kind, number in found.index],
            [
                {str(key): word for key, word in row.items() if isinstance(word, str)}
                for row in rows
            ],
            list(found.geometry),
        )


def _tagged(
    osm_id: list[str], tags: list[dict[str, str]], geometry: list[shapely.Geometry]
) -> gpd.GeoDataFrame:
    columns = pd.DataFrame({"osm_id": osm_id, "tags": tags}, dtype=object)
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=WGS84)


def _no_streets(servers: Servers) -> str:
    return (
        f"the streets: {host_of(servers.overpass_url)} has none in this place; choose a place with "
        "streets, or a server that holds this part of the world"
    )
