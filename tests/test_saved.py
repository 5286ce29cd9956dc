"""Networks saved and loaded, whole and by box; what is damaged is refused."""

import json
import zlib
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circles.crs import WGS84
from circles.errors import InputError, OutputError
from circles.files import read_network
from circles.network import Edges, Lines, WalkNetwork, columns
from circles.network.build import network_from_osm
from circles.network.contents import FILE, FILES
from circles.network.saved import is_saved
from circles.osm import read_osm
from circles.walking import Kind
from tests.drawn_osm import degrees
from tests.test_contraction import winding_town

RIVERS = Lines(
    np.array([0, 2, 5]),
    *(np.array(each) for each in zip(*(degrees(x, 50 * x) for x in range(5)), strict=True)),
)


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
    """Arrays and their types, barriers, coordinate system, box and report survive."""
    walled = replace(network, barriers=RIVERS)
    again = WalkNetwork.load(walled.save(tmp_path / "town.network"))
    assert same(walled, again)
    assert again.crs == walled.crs
    assert again.report == walled.report
    assert again.box == walled.box
    for field in fields(Lines):
        assert np.array_equal(getattr(again.barriers, field.name), getattr(RIVERS, field.name))
    for field in fields(Edges)[:-1]:
        one, two = (getattr(each.edges, field.name) for each in (walled, again))
        assert one.dtype == two.dtype, field.name


def test_heights_are_saved(network: WalkNetwork, tmp_path: Path) -> None:
    """Heights come back, the unknown ones too; without any there is no column of them."""
    height_m = np.linspace(-5, 80, len(network.edges.lon))
    height_m[::7] = np.nan
    raised = replace(network, edges=replace(network.edges, elevation_m=height_m))
    assert same(raised, WalkNetwork.load(raised.save(tmp_path / "hills.network")))
    assert WalkNetwork.load(network.save(tmp_path / "flat.network")).edges.elevation_m is None


def test_the_same_network_gives_the_same_bytes(network: WalkNetwork, tmp_path: Path) -> None:
    """Saved twice, and saved again after loading."""
    first = network.save(tmp_path / "one.network")
    second = network.save(tmp_path / "two.network")
    third = WalkNetwork.load(first).save(tmp_path / "three.network")
    for file in sorted(first.iterdir()):
        assert file.read_bytes() == (second / file.name).read_bytes(), file.name
        assert file.read_bytes() == (third / file.name).read_bytes(), file.name
    assert sorted(p.name for p in first.iterdir()) == sorted([FILE, *FILES.values()])


def test_other_programs_read_the_files(network: WalkNetwork, tmp_path: Path) -> None:
    """The streets are an Arrow file of many batches, and a layer that geopandas opens."""
    path = network.save(tmp_path / "town.network")
    streets = gpd.read_feather(path / "edges.arrow")
    edges = network.edges
    assert streets.crs.to_authority() == ("OGC", "CRS84")
    assert np.array_equal(streets["length_m"], edges.length_m)
    assert np.array_equal(streets["start"], edges.start)
    assert np.array_equal(streets.get_coordinates().to_numpy(), np.c_[edges.lon, edges.lat])
    assert np.array_equal(streets.count_coordinates(), np.diff(edges.offset))
    places = gpd.read_feather(path / "nodes.arrow")
    assert np.array_equal(places["node_id"], network.node_id)
    assert np.array_equal(places.geometry.x, network.node_lon)
    with pa.memory_map(str(path / "edges.arrow")) as file:
        kind = pa.ipc.open_file(file).schema.field("kind")
    words = json.loads(kind.metadata[b"values"])
    assert words == {str(member.value): member.name.lower() for member in Kind}


def test_the_batches_are_those_of_the_arrow_file(
    network: WalkNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table of contents points at the batches that Arrow's own footer points at."""
    monkeypatch.setattr(columns, "EDGES", 10)
    path = network.save(tmp_path / "town.network")
    batches = json.loads((path / FILE).read_text("utf-8"))["edges"]["batches"]
    data = (path / "edges.arrow").read_bytes()
    reader = pa.ipc.open_file(data)
    assert reader.num_record_batches == len(batches) > 3
    for number, batch in enumerate(batches):
        part = data[batch["offset"] : batch["offset"] + batch["size"]]
        read = pa.ipc.read_record_batch(part, reader.schema)
        assert read.serialize() == reader.get_batch(number).serialize()
        assert batch["crc32"] == zlib.crc32(part)
    assert same(network, WalkNetwork.load(path))


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


def test_a_network_that_cannot_be_moved_into_place_leaves_the_old_one(
    network: WalkNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the last step fails, what was there before is there again, and nothing is beside it."""
    path = network.save(tmp_path / "town.network")
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    rename = Path.rename

    def fail_once(self: Path, target: Path) -> Path:
        if self.name == "network":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_once)
    with pytest.raises(OutputError, match="No space left on device"):
        replace(network, box=None).save(path)
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["town.network"]


@pytest.mark.parametrize("name", sorted(FILES.values()))
def test_a_damaged_file_is_refused(network: WalkNetwork, tmp_path: Path, name: str) -> None:
    """A file that is missing, empty, cut off or changed is an error that names the network."""
    walled = replace(network, barriers=RIVERS)
    path = walled.save(tmp_path / "town.network")
    whole = (path / name).read_bytes()
    middle = len(whole) // 2
    changed = whole[:middle] + bytes([whole[middle] ^ 64]) + whole[middle + 1 :]
    for content, said in (
        (None, f"{name} is missing"),
        (b"", f"{name} has 0 bytes instead of"),
        (whole[:-1], "instead of"),
        (whole + b"0", "instead of"),
        (changed, "was changed"),
    ):
        (path / name).unlink()
        if content is not None:
            (path / name).write_bytes(content)
        with pytest.raises(InputError, match=rf"town\.network: .* damaged \(.*{said}"):
            WalkNetwork.load(path)
        (path / name).write_bytes(whole)
    assert same(walled, WalkNetwork.load(path))


def signed(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a table of contents and set its checksum right, as a liar would."""
    about = json.loads((path / FILE).read_text("utf-8"))
    del about["crc32"]
    change(about)
    text = json.dumps(about, sort_keys=True, separators=(",", ":"))
    (path / FILE).write_text(json.dumps({**about, "crc32": zlib.crc32(text.encode())}), "utf-8")


@pytest.mark.parametrize(
    "lie",
    [
        {"crs": "no system"},
        {"crs": 7},
        {"crs": WGS84.to_wkt()},
        {"box": [1, 2, 3]},
        {"box": [3, 2, 1, 4]},
        {"box": [float("nan"), 2, 3, 4]},
        {"report": {"refused_ways": 3}},
        {"report": None},
        {"heights": True},
        {"nodes": []},
        {"edges": {"size": 1, "batches": [{}]}},
        {"edges": {"size": 10**400, "batches": []}},
        {"barriers": {"size": "10", "batches": "10"}},
    ],
    ids=str,
)
def test_a_table_of_contents_that_lies_is_refused(
    network: WalkNetwork, tmp_path: Path, lie: dict[str, Any]
) -> None:
    """Values that fit their checksum and yet cannot be are errors, and nothing else is."""
    path = network.save(tmp_path / "town.network")
    signed(path, lambda about: about.update(lie))
    with pytest.raises(InputError, match=r"town\.network: this saved network is damaged"):
        WalkNetwork.load(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": -1}, "ends at a node that is not there"),
        ({"end": 10**6}, "ends at a node that is not there"),
        ({"kind": 99}, "an unknown value in kind"),
        ({"wait_end": -3}, "an unknown value in wait_end"),
        ({"length_m": np.nan}, "a street has no length"),
        ({"length_m": np.inf}, "a street has no length"),
        ({"duration_s": -1.0}, "back in time"),
        ({"lon": 181.0}, "no place on Earth"),
        ({"lat": np.nan}, "nan is no number"),
    ],
    ids=str,
)
def test_values_that_no_search_may_meet_are_refused(
    network: WalkNetwork, tmp_path: Path, change: dict[str, float], said: str
) -> None:
    """Checksums or not: what a search would run astray with is no network."""
    ((name, value),) = change.items()
    spoilt = getattr(network.edges, name).copy()
    spoilt[3] = value
    path = replace(network, edges=replace(network.edges, **{name: spoilt})).save(tmp_path / "t")
    with pytest.raises(InputError, match=said):
        WalkNetwork.load(path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_flipped_bit_is_more_than_an_error(
    network: WalkNetwork, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Any damage is an InputError or changes nothing, even if the checksums were set right."""
    base = tmp_path_factory.getbasetemp() / "flips.network"
    path = base if base.exists() else replace(network, barriers=RIVERS).save(base)
    table = data.draw(st.sampled_from(sorted(FILES)))
    file = path / FILES[table]
    whole, about = file.read_bytes(), (path / FILE).read_bytes()
    batch = json.loads(about)[table]["batches"][0]
    spoilt = bytearray(whole)
    places = st.integers(batch["offset"], batch["offset"] + batch["size"] - 1)
    for place, bit in data.draw(st.lists(st.tuples(places, st.integers(0, 7)), min_size=1)):
        spoilt[place] ^= 1 << bit
    file.write_bytes(spoilt)
    try:
        if bytes(spoilt) != whole:
            with pytest.raises(InputError, match="was changed"):
                WalkNetwork.load(path)
        part = spoilt[batch["offset"] : batch["offset"] + batch["size"]]
        signed(path, lambda about: about[table]["batches"][0].update(crc32=zlib.crc32(part)))
        try:
            WalkNetwork.load(path)
        except InputError as error:
            assert "damaged" in str(error)  # noqa: PT017 - some flips are values like others
    finally:
        file.write_bytes(whole)
        (path / FILE).write_bytes(about)


@pytest.mark.parametrize("name", ["town.network", "town.circles", "TOWN.NETWORK", "town"])
def test_a_saved_network_is_read_like_any_other(
    network: WalkNetwork, tmp_path: Path, name: str
) -> None:
    """`read_network` takes the folder of a saved network, however it is called."""
    path = network.save(tmp_path / name)
    assert is_saved(path)
    assert same(network, read_network(path))


def test_what_is_no_saved_network_says_so(network: WalkNetwork, tmp_path: Path) -> None:
    """A name that promises one, over nothing, a file or other files."""
    (tmp_path / "file.network").write_text("streets")
    (tmp_path / "empty.network").mkdir()
    for name in ("none.network", "file.network", "empty.network"):
        with pytest.raises(InputError, match=rf"{name}: no saved network is here"):
            read_network(tmp_path / name)
    assert not is_saved(tmp_path)
    assert not is_saved("a\0b")
    assert not is_saved("x" * 5000)


def test_a_later_format_is_refused(network: WalkNetwork, tmp_path: Path) -> None:
    """A folder of another version says which it is, an older one too."""
    path = network.save(tmp_path / "town.circles")
    for version in ("circles.network/2", "circles.network/9"):
        signed(path, lambda about, version=version: about.update(format=version))
        with pytest.raises(InputError, match=rf"'{version}', this version reads .* save .* again"):
            WalkNetwork.load(path)
    for text in ("[]", "7", '"x"', "{}"):
        (path / FILE).write_text(text)
        with pytest.raises(InputError, match="its format is 'None'"):
            WalkNetwork.load(path)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\xff", '{"format": NaN'])
def test_a_table_of_contents_that_is_no_json_is_refused(
    network: WalkNetwork, tmp_path: Path, text: str
) -> None:
    """So it is however deep it goes."""
    path = network.save(tmp_path / "town.network")
    (path / FILE).write_text(text, "latin-1")
    with pytest.raises(InputError, match=r"town\.network: .*damaged"):
        WalkNetwork.load(path)
