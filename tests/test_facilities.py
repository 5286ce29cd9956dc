"""The catalogue of services, classification, and facilities from tables and OpenStreetMap."""

import math
import re
from collections.abc import Sequence

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from circles.errors import FaultsError, InputError
from circles.facilities import (
    Unclassified,
    classify,
    classify_tags,
    facilities_from_osm,
    facilities_from_table,
    load_catalogue,
    service_named,
)
from circles.osm import PLACE_KEYS

COLUMNS = [
    *("facility_id", "name", "service", "origin", "capacity", "places", "seats", "beds", "area_m2"),
    *("serves", "opening_hours", "geometry"),
]
PLACE = shapely.Point(113.33, 23.12)


def _layer(cells: dict[str, Sequence[object]], first_row: int = 2) -> gpd.GeoDataFrame:
    count = len(next(iter(cells.values())))
    rows = pd.RangeIndex(first_row, first_row + count, name="row")
    return gpd.GeoDataFrame(cells, index=rows, geometry=[PLACE] * count, crs=4326)


def _places(*places: tuple[str, dict[str, str], shapely.Point]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(list(places), columns=["osm_id", "tags", "geometry"])
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=4326)


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour as WCAG 2 defines it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_catalogue_is_complete() -> None:
    """Every type of facility that the municipal documents name is in the catalogue."""
    elders = {"elder_meal", "elder_station", "elder_centre", "elder_daycare", "elder_mutual"}
    elders |= {"elder_activity", "elder_home", "senior_education"}
    children = {"childcare", "kindergarten", "child_protection", "children_home"}
    health = {"health_station", "health_centre", "village_clinic", "clinic", "mental_health"}
    others = {"social_work", "disability", "culture", "sports", "police", "legal", "volunteer"}
    civic = {"community_complex", "party_service", "gov_service", "council_hall", "committee"}
    civic |= {"social_org", "marriage", "employment", "social_relief"}
    daily = {"market", "domestic_service", "daily_service", "property_service", "emergency"}
    assert elders | children | health | others | civic | daily <= set(load_catalogue())


def test_catalogue_cannot_be_changed() -> None:
    """The catalogue that everybody shares is read-only."""
    with pytest.raises(TypeError):
        load_catalogue()["new"] = load_catalogue()["police"]  # type: ignore[index]
    with pytest.raises(ValueError, match="frozen"):
        load_catalogue()["police"].colour = "#000000"  # type: ignore[misc]


def test_what_a_service_often_comes_with_is_in_the_catalogue() -> None:
    """`also` names services, and none itself."""
    catalogue = load_catalogue()
    assert catalogue["kindergarten"].also == ("childcare",)
    for service in catalogue.values():
        assert set(service.also) <= set(catalogue) - {service.id}


def test_services_can_be_told_apart_on_a_map() -> None:
    """Names, colours and signs differ, a sign is one Chinese character, white is readable."""
    services = list(load_catalogue().values())
    for values in (
        [service.name.zh for service in services],
        [service.name.en for service in services],
        [service.colour for service in services],
        [service.sign for service in services],
    ):
        assert len(set(values)) == len(services)
    assert all(re.fullmatch("[\u4e00-\u9fff]", service.sign) for service in services)
    assert all(re.fullmatch("#[0-9a-f]{6}", service.colour) for service in services)
    assert all(1.05 / (_luminance(service.colour) + 0.05) >= 4.5 for service in services)


def test_catalogue_tags_are_among_the_places_read() -> None:
    """Each way in which tags say a service has a key for which extracts are searched."""
    for service in load_catalogue().values():
        for tags in (*service.osm, *service.osm_named):
            assert set(tags) & set(PLACE_KEYS), service.id


def test_every_service_is_found_by_its_own_name() -> None:
    """A service's Chinese name is classified as the service, and so are its id and its names."""
    for service in load_catalogue().values():
        assert classify(service.name.zh) == service.id
        for word in (service.id, service.id.upper(), service.name.zh, service.name.en):
            assert service_named(word) == service.id
    assert service_named("颐康服务站") == "elder_station"
    assert service_named("nothing") is None


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("猎德街颐康中心长者饭堂", "elder_meal"),
        ("助餐站( 点)", "elder_meal"),
        ("老年幸福食堂", "elder_meal"),
        ("大学城社区食堂", "elder_meal"),
        ("华南理工大学教工食堂", None),
        ("街镇综合养老服务中心(颐康中心)", "elder_centre"),
        ("街道居家养老综合服务平台", "elder_centre"),
        ("乡镇区域性养老服务中心", "elder_centre"),
        ("城乡社区居家养老服务中心", "elder_station"),
        ("村居颐康服务站", "elder_station"),
        ("社区日间照料中心", "elder_daycare"),
        ("托老所", "elder_daycare"),
        ("农村幸福院", "elder_mutual"),
        ("老年活动中心(站、室)", "elder_activity"),
        ("社会福利院", "elder_home"),
        ("天河区儿童福利院", "child_protection"),
        ("人和镇卫生院", "health_centre"),
        ("石牌街社区卫生服务中心", "health_centre"),
        ("冼村社区卫生服务站", "health_station"),
        ("新塘村卫生室", "village_clinic"),
        ("环境卫生站", None),
        ("口腔门诊部", "clinic"),
        ("宠物医院", None),
        ("广州市第一人民医院", "hospital"),
        ("医院路社区服务中心", "gov_service"),
        ("猎德街社工服务站", "social_work"),
        ("社工(服务)点", "social_work"),
        ("社区社会组织联合会", None),
        ("建设工程社会保险窗口", None),
        ("普惠托育园", "childcare"),
        ("课后托管班", None),
        ("华师附属幼儿园", "kindergarten"),
        ("广东实验中学", "middle_school"),
        ("棠下小学旁篮球场", "sports"),
        ("未成年人保护工作站", "child_protection"),
        ("社区康园中心", "disability"),
        ("综治信访维稳工作站", "legal"),
        ("公共法律服务工作站(室)", "legal"),
        ("社区综合性文化服务中心", "culture"),
        ("老年文化活动中心", "elder_activity"),
        ("社区体育公园", "sports"),
        ("员村派出所", "police"),
        ("村(社区)党群服务中心", "party_service"),
        ("政务(便民/为民)服务中心(站)", "gov_service"),
        ("国家政务服务大厅", "gov_service"),
        ("邻距里社区综合体", "community_complex"),
        ("慈善(捐赠)工作站", "volunteer"),
        ("广州公益“时间银行”志愿服务站点", "volunteer"),
        ("村民委员会", "committee"),
        ("社会救助服务站(点)", "social_relief"),
        ("长者　饭堂", "elder_meal"),
        ("Biblioteca Insular", None),
        ("", None),
    ],
)
def test_classification_of_names(name: str, service: str | None) -> None:
    """Names from the documents, and names made to mislead, are classified."""
    assert classify(name) == service


@given(st.text())
def test_classification_of_anything(text: str) -> None:
    """Whatever the text, the answer is a service of the catalogue or none."""
    assert classify(text) is None or classify(text) in load_catalogue()


@pytest.mark.parametrize(
    ("tags", "services"),
    [
        ({"amenity": "library"}, ("culture",)),
        ({"leisure": "pitch", "sport": "tennis"}, ("sports",)),
        ({"amenity": "restaurant", "name": "猎德长者饭堂"}, ("elder_meal",)),
        ({"amenity": "restaurant", "name": "点都德"}, ()),
        ({"amenity": "community_centre"}, ("culture",)),
        ({"amenity": "community_centre", "name": "猎德社区党群服务中心"}, ("party_service",)),
        ({"amenity": "community_centre", "name:zh": "党群服务中心"}, ("party_service",)),
        ({"amenity": "community_centre", "community_centre:for": "senior"}, ("elder_activity",)),
        ({"amenity": "clinic"}, ("health_centre",)),
        ({"amenity": "clinic", "name": "冼村社区卫生服务站"}, ("health_station",)),
        ({"amenity": "doctors", "healthcare": "doctor"}, ("clinic",)),
        ({"amenity": "clinic;pharmacy"}, ("health_centre", "pharmacy")),
        ({"amenity": "kindergarten", "min_age": "1"}, ("childcare", "kindergarten")),
        ({"amenity": "social_facility", "social_facility": "outreach"}, ("social_work",)),
        (
            {
                "amenity": "social_facility",
                "social_facility": "outreach",
                "social_facility:for": "senior;disabled",
            },
            ("elder_station",),
        ),
        ({"amenity": "social_facility"}, ()),
        ({"office": "government"}, ()),
        ({"amenity": "police", "name": "棠下小学"}, ("police",)),
        ({}, ()),
    ],
)
def test_classification_of_tags(tags: dict[str, str], services: tuple[str, ...]) -> None:
    """Tags decide; the fuller description wins; where tags leave it open the name decides."""
    assert classify_tags(tags) == services


def test_table_of_one_service() -> None:
    """A layer of one service: ids by the file's rows, names and capacities by usual columns."""
    layer = _layer({"饭堂名称": ["甲", "乙"], "名称": ["甲饭堂", None], "座位数": ["40", None]})
    found = facilities_from_table(layer, origin="canteens.csv", service="elder_meal")
    table = found.facilities
    assert list(table.columns) == COLUMNS
    assert table.crs == 4326
    assert table.index.tolist() == [0, 1]
    assert table["facility_id"].tolist() == ["canteens.csv:2", "canteens.csv:3"]
    assert table["name"].tolist() == ["甲饭堂", ""]
    assert set(table["service"]) == {"elder_meal"}
    assert set(table["origin"]) == {"canteens.csv"}
    assert table["capacity"].iloc[0] == 40
    assert math.isnan(table["capacity"].iloc[1])
    assert found.unclassified == ()
    assert found.unlocated == ()


def test_table_with_a_service_column() -> None:
    """The type is read as id, as name or in words, several at a time; else the name decides."""
    layer = _layer(
        {
            "类型": [
                "police",
                "长者饭堂、日间照料",
                "Sport and fitness place",
                None,
                "其他",
                "仓库",
            ],
            "名称": ["甲", "乙", "丙", "丁社工站", "戊图书馆", "己"],
        }
    )
    found = facilities_from_table(layer, origin="a.csv", service_column="类 型")
    pairs = zip(found.facilities["facility_id"], found.facilities["service"], strict=True)
    assert list(pairs) == [
        ("a.csv:2", "police"),
        ("a.csv:3", "elder_meal"),
        ("a.csv:3", "elder_daycare"),
        ("a.csv:4", "sports"),
        ("a.csv:5", "social_work"),
        ("a.csv:6", "culture"),
    ]
    assert found.unclassified == (Unclassified(7, "仓库 己"),)


def test_table_classified_by_names_alone() -> None:
    """Without a service and a column for it, names decide, and unknown ones are reported."""
    layer = _layer({"设施": ["猎德长者饭堂", "某公司"]})
    found = facilities_from_table(layer, origin="a.csv", name_column="设施")
    assert found.facilities["service"].tolist() == ["elder_meal"]
    assert found.unclassified == (Unclassified(3, "某公司"),)


def test_unknown_services_are_refused() -> None:
    """A misspelt id is refused with its rows and the nearest id; so is an unknown service."""
    layer = _layer({"service": ["elder_mael", "police", "elder_mael"], "name": ["a", "b", "c"]})
    with pytest.raises(
        FaultsError, match=r"rows 2, 4: there is no service 'elder_mael'; services: 'elder_meal'"
    ):
        facilities_from_table(layer, origin="a.csv", service_column="service")
    with pytest.raises(FaultsError, match="no service 'canteen'; services: "):
        facilities_from_table(layer, origin="a.csv", service="canteen")
    with pytest.raises(FaultsError, match="'helth_centre'; services: 'health_centre'"):
        facilities_from_osm(_places(), ["helth_centre"])


def test_columns_that_are_not_there() -> None:
    """Columns named in vain are refused with those that are there."""
    layer = _layer({"名称": ["甲"]})
    with pytest.raises(InputError, match="no column '类型'; columns: "):
        facilities_from_table(layer, origin="a.csv", service_column="类型")
    with pytest.raises(InputError, match="no column '机构'"):
        facilities_from_table(layer, origin="a.csv", service="police", name_column="机构")
    with pytest.raises(InputError, match="not both"):
        facilities_from_table(layer, origin="a.csv", service="police", service_column="名称")


def test_places_of_a_table() -> None:
    """Polygons become a point inside, in degrees; rows without a place are reported."""
    ring = shapely.box(433000, 2557000, 435000, 2559000)
    hole = shapely.box(433100, 2557100, 434900, 2558900)
    layer = gpd.GeoDataFrame(
        {"name": ["a", "b", "c"]},
        index=pd.RangeIndex(1, 4, name="row"),
        geometry=[ring.difference(hole), None, shapely.Point()],
        crs=4547,
    )
    before = layer.copy()
    found = facilities_from_table(layer, origin="a.gpkg", service="police")
    assert found.unlocated == (2, 3)
    (point,) = found.facilities.geometry
    inside = gpd.GeoSeries([point], crs=4326).to_crs(4547).iloc[0]
    assert layer.geometry.iloc[0].contains(inside)
    assert layer.equals(before)


def test_layer_without_reference_system_is_refused() -> None:
    """Facilities cannot be placed if the layer does not say its CRS."""
    layer = gpd.GeoDataFrame({"name": ["a"]}, geometry=[PLACE])
    with pytest.raises(InputError, match="no coordinate reference system"):
        facilities_from_table(layer, origin="a.csv", service="police")


def test_rows_must_be_numbered() -> None:
    """A layer whose rows cannot be told apart is refused, not shortened."""
    layer = _layer({"name": ["a", "b"]})
    for index in ([2, 2], ["x", "y"]):
        with pytest.raises(InputError, match="index must be row numbers"):
            facilities_from_table(layer.set_axis(index), origin="a.csv", service="police")


def test_empty_layers() -> None:
    """Layers without rows give tables without rows, of the same form."""
    table = facilities_from_table(_layer({"name": []}), origin="a.csv", service="police").facilities
    osm = facilities_from_osm(_places(), ["police"]).facilities
    for empty in (table, osm):
        assert list(empty.columns) == COLUMNS
        assert empty.crs == 4326
        assert empty["capacity"].dtype == float
        assert len(empty) == 0


def test_osm_facilities() -> None:
    """Only the services asked for are taken, with OSM's ids, names and capacities."""
    places = _places(
        ("n1", {"amenity": "library", "name": " Biblioteca ", "capacity": "60"}, PLACE),
        ("w2", {"leisure": "pitch"}, PLACE),
        ("r3", {"amenity": "police"}, PLACE),
        ("n4", {"leisure": "pitch", "access": "private"}, PLACE),
        ("n5", {"leisure": "pitch", "disused": "yes"}, PLACE),
    )
    found = facilities_from_osm(places, ["culture", "sports"]).facilities
    assert list(found.columns) == COLUMNS
    assert found["facility_id"].tolist() == ["n1", "w2"]
    assert found["name"].tolist() == ["Biblioteca", ""]
    assert found["service"].tolist() == ["culture", "sports"]
    assert set(found["origin"]) == {"OpenStreetMap"}
    assert found["capacity"].iloc[0] == 60
    assert math.isnan(found["capacity"].iloc[1])


def test_osm_area_and_node_are_one_facility() -> None:
    """Of two records of one name within 50 m the node stays; others are not taken for twins."""
    metre = 1 / 111_320  # degrees of latitude
    north = [shapely.Point(113.33, 23.12 + offset * metre) for offset in (0, 40, 100)]
    library = {"amenity": "library", "name": "图书馆"}
    places = _places(
        ("w1", library, north[0]),
        ("n2", library, north[1]),
        ("n3", library, north[2]),
        ("n4", {"amenity": "library", "name": "另一图书馆"}, north[1]),
        ("w5", {"leisure": "pitch"}, north[0]),
        ("w6", {"leisure": "pitch"}, north[1]),
    )
    found = facilities_from_osm(places, ["culture", "sports"])
    assert found.facilities["facility_id"].tolist() == ["n2", "n3", "n4", "w5", "w6"]
    assert found.facilities.index.tolist() == [0, 1, 2, 3, 4]
    assert found.twins == 1
