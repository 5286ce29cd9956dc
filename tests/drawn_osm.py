"""Hand-drawn OpenStreetMap files: nodes by name in metres around a corner, ways by their nodes.

Metres are turned into degrees with a local projection of the drawing's own, so that lengths in a
test are the numbers a reader sees in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from pyproj import Transformer

LON_0, LAT_0 = 113.3, 23.0
_TO_DEGREES = Transformer.from_crs(
    f"+proj=tmerc +lat_0={LAT_0} +lon_0={LON_0} +k=1 +ellps=WGS84 +units=m", 4326, always_xy=True
)

Tags = Mapping[str, str]


def degrees(x_m: float, y_m: float) -> tuple[float, float]:
    """Return the longitude and latitude of a place in metres from the drawing's corner."""
    lon, lat = _TO_DEGREES.transform(x_m, y_m)
    return round(float(lon), 7), round(float(lat), 7)


@dataclass
class Drawing:
    """An OSM file in the making.

    Nodes are named by the test (``"a"``, ``"b"``); a way lists names, and a name that was never
    placed stays a node the file does not have, as at the edge of an extract.
    """

    nodes: dict[str, tuple[float, float]] = field(default_factory=dict)
    node_tags: dict[str, Tags] = field(default_factory=dict)
    ways: list[tuple[Sequence[str], Tags]] = field(default_factory=list)
    relations: list[tuple[Sequence[tuple[int, str]], Tags]] = field(default_factory=list)

    def node(self, name: str, x_m: float, y_m: float, **tags: str) -> "Drawing":
        """Place a node."""
        self.nodes[name] = (x_m, y_m)
        if tags:
            self.node_tags[name] = _colons(tags)
        return self

    def way(self, names: str, **tags: str) -> "Drawing":
        """Draw a way through nodes, given as names separated by spaces."""
        self.ways.append((names.split(), _colons(tags)))
        return self

    def square(self, name: str, x_m: float, y_m: float, side_m: float, **tags: str) -> "Drawing":
        """Draw a closed square way around a middle."""
        half = side_m / 2
        corners = [(-half, -half), (half, -half), (half, half), (-half, half)]
        for i, (dx, dy) in enumerate(corners):
            self.node(f"{name}{i}", x_m + dx, y_m + dy)
        return self.way(f"{name}0 {name}1 {name}2 {name}3 {name}0", **tags)

    def ids(self) -> dict[str, int]:
        """Return the OSM id of every name that the drawing uses."""
        used = [*self.nodes, *(name for names, _ in self.ways for name in names)]
        return {name: i + 1 for i, name in enumerate(dict.fromkeys(used))}

    def write(self, path: Path) -> Path:
        """Write the drawing as OSM XML."""
        root = ET.Element("osm", version="0.6")
        ids = self.ids()
        for name, (x_m, y_m) in self.nodes.items():
            lon, lat = degrees(x_m, y_m)
            element = ET.SubElement(root, "node", id=str(ids[name]), lon=f"{lon}", lat=f"{lat}")
            element.set("version", "1")
            _put_tags(element, self.node_tags.get(name, {}))
        for number, (names, tags) in enumerate(self.ways, start=1):
            element = ET.SubElement(root, "way", id=str(number), version="1")
            for name in names:
                ET.SubElement(element, "nd", ref=str(ids[name]))
            _put_tags(element, tags)
        for number, (members, tags) in enumerate(self.relations, start=1):
            element = ET.SubElement(root, "relation", id=str(number), version="1")
            for way, role in members:
                ET.SubElement(element, "member", type="way", ref=str(way), role=role)
            _put_tags(element, tags)
        path.write_bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
        return path


def _colons(tags: Mapping[str, str]) -> dict[str, str]:
    """Python names have no colons: ``oneway__foot`` is the key ``oneway:foot``."""
    return {key.replace("__", ":"): value for key, value in tags.items()}


def _put_tags(element: ET.Element, tags: Tags) -> None:
    for key, value in tags.items():
        ET.SubElement(element, "tag", k=key, v=value)
