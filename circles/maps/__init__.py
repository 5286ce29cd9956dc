"""Interactive maps of an assessment that open from disk without a network."""

from typing import TYPE_CHECKING

from circles.assessment import Assessment
from circles.maps import areas, content, places
from circles.maps.bases import BaseMap, base_map
from circles.maps.content import Edition
from circles.maps.offline import HTML_LANG, refuse_outside_references, seal
from circles.texts import load_texts

if TYPE_CHECKING:
    import folium

__all__ = ["BaseMap", "Edition", "base_map", "build_map", "map", "render_map"]

#: A pixel is half a metre then; outlines are kept to a metre.
_DEEPEST_ZOOM = 18


def build_map(
    assessment: Assessment, *, lang: str = "zh", edition: Edition | None = None
) -> "folium.Map":
    """Draw an assessment as a folium map, to show in a notebook or to add layers to.

    Parameters
    ----------
    assessment
        One district's results.
    lang
        ``"zh"`` or ``"en"``.
    edition
        How the map is published: review number, online base maps, as a fragment.

    Raises
    ------
    InputError
        There are no texts in that language.
    """
    from circles.maps.elements import DataLayer, MapPage, OfflineMap, Panel

    texts = load_texts(lang)
    (south, west), (north, east) = content.bounds(assessment)
    drawn = OfflineMap(
        location=[(south + north) / 2, (west + east) / 2],
        tiles=None,
        zoom_control=False,
        maxZoom=_DEEPEST_ZOOM,
        zoomSnap=0.25,
        font_size="13px",
        attributionControl=False,
    )
    layers = (
        DataLayer(kind="ground", data=content.ground_data(assessment)),
        DataLayer(kind="communities", data=areas.community_data(assessment, texts)),
        DataLayer(kind="reach", data=places.reach_data(assessment, texts)),
        DataLayer(kind="gaps", data=places.home_data(assessment)),
        DataLayer(kind="facilities", data=places.facility_data(assessment, texts)),
    )
    words = content.panel_data(assessment, texts, edition or Edition())
    for element in (*layers, Panel(layers, data=words)):
        drawn.add_child(element)
    page = MapPage(title=content.page_title(assessment, texts), lang=HTML_LANG[texts.lang])
    page.add_child(drawn)
    return drawn


map = build_map  # noqa: A001 - `circles.map(...)` says what it does


def render_map(assessment: Assessment, *, lang: str = "zh", edition: Edition | None = None) -> str:
    """Draw an assessment as one HTML page that needs nothing from outside.

    The same assessment gives the same bytes. Only if the edition has online base maps may the page
    ask for something, and then for nothing but their pictures.

    Parameters
    ----------
    assessment
        One district's results.
    lang
        ``"zh"`` or ``"en"``.
    edition
        How the map is published: review number, online base maps, as a fragment.

    Raises
    ------
    InputError
        There are no texts in that language.
    OutputError
        The page would load something from outside.
    """
    edition = edition or Edition()
    page: str = build_map(assessment, lang=lang, edition=edition).get_root().render()
    refuse_outside_references(page)
    return seal(page, pictures=[host for base in edition.bases for host in base.hosts])
