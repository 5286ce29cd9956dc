"""Cells of a grid whose borders wind; neighbours share theirs, point by point."""

from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]

_SLOPE: Final = 0.6  # how far a border may leave its line, by the way to its nearer corner
_WIDTH: Final = 0.2  # and by the width of the narrower cell beside it


def winding_cells(
    lon: Floats, lat: Floats, *, bends: int, rng: np.random.Generator
) -> npt.NDArray[np.object_]:
    """Return the cells between the lines of a grid, every border drawn once.

    No border crosses itself or another one: each leaves its line by less than the way to its
    nearer corner, and by less than half of the cells beside it.

    Parameters
    ----------
    lon, lat
        The lines of the grid, rising; shapes (columns + 1,) and (rows + 1,).
    bends
        Pieces of each border.
    rng
        Where the bends come from.

    Returns
    -------
    array
        Polygons, shape (rows, columns), from the south-west.
    """
    across = _borders(lon, lat, bends, rng)
    along = _borders(lat, lon, bends, rng)[..., ::-1]
    ring = np.concatenate(
        [
            across[:-1, :, :-1],
            np.swapaxes(along[1:], 0, 1)[:, :, :-1],
            across[1:, :, :0:-1],
            np.swapaxes(along[:-1], 0, 1)[:, :, :0:-1],
        ],
        axis=2,
    )
    return np.asarray(shapely.polygons(ring), dtype=object)


def _borders(way: Floats, side: Floats, bends: int, rng: np.random.Generator) -> Floats:
    """Return the borders along the lines of one direction.

    Parameters
    ----------
    way
        Where the lines that cross them stand, shape (n + 1,).
    side
        Where they stand themselves, shape (k + 1,).
    bends
        Pieces of each.
    rng
        Where the bends come from.

    Returns
    -------
    array
        Shape (k + 1, n, bends + 1, 2): the coordinate along the line, and that beside it.
    """
    share = np.linspace(0.0, 1.0, bends + 1)
    length = np.diff(way)
    walk = rng.normal(size=(len(side), len(length), bends + 1)).cumsum(axis=2)
    start, end = walk[..., :1], walk[..., -1:]
    bridge = walk - start - (end - start) * share
    shape = bridge / np.maximum(np.abs(bridge).max(axis=2, keepdims=True), 1e-12)
    width = np.diff(side)
    narrower = np.minimum(np.append(width[0], width), np.append(width, width[-1]))
    most = np.minimum(
        _WIDTH * narrower[:, None, None],
        _SLOPE * np.minimum(share, 1.0 - share) * length[None, :, None],
    )
    place = way[:-1, None] + length[:, None] * share
    return np.stack(
        [np.broadcast_to(place, shape.shape), side[:, None, None] + shape * most], axis=-1
    )
