"""Where the corners of blocks join the streets, kept from one area to the next."""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from circles.crs import FloatArray
from circles.network import IndexArray
from circles.travel.joining import Joiner, Joins

#: A patch is not widened if that makes it so many times as large as what was asked for.
_MOST_SPARE: Final = 2


@dataclass(frozen=True)
class Patch:
    """Corners on multiples of a side, in rows and columns, by the multiples they begin with."""

    south: int
    west: int
    rows: int
    columns: int

    def __len__(self) -> int:
        """Return the number of corners."""
        return self.rows * self.columns

    def around(self, other: "Patch") -> "Patch":
        """Return the least patch that holds this one and another."""
        south, west = min(self.south, other.south), min(self.west, other.west)
        north = max(self.south + self.rows, other.south + other.rows)
        east = max(self.west + self.columns, other.west + other.columns)
        return Patch(south, west, north - south, east - west)

    def within(self, other: "Patch") -> tuple[slice, slice]:
        """Return which rows and columns of another patch around this one are this one's."""
        row, column = self.south - other.south, self.west - other.west
        return slice(row, row + self.rows), slice(column, column + self.columns)


@dataclass(frozen=True)
class _Joined:
    """A patch, and where its corners join; arrays of shape (rows, columns)."""

    patch: Patch
    edge: IndexArray
    share: FloatArray
    access_m: FloatArray

    @classmethod
    def none(cls, patch: Patch) -> "_Joined":
        shape = (patch.rows, patch.columns)
        edge = np.full(shape, -1, dtype=np.int32)
        return cls(patch, edge, np.full(shape, np.nan), np.full(shape, np.nan))

    @property
    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        return self.edge, self.share, self.access_m


@dataclass
class Corners:
    """Joins the corners of blocks, and keeps how: areas that overlap have most of them in common.

    Parameters
    ----------
    joiner
        What joins them.
    """

    joiner: Joiner
    _known: dict[tuple[float, float], _Joined] = field(default_factory=dict)

    def join(self, patch: Patch, *, side_m: float, max_access_m: float) -> Joins:
        """Return where corners join, row by row; `barred` is not told.

        Parameters
        ----------
        patch
            The corners; that of row `r` and column `c` lies at ``(c * side_m, r * side_m)``.
        side_m
            How far apart they are.
        max_access_m
            Corners farther than this from every street are off the network.
        """
        key = (side_m, max_access_m)
        known = self._known.get(key)
        if known is None or known.patch.around(patch) != known.patch:
            self._known[key] = known = self._widened(known, patch, *key)
        own = patch.within(known.patch)
        return Joins(*(np.ravel(array[own]) for array in known.arrays))

    def _widened(
        self, known: _Joined | None, asked: Patch, side_m: float, max_access_m: float
    ) -> _Joined:
        """Join what is asked for beside what is known, and the corners between the two."""
        if known is not None and len(known.patch.around(asked)) > _MOST_SPARE * len(asked):
            known = None
        whole = _Joined.none(asked if known is None else known.patch.around(asked))
        fresh = np.ones(whole.edge.shape, dtype=bool)
        if known is not None:
            fresh[known.patch.within(whole.patch)] = False
        row, column = np.nonzero(fresh)
        x_m: FloatArray = (whole.patch.west + column) * np.float64(side_m)
        y_m: FloatArray = (whole.patch.south + row) * np.float64(side_m)
        joins = self.joiner.join(x_m, y_m, max_access_m=max_access_m)
        found = (joins.edge, joins.share, joins.access_m)
        for array, values in zip(whole.arrays, found, strict=True):
            array[row, column] = values
        if known is not None:
            own = known.patch.within(whole.patch)
            for array, before in zip(whole.arrays, known.arrays, strict=True):
                array[own] = before
        return whole
