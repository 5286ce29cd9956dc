"""Networks on disk: a folder of plain arrays, memory-mapped, read whole or by bounding box.

Every array is one ``.npy`` file (NumPy's documented format), so that any language can read it and
nothing is copied into memory before it is used; ``network.json`` names the format, its version
and the coordinate system. Edges lie along a space-filling curve, so a box is a few runs of them.
"""

import json
import shutil
import tempfile
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from pyproj import CRS

from circles.errors import InputError, OutputError
from circles.network.edges import Edges, IntArray, Lines
from circles.network.model import NetworkReport, WalkNetwork

if TYPE_CHECKING:
    from circles.osm import Box

FORMAT: Final = "circles.network/2"
SUFFIX: Final = ".circles"
_NODES: Final = ("node_id", "node_lon", "node_lat")
_POINTS: Final = ("lon", "lat", "elevation_m")
_BLOCK: Final = 256  # edges that share one box of the index


def save_network(network: WalkNetwork, path: Path | str) -> Path:
    """Save a network as a folder; one that is there is replaced only when all is written.

    Attributes of a networkx graph it was made from are not saved.

    Parameters
    ----------
    network
        The network.
    path
        The folder to make, by custom with the ending ``.circles``.

    Raises
    ------
    OutputError
        The folder cannot be written, or something else than a saved network is in its place.
    """
    path = Path(path)
    if path.exists() and not (path / "network.json").is_file():
        message = f"{path} exists and is no saved network; choose another name"
        raise OutputError(message)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as beside:
            folder = Path(beside) / "network"
            folder.mkdir()
            _write(network, folder)
            if path.exists():
                shutil.rmtree(path)
            folder.rename(path)
    except OSError as error:
        message = f"{path}: the network cannot be saved ({error.strerror or error})"
        raise OutputError(message) from error
    return path


def load_network(path: Path | str, *, box: "Box | None" = None) -> WalkNetwork:
    """Load a saved network; arrays are mapped, not read, until they are used.

    Parameters
    ----------
    path
        The folder.
    box
        West, south, east, north, degrees: load only the edges whose own box touches it. Edges
        that leave the box are loaded whole.

    Raises
    ------
    InputError
        The folder is no saved network, of a later version, or damaged; or no edge is in the box.
    """
    path = Path(path)
    about = _about(path)
    try:
        edges = Edges(**{name: _read(path, f"edge_{name}") for name in about["edge_arrays"]})
        nodes = {name: _read(path, name) for name in _NODES}
        joinable = _read(path, "joinable")
        network = WalkNetwork(
            crs=CRS.from_wkt(about["crs"]),
            edges=edges,
            joinable=joinable,
            report=NetworkReport(**about["report"]),
            box=_box_of(about.get("box")),
            barriers=Lines(**{f.name: _read(path, f"barrier_{f.name}") for f in fields(Lines)}),
            node_id=nodes["node_id"],
            node_lon=nodes["node_lon"],
            node_lat=nodes["node_lat"],
        )
        _check_lengths(network, path)
        return network if box is None else _within(network, _read(path, "boxes"), box, path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        message = f"{path}: this saved network is damaged ({error}); save it again"
        raise InputError(message) from error


def _write(network: WalkNetwork, folder: Path) -> None:
    given = [f.name for f in fields(Edges) if getattr(network.edges, f.name) is not None]
    for name in given:
        np.save(folder / f"edge_{name}.npy", getattr(network.edges, name))
    for field in fields(Lines):
        np.save(folder / f"barrier_{field.name}.npy", getattr(network.barriers, field.name))
    for name in (*_NODES, "joinable"):
        np.save(folder / f"{name}.npy", getattr(network, name))
    np.save(folder / "boxes.npy", _block_boxes(network.edges))
    report = network.report
    about = {
        "format": FORMAT,
        "crs": network.crs.to_wkt(),
        "nodes": len(network.node_id),
        "edges": len(network.edges),
        "edge_arrays": given,
        "box": network.box,
        "report": {f.name: getattr(report, f.name) for f in fields(report)},
    }
    text = json.dumps(about, ensure_ascii=False, indent=2, default=dict)
    (folder / "network.json").write_text(text + "\n", "utf-8")


def _about(path: Path) -> dict[str, Any]:
    file = path / "network.json"
    if not file.is_file():
        message = f"{path}: no saved network is here; it is a folder with a file network.json"
        raise InputError(message)
    try:
        about: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        message = f"{file}: not readable ({error}); save the network again"
        raise InputError(message) from error
    if about.get("format") != FORMAT:
        message = f"{path}: its format is {about.get('format')!r}, this version reads {FORMAT!r}"
        raise InputError(message)
    return about


def _box_of(value: Any) -> "Box | None":
    if value is None:
        return None
    west, south, east, north = map(float, value)
    return west, south, east, north


def _read(path: Path, name: str) -> npt.NDArray[Any]:
    array: npt.NDArray[Any] = np.load(path / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    return array


def _check_lengths(network: WalkNetwork, path: Path) -> None:
    """Refuse arrays that do not belong together, before a search runs over their ends."""
    edges, m, n = network.edges, len(network.edges), len(network.node_id)
    per_edge = (f.name for f in fields(Edges) if f.name not in {"offset", *_POINTS})
    heights, lines = edges.elevation_m, network.barriers
    fits = (
        all(len(getattr(edges, name)) == m for name in per_edge)
        and len(edges.offset) == m + 1
        and len(edges.lon) == len(edges.lat) == edges.offset[-1]
        and (heights is None or len(heights) == len(edges.lon))
        and len(lines.lon) == len(lines.lat) == lines.offset[-1]
        and len(network.node_lon) == len(network.node_lat) == n
        and len(network.joinable) == m
        and (m == 0 or min(edges.start.min(), edges.end.min()) >= 0)
        and (m == 0 or max(edges.start.max(), edges.end.max()) < n)
    )
    if not fits:
        message = f"{path}: the arrays of this saved network do not belong together; save it again"
        raise InputError(message)


def _block_boxes(edges: Edges) -> npt.NDArray[np.float64]:
    """Return west, south, east, north of every `_BLOCK` edges, shape (blocks, 4)."""
    first = edges.offset[:-1:_BLOCK]
    if not len(first):
        return np.zeros((0, 4))
    return np.column_stack(
        [
            np.minimum.reduceat(edges.lon, first),
            np.minimum.reduceat(edges.lat, first),
            np.maximum.reduceat(edges.lon, first),
            np.maximum.reduceat(edges.lat, first),
        ]
    )


def _within(
    network: WalkNetwork, boxes: npt.NDArray[np.float64], box: "Box", path: Path
) -> WalkNetwork:
    """Return the part of a network that touches a box; only its blocks are read."""
    blocks = np.flatnonzero(_touch(boxes, box))
    edge = (blocks[:, None] * _BLOCK + np.arange(_BLOCK)).ravel()
    part = network.edges.take(edge[edge < len(network.edges)])
    inside = np.flatnonzero(_touch(_edge_boxes(part), box)) if len(part) else np.zeros(0, np.int64)
    if not len(inside):
        message = f"{path}: no street of this network lies in the box {box}"
        raise InputError(message)
    rows: IntArray = edge[edge < len(network.edges)][inside]
    edges = part.take(inside)
    used, ends = np.unique(np.concatenate([edges.start, edges.end]), return_inverse=True)
    start, end = (half.astype(np.int32) for half in np.split(ends, 2))
    return replace(
        network,
        node_id=network.node_id[used],
        node_lon=network.node_lon[used],
        node_lat=network.node_lat[used],
        edges=replace(edges, start=start, end=end),
        joinable=network.joinable[rows],
        box=None,
    )


def _edge_boxes(edges: Edges) -> npt.NDArray[np.float64]:
    first = edges.offset[:-1]
    low = [np.minimum.reduceat(values, first) for values in (edges.lon, edges.lat)]
    high = [np.maximum.reduceat(values, first) for values in (edges.lon, edges.lat)]
    return np.column_stack([*low, *high])


def _touch(boxes: npt.NDArray[np.float64], box: "Box") -> npt.NDArray[np.bool_]:
    west, south, east, north = box
    touch: npt.NDArray[np.bool_] = (
        (boxes[:, 0] <= east)
        & (boxes[:, 2] >= west)
        & (boxes[:, 1] <= north)
        & (boxes[:, 3] >= south)
    )
    return touch
