"""Downloading a place from servers that answer, fail, stall and lie."""

import errno
import json
import socket
import time
import tomllib
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import geopandas as gpd
import osmnx
import pytest
import shapely

from circles.errors import DownloadError, InputError, OutputError
from circles.facilities import load_catalogue
from circles.fetch.downloads import NODE_TAGS, WAY_TAGS, street_graph
from circles.fetch.place import _comment, _toml_string, fetch_place
from circles.fetch.servers import choose_servers
from circles.project import load_project
from circles.texts import load_texts
from circles.walking import TAG_RULES
from tests.osm_server import (
    CUT,
    HTML,
    PLACE,
    REMARK,
    SILENT,
    TRUE,
    Answer,
    OsmServer,
    degrees,
    draw_town,
    failing,
    found_place,
)

KINDS = ("place", "communities", "streets", "buildings", "facilities")
ONE_OF_EACH_SERVER = ("place", "communities")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fetch the drawn town once, for the tests that only look at it."""
    with OsmServer(draw_town(), found_place()) as running:
        return fetch(running, tmp_path_factory.mktemp("once") / "town").parent


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OsmServer]:
    """Run a server that knows the drawn town; nothing else can be reached."""
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        assert address[0] in {"127.0.0.1", "::1"}, f"a request left the machine: {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_here)
    with OsmServer(draw_town(), found_place()) as running:
        yield running


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note what would be slept, without sleeping."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


@pytest.fixture(autouse=True)
def _nothing_global_changes() -> Iterator[None]:
    """Whatever a test does: OSMnx's settings and the resolver are afterwards as they were."""
    before = {name: repr(value) for name, value in vars(osmnx.settings).items() if name[0] != "_"}
    resolve = socket.getaddrinfo
    yield
    after = {name: repr(value) for name, value in vars(osmnx.settings).items() if name[0] != "_"}
    assert after == before
    assert socket.getaddrinfo is resolve


def fetch(server: OsmServer, folder: Path, place: str = PLACE, **options: Any) -> Path:
    """Fetch from the local server, with a time-out that tests can wait for."""
    defaults = {
        "overpass_url": server.overpass_url,
        "nominatim_url": server.nominatim_url,
        "timeout_s": 5.0,
    }
    return fetch_place(place, folder, **(defaults | options))


def fails(server: OsmServer, home: Path, kind: type[Exception], **options: Any) -> str:
    """Fetch, expect an error, see that nothing is left behind, and return the message."""
    with pytest.raises(kind) as caught:
        fetch(server, home / "deep" / "down", **options)
    assert list(home.iterdir()) == []
    return str(caught.value)


def test_a_drawn_town_becomes_a_project(
    server: OsmServer, pauses: list[float], tmp_path: Path
) -> None:
    """The folder holds the project file, the layers it names, and nothing else."""
    project = fetch(server, tmp_path / "new" / "town")
    assert project == tmp_path / "new" / "town" / "circles.toml"
    assert sorted(item.name for item in project.parent.iterdir()) == [
        "boundary.gpkg",
        "buildings.gpkg",
        "circles.toml",
        "communities.gpkg",
        "facilities.gpkg",
        "network.graphml",
    ]
    assert sorted(item.name for item in tmp_path.rglob("*") if item.name.startswith(".")) == []
    assert tomllib.loads(project.read_text("utf-8")) == {
        "name": PLACE,
        "standard": "guangzhou-1530",
        "as_of": date.today(),
        "network": {"osm": "network.graphml"},
        "communities": {
            "path": "communities.gpkg",
            "id": "id",
            "name": "name",
            "setting": "urban",
        },
        "demand": {"source": "buildings.gpkg"},
        "facilities": [{"path": "facilities.gpkg", "name": "name", "service_column": "service"}],
        "output": {"dir": "out", "lang": "zh"},
    }
    assert load_project(project).file.communities.setting == "urban"
    assert [question.kind for question in server.asked] == [
        "place",
        "communities",
        "streets",
        "streets",
        "buildings",
        "facilities",
    ]


def test_streets_keep_their_tags_and_shapes(town: Path) -> None:
    """No way is left out, no tag lost or mixed, bends are kept, gates stay nodes."""
    graph = osmnx.load_graphml(town / "network.graphml")
    tags = {data["osmid"]: data for _, _, data in graph.edges(data=True)}
    assert sorted(tags) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]  # 11 is beyond the margin
    assert tags[1]["name"] == '主街 "Main" <b>'
    assert tags[4]["oneway:foot"] == "yes"
    assert tags[4]["step_count"] == "40"
    assert tags[5]["access"] == "private"
    assert (tags[7]["route"], tags[7]["duration"]) == ("ferry", "00:05")
    assert tags[9]["area"] == "yes"
    assert not any(isinstance(word, list) for data in tags.values() for word in data.values())
    gates = [data for _, data in graph.nodes(data=True) if data.get("barrier") == "gate"]
    assert [gate["locked"] for gate in gates] == ["yes"]
    path = [data["geometry"] for _, _, data in graph.edges(data=True) if data["osmid"] == 3]
    assert shapely.union_all(path).equals(
        shapely.LineString([degrees(x, y) for x, y in ((3, 9), (4, 9.5), (5, 9), (6, 9.5), (7, 9))])
    )


def test_both_directions_of_every_street_are_there(town: Path) -> None:
    """Walking ignores the one-way rules of cars."""
    graph = osmnx.load_graphml(town / "network.graphml")
    arcs = {(u, v, data["osmid"]) for u, v, data in graph.edges(data=True)}
    assert arcs == {(v, u, way) for u, v, way in arcs}


def test_every_tag_the_walking_rules_read_is_downloaded() -> None:
    """A rule on a tag that is never asked for would never apply."""
    assert {rule.key for rule in TAG_RULES} <= set(WAY_TAGS)
    assert {"oneway:foot", "conveying", "duration"} <= set(WAY_TAGS)
    assert {"barrier", "access", "foot", "locked"} <= set(NODE_TAGS)


def test_sub_boundaries_inside_become_communities(town: Path) -> None:
    """The neighbour that only touches the place is not one of them."""
    communities = gpd.read_file(town / "communities.gpkg")
    assert communities[["id", "name"]].to_numpy().tolist() == [
        ["r1001", "东风社区"],
        ["r1002", "红星社区; drop table"],
    ]
    west = shapely.box(*degrees(0, 0), *degrees(5, 10))
    assert communities.geometry.iloc[0].equals(west)


def test_without_enough_sub_boundaries_the_place_is_the_community(
    server: OsmServer, pauses: list[float], tmp_path: Path
) -> None:
    """A level that covers less than half of the place is not used."""
    server.elements = [
        item for item in server.elements if item["id"] not in {1001, 1002} or "members" not in item
    ]
    project = fetch(server, tmp_path / "town")
    communities = gpd.read_file(project.parent / "communities.gpkg")
    assert communities[["id", "name"]].to_numpy().tolist() == [["r4242", PLACE]]
    assert communities.geometry.iloc[0].equals(shapely.box(*degrees(0, 0), *degrees(10, 10)))
    assert load_texts("zh")("fetch.communities_place") in project.read_text("utf-8")


def test_the_coarser_level_serves_where_the_finer_has_gaps(
    server: OsmServer, pauses: list[float], tmp_path: Path
) -> None:
    """Level 9 is taken when level 10 covers too little."""
    for item in server.elements:
        if item["type"] == "relation" and item["id"] in {1001, 1002}:
            item["tags"]["admin_level"] = "9"
    project = fetch(server, tmp_path / "town", lang="en")
    assert "admin_level=9: 2 of them, covering 100%" in project.read_text("utf-8")


def test_buildings_are_polygons_within_the_place(town: Path) -> None:
    """Holes are kept, lines and the neighbours' buildings are not; levels come as OSM has them."""
    buildings = gpd.read_file(town / "buildings.gpkg")
    rows = buildings[["building", "building:levels"]].astype(object).fillna("").to_numpy().tolist()
    assert sorted(rows) == [["apartments", "9"], ["house", ""], ["yes", "6"]]
    courtyard = buildings.geometry[buildings["building"] == "yes"].iloc[0]
    assert len(courtyard.interiors) == 1


def test_facilities_reach_beyond_the_boundary_but_not_beyond_the_margin(town: Path) -> None:
    """What OSM has in the margin counts; polygons become points; benches are none."""
    facilities = gpd.read_file(town / "facilities.gpkg")
    assert sorted(set(facilities["name"])) == [
        "=cmd|' /C calc'!A0",
        "东风社区卫生服务站",
        "虚构镇图书馆",
        "邻镇诊所",
    ]
    assert set(facilities.geom_type) == {"Point"}
    assert {word for cell in facilities["service"] for word in cell.split(";")} <= set(
        load_catalogue()
    )
    assert list(facilities.columns) == [
        "facility_id",
        "name",
        "service",
        "capacity",
        "geometry",
    ]


def test_a_place_with_a_bay_does_not_take_what_lies_in_it(
    server: OsmServer, pauses: list[float], tmp_path: Path
) -> None:
    """The servers are asked for a convex outline, the project keeps to the true one."""
    corners = [(0, 0), (10, 0), (10, 5), (5, 5), (5, 10), (0, 10), (0, 0)]
    server.places[1]["geojson"]["coordinates"] = [[degrees(x, y) for x, y in corners]]
    server.answers["communities"] = [Answer(body='{"elements": []}')]
    folder = fetch(server, tmp_path / "town", margin_m=0).parent
    assert set(gpd.read_file(folder / "facilities.gpkg")["name"]) == {"东风社区卫生服务站"}
    assert "yes" not in set(gpd.read_file(folder / "buildings.gpkg")["building"])


def test_a_wider_margin_is_asked_for(
    server: OsmServer, pauses: list[float], tmp_path: Path
) -> None:
    """With 9 km the far clinic and the far street are there too."""
    folder = fetch(server, tmp_path / "town", margin_m=9000).parent
    assert "远方诊所" in set(gpd.read_file(folder / "facilities.gpkg")["name"])
    graph = osmnx.load_graphml(folder / "network.graphml")
    assert 11 in {way for _, _, way in graph.edges(data="osmid")}


def test_what_is_not_mapped_is_left_out_of_the_project(
    server: OsmServer, pauses: list[float], tmp_path: Path
) -> None:
    """Without buildings and facilities the project has no such tables, says so, and is valid."""
    for kind in ("communities", "buildings", "facilities"):
        server.answers[kind] = [Answer(body='{"elements": []}')]
    project = fetch(server, tmp_path / "town", lang="en")
    text = project.read_text("utf-8")
    assert {"demand", "facilities"}.isdisjoint(tomllib.loads(text))
    assert "OSM has no buildings here" in text
    assert "# [[facilities]]" in text
    assert load_project(project).file.demand is None
    assert not (project.parent / "buildings.gpkg").exists()


def test_an_empty_folder_is_used_and_a_full_one_refused(
    server: OsmServer, pauses: list[float], tmp_path: Path
) -> None:
    """Nothing is ever overwritten, and a full folder is noticed before anything is asked."""
    assert fetch(server, tmp_path).parent == tmp_path
    asked = len(server.asked)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match="is not empty; name a new or empty folder"):
        fetch(server, tmp_path)
    for folder in (tmp_path / "circles.toml", tmp_path / "circles.toml" / "town"):
        with pytest.raises(
            InputError, match=r"circles\.toml is a file; name a new or empty folder"
        ):
            fetch(server, folder)
    assert sorted(tmp_path.iterdir()) == before
    assert len(server.asked) == asked


def test_a_folder_that_fills_up_meanwhile_is_left_alone(
    server: OsmServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What somebody else put there during the download is not overwritten."""
    monkeypatch.setattr(time, "sleep", lambda _: (tmp_path / "circles.toml").write_text("mine"))
    with pytest.raises(InputError, match="is not empty"):
        fetch(server, tmp_path)
    assert [item.read_text() for item in tmp_path.iterdir()] == ["mine"]


def test_a_folder_that_cannot_be_written_is_an_output_error(
    server: OsmServer, pauses: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A full disk is reported with the folder and the reason."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    message = fails(server, tmp_path, OutputError)
    assert str(tmp_path / "deep" / "down") in message
    assert "could not be written ([Errno 28] No space left on device)" in message


@pytest.mark.parametrize("kind", KINDS)
def test_a_silent_server_is_given_up(
    server: OsmServer, pauses: list[float], tmp_path: Path, kind: str
) -> None:
    """A time-out says who was silent, for how long, and what to do."""
    server.answers[kind] = [SILENT]
    message = fails(server, tmp_path, DownloadError, timeout_s=0.25)
    assert "127.0.0.1:" in message
    assert "was silent for 0.25 s; allow more time" in message


@pytest.mark.parametrize("kind", ONE_OF_EACH_SERVER)
@pytest.mark.parametrize(
    ("status", "words"), [(429, "Too Many Requests"), (504, "Gateway Timeout")]
)
def test_a_busy_server_is_asked_three_times(
    server: OsmServer, pauses: list[float], tmp_path: Path, kind: str, status: int, words: str
) -> None:
    """We wait 15 and 45 seconds, never for ever."""
    server.answers[kind] = [failing(status)]
    message = fails(server, tmp_path, DownloadError)
    assert f"answered {status} {words}, 3 times; wait some minutes and try again" in message
    assert [question.kind for question in server.asked].count(kind) == 3
    assert [pause for pause in pauses if pause > 1] == [15, 45]


def test_a_server_that_is_free_again_is_used(
    server: OsmServer, pauses: list[float], tmp_path: Path
) -> None:
    """One busy answer costs a pause, as long as the server wishes, and nothing else."""
    server.answers["streets"] = [failing(429, Retry_After="20"), TRUE]
    server.answers["buildings"] = [failing(504, Retry_After="86400"), TRUE]
    server.answers["facilities"] = [failing(503, Retry_After="Fri, 31 Dec 2027 23:59:59 GMT"), TRUE]
    assert fetch(server, tmp_path / "town").is_file()
    assert [pause for pause in pauses if pause > 1] == [20, 60, 15]


@pytest.mark.parametrize("kind", KINDS)
def test_a_failing_server_is_named(
    server: OsmServer, pauses: list[float], tmp_path: Path, kind: str
) -> None:
    """Error 500 is not asked again; the message quotes it in one line."""
    server.answers[kind] = [failing(500)]
    message = fails(server, tmp_path, DownloadError)
    assert "answered 500 Internal Server Error" in message
    assert "too busy to handle" in message
    assert "\n" not in message
    assert [question.kind for question in server.asked].count(kind) == 1


def test_an_error_in_json_is_not_taken_for_data(
    server: OsmServer, pauses: list[float], tmp_path: Path
) -> None:
    """A 500 with a well-formed body is still a failure."""
    server.answers["facilities"] = [Answer(body='{"elements": []}', status=500)]
    assert "answered 500" in fails(server, tmp_path, DownloadError)


@pytest.mark.parametrize("kind", ONE_OF_EACH_SERVER)
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (HTML, "answered with text/html instead of JSON (<!DOCTYPE html>"),
        (Answer(body=""), "answered with application/json instead of JSON (nothing)"),
        (Answer(body='"hello"'), "answered with JSON of another kind"),
        (Answer(body='[{"elements": []}, 7]'), "answered with JSON of another kind"),
        (REMARK, "gave up part way (runtime error: Query timed out"),
        (CUT, "broke off part way through its answer"),
    ],
    ids=["html", "nothing", "word", "list", "remark", "cut"],
)
def test_an_answer_that_is_no_data_is_refused(
    server: OsmServer, pauses: list[float], tmp_path: Path, kind: str, answer: Answer, words: str
) -> None:
    """A page to log in, a half answer, and data of another kind are told apart."""
    server.answers[kind] = [answer]
    assert words in fails(server, tmp_path, DownloadError)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("place", '[{"importance": "high"}, {}]'),
        ("communities", '{"elements": [{"type": "way"}]}'),
        ("streets", '{"elements": [{"type": "node", "id": 1, "lat": "north", "lon": null}]}'),
        ("buildings", '{"elements": [{"type": "way", "id": 1, "nodes": [], "tags": {}}]}'),
    ],
)
def test_data_that_osmnx_cannot_read_is_a_download_error(
    server: OsmServer, pauses: list[float], tmp_path: Path, kind: str, body: str
) -> None:
    """JSON of the right kind with the wrong things in it shows no traceback either."""
    server.answers[kind] = [Answer(body=body)]
    message = fails(server, tmp_path, DownloadError)
    assert "answered with data that cannot be read" in message
    assert "check the server's address" in message


def test_nobody_listening_is_reported(
    server: OsmServer, pauses: list[float], tmp_path: Path
) -> None:
    """A refused connection names the address and the reason."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        closed = f"http://127.0.0.1:{port}/api"
        for option in ("nominatim_url", "overpass_url"):
            message = fails(server, tmp_path, DownloadError, **{option: closed})
            assert f"127.0.0.1:{port} could not be reached" in message
            assert "refused" in message
            assert "check the network connection" in message


def test_a_place_nobody_knows_is_an_input_error(
    server: OsmServer, pauses: list[float], tmp_path: Path
) -> None:
    """The message repeats the name and says how to write it better."""
    server.places = []
    message = fails(server, tmp_path, InputError, place="Atlantis")
    assert "knows no place 'Atlantis'; check the spelling" in message


def test_a_place_that_is_a_point_is_an_input_error(
    server: OsmServer, pauses: list[float], tmp_path: Path
) -> None:
    """Without a boundary there is nothing to download within."""
    server.places = found_place()[:1]
    assert "only as a point, without a boundary" in fails(server, tmp_path, InputError)


def test_a_boundary_without_area_is_an_input_error(
    server: OsmServer, pauses: list[float], tmp_path: Path
) -> None:
    """A polygon that is flat is as good as none."""
    flat = [degrees(0, 0), degrees(5, 0), degrees(9, 0), degrees(0, 0)]
    server.places[1]["geojson"]["coordinates"] = [flat]
    assert "without an area" in fails(server, tmp_path, InputError)


def test_a_place_without_streets_is_a_download_error(
    server: OsmServer, pauses: list[float], tmp_path: Path
) -> None:
    """Without a street nobody can walk; a lone node is none."""
    lonely = {"type": "node", "id": 1, "lat": 23.105, "lon": 113.305}
    for elements in ([], [lonely]):
        server.answers["streets"] = [Answer(body=json.dumps({"elements": elements}))]
        message = fails(server, tmp_path, DownloadError)
        assert "the streets: 127.0.0.1" in message
        assert "has none in this place" in message


def test_a_country_is_too_large(server: OsmServer, pauses: list[float], tmp_path: Path) -> None:
    """Only the boundary was asked for when a place is refused for its size."""
    country = [[110.0, 20.0], [117.0, 20.0], [117.0, 25.0], [110.0, 25.0], [110.0, 20.0]]
    server.places[1]["geojson"]["coordinates"] = [country]
    message = fails(server, tmp_path, InputError)
    assert "km², and a download may cover 10,000; name a smaller place" in message
    assert [question.kind for question in server.asked] == ["place"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"place": "   "}, "give a name of 1 to 200"),
        ({"place": "x" * 201}, "give a name of 1 to 200"),
        ({"place": "Guang\nzhou"}, "characters that cannot be shown"),
        ({"place": "Guang\udcffzhou"}, "characters that cannot be shown"),
        ({"margin_m": -1}, "margin_m is -1"),
        ({"margin_m": float("nan")}, "margin_m is nan"),
        ({"timeout_s": 0}, "timeout_s is 0"),
        ({"timeout_s": float("inf")}, "timeout_s is inf"),
        ({"overpass_url": "overpass.example"}, "overpass_url is 'overpass.example'"),
        ({"nominatim_url": "http://[half"}, "nominatim_url is 'http://[half'"),
        ({"nominatim_url": "file:///etc/passwd"}, "nominatim_url is 'file:///etc/passwd'"),
        ({"lang": "fr"}, "'fr'"),
        ({"standard": "guangzhou-1531"}, "there is no standard 'guangzhou-1531'"),
        ({"standard": "none.toml"}, "none.toml: the standard's file cannot be opened"),
    ],
)
def test_parameters_are_checked_before_anything_is_asked(
    server: OsmServer, tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    """Each bad parameter is named with what was given."""
    assert words in fails(server, tmp_path, InputError, **options)
    assert server.asked == []


def test_hostile_names_stay_names(server: OsmServer, pauses: list[float], tmp_path: Path) -> None:
    """A name can neither end a string nor start a line of the project file, nor name a file."""
    name = "../\"]\\ # x = {0} '''"
    server.places = found_place(name)
    project = fetch(server, tmp_path / "town", place=name)
    text = project.read_text("utf-8")
    assert tomllib.loads(text)["name"] == name
    assert [line for line in text.splitlines() if line.startswith("import")] == []
    assert [item.name for item in tmp_path.iterdir()] == ["town"]


def test_every_string_survives_toml() -> None:
    """Control characters, quotes and backslashes are escaped, others kept as they are."""
    text = "".join(map(chr, range(0x20))) + '"\\\x7f\x85\u2028\u202e社区🏘'
    assert tomllib.loads(f"x = {_toml_string(text)}") == {"x": text}


def test_a_comment_is_one_line_of_visible_characters() -> None:
    """Line breaks, other control characters and turned text come out as spaces."""
    line = _comment(
        load_texts("en"), "taken", display_name="a\nb\r\x00\x7f\u202e\u2028c", osm_id=""
    )
    assert "a b     c" in line
    assert len(line.splitlines()) == 1


def test_a_standard_of_ones_own_is_found_from_the_new_folder(
    server: OsmServer, pauses: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path is written so that it holds from the project's folder too."""
    monkeypatch.chdir(tmp_path)
    bundled = files("circles.standards").joinpath("guangzhou_1530.toml")
    Path("mine.toml").write_bytes(bundled.read_bytes())
    project = fetch(server, Path("town"), standard="mine.toml")
    written = tomllib.loads(project.read_text("utf-8"))["standard"]
    assert written == (tmp_path / "mine.toml").as_posix()


def test_settings_of_ones_own_are_used_and_kept(
    server: OsmServer, pauses: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Addresses that are not given are those OSMnx was set to; odd settings do not disturb."""
    monkeypatch.setattr(osmnx.settings, "overpass_url", server.overpass_url)
    monkeypatch.setattr(osmnx.settings, "nominatim_url", server.nominatim_url)
    monkeypatch.setattr(osmnx.settings, "all_oneway", True)
    monkeypatch.setattr(osmnx.settings, "useful_tags_way", ["name"])
    monkeypatch.setattr(osmnx.settings, "cache_folder", tmp_path / "cache")
    fetch_place(PLACE, tmp_path / "town")
    assert not (tmp_path / "cache").exists()
    assert osmnx.settings.all_oneway is True


def test_the_password_in_an_address_is_not_shown(
    server: OsmServer, pauses: list[float], tmp_path: Path
) -> None:
    """Errors name the host only."""
    server.answers["streets"] = [failing(500)]
    secret = server.overpass_url.replace("http://", "http://me:hunter2@")
    assert "hunter2" not in fails(server, tmp_path, DownloadError, overpass_url=secret)


def test_a_street_graph_can_be_had_by_itself(server: OsmServer) -> None:
    """The download of streets needs no project around it."""
    servers = choose_servers(overpass_url=server.overpass_url, timeout_s=5)
    graph = street_graph(shapely.box(*degrees(0, 0), *degrees(10, 10)), servers)
    assert graph.graph["crs"] == "epsg:4326"
    assert graph.number_of_edges() > 0
