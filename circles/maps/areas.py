"""The communities on the page: shapes, names, views, and the reasons of each verdict."""

from collections.abc import Hashable, Mapping
from itertools import accumulate, pairwise
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from circles.assessment import Assessment
from circles.explain import explain_basis, number
from circles.explain_finding import community_findings, finding_words
from circles.maps.encode import encode_each, encode_points, encode_polygons
from circles.maps.sentences import Phrasebook, take_apart
from circles.maps.views import VERDICTS, positions, views
from circles.texts import Texts

Data = dict[str, Any]

TOLERANCE_M: Final = 1.0
"""Bends of an outline less than this are left out: two pixels at the deepest zoom of the map."""

_DEGREE_M: Final = 111_320.0
_WORTH_LEAVING_OUT: Final = 0.1
"""With fewer corners to leave out than this share, looking for them is not worth the time."""
_WORST_FIRST: Final = tuple(
    map(VERDICTS.index, ("not_met", "insufficient_data", "met", "not_applicable"))
)
_REPORTED: Final = VERDICTS.index("not_applicable")


def community_data(assessment: Assessment, texts: Texts) -> Data:
    """Return the communities: shapes, names, verdicts by view, and the reasons, worst first."""
    communities, standard = assessment.communities, assessment.standard
    book = Phrasebook()
    told = _told(assessment, texts, book)
    streets = communities["street"] if "street" in communities else pd.Series(dtype=object)
    named = [street if isinstance(street, str) else "" for street in streets]
    return {
        "ids": [str(community) for community in communities.index],
        "names": communities["name"].astype(str).tolist(),
        "settings": [texts(f"words.setting_one_{setting}") for setting in communities["setting"]],
        "streets": named or [""] * len(communities),
        "facts": [_facts(row, texts) for row in communities.to_dict("records")],
        "shapes": encode_polygons(plain_outlines(communities.geometry)),
        "middles": _middles(communities.geometry),
        "rules": [rule.name[texts.lang] for rule in standard.rules],
        "bases": [explain_basis(rule, standard, texts) for rule in standard.rules],
        "views": views(assessment, texts),
        "told": told,
        "templates": [list(pieces) for pieces in book.templates],
        "words": list(book.words),
    }


def plain_outlines(shapes: gpd.GeoSeries) -> npt.NDArray[np.object_]:
    """Return outlines without the bends that cannot be seen; shared borders stay shared."""
    plain: npt.NDArray[np.object_] = np.array(shapes, dtype=object)
    sound = shapely.is_valid(plain) & ~shapely.is_empty(plain) & ~shapely.is_missing(plain)
    if _unseen(plain[sound]) >= _WORTH_LEAVING_OUT:
        plain[sound] = shapely.coverage_simplify(plain[sound], TOLERANCE_M / _DEGREE_M)
    return plain


def _unseen(shapes: npt.NDArray[np.object_]) -> float:
    """Return the share of the corners that lie less than the tolerance off their neighbours."""
    points, shape = shapely.get_coordinates(shapes, return_index=True)
    if len(points) < 3:
        return 0.0
    one, other = np.diff(points, axis=0)[:-1], np.diff(points, axis=0)[1:]
    area = np.abs(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]) / 2
    flat = (area < (TOLERANCE_M / _DEGREE_M) ** 2) & (shape[2:] == shape[:-2])
    return float(flat.mean())


def _told(assessment: Assessment, texts: Texts, book: Phrasebook) -> list[str]:
    """Return each community's lines as numbers: rule, verdict and sentence, the worst first."""
    lines = _access_lines(assessment, texts, book) + _other_lines(assessment, texts, book)
    lines.sort(key=lambda line: line[0])
    ordered = [codes for _, codes in lines]
    flat = [code for codes in ordered for code in (len(codes), *codes)]
    count = np.bincount(
        [key[0] for key, _ in lines], minlength=len(assessment.communities)
    ).tolist()
    text_of = _slices(flat, [len(codes) + 1 for codes in ordered])
    ends = [0, *accumulate(count)]
    return ["".join(text_of[a:b]) for a, b in pairwise(ends)]


def _slices(flat: list[int], lengths: list[int]) -> list[str]:
    """Encode many runs of numbers at once; numbers here are small and positive."""
    known = encode_each(np.arange(max(flat, default=0) + 1))
    words = [known[value] for value in flat]
    ends = [0, *accumulate(lengths)]
    return ["".join(words[a:b]) for a, b in pairwise(ends)]


#: By what lines are ordered: community, verdict, those of access first, what is missing.
_Key = tuple[int, int, int, float]


def _access_lines(
    assessment: Assessment, texts: Texts, book: Phrasebook
) -> list[tuple[_Key, list[int]]]:
    table = assessment.verdicts
    place = positions(assessment.standard)
    rows = pd.Index(assessment.communities.index).get_indexer(table["community_id"])
    # What is reported and not judged looks like what does not apply: neither good nor bad.
    codes = [VERDICTS.index(v) if v in VERDICTS else _REPORTED for v in table["verdict"]]
    order = [_WORST_FIRST.index(c) if v in VERDICTS else len(_WORST_FIRST)
             for c, v in zip(codes, table["verdict"], strict=True)]  # fmt: skip
    missing = (table["shortfall"] / table["total"]).fillna(0.0).tolist()
    rules = table["rule_id"].map(place).tolist()
    told = take_apart(table, assessment.standard, texts, book)
    return [
        ((row, rank, 0, -short), [rule, code, *sentence])
        for row, rank, short, rule, code, sentence in zip(
            rows.tolist(), order, missing, rules, codes, told, strict=True
        )
    ]


def _other_lines(
    assessment: Assessment, texts: Texts, book: Phrasebook
) -> list[tuple[_Key, list[int]]]:
    """Tell what the other rules find in the communities themselves, as far as it is judged."""
    standard, place = assessment.standard, positions(assessment.standard)
    row_of = {str(community): row for row, community in enumerate(assessment.communities.index)}
    lines: list[tuple[_Key, list[int]]] = []
    for row in community_findings(assessment.findings).to_dict("records"):
        if str(row["unit_id"]) in row_of:
            code = VERDICTS.index(row["verdict"])
            sentence = book.sentence(finding_words(row, standard, texts))
            key = (row_of[str(row["unit_id"])], _WORST_FIRST.index(code), 1, 0.0)
            lines.append((key, [place[str(row["rule_id"])], code, *sentence]))
    return lines


def _facts(row: Mapping[Hashable, object], texts: Texts) -> str:
    """Tell a community's counts; those nobody knows, and those of nothing, are left out."""
    counts = {
        name: number(row.get(name)) for name in ("population", "households", "off_network_points")
    }
    return texts("map.fact_separator").join(
        texts(f"map.fact_{name}", value=f"{count:,.0f}")
        for name, count in counts.items()
        if count > 0
    )


def _middles(shapes: gpd.GeoSeries) -> str:
    """Return a point inside each shape, its centroid where that lies inside."""
    areas = shapes.to_numpy()
    centroids = shapely.centroid(areas)
    inside = shapely.contains(areas, centroids)
    points = np.where(inside, centroids, shapely.point_on_surface(areas))
    return encode_points(np.nan_to_num(shapely.get_x(points)), np.nan_to_num(shapely.get_y(points)))
