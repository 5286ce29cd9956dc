"""Valhalla, by its Python bindings and the programs its wheel brings along."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import valhalla

from benchmarks.worker import serve

#: Walking at one speed on every way: no penalty, no preference, paths as far as ours go.
PEDESTRIAN = {
    "walking_speed": 4.8,
    "walkway_factor": 1.0,
    "sidewalk_factor": 1.0,
    "alley_factor": 1.0,
    "driveway_factor": 1.0,
    "service_factor": 1.0,
    "use_living_streets": 0.5,
    "use_tracks": 0.5,
    "use_ferry": 0.5,
    "use_hills": 1.0,
    "step_penalty": 0,
    "elevator_penalty": 0,
    "maneuver_penalty": 0,
    "gate_cost": 0,
    "gate_penalty": 0,
    "private_access_penalty": 0,
    "destination_only_penalty": 0,
    "service_penalty": 0,
    "living_street_penalty": 0,
    "country_crossing_cost": 0,
    "country_crossing_penalty": 0,
    "ferry_cost": 0,
    "max_hiking_difficulty": 3,
}


class Valhalla:
    """Tiles of one extract, and questions to them."""

    def __init__(self) -> None:
        self._actor: valhalla.Actor | None = None

    def build(self, extract: str, folder: str) -> None:
        """Build tiles in a folder, unless they are there."""
        config = Path(folder) / "valhalla.json"
        if config.exists():
            return
        tiles = Path(folder) / "tiles"
        tiles.mkdir(parents=True, exist_ok=True)
        settings = valhalla.get_config(tile_extract="", tile_dir=str(tiles))
        settings["mjolnir"].update(concurrency=2, admin="", timezone="")
        settings["mjolnir"].update(pedestrian_areas=True, include_platforms=True)
        limits = settings["service_limits"]
        limits["pedestrian"].update(max_matrix_location_pairs=10**7, max_matrix_distance=10**7)
        limits["pedestrian"].update(max_locations=10**6)
        limits["isochrone"].update(max_locations=10**4, max_time_contour=120)
        draft = config.with_suffix(".draft")
        draft.write_text(json.dumps(settings))
        subprocess.run(  # noqa: S603 - the wheel's own program
            [str(_program("valhalla_build_tiles")), "-c", str(draft), extract],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        draft.replace(config)

    def open(self, folder: str) -> str:
        """Load tiles; return Valhalla's version."""
        self._actor = valhalla.Actor(Path(folder) / "valhalla.json")
        return str(valhalla.__version__)

    def times(self, points: str, out: str, *, shortest: bool) -> None:
        """Write seconds and metres between all points (``.npz``: lon, lat), from wherever they lie.

        With `shortest` the way is the shortest one; else the quickest with Valhalla's own delays
        at crossings. The way to the street is no part of it.
        """
        places = _locations(points, reach=0)
        request = {
            "sources": places,
            "targets": places,
            "verbose": False,
            **_costing(shortest=shortest),
        }
        answer = self._ask("matrix", request)["sources_to_targets"]
        seconds = np.array(answer["durations"], dtype=float)
        metres = np.array(answer["distances"], dtype=float) * 1000.0
        np.savez(out, seconds=seconds, metres=metres)

    def joins(self, points: str, out: str, *, reach: int) -> None:
        """Write where the nearest street is: lon, lat, access_m, way_id (0: nowhere).

        Streets from which fewer than `reach` nodes can be reached do not count; Valhalla's own
        choice is 50.
        """
        request = {"locations": _locations(points, reach), "verbose": True, **_costing()}
        rows = [_nearest(place, reach) for place in self._ask("locate", request)]
        lon, lat, access_m, way = np.array(rows, dtype=float).T
        np.savez(out, lon=lon, lat=lat, access_m=access_m, way_id=way.astype(np.int64))

    def route(self, source: list[float], target: list[float]) -> dict[str, Any]:
        """Return the shortest walk between two places: metres; whether it uses a made-up way.

        Made up are the lines along the middle of plazas.
        """
        places = [_location(lon, lat, reach=0) for lon, lat in (source, target)]
        costing = _costing(shortest=True)
        leg = self._ask("route", {"locations": places, **costing})["trip"]["legs"][0]
        request = {
            "encoded_polyline": leg["shape"],
            "shape_match": "walk_or_snap",
            "filters": {"action": "include", "attributes": ["edge.way_id"]},
            **costing,
        }
        edges = self._ask("trace_attributes", request)["edges"]
        made_up = any(edge["way_id"] == 0 for edge in edges)
        return {"metres": leg["summary"]["length"] * 1000.0, "made_up": made_up}

    def outlines(self, points: str, minutes: float, out: str) -> list[float]:
        """Write one polygon a point, degrees; return the seconds each took, its search included."""
        geometries, seconds = [], []
        for location in _locations(points):
            start = time.perf_counter()
            geometries.append(self._isochrone(location, minutes)["geometry"])
            seconds.append(time.perf_counter() - start)
        Path(out).write_text(json.dumps({"metric": False, "geometries": geometries}))
        return seconds

    def _isochrone(self, location: dict[str, Any], minutes: float) -> dict[str, Any]:
        request = {
            "locations": [location],
            "contours": [{"time": minutes}],
            "polygons": True,
            "denoise": 0.0,
            "generalize": 0,
            "reverse": True,
            **_costing(),
        }
        return dict(self._ask("isochrone", request)["features"][0])

    def _ask(self, action: str, request: dict[str, Any]) -> Any:
        if self._actor is None:
            message = "open() first"
            raise RuntimeError(message)
        return getattr(self._actor, action)(request)


def _program(name: str) -> Path:
    return Path(valhalla.PYVALHALLA_DIR) / "bin" / name


def _costing(*, shortest: bool = False) -> dict[str, Any]:
    options = {**PEDESTRIAN, "shortest": shortest}
    return {"costing": "pedestrian", "costing_options": {"pedestrian": options}}


def _location(lon: float, lat: float, reach: int = 50) -> dict[str, Any]:
    return {
        "lon": lon,
        "lat": lat,
        "minimum_reachability": reach,
        "node_snap_tolerance": 0,
        "street_side_tolerance": 0,
    }


def _locations(path: str, reach: int = 50) -> list[dict[str, Any]]:
    with np.load(path) as points:
        pairs = zip(points["lon"].tolist(), points["lat"].tolist(), strict=True)
        return [_location(lon, lat, reach) for lon, lat in pairs]


def _nearest(place: dict[str, Any], reach: int) -> tuple[float, float, float, float]:
    edges = place.get("edges") or []
    edges = [e for e in edges if min(e["outbound_reach"], e["inbound_reach"]) >= reach]
    if not edges:
        return (np.nan, np.nan, np.nan, 0)
    edge = min(edges, key=lambda edge: edge["distance"])
    return (
        edge["correlated_lon"],
        edge["correlated_lat"],
        edge["distance"],
        edge["edge_info"]["way_id"],
    )


if __name__ == "__main__":
    serve(Valhalla())
