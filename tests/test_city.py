"""A city put together from its districts is the city that one run would have found."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from shapely import Point
from shapely.affinity import translate

from circles.assessment import Assessment
from circles.batch import city_files
from circles.batch.city import combine
from circles.batch.city_files import CITY_FILES, write_city
from circles.crs import WGS84
from circles.district import Prepared, assess, prepare
from circles.errors import InputError, OutputError
from circles.evaluation.findings import Finding, Subject, findings_table
from circles.inputs import read_district
from circles.join_quality import some_names
from circles.project import load_project
from circles.reports.record import Results
from circles.standards.model import Standard
from circles.texts import LANGS, Note, load_texts
from circles.walking import Profile
from tests.drawn_assessment import drawn_assessment, drawn_gaps

SAMPLE = Path(__file__).parent.parent / "data" / "sample" / "circles.toml"
TABLES = (
    *("communities", "facilities", "facility_joins", "joins", "verdicts", "tiers", "findings"),
    *("rollups", "breakdown", "unit_scores", "setting_ways", "gaps", "group_shares", "streets"),
    *("water", "green", "unreached"),
)


@dataclass(frozen=True)
class Halves:
    """The sample in one run, and street by street."""

    whole: Assessment
    parts: tuple[Assessment, ...]


@pytest.fixture(scope="module", name="sample")
def _sample() -> Halves:
    prepared = prepare(read_district(load_project(SAMPLE)))
    whole = assess(prepared)
    streets = dict.fromkeys(prepared.district.communities.table["street"])
    return Halves(whole, tuple(_part(prepared, whole, street) for street in streets))


def _part(prepared: Prepared, whole: Assessment, street: str) -> Assessment:
    """Score one street's communities; what other rules find was found on the whole."""
    district = prepared.district
    chosen = (district.communities.table["street"] == street).to_numpy()
    ids = list(district.communities.table.index[chosen])
    communities = replace(
        district.communities,
        table=district.communities.table.loc[ids],
        population=district.communities.population.loc[ids],
        setting_given=None,
    )
    demand, mine = district.demand, chosen[district.demand.community]
    own = replace(
        demand,
        x_m=demand.x_m[mine],
        y_m=demand.y_m[mine],
        community=(np.cumsum(chosen) - 1)[demand.community[mine]].astype(np.int32),
        weights={group: weight[mine] for group, weight in demand.weights.items()},
        source=demand.source[chosen],
        unknown={group: marked[chosen] for group, marked in demand.unknown.items()},
    )
    of_streets = whole.findings[
        whole.findings["unit_id"].isin(ids)
        | ((whole.findings["level"] == "street") & (whole.findings["unit_name"] == street))
    ]
    part = assess(replace(district, name=street, communities=communities, demand=own))
    return replace(part, findings=of_streets.reset_index(drop=True), unreached=whole.unreached)


@pytest.fixture(scope="module", name="together")
def _together(sample: Halves) -> Assessment:
    whole = sample.whole
    return combine(sample.parts, name=whole.name, level="district", findings=whole.findings)


def in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in an order of its own, without places' order of points."""
    plain = pd.DataFrame(table).reset_index(drop=isinstance(table.index, pd.RangeIndex))
    for name in plain.columns:
        if not pd.api.types.is_numeric_dtype(plain[name]) or plain[name].dtype == bool:
            plain[name] = plain[name].map(str)
    return plain.sort_values(list(plain.columns)).reset_index(drop=True)


@pytest.mark.parametrize("name", TABLES)
def test_parts_make_the_whole(name: str, sample: Halves, together: Assessment) -> None:
    """Each table holds what one run of the whole has found; its counts and means are the same."""
    expected, found = in_words(getattr(sample.whole, name)), in_words(getattr(together, name))
    if name == "streets":  # lines that the map has twice are drawn once
        expected = expected.drop_duplicates().reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-9)
    assert len(sample.parts) == 3


@pytest.mark.parametrize(
    "name", ["communities", "verdicts", "tiers", "findings", "rollups", "breakdown"]
)
def test_order_and_types_are_those_of_one_run(
    name: str, sample: Halves, together: Assessment
) -> None:
    """Where the table of communities is in the order of the streets, so are the results."""
    expected, found = getattr(sample.whole, name), getattr(together, name)
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected), rtol=1e-9)


def test_areas_of_reach_are_united(sample: Halves, together: Assessment) -> None:
    """Each need and limit has one area, the same as in one run but for the corners' order."""
    whole, united = sample.whole.isochrones, together.isochrones
    keys = ["service", "profile", "minutes"]
    assert united[keys].to_dict("records") == whole[keys].to_dict("records")
    assert set(united.geometry.geom_type) == {"MultiPolygon"}
    unlike = whole.geometry.symmetric_difference(united.geometry, align=False)
    scale = 110_000.0**2
    assert (unlike.to_numpy().shape, bool(whole.geometry.is_valid.all())) == ((len(whole),), True)
    assert max(area.area for area in unlike) * scale < 1.0


def test_what_is_said_of_the_whole_is_said_once(sample: Halves, together: Assessment) -> None:
    """Notes that all parts have stand once; counts of homes and communities are the whole's."""
    keys = {"warnings.off_network", "warnings.edge_margin", "assumptions.group_from_all"}
    whole = {n for n in (*sample.whole.warnings, *sample.whole.assumptions) if n.key in keys}
    own = {n for n in (*together.warnings, *together.assumptions) if n.key in keys}
    assert own == whole
    assert len(whole) == 3
    told = [note.key for note in together.warnings]
    assert "batch.city_note_of" not in told
    assert told.count("warnings.layer_partial") == 1


def test_without_findings_of_the_whole_those_above_the_parts_are_left_out(sample: Halves) -> None:
    """What is found of a district or a city cannot be added up; a warning names the rules."""
    city = combine(sample.parts, name=sample.whole.name, level="district")
    assert set(city.findings["level"]) == {"community", "street"}
    expected = sample.whole.findings
    expected = expected[expected["level"].isin(["community", "street"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        in_words(city.findings), in_words(expected), check_dtype=False, rtol=1e-9
    )


# Districts drawn by hand.


def district(name: str, east: float = 0.0, **changes: Any) -> Assessment:
    """Return the drawn district under a name, so many degrees farther east."""
    own = drawn_assessment()
    layers = {
        layer: table.assign(geometry=[translate(shape, east) for shape in table.geometry])
        for layer in ("communities", "facilities", "isochrones", "streets", "water", "green")
        if len(table := getattr(own, layer))
    }
    return replace(own, name=name, gaps=drawn_gaps(), **layers, **changes)


def own_ids(assessment: Assessment, letter: str) -> Assessment:
    """Return a district whose communities have ids of their own."""
    tables = {
        name: table.assign(community_id=letter + table["community_id"].astype(str))
        for name in ("verdicts", "tiers", "gaps", "group_shares")
        if len(table := getattr(assessment, name))
    }
    communities = assessment.communities
    ids = pd.Index(letter + communities.index.astype(str), name=communities.index.name)
    return replace(assessment, communities=communities.set_axis(ids), **tables)


@pytest.fixture(name="two")
def _two() -> list[Assessment]:
    """Two districts of their own projects."""
    return [own_ids(district("甲区"), "a"), own_ids(district("乙区", 0.1), "b")]


def test_roll_ups_are_sums(two: list[Assessment]) -> None:
    """A city of two equal districts has twice the counts of each, and the same share."""
    city = combine(two, name="市", districts=True)
    assert len(city.rollups) == len(two[0].standard.targets)
    for row in city.rollups.to_dict("records"):
        tiers = city.tiers[city.tiers["tier"] == row["tier"]]
        setting = tiers["community_id"].map(city.communities["setting"])
        counts = Counter(tiers.loc[setting == row["setting"], "verdict"])
        assert (row["met"], row["not_met"]) == (counts["met"], counts["not_met"])
        assert row["insufficient"] == counts["insufficient_data"]
        judged = counts["met"] + counts["not_met"] + counts["insufficient_data"]
        assert row["share_low"] == pytest.approx(counts["met"] / judged, nan_ok=True)


def test_a_community_belongs_to_the_district_of_its_project(two: list[Assessment]) -> None:
    """Where a table names no district, each project is one; roll-ups are broken down by it."""
    bare = [replace(p, communities=p.communities.assign(district=None)) for p in two]
    city = combine(bare, name="市", districts=True)
    assert list(dict.fromkeys(city.communities["district"])) == ["甲区", "乙区"]
    below = city.breakdown[city.breakdown["level"] == "district"]
    assert list(dict.fromkeys(below["unit_name"])) == ["甲区", "乙区"]
    assert set(combine(bare, name="市").communities["district"]) == {None}


def test_the_same_ids_in_two_districts_are_told_apart() -> None:
    """All ids begin with the district's name then, and an assumption says so."""
    parts = [district("甲区"), district("乙区", 0.1)]
    city = combine(parts, name="市")
    ids = [f"{part.name}/{i}" for part in parts for i in part.communities.index]
    assert list(city.communities.index) == ids
    for name in ("verdicts", "tiers", "gaps"):
        table = getattr(city, name)
        assert set(table["community_id"]) <= set(ids)
        assert len(table) == sum(len(getattr(part, name)) for part in parts)
    assert city.assumptions[0] == Note.of("batch.city_same_ids")


def test_a_community_in_two_districts_is_refused() -> None:
    """The same id at the same place would be counted twice."""
    with pytest.raises(InputError, match=r"001001 is in 甲区 and 乙区.*counted twice"):
        combine([district("甲区"), district("乙区")], name="市")


def test_districts_of_two_standards_are_refused(two: list[Assessment]) -> None:
    """Both are named, whether the id differs or what stands under it."""
    standard = two[1].standard
    other = replace(two[1], standard=standard.model_copy(update={"id": "other"}))
    with pytest.raises(
        InputError, match=r"甲区 was assessed against 'drawn' and 乙区 against 'oth"
    ):
        combine([two[0], other], name="市")
    later = replace(two[1], standard=standard.model_copy(update={"deadline": date(2030, 1, 1)}))
    with pytest.raises(InputError, match=r"against another version of 'drawn'"):
        combine([two[0], later], name="市")


def test_districts_of_two_walking_speeds_are_refused(two: list[Assessment]) -> None:
    """A profile of one name must be one profile."""
    other = replace(two[1], profiles={**two[1].profiles, "adult": Profile("adult", 9.0, 1.0)})
    with pytest.raises(InputError, match=r"profile 'adult' of 乙区 is not that of 甲区"):
        combine([two[0], other], name="市")


def test_a_city_of_no_district_is_refused() -> None:
    """There is nothing to put together."""
    with pytest.raises(InputError, match="no district"):
        combine([], name="市")


def test_a_date_that_is_not_the_same_is_none(two: list[Assessment]) -> None:
    """The city bears no date then, and says which there are."""
    assert combine(two, name="市").as_of == date(2025, 6, 30)
    city = combine([two[0], replace(two[1], as_of=date(2024, 1, 1))], name="市")
    assert city.as_of is None
    said = [load_texts(lang).note(note) for note in city.warnings for lang in LANGS]
    assert any("2024-01-01、2025-06-30" in words for words in said)


def test_one_invented_district_makes_the_city_invented(two: list[Assessment]) -> None:
    """The label is not lost."""
    parts = [replace(two[0], fictional=False), two[1]]
    assert combine(parts, name="市").fictional
    assert not combine(parts[:1], name="市").fictional


def shared(name: str, part: Assessment, **changes: Any) -> Assessment:
    """Return a part with one facility on its map, beyond the eastern border of the first."""
    places = gpd.GeoDataFrame(
        {
            "facility_id": ["f"],
            "name": ["饭堂"],
            "service": ["elder_meal"],
            "origin": ["a.csv"],
            "off_network": [False],
        },
        geometry=[part.communities.geometry.iloc[0].centroid],
        crs=WGS84,
    )
    joins = pd.DataFrame({"walled_off": [False], "moved": [False]})
    return replace(part, name=name, facilities=places, facility_joins=joins, **changes)


def test_a_facility_on_two_maps_is_counted_once(two: list[Assessment]) -> None:
    """The part in whose communities it lies tells how it joins the streets, whichever is first."""
    east = shared("乙区", two[1])
    away = {"off_network": [True]}
    seen = replace(
        shared("甲区", two[0]),
        facilities=east.facilities.assign(**away),
        facility_joins=pd.DataFrame({"walled_off": [True], "moved": [False]}),
    )
    for parts in ([seen, east], [east, seen]):
        city = combine(parts, name="市")
        assert city.facilities["off_network"].tolist() == [False]
        assert city.facility_joins.to_dict("records") == [{"walled_off": False, "moved": False}]
        counted = city.joins.set_index("service").loc["elder_meal"]
        assert counted.to_dict() == {"points": 1, "off_network": 0, "walled_off": 0, "moved": 0}
        homes = city.joins[city.joins["service"] == ""]
        own = sum(int(p.joins.loc[p.joins["service"] == "", "points"].sum()) for p in parts)
        assert homes["points"].tolist() == [own]


def test_a_facility_outside_all_districts_is_on_some_street(two: list[Assessment]) -> None:
    """Streets end where a part's map ends; a part that has the street knows better."""
    far = [Point(120.0, 30.0)]
    parts = [
        replace(p, facilities=p.facilities.assign(geometry=far, off_network=off))
        for p, off in ((shared("甲区", two[0]), [True]), (shared("乙区", two[1]), [False]))
    ]
    for order in (parts, parts[::-1]):
        assert combine(order, name="市").facilities["off_network"].tolist() == [False]


def test_two_facilities_of_one_id_are_two(two: list[Assessment]) -> None:
    """Lists of two districts both begin with number 1; the place tells them apart."""
    city = combine([shared("甲区", two[0]), shared("乙区", two[1])], name="市")
    assert city.facilities["facility_id"].tolist() == ["f", "f"]


def nobody(*names: str) -> pd.DataFrame:
    """Return facilities within nobody's reach."""
    rows = [("places", "f", name, "elder_meal", 3.0, False) for name in names]
    columns = ["rule_id", "facility_id", "name", "service", "capacity", "off_network"]
    return pd.DataFrame(rows, columns=columns)


def test_nobody_reaches_what_nobody_reaches_in_any_part(two: list[Assessment]) -> None:
    """A facility that is out of reach of one district's residents may be in reach of another's."""
    first = shared("甲区", two[0])
    second = replace(shared("乙区", two[1]), facilities=first.facilities)
    alone = replace(first, unreached=nobody("饭堂"))
    assert combine([alone, second], name="市").unreached.empty
    both = combine([alone, replace(second, unreached=nobody("饭堂"))], name="市").unreached
    pd.testing.assert_frame_equal(both, nobody("饭堂"), check_dtype=False)


def told(part: Assessment, *notes: Note) -> Assessment:
    """Return a part with these warnings."""
    return replace(part, warnings=notes)


def test_notes_of_all_stand_once_and_of_some_by_name(two: list[Assessment]) -> None:
    """What holds for one district is said of it, in both languages."""
    every, one = Note.of("words.fictional_note"), Note.of("briefing.warnings_none")
    city = combine([told(two[0], every), told(two[1], one, every, every)], name="市")
    assert city.warnings[0] == every
    assert len(city.warnings) == 2
    zh, en = (load_texts(lang).note(city.warnings[1]) for lang in LANGS)
    assert zh == "乙区：没有需要提醒的事项。"
    assert en == "乙区: There is nothing to warn of."


def test_notes_of_many_name_a_few_districts() -> None:
    """Of more than three districts there are three names and a number."""
    one = Note.of("briefing.warnings_none")
    parts = [own_ids(told(district(f"区{i}", 0.1 * i), one), str(i)) for i in range(5)]
    city = combine([*parts[:4], told(parts[4])], name="市")
    assert load_texts("zh").note(city.warnings[0]).startswith("区0、区1、区2等4个片区：没有")


def test_counts_of_communities_add_up(two: list[Assessment]) -> None:
    """They lie in one district each; examples are a few of all."""
    notes = [
        Note.of("warnings.edge_margin", count=count, examples=names)
        for count, names in ((2, ("甲", "乙")), (5, ("丙", "丁", "戊", "己", "庚")))
    ]
    city = combine([told(part, note) for part, note in zip(two, notes, strict=True)], name="市")
    examples = some_names(pd.Series(list("甲乙丙丁戊己庚")))
    assert city.warnings == (Note.of("warnings.edge_margin", count=7, examples=examples),)


def test_lost_points_are_counted_anew(two: list[Assessment]) -> None:
    """A facility that two maps share is not lost twice."""
    parts = []
    for name, part in zip(("甲区", "乙区"), two, strict=True):
        own = shared(name, part)
        own = replace(
            own,
            facilities=own.facilities.assign(geometry=[Point(120, 30)], off_network=[True]),
        )
        note = Note.of("warnings.facilities_off_network", count=1, limit_m=250, examples=("饭堂",))
        parts.append(told(own, note))
    city = combine(parts, name="市")
    keys = [note.key for note in city.warnings]
    assert keys.count("warnings.facilities_off_network") == 1
    assert dict(city.warnings[0].values)["count"] == 1


def found(level: str, unit: str, communities: int, **changes: Any) -> Finding:
    """Return what a rule finds in a unit."""
    subject = Subject("elder_meal", "presence", level, unit, unit, None, communities)  # type: ignore[arg-type]
    values: dict[str, Any] = {"measure": "located", "unit": "facilities", "verdict": "met"}
    return Finding(subject, **(values | changes))


def with_findings(part: Assessment, *findings: Finding) -> Assessment:
    """Return a part that found these, and whose communities name no district."""
    bare = part.communities.assign(district=None)
    return replace(part, communities=bare, findings=findings_table(findings))


def test_findings_of_units_in_one_part_stand_and_others_do_not(two: list[Assessment]) -> None:
    """A street of two districts is two streets; the city of a district's run is no city."""
    count = len(two[0].communities)
    one = with_findings(two[0], found("district", "甲区", count), found("city", "甲区", count))
    other = with_findings(two[1], found("district", "乙区", count), found("district", "丙区", 1))
    city = combine([one, other], name="市", districts=True)
    shown = city.findings[["level", "unit_id"]].to_numpy().tolist()
    assert shown == [["district", "甲区"], ["district", "乙区"]]
    assert city.warnings[0].key == "batch.city_findings_left_out"
    given = findings_table([found("city", "市", 2 * count), found("district", "丙区", 1)])
    whole = combine([one, other], name="市", districts=True, findings=given)
    assert whole.findings[["level", "unit_id"]].to_numpy().tolist() == [["city", "市"], *shown]


def test_communities_without_a_unit_add_up(two: list[Assessment]) -> None:
    """Each part tells of its own; the city tells of them all in one line."""
    values = {"verdict": "insufficient_data", "reason": "no_street"}
    parts = [
        with_findings(part, found("street", "", n, reason_values=(("count", n),), **values))
        for n, part in zip((2, 3), two, strict=True)
    ]
    row = combine(parts, name="市", districts=True).findings.to_dict("records")
    assert [(own["communities"], own["reason_values"]) for own in row] == [(5, (("count", 5),))]


def test_streets_of_one_name_in_two_districts_are_two(two: list[Assessment]) -> None:
    """A finding of a street bears its district where each project is one."""
    parts = []
    for part in two:
        ids = list(part.communities.index)
        streets = part.communities.assign(street="河街", district=None)
        own = with_findings(replace(part, communities=streets), found("street", "河街", len(ids)))
        parts.append(own)
    city = combine(parts, name="市", districts=True)
    assert city.findings["unit_id"].tolist() == ["甲区/河街", "乙区/河街"]


def ways(**rows: Sequence[float]) -> pd.DataFrame:
    """Return what other ways of telling urban from rural would change."""
    names = ["used", "known", "urban", "rural", "class_changes", "verdict_changes", "tier_changes"]
    table = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows.values()])
    table.insert(0, "way", list(rows))
    return table.astype({"used": bool})


def test_ways_of_telling_settings_are_summed(two: list[Assessment]) -> None:
    """Where a way says nothing of a part, its communities stay what they are."""
    both = [
        replace(
            two[0], setting_ways=ways(column=(1, 6, 4, 2, 0, 0, 0), zone=(0, 2, 5, 1, 1, 2, 1))
        ),
        replace(two[1], setting_ways=ways(column=(1, 6, 4, 2, 0, 0, 0))),
    ]
    table = combine(both, name="市").setting_ways.set_index("way")
    settings = Counter(two[1].communities["setting"])
    assert table.loc["column", ["known", "urban", "rural"]].tolist() == [12, 8, 4]
    expected = [2, 5 + settings["urban"], 1 + settings["rural"], 1, 2, 1]
    names = ["known", "urban", "rural", "class_changes", "verdict_changes", "tier_changes"]
    assert table.loc["zone", names].tolist() == expected
    assert table["used"].tolist() == [True, False]


def test_residents_that_only_a_layer_knows_weigh_in_scores(two: list[Assessment]) -> None:
    """A city's score is the mean over residents, wherever they were counted."""
    scores = []
    for people in (None, [float(i) for i in range(len(two[0].communities))]):
        parts = []
        for part in two:
            own = part.communities.assign(demand_source="population", population=np.nan)
            totals = dict(zip(own.index, people or [], strict=False))
            verdicts = part.verdicts.assign(
                group="all",
                unit="people",
                group_assumed=False,
                total=part.verdicts["community_id"].map(totals).astype(float),
            )
            parts.append(replace(part, communities=own, verdicts=verdicts))
        city = combine(parts, name="市")
        scores.append(city.unit_scores[city.unit_scores["level"] == "city"].iloc[0])
    assert [row["weighted_by"] for row in scores] == ["communities", "population"]


def test_a_city_of_one_district_is_that_district(two: list[Assessment]) -> None:
    """Nothing is lost or told twice."""
    city = combine(two[:1], name="甲区", level="district")
    assert (city.warnings, city.assumptions) == (two[0].warnings, two[0].assumptions)
    for name in ("communities", "verdicts", "tiers", "isochrones", "gaps"):
        expected, own = (pd.DataFrame(getattr(one, name)) for one in (two[0], city))
        assert sorted(map(str, own.to_dict("records"))) == sorted(
            map(str, expected.to_dict("records"))
        )


def test_parts_are_not_changed(two: list[Assessment]) -> None:
    """What was put together is as it was."""
    before = [{f.name: str(getattr(part, f.name)) for f in fields(part)} for part in two]
    combine(two, name="市", districts=True)
    assert before == [{f.name: str(getattr(part, f.name)) for f in fields(part)} for part in two]


# Its files.


def contents(folder: Path) -> Mapping[str, bytes]:
    """Return what lies in a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("lang", LANGS)
def test_a_city_has_the_files_of_a_district(
    lang: str, two: list[Assessment], tmp_path: Path
) -> None:
    """They are there, open, and tell of all communities; equal cities give equal bytes."""
    city = combine(two, name="市", districts=True)
    steps: list[float] = []
    for name in ("one", "two"):
        write_city(
            city,
            tmp_path / name,
            lang=lang,
            more={"made_of": ["甲区"]},
            progress=lambda _name, share: steps.append(share),
        )
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    folder = tmp_path / "one"
    assert set(contents(folder)) == set(CITY_FILES)
    assert steps == sorted(steps[: len(steps) // 2]) * 2
    ids = set(city.communities.index)
    assert set(gpd.read_parquet(folder / "communities.parquet")["community_id"]) == ids
    layer = pyogrio.read_dataframe(folder / "results.gpkg", layer="communities")
    assert set(layer["community_id"]) == ids
    read = Results.read(folder)
    assert set(read.summary["communities"]) == ids
    assert isinstance(read.standard, Standard)
    assert '"made_of"' in (folder / "manifest.json").read_text("utf-8")


def test_other_files_of_the_folder_are_left_alone(two: list[Assessment], tmp_path: Path) -> None:
    """What somebody else put there stays."""
    (tmp_path / "note.txt").write_text("x")
    write_city(combine(two, name="市"), tmp_path, lang="zh")
    assert set(contents(tmp_path)) == {*CITY_FILES, "note.txt"}


def _fail(*_args: object, **_options: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_city_is_written_whole_or_not_at_all(
    two: list[Assessment], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the last file fails, what was there before is as it was, and a new folder goes."""
    write_city(combine(two[:1], name="旧"), tmp_path / "old", lang="zh")
    before = contents(tmp_path / "old")
    monkeypatch.setattr(city_files, "write_summary", _fail)
    for name in ("old", "new"):
        with pytest.raises(OutputError, match="No space left on device"):
            write_city(combine(two, name="新"), tmp_path / name, lang="zh")
    assert contents(tmp_path / "old") == before
    assert not (tmp_path / "new").exists()


def _a_file(folder: Path) -> None:
    folder.write_text("x")


def _a_folder_inside(folder: Path) -> None:
    (folder / "map.html").mkdir(parents=True)


@pytest.mark.parametrize("block", [_a_file, _a_folder_inside])
def test_what_stands_in_the_way_is_named(
    block: Callable[[Path], None], two: list[Assessment], tmp_path: Path
) -> None:
    """A file in the place of the folder, or a folder in the place of a file."""
    block(tmp_path / "city")
    with pytest.raises(OutputError, match=r"city: the results of the city cannot be written"):
        write_city(combine(two, name="市"), tmp_path / "city", lang="zh")
