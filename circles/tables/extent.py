"""The coordinate system that a layer claims."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pyproj

from circles.crs import WGS84
from circles.datum import Datum
from circles.errors import InputError
from circles.tables.columns import matching_key

_SHIFTED: Final = MappingProxyType(
    {"gcj02": Datum.GCJ02, "gcj": Datum.GCJ02, "bd09": Datum.BD09, "bd09ll": Datum.BD09}
)
_NAMED_CRS: Final = MappingProxyType({"wgs84": 4326, "cgcs2000": 4490})
_AUTO: Final = "auto"
_HEADERS: Final = (
    (re.compile("gcj|火星|高德|腾讯|騰訊|amap"), Datum.GCJ02),
    (re.compile("bd-?_?09|百度|baidu"), Datum.BD09),
    (re.compile("wgs-?_?84"), Datum.WGS84),
)


@dataclass(frozen=True)
class Declared:
    """What a person said of a layer's coordinates.

    Parameters
    ----------
    crs
        The CRS; degrees of a shifted datum are labelled WGS 84. None if nothing was said.
    datum
        What degrees are measured against; None if nothing was said, or ``"auto"``.
    """

    crs: pyproj.CRS | None = None
    datum: Datum | None = None

    @property
    def is_projected(self) -> bool:
        """Whether metres were said."""
        return self.crs is not None and not self.crs.is_geographic


def declared(crs: str | None, where: Path | str) -> Declared:
    """Understand what was said of a layer's coordinates.

    Parameters
    ----------
    crs
        ``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09``, ``EPSG:n``, ``auto``, or None.
    where
        The layer, for the message.

    Raises
    ------
    InputError
        The name is not known.
    """
    if crs is None or matching_key(crs) == _AUTO:
        return Declared()
    shifted = _SHIFTED.get(matching_key(crs))
    if shifted is not None:
        return Declared(WGS84, shifted)
    return Declared(declared_crs(crs, where), Datum.WGS84)


def declared_crs(crs: str, where: Path | str) -> pyproj.CRS:
    """Return the CRS that a person named: ``wgs84``, ``cgcs2000`` or ``EPSG:n``.

    `where` is the layer it was named for, for the message.

    Raises
    ------
    InputError
        The name is not known.
    """
    key = matching_key(crs)
    try:
        found = pyproj.CRS.from_epsg(_NAMED_CRS[key]) if key in _NAMED_CRS else _epsg(key)
        if not (found.is_geographic or found.is_projected):
            raise pyproj.exceptions.CRSError(key)  # of heights, say
        return found
    except pyproj.exceptions.CRSError as error:
        message = (
            f"{where}: crs = {crs!r} is not known; give wgs84, cgcs2000 or EPSG:n (as EPSG:4547), "
            "gcj02, bd09 or auto"
        )
        raise InputError(message) from error


def _epsg(key: str) -> pyproj.CRS:
    code = re.fullmatch(r"epsg:(\d{1,9})", key, re.ASCII)
    if code is None:
        raise pyproj.exceptions.CRSError(key)
    return pyproj.CRS.from_epsg(int(code[1]))


def datum_of_headers(columns: Sequence[str], said: Declared, where: Path | str) -> Datum | None:
    """Return the datum that the headers of coordinates name, as 高德经度 names GCJ-02.

    Raises
    ------
    InputError
        They name several, or another than a person said.
    """
    named = {datum: column for column in columns if (datum := _named(column)) is not None}
    if len(named) > 1:
        told = ", ".join(f"{column!r} {datum}" for datum, column in named.items())
        message = f"{where}: the columns of coordinates are in several datums ({told}); name others"
        raise InputError(message)
    if not named:
        return None
    datum, column = next(iter(named.items()))
    if said.crs is not None and (said.is_projected or said.datum is not datum):
        what = said.datum if not said.is_projected else said.crs.name
        message = (
            f"{where}: the column {column!r} names the datum {datum}, and crs says {what}; "
            "remove crs, or name other columns with lon and lat"
        )
        raise InputError(message)
    return datum


def _named(column: str) -> Datum | None:
    text = unicodedata.normalize("NFKC", column).casefold()
    return next((datum for pattern, datum in _HEADERS if pattern.search(text)), None)
