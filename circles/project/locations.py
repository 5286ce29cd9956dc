"""Where the files and databases of a project file are, as it names them."""

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from circles.errors import InputError
from circles.network.saved import is_saved
from circles.project.tables import BUILDINGS
from circles.tables import is_database, listing

_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_TEMPLATES: Final = "output.templates"
#: Tables of the project file that can take their rows from a database.
_TABLES: Final = ("communities", "demand", "facilities")


def with_variables(text: str) -> str:
    """Fill in the environment variables of a location.

    Raises
    ------
    InputError
        One of them is not set, or the text can be no location.
    """
    if "\0" in text:
        what = "the address of the database" if is_database(text) else f"{text!r} is no path, it"
        message = f"{what} holds a NUL character; remove it"
        raise InputError(message)

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            what = "the database" if is_database(text) else repr(text)
            message = f"{what} names the environment variable {name}, which is not set"
            raise InputError(message)
        return os.environ[name]

    return _VARIABLE.sub(value, text)


def named_locations(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return every input a project names by its key, whatever else is wrong with the file."""
    network, communities = table_of(data, "network"), table_of(data, "communities")
    demand, standard = table_of(data, "demand"), data.get("standard")
    source = demand.get("source")
    named = [
        *((f"network.{key}", network.get(key)) for key in ("osm", "streets", "elevation")),
        ("communities.path", communities.get("path")),
        *(
            (f"communities.{unit}.path", table_of(communities, unit).get("path"))
            for unit in ("street", "district")
        ),
        *_in_list("communities.tables", communities.get("tables")),
        ("demand.source", None if source == BUILDINGS else source),
        *_rasters(table_of(demand, "rasters")),
        *_in_list("facilities", data.get("facilities")),
        (_TEMPLATES, table_of(data, "output").get("templates")),
        ("standard", standard if str(standard).endswith(".toml") else None),
    ]
    return [(key, text) for key, text in named if isinstance(text, str)]


def _in_list(key: str, tables: object) -> Iterator[tuple[str, object]]:
    for number, table in enumerate(tables if isinstance(tables, list | tuple) else (), 1):
        if isinstance(table, dict):
            yield f"{key} {number}, path", table.get("path")


def _rasters(rasters: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for group, paths in rasters.items():
        for path in paths if isinstance(paths, list | tuple) else (paths,):
            yield f"demand.rasters.{group}", path


def table_of(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return a table of the file; an empty one where there is none, or something else stands."""
    table = data.get(key)
    return table if isinstance(table, dict) else {}


def missing(folder: Path, data: Mapping[str, Any]) -> Iterator[str]:
    """Say which files that a project names are not there."""
    output = table_of(data, "output")
    beside = [("output.dir", output.get("dir")), ("output.postgis", output.get("postgis"))]
    outputs = [(key, text) for key, text in beside if isinstance(text, str)]
    for key, text in [*named_locations(data), *outputs]:
        try:
            path = folder / with_variables(text)
        except InputError as error:
            yield f"{key}: {error}"
            continue
        if (key, text) in outputs or (is_database(text) and key.startswith(_TABLES)):
            continue
        if is_database(text):
            yield f"{key}: a file is wanted here, not a database"
        elif key == _TEMPLATES:
            if not path.is_dir():
                yield f"{key}: there is no folder {text!r} beside the project file"
        elif not _is_there(path):
            yield f"{key}: there is no file {text!r} beside the project file; {_names_near(path)}"


def _is_there(path: Path) -> bool:
    try:
        return path.is_file() or (path.is_dir() and _is_dataset(path))
    except OSError:  # a name that no file can have
        return False


def _is_dataset(folder: Path) -> bool:
    """Tell whether a folder stands for one file: a file geodatabase, or a saved network."""
    return folder.suffix.lower() == ".gdb" or is_saved(folder)


def _names_near(path: Path) -> str:
    if not path.parent.is_dir():
        return f"nor is there the folder {str(path.parent)!r}"
    names = sorted(_files(path.parent))
    near = difflib.get_close_matches(path.name, names, n=2)
    if near:
        return f"did you mean {', '.join(map(repr, near))}?"
    return f"correct the path; {listing('files there', path.name, names)}"


def _files(folder: Path) -> Iterable[str]:
    return (entry.name for entry in folder.iterdir() if entry.is_file())
