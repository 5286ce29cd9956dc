"""A check as plain values: the whole report for a file, and its summary for a run's results."""

import json
import math
from pathlib import Path
from typing import Any, Final

from circles.check.model import CheckReport
from circles.check.rows import counts_of, reasons_of, total_counts
from circles.quality import LayerRecord, Remark, Severity
from circles.texts import LANGS, Note, load_texts

SCHEMA: Final = "circles.check/1"


def write_check(report: CheckReport, path: Path) -> None:
    """Write a check as JSON, every row with its reason; an equal report gives equal bytes.

    Parameters
    ----------
    report
        The check.
    path
        The file to write.
    """
    text = json.dumps(
        record_of(report), allow_nan=False, ensure_ascii=False, indent=1, sort_keys=True
    )
    # Half a sign from a broken table is written as JSON writes it, and not as UTF-8 cannot.
    path.write_bytes(f"{text}\n".encode("utf-8", "backslashreplace"))


def record_of(report: CheckReport) -> dict[str, Any]:
    """Return a whole check as values that JSON can hold, sentences in each language."""
    found = report.found
    return {
        "schema": SCHEMA,
        "name": report.name,
        "as_of": report.as_of.isoformat() if report.as_of else None,
        "fictional": report.fictional,
        "standard": {"id": report.standard_id, "name": report.standard_name.model_dump()},
        "may_run": report.may_run,
        "remarks": [_remark(remark) for remark in report.remarks],
        "layers": [_layer(layer) for layer in report.layers],
        "found": {
            "communities": {"urban": found.urban, "rural": found.rural},
            "demand_points": dict(found.homes),
            "communities_without_demand": found.nowhere,
            "facilities": dict(found.facilities),
            "services_without_layer": list(found.absent),
        },
        "streets": _streets(report),
        "margins": _margins(report),
        "joins": [vars(join) for join in report.joins],
        "people": [vars(total) for total in report.people],
    }


def summary_of(report: CheckReport) -> dict[str, Any]:
    """Return how many rows of each layer met which fate, and how many remarks there are."""
    return {
        "may_run": report.may_run,
        "remarks": {kind.value: len(report.of(kind)) for kind in Severity},
        "rows": vars(total_counts(report.layers)),
        "layers": [
            {"role": layer.role, "source": layer.ledger.source, **vars(counts_of(layer.ledger))}
            for layer in report.layers
        ],
    }


def _remark(remark: Remark) -> dict[str, Any]:
    return {"severity": remark.severity.value, **_note(remark.note)}


def _note(note: Note) -> dict[str, Any]:
    return {"id": note.key, "text": {lang: load_texts(lang).note(note) for lang in LANGS}}


def _layer(layer: LayerRecord) -> dict[str, Any]:
    ledger = layer.ledger
    return {
        "role": layer.role,
        "source": ledger.source,
        **vars(counts_of(ledger)),
        "counts": dict(layer.counts),
        "facts": [_note(note) for note in ledger.facts],
        "remarks": [_remark(remark) for remark in layer.remarks],
        "rows": [
            {"fate": reason.fate.value, "reason": _note(case.note), "rows": list(case.rows)}
            for reason in reasons_of(ledger)
            for case in reason.cases
        ],
    }


def _streets(report: CheckReport) -> dict[str, Any] | None:
    if report.streets is None:
        return None
    figures = _figures(vars(report.streets))
    return {**figures, "few": [_figures(vars(few)) for few in report.streets.few]}


def _margins(report: CheckReport) -> dict[str, Any] | None:
    if report.margins is None:
        return None
    return {
        "needed_m": round(report.margins.needed_m, 1),
        "short": [_figures(vars(short)) for short in report.margins.short],
        "ends_at_border": list(report.margins.ends_at_border),
    }


def _figures(values: dict[str, Any]) -> dict[str, Any]:
    """Return numbers rounded to what they mean, a missing one as None."""
    return {
        name: _number(value) if isinstance(value, float) else value
        for name, value in values.items()
    }


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
