"""Where people live: buildings, population cells, points — or, failing these, street frontage."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from circles.crs import FloatArray
from circles.demand.buildings import residential_floor_area
from circles.errors import FaultsError
from circles.network import BoolArray, IndexArray, WalkNetwork
from circles.tables import cell_text, listing, numbers_of, rows_in_words
from circles.texts import Note

#: Polygons wider than this are cut into squares, so that one point never stands for a whole area.
PIECE_M: Final = 100.0
#: Smaller pieces are what rounding leaves along a border; nobody lives on a hand's breadth.
_MIN_PIECE_M2: Final = 0.01
#: Street frontage is sampled at this distance.
_FRONTAGE_STEP_M: Final = 25.0

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
    """

    x_m: FloatArray
    y_m: FloatArray
    community: IndexArray
    weights: Mapping[str, FloatArray]
    source: ObjectArray
    notes: tuple[Note, ...] = ()

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


def demand_from_buildings(
    buildings: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, crs: CRS
) -> Demand:
    """Weight residential buildings by their floor area.

    Parameters
    ----------
    buildings
        Columns `tags` (OSM tags) and `geometry`, any CRS.
    communities
        The community table (EPSG:4326).
    crs
        The run's local metric CRS.
    """
    local = buildings.to_crs(crs)
    floor = residential_floor_area(local)
    points = shapely.point_on_surface(local.geometry.to_numpy()[floor.used])
    area_m2 = floor.area_m2[floor.used]
    community = communities_of_points(points, communities, crs)
    inside = community >= 0
    return Demand(
        x_m=shapely.get_x(points)[inside],
        y_m=shapely.get_y(points)[inside],
        community=community[inside],
        weights={FLOOR_AREA: area_m2[inside]},
        source=_sources(community[inside], len(communities), "buildings"),
        notes=floor.notes,
    )


def demand_from_layer(
    layer: gpd.GeoDataFrame,
    columns: Mapping[str, str],
    communities: gpd.GeoDataFrame,
    crs: CRS,
    *,
    where: str,
) -> Demand:
    """Take demand from points or polygons with population columns.

    Polygons are cut along the communities and into squares of `PIECE_M`; their people are spread
    evenly over their area.

    Parameters
    ----------
    layer
        Points or polygons with a CRS.
    columns
        The layer's population columns by group, such as ``{"all": "population"}``.
    communities
        The community table (EPSG:4326).
    crs
        The run's local metric CRS.
    where
        What to call the layer in messages.

    Raises
    ------
    FaultsError
        A column is missing or holds something other than numbers of 0 or more.
    """
    people = _population_columns(layer, columns, where)
    local = _mended(layer.to_crs(crs).geometry.to_numpy())
    polygonal = bool(len(local)) and set(shapely.get_type_id(local)) <= {3, 6}
    if polygonal:
        points, row, share = _pieces(local, communities, crs)
    else:
        points, row = shapely.point_on_surface(local), np.arange(len(local))
        share = np.ones(len(local))
    community = communities_of_points(points, communities, crs)
    inside = community >= 0
    weights = {group: (values[row] * share)[inside] for group, values in people.items()}
    counted = "all" if "all" in people else next(iter(people))
    total, kept = float(people[counted].sum()), float(weights[counted].sum())
    notes = [Note.of("assumptions.even_cells")] if polygonal else []
    if total > 0 and kept < 0.995 * total:
        notes.append(Note.of("warnings.demand_outside", share=round(100 * (1 - kept / total), 1)))
    return Demand(
        x_m=shapely.get_x(points)[inside],
        y_m=shapely.get_y(points)[inside],
        community=community[inside],
        weights=weights,
        source=_sources(community[inside], len(communities), "population"),
        notes=tuple(notes),
    )


def with_frontage(demand: Demand, network: WalkNetwork, communities: gpd.GeoDataFrame) -> Demand:
    """Give communities without any demand point their walkable street frontage instead.

    Points are set along the streets inside such a community, every 25 m, each weighted by the
    street it stands for. A community with no street either keeps the source ``"none"``.
    """
    bare = np.flatnonzero(demand.source == "none")
    if not len(bare):
        return demand
    x_m, y_m, weight_m = _frontage(network)
    outlines = communities.geometry.iloc[bare]
    found = communities_of_points(
        np.asarray(shapely.points(x_m, y_m)), gpd.GeoDataFrame(geometry=outlines), network.crs
    )
    inside = found >= 0
    community = bare[found[inside]].astype(np.int32)
    source = demand.source.copy()
    source[np.unique(community)] = "frontage"
    old, new = len(demand), int(inside.sum())
    weights = {name: np.append(values, np.zeros(new)) for name, values in demand.weights.items()}
    weights[FRONTAGE] = np.append(np.zeros(old), weight_m[inside])
    names = [str(communities["name"].iloc[i]) for i in np.unique(community)]
    note = Note.of("warnings.frontage", count=len(names), examples=tuple(names[:5]))
    return replace(
        demand,
        x_m=np.append(demand.x_m, x_m[inside]),
        y_m=np.append(demand.y_m, y_m[inside]),
        community=np.append(demand.community, community).astype(np.int32),
        weights=weights,
        source=source,
        notes=(*demand.notes, note) if names else demand.notes,
    )


def group_weights(demand: Demand, population: pd.DataFrame, group: str) -> GroupWeights:
    """Return a group's weights at the demand points.

    Within a community, people are spread as the points' own numbers of the group say, else as
    those of all residents, else by floor area or street frontage. They are scaled to the
    community's total of the group where the community table has it, else to that of all
    residents, marked as assumed. With no count of people at all, floor area or frontage counts.

    Parameters
    ----------
    demand
        The demand points.
    population
        Residents by community (rows) and group (columns); NaN where not known.
    group
        The group.
    """
    communities = len(demand.source)
    pattern, counts = _pattern(demand, group)
    counted = (counts is not None) & (demand.source == "population")
    own = counted & (counts == group)
    sums = np.bincount(demand.community, weights=pattern, minlength=communities)
    total = _column(population, group, communities)
    whole = _column(population, "all", communities)
    assumed = np.isnan(total) & ~own & (group != "all")
    target = np.where(np.isnan(total), np.where(own, np.nan, whole), total)
    known = ~np.isnan(target)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(known & (sums > 0), target / sums, 1.0)
    raw = np.where(demand.source == "frontage", FRONTAGE, FLOOR_AREA)
    unit = np.where(known | counted, PEOPLE, raw)
    return GroupWeights(pattern * factor[demand.community], unit.astype(object), assumed)


def _pattern(demand: Demand, group: str) -> tuple[FloatArray, str | None]:
    """How weights spread over the points, and which group the layer of people counts there."""
    stand_in = demand.weights.get(FLOOR_AREA, np.zeros(len(demand)))
    stand_in = stand_in + demand.weights.get(FRONTAGE, np.zeros(len(demand)))
    for name in (group, "all"):
        if name in demand.weights:
            return demand.weights[name] + stand_in, name
    return stand_in, None


def communities_of_points(
    points: ObjectArray, communities: gpd.GeoDataFrame, crs: CRS
) -> IndexArray:
    """Return the row of the community each point lies in, -1 for none.

    A point in two overlapping communities, or on a border, belongs to the first of them.

    Parameters
    ----------
    points
        Points in `crs`, shape (k,).
    communities
        Polygons, any CRS.
    crs
        The run's local metric CRS.
    """
    outlines = communities.to_crs(crs).geometry.to_numpy()
    point, row = shapely.STRtree(outlines).query(points, predicate="intersects")
    found = np.full(len(points), len(outlines), dtype=np.int32)
    np.minimum.at(found, point, row.astype(np.int32))
    return np.where(found == len(outlines), -1, found).astype(np.int32)


def _column(population: pd.DataFrame, group: str, communities: int) -> FloatArray:
    if group not in population:
        return np.full(communities, np.nan)
    return population[group].to_numpy(dtype=np.float64)


def _sources(community: IndexArray, communities: int, source: str) -> ObjectArray:
    has_points = np.bincount(community, minlength=communities) > 0
    return np.where(has_points, source, "none").astype(object)


def _population_columns(
    layer: gpd.GeoDataFrame, columns: Mapping[str, str], where: str
) -> dict[str, FloatArray]:
    faults = [] if columns else ["it is not said which columns count people, such as all = people"]
    people: dict[str, FloatArray] = {}
    for group, column in columns.items():
        if column not in layer.columns:
            have = listing("columns", column, layer.columns.drop(layer.geometry.name))
            faults.append(f"there is no column {column!r} for group {group!r}; {have}")
            continue
        numbers, not_numbers = numbers_of(layer[column])
        wrong = np.flatnonzero(layer.index.isin(not_numbers) | (numbers < 0))
        if len(wrong):
            faults.append(
                f"column {column!r} holds {cell_text(layer[column].iloc[wrong[0]])!r} in "
                f"{rows_in_words(layer.index[wrong].tolist())}; a number of 0 or more was expected"
            )
        people[group] = np.nan_to_num(numbers)
    if faults:
        raise FaultsError(where, faults)
    return people


def _mended(geometry: ObjectArray) -> ObjectArray:
    """Repair the polygons that cross themselves; no area can be cut out of them otherwise."""
    broken = ~shapely.is_valid(geometry)
    mended = geometry.copy()
    mended[broken] = shapely.make_valid(geometry[broken], method="structure", keep_collapsed=False)
    return mended


def _disjoint(outlines: ObjectArray) -> ObjectArray:
    """Give the ground that outlines share to the first of them."""
    later, first = shapely.STRtree(outlines).query(outlines, predicate="intersects")
    shared = (first < later) & ~shapely.touches(outlines[first], outlines[later])
    own = outlines.copy()
    for i in np.unique(later[shared]):
        taken = shapely.union_all(outlines[first[shared & (later == i)]])
        own[i] = shapely.difference(outlines[i], taken)
    return own


def _pieces(
    polygons: ObjectArray, communities: gpd.GeoDataFrame, crs: CRS
) -> tuple[ObjectArray, npt.NDArray[np.int64], FloatArray]:
    """Cut polygons along communities and into squares: a point, its polygon, its share of it."""
    outlines = _disjoint(communities.to_crs(crs).geometry.to_numpy())
    row, other = shapely.STRtree(outlines).query(polygons, predicate="intersects")
    parts = shapely.intersection(polygons[row], outlines[other])
    squares, part = _squares(parts)
    row = row[part]
    area_m2 = shapely.area(squares)
    kept = area_m2 > _MIN_PIECE_M2
    share = area_m2[kept] / shapely.area(polygons[row[kept]])
    return shapely.point_on_surface(squares[kept]), row[kept], share


def _squares(parts: ObjectArray) -> tuple[ObjectArray, npt.NDArray[np.int64]]:
    pieces: list[shapely.Geometry] = []
    index: list[int] = []
    for i, part in enumerate(parts):
        west, south, east, north = shapely.bounds(part)
        if not (east - west > PIECE_M or north - south > PIECE_M):
            pieces.append(part)
            index.append(i)
            continue
        xs = np.arange(np.floor(west / PIECE_M) * PIECE_M, east, PIECE_M)
        ys = np.arange(np.floor(south / PIECE_M) * PIECE_M, north, PIECE_M)
        x, y = (grid.ravel() for grid in np.meshgrid(xs, ys))
        cut = shapely.intersection(shapely.box(x, y, x + PIECE_M, y + PIECE_M), part)
        cut = cut[~shapely.is_empty(cut)]
        pieces.extend(cut)
        index.extend([i] * len(cut))
    return np.array(pieces, dtype=object), np.array(index, dtype=np.int64)


def _frontage(network: WalkNetwork) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Points along every joinable edge, and the street each stands for, metres."""
    edges, x_m, y_m = network.edges, *network.xy_m
    owner = np.repeat(np.arange(len(edges)), np.diff(edges.offset))
    kept = network.joinable[owner]
    order = np.unique(owner[kept], return_inverse=True)[1]
    lines = np.asarray(shapely.linestrings(np.column_stack([x_m[kept], y_m[kept]]), indices=order))
    length_m = shapely.length(lines)
    count = np.maximum(1, np.ceil(length_m / _FRONTAGE_STEP_M)).astype(np.int64)
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    share = (nth + 0.5) / np.repeat(count, count)
    at = shapely.line_interpolate_point(np.repeat(lines, count), share, normalized=True)
    return shapely.get_x(at), shapely.get_y(at), np.repeat(length_m / count, count)
