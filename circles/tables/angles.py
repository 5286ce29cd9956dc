"""Longitudes and latitudes as people write them: degrees, minutes, seconds, decimal commas."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from circles.tables.columns import cell_text

Axis = Literal["lon", "lat"]

_SIGNS: Final = str.maketrans(
    {
        **dict.fromkeys("º˚゜◦∘", "°"),
        **dict.fromkeys("′’‘´`＇ʹ", "'"),
        **dict.fromkeys("″“”〃＂ʺ", '"'),
        **dict.fromkeys("−–—﹣－", "-"),
    }
)
_HEMISPHERES: Final[dict[str, tuple[Axis, int]]] = {
    **dict.fromkeys(("e", "东经", "東經", "east"), ("lon", 1)),
    **dict.fromkeys(("w", "西经", "西經", "west"), ("lon", -1)),
    **dict.fromkeys(("n", "北纬", "北緯", "north"), ("lat", 1)),
    **dict.fromkeys(("s", "南纬", "南緯", "south"), ("lat", -1)),
    **dict.fromkeys(("经度", "經度", "longitude", "lon", "lng"), ("lon", 1)),
    **dict.fromkeys(("纬度", "緯度", "latitude", "lat"), ("lat", 1)),
}
_SIDE: Final = "|".join(sorted(_HEMISPHERES, key=len, reverse=True))
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?")
#: A space beside the decimal point is a slip; between two numbers it may be anything.
_AT_POINT: Final = re.compile(r"[+-]?\s*\d+\s*\.\s*\d+")
_COMMA: Final = re.compile(r"[+-]?\d{1,3},\d+")
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_BARE: Final = re.compile(
    rf"(?P<before>{_SIDE})?:?(?P<deg>[+-]?\d+(\.\d+)?)[°度]?(?P<after>{_SIDE})?"
)
_PARTS: Final = re.compile(
    rf"(?P<before>{_SIDE})?:?"
    r"(?P<sign>[+-])?(?P<deg>\d{1,3})(?P<mark>[°度:\-\s])"
    r"""(?P<min>\d{1,2}(\.\d+)?)(?:['分:\-\s]|$|(?=[a-z东西南北]))"""
    r"""(?:(?P<sec>\d{1,2}(\.\d+)?)(?:"|''|秒|s(?!outh))?)?"""
    rf"(?P<after>{_SIDE})?"
)
#: What people write where they know nothing.
_NOTHING: Final = frozenset(
    {
        "",
        "-",
        "--",
        "---",
        "/",
        "\\",
        ".",
        "?",
        "无",
        "無",
        "暂无",
        "暫無",
        "未知",
        "缺",
        "空",
        "不详",
    }
    | {"null", "none", "nan", "na", "n/a", "#n/a", "nil", "(null)", "<null>", "未定位", "待定"}
)


@dataclass(frozen=True)
class Angle:
    """A coordinate that was written in some way.

    Parameters
    ----------
    value
        Degrees, or metres of a projected system.
    axis
        Whether it says itself that it is a longitude or a latitude.
    repair
        How it had to be read, as the name of a text; None for a plain number.
    """

    value: float
    axis: Axis | None = None
    repair: str | None = None


def is_nothing(cell: object) -> bool:
    """Whether a cell is empty or says that the coordinate is not known."""
    text = cell_text(cell)
    return text is None or unicodedata.normalize("NFKC", text).strip().casefold() in _NOTHING


def read_angle(cell: object, *, metres: bool = False) -> Angle | None:
    """Read one coordinate; None if it cannot be understood.

    Parameters
    ----------
    cell
        A number, or text such as ``113°15′30″E``, ``N23°07.5'``, ``东经113度15分`` or
        ``113-15-30``.
    metres
        Whether metres are expected, where ``434,000`` is a thousand times as much as degrees
        with a decimal comma would be.

    Examples
    --------
    >>> read_angle("113°15′30″E").value
    113.25833333333334
    """
    text = unicodedata.normalize("NFKC", (cell_text(cell) or "").translate(_SIGNS))
    text = text.strip().casefold()
    tight = re.sub(r"\s+", "", text)
    if _NUMBER.fullmatch(text):
        return Angle(float(text))
    if _NUMBER.fullmatch(tight) and _AT_POINT.fullmatch(text):
        return Angle(float(tight), repair="reading.spaces")
    if _COMMA.fullmatch(tight):
        degrees = float(tight.replace(",", "."))
        if not metres and abs(degrees) <= 180:
            return Angle(degrees, repair="reading.decimal_comma")
    if _THOUSANDS.fullmatch(tight):
        return Angle(float(tight.replace(",", "")))
    # Spaces go, but for those that keep two numbers apart.
    apart = re.sub(r"\s+(?!\d)|(?<!\d)\s+", "", text)
    if match := _BARE.fullmatch(apart):
        return _angle(match, float(match["deg"]))
    match = _PARTS.fullmatch(apart) or _PARTS.fullmatch(re.sub(r"\s+", " ", apart))
    return None if match is None else _from_parts(match)


def _from_parts(match: re.Match[str]) -> Angle | None:
    minutes, seconds = float(match["min"]), float(match["sec"] or 0)
    whole = match["sec"] is None or "." not in match["min"]
    # Two numbers with a space between them may be anything; three are degrees and their parts.
    bare = match["mark"] == " " and match["sec"] is None
    if minutes >= 60 or seconds >= 60 or not whole or bare:
        return None
    value = float(match["deg"]) + minutes / 60 + seconds / 3600
    return _angle(match, -value if match["sign"] == "-" else value)


def _angle(match: re.Match[str], value: float) -> Angle | None:
    sides = {_HEMISPHERES[match[name]] for name in ("before", "after") if match[name]}
    if len(sides) > 1:
        return None
    axis, sign = next(iter(sides), (None, 1))
    return Angle(-abs(value) if sign < 0 else value, axis, "reading.minutes")
