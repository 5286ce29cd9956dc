"""Starting quickly: what a command loads, and what it says while kernels are compiled."""

import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from circles.cli import COMPILING
from circles.compiling import compiled, say_when_compiling
from circles.network.build import network_from_osm
from circles.osm import read_osm
from tests.drawn_osm import Drawing, degrees

#: What other commands need; most of it costs a tenth of a second and more.
NOT_FOR_ISOCHRONES = {
    *("circles.osm", "circles.tables", "circles.network.build", "circles.network.interchange"),
    *("folium", "geopandas", "jinja2", "matplotlib", "networkx", "openpyxl", "osmium", "osmnx"),
    *("pandas", "pyogrio", "rasterio", "requests", "rich", "scipy.sparse", "xlsxwriter"),
}

TELL_MODULES = """
import atexit, sys
from circles.cli import main
sys.argv[0] = "circles"
atexit.register(lambda: print(*sys.modules))
main()
"""

WITHOUT_A_CACHE = """
import numpy as np
from numba.core import caching
caching.CacheImpl._locator_classes = []
from circles.compiling import compiled

@compiled
def doubled(values):
    return values * 2

assert doubled(np.arange(3)).tolist() == [0, 2, 4]
"""


def twice(values: "np.ndarray") -> "np.ndarray":
    """Return values doubled; compiled by the tests."""
    return values * 2


def test_isochrones_of_a_saved_network_load_no_library_they_do_not_need(tmp_path: Path) -> None:
    """The command writes its file and brings in nothing that reads tables, graphs or extracts."""
    drawing = Drawing().node("a", 0, 0).node("b", 900, 0).way("a b", highway="path")
    network_from_osm(read_osm(drawing.write(tmp_path / "x.osm"))).save(tmp_path / "x.circles")
    at = ",".join(map(str, degrees(450, 10)))
    arguments = ["isochrone", "x.circles", "--at", at, "--out", "x.geojson", "--minutes", "5"]
    done = subprocess.run(
        [sys.executable, "-c", TELL_MODULES, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert (tmp_path / "x.geojson").is_file()
    assert {"circles.isochrone", "numba", "shapely"} <= loaded
    assert loaded & NOT_FOR_ISOCHRONES == set()
    assert done.stderr.strip() in {"", COMPILING}


def test_compiling_is_said_once_and_only_when_it_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call of a kernel with new types is told of, the second is not."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    said: list[str] = []
    for values, times in ((np.arange(3), 1), (np.arange(4), 1), (np.ones(3), 2)):
        kernel = compiled(twice)
        with say_when_compiling(lambda: said.append("compiling")):
            assert kernel(values).tolist() == (2 * values).tolist()
            assert kernel(values[:1]).tolist() == [2 * values[0]]
        assert len(said) == times
    assert list(tmp_path.rglob("*.nbc"))


def test_kernels_run_where_nothing_can_be_kept() -> None:
    """Without any folder for compiled kernels they are compiled anew and run all the same."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_A_CACHE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
