"""How long `circles isochrone` takes from the command line: first compilation, and after it."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.setting import Section, Setting, in_words
from benchmarks.worker import ROOT

_AT = "-15.4300,28.1200"


def starting(setting: Setting) -> Section:
    """Time the whole process on Las Palmas, imports included."""
    extract = setting.extract("las_palmas")
    with setting.circles() as ours:
        saved = ours.call("save_network", extract=str(extract), folder=str(setting.scratch)).value
    sources = {"the extract": extract, "a saved network": Path(saved)}
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(dir=setting.scratch) as compiled:
        cold = _run(sources["a saved network"], Path(compiled), setting.scratch)
        for name in list(sources) * setting.repetitions:
            took = _run(sources[name], Path(compiled), setting.scratch)
            seconds.setdefault(name, []).append(took)
    rows = [(name, in_words(statistics.median(took))) for name, took in seconds.items()]
    return Section(
        title="`circles isochrone`, 5, 10 and 15 minutes on Las Palmas, the whole process",
        columns=("from", "median"),
        rows=(*rows, ("a saved network, the first time (compiles and caches)", in_words(cold))),
        figures={"seconds": seconds, "first": cold},
    )


def _run(source: Path, compiled: Path, scratch: Path) -> float:
    command = [sys.executable, "-m", "circles", "isochrone", str(source), "--at", _AT]
    command += ["--minutes", "5,10,15", "--out", str(scratch / "isochrone.geojson")]
    start = time.perf_counter()
    subprocess.run(  # noqa: S603 - our own command line
        command,
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "NUMBA_CACHE_DIR": str(compiled)},
    )
    return time.perf_counter() - start
