"""Data flows one way: the rooms of the house and the order in which they may know each other."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "circles"

#: A module imports only from those above it. A package of which single modules are listed has its
#: front door after them; the other packages are one room each.
ORDER = (  # noqa: SIM905 - sixty quoted words would hide the order
    """
    errors texts validation crs compiling mainland datum
    tables
    osm.xml_guard osm.files osm.tags osm.streets
    osm.protobuf osm.blobs osm.words osm.blocks osm.pbf osm.objects osm.extract osm.boundaries osm
    tag_rules walking profiles
    network.edges network.impedance network.model
    network.components network.lengths network.rulings network.runs network.areas network.plazas
    network.waits network.obstacles network.contraction network.build network.ordering
    network.interchange network.graphml network.frames
    network.contents network.folder network.columns network.parts network.saved network
    terrain
    travel.blocks travel.segments travel.joining travel.few travel.kernels travel.search
    travel.matrix travel.nearest travel.reached travel.subgraph travel
    outline surface corners reach isochrone files
    communities.columns communities.names communities.codes communities.matching
    communities.bands communities.join_report communities.joins communities.findings
    communities.rings communities.topology communities.hierarchy communities.model
    communities.cells communities.build communities
    demand.model demand.buildings demand.cutting demand.shares demand.cells demand.layers
    demand.people_grid demand.raster_files demand.rasters demand.spreading
    demand.points demand.density demand.comparison demand
    quality hours facilities standards settings
    surroundings datum_evidence
    coverage join_quality scoring evaluation access gaps rollups reclassification
    basemap assessment map_edge whole district packing assessment_files
    explain explain_rollup explain_finding walkers
    check.streets check.margins check.rows check.model check.words check.terminal check.record
    check.report
    maps check.page pictures reports
    project.columns project.sources project.tables project.locations project.file project
    fetch.servers fetch.downloads fetch.place fetch
    inputs.streets inputs.profiles inputs.naming inputs.columns inputs.layers inputs.residents
    inputs.people inputs.communities
    inputs.facilities inputs.district inputs.frames
    inputs check.stopping check.faults check.project check
    draft.lines draft.items draft.columns draft.verdicts draft.grids draft.facilities
    draft.communities draft.units draft.tables draft.streets draft.evidence draft.demand
    draft.judging draft.project draft
    comparing results_folder outputs pipeline
    batch.city_tables batch.city_notes batch.city_facilities batch.city_findings batch.city
    batch.city_files batch.description batch.cutting batch.jobs batch.store batch.work batch.crew
    batch.plan batch.folder batch.index_page batch.record batch.together batch.run batch
    batch_cli standards_cli network_cli cli
    """
).split()

#: Doors on a class that open downwards: from and to graphs, tables and files.
DOORS = {"network.model": {"network.interchange", "network.frames", "network.saved"}}


def _room(name: str) -> str:
    """Return the room of a dotted name below `circles`: the longest listed one it begins with."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if ".".join(parts[:length]) in ORDER:
            return ".".join(parts[:length])
    return name


def _module(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written from the root"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        rooms |= {_room(n.removeprefix("circles.")) for n in names if n.startswith("circles.")}
    return rooms


def _modules() -> list[Path]:
    outside = {PACKAGE / "__init__.py", PACKAGE / "__main__.py"}
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path not in outside]


@pytest.mark.parametrize("path", _modules(), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_room_imports_only_from_rooms_above_it(path: Path) -> None:
    """Every import of a module leads to its own room or to one above it."""
    room = _room(_module(path))
    allowed = set(ORDER[: ORDER.index(room) + 1]) | DOORS.get(room, set())
    assert _imported_rooms(path) - allowed == set()


def test_every_room_has_a_place_in_the_order() -> None:
    """No module stands outside the order, and the order names none that is not there."""
    assert {_room(_module(path)) for path in _modules()} == set(ORDER)


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
    heavy = {"folium", "matplotlib", "geopandas", "numba", "osmnx", "networkx", "pandas"}
    heavy |= {"dask", "distributed", "docx", "osmium", "psycopg", "rasterio"}
    assert heavy & set(loaded) == set()
