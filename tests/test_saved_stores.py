"""Saved networks behind URLs, and read by several processes at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from circles.errors import InputError, OutputError
from circles.files import isochrone_file, read_network
from circles.network import Edges, WalkNetwork, columns, folder
from circles.network.build import network_from_osm
from circles.network.contents import FILE
from circles.network.folder import is_url
from circles.network.saved import is_saved, load_network
from circles.osm import read_osm
from tests.drawn_osm import degrees
from tests.test_contraction import winding_town

BOX = (*degrees(290, 290), *degrees(500, 500))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a crooked town in many batches."""
    where = tmp_path_factory.mktemp("town")
    town = network_from_osm(read_osm(winding_town(3).write(where / "t.osm")), min_piece_m=0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "EDGES", 5)
        patch.setattr(columns, "NODES", 5)
        return town.save(where / "town.network")


@pytest.fixture
def url(saved: Path) -> Iterator[str]:
    """Return where the town lies in memory, as in a bucket."""
    store = fsspec.filesystem("memory")
    store.put(f"{saved}{os.sep}", "/bucket/town.network/", recursive=True)
    yield "memory://bucket/town.network"
    store.rm("/bucket", recursive=True)


def assert_same(one: WalkNetwork, two: WalkNetwork) -> None:
    """Compare all arrays of two networks."""
    for field in fields(Edges)[:-1]:
        pair = getattr(one.edges, field.name), getattr(two.edges, field.name)
        assert np.array_equal(*pair, equal_nan=pair[0].dtype.kind == "f"), field.name
    for name in ("node_id", "node_lon", "node_lat", "joinable"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name
    assert one.crs == two.crs
    assert one.box == two.box


@pytest.mark.parametrize("box", [None, BOX], ids=["whole", "part"])
def test_a_network_is_read_from_a_store(saved: Path, url: str, box: Any) -> None:
    """Through fsspec, whole and by box, with or without a slash at the end."""
    near = load_network(saved, box=box)
    assert_same(near, load_network(url, box=box))
    assert_same(near, load_network(url + "/", box=box))
    assert_same(near, load_network(saved.as_uri(), box=box))


def test_a_url_is_read_wherever_a_network_is(saved: Path, url: str, tmp_path: Path) -> None:
    """`read_network` takes it, and isochrones are drawn from it."""
    assert is_saved(url)
    assert_same(load_network(saved), read_network(url))
    lon, lat = degrees(450, 450)
    for source, name in ((url, "far"), (saved, "near")):
        isochrone_file(
            source,
            lon=lon,
            lat=lat,
            minutes=[5],
            profile="adult",
            direction="to",
            out=tmp_path / f"{name}.geojson",
        )
    assert (tmp_path / "far.geojson").read_bytes() == (tmp_path / "near.geojson").read_bytes()


def test_only_what_a_box_needs_is_fetched(
    saved: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request a file for ranges, neighbours together, and fewer bytes than the file has."""
    asked: list[tuple[list[str], list[int], list[int]]] = []
    cat_ranges = MemoryFileSystem.cat_ranges

    def count(self: Any, paths: Any, starts: Any, ends: Any, **more: Any) -> Any:
        asked.append((paths, starts, ends))
        return cat_ranges(self, paths, starts, ends, **more)

    monkeypatch.setattr(MemoryFileSystem, "cat_ranges", count)
    load_network(url, box=BOX)
    assert [Path(paths[0]).name for paths, _, _ in asked] == ["edges.arrow", "nodes.arrow"]
    for paths, starts, ends in asked:
        fetched = sum(ends) - sum(starts)
        assert 0 < fetched < 0.7 * (saved / Path(paths[0]).name).stat().st_size
        assert all(end < start for end, start in zip(ends, starts[1:], strict=False))
    asked.clear()
    load_network(url)
    assert [len(paths) for paths, _, _ in asked] == [1, 1]
    asked.clear()
    monkeypatch.setattr(folder, "_AT_ONCE", 1)
    assert_same(load_network(saved), load_network(url))
    assert min(len(paths) for paths, _, _ in asked) > 3


def test_a_damaged_store_is_refused(url: str) -> None:
    """What is missing, cut off or changed there is named, like on a disk."""
    store = fsspec.filesystem("memory")
    for name in (FILE, "edges.arrow", "nodes.arrow"):
        path = f"/bucket/town.network/{name}"
        whole = store.cat_file(path)
        middle = len(whole) // 2
        for content in (whole[:middle], whole[:middle] + b"!!" + whole[middle + 2 :]):
            store.pipe_file(path, content)
            with pytest.raises(InputError, match=r"^memory://bucket/town.network: .*damaged"):
                load_network(url)
        store.pipe_file(path, whole)
    store.rm_file("/bucket/town.network/edges.arrow")
    with pytest.raises(InputError, match=r"edges\.arrow is missing"):
        load_network(url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("memory://nowhere/town.network", "no saved network is here"),
        ("file:///nowhere/town.network", "no saved network is here"),
        ("nosuch://bucket/town.network", "cannot be read .*nosuch"),
        ("http://127.0.0.1:9/town.network", "cannot be read|no saved network is here"),
    ],
)
def test_a_store_that_cannot_be_reached_is_an_error(url: str, said: str) -> None:
    """Whatever the store says, the message names the URL."""
    with pytest.raises(InputError, match=said) as refused:
        load_network(url)
    assert url in str(refused.value)


def test_a_password_in_a_url_is_not_shown() -> None:
    """Neither the name nor the password of a user stands in a message."""
    with pytest.raises(InputError) as refused:
        load_network("http://zoe:secret@127.0.0.1:9/town.network")
    assert "secret" not in str(refused.value)
    assert "zoe" not in str(refused.value)
    assert "127.0.0.1:9/town.network" in str(refused.value)


def test_a_network_is_not_saved_in_a_store(saved: Path) -> None:
    """A store cannot exchange a folder as a whole; the message says what to do."""
    with pytest.raises(OutputError, match=r"memory://b/x.network: .* copy the folder there"):
        load_network(saved).save("memory://b/x.network")


def test_paths_are_no_urls() -> None:
    """A drive letter or a colon makes none."""
    assert is_url("s3://bucket/a.network")
    assert is_url("simplecache::s3://bucket/a.network")
    for path in ("C:\\city.network", "C:/city.network", "a:b", "city.network", Path("s3://b")):
        assert not is_url(path)


READ = """
import sys
from circles.network.saved import load_network
for _ in range(20):
    print(load_network(sys.argv[1]).edges.length_m.sum())
"""


def test_several_processes_read_one_network(saved: Path) -> None:
    """At the same time, each of them all of it."""
    command = [sys.executable, "-c", READ, str(saved)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [reader.communicate(timeout=60)[0].split() for reader in readers]
    assert all(reader.returncode == 0 for reader in readers)
    assert said[0] == said[1] == [str(load_network(saved).edges.length_m.sum())] * 20
