"""The outlines of communities, one by one: what is no outline, and what can be repaired."""

import re
from collections.abc import Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from circles.communities.findings import Finding, Rows
from circles.crs import FloatArray
from circles.tables.ledger import Fate
from circles.texts import Bilingual, Note

#: A repaired outline may not differ from the given one by more than this share of its area.
_MAX_REPAIR_SHARE: Final = 0.001
#: An outline that covers less than this share of its length squared is a line drawn twice.
_MIN_AREA_SHARE: Final = 1e-9
#: The ends of a line that is meant as a ring lie no farther apart than this.
_MAX_OPEN_M: Final = 2.0
#: A corner sharper than this between sides longer than that is a slip of the hand.
_SPIKE_COS: Final = float(np.cos(np.radians(1.0)))
_SPIKE_SIDE_M: Final = 5.0
_DEGREE_M: Final = 111_320.0
_REASON: Final = re.compile(r"(.*?)\[(\S+) (\S+)\]")
_REASONS: Final = {
    "Self-intersection": "与自身相交",
    "Ring Self-intersection": "与自身相接",
    "Hole lies outside shell": "内环在外环之外",
    "Nested holes": "内环相套",
    "Nested shells": "外环相套",
    "Interior is disconnected": "内部被分隔",
    "Duplicate Rings": "环重复",
    "Too few points in geometry component": "点数不足",
}


def make_outlines(
    geometry: "gpd.GeoSeries", rows: Rows, faults: list[str]
) -> tuple[npt.NDArray[Any], list[Finding]]:
    """Return the outlines as valid polygons in EPSG:4326; what cannot be is told as a fault.

    A ring that crosses itself is repaired where that changes its area by less than a thousandth;
    a line whose ends meet is taken for the ring it draws; points that repeat are left out.

    Parameters
    ----------
    geometry
        The layer's geometry, with a CRS.
    rows
        Whose they are.
    faults
        Where to put what cannot be used.
    """
    outlines = geometry.to_crs("EPSG:4326").to_numpy().copy()
    finite = _finite(outlines)
    findings: list[Finding] = []
    for place, outline in enumerate(outlines):
        whose = rows.ids[place]
        if outline is None or outline.is_empty:
            faults.append(
                f"community {whose!r} has no outline, or one that cannot be drawn; "
                "a closed ring of at least three places was expected"
            )
        elif not finite[place]:
            faults.append(
                f"the outline of community {whose!r} has coordinates that are no places in its "
                "coordinate system; correct them, or the layer's crs"
            )
        else:
            outlines[place] = _sound(outline, place, rows, faults, findings)
    _name_twins(outlines, rows, faults)
    if not faults:
        outlines = _without_repeats(outlines, rows, findings)
        findings += _spikes(outlines, rows)
    return outlines, findings


def _finite(outlines: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    coordinates, of = shapely.get_coordinates(outlines, return_index=True)
    finite = np.ones(len(outlines), dtype=bool)
    finite[of[~np.isfinite(coordinates).all(axis=1)]] = False
    return finite


def _sound(
    outline: BaseGeometry, place: int, rows: Rows, faults: list[str], findings: list[Finding]
) -> BaseGeometry:
    whose = rows.ids[place]
    ring = _ring_of(outline)
    if ring is not None:
        note = Note.of("communities.line_closed", community=rows.names[place])
        findings.append(rows.finding("line_closed", note, [place], fate=Fate.REPAIRED))
        outline = ring
    if outline.geom_type not in {"Polygon", "MultiPolygon"}:
        faults.append(f"community {whose!r} is a {outline.geom_type}; a polygon was expected")
    elif not outline.is_valid:
        return _repaired(outline, place, rows, faults, findings)
    elif outline.area < _MIN_AREA_SHARE * outline.length**2:
        faults.append(f"the outline of community {whose!r} has no area; draw it anew")
    return outline


def _ring_of(outline: BaseGeometry) -> BaseGeometry | None:
    """Return the polygon that a line draws whose ends meet; None if it draws none."""
    if outline.geom_type not in {"LineString", "LinearRing"}:
        return None
    places = shapely.get_coordinates(outline)
    apart = (places[-1] - places[0]) * [np.cos(np.radians(places[0, 1])), 1.0]
    if len(places) < 4 or np.hypot(*apart) * _DEGREE_M > _MAX_OPEN_M:
        return None
    polygon = shapely.Polygon(places)
    return polygon if polygon.is_valid else None


def _repaired(
    outline: BaseGeometry, place: int, rows: Rows, faults: list[str], findings: list[Finding]
) -> BaseGeometry:
    """Repair an outline that crosses itself, if that hardly changes what it covers."""
    reason = shapely.is_valid_reason(outline)
    parts = shapely.get_parts(shapely.make_valid(outline))
    polygons = [part for part in parts if part.geom_type in {"Polygon", "MultiPolygon"}]
    mended = shapely.union_all(polygons)
    if not abs(mended.area - outline.area) < _MAX_REPAIR_SHARE * mended.area:
        faults.append(
            f"the outline of community {rows.ids[place]!r} is not valid ({reason}) and cannot be "
            "repaired without changing what it covers; draw it anew there"
        )
        return outline
    words, at = _reason(reason)
    note = Note.of("warnings.outline_repaired", community=rows.ids[place], reason=words)
    findings.append(rows.finding("ring_repaired", note, [place], fate=Fate.REPAIRED, at=at))
    return mended


def _reason(reason: str) -> tuple[Bilingual, tuple[float, float] | None]:
    found = _REASON.fullmatch(reason)
    if found is None:
        return Bilingual(zh=_REASONS.get(reason, reason), en=reason), None
    lon, lat = float(found.group(2)), float(found.group(3))
    word = found.group(1)
    where = f"{lon:.5f}, {lat:.5f}"
    return Bilingual(zh=f"{_REASONS.get(word, word)}，{where}", en=f"{word}, {where}"), (lon, lat)


def _name_twins(outlines: npt.NDArray[Any], rows: Rows, faults: list[str]) -> None:
    """Name communities that have one and the same outline."""
    seen: dict[bytes, str] = {}
    for community_id, outline in zip(rows.ids, outlines, strict=True):
        key = b"" if outline is None or outline.is_empty else outline.normalize().wkb
        if key and key in seen:
            faults.append(
                f"communities {seen[key]!r} and {community_id!r} have the same outline; "
                "remove one of them, or correct its outline"
            )
        seen.setdefault(key, community_id)


def _without_repeats(
    outlines: npt.NDArray[Any], rows: Rows, findings: list[Finding]
) -> npt.NDArray[Any]:
    """Leave out points that repeat the one before; valid outlines stay valid."""
    fewer = shapely.remove_repeated_points(outlines, 0.0)
    lost = shapely.get_num_coordinates(outlines) - shapely.get_num_coordinates(fewer)
    places = np.flatnonzero(lost > 0).tolist()
    if places:
        note = Note.of("communities.repeated_points", count=len(places), points=int(lost.sum()))
        findings.append(rows.finding("repeated_points", note, places, fate=Fate.REPAIRED))
    return np.asarray(fewer, dtype=object)


def _spikes(outlines: npt.NDArray[Any], rows: Rows) -> list[Finding]:
    """Find outlines that run out and back again along nearly the same line."""
    rings, ring_of = shapely.get_rings(outlines, return_index=True)
    places, ring = shapely.get_coordinates(rings, return_index=True)
    sharp = _sharp_corners(places, ring)
    tips: dict[int, list[int]] = {}
    for corner in np.flatnonzero(sharp).tolist():
        tips.setdefault(int(ring_of[ring[corner]]), []).append(corner)
    return [
        rows.finding(
            "spike",
            Note.of(
                "communities.spike",
                community=rows.names[place],
                count=len(corners),
                place=place_text(places[corners[0]]),
            ),
            [place],
            at=(float(places[corners[0], 0]), float(places[corners[0], 1])),
        )
        for place, corners in sorted(tips.items())
    ]


def _sharp_corners(places: FloatArray, ring: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Tell which points are the tips of spikes.

    Parameters
    ----------
    places
        Points of closed rings, one ring after the other, degrees, shape (n, 2).
    ring
        The ring of each, shape (n,).
    """
    sharp = np.zeros(len(places), dtype=bool)
    if not len(places):
        return sharp
    last = np.append(ring[1:] != ring[:-1], True)
    first = np.append(True, last[:-1])
    starts, ends = np.flatnonzero(first), np.flatnonzero(last)
    before = np.arange(len(places)) - 1
    before[starts] = ends - 1  # the last point of a ring is its first again
    corners = np.flatnonzero(~last)
    scale = np.column_stack([np.cos(np.radians(places[:, 1])), np.ones(len(places))]) * _DEGREE_M
    here = places[corners]
    back = (places[before[corners]] - here) * scale[corners]
    on = (places[corners + 1] - here) * scale[corners]
    sides = np.hypot(*back.T), np.hypot(*on.T)
    cosine = (back * on).sum(axis=1) / np.maximum(sides[0] * sides[1], 1e-12)
    sharp[corners] = (np.minimum(*sides) >= _SPIKE_SIDE_M) & (cosine > _SPIKE_COS)
    return sharp


def place_text(place: Sequence[float] | FloatArray) -> str:
    """Write a longitude and latitude, to about a metre."""
    return f"{float(place[0]):.5f}, {float(place[1]):.5f}"
