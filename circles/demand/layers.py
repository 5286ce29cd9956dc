"""Demand from layers of people: points, or population cells drawn as polygons."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from circles.crs import FloatArray
from circles.demand.cells import Cells, spread_evenly
from circles.demand.cutting import communities_of_points, mended
from circles.demand.model import Demand, ObjectArray, known_in, sources_and_unknown
from circles.errors import FaultsError
from circles.network import IntArray
from circles.tables import cell_text, listing, numbers_of, rows_in_words
from circles.tables.ledger import Ledger, RowEvent, doubtful, set_aside
from circles.texts import Note

_POLYGON_TYPES: Final = {3, 6}
#: Cells that share less of the smaller one's area were drawn with rounding.
_MIN_OVERLAP_SHARE: Final = 0.01
_EXAMPLES: Final = 5
#: Outside people below this share of all are not worth a warning.
_MAX_OUTSIDE_SHARE: Final = 0.005


def demand_from_layer(
    layer: gpd.GeoDataFrame,
    columns: Mapping[str, str],
    communities: gpd.GeoDataFrame,
    crs: CRS,
    *,
    where: str,
    suppressed: Collection[float] = (),
    ledger: Ledger | None = None,
) -> Demand:
    """Take demand from points or polygons with population columns.

    Polygons are cut along the communities and into squares of `circles.demand.PIECE_M`; their
    people are spread evenly over their area.

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
    suppressed
        Numbers, such as -1, that the publisher writes where the true number is withheld; nobody
        is counted there, and the rows are listed.
    ledger
        The books of the layer so far; without them, new ones are opened.

    Raises
    ------
    FaultsError
        A column is missing or holds something other than numbers of 0 or more.
    """
    people, events = _population(layer, columns, where, suppressed)
    books = ledger or Ledger(where, len(layer))
    local = layer.to_crs(crs).geometry.to_numpy()
    notes = _withheld(events, where)
    if len(local) and set(shapely.get_type_id(local)) <= _POLYGON_TYPES:
        cells = Cells(mended(local), people)
        notes += _overlaps(cells.outline, layer, where)
        demand = spread_evenly(cells, communities, crs)
        # A layer of 250 m cells is cut once here and once in `spread_evenly`; both are cheap.
        away = ~_touching(cells.outline, communities, crs)
    else:
        demand, away = _of_points(local, people, communities, crs)
    events += set_aside(layer.index[away], Note.of("people.outside"))
    counted = "all" if "all" in people else next(iter(people))
    return replace(
        demand,
        notes=(*demand.notes, *notes, *_left_out(demand, counted)),
        ledgers=(books.adding(events),),
    )


def cells_from_layer(
    layer: gpd.GeoDataFrame,
    columns: Mapping[str, str],
    communities: gpd.GeoDataFrame,
    crs: CRS,
    *,
    where: str,
    suppressed: Collection[float] = (),
    ledger: Ledger | None = None,
) -> Cells:
    """Read polygons with population columns as cells, to be spread over buildings.

    The parameters are those of `demand_from_layer`.

    Raises
    ------
    FaultsError
        A column is missing or holds something other than numbers of 0 or more, or a row is no
        polygon.
    """
    people, events = _population(layer, columns, where, suppressed)
    local = layer.to_crs(crs).geometry.to_numpy()
    other = ~np.isin(shapely.get_type_id(local), list(_POLYGON_TYPES))
    if other.any():
        fault = (
            f"{rows_in_words(layer.index[other].tolist())} hold no polygon; only the people of "
            "areas can be spread over buildings"
        )
        raise FaultsError(where, [fault])
    outline = mended(local)
    away = ~_touching(outline, communities, crs)
    events += set_aside(layer.index[away], Note.of("people.outside"))
    near = np.flatnonzero(~away)
    return Cells(
        outline=outline[near],
        people={group: number[near] for group, number in people.items()},
        notes=(*_withheld(events, where), *_overlaps(outline, layer, where)),
        outside={group: float(np.nansum(number[away])) for group, number in people.items()},
        ledgers=((ledger or Ledger(where, len(layer))).adding(events),),
    )


def _of_points(
    local: ObjectArray, people: Mapping[str, FloatArray], communities: gpd.GeoDataFrame, crs: CRS
) -> tuple[Demand, np.ndarray]:
    """Return demand at points, and which of them lie in no community."""
    points = shapely.point_on_surface(local)
    community = communities_of_points(points, communities, crs)
    inside = community >= 0
    row = np.flatnonzero(inside)
    known = known_in(people, row, community[inside], len(communities))
    source, unknown = sources_and_unknown(known)
    demand = Demand(
        x_m=shapely.get_x(points)[inside],
        y_m=shapely.get_y(points)[inside],
        community=community[inside],
        weights={group: np.nan_to_num(number[inside]) for group, number in people.items()},
        source=source,
        unknown=unknown,
        outside={group: float(np.nansum(number[~inside])) for group, number in people.items()},
    )
    return demand, ~inside


def _touching(outline: ObjectArray, communities: gpd.GeoDataFrame, crs: CRS) -> np.ndarray:
    """Return which cells have ground in common with a community, or touch one."""
    outlines = communities.to_crs(crs).geometry.to_numpy()
    touching = np.zeros(len(outline), dtype=bool)
    _, cell = shapely.STRtree(outline).query(outlines, predicate="intersects")
    touching[cell] = True
    return touching


def _left_out(demand: Demand, counted: str) -> list[Note]:
    """Warn of people outside every community."""
    out, kept = demand.outside[counted], float(demand.weights[counted].sum())
    if out + kept == 0 or out / (out + kept) <= _MAX_OUTSIDE_SHARE:
        return []
    return [Note.of("warnings.demand_outside", share=round(100 * out / (out + kept), 1))]


def _withheld(events: Sequence[RowEvent], where: str) -> list[Note]:
    """Warn of rows of which the publisher keeps the number to himself."""
    rows = {event.row for event in events if event.note.key == "people.suppressed"}
    return [Note.of("warnings.people_suppressed", origin=where, count=len(rows))] if rows else []


def _overlaps(outline: ObjectArray, layer: gpd.GeoDataFrame, where: str) -> list[Note]:
    """Warn of cells that lie on each other: their people may be counted twice."""
    tree = shapely.STRtree(outline)
    pairs = np.hstack([tree.query(outline, predicate=how) for how in ("overlaps", "covers")])
    one, other = np.unique(np.sort(pairs[:, pairs[0] != pairs[1]], axis=0), axis=1)
    shared = shapely.area(shapely.intersection(outline[one], outline[other]))
    area = shapely.area(outline)
    much = np.flatnonzero(shared > _MIN_OVERLAP_SHARE * np.minimum(area[one], area[other]))
    if not len(much):
        return []
    examples = tuple(f"{layer.index[one[i]]}–{layer.index[other[i]]}" for i in much[:_EXAMPLES])
    return [Note.of("warnings.cells_overlap", origin=where, count=len(much), examples=examples)]


def _population(
    layer: gpd.GeoDataFrame,
    columns: Mapping[str, str],
    where: str,
    suppressed: Collection[float],
) -> tuple[dict[str, FloatArray], list[RowEvent]]:
    """Read people by group, NaN where withheld; list the rows without a number."""
    faults = [] if columns else ["it is not said which columns count people, such as all = people"]
    people: dict[str, FloatArray] = {}
    events: list[RowEvent] = []
    for group, column in columns.items():
        if column not in layer.columns:
            have = listing("columns", column, layer.columns.drop(layer.geometry.name))
            faults.append(f"there is no column {column!r} for group {group!r}; {have}")
            continue
        numbers, not_numbers = numbers_of(layer[column])
        withheld = np.isin(numbers, list(suppressed))
        negative = (numbers < 0) & ~withheld
        wrong = np.flatnonzero(layer.index.isin(not_numbers) | negative)
        if len(wrong):
            faults.append(_wrong_numbers(layer, column, wrong, negative=bool(negative[wrong[0]])))
        for value in np.unique(numbers[withheld]):
            rows: IntArray = np.flatnonzero(numbers == value)
            note = Note.of("people.suppressed", column=column, value=float(value), group=group)
            events += doubtful(layer.index[rows], note)
        empty = np.isnan(numbers)
        events += doubtful(layer.index[empty], Note.of("people.empty", column=column, group=group))
        people[group] = np.where(withheld, np.nan, np.nan_to_num(numbers))
    if faults:
        raise FaultsError(where, faults)
    return people, events


def _wrong_numbers(layer: gpd.GeoDataFrame, column: str, wrong: IntArray, *, negative: bool) -> str:
    said = cell_text(layer[column].iloc[wrong[0]])
    hint = f"; if {said} marks numbers that are withheld, write suppressed = [{said}]"
    return (
        f"column {column!r} holds {said!r} in {rows_in_words(layer.index[wrong].tolist())}; "
        f"a number of 0 or more was expected{hint if negative else ''}"
    )
