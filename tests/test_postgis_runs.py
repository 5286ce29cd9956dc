"""Whole runs from and into a PostGIS database: the same verdicts as from files, and no secrets."""

import json
import logging
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from circles.pipeline import RunResult, run_project
from circles.tables import read_layer
from tests.test_postgis import Server, put, server

pytestmark = pytest.mark.postgis
__all__ = ["server"]

SAMPLE = Path(__file__).parent.parent / "data" / "sample"


@pytest.fixture
def base(server: Server) -> Iterator[str]:
    """Return a database that holds the sample's communities and facilities."""
    name = f"t_{secrets.token_hex(6)}"
    server.run("postgres", f"CREATE DATABASE {name}")
    server.run(name, "CREATE EXTENSION postgis")
    put(server, name, "communities", gpd.read_file(SAMPLE / "communities.gpkg"))
    put(server, name, "facilities", read_layer(SAMPLE / "facilities.xlsx", sheet="设施"))
    yield name
    server.run("postgres", f"DROP DATABASE {name} WITH (FORCE)")


def run(folder: Path, text: str) -> RunResult:
    """Run the sample's project after its file was changed."""
    (folder / "circles.toml").write_text(text, "utf-8")
    return run_project(folder / "circles.toml", out_dir=folder / "out")


def verdicts(result: RunResult) -> pd.DataFrame:
    """Return what a run found, in an order of its own."""
    columns = ["community_id", "rule_id", "verdict", "share_low", "share_high", "shortfall"]
    found = result.assessment.verdicts[columns]
    return found.sort_values(["community_id", "rule_id"], ignore_index=True)


def test_a_run_from_a_database_is_a_run_from_files(
    server: Server,
    base: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The verdicts are the same, the layers are written back, and the password is nowhere."""
    shutil.copytree(SAMPLE, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / "circles.toml").read_text("utf-8")
    from_files = verdicts(run(tmp_path, text))
    address = server.database(base)
    password = address.url.split("@")[0].rpartition(":")[2]
    monkeypatch.setenv("CIRCLES_TEST_PASSWORD", password)
    with_variable = address.url.replace(f":{password}@", ":${CIRCLES_TEST_PASSWORD}@")
    text = text.replace(
        'path = "communities.gpkg"', f'path = "{with_variable}"\nlayer = "communities"'
    )
    text = text.replace(
        'path = "facilities.xlsx"\ncrs = "wgs84"\nsheet = "设施"',
        f'path = "{address.url}"\nlayer = "facilities"',
    )
    text = text.replace("[output]\n", f'[output]\npostgis = "{address.url}"\n')
    assert text.count("postgresql://") == 3
    with caplog.at_level(logging.DEBUG):
        result = run(tmp_path, text)
    assert_frame_equal(verdicts(result), from_files, rtol=1e-9)
    ((written,),) = server.run(base, "SELECT count(*) FROM circles_results.communities")
    assert written == len(result.assessment.communities)
    for path in (tmp_path / "out").rglob("*"):
        assert not path.is_file() or password.encode() not in path.read_bytes(), path.name
    assert password not in caplog.text
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    from_base = [part for part in manifest["inputs"] if part["path"].startswith("postgresql://")]
    assert [part["key"] for part in from_base] == ["communities", "facilities 1"]
    assert all(len(part["sha256"]) == 64 for part in from_base)
