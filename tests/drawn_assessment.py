"""A small district drawn by hand: every verdict occurs, and some of its names are hostile.

Six squares along a river near 113.3 E, 23.0 N; nothing in it is computed from a network.
"""

import math
from collections.abc import Iterator
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString, MultiPolygon, Point, Polygon, box

from circles.assessment import Assessment
from circles.standards.model import (
    AccessRule,
    Assumption,
    Measured,
    Source,
    Standard,
    Target,
    Tier,
)
from circles.texts import Bilingual, Note

WEST, SOUTH, STEP = 113.3, 23.0, 0.01

SCRIPT_NAME = "<script>alert(1)</script>"
FORMULA_NAME = '=HYPERLINK("http://x")'
QUOTED_NAME = "榕树\"头'村\n（新村）"
SLASH_NAME = "a/b"
IMAGE_NAME = '"><img src=x onerror=alert(1)>'


def drawn_assessment(*, fictional: bool = True) -> Assessment:
    """Return the drawn district's assessment.

    Parameters
    ----------
    fictional
        Whether it says of itself that it is invented.
    """
    return Assessment(
        name="画里区 <b>&",
        as_of=date(2025, 6, 30),
        fictional=fictional,
        standard=drawn_standard(),
        communities=_communities(),
        facilities=_facilities(),
        isochrones=_isochrones(),
        verdicts=_verdicts(),
        tiers=_tiers(),
        rollups=_rollups(),
        joins=_joins(),
        streets=_streets(),
        water=_layer([box(WEST - 0.005, SOUTH + 0.009, WEST + 0.035, SOUTH + 0.011)]),
        green=_layer([box(WEST + 0.002, SOUTH + 0.002, WEST + 0.005, SOUTH + 0.005)]),
        assumptions=(Note.of("explain.stand_in_people", group="0-3"),),
        warnings=(Note.of("words.fictional_note"),),
    )


def drawn_gaps() -> pd.DataFrame:
    """Return homes out of reach: with few people, without a way, of a rule of distance."""
    rows = [
        # rule, community, east, weight, unit, cost, beyond
        ("elder_meal", "001002", 0.011, 9.4, "people", 15.01, True),
        ("elder_meal", "001002", 0.012, 9.6, "people", 22.0, True),
        ("elder_meal", "001002", 0.013, 3.2, "floor_area_m2", np.inf, True),
        ("culture_rural", "002001", 0.014, 250.0, "frontage_m", 5060.2, True),
        ("social_work", "002001", 0.015, 0.4, "people", 30.04, False),
    ]
    names = ["rule_id", "community_id", "lon", "weight", "unit", "cost", "beyond"]
    return pd.DataFrame(rows, columns=names).assign(
        lat=SOUTH + 0.005, lon=lambda t: WEST + t["lon"]
    )


def drawn_standard() -> Standard:
    """Return a standard of six rules, two tiers and four targets."""
    return Standard(
        schema="circles.standard/2",
        id="drawn",
        name=Bilingual(zh="画里市服务圈标准", en="Drawn City service circles"),
        issuer=Bilingual(zh="画里市民政局", en="Drawn City civil affairs bureau"),
        deadline=date(2025, 12, 31),
        sources=(
            Source(
                id="plan",
                document=Bilingual(zh="《画里市服务圈规划》", en="Drawn City circle plan"),
                place=Bilingual(zh="第六章", en="chapter 6"),
                quote="城市社区15分钟、农村社区30分钟可达。",
                status="policy",
            ),
            Source(
                id="culture",
                document=Bilingual(zh="《画里市文化办法》", en="Drawn City culture rules"),
                quote="=农村“10里文化圈”",
                status="secondary",
            ),
        ),
        assumptions=(
            Assumption(
                id="pass_share",
                text=Bilingual(
                    zh="达标比例文件未写明，为本标准的假设。",
                    en="The pass share is an assumption.",
                ),
            ),
            Assumption(
                id="on_foot",
                text=Bilingual(zh="出行方式文件未写明，按步行计。", en="Walking is assumed."),
            ),
        ),
        rules=tuple(_rules()),
        tiers=(
            Tier(
                id="convenience",
                name=Bilingual(zh="便民生活服务圈", en="convenience circle"),
                rules=("elder_meal", "social_work"),
                sources=("plan",),
            ),
            Tier(
                id="quality",
                name=Bilingual(zh="优质生活服务圈", en="quality circle"),
                rules=("childcare", "health", "culture_urban", "culture_rural"),
                extends="convenience",
                sources=("plan",),
                assumptions=("on_foot",),
            ),
        ),
        targets=tuple(
            Target(
                id=f"{tier}_{setting}",
                of=Measured(tier=tier),
                setting=setting,
                min_share=share,
                deadline=date(2025, 12, 31),
                sources=("plan",),
            )
            for tier, setting, share in (
                ("convenience", "urban", 0.9),
                ("convenience", "rural", 0.5),
                ("quality", "urban", 0.5),
                ("quality", "rural", 0.1),
            )
        ),
        not_evaluated=(Bilingual(zh="每千人托位数", en="childcare places per 1,000 residents"),),
    )


def _rules() -> Iterator[AccessRule]:
    for rule_id, zh, en, group, profile, share in (
        ("elder_meal", "长者饭堂", "elder canteen", "60+", "senior", 0.85),
        ("social_work", "社工站", "social-work station", "all", "adult", 0.85),
        ("childcare", "托育", "childcare", "0-3", "stroller", 0.5),
        ("health", "社区卫生服务", "health centre", "all", "adult", 0.85),
    ):
        yield AccessRule(
            id=rule_id,
            kind="time_threshold",
            service=rule_id,
            name=Bilingual(zh=zh, en=en),
            group=group,
            profile=profile,
            max_minutes={"urban": 15, "rural": 30},
            min_share=share,
            sources=("plan",),
            assumptions=("pass_share",),
        )
    yield AccessRule(
        id="culture_urban",
        kind="time_threshold",
        service="culture",
        name=Bilingual(zh="文化设施（城市）", en="culture (urban)"),
        max_minutes={"urban": 10},
        min_share=0.85,
        sources=("culture",),
    )
    yield AccessRule(
        id="culture_rural",
        kind="distance_threshold",
        service="culture",
        any_of=("culture", "library"),
        name=Bilingual(zh="文化设施（农村）", en="culture (rural)"),
        max_metres={"rural": 5000},
        min_share=0.85,
        sources=("culture", "plan"),
    )


def _square(column: int, row: int, *, size: float = STEP) -> Polygon:
    west, south = WEST + STEP * column, SOUTH + STEP * row
    return box(west, south, west + size, south + size)


def _communities() -> gpd.GeoDataFrame:
    island = MultiPolygon([_square(2, 1, size=0.004), _square(2.5, 1.5, size=0.004)])
    rows = [
        # id, name, setting, street, population, households, demand source, shape
        ("001001", "荔枝里社区", "urban", "东街街道", 8200.0, 2900.0, "population", _square(0, 0)),
        ("001002", SCRIPT_NAME, "urban", "东街街道", 6100.0, np.nan, "population", _square(1, 0)),
        ("001003", FORMULA_NAME, "urban", "+西街街道", 4300.0, 1500.0, "population", _square(2, 0)),
        ("001004", "江心岛社区", "urban", "+西街街道", 0.0, 0.0, "population", island),
        ("002001", QUOTED_NAME, "rural", "@北山镇", np.nan, np.nan, "frontage", _square(0, 1)),
        ("002002", SLASH_NAME, "rural", None, np.nan, 640.0, "buildings", _square(1, 1)),
    ]
    names = [
        "community_id", "name", "setting", "street", "population", "households",
        "demand_source", "geometry",
    ]  # fmt: skip
    frame = gpd.GeoDataFrame(rows, columns=names, crs="EPSG:4326").set_index("community_id")
    return frame.assign(
        zone=None,
        district="画里区",
        area_km2=[1.13, 1.13, 1.13, 0.36, 1.13, 1.13],
        demand_points=[120, 96, 75, 0, 210, 64],
        off_network_points=[0, 3, 14, 0, 2, 1],
        edge_margin_m=[3100.0, 1500.0, 2600.0, 2400.0, 3300.0, 2800.0],
    )


def _facilities() -> gpd.GeoDataFrame:
    rows = [
        # id, name, service, origin, off network, east, north
        ("m1", "荔枝里长者饭堂", "elder_meal", "canteens.csv", False, 0.003, 0.006),
        ("m2", IMAGE_NAME, "elder_meal", "canteens.csv", False, 0.026, 0.004),
        ("m3", "北山助餐点", "elder_meal", "canteens.csv", False, 0.006, 0.015),
        ("s1", "东街社工站", "social_work", "stations.xlsx", False, 0.008, 0.007),
        ("s2", "", "social_work", "stations.xlsx", True, 0.031, 0.018),
        ("c1", "=1+1 托育园", "childcare", "OpenStreetMap", False, 0.007, 0.003),
        ("k1", "画里图书馆", "library", "OpenStreetMap", False, 0.012, 0.006),
        ("k1", "画里图书馆", "culture", "OpenStreetMap", False, 0.012, 0.006),
    ]
    names = ["facility_id", "name", "service", "origin", "off_network"]
    points = [Point(WEST + east, SOUTH + north) for *_, east, north in rows]
    table = pd.DataFrame([row[:5] for row in rows], columns=names)
    return gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4326")


def _joins() -> pd.DataFrame:
    rows = [("", 565, 20, 4, 31), ("elder_meal", 3, 0, 0, 0), ("social_work", 2, 1, 1, 0)]
    return pd.DataFrame(rows, columns=["service", "points", "off_network", "walled_off", "moved"])


def _isochrones() -> gpd.GeoDataFrame:
    rows: list[dict[str, object]] = []
    facilities = _facilities()
    for service, profile in (("elder_meal", "senior"), ("social_work", "adult")):
        points = facilities.loc[facilities["service"] == service, "geometry"].to_numpy()
        for minutes in (15.0, 30.0):
            around = gpd.GeoSeries(points).buffer(minutes * 0.0004).union_all()
            shape = around if isinstance(around, MultiPolygon) else MultiPolygon([around])
            rows.append(
                {"service": service, "profile": profile, "minutes": minutes, "geometry": shape}
            )
    return gpd.GeoDataFrame(rows, crs="EPSG:4326")


# community, rule, unit, group assumed, total, covered low, covered high, minutes or metres to the
# nearest (all), the same (beyond), nearest facility, reason
_NAN = float("nan")
_FINDINGS: tuple[tuple[object, ...], ...] = (
    ("001001", "elder_meal", "people", False, 1840, 1656, 1656, 7.2, 16.1, "荔枝里长者饭堂", ""),
    ("001001", "social_work", "people", False, 8200, 8200, 8200, 5.1, _NAN, "东街社工站", ""),
    ("001001", "childcare", "people", False, 240, 200, 200, 6.4, 15.3, "=1+1 托育园", ""),
    ("001001", "health", "people", False, 8200, _NAN, _NAN, _NAN, _NAN, None, "layer_missing"),
    ("001001", "culture_urban", "people", False, 8200, 7100, 7100, 8.0, 11.2, "画里图书馆", ""),
    ("001002", "elder_meal", "people", False, 1840, 1141, 1150, 13.4, 24.5, IMAGE_NAME, ""),
    ("001002", "social_work", "people", False, 6100, 5182.6, 5182.6, 9.0, 15.2, "东街社工站", ""),
    ("001002", "childcare", "people", True, 6100, 5100, 5200, 8.8, 17.0, "=1+1 托育园", ""),
    ("001002", "health", "people", False, 6100, _NAN, _NAN, _NAN, _NAN, None, "layer_missing"),
    ("001002", "culture_urban", "people", False, 6100, 6000, 6000, 4.0, 10.4, "画里图书馆", ""),
    ("001003", "elder_meal", "people", True, 4300, 3300, 3900, 6.3, 18.0, IMAGE_NAME, ""),
    ("001003", "social_work", "people", False, 4300, 3900, 4000, 9.9, 17.5, "", ""),
    ("001003", "childcare", "people", False, 0, 0, 0, _NAN, _NAN, None, "nobody"),
    ("001003", "health", "people", False, 4300, _NAN, _NAN, _NAN, _NAN, None, "layer_missing"),
    ("001003", "culture_urban", "people", False, 4300, 3700, 3700, 9.1, 12.0, "画里图书馆", ""),
    ("001004", "elder_meal", "people", False, 0, 0, 0, _NAN, _NAN, None, "nobody"),
    ("001004", "social_work", "people", False, 0, 0, 0, _NAN, _NAN, None, "nobody"),
    ("001004", "childcare", "people", False, 0, 0, 0, _NAN, _NAN, None, "nobody"),
    ("001004", "health", "people", False, 0, 0, 0, _NAN, _NAN, None, "nobody"),
    ("001004", "culture_urban", "people", False, 0, 0, 0, _NAN, _NAN, None, "nobody"),
    ("002001", "elder_meal", "frontage_m", True, 9400, 8700, 8800, 12.0, 33.0, "北山助餐点", ""),
    ("002001", "social_work", "frontage_m", False, 9400, 9400, 9400, 21.0, _NAN, "东街社工站", ""),
    ("002001", "childcare", "frontage_m", True, 9400, 9400, 9400, 19.0, _NAN, "=1+1 托育园", ""),
    ("002001", "health", "frontage_m", False, 9400, _NAN, _NAN, _NAN, _NAN, None, "layer_missing"),
    ("002001", "culture_rural", "frontage_m", False, 9400, 9000, 9000, 2300, 5060,
     "画里图书馆", ""),
    ("002002", "elder_meal", "floor_area_m2", True, 61000, 60000, 60000, 18, 31, "北山助餐点", ""),
    ("002002", "social_work", "floor_area_m2", False, 61000, 0, 900, _NAN, _NAN, None, ""),
    ("002002", "childcare", "floor_area_m2", True, 61000, 31000, 31000, 29, 36, "=1+1 托育园", ""),
    ("002002", "health", "floor_area_m2", False, 61000, _NAN, _NAN, _NAN, _NAN, None,
     "layer_missing"),
    ("002002", "culture_rural", "floor_area_m2", False, 61000, 43000, 43000, 4100, 5320,
     "画里图书馆", ""),
)  # fmt: skip

_PROVABLE_MINUTES = {"001002": 20.8, "002001": 44.0}


def _verdicts() -> pd.DataFrame:
    standard, settings = drawn_standard(), _communities()["setting"]
    rows = []
    for finding in _FINDINGS:
        community_id, rule_id, unit, assumed, total, low, high, cost, beyond, near, why = finding
        rule = standard.access_rule(str(rule_id))
        minutes = _PROVABLE_MINUTES.get(str(community_id), 35.0)
        rows.append(
            {
                "community_id": community_id,
                "rule_id": rule_id,
                "service": rule.service,
                "kind": rule.kind,
                "group": rule.group,
                "group_assumed": assumed,
                "unit": unit,
                "limit": rule.limit_in(settings[community_id]).lenient,
                "min_share": rule.min_share,
                "total": float(str(total)),
                "covered_low": low,
                "covered_high": high,
                "median_cost": cost,
                "beyond_median_cost": beyond,
                "nearest_facility": near,
                "provable_cost": minutes if rule.kind == "time_threshold" else minutes * 72,
                "reason": why,
            }
        )
    return _judged(pd.DataFrame(rows))


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    low = table["covered_low"] / table["total"]
    high = table["covered_high"] / table["total"]
    kinds = [
        table["reason"] == "nobody",
        table["reason"] == "layer_missing",
        low >= table["min_share"],
        high < table["min_share"],
    ]
    verdicts = ["not_applicable", "insufficient_data", "met", "not_met"]
    reasons = ["nobody", "layer_missing", "share_reached", "share_missed"]
    verdict = np.select(kinds, verdicts, "insufficient_data")
    missing = table["min_share"] * table["total"] - table["covered_high"]
    judged = table.assign(
        share_low=low,
        share_high=high,
        verdict=verdict,
        reason=np.select(kinds, reasons, "off_network_decides"),
        shortfall=np.select([verdict == "not_met", verdict == "met"], [missing, 0.0], np.nan),
        out_of_reach=table["total"] - table["covered_low"],
        p90_cost=table["median_cost"] * 1.5,
        worst_cost=table["median_cost"] * 2,
        nearest_cost=table["median_cost"],
    )
    same = ("limit", "covered_low", "covered_high", "share_low", "share_high")
    same += ("verdict", "reason", "shortfall")
    judged = judged.assign(**{f"strict_{name}": judged[name] for name in same})
    opened = ("open_share_low", "open_share_high", "open_known", "open_unknown")
    return judged.assign(**dict.fromkeys(opened, np.nan))


def _tiers() -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    verdicts, standard = _verdicts(), drawn_standard()
    for community_id, own in verdicts.groupby("community_id"):
        for tier in standard.tiers:
            ids = {rule.id for rule in standard.tier_rules(tier.id)}
            mine = own[own["rule_id"].isin(ids)]
            failing = tuple(mine.loc[mine["verdict"] == "not_met", "rule_id"])
            unknown = tuple(mine.loc[mine["verdict"] == "insufficient_data", "rule_id"])
            nobody = bool((mine["verdict"] == "not_applicable").all())
            verdict = "not_met" if failing else "insufficient_data" if unknown else "met"
            rows.append(
                {
                    "community_id": community_id,
                    "tier": tier.id,
                    "verdict": "not_applicable" if nobody else verdict,
                    "failing": failing,
                    "insufficient": unknown,
                    "strict_verdict": "not_applicable" if nobody else verdict,
                    "strict_failing": failing,
                    "met": int((mine["verdict"] == "met").sum()),
                    "strict_met": int((mine["verdict"] == "met").sum()),
                    "applied": int((mine["verdict"] != "not_applicable").sum()),
                    "score": 100 * (mine["share_low"] / mine["min_share"]).clip(upper=1).mean(),
                    "scored": int(mine["share_low"].notna().sum()),
                }
            )
    return pd.DataFrame(rows)


def _rollups() -> pd.DataFrame:
    rows = [
        # target, met, not met, insufficient, not applicable, verdict
        ("convenience_urban", 1, 1, 1, 1, "not_met"),
        ("convenience_rural", 1, 1, 0, 0, "met"),
        ("quality_urban", 0, 1, 2, 1, "insufficient_data"),
        ("quality_rural", 0, 1, 1, 0, "insufficient_data"),
    ]
    targets = {target.id: target for target in drawn_standard().targets}
    table = pd.DataFrame(
        {
            "target_id": target_id,
            "tier": targets[target_id].tier,
            "rule": None,
            "setting": targets[target_id].setting,
            "counted": "community",
            "level": "city",
            "unit_id": "画里区 <b>&",
            "unit_name": "画里区 <b>&",
            "met": met,
            "not_met": failed,
            "insufficient": unknown,
            "not_applicable": nobody,
            "denominator": met + failed + unknown,
            "share_low": met / (met + failed + unknown),
            "share_high": (met + unknown) / (met + failed + unknown),
            "min_share": targets[target_id].min_share,
            "needed": math.ceil(targets[target_id].min_share * (met + failed + unknown)),
            "verdict": verdict,
            "deadline": targets[target_id].deadline,
            "passed": False,
            "strength": "required",
        }
        for target_id, met, failed, unknown, nobody, verdict in rows
    )
    low = (table["needed"] - table["met"] - table["insufficient"]).clip(lower=0)
    high = (table["needed"] - table["met"]).clip(lower=0)
    table = table.assign(missing_low=low, missing_high=high, target_level="city")
    same = ("met", "not_met", "insufficient", "not_applicable", "denominator", "share_low")
    same += ("share_high", "missing_low", "missing_high", "verdict")
    return table.assign(**{f"strict_{name}": table[name] for name in same})


def _streets() -> gpd.GeoDataFrame:
    lines = [
        LineString([(WEST - 0.004, SOUTH + 0.005 * i), (WEST + 0.034, SOUTH + 0.005 * i)])
        for i in range(5)
    ] + [
        LineString([(WEST + 0.005 * i, SOUTH - 0.004), (WEST + 0.005 * i, SOUTH + 0.024)])
        for i in range(7)
    ]
    ranks = [1 + i % 3 for i in range(len(lines))]
    return gpd.GeoDataFrame({"rank": ranks}, geometry=lines, crs="EPSG:4326")


def _layer(shapes: list[Polygon]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4326")
