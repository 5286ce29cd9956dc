"""The facilities: which services each community has, where they stand, what they are called."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import shapely
from shapely import Point, STRtree

from sample_maker.features import Spot, Way
from sample_maker.people import COMMUNITIES, NEWTOWN, RIVERSIDE, TOWNSHIP
from sample_maker.plan import DISTRICT
from sample_maker.shapes import Corner, dice, lonlat


class Kind(NamedTuple):
    """A kind of facility: how lists call it, how one is named, how many people it takes."""

    type: str
    name: str
    capacity: tuple[int, int] | None


KINDS: Mapping[str, Kind] = {
    "party": Kind("党群服务中心", "{}党群服务中心", None),
    "gov": Kind("便民服务站", "{}便民服务站", None),
    "volunteer": Kind("志愿服务站", "{}志愿服务站", None),
    "health": Kind("社区卫生服务站", "{}卫生服务站", None),
    "clinic": Kind("村卫生室", "{}卫生室", None),
    "meal": Kind("长者饭堂", "{}长者饭堂", (30, 90)),
    "station": Kind("颐康服务站", "{}颐康服务站", (20, 50)),
    "culture": Kind("综合性文化服务中心", "{}综合性文化服务中心", None),
    "sports": Kind("健身点", "{}健身点", None),
    "park": Kind("体育公园", "{}体育公园", None),
    "police": Kind("警务室", "{}警务室", None),
    "social": Kind("社工点", "{}社工点", None),
    "children": Kind("儿童之家", "{}儿童之家", (15, 40)),
    "street_gov": Kind("政务服务中心", "{}政务服务中心", None),
    "street_health": Kind("社区卫生服务中心", "{}社区卫生服务中心", None),
    "town_health": Kind("卫生院", "{}卫生院", None),
    "street_social": Kind("社工站", "{}社工站", None),
    "street_elder": Kind("颐康中心", "{}颐康中心", (60, 120)),
}

CIVIC = "party gov volunteer"
"""What shares one building in nearly every community."""


class Site(NamedTuple):
    """A place and the kinds of facility that stand there."""

    owner: str
    at: Corner
    kinds: str


SITES = (
    Site("渡头社区", (600, 2010), f"{CIVIC} culture children"),
    Site("渡头社区", (330, 2130), "meal station"),
    Site("渡头社区", (820, 1960), "meal social"),
    Site("渡头社区", (720, 2170), "health police"),
    Site("渡头社区", (780, 1900), "sports"),
    Site("渡头社区", (250, 1900), "park"),
    Site("榕荫社区", (1350, 1790), f"{CIVIC} police"),
    Site("榕荫社区", (1450, 1880), "meal station social"),
    Site("榕荫社区", (1300, 1620), "culture children"),
    Site("榕荫社区", (1440, 1560), "park"),
    Site("榕荫社区", (1180, 2080), "sports"),
    Site(RIVERSIDE, (1240, 1900), "street_gov street_social"),
    Site(RIVERSIDE, (1560, 1760), "street_health street_elder"),
    Site("文澜社区", (1960, 1640), f"{CIVIC} culture children"),
    Site("文澜社区", (2060, 1500), "meal station police"),
    Site("文澜社区", (1880, 1980), "culture"),
    Site("文澜社区", (1880, 1850), "social police"),
    Site("文澜社区", (1900, 1500), "sports"),
    Site("文澜社区", (2100, 1880), "sports"),
    Site("文澜社区", (2150, 1660), "health"),
    Site("锦桥社区", (1900, 2480), f"{CIVIC} police"),
    Site("锦桥社区", (1980, 2600), "meal station"),
    Site("锦桥社区", (1480, 2620), "meal"),
    Site("锦桥社区", (1560, 2480), "culture sports health"),
    Site("锦桥社区", (2150, 2400), "sports culture"),
    Site("涌尾社区", (1900, 3100), f"{CIVIC} police health"),
    Site("涌尾社区", (1960, 3220), "meal station children"),
    Site("涌尾社区", (1700, 3180), "culture sports"),
    Site("涌尾社区", (2250, 3180), "sports culture"),
    Site("涌尾社区", (1480, 3280), "meal social"),
    Site("织云社区", (720, 2680), f"{CIVIC} culture police"),
    Site("织云社区", (900, 2560), "health meal"),
    Site("织云社区", (860, 2480), "sports"),
    Site("云塔社区", (2620, 2420), f"{CIVIC} culture children"),
    Site("云塔社区", (2560, 2560), "meal station social"),
    Site("云塔社区", (2760, 2600), "health police"),
    Site("云塔社区", (2600, 2330), "park"),
    Site("云塔社区", (2500, 2680), "sports"),
    Site(NEWTOWN, (2720, 2480), "street_gov street_health"),
    Site(NEWTOWN, (2820, 2380), "street_social street_elder"),
    Site("听潮社区", (2780, 1770), f"{CIVIC} culture children"),
    Site("听潮社区", (2660, 1880), "meal station"),
    Site("听潮社区", (3400, 1990), "meal health"),
    Site("听潮社区", (2500, 1600), "sports culture"),
    Site("听潮社区", (3080, 2080), "park"),
    Site("听潮社区", (3300, 1720), "sports culture"),
    Site("听潮社区", (3500, 1850), "culture sports police"),
    Site("听潮社区", (2900, 1980), "police health social"),
    Site("锦云社区", (3330, 2880), f"{CIVIC} police health"),
    Site("锦云社区", (3330, 2560), "culture sports"),
    Site("锦云社区", (3420, 2585), "meal station health"),
    Site("锦云社区", (3560, 2450), "children social"),
    Site("望岭社区", (2720, 2860), f"{CIVIC} police health"),
    Site("望岭社区", (2830, 2840), "culture sports children"),
    Site("望岭社区", (2560, 2850), "meal station"),
    Site("启明社区", (4120, 2320), f"{CIVIC} culture children"),
    Site("启明社区", (4150, 2450), "meal station health"),
    Site("启明社区", (4120, 2700), "sports police culture"),
    Site("启明社区", (4160, 2000), "sports meal culture police"),
    Site("启明社区", (4060, 2420), "social"),
    Site("启明社区", (4100, 2880), "sports culture"),
    Site("果园社区", (3680, 3140), f"{CIVIC} police culture health"),
    Site("果园社区", (3760, 3120), "meal station sports"),
    Site("稻涌圩社区", (1340, 880), f"{CIVIC} culture children"),
    Site("稻涌圩社区", (1180, 960), "meal station sports"),
    Site("稻涌圩社区", (1640, 760), "meal sports police"),
    Site("稻涌圩社区", (1480, 900), "culture social"),
    Site(TOWNSHIP, (1080, 800), "street_gov town_health"),
    Site(TOWNSHIP, (1280, 740), "street_social street_elder"),
    Site("南堤社区", (430, 1120), f"{CIVIC} culture health"),
    Site("南堤社区", (520, 1040), "police sports children social"),
    Site("上稻村", (440, 580), f"{CIVIC} culture sports clinic"),
    Site("上稻村", (380, 540), "meal police"),
    Site("下稻村", (1160, 470), f"{CIVIC} culture sports clinic children"),
    Site("下稻村", (1200, 540), "meal station police social"),
    Site("荔塘村", (2270, 400), f"{CIVIC} culture sports clinic"),
    Site("荔塘村", (2200, 360), "police"),
    Site("蚝墙村", (3520, 540), f"{CIVIC} culture sports clinic children"),
    Site("蚝墙村", (3660, 500), "meal station police social"),
    Site("月洲村", (3050, 1150), f"{CIVIC} sports clinic"),
)  # fmt: skip

NURSERIES = (
    ("小榕树托育园", (520, 2040), 60), ("渡口街托育中心", (900, 2080), 45),
    ("榕荫社区托育点", (1380, 1700), 40), ("文澜宝贝托育园", (2020, 1720), 72),
    ("云塔托育中心", (2640, 2500), 90), ("星芽托育园", (2480, 2380), 54),
    ("听潮湾托育园", (2600, 1700), 60), ("稻花香托育园", (1420, 820), 50),
    ("下稻村托育点", (1240, 500), 24), ("启明托育中心", (4140, 2620), 66),
)  # fmt: skip
"""Day nurseries; the north and the south have none, so this is the service that runs short."""


KINDERGARTENS = (
    ("榕荫幼儿园", (1290, 1700)), ("渡头幼儿园", (640, 1930)), ("文澜幼儿园", (1930, 1800)),
    ("锦桥幼儿园", (1960, 2400)), ("云塔幼儿园", (2540, 2480)), ("听潮幼儿园", (2820, 1900)),
    ("启明幼儿园", (4080, 2560)), ("稻涌中心幼儿园", (1240, 860)),
)  # fmt: skip
"""Only the street map knows these; no standard of the sample asks for them."""

MAPPED = {
    "police": {"amenity": "police"},
    "health": {"amenity": "clinic", "healthcare": "centre"},
    "clinic": {"amenity": "doctors", "healthcare": "doctor"},
    "street_health": {"amenity": "clinic", "healthcare": "centre"},
    "town_health": {"amenity": "hospital", "healthcare": "hospital"},
    "culture": {"amenity": "library"},
    "park": {"leisure": "pitch", "sport": "basketball"},
}
"""How mappers tag the kinds of facility they bother to map; they miss every third."""


TOWN_STREETS = {"residential", "tertiary", "secondary", "primary"}


class Facility(NamedTuple):
    """One row of a list of facilities, and its kind and place."""

    kind: str
    at: Point
    name: str
    type: str
    address: str
    capacity: int | None

    @property
    def lonlat(self) -> Corner:
        """Longitude and latitude as lists give them, to about ten centimetres."""
        lon, lat = lonlat(self.at.x, self.at.y)
        return round(lon, 6), round(lat, 6)


class Kerb:
    """Finds where a house stands on a street: a named one in town, any lane in a village."""

    def __init__(self, ways: Sequence[Way], *, village: str = "") -> None:
        kinds = {"residential", "living_street"} if village else TOWN_STREETS
        self.village = village
        self.ways = [
            way
            for way in ways
            if way.tags.get("highway") in kinds and bool(village) != ("name" in way.tags)
        ]
        self.tree = STRtree([way.line for way in self.ways])

    def house(self, at: Corner, nth: int) -> tuple[Point, str]:
        """Return the place of the nth building of a site beside its street, and its address."""
        way = self.ways[int(self.tree.nearest(Point(at)))]
        station = way.line.project(Point(at)) + 24.0 * nth
        door = way.line.interpolate(min(station, way.line.length - 3))
        ahead = way.line.interpolate(min(station, way.line.length - 3) + 2)
        side = -1 if shapely.is_ccw(shapely.LinearRing([door, ahead, Point(at)])) else 1
        dx, dy = ahead.x - door.x, ahead.y - door.y
        away = side * (6 if self.village else 11) / max(math.hypot(dx, dy), 0.01)
        number = 2 * int(station / 9) + (1 if side > 0 else 2)
        street = self.village or way.tags["name"]
        return Point(door.x + away * dy, door.y - away * dx), f"{street}{number}号"


def facilities(ways: Sequence[Way]) -> Iterator[Facility]:
    """Yield every facility but the nurseries."""
    town = Kerb(ways)
    villages = {c.name: Kerb(ways, village=c.name) for c in COMMUNITIES if c.kind == "村"}
    streets = {community.name: community.street for community in COMMUNITIES}
    for site in SITES:
        street = streets.get(site.owner, site.owner)
        for nth, key in enumerate(site.kinds.split()):
            kind = KINDS[key]
            house, address = villages.get(site.owner, town).house(
                site.at, nth if key in {"sports", "park"} else nth // 3
            )
            room = dice(house.buffer(1 + nth)).integers(*kind.capacity) if kind.capacity else None
            yield Facility(
                key,
                house,
                numbered(kind.name.format(site.owner), site, key),
                kind.type,
                f"{DISTRICT}{street}{address}",
                None if room is None else int(room) // 5 * 5,
            )


def numbered(name: str, site: Site, key: str) -> str:
    """Return a facility's name, with a number where its community has several of its kind."""
    same = [s for s in SITES if s.owner == site.owner and key in s.kinds.split()]
    return name if len(same) == 1 else f"{name}（{'一二三四'[same.index(site)]}）"


def nurseries(ways: Sequence[Way]) -> Iterator[Facility]:
    """Yield the day nurseries."""
    kerb = Kerb(ways)
    for name, at, places in NURSERIES:
        house, address = kerb.house(at, 0)
        yield Facility("childcare", house, name, "托育机构", address, places)


def mapped(rows: Sequence[Facility]) -> Iterator[Spot]:
    """Yield the facilities that OpenStreetMap shows too, and kindergartens."""
    known = [row for row in rows if row.kind in MAPPED]
    for i, row in enumerate(known):
        if i % 3 != 1:
            yield Spot(row.at, {**MAPPED[row.kind], "name": row.name})
    for name, at in KINDERGARTENS:
        yield Spot(Point(at), {"amenity": "kindergarten", "name": name})
