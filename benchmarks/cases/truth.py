"""Truth: the same walks by circles and by Valhalla, and why they differ where they do."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

from benchmarks.cases.reasons import LIMIT_S, Finding, Reasons, Route, Walks
from benchmarks.mend import mended, rimmed
from benchmarks.ours import LEVEL
from benchmarks.sampling import Places, along_streets, densest, scattered, together
from benchmarks.setting import Check, Section, Setting
from benchmarks.walks import Walker, positions
from benchmarks.worker import Worker
from circles.crs import WGS84, to_metres
from circles.network.build import network_from_osm
from circles.osm import read_streets
from circles.travel import Joins

_CITIES: Final = ("las_palmas", "liechtenstein", "porto")
_PLACES: Final = 40
_POOL: Final = 20_000
_RADIUS_M: Final = 1_500.0
_QUARTER_M: Final = 1_000.0
_FARTHEST_S: Final = 1_800.0
_NEAR_S: Final = (720.0, 1_080.0)
_SAME_SHARE: Final = 0.99
_FEWEST_NEAR: Final = 1_000
_ONE_STREET_M: Final = 1.0

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Kind:
    """One kind of places to walk between.

    Parameters
    ----------
    name
        What they are.
    dense
        Whether they lie where streets are densest, else anywhere.
    spread_m
        How far from a street; each engine then joins them by its own rule.
    reach
        How many nodes a street leads to, at least, if Valhalla starts there; 50 is its own choice.
    rims
        Whether either engine knows plazas as rims alone.
    clusters
        How many clusters of them there are.
    """

    name: str
    dense: bool = False
    spread_m: float = 0.0
    reach: int = 0
    rims: bool = False
    clusters: int = 10


_ON_STREETS: Final = _Kind("on any street that circles joins", clusters=30)
_KINDS: Final = (
    _ON_STREETS,
    _Kind("on streets where they are densest", dense=True),
    _Kind("the same, plazas walked along their rims by both", dense=True, rims=True),
    _Kind("near streets, joined by each engine's own rule", spread_m=30.0, reach=50),
)


@dataclass(frozen=True)
class _Cluster:
    """Walks between places that lie together.

    Besides the two times of `Walks`: Valhalla's with its own delays, circles' from vertex to
    vertex (seconds, shape (k, k)); where Valhalla joins the places (shape (k,)), what it takes to
    get there (seconds, shape (k, k)), and how far apart the engines start (metres, shape (k,)).
    """

    walks: Walks
    delayed_s: Floats
    vertex_s: Floats
    their_lon: Floats
    their_lat: Floats
    legs_s: Floats
    apart_m: Floats


@dataclass
class _Tally:
    """Pairs within half an hour, and on how many the verdicts agree."""

    pairs: int = 0
    same: int = 0
    near: int = 0
    near_same: int = 0

    def add(self, ours_s: Floats, theirs_s: Floats, chosen: Bools) -> None:
        """Count pairs of which both verdicts are known."""
        near = chosen & (theirs_s > _NEAR_S[0]) & (theirs_s < _NEAR_S[1])
        same = ~_differ(ours_s, theirs_s)
        self.pairs += int(chosen.sum())
        self.same += int((chosen & same).sum())
        self.near += int(near.sum())
        self.near_same += int((near & same).sum())

    @property
    def cells(self) -> tuple[str, ...]:
        """The counts as a table's cells."""
        return (
            f"{self.pairs:,}",
            f"{self.same / self.pairs:.2%}",
            f"{self.near:,}",
            f"{self.near_same / self.near:.2%}",
        )


@dataclass
class _Result:
    """What was found between places of one kind in one city.

    `all_pairs` is the comparison; `one_place` has only the pairs that both engines start and end
    within a metre, `delayed` Valhalla's own delays, `vertex` circles from nearest vertex to
    nearest vertex.
    """

    all_pairs: _Tally = field(default_factory=_Tally)
    one_place: _Tally = field(default_factory=_Tally)
    delayed: _Tally = field(default_factory=_Tally)
    vertex: _Tally = field(default_factory=_Tally)
    findings: list[Finding] = field(default_factory=list)


def truth(setting: Setting) -> Section:
    """Compare "≤ 15 minutes" on all pairs of places within half an hour of each other."""
    results = {city: _city(setting, city) for city in _CITIES}
    checks = []
    for city, result in results.items():
        tally = result[_ON_STREETS].all_pairs
        share = tally.same / tally.pairs
        holds = share >= _SAME_SHARE and tally.near >= _FEWEST_NEAR * min(setting.scale, 1)
        checks.append(Check(f"{city}: the same verdict", holds, f"{share:.2%} of {tally.pairs:,}"))
    return Section(
        title="The same verdict as Valhalla: is the walk at most 15 minutes?",
        columns=(
            "city, places",
            "pairs",
            "same",
            "12–18 min",
            "same",
            "starting within 1 m",
            "same",
            "Valhalla's delays",
            "nearest vertex",
        ),
        rows=tuple(
            _row(city, kind, one) for city, kinds in results.items() for kind, one in kinds.items()
        ),
        checks=tuple(checks),
        notes=(
            "All pairs within 30 minutes for either engine, in both directions.",
            "4.8 km/h on every way; Valhalla's shortest way over that speed, penalties off.",
            "Starting within 1 m: only the pairs that both engines start and end in one place.",
            "Valhalla's delays: with its own up to 15 s a crossing, and slower hiking paths.",
            "Nearest vertex: circles' network, but from vertex to vertex, as most scripts do.",
            *(note for city, kinds in results.items() for note in _notes(city, kinds)),
        ),
        figures={
            city: {kind.name: _figures(one) for kind, one in kinds.items()}
            for city, kinds in results.items()
        },
    )


def _row(city: str, kind: _Kind, result: _Result) -> tuple[str, ...]:
    shares = (result.delayed, result.vertex)
    return (
        f"{city}, {kind.name}",
        *result.all_pairs.cells,
        *result.one_place.cells[:2],
        *(tally.cells[1] for tally in shares),
    )


def _notes(city: str, kinds: dict[_Kind, _Result]) -> list[str]:
    """Say for each class of differences how many there are of each kind, and give an example."""
    counts: defaultdict[str, Counter[_Kind]] = defaultdict(Counter)
    examples: dict[str, Finding] = {}
    for kind, result in kinds.items():
        for finding in result.findings:
            counts[finding.name][kind] += 1
            best = examples.setdefault(finding.name, finding)
            if finding.left_s < best.left_s:
                examples[finding.name] = finding
    return [
        f"{city}: Valhalla {name}: {' + '.join(str(count[kind]) for kind in kinds)} pairs "
        f"in the rows' order; such as {examples[name].example}"
        for name, count in sorted(counts.items(), key=lambda item: -item[1].total())
    ]


def _figures(result: _Result) -> dict[str, object]:
    tallies = {name: vars(tally) for name, tally in vars(result).items() if name != "findings"}
    return {**tallies, "reasons": Counter(finding.name for finding in result.findings)}


@dataclass(frozen=True)
class _World:
    """An extract as both engines read it."""

    walker: Walker
    reasons: Reasons
    tiles: str

    @classmethod
    def of(cls, source: Path, tiles: Path, valhalla: Worker) -> "_World":
        """Read an extract, and let Valhalla build its tiles."""
        valhalla.call("build", extract=str(source), folder=str(tiles))
        extract = read_streets(source)
        walker = Walker.of(network_from_osm(extract), LEVEL)
        return cls(walker, Reasons(extract, walker), str(tiles))


def _city(setting: Setting, city: str) -> dict[_Kind, _Result]:
    results = {kind: _Result() for kind in _KINDS}
    cache = setting.cache
    with setting.peer("valhalla") as valhalla:
        source = mended(setting.extract(city), cache / "mended")
        world = _World.of(source, cache / "tiles" / f"{city}-mended", valhalla)
        rims = rimmed(source, cache / "rimmed")
        rim_world = _World.of(rims, cache / "tiles" / f"{city}-rimmed", valhalla)
        network = world.walker.network
        streets = along_streets(network, _POOL, np.random.default_rng(7))
        quarter = densest(streets, radius_m=_QUARTER_M)
        back = Transformer.from_crs(network.crs, WGS84, always_xy=True)
        for kind, result in results.items():
            own = rim_world if kind.rims else world
            valhalla.call("open", folder=own.tiles)
            rng = np.random.default_rng(8)
            centres = quarter if kind.dense else streets
            for _ in range(setting.count(kind.clusters, least=2)):
                places = together(streets, centres, _PLACES, rng, radius_m=_RADIUS_M)
                places = scattered(places, rng, spread_m=kind.spread_m)
                cluster = _measure(setting, own.walker, valhalla, back.transform(*places), kind)
                _count(result, cluster, own.reasons, valhalla)
    return results


def _measure(
    setting: Setting, walker: Walker, valhalla: Worker, places: Places, kind: _Kind
) -> _Cluster:
    """Ask both engines for all walks between some places, given as longitude and latitude."""
    lon, lat = places
    points, out = str(setting.scratch / "points.npz"), str(setting.scratch / "answer.npz")
    np.savez(points, lon=lon, lat=lat)
    valhalla.call("joins", points=points, out=out, reach=kind.reach)
    with np.load(out) as answer:
        join = dict(answer)
    legs_s = (join["access_m"][:, None] + join["access_m"][None, :]) / LEVEL.speed_m_s
    # From there on: it would leave for another street if that made the walk shorter.
    np.savez(points, lon=join["lon"], lat=join["lat"])
    valhalla.call("times", points=points, out=out, shortest=True)
    with np.load(out) as answer:
        walk_s = answer["metres"] / LEVEL.speed_m_s + legs_s
    valhalla.call("times", points=points, out=out, shortest=False)
    with np.load(out) as answer:
        delayed_s = answer["seconds"] + legs_s
    joins = walker.join(lon, lat)
    walk_s = np.where(np.isnan(walk_s), np.inf, walk_s)
    return _Cluster(
        walks=Walks(lon, lat, walker.times(joins), walk_s),
        delayed_s=np.where(np.isnan(delayed_s), np.inf, delayed_s),
        vertex_s=walker.vertex_times(*to_metres(lon, lat, walker.network.crs)),
        their_lon=join["lon"],
        their_lat=join["lat"],
        legs_s=legs_s,
        apart_m=_apart(walker, joins, join["lon"], join["lat"]),
    )


def _apart(walker: Walker, joins: Joins, lon: Floats, lat: Floats) -> Floats:
    """Return how far the places where circles joins points are from others, metres."""
    x_m, y_m = positions(walker.network, joins)
    other_x, other_y = to_metres(lon, lat, walker.network.crs)
    away_m = np.hypot(x_m - other_x, y_m - other_y)
    return np.where(np.isnan(away_m), np.inf, away_m)


def _count(result: _Result, cluster: _Cluster, reasons: Reasons, valhalla: Worker) -> None:
    """Add a cluster's pairs to what was found, and why verdicts differ."""
    walks = cluster.walks
    ours_s, theirs_s = walks.ours_s, walks.theirs_s
    pairs = (np.fmin(ours_s, theirs_s) <= _FARTHEST_S) & ~np.eye(len(ours_s), dtype=bool)
    one_place = cluster.apart_m <= _ONE_STREET_M
    result.all_pairs.add(ours_s, theirs_s, pairs)
    result.one_place.add(ours_s, theirs_s, pairs & one_place[:, None] & one_place[None, :])
    result.delayed.add(ours_s, cluster.delayed_s, pairs)
    result.vertex.add(cluster.vertex_s, theirs_s, pairs)

    def ask(a: int, b: int) -> Route:
        lon, lat = cluster.their_lon.tolist(), cluster.their_lat.tolist()
        found = valhalla.call("route", source=[lon[a], lat[a]], target=[lon[b], lat[b]]).value
        time_s = found["metres"] / LEVEL.speed_m_s + float(cluster.legs_s[a, b])
        return Route(time_s, found["made_up"])

    for a, b in np.argwhere(pairs & _differ(ours_s, theirs_s)):
        result.findings.append(reasons.explain(walks, int(a), int(b), ask))


def _differ(ours_s: Floats, theirs_s: Floats) -> Bools:
    differ: Bools = (ours_s <= LIMIT_S) != (theirs_s <= LIMIT_S)
    return differ
