"""Vector files: GeoJSON, GeoPackage, Shapefile, FlatGeobuf, KML and what else GDAL reads."""

import logging
import re
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final

import geopandas as gpd
import pandas as pd
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from circles.crs import WGS84
from circles.errors import InputError
from circles.tables.columns import listing
from circles.tables.encoding import decoded, likeliest
from circles.tables.files import read_bytes, refuse_missing
from circles.tables.source import Source
from circles.tables.unpacking import ZIP_ERRORS, inspect_archive
from circles.texts import Note

logger = logging.getLogger(__name__)

# pyogrio's own errors, and what shapely, pyproj and the text decoder raise on a damaged file.
_LAYER_ERRORS: Final = (
    *(DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError),
    *(shapely.errors.ShapelyError, pyproj.exceptions.ProjError, UnicodeError),
    *(ValueError, OverflowError, OSError, LookupError, TypeError),
)
#: What files of a kind begin with; GDAL goes by their content and would read any other kind too.
_BEGINNINGS: Final[Mapping[str, tuple[bytes, ...]]] = MappingProxyType(
    {
        ".geojson": (b"{", b"["),
        ".json": (b"{", b"["),
        ".gpkg": (b"SQLite format 3\0",),
        ".shp": (b"\0\0\x27\x0a",),
        ".fgb": (b"fgb\x03",),
        ".kml": (b"<",),
        ".gpx": (b"<",),
        ".gml": (b"<",),
        ".zip": (b"PK",),
        ".kmz": (b"PK",),
    }
)
_XML: Final = frozenset({".kml", ".gpx", ".gml", ".vrt", ".xml"})
_DOCTYPE: Final = re.compile(rb"<\0?!\0?(?:D\0?O\0?C\0?T\0?Y\0?P\0?E|E\0?N\0?T\0?I\0?T\0?Y)", re.I)
#: A file of this kind holds no places but names other files, or servers, to read instead.
_POINTER: Final = re.compile(rb"<\s*(OGRVRT|WMS_|GDAL_|OGRWFS)", re.IGNORECASE)
_IN_ARCHIVES: Final = (".shp", ".gpkg", ".geojson", ".json", ".fgb", ".kml")
_SHAPEFILE_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")
#: Code pages that programs write into a Shapefile without meaning them.
_CODE_PAGES_UNSAID: Final = (0x00, 0x01, 0x02, 0x03, 0x57)
_CODECS: Final = MappingProxyType({"GB18030": "GB18030", "Big5": "CP950"})


@dataclass(frozen=True)
class Vector:
    """A layer as it stands in its file.

    Parameters
    ----------
    places
        Index `row`, the features from 1; 2-D geometry, without a CRS.
    crs
        What the file says of its coordinates; None if nothing.
    silent
        Whether it says so by definition only, as a GeoJSON does.
    facts
        How it was read.
    """

    places: gpd.GeoDataFrame
    crs: pyproj.CRS | None
    silent: bool = False
    facts: tuple[Note, ...] = ()


def read_vector(source: Source, path: Path) -> Vector:
    """Read a layer of a vector file, or of a zip archive that holds one.

    Raises
    ------
    InputError
        The file or the layer is not there or cannot be read, or it is not clear which is meant.
    """
    refuse_missing(path)
    _refuse_strange(path)
    if path.suffix.lower() == ".zip":
        return _from_archive(source, path)
    return _read(source, path, where=path)


def layer_names(path: Path) -> tuple[str, ...]:
    """Return the names of the layers of a vector file; none for an archive, which holds one.

    Raises
    ------
    InputError
        The file is not there or cannot be read.
    """
    refuse_missing(path)
    _refuse_strange(path)
    if path.suffix.lower() == ".zip":
        return ()
    with layer_errors(path):
        return tuple(str(name) for name, _ in pyogrio.list_layers(path))


def _read(source: Source, path: Path, *, where: Path) -> Vector:
    encoding = _encoding(path, source.encoding)
    with layer_errors(where):
        there = {str(name): kind for name, kind in pyogrio.list_layers(path)}
        name = _layer_name(where, source.layer, there)
        info = pyogrio.read_info(path, layer=name, encoding=encoding)
        places = pyogrio.read_dataframe(path, layer=name, on_invalid="ignore", encoding=encoding)
        crs = None if info["crs"] is None else pyproj.CRS.from_user_input(info["crs"])
    if not isinstance(places, gpd.GeoDataFrame):
        message = f"{where}: the layer {name!r} has no geometry; read it as a table instead"
        raise InputError(message)
    facts = [Note.of("reading.layer", layer=name)] if len(there) > 1 else []
    if encoding is not None:
        known = "reading.encoding" if source.encoding is None else "reading.encoding_given"
        facts.append(Note.of(known, encoding="Big5" if encoding == "CP950" else encoding))
    silent = info["driver"] == "GeoJSON" and crs == WGS84
    return Vector(numbered(places), crs, silent, tuple(facts))


def numbered(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return places numbered from 1, flat, without a CRS, their text without outer spaces."""
    numbers = pd.RangeIndex(1, len(places) + 1, name="row")
    plain = pd.DataFrame(places.drop(columns=places.geometry.name)).set_axis(numbers, axis="index")
    flat = shapely.force_2d(places.geometry.to_numpy())
    plain = plain.rename(columns={"geometry": "geometry (2)"})
    return gpd.GeoDataFrame(plain.assign(**_stripped(plain)), geometry=flat)


@contextmanager
def layer_errors(path: Path) -> Iterator[None]:
    """Turn what libraries raise on a damaged layer into an error that says what to do."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    except InputError:
        raise
    except _LAYER_ERRORS as error:
        reason = str(error).partition("; It might help")[0]
        message = (
            f"{path}: the file cannot be read as a layer ({reason}); is it complete, and is it "
            "GeoJSON, GeoPackage, Shapefile, GeoParquet or another format that GDAL reads?"
        )
        raise InputError(message) from error
    for warning in caught:  # what they lead to (rows without a place) is in the books
        logger.info("%s: %s", path, warning.message)


def _refuse_strange(path: Path) -> None:
    """Refuse a file that is not of the kind its name says, or that XML makes a trap."""
    suffix = path.suffix.lower()
    if path.is_dir():
        return
    with path.open("rb") as file:
        head = file.read(1 << 16)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    wrong = suffix in _BEGINNINGS and not start.startswith(_BEGINNINGS[suffix])
    # GeoPackages and Shapefiles begin with bytes that are no spaces to be stripped.
    if (wrong and not head.startswith(_BEGINNINGS[suffix])) or _POINTER.search(head):
        message = (
            f"{path}: the file cannot be read as a layer (its content is not that of a {suffix} "
            "file); is it complete, and is it GeoJSON, GeoPackage, Shapefile or another format "
            "that GDAL reads?"
        )
        raise InputError(message)
    if (suffix in _XML or start.startswith(b"<")) and _DOCTYPE.search(read_bytes(path)):
        message = (
            f"{path}: refused, it declares a document type (<!DOCTYPE …>), which can hide entities "
            "that unfold without end; remove the declaration"
        )
        raise InputError(message)
    if suffix in {".zip", ".kmz"}:
        inspect_archive(path)


def _from_archive(source: Source, path: Path) -> Vector:
    """Read the only layer file in an archive that has been found harmless."""
    with tempfile.TemporaryDirectory(prefix="circles-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                chosen = _member(path, archive.namelist())
                wanted = {str(PurePosixPath(chosen).with_suffix(s)) for s in _SHAPEFILE_PARTS}
                for member in archive.namelist():
                    exact = str(PurePosixPath(member).with_suffix(""))
                    fellow = f"{exact}{PurePosixPath(member).suffix.lower()}"
                    if member == chosen or fellow in {w.removesuffix("/") for w in wanted}:
                        suffix = PurePosixPath(member).suffix.lower()
                        target = Path(folder) / f"{path.stem}{suffix}"
                        target.write_bytes(archive.read(member))
        except InputError:
            raise
        except ZIP_ERRORS as error:
            message = f"{path}: the archive cannot be read ({error}); is it complete?"
            raise InputError(message) from error
        inner = Path(folder) / f"{path.stem}{PurePosixPath(chosen).suffix.lower()}"
        _refuse_strange(inner)
        found = _read(source, inner, where=path)
    return Vector(
        found.places,
        found.crs,
        found.silent,
        (Note.of("reading.archive", file=chosen), *found.facts),
    )


def _member(path: Path, names: list[str]) -> str:
    layers = [name for name in names if PurePosixPath(name).suffix.lower() in _IN_ARCHIVES]
    if len(layers) == 1:
        return layers[0]
    told = listing("layers", path.stem, layers)
    message = f"{path}: the archive must hold one layer; {told}. Unpack it and name the file"
    raise InputError(message)


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


def _encoding(path: Path, asked: str | None) -> str | None:
    """Return the encoding of a Shapefile: as asked, or told from its bytes if it does not say."""
    if path.suffix.lower() != ".shp":
        if asked is not None:
            message = f"{path}: encoding cannot be given for a layer of this kind; remove it"
            raise InputError(message)
        return None
    if asked is not None:
        key = re.sub(r"[\s_\-]", "", asked).casefold()
        return {"gbk": "GB18030", "gb2312": "GB18030", "big5": "CP950"}.get(key, asked)
    silent = not any(path.with_suffix(suffix).is_file() for suffix in (".cpg", ".CPG"))
    table = path.with_suffix(".dbf")
    return _dbf_encoding(read_bytes(table)) if silent and table.is_file() else None


def _dbf_encoding(data: bytes) -> str | None:
    if len(data) < 32 or data[29] not in _CODE_PAGES_UNSAID:  # byte 29 names the code page
        return None
    records = int.from_bytes(data[8:10], "little")
    names = b" ".join(
        data[start : start + 11].partition(b"\0")[0] for start in range(32, records - 1, 32)
    )
    words = (names + b" " + data[records:]).replace(b"\0", b" ").replace(b"\x1a", b" ")
    if words.isascii() or decoded(words, "utf-8") is not None:
        return "UTF-8"
    found = likeliest(words)
    return None if found is None else _CODECS[found.encoding]


def _stripped(frame: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        str(name): frame[name].map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
        for name in frame.columns
        if pd.api.types.is_object_dtype(frame[name]) or pd.api.types.is_string_dtype(frame[name])
    }
