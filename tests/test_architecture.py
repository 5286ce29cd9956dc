"""Data flows one way: the rooms of the house and the order in which they may know each other."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "circles"

#: A module imports only from those above it. The design's rooms, with the smaller ones between
#: them: `xml_guard`, `protobuf`, `blobs`, `tags`, `pbf` and `boundaries` belong to osm;
#: `components`, `contraction`, `plazas`, `network_osm`, `interchange`, `graphml` and `saved` to
#: network; `joining`, `kernels`, `matrix`, `nearest` and `reached` to travel; `buildings` to
#: demand; `district` computes what `assessment` holds; `inputs`, `files` and `outputs` are the
#: two ends of the pipeline.
ORDER = (  # noqa: SIM905 - forty quoted words would hide the order
    """
errors texts crs xml_guard tables protobuf blobs tags pbf osm boundaries walking network
components contraction plazas network_osm interchange graphml saved joining kernels travel matrix
nearest reached isochrone files communities buildings demand density facilities standards coverage
scoring basemap assessment district explain maps reports validation project servers downloads
fetch streets residents inputs outputs pipeline cli
"""
).split()


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written from the root"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("circles.")}
    return rooms


def _modules() -> list[Path]:
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name not in {"__main__.py"} and path != PACKAGE / "__init__.py"
    ]


@pytest.mark.parametrize("path", _modules(), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_room_imports_only_from_rooms_above_it(path: Path) -> None:
    """Every import of a module leads to its own room or to one above it."""
    room = _room(path)
    allowed = set(ORDER[: ORDER.index(room) + 1])
    # The doors on the class itself: WalkNetwork.from_osmnx and .to_networkx open downwards.
    doors = {"network": {"interchange", "saved"}}.get(room, set())
    assert _imported_rooms(path) - allowed - doors == set()


def test_every_room_has_a_place_in_the_order() -> None:
    """No module stands outside the order, and the order names none that is not there."""
    assert {_room(path) for path in _modules()} == set(ORDER)


def test_no_module_grows_past_450_lines() -> None:
    """A module is one noun and stays small enough to read at once."""
    long = {p.name: len(p.read_text("utf-8").splitlines()) for p in _modules()}
    assert {name: lines for name, lines in long.items() if lines > 450} == {}


def test_importing_the_library_loads_nothing_heavy() -> None:
    """`import circles` alone brings in no plotting, mapping or geometry library."""
    import subprocess
    import sys

    code = "import circles, sys; print(*sorted(m for m in sys.modules if '.' not in m))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"folium", "matplotlib", "geopandas", "numba", "osmnx", "networkx", "pandas", "osmium"}
    assert heavy & set(loaded) == set()
