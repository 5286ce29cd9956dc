"""The GeoPackage holds every figure, opens with colours, and has the same bytes every time."""

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest

from circles.assessment import Assessment
from circles.errors import InputError
from circles.explain import explain_community
from circles.maps.views import LOOKS, rule_views
from circles.reports import qml
from circles.reports.gap_layer import gap_layer
from circles.reports.geopackage import Style, describe
from circles.reports.layers import LAYERS, layer_aliases, result_layers, write_layers
from circles.reports.styles import COLOURS
from circles.texts import load_texts
from tests.drawn_assessment import SCRIPT_NAME, drawn_assessment, drawn_gaps

HAN = re.compile("[\u3400-\u9fff]")
PAGE = Path(__file__).parent.parent / "circles" / "maps" / "page"


def drawn(*, fictional: bool = True) -> Assessment:
    """Return the drawn district with homes out of reach."""
    return replace(drawn_assessment(fictional=fictional), gaps=drawn_gaps())


DRAWN = drawn()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the drawn GeoPackage."""
    path = tmp_path_factory.mktemp("layers") / "results.gpkg"
    write_layers(DRAWN, path, lang="zh")
    return path


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Ask the GeoPackage's database."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


def styles(path: Path) -> dict[str, ET.Element]:
    """Return the QML that each layer opens with."""
    found = query(path, "SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault")
    return {str(name): ET.fromstring(str(told)) for name, told in found}  # noqa: S314 - our own


def all_styles(path: Path) -> dict[tuple[str, str], ET.Element]:
    """Return every QML by layer and name."""
    found = query(path, "SELECT f_table_name, styleName, styleQML FROM layer_styles")
    return {(str(table), str(name)): ET.fromstring(str(told)) for table, name, told in found}  # noqa: S314 - our own


def rules(root: ET.Element) -> list[ET.Element]:
    """Return the rules at the top of a style."""
    return root.findall("renderer-v2/rules/rule")


def test_the_layers_are_there_in_degrees(package: Path) -> None:
    """Four layers with one kind of geometry each, in EPSG:4326."""
    areas, places = ("communities", "isochrones"), ("facilities", "gaps")
    kinds = dict.fromkeys(areas, "MultiPolygon") | dict.fromkeys(places, "Point")
    assert set(kinds) == set(LAYERS)
    listed = dict(pyogrio.list_layers(package))
    assert {name: listed[name] for name in kinds} == kinds
    for name in kinds:
        assert pyogrio.read_info(package, layer=name)["crs"] == "EPSG:4326"


def test_communities_carry_every_figure(package: Path) -> None:
    """Each rule's figures stand in columns named after it, costs with their unit."""
    layer = gpd.read_file(package, layer="communities").set_index("community_id")
    assert list(layer.index) == list(DRAWN.communities.index)
    first = layer.loc["001002"]
    assert first["name"] == SCRIPT_NAME
    assert first["elder_meal_share_low"] == pytest.approx(1141 / 1840)
    assert first["elder_meal_verdict"] == "not_met"
    assert first["elder_meal_limit_min"] == 15
    assert first["elder_meal_beyond_median_min"] == 24.5
    assert layer.loc["002001", "culture_rural_limit_m"] == 5000
    assert layer.loc["002001", "culture_rural_median_m"] == 2300
    assert first["tier_convenience"] == "not_met"
    assert "还差414人" in first["explanation"]


def test_what_is_not_known_is_missing(package: Path) -> None:
    """A rule of another setting and a missing layer leave no zeros behind."""
    layer = gpd.read_file(package, layer="communities").set_index("community_id")
    assert pd.isna(layer.loc["001001", "health_share_low"])
    assert pd.isna(layer.loc["001001", "culture_rural_verdict"])
    assert pd.isna(layer.loc["001002", "households"])


def test_facilities_and_isochrones_keep_their_rows(package: Path) -> None:
    """Nothing is lost, and ids stay texts."""
    facilities = gpd.read_file(package, layer="facilities")
    assert list(facilities["facility_id"]) == list(DRAWN.facilities["facility_id"])
    assert facilities["off_network"].sum() == 1
    isochrones = gpd.read_file(package, layer="isochrones")
    assert list(isochrones["minutes"]) == [15, 30, 15, 30]
    assert isochrones.geometry.geom_equals(DRAWN.isochrones.geometry).all()


def test_qgis_finds_styles_for_all_layers(package: Path) -> None:
    """Communities are coloured by the first tier's verdict, with labels in Chinese."""
    found = styles(package)
    assert set(found) == set(LAYERS)
    renderer = found["communities"].find("renderer-v2")
    assert renderer is not None
    assert renderer.get("attr") == "tier_convenience"
    labels = {one.get("value"): one.get("label") for one in renderer.iter("category")}
    assert labels == {
        "met": "达标",
        "not_met": "不达标",
        "insufficient_data": "数据不足",
        "not_applicable": "不适用",
    }


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_columns_have_plain_names(tmp_path: Path, lang: str) -> None:
    """Every column of every layer has a name in words, in the style and for GDAL alike."""
    path = tmp_path / "named.gpkg"
    write_layers(DRAWN, path, lang=lang)
    told = styles(path)
    for layer in LAYERS:
        fields = list(pyogrio.read_info(path, layer=layer)["fields"])
        aliases = {one.get("field"): str(one.get("name")) for one in told[layer].iter("alias")}
        assert list(aliases) == fields
        assert lang == "en" or all(HAN.search(words) for words in aliases.values())
        _, table = pyogrio.read_arrow(path, layer=layer)
        known = {
            one.name: (one.metadata or {}).get(b"GDAL:OGR:alternative_name", one.name.encode())
            for one in table.schema
            if one.name in aliases
        }
        assert {name: words.decode() for name, words in known.items()} == aliases


def test_a_rules_columns_name_the_rule(package: Path) -> None:
    """The name says which service, which figure, and in which unit."""
    aliases = {
        one.get("field"): one.get("name") for one in styles(package)["communities"].iter("alias")
    }
    assert aliases["elder_meal_share_low"] == "长者饭堂：覆盖率下限"
    assert aliases["culture_rural_median_m"] == "文化设施（农村）：到最近设施（米）"
    assert aliases["tier_quality"] == "优质生活服务圈"


def test_a_column_nobody_knows_keeps_its_name() -> None:
    """A column of the district's own is called as its table calls it."""
    texts = load_texts("zh")
    layer = result_layers(DRAWN, texts)["facilities"][0].assign(**{"电\n话": ""})
    assert layer_aliases("facilities", layer, DRAWN, texts)["电\n话"] == "电 话"


def test_columns_of_one_name_are_told_apart(package: Path, tmp_path: Path) -> None:
    """The standard wants names of columns to differ within a layer; styles, too."""
    path = tmp_path / "twice.gpkg"
    pyogrio.write_dataframe(gpd.read_file(package, layer="gaps"), path, layer="gaps")
    long = "很长的名称" * 10
    one = Style("gaps", long, "<qgis/>", "", default=False)
    described = {"gaps": {"unit": "同名", "weight": "同名"}}
    describe(path, styles=[one, one], aliases=described, moment="2025-06-30T00:00:00.000Z")
    told = query(path, "SELECT column_name, name FROM gpkg_data_columns")
    assert dict(told) == {"unit": "同名", "weight": "同名 (weight)"}
    names = [str(name) for (name,) in query(path, "SELECT styleName FROM layer_styles")]
    assert names == [long[:30], long[:28] + " 2"]


def test_each_symbol_is_used_once(package: Path) -> None:
    """No category or rule points to a symbol that is not there, and none is left over."""
    for root in all_styles(package).values():
        symbols = [symbol.get("name") for symbol in root.iter("symbol")]
        told = [*root.iter("category"), *root.iter("rule")]
        used = [one.get("symbol") for one in told if one.get("symbol") is not None]
        assert symbols == used
        assert all(symbol.findall("layer") for symbol in root.iter("symbol"))


def test_keys_of_rules_differ(package: Path) -> None:
    """QGIS tells rules apart by their keys."""
    for root in all_styles(package).values():
        keys = [one.get("key") for one in (*root.iter("rules"), *root.iter("rule"))]
        assert len(set(keys)) == len(keys)


def test_communities_can_be_coloured_by_each_coverage(package: Path) -> None:
    """Each tier and each rule has a style of its own, which leaves the columns' names alone."""
    own = {name: root for (table, name), root in all_styles(package).items() if table == LAYERS[0]}
    assert list(own)[:3] == ["circles", "优质生活服务圈", "覆盖率：长者饭堂"]
    assert len(own) == 2 + len(DRAWN.standard.access_rules)
    assert {root.get("styleCategories") for name, root in own.items() if name != "circles"} == {
        "Symbology"
    }
    labels = [rule.get("label") for rule in rules(own["覆盖率：长者饭堂"])]
    assert labels == [
        *("全部可达", "达标：85%及以上可达", "未达标：50%至85%可达", "未达标：可达不足50%"),
        *("数据不足", "不适用"),
    ]


@pytest.mark.parametrize("min_share", ["as drawn", 0.4, 1.0, None])
def test_classes_are_those_of_the_map(tmp_path: Path, min_share: float | str | None) -> None:
    """The expressions of the styles select the communities that the map gives that colour.

    They are plain enough for SQLite to understand them as QGIS does.
    """
    standard = DRAWN.standard
    asked = {} if isinstance(min_share, str) else {"min_share": min_share}
    judged = [rule.model_copy(update=asked) for rule in standard.access_rules]
    verdicts = DRAWN.verdicts.copy()
    if min_share is None:
        open_ended = verdicts["verdict"].isin(["met", "not_met"])
        verdicts["verdict"] = verdicts["verdict"].astype(object).mask(open_ended, None)
    elif not isinstance(min_share, str):
        low, high = verdicts["share_low"], verdicts["share_high"]
        known = verdicts["verdict"].isin(["met", "not_met"])
        told = np.select(
            [low >= min_share, high < min_share], ["met", "not_met"], "insufficient_data"
        )
        verdicts["verdict"] = verdicts["verdict"].mask(known, pd.Series(told, verdicts.index))
    standard = standard.model_copy(update={"rules": tuple(judged)})
    assessment = replace(DRAWN, standard=standard, verdicts=verdicts)
    path = tmp_path / "classes.gpkg"
    write_layers(assessment, path, lang="en")
    positions = {rule.id: place for place, rule in enumerate(standard.rules)}
    roots = all_styles(path)
    seen = set()
    for view in rule_views(assessment, positions, load_texts("en")):
        (found,) = [root for (_, name), root in roots.items() if name.endswith(": " + view["name"])]
        expected = view["groups"][0]["ends"][0]
        looks = [LOOKS[ord(letter) - ord("a")] for letter in expected["look"]]
        words = {LOOKS[number]: label for number, label in expected["legend"]}
        assert [rule.get("label") for rule in rules(found)] == list(words.values())
        assert drawn_labels(path, rules(found)) == [words[look] for look in looks]
        seen |= set(looks)
    assert len(seen) >= 4


def drawn_labels(path: Path, told: list[ET.Element]) -> list[str]:
    """Return the label of each community's class, in order."""
    chosen: dict[object, str] = {}
    for rule in told:
        test = rule.get("filter")
        rows = query(path, f"SELECT fid FROM communities WHERE {test}") if test != "ELSE" else []  # noqa: S608 - our own
        assert not chosen.keys() & {fid for (fid,) in rows}
        chosen |= {fid: str(rule.get("label")) for (fid,) in rows}
    (rest,) = [str(rule.get("label")) for rule in told if rule.get("filter") == "ELSE"]
    return [
        chosen.get(fid, rest) for (fid,) in query(path, "SELECT fid FROM communities ORDER BY 1")
    ]


def test_colours_are_those_of_the_map() -> None:
    """Page and layers show one thing in one colour."""
    css = "".join((PAGE / name).read_text("utf-8") for name in ("verdicts.css", "map.css"))
    wanted = {name: f"--{name}: {colour};" for name, colour in COLOURS.items()}
    assert {name: line for name, line in wanted.items() if line not in css} == {}


def test_isochrones_open_with_one_need(package: Path) -> None:
    """The first need is drawn, the others wait to be ticked; each has its limits below it."""
    told = rules(styles(package)["isochrones"])
    assert [rule.get("checkstate") for rule in told] == [None, *["0"] * (len(told) - 1)]
    assert [len(rule) for rule in told] == [2] * len(told)
    shown = 0
    for rule in told:
        for limit in rule:
            where = f"({rule.get('filter')}) AND {limit.get('filter')}"
            shown += len(query(package, f"SELECT fid FROM isochrones WHERE {where}"))  # noqa: S608 - our own
    assert shown == len(DRAWN.isochrones)


def test_homes_out_of_reach_are_drawn_by_rule(package: Path) -> None:
    """Each rule that leaves homes out has its own, and names of rules stand in the legend."""
    told = rules(styles(package)["gaps"])
    assert [rule.get("label") for rule in told] == ["长者饭堂", "社工站", "文化设施（农村）"]
    for rule, count in zip(told, (3, 0, 1), strict=True):
        where = f"{rule.get('filter')} AND {rule[0].get('filter')}"
        assert len(query(package, f"SELECT fid FROM gaps WHERE {where}")) == count  # noqa: S608 - our own


def test_small_numbers_of_people_are_withheld(package: Path) -> None:
    """Fewer than ten people are not in the file; areas and lengths are not people."""
    layer = gpd.read_file(package, layer="gaps")
    assert layer["weight"].fillna(-1).tolist() == [-1, 10, 3, 250, -1]
    assert layer["withheld"].tolist() == [True, False, False, False, True]
    assert not ((layer["unit"] == "people") & (layer["weight"] < 10)).any()


def test_ways_to_the_nearest_are_rounded_up(package: Path) -> None:
    """Minutes to tenths, metres whole; where there is no way, nothing stands."""
    layer = gpd.read_file(package, layer="gaps")
    assert layer["minutes"].fillna(-1).tolist() == [15.1, 22.0, -1, -1, 30.1]
    assert layer["metres"].fillna(-1).tolist() == [-1, -1, -1, 5061, -1]
    assert layer["beyond"].tolist() == [True] * 4 + [False]
    assert layer.geometry.x.round(3).tolist() == [113.311, 113.312, 113.313, 113.314, 113.315]


def test_a_range_shows_who_misses_its_strict_end_alone() -> None:
    """Homes that only the stricter limit leaves out are drawn hollow."""
    told = qml.Rule("", "NOT x", (qml.mark("square", "#ffffff", size_mm=1),))
    root = qml.by_rules([told], "marker")
    assert root.find("rules/rule").get("filter") == "NOT x"  # type: ignore[union-attr]
    assert gap_layer(drawn_assessment()).empty


def test_explanations_are_those_of_the_verdicts() -> None:
    """A community's explanation begins with what is told of its verdicts anywhere else."""
    drawn = drawn_assessment()
    layer, _ = result_layers(drawn, load_texts("en"))["communities"]
    told = layer.set_index("community_id")["explanation"]
    for community in drawn.communities.index:
        lines = explain_community(str(community), drawn, load_texts("en"))
        assert tuple(told[community].split("\n"))[: len(lines)] == lines
    assert any(told.str.len() > 0)


def test_homes_keep_the_words_of_their_rows() -> None:
    """Community, rule and unit stand in their own rows."""
    gaps = drawn_gaps()
    layer = gap_layer(replace(drawn_assessment(), gaps=gaps))
    assert not layer.empty
    for name in ("community_id", "rule_id", "unit"):
        assert layer[name].tolist() == gaps[name].astype(str).tolist()


def test_names_in_expressions_cannot_end_them() -> None:
    """Quotes in names of columns and in values are doubled."""
    assert qml.column('a"b') == '"a""b"'
    assert qml.literal("a'b") == "'a''b'"


def test_facilities_of_unknown_services_are_drawn_too(package: Path) -> None:
    """The last category takes what the catalogue does not name, such as the drawn library."""
    categories = list(styles(package)["facilities"].iter("category"))
    assert [one.get("value") for one in categories][-1] == ""
    assert "elder_meal" in {one.get("value") for one in categories}


def test_the_geopackage_says_what_it_holds(package: Path) -> None:
    """All tables are registered, at the run's date, and the database is sound."""
    contents = query(package, "SELECT table_name, data_type, last_change FROM gpkg_contents")
    assert {str(name): kind for name, kind, _ in contents} == {
        "communities": "features",
        "facilities": "features",
        "isochrones": "features",
        "gaps": "features",
        "layer_styles": "attributes",
    }
    assert {change for *_, change in contents} == {"2025-06-30T00:00:00.000Z"}
    assert query(package, "PRAGMA integrity_check") == [("ok",)]
    assert query(package, "PRAGMA foreign_key_check") == []


def test_writing_twice_gives_the_same_bytes(package: Path, tmp_path: Path) -> None:
    """No clock gets into the file, and a file that was there is replaced."""
    path = tmp_path / "again.gpkg"
    path.write_text("something else")
    write_layers(drawn(), path, lang="zh")
    assert path.read_bytes() == package.read_bytes()


@pytest.mark.parametrize("before", [None, "2001-02-03T04:05:06Z"])
def test_gdal_keeps_its_clock(tmp_path: Path, before: str | None) -> None:
    """What GDAL was told before is put back, after success and after failure."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
    try:
        write_layers(DRAWN, tmp_path / "fine.gpkg", lang="zh")
        assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == before
        with pytest.raises(pyogrio.errors.DataSourceError):
            write_layers(DRAWN, tmp_path / "nowhere" / "lost.gpkg", lang="zh")
        assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == before
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def test_invented_data_are_labelled_in_every_layer(package: Path, tmp_path: Path) -> None:
    """虚构 stands in each row of a fictional run, and in no other."""
    path = tmp_path / "real.gpkg"
    write_layers(drawn(fictional=False), path, lang="zh")
    for layer in LAYERS:
        assert gpd.read_file(package, layer=layer)["data_label"].str.contains("虚构").all()
        assert "data_label" not in gpd.read_file(path, layer=layer)
    assert "虚构" not in str(query(path, "SELECT * FROM layer_styles"))


def test_empty_layers_keep_their_columns_and_geometry(tmp_path: Path) -> None:
    """Without facilities and isochrones the layers are there, and empty."""
    path = tmp_path / "empty.gpkg"
    empty = replace(
        DRAWN,
        as_of=None,
        facilities=DRAWN.facilities.iloc[:0],
        isochrones=DRAWN.isochrones.iloc[:0],
    )
    write_layers(empty, path, lang="en")
    info = pyogrio.read_info(path, layer="isochrones")
    assert (info["features"], info["geometry_type"]) == (0, "MultiPolygon")
    assert "minutes" in info["fields"]
    assert query(path, "SELECT DISTINCT last_change FROM gpkg_contents") == [
        ("1980-01-01T00:00:00.000Z",)
    ]


def test_a_standard_without_tiers_leaves_communities_unstyled(tmp_path: Path) -> None:
    """There is no verdict to colour by, and the other styles are still there."""
    path = tmp_path / "plain.gpkg"
    standard = DRAWN.standard.model_copy(update={"tiers": (), "targets": ()})
    write_layers(replace(DRAWN, standard=standard), path, lang="en")
    assert set(styles(path)) == {"communities", "facilities", "isochrones", "gaps"}


def test_an_unknown_language_is_refused(tmp_path: Path) -> None:
    """Nothing is written, nor removed, in a language without texts."""
    path = tmp_path / "results.gpkg"
    path.write_text("kept")
    with pytest.raises(InputError, match="zh, en"):
        write_layers(DRAWN, path, lang="fr")
    assert path.read_text() == "kept"
