"""Facilities from tables and from OpenStreetMap, one row a facility and service."""

import difflib
import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from circles.crs import WGS84, FloatArray, require_crs
from circles.errors import FaultsError, InputError
from circles.facilities.amounts import (
    AMOUNT_COLUMNS,
    SERVES,
    amount_column,
    read_amounts,
    unsaid_column,
    usual_amounts,
)
from circles.facilities.catalogue import (
    load_catalogue,
    no_such_service,
    require_services,
    service_named,
)
from circles.facilities.classify import classify, classify_tags
from circles.tables import as_text, cell_text, find_column, first_column, rows_in_words

COLUMNS = (
    *("facility_id", "name", "service", "origin", "capacity", *AMOUNT_COLUMNS, SERVES),
    *("opening_hours", "geometry"),
)
OSM_ORIGIN = "OpenStreetMap"

NAME_COLUMNS = (
    *("名称", "设施名称", "机构名称", "单位名称", "站点名称", "据点名称", "网点名称", "name"),
    *("名稱", "設施名稱", "機構名稱", "單位名稱", "據點名稱", "title"),
)
CAPACITY_COLUMNS = (
    *("capacity", "seats", "places", "beds", "容量", "座位", "座位数", "餐位", "餐位数"),
    *("床位", "床位数", "核定床位", "托位", "托位数", "收托量", "收託量"),
)

HOURS_COLUMNS = (
    *("openinghours", "openuntil", "开放时间", "营业时间", "服务时间", "开放时段", "開放時間"),
    *("營業時間", "服務時間", "关门时间"),
)

_SEPARATORS = re.compile("[;；、,，/|]")
_TWIN_DISTANCE_M = 50.0
_WGS84_GEOD = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True)
class _Record:
    row: int
    name: str
    services: tuple[str, ...]
    kind: str = ""


@dataclass(frozen=True)
class Unclassified:
    """A row of a table of which nobody knows what service it offers."""

    row: int
    text: str


@dataclass(frozen=True)
class Collected:
    """The facilities of one layer, and what of it could not be used.

    Parameters
    ----------
    facilities
        EPSG:4326, RangeIndex, one row a facility and service; columns `facility_id` (the same on
        each row of one facility), `name` (may be ``""``), `service`, `origin`, `capacity` (NaN
        if unknown), what of it is known to be `places`, `seats`, `beds` and `area_m2` (NaN if
        unknown), `serves` (whom, as it is written; None if unknown), `opening_hours` (as they are
        written; None if unknown), `geometry` (Point).
    unclassified
        The rows whose service is not known.
    unlocated
        Row numbers without a place.
    twins
        How many places were left out because they are a second record of another.
    """

    facilities: gpd.GeoDataFrame
    unclassified: tuple[Unclassified, ...] = ()
    unlocated: tuple[int, ...] = ()
    twins: int = 0


def facilities_from_table(
    frame: gpd.GeoDataFrame,
    *,
    origin: str,
    service: str | None = None,
    service_column: str | None = None,
    name_column: str | None = None,
    columns: Mapping[str, str] = MappingProxyType({}),
) -> Collected:
    """Collect the facilities of a layer.

    Parameters
    ----------
    frame
        The layer; its index are the row numbers of its file. Polygons become a point in them.
    origin
        Where the layer is from: the file's name.
    service
        The service of every row.
    service_column
        The column that says each row's service: by id, by name, or in words that the catalogue
        knows; several may be separated by ``;``, ``、`` or ``/``. Without it and `service`, and
        where it says nothing that is known, the facility's name decides.
    name_column
        The column of the facilities' names; by default found by its usual names.
    columns
        The columns of `places`, `seats`, `beds`, `area_m2` and `serves`; by default found by
        their usual names.

    Raises
    ------
    InputError
        A column is not there, both `service` and `service_column` are given, the layer has no
        CRS, or its index are not row numbers.
    FaultsError
        A service is not in the catalogue, or what a facility holds is no number of 0 or more;
        every such row is named.
    """
    if service is not None and service_column is not None:
        message = f"{origin}: give either the service or the column that says it, not both"
        raise InputError(message)
    if not (frame.index.is_unique and pd.api.types.is_integer_dtype(frame.index)):
        message = f"{origin}: the layer's index must be row numbers, each of them once"
        raise InputError(message)
    names = _cells(frame, _name_column(frame, name_column, origin))
    if service is not None:
        require_services([service], where=origin)
        records = [_Record(row, name, (service,)) for row, name in names.items()]
    else:
        types = _cells(frame, service_column and find_column(frame, service_column, where=origin))
        _refuse_misspelt(types, origin)
        records = [
            _Record(row, name, _offered(types[row], name), types[row])
            for row, name in names.items()
        ]
    return _collected(require_crs(frame, origin), records, origin, columns)


def facilities_from_osm(places: gpd.GeoDataFrame, services: Sequence[str]) -> Collected:
    """Collect the facilities of some services among the places of an OpenStreetMap extract.

    Places that are private or out of use are left out; so is the second of two records of one
    service and name within 50 m, such as an area and the node inside it.

    Parameters
    ----------
    places
        Columns `osm_id` (``"n1"``, ``"w1"``, ``"r1"``), `tags` (dict), `geometry` (Point,
        EPSG:4326).
    services
        The services wanted.

    Raises
    ------
    FaultsError
        A service is not in the catalogue.
    """
    require_services(services, where="services from OpenStreetMap")
    wanted = set(services)
    rows = [
        (
            osm_id,
            cell_text(tags.get("name")) or "",
            service,
            OSM_ORIGIN,
            (capacity := _capacity(tags.get("capacity", ""))),
            *usual_amounts(service, capacity).values(),
            None,
            cell_text(tags.get("opening_hours")),
            point,
        )
        for osm_id, tags, point in zip(
            places["osm_id"], places["tags"], places.geometry, strict=True
        )
        if _in_public_use(tags)
        for service in classify_tags(tags)
        if service in wanted
    ]
    found = _facilities(rows)
    alone = found.drop(index=_twins(found)).reset_index(drop=True)
    return Collected(alone, twins=len(found) - len(alone))


def _name_column(frame: gpd.GeoDataFrame, column: str | None, origin: str) -> str | None:
    if column is None:
        return first_column(frame, NAME_COLUMNS)
    return find_column(frame, column, where=origin)


def _cells(frame: gpd.GeoDataFrame, column: str | None) -> dict[int, str]:
    """Return a column's text by row number; without a column every cell is empty."""
    cells = [""] * len(frame) if column is None else as_text(frame[column])
    return {int(row): cell or "" for row, cell in zip(frame.index, cells, strict=True)}


def _offered(kind: str, name: str) -> tuple[str, ...]:
    """Return the services that a type says, or, if it says none, that the name says."""
    said = [service_named(kind)]
    said += [service_named(part) or classify(part) for part in _SEPARATORS.split(kind) if part]
    found = tuple(dict.fromkeys(service for service in said if service is not None))
    by_name = classify(name)
    return found or ((by_name,) if by_name is not None else ())


def _refuse_misspelt(types: Mapping[int, str], origin: str) -> None:
    """Refuse words that are nearly the id of a service; they were meant to be one."""
    ids = list(load_catalogue())
    rows: dict[str, list[int]] = defaultdict(list)
    for row, kind in types.items():
        for word in _SEPARATORS.split(kind):
            if word.isascii() and service_named(word) is None:
                rows[word.strip()].append(row)
    faults = [
        f"{rows_in_words(where)}: {no_such_service(word)}"
        for word, where in rows.items()
        if difflib.get_close_matches(word, ids, n=1, cutoff=0.8)
    ]
    if faults:
        raise FaultsError(origin, faults)


def _collected(
    frame: gpd.GeoDataFrame, records: Sequence[_Record], origin: str, columns: Mapping[str, str]
) -> Collected:
    points = _points(frame)
    amounts = read_amounts(frame, columns, origin=origin)
    capacities = _capacities(frame, first_column(frame, CAPACITY_COLUMNS))
    unsaid = _capacities(frame, unsaid_column(frame))
    serves = _cells(frame, amount_column(frame, SERVES, columns, origin=origin))
    told = _cells(frame, first_column(frame, HOURS_COLUMNS))
    hours = {row: text or None for row, text in told.items()}
    rows = [
        (
            *(f"{origin}:{record.row}", record.name, service, origin, capacities[place]),
            *(held[kind] for kind in AMOUNT_COLUMNS),
            *(serves[record.row] or None, hours[record.row], points[record.row]),
        )
        for place, record in enumerate(records)
        if record.row in points
        for service in record.services
        for held in [_held(amounts, place, service, unsaid[place])]
    ]
    return Collected(
        _facilities(rows),
        unclassified=tuple(
            Unclassified(record.row, " ".join(filter(None, (record.kind, record.name))))
            for record in records
            if not record.services
        ),
        unlocated=tuple(record.row for record in records if record.row not in points),
    )


def _held(
    amounts: Mapping[str, FloatArray], place: int, service: str, capacity: float
) -> dict[str, float]:
    """Return what a facility holds; a capacity that does not say what it counts comes second."""
    said = {kind: float(values[place]) for kind, values in amounts.items()}
    usual = usual_amounts(service, capacity)
    return {kind: usual[kind] if math.isnan(value) else value for kind, value in said.items()}


def _points(frame: gpd.GeoDataFrame) -> dict[int, shapely.Point]:
    """Return a point in each place, in EPSG:4326, by row number."""
    places = frame.geometry[~(frame.geometry.isna() | frame.geometry.is_empty)]
    points = places.representative_point().to_crs(WGS84)
    return {int(row): point for row, point in points.items()}


def _capacities(frame: gpd.GeoDataFrame, column: str | None) -> list[float]:
    return [_capacity(cell) for cell in _cells(frame, column).values()]


def _capacity(text: str) -> float:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else math.nan


def _facilities(rows: Sequence[tuple[object, ...]]) -> gpd.GeoDataFrame:
    found = pd.DataFrame(rows, columns=pd.Index(COLUMNS), dtype=object)
    for column in ("capacity", *AMOUNT_COLUMNS):
        found[column] = found[column].astype(float)
    return gpd.GeoDataFrame(found, geometry="geometry", crs=WGS84)


def _in_public_use(tags: Mapping[str, str]) -> bool:
    private = tags.get("access") in {"private", "no"}
    return not private and "yes" not in {tags.get("disused"), tags.get("abandoned")}


def _twins(found: gpd.GeoDataFrame) -> list[int]:
    """Return the index of records of which another one stands for the same place."""
    named = found[found["name"] != ""]
    repeated = named[named.duplicated(["service", "name"], keep=False)]
    return [
        row
        for _, group in repeated.groupby(["service", "name"], sort=False)
        for row in _second_records(group)
    ]


def _second_records(group: gpd.GeoDataFrame) -> list[int]:
    """Return the rows that lie beside an earlier one; nodes, being set by hand, come first."""
    kept: list[shapely.Point] = []
    second = []
    for row, point in group.sort_values("facility_id", kind="stable").geometry.items():
        lon, lat = [other.x for other in kept], [other.y for other in kept]
        here = [point.x] * len(kept), [point.y] * len(kept)
        _, _, distance_m = _WGS84_GEOD.inv(lon, lat, *here)
        if np.any(np.asarray(distance_m) <= _TWIN_DISTANCE_M):
            second.append(row)
        else:
            kept.append(point)
    return second
