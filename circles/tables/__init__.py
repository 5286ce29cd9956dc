"""Any table or layer as people keep it: encodings, sheets, column names, coordinates.

A row is called by the number its own file shows. In a table the header is row 1, so the first
record is row 2; in a layer the first feature is 1. The frames returned here have that number as
their index, named ``row``.
"""

from circles.tables.columns import (
    as_numbers,
    as_text,
    cell_text,
    find_column,
    first_column,
    listing,
    matching_key,
    numbers_of,
    rows_in_words,
)
from circles.tables.files import refuse_missing
from circles.tables.layers import read_layer
from circles.tables.sheets import read_table

__all__ = [
    "as_numbers",
    "as_text",
    "cell_text",
    "find_column",
    "first_column",
    "listing",
    "matching_key",
    "numbers_of",
    "read_layer",
    "read_table",
    "refuse_missing",
    "rows_in_words",
]
