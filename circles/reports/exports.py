"""The layers of the results in other formats, on request: GeoJSON, GeoParquet, FlatGeobuf."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd

from circles.assessment import Assessment
from circles.reports.layers import LAYERS, result_layers
from circles.texts import load_texts

Format = Literal["geojson", "geoparquet", "flatgeobuf"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

#: The folder, within the results, that holds them.
FOLDER: Final = "layers"
_ENDINGS: Final = MappingProxyType(
    {"geojson": ".geojson", "geoparquet": ".parquet", "flatgeobuf": ".fgb"}
)


def export_names(formats: Sequence[Format]) -> tuple[str, ...]:
    """Return the files that `write_exports` writes, relative to the results folder.

    Parameters
    ----------
    formats
        Some of `FORMATS`; what is named twice is written once.
    """
    wanted = [name for name in FORMATS if name in formats]
    return tuple(f"{FOLDER}/{layer}{_ENDINGS[name]}" for name in wanted for layer in LAYERS)


def write_exports(
    assessment: Assessment, folder: Path, *, formats: Sequence[Format], lang: str
) -> None:
    """Write each layer once a format; the same assessment gives the same bytes.

    GeoJSON is as RFC 7946 has it: WGS 84, outer rings counter-clockwise, seven decimals. It knows
    no infinite numbers: they are empty there.

    Parameters
    ----------
    assessment
        The run.
    folder
        The results folder; the files go into its folder ``layers``, which is made.
    formats
        Some of `FORMATS`; none writes nothing.
    lang
        The language of explanations, ``"zh"`` or ``"en"``.

    Raises
    ------
    InputError
        There are no texts in that language.
    """
    names = export_names(formats)
    if not names:
        return
    layers = result_layers(assessment, load_texts(lang))
    (folder / FOLDER).mkdir(exist_ok=True)
    for name in names:
        path = folder / name
        layer, geometry_type = layers[path.stem]
        _WRITERS[path.suffix](layer, path, geometry_type)


def write_geoparquet(layer: gpd.GeoDataFrame, path: Path) -> None:
    """Write a layer as GeoParquet; the same layer gives the same bytes.

    Parameters
    ----------
    layer
        One that `circles.reports.layers.result_layers` returns.
    path
        The file to write, ``.parquet``.
    """
    _plain(layer).to_parquet(path, index=False, schema_version="1.0.0")


def _plain(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give every column a type of its own, also where nothing stands in it."""
    texts = [c for c in layer.columns if pd.api.types.is_object_dtype(layer[c])]
    kinds = {
        column: "boolean"
        if pd.api.types.infer_dtype(layer[column], skipna=True) == "boolean"
        else "string"
        for column in texts
    }
    return layer.astype(kinds)


def _write_geojson(layer: gpd.GeoDataFrame, path: Path, geometry_type: str) -> None:
    plain = _plain(layer)
    numbers = plain.select_dtypes(np.floating).columns
    finite = plain.assign(**{c: plain[c].where(np.isfinite(plain[c])) for c in numbers})
    _write_vector(finite, path, geometry_type, driver="GeoJSON", RFC7946="YES")


def _write_flatgeobuf(layer: gpd.GeoDataFrame, path: Path, geometry_type: str) -> None:
    _write_vector(_plain(layer), path, geometry_type, driver="FlatGeobuf", SPATIAL_INDEX="YES")


def _write_vector(
    layer: gpd.GeoDataFrame, path: Path, geometry_type: str, *, driver: str, **options: str
) -> None:
    import pyogrio

    pyogrio.write_dataframe(
        layer,
        path,
        layer=path.stem,
        driver=driver,
        geometry_type=geometry_type,
        promote_to_multi=geometry_type == "MultiPolygon",
        layer_options=options,
    )


_WRITERS: Final[MappingProxyType[str, Callable[[gpd.GeoDataFrame, Path, str], None]]] = (
    MappingProxyType(
        {
            ".geojson": _write_geojson,
            ".parquet": lambda layer, path, _: write_geoparquet(layer, path),
            ".fgb": _write_flatgeobuf,
        }
    )
)
