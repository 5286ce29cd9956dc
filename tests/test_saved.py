"""Networks saved and loaded, whole and by box."""

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from circles.errors import InputError, OutputError
from circles.files import read_network
from circles.network import Edges, WalkNetwork
from circles.network.build import network_from_osm
from circles.osm import read_osm
from tests.drawn_osm import degrees
from tests.test_contraction import winding_town


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> WalkNetwork:
    """Return a crooked town."""
    path = tmp_path_factory.mktemp("town") / "town.osm"
    return network_from_osm(read_osm(winding_town(3).write(path)), min_piece_m=0.0)


def same(one: WalkNetwork, two: WalkNetwork) -> bool:
    """Whether two networks hold the same arrays."""
    pairs = [(getattr(one.edges, f.name), getattr(two.edges, f.name)) for f in fields(Edges)]
    edges = all(
        a is b is None or np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs
    )
    names = ("node_id", "node_lon", "node_lat", "joinable")
    return edges and all(np.array_equal(getattr(one, n), getattr(two, n)) for n in names)


def test_a_saved_network_comes_back_whole(network: WalkNetwork, tmp_path: Path) -> None:
    """Arrays, coordinate system and report survive; arrays are mapped, not copied."""
    again = WalkNetwork.load(network.save(tmp_path / "town.circles"))
    assert same(network, again)
    assert again.crs == network.crs
    assert again.report == network.report
    assert isinstance(again.edges.lon, np.memmap)


def test_saving_again_replaces_and_leaves_nothing_beside(
    network: WalkNetwork, tmp_path: Path
) -> None:
    """The folder is exchanged as a whole."""
    path = tmp_path / "town.circles"
    network.save(path)
    network.save(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["town.circles"]
    assert same(network, WalkNetwork.load(path))


def test_a_box_loads_the_edges_that_touch_it(network: WalkNetwork, tmp_path: Path) -> None:
    """Exactly the edges whose own box meets the given one, with their nodes renumbered."""
    path = network.save(tmp_path / "town.circles")
    (west, south), (east, north) = degrees(300, 300), degrees(700, 800)
    part = WalkNetwork.load(path, box=(west, south, east, north))
    edges = network.edges
    expected = [
        e
        for e in range(len(edges))
        for lon, lat in [(s[edges.offset[e] : edges.offset[e + 1]] for s in (edges.lon, edges.lat))]
        if lon.min() <= east and lon.max() >= west and lat.min() <= north and lat.max() >= south
    ]
    assert 0 < len(part.edges) == len(expected) < len(edges)
    assert np.array_equal(part.edges.length_m, edges.length_m[expected])
    assert np.array_equal(part.node_id[part.edges.start], network.node_id[edges.start[expected]])
    assert np.array_equal(part.node_id[part.edges.end], network.node_id[edges.end[expected]])


def test_a_box_with_nothing_in_it_is_refused(network: WalkNetwork, tmp_path: Path) -> None:
    """An empty part is a mistake, said so."""
    path = network.save(tmp_path / "town.circles")
    with pytest.raises(InputError, match="no street of this network lies in the box"):
        WalkNetwork.load(path, box=(0.0, 0.0, 1.0, 1.0))


def test_other_folders_are_neither_read_nor_overwritten(
    network: WalkNetwork, tmp_path: Path
) -> None:
    """A folder that is no saved network is left alone."""
    with pytest.raises(InputError, match="no saved network is here"):
        WalkNetwork.load(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear …", "utf-8")
    with pytest.raises(OutputError, match="is no saved network"):
        network.save(tmp_path / "mine")


@pytest.mark.parametrize("name", ["edge_start", "edge_offset", "node_lon", "joinable"])
def test_a_damaged_folder_is_refused(network: WalkNetwork, tmp_path: Path, name: str) -> None:
    """A missing, cut-off or shorter array is an error, never a search beyond its end."""
    path = network.save(tmp_path / "town.circles")
    file = path / f"{name}.npy"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        WalkNetwork.load(path)
    np.save(file, np.load(network.save(tmp_path / "other") / f"{name}.npy")[:-1])
    with pytest.raises(InputError, match="do not belong together"):
        WalkNetwork.load(path)
    file.unlink()
    with pytest.raises(InputError, match="damaged"):
        WalkNetwork.load(path)


def test_a_saved_network_is_read_like_any_other(network: WalkNetwork, tmp_path: Path) -> None:
    """`read_network` takes the folder of a saved network as it takes an extract."""
    assert same(network, read_network(network.save(tmp_path / "town.circles")))


def test_a_later_format_is_refused(network: WalkNetwork, tmp_path: Path) -> None:
    """A file of another version says which it is."""
    path = network.save(tmp_path / "town.circles")
    about = json.loads((path / "network.json").read_text("utf-8"))
    (path / "network.json").write_text(json.dumps({**about, "format": "circles.network/9"}))
    with pytest.raises(InputError, match=r"'circles.network/9', this version reads"):
        WalkNetwork.load(path)
