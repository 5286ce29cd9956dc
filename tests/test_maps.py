import dataclasses
import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
from importlib.resources import files
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import circles
from circles.assessment import Assessment
from circles.errors import InputError, OutputError
from circles.explain import explain_finding, share_range
from circles.maps import Edition, areas, base_map, build_map, places, render_map, views
from circles.maps.bases import base_data
from circles.maps.encode import (
    encode_each,
    encode_lines,
    encode_numbers,
    encode_points,
    encode_polygons,
)
from circles.maps.offline import json_for_html, page_asset, refuse_outside_references, seal
from circles.maps.pinyin import readings
from circles.maps.sentences import Phrasebook, share_ranges, take_apart
from circles.texts import load_texts
from tests.drawn_assessment import (
    FORMULA_NAME,
    IMAGE_NAME,
    QUOTED_NAME,
    SCRIPT_NAME,
    SOUTH,
    WEST,
    drawn_assessment,
)

TEMPLATE_NAME = "{{ 7 * 7 }}{% raw %}</script><!--\u2028${alert(1)}`\u202e"
HOSTILE = (
    SCRIPT_NAME,
    "`${window.pwned = 1}`",
    "\"'><svg onload=window.pwned=1>",
    "\u202eمرحبا\u2067{name}",
    "长" * 10_000,
    FORMULA_NAME,
)
ZH = load_texts("zh")


def numbers(text: str) -> list[int]:
    """Read whole numbers slowly."""
    found, number, shift = [], 0, 0
    for character in text:
        code = ord(character) - 63
        number |= (code & 31) << shift
        shift += 5
        if not code & 32:
            found.append(~(number >> 1) if number & 1 else number >> 1)
            number = shift = 0
    return found


def decode(text: str) -> list[list[list[list[tuple[float, float]]]]]:
    """Read shapes slowly: of each its polygons, of these their parts as (longitude, latitude)."""
    x = y = 0
    shapes = []
    for shape in re.findall("[^;]*;?", text)[:-1]:
        polygons = []
        for polygon in filter(None, shape.rstrip(";").split(",")):
            parts = []
            for part in polygon.split(" "):
                steps, places_ = numbers(part), []
                for east, north in zip(steps[::2], steps[1::2], strict=True):
                    x, y = x + east, y + north
                    places_.append((x / 100_000, y / 100_000))
                parts.append(places_)
            polygons.append(parts)
        shapes.append(polygons)
    return shapes


def points(text: str) -> list[tuple[float, float]]:
    """Read points slowly."""
    return decode(text)[0][0][0]


def data_of(page: str) -> dict[str, Any]:
    """Return the data blocks of a page by name."""
    found = re.findall(
        r'<script type="application/json" id="circles_(\w+)_data">(.*?)</script>', page, re.DOTALL
    )
    return {name: json.loads(text) for name, text in found}


def with_community_name(assessment: Assessment, name: str) -> Assessment:
    """Return the assessment with its first community renamed."""
    names = [name, *assessment.communities["name"][1:]]
    return dataclasses.replace(assessment, communities=assessment.communities.assign(name=names))


def with_gaps(assessment: Assessment) -> Assessment:
    """Return the assessment with two homes out of reach, and a group that was not asked for."""
    homes = [
        # lon, lat, people, minutes
        (WEST + 0.014, SOUTH + 0.004, 23.4, 24.2),
        (WEST + 0.0145, SOUTH + 0.0045, 9.4, 30.5),
    ]
    gaps = pd.DataFrame(homes, columns=["lon", "lat", "weight", "cost"]).assign(
        rule_id="elder_meal", community_id="001002", unit="people", beyond=True
    )
    shares = pd.DataFrame(
        {
            "community_id": ["001001", "001002"],
            "rule_id": "elder_meal",
            "group": "all",
            "limit": 15.0,
            "total": [8200.0, 6100.0],
            "share_low": [1.0, 0.3],
        }
    )
    for name in ("share_high", "strict_share_low", "strict_share_high"):
        shares[name] = shares["share_low"]
    return dataclasses.replace(assessment, gaps=gaps, group_shares=shares)


def with_hostile(assessment: Assessment) -> Assessment:
    """Return the assessment with a hostile name in every column that holds text of a table."""
    communities, facilities = assessment.communities, assessment.facilities
    own = [HOSTILE[row % len(HOSTILE)] for row in range(len(communities))]
    sites = [HOSTILE[row % len(HOSTILE)] for row in range(len(facilities))]
    verdicts = assessment.verdicts
    near = [HOSTILE[row % len(HOSTILE)] for row in range(len(verdicts))]
    return dataclasses.replace(
        assessment,
        name=SCRIPT_NAME,
        communities=communities.assign(name=own, street=own[::-1], district=own),
        facilities=facilities.assign(name=sites, origin=sites[::-1]),
        verdicts=verdicts.assign(
            nearest_facility=verdicts["nearest_facility"].where(
                verdicts["nearest_facility"].isna(), pd.Series(near)
            )
        ),
    )


def empty(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a layer without its rows."""
    return table.iloc[:0]


# --- shapes as text -------------------------------------------------------------------------


def test_lines_are_encoded_by_the_published_algorithm() -> None:
    """The documentation's own example of the algorithm comes out letter by letter."""
    line = shapely.LineString([(38.5, -120.2), (40.7, -120.95), (43.252, -126.453)])
    assert encode_lines(gpd.GeoSeries([line])) == "_p~iF~ps|U_ulLnnqC_mqNvxq`@"


@given(st.lists(st.integers(-(2**32), 2**32)))
def test_numbers_come_back(values: list[int]) -> None:
    """Whole numbers of either sign are kept, together or each by itself."""
    assert numbers(encode_numbers(values)) == values
    assert encode_each(values) == [encode_numbers([value]) for value in values]


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=30))
def test_points_come_back_within_half_a_step(places: list[tuple[float, float]]) -> None:
    """Any place on Earth is kept to half a hundred-thousandth of a degree."""
    back = points(encode_points(*zip(*places, strict=True)))
    assert len(back) == len(places)
    for (x, y), (east, north) in zip(places, back, strict=True):
        assert abs(x - east) <= 0.5001e-5
        assert abs(y - north) <= 0.5001e-5


def test_polygons_keep_their_parts_and_holes() -> None:
    """A multipolygon with a hole comes back as the same shape, and so does its neighbour."""
    holed = shapely.box(113.3, 23, 113.4, 23.1) - shapely.box(113.33, 23.03, 113.36, 23.06)
    shape = shapely.MultiPolygon([holed, shapely.box(-0.02, -0.01, 0.03, 0.04)])
    for given_, polygons in zip(
        [shape, holed], decode(encode_polygons([shape, holed])), strict=True
    ):
        back = shapely.MultiPolygon([shapely.Polygon(first, holes) for first, *holes in polygons])
        assert back.equals(given_)


def test_shapes_smaller_than_a_step_are_left_out() -> None:
    """A polygon of a few centimetres, or none, keeps its place and does not spoil its neighbour."""
    speck, square = shapely.box(1, 1, 1 + 1e-6, 1 + 1e-6), shapely.box(2, 2, 3, 3)
    assert encode_polygons([speck, None, shapely.Polygon()]) == ";;;"
    first, second = decode(encode_polygons([speck, shapely.MultiPolygon([speck, square])]))
    assert first == []
    ((ring,),) = second
    assert shapely.Polygon(ring).equals(square)


def test_streets_lose_no_length() -> None:
    """Joining and ordering street lines keeps what is drawn."""
    streets = drawn_assessment().streets.geometry
    (parts,) = decode(encode_lines(streets))[0]
    length = sum(shapely.LineString(part).length for part in parts)
    assert length == pytest.approx(shapely.length(streets.to_numpy()).sum())


def test_outlines_are_true_to_a_metre_and_keep_shared_borders() -> None:
    """What is left out of winding borders cannot be seen, and neighbours still meet."""
    along = np.linspace(0, 0.02, 200)
    border = np.column_stack([113.31 + 0.00002 * np.sin(along * 3000), 23 + along])
    west = shapely.Polygon([*border, (113.30, 23.02), (113.30, 23.0)])
    east = shapely.Polygon([*border, (113.32, 23.02), (113.32, 23.0)])
    one, other = areas.plain_outlines(gpd.GeoSeries([west, east]))
    assert shapely.get_num_coordinates(one) < shapely.get_num_coordinates(west)
    assert shapely.hausdorff_distance(one, west) * 111_320 < 2.5
    assert shapely.intersection(one, other).area == 0
    assert shapely.union(one, other).area == pytest.approx(shapely.union(west, east).area, rel=1e-9)


# --- sentences taken apart --------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("hostile", [False, True])
def test_sentences_come_back_letter_by_letter(lang: str, hostile: bool) -> None:
    """Templates and fillings give exactly what the explanation of each verdict says."""
    assessment = with_hostile(drawn_assessment()) if hostile else drawn_assessment()
    assert_same_sentences(assessment, assessment.verdicts, lang)


figures = st.one_of(st.just(np.nan), st.floats(0, 9000), st.sampled_from([0.0, 0.85, 1.0, np.inf]))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "row": st.integers(0, 29),
                "total": st.floats(0, 1e5),
                "share_low": st.one_of(st.just(np.nan), st.floats(0, 1)),
                "share_high": st.floats(0, 1),
                "shortfall": st.one_of(st.just(np.nan), st.floats(0, 500)),
                "out_of_reach": st.sampled_from([np.nan, 0.0, 12.5]),
                "median_cost": figures,
                "beyond_median_cost": figures,
                "provable_cost": st.one_of(st.just(np.nan), st.floats(0, 9000)),
                "strict_limit": st.sampled_from([5.0, 15.0, 30.0]),
                "strict_verdict": st.sampled_from(["met", "not_met"]),
                "verdict": st.sampled_from(["met", "not_met", "insufficient_data"]),
                "reason": st.sampled_from(["share_reached", "reported", "nobody", "map_edge"]),
                "nearest_facility": st.sampled_from([None, "", " ", "甲\n乙", "15分钟", "A."]),
                "unit": st.sampled_from(["people", "floor_area_m2", "frontage_m"]),
                "open_known": st.sampled_from([np.nan, 0.0, 3.0]),
                "open_unknown": st.sampled_from([0.0, 2.0]),
            }
        ),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from(["zh", "en"]),
)
def test_any_verdicts_come_back_letter_by_letter(rows: list[dict[str, Any]], lang: str) -> None:
    """Whatever figures stand in the verdicts, the sentences are the explanation's own."""
    assessment = drawn_assessment()
    changed = [
        {**assessment.verdicts.iloc[row["row"]].to_dict(), **row, "strict_share_low": 0.2}
        for row in rows
    ]
    assert_same_sentences(assessment, pd.DataFrame(changed), lang)


def assert_same_sentences(assessment: Assessment, verdicts: pd.DataFrame, lang: str) -> None:
    """Compare the sentences with those of the explanation."""
    texts, book = load_texts(lang), Phrasebook()
    told = take_apart(verdicts, assessment.standard, texts, book)
    for codes, row in zip(told, verdicts.to_dict("records"), strict=True):
        rule = assessment.standard.access_rule(str(row["rule_id"]))
        assert book.filled(codes) == explain_finding(row, rule, texts)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1),
    st.one_of(st.sampled_from([0.5, 0.85, 0.9, 1.0]), st.floats(0.01, 1)),
)
def test_many_shares_are_put_into_words_as_one_is(
    shares: list[tuple[float, float]], needed: float
) -> None:
    """Shares near 0, near all and near what is asked are told as the explanation tells them."""
    near = [(needed - 1e-7, needed + 1e-7), (needed, 0.9999), (0.0, 1e-4), (np.nan, np.nan)]
    low, high = np.array([*shares, *near]).T
    wanted = [share_range(a, b, ZH, needed=needed) for a, b in zip(low, high, strict=True)]
    assert share_ranges(low, high, needed, ZH) == wanted


def test_many_verdicts_need_few_templates() -> None:
    """Verdicts that differ in figures and names share a template."""
    assessment, book = drawn_assessment(), Phrasebook()
    many = pd.concat([assessment.verdicts.assign(total=n * 1000.0) for n in range(1, 40)])
    take_apart(many, assessment.standard, ZH, book)
    assert len(book.templates) < len(assessment.verdicts)


@given(st.text())
def test_any_text_can_be_taken_apart(text: str) -> None:
    """Other sentences are parted at their figures and come back."""
    book = Phrasebook()
    assert book.filled(book.sentence(text)) == text


# --- pages without a network ----------------------------------------------------------------


@pytest.mark.parametrize(
    "snippet",
    [
        '<script src="https://cdn.example/leaflet.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/leaflet.css">',
        '<img src="images/marker.png">',
        "<style>@import 'other.css';</style>",
        "<style>a { background: url( 'https://example.org/a.png') }</style>",
        '<p style="background:url(a.png)">',
        "<script>fetch('data.json')</script>",
        "<script>L.tileLayer('https://tiles.example/{z}/{x}/{y}.png')</script>",
        "<script>//# sourceMappingURL=leaflet.js.map</script>",
        '<iframe src="map.html"></iframe>',
        '<form action="https://example.org"></form>',
        '<base href="#">',
        '<svg><use xlink:href="sprite.svg#a"/></svg>',
    ],
)
def test_what_would_load_is_refused(snippet: str) -> None:
    """Every way to ask for something outside the page is found and named."""
    with pytest.raises(OutputError, match="outside itself"):
        refuse_outside_references(f"<html><head></head><body>{snippet}</body></html>")


def test_what_does_not_load_is_let_through() -> None:
    """Inner links, data URIs and addresses that are only text are no outside references."""
    page = (
        '<a href="#top">https://example.org</a><img src="data:image/png;base64,AA==">'
        "<style>a { fill: url(#hatch); background: url(data:image/png;base64,AA==) }</style>"
        '<script type="application/json">{"name": "https://example.org"}</script>'
        "<script>const space = 'http://www.w3.org/2000/svg';</script>"
    )
    refuse_outside_references(page)


def test_a_sealed_page_names_its_own_scripts() -> None:
    """The content policy allows exactly the page's inline scripts, by their hashes."""
    sealed = seal("<head></head><script>let a = 1;</script>", also=["<script>let b;</script>"])
    policy = re.search(r'content="([^"]+)"', sealed)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert policy[1].count("'sha256-") == 2
    assert "unsafe-inline' 'sha" not in policy[1]


@given(st.text())
def test_json_in_a_page_reads_back_and_cannot_end_its_element(text: str) -> None:
    """Whatever a string holds, it comes back, and nothing in it looks like markup."""
    inside = json_for_html({"name": text})
    assert json.loads(inside) == {"name": text}
    assert not set(inside) & set("<>&\u2028\u2029")


def test_vendored_files_are_those_of_the_package() -> None:
    """The checksums that stand beside the vendored files are theirs."""
    folder = files("circles.vendor") / "leaflet"
    readme = folder.joinpath("README.md").read_text("utf-8")
    listed = re.findall(r"\| `([^`]+)` \| `([0-9a-f]{64})` \|", readme)
    assert {name for name, _ in listed} >= {"leaflet.js", "leaflet.css", "LICENSE"}
    for name, checksum in listed:
        assert hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() == checksum


# --- the map --------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_same_assessment_gives_the_same_bytes(lang: str) -> None:
    """Two maps of one assessment are the same text, without folium's random names."""
    first = render_map(drawn_assessment(), lang=lang)
    assert first == render_map(drawn_assessment(), lang=lang)
    assert not re.search(r"_[0-9a-f]{32}", first)


def test_the_bytes_do_not_hang_on_the_order_of_sets() -> None:
    """Two processes that order sets otherwise write the same page."""
    code = (
        "import hashlib; from circles.maps import render_map;"
        "from tests.drawn_assessment import drawn_assessment as drawn;"
        "print(hashlib.sha256(render_map(drawn()).encode()).hexdigest())"
    )
    pages = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(pages) == 1


#: How eyes without one kind of cones see (Machado, Oliveira and Fernandes 2009), linear RGB.
WITHOUT = {
    "L": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
          [-0.003882, -0.048116, 1.051998]],
    "M": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
          [-0.011820, 0.042940, 0.968881]],
    "S": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
          [0.004733, 0.691367, 0.303900]],
    "none": np.eye(3).tolist(),
}  # fmt: skip


def lab(colour: str, missing: str) -> np.ndarray:
    """Return how a colour looks to eyes without one kind of cones, in CIE L*a*b*."""
    srgb = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(WITHOUT[missing]) @ linear, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ seen / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("missing", WITHOUT)
@pytest.mark.parametrize(
    "looks",
    [
        ("met", "not-met", "not-applicable"),
        ("all-reached", "passed", "most-reached", "half-missed"),
        ("quarter-1", "quarter-2", "quarter-3", "quarter-4"),
    ],
)
def test_classes_can_be_told_apart_by_all_eyes(looks: tuple[str, ...], missing: str) -> None:
    """Any two classes of one legend differ well beyond what can just be noticed (2.3)."""
    style = page_asset("verdicts.css") + page_asset("map.css")
    colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", style))
    seen = [lab(colours[look], missing) for look in looks]
    for one, other in itertools.combinations(seen, 2):
        assert np.linalg.norm(one - other) > 15


def test_a_map_is_a_folium_map_and_leaves_folium_alone() -> None:
    """Callers get a folium map to add to, and other folium maps keep their links."""
    links = list(folium.Map.default_js)
    drawn = build_map(drawn_assessment())
    assert isinstance(drawn, folium.Map)
    folium.CircleMarker([23.0, 113.3], radius=4).add_to(drawn)
    assert "L.circleMarker" in drawn.get_root().render()
    assert list(folium.Map.default_js) == links
    assert any(name == "leaflet" for name, _ in links)


def test_the_page_says_its_language_title_and_sources() -> None:
    """The page's head is escaped, and the page says that all is invented, streets included."""
    page = render_map(drawn_assessment(), lang="zh")
    assert page.startswith('<!DOCTYPE html>\n<html lang="zh-CN">')
    assert "<title>画里区 &lt;b&gt;&amp;步行可达性地图 · 画里市服务圈标准</title>" in page
    panel = data_of(page)["panel"]
    assert panel["attribution"] == ZH("map.invented")
    assert panel["fictional"] == ZH("words.fictional")
    assert panel["as_of"] == "数据日期：2025-06-30"
    assert "BSD 2-Clause License" in page


def test_a_real_district_is_not_called_fictional() -> None:
    """The label is there only for invented data; of real ones the streets' source is named."""
    real = dataclasses.replace(drawn_assessment(fictional=False), warnings=())
    page = render_map(real, lang="zh")
    assert "虚构" not in page
    assert "© OpenStreetMap contributors" in data_of(page)["panel"]["attribution"]


def test_an_unknown_language_is_refused() -> None:
    """A language without texts is an input error that names those there are."""
    with pytest.raises(InputError, match="zh, en"):
        render_map(drawn_assessment(), lang="fr")


@pytest.mark.parametrize(
    "name", [TEMPLATE_NAME, SCRIPT_NAME, QUOTED_NAME, IMAGE_NAME, "x" * 10_000]
)
def test_names_are_data_and_nothing_else(name: str) -> None:
    """A hostile name reaches the page as a string of its data, neither run nor changed."""
    page = render_map(with_community_name(drawn_assessment(), name))
    assert data_of(page)["communities"]["names"][0] == name
    assert "<script>alert(1)" not in page
    assert "<img" not in page


def told_of(data: dict[str, Any], number: int) -> list[tuple[int, int, str]]:
    """Return a community's lines as the page reads them: rule, verdict and sentence."""
    codes, lines = numbers(data["told"][number]), []
    while codes:
        count, codes = codes[0], codes[1:]
        (rule, verdict, template, *fillings), codes = codes[:count], codes[count:]
        gaps = [*(data["words"][filling] for filling in fillings), ""]
        pieces = zip(data["templates"][template], gaps, strict=True)
        lines.append((rule, verdict, "".join(part for pair in pieces for part in pair)))
    return lines


def test_every_verdict_is_told_worst_first() -> None:
    """Each community has one finding a rule that holds in its setting, failures first."""
    assessment = drawn_assessment()
    data = areas.community_data(assessment, ZH)
    for number, community in enumerate(assessment.communities.index):
        own = assessment.verdicts[assessment.verdicts["community_id"] == community]
        told = told_of(data, number)
        assert sorted(assessment.standard.rules[rule].id for rule, _, _ in told) == sorted(
            own["rule_id"]
        )
        order = [
            ("not_met", "insufficient_data", "met", "not_applicable").index(views.VERDICTS[verdict])
            for _, verdict, _ in told
        ]
        assert order == sorted(order)
    assert "还差414人" in told_of(data, 1)[0][2]


def test_views_are_the_tiers_and_then_the_services() -> None:
    """The first tier comes first, with each community's verdict and its targets' bars."""
    first, second, *services = areas.community_data(drawn_assessment(), ZH)["views"]
    assert first["name"] == "便民生活服务圈"
    end = first["groups"][0]["ends"][0]
    assert end["look"] == "abcdab"
    assert [rollup["text"] for rollup in end["rollups"]] == [
        "城市社区：3个中1个达标（33%～67%）",
        "农村社区：2个中1个达标（50%）",
    ]
    assert [rollup["target"] for rollup in end["rollups"]] == ["目标90%", "目标50%"]
    assert len(second["rules"]) == 6
    rules = drawn_assessment().standard.rules
    assert [view["name"] for view in services] == [rule.name.zh for rule in rules]
    assert services[0]["need"] == 0
    assert services[2]["need"] == -1


def test_a_target_of_a_rule_stands_with_its_service() -> None:
    """How many communities must meet a rule is told where its coverage is shown."""
    drawn = drawn_assessment()
    rollups = drawn.rollups.copy()
    rollups.loc[0, ["tier", "rule"]] = ["", "social_work"]
    found = areas.community_data(dataclasses.replace(drawn, rollups=rollups), ZH)["views"]
    told = {view["name"]: view["groups"][0]["ends"][0]["rollups"] for view in found}
    assert [rollup["target"] for rollup in told["社工站"]] == ["目标90%"]
    assert told["长者饭堂"] == []
    assert len(told["便民生活服务圈"]) == 1


def test_a_standard_without_tiers_is_shown_rule_by_rule() -> None:
    """Without tiers the communities are coloured by one rule at a time."""
    drawn = drawn_assessment()
    standard = drawn.standard.model_copy(update={"tiers": (), "targets": ()})
    plain = dataclasses.replace(
        drawn, standard=standard, tiers=drawn.tiers.iloc[:0], rollups=drawn.rollups.iloc[:0]
    )
    found = areas.community_data(plain, ZH)["views"]
    assert [view["name"] for view in found] == [rule.name.zh for rule in standard.rules]
    urban_culture = found[4]["groups"][0]["ends"][0]["look"]
    assert views.LOOKS[ord(urban_culture[4]) - ord("a")] == "not-applicable"
    assert data_of(render_map(plain))["communities"]["views"] == json.loads(json.dumps(found))


@pytest.mark.parametrize(
    ("low", "high", "look"),
    [
        (1.0, 1.0, "all-reached"),
        (0.85, 0.85, "passed"),
        (0.8499999, 0.8499999, "most-reached"),
        (0.5, 0.6, "most-reached"),
        (0.49, 0.6, "half-missed"),
        (0.0, 0.0, "half-missed"),
        (0.8, 0.9, "insufficient"),
    ],
)
def test_classes_of_coverage_part_at_the_pass_share(low: float, high: float, look: str) -> None:
    """A share has the look of its side of the pass share; one that spans it is not decided."""
    drawn = drawn_assessment()
    shares = with_gaps(drawn).group_shares.iloc[:1].assign(share_low=low, share_high=high)
    other = dataclasses.replace(drawn, group_shares=shares)
    group = areas.community_data(other, ZH)["views"][2]["groups"][1]
    assert views.LOOKS[ord(group["ends"][0]["look"][0]) - ord("a")] == look
    assert group["ends"][0]["look"][1:] == "ddddd"


def test_what_is_only_reported_is_classed_by_quarters() -> None:
    """Where no share is asked, the classes are quarters and no verdict is drawn."""
    drawn = drawn_assessment()
    rules = tuple(rule.model_copy(update={"min_share": None}) if rule.id == "elder_meal" else rule
                  for rule in drawn.standard.rules)  # fmt: skip
    verdicts = drawn.verdicts.copy()
    own = verdicts["rule_id"] == "elder_meal"
    verdicts.loc[own, ["min_share", "strict_min_share"]] = np.nan
    verdicts.loc[own, ["verdict", "strict_verdict"]] = None
    verdicts.loc[own, ["reason", "strict_reason"]] = "reported"
    told = dataclasses.replace(
        drawn, verdicts=verdicts, standard=drawn.standard.model_copy(update={"rules": rules})
    )
    view = next(view for view in areas.community_data(told, ZH)["views"] if view["rules"] == [0]
                and "services" in view)  # fmt: skip
    end = view["groups"][0]["ends"][0]
    looks = [views.LOOKS[ord(letter) - ord("a")] for letter in end["look"]]
    assert looks[:2] == ["quarter-4", "quarter-3"]
    assert end["legend"][0][1] == ZH("map.class_quarter_4")


def test_facilities_are_grouped_by_service_and_set_side_by_side() -> None:
    """Services come in the catalogue's order; two services at one spot do not hide each other."""
    data = places.facility_data(drawn_assessment(), ZH)
    by_id = {service["id"]: service for service in data["services"]}
    assert list(by_id) == ["elder_meal", "childcare", "social_work", "culture", "library"]
    assert by_id["elder_meal"]["sign"] == "饭"
    assert by_id["library"]["name"] == "library"
    assert by_id["social_work"]["names"] == ["东街社工站", ""]
    assert numbers(by_id["social_work"]["off"]) == [0, 1]
    assert {*numbers(by_id["culture"]["shifts"]), *numbers(by_id["library"]["shifts"])} == {-1, 1}
    assert numbers(by_id["elder_meal"]["shifts"]) == [0, 0, 0]
    assert points(by_id["culture"]["points"]) == [(113.312, 23.006)]
    assert [data["origins"][n] for n in numbers(by_id["childcare"]["origins"])] == ["OpenStreetMap"]


def test_isochrones_are_grouped_by_need_from_short_to_long() -> None:
    """Each need lists its limits in order and the services that answer it."""
    needs = places.reach_data(drawn_assessment(), ZH)["needs"]
    assert [need["limits"] for need in needs] == [["15分钟", "30分钟"]] * 2
    assert needs[0]["services"] == ["elder_meal"]
    shapes = [shapely.Polygon(polygons[0][0]).area for polygons in decode(needs[1]["shapes"])]
    assert shapes == sorted(shapes)


def test_a_need_walked_by_two_profiles_is_shown_for_each() -> None:
    """Isochrones of the same need for another profile are an entry of their own."""
    drawn = drawn_assessment()
    slow = drawn.isochrones.iloc[:1].assign(profile="frail")
    both = dataclasses.replace(
        drawn, isochrones=gpd.GeoDataFrame(pd.concat([drawn.isochrones, slow], ignore_index=True))
    )
    needs = places.reach_data(both, ZH)["needs"]
    assert len(needs) == 3
    assert len({need["name"] for need in needs}) == 3


def test_fewer_than_ten_people_are_not_in_the_page() -> None:
    """A home's people are rounded, and left out of the page where they are fewer than ten."""
    (home,) = places.home_data(with_gaps(drawn_assessment()))["rules"].values()
    assert numbers(home["weight"]) == [23, 0]
    assert numbers(home["cost"]) == [25, 31]
    assert numbers(home["beyond"]) == [1, 1]


def test_a_home_without_a_way_has_no_minutes() -> None:
    """What cannot be reached at all is told apart from what is far."""
    gaps = with_gaps(drawn_assessment()).gaps.assign(cost=[np.inf, 16.0])
    (home,) = places.home_data(dataclasses.replace(drawn_assessment(), gaps=gaps))["rules"].values()
    assert numbers(home["cost"]) == [-1, 16]


def test_too_many_homes_are_gathered_in_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what a page can hold, neighbours become one square with all of their people."""
    monkeypatch.setattr(places, "MOST_HOMES", 3)
    one = with_gaps(drawn_assessment()).gaps.iloc[:1]
    near = [one.assign(lon=WEST + 0.01 * (n % 2) + n * 1e-6, weight=6.0) for n in range(8)]
    data = places.home_data(dataclasses.replace(drawn_assessment(), gaps=pd.concat(near)))
    assert data["cell_m"] == 25
    (home,) = data["rules"].values()
    assert numbers(home["weight"]) == [24, 24]


def test_layers_that_are_not_there_are_left_out() -> None:
    """A map without streets, water, green, facilities or isochrones is still a map."""
    drawn = drawn_assessment()
    bare = dataclasses.replace(
        drawn,
        **{
            name: empty(getattr(drawn, name))
            for name in ("streets", "water", "green", "facilities", "isochrones")
        },
        as_of=None,
    )
    data = data_of(render_map(bare))
    assert data["ground"] == {"streets": ["", "", ""], "water": "", "green": ""}
    assert data["facilities"] == {"services": [], "origins": []}
    assert data["reach"] == {"needs": []}
    assert data["gaps"] == {"cell_m": 0, "rules": {}}
    assert data["panel"]["as_of"] == ""


def test_importing_the_maps_does_not_load_folium() -> None:
    """The module is cheap to import; folium is loaded when a map is drawn."""
    check = (
        "import sys, circles.maps; sys.exit('folium' in sys.modules or 'pypinyin' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


# --- how a map is published ---------------------------------------------------------------------


def test_the_library_draws_maps_by_that_name() -> None:
    """`circles.map` gives a folium map."""
    assert isinstance(circles.map(drawn_assessment(), lang="en"), folium.Map)


def test_readings_are_those_of_the_names_characters() -> None:
    """Each character once, its usual readings, without tones; other letters are left alone."""
    found = readings(["荔枝里", "里弄 A1", "重庆"])
    assert found["荔"] == "li"
    assert set(found["重"].split()) >= {"zhong", "chong"}
    assert not set(found) & set(" A1")


def test_without_the_library_names_have_no_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The map is drawn all the same, to be searched by characters."""
    monkeypatch.setitem(sys.modules, "pypinyin", None)
    assert readings(["荔枝里"]) == {}
    assert data_of(render_map(drawn_assessment()))["panel"]["readings"] == {}


def test_online_base_maps_are_let_through_by_name_only() -> None:
    """The policy of a page names the servers of its base maps, and no others."""
    key = "a/b"
    edition = Edition(bases=(base_map("tianditu", token=key), base_map("osm")))
    page = render_map(drawn_assessment(), edition=edition)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    pictures = re.search("img-src ([^;]+);", policy[1])
    assert pictures is not None
    assert pictures[1].split() == [
        "data:", *(f"https://t{n}.tianditu.gov.cn" for n in range(8)), "https://tile.openstreetmap.org",
    ]  # fmt: skip
    first = data_of(page)["panel"]["bases"][0]
    assert first["urls"][0].endswith("&tk=a%2Fb")
    assert "LAYER=cva" in first["urls"][1]
    plain = render_map(drawn_assessment())
    assert "img-src data:;" in plain
    assert "https://t0." not in plain


def test_base_maps_in_another_datum_say_how_far_they_are_shifted() -> None:
    """Amap's tiles lie some 500 m off in Guangzhou; the others are where the data are."""
    amap, osm = base_data((base_map("amap"), base_map("osm")), (113.2, 23.0, 113.4, 23.2), ZH)
    assert osm["shift"] is None
    east = np.array(amap["shift"]["east"]) * 111_320 * np.cos(np.radians(23.1))
    north = np.array(amap["shift"]["north"]) * 111_320
    assert len(east) == len(north) == 81
    assert 300 < np.hypot(east, north).min() <= np.hypot(east, north).max() < 800


@pytest.mark.parametrize(
    ("name", "told"), [("tianditu", "token"), ("google", "tianditu, osm, amap")]
)
def test_base_maps_that_cannot_be_had_are_refused(name: str, told: str) -> None:
    """An unknown one, and one without its token, are input errors that say what to do."""
    with pytest.raises(InputError, match=told):
        base_map(name)
