"""A picture as a list of things on a sheet of paper, in millimetres from its upper left corner."""

import unicodedata
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import shapely

FloatArray = npt.NDArray[np.float64]
Shapes = npt.NDArray[Any]
"""An object array of shapely geometries, x to the right and y down."""

Anchor = Literal["start", "middle", "end"]

#: Of the size of the letters: how wide Chinese characters, capitals, the widest letters and other
#: ones are, and bold ones to others. On a PNG a sign takes whole dots: up to 3 % more than its own.
_FULL, _CAPITAL, _WIDEST, _HALF, _THIN, _BOLD = 1.03, 0.68, 0.92, 0.56, 0.38, 1.06
_DOTS: Final = "…"


@dataclass(frozen=True)
class Pen:
    """How lines look: colour, width, and the lengths of dashes and the gaps between them."""

    colour: str
    width_mm: float
    dash_mm: tuple[float, ...] = ()


@dataclass(frozen=True)
class Areas:
    """Polygons filled with one colour."""

    shapes: Shapes
    fill: str
    pen: Pen | None = None
    opacity: float = 1.0


@dataclass(frozen=True)
class Lines:
    """Lines drawn with one pen."""

    shapes: Shapes
    pen: Pen


@dataclass(frozen=True)
class Dots:
    """Discs.

    Parameters
    ----------
    places
        Centres, shape (n, 2).
    radius_mm
        Radii, shape (n,).
    fill, pen, opacity
        Their looks.
    """

    places: FloatArray
    radius_mm: FloatArray
    fill: str
    pen: Pen | None = None
    opacity: float = 1.0


@dataclass(frozen=True)
class Words:
    """One line of words; `y_mm` is where the letters stand."""

    x_mm: float
    y_mm: float
    text: str
    size_mm: float
    colour: str = "#23262b"
    anchor: Anchor = "start"
    bold: bool = False


Part = Areas | Lines | Dots | Words


@dataclass(frozen=True)
class Scene:
    """A sheet and what is on it, the lowest first.

    Parameters
    ----------
    width_mm, height_mm
        The sheet.
    title
        What the picture shows, for readers who cannot see it.
    parts
        What is drawn, in this order.
    """

    width_mm: float
    height_mm: float
    title: str
    parts: tuple[Part, ...]


def rectangle(x_mm: float, y_mm: float, width_mm: float, height_mm: float) -> Shapes:
    """Return one rectangle by its upper left corner."""
    return np.array([shapely.box(x_mm, y_mm, x_mm + width_mm, y_mm + height_mm)], dtype=object)


def segment(x_mm: float, y_mm: float, to_x_mm: float, to_y_mm: float) -> Shapes:
    """Return one straight line."""
    return np.array([shapely.LineString([(x_mm, y_mm), (to_x_mm, to_y_mm)])], dtype=object)


def width_of(text: str, size_mm: float, *, bold: bool = False) -> float:
    """Return about how wide a line of words is, millimetres; rather too wide than too narrow."""
    return sum(map(_ems, text)) * size_mm * (_BOLD if bold else 1.0)


def _ems(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WFA":
        return _FULL
    if character in "MWmw%@":
        return _WIDEST
    if character in "Iijl.,:;'|!() ":
        return _THIN
    return _CAPITAL if character.isupper() else _HALF


def shortened(text: str, size_mm: float, room_mm: float, *, bold: bool = False) -> str:
    """Return words on one line that fit into a room, with dots where they were cut."""
    # A name of ten thousand letters is not measured to its end.
    line = " ".join(text[:400].split())
    if width_of(line, size_mm, bold=bold) <= room_mm and len(text) <= 400:
        return line
    while line and width_of(line + _DOTS, size_mm, bold=bold) > room_mm:
        line = line[:-1]
    return line + _DOTS


def wrapped(text: str, size_mm: float, room_mm: float) -> list[str]:
    """Break words into lines that fit into a room: between Chinese characters, or at spaces."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and width_of((line + piece).rstrip(), size_mm) > room_mm:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    """Cut a text where a line may end; what closes a phrase stays with what goes before."""
    pieces: list[str] = []
    for character in " ".join(text.split()):
        closing = unicodedata.category(character) in {"Po", "Pe", "Pf"} or character == "%"
        wide = unicodedata.east_asian_width(character) in "WF"
        glued = pieces and (
            closing
            or (not wide and not pieces[-1].endswith(" ") and not _is_wide(pieces[-1][-1]))
            or unicodedata.category(pieces[-1][-1]) in {"Ps", "Pi"}
        )
        if glued:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
