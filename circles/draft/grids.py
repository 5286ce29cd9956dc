"""Grids of numbers: whether they hold heights or people."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from circles.draft.items import Item, Unread, reason_of
from circles.tables.folding import folded
from circles.texts import Note

_HEIGHT_WORDS: Final = re.compile(
    r"dem|dtm|dsm|srtm|aster|elev|height|altitude|terrain|copernicus|高程|海拔|地形|标高"
)
_PEOPLE_WORDS: Final = re.compile(
    r"pop|ppp|worldpop|ghs|landscan|people|inhabit|resident|人口|居民"
)
_DENSITY_WORDS: Final = re.compile(r"density|_pd_|人口密度|km2")
#: What is looked at of a large grid.
_SIDE: Final = 512
#: Heights change little from cell to cell beside how much they differ in all; people change much.
_SMOOTH, _ROUGH = 0.25, 0.5


class GridKind(StrEnum):
    """What a grid holds."""

    HEIGHTS = "heights"
    PEOPLE = "people"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Grid:
    """What was found of a grid.

    Parameters
    ----------
    item
        The file.
    kind
        What it holds.
    why
        The reason.
    density
        Whether its name says that it holds people per square kilometre.
    """

    item: Item
    kind: GridKind
    why: Note
    density: bool = False


def look_at_grids(items: Sequence[Item]) -> tuple[list[Grid], list[Unread]]:
    """Tell what each of some grids holds; those that cannot be read are told as such."""
    grids: list[Grid] = []
    unread: list[Unread] = []
    for item in items:
        found = _looked_at(item)
        if isinstance(found, Grid):
            grids.append(found)
        else:
            unread.append(found)
    return grids, unread


def _looked_at(item: Item) -> Grid | Unread:
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    # A virtual grid (VRT) under another name would make GDAL read what it names.
    driver = "AAIGrid" if item.path.suffix.lower() == ".asc" else "GTiff"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(item.path, driver=driver) as source:
                if source.count != 1:
                    return Unread(item.label, Note.of("init.grid_bands", count=source.count))
                if source.crs is None:
                    return Unread(item.label, Note.of("init.grid_no_crs"))
                shape = (min(source.height, _SIDE), min(source.width, _SIDE))
                values = source.read(1, out_shape=shape, masked=True).astype(float).filled(np.nan)
                words = " ".join([item.path.stem, *filter(None, source.descriptions)])
    except (RasterioError, ValueError, MemoryError) as error:
        return Unread(item.label, reason_of(item.path, error))
    return _kind(item, folded(words), values)


def _kind(item: Item, words: str, values: np.ndarray) -> Grid:
    heights, people = _HEIGHT_WORDS.search(words), _PEOPLE_WORDS.search(words)
    values = np.where(np.isfinite(values), values, np.nan)
    known = values[~np.isnan(values)]
    density = _DENSITY_WORDS.search(words) is not None
    if bool(heights) != bool(people):
        negative = len(known) > 0 and (known < 0).mean() > 0.01
        if people and negative and known.min() > -500:
            return Grid(item, GridKind.UNCLEAR, Note.of("init.grid_negative"))
        kind = GridKind.HEIGHTS if heights else GridKind.PEOPLE
        return Grid(item, kind, Note.of(f"init.grid_name_{kind}"), density)
    if not len(known) or known.std() == 0:
        return Grid(item, GridKind.UNCLEAR, Note.of("init.grid_unclear"))
    step = np.concatenate([np.abs(np.diff(values, axis=axis)).ravel() for axis in (0, 1)])
    rough = float(np.nanmean(step) / known.std()) if np.isfinite(step).any() else np.nan
    if rough <= _SMOOTH:
        return Grid(item, GridKind.HEIGHTS, Note.of("init.grid_smooth"))
    if rough >= _ROUGH and known.min() >= 0:
        return Grid(item, GridKind.PEOPLE, Note.of("init.grid_rough"), density)
    return Grid(item, GridKind.UNCLEAR, Note.of("init.grid_unclear"))
