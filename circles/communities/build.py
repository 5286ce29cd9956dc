"""From a layer of outlines, and the tables that belong to it, to the communities of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from circles.communities.cells import (
    codes_of,
    ids_of,
    missing_columns,
    names_of,
    numbers_of_layer,
    row_numbers,
    said_twice,
    same_names,
    settings_of,
    words,
    zones_of,
)
from circles.communities.codes import misplaced, parent_code
from circles.communities.columns import CommunityColumns
from circles.communities.findings import CommunityReport, Finding, Rows
from circles.communities.hierarchy import DIGITS, Level, Told, UpperUnits, tell_units
from circles.communities.join_report import Joined
from circles.communities.joins import SecondTable, join_tables
from circles.communities.model import Communities
from circles.communities.rings import make_outlines
from circles.communities.topology import check_topology
from circles.crs import FloatArray, local_crs, require_crs
from circles.errors import FaultsError
from circles.tables.ledger import Ledger
from circles.texts import Note


@dataclass(frozen=True)
class Above:
    """What is known of the units above communities, besides the layer's own columns.

    Parameters
    ----------
    streets, districts
        Names by code, or outlines.
    """

    streets: UpperUnits | None = None
    districts: UpperUnits | None = None


def make_communities(
    frame: gpd.GeoDataFrame,
    columns: CommunityColumns,
    *,
    where: str,
    ledger: Ledger | None = None,
    tables: Sequence[SecondTable] = (),
    above: Above | None = None,
) -> Communities:
    """Make the community table of a layer; its faults are all named at once.

    Parameters
    ----------
    frame
        Polygons with a CRS.
    columns
        Which of its columns say what.
    where
        What to call the layer in messages.
    ledger
        The books of the layer's reading, to which what was found is added.
    tables
        Further tables of people, households and other numbers, joined by code, id or name.
    above
        What else is known of streets and districts.

    Raises
    ------
    InputError
        The layer does not say what its coordinates are; a further table cannot be used.
    FaultsError
        The layer is empty; a column is missing; ids are missing or repeat; an outline is
        missing, no polygon, a duplicate, or broken beyond safe repair; a setting or a number
        cannot be read; two tables give the same number.
    """
    if frame.empty:  # a GeoJSON layer without features has no columns either
        raise FaultsError(where, ["the layer is empty; it needs one polygon for each community"])
    faults = missing_columns(frame, columns)
    if faults:
        raise FaultsError(where, faults)
    require_crs(frame, where)
    ids = ids_of(frame[columns.id], columns.id, faults)
    rows = Rows(ids, names_of(frame, columns, ids), row_numbers(frame))
    outlines, found = make_outlines(frame.geometry, rows, faults)
    setting = settings_of(frame, columns, ids, faults)
    zone = zones_of(frame, columns, ids, faults)
    numbers, unread = numbers_of_layer(frame, columns, rows, faults)
    faults += _given_twice(columns, tables, where)
    if faults:
        raise FaultsError(where, faults)
    codes, code_findings = codes_of(frame, columns, rows)
    topology = check_topology(outlines, rows)
    district, street, facts, unit_findings = _units(frame, columns, codes, outlines, rows, above)
    table = gpd.GeoDataFrame(
        {
            "name": list(rows.names),
            "setting": setting,
            "zone": zone,
            "street": street,
            "district": district,
            "households": numbers.pop("households", np.full(len(frame), np.nan)),
            "area_km2": _areas_km2(topology.outlines),
        },
        index=pd.Index(ids, name="community_id"),
        geometry=topology.outlines,
        crs="EPSG:4326",
    )
    _add_columns(table, frame, columns, codes, numbers)
    population = {group: numbers[group] for group in columns.population}
    joins = _join(table, population, tables)
    findings = (*found, *unread, *code_findings, *unit_findings)
    findings = (*findings, *same_names(rows, street, district), *topology.findings)
    report = CommunityReport(findings, tuple(joined.report for joined in joins), facts)
    way = "all" if columns.setting else "column" if columns.setting_column else "standard"
    return Communities(
        table,
        pd.DataFrame(population, index=table.index),
        (*_repairs(found), *topology.warnings, *_without_rows(joins)),
        setting_by=way,
        ledger=_books(ledger or Ledger(where, len(frame)), report),
        report=report,
    )


def _books(ledger: Ledger, report: CommunityReport) -> Ledger:
    events = [event for finding in report.findings for event in finding.events()]
    return ledger.adding(events, report.facts)


def _repairs(findings: Sequence[Finding]) -> list[Note]:
    return [finding.note for finding in findings if finding.kind == "ring_repaired"]


def _without_rows(joins: Sequence[Joined]) -> list[Note]:
    """Warn of communities of which a further table says nothing."""
    return [
        Note.of(
            "warnings.communities_unjoined",
            source=joined.report.source,
            count=len(joined.report.unjoined_communities),
            examples=tuple(one.name for one in joined.report.unjoined_communities[:5]),
        )
        for joined in joins
        if joined.report.unjoined_communities
    ]


def _given_twice(columns: CommunityColumns, tables: Sequence[SecondTable], where: str) -> list[str]:
    """Return faults where two tables give one number, and a usual name did not find one of them."""
    said = dict.fromkeys(set(columns.number_columns()) - columns.found, where)
    faults = []
    for table in tables:
        names = sorted({*table.columns.wanted(), *table.columns.groups})
        further = dict.fromkeys(names, table.where)
        faults += said_twice(said, further)
        said |= further
    return faults


def _units(
    frame: gpd.GeoDataFrame,
    columns: CommunityColumns,
    codes: Sequence[str | None],
    outlines: npt.NDArray[Any],
    rows: Rows,
    above: Above | None,
) -> tuple[list[str | None], list[str | None], tuple[Note, ...], list[Finding]]:
    """Return districts, streets, how they were told, and what is wrong of them."""
    known = above or Above()
    told: dict[Level, Told] = {}
    findings: list[Finding] = []
    given = (
        (Level.DISTRICT, columns.district, known.districts),
        (Level.STREET, columns.street, known.streets),
    )
    for level, column, units in given:
        said = words(frame, column)
        said, misplaced_ones = _decoded(level, said, codes, rows, units)
        within = told[Level.DISTRICT].names if level is Level.STREET else ()
        told[level] = tell_units(
            level,
            column=said,
            codes=codes,
            outlines=outlines,
            rows=rows,
            units=units,
            within=within,
        )
        findings += [*misplaced_ones, *told[level].findings]
    district, street = told[Level.DISTRICT], told[Level.STREET]
    return list(district.names), list(street.names), (*district.facts, *street.facts), findings


def _decoded(
    level: Level,
    said: list[str | None],
    codes: Sequence[str | None],
    rows: Rows,
    units: UpperUnits | None,
) -> tuple[list[str | None], list[Finding]]:
    """Give names to a column that holds codes, and find communities that lie under others."""
    parents = [None if cell is None else parent_code(cell, DIGITS[level]) for cell in said]
    if not any(said) or any(
        cell and parent is None for cell, parent in zip(said, parents, strict=True)
    ):
        return said, []
    wrong = misplaced(
        pd.Series(list(codes), dtype=object),
        pd.Series(parents, dtype=object),
        digits=DIGITS[level],
    )
    findings = [
        rows.finding(
            f"{level}_misplaced",
            Note.of(
                f"communities.{level}_misplaced",
                community=rows.names[place],
                code=str(codes[place]),
                parent=str(parents[place]),
            ),
            [place],
        )
        for place in wrong
    ]
    names = {} if units is None else units.by_code
    return [
        names.get(parent or "", cell) for cell, parent in zip(said, parents, strict=True)
    ], findings


def _add_columns(
    table: gpd.GeoDataFrame,
    frame: gpd.GeoDataFrame,
    columns: CommunityColumns,
    codes: Sequence[str | None],
    numbers: dict[str, FloatArray],
) -> None:
    """Add the columns to a new table that not every layer has."""
    if columns.nbs_code is not None:
        table["nbs_code"] = words(frame, columns.nbs_code)
    if any(codes):
        table["code"] = pd.Series(list(codes), index=table.index, dtype=object)
    for name in columns.numbers:
        table[name] = numbers[name]
    for name, column in columns.conditions.items():
        table[name] = words(frame, column)
    if columns.setting_classes and columns.setting_column is not None:
        said = words(frame, columns.setting_column)
        table["class"] = [word if word in columns.setting_classes else None for word in said]


def _join(
    table: gpd.GeoDataFrame, population: dict[str, FloatArray], tables: Sequence[SecondTable]
) -> list[Joined]:
    """Join further tables to a new one; what they say comes before columns that were found."""
    joins = []
    for second in tables:
        joined = join_tables(
            table.drop(columns="geometry"),
            second.frame,
            columns=second.columns,
            where=second.where,
            ledger=second.ledger,
        )
        for name in joined.numbers.columns:
            numbers = joined.numbers[name].to_numpy()
            if name in second.columns.numbers:
                table[name] = numbers
            else:
                population[name] = numbers
        joins.append(joined)
    return joins


def _areas_km2(outlines: npt.NDArray[Any]) -> FloatArray:
    geometry = gpd.GeoSeries(outlines, crs="EPSG:4326")
    west, south, east, north = geometry.total_bounds
    local = geometry.to_crs(local_crs((west + east) / 2, (south + north) / 2))
    areas_km2: FloatArray = local.area.to_numpy() / 1e6
    return areas_km2
