"""Any table or layer as people keep it: encodings, sheets, column names, coordinates.

A row is called by the number its own file shows. In a table the header is row 1, so the first
record is row 2; in a layer the first feature is 1. The frames returned here have that number as
their index, named ``row``.
"""

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
from circles.tables.layers import read_layer
from circles.tables.sheets import read_table

__all__ = [
    "amounts_of",
    "as_numbers",
    "as_text",
    "cell_text",
    "find_column",
    "first_column",
    "listing",
    "matching_key",
    "not_amounts",
    "numbers_of",
    "other_unit",
    "read_layer",
    "read_table",
    "refuse_missing",
    "rows_in_words",
    "shares_of",
]
