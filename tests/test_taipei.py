"""Taipei: its villages and seven lists, drafted, checked and scored without editing by hand.

No street network is given, so that nothing walked is judged; how many facilities lie in each
village is, and is counted here a second time from the files alone.
"""

import csv
import json
import os
import tomllib
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import pyproj
import pytest
import shapely
from typer.testing import CliRunner

import circles
from circles.assessment import Assessment
from circles.cli import app
from circles.draft import init_project

pytestmark = pytest.mark.real

#: Which column names the facilities of each list whose service can be told, and the service.
LISTS = {
    "clinics.csv": ("醫療院所", "clinic"),
    "community_care_points.csv": ("據點名稱", "elder_station"),
    "elder_daycare.csv": ("機關名稱", "elder_daycare"),
    "elder_homes.csv": ("機構名稱", "elder_home"),
    "nursing_homes.csv": ("機構名稱", "elder_home"),
    # The names are those of the organisations; what the places are, the files' names say.
    "c_level_points.csv": ("據點名稱", "elder_station"),
    "care_points_register.csv": ("申請單位名稱", "elder_station"),
}
GEOD = pyproj.Geod(ellps="WGS84")
SERVICES = sorted({service for _, service in LISTS.values()})
STANDARD = """
schema = "circles.standard/2"
id = "presence"
name = { zh = "设施有无", en = "Presence" }
issuer = { zh = "本测试", en = "This test" }

[[assumptions]]
id = "here"
text = { zh = "只作计数", en = "To count by" }
"""
RULE = """
[[rules]]
id = "SERVICE"
kind = "presence"
service = "SERVICE"
name = { zh = "每个里都有", en = "One in each village" }
per = "community"
min = 1
assumptions = ["here"]
"""


@dataclass(frozen=True)
class City:
    """What was drafted and what came of it."""

    folder: Path
    project: Path
    told: tuple[str, ...]
    found: Assessment


@pytest.fixture(name="city", scope="module")
def _city(tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = Path(os.environ["CIRCLES_REAL_DATA"]) / "taipei"
    home = tmp_path_factory.mktemp("taipei")
    rules = "".join(RULE.replace("SERVICE", service) for service in SERVICES)
    (home / "own.toml").write_text(STANDARD + rules, encoding="utf-8")
    files = [folder / "villages_population.geojson", *sorted(folder.glob("*.csv"))]
    told: list[str] = []
    project = init_project(home, [*files, home / "own.toml"], say=told.append)
    found = circles.run_project(project, out_dir=home / "out").assessment
    return City(folder, project, tuple(told), found)


@pytest.fixture(name="villages", scope="module")
def _villages(city: City) -> list[dict[str, object]]:
    text = (city.folder / "villages_population.geojson").read_text("utf-8")
    features: list[dict[str, object]] = json.loads(text)["features"]
    return features


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a list as they stand there."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def counted(city: City, villages: list[dict[str, object]], service: str) -> Counter[str]:
    """Count the facilities of a service in each village, by the files alone.

    A facility that the lists name twice within 50 m counts once, where it is named first.
    """
    kept: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for path in sorted(city.folder.glob("*.csv")):
        column, offered = LISTS[path.name]
        for row in rows_of(path) if offered == service else []:
            if not (row["lon"] and row["lat"]):
                continue
            name = unicodedata.normalize("NFKC", row[column]).replace("臺", "台")
            name = "".join(letter for letter in name if letter.isalnum())
            lon, lat = float(row["lon"]), float(row["lat"])
            if all(GEOD.inv(lon, lat, *other)[2] > 50 for other in kept[name]):
                kept[name].append((lon, lat))
    points = [shapely.Point(place) for places in kept.values() for place in places]
    outlines = [shapely.geometry.shape(v["geometry"]) for v in villages]
    which = shapely.STRtree(outlines).query(points, predicate="intersects")
    homes = dict(zip(*which.tolist(), strict=True))
    return Counter(str(_properties(villages[home])["V_ID"]) for home in homes.values())


def _properties(village: dict[str, object]) -> dict[str, object]:
    properties = village["properties"]
    assert isinstance(properties, dict)
    return properties


def test_every_file_is_taken_for_what_it_is(city: City) -> None:
    """The villages are communities, and all seven lists are lists of facilities."""
    text = city.project.read_text("utf-8")
    data = tomllib.loads(text)
    assert data["communities"]["path"].endswith("villages_population.geojson")
    assert {Path(table["path"]).name for table in data["facilities"]} == set(LISTS)
    assert "network" not in data


def test_care_points_are_classified_by_their_type(city: City) -> None:
    """The column of types tells what no name does."""
    tables = tomllib.loads(city.project.read_text("utf-8"))["facilities"]
    (care,) = [t for t in tables if t["path"].endswith("community_care_points.csv")]
    assert care["service_column"] == "據點類型"
    of_care = city.found.facilities["origin"] == "community_care_points.csv"
    assert (city.found.facilities.loc[of_care, "service"] == "elder_station").all()
    # The register has most of them, too, and each place counts once.
    assert (city.found.facilities["service"] == "elder_station").sum() > 505


def test_all_villages_are_read_with_their_elders(
    city: City, villages: list[dict[str, object]]
) -> None:
    """456 villages in 12 districts, and residents by age that add up to those of the file."""
    data = tomllib.loads(city.project.read_text("utf-8"))["communities"]
    assert data["population"]["65+"] == "A65UP_CNT"
    assert data["population"]["0-14"] == "A0A14_CNT"
    assert len(city.found.communities) == len(villages) == 456
    assert city.found.communities["district"].nunique() == 12
    columns = ("A0A14_CNT", "A15A64_CNT", "A65UP_CNT")
    total = sum(float(str(_properties(v)[c])) for v in villages for c in columns)
    assert city.found.communities["population"].sum() == pytest.approx(total)


@pytest.mark.parametrize("service", SERVICES)
def test_facilities_in_each_village_are_those_of_the_files(
    city: City, villages: list[dict[str, object]], service: str
) -> None:
    """The count by village is that of shapely over the lists and the outlines."""
    findings = city.found.findings
    mine = findings[findings["rule_id"] == service]
    expected = counted(city, villages, service)
    found = dict(zip(mine["unit_id"], mine["value"], strict=True))
    assert len(found) == 456
    assert found == {unit: expected.get(unit, 0) for unit in found}
    assert sum(found.values()) == sum(expected.values()) > 10


def test_a_run_says_that_there_are_no_streets(city: City) -> None:
    """The drafted file and the results say that nothing walked can be judged."""
    assert "没有道路数据" in city.project.read_text("utf-8")
    assert any(note.key.startswith("warnings.no_network") for note in city.found.warnings)


def test_check_lists_every_row_set_aside_with_its_reason(city: City) -> None:
    """Rows of the lists that are not used stand in the report by number."""
    found = CliRunner().invoke(app, ["check", "--all", str(city.project)])
    assert found.exit_code == 0, found.stdout
    assert all(name in found.stdout for name in LISTS)
    seen: set[tuple[str, str, str]] = set()
    for number, row in enumerate(rows_of(city.folder / "clinics.csv"), start=2):
        place = (row["醫療院所"].replace(" ", ""), row["lon"], row["lat"])
        again = f"第{number}行：与第"
        assert place not in seen or again in found.stdout
        seen.add(place)
    assert "只计一次" in found.stdout
