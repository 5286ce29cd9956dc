"""The made-up mega-city of the benchmarks: joined streets, shared borders, same bytes."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from benchmarks.make_city import make_city
from benchmarks.mega_city import SERVICES, Size, write_mega_city
from benchmarks.winding import winding_cells
from circles.files import read_network
from circles.network import WalkNetwork
from circles.project import load_project

SAMPLE = Path(__file__).parent.parent / "data" / "sample" / "district.osm.pbf"
SIZE = Size(communities=40, facilities=100, homes=600)
LAYERS = ("communities.parquet", "homes.parquet", "facilities.parquet", "circles.toml")


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> WalkNetwork:
    """Join four copies of the sample district, side by side."""
    out = tmp_path_factory.mktemp("joined") / "city.osm.pbf"
    copies = make_city(SAMPLE, out, nodes=4 * len(read_network(SAMPLE).node_id))
    assert copies == 4
    return read_network(out)


@pytest.fixture(scope="module")
def city(joined: WalkNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small city; return its folder."""
    folder = tmp_path_factory.mktemp("city")
    write_mega_city(joined, folder, size=SIZE)
    return folder


def _largest_piece(network: WalkNetwork) -> int:
    count, edges = len(network.node_id), network.edges
    graph = coo_matrix((np.ones(len(edges)), (edges.start, edges.end)), shape=(count, count))
    return int(np.bincount(connected_components(graph, directed=False)[1]).max())


def test_copies_make_one_component(joined: WalkNetwork) -> None:
    """The main streets of all four copies hang together; only ends that go on are nodes no more."""
    assert _largest_piece(joined) > 3.9 * _largest_piece(read_network(SAMPLE))


def test_there_is_as_much_of_everything_as_was_asked_for(city: Path) -> None:
    """Rows are counted, groups are parts of all residents, and every service is offered."""
    communities, homes, facilities = (gpd.read_parquet(city / name) for name in LAYERS[:3])
    assert (len(communities), len(homes), len(facilities)) == (40, 600, 100)
    assert communities["编码"].is_unique
    assert set(communities["类型"]) == {"社区", "村"}
    assert communities["街镇"].nunique() > communities["区"].nunique() >= 1
    assert (homes["60岁及以上"] <= homes["常住人口"]).all()
    assert facilities["类型"].nunique() == len(SERVICES) == 10


def test_homes_and_facilities_stand_in_communities(city: Path) -> None:
    """But for a few at borders, which wind, every place lies inside a community."""
    communities, homes, facilities = (gpd.read_parquet(city / name) for name in LAYERS[:3])
    whole = communities.geometry.union_all()
    assert shapely.intersects(whole, homes.geometry.to_numpy()).mean() > 0.95
    assert shapely.intersects(whole, facilities.geometry.to_numpy()).mean() > 0.95


def test_the_same_seed_gives_the_same_bytes(
    joined: WalkNetwork, city: Path, tmp_path: Path
) -> None:
    """Written again, every layer has the same bytes; with another seed homes have not."""
    write_mega_city(joined, tmp_path / "again", size=SIZE)
    write_mega_city(joined, tmp_path / "other", size=SIZE, seed=8)
    for name in LAYERS:
        assert (tmp_path / "again" / name).read_bytes() == (city / name).read_bytes()
    other = (tmp_path / "other" / "homes.parquet").read_bytes()
    assert other != (city / "homes.parquet").read_bytes()


def test_the_project_can_be_read(city: Path) -> None:
    """What is written is a project, and all that it names is there."""
    project = load_project(city / "circles.toml")
    assert all(path.exists() for _, _, path in project.inputs())


@pytest.mark.parametrize("bends", [1, 7, 24])
def test_winding_borders_are_shared_and_never_cross(bends: int) -> None:
    """Cells of very different widths are valid polygons that make up a coverage of the box."""
    lon, lat = np.array([0.0, 1.0, 1.05, 3.0]), np.array([0.0, 0.02, 2.0])
    cells = winding_cells(lon, lat, bends=bends, rng=np.random.default_rng(3))
    assert cells.shape == (2, 3)
    assert shapely.is_valid(cells).all()
    assert shapely.coverage_is_valid(cells.ravel())
    assert (shapely.get_num_coordinates(cells) == 4 * bends + 1).all()


def test_a_share_of_a_size_is_that_of_everything() -> None:
    """A quarter of a mega-city has a quarter of its communities, facilities and homes."""
    assert Size().part(0.25) == Size(communities=750, facilities=2500, homes=75_000)
