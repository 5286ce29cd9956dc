"""Who can walk to the services a 15-minute city promises, community by community.

The names below are the library's public face; the command line calls the same functions. Each is
imported when it is first used, so that ``import circles`` itself is cheap.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from circles.errors import CirclesError, DownloadError, FaultsError, InputError, OutputError

if TYPE_CHECKING:
    from circles.batch import run_batch
    from circles.check.project import check_project
    from circles.comparing import Comparison, compare
    from circles.district import District, assess
    from circles.draft import init_project
    from circles.fetch import fetch_place
    from circles.files import read_network
    from circles.inputs import read_district
    from circles.inputs.frames import score
    from circles.isochrone import isochrone_bands, isochrones
    from circles.maps import build_map, map, render_map  # noqa: A004 - as in `circles.maps`
    from circles.network import WalkNetwork
    from circles.pipeline import run_project
    from circles.project import load_project
    from circles.standards import Standard, load_standard, standard_ids
    from circles.terrain import add_elevation
    from circles.travel.nearest import travel_times

__all__ = [
    "CirclesError",
    "Comparison",
    "District",
    "DownloadError",
    "FaultsError",
    "InputError",
    "OutputError",
    "Standard",
    "WalkNetwork",
    "__version__",
    "add_elevation",
    "assess",
    "build_map",
    "check_project",
    "compare",
    "fetch_place",
    "init_project",
    "isochrone_bands",
    "isochrones",
    "load_project",
    "load_standard",
    "map",
    "read_district",
    "read_network",
    "render_map",
    "run_batch",
    "run_project",
    "score",
    "standard_ids",
    "travel_times",
]

_HOMES: Final = {
    "Comparison": "circles.comparing",
    "District": "circles.district",
    "Standard": "circles.standards",
    "WalkNetwork": "circles.network",
    "add_elevation": "circles.terrain",
    "assess": "circles.district",
    "build_map": "circles.maps",
    "check_project": "circles.check.project",
    "compare": "circles.comparing",
    "fetch_place": "circles.fetch",
    "init_project": "circles.draft",
    "isochrone_bands": "circles.isochrone",
    "isochrones": "circles.isochrone",
    "load_project": "circles.project",
    "load_standard": "circles.standards",
    "map": "circles.maps",
    "read_district": "circles.inputs",
    "read_network": "circles.files",
    "render_map": "circles.maps",
    "run_batch": "circles.batch",
    "run_project": "circles.pipeline",
    "score": "circles.inputs.frames",
    "standard_ids": "circles.standards",
    "travel_times": "circles.travel.nearest",
}

try:
    __version__ = version("circles")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0+unknown"


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    message = f"module 'circles' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
