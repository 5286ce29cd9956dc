"""The doctor: which datum a table's degrees are in, told from where its places come to lie.

Each hypothesis (WGS 84, GCJ-02, BD-09) sets the places down somewhere. The right one sets them on
buildings, beside streets, and inside the communities that their rows name; a wrong one sets them
anywhere. What "anywhere" means in this town is measured: around each hypothesis the same places are
moved on trial in all directions, a trend over the directions is taken out, and a hypothesis counts
by how many standard deviations it stands out from its own trials. A dense town gives high
figures to all of them alike, and so to none.

A datum is named only if one hypothesis stands out and the others do not. All else is declined, with
the figures, and the setting is asked for: a wrong guess moves a canteen by half a kilometre.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from circles.crs import FloatArray, to_metres
from circles.datum import Datum, to_wgs84
from circles.surroundings import Surroundings
from circles.texts import Note

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

#: Fewer distinct places than this are no sample.
MIN_PLACES: Final = 12
#: Of more distinct places than this so many are drawn, always the same ones.
MAX_PLACES: Final = 250
_SEED: Final = 2002

#: How often and how far the places are moved on trial: farther than a place is off its building,
#: nearer than where the town becomes another.
_TRIALS: Final = 56
_NEAREST_M: Final = 60.0
_FARTHEST_M: Final = 300.0
#: The terms of the trend: a constant, two slopes, three curvatures.
_TERMS: Final = 6
_GOLDEN_ANGLE: Final = np.pi * (3 - np.sqrt(5))

#: A hypothesis that stands out by so many standard deviations is believed, if all others stay
#: below `LOOKS_LIKE_CHANCE`.
STANDS_OUT: Final = 4.5
LOOKS_LIKE_CHANCE: Final = 3.2
#: Of the places that it does not fit, so many at least are asked whether they fit another one; if
#: they do by so many standard deviations, the table mixes two datums.
_MIN_LEFT: Final = 5
LEFT_OVER_STANDS_OUT: Final = 2.3
#: What rows name speaks of areas, which many hypotheses may share: buildings or streets, where
#: there are any, must agree by so much.
_AGREES: Final = 2.5
#: Communities speak for a hypothesis that puts so many places inside those that their rows name,
#: and only if so many places tell it from each other hypothesis.
_NAMED_SHARE: Final = 0.8
_MIN_TELLING: Final = 10
#: A hypothesis is not believed that drowns this share of the places more than another one.
_DROWNED_SHARE: Final = 0.1

#: How near to a wall a place lies, and how far beside the middle of a street.
_WALL_M: Final = 6.0
_KERB_M: Final = 7.0
#: What the report counts as beside a street.
BESIDE_M: Final = 15.0


@dataclass(frozen=True)
class Evidence:
    """What became of the places under one hypothesis; a count is None where a layer is missing.

    Parameters
    ----------
    datum
        The hypothesis.
    stands_out
        By how many standard deviations it stands out in all, at least 0.
    on_building, by_street, in_water
        Places on a building, within `BESIDE_M` of a street, in water.
    in_community
        Places inside the community that their row names.
    """

    datum: Datum
    stands_out: float
    on_building: int | None = None
    by_street: int | None = None
    in_water: int | None = None
    in_community: int | None = None


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor found.

    Parameters
    ----------
    datum
        The datum, or None if the evidence does not tell.
    places
        How many distinct places were held against the surroundings.
    evidence
        One for each hypothesis; empty where nothing was or could be tested.
    notes
        For the reader: the evidence, the finding, and what to do.
    tested
        Whether the datum comes from evidence (False: declined, or all of them mean the same).
    """

    datum: Datum | None
    places: int
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[Note, ...] = ()
    tested: bool = False


def diagnose(
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    surroundings: Surroundings,
    *,
    named: npt.ArrayLike | None = None,
) -> Diagnosis:
    """Find the datum of some places, or decline to.

    Places at the same spot (to about a metre) count once; of more than `MAX_PLACES` so many are
    drawn with a fixed seed. The result depends on the arguments alone.

    Parameters
    ----------
    lon, lat
        Degrees in the unknown datum, shape (n,); what is not finite is passed over.
    surroundings
        What is known around them, in WGS 84's terms.
    named
        For each place the position in `surroundings.communities` of the community that its row
        names, -1 for none; shape (n,).
    """
    points, names = _distinct(lon, lat, named)
    moved = _is_moved(points)
    if len(points) and not moved.any():
        return Diagnosis(Datum.WGS84, len(points), notes=(Note.of("datum.not_mainland"),))
    points, names = points[moved], names[moved]
    if len(points) < MIN_PLACES:
        few = Note.of("datum.too_few", places=len(points), needed=MIN_PLACES)
        return Diagnosis(None, len(points), notes=(few, Note.of("datum.ask")))
    if not surroundings.layers and (surroundings.communities is None or (names < 0).all()):
        return Diagnosis(
            None, len(points), notes=(Note.of("datum.no_surroundings"), Note.of("datum.ask"))
        )
    return _examine(points, names, surroundings, drawn=int(moved.sum()) > MAX_PLACES)


def contradicts(declared: Datum, diagnosis: Diagnosis) -> Note | None:
    """Say so if the evidence speaks for another datum than a table was declared to be in."""
    if not diagnosis.tested or diagnosis.datum is None or diagnosis.datum is declared:
        return None
    return Note.of("datum.contradicts", declared=_NAMES[declared], found=_NAMES[diagnosis.datum])


_NAMES: Final[Mapping[Datum, str]] = {
    Datum.WGS84: "WGS 84",
    Datum.GCJ02: "GCJ-02",
    Datum.BD09: "BD-09",
}


def _distinct(
    lon: npt.ArrayLike, lat: npt.ArrayLike, named: npt.ArrayLike | None
) -> tuple[FloatArray, IntArray]:
    points = np.column_stack([np.asarray(lon, np.float64), np.asarray(lat, np.float64)])
    names = np.full(len(points), -1) if named is None else np.asarray(named, dtype=np.int64)
    known = np.isfinite(points).all(axis=1)
    points, names = points[known], names[known]
    _, first = np.unique(np.round(points, 5), axis=0, return_index=True)
    return points[first], names[first]


def _is_moved(points: FloatArray) -> BoolArray:
    """Tell of which places the hypotheses say different things."""
    lon, lat = to_wgs84(points[:, 0], points[:, 1], Datum.GCJ02)
    moved: BoolArray = (lon != points[:, 0]) | (lat != points[:, 1])
    return moved


def _examine(
    points: FloatArray, names: IntArray, surroundings: Surroundings, *, drawn: bool
) -> Diagnosis:
    chance = np.random.default_rng(_SEED)
    total = len(points)
    if drawn:
        some = np.sort(chance.choice(total, MAX_PLACES, replace=False))
        points, names = points[some], names[some]
    places = _set_down(points, surroundings.crs)
    on_ground, left = _standing_out(places, surroundings, chance)
    inside = _inside_named(places, names, surroundings)
    by_name = _told_by_name(inside, names)
    scores = np.hypot(on_ground, np.maximum(by_name, 0))
    evidence = _evidence(places, scores, surroundings, inside)
    datum, finding = _finding(
        evidence, on_ground, left, len(points), physical=bool(surroundings.layers)
    )
    notes = _words_for(evidence, len(points), int((names >= 0).sum()))
    if drawn:
        notes.insert(0, Note.of("datum.drawn", places=len(points), all=total))
    notes.append(finding)
    if datum is None:
        notes.append(Note.of("datum.ask"))
    return Diagnosis(datum, len(points), evidence, tuple(notes), tested=datum is not None)


def _set_down(points: FloatArray, crs: CRS) -> FloatArray:
    """Return where each hypothesis puts the places, metres, shape (3, n, 2)."""
    sets = [to_metres(*to_wgs84(points[:, 0], points[:, 1], datum), crs) for datum in Datum]
    result: FloatArray = np.array([np.column_stack(pair) for pair in sets])
    return result


def _standing_out(
    places: FloatArray, surroundings: Surroundings, chance: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return by how much each hypothesis stands out on buildings and beside streets, shape (3,).

    The second result is the same for those places alone that the strongest hypothesis does not
    fit: in a table that mixes two sources they are the other source's.
    """
    steps = np.array([_steps(places, h, chance) for h in range(len(places))])
    trials = places[:, None] + np.pad(steps, ((0, 0), (1, 0), (0, 0)))[:, :, None]
    fits = [f.reshape(trials.shape[:3]) for f in _fits(surroundings, trials.reshape(-1, 2))]
    everything = np.ones(places.shape[1], dtype=np.bool_)
    scores = _scores(fits, steps, everything)
    best = int(scores.argmax())
    unfit = everything.copy()
    for fit in fits:
        unfit &= fit[best, 0] <= fit[best, 1:].mean(axis=0)
    left = _scores(fits, steps, unfit) if unfit.sum() >= _MIN_LEFT else np.zeros(len(places))
    return scores, left


def _scores(fits: list[FloatArray], steps: FloatArray, some: BoolArray) -> FloatArray:
    """Put together what all layers say of some places, one value for each hypothesis."""
    squares = np.zeros(len(steps))
    for fit in fits:
        z = [_excess(one[:, some], step) for one, step in zip(fit, steps, strict=True)]
        squares += np.maximum(z, 0) ** 2
    result: FloatArray = np.sqrt(squares)
    return result


def _steps(places: FloatArray, hypothesis: int, chance: np.random.Generator) -> FloatArray:
    """Return how the places of a hypothesis are moved on trial, metres, shape (trials, 2).

    All around, evenly by area, and never to where another hypothesis puts them.
    """
    middles = np.median(places, axis=1)
    others = np.delete(middles, hypothesis, axis=0) - middles[hypothesis]
    number = np.arange(4 * _TRIALS)
    angle = chance.uniform(0, 2 * np.pi) + number * _GOLDEN_ANGLE
    radius = np.sqrt(chance.uniform(_NEAREST_M**2, _FARTHEST_M**2, len(number)))
    steps: FloatArray = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    apart = np.linalg.norm(steps[:, None] - others[None], axis=2).min(axis=1) >= _NEAREST_M * 2
    chosen: FloatArray = steps[apart][:_TRIALS]
    return chosen


def _fits(surroundings: Surroundings, points: FloatArray) -> list[FloatArray]:
    """Return how well each point fits each layer, 0 to 1; arrays of shape (points,)."""
    layers, fits = surroundings.layers, []
    if "buildings" in layers:
        fits.append(np.exp(-surroundings.from_wall_m(points) / _WALL_M))
    if "streets" in layers:
        beside = surroundings.from_street_m(points) / _KERB_M
        fits.append(beside * np.exp(1 - beside))
    return fits


def _excess(fit: FloatArray, steps: FloatArray) -> float:
    """Return by how many standard deviations unmoved places fit better than moved ones.

    Parameters
    ----------
    fit
        How well each place fits; unmoved in the first row, then on each trial. Shape
        (1 + trials, n).
    steps
        How they were moved, shape (trials, 2). A quadratic trend over it, which is the town
        growing denser one way or thinner all around, is taken out.
    """
    mean = fit.mean(axis=1)
    x, y = (steps / _FARTHEST_M).T
    terms = np.column_stack([np.ones_like(x), x, y, x * x, x * y, y * y])
    trend, *_ = np.linalg.lstsq(terms, mean[1:], rcond=None)
    rest = mean[1:] - terms @ trend
    spread = np.sqrt((rest**2).sum() / (len(rest) - _TERMS))
    of_sampling = fit[1:].std() / np.sqrt(fit.shape[1])
    in_the_middle = np.sqrt(1 + np.linalg.inv(terms.T @ terms)[0, 0])
    spread = max(spread, 0.7 * of_sampling) * in_the_middle
    return float((mean[0] - trend[0]) / spread) if spread > 0 else 0.0


def _inside_named(
    places: FloatArray, names: IntArray, surroundings: Surroundings
) -> BoolArray | None:
    """Tell which places lie in the community that their row names, shape (3, n)."""
    if surroundings.communities is None or (names < 0).all():
        return None
    shapes = surroundings.communities[np.maximum(names, 0)]
    inside = [shapely.intersects_xy(shapes, some[:, 0], some[:, 1]) for some in places]
    return np.array(inside) & (names >= 0)


def _told_by_name(inside: BoolArray | None, names: IntArray) -> FloatArray:
    """Return by how much communities speak for each hypothesis, against its strongest rival.

    Of the places that two hypotheses put differently, inside or not, each is a toss of a coin if
    neither is better (the test of McNemar).
    """
    result = np.zeros(len(Datum))
    if inside is None:
        return result
    for h, mine in enumerate(inside):
        if mine.sum() < _NAMED_SHARE * (names >= 0).sum():
            continue
        rivals = [_lead(mine, other) for k, other in enumerate(inside) if k != h]
        result[h] = min(rivals)
    return result


def _lead(mine: BoolArray, other: BoolArray) -> float:
    won, lost = int((mine & ~other).sum()), int((other & ~mine).sum())
    return (won - lost) / np.sqrt(won + lost) if won + lost >= _MIN_TELLING else 0.0


def _evidence(
    places: FloatArray, scores: FloatArray, surroundings: Surroundings, inside: BoolArray | None
) -> tuple[Evidence, ...]:
    layers = surroundings.layers

    def count(layer: str, some: FloatArray) -> int | None:
        return int(surroundings.within(layer, some).sum()) if layer in layers else None

    def beside(some: FloatArray) -> int | None:
        near = "streets" in layers
        return int((surroundings.from_street_m(some) <= BESIDE_M).sum()) if near else None

    return tuple(
        Evidence(
            datum,
            stands_out=float(scores[h]),
            on_building=count("buildings", places[h]),
            by_street=beside(places[h]),
            in_water=count("water", places[h]),
            in_community=None if inside is None else int(inside[h].sum()),
        )
        for h, datum in enumerate(Datum)
    )


def _finding(
    evidence: tuple[Evidence, ...],
    on_ground: FloatArray,
    left: FloatArray,
    places: int,
    *,
    physical: bool,
) -> tuple[Datum | None, Note]:
    """Decide, or say why not."""
    scores = np.array([one.stands_out for one in evidence])
    best = int(scores.argmax())
    rivals = np.delete(np.arange(len(scores)), best)
    if scores[best] < STANDS_OUT or (physical and on_ground[best] < _AGREES):
        return None, Note.of("datum.alike")
    strength = np.maximum(scores + LEFT_OVER_STANDS_OUT - LOOKS_LIKE_CHANCE, left)[rivals]
    if strength.max() >= LEFT_OVER_STANDS_OUT:
        rival = int(rivals[strength.argmax()])
        return None, Note.of(
            "datum.several",
            first=_NAMES[evidence[best].datum],
            second=_NAMES[evidence[rival].datum],
        )
    if _drowns(evidence, best, rivals, places):
        return None, Note.of("datum.drowns", datum=_NAMES[evidence[best].datum])
    return evidence[best].datum, Note.of("datum.decided", datum=_NAMES[evidence[best].datum])


def _drowns(evidence: tuple[Evidence, ...], best: int, rivals: IntArray, places: int) -> bool:
    wet = [one.in_water or 0 for one in evidence]
    driest = min(wet[rival] for rival in rivals)
    return bool(wet[best] - driest > max(2, _DROWNED_SHARE * places))


def _words_for(evidence: tuple[Evidence, ...], places: int, named: int) -> list[Note]:
    """Put what is known of each layer side by side."""
    notes = []
    for field, of in (
        ("in_community", named),
        ("on_building", places),
        ("by_street", places),
        ("in_water", places),
    ):
        counts: dict[str, Any] = {one.datum.value: getattr(one, field) for one in evidence}
        if None not in counts.values():
            extra = {"metres": BESIDE_M} if field == "by_street" else {}
            notes.append(Note.of(f"datum.{field}", places=of, **counts, **extra))
    return notes
