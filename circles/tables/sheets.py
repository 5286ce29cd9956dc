"""Tables: text and the sheets of workbooks, each with the books of how it was read."""

from pathlib import Path

import pandas as pd

from circles.errors import InputError
from circles.tables.address import DatabaseAddress
from circles.tables.delimited import TEXT_TABLES, read_delimited
from circles.tables.files import refuse_missing, refuse_options
from circles.tables.grid import Grid
from circles.tables.headers import find_header
from circles.tables.ledger import Ledger
from circles.tables.loaded import LoadedTable
from circles.tables.records import records_of
from circles.tables.source import Source
from circles.tables.workbooks import WORKBOOKS, read_workbook

TABLES = TEXT_TABLES | WORKBOOKS


def read_table(path: Path, *, sheet: str | None = None) -> pd.DataFrame:
    """Read a table without its books; see `load_table`.

    Parameters
    ----------
    path
        The table.
    sheet
        The sheet of a workbook; by default the only visible one that is not empty.
    """
    return load_table(Source(path, sheet=sheet)).frame


def load_table(source: Source) -> LoadedTable:
    """Read a table: CSV, TSV, a sheet of a workbook, or a table of a database.

    Nothing is guessed about the cells: each is text without surrounding spaces, or None. So the
    code ``007`` stays what it is; `as_numbers` reads figures. The encoding, the sheet and the
    header are found out unless `source` names them, and stated.

    Raises
    ------
    InputError
        The file, sheet or header row is not there or cannot be read.
    FaultsError
        More rows than not have more cells than the header.
    """
    if isinstance(source.location, DatabaseAddress):
        return _from_database(source)
    path = source.location
    grid = _grid(path, source)
    header = find_header(grid, path, header_row=source.header_row)
    records = records_of(grid, header, path)
    facts = (*grid.facts, *header.facts, *records.facts)
    return LoadedTable(
        records.frame, Ledger(path.name, records.read, events=records.events, facts=facts)
    )


def _grid(path: Path, source: Source) -> Grid:
    refuse_missing(path)
    suffix = path.suffix.lower()
    if suffix in WORKBOOKS:
        refuse_options(path, "a workbook", {"encoding": source.encoding})
        return read_workbook(path, sheet=source.sheet)
    if suffix in TEXT_TABLES:
        refuse_options(path, "a text table", {"sheet": source.sheet})
        return read_delimited(path, encoding=source.encoding)
    message = (
        f"{path}: a file of this kind is not read as a table; give a .csv, .tsv, .xlsx, .xls or "
        ".ods file"
    )
    raise InputError(message)


def _from_database(source: Source) -> LoadedTable:
    from circles.tables.database import read_database_table

    return read_database_table(source)
