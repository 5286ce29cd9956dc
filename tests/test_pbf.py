"""The decoder of our own reads what osmium reads, and refuses what it was not made for."""

import os
import random
from dataclasses import fields
from pathlib import Path

import numpy as np
import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from osmium.osm.mutable import Node, Relation, Way

from circles.errors import InputError
from circles.osm import read_osm, read_streets
from circles.osm.blobs import find_blobs
from circles.osm.objects import collect_streets
from circles.osm.pbf import decode_streets
from circles.osm.protobuf import UndecodedError, read_fields, tags, unpack, whole
from circles.osm.streets import STREET_TAGS, Streets
from circles.osm.tags import Tags
from tests import drawn_pbf as pbf

WAY = pbf.ways(pbf.way(7, [1, 5], [2, 6], [1, 2, 3]))
NODES = pbf.nodes(pbf.dense([1, 2, 3], [10, 20, 30], [1, 2, 3], [0, 3, 4, 0, 0]))
RING = pbf.ways(pbf.way(8, [], [], [2, 4]))
PLACE = ([10, 1], [11, 2])  # type=multipolygon, highway=footway
AREA = pbf.relations(pbf.relation(5, *PLACE, [(12, 8, 1), (13, 7, 1), (0, 1, 0)]))


def decode(path: Path) -> Streets:
    """Read a file with the decoder alone."""
    return decode_streets(path, STREET_TAGS)


def collect(path: Path) -> Streets:
    """Read a file with osmium."""
    return collect_streets(path, STREET_TAGS)


def assert_same(one: Streets, other: Streets) -> None:
    """Two readings have the same ways, nodes, points and areas, in order, to the last bit."""
    for room in ("ways", "areas"):
        mine, theirs = getattr(one, room), getattr(other, room)
        for name in (field.name for field in fields(mine)):
            if name == "tags":
                assert list(mine.tags) == list(theirs.tags)
                continue
            array, expected = getattr(mine, name), getattr(theirs, name)
            assert array.dtype == expected.dtype, name
            assert np.array_equal(array, expected, equal_nan=array.dtype.kind == "f"), name
    assert list(one.points.items()) == list(other.points.items())


def write(path: Path, kind: str = "pbf", *, shift: int = 0) -> Path:
    """Write a small extract with osmium: a street, a gate, a missing node, things of no use."""
    with osmium.SimpleWriter(osmium.io.File(str(path), kind), overwrite=True) as file:
        file.add_node(Node(id=1 + shift, location=(-180.0, -90.0), version=1))
        file.add_node(Node(id=2 + shift, location=(113.3, 23.0000001), version=1))
        for number, tags in enumerate(POINTS):
            place = (180, 90) if number == 0 else (number, 1)
            file.add_node(Node(id=40 + number + shift, location=place, tags=tags, version=1))
        refs = [node + shift for node in (2, 1, 1, 40, 99, 2)]
        file.add_way(Way(id=9, nodes=refs, tags={"highway": "footway", "name": "云城"}, version=1))
        file.add_way(Way(id=10, nodes=[50 + shift], tags={"building": "yes"}, version=1))
        file.add_way(Way(id=4, nodes=[], tags={"route": "ferry"}, version=1))
        file.add_way(Way(id=12, nodes=[2**40], tags={"railway": "platform"}, version=1))
        refs = [40 + number + shift for number in range(1, 7)]
        file.add_way(Way(id=13, nodes=refs, tags={"waterway": "canal"}, version=1))
        file.add_way(Way(id=14, nodes=[51 + shift], tags={"waterway": "stream"}, version=1))
        file.add_way(Way(id=15, nodes=[1 + shift, 52 + shift], version=1))
        file.add_way(Way(id=16, nodes=[2 + shift], tags={"natural": "wood"}, version=1))
        for number, (tags, members) in enumerate(RELATIONS, start=1):
            file.add_relation(Relation(id=number, members=members, tags=tags, version=1))
    return path


#: Nodes from id 40 on; all but the last are on ways.
POINTS: list[Tags] = [
    {"barrier": "gate", "name": "东门", "note": ""},
    {"highway": "crossing", "crossing": "uncontrolled"},
    {"highway": "street_lamp"},
    {"highway": "elevator"},
    {"crossing": "marked", "amenity": "cafe"},
    {"railway": "level_crossing"},
    {"highway": "traffic_signals"},
    {"barrier": "bollard"},
]
PLAZA: Tags = {"type": "multipolygon", "highway": "pedestrian", "name": "云塔广场"}
RELATIONS: list[tuple[Tags, list[tuple[str, int, str]]]] = [
    ({"type": "route", "route": "foot"}, [("w", 16, "")]),
    (PLAZA, [("w", 15, "outer"), ("n", 1, "label"), ("w", 77, ""), ("w", 13, "inner")]),
    ({"type": "multipolygon", "building": "yes"}, [("w", 10, "outer")]),
    ({"type": "multipolygon", "railway": "rail"}, [("w", 16, "outer")]),
    ({"type": "site", "man_made": "pier"}, [("w", 16, "outer")]),
    ({"type": "multipolygon", "man_made": "pier"}, [("w", 9, "outline"), ("r", 2, "outer")]),
]
WRITTEN = ["pbf", "pbf,pbf_compression=none", "pbf,add_metadata=false"]


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_small_extract_is_read_as_osmium_reads_it(tmp_path: Path, kind: str) -> None:
    """Ids, tags, gaps, positions at the ends of the globe, points and areas are the same."""
    path = write(tmp_path / "x.osm.pbf", kind)
    found = decode(path)
    assert_same(found, collect(path))
    assert_same(found, collect(write(tmp_path / "x.osm", "osm")))


def test_the_ways_of_a_small_extract_share_a_table_of_nodes(tmp_path: Path) -> None:
    """Streets, canals and rings are kept; each node is once in the table, placed or not."""
    ways = decode(write(tmp_path / "x.osm.pbf")).ways
    assert ways.way_id.tolist() == [9, 4, 12, 13, 15]
    assert ways.node_id.tolist() == [1, 2, *range(40, 47), 52, 99, 2**40]
    assert ways.node.tolist() == [1, 0, 0, 2, 10, 1, 11, 3, 4, 5, 6, 7, 8, 0, 9]
    assert ways.offset.tolist() == [0, 6, 6, 7, 13, 15]
    assert ways.node_lon[:4].tolist() == [-180.0, 113.3, 180.0, 1.0]
    assert ways.node_lat[:4].tolist() == [-90.0, 23.0000001, 90.0, 1.0]
    for axis in (ways.node_lon, ways.node_lat):
        assert np.flatnonzero(np.isnan(axis)).tolist() == [9, 10, 11]
    assert list(ways.tags)[3:] == [{"waterway": "canal"}, {}]


def test_points_are_what_matters_on_ways(tmp_path: Path) -> None:
    """Barriers, crossings, signals and lifts are kept; lamps and what is off all ways are not."""
    points = decode(write(tmp_path / "x.osm.pbf")).points
    assert points == {40 + number: POINTS[number] for number in (0, 1, 3, 5, 6)}


def test_areas_are_walkable_multipolygons(tmp_path: Path) -> None:
    """Their rings are kept with their roles, held or not; buildings, routes, sites are no areas."""
    areas = decode(write(tmp_path / "x.osm.pbf")).areas
    assert areas.relation_id.tolist() == [2, 6]
    assert list(areas.tags) == [PLAZA, {"type": "multipolygon", "man_made": "pier"}]
    assert areas.way_id.tolist() == [15, 77, 13]
    assert areas.inner.tolist() == [False, False, True]
    assert areas.offset.tolist() == [0, 3, 3]


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("pbf,pbf_compression=lz4", "another tag"),
        ("pbf,pbf_dense_nodes=false", "another tag"),
        ("osh.pbf", "a feature it needs"),
        ("pbf,locations_on_ways=true", "another tag"),
    ],
)
def test_what_the_decoder_was_not_made_for_is_left_to_osmium(
    tmp_path: Path, kind: str, why: str
) -> None:
    """Other compression, single nodes, histories: the streets are the same all the same."""
    path = write(tmp_path / "x.osm.pbf", kind)
    with pytest.raises(UndecodedError, match=why):
        decode(path)
    plain = read_streets(write(tmp_path / "plain.osm.pbf"))
    found = read_streets(path)
    assert_same(found, plain)


def test_nodes_numbered_below_zero_are_left_to_osmium(tmp_path: Path) -> None:
    """Osmium looks up no position by such an id, so neither reading finds a street."""
    path = write(tmp_path / "x.osm.pbf", shift=-50)
    with pytest.raises(UndecodedError, match="out of order"):
        decode(path)
    with pytest.raises(InputError, match="no street with a position"):
        read_streets(path)


def test_every_extract_of_many_blocks_has_its_words_apart(tmp_path: Path) -> None:
    """Each block numbers its words anew; ways keep their own tags across blocks."""
    path = tmp_path / "x.osm.pbf"
    with osmium.SimpleWriter(str(path)) as file:
        for i in range(20_000):
            tags = {"barrier": "gate", "ref": str(i)} if i % 7 == 0 else {}
            file.add_node(Node(id=i + 1, location=(i / 1e5, -i / 1e5), tags=tags, version=1))
        for i in range(10_000):
            tags = {"highway": "path", "name": f"n{i % 911}", f"k{i % 37}": "v"}
            file.add_way(Way(id=i + 1, nodes=[i + 1, 2 * i, 17], tags=tags, version=1))
        for i in range(10_000, 20_000):
            file.add_way(Way(id=i + 1, nodes=[i, i + 1], version=1))
        for i in range(18_000):
            members = [("w", i + 3_000, "outer")]
            tags = {**PLAZA, "ref": f"{i % 100}"} if i % 2 else {"type": "route"}
            file.add_relation(Relation(id=i + 1, members=members, tags=tags, version=1))
    assert len(find_blobs(path)) > 8
    found = decode(path)
    assert_same(found, collect(path))
    assert len(found.areas.relation_id) == 9_000
    assert len(found.ways.way_id) == 15_000


@st.composite
def extracts(draw: st.DrawFn) -> tuple[list[bytes], bool]:
    """Draw the blocks of a file: objects in order or not, with any tags, nodes and members."""
    number = st.integers(-9, 60) | st.sampled_from([2**34, 2**62 - 1])
    ids = draw(st.lists(number, min_size=1, unique=True, max_size=12))
    if draw(st.booleans()):
        ids = sorted(ids)
    axis = st.lists(st.integers(-(10**8), 10**8), min_size=len(ids), max_size=len(ids))
    word = st.integers(1, len(pbf.WORDS) - 1)
    kinds = st.sampled_from([(1, 2), (1, 7), (3, 4), (8, 9), (10, 11), (14, 15)])
    pair = st.lists(kinds | st.tuples(word, word), max_size=3)
    codes = [code for _ in ids for code in (*[number for both in draw(pair) for number in both], 0)]
    some_id = st.integers(1, 4) | st.integers(-5, 2**40)
    way = st.tuples(some_id, pair, st.lists(number | st.integers(61, 70), max_size=6))
    member = st.tuples(st.sampled_from([0, 12, 13, 5]), some_id, st.integers(0, 2))
    relation = st.tuples(some_id, st.just([(10, 11), (1, 7)]) | pair, st.lists(member, max_size=6))
    groups = [
        pbf.nodes(pbf.dense(ids, draw(axis), draw(axis), draw(st.sampled_from([codes, []])))),
        *(
            pbf.ways(pbf.way(i, [k for k, _ in tags], [v for _, v in tags], refs))
            for i, tags, refs in draw(st.lists(way, max_size=6))
        ),
        *(
            pbf.relations(pbf.relation(i, [k for k, _ in tags], [v for _, v in tags], members))
            for i, tags, members in draw(st.lists(relation, max_size=4))
        ),
    ]
    step = draw(st.sampled_from([b"", pbf.field(17, 100), pbf.field(17, 300), pbf.field(17, 50)]))
    blocks = (
        [pbf.block(*groups, more=step)]
        if draw(st.booleans())
        else [
            pbf.block(group, more=step)
            for group in (groups if draw(st.booleans()) else draw(st.permutations(groups)))
        ]
    )
    return blocks, draw(st.booleans())


@settings(max_examples=150, deadline=None)
@given(extract=extracts())
def test_drawn_extracts_are_read_as_osmium_reads_them(
    tmp_path_factory: pytest.TempPathFactory, extract: tuple[list[bytes], bool]
) -> None:
    """Whatever the tags, the order and the granularity, streets are those that osmium finds."""
    blocks, compress = extract
    path = tmp_path_factory.mktemp("drawn") / "x.osm.pbf"
    pbf.write(path, *blocks, compress=compress)
    try:
        found = decode(path)
    except UndecodedError:
        return
    assert_same(found, collect(path))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (pbf.block(NODES, WAY, words=[*pbf.WORDS[:6], b"\xff\xfe"]), "codec can't decode"),
        (pbf.block(NODES, WAY, words=[*pbf.WORDS[:6], b"a\0b"]), "null"),
        (pbf.block(NODES, pbf.ways(pbf.way(1, [1], [99], [1]))), "no word"),
        (pbf.block(NODES, pbf.ways(pbf.way(1, [1, -1], [1, 1], [1]))), "no word"),
        (pbf.block(NODES, pbf.ways(pbf.way(1, [1, 1], [2], [1]))), "without values"),
        (pbf.block(NODES, pbf.ways(pbf.way(1, [1], [1], [1]) + b"\x42\x01\x80")), "cut off"),
        (pbf.block(NODES, pbf.ways(b"\x42\x7f")), "cut off"),
        (pbf.block(NODES, pbf.ways(b"\x42" + b"\xff" * 9 + b"\x01")), "cut off"),
        (pbf.block(NODES, pbf.ways(b"\x42" + b"\xff" * 12)), "cut off"),
        (pbf.block(pbf.nodes(pbf.dense([1, 2], [1], [1, 2])), WAY), "without positions"),
        (pbf.block(pbf.nodes(pbf.dense([1], [1], [1], [3, 4, 0, 0])), WAY), "no node"),
        (pbf.block(pbf.nodes(pbf.dense([1], [1], [1], [3, 0])), WAY), "no node"),
        (pbf.block(pbf.nodes(pbf.dense([1], [1], [1], [3, 4])), WAY), "no node"),
        (pbf.block(pbf.nodes(pbf.dense([1], [1], [1], [3, 77, 0])), WAY), "no word"),
        (pbf.block(NODES, WAY, pbf.relations(pbf.relation(5, *PLACE, [(99, 7, 1)]))), "no word"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_damaged_blocks_are_refused(tmp_path: Path, content: bytes, why: str) -> None:
    """Each kind of damage has its own check, before anything is looked up by it."""
    path = pbf.write(tmp_path / "x.osm.pbf", content)
    with pytest.raises(ValueError, match=why):
        decode(path)
    for read in (read_streets, read_osm):
        with pytest.raises(InputError, match=f"cannot be read to its end.*{why}"):
            read(path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (pbf.block(WAY, NODES), "out of order"),
        (pbf.block(NODES, WAY, more=pbf.field(17, 10)), "granularity"),
        (pbf.block(NODES, WAY, more=pbf.field(19, 5)), "another tag"),
        (pbf.block(NODES, WAY, words=[*pbf.WORDS[:6], b"a" * 1025]), "overlong"),
        (pbf.block(NODES, pbf.ways(b"\x45abcd")), "of a kind"),
        (pbf.block(pbf.nodes(pbf.dense([1], [1_800_000_001], [0])), WAY), "off the globe"),
        (pbf.block(pbf.nodes(pbf.dense([1], [0], [-(2**63)])), WAY), "off the globe"),
        (pbf.block(pbf.nodes(pbf.dense([2, 1], [1, 1], [1, 1])), WAY), "out of order"),
        (pbf.block(pbf.nodes(pbf.dense([1, 1], [1, 2], [1, 2])), WAY), "out of order"),
        (pbf.block(pbf.nodes(pbf.dense([1], [1], [1]) + b"\x2a\x03\x32\x01\0"), WAY), "another"),
        (pbf.block(NODES, AREA, WAY), "out of order"),
        (pbf.block(NODES, WAY, pbf.relations(pbf.relation(5, *PLACE, [(12, 7, 3)]))), "kind"),
        (pbf.block(NODES, WAY, pbf.relations(pbf.way(5, *PLACE, [12]))), "without roles"),
        (pbf.block(WAY), "no nodes"),
        (pbf.block(NODES), "no ways"),
        (pbf.block(), "no nodes"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)  # fmt: skip
def test_unusual_blocks_are_left_to_osmium(tmp_path: Path, content: bytes, why: str) -> None:
    """What may be sound but is not understood, or not trusted, osmium decides."""
    path = pbf.write(tmp_path / "x.osm.pbf", content)
    with pytest.raises(UndecodedError, match=why):
        decode(path)
    told(path)


@pytest.mark.parametrize("groups", [(WAY, NODES), (NODES, AREA, WAY), (AREA, NODES, WAY)])
def test_blocks_out_of_order_are_left_to_osmium(tmp_path: Path, groups: tuple[bytes, ...]) -> None:
    """Blocks are looked through in the order nodes, ways, relations, and in no other."""
    path = pbf.write(tmp_path / "x.osm.pbf", *map(pbf.block, groups))
    with pytest.raises(UndecodedError, match="out of order"):
        decode(path)
    told(path)


def test_relations_are_found_behind_empty_blocks(tmp_path: Path) -> None:
    """A block that holds nothing stands for no end of the relations."""
    groups = ((NODES,), (WAY, RING), (AREA,), (), (AREA,), ())
    path = pbf.write(tmp_path / "x.osm.pbf", *(pbf.block(*group) for group in groups))
    found = decode(path)
    assert_same(found, collect(path))
    assert found.areas.relation_id.tolist() == [5, 5]
    assert found.ways.way_id.tolist() == [7, 8]


def told(path: Path) -> bool:
    """Read the streets of a file that may be damaged: they come, or an error that names it."""
    try:
        read_streets(path)
    except InputError as error:
        if str(path) not in str(error):
            raise
        return False
    return True


@pytest.mark.parametrize("compress", [True, False])
def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path, compress: bool) -> None:
    """Wherever it ends too soon, the streets and the whole extract give the same clear error."""
    content = pbf.write(
        tmp_path / "whole.osm.pbf", pbf.block(NODES), pbf.block(WAY), compress=compress
    ).read_bytes()
    path = tmp_path / "cut.osm.pbf"
    ends = {blob.begin + blob.size for blob in find_blobs(tmp_path / "whole.osm.pbf")}
    for end in sorted(set(range(len(content))) - ends):
        path.write_bytes(content[:end])
        with pytest.raises(ValueError, match="middle of a blob"):
            decode(path)
        for read in (read_streets, read_osm):
            with pytest.raises(InputError, match="damaged, cut off"):
                read(path)


def test_a_damaged_compressed_block_is_refused(tmp_path: Path) -> None:
    """A changed byte inside a compressed block does not get past its checksum."""
    path = write(tmp_path / "x.osm.pbf")
    content = bytearray(path.read_bytes())
    last = find_blobs(path)[-1]
    content[last.begin + last.size - 9] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="while decompressing"):
        decode(path)
    with pytest.raises(InputError, match="damaged, cut off"):
        read_streets(path)


def spoiled(content: bytes, rng: random.Random) -> bytes:
    """Change, drop or repeat a few bytes."""
    found = bytearray(content)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(found))
        match rng.randrange(4):
            case 0:
                found[at] = rng.randrange(256)
            case 1:
                found[at] ^= 128
            case 2:
                del found[at : at + rng.randint(1, 4)]
            case _:
                found.insert(at, rng.choice([0, 127, 128, 255]))
    return bytes(found)


def test_spoiled_blocks_are_read_as_osmium_reads_them_or_refused(tmp_path: Path) -> None:
    """No change of bytes makes the decoder read past an end, or find other streets than osmium."""
    rng = random.Random(1)  # noqa: S311 - drawn damage, no secret
    more = pbf.ways(pbf.way(1, [1], [2], [1, 2]), pbf.way(2, [5], [6], [3]))
    sound = pbf.block(NODES, more, WAY, RING, AREA)
    decoded = 0
    for number in range(1000):
        path = pbf.write(tmp_path / f"{number % 2}.osm.pbf", spoiled(sound, rng))
        try:
            found = decode(path)
        except (ValueError, UndecodedError):
            continue
        try:
            expected = collect(path)
        except (RuntimeError, ValueError, IndexError):
            continue  # osmium looks into more of the file, and found a fault there
        assert_same(found, expected)
        decoded += 1
    assert decoded > 30


def test_a_spoiled_file_gives_streets_or_a_clear_error(tmp_path: Path) -> None:
    """Damage anywhere, headers included, ends in streets or in an error that names the file."""
    rng = random.Random(2)  # noqa: S311 - drawn damage, no secret
    sound = pbf.write(
        tmp_path / "sound.osm.pbf", pbf.block(NODES), pbf.block(WAY, AREA)
    ).read_bytes()
    path = tmp_path / "spoiled.osm.pbf"
    read = 0
    for _ in range(500):
        path.write_bytes(spoiled(sound, rng))
        read += told(path)
    assert 0 < read < 500


@given(numbers=st.lists(st.integers(-(2**62), 2**62 - 1)))
def test_packed_numbers_come_back(numbers: list[int]) -> None:
    """Signed differences of any size are summed up again, field by field."""
    content = pbf.field(1, pbf.deltas(numbers)) + pbf.field(
        2, pbf.packed(n % 2**32 for n in numbers)
    )
    data = np.frombuffer(content, np.uint8)
    both = read_fields(data, whole(data), tags(10, 18))
    found, offset = unpack(data, both[:1, 1:].copy(), True)
    assert found.tolist() == numbers
    assert offset.tolist() == [0, len(numbers)]
    assert unpack(data, both[1:, 1:].copy(), False)[0].tolist() == [n % 2**32 for n in numbers]


def real_extracts() -> list[Path]:
    """Return every extract of the real data; a missing folder is a failure, not a skip."""
    folder = Path(os.environ.get("CIRCLES_REAL_DATA", "CIRCLES_REAL_DATA"))
    return sorted(folder.rglob("*.osm.pbf")) or [folder / "no.osm.pbf"]


@pytest.mark.real
@pytest.mark.parametrize("path", real_extracts(), ids=lambda path: path.name)
def test_real_extracts_are_read_as_osmium_reads_them(path: Path) -> None:
    """On every real extract: decoded, not left to osmium, and equal to the last bit."""
    found = decode(path)
    assert_same(found, collect(path))
    assert len(found.ways.way_id) > 100
    assert np.isfinite(found.ways.node_lon).mean() > 0.85
