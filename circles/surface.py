"""The surface t(p): what it costs to walk between any place and the nearest origin."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from circles.compiling import compiled
from circles.crs import FloatArray
from circles.network import BoolArray, IndexArray
from circles.travel.joining import Joiner, Joins
from circles.travel.search import CostField


@dataclass(frozen=True)
class Surface:
    """What `CostField.at` says of places, for the many places of a grid.

    Parameters
    ----------
    field
        Least costs to or from the origins.
    joiner
        The same network's joiner.
    max_access_m
        Places farther than this from every street are out of reach.
    margin_m
        Up to so much farther than that it is still known how far.
    """

    field: CostField
    joiner: Joiner
    max_access_m: float
    margin_m: float

    @property
    def join_m(self) -> float:
        """How far from every street a place may be so that something is known of it, metres."""
        return self.max_access_m + self.margin_m

    def at(self, x_m: FloatArray, y_m: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what places cost, and how much farther than allowed their street is.

        Parameters
        ----------
        x_m, y_m
            Metres of the network's `crs`, shape (k,).

        Returns
        -------
        tuple of array
            Cost, inf where no origin is reached; metres, negative where the street is near enough,
            inf beyond the margin.
        """
        return self.of(self.joiner.join(x_m, y_m, max_access_m=self.join_m))

    def of(self, joins: Joins) -> tuple[FloatArray, FloatArray]:
        """Return the same of places by where they join, up to `join_m` away.

        Parameters
        ----------
        joins
            The places.
        """
        beyond_m = np.where(joins.off_network, np.inf, joins.access_m - self.max_access_m)
        if self.field.impedance.pace is not None:
            return self.field.at(joins)[0], beyond_m
        cost = self._costs(joins)
        shared = np.flatnonzero(self._has_origin[joins.edge])
        if len(shared):
            cost[shared] = self.field.at(joins.take(shared))[0]
        return cost, beyond_m

    def _costs(self, joins: Joins) -> FloatArray:
        """Return what places cost over the ends of their edges."""
        edges, impedance = self.field.network.edges, self.field.impedance
        legs = (impedance.backward, impedance.forward)
        waits = (np.zeros(0), np.zeros(0))
        if self.field.direction == "from":
            legs = legs[::-1]
            if impedance.wait_start is not None and impedance.wait_end is not None:
                waits = (impedance.wait_start, impedance.wait_end)
        cost: FloatArray = _costs_over_ends(
            joins.edge,
            joins.share,
            joins.access_m,
            (edges.start, edges.end),
            legs,
            waits,
            self.field.node_cost,
            impedance.per_metre,
        )
        return cost

    @cached_property
    def _has_origin(self) -> BoolArray:
        origins = self.field.origins
        marked = np.zeros(len(self.field.network.edges), dtype=bool)
        marked[origins.edge[~origins.off_network]] = True
        return marked


@compiled
def _costs_over_ends(
    edge: IndexArray,
    share: FloatArray,
    access_m: FloatArray,
    ends: tuple[IndexArray, IndexArray],
    legs: tuple[FloatArray, FloatArray],
    waits: tuple[FloatArray, FloatArray],
    node_cost: FloatArray,
    per_metre: float,
) -> FloatArray:
    """Return the access leg and the cheaper way over either end of the edge; cost runs evenly."""
    cost = np.full(len(edge), np.inf)
    for i in range(len(edge)):
        e = edge[i]
        if e < 0:
            continue
        by_start, by_end = node_cost[ends[0][e]], node_cost[ends[1][e]]
        if share[i] > 0.0:  # no part of an edge nobody may walk costs nothing
            by_start += share[i] * legs[0][e]
        if share[i] < 1.0:
            by_end += (1.0 - share[i]) * legs[1][e]
        if len(waits[0]):
            by_start += waits[0][e]
            by_end += waits[1][e]
        cost[i] = min(by_start, by_end) + access_m[i] * per_metre
    return cost
