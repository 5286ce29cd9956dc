"""Puts the district together: main roads and water first, then every block between them."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import shapely
from shapely import LineString, MultiLineString, Point, Polygon, STRtree
from shapely.ops import polygonize

from sample_maker import plan
from sample_maker.countryside import (
    fields,
    forest,
    orchard,
    outskirts,
    pond,
    suburb,
    village,
)
from sample_maker.features import Area, Feature, Spot, Way, lines_of, street
from sample_maker.people import COMMUNITIES, LAND, Community
from sample_maker.places import PLACES, hand_drawn, locked_estate
from sample_maker.quarters import FILLS
from sample_maker.shapes import Cut, beside, dice, largest, piece_of, runs, subdivide

USES = FILLS | {
    "village": village, "fields": fields, "forest": forest, "orchard": orchard, "pond": pond,
    "outskirts": outskirts, "suburb": suburb, "locked": locked_estate,
}  # fmt: skip
WATER = shapely.union_all(
    [plan.RIVER.difference(plan.ISLAND), plan.CREEK, plan.SOUTH_CREEK, plan.BRANCH_CREEK]
)
LOCKED_ESTATE = Point(3336, 2715)
STEMS = (
    "榕荫", "井泉", "麻行", "青砖", "蚬壳", "趟栊", "木棉", "紫荆", "白兰", "金凤", "水翁", "禾雀",
    "竹栏", "桑基", "莲塘", "渔火", "帆影", "栈桥", "潮音", "石鼓", "书带", "墨池", "砚耕", "松风",
    "鹿鸣", "云梯", "望岫", "晴岚", "织锦", "飞梭", "染坊", "机杼", "蓝靛", "蕉林", "荔枝", "龙眼",
    "杨桃", "菱角", "茨菇", "稻香", "谷仓", "碾坊", "蚝壳", "醒狮", "龙舟", "乞巧", "粤韵", "骑楼",
    "满堂", "镬耳", "花窗", "灰塑", "满月", "星桥", "听雨", "棹歌", "苇岸", "鹭飞", "沙鸥", "浅湾",
)  # fmt: skip
"""What streets are named after, block by block."""


def main_roads() -> list[Way]:
    """Return the main roads, cut where they cross water: over water they are bridges."""
    ways: list[Way] = []
    water = WATER.buffer(7)
    everything = MultiLineString([road.line for road in plan.ROADS])
    for road in plan.ROADS:
        drawn = reaching(road.line, shapely.difference(everything, road.line))
        line = drawn.intersection(shapely.box(*plan.CANVAS))
        tags = {"sidewalk": "both"} if road.highway != "tertiary" else {}
        bridge = {"bridge": "yes", "layer": "1", **tags}
        for parts, extra in ((line.difference(water), tags), (line.intersection(water), bridge)):
            ways += [street(part, road.highway, road.name, **extra) for part in runs(parts)]
    return ways


def reaching(line: LineString, others: shapely.Geometry) -> LineString:
    """Return a road drawn on a little past the roads that its ends nearly reach."""
    corners = [*line.coords]
    for end in (0, -1):
        gap = shapely.shortest_line(Point(corners[end]), others)
        if 0 < gap.length < 60:
            (x1, y1), (x2, y2) = gap.coords
            past = 1 + 1.5 / gap.length
            corners.insert(
                0 if end == 0 else len(corners), (x1 + past * (x2 - x1), y1 + past * (y2 - y1))
            )
    return LineString(corners)


def motorway() -> Iterator[Way]:
    """Yield the two carriageways of the elevated motorway, where nobody may walk."""
    canvas = shapely.box(*plan.CANVAS)
    tags = {"bridge": "yes", "layer": "2", "oneway": "yes", "foot": "no"}
    for side in (-11.0, 11.0):
        for line in runs(beside(plan.MOTORWAY, [side, side]).intersection(canvas)):
            yield street(line if side < 0 else line.reverse(), "motorway", "云浦北环高速", **tags)


def promenades() -> Iterator[Way]:
    """Yield the paths along the river and the creeks, and the ways to them from the bank roads."""
    for side, road in ((1, plan.NORTH_BANK_ROAD), (-1, plan.SOUTH_BANK_ROAD)):
        path = beside(plan.RIVER_COURSE, [side * (w + 15) for w in plan.RIVER_HALF_WIDTHS])
        yield from _outside_water(path)
        for station in np.arange(120, path.length, 270):
            link = shapely.shortest_line(path.interpolate(station), road)
            if link.distance(WATER) > 8:
                yield street(link, "footway")


def pavements() -> Iterator[Feature]:
    """Yield the pavements of the new town's main road, drawn apart from it, and the crossings."""
    road = next(road.line for road in plan.ROADS if road.name == "云浦大道")
    start, end = (road.project(Point(corner)) for corner in ((2365, 2060), (3860, 2400)))
    stretch = piece_of(road, start + 14, end - 14)
    left, right = (beside(stretch, [side, side]) for side in (15.0, -15.0))
    yield from (street(line, "footway", footway="sidewalk") for line in (left, right))
    for share in (0.04, 0.22, 0.41, 0.6, 0.8, 0.97):
        begin = left.interpolate(share, normalized=True)
        across = shapely.shortest_line(begin, right)
        yield street(across, "footway", footway="crossing")
        middle = shapely.shortest_line(across, road).centroid
        yield Spot(middle, {"highway": "crossing", "crossing": "traffic_signals"})
    for course, width in ((plan.CREEK_COURSE, 17), (plan.CREEK_COURSE, -17)):
        line = beside(course, [width, width])
        for part in runs(line.intersection(plan.OUTLINE)):
            yield from _outside_water(part)


def _outside_water(line: LineString) -> Iterator[Way]:
    """Yield a footpath where it does not run through water."""
    for part in runs(line.difference(WATER.buffer(3))):
        yield street(part, "footway")


def community_areas() -> dict[str, Polygon]:
    """Return the area of every community by its code; together they are the district.

    Raises
    ------
    ValueError
        If a piece of the district belongs to no community or to two of them.
    """
    lines = shapely.union_all([plan.OUTLINE.exterior, *plan.COMMUNITY_EDGES])
    faces = [f for f in polygonize(lines) if plan.OUTLINE.contains(f.representative_point())]
    parts: dict[str, list[Polygon]] = {community.code: [] for community in COMMUNITIES}
    for face in faces:
        owners = [c.code for c in COMMUNITIES if any(face.contains(Point(s)) for s in c.seeds)]
        if len(owners) != 1:
            middle = face.representative_point()
            message = f"{len(owners)} communities claim the land at {middle.x:.0f}, {middle.y:.0f}"
            raise ValueError(message)
        parts[owners[0]].append(face)
    return {code: largest(shapely.coverage_union_all(pieces)) for code, pieces in parts.items()}


def blocks(roads: list[Way]) -> list[Polygon]:
    """Return the land between main roads, water and the district's edge."""
    canvas = shapely.box(*plan.CANVAS)
    banks = WATER.buffer(15).boundary
    edges = [lines_of(roads), banks, plan.OUTLINE.exterior, canvas.exterior, *plan.HILL_EDGES]
    faces = polygonize(shapely.union_all(edges))
    land = canvas.difference(WATER.buffer(14))
    return [face for face in faces if land.contains(face.representative_point())]


def draw() -> list[Feature]:
    """Return everything on the map of the sample."""
    roads = main_roads()
    areas = community_areas()
    shapely.prepare(list(areas.values()))
    placed = shapely.union_all([place.shape for place in PLACES])
    features: list[Feature] = [
        *roads,
        *motorway(),
        *promenades(),
        *pavements(),
        *hand_drawn(),
        *water_areas(),
    ]
    parcels: list[tuple[str, Polygon]] = [(place.use, place.shape) for place in PLACES]
    stems = itertools.cycle(STEMS)
    for block in blocks(roads):
        rest = block.difference(placed)
        for part in (p for p in shapely.get_parts(rest) if p.area > 2500):
            streets, cut = cut_up(part, owner_of(part, areas), next(stems))
            features += streets
            parcels += cut
    frontage = lines_of([f for f in features if isinstance(f, Way) and f.layer == "0"])
    for use, parcel in parcels:
        features += USES[use](parcel, frontage)
    return clear_of_streets(features)


def clear_of_streets(features: list[Feature]) -> list[Feature]:
    """Return the features without the buildings that a street would run through."""
    tree = STRtree([way.line for way in features if isinstance(way, Way) and way.layer == "0"])
    return [
        feature
        for feature in features
        if not (isinstance(feature, Area) and "building" in feature.tags)
        or not len(tree.query(feature.shape, predicate="dwithin", distance=1.2))
    ]


def owner_of(part: Polygon, areas: dict[str, Polygon]) -> Community | None:
    """Return the community a piece of land lies in, or None outside the district."""
    middle = part.representative_point()
    codes = [code for code, area in areas.items() if area.contains(middle)]
    return next((c for c in COMMUNITIES if c.code in codes), None)


def cut_up(
    part: Polygon, owner: Community | None, stem: str
) -> tuple[list[Feature], list[tuple[str, Polygon]]]:
    """Cut a block into parcels with a use each, and return the streets between them too."""
    if 2 * part.area / part.length < 36:
        return [Area(largest(part.buffer(-4)), {"leisure": "park"})], []
    rng = dice(part)
    if owner is None:
        return [], [(beyond(part), part)]
    if owner.name not in LAND:
        return [], [("fields", part)]
    if part.contains(LOCKED_ESTATE):
        return [], [("locked", part)]
    pieces, cuts = subdivide(part, LAND[owner.name].parcel_m2, rng, bend=0.06)
    streets: list[Feature] = [
        street(cut.line, "residential", name)
        for cut, name in zip(cuts, names(stem, cuts), strict=True)
    ]
    return streets, [(choose(LAND[owner.name].uses, piece), piece) for piece in pieces]


def names(stem: str, cuts: Sequence[Cut]) -> Iterator[str]:
    """Yield the names of a block's streets: one road, then a street, then numbered lanes."""
    numerals = "一二三四五六七八九十"
    for i, _ in enumerate(cuts):
        yield stem + ("路", "街")[i] if i < 2 else f"{stem}{numerals[(i - 2) % 10]}巷"


def beyond(part: Polygon) -> str:
    """Return how land outside the district is drawn: the hill goes on, so do fields and town."""
    middle = part.centroid
    if middle.y > 3300:
        return "forest" if middle.x > 1900 else "outskirts"
    return "outskirts" if middle.y < 1500 or middle.y > 2900 else "suburb"


def choose(uses: Mapping[str, float], piece: Polygon) -> str:
    """Return a use for a parcel, drawn by the weights; small parcels hold no school."""
    if 2 * piece.area / piece.length < 30:
        return "waiting" if "waiting" in uses else "old" if "old" in uses else "slab"
    weights = np.array(list(uses.values()))
    share = dice(piece).random()
    return list(uses)[int(np.searchsorted(np.cumsum(weights) / weights.sum(), share))]


def water_areas() -> Iterator[Area]:
    """Yield the river and the creeks."""
    canvas = shapely.box(*plan.CANVAS)
    for part in shapely.get_parts(plan.RIVER.intersection(canvas).difference(plan.ISLAND)):
        yield Area(part, {"natural": "water", "water": "river", "name": "云浦水道"})
    for creek, name in (
        (plan.CREEK, "榕荫涌"),
        (plan.SOUTH_CREEK, "稻涌"),
        (plan.BRANCH_CREEK, "荔塘涌"),
    ):
        shape = largest(creek.difference(plan.RIVER).intersection(canvas))
        yield Area(shape, {"natural": "water", "water": "canal", "name": name})
