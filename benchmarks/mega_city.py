"""A made-up mega-city around a real network: a project that ``circles run`` takes as it stands.

The streets are those of a network, such as the one of copies of an extract that
`benchmarks.make_city` joins; communities with winding borders, residents and facilities are drawn
by chance along them. The same network, size and seed give the same files.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from benchmarks.winding import winding_cells
from circles.facilities import load_catalogue
from circles.files import read_network
from circles.network import WalkNetwork
from circles.walking import Kind

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STANDARD: Final = "guangzhou-1530"
#: What layers there are of; they answer thirteen of the standard's fifteen rules of access.
SERVICES: Final = (
    *("party_service", "gov_service", "health_station", "elder_meal", "elder_station"),
    *("culture", "sports", "police", "social_work", "childcare"),
)
_BENDS: Final = 24
_SPARE: Final = 1.15  # more cells than communities, so that those without streets can be left out
_BESIDE_DEG: Final = 0.0002  # homes and facilities stand so far from the street, about
_STREET: Final = 4  # cells along each side of a street, and streets along each side of a district
_SYLLABLES: Final = "东西南北中上下大小新旧长福康安和平荔榕云江河溪桥塘岗岭涌沙洲石竹梅桂兰松柏"
_RURAL: Final = 0.4
_CENTRAL: Final = 0.5
#: Residents by group: the column, the mean at an address.
_GROUPS: Final = {
    "all": ("常住人口", 14.0),
    "60+": ("60岁及以上", 2.6),
    "0-3": ("0-3岁", 0.5),
    "0-17": ("0-17岁", 2.2),
}
_PROJECT: Final = """\
name = "测算市"
standard = "{standard}"
as_of = 2025-06-30
fictional = true

[network]
osm = "{network}"

[communities]
path = "communities.parquet"
id = "编码"
name = "名称"
setting = {{ column = "类型", urban = ["社区"], rural = ["村"] }}
zone = "圈层"
street = "街镇"
district = "区"

[demand]
source = "homes.parquet"
population = {{ {population} }}

[[facilities]]
path = "facilities.parquet"
name = "名称"
service_column = "类型"

[output]
dir = "out"
"""


@dataclass(frozen=True)
class Size:
    """How much there is of everything but streets.

    Parameters
    ----------
    communities, facilities, homes
        How many; homes are demand points.
    """

    communities: int = 3000
    facilities: int = 10_000
    homes: int = 300_000

    def part(self, share: float) -> "Size":
        """Return a share of it, such as a quarter."""
        return Size(
            round(self.communities * share),
            round(self.facilities * share),
            round(self.homes * share),
        )


@dataclass(frozen=True)
class _Grid:
    """The lines that cells lie between, and which cells are communities, from the south-west."""

    lon: Floats
    lat: Floats
    chosen: Ints

    @classmethod
    def of(cls, network: WalkNetwork, communities: int) -> "_Grid":
        """Lay lines as dense as the streets are; cells of the most streets are communities."""
        side = int(np.ceil(np.sqrt(communities * _SPARE)))
        lon, lat = network.node_lon, network.node_lat
        lines = [np.quantile(way, np.linspace(0, 1, side + 1)) for way in (lon, lat)]
        for line in lines:
            line[0] -= _BESIDE_DEG * 10
            line[-1] += _BESIDE_DEG * 10
        grid = cls(lines[0], lines[1], np.arange(side * side))
        nodes = np.bincount(grid.cell(lon, lat), minlength=side * side)
        most = np.argsort(-nodes, kind="stable")[:communities]
        return cls(lines[0], lines[1], np.sort(most))

    @property
    def columns(self) -> int:
        return len(self.lon) - 1

    def cell(self, lon: Floats, lat: Floats) -> Ints:
        """Return the number of the cell that each place lies in, borders taken as straight."""
        column = np.clip(np.searchsorted(self.lon, lon, "right") - 1, 0, self.columns - 1)
        row = np.clip(np.searchsorted(self.lat, lat, "right") - 1, 0, len(self.lat) - 2)
        return np.asarray(row * self.columns + column, dtype=np.int64)


def write_mega_city(
    network: WalkNetwork, folder: Path, *, size: Size | None = None, seed: int = 7
) -> Path:
    """Write a city's project with all that it names; return the project file.

    Parameters
    ----------
    network
        The streets; saved beside the layers, so that a run need not build them.
    folder
        Where to write; made if it is not there.
    size
        How much of everything; a mega-city's without it.
    seed
        The same one gives the same layers.
    """
    size, rng = size or Size(), np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    network.save(folder / "city.circles")
    grid = _Grid.of(network, size.communities)
    _communities(grid, rng).to_parquet(folder / "communities.parquet")
    _homes(size.homes, network, grid, rng).to_parquet(folder / "homes.parquet")
    _facilities(size.facilities, network, grid, rng).to_parquet(folder / "facilities.parquet")
    population = ", ".join(f'"{group}" = "{column}"' for group, (column, _) in _GROUPS.items())
    text = _PROJECT.format(standard=STANDARD, network="city.circles", population=population)
    project = folder / "circles.toml"
    project.write_text(text, "utf-8", newline="\n")
    return project


def _names(count: int, rng: np.random.Generator) -> list[str]:
    return ["".join(own) for own in rng.choice(list(_SYLLABLES), (count, 3))]


def _communities(grid: _Grid, rng: np.random.Generator) -> gpd.GeoDataFrame:
    cells = winding_cells(grid.lon, grid.lat, bends=_BENDS, rng=rng).ravel()[grid.chosen]
    count = len(cells)
    row, column = np.divmod(grid.chosen, grid.columns)
    wide = _STREET * _STREET
    street = _numbered(row // _STREET, column // _STREET)
    district = _numbered(row // wide, column // wide)
    rural = rng.random(count) < _RURAL
    # Zones are whole districts, as in a city with a centre; villages have none.
    central = rng.random(district.max() + 1)[district] < _CENTRAL
    zone = np.where(central, "中心城区", "外围城区")
    endings = np.where(rural, "村", "社区")
    return gpd.GeoDataFrame(
        {
            "编码": [f"{440100000000 + n}" for n in range(count)],
            "名称": [a + b for a, b in zip(_names(count, rng), endings, strict=True)],
            "类型": endings,
            "圈层": [None if own else word for own, word in zip(rural, zone, strict=True)],
            "街镇": [f"第{n + 1}街道" for n in street],
            "区": [f"第{n + 1}区" for n in district],
            "户数": rng.integers(300, 3000, count),
        },
        geometry=cells,
        crs="EPSG:4326",
    )


def _numbered(row: Ints, column: Ints) -> Ints:
    """Give the blocks that occur numbers, from the south-west."""
    both = row * (int(column.max()) + 1) + column
    return np.asarray(np.unique(both, return_inverse=True)[1], dtype=np.int64)


def _homes(
    count: int, network: WalkNetwork, grid: _Grid, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    lon, lat = _along_streets(count, network, grid, rng)
    people = {column: rng.poisson(mean, count) for column, mean in _GROUPS.values()}
    total = _GROUPS["all"][0]
    # Nobody of a group lives where nobody lives.
    parts = {name: np.minimum(own, people[total]) for name, own in people.items()}
    return gpd.GeoDataFrame(parts, geometry=shapely.points(lon, lat), crs="EPSG:4326")


def _facilities(
    count: int, network: WalkNetwork, grid: _Grid, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    lon, lat = _along_streets(count, network, grid, rng)
    catalogue: Any = load_catalogue()
    words = np.array([catalogue[name].name.zh for name in SERVICES], dtype=object)
    offered = words[rng.integers(len(words), size=count)]
    names = [f"{own}{word}" for own, word in zip(_names(count, rng), offered, strict=True)]
    columns = {"名称": names, "类型": offered}
    return gpd.GeoDataFrame(columns, geometry=shapely.points(lon, lat), crs="EPSG:4326")


def _along_streets(
    count: int, network: WalkNetwork, grid: _Grid, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw places beside the streets of the main network, inside communities."""
    edges = network.edges
    street = network.joinable & (edges.kind != Kind.FERRY)
    middle = edges.offset[:-1] + np.diff(edges.offset) // 2
    inside = np.isin(grid.cell(edges.lon[middle], edges.lat[middle]), grid.chosen)
    # Short edges lie where streets are dense, and so people live.
    drawn = rng.choice(np.flatnonzero(street & inside), count)
    pieces = np.diff(edges.offset)[drawn] - 1
    point = edges.offset[drawn] + (rng.random(count) * pieces).astype(np.int64)
    along = rng.random(count)
    places = [
        way[point] + (way[point + 1] - way[point]) * along + rng.normal(0, _BESIDE_DEG, count)
        for way in (edges.lon, edges.lat)
    ]
    return places[0], places[1]


def main() -> None:
    """Write a city from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mega_city", description=__doc__)
    parser.add_argument("streets", type=Path, help="an extract, or a saved network")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--share", type=float, default=1.0, help="of a mega-city's size")
    options = parser.parse_args()
    network = read_network(options.streets)
    write_mega_city(network, options.folder, size=Size().part(options.share))


if __name__ == "__main__":
    main()
