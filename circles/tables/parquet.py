"""Parquet and GeoParquet."""

from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import pyproj
import shapely

from circles.crs import WGS84
from circles.errors import InputError
from circles.tables.files import refuse_missing
from circles.tables.vector import Vector, layer_errors, numbered
from circles.texts import Note

PARQUET: Final = frozenset({".parquet", ".geoparquet", ".pq"})
_SHAPE_COLUMNS: Final = ("geometry", "geom", "wkb_geometry", "wkb", "the_geom", "wkt", "WKT")
_MAX_ROWS: Final = 20_000_000


def read_parquet(path: Path) -> Vector | pd.DataFrame:
    """Read a Parquet file.

    Returns
    -------
    Vector or pd.DataFrame
        A layer if it is GeoParquet, or has a column of WKB or WKT; a table otherwise, its rows
        numbered from 1.

    Raises
    ------
    InputError
        The file is damaged, or too large.
    """
    refuse_missing(path)
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with layer_errors(path):
            meta = pq.read_metadata(path)
            if meta.num_rows > _MAX_ROWS:
                message = f"{path}: more than {_MAX_ROWS:,} rows; split the file"
                raise InputError(message)
            if b"geo" in (meta.metadata or {}):
                places = gpd.read_parquet(path)
                return Vector(numbered(places), places.crs, facts=(_FACT,))
            frame = pq.read_table(path).to_pandas().reset_index(drop=True)
            return _with_shapes(frame)
    except (pa.ArrowException, MemoryError, RuntimeError, AttributeError) as error:
        message = f"{path}: the file cannot be read as Parquet ({error}); is it complete?"
        raise InputError(message) from error


_FACT: Final = Note.of("reading.geoparquet")


def _with_shapes(frame: pd.DataFrame) -> Vector | pd.DataFrame:
    plain = frame.set_axis([str(name) for name in frame.columns], axis="columns")
    for column in (name for name in _SHAPE_COLUMNS if name in plain.columns):
        cells = plain[column].to_numpy(dtype=object)
        known = [cell for cell in cells if cell is not None and cell == cell]  # noqa: PLR0124 (NaN)
        if known and all(isinstance(cell, bytes) for cell in known):
            shapes = shapely.from_wkb(cells, on_invalid="ignore")
        elif known and all(isinstance(cell, str) for cell in known):
            shapes = shapely.from_wkt(cells, on_invalid="ignore")
        else:
            continue
        rest = plain.drop(columns=column)
        x = shapely.bounds(shapes)
        degrees = bool((abs(x[~pd.isna(x).any(axis=1)]) <= 180).all())
        crs: pyproj.CRS | None = WGS84 if degrees else None
        places = gpd.GeoDataFrame(rest, geometry=shapes)
        fact = Note.of("reading.shape_column", column=column)
        return Vector(numbered(places), crs, silent=True, facts=(fact,))
    return plain.set_axis(pd.RangeIndex(1, len(plain) + 1, name="row"), axis="index")
