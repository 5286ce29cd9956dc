"""Isochrone polygons: how long each takes after the search, and how true it is to t(p)."""

import contextlib
import statistics

from benchmarks.setting import Check, Section, Setting, in_words
from benchmarks.worker import Worker

_CITIES = ("las_palmas", "porto")
_PLACES = 100
_MINUTES = 15
_BOX, _RIM = 0.99, 0.97


def polygons(setting: Setting) -> Section:
    """Compare circles' polygons with buffers, hulls and Valhalla's, on the same searches."""
    rows: list[tuple[str, ...]] = []
    checks: list[Check] = []
    figures = {}
    for city in _CITIES:
        result = _city(setting, city)
        figures[city] = result
        ours = result["circles"]
        found = f"{ours['box_agrees']:.2%} in the box, {ours['rim_agrees']:.2%} within 50 m"
        holds = ours["box_agrees"] >= _BOX and ours["rim_agrees"] >= _RIM
        checks.append(Check(f"{city}: circles' polygons are true to t(p)", holds, found))
        rows += [
            (
                city,
                name,
                in_words(one["median_s"]),
                f"{one['box_agrees']:.2%}",
                f"{one['rim_agrees']:.2%}",
                f"{one['wrong_in_of_area']:.1%}",
                f"{one['wrong_out_of_area']:.1%}",
            )
            for name, one in result.items()
        ]
    return Section(
        title=f"Isochrone polygons, {_MINUTES} minutes, {setting.count(_PLACES)} places a city",
        columns=(
            "city",
            "polygon",
            "median",
            "in the box",
            "rim 50 m",
            "wrongly in",
            "wrongly out",
        ),
        rows=tuple(rows),
        checks=tuple(checks),
        notes=(
            "Time after the search; Valhalla's includes its search.",
            "t(p) walks to a street up to 250 m away, which buffers and hulls do not know.",
            "Agreement with t(p) at random points in the box, and within 50 m of the outline.",
            "Wrongly in and wrongly out are shares of the true area.",
        ),
        figures=figures,
    )


def _city(setting: Setting, city: str) -> dict[str, dict[str, float]]:
    """Draw and judge all polygons of one city."""
    scratch = setting.scratch
    places, edges, reached = (str(scratch / f"{city}-{n}.npz") for n in ("p", "e", "r"))
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(setting.circles())
        shapes = stack.enter_context(setting.peer("shapes"))
        valhalla = stack.enter_context(setting.peer("valhalla"))
        ours.call("open", extract=str(setting.extract(city)))
        ours.call("places", count=setting.count(_PLACES, least=5), seed=3, out=places)
        ours.call("shape_inputs", edges=edges, reached=reached)
        shapes.call("open", edges=edges, reached=reached)
        tiles = str(setting.cache / "tiles" / city)
        valhalla.call("build", extract=str(setting.extract(city)), folder=tiles)
        valhalla.call("open", folder=tiles)
        drawers: dict[str, tuple[Worker, str, dict[str, object]]] = {
            "circles": (ours, "outlines", {}),
            "buffers 25 m (OSMnx's example)": (shapes, "buffers", {"metres": 25.0}),
            "buffers 50 m": (shapes, "buffers", {"metres": 50.0}),
            "concave hull": (shapes, "concave_hulls", {}),
            "convex hull": (shapes, "convex_hulls", {}),
            "Valhalla": (valhalla, "outlines", {"points": places, "minutes": _MINUTES}),
        }
        files = {name: str(scratch / f"{city}-{i}.json") for i, name in enumerate(drawers)}
        seconds: dict[str, list[float]] = {name: [] for name in drawers}
        for _ in range(setting.repetitions + 1):  # the first warms up
            for name, (engine, method, arguments) in drawers.items():
                took = engine.call(method, out=files[name], **arguments).value
                seconds[name].append(statistics.median(took))
        return {
            name: {
                "median_s": statistics.median(seconds[name][1:]),
                **ours.call(
                    "agreement", outlines=files[name], reference=files["circles"], seed=4
                ).value,
            }
            for name in drawers
        }
