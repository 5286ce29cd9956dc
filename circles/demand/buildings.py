"""Which buildings people live in, and how much floor they have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from circles.crs import FloatArray
from circles.network import BoolArray
from circles.texts import Note

#: Values of ``building=*`` that say nobody lives there; every other value may be a home.
NON_RESIDENTIAL: Final = frozenset(
    (  # noqa: SIM905 - eighty quoted words would hide the list
        """
    allotment_house barn boathouse bridge bunker canopy carport cathedral chapel church civic
    clinic college commercial community_centre conservatory construction container cowshed
    digester farm_auxiliary fire_station garage garages gatehouse government grandstand greenhouse
    guardhouse hangar hospital hotel hut industrial kindergarten kiosk library livestock
    manufacture marquee mosque museum no office outbuilding parking pavilion police public
    religious retail riding_hall roof ruins school service shed shrine slurry_tank sports_centre
    sports_hall stable stadium storage_tank sty supermarket synagogue temple tent terminal toilets
    tower train_station transformer_tower transportation university warehouse water_tower
    """
    ).split()
)
#: Keys that give a plain ``building=yes`` another use than homes. A shop is no such key: homes
#: stand above shops.
OTHER_USE_KEYS: Final = ("amenity", "office", "leisure", "healthcare", "industrial", "man_made")
#: Smaller footprints are sheds and garages.
MIN_FOOTPRINT_M2: Final = 20.0
_MAX_LEVELS: Final = 150.0
_ENOUGH_KNOWN: Final = 10


@dataclass(frozen=True)
class FloorArea:
    """Floor area of buildings.

    Parameters
    ----------
    area_m2
        Footprint times levels, shape (buildings,).
    used
        Which buildings count as homes, shape (buildings,).
    notes
        What was assumed.
    """

    area_m2: FloatArray
    used: BoolArray
    notes: tuple[Note, ...]


def is_home(tags: Mapping[str, str]) -> bool:
    """Whether people may live in a building, by its tags.

    A building is left out if its kind is in `NON_RESIDENTIAL`, or if its kind is not given
    (``building=yes``) and one of `OTHER_USE_KEYS` says what else it is for.
    """
    kind = tags.get("building", "no")
    if kind in NON_RESIDENTIAL:
        return False
    return not (kind == "yes" and any(key in tags for key in OTHER_USE_KEYS))


def residential_floor_area(buildings: gpd.GeoDataFrame) -> FloorArea:
    """Return the floor area of homes: footprint × levels.

    Where ``building:levels`` is missing, the median of the known levels of the same kind of
    building stands in, where at least ten are known; else one level.

    Parameters
    ----------
    buildings
        Columns `tags` and `geometry`, in a metric CRS.
    """
    tags = buildings["tags"]
    footprint_m2 = buildings.geometry.area.to_numpy()
    used = np.array([is_home(t) for t in tags], dtype=bool) & (footprint_m2 >= MIN_FOOTPRINT_M2)
    kind = pd.Series([t.get("building", "") for t in tags], dtype=object)
    levels = pd.Series([_levels(t) for t in tags], dtype=np.float64)
    known = levels[used].notna()
    by_kind = levels[used].groupby(kind[used])
    typical = by_kind.median().where(by_kind.count() >= _ENOUGH_KNOWN, 1.0)
    filled = levels.fillna(kind.map(typical)).fillna(1.0).to_numpy(dtype=np.float64)
    note = Note.of(
        "assumptions.floor_area",
        used=int(used.sum()),
        left_out=int((~used).sum()),
        known=int(known.sum()),
    )
    return FloorArea(footprint_m2 * filled, used, (note,))


def _levels(tags: Mapping[str, str]) -> float:
    """Return a building's levels; NaN where they are missing or no sensible number."""
    try:
        levels = float(tags.get("building:levels", "nan").replace(",", "."))
    except ValueError:
        return float("nan")
    return levels if 0 < levels <= _MAX_LEVELS else float("nan")
