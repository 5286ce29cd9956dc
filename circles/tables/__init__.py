"""Any table or layer as people keep it: encodings, sheets, column names, coordinates.

A row is called by the number its own file shows: that of the spreadsheet in a table, where the
first record usually is row 2; in a layer the first feature is 1. The frames returned here have that
number as their index, named ``row``.
"""

from circles.tables.address import DatabaseAddress, is_database
from circles.tables.columns import (
    amounts_of,
    as_numbers,
    as_text,
    cell_text,
    find_column,
    first_column,
    listing,
    matching_key,
    not_amounts,
    numbers_of,
    other_unit,
    rows_in_words,
    shares_of,
)
from circles.tables.files import refuse_missing
from circles.tables.folding import folded
from circles.tables.layers import load_layer, read_layer
from circles.tables.ledger import Fate, Ledger, RowEvent
from circles.tables.loaded import LoadedLayer, LoadedTable
from circles.tables.sheets import load_table, read_table
from circles.tables.source import Source
from circles.tables.vocabulary import Matches, match_columns, names_of, population_group

__all__ = [
    "DatabaseAddress",
    "Fate",
    "Ledger",
    "LoadedLayer",
    "LoadedTable",
    "Matches",
    "RowEvent",
    "Source",
    "amounts_of",
    "as_numbers",
    "as_text",
    "cell_text",
    "find_column",
    "first_column",
    "folded",
    "is_database",
    "listing",
    "load_layer",
    "load_table",
    "match_columns",
    "matching_key",
    "names_of",
    "not_amounts",
    "numbers_of",
    "other_unit",
    "population_group",
    "read_layer",
    "read_table",
    "refuse_missing",
    "rows_in_words",
    "shares_of",
]
