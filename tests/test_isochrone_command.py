"""What `circles isochrone` writes and says."""

import json
from pathlib import Path

import shapely

from circles.network.build import network_from_osm
from circles.osm import read_osm
from tests.drawn_osm import Drawing, degrees
from tests.small_town import run_circles


def test_isochrones_of_a_saved_network_are_geojson(tmp_path: Path) -> None:
    """One feature a limit, as asked for: longitude first, outer rings counter-clockwise."""
    drawing = Drawing().square("r", 0, 0, 1200, highway="residential")
    network = network_from_osm(read_osm(drawing.write(tmp_path / "x.osm")))
    source, out = network.save(tmp_path / "x.circles"), tmp_path / "x.geojson"
    lon, lat = degrees(0, -800)
    at = f"{lon},{lat}"
    outcome = run_circles("isochrone", source, "--at", at, "--out", out, "--minutes", "60,2")
    assert (outcome.code, outcome.out) == (0, f"{out}\n")
    reached, nothing = json.loads(out.read_text("utf-8"))["features"]
    assert reached["properties"] == {"minutes": 60.0, "status": "ok"}
    assert nothing["properties"] == {"minutes": 2.0, "status": "nothing_reached"}
    assert nothing["geometry"] == {"type": "MultiPolygon", "coordinates": []}
    (polygon,) = shapely.geometry.shape(reached["geometry"]).geoms
    assert polygon.exterior.is_ccw
    assert [ring.is_ccw for ring in polygon.interiors] == [False]
    assert polygon.contains(shapely.Point(degrees(0, -700)))
    assert not polygon.contains(shapely.Point(degrees(0, 0)))


def test_a_place_far_from_all_streets_is_told_how_far(tmp_path: Path) -> None:
    """The message says how far the nearest street is, and where the streets are."""
    drawing = Drawing().node("a", 0, 0).node("b", 900, 0).way("a b", highway="path")
    source = network_from_osm(read_osm(drawing.write(tmp_path / "x.osm"))).save(
        tmp_path / "x.circles"
    )
    at = ",".join(map(str, degrees(450, 640)))
    outcome = run_circles("isochrone", source, "--at", at, "--out", tmp_path / "x.geojson")
    assert outcome.code == 2
    assert "is far from every street of x.circles (640 m); is it lon,lat?" in outcome.err
    assert "longitude 113.3000-113.3088, latitude 23.0000-23.0000" in outcome.err
    assert not (tmp_path / "x.geojson").exists()
