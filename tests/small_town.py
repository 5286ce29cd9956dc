"""A town drawn by hand, in the files a run reads: small enough to be spoilt a hundred times.

Twelve streets cross in a grid of 200 m; every block has a home. The south is two urban
communities, the north a village. A run takes about half a second.
"""

import contextlib
import hashlib
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import osmium

from circles import cli

#: The south-western crossing, and the distance between two streets, degrees.
WEST, SOUTH, STEP = 113.30, 23.10, 0.002
STREETS = 6  # each way

Position = tuple[float, float]
Tags = Mapping[str, str]

PROJECT = """\
name = "Small Town"
standard = "promises.toml"
as_of = 2026-06-30

[network]
osm = "town.osm.pbf"

[communities]
path = "communities.geojson"
id = "code"
name = "name"
setting = { column = "kind", urban = ["town"], rural = ["village"] }
households = "homes"
population = { all = "people", "60+" = "old" }

[[facilities]]
path = "facilities.csv"
name = "name"
service_column = "service"

[output]
dir = "out"
lang = "en"
"""


STANDARD = """\
schema = "circles.standard/2"
id = "small"
name = { zh = "小镇标准", en = "Small standard" }
issuer = { zh = "小镇", en = "Small Town" }

[[assumptions]]
id = "drawn"
text = { zh = "为测试而定。", en = "Made for tests." }

[[rules]]
id = "meal"
kind = "time_threshold"
service = "elder_meal"
name = { zh = "长者饭堂", en = "Canteens" }
group = "60+"
max_minutes = { urban = 10, rural = 15 }
min_share = 0.8
assumptions = ["drawn"]

[[rules]]
id = "childcare"
kind = "distance_threshold"
service = "childcare"
name = { zh = "托育", en = "Childcare" }
max_metres = { urban = 1000, rural = 1500 }
min_share = 0.5
assumptions = ["drawn"]

[[tiers]]
id = "basic"
name = { zh = "基本", en = "Basic" }
rules = ["meal", "childcare"]
assumptions = ["drawn"]

[[targets]]
id = "basic_urban"
of = { tier = "basic" }
setting = "urban"
min_share = 0.5
assumptions = ["drawn"]
"""


@dataclass(frozen=True)
class Way:
    """One way of an extract: its tags and its nodes' ids."""

    tags: Tags
    nodes: tuple[int, ...]


@dataclass(frozen=True)
class Town:
    """A folder with a project and its inputs, and what a run makes of it."""

    folder: Path

    @property
    def project(self) -> Path:
        """The project file."""
        return self.folder / "circles.toml"

    @property
    def extract(self) -> Path:
        """The streets and homes."""
        return self.folder / "town.osm.pbf"

    @property
    def communities(self) -> Path:
        """The outlines of the communities."""
        return self.folder / "communities.geojson"

    @property
    def facilities(self) -> Path:
        """The list of facilities."""
        return self.folder / "facilities.csv"

    @property
    def standard(self) -> Path:
        """The standard."""
        return self.folder / "promises.toml"

    @property
    def out(self) -> Path:
        """The results folder."""
        return self.folder / "out"

    def edit(self, *changes: tuple[str, str]) -> None:
        """Replace words of the project file; each must stand there."""
        text = self.project.read_text("utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        self.project.write_text(text, "utf-8")

    def files(self) -> dict[str, str]:
        """Return everything in the folder and beside it: names, and digests of the contents."""
        return {
            path.relative_to(self.folder.parent).as_posix(): (
                hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
            )
            for path in sorted(self.folder.parent.rglob("*"))
        }

    def results(self) -> dict[str, Any]:
        """Return the summary of the last run."""
        summary: dict[str, Any] = json.loads((self.out / "results.json").read_text("utf-8"))
        return summary


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def run_circles(*arguments: str | Path) -> Outcome:
    """Run the command line in this process, as a shell would."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        patch.object(sys, "argv", ["circles", *map(str, arguments)]),
    ):
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return Outcome(code, out.getvalue(), err.getvalue())


def make_town(folder: Path) -> Town:
    """Draw the town into a new folder."""
    folder.mkdir()
    town = Town(folder)
    write_extract(town.extract, town_nodes(), [*town_streets(), *town_homes()])
    write_communities(town.communities, town_communities())
    write_facilities(town.facilities, town_facilities())
    town.standard.write_text(STANDARD, "utf-8")
    town.project.write_text(PROJECT, "utf-8")
    return town


def at(column: float, row: float) -> Position:
    """Return the place of a crossing, or of a point between crossings: longitude, latitude."""
    return (round(WEST + column * STEP, 7), round(SOUTH + row * STEP, 7))


def town_nodes() -> dict[int, Position]:
    """Return the crossings (ids 1, 2 …) and the corners of the homes (ids 1001, 1002 …)."""
    nodes = {
        1 + row * STREETS + column: at(column, row)
        for row in range(STREETS)
        for column in range(STREETS)
    }
    corners = [(0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)]
    for number, (column, row) in enumerate(_blocks()):
        for corner, (east, north) in enumerate(corners):
            nodes[1001 + 4 * number + corner] = at(column + east, row + north)
    return nodes


def town_streets() -> list[Way]:
    """Return the twelve streets."""
    tags = {"highway": "residential"}
    steps = range(STREETS)
    along = [Way(tags, tuple(1 + row * STREETS + i for i in steps)) for row in steps]
    across = [Way(tags, tuple(1 + i * STREETS + column for i in steps)) for column in steps]
    return along + across


def town_homes() -> list[Way]:
    """Return the home of each block."""
    first = [1001 + 4 * number for number in range(len(_blocks()))]
    tags = {"building": "apartments", "building:levels": "6"}
    return [Way(tags, (n, n + 1, n + 2, n + 3, n)) for n in first]


def town_communities() -> list[dict[str, Any]]:
    """Return the two urban communities and the village, as GeoJSON features."""
    return [
        community("A1", "West", rectangle((-0.5, -0.5), (2.2, 2.2)), people=3000, old=600),
        community("A2", "East", rectangle((2.2, -0.5), (5.5, 2.2)), people=2000, old=500),
        community(
            "B1", "North", rectangle((-0.5, 2.2), (5.5, 5.5)), kind="village", people=900, old=300
        ),
    ]


def community(
    code: Any, name: str, ring: Sequence[Position], *, kind: str = "town", **numbers: Any
) -> dict[str, Any]:
    """Return one community as a GeoJSON feature; a homes column is filled in."""
    return {
        "type": "Feature",
        "properties": {"code": code, "name": name, "kind": kind, "homes": 100, **numbers},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def rectangle(low: tuple[float, float], high: tuple[float, float]) -> list[Position]:
    """Return the closed ring of a rectangle between two places, given in blocks."""
    (west, south), (east, north) = low, high
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return [at(*corner) for corner in corners]


def town_facilities() -> list[dict[str, str]]:
    """Return the rows of the facility list."""
    places = [
        ("Canteen West", "elder_meal", at(1, 1)),
        ("Canteen North", "elder_meal", at(3, 4)),
        ("Station", "social_work", at(4, 1)),
        ("Nursery", "childcare", at(2, 2)),
    ]
    return [
        {"name": name, "service": service, "lon": str(lon), "lat": str(lat)}
        for name, service, (lon, lat) in places
    ]


def write_communities(path: Path, features: Sequence[Any], **more: Any) -> None:
    """Write a GeoJSON layer."""
    layer = {"type": "FeatureCollection", "features": list(features), **more}
    path.write_text(json.dumps(layer, ensure_ascii=False), "utf-8")


def write_facilities(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write a CSV table; the keys of the first row are its header."""
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def write_extract(path: Path, nodes: Mapping[int, Position], ways: Iterable[Way]) -> None:
    """Write an extract, ``.osm.pbf`` or ``.osm``, that says which box it covers."""
    header = osmium.io.Header()
    header.add_box(osmium.osm.Box(*at(-2, -2), *at(STREETS + 1, STREETS + 1)))
    with osmium.SimpleWriter(str(path), header=header, overwrite=True) as writer:
        for node_id, (lon, lat) in nodes.items():
            writer.add_node(osmium.osm.mutable.Node(id=node_id, location=(lon, lat)))
        for number, way in enumerate(ways, start=1):
            writer.add_way(
                osmium.osm.mutable.Way(id=number, nodes=list(way.nodes), tags=dict(way.tags))
            )


def _blocks() -> list[tuple[float, float]]:
    """Return the south-western corners of the blocks; the last five lie south of the grid."""
    steps = range(STREETS - 1)
    return [*((c, r) for r in steps for c in steps), *((c, -0.9) for c in steps)]
