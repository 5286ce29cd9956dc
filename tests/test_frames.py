"""Networks as tables of nodes and edges: out, in, and tables people have from elsewhere."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import osmnx
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.errors import FaultsError
from circles.network import Edges, WalkNetwork
from circles.network.build import network_from_osm
from circles.network.frames import from_frames, to_frames
from circles.network.interchange import from_osmnx
from circles.osm import read_osm
from circles.walking import Kind, Wait
from tests.drawn_osm import Drawing, degrees
from tests.random_networks import hilly_networks, network_of, street_graphs


def assert_same(left: WalkNetwork, right: WalkNetwork) -> None:
    """Assert that two networks hold the same nodes and edges, in the same order."""
    for name in ("node_id", "node_lon", "node_lat", "joinable"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)
    for field in fields(Edges):
        ours, theirs = (getattr(net.edges, field.name) for net in (left, right))
        if field.name == "elevation_m":  # heights of which none is known are none
            ours, theirs = (None if h is None or np.isnan(h).all() else h for h in (ours, theirs))
        assert (ours is None) == (theirs is None), field.name
        if ours is not None:
            np.testing.assert_array_equal(ours, theirs, err_msg=field.name)
            assert ours.dtype == theirs.dtype, field.name


def streets() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return plain tables of three nodes and two streets, with nothing but ends and lines."""
    places = [shapely.Point(degrees(x, y)) for x, y in ((0, 0), (100, 0), (100, 200))]
    nodes = gpd.GeoDataFrame(index=["a", "b", "c"], geometry=places, crs=4326)
    lines = [shapely.LineString(places[:2]), shapely.LineString(places[1:])]
    table = {"u": ["a", "b"], "v": ["b", "c"]}
    return nodes, gpd.GeoDataFrame(table, index=[7, 8], geometry=lines, crs=4326)


def drawn(tmp_path: Path) -> WalkNetwork:
    """Return the network of a drawing with stairs, a ferry, a bridge and a one-way footway."""
    drawing = (
        Drawing()
        .node("a", 0, 0).node("b", 100, 0).node("c", 100, 200).node("d", 900, 200)
        .node("e", 0, 300)
        .way("a b", highway="residential").way("b c", highway="steps")
        .way("c d", route="ferry", duration="00:10")
        .way("c e", highway="footway", oneway__foot="yes", bridge="yes")
    )  # fmt: skip
    return network_from_osm(read_osm(drawing.write(tmp_path / "x.osm")), min_piece_m=0)


# ---- there and back ------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(st.one_of(street_graphs().map(network_of), hilly_networks()))
def test_any_network_comes_back_as_it_was(network: WalkNetwork) -> None:
    """Every array survives the way to tables and back: bends, heights, waits, parallel streets."""
    assert_same(from_frames(*to_frames(network)), network)


def test_a_network_comes_back_from_files(tmp_path: Path) -> None:
    """Tables written to a GeoPackage and read again make the same network."""
    network = drawn(tmp_path)
    for name, table in zip(("nodes", "edges"), network.to_frames(), strict=True):
        table.to_file(tmp_path / "network.gpkg", layer=name)
    back = (gpd.read_file(tmp_path / "network.gpkg", layer=name) for name in ("nodes", "edges"))
    assert_same(WalkNetwork.from_frames(*back), network)


def test_the_tables_say_what_the_network_holds(tmp_path: Path) -> None:
    """Kinds and waits are words, ids those of OpenStreetMap, lines run from u to v."""
    network = drawn(tmp_path)
    waits = np.full(len(network.edges), Wait.SIGNALS, dtype=np.int8)
    network = replace(network, edges=replace(network.edges, wait_end=waits))
    nodes, edges = to_frames(network)
    assert nodes.crs == edges.crs == "EPSG:4326"
    assert nodes.index.name == "osmid"
    assert set(edges["kind"]) == {"street", "steps", "ferry", "path"}
    assert set(edges["wait_start"]) == {"none"}
    assert set(edges["wait_end"]) == {"signals"}
    assert edges.loc[edges["kind"] == "ferry", "duration_s"].tolist() == [600.0]
    assert edges["off_ground"].sum() == 1
    assert (~edges["backward"] | ~edges["forward"]).sum() == 1
    assert edges["joinable"].tolist() == (edges["kind"] != "ferry").tolist()
    for row in edges.itertuples():
        ends = shapely.get_coordinates(row.geometry)[[0, -1]]
        assert shapely.Point(ends[0]).equals(nodes.geometry[row.u])
        assert shapely.Point(ends[1]).equals(nodes.geometry[row.v])


def test_tables_of_osmnx_make_the_network_of_its_graph(tmp_path: Path) -> None:
    """What `graph_to_gdfs` gives equals what the graph itself gives."""
    graph = drawn(tmp_path).to_networkx()
    for fill in (True, False):
        frames = osmnx.graph_to_gdfs(graph, fill_edge_geometry=fill)
        assert_same(from_frames(*frames, min_piece_m=0), from_osmnx(graph, min_piece_m=0))


@settings(max_examples=100, deadline=None)
@given(street_graphs())
def test_tables_of_any_graph_make_its_network(graph: "nx.MultiDiGraph") -> None:
    """One-ways, loops and parallel streets find the way back of their own."""
    frames = osmnx.graph_to_gdfs(graph)
    assert_same(from_frames(*frames, min_piece_m=0), from_osmnx(graph, min_piece_m=0))


# ---- plain tables --------------------------------------------------------------------------------


def test_a_plain_table_of_streets_is_walked_both_ways_and_measured() -> None:
    """Ends and lines are enough: lengths are measured, streets walked both ways."""
    network = from_frames(*streets())
    assert network.edges.length_m == pytest.approx([100.0, 200.0], abs=0.05)
    assert network.edges.forward.all()
    assert network.edges.backward.all()
    assert set(network.edges.kind) == {Kind.STREET}
    assert (network.node_id < 0).all()
    assert network.joinable.all()


def test_given_lengths_are_kept() -> None:
    """A column of lengths is believed, by either name."""
    nodes, edges = streets()
    for name in ("length", "length_m"):
        network = from_frames(nodes, edges.assign(**{name: [101.5, 222.0]}))
        assert network.edges.length_m.tolist() == [101.5, 222.0]


def test_a_line_drawn_the_other_way_is_turned() -> None:
    """A street from u to v whose line runs from v to u begins at u all the same."""
    nodes, edges = streets()
    network = from_frames(nodes, edges.assign(geometry=shapely.reverse(edges.geometry.to_numpy())))
    assert_same(network, from_frames(nodes, edges))


def test_without_lines_streets_are_straight() -> None:
    """A table without geometry gives the straight lines between nodes."""
    nodes, edges = streets()
    assert_same(from_frames(nodes, pd.DataFrame(edges[["u", "v"]])), from_frames(nodes, edges))


def test_tables_in_metres_are_taken() -> None:
    """Nodes and edges may be in any CRS; inside they are degrees."""
    nodes, edges = streets()
    network = from_frames(nodes.to_crs(32649), edges.to_crs(3857))
    assert network.edges.lon == pytest.approx(from_frames(nodes, edges).edges.lon, abs=1e-7)
    assert network.edges.length_m == pytest.approx([100.0, 200.0], abs=0.05)


def test_a_directed_table_says_its_way_back_itself() -> None:
    """Rows are arcs if the caller says so: one row, one way; two rows over one line, both."""
    nodes, edges = streets()
    assert not from_frames(nodes, edges, directed=True).edges.backward.any()
    back = edges.iloc[[0]].assign(
        u="b", v="a", geometry=shapely.reverse(edges.geometry.to_numpy()[:1])
    )
    both = from_frames(nodes, pd.concat([edges, back]), directed=True)
    assert both.edges.backward.tolist() == [True, False]


def test_tags_tell_stairs_from_streets() -> None:
    """Without kinds the tag highway decides, as OSMnx keeps it."""
    nodes, edges = streets()
    network = from_frames(nodes, edges.assign(highway=["steps", ["footway", "residential"]]))
    assert network.edges.kind.tolist() == [Kind.STEPS, Kind.PATH]


# ---- faults --------------------------------------------------------------------------------------


def faults(nodes: gpd.GeoDataFrame, edges: Any) -> str:
    """Return what is said of tables that cannot be used."""
    with pytest.raises(FaultsError) as caught:
        from_frames(nodes, edges)
    return str(caught.value)


def test_all_faults_are_named_together() -> None:
    """One message names every column that cannot be, and the first row of each."""
    nodes, edges = streets()
    wrong = edges.assign(
        v=["b", "z"],
        length=["long", -1],
        kind=["street", "canal"],
        forward=[True, "maybe"],
        duration_s=[np.inf, np.nan],
    ).set_crs(None, allow_override=True)
    said = faults(nodes, wrong)
    for part in (
        "6 faults",
        "1 of 2 edges have a v that is not among the nodes; the first is 8",
        "2 of 2 edges have a length that is no number from 0 on; the first is 7",
        "a kind other than main_street, street, path, steps, ferry, plaza; the first is 8",
        "1 of 2 edges have a forward that is neither true nor false; the first is 8",
        "1 of 2 edges have a duration_s that is no number from 0 on; the first is 7",
        "the edges have no coordinate reference system",
    ):
        assert part in said


def test_nodes_that_are_no_nodes_are_refused() -> None:
    """Doubled ids, missing places, lines instead of points."""
    nodes, edges = streets()
    doubled = nodes.set_axis(["a", "b", "b"])
    assert "1 of 3 nodes have an id that another one has too" in faults(doubled, edges)
    placeless = nodes.assign(geometry=[None, *nodes.geometry[1:]])
    assert "1 of 3 nodes have no place; the first is 'a'" in faults(placeless, edges)
    areas = nodes.assign(geometry=shapely.buffer(nodes.geometry.to_numpy(), 1e-4))
    assert "3 of 3 nodes are no Points" in faults(areas, edges)


def test_edges_that_are_no_edges_are_refused() -> None:
    """No ends, no rows, areas, lines elsewhere."""
    nodes, edges = streets()
    said = faults(nodes, edges.drop(columns=["u", "v"]))
    assert "no column 'u'" in said
    assert "no column 'v'" in said
    assert "no edges" in faults(nodes, edges.iloc[:0])
    assert "are no LineStrings" in faults(
        nodes, edges.assign(geometry=shapely.buffer(edges.geometry.to_numpy(), 1e-4))
    )
    moved = edges.assign(geometry=edges.translate(0, 1e-3))
    assert "2 of 2 edges have a line that does not run between their nodes" in faults(nodes, moved)
