"""Walks between places on circles' network: times, the edges they use, and a simpler rival."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from circles.crs import to_metres
from circles.network import Impedance, WalkNetwork
from circles.travel import CostField, Joiner, Joins, nearest_cost
from circles.travel.joining import MAX_ACCESS_M
from circles.walking import Profile

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_FARTHEST_S = 3_600.0
_CLOSE_S = 1e-6


@dataclass(frozen=True)
class Walker:
    """A network, and how fast it is walked."""

    network: WalkNetwork
    joiner: Joiner
    impedance: Impedance
    max_access_m: float = MAX_ACCESS_M

    @classmethod
    def of(
        cls,
        network: WalkNetwork,
        profile: Profile,
        *,
        barriers: bool = True,
        max_access_m: float = MAX_ACCESS_M,
    ) -> "Walker":
        """Prepare a network.

        Parameters
        ----------
        network
            The network.
        profile
            How fast it is walked.
        barriers, max_access_m
            Whether access legs heed barriers, and how long they may be.
        """
        joiner = Joiner.of(network, barriers=barriers)
        return cls(network, joiner, network.times(profile), max_access_m)

    def join(self, lon: Floats, lat: Floats) -> Joins:
        """Join places given in degrees."""
        x_m, y_m = to_metres(lon, lat, self.network.crs)
        return self.joiner.join(x_m, y_m, max_access_m=self.max_access_m)

    def times(self, joins: Joins) -> Floats:
        """Return the walking time from every place to every other, seconds; inf beyond an hour."""
        return np.array([self.times_from(joins, i) for i in range(len(joins))])

    def times_from(self, joins: Joins, source: int) -> Floats:
        """Return the walking time from one place to every other, seconds; inf beyond an hour."""
        return self.field(joins, source).at(joins)[0]

    def field(self, joins: Joins, source: int) -> CostField:
        """Return the times from one place to all of the network."""
        return nearest_cost(
            self.network, one_of(joins, source), self.impedance, direction="from", limit=_FARTHEST_S
        )

    def vertex_times(self, x_m: Floats, y_m: Floats) -> Floats:
        """Return times as most scripts count them: from nearest vertex to nearest vertex.

        The straight way to the vertex is walked too, at the same speed.
        """
        network = self.network
        edges = network.edges
        usable = np.unique(
            np.append(edges.start[network.joinable], edges.end[network.joinable])
        ).astype(np.int64)
        place = np.column_stack(to_metres(network.node_lon, network.node_lat, network.crs))
        leg_m, nearest = cKDTree(place[usable]).query(np.column_stack([x_m, y_m]))
        vertex: Ints = usable[np.asarray(nearest)]
        joins = at_nodes(network, vertex)
        legs_s = np.asarray(leg_m) * self.impedance.per_metre
        between = np.array([self.field(joins, i).node_cost[vertex] for i in range(len(vertex))])
        times_s: Floats = between + legs_s[:, None] + legs_s[None, :]
        return times_s

    def passed(self, joins: Joins) -> set[tuple[float, float]]:
        """Return the points that the quickest walk from the first place to the second passes.

        Longitude and latitude of every vertex of the edges it uses, as a whole or in part.
        """
        if joins.off_network.any() or not np.isfinite(self.times_from(joins, 0)[1]):
            return set()
        edges = self.network.edges
        points: set[tuple[float, float]] = set()
        for edge in self._path(joins):
            own = slice(int(edges.offset[edge]), int(edges.offset[edge + 1]))
            points.update(zip(edges.lon[own].tolist(), edges.lat[own].tolist(), strict=True))
        return points

    def _path(self, joins: Joins) -> list[int]:
        """Return the edges of the quickest walk from the first place to the second, backwards."""
        field, edges = self.field(joins, 0), self.network.edges
        first, last = (int(edge) for edge in joins.edge[:2])
        share = joins.share[1]
        to_target = [
            (field.node_cost[edges.start[last]] + share * self.impedance.forward[last]),
            (field.node_cost[edges.end[last]] + (1 - share) * self.impedance.backward[last]),
        ]
        node = int((edges.start if to_target[0] <= to_target[1] else edges.end)[last])
        found = [last]
        while (step := self._step_back(field, node)) is not None:
            edge, node = step
            found.append(edge)
        return [*found, first]

    def _step_back(self, field: CostField, node: int) -> tuple[int, int] | None:
        """Return the edge by which the quickest walk comes to a node, and from which node.

        None at the ends of the edge where the walk starts.
        """
        arcs = self.network.arcs
        out = slice(int(arcs.offset[node]), int(arcs.offset[node + 1]))
        edge, other = arcs.edge[out], arcs.head[out]
        back = np.where(
            arcs.along[out], self.impedance.backward[edge], self.impedance.forward[edge]
        )
        through = field.node_cost[other] + back
        best = int(np.argmin(through))
        explains = abs(through[best] - field.node_cost[node]) < _CLOSE_S
        onward = field.node_cost[other[best]] < field.node_cost[node]
        return (int(edge[best]), int(other[best])) if explains and onward else None


def one_of(joins: Joins, i: int) -> Joins:
    """Return one place's join."""
    return Joins(joins.edge[i : i + 1], joins.share[i : i + 1], joins.access_m[i : i + 1])


def at_nodes(network: WalkNetwork, nodes: Ints) -> Joins:
    """Return joins that stand on nodes, with no access leg."""
    edges = network.edges
    ends = np.concatenate([edges.start, edges.end])
    order = np.argsort(ends, kind="stable")
    first = order[np.searchsorted(ends[order], nodes)]
    return Joins(
        edge=(first % len(edges)).astype(np.int32),
        share=(first >= len(edges)).astype(np.float64),
        access_m=np.zeros(len(nodes)),
    )


def positions(network: WalkNetwork, joins: Joins) -> tuple[Floats, Floats]:
    """Return where on the streets places join, metres; NaN off the network."""
    all_x, all_y = network.xy_m
    x_m, y_m = np.full(len(joins), np.nan), np.full(len(joins), np.nan)
    for i in np.flatnonzero(~joins.off_network):
        part = slice(*network.edges.offset[joins.edge[i] : joins.edge[i] + 2])
        along = np.hypot(np.diff(all_x[part]), np.diff(all_y[part]))
        along_m = np.concatenate([[0.0], np.cumsum(along)])
        at = joins.share[i] * along_m[-1]
        x_m[i] = np.interp(at, along_m, all_x[part])
        y_m[i] = np.interp(at, along_m, all_y[part])
    return x_m, y_m
