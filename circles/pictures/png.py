"""Pictures as PNG, for slides and print."""

import io
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from circles.pictures.fonts import Fonts, machine_fonts
from circles.pictures.kept import Kept
from circles.pictures.scene import Areas, Dots, Lines, Part, Pen, Scene, Shapes, Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

DPI: Final = 300

_MM_PER_INCH: Final = 25.4
_POINTS: Final = 72 / _MM_PER_INCH
_COLOURS: Final = 256
_MOST_FLAT: Final = 64


def png(
    scene: Scene,
    *,
    dpi: int = DPI,
    fonts: Fonts | None = None,
    kept: "Kept[list[Path]] | None" = None,
) -> bytes:
    """Draw a picture with dots.

    The same picture gives the same bytes, on one machine.

    Parameters
    ----------
    scene
        The picture.
    dpi
        Dots per inch.
    fonts
        What to letter it with; found on this machine if not given.
    kept
        The outlines of parts that other pictures hold, too.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lettering = fonts or machine_fonts()
    size = (scene.width_mm / _MM_PER_INCH, scene.height_mm / _MM_PER_INCH)
    figure = Figure(figsize=size, dpi=dpi, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), frameon=False, xticks=[], yticks=[])
    axes.set(xlim=(0, scene.width_mm), ylim=(scene.height_mm, 0))
    paths: Kept[list[Path]] = kept or Kept()
    for order, part in enumerate(scene.parts):
        _draw(part, axes, lettering, order, paths)
    canvas.draw()  # type: ignore[no-untyped-call]
    return _packed(canvas.buffer_rgba(), dpi, _flat_colours(scene))  # type: ignore[no-untyped-call]


def _flat_colours(scene: Scene) -> list[str]:
    """Return the colours that whole areas are filled with, and that of the paper."""
    fills = (part.fill for part in scene.parts if isinstance(part, Areas) and part.opacity == 1)
    return list(dict.fromkeys(["#ffffff", *(fill for fill in fills if fill != "none")]))[
        :_MOST_FLAT
    ]


def _packed(dots: Any, dpi: int, flat: Sequence[str]) -> bytes:
    """Return the dots as a PNG of 256 colours: a map has few, and its file is far smaller.

    The colours are means of like ones, but those of `flat` are kept as they are: paper stays white,
    and a colour on the map is the one in its legend.
    """
    from PIL import Image

    colours = np.ascontiguousarray(np.asarray(dots)[:, :, :3])
    means = _COLOURS - len(flat)
    few = Image.fromarray(colours).quantize(
        means, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    palette = np.zeros((_COLOURS, 3), dtype=np.uint8)
    known = np.array(few.getpalette(), dtype=np.uint8).reshape(-1, 3)[:means]
    palette[: len(known)] = known
    indices = np.array(few)
    red, green, blue = (colours[:, :, i].astype(np.uint32) for i in range(3))
    packed = red << 16 | green << 8 | blue
    for place, colour in enumerate(flat, means):
        value = int(colour.removeprefix("#"), 16)
        np.putmask(indices, packed == value, np.uint8(place))
        palette[place] = value >> 16, value >> 8 & 255, value & 255
    image = Image.fromarray(indices)
    image.putpalette(palette.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", dpi=(dpi, dpi))
    return buffer.getvalue()


def _draw(part: Part, axes: "Axes", fonts: Fonts, order: int, kept: "Kept[list[Path]]") -> None:
    if isinstance(part, Words):
        _write(part, axes, fonts, order)
    elif isinstance(part, Lines):
        _draw_lines(part, axes, order, kept.of(part, partial(_courses, part.shapes)))
    elif isinstance(part, Dots):
        around = shapely.buffer(shapely.points(part.places), part.radius_mm, quad_segs=8)
        discs = Areas(np.atleast_1d(around), part.fill, part.pen, part.opacity)
        _fill(discs, axes, order, _outlines(discs.shapes))
    else:
        _fill(part, axes, order, kept.of(part, partial(_outlines, part.shapes)))


def _write(words: Words, axes: "Axes", fonts: Fonts, order: int) -> None:
    from matplotlib.font_manager import FontProperties

    text = fonts.drawable(words.text)
    if not text.strip():
        return
    axes.text(
        words.x_mm,
        words.y_mm,
        text,
        color=words.colour,
        ha={"start": "left", "middle": "center", "end": "right"}[words.anchor],
        va="baseline",
        zorder=order,
        parse_math=False,  # a name with two dollar signs is no formula
        fontproperties=FontProperties(
            fname=fonts.bold if words.bold else fonts.regular, size=words.size_mm * _POINTS
        ),
    )


def _draw_lines(lines: Lines, axes: "Axes", order: int, courses: "list[Path]") -> None:
    from matplotlib.collections import PathCollection

    axes.add_collection(
        PathCollection(
            courses,
            facecolors="none",
            edgecolors=lines.pen.colour,
            zorder=order,
            **_stroke(lines.pen),
        ),
        autolim=False,
    )


def _courses(shapes: Shapes) -> "list[Path]":
    from matplotlib.path import Path

    parts = shapely.get_parts(shapes)
    runs = _runs(parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING])
    return [Path(run) for run in runs]


def _outlines(shapes: Shapes) -> "list[Path]":
    from matplotlib.path import Path

    parts = shapely.get_parts(shapes)
    rings, owner = shapely.get_rings(
        parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON], return_index=True
    )
    paths: dict[int, list[Path]] = {}
    for ring, own in zip(_runs(rings), owner.tolist(), strict=True):
        paths.setdefault(own, []).append(Path(ring, closed=True))
    return [Path.make_compound_path(*own) for own in paths.values()]


def _fill(areas: Areas, axes: "Axes", order: int, outlines: "list[Path]") -> None:
    from matplotlib.collections import PathCollection

    # What is filled with nothing is drawn with its pen only.
    colour = "none" if areas.fill == "none" else (areas.fill, areas.opacity)
    pen = areas.pen
    edge: dict[str, Any] = {"linewidths": 0} if pen is None else _stroke(pen)
    axes.add_collection(
        PathCollection(
            outlines,
            facecolors=colour,
            edgecolors="none" if pen is None else pen.colour,
            zorder=order,
            **edge,
        ),
        autolim=False,
    )


def _runs(shapes: Shapes) -> list[Any]:
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    return np.split(coordinates, np.flatnonzero(np.diff(owner)) + 1) if len(coordinates) else []


def _stroke(pen: Pen) -> dict[str, Any]:
    width = pen.width_mm * _POINTS
    if not pen.dash_mm:
        return {"linewidths": width, "capstyle": "round", "joinstyle": "round"}
    # matplotlib counts dashes in widths of the line.
    dash = tuple(length / pen.width_mm for length in pen.dash_mm)
    return {"linewidths": width, "linestyles": [(0, dash)], "joinstyle": "round"}
