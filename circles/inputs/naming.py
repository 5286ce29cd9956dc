"""Which community the rows of a layer name: the best evidence for where its places must lie."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd

from circles.communities.matching import Units, match_units
from circles.network import IntArray
from circles.tables import cell_text
from circles.tables.vocabulary import match_columns

_ROLES = ("community", "street", "district")


def communities_named_by(communities: gpd.GeoDataFrame) -> Callable[[pd.DataFrame], IntArray]:
    """Return a function that finds the community each row of a table names.

    Parameters
    ----------
    communities
        The community table; columns `name`, `street` and `district`.

    Returns
    -------
    callable
        From a table to the positions of communities, shape (rows,); -1 where a row names none, or
        none for certain. The columns are found by their usual names.
    """
    known = _units([tuple(map(cell_text, row)) for row in _cells_of(communities)])

    def named(frame: pd.DataFrame) -> IntArray:
        columns = match_columns(frame, _ROLES).columns
        if "community" not in columns:
            return np.full(len(frame), -1, dtype=np.int64)
        cells = [
            [cell_text(value) for value in frame[columns[role]]]
            if role in columns
            else [None] * len(frame)
            for role in _ROLES
        ]
        rows = list(zip(*cells, strict=True))
        distinct = list(dict.fromkeys(rows))
        found = match_units(known, _units(distinct)).left_of
        place = {row: int(found[i]) if row[0] else -1 for i, row in enumerate(distinct)}
        return np.array([place[row] for row in rows], dtype=np.int64)

    return named


def _cells_of(communities: gpd.GeoDataFrame) -> list[tuple[object, ...]]:
    columns = [communities[name] for name in ("name", "street", "district")]
    return list(zip(*columns, strict=True))


def _units(rows: list[tuple[str | None, ...]]) -> Units:
    names, streets, districts = zip(*rows, strict=True) if rows else ((), (), ())
    nothing = (None,) * len(rows)
    return Units(names=names, codes=nothing, ids=nothing, streets=streets, districts=districts)
