"""The record of a batch: which districts are done, which failed, and why."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from circles.batch.work import Outcome
from circles.errors import OutputError

SCHEMA: Final = "circles.batch/1"


def batch_record(
    outcomes: Sequence[Outcome],
    *,
    name: str,
    as_of: str | None,
    lang: str,
    city: str | None,
    city_error: str | None = None,
) -> dict[str, Any]:
    """Return what a batch did, without any clock: equal batches give equal records.

    Parameters
    ----------
    outcomes
        Of every district, in the order of the batch.
    name, as_of, lang
        What the whole is called, of when its data are, and the language of its results.
    city
        The folder of what was made of all districts together; None where nothing was.
    city_error
        Why not.
    """
    counts = {
        status: sum(outcome.status == status for outcome in outcomes)
        for status in ("done", "failed", "skipped", "not_started")
    }
    return {
        "schema": SCHEMA,
        "name": name,
        "as_of": as_of,
        "lang": lang,
        "counts": counts,
        "districts": [
            {
                "name": outcome.name,
                "folder": outcome.folder,
                "status": outcome.status,
                "error": outcome.error,
                "communities": outcome.communities,
            }
            for outcome in outcomes
        ],
        "city": None if city is None else {"folder": city},
        "city_error": city_error,
    }


def write_json(value: Any, path: Path) -> None:
    """Write JSON; the file is there whole, or as it was.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    write_text(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n", path)


def write_text(text: str, path: Path) -> None:
    """Write text; the file is there whole, or as it was. Raises like `write_json`."""
    try:
        beside = path.with_name(f".new-{path.name}")
        beside.write_text(text, "utf-8", newline="\n")
        beside.replace(path)
    except OSError as error:
        message = f"{path}: the file cannot be written ({error.strerror or error})"
        raise OutputError(message) from error
