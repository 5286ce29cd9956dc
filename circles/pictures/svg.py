"""Pictures as SVG: small, without styles or scripts, and with words that can be selected."""

import html
import re
from collections.abc import Iterable
from functools import partial
from typing import Final

import numpy as np
import shapely

from circles.pictures.kept import Kept
from circles.pictures.scene import Dots, FloatArray, Lines, Part, Pen, Scene, Shapes, Words

FONTS: Final = (
    "'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','Source Han Sans SC',"
    "'WenQuanYi Zen Hei',sans-serif"
)

#: Coordinates are whole hundredths of a millimetre: whole numbers are short.
_UNIT: Final = 100
#: What XML cannot hold, and marks that would turn the line around them.
_UNFIT: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def svg(scene: Scene, *, kept: Kept[str] | None = None) -> str:
    """Write a picture as an ``<svg>`` element, to stand in a page or in a file of its own.

    The same picture gives the same text.

    Parameters
    ----------
    scene
        The picture.
    kept
        The lines of parts that other pictures hold, too.
    """
    title = _text(scene.title)
    width, height = _unit(scene.width_mm), _unit(scene.height_mm)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{title}" '
        f'width="{scene.width_mm:g}mm" height="{scene.height_mm:g}mm" '
        f'viewBox="0 0 {width} {height}" font-family="{FONTS}" '
        'stroke-linejoin="round" stroke-linecap="round">'
    )
    lines = kept or Kept()
    body = [line for part in scene.parts if (line := lines.of(part, partial(_part, part)))]
    return "\n".join([head, f"<title>{title}</title>", *body, "</svg>"])


def svg_file(scene: Scene, *, kept: Kept[str] | None = None) -> str:
    """Write a picture as the text of an SVG file; the parameters are those of `svg`."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{svg(scene, kept=kept)}\n'


def _part(part: Part) -> str:
    if isinstance(part, Words):
        return _words(part)
    if isinstance(part, Dots):
        return _path(_discs(part.places, part.radius_mm), part.fill, part.pen, part.opacity)
    if isinstance(part, Lines):
        return _path(_outline(part.shapes), "none", part.pen, 1.0)
    return _path(_outline(part.shapes), part.fill, part.pen, part.opacity)


def _words(words: Words) -> str:
    anchor = "" if words.anchor == "start" else f' text-anchor="{words.anchor}"'
    bold = ' font-weight="600"' if words.bold else ""
    return (
        f'<text x="{_unit(words.x_mm)}" y="{_unit(words.y_mm)}" font-size="{_unit(words.size_mm)}" '
        f'fill="{words.colour}"{anchor}{bold}>{_text(words.text)}</text>'
    )


def _path(outline: str, fill: str, pen: Pen | None, opacity: float) -> str:
    if not outline:
        return ""
    faint = f' fill-opacity="{opacity:g}"' if opacity < 1 else ""
    stroke = "" if pen is None else _stroke(pen)
    rule = "" if fill == "none" else ' fill-rule="evenodd"'
    return f'<path d="{outline}" fill="{fill}"{rule}{faint}{stroke}/>'


def _stroke(pen: Pen) -> str:
    dash = " ".join(str(_unit(length)) for length in pen.dash_mm)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f' stroke="{pen.colour}" stroke-width="{_unit(pen.width_mm)}"{dashed}'


def _outline(shapes: Shapes) -> str:
    """Return the path of polygons and lines: a start and then steps, in whole units."""
    parts = shapely.get_parts(shapes)
    polygons = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    lines = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    return _steps(shapely.get_rings(parts[polygons]), closed=True) + _steps(
        parts[lines], closed=False
    )


def _steps(rings: Iterable[shapely.Geometry], *, closed: bool) -> str:
    coordinates, owner = shapely.get_coordinates(np.asarray(rings), return_index=True)
    if not len(coordinates):
        return ""
    grid = np.rint(coordinates * _UNIT).astype(np.int64)
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    step = np.diff(grid, axis=0, prepend=grid[:1])
    kept = (step != 0).any(axis=1)
    kept[starts] = True
    pieces = []
    for start, end in zip(starts, [*starts[1:], len(grid)], strict=True):
        # What closes a ring comes by itself.
        moved = step[start + 1 : end - 1 if closed else end]
        moved = moved[kept[start + 1 : end - 1 if closed else end]]
        if len(moved) < (2 if closed else 1):
            continue
        x, y = grid[start]
        line = " ".join(f"{dx},{dy}" for dx, dy in moved.tolist())
        pieces.append(f"M{x},{y}l{line}{'z' if closed else ''}")
    return "".join(pieces)


def _discs(places: FloatArray, radius_mm: FloatArray) -> str:
    centres, radii = np.rint(places * _UNIT).astype(int), np.rint(radius_mm * _UNIT).astype(int)
    return "".join(
        f"M{x - r},{y}a{r},{r} 0 1 0 {2 * r},0a{r},{r} 0 1 0 {-2 * r},0z"
        for (x, y), r in zip(centres.tolist(), radii.tolist(), strict=True)
    )


def _text(text: str) -> str:
    return html.escape(_UNFIT.sub("\ufffd", text))


def _unit(length_mm: float) -> int:
    return round(length_mm * _UNIT)
