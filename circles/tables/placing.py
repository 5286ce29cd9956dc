"""Whether coordinates can be in the system they are said to be in, row by row."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from circles.crs import WGS84
from circles.errors import InputError
from circles.tables.columns import rows_in_words
from circles.tables.ledger import Fate, RowEvent, doubtful, repaired, set_aside
from circles.tables.projections import candidates
from circles.texts import Note, load_texts

Shapes = npt.NDArray[np.object_]
Bounds = npt.NDArray[np.float64]
"""West, south, east, north of each row; shape (rows, 4)."""
_Mask = npt.NDArray[np.bool_]

#: A zone of a projection is used this far beyond the area it is made for, and no farther.
_STRETCH_DEG: Final = 10.0
_DEGREE_KM: Final = 111.2
#: A place is doubtful beyond this distance from the middle of the others, and beyond so many times
#: the usual distance from it.
_FAR_KM: Final = 30.0
_FAR_TIMES: Final = 12.0
#: With fewer places nobody can say which of them is the odd one.
_FEWEST: Final = 5


@dataclass
class _Placing:
    """Places while they are looked at; `shapes` loses those that are set aside."""

    rows: pd.Index
    shapes: Shapes
    events: list[RowEvent] = field(default_factory=list)

    @property
    def bounds(self) -> Bounds:
        return np.asarray(shapely.bounds(self.shapes), dtype=np.float64).reshape(-1, 4)

    def set_aside(self, which: _Mask, note: Callable[[int], Note]) -> None:
        for place in np.flatnonzero(which).tolist():
            self.events += set_aside([int(self.rows[place])], note(place))
        self.shapes[which] = None

    def swap(self, which: _Mask, note: Callable[[int], Note]) -> None:
        for place in np.flatnonzero(which).tolist():
            self.events += repaired([int(self.rows[place])], note(place))
        self.shapes[which] = shapely.transform(self.shapes[which], lambda points: points[:, ::-1])


def place_rows(
    rows: pd.Index, shapes: Shapes, crs: pyproj.CRS, *, where: str, by_hand: bool = False
) -> tuple[Shapes, list[RowEvent]]:
    """Look at every place: exchange swapped coordinates, take away those that cannot be.

    Parameters
    ----------
    rows
        The rows' numbers in their file.
    shapes
        Their geometry, 2-D; None where there is none.
    crs
        What their coordinates are said to be.
    where
        The layer, for messages.
    by_hand
        Whether a person named the CRS and the columns, so that easting and northing may have
        been exchanged, or the zone may be wrong.

    Returns
    -------
    shapes
        The geometry that can be used; None where it was set aside.
    events
        What happened to single rows.

    Raises
    ------
    InputError
        All of them are metres where degrees were said, or the other way round.
    """
    placing = _Placing(rows, shapes.copy())
    given = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    placing.shapes[~given] = None
    if not given.any():
        return placing.shapes, []
    _no_numbers(placing)
    if crs.is_geographic:
        _refuse_metres(placing, where)
        _degrees(placing)
    else:
        _refuse_degrees(placing, crs, where)
        _metres(placing, crs, by_hand=by_hand)
    _far_away(placing, geographic=crs.is_geographic)
    return placing.shapes, placing.events


def faults_of(events: Iterable[RowEvent]) -> list[str]:
    """Put the reasons for which rows were set aside into English words, each with its rows."""
    texts = load_texts("en")
    reasons: dict[str, dict[int, Note]] = {}
    for event in events:
        if event.fate is Fate.SET_ASIDE:
            reasons.setdefault(event.note.key, {}).setdefault(event.row, event.note)
    return [
        f"{rows_in_words(list(found))} (row {next(iter(found))}): "
        f"{texts.note(next(iter(found.values()))).rstrip('.')}"
        for found in reasons.values()
    ]


def _known(bounds: Bounds) -> _Mask:
    return ~np.asarray(np.isnan(bounds).any(axis=1), dtype=bool)


def _no_numbers(placing: _Placing) -> None:
    bounds = placing.bounds
    strange = _known(bounds) & np.isinf(bounds).any(axis=1)
    broken = ~_known(bounds) & ~shapely.is_missing(placing.shapes)
    placing.set_aside(strange | broken, lambda _: Note.of("reading.not_finite"))


def _as_pair(bounds: Bounds) -> Callable[[int], dict[str, str]]:
    return lambda place: {"x": f"{bounds[place, 0]:.10g}", "y": f"{bounds[place, 1]:.10g}"}


def _largest(bounds: Bounds) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the largest |x| and |y| of each row; 0 where nothing is known."""
    size = np.abs(np.nan_to_num(bounds))
    return size[:, [0, 2]].max(axis=1), size[:, [1, 3]].max(axis=1)


def _refuse_metres(placing: _Placing, where: str) -> None:
    """Refuse a layer said to be in degrees whose places are all in metres."""
    bounds = placing.bounds[_known(placing.bounds)]
    if not len(bounds):
        return
    x, y = _largest(bounds)
    middle = np.median(bounds[:, :2], axis=0)
    possible = candidates(float(middle[0]), float(middle[1]))
    if possible and ((x > 180) & (y > 90)).all():
        message = (
            f"{where}: the coordinates are metres, not degrees of longitude and latitude (row "
            f"{placing.rows[0]}: x {bounds[0, 0]:.10g}, y {bounds[0, 1]:.10g}); say the crs they "
            f"are in. It may be {'; or '.join(possible)}. Beijing 1954 and Xian 1980 look the "
            "same: ask where the table is from"
        )
        raise InputError(message)


def _degrees(placing: _Placing) -> None:
    bounds = placing.bounds
    pair = _as_pair(bounds)
    nowhere = _known(bounds) & (bounds == 0).all(axis=1)
    placing.set_aside(nowhere, lambda _: Note.of("reading.zero"))
    x, y = _largest(bounds)
    swapped = (x <= 90) & (y > 90) & (y <= 180)
    placing.swap(swapped, lambda place: Note.of("reading.swapped", **pair(place)))
    beyond = ((x > 180) | (y > 90)) & ~swapped
    near = _median_lon(placing, ~beyond)
    placing.set_aside(beyond, lambda place: _beyond(bounds[place], near))
    _half_zero(placing)


def _beyond(bounds: npt.NDArray[np.float64], near_lon: float | None) -> Note:
    x, y = float(bounds[0]), float(bounds[1])
    possible = candidates(x, y, near_lon=near_lon)
    told = {"x": f"{x:.10g}", "y": f"{y:.10g}"}
    if possible:
        return Note.of("reading.metres", **told, candidates=possible)
    return Note.of("reading.out_of_range", **told)


def _median_lon(placing: _Placing, which: _Mask) -> float | None:
    lon = placing.bounds[which, 0]
    lon = lon[~np.isnan(lon)]
    return float(np.median(lon)) if len(lon) else None


def _half_zero(placing: _Placing) -> None:
    """Set aside places on the equator or at Greenwich where no other place is near them."""
    bounds = placing.bounds
    for axis in (0, 1):
        zero = _known(bounds) & (bounds[:, axis] == 0) & (bounds[:, axis + 2] == 0)
        others = bounds[_known(bounds) & ~zero, axis]
        if zero.any() and len(others) and abs(float(np.median(others))) > 1:
            placing.set_aside(zero, lambda _: Note.of("reading.zero"))


def _refuse_degrees(placing: _Placing, crs: pyproj.CRS, where: str) -> None:
    bounds = placing.bounds[_known(placing.bounds)]
    x, y = _largest(bounds)
    if len(bounds) and ((x <= 180) & (y <= 180)).all():
        message = (
            f"{where}: the coordinates look like degrees, but the crs is {crs.name!r}, in metres; "
            "give the crs that they are in"
        )
        raise InputError(message)


def _metres(placing: _Placing, crs: pyproj.CRS, *, by_hand: bool) -> None:
    bounds = placing.bounds
    pair = _as_pair(bounds)
    x, y = _largest(bounds)
    degrees = _known(bounds) & (x <= 180) & (y <= 180)
    placing.set_aside(degrees, lambda p: Note.of("reading.degrees", crs=crs.name, **pair(p)))
    if not by_hand:
        return
    far = _far_from_area(bounds[:, 0], bounds[:, 1], crs) & _known(placing.bounds)
    turned = far & ~_far_from_area(bounds[:, 1], bounds[:, 0], crs)
    placing.swap(turned, lambda p: Note.of("reading.axes_swapped", **pair(p)))
    placing.set_aside(
        far & ~turned, lambda p: Note.of("reading.far_from_crs", crs=crs.name, **pair(p))
    )


def _far_from_area(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], crs: pyproj.CRS
) -> _Mask:
    area = crs.area_of_use
    if area is None or area.west > area.east:  # unknown, or across the date line
        return np.zeros(len(x), dtype=bool)
    lon, lat = pyproj.Transformer.from_crs(crs, WGS84, always_xy=True).transform(x, y)
    inside = (lon > area.west - _STRETCH_DEG) & (lon < area.east + _STRETCH_DEG)
    inside &= (lat > area.south - _STRETCH_DEG) & (lat < area.north + _STRETCH_DEG)
    return ~np.asarray(inside, dtype=bool)


def _far_away(placing: _Placing, *, geographic: bool) -> None:
    """Exchange coordinates that so fall among the others; doubt places that are far from them."""
    bounds = placing.bounds
    known = _known(bounds)
    if known.sum() < _FEWEST:
        return
    centre = (bounds[:, :2] + bounds[:, 2:]) / 2
    middle = np.median(centre[known], axis=0)
    scale = _scale_km(middle, geographic=geographic)
    distance_km = _distance_km(centre, middle, scale)
    limit_km = max(_FAR_KM, _FAR_TIMES * float(np.median(distance_km[known])))
    far = known & (distance_km > limit_km)
    if geographic:
        turned = far & (_distance_km(centre[:, ::-1], middle, scale) <= limit_km)
        pair = _as_pair(bounds)
        placing.swap(turned, lambda place: Note.of("reading.swapped", **pair(place)))
        far &= ~turned
    for place in np.flatnonzero(far).tolist():
        note = Note.of("reading.far_away", km=round(float(distance_km[place])))
        placing.events += doubtful([int(placing.rows[place])], note)


def _scale_km(middle: npt.NDArray[np.float64], *, geographic: bool) -> npt.NDArray[np.float64]:
    """Return the kilometres of one unit of x and y."""
    if not geographic:
        return np.array([0.001, 0.001])
    return np.array([_DEGREE_KM * max(np.cos(np.radians(middle[1])), 0.01), _DEGREE_KM])


def _distance_km(
    centre: npt.NDArray[np.float64],
    middle: npt.NDArray[np.float64],
    scale: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    return np.asarray(np.hypot(*((centre - middle) * scale).T))
