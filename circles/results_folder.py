"""The folder of results: files made beside it take their places in it, all of them or none."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final

#: The file that says what else a run wrote, and its key for that.
MANIFEST: Final = "manifest.json"
WRITTEN: Final = "on_request"


def obstacle(out_dir: Path, names: Iterable[str], inputs: set[Path]) -> str | None:
    """Return what stands in the way of writing files of these names, or None.

    Parameters
    ----------
    out_dir
        The results folder; it need not be there.
    names
        The files, relative to it.
    inputs
        What the project reads, as resolved paths.

    Raises
    ------
    OSError
        The folder cannot be looked at.
    """
    there = next(path for path in (out_dir, *out_dir.parents) if path.exists())
    if not there.is_dir():
        return f"{there} is a file"
    targets = [out_dir / name for name in names]
    if folders := [_named(path, out_dir) for path in targets if path.is_dir()]:
        return f"a folder stands where a result should be: {', '.join(folders)}"
    parents = dict.fromkeys(path.parent for path in targets)
    if files := [_named(path, out_dir) for path in parents if path.is_file()]:
        return f"a file stands where a folder of results should be: {', '.join(files)}"
    if read := [_named(path, out_dir) for path in targets if path.resolve() in inputs]:
        return f"the project reads what would be replaced: {', '.join(read)}"
    return None


def _named(path: Path, out_dir: Path) -> str:
    return path.relative_to(out_dir).as_posix()


@contextmanager
def made(path: Path) -> Iterator[None]:
    """Make a folder and those above it; if what follows fails, the new ones go again."""
    new = [folder for folder in (path, *path.parents) if not folder.exists()]
    with ExitStack() as undo:
        for folder in reversed(new):
            folder.mkdir()
            undo.callback(folder.rmdir)
        yield
        undo.pop_all()


def take_place(
    beside: Path, out_dir: Path, names: Sequence[str], *, stale: Sequence[str] = ()
) -> None:
    """Move files into their place, or none of them: what was there before is put back.

    Parameters
    ----------
    beside
        A folder on the same disk with the files; it is thrown away afterwards.
    out_dir
        The results folder.
    names
        The files, relative to both folders.
    stale
        Files of the results folder that go; folders that are empty then go, too.

    Raises
    ------
    OSError
        A file cannot be moved; everything is then as it was.
    """
    before = beside / "before"
    with ExitStack() as undo:
        for name in (*names, *stale):
            if (out_dir / name).exists():
                (before / name).parent.mkdir(parents=True, exist_ok=True)
                (out_dir / name).rename(before / name)
                undo.callback((before / name).replace, out_dir / name)
        for name in names:
            if not (folder := (out_dir / name).parent).exists():
                folder.mkdir()
                undo.callback(folder.rmdir)
            (beside / name).rename(out_dir / name)
            undo.callback((out_dir / name).unlink)
        undo.pop_all()
    for folder in {(out_dir / name).parent for name in stale} - {out_dir}:
        if not any(folder.iterdir()):
            folder.rmdir()


def checksums(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of files by name, for the manifest's key `WRITTEN`."""
    return {name: sha256(folder / name) for name in names}


def sha256(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stale_files(out_dir: Path, names: Iterable[str], inputs: set[Path]) -> tuple[str, ...]:
    """Return what an earlier run wrote on request, and this one does not.

    Files that are not as that run left them, or that the project reads, are not among them.

    Parameters
    ----------
    out_dir
        The results folder.
    names
        What this run writes.
    inputs
        What the project reads, as resolved paths.
    """
    earlier = _earlier(out_dir / MANIFEST)
    return tuple(
        name
        for name, checksum in earlier.items()
        if name not in set(names)
        and _inside(name)
        and (out_dir / name).is_file()
        and (out_dir / name).resolve() not in inputs
        and sha256(out_dir / name) == checksum
    )


def _earlier(manifest: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(manifest.read_text("utf-8"))
    except (FileNotFoundError, ValueError, RecursionError):
        return {}  # there was no run, or the file is someone else's
    earlier = content.get(WRITTEN) if isinstance(content, dict) else None
    return earlier if isinstance(earlier, dict) else {}


def _inside(name: str) -> bool:
    """Whether a path leads to somewhere below the folder it is relative to, on any system."""
    windows = PureWindowsPath(name)
    absolute = PurePosixPath(name).is_absolute() or windows.drive or windows.root
    return bool(name) and not absolute and ".." not in windows.parts and "\0" not in name
