"""The part of the network that is reached within a limit: edges, cut where the cost runs out."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from circles.crs import FloatArray
from circles.errors import InputError
from circles.network import IntArray, WalkNetwork, points_of_edges, running_shares
from circles.travel.search import CostField

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True)
class _Pieces:
    """Stretches of edges between their ends and the origins on them.

    `edge` says of which edge a piece is; it runs from share `low` to `high`, where the costs are
    `cost_low` and `cost_high`.
    """

    edge: IntArray
    low: FloatArray
    high: FloatArray
    cost_low: FloatArray
    cost_high: FloatArray


def reached_edges(field: CostField, *, limit: float) -> "gpd.GeoDataFrame":
    """Return the reached part of the network, edges cut exactly where the cost runs out.

    An edge reached from both ends but not in its middle gives two rows, one that is reached all
    along gives one; an origin on an edge parts it.

    Parameters
    ----------
    field
        Least costs to or from the origins (see `circles.travel.nearest_cost`).
    limit
        In the unit of the field's impedance.

    Returns
    -------
    GeoDataFrame
        In the network's CRS; columns `edge`, `from_share`, `to_share` (0-1 along the edge),
        `from_cost`, `to_cost` (at these two places) and `geometry` (LineString).

    Raises
    ------
    InputError
        The limit is not above 0.
    """
    import geopandas as gpd

    rows = reached_stretches(field, limit)
    return gpd.GeoDataFrame(
        {name: rows[name] for name in ("edge", "from_share", "to_share", "from_cost", "to_cost")},
        geometry=stretch_lines(field.network, rows, field.network.xy_m),
        crs=field.network.crs,
    )


def reached_stretches(field: CostField, limit: float) -> npt.NDArray[np.void]:
    """Return the reached stretches of edges, one record each; see `reached_edges`.

    Raises
    ------
    InputError
        The limit is not above 0.
    """
    if not limit > 0:
        message = f"the limit must be above 0; got {limit}"
        raise InputError(message)
    return _stretches(_pieces(field), field, limit)


def _pieces(field: CostField) -> _Pieces:
    edges, origins = field.network.edges, field.origins
    m = len(edges)
    on = np.flatnonzero(~origins.off_network)
    edge = np.concatenate([np.arange(m), np.arange(m), origins.edge[on]])
    share = np.concatenate([np.zeros(m), np.ones(m), origins.share[on]])
    cost = np.concatenate(
        [
            field.node_cost[edges.start],
            field.node_cost[edges.end],
            _costs_at_origins(field, on),
        ]
    )
    # Who walks on from a node may have to wait there first; who sets out on the edge does not.
    waits = field.impedance.waits(np.arange(m)).ravel() if field.direction == "from" else 0.0
    wait = np.zeros(len(edge))
    wait[: 2 * m] = waits
    cost = cost + wait
    order = np.lexsort((cost, share, edge))
    edge, share, cost = edge[order], share[order], cost[order]
    # An origin at the very end of an edge needs no wait on it; the node there may.
    new = np.append(True, (np.diff(edge) != 0) | (np.diff(share) != 0))
    cost = cost[new][np.cumsum(new) - 1]
    first = np.flatnonzero(np.diff(edge) == 0)
    return _Pieces(edge[first], share[first], share[first + 1], cost[first], cost[first + 1])


def _costs_at_origins(field: CostField, on: IntArray) -> FloatArray:
    """Return the least cost at the place where each origin joins: its own leg, or less."""
    spots = replace(field.origins.take(on), access_m=np.zeros(len(on)))
    return field.at(spots)[0]


def _stretches(pieces: _Pieces, field: CostField, limit: float) -> npt.NDArray[np.void]:
    low_to, high_to = _reaches(pieces, field, limit)
    whole = low_to >= high_to
    parts = [
        (np.flatnonzero(whole & (pieces.high > pieces.low)), pieces.low, pieces.high),
        (np.flatnonzero(~whole & (low_to > pieces.low)), pieces.low, low_to),
        (np.flatnonzero(~whole & (high_to < pieces.high)), high_to, pieces.high),
    ]
    kind = [("edge", np.int64)] + [
        (name, np.float64) for name in ("from_share", "to_share", "from_cost", "to_cost")
    ]
    tables = []
    for rows, low, high in parts:
        table = np.zeros(len(rows), dtype=kind)
        table["edge"] = pieces.edge[rows]
        table["from_share"], table["to_share"] = low[rows], high[rows]
        for name, place in (("from_cost", low[rows]), ("to_cost", high[rows])):
            table[name] = _costs_at(place, pieces, rows, field)
        tables.append(table)
    found = np.concatenate(tables)
    return found[np.lexsort((found["from_share"], found["edge"]))]


def _reaches(pieces: _Pieces, field: CostField, limit: float) -> tuple[FloatArray, FloatArray]:
    """Return up to where one still gets from a piece's low end, and down to where from its high."""
    impedance, edge = field.impedance, pieces.edge
    left_low, left_high = limit - pieces.cost_low, limit - pieces.cost_high
    # Walking to an origin beyond the low end one walks the edge back, from it forth.
    away = field.direction == "from"
    low_to = impedance.farthest(edge, pieces.low, left_low, up=True, forth=away)
    high_to = impedance.farthest(edge, pieces.high, left_high, up=False, forth=not away)
    return np.minimum(low_to, pieces.high), np.maximum(high_to, pieces.low)


def _costs_at(place: FloatArray, pieces: _Pieces, rows: IntArray, field: CostField) -> FloatArray:
    impedance, edge = field.impedance, pieces.edge[rows]
    low, high = pieces.low[rows], pieces.high[rows]
    if field.direction == "from":
        by_low, by_high = impedance.along(edge, low, place), impedance.against(edge, place, high)
    else:
        by_low, by_high = impedance.against(edge, low, place), impedance.along(edge, place, high)
    return np.minimum(pieces.cost_low[rows] + by_low, pieces.cost_high[rows] + by_high)


def stretch_lines(
    network: WalkNetwork, rows: npt.NDArray[np.void], points: tuple[FloatArray, FloatArray]
) -> npt.NDArray[np.object_]:
    """Return the lines of stretches.

    Parameters
    ----------
    network
        The network.
    rows
        Records with `edge`, `from_share` and `to_share`, shape (k,).
    points
        The points of all edges, in the CRS that the lines shall have.

    Returns
    -------
    array
        LineStrings from `from_share` to `to_share`, shape (k,).
    """
    edge, low, high = rows["edge"], rows["from_share"], rows["to_share"]
    if not len(edge):
        return np.zeros(0, dtype=object)
    point, whose = points_of_edges(network.edges.offset, edge, np.zeros(len(edge), dtype=bool))
    x_m, y_m = (values[point] for values in network.xy_m)
    step_m = np.hypot(np.diff(x_m), np.diff(y_m))
    step_m[np.diff(whose) > 0] = 0.0
    size = np.bincount(whose, minlength=len(edge))
    share, _ = running_shares(step_m, np.concatenate([[0], np.cumsum(size)]))
    between = np.flatnonzero((share > low[whose]) & (share < high[whose]))
    row = np.arange(len(edge))
    stretch = np.concatenate([row, whose[between], row])
    place = np.concatenate([low, share[between], high])
    order = np.lexsort((place, stretch))
    # Two apart, so that nothing is interpolated from one edge to the next.
    along, known = 2.0 * stretch[order] + place[order], 2.0 * whose + share
    places = [np.interp(along, known, values[point]) for values in points]
    lines = shapely.linestrings(np.column_stack(places), indices=stretch[order])
    return np.asarray(lines, dtype=object)
