import dataclasses
import io
import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from circles.assessment import Assessment
from circles.maps.content import Edition
from circles.maps.views import LOOKS, VERDICTS
from circles.pictures import files
from circles.pictures.charts import MOST_ROWS, service_chart, service_rows
from circles.pictures.files import write_static_maps
from circles.pictures.fonts import Fonts, has_chinese, machine_fonts
from circles.pictures.ground import Frame, scale_bar
from circles.pictures.kept import Kept
from circles.pictures.looks import BY_LOOK, Hatching, filled
from circles.pictures.maps import SHEET_MM, map_figure, map_sheet
from circles.pictures.png import png
from circles.pictures.scene import (
    Areas,
    Dots,
    Lines,
    Pen,
    Scene,
    Words,
    rectangle,
    segment,
    shortened,
    width_of,
    wrapped,
)
from circles.pictures.svg import svg, svg_file
from circles.pictures.views import service_views, tier_views
from circles.texts import Texts, load_texts
from tests.drawn_assessment import FORMULA_NAME, SCRIPT_NAME, SOUTH, WEST, drawn_assessment

ZH, EN = load_texts("zh"), load_texts("en")
SVG = "{http://www.w3.org/2000/svg}"


def words_of(scene: Scene) -> list[str]:
    """Return the lines of words on a picture."""
    return [part.text for part in scene.parts if isinstance(part, Words)]


def parsed(source: str | bytes) -> ET.Element:
    """Parse a picture of our own."""
    return ET.fromstring(source)  # noqa: S314


def texts_in(source: str) -> list[str]:
    """Return the words of an SVG as a reader of XML sees them."""
    return ["".join(text.itertext()) for text in parsed(source).iter(f"{SVG}text")]


def with_homes(assessment: Assessment, weights: list[float]) -> Assessment:
    """Return a district with homes far from canteens, 100 m from each other."""
    gaps = pd.DataFrame(
        {
            "rule_id": "elder_meal",
            "community_id": "001002",
            "lon": [WEST + 0.012 + 0.002 * n for n in range(len(weights))],
            "lat": SOUTH + 0.005,
            "weight": weights,
            "unit": "people",
            "cost": 25.0,
            "beyond": True,
        }
    )
    return dataclasses.replace(assessment, gaps=gaps)


# --- scenes ---------------------------------------------------------------------------------


@given(st.text(max_size=80), st.floats(min_value=8, max_value=80))
def test_shortened_words_fit_their_room(text: str, room_mm: float) -> None:
    """Words that were cut to a room are no wider than it, and stand on one line."""
    line = shortened(text, 3.0, room_mm)
    assert width_of(line, 3.0) <= room_mm + 1e-9
    assert "\n" not in line


@given(st.text(alphabet="社区服务（）、，。 abc12%", max_size=120))
def test_wrapping_loses_no_letter(text: str) -> None:
    """The lines of a wrapped text are the text, but for the spaces where they end."""
    lines = wrapped(text, 3.0, 30.0)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(line == line.strip() for line in lines)


def test_a_line_does_not_begin_with_what_closes_a_phrase() -> None:
    """Full stops and closing brackets stay with the words before them."""
    lines = wrapped("居民，步行限值城市15分钟、农村30分钟，要求85%可达（下限）。", 3.0, 33.0)
    assert len(lines) > 1
    assert not [line for line in lines if line[0] in "，、。）%"]


# --- SVG ------------------------------------------------------------------------------------


def outline_of(path: str) -> shapely.Geometry:
    """Read the outline of one ring or line back, in millimetres."""
    start, steps = re.fullmatch(r"M(-?\d+,-?\d+)l([-\d, ]+)z?", path).groups()  # type: ignore[union-attr]
    moves = [tuple(map(int, step.split(","))) for step in (start, *steps.split(" "))]
    return shapely.LineString(np.cumsum(moves, axis=0) / 100)


@given(
    st.lists(
        st.tuples(st.floats(0, 200), st.floats(0, 200)), min_size=2, max_size=40, unique=True
    ).filter(lambda p: math.dist(p[0], p[1]) > 0.1)
)
def test_a_line_is_drawn_where_it_lies(points: list[tuple[float, float]]) -> None:
    """Steps in whole units do not drift: the path ends within its last hundredth of the line."""
    line = shapely.LineString(points)
    scene = Scene(200, 200, "", (Lines(np.array([line], dtype=object), Pen("#000000", 0.2)),))
    path = parsed(svg(scene)).find(f"{SVG}path")
    assert path is not None
    drawn = outline_of(path.attrib["d"])
    assert shapely.hausdorff_distance(drawn, line) < 0.01


def test_an_svg_holds_words_areas_and_dots() -> None:
    """Each part is one element; a hole of an area is left open."""
    ring = shapely.Point(50, 50).buffer(20).difference(shapely.Point(50, 50).buffer(10))
    scene = Scene(
        100,
        80,
        "圆",
        (
            Areas(np.array([ring], dtype=object), "#ff0000", opacity=0.5),
            Dots(np.array([[10.0, 20.0]]), np.array([2.0]), "#00ff00"),
            Words(50, 40, "中<b>", 3.0, anchor="middle", bold=True),
        ),
    )
    root = parsed(svg_file(scene).encode())
    assert root.attrib["viewBox"] == "0 0 10000 8000"
    assert root.findtext(f"{SVG}title") == "圆"
    area, dot = root.findall(f"{SVG}path")
    assert area.attrib["d"].count("M") == 2
    assert area.attrib["fill-rule"] == "evenodd"
    assert dot.attrib["d"] == "M800,2000a200,200 0 1 0 400,0a200,200 0 1 0 -400,0z"
    assert texts_in(svg(scene)) == ["中<b>"]


def test_nothing_is_drawn_of_empty_layers() -> None:
    """A layer without shapes leaves no element, and no error."""
    empty = np.array([shapely.Polygon(), shapely.LineString()], dtype=object)
    nowhere = np.empty((0, 2))
    parts = (Areas(empty, "#ff0000"), Dots(nowhere, np.empty(0), "#000000"))
    scene = Scene(10, 10, "", (*parts, Lines(empty[:0], Pen("#000000", 1))))
    assert "<path" not in svg(scene)
    assert Image.open(io.BytesIO(png(scene, dpi=50))).size == (19, 19)


# --- looks ----------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """Return how light a colour is in a black-and-white print, 0-1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_what_falls_short_bears_lines_and_what_passes_none() -> None:
    """Without colour, failing communities are told apart by their lines."""
    lined = {name for name, look in BY_LOOK.items() if look.slope is not None}
    assert lined == {"not-met", "half-missed", "most-reached", "insufficient"}
    assert set(BY_LOOK) == set(LOOKS)
    assert BY_LOOK["insufficient"].slope != BY_LOOK["not-met"].slope
    plain = sorted(
        luminance(look.fill) for name, look in BY_LOOK.items() if not name.startswith("quarter")
    )
    assert min(np.diff(plain)) > 0.02
    quarters = [luminance(BY_LOOK[f"quarter-{n}"].fill) for n in (1, 2, 3, 4)]
    assert (np.diff(quarters) < -0.08).all()


def test_lines_stay_inside_what_they_fill() -> None:
    """Hatching ends at the outline, leaves holes free and is as dense as asked."""
    ring = shapely.Point(50, 50).buffer(20).difference(shapely.Point(50, 50).buffer(8))
    look = BY_LOOK["not-met"]
    hatch = next(p for p in filled(np.array([ring], dtype=object), look) if isinstance(p, Lines))
    lines = shapely.union_all(hatch.shapes)
    assert shapely.length(shapely.difference(lines, shapely.buffer(ring, 1e-6))) < 1e-6
    # Parallel lines at this distance have this much length on an area.
    assert shapely.length(lines) == pytest.approx(ring.area / look.spacing_mm, rel=0.05)


# --- the map --------------------------------------------------------------------------------


def test_views_are_the_tiers_and_the_services() -> None:
    """A map is drawn for each tier and for each rule of access, with counts that add up."""
    drawn = drawn_assessment()
    tiers, services = tier_views(drawn, ZH), service_views(drawn, ZH)
    assert [view.id for view in tiers] == ["convenience", "quality"]
    assert [view.id for view in services] == [rule.id for rule in drawn.standard.access_rules]
    for view in (*tiers, *services):
        assert sum(count for _, _, count in view.legend) == 6
    counted = {words: count for _, words, count in tiers[0].legend}
    expected = drawn.tiers[drawn.tiers["tier"] == "convenience"]["verdict"].value_counts()
    assert counted == {ZH(f"words.verdict_{v}"): int(expected.get(v, 0)) for v in VERDICTS}
    assert services[0].detail == ("60岁及以上老年人，步行限值城市15分钟、农村30分钟，要求85%可达")


def test_a_standard_without_tiers_has_a_map_of_all_rules() -> None:
    """The worst verdict of a community's rules is its verdict then."""
    drawn = drawn_assessment()
    plain = dataclasses.replace(
        drawn, standard=drawn.standard.model_copy(update={"tiers": (), "targets": ()})
    )
    (view,) = tier_views(plain, ZH)
    by_community = dict(zip(drawn.communities.index, view.looks.tolist(), strict=True))
    names = {key: VERDICTS[look] for key, look in by_community.items()}
    assert names == {
        "001001": "insufficient_data",
        "001002": "not_met",
        "001003": "insufficient_data",
        "001004": "not_applicable",
        "002001": "insufficient_data",
        "002002": "not_met",
    }


def test_a_sheet_says_what_it_shows() -> None:
    """Title, group and limit, legend with counts, scale, north, date, sources, review number."""
    drawn = drawn_assessment()
    view = service_views(drawn, ZH)[0]
    sheet = map_sheet(drawn, view, ZH, edition=Edition(review="粤S（2025）000号"))
    said = "\n".join(words_of(sheet))
    assert "画里区 <b>& · 长者饭堂" in said
    for part in (view.detail, "画里市服务圈标准", "数据日期：2025-06-30", "虚构数据"):
        assert part in said
    for _, words, count in view.legend:
        assert f"{words}（{count}）" in said
    assert "长者饭堂（3）" in said
    assert "审图号：粤S（2025）000号" in said
    assert "设施数据：canteens.csv、stations.xlsx、OpenStreetMap" in said
    assert "北" in words_of(sheet)
    assert re.search(r"^(\d+米|\d+公里)$", said, re.MULTILINE)
    real = dataclasses.replace(drawn, fictional=False)
    assert any("© OpenStreetMap contributors" in w for w in words_of(map_sheet(real, view, ZH)))
    empty = "\n".join(words_of(map_sheet(drawn, view, EN)))
    assert EN("map.review", number=EN("charts.review_blank")) in empty


def test_hostile_names_are_words_on_a_map() -> None:
    """Names that are code are shown as they are written, and cut where they are too long."""
    drawn = drawn_assessment()
    long = drawn.communities.assign(
        name=[SCRIPT_NAME, FORMULA_NAME, "$\\frac{1}{0}$", "x" * 10_000, "\u202e\x00名", "&"]
    )
    hostile = dataclasses.replace(drawn, communities=long)
    source = svg(map_sheet(hostile, tier_views(hostile, ZH)[0], ZH))
    shown = texts_in(source)
    assert "<script" not in source
    assert not {"script", "image", "a", "foreignObject"} & {
        element.tag.removeprefix(SVG) for element in parsed(source).iter()
    }
    assert any(text.startswith("<script>al") for text in shown)
    assert "$\\frac{1}{0}$" in shown
    assert max(map(len, shown)) < 200
    drawing = png(map_sheet(hostile, tier_views(hostile, ZH)[0], ZH), dpi=60)
    assert Image.open(io.BytesIO(drawing)).size == (701, 496)


def test_names_do_not_hide_each_other_or_signs() -> None:
    """The plates of names touch neither each other nor a facility's sign."""
    drawn = drawn_assessment()
    scene = map_sheet(drawn, service_views(drawn, ZH)[0], ZH)
    plates = [p.shapes[0] for p in scene.parts if isinstance(p, Areas) and p.opacity == 0.72]
    assert len(plates) >= 4
    tree = shapely.STRtree(plates)
    assert len(tree.query(plates, predicate="overlaps")[0]) == 0
    signs = [p for p in scene.parts if isinstance(p, Dots)]
    points = shapely.points(np.concatenate([p.places for p in signs if p.radius_mm[0] > 1]))
    assert not shapely.intersects(np.array(plates)[:, None], points[None, :]).any()


def test_a_frame_keeps_shape_and_measure() -> None:
    """What is a kilometre apart is as many millimetres apart on paper, in both directions."""
    drawn = drawn_assessment()
    frame = Frame.around(drawn, 10, 20, 200, 150)
    degree_m = 111_320 * math.cos(math.radians(SOUTH + 0.01))
    at = frame.places(
        np.array([WEST, WEST + 1000 / degree_m, WEST]),
        np.array([SOUTH, SOUTH, SOUTH + 1000 / 110_750]),
    )
    east, north = at[1] - at[0], at[2] - at[0]
    assert np.hypot(*east) == pytest.approx(1000 / frame.m_per_mm, rel=0.005)
    assert np.hypot(*north) == pytest.approx(1000 / frame.m_per_mm, rel=0.005)
    assert north[1] < 0
    corners = shapely.get_coordinates(frame.whole(drawn.communities.geometry))
    assert frame.holds(corners, margin_mm=1).all()


@pytest.mark.parametrize(
    ("m_per_mm", "length_m"), [(20.0, 500.0), (25.0, 500.0), (39.0, 500.0), (50.0, 1000.0)]
)
def test_the_scale_bar_is_a_round_length(m_per_mm: float, length_m: float) -> None:
    """Of 25 mm, the longest of 1, 2 or 5 times a power of ten is shown."""
    frame = dataclasses.replace(Frame.around(drawn_assessment(), 0, 0, 100, 100), m_per_mm=m_per_mm)
    assert scale_bar(frame, about_mm=25) == (length_m, pytest.approx(length_m / m_per_mm))


def test_few_people_cannot_be_told_from_a_dot() -> None:
    """Homes of one person and of nine look the same; many people make a larger dot."""
    drawn = with_homes(drawn_assessment(), [1.0, 9.0, 290.0])
    scene = map_sheet(drawn, service_views(drawn, ZH)[0], ZH)
    homes = next(p for p in scene.parts if isinstance(p, Dots) and p.fill == "#6d1243")
    few, still_few, many = homes.radius_mm.tolist()
    assert few == still_few < many
    assert ZH("charts.homes_people") in "".join(words_of(scene))


def test_a_figure_is_as_wide_as_a_page_and_bears_the_review_number() -> None:
    """The map of a page has its legend beside it, and no title of its own."""
    drawn = drawn_assessment()
    figure = map_figure(drawn, tier_views(drawn, ZH)[0], ZH, edition=Edition(review="粤S1号"))
    assert (figure.width_mm, figure.height_mm) == (184.0, 118.0)
    assert "审图号：粤S1号" in words_of(figure)
    assert "画里区 <b>& · 便民生活服务圈" not in words_of(figure)
    assert figure.title == "画里区 <b>& · 便民生活服务圈"


def test_a_map_without_streets_says_so() -> None:
    """Without a network there is a map all the same, of what is known."""
    drawn = drawn_assessment()
    bare = dataclasses.replace(
        drawn, walked=False, streets=drawn.streets.iloc[:0], isochrones=drawn.isochrones.iloc[:0]
    )
    sheet = map_sheet(bare, tier_views(bare, ZH)[0], ZH)
    assert ZH("no_network.ground") in words_of(sheet)
    assert "街道等均为虚构数据" not in words_of(sheet)


# --- charts ---------------------------------------------------------------------------------


def test_the_chart_counts_verdicts_by_service() -> None:
    """The services that most communities lack come first, with their counts."""
    rows = service_rows(drawn_assessment(), ZH)
    assert [(row.name, row.counts) for row in rows] == [
        ("社工站", (2, 0, 3)),
        ("长者饭堂", (1, 1, 3)),
        ("文化设施（农村）", (1, 0, 1)),
        ("社区卫生服务", (0, 5, 0)),
        ("托育", (0, 0, 4)),
        ("文化设施（城市）", (0, 0, 3)),
    ]
    scene = service_chart(drawn_assessment(), ZH)
    assert scene is not None
    assert {"社工站", "2", "3", "各社区的覆盖率", "50%"} <= set(words_of(scene))


@pytest.mark.parametrize("texts", [ZH, EN])
def test_the_names_of_a_chart_are_of_one_size_and_apart(texts: Texts) -> None:
    """No service looks less important, and headings and legend keep clear of the other half."""
    scene = service_chart(drawn_assessment(), texts)
    assert scene is not None
    words = [part for part in scene.parts if isinstance(part, Words)]
    names = [part for part in words if part.anchor == "end"]
    whole = {row.name for row in service_rows(drawn_assessment(), texts)}
    assert len({part.size_mm for part in names if part.text in whole}) == 1
    half = next(part.x_mm for part in words if part.text == texts("charts.coverage_title"))
    for part in words:
        if part.anchor == "start" and part.x_mm < half:
            assert part.x_mm + width_of(part.text, part.size_mm, bold=part.bold) <= half


def test_a_circle_of_the_chart_lies_at_its_coverage() -> None:
    """Communities of the same coverage share one circle, in the middle of their 2.5 points."""
    drawn = drawn_assessment()
    only = drawn.verdicts[drawn.verdicts["rule_id"] == "social_work"]
    one = dataclasses.replace(drawn, verdicts=only)
    scene = service_chart(one, EN)
    assert scene is not None
    axis = {p.text: p.x_mm for p in scene.parts if isinstance(p, Words) and p.text.endswith("%")}
    full = axis["100%"] - axis["0%"]
    dots = [p for p in scene.parts if isinstance(p, Dots)]
    shares = sorted(
        round((x - axis["0%"]) / full, 4) for part in dots for x, _ in part.places.tolist()
    )
    # 0 of 61,000; 84.96 % of 6,100; 3,900 of 4,300; all of the two others.
    assert shares == [0.0125, 0.8375, 0.9125, 1.0]


def test_there_is_no_chart_of_nothing() -> None:
    """Where no rule of access was judged, there is no chart."""
    drawn = drawn_assessment()
    assert service_chart(dataclasses.replace(drawn, verdicts=drawn.verdicts.iloc[:0]), ZH) is None


def test_a_chart_of_many_services_shows_the_worst() -> None:
    """Beyond a page's length the chart says how many services it leaves out."""
    drawn = drawn_assessment()
    rule = drawn.standard.access_rules[0]
    many = tuple(rule.model_copy(update={"id": f"r{n}"}) for n in range(MOST_ROWS + 3))
    rows = drawn.verdicts[drawn.verdicts["rule_id"] == rule.id]
    verdicts = pd.concat([rows.assign(rule_id=own.id) for own in many], ignore_index=True)
    crowded = dataclasses.replace(
        drawn,
        verdicts=verdicts,
        standard=drawn.standard.model_copy(update={"rules": many, "tiers": (), "targets": ()}),
    )
    scene = service_chart(crowded, ZH)
    assert scene is not None
    assert ZH("charts.services_more", count=3) in words_of(scene)


# --- PNG and fonts --------------------------------------------------------------------------


def test_a_png_has_300_dots_per_inch_and_the_same_bytes() -> None:
    """A sheet of A4 has 3,507 by 2,480 dots, says so, and is drawn alike each time."""
    drawn = drawn_assessment()
    scene = map_sheet(drawn, tier_views(drawn, ZH)[0], ZH)
    first, second = png(scene), png(scene)
    picture = Image.open(io.BytesIO(first))
    assert picture.size == (round(SHEET_MM[0] / 25.4 * 300 - 0.5), 2480)
    assert picture.info["dpi"][0] == pytest.approx(300, abs=0.1)
    assert picture.convert("RGB").getpixel((3, 3)) == (255, 255, 255)
    assert first == second


def test_a_png_shows_the_colours_of_its_scene() -> None:
    """An area, a line over it and a dot are where the scene has them."""
    parts = (
        Areas(rectangle(0, 0, 40, 20), "#ffffff"),
        Areas(rectangle(10, 5, 20, 10), "#d0602f"),
        Lines(segment(0, 10, 40, 10), Pen("#000000", 1.0)),
        Dots(np.array([[5.0, 3.0]]), np.array([2.0]), "#0000ff"),
    )
    picture = Image.open(io.BytesIO(png(Scene(40, 20, "", parts), dpi=254))).convert("RGB")
    assert picture.size == (400, 200)
    spots = {"area": (200, 70), "line": (350, 100), "dot": (50, 30), "paper": (380, 20)}
    wanted = {"area": (208, 96, 47), "line": (0, 0, 0), "dot": (0, 0, 255), "paper": (255,) * 3}
    for name, colour in wanted.items():
        assert np.abs(np.subtract(picture.getpixel(spots[name]), colour)).max() <= 8


def test_paper_and_flat_colours_are_kept_to_the_last_bit() -> None:
    """However many colours there are: white stays white beside land, and legends match maps."""
    rng = np.random.default_rng(5)
    hues = [f"#{value:06x}" for value in rng.integers(0, 1 << 24, 900)]
    confetti = [
        Dots(np.array([[2.0 + number % 30, 30.0 + number // 30]]), np.array([0.45]), hue)
        for number, hue in enumerate(hues)
    ]
    flat = ("#f7f6f2", "#fbfaf8", "#d0602f", "#d2622f")
    areas = [Areas(rectangle(2 + 8 * i, 2, 8, 8), colour) for i, colour in enumerate(flat)]
    picture = Image.open(io.BytesIO(png(Scene(40, 62, "", (*areas, *confetti)), dpi=254)))
    seen = picture.convert("RGB")
    assert seen.getpixel((390, 10)) == (255, 255, 255)
    for place, colour in enumerate(flat):
        red, green, blue = bytes.fromhex(colour[1:])
        assert seen.getpixel((60 + 80 * place, 60)) == (red, green, blue)


@pytest.mark.parametrize(
    "text", ["IES SCHAMANN", "CEO OMAYRA SÁNCHEZ", "Wilhelm", "健身和体育（10分钟）"]
)
def test_words_are_no_wider_than_reckoned(text: str) -> None:
    """The plate under a name is at least as wide as the letters of the machine's font."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    fonts = machine_fonts()
    path = TextPath((0, 0), text, size=10, prop=FontProperties(fname=fonts.regular))
    drawn = float(path.get_extents().width)
    assert drawn <= width_of(text, 10) <= 1.6 * drawn


def no_chinese_font() -> Fonts:
    """Return the fonts of a machine without Chinese ones."""
    from matplotlib.font_manager import FontProperties, fontManager

    face = fontManager.findfont(FontProperties(family=["DejaVu Sans"]))
    return Fonts(None, face, face)


def test_without_a_chinese_font_chinese_is_left_out() -> None:
    """There are no boxes: what cannot be drawn is not drawn, the rest is."""
    fonts = no_chinese_font()
    assert fonts.drawable("云浦区（虚构） · elder canteen") == "elder canteen"
    assert fonts.drawable("荔枝里") == ""
    assert has_chinese("a荔b")
    assert not has_chinese("abc.")


def test_quotation_marks_are_straight_where_nothing_is_chinese() -> None:
    """A Chinese font's are as wide as a character; within Chinese they stay as they are."""
    fonts = machine_fonts()
    assert fonts.drawable("the “1530” circles") == 'the "1530" circles'
    if fonts.chinese:
        assert fonts.drawable("广州“1530”网") == "广州“1530”网"


@pytest.mark.parametrize("texts", [ZH, EN])
def test_invented_data_are_stamped_in_full(texts: Texts) -> None:
    """The stamp is never cut short, and its plate is as wide as its words."""
    drawn = drawn_assessment()
    assert drawn.fictional
    scene = map_sheet(drawn, tier_views(drawn, texts)[0], texts)
    (words,) = [
        part
        for part in scene.parts
        if isinstance(part, Words) and part.text == texts("words.fictional")
    ]
    (plate,) = [
        part.shapes[0]
        for part in scene.parts
        if isinstance(part, Areas) and part.shapes[0].contains(shapely.Point(words.x_mm, 12))
        if part.fill == "#7a3e9d"
    ]
    west, _, east, _ = plate.bounds
    assert east - west >= width_of(words.text, words.size_mm, bold=True)


def test_a_character_of_no_font_becomes_a_sign() -> None:
    """What this machine's font lacks is shown as missing, and turning marks go."""
    shown = machine_fonts().drawable("a\u202eb\U0010fffdc")
    assert shown in {"ab〓c", "ab?c"}


def test_static_maps_are_files_by_tier_and_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each map is an SVG and a PNG; files written again are the same."""
    monkeypatch.setattr(files, "png", lambda scene, **options: png(scene, dpi=40, **options))
    folder = tmp_path
    drawn = drawn_assessment()
    written = write_static_maps(drawn, folder, lang="zh")
    stems = ["circle-convenience", "circle-quality"]
    stems += [f"service-{rule.id}" for rule in drawn.standard.access_rules]
    assert list(written.names) == [f"{stem}.{kind}" for stem in stems for kind in ("svg", "png")]
    before = {name: (folder / name).read_bytes() for name in written.names}
    assert write_static_maps(drawn, folder, lang="zh") == written
    assert {name: (folder / name).read_bytes() for name in written.names} == before


def test_maps_that_share_their_ground_are_those_drawn_alone(tmp_path: Path) -> None:
    """What sheets have in common is drawn once; each is to the last byte what it is by itself."""
    drawn = drawn_assessment()
    write_static_maps(drawn, tmp_path, lang="en")
    views = [*tier_views(drawn, EN), *service_views(drawn, EN)]
    sheets = [map_sheet(drawn, view, EN) for view in views]
    written = {path.read_text("utf-8") for path in tmp_path.glob("*.svg")}
    assert written == {svg_file(sheet) for sheet in sheets}
    pictures = {path.read_bytes() for path in tmp_path.glob("*.png")}
    assert png(sheets[-1]) in pictures


def test_what_is_kept_is_made_once() -> None:
    """Of a shared part nothing is made twice, not even for its equal; others are made each time."""
    shared, other = (Areas(rectangle(0, 0, 1, 1), "#ffffff") for _ in range(2))
    kept: Kept[int] = Kept([shared])
    made = iter(range(10))
    found = [kept.of(part, lambda: next(made)) for part in (shared, other, shared, other)]
    assert found == [0, 1, 0, 2]


def test_lines_cut_once_are_those_of_the_chosen_shapes() -> None:
    """Lines cut for all shapes and chosen by shape are those cut for these shapes alone."""
    squares = np.concatenate([rectangle(7.3 * n, 1.7 * n, 6, 9) for n in range(5)])
    chosen = np.array([True, False, True, True, False])
    every = Hatching(squares)
    for look in BY_LOOK.values():
        lines = every.lines(look, chosen)
        alone = Hatching(squares[chosen]).lines(look, np.ones(3, dtype=bool))
        assert len(lines) == len(alone) == (0 if look.slope is None else len(lines))
        assert shapely.length(lines).sum() == pytest.approx(shapely.length(alone).sum())
        apart = shapely.hausdorff_distance(lines, alone)
        assert np.all(apart < 1e-9)


def test_maps_without_a_chinese_font_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SVG are complete, the PNG are lettered in English, and a note tells what to install."""
    folder = tmp_path
    drawn = drawn_assessment()
    drawings: list[Scene] = []
    monkeypatch.setattr(files, "machine_fonts", no_chinese_font)
    monkeypatch.setattr(files, "png", lambda scene, **_: drawings.append(scene) or b"")
    written = write_static_maps(drawn, folder, lang="zh")
    (note,) = written.notes
    assert "Noto Sans CJK SC" in ZH.note(note)
    assert "荔枝里社区" in texts_in((folder / "circle-quality.svg").read_text("utf-8"))
    said = words_of(drawings[0])
    assert f"{EN('words.verdict_met')} (2)" in said
    assert "荔枝里社区" not in said


def test_a_rule_whose_id_is_no_file_name_gets_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id never leads out of the folder."""
    monkeypatch.setattr(files, "png", lambda *_, **__: b"")
    drawn = drawn_assessment()
    rule = drawn.standard.access_rules[0].model_copy(update={"id": "../x y"})
    rows = drawn.verdicts[drawn.verdicts["rule_id"] == "elder_meal"].assign(rule_id="../x y")
    standard = drawn.standard.model_copy(update={"rules": (rule,), "tiers": (), "targets": ()})
    odd = dataclasses.replace(drawn, standard=standard, verdicts=rows)
    names = write_static_maps(odd, tmp_path, lang="en").names
    assert names == ("all.svg", "all.png", "service-2.svg", "service-2.png")
