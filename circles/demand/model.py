"""What is known of where people live: demand points and what they weigh."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from circles.crs import FloatArray
from circles.network import BoolArray, IndexArray, IntArray
from circles.tables.ledger import Ledger
from circles.texts import Note

PEOPLE: Final = "people"
FLOOR_AREA: Final = "floor_area_m2"
FRONTAGE: Final = "frontage_m"

ObjectArray = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Demand:
    """Demand points, each with the community it lies in.

    Parameters
    ----------
    x_m, y_m
        Metres of the run's local CRS, shape (k,).
    community
        Row of the community table, int32, shape (k,).
    weights
        Weights by what they count: a population group (``"all"``, ``"60+"`` …),
        ``"floor_area_m2"`` or ``"frontage_m"``; each of shape (k,), 0 where it does not apply.
    source
        Where a community's points come from: ``"population"``, ``"buildings"``, ``"frontage"``
        or ``"none"``; shape (communities,).
    notes
        What was assumed or left out.
    unknown
        By group, communities of which a layer that counts the group elsewhere knows nothing, such
        as where numbers are withheld; shape (communities,) each. Their weights of it are 0.
    outside
        How many of each group the layers hold outside every community; they have no points. Of
        a raster it is what lies in the window that was read.
    ledgers
        What became of the rows of each layer.
    """

    x_m: FloatArray
    y_m: FloatArray
    community: IndexArray
    weights: Mapping[str, FloatArray]
    source: ObjectArray
    notes: tuple[Note, ...] = ()
    unknown: Mapping[str, BoolArray] = field(default_factory=dict)
    outside: Mapping[str, float] = field(default_factory=dict)
    ledgers: tuple[Ledger, ...] = ()

    def __len__(self) -> int:
        """Return the number of demand points."""
        return len(self.x_m)


@dataclass(frozen=True)
class GroupWeights:
    """One group's weights at the demand points.

    Parameters
    ----------
    weight
        Shape (k,).
    unit
        What a community's weights count, shape (communities,): ``"people"``, or what stands in
        for them where nobody counted people.
    assumed
        Whether all residents stand in for the group, shape (communities,).
    """

    weight: FloatArray
    unit: ObjectArray
    assumed: BoolArray


def known_in(
    people: Mapping[str, FloatArray], row: IntArray, community: IndexArray, communities: int
) -> dict[str, BoolArray]:
    """Return by group which communities a layer has a number for, shape (communities,) each.

    Parameters
    ----------
    people
        People by group, NaN where not known.
    row, community
        Which of them each part is of, and the community it lies in, shape (parts,) each.
    communities
        Number of communities.
    """
    known = {}
    for group, number in people.items():
        here = np.zeros(communities, dtype=bool)
        here[community[~np.isnan(number[row])]] = True
        known[group] = here
    return known


def sources_and_unknown(
    known: Mapping[str, BoolArray],
) -> tuple[ObjectArray, dict[str, BoolArray]]:
    """Return what a `Demand` of people says of its communities: `source` and `unknown`."""
    some = np.logical_or.reduce(list(known.values()))
    unknown = {group: some & ~here for group, here in known.items() if (some & ~here).any()}
    return np.where(some, "population", "none").astype(object), unknown


def sources_of(community: IndexArray, communities: int, source: str) -> ObjectArray:
    """Return `source` for the communities that have points and ``"none"`` for the others."""
    has_points = np.bincount(community, minlength=communities) > 0
    return np.where(has_points, source, "none").astype(object)
