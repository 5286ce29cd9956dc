"""Population rasters as they are published: opened, checked, and read where the communities are."""

import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import ProjError

from circles.crs import WGS84, FloatArray, box_text
from circles.demand.model import ObjectArray
from circles.demand.people_grid import PeopleGrid, Raster, RasterFacts, moved, quads_m2, transformer
from circles.errors import InputError
from circles.network import BoolArray
from circles.tables import refuse_missing

if TYPE_CHECKING:
    from affine import Affine
    from rasterio.io import DatasetReader
    from rasterio.windows import Window

_log = logging.getLogger(__name__)
_STDERR: Final = 2
#: What is opened as a raster. A virtual one (VRT) would name other files or addresses to read.
_DRIVERS: Final = ("GTiff", "AAIGrid")
#: A window of more cells is refused: a raster so fine has to be made coarser first.
MAX_CELLS: Final = 20_000_000
_STRIP_CELLS: Final = 4_000_000
#: No place on Earth is so many cells away from a raster's corner.
_MOST_CELLS_AWAY: Final = 1e12
#: Cells that are wider tell nothing of communities.
_MAX_SIDE_M: Final = 1_000_000.0
#: Nowhere do people live more densely; such numbers are marks or other things than people.
_MAX_PER_KM2: Final = 5_000_000.0
_DENSITY_WORDS: Final = ("density", "km2", "km^2", "km²", "km-2", "/ha", "hectare", "人口密度")
_DENSITY_NAMES: Final = ("density", "_pd_", "人口密度")


def read_people(
    rasters: Mapping[str, Sequence[Raster]], communities: gpd.GeoDataFrame, crs: CRS
) -> list[PeopleGrid]:
    """Read the rasters of each group around the communities; those of one grid are put together.

    Parameters
    ----------
    rasters
        The rasters of each group; the numbers of several are added up.
    communities
        The community table.
    crs
        The run's local metric CRS.

    Raises
    ------
    InputError
        A file cannot be read, or is no raster of people where the communities are.
    """
    grids: list[PeopleGrid] = []
    if not any(rasters.values()):
        message = 'no population raster is named; name one for each group, such as all = "all.tif"'
        raise InputError(message)
    for group, files in rasters.items():
        _refuse_repeated(group, files)
        for raster in files:
            refuse_missing(raster.path)
            with _raster_errors(raster.path), _opened(raster.path) as source:
                band = _checked_band(source, raster)
                grid = _grid_of(source, raster, communities, crs, grids)
                _add(grid, group, _values(source, band, grid, raster, crs))
    return grids


def _refuse_repeated(group: str, files: Sequence[Raster]) -> None:
    seen: set[tuple[Path, int | None]] = set()
    for raster in files:
        key = (raster.path.resolve(), raster.band)
        if key in seen:
            message = (
                f"{raster.path}: the raster is named twice for group {group!r}; its people would "
                "count twice"
            )
            raise InputError(message)
        seen.add(key)


@contextmanager
def _opened(path: Path) -> Iterator["DatasetReader"]:
    import rasterio
    from rasterio.errors import RasterioIOError

    for driver in _DRIVERS:
        try:
            with _hushed():
                source = rasterio.open(path, driver=driver)
        except RasterioIOError:
            if driver == _DRIVERS[-1]:
                raise
            continue
        with source:
            yield source
        return


@contextmanager
def _hushed() -> Iterator[None]:
    """Log what libraries in C write to standard error of damaged files.

    Of some faults libtiff and PROJ tell nobody but the terminal, whatever handler GDAL was given.
    """
    with TemporaryFile() as told:
        try:
            terminal = os.dup(_STDERR)
        except OSError:  # a program without a terminal has nothing that could be spoilt
            yield
            return
        os.dup2(told.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(terminal, _STDERR)
            os.close(terminal)
        told.seek(0)
        for line in told.read().decode("utf-8", "replace").splitlines():
            _log.debug(line)


@contextmanager
def _raster_errors(path: Path) -> Iterator[None]:
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    try:
        with warnings.catch_warnings():
            # A raster without a place is refused below, with more words.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            yield
    except (RasterioError, ProjError, UnicodeError) as error:
        message = (
            f"{path}: the file cannot be read as a population raster ({error}); is it complete, "
            "and is it a GeoTIFF?"
        )
        raise InputError(message) from error


def _checked_band(source: "DatasetReader", raster: Raster) -> int:
    """Return the band to read; refuse what is no raster of people with a place on Earth."""
    band = raster.band or 1
    fault = ""
    if raster.band is None and source.count != 1:
        named = ", ".join(f"{i} ({name})" if name else f"{i}" for i, name in _bands(source)[:12])
        fault = f"it has {source.count} bands: {named}; say which of them counts people (band = 1)"
    elif not 1 <= band <= source.count:
        fault = f"there is no band {band}; it has bands 1 to {source.count}"
    elif not source.crs or source.transform.is_identity:
        fault = "it does not say where its cells lie; assign its coordinate system and extent"
    elif source.transform.is_degenerate:
        fault = "its cells have no area; is its extent right?"
    elif np.dtype(source.dtypes[band - 1]).kind not in "iuf":
        fault = f"its values are of the type {source.dtypes[band - 1]}; numbers were expected"
    elif raster.unit == "people" and _says_density(source, band, raster.path):
        fault = (
            "it seems to hold a density and not a number of people in each cell; take the raster "
            'of counts, or say unit = "people_per_km2"'
        )
    if fault:
        message = f"{raster.path}: {fault}"
        raise InputError(message)
    return band


def _bands(source: "DatasetReader") -> list[tuple[int, str | None]]:
    return list(zip(source.indexes, source.descriptions, strict=True))


def _says_density(source: "DatasetReader", band: int, path: Path) -> bool:
    said = f"{source.units[band - 1] or ''} {source.descriptions[band - 1] or ''}".casefold()
    name = path.name.casefold()
    return any(w in said for w in _DENSITY_WORDS) or any(w in name for w in _DENSITY_NAMES)


def _grid_of(
    source: "DatasetReader",
    raster: Raster,
    communities: gpd.GeoDataFrame,
    local: CRS,
    grids: list[PeopleGrid],
) -> PeopleGrid:
    """Return the grid a raster has, one of those that others have or a new one."""
    crs = CRS.from_wkt(source.crs.to_wkt())
    whole = (crs, source.transform, source.width, source.height)
    for grid in grids:
        if _same(grid.whole, whole):
            return grid
    outlines = _in_cells(communities, crs, source.transform, raster)
    window = _window(outlines, source, communities, crs, raster)
    outlines = shapely.transform(outlines, lambda xy: xy - (window.col_off, window.row_off))
    a, b, _, d, e, _ = source.transform[:6]
    x, y = moved(source.transform, window.col_off, window.row_off)
    transform = type(source.transform)(a, b, x, d, e, y)
    grid = PeopleGrid(crs, transform, outlines, whole, window)
    with np.errstate(over="ignore", invalid="ignore"):
        column, row = np.array([0.0, 1.0]) + window.width // 2, window.height // 2
        upper, lower = (grid.places(column, np.full(2, row + i), local) for i in (0.0, 1.0))
        grid.cell_km2 = float(quads_m2(upper, lower)[0]) / 1e6
        across, down = np.diff(upper)[:, 0], np.subtract(lower, upper)[:, 0]
        grid.sides_m = (float(np.hypot(*across)), float(np.hypot(*down)))
    _check_cells(grid, raster)
    grids.append(grid)
    return grid


def _check_cells(grid: PeopleGrid, raster: Raster) -> None:
    """Refuse cells that no place on Earth has."""
    side_m = max(grid.sides_m)
    if not (side_m <= _MAX_SIDE_M and 0 < grid.cell_km2 < np.inf):
        message = (
            f"{raster.path}: its cells would be {side_m / 1000:,.0f} km wide and have an area of "
            f"{grid.cell_km2:g} km²; are its extent and its coordinate system right?"
        )
        raise InputError(message)


def _same(one: tuple[CRS, "Affine", int, int], other: tuple[CRS, "Affine", int, int]) -> bool:
    """Whether two rasters have the same cells, but for the rounding of their corners."""
    size = max(map(abs, one[1][:2]))
    near = all(
        abs(a - b) <= 1e-6 * size / (1 if i % 3 == 2 else max(one[2:]))
        for i, (a, b) in enumerate(zip(one[1][:6], other[1][:6], strict=True))
    )
    return near and one[2:] == other[2:] and one[0] == other[0]


def _in_cells(
    communities: gpd.GeoDataFrame, crs: CRS, transform: "Affine", raster: Raster
) -> ObjectArray:
    """Return the communities in columns and rows of a raster."""
    to_raster = transformer(communities.crs, crs)
    back = ~transform

    def to_cells(xy: FloatArray) -> FloatArray:
        with np.errstate(over="ignore", invalid="ignore"):
            x, y = to_raster.transform(xy[:, 0], xy[:, 1])
            cells = np.column_stack(moved(back, np.asarray(x), np.asarray(y)))
        if not (np.abs(cells) < _MOST_CELLS_AWAY).all():
            message = (
                f"{raster.path}: the communities cannot be placed in its coordinate system "
                f"({crs.name}); is the right one assigned to the file?"
            )
            raise InputError(message)
        return cells

    outlines: ObjectArray = shapely.transform(communities.geometry.to_numpy(), to_cells)
    return outlines


def _window(
    outlines: ObjectArray,
    source: "DatasetReader",
    communities: gpd.GeoDataFrame,
    crs: CRS,
    raster: Raster,
) -> "Window":
    """Return the part of a raster that the communities and a cell around them take up."""
    from rasterio.windows import Window

    west, south, east, north = shapely.total_bounds(outlines)
    left, right = max(int(west // 1) - 1, 0), min(int(-(-east // 1)) + 1, source.width)
    top, bottom = max(int(south // 1) - 1, 0), min(int(-(-north // 1)) + 1, source.height)
    everything = shapely.box(0, 0, source.width, source.height)
    if right <= left or bottom <= top or not shapely.intersects(outlines, everything).any():
        to_degrees = transformer(crs, CRS(WGS84))
        column, row = np.array([0, 1, 1, 0]) * source.width, np.array([0, 0, 1, 1]) * source.height
        x, y = moved(source.transform, column, row)
        spans = box_text(to_degrees.transform_bounds(x.min(), y.min(), x.max(), y.max()))
        message = (
            f"{raster.path}: the raster holds none of the communities: it spans {spans}, they span "
            f"{box_text(communities.to_crs(WGS84).total_bounds)}; is it the right file?"
        )
        raise InputError(message)
    if (right - left) * (bottom - top) > MAX_CELLS:
        message = (
            f"{raster.path}: the communities take up {(right - left) * (bottom - top):,} of its "
            f"cells; more than {MAX_CELLS:,} are not read. Make it coarser (cells of 100 m will "
            "do, by adding up people), or take fewer communities"
        )
        raise InputError(message)
    return Window(left, top, right - left, bottom - top)


def _values(
    source: "DatasetReader", band: int, grid: PeopleGrid, raster: Raster, crs: CRS
) -> FloatArray:
    """Read people in the window, strip by strip; NaN where there is no number."""
    from rasterio.windows import Window

    rows, columns = grid.shape
    value = np.empty((rows, columns))
    step = max(1, _STRIP_CELLS // columns)
    marks: set[float] = set()
    marked = 0
    for top in range(0, rows, step):
        height = min(step, rows - top)
        part = Window(grid.window.col_off, grid.window.row_off + top, columns, height)
        with _hushed():
            read = source.read(band, window=part, masked=True)
        with np.errstate(invalid="ignore"):
            # Some NaNs of damaged files are told by the processor when they are converted.
            strip = np.ma.filled(read.astype(np.float64), np.nan)
        strip = strip * source.scales[band - 1] + source.offsets[band - 1]
        negative = strip < 0
        marks |= set(np.unique(strip[negative])[:3].tolist())
        marked += int(negative.sum())
        strip[negative] = np.nan
        value[top : top + height] = strip
    _check_values(value, marks, grid, raster)
    if raster.unit == "people_per_km2":
        value *= grid.cells_km2(crs)
    known = ~np.isnan(value)
    grid.facts.append(
        RasterFacts(
            raster=raster,
            crs=_crs_words(source.crs),
            cells=value.size,
            without_value=int((~known).sum()),
            mark=next(iter(marks), float("nan")),
            marked=marked,
            total=float(value[known].sum()),
        )
    )
    return value


def _check_values(value: FloatArray, marks: set[float], grid: PeopleGrid, raster: Raster) -> None:
    """Refuse numbers that can be no people."""
    known = value[~np.isnan(value)]
    highest = float(known.max()) if len(known) else 0.0
    per_km2 = highest if raster.unit == "people_per_km2" else highest / grid.cell_km2
    fault = ""
    if len(marks) > 1:
        listed = ", ".join(f"{mark:g}" for mark in sorted(marks)[:3])
        fault = (
            f"cells hold different negative numbers ({listed} …), and people cannot be fewer than "
            "none; is it a raster of people?"
        )
    elif not len(known):
        fault = "no cell around the communities holds a number; is it the right file?"
    elif not per_km2 <= _MAX_PER_KM2:
        fault = (
            f"a cell holds {highest:g}, which would be {per_km2:,.0f} people per km²; if that "
            "number marks cells without data, declare it as the file's nodata value, and check "
            "that the raster counts people"
        )
    if fault:
        message = f"{raster.path}: {fault}"
        raise InputError(message)


def _add(grid: PeopleGrid, group: str, value: FloatArray) -> None:
    """Add a raster's people to those of its group."""
    before = grid.people.get(group)
    if before is None:
        grid.people[group] = value
        return
    here, there = ~np.isnan(value), ~np.isnan(before)
    grid.partly[group] = grid.partly.get(group, 0) + int((here ^ there).sum())
    both: BoolArray = here | there
    grid.people[group] = np.where(both, np.nan_to_num(before) + np.nan_to_num(value), np.nan)


def _crs_words(crs: Any) -> str:
    """Name a raster's coordinate system as briefly as it can be."""
    authority = crs.to_authority()
    return ":".join(authority) if authority else CRS.from_wkt(crs.to_wkt()).name
