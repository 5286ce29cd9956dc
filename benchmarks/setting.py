"""What a run of the benchmark is given, and what a case hands back."""

import statistics
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.worker import Worker, worker


@dataclass(frozen=True)
class Setting:
    """What the cases work with.

    Parameters
    ----------
    data
        Folder of real extracts.
    cache
        Folder for the peers' environment, the joined city and tiles; kept between runs.
    scratch
        Folder for what engines hand each other; of this run only.
    peers
        The interpreter of the peers' environment.
    repetitions
        How often each engine takes its turn.
    scale
        Share of the full size; below 1 only to try things out.
    """

    data: Path
    cache: Path
    scratch: Path
    peers: Path
    repetitions: int
    scale: float = 1.0

    def count(self, full: int, least: int = 1) -> int:
        """Return a number of things at this run's scale."""
        return max(least, round(full * self.scale))

    def peer(self, name: str) -> AbstractContextManager[Worker]:
        """Start a peer, for a ``with`` block."""
        return worker(self.peers, f"benchmarks.peers.{name}")

    def circles(self) -> AbstractContextManager[Worker]:
        """Start circles, for a ``with`` block."""
        return worker(Path(sys.executable), "benchmarks.ours")

    def extract(self, city: str) -> Path:
        """Return the real extract of a city."""
        return self.data / "osm" / f"{city}.osm.pbf"


@dataclass(frozen=True)
class Check:
    """Something that must hold, for the figures to mean anything."""

    name: str
    holds: bool
    found: str


@dataclass(frozen=True)
class Section:
    """A case's results.

    Parameters
    ----------
    title
        Its heading.
    columns, rows
        Its table.
    checks
        What was checked before anything was measured.
    notes
        Sentences below the table.
    figures
        Everything as numbers, for the JSON.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)


def interleaved(
    tasks: Mapping[str, Callable[[], float]], repetitions: int
) -> dict[str, list[float]]:
    """Let tasks take turns, so that a busy minute of the machine meets all of them.

    Parameters
    ----------
    tasks
        By name; each does its work once and returns the seconds that count.
    repetitions
        How often.
    """
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repetitions):
        for name, task in tasks.items():
            seconds[name].append(task())
    return seconds


def medians(seconds: Mapping[str, list[float]]) -> dict[str, float]:
    """Return each task's median."""
    return {name: statistics.median(values) for name, values in seconds.items()}


def in_words(seconds: float) -> str:
    """Return a duration as people read it."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds:.3g} s"


def ratio(other: float, ours: float) -> str:
    """Return how many times as much the other takes, or which part of it."""
    return f"{other / ours:.3g} ×" if other > ours / 10 else f"1/{ours / other:.3g}"
