"""Make the outline of the Chinese mainland that `circles.mainland` reads.

Usage: python data/make_mainland.py TIMEZONES.geojson

TIMEZONES.geojson is the file that timezone-boundary-builder publishes under that name ("all
timezones"), made from OpenStreetMap: features with a property `tzid`. A zone may come in pieces.
The file is written to circles/borders/; see the README there for licence and accuracy.
"""

import gzip
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import shapely

TARGET = Path(__file__).parent.parent / "circles" / "borders" / "mainland.geojson.gz"
MAINLAND = ("Asia/Shanghai", "Asia/Urumqi")
OTHERS = ("Asia/Hong_Kong", "Asia/Macau", "Asia/Taipei")

DEGREE_M = 111_320.0
#: How far the outline may stray from the source near the places that it parts, and elsewhere.
NEAR_M, FAR_M = 5.0, 40.0
#: What is near: this far around Hong Kong, Macau, and what belongs to Taiwan.
NEAR_DEGREES = 0.1
#: Slips of the pen: holes and specks below a tenth of a square kilometre or so.
SPECK_DEGREES_2 = 1e-5
#: Coordinates are kept to a metre.
GRID_DEGREES = 1e-5


def read_zones(path: Path) -> dict[str, Any]:
    """Return the zones that matter, each in one piece."""
    parts = defaultdict(list)
    for feature in json.loads(path.read_text("utf-8"))["features"]:
        if feature["properties"]["tzid"] in (*MAINLAND, *OTHERS):
            shape = shapely.make_valid(shapely.from_geojson(json.dumps(feature["geometry"])))
            parts[feature["properties"]["tzid"]].append(shape)
    return {
        zone: shapely.union_all(np.array(shapes), grid_size=1e-6) for zone, shapes in parts.items()
    }


def without_specks(shape: Any) -> Any:
    """Leave out parts and holes that are smaller than a speck."""
    kept = []
    for part in shapely.get_parts(shape):
        holes = [h for h in part.interiors if shapely.Polygon(h).area >= SPECK_DEGREES_2]
        kept.append(shapely.Polygon(part.exterior, holes))
    return shapely.multipolygons([part for part in kept if part.area >= SPECK_DEGREES_2])


def simplified(mainland: Any, others: Any) -> Any:
    """Thin out the outline: finely near the other territories, coarsely elsewhere."""
    near = shapely.box(*shapely.bounds(others[0])).buffer(NEAR_DEGREES)
    for part in others[1:]:
        near = near.union(shapely.box(*shapely.bounds(part)).buffer(NEAR_DEGREES))
    fine = shapely.simplify(mainland, NEAR_M / DEGREE_M)
    coarse = shapely.simplify(mainland, FAR_M / DEGREE_M)
    pieces = [shapely.intersection(fine, near), shapely.difference(coarse, near)]
    return shapely.union_all(np.array(pieces), grid_size=GRID_DEGREES)


def main(path: Path) -> None:
    """Make the file."""
    zones = read_zones(path)
    mainland = shapely.union_all(np.array([zones[z] for z in MAINLAND]), grid_size=1e-6)
    others = shapely.union_all(np.array([zones[z] for z in OTHERS]))
    mainland = without_specks(shapely.difference(mainland, others, grid_size=1e-6))
    outline = simplified(mainland, shapely.get_parts(others))
    text = json.dumps(rounded(json.loads(shapely.to_geojson(outline))), separators=(",", ":"))
    TARGET.write_bytes(gzip.compress(text.encode(), mtime=0))


def rounded(value: Any) -> Any:
    """Round all numbers of a JSON value to the grid."""
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    return round(value, 5) if isinstance(value, float) else value


if __name__ == "__main__":
    main(Path(sys.argv[1]))
