"""What the map page shows besides its layers: title, legend's words, sources, search."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely

from circles.assessment import Assessment
from circles.explain import one_line
from circles.maps.bases import BaseMap, base_data
from circles.maps.encode import DEGREE, encode_joined, encode_polygons, joined_lines
from circles.maps.pinyin import readings
from circles.maps.views import LOOKS, VERDICTS
from circles.texts import Texts

Data = dict[str, Any]

#: What is only looked at loses bends of less than this.
_GROUND_TOLERANCE: Final = 2 / DEGREE
#: Streets with more corners than this are drawn coarser, and the paths and lesser ones not at all:
#: those of a province would outweigh all else in the page.
MOST_CORNERS: Final = 300_000
_COARSER: Final = 8  # times the tolerance
_PREFIX: Final = "map."


@dataclass(frozen=True)
class Edition:
    """How a map is published.

    Parameters
    ----------
    review
        The map review number (审图号), which maps shown in public must bear; empty without one.
    bases
        Online base maps that a reader may switch on; with none the page asks for nothing.
    fragment
        Whether another page shows the map in a frame, under its own heading.
    """

    review: str = ""
    bases: Sequence[BaseMap] = ()
    fragment: bool = False


def page_title(assessment: Assessment, texts: Texts) -> str:
    """Return the title of the map's page."""
    standard = assessment.standard.name[texts.lang]
    return texts("map.title", name=assessment.name, standard=standard)


def ground_data(assessment: Assessment) -> Data:
    """Return what is drawn under the map: streets by rank, water and green."""
    return {
        "streets": [encode_joined(lines) for lines in _streets(assessment)],
        "water": _plain(assessment.water),
        "green": _plain(assessment.green),
    }


def _streets(assessment: Assessment) -> list[gpd.GeoSeries]:
    """Return the streets to draw, by rank: the main ones always, others while there is room."""
    table = assessment.streets
    none = gpd.GeoSeries([], crs=table.crs)
    if "rank" not in table:
        return [none] * 3
    drawn, room = [], MOST_CORNERS
    for rank in (1, 2, 3):
        own = table.loc[table["rank"] == rank, "geometry"]
        # Joining saves a few corners only: where there are far too many it need not be tried.
        lines = joined_lines(own) if rank == 1 or _corners(own) < 2 * room else none
        if _corners(lines) > room:
            lines = _coarser(lines) if rank == 1 else none
        room = room - _corners(lines) if len(lines) or own.empty else 0
        drawn.append(lines)
    return drawn


def _corners(lines: gpd.GeoSeries) -> int:
    return int(shapely.get_num_coordinates(lines.to_numpy()).sum())


def _coarser(lines: gpd.GeoSeries) -> gpd.GeoSeries:
    """Leave out more bends, and the lines that are shorter than those."""
    tolerance = _COARSER * _GROUND_TOLERANCE
    simple = gpd.GeoSeries(lines.simplify(tolerance), crs=lines.crs)
    return simple[shapely.length(simple.to_numpy()) > tolerance]


def panel_data(assessment: Assessment, texts: Texts, edition: Edition) -> Data:
    """Return the words of the controls, the title and what to know before use."""
    standard, words = assessment.standard, texts.words
    dated = assessment.as_of
    return {
        "lang": texts.lang,
        "name": assessment.name,
        "standard": standard.name[texts.lang],
        "issuer": standard.issuer[texts.lang],
        "as_of": texts("map.as_of", date=dated.isoformat()) if dated else "",
        "fictional": texts("words.fictional") if assessment.fictional else "",
        "fictional_note": texts("words.fictional_note") if assessment.fictional else "",
        "verdicts": [texts(f"words.verdict_{verdict}") for verdict in VERDICTS],
        "looks": list(LOOKS),
        "notice": "" if assessment.walked else texts("no_network.notice"),
        "attribution": _attribution(assessment, texts),
        "sources": _sources(assessment, texts),
        "review": texts("map.review", number=edition.review) if edition.review else "",
        "warnings": [texts.note(note) for note in assessment.warnings],
        "assumptions": [
            *(assumption.text[texts.lang] for assumption in standard.assumptions),
            *(texts.note(note) for note in assessment.assumptions),
        ],
        "bases": base_data(tuple(edition.bases), _box(assessment), texts),
        "readings": readings(_names(assessment)),
        "fragment": edition.fragment,
        "words": {
            key.removeprefix(_PREFIX): text
            for key, text in words.items()
            if key.startswith(_PREFIX + "ui_")
        },
    }


def _attribution(assessment: Assessment, texts: Texts) -> str:
    """Say whose the streets are, or that there are none."""
    if not assessment.walked:
        return texts("no_network.ground")
    return texts("map.invented" if assessment.fictional else "map.attribution")


def bounds(assessment: Assessment) -> list[list[float]]:
    """Return the communities' box: south-west and north-east corner, latitude first."""
    west, south, east, north = _box(assessment)
    return [[south, west], [north, east]]


def _sources(assessment: Assessment, texts: Texts) -> list[str]:
    """Return the documents of the standard and the files of the facilities, each once."""
    documents = [source.document[texts.lang] for source in assessment.standard.sources]
    origins = [one_line(str(origin)) for origin in assessment.facilities["origin"]]
    return list(dict.fromkeys([*documents, *(origin for origin in origins if origin)]))


def _names(assessment: Assessment) -> list[str]:
    tables = (assessment.communities, assessment.facilities)
    return [str(name) for table in tables for name in table["name"]]


def _box(assessment: Assessment) -> tuple[float, float, float, float]:
    west, south, east, north = assessment.communities.total_bounds
    return float(west), float(south), float(east), float(north)


def _plain(layer: gpd.GeoDataFrame) -> str:
    shapes = np.asarray(layer.geometry, dtype=object)
    return encode_polygons(shapely.simplify(shapes, _GROUND_TOLERANCE))
