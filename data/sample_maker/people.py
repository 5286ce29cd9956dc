"""The communities: where each lies, who lives there, how its land is used."""

from collections.abc import Mapping
from typing import NamedTuple

from sample_maker.shapes import Corner

RIVERSIDE, NEWTOWN, TOWNSHIP = "榕岸街道", "云塔街道", "稻涌镇"
COUNTY = "999106"
"""No county of the national code list begins with 99: these codes cannot be mistaken for real."""


class Community(NamedTuple):
    """One community: the last six digits of its code, its people, and points on its land.

    `people` are residents of all ages, those of 60 and over, of 65 and over, and under three.
    """

    code: str
    name: str
    kind: str
    street: str
    households: int
    people: tuple[int, int, int, int]
    seeds: tuple[Corner, ...]


COMMUNITIES = (
    Community("001001", "渡头社区", "社区", RIVERSIDE, 2230, (6180, 1450, 1030, 116),
              ((563, 1932),)),
    Community("001002", "榕荫社区", "社区", RIVERSIDE, 2225, (6040, 1500, 1095, 109),
              ((1368, 1710),)),
    Community("001003", "文澜社区", "社区", RIVERSIDE, 1765, (4870, 985, 690, 114),
              ((1938, 1551),)),
    Community("001004", "锦桥社区", "社区", RIVERSIDE, 2070, (5980, 880, 595, 197),
              ((1490, 2570), (2050, 2464))),
    Community("001005", "涌尾社区", "社区", RIVERSIDE, 2290, (6120, 765, 505, 162),
              ((1519, 3214), (2157, 3231))),
    Community("001006", "织云社区", "社区", RIVERSIDE, 1570, (4510, 655, 440, 109),
              ((660, 2650), (893, 3115))),
    Community("002001", "云塔社区", "社区", NEWTOWN, 1490, (4260, 575, 380, 166),
              ((2626, 2436),)),
    Community("002002", "听潮社区", "社区", NEWTOWN, 2410, (6930, 900, 590, 288),
              ((3116, 1678),)),
    Community("002003", "锦云社区", "社区", NEWTOWN, 2015, (5880, 825, 540, 252),
              ((3336, 2715), (3325, 2388))),
    Community("002004", "望岭社区", "社区", NEWTOWN, 1000, (2660, 640, 475, 46),
              ((3021, 3272),)),
    Community("002005", "启明社区", "社区", NEWTOWN, 1235, (3420, 425, 262, 184),
              ((4147, 2752), (4198, 1959))),
    Community("002006", "果园社区", "社区", NEWTOWN, 1180, (3150, 635, 450, 65),
              ((3905, 3355),)),
    Community("100001", "稻涌圩社区", "社区", TOWNSHIP, 1900, (5240, 1050, 745, 126),
              ((1328, 900),)),
    Community("100002", "南堤社区", "社区", TOWNSHIP, 1715, (4760, 765, 520, 124),
              ((407, 1149),)),
    Community("100201", "上稻村", "村", TOWNSHIP, 540, (1930, 420, 300, 41),
              ((429, 459),)),
    Community("100202", "下稻村", "村", TOWNSHIP, 690, (2380, 500, 350, 57),
              ((1318, 296),)),
    Community("100203", "荔塘村", "村", TOWNSHIP, 480, (1690, 390, 285, 33),
              ((2320, 271), (2300, 680))),
    Community("100204", "蚝墙村", "村", TOWNSHIP, 610, (2160, 470, 335, 46),
              ((3661, 1055), (3428, 338))),
    Community("100205", "月洲村", "村", TOWNSHIP, 350, (940, 228, 170, 0),
              ((3071, 1254), (3266, 1207))),
)  # fmt: skip


class Land(NamedTuple):
    """How a community is built up: the land between two streets, and weights of its uses."""

    parcel_m2: float
    uses: Mapping[str, float]


LAND = {
    "渡头社区": Land(26_000, {"old": 5, "slab": 3, "school": 0.4}),
    "榕荫社区": Land(24_000, {"old": 6, "slab": 2, "school": 0.4}),
    "文澜社区": Land(
        26_000, {"slab": 4, "old": 1.6, "school": 0.5, "compound": 1.4, "offices": 0.4}
    ),
    "锦桥社区": Land(30_000, {"compound": 5, "slab": 3, "school": 0.6, "offices": 0.6}),
    "涌尾社区": Land(30_000, {"works": 2.4, "slab": 1.6, "fields": 1.6, "school": 0.4}),
    "织云社区": Land(42_000, {"works": 5, "slab": 2.4, "fields": 1.2, "waiting": 0.5}),
    "云塔社区": Land(30_000, {"compound": 5, "offices": 0.8, "school": 0.4, "slab": 2}),
    "听潮社区": Land(40_000, {"compound": 4, "waiting": 1.3, "offices": 1, "school": 0.6}),
    "锦云社区": Land(40_000, {"compound": 5, "offices": 0.8}),
    "望岭社区": Land(26_000, {"slab": 3, "old": 1}),
    "启明社区": Land(44_000, {"compound": 3, "waiting": 2.4, "school": 0.5, "offices": 0.7}),
    "果园社区": Land(30_000, {"slab": 2, "orchard": 1.4, "old": 0.3}),
    "稻涌圩社区": Land(26_000, {"old": 4, "slab": 3, "school": 0.6}),
    "南堤社区": Land(34_000, {"slab": 3, "works": 2.4, "compound": 1, "fields": 0.8}),
}
"""The urban communities' land; villages lie among fields."""
