"""A district without streets: what takes walking stays open and says why; all else is judged."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from pyproj import CRS

from circles.assessment import Assessment
from circles.basemap import make_basemap
from circles.crs import WGS84, local_crs
from circles.district import District, assess
from circles.errors import InputError
from circles.evaluation import OnFoot, unjoined
from circles.inputs.frames import score
from circles.maps import render_map
from circles.network import WalkNetwork
from circles.profiles import bundled_profiles
from circles.reports.briefing import render_briefing
from circles.reports.layers import write_layers
from circles.reports.record import Results, record_lines
from circles.reports.summary import summarise, write_summary
from circles.reports.workbook import write_workbook
from circles.scoring import INSUFFICIENT, NOT_APPLICABLE
from circles.standards.model import Standard, Target, Tier
from circles.texts import LANGS, Bilingual, load_texts
from tests.drawn_district import (
    communities_m,
    district_m,
    facilities_m,
    network_m,
    people_m,
    rule,
    square,
)
from tests.drawn_osm import LAT_0, LON_0, Drawing
from tests.drawn_units import inventory, presence, ratio, standard_of, unit_rule

WORDS = Bilingual(zh="圈", en="Circle")
NOTICE: dict[str, str] = {lang: load_texts(lang)("no_network.notice") for lang in LANGS}


def rules() -> Standard:
    """Return a standard with rules of every kind, with and without walking in them."""
    tier = Tier(id="near", name=WORDS, rules=("meal", "far"))
    there = Tier(id="there", name=WORDS, rules=("present",))
    target = {"level": "city", "min_share": 0.5}
    return standard_of(
        rule(),
        rule("far", kind="distance_threshold", max_metres={"urban": 500.0, "rural": 900.0}),
        presence(service="elder_meal"),
        ratio(),
        ratio(
            id="reach",
            numerator={"services": ("elder_meal",), "capacity": "count"},
            catchment={"rule": "meal"},
        ),
        unit_rule({"measure": "population", "min": 50}),
        unit_rule({"measure": "walk_minutes_to_centre", "max": 5}, id="centre"),
        inventory(count=2),
        tiers=(tier, there),
        targets=(
            Target(id="near-city", of={"tier": "near"}, **target),
            Target(id="there-city", of={"rule": "present"}, **target),
        ),
    )


@pytest.fixture(scope="module", name="network")
def _network(tmp_path_factory: pytest.TempPathFactory) -> WalkNetwork:
    drawing = Drawing()
    for name, x_m in {"w": -400, "a": 0, "b": 400, "c": 800, "e": 3000}.items():
        drawing.node(name, float(x_m), 0.0)
    drawing.way("w a b c e", highway="residential")
    return network_m(drawing, tmp_path_factory.mktemp("streets"))


@pytest.fixture(scope="module", name="with_streets")
def _with_streets(network: WalkNetwork) -> District:
    """Three communities along a street: two with people, one of them with a canteen, one empty."""
    communities = communities_m(
        {"west": square(0, 0, 300), "mid": square(400, 0, 300), "empty": square(800, 0, 300)},
        setting={"west": "urban", "mid": "rural", "empty": "urban"},
        all=[100.0, 40.0, 0.0],
    )
    people = people_m(communities, [(0, 20), (50, 20), (400, 20)], all=[60.0, 40.0, 40.0])
    facilities = facilities_m(
        ("Canteen", "elder_meal", 10, 5),
        ("Far away", "elder_meal", 2900, 5),
        ("Nursery", "childcare", 410, 5),
        ("Centre", "party_service", 0, 5),
    ).assign(places=[np.nan, np.nan, 12.0, np.nan])
    return district_m(network, communities, people, facilities, rules())


@pytest.fixture(scope="module", name="walked")
def _walked(with_streets: District) -> Assessment:
    return assess(with_streets)


@pytest.fixture(scope="module", name="unwalked")
def _unwalked(with_streets: District) -> Assessment:
    nothing = gpd.GeoDataFrame(geometry=[], crs=WGS84)
    drawn = make_basemap(None, water=nothing, green=nothing)
    return assess(replace(with_streets, network=None, basemap=drawn))


def findings_of(assessment: Assessment, *rule_ids: str) -> pd.DataFrame:
    """Return the findings of some rules, without what an empty cell is made of."""
    table = assessment.findings
    return table[table["rule_id"].isin(rule_ids)].reset_index(drop=True)


def test_what_takes_no_walking_is_found_as_with_streets(
    walked: Assessment, unwalked: Assessment
) -> None:
    """Presence, ratios, sizes and inventories are the same with a network and without."""
    ids = ("present", "ratio", "size", "count")
    found = findings_of(unwalked, *ids)
    pd.testing.assert_frame_equal(found, findings_of(walked, *ids))
    assert {"met", "not_met", "not_applicable"} <= set(found["verdict"].dropna())


def test_rules_of_access_are_left_open_and_say_why(unwalked: Assessment) -> None:
    """Every verdict of access where somebody lives is insufficient data, for want of streets."""
    table = unwalked.verdicts.set_index(["rule_id", "community_id"])
    assert len(table) == 6
    for community, row in table.reset_index("rule_id").iterrows():
        expected = (
            (NOT_APPLICABLE, "nobody") if community == "empty" else (INSUFFICIENT, "no_network")
        )
        assert (row["verdict"], row["reason"]) == expected
        assert (row["strict_verdict"], row["strict_reason"]) == expected


def test_nothing_unknown_is_a_zero(unwalked: Assessment) -> None:
    """Shares, costs and margins are missing; how many residents there are is known."""
    lived_in = unwalked.verdicts[unwalked.verdicts["community_id"] != "empty"]
    figures = [
        *("share_low", "share_high", "covered_low", "covered_high", "out_of_reach"),
        *("median_cost", "p90_cost", "worst_cost", "beyond_median_cost", "nearest_cost"),
        *("shortfall", "provable_cost", "strict_share_low", "strict_share_high"),
    ]
    assert lived_in[figures].isna().all(axis=None)
    assert lived_in["nearest_facility"].isna().all()
    assert lived_in.groupby("community_id")["total"].unique().map(list).to_dict() == {
        "west": [100.0],
        "mid": [40.0],
    }
    assert unwalked.communities[["off_network_points", "edge_margin_m"]].isna().all(axis=None)
    assert unwalked.facilities["off_network"].isna().all()
    assert unwalked.tiers.loc[unwalked.tiers["tier"] == "near", "score"].isna().all()
    assert (len(unwalked.isochrones), len(unwalked.joins), len(unwalked.unreached)) == (0, 0, 0)
    assert (unwalked.height_share, len(unwalked.streets)) == (None, 0)


def test_circles_of_access_stay_open_and_those_of_presence_do_not(
    walked: Assessment, unwalked: Assessment
) -> None:
    """A tier of access keeps its communities in the denominator; one of presence is as before."""
    tiers = unwalked.tiers.set_index(["tier", "community_id"])["verdict"]
    assert list(tiers["near"]) == [INSUFFICIENT, INSUFFICIENT, NOT_APPLICABLE]
    before = walked.tiers.set_index(["tier", "community_id"])["verdict"]
    assert list(tiers["there"]) == list(before["there"]) == ["met", "not_met", "not_met"]
    rolled = unwalked.rollups.set_index("target_id")
    near = rolled.loc["near-city"]
    assert (near["denominator"], near["insufficient"], near["verdict"]) == (2, 2, INSUFFICIENT)
    assert (near["share_low"], near["share_high"]) == (0.0, 1.0)
    there = walked.rollups.set_index("target_id").loc["there-city"]
    assert rolled.loc["there-city"].to_dict() == there.to_dict()


@pytest.mark.parametrize(
    ("rule_id", "measure", "verdict"),
    [("reach", "catchment", INSUFFICIENT), ("centre", "walk_minutes_to_centre", INSUFFICIENT)],
)
def test_parts_of_other_rules_that_take_walking_stay_open(
    unwalked: Assessment, rule_id: str, measure: str, verdict: str
) -> None:
    """Catchments and the walk to the centre say that there are no streets, and give no figure."""
    table = findings_of(unwalked, rule_id)
    table = table[(table["measure"] == measure) & (table["level"] == "community")]
    own = table.set_index("unit_id")
    assert dict(own["verdict"]) == {"west": verdict, "mid": verdict, "empty": NOT_APPLICABLE}
    assert list(own["reason"]) == ["no_network", "no_network", "nobody"]
    assert own.loc[["west", "mid"], ["value", "value_high", "shortfall"]].isna().all(axis=None)


def test_the_first_warning_is_that_there_are_no_streets(
    walked: Assessment, unwalked: Assessment
) -> None:
    """It counts the rules that stay open, and none speaks of points far from any street."""
    keys = [note.key for note in unwalked.warnings]
    assert keys[0] == "warnings.no_network"
    assert dict(unwalked.warnings[0].values) == {"count": 4, "total": 8}
    assert not {key for key in keys if "off_network" in key or "edge_margin" in key}
    assert (unwalked.walked, walked.walked) == (False, True)
    assert "warnings.no_network" not in {note.key for note in walked.warnings}


def test_a_standard_that_asks_for_no_walk_is_judged_whole(with_streets: District) -> None:
    """The warning then says that nothing stays open for want of streets."""
    only = standard_of(presence(service="elder_meal"))
    found = assess(replace(with_streets, network=None, standard=only))
    assert next(note.key for note in found.warnings) == "warnings.no_network_unneeded"
    assert set(found.findings["verdict"]) == {"met", "not_met"}


def test_communities_nobody_placed_homes_in_still_count(with_streets: District) -> None:
    """Without homes and without streets, the table's own residents are the total; none is none."""
    table = with_streets.communities
    bare = replace(
        with_streets.demand,
        x_m=np.empty(0),
        y_m=np.empty(0),
        community=np.empty(0, dtype=np.int32),
        weights={},
        source=np.full(3, "none", dtype=object),
    )
    found = assess(replace(with_streets, network=None, demand=bare))
    own = found.verdicts[found.verdicts["rule_id"] == "meal"].set_index("community_id")
    assert dict(own["total"]) == {"west": 100.0, "mid": 40.0, "empty": 0.0}
    assert list(own["reason"]) == ["no_network", "no_network", "nobody"]
    unknown = replace(table, population=table.population.iloc[:, :0])
    found = assess(replace(with_streets, network=None, demand=bare, communities=unknown))
    own = found.verdicts[found.verdicts["rule_id"] == "meal"].set_index("community_id")
    assert own["total"].isna().all()
    assert set(own["reason"]) == {"no_network"}
    assert "assumptions.no_population" not in {note.key for note in found.assumptions}


def test_what_another_way_of_settings_changes_is_not_known(with_streets: District) -> None:
    """Nobody can say that no verdict would change where there is no verdict."""
    table = with_streets.communities.table
    coded = replace(with_streets.communities, table=table.assign(nbs_code=["220", "111", "220"]))
    ways = {"settings": {"order": ["column", "nbs_code"]}}
    asked = with_streets.standard.model_copy(
        update={"settings": with_streets.standard.settings.model_copy(update=ways["settings"])}
    )
    found = assess(replace(with_streets, network=None, communities=coded, standard=asked))
    way = found.setting_ways.set_index("way").loc["nbs_code"]
    assert way["class_changes"] == 3
    assert way[["verdict_changes", "tier_changes"]].isna().all()
    page = render_briefing(found, map_html="<html></html>", lang="en")
    assert '<td class="number">unknown</td>' in page


def test_the_run_has_a_metric_system_of_its_own(with_streets: District) -> None:
    """Without a network the CRS lies around the communities; with one it is the network's."""
    bare = replace(with_streets, network=None)
    assert bare.crs == local_crs(LON_0, LAT_0)
    assert with_streets.network is not None
    assert with_streets.crs == with_streets.network.crs


def test_asking_for_streets_that_are_not_there_is_an_error(with_streets: District) -> None:
    """A search that nobody can make ends in an error, and in no figure."""
    demand = with_streets.demand
    on_foot = OnFoot(None, bundled_profiles(), demand, unjoined(len(demand)), unjoined(4))
    assert on_foot.obstacle == "no_network"
    with pytest.raises(InputError, match="no street network was given"):
        _ = on_foot.streets


WRITTEN = {"communities", "facilities", "isochrones"}


@pytest.mark.parametrize("lang", LANGS)
def test_every_output_is_written_and_says_so(
    unwalked: Assessment, tmp_path: Path, lang: str
) -> None:
    """Map, briefing, workbook, layers and figures can all be read, and tell of the want."""
    page = render_map(unwalked, lang=lang)
    assert NOTICE[lang] in page
    assert "OpenStreetMap" not in page
    briefing = render_briefing(unwalked, map_html=page, lang=lang)
    assert f'<p class="notice">{NOTICE[lang]}</p>' in briefing
    assert load_texts(lang)("no_network.gaps") in briefing
    assert load_texts(lang)("briefing.gaps_none") not in briefing

    write_workbook(unwalked, tmp_path / "c.xlsx", lang=lang)
    book = openpyxl.load_workbook(tmp_path / "c.xlsx")
    first = book.worksheets[0]
    assert NOTICE[lang] in [first.cell(row, 1).value for row in range(1, 6)]

    write_layers(unwalked, tmp_path / "r.gpkg", lang=lang)
    names = set(pyogrio.list_layers(tmp_path / "r.gpkg")[:, 0])
    assert names >= WRITTEN
    read = {name: gpd.read_file(tmp_path / "r.gpkg", layer=name) for name in WRITTEN}
    assert (len(read["communities"]), len(read["isochrones"])) == (3, 0)
    assert read["facilities"]["off_network"].isna().all()
    own = read["communities"].set_index("community_id")
    assert own.loc["west", "meal_verdict"] == INSUFFICIENT
    assert load_texts(lang)("reasons.no_network") in own.loc["west", "explanation"]

    write_summary(unwalked, tmp_path / "results.json")
    figures = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert figures["walked"] is False
    assert figures["rules"]["meal"]["verdicts"]["insufficient_data"] == 2
    assert figures["rules"]["meal"]["coverage"] == []


def test_explain_says_what_would_decide(unwalked: Assessment) -> None:
    """Of a community, `circles explain` names the missing streets as what would decide."""
    results = Results(summarise(unwalked), unwalked.standard)
    lines = list(record_lines(results, "west", load_texts("en")))
    assert sum("no street network was given" in line for line in lines) >= 4


def test_the_library_door_takes_no_network(with_streets: District) -> None:
    """`score` finds without streets what an assessment of the same district finds."""
    table = with_streets.communities.table
    frame = table.reset_index(names="id").assign(
        all=with_streets.communities.population["all"].to_numpy()
    )
    found = score(with_streets.standard, None, frame, with_streets.facilities, name="drawn")
    assert not found.walked
    own = findings_of(found, "present").set_index("unit_id")
    assert dict(own["value"]) == {"west": 1.0, "mid": 0.0, "empty": 0.0}
    assert set(found.communities["demand_source"]) == {"none"}
    assert set(found.verdicts["reason"]) == {"no_network", "nobody"}


# ---- Taipei: villages and care points, and no streets ------------------------------------------

_VILLAGES = {"V_ID": "id", "VILLAGE": "name", "TOWN": "street"}
_LAYERS = {
    "community_care_points.csv": ("elder_station", "據點名稱"),
    "c_level_points.csv": ("elder_meal", "據點名稱"),
    "elder_daycare.csv": ("elder_centre", "機關名稱"),
}


def _taipei() -> tuple[gpd.GeoDataFrame, dict[str, pd.DataFrame]]:
    folder = Path(os.environ["CIRCLES_REAL_DATA"]) / "taipei"
    villages = gpd.read_file(folder / "villages_population.geojson").rename(columns=_VILLAGES)
    ages = ["A0A14_CNT", "A15A64_CNT", "A65UP_CNT"]
    villages["all"] = villages[ages].sum(axis=1)
    villages["setting"] = "urban"
    tables = {name: pd.read_csv(folder / name) for name in _LAYERS}
    return villages, {name: t[t["lat"].notna()] for name, t in tables.items()}


def _facilities(tables: Mapping[str, pd.DataFrame]) -> gpd.GeoDataFrame:
    layers = [
        gpd.GeoDataFrame(
            {"name": table[_LAYERS[file][1]], "service": _LAYERS[file][0]},
            geometry=gpd.points_from_xy(table["lon"], table["lat"]),
            crs=WGS84,
        )
        for file, table in tables.items()
    ]
    joined = pd.concat(layers, ignore_index=True)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=WGS84)


@pytest.mark.real
def test_presence_in_taipei_is_what_points_in_polygons_say() -> None:
    """Counts by village, and by district, equal those that shapely alone finds in degrees."""
    villages, tables = _taipei()
    asked = standard_of(
        *(presence(id=service, service=service) for service, _ in _LAYERS.values()),
        presence(id="by-street", service="elder_centre", per="street"),
    )
    found = score(asked, None, villages, _facilities(tables), name="臺北市")
    outlines = dict(zip(villages["id"].astype(str), villages.geometry, strict=True))
    assert len(outlines) == 456
    for file, (service, _) in _LAYERS.items():
        table = tables[file]
        points = [shapely.Point(*place) for place in zip(table["lon"], table["lat"], strict=True)]
        counted = {
            village: int(shapely.intersects(outline, points).sum())
            for village, outline in outlines.items()
        }
        assert sum(counted.values()) == len(points)  # none outside, and none on a border
        own = findings_of(found, service).set_index("unit_id")
        assert own["value"].astype(int).to_dict() == counted
        missed = {village for village, count in counted.items() if count == 0}
        assert set(own.index[own["verdict"] == "not_met"]) == missed
    by_street = findings_of(found, "by-street").set_index("unit_id")["value"]
    where = gpd.sjoin(_facilities({"elder_daycare.csv": tables["elder_daycare.csv"]}), villages)
    assert (
        by_street[by_street > 0].astype(int).to_dict() == where.groupby("street").size().to_dict()
    )


@pytest.mark.real
def test_taipei_under_guangzhous_standard_leaves_only_walking_open() -> None:
    """All verdicts of access wait for streets; presence of what was given is judged everywhere."""
    villages, tables = _taipei()
    found = score("guangzhou-1530", None, villages, _facilities(tables), name="臺北市")
    assert set(found.verdicts["reason"]) == {"no_network"}
    assert set(found.tiers["verdict"]) == {INSUFFICIENT}
    own = findings_of(found, "elder_station-community")
    assert len(own) == 456
    assert set(own["verdict"]) == {"met", "not_met"}
    assert found.communities.crs == WGS84
    assert isinstance(local_crs(121.5, 25.1), CRS)
