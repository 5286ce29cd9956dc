"""What a map is made of: ways, areas and spots, each with its OpenStreetMap tags."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import shapely
from shapely import LineString, Point, Polygon


class Way(NamedTuple):
    """A line people or cars move along; ways meet only on the same layer."""

    line: LineString
    tags: Mapping[str, str]

    @property
    def layer(self) -> str:
        """The level the way lies on: bridges do not meet what passes below them."""
        return self.tags.get("layer", "0")


class Area(NamedTuple):
    """A building, a lake, a park."""

    shape: Polygon
    tags: Mapping[str, str]


class Spot(NamedTuple):
    """A gate, a crossing, a clinic. A spot on a way's line becomes one of the way's nodes."""

    point: Point
    tags: Mapping[str, str]


Feature = Way | Area | Spot


def street(line: LineString, highway: str, name: str = "", **tags: str) -> Way:
    """Return a street of an OpenStreetMap class, with a name if it has one."""
    named = {"name": name} if name else {}
    return Way(line, {"highway": highway, **named, **tags})


def building(shape: Polygon, kind: str, levels: int = 0) -> Area:
    """Return a building, with its storeys where they are known."""
    storeys = {"building:levels": str(levels)} if levels else {}
    return Area(shape, {"building": kind, **storeys})


def ways_of(features: Iterable[Feature]) -> list[Way]:
    """Return only the ways."""
    return [feature for feature in features if isinstance(feature, Way)]


def areas_of(features: Iterable[Feature]) -> list[Area]:
    """Return only the areas."""
    return [feature for feature in features if isinstance(feature, Area)]


def spots_of(features: Iterable[Feature]) -> list[Spot]:
    """Return only the spots."""
    return [feature for feature in features if isinstance(feature, Spot)]


def lines_of(ways: Iterable[Way]) -> shapely.Geometry:
    """Return the lines of many ways as one geometry."""
    return shapely.multilinestrings([way.line for way in ways])
