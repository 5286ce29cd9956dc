"""The workbook's table of facilities: what was counted, where it stands, where it came from."""

import math
from typing import Any

import pandas as pd

from circles.assessment import Assessment
from circles.explain import one_line, service_word
from circles.reports.sheets import Book, Cell, Kind, Table, named_column

_AMOUNTS = ("capacity", "places", "seats", "beds", "area_m2")
_WORDS = ("serves", "opening_hours")


def facility_table(book: Book, assessment: Assessment) -> Table:
    """Return one row a facility and service; amounts and hours where any facility has such.

    Parameters
    ----------
    book
        The workbook, for its words.
    assessment
        The run.
    """
    table = assessment.facilities
    amounts = [name for name in _AMOUNTS if name in table and table[name].notna().any()]
    words = [name for name in _WORDS if name in table and table[name].map(_text).any()]
    kinds: list[tuple[str, Kind]] = [
        ("service", "text"),
        ("facility", "text"),
        ("id", "text"),
        *((name, "decimal" if name == "area_m2" else "count") for name in amounts),
        *((name, "text") for name in words),
        ("on_network", "text"),
        ("origin", "text"),
        ("lon", "degrees"),
        ("lat", "degrees"),
    ]
    columns = tuple(named_column(book, name, kind) for name, kind in kinds)
    lon, lat = table.geometry.x.tolist(), table.geometry.y.tolist()
    services = {key: service_word(key, book.texts) for key in table["service"].unique()}
    rows: list[list[Cell]] = [
        [
            services[row["service"]],
            one_line(_text(row["name"])),
            str(row["facility_id"]),
            *(_known(row[name]) for name in amounts),
            *(one_line(_text(row[name])) for name in words),
            _joined(row["off_network"], book),
            one_line(_text(row["origin"])),
            round(east, 6),
            round(north, 6),
        ]
        for row, east, north in zip(
            pd.DataFrame(table.drop(columns="geometry")).to_dict("records"), lon, lat, strict=True
        )
    ]
    return Table(columns, rows)


def _joined(off_network: Any, book: Book) -> str:
    """Say whether a facility joins a street; without a network nobody knows."""
    if pd.isna(off_network):
        return ""
    return book.texts("workbook.off_streets" if off_network else "workbook.on_streets")


def _known(value: Any) -> float | None:
    return float(value) if pd.notna(value) and math.isfinite(value) else None


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else ""
