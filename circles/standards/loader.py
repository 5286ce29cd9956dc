"""Standards from their files: the bundled ones and people's own, with every fault named at once."""

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from circles.errors import FaultsError, InputError
from circles.standards.faults import form_faults
from circles.standards.model import Standard
from circles.standards.references import ID_SECTIONS, reference_faults, repeated_ids
from circles.tables import listing

#: What a standard says of itself and does not take over from the one it extends.
_OWN: Final = ("schema", "id", "name", "issuer", "extends")


@dataclass(frozen=True)
class _File:
    """A standard's file: what to call it, what it is known by, where it lies and what it says."""

    where: str
    key: str
    folder: Path | None
    text: str


@dataclass(frozen=True)
class _Content:
    """A standard's table with what it extends, the origin of each entry, and faults so far."""

    table: dict[str, object]
    origins: dict[tuple[str, int], str]
    faults: list[str]


def standard_ids() -> tuple[str, ...]:
    """Return the ids of the bundled standards."""
    return tuple(sorted(_bundled()))


def no_such_standard(standard: str) -> str:
    """Say that there is no bundled standard of that id, and which there are."""
    known = listing("bundled standards", standard, _bundled())
    return f"there is no standard {standard!r}; {known}. Or give the path of a .toml file"


def load_standard(standard: str | Path, *, profiles: Collection[str] = ()) -> Standard:
    """Load a standard, with those it extends.

    Parameters
    ----------
    standard
        The id of a bundled standard, or the path of a TOML file.
    profiles
        Names of walking profiles that it may use besides the bundled ones.

    Raises
    ------
    InputError
        There is no such standard, or the file is not TOML.
    FaultsError
        The file has faults: keys that are not known, values that cannot be, references to what is
        not there, a standard that extends itself; all of them are named.
    """
    file = _file(standard)
    content = _content(file, ())
    loaded: Standard | None = None
    faults = content.faults
    try:
        loaded = Standard.model_validate(content.table)
    except ValidationError as error:
        faults = form_faults(error, content.table, content.origins) + faults
    faults = faults + reference_faults(content.table, profiles)
    if loaded is None or faults:
        raise FaultsError(file.where, faults)
    return loaded


def _bundled() -> dict[str, Traversable]:
    """Return the bundled files by id; ``guangzhou_1530.toml`` holds ``guangzhou-1530``."""
    return {
        entry.name.removesuffix(".toml").replace("_", "-"): entry
        for entry in files("circles.standards").iterdir()
        if entry.name.endswith(".toml")
    }


def _file(standard: str | Path, folder: Path | None = None) -> _File:
    """Open a standard by its id or path; a relative path starts from `folder`."""
    bundled = _bundled()
    if isinstance(standard, str) and standard in bundled:
        text = bundled[standard].read_text("utf-8")
        return _File(f"standard {standard}", standard, None, text)
    path = Path(standard) if folder is None else folder / standard
    if isinstance(standard, str) and path.suffix != ".toml":
        raise InputError(no_such_standard(standard))
    try:
        return _File(str(path), str(path.resolve()), path.parent, path.read_text("utf-8-sig"))
    except OSError as error:
        message = f"{path}: the standard's file cannot be opened: {error.strerror}"
        raise InputError(message) from error
    except UnicodeDecodeError as error:
        message = f"{path}: the standard's file is not UTF-8 text; save it again as UTF-8"
        raise InputError(message) from error


def _content(file: _File, chain: tuple[_File, ...]) -> _Content:
    """Read a file and what it extends; `chain` are the files that led to it."""
    try:
        table: dict[str, object] = tomllib.loads(file.text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        message = f"{file.where}: this is not TOML: {error}"
        raise InputError(message) from error
    faults = repeated_ids(table)
    extends, whole = table.get("extends"), (*chain, file)
    if not isinstance(extends, str):
        return _Content(table, {}, faults)
    try:
        parent = _file(extends, file.folder)
        if parent.key in [other.key for other in whole]:
            path = " → ".join(Path(other.key).name for other in (*whole, parent))
            message = f"the standard extends itself: {path}"
            raise InputError(message)
        inherited = _content(parent, whole)
    except InputError as error:
        return _Content(table, {}, [*faults, f"extends: {error}"])
    merged, origins = _merged(table, inherited, parent.where)
    return _Content(merged, origins, [*inherited.faults, *faults])


def _merged(
    table: dict[str, object], inherited: _Content, where: str
) -> tuple[dict[str, object], dict[tuple[str, int], str]]:
    """Put a table over the one it extends: entries of an id replace those of the same id."""
    merged = {key: value for key, value in inherited.table.items() if key not in _OWN} | table
    origins: dict[tuple[str, int], str] = {}
    for section in ID_SECTIONS:
        below, own = inherited.table.get(section), table.get(section, [])
        if not isinstance(below, list) or not isinstance(own, list):
            continue
        waiting = list(enumerate(own))
        entries: list[object] = []
        for number, entry in enumerate(below):
            over = next((pair for pair in waiting if _same_id(pair[1], entry)), None)
            name = f"{where}, {section} no. {number + 1}"
            if over is not None:
                waiting.remove(over)
            origins[section, len(entries)] = (
                inherited.origins.get((section, number), name)
                if over is None
                else f"{section} no. {over[0] + 1}"
            )
            entries.append(entry if over is None else over[1])
        for number, entry in waiting:
            origins[section, len(entries)] = f"{section} no. {number + 1}"
            entries.append(entry)
        merged[section] = entries
    return merged, origins


def _same_id(entry: object, other: object) -> bool:
    if not isinstance(entry, dict) or not isinstance(other, dict):
        return False
    return isinstance(entry.get("id"), str) and entry.get("id") == other.get("id")
