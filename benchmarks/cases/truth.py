"""Truth: the same walks by circles and by Valhalla, and why they differ where they do."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

from benchmarks.cases.reasons import Reasons
from benchmarks.ours import LEVEL
from benchmarks.sampling import near, street_vertices
from benchmarks.setting import Check, Section, Setting
from benchmarks.walks import Walker, positions
from benchmarks.worker import Worker
from circles.crs import WGS84, to_metres
from circles.network.build import network_from_osm
from circles.osm import read_streets
from circles.travel import Joiner, Joins

_CITIES = ("las_palmas", "liechtenstein", "porto")
_CLUSTERS = 20
_PLACES = 40
_RADIUS_M = 1_500.0
_LIMIT_S = 900.0
_FARTHEST_S = 1_800.0
_NEAR_S = (720.0, 1_080.0)
_SAME_SHARE = 0.99
_FEWEST_NEAR = 1_000
_ONE_STREET_M = 1.0
_TRUSTED_REACH = 50

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Cluster:
    """Places that lie together, and the times between them, seconds, shape (k, k).

    `valhalla_s` is the shortest way at one speed; `valhalla_own_s` has Valhalla's own delays.
    """

    joins: Joins
    lon: Floats
    lat: Floats
    circles_s: Floats
    valhalla_s: Floats
    valhalla_own_s: Floats
    vertex_s: Floats
    valhalla_join: dict[str, Floats]
    join_gap_m: Floats


@dataclass
class _Tally:
    """Pairs within half an hour, and on how many both verdicts agree."""

    pairs: int = 0
    same: int = 0
    near: int = 0
    near_same: int = 0
    vertex_same: int = 0

    def add(self, cluster: _Cluster, chosen: Bools) -> None:
        """Count a cluster's chosen pairs."""
        ours, theirs = cluster.circles_s, cluster.valhalla_s
        counted = chosen & (np.fmin(ours, theirs) <= _FARTHEST_S)
        near = counted & (theirs > _NEAR_S[0]) & (theirs < _NEAR_S[1])
        same = (ours <= _LIMIT_S) == (theirs <= _LIMIT_S)
        self.pairs += int(counted.sum())
        self.same += int((counted & same).sum())
        self.near += int(near.sum())
        self.near_same += int((near & same).sum())
        vertex_same = (cluster.vertex_s <= _LIMIT_S) == (theirs <= _LIMIT_S)
        self.vertex_same += int((counted & vertex_same).sum())

    def row(self) -> tuple[str, ...]:
        """Return the counts as a table's cells."""
        return (
            f"{self.pairs:,}",
            f"{self.same / self.pairs:.2%}",
            f"{self.near:,}",
            f"{self.near_same / self.near:.2%}",
            f"{self.vertex_same / self.pairs:.2%}",
        )


def truth(setting: Setting) -> Section:
    """Compare "≤ 15 minutes" on all pairs of places within half an hour of each other."""
    rows: list[tuple[str, ...]] = []
    checks: list[Check] = []
    notes: list[str] = []
    figures: dict[str, object] = {}
    for city in _CITIES:
        tallies, classes, examples = _city(setting, city)
        alike = tallies["from the same place on a street both walk"]
        share = alike.same / alike.pairs
        holds = share >= _SAME_SHARE and alike.near >= _FEWEST_NEAR * min(setting.scale, 1)
        checks.append(Check(f"{city}: the same verdict", holds, f"{share:.2%} of {alike.pairs:,}"))
        rows += [(city, name, *tally.row()) for name, tally in tallies.items()]
        notes += [
            f"{city}: {count} pairs: {name}; for example {examples[name]}"
            for name, count in classes.most_common()
        ]
        figures[city] = {
            "tallies": {name: vars(tally) for name, tally in tallies.items()},
            "classes": dict(classes),
            "examples": examples,
        }
    return Section(
        title="The same verdict as Valhalla: is the walk at most 15 minutes?",
        columns=("city", "walks", "pairs", "same", "12–18 min", "same", "nearest vertex, same"),
        rows=tuple(rows),
        checks=tuple(checks),
        notes=(
            "4.8 km/h on every way; Valhalla's shortest way over that speed, penalties off.",
            "Valhalla's own delays: up to 15 s a crossing, and slower hiking paths.",
            *notes,
        ),
        figures=figures,
    )


def _city(setting: Setting, city: str) -> tuple[dict[str, _Tally], Counter[str], dict[str, str]]:
    extract = read_streets(setting.extract(city))
    network = network_from_osm(extract)
    walker = Walker(network, Joiner.of(network), network.times(LEVEL))
    reasons = Reasons(extract, walker)
    tallies = {
        "from the same place on a street both walk": _Tally(),
        "the same, with Valhalla's own delays": _Tally(),
        "from the same place on our street": _Tally(),
        "from any place near a street": _Tally(),
    }
    classes: Counter[str] = Counter()
    examples: dict[str, str] = {}
    vertices = street_vertices(extract, network)
    rng = np.random.default_rng(7)
    with setting.peer("valhalla") as valhalla:
        tiles = str(setting.cache / "tiles" / city)
        valhalla.call("build", extract=str(setting.extract(city)), folder=tiles)
        valhalla.call("open", folder=tiles)
        for _ in range(setting.count(_CLUSTERS, least=2)):
            x_m, y_m = near(vertices, _PLACES, rng, spread_m=30.0, radius_m=_RADIUS_M)
            everyone = ~np.eye(_PLACES, dtype=bool)
            raw = _measure(setting, walker, valhalla, x_m, y_m, on_street=False)
            tallies["from any place near a street"].add(raw, everyone)
            on_street = _measure(setting, walker, valhalla, x_m, y_m, on_street=True)
            tallies["from the same place on our street"].add(on_street, everyone)
            both = on_street.join_gap_m <= _ONE_STREET_M
            pairs = everyone & both[:, None] & both[None, :]
            tallies["from the same place on a street both walk"].add(on_street, pairs)
            delayed = replace(on_street, valhalla_s=on_street.valhalla_own_s)
            tallies["the same, with Valhalla's own delays"].add(delayed, pairs)
            _explain(raw, reasons, valhalla.call, classes, examples)
    return tallies, classes, examples


def _measure(
    setting: Setting,
    walker: Walker,
    valhalla: Worker,
    x_m: Floats,
    y_m: Floats,
    *,
    on_street: bool,
) -> _Cluster:
    """Ask both engines for all walks; `on_street`: from where circles joins the places."""
    network = walker.network
    joins = walker.joiner.join(x_m, y_m)
    if on_street:
        street_x, street_y = positions(network, joins)
        x_m = np.where(joins.off_network, x_m, street_x)
        y_m = np.where(joins.off_network, y_m, street_y)
        joins = Joins(joins.edge, joins.share, np.where(joins.off_network, np.nan, 0.0))
    back = Transformer.from_crs(network.crs, WGS84, always_xy=True)
    lon, lat = back.transform(x_m, y_m)
    points, out = str(setting.scratch / "points.npz"), str(setting.scratch / "answer.npz")
    np.savez(points, lon=lon, lat=lat)
    reach = 0 if on_street else _TRUSTED_REACH
    valhalla.call("joins", points=points, out=out, reach=reach)
    with np.load(out) as answer:
        join = dict(answer)
    legs_s = (join["access_m"][:, None] + join["access_m"][None, :]) / LEVEL.speed_m_s
    valhalla.call("times", points=points, out=out, shortest=True, reach=reach)
    with np.load(out) as answer:
        shortest_s = answer["metres"] / LEVEL.speed_m_s + legs_s
    valhalla.call("times", points=points, out=out, shortest=False, reach=reach)
    with np.load(out) as answer:
        own_s = answer["seconds"] + legs_s
    street_x, street_y = positions(network, joins)
    their_x, their_y = to_metres(join["lon"], join["lat"], network.crs)
    gap_m = np.hypot(street_x - their_x, street_y - their_y)
    return _Cluster(
        joins=joins,
        lon=lon,
        lat=lat,
        circles_s=walker.times(joins),
        valhalla_s=np.where(np.isnan(shortest_s), np.inf, shortest_s),
        valhalla_own_s=np.where(np.isnan(own_s), np.inf, own_s),
        vertex_s=walker.vertex_times(x_m, y_m),
        valhalla_join=join,
        join_gap_m=np.where(np.isnan(gap_m), np.inf, gap_m),
    )


def _explain(
    cluster: _Cluster,
    reasons: Reasons,
    ask: Callable[..., object],
    classes: Counter[str],
    examples: dict[str, str],
) -> None:
    """Put every pair with different verdicts in a class, each direction once."""
    ours, theirs = cluster.circles_s, cluster.valhalla_s
    counted = np.fmin(ours, theirs) <= _FARTHEST_S
    differ = counted & ((ours <= _LIMIT_S) != (theirs <= _LIMIT_S))
    np.fill_diagonal(differ, val=False)
    for a, b in np.argwhere(differ):
        name = reasons.of_places(cluster.joins, cluster.valhalla_join, cluster.join_gap_m, a, b)
        if name is None:
            later_s = float(ours[a, b] - theirs[a, b])
            places = [[cluster.lon[i], cluster.lat[i]] for i in (a, b)]
            name = reasons.of_ways(cluster.joins, int(a), int(b), later_s, places, ask)
        classes[name] += 1
        example = (
            f"{cluster.lat[a]:.5f},{cluster.lon[a]:.5f} to {cluster.lat[b]:.5f},"
            f"{cluster.lon[b]:.5f} (circles {_time(ours[a, b])}, Valhalla {_time(theirs[a, b])})"
        )
        examples.setdefault(name, example)


def _time(seconds: float) -> str:
    return f"{seconds:,.0f} s" if np.isfinite(seconds) else "no way"
