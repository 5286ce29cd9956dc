"""Layers of places: vector files, and tables with coordinates."""

import logging
import re
import unicodedata
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from circles.crs import WGS84
from circles.errors import InputError
from circles.tables.columns import (
    find_column,
    first_column,
    listing,
    not_numbers,
    numbers_of,
    rows_in_words,
)
from circles.tables.extent import check_extent, declared_crs
from circles.tables.files import decoded, refuse_missing, refuse_options
from circles.tables.sheets import TEXT_TABLES, WORKBOOKS, read_table

logger = logging.getLogger(__name__)

LON_NAMES = (
    *("lon", "lng", "long", "longitude", "经度", "經度", "wgs84lon", "lonwgs84", "wgs84lng"),
    *("lngwgs84", "wgs84经度", "x坐标", "坐标x", "x座標", "pointx", "x"),
)
LAT_NAMES = (
    *("lat", "latitude", "纬度", "緯度", "wgs84lat", "latwgs84", "wgs84纬度"),
    *("y坐标", "坐标y", "y座標", "pointy", "y"),
)

_SHIFTED_HEADER = re.compile("gcj|火星|高德|腾讯|amap|bd-?09|百度|baidu")

# pyogrio's own errors, and what shapely and the text decoder raise on a damaged file.
_LAYER_ERRORS = (
    *(DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError),
    *(shapely.errors.ShapelyError, UnicodeDecodeError),
)


def read_layer(
    path: Path,
    *,
    layer: str | None = None,
    sheet: str | None = None,
    lon: str | None = None,
    lat: str | None = None,
    crs: str | None = None,
) -> gpd.GeoDataFrame:
    """Read places: any vector format, or a table with two columns of coordinates.

    Parameters
    ----------
    path
        A CSV, TSV or XLSX table, or any vector format that GDAL reads.
    layer
        The layer to read, where a file has several.
    sheet
        The sheet to read, where a workbook has several.
    lon, lat
        The columns of a table's coordinates; by default found by their usual names. For a
        projected `crs` they are the easting and the northing.
    crs
        ``"wgs84"``, ``"cgcs2000"`` or ``"EPSG:n"``. By default the file's own, and WGS84 for a
        table.

    Returns
    -------
    gpd.GeoDataFrame
        Index `row`, the file's own row numbers; 2-D geometry, in the CRS of the file. A row
        without any coordinates has no geometry (None). The columns of a table are text. A layer
        without rows comes back empty.

    Raises
    ------
    InputError
        The file, layer, sheet or column is not there or cannot be read, or the CRS is unknown.
    FaultsError
        Coordinates are not numbers, out of range or swapped; every such row is named.
    """
    declared = None if crs is None else declared_crs(crs, path)
    if path.suffix.lower() in TEXT_TABLES | WORKBOOKS:
        refuse_options(path, "a table", {"layer": layer})
        table = read_table(path, sheet=sheet)
        columns = _coordinate_columns(table, path=path, lon=lon, lat=lat, declared=crs is not None)
        return _with_points(table, path, *columns, crs=WGS84 if declared is None else declared)
    refuse_options(path, "a layer", {"sheet": sheet, "lon": lon, "lat": lat})
    return _read_vector(path, layer=layer, crs=declared)


def _coordinate_columns(
    table: pd.DataFrame, *, path: Path, lon: str | None, lat: str | None, declared: bool
) -> tuple[str, str]:
    chosen = []
    for name, usual in ((lon, LON_NAMES), (lat, LAT_NAMES)):
        if name is not None:
            column: str | None = find_column(table, name, where=str(path))
        else:
            column = first_column(table, usual)
        if column is None:
            columns = listing("columns", usual[0], table.columns)
            message = f"{path}: no column of {usual[0]} was found; name it. There are {columns}"
            raise InputError(message)
        chosen.append(_unambiguous(table, column, path=path, declared=declared))
    return chosen[0], chosen[1]


def _unambiguous(table: pd.DataFrame, column: str, *, path: Path, declared: bool) -> str:
    if f"{column} (2)" in table.columns:
        message = f"{path}: the column {column!r} occurs twice; rename one of them"
        raise InputError(message)
    if not declared and _SHIFTED_HEADER.search(unicodedata.normalize("NFKC", column).casefold()):
        message = (
            f"{path}: the column {column!r} seems to hold shifted map coordinates (GCJ-02 or "
            "BD-09), which this version cannot read; if they are not, say so with crs"
        )
        raise InputError(message)
    return column


def _with_points(
    table: pd.DataFrame, path: Path, lon: str, lat: str, *, crs: pyproj.CRS
) -> gpd.GeoDataFrame:
    (x, wrong_x), (y, wrong_y) = numbers_of(table[lon]), numbers_of(table[lat])
    faults = [
        not_numbers(table[column], wrong)
        for column, wrong in ((lon, wrong_x), (lat, wrong_y))
        if wrong
    ]
    readable = ~table.index.isin([*wrong_x, *wrong_y])
    one_only = table.index[readable & (np.isnan(x) != np.isnan(y))]
    if len(one_only):
        faults.append(f"{rows_in_words(list(one_only))}: only one of {lon!r} and {lat!r} is given")
    nowhere = np.isnan(x) | np.isnan(y)
    points: npt.NDArray[np.object_] = np.asarray(shapely.points(x, y), dtype=object)
    points[nowhere] = None
    places = gpd.GeoDataFrame(table, geometry=points, crs=crs)
    return check_extent(places, path, faults, by_hand=True)


def _read_vector(path: Path, *, layer: str | None, crs: pyproj.CRS | None) -> gpd.GeoDataFrame:
    refuse_missing(path)
    with _layer_errors(path):
        there = {str(name): kind for name, kind in pyogrio.list_layers(path)}
        name = _layer_name(path, layer, there)
        info = pyogrio.read_info(path, layer=name)
        encoding = _dbf_encoding(path)
        places = pyogrio.read_dataframe(path, layer=name, on_invalid="ignore", encoding=encoding)
    if not isinstance(places, gpd.GeoDataFrame):
        message = f"{path}: the layer {name!r} has no geometry; read it as a table instead"
        raise InputError(message)
    places = places.set_axis(pd.RangeIndex(1, len(places) + 1, name="row"), axis="index")
    places = places.set_geometry(shapely.force_2d(places.geometry.array))
    places = places.set_crs(_layer_crs(path, info, crs), allow_override=True)
    return check_extent(places.assign(**_stripped(places)), path)


@contextmanager
def _layer_errors(path: Path) -> Iterator[None]:
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    except _LAYER_ERRORS as error:
        reason = str(error).partition("; It might help")[0]
        message = (
            f"{path}: the file cannot be read as a layer ({reason}); is it complete, and is it "
            "GeoJSON, GeoPackage, Shapefile or another format that GDAL reads?"
        )
        raise InputError(message) from error
    for warning in caught:  # what they lead to (rows without a place) is reported by the caller
        logger.info("%s: %s", path, warning.message)


def _layer_name(path: Path, layer: str | None, there: Mapping[str, str | None]) -> str:
    if layer is not None:
        if layer in there:
            return layer
        message = f"{path}: there is no layer {layer!r}; {listing('layers', layer, there)}"
        raise InputError(message)
    with_places = [name for name, kind in there.items() if kind is not None] or list(there)
    if len(with_places) == 1:
        return with_places[0]
    names = listing("layers", path.stem, with_places)
    message = f"{path}: name the layer to read; {names}"
    raise InputError(message)


def _layer_crs(path: Path, info: Mapping[str, object], crs: pyproj.CRS | None) -> pyproj.CRS:
    if info["crs"] is not None:
        return _agreed_crs(path, info, crs)
    if crs is None:
        message = (
            f"{path}: the layer does not say which coordinate reference system it is in; say it "
            'with crs, as crs = "EPSG:4547" or crs = "wgs84"'
        )
        raise InputError(message)
    return crs


def _agreed_crs(path: Path, info: Mapping[str, object], crs: pyproj.CRS | None) -> pyproj.CRS:
    own = pyproj.CRS.from_user_input(info["crs"])
    # A GeoJSON without a CRS is in WGS84 by definition only; people write others into it.
    silent = info["driver"] == "GeoJSON" and own == WGS84
    if crs is not None and own != crs and not silent:
        message = (
            f"{path}: the layer says that it is in {own.name!r}, and crs says {crs.name!r}; "
            "remove crs, or correct the layer"
        )
        raise InputError(message)
    return own if crs is None else crs


def _dbf_encoding(path: Path) -> str | None:
    """Tell the encoding of a Shapefile that does not say it; None where nothing is to be told."""
    table = path.with_suffix(".dbf")
    silent = path.suffix.lower() == ".shp" and not path.with_suffix(".cpg").is_file()
    if not silent or not table.is_file():
        return None
    data = table.read_bytes()
    if len(data) < 32 or data[29] != 0:  # byte 29 names the code page
        return None
    records = int.from_bytes(data[8:10], "little")
    names = b" ".join(data[start : start + 11] for start in range(32, records - 1, 32))
    words = (names + data[records:]).replace(b"\0", b" ").replace(b"\x1a", b" ")
    return next((e for e in ("utf-8", "gb18030") if decoded(words, e) is not None), None)


def _stripped(places: gpd.GeoDataFrame) -> dict[str, pd.Series]:
    columns = places.columns.drop(places.geometry.name)
    return {
        str(name): places[name].map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
        for name in columns
        if pd.api.types.is_object_dtype(places[name]) or pd.api.types.is_string_dtype(places[name])
    }
