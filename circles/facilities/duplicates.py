"""Two records of one place: the same name at the same spot, or what looks like it."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from circles.crs import FloatArray
from circles.facilities.classify import without_words_of
from circles.facilities.likeness import address_key, alike, core_name, name_key, phone_key
from circles.network import BoolArray, IntArray

#: Two records of one name and service so near to each other are one facility.
SAME_M: Final = 50.0
#: So far apart may two records of one place under similar names lie.
SIMILAR_M: Final = 100.0
#: So far apart may two records of one address, telephone number or code lie.
CONTACT_M: Final = 200.0
#: So near is a mapped place without a name to the one of a table that it may be.
NAMELESS_M: Final = 30.0
#: Where more facilities of one service than this lie within `CONTACT_M`, they are not compared:
#: such coordinates are those of an area's middle.
_CROWD: Final = 200
_EQUATOR_M: Final = 6_378_137.0
_ECCENTRICITY_2: Final = 0.00669437999014
_AROUND: Final = tuple(product((0, -1, 1), repeat=3))


class Likeness(StrEnum):
    """In what two records are alike."""

    SAME_NAME = "same_name"
    SIMILAR_NAME = "similar_name"
    SAME_ADDRESS = "same_address"
    SAME_PHONE = "same_phone"
    SAME_CODE = "same_code"
    NAMELESS = "nameless"


@dataclass(frozen=True)
class Pair:
    """Two records of one service that are, or may be, one place.

    Parameters
    ----------
    first, second
        Their facility ids; the first is the one that is kept.
    service
        The service.
    likeness
        In what they are alike.
    distance_m
        How far apart they lie.
    certain
        Whether the second is left out; otherwise both are counted.
    """

    first: str
    second: str
    service: str
    likeness: Likeness
    distance_m: float
    certain: bool


@dataclass(frozen=True)
class Match:
    """Two rows of a table of sites that are alike; `first` comes before `second`."""

    first: int
    second: int
    likeness: Likeness
    distance_m: float


@dataclass(frozen=True)
class Sites:
    """Facilities as they are compared: one row a facility and service, the kept ones first.

    Parameters
    ----------
    service, name, address, phone, code
        Codes (service) and keys of `likeness`; ``""`` where there is none.
    core
        What tells a name from others of its service: 猎德 of 广州市猎德长者饭堂.
    place_m
        Earth-centred coordinates, shape (n, 3).
    """

    service: IntArray
    name: Sequence[str]
    core: Sequence[str]
    address: Sequence[str]
    phone: Sequence[str]
    code: Sequence[str]
    place_m: FloatArray

    @classmethod
    def of(cls, facilities: gpd.GeoDataFrame, records: pd.DataFrame) -> "Sites":
        """Make sites of facilities and the table beside them (`Collected.records`)."""
        names = [str(name) for name in facilities["name"]]
        points = facilities.geometry
        return cls(
            pd.factorize(facilities["service"])[0].astype(np.int64),
            [name_key(name) for name in names],
            [
                without_words_of(service, core_name(name))
                for service, name in zip(facilities["service"], names, strict=True)
            ],
            [address_key(text or "") for text in records["address"]],
            [phone_key(text or "") for text in records["phone"]],
            [name_key(text or "") for text in records["code"]],
            earth_centred(points.x.to_numpy(dtype=float), points.y.to_numpy(dtype=float)),
        )

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.service)


def same_places(sites: Sites) -> list[Match]:
    """Return the rows that lie within `SAME_M` of an earlier one of the same service and name.

    Rows are taken in order; a row is compared with those that are kept, so that a chain of
    records does not swallow a place at its far end. Rows without a name are never the same.
    """
    groups: dict[tuple[int, str], list[int]] = defaultdict(list)
    for row, key in enumerate(zip(sites.service.tolist(), sites.name, strict=True)):
        if key[1]:
            groups[key].append(row)
    found: list[Match] = []
    for rows in groups.values():
        if len(rows) > 1:
            found += _second_records(rows, sites.place_m)
    return sorted(found, key=lambda match: match.second)


def similar_places(sites: Sites, *, among: BoolArray | None = None) -> list[Match]:
    """Return pairs of one service that may be one place: alike in name, address, phone or code.

    Parameters
    ----------
    sites
        The facilities.
    among
        Which of them are compared, shape (n,); by default all.
    """
    chosen = np.flatnonzero(_uncrowded(sites) & (True if among is None else among))
    first, second, distance_m = pairs_within(sites.place_m[chosen], CONTACT_M)
    first, second = chosen[first], chosen[second]
    same = sites.service[first] == sites.service[second]
    found = zip(first[same].tolist(), second[same].tolist(), distance_m[same].tolist(), strict=True)
    return [
        Match(a, b, likeness, length_m)
        for a, b, length_m in found
        if (likeness := _likeness(sites, a, b, length_m)) is not None
    ]


def crowded(sites: Sites) -> int:
    """Return how many facilities lie too close together to be compared."""
    return int((~_uncrowded(sites)).sum())


def earth_centred(lon: FloatArray, lat: FloatArray) -> FloatArray:
    """Return places in degrees (WGS 84) as earth-centred coordinates in metres, shape (n, 3).

    The straight line between two near places there is as long as the way along the ellipsoid:
    over 200 m the difference is below a micrometre.
    """
    east, north = np.radians(lon), np.radians(lat)
    radius = _EQUATOR_M / np.sqrt(1 - _ECCENTRICITY_2 * np.sin(north) ** 2)
    across = radius * np.cos(north)
    up = radius * (1 - _ECCENTRICITY_2) * np.sin(north)
    return np.column_stack([across * np.cos(east), across * np.sin(east), up])


def pairs_within(place_m: FloatArray, distance_m: float) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the pairs of places not farther apart than a distance: rows i < j, and how far."""
    found = cKDTree(place_m).query_pairs(distance_m, output_type="ndarray")
    pairs = found.astype(np.int64).reshape(-1, 2)
    first, second = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].T
    return first, second, np.linalg.norm(place_m[first] - place_m[second], axis=1)


def _second_records(rows: Iterable[int], place_m: FloatArray) -> Iterator[Match]:
    """Yield the rows of one name that lie beside a kept one; see `same_places`.

    Kept places lie more than `SAME_M` apart, so that few share a cell of that size.
    """
    kept: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for row in rows:
        x, y, z = (int(cell) for cell in np.floor(place_m[row] / SAME_M))
        near = [
            (math.dist(place_m[row], place_m[other]), other)
            for i, j, k in _AROUND
            for other in kept.get((x + i, y + j, z + k), ())
        ]
        length_m, other = min(near, default=(math.inf, -1))
        if length_m <= SAME_M:
            yield Match(other, row, Likeness.SAME_NAME, length_m)
        else:
            kept[x, y, z].append(row)


def _likeness(sites: Sites, a: int, b: int, length_m: float) -> Likeness | None:
    if length_m <= SIMILAR_M and alike(sites.core[a], sites.core[b]):
        return Likeness.SIMILAR_NAME
    if sites.address[a] and sites.address[a] == sites.address[b]:
        return Likeness.SAME_ADDRESS
    if sites.phone[a] and sites.phone[a] == sites.phone[b]:
        return Likeness.SAME_PHONE
    if sites.code[a] and sites.code[a] == sites.code[b]:
        return Likeness.SAME_CODE
    return None


def _uncrowded(sites: Sites) -> BoolArray:
    """Return which facilities have few others of their service around, shape (n,)."""
    if len(sites) == 0:
        return np.zeros(0, dtype=bool)
    cells = np.floor(sites.place_m / CONTACT_M).astype(np.int64)
    keys = np.column_stack([sites.service, cells])
    _, place, count = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    return np.asarray(count[place.reshape(-1)] <= _CROWD, dtype=bool)
