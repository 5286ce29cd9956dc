"""Facilities, isochrones and the homes out of reach, as the page draws them."""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from circles.assessment import Assessment
from circles.facilities import load_catalogue
from circles.maps.encode import DEGREE, encode_numbers, encode_points, encode_polygons, to_grid
from circles.maps.views import reach_needs
from circles.texts import Texts

Data = dict[str, Any]
IntArray = npt.NDArray[np.int64]

FEWEST_SHOWN: Final = 10
"""Fewer people than this are never shown for anything smaller than a community."""

MOST_HOMES: Final = 40_000
"""With more homes than this the map shows the cells of a grid instead."""

MOST_MARKS: Final = 120_000
"""With more marks than this, those of all rules together, the cells are larger."""

MOST_CORNERS: Final = 250_000
"""With more corners than this, those of all isochrones together, they are drawn coarser."""

#: Isochrones are only looked at: bends of less than two steps are left out.
_REACH_TOLERANCE: Final = 2 / DEGREE
_FINEST_CELL_M: Final = 25.0
_BLOCK_M: Final = 500.0
_DEGREE_M: Final = 111_320.0
_PLAIN_COLOUR: Final = "#5b6470"
_UNITS: Final = ("people", "floor_area_m2", "frontage_m")


def facility_data(assessment: Assessment, texts: Texts) -> Data:
    """Return the facilities by service, each service with its name, colour and sign."""
    facilities = assessment.facilities
    present = set(facilities["service"])
    catalogue = load_catalogue()
    known = [service for service in catalogue if service in present]
    slots, sharing = _slots(facilities)
    origins = list(dict.fromkeys(facilities["origin"].astype(str)))
    services: list[Data] = []
    for service in known + sorted(present - set(known)):
        own = (facilities["service"] == service).to_numpy()
        rows = facilities[own]
        place = rows.geometry.to_numpy()
        services.append(
            {
                **_look(service, texts),
                "id": service,
                "names": rows["name"].astype(str).tolist(),
                "origins": encode_numbers([origins.index(o) for o in rows["origin"].astype(str)]),
                "off": encode_numbers(rows["off_network"].fillna(value=False).astype(int)),
                "shifts": encode_numbers((2 * slots - sharing + 1)[own]),
                "points": encode_points(shapely.get_x(place), shapely.get_y(place)),
            }
        )
    return {"services": services, "origins": origins}


def reach_data(assessment: Assessment, texts: Texts) -> Data:
    """Return the isochrones: one entry a need and profile, its limits from short to long."""
    isochrones = assessment.isochrones
    needs = reach_needs(assessment)
    walked: dict[str, set[str]] = {}
    for service, profile in needs:
        walked.setdefault(service, set()).add(profile)
    tolerance = _reach_tolerance(isochrones)
    found: list[Data] = []
    for service, profile in needs:
        own = (isochrones["service"] == service) & (isochrones["profile"] == profile)
        rows = isochrones[own].sort_values("minutes", kind="stable")
        found.append(
            {
                "name": _need_name(
                    service, profile if len(walked[service]) > 1 else "", assessment, texts
                ),
                "services": _answers(service, assessment),
                "limits": [
                    texts("words.minutes", value=f"{minutes:g}") for minutes in rows["minutes"]
                ],
                "shapes": encode_polygons(rows.geometry.to_numpy(), tolerance=tolerance),
            }
        )
    return {"needs": found}


def _reach_tolerance(isochrones: gpd.GeoDataFrame) -> float:
    """Return how large a bend may be that is left out, degrees: larger where areas are many."""
    rings = shapely.get_rings(shapely.get_parts(isochrones.geometry.to_numpy()))
    tolerance = _REACH_TOLERANCE
    while True:
        rings = shapely.simplify(rings, tolerance, preserve_topology=False)
        if int(shapely.get_num_coordinates(rings).sum()) <= MOST_CORNERS:
            return tolerance
        tolerance *= 2


def home_data(assessment: Assessment) -> Data:
    """Return the homes out of reach, by rule; numbers of fewer than ten people are not in it.

    A rule has its homes' `points`, the `cost` to the nearest facility (whole minutes or metres,
    rounded up; -1 where there is no way), the `unit` and `weight` of those who live there (0 where
    that is not shown) and whether they are `beyond` the lenient limit too, or the strict only.
    """
    gaps = assessment.gaps
    place = {rule.id: number for number, rule in enumerate(assessment.standard.rules)}
    if gaps.empty:
        return {"cell_m": 0, "rules": {}}
    cell_m = _cell_m(gaps)
    rules = {
        str(place[str(rule)]): _homes(rows, cell_m)
        for rule, rows in gaps.groupby("rule_id", sort=False)
    }
    return {"cell_m": round(cell_m), "rules": rules}


def _homes(rows: pd.DataFrame, cell_m: float) -> Data:
    if cell_m:
        rows = _merged(rows, cell_m)
    # Neighbours follow each other, so that the steps from home to home are short.
    blocks = _cells(rows[["lon", "lat"]].to_numpy(dtype=np.float64), _BLOCK_M)
    rows = rows.iloc[np.lexsort((rows["lon"], blocks[:, 0], blocks[:, 1]))]
    weight = np.rint(rows["weight"].to_numpy(dtype=np.float64)).astype(np.int64)
    weight[weight < FEWEST_SHOWN] = 0
    cost = np.where(np.isfinite(rows["cost"]), np.ceil(rows["cost"] - 1e-9), -1.0)
    return {
        "points": encode_points(rows["lon"], rows["lat"]),
        "cost": encode_numbers(cost.astype(np.int64)),
        "weight": encode_numbers(weight),
        "unit": encode_numbers([_UNITS.index(unit) for unit in rows["unit"]]),
        "beyond": encode_numbers(rows["beyond"].astype(int)),
    }


def _cell_m(gaps: pd.DataFrame) -> float:
    """Return the side of the cells into which homes are gathered, 0 for each by itself."""
    places = np.column_stack([gaps["lon"], gaps["lat"]])
    rule = pd.factorize(gaps["rule_id"])[0]
    cell_m = 0.0
    while len(places) > MOST_HOMES and _too_many(_cells(places, cell_m), rule):
        cell_m = max(_FINEST_CELL_M, cell_m * 2)
    return cell_m


def _too_many(cells: IntArray, rule: IntArray) -> bool:
    # Both numbers of a cell in one: grids around the Earth have fewer rows than this.
    cell = pd.factorize(cells[:, 0] * 2**32 + cells[:, 1])[0]
    if cell.max() >= MOST_HOMES:
        return True
    return len(pd.unique(cell * (rule.max() + 1) + rule)) > MOST_MARKS


def _cells(places: npt.NDArray[np.float64], cell_m: float) -> IntArray:
    if not cell_m:
        return to_grid(places)
    step = cell_m / _DEGREE_M
    east = step / np.cos(np.radians(places[:, 1].mean()))
    cells: IntArray = np.rint(places / [east, step]).astype(np.int64)
    return cells


def _merged(rows: pd.DataFrame, cell_m: float) -> pd.DataFrame:
    """Gather homes in cells: who lives there together, and the longest way of any of them."""
    cells = _cells(rows[["lon", "lat"]].to_numpy(dtype=np.float64), cell_m)
    keyed = rows.assign(column=cells[:, 0], row=cells[:, 1])
    return (
        keyed.groupby(["column", "row", "unit", "beyond"], sort=False)
        .agg(
            lon=("lon", "mean"),
            lat=("lat", "mean"),
            weight=("weight", "sum"),
            cost=("cost", "max"),
        )
        .reset_index()
    )


def _look(service: str, texts: Texts) -> Data:
    known = load_catalogue().get(service)
    if known is None:
        return {"name": service, "colour": _PLAIN_COLOUR, "sign": service[:1].upper()}
    return {"name": known.name[texts.lang], "colour": known.colour, "sign": known.sign}


def _need_name(service: str, profile: str, assessment: Assessment, texts: Texts) -> str:
    """Return a need's name, with the profile it is walked by if one is given."""
    known = load_catalogue().get(service)
    named = [rule.name for rule in assessment.standard.access_rules if rule.service == service]
    name = known.name if known else named[0] if named else None
    word = name[texts.lang] if name else service
    shown = texts.words.get(f"words.profile_{profile}", profile)
    return texts("map.need_profile", need=word, profile=shown) if profile else word


def _answers(service: str, assessment: Assessment) -> list[str]:
    """Return the catalogue services that answer a need."""
    rules = [rule for rule in assessment.standard.access_rules if rule.service == service]
    return list(dict.fromkeys(answer for rule in rules for answer in rule.services)) or [service]


def _slots(facilities: gpd.GeoDataFrame) -> tuple[IntArray, IntArray]:
    """Return each row's place among the rows at its spot, and how many share that spot."""
    spots = to_grid(shapely.get_coordinates(facilities.geometry))
    groups = pd.Series(0, index=range(len(facilities))).groupby([spots[:, 0], spots[:, 1]])
    place, sharing = groups.cumcount(), groups.transform("size")
    return np.asarray(place, dtype=np.int64), np.asarray(sharing, dtype=np.int64)
