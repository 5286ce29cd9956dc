"""Which projected systems a pair of metres may be in, where nobody says so."""

from typing import Final

#: CGCS2000 / 3-degree Gauss-Kruger with a zone number before the easting: zone 25 is EPSG:4513.
_ZONES_3: Final = range(25, 46)
_EPSG_ZONE_25: Final = 4513
#: CGCS2000 / Gauss-Kruger, 6 degrees: zone 13 is EPSG:4491.
_ZONES_6: Final = range(13, 24)
_EPSG_ZONE_13: Final = 4491
#: CGCS2000 / 3-degree Gauss-Kruger by central meridian: 75°E is EPSG:4534.
_MERIDIANS: Final = range(75, 136, 3)
_EPSG_75E: Final = 4534
#: Northings of China, from the South China Sea to the Amur.
_NORTHINGS_M: Final = (400_000.0, 6_200_000.0)
_EASTINGS_M: Final = (100_000.0, 900_000.0)
_MERCATOR_X_M: Final = (8_100_000.0, 15_100_000.0)
_MERCATOR_Y_M: Final = (1_500_000.0, 7_200_000.0)
_TAIWAN_X_M: Final = (140_000.0, 360_000.0)
_TAIWAN_Y_M: Final = (2_400_000.0, 2_830_000.0)
_HONG_KONG_M: Final = (795_000.0, 875_000.0)


def candidates(x: float, y: float, *, near_lon: float | None = None) -> tuple[str, ...]:
    """Return the systems that two numbers may be metres of, as far as China uses them.

    Parameters
    ----------
    x, y
        Easting and northing, or the other way round, as Chinese survey tables write them.
    near_lon
        A longitude nearby, degrees, if one is known: it decides on the central meridian.

    Returns
    -------
    tuple of str
        Such as ``"EPSG:4526 (CGCS2000, 3-degree zone 38)"``; empty if none is known.

    Examples
    --------
    >>> candidates(38_434_000, 2_558_000)
    ('EPSG:4526 (CGCS2000, 3-degree zone 38)',)
    """
    found = [*_found(x, y, near_lon), *_found(y, x, near_lon)]
    return tuple(dict.fromkeys(found))


def _found(x: float, y: float, near_lon: float | None) -> list[str]:
    found = []
    zone = int(x // 1_000_000)
    if _within(y, _NORTHINGS_M) and _within(x - zone * 1e6, _EASTINGS_M):
        if zone in _ZONES_3:
            epsg = _EPSG_ZONE_25 + zone - _ZONES_3.start
            found.append(f"EPSG:{epsg} (CGCS2000, 3-degree zone {zone})")
        if zone in _ZONES_6:
            epsg = _EPSG_ZONE_13 + zone - _ZONES_6.start
            found.append(f"EPSG:{epsg} (CGCS2000, 6-degree zone {zone})")
        if zone == 0:
            found += _by_meridian(near_lon)
    if _within(x, _TAIWAN_X_M) and _within(y, _TAIWAN_Y_M):
        found.append("EPSG:3826 (TWD97, Taiwan)")
    if _within(x, _HONG_KONG_M) and _within(y, _HONG_KONG_M):
        found.append("EPSG:2326 (Hong Kong 1980 Grid)")
    if _within(x, _MERCATOR_X_M) and _within(y, _MERCATOR_Y_M):
        found.append("EPSG:3857 (web Mercator)")
    return found


def _by_meridian(near_lon: float | None) -> list[str]:
    if near_lon is None:
        last = _EPSG_75E + len(_MERIDIANS) - 1
        each = (
            f"EPSG:{_EPSG_75E} (CGCS2000, central meridian 75°E) to EPSG:{last} (135°E), one for "
            "each 3°: EPSG:4547 is 114°E (Guangzhou), EPSG:4548 117°E (Beijing), EPSG:4549 120°E "
            "(Shanghai)"
        )
        return [each]
    meridian = min(_MERIDIANS, key=lambda degrees: abs(degrees - near_lon))
    epsg = _EPSG_75E + (meridian - _MERIDIANS.start) // _MERIDIANS.step
    return [f"EPSG:{epsg} (CGCS2000, central meridian {meridian}°E)"]


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]
