"""A server on 127.0.0.1 that answers like Nominatim and Overpass about a small drawn town."""

import json
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import shapely

Element = dict[str, Any]

#: The town is a square of about 1 km; one unit of the drawing is 0.001 degrees, some 105 m.
WEST, SOUTH, SIZE = 113.300, 23.100, 10
PLACE = "虚构镇"


def degrees(x: float, y: float) -> tuple[float, float]:
    """Turn a point of the drawing into longitude and latitude."""
    return round(WEST + x / 1000, 7), round(SOUTH + y / 1000, 7)


class Drawing:
    """Elements as Overpass sends them, drawn by hand."""

    def __init__(self) -> None:
        self.elements: list[Element] = []
        self._nodes: dict[tuple[float, float], int] = {}

    def node(self, x: float, y: float, **tags: str) -> int:
        """Draw a node, or find the one that is there, and return its id."""
        if (x, y) not in self._nodes:
            lon, lat = degrees(x, y)
            self._nodes[(x, y)] = len(self._nodes) + 1
            self.elements.append(
                {"type": "node", "id": self._nodes[(x, y)], "lat": lat, "lon": lon}
            )
        if tags:
            element = next(
                item
                for item in self.elements
                if item["type"] == "node" and item["id"] == self._nodes[(x, y)]
            )
            element["tags"] = tags
        return self._nodes[(x, y)]

    def way(self, way_id: int, points: Iterable[tuple[float, float]], **tags: str) -> None:
        """Draw a way through points."""
        nodes = [self.node(x, y) for x, y in points]
        self.elements.append({"type": "way", "id": way_id, "nodes": nodes, "tags": _colons(tags)})

    def box(
        self, way_id: int, x: float, y: float, width: float, height: float, **tags: str
    ) -> None:
        """Draw a rectangle."""
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
        self.way(way_id, corners, **tags)

    def relation(self, relation_id: int, members: dict[int, str], **tags: str) -> None:
        """Draw a relation of ways, each with its role."""
        listed = [{"type": "way", "ref": ref, "role": role} for ref, role in members.items()]
        self.elements.append(
            {"type": "relation", "id": relation_id, "members": listed, "tags": _colons(tags)}
        )


def _colons(tags: dict[str, str]) -> dict[str, str]:
    """Read ``oneway__foot`` as ``oneway:foot``: keywords cannot hold a colon."""
    return {key.replace("__", ":"): value for key, value in tags.items()}


def draw_town() -> list[Element]:
    """Draw the town: streets, two communities, buildings and facilities, in it and around it."""
    town = Drawing()
    _draw_streets(town)
    _draw_communities(town)
    _draw_buildings(town)
    _draw_facilities(town)
    return town.elements


def _draw_streets(town: Drawing) -> None:
    main = [(-30, 5), (0, 5), (3, 5), (5, 5), (7, 5), (10, 5), (15, 5)]
    town.way(1, main, highway="primary", name='主街 "Main" <b>', oneway="yes")
    town.way(2, [(3, 0), (3, 2), (3, 5), (3, 9)], highway="residential", name="第二街")
    # A path that bends twice, with a gate where it does.
    town.way(3, [(3, 9), (4, 9.5), (5, 9), (6, 9.5), (7, 9)], highway="footway", foot="yes")
    town.node(5, 9, barrier="gate", locked="yes")
    town.way(4, [(7, 9), (7, 7)], highway="steps", step_count="40", oneway__foot="yes")
    town.way(5, [(7, 7), (7, 5)], highway="service", access="private")
    town.way(6, [(0, 1), (10, 1)], highway="motorway")
    town.way(7, [(10, 5), (10, 9)], route="ferry", duration="00:05")
    town.way(8, [(1, 8), (2, 8)], highway="footway")  # joins nothing
    town.way(9, [(8, 2), (9, 2), (9, 3), (8, 3), (8, 2)], highway="pedestrian", area="yes")
    # A ring that joins nothing, and a street far beyond any margin.
    town.way(10, [(5, 2), (6, 2), (6, 3), (5, 3), (5, 2)], highway="path")
    town.way(11, [(90, 5), (92, 5)], highway="residential", name="远街")


def _draw_communities(town: Drawing) -> None:
    kind = {"type": "boundary", "boundary": "administrative"}
    # As mappers do it: neighbours share a line, and the lines carry the boundary's tags too.
    line = {"boundary": "administrative", "admin_level": "10"}
    town.way(101, [(5, 10), (0, 10), (0, 0), (5, 0)], **line)
    town.box(102, 5, 0, 5, 10, **line)
    town.way(104, [(5, 0), (5, 10)], **line)
    town.box(103, 10, 0, 5, 10, **line)
    town.relation(1001, {101: "outer", 104: "outer"}, **kind, admin_level="10", name="东风社区")
    town.relation(1002, {102: "outer"}, **kind, admin_level="10", name="红星社区; drop table")
    town.relation(1003, {103: "outer"}, **kind, admin_level="10", name="邻镇社区")
    town.relation(1004, {103: "outer"}, type="multipolygon", admin_level="10", landuse="farmland")


def _draw_buildings(town: Drawing) -> None:
    town.box(201, 1, 6, 0.5, 0.3, building="apartments", building__levels="9")
    town.box(202, 4, 3, 0.2, 0.2, building="house", id="imported-17")
    town.box(203, 8, 6, 1, 1)
    town.box(204, 8.3, 6.3, 0.4, 0.4)
    town.relation(
        2001,
        {203: "outer", 204: "inner"},
        type="multipolygon",
        building="yes",
        building__levels="6",
    )
    town.box(205, 12, 6, 0.5, 0.5, building="yes")  # beyond the boundary
    town.way(206, [(2, 2), (2, 2.5)], building="roof")  # a line: no building has that shape


def _draw_facilities(town: Drawing) -> None:
    town.node(2, 6, amenity="clinic", name="东风社区卫生服务站")
    town.node(6, 6, amenity="childcare", name="=cmd|' /C calc'!A0")
    town.box(301, 8, 8, 0.4, 0.4, amenity="library", name="虚构镇图书馆")
    town.node(12, 5.5, amenity="clinic", name="邻镇诊所")  # beyond the boundary, within the margin
    town.node(91, 5.5, amenity="clinic", name="远方诊所")  # beyond the margin
    town.node(4, 4, amenity="bench")


def found_place(name: str = PLACE) -> list[Element]:
    """Return what Nominatim answers: a station of the same name, and the town with its polygon."""
    west, south = degrees(0, 0)
    east, north = degrees(SIZE, SIZE)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    shared = {
        "licence": "Data © OpenStreetMap contributors",
        "boundingbox": [str(south), str(north), str(west), str(east)],
        "lat": str(south),
        "lon": str(west),
        "name": name,
    }
    station = {"type": "Point", "coordinates": [west, south]}
    return [
        {
            **shared,
            "osm_type": "node",
            "osm_id": 77,
            "importance": 0.9,
            "display_name": f"{name}站",
            "geojson": station,
        },
        {
            **shared,
            "osm_type": "relation",
            "osm_id": 4242,
            "importance": 0.5,
            "display_name": f"{name}, 虚构市\nimport = 'os'",
            "geojson": {"type": "Polygon", "coordinates": [ring]},
        },
    ]


@dataclass(frozen=True)
class Answer:
    """One answer of the server.

    Parameters
    ----------
    body
        What is sent; None sends what the question asks for.
    status, kind
        The HTTP status and content type.
    headers
        Further headers.
    silent
        Say nothing until the server is closed.
    cut
        Promise more bytes than are sent.
    """

    body: str | None = None
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    cut: bool = False


BUSY_PAGE = (
    "<html><body><p>The server is probably too busy to handle your request.</p></body></html>"
)
TRUE = Answer()
SILENT = Answer(silent=True)
CUT = Answer(cut=True)
HTML = Answer(body="<!DOCTYPE html><title>Log in to the hotel's network</title>", kind="text/html")
REMARK = Answer(
    body=json.dumps(
        {
            "elements": [{"type": "node", "id": 1, "lat": SOUTH, "lon": WEST}],
            "remark": 'runtime error: Query timed out in "query" at line 3 after 161 seconds.',
        }
    )
)


def failing(status: int, **headers: str) -> Answer:
    """Return an error answer as Overpass words it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(body=BUSY_PAGE, status=status, kind="text/html", headers=named)


@dataclass(frozen=True)
class Question:
    """What was asked: of which kind, and in which words."""

    kind: str
    text: str


class OsmServer:
    """The server, as a context manager.

    Parameters
    ----------
    elements
        What Overpass knows.
    places
        What Nominatim answers to any name.

    Attributes
    ----------
    answers
        By kind of question (`place`, `communities`, `streets`, `buildings`, `facilities`), the
        answers to give one after another; the last one goes on. Without any: the truth.
    asked
        Every question so far.
    """

    def __init__(self, elements: list[Element], places: list[Element]) -> None:
        self.elements = elements
        self.places = places
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[Question] = []
        self.closing = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))

    def __enter__(self) -> "OsmServer":
        """Start answering."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop answering, and let whoever waits go."""
        self.closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def overpass_url(self) -> str:
        """The address Overpass questions go to."""
        return f"{self.url}/api"

    @property
    def nominatim_url(self) -> str:
        """The address Nominatim questions go to."""
        return f"{self.url}/nominatim"

    def next_answer(self, question: Question) -> Answer:
        """Note a question and say how to answer it."""
        self.asked.append(question)
        waiting = self.answers.get(question.kind, [TRUE])
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def truth(self, question: Question) -> str:
        """Return what a well-behaved server would send."""
        if question.kind == "place":
            return json.dumps(self.places)
        return json.dumps({"version": 0.6, "elements": select(self.elements, question.text)})


def kind_of(query: str) -> str:
    """Tell what an Overpass query is about."""
    for word, kind in (
        ("highway", "streets"),
        ("ferry", "streets"),
        ("building", "buildings"),
        ("admin_level", "communities"),
    ):
        if word in query:
            return kind
    return "facilities"


_STATEMENT = re.compile(r"(node|way|relation)((?:\[[^\]]*\])+)\(poly:'([^']*)'\)")
_FILTER = re.compile(r"""\[(~?)["']([^"']*)["'](?:(=|~)["']([^"']*)["'])?\]""")


def select(elements: list[Element], query: str) -> list[Element]:
    """Answer an Overpass query: the elements with the tags, in the polygon, and their parts."""
    by_id = {(item["type"], item["id"]): item for item in elements}
    chosen: dict[tuple[str, int], Element] = {}
    for kind, filters, corners in _STATEMENT.findall(query):
        numbers = [float(word) for word in corners.split()]
        area = shapely.Polygon(zip(numbers[1::2], numbers[0::2], strict=True))
        shapely.prepare(area)
        for item in elements:
            if item["type"] != kind or not _matches(item.get("tags", {}), filters):
                continue
            parts = _with_parts(item, by_id)
            points = [(p["lon"], p["lat"]) for p in parts if p["type"] == "node"]
            if area.intersects(shapely.MultiPoint(points)):
                chosen |= {(part["type"], part["id"]): part for part in parts}
    return list(chosen.values())


def _matches(tags: dict[str, str], filters: str) -> bool:
    return all(
        any(
            (re.search(key, name) if by_pattern else key == name)
            and (not sign or (value == word if sign == "=" else re.search(value, word)))
            for name, word in tags.items()
        )
        for by_pattern, key, sign, value in _FILTER.findall(filters)
    )


def _with_parts(item: Element, by_id: dict[tuple[str, int], Element]) -> list[Element]:
    if item["type"] == "node":
        return [item]
    if item["type"] == "way":
        return [item, *(by_id["node", node] for node in item["nodes"])]
    ways = [by_id["way", member["ref"]] for member in item["members"]]
    return [item, *(part for way in ways for part in _with_parts(way, by_id))]


def _handler(server: OsmServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            words = parse_qs(parts.query)
            if parts.path == "/nominatim/search":
                self._answer(Question("place", words["q"][0]))
            else:
                self._send(failing(404))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path == "/api/interpreter":
                query = parse_qs(body)["data"][0]
                self._answer(Question(kind_of(query), query))
            else:
                self._send(failing(404))

        def _answer(self, question: Question) -> None:
            answer = server.next_answer(question)
            if answer.silent:
                server.closing.wait(10)
                return
            body = server.truth(question) if answer.body is None else answer.body
            self._send(Answer(body, answer.status, answer.kind, answer.headers, cut=answer.cut))

        def _send(self, answer: Answer) -> None:
            data = (answer.body or "").encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(data) + 100 * answer.cut))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    return Handler
