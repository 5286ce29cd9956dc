"""What the map page shows, as plain data: shapes as compact text, words as strings."""

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from circles.assessment import Assessment
from circles.explain import (
    explain_basis,
    explain_finding,
    required,
    score_word,
    share_range,
    verdict_word,
    worst_first,
)
from circles.explain_finding import community_findings, finding_words
from circles.explain_rollup import counted_word
from circles.facilities import load_catalogue
from circles.maps.encode import DEGREE, encode_lines, encode_points, encode_polygons
from circles.standards.model import Standard
from circles.texts import Texts

Data = dict[str, object]
#: A line of a community's card: the place of its rule, that of its verdict, and the words.
Told = tuple[int, int, str]

VERDICTS: Final = ("met", "not_met", "insufficient_data", "not_applicable")
"""Every verdict; the page knows them by their place in this list."""

_WORST_FIRST: Final = tuple(
    map(VERDICTS.index, ("not_met", "insufficient_data", "met", "not_applicable"))
)
_PLAIN_COLOUR: Final = "#5b6470"
_PAGE_WORDS: Final = (
    "all", "basis", "facilities", "ground", "labels", "layers", "more", "none", "off_network",
    "origin", "reach", "reach_none", "reach_note", "scale_note", "unnamed", "view",
    "warnings",
)  # fmt: skip


def page_title(assessment: Assessment, texts: Texts) -> str:
    """Return the title of the map's page."""
    standard = assessment.standard.name[texts.lang]
    return texts("map.title", name=assessment.name, standard=standard)


def ground_data(assessment: Assessment) -> Data:
    """Return what is drawn under the map: streets by rank, water and green."""
    streets = assessment.streets
    return {
        "streets": {
            str(rank): encode_lines(streets.loc[streets["rank"] == rank, "geometry"])
            for rank in (1, 2, 3)
        },
        "water": [text for text in _simple_polygons(assessment.water.geometry) if text],
        "green": [text for text in _simple_polygons(assessment.green.geometry) if text],
    }


def community_data(assessment: Assessment, texts: Texts) -> Data:
    """Return the communities: shapes, names, verdicts by view, and the reasons, worst first."""
    communities = assessment.communities
    standard = assessment.standard
    return {
        "names": communities["name"].tolist(),
        "settings": [texts(f"words.setting_one_{setting}") for setting in communities["setting"]],
        "facts": [_facts(row, texts) for row in communities.to_dict("records")],
        "shapes": [encode_polygons(shape) for shape in communities.geometry],
        "middles": encode_points(_middles(communities.geometry)),
        "bases": [explain_basis(rule, standard, texts) for rule in standard.rules],
        "views": _views(assessment, texts),
        "findings": _findings(assessment, texts),
    }


def facility_data(assessment: Assessment, texts: Texts) -> Data:
    """Return the facilities by service, each service with its name, colour and sign."""
    catalogue = load_catalogue()
    facilities = assessment.facilities
    present = set(facilities["service"])
    known = [service for service in catalogue if service in present]
    services = known + sorted(present - set(known))
    slots, sharing = _slots(facilities)
    groups: list[Data] = []
    for service in services:
        own = (facilities["service"] == service).to_numpy()
        rows = facilities[own]
        groups.append(
            {
                **_look(service, texts),
                "id": service,
                "names": rows["name"].tolist(),
                "origins": rows["origin"].tolist(),
                "off": rows["off_network"].astype(int).tolist(),
                "slots": (slots - (sharing - 1) / 2)[own].tolist(),
                "points": encode_points(rows.geometry),
            }
        )
    return {"services": groups}


def reach_data(assessment: Assessment, texts: Texts) -> Data:
    """Return the isochrones: one entry a need and profile, its limits from short to long."""
    isochrones = assessment.isochrones
    profiles = isochrones.groupby("service")["profile"].nunique()
    needs: list[Data] = []
    for (service, profile), rows in isochrones.groupby(["service", "profile"], sort=False):
        ordered = rows.sort_values("minutes", kind="stable")
        needs.append(
            {
                "name": _need_name(
                    str(service), str(profile) if profiles[service] > 1 else "", assessment, texts
                ),
                "services": _answers(str(service), assessment),
                "limits": [
                    texts("words.minutes", value=f"{minutes:g}") for minutes in ordered["minutes"]
                ],
                "shapes": _simple_polygons(ordered.geometry),
            }
        )
    return {"needs": needs}


def panel_data(assessment: Assessment, texts: Texts) -> Data:
    """Return the words of the controls, the title and what to know before use."""
    standard = assessment.standard
    return {
        "lang": texts.lang,
        "name": assessment.name,
        "standard": standard.name[texts.lang],
        "as_of": texts("map.as_of", date=assessment.as_of.isoformat()) if assessment.as_of else "",
        "fictional": texts("words.fictional") if assessment.fictional else "",
        "fictional_note": texts("words.fictional_note") if assessment.fictional else "",
        "verdicts": [texts(f"words.verdict_{verdict}") for verdict in VERDICTS],
        "attribution": texts("map.invented" if assessment.fictional else "map.attribution"),
        "warnings": [texts.note(note) for note in assessment.warnings],
        "words": {word: texts(f"map.{word}") for word in _PAGE_WORDS},
    }


def bounds(assessment: Assessment) -> list[list[float]]:
    """Return the communities' box: south-west and north-east corner, latitude first."""
    west, south, east, north = assessment.communities.total_bounds
    return [[float(south), float(west)], [float(north), float(east)]]


def _views(assessment: Assessment, texts: Texts) -> list[Data]:
    """Return what communities can be coloured by: the tiers, or the rules if there are none."""
    standard = assessment.standard
    positions = _positions(standard)
    if not standard.tiers:
        return [
            _view(
                assessment,
                rule.name[texts.lang],
                [positions[rule.id]],
                assessment.verdicts[assessment.verdicts["rule_id"] == rule.id],
            )
            for rule in standard.access_rules
        ]
    return [
        _view(
            assessment,
            tier.name[texts.lang],
            [positions[rule.id] for rule in standard.tier_rules(tier.id)],
            assessment.tiers[assessment.tiers["tier"] == tier.id],
        )
        | {
            "rollups": _rollups(assessment, tier.id, texts),
            "scores": _scores(assessment, tier.id, texts),
        }
        for tier in standard.tiers
    ]


def _view(assessment: Assessment, name: str, rules: list[int], table: pd.DataFrame) -> Data:
    verdicts = dict(zip(table["community_id"], table["verdict"], strict=True))
    codes = [
        VERDICTS.index(verdicts.get(community) or "not_applicable")
        for community in assessment.communities.index
    ]
    return {"name": name, "rules": rules, "verdicts": codes, "rollups": [], "scores": []}


def _scores(assessment: Assessment, tier: str, texts: Texts) -> list[str]:
    """Return how many rules each community meets in a tier, and its circle score."""
    own = assessment.tiers[assessment.tiers["tier"] == tier].set_index("community_id")
    rows = own.reindex(assessment.communities.index).to_dict("records")
    return [_score(row, texts) for row in rows]


def _score(row: Mapping[Hashable, object], texts: Texts) -> str:
    if row["verdict"] == "not_applicable":
        return ""
    words = texts(
        "map.score",
        met=row["met"],
        applied=row["applied"],
        score=score_word(row["score"], row["scored"], row["applied"], texts),
    )
    if row["strict_verdict"] == row["verdict"]:
        return words
    verdict = verdict_word(str(row["strict_verdict"]), texts)
    return texts("map.score_strict", words=words, verdict=verdict)


def _rollups(assessment: Assessment, tier: str, texts: Texts) -> list[Data]:
    rollups = assessment.rollups
    return [
        {
            "text": texts(
                "map.rollup",
                setting=counted_word(row, texts),
                met=row["met"],
                denominator=row["denominator"],
                share=share_range(
                    row["share_low"], row["share_high"], texts, needed=row["min_share"]
                ),
            ),
            "target": _target(row, texts),
            "low": _or_none(row["share_low"]),
            "high": _or_none(row["share_high"]),
            "needed": row["min_share"],
            "verdict": VERDICTS.index(row["verdict"]),
        }
        for row in rollups[rollups["tier"] == tier].to_dict("records")
    ]


def _target(row: Mapping[Hashable, object], texts: Texts) -> str:
    """Return what a roll-up must reach, and how many meet it by the stricter limits if fewer."""
    words = texts("map.rollup_target", needed=required(float(str(row["min_share"]))))
    if row["strict_met"] == row["met"]:
        return words
    return texts("map.rollup_strict", words=words, met=row["strict_met"])


def _findings(assessment: Assessment, texts: Texts) -> list[list[Told]]:
    """Return each community's findings, worst first: rule, verdict and words."""
    told: dict[str, list[Told]] = {str(community): [] for community in assessment.communities.index}
    _tell_access(told, assessment, texts)
    _tell_others(told, assessment, texts)
    return [sorted(lines, key=lambda line: _WORST_FIRST.index(line[1])) for lines in told.values()]


def _tell_access(told: dict[str, list[Told]], assessment: Assessment, texts: Texts) -> None:
    standard, positions = assessment.standard, _positions(assessment.standard)
    for community, own in assessment.verdicts.groupby("community_id"):
        for row in worst_first(own).to_dict("records"):
            rule = standard.access_rule(str(row["rule_id"]))
            # What is reported and not judged looks like what does not apply: neither good nor bad.
            verdict = row["verdict"] if isinstance(row["verdict"], str) else "not_applicable"
            line = positions[rule.id], VERDICTS.index(verdict), explain_finding(row, rule, texts)
            told[str(community)].append(line)


def _tell_others(told: dict[str, list[Told]], assessment: Assessment, texts: Texts) -> None:
    """Tell what the other rules find in the communities themselves, as far as it is judged."""
    standard, positions = assessment.standard, _positions(assessment.standard)
    for row in community_findings(assessment.findings).to_dict("records"):
        words = finding_words(row, standard, texts)
        line = positions[str(row["rule_id"])], VERDICTS.index(row["verdict"]), words
        told.get(str(row["unit_id"]), []).append(line)


def _positions(standard: Standard) -> dict[str, int]:
    """Return the place of each rule in the page's list of documents."""
    return {rule.id: number for number, rule in enumerate(standard.rules)}


def _facts(row: Mapping[Hashable, object], texts: Texts) -> str:
    """Tell a community's counts; those nobody knows, and those of nothing, are left out."""
    counts = {
        name: _or_none(row[name]) for name in ("population", "households", "off_network_points")
    }
    return texts("map.fact_separator").join(
        texts(f"map.fact_{name}", value=f"{count:,.0f}") for name, count in counts.items() if count
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


def _simple_polygons(shapes: Iterable[shapely.Geometry]) -> list[str]:
    """Encode polygons that are only looked at, without bends of less than two steps."""
    simple = shapely.simplify(np.asarray(shapes, dtype=object), 2 / DEGREE)
    return [encode_polygons(shape) for shape in simple]


def _middles(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return a point inside each shape, its centroid where that lies inside."""
    centroids = shapely.centroid(shapes.to_numpy())
    inside = shapely.contains(shapes.to_numpy(), centroids)
    points = np.where(inside, centroids, shapely.point_on_surface(shapes.to_numpy()))
    return gpd.GeoSeries(points, crs=shapes.crs)


def _slots(facilities: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's place among the rows at its spot, and how many share that spot."""
    spots = np.rint(shapely.get_coordinates(facilities.geometry) * DEGREE)
    groups = pd.Series(0, index=range(len(facilities))).groupby([spots[:, 0], spots[:, 1]])
    return groups.cumcount().to_numpy(), groups.transform("size").to_numpy()


def _or_none(value: object) -> float | None:
    number = float(str(value))
    return None if math.isnan(number) else number
