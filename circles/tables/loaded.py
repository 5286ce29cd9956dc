"""A table or layer as it was read, with its books."""

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from circles.datum import Datum
from circles.tables.ledger import Ledger


@dataclass(frozen=True)
class LoadedTable:
    """A table as it was read.

    Parameters
    ----------
    frame
        Its cells, text or None; index `row`, the numbers that its own file shows.
    ledger
        What was read, and how.
    """

    frame: pd.DataFrame
    ledger: Ledger


@dataclass(frozen=True)
class LoadedLayer:
    """A layer as it was read.

    Parameters
    ----------
    places
        Its rows, with 2-D geometry in the layer's own CRS; index `row`.
    ledger
        What was read, and how.
    datum
        What its degrees are measured against; None where nobody said so: they are then raw,
        labelled EPSG:4326.
    """

    places: gpd.GeoDataFrame
    ledger: Ledger
    datum: Datum | None
