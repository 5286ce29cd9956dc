"""An assessment on disk: every table as Parquet, all else as JSON, in a folder or in a store.

Whoever reads it gets back what was written, value by value and type by type; nothing in it is
code. Layers are GeoParquet, which QGIS opens.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from circles.assessment import Assessment
from circles.crs import WGS84
from circles.errors import InputError, OutputError
from circles.packing import packed, told, unpacked, written
from circles.standards.model import Standard
from circles.texts import Note
from circles.walking import Profile

SCHEMA: Final = "circles.assessment/1"
#: Written last: where it is, all of the tables are.
ABOUT: Final = "assessment.json"
#: What is drawn under a map and nothing more.
GROUND: Final = ("streets", "water", "green")


def save_assessment(assessment: Assessment, folder: Path | str) -> None:
    """Write an assessment to a folder, which is made; the same assessment gives the same bytes.

    Parameters
    ----------
    assessment
        The results.
    folder
        A path, or a URL that fsspec knows, such as ``"s3://bucket/run/越秀区"``.

    Raises
    ------
    InputError
        Nobody knows how to reach that kind of store.
    OutputError
        The folder cannot be written, or a table holds what has no written form.
    """
    store = _Store.of(folder)
    values = {field.name: getattr(assessment, field.name) for field in fields(assessment)}
    store.begin()
    tables = {}
    for name, value in values.items():
        if isinstance(value, pd.DataFrame):
            content, layout = packed(value, f"{store.where}: {name}")
            store.write(f"{name}.parquet", content)
            tables[name] = {**layout, "sha256": _digest(content)}
    said = {name: write(values[name]) for name, write in _WRITTEN.items()}
    store.write(ABOUT, _about({"tables": tables, "said": said}))


def load_assessment(folder: Path | str, *, ground: bool = True) -> Assessment:
    """Read an assessment that `save_assessment` wrote.

    Parameters
    ----------
    folder
        A path, or a URL that fsspec knows.
    ground
        Whether to read what is drawn under a map: without it `GROUND` are layers without rows.

    Raises
    ------
    InputError
        There is no saved assessment, another version wrote it, or it is damaged.
    """
    from pyarrow import ArrowException

    store = _Store.of(folder)
    try:
        about = _checked(store.read(ABOUT), store.where)
        tables = {
            name: _table(store, name, layout)
            for name, layout in about["tables"].items()
            if ground or name not in GROUND
        }
        said = {name: tell(about["said"][name]) for name, tell in _TOLD.items()}
        values: dict[str, Any] = {**said, **({} if ground else _no_ground()), **tables}
        return Assessment(**values)
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
        ArrowException,
    ) as error:
        if isinstance(error, InputError):
            raise
        raise _damaged(store.where, str(error) or type(error).__name__) from error


def _no_ground() -> dict[str, gpd.GeoDataFrame]:
    nothing = gpd.GeoDataFrame(geometry=[], crs=WGS84)
    return dict.fromkeys(GROUND, nothing) | {"streets": nothing.assign(rank=pd.Series(dtype=int))}


def _about(content: Mapping[str, Any]) -> bytes:
    about = {"schema": SCHEMA, "sha256": _digest(_json(content)), "content": content}
    return _json(about) + b"\n"


def _checked(written: bytes, where: str) -> Mapping[str, Any]:
    about = json.loads(written)
    if about["schema"] != SCHEMA:
        message = (
            f"{where}: the assessment is saved as {about['schema']!r}, and this version reads "
            f"{SCHEMA!r}; run the district again"
        )
        raise InputError(message)
    content: Mapping[str, Any] = about["content"]
    if _digest(_json(content)) != about["sha256"]:
        raise _damaged(where, f"{ABOUT} is not as it was written")
    return content


def _table(store: "_Store", name: str, layout: Mapping[str, Any]) -> pd.DataFrame:
    content = store.read(f"{name}.parquet")
    if _digest(content) != layout["sha256"]:
        raise _damaged(store.where, f"{name}.parquet is not as it was written")
    return unpacked(content, layout)


def _damaged(where: str, what: str) -> InputError:
    return InputError(f"{where}: this saved assessment is damaged ({what}); run the district again")


def _json(value: object) -> bytes:
    """Return JSON in the order of what it is of, which outputs follow.

    A half of a sign in a name, which no file of text can hold, is a number in it.
    """
    return json.dumps(value, allow_nan=False, indent=1).encode("ascii")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class _Store:
    """A folder on a disk or in a store.

    Parameters
    ----------
    system
        The fsspec file system.
    root
        The folder in it.
    where
        What messages call the folder.
    """

    system: Any
    root: str
    where: str

    @classmethod
    def of(cls, folder: Path | str) -> "_Store":
        import fsspec

        where = str(folder)
        if "://" not in where:
            # A path is taken as it is: fsspec reads more into signs such as "::".
            return cls(fsspec.filesystem("file"), Path(folder).absolute().as_posix(), where)
        try:
            system, root = fsspec.core.url_to_fs(where)
        except (ImportError, ValueError) as error:
            message = f"{where}: this store cannot be reached ({error}); name a folder"
            raise InputError(message) from error
        return cls(system, str(root).rstrip("/"), where)

    def begin(self) -> None:
        """Make the folder; what says that an earlier assessment is complete goes first."""
        try:
            self.system.makedirs(self.root, exist_ok=True)
            if self.system.exists(f"{self.root}/{ABOUT}"):
                self.system.rm_file(f"{self.root}/{ABOUT}")
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, name: str, content: bytes) -> None:
        try:
            self.system.pipe_file(f"{self.root}/{name}", content)
        except OSError as error:
            raise self._unwritable(error) from error

    def read(self, name: str) -> bytes:
        try:
            return bytes(self.system.cat_file(f"{self.root}/{name}"))
        except OSError as error:
            what = f"{name}: {error.strerror or 'there is no such file'}"
            message = f"{self.where}: there is no saved assessment ({what}); run the district again"
            raise InputError(message) from error

    def _unwritable(self, error: OSError) -> OutputError:
        what = error.strerror or error
        return OutputError(f"{self.where}: the assessment cannot be saved there ({what})")


def _note_written(note: Note) -> Any:
    return [note.key, [[name, written(value)] for name, value in dict(note.values).items()]]


def _note_told(item: Any) -> Note:
    key, values = item
    return Note(key, tuple((name, told(value)) for name, value in values))


def _profile_told(item: Mapping[str, Any]) -> Profile:
    slope = item["slope"]
    pairs = None if slope is None else tuple((float(at), float(factor)) for at, factor in slope)
    return Profile(**{**item, "slope": pairs})


def _same(value: Any) -> Any:
    return value


def _notes_written(notes: tuple[Note, ...]) -> Any:
    return [_note_written(note) for note in notes]


def _notes_told(items: Any) -> tuple[Note, ...]:
    return tuple(map(_note_told, items))


#: How all that is no table is written, and told again.
_WRITTEN: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "name": _same,
        "as_of": lambda day: None if day is None else day.isoformat(),
        "fictional": _same,
        "walked": _same,
        "height_share": written,
        "standard": lambda standard: standard.model_dump(mode="json", by_alias=True),
        "profiles": lambda known: [[name, asdict(walker)] for name, walker in known.items()],
        "assumptions": _notes_written,
        "warnings": _notes_written,
    }
)
_TOLD: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "name": _same,
        "as_of": lambda day: None if day is None else date.fromisoformat(day),
        "fictional": _same,
        "walked": _same,
        "height_share": told,
        "standard": Standard.model_validate,
        "profiles": lambda known: {name: _profile_told(walker) for name, walker in known},
        "assumptions": _notes_told,
        "warnings": _notes_told,
    }
)
