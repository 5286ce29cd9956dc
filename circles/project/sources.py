"""Keys of the project file that say where a table is and how to read it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import Field

from circles.tables import is_database
from circles.validation import Table

#: Keys that say how to read a table that is named elsewhere.
READING: Final = ("layer", "query", "sheet", "encoding", "header_row", "lon", "lat", "crs")


class SourceKeys(Table):
    """How a table or layer is read; what is left out is found out."""

    layer: str | None = None
    query: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    header_row: int | None = Field(None, ge=1)
    lon: str | None = None
    lat: str | None = None
    crs: str | None = None

    @classmethod
    def _contradictions(cls, given: Mapping[str, Any]) -> Iterable[str]:
        location = given.get("path", given.get("source"))
        if "query" in given and not is_database(str(location)):
            yield "query is for a database only; name a file's layer or sheet instead"
        if "query" in given and "layer" in given:
            yield "give either query or layer, the table of the database"


def meaningless(given: Mapping[str, Any], beside: str, keys: Iterable[str]) -> Iterable[str]:
    """Name the given keys that have no meaning beside something else."""
    extra = [key for key in given if key in set(keys)]
    if extra:
        verb = "has" if len(extra) == 1 else "have"
        yield f"with {beside}, {', '.join(extra)} {verb} no meaning"
