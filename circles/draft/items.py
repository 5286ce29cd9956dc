"""The files that a project may be made of, opened: streets, grids, standards, tables, layers."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from circles.errors import CirclesError
from circles.network.saved import is_saved
from circles.osm.files import SUFFIXES
from circles.tables import LoadedLayer, Source, load_layer, load_table, match_columns
from circles.tables.delimited import TEXT_TABLES
from circles.tables.parquet import PARQUET
from circles.tables.vector import layer_names
from circles.tables.workbooks import WORKBOOKS, visible_sheets
from circles.texts import Note

GRIDS: Final = frozenset({".tif", ".tiff", ".asc"})
_LAYERS: Final = (
    *(".geojson", ".json", ".gpkg", ".shp", ".fgb", ".kml", ".kmz", ".gml", ".gpx", ".zip"),
    *(".gdb", ".tab", ".mif"),
)
#: Files that belong to another of the same name and say nothing by themselves.
_BESIDE: Final = frozenset(
    {".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qpj", ".qmd", ".qix", ".tfw", ".xml"}
    | {".dat", ".map", ".id", ".mid", ".ovr", ".gfs", ".xsd", ".gpkg-wal", ".gpkg-shm"}
)
_COORDINATES: Final = ("lon", "lat", "lonlat", "wkt")
_POLYGONS: Final = (3, 6)
_POINTS: Final = (0, 4)


class Kind(StrEnum):
    """What a file holds, as far as its form goes."""

    STREETS = "streets"
    GRID = "grid"
    STANDARD = "standard"
    AREAS = "areas"
    POINTS = "points"
    LINES = "lines"
    TABLE = "table"


@dataclass(frozen=True, eq=False)
class Item:
    """One thing to be judged: a file, one layer of it, or one sheet.

    Parameters
    ----------
    path
        The file.
    kind
        What it holds by its form.
    part
        The layer or the sheet, where the file has several.
    loaded
        The layer as it was read; None for all but areas, points and lines.
    frame
        Its rows; None where it has none.
    trouble
        Why a table's coordinates cannot be used, in the reader's words.
    """

    path: Path
    kind: Kind
    part: str | None = None
    loaded: LoadedLayer | None = None
    frame: pd.DataFrame | None = None
    trouble: str | None = None

    @property
    def rows(self) -> pd.DataFrame:
        """The rows; an empty frame where it has none."""
        return pd.DataFrame() if self.frame is None else self.frame

    @property
    def places(self) -> gpd.GeoDataFrame:
        """The rows with their geometry."""
        return gpd.GeoDataFrame(geometry=[]) if self.loaded is None else self.loaded.places

    @property
    def is_sheet(self) -> bool:
        """Whether the part is a sheet of a workbook."""
        return self.path.suffix.lower() in WORKBOOKS

    @property
    def label(self) -> str:
        """What a reader calls it."""
        return self.path.name if self.part is None else f"{self.path.name} [{self.part}]"

    @property
    def titles(self) -> tuple[str, ...]:
        """What its sheet or layer and its file are called, the nearer one first."""
        stem = self.path.name.partition(".")[0] or self.path.name
        return (stem,) if self.part is None else (self.part, stem)


@dataclass(frozen=True)
class Unread:
    """A file, or a part of one, that cannot be used.

    Parameters
    ----------
    label
        What a reader calls it.
    reason
        Why: a reader's message, or a sentence of our own.
    """

    label: str
    reason: str | Note


def open_items(paths: Sequence[Path]) -> tuple[tuple[Item, ...], tuple[Unread, ...]]:
    """Open files; what cannot be read is told and keeps nothing else from being read.

    Parameters
    ----------
    paths
        Files, and the folders of saved networks and file geodatabases.
    """
    names = {path.name.casefold() for path in paths}
    items: list[Item] = []
    unread: list[Unread] = []
    for path in paths:
        if _stands_beside(path, names):
            continue
        for found in _opened(path):
            if isinstance(found, Item):
                items.append(found)
            else:
                unread.append(found)
    return tuple(items), tuple(unread)


def files_in(folder: Path) -> list[Path]:
    """Return what may be looked at in a folder, by name; nothing hidden, no project files."""
    return [
        entry
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if not entry.name.startswith((".", "~$"))
        and (entry.is_file() or entry.suffix.lower() == ".gdb" or is_saved(entry))
    ]


def reason_of(path: Path, error: Exception) -> str:
    """Return what an error says of a file, without the folder it is in, nor its name before it."""
    return str(error).removeprefix(f"{path}: ").replace(str(path), path.name)


def _stands_beside(path: Path, names: set[str]) -> bool:
    """Tell whether a file belongs to another one that is looked at: the .dbf of a .shp."""
    name = path.name.casefold()
    suffix = path.suffix.casefold()
    if suffix not in _BESIDE:
        return False
    stem = name.removesuffix(suffix)
    mains = {f"{stem}{main}" for main in (*_LAYERS, *GRIDS)} | {stem}
    return bool(mains & names)


def _opened(path: Path) -> Iterator[Item | Unread]:
    suffix, name = path.suffix.lower(), path.name.lower()
    fault = _bad_name(path)
    if fault is not None:
        yield fault
    elif is_saved(path) or name.endswith((*SUFFIXES, ".graphml")):
        yield Item(path, Kind.STREETS)
    elif suffix in GRIDS:
        yield Item(path, Kind.GRID)
    elif suffix == ".toml":
        yield _standard(path)
    elif suffix in WORKBOOKS:
        yield from _sheets(path)
    elif suffix in TEXT_TABLES:
        yield _table(path, None)
    elif suffix in PARQUET:
        yield _layer(path, None)
    elif suffix in _LAYERS:
        yield from _layers(path)
    else:
        yield Unread(path.name, Note.of("init.unknown_kind"))


def _bad_name(path: Path) -> Unread | None:
    """Refuse names that a project file cannot hold, or would take for something else."""
    text = path.as_posix()
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in text):
        shown = path.name.encode("utf-8", "replace").decode()
        return Unread(shown, Note.of("init.name_not_utf8"))
    return Unread(path.name, Note.of("init.name_variable")) if "${" in text else None


def _standard(path: Path) -> Item | Unread:
    try:
        table = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        return Unread(path.name, reason_of(path, error))
    if str(table.get("schema", "")).startswith("circles.standard/"):
        return Item(path, Kind.STANDARD)
    return Unread(path.name, Note.of("init.no_standard"))


def _sheets(path: Path) -> Iterator[Item | Unread]:
    try:
        titles = visible_sheets(path)
    except CirclesError as error:
        yield Unread(path.name, reason_of(path, error))
        return
    if not titles:
        yield Unread(path.name, Note.of("init.no_table"))
    for title in titles:
        yield _table(path, title, several=len(titles) > 1)


def _table(path: Path, sheet: str | None, *, several: bool = False) -> Item | Unread:
    source = Source(path, sheet=sheet)
    part = sheet if several else None
    label = path.name if part is None else f"{path.name} [{part}]"
    try:
        frame = load_table(source).frame
    except CirclesError as error:
        return Unread(label, reason_of(path, error))
    if frame.shape[1] < 2 or frame.empty:
        return Unread(label, Note.of("init.no_table"))
    if not match_columns(frame, _COORDINATES).columns:
        return Item(path, Kind.TABLE, part, frame=frame)
    try:
        loaded = load_layer(source)
    except CirclesError as error:
        trouble = reason_of(path, error)
        return Item(path, Kind.TABLE, part, frame=frame, trouble=trouble)
    return _placed(path, part, loaded)


def _layers(path: Path) -> Iterator[Item | Unread]:
    try:
        names = layer_names(path)
    except CirclesError as error:
        yield Unread(path.name, reason_of(path, error))
        return
    for name in names if len(names) > 1 else [None]:
        yield _layer(path, name)


def _layer(path: Path, layer: str | None) -> Item | Unread:
    try:
        loaded = load_layer(Source(path, layer))
    except CirclesError as error:
        label = path.name if layer is None else f"{path.name} [{layer}]"
        return Unread(label, reason_of(path, error))
    return _placed(path, layer, loaded)


def _placed(path: Path, part: str | None, loaded: LoadedLayer) -> Item:
    kinds = shapely.get_type_id(loaded.places.geometry.to_numpy())
    known = kinds[kinds >= 0]
    kind = Kind.TABLE
    for group, found in ((_POLYGONS, Kind.AREAS), (_POINTS, Kind.POINTS)):
        if pd.Series(known).isin(group).sum() * 2 > len(known):
            kind = found
    if kind is Kind.TABLE and len(known):
        kind = Kind.LINES
    return Item(path, kind, part, loaded, loaded.places)
