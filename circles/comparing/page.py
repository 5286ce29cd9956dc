"""A comparison as a page: self-contained HTML, every table with its reasons."""

from typing import Final

import jinja2

from circles.comparing.model import Comparison
from circles.comparing.views import NUMBERS, views
from circles.comparing.words import about, headline, remarks, title, tolerance_line
from circles.maps.offline import HTML_LANG, page_asset, seal
from circles.texts import load_texts

#: Rows of a table that a browser shows well; all are in the JSON file and in the workbook.
_ON_A_PAGE: Final = 500
_METHOD: Final = (
    *("method_same", "method_several", "method_near", "method_share", "method_map"),
    *("method_libraries", "method_facilities", "method_communities"),
)


def render_comparison(comparison: Comparison, *, lang: str = "zh") -> str:
    """Return a comparison as HTML that asks for nothing outside itself.

    The same comparison gives the same bytes.

    Parameters
    ----------
    comparison
        What `circles.compare` returns.
    lang
        ``"zh"`` or ``"en"``.

    Raises
    ------
    InputError
        There are no texts in that language.
    """
    texts = load_texts(lang)
    page = _template().render(
        t=lambda key, **values: texts(f"comparing.{key}", **values),
        html_lang=HTML_LANG[texts.lang],
        style=page_asset("verdicts.css"),
        title=title(comparison, texts),
        about=about(comparison, texts),
        headline=headline(comparison, texts),
        worse=bool((comparison.verdicts["direction"] == "worse").any()),
        remarks=remarks(comparison, texts),
        views=views(comparison, texts),
        numbers=NUMBERS,
        most=_ON_A_PAGE,
        method=[
            *(texts(f"comparing.{key}") for key in _METHOD),
            texts("comparing.sums_note"),
            tolerance_line(texts),
        ],
    )
    return seal(page)


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("circles.comparing", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("comparison.html")
