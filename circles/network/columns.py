"""Nodes, streets and barriers as Arrow record batches, and back.

Geometry is laid out as GeoArrow has it (https://geoarrow.org, separated coordinates), and named in
the metadata as GeoParquet 1.1 names it, so that other programs open the files as layers.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from circles.crs import FloatArray
from circles.network.contents import Batch, DamagedError, Table
from circles.network.edges import BoolArray, Edges, IndexArray, IntArray, Lines
from circles.network.model import WalkNetwork
from circles.walking import Kind, Wait

#: Rows of a batch: about 1 MB of streets, so that a district reads little more than its own, and
#: a store far away is not asked for crumbs.
NODES: Final = 32_768
EDGES: Final = 8_192
BARRIERS: Final = 2_048

_MAGIC: Final = b"ARROW1\0\0"
_CRS: Final = "OGC:CRS84"  # WGS 84 with the longitude first
_CODES: Final[dict[str, type[IntEnum]]] = {"kind": Kind, "wait_start": Wait, "wait_end": Wait}
_COLUMNS: Final = {
    "start": pa.int32(),
    "end": pa.int32(),
    "length_m": pa.float64(),
    "kind": pa.int8(),
    "forward": pa.bool_(),
    "backward": pa.bool_(),
    "duration_s": pa.float64(),
    "way_id": pa.int64(),
    "wait_start": pa.int8(),
    "wait_end": pa.int8(),
    "off_ground": pa.bool_(),
    "joinable": pa.bool_(),
}

Array = npt.NDArray[Any]


def node_schema() -> pa.Schema:
    """Return the columns of the nodes: `node_id` and points."""
    return _schema([pa.field("node_id", pa.int64(), nullable=False)], "point", _points("xy"))


def edge_schema(*, heights: bool) -> pa.Schema:
    """Return the columns of the streets: those of `Edges`, `joinable`, and lines (Z: heights)."""
    columns = [
        pa.field(name, kind, nullable=False, metadata=_codes(name))
        for name, kind in _COLUMNS.items()
    ]
    return _schema(columns, "linestring", pa.list_(_points("xyz" if heights else "xy")))


def barrier_schema() -> pa.Schema:
    """Return the one column of the barriers: lines."""
    return _schema([], "linestring", pa.list_(_points("xy")))


def node_batches(network: WalkNetwork) -> Iterator[pa.RecordBatch]:
    """Return the nodes of a network, so many at a time."""
    schema = node_schema()
    for rows in _slices(len(network.node_id), NODES):
        places = _struct("xy", [network.node_lon[rows], network.node_lat[rows]])
        columns = [pa.array(network.node_id[rows], pa.int64()), places]
        yield pa.record_batch(columns, schema=schema)


def edge_batches(network: WalkNetwork) -> Iterator[pa.RecordBatch]:
    """Return the streets of a network, so many at a time."""
    edges = network.edges
    heights = [] if edges.elevation_m is None else [edges.elevation_m]
    schema = edge_schema(heights=bool(heights))
    values = {**vars(edges), "joinable": network.joinable}
    for rows in _slices(len(edges), EDGES):
        columns = [pa.array(values[name][rows], kind) for name, kind in _COLUMNS.items()]
        lines = _lists(edges.offset, rows, [edges.lon, edges.lat, *heights])
        yield pa.record_batch([*columns, lines], schema=schema)


def barrier_batches(network: WalkNetwork) -> Iterator[pa.RecordBatch]:
    """Return the barriers of a network, so many at a time."""
    lines, schema = network.barriers, barrier_schema()
    for rows in _slices(len(lines), BARRIERS):
        yield pa.record_batch([_lists(lines.offset, rows, [lines.lon, lines.lat])], schema=schema)


def write_batches(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Table:
    """Write record batches as an Arrow IPC file; return where each of them stands.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    written = []
    offset = len(_MAGIC) + schema.serialize().size
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            written.append((offset, sink.tell() - offset, batch.num_rows, _box_of(batch)))
            offset = sink.tell()
    with pa.memory_map(str(path)) as file:
        whole = file.read_buffer()
    return Table(
        whole.size,
        tuple(
            Batch(offset, size, rows, zlib.crc32(whole[offset : offset + size]), box)
            for offset, size, rows, box in written
        ),
    )


def read_nodes(
    buffers: Sequence[pa.Buffer], batches: Sequence[Batch]
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return the ids of nodes, and their longitudes and latitudes.

    Parameters
    ----------
    buffers
        The bytes of each batch.
    batches
        What the table of contents says of each.

    Raises
    ------
    DamagedError
        They are not what was written.
    """
    parts = [_read(*each, node_schema()) for each in zip(buffers, batches, strict=True)]
    places = [_coordinates(part.column("geometry"), "xy") for part in parts]
    ids = [_values(part.column("node_id")) for part in parts]
    lon, lat = (_joined([place[i] for place in places], np.float64) for i in range(2))
    return _joined(ids, np.int64), lon, lat


def read_edges(
    buffers: Sequence[pa.Buffer], batches: Sequence[Batch], *, heights: bool
) -> tuple[Edges, BoolArray]:
    """Return streets, and which of them points may join; parameters as in `read_nodes`.

    Raises
    ------
    DamagedError
        They are not what was written.
    """
    schema = edge_schema(heights=heights)
    parts = [_read(*each, schema) for each in zip(buffers, batches, strict=True)]
    columns: dict[str, Array] = {
        name: _joined([_values(part.column(name)) for part in parts], kind.to_pandas_dtype())
        for name, kind in _COLUMNS.items()
    }
    offset, points = _read_lines(parts, "xyz" if heights else "xy")
    length_m, duration_s = columns["length_m"], columns["duration_s"]
    _refuse_unless(bool(np.all((length_m >= 0) & (length_m < np.inf))), "a street has no length")
    _refuse_unless(not np.any(duration_s < 0), "a ferry sails back in time")
    for name, members in _CODES.items():
        found = np.flatnonzero(np.bincount(columns[name].view(np.uint8), minlength=1))
        known = {member.value for member in members}
        _refuse_unless(known.issuperset(found.tolist()), f"an unknown value in {name}")
    joinable = columns.pop("joinable")
    lon, lat, *elevation_m = points
    return (
        Edges(
            **columns, offset=offset, lon=lon, lat=lat, elevation_m=next(iter(elevation_m), None)
        ),
        joinable,
    )


def read_barriers(buffers: Sequence[pa.Buffer], batches: Sequence[Batch]) -> Lines:
    """Return barriers; parameters as in `read_nodes`.

    Raises
    ------
    DamagedError
        They are not what was written.
    """
    parts = [_read(*each, barrier_schema()) for each in zip(buffers, batches, strict=True)]
    offset, (lon, lat) = _read_lines(parts, "xy")
    return Lines(offset, lon, lat)


# ---- writing -------------------------------------------------------------------------------------


def _schema(columns: list[pa.Field], kind: str, storage: pa.DataType) -> pa.Schema:
    extension = {
        "ARROW:extension:name": f"geoarrow.{kind}",
        "ARROW:extension:metadata": json.dumps({"crs": _CRS, "crs_type": "authority_code"}),
    }
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": kind, "geometry_types": []}},  # without crs: _CRS
    }
    geometry = pa.field("geometry", storage, nullable=False, metadata=extension)
    return pa.schema([*columns, geometry], metadata={"geo": json.dumps(geo)})


def _points(axes: str) -> pa.DataType:
    return pa.struct([pa.field(axis, pa.float64(), nullable=False) for axis in axes])


def _codes(column: str) -> dict[str, str] | None:
    members = _CODES.get(column)
    if members is None:
        return None
    return {"values": json.dumps({member.value: member.name.lower() for member in members})}


def _slices(rows: int, size: int) -> Iterator[slice]:
    return (slice(first, min(first + size, rows)) for first in range(0, rows, size))


def _struct(axes: str, values: Sequence[FloatArray]) -> pa.StructArray:
    fields = list(_points(axes))
    return pa.StructArray.from_arrays([pa.array(v, pa.float64()) for v in values], fields=fields)


def _lists(
    offset: IndexArray | IntArray, rows: slice, values: Sequence[FloatArray]
) -> pa.ListArray:
    ends = np.asarray(offset[rows.start : rows.stop + 1])
    points = _struct("xyz"[: len(values)], [each[ends[0] : ends[-1]] for each in values])
    kind = pa.list_(points.type)
    return pa.ListArray.from_arrays(pa.array(ends - ends[0], pa.int32()), points, type=kind)


def _box_of(batch: pa.RecordBatch) -> tuple[float, float, float, float]:
    geometry = batch.column("geometry")
    places = geometry.values if pa.types.is_list(geometry.type) else geometry
    x, y = (_values(places.field(i)) for i in range(2))
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


# ---- reading -------------------------------------------------------------------------------------


def _refuse_unless(sound: bool, what: str) -> None:
    if not sound:
        raise DamagedError(what)


def _read(buffer: pa.Buffer, batch: Batch, schema: pa.Schema) -> pa.RecordBatch:
    """Read one batch: whole, unchanged, and with nothing in it that points elsewhere."""
    _refuse_unless(zlib.crc32(buffer) == batch.crc32, "a file was changed after it was written")
    try:
        read = pa.ipc.read_record_batch(buffer, schema)
        read.validate(full=True)
    except (pa.ArrowException, OSError, EOFError) as error:
        raise DamagedError(str(error)) from error
    _refuse_unless(read.num_rows == batch.rows, "a batch has another number of rows")
    _refuse_unless(not any(column.null_count for column in read.columns), "a value is missing")
    return read


def _values(column: pa.Array) -> Array:
    """Return the values of a column without missing ones (`Array.to_numpy` would load pandas)."""
    buffer = column.buffers()[1]
    if buffer is None or not len(column):
        return np.zeros(0, column.type.to_pandas_dtype())
    if pa.types.is_boolean(column.type):
        bits = np.frombuffer(buffer, np.uint8)
        return np.unpackbits(bits, count=len(column), bitorder="little").view(np.bool_)
    return np.frombuffer(buffer, column.type.to_pandas_dtype(), count=len(column))


def _coordinates(points: pa.StructArray, axes: str) -> list[FloatArray]:
    """Return the coordinates of points, refusing those that are no place on Earth."""
    fields = [points.field(i) for i in range(len(axes))]
    _refuse_unless(not any(field.null_count for field in fields), "a coordinate is missing")
    values: list[FloatArray] = [_values(field) for field in fields]
    for degrees, most in zip(values, (180, 90), strict=False):
        sound = not len(degrees) or (degrees.min() >= -most and degrees.max() <= most)
        _refuse_unless(bool(sound), "a coordinate is no place on Earth")
    return values


def _read_lines(parts: Sequence[pa.RecordBatch], axes: str) -> tuple[IntArray, list[FloatArray]]:
    """Return where each line's points begin, and the coordinates of all points, axis by axis."""
    sizes, points = [], []
    for part in parts:
        lines = part.column("geometry")
        ends = _values(lines.offsets)
        _refuse_unless(bool(ends[0] == 0 and ends[-1] == len(lines.values)), "points without line")
        sizes.append(np.diff(ends))
        points.append(_coordinates(lines.values, axes))
    offset = np.concatenate([np.zeros(1, np.int64), *sizes]).cumsum()
    _refuse_unless(bool(np.all(np.diff(offset) >= 2)), "a line has fewer than two points")
    return offset, [_joined([each[i] for each in points], np.float64) for i in range(len(axes))]


def _joined(parts: Sequence[Array], kind: npt.DTypeLike) -> Array:
    return np.concatenate(parts) if parts else np.zeros(0, kind)
