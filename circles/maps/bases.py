"""Online base maps: none by default, because then something outside is asked for."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import numpy as np

from circles.datum import Datum, from_wgs84
from circles.errors import InputError
from circles.texts import Texts

Data = dict[str, Any]

#: How many points a side of the district's box the shift to another datum is told at.
_SHIFTS: Final = 9

_TIANDITU: Final = (
    "https://t{s}.tianditu.gov.cn/TILES_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
    "&LAYER=TILES&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles"
    "&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=TOKEN"
)
_AMAP: Final = (
    "https://webrd0{s}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8"
    "&x={x}&y={y}&z={z}"
)
_OSM: Final = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"


@dataclass(frozen=True)
class BaseMap:
    """Tiles that a reader with a network can put under the map.

    Parameters
    ----------
    name
        The key of its name in the section ``map`` of the texts.
    urls
        Where its layers of tiles are, from the lowest; with ``{x}``, ``{y}``, ``{z}`` and ``{s}``.
    hosts
        The servers that the page may then load pictures from.
    credit
        Whom to name.
    datum
        What its tiles are drawn in.
    subdomains
        What stands for ``{s}``.
    deepest
        The deepest zoom there are tiles of.
    """

    name: str
    urls: tuple[str, ...]
    hosts: tuple[str, ...]
    credit: str
    datum: Datum = Datum.WGS84
    subdomains: str = ""
    deepest: int = 18


def base_map(name: str, *, token: str = "") -> BaseMap:
    """Return an online base map by its name.

    Parameters
    ----------
    name
        ``"tianditu"``, ``"osm"`` or ``"amap"``.
    token
        The key that Tianditu gives to those who register. It stands in the page, where every
        reader can see it.

    Raises
    ------
    InputError
        There is no such base map, or it needs a token.
    """
    if name == "osm":
        return BaseMap("osm", (_OSM,), ("https://tile.openstreetmap.org",),
                       "© OpenStreetMap contributors", deepest=19)  # fmt: skip
    if name == "amap":
        hosts = tuple(f"https://webrd0{s}.is.autonavi.com" for s in "1234")
        return BaseMap("amap", (_AMAP,), hosts, "© 高德地图 AutoNavi", Datum.GCJ02, "1234")
    if name != "tianditu":
        message = f"there is no base map {name!r}; use one of: tianditu, osm, amap"
        raise InputError(message)
    if not token.strip():
        message = (
            "the base map 'tianditu' needs a token; register at tianditu.gov.cn, ask for a key for "
            "a browser, and give it"
        )
        raise InputError(message)
    key = quote(token.strip(), safe="")
    urls = tuple(
        _TIANDITU.replace("TILES", layer).replace("TOKEN", key) for layer in ("vec", "cva")
    )
    hosts = tuple(f"https://t{s}.tianditu.gov.cn" for s in range(8))
    return BaseMap("tianditu", urls, hosts, "© 天地图 Tianditu", Datum.WGS84, "01234567")


def base_data(
    bases: tuple[BaseMap, ...], bounds: tuple[float, float, float, float], texts: Texts
) -> list[Data]:
    """Return the base maps for the page.

    Parameters
    ----------
    bases
        The base maps.
    bounds
        West, south, east, north of the district, degrees.
    texts
        The words of the reader's language.
    """
    return [
        {
            "name": texts(f"map.base_{base.name}"),
            "urls": list(base.urls),
            "credit": base.credit,
            "subdomains": base.subdomains,
            "deepest": base.deepest,
            "shift": None if base.datum is Datum.WGS84 else _shift(base.datum, bounds),
        }
        for base in bases
    ]


def _shift(datum: Datum, bounds: tuple[float, float, float, float]) -> Data:
    """Return how far a datum moves places, degrees, on a grid over the district's box."""
    west, south, east, north = bounds
    lon, lat = np.meshgrid(np.linspace(west, east, _SHIFTS), np.linspace(south, north, _SHIFTS))
    there_lon, there_lat = from_wgs84(lon.ravel(), lat.ravel(), datum)
    return {
        "bounds": [west, south, east, north],
        "side": _SHIFTS,
        "east": [round(float(d), 7) for d in there_lon - lon.ravel()],
        "north": [round(float(d), 7) for d in there_lat - lat.ravel()],
    }
