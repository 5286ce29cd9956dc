"""What the tag rules say of all ways of an extract, as arrays."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from circles.crs import FloatArray
from circles.network.edges import BoolArray, IntArray
from circles.osm.tags import Tags, TagTable
from circles.walking import (
    RULING_KEYS,
    Kind,
    Ruling,
    ferry_duration_s,
    is_lift,
    is_obstacle,
    is_off_ground,
    judge_way,
    walking_directions,
)


@dataclass(frozen=True)
class Rulings:
    """What the tag rules say of every way, as arrays of shape (ways,).

    Parameters
    ----------
    walkable, kind
        Whether it may be walked, and as which `circles.walking.Kind` (int8).
    forward, backward
        Whether it is walked along, and against, its own direction.
    duration_s
        Sailing time of a ferry that gives one, else NaN.
    off_ground, lift
        Bridges and tunnels; lifts.
    obstacle
        What those who walk to a street do not cross.
    refused
        Streets that may not be walked, counted by the reason.
    """

    walkable: BoolArray
    kind: npt.NDArray[np.int8]
    forward: BoolArray
    backward: BoolArray
    duration_s: FloatArray
    off_ground: BoolArray
    lift: BoolArray
    obstacle: BoolArray
    refused: dict[str, int]

    @cached_property
    def trait(self) -> IntArray:
        """A number for each way; those with the same one go on as each other where they meet.

        Directions are not part of it. Ferries that say how long they sail are unlike all others.
        """
        trait = self.kind.astype(np.int64) * 4 + self.off_ground * 2 + self.lift
        return np.where(np.isnan(self.duration_s), trait, -1 - np.arange(len(trait)))

    def with_rims(self, rim: IntArray, area: "Rulings", of: IntArray) -> "Rulings":
        """Let ways that are not walked by themselves be walked as the rims of areas.

        Parameters
        ----------
        rim
            The ways.
        area
            What the rules say of the areas.
        of
            The area each rim belongs to, shape of `rim`.
        """
        only_rim = ~self.walkable[rim]
        rim, of = rim[only_rim], of[only_rim]
        changed = {
            "walkable": True,
            "kind": np.int8(Kind.PLAZA),
            "forward": True,
            "backward": True,
            "duration_s": np.nan,
            "off_ground": area.off_ground[of],
            "lift": area.lift[of],
            "obstacle": False,  # whoever stands on the area has reached it
        }
        arrays = {name: getattr(self, name).copy() for name in changed}
        for name, value in changed.items():
            arrays[name][rim] = value
        return replace(self, **arrays)

    def followed_by(self, others: "Rulings") -> "Rulings":
        """Return what the rules say of these ways, and then of others that count as ways."""
        arrays = {
            each.name: np.append(getattr(self, each.name), getattr(others, each.name))
            for each in fields(self)
            if each.name != "refused"
        }
        refused = Counter(self.refused) + Counter(others.refused)
        return Rulings(**arrays, refused=dict(sorted(refused.items())))


def judge_ways(tags: TagTable) -> Rulings:
    """Judge all ways; those that agree in every tag the rules look at are judged once."""
    kinds, which = tags.distinct(RULING_KEYS)
    rulings = [judge_way(kind) for kind in kinds]
    directions = np.array([walking_directions(kind) for kind in kinds], dtype=bool).reshape(-1, 2)

    def is_so(answers: Iterable[bool]) -> BoolArray:
        return np.fromiter(answers, dtype=bool, count=len(kinds))[which]

    return Rulings(
        walkable=is_so(ruling.walkable for ruling in rulings),
        kind=np.array([ruling.kind for ruling in rulings], dtype=np.int8)[which],
        forward=directions[which, 0],
        backward=directions[which, 1],
        duration_s=np.array([ferry_duration_s(kind) for kind in kinds], dtype=np.float64)[which],
        off_ground=is_so(map(is_off_ground, kinds)),
        lift=is_so(map(is_lift, kinds)),
        obstacle=is_so(map(is_obstacle, kinds)),
        refused=_refused(kinds, rulings, np.bincount(which, minlength=len(kinds))),
    )


def _refused(kinds: Iterable[Tags], rulings: Iterable[Ruling], count: IntArray) -> dict[str, int]:
    """Count the streets that are refused, by reason; rivers, rails and outlines are no streets."""
    refused: Counter[str] = Counter()
    for tags, ruling, ways in zip(kinds, rulings, count.tolist(), strict=True):
        if not ruling.walkable and "highway" in tags:
            refused[ruling.reason] += ways
    return dict(sorted(refused.items()))
