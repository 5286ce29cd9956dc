"""The part of the network that is reached within a limit: edges, cut where the cost runs out."""

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.ops import substring

from circles.crs import FloatArray
from circles.errors import InputError
from circles.network import IntArray
from circles.travel.search import CostField


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


def reached_edges(field: CostField, *, limit: float) -> gpd.GeoDataFrame:
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
    if not limit > 0:
        message = f"the limit must be above 0; got {limit}"
        raise InputError(message)
    pieces = _pieces(field)
    rows = _stretches(pieces, field, limit)
    edge = rows["edge"]
    return gpd.GeoDataFrame(
        {name: rows[name] for name in ("edge", "from_share", "to_share", "from_cost", "to_cost")},
        geometry=_lines(field, edge, rows["from_share"], rows["to_share"]),
        crs=field.network.crs,
    )


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
    order = np.lexsort((share, edge))
    edge, share, cost = edge[order], share[order], (cost + wait)[order]
    first = np.flatnonzero(np.diff(edge) == 0)
    return _Pieces(edge[first], share[first], share[first + 1], cost[first], cost[first + 1])


def _costs_at_origins(field: CostField, on: IntArray) -> FloatArray:
    """Return the least cost at the place where each origin joins: its own leg, or less."""
    spots = replace(
        field.origins,
        edge=field.origins.edge[on],
        share=field.origins.share[on],
        access_m=np.zeros(len(on)),
    )
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


def _lines(
    field: CostField, edge: IntArray, low: FloatArray, high: FloatArray
) -> npt.NDArray[np.object_]:
    """Return the geometry of stretches of edges, points between their ends kept."""
    edges, (x_m, y_m) = field.network.edges, field.network.xy_m
    lines = np.empty(len(edge), dtype=object)
    for i, (e, a, b) in enumerate(zip(edge, low, high, strict=True)):
        part = slice(edges.offset[e], edges.offset[e + 1])
        line = shapely.LineString(np.column_stack([x_m[part], y_m[part]]))
        lines[i] = line if a == 0 and b == 1 else substring(line, a, b, normalized=True)
    return lines
