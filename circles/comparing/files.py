"""A comparison as files: a page, JSON and a workbook, all of them or none."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from circles.comparing.model import Comparison
from circles.comparing.page import render_comparison
from circles.comparing.record import comparison_json
from circles.comparing.workbook import comparison_workbook
from circles.errors import OutputError


def write_comparison(
    comparison: Comparison,
    *,
    html: Path | None = None,
    json: Path | None = None,
    xlsx: Path | None = None,
    lang: str = "zh",
    inputs: tuple[Path, ...] = (),
) -> None:
    """Write a comparison as the files that are named.

    Parameters
    ----------
    comparison
        What `circles.compare` returns.
    html, json, xlsx
        Files to write.
    lang
        ``"zh"`` or ``"en"``.
    inputs
        The folders that were compared: nothing is written into them.

    Raises
    ------
    OutputError
        A file cannot be written, would lie in a folder that was compared, or is named twice.
    """
    named = [path for path in (html, json, xlsx) if path is not None]
    _refuse(named, inputs)
    contents: dict[Path, bytes] = {}
    if html is not None:
        contents[html] = render_comparison(comparison, lang=lang).encode("utf-8", "replace")
    if json is not None:
        contents[json] = f"{comparison_json(comparison)}\n".encode("utf-8", "backslashreplace")
    if xlsx is not None:
        contents[xlsx] = comparison_workbook(comparison, lang=lang)
    try:
        _write(contents)
    except OSError as error:
        where = error.filename or named[0]
        message = (
            f"{where}: the comparison cannot be written ({error.strerror or error}); name files "
            "in folders that exist and can be written to"
        )
        raise OutputError(message) from error


def _refuse(named: list[Path], inputs: tuple[Path, ...]) -> None:
    if len({path.resolve() for path in named}) < len(named):
        message = f"{named[0]}: two of the files have this name; give each its own"
        raise OutputError(message)
    for path in named:
        if any(path.resolve().is_relative_to(folder.resolve()) for folder in inputs):
            message = (
                f"{path}: this lies in a results folder that is compared; name a file elsewhere"
            )
            raise OutputError(message)


def _write(contents: dict[Path, bytes]) -> None:
    """Write every file beside its place, and then move them all into it."""
    with ExitStack() as stack:
        ready = []
        for path, content in contents.items():
            beside = tempfile.TemporaryDirectory(prefix=".new-", dir=path.parent)
            written = Path(stack.enter_context(beside)) / path.name
            written.write_bytes(content)
            ready.append((written, path))
        for written, path in ready:
            written.replace(path)
