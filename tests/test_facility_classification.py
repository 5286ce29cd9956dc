"""Which services names, types, tags and columns say, and which rule said so."""

import re
from collections.abc import Sequence

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from circles.facilities import (
    Collected,
    Where,
    classified,
    classified_tags,
    classify,
    facilities_from_osm,
    facilities_from_table,
    load_catalogue,
    rule_summary,
)
from circles.facilities.classify import said_by_name, said_by_type
from circles.tables.folding import folded

PLACE = shapely.Point(113.33, 23.12)


def collected(service_column: str | None = None, **cells: Sequence[object]) -> Collected:
    """Collect a table whose rows lie far apart."""
    count = len(next(iter(cells.values())))
    rows = pd.RangeIndex(2, 2 + count, name="row")
    points = [shapely.Point(113.0 + 0.01 * place, 23.0) for place in range(count)]
    frame = gpd.GeoDataFrame(cells, index=rows, geometry=points, crs=4326)
    return facilities_from_table(frame, origin="a.csv", service_column=service_column)


def services(found: Collected) -> list[tuple[int, str]]:
    """Return the services of each row."""
    return list(zip(found.records["row"], found.facilities["service"], strict=True))


def entries(found: Collected) -> list[tuple[int, str, str]]:
    """Return what became of rows: number, fate and reason."""
    return [(e.row, e.fate.value, e.note.key.split(".")[1]) for e in found.ledger.events]


# ---- the documents -------------------------------------------------------------------------------

#: What five municipal documents promise to their residents, document by document. Not places, and
#: so not here: what is online (随约服务网上驿站, 调度平台), organisations (联合会, 基金会), teams,
#: vehicles, and words for any facility at all (服务设施, 医疗机构, 督导中心).
DOCUMENTS = {
    "Guangzhou, answer of 2023": {
        "social_work": ["双百工程社工站", "社工服务站"],
        "volunteer": ["社区慈善（志愿服务）工作站", "广州“公益时间”志愿服务站点"],
        "council_hall": ["社区居民议事厅", "城乡社区议事会"],
        "gov_service": ["来穗人员服务管理中心", "出租屋管理服务站"],
        "legal": ["网格服务管理中心"],
    },
    "Taizhou, answer of 2023": {
        "community_complex": ["“邻距里”社区服务综合体", "社区综合服务设施"],
        "social_org": ["社会组织孵化培育中心", "社会组织孵化基地"],
        "health_post": ["健康驿站"],
        "culture": ["共享活动空间"],
        "childcare": ["社区托育"],
        "social_work": ["乡镇（街道）社工站"],
        "party_service": ["社区党群服务中心"],
        "property_service": ["物业服务中心"],
    },
    "Guangzhou, lecture of 2018": {
        "elder_meal": ["长者饭堂", "社区“大配餐”", "长者助餐配餐点"],
        "social_work": ["街（镇）社工站（家综）"],
        "council_hall": ["农村议事厅"],
        "marriage": ["婚姻登记处", "婚姻家庭服务中心"],
        "social_relief": ["社会救助服务点", "流浪救助站"],
        "social_org": ["社会工作人才培育基地", "社工机构培育基地"],
        "community_complex": ["社区共建共治共享中心"],
        "volunteer": ["时间银行"],
        "legal": ["社区公共法律服务", "基层综治中心", "矛盾纠纷化解中心", "社区矫正中心"],
        "elder_station": ["居家养老服务站"],
    },
    "Guangzhou, plan for 2021-25": {
        "elder_centre": ["街镇综合养老服务中心（颐康中心）", "镇级居家养老综合服务平台"],
        "elder_station": ["村居颐康服务站"],
        "elder_activity": ["星光老年之家"],
        "elder_home": ["养老机构"],
        "senior_education": ["老年大学", "社区学校（学院）", "社区家长学校", "社区教育示范基地"],
        "childcare": ["托育服务机构", "全日托", "计时托", "示范性婴幼儿照护服务机构"],
        "children_home": ["儿童之家", "儿童友好服务空间", "未成年人活动场所"],
        "child_protection": ["未成年人保护工作站", "未成年人保护“一站式”工作室", "青年地带"],
        "disability": ["残疾人综合服务中心", "社区康园中心", "康复辅助器具社区租赁服务点"],
        "mental_health": ["社区心理服务阵地", "精神障碍社区康复机构", "心理咨询室"],
        "health_station": ["社区卫生服务站"],
        "health_centre": ["社区卫生服务中心", "乡镇卫生院"],
        "village_clinic": ["村卫生室"],
        "culture": ["社区综合性文化服务中心", "公益性文化场馆", "图书馆"],
        "sports": ["社区体育公园", "体育场地", "社区体育健身设施"],
        "police": ["社区警务室", "派出所"],
        "legal": ["公共法律服务工作站（室）", "综治信访维稳工作站", "人民调解委员会"],
        "employment": ["社区就业服务平台", "就业服务站"],
        "domestic_service": ["家政服务超市", "家政网点"],
        "daily_service": ["便民利民服务网点", "便民维修点"],
        "gov_service": ["政务（便民/为民）服务中心（站）", "社区公共服务站", "便民服务点"],
        "emergency": ["社区最小应急单元", "应急服务站"],
        "social_relief": ["村（居）社会救助服务站（点）"],
        "social_org": ["社区社会组织综合服务平台", "社区社会组织培育基地"],
        "volunteer": ["社区慈善捐赠站点", "社区志愿服务站（点）"],
        "committee": ["居民委员会", "村委会"],
        "party_service": ["镇（街）党群服务中心"],
        "hospital": ["区级医院"],
    },
    "Kunming, answer of 2023": {
        "elder_meal": ["新时代老年幸福食堂", "社区为老助餐站（点）"],
        "elder_centre": ["街道级综合养老服务中心", "乡镇（农村）区域性养老服务中心"],
        "elder_station": ["城乡社区居家养老服务中心"],
        "elder_activity": ["老年活动中心（站、室）"],
        "elder_daycare": ["社区日间照料中心"],
        "elder_mutual": ["农村幸福院"],
        "elder_home": ["养老服务机构"],
        "social_work": ["社工总站", "村（社区）社工室", "社工站督导中心"],
        "social_org": ["社会工作服务孵化中心"],
        "gov_service": ["乡镇（街道）便民服务中心", "社区为民服务站"],
        "volunteer": ["慈善超市"],
        "clinic": ["诊所", "卫生所", "医务室"],
        "community_complex": ["邻里中心"],
        "legal": ["综治中心", "网格中心"],
    },
}


@pytest.mark.parametrize(
    ("service", "name"),
    [
        (service, name)
        for document in DOCUMENTS.values()
        for service, names in document.items()
        for name in names
    ],
)
def test_every_type_of_the_documents_is_told(service: str, name: str) -> None:
    """What a document promises has a service, and its words lead to it."""
    assert classify(name) == service


@pytest.mark.parametrize(
    "name",
    [
        "社区随约服务网上驿站",
        "社区社会组织联合会",
        "社区基金会",
        "疾病预防控制机构",
        "重点就业创业",
    ],
)
def test_what_is_no_place_of_a_service_is_told_to_none(name: str) -> None:
    """Online services, organisations and offices that residents do not visit are no facility."""
    assert classify(name) is None


# ---- either kind of characters -------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["s2t", "s2tw", "s2hk"])
def test_traditional_characters_are_classified_as_simplified(variant: str) -> None:
    """Names of services and of the documents, in the characters of Taiwan and Hong Kong."""
    to_traditional = OpenCC(variant).convert
    names = [service.name.zh for service in load_catalogue().values()]
    names += [name for d in DOCUMENTS.values() for words in d.values() for name in words]
    assert {name for name in names if classify(to_traditional(name)) != classify(name)} == set()


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("社區照顧關懷據點 樂齡學堂", "elder_station"),
        ("C級巷弄長照站", "elder_station"),
        ("台北市大安老人服務中心", "elder_station"),
        ("松山老人日間照顧中心", "elder_daycare"),
        ("某某日照中心", "elder_daycare"),
        ("日照市中心医院", "hospital"),
        ("臺北市私立上美老人長期照顧中心(養護型)", "elder_home"),
        ("臺北市私立瑞安老人長期照顧中(養護型)", "elder_home"),
        ("臺北市私立祇福老人養護所", "elder_home"),
        ("臺北市至善老人安養護中心", "elder_home"),
        ("臺北市政府社會局老人自費安養中心", "elder_home"),
        ("臺北市立浩然敬老院", "elder_home"),
        ("頤園護理之家", "elder_home"),
        ("禾馨產後護理之家", None),
        ("某某精神護理之家", None),
        ("敦化芝加哥牙醫診所", "clinic"),
        ("大安區健康服務中心", "health_centre"),
        ("板橋區衛生所", "health_centre"),
        ("某某私立托嬰中心", "childcare"),
        ("臺北市立某某幼兒園", "kindergarten"),
        ("臺北市立大湖國民小學", "primary_school"),
        ("臺北市立龍山國民中學", "middle_school"),
        ("中山區民活動中心", "culture"),
        ("臺北市大同區大有里辦公處", None),
    ],
)
def test_words_of_taiwan(name: str, service: str | None) -> None:
    """Elder care, health and schools as they are called there; a village office is no committee."""
    assert classify(name) == service


# ---- the rule that fired -------------------------------------------------------------------------


@given(st.text())
def test_any_text_is_classified_by_a_rule_or_not_at_all(text: str) -> None:
    """Names and types of any text: a service of the catalogue, and nothing is raised."""
    for said in (said_by_name(text), said_by_type(text)):
        assert {f.service for f in (*said.services, *said.unsure)} <= set(load_catalogue())


_WORDS = st.lists(
    st.sampled_from(
        [service.name.zh for service in load_catalogue().values()]
        + ["含", "附设", "（", "）", "暨", "、", "不含", "旁", "猎德", "协会", "；", "/", "醫院"]
    ),
    max_size=6,
).map("".join)


@given(_WORDS)
def test_a_rule_is_one_of_the_service_and_found_in_the_text(text: str) -> None:
    """What fired is a keyword of its service, and the words it found stand in the folded text."""
    said = said_by_name(text)
    for found in (*said.services, *said.unsure):
        keywords = load_catalogue()[found.service].keywords
        assert found.rule in keywords.any
        assert re.search(found.rule, found.words)
        silent, outside = (re.sub(p, "", folded(text)) for p in ("[()]", r"\([^()]*\)|[()]"))
        assert found.words in silent or found.words in outside
    ids = [found.service for found in (*said.services, *said.unsure)]
    assert len(ids) == len(set(ids))
    assert classify(text) == (ids[0] if said.services else None)


def test_the_rule_and_its_words_are_told() -> None:
    """The pattern, the words in which it was found, and what was read."""
    found = classified("獵德街 頤康中心長者飯堂")
    assert found is not None
    assert (found.service, found.where) == ("elder_meal", Where.NAME)
    assert found.words == "长者饭堂"
    assert "饭堂" in found.rule
    assert classified("某公司") is None


def test_each_facility_carries_how_it_was_classified() -> None:
    """By the type, by its id, by the name; the summary counts the rules and gives examples."""
    found = collected(
        "类型",
        类型=["police", "长者饭堂、日托", "其他", None],
        名称=["甲", "乙", "丙社工站", "丁社工站"],
    )
    assert services(found) == [
        *((2, "police"), (3, "elder_meal"), (3, "elder_daycare")),
        *((4, "social_work"), (5, "social_work")),
    ]
    assert found.records["where"].tolist() == ["type", "type", "type", "name", "name"]
    assert found.records["words"].iloc[1:].tolist() == ["长者饭堂", "日托", "社工站", "社工站"]
    rules = rule_summary(found)
    assert rules["count"].tolist() == [1, 1, 1, 2]
    assert rules["rule"].iloc[0] == "police"
    assert rules["examples"].iloc[3] == ("丙社工站", "丁社工站")


# ---- several services ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given_", "unsure"),
    [
        ("颐康服务站（含长者饭堂）", ["elder_station", "elder_meal"], []),
        ("颐康服务站含长者饭堂", ["elder_station", "elder_meal"], []),
        ("颐康中心（含长者饭堂、日间照料）", ["elder_centre", "elder_meal", "elder_daycare"], []),
        ("颐康服务站（不含长者饭堂）", ["elder_station"], []),
        ("颐康服务站（长者饭堂）", ["elder_station"], ["elder_meal"]),
        ("猎德长者饭堂（颐康服务站内）", ["elder_meal"], []),
        ("猎德长者饭堂（原猎德幼儿园）", ["elder_meal"], []),
        ("含光路社区食堂", ["elder_meal"], []),
        ("社区卫生服务站、警务室", ["health_station", "police"], []),
        ("信義老人服務暨日間照顧中心", ["elder_daycare"], []),
        ("百齡診所附設護理之家", ["elder_home"], []),
        ("某小学附设幼儿园", ["kindergarten"], []),
        ("颐康中心附设日间照料中心", ["elder_daycare"], ["elder_centre"]),
        ("中山大学附属第一医院", ["hospital"], []),
        ("某某协会（大安日間照顧中心）", ["elder_daycare"], []),
        ("社區大學全國促進會", [], []),
        ("老年活动中心(站、室)", ["elder_activity"], []),
    ],
)
def test_names_of_several_services(name: str, given_: list[str], unsure: list[str]) -> None:
    """含 and its like give a further service; hosts, brackets and locations do not."""
    said = said_by_name(name)
    assert [found.service for found in said.services] == given_
    assert [found.service for found in said.unsure] == unsure


def test_services_that_a_name_adds_or_mentions_are_listed() -> None:
    """What is counted besides is doubtful, and what is only mentioned is not counted."""
    found = collected(名称=["颐康服务站（含长者饭堂）", "颐康服务站（长者饭堂）", "颐康服务站"])
    assert services(found) == [
        *((2, "elder_station"), (2, "elder_meal")),
        *((3, "elder_station"), (4, "elder_station")),
    ]
    assert entries(found) == [(2, "doubtful", "several"), (3, "doubtful", "mentioned")]
    assert found.facilities["facility_id"].nunique() == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("长者饭堂、日托", ["elder_meal", "elder_daycare"]),
        ("elder_meal; police", ["elder_meal", "police"]),
        ("老年活动中心(站、室)", ["elder_activity"]),
        ("诊所/卫生所/医务室", ["clinic"]),
        ("科教文化服务;学校;幼儿园", ["kindergarten"]),
        ("医疗保健服务;综合医院;卫生院", ["health_centre"]),
        ("体育休闲服务;运动场馆;篮球场馆", ["sports"]),
        ("餐饮服务;中餐厅;中餐厅", []),
        ("社區照顧關懷據點 功能型(老服中心)", ["elder_station"]),
    ],
)
def test_types(text: str, expected: list[str]) -> None:
    """Several are separated; of a map provider's classes the narrowest that is known counts."""
    said = said_by_type(text)
    assert [found.service for found in said.services] == expected
    assert {found.where for found in said.services} <= {Where.TYPE}


def test_a_type_column_is_found_by_its_usual_name() -> None:
    """Nobody named it; words that are nearly an id are then no misspelling."""
    found = collected(
        據點類型=["社區照顧關懷據點", "police1", None], 據點名稱=["甲", "乙", "丙診所"]
    )
    assert services(found) == [(2, "elder_station"), (4, "clinic")]
    assert found.records["where"].tolist() == ["type", "name"]
    assert entries(found) == [(3, "set_aside", "unclassified")]


# ---- confirmed by a column -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("托位", ["30", "0", "", "约30"]),
        ("托位数（个）", ["30个", "0", None, "有一些"]),
        ("托班", ["有", "无", "", "筹建中"]),
        ("托班数", ["2", "0", None, "若干"]),
    ],
)
def test_a_kindergarten_is_childcare_only_by_a_column(header: str, cells: list[str]) -> None:
    """Above 0 or yes gives it; 0, no and an empty cell do not; what is neither is listed."""
    names = ["甲幼儿园", "乙幼儿园", "丙幼儿园", "丁幼儿园"]
    found = collected(名称=names, **{header: cells})
    assert [pair for pair in services(found) if pair[1] == "childcare"] == [(2, "childcare")]
    assert [row for row, service in services(found) if service == "kindergarten"] == [2, 3, 4, 5]
    assert (5, "doubtful", "confirm_unclear") in entries(found)
    assert found.records.loc[found.facilities["service"] == "childcare", "where"].tolist() == [
        "column"
    ]


def test_nursery_places_are_not_those_of_the_kindergarten() -> None:
    """托位 counts for childcare; the kindergarten's own places are another column's."""
    found = collected(名称=["甲幼儿园"], 托位=["30"]).facilities.set_index("service")
    assert found.loc["childcare", "places"] == 30
    assert pd.isna(found.loc["kindergarten", "places"])


def test_a_layer_of_one_service_is_of_that_alone() -> None:
    """Where the project says the service of all rows, a column of nursery places is told only."""
    rows = pd.RangeIndex(2, 4, name="row")
    cells = {"名称": ["甲幼儿园（含托班）", "乙幼儿园"], "托位": ["30", "0"]}
    frame = gpd.GeoDataFrame(cells, index=rows, geometry=[PLACE, PLACE], crs=4326)
    found = facilities_from_table(frame, origin="a.csv", service="kindergarten")
    assert set(found.facilities["service"]) == {"kindergarten"}
    facts = {note.key: dict(note.values) for note in found.ledger.facts}
    assert facts["facilities.also_ignored"]["count"] == 1
    assert "facilities.also_unsaid" not in facts


def test_what_a_place_often_offers_besides_counts_only_by_a_column() -> None:
    """A column that is called by the service says it; others, and its absence, do not."""
    found = collected(
        名称=["甲颐康服务站", "乙颐康服务站", "丙颐康服务站", "丁派出所"],
        是否有长者饭堂=["是", "否", "", "是"],
        长者饭堂距离=["300", "200", "10", "1"],
        备注=["日间照料中心", "", "", ""],
    )
    assert services(found) == [
        *((2, "elder_station"), (2, "elder_meal")),
        *((3, "elder_station"), (4, "elder_station"), (5, "police")),
    ]
    unsaid = {
        dict(note.values)["other"].zh: dict(note.values)["count"]  # type: ignore[union-attr]
        for note in found.ledger.facts
        if note.key == "facilities.also_unsaid"
    }
    assert unsaid == {"长者饭堂": 1, "老年人日间照料中心": 3}


# ---- OpenStreetMap -------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["name", "name:zh", "alt_name"])
def test_tags_are_classified_by_any_name(key: str) -> None:
    """Where tags leave it open, the name decides, whichever says it; what fired is told."""
    (found,) = classified_tags({"amenity": "community_centre", key: "獵德社區黨群服務中心"})
    assert (found.service, found.where) == ("party_service", Where.NAME)
    (by_tags,) = classified_tags({"amenity": "library", "name": "猎德"})
    assert (by_tags.service, by_tags.where) == ("culture", Where.TAGS)
    assert by_tags.words == "amenity=library"
    assert "amenity=" in by_tags.rule


def test_places_of_a_map_carry_how_they_were_classified() -> None:
    """The table beside the facilities holds the rule; there are no rows of a file."""
    tags = [{"amenity": "police"}, {"amenity": "restaurant", "name": "猎德长者饭堂"}]
    places = gpd.GeoDataFrame(
        {"osm_id": ["n1", "n2"], "tags": tags}, geometry=[PLACE] * 2, crs=4326
    )
    found = facilities_from_osm(places, ["police", "elder_meal"])
    assert found.records["where"].tolist() == ["tags", "name"]
    assert found.records["row"].tolist() == [-1, -1]
    assert found.ledger.read == found.ledger.used == 2
