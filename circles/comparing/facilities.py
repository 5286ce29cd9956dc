"""Which facilities are new, gone, moved, renamed, or offer another service than before.

Row numbers make no name for a facility: one row more in a table shifts all below it. A facility is
the same as before where service, name and place agree; of the rest, those of one service and name
belong together, the nearest first, then those of one service and place, and then those of one name
and place.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import Geod

from circles.comparing.folder import DETAILS, Run
from circles.tables import matching_key

#: Decimals of a degree within which a place is the same: about a centimetre.
_DECIMALS: Final = 7
#: A facility of one name farther away than this is another one.
_FARTHEST_M: Final = 5000.0
_EARTH: Final = Geod(ellps="WGS84")


@dataclass(frozen=True)
class _Facility:
    """A facility for one service, as a run has it."""

    service: str
    name: str
    lon: float
    lat: float
    details: tuple[Any, ...]

    @property
    def place(self) -> tuple[float, float]:
        return round(self.lon, _DECIMALS), round(self.lat, _DECIMALS)

    @property
    def key(self) -> str:
        return matching_key(self.name)

    @property
    def order(self) -> tuple[str, str, float, float, str]:
        return self.service, self.name, self.lon, self.lat, repr(self.details)


_Pair = tuple[_Facility | None, _Facility | None]


def changed_facilities(old: Run, new: Run) -> list[Mapping[str, Any]]:
    """Return the rows of the table of facilities.

    Swapping the runs swaps the columns, and new with gone.
    """
    left, right = _facilities(old.facilities), _facilities(new.facilities)
    pairs: list[_Pair] = []
    for alike in (_whole, _named, _placed, _served):
        found, left, right = _paired(left, right, alike)
        pairs += found
    pairs += [(one, None) for one in left] + [(None, one) for one in right]
    rows = (_row(*pair) for pair in pairs)
    return sorted((row for row in rows if row["status"] != "same"), key=_order)


def _facilities(layer: gpd.GeoDataFrame) -> list[_Facility]:
    columns = [layer[name].tolist() for name in DETAILS]
    details = [tuple(_plain(value) for value in values) for values in zip(*columns, strict=True)]
    services, names = layer["service"].map(str), layer["name"].fillna("").map(str)
    places = zip(layer.geometry.x.tolist(), layer.geometry.y.tolist(), strict=True)
    rows = zip(services, names, places, details, strict=True)
    return sorted((_Facility(s, n, *place, d) for s, n, place, d in rows), key=lambda f: f.order)


def _plain(value: Any) -> Any:
    missing = value is None or (not isinstance(value, str) and bool(pd.isna(value)))
    return None if missing else value


def _whole(one: _Facility) -> Hashable:
    return one.service, one.key, one.place


def _named(one: _Facility) -> Hashable:
    return (one.service, one.key) if one.key else None


def _placed(one: _Facility) -> Hashable:
    return one.service, one.place


def _served(one: _Facility) -> Hashable:
    return (one.key, one.place) if one.key else None


def _paired(
    left: Sequence[_Facility], right: Sequence[_Facility], alike: Callable[[_Facility], Hashable]
) -> tuple[list[_Pair], list[_Facility], list[_Facility]]:
    """Pair those that are alike, the nearest first; return the pairs and what is left."""
    theirs: dict[Hashable, list[int]] = defaultdict(list)
    for index, one in enumerate(right):
        theirs[alike(one)].append(index)
    near = [
        (_metres(one, right[j]), sorted((one.order, right[j].order), key=repr), i, j)
        for i, one in enumerate(left)
        if alike(one) is not None
        for j in theirs.get(alike(one), ())
    ]
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    pairs: list[_Pair] = []
    for metres, _, i, j in sorted(near, key=lambda item: (item[0], repr(item[1]), item[2:])):
        if metres <= _FARTHEST_M and i not in taken_left and j not in taken_right:
            pairs.append((left[i], right[j]))
            taken_left.add(i)
            taken_right.add(j)
    return (
        pairs,
        [one for i, one in enumerate(left) if i not in taken_left],
        [one for j, one in enumerate(right) if j not in taken_right],
    )


def _metres(one: _Facility, other: _Facility) -> float:
    if one.place == other.place:
        return 0.0
    # Measured from the same end whichever run is the old one.
    first, last = sorted(((one.lon, one.lat), (other.lon, other.lat)))
    return float(_EARTH.inv(*first, *last)[2])


def _row(old: _Facility | None, new: _Facility | None) -> dict[str, Any]:
    return {
        "status": _status(old, new),
        **{
            f"{name}_{end}": getattr(one, name) if one else None
            for name in ("service", "name", "lon", "lat")
            for end, one in (("old", old), ("new", new))
        },
        "moved_m": _metres(old, new) if old and new else None,
        "details": tuple(_unlike(old, new)) if old and new else (),
    }


def _status(old: _Facility | None, new: _Facility | None) -> str:
    if old is None or new is None:
        return "new" if old is None else "gone"
    unlike = {
        "service": old.service != new.service,
        "moved": old.place != new.place,
        "renamed": old.name != new.name,
        "details": any(_unlike(old, new)),
    }
    return next((status for status, found in unlike.items() if found), "same")


def _unlike(old: _Facility, new: _Facility) -> Iterator[str]:
    """Yield which details differ; whether it joins the streets is no property of its own."""
    for name, before, after in zip(DETAILS, old.details, new.details, strict=True):
        if name != "off_network" and before != after:
            yield name


def _order(row: Mapping[str, Any]) -> str:
    ends = sorted(
        repr([row[f"{n}_{end}"] for n in ("service", "name", "lon", "lat")])
        for end in ("old", "new")
    )
    return repr(ends)


def places_of(rows: Sequence[Mapping[str, Any]], services: frozenset[str]) -> "Places":
    """Return the places of the rows that concern some services, before and now."""
    own = [row for row in rows if {row["service_old"], row["service_new"]} & services]
    lon = np.array([[_coordinate(row[f"lon_{end}"]) for end in ("old", "new")] for row in own])
    lat = np.array([[_coordinate(row[f"lat_{end}"]) for end in ("old", "new")] for row in own])
    return Places(tuple(own), lon.reshape(-1, 2), lat.reshape(-1, 2))


def _coordinate(value: Any) -> float:
    return np.nan if value is None else float(value)


@dataclass(frozen=True)
class Places:
    """Rows of the table of facilities with where they were and are.

    Parameters
    ----------
    rows
        The rows.
    lon, lat
        Degrees, shape (rows, 2): before and now; NaN where it was or is not.
    """

    rows: tuple[Mapping[str, Any], ...]
    lon: np.ndarray
    lat: np.ndarray

    def metres_from(self, box: tuple[float, float, float, float]) -> np.ndarray:
        """Return how far the nearer place of each row is from a box in degrees, at least.

        On a sphere with the smallest radius of curvature that the Earth has: never too much.

        Returns
        -------
        array
            Metres, shape (rows,).
        """
        west, south, east, north = box
        degree_m = 110_500.0
        x = np.maximum(np.maximum(west - self.lon, self.lon - east), 0.0)
        y = np.maximum(np.maximum(south - self.lat, self.lat - north), 0.0)
        highest = np.maximum(np.abs(self.lat), max(abs(south), abs(north)))
        narrow = np.cos(np.radians(np.minimum(highest, 90.0)))
        return np.asarray(np.nanmin(np.hypot(x * narrow, y) * degree_m, axis=1))
