"""The doctor against tables whose datum is known: right or silent, never wrong."""

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import eviltransform
import geopandas as gpd
import numpy as np
import pytest
import shapely

from circles.crs import local_crs, to_degrees, to_metres
from circles.datum import Datum
from circles.datum_evidence import MIN_PLACES, Diagnosis, contradicts, diagnose
from circles.network.build import network_from_osm
from circles.osm import read_osm
from circles.surroundings import Surroundings
from circles.texts import load_texts

GUANGZHOU = local_crs(113.26, 23.13)
SHIFTS: dict[Datum, Callable[[float, float], tuple[float, float]]] = {
    Datum.WGS84: lambda lat, lon: (lat, lon),
    Datum.GCJ02: eviltransform.wgs2gcj,
    Datum.BD09: eviltransform.wgs2bd,
}


def in_datum(places: np.ndarray, datum: Datum) -> tuple[np.ndarray, np.ndarray]:
    """Return places (metres around Guangzhou) as degrees, shifted by the other implementation."""
    lon, lat = to_degrees(places[:, 0], places[:, 1], GUANGZHOU)
    pairs = np.array([SHIFTS[datum](y, x) for x, y in zip(lon, lat, strict=True)])
    return pairs[:, 1], pairs[:, 0]


@dataclass(frozen=True)
class Town:
    """A town at Guangzhou: what surrounds its places, and places in it."""

    surroundings: Surroundings
    places: np.ndarray

    def draw(self, count: int, chance: np.random.Generator) -> np.ndarray:
        """Draw some of the places."""
        return self.places[chance.permutation(len(self.places))[:count]]


@cache
def drawn_town() -> Town:
    """Draw 8 km² of crooked blocks, houses along their streets, and ponds."""
    chance = np.random.default_rng(5)
    at = np.arange(-2000, 2001, 100.0)
    columns, rows = np.meshgrid(at, at)
    x = columns + chance.normal(0, 18, columns.shape)
    y = rows + chance.normal(0, 18, rows.shape)
    points = np.stack([x, y], axis=-1)
    along = np.stack([points[:, :-1], points[:, 1:]], axis=2).reshape(-1, 2, 2)
    across = np.stack([points[:-1], points[1:]], axis=2).reshape(-1, 2, 2)
    streets = np.concatenate([along, across])
    shares = chance.uniform(0.15, 0.85, (len(streets), 2))
    middle = streets[:, :1] + shares[:, :, None] * (streets[:, 1:] - streets[:, :1])
    way = streets[:, 1] - streets[:, 0]
    normal = np.column_stack([-way[:, 1], way[:, 0]]) / np.linalg.norm(way, axis=1)[:, None]
    side = np.where(chance.uniform(size=len(streets)) < 0.5, 11.0, -11.0)[:, None]
    homes = (middle + (normal * side)[:, None]).reshape(-1, 2)
    size = chance.uniform(5, 8, len(homes))
    houses = shapely.box(*(homes - size[:, None]).T, *(homes + size[:, None]).T)
    ponds = shapely.buffer(shapely.points(chance.uniform(-1800, 1800, (12, 2))), 60)
    squares = [(i, j) for i in range(-2000, 2000, 500) for j in range(-2000, 2000, 500)]
    around = Surroundings(
        GUANGZHOU,
        communities=np.array([shapely.box(i, j, i + 500, j + 500) for i, j in squares]),
        buildings=houses,
        streets=shapely.linestrings(streets),
        water=ponds,
    )
    near = np.abs(homes).max(axis=1) < 1500
    return Town(around, (homes + chance.uniform(-3, 3, homes.shape))[near])


def communities_of(places: np.ndarray, around: Surroundings) -> np.ndarray:
    """Return the position of the community around each place, -1 for none."""
    assert around.communities is not None
    which = np.full(len(places), -1)
    rows, found = shapely.STRtree(around.communities).query(
        shapely.points(places), predicate="intersects"
    )
    which[rows] = found
    return which


def told(diagnosis: Diagnosis, truth: Datum) -> str:
    """Say whether a diagnosis is right, wrong or none."""
    if diagnosis.datum is None:
        return "declined"
    return "right" if diagnosis.datum is truth else "wrong"


@pytest.mark.parametrize("truth", Datum)
def test_a_drawn_town_tells_the_datum(truth: Datum) -> None:
    """Of 10 tables of 60 places in each datum nearly all are right and none is wrong."""
    town, chance = drawn_town(), np.random.default_rng(1)
    tally = Counter(
        told(diagnose(*in_datum(town.draw(60, chance), truth), town.surroundings), truth)
        for _ in range(10)
    )
    assert tally["wrong"] == 0
    assert tally["right"] >= 9


@pytest.mark.parametrize("layer", ["buildings", "streets"])
def test_one_layer_is_enough(layer: str) -> None:
    """With houses alone, or streets alone, 150 places are told."""
    town, chance = drawn_town(), np.random.default_rng(2)
    around = replace(Surroundings(GUANGZHOU), **{layer: getattr(town.surroundings, layer)})
    found = diagnose(*in_datum(town.draw(150, chance), Datum.BD09), around)
    assert found.datum is Datum.BD09
    assert (found.evidence[0].on_building is None) == (layer == "streets")


@pytest.mark.parametrize("truth", Datum)
def test_named_communities_alone_tell_the_datum(truth: Datum) -> None:
    """Places in the communities that their rows name are evidence, with a tenth of wrong names."""
    town, chance = drawn_town(), np.random.default_rng(3)
    around = Surroundings(GUANGZHOU, communities=town.surroundings.communities)
    places = town.draw(120, chance)
    named = communities_of(places, around)
    named[:12] = chance.integers(0, 64, 12)
    found = diagnose(*in_datum(places, truth), around, named=named)
    assert found.datum is truth
    inside = {one.datum: one.in_community for one in found.evidence}
    assert inside[truth] is not None
    assert inside[truth] >= 108
    assert max(inside, key=lambda datum: inside[datum] or 0) is truth


@pytest.mark.parametrize("truth", Datum)
@pytest.mark.parametrize("count", [0, 1, 5, MIN_PLACES - 1])
def test_a_few_places_are_declined(truth: Datum, count: int) -> None:
    """With 5 places nobody can tell, and the setting is asked for."""
    town, chance = drawn_town(), np.random.default_rng(4)
    found = (
        diagnose(
            *in_datum(np.resize(town.draw(count, chance), (count, 2)), truth), town.surroundings
        )
        if count
        else diagnose([], [], town.surroundings)
    )
    assert found.datum is None
    assert found.notes[-1].key == "datum.ask"


def test_duplicates_count_once() -> None:
    """Five places written down forty times are five places."""
    town, chance = drawn_town(), np.random.default_rng(4)
    lon, lat = in_datum(town.draw(5, chance), Datum.GCJ02)
    found = diagnose(np.tile(lon, 40), np.tile(lat, 40), town.surroundings)
    assert (found.datum, found.places) == (None, 5)


def test_places_shifted_by_something_else_are_declined() -> None:
    """Tables moved by some other 120 to 800 m fit no hypothesis, and none is named."""
    town, chance = drawn_town(), np.random.default_rng(6)
    for trial in range(20):
        angle, far_m = chance.uniform(0, 2 * np.pi), chance.uniform(120, 800)
        places = town.draw(80, chance) + far_m * np.array([np.cos(angle), np.sin(angle)])
        datum = list(Datum)[trial % 3]
        assert diagnose(*in_datum(places, datum), town.surroundings).datum is None


def test_places_anywhere_are_declined() -> None:
    """Places drawn at random lie on no building more than chance has it."""
    town, chance = drawn_town(), np.random.default_rng(8)
    for _ in range(20):
        places = chance.uniform(-1500, 1500, (100, 2))
        assert diagnose(*in_datum(places, Datum.WGS84), town.surroundings).datum is None


def test_a_mixed_table_is_declined_and_said_to_be_mixed() -> None:
    """Half GCJ-02, half WGS 84: both fit, so neither is taken."""
    town, chance = drawn_town(), np.random.default_rng(9)
    parts = [in_datum(town.draw(150, chance), datum) for datum in (Datum.WGS84, Datum.GCJ02)]
    lon, lat = (np.concatenate(both) for both in zip(*parts, strict=True))
    found = diagnose(lon, lat, town.surroundings)
    assert found.datum is None
    assert "datum.several" in [note.key for note in found.notes]


def test_nothing_around_is_declined() -> None:
    """Without buildings, streets or names there is no evidence."""
    town, chance = drawn_town(), np.random.default_rng(9)
    around = Surroundings(GUANGZHOU, water=None, communities=town.surroundings.communities)
    found = diagnose(*in_datum(town.draw(100, chance), Datum.GCJ02), around)
    assert found.datum is None
    assert [note.key for note in found.notes] == ["datum.no_surroundings", "datum.ask"]


def test_places_elsewhere_need_no_decision() -> None:
    """In Taipei all hypotheses are the same, so it is WGS 84, and no evidence is claimed."""
    chance = np.random.default_rng(1)
    lon, lat = chance.uniform(121.5, 121.6, 50), chance.uniform(25.0, 25.1, 50)
    found = diagnose(lon, lat, Surroundings(local_crs(121.5, 25.0)))
    assert (found.datum, found.tested) == (Datum.WGS84, False)
    assert [note.key for note in found.notes] == ["datum.not_mainland"]
    assert contradicts(Datum.GCJ02, found) is None


def test_a_wrong_declaration_is_contradicted() -> None:
    """A table declared as WGS 84 whose places fit as GCJ-02 is pointed out; a right one is not."""
    town, chance = drawn_town(), np.random.default_rng(11)
    found = diagnose(*in_datum(town.draw(100, chance), Datum.GCJ02), town.surroundings)
    note = contradicts(Datum.WGS84, found)
    assert note is not None
    assert "GCJ-02" in load_texts("en").note(note)
    assert contradicts(Datum.GCJ02, found) is None
    assert contradicts(Datum.WGS84, replace(found, datum=None, tested=False)) is None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_report_gives_the_figures(lang: str) -> None:
    """Each note is a sentence, with the counts of each hypothesis in it."""
    town, chance = drawn_town(), np.random.default_rng(12)
    places = town.draw(90, chance)
    named = communities_of(places, town.surroundings)
    found = diagnose(*in_datum(places, Datum.GCJ02), town.surroundings, named=named)
    said = [load_texts(lang).note(note) for note in found.notes]
    on_building = {one.datum: one.on_building for one in found.evidence}
    assert len(said) == 5
    assert any(
        all(str(count) in sentence for count in on_building.values()) for sentence in said[:2]
    )
    assert "GCJ-02" in said[-1]
    assert on_building[Datum.GCJ02] == 90


def test_missing_coordinates_are_passed_over() -> None:
    """Rows without a place take no part."""
    town, chance = drawn_town(), np.random.default_rng(13)
    lon, lat = in_datum(town.draw(100, chance), Datum.BD09)
    lon[:10] = np.nan
    found = diagnose(lon, lat, town.surroundings)
    assert (found.datum, found.places) == (Datum.BD09, 90)


def test_the_same_table_is_told_the_same_in_any_order() -> None:
    """Neither chance nor the order of the rows decides, though some of many are drawn."""
    town, chance = drawn_town(), np.random.default_rng(14)
    lon, lat = in_datum(town.draw(700, chance), Datum.GCJ02)
    turned = chance.permutation(len(lon))
    first = diagnose(lon, lat, town.surroundings)
    again = diagnose(lon[turned], lat[turned], town.surroundings)
    assert first == again
    assert first.notes[0].key == "datum.drawn"


@cache
def real_town(name: str) -> Town:
    """Move a real town to Guangzhou, metre by metre, with its facilities on nodes and buildings."""
    extract = read_osm(Path(os.environ["CIRCLES_REAL_DATA"]) / "osm" / f"{name}.osm.pbf")
    west, south, east, north = extract.box
    home = local_crs((west + east) / 2, (south + north) / 2)

    def moved(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        there = frame.to_crs(home)
        return there.set_crs(GUANGZHOU, allow_override=True)

    network = network_from_osm(extract)
    lines = Surroundings.of(home, network=network).streets
    around = Surroundings.of(
        GUANGZHOU, buildings=moved(extract.buildings), water=moved(extract.water)
    )
    kept = [
        tags.get("amenity") in REAL_KINDS
        or "healthcare" in tags
        or "social_facility" in tags
        or "shop" in tags
        or "office" in tags
        for tags in extract.places.tags
    ]
    places = shapely.get_coordinates(moved(extract.places[kept]).geometry)
    nodes = extract.places.osm_id[kept].str.startswith("n").to_numpy()
    return Town(replace(around, streets=lines), places[nodes])


REAL_KINDS = frozenset(
    ("cafe", "restaurant", "pharmacy", "bank", "school", "kindergarten", "clinic", "doctors")
) | frozenset(("dentist", "library", "community_centre", "social_centre", "childcare"))


@pytest.mark.real
def test_las_palmas_at_guangzhou_is_told_or_declined_but_never_wrong() -> None:
    """Of 200 tables of 30 to 200 facilities, a third in each datum, 190 are right, none wrong."""
    town, chance = real_town("las_palmas"), np.random.default_rng(2026)
    tally: Counter[str] = Counter()
    for trial in range(200):
        truth = list(Datum)[trial % 3]
        places = town.draw(int(chance.integers(30, 201)), chance)
        tally[told(diagnose(*in_datum(places, truth), town.surroundings), truth)] += 1
    assert tally["wrong"] == 0
    assert tally["right"] >= 190


@pytest.mark.real
@pytest.mark.parametrize("truth", Datum)
def test_five_places_of_las_palmas_are_always_declined(truth: Datum) -> None:
    """With 5 places the doctor declines."""
    town, chance = real_town("las_palmas"), np.random.default_rng(5)
    for _ in range(20):
        assert diagnose(*in_datum(town.draw(5, chance), truth), town.surroundings).datum is None


@pytest.mark.real
def test_five_thousand_places_take_two_seconds() -> None:
    """A long table over a real city's buildings and streets is told in time, and right."""
    town, chance = real_town("las_palmas"), np.random.default_rng(5)
    places = np.concatenate([town.places, town.places + chance.normal(0, 2, town.places.shape)])
    lon, lat = in_datum(places[:5_000], Datum.GCJ02)
    diagnose(lon[:50], lat[:50], town.surroundings)  # makes the indices
    started = time.perf_counter()
    found = diagnose(lon, lat, town.surroundings)
    assert found.datum is Datum.GCJ02
    assert time.perf_counter() - started < 4
    assert to_metres(lon[:1], lat[:1], GUANGZHOU)[0].shape == (1,)


@pytest.mark.real
@pytest.mark.parametrize("name", ["liechtenstein", "karlsruhe_kirchfeld", "berlin_miraustrasse"])
def test_other_towns_are_told_or_declined_but_never_wrong(name: str) -> None:
    """Villages in the mountains and single quarters: 12 tables each, none wrong."""
    town, chance = real_town(name), np.random.default_rng(7)
    for trial in range(12):
        truth = list(Datum)[trial % 3]
        places = town.draw(60, chance) + chance.normal(0, 5, (min(60, len(town.places)), 2))
        assert told(diagnose(*in_datum(places, truth), town.surroundings), truth) != "wrong"


@pytest.mark.real
def test_streets_alone_tell_porto() -> None:
    """In a city without buildings places beside the streets are told: 12 tables, none wrong."""
    town, chance = real_town("porto"), np.random.default_rng(8)
    streets = town.surroundings.streets
    assert streets is not None
    around = Surroundings(GUANGZHOU, streets=streets)
    tally: Counter[str] = Counter()
    for trial in range(12):
        some = streets[chance.integers(0, len(streets), 150)]
        side = chance.choice([-1, 1], 150) * chance.uniform(5, 12, 150)
        beside = shapely.get_coordinates(
            shapely.line_interpolate_point(shapely.offset_curve(some, side), 0.5, normalized=True)
        )
        truth = list(Datum)[trial % 3]
        tally[told(diagnose(*in_datum(beside, truth), around), truth)] += 1
    assert tally["wrong"] == 0
    assert tally["right"] >= 9
