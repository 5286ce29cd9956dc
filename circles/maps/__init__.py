"""Interactive maps of an assessment that open from disk without a network."""

from typing import TYPE_CHECKING

from circles.assessment import Assessment
from circles.maps import content
from circles.maps.offline import HTML_LANG, refuse_outside_references, seal
from circles.texts import load_texts

if TYPE_CHECKING:
    import folium

_DEEPEST_ZOOM = 19


def build_map(assessment: Assessment, *, lang: str = "zh") -> "folium.Map":
    """Draw an assessment as a folium map, to show in a notebook or to add layers to.

    Parameters
    ----------
    assessment
        One district's results.
    lang
        ``"zh"`` or ``"en"``.

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
        DataLayer(kind="communities", data=content.community_data(assessment, texts)),
        DataLayer(kind="reach", data=content.reach_data(assessment, texts)),
        DataLayer(kind="facilities", data=content.facility_data(assessment, texts)),
    )
    for element in (*layers, Panel(layers, data=content.panel_data(assessment, texts))):
        drawn.add_child(element)
    page = MapPage(title=content.page_title(assessment, texts), lang=HTML_LANG[texts.lang])
    page.add_child(drawn)
    return drawn


def render_map(assessment: Assessment, *, lang: str = "zh") -> str:
    """Draw an assessment as one HTML page that needs nothing from outside.

    The same assessment gives the same bytes.

    Parameters
    ----------
    assessment
        One district's results.
    lang
        ``"zh"`` or ``"en"``.

    Raises
    ------
    InputError
        There are no texts in that language.
    OutputError
        The page would load something from outside.
    """
    page: str = build_map(assessment, lang=lang).get_root().render()
    refuse_outside_references(page)
    return seal(page)
