"""circles, as the benchmark sees it: every call to the library stands here and nowhere else."""

import json
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

from benchmarks.bound import relax_all, relax_all_with_origin
from benchmarks.sampling import near_streets, near_the_outline, within_the_box
from benchmarks.walks import at_nodes, one_of
from benchmarks.worker import forget_peak, serve
from circles.coverage import Reach, coverage
from circles.crs import WGS84, to_metres
from circles.files import read_network
from circles.isochrone import reach_areas
from circles.network import Impedance, WalkNetwork
from circles.network.saved import load_network
from circles.travel import BoundedCosts, CostField, Joiner, Joins, bounded_costs, nearest_cost
from circles.travel.search import search_graph
from circles.walking import Profile

#: One speed on every way, Valhalla's: what is compared is the network and the search.
LEVEL: Final = Profile("level", 4.8 / 3.6, 4.8 / 3.6)
_LIMIT_S: Final = 900.0
_COMMUNITIES: Final = 400

Floats = npt.NDArray[np.float64]


class Circles:
    """One network and the last results on it."""

    network: WalkNetwork
    joiner: Joiner
    impedance: Impedance
    _sources: Joins
    _field: CostField
    _bounded: BoundedCosts
    _fields: list[CostField]
    _demand: tuple[Floats, Floats]
    _services: list[tuple[Floats, Floats]]
    _weight: Floats
    _community: npt.NDArray[np.int32]

    def read(self, extract: str) -> dict[str, int]:
        """Read an extract into a network; return its size."""
        self.network = read_network(Path(extract))
        return {"nodes": len(self.network.node_id), "edges": len(self.network.edges)}

    def open(self, extract: str) -> dict[str, float]:
        """Read an extract and prepare what every case needs; return what the network is like."""
        self.read(extract)
        self.impedance = self.network.times(LEVEL)
        self.joiner = Joiner.of(self.network)
        forget_peak()
        return self.size()

    def size(self) -> dict[str, float]:
        """Return what the network is like."""
        length_m = self.network.edges.length_m
        return {
            "nodes": len(self.network.node_id),
            "edges": len(self.network.edges),
            "joinable_share": float(length_m[self.network.joinable].sum() / length_m.sum()),
        }

    def save_network(self, extract: str, folder: str) -> str:
        """Read an extract and save its network; return the path."""
        self.read(extract)
        return str(self.network.save(Path(folder) / f"{Path(extract).name}.network"))

    def load(self, saved: str, box: list[float] | None = None) -> dict[str, int]:
        """Load a saved network, whole or by box, from its path or URL; return its size."""
        west, south, east, north = box or (0.0, 0.0, 0.0, 0.0)
        self.network = load_network(saved, box=(west, south, east, north) if box else None)
        return {"nodes": len(self.network.node_id), "edges": len(self.network.edges)}

    def export(self, out: str) -> None:
        """Write the search's arcs, the cheapest of parallel ones, for engines that take arrays."""
        offset, head, cost = search_graph(self.network, self.impedance, "to")
        size = len(offset) - 1
        tail = np.repeat(np.arange(size), np.diff(offset))
        open_ = np.flatnonzero(np.isfinite(cost) & (tail != head))
        order = open_[np.lexsort((cost[open_], head[open_], tail[open_]))]
        tail, head, cost = tail[order], head[order], cost[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
        np.savez(
            out,
            offset=np.searchsorted(tail[first], np.arange(size + 1)),
            head=head[first].astype(np.int32),
            cost=cost[first],
            lon=self.network.node_lon,
            lat=self.network.node_lat,
        )

    def nodes(self, count: int, seed: int) -> list[int]:
        """Choose nodes on streets that points may join; the searches here start from them."""
        edges = self.network.edges
        usable = np.unique(edges.start[self.network.joinable])
        chosen = np.sort(np.random.default_rng(seed).choice(usable, count, replace=False))
        self._sources = at_nodes(self.network, chosen)
        return [int(node) for node in chosen]

    # Times to the nearest of many facilities

    def nearest(self) -> None:
        """Find every node's least time to the chosen nodes and the one it belongs to."""
        self._field = nearest_cost(self.network, self._sources, self.impedance, direction="to")

    def save(self, out: str) -> None:
        """Write the last times and sources (-1: none)."""
        np.savez(out, cost=self._field.node_cost, origin=self._field.node_origin)

    def bound(self, sources: list[int], *, origins: bool) -> dict[str, float]:
        """Relax every arc once in the order that `nearest` found; return the seconds it took."""
        offset, head, cost = search_graph(self.network, self.impedance, "to")
        reached = np.flatnonzero(np.isfinite(self._field.node_cost))
        order = reached[np.argsort(self._field.node_cost[reached], kind="stable")]
        relax = relax_all_with_origin if origins else relax_all
        seeds = np.array(sources)
        relax(offset, head, cost, seeds, order[:1])
        start = time.perf_counter()
        least = relax(offset, head, cost, seeds, order)
        seconds = time.perf_counter() - start
        gap = np.abs(least[reached] - self._field.node_cost[reached]).max()
        return {"seconds": seconds, "largest_gap_s": float(gap)}

    # Many bounded searches

    def bounded(self, limit: float, threads: int | None = None) -> None:
        """Search from each chosen node by itself."""
        self._bounded = bounded_costs(
            self.network,
            self._sources,
            self.impedance,
            limit=limit,
            direction="to",
            threads=threads,
        )

    def reached(self) -> dict[str, float]:
        """Return how many nodes the bounded searches found, and their costs."""
        return {"nodes": len(self._bounded.node), "cost": float(self._bounded.cost.sum())}

    # Isochrone polygons

    def places(self, count: int, seed: int, out: str) -> None:
        """Choose places that all engines can start from: on streets; write lon and lat."""
        rng = np.random.default_rng(seed)
        x_m, y_m = near_streets(self.network, count, rng, spread_m=0.0)
        joins = self.joiner.join(x_m, y_m)
        self._fields = [
            nearest_cost(self.network, one_of(joins, i), self.impedance, limit=_LIMIT_S)
            for i in range(count)
        ]
        lon, lat = Transformer.from_crs(self.network.crs, WGS84, always_xy=True).transform(x_m, y_m)
        np.savez(out, lon=lon, lat=lat)

    def shape_inputs(self, edges: str, reached: str) -> None:
        """Write edges and the nodes each place reached, for the recipes that draw subgraphs."""
        table = self.network.edges
        x_m, y_m = self.network.xy_m
        node_x, node_y = to_metres(self.network.node_lon, self.network.node_lat, self.network.crs)
        np.savez(
            edges,
            start=table.start,
            end=table.end,
            offset=table.offset,
            x=x_m,
            y=y_m,
            node_x=node_x,
            node_y=node_y,
        )
        nodes = [np.flatnonzero(field.node_cost <= _LIMIT_S) for field in self._fields]
        offset = np.concatenate([[0], np.cumsum([len(one) for one in nodes])])
        np.savez(reached, node=np.concatenate(nodes), offset=offset)

    def outlines(self, out: str) -> list[float]:
        """Draw a polygon from each search; write them and return the seconds each took."""
        geometries, seconds = [], []
        for field in self._fields:
            start = time.perf_counter()
            (area,) = reach_areas(field, self.joiner, [_LIMIT_S])
            seconds.append(time.perf_counter() - start)
            geometries.append(json.loads(shapely.to_geojson(area)))
        Path(out).write_text(json.dumps({"metric": True, "geometries": geometries}))
        return seconds

    def agreement(self, outlines: str, reference: str, seed: int) -> dict[str, float]:
        """Compare polygons with t(p) at random points: in the box, and near the outline.

        Parameters
        ----------
        outlines
            The polygons to judge.
        reference
            The polygons whose boxes and outlines say where the points fall, the same for all.
        seed
            Of the points.
        """
        rng = np.random.default_rng(seed)
        tally = np.zeros((2, 4))
        judged, drawn = self._polygons(outlines), self._polygons(reference)
        for field, polygon, model in zip(self._fields, judged, drawn, strict=True):
            for row, (x_m, y_m) in enumerate(
                [within_the_box(model, rng), near_the_outline(model, rng)]
            ):
                time_s, _ = field.at(self.joiner.join(x_m, y_m))
                true = time_s <= _LIMIT_S
                seen = shapely.contains_xy(polygon, x_m, y_m)
                tally[row] += [len(x_m), true.sum(), (seen & ~true).sum(), (true & ~seen).sum()]
        (points, inside, wrong_in, wrong_out), (rim, _, rim_in, rim_out) = tally
        return {
            "box_agrees": 1 - (wrong_in + wrong_out) / points,
            "rim_agrees": 1 - (rim_in + rim_out) / rim,
            "wrong_in_of_area": wrong_in / inside,
            "wrong_out_of_area": wrong_out / inside,
        }

    def _polygons(self, path: str) -> list[Any]:
        content = json.loads(Path(path).read_text())
        shapes = [
            shapely.make_valid(shapely.from_geojson(json.dumps(g))) for g in content["geometries"]
        ]
        if content["metric"]:
            return shapes
        project = Transformer.from_crs(WGS84, self.network.crs, always_xy=True).transform

        def in_metres(place: Floats) -> Floats:
            return np.column_stack(project(place[:, 0], place[:, 1]))

        return [shapely.transform(shape, in_metres) for shape in shapes]

    # A city's coverage

    def points(self, count: int, services: int, facilities: int, seed: int) -> None:
        """Place demand points and facilities near streets."""
        rng = np.random.default_rng(seed)
        self._demand = near_streets(self.network, count, rng, spread_m=60.0)
        self._services = [
            near_streets(self.network, facilities, rng, spread_m=30.0) for _ in range(services)
        ]
        self._weight = rng.integers(1, 200, count).astype(np.float64)
        x_m, y_m = self._demand
        side = int(np.sqrt(_COMMUNITIES))
        column = np.digitize(x_m, np.quantile(x_m, np.linspace(0, 1, side + 1)[1:-1]))
        row = np.digitize(y_m, np.quantile(y_m, np.linspace(0, 1, side + 1)[1:-1]))
        self._community = (row * side + column).astype(np.int32)
        forget_peak()

    def coverage(self) -> dict[str, float]:
        """Take demand points and services to coverage by community, from the loaded network."""
        joiner = Joiner.of(self.network)
        joins = joiner.join(*self._demand)
        limit = np.full(_COMMUNITIES, _LIMIT_S)
        covered = 0.0
        for places in self._services:
            field = nearest_cost(self.network, joiner.join(*places), self.impedance)
            cost, facility = field.at(joins)
            reach = Reach(cost, facility, joins.off_network)
            table = coverage(reach, self._weight, self._community, limit)
            covered += float(table["covered_low"].sum() / table["total"].sum())
        return {"mean_coverage": covered / len(self._services)}


if __name__ == "__main__":
    serve(Circles())
