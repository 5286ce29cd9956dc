"""Two records of one place: found within a layer and between layers, and counted once."""

import math
import time
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.facilities import (
    Collected,
    Likeness,
    Pair,
    facilities_from_osm,
    facilities_from_table,
    without_duplicates,
)
from circles.facilities.duplicates import (
    CONTACT_M,
    SAME_M,
    SIMILAR_M,
    Sites,
    earth_centred,
    pairs_within,
    same_places,
    similar_places,
)
from circles.facilities.likeness import address_key, alike, core_name, name_key, phone_key
from circles.texts import load_texts

GEOD = pyproj.Geod(ellps="WGS84")
LON, LAT = 113.33, 23.12


def north(metres: float) -> shapely.Point:
    """Return a point so far north of the origin."""
    lon, lat, _ = GEOD.fwd(LON, LAT, 0.0, metres)
    return shapely.Point(lon, lat)


def table(
    at_m: Sequence[float], *, origin: str = "a.csv", service: str | None = None, **cells: object
) -> Collected:
    """Collect a table of places that lie so far north of the origin."""
    rows = pd.RangeIndex(2, 2 + len(at_m), name="row")
    points = [north(metres) for metres in at_m]
    frame = gpd.GeoDataFrame(cells, index=rows, geometry=points, crs=4326)
    return facilities_from_table(frame, origin=origin, service=service)


def mapped(*places: tuple[str, float, dict[str, str]], services: Sequence[str]) -> Collected:
    """Collect places of a map."""
    frame = gpd.GeoDataFrame(
        {"osm_id": [osm_id for osm_id, _, _ in places], "tags": [tags for *_, tags in places]},
        geometry=[north(metres) for _, metres, _ in places],
        crs=4326,
    )
    return facilities_from_osm(frame, services)


def entries(found: Collected) -> list[tuple[int, str, str]]:
    """Return what became of rows: number, fate and reason."""
    return [(e.row, e.fate.value, e.note.key.split(".")[1]) for e in found.ledger.events]


# ---- names, addresses, numbers -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("廣州市天河區獵德長者飯堂有限公司", "猎德长者饭堂"),
        ("天河区猎德长者饭堂", "猎德长者饭堂"),
        ("社区卫生服务站", "社区卫生服务站"),
        ("广东省广州市越秀区北京街社区卫生服务站", "北京街社区卫生服务站"),
        ("財團法人臺北市私立愛愛院", "爱爱院"),
        ("（有限公司）", "有限公司"),
        ("!!!", ""),
    ],
)
def test_what_is_the_name_itself(name: str, core: str) -> None:
    """City, district and legal form go; 社区 is a part of a name."""
    assert core_name(name) == core


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("猎德", "猎德", True),
        ("猎德", "猎德街", True),
        ("员村第一", "员村第二", False),
        ("沙河东", "沙河西", False),
        ("石牌", "冼村", False),
        ("", "", False),
        ("金色童年实验", "金色童年试验", False),
        ("北京街盐运西社区", "北京街盐运西", True),
    ],
)
def test_alike(first: str, second: str, expected: bool) -> None:
    """A name in another, or nearly the same pairs of characters; numbers tell namesakes apart."""
    assert alike(first, second) is expected
    assert alike(second, first) is expected


def test_addresses_and_telephone_numbers() -> None:
    """The house counts, without city, district and spelling; what names no house is none."""
    assert address_key("臺北市士林區三玉里忠誠路2段53巷7號5樓") == address_key(
        "忠诚路２段53巷7号5楼"
    )
    assert address_key("广州市天河区") == ""
    assert address_key("天河路1号") != address_key("天河路11号")
    assert phone_key("(020) 8888-6666") == phone_key("020-88886666") == "02088886666"
    assert phone_key("110") == ""


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_names_can_be_compared(first: str, second: str) -> None:
    """Whatever they are, and either way round; a name with letters is like itself."""
    one, other = core_name(first), core_name(second)
    assert alike(one, other) == alike(other, one)
    assert alike(one, one) == bool(one)
    assert (address_key(first), phone_key(first)) == (address_key(first), phone_key(first))


# ---- oracles -------------------------------------------------------------------------------------


def test_distances_are_those_along_the_ellipsoid() -> None:
    """Over the lengths that are asked for; against the geodesic."""
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(-180, 180, 200), rng.uniform(-85, 85, 200)
    away_m, course = rng.uniform(0, CONTACT_M, 200), rng.uniform(0, 360, 200)
    there = GEOD.fwd(lon, lat, course, away_m)
    straight = earth_centred(lon, lat) - earth_centred(np.asarray(there[0]), np.asarray(there[1]))
    assert np.linalg.norm(straight, axis=1) == pytest.approx(away_m, abs=1e-6)


def drawn_sites(seed: int, count: int, span_degrees: float) -> Sites:
    """Draw facilities of few names, services, addresses and numbers in a small box."""
    rng = np.random.default_rng(seed)
    names = ["猎德", "猎德街", "员村第一", "员村第二", "石牌", "", "金色童年"]
    lon, lat = LON + span_degrees * rng.random(count), LAT + span_degrees * rng.random(count)
    chosen = [names[at] for at in rng.integers(0, len(names), count)]
    return Sites(
        rng.integers(0, 3, count),
        chosen,
        chosen,
        [f"{at}号" if at < 40 else "" for at in rng.integers(0, 80, count)],
        [f"020{at:07}" if at < 40 else "" for at in rng.integers(0, 80, count)],
        [f"9144{at}" if at < 40 else "" for at in rng.integers(0, 80, count)],
        earth_centred(lon, lat),
    )


def slow_same(sites: Sites) -> list[tuple[int, int]]:
    """Compare each row with every kept one before it."""
    kept: list[int] = []
    found = []
    for row in range(len(sites)):
        near = [
            (math.dist(sites.place_m[row], sites.place_m[other]), other)
            for other in kept
            if sites.name[row]
            and (sites.service[row], sites.name[row]) == (sites.service[other], sites.name[other])
        ]
        length_m, other = min(near, default=(math.inf, -1))
        if length_m <= SAME_M:
            found.append((other, row))
        else:
            kept.append(row)
    return found


def slow_similar(sites: Sites) -> dict[tuple[int, int], Likeness]:
    """Compare every two rows."""
    found = {}
    for a in range(len(sites)):
        for b in range(a + 1, len(sites)):
            length_m = math.dist(sites.place_m[a], sites.place_m[b])
            if sites.service[a] != sites.service[b] or length_m > CONTACT_M:
                continue
            if length_m <= SIMILAR_M and alike(sites.core[a], sites.core[b]):
                found[a, b] = Likeness.SIMILAR_NAME
            elif sites.address[a] and sites.address[a] == sites.address[b]:
                found[a, b] = Likeness.SAME_ADDRESS
            elif sites.phone[a] and sites.phone[a] == sites.phone[b]:
                found[a, b] = Likeness.SAME_PHONE
            elif sites.code[a] and sites.code[a] == sites.code[b]:
                found[a, b] = Likeness.SAME_CODE
    return found


@pytest.mark.parametrize("span_degrees", [0.0, 0.001, 0.003, 0.02])
@pytest.mark.parametrize("seed", range(3))
def test_the_search_finds_what_comparing_all_finds(seed: int, span_degrees: float) -> None:
    """Same places and similar ones, crowded and scattered, against brute force."""
    sites = drawn_sites(seed, 150, span_degrees)
    assert [(m.first, m.second) for m in same_places(sites)] == slow_same(sites)
    found = {(m.first, m.second): m.likeness for m in similar_places(sites)}
    assert found == slow_similar(sites)


def test_pairs_within_a_distance() -> None:
    """Each pair once, the earlier row first; none where there are no places."""
    place_m = earth_centred(np.full(3, LON), np.array([north(y).y for y in (0.0, 30.0, 100.0)]))
    first, second, length_m = pairs_within(place_m, 80)
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == [(0, 1), (1, 2)]
    assert length_m == pytest.approx([30, 70], abs=1e-6)
    assert len(pairs_within(place_m[:1], 80)[0]) == 0
    assert len(pairs_within(place_m[:0], 80)[0]) == 0


@pytest.mark.parametrize("span_degrees", [0.1, 0.0005, 0.0])
def test_ten_thousand_facilities_take_seconds(span_degrees: float) -> None:
    """Scattered over a city, in one block, and all at one point, as bad geocoding leaves them."""
    sites = drawn_sites(7, 10_000, span_degrees)
    start = time.perf_counter()
    same = {match.second for match in same_places(sites)}
    similar_places(sites, among=~np.isin(np.arange(len(sites)), list(same)))
    assert time.perf_counter() - start < 10


# ---- within a layer ------------------------------------------------------------------------------


def test_the_same_name_at_the_same_place_is_counted_once() -> None:
    """Up to 50 m, however it is spelled; what is farther is another place, or only listed."""
    names = ["猎德长者饭堂", "獵德 長者飯堂", "猎德长者饭堂", "猎德长者饭堂"]
    found = table([0, 49, 60, 300], service="elder_meal", 名称=names)
    assert found.facilities["facility_id"].tolist() == ["a.csv:2", "a.csv:4", "a.csv:5"]
    assert entries(found) == [(3, "set_aside", "same_place"), (4, "doubtful", "similar_name")]
    assert found.ledger.used == 3
    assert found.twins == 1
    first, second = found.pairs
    assert first == Pair(
        "a.csv:2", "a.csv:3", "elder_meal", Likeness.SAME_NAME, pytest.approx(49), certain=True
    )
    assert (second.first, second.second, second.certain) == ("a.csv:2", "a.csv:4", False)
    note = load_texts("zh").note(found.ledger.events[0].note)
    assert "第2行“猎德长者饭堂”" in note
    assert "相距49米" in note


def test_two_canteens_in_one_building_are_two() -> None:
    """Different names at one address are both counted; that they may be one place is listed."""
    found = table(
        [0, 0],
        service="elder_meal",
        名称=["福寿长者饭堂", "石牌社区食堂"],
        地址=["天河路1号", "广州市天河区天河路1号"],
        座位数=["30", "40"],
    )
    assert found.facilities["seats"].sum() == 70
    assert entries(found) == [(3, "doubtful", "same_address")]


def test_one_number_and_no_name_in_common() -> None:
    """The same telephone number nearby is listed; far away it is the operator's."""
    found = table(
        [0, 150, 900], service="police", 名称=["甲", "乙", "丙"], 电话=["020-88886666"] * 3
    )
    assert entries(found) == [(3, "doubtful", "same_phone")]


def test_one_code_and_no_name_in_common() -> None:
    """An operator's code nearby is listed, as a telephone number is."""
    codes = ["91440101MA5XXXX01A", "91440101ma5xxxx01a", ""]
    cells = {"名称": ["甲", "乙", "丙"], "统一社会信用代码": codes}
    assert entries(table([0, 150, 150], service="police", **cells)) == [
        (3, "doubtful", "same_code")
    ]


def test_services_at_one_place_are_no_duplicates() -> None:
    """A station and its canteen are two services, in two rows as in one."""
    found = table([0, 0], 名称=["猎德颐康服务站", "猎德长者饭堂"], 地址=["天河路1号"] * 2)
    assert found.facilities["service"].tolist() == ["elder_station", "elder_meal"]
    assert found.pairs == ()


def test_a_row_with_a_further_service_is_not_set_aside() -> None:
    """Only the service that is there already is counted once."""
    found = table([0, 10], 类型=["长者饭堂", "长者饭堂、日托"], 名称=["猎德", "猎德"])
    kept = zip(found.facilities["facility_id"], found.facilities["service"], strict=True)
    assert list(kept) == [("a.csv:2", "elder_meal"), ("a.csv:3", "elder_daycare")]
    assert entries(found) == [(3, "doubtful", "same_service")]


def test_a_capacity_is_counted_once_and_not_lost() -> None:
    """What the kept record lacks is taken over; where they differ the kept one's counts."""
    found = table(
        [0, 1, 500, 501],
        service="elder_home",
        名称=["甲院", "甲院", "乙院", "乙院"],
        床位=["", "60", "20", "25"],
    )
    assert found.facilities["beds"].tolist() == [60, 20]
    assert sorted(entries(found)) == [
        *((2, "repaired", "amount_filled"), (3, "set_aside", "same_place")),
        *((4, "doubtful", "amounts_differ"), (5, "set_aside", "same_place")),
    ]


def test_places_without_a_name_are_not_compared_by_name() -> None:
    """Two pitches without names are two."""
    found = table([0, 0], service="sports", 名称=[None, ""])
    assert len(found.facilities) == 2
    assert found.pairs == ()


def test_a_crowd_at_one_point_is_told() -> None:
    """Hundreds of places of one kind at one spot are geocoded to an area's middle."""
    names = [f"{place}号诊所" for place in range(300)]
    found = table([0] * 300, service="clinic", 名称=names)
    assert len(found.facilities) == 300
    (fact,) = (note for note in found.ledger.facts if note.key == "facilities.crowded")
    assert dict(fact.values) == {"count": 300}


# ---- between layers ------------------------------------------------------------------------------


def test_a_second_table_does_not_count_a_place_again() -> None:
    """The first layer's record is kept, and takes over what only the second knows."""
    first = table([0, 500], service="elder_meal", 名称=["猎德长者饭堂", "石牌长者饭堂"])
    second = table(
        [20, 560, 900],
        origin="b.csv",
        service="elder_meal",
        名称=["獵德長者飯堂", "天河区石牌长者饭堂", "五山长者饭堂"],
        座位数=["30", "40", "50"],
    )
    one, other = without_duplicates([first, second])
    assert one.facilities["seats"].tolist()[0] == 30
    assert other.facilities["facility_id"].tolist() == ["b.csv:3", "b.csv:4"]
    assert entries(one) == [(2, "repaired", "amount_filled")]
    assert entries(other) == [(2, "set_aside", "same_place"), (3, "doubtful", "similar_name")]
    note = load_texts("en").note(other.ledger.events[0].note)
    assert "row 2 of a.csv, “猎德长者饭堂”" in note
    assert "20 m apart" in note
    assert len(second.facilities) == 3  # what was given is unchanged


@pytest.mark.parametrize("swapped", [False, True])
def test_a_tables_record_is_kept_and_the_maps_left_out(swapped: bool) -> None:
    """Whichever layer comes first; by the same name or a similar one, not by nearness alone."""
    given_ = table([0, 300, 600], service="childcare", 名称=["甲托育园", "乙阳光托育", "丙托育"])
    tags = {"amenity": "childcare"}
    osm = mapped(
        ("n1", 30, tags | {"name": "甲托育园", "capacity": "99"}),
        ("n2", 380, tags | {"name": "天河区乙阳光托育园"}),
        ("n3", 610, tags),
        ("n4", 5, tags | {"name": "蓓蕾"}),
        ("n5", 800, tags | {"name": "丙托育"}),
        services=["childcare"],
    )
    layers = [osm, given_] if swapped else [given_, osm]
    found = without_duplicates(layers)
    one, other = reversed(found) if swapped else found
    assert len(one.facilities) == 3
    assert one.facilities["places"].isna().all()  # a map's capacity is another source
    assert other.facilities["facility_id"].tolist() == ["n3", "n4", "n5"]
    assert other.ledger.read == other.ledger.used == 3
    (fact,) = other.ledger.facts
    assert dict(fact.values)["examples"] == ("n1", "n2")
    assert entries(one) == [(4, "doubtful", "nameless")]
    certain = {(pair.first, pair.second) for pair in other.pairs if pair.certain}
    assert certain == {("a.csv:2", "n1"), ("a.csv:3", "n2")}


def test_other_services_of_a_map_are_not_duplicates() -> None:
    """A library and a community centre of one name at one place are both there."""
    given_ = table([0], service="party_service", 名称=["猎德"])
    osm = mapped(("n1", 0, {"amenity": "library", "name": "猎德"}), services=["culture"])
    assert [len(layer.facilities) for layer in without_duplicates([given_, osm])] == [1, 1]
    assert without_duplicates([]) == []


def test_second_records_of_a_map_are_told() -> None:
    """The node is kept and takes over what only the area knows; the books say how many."""
    tags = {"amenity": "childcare", "name": "蓓蕾"}
    found = mapped(("w1", 0, tags | {"capacity": "40"}), ("n2", 30, tags), services=["childcare"])
    assert found.facilities["facility_id"].tolist() == ["n2"]
    assert found.facilities["places"].tolist() == [40]
    assert (found.twins, found.ledger.read) == (1, 1)
    (fact,) = found.ledger.facts
    assert fact.key == "facilities.map_twins"


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["猎德饭堂", "猎德街饭堂", "石牌饭堂", ""]), st.integers(0, 150)),
        max_size=8,
    ),
    st.integers(0, 8),
)
def test_no_facility_is_lost(places: list[tuple[str, int]], cut: int) -> None:
    """Each row of two tables is counted or set aside with its reason, and every pair is of rows."""
    layers = [
        table([y for _, y in part], origin=origin, service="elder_meal", 名称=[n for n, _ in part])
        for origin, part in (("a.csv", places[:cut]), ("b.csv", places[cut:]))
    ]
    found = without_duplicates(layers)
    for layer, part in zip(found, (places[:cut], places[cut:]), strict=True):
        assert len(layer.facilities) == len(layer.records) == layer.ledger.used
        assert layer.ledger.read == len(part)
        assert layer.facilities.index.tolist() == list(range(len(layer.facilities)))
    names = {(name_key(n), y) for n, y in places if n}
    left = pd.concat([layer.facilities for layer in found])
    kept = [(name_key(n), p) for n, p in zip(left["name"], left.geometry, strict=True)]
    for name, y in names:
        near = [GEOD.inv(LON, north(y).y, p.x, p.y)[2] for other, p in kept if other == name]
        assert min(near) <= SAME_M + 1e-6
