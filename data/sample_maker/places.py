"""What was drawn by hand inside the blocks: villages, the hill, the locked compound, the island."""

from collections.abc import Iterator
from typing import NamedTuple

import shapely
from shapely import LineString, Polygon

from sample_maker.features import Area, Feature, Spot, Way, building, street
from sample_maker.plan import ISLAND
from sample_maker.quarters import estate, gate
from sample_maker.shapes import blob, box_at, largest, rounded, spline


class Place(NamedTuple):
    """A piece of land with a use of its own; the rest of its block keeps the block's."""

    use: str
    shape: Polygon


PLACES = (
    # parks
    Place("park", blob([(2420, 2180), (2560, 2130), (2700, 2170), (2720, 2300), (2560, 2340),
        (2440, 2300)])),
    Place("park", blob([(700, 2040), (850, 2060), (980, 2150), (930, 2220), (760, 2200),
        (690, 2130)])),
    Place("park", blob([(1790, 1330), (1960, 1270), (2120, 1260), (2130, 1400), (1960, 1420),
        (1830, 1440)])),
    Place("park", blob([(3080, 1900), (3200, 1950), (3260, 2080), (3160, 2170), (3060, 2110)])),
    Place("park", blob([(1060, 870), (1180, 900), (1220, 1010), (1120, 1040), (1040, 980)])),
    # the hill, its foot, the orchard
    Place("forest", blob([(2440, 3130), (2490, 3350), (2420, 3560), (2440, 3900), (3000, 3980),
        (3480, 3900),
                          (3560, 3640), (3560, 3400), (3500, 3200), (3400, 3060), (3180, 3000),
                          (2960, 2990),
                          (2760, 2960), (2600, 2990)])),
    Place("orchard", blob([(3800, 3240), (3740, 3480), (3760, 3700), (3960, 3760), (4290, 3640),
        (4340, 3500),
                           (4280, 3260), (4100, 3190)])),
    Place("slab", box_at(3100, 3385, 270, 180, 4)),
    # villages the city has swallowed
    Place("urban_village", blob([(1360, 3150), (1400, 3230), (1480, 3240), (1560, 3340),
        (1690, 3320), (1700, 3200), (1620, 3180), (1600, 3090), (1490, 3100)])),
    Place("urban_village", blob([(1930, 3060), (1900, 3150), (1990, 3220), (2000, 3310),
        (2140, 3330), (2180, 3240), (2300, 3210), (2310, 3100), (2220, 3060), (2190, 2960),
        (2060, 2990)])),
    Place("urban_village", blob([(190, 2490), (230, 2600), (320, 2610), (390, 2680), (480, 2640),
        (470, 2550), (500, 2470), (400, 2460), (300, 2410)])),
    Place("urban_village", blob([(520, 880), (560, 980), (640, 990), (700, 1060), (780, 1010),
        (760, 850), (650, 780), (590, 830)])),
    # villages
    Place("village", blob([(250, 560), (330, 700), (470, 690), (520, 600), (620, 540), (600, 440),
                           (480, 460), (390, 440), (310, 470)])),
    Place("pond", blob([(225, 540), (235, 490), (280, 455), (330, 425), (270, 410), (205, 470)])),
    Place("village", blob([(960, 470), (1010, 550), (1120, 590), (1200, 560), (1275, 570),
        (1280, 450),
                           (1190, 390), (1180, 310), (1080, 290), (1040, 370)])),
    Place("village", blob([(1480, 400), (1500, 480), (1600, 500), (1690, 450), (1780, 450),
        (1760, 340), (1600, 310)])),
    Place("village", blob([(2060, 400), (2130, 500), (2240, 470), (2380, 490), (2500, 400),
        (2420, 300),
                           (2330, 280), (2250, 330), (2150, 290)])),
    Place("village", blob([(3310, 560), (3390, 660), (3500, 620), (3640, 650), (3740, 580),
        (3690, 480),
                           (3560, 420), (3480, 460), (3370, 440)])),
    Place("village", blob([(3440, 940), (3500, 1070), (3620, 1060), (3740, 1120), (3800, 980),
        (3680, 930), (3580, 880)])),
    Place("village", blob([(2880, 1100), (2940, 1170), (3060, 1190), (3160, 1260), (3250, 1240),
        (3190, 1150),
                           (3100, 1130), (3010, 1050), (2920, 1050)])),
)  # fmt: skip


def hand_drawn() -> Iterator[Feature]:
    """Yield the ways and buildings that no rule would draw."""
    yield from hill()
    yield from island()
    yield from hamlet()
    yield from footbridges()


def hill() -> Iterator[Feature]:
    """Yield the hill's winding road, its trails and its steps."""
    road = spline(
        [
            (2640, 2772),
            (2660, 2900),
            (2580, 3010),
            (2660, 3120),
            (2850, 3110),
            (2890, 3190),
            (2770, 3250),
            (2790, 3330),
            (2920, 3330),
            (3030, 3300),
            (3070, 3390),
            (3110, 3480),
        ]
    )
    yield street(road, "residential", "望岭盘山路")
    yield street(spline([(2960, 2805), (2985, 2930), (2970, 3040)]), "footway")
    yield street(
        LineString([(2970, 3040), (2995, 3150)]), "steps", step_count="104", handrail="yes"
    )
    yield street(spline([(2995, 3150), (3030, 3220), (3030, 3300)]), "path")
    yield street(
        spline(
            [
                (3110, 3480),
                (3200, 3500),
                (3250, 3580),
                (3160, 3650),
                (3010, 3630),
                (2880, 3500),
                (2790, 3330),
            ]
        ),
        "path",
        surface="ground",
    )
    yield street(LineString([(3160, 3650), (3100, 3570)]), "steps", step_count="72")
    yield street(
        spline(
            [(3250, 3580), (3350, 3500), (3400, 3380), (3450, 3240), (3420, 3060), (3440, 2945)]
        ),
        "track",
    )
    yield street(
        spline([(2770, 3250), (2640, 3330), (2600, 3450), (2720, 3580), (2900, 3530)]), "path"
    )
    yield building(box_at(3090, 3563, 9, 9), "roof")
    yield Spot(shapely.Point(3100, 3570), {"tourism": "viewpoint", "name": "望云亭"})


def footbridges() -> Iterator[Feature]:
    """Yield the footbridges over the creek."""
    for start, end in (
        ((1720, 3138), (1830, 3146)), ((1705, 2668), (1775, 2650)), ((1597, 2330), (1690, 2318)),
        ((1722, 1990), (1800, 1978)), ((1668, 1652), (1735, 1630)), ((1600, 1440), (1668, 1415)),
    ):  # fmt: skip
        yield street(LineString([start, end]), "footway", bridge="yes")


def island() -> Iterator[Feature]:
    """Yield the island: its fields, the lane along it and the ferry to both banks."""
    yield Area(ISLAND.buffer(-7), {"landuse": "orchard"})
    yield street(spline([(2740, 1005), (2800, 1040), (2890, 1090)]), "track")
    yield street(spline([(3235, 1245), (3330, 1310), (3480, 1400)]), "track")
    ferry = {"route": "ferry", "name": "月洲渡", "foot": "yes", "duration": "00:10"}
    mooring, landing = (3085, 1085), (3075, 955)
    yield Way(LineString([mooring, (3088, 1015), landing]), ferry)
    yield street(LineString([mooring, (3075, 1125)]), "footway")
    yield street(LineString([landing, (3085, 915)]), "footway")


def hamlet() -> Iterator[Feature]:
    """Yield the old farm quarters among the lychee trees, where no path was ever mapped."""
    for y in (3495, 3535, 3575):
        for x in (3950, 4008, 4066, 4124, 4182):
            yield building(box_at(x + (y - 3495) / 4, y, 48, 12, 8), "apartments", 6)


def locked_estate(parcel: Polygon, streets: shapely.Geometry) -> Iterator[Feature]:
    """Fill a parcel with a large compound: one gate in the north is open, the rest are locked."""
    yield Area(largest(parcel.buffer(-7)), {"landuse": "residential"})
    inside = rounded(largest(parcel.buffer(-20)), 14)
    yield from estate(inside)
    for x, y, foot in (
        (3060, 2520, "no"),
        (3330, 2590, "no"),
        (3640, 2620, "no"),
        (3480, 2920, "yes"),
    ):
        near = inside.exterior.interpolate(inside.exterior.project(shapely.Point(x, y)))
        yield from gate(shapely.shortest_line(near, streets), foot, main=foot == "yes")
