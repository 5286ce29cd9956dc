"""Real extracts, end to end: figures that would move if something broke.

They lie in the folder that CIRCLES_REAL_DATA names and are not part of this repository.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pyogrio
import pytest
import shapely

from circles.crs import to_metres
from circles.errors import InputError
from circles.isochrone import reach_areas
from circles.network import WalkNetwork
from circles.network.build import network_from_osm
from circles.network.graphml import read_graphml
from circles.osm import read_osm
from circles.osm.boundaries import read_boundaries
from circles.outputs import FILES
from circles.profiles import profile
from circles.travel import nearest_cost
from circles.travel.joining import Joiner, Joins
from tests.test_isochrone import agreement

pytestmark = pytest.mark.real

ROOT = Path(__file__).parent.parent


def real(name: str) -> Path:
    """Return a file of the real data; a missing folder is a failure, not a skip."""
    return Path(os.environ["CIRCLES_REAL_DATA"]) / name


@dataclass(frozen=True)
class Run:
    """One run of the command line and what it left."""

    folder: Path
    output: str
    wall_s: float

    def json(self, name: str) -> Any:
        """Return one of its JSON files."""
        return json.loads((self.folder / name).read_text("utf-8"))


def run_example(name: str, folder: Path) -> Run:
    """Run an example as a planner would who looks at pages and tables first."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "circles", "run", f"examples/{name}.toml", "--out", folder]
    done = subprocess.run(
        [*command, "--documents", "none"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Run(folder, done.stdout + done.stderr, time.perf_counter() - started)


@pytest.fixture(scope="module")
def las_palmas(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """Run Las Palmas twice, into two folders."""
    folder = tmp_path_factory.mktemp("las_palmas")
    return run_example("las_palmas", folder / "first"), run_example("las_palmas", folder / "second")


@pytest.fixture(scope="module")
def liechtenstein(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run Liechtenstein once."""
    return run_example("liechtenstein", tmp_path_factory.mktemp("liechtenstein") / "out")


@pytest.fixture(scope="module")
def helsinki(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run Helsinki once."""
    return run_example("helsinki", tmp_path_factory.mktemp("helsinki") / "out")


def covered(run: Run, rule: str) -> float:
    """Return the share of the whole district's weight that a rule finds covered, at least."""
    table = pyogrio.read_dataframe(run.folder / "results.gpkg", layer="communities")
    rows = run.json("results.json")["communities"].values()
    found = [row["rules"][rule] for row in rows if rule in row["rules"]]
    assert len(table) == len(rows)
    return sum(f["share_low"] * f["total"] for f in found) / sum(f["total"] for f in found)


def verdicts(run: Run, rule: str) -> dict[str, int]:
    """Count a rule's verdicts."""
    rows = run.json("results.json")["communities"].values()
    found = [row["rules"][rule]["verdict"] for row in rows if rule in row["rules"]]
    return {verdict: found.count(verdict) for verdict in sorted(set(found))}


def test_las_palmas_is_done_in_a_minute_and_two_gibibytes(las_palmas: tuple[Run, Run]) -> None:
    """From the extract to all pages, tables and layers under 60 s, again 20 s, within 2 GiB."""
    first, second = las_palmas
    assert first.wall_s < 60
    assert second.json("run.json")["elapsed_s"] < 20
    assert max(run.json("run.json")["peak_memory_mib"] for run in las_palmas) < 2048
    assert sorted(path.name for path in first.folder.iterdir()) == sorted(FILES)


def test_two_runs_give_the_same_bytes(las_palmas: tuple[Run, Run]) -> None:
    """Every file but run.json is identical."""
    first, second = las_palmas
    for name in FILES:
        if name != "run.json":
            assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes(), name


def test_the_manifest_names_what_the_run_was_made_of(las_palmas: tuple[Run, Run]) -> None:
    """Checksums of every input, versions, parameters and assumptions are there, no paths."""
    manifest = las_palmas[0].json("manifest.json")
    by_key = {entry["key"]: entry for entry in manifest["inputs"]}
    assert set(by_key) == {"project", "network.osm", "communities.path"}
    data = real("osm/las_palmas.osm.pbf").read_bytes()
    assert by_key["network.osm"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert manifest["versions"]["circles"]
    assert manifest["parameters"]["profiles"]["senior"]["speed_m_s"] == 0.8
    assert {"private_ways", "floor_area", "osm_facilities", "no_population"} <= {
        item["id"] for item in manifest["assumptions"]
    }
    assert os.environ["CIRCLES_REAL_DATA"] not in (
        las_palmas[0].folder / "manifest.json"
    ).read_text("utf-8")


def test_las_palmas_figures(las_palmas: tuple[Run, Run]) -> None:
    """Service by service, what Las Palmas has is covered as it was when looked at."""
    run = las_palmas[0]
    assert covered(run, "culture-urban") == pytest.approx(0.298, abs=0.01)
    assert covered(run, "health") == pytest.approx(0.603, abs=0.01)
    assert covered(run, "police") == pytest.approx(0.415, abs=0.01)
    assert covered(run, "sports-urban") == pytest.approx(0.870, abs=0.01)
    # What the city has no layer for is never a zero.
    assert verdicts(run, "elder_meal") == {"insufficient_data": 29}
    assert verdicts(run, "childcare") == {"insufficient_data": 29}
    assert run.json("results.json")["rollups"]["convenience-urban"]["denominator"] == 29


def test_liechtenstein_figures(liechtenstein: Run) -> None:
    """Eleven municipalities from the extract, told apart by density, covered as looked at."""
    results = liechtenstein.json("results.json")
    names = {row["name"] for row in results["communities"].values()}
    assert {"Vaduz", "Schaan", "Planken", "Triesenberg"} <= names
    assert len(names) == 11
    urban = {r["name"] for r in results["communities"].values() if r["setting"] == "urban"}
    assert names - urban == {"Planken", "Schellenberg", "Triesenberg"}
    assert covered(liechtenstein, "sports-rural") == pytest.approx(1.0, abs=0.02)
    assert verdicts(liechtenstein, "elder_meal") == {"insufficient_data": 11}


def test_helsinki_figures(helsinki: Run) -> None:
    """Six districts that the extract's edge cuts stay open, and say so; people are counted."""
    results = helsinki.json("results.json")
    assert len(results["communities"]) == 6
    assert verdicts(helsinki, "health") == {"insufficient_data": 6}
    reasons = {row["rules"]["health"]["reason"] for row in results["communities"].values()}
    assert reasons == {"map_edge"}
    units = {row["rules"]["health"]["unit"] for row in results["communities"].values()}
    assert units == {"people"}
    assert covered(helsinki, "health") == pytest.approx(0.963, abs=0.01)
    # A layer nobody gave is never a zero, on the map's edge as anywhere.
    shares = {row["rules"]["elder_meal"]["share_low"] for row in results["communities"].values()}
    assert shares == {None}


def test_helsinkis_people_are_those_of_its_cells(helsinki: Run) -> None:
    """The people counted are each cell's, by the share of its area inside the districts."""
    districts = read_boundaries(
        real("helsinki/helsinki.osm.pbf"), admin_level=10, include_cut=True
    ).frame.to_crs(3067)
    cells = gpd.read_file(real("helsinki/helsinki_population_grid_2020.gpkg")).to_crs(3067)
    inside = shapely.area(shapely.intersection(cells.geometry.values, districts.union_all()))
    expected = float((cells["population"] * inside / cells.area).sum())
    rows = helsinki.json("results.json")["communities"].values()
    assert sum(row["rules"]["health"]["total"] for row in rows) == pytest.approx(expected, rel=1e-3)


@pytest.fixture(scope="module")
def las_palmas_network() -> WalkNetwork:
    """Read the network of Las Palmas."""
    return network_from_osm(read_osm(real("osm/las_palmas.osm.pbf")))


def some_places(network: WalkNetwork, count: int, seed: int) -> Joins:
    """Return places near streets, joined."""
    rng = np.random.default_rng(seed)
    at = rng.integers(0, len(network.edges.lon), count)
    x_m, y_m = to_metres(network.edges.lon[at], network.edges.lat[at], network.crs)
    return Joiner.of(network).join(x_m + rng.normal(0, 30, count), y_m + rng.normal(0, 30, count))


def test_node_times_of_las_palmas_equal_networkx(las_palmas_network: WalkNetwork) -> None:
    """All node times to 40 places differ from networkx's by less than a millionth of a second."""
    network = las_palmas_network
    impedance = network.times(profile("senior"))
    origins = some_places(network, 40, seed=1)
    field = nearest_cost(network, origins, impedance)
    graph = nx.DiGraph()
    edges = network.edges
    for e in range(len(edges)):
        # Against the direction of walking, as times are asked for to the places.
        for tail, head, cost in (
            (int(edges.end[e]), int(edges.start[e]), float(impedance.forward[e])),
            (int(edges.start[e]), int(edges.end[e]), float(impedance.backward[e])),
        ):
            if np.isfinite(cost) and cost < graph.get_edge_data(tail, head, {}).get("cost", np.inf):
                graph.add_edge(tail, head, cost=cost)
    for i in np.flatnonzero(~origins.off_network):
        e, share = origins.edge[i], origins.share[i]
        leg = origins.access_m[i] * impedance.per_metre
        graph.add_edge("origin", ("o", i), cost=0.0)
        graph.add_edge(("o", i), int(edges.start[e]), cost=leg + share * impedance.forward[e])
        if edges.start[e] != edges.end[e]:
            graph.add_edge(
                ("o", i), int(edges.end[e]), cost=leg + (1 - share) * impedance.backward[e]
            )
    found = nx.single_source_dijkstra_path_length(graph, "origin", weight="cost")
    expected = np.array([found.get(n, np.inf) for n in range(len(network.node_id))])
    both = np.isfinite(expected)
    assert np.array_equal(both, np.isfinite(field.node_cost))
    assert np.abs(expected[both] - field.node_cost[both]).max() < 1e-6
    assert both.sum() > 15_000


@pytest.mark.parametrize("minutes", [5, 15])
def test_isochrones_of_las_palmas_agree_with_times(
    las_palmas_network: WalkNetwork, minutes: int
) -> None:
    """Polygons agree with t(p): 99 % over the box, 97 % within 50 m of the outline."""
    joiner = Joiner.of(las_palmas_network)
    field = nearest_cost(
        las_palmas_network,
        some_places(las_palmas_network, 60, seed=2),
        las_palmas_network.times(profile("adult")),
    )
    (area,) = reach_areas(field, joiner, [minutes * 60.0])
    in_box, at_outline = agreement(area, field, joiner, minutes * 60.0)
    assert in_box >= 0.99
    assert at_outline >= 0.97


def test_a_real_extract_cut_off_in_the_middle_is_refused(tmp_path: Path) -> None:
    """Half a file is an error that names the file, wherever it was cut."""
    whole = real("osm/karlsruhe_kirchfeld.osm.pbf").read_bytes()
    for share in (0.3, 0.5, 0.9):
        path = tmp_path / f"cut{share}.osm.pbf"
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(InputError, match="damaged, cut off"):
            read_osm(path)


def test_a_chinese_graph_people_already_have(tmp_path: Path) -> None:
    """The OSMnx graph of Shenzhen OCT is read, judged, and connects nearly everything."""
    network = read_graphml(real("china/shenzhen_oct_walk.graphml"))
    assert len(network.edges) > 2500
    assert network.joinable.mean() > 0.98


@pytest.mark.parametrize(
    "name",
    ["osm/berlin_miraustrasse.osm.pbf", "osm/garmisch.osm.pbf", "china/shanghai_small.osm"],
)
def test_other_extracts_become_networks(name: str) -> None:
    """Each extract gives one main piece that holds most of its streets."""
    network = network_from_osm(read_osm(real(name)))
    street_m = network.edges.length_m
    assert street_m[network.joinable].sum() > 0.85 * street_m.sum()
