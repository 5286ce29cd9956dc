"""The table of contents of a saved network: its ``network.json``."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from pyproj import CRS
from pyproj.exceptions import CRSError

from circles.errors import InputError
from circles.network.model import NetworkReport

if TYPE_CHECKING:
    from circles.osm import Box

FORMAT: Final = "circles.network/3"
FILE: Final = "network.json"
_CHECKSUM: Final = "crc32"


class DamagedError(ValueError):
    """A saved network is not what was written; the message says in what."""


@dataclass(frozen=True)
class Batch:
    """One record batch of a file.

    Parameters
    ----------
    offset, size
        Where its bytes begin and how many there are.
    rows
        How many rows it holds.
    crc32
        The checksum of its bytes (ISO 3309, as in ZIP and PNG).
    box
        West, south, east, north of its rows, degrees.
    """

    offset: int
    size: int
    rows: int
    crc32: int
    box: "Box"


@dataclass(frozen=True)
class Table:
    """One file.

    Parameters
    ----------
    size
        How many bytes it has.
    batches
        Its record batches, in the order of their rows.
    """

    size: int
    batches: tuple[Batch, ...]

    def __len__(self) -> int:
        """Return the number of rows."""
        return sum(batch.rows for batch in self.batches)


@dataclass(frozen=True)
class Contents:
    """What a saved network holds, and where.

    Parameters
    ----------
    crs, report, box
        As in `circles.network.WalkNetwork`.
    heights
        Whether its streets have heights.
    nodes, edges, barriers
        Each file.
    """

    crs: CRS
    report: NetworkReport
    box: "Box | None"
    heights: bool
    nodes: Table
    edges: Table
    barriers: Table

    def extent(self) -> "Box | None":
        """Return the area that is known: its box, else that of its streets; None without any."""
        if self.box is not None or not self.edges.batches:
            return self.box
        west, south, east, north = zip(*(batch.box for batch in self.edges.batches), strict=True)
        return min(west), min(south), max(east), max(north)

    def to_json(self) -> str:
        """Return the text of the file; the last key is a checksum of all others."""
        about = {
            "format": FORMAT,
            "crs": self.crs.to_wkt(),
            "box": self.box,
            "heights": self.heights,
            "report": {f.name: getattr(self.report, f.name) for f in fields(self.report)},
            **{name: asdict(getattr(self, name)) for name in FILES},
        }
        about = json.loads(json.dumps(about, default=dict))
        return json.dumps({**about, _CHECKSUM: _crc32(about)}, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: bytes, name: str) -> "Contents":
        """Read the text of the file.

        Parameters
        ----------
        text
            The file's bytes.
        name
            What to call the network in messages.

        Raises
        ------
        InputError
            It is of another version.
        DamagedError
            It is not what `to_json` wrote.
        """
        try:
            about = json.loads(text.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            message = f"{FILE} is no JSON: {error}"
            raise DamagedError(message) from error
        if not isinstance(about, dict) or about.get("format") != FORMAT:
            found = about.get("format") if isinstance(about, dict) else None
            message = (
                f"{name}: its format is {str(found)[:40]!r}, this version reads {FORMAT!r}; save "
                "the network again with this version"
            )
            raise InputError(message)
        if about.pop(_CHECKSUM, None) != _crc32(about):
            message = f"{FILE} was changed after it was written"
            raise DamagedError(message)
        try:
            return cls(
                crs=_crs(about["crs"]),
                report=_report(about["report"]),
                box=None if about["box"] is None else _box(about["box"]),
                heights=about["heights"] is True,
                nodes=_table(about["nodes"]),
                edges=_table(about["edges"]),
                barriers=_table(about["barriers"]),
            )
        except (KeyError, TypeError, AttributeError, CRSError) as error:
            message = f"{FILE} does not hold what it should: {error}"
            raise DamagedError(message) from error


#: The files beside `FILE`, by the field of `Contents` that has their batches.
FILES: Final[Mapping[str, str]] = {
    "nodes": "nodes.arrow",
    "edges": "edges.arrow",
    "barriers": "barriers.arrow",
}


def _crc32(about: Mapping[str, Any]) -> int:
    """Return the checksum of a table of contents, however it is laid out."""
    return zlib.crc32(json.dumps(about, sort_keys=True, separators=(",", ":")).encode("ascii"))


def _refuse_unless(sound: bool, what: str) -> None:
    if not sound:
        message = f"{FILE}: {what}"
        raise DamagedError(message)


def _number(value: Any) -> float:
    sound = isinstance(value, int | float) and not isinstance(value, bool)
    _refuse_unless(sound and abs(value) < 2**53 and isfinite(value), f"{value!r:.40} is no number")
    return float(value)


def _count(value: Any) -> int:
    _refuse_unless(_number(value) >= 0 and isinstance(value, int), f"{value!r:.40} is no count")
    return int(value)


def _box(value: Any) -> "Box":
    _refuse_unless(isinstance(value, list) and len(value) == 4, "a box has four numbers")
    west, south, east, north = map(_number, value)
    _refuse_unless(west <= east and south <= north, f"the box {value} is turned over")
    return west, south, east, north


def _crs(value: str) -> CRS:
    crs = CRS.from_wkt(value)
    metres = crs.is_projected and all(axis.unit_conversion_factor == 1 for axis in crs.axis_info)
    _refuse_unless(metres, f"the coordinate system {crs.name!r:.40} is not in metres")
    return crs


def _report(value: Mapping[str, Any]) -> NetworkReport:
    refused = {str(reason): _count(ways) for reason, ways in value["refused_ways"].items()}
    counts = {
        field.name: _count(value[field.name])
        for field in fields(NetworkReport)
        if field.name not in {"refused_ways", "small_pieces_m"}
    }
    small_pieces_m = _number(value["small_pieces_m"])
    return NetworkReport(refused_ways=refused, **counts, small_pieces_m=small_pieces_m)


def _table(value: Mapping[str, Any]) -> Table:
    batches = tuple(
        Batch(
            offset=_count(each["offset"]),
            size=_count(each["size"]),
            rows=_count(each["rows"]),
            crc32=_count(each["crc32"]),
            box=_box(each["box"]),
        )
        for each in value["batches"]
    )
    apart = all(one.offset + one.size <= two.offset for one, two in pairwise(batches))
    _refuse_unless(apart, "batches overlap")
    _refuse_unless(all(0 < batch.rows < 2**31 for batch in batches), "a batch has no rows")
    return Table(_count(value["size"]), batches)
