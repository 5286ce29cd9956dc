"""A city as large as maps must bear: 2,800 communities with their verdicts, drawn by chance."""

from datetime import date
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from circles.assessment import Assessment
from circles.facilities import load_catalogue
from circles.standards import load_standard
from circles.standards.model import Standard

Floats = npt.NDArray[np.float64]

WEST, SOUTH = 113.0, 22.6
_SIDE: Final = 0.012
_BENDS: Final = 47
_STANDARD: Final = "guangzhou-1530"
_SYLLABLES: Final = "东西南北中上下大小新旧长福康安和平荔榕云江河溪桥塘岗岭涌沙洲石竹梅桂兰松柏"


def large_assessment(
    *, communities: int = 2800, facilities: int = 10_000, isochrones: int = 1000,
    streets: int = 40_000, homes: int = 60_000, seed: int = 7,
) -> Assessment:  # fmt: skip
    """Return a made-up city's assessment by the standard of Guangzhou.

    Parameters
    ----------
    communities
        How many; each has 190 corners, and shares its borders with its neighbours.
    facilities, isochrones, streets, homes
        How many rows these layers have.
    seed
        The same one gives the same city.
    """
    rng = np.random.default_rng(seed)
    standard = load_standard(_STANDARD)
    table = _communities(communities, rng)
    sites = _facilities(facilities, table, rng)
    verdicts = _verdicts(table, sites, standard, rng)
    return Assessment(
        name="测算市",
        as_of=date(2025, 6, 30),
        fictional=True,
        standard=standard,
        communities=table,
        facilities=sites,
        isochrones=_isochrones(isochrones, table, rng),
        verdicts=verdicts,
        tiers=_tiers(verdicts, standard),
        rollups=pd.DataFrame(columns=["tier"]),
        streets=_streets(streets, table, rng),
        water=_layer([shapely.box(WEST, SOUTH + 0.2, WEST + 0.6, SOUTH + 0.204)]),
        green=_layer([]),
        assumptions=(),
        warnings=(),
        gaps=_homes(homes, verdicts, table, rng),
        group_shares=_group_shares(verdicts, rng),
    )


def _layer(shapes: list[shapely.Geometry]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4326")


def _names(count: int, ending: str, rng: np.random.Generator) -> list[str]:
    letters = rng.choice(list(_SYLLABLES), (count, 3))
    return ["".join(own) + ending for own in letters]


def _communities(count: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    columns = int(np.ceil(np.sqrt(count)))
    rows = int(np.ceil(count / columns))
    cells = _cells(columns, rows, rng)[:count]
    population = rng.integers(1500, 12_000, count).astype(float)
    return gpd.GeoDataFrame(
        {
            "name": _names(count, "社区", rng),
            "setting": np.where(rng.random(count) < 0.6, "urban", "rural"),
            "zone": None,
            "street": [f"{name}街道" for name in _names(count, "", rng)],
            "district": "测算区",
            "population": population,
            "households": np.rint(population / 2.8),
            "area_km2": 1.5,
            "demand_source": "population",
            "demand_points": 120,
            "off_network_points": rng.integers(0, 4, count),
            "edge_margin_m": 3000.0,
        },
        geometry=cells,
        crs="EPSG:4326",
        index=pd.Index([f"{440100000000 + n}" for n in range(count)], name="community_id"),
    )


def _cells(columns: int, rows: int, rng: np.random.Generator) -> list[shapely.Polygon]:
    """Return the cells of a grid whose borders wind, each border drawn once."""

    def winding(start: Floats, end: Floats) -> Floats:
        along = np.linspace(0, 1, _BENDS + 1)[:, None]
        line = start + (end - start) * along
        line[1:-1] += rng.normal(0, _SIDE / 90, (_BENDS - 1, 2)).cumsum(axis=0) * 0.25
        return line

    corners = np.stack(
        np.meshgrid(np.arange(columns + 1), np.arange(rows + 1), indexing="ij"), axis=-1
    ) * _SIDE + [WEST, SOUTH]
    corners += rng.normal(0, _SIDE / 12, corners.shape)
    across = [[winding(corners[c, r], corners[c + 1, r]) for r in range(rows + 1)]
              for c in range(columns)]  # fmt: skip
    along = [[winding(corners[c, r], corners[c, r + 1]) for r in range(rows)]
             for c in range(columns + 1)]  # fmt: skip
    return [
        shapely.Polygon(
            np.concatenate(
                [across[c][r][:-1], along[c + 1][r][:-1],
                 across[c][r + 1][:0:-1], along[c][r][:0:-1]]
            )
        )
        for r in range(rows)
        for c in range(columns)
    ]  # fmt: skip


def _facilities(count: int, table: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    west, south, east, north = table.total_bounds
    return gpd.GeoDataFrame(
        {
            "facility_id": [f"f{n}" for n in range(count)],
            "name": _names(count, "服务站", rng),
            "service": rng.choice(list(load_catalogue()), count),
            "origin": rng.choice(["设施.xlsx", "OpenStreetMap"], count),
            "off_network": rng.random(count) < 0.01,
        },
        geometry=shapely.points(rng.uniform(west, east, count), rng.uniform(south, north, count)),
        crs="EPSG:4326",
    )


def _isochrones(count: int, table: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    west, south, east, north = table.total_bounds
    services = list(load_catalogue())[:15]
    profiles, minutes = ("adult", "senior", "frail", "stroller"), np.arange(5.0, 100.0, 5.0)
    needs = [(s, p, m) for s in services for p in profiles for m in minutes][:count]
    angle = np.linspace(0, 2 * np.pi, 61)[:-1]
    shapes = []
    for _, _, minute in needs:
        middle = np.column_stack([rng.uniform(west, east, 4), rng.uniform(south, north, 4)])
        radius = 0.0006 * minute * rng.uniform(0.6, 1.2, (4, 60))
        rings = middle[:, None, :] + radius[..., None] * np.stack(
            [np.cos(angle), np.sin(angle)], -1
        )
        shapes.append(shapely.multipolygons(shapely.polygons(rings)))
    frame = pd.DataFrame(needs, columns=["service", "profile", "minutes"])
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326")


def _streets(count: int, table: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    west, south, east, north = table.total_bounds
    start = np.column_stack([rng.uniform(west, east, count), rng.uniform(south, north, count)])
    turn = rng.uniform(0, 2 * np.pi, count)
    step = np.column_stack([np.cos(turn), np.sin(turn)]) * 0.0012
    bend = rng.normal(0, 0.00008, (count, 4, 2))
    points = start[:, None, :] + step[:, None, :] * np.linspace(0, 1, 4)[None, :, None] + bend
    rank = rng.choice([1, 2, 3], count, p=[0.1, 0.5, 0.4])
    return gpd.GeoDataFrame({"rank": rank}, geometry=shapely.linestrings(points), crs="EPSG:4326")


def _verdicts(
    table: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, standard: Standard, rng: np.random.Generator
) -> pd.DataFrame:
    tables = [_of_rule(rule, table, sites, rng) for rule in standard.access_rules]
    found = pd.concat([own for own in tables if len(own)], ignore_index=True)
    order = {community: row for row, community in enumerate(table.index)}
    return found.sort_values("community_id", key=lambda ids: ids.map(order), kind="stable",
                             ignore_index=True)  # fmt: skip


def _of_rule(
    rule: Any, table: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    limits = [rule.limit_in(setting, "central") for setting in table["setting"]]
    rows = table[[limit is not None for limit in limits]]
    lenient = np.array([limit.lenient for limit in limits if limit is not None], dtype=float)
    strict = np.array([limit.strict for limit in limits if limit is not None], dtype=float)
    count = len(rows)
    needed = np.full(count, np.nan if rule.min_share is None else rule.min_share)
    part = {"all": 1.0, "60+": 0.18, "0-3": 0.03}.get(rule.group, 0.2)
    total = np.rint(rows["population"].to_numpy() * part)
    share = np.clip(rng.normal(0.88, 0.2, count), 0, 1)
    high = np.where(rng.random(count) < 0.1, np.minimum(share + 0.02, 1), share)
    met = share >= needed
    kinds = [np.isnan(needed), met, high < needed]
    verdict = np.select(kinds, [None, "met", "not_met"], "insufficient_data").astype(object)
    told = ["reported", "share_reached", "share_missed"]
    reason = np.select(kinds, told, "off_network_decides")
    names = sites["name"].to_numpy()
    columns: dict[str, Any] = {
        "community_id": rows.index,
        "rule_id": rule.id,
        "service": rule.service,
        "kind": rule.kind,
        "group": rule.group,
        "group_assumed": False,
        "unit": "people",
        "limit": lenient,
        "strict_limit": strict,
        "min_share": needed,
        "total": total,
        "covered_low": share * total,
        "covered_high": high * total,
        "share_low": share,
        "share_high": high,
        "out_of_reach": (1 - share) * total,
        "median_cost": lenient * rng.uniform(0.2, 0.8, count),
        "beyond_median_cost": lenient * rng.uniform(1.05, 2.5, count),
        "verdict": verdict,
        "reason": reason,
        "shortfall": np.select(
            [verdict == "not_met", verdict == "met"], [(needed - high) * total, 0.0], np.nan
        ),
        "nearest_facility": rng.choice(names, count),
        "provable_cost": lenient * rng.uniform(0.9, 4, count),
    }
    for name in ("p90_cost", "worst_cost", "nearest_cost"):
        columns[name] = columns["median_cost"]
    for name in ("covered_low", "covered_high", "share_low", "share_high", "verdict", "reason",
                 "shortfall"):  # fmt: skip
        columns[f"strict_{name}"] = columns[name]
    opened = ("open_share_low", "open_share_high", "open_known", "open_unknown")
    return pd.DataFrame(columns | dict.fromkeys(opened, np.nan))


def _tiers(verdicts: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    tables = []
    for tier in standard.tiers:
        ids = {rule.id for rule in standard.tier_rules(tier.id)}
        own = verdicts[verdicts["rule_id"].isin(ids)].groupby("community_id", sort=False)
        failing, met, applied = (
            own["verdict"].agg(count)
            for count in (
                lambda own: (own == "not_met").sum(),
                lambda own: (own == "met").sum(),
                "size",
            )
        )
        verdict = np.where(
            failing > 0, "not_met", np.where(met < applied, "insufficient_data", "met")
        )
        tables.append(
            pd.DataFrame(
                {
                    "community_id": met.index,
                    "tier": tier.id,
                    "verdict": verdict,
                    "strict_verdict": verdict,
                    "met": met.to_numpy(),
                    "applied": applied.to_numpy(),
                    "score": (100 * met / applied).to_numpy(),
                    "scored": applied.to_numpy(),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _homes(
    count: int, verdicts: pd.DataFrame, table: gpd.GeoDataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return homes out of reach, where somebody is."""
    short = verdicts[verdicts["verdict"] == "not_met"]
    chosen = short.iloc[rng.integers(len(short), size=count)]
    bounds = table.geometry.bounds.loc[chosen["community_id"]]
    return pd.DataFrame(
        {
            "rule_id": chosen["rule_id"].to_numpy(),
            "community_id": chosen["community_id"].to_numpy(),
            "lon": rng.uniform(bounds["minx"], bounds["maxx"]),
            "lat": rng.uniform(bounds["miny"], bounds["maxy"]),
            "weight": rng.exponential(12.0, count),
            "unit": "people",
            "cost": chosen["limit"].to_numpy() * rng.uniform(1.05, 2.5, count),
            "beyond": True,
        }
    )


def _group_shares(verdicts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the coverage of the groups that the rules are not for."""
    columns = ["community_id", "rule_id", "limit", "total"]
    tables = []
    for group in ("all", "60+", "0-3"):
        own = verdicts.loc[verdicts["group"] != group, columns].assign(group=group)
        share = np.clip(rng.normal(0.88, 0.2, len(own)), 0, 1)
        ends = ("share_low", "share_high", "strict_share_low", "strict_share_high")
        tables.append(own.assign(**dict.fromkeys(ends, share)))
    return pd.concat(tables, ignore_index=True)
