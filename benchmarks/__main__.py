"""Measure circles beside its peers: ``python -m benchmarks``."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.cases.batches import batches
from benchmarks.cases.coverage import coverage
from benchmarks.cases.loading import loading
from benchmarks.cases.maps import maps
from benchmarks.cases.mega import mega_city
from benchmarks.cases.polygons import polygons
from benchmarks.cases.reading import reading
from benchmarks.cases.searches import bounded, nearest
from benchmarks.cases.starting import starting
from benchmarks.cases.truth import truth
from benchmarks.environment import peers_python
from benchmarks.report import markdown, write_json
from benchmarks.setting import Section, Setting

CASES = {
    "truth": truth,
    "polygons": polygons,
    "nearest": nearest,
    "bounded": bounded,
    "coverage": coverage,
    "reading": reading,
    "loading": loading,
    "starting": starting,
    "maps": maps,
    "batches": batches,
    "mega": mega_city,
}


def main() -> int:
    """Run the cases that were asked for; return 1 if a check did not hold."""
    options = _options()
    options.cache.mkdir(parents=True, exist_ok=True)
    peers = peers_python(options.cache, options.peers_python)
    with tempfile.TemporaryDirectory(dir=options.cache, prefix="run-") as scratch:
        setting = Setting(
            data=options.data,
            cache=options.cache,
            scratch=Path(scratch),
            peers=peers,
            repetitions=options.repetitions,
            scale=options.scale,
        )
        sections = [_run(name, setting) for name in options.cases]
    text = markdown(sections, repetitions=options.repetitions)
    sys.stdout.write(text)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "benchmarks.md").write_text(text, "utf-8")
        write_json(options.out / "benchmarks.json", sections, repetitions=options.repetitions)
    return 0 if all(check.holds for section in sections for check in section.checks) else 1


def _run(name: str, setting: Setting) -> Section:
    start = time.perf_counter()
    sys.stderr.write(f"{name} …\n")
    section = CASES[name](setting)
    sys.stderr.write(f"{name}: {time.perf_counter() - start:.0f} s\n")
    return section


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    data = os.environ.get("CIRCLES_REAL_DATA")
    cache = os.environ.get("CIRCLES_BENCHMARK_CACHE", Path.home() / ".cache/circles-benchmarks")
    parser.add_argument("cases", nargs="*", help=f"of {', '.join(CASES)}; all if none is named")
    parser.add_argument(
        "--data", type=Path, default=data, required=data is None, help="folder of real extracts"
    )
    parser.add_argument("--cache", type=Path, default=cache, help="kept between runs")
    parser.add_argument("--out", type=Path, help="folder for benchmarks.md and benchmarks.json")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="below 1: to try things out")
    parser.add_argument("--peers-python", type=Path, help="a Python 3.12 or 3.13")
    options = parser.parse_args()
    options.cases = options.cases or list(CASES)
    unknown = [case for case in options.cases if case not in CASES]
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are: {', '.join(CASES)}")
    options.data, options.cache = Path(options.data), Path(options.cache)
    return options


if __name__ == "__main__":
    sys.exit(main())
