"""OpenStreetMap extracts: ways, points, places, buildings, areas and boundaries."""

from circles.osm.boundaries import Boundaries, read_boundaries
from circles.osm.extract import PLACE_KEYS, OsmExtract, read_osm, read_streets
from circles.osm.files import Box, check_extract, header_box, osm_file
from circles.osm.streets import OsmAreas, OsmStreets, OsmWays
from circles.osm.xml_guard import refuse_entities

__all__ = [
    "PLACE_KEYS",
    "Boundaries",
    "Box",
    "OsmAreas",
    "OsmExtract",
    "OsmStreets",
    "OsmWays",
    "check_extract",
    "header_box",
    "osm_file",
    "read_boundaries",
    "read_osm",
    "read_streets",
    "refuse_entities",
]
