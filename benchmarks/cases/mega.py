"""A mega-city's run, stage by stage, and how its time and memory grow with its size."""

import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.make_city import make_city
from benchmarks.mega_city import Size, write_mega_city
from benchmarks.setting import Check, Section, Setting
from circles.files import read_network

_NODES: Final = 1_100_000
_SHARES: Final = (0.25, 0.5, 1.0)
_OPENED: Final = ("streets", "communities", "demand", "facilities")
_SCORED: Final = (*_OPENED, "join", "coverage", "rules")
_MOST_SCORES_S: Final = 60.0
_MOST_S: Final = 240.0
_MOST_GIB: Final = 4.0
_MOST_MAP_MB: Final = 8.0

Run = Mapping[str, Any]


def mega_city(setting: Setting) -> Section:
    """Run a quarter, a half and the whole of a mega-city, each in a process of its own."""
    folders = [_written(share, setting) for share in _SHARES]
    runs = [_run(folder) for folder in folders]
    stages = list(runs[-1]["parts"])
    rows = [_row(stage, [_elapsed_s(run, (stage,)) for run in runs], "s") for stage in stages]
    scores = [_elapsed_s(run, _SCORED) for run in runs]
    whole = [float(run["elapsed_s"]) for run in runs]
    memory = [run["peak_memory_mib"] / 1024 for run in runs]
    rows += [
        _row("scores for every community", scores, "s"),
        _row("all outputs", whole, "s"),
        _row("all outputs, processor time", [_processor_s(run) for run in runs], "s"),
        _row("peak memory", memory, "GiB"),
    ]
    map_mb = (folders[-1] / "out" / "map.html").stat().st_size / 1e6
    found = ((scores[-1], _MOST_SCORES_S), (whole[-1], _MOST_S), (memory[-1], _MOST_GIB),
             (map_mb, _MOST_MAP_MB))  # fmt: skip
    names = ("scores, s", "all outputs, s", "peak memory, GiB", "map.html, MB")
    checks = tuple(
        Check(f"{name}, at most {most:g}", value <= most, f"{value:.1f}")
        for name, (value, most) in zip(names, found, strict=True)
        if setting.scale >= 1
    )
    return Section(
        title=f"A mega-city of {setting.count(Size().communities):,} communities, stage by stage",
        columns=("", *(f"{share / _SHARES[0]:g} ×" for share in _SHARES), "grows as size to the"),
        rows=tuple(rows),
        checks=checks,
        figures={"runs": [dict(run) for run in runs], "map_mb": map_mb},
    )


def _written(share: float, setting: Setting) -> Path:
    """Write a project with its saved network; the extract is kept from one time to the next."""
    nodes = setting.count(round(_NODES * share))
    extract = setting.cache / f"mega-{nodes}.osm.pbf"
    if not extract.exists():
        make_city(setting.extract("porto"), extract, nodes=nodes)
    folder = setting.scratch / f"mega-{nodes}"
    size = Size().part(share * min(setting.scale, 1.0))
    write_mega_city(read_network(extract), folder, size=size)
    return folder


def _run(folder: Path) -> Run:
    command = [sys.executable, "-m", "circles", "run", str(folder / "circles.toml")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    record: Run = json.loads((folder / "out" / "run.json").read_text("utf-8"))
    return record


def _elapsed_s(run: Run, stages: Sequence[str]) -> float:
    return sum(float(run["parts"][stage]["elapsed_s"]) for stage in stages)


def _processor_s(run: Run) -> float:
    return sum(float(part["processor_s"]) for part in run["parts"].values())


def _row(name: str, values: Sequence[float], unit: str) -> tuple[str, ...]:
    """Return a row: the values, and the power of the size that they grow with."""
    first, last = values[0], values[-1]
    power = math.log(last / first, _SHARES[-1] / _SHARES[0]) if min(first, last) > 0 else math.nan
    shown = f"{power:.2f}" if math.isfinite(power) and last >= 1 else "–"
    return (name, *(f"{value:.3g} {unit}" for value in values), shown)
