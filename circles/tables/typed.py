"""Columns of a database in the types that a layer from a file has."""

from collections.abc import Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

# Beyond this a whole number is no longer exact as a float.
_EXACT: Final = 2**53
_NUMBERS: Final = MappingProxyType(
    {"int2": "int16", "int4": "int32", "int8": "int64", "float4": "float32", "float8": "float64"}
)
_MOMENTS: Final = frozenset({"date", "timestamp", "timestamptz"})


def typed(values: Sequence[Any], kind: str, index: pd.Index) -> pd.Series:
    """Return a column as numbers, truth values, moments or text; what is missing is NaN or None.

    Whole numbers with gaps become floats, as they do from a file; figures that a float cannot hold
    exactly, such as identifiers of 18 digits, stay text.

    Parameters
    ----------
    values
        Numbers and truth values as such, everything else as the database's text.
    kind
        The column's type, as PostgreSQL names it.
    index
        The rows.
    """
    if kind in _NUMBERS:
        return _numbers(values, _NUMBERS[kind], index)
    if kind == "numeric":
        return _decimals(values, index)
    if kind in _MOMENTS:
        return _moments(values, index, utc=kind == "timestamptz")
    if kind == "bool" and None not in values:
        return pd.Series(list(values), index=index, dtype=bool)
    cells = [value.strip() if isinstance(value, str) else value for value in values]
    return pd.Series(cells, index=index, dtype=object)


def _numbers(values: Sequence[Any], dtype: str, index: pd.Index) -> pd.Series:
    if not dtype.startswith("int"):
        return pd.Series(list(values), index=index, dtype=dtype)
    if None not in values:
        return pd.Series(list(values), index=index, dtype=dtype)
    if any(value is not None and abs(value) > _EXACT for value in values):
        cells = [None if value is None else str(value) for value in values]
        return pd.Series(cells, index=index, dtype=object)
    return pd.Series(list(values), index=index, dtype="float64")


def _decimals(values: Sequence[str | None], index: pd.Index) -> pd.Series:
    exact = all(_fits(Decimal(value)) for value in values if value is not None)
    if not exact:
        return pd.Series(list(values), index=index, dtype=object)
    numbers = [np.nan if value is None else float(value) for value in values]
    return pd.Series(numbers, index=index, dtype="float64")


def _fits(value: Decimal) -> bool:
    """Whether a float can stand in for a figure: a measurement, or a whole number held exactly."""
    return not value.is_finite() or value != value.to_integral_value() or abs(value) <= _EXACT


def _moments(values: Sequence[str | None], index: pd.Index, *, utc: bool) -> pd.Series:
    """Return moments; a column with one that no calendar here knows (infinity, BC) stays text."""
    texts = pd.Series(list(values), index=index, dtype=object)
    try:
        moments = pd.to_datetime(texts, format="ISO8601", utc=utc)
    except ValueError:
        return texts
    return moments.dt.as_unit("ms")
