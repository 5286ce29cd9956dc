"""A district's part of a saved network, beside building the network from the extract."""

from typing import Any, Final

from benchmarks.cases.searches import city
from benchmarks.setting import Check, Section, Setting, in_words, interleaved, medians, ratio
from benchmarks.worker import Worker

#: About four by four kilometres in the middle of Porto; the joined city has them, too.
_DISTRICT: Final = [-8.64, 41.14, -8.59, 41.18]
_TASKS: Final = {
    "building it from the extract": "read",
    "loading it whole": "load",
    "loading a district's part": "load",
}


def loading(setting: Setting) -> Section:
    """Build, load and load in part by turns, in one process: imports are not counted."""
    rows: list[tuple[str, ...]] = []
    checks: list[Check] = []
    figures: dict[str, Any] = {}
    for name, extract in (("Porto", setting.extract("porto")), ("joined city", city(setting))):
        with setting.circles() as ours:
            saved = ours.call(
                "save_network", extract=str(extract), folder=str(setting.scratch)
            ).value
            seconds, sizes = _turns(ours, str(extract), saved, setting.repetitions)
        middle = medians(seconds)
        build, _, part = middle.values()
        rows += [
            (name, task, f"{sizes[task]['edges']:,}", in_words(took), ratio(build, took))
            for task, took in middle.items()
        ]
        checks.append(
            Check(f"{name}: a district loads ten times as fast", build >= 10 * part, in_words(part))
        )
        figures[name] = {"seconds": seconds, "sizes": sizes}
    return Section(
        title="One network, many districts",
        columns=("network", "what", "edges", "median", "building / this"),
        rows=tuple(rows),
        checks=tuple(checks),
        figures=figures,
    )


def _turns(
    ours: Worker, extract: str, saved: str, repetitions: int
) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Return the seconds each task took, and how large a network it gave."""
    given = [{"extract": extract}, {"saved": saved}, {"saved": saved, "box": _DISTRICT}]
    sizes: dict[str, Any] = {}

    def run(task: str, method: str, arguments: dict[str, Any]) -> float:
        answer = ours.call(method, **arguments)
        sizes[task] = answer.value
        return answer.seconds

    tasks = {
        task: lambda task=task, method=method, arguments=arguments: run(task, method, arguments)
        for (task, method), arguments in zip(_TASKS.items(), given, strict=True)
    }
    for task in tasks.values():  # libraries load at the first call
        task()
    return interleaved(tasks, repetitions), sizes
