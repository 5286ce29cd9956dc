"""The map's folium elements: a page with everything inside, and layers that draw plain data."""

from typing import Any, cast

import folium
from branca.element import Element, Figure, MacroElement
from folium.map import Layer
from folium.template import Template

from circles.maps.offline import json_for_html, page_asset, vendored_script, vendored_style

_SCRIPTS = (
    "core.js", "sheet.js", "ground.js", "communities.js", "labels.js", "places.js", "gaps.js",
    "reach.js", "cards.js", "search.js", "bases.js", "panel.js", "page.js",
)  # fmt: skip
_STYLES = ("verdicts.css", "map.css")


class MapPage(Figure):
    """A whole page in one language, with Leaflet and the map's own scripts and styles inside.

    Parameters
    ----------
    title
        The page's title; any text.
    lang
        The language of the page, as HTML names it.
    """

    _template = Template(
        """<!DOCTYPE html>
<html lang="{{ this.lang|e }}">
<head>
{{ this.header.render(**kwargs) }}
<title>{{ this.title|e }}</title>
</head>
<body>
{{ this.html.render(**kwargs) }}
<script>
{{ this.script.render(**kwargs) }}
</script>
</body>
</html>
"""
    )

    def __init__(self, *, title: str, lang: str) -> None:
        super().__init__(title=title)
        self.lang = lang
        styles = [vendored_style(), *(page_asset(name) for name in _STYLES)]
        scripts = [vendored_script(), *(page_asset(name) for name in _SCRIPTS)]
        for number, style in enumerate(styles):
            self.header.add_child(_Inline(f"<style>{style}</style>"), name=f"style_{number}")
        for number, script in enumerate(scripts):
            self.header.add_child(_Inline(f"<script>{script}</script>"), name=f"script_{number}")


class OfflineMap(folium.Map):
    """A folium map that links to nothing; its page brings Leaflet along.

    What folium draws with jQuery, Bootstrap or Font Awesome (such as `folium.Icon`) does not work
    on it unless the caller adds those links.
    """

    default_js = []  # noqa: RUF012 - folium's own name for what a class links to
    default_css = []  # noqa: RUF012

    def get_name(self) -> str:
        """Return the same name on every run, so that pages are the same bytes."""
        return "circles_map"


class DataLayer(Layer):
    """A layer whose data stand in the page as JSON and are drawn by a function of its scripts.

    Parameters
    ----------
    kind
        The function of ``circlesMap`` that draws it.
    data
        What it draws: anything JSON can hold.
    """

    _template = Template(
        """
{% macro script(this, kwargs) %}
var {{ this.get_name() }} = circlesMap.{{ this.kind }}(
    {{ this._parent.get_name() }}, circlesMap.read("{{ this.get_name() }}_data"));
{% endmacro %}
"""
    )

    def __init__(self, *, kind: str, data: object) -> None:
        self.kind = kind
        super().__init__(name=kind, overlay=True, control=False, show=False)
        self.data = data

    def get_name(self) -> str:
        """Return the same name on every run, so that pages are the same bytes."""
        return f"circles_{self.kind}"

    def render(self, **kwargs: Any) -> None:  # type: ignore[override]  # as folium's own
        """Put the data and the call that draws them into the page."""
        _put_data(self)
        super().render(**kwargs)  # type: ignore[no-untyped-call]


class Panel(MacroElement):
    """The title, the legend and the switches of the layers.

    Parameters
    ----------
    layers
        The layers it switches.
    data
        Its words: anything JSON can hold.
    """

    _template = Template(
        """
{% macro script(this, kwargs) %}
circlesMap.page({{ this._parent.get_name() }}, {
    {%- for layer in this.layers %} {{ layer.kind }}: {{ layer.get_name() }},{% endfor %}
}, circlesMap.read("{{ this.get_name() }}_data"));
{% endmacro %}
"""
    )

    def __init__(self, layers: tuple[DataLayer, ...], *, data: object) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.layers = layers
        self.data = data

    def get_name(self) -> str:
        """Return the same name on every run, so that pages are the same bytes."""
        return "circles_panel"

    def render(self, **kwargs: Any) -> None:  # type: ignore[override]  # as folium's own
        """Put the data and the call that draws them into the page."""
        _put_data(self)
        super().render(**kwargs)  # type: ignore[no-untyped-call]


class _Inline(Element):
    """HTML that is put into the page as it is."""

    _template = Template("{{ this.html }}")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html


def _put_data(element: DataLayer | Panel) -> None:
    """Put an element's data into the page.

    Not by a macro of its template: branca reads what a macro gives as a template once more, and
    braces in somebody's name would then be run as code.
    """
    name = element.get_name()
    script = (
        f'<script type="application/json" id="{name}_data">{json_for_html(element.data)}</script>'
    )
    page = cast("Figure", element.get_root())
    page.html.add_child(_Inline(script), name=f"{name}_data")
