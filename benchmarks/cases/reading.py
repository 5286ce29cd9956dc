"""From an extract to a network: each reading in a process of its own, with its peak memory."""

import statistics
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import osmium

from benchmarks.cases.searches import city
from benchmarks.setting import Section, Setting, in_words, ratio
from benchmarks.worker import Answer, Worker

_MIB = 2**20


def reading(setting: Setting) -> Section:
    """Read Porto beside OSMnx, and the joined city beside pyrosm and plain inflating."""
    porto, large = setting.extract("porto"), city(setting)
    rows: list[tuple[str, ...]] = []
    figures = {}
    for name, engines in (
        ("porto", {"circles": porto, "osmnx": _as_xml(porto, setting.cache), "pyrosm": porto}),
        ("joined city", {"circles": large, "pyrosm": large, "inflate": large}),
    ):
        answers = _turns(setting, engines)
        middle = {e: statistics.median(a.seconds for a in some) for e, some in answers.items()}
        peak = {e: max(a.peak_bytes for a in some) for e, some in answers.items()}
        figures[name] = {
            engine: {
                "seconds": [answer.seconds for answer in some],
                "peak_bytes": peak[engine],
                "size": some[0].value,
            }
            for engine, some in answers.items()
        }
        rows += [
            (
                f"{name} ({engines['circles'].stat().st_size / 1e6:.1f} MB)",
                _LABELS[engine],
                in_words(middle[engine]),
                ratio(middle[engine], middle["circles"]),
                f"{peak[engine] / _MIB:,.0f} MiB",
                ratio(peak[engine], peak["circles"]),
            )
            for engine in engines
        ]
    return Section(
        title="Extract to network",
        columns=("extract", "engine", "median", "to circles", "peak memory", "to circles"),
        rows=tuple(rows),
        notes=(
            "circles and OSMnx end with a simplified network, pyrosm with unsimplified edges.",
            "Each reading is a process of its own; imports are not counted.",
        ),
        figures=figures,
    )


_LABELS = {
    "circles": "circles",
    "osmnx": "OSMnx, from XML",
    "pyrosm": "pyrosm",
    "inflate": "zlib alone: inflating the blocks",
}


def _turns(setting: Setting, engines: Mapping[str, Path]) -> dict[str, list[Answer]]:
    """Let engines take turns; each turn in a fresh process."""
    answers: dict[str, list[Answer]] = {engine: [] for engine in engines}
    for _ in range(setting.repetitions):
        for engine, extract in engines.items():
            with _start(setting, engine) as process:
                answers[engine].append(process.call("read", extract=str(extract)))
    return answers


def _start(setting: Setting, engine: str) -> AbstractContextManager[Worker]:
    return setting.circles() if engine == "circles" else setting.peer(engine)


def _as_xml(extract: Path, cache: Path) -> Path:
    """Return an extract as ``.osm`` XML, the only form OSMnx reads."""
    path = cache / (extract.name.removesuffix(".osm.pbf") + ".osm")
    if path.exists():
        return path
    draft = path.with_name("draft-" + path.name)
    with osmium.SimpleWriter(str(draft), overwrite=True) as writer:
        for thing in osmium.FileProcessor(str(extract)):
            writer.add(thing)
    draft.replace(path)
    return path
