"""Tables and values as bytes and JSON, and back again: value by value and type by type.

Nothing in what is written is code. A column of objects is text where it holds nothing but text,
and JSON where it does not; values that JSON has no form for stand under the name of their type.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from types import MappingProxyType
from typing import Any, Final, cast

import geopandas as gpd
import numpy as np
import pandas as pd

from circles.errors import OutputError
from circles.texts import Bilingual

_INDEX: Final = "index"


def written(value: Any) -> Any:
    """Return a value as JSON can hold it.

    Raises
    ------
    TypeError
        There is no written form for such a value.
    """
    item = value.item() if isinstance(value, np.generic) else value
    if item is pd.NA or item is pd.NaT:
        return {"missing": str(item)}
    if isinstance(item, float) and not math.isfinite(item):
        return {"float": str(item)}
    if item is None or isinstance(item, str | bool | int | float):
        return item
    if isinstance(item, date):
        return {type(item).__name__: item.isoformat()}
    if isinstance(item, Bilingual):
        return {"words": [item.zh, item.en]}
    if isinstance(item, tuple | list):
        return {type(item).__name__: [written(part) for part in item]}
    message = f"a value of the type {type(item).__name__} has no written form"
    raise TypeError(message)


def told(value: Any) -> Any:
    """Return the value that `written` wrote.

    Raises
    ------
    LookupError, TypeError, ValueError
        It was not written so.
    """
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    return _KINDS[kind](inner)


_KINDS: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "missing": {"<NA>": pd.NA, "NaT": pd.NaT}.__getitem__,
        "float": float,
        "date": date.fromisoformat,
        "datetime": datetime.fromisoformat,
        "Timestamp": pd.Timestamp,
        "words": lambda words: Bilingual(zh=words[0], en=words[1]),
        "tuple": lambda parts: tuple(map(told, parts)),
        "list": lambda parts: list(map(told, parts)),
    }
)


def packed(frame: pd.DataFrame, where: str) -> tuple[bytes, dict[str, Any]]:
    """Return a table as a Parquet file, GeoParquet if it has places; and its layout.

    The same table gives the same bytes.

    Parameters
    ----------
    frame
        The table; its columns are named by text.
    where
        What messages call it.

    Returns
    -------
    content
        The file.
    layout
        What the file does not say of the types and names of columns and rows, as JSON can hold it.

    Raises
    ------
    OutputError
        A column holds what has no written form.
    """
    index, columns = _index_layout(frame), []
    flat = {}
    for name in frame.columns:
        flat[name], form = _column_packed(frame[name], f"{where}, column {name!r}")
        columns.append([name, str(frame[name].dtype), form])
    if "column" in index:
        rows = frame.index.to_series()
        flat[index["column"]], index["form"] = _column_packed(rows, f"{where}, index")
    layout = {
        "columns": columns,
        "labels": "range" if isinstance(frame.columns, pd.RangeIndex) else str(frame.columns.dtype),
        "index": index,
        "places": isinstance(frame, gpd.GeoDataFrame),
    }
    return _parquet(pd.DataFrame(flat), frame), layout


def unpacked(content: bytes, layout: Mapping[str, Any]) -> pd.DataFrame:
    """Return the table that `packed` was given.

    Raises
    ------
    LookupError, TypeError, ValueError, pyarrow.ArrowException
        The two do not belong together, or were not written so.
    """
    import pyarrow.parquet as pq

    if layout["places"]:
        read = gpd.read_parquet(BytesIO(content))
    else:
        read = pq.read_table(BytesIO(content)).to_pandas()
    index = _index_told(read, layout["index"])
    columns = {
        name: _column_told(read[name], dtype, form).set_axis(index)
        for name, dtype, form in layout["columns"]
    }
    frame = pd.DataFrame(columns, index=index)
    frame.columns = _labels(list(columns), layout["labels"])
    if not layout["places"]:
        return frame
    layer: pd.DataFrame = gpd.GeoDataFrame(frame, geometry=read.geometry.name, crs=read.crs)
    return layer


def _parquet(flat: pd.DataFrame, frame: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = BytesIO()
    if isinstance(frame, gpd.GeoDataFrame):
        layer = gpd.GeoDataFrame(flat, geometry=frame.geometry.name, crs=frame.crs)
        layer.to_parquet(content, index=False, compression="zstd", schema_version="1.0.0")
    else:
        table = pa.Table.from_pandas(flat, preserve_index=False)
        pq.write_table(table, content, compression="zstd")
    return content.getvalue()


def _index_layout(frame: pd.DataFrame) -> dict[str, Any]:
    """Return how the rows are named: by counting, or by a column of their own in the file."""
    index = frame.index
    if isinstance(index, pd.RangeIndex):
        return {"range": [index.start, index.stop, index.step], "name": index.name}
    free = [name for name in (index.name, _INDEX, f"__{_INDEX}__") if isinstance(name, str)]
    column = next(name for name in free if name not in frame.columns)
    return {"column": column, "name": index.name, "dtype": str(index.dtype)}


def _index_told(read: pd.DataFrame, layout: Mapping[str, Any]) -> pd.Index:
    if "range" in layout:
        start, stop, step = layout["range"]
        return pd.RangeIndex(start, stop, step, name=layout["name"])
    column = _column_told(read[layout["column"]], layout["dtype"], layout["form"])
    return cast("pd.Index", pd.Index(column.array, dtype=column.dtype, name=layout["name"]))


def _column_packed(column: pd.Series, where: str) -> tuple[pd.Series, str]:
    plain = column.reset_index(drop=True)
    if not pd.api.types.is_object_dtype(column.dtype):
        return plain, "plain"
    values = column.tolist()
    if all(value is None or (isinstance(value, str) and _is_whole(value)) for value in values):
        return pd.Series(values, dtype="string"), "text"
    try:
        return pd.Series([json.dumps(written(value)) for value in values], dtype="string"), "json"
    except TypeError as error:
        message = f"{where}: {error}; the table cannot be saved"
        raise OutputError(message) from error


def _is_whole(text: str) -> bool:
    """Whether a text has no half of a sign in it, which no file of text can hold."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _column_told(column: pd.Series, dtype: str, form: str) -> pd.Series:
    if form == "plain":
        wanted = pd.api.types.pandas_dtype(dtype) if str(column.dtype) != dtype else column.dtype
        return column.astype(wanted)
    texts = [text if isinstance(text, str) else None for text in column.tolist()]
    values = texts if form == "text" else [told(json.loads(str(text))) for text in texts]
    return pd.Series(values, index=column.index, dtype=object)


def _labels(names: Sequence[str], kind: str) -> pd.Index:
    if kind == "range":
        return pd.RangeIndex(len(names))
    return pd.Index(names, dtype=object) if kind == "object" else pd.Index(names)
