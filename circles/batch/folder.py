"""The folder of a batch: one batch at a time, nothing of anybody else's replaced or removed."""

import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from circles.batch.city_files import CITY_FILES
from circles.batch.jobs import CITY, CLOCK, INDEX, KEPT, RECORD, key_in, manifest_of
from circles.batch.plan import Plan
from circles.errors import OutputError
from circles.results_folder import obstacle

_LOCK: Final = ".batch.lock"
#: No district's folder begins with a dot.
_PARTS: Final = ".parts-"


@contextmanager
def own_folder(out_dir: Path) -> Iterator[None]:
    """Keep a folder to one batch at a time.

    Raises
    ------
    OutputError
        Another batch is writing to it, or it cannot be written to at all.
    """
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out_dir / _LOCK, timeout=0)
        lock.acquire()
    except Timeout as error:
        message = (
            f"{out_dir}: another batch is writing to this folder; wait until it has ended, or "
            "choose another one with --out"
        )
        raise OutputError(message) from error
    except OSError as error:
        message = (
            f"{out_dir}: the folder cannot be written to ({error.strerror or error}); choose "
            "another one with --out"
        )
        raise OutputError(message) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def laid_down(out_dir: Path) -> Iterator[Path]:
    """Make a folder for what is laid down for workers; one that was left behind goes first.

    Raises
    ------
    OutputError
        It cannot be made, or something in it cannot be written.
    """
    kept = out_dir / KEPT
    try:
        kept.mkdir(exist_ok=True)
        for left in kept.glob(f"{_PARTS}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(
            prefix=_PARTS, dir=kept, ignore_cleanup_errors=True
        ) as name:
            yield Path(name)
    except OSError as error:
        message = f"{kept}: cannot be written ({error.strerror or error})"
        raise OutputError(message) from error


def refuse_obstacles(plan: Plan) -> None:
    """Refuse a folder in which the batch's own files cannot stand, before anything is scored.

    Raises
    ------
    OutputError
        A folder stands where a file should be, or the batch reads what would be replaced.
    """
    read = {path.resolve() for project in plan.projects for _, _, path in project.inputs()}
    read.add(plan.batch.path.resolve())
    names = [INDEX, RECORD, CLOCK, *(f"{CITY}/{name}" for name in CITY_FILES)]
    if (found := obstacle(plan.out_dir, names, read)) is not None:
        message = (
            f"{plan.out_dir}: the results cannot be written ({found}); choose another folder with "
            "--out, or with output.dir in the description"
        )
        raise OutputError(message)


def clear_city(out_dir: Path) -> None:
    """Remove what an earlier batch made of all districts; files of other names are left alone.

    Raises
    ------
    OutputError
        It cannot be removed.
    """
    folder = out_dir / CITY
    own = manifest_of(folder)
    if own is None or key_in(own) is None:
        return
    try:
        for name in reversed(CITY_FILES):  # the manifest first: where it is, all of them are
            (folder / name).unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()
    except OSError as error:
        message = f"{folder}: the city's old results cannot be removed ({error.strerror or error})"
        raise OutputError(message) from error


def left_over(out_dir: Path, known: Collection[str]) -> tuple[str, ...]:
    """Return the folders with results of districts that the batch does not have any more.

    Parameters
    ----------
    out_dir
        The batch's folder.
    known
        The folders of its districts.
    """
    found = []
    for folder in sorted(out_dir.iterdir()):
        if folder.name in {*known, CITY} or not folder.is_dir():
            continue
        own = manifest_of(folder)
        if own is not None and key_in(own) is not None:
            found.append(folder.name)
    return tuple(found)
