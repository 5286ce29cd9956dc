"""A batch with two workers beside one, on the same districts."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import shapely

from benchmarks.setting import Check, Section, Setting, in_words, interleaved, medians, ratio

_DISTRICTS: Final = 24
_PROJECT: Final = """
name = "Las Palmas"
standard = "guangzhou-1530"
as_of = 2023-02-21
[network]
osm = "{extract}"
[communities]
path = "communities.gpkg"
id = "id"
name = "name"
district = "area"
setting = "urban"
[demand]
source = "buildings"
[[facilities]]
osm = ["childcare", "kindergarten", "health_centre", "clinic", "culture", "sports", "police"]
[output]
lang = "en"
documents = []
[batch]
by = "district"
"""
_MOST_OVERHEAD: Final = 0.05
_LEAST_SPEED_UP: Final = 1.5


def batches(setting: Setting) -> Section:
    """Run 24 districts of a real city with one and with two one-thread workers, by turns."""
    description = _describe(setting)
    clocks: dict[str, list[dict[str, Any]]] = {"one worker": [], "two workers": []}

    def run(name: str, workers: int) -> float:
        out = setting.scratch / "batch"
        shutil.rmtree(out, ignore_errors=True)
        command = [sys.executable, "-m", "circles", "batch", str(description), "--out", str(out)]
        # One thread each: the second worker is the only thing that is more.
        environment = {**os.environ, "CIRCLES_THREADS": "1"}
        began = time.perf_counter()
        subprocess.run(  # noqa: S603 - our own command line
            [*command, "--jobs", str(workers)], check=True, capture_output=True, env=environment
        )
        seconds = time.perf_counter() - began
        clocks[name].append(json.loads((out / "batch-run.json").read_text("utf-8")))
        return seconds

    tasks = {name: lambda n=name, k=i: run(n, k) for i, name in enumerate(clocks, 1)}
    seconds = interleaved(tasks, setting.repetitions)
    one, two = medians(seconds).values()
    districts = {name: _median(clocks[name], "districts_s") for name in clocks}
    apart = {name: _median_overhead(clocks[name], seconds[name]) for name in clocks}
    speed_up = districts["one worker"] / districts["two workers"]
    return Section(
        title="Many districts",
        columns=("workers", "whole run", "districts", "scheduling", "one worker / this"),
        rows=tuple(
            (
                name,
                in_words(took),
                in_words(districts[name]),
                f"{apart[name]:.1%}",
                ratio(one, took),
            )
            for name, took in (("one worker", one), ("two workers", two))
        ),
        checks=(
            Check(
                "two workers are 1.5 times as fast", speed_up >= _LEAST_SPEED_UP, f"{speed_up:.2f}"
            ),
            Check(
                "scheduling takes at most 5 % of the run",
                apart["one worker"] <= _MOST_OVERHEAD,
                f"{apart['one worker']:.1%}",
            ),
        ),
        notes=(
            f"{_DISTRICTS} districts of Las Palmas, no documents; one thread a worker.",
            "Scheduling is what a run takes beyond reading, the districts and the city-wide files.",
        ),
        figures={"seconds": seconds, "clocks": clocks},
    )


def _describe(setting: Setting) -> Path:
    """Write the project: 24 school areas, each cut in two communities."""
    areas = gpd.read_file(setting.data / "osm" / "las_palmas_school_areas.geojson")
    rows = []
    for code, outline in zip(areas["Codigo"][:_DISTRICTS], areas.geometry, strict=False):
        west, south, east, north = outline.bounds
        middle = (west + east) / 2
        for side, box in enumerate(((west, south, middle, north), (middle, south, east, north))):
            half = shapely.intersection(shapely.make_valid(outline), shapely.box(*box))
            rows.append((f"{code}-{side}", f"{code} {side}", str(code), half))
    names = ["id", "name", "area", "geometry"]
    layer = gpd.GeoDataFrame(rows, columns=names, crs=areas.crs)
    layer.to_file(setting.scratch / "communities.gpkg")
    path = setting.scratch / "batch.toml"
    path.write_text(_PROJECT.format(extract=setting.extract("las_palmas").as_posix()), "utf-8")
    return path


def _median(clocks: list[dict[str, Any]], step: str) -> float:
    return medians({step: [clock["steps"][step] for clock in clocks]})[step]


def _median_overhead(clocks: list[dict[str, Any]], seconds: list[float]) -> float:
    """Return which share of a run neither reading, nor a district, nor the city takes."""
    shares = []
    for clock, whole in zip(clocks, seconds, strict=True):
        busy = sum(district["elapsed_s"] for district in clock["districts"])
        shares.append(max(clock["steps"]["districts_s"] - busy, 0.0) / whole)
    return medians({"": shares})[""]
