"""What a batch has to do: one job a district, each with its folder and the key of its results."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from circles.assessment_files import ABOUT
from circles.errors import InputError
from circles.outputs import FILES, versions
from circles.project import Project
from circles.results_folder import MANIFEST, WRITTEN
from circles.tables import listing

#: What a batch's folder holds that is not a district's.
CITY: Final = "city"
KEPT: Final = ".batch"
INDEX: Final = "index.html"
RECORD: Final = "batch.json"
CLOCK: Final = "batch-run.json"
#: Beside what is kept of a district: the key that it was made for.
KEPT_KEY: Final = "key.txt"

_PLAIN: Final = re.compile(r"[^\w.-]+")
_LONGEST: Final = 60
#: Names that some systems keep for themselves.
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10))}
)
#: In the manifest, what a batch knows its own results by.
BATCH_KEY: Final = "batch"


@dataclass(frozen=True)
class Job:
    """One district to score.

    Parameters
    ----------
    name
        What it is called.
    folder
        Its results folder, relative to the batch's.
    key
        What its results hang on: equal keys, equal bytes.
    lasting
        Whether the key tells of all inputs; rows of a database are known only once they are read.
    """

    name: str
    folder: str
    key: str
    lasting: bool = True

    def is_done(self, out_dir: Path) -> bool:
        """Tell whether its results are all there, made of the same inputs by the same version."""
        folder = out_dir / self.folder
        own = manifest_of(folder)
        if not self.lasting or own is None or key_in(own) != self.key:
            return False
        on_request = own.get(WRITTEN)
        names = (*FILES, *(on_request if isinstance(on_request, dict) else ()))
        return all((folder / name).is_file() for name in names) and self._is_kept(out_dir)

    def _is_kept(self, out_dir: Path) -> bool:
        """Tell whether what the city is made of is there, and of the same run as the results."""
        kept = out_dir / KEPT / self.folder
        try:
            return (kept / ABOUT).is_file() and (kept / KEPT_KEY).read_text("utf-8") == self.key
        except (OSError, ValueError):
            return False


def manifest_of(folder: Path) -> Mapping[str, Any] | None:
    """Return the manifest of a results folder; None where there is none that can be read."""
    try:
        content = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def key_in(manifest: Mapping[str, Any]) -> str | None:
    """Return the key that a batch put into a manifest; None in one of a single run."""
    table = manifest.get(BATCH_KEY)
    key = table.get("key") if isinstance(table, dict) else None
    return key if isinstance(key, str) else None


def folder_names(names: Sequence[str]) -> list[str]:
    """Return a folder's name for each of some names, whatever they hold; no two alike.

    Examples
    --------
    >>> folder_names(["越秀区", "../越秀区", "A/B", "a b", ""])
    ['越秀区', '越秀区-2', 'A-B', 'a-b-2', 'part']
    """
    taken = {CITY, KEPT, INDEX, RECORD, CLOCK}
    found = []
    for name in names:
        plain = _PLAIN.sub("-", unicodedata.normalize("NFC", name)).strip("-._")[:_LONGEST]
        plain = plain.rstrip("-._") or "part"
        if plain.split(".")[0].casefold() in _DEVICES:
            plain = f"_{plain}"
        folder, number = plain, 2
        while folder.casefold() in taken:
            folder, number = f"{plain}-{number}", number + 1
        taken.add(folder.casefold())
        found.append(folder)
    return found


def key_of(project: Project, inputs: Iterable[Mapping[str, Any]], more: Mapping[str, Any]) -> str:
    """Return what results hang on: every input's content, the versions, and what else is said.

    Parameters
    ----------
    project
        The project.
    inputs
        What `circles.outputs.input_records` returns of it.
    more
        What else they hang on, as JSON can hold it.
    """
    files = [(record["key"], record["path"], record["sha256"]) for record in inputs]
    said = project.file.model_dump(mode="json")
    said["output"].pop("dir")  # where results are does not change them
    content = {"inputs": files, "project": said, "versions": versions(), **more}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def chosen(names: Sequence[str], only: Iterable[str] | None) -> list[str]:
    """Return the names that are asked for, in their own order.

    Raises
    ------
    InputError
        One of those asked for is not there.
    """
    if only is None:
        return list(names)
    wanted = list(only)
    if not wanted:
        message = f"--only names no district; {listing('there are', '', names)}"
        raise InputError(message)
    if unknown := [name for name in wanted if name not in names]:
        message = f"--only: there is no {unknown[0]!r}; {listing('there are', unknown[0], names)}"
        raise InputError(message)
    return [name for name in names if name in wanted]
