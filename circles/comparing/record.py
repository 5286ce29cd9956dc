"""A comparison as JSON: every row of every table, evidence in both languages."""

import json
from typing import Any, Final

from circles.comparing.model import (
    METRES_TOLERANCE,
    MINUTES_TOLERANCE,
    PEOPLE_TOLERANCE,
    SHARE_TOLERANCE,
    Comparison,
    Side,
    records,
)
from circles.texts import LANGS, Bilingual, Note, load_texts

SCHEMA: Final = "circles.comparison/1"


def comparison_json(comparison: Comparison) -> str:
    """Return a comparison as JSON; equal comparisons give equal text.

    Parameters
    ----------
    comparison
        What `circles.compare` returns.
    """
    return json.dumps(
        record_of(comparison), allow_nan=False, ensure_ascii=False, indent=1, sort_keys=True
    )


def record_of(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as values that JSON can hold."""
    return {
        "schema": SCHEMA,
        "old": _side(comparison.old),
        "new": _side(comparison.new),
        "compared": comparison.compared,
        "districts": list(comparison.districts),
        "only_old": list(comparison.only_old),
        "only_new": list(comparison.only_new),
        "without": list(comparison.without),
        "tolerances": {
            "share": SHARE_TOLERANCE,
            "people": PEOPLE_TOLERANCE,
            "minutes": MINUTES_TOLERANCE,
            "metres": METRES_TOLERANCE,
        },
        **{
            name: [{key: _plain(value) for key, value in row.items()} for row in records(part)]
            for name, part in comparison.tables.items()
        },
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "name": side.name,
        "as_of": side.as_of,
        "fictional": side.fictional,
        "standard": side.standard.id,
        "version": side.version,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Note):
        return {"id": value.key, "text": {lang: load_texts(lang).note(value) for lang in LANGS}}
    if isinstance(value, Bilingual):
        return value.model_dump()
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value
