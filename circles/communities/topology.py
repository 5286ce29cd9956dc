"""How the outlines of communities fit together: overlaps, gaps, and slivers of either.

A sliver is a piece of ground whose mean width (twice its area over its perimeter) is at most
`SLIVER_WIDTH_M` and whose area is at most `SLIVER_SHARE` of the smaller community's (of a gap: of
the community that gets it): borders drawn twice by hand. Slivers of overlap are taken from the
community that comes later in the file, as residents in an overlap count for the first; slivers of
gaps go to the neighbour that they touch most. What is wider is reported and left as it is. A gap
is ground that communities surround and none owns; what is open to the outside is none, nor is a
hole that another community fills.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from circles.communities.findings import Finding, Rows
from circles.communities.rings import place_text
from circles.crs import FloatArray, local_crs, to_metres
from circles.tables.ledger import Fate
from circles.texts import Note

#: Ground thinner than this between two borders is the same border drawn twice.
SLIVER_WIDTH_M: Final = 2.0
#: But not where it is more than this share of a community.
SLIVER_SHARE: Final = 0.01
#: Thinner than this it is rounding of coordinates (1e-7 degrees are 1.1 cm).
_NOISE_WIDTH_M: Final = 0.02
#: Overlaps above this share of the smaller community are told to every reader of results.
_MUCH_SHARE: Final = 0.01
#: How far to look for the neighbours of a gap, degrees: a tenth of a metre.
_TOUCH_DEG: Final = 1e-6
#: How far a gap is widened where rounding keeps it from touching its neighbour: 0.2 millimetres.
_WIDER_DEG: Final = 2e-9
_DEGREE_M: Final = 111_200.0
_NAMED: Final = 6

Outlines = npt.NDArray[Any]


@dataclass(frozen=True)
class Topology:
    """How outlines fit together.

    Parameters
    ----------
    outlines
        The outlines with slivers repaired; the same objects where there was nothing to repair.
    findings
        Overlaps, gaps and slivers, with area and place.
    warnings
        What every reader of results must know.
    """

    outlines: Outlines
    findings: tuple[Finding, ...]
    warnings: tuple[Note, ...]


@dataclass(frozen=True)
class _Pieces:
    """Pieces of ground, with who is concerned (the places of two communities; -1 for nobody)."""

    shapes: Outlines
    pairs: npt.NDArray[np.int64]
    area_m2: FloatArray
    width_m: FloatArray


def check_topology(outlines: Outlines, rows: Rows) -> Topology:
    """Find overlaps and gaps among outlines, and repair those that are slivers.

    Parameters
    ----------
    outlines
        Valid polygons in EPSG:4326.
    rows
        Whose they are.
    """
    crs = _crs_of(outlines)
    areas_m2 = _areas_m2(outlines)
    touching = shapely.STRtree(outlines).query(outlines, predicate="intersects")
    pairs = touching[:, touching[0] < touching[1]].T
    loose = ~shapely.is_empty(shapely.coverage_invalid_edges(outlines))
    overlaps = _overlaps(outlines, pairs[loose[pairs].any(axis=1)], crs)
    gaps = _gaps(outlines, crs, fits=not loose.any())
    mended = outlines.copy()
    findings = _tell_overlaps(overlaps, areas_m2, mended, rows)
    findings += _tell_gaps(gaps, areas_m2, mended, rows)
    noise = sum(int((pieces.width_m < _NOISE_WIDTH_M).sum()) for pieces in (overlaps, gaps))
    if noise:
        findings.append(Finding("noise", Note.of("communities.noise", count=noise)))
    return Topology(mended, tuple(findings), _warnings(overlaps, areas_m2, rows))


def _crs_of(outlines: Outlines) -> CRS:
    west, south, east, north = shapely.total_bounds(outlines)
    return local_crs((west + east) / 2, (south + north) / 2)


def _areas_m2(outlines: Outlines) -> FloatArray:
    """Return areas on a sphere, true to a hundredth: enough to tell what is a small share."""
    bounds = shapely.bounds(outlines)
    latitude = np.radians((bounds[:, 1] + bounds[:, 3]) / 2)
    areas_m2: FloatArray = shapely.area(outlines) * _DEGREE_M**2 * np.cos(latitude)
    return areas_m2


def _in_metres(shapes: Outlines, crs: CRS) -> Outlines:
    def project(places: FloatArray) -> FloatArray:
        return np.column_stack(to_metres(places[:, 0], places[:, 1], crs))

    return np.asarray(shapely.transform(shapes, project), dtype=object)


def _pieces(
    shapes: Sequence[BaseGeometry] | Outlines, pairs: FloatArray | npt.NDArray[np.int64], crs: CRS
) -> _Pieces:
    """Take ground apart into single polygons and measure each."""
    parts, of = shapely.get_parts(np.asarray(shapes, dtype=object), return_index=True)
    polygons = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    parts, of = parts[polygons], of[polygons]
    metres = _in_metres(parts, crs)
    areas, lengths = shapely.area(metres), shapely.length(metres)
    widths = np.divide(2 * areas, lengths, out=np.zeros(len(parts)), where=lengths > 0)
    there = areas > 0
    owners = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)[of[there]]
    return _Pieces(parts[there], owners, areas[there], widths[there])


def _overlaps(outlines: Outlines, pairs: npt.NDArray[np.int64], crs: CRS) -> _Pieces:
    common = shapely.intersection(outlines[pairs[:, 0]], outlines[pairs[:, 1]])
    some = shapely.area(common) > 0
    return _pieces(common[some], pairs[some], crs)


def _gaps(outlines: Outlines, crs: CRS, *, fits: bool) -> _Pieces:
    union = shapely.coverage_union_all(outlines) if fits else shapely.union_all(outlines)
    parts = shapely.get_parts(union)
    rings = [ring for part in parts for ring in getattr(part, "interiors", ())]
    holes = shapely.polygons(rings) if rings else np.empty(0, dtype=object)
    inside = shapely.STRtree(parts).query(holes, predicate="contains")
    gaps = list(holes)
    for hole in np.unique(inside[0]).tolist():
        islands = shapely.union_all(parts[inside[1][inside[0] == hole]])
        gaps[hole] = shapely.difference(holes[hole], islands)
    return _pieces(gaps, np.full((len(gaps), 2), -1), crs)


def _tell_overlaps(
    pieces: _Pieces, areas_m2: FloatArray, mended: Outlines, rows: Rows
) -> list[Finding]:
    slivers = _are_slivers(pieces, areas_m2)
    findings = []
    for sliver in (False, True):
        chosen = np.flatnonzero((slivers == sliver) & (pieces.width_m >= _NOISE_WIDTH_M))
        for (first, second), own in _by_pair(pieces.pairs, chosen):
            shape = shapely.union_all(pieces.shapes[own])
            repaired = sliver and _taken_off(mended, second, shape)
            findings.append(
                _finding(
                    "overlap_sliver" if sliver else "overlap",
                    (first, second),
                    (shape, float(pieces.area_m2[own].sum()), float(pieces.width_m[own].max())),
                    rows,
                    repaired=repaired,
                )
            )
    return findings


def _by_pair(
    pairs: npt.NDArray[np.int64], chosen: npt.NDArray[np.int64]
) -> list[tuple[tuple[int, int], npt.NDArray[np.int64]]]:
    """Return the chosen pieces of each pair, in the order of the pairs."""
    order = chosen[np.lexsort((pairs[chosen, 1], pairs[chosen, 0]))]
    starts = np.flatnonzero((np.diff(pairs[order], axis=0) != 0).any(axis=1)) + 1
    groups = [group for group in np.split(order, starts) if len(group)]
    return [((int(pairs[g[0], 0]), int(pairs[g[0], 1])), g) for g in groups]


def _are_slivers(pieces: _Pieces, areas_m2: FloatArray) -> npt.NDArray[np.bool_]:
    smaller_m2 = np.minimum(*areas_m2[pieces.pairs].T) if len(pieces.pairs) else np.empty(0)
    thin: npt.NDArray[np.bool_] = (pieces.width_m <= SLIVER_WIDTH_M) & (
        pieces.area_m2 <= SLIVER_SHARE * smaller_m2
    )
    return thin


def _taken_off(mended: Outlines, place: int, shape: BaseGeometry) -> bool:
    """Take a sliver off an outline, unless that would leave no clean polygon."""
    left = _polygonal(shapely.difference(mended[place], shape))
    if left.is_empty or not left.is_valid:
        return False
    mended[place] = left
    return True


def _polygonal(shape: BaseGeometry) -> BaseGeometry:
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shape
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def _tell_gaps(
    pieces: _Pieces, areas_m2: FloatArray, mended: Outlines, rows: Rows
) -> list[Finding]:
    if not len(pieces.shapes):
        return []
    near = shapely.buffer(pieces.shapes, _TOUCH_DEG)
    hole, owner = shapely.STRtree(mended).query(near, predicate="intersects")
    touch = shapely.area(shapely.intersection(near[hole], mended[owner]))
    order = np.lexsort((owner, -touch, hole))  # of each gap, the neighbour it touches most first
    hole, owner, touch = hole[order], owner[order], touch[order]
    ends = np.searchsorted(hole, np.arange(len(near) + 1))
    around: dict[int, list[int]] = {}
    slivers: dict[int, list[int]] = {}
    for place in np.flatnonzero(pieces.width_m >= _NOISE_WIDTH_M).tolist():
        own = slice(ends[place], ends[place + 1])
        around[place] = owner[own][touch[own] > 0].tolist()
        thin = pieces.width_m[place] <= SLIVER_WIDTH_M
        receiver = around[place][0] if around[place] else -1
        if thin and around[place] and pieces.area_m2[place] <= SLIVER_SHARE * areas_m2[receiver]:
            slivers.setdefault(receiver, []).append(place)
    repaired: set[int] = set()
    for receiver, own_ones in slivers.items():
        repaired |= _added(mended, receiver, pieces.shapes, own_ones)
    thin_ones = {place for own_ones in slivers.values() for place in own_ones}
    findings = []
    for place, owners in around.items():
        measures = (
            pieces.shapes[place],
            float(pieces.area_m2[place]),
            float(pieces.width_m[place]),
        )
        kind = "gap_sliver" if place in thin_ones else "gap"
        findings.append(_finding(kind, tuple(owners), measures, rows, repaired=place in repaired))
    return sorted(findings, key=lambda finding: finding.kind)


def _added(mended: Outlines, receiver: int, shapes: Outlines, places: list[int]) -> set[int]:
    """Add slivers to an outline and return which; not those that would not give a clean one."""
    before = shapely.get_num_geometries(mended[receiver])
    wider = shapely.buffer(shapes[places], _WIDER_DEG, join_style="mitre")
    for pieces in (shapes[places], wider):
        whole = shapely.union_all([mended[receiver], *pieces])
        clean = whole.geom_type in {"Polygon", "MultiPolygon"}
        if clean and shapely.get_num_geometries(whole) <= before:
            mended[receiver] = whole
            return set(places)
    if len(places) == 1:
        return set()
    return {place for own in places for place in _added(mended, receiver, shapes, [own])}


def _finding(
    kind: str,
    places: tuple[int, ...],
    measures: tuple[BaseGeometry, float, float],
    rows: Rows,
    *,
    repaired: bool,
) -> Finding:
    shape, area_m2, width_m = measures
    point = shape.representative_point()
    state = "repaired" if repaired else "thin" if kind.endswith("sliver") else "left"
    note = Note.of(
        f"communities.{kind.removesuffix('_sliver')}_{state}",
        communities=tuple(rows.names[place] for place in places[:_NAMED]),
        area_m2=_rounded(area_m2),
        width_m=_rounded(width_m),
        place=place_text((point.x, point.y)),
    )
    fate = Fate.REPAIRED if repaired else Fate.DOUBTFUL
    at = (float(point.x), float(point.y))
    return rows.finding(kind, note, places, fate=fate, area_m2=area_m2, at=at, shape=shape)


def _rounded(amount: float) -> str:
    """Write an amount with about three figures."""
    return f"{amount:,.0f}" if amount >= 100 else f"{amount:.3g}"


def _warnings(pieces: _Pieces, areas_m2: FloatArray, rows: Rows) -> tuple[Note, ...]:
    """Warn of pairs that share much more than a drawn border explains."""
    wide = ~_are_slivers(pieces, areas_m2)
    shared: dict[tuple[int, int], float] = {}
    for pair, area in zip(pieces.pairs[wide].tolist(), pieces.area_m2[wide], strict=True):
        shared[pair[0], pair[1]] = shared.get((pair[0], pair[1]), 0.0) + float(area)
    much = [
        pair
        for pair, area in sorted(shared.items())
        if area > _MUCH_SHARE * areas_m2[list(pair)].min()
    ]
    if not much:
        return ()
    names = tuple(f"{rows.names[one]} / {rows.names[two]}" for one, two in much[:3])
    return (Note.of("warnings.overlaps", count=len(much), examples=names),)
