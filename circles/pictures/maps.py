"""Static maps of a district: one for each tier and each service, on a sheet or for a page."""

from typing import Final

import numpy as np
import pandas as pd
import shapely

from circles.assessment import Assessment
from circles.explain import one_line, service_word
from circles.facilities import load_catalogue
from circles.maps.content import Edition
from circles.pictures import ground
from circles.pictures.ground import Backdrop, Frame
from circles.pictures.labels import name_parts
from circles.pictures.looks import Hatching, filled, look_of
from circles.pictures.scene import (
    Areas,
    Dots,
    FloatArray,
    Lines,
    Part,
    Pen,
    Scene,
    Words,
    rectangle,
    segment,
    shortened,
    width_of,
    wrapped,
)
from circles.pictures.views import View
from circles.texts import Texts

SHEET_MM: Final = (297.0, 210.0)
"""A4, lying."""
FIGURE_MM: Final = (184.0, 118.0)
"""The width of a printed page between its margins."""

_MARGIN, _LEGEND, _HEAD, _FOOT = 8.0, 58.0, 17.0, 13.0
_INK, _QUIET, _STAMP = "#23262b", "#5f646d", "#7a3e9d"
_FRAME: Final = Pen("#5b5f66", 0.25)
_SWATCH_MM = (7.0, 4.0)
_LINE = 4.0
_SMALL, _TEXT = 2.5, 2.9

#: Homes out of reach are gathered in squares of this side on paper.
_CELL_MM = 1.3
_LEAST_MM, _MOST_MM = 0.22, 0.62
_FULL_CELL = 300.0
_GAP_FILL = "#6d1243"
#: Above this many facilities of a map, their signs would hide each other.
_MOST_SIGNS = 250
#: Above this many of them, they are drawn smaller.
_MANY_SIGNS = 500


def map_sheet(
    assessment: Assessment,
    view: View,
    texts: Texts,
    *,
    edition: Edition | None = None,
    named: bool = True,
    backdrop: Backdrop | None = None,
) -> Scene:
    """Draw a map on a sheet of its own: title, legend, scale, north, date and sources.

    Parameters
    ----------
    assessment
        The run.
    view
        What is shown.
    texts
        The words of the reader's language.
    edition
        Of it, the review number.
    named
        Whether communities bear their names.
    backdrop
        What `sheet_backdrop` returned for the run, where several maps of it are drawn.
    """
    width, height = SHEET_MM
    frame = _sheet_frame(assessment)
    review = edition.review if edition else ""
    title = texts("charts.map_title", name=one_line(assessment.name), view=view.name)
    parts = [
        Areas(rectangle(0, 0, width, height), "#ffffff"),
        *_head(assessment, title, view, texts),
        *_world(assessment, view, frame, named=named, backdrop=backdrop),
        *_legend(assessment, view, frame, texts, right_mm=width - _MARGIN, review=""),
        *_foot(assessment, texts, review=review),
    ]
    return Scene(width, height, title, tuple(parts))


def sheet_backdrop(assessment: Assessment) -> Backdrop:
    """Draw what all sheets of a run share."""
    return Backdrop.of(assessment, _sheet_frame(assessment))


def _sheet_frame(assessment: Assessment) -> Frame:
    width, height = SHEET_MM
    return Frame.around(
        assessment,
        _MARGIN,
        _HEAD + _MARGIN,
        width - 2 * _MARGIN - _LEGEND,
        height - 2 * _MARGIN - _HEAD - _FOOT,
    )


def map_figure(
    assessment: Assessment, view: View, texts: Texts, *, edition: Edition | None = None
) -> Scene:
    """Draw a map as a figure of a page that has title and sources of its own.

    The parameters are those of `map_sheet`.
    """
    width, height = FIGURE_MM
    frame = Frame.around(assessment, 0.2, 0.2, width - _LEGEND + 6, height - 0.4)
    title = texts("charts.map_title", name=one_line(assessment.name), view=view.name)
    review = edition.review if edition else ""
    parts = [
        *_world(assessment, view, frame),
        *_legend(assessment, view, frame, texts, right_mm=width, review=review),
    ]
    return Scene(width, height, title, tuple(parts))


def _world(
    assessment: Assessment,
    view: View,
    frame: Frame,
    *,
    named: bool = True,
    backdrop: Backdrop | None = None,
) -> list[Part]:
    drawn = backdrop or Backdrop.of(assessment, frame)
    outlines = drawn.outlines
    box = rectangle(frame.x_mm, frame.y_mm, frame.width_mm, frame.height_mm)
    parts: list[Part] = [Areas(box, ground.LAND), *drawn.green]
    spacing = 0.6 if len(outlines) > ground.MANY else 1.0
    for number in sorted(set(view.looks.tolist())):
        look, own = look_of(number), view.looks == number
        shapes = drawn.hatching.shapes[own]
        # A picture by itself has lines cut only where it shows them.
        shared = (drawn.hatching, own) if backdrop else (Hatching(shapes), own[own])
        lines = shared[0].lines(look, shared[1], spacing=spacing)
        parts += filled(shapes, look, border=None, lines=lines)
    # Borders come last: they count for more than the streets they follow.
    parts += [*drawn.water, *drawn.streets, drawn.borders]
    parts += _homes(assessment, view, frame)
    names = assessment.communities["name"].astype(str).tolist()
    signs = _places(assessment, view, frame)
    around = np.concatenate([np.empty((0, 2)), *signs.values()])
    with_sign = len(around) <= _MOST_SIGNS
    if named:
        parts += name_parts(names, outlines, frame, around=around if with_sign else around[:0])
    for service, places in signs.items():
        parts += _signs(places, service, with_sign=with_sign)
    return [*parts, Areas(box, "none", _FRAME)]


def _homes(assessment: Assessment, view: View, frame: Frame) -> list[Part]:
    """Return the homes out of reach, gathered in squares: the more live there, the larger."""
    rows = _beyond(assessment, view)
    if rows.empty:
        return []
    places = frame.places(rows["lon"].to_numpy(), rows["lat"].to_numpy())
    inside = frame.holds(places)
    cells = np.floor(places[inside] / _CELL_MM).astype(np.int64)
    gathered = (
        pd.DataFrame({"column": cells[:, 0], "row": cells[:, 1]})
        .assign(weight=rows["weight"].to_numpy()[inside])
        .groupby(["column", "row"], sort=True)["weight"]
        .sum()
    )
    middles = (np.array(gathered.index.to_list(), dtype=float).reshape(-1, 2) + 0.5) * _CELL_MM
    full = _FULL_CELL if (rows["unit"] == "people").all() else float(gathered.max() or 1.0)
    share = np.sqrt(np.clip(gathered.to_numpy() / full, 0.0, 1.0))
    # A cell of few people looks like one of fewer: their number cannot be read from its size.
    radius = np.maximum(_LEAST_MM, _MOST_MM * share)
    return [Dots(middles, radius, _GAP_FILL, Pen("#ffffff", 0.07))]


def _beyond(assessment: Assessment, view: View) -> pd.DataFrame:
    gaps = assessment.gaps
    if view.rule is None or gaps.empty:
        return gaps.iloc[:0]
    return gaps[(gaps["rule_id"] == view.rule.id) & gaps["beyond"].astype(bool)]


def _places(assessment: Assessment, view: View, frame: Frame) -> dict[str, FloatArray]:
    """Return where in the frame the facilities of the services shown are, by service."""
    table = assessment.facilities
    found = {}
    for service in view.services:
        points = table.loc[table["service"] == service, "geometry"].to_numpy()
        places = frame.places(shapely.get_x(points), shapely.get_y(points))
        found[service] = places[frame.holds(places)]
    return found


def _signs(places: FloatArray, service: str, *, with_sign: bool) -> list[Part]:
    known = load_catalogue().get(service)
    colour, sign = (known.colour, known.sign) if known else ("#5b6470", service[:1].upper())
    radius = 1.55 if with_sign else 0.7 if len(places) < _MANY_SIGNS else 0.4
    parts: list[Part] = [
        Dots(
            places,
            np.full(len(places), radius),
            colour,
            Pen("#ffffff", 0.25 if radius > 0.5 else 0.1),
        ),
    ]
    if with_sign:
        parts += [
            Words(float(x), float(y) + 0.72, sign, 2.0, "#ffffff", "middle", bold=True)
            for x, y in places.tolist()
        ]
    return parts


def _head(assessment: Assessment, title: str, view: View, texts: Texts) -> list[Part]:
    room = SHEET_MM[0] - 2 * _MARGIN
    stamp = texts("words.fictional") if assessment.fictional else ""
    dated = texts("briefing.as_of", date=assessment.as_of.isoformat()) if assessment.as_of else ""
    under = texts("charts.separator").join(
        part
        for part in (view.detail, one_line(assessment.standard.name[texts.lang]), dated)
        if part
    )
    plate = width_of(stamp, 3.3, bold=True) + 8 if stamp else 0.0
    shown = shortened(title, 6.0, room - plate - 4, bold=True)
    parts: list[Part] = [
        Words(_MARGIN, 15.5, shown, 6.0, _INK, bold=True),
        Words(_MARGIN, 21.6, shortened(under, 3.3, room), 3.3, _QUIET),
    ]
    if stamp:
        x = SHEET_MM[0] - _MARGIN - plate
        parts += [
            Areas(rectangle(x, 10.0, plate, 7), _STAMP),
            Words(x + plate / 2, 14.8, stamp, 3.3, "#ffffff", "middle", bold=True),
        ]
    return parts


def _foot(assessment: Assessment, texts: Texts, *, review: str) -> list[Part]:
    """Return sources and the review number, for which there is a place even while it is empty."""
    width, height = SHEET_MM
    origins = dict.fromkeys(one_line(str(origin)) for origin in assessment.facilities["origin"])
    named = texts("charts.and").join(origin for origin in origins if origin)
    lines = [
        ground_word(assessment, texts),
        texts("charts.facilities_from", origins=named) if named else "",
    ]
    room = width - 2 * _MARGIN - 70
    parts: list[Part] = [
        Words(_MARGIN, height - 12.2 + 4.2 * n, shortened(line, _SMALL, room), _SMALL, _QUIET)
        for n, line in enumerate(filter(None, lines))
    ]
    number = texts("map.review", number=one_line(review) or texts("charts.review_blank"))
    right = width - _MARGIN
    parts.append(Words(right, height - 8.0, shortened(number, 2.9, 66), 2.9, _INK, "end"))
    return parts


def ground_word(assessment: Assessment, texts: Texts) -> str:
    """Return whose the streets of a picture are, or that there are none."""
    if not assessment.walked:
        return texts("no_network.ground")
    return texts("map.invented" if assessment.fictional else "map.attribution")


def _legend(
    assessment: Assessment,
    view: View,
    frame: Frame,
    texts: Texts,
    *,
    right_mm: float,
    review: str,
) -> list[Part]:
    """Return what the colours and signs mean, and below it scale and north."""
    x = frame.x_mm + frame.width_mm + 4
    width = right_mm - x
    y = frame.y_mm + 3.2
    parts: list[Part] = []
    for line in wrapped(view.name, 3.4, width):
        parts.append(Words(x, y, line, 3.4, _INK, bold=True))
        y += 4.6
    for line in wrapped(view.detail, _SMALL, width):
        parts.append(Words(x, y, line, _SMALL, _QUIET))
        y += 3.6
    y += 1.5
    for look, words, count in view.legend:
        box = rectangle(x, y, *_SWATCH_MM)
        parts += filled(box, look_of(look))
        said = texts("charts.legend_count", words=words, count=count)
        for line in wrapped(said, _TEXT, width - _SWATCH_MM[0] - 2):
            parts.append(Words(x + _SWATCH_MM[0] + 2, y + 3.0, line, _TEXT, _INK))
            y += _LINE
        y += 1.8
    parts += _signs_legend(assessment, view, texts, (x, y + 1.0), width)
    return [*parts, *_scale(frame, texts, x, width), *_review(review, frame, texts, x, width)]


def _signs_legend(
    assessment: Assessment, view: View, texts: Texts, at: tuple[float, float], width: float
) -> list[Part]:
    x, y = at
    parts: list[Part] = []
    present = assessment.facilities["service"].value_counts()
    count = int(sum(present.get(service, 0) for service in view.services))
    for service in view.services:
        if service not in present:
            continue
        place = np.array([[x + _SWATCH_MM[0] / 2, y + 1.4]])
        parts += _signs(place, service, with_sign=count <= _MOST_SIGNS)
        words = texts(
            "charts.legend_count", words=service_word(service, texts), count=present[service]
        )
        for line in wrapped(words, _TEXT, width - _SWATCH_MM[0] - 2):
            parts.append(Words(x + _SWATCH_MM[0] + 2, y + 2.4, line, _TEXT, _INK))
            y += _LINE
        y += 1.2
    rows = _beyond(assessment, view)
    if not rows.empty:
        place = np.array([[x + _SWATCH_MM[0] / 2, y + 1.4]])
        parts.append(Dots(place, np.array([_MOST_MM]), _GAP_FILL))
        people = (rows["unit"] == "people").all()
        for line in wrapped(
            texts("charts.homes_people" if people else "charts.homes"),
            _TEXT,
            width - _SWATCH_MM[0] - 2,
        ):
            parts.append(Words(x + _SWATCH_MM[0] + 2, y + 2.4, line, _TEXT, _INK))
            y += _LINE
    return parts


def _scale(frame: Frame, texts: Texts, x: float, width: float) -> list[Part]:
    """Return the scale bar and the north arrow, at the foot of the legend."""
    length_m, length_mm = ground.scale_bar(frame, about_mm=width - 18)
    y = frame.y_mm + frame.height_mm - 3.0
    pen = Pen(_INK, 0.35)
    words = (
        texts("words.kilometres", value=f"{length_m / 1000:g}")
        if length_m >= 1000
        else texts("words.metres", value=f"{length_m:g}")
    )
    half = length_mm / 2
    north = x + width - 4
    arrow = shapely.Polygon(
        [(north, y - 11), (north + 2.4, y - 2), (north, y - 4), (north - 2.4, y - 2)]
    )
    return [
        Areas(rectangle(x, y - 1.2, half, 1.2), _INK),
        Areas(rectangle(x, y - 1.2, length_mm, 1.2), "none", Pen(_INK, 0.2)),
        Lines(segment(x + length_mm, y - 1.2, x + length_mm, y), pen),
        Words(x, y - 2.2, words, _SMALL, _INK),
        Areas(np.array([arrow], dtype=object), _INK),
        Words(north, y + 1.6, texts("map.ui_north_letter"), 3.0, _INK, "middle", bold=True),
    ]


def _review(review: str, frame: Frame, texts: Texts, x: float, width: float) -> list[Part]:
    if not review:
        return []
    words = shortened(texts("map.review", number=one_line(review)), _SMALL, width)
    return [Words(x, frame.y_mm + frame.height_mm - 18, words, _SMALL, _QUIET)]
