"""Searches on the city of a million nodes: nearest of many, and many bounded ones."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.make_city import make_city
from benchmarks.setting import Check, Section, Setting, in_words, interleaved, medians, ratio
from benchmarks.worker import Worker

_NODES = 1_000_000
_FACILITIES = 1_000
_ORIGINS = 1_000
_CLOSE_S = 1e-6
_SAME_FACILITY = 0.999

Indices = npt.NDArray[np.integer]


def city(setting: Setting) -> Path:
    """Return the joined city's extract; make it if it is not in the cache."""
    nodes = setting.count(_NODES)
    path = setting.cache / f"city-{nodes}.osm.pbf"
    if not path.exists():
        make_city(setting.extract("porto"), path, nodes=nodes)
    return path


@contextlib.contextmanager
def engines(setting: Setting, names: tuple[str, ...]) -> Iterator[dict[str, Worker]]:
    """Start circles with the city, and peers with the arcs of circles' own search."""
    graph = str(setting.scratch / "graph.npz")
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(setting.circles())
        ours.call("open", extract=str(city(setting)))
        ours.call("export", out=graph)
        running = {"circles": ours}
        for name in names:
            running[name] = stack.enter_context(setting.peer(name))
            running[name].call("open", graph=graph)
        yield running


def nearest(setting: Setting) -> Section:
    """Find the times to the nearest of 1,000 facilities for all nodes."""
    with engines(setting, ("scipy", "networkx")) as running:
        ours = running["circles"]
        size = ours.call("size").value
        sources = ours.call("nodes", count=setting.count(_FACILITIES), seed=1).value
        checks = _same_costs(setting, running, sources)

        def bound_s(*, origins: bool) -> float:
            answer = ours.call("bound", sources=sources, origins=origins)
            return float(answer.value["seconds"])

        tasks: dict[str, Callable[[], float]] = {
            "circles": lambda: ours.call("nearest").seconds,
            "scipy": lambda: running["scipy"].call("nearest", sources=sources).seconds,
            "networkx": lambda: running["networkx"].call("nearest", sources=sources).seconds,
            "bound": lambda: bound_s(origins=False),
            "bound, with identity": lambda: bound_s(origins=True),
        }
        seconds = interleaved(tasks, setting.repetitions)
    middle = medians(seconds)
    labels = {
        "circles": "circles, with the facility each node belongs to",
        "scipy": "scipy `dijkstra(min_only=True)`, with identity",
        "networkx": "networkx multi-source, without identity",
        "bound": "bound: every arc relaxed once in the known order",
        "bound, with identity": "the same bound, carrying identity",
    }
    rows = [(labels[n], in_words(middle[n]), ratio(middle[n], middle["circles"])) for n in labels]
    return Section(
        title=f"Nearest of {len(sources):,} facilities, all {size['nodes']:,} nodes",
        columns=("engine", "median", "to circles"),
        rows=tuple(rows),
        checks=tuple(checks),
        figures={"network": size, "seconds": seconds},
    )


def _same_costs(setting: Setting, running: dict[str, Worker], sources: list[int]) -> list[Check]:
    costs, origins = {}, {}
    for name, engine in running.items():
        out = str(setting.scratch / f"nearest-{name}.npz")
        engine.call("nearest", **({} if name == "circles" else {"sources": sources}))
        engine.call("save", out=out)
        with np.load(out) as saved:
            costs[name] = saved["cost"]
            found = saved.get("origin", saved.get("source"))
            if found is not None:
                origins[name] = found
    checks = [_same_facilities(origins["circles"], origins["scipy"], np.array(sources))]
    for name in ("scipy", "networkx"):
        one, other = costs["circles"], costs[name]
        reached = np.isfinite(one)
        gap = float(np.abs(one[reached] - other[reached]).max())
        same = bool((reached == np.isfinite(other)).all()) and gap <= _CLOSE_S
        found = f"{reached.sum():,} nodes, largest difference {gap:.1e} s"
        checks.append(Check(f"circles and {name}: same nodes, same times", same, found))
    bound = running["circles"].call("bound", sources=sources, origins=False).value
    gap = bound["largest_gap_s"]
    checks.append(Check("bound: same times", gap <= _CLOSE_S, f"largest difference {gap:.1e} s"))
    return checks


def _same_facilities(ours: Indices, theirs: Indices, sources: Indices) -> Check:
    """Compare whom nodes belong to; where two facilities are equally near, either will do."""
    reached = ours >= 0
    share = float((sources[ours[reached]] == theirs[reached]).mean())
    found = f"{share:.4%} of the nodes, the rest ties"
    return Check("circles and scipy: same facility", share > _SAME_FACILITY, found)


def bounded(setting: Setting) -> Section:
    """Run 1,000 separate searches of 15 and of 30 minutes."""
    rows: list[tuple[str, ...]] = []
    checks: list[Check] = []
    figures: dict[str, object] = {}
    with engines(setting, ("networkx", "pandana")) as running:
        ours = running["circles"]
        sources = ours.call("nodes", count=setting.count(_ORIGINS), seed=2).value
        for minutes in (15, 30):
            checks += _same_reach(running, sources, minutes)
            tasks = _bounded_tasks(running, sources, minutes * 60.0)
            seconds = interleaved(tasks, setting.repetitions)
            middle = medians(seconds)
            figures[f"{minutes} min"] = seconds
            rows += [
                (
                    f"{minutes} min",
                    name,
                    in_words(value / len(sources)),
                    ratio(value, middle["circles"]),
                )
                for name, value in middle.items()
            ]
    return Section(
        title=f"{len(sources):,} separate bounded searches",
        columns=("limit", "engine", "median, one search", "to circles"),
        rows=tuple(rows),
        checks=tuple(checks),
        notes=("pandana's contraction of the network beforehand is not counted.",),
        figures=figures,
    )


def _bounded_tasks(
    running: dict[str, Worker], sources: list[int], limit: float
) -> dict[str, Callable[[], float]]:
    ours, nx, pandana = running["circles"], running["networkx"], running["pandana"]
    asked = {"sources": sources, "limit": limit}
    return {
        "circles": lambda: ours.call("bounded", limit=limit).seconds,
        "circles, one thread": lambda: ours.call("bounded", limit=limit, threads=1).seconds,
        "networkx, cut-off": lambda: nx.call("bounded", **asked).seconds,
        "networkx `ego_graph` (OSMnx's example)": lambda: nx.call("ego_graphs", **asked).seconds,
        "pandana range query": lambda: pandana.call("bounded", **asked).seconds,
    }


def _same_reach(running: dict[str, Worker], sources: list[int], minutes: int) -> list[Check]:
    ours = running["circles"]
    ours.call("bounded", limit=minutes * 60.0)
    own = ours.call("reached").value
    checks = []
    for name, tolerance in (("networkx", 1e-9), ("pandana", 1e-3)):
        running[name].call("bounded", sources=sources, limit=minutes * 60.0)
        other = running[name].call("reached").value
        nodes = abs(own["nodes"] - other["nodes"]) / own["nodes"]
        cost = abs(own["cost"] - other["cost"]) / own["cost"]
        found = f"{own['nodes']:,} and {other['nodes']:,} nodes, times differ by {cost:.1e}"
        same = max(nodes, cost) <= tolerance
        checks.append(Check(f"{minutes} min: circles and {name} reach the same", same, found))
    return checks
