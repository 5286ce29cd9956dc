"""The district as its invented planners drew it: river, main roads, communities, land uses."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import shapely
from shapely import LineString, Point, Polygon

from sample_maker.shapes import beside, largest, piece_of, ribbon, rounded, spline

DISTRICT = "云浦区（虚构）"
CANVAS = (-1080.0, -1090.0, 5640.0, 4830.0)
"""How far streets are drawn: a quarter of an hour's walk beyond the district's edge."""

INNER = shapely.box(-380, -420, 4960, 4020)
"""What was drawn by hand; lines that leave it run straight on."""


class Road(NamedTuple):
    """A main road: its OpenStreetMap class, its name and its course."""

    highway: str
    name: str
    line: LineString


def _share(line: LineString, start: float, end: float) -> LineString:
    """Return the part of a line between two shares of its length."""
    return piece_of(line, start * line.length, end * line.length)


def onward(line: LineString) -> LineString:
    """Return a line whose ends, where they leave the drawing, run straight on past the canvas."""
    corners = [*line.coords]
    for end, before in ((0, 1), (-1, -2)):
        (x1, y1), (x2, y2) = corners[before], corners[end]
        if not INNER.contains(Point(x2, y2)):
            reach = 1200 / math.dist((x1, y1), (x2, y2))
            ahead = (x2 + reach * (x2 - x1), y2 + reach * (y2 - y1))
            corners.insert(0 if end == 0 else len(corners), ahead)
    return LineString(corners)


def watercourse(course: LineString, half_widths_m: Sequence[float]) -> Polygon:
    """Return the water along a course, which runs straight on where the drawing ends."""
    parts = [ribbon(course, half_widths_m)]
    full = [*onward(course).coords]
    for tail, width in ((full[:2], half_widths_m[0]), (full[-2:], half_widths_m[-1])):
        if math.dist(*tail) > 1000:
            parts.append(LineString(tail).buffer(width, cap_style="square"))
    return largest(shapely.union_all(parts))


RIVER_COURSE = spline(
    [(-600, 1620), (-100, 1560), (350, 1630), (900, 1530), (1450, 1220), (2000, 985), (2600, 985),
     (3180, 1230), (3720, 1510), (4300, 1560), (4800, 1420), (5200, 1380)],
)  # fmt: skip
RIVER_HALF_WIDTHS = [92, 88, 96, 104, 112, 118, 130, 168, 200, 178, 126, 112, 118]
RIVER = watercourse(RIVER_COURSE, RIVER_HALF_WIDTHS)
NORTH_BANK_ROAD = onward(beside(RIVER_COURSE, [w + 46 for w in RIVER_HALF_WIDTHS]))
SOUTH_BANK_ROAD = onward(beside(RIVER_COURSE, [-w - 40 for w in RIVER_HALF_WIDTHS]))
ISLAND = ribbon(_share(RIVER_COURSE, 0.555, 0.735), [0, 46, 74, 88, 92, 84, 60, 34, 0])

CREEK_COURSE = spline(
    [(1980, 4100), (1900, 3600), (1760, 3240), (1800, 2900), (1690, 2560), (1640, 2250),
     (1760, 1960), (1700, 1640), (1590, 1330), (1560, 1150)],
)  # fmt: skip
CREEK = watercourse(CREEK_COURSE, [7, 7, 8, 8, 9, 10, 11, 14])
SOUTH_CREEK_COURSE = spline(
    [(-500, 330), (150, 420), (700, 250), (1300, 190), (1900, 260), (2450, 140), (3050, 190),
     (3600, 330), (4250, 240), (5100, 330)],
)  # fmt: skip
SOUTH_CREEK = watercourse(SOUTH_CREEK_COURSE, [12, 11, 12, 14, 13, 12, 14])
BRANCH_CREEK_COURSE = spline(
    [(2690, 870), (2720, 700), (2640, 520), (2760, 330), (2740, 165)],
)
BRANCH_CREEK = ribbon(BRANCH_CREEK_COURSE, [9, 7, 8, 7, 9])

MOTORWAY = onward(spline(
    [(-500, 2560), (-40, 2860), (420, 3200), (1000, 3460), (1650, 3610), (2150, 3820),
     (2500, 4200)],
))  # fmt: skip

OUTLINE = rounded(
    Polygon(
        [
            (140, 290),
            (10, 560),
            (40, 1010),
            (-30, 1240),
            (60, 1560),
            (20, 2090),
            (90, 2290),
            (-20, 2400),
            (30, 2700),
            (330, 2990),
            (760, 3270),
            (1010, 3370),
            (1335, 3440),
            (1640, 3510),
            (1890, 3560),
            (2180, 3500),
            (2420, 3690),
            (2760, 3740),
            (3000, 3680),
            (3280, 3780),
            (3610, 3720),
            (3980, 3760),
            (4290, 3520),
            (4270, 3280),
            (4420, 3080),
            (4560, 2980),
            (4480, 2620),
            (4590, 2340),
            (4430, 2000),
            (4440, 1550),
            (4250, 1340),
            (4170, 1010),
            (4240, 660),
            (4120, 420),
            (4060, 180),
            (3700, 60),
            (3420, 130),
            (3100, -40),
            (2560, 40),
            (2240, -10),
            (1890, 100),
            (1500, 60),
            (1240, -50),
            (780, 30),
            (430, 20),
        ]
    ),
    15,
)

DRAWN_ROADS = (
    Road("primary", "云浦大道", spline(
        [(-500, 2420), (40, 2330), (620, 2370), (1200, 2290), (1640, 2150), (2150, 2060),
         (2700, 2090), (3250, 2270), (3860, 2400), (4400, 2340), (5100, 2420)])),
    Road("primary", "榕桥路", spline(
        [(1420, 4150), (1350, 3560), (1260, 3060), (1300, 2660), (1210, 2290), (1100, 1950),
         (980, 1610), (860, 1330), (800, 1000), (830, 640), (760, 200), (800, -500)])),
    Road("primary", "云塔大道", spline(
        [(3560, 4150), (3640, 3500), (3740, 3000), (3850, 2400), (3960, 2000), (3980, 1620),
         (3950, 1300), (4010, 960), (3960, 560), (3860, 100), (3900, -500)])),
    Road("secondary", "滨水路", NORTH_BANK_ROAD),
    Road("secondary", "塔影路", spline(
        [(2390, 2768), (2330, 2560), (2370, 2240), (2360, 2070), (2280, 1760),
         (2190, 1480), (2200, 1150)])),
    Road("secondary", "望云路", spline(
        [(-500, 2960), (60, 2790), (560, 2860), (1280, 3010), (1790, 2870), (2370, 2770),
         (2900, 2800), (3400, 2930), (3740, 3000), (4300, 3060), (5100, 3290)])),
    Road("secondary", "稻涌大道", spline(
        [(-500, 880), (100, 830), (480, 700), (830, 640), (1350, 690), (1900, 560), (2650, 560),
         (3260, 700), (3980, 700), (4500, 620), (5100, 700)])),
    Road("secondary", "南堤路", SOUTH_BANK_ROAD),
    Road("tertiary", "织云路", spline(
        [(620, 2370), (560, 2600), (600, 2860), (660, 3080), (780, 3260)])),
    Road("tertiary", "渡口街", spline(
        [(430, 2360), (420, 2120), (500, 1900), (490, 1760)])),
    Road("tertiary", "文澜街", spline(
        [(1110, 1980), (1400, 1900), (1750, 1830), (2060, 1700), (2270, 1720)])),
    Road("tertiary", "启明路", spline(
        [(2850, 2793), (2930, 2560), (2890, 2330), (2930, 2150)])),
    Road("tertiary", "听潮路", spline(
        [(3020, 2185), (3010, 1980), (3130, 1790), (3270, 1520)])),
    Road("tertiary", "江湾路", spline(
        [(2334, 1950), (2650, 1800), (3070, 1850), (3480, 1930), (3965, 1960)])),
    Road("tertiary", "锦桥路", spline(
        [(1266, 2464), (1460, 2540), (1690, 2500), (2000, 2530), (2340, 2480)])),
    Road("tertiary", "新塔路", spline(
        [(2335, 2500), (2600, 2440), (2920, 2480), (3300, 2580), (3820, 2620)])),
    Road("tertiary", "圩前路", spline(
        [(1340, 1080), (1310, 880), (1360, 690), (1300, 430), (1330, 180), (1290, 20),
         (1310, -500)])),
    Road("tertiary", "荔塘路", spline(
        [(1950, 860), (1900, 700), (1920, 560), (1850, 400), (1880, 255)])),
    Road("tertiary", "月江路", spline(
        [(3270, 1000), (3210, 860), (3260, 700), (3160, 470), (3180, 200), (3140, -60),
         (3200, -500)])),
    Road("tertiary", "果园路", spline(
        [(3985, 1900), (4240, 1920), (4500, 1980)])),
)  # fmt: skip

ROADS = tuple(road._replace(line=onward(road.line)) for road in DRAWN_ROADS)

HILL_EDGES = (
    spline([(2390, 2768), (2440, 3060), (2560, 3260), (2430, 3500), (2400, 4100)]),
    spline([(3380, 2850), (3460, 3220), (3540, 3400), (3500, 4100)]),
)
"""Where the hill begins, west and east."""

COMMUNITY_EDGES = (
    RIVER_COURSE, CREEK_COURSE, BRANCH_CREEK_COURSE,
    *(road.line for road in ROADS if road.name in {
        "云浦大道", "榕桥路", "塔影路", "望云路", "稻涌大道", "荔塘路", "新塔路", "启明路"}),
    shapely.intersection(ROADS[2].line, shapely.box(3500, 1300, 4300, 3230)),
    spline([(2200, 1150), (2190, 900)]),
    *HILL_EDGES,
    ribbon(_share(RIVER_COURSE, 0.53, 0.76), [0, 110, 134, 140, 140, 130, 110, 80, 0]).exterior,
    spline([(2690, 870), (2720, 990)]),
    spline([(2740, 170), (2760, -100)]),
    spline([(1880, 255), (1900, 0)]),
    spline([(1950, 860), (1960, 1000)]),
    spline([(2390, 2768), (2388, 2740)]),
)  # fmt: skip
"""Where one community ends and the next begins: along main roads and in mid-water."""
