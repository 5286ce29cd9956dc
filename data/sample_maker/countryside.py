"""How land outside the town is used: villages, fields and ponds, the hill, the orchard."""

from collections.abc import Iterator

import shapely
from shapely import LineString, Polygon

from sample_maker.features import Area, Feature, building, street
from sample_maker.quarters import lots, storeys
from sample_maker.shapes import dice, largest, rounded, subdivide


def village(parcel: Polygon, _streets: shapely.Geometry) -> Iterator[Feature]:
    """Fill a piece of land with village houses, a lane around them and alleys between them."""
    rng = dice(parcel)
    yield street(LineString(parcel.exterior.coords), "path")
    leaves, cuts = subdivide(parcel, 2600, rng, bend=0.1)
    for cut in cuts:
        kind = ("residential", "living_street")[cut.depth] if cut.depth < 2 else "footway"
        yield street(cut.line, kind)
    for leaf in leaves:
        block = largest(leaf.buffer(-3.2, join_style="mitre"))
        for shape in lots(block, 210, 1.6, rng):
            edge_m = parcel.exterior.distance(shape.centroid)
            if rng.random() < 0.3 + edge_m / 50:
                yield building(shape, "house", storeys(rng, 2, 4))


def fields(parcel: Polygon, _streets: shapely.Geometry) -> Iterator[Feature]:
    """Fill a piece of land with plots and fish ponds, and tracks on some of the dikes."""
    rng = dice(parcel)
    leaves, cuts = subdivide(parcel, 11_000, rng, bend=0.04)
    yield from (street(cut.line, "track") for cut in cuts if cut.depth < 3 and cut.line.length > 60)
    for leaf in leaves:
        plot = rounded(largest(leaf.buffer(-5, join_style="mitre")), 5)
        if plot.area < 900:
            continue
        wet = (
            0.55
            if parcel.centroid.y < 420 or parcel.centroid.x > 2600 > parcel.centroid.y
            else 0.12
        )
        if rng.random() < wet:
            for pond in subdivide(plot, 4200, rng, bend=0.0)[0]:
                water = largest(pond.buffer(-2.5, join_style="mitre"))
                yield Area(water, {"natural": "water", "water": "fishpond"})
        else:
            yield Area(plot, {"landuse": "farmland" if rng.random() < 0.7 else "orchard"})


def outskirts(parcel: Polygon, _streets: shapely.Geometry) -> Iterator[Feature]:
    """Draw only the wider fields and a few tracks beyond the district's edge."""
    rng = dice(parcel)
    leaves, cuts = subdivide(parcel, 60_000, rng, bend=0.05)
    yield from (street(cut.line, "track") for cut in cuts if cut.depth < 3)
    for leaf in leaves:
        plot = rounded(largest(leaf.buffer(-8, join_style="mitre")), 8)
        if plot.area > 2000:
            yield Area(plot, {"landuse": ("farmland", "orchard", "meadow")[int(rng.integers(3))]})


def suburb(parcel: Polygon, _streets: shapely.Geometry) -> Iterator[Feature]:
    """Draw only the streets of the next district."""
    rng = dice(parcel)
    leaves, cuts = subdivide(parcel, 30_000, rng, bend=0.05)
    yield from (street(cut.line, "residential") for cut in cuts)
    for leaf in leaves:
        yield Area(largest(leaf.buffer(-7, join_style="mitre")), {"landuse": "residential"})


def orchard(parcel: Polygon, _streets: shapely.Geometry) -> Iterator[Feature]:
    """Fill a piece of land with lychee trees that no mapped path leads into."""
    yield Area(largest(parcel.buffer(-5)), {"landuse": "orchard", "trees": "lychee_trees"})


def forest(parcel: Polygon, _streets: shapely.Geometry) -> Iterator[Feature]:
    """Cover a piece of land with trees."""
    yield Area(parcel, {"landuse": "forest"})


def pond(parcel: Polygon, _streets: shapely.Geometry) -> Iterator[Feature]:
    """Fill a piece of land with the half-moon pond that lies before a village."""
    yield Area(parcel, {"natural": "water", "water": "pond"})
