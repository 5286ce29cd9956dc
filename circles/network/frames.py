"""Walking networks from and to two GeoDataFrames, one of nodes and one of edges."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from circles.crs import WGS84, FloatArray
from circles.errors import FaultsError
from circles.network.components import find_pieces
from circles.network.edges import BoolArray, Edges, IntArray, points_of_edges
from circles.network.interchange import in_degrees, judge_arc
from circles.network.lengths import edge_lengths
from circles.network.model import MIN_PIECE_M, NetworkReport, WalkNetwork, network_crs
from circles.walking import RULING_KEYS, Kind, Wait

#: A line ends at its node if it ends so near to it, degrees: a metre or less.
_AT_NODE: Final = 1e-5

Lines = npt.NDArray[np.object_]


def to_frames(network: WalkNetwork) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return a network as a table of nodes and a table of edges, in EPSG:4326.

    Parameters
    ----------
    network
        The network; its barriers and what its report says are not in the tables.

    Returns
    -------
    tuple of GeoDataFrame
        Nodes, Points by OSM id (the index, `osmid`), with `x` and `y`. Edges, LineStrings, one
        row each, in the network's order: `u` and `v` (ids of the first and the last node),
        `way_id` (0 where there is none), `kind`, `length_m`, `forward` and `backward` (whether it
        is walked from `u` to `v`, and back), `duration_s` (NaN but for ferries that give one),
        `wait_start` and `wait_end` (what one may have to wait for on leaving `u`, or `v`),
        `off_ground` and `joinable`. Heights, where there are any, are the lines' Z.
    """
    edges = network.edges
    ids = pd.Index(network.node_id, name="osmid")
    nodes = gpd.GeoDataFrame(
        {"x": np.asarray(network.node_lon), "y": np.asarray(network.node_lat)},
        index=ids,
        geometry=shapely.points(network.node_lon, network.node_lat),
        crs=WGS84,
    )
    heights = () if edges.elevation_m is None else (edges.elevation_m,)
    lines = shapely.linestrings(
        np.column_stack([edges.lon, edges.lat, *heights]),
        indices=np.repeat(np.arange(len(edges)), np.diff(edges.offset)),
    )
    columns = {
        "u": network.node_id[edges.start],
        "v": network.node_id[edges.end],
        "way_id": np.asarray(edges.way_id),
        "kind": _words(edges.kind, Kind),
        "length_m": np.asarray(edges.length_m),
        "forward": np.asarray(edges.forward),
        "backward": np.asarray(edges.backward),
        "duration_s": np.asarray(edges.duration_s),
        "wait_start": _words(edges.wait_start, Wait),
        "wait_end": _words(edges.wait_end, Wait),
        "off_ground": np.asarray(edges.off_ground),
        "joinable": np.asarray(network.joinable),
    }
    return nodes, gpd.GeoDataFrame(columns, geometry=lines, crs=WGS84)


def _words(values: npt.NDArray[np.int8], members: type[IntEnum]) -> npt.NDArray[np.object_]:
    words = {member.value: member.name.lower() for member in members}
    return np.array([words[value] for value in values.tolist()], dtype=object)


def from_frames(
    nodes: gpd.GeoDataFrame,
    edges: pd.DataFrame,
    *,
    directed: bool | None = None,
    min_piece_m: float = MIN_PIECE_M,
) -> WalkNetwork:
    """Make a walking network of a table of nodes and a table of edges.

    Takes what `to_frames` gives, what `osmnx.graph_to_gdfs` gives, and plain tables of streets.

    Parameters
    ----------
    nodes
        Points in any CRS; their ids are the column `osmid`, or else the index. Ids that are no
        whole numbers become negative ones.
    edges
        One row a street. `u` and `v`, columns or levels of the index, are the ids of its ends.
        All else may be missing: `geometry` (LineStrings from `u` to `v` or from `v` to `u`, in any
        CRS; straight where there is none; Z are heights, metres), `length_m` or `length` (metres;
        else measured), the other columns of `to_frames`, and `osmid` for `way_id`. Without `kind`
        the tag `highway` tells stairs and streets apart. Every row counts as walkable.
    directed
        Where there are no columns `forward` and `backward`: whether a row is walked from `u` to `v`
        only, and the way back is a row of its own, as OSMnx has it; else rows are walked both ways.
        By default, a table is directed if it has the `key` of a graph's edges.
    min_piece_m
        Connected pieces with less street than this take no part in joining, where there is no
        column `joinable`.

    Raises
    ------
    FaultsError
        Something is missing, or cannot be what its name says; all faults are named.
    """
    faults: list[str] = []
    places = _read_places(_Table(nodes, "nodes", faults))
    table = _Table(edges, "edges", faults)
    start, end = (_read_ends(table, name, places) for name in ("u", "v"))
    lines = table.geometry("LineString")
    arcs = table.column("backward") is None and _is_directed(table, directed)
    columns = _read_columns(table, arcs=arcs)
    joinable = table.flags("joinable", default=True)
    _refuse(faults)
    offset, points = _placed(table, lines, places, start, end)
    _refuse(faults)
    made = _edges(start, end, columns, offset, points)
    if arcs:
        made, joinable = _merged(made, joinable)
    pieces = find_pieces(made, len(places.lon), min_piece_m=min_piece_m)
    return WalkNetwork(
        crs=network_crs(made.lon, made.lat),
        node_id=places.osm_id,
        node_lon=places.lon,
        node_lat=places.lat,
        edges=made,
        joinable=pieces.joinable if table.column("joinable") is None else joinable,
        report=NetworkReport(
            refused_ways={},
            pieces=pieces.count,
            small_pieces=pieces.small,
            small_pieces_m=pieces.small_m,
        ),
    )


def _refuse(faults: list[str]) -> None:
    if faults:
        raise FaultsError("the tables of nodes and edges", faults)


def _read_columns(table: "_Table", *, arcs: bool) -> dict[str, npt.NDArray[Any]]:
    """Return what the columns say of each edge, by the names of `Edges`."""
    if not len(table.frame):
        table.faults.append("there are no edges; a network needs a street")
    return {
        "length_m": table.numbers("length_m", "length", default=np.nan),
        "kind": _read_kinds(table).astype(np.int8),
        "forward": table.flags("forward", default=True),
        "backward": table.flags("backward", default=not arcs),
        "duration_s": table.numbers("duration_s", default=np.nan),
        "way_id": _read_ids(table.values("way_id", "osmid"), other=lambda _: 0),
        "wait_start": table.members("wait_start", Wait, Wait.NONE).astype(np.int8),
        "wait_end": table.members("wait_end", Wait, Wait.NONE).astype(np.int8),
        "off_ground": table.flags("off_ground", default=False),
    }


def _edges(
    start: IntArray,
    end: IntArray,
    columns: Mapping[str, npt.NDArray[Any]],
    offset: IntArray,
    points: FloatArray,
) -> Edges:
    lon, lat, height_m = points.T.copy()
    edges = Edges(
        start=start.astype(np.int32),
        end=end.astype(np.int32),
        offset=offset,
        lon=lon,
        lat=lat,
        elevation_m=None if np.isnan(height_m).all() else height_m,
        **columns,
    )
    measured = edge_lengths(lon, lat, offset)
    return replace(edges, length_m=np.where(np.isnan(edges.length_m), measured, edges.length_m))


@dataclass(frozen=True)
class _Table:
    """A table while it is read; what is wrong with it is noted among the faults."""

    frame: pd.DataFrame
    what: str
    faults: list[str]

    def refuse(self, wrong: BoolArray, say: str) -> None:
        """Note the rows that are wrong, if any, and the first of them."""
        rows = np.flatnonzero(wrong)
        if len(rows):
            first = self.frame.index[rows[:1]].tolist()[0]
            self.faults.append(
                f"{len(rows)} of {len(self.frame)} {self.what} {say}; the first is {first!r}"
            )

    def column(self, *names: str) -> pd.Series | None:
        """Return the first of some columns, or levels of the index, that is there."""
        for name in names:
            if name in self.frame.columns:
                return self.frame[name]
            if name in self.frame.index.names:
                return self.frame.index.get_level_values(name).to_series()
        return None

    def values(self, *names: str) -> list[Any]:
        """Return the values of a column, None where it is not there."""
        column = self.column(*names)
        return [None] * len(self.frame) if column is None else column.tolist()

    def numbers(self, *names: str, default: float) -> FloatArray:
        """Return numbers from 0 on; the default where none is given."""
        column = self.column(*names)
        if column is None:
            return np.full(len(self.frame), default)
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
        given = column.notna().to_numpy()
        self.refuse(
            given & ~((values >= 0) & (values < np.inf)),
            f"have a {column.name} that is no number from 0 on",
        )
        return np.where(given, values, default)

    def flags(self, name: str, *, default: bool) -> BoolArray:
        """Return what is true or false."""
        column = self.column(name)
        if column is None:
            return np.full(len(self.frame), default)
        wrong = ~column.isin([True, False]).to_numpy()
        self.refuse(wrong, f"have a {name} that is neither true nor false")
        return np.where(wrong, default, column.to_numpy()).astype(bool)

    def members(self, name: str, words: type[IntEnum], default: int) -> IntArray:
        """Return what words stand for."""
        column = self.column(name)
        if column is None:
            return np.full(len(self.frame), default)
        known = {member.name.lower(): member.value for member in words}
        values = column.map(known)
        self.refuse(values.isna().to_numpy(), f"have a {name} other than {', '.join(known)}")
        return np.array(values.fillna(default), dtype=np.int64)

    def geometry(self, kind: str) -> npt.NDArray[np.object_]:
        """Return geometries of one kind, None where there is none; their CRS must be known."""
        frame = self.frame
        nothing = np.full(len(frame), None, dtype=object)
        if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
            return nothing
        if frame.crs is None:
            self.faults.append(
                f"the {self.what} have no coordinate reference system; set one "
                "(frame.set_crs('EPSG:4326') for longitude and latitude)"
            )
        found = frame.geometry.to_numpy()
        missing = shapely.is_missing(found) | shapely.is_empty(found)
        other = ~missing & (frame.geom_type != kind).to_numpy()
        self.refuse(other, f"are no {kind}s (explode what has several parts)")
        return np.where(missing | other, nothing, found)


@dataclass(frozen=True)
class _Places:
    """Nodes: their names in the table, OSM ids, and positions in degrees."""

    name: pd.Index
    osm_id: IntArray
    lon: FloatArray
    lat: FloatArray


def _read_places(table: _Table) -> _Places:
    column = table.column("osmid")
    name = pd.Index(table.frame.index if column is None else column)
    table.refuse(name.duplicated(), "have an id that another one has too")
    points = table.geometry("Point")
    table.refuse(shapely.is_missing(points), "have no place")
    lon, lat = in_degrees(shapely.get_x(points), shapely.get_y(points), _crs(table))
    return _Places(name, _read_ids(name.tolist(), other=lambda i: -1 - i), lon, lat)


def _crs(table: _Table) -> CRS:
    crs = getattr(table.frame, "crs", None)
    return WGS84 if crs is None else crs


def _read_ids(values: Iterable[object], *, other: Callable[[int], int]) -> IntArray:
    """Return whole numbers as they are, of lists the first; what is none gets another number."""
    ids = []
    for i, value in enumerate(values):
        first = value[0] if isinstance(value, list) and value else value
        ids.append(first if isinstance(first, int) else other(i))
    return np.array(ids, dtype=np.int64)


def _read_ends(table: _Table, name: str, places: _Places) -> IntArray:
    """Return the node at which each edge begins, or ends."""
    column = table.column(name)
    if column is None:
        table.faults.append(
            f"the edges have no column {name!r}, nor a level of the index: the id of the node they "
            f"{'begin' if name == 'u' else 'end'} at"
        )
        return np.zeros(len(table.frame), dtype=np.int64)
    if not places.name.is_unique:
        return np.zeros(len(table.frame), dtype=np.int64)
    node = places.name.get_indexer(pd.Index(column))
    table.refuse(node < 0, f"have a {name} that is not among the nodes")
    return node


def _read_kinds(table: _Table) -> IntArray:
    """Return the kinds of edges, by name or by their tags; a street if nothing says."""
    if table.column("kind") is not None:
        return table.members("kind", Kind, Kind.STREET)
    tags = [name for name in table.frame.columns if name in RULING_KEYS]
    if not tags:
        return np.full(len(table.frame), Kind.STREET.value)
    rows = table.frame[tags].to_dict("records")
    rulings = [judge_arc({str(key): value for key, value in row.items()}) for row in rows]
    return np.array([r.kind if r.walkable else Kind.STREET for r in rulings], dtype=np.int64)


def _is_directed(table: _Table, directed: bool | None) -> bool:
    return table.column("key") is not None if directed is None else directed


def _placed(
    table: _Table, lines: Lines, places: _Places, start: IntArray, end: IntArray
) -> tuple[IntArray, FloatArray]:
    """Return where each edge's points begin, and the points: degrees and heights, from u to v."""
    straight = np.flatnonzero(shapely.is_missing(lines))
    points, row = shapely.get_coordinates(lines, include_z=True, return_index=True)
    lon, lat = in_degrees(points[:, 0], points[:, 1], _crs(table))
    ends = np.concatenate([start[straight], end[straight]])
    added = np.column_stack([places.lon[ends], places.lat[ends], np.full(len(ends), np.nan)])
    row = np.concatenate([row, straight, straight])
    order = np.argsort(row, kind="stable")
    points = np.concatenate([np.column_stack([lon, lat, points[:, 2]]), added])[order]
    size = np.bincount(row, minlength=len(lines))
    offset = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    first, last = points[offset[:-1], :2], points[offset[1:] - 1, :2]
    along = _at_nodes(first, places, start) & _at_nodes(last, places, end)
    turned = _at_nodes(first, places, end) & _at_nodes(last, places, start) & ~along
    table.refuse(~turned & ~along, "have a line that does not run between their nodes")
    point, _ = points_of_edges(offset, np.arange(len(lines)), turned)
    return offset, points[point]


def _at_nodes(points: FloatArray, places: _Places, node: IntArray) -> BoolArray:
    away = np.abs(points - np.column_stack([places.lon[node], places.lat[node]]))
    near: BoolArray = np.max(away, axis=1) <= _AT_NODE
    return near


def _merged(edges: Edges, joinable: BoolArray) -> tuple[Edges, BoolArray]:
    """Make one edge of two rows that run over the same line both ways."""
    waiting: dict[tuple[int, int, float, bytes], list[int]] = {}
    kept: list[int] = []
    back = np.zeros(len(edges), dtype=bool)
    points = np.column_stack([edges.lon, edges.lat])
    for row, (u, v, length_m) in enumerate(
        zip(edges.start.tolist(), edges.end.tolist(), edges.length_m.tolist(), strict=True)
    ):
        line = points[edges.offset[row] : edges.offset[row + 1]]
        twins = waiting.get((v, u, length_m, line[::-1].tobytes()))
        if twins:
            back[twins.pop(0)] = True
        else:
            waiting.setdefault((u, v, length_m, line.tobytes()), []).append(row)
            kept.append(row)
    rows = np.array(kept, dtype=np.int64)
    return replace(edges.take(rows), backward=back[rows]), joinable[rows]
