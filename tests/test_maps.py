import dataclasses
import hashlib
import json
import re
import subprocess
import sys
from importlib.resources import files
from typing import Any

import folium
import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from circles.assessment import Assessment
from circles.errors import InputError, OutputError
from circles.maps import build_map, content, render_map
from circles.maps.encode import encode_lines, encode_points, encode_polygons
from circles.maps.offline import json_for_html, refuse_outside_references, seal
from circles.texts import load_texts
from tests.drawn_assessment import (
    IMAGE_NAME,
    QUOTED_NAME,
    SCRIPT_NAME,
    drawn_assessment,
)

TEMPLATE_NAME = "{{ 7 * 7 }}{% raw %}</script><!--\u2028${alert(1)}`\u202e"
ZH = load_texts("zh")


def decode(text: str) -> list[list[list[tuple[float, float]]]]:
    """Read the encoding slowly: polygons of parts of (longitude, latitude)."""
    x = y = 0
    values: list[int] = []
    shapes: list[list[list[tuple[float, float]]]] = [[[]]]
    number = shift = 0
    for character in text:
        if character in " ,":
            shapes[-1].append([]) if character == " " else shapes.append([[]])
            continue
        code = ord(character) - 63
        number |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        values.append(~(number >> 1) if number & 1 else number >> 1)
        number = shift = 0
        if len(values) == 2:
            x, y = x + values[0], y + values[1]
            shapes[-1][-1].append((x / 100_000, y / 100_000))
            values.clear()
    return shapes


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


def empty(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a layer without its rows."""
    return table.iloc[:0]


# --- shapes as text -------------------------------------------------------------------------


def test_lines_are_encoded_by_the_published_algorithm() -> None:
    """The documentation's own example of the algorithm comes out letter by letter."""
    line = shapely.LineString([(38.5, -120.2), (40.7, -120.95), (43.252, -126.453)])
    assert encode_lines(gpd.GeoSeries([line])) == ["_p~iF~ps|U_ulLnnqC_mqNvxq`@"]


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=30))
def test_points_come_back_within_half_a_step(points: list[tuple[float, float]]) -> None:
    """Any place on Earth is kept to half a hundred-thousandth of a degree."""
    text = encode_points(gpd.GeoSeries([shapely.Point(point) for point in points]))
    (back,) = decode(text)[0]
    assert len(back) == len(points)
    for (x, y), (east, north) in zip(points, back, strict=True):
        assert abs(x - east) <= 0.5001e-5
        assert abs(y - north) <= 0.5001e-5


def test_polygons_keep_their_parts_and_holes() -> None:
    """A multipolygon with a hole comes back as the same shape."""
    holed = shapely.box(113.3, 23, 113.4, 23.1) - shapely.box(113.33, 23.03, 113.36, 23.06)
    shape = shapely.MultiPolygon([holed, shapely.box(-0.02, -0.01, 0.03, 0.04)])
    rings = decode(encode_polygons(shape))
    back = shapely.MultiPolygon([shapely.Polygon(first, holes) for first, *holes in rings])
    assert back.equals_exact(shape, tolerance=1e-9) or back.equals(shape)


def test_shapes_smaller_than_a_step_are_left_out() -> None:
    """A polygon of a few centimetres gives no text, and does not spoil its neighbour."""
    speck, square = shapely.box(1, 1, 1 + 1e-6, 1 + 1e-6), shapely.box(2, 2, 3, 3)
    assert encode_polygons(speck) == ""
    (rings,) = decode(encode_polygons(shapely.MultiPolygon([speck, square])))
    assert shapely.Polygon(rings[0]).equals(square)


def test_streets_lose_no_length() -> None:
    """Joining, ordering and cutting street lines into texts keeps what is drawn."""
    streets = drawn_assessment().streets.geometry
    texts = encode_lines(streets, lines_a_text=3)
    drawn = [part for text in texts for part in decode(text)[0]]
    assert len(texts) > 1
    length = sum(shapely.LineString(part).length for part in drawn)
    assert length == pytest.approx(shapely.length(streets.to_numpy()).sum())


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


def test_every_verdict_is_told_worst_first() -> None:
    """Each community has one finding a rule that holds in its setting, failures first."""
    assessment = drawn_assessment()
    data: Any = content.community_data(assessment, ZH)
    for community, findings in zip(assessment.communities.index, data["findings"], strict=True):
        own = assessment.verdicts[assessment.verdicts["community_id"] == community]
        assert sorted(assessment.standard.rules[rule].id for rule, _, _ in findings) == sorted(
            own["rule_id"]
        )
        order = [
            ("not_met", "insufficient_data", "met", "not_applicable").index(
                content.VERDICTS[verdict]
            )
            for _, verdict, _ in findings
        ]
        assert order == sorted(order)
    assert "还差414人" in data["findings"][1][0][2]


def test_views_are_the_tiers_with_their_rollups() -> None:
    """The first tier comes first, with each community's verdict and its targets' bars."""
    first, second = content.community_data(drawn_assessment(), ZH)["views"]
    assert first["name"] == "便民生活服务圈"
    assert [content.VERDICTS[code] for code in first["verdicts"]] == [
        "met", "not_met", "insufficient_data", "not_applicable", "met", "not_met",
    ]  # fmt: skip
    assert [rollup["text"] for rollup in first["rollups"]] == [
        "城市社区：3个中1个达标（33%～67%）",
        "农村社区：2个中1个达标（50%）",
    ]
    assert [rollup["target"] for rollup in first["rollups"]] == ["目标90%", "目标50%"]
    assert len(second["rules"]) == 6


def test_a_standard_without_tiers_is_shown_rule_by_rule() -> None:
    """Without tiers the communities are coloured by one rule at a time."""
    drawn = drawn_assessment()
    standard = drawn.standard.model_copy(update={"tiers": (), "targets": ()})
    plain = dataclasses.replace(
        drawn, standard=standard, tiers=drawn.tiers.iloc[:0], rollups=drawn.rollups.iloc[:0]
    )
    views: Any = content.community_data(plain, ZH)["views"]
    assert [view["name"] for view in views] == [rule.name.zh for rule in standard.rules]
    assert views[4]["verdicts"][4] == content.VERDICTS.index("not_applicable")
    assert data_of(render_map(plain))["communities"]["views"] == views


def test_facilities_are_grouped_by_service_and_set_side_by_side() -> None:
    """Services come in the catalogue's order; two services at one spot do not hide each other."""
    services: Any = content.facility_data(drawn_assessment(), ZH)["services"]
    by_id = {service["id"]: service for service in services}
    assert list(by_id) == ["elder_meal", "childcare", "social_work", "culture", "library"]
    assert by_id["elder_meal"]["sign"] == "饭"
    assert by_id["library"]["name"] == "library"
    assert by_id["social_work"]["names"] == ["东街社工站", ""]
    assert by_id["social_work"]["off"] == [0, 1]
    assert {by_id["culture"]["slots"][0], by_id["library"]["slots"][0]} == {-0.5, 0.5}
    assert by_id["elder_meal"]["slots"] == [0, 0, 0]
    assert decode(by_id["culture"]["points"])[0][0] == [(113.312, 23.006)]


def test_isochrones_are_grouped_by_need_from_short_to_long() -> None:
    """Each need lists its limits in order and the services that answer it."""
    needs: Any = content.reach_data(drawn_assessment(), ZH)["needs"]
    assert [need["limits"] for need in needs] == [["15分钟", "30分钟"]] * 2
    assert needs[0]["services"] == ["elder_meal"]
    areas = [shapely.Polygon(decode(text)[0][0]).area for text in needs[1]["shapes"]]
    assert areas == sorted(areas)


def test_a_need_walked_by_two_profiles_is_shown_for_each() -> None:
    """Isochrones of the same need for another profile are an entry of their own."""
    drawn = drawn_assessment()
    slow = drawn.isochrones.iloc[:1].assign(profile="frail")
    both = dataclasses.replace(
        drawn, isochrones=gpd.GeoDataFrame(pd.concat([drawn.isochrones, slow], ignore_index=True))
    )
    needs: Any = content.reach_data(both, ZH)["needs"]
    assert len(needs) == 3
    assert len({need["name"] for need in needs}) == 3


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
    assert data["ground"] == {"streets": {"1": [], "2": [], "3": []}, "water": [], "green": []}
    assert data["facilities"] == {"services": []}
    assert data["reach"] == {"needs": []}
    assert data["panel"]["as_of"] == ""


def test_importing_the_maps_does_not_load_folium() -> None:
    """The module is cheap to import; folium is loaded when a map is drawn."""
    check = "import sys, circles.maps; sys.exit('folium' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
