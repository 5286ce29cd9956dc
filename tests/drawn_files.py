"""Small files such as a planner has: communities, lists, tables and grids in a row of squares."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine

#: Off the mainland, where degrees are what they are.
WEST, SOUTH, SIDE = 8.0, 50.0, 0.01


def squares(count: int, *, west: float = WEST, side: float = SIDE) -> list[shapely.Polygon]:
    """Return squares side by side."""
    return [
        shapely.box(west + i * side, SOUTH, west + (i + 1) * side, SOUTH + side)
        for i in range(count)
    ]


def oblongs(count: int) -> list[shapely.Polygon]:
    """Return areas side by side, each wider than the one before, as communities are."""
    edges = WEST + SIDE * np.cumsum([0, *(1 + i / 10 for i in range(count))])
    return [shapely.box(edges[i], SOUTH, edges[i + 1], SOUTH + SIDE) for i in range(count)]


def areas_file(
    path: Path, columns: Mapping[str, Sequence[Any]], shapes: Sequence[shapely.Geometry]
) -> Path:
    """Write a layer; its format goes by its suffix."""
    gpd.GeoDataFrame(dict(columns), geometry=list(shapes), crs=4326).to_file(path)
    return path


def communities_file(folder: Path, count: int = 4, **columns: Sequence[Any]) -> Path:
    """Write communities with ids and names, and further columns."""
    given = {"编码": [f"c{i}" for i in range(count)], "名称": [f"{n}社区" for n in names(count)]}
    return areas_file(folder / "社区.geojson", given | columns, oblongs(count))


def names(count: int) -> list[str]:
    """Return names that are words, without figures."""
    return [f"{a}{b}" for a in "东西南北" for b in "榕柳桥塘"][:count]


def csv_file(path: Path, header: Sequence[str], *rows: Sequence[Any]) -> Path:
    """Write a table of text."""
    lines = [",".join(map(str, row)) for row in (header, *rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def at(index: int) -> tuple[float, float]:
    """Return a longitude and latitude in one of the first communities."""
    return round(WEST + SIDE * (index + 0.5), 5), SOUTH + SIDE / 2


def places_file(path: Path, named: Sequence[str], **columns: Sequence[Any]) -> Path:
    """Write a table of named places with coordinates."""
    rows = [
        (name, *(cells[i] for cells in columns.values()), *at(i % 4))
        for i, name in enumerate(named)
    ]
    return csv_file(path, ("名称", *columns, "经度", "纬度"), *rows)


def grid_file(path: Path, values: Sequence[Sequence[float]]) -> Path:
    """Write a grid of numbers over the communities."""
    cells = np.asarray(values, dtype=np.float32)
    size = 4 * SIDE / cells.shape[1]
    where = Affine(size, 0, WEST, 0, -size, SOUTH + size * cells.shape[0])
    options = {"height": cells.shape[0], "width": cells.shape[1], "transform": where}
    with rasterio.open(
        path, "w", driver="GTiff", count=1, dtype="float32", crs="EPSG:4326", **options
    ) as file:
        file.write(cells, 1)
    return path
