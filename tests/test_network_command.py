"""What `circles network build` makes and says, and where its folder is taken."""

from pathlib import Path

import networkx as nx
import numpy as np
import osmnx
import pytest

from circles.draft import init_project
from circles.errors import InputError, OutputError
from circles.files import build_network, read_network
from circles.network import WalkNetwork
from circles.network.graphml import read_graphml
from circles.network.saved import load_network
from tests.drawn_heights import hill
from tests.drawn_osm import Drawing, degrees
from tests.small_town import run_circles


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw a square of streets, and a path of 600 m apart from it."""
    drawing = Drawing().square("r", 0, 0, 1200, highway="residential")
    drawing.node("a", 1500, 0).node("b", 1500, 600).way("a b", highway="path")
    return drawing.write(tmp_path_factory.mktemp("drawn") / "town.osm")


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", ["3 nodes, 2 edges, 5.4 km of walkable streets", "nothing joins: 1, 0.6 km in all"]),
        ("zh", ["3 个节点，2 条路段，可步行道路共 5.4 公里", "另有 1 片零碎道路（共 0.6 公里）"]),
    ],
)
def test_a_network_is_built_and_saved(
    extract: Path, tmp_path: Path, lang: str, said: list[str]
) -> None:
    """The folder is that of the extract's network; what is in it is said in either language."""
    out = tmp_path / "town.network"
    outcome = run_circles("network", "build", extract, "--out", out, "--lang", lang)
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith(str(out))
    for words in said:
        assert words in outcome.out
    built, read = load_network(out), read_network(extract)
    assert np.array_equal(built.edges.length_m, read.edges.length_m)
    assert np.array_equal(built.joinable, read.joinable)
    assert built.box == read.box


def test_the_smallest_piece_and_heights_may_be_chosen(extract: Path, tmp_path: Path) -> None:
    """With a lower limit the path takes part; a grid gives heights, and the share is said."""
    grid = hill(tmp_path / "hill.tif", lambda x, _: x / 10, west=-2000, north=2000, side_m=4000)
    arguments = ["--min-piece-m", "500", "--elevation", grid, "--lang", "en"]
    out = tmp_path / "town.network"
    outcome = run_circles("network", "build", extract, "--out", out, *arguments)
    assert outcome.code == 0, outcome.err
    assert "small pieces" not in outcome.out
    assert "100.0% of the streets have a height" in outcome.out
    network = load_network(out)
    assert network.joinable.all()
    assert network.edges.elevation_m is not None


def test_a_graph_is_built_too(tmp_path: Path) -> None:
    """A .graphml file becomes a saved network like an extract, neighbours near each other."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for node in range(60):
        lon, lat = degrees(100.0 * (node * 7 % 60), 0)
        graph.add_node(node, x=lon, y=lat)
    for node in range(59):
        graph.add_edge(node, node + 1, osmid=node, highway="path", length=1000.0)
        graph.add_edge(node + 1, node, osmid=node, highway="path", length=1000.0)
    osmnx.save_graphml(graph, tmp_path / "x.graphml")
    built = build_network(tmp_path / "x.graphml", tmp_path / "x.network")
    saved, read = load_network(tmp_path / "x.network"), read_graphml(tmp_path / "x.graphml")
    assert np.array_equal(built.node_id, saved.node_id)
    assert set(saved.node_id) == set(read.node_id)
    apart, before = (np.abs(np.diff(each.node_lon)).sum() for each in (saved, read))
    assert apart < before / 5

    def streets(network: WalkNetwork) -> set[tuple[int, int, float, bool]]:
        edges = network.edges
        ends = network.node_id[edges.start].tolist(), network.node_id[edges.end].tolist()
        first = edges.lon[edges.offset[:-1]].tolist()
        return set(zip(*ends, first, network.joinable.tolist(), strict=True))

    assert streets(saved) == streets(read)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("town.gpkg", (), "a saved network is a folder; give a name ending in .network"),
        ("t.network", ("--min-piece-m", "-1"), "min_piece_m is -1; a length in metres"),
        ("t.network", ("--min-piece-m", "nan"), "min_piece_m is nan; a length in metres"),
        ("t.network", ("--elevation", "no.tif"), "no.tif"),
    ],
)
def test_what_cannot_be_built_is_said_and_leaves_nothing(
    extract: Path, tmp_path: Path, name: str, options: tuple[str, ...], said: str
) -> None:
    """A mistake is one message, exit code 2 and no folder."""
    outcome = run_circles("network", "build", extract, "--out", tmp_path / name, *options)
    assert outcome.code == 2
    assert said in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_a_saved_network_is_not_built_again(extract: Path, tmp_path: Path) -> None:
    """Nor is a file replaced by a network."""
    out = tmp_path / "town.network"
    build_network(extract, out)
    with pytest.raises(InputError, match="is a saved network already"):
        build_network(out, tmp_path / "other.network")
    (tmp_path / "file.network").write_text("mine")
    with pytest.raises(OutputError, match="is no saved network; choose another name"):
        build_network(extract, tmp_path / "file.network")
    assert (tmp_path / "file.network").read_text() == "mine"


@pytest.mark.parametrize("name", ["town.network", "town.circles", "town"])
def test_a_project_is_drafted_with_it(extract: Path, tmp_path: Path, name: str) -> None:
    """`circles init` knows the folder of a saved network, whatever it is called."""
    WalkNetwork.save(read_network(extract), tmp_path / "data" / name)
    init_project(tmp_path / "project", [tmp_path / "data"], say=lambda _: None)
    text = (tmp_path / "project" / "circles.toml").read_text("utf-8")
    assert f'osm = "../data/{name}"' in text
