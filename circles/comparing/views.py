"""A comparison as tables of words: the same for the terminal, the page and the workbook."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from circles.check.words import clean
from circles.comparing.model import Comparison, records
from circles.comparing.words import (
    change,
    community_changes,
    cost_change,
    facility_change,
    facility_name,
    facility_service,
    input_parts,
    input_word,
    needed_change,
    people_change,
    place_word,
    rule_word,
    share_change,
    target_counts,
    target_word,
    tier_word,
    value_word,
    verdict_change,
    why,
)
from circles.explain import number, verdict_word
from circles.texts import Texts

Row = Mapping[str, Any]

#: Columns of figures, which stand to the right.
NUMBERS: Final = frozenset(
    {"share", "covered", "total", "minutes", "counted", "short", "met", "found", "score", "place"}
)


@dataclass(frozen=True)
class Line:
    """A row in words, and whether it is better, worse, or neither for certain."""

    cells: tuple[str, ...]
    direction: str = ""


@dataclass(frozen=True)
class View:
    """A table in words.

    Parameters
    ----------
    name
        A key of its heading.
    columns
        Keys of the columns' headings.
    lines
        The rows, the most important first.
    """

    name: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def views(comparison: Comparison, texts: Texts) -> tuple[View, ...]:
    """Return the tables of a comparison in words; one without rows is left out."""
    made = (
        _inputs(comparison, texts),
        _targets(comparison, texts),
        _tiers(comparison, texts),
        *(_verdicts(comparison, direction, texts) for direction in ("worse", "better", "open")),
        _services(comparison, texts),
        _facilities(comparison, texts),
        _communities(comparison, texts),
        _findings(comparison, texts),
    )
    return tuple(view for view in made if view.lines)


def _view(
    name: str, columns: Iterable[str], rows: Iterable[Row], cells: Callable[[Row], tuple[str, ...]]
) -> View:
    lines = tuple(Line(cells(row), str(row.get("direction") or "")) for row in rows)
    return View(name, tuple(columns), lines)


def _verdicts(comparison: Comparison, direction: str, texts: Texts) -> View:
    rows = [row for row in records(comparison.verdicts) if row["direction"] == direction]

    def cells(row: Row) -> tuple[str, ...]:
        return (
            place_word(row, "name", comparison, texts),
            rule_word(row["rule_id"], comparison, texts),
            verdict_change(row, texts),
            share_change(row, texts),
            people_change(row, "covered", texts),
            people_change(row, "total", texts),
            people_change(row, "shortfall", texts),
            cost_change(row, comparison, texts),
            why(row, texts),
        )

    figures = ("verdict", "share", "covered", "total", "short", "minutes")
    columns = ("community", "service", *figures, "why")
    return _view(direction, columns, sorted(rows, key=_weight), cells)


def _weight(row: Row) -> tuple[bool, float, str, str, str]:
    """Sort changes of a verdict first, and then the most people."""
    moved = abs(number(row["covered_new"]) - number(row["covered_old"]))
    same = row["verdict_old"] == row["verdict_new"]
    key = (str(row["district"]), str(row["community_id"]), str(row["rule_id"]))
    return (same, -moved if moved == moved else 0.0, *key)  # noqa: PLR0124 - NaN is not itself


def _tiers(comparison: Comparison, texts: Texts) -> View:
    def cells(row: Row) -> tuple[str, ...]:
        return (
            place_word(row, "name", comparison, texts),
            tier_word(row["tier"], comparison, texts),
            verdict_change(row, texts),
            change(row, "score", _decimal, texts),
            why(row, texts),
        )

    order = ("worse", "better", "open")
    rows = sorted(records(comparison.tiers), key=lambda row: order.index(row["direction"]))
    return _view("tiers", ("community", "tier", "verdict", "score", "why"), rows, cells)


def _decimal(value: object) -> str:
    return "–" if value is None else f"{number(value):.1f}"


def _targets(comparison: Comparison, texts: Texts) -> View:
    def cells(row: Row) -> tuple[str, ...]:
        return (
            target_word(row, comparison, texts),
            target_counts(row, texts),
            needed_change(row, texts),
            _verdict_or_dash(row, texts),
            why(row, texts),
        )

    columns = ("target", "counted", "needed", "verdict", "why")
    return _view("targets", columns, records(comparison.targets), cells)


def _verdict_or_dash(row: Row, texts: Texts) -> str:
    return change(
        row, "verdict", lambda value: "–" if value is None else verdict_word(value, texts), texts
    )


def _services(comparison: Comparison, texts: Texts) -> View:
    def cells(row: Row) -> tuple[str, ...]:
        service = rule_word(row["rule_id"], comparison, texts)
        if row["group_assumed"]:
            service = texts("comparing.stand_in", service=service)
        return (
            service,
            people_change(row, "covered_low", texts),
            people_change(row, "total", texts),
            people_change(row, "short", texts),
            change(row, "met", str, texts),
        )

    columns = ("service", "covered", "total", "short", "met")
    return _view("services", columns, records(comparison.services), cells)


def _facilities(comparison: Comparison, texts: Texts) -> View:
    def cells(row: Row) -> tuple[str, ...]:
        return (
            facility_change(row, texts),
            facility_name(row, texts),
            facility_service(row, texts),
            change(row, "place", str, texts),
        )

    rows = (
        {**row, "place_old": _place(row, "old", "new"), "place_new": _place(row, "new", "old")}
        for row in _once(records(comparison.facilities))
    )
    return _view("facilities", ("change", "facility", "service", "place"), rows, cells)


def _place(row: Row, end: str, other: str) -> str:
    end = end if row[f"lon_{end}"] is not None else other
    return f"{row[f'lon_{end}']:.6f}, {row[f'lat_{end}']:.6f}"


def _once(rows: Iterable[Row]) -> list[Row]:
    """Return rows once each, also where several districts see the same facility."""
    return list({repr({**row, "district": ""}): row for row in rows}.values())


def _communities(comparison: Comparison, texts: Texts) -> View:
    def cells(row: Row) -> tuple[str, ...]:
        name = "name_new" if row["name_new"] is not None else "name_old"
        own = row["id_new"] if row["id_new"] is not None else row["id_old"]
        return (
            place_word(row, name, comparison, texts),
            clean(str(own)),
            community_changes(row, texts),
        )

    rows = records(comparison.communities)
    return _view("communities", ("community", "id", "change"), rows, cells)


def _findings(comparison: Comparison, texts: Texts) -> View:
    def cells(row: Row) -> tuple[str, ...]:
        return (
            place_word(row, "unit_name", comparison, texts),
            rule_word(row["rule_id"], comparison, texts),
            verdict_change(row, texts),
            change(row, "value", value_word, texts),
            why(row, texts),
        )

    rows = records(comparison.findings)
    return _view("findings", ("unit", "service", "verdict", "found", "why"), rows, cells)


def _inputs(comparison: Comparison, texts: Texts) -> View:
    """Return what the runs were made of, things that differ in many districts only once."""
    counts: dict[str, list[Row]] = {}
    for row in records(comparison.inputs):
        counts.setdefault(repr({**row, "district": ""}), []).append(row)

    def cells(row: Row) -> tuple[str, ...]:
        kind, name, old, new = input_parts(row, comparison, texts)
        if row["count"] > 1:
            name += texts("comparing.in_districts", count=row["count"])
        return input_word(row["cause"], texts), f"{kind} · {name}", old, new

    rows = [{**rows[0], "count": len(rows)} for rows in counts.values()]
    return _view("inputs", ("kind", "what", "old", "new"), rows, cells)
